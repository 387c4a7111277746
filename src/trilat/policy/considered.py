"""`considered`: every clause that `decide` looks at for a question, with what each says. For `explain_tree`.

It asks the very functions that `decide` asks, and decides nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trilat.model import AnyItem, Consent, Declaration, Reason
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.conditions import survives
from trilat.policy.consents import Answered
from trilat.policy.decide import (
    _FREE,
    _STANDING,
    _Case,
    _case,
    _consented,
    _failures,
    _forbids,
    _is_own_staff,
    _left_out,
    _Trace,
)
from trilat.policy.declared import declared_now
from trilat.policy.request import ReleaseRequest


@dataclass(frozen=True, slots=True)
class Considered:
    """One clause as it was considered on one way: from whose clauses, to whom, by which path."""

    rule: Rule
    giver: str
    recipient: str
    via: str | None
    speaks: bool
    """Whether it is in force for the purpose at the instant, or outlives its agreement."""

    covers: bool
    """Whether it permits, or forbids, this very case."""

    failures: frozenset[Reason]
    """Of a permission that speaks: what keeps it from covering the case."""

    consent: Answered | None
    """Of a permission that covers it and needs a consent: what was said."""


def considered(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> tuple[Considered, ...]:
    """Every clause that `decide` looked at for a question, in the order of ways and then of names; the first
    leg to an intermediary is a question of its own.

    Raises:
        TrilatError: what made `decide` withhold with `deciding-failed`.
    """
    declared = declared_now(declarations, item.status, request.at_ns)
    case = _case(item, request, agreements, consents, declared, _Trace())
    found: list[Considered] = []
    for giver, via, is_asked in _ways(case):
        direction = agreements.direction(giver, request.recipient, item.domain, case.kind)
        found += [_considered(case, rule, giver, via) for rule in direction.permits if is_asked]
        for rule in direction.forbids:
            speaks = case.speaks(rule) or survives(rule, item, via, case.purpose, declared)
            covers = _forbids(case, rule, giver, via)
            found.append(Considered(rule, giver, case.recipient, via, speaks, covers, frozenset(), None))
    return tuple(found)


def _ways(case: _Case) -> list[tuple[str, str | None, bool]]:
    """Whose clauses are asked, by which path, and whether their permissions are (rules 4, 6 and 10)."""
    originator, sender = case.item.label.originator, case.sender
    makers = dict.fromkeys((originator, *case.item.provenance.originators))
    if _is_own_staff(case):
        others = (maker for maker in makers if maker not in {sender, case.recipient})
        return [(sender, None, True), *((maker, sender, False) for maker in others)]
    first = (originator, case.via if sender == originator else sender, True)
    others = (maker for maker in makers if maker not in {originator, case.recipient})
    return [first, *((maker, None if maker == sender else sender, True) for maker in others)]


def _considered(case: _Case, rule: Rule, giver: str, via: str | None) -> Considered:
    speaks = case.speaks(rule)
    failures = _failures(case, rule, giver, via, _left_out(case, rule)) if speaks else set()
    covers = speaks and not failures
    standing = _consented(case, rule, giver, via)[0] if covers else _FREE
    consent = next((said for said, place in _STANDING.items() if place == standing), None)
    return Considered(rule, giver, case.recipient, via, speaks, covers, frozenset(failures), consent)
