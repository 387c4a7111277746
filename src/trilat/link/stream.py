"""`OutgoingStream`: numbering, cursors, turns and resending, as a pure state machine.

Rules
1. A stream belongs to one sender and one recipient. Its numbers begin at 1 and have no gaps, so that they
   tell the recipient nothing about what others got.
2. A cursor is the number up to which everything was accepted. It is acknowledged only after the recipient
   has it on disk, and it never goes back.
3. Everything goes in its turn, and again from the cursor on when an acknowledgement is overdue: after twice
   the time that receipts took lately, and never before a set time. Each time the sender waits twice as long,
   and only one batch goes until the partner answers.
4. What may overtake (`Priority`) goes before its turn where more waits than may go now; a warning always.
   Others take turns with the turn itself, so that nothing starves. What the partner holds ahead of its cursor
   is left out when its turn comes.
5. On a sparing link what is no longer worth sending is left out too. Its numbers are accounted for: the
   ledger says why, the partner is told which, and only then does the stream go on behind them.
6. In memory are the newest parcels; older ones are read from the archive when their turn comes.

Instants are arguments, in UTC nanoseconds; nothing here reads a clock or sends.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice, takewhile
from typing import Final

from trilat.link.backlog import Backlog
from trilat.link.incoming import SEQUENCE_MAX
from trilat.link.limits import LinkLimits
from trilat.link.priority import Priority, Standing
from trilat.link.ranges import Range, Ranges
from trilat.model import EnvelopeError, UsageError

_SURVEYED: Final = 5_000
"""Parcels of a sparing stream that are looked at together."""

_RUNS_MAX: Final = 64
"""Runs in one word on what is left out."""

_TURNS: Final = (
    *(Priority.CONTROL, Priority.EVENT, Priority.CONTROL, Priority.TRACK, Priority.CONTROL),
    *(Priority.EVENT, Priority.CONTROL, Priority.BULK),
)
"""Who goes next where all have something. In the turns of CONTROL and of BULK goes what stands next in the
stream: of eight messages five while something that people decided on waits there, else one of four.
"""

Read = Callable[[int, int], Sequence[bytes]]
"""Gives, from the archive, parcels from a number on, at most so many; b"" for one that was removed there."""


class SkipReason(Enum):
    """Why a number of a stream carries nothing; kept by the sender and never told."""

    EXPIRED = "expired"
    """The release or its label has expired."""
    REPLACED = "replaced"
    """A newer version of the item stands behind it in the stream."""
    WITHDRAWN = "withdrawn"
    """Policy would not let it go any more: its agreement has changed since it was recorded."""
    REMOVED = "removed"
    """Its content was removed from the ledger."""
    LOST = "lost"
    """It was given before this ledger came from a backup, which does not hold it."""


Judge = Callable[[bytes], SkipReason | None]
"""Why a parcel is not worth sending any more; None where it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Parcels to send now, the first numbered `first_sequence`."""

    first_sequence: int
    parcels: tuple[bytes, ...]
    bulk: bool = False
    """Whether they are of a page of what waits: nothing live may wait behind them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """Numbers that carry nothing; `reasons` stand beside the ranges, empty where they are recorded."""

    ranges: tuple[Range, ...]
    reasons: tuple[SkipReason, ...] = ()


