"""Heads of streams between partners: agreed, witnessed, and every contradiction caught and attributed."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.small_federation import at, federation_of, launch, play

from trilat.ledger import EntryKind
from trilat.link import (
    NodeKeys,
    Parcel,
    TreeHead,
    TrustStore,
    open_receipt,
    open_tree_head,
    read_tree_head,
    seal_word,
    sign_tree_head,
)
from trilat.link.messages import Acknowledgement, sign_message
from trilat.model import SECOND_NS, AnyItem, ItemError, PeerError, decode, encode
from trilat.node import AuditSettings, Heads, Node, restore
from trilat.node.records import ReceivedRecord, ReleaseRecord
from trilat.node.releasing import salts_of
from trilat.node.tree_records import (
    HEAD_RECORD_BYTES_MAX,
    EvidenceRecord,
    Finding,
    HeadRecord,
    HeadWord,
    LeavesAsked,
    LeavesGiven,
    WitnessRecord,
)
from trilat.node.trees import StreamName, Trees, leaf_of
from trilat.study import Federation

OFTEN = AuditSettings(head_every_s=2, head_every_items=3, missing_after_s=5, scrub_rows_per_s=0)


def shared(seconds: int = 20, launches: int = 8, **more: Any) -> Federation:
    """A federation under the freest regime in which JPN told its launches and heads went about."""
    federation = federation_of("multilateral", seconds, audit=OFTEN, **more)
    reports = [
        (at(1 + number), "JPN", launch(federation.nodes["JPN"], f"seen{number}", at_s=1 + number))
        for number in range(launches)
    ]
    return play(federation, reports)


def records(node: Node, kind: EntryKind, form: type) -> list[Any]:
    return [
        decode(stored.content or b"", form, HEAD_RECORD_BYTES_MAX)
        for stored in node.ledger.entries(kinds={kind})
    ]


def tell(federation: Federation, sender: str, recipient: str, *signed: bytes) -> None:
    """What a partner's node says, whatever it likes, taken by the other."""
    node = federation.nodes[recipient]
    keys = federation._keys[sender]
    trust = TrustStore([federation._keys[recipient].pin])
    node.witness.heard(sender, seal_word(keys, trust, recipient, "head", HeadWord(heads=signed)))
    node.tick()


def head_of(federation: Federation, signer: str, sender: str, recipient: str, **changes: Any) -> bytes:
    """A true head of a stream as an end of it has it, changed as said, and signed."""
    name = StreamName(sender, recipient, federation._keys[sender].stream_to(recipient))
    tree = federation.nodes[signer].witness.trees.get(name)
    assert tree is not None
    said: dict[str, Any] = {
        "signer": signer,
        **name._asdict(),
        "size": tree.size,
        "root": tree.log.root(),
        "at_ns": federation.clock.now_ns(),
        "ledger": bytes(32),
    }
    size = changes.get("size")
    if size is not None and size <= tree.size and "root" not in changes:
        said["root"] = tree.log.root(size)
    return sign_tree_head(federation._keys[signer], TreeHead(**(said | changes)))


def found(node: Node) -> list[Finding]:
    return [record.finding for record in records(node, EntryKind.EVIDENCE, EvidenceRecord)]


def test_both_ends_have_the_same_tree_and_witness_each_others_heads() -> None:
    federation = shared()
    for sender, recipient in (("JPN", "USA"), ("JPN", "KOR")):
        name = StreamName(sender, recipient, federation._keys[sender].stream_to(recipient))
        trees = [federation.nodes[party].witness.trees.get(name) for party in (sender, recipient)]
        assert all(tree is not None and tree.size >= 8 for tree in trees)
        assert trees[0] is not None
        assert trees[1] is not None
        assert trees[0].log.root() == trees[1].log.root()
        for tree in trees:
            assert tree is not None
            assert tree.witnessed is not None
            assert tree.own is not None
            assert tree.witnessed.head.root == tree.log.root(tree.witnessed.head.size)
    for node in federation.nodes.values():
        assert records(node, EntryKind.WITNESS, WitnessRecord)
        assert found(node) == []


