"""`Floors`: versions that a node makes after a restore begin behind all that the lost node can have made.

A backup does not know which versions of items, and of labels, were made after it. A partner that holds one
takes another content under the same version for a repeat, and drops it. So:

1. The first start after a restore puts a floor: seconds since 2020, and behind all that the ledger holds. One
   item gets about one version a second at most, so a floor of an earlier restore and what was made on it are
   behind; where the clock cannot tell, `MARGIN` versions are left out.
2. Every version of an own item made from then on is above the floor, also the first of a new one.
3. It is in the ledger, once for each restore, and holds after any later start.
4. No partner has a say in it: none can use numbers up, or hold a node back.
5. A clock that is so far ahead that numbers would run out stops the start, before anything is written.

Versions of labels have a floor of the same kind, in hours: there are a million of them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from trilat.ledger import Entry, EntryKind, Stored
from trilat.model import SECOND_NS, Clock, Count, LedgerError, Noun, ShortText, decode, encode
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

MARGIN: Final = 100_000
"""Versions left out where the ledger is ahead of the clock: more than a day of one each second."""

LABELS_MARGIN: Final = 1_000
VERSIONS_MAX: Final = 900_000_000
"""Of 10^9 that an item can have; reached by the clock in July 2048."""

_BEGIN_NS: Final = 1_577_836_800 * SECOND_NS
"""2020-01-01T00:00:00Z."""

_HOUR_NS: Final = 3_600 * SECOND_NS


class FloorRecord(Noun, frozen=True, kw_only=True):
    """Behind which versions a node makes its own after a restore."""

    restored: ShortText
    """Which restore it was: a random word that is in the folder until all partners have answered."""

    versions: Count
    labels: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Floors(Part):
    """The floors of one node's versions."""

    def __init__(self, node: "Node", clock: Clock) -> None:
        """No floor; `clock` is that of the links, which tells the world's time."""
        self._node = node
        self._clock = clock
        self._expected: str | None = None
        self._known: set[str] = set()
        self._unwritten: FloorRecord | None = None
        self._labels_newest = 0
        self.labels = 0
        """Behind which labels that this node changes have their versions."""

    def expect(self, restored: str) -> None:
        """The ledger that is read next came from a backup, by this restore; one without a name leaps at each
        start.
        """
        self._expected = restored

    def note_label(self, version: int) -> None:
        """A label of this version is in the ledger."""
        self._labels_newest = max(self._labels_newest, version)

    def restored(self) -> None:
        """The ledger is read: put the floor of a restore that has none (rules 1 and 3).

        Raises:
            LedgerError: the clock is too far ahead (rule 5).
        """
        if self._expected is None or self._expected in self._known:
            return
        ago_ns = max(0, self._clock.now_ns() - _BEGIN_NS)
        versions = _behind(self._node.heads.newest_version, ago_ns // SECOND_NS, MARGIN)
        labels = _behind(self._labels_newest, ago_ns // _HOUR_NS, LABELS_MARGIN)
        if versions > VERSIONS_MAX:
            raise LedgerError(
                "the clock of this machine is years ahead, and versions made after a restore begin behind "
                "it: set the clock, and start again"
            )
        self._unwritten = FloorRecord(restored=self._expected, versions=versions, labels=labels)
        self._use(self._unwritten)

    def steps(self, now_ns: int) -> Iterable[Entry]:
        """The floor, before any partner is asked, so that it is kept as long as what is made on it."""
        del now_ns
        if self._unwritten is not None:
            record, self._unwritten = self._unwritten, None
            yield Entry(kind=EntryKind.FLOOR, content=encode(record))

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Floors of earlier restores."""
        return {EntryKind.FLOOR: lambda _, content: self._use(decode(content, FloorRecord))}

    def _use(self, record: FloorRecord) -> None:
        if record.restored:
            self._known.add(record.restored)
        self._node.heads.begin_behind(record.versions)
        self.labels = max(self.labels, record.labels)


def _behind(newest: int, by_clock: int, margin: int) -> int:
    """A floor by the clock, or where the ledger is at it or ahead of it, behind the ledger."""
    return by_clock if by_clock > newest else newest + margin
