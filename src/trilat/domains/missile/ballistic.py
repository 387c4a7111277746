"""Kernels that fly one body from a launch site to the ground, for checking what was claimed of a flight.

    fly   a burn or an impulse, a coast, a fall: flight time, apogee, point of impact

Everything is in an inertial frame whose axes are those of the Earth (ECEF) at launch; the point of impact
comes back in ECEF. Forces: the Earth's attraction with J2, a thrust along a turning direction, and drag, the
last only while the body comes down (an ascent's drag is part of the equivalent's free thrust).

    thrust acceleration   a(t) = c k / (1 - k t),  k = (1 - 1/R) / B      constant thrust and mass flow
    thrust direction      vertical for B/10, turning linearly over the next B/4, then fixed in inertial space

with exhaust speed c, mass ratio R, burn B. The steps are classical Runge-Kutta of fourth order: 4 s outside
the air keeps the truncation under a millimetre for a whole flight, and inside the air steps are short against
the time in which the density changes.

This is not the truth of `trilat.scenario`, on purpose: a claim is checked by a model that is as simple as the
public figures deserve, and the two can be compared with each other.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from trilat.geo import (
    FIRST_ECCENTRICITY_SQUARED,
    GM_M3_PER_S2,
    J2,
    ROTATION_RAD_PER_S,
    SEMI_MAJOR_AXIS_M,
)

VERTICAL_PART = 0.1
"""Share of the burn that is flown straight up."""

TURN_PART = 0.25
"""Share of the burn, after the vertical one, over which the thrust turns to its final direction."""

ENTRY_COEFFICIENT_KG_PER_M2 = 6000.0
"""Mass over drag area of what comes down: a slender re-entry body."""

FLIGHT_S_MAX = 40_000.0
"""A body still up after this time is taken not to come down; the highest admitted apogee needs 22,000 s."""

BURN_STEPS = 200
"""Steps of the burn; a multiple of 20, so that both ends of the turn fall on a step."""

COAST_STEP_S = 4.0
"""Step where there is no air."""

AIR_HEIGHT_M = 170_000.0
"""Height below which steps are short on account of the air."""

AIR_STEP_S = 0.5
AIR_STEP_HEIGHT_M = 700.0
"""Steps in the air: at most this long, and at most this deep, so that density changes by a tenth."""

LANDED = 0
STAYED_UP = 1

# Layered exponential atmosphere: base height km, density kg/m3 at the base, scale height km. Wertz,
# Spacecraft Attitude Determination and Control (1978), p. 820, after the US Standard Atmosphere 1976 (to
# 25 km) and CIRA-72 (above). Also Vallado, Fundamentals of Astrodynamics and Applications, table 8-4.
_LAYERS = np.array(
    [
        [0.0, 1.225, 7.249],
        [25.0, 3.899e-2, 6.349],
        [30.0, 1.774e-2, 6.682],
        [40.0, 3.972e-3, 7.554],
        [50.0, 1.057e-3, 8.382],
        [60.0, 3.206e-4, 7.714],
        [70.0, 8.770e-5, 6.549],
        [80.0, 1.905e-5, 5.799],
        [90.0, 3.396e-6, 5.382],
        [100.0, 5.297e-7, 5.877],
        [110.0, 9.661e-8, 7.263],
        [120.0, 2.438e-8, 9.473],
        [130.0, 8.484e-9, 12.636],
        [140.0, 3.845e-9, 16.149],
        [150.0, 2.070e-9, 22.523],
    ]
)

Array = NDArray[np.float64]


@njit(cache=True)
def air_density_kg_per_m3(height_m: float) -> float:
    """Density of the layered exponential atmosphere at a height above the ellipsoid; 0 above 180 km."""
    height_km = height_m / 1000.0
    if height_km > 180.0:
        return 0.0
    layer = 0
    while layer + 1 < _LAYERS.shape[0] and height_km >= _LAYERS[layer + 1, 0]:
        layer += 1
    return float(_LAYERS[layer, 1] * math.exp((_LAYERS[layer, 0] - height_km) / _LAYERS[layer, 2]))


@njit(cache=True)
def height_above_ellipsoid_m(x: float, y: float, z: float) -> float:
    """Height above WGS-84 of a point in metres (ECEF or the inertial frame: only the z axis matters).

    Bowring's formula with one repeat (Survey Review 23 (181), 1976): below a millimetre to 50,000 km up.
    """
    e2 = FIRST_ECCENTRICITY_SQUARED
    b = SEMI_MAJOR_AXIS_M * math.sqrt(1.0 - e2)
    p = math.hypot(x, y)
    beta = math.atan2(z * SEMI_MAJOR_AXIS_M, p * b)
    latitude = 0.0
    for _ in range(2):
        latitude = math.atan2(
            z + e2 / (1.0 - e2) * b * math.sin(beta) ** 3,
            p - e2 * SEMI_MAJOR_AXIS_M * math.cos(beta) ** 3,
        )
        beta = math.atan2((1.0 - e2) ** 0.5 * math.sin(latitude), math.cos(latitude))
    sine = math.sin(latitude)
    prime_vertical = SEMI_MAJOR_AXIS_M / math.sqrt(1.0 - e2 * sine * sine)
    return p * math.cos(latitude) + z * sine - prime_vertical * (1.0 - e2 * sine * sine)


@njit(cache=True)
def _rate(state: Array, thrust: Array, coefficient: float, spin: float, out: Array) -> None:
    """Write the time derivative of `state` (x, y, z, vx, vy, vz) into `out`."""
    x, y, z = state[0], state[1], state[2]
    r2 = x * x + y * y + z * z
    r = math.sqrt(r2)
    central = -GM_M3_PER_S2 / (r2 * r)
    oblate = 1.5 * J2 * GM_M3_PER_S2 * SEMI_MAJOR_AXIS_M**2 / (r2 * r2 * r)
    u = 5.0 * z * z / r2
    out[0], out[1], out[2] = state[3], state[4], state[5]
    out[3] = central * x - oblate * x * (1.0 - u) + thrust[0]
    out[4] = central * y - oblate * y * (1.0 - u) + thrust[1]
    out[5] = central * z - oblate * z * (3.0 - u) + thrust[2]
    # The switch sits inside the rate, so that the fate of a body is a continuous function of how it starts.
    if coefficient > 0.0 and x * state[3] + y * state[4] + z * state[5] < 0.0:
        density = air_density_kg_per_m3(height_above_ellipsoid_m(x, y, z))
        wx, wy, wz = state[3] + spin * y, state[4] - spin * x, state[5]
        drag = 0.5 * density * math.sqrt(wx * wx + wy * wy + wz * wz) / coefficient
        out[3] -= drag * wx
        out[4] -= drag * wy
        out[5] -= drag * wz


@njit(cache=True)
def _thrust(t: float, burn: Array, frame: Array, out: Array) -> None:
    """Write the thrust acceleration at time `t` into `out`; `burn` is (B, R, c, tilt east, tilt north)."""
    part = t / burn[0]
    k = (1.0 - 1.0 / burn[1]) / burn[0]
    size = burn[2] * k / (1.0 - k * t)
    tilt = math.hypot(burn[3], burn[4])
    angle = tilt * min(1.0, max(0.0, (part - VERTICAL_PART) / TURN_PART))
    up = math.cos(angle)
    # sin(angle)/tilt has a limit where the flight is straight up, and the two tilts stay smooth through it.
    side = math.sin(angle) / tilt if tilt > 1e-12 else 0.0
    for i in range(3):
        out[i] = size * (side * (burn[3] * frame[0, i] + burn[4] * frame[1, i]) + up * frame[2, i])


@njit(cache=True)
def _step(
    t: float, state: Array, dt: float, burn: Array, frame: Array, coefficient: float, spin: float, out: Array
) -> None:
    """Write into `out` the state one Runge-Kutta step of `dt` seconds later; a zero burn has no thrust."""
    thrust = np.zeros(3)
    k1, k2, k3, k4 = np.empty(6), np.empty(6), np.empty(6), np.empty(6)
    burning = burn[0] > 0.0 and t < burn[0] * (1.0 - 1e-9)
    if burning:
        _thrust(t, burn, frame, thrust)
    _rate(state, thrust, coefficient, spin, k1)
    if burning:
        _thrust(t + 0.5 * dt, burn, frame, thrust)
    _rate(state + 0.5 * dt * k1, thrust, coefficient, spin, k2)
    _rate(state + 0.5 * dt * k2, thrust, coefficient, spin, k3)
    if burning:
        _thrust(t + dt, burn, frame, thrust)
    _rate(state + dt * k3, thrust, coefficient, spin, k4)
    for i in range(6):
        out[i] = state[i] + dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])


@njit(cache=True)
def _peak(times: Array, heights: Array) -> float:
    """Height of the parabola through three points at its top; the middle point where it has none."""
    left, right = times[0] - times[1], times[2] - times[1]
    dl, dr = heights[0] - heights[1], heights[2] - heights[1]
    curve = (dl / left - dr / right) / (left - right)
    slope = dr / right - curve * right
    if curve >= 0.0:
        return float(heights[1])
    return float(heights[1] - slope * slope / (4.0 * curve))


@njit(cache=True)
def fly(
    position_m: Array,
    velocity_m_per_s: Array,
    frame: Array,
    burn: Array,
    coefficient_kg_per_m2: float,
    rotation_rad_per_s: float,
) -> tuple[int, float, float, float, Array]:
    """Fate of a body: (status, flight time s, apogee m, lowest height of the burn m, impact (3,) m in ECEF).

    Args:
        position_m: (3,) start, inertial.
        velocity_m_per_s: (3,) start, inertial; a body at rest on the ground has the Earth's own.
        frame: (3, 3) east, north, up at the start (rows).
        burn: (5,) burn s (0 = none), mass ratio, exhaust speed m/s, final tilt of the thrust from the
            vertical towards east and towards north, rad.
        coefficient_kg_per_m2: of the drag on the way down; 0 flies without air.
        rotation_rad_per_s: of the Earth; the model's is `trilat.geo.ROTATION_RAD_PER_S`.

    The status is LANDED, or STAYED_UP (then the other numbers mean nothing). Apogee is the greatest height
    above the ellipsoid. The ground is the ellipsoid.
    """
    state, after = np.empty(6), np.empty(6)
    state[:3], state[3:] = position_m, velocity_m_per_s
    t, lowest, apogee = 0.0, 0.0, 0.0
    times, heights = np.zeros(3), np.zeros(3)
    heights[2] = height_above_ellipsoid_m(state[0], state[1], state[2])
    count, step = 0, 0.0
    landed = False
    while not landed:
        height, powered = heights[2], t < burn[0] * (1.0 - 1e-9)
        drag = 0.0 if powered else coefficient_kg_per_m2
        if powered:
            step = burn[0] / BURN_STEPS
        elif drag == 0.0 or height > AIR_HEIGHT_M:
            step = COAST_STEP_S
        else:
            radius = math.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
            sinking = abs(state[0] * state[3] + state[1] * state[4] + state[2] * state[5]) / radius
            step = min(AIR_STEP_S, AIR_STEP_HEIGHT_M / max(sinking, 1.0))
        _step(t, state, step, burn, frame, drag, rotation_rad_per_s, after)
        height = height_above_ellipsoid_m(after[0], after[1], after[2])
        if powered:
            lowest = min(lowest, height)
        elif height <= 0.0:
            step = _ground_step(t, state, step, burn, frame, drag, rotation_rad_per_s, after)
            landed = True
        t += step
        count += 1
        times[0], times[1], times[2] = times[1], times[2], t
        heights[0], heights[1], heights[2] = heights[1], heights[2], height
        if count >= 2 and heights[1] >= heights[0] and heights[1] >= heights[2]:
            apogee = max(apogee, _peak(times, heights))
        state[:] = after
        if t > FLIGHT_S_MAX:
            return STAYED_UP, t, apogee, lowest, state[:3].copy()
    angle = rotation_rad_per_s * t
    impact = np.empty(3)
    impact[0] = math.cos(angle) * state[0] + math.sin(angle) * state[1]
    impact[1] = -math.sin(angle) * state[0] + math.cos(angle) * state[1]
    impact[2] = state[2]
    return LANDED, t, apogee, lowest, impact


@njit(cache=True)
def _ground_step(
    t: float, state: Array, step: float, burn: Array, frame: Array, drag: float, spin: float, after: Array
) -> float:
    """Part of `step` after which the body meets the ellipsoid, by bisection; `after` is then that state."""
    low, high = 0.0, step
    for _ in range(50):
        middle = 0.5 * (low + high)
        _step(t, state, middle, burn, frame, drag, spin, after)
        if height_above_ellipsoid_m(after[0], after[1], after[2]) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def standing_still(position_m: Array, rotation_rad_per_s: float = ROTATION_RAD_PER_S) -> Array:
    """Inertial velocity (3,) in m/s of a body that stands on the turning Earth at `position_m` (3,)."""
    return rotation_rad_per_s * np.array([-position_m[1], position_m[0], 0.0])