def test_a_leaf_is_that_of_the_whole_parcel_with_what_nobody_can_guess() -> None:
    """Two parcels that say the same have different leaves: who guesses what was said cannot try it out."""
    federation = shared(8, 2)
    content = next(federation.nodes["JPN"].ledger.entries(kinds={EntryKind.RELEASE})).content
    wire = federation_record(content).parcel
    parcel = decode(wire, Parcel, bytes_max=300_000)
    assert parcel.salt == b"", "it may go in the 300 bytes of a thin link"
    salted = encode(msgspec.structs.replace(parcel, salt=os.urandom(16)))
    marked = encode(msgspec.structs.replace(parcel, marking=parcel.marking[:-1] + b"x"))
    assert len({leaf_of("stream", 1, data) for data in (wire, salted, marked)}) == 3


def test_a_parcel_that_never_goes_thin_has_a_salt_of_its_own() -> None:
    node = federation_of("multilateral", 5).nodes["JPN"]
    track = cast("AnyItem", object())
    drawn = salts_of([track] * 100, os.urandom)
    assert {len(salt) for salt in drawn} == {16}
    assert len(set(drawn)) == 100
    assert salts_of([launch(node), track], os.urandom)[0] == b""


def federation_record(content: bytes | None) -> ReleaseRecord:
    return decode(content or b"", ReleaseRecord, bytes_max=300_000)


def test_a_node_that_comes_back_has_its_trees_heads_and_witnesses_again() -> None:
    federation = shared()
    for party, node in federation.nodes.items():
        again = federation._node(party)
        restore(again)
        for before in node.witness.trees:
            after = again.witness.trees.get(before.name)
            assert after is not None
            assert (after.size, after.log.root()) == (before.size, before.log.root())
            assert before.own is not None
            assert after.own is not None
            assert after.own.data == before.own.data
            assert (after.covered, after.uncovered) == (before.covered, before.uncovered)
            if before.witnessed is not None:
                assert after.witnessed is not None
                assert after.witnessed.data == before.witnessed.data


def test_a_removed_parcel_leaves_its_leaf() -> None:
    federation = shared(6, 4)
    node = federation.nodes["USA"]
    name = StreamName("JPN", "USA", federation._keys["JPN"].stream_to("USA"))
    tree = node.witness.trees.get(name)
    assert tree is not None
    root = tree.log.root()
    removed = next(node.ledger.entries(kinds={EntryKind.RECEIVED}))
    node.ledger.remove_content(removed.entry, "recalled")
    after = Heads(node.ledger).trees.get(name)
    assert after is not None
    assert after.log.root() == root


def test_nothing_of_other_streams_is_in_a_head() -> None:
    """A head says of one stream alone; the ledger is a commitment that nobody can try sizes against."""
    federation = shared()
    for record in records(federation.nodes["JPN"], EntryKind.HEAD, HeadRecord):
        head = read_tree_head(record.signed)
        assert {head.sender, head.recipient} == {record.sender, record.recipient}
        assert head.ledger not in {bytes(32), record.chained}
    commitments = [
        read_tree_head(record.signed).ledger
        for record in records(federation.nodes["JPN"], EntryKind.HEAD, HeadRecord)
    ]
    assert len(set(commitments)) == len(commitments)


def test_a_partner_that_shows_two_histories_of_one_size_is_caught_with_both_its_words() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    tell(federation, "JPN", "USA", head_of(federation, "JPN", "JPN", "USA"))
    assert found(node) == []
    tell(federation, "JPN", "USA", head_of(federation, "JPN", "JPN", "USA", root=bytes(32)))
    (evidence,) = records(node, EntryKind.EVIDENCE, EvidenceRecord)
    assert (evidence.finding, evidence.partner) == (Finding.FORKED, "JPN")
    trust = TrustStore([federation._keys["JPN"].pin])
    first, second = (open_tree_head(trust, signed) for signed in evidence.statements)
    assert (first.size, first.signer) == (second.size, second.signer)
    assert first.root != second.root
    assert any("two histories" in line for line in node.refusals)
    assert node.failure is None


