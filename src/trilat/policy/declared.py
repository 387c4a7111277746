"""What parties have declared, as it stands at one instant: situations, suspensions, notices.

Rules
1. Only a party's own declaration counts: its label names the party, its officer is on that staff. One that a
   script plays (`assumed`) says nothing about real items, and one of another status nothing at all.
2. The newest begun declaration of a party on one thing replaces older ones, by `valid_ns`, then version; of
   two that are equal the one that lets less pass. When it has ended, or does not stand, nothing is declared.
3. Notice ends an agreement after its `notice_days`; where it renews itself, at the first end of a term after
   that. It says nothing about a version that begins after it was given: all have signed that one since.

Signatures are checked before a declaration gets here.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from trilat.model import SECOND_NS, Agreement, Declaration, Declared, Status
from trilat.policy.agreements import Rule

DAY_NS: Final = 86_400 * SECOND_NS
_MONTHS: Final = 12

_Newest = dict[tuple[str, str], Declaration]
"""The newest declaration of each party on each thing."""


@dataclass(frozen=True, slots=True)
class DeclaredNow:
    """What stands at an instant, by party and thing, each with the instant from which it was declared."""

    at_ns: int
    situations: Mapping[tuple[str, str], int]
    suspensions: Mapping[tuple[str, str], int]
    notices: Mapping[tuple[str, str], int]

    def holds(self, rule: Rule, situations: Sequence[str], giver: str) -> bool:
        """Whether one of the situations is declared by whom the clause believes, and not too long ago."""
        box_ns = rule.clause.situation_max_s * SECOND_NS
        for party in rule.clause.declared_by or (party_of(giver),):
            for situation in situations:
                since_ns = self.situations.get((party, situation))
                if since_ns is not None and (not box_ns or self.at_ns < since_ns + box_ns):
                    return True
        return False

    def suspends(self, rule: Rule, giver: str, via: str | None) -> bool:
        """Whether the giver, or the intermediary, has suspended the clause or its agreement."""
        if not self.suspensions:
            return False
        parties = {party_of(giver), giver if via is None else party_of(via)}
        abouts = (rule.agreement.agreement_id, rule.consent_name)
        return any((party, about) in self.suspensions for party in parties for about in abouts)

    def ends_ns(self, agreement: Agreement) -> int | None:
        """When an agreement ends by notice; None where nobody gave any."""
        if not self.notices:
            return None
        ends = (
            _end_after(agreement, self.notices[party, agreement.agreement_id])
            for party in agreement.parties
            if self.notices.get((party, agreement.agreement_id), -1) >= agreement.in_force_from_ns
        )
        return min(ends, default=None)

    def ended(self, agreement: Agreement) -> bool:
        """Whether an agreement has ended by notice."""
        ends_ns = self.ends_ns(agreement)
        return ends_ns is not None and ends_ns <= self.at_ns


def declared_now(declarations: Sequence[Declaration], status: Status, at_ns: int) -> DeclaredNow:
    """What stands at an instant for items of a status."""
    situations: _Newest = {}
    suspensions: _Newest = {}
    notices: _Newest = {}
    for said in declarations:
        if said.status is not status or said.valid_ns > at_ns or (said.assumed and status is Status.REAL):
            continue
        party = said.label.originator
        if said.officer.startswith(f"{party}/"):
            # Not by a mapping from kinds: to hash an enum takes longer than all the rest.
            if said.declared is Declared.SITUATION:
                newest = situations
            else:
                newest = suspensions if said.declared is Declared.SUSPENSION else notices
            key = (party, said.about)
            known = newest.get(key)
            if known is None or _age(known) < _age(said):
                newest[key] = said
    standing = (_standing(newest, at_ns) for newest in (situations, suspensions, notices))
    return DeclaredNow(at_ns, *standing)


def _standing(newest: _Newest, at_ns: int) -> dict[tuple[str, str], int]:
    return {
        key: said.valid_ns
        for key, said in newest.items()
        if said.stands and (said.until_ns is None or at_ns < said.until_ns)
    }


def _age(said: Declaration) -> tuple[int, int, bool, str]:
    """Newest last; a situation that stands lets more pass, a suspension or notice that stands less."""
    return said.valid_ns, said.version, said.stands is not (said.declared is Declared.SITUATION), said.item_id


def party_of(code: str) -> str:
    """The party that a code belongs to: `JPN` for `JPN` and for `JPN/officer`."""
    return code.split("/", maxsplit=1)[0]


def notice_ends_ns(said: Declaration, agreements: Iterable[Agreement]) -> Iterator[int]:
    """When agreements would end by a notice."""
    for agreement in agreements:
        if agreement.agreement_id == said.about:
            yield _end_after(agreement, said.valid_ns)


def _end_after(agreement: Agreement, given_ns: int) -> int:
    """Rule 3."""
    earliest_ns = given_ns + agreement.notice_days * DAY_NS
    months = agreement.renewal_months
    if not months:
        return earliest_ns
    terms = 1
    while months_later_ns(agreement.in_force_from_ns, terms * months) < earliest_ns:
        terms += 1
    return months_later_ns(agreement.in_force_from_ns, terms * months)


def months_later_ns(instant_ns: int, months: int) -> int:
    """The same day and time so many calendar months later (UTC), or the last day of a shorter month."""
    seconds, rest_ns = divmod(instant_ns, SECOND_NS)
    begins = datetime.fromtimestamp(seconds, UTC)
    years, month = divmod(begins.month - 1 + months, _MONTHS)
    year, month = begins.year + years, month + 1
    moved = begins.replace(year=year, month=month, day=min(begins.day, monthrange(year, month)[1]))
    return round(moved.timestamp()) * SECOND_NS + rest_ns
