"""How a state moves: gravity with J2, a turning Earth, thrust, air, and noise for what is not known. Kernels.

Frame: ECEF WGS-84, metres and m/s, seconds. This is fusion's own code and shares nothing with `scenario`.

- Coast, 6 states (position p, velocity v):
  dv/dt = g(p) - 2 w x v - w x (w x p) + white acceleration noise of the given spectral density.
- Re-entry, 7 states (p, v, s), s the natural logarithm of the ballistic coefficient in kg/m^2:
  dv/dt gains -rho(h) |v| v / (2 exp(s)), and s wanders slowly in air (`LOG_COEFFICIENT_PSD`). Where there
  is no air it is a coast with an idle number, so one filter serves both.
- Boost, 9 states (p, v, a): the thrust acceleration a is added to dv/dt. Mass burns at a constant thrust,
  so da/dt = |a| a / c with c the exhaust speed (from a = a0 / (1 - a0 t / c)), plus white jerk noise for
  a slowly turning axis and an unknown c.

References: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation (2001),
section 6.2 for the noise; Li and Jilkov, Survey of Maneuvering Target Tracking part II, IEEE T-AES 46(1)
(2010), sections III and IV for thrust and drag; Vallado, Fundamentals of Astrodynamics, 4th edition, section
8.6.1 for J2.

The mean is stepped with the classical Runge-Kutta rule, the covariance with exp(F h) to third order, F
taken at the middle of the step. `advance` works in place and allocates nothing; the others return new
arrays and never write to their arguments.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.atmosphere import AIR_TOP_M, air_density
from trilat.geo import GM_M3_PER_S2, J2, ROTATION_RAD_PER_S, SEMI_MAJOR_AXIS_M, FloatArray

# Longest inner step, seconds: the error of one is then below 1e-4 m near the Earth. In air it is shorter.
STEP_S_MAX = 5.0
STEP_AIR_S_MAX = 0.5
# Below this height air is felt by a falling body: the boost filter then gets REENTRY_JERK_PSD.
REENTRY_HEIGHT_M = AIR_TOP_M
# Jerk noise while air brakes a falling body, m^2/s^5.
REENTRY_JERK_PSD = 60.0
# Speed of the exhaust that the boost model expects, m/s: specific impulses of 210 to 310 s lie around it.
EXHAUST_M_PER_S = 2500.0

# Above this thrust acceleration, m/s^2, the boost model does not let it grow: no burn goes on for ever.
THRUST_M_PER_S2_MAX = 150.0

# Mass over drag area that stands for an unknown body, and how long its drag stays alike, seconds.
AIR_COEFFICIENT_KG_PER_M2 = 2000.0
AIR_TIME_S = 10.0
# Re-entry: wandering of the logarithm of the coefficient, 1/s (0.3 in 20 s, as through the speed of sound),
# and lift and winds as a share of drag that stays alike for AIR_TIME_S.
LOG_COEFFICIENT_PSD = 0.0045
LIFT_SHARE = 0.05
# No logarithm of a coefficient is believed outside these: 20 kg/m^2 and 1,000 t/m^2.
LOG_COEFFICIENT_MIN = 3.0
LOG_COEFFICIENT_MAX = 13.8

# Most states that a filter here has, and the room that the kernels work in.
STATES_MAX = 9
_ROOM = (8, STATES_MAX, STATES_MAX)

_GM = GM_M3_PER_S2
_J2_FACTOR = 1.5 * J2 * GM_M3_PER_S2 * SEMI_MAJOR_AXIS_M * SEMI_MAJOR_AXIS_M
_W = ROTATION_RAD_PER_S
# Inside this radius gravity falls to zero at the centre, so that a fall below the ground stays finite.
_R2_MIN = 5.0e6**2
_POLAR = 1.0 - 1.0 / 298.257223563


@njit(cache=True)
def room() -> FloatArray:
    """Room for `advance` and `kalman.correct`: made once, used for any number of tracks."""
    return np.zeros(_ROOM)


@njit(cache=True)
def acceleration(state: FloatArray, out: FloatArray) -> None:
    """Writes dv/dt (3,) of free fall in ECEF, m/s^2, of a state whose first six numbers are p and v."""
    x, y, z = state[0], state[1], state[2]
    r2 = max(x * x + y * y + z * z, _R2_MIN)
    r = math.sqrt(r2)
    central = -_GM / (r2 * r)
    c = _J2_FACTOR / (r2 * r2 * r)
    s5 = 5.0 * z * z / r2
    out[0] = central * x - c * x * (1.0 - s5) + 2.0 * _W * state[4] + _W * _W * x
    out[1] = central * y - c * y * (1.0 - s5) - 2.0 * _W * state[3] + _W * _W * y
    out[2] = central * z - c * z * (3.0 - s5)


@njit(cache=True)
def acceleration_gradient(position: FloatArray, out: FloatArray) -> None:
    """Writes d(dv/dt)/dp (3, 3), 1/s^2: central body, J2 and centrifugal."""
    x, y, z = position[0], position[1], position[2]
    r2 = max(x * x + y * y + z * z, _R2_MIN)
    r = math.sqrt(r2)
    g = _GM / (r2 * r)
    c = _J2_FACTOR / (r2 * r2 * r)
    s = z * z / r2
    # The potential is symmetric, so are its second derivatives: with q = 1 / r^2 and u = p,
    # d2U = 3 g q u u' - g I + 5 c q (1 - 7 s) u u' - c (1 - 5 s) I + J2's terms of the axis.
    pull = (3.0 * g + 5.0 * c * (1.0 - 7.0 * s)) / r2
    same = -g - c * (1.0 - 5.0 * s)
    axis = 10.0 * c * z / r2
    out[0, 0] = pull * x * x + same + _W * _W
    out[1, 1] = pull * y * y + same + _W * _W
    out[2, 2] = pull * z * z + same + 2.0 * axis * z - 2.0 * c
    out[0, 1] = pull * x * y
    out[0, 2] = pull * x * z + axis * x
    out[1, 2] = pull * y * z + axis * y
    out[1, 0], out[2, 0], out[2, 1] = out[0, 1], out[0, 2], out[1, 2]


@njit(cache=True)
def height(position: FloatArray) -> float:
    """Height above the WGS-84 ellipsoid, metres, to about 0.1 %: for deciding, not for show."""
    r = math.sqrt(position[0] ** 2 + position[1] ** 2 + position[2] ** 2)
    sine = position[2] / r if r > 0.0 else 0.0
    return r - SEMI_MAJOR_AXIS_M * _POLAR / math.sqrt(_POLAR * _POLAR + (1.0 - _POLAR * _POLAR) * sine * sine)


@njit(cache=True)
def braking(state: FloatArray, log_coefficient: float) -> tuple[float, float]:
    """Drag over speed k, 1/s, so that dv/dt gains -k v, and dk/dh, 1/(m s)."""
    density, slope = air_density(height(state))
    if density == 0.0:
        return 0.0, 0.0
    speed = math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2)
    bounded = min(max(log_coefficient, LOG_COEFFICIENT_MIN), LOG_COEFFICIENT_MAX)
    factor = 0.5 * speed * math.exp(-bounded)
    return factor * density, factor * slope


@njit(cache=True)
def derivative(state: FloatArray, n: int, out: FloatArray) -> None:
    """Writes d(state)/dt (n,), n = 6, 7 or 9, in ECEF; the equations are in the module."""
    acceleration(state, out[3:6])
    for i in range(3):
        out[i] = state[3 + i]
    if n == 7:
        k, _ = braking(state, state[6])
        for i in range(3):
            out[3 + i] -= k * state[3 + i]
        out[6] = 0.0
    elif n == 9:
        growth = math.sqrt(state[6] ** 2 + state[7] ** 2 + state[8] ** 2) / EXHAUST_M_PER_S
        if growth > THRUST_M_PER_S2_MAX / EXHAUST_M_PER_S:
            growth = 0.0
        for i in range(3):
            out[3 + i] += state[6 + i]
            out[6 + i] = growth * state[6 + i]


@njit(cache=True)
def step(state: FloatArray, n: int, h: float, rows: FloatArray) -> None:
    """Moves the state by one classical Runge-Kutta step of `h` seconds, in place."""
    start, at, slope = rows[0], rows[1], rows[2]
    for i in range(n):
        start[i] = state[i]
        at[i] = state[i]
    for part in range(4):
        derivative(at, n, slope)
        share = h / 3.0 if part == 1 or part == 2 else h / 6.0  # noqa: PLR1714  a set costs
        reach = h if part == 2 else 0.5 * h
        for i in range(n):
            state[i] += share * slope[i]
            at[i] = start[i] + reach * slope[i]


@njit(cache=True)
def step_mean(state: FloatArray, h: float) -> FloatArray:
    """The state (n,) after `h` seconds by one classical Runge-Kutta step."""
    out = state.copy()
    step(out, state.shape[0], h, np.empty((3, STATES_MAX)))
    return out


@njit(cache=True)
def _jacobian(state: FloatArray, n: int, h: float, rows: FloatArray, f: FloatArray) -> None:
    """Writes the rows 3 to n of F = d(derivative)/d(state) at the middle of a step of `h` seconds.

    The rows 0 to 3 of F are those of the unit matrix, three columns to the right: `_times` knows that.
    """
    middle, slope = rows[0], rows[1]
    derivative(state, n, slope)
    for i in range(3):
        middle[i] = state[i] + 0.5 * h * state[3 + i] + 0.125 * h * h * slope[3 + i]
    for i in range(3, n):
        middle[i] = state[i] + 0.5 * h * slope[i]
    acceleration_gradient(middle, f[3:6])
    for i in range(3):
        for j in range(3, n):
            f[3 + i, j] = 0.0
    f[3, 4] = 2.0 * _W
    f[4, 3] = -2.0 * _W
    if n == 7:
        _add_drag(middle, f)
    elif n == 9:
        _add_thrust(middle, f)


@njit(cache=True)
def _add_drag(state: FloatArray, f: FloatArray) -> None:
    """Adds the slopes of -k v to rows 3 to 6 of F, and clears the row of the coefficient."""
    for j in range(7):
        f[6, j] = 0.0
    k, per_metre = braking(state, state[6])
    if k == 0.0:
        return
    r = math.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
    sine = state[2] / r
    flat = 1.0 - _POLAR * _POLAR
    # height = r - a b / sqrt(b^2 + (1 - b^2) sine^2); `bend` is minus the slope of the last term over r.
    bend = SEMI_MAJOR_AXIS_M * _POLAR * flat * sine / (_POLAR * _POLAR + flat * sine * sine) ** 1.5 / r
    speed2 = state[3] ** 2 + state[4] ** 2 + state[5] ** 2
    free = LOG_COEFFICIENT_MIN < state[6] < LOG_COEFFICIENT_MAX
    for j in range(3):
        up = state[j] / r * (1.0 - bend * sine) + (bend if j == 2 else 0.0)
        for i in range(3):
            f[3 + i, j] -= per_metre * state[3 + i] * up
            f[3 + i, 3 + j] -= k * state[3 + i] * state[3 + j] / speed2
        f[3 + j, 3 + j] -= k
        if free:
            f[3 + j, 6] = k * state[3 + j]


@njit(cache=True)
def _add_thrust(state: FloatArray, f: FloatArray) -> None:
    """Writes dv'/da = I and da'/da = (|a| I + a a' / |a|) / c into F."""
    size = math.sqrt(state[6] ** 2 + state[7] ** 2 + state[8] ** 2)
    grows = 0.0 < size <= THRUST_M_PER_S2_MAX
    for i in range(3):
        f[3 + i, 6 + i] = 1.0
        for j in range(9):
            f[6 + i, j] = 0.0
        if grows:
            for j in range(3):
                f[6 + i, 6 + j] = state[6 + i] * state[6 + j] / (size * EXHAUST_M_PER_S)
            f[6 + i, 6 + i] += size / EXHAUST_M_PER_S


@njit(cache=True)
def _times(f: FloatArray, x: FloatArray, n: int, factor: float, out: FloatArray) -> None:
    """Writes I + factor F X (n, n)."""
    for j in range(n):
        for i in range(3):
            out[i, j] = factor * x[3 + i, j]
        for i in range(3, n):
            total = 0.0
            for k in range(n):
                total += f[i, k] * x[k, j]
            out[i, j] = factor * total
        out[j, j] += 1.0


@njit(cache=True)
def _transition(state: FloatArray, n: int, h: float, work: FloatArray) -> None:
    """Writes Phi over `h` seconds to work[3], by Horner's rule I + h F (I + h/2 F (I + h/3 F))."""
    f, x, y = work[1], work[2], work[3]
    _jacobian(state, n, h, work[0], f)
    for i in range(n):
        for j in range(n):
            if i < 3:
                x[i, j] = h / 3.0 if j == i + 3 else 0.0
            else:
                x[i, j] = h / 3.0 * f[i, j]
        x[i, i] += 1.0
    _times(f, x, n, h / 2.0, y)
    for i in range(n):
        for j in range(n):
            x[i, j] = y[i, j]
    _times(f, x, n, h, y)


@njit(cache=True)
def transition(state: FloatArray, h: float) -> FloatArray:
    """Phi (n, n) over `h` seconds: I + F h + (F h)^2 / 2 + (F h)^3 / 6, F at the middle of the step."""
    n = state.shape[0]
    work = room()
    _transition(state, n, h, work)
    return work[3, :n, :n].copy()


@njit(cache=True)
def sandwich_in_place(a: FloatArray, p: FloatArray, n: int, product: FloatArray) -> None:
    """Replaces P (n, n) by A P A', made exactly symmetric; `product` is overwritten."""
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i, k] * p[k, j]
            product[i, j] = total
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(n):
                total += product[i, k] * a[j, k]
            p[i, j] = total
            p[j, i] = total


