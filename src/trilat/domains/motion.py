"""`Motion`: where something is and how it moves, in the words that people use, from a state in metres.

A state is a mean (6,) and covariance (6, 6) in ECEF, m and m/s; on the wire it is `Kinematics`. Ellipses here
are 3 sigma of the horizontal marginal, for screens; areas that people are warned of are 95 % and come from
fusion.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from trilat.fusion import ellipse95
from trilat.geo import FloatArray, enu_rotation, geodetic_from_ecef, rotate_covariance
from trilat.model import Kinematics, ObservationError, UsageError

_UM_PER_M: Final = 1e6
_MM_PER_M: Final = 1e3
_ROWS, _COLUMNS = np.tril_indices(6)

_SIGMAS: Final = 3.0
_THREE_SIGMA: Final = _SIGMAS / math.sqrt(-2.0 * math.log(0.05))
"""From a 95 % ellipse of two dimensions to one of 3 sigma: chi-square of 2 degrees is -2 ln(1 - p)."""

_STILL_M_PER_S: Final = 0.05
"""Slower than this over the ground, a course says nothing."""


@dataclass(frozen=True)
class Motion:
    """A state as people read it. Latitude and longitude in degrees, height above WGS-84; speed relative to
    the Earth, course clockwise from true north (None where it stands or goes straight up), climb upwards.
    """

    latitude_deg: float
    longitude_deg: float
    height_m: float
    speed_m_per_s: float
    course_deg: float | None
    climb_m_per_s: float
    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float
    """The 3-sigma ellipse over the ground; bearing of its long axis clockwise from true north, 0 to 180."""

    height_sigma_m: float


def state_of(kinematics: Kinematics) -> tuple[FloatArray, FloatArray]:
    """Mean (6,) and covariance (6, 6) of a wire state, ECEF, m and m/s, constant error included.

    For what is used once, as the latest state of a track. Of what repeats, take `parts_of`.
    """
    mean, covariance, constant_sigma_m = parts_of(kinematics)
    covariance[np.arange(3), np.arange(3)] += constant_sigma_m**2
    return mean, covariance


def parts_of(kinematics: Kinematics) -> tuple[FloatArray, FloatArray, float]:
    """Mean (6,), covariance (6, 6) of the error that is new in each state, and the constant error's sigma, m.

    The constant error is one of position, on each axis; see `Kinematics`.
    """
    mean = np.array([*kinematics.position_mm, *kinematics.velocity_mm_per_s], dtype=np.float64) / _MM_PER_M
    factor = np.zeros((6, 6))
    factor[_ROWS, _COLUMNS] = np.array(kinematics.covariance_factor, dtype=np.float64) / _UM_PER_M
    covariance = factor @ factor.T
    # Rounding to whole millimetres is an error too, a third of a millimetre.
    covariance[np.arange(3), np.arange(3)] += 1e-7
    return mean, 0.5 * (covariance + covariance.T), kinematics.constant_sigma_mm / _MM_PER_M


def motion_of(mean: FloatArray, covariance: FloatArray) -> Motion | None:
    """The motion of a state, ECEF, m and m/s; None where it has no place on the Earth, as near its centre."""
    try:
        latitude, longitude, height = geodetic_from_ecef(mean[:3])
        rotation = enu_rotation(latitude, longitude)
        local = rotate_covariance(covariance[:3, :3], rotation)
        ellipse = ellipse95(local[:2, :2])
    except (UsageError, ObservationError):
        return None
    east, north, climb = (float(part) for part in rotation @ mean[3:6])
    moves = math.hypot(east, north) >= _STILL_M_PER_S
    return Motion(
        latitude_deg=math.degrees(float(latitude)),
        longitude_deg=math.degrees(float(longitude)),
        height_m=float(height),
        speed_m_per_s=math.hypot(east, north, climb),
        course_deg=math.degrees(math.atan2(east, north)) % 360.0 if moves else None,
        climb_m_per_s=climb,
        semi_major_m=_THREE_SIGMA * ellipse.semi_major_m,
        semi_minor_m=_THREE_SIGMA * ellipse.semi_minor_m,
        bearing_deg=ellipse.bearing_deg,
        height_sigma_m=math.sqrt(max(0.0, float(local[2, 2]))),
    )
