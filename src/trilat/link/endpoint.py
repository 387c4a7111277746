"""`LinkEndpoint`: a node's end of all its links. Written before sent, accepted before acknowledged.

How a node uses it
1. It asks for `next_sequence` and `stream`, writes the parcel with both into its ledger, and calls `send`
   with the receipt. Without the receipt nothing is taken.
2. It calls `tick` whenever something was sent and at `next_tick_ns`. Envelopes leave only from `tick`, and
   from the answer to a pull.
3. The transport calls `receive`. New parcels go to `on_parcels` in order, each once; when that returns, they
   are on the node's disk, and the acknowledgement leaves. Where it raises a TrilatError, nothing is
   acknowledged and the parcels come again.
4. After a restart it calls `restore` with what its ledger says, once, before anything else.
5. Where the transport can tell that a partner is there again, the node calls `resume`; streams then go on at
   once. Without it they go on too, when their time comes.

A peer's bytes never make `receive` raise: they are counted by reason and told to `on_refusal` in one line.
One endpoint is used by one thread.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from trilat.link.cose import is_sign1
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.messages import Acknowledgement, Message, Notice, Pull, open_message, sign_message
from trilat.link.opening import Checked, OpenedParcel, Opener
from trilat.link.parcel import PARCEL_BYTES_MAX, Parcel
from trilat.link.remarking import renewed
from trilat.link.sealing import Sealer
from trilat.link.stream import IncomingStream, LinkLimits, OutgoingStream, Push
from trilat.link.trust import TrustStore
from trilat.link.trust_state import TRUST_MAGIC, Announcement, decode_announcement, encode_announcement
from trilat.model import (
    EnvelopeError,
    LinkError,
    PeerError,
    Receipt,
    ReplayError,
    Transport,
    TrilatError,
    TrustError,
    UsageError,
    WireError,
    decode,
)

OnParcels = Callable[[str, str, int, tuple[OpenedParcel, ...]], None]
"""Takes sender, stream, first sequence and parcels; returns when they are on disk."""

OnAcknowledged = Callable[[str, str, int, bytes], None]
"""Takes recipient, stream, cursor and the signed receipt; called when a cursor moved."""

Archive = Callable[[str, str, int, int], Sequence[bytes]]
"""Gives, from the ledger, parcels of (recipient, stream) from a sequence on, at most so many."""

OnNotice = Callable[[str, bytes], None]
"""Takes who said it, and what: bytes by an authentic partner that may be hostile."""

_INSISTING: Final = 3
"""Pulls for the same thing after which one that was acknowledged before is believed not to be a late one."""

_REASONS: Final = {
    WireError: "wire",
    EnvelopeError: "envelope",
    TrustError: "trust",
    LinkError: "link",
}


class Arrival(Enum):
    """What became of a payload that arrived."""

    DELIVERED = "delivered"
    """New parcels were accepted, recorded and acknowledged."""
    REPEATED = "repeated"
    """All of it was accepted before; it was acknowledged again."""
    AHEAD = "ahead"
    """Something before it is missing, which was pulled."""
    ACKNOWLEDGED = "acknowledged"
    """The partner's receipt."""
    PULLED = "pulled"
    """The partner asked for what it misses."""
    NOTICED = "noticed"
    """A partner's notice, taken by who takes its topic."""
    REFUSED = "refused"
    """It was not accepted, and counted under its reason."""
    NOT_RECORDED = "not-recorded"
    """It was sound, but this node could not record it: nothing was acknowledged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingState:
    """What a ledger says of an outgoing stream: its name, the partner's cursor, the parcels behind it."""

    stream: str
    acknowledged: int
    parcels: Sequence[bytes]


