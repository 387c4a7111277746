"""`Timeline`: where in time a node's ledger is, and what happened when: for whoever looks back.

Rules
1. It is made of what is used, also after a restart, so that nobody has to read the ledger for it.
2. A mark is kept with the item that it speaks of. When it is shown is for whoever shows it to ask policy;
   what was removed leaves no mark.
3. It is small: points of time `POINTS_EVERY_S` apart, marks of `MARKS_MAX` happenings, episodes of tracking.
   Beyond their limits the oldest become coarser, or go.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from trilat.domains import OwnBiases
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Disagreement,
    Domain,
    Event,
    ItemReference,
    Report,
    Track,
    Vessel,
    Warning,
    WarningState,
)
from trilat.node.recall_records import RecallRecord, RecallStep
from trilat.policy import AgreementSet

if TYPE_CHECKING:
    from trilat.node.node import Node

POINTS_EVERY_S: Final = 10
POINTS_MAX: Final = 100_000
MARKS_MAX: Final = 10_000
EPISODES_MAX: Final = 10_000
REMOVED_MAX: Final = 100_000
QUIET_S: Final = 600
"""After so long without a plot or track of a ballistic object none is left of before: twice the time that the
tracker lets one coast."""


class Mark(NamedTuple):
    """Something that happened, when this node knew it first."""

    at_ns: int
    kind: str
    """An event's, `impact-area`, a warning's state, `disagreement`, or `agreement`."""

    name: str
    version: int
    item: AnyItem | None
    """None of an agreement."""


@dataclass
class Episode:
    """A stretch in which ballistic objects were tracked, with what its trackers began with."""

    began_ns: int
    ended_ns: int
    named: int
    """How many objects had a name before it."""

    biases: OwnBiases | None


@dataclass(frozen=True)
class Gone:
    """An item of which a content was removed: by whom or what, and why."""

    reference: ItemReference
    by: str


@dataclass
class _Points:
    """Instants with the number of the first entry that is not older."""

    at_ns: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)

    def note(self, at_ns: int, entry: int) -> None:
        if self.at_ns and at_ns < self.at_ns[-1] + POINTS_EVERY_S * SECOND_NS:
            return
        self.at_ns.append(at_ns)
        self.entries.append(entry)
        if len(self.at_ns) > POINTS_MAX:
            half = POINTS_MAX // 2
            self.at_ns[:half] = self.at_ns[:half:2]
            self.entries[:half] = self.entries[:half:2]


class Timeline:
    """The points, marks and episodes of one node."""

    def __init__(self, node: "Node") -> None:
        """Nothing has happened."""
        self._node = node
        self._points = _Points()
        self._marks: list[Mark] = []
        self._said: dict[str, str] = {}
        """Of items with a mark, the kind of the newest."""

        self._episodes: list[Episode] = []
        self._removed: list[int] = []
        self._gone: dict[int, Gone] = {}
        self._replayed_ns: int | None = None
        self.changes = 0
        """Counts what takes something away from the past: a removal, or a new label."""

    # --- what is told to it ---

    def replay(self, entry: int, recorded_ns: int) -> None:
        """An entry of before a restart is about to be used again."""
        self._replayed_ns = recorded_ns
        self._points.note(recorded_ns, entry)

    def tick(self, now_ns: int) -> None:
        """A second begins: what is written from now on is not older."""
        self._replayed_ns = None
        self._points.note(now_ns, self._node.ledger.head().entries)

    def _now_ns(self) -> int:
        return self._node.clock.now_ns() if self._replayed_ns is None else self._replayed_ns

    def note(self, item: AnyItem) -> None:
        """An item is about to be used."""
        if isinstance(item, Vessel):
            return
        if isinstance(item, Report | Track):
            if item.domain is Domain.MISSILE:
                self._track(self._now_ns())
            return
        kind = _kind_of_mark(item)
        if kind is not None and self._said.get(item.item_id) != kind:
            self._mark(Mark(self._now_ns(), kind, item.item_id, item.version, item))

    def _mark(self, mark: Mark) -> None:
        self._said[mark.name] = mark.kind
        self._marks.append(mark)
        if len(self._marks) > MARKS_MAX:
            del self._marks[: MARKS_MAX // 10]
            kept = {mark.name for mark in self._marks}
            self._said = {name: kind for name, kind in self._said.items() if name in kept}

    def _track(self, now_ns: int) -> None:
        last = self._episodes[-1] if self._episodes else None
        if last is not None and now_ns - last.ended_ns < QUIET_S * SECOND_NS:
            last.ended_ns = now_ns
            return
        views = self._node.views
        pipeline = views.staff.pipelines.get(Domain.MISSILE)
        named = 0 if pipeline is None else pipeline.named()
        biases = None if views.biases is None else views.biases.continued()
        self._episodes.append(Episode(now_ns, now_ns, named, biases))
        del self._episodes[:-EPISODES_MAX]

    def note_agreements(self, before: AgreementSet, after: AgreementSet) -> None:
        """The node decides by other agreements from now on."""
        known = {agreement.agreement_id: agreement.version for agreement in before.files.values()}
        for agreement in after.files.values():
            if known.get(agreement.agreement_id) != agreement.version:
                name = agreement.agreement_id
                self._marks.append(Mark(self._now_ns(), "agreement", name, agreement.version, None))

    def note_removing(self, record: RecallRecord) -> None:
        """A step of a recall is in the ledger; one that removes says what goes."""
        if record.step is not RecallStep.REMOVING or not record.about:
            return
        self.changes += 1
        gone = Gone(record.about[0], record.by)
        for entry in record.entries:
            if entry not in self._gone:
                insort(self._removed, entry)
            self._gone[entry] = gone
        for entry in self._removed[: max(0, len(self._removed) - REMOVED_MAX)]:
            del self._gone[entry]
        del self._removed[:-REMOVED_MAX]

    def forget(self, gone: Mapping[str, int]) -> None:
        """Items, each up to a version, are not held any more."""
        self.changes += 1
        self._marks = [mark for mark in self._marks if mark.version > gone.get(mark.name, 0)]

    def relabelled(self) -> None:
        """Some items are under another label from now on."""
        self.changes += 1

    # --- what is asked of it ---

    def began_ns(self) -> int | None:
        """When the ledger begins; None where nothing is in it."""
        first = next(self._node.ledger.entries(), None)
        return None if first is None else first.recorded_ns

    def first_entry(self, at_ns: int) -> int:
        """An entry before which nothing was recorded at an instant or later; little lies between the two."""
        place = bisect_left(self._points.at_ns, at_ns)
        return self._points.entries[place - 1] if place else 0

    def episode(self, at_ns: int) -> Episode | None:
        """The episode of which objects may be in the picture of an instant."""
        place = bisect_right(self._episodes, at_ns, key=lambda episode: episode.began_ns)
        episode = self._episodes[place - 1] if place else None
        if episode is None or at_ns - episode.ended_ns > QUIET_S * SECOND_NS:
            return None
        return episode

    def marks(self, from_ns: int, until_ns: int) -> list[Mark]:
        """What happened from one instant to another, both included, oldest first."""
        first = bisect_left(self._marks, from_ns, key=lambda mark: mark.at_ns)
        last = bisect_right(self._marks, until_ns, key=lambda mark: mark.at_ns)
        return self._marks[first:last]

    def first_mark(self, item_ids: Collection[str]) -> Mark | None:
        """The first mark of any of these items."""
        return next((mark for mark in self._marks if mark.name in item_ids), None)

    def gone(self, first: int, last: int) -> list[Gone]:
        """What was removed of the entries from one to another, the last not included; each item once."""
        entries = self._removed[bisect_left(self._removed, first) : bisect_left(self._removed, last)]
        newest: dict[str, Gone] = {}
        for found in map(self._gone.__getitem__, entries):
            known = newest.get(found.reference.item_id)
            if known is None or known.reference.version < found.reference.version:
                newest[found.reference.item_id] = found
        return [newest[name] for name in sorted(newest)]


def _kind_of_mark(item: AnyItem) -> str | None:
    """The kind of the mark that an item makes; None where it makes none."""
    if isinstance(item, Event):
        return item.event.value
    if isinstance(item, Area):
        return "impact-area" if item.area is AreaKind.IMPACT else None
    if isinstance(item, Warning):
        return None if item.state is WarningState.UPDATED else item.state.value
    return "disagreement" if isinstance(item, Disagreement) else None
