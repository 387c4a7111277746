"""`ReleaseReader` and `read_parcel`: read what a batch holds, of which much is the same.

What they give, and what they refuse, is what `decode` gives and refuses. The bytes behind a release's item
are looked up among those that `decode` has read as part of a whole release; then the item alone is decoded,
as strictly, with its label and provenance looked up in the same way (`ItemReader`).
"""

from typing import Annotated, Final

import msgspec

from trilat.link.parcel import PARCEL_BYTES_MAX, Parcel, release_parts
from trilat.model import (
    WIRE_BYTES_MAX,
    ItemReader,
    ReadItem,
    Release,
    WireError,
    checked_copy,
    decode,
    encode,
)

_REMEMBERED_MAX: Final = 1_024
_ARRAY: Final = 0x90
"""Begins an array of up to 15 entries; a release has fewer."""

_SURELY_FITS: Final = PARCEL_BYTES_MAX - 256
"""A parcel of so many bytes in all cannot be refused for its size."""

_Bytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=_SURELY_FITS)]


class _First(msgspec.Struct, array_like=True, frozen=True, gc=False):
    item: msgspec.Raw


class _ParcelShape(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """A parcel that rests on no consent, as nearly every one."""

    release: Annotated[bytes, msgspec.Meta(min_length=1, max_length=WIRE_BYTES_MAX)]
    marking: _Bytes
    consents: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=0)]
    salt: Annotated[bytes, msgspec.Meta(max_length=32)]


_FIRST: Final = msgspec.msgpack.Decoder(_First)
_PARCELS: Final = msgspec.msgpack.Decoder(_ParcelShape)
_encode: Final = msgspec.msgpack.Encoder().encode
_PARCEL: Final = Parcel(release=b"x", marking=b"x")


def read_parcel(wire: bytes) -> Parcel:
    """The parcel in `wire`; errors as of `decode`."""
    if len(wire) <= _SURELY_FITS:
        try:
            found = _PARCELS.decode(wire)
        except msgspec.DecodeError:
            return decode(wire, Parcel, PARCEL_BYTES_MAX)
        if _encode(found) == wire:
            return checked_copy(_PARCEL, release=found.release, marking=found.marking, salt=found.salt)
    return decode(wire, Parcel, PARCEL_BYTES_MAX)


class ReadRelease(msgspec.Struct, frozen=True, gc=False):
    """A release, with the parts of it that a batch promises, as they stand in its bytes."""

    release: Release
    label: bytes
    clauses: bytes
    written_label: msgspec.Raw
    """The label as this schema writes it."""


class _End(msgspec.Struct, frozen=True, gc=False):
    """What follows an item: a release with it, whichever its item, and the clauses in it."""

    release: Release
    clauses: bytes


class ReleaseReader:
    """Reads releases; what it remembers is bounded."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._ends: dict[tuple[int, bytes], _End] = {}
        """By a release's first byte and all that follows the item."""

        self._items = ItemReader()

    def read(self, wire: bytes) -> ReadRelease:
        """The release in `wire`.

        Raises:
            WireError: as `decode`.
        """
        known = self._known(wire)
        if known is not None:
            end, read = known
            release = checked_copy(end.release, item=read.item)
            return ReadRelease(release, read.label, end.clauses, read.written_label)
        release = decode(wire, Release)
        parts = release_parts(wire)
        written_label = msgspec.Raw(encode(release.item.label))
        return ReadRelease(release, parts.label, parts.clauses, written_label)

    def _known(self, wire: bytes) -> tuple[_End, ReadItem] | None:
        """The release, where only its item must be decoded; None where the whole must."""
        if len(wire) > WIRE_BYTES_MAX or not wire or wire[0] & 0xF0 != _ARRAY:
            return None
        try:
            item = bytes(_FIRST.decode(wire).item)
            key = (wire[0], wire[1 + len(item) :])
            end = self._ends.get(key)
            if end is None:
                end = _End(decode(wire, Release), release_parts(wire).clauses)
                if len(self._ends) >= _REMEMBERED_MAX:
                    self._ends.clear()
                self._ends[key] = end
            return end, self._items.read(item)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError):
            # `decode` says what is wrong with it.
            return None
