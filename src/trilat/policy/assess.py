"""`assess`: the rules of `decide`, for many label classes at once.

A *case* is a label class whose label holds or does not hold at the instant, at places and of an age that no
clause tells apart. All cases of a question have the same sender, recipient, path, purpose and instant, so
that whether a clause speaks, for how high a level, by which path, and what parties have declared about it, is
one answer for all; what is left differs by status, level, categories, shape, place and age, each asked once
and looked up. Numbers of rules are those of `trilat.policy.decide`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from trilat.model import (
    Approval,
    Consent,
    Declaration,
    Form,
    Level,
    OnwardRule,
    Rank,
    Reason,
    Status,
    find_level,
)
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.cases import (
    BIT,
    NONE,
    PERMITTED,
    REFERRED,
    SILENT,
    SPEAKS,
    WITHHELD,
    Asked,
    Bits,
    Cases,
    Flags,
    Leave,
    Part,
    Verdicts,
    blank,
    joined,
    where,
)
from trilat.policy.classes import Indices, LabelClasses
from trilat.policy.conditions import declared_failures, outlived_ns, received_to_stay
from trilat.policy.decide import SHOWN_ORDER, strictest, why_none
from trilat.policy.declared import DeclaredNow, declared_now
from trilat.policy.forms import FORM_ORDER, makeable
from trilat.policy.instants import (
    boundaries_ns,
    declarations_about,
    outliving,
    place_questions,
    rules_about,
)
from trilat.policy.labelled import covers
from trilat.policy.places import PlaceClasses
from trilat.policy.request import ReleaseRequest


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
        declarations: Sequence[Declaration] = (),
    ) -> None:
        """Nothing is asked yet; what is asked is as things stand at an instant that `move` gives."""
        self._classes = classes
        self._columns = classes.columns
        self._request = request
        self._agreements = agreements
        self._consented = {(one.clause, one.recipient, one.via, one.label.originator) for one in consents}
        self._by_categories: dict[tuple[str, ...], Bits] = {}
        self._by_form: dict[tuple[object, ...], Bits] = {}
        self._asked: dict[tuple[object, ...], Asked] = {}
        self._named: dict[str, Flags] = {}
        self._touched: dict[tuple[str, ...], Flags] = {}
        rules = rules_about(agreements, request)
        self._declarations = declarations_about(agreements, rules, declarations)
        self._outliving = outliving(rules)
        self.boundaries_ns = boundaries_ns(agreements, request, rules, self._declarations)
        """Instants at which answers may change, in order; between them all stands as it is."""

        self.questions = place_questions(rules)
        """What clauses ask about the place of an item."""

        self._covers = np.zeros((len(self.questions), 0), bool)
        self._question_of = {
            rule.name: self.questions.index((rule.regions, rule.clause.effect))
            for rule in rules
            if rule.clause.areas
        }

    def locate(self, classes: PlaceClasses) -> None:
        """Take note of which classes of place the clauses cover, by `questions`."""
        self._covers = classes.covers

    def move(self, at_ns: int) -> None:
        """Let things stand as they do at an instant."""
        self._at_ns = at_ns
        levels = [find_level(one, at_ns) for one in self._classes.classifications]
        # A level that nobody knows is compared as the highest.
        self._ranks = np.array([Rank.TOP_SECRET if one is None else one.rank for one in levels], np.int8)
        self._level_reasons = np.array([_level_reason(level) for level in levels], np.uint32)
        self._declared: list[DeclaredNow] = []
        self._declared_of = np.zeros(len(Status), np.intp)
        for place, status in enumerate(Status):
            declared = declared_now(self._declarations, status, at_ns)
            if declared not in self._declared:
                self._declared.append(declared)
            self._declared_of[place] = self._declared.index(declared)
        ended = {
            outlived_ns(rule, self._request.purpose, declared)
            for rule in self._outliving
            for declared in self._declared
        }
        self.ended_ns = np.array(sorted(end for end in ended if end is not None), np.int64)
        """When agreements ended of which prohibitions are left, in order."""

    def assess(self, cases: Cases) -> Verdicts:
        """The answers for cases at the instant moved to."""
        if not len(cases):
            return blank(0, np.zeros(0, np.uint32))
        declared = self._declared_of[self._columns.status[cases.number]]
        groups = self._columns.group[cases.number] * len(self._declared) + declared
        order = np.argsort(groups, kind="stable")
        cases, columns = cases.taken(order), self._columns.taken(cases.number[order])
        ends = np.flatnonzero(np.diff(groups[order])) + 1
        answers = []
        for begin, end in pairwise((0, *ends.tolist(), len(cases))):
            part = slice(begin, end)
            group = self._classes.groups[columns.group[begin]]
            now = self._declared[declared[order[begin]]]
            answers.append(self._answered(Part(group, columns.taken(part), cases.taken(part), now)))
        verdicts = joined(answers, order)
        verdicts.is_open[order[columns.is_particular]] = True
        return verdicts

    def _answered(self, part: Part) -> Verdicts:
        request = self._request
        if request.recipient.startswith(f"{request.sender}/"):
            return self._shown(part)
        return self._assessed(part, request.recipient, request.via)

    def _shown(self, part: Part) -> Verdicts:
        """What a party shows its own staff (rule 10)."""
        sender, recipient = self._request.sender, self._request.recipient
        originator = part.group.originator
        reasons = self._label_reasons(part, (recipient, sender))
        if recipient == originator:
            return blank(len(part), reasons | np.uint32(BIT[Reason.RECIPIENT_IS_ORIGINATOR]))
        if self._request.via is not None:
            reasons |= BIT[Reason.PATH_NOT_ALLOWED]
        leave = self._leave(part, sender, recipient, None, SHOWN_ORDER)
        reasons |= leave.reasons
        is_open = np.zeros(len(part), bool)
        for code in dict.fromkeys((originator, *part.group.others)):
            if code not in {sender, recipient}:
                forbidding, is_unknown = self._forbidding(part, code, recipient, sender)
                reasons |= forbidding
                is_open |= is_unknown
        answer = self._answer(part, reasons, [leave])
        return replace(answer, is_open=answer.is_open | is_open)

    def _assessed(self, part: Part, recipient: str, via: str | None) -> Verdicts:
        sender, originator = self._request.sender, part.group.originator
        reasons = self._label_reasons(part, (recipient,))  # rule 3
        if recipient == originator:
            return blank(len(part), reasons | np.uint32(BIT[Reason.RECIPIENT_IS_ORIGINATOR]))
        own = sender == originator
        if not own and via is not None:  # rule 4
            reasons |= BIT[Reason.PATH_NOT_ALLOWED]
        leaves = [self._leave(part, originator, recipient, via if own else sender)]
        reasons |= leaves[0].reasons
        if not own:  # rule 4
            reasons |= where(leaves[0].chosen == NONE, Reason.THIRD_PARTY_RULE)
        for other in part.group.others:  # rule 6
            if other != recipient:
                leave = self._leave(part, other, recipient, None if other == sender else sender)
                leaves.append(leave)
                reasons |= leave.reasons & BIT[Reason.CLAUSE_FORBIDS]
                reasons |= where(leave.chosen == NONE, Reason.THIRD_PARTY_RULE)
        is_open = np.zeros(len(part), bool)
        if own and via is not None:  # rule 5
            leg = self._assessed(part, via, None)
            reasons |= where(leg.outcome == WITHHELD, Reason.LEG_WITHHELD)
            is_open = leg.is_open
        answer = self._answer(part, reasons, leaves)
        return replace(answer, is_open=answer.is_open | is_open)

    def _label_reasons(self, part: Part, readers: tuple[str, ...]) -> Bits:
        """What the label itself says against it (rule 3)."""
        sender, originator = self._request.sender, part.group.originator
        reasons = self._level_reasons[part.columns.classification]
        reasons = reasons | where(~part.cases.is_timely, Reason.LABEL_EXPIRED)
        if sender != originator:
            reasons |= where(~self._names(sender)[part.columns.releasable_to], Reason.SENDER_NOT_HOLDER)
        if originator not in readers:
            named = np.logical_or.reduce([self._names(code)[part.columns.releasable_to] for code in readers])
            reasons |= where(~named, Reason.NOT_RELEASABLE_TO)
        return reasons

    def _names(self, code: str) -> Flags:
        """Whether each list of parties names a party."""
        if code not in self._named:
            self._named[code] = np.array([code in codes for codes in self._classes.releasable_to], bool)
        return self._named[code]

    def _leave(
        self,
        part: Part,
        giver: str,
        recipient: str,
        via: str | None,
        form_order: Mapping[Form, int] = FORM_ORDER,
    ) -> Leave:
        """What the clauses from `giver` to the recipient say, by the path `via` (rules 1, 7, 8, 9)."""
        group = part.group
        direction = self._agreements.direction(giver, recipient, group.domain, group.kind)
        speaking = tuple(rule for rule in direction.permits if self._speaks(rule, part.declared))
        forbidding, is_open = self._forbidding(part, giver, recipient, via)
        if not speaking:
            at_ns, purpose = self._at_ns, self._request.purpose
            missing = why_none(self._agreements, giver, recipient, at_ns, purpose, part.declared)
            none = np.full(len(part), NONE, np.intp)
            free = np.zeros(len(part), bool)
            return Leave((), none, free, forbidding | np.uint32(BIT[missing]), is_open)
        asked = self._ask(speaking, giver, recipient, via, form_order)
        failures = self._failures(part, asked)
        if asked.is_conditional or via is not None or part.declared.suspensions:
            way = (giver, recipient, via)
            failures |= np.stack([self._conditions(part, rule, *way) for rule in asked.ordered])
            is_open |= part.cases.place is None and any(rule.clause.areas for rule in asked.ordered)
        passing = failures == 0
        controlled = part.columns.is_controlled & (via is not None and giver == group.originator)
        free = passing & ~(asked.is_approved | controlled)
        is_free, is_passing = free.any(axis=0), passing.any(axis=0)
        chosen = np.where(is_free, free.argmax(axis=0), np.where(is_passing, passing.argmax(axis=0), NONE))
        counts = np.bitwise_count(failures)
        nearest = np.where(counts == counts.min(axis=0), failures, np.uint32(0))
        reasons = np.where(is_passing, np.uint32(0), np.bitwise_or.reduce(nearest, axis=0)) | forbidding
        is_open |= ~is_free & (passing & asked.is_heard).any(axis=0)
        return Leave(asked.ordered, chosen, is_free, reasons, is_open)

    def _speaks(self, rule: Rule, declared: DeclaredNow) -> bool:
        return rule.speaks(self._at_ns, self._request.purpose) and not declared.ended(rule.agreement)

    def _conditions(self, part: Part, rule: Rule, giver: str, recipient: str, via: str | None) -> Bits:
        """What keeps a permission from each case, of areas and of what is declared (see `conditions`)."""
        group, declared = part.group, part.declared
        reasons = declared_failures(rule, group.kind, giver, recipient, via, declared)
        if via is not None and rule.clause.via == via and rule.onward is not OnwardRule.NEVER:
            received = self._agreements.direction(giver, via, group.domain, group.kind).permits
            if any(
                received_to_stay(leg, giver, recipient, declared) and self._speaks(leg, declared)
                for leg in received
            ):
                reasons.add(Reason.ONWARD_NOT_ALLOWED)
        failures = np.full(len(part), sum(BIT[reason] for reason in reasons), np.uint32)
        place = part.cases.place
        if rule.clause.areas and place is not None:
            failures |= where(~self._covers[self._question_of[rule.name], place], Reason.OUTSIDE_AREA)
        return failures

    def _failures(self, part: Part, asked: Asked) -> Bits:
        """What keeps each permission from covering each case (rule 7), shape (clauses, cases)."""
        columns = part.columns
        highest = np.array([rule.rank_max(self._at_ns) for rule in asked.ordered], np.int8)
        too_high = self._ranks[columns.classification] > highest[:, None]
        failures = asked.by_status[:, columns.status] | asked.by_categories[:, columns.categories]
        failures |= asked.by_shape[:, columns.shape]
        failures |= where(too_high, Reason.CLASSIFICATION_TOO_HIGH)
        return failures

    def _ask(
        self,
        speaking: tuple[Rule, ...],
        giver: str,
        recipient: str,
        via: str | None,
        form_order: Mapping[Form, int],
    ) -> Asked:
        """What clauses say of everything they read but level and instant."""
        key = (tuple(rule.name for rule in speaking), giver, recipient, via)
        found = self._asked.get(key)
        if found is None:
            ordered = tuple(sorted(speaking, key=lambda rule: _preference(rule, form_order)))
            heard = [(rule.consent_name, recipient, via, giver) in self._consented for rule in ordered]
            approved = [rule.clause.approval is not Approval.NONE for rule in ordered]
            found = self._asked[key] = Asked(
                ordered=ordered,
                by_status=np.stack([_by_status(rule, via) for rule in ordered]),
                by_categories=np.stack([self._categories(rule) for rule in ordered]),
                by_shape=np.stack([self._shapes(rule) for rule in ordered]),
                is_approved=np.array(approved, bool)[:, None],
                is_heard=np.array(heard, bool)[:, None],
                is_conditional=any(rule.is_conditional for rule in ordered),
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

    def _forbidding(self, part: Part, giver: str, recipient: str, via: str | None) -> tuple[Bits, Flags]:
        """The bit of a prohibition of `giver` on each case that one covers (rule 7), and whether that hangs
        on a place or an age that is not known.
        """
        group, columns = part.group, part.columns
        covered, is_open = np.zeros(len(part), bool), np.zeros(len(part), bool)
        for rule in self._agreements.direction(giver, recipient, group.domain, group.kind).forbids:
            clause = rule.clause
            ended_ns = self._outlived_ns(rule, part.declared, via)
            if clause.via not in {None, via} or ended_ns == SILENT:
                continue
            if clause.situations and not part.declared.holds(rule, clause.situations, giver):
                continue
            spoken = np.array([not clause.statuses or one in clause.statuses for one in Status])
            touched = spoken[columns.status] & self._touches(clause.categories)[columns.categories]
            met = self._met(part, rule, ended_ns)
            if met is None:
                is_open |= touched
            else:
                covered |= touched & met
        return where(covered, Reason.CLAUSE_FORBIDS), is_open

    def _met(self, part: Part, rule: Rule, ended_ns: int) -> Flags | None:
        """Whether each case is where a prohibition asks for, and old enough; None where that is not known."""
        place, age = part.cases.place, part.cases.age
        met = np.ones(len(part), bool)
        if rule.clause.areas:
            if place is None:
                return None
            met &= self._covers[self._question_of[rule.name], place]
        if ended_ns != SPEAKS:
            if age is None:
                return None
            met &= age <= np.searchsorted(self.ended_ns, ended_ns)
        return met

    def _outlived_ns(self, rule: Rule, declared: DeclaredNow, via: str | None) -> int:
        """Before which instant an item must have been for a prohibition to cover it: `SPEAKS` for no such
        instant, `SILENT` where it covers nothing.
        """
        if self._speaks(rule, declared):
            return SPEAKS
        ended_ns = None if via is None else outlived_ns(rule, self._request.purpose, declared)
        return SILENT if ended_ns is None else ended_ns

    def _touches(self, categories: tuple[str, ...]) -> Flags:
        """For each number of categories, whether a prohibition of some speaks of them."""
        found = self._touched.get(categories)
        if found is None:
            found = self._touched[categories] = np.array(
                [
                    not categories
                    or any(one in categories for one in (*label.restrictive, *label.permissive))
                    for label in self._classes.labels
                ],
                bool,
            )
        return found

    def _answer(self, part: Part, reasons: Bits, leaves: list[Leave]) -> Verdicts:
        """A permit, or a referral, where nothing speaks against it and every originator allows it."""
        answer = blank(len(part), reasons)
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

    def _permit(self, part: Part, answer: Verdicts, leaves: list[Leave], permitted: Indices) -> None:
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


def _preference(rule: Rule, form_order: Mapping[Form, int]) -> tuple[int, int, str]:
    """Rule 9 without consent: the richest form, then the least delay, then the name."""
    form = 0 if rule.clause.form is None else form_order[rule.clause.form]
    return form, rule.clause.duties.delay_s, rule.name
