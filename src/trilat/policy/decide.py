"""`decide`: may this item go to this party, by this path, for this purpose, now? In which form?

Pure and total: the same arguments give the same `Decision`, and nothing is ever raised. Rules, each with
its number beside the check:

 1. Withhold unless a clause permits. A prohibition wins. The order of files and clauses does not matter.
 2. An error while deciding withholds and names the clause.
 3. The label must be known, in time, below what never leaves, and name the recipient (see `labelled`).
 4. The direction is originator -> recipient. The originator sends directly, or through `via`; any other
    sender is itself the intermediary, and only a clause that names it as `via` lets it pass anything on.
 5. Through an intermediary, the first leg must be allowed for the same item too.
 6. Every originator in the provenance must allow it, each by its own clause; the recipient's own part needs
    nobody's leave. The coarsest form and the strictest duties of all hold.
 7. A clause speaks while its agreement is in force and for its purposes, by its path, for its statuses, up
    to its level, for its categories, and where its form can be made from the item. A prohibition without a
    path covers every path, one without categories every item. What else a clause may ask (an area, a
    situation, an onward rule) and what a party has declared is in `conditions`.
 8. Where a clause asks for approval, or the label has originator control and the path has an intermediary,
    the originator's consent decides: granted, refused, or not yet, which refers it to a person.
 9. Of several clauses that permit: without consent before with, then the richest form, then the fewest
    portions left out, then the least delay, then the name.
10. A party shows its own staff (`JPN` shows `JPN/watch`) what it lawfully holds, under its own clauses,
    whoever originated it. A label that names the party, or is the party's, names its staff. The path is
    direct, so that originator control asks nothing; a prohibition of any originator wins, and what never
    leaves is not shown. Whole estimates come before tracklets: staff look at a picture, and fuse nothing.
11. A portion of the label that may not go by a clause leaves the item's copy without its field, as a duty to
    strip; where the form cannot be made without it, the clause permits nothing.

All reasons found are given in precedence; for a refusal `clauses` are those that forbid, else those that
came nearest. Not checked here: signatures, whether the sender truly holds the item, and whether the purpose
for which staff read is one for which the party received it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from trilat.model import (
    PRECEDENCE,
    AnyItem,
    Approval,
    Attribution,
    Caveat,
    Clause,
    Consent,
    Decision,
    Declaration,
    Duties,
    Form,
    Item,
    ItemReference,
    Level,
    OnwardRule,
    Outcome,
    Rank,
    Reason,
    kind_of,
)
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.conditions import condition_failures, covers_forbidden, received_to_stay, survives
from trilat.policy.consents import Answered, answered
from trilat.policy.declared import DeclaredNow, declared_now
from trilat.policy.forms import FORM_ORDER, makeable, without
from trilat.policy.labelled import barred_portions, covers, label_reasons, level_of, portions_left_out
from trilat.policy.request import ReleaseRequest

CLAUSES_NAMED_MAX: Final = 64
"""Clauses that one decision names; the model's limit."""

_FREE, _GRANTED, _REFUSED, _NEEDED = range(4)
"""How a permitting clause stands, best first (rule 9)."""

_STANDING: Final = {Answered.GRANTED: _GRANTED, Answered.REFUSED: _REFUSED, Answered.NOT_YET: _NEEDED}
SHOWN_ORDER: Final = MappingProxyType(
    {**FORM_ORDER, Form.TRACKS: FORM_ORDER[Form.TRACKLETS], Form.TRACKLETS: FORM_ORDER[Form.TRACKS]}
)
"""Best first for a party's own staff (rule 10)."""

_ATTRIBUTION_ORDER: Final = {attribution: place for place, attribution in enumerate(Attribution)}


_Passing = tuple[Rule, tuple[str, ...], int, Consent | None]
"""A clause that permits, the portions left out under it, how it stands, and the consent it stands on."""


