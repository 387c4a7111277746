"""Where and when a falling object comes down, with a 95 % area. For warning people below, nothing else.

The state falls freely (gravity with J2, turning Earth, drag) to the ellipsoid. The error ellipse is first
order: with J = d(point)/d(state) by central differences along the curved fall, projected along the arrival
velocity onto the ground,

    C = J P J'      area = pi chi2(0.95, 2) sqrt(det C)

Drag is rarely known. Without a ballistic coefficient the body is taken to have UNKNOWN_KG_PER_M2 within a
factor UNKNOWN_FACTOR (one sigma), and half the difference between the falls of both ends is added to C: it
is often the largest part. `math.inf` is a fall without air.

Limits: a burning object is treated as if its thrust ended now; winds, tumbling and break-up are not modelled.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from trilat.fusion.atmosphere import AIR_TOP_M, air_density
from trilat.fusion.motion import acceleration, height
from trilat.fusion.observation import check_instant, checked_state
from trilat.geo import FloatArray, enu_rotation, geodetic_from_ecef
from trilat.model import ObservationError

# What does not come down within this time is taken for an orbit, seconds.
FALL_S_MAX = 7200.0
# Chi-square with two degrees of freedom, 95 %.
CHI2_95 = 5.991464547107979
# A body of which nothing is known: mass over drag area, and the factor either way that is one sigma. Spent
# stages and blunt or slender bodies lie between about 1,000 and 10,000 kg/m2.
UNKNOWN_KG_PER_M2 = 3000.0
UNKNOWN_FACTOR = 2.0
# Steps of the fall, seconds: coarse in vacuum, fine in air.
_STEP_S = 5.0
_STEP_AIR_S = 0.25


@dataclass(frozen=True)
class Ellipse:
    """An error ellipse that holds the truth with 95 %; bearing of the long axis clockwise from north."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float
    area_km2: float


@dataclass(frozen=True, eq=False)
class ImpactEstimate:
    """Where and when an object comes down; `covariance_m2` (2, 2) is east, north at the point."""

    latitude_deg: float
    longitude_deg: float
    time_ns: int
    time_sigma_s: float
    covariance_m2: FloatArray
    ellipse: Ellipse

    @property
    def area95_km2(self) -> float:
        """Area of the 95 % ellipse, km2."""
        return self.ellipse.area_km2


def ellipse95(covariance_m2: FloatArray) -> Ellipse:
    """The 95 % ellipse of an east-north covariance (2, 2), m2.

    Raises:
        ObservationError: not a finite, positive semidefinite (2, 2) matrix.
    """
    matrix = np.asarray(covariance_m2, dtype=np.float64)
    if matrix.shape != (2, 2) or not np.all(np.isfinite(matrix)):
        raise ObservationError("`covariance_m2` must be a finite (2, 2) matrix of metres squared")
    lengths, axes = np.linalg.eigh(0.5 * (matrix + matrix.T))
    if lengths[0] < -1e-9 * max(1.0, float(lengths[1])):
        raise ObservationError("`covariance_m2` must not have a negative variance")
    minor, major = np.sqrt(CHI2_95 * np.maximum(lengths, 0.0))
    bearing = math.degrees(math.atan2(axes[0, 1], axes[1, 1])) % 180.0
    return Ellipse(float(major), float(minor), bearing, math.pi * float(major * minor) / 1e6)


def impact_estimate(
    mean: FloatArray,
    covariance: FloatArray,
    time_ns: int,
    ballistic_coefficient_kg_per_m2: float | None = None,
) -> ImpactEstimate | None:
    """The impact of a state (6,), covariance (6, 6) in ECEF; None for an orbit or no fall within 2 h.

    Args:
        mean: position m and velocity m/s at `time_ns`.
        covariance: of the mean.
        time_ns: instant of the state.
        ballistic_coefficient_kg_per_m2: mass over drag area; None when it is not known (see the module);
            `math.inf` for a fall without air.

    Raises:
        ObservationError: a state, covariance, instant or coefficient that cannot be.
    """
    check_instant("time_ns", time_ns)
    mean, covariance = checked_state(mean, covariance)
    mean, covariance = mean.copy(), covariance.copy()
    coefficient = _checked_coefficient(ballistic_coefficient_kg_per_m2)
    seconds, end = _fall(mean, coefficient, FALL_S_MAX)
    if math.isnan(seconds):
        return None
    latitude, longitude, _ = geodetic_from_ecef(end[:3])
    rotation = enu_rotation(float(latitude), float(longitude))
    local_velocity = rotation @ end[3:]
    local = rotation @ _fall_jacobian(mean, covariance, coefficient, seconds)
    # The point where the displaced path crosses the ground: slide back along the arrival velocity.
    delay = -local[2] / local_velocity[2]
    ground = local[:2] + np.outer(local_velocity[:2], delay)
    ground_covariance = ground @ covariance @ ground.T
    time_variance = max(0.0, float(delay @ covariance @ delay))
    if ballistic_coefficient_kg_per_m2 is None:
        miss, late_s = _drag_spread(mean, rotation)
        ground_covariance = ground_covariance + np.outer(miss, miss)
        time_variance += late_s**2
    return ImpactEstimate(
        latitude_deg=math.degrees(float(latitude)),
        longitude_deg=math.degrees(float(longitude)),
        time_ns=int(time_ns) + round(seconds * 1e9),
        time_sigma_s=math.sqrt(time_variance),
        covariance_m2=ground_covariance,
        ellipse=ellipse95(ground_covariance),
    )


