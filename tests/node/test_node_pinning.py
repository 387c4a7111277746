"""A running node takes the first root of a partner from its own folder, where people pinned it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node.test_joining import ISSUE, NOW_NS
from tests.node_folders import Nowhere, node_folders
from tests.small_federation import START_NS

from trilat.ledger import EntryKind
from trilat.link import Announcement, Issue
from trilat.model import UsageError
from trilat.node import (
    ManualClock,
    Node,
    NodeFolder,
    RootFolder,
    make_root,
    pin_in_folder,
    pin_party,
    read_folder,
    request_of,
    restore,
)


class Running:
    """JPN runs, and knows USA by its card alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folders = node_folders(path)
        self.clock = ManualClock(START_NS)
        self.node = self.started()
        self.root, self.told = self.rooted("root")

    @property
    def folder(self) -> NodeFolder:
        return self.folders["JPN"]

    def started(self) -> Node:
        folder = read_folder(self.folder.path)
        self.ledger = folder.open_ledger(self.clock, os.urandom)
        node = folder.node(self.clock, self.ledger, Nowhere())
        restore(node)
        return node

    def rooted(self, name: str) -> tuple[RootFolder, Announcement]:
        """A root of USA, and its first state."""
        root = make_root(self.path / name, "USA", passphrase=None)
        return root, root.sign(request_of(self.folders["USA"], rotate=False), ISSUE)

    def tick(self) -> None:
        self.clock.advance_to(self.clock.now_ns() + 10**9)
        self.node.tick()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.ledger.close()


def trust_entries(node: Node) -> int:
    return len(list(node.ledger.entries(kinds={EntryKind.TRUST})))


def test_a_root_that_people_pinned_holds_at_once_and_after_a_start(running: Running) -> None:
    node = running.node
    assert node.trust.state("USA") is None
    pin_party(running.folder.path, running.told, running.root.fingerprint)
    assert node.trust.state("USA") is None, "a file alone changes nothing that runs"
    assert pin_in_folder(node, "USA") == {"party": "USA", "version": 1}
    running.tick()
    assert trust_entries(node) == 1
    # What follows comes as it comes to any node: it proves itself.
    newer = running.root.renew(Issue(now_ns=NOW_NS + 1, ends_ns=ISSUE.ends_ns + 1))
    assert node.trusting.learn(newer)
    running.tick()
    running.ledger.close()
    again = running.started()
    state = again.trust.state("USA")
    assert state is not None
    assert state.version == 2


def test_before_it_is_taken_in_no_newer_state_is_believed(running: Running) -> None:
    """The premise: what is sent pins nobody."""
    with pytest.raises(Exception, match="by its card alone"):
        running.node.trusting.learn(running.told)
    assert running.node.trust.state("USA") is None


@pytest.mark.parametrize(
    ("party", "words"),
    [
        ("USA", "no root of `USA` is pinned in this node's folder"),
        ("AUS", "no partner of this node yet"),
        ("JPN", "no partner of this node yet"),
        ("../../USA", "no partner of this node yet"),
    ],
)
def test_nothing_is_taken_that_nobody_pinned_here(running: Running, party: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        pin_in_folder(running.node, party)
    running.tick()
    assert trust_entries(running.node) == 0


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"-----BEGIN TRILAT TRUST STATE-----\nAAAA\n"])
def test_a_file_that_is_not_sound_pins_nobody(running: Running, damage: bytes) -> None:
    pin_party(running.folder.path, running.told, running.root.fingerprint)
    (file,) = (running.folder.path / "trust").glob("USA*")
    file.write_bytes(damage)
    with pytest.raises(UsageError) as refused:
        pin_in_folder(running.node, "USA")
    assert "\n" not in str(refused.value)
    assert running.node.trust.state("USA") is None


def test_another_root_in_the_place_of_one_waits_for_the_next_start(running: Running) -> None:
    pin_party(running.folder.path, running.told, running.root.fingerprint)
    pin_in_folder(running.node, "USA")
    other, told = running.rooted("other")
    pin_party(running.folder.path, told, other.fingerprint, replace=True)
    with pytest.raises(UsageError, match=r"pinned to the root .* holds from the next start"):
        pin_in_folder(running.node, "USA")
    state = running.node.trust.state("USA")
    assert state is not None
    assert state.root == running.told.states[-1].claimed.root
