"""How things move in the world: gravity with J2, the turning Earth, air, thrust.

States are ECEF (WGS-84), so the turning of the Earth enters as Coriolis and centrifugal acceleration:

    dv/dt = g(r) - 2 w x v - w x (w x r) - rho(h) |v| v / (2 B) + thrust

with g from point mass and J2 and B the ballistic coefficient, mass / (drag coefficient * area), in
kg/m^2. The air turns with the Earth; there is no wind and no lift. Integration is by classical
fourth-order Runge-Kutta of fixed step, so that the same input gives the same bits.

This is truth: `fusion` has a motion model of its own and shares nothing with this module but the
constants of `geo`.

Sources: Montenbruck and Gill, Satellite Orbits (2000), section 3.2 (J2) and equation 3.97 (drag); air
density from the U.S. Standard Atmosphere 1976, table 1, exponential between the tabulated heights.
"""

import numpy as np
import numpy.typing as npt

from trilat.geo import FloatArray, geodetic_from_ecef
from trilat.model import ScenarioError
from trilat.scenario.kernels import air_density, fly_states, gravitation

# More output or integration steps than this is a mistake in the call, not a flight.
_STEPS_MAX = 2_000_000
# A fall is followed in pieces of this length and looked at in rows of this step.
_PIECE_S, _ROW_S = 60.0, 1.0
# Fifty halvings of one row leave only rounding.
_HALVINGS = 50
# What the kernels take for "no thrust"; see `kernels`.
NO_THRUST = np.zeros(3)
NO_DIRECTION = np.array([[0.0, 0.0, 0.0, 1.0]])


def air_density_kg_per_m3(height_m: npt.ArrayLike) -> FloatArray:
    """Density of the air (kg/m^3) at heights (m); sea level goes on below, the last layer above."""
    height = np.atleast_1d(np.asarray(height_m, dtype=np.float64))
    flat = np.array([air_density(float(one)) for one in height.ravel()])
    return flat.reshape(np.shape(height_m))


def gravity_m_per_s2(position_m: npt.ArrayLike) -> FloatArray:
    """Gravitation (3,), m/s^2, of point mass and J2 at an ECEF position (3,); no centrifugal part."""
    return np.array(gravitation(*_checked_vector(position_m, "position")))


def coast(
    position_m: npt.ArrayLike,
    velocity_m_per_s: npt.ArrayLike,
    duration_s: float,
    step_s: float,
    ballistic_coefficient_kg_per_m2: float | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Flight without thrust from one ECEF state: times (n,), positions (n, 3), velocities (n, 3).

    Rows stand every `step_s` from 0 and at `duration_s`; the ground is not noticed (see
    `fall_to_ground`). Without a ballistic coefficient there is no air.
    """
    state = _checked_state(position_m, velocity_m_per_s)
    inverse = _inverse_coefficient(ballistic_coefficient_kg_per_m2)
    times = sample_times(0.0, duration_s, step_s)
    states = fly_states(state, times, inverse, NO_THRUST, NO_DIRECTION)
    return times, states[:, :3].copy(), states[:, 3:].copy()


def fall_to_ground(
    position_m: npt.ArrayLike,
    velocity_m_per_s: npt.ArrayLike,
    ballistic_coefficient_kg_per_m2: float | None = None,
    duration_s_max: float = 7200.0,
) -> tuple[float, float, float] | None:
    """Seconds from now, latitude and longitude (deg) at which a free fall meets the ellipsoid.

    None when it does not come down within `duration_s_max` (an orbit). A state below the ellipsoid is
    refused.
    """
    state = _checked_state(position_m, velocity_m_per_s)
    inverse = _inverse_coefficient(ballistic_coefficient_kg_per_m2)
    if not 0.0 < duration_s_max <= _STEPS_MAX * _ROW_S:
        raise ScenarioError(f"duration `{duration_s_max}` s must be positive and below {_STEPS_MAX}")
    start_s = 0.0
    while start_s < duration_s_max:
        times = sample_times(0.0, min(_PIECE_S, duration_s_max - start_s), _ROW_S)
        states = fly_states(state, times, inverse, NO_THRUST, NO_DIRECTION)
        below = np.flatnonzero(height_m_of(states[1:]) <= 0.0)
        if below.size:
            row = int(below[0])
            seconds, end = meet_ground(states[row], times[row + 1] - times[row], inverse)
            latitude, longitude, _ = geodetic_from_ecef(end[:3])
            total_s = start_s + float(times[row]) + seconds
            return total_s, float(np.degrees(latitude)), float(np.degrees(longitude))
        start_s, state = start_s + float(times[-1]), states[-1]
    return None


def meet_ground(state: FloatArray, span_s: float, inverse_coefficient: float) -> tuple[float, FloatArray]:
    """Seconds after which a falling state (6,) meets the ellipsoid within `span_s`, and the state there."""
    low, high = 0.0, span_s
    end = state
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        end = fly_states(state, np.array([0.0, middle]), inverse_coefficient, NO_THRUST, NO_DIRECTION)[1]
        low, high = (low, middle) if height_m_of(end) <= 0.0 else (middle, high)
    return float(high), end


def height_m_of(state: FloatArray) -> FloatArray:
    """Height above the ellipsoid (m), shape (...), of states (..., 6) or positions (..., 3)."""
    return geodetic_from_ecef(state[..., :3])[2]


def compile_kernels() -> None:
    """Compile what this part runs compiled (some ten seconds once; from numba's cache afterwards)."""
    # One call with the one signature that every caller uses; a point on the equator, at rest.
    coast([7_000_000.0, 0.0, 0.0], [0.0, 0.0, 0.0], 1.0, 1.0, 1000.0)


def sample_times(start_s: float, end_s: float, step_s: float) -> FloatArray:
    """Times (n,) from start to end every `step_s`, both ends included, each step as long or shorter."""
    if not (np.isfinite(start_s) and np.isfinite(end_s) and end_s >= start_s):
        raise ScenarioError(f"duration from `{start_s}` to `{end_s}` s must be finite and not negative")
    if not (step_s > 0.0 and (end_s - start_s) / step_s < _STEPS_MAX):
        raise ScenarioError(f"step `{step_s}` s must be positive and give fewer than {_STEPS_MAX} rows")
    whole = start_s + step_s * np.arange(int((end_s - start_s) / step_s) + 1)
    # A remainder shorter than a nanosecond is rounding, not a step.
    whole = whole[whole < end_s - 1e-9]
    return np.append(whole, end_s)


def _checked_vector(value: npt.ArrayLike, name: str) -> FloatArray:
    vector = np.array(value, dtype=np.float64)
    if vector.shape != (3,) or not np.all(np.isfinite(vector)):
        raise ScenarioError(f"{name} must be three finite numbers, got shape `{vector.shape}`")
    return vector


def _checked_state(position_m: npt.ArrayLike, velocity_m_per_s: npt.ArrayLike) -> FloatArray:
    position = _checked_vector(position_m, "position")
    velocity = _checked_vector(velocity_m_per_s, "velocity")
    if height_m_of(position) < -1000.0:
        raise ScenarioError("position lies more than 1 km below the ellipsoid: give ECEF metres")
    return np.concatenate([position, velocity])


def _inverse_coefficient(coefficient_kg_per_m2: float | None) -> float:
    if coefficient_kg_per_m2 is None:
        return 0.0
    if not 0.0 < coefficient_kg_per_m2 < np.inf:
        raise ScenarioError(f"ballistic coefficient `{coefficient_kg_per_m2}` kg/m^2 must be positive")
    return 1.0 / coefficient_kg_per_m2