@dataclass(slots=True)
class _Trace:
    """The clause being evaluated, so that an error can name it (rule 2)."""

    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One question with what every rule needs to know."""

    item: AnyItem
    kind: str
    level: Level | None
    sender: str
    recipient: str
    via: str | None
    purpose: str
    at_ns: int
    agreements: AgreementSet
    consents: Sequence[Consent]
    declared: DeclaredNow
    trace: _Trace
    barred: frozenset[str]
    """Portions that no clause can let go."""

    def speaks(self, rule: Rule) -> bool:
        """Whether a clause is in force, and nobody has ended its agreement by notice."""
        return rule.speaks(self.at_ns, self.purpose) and not self.declared.ended(rule.agreement)


@dataclass(frozen=True, slots=True)
class _Leave:
    """What one originator's clauses say: the clause chosen, or why there is none."""

    chosen: Rule | None
    standing: int
    consent: Consent | None
    reasons: frozenset[Reason]
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Portions that the chosen clause does not let go."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer without the names of the question."""

    outcome: Outcome
    clauses: tuple[str, ...]
    reasons: tuple[Reason, ...]
    form: Form | None = None
    duties: Duties | None = None
    consent: ItemReference | None = None
    left_out: tuple[str, ...] = ()


def decide(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> Decision:
    """The decision on one item for one request under the agreements held, with the consents received and what
    parties have declared.
    """
    trace = _Trace()
    reference: ItemReference | None = None
    try:
        if not _is_item(item):
            answer = _Answer(Outcome.WITHHOLD, (), (Reason.MALFORMED_ITEM,))
        else:
            reference = item.reference
            declared = declared_now(declarations, item.status, request.at_ns)
            case = _case(item, request, agreements, consents, declared, trace)
            answer = _shown(case) if _is_own_staff(case) else _assess(case)
    except Exception:  # noqa: BLE001 - rule 2: whatever goes wrong, the item stays here
        named = () if trace.rule is None else (trace.rule.name,)
        answer = _Answer(Outcome.WITHHOLD, named, (Reason.DECIDING_FAILED,))
    return Decision(
        item=reference,
        sender=request.sender,
        recipient=request.recipient,
        via=request.via,
        purpose=request.purpose,
        decided_ns=request.at_ns,
        outcome=answer.outcome,
        clauses=answer.clauses,
        reasons=answer.reasons,
        form=answer.form,
        duties=answer.duties,
        consent=answer.consent,
    )


def _is_item(value: object) -> bool:
    """Whether a caller that checks no types gave an item at all."""
    return isinstance(value, Item)


def _case(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent],
    declared: DeclaredNow,
    trace: _Trace,
) -> _Case:
    sender, recipient, via = request.sender, request.recipient, request.via
    kind = kind_of(item)
    # A label that names a party names its staff (rule 10).
    way = (sender,) if recipient.startswith(f"{sender}/") else (sender, recipient, via)
    passed_on = len(way) > 1 and (via is not None or sender != item.label.originator)
    return _Case(
        item=item,
        kind=kind,
        level=level_of(item.label, kind, request.at_ns),
        sender=sender,
        recipient=recipient,
        via=via,
        purpose=request.purpose,
        at_ns=request.at_ns,
        agreements=agreements,
        consents=consents,
        declared=declared,
        trace=trace,
        barred=barred_portions(item.label, request.at_ns, way, passed_on=passed_on),
    )


def _is_own_staff(case: _Case) -> bool:
    """Whether a party shows something to a member of its own staff."""
    return case.recipient.startswith(f"{case.sender}/")


def _shown(case: _Case) -> _Answer:
    """What a party shows its own staff (rule 10). The leg to an intermediary that is its staff is no such
    thing: who passes on must be named in the label.
    """
    label = case.item.label
    reasons = label_reasons(label, case.level, case.sender, (case.recipient, case.sender), case.at_ns)
    if case.recipient == label.originator:
        return _withheld({*reasons, Reason.RECIPIENT_IS_ORIGINATOR}, ())
    if case.via is not None:
        reasons.add(Reason.PATH_NOT_ALLOWED)
    leave = _leave(case, case.sender, None, SHOWN_ORDER)
    reasons |= leave.reasons
    names = [*leave.names]
    for originator in dict.fromkeys((label.originator, *case.item.provenance.originators)):
        if originator not in {case.sender, case.recipient}:
            forbidding = _forbidding(case, originator, case.sender)
            if forbidding:
                reasons.add(Reason.CLAUSE_FORBIDS)
                names += forbidding
    return _withheld(reasons, names) if reasons else _allowed(case, [leave])


