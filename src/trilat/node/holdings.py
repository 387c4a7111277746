"""`Holdings`: which items a node holds, whose they are, by whom they came, and what proves them.

Only the newest version of each item is kept with its proofs; counts tell of all. Bounded: the oldest items go
first from memory, never from the ledger.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import islice
from typing import Final

from trilat.model import AnyItem, ItemReference, Track, UsageError, Warning, is_kind, kind_of
from trilat.node.exchange import Held

ITEMS_MAX: Final = 200_000
CHANGES_MAX: Final = 20_000
"""Changes remembered for those who follow them; whoever is further behind looks at everything anew."""

VERSIONS_MAX: Final = 32
"""Versions of one item that are told apart; of a track that moves for days, older ones all count as held."""

Change = tuple[Held, str | None]
"""An item that became the newest of its name, and the partner that it came from; None for an own one."""

_SHOWING: Final = frozenset({"report", "track", "event", "area", "vessel", "indicator"})
"""Kinds of item that something was seen by; the others are what people say."""


class Holdings:
    """The newest version of each item, and counts by originator and sender."""

    def __init__(self) -> None:
        """Nothing held."""
        self._newest: OrderedDict[str, Held] = OrderedDict()
        self._senders: dict[str, str] = {}
        self._changes: deque[Change] = deque(maxlen=CHANGES_MAX)
        self.changes_count = 0
        """How many changes there have been: a mark for `changes_since`."""

        self._warnings: dict[str, None] = {}
        self._versions: dict[str, set[int]] = {}
        self._all_below: dict[str, int] = {}
        self.by_originator: dict[str, int] = {}
        self.by_sender: dict[str, int] = {}

    def add(self, held: Held, sender: str | None = None) -> bool:
        """Keep an item; `sender` is the partner that it came from. False where this version was held."""
        item = held.item
        if sender is not None:
            self.by_sender[sender] = self.by_sender.get(sender, 0) + 1
        if self.has(item.item_id, item.version):
            return False
        self.bar(item.item_id, item.version)
        if sender is not None:
            originator = item.label.originator
            self.by_originator[originator] = self.by_originator.get(originator, 0) + 1
        known = self._newest.get(item.item_id)
        if known is None or known.item.version < item.version:
            self._newest[item.item_id] = held
            self._newest.move_to_end(item.item_id)
            self._note_change(held, sender)
            if is_kind(type(item), Warning):
                self._warnings[item.item_id] = None
            if len(self._newest) > ITEMS_MAX:
                gone, _ = self._newest.popitem(last=False)
                self._warnings.pop(gone, None)
                self._senders.pop(gone, None)
                self._versions.pop(gone, None)
                self._all_below.pop(gone, None)
        return True

    def remove(self, item_id: str, version: int) -> None:
        """Hold an item no more, unless a newer version than this came; it is not accepted a second time."""
        held = self._newest.get(item_id)
        self._changes = deque(
            (
                change
                for change in self._changes
                if change[0].item.item_id != item_id or change[0].item.version > version
            ),
            maxlen=CHANGES_MAX,
        )
        if held is not None and held.item.version <= version:
            del self._newest[item_id]
            self._warnings.pop(item_id, None)
            self._senders.pop(item_id, None)

    def bar(self, item_id: str, version: int) -> None:
        """Take a version for held before, so that it is not accepted any more."""
        versions = self._versions.setdefault(item_id, set())
        versions.add(version)
        if len(versions) > VERSIONS_MAX:
            newest = sorted(versions)[VERSIONS_MAX // 2 :]
            self._versions[item_id] = set(newest)
            self._all_below[item_id] = newest[0]

    def replace(self, held: Held) -> None:
        """Hold the same version of an item under another label."""
        item_id = held.item.item_id
        self._newest[item_id] = held
        self._note_change(held, self._senders.get(item_id))

    def _note_change(self, held: Held, sender: str | None) -> None:
        if sender is None:
            self._senders.pop(held.item.item_id, None)
        else:
            self._senders[held.item.item_id] = sender
        self._changes.append((held, sender))
        self.changes_count += 1

    def changes_since(self, mark: int) -> tuple[Change, ...] | None:
        """What changed since `changes_count` was `mark`, oldest first; None where that is not remembered."""
        missed = self.changes_count - mark
        if missed > len(self._changes):
            return None
        return tuple(islice(reversed(self._changes), max(0, missed)))[::-1]

    def everything(self) -> Iterator[Change]:
        """The newest version of every item, as if each had just come, in the order in which they came."""
        for item_id, held in self._newest.items():
            yield held, self._senders.get(item_id)

    def __len__(self) -> int:
        """How many items are held, each counted once."""
        return len(self._newest)

    def has(self, item_id: str, version: int) -> bool:
        """Whether this very version is or was held, or is older than all that are told apart."""
        return version in self._versions.get(item_id, ()) or version < self._all_below.get(item_id, 0)

    def newest(self, item_id: str) -> AnyItem | None:
        """The newest version held of an item, or None."""
        held = self._newest.get(item_id)
        return None if held is None else held.item

    def held(self, item_id: str) -> Held | None:
        """The newest version held of an item with what proves it, or None."""
        return self._newest.get(item_id)

    def sender(self, item_id: str) -> str | None:
        """The partner that an item came from; None for an own one."""
        return self._senders.get(item_id)

    def items(self) -> tuple[AnyItem, ...]:
        """The newest version of every item, in the order in which they came."""
        return tuple(held.item for held in self._newest.values())

    def own_tracks(self, party: str) -> int:
        """How many tracks are held that a party made of its own sensors' reports alone."""
        return sum(
            isinstance(item, Track) and item.provenance.originators == (party,) for item in self.items()
        )

    def warnings(self) -> tuple[Warning, ...]:
        """The newest version of every warning held."""
        return tuple(
            held.item
            for item_id in self._warnings
            if isinstance((held := self._newest[item_id]).item, Warning)
        )

    def shown(self, reference: ItemReference) -> AnyItem:
        """The newest version of the item that a reference names, for a warning to rest on.

        Raises:
            UsageError: this node holds no such version, or the item shows nothing: it is words.
        """
        held = self._newest.get(reference.item_id)
        if held is None or not self.has(reference.item_id, reference.version):
            raise UsageError(
                f"no item `{reference.item_id}` version {reference.version} is held here: "
                "a warning rests on items, not on words"
            )
        if kind_of(held.item) not in _SHOWING:
            raise UsageError(
                f"`{reference.item_id}` is a {kind_of(held.item)} and shows nothing by itself: "
                "name the item that it speaks of"
            )
        return held.item
