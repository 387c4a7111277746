"""`refuse_stale`: a permission under an agreement of which a node has not heard in time is none.

Whether a clause permits is the agreement's to say, and `decide` says it. Whether the agreement is still the
newest is a fact about a node: it was told so, by whom, and how long ago. Rules:

1. What is passed on rests on its giver's clause, so the giver itself must have been heard.
2. For what is the sender's own, any other party of the agreement counts but the recipient: who gains from an
   old version is no witness that it is the newest. Where there is no third, the recipient's word has to do.
3. Where a party says that it holds a newer version, which this node has not got, nothing goes under the old.
4. A party shows its own staff what it holds without asking anybody.
5. One stale clause of several on which a permission rests is enough. A refusal stays what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trilat.model import AnyItem, Decision, Outcome, Reason
from trilat.policy.agreements import AgreementSet
from trilat.policy.declared import party_of


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of one agreement: by which parties it could be, and by which it was, in time."""

    able: frozenset[str]
    heard: frozenset[str]
    is_outdated: bool = False
    """Whether somebody has said that there is a newer version (rule 3)."""

    def is_fresh(self, sender: str, giver: str, recipient: str) -> bool:
        """Whether the sender may rely on what `giver` gives to `recipient` under the agreement."""
        if self.is_outdated:
            return False
        if giver != sender:  # 1
            return giver in self.heard
        others = self.able - {sender, recipient}  # 2
        if others:
            return not others.isdisjoint(self.heard)
        return recipient not in self.able or recipient in self.heard


def refuse_stale(
    decision: Decision, item: AnyItem, agreements: AgreementSet, heard: Mapping[str, Heard]
) -> Decision:
    """The decision, withheld where a clause on which it rests is of a stale agreement.

    Args:
        decision: what `decide` said of the item.
        item: the item.
        agreements: those that it was asked under.
        heard: by agreement id; one that is not there has no limit.
    """
    sender, recipient = decision.sender, party_of(decision.recipient)
    if decision.outcome is Outcome.WITHHOLD or recipient == sender or not heard:  # 4, 5
        return decision
    originators = dict.fromkeys((item.label.originator, *item.provenance.originators))
    stale = []
    for name in decision.clauses:
        rule = agreements.rule(name)
        known = None if rule is None else heard.get(rule.agreement.agreement_id)
        if rule is not None and known is not None:
            givers = [party_of(one) for one in originators if one in rule.clause.givers] or [sender]
            if not all(known.is_fresh(sender, giver, recipient) for giver in givers):
                stale.append(name)
    if not stale:
        return decision
    return msgspec.structs.replace(
        decision,
        outcome=Outcome.WITHHOLD,
        clauses=tuple(stale),
        reasons=(Reason.AGREEMENT_STALE,),
        form=None,
        duties=None,
        consent=None,
    )
