"""The reader of releases gives and refuses what `decode` gives and refuses, whatever it read before."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import example
from tests.strategies import items

from trilat.link.parcel import release_parts
from trilat.link.reading import ReleaseReader
from trilat.model import AnyItem, Release, WireError, decode, encode

RELEASE: Release = example("release")


def read(reader: ReleaseReader, wire: bytes) -> Release | str:
    try:
        found = reader.read(wire)
    except WireError as error:
        return str(error)
    parts = release_parts(wire)
    assert (found.label, found.clauses) == (parts.label, parts.clauses)
    assert bytes(found.written_label) == encode(found.release.item.label)
    return found.release


def decoded(wire: bytes) -> Release | str:
    try:
        return decode(wire, Release)
    except WireError as error:
        return str(error)


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(items(), min_size=1, max_size=5), st.data())
def test_releases_of_all_kinds_read_one_after_another_are_those_of_decode(
    found: list[AnyItem], data: st.DataObject
) -> None:
    reader = ReleaseReader()
    for item in found:
        changes = {"item": item, "decided_ns": data.draw(st.sampled_from([1, 2])), "purpose": "x"}
        release = msgspec.structs.replace(RELEASE, **changes)
        wire = encode(release)
        assert read(reader, wire) == release
        assert encode(reader.read(wire).release) == wire


@settings(max_examples=400, deadline=None, database=None)
@given(st.integers(0, len(encode(RELEASE)) - 1), st.integers(1, 255))
def test_a_changed_byte_is_taken_or_refused_as_by_decode(place: int, change: int) -> None:
    reader = ReleaseReader()
    wire = encode(RELEASE)
    assert read(reader, wire) == RELEASE
    changed = bytearray(wire)
    changed[place] ^= change
    assert read(reader, bytes(changed)) == decoded(bytes(changed))


@pytest.mark.parametrize("end", [b"", b"\x00", b"\xc0"])
@pytest.mark.parametrize("start", [0, 1])
def test_bytes_cut_off_or_added_are_refused_as_by_decode(start: int, end: bytes) -> None:
    reader = ReleaseReader()
    wire = encode(RELEASE)
    reader.read(wire)
    for stop in (0, 1, 20, len(wire) - 1, len(wire)):
        given_bytes = wire[start:stop] + end
        assert read(reader, given_bytes) == decoded(given_bytes)


def test_an_item_that_is_not_canonical_is_refused_behind_an_end_that_is_known() -> None:
    reader = ReleaseReader()
    wire = encode(RELEASE)
    reader.read(wire)
    name = RELEASE.item.item_id.encode()
    at = wire.index(name)
    assert wire[at - 1] == 0xA0 + len(name)
    longer = wire[: at - 1] + b"\xd9" + bytes([len(name)]) + wire[at:]
    assert isinstance(decoded(longer), str)
    assert read(reader, longer) == decoded(longer)


def test_labels_with_the_same_bytes_are_one_value() -> None:
    reader = ReleaseReader()
    wires = [
        encode(msgspec.structs.replace(RELEASE, item=msgspec.structs.replace(RELEASE.item, version=version)))
        for version in (1, 2)
    ]
    first, second = (reader.read(wire).release for wire in wires)
    assert first.item.label is second.item.label
