"""`open_envelope` and `Opener`: what a recipient checks before it believes a byte of an envelope.

Each check refuses with one line. In this order:
 1. size: at most `ENVELOPE_BYTES_MAX`, before anything is parsed
 2. form: the canonical wire form of an Envelope within its limits, of a version that this node reads
 3. token: it tells a sender that is pinned, and that sent this to this node
 4. epoch: its key is held from this sender, or unwraps for this node, this sender, this epoch; its algorithm
    is known and is the envelope's
 5. batch: opens under that key, and is signed by the sender
 6. head: of this schema, version and algorithms, and saying of sender, recipient, group, epoch, key and the
    number of objects what is here
 7. objects: each opens, bound to the batch and its number, and is padded to its class
 8. parcel and release: canonical
 9. release: from the sender, to this node
10. label, clauses and parcel: those that the batch promised
11. marking: the label's originator signed this item, version, subject and label
12. consents: each signed by its originator

Where 11 or 12 fails because a key was revoked, the parcel is handed on with its refusal, to be kept aside:
its sender cannot mend it, and what comes behind it is not held up.

Whether an item has expired, has the node's status, or may be used, is not checked here: policy and node do.
Whether the envelope came before is the stream's to say.
"""

import hmac
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag

from trilat.link.cose import ALGORITHM_EDDSA, OBJECT_ALGORITHMS, joined1
from trilat.link.epochs import Epoch, Welcome, epoch_bound, welcomed
from trilat.link.keys import WRAP_ALGORITHM, NodeKeys
from trilat.link.marking import VerifiedRoots
from trilat.link.padding import unpadded
from trilat.link.pair import Pairs, token_of
from trilat.link.parcel import (
    BATCH_BYTES_MAX,
    BATCH_TYPE,
    BINDING_BYTES,
    ENVELOPE_VERSION,
    Batch,
    Parcel,
    batch_bound,
    bind,
    fits,
    objects_bound,
    release_parts,
)
from trilat.link.reading import ReadRelease, ReleaseReader, read_parcel
from trilat.link.sealing import EPOCH_USE, OBJECT_LEAST_BYTES, THIN_USE
from trilat.link.statement import LabelVerifier, open_signed_item, thick_parcel
from trilat.link.thin import (
    COUNTER_BYTES,
    HEAD_BYTES,
    SIZES,
    THIN_START,
    TOKEN_BYTES,
    is_thin,
    thin_bound,
    unpacked,
    unshrunk,
)
from trilat.link.trust import TrustStore
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SCHEMA_VERSION,
    Consent,
    Envelope,
    EnvelopeError,
    EpochError,
    PeerError,
    Release,
    TrustError,
    WireError,
    decode,
    encode,
)

_EPOCHS_KEPT: Final = 256
"""Epochs whose keys one Opener keeps; the least recently used go first, and are asked for again."""

KEY_BYTES_MAX: Final = 8_192
_VERSION_1: Final = b"\x99\x01"
"""How an envelope of the first version began, which named its parties."""


class OpenedParcel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A parcel with its number in the stream, its wire form for the ledger, and what it holds."""

    sequence: int
    wire: bytes
    parcel: Parcel
    release: Release
    consents: tuple[Consent, ...]
    refusal: str = ""
    """Why it is not to be used: something in it was signed by a key that is revoked since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What an envelope held: parcels in stream order, the first numbered `first_sequence`."""

    sender: str
    stream: str
    first_sequence: int
    parcels: tuple[OpenedParcel, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """An envelope after checks 1 to 6: signed by its sender for this node. Its objects are still closed."""

    batch: Batch
    signed: bytes
    """The batch's COSE_Sign1, as it was sent."""

    epoch: Epoch
    sealed: tuple[bytes, ...]
    """The objects; in a thin envelope, which is one piece, the parcel itself."""

    thin: bool = False


@contextmanager
def _naming(sender: str) -> Iterator[None]:
    """Let every refusal name the party on whose link it came, also where its text speaks of somebody else."""
    try:
        yield
    except PeerError as error:
        if str(error).startswith(f"`{sender}`"):
            raise
        raise type(error)(f"on the link with `{sender}`: {error}", **error.facts) from error


