"""`IncomingStream`: what one sender gives, as a pure state machine: each number once, and in order but for
what may overtake.

A cursor is the number up to which everything was accepted. Numbers ahead of it that were accepted, because
they may overtake or because the sender signed that it leaves them out, are remembered; when the numbers
before them have come, the cursor passes over them.
"""

from collections.abc import Iterable
from typing import Final

from trilat.link.ranges import Range, Ranges
from trilat.model import EnvelopeError, ReplayError, UsageError

SEQUENCE_MAX: Final = 2**53
"""Numbers stay exact in any language that reads them."""


class IncomingStream:
    """What one sender gives."""

    def __init__(self, cursor: int = 0, ahead: Iterable[Range] = ()) -> None:
        """A stream of which everything up to `cursor` was accepted, and the runs `ahead` of it."""
        if not 0 <= cursor <= SEQUENCE_MAX:
            raise UsageError(f"a stream cannot go on behind {cursor}: give its cursor from the ledger")
        self._cursor = cursor
        self._seen = cursor
        self._ahead = Ranges()
        for first, last in ahead:
            self.settle(first, last)

    @property
    def cursor(self) -> int:
        """The number up to which everything was accepted."""
        return self._cursor

    @property
    def ahead(self) -> tuple[Range, ...]:
        """The runs that were accepted ahead of the cursor, lowest first."""
        return tuple(self._ahead)

    @property
    def ahead_runs(self) -> int:
        """How many runs `ahead` has."""
        return len(self._ahead)

    @property
    def behind(self) -> bool:
        """Whether the sender is known to have sent more than was accepted."""
        return self._seen > self._cursor

    def accept(self, first_sequence: int, count: int) -> range | None:
        """The numbers of a batch from the first that is new, in order; None where others are missing before.

        Of these, `news` says which were not accepted ahead. The cursor does not move: call `advance` or
        `settle` when they are on disk.

        Raises:
            ReplayError: all of them were accepted before.
            EnvelopeError: the numbers cannot be.
        """
        last = first_sequence + count - 1
        if first_sequence < 1 or count < 1 or last > SEQUENCE_MAX:
            raise EnvelopeError(
                f"objects {first_sequence} to {last} cannot be numbers of a stream: not accepted"
            )
        end = self._ahead.end_of(first_sequence)
        if last <= self._cursor or (end is not None and last <= end):
            raise ReplayError(f"objects {first_sequence} to {last} are already accepted", cursor=self._cursor)
        self._seen = max(self._seen, last)
        if first_sequence > self._cursor + 1:
            return None
        return range(self._cursor + 1, last + 1)

    def news(self, first: int, last: int) -> tuple[Range, ...]:
        """The runs between two numbers that were not accepted yet."""
        return tuple(self._ahead.gaps(max(first, self._cursor + 1), last))

    def hear_of(self, last: int) -> None:
        """The sender signed that its stream goes up to `last`."""
        if 0 <= last <= SEQUENCE_MAX:
            self._seen = max(self._seen, last)

    def settle(self, first: int, last: int) -> None:
        """The numbers of a run are on disk, wherever they stand."""
        self._ahead.add(first, last)
        self._seen = max(self._seen, last)
        end = self._ahead.end_of(self._cursor + 1)
        if end is not None:
            self._cursor = end
        self._ahead.drop_through(self._cursor)

    def advance(self, cursor: int) -> None:
        """Everything up to `cursor` is on disk; UsageError for a step back."""
        if cursor < self._cursor:
            raise UsageError(f"a cursor does not go back from {self._cursor} to {cursor}")
        if cursor > self._cursor:
            self.settle(self._cursor + 1, cursor)
