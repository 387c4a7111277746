"""Shortest paths on the WGS-84 ellipsoid, by Karney's method.

Degrees in and out, because coordinates arrive in degrees from people and files; a bearing is
clockwise from true north at the first point, 0 <= bearing < 360. Longitudes come back in [-180, 180].

    >>> latitude_deg, longitude_deg = geodesic_direct(0.0, 0.0, 90.0, 111_319.490793)
    >>> round(latitude_deg, 9), round(longitude_deg, 9)
    (0.0, 1.0)

Source: C. F. F. Karney, Algorithms for geodesics, Journal of Geodesy 87 (2013) 43-55, through his
own library `geographiclib`.
"""

import math

import numpy as np
from geographiclib.geodesic import Geodesic  # type: ignore[import-untyped]  # ships no types

from trilat.geo.constants import FLATTENING, SEMI_MAJOR_AXIS_M
from trilat.geo.frames import FloatArray
from trilat.model import UsageError

_WGS84 = Geodesic(SEMI_MAJOR_AXIS_M, FLATTENING)
# Half of the meridian ellipse: no two points are farther apart, so a longer path is not a shortest one.
_RANGE_M_MAX = 20_003_931.4586


def geodesic_inverse(
    latitude1_deg: float, longitude1_deg: float, latitude2_deg: float, longitude2_deg: float
) -> tuple[float, float]:
    """Length (m) of the shortest path from point 1 to point 2 and its bearing (deg) at point 1.

    Between coinciding points the bearing has no meaning; it is then the library's 180.
    """
    _check_point(latitude1_deg, longitude1_deg)
    _check_point(latitude2_deg, longitude2_deg)
    answer = _WGS84.Inverse(latitude1_deg, longitude1_deg, latitude2_deg, longitude2_deg)
    bearing_deg = float(answer["azi1"]) % 360.0
    # Of a bearing that is less than zero by less than half an ulp of 360 the remainder is 360 itself.
    return float(answer["s12"]), bearing_deg if bearing_deg < 360.0 else 0.0


def geodesic_offset(
    latitude1_deg: float, longitude1_deg: float, latitude2_deg: float, longitude2_deg: float
) -> FloatArray:
    """East and north (2,), metres, of point 2 seen from point 1: `geodesic_inverse` in a plane."""
    range_m, bearing_deg = geodesic_inverse(latitude1_deg, longitude1_deg, latitude2_deg, longitude2_deg)
    bearing = math.radians(bearing_deg)
    return range_m * np.array([math.sin(bearing), math.cos(bearing)])


def geodesic_direct(
    latitude_deg: float, longitude_deg: float, bearing_deg: float, range_m: float
) -> tuple[float, float]:
    """Latitude and longitude (deg) reached from a point along a bearing after `range_m` metres."""
    _check_point(latitude_deg, longitude_deg)
    if not math.isfinite(bearing_deg):
        raise UsageError(f"bearing `{bearing_deg}` must be a finite number of degrees")
    if not 0.0 <= range_m <= _RANGE_M_MAX:
        raise UsageError(f"range `{range_m}` m must lie between 0 and half around the Earth")
    answer = _WGS84.Direct(latitude_deg, longitude_deg, bearing_deg, range_m)
    return float(answer["lat2"]), float(answer["lon2"])


def _check_point(latitude_deg: float, longitude_deg: float) -> None:
    if not -90.0 <= latitude_deg <= 90.0:
        raise UsageError(f"latitude `{latitude_deg}` must lie between -90 and 90 degrees")
    if not -360.0 <= longitude_deg <= 360.0:
        raise UsageError(f"longitude `{longitude_deg}` must lie between -360 and 360 degrees")
