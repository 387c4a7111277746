"""`Spans`: tracks are told in whole spans of time, so that they do not tell when a sensor first or last saw.

Rules
1. Time is cut at multiples of `span_s` since 1970. Of a track or a ship nothing is told of the span in
   which it was first seen, unless it was seen from its very beginning.
2. A span is told when a version of a later one exists, and then as a whole. What was seen last waits for what
   never comes.
3. Of a span that is told, versions that follow each other by less than `thin_s` of their valid time are
   left out.
4. Where the edge of what a sensor sees lies can be told from the ends of a track; from its ends in spans
   only to what the object moves in a span.

The price is that copies come later by up to a span. Other kinds are about one instant: for them `due_ns`
goes up to a multiple of the span, and a warning waits for nothing.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from trilat.model import SECOND_NS, AnyItem, Duties, Track, Vessel

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")


@dataclass
class _Known(Generic[_T]):
    """What is known of one item: its first whole span, the newest span, and what waits in that."""

    first: int
    newest: int
    waiting: list[tuple[int, _T]] = field(default_factory=list)


class Spans(Generic[_K, _T]):
    """Holds versions of items back until their span is over; no clock, only valid times."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._known: dict[_K, _Known[_T]] = {}

    def take(self, key: _K, item: AnyItem, duties: Duties | None, version: _T) -> list[_T]:
        """What may go on now that a version of an item is there, in order: often nothing.

        Args:
            key: the item, and the recipient where there are several.
            item: the version's content.
            duties: what holds for it; without `span_s` it goes on at once.
            version: what is given back when its span may be told. A version given once passes a second time.
        """
        if duties is None or not duties.span_s or not isinstance(item, Track | Vessel):
            return [version]
        span_ns = duties.span_s * SECOND_NS
        span = item.valid_ns // span_ns
        known = self._known.setdefault(key, _Known(-(-item.valid_ns // span_ns), span))
        if span < known.first:
            return []
        if span < known.newest:
            return [version]
        told: list[_T] = []
        if span > known.newest:
            told = _decimated(known.waiting, duties.thin_s)
            known.newest, known.waiting = span, []
        known.waiting.append((item.valid_ns, version))
        return told

    def take_out(self) -> list[_T]:
        """All versions that wait, to be taken again: which spans were told already is kept."""
        waiting = [version for known in self._known.values() for _, version in known.waiting]
        for known in self._known.values():
            known.waiting = []
        return waiting

    def keep(self, wanted: Callable[[_K], bool]) -> None:
        """Forget all items but those that are wanted."""
        self._known = {key: known for key, known in self._known.items() if wanted(key)}


def in_spans(item: AnyItem, duties: Duties | None) -> bool:
    """Whether an item is told in spans: its versions are then thinned by valid time, not by the clock."""
    return duties is not None and bool(duties.span_s) and isinstance(item, Track | Vessel)


def _decimated(waiting: list[tuple[int, _T]], thin_s: int) -> list[_T]:
    """Versions of a span, at least `thin_s` of valid time apart, from the first on (rule 3)."""
    kept: list[_T] = []
    last_ns: int | None = None
    for valid_ns, version in sorted(waiting, key=lambda one: one[0]):
        if last_ns is None or valid_ns - last_ns >= thin_s * SECOND_NS:
            kept.append(version)
            last_ns = valid_ns
    return kept
