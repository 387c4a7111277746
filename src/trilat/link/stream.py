"""`OutgoingStream` and `IncomingStream`: numbering, cursors and resending, as pure state machines.

Rules
1. A stream belongs to one sender and one recipient. Its numbers begin at 1 and have no gaps, so that they
   tell the recipient nothing about what others got.
2. A cursor is the number up to which everything was accepted. It is acknowledged only after the recipient
   has it on disk, and it never goes back.
3. The sender keeps what is not acknowledged, and sends it again from the cursor on when an acknowledgement
   is overdue; each time it waits twice as long, and only one batch goes until the partner answers.
4. The recipient hands on in order, each number once. What it has already is a replay; what leaves a gap is
   dropped and pulled from the cursor on.

Instants are arguments, in UTC nanoseconds; nothing here reads a clock or sends.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from trilat.model import SECOND_NS, EnvelopeError, ReplayError, UsageError

SEQUENCE_MAX: Final = 2**53
"""Numbers stay exact in any language that reads them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkLimits:
    """Limits of a link, each in one place. Times in nanoseconds, sizes in bytes."""

    batch_parcels: int = 100
    batch_bytes: int = 524_288
    """Parcels of one envelope, together; one parcel always goes."""

    window_parcels: int = 1_000
    """Sent and not yet acknowledged, per stream."""

    resend_after_ns: int = SECOND_NS
    resend_after_max_ns: int = 8 * SECOND_NS
    pull_interval_ns: int = SECOND_NS
    """The same pull is not made, and not answered, more often than this."""

    streams_per_sender: int = 16
    """Incoming streams of one sender; a partner begins a new one when its keys change."""

    def __post_init__(self) -> None:
        """Refuse a limit that stops a link, or that an envelope cannot hold."""
        for name in self.__slots__:
            if getattr(self, name) < 1:
                raise UsageError(f"LinkLimits.{name} must be at least 1")
        if self.batch_parcels > 1_000 or self.batch_bytes > 786_432:
            raise UsageError("LinkLimits: an envelope holds at most 1000 parcels and 786432 bytes of them")
        if self.resend_after_max_ns < self.resend_after_ns:
            raise UsageError("LinkLimits.resend_after_max_ns must be at least resend_after_ns")


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Parcels to send now, the first numbered `first_sequence`."""

    first_sequence: int
    parcels: tuple[bytes, ...]


class OutgoingStream:
    """What one recipient gets: numbered, kept until acknowledged."""

    def __init__(
        self, name: str, limits: LinkLimits, acknowledged: int = 0, parcels: Sequence[bytes] = ()
    ) -> None:
        """A stream that goes on behind `acknowledged` with `parcels` as not acknowledged yet."""
        if not 0 <= acknowledged <= SEQUENCE_MAX - len(parcels):
            raise UsageError(f"a stream cannot go on behind {acknowledged}: give its cursor from the ledger")
        self._name = name
        self._limits = limits
        self._acknowledged = acknowledged
        self._parcels = deque(parcels)
        self._pushed = acknowledged
        self._window = limits.window_parcels
        self._wait_ns = limits.resend_after_ns
        self._resend_ns: int | None = None
        self._rewound_ns: int | None = None

    @property
    def name(self) -> str:
        """The opaque name that the recipient sees."""
        return self._name

    @property
    def acknowledged(self) -> int:
        """The recipient's cursor, as it last signed it."""
        return self._acknowledged

    @property
    def last(self) -> int:
        """The newest number given; 0 before the first."""
        return self._acknowledged + len(self._parcels)

    def append(self, parcel: bytes) -> int:
        """The number given to a parcel."""
        self._parcels.append(parcel)
        return self.last

    def unacknowledged(self, limit: int) -> tuple[bytes, ...]:
        """The oldest parcels that are not acknowledged, at most `limit`."""
        return tuple(islice(self._parcels, limit))

    def acknowledge(self, cursor: int, now_ns: int) -> int:
        """How many parcels this cursor newly acknowledges; 0 for an old one.

        Raises:
            EnvelopeError: the cursor is beyond what was ever sent.
        """
        if cursor > self.last:
            raise EnvelopeError(
                f"the partner has accepted up to {cursor} of a stream that ends at {self.last}: one of the "
                "two records is incomplete, run verify on both"
            )
        newly = max(0, cursor - self._acknowledged)
        if newly == 0:
            return 0
        for _ in range(newly):
            self._parcels.popleft()
        self._acknowledged = cursor
        self._pushed = max(self._pushed, cursor)
        self._window, self._wait_ns = self._limits.window_parcels, self._limits.resend_after_ns
        self._resend_ns = now_ns + self._wait_ns if self._pushed > cursor else None
        return newly

    def rewind(self, since: int, now_ns: int) -> bool:
        """Begin again behind `since`, as the recipient asks; False where it asked again too soon.

        What lies before the acknowledged cursor is not kept here: it is the archive's to give, and asking
        for it changes nothing here.
        """
        if since < self._acknowledged:
            return False
        allowed_ns = None if self._rewound_ns is None else self._rewound_ns + self._limits.pull_interval_ns
        if self.acknowledge(since, now_ns) == 0 and allowed_ns is not None and now_ns < allowed_ns:
            return False
        self._rewound_ns = now_ns
        self._pushed = self._acknowledged
        self._resend_ns = None
        return True

    def resume(self) -> None:
        """Begin again behind the cursor, because the recipient may have got nothing of what was sent since.

        One batch goes until it answers, as after an acknowledgement that is overdue.
        """
        if self._pushed > self._acknowledged:
            self._begin_again()
            self._wait_ns = self._limits.resend_after_ns

    def push(self, now_ns: int) -> Push | None:
        """The next parcels to send at this instant, or None while nothing is due."""
        if self._resend_ns is not None and now_ns >= self._resend_ns:
            self._begin_again()
            self._wait_ns = min(2 * self._wait_ns, self._limits.resend_after_max_ns)
        outstanding = self._pushed - self._acknowledged
        room = min(self._limits.batch_parcels, self._window - outstanding)
        parcels = self._next(outstanding, room)
        if not parcels:
            return None
        first = self._pushed + 1
        self._pushed += len(parcels)
        if self._resend_ns is None:
            self._resend_ns = now_ns + self._wait_ns
        return Push(first_sequence=first, parcels=parcels)

    def due_ns(self) -> int | None:
        """The instant at which `push` has something, 0 for at once, None while all is acknowledged."""
        outstanding = self._pushed - self._acknowledged
        if self._pushed < self.last and outstanding < self._window:
            return 0
        return self._resend_ns

    def _begin_again(self) -> None:
        self._pushed = self._acknowledged
        self._window = min(self._limits.batch_parcels, self._limits.window_parcels)
        self._resend_ns = None

    def _next(self, start: int, room: int) -> tuple[bytes, ...]:
        taken: list[bytes] = []
        size = 0
        for parcel in islice(self._parcels, start, start + max(0, room)):
            size += len(parcel)
            if taken and size > self._limits.batch_bytes:
                break
            taken.append(parcel)
        return tuple(taken)


