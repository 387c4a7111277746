"""`open_envelope` and `Opener`: what a recipient checks before it believes a byte of an envelope.

Each check refuses with one line. In this order:
 1. size: at most `ENVELOPE_BYTES_MAX`, before anything is parsed
 2. form: the canonical wire form of an Envelope within its limits, of a version that this node reads
 3. recipient: this node
 4. sender: pinned, with a key that is in force
 5. batch: signed by the sender, of this schema, and saying of sender, recipient, stream, epoch, sequence,
    key and every sealed object what the envelope says
 6. epoch: its key unwraps for this node, this sender, this stream
 7. objects: each opens, bound to its sequence number, label and clauses
 8. parcel and release: canonical
 9. release: from the sender, to this node
10. label and clauses: those that the batch promised
11. marking: the label's originator signed this item, version, subject and label
12. consents: each signed by its originator

Where 11 or 12 fails because a key was revoked, the parcel is handed on with its refusal, to be kept aside:
its sender cannot mend it, and what comes behind it is not held up.

Whether an item has expired, has the node's status, or may be used, is not checked here: policy and node do.
Whether the envelope came before is the stream's to say.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trilat.link.cose import decrypt0
from trilat.link.keys import WRAP_ALGORITHM, NodeKeys
from trilat.link.parcel import (
    BATCH_BYTES_MAX,
    BATCH_TYPE,
    EPOCH_KEY_BYTES,
    EPOCH_SALT_BYTES,
    PARCEL_BYTES_MAX,
    Batch,
    Parcel,
    epoch_bound,
    object_bound,
    release_digests,
)
from trilat.link.sealing import fits
from trilat.link.statement import open_signed_item, verify_label
from trilat.link.trust import TrustStore
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SCHEMA_VERSION,
    Consent,
    Envelope,
    EnvelopeError,
    Release,
    TrustError,
    decode,
)

_EPOCHS_KEPT: Final = 256
"""Unwrapped epochs kept by one Opener; the least recently used go first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedParcel:
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
    """An envelope that passed checks 1 to 5: it is the sender's, whole, and for this node."""

    envelope: Envelope
    batch: Batch


class _Epoch(NamedTuple):
    key: AESGCM
    salt: bytes


