"""Epochs: the key under which a sender seals to a release group, for a while.

A release group is the set of nodes that get the same copies under the same agreements; a group of one is the
common case, because a release names its recipient. An epoch is one secret of one sender for one group. What
needs a key takes it from `Epoch.export`, as from the exporter of an MLS group (RFC 9420, section 8.5), and a
member gets in by a `Welcome`: so MLS can take the place of what is here without a change around it.

Rules
1. A secret is random, and never shared between senders. It is wrapped by HPKE to each member node, bound to
   sender, member and epoch.
2. An epoch ends with its group's membership or agreements, after a time, and after a count of objects. Every
   start of a process begins a new one, and so does a restored backup or a clone: secrets are never on disk.
3. IVs count the objects of an epoch. A block of counters is reserved on disk before the first of them is
   used, and an epoch that the disk knows already is never begun: who went back in time would use an IV twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from hashlib import sha512
from typing import Annotated, Final

import cbor2
import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from trilat.link.cose import A256GCM, IV_BYTES, OBJECT_ALGORITHMS, Cipher, ObjectCipher
from trilat.link.keys import Entropy, NodeKeys, Pin, wrap_to
from trilat.link.reservations import EPOCH_BYTES, MemoryReservations, Reservations
from trilat.model import SECOND_NS, Identifier, LedgerError, Noun, UsageError, encode

SECRET_BYTES: Final = 32
EPOCH_OBJECTS_MAX: Final = 2**24
"""Objects under one epoch key; far below the limits of AES-GCM (NIST SP 800-38D, section 8.3)."""

RESERVED_BLOCK: Final = 2**16
"""Counters that are reserved on disk at a time."""

MEMBERS_MAX: Final = 64
TEMPLATES_BYTES_MAX: Final = 4_096


class RotationReason(Enum):
    """Why an epoch ended and the next began."""

    START = "start"
    """The process began, perhaps from a backup or as a clone."""

    MEMBERSHIP = "membership"
    AGREEMENT = "agreement"
    TIME = "time"
    COUNT = "count"
    ASKED = "asked"
    """A person, or the node for a reason of its own."""


class Welcome(Noun, frozen=True, kw_only=True):
    """What a member is told of an epoch, inside the wrap."""

    object_algorithm: Identifier
    group: Identifier
    secret: Annotated[bytes, msgspec.Meta(min_length=SECRET_BYTES, max_length=SECRET_BYTES)]
    templates: Annotated[bytes, msgspec.Meta(max_length=TEMPLATES_BYTES_MAX)]
    """What thin envelopes of this epoch need not repeat; see `trilat.link.thin`."""

    stream: Identifier
    """The stream to this member that thin envelopes belong to."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One secret of one sender for one group. It masks itself when printed."""

    identifier: bytes
    object_algorithm: str
    group: str
    """The opaque name of the release group."""

    secret: bytes
    templates: bytes = b""
    stream: str | None = None
    """The stream of thin envelopes to the member that was welcomed; the sender's own epoch has none."""

    def export(self, label: str, length: int = SECRET_BYTES) -> bytes:
        """A secret for one use, by HKDF-Expand (RFC 5869); none tells another."""
        info = cbor2.dumps(["trilat/export/1", label, self.object_algorithm, self.identifier, length])
        return HKDFExpand(SHA256(), length, info).derive(self.secret)

    @cached_property
    def cipher(self) -> ObjectCipher:
        """Seals and opens its objects; EnvelopeError where the algorithm is not known here."""
        return ObjectCipher(self.object_algorithm, self.export("objects"), self.identifier)

    @cached_property
    def commitment(self) -> bytes:
        """What a batch signs of the key: no second key fits it, and it tells nothing of this one."""
        return self.export("commitment")

    @cached_property
    def _salt_keys(self) -> dict[str, bytes]:
        """One key for each stream; a group's epoch serves few."""
        return {}

    def salts(self, stream: str, sequence: int) -> bytes:
        """64 bytes that salt the digests of one object; nobody learns from them those of another.

        SHA-512 over a secret key and a number, both of fixed length, so that nothing can be appended.
        """
        return self.salts_row(stream, sequence, 1)[0]

    def salts_row(self, stream: str, first: int, count: int) -> list[bytes]:
        """The salts of so many objects in a row, the first numbered `first`."""
        key = self._salt_keys.get(stream)
        if key is None:
            key = self._salt_keys[stream] = self.export(f"salts of {stream}")
        return [sha512(key + number.to_bytes(8, "big")).digest() for number in range(first, first + count)]

    @cached_property
    def _iv_mask(self) -> int:
        return int.from_bytes(self.export("ivs", IV_BYTES), "big")

    @cached_property
    def thin_key(self) -> Cipher:
        """Seals and opens its thin envelopes, under a key of their own."""
        return OBJECT_ALGORITHMS[self.object_algorithm][1](self.export("thin"))

    def iv(self, counter: int) -> bytes:
        """The IV of a counter: masked as in HPKE (RFC 9180, section 5.2), so that it tells no count."""
        return (self._iv_mask ^ counter).to_bytes(IV_BYTES, "big")

    def iv_row(self, counter: int, count: int) -> list[bytes]:
        """The IVs of so many counters in a row."""
        mask = self._iv_mask
        return [(mask ^ one).to_bytes(IV_BYTES, "big") for one in range(counter, counter + count)]

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"Epoch(identifier={self.identifier.hex()!r}, group={self.group!r}, secret=***)"


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochLimits:
    """When an epoch ends by itself."""

    objects: int = EPOCH_OBJECTS_MAX
    age_ns: int = 3_600 * SECOND_NS


