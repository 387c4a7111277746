"""A node that was restored from an older backup gives no number twice, and nothing new is lost."""

import copy
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.node_folders import node_folders
from tests.three_nodes import START_NS, World, ids_at, keys_of, received, released

from trilat.ledger import EntryKind, Ledger, MemoryStore
from trilat.link import NodeKeys, TrustStore, seal_word
from trilat.model import Noun, decode
from trilat.node import RESTORED_FILE, ManualClock, Node, NodeFolder, read_folder, restore
from trilat.node.records import RECORD_BYTES_MAX, OmissionRecord
from trilat.node.resuming import IN_FLIGHT_MAX, JUMP_MAX, TOPIC, AcceptedAsked, AcceptedTold

PEERS = ("KOR", "USA")


class Restored:
    """JPN is backed up after some releases, goes on, and is lost."""

    def __init__(self, before: int = 3, after: int = 5, world: World | None = None) -> None:
        self.world = world or World()
        self.told: list[tuple[list[str], bool]] = []
        self.world.run(3)
        self.see("before", before)
        self.backup = copy.deepcopy(self.world.stores["JPN"])
        self.see("after", after)
        self.lost = self.world.nodes["JPN"]

    def see(self, name: str, count: int, seconds: int = 3) -> None:
        for number in range(count):
            self.world.see("JPN", f"{name}{number}")
        self.world.run(seconds)

    def come_back(self, heard: Sequence[str] = (), *, from_backup: bool = True) -> Node:
        """The node from its backup, or again from its ledger, asking whom it has not heard."""
        if from_backup:
            self.world.stores["JPN"] = copy.deepcopy(self.backup)
        node = self.world.node("JPN")
        node.resuming.begin(heard, self.remember)
        restore(node)
        self.world.nodes["JPN"] = node
        return node

    def remember(self, heard: Sequence[str], *, is_all: bool) -> None:
        """What the folder of a node keeps."""
        self.told.append((list(heard), is_all))

    @property
    def node(self) -> Node:
        return self.world.nodes["JPN"]

    def judge(self, *names: str) -> None:
        """Every new item arrived once, under a number that the partner had nothing else under."""
        for peer in PEERS:
            partner = self.world.nodes[peer]
            came = [(record.sequence, record.parcel, release.item.item_id)
                    for record, release in received(partner) if record.sender == "JPN"]  # fmt: skip
            assert max(Counter(sequence for sequence, _, _ in came).values()) == 1
            counts = Counter(item for _, _, item in came)
            assert [counts[f"JPN-{name}"] for name in names] == [1] * len(names)
            theirs = {sequence: parcel for sequence, parcel, _ in came}
            ours = [record for _, _, record in released(self.node, peer)]
            assert len({record.sequence for record in ours}) == len(ours)
            assert all(theirs[record.sequence] == record.parcel for record in ours)


NEW = tuple(f"new{number}" for number in range(4))
BEFORE = tuple(f"before{number}" for number in range(3))
AFTER = tuple(f"after{number}" for number in range(5))


def test_new_releases_of_a_restored_node_arrive_once_behind_what_the_partner_holds() -> None:
    case = Restored()
    case.come_back()
    case.see("new", 4, seconds=8)
    case.judge(*BEFORE, *AFTER, *NEW)
    assert case.told[-1] == (["KOR", "USA"], True)
    told = [line for line in case.node.refusals if "does not hold" in line]
    # Five launches, and a warning of each.
    assert told == [
        f"{peer} has accepted 10 releases that this ledger does not hold: `trilat audit compare` shows which"
        for peer in PEERS
    ]


def test_a_node_that_does_not_ask_loses_what_it_releases_anew() -> None:
    """The planted fault: `restored.json` is not read."""
    case = Restored()
    case.world.stores["JPN"] = copy.deepcopy(case.backup)
    case.world.restart("JPN")
    case.see("new", 4, seconds=8)
    assert not ids_at(case.world.nodes["KOR"]) & {f"JPN-{name}" for name in NEW}
    with pytest.raises(AssertionError):
        case.judge(*NEW)


