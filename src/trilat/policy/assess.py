"""`assess`: the rules of `decide`, for many label classes at once.

A *case* is a label class whose label holds or does not hold at the instant. All cases of a question have the
same sender, recipient, path, purpose and instant, so that whether a clause speaks, for how high a level, and
by which path, is one answer for all; what is left differs by status, level, categories and shape, each asked
once and looked up. Numbers of rules are those of `trilat.policy.decide`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from trilat.model import (
    PRECEDENCE,
    Approval,
    Consent,
    Form,
    Level,
    OnwardRule,
    Outcome,
    Rank,
    Reason,
    Status,
    find_level,
)
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.classes import Columns, Group, Indices, LabelClasses
from trilat.policy.decide import SHOWN_ORDER, strictest, why_none
from trilat.policy.forms import FORM_ORDER, makeable
from trilat.policy.labelled import covers
from trilat.policy.request import ReleaseRequest

Bits = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

BIT: Final = {reason: 1 << place for reason, place in PRECEDENCE.items()}
WITHHELD: Final = tuple(Outcome).index(Outcome.WITHHOLD)
REFERRED: Final = tuple(Outcome).index(Outcome.REFER)
PERMITTED: Final = tuple(Outcome).index(Outcome.PERMIT)
_NONE: Final = -1


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Answers for cases, shapes (cases,). `is_open` marks those that a consent could change, or that portions
    or a downgrade of the label do: `decide` has their answers.
    """

    outcome: npt.NDArray[np.uint8]
    form: npt.NDArray[np.uint8]
    reasons: Bits
    rule: Indices
    """The place in `AgreementSet.rules` of the originator's clause that was chosen; -1 for none."""

    is_open: Flags


@dataclass(frozen=True, slots=True)
class _Part:
    """The cases of one group: their places in the question, and columns for them alone."""

    group: Group
    places: Indices
    columns: Columns
    is_timely: Flags

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class _Leave:
    """What one originator's clauses say of each case of a part, shapes (cases,)."""

    ordered: tuple[Rule, ...]
    """Clauses that speak, best first by form, delay and name (rule 9)."""

    chosen: Indices
    """The place in `ordered`, or -1."""

    is_free: Flags
    """Whether the clause chosen asks for no consent."""

    reasons: Bits
    is_open: Flags


@dataclass(frozen=True, slots=True)
class _Asked:
    """Clauses that speak together, best first by form, delay and name (rule 9), and what each says of every
    value that it reads: failures by status, by categories and by shape (clauses, values).
    """

    ordered: tuple[Rule, ...]
    by_status: Bits
    by_categories: Bits
    by_shape: Bits
    is_approved: Flags
    """Whether each asks for approval, shape (clauses, 1)."""

    is_heard: Flags
    """Whether some consent speaks of each, shape (clauses, 1)."""


