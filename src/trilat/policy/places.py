"""`ItemPlaces`: where many items are, and which of them lie in regions, as arrays.

The rules are those of `trilat.policy.areas`, which stays the law: what is so near to a border that numbers
might round otherwise here is asked of it. Nothing is read of an item before a region is asked about.

    places = ItemPlaces(items)
    places.classes(((regions, Effect.PERMIT),)).covers
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from trilat.geo import FIRST_ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M, FloatArray, geodetic_from_ecef
from trilat.model import AnyItem, Circle, Effect, Polygon
from trilat.policy.areas import (
    CENTRE_M_MIN,
    MEAN_RADIUS_M,
    Regions,
    ground_points,
    ground_under,
    in_circle,
    states_of,
)

Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
Whole = npt.NDArray[np.int64]
PlaceQuestions = tuple[tuple[Regions, Effect], ...]
"""Regions, each with the effect of the clause that speaks of them: a permission covers what lies within, a
prohibition what may touch."""

_BORDER_M: Final = 1.0
"""Distances round by far less than this."""

_MIDDLE: Final = 1e-3
"""Latitudes and longitudes round by far less than this part of 1e-7 degrees."""

_COLUMNS_PACKED: Final = 30
"""Answers that are packed into one number before numbers are given anew."""


@dataclass(frozen=True, slots=True)
class PlaceClasses:
    """Items that no question about their place tells apart, numbered: shape (items,); and whether a clause
    covers each class, shape (questions, classes).
    """

    number: Indices
    covers: Flags


@dataclass(frozen=True, slots=True)
class _Points:
    """Points of items on the ground, in 1e-7 degrees, and the item of each; shapes (points,)."""

    latitude: Whole
    longitude: Whole
    item: Indices

    @classmethod
    def of(cls, items: Iterable[AnyItem]) -> "_Points":
        latitude, longitude, owner = array("q"), array("q"), array("q")
        aloft, above = array("q"), array("q")
        for number, item in enumerate(items):
            for north, east in ground_points(item):
                latitude.append(north)
                longitude.append(east)
                owner.append(number)
            for state in states_of(item):
                aloft.extend(state.position_mm)
                above.append(number)
        below = _ground_under(np.array(aloft, np.int64).reshape(-1, 3), np.array(above, np.intp))
        return cls(
            np.concatenate([np.array(latitude, np.int64), below.latitude]),
            np.concatenate([np.array(longitude, np.int64), below.longitude]),
            np.concatenate([np.array(owner, np.intp), below.item]),
        )


class ItemPlaces:
    """The places of items; what was asked of a region is remembered."""

    def __init__(self, items: Sequence[AnyItem]) -> None:
        """Nothing is read yet."""
        self._items = items
        self._inside: dict[Circle | Polygon, Flags] = {}
        self._covers: dict[tuple[Regions, Effect], Flags] = {}
        self._classes: dict[PlaceQuestions, PlaceClasses] = {}

    def classes(self, questions: PlaceQuestions) -> PlaceClasses:
        """The items by their answers to questions about their place; one class where nothing is asked."""
        found = self._classes.get(questions)
        if found is None:
            found = self._classes[questions] = self._numbered(questions)
        return found

    def _numbered(self, questions: PlaceQuestions) -> PlaceClasses:
        number = np.zeros(len(self._items), np.intp)
        columns = [self._covered(*question) for question in questions]
        for place, flags in enumerate(columns, 1):
            number = number * 2 + flags
            if place % _COLUMNS_PACKED == 0:
                number = np.unique(number, return_inverse=True)[1]
        _, first, which = np.unique(number, return_index=True, return_inverse=True)
        covers = np.array([flags[first] for flags in columns], bool).reshape(len(columns), len(first))
        return PlaceClasses(which, covers)

    def _covered(self, regions: Regions, effect: Effect) -> Flags:
        """Whether a clause of the effect covers each item, shape (items,)."""
        found = self._covers.get((regions, effect))
        if found is None:
            inside = np.logical_or.reduce([self._inside_of(region) for region in regions])
            points = np.bincount(self._points.item, minlength=len(self._items))
            within = np.bincount(self._points.item[inside], minlength=len(self._items))
            is_known = points > 0
            is_permit = effect is Effect.PERMIT
            found = is_known & (within == points) if is_permit else ~is_known | (within > 0)
            self._covers[regions, effect] = found
        return found

    def _inside_of(self, region: Circle | Polygon) -> Flags:
        """Whether each point lies in a region, shape (points,)."""
        found = self._inside.get(region)
        if found is None:
            if isinstance(region, Circle):
                found = self._in_circle(region)
            else:
                found = _in_polygon(self._points, region)
            self._inside[region] = found
        return found

    @cached_property
    def _points(self) -> _Points:
        return _Points.of(self._items)

    @cached_property
    def _surface_m(self) -> FloatArray:
        return _surface_m(self._points.latitude, self._points.longitude)

    def _in_circle(self, circle: Circle) -> Flags:
        centre = circle.centre
        middle_m = _surface_m(np.array([centre.latitude_1e7deg]), np.array([centre.longitude_1e7deg]))
        chord_m = np.sqrt(((self._surface_m - middle_m) ** 2).sum(axis=0))
        reach_m = 2.0 * MEAN_RADIUS_M * np.arcsin(np.minimum(chord_m / (2.0 * MEAN_RADIUS_M), 1.0))
        inside: Flags = reach_m <= circle.radius_m
        for place in np.flatnonzero(np.abs(reach_m - circle.radius_m) < _BORDER_M).tolist():
            point = (int(self._points.latitude[place]), int(self._points.longitude[place]))
            inside[place] = in_circle(point, circle)
        return inside


def _surface_m(latitude: Whole, longitude: Whole) -> FloatArray:
    """ECEF of points of the ellipsoid's surface, metres, shape (3, points)."""
    north, east = np.radians(latitude * 1e-7), np.radians(longitude * 1e-7)
    sine = np.sin(north)
    normal_m = SEMI_MAJOR_AXIS_M / np.sqrt(1.0 - FIRST_ECCENTRICITY_SQUARED * sine * sine)
    across_m = normal_m * np.cos(north)
    up_m = normal_m * (1.0 - FIRST_ECCENTRICITY_SQUARED) * sine
    return np.stack([across_m * np.cos(east), across_m * np.sin(east), up_m])


