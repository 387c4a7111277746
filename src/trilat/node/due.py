"""`DueQueue`: what waits for its instant, also found by recipient and item.

A node that starts again takes out what its ledger says has left, one row at a time; where each row looked
through all that waits, a start would cost the square of it.
"""

import heapq
from collections.abc import Callable, Collection, Iterator
from typing import Generic, Protocol, TypeVar

Key = tuple[str, str]
"""Recipient and name of an item."""


class Ordered(Protocol):
    """Something that is due at an instant; no two have one `order`."""

    @property
    def due_ns(self) -> int:
        """When it is due, UTC ns."""

    @property
    def order(self) -> int:
        """Its place among all, as they were decided."""


_T = TypeVar("_T", bound=Ordered)


class DueQueue(Generic[_T]):
    """What waits for its instant, the earliest first, and by recipient and item.

    What is taken out before its time stays in the heap, marked, until its turn comes.
    """

    def __init__(self, key_of: Callable[[_T], Key]) -> None:
        """Empty; `key_of` gives recipient and item of one."""
        self._key_of = key_of
        self._heap: list[tuple[int, int, _T]] = []
        self._of: dict[Key, list[_T]] = {}
        self._gone: set[int] = set()

    def __iter__(self) -> Iterator[_T]:
        """All that waits, in no order."""
        return (one for _, order, one in self._heap if order not in self._gone)

    def push(self, one: _T) -> None:
        """Let one wait."""
        heapq.heappush(self._heap, (one.due_ns, one.order, one))
        self._of.setdefault(self._key_of(one), []).append(one)

    def pop(self, now_ns: int) -> _T | None:
        """The next that is due; None where nothing is."""
        while self._heap and self._heap[0][0] <= now_ns:
            _, order, one = heapq.heappop(self._heap)
            if order in self._gone:
                self._gone.discard(order)
                continue
            key = self._key_of(one)
            others = self._of[key]
            if len(others) == 1:
                del self._of[key]
            else:
                others.remove(one)
            return one
        return None

    def waiting(self, key: Key) -> tuple[_T, ...]:
        """All of one item to one recipient, in the order in which they were decided."""
        return tuple(self._of.get(key, ()))

    def drop(self, key: Key, is_over: Callable[[_T], bool] = lambda _: True) -> None:
        """Let none of an item to a recipient leave that is over."""
        known = self._of.pop(key, ())
        over = {one.order for one in known if is_over(one)}
        self._gone |= over
        if len(over) < len(known):
            self._of[key] = [one for one in known if one.order not in over]

    def drop_items(self, item_ids: Collection[str]) -> None:
        """Let nothing leave that waits about items."""
        for key in [key for key in self._of if key[1] in item_ids]:
            self.drop(key)

    def clear(self) -> None:
        """Nothing waits any more."""
        self._heap, self._of, self._gone = [], {}, set()
