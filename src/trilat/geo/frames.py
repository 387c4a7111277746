"""Frames on the WGS-84 Earth: geodetic, Earth-centred (ECEF), local (ENU) and inertial.

- ECEF: x to the equator at Greenwich, z to the north pole, metres, turning with the Earth.
- Geodetic: latitude of the ellipsoid's normal (not geocentric), longitude east, height above the ellipsoid.
- ENU: local tangent frame; rows east, north, up, where up is the ellipsoid's outward normal.
- Inertial: the frame that coincides with ECEF when `seconds` is 0 and does not turn; z is shared.
  Precession, nutation and polar motion are left out: within an hour they move nothing by a metre.

All functions take arrays of any leading shape, with vectors as (..., 3), and write to no argument.
Angles are radians. Values that are not finite, or of a wrong shape, raise `UsageError`.

    >>> position_m = ecef_from_geodetic(0.0, 0.0, 100.0)
    >>> position_m.tolist()
    [6378237.0, 0.0, 0.0]
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from trilat.geo.constants import (
    FIRST_ECCENTRICITY_SQUARED,
    FLATTENING,
    ROTATION_RAD_PER_S,
    SECOND_ECCENTRICITY_SQUARED,
    SEMI_MAJOR_AXIS_M,
    SEMI_MINOR_AXIS_M,
)
from trilat.model import UsageError

FloatArray: TypeAlias = npt.NDArray[np.float64]

# Bowring's iteration gains about seven digits a step outside the core; four steps leave only rounding.
_BOWRING_STEPS = 4
# Closer to the centre the normal through a point is no longer unique (the evolute reaches 43 km).
_CENTRE_DISTANCE_M_MIN = 100_000.0


def ecef_from_geodetic(
    latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike, height_m: npt.ArrayLike
) -> FloatArray:
    """ECEF position (..., 3), metres, of geodetic coordinates that broadcast together.

    Source: NIMA TR8350.2 equation 4-14.
    """
    latitude = _finite(latitude_rad, "latitude")
    longitude = _finite(longitude_rad, "longitude")
    height = _finite(height_m, "height")
    if np.any(np.abs(latitude) > np.pi / 2):
        raise UsageError("latitude must lie within plus or minus half pi radians (is it in degrees?)")
    sine = np.sin(latitude)
    normal_m = SEMI_MAJOR_AXIS_M / np.sqrt(1.0 - FIRST_ECCENTRICITY_SQUARED * sine * sine)
    across = (normal_m + height) * np.cos(latitude)
    along = (normal_m * (1.0 - FIRST_ECCENTRICITY_SQUARED) + height) * sine
    x, y, z = np.broadcast_arrays(across * np.cos(longitude), across * np.sin(longitude), along)
    return np.stack([x, y, z], axis=-1)


def geodetic_from_ecef(position_m: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude (rad), longitude (rad, -pi..pi) and height (m) of ECEF positions (..., 3).

    At the poles the longitude is 0. Positions within 100 km of the centre are refused.
    Source: Bowring, Survey Review 23 (1976) 323-327, iterated; height from the form that is
    stable at the poles, h = p cos(lat) + z sin(lat) - a sqrt(1 - e^2 sin^2(lat)).
    """
    position = _vectors(position_m, "position")
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    across = np.hypot(x, y)
    if np.any(np.hypot(across, z) < _CENTRE_DISTANCE_M_MIN):
        raise UsageError("position lies within 100 km of the centre of the Earth: has no geodetic height")
    latitude = np.arctan2(z, across * (1.0 - FIRST_ECCENTRICITY_SQUARED))
    for _ in range(_BOWRING_STEPS):
        reduced = np.arctan2((1.0 - FLATTENING) * np.sin(latitude), np.cos(latitude))
        latitude = np.arctan2(
            z + SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_AXIS_M * np.sin(reduced) ** 3,
            across - FIRST_ECCENTRICITY_SQUARED * SEMI_MAJOR_AXIS_M * np.cos(reduced) ** 3,
        )
    sine = np.sin(latitude)
    surface = SEMI_MAJOR_AXIS_M * np.sqrt(1.0 - FIRST_ECCENTRICITY_SQUARED * sine * sine)
    height = across * np.cos(latitude) + z * sine - surface
    return latitude, np.arctan2(y, x), height


def enu_rotation(latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> FloatArray:
    """Rotation (..., 3, 3) from ECEF to the local frame: enu = rotation @ ecef; rows east, north, up."""
    latitude, longitude = np.broadcast_arrays(
        _finite(latitude_rad, "latitude"), _finite(longitude_rad, "longitude")
    )
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    east = np.stack([-sin_lon, cos_lon, np.zeros_like(sin_lon)], axis=-1)
    north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=-1)
    up = np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat], axis=-1)
    return np.stack([east, north, up], axis=-2)


