"""`Trees`: the tree of every stream to and from a partner, built from the entries of this node's ledger.

Leaves come in order or not: a removed content left its leaf in the removal, a damaged one in the record of
the next signed head. A tree grows to the first sequence that nobody told of. Old leaves are read again from
those records, or, where one of them is damaged, from the parcels themselves; every 16th parcel's entry is
remembered, so that one is found in a short walk through the ledger.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from trilat.ledger import BATCH_ENTRIES_MAX, EntryKind, Ledger, MerkleLog, Stored, leaf_hash
from trilat.link import TreeHead, parcel_leaf, read_tree_head
from trilat.model import LedgerError, decode
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord
from trilat.node.tree_records import HEAD_RECORD_BYTES_MAX, HeadRecord, RemovedLeaf, WitnessRecord

_STRIDE: Final = 16
_WALK_ENTRIES_MAX: Final = 50_000
"""Entries that are walked through to find one parcel again."""

_WAITING_MAX: Final = 200_000
_KINDS: Final = frozenset({EntryKind.RELEASE, EntryKind.RECEIVED})


class StreamName(NamedTuple):
    """Which stream: from whom, to whom, and its opaque name."""

    sender: str
    recipient: str
    stream: str


class Signed(NamedTuple):
    """A signed head as it was signed, and what it says; `entry` is its place in this ledger."""

    head: TreeHead
    data: bytes
    entry: int | None = None


@dataclass
class StreamTree:
    """One stream's tree, and the heads that were signed of it."""

    name: StreamName
    ledger: Ledger
    log: MerkleLog = field(init=False)
    own: Signed | None = None
    """The newest head that this node signed."""

    witnessed: Signed | None = None
    """The newest head that the partner signed and that agrees."""

    uncovered: list[bytes] = field(default_factory=list)
    """Leaves behind the newest record of a head."""

    covered: int = 0
    _waiting: dict[int, bytes] = field(default_factory=dict)
    _heads: list[tuple[int, int]] = field(default_factory=list)
    """First leaf and entry of each record of a head."""

    _places: "array[int]" = field(default_factory=lambda: array("q"))
    """The entry of every 16th parcel, from the first one on; -1 where it is not known."""

    def __post_init__(self) -> None:
        """An empty tree."""
        self.log = MerkleLog(self._leaves)

    @property
    def size(self) -> int:
        """How many parcels it has."""
        return self.log.size

    @property
    def missing(self) -> int | None:
        """The first sequence that nobody told of while later ones are known; None where there is none."""
        return self.log.size + 1 if self._waiting else None

    def put(self, sequence: int, leaf: bytes, entry: int = -1) -> None:
        """Take the hashed leaf of a parcel; one that is known already changes nothing."""
        self._note_place(sequence, entry)
        following = self.log.size + 1
        if sequence == following and not self._waiting:
            self.log.append(leaf)
            self.uncovered.append(leaf)
            return
        if sequence < following or len(self._waiting) >= _WAITING_MAX:
            return
        self._waiting.setdefault(sequence, leaf)
        while (known := self._waiting.pop(self.log.size + 1, None)) is not None:
            self.log.append(known)
            self.uncovered.append(known)

    def cover(self, record: HeadRecord, entry: int, head: TreeHead) -> None:
        """Take a record of a head that this node signed."""
        for offset, leaf in enumerate(record.leaves):
            self.put(record.first + offset + 1, leaf)
        end = record.first + len(record.leaves)
        if end <= self.log.size:
            del self.uncovered[: max(0, end - self.covered)]
            self.covered = max(self.covered, end)
        self._heads.append((record.first, entry))
        self.own = Signed(head, record.signed, entry)

    def _note_place(self, sequence: int, entry: int) -> None:
        if (sequence - 1) % _STRIDE:
            return
        slot = (sequence - 1) // _STRIDE
        if slot >= _WAITING_MAX * _STRIDE:
            return
        while len(self._places) <= slot:
            self._places.append(-1)
        if entry >= 0:
            self._places[slot] = entry

    def parcels(self, first: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Sequence, entry and parcel from a sequence on to before another, as far as they can be found."""
        begin = 0
        for slot in range(min((first - 1) // _STRIDE, len(self._places) - 1), -1, -1):
            if self._places[slot] >= 0:
                begin = self._places[slot]
                break
        for stored in self.ledger.entries(begin, _KINDS, on_broken=lambda *_: None):
            if stored.entry > begin + _WALK_ENTRIES_MAX:
                return
            found = parcel_of(self.ledger.party, stored)
            if found is None or found[0] != self.name or found[1] < first:
                continue
            if found[1] >= stop:
                return
            yield found[1], stored.entry, found[2]

    def _leaves(self, start: int, stop: int) -> list[bytes]:
        if start >= self.covered:
            return self.uncovered[start - self.covered : stop - self.covered]
        found: dict[int, bytes] = {}
        at = max(0, bisect_right(self._heads, (start, 2**62)) - 1)
        for first, entry in self._heads[at:]:
            if first >= stop:
                break
            found |= dict(enumerate(self._recorded(entry, first), first))
        if any(index not in found for index in range(start, stop)):
            for sequence, _, parcel in self.parcels(start + 1, stop + 1):
                found[sequence - 1] = leaf_of(self.name.stream, sequence, parcel)
        for index in range(start, stop):
            if index not in found and index >= self.covered:
                found[index] = self.uncovered[index - self.covered]
        try:
            return [found[index] for index in range(start, stop)]
        except KeyError as error:
            raise LedgerError(
                f"parcel {error.args[0] + 1} of stream `{self.name.stream}` cannot be read: run audit repair"
            ) from error

    def _recorded(self, begin: int, first: int) -> tuple[bytes, ...]:
        """The leaves in a record of a head, which stands at an entry or some way behind it; none where it is
        damaged.
        """
        for stored in self.ledger.entries(begin, {EntryKind.HEAD}, on_broken=lambda *_: None):
            if stored.entry > begin + BATCH_ENTRIES_MAX or stored.content is None:
                break
            record = decode(stored.content, HeadRecord, HEAD_RECORD_BYTES_MAX)
            if record.first == first and record.stream == self.name.stream:
                return record.leaves
        return ()


class Trees:
    """The trees of all streams of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """No stream yet."""
        self._ledger = ledger
        self._party = ledger.party
        self._trees: dict[StreamName, StreamTree] = {}
        self._by_ends: dict[tuple[str, bool, str], StreamTree] = {}
        """The same by partner, whether it is released to it, and stream: without a name for each parcel."""

    def __iter__(self) -> Iterator[StreamTree]:
        """Every tree, in the order in which the streams began."""
        return iter(self._trees.values())

    def get(self, name: StreamName) -> StreamTree | None:
        """The tree of a stream, or None."""
        return self._trees.get(name)

    def between(self, partner: str, *, sent: bool) -> StreamTree | None:
        """The newest stream to a partner, or from it."""
        ends = (self._party, partner) if sent else (partner, self._party)
        found = [tree for name, tree in self._trees.items() if (name.sender, name.recipient) == ends]
        return found[-1] if found else None

    def recorded(self, entry: int, record: ReleaseRecord | ReceivedRecord) -> StreamTree:
        """Take a parcel that is in the ledger; returns its tree."""
        released = isinstance(record, ReleaseRecord)
        ends = (
            record.recipient if isinstance(record, ReleaseRecord) else record.sender,
            released,
            record.stream,
        )
        tree = self._by_ends.get(ends)
        if tree is None:
            tree = self._by_ends[ends] = self._tree(name_of(self._party, record))
        tree.put(record.sequence, leaf_of(record.stream, record.sequence, record.parcel), entry)
        return tree

    def signed(self, entry: int, record: HeadRecord) -> StreamTree:
        """Take a head that this node signed and wrote down."""
        tree = self._tree(StreamName(record.sender, record.recipient, record.stream))
        tree.cover(record, entry, read_tree_head(record.signed))
        return tree

    def witnessed(self, entry: int, record: WitnessRecord) -> StreamTree:
        """Take a partner's head that agreed."""
        head = read_tree_head(record.signed)
        tree = self._tree(StreamName(head.sender, head.recipient, head.stream))
        if tree.witnessed is None or head.size >= tree.witnessed.head.size:
            tree.witnessed = Signed(head, record.signed, entry)
        return tree

    def leaf(self, name: StreamName, sequence: int, leaf: bytes) -> None:
        """Take the hashed leaf of a number that carries nothing here."""
        self._tree(name).put(sequence, leaf)

    def removed(self, leaf: RemovedLeaf) -> None:
        """Take the leaf that a removal left."""
        self._tree(StreamName(leaf.sender, leaf.recipient, leaf.stream)).put(leaf.sequence, leaf.leaf)

    def _tree(self, name: StreamName) -> StreamTree:
        tree = self._trees.get(name)
        if tree is None:
            tree = self._trees[name] = StreamTree(name, self._ledger)
        return tree


def name_of(party: str, record: ReleaseRecord | ReceivedRecord) -> StreamName:
    """The stream that a parcel belongs to, by the record of it in a party's ledger."""
    if isinstance(record, ReleaseRecord):
        return StreamName(party, record.recipient, record.stream)
    return StreamName(record.sender, party, record.stream)


def leaf_of(stream: str, sequence: int, parcel: bytes) -> bytes:
    """The hashed leaf of a parcel, 32 bytes: as it stands in the stream's tree, at `sequence` - 1."""
    return leaf_hash(parcel_leaf(stream, sequence, sha256(parcel).digest()))


def parcel_of(party: str, stored: Stored) -> tuple[StreamName, int, bytes] | None:
    """Stream, sequence and parcel of an entry; None where it has no parcel."""
    if stored.content is None or stored.kind not in _KINDS:
        return None
    record: ReleaseRecord | ReceivedRecord
    if stored.kind is EntryKind.RELEASE:
        record = decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
    else:
        record = decode(stored.content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
    return name_of(party, record), record.sequence, record.parcel


def proof_of(party: str, stored: Stored) -> RemovedLeaf | None:
    """What must stay of an entry whose content is removed; None where nothing rests on it."""
    found = parcel_of(party, stored)
    if found is None:
        return None
    name, sequence, parcel = found
    leaf = leaf_of(name.stream, sequence, parcel)
    return RemovedLeaf(**name._asdict(), sequence=sequence, leaf=leaf)
