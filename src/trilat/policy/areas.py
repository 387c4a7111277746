"""Where an item is, and whether that lies in a region: the `areas` of a clause.

1. The place of a vessel, need or offer is its own; of a track the ground under its state, and where it has
   none, under its tracklets; of an event its place and its region, of an area its region; of a report a fix,
   or the state of an equivalent measurement. Everything else, plots among it, has no known place.
2. A region counts by points: a polygon by its corners, an ellipse by its centre and the four corners of the
   box around it, so that one which reaches over a border is not taken to lie within.
3. A circle is measured along the ellipsoid: the arc over the straight line between two points of the WGS-84
   surface, on a sphere of the Earth's mean radius. That is within 20 m of the geodesic up to 1,000 km.
4. A polygon's sides are straight in latitude and longitude (RFC 7946, section 3.1.1). A point on a side may
   count either way.
"""

from collections.abc import Iterator
from math import asin, ceil, cos, degrees, radians, sin, sqrt
from typing import Final

import numpy as np

from trilat.geo import FIRST_ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M, geodetic_from_ecef
from trilat.model import (
    AnyItem,
    Area,
    Circle,
    Ellipse,
    Equivalent,
    Event,
    Kinematics,
    Need,
    Offer,
    Place,
    Polygon,
    PositionFix,
    Report,
    Track,
    Vessel,
)

MEAN_RADIUS_M: Final = 6_371_008.8
"""Of the WGS-84 ellipsoid, metres."""

_METRES_PER_1E7DEG: Final = MEAN_RADIUS_M * radians(1e-7)
_QUARTER_1E7DEG: Final = 900_000_000
_HALF_1E7DEG: Final = 1_800_000_000
_CENTRE_M_MIN: Final = 100_000.0
"""Nearer to the centre of the Earth there is no ground below."""


def lies_within(item: AnyItem, regions: tuple[Circle | Polygon, ...]) -> bool:
    """Whether the item's place is known and lies in the regions taken together, every point of it."""
    places = tuple(_places(item))
    return bool(places) and all(_in_any(place, regions) for place in places)


def may_touch(item: AnyItem, regions: tuple[Circle | Polygon, ...]) -> bool:
    """Whether any point of the item's place lies in one of the regions, or the place is not known."""
    places = tuple(_places(item))
    return not places or any(_in_any(place, regions) for place in places)


def _in_any(place: Place, regions: tuple[Circle | Polygon, ...]) -> bool:
    return any(
        _in_circle(place, region) if isinstance(region, Circle) else _in_polygon(place, region)
        for region in regions
    )


def _places(item: AnyItem) -> Iterator[Place]:
    """Rule 1; nothing where the place is not known."""
    if isinstance(item, Vessel | Need | Offer | Event) and item.place is not None:
        yield item.place
    if isinstance(item, Event) and item.region is not None:
        yield from _points_of(item.region)
    if isinstance(item, Area):
        yield from _points_of(item.region)
    if isinstance(item, Track):
        for state in (item.state,) if item.state is not None else item.tracklets:
            yield from _ground_under(state)
    if isinstance(item, Report) and isinstance(item.observation, PositionFix):
        yield item.observation.place
    if isinstance(item, Report) and isinstance(item.observation, Equivalent):
        yield from _ground_under(item.observation.kinematics)


def _points_of(region: Ellipse | Polygon) -> Iterator[Place]:
    """Rule 2."""
    if isinstance(region, Polygon):
        yield from region.corners
        return
    centre = region.centre
    yield centre
    north = ceil(region.semi_major_m / _METRES_PER_1E7DEG)
    across = cos(radians(min(abs(centre.latitude_1e7deg) + north, _QUARTER_1E7DEG) * 1e-7))
    east = _HALF_1E7DEG if across * _HALF_1E7DEG <= north else ceil(north / across)
    for latitude in (centre.latitude_1e7deg - north, centre.latitude_1e7deg + north):
        for longitude in (centre.longitude_1e7deg - east, centre.longitude_1e7deg + east):
            yield Place(
                latitude_1e7deg=max(-_QUARTER_1E7DEG, min(latitude, _QUARTER_1E7DEG)),
                longitude_1e7deg=(longitude + _HALF_1E7DEG) % (2 * _HALF_1E7DEG) - _HALF_1E7DEG,
            )


def _ground_under(state: Kinematics) -> Iterator[Place]:
    position_m = np.asarray(state.position_mm, dtype=np.float64) / 1_000.0
    if float(np.linalg.norm(position_m)) < _CENTRE_M_MIN:
        return
    latitude, longitude, _ = geodetic_from_ecef(position_m)
    yield Place(
        latitude_1e7deg=round(degrees(float(latitude)) * 1e7),
        longitude_1e7deg=round(degrees(float(longitude)) * 1e7),
    )


def _in_circle(place: Place, circle: Circle) -> bool:
    """Rule 3."""
    chord_m = sqrt(
        sum((a - b) ** 2 for a, b in zip(_surface_m(place), _surface_m(circle.centre), strict=True))
    )
    half = min(chord_m / (2.0 * MEAN_RADIUS_M), 1.0)
    return 2.0 * MEAN_RADIUS_M * asin(half) <= circle.radius_m


def _surface_m(place: Place) -> tuple[float, float, float]:
    """ECEF of a point of the ellipsoid's surface, metres; the place's own height does not count."""
    latitude, longitude = radians(place.latitude_1e7deg * 1e-7), radians(place.longitude_1e7deg * 1e-7)
    sine = sin(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / sqrt(1.0 - FIRST_ECCENTRICITY_SQUARED * sine * sine)
    across_m = normal_m * cos(latitude)
    up_m = normal_m * (1.0 - FIRST_ECCENTRICITY_SQUARED) * sine
    return across_m * cos(longitude), across_m * sin(longitude), up_m


def _in_polygon(place: Place, polygon: Polygon) -> bool:
    """Rule 4: how often a ray to the east crosses a side, in whole numbers."""
    x, y = place.longitude_1e7deg, place.latitude_1e7deg
    inside = False
    corners = polygon.corners
    for first, second in zip(corners, (*corners[1:], corners[0]), strict=True):
        x1, y1 = first.longitude_1e7deg, first.latitude_1e7deg
        x2, y2 = second.longitude_1e7deg, second.latitude_1e7deg
        if (y1 > y) != (y2 > y):
            turn = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            inside ^= (turn > 0) == (y2 > y1)
    return inside
