"""What is done for a whole batch at once is what is done for each of its objects alone."""

import cbor2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.link.conftest import World

from trilat.link import (
    PARCEL_BYTES_MAX,
    Parcel,
    open_envelope,
    parcel_bytes,
    parcel_leaf,
    sign_label,
    sign_labels,
)
from trilat.link.cose import OBJECT_ALGORITHMS, ObjectCipher
from trilat.link.epochs import Epoch
from trilat.link.reading import read_parcel
from trilat.model import EnvelopeError, ItemError, WireError, decode, encode

SECRET = bytes(range(32))
BOUND = b"to this batch"
PLAINTEXTS = [b"", b"x", bytes(230), bytes(range(256)) * 3, bytes(70_000)]
IVS = [bytes([number]) * 12 for number in range(5)]


@pytest.mark.parametrize("algorithm", OBJECT_ALGORITHMS)
def test_objects_in_a_row_are_closed_and_opened_as_each_alone(algorithm: str) -> None:
    cipher = ObjectCipher(algorithm, SECRET, b"epoch-identifier")
    closed = cipher.close_row(IVS, PLAINTEXTS, BOUND, 7)
    alone = [
        cipher.close(iv, plaintext, BOUND + number.to_bytes(8, "big"))
        for number, (iv, plaintext) in enumerate(zip(IVS, PLAINTEXTS, strict=True), 7)
    ]
    assert closed == alone
    assert cipher.open_row(closed, BOUND, 7) == PLAINTEXTS
    assert cipher.open_row(closed[2:], BOUND, 9) == PLAINTEXTS[2:]


@settings(max_examples=300, deadline=None, database=None)
@given(st.integers(0, 4), st.data())
def test_a_row_with_one_changed_object_is_refused_in_the_words_of_one(at: int, data: st.DataObject) -> None:
    cipher = ObjectCipher("A256GCM", SECRET, b"epoch-identifier")
    closed = cipher.close_row(IVS, PLAINTEXTS, BOUND, 7)
    changed = bytearray(closed[at])
    changed[data.draw(st.integers(0, min(len(changed), 400) - 1))] ^= data.draw(st.integers(1, 255))
    bad = data.draw(st.sampled_from([bytes(changed), closed[at][:-1], closed[at] + b"\0", b""]))
    with pytest.raises(EnvelopeError) as alone:
        cipher.open(bad, BOUND + (7 + at).to_bytes(8, "big"))
    with pytest.raises(EnvelopeError) as together:
        cipher.open_row([*closed[:at], bad, *closed[at + 1 :]], BOUND, 7)
    assert str(together.value) == str(alone.value)


@pytest.mark.parametrize(("first", "bound"), [(6, BOUND), (8, BOUND), (7, b"to another one")])
def test_a_row_bound_to_other_numbers_or_another_batch_does_not_open(first: int, bound: bytes) -> None:
    cipher = ObjectCipher("A256GCM", SECRET, b"epoch-identifier")
    closed = cipher.close_row(IVS, PLAINTEXTS, BOUND, 7)
    with pytest.raises(EnvelopeError, match="does not open"):
        cipher.open_row(closed, bound, first)
    with pytest.raises(EnvelopeError, match="does not open"):
        cipher.open_row([closed[1], closed[0]], BOUND, 7)


def test_salts_and_ivs_of_a_row_are_those_of_each_number() -> None:
    epoch = Epoch(identifier=bytes(16), object_algorithm="A256GCM", group="g", secret=SECRET)
    assert epoch.salts_row("s", 5, 4) == [epoch.salts("s", number) for number in range(5, 9)]
    assert epoch.iv_row(5, 4) == [epoch.iv(number) for number in range(5, 9)]
    assert len(set(epoch.salts_row("s", 1, 99)) | set(epoch.salts_row("t", 1, 99))) == 198


BYTES = st.binary(min_size=0, max_size=300)


@settings(max_examples=300, deadline=None, database=None)
@given(BYTES, BYTES, st.lists(BYTES, max_size=2), st.binary(max_size=40))
def test_parcels_are_written_as_nouns_or_refused_as_they(
    release: bytes, marking: bytes, consents: list[bytes], salt: bytes
) -> None:
    try:
        noun = Parcel(release=release, marking=marking, consents=tuple(consents), salt=salt)
    except ItemError as error:
        with pytest.raises(ItemError, match=str(error)[:20]):
            parcel_bytes(release, marking, tuple(consents), salt)
        return
    assert parcel_bytes(release, marking, tuple(consents), salt) == encode(noun)
    assert read_parcel(encode(noun)) == noun


def _read(wire: bytes) -> Parcel | str:
    try:
        return read_parcel(wire)
    except WireError as error:
        return str(error)


def _decoded(wire: bytes) -> Parcel | str:
    try:
        return decode(wire, Parcel, PARCEL_BYTES_MAX)
    except WireError as error:
        return str(error)


@settings(max_examples=500, deadline=None, database=None)
@given(st.integers(0, 60), st.integers(0, 255), st.integers(0, 3))
def test_changed_parcels_are_taken_or_refused_as_by_decode(place: int, byte: int, cut: int) -> None:
    wire = bytearray(encode(Parcel(release=b"r" * 20, marking=b"m" * 20, salt=bytes(16))))
    wire[place % len(wire)] = byte
    changed = bytes(wire[: len(wire) - cut])
    assert _read(changed) == _decoded(changed)


@pytest.mark.parametrize("size", [PARCEL_BYTES_MAX - 300, PARCEL_BYTES_MAX - 256, PARCEL_BYTES_MAX])
def test_a_parcel_near_the_limit_is_taken_or_refused_as_by_decode(size: int) -> None:
    wire = msgspec.msgpack.encode((b"r" * 60_000, b"m" * (size - 60_000), (), b""))
    assert _read(wire) == _decoded(wire)


def test_a_parcel_of_before_salts_is_read() -> None:
    wire = msgspec.msgpack.encode((b"r", b"m", ()))
    assert read_parcel(wire) == decode(wire, Parcel, PARCEL_BYTES_MAX) == Parcel(release=b"r", marking=b"m")


@given(st.text(max_size=40), st.integers(0, 2**53), st.sampled_from([bytes(32), SECRET, b"short"]))
def test_a_leaf_is_the_encoding_of_its_list(stream: str, sequence: int, digest: bytes) -> None:
    assert parcel_leaf(stream, sequence, digest) == cbor2.dumps([b"trilat/leaf/1", stream, sequence, digest])


def test_markings_of_one_tree_and_single_ones_open_together_and_one_wrong_refuses_the_batch(
    world: World,
) -> None:
    items = [world.statement("KOR", number) for number in range(1, 8)]
    keys = world.keys["KOR"]
    markings = [
        *sign_labels(keys, items[:5], world.source.randbytes),
        *(sign_label(keys, item) for item in items[5:]),
    ]
    parcels = [
        Parcel(release=encode(world.release(item)), marking=marking)
        for item, marking in zip(items, markings, strict=True)
    ]
    opened = open_envelope(world.sealer().seal(1, parcels), world.keys["USA"], world.trust)
    assert [one.sequence for one in opened.parcels] == list(range(1, 8))
    assert [one.parcel for one in opened.parcels] == parcels
    assert [one.release.item for one in opened.parcels] == items
    for wrong in (markings[3], markings[6]):
        mixed = [*parcels[:2], msgspec.structs.replace(parcels[2], marking=wrong), *parcels[3:]]
        with pytest.raises(EnvelopeError, match=r"KOR:item-3` is for another"):
            open_envelope(world.sealer().seal(1, mixed), world.keys["USA"], world.trust)