def _assess(case: _Case) -> _Answer:
    label = case.item.label
    originator = label.originator
    reasons = label_reasons(label, case.level, case.sender, (case.recipient,), case.at_ns)  # rule 3
    if case.recipient == originator:
        return _withheld({*reasons, Reason.RECIPIENT_IS_ORIGINATOR}, ())
    own = case.sender == originator
    if not own and case.via is not None:  # rule 4: an intermediary is the path itself
        reasons.add(Reason.PATH_NOT_ALLOWED)
    leaves = [_leave(case, originator, case.via if own else case.sender)]
    reasons |= leaves[0].reasons
    if leaves[0].chosen is None and not own:  # rule 4
        reasons.add(Reason.THIRD_PARTY_RULE)
    for other in case.item.provenance.originators:  # rule 6
        if other not in {originator, case.recipient}:
            leave = _leave(case, other, None if other == case.sender else case.sender)
            leaves.append(leave)
            reasons |= leave.reasons & {Reason.CLAUSE_FORBIDS, Reason.CONSENT_REFUSED}
            if leave.chosen is None:
                reasons.add(Reason.THIRD_PARTY_RULE)
    names = [name for leave in leaves for name in leave.names]
    left_out: tuple[str, ...] = ()
    if own and case.via is not None:  # rule 5
        leg = _leg(case, case.via)
        left_out = leg.left_out
        if leg.outcome is Outcome.WITHHOLD:
            reasons.add(Reason.LEG_WITHHELD)
            names += leg.clauses
    return _withheld(reasons, names) if reasons else _allowed(case, leaves, left_out)


def _leg(case: _Case, intermediary: str) -> _Answer:
    return _assess(
        _Case(
            item=case.item,
            kind=case.kind,
            level=case.level,
            sender=case.sender,
            recipient=intermediary,
            via=None,
            purpose=case.purpose,
            at_ns=case.at_ns,
            agreements=case.agreements,
            consents=case.consents,
            declared=case.declared,
            trace=case.trace,
            barred=barred_portions(case.item.label, case.at_ns, (case.sender, intermediary), passed_on=False),
        )
    )


def _leave(case: _Case, giver: str, via: str | None, form_order: Mapping[Form, int] = FORM_ORDER) -> _Leave:
    """What the clauses from `giver` to the recipient say, by the path `via` (rules 1, 7, 8, 9)."""
    direction = case.agreements.direction(giver, case.recipient, case.item.domain, case.kind)
    forbidding = _forbidding(case, giver, via)
    passing: list[_Passing] = []
    nearest: dict[int, list[tuple[Rule, set[Reason]]]] = {}
    for rule in direction.permits:
        case.trace.rule = rule
        if case.speaks(rule):
            left_out = _left_out(case, rule)
            failures = _failures(case, rule, giver, via, left_out)
            if failures:
                nearest.setdefault(len(failures), []).append((rule, failures))
            else:
                passing.append((rule, left_out, *_consented(case, rule, giver, via)))
    case.trace.rule = None
    chosen, left_out, standing, consent = min(
        passing, key=lambda entry: _preference(entry, form_order), default=(None, (), _NEEDED, None)
    )
    reasons: set[Reason] = set()
    names: tuple[str, ...] = ()
    if chosen is not None:
        names = (chosen.name,)
        if standing == _REFUSED:
            reasons.add(Reason.CONSENT_REFUSED)
    elif nearest:
        near = nearest[min(nearest)]
        names = tuple(rule.name for rule, _ in near)
        reasons.update(*(failures for _, failures in near))
    else:
        reasons.add(why_none(case.agreements, giver, case.recipient, case.at_ns, case.purpose, case.declared))
    if forbidding:
        reasons.add(Reason.CLAUSE_FORBIDS)
        names = forbidding
    return _Leave(chosen, standing, consent, frozenset(reasons), names, left_out)