@njit(cache=True)
def sandwich(a: FloatArray, p: FloatArray) -> FloatArray:
    """A P A' (n, n), made exactly symmetric."""
    n = p.shape[0]
    out = p.copy()
    sandwich_in_place(a, out, n, np.empty((n, n)))
    return out


@njit(cache=True)
def add_noise(covariance: FloatArray, n: int, h: float, density: float) -> None:
    """Adds the noise of `h` seconds: white acceleration (6 and 7 states) or white jerk (9 states)."""
    h = abs(h)
    for i in range(3):
        if n < 9:
            covariance[i, i] += density * h**3 / 3.0
            covariance[3 + i, 3 + i] += density * h
            covariance[i, 3 + i] += density * h * h / 2.0
            covariance[3 + i, i] += density * h * h / 2.0
        else:
            for a in range(3):
                for b in range(3):
                    # integral of s^(2-a)/(2-a)! s^(2-b)/(2-b)! over the step
                    pa, pb = 2 - a, 2 - b
                    weight = 1.0 / ((2.0 if pa == 2 else 1.0) * (2.0 if pb == 2 else 1.0) * (pa + pb + 1))
                    covariance[3 * a + i, 3 * b + i] += density * weight * h ** (pa + pb + 1)


@njit(cache=True)
def air_noise(state: FloatArray, n: int) -> float:
    """Least noise density of a body in air, of the kind of the filter's noise.

    6 states know no drag: white acceleration noise of 2 sigma^2 AIR_TIME_S with sigma the drag of
    AIR_COEFFICIENT; 7 states know it: the same with sigma LIFT_SHARE of their own drag; 9 states
    REENTRY_JERK_PSD. Nothing while climbing (but for 7 states) or above REENTRY_HEIGHT_M.
    """
    falling = state[0] * state[3] + state[1] * state[4] + state[2] * state[5] < 0.0
    if not falling and n != 7:
        return 0.0
    h = height(state)
    if h > REENTRY_HEIGHT_M:
        return 0.0
    if n == 9:
        return REENTRY_JERK_PSD
    coefficient = state[6] if n == 7 else math.log(AIR_COEFFICIENT_KG_PER_M2)
    k, _ = braking(state, coefficient)
    drag = k * math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2)
    if n == 7:
        drag *= LIFT_SHARE
    return 2.0 * drag * drag * AIR_TIME_S