def _checked_coefficient(given: float | None) -> float:
    """The coefficient of the kernels, kg/m2, where 0 stands for no air."""
    if given is None:
        return UNKNOWN_KG_PER_M2
    if given == math.inf:
        return 0.0
    if not 1.0 <= given <= 1e6:
        raise ObservationError("`ballistic_coefficient_kg_per_m2` must be between 1 and 1e6, or infinite")
    return float(given)


def _drag_spread(mean: FloatArray, rotation: FloatArray) -> tuple[FloatArray, float]:
    """One sigma of the impact, east and north m (2,), and of its instant, s, from the unknown drag."""
    long_s, far = _fall(mean, UNKNOWN_KG_PER_M2 * UNKNOWN_FACTOR, 2.0 * FALL_S_MAX)
    short_s, near = _fall(mean, UNKNOWN_KG_PER_M2 / UNKNOWN_FACTOR, 2.0 * FALL_S_MAX)
    miss = 0.5 * (rotation @ (far[:3] - near[:3]))[:2]
    return miss, 0.5 * abs(long_s - short_s)


def _fall_jacobian(
    mean: FloatArray, covariance: FloatArray, coefficient: float, seconds: float
) -> FloatArray:
    """d(position after `seconds`)/d(state) (3, 6) by central differences of half a sigma."""
    steps = np.minimum(0.5 * np.sqrt(np.diagonal(covariance)), [500.0] * 3 + [1.0] * 3)
    jacobian = np.empty((3, 6))
    for column in range(6):
        ahead, behind = mean.copy(), mean.copy()
        ahead[column] += steps[column]
        behind[column] -= steps[column]
        difference = _moved(ahead, coefficient, seconds)[:3] - _moved(behind, coefficient, seconds)[:3]
        jacobian[:, column] = difference / (2.0 * steps[column])
    return jacobian


@njit(cache=True)
def _rate(state: FloatArray, coefficient: float, out: FloatArray) -> None:
    acceleration(state, out[3:6])
    brake = 0.0
    if coefficient > 0.0:
        speed = math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2)
        brake = 0.5 * air_density(height(state))[0] * speed / coefficient
    for i in range(3):
        out[i] = state[3 + i]
        out[3 + i] -= brake * state[3 + i]


@njit(cache=True)
def _step(state: FloatArray, coefficient: float, h: float) -> FloatArray:
    weights = (0.0, 0.5, 0.5, 1.0)
    shares = (1.0, 2.0, 2.0, 1.0)
    out = state.copy()
    k = np.zeros(6)
    at = np.empty(6)
    for part in range(4):
        for i in range(6):
            at[i] = state[i] + weights[part] * h * k[i]
        _rate(at, coefficient, k)
        for i in range(6):
            out[i] += shares[part] * h / 6.0 * k[i]
    return out


@njit(cache=True)
def _moved(state: FloatArray, coefficient: float, seconds: float) -> FloatArray:
    """The state (6,) after a fall of exactly `seconds`."""
    x = state.copy()
    left = seconds
    while left > 0.0:
        fine = coefficient > 0.0 and height(x) < AIR_TOP_M + 30_000.0
        h = min(left, _STEP_AIR_S if fine else _STEP_S)
        x = _step(x, coefficient, h)
        left -= h
    return x


@njit(cache=True)
def _fall(state: FloatArray, coefficient: float, seconds_max: float) -> tuple[float, FloatArray]:
    """Seconds until the ellipsoid and the state there; NaN when it starts below or does not come down."""
    x = state.copy()
    t = 0.0
    if height(x) < 0.0:
        return np.nan, x
    while t < seconds_max:
        fine = coefficient > 0.0 and height(x) < AIR_TOP_M + 30_000.0
        h = _STEP_AIR_S if fine else _STEP_S
        new = _step(x, coefficient, h)
        if height(new) < 0.0:
            low, high = 0.0, h
            for _ in range(40):
                middle = 0.5 * (low + high)
                if height(_step(x, coefficient, middle)) < 0.0:
                    high = middle
                else:
                    low = middle
            return t + high, _step(x, coefficient, high)
        x = new
        t += h
    return np.nan, x
