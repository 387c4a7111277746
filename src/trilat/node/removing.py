"""`Removing`: takes contents out of a node's ledger, and what they held out of all that the node knows.

Rules
1. What is about to go is written first, entry by entry with its commitment. A node that stops in between
   finds it when it starts again, and whoever asked gets one answer over all of it.
2. The content goes (`Ledger.remove_contents`); commitment and place stay.
3. A release that was passed on goes when its recipient has acknowledged it: until then its stream needs it.
4. The item leaves holdings, Views (which are built anew without it), what waits to leave, recent decisions.
   Warnings that rest on it alone are withdrawn; own items that name it keep the name.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from trilat.ledger import BATCH_ENTRIES_MAX, Entry, EntryKind
from trilat.model import (
    AnyItem,
    Disagreement,
    ItemReference,
    RemovedItem,
    Request,
    Statement,
    Warning,
    encode,
)
from trilat.node.copies import Copy
from trilat.node.exchange import Held
from trilat.node.recall_records import STEP_ENTRIES_MAX, RecallRecord, RecallStep, StreamPlace

if TYPE_CHECKING:
    from trilat.node.node import Node

_T = TypeVar("_T")


class Removed:
    """What was removed on one ground: entries with their commitments, by item."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._items: dict[str, tuple[int, dict[int, bytes]]] = {}
        self.passed_on: dict[str, dict[str, int]] = {}
        """To whom what was passed on, of what is removed: item and version by party."""

    def __bool__(self) -> bool:
        """Whether anything was."""
        return bool(self._items)

    def note(self, record: RecallRecord) -> None:
        """Add a step of `removing`; a step that was taken twice counts once."""
        (reference,) = record.about
        version, entries = self._items.get(reference.item_id, (0, {}))
        entries.update(zip(record.entries, record.commitments, strict=True))
        self._items[reference.item_id] = max(version, reference.version), entries
        for place in record.released:
            told = self.passed_on.setdefault(place.party, {})
            told[reference.item_id] = max(told.get(reference.item_id, 0), reference.version)

    def told(self) -> tuple[RemovedItem, ...]:
        """As a certificate says it, in the order of the items' names."""
        return tuple(
            RemovedItem(
                item_id=item_id,
                version=version,
                contents=len(entries),
                digest=hashlib.sha256(b"".join(entries[entry] for entry in sorted(entries))).digest(),
            )
            for item_id, (version, entries) in sorted(self._items.items())
        )


class Removing:
    """Removes for one node."""

    def __init__(self, node: "Node") -> None:
        """Nothing to remove."""
        self._node = node

    def may_go(self, copy: Copy) -> bool:
        """Whether a content can go now (rule 3)."""
        return not copy.is_release or copy.sequence <= self._node.endpoint.acknowledged(copy.party)

    def remove(
        self, copies: Sequence[Copy], asks: ItemReference | None, by: str, reason: str
    ) -> list[RecallRecord]:
        """The steps that were written before the contents of copies went; none where there are no copies.

        Raises:
            LedgerError: the ledger cannot be written; what is left goes after a restart.
        """
        records = [
            _step(part, asks, by) for same in _by_item(copies) for part in _parted(same, STEP_ENTRIES_MAX)
        ]
        if not records:
            return []
        self._node.write([recall_entry(record) for record in records])
        for record in records:
            self._node.timeline.note_removing(record)
        entries = [copy.entry for copy in copies]
        for part in _parted(entries, BATCH_ENTRIES_MAX):
            self._node.ledger.remove_contents(part, reason)
        return records

    def forget(self, gone: Mapping[str, int], now_ns: int) -> list[Held]:
        """Take items, each up to a version, out of all that the node knows (rule 4); returns the warnings
        that are withdrawn, used already.
        """
        node = self._node
        for item_id, version in gone.items():
            node.holdings.remove(item_id, version)
        node.timeline.forget(gone)
        node.exchange.drop(gone)
        node.drop_offers(gone)
        node.recent_decisions.forget(gone)
        if not node.views.revise(_without(gone)):
            node.note_refusal("a picture was built anew from what is still kept: its oldest part is missing")
        return self._withdrawn(gone, now_ns)

    def _withdrawn(self, gone: Collection[str], now_ns: int) -> list[Held]:
        node = self._node
        make_head = node.heads.for_audience("warning", now_ns)
        withdrawn = []
        for audience in (node.config.party, *node.config.peers):
            resting = node.alerts.resting_on(audience, gone)
            if not resting:
                continue
            alarms = node.heads.of_alarms(node.views.of(audience).alarms(now_ns))
            shown = {node.alerts.holds(audience, alarm) for alarm in alarms}
            for key in resting:
                if key not in shown:
                    warning = node.alerts.withdraw(audience, key, now_ns, make_head)
                    held = Held(warning, b"", audience=audience)
                    node.use_item(held)
                    withdrawn.append(held)
        return withdrawn


def naming(items: Iterable[AnyItem], party: str, gone: Collection[str]) -> list[ItemReference]:
    """Own items of a party that rest on others, or name them, by their versions."""
    return [
        item.reference
        for item in items
        if item.label.originator == party and any(name in gone for name in _names(item))
    ]


def _names(item: AnyItem) -> Iterator[str]:
    """What an item that tells of others names."""
    if isinstance(item, Warning):
        yield from (one.item_id for one in (*item.basis, *item.confirmed_by))
    elif isinstance(item, Disagreement):
        yield from (account.basis.item_id for account in item.accounts)
    elif isinstance(item, Request | Statement):
        yield from (one.item_id for one in item.about)


def recall_entry(record: RecallRecord) -> Entry:
    """The entry of a step."""
    return Entry(kind=EntryKind.RECALL, content=encode(record))


def newest_of(copies: Iterable[Copy]) -> dict[str, int]:
    """The newest version of each item among copies, as this node names it."""
    newest: dict[str, int] = {}
    for copy in copies:
        newest[copy.name.item_id] = max(newest.get(copy.name.item_id, 0), copy.name.version)
    return newest


def _without(gone: Mapping[str, int]) -> Callable[[AnyItem], AnyItem | None]:
    return lambda item: None if item.version <= gone.get(item.item_id, 0) else item


def _by_item(copies: Sequence[Copy]) -> list[list[Copy]]:
    items: dict[str, list[Copy]] = {}
    for copy in copies:
        items.setdefault(copy.name.item_id, []).append(copy)
    return list(items.values())


def _parted(entries: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [entries[start : start + size] for start in range(0, len(entries), size)]


def _step(copies: Sequence[Copy], asks: ItemReference | None, by: str) -> RecallRecord:
    newest = max(copies, key=lambda copy: copy.name.version)
    return RecallRecord(
        step=RecallStep.REMOVING,
        asks=asks,
        about=(newest.name,),
        by=by,
        entries=tuple(copy.entry for copy in copies),
        commitments=tuple(copy.commitment for copy in copies),
        received=tuple(_place(copy) for copy in copies if not copy.is_release),
        released=tuple(_place(copy) for copy in copies if copy.is_release),
    )


def _place(copy: Copy) -> StreamPlace:
    return StreamPlace(party=copy.party, stream=copy.stream, sequence=copy.sequence)
