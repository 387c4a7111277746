"""`check`: are these agreements sound, and do they go together? Findings before anything is decided.

An `error` is a clause or version that can never do what it says. A `warning` works, but hardly as meant.

 1. A version that is replaced before it begins, and one that another version cuts short.
 2. A form that no listed kind, or not every listed kind, can have; rounding that a plot cannot take.
 3. An intermediary under an agreement whose onward rule is `never`.
 4. A highest level that never leaves, or that is not known in the whole time of the agreement.
 5. A permission that a prohibition covers, at all times or for a part of them.
 6. An approval that is never asked, because another clause permits the same without.
 7. Coarse tracks that nothing makes coarse; copies that end before they may leave; covering that two copies
     would average out, a tear-line that an intermediary or a consent would have to name.
 8. A clause whose time has no instant, and a domain that has none of its kinds.
 9. A situation that waits for a declaration that no clause brings to the giver; an onward rule that names no
    receiver of its clause.
10. An intermediary whom no clause gives the item, or the consent that it needs. A clause for drills alone may
    name more than its intermediary gets: it stands beside whichever agreements are tried.
11. Copies that are to be returned or destroyed, and no clause by which they can be called back, or by which
    their receiver could answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from trilat.model import (
    SCHEMES,
    Approval,
    Classification,
    Clause,
    Domain,
    Effect,
    Form,
    OnwardRule,
    Status,
    format_instant,
)
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.difference import differences
from trilat.policy.forms import CONTROL_KINDS, FORM_ORDER, KIND_FORMS

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or doubtful, in one file; `clause` is its id, or None for the whole."""

    file: str
    clause: str | None
    severity: Severity
    text: str


_SPOKEN: Final = frozenset(
    {"request", "statement", "story", "disagreement", "report", "event", "area", "warning"}
)
"""Kinds that every domain may have."""

DOMAIN_KINDS: Final = MappingProxyType(
    {
        Domain.MISSILE: frozenset({"track"}),
        Domain.MARITIME: frozenset({"track", "vessel"}),
        Domain.CYBER: frozenset({"indicator"}),
        Domain.RELIEF: frozenset({"need", "offer"}),
        Domain.SEISMIC: frozenset[str](),
        Domain.CONSULTATION: frozenset[str](),
    }
)
"""Kinds that a domain has beside those that all may have."""

_Said = Iterator[tuple[Severity, str]]


def check(agreements: AgreementSet) -> tuple[Finding, ...]:
    """What is not sound in a set of agreements, in order of files and clauses; empty where all is."""
    findings = [
        Finding(file=file, clause=None, severity=severity, text=text)
        for file in agreements.files
        for severity, text in _versions(file, agreements)
    ]
    for rule in agreements.rules:
        if rule.clause.effect is Effect.PERMIT:
            findings += [
                Finding(file=_file_of(rule), clause=rule.clause.clause_id, severity=severity, text=text)
                for rule_check in _CHECKS
                for severity, text in rule_check(rule, agreements)
            ]
    places = {file: place for place, file in enumerate(agreements.files)}
    return tuple(sorted(findings, key=lambda finding: places[finding.file]))


def _file_of(rule: Rule) -> str:
    return rule.name.split("#", maxsplit=1)[0]


def _versions(file: str, agreements: AgreementSet) -> _Said:
    """Check 1."""
    this = agreements.files[file]
    for other_file, other in agreements.files.items():
        if other.agreement_id != this.agreement_id or other.version <= this.version:
            continue
        if other.in_force_from_ns <= this.in_force_from_ns:
            yield (
                "error",
                f"never in force: version {other.version} in {other_file} begins no later, remove it",
            )
        elif this.in_force_until_ns is None or other.in_force_from_ns < this.in_force_until_ns:
            begins = format_instant(other.in_force_from_ns)
            yield "warning", f"overlaps version {other.version} in {other_file}: end this one at {begins}"


