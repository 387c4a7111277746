"""`offers`: who gives whom what at an instant, as a person asks it: the best way for each kind of item.

Rules
1. What counts is in force at the instant, for the purpose, and not ended by notice.
2. Of several clauses for one kind: one that speaks without a situation before one that waits for it, without
   consent before with, then the richest form, the least delay, the name: the order in which `decide` chooses.
3. Through an intermediary counts only where the first leg may be gone too, and the onward rule lets it go on.
   Who is at neither end of the first leg does not know its agreement, and takes it that it lets items pass.
4. A prohibition without further conditions takes a kind away on its path. One with conditions takes nothing
   away here: it depends on the item.
5. A suspended clause offers nothing.
6. Where nothing is left, one reason says why, the one that comes nearest.

It asks about kinds, not about items: a label that names nobody, a level or a place can still keep an item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trilat.model import Approval, Domain, Effect, Form, OnwardRule, Reason
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.decide import why_none
from trilat.policy.declared import DeclaredNow
from trilat.policy.forms import CONTROL_KINDS, FORM_ORDER


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """How one kind of item goes at best, under which clause."""

    kind: str
    domain: Domain
    form: Form
    rule: Rule

    @property
    def is_control(self) -> bool:
        """Whether it is about items (a consent, a recall), not about what happens."""
        return self.kind in CONTROL_KINDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What one party gives another. `reason` is None where anything goes but what is about items."""

    giver: str
    receiver: str
    offers: tuple[Offer, ...]
    rules: tuple[Rule, ...]
    """Every clause in force that speaks of it, permissions first."""

    reason: Reason | None


def offers(
    agreements: AgreementSet,
    giver: str,
    receiver: str,
    purpose: str,
    declared: DeclaredNow,
    seen_by: str | None = None,
) -> Cell:
    """What a party gives another one at the instant of `declared`, as far as these agreements say.

    `seen_by` is the party whose agreements they are; None where they are everybody's.
    """
    asked = _Asked(agreements, giver, receiver, purpose, declared, seen_by)
    found = tuple(asked.best())
    return Cell(
        giver=giver,
        receiver=receiver,
        offers=found,
        rules=asked.rules,
        reason=None if any(not offer.is_control for offer in found) else asked.why_nothing(),
    )


class _Asked:
    """One direction at one instant."""

    def __init__(
        self,
        agreements: AgreementSet,
        giver: str,
        receiver: str,
        purpose: str,
        declared: DeclaredNow,
        seen_by: str | None,
    ) -> None:
        self._seen_by = seen_by
        self._agreements = agreements
        self._giver = giver
        self._receiver = receiver
        self._purpose = purpose
        self._declared = declared
        spoken = self._speaking(giver, receiver)
        self._permits = [rule for rule in spoken if rule.clause.effect is Effect.PERMIT]
        self._forbids = [rule for rule in spoken if rule.clause.effect is Effect.FORBID]
        self.rules = (*self._permits, *self._forbids)

    def _speaking(self, giver: str, receiver: str) -> list[Rule]:
        return [
            rule
            for rule in self._agreements.rules
            if giver in rule.clause.givers
            and receiver in rule.clause.receivers
            and giver != receiver
            and rule.speaks(self._declared.at_ns, self._purpose)  # 1
            and not self._declared.ended(rule.agreement)
        ]

    def best(self) -> Iterator[Offer]:
        kinds = {
            (domain, kind)
            for rule in self._permits
            for domain in rule.clause.domains
            for kind in rule.clause.kinds
        }
        for domain, kind in sorted(kinds, key=lambda one: (one[1], one[0].value)):
            going = [rule for rule in self._permits if self._lost(rule, domain, kind) is None]
            if going:
                rule = min(going, key=_preference)
                assert rule.clause.form is not None
                yield Offer(kind=kind, domain=domain, form=rule.clause.form, rule=rule)

    def _lost(self, rule: Rule, domain: Domain, kind: str) -> Reason | None:
        """Why a permission does not let a kind go; None where it does."""
        clause, via = rule.clause, rule.clause.via
        if domain not in clause.domains or kind not in clause.kinds:
            return Reason.NO_CLAUSE
        if any(_takes(forbid, rule, domain, kind) for forbid in self._forbids):  # 4
            return Reason.CLAUSE_FORBIDS
        if self._declared.suspends(rule, self._giver, via):  # 5
            return Reason.GIVING_SUSPENDED
        if via is None:
            return None
        if rule.onward is OnwardRule.NEVER or (
            rule.onward is OnwardRule.TO_NAMED and self._receiver not in _named(rule)
        ):  # 3
            return Reason.ONWARD_NOT_ALLOWED
        if self._seen_by is not None and self._seen_by not in {self._giver, via}:
            return None
        leg = _Asked(self._agreements, self._giver, via, self._purpose, self._declared, self._seen_by)
        if any(one.clause.via is None and leg._lost(one, domain, kind) is None for one in leg._permits):
            return None
        return Reason.LEG_WITHHELD

    def why_nothing(self) -> Reason:
        lost = [
            reason
            for rule in self._permits
            for domain in rule.clause.domains
            for kind in rule.clause.kinds
            if kind not in CONTROL_KINDS and (reason := self._lost(rule, domain, kind)) is not None
        ]
        if lost:
            return min(lost, key=list(Reason).index)
        if any(kind not in CONTROL_KINDS for rule in self._forbids for kind in rule.clause.kinds):
            return Reason.CLAUSE_FORBIDS
        return why_none(
            self._agreements,
            self._giver,
            self._receiver,
            self._declared.at_ns,
            self._purpose,
            self._declared,
        )


def _preference(rule: Rule) -> tuple[bool, bool, int, int, str]:
    """Rule 2."""
    clause = rule.clause
    assert clause.form is not None
    return (
        bool(clause.situations),
        clause.approval is not Approval.NONE,
        FORM_ORDER[clause.form],
        clause.duties.delay_s,
        rule.name,
    )


def _named(rule: Rule) -> Sequence[str]:
    return rule.agreement.onward_to if rule.clause.onward is None else rule.clause.onward_to


def _takes(forbid: Rule, rule: Rule, domain: Domain, kind: str) -> bool:
    """Rule 4."""
    clause = forbid.clause
    return (
        domain in clause.domains
        and kind in clause.kinds
        and clause.via in {None, rule.clause.via}
        and not (clause.statuses or clause.categories or clause.areas or clause.situations)
    )
