"""Free fall with drag, for products: where a state is later, and how well that is known.

The state falls with gravity (J2), on a turning Earth, through the US Standard Atmosphere 1976. Three parts of
the uncertainty of a prediction after T seconds:

- of the state: J P J', with J = d(state after T)/d(state) by central differences along the curved fall;
- of the drag: `Drag`, a ballistic coefficient known within a factor, taken as log-normal, by the three
  points of the unscented transform (Julier and Uhlmann, Proc. IEEE 92(3), 2004) in its logarithm;
- of gravity: what J2 leaves out, taken as a constant acceleration of GRAVITY_SIGMA_M_PER_S2 on each axis.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from trilat.fusion.filters.atmosphere import AIR_TOP_M, air_density
from trilat.fusion.filters.motion import acceleration, height
from trilat.geo import FloatArray
from trilat.model import ObservationError

# What does not come down within this time is taken for an orbit, seconds.
FALL_S_MAX = 7200.0
# A body of which nothing is known: mass over drag area, and the factor either way that is one sigma. Spent
# stages and blunt or slender bodies lie between about 1,000 and 10,000 kg/m2.
UNKNOWN_KG_PER_M2 = 3000.0
UNKNOWN_FACTOR = 2.0
COEFFICIENT_MIN, COEFFICIENT_MAX = 1.0, 1.0e6
# Zonal terms from J3 on, the equator's ellipticity and anomalies: some 5 to 15 mGal in the mean along a
# flight of some hundred kilometres (EGM2008: Pavlis et al., J. Geophys. Res. 117 B04406, 2012), m/s2.
GRAVITY_SIGMA_M_PER_S2 = 1.0e-4
# Steps of the fall, seconds: coarse in vacuum, fine in air.
STEP_S = 5.0
_STEP_AIR_S = 0.25
# Outer points of the unscented transform of one variable, in sigmas, and the weight of each.
_POINT_SIGMAS = math.sqrt(3.0)
_POINT_WEIGHT = 1.0 / 6.0


@dataclass(frozen=True)
class Drag:
    """A ballistic coefficient of the kernels, kg/m2 (0 is no air), and the factor that is one sigma of it."""

    coefficient: float
    factor: float

    @property
    def is_known(self) -> bool:
        """Whether there is nothing to spread."""
        return self.factor == 1.0 or self.coefficient == 0.0

    @property
    def outer(self) -> tuple[float, float]:
        """The coefficients of the two outer points, heavy first."""
        return self.within(_POINT_SIGMAS)

    def within(self, sigmas: float) -> tuple[float, float]:
        """The coefficients so many sigmas from the middle one, heavy first."""
        reach = self.factor**sigmas
        return self.coefficient * reach, self.coefficient / reach


def drag_of(coefficient_kg_per_m2: float | None, factor: float | None) -> Drag:
    """What is known of the drag: nothing (None), a coefficient within a factor, or no air (`math.inf`).

    Raises:
        ObservationError: a coefficient or factor that cannot be.
    """
    if factor is not None and not 1.0 <= factor <= 10.0:
        raise ObservationError("`coefficient_factor` must be between 1 (known) and 10")
    if coefficient_kg_per_m2 is None:
        return Drag(UNKNOWN_KG_PER_M2, UNKNOWN_FACTOR if factor is None else factor)
    if coefficient_kg_per_m2 == math.inf:
        return Drag(0.0, 1.0)
    if not COEFFICIENT_MIN <= coefficient_kg_per_m2 <= COEFFICIENT_MAX:
        raise ObservationError("`ballistic_coefficient_kg_per_m2` must be between 1 and 1e6, or infinite")
    return Drag(float(coefficient_kg_per_m2), 1.0 if factor is None else float(factor))


def spread(centre: FloatArray, heavy: FloatArray, light: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean (n,) and covariance (n, n) of a value over an unknown drag, from the value at the three points."""
    ahead, behind = heavy - centre, light - centre
    shift = _POINT_WEIGHT * (ahead + behind)
    covariance = _POINT_WEIGHT * (np.outer(ahead, ahead) + np.outer(behind, behind)) - np.outer(shift, shift)
    return centre + shift, covariance


def gravity_covariance(seconds: float, sigma_m_per_s2: float) -> FloatArray:
    """Covariance (6, 6) of position and velocity after a constant unknown acceleration on each axis."""
    part = np.array([0.5 * seconds**2, seconds]) * sigma_m_per_s2
    return np.kron(np.outer(part, part), np.eye(3)).astype(np.float64)


