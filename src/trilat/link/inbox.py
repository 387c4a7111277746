"""`Inbox`: what partners give to a node: their streams, each number once, written before it is acknowledged.

Rules
1. What follows in a stream is handed on in order. When that returns it is on disk, and only then the receipt
   goes. Where it raises a TrilatError, nothing is acknowledged and the parcels come again.
2. Envelopes of one stream that follow each other, and were given together, are handed on in one piece and
   acknowledged in one word.
3. Receipts of a stream go no more often than the link's limits say; the newest goes, and speaks for all.
4. What is missing is asked for when nothing has come for a while: until then it may be on its way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from trilat.link.arrival import Arrival, OnOmitted, OnParcels
from trilat.link.incoming import IncomingStream
from trilat.link.keys import NodeKeys
from trilat.link.limits import LinkProfile
from trilat.link.messages import RUNS_MAX, Acknowledgement, HighWater, Omission, Pull, sign_message
from trilat.link.opening import Checked, OpenedParcel, Opener
from trilat.link.post import Post, Tell
from trilat.link.priority import newest_wins
from trilat.link.ranges import Range
from trilat.model import EnvelopeError, ReplayError, TrilatError

PARCELS_MAX: Final = 1_000
"""Of one stream, handed on in one piece; one envelope is always."""

_GRACES: Final = 10
"""After a tenth of a pull interval, a partner that is back has sent what it has by itself."""

StreamName = tuple[str, str]
"""A sender, and its name of a stream to this node."""


@dataclass
class _Following:
    """Parcels of one stream, each behind the other, that are not handed on yet."""

    name: StreamName
    stream: IncomingStream
    parcels: list[OpenedParcel]
    places: list[int]
    """Which of the payloads given together they came in."""

    def goes_on(self, checked: Checked) -> bool:
        """Whether a batch follows directly, and still goes with these."""
        batch = checked.batch
        return (
            (batch.sender, batch.stream) == self.name
            and batch.first_sequence == self.parcels[-1].sequence + 1
            and len(self.parcels) + batch.count <= PARCELS_MAX
        )


class Inbox:
    """The incoming streams of one node."""

    def __init__(
        self,
        keys: NodeKeys,
        opener: Opener,
        post: Post,
        profile: Callable[[str], LinkProfile],
        tell: Tell,
        on_parcels: OnParcels,
        on_omitted: OnOmitted | None,
    ) -> None:
        """No stream yet; the arguments are those of `LinkEndpoint`, and what it uses itself."""
        self._keys = keys
        self._opener = opener
        self._post = post
        self._profile = profile
        self._tell = tell
        self._on_parcels = on_parcels
        self._on_omitted = on_omitted
        self._streams: dict[StreamName, IncomingStream] = {}
        self._pulled: dict[StreamName, tuple[int, int]] = {}
        self._newest: dict[StreamName, tuple[int, bytes]] = {}
        self._soon: dict[StreamName, tuple[int, int]] = {}
        """Streams to ask for at an instant, unless their cursor has moved by then."""

        self._resume: list[StreamName] = []
        self._following: _Following | None = None
        self._arrivals: list[Arrival] = []
        """What became of payloads that are given together."""

        self._receipted_ns: dict[StreamName, int] = {}
        self._owed: dict[StreamName, int] = {}
        """Streams whose receipt waits, and until when."""

        self.now_ns = 0
        """The newest instant that the endpoint was told."""

    def cursors(self) -> dict[StreamName, int]:
        """How far each stream was accepted."""
        return {name: stream.cursor for name, stream in self._streams.items()}

    def ahead(self) -> dict[StreamName, tuple[Range, ...]]:
        """What was accepted ahead of these cursors."""
        return {name: stream.ahead for name, stream in self._streams.items()}

    def restore(self, name: StreamName, stream: IncomingStream) -> None:
        """Continue a stream; the next `tick` asks for what follows."""
        self._streams[name] = stream
        self._resume.append(name)

    def __len__(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    def has(self, sender: str) -> bool:
        """Whether anything of a sender was accepted."""
        return any(name[0] == sender for name in self._streams)

    def tick(self) -> None:
        """Send receipts and pulls that are due."""
        for name in [name for name, due_ns in self._owed.items() if due_ns <= self.now_ns]:
            self._say_receipt(name, self._streams[name])
        resume, self._resume = self._resume, []
        for name in resume:
            self._pull(name)
        self._pull_soon()
        for name, stream in list(self._streams.items()):
            if stream.behind:
                self._pull(name)

    def resume(self, sender: str) -> None:
        """A sender is back: ask for what follows, unless it comes by itself, for the same reason."""
        for name, stream in self._streams.items():
            if name[0] == sender:
                grace_ns = self._profile(sender).limits.pull_interval_ns // _GRACES
                self._soon[name] = (stream.cursor, self.now_ns + grace_ns)

    def due_ns(self) -> list[int]:
        """The instants at which a `tick` has something to do; 0 for at once."""
        due = [due_ns for _, due_ns in self._soon.values()] + list(self._owed.values())
        if self._resume:
            due.append(0)
        for name, stream in self._streams.items():
            if stream.behind and name in self._pulled:
                due.append(self._pulled[name][1] + self._profile(name[0]).limits.pull_interval_ns)
        return due

    # --- payloads that are given together ---

    def begin(self) -> list[Arrival]:
        """Payloads are given one behind another from now on; what becomes of each is put in this list."""
        self._arrivals = []
        return self._arrivals

    def hand_on(self) -> None:
        """Hand on what waits to be, and acknowledge it."""
        following, self._following = self._following, None
        if following is None:
            return
        first, last = following.parcels[0].sequence, following.parcels[-1].sequence
        opened = tuple(following.parcels)
        arrival = self._deliver(following.name, following.stream, opened, ((first, last),))
        for place in following.places:
            self._arrivals[place] = arrival

    def take(self, checked: Checked) -> Arrival:
        """What becomes of an envelope that its sender sealed for this node; PeerError where it is unsound."""
        batch = checked.batch
        following = self._following
        if following is not None and following.goes_on(checked):
            following.parcels += self._opener.open(checked).parcels
            following.places.append(len(self._arrivals))
            return Arrival.DELIVERED
        self.hand_on()
        name = (batch.sender, batch.stream)
        stream = self._stream_from(name)
        try:
            new = stream.accept(batch.first_sequence, batch.count)
        except ReplayError as error:
            # A partner that lost our receipt sends again too: it gets the receipt, nothing is used twice.
            self._acknowledge(name, stream)
            self._tell("replay", f"`{batch.sender}` sent again what was accepted: {error}")
            return Arrival.REPEATED
        first = batch.first_sequence if new is None else new.start
        opened = self._opener.open(checked, first).parcels
        runs = stream.news(first, batch.first_sequence + batch.count - 1)
        self._streams[name] = stream
        if new is None:
            return self._deliver_ahead(name, stream, opened, runs)
        if stream.ahead_runs:
            return self._deliver(name, stream, opened, runs)
        self._following = _Following(name, stream, list(opened), [len(self._arrivals)])
        return Arrival.DELIVERED

    def _deliver_ahead(
        self,
        name: StreamName,
        stream: IncomingStream,
        opened: tuple[OpenedParcel, ...],
        runs: tuple[Range, ...],
    ) -> Arrival:
        """Take what may overtake of a batch before which something is missing."""
        limit = self._profile(name[0]).limits.ahead_parcels
        first = opened[0].sequence
        taken: list[Range] = []
        for sequence in (number for run in runs for number in range(run[0], run[1] + 1)):
            if not newest_wins(opened[sequence - first].release.item) or stream.ahead_runs >= limit:
                continue
            if taken and taken[-1][1] == sequence - 1:
                taken[-1] = (taken[-1][0], sequence)
            else:
                taken.append((sequence, sequence))
        if not taken:
            self._pull(name)
            return Arrival.AHEAD
        # What is missing may be on its way: it is asked for when nothing of it has come for a while.
        self._pulled[name] = (stream.cursor, self.now_ns)
        return self._deliver(name, stream, opened, tuple(taken))

    def _deliver(
        self,
        name: StreamName,
        stream: IncomingStream,
        opened: tuple[OpenedParcel, ...],
        runs: tuple[Range, ...],
    ) -> Arrival:
        sender, start = name[0], opened[0].sequence
        for first, last in runs:
            parcels = opened[first - start : last - start + 1]
            try:
                self._on_parcels(sender, name[1], first, parcels)
            except TrilatError as error:
                self._tell("not-recorded", f"parcels of `{sender}` were not recorded: {error}")
                return Arrival.NOT_RECORDED
            stream.settle(first, last)
            if last >= self._newest.get(name, (0, b""))[0]:
                self._newest[name] = (last, parcels[-1].wire)
        self._acknowledge(name, stream)
        if stream.behind:
            self._pull_later(name, stream)
        return Arrival.DELIVERED

    # --- words ---

    def hear_of(self, word: HighWater) -> Arrival:
        """A sender says how far its stream goes; EnvelopeError where it sent otherwise."""
        name = (word.sender, word.stream)
        stream = self._stream_from(name)
        newest = self._newest.get(name)
        if word.last < stream.cursor or (
            newest is not None and newest[0] == word.last and sha256(newest[1]).digest() != word.digest
        ):
            raise EnvelopeError(
                f"`{word.sender}` says that its stream ends at {word.last}, and it sent otherwise: "
                "one of the two records was put back or is incomplete, run verify on both"
            )
        stream.hear_of(word.last)
        self._streams[name] = stream
        if stream.behind:
            self._pull_later(name, stream)
        return Arrival.NOTICED

    def omit(self, word: Omission, signed: bytes) -> Arrival:
        """A sender leaves numbers out; EnvelopeError where that is not taken."""
        name = (word.sender, word.stream)
        stream = self._stream_from(name)
        if self._on_omitted is None:
            raise EnvelopeError(f"`{word.sender}` leaves numbers out, which is not recorded here: not taken")
        runs = tuple(run for first, last in word.runs for run in stream.news(first, last))
        if stream.ahead_runs + len(runs) > self._profile(word.sender).limits.ahead_parcels:
            raise EnvelopeError(f"`{word.sender}` leaves out too much ahead of what it sent: not taken")
        if runs:
            try:
                self._on_omitted(word.sender, word.stream, runs, signed)
            except TrilatError as error:
                self._tell("not-recorded", f"an omission of `{word.sender}` was not recorded: {error}")
                return Arrival.NOT_RECORDED
        self._streams[name] = stream
        for first, last in runs:
            stream.settle(first, last)
        self._acknowledge(name, stream)
        if stream.behind:
            self._pull_later(name, stream)
        return Arrival.DELIVERED if runs else Arrival.REPEATED

    def acknowledge_all(self, sender: str) -> None:
        """Tell a sender how far each of its streams was accepted."""
        for name, stream in list(self._streams.items()):
            if name[0] == sender:
                self._acknowledge(name, stream)

    def _acknowledge(self, name: StreamName, stream: IncomingStream) -> None:
        """Let the receipt of a stream go now, or when it may again."""
        spaced_ns = self._profile(name[0]).limits.receipt_interval_ns
        due_ns = self._receipted_ns.get(name, self.now_ns - spaced_ns) + spaced_ns
        if due_ns > self.now_ns and name in self._streams:
            self._owed.setdefault(name, due_ns)
        else:
            self._say_receipt(name, stream)

    def _say_receipt(self, name: StreamName, stream: IncomingStream) -> None:
        """Sign how far the stream was accepted; on a paced link when it is free, as it stands then."""
        sender, stream_name = name
        self._owed.pop(name, None)
        self._receipted_ns[name] = self.now_ns

        def receipt() -> bytes:
            word = Acknowledgement(
                sender=self._keys.party,
                recipient=sender,
                stream=stream_name,
                cursor=stream.cursor,
                ahead=stream.ahead[:RUNS_MAX],
            )
            return sign_message(self._keys, word)

        self._post.say(sender, ("acknowledgement", stream_name), receipt, self.now_ns)

    def _pull_later(self, name: StreamName, stream: IncomingStream) -> None:
        """Ask for what follows when nothing has come for a while: until then it may be on its way."""
        self._pulled[name] = (stream.cursor, self.now_ns)

    def _pull_soon(self) -> None:
        for name, (cursor, due_ns) in list(self._soon.items()):
            if self.now_ns < due_ns:
                continue
            del self._soon[name]
            if self._streams[name].cursor == cursor:
                # What was asked just before may be lost with the link, so it does not count as asked.
                self._pulled.pop(name, None)
                self._pull(name)

    def _pull(self, name: StreamName) -> None:
        """Ask for what follows the cursor, but the same thing only once in the pull interval."""
        sender, stream_name = name
        stream = self._streams[name]
        asked = self._pulled.get(name)
        again_ns = self._profile(sender).limits.pull_interval_ns
        if asked is not None and asked[0] == stream.cursor and self.now_ns < asked[1] + again_ns:
            return
        self._pulled[name] = (stream.cursor, self.now_ns)

        def pull() -> bytes:
            word = Pull(
                sender=self._keys.party,
                recipient=sender,
                stream=stream_name,
                since=stream.cursor,
                ahead=stream.ahead[:RUNS_MAX],
            )
            return sign_message(self._keys, word)

        self._post.say(sender, ("pull", stream_name), pull, self.now_ns)

    def _stream_from(self, name: StreamName) -> IncomingStream:
        """The stream of a sender; one that is new is kept only when something of it was taken."""
        stream = self._streams.get(name)
        if stream is not None:
            return stream
        sender = name[0]
        limit = self._profile(sender).limits.streams_per_sender
        if sum(known == sender for known, _ in self._streams) >= limit:
            raise EnvelopeError(f"`{sender}` began more than {limit} streams: not accepted")
        return IncomingStream()