class Assessor:
    """Answers one request about classes, at one instant after another; what it has asked of clauses it
    remembers, because clauses that speak at one instant mostly speak at the next.
    """

    def __init__(
        self,
        classes: LabelClasses,
        request: ReleaseRequest,
        agreements: AgreementSet,
        consents: Sequence[Consent],
        *,
        is_declared: bool = False,
    ) -> None:
        """Nothing is asked yet; the request's instant stands until `assess` is given another."""
        self._classes = classes
        self._columns = classes.columns
        self._request = request
        self._agreements = agreements
        self._consented = {(one.clause, one.recipient, one.via, one.label.originator) for one in consents}
        self._by_categories: dict[tuple[str, ...], Bits] = {}
        self._by_form: dict[tuple[object, ...], Bits] = {}
        self._asked: dict[tuple[object, ...], _Asked] = {}
        self._named: dict[str, Flags] = {}
        self._at_ns = -1
        self._is_declared = is_declared
        """Whether parties have declared something: `decide` knows what that changes."""

    def _move(self, at_ns: int) -> None:
        """Read levels as they are at an instant."""
        if at_ns == self._at_ns:
            return
        self._at_ns = at_ns
        levels = [find_level(one, at_ns) for one in self._classes.classifications]
        # A level that nobody knows is compared as the highest.
        self._ranks = np.array([Rank.TOP_SECRET if one is None else one.rank for one in levels], np.int8)
        self._level_reasons = np.array([_level_reason(level) for level in levels], np.uint32)

    def assess(self, numbers: Indices, is_timely: Flags, at_ns: int) -> Verdicts:
        """The answers for cases at an instant: label classes by number, and whether each label holds then."""
        self._move(at_ns)
        verdicts = _blank(len(numbers), np.zeros(len(numbers), np.uint32))
        groups = self._columns.group[numbers]
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        for places in np.split(order, starts[1:]):
            if len(places):
                self._fill(verdicts, self._part(numbers, is_timely, places))
        verdicts.is_open[self._columns.is_particular[numbers]] = True
        return verdicts

    def _part(self, numbers: Indices, is_timely: Flags, places: Indices) -> _Part:
        taken = numbers[places]
        columns = Columns(*(getattr(self._columns, one.name)[taken] for one in fields(Columns)))
        return _Part(self._classes.groups[columns.group[0]], places, columns, is_timely[places])

    def _fill(self, verdicts: Verdicts, part: _Part) -> None:
        request = self._request
        if request.recipient.startswith(f"{request.sender}/"):
            answer = self._shown(part)
        else:
            answer = self._assessed(part, request.recipient, request.via)
        for one in fields(Verdicts):
            getattr(verdicts, one.name)[part.places] = getattr(answer, one.name)

    def _shown(self, part: _Part) -> Verdicts:
        """What a party shows its own staff (rule 10)."""
        sender, recipient = self._request.sender, self._request.recipient
        originator = part.group.originator
        reasons = self._label_reasons(part, (recipient, sender))
        if recipient == originator:
            return _blank(len(part), reasons | np.uint32(BIT[Reason.RECIPIENT_IS_ORIGINATOR]))
        if self._request.via is not None:
            reasons |= BIT[Reason.PATH_NOT_ALLOWED]
        leave = self._leave(part, sender, recipient, None, SHOWN_ORDER)
        reasons |= leave.reasons
        is_conditional = False
        for code in dict.fromkeys((originator, *part.group.others)):
            if code not in {sender, recipient}:
                reasons |= self._forbidding(part, code, recipient, sender)
                is_conditional |= self._is_conditional(part, code, recipient, sender)
        answer = self._answer(part, reasons, [leave])
        return replace(answer, is_open=answer.is_open | is_conditional)

    def _assessed(self, part: _Part, recipient: str, via: str | None) -> Verdicts:
        sender, originator = self._request.sender, part.group.originator
        reasons = self._label_reasons(part, (recipient,))  # rule 3
        if recipient == originator:
            return _blank(len(part), reasons | np.uint32(BIT[Reason.RECIPIENT_IS_ORIGINATOR]))
        own = sender == originator
        if not own and via is not None:  # rule 4
            reasons |= BIT[Reason.PATH_NOT_ALLOWED]
        leaves = [self._leave(part, originator, recipient, via if own else sender)]
        reasons |= leaves[0].reasons
        if not own:  # rule 4
            reasons |= _where(leaves[0].chosen == _NONE, Reason.THIRD_PARTY_RULE)
        for other in part.group.others:  # rule 6
            if other != recipient:
                leave = self._leave(part, other, recipient, None if other == sender else sender)
                leaves.append(leave)
                reasons |= leave.reasons & BIT[Reason.CLAUSE_FORBIDS]
                reasons |= _where(leave.chosen == _NONE, Reason.THIRD_PARTY_RULE)
        is_open = np.zeros(len(part), bool)
        if own and via is not None:  # rule 5
            leg = self._assessed(part, via, None)
            reasons |= _where(leg.outcome == WITHHELD, Reason.LEG_WITHHELD)
            is_open = leg.is_open
        answer = self._answer(part, reasons, leaves)
        return replace(answer, is_open=answer.is_open | is_open)

    def _label_reasons(self, part: _Part, readers: tuple[str, ...]) -> Bits:
        """What the label itself says against it (rule 3)."""
        sender, originator = self._request.sender, part.group.originator
        reasons = self._level_reasons[part.columns.classification]
        reasons = reasons | _where(~part.is_timely, Reason.LABEL_EXPIRED)
        if sender != originator:
            reasons |= _where(~self._names(sender)[part.columns.releasable_to], Reason.SENDER_NOT_HOLDER)
        if originator not in readers:
            named = np.logical_or.reduce([self._names(code)[part.columns.releasable_to] for code in readers])
            reasons |= _where(~named, Reason.NOT_RELEASABLE_TO)
        return reasons

    def _names(self, code: str) -> Flags:
        """Whether each list of parties names a party."""
        if code not in self._named:
            self._named[code] = np.array([code in codes for codes in self._classes.releasable_to], bool)
        return self._named[code]

    def _leave(
        self,
        part: _Part,
        giver: str,
        recipient: str,
        via: str | None,
        form_order: Mapping[Form, int] = FORM_ORDER,
    ) -> _Leave:
        """What the clauses from `giver` to the recipient say, by the path `via` (rules 1, 7, 8, 9)."""
        at_ns, purpose = self._at_ns, self._request.purpose
        group = part.group
        direction = self._agreements.direction(giver, recipient, group.domain, group.kind)
        speaking = tuple(rule for rule in direction.permits if rule.speaks(at_ns, purpose))
        forbidding = self._forbidding(part, giver, recipient, via)
        if not speaking:
            missing = why_none(self._agreements, giver, recipient, at_ns, purpose)
            none = np.full(len(part), _NONE, np.intp)
            free = np.zeros(len(part), bool)
            is_open = free | self._is_conditional(part, giver, recipient, via)
            return _Leave((), none, free, forbidding | np.uint32(BIT[missing]), is_open)
        asked = self._ask(speaking, giver, recipient, via, form_order)
        failures = self._failures(part, asked)
        passing = failures == 0
        controlled = part.columns.is_controlled & (via is not None and giver == group.originator)
        free = passing & ~(asked.is_approved | controlled)
        is_free, is_passing = free.any(axis=0), passing.any(axis=0)
        chosen = np.where(is_free, free.argmax(axis=0), np.where(is_passing, passing.argmax(axis=0), _NONE))
        counts = np.bitwise_count(failures)
        nearest = np.where(counts == counts.min(axis=0), failures, np.uint32(0))
        reasons = np.where(is_passing, np.uint32(0), np.bitwise_or.reduce(nearest, axis=0)) | forbidding
        is_open = ~is_free & (passing & asked.is_heard).any(axis=0)
        is_open |= self._is_conditional(part, giver, recipient, via)
        return _Leave(asked.ordered, chosen, is_free, reasons, is_open)

    def _is_conditional(self, part: _Part, giver: str, recipient: str, via: str | None) -> bool:
        """Whether clauses on a way read more than a label class, so that `decide` must be asked."""
        domain, kind = part.group.domain, part.group.kind
        legs = () if via is None else self._agreements.direction(giver, via, domain, kind).permits
        return (
            self._is_declared
            or self._agreements.direction(giver, recipient, domain, kind).is_conditional
            or any(leg.clause.onward is not None for leg in legs)
        )

    def _failures(self, part: _Part, asked: _Asked) -> Bits:
        """What keeps each permission from covering each case (rule 7), shape (clauses, cases)."""
        columns = part.columns
        highest = np.array([rule.rank_max(self._at_ns) for rule in asked.ordered], np.int8)
        too_high = self._ranks[columns.classification] > highest[:, None]
        failures = asked.by_status[:, columns.status] | asked.by_categories[:, columns.categories]
        failures |= asked.by_shape[:, columns.shape]
        failures |= _where(too_high, Reason.CLASSIFICATION_TOO_HIGH)
        return failures

    def _ask(
        self,
        speaking: tuple[Rule, ...],
        giver: str,
        recipient: str,
        via: str | None,
        form_order: Mapping[Form, int],
    ) -> _Asked:
        """What clauses say of everything they read but level and instant."""
        key = (tuple(rule.name for rule in speaking), giver, recipient, via)
        found = self._asked.get(key)
        if found is None:
            ordered = tuple(sorted(speaking, key=lambda rule: _preference(rule, form_order)))
            heard = [(rule.consent_name, recipient, via, giver) in self._consented for rule in ordered]
            approved = [rule.clause.approval is not Approval.NONE for rule in ordered]
            found = self._asked[key] = _Asked(
                ordered=ordered,
                by_status=np.stack([_by_status(rule, via) for rule in ordered]),
                by_categories=np.stack([self._categories(rule) for rule in ordered]),
                by_shape=np.stack([self._shapes(rule) for rule in ordered]),
                is_approved=np.array(approved, bool)[:, None],
                is_heard=np.array(heard, bool)[:, None],
            )
        return found

    def _categories(self, rule: Rule) -> Bits:
        """For each number of categories, the failure of a clause that does not hold them."""
        held = rule.clause.categories
        if held not in self._by_categories:
            self._by_categories[held] = np.array(
                [
                    BIT[Reason.CATEGORY_NOT_HELD]
                    * (not covers(rule.clause, label.restrictive, label.permissive))
                    for label in self._classes.labels
                ],
                np.uint32,
            )
        return self._by_categories[held]

    def _shapes(self, rule: Rule) -> Bits:
        """For each number of a shape, the failure of a clause whose form cannot be made of it."""
        form, duties = rule.clause.form, rule.clause.duties
        if (form, duties) not in self._by_form:
            self._by_form[form, duties] = np.array(
                [
                    BIT[Reason.FORM_NOT_AVAILABLE] * (form is None or not makeable(item, form, duties))
                    for item in self._classes.shaped
                ],
                np.uint32,
            )
        return self._by_form[form, duties]

    def _forbidding(self, part: _Part, giver: str, recipient: str, via: str | None) -> Bits:
        """The bit of a prohibition of `giver` on each case that one covers (rule 7)."""
        group, columns = part.group, part.columns
        covered = np.zeros(len(part), bool)
        for rule in self._agreements.direction(giver, recipient, group.domain, group.kind).forbids:
            clause = rule.clause
            if not rule.speaks(self._at_ns, self._request.purpose) or clause.via not in {None, via}:
                continue
            spoken = np.array([not clause.statuses or one in clause.statuses for one in Status])
            touched = np.array(
                [
                    not clause.categories
                    or any(one in clause.categories for one in (*label.restrictive, *label.permissive))
                    for label in self._classes.labels
                ],
                bool,
            )
            covered |= spoken[columns.status] & touched[columns.categories]
        return _where(covered, Reason.CLAUSE_FORBIDS)

    def _answer(self, part: _Part, reasons: Bits, leaves: list[_Leave]) -> Verdicts:
        """A permit, or a referral, where nothing speaks against it and every originator allows it."""
        answer = _blank(len(part), reasons)
        allowed = reasons == 0
        needed = np.logical_or.reduce([~leave.is_free for leave in leaves])
        answer.is_open[:] = np.logical_or.reduce([leave.is_open for leave in leaves])
        referred = allowed & needed
        answer.outcome[referred] = REFERRED
        answer.reasons[referred] = BIT[Reason.CONSENT_NEEDED]
        permitted = np.flatnonzero(allowed & ~needed)
        if len(permitted):
            self._permit(part, answer, leaves, permitted)
        return answer

    def _permit(self, part: _Part, answer: Verdicts, leaves: list[_Leave], permitted: Indices) -> None:
        """Fill in form and clause, for each combination of clauses that were chosen together."""
        chosen = np.stack([leave.chosen[permitted] for leave in leaves])
        together, which = np.unique(chosen, axis=1, return_inverse=True)
        for number, combination in enumerate(together.T):
            rules = [leave.ordered[place] for leave, place in zip(leaves, combination, strict=True)]
            forms = [rule.clause.form for rule in rules if rule.clause.form is not None]
            form = max(forms, key=FORM_ORDER.__getitem__)
            places = permitted[which == number]
            if len(rules) > 1:
                duties = strictest([rule.clause.duties for rule in rules])
                can = np.array([makeable(item, form, duties) for item in self._classes.shaped], bool)
                made = can[part.columns.shape[places]]
                answer.reasons[places[~made]] = BIT[Reason.FORM_NOT_AVAILABLE]
                places = places[made]
            answer.outcome[places] = PERMITTED
            answer.form[places] = FORM_ORDER[form]
            answer.reasons[places] = BIT[Reason.PERMITTED]
            answer.rule[places] = self._agreements.place(rules[0])


