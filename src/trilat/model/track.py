"""`Track`, `Event`, `Area` and `Warning`: what a party makes of its observations.

A party's watch areas, and threats to them, are areas and warnings too, of kinds of their own. They are for
its own staff: see `names_watch_area`.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.geometry import Ellipse, Kinematics, Place, Polygon
from trilat.model.item import Item, ItemReference
from trilat.model.limits import PARTIES_MAX, REFERENCES_MAX
from trilat.model.noun import Count, Identifier, InstantNs, Noun, PartyCode, ShortText, Text, is_kind


class Stage(Enum):
    """The part of its flight that a track is believed to be in."""

    BOOST = "boost"
    GAP = "gap"
    COAST = "coast"
    REENTRY = "reentry"
    SURFACE = "surface"
    UNKNOWN = "unknown"


class Track(Item, frozen=True, kw_only=True, tag="track"):
    """An estimate of where something is and how it moves.

    `state` is cumulative: all observations so far. `tracklets` are equivalent measurements of what is new
    since the last version: they can be fused without double counting. A release carries one or the other,
    as its form says; a track with neither tells only that something exists.
    """

    stage: Stage = Stage.UNKNOWN
    state: Kinematics | None = None
    tracklets: Annotated[tuple[Kinematics, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    sensors: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    updates_count: Count = 0


class EventKind(Enum):
    """What happened."""

    LAUNCH = "launch"
    STAGING = "staging"
    BURNOUT = "burnout"
    IMPACT = "impact"
    TRACK_LOST = "track-lost"
    NUCLEAR_TEST = "nuclear-test"
    APOGEE = "apogee"
    """The highest point of a flight; the place has its height."""


class Event(Item, frozen=True, kw_only=True, tag="event"):
    """Something that happened at `valid_ns`, where known within `region`. What has not happened yet has its
    predicted instant in `expected_ns`; `valid_ns` is then when that was said.
    """

    fields_appended = 1

    event: EventKind
    time_sigma_ms: Count
    place: Place | None = None
    region: Ellipse | None = None
    expected_ns: InstantNs | None = None


class AreaKind(Enum):
    """What an area is for."""

    LAUNCH = "launch"
    IMPACT = "impact"
    HAZARD = "hazard"
    WATCH = "watch"
    """What the party watches over; for its own staff alone."""


class LocalName(Noun, frozen=True, kw_only=True):
    """What something is called, and in Japanese and Korean where that differs."""

    name: Annotated[ShortText, msgspec.Meta(min_length=1)]
    ja: ShortText = ""
    ko: ShortText = ""


class Area(Item, frozen=True, kw_only=True, tag="area"):
    """A region on the ground; for an impact area `expected_ns` is the predicted instant."""

    fields_appended = 1

    area: AreaKind
    region: Ellipse | Polygon
    expected_ns: InstantNs | None = None
    time_sigma_ms: Count = 0
    name: LocalName | None = None
    """Of a watch area; other areas have none."""

    def check(self) -> None:
        """Refuse a watch area without a name, and a name of any other area."""
        if (self.name is None) is (self.area is AreaKind.WATCH):
            raise ItemError("Area.name goes with a watch area, and with no other: name it, or leave it out")


class WarningKind(Enum):
    """What is warned of."""

    LAUNCH = "launch"
    IMPACT = "impact"
    THREAT = "threat"
    """An object may come down in, or fly over, an area that the party watches; for its own staff alone."""


class Threat(Noun, frozen=True, kw_only=True):
    """How probable it is that an object comes down in a watch area, that it flies over it, and when."""

    area: Identifier
    """The subject of the area's item."""

    name: LocalName
    impact_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    overflight_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    first_ns: InstantNs
    last_ns: InstantNs

    def check(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.last_ns < self.first_ns:
            raise ItemError("Threat.last_ns is before first_ns: swap them")


class WarningState(Enum):
    """The life of a warning."""

    RAISED = "raised"
    """One source only, and marked so."""

    CONFIRMED = "confirmed"
    """A second, independent source supports it; its item is named."""

    UPDATED = "updated"
    """Still standing, with newer content."""

    RETRACTED = "retracted"
    """Withdrawn; goes to everyone who holds an earlier version."""


class Warning(Item, frozen=True, kw_only=True, tag="warning"):
    """A warning with the items it rests on. A confirmation without an item behind it cannot be made."""

    fields_appended = 2

    warning: WarningKind
    state: WarningState
    basis: Annotated[tuple[ItemReference, ...], msgspec.Meta(min_length=1, max_length=REFERENCES_MAX)]
    sources: Annotated[tuple[PartyCode, ...], msgspec.Meta(min_length=1, max_length=PARTIES_MAX)]
    """Parties whose own sensors support it, each through an item of `basis` or `confirmed_by`."""

    confirmed_by: Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    text: Text = ""
    speaker: PartyCode | None = None
    """The one of `sources` that announces it; the others contribute."""

    threat: Threat | None = None
    """Of a warning of this kind; others have none."""

    def check(self) -> None:
        """Refuse a source twice, a speaker who is none of them, a confirmation by no item or by the item
        that raised the warning, and a threat that is none, or none where there is one.
        """
        if (self.threat is None) is (self.warning is WarningKind.THREAT):
            raise ItemError("Warning.threat goes with warnings of a threat, and with no others")
        if len(set(self.sources)) != len(self.sources):
            raise ItemError("Warning.sources names a party twice: a source counts once")
        if self.speaker is not None and self.speaker not in self.sources:
            raise ItemError("Warning.speaker is none of its sources: only who supports it announces it")
        if self.state is WarningState.CONFIRMED and not self.confirmed_by:
            raise ItemError("Warning.confirmed_by is empty: a confirmation names the item that supports it")
        if {reference.item_id for reference in self.confirmed_by} & {
            reference.item_id for reference in self.basis
        }:
            raise ItemError("Warning.confirmed_by repeats an item of basis: nothing confirms itself")


def names_watch_area(item: Item) -> bool:
    """Whether an item says what its party watches over. Such an item is never offered to anybody, whatever
    its label says, and is refused from anybody.
    """
    return is_kind(type(item), (Area, Warning)) and (
        (isinstance(item, Area) and item.area is AreaKind.WATCH)
        or (isinstance(item, Warning) and item.warning is WarningKind.THREAT)
    )
