"""Nodes on a thin link: what was replaced is left out, both ledgers say so, and restarts change nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node_folders import node_folders
from tests.small_federation import at, launch, received

from trilat.ledger import EntryKind
from trilat.link import MemoryNetwork
from trilat.model import SECOND_NS, decode
from trilat.node import ManualClock, Node, NodeFolder, restore
from trilat.node.records import RECORD_BYTES_MAX, OmissionRecord


class Two:
    """KOR and USA over one network, each over its own ledger on disk."""

    def __init__(self, folders: dict[str, NodeFolder]) -> None:
        self.folders = folders
        self.network = MemoryNetwork()
        self.clock = ManualClock(at(0))
        self.nodes: dict[str, Node] = {}
        for party in ("KOR", "USA"):
            self.start(party)

    def start(self, party: str) -> None:
        ledger = self.folders[party].open_ledger(self.clock, os.urandom)
        node = self.folders[party].node(self.clock, ledger, self.network.endpoint(party))
        restore(node)
        self.nodes[party] = node

    def crash(self, party: str) -> None:
        self.network.drop(party)
        self.nodes[party].ledger.close()
        self.start(party)

    def play(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance_to(self.clock.now_ns() + SECOND_NS)
            for node in self.nodes.values():
                node.tick()
                self.network.due(self.clock.now_ns())

    def omissions(self, party: str) -> list[OmissionRecord]:
        return [
            decode(stored.content, OmissionRecord, bytes_max=RECORD_BYTES_MAX)
            for stored in self.nodes[party].ledger.entries(kinds={EntryKind.CURSOR})
            if stored.content is not None
        ]

    def came(self) -> list[int]:
        return [record.sequence for record in received(self.nodes["USA"]) if record.sender == "KOR"]

    def accounted(self) -> list[int]:
        """Every number that USA holds or was told of."""
        runs = [run for record in self.omissions("USA") for run in record.runs]
        left_out = [number for first, last in runs for number in range(first, last + 1)]
        return sorted([*self.came(), *left_out])

    def last(self) -> int:
        """The newest number that KOR released to USA."""
        return self.nodes["KOR"].endpoint.next_sequence("USA") - 1


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(node_folders(tmp_path, profile="thin"))
    yield made
    for node in made.nodes.values():
        node.ledger.close()


def _see(two: Two, versions: range) -> None:
    """Let KOR see a launch in these versions."""
    kor = two.nodes["KOR"]
    for version in versions:
        kor.intake([launch(kor, at_s=version, version=version)])
        two.play(1)


def test_what_was_replaced_is_left_out_and_both_ledgers_say_which(two: Two) -> None:
    _see(two, range(1, 41))
    two.play(600)
    last = two.last()
    kor, usa = two.nodes["KOR"], two.nodes["USA"]
    assert kor.endpoint.acknowledged("USA") == last
    assert two.accounted() == list(range(1, last + 1))
    assert usa.holdings.newest("KOR-seen").version == 40  # type: ignore[union-attr]
    assert {reason for record in two.omissions("KOR") for reason in record.reasons} == {"replaced"}
    for record in two.omissions("USA"):
        assert (record.reasons, record.sender, bool(record.signed)) == ((), "KOR", True)
    assert len(two.came()) < last


@pytest.mark.parametrize("pause_s", [3, 20, 50])
def test_restarts_of_both_at_odd_moments_lose_and_double_nothing(two: Two, pause_s: int) -> None:
    for turn in range(6):
        _see(two, range(1 + turn * 8, 9 + turn * 8))
        two.crash(("KOR", "USA")[turn % 2])
        two.play(pause_s)
    two.play(1_500)
    for party in ("USA", "KOR"):
        two.crash(party)
    two.play(100)
    last = two.last()
    assert two.accounted() == list(range(1, last + 1))
    assert two.nodes["KOR"].endpoint.acknowledged("USA") == last
    assert two.nodes["USA"].holdings.newest("KOR-seen").version == 48  # type: ignore[union-attr]
    warned = [warning.item_id for warning in two.nodes["USA"].holdings.warnings() if "KOR" in warning.item_id]
    assert len(warned) == len(set(warned)) > 0
