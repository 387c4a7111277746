"""`Vessel`, `Indicator`, `Need`, `Offer`: ships, cyber threats and relief.

Identity numbers are kept as their registries write them; what a number must look like is checked.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.geometry import Place
from trilat.model.item import Item
from trilat.model.noun import Count, Identifier, InstantNs, ShortText, Text

Permille = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class Vessel(Item, frozen=True, kw_only=True, tag="vessel"):
    """A ship as it last said it was, by the Automatic Identification System (ITU-R M.1371).

    Course and heading in millidegrees from true north, speed in mm/s; None where the ship did not say.
    `receiver` is the station that heard it; a release may leave it empty.
    """

    mmsi: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{9}(?!\n)$")]
    place: Place | None = None
    course_mdeg: Annotated[int, msgspec.Meta(ge=0, le=359_999)] | None = None
    speed_mm_per_s: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    heading_mdeg: Annotated[int, msgspec.Meta(ge=0, le=359_999)] | None = None
    position_sigma_mm: Count = 0
    navigation_status: ShortText = ""
    ship_name: ShortText = ""
    call_sign: ShortText = ""
    imo_number: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{7})?(?!\n)$")] = ""
    ship_type: ShortText = ""
    destination: ShortText = ""
    receiver: ShortText = ""


class Indicator(Item, frozen=True, kw_only=True, tag="indicator"):
    """A sign of a cyber threat: a pattern and its language (STIX 2.1: pattern, pattern_type)."""

    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    pattern_type: Identifier
    indicator_types: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=16)] = ()
    confidence_permille: Permille = 0
    valid_until_ns: InstantNs | None = None
    description: Text = ""

    def check(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.valid_until_ns is not None and self.valid_until_ns <= self.valid_ns:
            raise ItemError("Indicator.valid_until_ns must be after valid_ns")


class Urgency(Enum):
    """How soon a need must be met."""

    IMMEDIATE = "immediate"
    WITHIN_DAYS = "within-days"
    WITHIN_WEEKS = "within-weeks"


class Need(Item, frozen=True, kw_only=True, tag="need"):
    """Something that people somewhere lack."""

    resource: Identifier
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    unit: Identifier
    place: Place | None = None
    urgency: Urgency = Urgency.WITHIN_DAYS
    description: Text = ""


class Offer(Item, frozen=True, kw_only=True, tag="offer"):
    """Something that a party can give, from where and from when."""

    resource: Identifier
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    unit: Identifier
    place: Place | None = None
    available_from_ns: InstantNs | None = None
    legal_basis: ShortText = ""
    description: Text = ""
