"""`Backlog`: which numbers of a stream may go before their turn, and which of them next.

It knows numbers and standings, no parcels. Memory grows with what is urgent and with the number of different
items, never with the number of versions that wait; what is forgotten for lack of room goes in its turn.

Rules
1. Warnings go in the order of their numbers, at once.
2. What people decide on goes in its turn; here is only known that some waits.
3. Of events and tracks the newest version of each item goes, the newest first.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final

from trilat.link.priority import Priority, Standing
from trilat.link.ranges import Range, Ranges

ITEMS_MAX: Final = 50_000
"""Items of one stream whose newest version is remembered."""

_LANES: Final = (Priority.EVENT, Priority.TRACK)


class Backlog:
    """What of one stream may overtake; the numbers are those of the stream."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._ordered: dict[Priority, deque[int]] = {
            Priority.WARNING: deque(),
            Priority.CONTROL: deque(),
        }
        self._waiting: dict[Priority, OrderedDict[str, int]] = {lane: OrderedDict() for lane in _LANES}
        self._newest: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Per item its newest version and the number of that."""

        self._out: dict[int, Priority] = {}
        """Sent before their turn and not signed for yet."""

        self._items: dict[int, str] = {}
        """The items of those in `_out` that a newer version replaces."""

    def add(self, sequence: int, standing: Standing) -> None:
        """Take note of the newest number of the stream."""
        if standing.priority in self._ordered:
            self._ordered[standing.priority].append(sequence)
            return
        if not standing.overtakes:
            return
        version, _ = self._newest.get(standing.item_id, (0, 0))
        if standing.version < version or standing.priority not in self._waiting:
            return
        self._newest[standing.item_id] = (standing.version, sequence)
        self._newest.move_to_end(standing.item_id)
        lane = self._waiting[standing.priority]
        lane[standing.item_id] = sequence
        lane.move_to_end(standing.item_id)
        if len(self._newest) > ITEMS_MAX:
            gone, _ = self._newest.popitem(last=False)
            for waiting in self._waiting.values():
                waiting.pop(gone, None)

    def is_replaced(self, standing: Standing) -> bool:
        """Whether a newer version of the same item has a number of its own here."""
        newest = self._newest.get(standing.item_id)
        return newest is not None and standing.replaced_by_newer and newest[0] > standing.version

    def settle(self, cursor: int, done: Ranges) -> None:
        """Forget what the partner has signed for: all up to a cursor, and what is done ahead of it."""
        for numbers in self._ordered.values():
            while numbers and (numbers[0] <= cursor or numbers[0] in done):
                numbers.popleft()
        for waiting in self._waiting.values():
            while waiting and next(iter(waiting.values())) <= cursor:
                waiting.popitem(last=False)
        for sequence in [one for one in self._out if one <= cursor or one in done]:
            del self._out[sequence]
            self._items.pop(sequence, None)

    def restart(self) -> None:
        """What was sent before its turn may be lost: all of it waits again."""
        for sequence, item_id in self._items.items():
            newest = self._newest.get(item_id)
            if newest is not None and newest[1] == sequence:
                self._waiting[self._out[sequence]][item_id] = sequence
        if self._items:
            for lane, waiting in self._waiting.items():
                self._waiting[lane] = OrderedDict(sorted(waiting.items(), key=lambda pair: pair[1]))
        self._items.clear()
        self._out.clear()

    def next_of(self, priority: Priority, behind: int, done: Ranges, limit: int) -> Range | None:
        """The run of numbers of a priority that goes next before its turn, at most `limit`; None for none.

        Args:
            priority: WARNING, EVENT or TRACK.
            behind: the number up to which all went in its turn.
            done: what the partner holds already, or what carries nothing.
            limit: of numbers.
        """
        if priority in self._ordered:
            return self._next_ordered(priority, behind, done, limit)
        waiting = self._waiting[priority]
        while waiting:
            item_id, last = next(reversed(waiting.items()))
            if last <= behind:
                return None
            del waiting[item_id]
            if last in done:
                continue
            self._take(last, priority, item_id)
            return self._widened(waiting, priority, last, max(behind, last - limit))
        return None

    def _next_ordered(self, priority: Priority, behind: int, done: Ranges, limit: int) -> Range | None:
        run: list[int] = []
        for sequence in self._due(priority, behind, done):
            if (run and sequence != run[-1] + 1) or len(run) == limit:
                break
            run.append(sequence)
        for sequence in run:
            self._out[sequence] = priority
        return (run[0], run[-1]) if run else None

    def _due(self, priority: Priority, behind: int, done: Ranges) -> Iterator[int]:
        """The numbers of an ordered priority that may go now, lowest first."""
        numbers = self._ordered[priority]
        if not numbers or numbers[-1] <= behind:
            return
        for sequence in numbers:
            if sequence > behind and sequence not in self._out and sequence not in done:
                yield sequence

    def _widened(self, waiting: "OrderedDict[str, int]", priority: Priority, last: int, behind: int) -> Range:
        """A run that ends at `last`, with what waits directly before it."""
        first = last
        while waiting and first - 1 > behind:
            item_id, sequence = next(reversed(waiting.items()))
            if sequence != first - 1:
                break
            del waiting[item_id]
            self._take(sequence, priority, item_id)
            first = sequence
        return first, last

    def _take(self, sequence: int, priority: Priority, item_id: str) -> None:
        self._out[sequence] = priority
        self._items[sequence] = item_id

    @property
    def out(self) -> int:
        """How many went before their turn and are not signed for."""
        return len(self._out)

    def put_back(self, first: int, last: int) -> None:
        """These numbers of the run that was given last were not sent: they wait again."""
        for sequence in range(first, last + 1):
            lane, item_id = self._out.pop(sequence, None), self._items.pop(sequence, None)
            if lane is not None and item_id is not None:
                self._waiting[lane][item_id] = sequence
                self._waiting[lane].move_to_end(item_id)

    def has(self, priority: Priority, behind: int, done: Ranges) -> bool:
        """Whether something of a priority waits behind a number."""
        if priority in self._ordered:
            return next(self._due(priority, behind, done), None) is not None
        waiting = self._waiting[priority]
        return bool(waiting) and next(reversed(waiting.values())) > behind

    def first_of(self, priority: Priority, behind: int, done: Ranges) -> int | None:
        """The number that goes first of what goes in order of its numbers: WARNING."""
        return next(self._due(priority, behind, done), None)

    def is_out(self, sequence: int) -> bool:
        """Whether a number went before its turn and is not signed for."""
        return sequence in self._out
