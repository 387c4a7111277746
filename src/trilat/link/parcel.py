"""`Parcel`, `Batch` and their binding: what stands inside an envelope, and what its signature covers."""

from hashlib import sha256
from typing import Annotated, ClassVar, Final, NamedTuple

import msgspec

from trilat.link.cose import ALGORITHM_EDDSA
from trilat.link.keys import WRAP_ALGORITHM
from trilat.link.reservations import EPOCH_BYTES
from trilat.model import (
    SCHEMA_VERSION,
    WIRE_BYTES_MAX,
    Count,
    Identifier,
    ItemError,
    Noun,
    PartyCode,
    Release,
    WireError,
)

PARCEL_BYTES_MAX: Final = 130_000
"""One parcel, bytes: with its seal it still fits one object of an envelope."""

BATCH_PARCELS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 131_072
"""The signed batch, bytes."""

BATCH_TYPE: Final = "application/vnd.trilat.batch+v2"
ENVELOPE_VERSION: Final = 2
DIGEST_BYTES: Final = 32
BINDING_BYTES: Final = 3 * DIGEST_BYTES
_SALT_BYTES: Final = 16
_SECOND_SALT, _THIRD_SALT = 2 * _SALT_BYTES, 3 * _SALT_BYTES
_PARTS: Final = {part: f"trilat/{part}/2\0".encode() for part in ("label", "clauses", "parcel")}
_LABEL, _CLAUSES, _PARCEL = _PARTS.values()

_SALT_MAX: Final = 32
_SMALL: Final = 65_536
_encode: Final = msgspec.msgpack.Encoder().encode

Digest = Annotated[bytes, msgspec.Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]
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
    salt: Annotated[bytes, msgspec.Meta(max_length=_SALT_MAX)] = b""

    def check(self) -> None:
        """Refuse a parcel that would not fit an envelope."""
        size = len(self.release) + len(self.marking) + sum(map(len, self.consents))
        if size > PARCEL_BYTES_MAX - 256:
            raise ItemError(f"Parcel of {size} bytes is over the limit of {PARCEL_BYTES_MAX - 256}: split it")


def parcel_bytes(release: bytes, marking: bytes, consents: tuple[bytes, ...], salt: bytes) -> bytes:
    """The wire form of a parcel of these parts; ItemError where it cannot be one."""
    if consents or not (release and marking) or len(release) + len(marking) > _SMALL or len(salt) > _SALT_MAX:
        return _encode(Parcel(release=release, marking=marking, consents=consents, salt=salt))
    # As small as nearly every one: within every limit, and written without a noun. See the test.
    return _encode((release, marking, consents, salt))


class Binding(NamedTuple):
    """What a batch says of one object: salted digests of its label, of its clauses and of the whole parcel.

    Each digest has a salt of its own. The recipient can show one part with its salt, and a third party learns
    nothing of the others.
    """

    label: bytes
    clauses: bytes
    parcel: bytes


class Batch(Noun, frozen=True, kw_only=True):
    """What the sender signs once for a whole envelope. `digests` are its objects' bindings, end to end."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = SCHEMA_VERSION
    envelope_version: Annotated[int, msgspec.Meta(ge=2, le=255)] = ENVELOPE_VERSION
    wrap_algorithm: Identifier = WRAP_ALGORITHM
    object_algorithm: Identifier
    signature_algorithm: Annotated[int, msgspec.Meta(ge=-65_536, le=65_535)] = ALGORITHM_EDDSA
    """By its number in the registry of COSE."""

    sender: PartyCode
    recipient: PartyCode
    group: Identifier
    stream: Identifier
    first_sequence: Count
    epoch: Annotated[bytes, msgspec.Meta(min_length=EPOCH_BYTES, max_length=EPOCH_BYTES)]
    key_commitment: Digest
    digests: Annotated[
        bytes, msgspec.Meta(min_length=BINDING_BYTES, max_length=BINDING_BYTES * BATCH_PARCELS_MAX)
    ]

    def check(self) -> None:
        """Refuse digests that are not whole bindings."""
        if len(self.digests) % BINDING_BYTES:
            raise ItemError("Batch.digests are not three for each object")

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.digests) // BINDING_BYTES

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What is said of each object, in order."""
        return tuple(self.binding(offset) for offset in range(self.count))

    def binding(self, offset: int) -> Binding:
        """What is said of one object, by its place in the batch."""
        at = offset * BINDING_BYTES
        one = self.digests[at : at + BINDING_BYTES]
        return Binding(one[:DIGEST_BYTES], one[DIGEST_BYTES : 2 * DIGEST_BYTES], one[2 * DIGEST_BYTES :])


