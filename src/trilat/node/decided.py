"""`RecentDecisions`: a node's newest decisions, each with its number, for screens. The ledger has all."""

from collections import deque
from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from trilat.model import AnyItem, Decision

RECENT_DECISIONS_MAX: Final = 5_000
"""Decisions remembered; the oldest go first."""


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A decision with the item that it is about; `number` grows by one, also over a restart."""

    number: int
    item: AnyItem
    decision: Decision


class RecentDecisions:
    """A ring of decisions, and how many there have been."""

    def __init__(self) -> None:
        """Nothing decided yet."""
        self._ring: deque[Decided] = deque(maxlen=RECENT_DECISIONS_MAX)
        self.count = 0

    def note(self, item: AnyItem, decision: Decision) -> None:
        """Keep a decision under the next number, from 1."""
        self.count += 1
        self._ring.append(Decided(self.count, item, decision))

    def forget(self, item_ids: Collection[str]) -> None:
        """Remember no decision on items that are not held any more."""
        kept = [decided for decided in self._ring if decided.item.item_id not in item_ids]
        self._ring = deque(kept, maxlen=RECENT_DECISIONS_MAX)

    def since(self, number: int) -> Iterator[Decided]:
        """Decisions of a higher number that are still remembered, the newest first."""
        for decided in reversed(self._ring):
            if decided.number <= number:
                return
            yield decided