def _form(rule: Rule, _: AgreementSet) -> _Said:
    """Check 2."""
    clause = rule.clause
    unfit = [kind for kind in clause.kinds if clause.form not in KIND_FORMS[kind]]
    if len(unfit) == len(clause.kinds):
        yield "error", f"can never fire: `{_form_name(clause)}` cannot be made from {', '.join(unfit)}"
    elif unfit:
        yield "warning", f"`{_form_name(clause)}` cannot be made from {', '.join(unfit)}: give them a clause"
    duties = clause.duties
    raw = [kind for kind in clause.kinds if kind in {"report", "track"} and kind not in unfit]
    hidden = duties.sigma_class_m or duties.tear_line
    if raw and hidden and clause.form in {Form.MEASUREMENTS, Form.TRACKLETS}:
        yield "warning", f"no {' or '.join(raw)} leaves: what a sensor said has neither class nor tear-line"
    if "report" in clause.kinds and "report" not in unfit:
        if duties.round_time_s:
            yield "warning", "no report leaves: the time of an observation cannot be rounded"
        elif duties.round_position_m or duties.round_velocity_m_per_s or duties.cover_m:
            yield "warning", "no radar or direction plot leaves: its site is part of what would change"


def _form_name(clause: Clause) -> str:
    return "" if clause.form is None else clause.form.value


def _onward(rule: Rule, _: AgreementSet) -> _Said:
    """Check 3."""
    if rule.clause.via is not None and rule.onward is OnwardRule.NEVER:
        yield "error", 'can never fire: it names `via`, and the agreement says onward = "never"'


def _level(rule: Rule, _: AgreementSet) -> _Said:
    """Check 4."""
    highest: Classification | None = rule.clause.highest
    if highest is None:
        return
    levels = [level for level in SCHEMES.get(highest.scheme, ()) if level.level == highest.level]
    named = f"{highest.scheme} {highest.level}"
    if any(level.never_leaves for level in levels):
        yield "error", f"permits up to {named}, which never leaves: name a lower level"
    known = [level for level in levels if level.from_ns < rule.until_ns and rule.from_ns < level.until_ns]
    if not known:
        yield "error", f"{named} is not known at any time of the agreement: name a level that is"
    elif not any(level.from_ns <= rule.from_ns and rule.until_ns <= level.until_ns for level in known):
        yield (
            "warning",
            f"{named} is not known in the whole time of the agreement: outside, nothing classified",
        )