def _blank(count: int, reasons: Bits) -> Verdicts:
    """Withheld, for the reasons given."""
    return Verdicts(
        np.full(count, WITHHELD, np.uint8),
        np.full(count, len(FORM_ORDER), np.uint8),
        reasons,
        np.full(count, _NONE, np.intp),
        np.zeros(count, bool),
    )


def _level_reason(level: Level | None) -> int:
    """The bit of what a level says against leaving; 0 for nothing."""
    if level is None:
        return BIT[Reason.LABEL_UNKNOWN]
    return BIT[Reason.LEVEL_NEVER_LEAVES] if level.never_leaves else 0


def _by_status(rule: Rule, via: str | None) -> Bits:
    """For each status, the failures of a clause by status and path, shape (statuses,)."""
    clause = rule.clause
    is_other_path = clause.via != via or (via is not None and rule.onward is OnwardRule.NEVER)
    path = BIT[Reason.PATH_NOT_ALLOWED] * is_other_path
    return np.array(
        [
            path | BIT[Reason.STATUS_NOT_ALLOWED] * bool(clause.statuses and one not in clause.statuses)
            for one in Status
        ],
        np.uint32,
    )


def _where(flags: Flags, reason: Reason) -> Bits:
    """The bit of a reason wherever it holds."""
    return np.where(flags, np.uint32(BIT[reason]), np.uint32(0))


def _preference(rule: Rule, form_order: Mapping[Form, int]) -> tuple[int, int, str]:
    """Rule 9 without consent: the richest form, then the least delay, then the name."""
    form = 0 if rule.clause.form is None else form_order[rule.clause.form]
    return form, rule.clause.duties.delay_s, rule.name
