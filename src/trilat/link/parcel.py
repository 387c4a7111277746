"""`Parcel`, `Batch` and their binding: what stands inside an envelope, and what its signature covers."""

from hashlib import sha256
from typing import Annotated, ClassVar, Final

import cbor2
import msgspec

from trilat.link.keys import WRAP_ALGORITHM
from trilat.model import (
    SCHEMA_VERSION,
    WIRE_BYTES_MAX,
    Count,
    Identifier,
    ItemError,
    Noun,
    PartyCode,
    Release,
    encode,
)

PARCEL_BYTES_MAX: Final = 130_000
"""One parcel, bytes: with its seal it still fits one object of an envelope."""

BATCH_PARCELS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 262_144
"""The signed batch, bytes."""

BATCH_TYPE: Final = "application/vnd.trilat.batch"
EPOCH_BYTES: Final = 16
EPOCH_KEY_BYTES: Final = 32
EPOCH_SALT_BYTES: Final = 32

Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_SignedBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=PARCEL_BYTES_MAX)]


class Parcel(Noun, frozen=True, kw_only=True):
    """One release with what proves that it may be here, each as the bytes that were signed or decided.

    `release` is the wire form of a Release; `marking` the originator's signature over item and label;
    `consents` the signed consents that its passing rests on. `salt` is random: without the parcel nobody can
    guess it from its place in the stream's tree.
    """

    fields_appended: ClassVar[int] = 1

    release: Annotated[bytes, msgspec.Meta(min_length=1, max_length=WIRE_BYTES_MAX)]
    marking: _SignedBytes
    consents: Annotated[tuple[_SignedBytes, ...], msgspec.Meta(max_length=32)] = ()
    salt: Annotated[bytes, msgspec.Meta(max_length=32)] = b""

    def check(self) -> None:
        """Refuse a parcel that would not fit an envelope."""
        size = len(self.release) + len(self.marking) + sum(map(len, self.consents))
        if size > PARCEL_BYTES_MAX - 256:
            raise ItemError(f"Parcel of {size} bytes is over the limit of {PARCEL_BYTES_MAX - 256}: split it")


class Binding(Noun, frozen=True, kw_only=True):
    """What a batch says of one object: its digest, and salted digests of its label and clauses.

    The salt travels inside the epoch key's wrap, so that a relay learns nothing from them and cannot even
    see whether two objects have the same label; the recipient, and whom it shows the salt to, can check.
    """

    sealed_digest: Digest
    label_digest: Digest
    clauses_digest: Digest


class Batch(Noun, frozen=True, kw_only=True):
    """What the sender signs once for a whole envelope."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = SCHEMA_VERSION
    wrap_algorithm: Identifier = WRAP_ALGORITHM
    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    first_sequence: Count
    epoch: Annotated[bytes, msgspec.Meta(min_length=EPOCH_BYTES, max_length=EPOCH_BYTES)]
    key_digest: Digest
    bindings: Annotated[tuple[Binding, ...], msgspec.Meta(min_length=1, max_length=BATCH_PARCELS_MAX)]


def release_digests(salt: bytes, sequence: int, release: Release) -> tuple[bytes, bytes]:
    """Salted digests of a release's label and of its clauses, at its place in a stream."""
    clauses = cbor2.dumps(list(release.clauses))
    return (
        _salted(b"trilat/label/1", salt, sequence, encode(release.item.label)),
        _salted(b"trilat/clauses/1", salt, sequence, clauses),
    )


def epoch_bound(sender: str, recipient: str, stream: str, epoch: bytes) -> bytes:
    """What the wrap of an epoch secret is bound to."""
    return cbor2.dumps(["trilat/epoch/1", sender, recipient, stream, epoch])


def object_bound(batch_head: tuple[str, str, str], sequence: int, digests: tuple[bytes, bytes]) -> bytes:
    """What a sealed object is bound to: sender, recipient, stream, sequence, label and clauses."""
    return cbor2.dumps(["trilat/object/1", *batch_head, sequence, *digests])


def _salted(domain: bytes, salt: bytes, sequence: int, content: bytes) -> bytes:
    """The domains have no zero byte and salt and sequence have fixed lengths, so the parts cannot shift."""
    return sha256(domain + b"\0" + salt + sequence.to_bytes(8, "big") + content).digest()
