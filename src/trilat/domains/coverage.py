"""What a sensor on the ground can see, as outlines at heights above the Earth: for the own staff's map alone.

A sensor sees a point that stands above its lowest elevation and within its reach along the line of sight,
and within its sector where it does not look all around. At one height these points are a region; its edge is
found along each azimuth on the WGS-84 ellipsoid, with straight lines of sight. There is no refraction and no
terrain here, as in the sensors of a scenario: it is where a sensor may see, never that it does.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
import numpy as np

from trilat.geo import FloatArray, ecef_from_geodetic, enu_rotation, geodetic_from_ecef
from trilat.model import UsageError

STEPS: Final = 72
"""Azimuths of an outline all around: five degrees apart."""

_HALVINGS: Final = 40
_FULL_TURN_DEG: Final = 360.0
_Height: TypeAlias = Callable[[FloatArray], FloatArray]


class SensorSite(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sensor stands and how it looks; degrees, metres, azimuths clockwise from true north."""

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float = 0.0
    reach_m: float
    elevation_min_deg: float = 0.0
    azimuth_from_deg: float = 0.0
    azimuth_to_deg: float = _FULL_TURN_DEG
    """The sector runs clockwise from the first to the second; 0 to 360 is all around."""


def coverage_outline(site: SensorSite, height_m: float) -> tuple[tuple[float, float], ...]:
    """Latitude and longitude, degrees, of the edge of what a sensor sees at a height above the ellipsoid.

    In order; a sector begins at the sensor. Nothing where it reaches no point at this height.

    Args:
        site: the sensor.
        height_m: above the ellipsoid, and above the sensor.

    Raises:
        UsageError: the height is not above the sensor.
    """
    if not height_m > site.height_m:
        raise UsageError(f"height `{height_m}` m is not above the sensor: give one over {site.height_m} m")
    azimuth_deg = _azimuths_deg(site)
    lowest = np.full_like(azimuth_deg, site.elevation_min_deg)
    reach = np.full_like(azimuth_deg, site.reach_m)
    # The lowest ray has come to the height within its reach, or it has not: then a steeper one does.
    below = _height_m(site, azimuth_deg, lowest, reach) < height_m
    along_m = _halved(
        np.zeros_like(reach), reach, lambda d: _height_m(site, azimuth_deg, lowest, d), height_m
    )
    upright = np.full_like(azimuth_deg, 90.0)
    steep_deg = _halved(lowest, upright, lambda up: _height_m(site, azimuth_deg, up, reach), height_m)
    if np.any(_height_m(site, azimuth_deg, upright, reach) < height_m):
        return ()
    points = _point_m(
        site, azimuth_deg, np.where(below, steep_deg, lowest), np.where(below, site.reach_m, along_m)
    )
    latitude, longitude, _ = geodetic_from_ecef(points)
    edge = [
        (round(float(lat), 5), round(float(lon), 5))
        for lat, lon in zip(np.degrees(latitude), np.degrees(longitude), strict=True)
    ]
    return tuple(edge if _is_all_around(site) else [(site.lat_deg, site.lon_deg), *edge])


def _is_all_around(site: SensorSite) -> bool:
    return (site.azimuth_to_deg - site.azimuth_from_deg) % _FULL_TURN_DEG == 0.0


def _azimuths_deg(site: SensorSite) -> FloatArray:
    if _is_all_around(site):
        return np.linspace(0.0, _FULL_TURN_DEG, STEPS, endpoint=False)
    wide_deg = (site.azimuth_to_deg - site.azimuth_from_deg) % _FULL_TURN_DEG
    count = max(2, round(STEPS * wide_deg / _FULL_TURN_DEG) + 1)
    return site.azimuth_from_deg + np.linspace(0.0, wide_deg, count)


def _point_m(
    site: SensorSite, azimuth_deg: FloatArray, elevation_deg: FloatArray, along_m: FloatArray
) -> FloatArray:
    """ECEF points (n, 3), metres, along lines of sight."""
    latitude, longitude = np.radians(site.lat_deg), np.radians(site.lon_deg)
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    across_m = along_m * np.cos(elevation)
    enu_m = np.stack(
        [across_m * np.sin(azimuth), across_m * np.cos(azimuth), along_m * np.sin(elevation)], axis=-1
    )
    origin_m = ecef_from_geodetic(latitude, longitude, site.height_m)
    return np.asarray(origin_m + enu_m @ enu_rotation(latitude, longitude), dtype=np.float64)


def _height_m(
    site: SensorSite, azimuth_deg: FloatArray, elevation_deg: FloatArray, along_m: FloatArray
) -> FloatArray:
    return geodetic_from_ecef(_point_m(site, azimuth_deg, elevation_deg, along_m))[2]


def _halved(low: FloatArray, high: FloatArray, height: _Height, wanted_m: float) -> FloatArray:
    """Where a height that grows from `low` to `high` is `wanted_m`; an end where it is not between."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        over = height(middle) > wanted_m
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return 0.5 * (low + high)
