"""Planted mutants of `decide`: each is `decide` that is blind to one thing that a rule of spec/ looks at.

A mutant changes what is asked before it asks `decide`, or what was answered, so that it hangs on nothing in
how `decide` is written. The differential must find every one.

    python -m conformance.blind      # how many cases each takes
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from conformance.differential import Decide, DecidePlain, judged
from conformance.questions import EXAMPLES
from msgspec.structs import replace
from spec.portions_reference import FIELDS_LEFT_EMPTY

from trilat.model import (
    ITEM_KINDS,
    Agreement,
    AnyItem,
    Approval,
    Classification,
    Clause,
    Consent,
    Decision,
    Declaration,
    Declared,
    Effect,
    Form,
    ItemError,
    OnwardRule,
    Outcome,
    Portion,
    Reason,
    Report,
    Track,
    find_level,
)
from trilat.policy import AgreementSet, ReleaseRequest, decide, decide_plain

Consents = Sequence[Consent]
Declarations = Sequence[Declaration]
WORLDS_MAX: Final = 1_000
"""Worlds in which a mutant must be found."""


class Blind(NamedTuple):
    """One mutant: the rule of spec/, what it does not see, and the deciders that do not see it."""

    rule: int
    wrong: str
    ours: Decide = decide
    reads: DecidePlain = decide_plain


def _items(seen: Callable[[Any, ReleaseRequest], Any]) -> Decide:
    """`decide` that sees another item."""

    def ours(
        item: AnyItem,
        request: ReleaseRequest,
        held: AgreementSet,
        consents: Consents,
        declarations: Declarations,
    ) -> Decision:
        return decide(seen(item, request), request, held, consents, declarations)

    return ours


def _labels(**changes: Any) -> Decide:
    """`decide` that sees a label with something else in it."""
    return _items(lambda item, _: replace(item, label=replace(item.label, **changes)))


def _agreements(seen: Callable[[Agreement], Agreement]) -> Decide:
    """`decide` that sees other agreements."""

    @lru_cache(maxsize=4)
    def blinded(held: AgreementSet) -> AgreementSet:
        return AgreementSet.of({file: seen(agreement) for file, agreement in held.files.items()})

    def ours(
        item: AnyItem,
        request: ReleaseRequest,
        held: AgreementSet,
        consents: Consents,
        declarations: Declarations,
    ) -> Decision:
        return decide(item, request, blinded(held), consents, declarations)

    return ours


def _clauses(seen: Callable[[Clause], Clause | None]) -> Decide:
    """`decide` that sees other clauses, or not all."""

    def blinded(agreement: Agreement) -> Agreement:
        kept = tuple(clause for clause in map(seen, agreement.clauses) if clause is not None)
        return replace(agreement, clauses=kept) if kept else replace(agreement, purposes=("nothing",))

    return _agreements(blinded)


def _consents(seen: Callable[[Consent], Consent | None]) -> Decide:
    """`decide` that sees other consents, or not all."""

    def ours(
        item: AnyItem,
        request: ReleaseRequest,
        held: AgreementSet,
        consents: Consents,
        declarations: Declarations,
    ) -> Decision:
        return decide(
            item, request, held, [one for one in map(seen, consents) if one is not None], declarations
        )

    return ours


def _declared(kind: Declared) -> Decide:
    """`decide` that hears no declaration of a kind."""

    def ours(
        item: AnyItem,
        request: ReleaseRequest,
        held: AgreementSet,
        consents: Consents,
        declarations: Declarations,
    ) -> Decision:
        kept = [one for one in declarations if one.declared is not kind]
        return decide(item, request, held, consents, kept)

    return ours


def _answers(said: Callable[[Decision, AgreementSet], Decision]) -> Decide:
    """`decide` whose answer is told otherwise."""

    def ours(
        item: AnyItem,
        request: ReleaseRequest,
        held: AgreementSet,
        consents: Consents,
        declarations: Declarations,
    ) -> Decision:
        return said(decide(item, request, held, consents, declarations), held)

    return ours


def _known(item: Any, request: ReleaseRequest) -> Any:
    if find_level(item.label.classification, request.at_ns) is not None:
        return item
    return replace(item, label=replace(item.label, classification=Classification(scheme="JPN", level="HI")))


def _named(item: Any, request: ReleaseRequest) -> Any:
    names = dict.fromkeys((*item.label.releasable_to, request.recipient))
    return replace(item, label=replace(item.label, releasable_to=tuple(names)))


def _alone(item: Any, _: ReleaseRequest) -> Any:
    originators = item.provenance.originators[:1]
    return (
        item
        if item.__struct_config__.tag == "disagreement"
        else replace(item, provenance=replace(item.provenance, originators=originators))
    )


def _stated(item: Any, _: ReleaseRequest) -> Any:
    example = EXAMPLES["track"]
    whole = isinstance(item, Track) and item.state is None and isinstance(example, Track)
    return replace(item, state=example.state) if whole and isinstance(example, Track) else item


def _unnamed_staff(
    item: AnyItem,
    request: ReleaseRequest,
    held: AgreementSet,
    consents: Consents,
    declarations: Declarations,
) -> Decision:
    found = decide(item, request, held, consents, declarations)
    if request.recipient.startswith(f"{request.sender}/"):
        return _withheld(found, Reason.NOT_RELEASABLE_TO, item, request)
    return found


def _withheld(found: Decision, reason: Reason, item: AnyItem, request: ReleaseRequest) -> Decision:
    if request.recipient in {item.label.originator, *item.label.releasable_to}:
        return found
    kept = set(found.reasons) if found.outcome is Outcome.WITHHOLD else set()
    reasons = tuple(one for one in Reason if one in kept | {reason})
    return replace(found, outcome=Outcome.WITHHOLD, reasons=reasons, form=None, duties=None, consent=None)


def _second_best(
    item: AnyItem,
    request: ReleaseRequest,
    held: AgreementSet,
    consents: Consents,
    declarations: Declarations,
) -> Decision:
    first = decide(item, request, held, consents, declarations)
    if first.outcome is not Outcome.PERMIT:
        return first
    rest = {
        file: tuple(one for one in agreement.clauses if f"{file}#{one.clause_id}" not in first.clauses)
        for file, agreement in held.files.items()
    }
    others = AgreementSet.of(
        {file: replace(held.files[file], clauses=clauses) for file, clauses in rest.items() if clauses}
    )
    second = decide(item, request, others, consents, declarations)
    return second if second.outcome is Outcome.PERMIT else first


def _first_duties(found: Decision, held: AgreementSet) -> Decision:
    rule = held.rule(found.clauses[0]) if found.clauses else None
    permitted = found.outcome is Outcome.PERMIT and rule is not None
    return replace(found, duties=rule.clause.duties) if permitted and rule is not None else found


def _known_portions(item: Any, request: ReleaseRequest) -> Any:
    kind, label = item.__struct_config__.tag, item.label
    kept = tuple(
        one
        for one in label.portions
        if one.field in FIELDS_LEFT_EMPTY.get(kind, ())
        and (one.classification is None or find_level(one.classification, request.at_ns) is not None)
    )
    return replace(item, label=replace(label, portions=kept))


def _lowered_at_once(item: Any, _: ReleaseRequest) -> Any:
    later = item.label.downgrade
    if later is None:
        return item
    return replace(item, label=replace(item.label, classification=later.classification, downgrade=None))


def _portions(**changes: Any) -> Decide:
    """`decide` that sees portions with something else in them; such as ask nothing then are gone."""

    def seen(item: Any, _: ReleaseRequest) -> Any:
        changed = [replace_unchecked(one, changes) for one in item.label.portions]
        kept = tuple(one for one in changed if one is not None)
        return replace(item, label=replace(item.label, portions=kept))

    return _items(seen)


def replace_unchecked(portion: Portion, changes: dict[str, Any]) -> Portion | None:
    """The portion with changes, or None where it asks nothing then."""
    try:
        return replace(portion, **changes)
    except ItemError:
        return None


def _without_figures(item: Any, _: ReleaseRequest) -> Any:
    worded = {"statement": ("text",), "request": ("question",), "story": ("headline", "summary")}
    fields = worded.get(item.__struct_config__.tag, ())
    return replace(item, **dict.fromkeys(fields, "in words"))


def _told(clause: Clause) -> Clause:
    if clause.form not in {Form.MEASUREMENTS, Form.TRACKLETS}:
        return clause
    return replace(clause, duties=replace(clause.duties, sigma_class_m=0, tear_line=False))


def _own_words(
    item: AnyItem,
    request: ReleaseRequest,
    held: AgreementSet,
    consents: Consents,
    declarations: Declarations,
) -> Decision:
    ours = _BARE if isinstance(item, Report | Track) else decide
    return ours(item, request, held, consents, declarations)


def _for_anybody(clause: Clause) -> Clause:
    everybody = tuple(dict.fromkeys((*clause.receivers, "KOR", "USA")))
    return clause if clause.via else replace(clause, receivers=everybody)


def _plain_bans(clause: Clause) -> Clause:
    return clause if clause.effect is Effect.PERMIT else replace(clause, categories=())


def _always(clause: Clause) -> Clause:
    believed = () if not clause.onward_situations else clause.declared_by
    max_s = 0 if not clause.onward_situations else clause.situation_max_s
    return replace(clause, situations=(), declared_by=believed, situation_max_s=max_s)


def _agreed_onward(clause: Clause) -> Clause:
    if clause.onward_situations and not clause.situations:
        clause = replace(clause, declared_by=(), situation_max_s=0)
    return replace(clause, onward=None, onward_to=(), onward_situations=())


def _one_officer(clause: Clause) -> Clause:
    two = clause.approval is Approval.TWO_PERSON
    return replace(clause, approval=Approval.ORIGINATOR) if two else clause


def _for_anything(agreement: Agreement) -> Agreement:
    return replace(agreement, purposes=("missile-warning", "relief", "rescue"))


def _let_on(agreement: Agreement) -> Agreement:
    if agreement.onward is not OnwardRule.NEVER:
        return agreement
    return replace(agreement, onward=OnwardRule.WITH_CONSENT)


def _no_leg(found: Decision, _: AgreementSet) -> Decision:
    reasons = tuple(one for one in found.reasons if one is not Reason.LEG_WITHHELD)
    return replace(found, reasons=reasons) if reasons else found


def _no_clause(found: Decision, _: AgreementSet) -> Decision:
    gone = {Reason.NOT_IN_FORCE: Reason.NO_CLAUSE, Reason.PURPOSE_NOT_ALLOWED: Reason.NO_CLAUSE}
    reasons = {gone.get(one, one) for one in found.reasons}
    return replace(found, reasons=tuple(one for one in Reason if one in reasons))


def _refused(found: Decision, _: AgreementSet) -> Decision:
    return replace(found, outcome=Outcome.WITHHOLD) if found.outcome is Outcome.REFER else found


def _half_told(
    line: bytes, request: ReleaseRequest, held: AgreementSet, consents: Consents, declarations: Declarations
) -> Decision:
    found = decide_plain(line, request, held, consents, declarations)
    return replace(found, reasons=found.reasons[:1])


def _lenient(
    line: bytes, request: ReleaseRequest, held: AgreementSet, consents: Consents, declarations: Declarations
) -> Decision:
    return decide_plain(
        line.replace(b' "', b'"').replace(b'S":', b'":'), request, held, consents, declarations
    )


_BARE: Final = _clauses(_told)

BLIND: Final = (
    Blind(1, "when labels end", _labels(expires_ns=None)),
    Blind(1, "that a level is unknown", _items(_known)),
    Blind(1, "whom a label names", _items(_named)),
    Blind(2, "that others have a part in it", _items(_alone)),
    Blind(3, "when agreements end", _agreements(lambda one: replace(one, in_force_until_ns=None))),
    Blind(3, "purposes", _agreements(_for_anything)),
    Blind(4, "kinds", _clauses(lambda one: replace(one, kinds=tuple(ITEM_KINDS)))),
    Blind(4, "receivers", _clauses(_for_anybody)),
    Blind(5, "that nothing goes on", _agreements(_let_on)),
    Blind(6, "statuses", _clauses(lambda one: replace(one, statuses=()))),
    Blind(6, "restrictive categories", _labels(restrictive=())),
    Blind(6, "permissive categories", _labels(permissive=())),
    Blind(7, "that a track has no state", _items(_stated)),
    Blind(8, "prohibitions", _clauses(lambda one: one if one.effect is Effect.PERMIT else None)),
    Blind(8, "the categories of prohibitions", _clauses(_plain_bans)),
    Blind(9, "approvals", _clauses(lambda one: replace(one, approval=Approval.NONE))),
    Blind(9, "originator control", _labels(caveats=())),
    Blind(9, "refusals", _consents(lambda one: one if one.granted else None)),
    Blind(9, "that a script consented", _consents(lambda one: replace(one, assumed=False))),
    Blind(10, "that a label which names a party names its staff", _unnamed_staff),
    Blind(11, "the first leg", _answers(_no_leg)),
    Blind(12, "which clause is the best", _second_best),
    Blind(13, "the duties of a second clause", _answers(_first_duties)),
    Blind(14, "what is missing", _answers(_no_clause)),
    Blind(14, "that several came near", _answers(lambda one, _: replace(one, clauses=one.clauses[:1]))),
    Blind(15, "that somebody can be asked", _answers(_refused)),
    Blind(15, "all reasons but the first", _answers(lambda one, _: replace(one, reasons=one.reasons[:1]))),
    Blind(16, "that a label is absent or not whole", decide, _half_told),
    Blind(16, "spaces and ends of words", decide, _lenient),
    Blind(17, "areas", _clauses(lambda one: replace(one, areas=()))),
    Blind(18, "that a clause waits for a situation", _clauses(_always)),
    Blind(18, "how long a declaration is believed", _clauses(lambda one: replace(one, situation_max_s=0))),
    Blind(18, "situations", _declared(Declared.SITUATION)),
    Blind(19, "suspensions", _declared(Declared.SUSPENSION)),
    Blind(20, "a clause's onward rule", _clauses(_agreed_onward)),
    Blind(21, "notice", _declared(Declared.NOTICE)),
    Blind(
        21,
        "that prohibitions outlive their agreement",
        _agreements(lambda one: replace(one, survives_end=False)),
    ),
    Blind(22, "that two officers are asked for", _clauses(_one_officer)),
    Blind(23, "portions that nobody can read", _items(_known_portions)),
    Blind(24, "that a downgrade has come", _labels(downgrade=None)),
    Blind(24, "that a downgrade is still to come", _items(_lowered_at_once)),
    Blind(25, "portions", _labels(portions=())),
    Blind(25, "the levels of portions", _portions(classification=None)),
    Blind(25, "whom a portion names", _portions(releasable_to=None)),
    Blind(25, "originator control of a portion", _portions(caveats=())),
    Blind(26, "figures in words", _items(_without_figures)),
    Blind(26, "that a sensor's own words hide nothing", _own_words),
)


def found_after(mutant: Blind, seed: int = 1) -> int | None:
    """The number of cases after which the differential has found a mutant; None where it has not."""
    cases = 0
    for number in range(WORLDS_MAX):
        tally = judged(seed, number, mutant.ours, mutant.reads)
        cases += tally.cases
        if tally.disagreements:
            return cases
    return None


if __name__ == "__main__":
    for planted in BLIND:
        print(f"| {planted.rule} | {planted.wrong} | {found_after(planted)} |")
