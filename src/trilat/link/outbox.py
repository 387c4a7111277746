"""`Outbox`: what a node gives to its partners: a stream to each, sealed, at the pace of its link."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from trilat.link.backlog import Backlog
from trilat.link.keying import Keying
from trilat.link.keys import NodeKeys
from trilat.link.limits import LinkProfile
from trilat.link.messages import Acknowledgement, HighWater, Lacking, Omission, Parts, Pull, sign_message
from trilat.link.parcel import PARCEL_BYTES_MAX, Parcel
from trilat.link.parts import Cutter
from trilat.link.post import Post, Tell
from trilat.link.priority import Standing, standing_of
from trilat.link.ranges import Range, Ranges
from trilat.link.remarking import renewed
from trilat.link.stream import Judge, OutgoingStream, Push, Skip, SkipReason
from trilat.link.trust import TrustStore
from trilat.model import (
    EnvelopeError,
    Lane,
    Receipt,
    Release,
    TrilatError,
    UsageError,
    decode,
)

Archive = Callable[[str, str, int, int], Sequence[bytes]]
"""Gives, from the ledger, parcels of (recipient, stream) from a sequence on, at most so many, and b"" for one
whose content was removed there."""

OnSkipped = Callable[[str, str, Sequence[tuple[int, int, SkipReason]]], None]
"""Takes recipient, stream and runs with reasons; returns when they are on disk."""

Gate = Callable[[str, int, bytes], bool]
"""Whether a recorded parcel, by recipient and number, may be sent now."""

Worth = Callable[[str, Release], SkipReason | None]
"""Says why a release to a recipient is not worth sending any more; None where it is."""

_PARTS_FROM: Final = 8
"""An envelope of more than so many messages of a thin link goes in parts."""

_GONE_MAX: Final = 5_000
"""Numbers without content that are looked for together, when a partner asks again for what it had."""

_INSISTING: Final = 3
"""Pulls for the same thing after which one that was acknowledged before is believed not to be a late one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingState:
    """What a ledger says of an outgoing stream: its name, the partner's cursor, and what lies behind it."""

    stream: str
    acknowledged: int
    parcels: Sequence[bytes] = ()
    """All that is not acknowledged, for who has no archive."""

    last: int | None = None
    """The newest number given; what is not acknowledged is then the archive's to give."""

    backlog: Backlog | None = None
    skipped: Sequence[Range] = ()


