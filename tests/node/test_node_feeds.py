"""Batches of feeds: answered once, also over a restart; one bad report holds back no good one."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from tests.small_federation import federation_of, launch

from trilat.ledger import Entry, EntryKind
from trilat.model import LedgerError, UsageError, decode, to_plain
from trilat.node import Node, restore
from trilat.node.feeds import FeedBatch, IntakeAnswer, take_batch, take_batches
from trilat.node.records import RefusalRecord
from trilat.study import Federation


@pytest.fixture
def federation() -> Federation:
    return federation_of("separate-2009")


@pytest.fixture
def node(federation: Federation) -> Node:
    return federation.nodes["JPN"]


def report(node: Node, name: str = "seen", **changes: Any) -> dict[str, Any]:
    """What a feed sends: without status, label and provenance."""
    plain = to_plain(launch(node, name))
    for field in ("status", "label", "provenance"):
        del plain[field]
    return {**plain, **changes}


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def reports_in(node: Node) -> int:
    return sum(1 for _ in node.ledger.entries(kinds={EntryKind.REPORT}))


def aside_in(node: Node) -> list[str]:
    entries = node.ledger.entries(kinds={EntryKind.REFUSAL})
    return [decode(stored.content or b"", RefusalRecord).reason for stored in entries]


def test_the_node_fills_in_what_it_knows_better(node: Node) -> None:
    answer = take_batch(node, [report(node)], "b1", digest("b1"))
    assert (answer.accepted, answer.refused, answer.repeated) == (1, (), False)
    held = node.holdings.newest("JPN-seen")
    assert held is not None
    assert held.status is node.config.status
    assert held.label.originator == "JPN"
    assert held.label.releasable_to == node.config.releasable_to
    assert held.provenance.originators == ("JPN",)


def test_a_batch_that_comes_again_gets_its_answer_and_changes_nothing(node: Node) -> None:
    batch = [report(node), report(node, "late", valid_ns=1)]
    first = take_batch(node, batch, "b1", digest("b1"))
    entries = node.ledger.head().entries
    again = take_batch(node, batch, "b1", digest("b1"))
    assert first.refused
    assert (again.accepted, again.refused, again.repeated) == (first.accepted, first.refused, True)
    assert node.ledger.head().entries == entries


def test_it_gets_the_same_answer_after_a_restart(federation: Federation, node: Node) -> None:
    first = take_batch(node, [report(node), {"kind": "nonsense"}], "b1", digest("b1"))
    again = federation._node("JPN")
    restore(again)
    assert take_batch(again, [], "b1", digest("b1")).refused == first.refused
    assert reports_in(again) == 1


def test_another_batch_under_a_used_key_is_refused(node: Node) -> None:
    take_batch(node, [report(node)], "b1", digest("b1"))
    with pytest.raises(UsageError, match="key `b1` was used for another batch") as refused:
        take_batch(node, [report(node, "other")], "b1", digest("other"))
    assert refused.value.facts["conflict"] is True
    assert reports_in(node) == 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (None, "a report is an object with `kind`"),
        ([], "a report is an object with `kind`"),
        ("plot", "a report is an object with `kind`"),
        ({}, "missing required field `kind`"),
        ({"kind": "plot"}, "Invalid value 'plot'"),
        ({"kind": 7}, "`$.kind`"),
        ({"kind": "event"}, "missing required field `item_id`"),
    ],
)
def test_what_is_no_report_is_kept_aside_and_the_rest_is_taken(node: Node, bad: object, words: str) -> None:
    answer = take_batch(node, [report(node, "a"), bad, report(node, "b")], "b1", digest("b1"))
    assert answer.accepted == 2
    ((index, reason),) = answer.refused
    assert index == 1
    assert words in reason
    assert any(words in text for text in aside_in(node))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "real"}, "this node holds simulated items only"),
        ({"item_id": "KOR-seen"}, "is not named after this party"),
        ({"valid_ns": 1}, "s old, over the limit"),
        ({"valid_ns": 7_000_000_000_000_000_000}, "ahead of the clock"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"time_sigma_ms": -1}, "`int` >= 0"),
    ],
)
def test_a_report_that_cannot_be_is_refused_with_its_line(
    node: Node, changes: dict[str, Any], words: str
) -> None:
    answer = take_batch(node, [report(node, **changes)], "b1", digest("b1"))
    assert answer.accepted == 0
    assert words in answer.refused[0][1]
    assert reports_in(node) == 0


def test_the_same_report_twice_counts_once(node: Node) -> None:
    answer = take_batch(node, [report(node), report(node)], "b1", digest("b1"))
    assert answer.accepted == 1
    assert "was accepted before" in answer.refused[0][1]


def test_a_batch_over_the_limit_is_refused_whole(node: Node) -> None:
    with pytest.raises(UsageError, match="over the limit of 2000"):
        take_batch(node, [{}] * 2_001, "b1", digest("b1"))
    assert node.ledger.head().entries == 0


def test_a_batch_that_could_not_be_written_was_not_answered(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(node.ledger, "append", full)
        with pytest.raises(LedgerError):
            take_batch(node, [report(node)], "b1", digest("b1"))
    answer = take_batch(node, [report(node)], "b1", digest("b1"))
    assert (answer.accepted, answer.repeated) == (1, False)


# --- several together, and offered at once ---


def batch(node: Node, *names: str, key: str = "") -> FeedBatch:
    key = key or "-".join(names)
    return FeedBatch([report(node, name) for name in names], key, digest(key))


def test_batches_together_are_one_commit_and_each_has_its_own_answer(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_batch(node, [report(node, "old")], "old", digest("old"))
    commits: list[int] = []
    append = node.ledger.append

    def counted(entries: Sequence[Entry]) -> Any:
        commits.append(len(entries))
        return append(entries)

    monkeypatch.setattr(node.ledger, "append", counted)
    given = [
        batch(node, "a", "b"),
        FeedBatch([report(node, "c"), {"kind": "nonsense"}], "bad", digest("bad")),
        FeedBatch([report(node, "late", valid_ns=1)], "late", digest("late")),
        FeedBatch([], "old", digest("old")),
        FeedBatch([], "old", digest("another")),
        FeedBatch([{}] * 2_001, "long", digest("long")),
        batch(node, "d"),
    ]
    answers, released = take_batches(node, given[:4] + given[5:], offer=False)
    assert isinstance(answers[4], UsageError)
    told = [
        (one.accepted, [at for at, _ in one.refused], one.repeated)
        for one in answers
        if isinstance(one, IntakeAnswer)
    ]
    assert told == [(2, [], False), (1, [1], False), (0, [0], False), (1, [], True), (1, [], False)]
    assert released == ()
    assert len(commits) == 1
    (wrong,), _ = take_batches(node, given[4:5], offer=False)
    assert isinstance(wrong, UsageError)
    assert wrong.facts["conflict"]
    assert len(commits) == 1, "what is refused as a whole writes nothing"


def test_what_is_offered_at_once_is_decided_on_in_the_commit_that_accepts_it(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[list[EntryKind]] = []
    append = node.ledger.append

    def noted(entries: Sequence[Entry]) -> Any:
        kinds.append([entry.kind for entry in entries])
        return append(entries)

    monkeypatch.setattr(node.ledger, "append", noted)
    (answer,), released = take_batches(node, [batch(node, "a")], offer=True)
    assert isinstance(answer, IntakeAnswer)
    assert answer.accepted == 1
    (written,) = kinds
    assert written[:2] == [EntryKind.REPORT, EntryKind.INTAKE]
    assert EntryKind.DECISION in written[2:]
    assert not node.offers
    releases = [entry for entry in written if entry is EntryKind.RELEASE]
    assert len(releases) == len(released) > 0
    sent = {one.recipient: one.sequence for one in released}
    assert {to: node.endpoint.next_sequence(to) - 1 for to in sent} == sent


def test_a_node_restored_behind_such_a_commit_goes_on_as_the_one_that_made_it(
    federation: Federation, node: Node
) -> None:
    take_batches(node, [batch(node, "a", "b"), batch(node, "c")], offer=True)
    again = federation._node("JPN")
    restore(again)
    assert again.accepted_reports == 3
    assert again.feeds.answered("c", digest("c")) == IntakeAnswer(1, (), repeated=True)
    for peer in node.config.peers:
        assert again.endpoint.next_sequence(peer) == node.endpoint.next_sequence(peer)
    assert not again.offers


def test_a_node_that_cannot_write_what_it_offers_accepts_nothing_and_stops(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(node.ledger, "append", full)
    with pytest.raises(LedgerError, match="the disk is full"):
        take_batches(node, [batch(node, "a"), batch(node, "b")], offer=True)
    assert node.failure == "the disk is full"
    assert node.feeds.answered("a", digest("a")) is None
    with pytest.raises(LedgerError, match="restore it from its ledger"):
        take_batches(node, [batch(node, "c")], offer=True)


def test_a_fault_while_offering_stops_the_node_and_writes_nothing(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    before = node.ledger.head()
    monkeypatch.setattr(node.exchange, "due", wrong)
    with pytest.raises(RuntimeError):
        take_batches(node, [batch(node, "a")], offer=True)
    assert node.failure == "a fault of ours"
    assert node.ledger.head() == before