def ecef_from_enu(
    enu_m: npt.ArrayLike, latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike, height_m: npt.ArrayLike
) -> FloatArray:
    """ECEF position (..., 3), metres, of a point given east, north, up of a geodetic origin."""
    origin_m = ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
    rotation = enu_rotation(latitude_rad, longitude_rad)
    turned = np.einsum("...ji,...j->...i", rotation, _vectors(enu_m, "enu"))
    return np.asarray(origin_m + turned, dtype=np.float64)


def enu_from_ecef(
    position_m: npt.ArrayLike,
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    height_m: npt.ArrayLike,
) -> FloatArray:
    """East, north, up (..., 3), metres, of an ECEF position as seen from a geodetic origin."""
    origin_m = ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
    rotation = enu_rotation(latitude_rad, longitude_rad)
    offset = _vectors(position_m, "position") - origin_m
    return np.asarray(np.einsum("...ij,...j->...i", rotation, offset), dtype=np.float64)


def inertial_from_ecef(
    position_m: npt.ArrayLike, velocity_m_per_s: npt.ArrayLike, seconds: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Inertial position and velocity (..., 3) of an ECEF state, `seconds` after the frames coincided.

    The inertial velocity is R (v + omega x r): at rest on the equator it is 465 m/s east.
    """
    position, velocity = _vectors(position_m, "position"), _vectors(velocity_m_per_s, "velocity")
    angle = ROTATION_RAD_PER_S * _finite(seconds, "seconds")
    return _turn(position, angle), _turn(velocity + _omega_cross(position), angle)


def ecef_from_inertial(
    position_m: npt.ArrayLike, velocity_m_per_s: npt.ArrayLike, seconds: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """ECEF position and velocity (..., 3) of an inertial state: the inverse of `inertial_from_ecef`."""
    angle = -ROTATION_RAD_PER_S * _finite(seconds, "seconds")
    position = _turn(_vectors(position_m, "position"), angle)
    velocity = _turn(_vectors(velocity_m_per_s, "velocity"), angle)
    return position, velocity - _omega_cross(position)


def rotate_covariance(covariance: npt.ArrayLike, rotation: npt.ArrayLike) -> FloatArray:
    """Covariance R P R' of a vector turned by R, exactly symmetric.

    `rotation` is (..., 3, 3); `covariance` is (..., 3k, 3k), where the same rotation turns each
    block of three (position, velocity, ...). With R from `enu_rotation` this goes from ECEF to ENU.
    """
    matrix, turn = _finite(covariance, "covariance"), _finite(rotation, "rotation")
    if turn.shape[-2:] != (3, 3):
        raise UsageError(f"rotation must have shape (..., 3, 3), got `{turn.shape}`")
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] % 3:
        raise UsageError(f"covariance must be square in blocks of three, got shape `{matrix.shape}`")
    blocks = matrix.shape[-1] // 3
    split = matrix.reshape(*matrix.shape[:-2], blocks, 3, blocks, 3)
    turned = np.einsum("...ij,...ajbk,...lk->...aibl", turn, split, turn)
    flat = turned.reshape(*turned.shape[:-4], 3 * blocks, 3 * blocks)
    return np.asarray(0.5 * (flat + np.swapaxes(flat, -1, -2)), dtype=np.float64)


def _turn(vector: FloatArray, angle: FloatArray) -> FloatArray:
    """Vectors (..., 3) turned about z by `angle` (...), counter-clockwise seen from the north."""
    sine, cosine = np.sin(angle), np.cos(angle)
    x = cosine * vector[..., 0] - sine * vector[..., 1]
    y = sine * vector[..., 0] + cosine * vector[..., 1]
    return np.stack([x, y, np.broadcast_to(vector[..., 2], x.shape)], axis=-1)


def _omega_cross(position: FloatArray) -> FloatArray:
    """Omega x r for the Earth's rotation, (..., 3) m/s."""
    x, y = position[..., 0], position[..., 1]
    return np.stack([-ROTATION_RAD_PER_S * y, ROTATION_RAD_PER_S * x, np.zeros_like(x)], axis=-1)


def _finite(value: npt.ArrayLike, name: str) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise UsageError(f"`{name}` holds a value that is not finite: give finite numbers")
    return array


def _vectors(value: npt.ArrayLike, name: str) -> FloatArray:
    array = _finite(value, name)
    if array.ndim == 0 or array.shape[-1] != 3:
        raise UsageError(f"`{name}` must have shape (..., 3), got `{array.shape}`")
    return array
