"""Sizes in classes: what is sealed is padded, so that its size tells a relay little about its kind.

Classes are 256 bytes and, above, four steps to each doubling: 320, 384, 448, 512, 640 ... A plaintext grows
by its length field of 4 bytes and by at most a quarter (measured over plays: docs/envelope.md).
"""

from typing import Final

from trilat.model import EnvelopeError

LEAST_BYTES: Final = 256
_LENGTH_BYTES: Final = 4
_STEPS_BITS: Final = 2
"""Four classes to each doubling."""


def size_class(size: int) -> int:
    """The least size of a class that holds so many bytes."""
    if size <= LEAST_BYTES:
        return LEAST_BYTES
    step = 1 << ((size - 1).bit_length() - 1 - _STEPS_BITS)
    return (size + step - 1) // step * step


def padded(data: bytes, least: int = LEAST_BYTES) -> bytes:
    """The data behind its length, filled with zeros to the size of a class that is at least `least`."""
    size = len(data) + _LENGTH_BYTES
    return b"".join((
        len(data).to_bytes(_LENGTH_BYTES, "big"), data, bytes(size_class(max(size, least)) - size)
    ))  # fmt: skip


def unpadded(data: bytes, least: int = LEAST_BYTES) -> bytes:
    """What `padded` was given; EnvelopeError for bytes that it would not have made."""
    end = int.from_bytes(data[:_LENGTH_BYTES], "big") + _LENGTH_BYTES
    if len(data) < LEAST_BYTES or end > len(data) or len(data) != size_class(max(end, least)):
        raise EnvelopeError("what was sealed is not padded to its class: not accepted")
    if data[end:] != bytes(len(data) - end):
        raise EnvelopeError("what was sealed is padded with something: not accepted")
    return data[_LENGTH_BYTES:end]