def predicted(
    mean: FloatArray, covariance: FloatArray, seconds: float, drag: Drag, gravity_sigma_m_per_s2: float
) -> tuple[FloatArray, FloatArray]:
    """Mean (6,) and covariance (6, 6) after a fall of `seconds`, with all three parts of the uncertainty."""
    jacobian = fall_jacobian(mean, covariance, drag.coefficient, seconds)
    ahead = moved(mean, drag.coefficient, seconds)
    wide = jacobian @ covariance @ jacobian.T + gravity_covariance(seconds, gravity_sigma_m_per_s2)
    if not drag.is_known:
        heavy, light = (moved(mean, coefficient, seconds) for coefficient in drag.outer)
        ahead, over_drag = spread(ahead, heavy, light)
        wide = wide + over_drag
    return ahead, 0.5 * (wide + wide.T)


def fall_jacobian(mean: FloatArray, covariance: FloatArray, coefficient: float, seconds: float) -> FloatArray:
    """d(state after `seconds`)/d(state) (6, 6) by central differences of half a sigma."""
    steps = np.minimum(0.5 * np.sqrt(np.diagonal(covariance)), [500.0] * 3 + [1.0] * 3)
    jacobian = np.empty((6, 6))
    for column in range(6):
        ahead, behind = mean.copy(), mean.copy()
        ahead[column] += steps[column]
        behind[column] -= steps[column]
        difference = moved(ahead, coefficient, seconds) - moved(behind, coefficient, seconds)
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
def step(state: FloatArray, coefficient: float, h: float) -> FloatArray:
    """The state (6,) after one Runge-Kutta step of `h` seconds, of either sign."""
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
def moved(state: FloatArray, coefficient: float, seconds: float) -> FloatArray:
    """The state (6,) after a fall of exactly `seconds`, of either sign."""
    x = state.copy()
    left = abs(seconds)
    sign = 1.0 if seconds >= 0.0 else -1.0
    while left > 0.0:
        fine = coefficient > 0.0 and height(x) < AIR_TOP_M + 30_000.0
        h = min(left, _STEP_AIR_S if fine else STEP_S)
        x = step(x, coefficient, sign * h)
        left -= h
    return x


@njit(cache=True)
def fall(state: FloatArray, coefficient: float, seconds_max: float) -> tuple[float, FloatArray]:
    """Seconds until the ellipsoid and the state there; NaN when it starts below or does not come down."""
    x = state.copy()
    t = 0.0
    if height(x) < 0.0:
        return np.nan, x
    while t < seconds_max:
        fine = coefficient > 0.0 and height(x) < AIR_TOP_M + 30_000.0
        h = _STEP_AIR_S if fine else STEP_S
        new = step(x, coefficient, h)
        if height(new) < 0.0:
            low, high = 0.0, h
            for _ in range(40):
                middle = 0.5 * (low + high)
                if height(step(x, coefficient, middle)) < 0.0:
                    high = middle
                else:
                    low = middle
            return t + high, step(x, coefficient, high)
        x = new
        t += h
    return np.nan, x


@njit(cache=True)
def _climbs(state: FloatArray) -> bool:
    """Whether the height grows; it is stepped because its slope along the path has no simpler form."""
    behind, ahead = state.copy(), state.copy()
    for i in range(3):
        behind[i] -= 0.05 * state[3 + i]
        ahead[i] += 0.05 * state[3 + i]
    return height(ahead) > height(behind)


@njit(cache=True)
def rise(state: FloatArray, coefficient: float, seconds_max: float) -> float:
    """Seconds until the height stops growing; NaN when it starts below the ground or never grows or stops."""
    x = state.copy()
    t = 0.0
    if height(x) < 0.0 or not _climbs(x):
        return np.nan
    while t < seconds_max:
        new = moved(x, coefficient, STEP_S)
        if not _climbs(new):
            low, high = 0.0, STEP_S
            for _ in range(40):
                middle = 0.5 * (low + high)
                if _climbs(moved(x, coefficient, middle)):
                    low = middle
                else:
                    high = middle
            return t + high
        x = new
        t += STEP_S
    return np.nan


@njit(cache=True)
def trace(state: FloatArray, coefficient: float, seconds: float, count: int) -> FloatArray:
    """States (count + 1, 6) at equal steps from now to `seconds` later."""
    out = np.empty((count + 1, 6))
    out[0] = state
    for row in range(count):
        out[row + 1] = moved(out[row], coefficient, seconds / count)
    return out
