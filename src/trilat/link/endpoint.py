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

from trilat.link.arrival import REASONS, Arrival, OnAcknowledged, OnNotice, OnOmitted, OnParcels
from trilat.link.cose import is_encrypt0, is_sign1
from trilat.link.epochs import RotationReason
from trilat.link.inbox import Inbox
from trilat.link.incoming import IncomingStream
from trilat.link.keying import Keying
from trilat.link.keys import Entropy, NodeKeys, wrap_to
from trilat.link.limits import LinkLimits, LinkProfile
from trilat.link.messages import (
    RUNS_MAX,
    Acknowledgement,
    HighWater,
    Lacking,
    Notice,
    Omission,
    Parts,
    Pull,
    open_message,
    sign_message,
)
from trilat.link.opening import Opener
from trilat.link.outbox import Archive, Gate, OnSkipped, Outbox, OutgoingState, Worth
from trilat.link.parts import Joiner, is_part
from trilat.link.post import Post
from trilat.link.priority import Standing
from trilat.link.ranges import Range
from trilat.link.reservations import Reservations
from trilat.link.stream import Judge
from trilat.link.trust import TrustStore
from trilat.link.trust_state import (
    TRUST_MAGIC,
    Announcement,
    announced_party,
    decode_announcement,
    encode_announcement,
)
from trilat.model import (
    EnvelopeError,
    EpochError,
    PeerError,
    Receipt,
    Transport,
    TrilatError,
    TrustError,
    UsageError,
)


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
        on_omitted: OnOmitted | None = None,
        on_skipped: OnSkipped | None = None,
        archive: Archive | None = None,
        worth: Worth | None = None,
        limits: LinkLimits | None = None,
        profiles: Mapping[str, LinkProfile] | None = None,
        reservations: Reservations | None = None,
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
            on_omitted: records that numbers of a partner's stream carry nothing; None refuses such words.
            on_skipped: records that numbers of a stream of ours carry nothing; None leaves nothing out.
            archive: gives parcels that are not in memory any more; without one, all that is not acknowledged
                stays there, and nothing that was acknowledged can be given again.
            worth: says what is not worth sending on a sparing link.
            limits: of every link that has no profile.
            profiles: how the links to single partners are used.
            reservations: keeps, on disk, how far counters of epochs have come.
        """
        self._keys = keys
        self._trust = trust
        self._on_acknowledged = on_acknowledged
        self._on_refusal = on_refusal
        self._profiles = dict(profiles) if profiles is not None else {}
        self._standard = LinkProfile(limits=limits if limits is not None else LinkLimits())
        self._opener = Opener(keys, trust)
        self._post = Post(transport, self._profile, self._tell, self._covered)
        self._keying = Keying(keys, trust, entropy, self._opener, self.notify, reservations)
        self._outbox = Outbox(keys, trust, self._keying, self._post, self._profile, self._tell)
        self._outbox.archive, self._outbox.on_skipped, self._outbox.worth = archive, on_skipped, worth
        self._inbox = Inbox(keys, self._opener, self._post, self._profile, self._tell, on_parcels, on_omitted)
        self._joiner = Joiner()
        self._resumed_ns: dict[str, int] = {}
        self._topics: dict[str, OnNotice] = self._keying.topics(self._send_again)
        self.on_trust: Callable[[Announcement], None] | None = None
        """Takes trust states, which prove themselves whoever brought them; it raises a PeerError."""

        self._entropy = entropy
        self._notices = 0
        self._now_ns = 0
        self.refusals: Counter[str] = Counter()
        """How many payloads were refused, by reason."""
        transport.listen(self._take)

    def _profile(self, party: str) -> LinkProfile:
        return self._profiles.get(party, self._standard)

    def stream(self, recipient: str) -> str:
        """The opaque name of the stream to a recipient."""
        return self._outbox.stream_to(recipient).name

    def next_sequence(self, recipient: str) -> int:
        """The number that the next parcel to a recipient gets."""
        return self._outbox.stream_to(recipient).last + 1

    def acknowledged(self, recipient: str) -> int:
        """The cursor up to which a recipient has signed that it accepted."""
        return self._outbox.stream_to(recipient).acknowledged

    def cursors(self) -> dict[tuple[str, str], int]:
        """How far each (sender, stream) was accepted here."""
        return self._inbox.cursors()

    def ahead(self) -> dict[tuple[str, str], tuple[Range, ...]]:
        """What was accepted ahead of these cursors."""
        return self._inbox.ahead()

    def leave_out(self, recipient: str, last: int, held: Sequence[Range]) -> None:
        """Go on behind `last` (`OutgoingStream.leave_out`), which is in the ledger already."""
        self._outbox.stream_to(recipient).leave_out(last, held)

    def restore(
        self,
        outgoing: Mapping[str, OutgoingState],
        incoming: Mapping[tuple[str, str], int],
        ahead: Mapping[tuple[str, str], tuple[Range, ...]] | None = None,
    ) -> None:
        """Continue where the ledger says: streams by recipient, cursors by (sender, stream).

        The first `tick` sends again what is not acknowledged, and asks every sender for what follows.

        Args:
            outgoing: own streams.
            incoming: the cursors of partners' streams.
            ahead: what was accepted ahead of these cursors.

        Raises:
            UsageError: something was sent or accepted already, or a cursor cannot be.
        """
        if self._outbox.streams or len(self._inbox):
            raise UsageError("restore comes before anything is sent or accepted: make a new endpoint")
        self._outbox.restore(outgoing)
        for name, cursor in incoming.items():
            self._inbox.restore(name, IncomingStream(cursor, (ahead or {}).get(name, ())))

    def send(
        self,
        recipient: str,
        sequence: int,
        parcel: bytes,
        receipt: Receipt | None,
        standing: Standing | None = None,
    ) -> None:
        """Take a parcel that the ledger holds; the next `tick` sends it.

        Args:
            recipient: a pinned partner.
            sequence: its number, as recorded: that of `next_sequence`.
            parcel: the wire form of a Parcel.
            receipt: of this party's ledger, for the entry that holds the parcel.
            standing: how it stands (`standing_of`); read from the parcel where it is not given.

        Raises:
            UsageError: no receipt of this party, another number than the next, or a parcel too large.
            TrustError: the recipient is not pinned.
        """
        self._outbox.send(recipient, sequence, parcel, receipt, standing)

    def guard(self, gate: Gate) -> None:
        """Ask before anything recorded is sent; where the gate says no, the stream stands there for now."""
        self._outbox.gate = gate

    def review(self, recipient: str, judge: Judge | None) -> None:
        """Leave out of a stream what `judge` gives a reason for, also on a wide link; None ends that."""
        self._outbox.review(recipient, judge)

    def on_notice(self, topic: str, take: OnNotice) -> None:
        """Let `take` have the notices of a topic; where it raises a PeerError the notice is refused.

        Raises:
            UsageError: the topic is somebody else's.
        """
        if topic in self._topics:
            raise UsageError(f"notices on `{topic}` are taken already: one topic, one taker")
        self._topics[topic] = take

    def notify(self, recipient: str, topic: str, content: bytes) -> None:
        """Tell a partner's node something beside items, once: it may be lost, so say it again. It goes now,
        or on a paced link when that is free; ItemError where it is too long for a notice.
        """
        notice = Notice(sender=self._keys.party, recipient=recipient, topic=topic, content=content)
        self._notices += 1
        name = ("notice", topic, str(self._notices))
        self._post.say(recipient, name, lambda: sign_message(self._keys, notice), self._now_ns)

    def introduce(self, recipient: str, announcement: Announcement) -> None:
        """Tell a partner a party's trust states. They carry their own proof and no signature of this node,
        whose new key the partner may not know yet. They are sealed to the partner: no relay reads them.

        Raises:
            TrustError: the partner is not pinned.
        """
        sealed = wrap_to(self._trust.pin(recipient), encode_announcement(announcement), TRUST_MAGIC)
        name = ("trust", announced_party(announcement))
        self._post.say(recipient, name, lambda: TRUST_MAGIC + sealed, self._now_ns)

    def rotate(self, reason: RotationReason, recipient: str | None = None) -> None:
        """Begin a new epoch with a recipient, or with all, and tell each its key ahead of what it closes: to
        be called whenever membership or an agreement changed.
        """
        self._keying.rotate(reason, recipient)
        self._outbox.drop_parts(recipient)

    def tick(self, now_ns: int) -> None:
        """Send what is due at an instant: new parcels, what was not acknowledged in time, pulls, and now and
        then how far the own streams go.
        """
        self._at(now_ns)
        self._outbox.push_all(self._now_ns)
        self._inbox.tick()

    def _at(self, now_ns: int) -> None:
        self._now_ns = self._inbox.now_ns = max(self._now_ns, now_ns)

    def resume(self, party: str, now_ns: int) -> None:
        """Send again at once what a party has not acknowledged, and ask it for what follows of its streams.

        For when the link with it may have been away. Who says so is not trusted: doing it again within a pull
        interval does nothing, nor does it for a party without a stream to or from it.
        """
        self._at(now_ns)
        outgoing = self._outbox.streams.get(party)
        if outgoing is None and not self._inbox.has(party) and not self._profile(party).sparing:
            return
        if not self._may_resume(party):
            return
        self._outbox.tell_key(party, self._now_ns, again=True)
        if outgoing is not None:
            outgoing.resume()
            self._outbox.push(party, self._now_ns)
        self._inbox.resume(party)

    def next_tick_ns(self) -> int | None:
        """The instant of the next `tick` that has something to do, in ns; None while there is nothing.

        How far streams go is said in the ticks that come anyway; it is nothing to wake for.
        """
        due = [instant for instant in (self._outbox.next_ns(),) if instant is not None]
        due += self._inbox.due_ns()
        return max(min(due), self._now_ns) if due else None

    def receive(self, payload: bytes) -> Arrival:
        """What became of a payload; whatever it holds, nothing is raised for it."""
        return self.receive_all([payload])[0]

    def receive_all(self, payloads: Sequence[bytes]) -> list[Arrival]:
        """What became of payloads that came one behind another; whatever they hold, nothing is raised for it.

        Parcels of one stream that follow each other go to `on_parcels` in one piece, and are acknowledged in
        one word.
        """
        arrivals = self._inbox.begin()
        for payload in payloads:
            # Two steps: what is handed on meanwhile changes the list.
            arrival = self._receive_one(payload)
            arrivals.append(arrival)
        self._inbox.hand_on()
        return arrivals

    def _receive_one(self, payload: bytes) -> Arrival:
        try:
            if payload.startswith(TRUST_MAGIC):
                self._inbox.hand_on()
                return self._receive_trust(payload)
            if is_part(payload):
                whole = self._joiner.take(payload)
                if whole is None:
                    return Arrival.PART
                payload = whole
            if is_encrypt0(payload):
                payload = self._opener.pairs.uncover(payload)
            return self._receive_message(payload) if is_sign1(payload) else self._receive_envelope(payload)
        except PeerError as error:
            return self._refuse(error)

    def _take(self, payload: bytes) -> None:
        self.receive(payload)

    def _receive_envelope(self, payload: bytes) -> Arrival:
        try:
            checked = self._opener.check(payload)
        except EpochError as error:
            self._keying.ask(error, self._now_ns)
            raise
        return self._inbox.take(checked)

    def _receive_message(self, payload: bytes) -> Arrival:
        self._inbox.hand_on()
        message = open_message(payload, self._keys.party, self._trust)
        if isinstance(message, Notice):
            return self._receive_notice(message)
        if isinstance(message, HighWater):
            return self._inbox.hear_of(message)
        if isinstance(message, Omission):
            return self._inbox.omit(message, payload)
        if isinstance(message, Parts):
            return self._receive_parts(message)
        if isinstance(message, Lacking):
            self._outbox.lacks(message, self._now_ns)
            return Arrival.PULLED
        moved = self._outbox.heard(message, self._now_ns)
        cursor = message.cursor if isinstance(message, Acknowledgement) else message.since
        if moved and not self._note(message.sender, message.stream, cursor, payload):
            return Arrival.NOT_RECORDED
        return Arrival.PULLED if isinstance(message, Pull) else Arrival.ACKNOWLEDGED

    def _receive_trust(self, payload: bytes) -> Arrival:
        announcement = decode_announcement(self._keys.unwrap(payload[len(TRUST_MAGIC) :], TRUST_MAGIC))
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

    def _receive_parts(self, word: Parts) -> Arrival:
        """Take note of what comes in parts; where asked, say what lacks, or acknowledge what is whole."""
        runs = self._joiner.announced(word.sender, word.payload, word.size, word.part_bytes)
        if runs and word.again:
            lacking = Lacking(
                sender=self._keys.party, recipient=word.sender, payload=word.payload, runs=runs[:RUNS_MAX]
            )
            name = ("lacking", word.payload.hex())
            self._post.say(word.sender, name, lambda: sign_message(self._keys, lacking), self._now_ns)
        if not runs:
            self._inbox.acknowledge_all(word.sender)
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

    def _covered(self, recipient: str, message: bytes) -> bytes:
        """A signed message so that whoever carries it learns neither who speaks nor what of."""
        return self._opener.pairs.cover(recipient, message, self._entropy)

    def _send_again(self, recipient: str) -> None:
        """A recipient lacked a key, which goes along now: what it could not open goes again at once."""
        stream = self._outbox.streams.get(recipient)
        if stream is not None and self._may_resume(recipient):
            stream.resume()
            self._outbox.push(recipient, self._now_ns)

    def _may_resume(self, party: str) -> bool:
        """Whether a party's streams may begin again now: not twice within a pull interval."""
        resumed_ns = self._resumed_ns.get(party)
        again_ns = self._profile(party).limits.pull_interval_ns
        if resumed_ns is not None and self._now_ns < resumed_ns + again_ns:
            return False
        self._resumed_ns[party] = self._now_ns
        return True

    def _refuse(self, error: PeerError) -> Arrival:
        self._tell(REASONS.get(type(error), "peer"), str(error))
        return Arrival.REFUSED

    def _tell(self, reason: str, text: str) -> None:
        self.refusals[reason] += 1
        if self._on_refusal is not None:
            self._on_refusal(text)