class GroupEpochs:
    """A sender's epochs for one release group, one after another."""

    def __init__(
        self,
        keys: NodeKeys,
        members: Iterable[Pin],
        entropy: Entropy,
        *,
        agreements: Sequence[str] = (),
        object_algorithm: str = A256GCM,
        reservations: Reservations | None = None,
        limits: EpochLimits | None = None,
    ) -> None:
        """A group with its first epoch.

        Args:
            keys: the sender's.
            members: pins of the nodes that may open what is sealed.
            entropy: random bytes, never the same twice: `os.urandom` but in a simulation.
            agreements: `agreement@version` of those under which the copies are made.
            object_algorithm: one of `OBJECT_ALGORITHMS`.
            reservations: keeps counters durably.
            limits: when an epoch ends by itself.

        Raises:
            UsageError: no member, too many, or an algorithm that is not known.
            LedgerError: the epoch cannot be noted.
        """
        if object_algorithm not in OBJECT_ALGORITHMS:
            raise UsageError(
                f"`{object_algorithm}` seals nothing here: name one of {', '.join(OBJECT_ALGORITHMS)}"
            )
        self._keys = keys
        self._entropy = entropy
        self._object_algorithm = object_algorithm
        self._reservations = reservations if reservations is not None else MemoryReservations()
        self._limits = limits if limits is not None else EpochLimits()
        self._templates = b""
        self.rotations: dict[RotationReason, int] = dict.fromkeys(RotationReason, 0)
        """How many epochs began, by reason."""
        self._begun_ns: int | None = None
        self._counter = self._reserved = 0
        self._wrapped: dict[str, bytes] = {}
        self._members, self._agreements, self._group = self._named(members, agreements)
        self._epoch = self._new(RotationReason.START)

    @property
    def epoch(self) -> Epoch:
        """The epoch in force."""
        return self._epoch

    @property
    def members(self) -> tuple[str, ...]:
        """The parties whose nodes hold the key."""
        return tuple(self._members)

    def expect(self, release: bytes) -> None:
        """Let the next epoch's thin envelopes repeat nothing of a release such as this one."""
        alone = len(self._members) == 1  # what one member got is nothing for another
        if alone and len(release) <= TEMPLATES_BYTES_MAX // 2 and release not in self._templates:
            self._templates = (self._templates + release)[-TEMPLATES_BYTES_MAX:]

    def rotate(
        self,
        reason: RotationReason,
        *,
        members: Iterable[Pin] | None = None,
        agreements: Sequence[str] | None = None,
    ) -> Epoch:
        """End the epoch and begin the next, for what is given anew and otherwise for the same.

        Raises:
            UsageError: as when the group was made.
            LedgerError: the epoch cannot be noted; the old one goes on.
        """
        before = self._members, self._agreements, self._group
        if members is not None or agreements is not None:
            self._members, self._agreements, self._group = self._named(
                list(self._members.values()) if members is None else members,
                self._agreements if agreements is None else agreements,
            )
        if members is not None:
            self._templates = b""
        try:
            self._begin(reason)
        except LedgerError:
            self._members, self._agreements, self._group = before
            raise
        return self._epoch

    def at(self, now_ns: int) -> Epoch:
        """The epoch in force at an instant (ns, of the clock that links wait by): the next one where this one
        is too old, or the clock went back.
        """
        if self._begun_ns is None:
            self._begun_ns = now_ns
        if not 0 <= now_ns - self._begun_ns < self._limits.age_ns:
            self._begin(RotationReason.TIME)
            self._begun_ns = now_ns
        return self._epoch

    def take(self, count: int) -> tuple[Epoch, int]:
        """The epoch for the next objects and the first of their counters, which nobody gets again.

        Raises:
            LedgerError: the counters cannot be reserved; nothing may be sealed.
        """
        if self._counter + count > self._limits.objects:
            self._begin(RotationReason.COUNT)
        first = self._counter
        if first + count > self._reserved:
            until = first + max(count, RESERVED_BLOCK)
            self._reservations.reserve(self._epoch.identifier, until)
            self._reserved = until
        self._counter += count
        return self._epoch, first

    def wrapped_to(self, member: str) -> bytes:
        """The wrapped welcome to the epoch in force, for one member's node; UsageError for who is none."""
        wrapped = self._wrapped.get(member)
        if wrapped is None:
            pin = self._members.get(member)
            if pin is None:
                raise UsageError(f"`{member}` is not in this release group: it gets no key")
            welcome = Welcome(
                object_algorithm=self._epoch.object_algorithm,
                group=self._epoch.group,
                secret=self._epoch.secret,
                templates=self._epoch.templates,
                stream=self._keys.stream_to(member),
            )
            bound = epoch_bound(self._keys.party, member, self._epoch.identifier)
            wrapped = self._wrapped[member] = wrap_to(pin, encode(welcome), bound)
        return wrapped

    def _named(
        self, members: Iterable[Pin], agreements: Sequence[str]
    ) -> tuple[dict[str, Pin], tuple[str, ...], str]:
        by_party = {pin.party: pin for pin in members}
        if not 1 <= len(by_party) <= MEMBERS_MAX:
            raise UsageError(f"a release group has 1 to {MEMBERS_MAX} members, not {len(by_party)}")
        ordered = dict(sorted(by_party.items()))
        under = tuple(sorted(agreements))
        # As opaque as a stream's name, and the same for the same members and agreements.
        return ordered, under, self._keys.stream_to("|".join(("group", *ordered, *under)))

    def _begin(self, reason: RotationReason) -> None:
        self._epoch = self._new(reason)
        self._begun_ns = None
        self._counter = self._reserved = 0
        self._wrapped = {}

    def _new(self, reason: RotationReason) -> Epoch:
        drawn = self._entropy(EPOCH_BYTES + SECRET_BYTES)
        epoch = Epoch(
            identifier=drawn[:EPOCH_BYTES],
            object_algorithm=self._object_algorithm,
            group=self._group,
            secret=drawn[EPOCH_BYTES:],
            templates=self._templates,
        )
        self._reservations.begin(epoch.identifier)
        self.rotations[reason] += 1
        return epoch


def welcomed(identifier: bytes, welcome: Welcome) -> Epoch:
    """The epoch that a member was welcomed to."""
    return Epoch(
        identifier=identifier,
        object_algorithm=welcome.object_algorithm,
        group=welcome.group,
        secret=welcome.secret,
        templates=welcome.templates,
        stream=welcome.stream,
    )


def epoch_bound(sender: str, member: str, epoch: bytes) -> bytes:
    """What the wrap of an epoch is bound to."""
    return cbor2.dumps(["trilat/epoch/2", sender, member, epoch])