def _in_polygon(points: _Points, polygon: Polygon) -> Flags:
    """How often a ray to the east crosses a side, in whole numbers: each product fits into 64 bits, their
    difference might not.
    """
    x, y = points.longitude, points.latitude
    inside = np.zeros(len(x), bool)
    corners = polygon.corners
    for first, second in zip(corners, (*corners[1:], corners[0]), strict=True):
        x1, y1 = first.longitude_1e7deg, first.latitude_1e7deg
        x2, y2 = second.longitude_1e7deg, second.latitude_1e7deg
        is_turned = (x2 - x1) * (y - y1) > (x - x1) * (y2 - y1)
        inside ^= ((y1 > y) != (y2 > y)) & (is_turned == (y2 > y1))
    return inside


def _ground_under(position_mm: Whole, item: Indices) -> _Points:
    """The ground below ECEF positions, shape (points, 3); those near the centre of the Earth have none."""
    position_m = position_mm / 1_000.0
    far_m = np.hypot(np.hypot(position_m[:, 0], position_m[:, 1]), position_m[:, 2])
    kept = np.flatnonzero(far_m >= CENTRE_M_MIN)
    latitude, longitude, _ = geodetic_from_ecef(position_m[kept])
    degrees = np.stack([np.degrees(latitude), np.degrees(longitude)]) * 1e7
    whole = np.rint(degrees).astype(np.int64)
    is_middle = (np.abs(np.abs(degrees - whole) - 0.5) < _MIDDLE).any(axis=0)
    for place in np.flatnonzero(is_middle).tolist():
        x_mm, y_mm, z_mm = position_mm[kept[place]].tolist()
        ground = ground_under((x_mm, y_mm, z_mm))
        if ground is not None:
            whole[:, place] = ground
    return _Points(whole[0], whole[1], item[kept])
