"""The reader of items gives and refuses what `decode_item` gives and refuses, whatever it read before."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import example
from tests.strategies import items

from trilat.model import (
    AnyItem,
    ItemError,
    ItemReader,
    Provenance,
    Track,
    WireError,
    decode_item,
    encode,
)

TRACK: Track = example("track")


def read(reader: ItemReader, wire: bytes) -> AnyItem | str:
    try:
        found = reader.read(wire)
    except WireError as error:
        return str(error)
    assert bytes(found.written_label) == encode(found.item.label)
    assert found.label in wire
    return found.item


def decoded(wire: bytes) -> AnyItem | str:
    try:
        return decode_item(wire)
    except WireError as error:
        return str(error)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(items(), min_size=1, max_size=6))
def test_items_of_all_kinds_read_one_after_another_are_those_of_decode_item(found: list[AnyItem]) -> None:
    reader = ItemReader()
    for item in (*found, *found):
        again = read(reader, encode(item))
        assert again == decoded(encode(item)) == item
        assert type(again) is type(item)


@settings(max_examples=400, deadline=None, database=None)
@given(st.integers(0, len(encode(TRACK)) - 1), st.integers(1, 255))
def test_a_changed_byte_is_taken_or_refused_as_by_decode_item(place: int, change: int) -> None:
    reader = ItemReader()
    assert read(reader, encode(TRACK)) == TRACK
    changed = bytearray(encode(TRACK))
    changed[place] ^= change
    assert read(reader, bytes(changed)) == decoded(bytes(changed))


def test_what_fields_say_together_is_refused_also_where_all_of_them_were_read_before() -> None:
    reader = ItemReader()
    foreign = msgspec.structs.replace(
        TRACK,
        label=msgspec.structs.replace(TRACK.label, originator="KOR"),
        provenance=Provenance(originators=("KOR",)),
    )
    own, other = encode(TRACK), encode(foreign)
    reader.read(own)
    reader.read(other)
    mixed = own.replace(encode(TRACK.label), encode(foreign.label))
    assert mixed not in {own, other}
    with pytest.raises(WireError, match="another originator"):
        reader.read(mixed)


def test_a_label_of_an_older_age_is_read_as_by_decode_item_and_written_anew() -> None:
    label = msgspec.structs.replace(TRACK.label, portions=())
    track = msgspec.structs.replace(TRACK, label=label)
    whole = encode(label)
    older = msgspec.msgpack.encode(msgspec.msgpack.decode(whole)[:-1])
    wire = encode(track).replace(whole, older)
    assert wire != encode(track)
    reader = ItemReader()
    for data in (wire, encode(track), wire):
        found = reader.read(data)
        assert found.item == decode_item(data) == track
        assert bytes(found.written_label) == whole
    assert reader.read(wire).label == older


def test_labels_and_provenances_with_the_same_bytes_are_one_value() -> None:
    reader = ItemReader()
    first, second = (
        reader.read(encode(msgspec.structs.replace(TRACK, version=version))).item for version in (1, 2)
    )
    assert first.label is second.label
    assert first.provenance is second.provenance
    with pytest.raises(ItemError):
        msgspec.structs.replace(first, version=0)
