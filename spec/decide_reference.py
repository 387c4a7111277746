"""The deciding rules, slow and obvious: the second implementation that `trilat.policy.decide` is tested
against. Imports the nouns and nothing else. Read it as the specification: rules are numbered (README.md has
them in one table), every clause of every file is looked at every time, and nothing is remembered.

A permission must pass all of rules 3 to 7, a prohibition must pass 3 and 4 and rule 8. What a party shows to
its own staff goes by rule 10. What cannot be read goes by rule 16. Rules 17 to 22 stand in
`conditions_reference.py`, rules 23 to 26 in `portions_reference.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from spec.conditions_reference import (
    failed_conditions,
    rule_17_area,
    rule_18_situation,
    rule_21_notice_ns,
    rule_21_survives,
    rule_22_two_officers,
)
from spec.portions_reference import can_be_made, rule_23_known, rule_24_level, rule_25_portions

from trilat.model import (
    Agreement,
    Approval,
    Attribution,
    Caveat,
    Clause,
    Consent,
    Decision,
    Declaration,
    Duties,
    Effect,
    Form,
    ItemError,
    ItemReference,
    OnwardRule,
    Outcome,
    Rank,
    Reason,
    Status,
    find_level,
    item_from_json,
    kind_of,
    strict_json,
)

FORMS = list(Form)
"""Richest first."""

SHOWN = [Form.MEASUREMENTS, Form.TRACKS, Form.TRACKLETS, Form.COARSE_TRACKS, Form.AREAS, Form.EXISTENCE]
"""Best first for people who look at a picture."""


CHARACTERS_MAX = 1_048_576
"""Of an item that is written as JSON."""


class Asked(Protocol):
    """What is asked: who gives to whom, through whom, for what, when."""

    @property
    def sender(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def recipient(self) -> str: ...  # noqa: D102
    @property
    def via(self) -> str | None: ...  # noqa: D102
    @property
    def purpose(self) -> str: ...  # noqa: D102
    @property
    def at_ns(self) -> int: ...  # noqa: D102


class Question(NamedTuple):
    """One question about one item, with all that is held."""

    item: Any
    sender: str
    recipient: str
    via: str | None
    purpose: str
    at_ns: int
    files: Mapping[str, Agreement]
    consents: Sequence[Consent]
    declarations: Sequence[Declaration]
    is_leg: bool = False
    """Whether it is what an intermediary gets: also of the sender's staff, it must be named."""


class Way(NamedTuple):
    """Whose clauses are asked, and by which path the recipient is reached."""

    giver: str
    via: str | None


class Verdict(NamedTuple):
    """What the clauses of one giver say."""

    reasons: set[Reason]
    names: list[str]
    clause: Clause | None = None
    consent: Consent | None = None
    asks: bool = False
    left_out: tuple[str, ...] = ()