class Opener:
    """Opens envelopes for one node; remembers epochs, so that each is unwrapped once."""

    def __init__(self, keys: NodeKeys, trust: TrustStore) -> None:
        """An opener with the node's keys and pins."""
        self._keys = keys
        self._trust = trust
        self._epochs: OrderedDict[tuple[str, str, bytes, bytes], _Epoch] = OrderedDict()

    def check(self, data: bytes) -> Checked:
        """The envelope in `data` after checks 1 to 5; nothing of it is decrypted.

        Raises:
            WireError: checks 1 and 2.
            EnvelopeError: checks 3 and 5.
            TrustError: check 4, or signed by a key that is in force no more.
        """
        envelope = decode(data, Envelope, ENVELOPE_BYTES_MAX)  # 1, 2
        if envelope.recipient != self._keys.party:  # 3
            raise EnvelopeError(
                f"the envelope is for `{envelope.recipient}`: this is `{self._keys.party}`, not opened"
            )
        self._trust.signing_key(envelope.sender)  # 4
        if envelope.sender != self._trust.pin(envelope.sender).party:
            raise EnvelopeError(f"the envelope is from `{envelope.sender}`: only nodes send envelopes")
        signed = self._trust.verify_live(envelope.sender, envelope.signature, BATCH_TYPE, "envelope")  # 5
        batch = decode(signed, Batch, BATCH_BYTES_MAX)
        _compare(envelope, batch)
        return Checked(envelope=envelope, batch=batch)

    def open(self, checked: Checked, from_sequence: int = 0) -> Opened:
        """What a checked envelope holds after checks 6 to 12; parcels before `from_sequence` are left out.

        Raises:
            EnvelopeError, TrustError, WireError: one of the checks.
        """
        batch = checked.batch
        epoch = self._epoch(checked)  # 6
        parcels = [
            self._open_one(checked, epoch, offset)
            for offset in range(len(batch.bindings))
            if batch.first_sequence + offset >= from_sequence
        ]
        return Opened(
            sender=batch.sender,
            stream=batch.stream,
            first_sequence=max(batch.first_sequence, from_sequence),
            parcels=tuple(parcels),
        )

    def _epoch(self, checked: Checked) -> _Epoch:
        batch = checked.batch
        name = (batch.sender, batch.stream, batch.epoch, batch.key_digest)
        epoch = self._epochs.get(name)
        if epoch is None:
            bound = epoch_bound(batch.sender, batch.recipient, batch.stream, batch.epoch)
            secret = self._keys.unwrap(checked.envelope.key, bound)
            if len(secret) != EPOCH_KEY_BYTES + EPOCH_SALT_BYTES:
                raise EnvelopeError("the epoch key has another length: not accepted")
            epoch = _Epoch(AESGCM(secret[:EPOCH_KEY_BYTES]), secret[EPOCH_KEY_BYTES:])
            self._epochs[name] = epoch
            if len(self._epochs) > _EPOCHS_KEPT:
                self._epochs.popitem(last=False)
        self._epochs.move_to_end(name)
        return epoch

    def _open_one(self, checked: Checked, epoch: _Epoch, offset: int) -> OpenedParcel:
        batch, binding = checked.batch, checked.batch.bindings[offset]
        sequence = batch.first_sequence + offset
        digests = (binding.label_digest, binding.clauses_digest)
        bound = object_bound((batch.sender, batch.recipient, batch.stream), sequence, digests)
        wire = decrypt0(epoch.key, batch.epoch, checked.envelope.sealed[offset], bound)  # 7
        parcel = decode(wire, Parcel, PARCEL_BYTES_MAX)  # 8
        release = decode(parcel.release, Release)
        if not fits(release, batch.sender, batch.recipient):  # 9
            raise EnvelopeError(
                f"the release is from `{release.sender}` to `{release.recipient}`, in an envelope from "
                f"`{batch.sender}` to `{batch.recipient}`: not accepted"
            )
        if release_digests(epoch.salt, sequence, release) != digests:  # 10
            raise EnvelopeError(
                f"the label or clauses of `{release.item.item_id}` are not those the envelope was signed for"
            )
        consents: tuple[Consent, ...] = ()
        refusal = ""
        try:
            verify_label(self._trust, release.item, parcel.marking)  # 11
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

    def _consent(self, signed: bytes) -> Consent:
        item = open_signed_item(self._trust, signed)
        if not isinstance(item, Consent):
            raise EnvelopeError(f"`{item.item_id}` stands as a consent and is none: not accepted")
        return item


def open_envelope(data: bytes, keys: NodeKeys, trust: TrustStore) -> Opened:
    """What the envelope in `data` holds, after every check in the list above.

    Raises:
        WireError: checks 1, 2 and 8.
        TrustError: the sender or an originator is not pinned.
        EnvelopeError: any other check.
    """
    opener = Opener(keys, trust)
    return opener.open(opener.check(data))


def _compare(envelope: Envelope, batch: Batch) -> None:
    """Check 5: what was signed is what is here."""
    if batch.schema_version != SCHEMA_VERSION or batch.wrap_algorithm != WRAP_ALGORITHM:
        raise EnvelopeError(
            f"the envelope is of schema {batch.schema_version} with `{batch.wrap_algorithm}`: this node "
            f"reads schema {SCHEMA_VERSION} with `{WRAP_ALGORITHM}`, bring both to one version"
        )
    for name in ("sender", "recipient", "stream", "first_sequence", "epoch"):
        if getattr(batch, name) != getattr(envelope, name):
            raise EnvelopeError(f"the envelope's {name} is not what `{envelope.sender}` signed", field=name)
    if sha256(envelope.key).digest() != batch.key_digest:
        raise EnvelopeError(f"the envelope's key is not what `{envelope.sender}` signed", field="key")
    digests = tuple(sha256(sealed).digest() for sealed in envelope.sealed)
    if digests != tuple(binding.sealed_digest for binding in batch.bindings):
        raise EnvelopeError(f"the envelope's objects are not what `{envelope.sender}` signed", field="sealed")
