"""Whether a permission may be relied on by what was heard of its agreements, slow and obvious: the second
implementation of `trilat.policy.refuse_stale`. Imports the nouns and nothing else.

It stands beside the rules of deciding and not among them: whether a clause permits is the agreement's to say;
whether the agreement is still the newest is a fact about one node. README.md has F1 to F5 in one table.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import msgspec

from trilat.model import Agreement, Clause, Decision, Outcome, Reason


class Known(NamedTuple):
    """Of one agreement that has a limit: which parties have a node that can be heard, which of them said
    within the limit that our version is the newest, and whether somebody says that it is not.
    """

    able: AbstractSet[str]
    heard: AbstractSet[str]
    outdated: bool


def judged(
    decision: Decision, item: Any, files: Mapping[str, Agreement], known: Mapping[str, Known]
) -> Decision:
    """The decision, or its refusal with the clauses that are stale, in the order in which it names them."""
    if decision.outcome is Outcome.WITHHOLD:
        return decision
    if party(decision.recipient) == decision.sender:
        return decision  # F4
    stale = []
    for file, agreement in files.items():
        for clause in agreement.clauses:
            if f"{file}#{clause.clause_id}" in decision.clauses and agreement.agreement_id in known:
                said = known[agreement.agreement_id]
                if is_stale(said, clause, decision.sender, party(decision.recipient), item):
                    stale.append(f"{file}#{clause.clause_id}")
    if not stale:
        return decision
    refused: Decision = msgspec.structs.replace(
        decision,
        outcome=Outcome.WITHHOLD,
        clauses=tuple(sorted(stale, key=decision.clauses.index)),
        reasons=(Reason.AGREEMENT_STALE,),
        form=None,
        duties=None,
        consent=None,
    )
    return refused


def is_stale(said: Known, clause: Clause, sender: str, recipient: str, item: Any) -> bool:
    """Whether one clause cannot be relied on: somebody says that there is a newer version (F3), or for one of
    those whose part it gives nobody entitled was heard (F5).
    """
    if said.outdated:
        return True
    for giver in givers_of(clause, sender, item):
        entitled = whose_word_counts(said.able, sender, giver, recipient)
        if entitled and not any(one in said.heard for one in entitled):
            return True
    return False


def givers_of(clause: Clause, sender: str, item: Any) -> set[str]:
    """Whose part of the item the clause gives: those that made a part and are its givers; else the sender."""
    made = [item.label.originator, *item.provenance.originators]
    found = {party(one) for one in made if one in clause.givers}
    return found or {sender}


def whose_word_counts(able: AbstractSet[str], sender: str, giver: str, recipient: str) -> set[str]:
    """Those of whom one must have been heard; none where nobody can be."""
    if giver != sender:
        return {giver}  # F1, whether it can be heard or not
    third = {one for one in able if one not in (sender, recipient)}
    if third:
        return third  # F2
    return {one for one in able if one == recipient}


def party(code: str) -> str:
    """The party of a code: of a member of a staff, whose staff it is."""
    return code.split("/", maxsplit=1)[0]