class IncomingStream:
    """What one sender gives: in order, each once."""

    def __init__(self, cursor: int = 0) -> None:
        """A stream of which everything up to `cursor` was accepted."""
        if not 0 <= cursor <= SEQUENCE_MAX:
            raise UsageError(f"a stream cannot go on behind {cursor}: give its cursor from the ledger")
        self._cursor = cursor
        self._seen = cursor

    @property
    def cursor(self) -> int:
        """The number up to which everything was accepted."""
        return self._cursor

    @property
    def behind(self) -> bool:
        """Whether the sender is known to have sent more than was accepted."""
        return self._seen > self._cursor

    def accept(self, first_sequence: int, count: int) -> range | None:
        """The numbers of a batch that are new, in order; None where others are missing before them.

        The cursor does not move: call `advance` when they are on disk.

        Raises:
            ReplayError: all of them were accepted before.
            EnvelopeError: the numbers cannot be.
        """
        last = first_sequence + count - 1
        if first_sequence < 1 or count < 1 or last > SEQUENCE_MAX:
            raise EnvelopeError(
                f"objects {first_sequence} to {last} cannot be numbers of a stream: not accepted"
            )
        if last <= self._cursor:
            raise ReplayError(f"objects {first_sequence} to {last} are already accepted", cursor=self._cursor)
        self._seen = max(self._seen, last)
        if first_sequence > self._cursor + 1:
            return None
        return range(self._cursor + 1, last + 1)

    def advance(self, cursor: int) -> None:
        """Everything up to `cursor` is on disk; UsageError for a step back."""
        if cursor < self._cursor:
            raise UsageError(f"a cursor does not go back from {self._cursor} to {cursor}")
        self._cursor = cursor
        self._seen = max(self._seen, cursor)
