"""Contents that are kept for a time: only kinds that tell nothing of what was shared, and never too early."""

from dataclasses import replace
from typing import Final

import pytest
from tests.small_federation import START_NS, federation_of
from tests.three_nodes import World, without_korea

from trilat.ledger import Entry, EntryKind
from trilat.model import SECOND_NS, Agreement, UsageError, decode
from trilat.node import ManualClock, Node, NodeSettings
from trilat.node.feeds import refusal_entry
from trilat.node.records import RefusalRecord
from trilat.node.retention import RETAINED_KINDS, Retention
from trilat.node.settings import read_settings

DAY_NS: Final = 86_400 * SECOND_NS


def node_that_keeps(**days: int) -> tuple[Node, Retention]:
    node = federation_of("separate-2009").nodes["JPN"]
    node.config = replace(node.config, keep_days=days)
    return node, Retention(node)


SPEAKS_OF_OTHERS = {EntryKind.REMOVAL, EntryKind.REPAIR}
"""Kinds whose contents `verify` reads."""


def write(node: Node, kind: EntryKind, count: int) -> None:
    node.ledger.append([Entry(kind=kind, content=b"%d" % number) for number in range(count)])


def later(node: Node, days: float) -> int:
    assert isinstance(node.clock, ManualClock)
    node.clock.advance_to(START_NS + int(days * DAY_NS))
    return node.clock.now_ns()


def left(node: Node, kind: EntryKind) -> int:
    return sum(stored.content is not None for stored in node.ledger.entries(kinds={kind}))


def test_each_kind_goes_when_its_own_time_has_come() -> None:
    node, retention = node_that_keeps(reading=400, refusal=90)
    for kind in EntryKind:
        if kind not in SPEAKS_OF_OTHERS:
            write(node, kind, 30)

    for days, readings, refusals in ((89, 30, 30), (91, 30, 0), (399, 30, 0), (401, 0, 0)):
        for _ in range(20):
            list(retention.steps(later(node, days)))
        assert (left(node, EntryKind.READING), left(node, EntryKind.REFUSAL)) == (readings, refusals), days

    kept = [
        kind for kind in EntryKind if kind not in {EntryKind.READING, EntryKind.REFUSAL, *SPEAKS_OF_OTHERS}
    ]
    assert all(left(node, kind) == 30 for kind in kept)
    assert retention.removed == 60
    verification = node.ledger.verify()
    assert (verification.verified, verification.removed) == (True, 60)


def test_a_kind_that_is_kept_for_good_has_no_days() -> None:
    with pytest.raises(UsageError, match="entries of kind release are kept for good"):
        node_that_keeps(release=1)


def test_evidence_that_was_refused_is_kept_for_good_and_what_only_looks_like_it_is_not() -> None:
    node, retention = node_that_keeps(refusal=1)
    entries = [
        refusal_entry(source, "a reason", b"as it was signed")
        for source in ("intake", "agreement", "link", "trust", "agreements", "Trust", "staff")
    ]
    node.ledger.append([*entries, Entry(kind=EntryKind.REFUSAL, content=b"agreement")])
    for _ in range(3):
        list(retention.steps(later(node, 5_000)))
    kept = [
        decode(stored.content, RefusalRecord).source
        for stored in node.ledger.entries(kinds={EntryKind.REFUSAL})
        if stored.content is not None
    ]
    assert kept == ["agreement", "trust"]
    assert retention.removed == 6


def test_a_fork_that_a_partner_showed_outlives_the_days_of_refusals() -> None:
    world = World()
    now_ns = world.clock.now_ns()
    japan = world.nodes["JPN"]
    for at_ns in (now_ns, now_ns + SECOND_NS):
        japan.known.agreements.adopt(without_korea(at_ns), "USA")
    japan.config = replace(japan.config, keep_days={"refusal": 1})
    retention = Retention(japan)
    for _ in range(3):
        list(retention.steps(now_ns + 100 * DAY_NS))
    (stored,) = japan.ledger.entries(kinds={EntryKind.REFUSAL})
    assert stored.content is not None
    record = decode(stored.content, RefusalRecord)
    assert "a fork, refused" in record.reason
    assert decode(record.content, Agreement).signatures[0].party == "USA"


def test_nothing_goes_where_no_time_is_set() -> None:
    node, retention = node_that_keeps(reading=0)
    write(node, EntryKind.READING, 10)
    assert not list(retention.steps(later(node, 40_000)))
    assert left(node, EntryKind.READING) == 10


def test_a_large_ledger_is_gone_through_a_little_at_a_time_and_to_its_end() -> None:
    node, retention = node_that_keeps(reading=1)
    for _ in range(5):
        write(node, EntryKind.READING, 150)
        write(node, EntryKind.DECISION, 150)
    now_ns = later(node, 2)
    list(retention.steps(now_ns))
    assert 0 < retention.removed <= 200
    for _ in range(10):
        list(retention.steps(now_ns))
    assert (retention.removed, left(node, EntryKind.READING), left(node, EntryKind.DECISION)) == (750, 0, 750)


def test_what_was_removed_already_is_passed_over() -> None:
    node, retention = node_that_keeps(refusal=1)
    write(node, EntryKind.REFUSAL, 5)
    first = next(stored.entry for stored in node.ledger.entries(kinds={EntryKind.REFUSAL}))
    node.ledger.remove_content(first + 2, "recalled")
    list(retention.steps(later(node, 2)))
    assert (retention.removed, left(node, EntryKind.REFUSAL)) == (4, 0)


def test_only_kinds_that_tell_nothing_of_what_was_shared_have_a_setting() -> None:
    assert set(NodeSettings.__struct_fields__) >= {"ledger"}
    assert {kind.value for kind in RETAINED_KINDS} == {"intake", "reading", "refusal"}
    head = 'party = "KOR"\nstatus = "simulated"\npurpose = "missile-warning"\n[ledger]\n'
    assert read_settings(head + "keep_reading_days = 400").ledger.keep_days == {
        "intake": 0,
        "reading": 400,
        "refusal": 0,
    }
    for unsound in (
        "keep_release_days = 1",
        "keep_reading_days = -1",
        "keep_reading_days = 40000",
        'url = "x"',
    ):
        with pytest.raises(UsageError):
            read_settings(head + unsound)