def _prohibited(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 5."""
    for other in agreements.rules:
        if other.clause.effect is not Effect.FORBID or not _covers(other.clause, rule.clause):
            continue
        purposes = set(rule.purposes)
        shared = purposes & set(other.purposes)
        if not shared or other.until_ns <= rule.from_ns or rule.until_ns <= other.from_ns:
            continue
        if purposes == shared and other.from_ns <= rule.from_ns and rule.until_ns <= other.until_ns:
            yield "error", f"can never fire: {other.name} forbids all of it"
        else:
            yield "warning", f"{other.name} forbids all of it for a part of its time or purposes"


def _covers(wide: Clause, narrow: Clause) -> bool:
    """Whether a prohibition speaks of every case that a permission does, whatever the label."""
    return (
        _party_covers(wide.givers, narrow.givers)
        and _party_covers(wide.receivers, narrow.receivers)
        and set(narrow.domains) <= set(wide.domains)
        and set(narrow.kinds) <= set(wide.kinds)
        and wide.via in {None, narrow.via}
        and (not wide.statuses or (bool(narrow.statuses) and set(narrow.statuses) <= set(wide.statuses)))
        and not wide.categories
        and (not wide.areas or (bool(narrow.areas) and set(narrow.areas) == set(wide.areas)))
        and not wide.situations
    )


def _party_covers(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return all(code in wide or code.split("/", maxsplit=1)[0] in wide for code in narrow)


def _approval(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 6."""
    if rule.clause.approval is Approval.NONE:
        return
    for other in agreements.rules:
        if other.clause.approval is Approval.NONE and _frees(other, rule):
            yield "warning", f"approval is never asked: {other.name} permits the same without"


def _frees(other: Rule, rule: Rule) -> bool:
    """Whether another permission makes the approval of this one moot wherever this one speaks."""
    wide, narrow = other.clause, rule.clause
    return (
        wide.effect is Effect.PERMIT
        and wide.via == narrow.via
        and set(narrow.givers) <= set(wide.givers)
        and set(narrow.receivers) <= set(wide.receivers)
        and set(narrow.domains) <= set(wide.domains)
        and set(narrow.kinds) <= set(wide.kinds)
        and set(narrow.categories) <= set(wide.categories)
        and (not wide.statuses or (bool(narrow.statuses) and set(narrow.statuses) <= set(wide.statuses)))
        and _form_place(wide) <= _form_place(narrow)
        and all(wide.form in KIND_FORMS[kind] for kind in narrow.kinds)
        and wide.highest == narrow.highest
        and not wide.areas
        and not wide.situations
        and wide.onward == narrow.onward
        and set(rule.purposes) <= set(other.purposes)
        and other.from_ns <= rule.from_ns
        and rule.until_ns <= other.until_ns
    )


def _form_place(clause: Clause) -> int:
    return len(FORM_ORDER) if clause.form is None else FORM_ORDER[clause.form]


def _duties(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 7."""
    clause = rule.clause
    duties = clause.duties
    coarse = (
        duties.round_position_m,
        duties.round_velocity_m_per_s,
        duties.round_time_s,
        duties.thin_s,
        duties.delay_s,
        duties.cover_m,
        duties.sigma_class_m,
    )
    if clause.form is Form.COARSE_TRACKS and not any(coarse):
        yield "warning", "nothing makes it coarse: add rounding, thinning or a delay"
    if duties.expire_s and duties.expire_s <= duties.delay_s:
        yield "error", f"copies end after {duties.expire_s} s and leave after {duties.delay_s} s: swap them"
    yield from _hiding(rule, agreements)


def _hiding(rule: Rule, agreements: AgreementSet) -> _Said:
    """What would make covering and tear-lines hide less than they say, or what would stop them."""
    clause, duties = rule.clause, rule.clause.duties
    if duties.cover_epoch_s and not duties.cover_m:
        yield "error", "`cover_epoch_s` without `cover_m` covers nothing: add `cover_m` or leave both out"
    for other in agreements.rules if duties.cover_m else ():
        lasts_s = other.clause.duties.cover_epoch_s
        common = set(clause.givers) & set(other.clause.givers)
        differs = other.clause.duties.cover_m and lasts_s != duties.cover_epoch_s
        if differs and common and other.name > rule.name:
            told = f"covers for {duties.cover_epoch_s} s and `{other.name}` for {lasts_s} s"
            yield "error", f"{told}: both together average out, give {min(common)} one `cover_epoch_s`"
            break
    if not duties.tear_line:
        return
    if clause.via is not None:
        yield (
            "error",
            f"a tear-line is the originator's to sign, not for {clause.via} to make: drop `tear_line`",
        )
    if clause.approval is not Approval.NONE:
        yield "error", "a consent names the subject, and a tear-line hides it: drop `tear_line` or `approval`"


def _never(rule: Rule, _: AgreementSet) -> _Said:
    """Check 8."""
    if rule.until_ns <= rule.from_ns:
        ends = format_instant(rule.until_ns)
        yield "error", f"can never fire: its time begins after it has ended, at {ends}"
    clause = rule.clause
    kinds = {kind for kind in clause.kinds if kind not in CONTROL_KINDS and clause.form in KIND_FORMS[kind]}
    if kinds and not any(kinds & (_SPOKEN | DOMAIN_KINDS[domain]) for domain in clause.domains):
        domains = ", ".join(domain.value for domain in clause.domains)
        yield "error", f"can never fire: there is no {', '.join(sorted(kinds))} in the domain {domains}"


def _onward_rule(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 9."""
    clause = rule.clause
    holder = rule.agreement if clause.onward is None else clause
    if clause.via is not None and rule.onward is OnwardRule.TO_NAMED:
        strangers = [code for code in clause.receivers if code not in holder.onward_to]
        if len(strangers) == len(clause.receivers):
            yield "error", f"can never fire: `onward_to` names none of {', '.join(strangers)}"
    for giver in clause.givers if clause.situations else ():
        for party in clause.declared_by:
            told = party == giver or any(
                agreements.direction(party, giver, domain, "declaration").permits for domain in clause.domains
            )
            if not told:
                yield "warning", f"no clause gives {giver} the declaration of {party} that it waits for"


def _intermediary(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 10."""
    clause = rule.clause
    if clause.via is None:
        return
    drills_only = bool(clause.statuses) and Status.REAL not in clause.statuses
    for giver in clause.givers:
        kinds = [
            kind for kind in clause.kinds if not drills_only and not _has_leg(rule, giver, kind, agreements)
        ]
        if kinds:
            yield "warning", f"no clause gives {', '.join(kinds)} from {giver} to {clause.via} directly"
        if clause.approval is not Approval.NONE and not _has_leg(rule, giver, "consent", agreements):
            yield "warning", f"no clause gives the consent that {clause.via} needs from {giver}"


def _has_leg(rule: Rule, giver: str, kind: str, agreements: AgreementSet) -> bool:
    via = rule.clause.via
    return via is not None and any(
        leg.clause.via is None
        and leg.from_ns < rule.until_ns
        and rule.from_ns < leg.until_ns
        and bool(set(leg.purposes) & set(rule.purposes))
        for domain in rule.clause.domains
        for leg in agreements.direction(giver, via, domain, kind).permits
    )


def _owed(rule: Rule, agreements: AgreementSet) -> _Said:
    """Check 11."""
    clause = rule.clause
    if not clause.duties.return_or_destroy:
        return
    for giver in clause.givers:
        # Who passes on calls back what it passed on.
        asker = clause.via or giver
        for receiver in clause.receivers:
            if receiver in {giver, asker}:
                continue
            ways = ((asker, receiver, "recall"), (receiver, asker, "answer"))
            for sender, recipient, kind in ways:
                found = (agreements.direction(sender, recipient, domain, kind) for domain in clause.domains)
                if not any(direction.permits for direction in found):
                    lacks = f"no clause lets {kind}s about it go from {sender} to {recipient}"
                    yield "warning", f"is to be returned or destroyed, and {lacks}"


def check_copies(ours: AgreementSet, theirs: AgreementSet) -> tuple[Finding, ...]:
    """Where two parties' copies of one version of an agreement do not say the same, by file of `ours`; and
    versions that the other party has and we have not.
    """
    known = {(one.agreement_id, one.version): (file, one) for file, one in theirs.files.items()}
    findings = []
    for file, agreement in ours.files.items():
        copy = known.pop((agreement.agreement_id, agreement.version), None)
        if copy is not None:
            findings += [
                Finding(file=file, clause=None, severity="error", text=f"the copy {copy[0]} differs: {line}")
                for line in differences(agreement, copy[1])
            ]
    for file, agreement in known.values():
        text = f"the other party holds version {agreement.version} of `{agreement.agreement_id}`, we do not"
        findings.append(Finding(file=file, clause=None, severity="warning", text=text))
    return tuple(findings)


_CHECKS: Final[tuple[Callable[[Rule, AgreementSet], _Said], ...]] = (
    _form,
    _onward,
    _level,
    _prohibited,
    _approval,
    _duties,
    _never,
    _onward_rule,
    _intermediary,
    _owed,
)
