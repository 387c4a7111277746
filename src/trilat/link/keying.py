"""`Keying`: which keys an endpoint seals with, and what it says of them to its partners.

Rules
1. A key goes along with envelopes until its recipient acknowledged one of that epoch, or said that it holds
   it.
2. A key can be told ahead (`epoch.key`), which the recipient answers (`epoch.held`): later envelopes then
   carry no more than the epoch's name.
3. A recipient that lacks a key asks (`epoch.lacking`), once in a while; nothing was acknowledged, so what it
   could not open comes again, with the key.
4. On a thin link it is told ahead whenever nothing goes that it would come with: when the link comes up, and
   when an epoch ends by itself. So a warning after a silence is small; the key is some kilobytes.
5. What a partner says here is signed by it, and is believed of its own epochs alone.
"""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from trilat.link.epochs import GroupEpochs, RotationReason
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.opening import Opener
from trilat.link.reservations import EPOCH_BYTES, Reservations
from trilat.link.sealing import Sealer
from trilat.link.trust import TrustStore
from trilat.model import SECOND_NS, EnvelopeError, EpochError, Noun, decode, encode

TOPIC_KEY: Final = "epoch.key"
TOPIC_HELD: Final = "epoch.held"
TOPIC_LACKING: Final = "epoch.lacking"
ASK_INTERVAL_NS: Final = SECOND_NS
_WORD_BYTES_MAX: Final = 16_384

Notify = Callable[[str, str, bytes], None]
"""Tells a recipient, on a topic, some content."""


class KeyWord(Noun, frozen=True, kw_only=True):
    """The key of an epoch, wrapped to whom it is told."""

    epoch: Annotated[bytes, msgspec.Meta(min_length=EPOCH_BYTES, max_length=EPOCH_BYTES)]
    key: Annotated[bytes, msgspec.Meta(min_length=1, max_length=8_192)]


class Keying:
    """The sealers of one endpoint."""

    def __init__(
        self,
        keys: NodeKeys,
        trust: TrustStore,
        entropy: Entropy,
        opener: Opener,
        notify: Notify,
        reservations: Reservations | None,
    ) -> None:
        """No epoch begun."""
        self._keys = keys
        self._trust = trust
        self._entropy = entropy
        self._opener = opener
        self._notify = notify
        self._reservations = reservations
        self._sealers: dict[str, Sealer] = {}
        self._pins: dict[str, tuple[Pin, Pin]] = {}
        """Which keys each sealer seals from and to: for others a new one is made."""

        self._asked_ns: dict[str, int] = {}
        self._ahead: dict[str, bytes] = {}
        """By recipient, the epoch whose key was told ahead last."""

    def topics(self, send_again: Callable[[str], None]) -> dict[str, Callable[[str, bytes], None]]:
        """Who takes which notices. `send_again` is told who lacked a key that goes along from now on."""

        def lacking(sender: str, content: bytes) -> None:
            _epoch_in(content)
            sealer = self._sealers.get(sender)
            if sealer is not None:
                sealer.is_lacking()
                send_again(sender)

        return {TOPIC_KEY: self._told, TOPIC_HELD: self._holds, TOPIC_LACKING: lacking}

    def sealer(self, recipient: str, stream: str, now_ns: int) -> Sealer:
        """The sealer of a stream, with the epoch that is in force at an instant.

        Raises:
            TrustError: the recipient is not pinned, or its pin cannot be used.
            LedgerError: a new epoch cannot be noted.
        """
        sealer = self._sealers.get(recipient)
        pin = self._trust.sealing_pin(recipient)
        if sealer is None or self._pins[recipient] != (self._keys.pin, pin):
            self._pins[recipient] = (self._keys.pin, pin)
            epochs = GroupEpochs(self._keys, [pin], self._entropy, reservations=self._reservations)
            sealer = self._sealers[recipient] = Sealer(self._keys, pin, stream, self._entropy, epochs)
        sealer.epochs.at(now_ns)
        return sealer

    def rotate(self, reason: RotationReason, recipient: str | None = None) -> None:
        """A new epoch with one recipient, or with all, whose keys are told ahead."""
        self._drop_other_keys()
        for party, sealer in self._sealers.items():
            if recipient in {None, party}:
                sealer.epochs.rotate(reason)
                self.announce(party)

    def tell_ahead(self, recipient: str, stream: str, now_ns: int, *, again: bool) -> None:
        """Tell a recipient the key in force, unless it holds it (rule 4).

        Args:
            recipient: a pinned partner.
            stream: to it.
            now_ns: the instant.
            again: also where it was told before, which may be lost with the link.

        Raises:
            TrustError, LedgerError: as of `sealer`.
        """
        sealer = self.sealer(recipient, stream, now_ns)
        epoch = sealer.epochs.epoch.identifier
        if not sealer.holds_key and (again or self._ahead.get(recipient) != epoch):
            self.announce(recipient)

    def _drop_other_keys(self) -> None:
        """Forget sealers from or to keys that are in force no more: no new key is told to an old one."""
        for party in list(self._sealers):
            in_force = self._trust.why_not(party) is None
            if not in_force or self._pins[party] != (self._keys.pin, self._trust.pin(party)):
                del self._sealers[party], self._pins[party]

    def announce(self, recipient: str) -> None:
        """Tell a recipient the key in force ahead of what it closes."""
        epochs = self._sealers[recipient].epochs
        self._ahead[recipient] = epochs.epoch.identifier
        word = KeyWord(epoch=epochs.epoch.identifier, key=epochs.wrapped_to(recipient))
        self._notify(recipient, TOPIC_KEY, encode(word))

    def acknowledged(self, recipient: str, cursor: int) -> None:
        """A recipient acknowledged up to a number: it holds the key that this came with."""
        sealer = self._sealers.get(recipient)
        if sealer is not None:
            sealer.accepted(cursor)

    def ask(self, lacking: EpochError, now_ns: int) -> None:
        """Say to the sender of an envelope that its key is not held here, once in an interval."""
        sender, epoch = lacking.facts["sender"], lacking.facts["epoch"]
        asked_ns = self._asked_ns.get(sender)
        if asked_ns is not None and now_ns < asked_ns + ASK_INTERVAL_NS:
            return
        self._asked_ns[sender] = now_ns
        self._notify(sender, TOPIC_LACKING, epoch)

    def _told(self, sender: str, content: bytes) -> None:
        word = decode(content, KeyWord, _WORD_BYTES_MAX)
        self._opener.learn(sender, word.epoch, word.key)
        self._notify(sender, TOPIC_HELD, word.epoch)

    def _holds(self, sender: str, content: bytes) -> None:
        epoch = _epoch_in(content)
        sealer = self._sealers.get(sender)
        if sealer is not None:
            sealer.is_held(epoch)


def _epoch_in(content: bytes) -> bytes:
    if len(content) != EPOCH_BYTES:
        raise EnvelopeError("what is said of an epoch does not name one: not read")
    return content
