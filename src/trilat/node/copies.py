"""`Copies`: which entries of a node's ledger hold an item: as partners gave it, and as it was passed on.

Read from the ledger when somebody asks, and only what is new since the last time: nothing is paid for it
while nobody asks. The first question after a start reads the whole ledger once. Kept are entry numbers; what
an entry says is read again.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trilat.ledger import EntryKind, Ledger, Stored
from trilat.link import Parcel
from trilat.model import ABOUT_MAX, AnyItem, Domain, ItemReference, Release, decode, kind_of
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord
from trilat.policy import CONTROL_KINDS

_KINDS: Final = frozenset({EntryKind.RECEIVED, EntryKind.RELEASE})


@dataclass(frozen=True, slots=True)
class Copy:
    """One entry that holds a version of an item."""

    entry: int
    commitment: bytes
    recorded_ns: int
    is_release: bool
    """Whether this node gave it to `party`; else it had it from there."""

    party: str
    stream: str
    sequence: int
    name: ItemReference
    """As this node names the item: a tear-line goes under another name."""

    release: Release
    was_refused: bool = False

    @property
    def item(self) -> AnyItem:
        """The copy itself."""
        return self.release.item

    @property
    def is_record(self) -> bool:
        """Whether it is a word about other items: that is a record, and is not called back."""
        return kind_of(self.item) in CONTROL_KINDS

    @property
    def told(self) -> ItemReference:
        """As the other side names it."""
        return self.release.item.reference


class Copies:
    """The index of one ledger; of consents, recalls and the like it knows nothing."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing read yet."""
        self._ledger = ledger
        self._next = 0
        self._entries: dict[str, array[int]] = {}

    def of(self, item_ids: Collection[str]) -> list[Copy]:
        """All copies of items that are still in the ledger, in the order of its entries."""
        self._catch_up()
        entries = sorted({entry for item_id in item_ids for entry in self._entries.get(item_id, ())})
        return [copy for entry in entries if (copy := self._read(entry)) is not None]

    def newest(
        self, item_id: str, parties: Collection[str], *, is_release: bool, version: int | None = None
    ) -> dict[str, Copy]:
        """Of each party the copy of an item that it gave, or got, last; of one version where it is named."""
        self._catch_up()
        found: dict[str, Copy] = {}
        for entry in reversed(self._entries.get(item_id, ())):
            if len(found) == len(parties):
                break
            copy = self._read(entry)
            if (
                copy is not None
                and copy.is_release is is_release
                and copy.party in parties
                and copy.party not in found
                and not copy.was_refused
                and version in {None, copy.name.version}
            ):
                found[copy.party] = copy
        return found

    def all(self) -> Iterator[Copy]:
        """All copies of all items, in order; for reading through."""
        for stored in self._ledger.entries(kinds=_KINDS):
            copy = copy_of(stored)
            if copy is not None and not copy.is_record:
                yield copy

    def _catch_up(self) -> None:
        end = self._ledger.head().entries
        if end == self._next:
            return
        for stored in self._ledger.entries(self._next, _KINDS):
            copy = copy_of(stored)
            if copy is not None and not copy.is_record:
                self._entries.setdefault(copy.name.item_id, array("q")).append(copy.entry)
        self._next = end

    def _read(self, entry: int) -> Copy | None:
        return copy_of(next(self._ledger.entries(entry)))


def copy_of(stored: Stored) -> Copy | None:
    """The copy that an entry holds; None where it holds none, or not any more."""
    if stored.content is None:
        return None
    if stored.kind is EntryKind.RELEASE:
        given = decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        release = _release(given.parcel)
        name, party, was_refused = given.item, given.recipient, False
        stream, sequence = given.stream, given.sequence
    elif stored.kind is EntryKind.RECEIVED:
        had = decode(stored.content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        release = _release(had.parcel)
        name, party, was_refused = release.item.reference, had.sender, bool(had.refusal)
        stream, sequence = had.stream, had.sequence
    else:
        return None
    return Copy(
        entry=stored.entry,
        commitment=stored.commitment,
        recorded_ns=stored.recorded_ns,
        is_release=stored.kind is EntryKind.RELEASE,
        party=party,
        stream=stream,
        sequence=sequence,
        name=name,
        release=release,
        was_refused=was_refused,
    )


def _release(parcel: bytes) -> Release:
    return decode(decode(parcel, Parcel, bytes_max=RECORD_BYTES_MAX).release, Release)


def by_holder(given: Sequence[Copy]) -> Iterator[tuple[str, Domain, tuple[ItemReference, ...]]]:
    """Who was given what, as each knows it: the newest version of each item, in lists that fit one recall."""
    told: dict[tuple[str, Domain], dict[str, int]] = {}
    for copy in given:
        names = told.setdefault((copy.party, copy.item.domain), {})
        names[copy.told.item_id] = max(names.get(copy.told.item_id, 0), copy.told.version)
    for (holder, domain), names in told.items():
        about = [ItemReference(item_id=name, version=version) for name, version in names.items()]
        for start in range(0, len(about), ABOUT_MAX):
            yield holder, domain, tuple(about[start : start + ABOUT_MAX])
