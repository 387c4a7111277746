"""The seams to the outside: clock, store and transport. Each has an in-memory or simulated twin.

Everything that reads the time takes a `Clock`; everything that keeps takes a `Store`; everything that sends
takes a `Transport`. The core takes none of them: instants and values come in as arguments.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Tells the instant."""

    def now_ns(self) -> int:
        """UTC nanoseconds now."""
        ...


class Row(NamedTuple):
    """One stored row of a ledger: its place, its kind, the commitment and what it takes to check it.

    `wrapped_key` holds the content's own key and the commitment's salt, both wrapped under the ledger key;
    it and `sealed_content` are None once the content was removed, and only then.
    """

    entry: int
    kind: str
    recorded_ns: int
    commitment: bytes
    chained: bytes
    wrapped_key: bytes | None
    sealed_content: bytes | None


class Store(Protocol):
    """Keeps rows in order and gives them back; what `append` and `remove` returned from is on disk.

    Entries are numbered from 0 without a gap. A row that is missing or cannot be read raises LedgerError
    with the number in `facts["entry"]`; reading may go on from the next one.
    """

    def append(self, rows: Sequence[Row]) -> None:
        """Write all rows or none, durably, in one commit."""
        ...

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        """Take key and content out of rows and append the records of it, in one durable commit.

        Raises:
            LedgerError: one of the rows is not there, or the store refuses; nothing was removed.
        """
        ...

    def rows(self, first_entry: int = 0) -> Iterator[Row]:
        """Rows in order from an entry on."""
        ...

    def last(self) -> Row | None:
        """The newest row, or None."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class Lane(Enum):
    """One of two ways to a recipient that do not wait for each other, each with a queue of its own."""

    LIVE = "live"
    """What is new, and short words: receipts, questions, notices."""
    BULK = "bulk"
    """What was asked for again: long, and never in the way of what is new."""


class Transport(Protocol):
    """Carries bytes between nodes. It may lose, repeat, reorder and delay them, and it is not trusted."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand bytes over for a recipient; returning says nothing about their arrival."""
        ...

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with each payload that arrives; who sent it must be shown by the payload itself."""
        ...
