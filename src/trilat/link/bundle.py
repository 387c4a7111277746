"""`BundleWriter`, `check_bundle`, `bundle_members`: what would go over a link, in a file, to be carried.

    bundle  = "trilat-bundle/1", line feed, frame(head) frame(member) ... 00000000 frame(tail)
    frame   = length, 4 bytes, big-endian, at least 1 | that many bytes

A member is an envelope or a signed message, as it would go over a link. Head and tail are each a COSE_Sign1
by the sender; the tail has the number of members and SHA-256 of everything before the four zeros. Nothing is
compressed, named, nested or placed by offset, so there is nothing to unpack.

What is refused, each with one line, before any member is used:
 1. a file that does not begin so, or ends early, or goes on behind its tail
 2. a frame that is longer than any envelope may be
 3. a head that its sender did not sign, or of a sender that is not pinned
 4. a bundle for another party
 5. a tail that is not the sender's, or does not fit: a member was changed, left out, added or moved
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import BinaryIO, Final

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys
from trilat.link.trust import TrustStore
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    Count,
    EnvelopeError,
    InstantNs,
    Noun,
    PartyCode,
    UsageError,
    decode,
    encode,
)

MAGIC: Final = b"trilat-bundle/1\n"
HEAD_TYPE: Final = "application/vnd.trilat.bundle-head"
TAIL_TYPE: Final = "application/vnd.trilat.bundle-tail"
SPLIT_BYTES_MIN: Final = 2 * 1_048_576
"""No file is closed before it has this much, so that one member always fits."""

_LENGTH_BYTES: Final = 4
_END: Final = bytes(_LENGTH_BYTES)
_ENDING_BYTES: Final = 1_024
"""Room for the tail."""


class BundleHead(Noun, frozen=True, kw_only=True):
    """Whose bundle it is, for whom, and which numbers of the stream its parcels have; 0 and 0 for none."""

    sender: PartyCode
    recipient: PartyCode
    made_ns: InstantNs
    part: Count
    first_sequence: Count = 0


class BundleTail(Noun, frozen=True, kw_only=True):
    """What the file holds."""

    members: Count
    last_sequence: Count
    digest: bytes


class BundleWriter:
    """Writes one bundle after another, each at most so large."""

    def __init__(
        self,
        keys: NodeKeys,
        recipient: str,
        made_ns: int,
        opened: Callable[[int], BinaryIO],
        split_bytes: int | None = None,
    ) -> None:
        """A writer that has begun no file.

        Args:
            keys: the sender's.
            recipient: for whom.
            made_ns: the instant, UTC ns.
            opened: gives the file of a part, numbered from 1, to be written; closed here.
            split_bytes: of one file; None for no limit.

        Raises:
            UsageError: the limit is below `SPLIT_BYTES_MIN`.
        """
        if split_bytes is not None and split_bytes < SPLIT_BYTES_MIN:
            raise UsageError(f"a bundle is split at {SPLIT_BYTES_MIN} bytes or more: give a larger size")
        self._keys = keys
        self._recipient = recipient
        self._made_ns = made_ns
        self._opened = opened
        self._split_bytes = split_bytes
        self._file: BinaryIO | None = None
        self._digest = sha256()
        self._bytes = self._members = self._last = 0
        self.parts = 0

    def add(self, member: bytes, first: int = 0, last: int = 0) -> None:
        """Put in an envelope or a message; `first` and `last` are the numbers of its parcels."""
        needed = _LENGTH_BYTES + len(member) + _ENDING_BYTES
        if (
            self._file is not None
            and self._split_bytes is not None
            and self._bytes + needed > self._split_bytes
        ):
            self._close()
        if self._file is None:
            self._begin(first)
        self._write(len(member).to_bytes(_LENGTH_BYTES, "big") + member)
        self._members += 1
        self._last = max(self._last, last)

    def close(self) -> None:
        """End the last file; with no member at all, one that has none."""
        if self.parts == 0:
            self._begin(0)
        if self._file is not None:
            self._close()

    def _begin(self, first: int) -> None:
        self.parts += 1
        self._file = self._opened(self.parts)
        self._digest, self._bytes, self._members, self._last = sha256(), 0, 0, 0
        head = BundleHead(
            sender=self._keys.party,
            recipient=self._recipient,
            made_ns=self._made_ns,
            part=self.parts,
            first_sequence=first,
        )
        signed = sign1(self._keys.signing, HEAD_TYPE, encode(head))
        self._write(MAGIC + len(signed).to_bytes(_LENGTH_BYTES, "big") + signed)

    def _write(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def _close(self) -> None:
        tail = BundleTail(members=self._members, last_sequence=self._last, digest=self._digest.digest())
        signed = sign1(self._keys.signing, TAIL_TYPE, encode(tail))
        if self._file is not None:
            self._file.write(_END + len(signed).to_bytes(_LENGTH_BYTES, "big") + signed)
            self._file.close()
        self._file = None


def check_bundle(file: BinaryIO, party: str, trust: TrustStore) -> BundleHead:
    """The head of a bundle for `party` that is whole and its sender's; the file is read to its end.

    Raises:
        EnvelopeError: one of 1, 2, 4, 5 above, or it is not signed by its sender.
        TrustError: the sender is not pinned.
        WireError: head or tail cannot be decoded.
    """
    digest = sha256()
    head_bytes = _head(file, digest.update)
    head = decode(payload_of(head_bytes, HEAD_TYPE, "bundle"), BundleHead)
    trust.verify_live(head.sender, head_bytes, HEAD_TYPE, "bundle")  # 3
    if head.recipient != party:  # 4
        raise EnvelopeError(f"the bundle is for `{head.recipient}`: this is `{party}`, not read")
    members = sum(1 for _ in _frames(file, digest.update))
    tail_bytes = _frame(file)
    signed = trust.verify_live(head.sender, tail_bytes, TAIL_TYPE, "bundle's end")
    tail = decode(signed, BundleTail)
    if file.read(1):  # 1
        raise EnvelopeError("the bundle goes on behind its end: not read")
    if tail.members != members or tail.digest != digest.digest():  # 5
        raise EnvelopeError(f"the bundle is not what `{head.sender}` closed: a member was changed or moved")
    return head


def bundle_members(file: BinaryIO) -> Iterator[bytes]:
    """The members of a bundle that was checked, from the beginning of its file."""
    _head(file, lambda _: None)
    yield from _frames(file, lambda _: None)


def _head(file: BinaryIO, took: Callable[[bytes], None]) -> bytes:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:  # 1
        raise EnvelopeError("the file is no bundle of this form: not read")
    took(magic)
    head = _frame(file)
    took(len(head).to_bytes(_LENGTH_BYTES, "big") + head)
    return head


def _frames(file: BinaryIO, took: Callable[[bytes], None]) -> Iterator[bytes]:
    """The members up to the four zeros."""
    while True:
        length = _exactly(file, _LENGTH_BYTES)
        if length == _END:
            return
        member = _exactly(file, _sound(length))
        took(length + member)
        yield member


def _frame(file: BinaryIO) -> bytes:
    return _exactly(file, _sound(_exactly(file, _LENGTH_BYTES)))


def _sound(length: bytes) -> int:
    size = int.from_bytes(length, "big")
    if not 1 <= size <= ENVELOPE_BYTES_MAX:  # 2
        raise EnvelopeError(f"the bundle says {size} bytes where {ENVELOPE_BYTES_MAX} are the most: not read")
    return size


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:  # 1
        raise EnvelopeError("the bundle ends early: have it copied again")
    return data
