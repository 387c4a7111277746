"""`linked_pairs`: between whom something may pass directly, so that they need a link.

Rules
1. A clause without an intermediary links each giver with each receiver.
2. A clause with one links the intermediary with the receiver, where a clause in force gives the intermediary
   what the giver has; that clause makes the giver's own link. Alone, it lets nothing pass.
3. Prohibitions are not looked at: a link on which nothing may pass stays silent.
"""

from collections.abc import Collection, Iterator

from trilat.model import Effect, OnwardRule
from trilat.policy.agreements import AgreementSet, Rule


def linked_pairs(
    agreements: AgreementSet, parties: Collection[str], at_ns: int
) -> tuple[tuple[str, str], ...]:
    """The pairs of distinct parties that some clause in force at an instant links, sorted, for any purpose;
    only pairs of which both are among `parties`.
    """
    rules = [
        rule
        for rule in agreements.rules
        if rule.clause.effect is Effect.PERMIT
        and rule.from_ns <= at_ns < rule.until_ns
        and (rule.clause.via is None or rule.onward is not OnwardRule.NEVER)
    ]
    given = {pair for rule in rules for pair in _given(rule)}
    legs = {leg for rule in rules for leg in _legs(rule, given)}
    pairs = {(min(leg), max(leg)) for leg in legs if leg[0] in parties and leg[1] in parties}
    return tuple(sorted(pairs))


def _given(rule: Rule) -> Iterator[tuple[str, str]]:
    """Giver and receiver of a clause, by whichever path."""
    for giver in rule.clause.givers:
        for receiver in rule.clause.receivers:
            if giver != receiver:
                yield giver, receiver


def _legs(rule: Rule, given: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Who sends to whom under a clause that lets something pass."""
    via = rule.clause.via
    for giver, receiver in _given(rule):
        if via is None:
            yield giver, receiver
        elif (giver, via) in given:
            yield via, receiver
