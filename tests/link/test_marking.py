"""Markings under one signature: each holds alone, none passes for another, and none tells of the others."""

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    NodeKeys,
    TrustStore,
    VerifiedRoots,
    sign_item,
    sign_label,
    sign_labels,
    verify_label,
)
from trilat.link.cose import sign1, verify1
from trilat.link.marking import MARKING_ROOT_TYPE, Climbed, MarkingRoot, MarkingTree, PathMarking, climb
from trilat.link.statement import MARKING_TYPE, Marking
from trilat.model import EnvelopeError, PeerError, TrustError, UsageError, WireError, decode, encode

if TYPE_CHECKING:
    from tests.link.conftest import World

GOLDEN: dict[str, str] = json.loads(
    (Path(__file__).parents[1] / "golden" / "markings.json").read_text(encoding="utf-8")
)
"""Keys, and markings by them of the first statement: one by itself, and one of a tree of two."""


def _items(world: "World", count: int) -> list[Any]:
    return [world.statement("KOR", number) for number in range(1, count + 1)]


def _marked(world: "World", count: int) -> list[tuple[Any, bytes]]:
    items = _items(world, count)
    return list(zip(items, sign_labels(world.keys["KOR"], items, world.source.randbytes), strict=True))


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 127, 128, 129, 300])
def test_each_marking_holds_for_its_own_item_alone(world: "World", count: int) -> None:
    marked = _marked(world, count)
    roots = VerifiedRoots()
    for place, (item, marking) in enumerate(marked):
        verify_label(world.trust, item, marking, roots)
        other = marked[place - 1][1]
        if other != marking:
            with pytest.raises(EnvelopeError, match="another item, version, subject or label"):
                verify_label(world.trust, item, other, roots)
    assert len(roots) == -(-count // 128)


def test_a_path_leads_to_the_signed_root_by_rfc_6962_hashing(world: "World") -> None:
    for item, marking in _marked(world, 20):
        salt, place, path, signed = msgspec.msgpack.decode(marking)
        marked = Marking(
            schema_version=1, item_id=item.item_id, version=1, subject=item.subject, label=item.label
        )
        digest = sha256(b"\x00trilat/marking/1\x00" + salt + encode(marked)).digest()
        for at in range(0, len(path), 32):
            beside = path[at : at + 32]
            left, right = (beside, digest) if place & 1 else (digest, beside)
            digest, place = sha256(b"\x01" + left + right).digest(), place >> 1
        payload = verify1(world.trust.signing_key("KOR"), signed, MARKING_ROOT_TYPE, "root", "KOR")
        assert decode(payload, MarkingRoot).root == digest
        assert decode(marking, PathMarking).path == path


def test_one_signature_serves_128_markings_and_one_verification_a_whole_batch(world: "World") -> None:
    marked = _marked(world, 128)
    assert len({decode(marking, PathMarking).signed for _, marking in marked}) == 1
    assert len({decode(marking, PathMarking).salt for _, marking in marked}) == 128


def test_what_was_marked_one_by_one_is_read_for_good(world: "World") -> None:
    item = world.statement()
    verify_label(world.trust, item, sign_label(world.keys["KOR"], item), VerifiedRoots())


def test_a_path_tells_no_more_of_the_others_than_a_class_of_their_number(world: "World") -> None:
    for counts, bytes_of_path in (((1, 2, 9, 16), 128), ((17, 60, 128), 224)):
        for count in counts:
            markings = [decode(marking, PathMarking) for _, marking in _marked(world, count)]
            assert {len(marking.path) for marking in markings} == {bytes_of_path}
            assert {len(marking.signed) for marking in markings} == {len(markings[0].signed)}
    # Where the first one stands is drawn at random, so that a place does not tell how many came before.
    firsts = {decode(_marked(world, 1)[0][1], PathMarking).place for _ in range(60)}
    assert len(firsts) > 8


def test_equal_items_have_unequal_leaves(world: "World") -> None:
    items = [world.statement()] * 16
    markings = sign_labels(world.keys["KOR"], items, world.source.randbytes)
    lowest = {decode(marking, PathMarking).path[:32] for marking in markings}
    assert len(lowest) == 16


def test_no_byte_of_a_marking_can_change_and_none_can_be_missing(world: "World") -> None:
    ((item, marking), *_) = _marked(world, 3)
    roots = VerifiedRoots()
    verify_label(world.trust, item, marking, roots)
    for position in range(len(marking)):
        changed = bytearray(marking)
        changed[position] ^= 1 << (position % 8)
        for cache in (roots, None):
            with pytest.raises(PeerError):
                verify_label(world.trust, item, bytes(changed), cache)
        with pytest.raises(PeerError):
            verify_label(world.trust, item, marking[:position])
    with pytest.raises(PeerError):
        verify_label(world.trust, item, marking + b"\0")


@given(st.binary(max_size=700))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_as_a_peers(world: "World", data: bytes) -> None:
    with pytest.raises(PeerError):
        verify_label(world.trust, world.statement(), data)


@given(st.integers(0, 2**17), st.integers(0, 18 * 32), st.binary(min_size=16, max_size=16))
@settings(max_examples=200, deadline=None)
def test_any_path_is_refused_as_a_peers(world: "World", place: int, length: int, salt: bytes) -> None:
    signed = decode(_marked(world, 1)[0][1], PathMarking).signed
    data = msgspec.msgpack.encode((salt, place, bytes(length), signed))
    with pytest.raises(PeerError):
        verify_label(world.trust, world.statement(), data)


def test_a_node_of_the_tree_does_not_pass_for_a_leaf(world: "World") -> None:
    # Second preimages: the parent of two leaves, offered as a leaf with the rest of their path.
    (item, marking), *_ = _marked(world, 2)
    found = decode(marking, PathMarking)
    short = msgspec.structs.replace(found, place=found.place >> 1, path=found.path[32:])
    with pytest.raises(EnvelopeError, match="another item"):
        verify_label(world.trust, item, encode(short))


def test_a_root_is_believed_of_its_originator_alone(world: "World") -> None:
    item = world.statement("KOR")
    root = MarkingRoot(schema_version=1, root=bytes(32))
    signed_item = sign_item(world.keys["KOR"], item)
    for signed, words in (
        (sign1(world.keys["USA"].signing, MARKING_ROOT_TYPE, encode(root)), "not by `KOR`"),
        (sign1(world.keys["KOR"].signing, MARKING_TYPE, encode(root)), "another use"),
        (signed_item, "another use"),
        (sign1(world.keys["KOR"].signing, MARKING_ROOT_TYPE, b"\x90"), "cannot be decoded"),
        (sign1(world.keys["KOR"].signing, MARKING_ROOT_TYPE, b"\x92\x02\xc4\x20" + bytes(32)), "schema 2"),
        (sign1(world.keys["KOR"].signing, MARKING_ROOT_TYPE, encode(root)), "another item"),
    ):
        marking = msgspec.msgpack.encode((bytes(16), 0, bytes(128), signed))
        with pytest.raises(PeerError, match=words):
            verify_label(world.trust, item, marking)


def test_a_root_that_was_verified_is_not_believed_of_another_party_nor_without_a_pin(world: "World") -> None:
    roots = VerifiedRoots()
    ((item, marking),) = _marked(world, 1)
    verify_label(world.trust, item, marking, roots)
    claimed = world.statement("USA")
    with pytest.raises(EnvelopeError, match="not by `USA`"):
        verify_label(world.trust, claimed, marking, roots)
    with pytest.raises(TrustError):
        verify_label(TrustStore(), item, marking, roots)


def test_remembered_roots_are_bounded(world: "World") -> None:
    roots = VerifiedRoots(3)
    marked = [_marked(world, 1)[0] for _ in range(8)]
    for item, marking in (*marked, *marked):
        verify_label(world.trust, item, marking, roots)
        assert len(roots) <= 3


def test_nobody_marks_for_another(world: "World") -> None:
    items = [world.statement("KOR", 1), world.statement("USA", 2)]
    with pytest.raises(UsageError, match="its originator is `USA`"):
        sign_labels(world.keys["KOR"], items, world.source.randbytes)


def test_a_marking_that_is_too_long_is_refused_before_it_is_climbed(world: "World") -> None:
    with pytest.raises(WireError):
        verify_label(
            world.trust, world.statement(), msgspec.msgpack.encode((bytes(16), 0, bytes(544), b"\xd2"))
        )


@pytest.mark.parametrize("kind", ["single", "path"])
def test_markings_that_ledgers_and_partners_hold_are_read_for_good(world: "World", kind: str) -> None:
    keys = NodeKeys.from_private_bytes("KOR", bytes.fromhex(GOLDEN["private"]))
    marking = bytes.fromhex(GOLDEN[kind])
    verify_label(TrustStore([keys.pin]), world.statement("KOR", 1), marking)
    with pytest.raises(EnvelopeError):
        verify_label(TrustStore([keys.pin]), world.statement("KOR", 2), marking)
    with pytest.raises(EnvelopeError):
        verify_label(world.trust, world.statement("KOR", 1), marking)


def test_a_way_that_another_leaf_went_leads_to_the_same_root_and_a_changed_one_does_not() -> None:
    leaves = [bytes([number]) * 32 for number in range(16)]
    tree = MarkingTree(leaves, start=3, depth=4, filler_seed=b"seed")
    climbed: Climbed = {}
    for offset, leaf in enumerate(leaves):
        place, path = tree.way(offset)
        assert climb(leaf, place, path, climbed) == climb(leaf, place, path) == tree.root
        for changed in (path[:-1] + bytes([path[-1] ^ 1]), bytes([path[0] ^ 1]) + path[1:]):
            assert climb(leaf, place, changed, climbed) == climb(leaf, place, changed) != tree.root
        assert climb(leaves[offset - 1], place, path, climbed) != tree.root