class Opener:
    """Opens envelopes for one node; keeps the keys of epochs that it has seen, and roots that it verified."""

    def __init__(self, keys: NodeKeys, trust: TrustStore) -> None:
        """An opener that has seen no epoch yet."""
        self._keys = keys
        self._trust = trust
        self._pairs = Pairs(keys, trust)
        self._epochs: OrderedDict[tuple[str, bytes], Epoch] = OrderedDict()
        self._roots = VerifiedRoots()
        self._releases = ReleaseReader()

    @property
    def pairs(self) -> Pairs:
        """The node's secrets with its partners."""
        return self._pairs

    def check(self, data: bytes) -> Checked:
        """The envelope in `data` after checks 1 to 6; none of its objects is opened.

        Raises:
            WireError: checks 1 and 2.
            TrustError: the sender's pin cannot be used.
            EpochError: check 4, where the key is neither held nor sent along.
            EnvelopeError: any other check.
        """
        if is_thin(data):
            return self._check_thin(data)
        if data.startswith(_VERSION_1):
            raise WireError(
                "the envelope is of version 1: this node reads version 2, bring both to one version"
            )
        envelope = decode(data, Envelope, ENVELOPE_BYTES_MAX)  # 1, 2
        sender = self._pairs.sender_of(envelope.token, EPOCH_USE, envelope.epoch)  # 3
        with _naming(sender):
            epoch = self._epoch(sender, envelope)  # 4
            bound = batch_bound(envelope.token, envelope.epoch)
            signed = unpadded(epoch.cipher.open(envelope.batch, bound))  # 5
            payload = self._trust.verify_live(sender, signed, BATCH_TYPE, "envelope")
            batch = decode(payload, Batch, BATCH_BYTES_MAX)
            self._compare(sender, batch, epoch, len(envelope.sealed))  # 6
        self._keep(sender, epoch)
        return Checked(batch=batch, signed=signed, epoch=epoch, sealed=envelope.sealed)

    def _check_thin(self, data: bytes) -> Checked:
        """Checks 1 to 6 of a thin envelope, in the same order. Its batch is put together from what it holds,
        and then verified as any other.
        """
        if len(data) not in SIZES:  # 1, 2
            raise WireError(f"a thin envelope of {len(data)} bytes is of no size that there is: not read")
        head = data[:HEAD_BYTES]
        sender, epoch = self._thin_sender(head[len(THIN_START) : -COUNTER_BYTES])  # 3, 4
        iv = epoch.iv(0)[:-COUNTER_BYTES] + head[-COUNTER_BYTES:]
        try:
            plaintext = epoch.thin_key.decrypt(iv, data[HEAD_BYTES:], thin_bound(head))  # 5
        except InvalidTag:
            raise EnvelopeError("a thin envelope does not open: it was changed on the way") from None
        content = unpacked(plaintext)
        release = unshrunk(content.body, epoch.templates)
        wire = thick_parcel(decode(release, Release), release, content.marking_signature)
        stream, parts = epoch.stream or "", release_parts(release)
        batch = Batch(
            object_algorithm=epoch.object_algorithm,
            sender=sender,
            recipient=self._keys.party,
            group=epoch.group,
            stream=stream,
            first_sequence=content.sequence,
            epoch=epoch.identifier,
            key_commitment=epoch.commitment,
            digests=bind(epoch.salts(stream, content.sequence), parts.label, parts.clauses, wire),
        )
        signed = joined1(BATCH_TYPE, encode(batch), content.batch_signature)
        self._trust.verify_live(sender, signed, BATCH_TYPE, "envelope")
        self._compare(sender, batch, epoch, 1)  # 6
        return Checked(batch=batch, signed=signed, epoch=epoch, sealed=(wire,), thin=True)

    def _thin_sender(self, token: bytes) -> tuple[str, Epoch]:
        for (sender, identifier), epoch in reversed(self._epochs.items()):
            if sender not in self._trust:
                continue
            known = token_of(self._pairs.with_(sender).of, THIN_USE, identifier)[:TOKEN_BYTES]
            if hmac.compare_digest(known, token):
                return sender, epoch
        raise EnvelopeError(
            "a thin envelope is of no epoch whose key is held here: it comes again as a whole envelope"
        )

    def open(self, checked: Checked, from_sequence: int = 0) -> Opened:
        """What a checked envelope holds after checks 7 to 12; parcels before `from_sequence` are left out.

        Raises:
            EnvelopeError, TrustError, WireError: one of the checks.
        """
        batch, epoch = checked.batch, checked.epoch
        first = max(batch.first_sequence, from_sequence)
        sealed = checked.sealed[first - batch.first_sequence :]
        with _naming(batch.sender):
            wires: Sequence[bytes] = sealed
            if not checked.thin:
                bound = objects_bound(sha256(encode(batch)).digest())
                opened = epoch.cipher.open_row(sealed, bound, first)
                wires = [unpadded(one, OBJECT_LEAST_BYTES) for one in opened]  # 7
            parcels = self._read(batch, epoch, first, wires)
        return Opened(sender=batch.sender, stream=batch.stream, first_sequence=first, parcels=parcels)

    def holds(self, sender: str, epoch: bytes) -> bool:
        """Whether the key of a sender's epoch is held here."""
        return (sender, epoch) in self._epochs

    def learn(self, sender: str, epoch: bytes, wrapped: bytes) -> None:
        """Hold the key of an epoch that its sender told. Who calls this has seen that the sender said it.

        Raises:
            EnvelopeError, WireError: it does not unwrap for this node, this sender and this epoch.
        """
        if not self.holds(sender, epoch):
            self._keep(sender, self._unwrapped(sender, epoch, wrapped))

    def held(self, sender: str, epoch: bytes) -> Epoch | None:
        """The epoch of a sender, where its key is held."""
        return self._epochs.get((sender, epoch))

    def verify(self, sequence: int, wire: bytes, parcel: Parcel) -> OpenedParcel:
        """A parcel after checks 8, 11 and 12; its place and binding are for the caller to have checked."""
        read = self._releases.read(parcel.release)  # 8
        return self._verified(sequence, wire, parcel, read, LabelVerifier(self._trust, self._roots))

    def _read(
        self, batch: Batch, epoch: Epoch, first: int, wires: Sequence[bytes]
    ) -> tuple[OpenedParcel, ...]:
        """Checks 8 to 12 of objects in a row."""
        salts = epoch.salts_row(batch.stream, first, len(wires))
        digests, at = batch.digests, (first - batch.first_sequence) * BINDING_BYTES
        labels = LabelVerifier(self._trust, self._roots)
        parcels: list[OpenedParcel] = []
        for sequence, (wire, salt) in enumerate(zip(wires, salts, strict=True), first):
            parcel = read_parcel(wire)  # 8
            read = self._releases.read(parcel.release)  # 8
            release = read.release
            if not fits(release, batch.sender, batch.recipient):  # 9
                raise EnvelopeError(
                    f"the release is from `{release.sender}` to `{release.recipient}`, in an envelope from "
                    f"`{batch.sender}` to `{batch.recipient}`: not accepted"
                )
            if bind(salt, read.label, read.clauses, wire) != digests[at : at + BINDING_BYTES]:  # 10
                raise EnvelopeError(
                    f"object {sequence} is not what the envelope of `{batch.sender}` was signed for"
                )
            at += BINDING_BYTES
            parcels.append(self._verified(sequence, wire, parcel, read, labels))  # 11, 12
        return tuple(parcels)

    def _verified(
        self, sequence: int, wire: bytes, parcel: Parcel, read: ReadRelease, labels: LabelVerifier
    ) -> OpenedParcel:
        release = read.release
        consents: tuple[Consent, ...] = ()
        refusal = ""
        try:
            labels.verify(release.item, parcel.marking, read.written_label)  # 11
            if parcel.consents:
                consents = tuple(self._consent(signed) for signed in parcel.consents)  # 12
        except TrustError as error:
            if not error.facts.get("revoked"):
                raise
            refusal = str(error)
        return OpenedParcel(
            sequence=sequence,
            wire=wire,
            parcel=parcel,
            release=release,
            consents=consents,
            refusal=refusal,
        )

    def _epoch(self, sender: str, envelope: Envelope) -> Epoch:
        epoch = self._epochs.get((sender, envelope.epoch))
        if epoch is None:
            if not envelope.key:
                raise EpochError(
                    f"the key of `{sender}`'s epoch is not held here: it is asked for, and what was "
                    "sealed comes again",
                    sender=sender,
                    epoch=envelope.epoch,
                )
            epoch = self._unwrapped(sender, envelope.epoch, envelope.key)
        if epoch.object_algorithm != envelope.object_algorithm:
            raise EnvelopeError(
                f"the envelope says `{envelope.object_algorithm}`, its epoch `{epoch.object_algorithm}`: not "
                "opened"
            )
        return epoch

    def _unwrapped(self, sender: str, epoch: bytes, wrapped: bytes) -> Epoch:
        secret = self._keys.unwrap(wrapped, epoch_bound(sender, self._keys.party, epoch))
        found = welcomed(epoch, decode(secret, Welcome, KEY_BYTES_MAX))
        if found.object_algorithm not in OBJECT_ALGORITHMS:
            raise EnvelopeError(
                f"objects are sealed by `{found.object_algorithm}`, which this node does not know: bring "
                "both nodes to one version"
            )
        return found

    def _keep(self, sender: str, epoch: Epoch) -> None:
        """Only what its sender has signed for is kept: nobody else can put a key in its place."""
        self._epochs[sender, epoch.identifier] = epoch
        self._epochs.move_to_end((sender, epoch.identifier))
        if len(self._epochs) > _EPOCHS_KEPT:
            self._epochs.popitem(last=False)

    def _consent(self, signed: bytes) -> Consent:
        item = open_signed_item(self._trust, signed)
        if not isinstance(item, Consent):
            raise EnvelopeError(f"`{item.item_id}` stands as a consent and is none: not accepted")
        return item

    def _compare(self, sender: str, batch: Batch, epoch: Epoch, count: int) -> None:
        """Check 6: what was signed is what is here."""
        refuse_strange_algorithms(batch)
        here = {
            "sender": sender,
            "recipient": self._keys.party,
            "group": epoch.group,
            "epoch": epoch.identifier,
            "object_algorithm": epoch.object_algorithm,
            "key_commitment": epoch.commitment,
            "count": count,
        }
        for name, found in here.items():
            if getattr(batch, name) != found:
                raise EnvelopeError(f"the envelope's {name} is not what `{sender}` signed", field=name)