def _forbidding(case: _Case, giver: str, via: str | None) -> tuple[str, ...]:
    """The prohibitions of `giver` that cover the case, by name."""
    direction = case.agreements.direction(giver, case.recipient, case.item.domain, case.kind)
    names = tuple(rule.name for rule in direction.forbids if _forbids(case, rule, giver, via))
    case.trace.rule = None
    return names


def _forbids(case: _Case, rule: Rule, giver: str, via: str | None) -> bool:
    """Whether a prohibition covers the case (rule 7); what it does not say, it covers."""
    case.trace.rule = rule
    clause: Clause = rule.clause
    label = case.item.label
    return (
        (case.speaks(rule) or survives(rule, case.item, via, case.purpose, case.declared))
        and clause.via in {None, via}
        and (not clause.statuses or case.item.status in clause.statuses)
        and (
            not clause.categories
            or any(category in clause.categories for category in (*label.restrictive, *label.permissive))
        )
        and covers_forbidden(rule, case.item, giver, case.declared)
    )


def _left_out(case: _Case, rule: Rule) -> tuple[str, ...]:
    """The portions that a clause does not let go (rule 11)."""
    label = case.item.label
    if not label.portions:
        return ()
    return portions_left_out(label, case.barred, rule.clause, rule.rank_max(case.at_ns), case.at_ns)


def _failures(case: _Case, rule: Rule, giver: str, via: str | None, left_out: tuple[str, ...]) -> set[Reason]:
    """What keeps a permission from covering the case (rule 7); empty where it does."""
    clause = rule.clause
    item = case.item
    failures = condition_failures(rule, item, giver, case.recipient, via, case.declared)
    if clause.via != via or (via is not None and rule.onward is OnwardRule.NEVER):
        failures.add(Reason.PATH_NOT_ALLOWED)
    elif via is not None:
        received = case.agreements.direction(giver, via, item.domain, case.kind).permits
        if any(
            case.speaks(leg) and received_to_stay(leg, giver, case.recipient, case.declared)
            for leg in received
        ):
            failures.add(Reason.ONWARD_NOT_ALLOWED)
    if clause.statuses and item.status not in clause.statuses:
        failures.add(Reason.STATUS_NOT_ALLOWED)
    # A level that nobody knows is compared as the highest.
    if (Rank.TOP_SECRET if case.level is None else case.level.rank) > rule.rank_max(case.at_ns):
        failures.add(Reason.CLASSIFICATION_TOO_HIGH)
    if not covers(clause, item.label.restrictive, item.label.permissive):
        failures.add(Reason.CATEGORY_NOT_HELD)
    if clause.form is None or not makeable(without(item, left_out), clause.form, clause.duties):
        failures.add(Reason.FORM_NOT_AVAILABLE)
    return failures


def _consented(case: _Case, rule: Rule, giver: str, via: str | None) -> tuple[int, Consent | None]:
    """How a permitting clause stands, and the consent it stands on (rule 8)."""
    label = case.item.label
    controlled = via is not None and giver == label.originator and Caveat.ORIGINATOR_CONTROL in label.caveats
    if rule.clause.approval is Approval.NONE and not controlled:
        return _FREE, None
    said, consent = answered(
        case.item,
        giver,
        case.recipient,
        via,
        rule.consent_name,
        case.at_ns,
        case.consents,
        two_person=rule.clause.approval is Approval.TWO_PERSON,
    )
    return _STANDING[said], consent


def _preference(entry: _Passing, form_order: Mapping[Form, int]) -> tuple[int, int, int, int, str]:
    rule, left_out, standing, _ = entry
    form = 0 if rule.clause.form is None else form_order[rule.clause.form]
    return standing, form, len(left_out), rule.clause.duties.delay_s, rule.name