@pytest.mark.parametrize(
    ("signer", "listener", "changes", "finding"),
    [
        ("JPN", "USA", {"size": 2}, Finding.ROLLED_BACK),
        ("JPN", "USA", {"size": 10_000, "root": bytes(32)}, Finding.MISSING),
        ("USA", "JPN", {"size": 10_000, "root": bytes(32)}, Finding.BEYOND),
        ("JPN", "USA", {"root": bytes(32), "size": 1, "at_ns": 1}, None),
    ],
    ids=["cut", "not come", "more than was released", "late"],
)
def test_a_head_of_another_size_is_evidence_once(
    signer: str, listener: str, changes: dict[str, Any], finding: Finding | None
) -> None:
    federation = shared()
    node = federation.nodes[listener]
    tell(federation, signer, listener, head_of(federation, signer, "JPN", "USA"))
    for _ in range(3):
        federation.clock.advance_to(federation.clock.now_ns() + 8 * SECOND_NS)
        told = {"at_ns": federation.clock.now_ns(), **changes}
        tell(federation, signer, listener, head_of(federation, signer, "JPN", "USA", **told))
    assert found(node) == ([] if finding is None else [finding])
    assert node.failure is None


def test_a_recipient_that_rewrote_its_copy_differs() -> None:
    federation = shared()
    node = federation.nodes["JPN"]
    tree = node.witness.trees.get(StreamName("JPN", "USA", federation._keys["JPN"].stream_to("USA")))
    assert tree is not None
    tree.witnessed = None
    tell(federation, "USA", "JPN", head_of(federation, "USA", "JPN", "USA", root=b"\x01" * 32))
    (evidence,) = records(node, EntryKind.EVIDENCE, EvidenceRecord)
    assert (evidence.finding, evidence.partner) == (Finding.DIFFERS, "USA")
    heads = [read_tree_head(signed) for signed in evidence.statements]
    assert {head.signer for head in heads} == {"USA", "JPN"}


def test_a_partner_that_denies_its_receipt_is_shown_it() -> None:
    federation = shared()
    node = federation.nodes["JPN"]
    tree = node.witness.trees.get(StreamName("JPN", "USA", federation._keys["JPN"].stream_to("USA")))
    assert tree is not None
    tree.witnessed = None
    federation.clock.advance_to(federation.clock.now_ns() + 120 * SECOND_NS)
    tell(federation, "USA", "JPN", head_of(federation, "USA", "JPN", "USA", size=1))
    (evidence,) = records(node, EntryKind.EVIDENCE, EvidenceRecord)
    assert evidence.finding is Finding.DENIED
    receipt = open_receipt(TrustStore([federation._keys["USA"].pin]), evidence.statements[0])
    assert (receipt.sender, receipt.cursor > 1) == ("USA", True)


def test_what_is_no_head_of_ours_is_refused_and_nothing_is_written() -> None:
    federation = shared(8, 2)
    node, keys = federation.nodes["USA"], federation._keys
    entries = node.ledger.head().entries
    true = head_of(federation, "JPN", "JPN", "USA")
    head = read_tree_head(true)

    def said(signer: str = "JPN", **changes: Any) -> bytes:
        return sign_tree_head(keys[signer], msgspec.structs.replace(head, **changes))

    bad = [
        said("KOR"),  # signed by another than it says
        head_of(federation, "KOR", "JPN", "KOR"),  # another's stream, told by JPN
        true[:-1],
        b"x",
        b"\xd2\x84" + bytes(60),
        said(schema_version=9),
        sign_message(keys["JPN"], Acknowledgement(sender="JPN", recipient="USA", stream="s", cursor=1)),
    ]
    trust = TrustStore([keys["USA"].pin])
    for signed in bad:
        word = seal_word(keys["JPN"], trust, "USA", "head", HeadWord(heads=(signed,)))
        with pytest.raises(PeerError):
            node.witness.heard("JPN", word)
    elsewhere = seal_word(keys["JPN"], trust, "USA", "repair", HeadWord(heads=(true,)))
    for content in (b"", b"x" * 2_000, elsewhere):
        with pytest.raises(PeerError):
            node.witness.heard("JPN", content)
    with pytest.raises(PeerError):  # sealed by JPN, brought by KOR
        node.witness.heard("KOR", seal_word(keys["JPN"], trust, "USA", "head", HeadWord(heads=(true,))))
    assert node.ledger.head().entries == entries


