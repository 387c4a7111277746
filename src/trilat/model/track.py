"""`Track`, `Event`, `Area` and `Warning`: what a party makes of its observations."""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.geometry import Ellipse, Kinematics, Place, Polygon
from trilat.model.item import Item, ItemReference
from trilat.model.limits import PARTIES_MAX, REFERENCES_MAX
from trilat.model.noun import Count, InstantNs, PartyCode, ShortText, Text


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


class Area(Item, frozen=True, kw_only=True, tag="area"):
    """A region on the ground; for an impact area `expected_ns` is the predicted instant."""

    area: AreaKind
    region: Ellipse | Polygon
    expected_ns: InstantNs | None = None
    time_sigma_ms: Count = 0


class WarningKind(Enum):
    """What is warned of."""

    LAUNCH = "launch"
    IMPACT = "impact"


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

    fields_appended = 1

    warning: WarningKind
    state: WarningState
    basis: Annotated[tuple[ItemReference, ...], msgspec.Meta(min_length=1, max_length=REFERENCES_MAX)]
    sources: Annotated[tuple[PartyCode, ...], msgspec.Meta(min_length=1, max_length=PARTIES_MAX)]
    """Parties whose own sensors support it, each through an item of `basis` or `confirmed_by`."""

    confirmed_by: Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    text: Text = ""
    speaker: PartyCode | None = None
    """The one of `sources` that announces it; the others contribute."""

    def check(self) -> None:
        """Refuse a source twice, a speaker who is none of them, and a confirmation by no item or by the item
        that raised the warning.
        """
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