def why_none(
    agreements: AgreementSet,
    giver: str,
    recipient: str,
    at_ns: int,
    purpose: str,
    declared: DeclaredNow | None = None,
) -> Reason:
    """Why no permission speaks of a case at all: the first thing that is missing."""
    windows = agreements.between(giver, recipient)
    if not windows:
        return Reason.NO_AGREEMENT
    in_force = [
        agreement
        for agreement, from_ns, until_ns in windows
        if from_ns <= at_ns < until_ns and (declared is None or not declared.ended(agreement))
    ]
    if not in_force:
        return Reason.NOT_IN_FORCE
    if not any(purpose in agreement.purposes for agreement in in_force):
        return Reason.PURPOSE_NOT_ALLOWED
    return Reason.NO_CLAUSE


def _allowed(case: _Case, leaves: list[_Leave], left_out: tuple[str, ...] = ()) -> _Answer:
    """A permit, or a referral to a person, where every originator's clauses allow it; without the portions
    `left_out` that the first leg does not have.
    """
    names = _named([name for leave in leaves for name in leave.names])
    left_out = tuple(dict.fromkeys([name for leave in leaves for name in leave.left_out] + [*left_out]))
    if any(leave.standing == _NEEDED for leave in leaves):
        return _Answer(Outcome.REFER, names, (Reason.CONSENT_NEEDED,), left_out=left_out)
    clauses = [leave.chosen.clause for leave in leaves if leave.chosen is not None]
    form = max((clause.form for clause in clauses if clause.form is not None), key=FORM_ORDER.__getitem__)
    duties = strictest([clause.duties for clause in clauses])
    if not makeable(without(case.item, left_out), form, duties):
        return _withheld({Reason.FORM_NOT_AVAILABLE}, names)
    consent = next((leave.consent for leave in leaves if leave.consent is not None), None)
    return _Answer(
        Outcome.PERMIT,
        names,
        (Reason.PERMITTED if consent is None else Reason.PERMITTED_WITH_CONSENT,),
        form,
        _stripping(duties, left_out),
        None if consent is None else consent.reference,
        left_out,
    )


def _stripping(duties: Duties, fields: tuple[str, ...]) -> Duties:
    """The duties with these fields to strip as well."""
    if not fields:
        return duties
    return msgspec.structs.replace(duties, strip=tuple(dict.fromkeys((*duties.strip, *fields))))


def _withheld(reasons: set[Reason], names: Sequence[str]) -> _Answer:
    return _Answer(Outcome.WITHHOLD, _named(names), tuple(sorted(reasons, key=PRECEDENCE.__getitem__)))


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:CLAUSES_NAMED_MAX]


def strictest(duties: Sequence[Duties]) -> Duties:
    """Duties that fulfil all of the given ones (at least one)."""
    if len(duties) == 1:
        return duties[0]
    limits = [duty.expire_s for duty in duties if duty.expire_s]
    named = [duty.attribution for duty in duties if duty.attribution is not None]
    return Duties(
        delay_s=max(duty.delay_s for duty in duties),
        thin_s=max(duty.thin_s for duty in duties),
        round_position_m=max(duty.round_position_m for duty in duties),
        round_velocity_m_per_s=max(duty.round_velocity_m_per_s for duty in duties),
        round_time_s=max(duty.round_time_s for duty in duties),
        strip=tuple(dict.fromkeys(field for duty in duties for field in duty.strip)),
        attribution=max(named, key=_ATTRIBUTION_ORDER.__getitem__, default=None),
        expire_s=min(limits, default=0),
        mark=tuple(dict.fromkeys(mark for duty in duties for mark in duty.mark)),
        return_or_destroy=any(duty.return_or_destroy for duty in duties),
        cover_m=max(duty.cover_m for duty in duties),
        cover_epoch_s=_longest_epoch_s(duties),
        sigma_class_m=max(duty.sigma_class_m for duty in duties),
        span_s=max(duty.span_s for duty in duties),
        tear_line=any(duty.tear_line for duty in duties),
    )


def _longest_epoch_s(duties: Sequence[Duties]) -> int:
    """The longest epoch of those that cover: zero, an epoch without end, is the longest of all."""
    epochs = [duty.cover_epoch_s for duty in duties if duty.cover_m]
    return 0 if not epochs or 0 in epochs else max(epochs)
