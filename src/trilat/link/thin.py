"""Thin envelopes: one release in at most 300 bytes, whole, for a link of a few bits.

    C1 | token (8) | IV (4) | ciphertext and tag (16)
    plaintext: number (5) | signature of the batch (64) | signature of the marking (64)
               | length of the body (1) | body | zeros up to a class of sizes

Rules
1. It is an envelope with one object, and is checked as one, in the same order: the recipient puts batch,
   marking and parcel together again, to the byte, and verifies the same COSE_Sign1 over them. What stands in
   the batch and not here (parties, group, stream, epoch, algorithms, digests) follows from the token, the
   epoch and the release, and is signed all the same.
2. Its epoch's key is held already. Whoever lacks it cannot tell who sent; the sender, who gets no receipt,
   sends an ordinary envelope then.
3. The body is the release's wire form under DEFLATE (RFC 1951) with a dictionary: what every version knows
   (`trilat.link.thin_words`), and templates that came with the epoch's key.
4. A release whose marking has no signature of its own, that carries consents, or that does not fit, goes in
   an ordinary envelope: nothing is left out to make it fit.
5. Sizes are in four classes, so that the length tells little of the content.
"""

import zlib
from dataclasses import dataclass
from typing import Final

from trilat.link.cose import SIGNATURE_BYTES
from trilat.link.thin_words import DICTIONARY_1
from trilat.model import EnvelopeError, WireError

THIN_BYTES_MAX: Final = 300
THIN_START: Final = b"\xc1"
"""A byte that begins no msgpack and no COSE object of this project."""

TOKEN_BYTES: Final = 8
COUNTER_BYTES: Final = 4
HEAD_BYTES: Final = len(THIN_START) + TOKEN_BYTES + COUNTER_BYTES
SEQUENCE_BYTES: Final = 5
TAG_BYTES: Final = 16
SIZES: Final = (204, 236, 268, THIN_BYTES_MAX)
RELEASE_BYTES_MAX: Final = 4_096
"""A release in a thin envelope, bytes; more is not unpacked."""

_FIXED_BYTES: Final = SEQUENCE_BYTES + 2 * SIGNATURE_BYTES + 1
_WINDOW_BITS: Final = -15
"""DEFLATE without a header of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThinContent:
    """What a thin envelope holds under its seal."""

    sequence: int
    batch_signature: bytes
    marking_signature: bytes
    body: bytes


def thin_bound(head: bytes) -> bytes:
    """What a thin envelope is bound to: its own head, of one length."""
    return b"trilat/thin/1\0" + head


def is_thin(data: bytes) -> bool:
    """Whether these bytes begin as a thin envelope does."""
    return data.startswith(THIN_START)


def shrunk(release: bytes, templates: bytes) -> bytes:
    """The body that stands for a release's wire form."""
    known = DICTIONARY_1 + templates
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW_BITS, 9, zlib.Z_DEFAULT_STRATEGY, known)
    return packer.compress(release) + packer.flush()


def unshrunk(body: bytes, templates: bytes) -> bytes:
    """The wire form that a body stands for; WireError where it stands for none, or for too much."""
    unpacker = zlib.decompressobj(_WINDOW_BITS, DICTIONARY_1 + templates)
    try:
        release = unpacker.decompress(body, RELEASE_BYTES_MAX)
    except zlib.error as error:
        raise WireError(f"the body of a thin envelope cannot be unpacked: {error}") from error
    if not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise WireError("the body of a thin envelope does not end where it should: not read")
    return release


def packed(content: ThinContent) -> bytes | None:
    """The plaintext of a thin envelope, padded to its class; None where it does not fit."""
    whole = HEAD_BYTES + _FIXED_BYTES + len(content.body) + TAG_BYTES
    size = next((size for size in SIZES if size >= whole), None)
    if size is None or content.sequence >> (8 * SEQUENCE_BYTES):
        return None
    return b"".join((
        content.sequence.to_bytes(SEQUENCE_BYTES, "big"),
        content.batch_signature,
        content.marking_signature,
        bytes([len(content.body)]),
        content.body,
        bytes(size - whole),
    ))  # fmt: skip


def unpacked(plaintext: bytes) -> ThinContent:
    """What a plaintext holds; EnvelopeError for bytes that `packed` would not have made."""
    batch_end = SEQUENCE_BYTES + SIGNATURE_BYTES
    marking_end = batch_end + SIGNATURE_BYTES
    length = plaintext[marking_end] if len(plaintext) >= _FIXED_BYTES else 0
    content = ThinContent(
        sequence=int.from_bytes(plaintext[:SEQUENCE_BYTES], "big"),
        batch_signature=plaintext[SEQUENCE_BYTES:batch_end],
        marking_signature=plaintext[batch_end:marking_end],
        body=plaintext[_FIXED_BYTES : _FIXED_BYTES + length],
    )
    if len(content.body) != length or packed(content) != plaintext:
        raise EnvelopeError("what a thin envelope holds is not of its form: not accepted")
    return content