class ReleaseParts(msgspec.Struct, frozen=True, gc=False):
    """What an envelope needs of a release, each as it stands in its wire form."""

    sender: str
    recipient: str
    via: str | None
    label: bytes
    clauses: bytes


class _ItemHead(msgspec.Struct, array_like=True, frozen=True, gc=False):
    kind: str
    item_id: str
    version: int
    subject: str
    domain: str
    status: str
    valid_ns: int
    label: msgspec.Raw


class _ReleaseHead(msgspec.Struct, array_like=True, frozen=True, gc=False):
    item: _ItemHead
    sender: str
    recipient: str
    via: str | None
    purpose: str
    clauses: msgspec.Raw


class _ParcelHead(msgspec.Struct, array_like=True, frozen=True, gc=False):
    release: bytes


_PARCEL_HEADS: Final = msgspec.msgpack.Decoder(_ParcelHead)
_HEADS: Final = msgspec.msgpack.Decoder(_ReleaseHead)


def release_in(parcel: bytes) -> bytes:
    """The wire form of the release in that of a parcel; WireError where it does not begin as one does."""
    try:
        return _PARCEL_HEADS.decode(parcel).release
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"parcel cannot be decoded: {error}", kind="parcel") from error


def release_parts(release: bytes) -> ReleaseParts:
    """Parts of a release, read without the rest of it; nothing else of it is checked.

    Raises:
        WireError: the bytes do not begin as a release does.
    """
    try:
        head = _HEADS.decode(release)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"release cannot be decoded: {error}", kind="release") from error
    return ReleaseParts(head.sender, head.recipient, head.via, bytes(head.item.label), bytes(head.clauses))


def fits(parts: ReleaseParts | Release, sender: str, recipient: str) -> bool:
    """Whether a release may travel from one node to another: to its recipient, or to the intermediary on
    its way there.
    """
    return parts.sender == sender and recipient in (parts.recipient, parts.via)


def bind(salts: bytes, label: bytes, clauses: bytes, parcel: bytes) -> bytes:
    """The binding of one object, its digests end to end, from 64 bytes of salts, label and clauses as they
    stand in its release, and the whole parcel.
    """
    return (
        sha256(_LABEL + salts[:_SALT_BYTES] + label).digest()
        + sha256(_CLAUSES + salts[_SALT_BYTES:_SECOND_SALT] + clauses).digest()
        + sha256(_PARCEL + salts[_SECOND_SALT:_THIRD_SALT] + parcel).digest()
    )


def part_digest(part: str, salt: bytes, content: bytes) -> bytes:
    """The salted digest of a part; names have no zero byte and salts one length: nothing can shift."""
    return sha256(_PARTS[part] + salt + content).digest()


def batch_bound(token: bytes, epoch: bytes) -> bytes:
    """What the sealed batch is bound to, all of it fixed in length."""
    return b"trilat/batch/2\0" + token + epoch


def objects_bound(batch_digest: bytes) -> bytes:
    """What sealed objects are bound to: the signed batch, with all that it says. Behind it stands each one's
    own number in 8 bytes.
    """
    return b"trilat/object/2\0" + batch_digest