def decide(
    item: Any,
    asked: Asked,
    files: Mapping[str, Agreement],
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> Decision:
    """The decision that the rules give."""
    at_ns = asked.at_ns
    question = Question(
        item, asked.sender, asked.recipient, asked.via, asked.purpose, at_ns, files, consents, declarations
    )
    home = asked.sender == asked.recipient.split("/")[0] and asked.sender != asked.recipient
    outcome, reasons, names, verdicts = rule_10_own_staff(question) if home else answer(question)
    clauses = [verdict.clause for verdict in verdicts if verdict.clause is not None]
    used = [verdict.consent for verdict in verdicts if verdict.consent is not None]
    permit = outcome is Outcome.PERMIT
    form, duties = rule_13_limits(clauses, left_out(verdicts)) if permit else (None, None)
    return Decision(
        item=ItemReference(item_id=item.item_id, version=item.version),
        sender=asked.sender,
        recipient=asked.recipient,
        via=asked.via,
        purpose=asked.purpose,
        decided_ns=at_ns,
        outcome=outcome,
        clauses=tuple(dict.fromkeys(names)),
        reasons=tuple(reason for reason in Reason if reason in reasons),
        form=form,
        duties=duties,
        consent=ItemReference(item_id=used[0].item_id, version=used[0].version) if permit and used else None,
    )


def decide_plain(
    text: str,
    asked: Asked,
    files: Mapping[str, Agreement],
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> Decision:
    """The decision on an item written as JSON; nothing that is written there can raise."""
    unreadable = rule_16_unreadable(text)
    if not unreadable:
        return decide(item_from_json(text), asked, files, consents, declarations)
    return Decision(
        item=None,
        sender=asked.sender,
        recipient=asked.recipient,
        via=asked.via,
        purpose=asked.purpose,
        decided_ns=asked.at_ns,
        outcome=Outcome.WITHHOLD,
        clauses=(),
        reasons=tuple(reason for reason in Reason if reason in unreadable),
    )


def rule_16_unreadable(text: str) -> set[Reason]:
    """What cannot be read, word for word, is withheld; it is said too whether a label is there, and whole."""
    try:
        item_from_json(text)
    except ItemError:
        pass
    else:
        return set()
    try:
        plain = strict_json(text, CHARACTERS_MAX)
    except ItemError:
        return {Reason.MALFORMED_ITEM}
    if not isinstance(plain, dict):
        return {Reason.MALFORMED_ITEM}
    if plain.get("label") is None:
        return {Reason.MALFORMED_ITEM, Reason.LABEL_ABSENT}
    needed = ("originator", "created_ns", "classification/scheme", "classification/level")
    if any(written_at(plain["label"], path) is None for path in needed):
        return {Reason.MALFORMED_ITEM, Reason.LABEL_PARTIAL}
    return {Reason.MALFORMED_ITEM}


def written_at(plain: Any, path: str) -> Any:
    """What stands at a path of names in a JSON value; None where there is no such place."""
    for name in path.split("/"):
        plain = plain.get(name) if isinstance(plain, dict) else None
    return plain


def answer(question: Question) -> tuple[Outcome, set[Reason], list[str], list[Verdict]]:
    """Outcome, reasons, clause names, and what each giver's clauses say."""
    originator = question.item.label.originator
    reasons = rule_1_label(question)
    if question.recipient == originator:
        return Outcome.WITHHOLD, reasons | {Reason.RECIPIENT_IS_ORIGINATOR}, [], []
    verdicts = [verdict_of(question, way) for way in ways(question)]
    reasons |= rule_2_third_parties(question, verdicts)
    names = [name for verdict in verdicts for name in verdict.names]
    leg = rule_11_first_leg(question)
    if leg is not None and leg[0] is Outcome.WITHHOLD:
        reasons.add(Reason.LEG_WITHHELD)
        names += leg[2]
    elif leg is not None:  # what the intermediary does not get, it cannot pass on
        verdicts = [*verdicts, Verdict(set(), [], left_out=tuple(left_out(leg[3])))]
    return rule_15_outcome(question, reasons, names, verdicts)


def rule_15_outcome(
    question: Question, reasons: set[Reason], names: list[str], verdicts: list[Verdict]
) -> tuple[Outcome, set[Reason], list[str], list[Verdict]]:
    """Rule 15: withheld for any reason at all; else referred where somebody must be asked; else permitted."""
    if reasons:
        return Outcome.WITHHOLD, reasons, names, verdicts
    if any(verdict.asks for verdict in verdicts):
        return Outcome.REFER, {Reason.CONSENT_NEEDED}, names, verdicts
    clauses = [verdict.clause for verdict in verdicts if verdict.clause is not None]
    if not can_be_made(question.item, *rule_13_limits(clauses), left_out(verdicts)):
        return Outcome.WITHHOLD, {Reason.FORM_NOT_AVAILABLE}, names, verdicts
    consented = any(verdict.consent is not None for verdict in verdicts)
    reason = Reason.PERMITTED_WITH_CONSENT if consented else Reason.PERMITTED
    return Outcome.PERMIT, {reason}, names, verdicts


def rule_11_first_leg(question: Question) -> tuple[Outcome, set[Reason], list[str], list[Verdict]] | None:
    """What an originator sends through an intermediary, it may give the intermediary too: the answer for that
    leg, or None where there is none.
    """
    if question.sender != question.item.label.originator or question.via is None:
        return None
    return answer(question._replace(recipient=question.via, via=None, is_leg=True))


def rule_10_own_staff(question: Question) -> tuple[Outcome, set[Reason], list[str], list[Verdict]]:
    """A party shows what it lawfully holds under its own clauses; whoever made a part of it may forbid it."""
    party, item = question.sender, question.item
    reasons = rule_1_label(question)
    if Reason.SENDER_NOT_HOLDER not in reasons:  # what speaks of the party speaks of its staff
        reasons.discard(Reason.NOT_RELEASABLE_TO)
    if question.recipient == item.label.originator:
        return Outcome.WITHHOLD, reasons | {Reason.RECIPIENT_IS_ORIGINATOR}, [], []
    if question.via is not None:
        reasons.add(Reason.PATH_NOT_ALLOWED)
    own = verdict_of(question, Way(party, None), SHOWN)
    makers = [item.label.originator, *item.provenance.originators]
    bans = [
        ban
        for maker in dict.fromkeys(makers)
        if maker not in (party, question.recipient)
        for ban in forbidding(question, Way(maker, party))
    ]
    if bans:
        reasons.add(Reason.CLAUSE_FORBIDS)
    return rule_15_outcome(question, reasons | own.reasons, own.names + bans, [own])


def ways(question: Question) -> list[Way]:
    """The originator first, then every other party whose observations went in, but for the recipient."""
    originator = question.item.label.originator
    first = Way(originator, question.via if question.sender == originator else question.sender)
    return [first] + [
        Way(other, None if other == question.sender else question.sender)
        for other in question.item.provenance.originators
        if other not in (originator, question.recipient)
    ]


def rule_1_label(question: Question) -> set[Reason]:
    """The label is known, in time, below what never leaves, and names sender and recipient."""
    label = question.item.label
    level = rule_24_level(question) if rule_23_known(question) else None
    holders = {label.originator, *label.releasable_to}
    found = {
        Reason.LABEL_UNKNOWN: level is None,
        Reason.LEVEL_NEVER_LEAVES: level is not None and level.never_leaves,
        Reason.LABEL_EXPIRED: label.created_ns > question.at_ns
        or (label.expires_ns is not None and question.at_ns >= label.expires_ns),
        Reason.SENDER_NOT_HOLDER: question.sender not in holders,
        Reason.NOT_RELEASABLE_TO: question.recipient not in holders,
    }
    return {reason for reason, holds in found.items() if holds}


def rule_2_third_parties(question: Question, verdicts: list[Verdict]) -> set[Reason]:
    """Only an originator gives away what is its own; others pass on what each originator lets them."""
    first, *others = verdicts
    passing_on = question.sender != question.item.label.originator
    reasons = set(first.reasons)
    if passing_on and question.via is not None:
        reasons.add(Reason.PATH_NOT_ALLOWED)
    if passing_on and first.clause is None:
        reasons.add(Reason.THIRD_PARTY_RULE)
    for other in others:
        reasons |= other.reasons & {Reason.CLAUSE_FORBIDS, Reason.CONSENT_REFUSED}
        if other.clause is None:
            reasons.add(Reason.THIRD_PARTY_RULE)
    return reasons


def forbidding(question: Question, way: Way) -> list[str]:
    """The prohibitions of all files that cover one way."""
    return sorted(
        name
        for name, agreement, clause in [*rule_3_in_time(question), *clauses_that_survive(question, way)]
        if clause.effect is Effect.FORBID
        and rule_4_scope(question, way, clause, staff_too=True)
        and rule_8_forbids(question, way, clause)
        and rule_17_area(question.item, agreement, clause, forbids=True)
        and (not clause.situations or rule_18_situation(question, way.giver, clause, clause.situations))
    )


def clauses_that_survive(question: Question, way: Way) -> Iterator[tuple[str, Agreement, Clause]]:
    """Rule 21: the clauses of ended agreements that still speak of what is passed on."""
    for file, agreement in question.files.items():
        for clause in agreement.clauses:
            if rule_21_survives(question, way.via, agreement, clause):
                yield f"{file}#{clause.clause_id}", agreement, clause


def received(question: Question, way: Way) -> list[tuple[Agreement, Clause]]:
    """The clauses in force that give the item to the intermediary."""
    if way.via is None:
        return []
    leg = question._replace(recipient=way.via)
    return [
        (agreement, clause)
        for _, agreement, clause in rule_3_in_time(leg)
        if clause.effect is Effect.PERMIT and rule_4_scope(leg, way, clause, staff_too=False)
    ]


def verdict_of(question: Question, way: Way, forms: list[Form] = FORMS) -> Verdict:
    """What all clauses of all files say about one way."""
    bans = forbidding(question, way)
    permitting = permission(question, way, forms)
    if bans:
        return permitting._replace(reasons=permitting.reasons | {Reason.CLAUSE_FORBIDS}, names=bans)
    return permitting


def permission(question: Question, way: Way, forms: list[Form]) -> Verdict:
    """The best clause that permits, or those that came nearest, or why there is none."""
    tried: list[tuple[str, Agreement, Clause, set[Reason]]] = []
    for name, agreement, clause in rule_3_in_time(question):
        if clause.effect is Effect.PERMIT and rule_4_scope(question, way, clause, staff_too=False):
            failed = {
                *rule_5_path(way, agreement, clause),
                *rule_6_label(question, clause),
                *rule_7_form(question, clause),
                *failed_conditions(question, way.giver, way.via, agreement, clause, received(question, way)),
            }
            tried.append((name, agreement, clause, failed))
    passing = [(name, agreement, clause) for name, agreement, clause, failed in tried if not failed]
    if passing:
        return rule_12_choice(question, way, passing, forms)
    return rule_14_refusal(question, way, [(name, failed) for name, _, _, failed in tried])


def rule_12_choice(
    question: Question, way: Way, passing: list[tuple[str, Agreement, Clause]], forms: list[Form]
) -> Verdict:
    """Without consent, then granted, then refused, then to be asked; first form; fewest portions left out;
    least delay; name.
    """

    def order(entry: tuple[str, Agreement, Clause]) -> tuple[int, int, int, int, str]:
        name, agreement, clause = entry
        standing = rule_9_consent(question, way, agreement, clause)[0]
        missing = len(portions_of(question, clause))
        return standing, forms.index(clause.form or Form.EXISTENCE), missing, clause.duties.delay_s, name

    name, agreement, clause = min(passing, key=order)
    standing, consent = rule_9_consent(question, way, agreement, clause)
    refused = {Reason.CONSENT_REFUSED} if standing == 2 else set()
    return Verdict(refused, [name], clause, consent, standing == 3, portions_of(question, clause))


def rule_3_in_time(question: Question) -> Iterator[tuple[str, Agreement, Clause]]:
    """Rule 3: the clauses of agreements in force, for the purpose, newest version that has begun."""
    for file, agreement in question.files.items():
        if in_force(question, agreement):
            for clause in agreement.clauses:
                begun = clause.in_force_from_ns is None or clause.in_force_from_ns <= question.at_ns
                ended = clause.in_force_until_ns is not None and clause.in_force_until_ns <= question.at_ns
                if begun and not ended and question.purpose in (clause.purposes or agreement.purposes):
                    yield f"{file}#{clause.clause_id}", agreement, clause


def in_force(question: Question, agreement: Agreement) -> bool:
    """Whether this is the newest version that has begun, and it has not ended."""
    begun = [
        other.version
        for other in question.files.values()
        if other.agreement_id == agreement.agreement_id and other.in_force_from_ns <= question.at_ns
    ]
    notice_ns = rule_21_notice_ns(question, agreement)
    if notice_ns is not None and notice_ns <= question.at_ns:
        return False
    ends_ns = agreement.in_force_until_ns
    return bool(begun) and max(begun) == agreement.version and (ends_ns is None or question.at_ns < ends_ns)


def rule_14_refusal(question: Question, way: Way, tried: list[tuple[str, set[Reason]]]) -> Verdict:
    """The clauses that came nearest, with all that they lack; where none speaks of it, what is missing."""
    if not tried:
        return Verdict({why_none(question, way)}, [])
    fewest = min(len(failed) for _, failed in tried)
    near = sorted(entry for entry in tried if len(entry[1]) == fewest)
    return Verdict({reason for _, failed in near for reason in failed}, [name for name, _ in near])


def why_none(question: Question, way: Way) -> Reason:
    """The first thing that is missing where no clause speaks of the case."""
    both = [
        agreement
        for agreement in question.files.values()
        if way.giver in agreement.parties
        and question.recipient in agreement.parties
        and not {way.giver, question.recipient} <= only_giving(agreement)
    ]
    if not both:
        return Reason.NO_AGREEMENT
    alive = [agreement for agreement in both if in_force(question, agreement)]
    if not alive:
        return Reason.NOT_IN_FORCE
    meant = any(question.purpose in agreement.purposes for agreement in alive)
    return Reason.NO_CLAUSE if meant else Reason.PURPOSE_NOT_ALLOWED


def only_giving(agreement: Agreement) -> set[str]:
    """Parties that give or pass on under an agreement, and receive nothing: two such have none together."""
    giving = {code for clause in agreement.clauses for code in (*clause.givers, clause.via) if code}
    return giving - {code for clause in agreement.clauses for code in clause.receivers}


def rule_4_scope(question: Question, way: Way, clause: Clause, *, staff_too: bool) -> bool:
    """Kind, domain and direction. A prohibition on a party is one on its staff."""

    def named(code: str, codes: tuple[str, ...]) -> bool:
        return code in codes or (staff_too and code.split("/", maxsplit=1)[0] in codes)

    return (
        kind_of(question.item) in clause.kinds
        and question.item.domain in clause.domains
        and named(way.giver, clause.givers)
        and named(question.recipient, clause.receivers)
        and (staff_too or way.giver != question.recipient)
    )


def rule_5_path(way: Way, agreement: Agreement, clause: Clause) -> Iterator[Reason]:
    """The path is the clause's own; an agreement that lets nothing go on has no intermediaries."""
    if clause.via != way.via or (
        way.via is not None and (clause.onward or agreement.onward) is OnwardRule.NEVER
    ):
        yield Reason.PATH_NOT_ALLOWED


def rule_6_label(question: Question, clause: Clause) -> Iterator[Reason]:
    """Status, level, and categories: restrictive ones all, permissive ones any."""
    item, held = question.item, set(clause.categories)
    if clause.statuses and item.status not in clause.statuses:
        yield Reason.STATUS_NOT_ALLOWED
    level = rule_24_level(question) if rule_23_known(question) else None
    limit = limit_of(question, clause)
    if (Rank.TOP_SECRET if level is None else level.rank) > limit:
        yield Reason.CLASSIFICATION_TOO_HIGH
    permissive = set(item.label.permissive)
    if not set(item.label.restrictive) <= held or (permissive and not permissive & held):
        yield Reason.CATEGORY_NOT_HELD


def limit_of(question: Question, clause: Clause) -> Rank:
    """The highest rank that a clause covers."""
    highest = None if clause.highest is None else find_level(clause.highest, question.at_ns)
    return Rank.UNCLASSIFIED if highest is None else highest.rank


def rule_7_form(question: Question, clause: Clause) -> Iterator[Reason]:
    """The form can be made from what may go of this item."""
    gone = portions_of(question, clause)
    if clause.form is None or not can_be_made(question.item, clause.form, clause.duties, gone):
        yield Reason.FORM_NOT_AVAILABLE


def rule_8_forbids(question: Question, way: Way, clause: Clause) -> bool:
    """What a prohibition does not say, it covers: every path, every status, every category."""
    label = question.item.label
    carried = {*label.restrictive, *label.permissive}
    return (
        clause.via in (None, way.via)
        and (not clause.statuses or question.item.status in clause.statuses)
        and (not clause.categories or bool(carried & set(clause.categories)))
    )


def rule_9_consent(
    question: Question, way: Way, agreement: Agreement, clause: Clause
) -> tuple[int, Consent | None]:
    """0 needs none, 1 granted, 2 refused, 3 still to be asked; with the consent that says so."""
    label = question.item.label
    controlled = (
        Caveat.ORIGINATOR_CONTROL in label.caveats and way.via is not None and way.giver == label.originator
    )
    if clause.approval is Approval.NONE and not controlled:
        return 0, None
    said = [
        consent
        for consent in question.consents
        if consent_covers(question, way, f"{agreement.agreement_id}#{clause.clause_id}", consent)
    ]
    said.sort(key=lambda consent: consent.item_id)
    said.sort(key=lambda consent: (consent.valid_ns, consent.version, 0 if consent.granted else 1))
    if clause.approval is Approval.TWO_PERSON:
        return rule_22_two_officers(said, question.at_ns)
    if not said or said[-1].until_ns <= question.at_ns:
        return 3, None
    return (1 if said[-1].granted else 2), said[-1]


def portions_of(question: Question, clause: Clause) -> tuple[str, ...]:
    """The fields that a copy under a clause goes without, by the portions of its label."""
    return rule_25_portions(question, clause.categories, limit_of(question, clause))


def left_out(verdicts: Sequence[Verdict]) -> list[str]:
    """The fields that any of the clauses leaves out."""
    return list(dict.fromkeys(field for verdict in verdicts for field in verdict.left_out))


def consent_covers(question: Question, way: Way, clause_name: str, consent: Consent) -> bool:
    """Originator, officer, subject, recipient, path, clause and status are the very ones; it has begun."""
    item = question.item
    return (
        consent.label.originator == way.giver
        and consent.officer.split("/")[0] == way.giver
        and bool({item.subject, item.item_id} & set(consent.subjects))
        and (consent.recipient, consent.via, consent.clause) == (question.recipient, way.via, clause_name)
        and consent.status is item.status
        and (item.status is not Status.REAL or not consent.assumed)
        and consent.valid_ns <= question.at_ns
    )


def rule_13_limits(clauses: list[Clause], fields: Sequence[str] = ()) -> tuple[Form, Duties]:
    """The coarsest form, and everything that any of the duties asks for, with these fields stripped."""
    coarsest = max(FORMS.index(clause.form) for clause in clauses if clause.form is not None)
    return FORMS[coarsest], all_duties([clause.duties for clause in clauses], fields)


def all_duties(duties: list[Duties], fields: Sequence[str] = ()) -> Duties:
    """Everything that any of them asks for, and these fields stripped."""

    def most(name: str) -> Any:
        return max(getattr(duty, name) for duty in duties)

    def every(name: str) -> Any:
        return tuple(dict.fromkeys(entry for duty in duties for entry in getattr(duty, name)))

    epochs = [duty.cover_epoch_s for duty in duties if duty.cover_m > 0]
    hidden = [list(Attribution).index(duty.attribution) for duty in duties if duty.attribution is not None]
    return Duties(
        delay_s=most("delay_s"),
        thin_s=most("thin_s"),
        round_position_m=most("round_position_m"),
        round_velocity_m_per_s=most("round_velocity_m_per_s"),
        round_time_s=most("round_time_s"),
        strip=tuple(dict.fromkeys([*every("strip"), *fields])),
        attribution=list(Attribution)[max(hidden)] if hidden else None,
        expire_s=min((duty.expire_s for duty in duties if duty.expire_s), default=0),
        mark=every("mark"),
        return_or_destroy=most("return_or_destroy"),
        cover_m=most("cover_m"),
        cover_epoch_s=0 if 0 in epochs else max(epochs, default=0),
        sigma_class_m=most("sigma_class_m"),
        span_s=most("span_s"),
        tear_line=most("tear_line"),
    )
