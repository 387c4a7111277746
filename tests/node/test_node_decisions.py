"""Decisions that are written together are read again one by one, the very same and in the same order."""

from typing import Any

import msgspec
import pytest
from tests.examples import example

from trilat.ledger import EntryKind
from trilat.model import Decision, ItemError, ItemReference, Outcome, Reason, WireError, decode, encode
from trilat.node import decisions_in
from trilat.node.decisions import ITEMS_MAX, TOGETHER_MIN, DecisionBatch, decision_entries

PERMIT: Decision = example("decision")
REFUSAL = msgspec.structs.replace(
    PERMIT,
    outcome=Outcome.WITHHOLD,
    reasons=(Reason.NO_CLAUSE,),
    clauses=(),
    form=None,
    duties=None,
    consent=None,
)


def on(number: int, decision: Decision = PERMIT, version: int = 1) -> Decision:
    name = ItemReference(item_id=f"JPN-track-{number}", version=version)
    return msgspec.structs.replace(decision, item=name)


def read(decisions: list[Decision]) -> list[Decision]:
    return [one for entry in decision_entries(decisions) for one in decisions_in(entry.content)]


def test_few_decisions_stand_one_by_one() -> None:
    decisions = [on(number) for number in range(TOGETHER_MIN - 1)]
    entries = decision_entries(decisions)
    assert [decode(entry.content, Decision) for entry in entries] == decisions
    assert decision_entries([]) == []


def test_many_are_one_entry_and_come_back_in_their_order() -> None:
    others = msgspec.structs.replace(PERMIT, recipient="USA", via=None)
    decisions = [
        one for number in range(300) for one in (on(number), on(number, REFUSAL), on(number, others))
    ]
    entries = decision_entries(decisions)
    assert [entry.kind for entry in entries] == [EntryKind.DECISION]
    assert read(decisions) == decisions
    assert len(entries[0].content) < 50 * 300


def test_every_answer_of_its_own_and_versions_of_one_item_come_back_too() -> None:
    decisions = [
        msgspec.structs.replace(on(number // 3, version=1 + number), decided_ns=PERMIT.decided_ns + number)
        for number in range(50)
    ]
    assert read(decisions) == decisions
    assert read([on(1), on(2)] * 20) == [on(1), on(2)] * 20


def test_more_items_than_one_entry_holds_go_into_further_ones_that_can_be_read() -> None:
    long = ItemReference(item_id="JPN-" + "x" * 116, version=10**9)
    decisions = [msgspec.structs.replace(PERMIT, item=long if number % 2 else on(number).item)
                 for number in range(2 * ITEMS_MAX + 1)]  # fmt: skip
    assert len(decision_entries(decisions)) == 3
    assert read(decisions) == decisions


@pytest.mark.parametrize(
    ("answers", "items", "words"),
    [
        ((PERMIT,), (("JPN-a", 1, (0,)),), "name an item"),
        ((on(1),), (("JPN-a", 1, (0,)),), "name an item"),
        ((msgspec.structs.replace(PERMIT, item=None),), (("JPN-a", 1, (0, 1)),), "not there"),
        ((), (("JPN-a", 1, ()),), "at least 1"),
        ((msgspec.structs.replace(PERMIT, item=None),), (), "at least 1"),
        ((msgspec.structs.replace(PERMIT, item=None),), (("a b", 1, (0,)),), "must match"),
        ((msgspec.structs.replace(PERMIT, item=None),), (("JPN-a", 1, (-1,)),), "at least 0"),
    ],
)
def test_a_batch_that_does_not_fit_together_is_refused(answers: Any, items: Any, words: str) -> None:
    with pytest.raises(ItemError, match=words):
        DecisionBatch(answers=answers, items=items)


@pytest.mark.parametrize("content", [b"", b"\x90", b"\xc0", encode(PERMIT)[:-1], encode(on(1)) + b"\x00"])
def test_what_is_no_decision_is_refused(content: bytes) -> None:
    with pytest.raises(WireError):
        decisions_in(content)
