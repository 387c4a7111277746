"""`Sealer`: makes the envelopes of one stream. Signed once by the sender, sealed under a group's epoch.

Rules
1. Keys, epochs and counters are those of `trilat.link.epochs`; an IV is never used twice, also not where a
   sequence number is sent again.
2. Each object is bound to the signed batch and its number, so that none can stand in for another.
3. The wrapped key goes along until the recipient is known to hold it, and again when it lacks it.
4. What the recipient would refuse is not sealed: a release of another sender, or for another recipient.
5. Nothing outside the seal names a party, a stream or a number; sizes are padded to classes.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from trilat.link.cose import sign1, signature_of
from trilat.link.epochs import Epoch, GroupEpochs
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.padding import padded
from trilat.link.pair import pair_of, token_of
from trilat.link.parcel import (
    BATCH_PARCELS_MAX,
    BATCH_TYPE,
    Batch,
    Parcel,
    batch_bound,
    bind,
    fits,
    object_bound,
    release_in,
    release_parts,
)
from trilat.link.statement import thin_parts
from trilat.link.thin import (
    COUNTER_BYTES,
    THIN_START,
    TOKEN_BYTES,
    ThinContent,
    packed,
    shrunk,
    thin_bound,
)
from trilat.model import ENVELOPE_BYTES_MAX, Envelope, UsageError, encode

OBJECT_LEAST_BYTES: Final = 512
"""The smallest class of an object."""

EPOCH_USE: Final = b"epoch"
THIN_USE: Final = b"thin"


class Sealer:
    """Seals parcels of one stream to one recipient."""

    def __init__(
        self,
        keys: NodeKeys,
        recipient: Pin,
        stream: str,
        entropy: Entropy,
        epochs: GroupEpochs | None = None,
    ) -> None:
        """A sealer with a new epoch.

        Args:
            keys: the sender's.
            recipient: whose node alone can open what is sealed.
            stream: the opaque name of the stream.
            entropy: random bytes, never the same twice: `os.urandom` but in a simulation.
            epochs: of the recipient's release group; of a group of one where none are given.

        Raises:
            TrustError: the recipient's pin holds a key that cannot be used.
            UsageError: the recipient is not in the release group.
        """
        self._keys = keys
        self._recipient = recipient
        self._stream = stream
        self._secret = pair_of(keys, recipient).to
        self.epochs = epochs if epochs is not None else GroupEpochs(keys, [recipient], entropy)
        self._held: bytes | None = None
        self._since: tuple[bytes, int] | None = None
        """The epoch in force, and the lowest number that was sealed under it."""

        if recipient.party not in self.epochs.members:
            raise UsageError(f"`{recipient.party}` is not in this release group: nothing is sealed to it")

    @property
    def recipient(self) -> Pin:
        """Whose node alone can open what is sealed."""
        return self._recipient

    def seal(
        self, first_sequence: int, parcels: Sequence[Parcel | bytes], *, with_key: bool = False
    ) -> bytes:
        """The wire form of an Envelope whose objects are numbered from `first_sequence` on.

        Args:
            first_sequence: the number of the first.
            parcels: each as a noun or in its wire form.
            with_key: send the wrapped key along also where the recipient holds it, for an envelope that is
                kept or carried.

        Raises:
            UsageError: no parcel, too many, too large together, or one that is not from this sender to
                this recipient.
            WireError: a parcel is none, or its release does not begin as one.
            LedgerError: counters cannot be reserved on disk.
        """
        if not 1 <= len(parcels) <= BATCH_PARCELS_MAX:
            raise UsageError(f"{len(parcels)} parcels are not a batch: give 1 to {BATCH_PARCELS_MAX}")
        wires = [parcel if isinstance(parcel, bytes) else encode(parcel) for parcel in parcels]
        epoch, counter = self.epochs.take(1 + len(wires))
        if self._since is None or self._since[0] != epoch.identifier or first_sequence < self._since[1]:
            self._since = (epoch.identifier, first_sequence)
        batch = encode(self._batch(epoch, first_sequence, wires))
        signed = sign1(self._keys.signing, BATCH_TYPE, batch)
        token = token_of(self._secret, EPOCH_USE, epoch.identifier)
        digest = sha256(batch).digest()
        close = epoch.cipher.close
        sealed = tuple(
            close(
                epoch.iv(counter + offset),
                padded(wire, OBJECT_LEAST_BYTES),
                object_bound(digest, first_sequence + offset - 1),
            )
            for offset, wire in enumerate(wires, start=1)
        )
        held = self._held == epoch.identifier and not with_key
        envelope = Envelope(
            object_algorithm=epoch.object_algorithm,
            token=token,
            epoch=epoch.identifier,
            key=b"" if held else self.epochs.wrapped_to(self._recipient.party),
            batch=close(epoch.iv(counter), padded(signed), batch_bound(token, epoch.identifier)),
            sealed=sealed,
        )
        wire = encode(envelope)
        if len(wire) > ENVELOPE_BYTES_MAX:
            raise UsageError(
                f"an envelope of {len(wire)} bytes is over {ENVELOPE_BYTES_MAX}: seal fewer parcels"
            )
        return wire

    def thin_seal(self, sequence: int, parcel: bytes) -> bytes | None:
        """A thin envelope with one parcel, at most `THIN_BYTES_MAX` bytes, or None where `seal` must do it:
        the recipient is not known to hold the key, this is another stream than thin envelopes belong to, or
        the parcel does not fit (see `trilat.link.thin`).

        Args:
            sequence: its number in the stream.
            parcel: its wire form.

        Raises:
            UsageError: it is not from this sender to this recipient.
            WireError: it is none, or its release does not begin as one.
            LedgerError: a counter cannot be reserved on disk.
        """
        release, signature = thin_parts(parcel)
        self.epochs.expect(release)
        epoch = self.epochs.epoch
        thin_stream = self._stream == self._keys.stream_to(self._recipient.party)
        if signature is None or self._held != epoch.identifier or not thin_stream:
            return None
        batch = self._batch(epoch, sequence, [parcel])
        content = ThinContent(
            sequence=sequence,
            batch_signature=signature_of(
                sign1(self._keys.signing, BATCH_TYPE, encode(batch)), BATCH_TYPE, "batch"
            ),
            marking_signature=signature,
            body=shrunk(release, epoch.templates),
        )
        plaintext = packed(content)
        if plaintext is None:
            return None
        taken, counter = self.epochs.take(1)
        if taken.identifier != epoch.identifier or counter >> (8 * COUNTER_BYTES):
            return None
        iv = epoch.iv(counter)
        token = token_of(self._secret, THIN_USE, epoch.identifier)[:TOKEN_BYTES]
        head = THIN_START + token + iv[-COUNTER_BYTES:]
        return head + epoch.thin_key.encrypt(iv, plaintext, thin_bound(head))

    @property
    def holds_key(self) -> bool:
        """Whether the recipient is known to hold the key of the epoch in force."""
        return self._held == self.epochs.epoch.identifier

    def is_held(self, epoch: bytes) -> bool:
        """Note that the recipient holds an epoch's key; False, and nothing noted, for one not in force."""
        if epoch != self.epochs.epoch.identifier:
            return False
        self._held = epoch
        return True

    def accepted(self, cursor: int) -> None:
        """Note how far the recipient accepted: what it opened under an epoch, it has the key of."""
        if self._since is not None and cursor >= self._since[1]:
            self.is_held(self._since[0])

    def is_lacking(self) -> None:
        """Note that the recipient holds no key: it goes along again."""
        self._held = None

    def _batch(self, epoch: Epoch, first_sequence: int, wires: Sequence[bytes]) -> Batch:
        return Batch(
            object_algorithm=epoch.object_algorithm,
            sender=self._keys.party,
            recipient=self._recipient.party,
            group=epoch.group,
            stream=self._stream,
            first_sequence=first_sequence,
            epoch=epoch.identifier,
            key_commitment=epoch.commitment,
            digests=b"".join(
                [self._bound(epoch, first_sequence + offset, wire) for offset, wire in enumerate(wires)]
            ),
        )

    def _bound(self, epoch: Epoch, sequence: int, wire: bytes) -> bytes:
        parts = release_parts(release_in(wire))
        if not fits(parts, self._keys.party, self._recipient.party):
            raise UsageError(
                f"the release is from `{parts.sender}` to `{parts.recipient}`: it does not go from "
                f"`{self._keys.party}` to `{self._recipient.party}`"
            )
        return bind(epoch.salts(self._stream, sequence), parts, wire)