def refuse_strange_algorithms(batch: Batch) -> None:
    """Return where a batch is of the schema, version and algorithms that this node reads.

    Raises:
        EnvelopeError: it is not; both nodes need one version.
    """
    said = {
        "schema": (batch.schema_version, SCHEMA_VERSION),
        "version": (batch.envelope_version, ENVELOPE_VERSION),
        "wrap": (batch.wrap_algorithm, WRAP_ALGORITHM),
        "signature": (batch.signature_algorithm, ALGORITHM_EDDSA),
    }
    for name, (found, expected) in said.items():
        if found != expected:
            raise EnvelopeError(
                f"the envelope is of {name} `{found}`, this node reads `{expected}`: bring both to one "
                "version"
            )
    if batch.object_algorithm not in OBJECT_ALGORITHMS:
        raise EnvelopeError(f"the envelope's objects are by `{batch.object_algorithm}`, not known here")


def open_envelope(data: bytes, keys: NodeKeys, trust: TrustStore) -> Opened:
    """What the envelope in `data` holds, after every check in the list above.

    Raises:
        WireError: checks 1, 2 and 8.
        TrustError: an originator is not pinned.
        EpochError: the key is not sent along; an Opener that was told of it opens the envelope.
        EnvelopeError: any other check.
    """
    opener = Opener(keys, trust)
    return opener.open(opener.check(data))