class LinkEndpoint:
    """Streams to and from every pinned partner, over one transport."""

    def __init__(
        self,
        keys: NodeKeys,
        trust: TrustStore,
        transport: Transport,
        entropy: Entropy,
        on_parcels: OnParcels,
        *,
        on_acknowledged: OnAcknowledged | None = None,
        on_refusal: Callable[[str], None] | None = None,
        archive: Archive | None = None,
        limits: LinkLimits | None = None,
    ) -> None:
        """An endpoint that listens on `transport`, with no streams yet.

        Args:
            keys: the node's.
            trust: its partners' pins.
            transport: carries payloads; it is not trusted.
            entropy: random bytes, never the same twice, also not after a restart.
            on_parcels: records and takes new parcels.
            on_acknowledged: records how far a partner has accepted.
            on_refusal: is told in one line what was refused and why.
            archive: gives parcels that a partner asks for again after it had acknowledged them.
            limits: of every link.
        """
        self._keys = keys
        self._trust = trust
        self._transport = transport
        self._entropy = entropy
        self._on_parcels = on_parcels
        self._on_acknowledged = on_acknowledged
        self._on_refusal = on_refusal
        self._archive = archive
        self._limits = limits if limits is not None else LinkLimits()
        self._opener = Opener(keys, trust)
        self._outgoing: dict[str, OutgoingStream] = {}
        self._sealers: dict[str, tuple[Sealer, Pin, Pin]] = {}
        """By recipient, with the pins that it seals from and to: of other keys a new one is made."""

        self._incoming: dict[tuple[str, str], IncomingStream] = {}
        self._pulled: dict[tuple[str, str], tuple[int, int]] = {}
        self._looked_back: dict[str, tuple[int, int]] = {}
        self._resume: list[tuple[str, str]] = []
        self._resumed_ns: dict[str, int] = {}
        self._topics: dict[str, OnNotice] = {}
        self.on_trust: Callable[[Announcement], None] | None = None
        """Takes trust states, which prove themselves whoever brought them; it raises a PeerError."""

        self._now_ns = 0
        self.refusals: Counter[str] = Counter()
        """How many payloads were refused, by reason."""
        transport.listen(self._take)

    def stream(self, recipient: str) -> str:
        """The opaque name of the stream to a recipient."""
        return self._stream_to(recipient).name

    def next_sequence(self, recipient: str) -> int:
        """The number that the next parcel to a recipient gets."""
        return self._stream_to(recipient).last + 1

    def acknowledged(self, recipient: str) -> int:
        """The cursor up to which a recipient has signed that it accepted."""
        return self._stream_to(recipient).acknowledged

    def cursors(self) -> dict[tuple[str, str], int]:
        """How far each (sender, stream) was accepted here."""
        return {name: stream.cursor for name, stream in self._incoming.items()}

    def restore(self, outgoing: Mapping[str, OutgoingState], incoming: Mapping[tuple[str, str], int]) -> None:
        """Continue where the ledger says: streams by recipient, cursors by (sender, stream).

        The first `tick` sends again what is not acknowledged, and asks every sender for what follows.

        Raises:
            UsageError: something was sent or accepted already, or a cursor cannot be.
        """
        if self._outgoing or self._incoming:
            raise UsageError("restore comes before anything is sent or accepted: make a new endpoint")
        for recipient, state in outgoing.items():
            self._outgoing[recipient] = OutgoingStream(
                state.stream, self._limits, state.acknowledged, state.parcels
            )
        for name, cursor in incoming.items():
            self._incoming[name] = IncomingStream(cursor)
            self._resume.append(name)

    def send(self, recipient: str, sequence: int, parcel: bytes, receipt: Receipt | None) -> None:
        """Take a parcel that the ledger holds; the next `tick` sends it.

        Args:
            recipient: a pinned partner.
            sequence: its number, as recorded: that of `next_sequence`.
            parcel: the wire form of a Parcel.
            receipt: of this party's ledger, for the entry that holds the parcel.

        Raises:
            UsageError: no receipt of this party, another number than the next, or a parcel too large.
            TrustError: the recipient is not pinned.
        """
        if receipt is None or receipt.party != self._keys.party:
            raise UsageError(
                f"nothing is sent to `{recipient}` that the ledger does not hold: give its receipt"
            )
        if not 1 <= len(parcel) <= PARCEL_BYTES_MAX:
            raise UsageError(
                f"a parcel of {len(parcel)} bytes is over the limit of {PARCEL_BYTES_MAX}: split it"
            )
        stream = self._stream_to(recipient)
        if sequence != stream.last + 1:
            raise UsageError(
                f"parcel {sequence} to `{recipient}` does not follow {stream.last}: send in recorded order"
            )
        stream.append(parcel)

    def on_notice(self, topic: str, take: OnNotice) -> None:
        """Let `take` have the notices of a topic; where it raises a PeerError the notice is refused.

        Raises:
            UsageError: the topic is somebody else's.
        """
        if topic in self._topics:
            raise UsageError(f"notices on `{topic}` are taken already: one topic, one taker")
        self._topics[topic] = take

    def notify(self, recipient: str, topic: str, content: bytes) -> None:
        """Tell a partner's node something beside items, now and once: it may be lost, so say it again.

        Raises:
            ItemError: too long for a notice.
        """
        notice = Notice(sender=self._keys.party, recipient=recipient, topic=topic, content=content)
        self._say(recipient, notice)

    def introduce(self, recipient: str, announcement: Announcement) -> None:
        """Tell a partner a party's trust states. They carry their own proof and no signature of this node,
        whose new key the partner may not know yet.
        """
        self._transmit(recipient, TRUST_MAGIC + encode_announcement(announcement))

    def tick(self, now_ns: int) -> None:
        """Send what is due at an instant: new parcels, what was not acknowledged in time, and pulls."""
        self._now_ns = max(self._now_ns, now_ns)
        for recipient, stream in list(self._outgoing.items()):
            self._push(recipient, stream)
        resume, self._resume = self._resume, []
        for name in resume:
            self._pull(name)
        for name, incoming in list(self._incoming.items()):
            if incoming.behind:
                self._pull(name)

    def resume(self, party: str, now_ns: int) -> None:
        """Send again at once what a party has not acknowledged, and ask it for what follows of its streams.

        For when the link with it may have been away. Who says so is not trusted: doing it again within a pull
        interval does nothing, nor does it for a party without a stream to or from it.
        """
        self._now_ns = max(self._now_ns, now_ns)
        outgoing = self._outgoing.get(party)
        incoming = [name for name in self._incoming if name[0] == party]
        if outgoing is None and not incoming:
            return
        resumed_ns = self._resumed_ns.get(party)
        if resumed_ns is not None and self._now_ns < resumed_ns + self._limits.pull_interval_ns:
            return
        self._resumed_ns[party] = self._now_ns
        if outgoing is not None:
            outgoing.resume()
            self._push(party, outgoing)
        for name in incoming:
            # What was asked just before may be lost with the link, so it does not count as asked.
            self._pulled.pop(name, None)
            self._pull(name)

    def next_tick_ns(self) -> int | None:
        """The instant of the next `tick` that has something to do, in ns; None while there is nothing."""
        instants = [stream.due_ns() for stream in self._outgoing.values()]
        if self._resume:
            instants.append(0)
        for name, incoming in self._incoming.items():
            if incoming.behind and name in self._pulled:
                instants.append(self._pulled[name][1] + self._limits.pull_interval_ns)
        due = [instant for instant in instants if instant is not None]
        return max(min(due), self._now_ns) if due else None

    def receive(self, payload: bytes) -> Arrival:
        """What became of a payload; whatever it holds, nothing is raised for it."""
        try:
            if payload.startswith(TRUST_MAGIC):
                return self._receive_trust(payload)
            return self._receive_message(payload) if is_sign1(payload) else self._receive_envelope(payload)
        except PeerError as error:
            return self._refuse(error)

    def _take(self, payload: bytes) -> None:
        self.receive(payload)

    def _receive_envelope(self, payload: bytes) -> Arrival:
        checked = self._opener.check(payload)
        batch = checked.batch
        name = (batch.sender, batch.stream)
        stream = self._incoming.get(name)
        if stream is None:
            self._refuse_many_streams(batch.sender)
            stream = IncomingStream()
        try:
            new = stream.accept(batch.first_sequence, len(batch.bindings))
        except ReplayError as error:
            # A partner that lost our receipt sends again too: it gets the receipt, nothing is used twice.
            self._acknowledge(name, stream)
            self._tell("replay", f"`{batch.sender}` sent again what was accepted: {error}")
            return Arrival.REPEATED
        if new is None:
            self._incoming[name] = stream
            self._pull(name)
            return Arrival.AHEAD
        return self._deliver(name, stream, checked, new)

    def _deliver(
        self, name: tuple[str, str], stream: IncomingStream, checked: Checked, new: range
    ) -> Arrival:
        opened = self._opener.open(checked, new.start)
        try:
            self._on_parcels(opened.sender, opened.stream, opened.first_sequence, opened.parcels)
        except TrilatError as error:
            self._tell("not-recorded", f"parcels of `{opened.sender}` were not recorded: {error}")
            return Arrival.NOT_RECORDED
        self._incoming[name] = stream
        stream.advance(new.stop - 1)
        self._acknowledge(name, stream)
        if stream.behind:
            self._pull(name)
        return Arrival.DELIVERED

    def _receive_message(self, payload: bytes) -> Arrival:
        message = open_message(payload, self._keys.party, self._trust)
        if isinstance(message, Notice):
            return self._receive_notice(message)
        stream = self._outgoing.get(message.sender)
        if stream is None or stream.name != message.stream:
            raise EnvelopeError(
                f"`{message.sender}` speaks of a stream that this node does not send: not read"
            )
        cursor = message.cursor if isinstance(message, Acknowledgement) else message.since
        before = stream.acknowledged
        if isinstance(message, Acknowledgement):
            stream.acknowledge(cursor, self._now_ns)
        elif cursor < before:
            self._look_back(message.sender, stream, cursor)
        elif stream.rewind(cursor, self._now_ns):
            self._push(message.sender, stream)
        if stream.acknowledged > before and not self._note(message.sender, stream.name, cursor, payload):
            return Arrival.NOT_RECORDED
        return Arrival.PULLED if isinstance(message, Pull) else Arrival.ACKNOWLEDGED

    def _receive_trust(self, payload: bytes) -> Arrival:
        announcement = decode_announcement(payload[len(TRUST_MAGIC) :])
        if self.on_trust is None:
            raise TrustError("trust states are not taken here: nobody listens to them")
        self.on_trust(announcement)
        return Arrival.NOTICED

    def _receive_notice(self, notice: Notice) -> Arrival:
        take = self._topics.get(notice.topic)
        if take is None:
            raise EnvelopeError(f"`{notice.sender}` speaks on `{notice.topic[:40]}`, which nobody takes here")
        take(notice.sender, notice.content)
        return Arrival.NOTICED

    def _note(self, recipient: str, stream: str, cursor: int, signed: bytes) -> bool:
        """Whether the node recorded a partner's receipt. If not, it only sends too much after a restart."""
        if self._on_acknowledged is None:
            return True
        try:
            self._on_acknowledged(recipient, stream, cursor, signed)
        except TrilatError as error:
            self._tell("not-recorded", f"a receipt of `{recipient}` was not recorded: {error}")
            return False
        return True

    def _look_back(self, recipient: str, stream: OutgoingStream, since: int) -> None:
        """Answer a pull for what was acknowledged before. One may be late; a partner that insists has lost
        the end of its record, as after a restore from a backup, and gets it from the archive.
        """
        asked, times = self._looked_back.get(recipient, (since, 0))
        times = times + 1 if asked == since else 1
        self._looked_back[recipient] = (since, times)
        if times < _INSISTING:
            return
        count = min(self._limits.batch_parcels, stream.acknowledged - since)
        parcels = self._archive(recipient, stream.name, since + 1, count) if self._archive else ()
        if not parcels:
            raise EnvelopeError(
                f"`{recipient}` asks again for what follows {since}, and had acknowledged "
                f"{stream.acknowledged}: its record is older than its receipts, and no archive has it here"
            )
        self._seal_and_send(recipient, stream, Push(first_sequence=since + 1, parcels=tuple(parcels[:count])))

    def _push(self, recipient: str, stream: OutgoingStream) -> None:
        while (push := stream.push(self._now_ns)) is not None:
            self._seal_and_send(recipient, stream, push)

    def _seal_and_send(self, recipient: str, stream: OutgoingStream, push: Push) -> None:
        try:
            sealer = self._sealer(recipient, stream.name)
            parcels = [
                renewed(decode(parcel, Parcel, PARCEL_BYTES_MAX), self._keys, self._trust)
                for parcel in push.parcels
            ]
            envelope = sealer.seal(push.first_sequence, parcels)
        except TrilatError as error:
            self._tell("not-sealed", f"parcels to `{recipient}` cannot be sealed: {error}")
            return
        self._transmit(recipient, envelope)

    def _sealer(self, recipient: str, stream: str) -> Sealer:
        """The sealer from this party's newest keys to a recipient's; TrustError where none are in force."""
        own, pin = self._keys.pin, self._trust.sealing_pin(recipient)
        known = self._sealers.get(recipient)
        if known is not None and known[1:] == (own, pin):
            return known[0]
        sealer = Sealer(self._keys, pin, stream, self._entropy)
        self._sealers[recipient] = (sealer, own, pin)
        return sealer

    def _acknowledge(self, name: tuple[str, str], stream: IncomingStream) -> None:
        sender, stream_name = name
        receipt = Acknowledgement(
            sender=self._keys.party, recipient=sender, stream=stream_name, cursor=stream.cursor
        )
        self._say(sender, receipt)

    def _pull(self, name: tuple[str, str]) -> None:
        """Ask for what follows the cursor, but the same thing only once in the pull interval."""
        sender, stream_name = name
        cursor = self._incoming[name].cursor
        asked = self._pulled.get(name)
        again_ns = self._limits.pull_interval_ns
        if asked is not None and asked[0] == cursor and self._now_ns < asked[1] + again_ns:
            return
        self._pulled[name] = (cursor, self._now_ns)
        pull = Pull(sender=self._keys.party, recipient=sender, stream=stream_name, since=cursor)
        self._say(sender, pull)

    def _say(self, recipient: str, message: Message) -> None:
        """Sign and send; where a token does not sign, nothing is said, and the partner asks again."""
        try:
            signed = sign_message(self._keys, message)
        except LinkError as error:
            self._tell("not-signed", f"nothing is said to `{recipient}`: {error}")
            return
        self._transmit(recipient, signed)

    def _transmit(self, recipient: str, payload: bytes) -> None:
        try:
            self._transport.send(recipient, payload)
        except LinkError as error:
            self._tell("link", f"the link to `{recipient}` failed, what is lost is sent again: {error}")

    def _stream_to(self, recipient: str) -> OutgoingStream:
        stream = self._outgoing.get(recipient)
        if stream is None:
            if self._trust.pin(recipient).party != recipient or recipient == self._keys.party:
                raise UsageError(
                    f"`{recipient}` has no node of its own to send to: give a partner's party code"
                )
            name = self._keys.stream_to(recipient)
            stream = self._outgoing[recipient] = OutgoingStream(name, self._limits)
        return stream

    def _refuse_many_streams(self, sender: str) -> None:
        if sum(known == sender for known, _ in self._incoming) >= self._limits.streams_per_sender:
            raise EnvelopeError(
                f"`{sender}` began more than {self._limits.streams_per_sender} streams: not accepted"
            )

    def _refuse(self, error: PeerError) -> Arrival:
        self._tell(_REASONS.get(type(error), "peer"), str(error))
        return Arrival.REFUSED

    def _tell(self, reason: str, text: str) -> None:
        self.refusals[reason] += 1
        if self._on_refusal is not None:
            self._on_refusal(text)
