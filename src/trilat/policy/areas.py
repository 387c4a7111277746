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
from functools import lru_cache
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

Regions = tuple[Circle | Polygon, ...]
Point = tuple[int, int]
"""Latitude and longitude in 1e-7 degrees."""

MEAN_RADIUS_M: Final = 6_371_008.8
"""Of the WGS-84 ellipsoid, metres."""

_REMEMBERED_MAX: Final = 1_024
"""Positions whose ground is remembered: each clause with areas asks of the same item again."""

_METRES_PER_1E7DEG: Final = MEAN_RADIUS_M * radians(1e-7)
_QUARTER_1E7DEG: Final = 900_000_000
_HALF_1E7DEG: Final = 1_800_000_000
CENTRE_M_MIN: Final = 100_000.0
"""Nearer to the centre of the Earth there is no ground below."""


def lies_within(item: AnyItem, regions: Regions) -> bool:
    """Whether the item's place is known and lies in the regions taken together, every point of it."""
    points = tuple(_points(item))
    return bool(points) and all(_in_any(point, regions) for point in points)


def may_touch(item: AnyItem, regions: Regions) -> bool:
    """Whether any point of the item's place lies in one of the regions, or the place is not known."""
    points = tuple(_points(item))
    return not points or any(_in_any(point, regions) for point in points)


def _in_any(point: Point, regions: Regions) -> bool:
    return any(
        in_circle(point, region) if isinstance(region, Circle) else _in_polygon(point, region)
        for region in regions
    )


def _points(item: AnyItem) -> Iterator[Point]:
    """Rule 1; nothing where the place is not known."""
    yield from ground_points(item)
    for state in states_of(item):
        point = ground_under(state.position_mm)
        if point is not None:
            yield point


def ground_points(item: AnyItem) -> Iterator[Point]:
    """The points of an item that are on the ground already (rules 1 and 2)."""
    if isinstance(item, Vessel | Need | Offer | Event) and item.place is not None:
        yield _point(item.place)
    if isinstance(item, Event) and item.region is not None:
        yield from _points_of(item.region)
    if isinstance(item, Area):
        yield from _points_of(item.region)
    if isinstance(item, Report) and isinstance(item.observation, PositionFix):
        yield _point(item.observation.place)


def states_of(item: AnyItem) -> tuple[Kinematics, ...]:
    """The states of an item of which the ground below is its place (rule 1)."""
    if isinstance(item, Track):
        return item.tracklets if item.state is None else (item.state,)
    if isinstance(item, Report) and isinstance(item.observation, Equivalent):
        return (item.observation.kinematics,)
    return ()


def _point(place: Place) -> Point:
    return place.latitude_1e7deg, place.longitude_1e7deg


def _points_of(region: Ellipse | Polygon) -> Iterator[Point]:
    """Rule 2."""
    if isinstance(region, Polygon):
        yield from map(_point, region.corners)
        return
    latitude, longitude = _point(region.centre)
    yield latitude, longitude
    north = ceil(region.semi_major_m / _METRES_PER_1E7DEG)
    across = cos(radians(min(abs(latitude) + north, _QUARTER_1E7DEG) * 1e-7))
    east = _HALF_1E7DEG if across * _HALF_1E7DEG <= north else ceil(north / across)
    for corner in (latitude - north, latitude + north):
        for side in (longitude - east, longitude + east):
            yield (
                max(-_QUARTER_1E7DEG, min(corner, _QUARTER_1E7DEG)),
                (side + _HALF_1E7DEG) % (2 * _HALF_1E7DEG) - _HALF_1E7DEG,
            )


@lru_cache(maxsize=_REMEMBERED_MAX)
def ground_under(position_mm: tuple[int, int, int]) -> Point | None:
    """The ground below an ECEF position in millimetres; None near the centre of the Earth."""
    position_m = np.asarray(position_mm, dtype=np.float64) / 1_000.0
    if float(np.hypot(np.hypot(position_m[0], position_m[1]), position_m[2])) < CENTRE_M_MIN:
        return None
    latitude, longitude, _ = geodetic_from_ecef(position_m)
    return round(degrees(float(latitude)) * 1e7), round(degrees(float(longitude)) * 1e7)


def in_circle(point: Point, circle: Circle) -> bool:
    """Whether a point lies in a circle (rule 3)."""
    x_m, y_m, z_m = _surface_m(point)
    centre_x_m, centre_y_m, centre_z_m = _surface_m(_point(circle.centre))
    chord_m = sqrt((x_m - centre_x_m) ** 2 + (y_m - centre_y_m) ** 2 + (z_m - centre_z_m) ** 2)
    half = min(chord_m / (2.0 * MEAN_RADIUS_M), 1.0)
    return 2.0 * MEAN_RADIUS_M * asin(half) <= circle.radius_m


def _surface_m(point: Point) -> tuple[float, float, float]:
    """ECEF of a point of the ellipsoid's surface, metres; the place's own height does not count."""
    latitude, longitude = radians(point[0] * 1e-7), radians(point[1] * 1e-7)
    sine = sin(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / sqrt(1.0 - FIRST_ECCENTRICITY_SQUARED * sine * sine)
    across_m = normal_m * cos(latitude)
    up_m = normal_m * (1.0 - FIRST_ECCENTRICITY_SQUARED) * sine
    return across_m * cos(longitude), across_m * sin(longitude), up_m


def _in_polygon(point: Point, polygon: Polygon) -> bool:
    """Rule 4: how often a ray to the east crosses a side, in whole numbers."""
    y, x = point
    inside = False
    y1, x1 = _point(polygon.corners[-1])
    for corner in polygon.corners:
        y2, x2 = _point(corner)
        if (y1 > y) != (y2 > y):
            turn = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            inside ^= (turn > 0) == (y2 > y1)
        y1, x1 = y2, x2
    return inside
