"""`Report`: one observation, as a sensor or a person made it. Angles are integers in nanoradians."""

from typing import Annotated

import msgspec

from trilat.model.geometry import Kinematics, Place
from trilat.model.item import Item
from trilat.model.noun import Count, Noun, ShortText, Whole

Azimuth = Annotated[int, msgspec.Meta(ge=0, lt=6_283_185_308, description="nrad clockwise from north")]
Elevation = Annotated[int, msgspec.Meta(ge=-1_570_796_327, le=1_570_796_327, description="nrad")]
Sigma = Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class RadarPlot(Noun, frozen=True, kw_only=True, tag="radar-plot"):
    """Slant range, azimuth from true north, elevation from the local WGS-84 horizontal, and range rate
    (positive receding) where measured. Ranges in mm, angles in nrad, rates in mm/s; no refraction.
    """

    site: Place
    range_mm: Annotated[int, msgspec.Meta(ge=1, le=10**14)]
    azimuth_nrad: Azimuth
    elevation_nrad: Elevation
    range_sigma_mm: Sigma
    azimuth_sigma_nrad: Sigma
    elevation_sigma_nrad: Sigma
    range_rate_mm_per_s: Whole | None = None
    range_rate_sigma_mm_per_s: Sigma | None = None


class DirectionPlot(Noun, frozen=True, kw_only=True, tag="direction-plot"):
    """A line of sight without range, as an infrared sensor gives it; angles as in `RadarPlot`."""

    site: Place
    azimuth_nrad: Azimuth
    elevation_nrad: Elevation
    azimuth_sigma_nrad: Sigma
    elevation_sigma_nrad: Sigma


class PositionFix(Noun, frozen=True, kw_only=True, tag="position-fix"):
    """A position that an object gave of itself, with its standard error in mm."""

    place: Place
    sigma_mm: Sigma


class Equivalent(Noun, frozen=True, kw_only=True, tag="equivalent"):
    """An equivalent measurement: a state that tells all that a set of observations told, and no more."""

    kinematics: Kinematics
    observations_count: Count = 1


class Report(Item, frozen=True, kw_only=True, tag="report"):
    """One observation. `sensor` is the originator's name for it; a release may leave it empty."""

    sensor: ShortText = ""
    observation: RadarPlot | DirectionPlot | PositionFix | Equivalent