def test_releases_wait_for_a_partner_that_is_away_and_for_nobody_else() -> None:
    case = Restored()
    case.world.link("JPN", "KOR", up=False)
    node = case.come_back()
    case.see("new", 4, seconds=20)
    assert {f"JPN-{name}" for name in NEW} <= ids_at(case.world.nodes["USA"])
    assert not any(record.item.item_id == "JPN-new0" for _, _, record in released(node, "KOR"))
    assert node.exchange.waiting("KOR") >= 4
    assert "releases wait until KOR" in node.resuming.sentence("KOR")
    assert node.resuming.sentence("USA") == ""
    assert case.told == [(["USA"], False)]

    case.world.link("JPN", "KOR", up=True)
    case.world.run(40)
    case.judge(*BEFORE, *AFTER, *NEW)
    assert node.resuming.sentence("KOR") == ""
    assert case.told[-1] == (["KOR", "USA"], True)


def test_what_was_not_acknowledged_before_the_backup_still_arrives() -> None:
    case = Restored(before=0, after=0)
    for peer in PEERS:
        case.world.link("JPN", peer, up=False)
    case.see("old", 3)
    case.backup = copy.deepcopy(case.world.stores["JPN"])
    for peer in PEERS:
        case.world.link("JPN", peer, up=True)
    case.see("after", 2, seconds=10)
    case.come_back()
    case.see("new", 4, seconds=10)
    case.judge("old0", "old1", "old2", "after0", "after1", *NEW)


def test_old_releases_that_nobody_got_go_before_new_ones() -> None:
    case = Restored(before=0, after=0)
    for peer in PEERS:
        case.world.link("JPN", peer, up=False)
    case.see("old", 3)
    case.backup = copy.deepcopy(case.world.stores["JPN"])
    case.come_back()
    case.see("new", 4)
    for peer in PEERS:
        case.world.link("JPN", peer, up=True)
    case.world.run(40)
    case.judge("old0", "old1", "old2", *NEW)
    assert not [line for line in case.node.refusals if "does not hold" in line]


@pytest.mark.parametrize("seconds", [0, 1, 2, 3, 5])
def test_a_restart_in_the_middle_asks_whom_it_had_not_heard(seconds: int) -> None:
    case = Restored()
    case.world.link("JPN", "KOR", up=False)
    case.come_back()
    case.see("new", 2, seconds=seconds)
    heard = case.told[-1][0] if case.told else []
    case.come_back(heard, from_backup=False)
    case.world.link("JPN", "KOR", up=True)
    case.world.run(5)
    case.world.see("JPN", "new2")
    case.world.see("JPN", "new3")
    case.world.run(40)
    case.judge(*BEFORE, *AFTER, *NEW)


def test_a_restart_before_the_file_is_written_asks_again_and_loses_nothing() -> None:
    case = Restored()
    case.come_back()
    case.see("new", 4, seconds=8)
    case.come_back((), from_backup=False)
    case.see("newer", 2, seconds=8)
    case.judge(*BEFORE, *AFTER, *NEW, "newer0", "newer1")


def test_a_normal_start_after_it_goes_on_behind_what_was_left_out() -> None:
    case = Restored()
    case.come_back()
    case.see("new", 4, seconds=8)
    case.world.restart("JPN")
    case.see("newer", 2, seconds=8)
    case.judge(*BEFORE, *AFTER, *NEW, "newer0", "newer1")
    assert case.node.endpoint.acknowledged("KOR") == case.node.endpoint.next_sequence("KOR") - 1


def test_a_second_restore_from_the_same_backup_is_no_worse() -> None:
    case = Restored()
    case.come_back()
    case.see("new", 4, seconds=8)
    case.come_back()
    case.see("newer", 2, seconds=8)
    case.judge(*BEFORE, *AFTER, *NEW, "newer0", "newer1")


def test_the_partner_that_lost_its_own_end_gets_it_again_and_the_numbers_left_out() -> None:
    case = Restored()
    kor = copy.deepcopy(case.world.stores["KOR"])
    case.come_back()
    case.see("new", 4, seconds=8)
    case.world.stores["KOR"] = kor
    case.world.restart("KOR")
    case.world.run(60)
    assert {f"JPN-{name}" for name in NEW} <= ids_at(case.world.nodes["KOR"])


