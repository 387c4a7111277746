"""The highest point of a flight that still rises: how high, when, and above which place.

The state falls freely (see `fall`) until its geodetic height stops growing. First order: with h the height,
its rate zero at the apogee and its second derivative h'' there,

    height    dh = u . dp                         u: the upward normal of the ellipsoid
    instant   dt = -d(h') / h''
    place     horizontal part of dp + v dt

Limits: a burning object is treated as if its thrust ended now, so its apogee grows until the burn ends.
"""

import math
from dataclasses import dataclass

import numpy as np

from trilat.fusion.observation import check_instant, checked_state
from trilat.fusion.products.fall import FALL_S_MAX, GRAVITY_SIGMA_M_PER_S2, drag_of, predicted, rise, step
from trilat.geo import FloatArray, enu_rotation, geodetic_from_ecef

# Half the interval over which rates of rates are taken, seconds.
_SECONDS = 0.5


@dataclass(frozen=True, eq=False)
class ApogeeEstimate:
    """The highest point; `covariance_m2` (2, 2) is east, north of the place below it."""

    latitude_deg: float
    longitude_deg: float
    height_m: float
    height_sigma_m: float
    time_ns: int
    time_sigma_s: float
    covariance_m2: FloatArray


def apogee_estimate(
    mean: FloatArray,
    covariance: FloatArray,
    time_ns: int,
    ballistic_coefficient_kg_per_m2: float | None = None,
    gravity_sigma_m_per_s2: float = GRAVITY_SIGMA_M_PER_S2,
) -> ApogeeEstimate | None:
    """The apogee of a state (6,), covariance (6, 6), ECEF, m and m/s; None where none lies ahead.

    None lies ahead of an object that falls already, that is below the ground, or that still rises after
    two hours. The coefficient is as in `impact_estimate`.

    Raises:
        ObservationError: a state, covariance, instant or coefficient that cannot be.
    """
    check_instant("time_ns", time_ns)
    mean, covariance = checked_state(mean, covariance)
    mean, covariance = mean.copy(), covariance.copy()
    drag = drag_of(ballistic_coefficient_kg_per_m2, None)
    seconds = rise(mean, drag.coefficient, FALL_S_MAX)
    if math.isnan(seconds):
        return None
    top, wide = predicted(mean, covariance, seconds, drag, gravity_sigma_m_per_s2)
    latitude, longitude, height_m = (float(value) for value in geodetic_from_ecef(top[:3]))
    rotation = enu_rotation(latitude, longitude)
    up = rotation[2]
    bend = (
        _climb(step(top, drag.coefficient, _SECONDS)) - _climb(step(top, drag.coefficient, -_SECONDS))
    ) / (2.0 * _SECONDS)
    later = -_climb_gradient(top) / bend
    place = rotation[:2] @ (np.eye(3, 6) + np.outer(top[3:], later))
    shape = place @ wide @ place.T
    return ApogeeEstimate(
        latitude_deg=math.degrees(latitude),
        longitude_deg=math.degrees(longitude),
        height_m=height_m,
        height_sigma_m=math.sqrt(max(0.0, float(up @ wide[:3, :3] @ up))),
        time_ns=int(time_ns) + round(seconds * 1e9),
        time_sigma_s=math.sqrt(max(0.0, float(later @ wide @ later))),
        covariance_m2=0.5 * (shape + shape.T),
    )


def _climb(state: FloatArray) -> float:
    """Rate of the geodetic height, m/s."""
    latitude, longitude, _ = geodetic_from_ecef(state[:3])
    return float(enu_rotation(float(latitude), float(longitude))[2] @ state[3:])


def _climb_gradient(state: FloatArray) -> FloatArray:
    """d(rate of height)/d(state) (6,): it grows with the velocity upwards, and where the normal turns."""
    gradient = np.empty(6)
    for i, reach in enumerate((10.0, 10.0, 10.0, 0.1, 0.1, 0.1)):
        shift = np.zeros(6)
        shift[i] = reach
        gradient[i] = (_climb(state + shift) - _climb(state - shift)) / (2.0 * reach)
    return gradient
