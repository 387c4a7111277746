"""`Priority` and `Standing`: what goes first on a link, and what may go before its turn.

Rules
1. A warning, and its withdrawal, goes before everything. Then what people decide on; then what happened and
   where; then tracks; then the rest.
2. Before its turn in the stream may go only what is used by the rule "the newest version wins": a later
   version makes an earlier one that comes behind it a mere record. These are warnings, events, areas, tracks,
   vessels and indicators; not tracks in tracklets, of which every version has something that no other has.
3. What people decide on (consents, declarations, recalls, requests, answers) never overtakes: it comes behind
   what it speaks of, and in the order in which it was said. While some of it waits, the turn of the stream
   comes more often instead. Reports and words stay in their order too.
"""

from enum import IntEnum
from functools import cache
from typing import Final

import msgspec

from trilat.model import AnyItem, Release, Track


class Priority(IntEnum):
    """The lower goes first."""

    __hash__ = int.__hash__
    """It is looked up for every parcel: the hash of its name costs more."""

    WARNING = 0
    """Warnings and their withdrawal."""
    CONTROL = 1
    """What people decide on: consents, declarations, recalls, requests and answers."""
    EVENT = 2
    """What happened, and areas; what is needed and offered; words."""
    TRACK = 3
    """Estimates that the next one replaces."""
    BULK = 4
    """Observations, and what nobody waits for."""


_PRIORITIES: Final = {
    "warning": Priority.WARNING,
    **dict.fromkeys(("consent", "declaration", "request", "answer"), Priority.CONTROL),
    **dict.fromkeys(("recall", "reclassification", "loss-report"), Priority.CONTROL),
    **dict.fromkeys(("event", "area", "need", "offer", "statement", "disagreement"), Priority.EVENT),
    **dict.fromkeys(("track", "vessel", "indicator"), Priority.TRACK),
}
_NEWEST_WINS: Final = frozenset({"warning", "event", "area", "track", "vessel", "indicator"})


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What a link must know of a parcel to send it in its turn, or before."""

    priority: Priority
    overtakes: bool
    """Whether it may go before its turn in the stream."""

    item_id: str
    version: int

    @property
    def replaced_by_newer(self) -> bool:
        """Whether a newer version of the item makes this one not worth sending any more."""
        return self.overtakes and self.priority in {Priority.EVENT, Priority.TRACK}


def newest_wins(item: AnyItem) -> bool:
    """Whether an item is used by the rule that the newest version wins, in whatever order versions come, so
    that a recipient may use it before those that stand before it in its stream.
    """
    return _lane_of(type(item))[1] and not (isinstance(item, Track) and item.tracklets)


@cache
def _lane_of(kind: type[AnyItem]) -> tuple[Priority, bool]:
    """The priority of a kind of item, and whether its newest version wins."""
    name = str(kind.__struct_config__.tag)
    return _PRIORITIES.get(name, Priority.BULK), name in _NEWEST_WINS


def standing_of(release: Release) -> Standing:
    """How a release stands on a link. An item of a kind that is not named above goes last, in its order."""
    item = release.item
    return Standing(_lane_of(type(item))[0], newest_wins(item), item.item_id, item.version)
