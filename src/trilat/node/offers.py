"""`Offers`: items that wait to be decided on for partners, first come first; found by name and version."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from trilat.node.exchange import Held


class Offers:
    """What a node has yet to offer. What a restart finds settled is taken out without a look at the rest."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[int, Held] = {}
        self._numbers: dict[tuple[str, int], list[int]] = {}
        self._last = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[Held]:
        """What waits, first come first."""
        return iter(self._waiting.values())

    def add(self, held: Held) -> None:
        """Let one wait, behind all others."""
        self._last += 1
        self._waiting[self._last] = held
        self._numbers.setdefault((held.item.item_id, held.item.version), []).append(self._last)

    def extend(self, held: Iterable[Held]) -> None:
        """Let several wait."""
        for one in held:
            self.add(one)

    def done(self, count: int) -> None:
        """The first so many have been decided on."""
        for number in list(islice(self._waiting, count)):
            self._remove(number)

    def drop_settled(self, decided: tuple[str, int], recipient: str) -> None:
        """After a restart: an item that was decided on before it, and not asked about since, is settled; one
        that waits for a single recipient only by that one's decision.
        """
        for number in list(self._numbers.get(decided, ())):
            if self._waiting[number].audience in {None, recipient}:
                self._remove(number)

    def drop_items(self, item_ids: Collection[str]) -> None:
        """Offer nothing of items any more."""
        for number in [number for number, held in self._waiting.items() if held.item.item_id in item_ids]:
            self._remove(number)

    def _remove(self, number: int) -> None:
        item = self._waiting.pop(number).item
        numbers = self._numbers[item.item_id, item.version]
        numbers.remove(number)
        if not numbers:
            del self._numbers[item.item_id, item.version]