class OutgoingStream:
    """What one recipient gets: numbered, kept until acknowledged."""

    def __init__(
        self,
        name: str,
        limits: LinkLimits,
        acknowledged: int = 0,
        last: int | None = None,
        *,
        backlog: Backlog | None = None,
        skipped: Sequence[Range] = (),
        read: Read | None = None,
    ) -> None:
        """A stream that goes on behind `acknowledged`, and whose newest number is `last`.

        Args:
            name: the opaque name that the recipient sees.
            limits: of the link.
            acknowledged: the recipient's cursor.
            last: the newest number given; what lies between is the archive's to give.
            backlog: what of it may overtake.
            skipped: numbers that carry nothing, as recorded.
            read: the archive; without one every parcel stays in memory until it is acknowledged.
        """
        last = acknowledged if last is None else last
        if not 0 <= acknowledged <= last <= SEQUENCE_MAX:
            raise UsageError(f"a stream cannot go on behind {acknowledged}: give its cursor from the ledger")
        self.name = name
        self.judge: Judge | None = None
        """Says what is not worth sending any more; None where all is sent."""

        self.backlog = backlog if backlog is not None else Backlog()
        self._limits = limits
        self._read_archive = read
        self._acknowledged = acknowledged
        self._last = last
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._skipped = Ranges(skipped)
        self._held = Ranges()
        self._done = Ranges(skipped)
        """What is held ahead, and what carries nothing."""

        self._told = Ranges()
        """What was said to carry nothing, since the stream last began again."""

        self._pushed = acknowledged
        self._surveyed = acknowledged
        self._flight: deque[tuple[int, int, int]] = deque()
        """Of each batch sent in its turn: its last number, how many, and when."""

        self._now_ns = 0
        self._answer_ns = 0
        """How long receipts took lately: a moving mean."""

        self._flying = 0
        self._bulk = 0
        """Up to where pages of what waits were sent."""

        self._turn = 0
        self._window = limits.window_parcels
        self._answers = True
        """Whether the partner answered since the stream last began again."""

        self._unanswered = last
        """The newest number when the stream last began again."""

        self._wait_ns = limits.resend_after_ns
        self._resend_ns: int | None = None
        self._rewound_ns: int | None = None

    @property
    def acknowledged(self) -> int:
        """The recipient's cursor, as it last signed it."""
        return self._acknowledged

    @property
    def last(self) -> int:
        """The newest number given; 0 before the first."""
        return self._last

    @property
    def kept(self) -> int:
        """How many parcels are in memory."""
        return len(self._kept)

    @property
    def leads(self) -> bool:
        """Whether a warning goes next."""
        return self._may_lead(Priority.WARNING)

    def newest(self) -> bytes | None:
        """The parcel with the newest number; None where the archive does not give it."""
        return next(iter(self._read(self._last, 1)), None) or None

    def append(self, parcel: bytes, standing: Standing | None = None) -> int:
        """The number given to a parcel; without a standing it goes in its turn."""
        self._last += 1
        self._kept[self._last] = parcel
        if standing is not None:
            self.backlog.add(self._last, standing)
        if self._read_archive is not None and len(self._kept) > self._limits.kept_parcels:
            self._kept.popitem(last=False)
        return self._last

    def acknowledge(self, cursor: int, now_ns: int, ahead: Sequence[Range] = ()) -> int:
        """How many parcels this cursor newly acknowledges; 0 for an old one.

        Args:
            cursor: up to which the partner has everything.
            now_ns: the instant.
            ahead: runs behind the cursor that it has too.

        Raises:
            EnvelopeError: the cursor or a run is beyond what was ever sent.
        """
        if max([cursor, *(last for _, last in ahead)]) > self._last:
            raise EnvelopeError(
                f"the partner has accepted up to {cursor} of a stream that ends at {self._last}: one of the "
                "two records is incomplete, run verify on both"
            )
        new_ahead = [run for first, last in ahead for run in self._held.gaps(first, last)]
        newly = max(0, cursor - self._acknowledged)
        if newly == 0 and (cursor < self._acknowledged or not new_ahead):
            return 0
        for first, last in new_ahead:
            self._held.add(first, last)
            self._done.add(first, last)
        self._acknowledged = max(self._acknowledged, cursor)
        self._forget(now_ns)
        self._answers = True
        self._window, self._wait_ns = self._limits.window_parcels, self._first_wait_ns
        self._resend_ns = now_ns + self._wait_ns if self._awaits else None
        return newly

    @property
    def _first_wait_ns(self) -> int:
        """After how long a receipt is overdue for the first time."""
        limits = self._limits
        return max(limits.resend_after_ns, min(2 * self._answer_ns, limits.resend_after_max_ns))

    @property
    def _awaits(self) -> bool:
        """Whether the partner has yet to answer to something."""
        return self._pushed > self._acknowledged or self.backlog.out > 0 or len(self._told) > 0

    def _forget(self, now_ns: int) -> None:
        """Drop what the partner has signed for."""
        cursor = self._acknowledged
        while self._kept and next(iter(self._kept)) <= cursor:
            self._kept.popitem(last=False)
        while self._flight and self._flight[0][0] <= cursor:
            _, count, sent_ns = self._flight.popleft()
            self._flying -= count
            if self._answers:
                # Else the receipt may be for what was sent before (Karn and Partridge 1987).
                took_ns = now_ns - sent_ns
                self._answer_ns += (took_ns - self._answer_ns) // (4 if self._answer_ns else 1)
        for ranges in (self._held, self._skipped, self._done, self._told):
            ranges.drop_through(cursor)
        self.backlog.settle(cursor, self._done)
        self._pushed = max(self._pushed, cursor)

    def rewind(self, since: int, now_ns: int, ahead: Sequence[Range] = ()) -> bool:
        """Begin again behind `since`, as the recipient asks; False where it asked again too soon.

        What lies before the acknowledged cursor is not kept here: it is the archive's to give, and asking
        for it changes nothing here.
        """
        if since < self._acknowledged:
            return False
        allowed_ns = None if self._rewound_ns is None else self._rewound_ns + self._limits.pull_interval_ns
        if self.acknowledge(since, now_ns, ahead) == 0 and allowed_ns is not None and now_ns < allowed_ns:
            return False
        self._rewound_ns = now_ns
        self._answers = True
        self._held, self._done = Ranges(ahead), Ranges((*ahead, *self._skipped))
        for ranges in (self._held, self._done):
            ranges.drop_through(self._acknowledged)
        self._again()
        return True

    def resume(self) -> None:
        """Begin again behind the cursor, because the recipient may have got nothing of what was sent since.

        One batch goes until it answers, as after an acknowledgement that is overdue.
        """
        if self._awaits:
            self._begin_again()
            self._wait_ns = self._first_wait_ns

    def push(self, now_ns: int) -> Push | Skip | None:
        """What to send at this instant, or None while nothing is due.

        A `Skip` with reasons must be recorded, and then be given to `skip`, before anything else is asked.
        """
        self._now_ns = now_ns
        if self._resend_ns is not None and now_ns >= self._resend_ns:
            self._begin_again()
            self._wait_ns = min(2 * self._wait_ns, self._limits.resend_after_max_ns)
        done = self._next()
        if self._resend_ns is None and self._awaits:
            self._resend_ns = now_ns + self._wait_ns
        return done

    def is_settled(self, first: int, last: int) -> bool:
        """Whether the partner has signed for all numbers of a run."""
        return (
            last <= self._acknowledged
            or next(self._done.gaps(max(first, self._acknowledged + 1), last), None) is None
        )

    def wait_on(self, now_ns: int) -> None:
        """Something of the stream goes still, so nothing is overdue yet."""
        if self._resend_ns is not None:
            self._resend_ns = max(self._resend_ns, now_ns + self._first_wait_ns)

    def skip(self, skip: Skip) -> None:
        """These numbers are recorded as carrying nothing."""
        for first, last in skip.ranges:
            for ranges in (self._skipped, self._done, self._told):
                ranges.add(first, last)

    def leave_out(self, last: int, held: Sequence[Range]) -> None:
        """Go on behind `last`: what lies before it and behind the newest number is recorded as carrying
        nothing here; of it the partner holds `held`, and is told of the rest.
        """
        if last > self._last:
            for ranges in (self._skipped, self._done):
                ranges.add(self._last + 1, last)
            self._last = last
        for run in held:
            self._held.add(*run)

    def due_ns(self) -> int | None:
        """The instant at which `push` has something, 0 for at once, None while all is acknowledged."""
        if self._pushed >= self._last:
            return self._resend_ns
        if self._flying < self._window:
            return 0
        if any(self._may_lead(lane) for lane in (Priority.WARNING, Priority.EVENT, Priority.TRACK)):
            return 0
        return self._resend_ns

    def _again(self) -> None:
        self._pushed = self._acknowledged
        self._told = Ranges()
        self._flight.clear()
        self._flying = 0
        self.backlog.restart()
        self._resend_ns = None

    def _begin_again(self) -> None:
        self._again()
        self._window = min(self._limits.batch_parcels, self._limits.window_parcels)
        self._answers = False
        self._unanswered = self._last

    # --- whose turn it is ---

    def _may_lead(self, lane: Priority) -> bool:
        """Whether something of a priority may go before its turn now."""
        if not self.backlog.has(lane, self._leading_behind(lane), self._done):
            return False
        if lane is Priority.WARNING:
            return not self._is_in_next_batch(lane)
        crowded = self._last - self._pushed > self._window - self._flying
        return crowded and self.backlog.out < (self._window if self._answers else 1)

    def _leading_behind(self, lane: Priority) -> int:
        """The number behind which something may go before its turn. While the partner does not answer, one
        goes, and of warnings every new one.
        """
        if lane is Priority.WARNING and not self._answers and self.backlog.out:
            return max(self._pushed, self._unanswered)
        return self._pushed

    def _is_in_next_batch(self, lane: Priority) -> bool:
        """Whether what goes first of a priority goes at once in its turn too, with all that stands before."""
        ahead = (self.backlog.first_of(lane, self._leading_behind(lane), self._done) or 0) - self._pushed
        if self.judge is not None or ahead > min(self._limits.batch_parcels, self._window - self._flying):
            return False
        before = [self._kept.get(self._pushed + number) for number in range(1, ahead + 1)]
        sizes = [len(parcel) for parcel in before if parcel is not None]
        return len(sizes) == ahead and sum(sizes) <= self._limits.batch_bytes

    def _next(self) -> Push | Skip | None:
        if self._pushed >= self._last:
            # Nothing may overtake, and nothing has its turn: all of it is on its way.
            return None
        if self._may_lead(Priority.WARNING) and (done := self._lead(Priority.WARNING)) is not None:
            return done
        for offset in range(len(_TURNS)):
            lane = _TURNS[(self._turn + offset) % len(_TURNS)]
            if lane is Priority.BULK:
                done = self._in_turn()
            elif lane is Priority.CONTROL:
                done = self._in_turn() if self.backlog.has(lane, self._pushed, self._done) else None
            else:
                done = self._lead(lane) if self._may_lead(lane) else None
            if done is not None:
                self._turn = (self._turn + offset + 1) % len(_TURNS)
                return done
        return None

    def _lead(self, lane: Priority) -> Push | Skip | None:
        """The next of a priority before its turn."""
        behind = self._leading_behind(lane)
        found = self.backlog.next_of(lane, behind, self._done, self._limits.batch_parcels)
        if found is None:
            return None
        first, last = found
        parcels = self._read(first, last - first + 1)
        worthless = self._worthless(first, parcels)
        if worthless is not None:
            self.backlog.put_back(first, last)
            return worthless
        parcels = self._fitting(parcels)
        self.backlog.put_back(first + len(parcels), last)
        return Push(first_sequence=first, parcels=parcels) if parcels else None

    def _in_turn(self) -> Push | Skip | None:
        """The next batch in order, or word of the numbers there that carry nothing."""
        if self._flying >= self._window:
            return None
        while self._pushed < self._last:
            first = self._pushed + 1
            end = self._held.end_of(first)
            if end is not None or self.backlog.is_out(first):
                self._pushed = first if end is None else end
            elif first in self._skipped:
                told = self._tell_skipped(first)
                if told is not None:
                    return told
            else:
                return self._survey(first) or self._batch(first)
        return None

    def _tell_skipped(self, first: int) -> Skip | None:
        """Word on the numbers from `first` on that carry nothing, once until the stream begins again."""
        self._pushed = self._skipped.end_of(first) or first
        if first in self._told:
            return None
        runs = tuple(islice(self._skipped.within(first, self._last), _RUNS_MAX))
        for run in runs:
            self._told.add(*run)
        return Skip(ranges=runs)

    def _batch(self, first: int) -> Push | Skip | None:
        room = self._window - self._flying
        page = min(self._limits.page_parcels, self._window // 4) if self._answers else 0
        waiting = self._last - first + 1
        # Behind a page that is on its way all goes in the bulk lane, or it would overtake the page.
        bulk = waiting > 2 * self._limits.batch_parcels or self._bulk > self._acknowledged
        count = min(room, max(self._limits.batch_parcels, page if bulk else 0), self._free(first, waiting))
        parcels = self._fitting(self._read(first, count))
        worthless = self._worthless(first, parcels)
        if worthless is not None:
            return worthless
        if not parcels:
            # The archive does not give it now: as if it were on its way, it is tried again when overdue.
            self._pushed, self._flying = first, self._window
            return None
        self._pushed = first + len(parcels) - 1
        self._flight.append((self._pushed, len(parcels), self._now_ns))
        self._flying += len(parcels)
        self._bulk = self._pushed if bulk else self._bulk
        return Push(first_sequence=first, parcels=parcels, bulk=bulk)

    def _free(self, first: int, count: int) -> int:
        """How many numbers from `first` on are neither held there, nor skipped, nor out."""
        ends = (self._held.next_first(first), self._skipped.next_first(first))
        count = min([count, *(end - first for end in ends if end is not None)])
        if self.backlog.out:
            limit = min(count, self._limits.page_parcels)
            return next((n for n in range(limit) if self.backlog.is_out(first + n)), limit)
        return count

    # --- parcels ---

    def _read(self, first: int, count: int) -> tuple[bytes, ...]:
        """Parcels from `first` on, at most `count`: from memory, or else from the archive."""
        if first in self._kept:
            numbers = range(first, min(first + count, self._last + 1))
            return tuple(self._kept[number] for number in takewhile(self._kept.__contains__, numbers))
        if self._read_archive is None or count < 1:
            return ()
        return tuple(self._read_archive(first, count))[:count]

    def _fitting(self, parcels: Sequence[bytes]) -> tuple[bytes, ...]:
        """The first of these that go into one envelope; up to one that was removed."""
        taken: list[bytes] = []
        size = 0
        for parcel in parcels:
            size += len(parcel)
            if taken and (size > self._limits.batch_bytes or not parcel):
                break
            taken.append(parcel)
            if not parcel:
                break
        return tuple(taken)

    def _reason(self, parcel: bytes) -> SkipReason | None:
        if not parcel:
            return SkipReason.REMOVED
        return self.judge(parcel) if self.judge is not None else None

    def _worthless(self, first: int, parcels: Sequence[bytes]) -> Skip | None:
        """The numbers of these that are not worth sending; None where all are."""
        if self.judge is None and all(parcels):
            return None
        runs: list[tuple[int, int, SkipReason]] = []
        for number, parcel in enumerate(parcels, first):
            reason = self._reason(parcel)
            if reason is None or number in self._held or number in self._skipped:
                continue
            if runs and runs[-1][1:] == (number - 1, reason):
                runs[-1] = (runs[-1][0], number, reason)
            elif len(runs) < _RUNS_MAX:
                runs.append((number, number, reason))
            else:
                break
        if not runs:
            return None
        return Skip(
            ranges=tuple((first, last) for first, last, _ in runs),
            reasons=tuple(reason for _, _, reason in runs),
        )

    def _survey(self, first: int) -> Skip | None:
        """On a sparing link, look far ahead once, so that many numbers are accounted for in one word."""
        if self.judge is None or first <= self._surveyed:
            return None
        parcels = self._read(first, min(_SURVEYED, self._last - first + 1))
        self._surveyed = first + len(parcels) - 1
        worthless = self._worthless(first, parcels)
        if worthless is not None and len(worthless.ranges) == _RUNS_MAX:
            self._surveyed = worthless.ranges[-1][1]
        return worthless
