"""`Sealer`: makes the envelopes of one stream. Signed once by the sender, sealed to one recipient node.

Rules
1. An epoch has a key of its own: new at every start of a Sealer, and again after `EPOCH_OBJECTS_MAX`
   objects. So a process that was restarted, restored or cloned never continues an old key.
2. The IV counts the objects of the epoch and is never used twice, also where a sequence number is sent again.
3. The epoch's key and salt are wrapped once by HPKE, bound to sender, recipient, stream and epoch.
4. Each object is bound to its sequence number, label and clauses, so that none can stand in for another.
5. What the recipient would refuse is not sealed: a release of another sender, or for another recipient.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trilat.link.cose import IV_BYTES, encrypt0, sign1
from trilat.link.keys import Entropy, NodeKeys, Pin, wrap_to
from trilat.link.parcel import (
    BATCH_PARCELS_MAX,
    BATCH_TYPE,
    EPOCH_BYTES,
    EPOCH_KEY_BYTES,
    EPOCH_SALT_BYTES,
    Batch,
    Binding,
    Parcel,
    epoch_bound,
    object_bound,
    release_digests,
)
from trilat.model import ENVELOPE_BYTES_MAX, Envelope, Release, UsageError, decode, encode

EPOCH_OBJECTS_MAX: Final = 2**24
"""Objects under one epoch key; far below the limits of AES-GCM (NIST SP 800-38D, section 8.3)."""


class Sealer:
    """Seals parcels of one stream to one recipient."""

    def __init__(self, keys: NodeKeys, recipient: Pin, stream: str, entropy: Entropy) -> None:
        """A sealer with a new epoch.

        Args:
            keys: the sender's.
            recipient: whose node alone can open what is sealed.
            stream: the opaque name of the stream.
            entropy: random bytes, never the same twice: `os.urandom` but in a simulation.
        """
        self._keys = keys
        self._recipient = recipient
        self._stream = stream
        self._entropy = entropy
        self._begin_epoch()

    def seal(self, first_sequence: int, parcels: Sequence[Parcel]) -> bytes:
        """The wire form of an Envelope whose objects are numbered from `first_sequence` on.

        Raises:
            UsageError: no parcel, too many, too large together, or one that is not from this sender to
                this recipient.
            WireError: a parcel's release is not the wire form of a Release.
        """
        if not 1 <= len(parcels) <= BATCH_PARCELS_MAX:
            raise UsageError(f"{len(parcels)} parcels are not a batch: give 1 to {BATCH_PARCELS_MAX}")
        if self._objects + len(parcels) > EPOCH_OBJECTS_MAX:
            self._begin_epoch()
        objects = [self._seal_one(first_sequence + offset, parcel) for offset, parcel in enumerate(parcels)]
        batch = Batch(
            sender=self._keys.party,
            recipient=self._recipient.party,
            stream=self._stream,
            first_sequence=first_sequence,
            epoch=self._epoch,
            key_digest=sha256(self._wrapped).digest(),
            bindings=tuple(binding for _, binding in objects),
        )
        envelope = Envelope(
            sender=batch.sender,
            recipient=batch.recipient,
            stream=batch.stream,
            first_sequence=first_sequence,
            epoch=self._epoch,
            key=self._wrapped,
            sealed=tuple(sealed for sealed, _ in objects),
            signature=sign1(self._keys.signing, BATCH_TYPE, encode(batch)),
        )
        wire = encode(envelope)
        if len(wire) > ENVELOPE_BYTES_MAX:
            raise UsageError(
                f"an envelope of {len(wire)} bytes is over {ENVELOPE_BYTES_MAX}: seal fewer parcels"
            )
        return wire

    def _begin_epoch(self) -> None:
        secret = self._entropy(EPOCH_BYTES + EPOCH_KEY_BYTES + EPOCH_SALT_BYTES)
        key_end = EPOCH_BYTES + EPOCH_KEY_BYTES
        self._epoch, self._salt = secret[:EPOCH_BYTES], secret[key_end:]
        self._key = AESGCM(secret[EPOCH_BYTES:key_end])
        bound = epoch_bound(self._keys.party, self._recipient.party, self._stream, self._epoch)
        self._wrapped = wrap_to(self._recipient, secret[EPOCH_BYTES:], bound)
        self._objects = 0

    def _seal_one(self, sequence: int, parcel: Parcel) -> tuple[bytes, Binding]:
        release = decode(parcel.release, Release)
        if not fits(release, self._keys.party, self._recipient.party):
            raise UsageError(
                f"the release is from `{release.sender}` to `{release.recipient}`: it does not go from "
                f"`{self._keys.party}` to `{self._recipient.party}`"
            )
        digests = release_digests(self._salt, sequence, release)
        head = (self._keys.party, self._recipient.party, self._stream)
        iv = self._objects.to_bytes(IV_BYTES, "big")
        self._objects += 1
        sealed = encrypt0(self._key, self._epoch, iv, encode(parcel), object_bound(head, sequence, digests))
        label_digest, clauses_digest = digests
        binding = Binding(
            sealed_digest=sha256(sealed).digest(), label_digest=label_digest, clauses_digest=clauses_digest
        )
        return sealed, binding


def fits(release: Release, sender: str, recipient: str) -> bool:
    """Whether a release may travel from one node to another: to its recipient, or to the intermediary on
    its way there.
    """
    return release.sender == sender and recipient in {release.recipient, release.via}
