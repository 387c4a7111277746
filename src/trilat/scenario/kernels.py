"""Kernels of `motion`: the equation of motion and its integration, compiled by numba.

States are (6,) or (n, 6): ECEF position (m) and velocity (m/s). `thrust` is (3,): start (s),
acceleration at the start (m/s^2) and k (1/s) of the law a / (1 - k t), which is what constant thrust
and mass flow give; an acceleration of 0 means none. `direction` is (m, 4): rows of time (s) and ECEF
unit vector, linear in between. `inverse_coefficient` is one over the ballistic coefficient (m^2/kg),
0 without air. The equation and its sources stand in `motion`. Nothing here checks its arguments.
"""

import numba
import numpy as np

from trilat.geo import (
    FLATTENING,
    GM_M3_PER_S2,
    J2,
    ROTATION_RAD_PER_S,
    SEMI_MAJOR_AXIS_M,
    FloatArray,
)

# Longest step of the integration. Halving it moves the flights of `unha2-2009` by under 3 mm.
STEP_S_MAX = 0.1

# U.S. Standard Atmosphere 1976: geometric height (m) and density (kg/m^3).
_AIR_HEIGHT_M = np.array(
    [0.0, 5e3, 10e3, 15e3, 20e3, 25e3, 30e3, 40e3, 50e3, 60e3, 70e3, 80e3, 90e3, 100e3, 110e3, 120e3, 150e3]
)
_AIR_DENSITY_KG_PER_M3 = np.array(
    [
        *(1.2250, 7.3643e-1, 4.1351e-1, 1.9476e-1, 8.8910e-2, 4.0084e-2, 1.8410e-2, 3.9957e-3, 1.0269e-3),
        *(3.0968e-4, 8.2829e-5, 1.8458e-5, 3.416e-6, 5.604e-7, 9.708e-8, 2.222e-8, 2.076e-9),
    ]
)
_AIR_LOG_DENSITY = np.log(_AIR_DENSITY_KG_PER_M3)


@numba.njit(cache=True)
def fly_states(
    state: FloatArray,
    times: FloatArray,
    inverse_coefficient: float,
    thrust: FloatArray,
    direction: FloatArray,
) -> FloatArray:
    """States (n, 6) at `times` (n,) from `state` (6,) at times[0], under one law of thrust."""
    states = np.empty((times.size, 6))
    states[0] = state
    for row in range(1, times.size):
        span = times[row] - times[row - 1]
        count = max(1, int(np.ceil(span / STEP_S_MAX - 1e-9)))
        current = states[row - 1].copy()
        for part in range(count):
            time = times[row - 1] + span * part / count
            current = _step(current, time, span / count, inverse_coefficient, thrust, direction)
        states[row] = current
    return states


@numba.njit(cache=True)
def _step(
    state: FloatArray,
    time: float,
    step: float,
    inverse_coefficient: float,
    thrust: FloatArray,
    direction: FloatArray,
) -> FloatArray:
    """One Runge-Kutta step of the state (6,)."""
    k1 = _derivative(state, time, inverse_coefficient, thrust, direction)
    k2 = _derivative(state + 0.5 * step * k1, time + 0.5 * step, inverse_coefficient, thrust, direction)
    k3 = _derivative(state + 0.5 * step * k2, time + 0.5 * step, inverse_coefficient, thrust, direction)
    k4 = _derivative(state + step * k3, time + step, inverse_coefficient, thrust, direction)
    return state + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


@numba.njit(cache=True)
def _derivative(
    state: FloatArray, time: float, inverse_coefficient: float, thrust: FloatArray, direction: FloatArray
) -> FloatArray:
    """Velocity and acceleration (6,) by the equation at the head of the module."""
    x, y, z, vx, vy, vz = state
    gx, gy, gz = gravitation(x, y, z)
    omega = ROTATION_RAD_PER_S
    ax = gx + 2.0 * omega * vy + omega * omega * x
    ay = gy - 2.0 * omega * vx + omega * omega * y
    az = gz
    if inverse_coefficient > 0.0:
        speed = np.sqrt(vx * vx + vy * vy + vz * vz)
        drag = 0.5 * air_density(_near_height(x, y, z)) * speed * inverse_coefficient
        ax, ay, az = ax - drag * vx, ay - drag * vy, az - drag * vz
    if thrust[1] > 0.0:
        push = thrust[1] / (1.0 - thrust[2] * (time - thrust[0]))
        dx, dy, dz = _direction_at(direction, time)
        ax, ay, az = ax + push * dx, ay + push * dy, az + push * dz
    return np.array([vx, vy, vz, ax, ay, az])


@numba.njit(cache=True)
def gravitation(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Point mass and J2, m/s^2 (Montenbruck and Gill, section 3.2)."""
    square = x * x + y * y + z * z
    mass = -GM_M3_PER_S2 / (square * np.sqrt(square))
    oblate = 1.5 * J2 * SEMI_MAJOR_AXIS_M * SEMI_MAJOR_AXIS_M / square
    tilt = 5.0 * z * z / square
    across = mass * (1.0 + oblate * (1.0 - tilt))
    return across * x, across * y, mass * (1.0 + oblate * (3.0 - tilt)) * z


@numba.njit(cache=True)
def _direction_at(direction: FloatArray, time: float) -> tuple[float, float, float]:
    """Unit vector of the thrust, linear between the rows (t, x, y, z) and constant outside."""
    last = direction.shape[0] - 1
    if time <= direction[0, 0]:
        return direction[0, 1], direction[0, 2], direction[0, 3]
    if time >= direction[last, 0]:
        return direction[last, 1], direction[last, 2], direction[last, 3]
    row = np.searchsorted(direction[:, 0], time)
    share = (time - direction[row - 1, 0]) / (direction[row, 0] - direction[row - 1, 0])
    x, y, z = (1.0 - share) * direction[row - 1, 1:] + share * direction[row, 1:]
    length = np.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length


@numba.njit(cache=True)
def air_density(height: float) -> float:
    """Density, kg/m^3, exponential within each layer; the last layer goes on above.

    Below sea level the density stays: a step that ends underground must not blow up.
    """
    height = max(height, 0.0)
    layer = 0
    while layer < _AIR_HEIGHT_M.size - 2 and height >= _AIR_HEIGHT_M[layer + 1]:
        layer += 1
    share = (height - _AIR_HEIGHT_M[layer]) / (_AIR_HEIGHT_M[layer + 1] - _AIR_HEIGHT_M[layer])
    return float(np.exp(_AIR_LOG_DENSITY[layer] * (1.0 - share) + _AIR_LOG_DENSITY[layer + 1] * share))


@numba.njit(cache=True)
def _near_height(x: float, y: float, z: float) -> float:
    """Height above the ellipsoid to first order in the flattening: tens of metres, enough for air."""
    square = x * x + y * y + z * z
    return float(np.sqrt(square)) - SEMI_MAJOR_AXIS_M * (1.0 - FLATTENING * z * z / square)