class Outbox:
    """The outgoing streams of one node."""

    def __init__(
        self,
        keys: NodeKeys,
        trust: TrustStore,
        keying: Keying,
        post: Post,
        profile: Callable[[str], LinkProfile],
        tell: Tell,
    ) -> None:
        """No stream yet. Set `archive`, `on_skipped` and `worth` before the first one."""
        self._keys = keys
        self._trust = trust
        self._keying = keying
        self._post = post
        self._profile = profile
        self._tell = tell
        self.archive: Archive | None = None
        self.on_skipped: OnSkipped | None = None
        self.worth: Worth | None = None
        self.gate: Gate | None = None
        """Is asked before anything is sealed; None lets all pass."""

        self.streams: dict[str, OutgoingStream] = {}
        self._cutter = Cutter()
        self._in_parts: dict[str, dict[tuple[int, int], tuple[bytes, int]]] = {}
        """By recipient, of first number and count: what goes in parts, by its id and size."""

        self._parted: set[str] = set()
        """To whom a part went last: then it is another's turn."""

        self._judges: dict[str, Judge | None] = {}
        self._thinned: dict[str, int] = {}
        """By recipient: the newest number that went in a thin envelope."""

        self._looked_back: dict[str, tuple[int, int]] = {}
        self._gave_again_ns: dict[str, int] = {}
        self._said_ns: dict[str, int] = {}

    def stream_to(self, recipient: str) -> OutgoingStream:
        """The stream to a pinned partner, new where there is none.

        Raises:
            TrustError: the recipient is not pinned.
            UsageError: it has no node of its own.
        """
        stream = self.streams.get(recipient)
        if stream is None:
            if self._trust.pin(recipient).party != recipient or recipient == self._keys.party:
                raise UsageError(
                    f"`{recipient}` has no node of its own to send to: give a partner's party code"
                )
            state = OutgoingState(stream=self._keys.stream_to(recipient), acknowledged=0)
            stream = self._begin(recipient, state)
        return stream

    def restore(self, states: Mapping[str, OutgoingState]) -> None:
        """Continue where the ledger says."""
        for recipient, state in states.items():
            stream = self._begin(recipient, state)
            for parcel in state.parcels:
                stream.append(parcel, _standing(parcel))

    def _begin(self, recipient: str, state: OutgoingState) -> OutgoingStream:
        profile = self._profile(recipient)
        archive = self.archive

        def read(first: int, count: int) -> Sequence[bytes]:
            return () if archive is None else archive(recipient, state.stream, first, count)

        stream = OutgoingStream(
            state.stream,
            profile.limits,
            state.acknowledged,
            state.last,
            backlog=state.backlog,
            skipped=state.skipped,
            read=read if archive is not None else None,
        )
        if profile.sparing and self.on_skipped is not None:
            stream.judge = lambda parcel: self._judge(recipient, stream, parcel)
        self._judges[recipient] = stream.judge
        self.streams[recipient] = stream
        return stream

    def review(self, recipient: str, judge: Judge | None) -> None:
        """Leave out of a stream what `judge` gives a reason for, beside what is not worth sending anyway."""
        stream, worth = self.stream_to(recipient), self._judges.get(recipient)
        if judge is None or self.on_skipped is None:
            stream.judge = worth
            return
        asked = judge

        def both(parcel: bytes) -> SkipReason | None:
            return asked(parcel) or (None if worth is None else worth(parcel))

        stream.judge = both

    def _judge(self, recipient: str, stream: OutgoingStream, parcel: bytes) -> SkipReason | None:
        """Why a parcel is not worth sending. One that cannot be read is: sealing it says what is wrong."""
        try:
            release = decode(decode(parcel, Parcel, PARCEL_BYTES_MAX).release, Release)
        except TrilatError:
            return None
        if stream.backlog.is_replaced(standing_of(release)):
            return SkipReason.REPLACED
        return self.worth(recipient, release) if self.worth is not None else None

    def send(
        self, recipient: str, sequence: int, parcel: bytes, receipt: Receipt | None, standing: Standing | None
    ) -> None:
        """Take a parcel that the ledger holds; see `LinkEndpoint.send`."""
        if receipt is None or receipt.party != self._keys.party:
            raise UsageError(
                f"nothing is sent to `{recipient}` that the ledger does not hold: give its receipt"
            )
        if not 1 <= len(parcel) <= PARCEL_BYTES_MAX:
            raise UsageError(
                f"a parcel of {len(parcel)} bytes is over the limit of {PARCEL_BYTES_MAX}: split it"
            )
        stream = self.stream_to(recipient)
        if sequence != stream.last + 1:
            raise UsageError(
                f"parcel {sequence} to `{recipient}` does not follow {stream.last}: send in recorded order"
            )
        stream.append(parcel, standing if standing is not None else _standing(parcel))

    def push_all(self, now_ns: int) -> None:
        """Send what is due to everyone, and tell idle partners how far their streams go."""
        for recipient in list(self.streams):
            self.push(recipient, now_ns)
        for recipient in self._post.owing():
            self._post.say_owed(recipient, now_ns)
        for recipient, stream in self.streams.items():
            said_ns = self._said_ns.setdefault(recipient, now_ns)
            self.tell_key(recipient, now_ns)
            if stream.last and now_ns >= said_ns + self._profile(recipient).limits.high_water_ns:
                self._say_high_water(recipient, stream, now_ns)

    def push(self, recipient: str, now_ns: int) -> None:
        """Send what is due to one partner: a warning before all, then what is owed, then the rest."""
        stream = self.streams[recipient]
        while self._post.is_free(recipient, now_ns):
            if not stream.leads:
                self._post.say_owed(recipient, now_ns)
                if not self._post.is_free(recipient, now_ns):
                    return
                if self._send_part(recipient, stream, now_ns):
                    continue
            done = stream.push(now_ns)
            if done is None and self._cutter.waits(recipient):
                continue
            if done is None:
                return
            self._said_ns[recipient] = now_ns
            if isinstance(done, Push):
                self._seal_and_send(recipient, stream, done, now_ns)
            elif not self._omit(recipient, stream, done, now_ns):
                return

    def tell_key(self, recipient: str, now_ns: int, *, again: bool = False) -> None:
        """Tell a partner on a thin link the key in force, while nothing goes that it would come with; `again`
        where the link may have been away.
        """
        stream = self.streams.get(recipient)
        idle = stream is None or stream.last == stream.acknowledged
        if not (idle and self._profile(recipient).sparing and recipient in self._trust):
            return
        name = self._keys.stream_to(recipient) if stream is None else stream.name
        try:
            self._keying.tell_ahead(recipient, name, now_ns, again=again)
        except TrilatError as error:
            if again:  # once a link comes up, and not each second
                self._tell("not-sealed", f"no key can be told to `{recipient}` ahead: {error}")

    def next_ns(self) -> int | None:
        """The instant of the next `push_all` that has something to do, 0 for at once; None for none."""
        due = [
            max(due_ns, self._post.free_ns(recipient))
            for recipient, stream in self.streams.items()
            if (due_ns := stream.due_ns()) is not None
        ]
        due += [self._post.free_ns(recipient) for recipient in self._post.owing()]
        due += [self._post.free_ns(recipient) for recipient in self.streams if self._cutter.waits(recipient)]
        return min(due) if due else None

    def heard(self, message: Acknowledgement | Pull, now_ns: int) -> bool:
        """Take a receipt or a pull of a stream's recipient; whether its cursor moved.

        Raises:
            EnvelopeError: it is not of a stream of this node's, or beyond its end.
        """
        stream = self.streams.get(message.sender)
        if stream is None or stream.name != message.stream:
            raise EnvelopeError(
                f"`{message.sender}` speaks of a stream that this node does not send: not read"
            )
        before = stream.acknowledged
        try:
            self._take(message, stream, now_ns)
        except EnvelopeError as error:
            raise EnvelopeError(f"on the stream to `{message.sender}`: {error}", **error.facts) from error
        return stream.acknowledged > before

    def _take(self, message: Acknowledgement | Pull, stream: OutgoingStream, now_ns: int) -> None:
        if isinstance(message, Acknowledgement):
            stream.acknowledge(message.cursor, now_ns, message.ahead)
            self._keying.acknowledged(message.sender, message.cursor)
            self._forget_parts(message.sender, stream)
        elif message.since < stream.acknowledged:
            self._look_back(message.sender, stream, message.since, now_ns)
        elif stream.rewind(message.since, now_ns, message.ahead):
            self.push(message.sender, now_ns)

    def _look_back(self, recipient: str, stream: OutgoingStream, since: int, now_ns: int) -> None:
        """Answer a pull for what was acknowledged before. One may be late; a partner that insists has lost
        the end of its record, as after a restore from a backup, and gets it from the archive.
        """
        asked, times = self._looked_back.get(recipient, (since, 0))
        times = times + 1 if asked == since else 1
        self._looked_back[recipient] = (since, times)
        limits = self._profile(recipient).limits
        gave_ns = self._gave_again_ns.get(recipient)
        resting = gave_ns is not None and now_ns < gave_ns + limits.pull_interval_ns
        if times < _INSISTING or resting:
            # Words are short and batches long: who asks without end gets one batch in an interval.
            return
        self._gave_again_ns[recipient] = now_ns
        count = min(limits.batch_parcels, stream.acknowledged - since)
        parcels = self.archive(recipient, stream.name, since + 1, count) if self.archive else ()
        if not parcels:
            raise EnvelopeError(
                f"`{recipient}` asks again for what follows {since}, and had acknowledged "
                f"{stream.acknowledged}: its record is older than its receipts, and no archive has it here"
            )
        absent = next((number for number, one in enumerate(parcels[:count]) if not one), len(parcels[:count]))
        if absent:
            again = Push(first_sequence=since + 1, parcels=tuple(parcels[:absent]), bulk=True)
            self._seal_and_send(recipient, stream, again, now_ns)
        else:
            # What a lost ledger may have given is left out in thousands.
            more = min(_GONE_MAX, stream.acknowledged - since)
            parcels = self.archive(recipient, stream.name, since + 1, more) if self.archive else ()
            gone = next((number for number, one in enumerate(parcels) if one), len(parcels))
            self._say_omitted(recipient, stream, [(since + 1, since + gone)], now_ns)

    def _omit(self, recipient: str, stream: OutgoingStream, skip: Skip, now_ns: int) -> bool:
        """Record numbers that carry nothing, then say so; False where they could not be recorded."""
        if skip.reasons:
            runs = [(*run, reason) for run, reason in zip(skip.ranges, skip.reasons, strict=True)]
            try:
                if self.on_skipped is None:
                    raise UsageError("this node records no omissions")
                self.on_skipped(recipient, stream.name, runs)
            except TrilatError as error:
                self._tell("not-recorded", f"what is left out to `{recipient}` was not recorded: {error}")
                return False
            stream.skip(skip)
        self._say_omitted(recipient, stream, skip.ranges, now_ns)
        return True

    def _say_omitted(
        self, recipient: str, stream: OutgoingStream, runs: Sequence[Range], now_ns: int
    ) -> None:
        omission = Omission(
            sender=self._keys.party, recipient=recipient, stream=stream.name, runs=tuple(Ranges(runs))
        )
        self._post.put_made(recipient, lambda: sign_message(self._keys, omission), now_ns)

    def _say_high_water(self, recipient: str, stream: OutgoingStream, now_ns: int) -> None:
        newest = stream.newest()
        self._said_ns[recipient] = now_ns
        if newest is None:
            return
        word = HighWater(
            sender=self._keys.party,
            recipient=recipient,
            stream=stream.name,
            last=stream.last,
            digest=sha256(newest).digest(),
        )
        name = ("high-water", stream.name)
        self._post.say(recipient, name, lambda: sign_message(self._keys, word), now_ns)

    def lacks(self, message: Lacking, now_ns: int) -> None:
        """A recipient says which parts of a payload have not come: they go, and no others."""
        self._cutter.lacks(message.sender, message.payload, message.runs)
        if message.sender in self.streams:
            self.push(message.sender, now_ns)

    def _send_part(self, recipient: str, stream: OutgoingStream, now_ns: int) -> bool:
        """Whether a part went; parts and whole messages take turns."""
        if recipient in self._parted:
            self._parted.discard(recipient)
            return False
        part = self._cutter.next(recipient)
        if part is None:
            return False
        self._parted.add(recipient)
        self._said_ns[recipient] = now_ns
        self._post.put(recipient, part, now_ns, Lane.BULK)
        stream.wait_on(now_ns)
        return True

    def _announce(self, recipient: str, name: bytes, size: int, now_ns: int, *, again: bool) -> None:
        word = Parts(
            sender=self._keys.party,
            recipient=recipient,
            payload=name,
            size=size,
            part_bytes=self._profile(recipient).limits.batch_bytes,
            again=again,
        )
        self._post.put(recipient, sign_message(self._keys, word), now_ns)

    def _send(self, recipient: str, push: Push, envelope: bytes, now_ns: int) -> None:
        """Send an envelope; one that is large for a thin link is announced, and goes in parts."""
        profile = self._profile(recipient)
        large = len(envelope) > _PARTS_FROM * profile.limits.batch_bytes
        if profile.bits_per_s is None or not large or not self._cutter.has_room(recipient):
            self._post.put(recipient, envelope, now_ns, Lane.BULK if push.bulk else Lane.LIVE)
            return
        name = self._cutter.begin(recipient, envelope, profile.limits.batch_bytes)
        in_parts = self._in_parts.setdefault(recipient, {})
        in_parts[push.first_sequence, len(push.parcels)] = (name, len(envelope))
        self._announce(recipient, name, len(envelope), now_ns, again=False)

    def _forget_parts(self, recipient: str, stream: OutgoingStream) -> None:
        in_parts = self._in_parts.get(recipient, {})
        for first, count in [key for key in in_parts if stream.is_settled(key[0], sum(key) - 1)]:
            self._cutter.forget(recipient, in_parts.pop((first, count))[0])

    def drop_parts(self, recipient: str | None = None) -> None:
        """Give no more parts of what was sealed before: it is asked about and sealed anew."""
        for party in list(self._in_parts) if recipient is None else [recipient]:
            for name, _ in self._in_parts.pop(party, {}).values():
                self._cutter.forget(party, name)

    def _is_in_parts(self, recipient: str, push: Push, now_ns: int) -> bool:
        """Whether a push is one that goes in parts already: then only what it lacks is asked."""
        in_parts = self._in_parts.get(recipient)
        if not in_parts:
            return False
        known = in_parts.get((push.first_sequence, len(push.parcels)))
        if known is None or not self._cutter.has(recipient, known[0]):
            return False
        self._announce(recipient, *known, now_ns, again=True)
        return True

    def _is_first(self, recipient: str, sequence: int) -> bool:
        """Whether a number beyond all before goes in a thin envelope now, which it does once."""
        if sequence <= self._thinned.get(recipient, 0):
            return False
        self._thinned[recipient] = sequence
        return True

    def _seal_and_send(self, recipient: str, stream: OutgoingStream, push: Push, now_ns: int) -> None:
        try:
            passing = self._passing(recipient, push)
            if not passing:
                return
            # What is on its way in parts was asked about when it began, and is asked about again here.
            if len(passing) == len(push.parcels) and self._is_in_parts(recipient, push, now_ns):
                return
            sealer = self._keying.sealer(recipient, stream.name, now_ns)
            envelope = None
            first = push.first_sequence
            parcels = tuple(renewed(parcel, self._keys, self._trust) for parcel in passing)
            # Who got no receipt for a thin envelope sends a whole one: its key may be lacking.
            alone = self._profile(recipient).sparing and len(passing) == 1
            if alone and self._is_first(recipient, first):
                envelope = sealer.thin_seal(first, parcels[0])
            envelope = envelope or sealer.seal(first, parcels)
        except TrilatError as error:
            self._tell("not-sealed", f"parcels to `{recipient}` cannot be sealed: {error}")
            return
        self._send(recipient, push, envelope, now_ns)

    def _passing(self, recipient: str, push: Push) -> Sequence[bytes]:
        """The parcels up to the first that may not be sent now: the rest is tried again when overdue."""
        if self.gate is None:
            return push.parcels
        for place, parcel in enumerate(push.parcels):
            if not self.gate(recipient, push.first_sequence + place, parcel):
                return push.parcels[:place]
        return push.parcels


def _standing(parcel: bytes) -> Standing | None:
    """How a parcel stands; None for one that cannot be read, which goes in its turn and is told there."""
    try:
        return standing_of(decode(decode(parcel, Parcel, PARCEL_BYTES_MAX).release, Release))
    except TrilatError:
        return None