def test_a_restored_node_gets_again_what_it_had_acknowledged() -> None:
    case = Restored()
    for number in range(3):
        case.world.see("KOR", f"theirs{number}")
    case.world.run(3)
    assert "KOR-theirs2" in ids_at(case.node)
    case.come_back()
    assert "KOR-theirs2" not in ids_at(case.node)
    case.world.run(60)
    assert {f"KOR-theirs{number}" for number in range(3)} <= ids_at(case.node)


def told(case: Restored, sender: str, **changes: object) -> Noun:
    nonce = case.node.resuming._nonces.get(sender, bytes(16))
    said = {"stream": case.node.endpoint.stream(sender), "nonce": nonce, "cursor": 8, "end": 8}
    return AcceptedTold(**{**said, **changes})  # type: ignore[arg-type]


def say(case: Restored, sender: str, word: Noun) -> None:
    """A partner's node says this to the restored node."""
    keys = keys_of(sender)
    sealed = seal_word(keys, TrustStore([keys_of("JPN").pin]), "JPN", TOPIC, word)
    case.world.nodes[sender].endpoint.notify("JPN", TOPIC, sealed)
    case.world.post.deliver()


@pytest.fixture
def asking() -> Restored:
    """A restored node whose questions KOR never answers by itself."""
    case = Restored()
    case.come_back()
    case.world.nodes["KOR"].resuming._answer = lambda *_: None  # type: ignore[method-assign]
    case.see("new", 4)
    return case


def test_a_partner_that_claims_too_much_is_told_once_and_gets_nothing(asking: Restored) -> None:
    entries = len(list(asking.node.ledger.entries(kinds={EntryKind.CURSOR})))
    for end in (JUMP_MAX + 100, 2**53, JUMP_MAX + 200):
        say(asking, "KOR", told(asking, "KOR", end=end))
    asking.world.run(2)
    lines = [line for line in asking.node.refusals if "ask its people" in line]
    assert len(lines) == 1
    assert "more than can be" in asking.node.resuming.sentence("KOR")
    assert asking.node.exchange.waiting("KOR") >= 4
    assert len(list(asking.node.ledger.entries(kinds={EntryKind.CURSOR}))) == entries
    assert {f"JPN-{name}" for name in NEW} <= ids_at(asking.world.nodes["USA"])


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": bytes(16)},
        {"stream": "another-stream"},
        {"cursor": 9},
        {"ahead": ((8, 9),), "end": 9},
        {"ahead": ((12, 11),), "end": 12},
        {"ahead": ((10, 12), (11, 13)), "end": 20},
        {"ahead": ((10, 12),), "end": 11},
    ],
)
def test_an_answer_that_is_old_or_cannot_be_changes_nothing(
    asking: Restored, changes: dict[str, object]
) -> None:
    say(asking, "KOR", told(asking, "KOR", **changes))
    asking.world.run(2)
    assert asking.node.resuming.sentence("KOR")
    assert asking.node.exchange.waiting("KOR") >= 4


def test_an_answer_that_was_not_asked_for_moves_no_stream() -> None:
    case = Restored()
    last = case.node.endpoint.next_sequence("KOR")
    say(case, "KOR", told(case, "KOR", cursor=500, end=500))
    assert case.node.endpoint.next_sequence("KOR") == last


def test_a_partner_is_asked_at_most_so_often_and_answers_for_its_own_asker_alone(asking: Restored) -> None:
    kor = asking.world.nodes["KOR"]
    answers: list[Noun] = []
    kor.resuming._say = lambda _, word: answers.append(word)  # type: ignore[method-assign,assignment]
    del kor.resuming._answer
    stream = asking.node.endpoint.stream("KOR")
    for _ in range(20):
        asked = AcceptedAsked(stream=stream, nonce=os.urandom(16))
        sealed = seal_word(keys_of("USA"), TrustStore([keys_of("KOR").pin]), "KOR", TOPIC, asked)
        kor.resuming.heard("USA", sealed)
    (answer,) = answers
    assert (answer.cursor, answer.end, answer.ahead) == (0, 0, ())  # type: ignore[attr-defined]