def test_a_flood_of_heads_is_refused() -> None:
    federation = shared(8, 2)
    node = federation.nodes["USA"]
    true = head_of(federation, "JPN", "JPN", "USA")
    trust = TrustStore([federation._keys["USA"].pin])
    word = seal_word(federation._keys["JPN"], trust, "USA", "head", HeadWord(heads=(true,)))
    node.witness.heard("JPN", word)
    with suppress(PeerError):
        for _ in range(30):
            node.witness.heard("JPN", word)
    with pytest.raises(PeerError, match="more than 30 times"):
        node.witness.heard("JPN", word)
    federation.clock.advance_to(federation.clock.now_ns() + 11 * SECOND_NS)
    node.witness.heard("JPN", word)


def test_a_head_by_a_stranger_to_the_stream_cannot_be_made() -> None:
    with pytest.raises(ItemError):
        TreeHead(
            signer="USA", sender="JPN", recipient="KOR", stream="s", size=1, root=bytes(32), at_ns=0,
            ledger=bytes(32),
        )  # fmt: skip


@given(st.binary(max_size=600), st.integers(0, 5_000))
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_come_as_a_head_are_refused_as_a_peers(noise: bytes, flip: int) -> None:
    keys = KEYS
    trust = TrustStore([keys.pin])
    true = sign_tree_head(keys, HEAD)
    changed = bytearray(true)
    changed[flip // 8 % len(changed)] ^= 1 << flip % 8
    for data in (noise, bytes(changed), true + noise, noise + true):
        if data == true:
            continue
        with pytest.raises(PeerError):
            open_tree_head(trust, data)


KEYS = NodeKeys.generate("JPN", os.urandom)
HEAD = TreeHead(
    signer="JPN", sender="JPN", recipient="USA", stream="s", size=3, root=bytes(32), at_ns=5, ledger=bytes(32)
)


# --- numbers that were left out ---


def test_the_leaf_of_a_number_that_was_left_out_is_asked_for_and_nothing_else() -> None:
    """USA has a record without its third parcel, as where it was not worth sending any more."""
    federation = shared()
    name = StreamName("JPN", "USA", federation._keys["JPN"].stream_to("USA"))
    whole = federation.nodes["USA"].witness.trees.get(name)
    assert whole is not None
    trees = Trees(federation.nodes["USA"].ledger)
    for stored in federation.nodes["USA"].ledger.entries(kinds={EntryKind.RECEIVED}):
        record = decode(stored.content or b"", ReceivedRecord, bytes_max=300_000)
        if (record.sender, record.sequence) != ("JPN", 3):
            trees.recorded(stored.entry, record)
    federation.nodes["USA"].witness.trees = trees
    short = trees.get(name)
    assert short is not None
    assert (short.size, short.missing) == (2, 3)
    for _ in range(15):
        federation._advance(federation.clock.now_ns() + SECOND_NS)
        for node in federation.nodes.values():
            node.tick()
    assert (short.size, short.log.root()) == (whole.size, whole.log.root())


def test_leaves_are_given_to_the_recipient_alone_and_taken_from_the_sender_alone() -> None:
    federation = shared(8, 2)
    keys = federation._keys
    name = StreamName("JPN", "USA", keys["JPN"].stream_to("USA"))._asdict()
    for listener, speaker, word in (
        ("JPN", "KOR", LeavesAsked(**name, first=1, count=1)),
        ("USA", "KOR", LeavesGiven(**name, first=1, leaves=(bytes(32),))),
        ("JPN", "USA", LeavesGiven(**name, first=1, leaves=(bytes(32),))),
        ("JPN", "USA", LeavesAsked(**name | {"stream": "other"}, first=1, count=1)),
    ):
        sealed = seal_word(keys[speaker], TrustStore([keys[listener].pin]), listener, "head", word)
        with pytest.raises(PeerError):
            federation.nodes[listener].witness.heard(speaker, sealed)


def test_a_false_leaf_shows_against_the_head_that_the_sender_signed() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    name = StreamName("JPN", "USA", federation._keys["JPN"].stream_to("USA"))
    true = head_of(federation, "JPN", "JPN", "USA")
    trees = Trees(node.ledger)
    for stored in node.ledger.entries(kinds={EntryKind.RECEIVED}):
        record = decode(stored.content or b"", ReceivedRecord, bytes_max=300_000)
        if (record.sender, record.sequence) != ("JPN", 3):
            trees.recorded(stored.entry, record)
    node.witness.trees = trees
    word = LeavesGiven(**name._asdict(), first=3, leaves=(b"\x07" * 32,))
    trust = TrustStore([federation._keys["USA"].pin])
    node.witness.heard("JPN", seal_word(federation._keys["JPN"], trust, "USA", "head", word))
    tell(federation, "JPN", "USA", true)
    assert found(node) == [Finding.DIFFERS]


# --- faults in our own arithmetic, each planted and found ---


def _no_salt(stream: str, sequence: int, parcel: bytes) -> bytes:
    """The fault: the leaf commits to what was said alone, without salt and marking."""
    return leaf_of(stream, sequence, decode(parcel, Parcel, bytes_max=300_000).release)


def _no_sequence(stream: str, _: int, parcel: bytes) -> bytes:
    """The fault: a leaf may stand at any place."""
    return leaf_of(stream, 1, parcel)


@pytest.mark.parametrize("fault", [_no_salt, _no_sequence])
def test_a_node_with_a_planted_fault_in_its_leaves_is_found_out_by_its_partners(
    fault: Callable[[str, int, bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    federation = federation_of("multilateral", 20, audit=OFTEN)
    jpn = federation.nodes["JPN"]
    recorded = Trees.recorded

    def faulty(self: Trees, entry: int, record: Any) -> Any:
        if self is not jpn.witness.trees:
            return recorded(self, entry, record)
        tree = self._tree(StreamName("JPN", record.recipient, record.stream))
        tree.put(record.sequence, fault(record.stream, record.sequence, record.parcel), entry)
        return tree

    monkeypatch.setattr(Trees, "recorded", faulty)
    play(federation, [(at(1 + n), "JPN", launch(jpn, f"seen{n}", at_s=1 + n)) for n in range(8)])
    assert Finding.DIFFERS in found(federation.nodes["USA"])


def test_a_node_that_takes_a_smaller_tree_would_be_found_out() -> None:
    """The fault that the rule against rolled-back heads is for: without it a cut record passes as late."""
    federation = shared()
    node = federation.nodes["USA"]
    tell(federation, "JPN", "USA", head_of(federation, "JPN", "JPN", "USA"))
    federation.clock.advance_to(federation.clock.now_ns() + SECOND_NS)
    smaller = head_of(federation, "JPN", "JPN", "USA", size=3, at_ns=federation.clock.now_ns())
    node.witness._contradicts_itself = lambda *_: None  # type: ignore[method-assign]
    tell(federation, "JPN", "USA", smaller)
    assert found(node) == []
    del node.witness._contradicts_itself
    tell(federation, "JPN", "USA", smaller)
    assert found(node) == [Finding.ROLLED_BACK]