@njit(cache=True)
def advance(
    mean: FloatArray, covariance: FloatArray, n: int, seconds: float, density: float, work: FloatArray
) -> None:
    """Moves the first `n` states of mean and covariance by `seconds` (either sign), in place.

    `n` is 6, 7 or 9, `density` as in `propagate`, `work` is `room()`. The arrays may be larger than n.
    """
    left = seconds
    while left != 0.0:
        h = inner_step(mean, n, left)
        left = left - h if abs(left) > abs(h) else 0.0
        q = max(density, air_noise(mean, n))
        wander = wandering(mean, n, h)
        _transition(mean, n, h, work)
        step(mean, n, h, work[0])
        sandwich_in_place(work[3], covariance, n, work[2])
        add_noise(covariance, n, h, q)
        if n == 7:
            covariance[6, 6] += wander


@njit(cache=True)
def inner_step(state: FloatArray, n: int, left: float) -> float:
    """The next step, seconds, of a way of `left` seconds: equal parts, none longer than the longest."""
    longest = STEP_S_MAX
    if n == 7 and height(state) < AIR_TOP_M + 30_000.0:
        longest = STEP_AIR_S_MAX
    return left / max(1, math.ceil(abs(left) / longest))


@njit(cache=True)
def wandering(state: FloatArray, n: int, h: float) -> float:
    """Variance that the logarithm of the ballistic coefficient gains in `h` seconds; none above the air."""
    return LOG_COEFFICIENT_PSD * abs(h) if n == 7 and height(state) < AIR_TOP_M else 0.0


@njit(cache=True)
def propagate(
    mean: FloatArray, covariance: FloatArray, seconds: float, density: float
) -> tuple[FloatArray, FloatArray]:
    """Mean (n,) and covariance (n, n) after `seconds` (either sign), n = 6 coasting, 7 in air or 9 burning.

    `density` is the spectral density of the acceleration noise, m^2/s^3 (n = 6 and 7), or jerk noise,
    m^2/s^5 (n = 9). Noise is added for time in either direction.
    """
    x = mean.copy()
    p = covariance.copy()
    advance(x, p, mean.shape[0], seconds, density, room())
    return x, p