def test_what_is_left_out_is_in_the_ledger_with_its_reason() -> None:
    case = Restored()
    case.come_back()
    case.world.run(5)
    first = max(record.sequence for _, _, record in released(case.node, "KOR")) + 1
    records = [
        decode(stored.content or b"", OmissionRecord, bytes_max=RECORD_BYTES_MAX)
        for stored in case.node.ledger.entries(kinds={EntryKind.CURSOR})
    ]
    (ours,) = [record for record in records if (record.sender, record.recipient) == ("JPN", "KOR")]
    theirs = max(
        record.sequence
        for record, _ in received(case.world.nodes["KOR"])
        if record.sender == "JPN"
    )  # fmt: skip
    assert ours.runs == ((first, theirs + IN_FLIGHT_MAX),)
    assert ours.reasons == ("lost",)
    said = [
        decode(stored.content or b"", OmissionRecord, bytes_max=RECORD_BYTES_MAX)
        for stored in case.world.nodes["KOR"].ledger.entries(kinds={EntryKind.CURSOR})
    ]
    # Nothing is signed to carry nothing that the partner holds.
    assert [record.runs for record in said] == [((theirs + 1, theirs + IN_FLIGHT_MAX),)]


def test_heads_tell_of_the_rollback_once_and_nothing_loops() -> None:
    case = Restored()
    case.world.run(70)
    case.come_back()
    case.see("new", 4, seconds=330)
    for party in ("JPN", "KOR"):
        evidence = list(case.world.nodes[party].ledger.entries(kinds={EntryKind.EVIDENCE}))
        assert len(evidence) <= 4
    before = {party: case.world.nodes[party].ledger.head().entries for party in ("JPN", "KOR")}
    carried = len(case.world.post.carried)
    case.world.run(120)
    after = {party: case.world.nodes[party].ledger.head().entries for party in ("JPN", "KOR")}
    assert after == before
    assert len(case.world.post.carried) - carried < 600


class Nowhere:
    """A transport over which nothing goes."""

    def send(self, recipient: str, payload: bytes, lane: object = None) -> None: ...

    def listen(self, receive: object) -> None: ...


def node_in(folder: NodeFolder) -> Node:
    folder = read_folder(folder.path)
    clock = ManualClock(START_NS)
    ledger = Ledger(MemoryStore(), "JPN", folder.secrets.ledger_key, clock, os.urandom)
    return folder.node(clock, ledger, Nowhere())


def answer(node: Node, peer: str, keys: NodeKeys) -> None:
    """The partner has accepted nothing."""
    word = AcceptedTold(stream=node.endpoint.stream(peer), nonce=node.resuming._nonces[peer], cursor=0, end=0)
    node.resuming.heard(peer, seal_word(keys, node.trust, "JPN", TOPIC, word))


def test_the_file_beside_a_restored_node_is_read_kept_and_taken_away(tmp_path: Path) -> None:
    folders = node_folders(tmp_path)
    folder, keys = folders["JPN"], {peer: folders[peer].keys for peer in PEERS}
    file = folder.path / RESTORED_FILE
    assert node_in(folder).resuming.sentence("KOR") == ""

    file.write_text('{"entries": 5, "made": "2026-01-01"}')
    node = node_in(folder)
    assert all(node.resuming.sentence(peer) for peer in PEERS)
    answer(node, "USA", keys["USA"])
    assert json.loads(file.read_text())["heard"] == ["USA"]

    node = node_in(folder)
    assert (node.resuming.sentence("USA"), bool(node.resuming.sentence("KOR"))) == ("", True)
    answer(node, "KOR", keys["KOR"])
    assert not file.exists()
    assert node_in(folder).resuming.sentence("KOR") == ""


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"heard": 5}', '{"heard": [5, null]}', "\xff", '{"heard": ["ZZZ"]}']
)
def test_a_file_that_cannot_be_read_means_that_all_are_asked(tmp_path: Path, text: str) -> None:
    folder = node_folders(tmp_path)["JPN"]
    (folder.path / RESTORED_FILE).write_text(text, encoding="latin-1")
    node = node_in(folder)
    assert all(node.resuming.sentence(peer) for peer in PEERS)
