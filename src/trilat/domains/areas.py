"""Watch areas and places as people write them in TOML, read strictly; shared by a node and `trilat track`.

    [[watch_area]]
    name = "harbour"
    name_ja = "港"                      # and name_ko: left out, the name stands in every language
    lat_deg = 39.5                      # a circle: centre and radius
    lon_deg = 140.0
    radius_m = 20000.0

    [[watch_area]]
    name = "north coast"
    polygon = [[40.0, 139.5], [40.0, 140.5], [41.0, 140.5]]     # latitude, longitude of the corners in order

    [[place]]                           # for `trilat track` only
    name = "lighthouse"
    lat_deg = 39.9
    lon_deg = 139.7
    height_m = 30.0                     # left out: 0, on the ellipsoid
    radius_m = 5000.0

A polygon that crosses itself, has no area, or reaches beyond 1,000 km from its first corner is refused: the
probabilities are exact for simple polygons, in a plane that is good to 1 % within that distance.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec
import numpy as np

from trilat.fusion import ellipse_corners
from trilat.geo import FloatArray, geodesic_offset
from trilat.model import UsageError

AREAS_MAX: Final = 64
PLACES_MAX: Final = 256
CORNERS_MAX: Final = 128
REACH_M_MAX: Final = 1_000_000.0
"""From the first corner of a polygon to the others, and the longest radius of a circle, metres."""

_RADIUS_M_MIN: Final = 1.0
_AREA_M2_MIN: Final = 1.0
_NOT_IN_A_KEY: Final = re.compile(r"[^a-z0-9]+")
_S = TypeVar("_S", bound=msgspec.Struct)

# A name is one line without control characters, as it goes into items (see `trilat.model.noun`).
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$", min_length=1, max_length=60)]
OtherName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$", max_length=60)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Radius = Annotated[float, msgspec.Meta(ge=_RADIUS_M_MIN, le=REACH_M_MAX)]
Height = Annotated[float, msgspec.Meta(ge=-500, le=10_000)]


class WatchArea(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area that a party watches over: a polygon by its corners, or a circle."""

    name: Name
    name_ja: OtherName = ""
    name_ko: OtherName = ""
    polygon: Annotated[tuple[tuple[Latitude, Longitude], ...], msgspec.Meta(max_length=CORNERS_MAX)] = ()
    lat_deg: Latitude | None = None
    lon_deg: Longitude | None = None
    radius_m: Radius | None = None

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Latitude and longitude, degrees, of the corners in order; a circle is a polygon of equal area."""
        if self.lat_deg is None or self.lon_deg is None or self.radius_m is None:
            return self.polygon
        return tuple(ellipse_corners(self.lat_deg, self.lon_deg, self.radius_m, self.radius_m, 0.0))


class WatchPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place of which one wants to know when an object passes it, within a radius."""

    name: Name
    lat_deg: Latitude
    lon_deg: Longitude
    height_m: Height = 0.0
    radius_m: Radius

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Corners of the polygon that stands for the circle around it."""
        return tuple(ellipse_corners(self.lat_deg, self.lon_deg, self.radius_m, self.radius_m, 0.0))


class Places(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a places file holds."""

    place: Annotated[tuple[WatchPlace, ...], msgspec.Meta(max_length=PLACES_MAX)] = ()
    watch_area: Annotated[tuple[WatchArea, ...], msgspec.Meta(max_length=AREAS_MAX)] = ()


def read_places(text: str) -> Places:
    """The places and watch areas in the text of a places file.

    Raises:
        UsageError: not TOML, nothing in it, a key that is unknown or missing, or a value that cannot be; one
            line that says where.
    """
    places = strict_toml(text, Places, "places file")
    if not places.place and not places.watch_area:
        raise UsageError("places file holds neither [[place]] nor [[watch_area]]: write one of them")
    _refuse_twice("places file: place", [place.name for place in places.place])
    check_watch_areas(places.watch_area, "places file")
    return places


