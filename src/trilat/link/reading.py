"""`ReleaseReader`: reads the releases of a batch, of which all but the item is mostly the same.

What it gives, and what it refuses, is what `decode` gives and refuses. The bytes behind the item are looked
up among those that `decode` has read as part of a whole release; then the item alone is decoded, as strictly.
A label that was read before, by its very bytes, is that same value.
"""

from typing import Final

import msgspec

from trilat.model import WIRE_BYTES_MAX, Label, Release, WireError, checked_copy, decode, decode_item

_REMEMBERED_MAX: Final = 1_024
_ARRAY: Final = 0x90
"""Begins an array of up to 15 entries; a release has fewer."""


class _First(msgspec.Struct, array_like=True, frozen=True, gc=False):
    item: msgspec.Raw


_FIRST: Final = msgspec.msgpack.Decoder(_First)


class ReleaseReader:
    """Reads releases; what it remembers is bounded."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._ends: dict[tuple[int, bytes], Release] = {}
        """A release with each end, by its first byte and all that follows the item."""

        self._labels: dict[bytes, Label] = {}

    def read(self, wire: bytes, label: bytes) -> Release:
        """The release in `wire`, whose item's label has the wire form `label`.

        Raises:
            WireError: as `decode`.
        """
        known = self._known(wire)
        release = decode(wire, Release) if known is None else known
        if len(self._labels) >= _REMEMBERED_MAX:
            self._labels.clear()
        kept = self._labels.setdefault(label, release.item.label)
        if kept is release.item.label:
            return release
        return checked_copy(release, item=checked_copy(release.item, label=kept))

    def _known(self, wire: bytes) -> Release | None:
        """The release, where only its item must be decoded; None where the whole must."""
        if len(wire) > WIRE_BYTES_MAX or not wire or wire[0] & 0xF0 != _ARRAY:
            return None
        try:
            item = _FIRST.decode(wire).item
            end = (wire[0], wire[1 + len(item) :])
            known = self._ends.get(end)
            if known is None:
                if len(self._ends) >= _REMEMBERED_MAX:
                    self._ends.clear()
                known = self._ends[end] = decode(wire, Release)
                return known
            return checked_copy(known, item=decode_item(bytes(item)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError):
            # `decode` says what is wrong with it.
            return None
