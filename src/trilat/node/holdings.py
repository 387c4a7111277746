"""`Holdings`: which items a node holds, whose they are, by whom they came, and what proves them.

Only the newest version of each item is kept with its proofs; counts tell of all. Bounded: the oldest items go
first from memory, never from the ledger.
"""

from collections import OrderedDict
from typing import Final

from trilat.model import AnyItem, ItemReference, UsageError, Warning
from trilat.node.exchange import Held

ITEMS_MAX: Final = 200_000


class Holdings:
    """The newest version of each item, and counts by originator and sender."""

    def __init__(self) -> None:
        """Nothing held."""
        self._newest: OrderedDict[str, Held] = OrderedDict()
        self._warnings: set[str] = set()
        self._versions: set[tuple[str, int]] = set()
        self.by_originator: dict[str, int] = {}
        self.by_sender: dict[str, int] = {}

    def add(self, held: Held, sender: str | None = None) -> bool:
        """Keep an item; `sender` is the partner that it came from. False where this version was held."""
        item = held.item
        reference = (item.item_id, item.version)
        if sender is not None:
            self.by_sender[sender] = self.by_sender.get(sender, 0) + 1
        if reference in self._versions:
            return False
        self._versions.add(reference)
        if sender is not None:
            originator = item.label.originator
            self.by_originator[originator] = self.by_originator.get(originator, 0) + 1
        known = self._newest.get(item.item_id)
        if known is None or known.item.version < item.version:
            self._newest[item.item_id] = held
            self._newest.move_to_end(item.item_id)
            if isinstance(item, Warning):
                self._warnings.add(item.item_id)
            if len(self._newest) > ITEMS_MAX:
                gone, _ = self._newest.popitem(last=False)
                self._warnings.discard(gone)
                self._versions = {entry for entry in self._versions if entry[0] != gone}
        return True

    def has(self, item_id: str, version: int) -> bool:
        """Whether this very version is or was held."""
        return (item_id, version) in self._versions

    def newest(self, item_id: str) -> AnyItem | None:
        """The newest version held of an item, or None."""
        held = self._newest.get(item_id)
        return None if held is None else held.item

    def items(self) -> tuple[AnyItem, ...]:
        """The newest version of every item, in the order in which they came."""
        return tuple(held.item for held in self._newest.values())

    def warnings(self) -> tuple[Warning, ...]:
        """The newest version of every warning held."""
        return tuple(
            held.item
            for item_id in self._warnings
            if isinstance((held := self._newest[item_id]).item, Warning)
        )

    def originator(self, reference: ItemReference) -> str:
        """Whose item a reference names.

        Raises:
            UsageError: this node holds no such item; nothing can rest on it.
        """
        held = self._newest.get(reference.item_id)
        if held is None or (reference.item_id, reference.version) not in self._versions:
            raise UsageError(
                f"no item `{reference.item_id}` version {reference.version} is held here: "
                "a warning rests on items, not on words"
            )
        return held.item.label.originator