def strict_toml(text: str, shape: type[_S], what: str) -> _S:
    """The value of `shape` that TOML holds.

    Raises:
        UsageError: not TOML, or a field that is missing, unknown, of the wrong type or beyond its limits.
    """
    try:
        return msgspec.convert(tomllib.loads(text), shape, strict=True)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        # A ValueError is TOML's, or of a number with too many digits.
        raise UsageError(f"{what}: {_in_words(error)}") from error


def _in_words(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


def check_watch_areas(areas: Sequence[WatchArea], what: str) -> None:
    """Refuse a name given twice, and a shape that is none.

    Raises:
        UsageError: one line; `what` says whose areas they are.
    """
    _refuse_twice(f"{what}: watch area", [area.name for area in areas])
    _refuse_twice(f"{what}: watch area, by its letters and digits,", [area_key(area) for area in areas])
    for area in areas:
        _check_shape(area, f"{what}: watch area `{area.name}`")


def area_key(area: WatchArea) -> str:
    """What an area is called where only plain letters are allowed; of a name without any, its digest."""
    plain = _NOT_IN_A_KEY.sub("-", area.name.lower()).strip("-")
    return plain or area.name.encode().hex()[:60]


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{what} `{name}` stands twice: give each a name of its own")


def _check_shape(area: WatchArea, what: str) -> None:
    circle = (area.lat_deg, area.lon_deg, area.radius_m)
    given = [value is not None for value in circle]
    if bool(area.polygon) == any(given):
        raise UsageError(f"{what}: give either `polygon`, or `lat_deg`, `lon_deg` and `radius_m`")
    if any(given):
        if not all(given):
            raise UsageError(f"{what}: a circle needs `lat_deg`, `lon_deg` and `radius_m`")
        return
    if len(area.polygon) < 3:
        raise UsageError(f"{what}: a polygon has 3 to {CORNERS_MAX} corners, not {len(area.polygon)}")
    flat = np.array([geodesic_offset(*area.polygon[0], *corner) for corner in area.polygon])
    if float(np.max(np.hypot(*flat.T))) > REACH_M_MAX:
        raise UsageError(f"{what}: its corners lie over {REACH_M_MAX / 1e3:.0f} km apart: divide it")
    crossing = _crossing(flat)
    if crossing is not None:
        raise UsageError(
            f"{what}: its edges after corners {crossing[0] + 1} and {crossing[1] + 1} meet: give the corners "
            "in order, each once"
        )
    ahead = np.roll(flat, -1, axis=0)
    if abs(float(np.sum(flat[:, 0] * ahead[:, 1] - flat[:, 1] * ahead[:, 0]))) < 2.0 * _AREA_M2_MIN:
        raise UsageError(f"{what}: its corners lie on one line: it has no area")


def _crossing(flat: FloatArray) -> tuple[int, int] | None:
    """The first two edges of a polygon (n, 2) in the plane that meet but at a corner they share."""
    count = len(flat)
    ends = np.roll(flat, -1, axis=0)
    for one in range(count):
        after = (one + 1) % count
        if _folds_back(flat[one], ends[one], ends[after]):
            return one, after
        # The last edge is the first one's neighbour.
        for other in range(one + 2, count if one else count - 1):
            if _meet(flat[one], ends[one], flat[other], ends[other]):
                return one, other
    return None


def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    """Twice the area of a triangle, positive where it turns left."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _folds_back(a: FloatArray, b: FloatArray, c: FloatArray) -> bool:
    """Whether the edge from `b` to `c` runs back along that from `a` to `b`, or one of them has no length."""
    return _turn(a, b, c) == 0.0 and float((b - a) @ (c - b)) <= 0.0


def _meet(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> bool:
    """Whether two edges in the plane have a point in common."""
    if np.any(np.maximum(a, b) < np.minimum(c, d)) or np.any(np.maximum(c, d) < np.minimum(a, b)):
        return False
    return _turn(a, b, c) * _turn(a, b, d) <= 0.0 and _turn(c, d, a) * _turn(c, d, b) <= 0.0
