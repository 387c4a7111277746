"""How decisions are written: one by one, or many that are alike in one entry; and how they are read again.

Policy gives items of one class answers that differ in the item's name alone. Where a node decides on many
items together, an entry says each such answer once, and of every item which answers it got, in the order in
which they were given: reading gives the very same decisions, in the same order.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import msgspec

from trilat.ledger import Entry, EntryKind
from trilat.model import (
    Count,
    Decision,
    Identifier,
    ItemError,
    ItemReference,
    Noun,
    WireError,
    checked_copy,
    decode,
    encode,
    of_checked,
)
from trilat.node.records import RECORD_BYTES_MAX

TOGETHER_MIN: Final = 8
"""Fewer decisions are written one by one."""

ITEMS_MAX: Final = 1_000
"""Items of one entry: with the longest names it stays below `RECORD_BYTES_MAX`."""

_ANSWERS_MAX: Final = 4_096


class DecisionBatch(Noun, frozen=True, kw_only=True, tag="decisions"):
    """Decisions of one instant on many items."""

    answers: Annotated[tuple[Decision, ...], msgspec.Meta(min_length=1, max_length=_ANSWERS_MAX)]
    """Each answer that was given, once, without the item."""

    items: Annotated[
        tuple[tuple[Identifier, Count, Annotated[tuple[Count, ...], msgspec.Meta(max_length=64)]], ...],
        msgspec.Meta(min_length=1, max_length=ITEMS_MAX),
    ]
    """Of each item its name, its version, and the places of its answers in `answers`."""

    def check(self) -> None:
        """Refuse an answer about an item, and a place that is none."""
        if any(answer.item is not None for answer in self.answers):
            raise ItemError("DecisionBatch.answers name an item: items stand beside them")
        highest = max((place for _, _, places in self.items for place in places), default=0)
        if highest >= len(self.answers):
            raise ItemError("DecisionBatch.items name an answer that is not there")

    def __iter__(self) -> Iterator[Decision]:
        """The decisions, in the order in which they were given."""
        for item_id, version, places in self.items:
            reference = ItemReference(item_id=item_id, version=version)
            for place in places:
                yield checked_copy(self.answers[place], item=reference)


def decision_entries(decisions: Sequence[Decision]) -> list[Entry]:
    """The entries of decisions, in their order."""
    if len(decisions) < TOGETHER_MIN:
        return [Entry(kind=EntryKind.DECISION, content=encode(decision)) for decision in decisions]
    entries: list[Entry] = []
    gathered = _Gathered()
    for decision in decisions:
        if not gathered.has_room(decision):
            entries.append(gathered.entry())
            gathered = _Gathered()
        gathered.add(decision)
    entries.append(gathered.entry())
    return entries


def decisions_in(content: bytes) -> tuple[Decision, ...]:
    """The decisions in an entry.

    Raises:
        WireError: the content is of none.
    """
    try:
        return (decode(content, Decision),)
    except WireError:
        return tuple(decode(content, DecisionBatch, bytes_max=RECORD_BYTES_MAX))


class _Gathered:
    """Decisions that go into one entry."""

    def __init__(self) -> None:
        self._places: dict[tuple[object, ...], int] = {}
        self._answers: list[Decision] = []
        self._items: list[tuple[str, int, list[int]]] = []
        self._last: ItemReference | None = None

    def has_room(self, decision: Decision) -> bool:
        return len(self._answers) < _ANSWERS_MAX and (
            len(self._items) < ITEMS_MAX or decision.item == self._last
        )

    def add(self, decision: Decision) -> None:
        item = decision.item
        if item is None:
            raise ItemError("a decision on no item cannot be written with others")
        if self._last is None or (item.item_id, item.version) != (self._last.item_id, self._last.version):
            self._last = item
            self._items.append((item.item_id, item.version, []))
        # The very same values make the same answer; equal ones that are not the same only cost room.
        key = (
            decision.recipient,
            decision.via,
            decision.purpose,
            decision.decided_ns,
            decision.sender,
            id(decision.outcome),
            id(decision.form),
            id(decision.clauses),
            id(decision.reasons),
            id(decision.duties),
            id(decision.consent),
        )
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self._answers)
            # Kept, the answer keeps the values alive whose identities are in the key.
            self._answers.append(checked_copy(decision, item=None))
        self._items[-1][2].append(place)

    def entry(self) -> Entry:
        batch = of_checked(
            DecisionBatch,
            answers=tuple(self._answers),
            items=tuple((item_id, version, tuple(places)) for item_id, version, places in self._items),
        )
        return Entry(kind=EntryKind.DECISION, content=encode(batch))
