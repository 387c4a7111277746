"""How a state moves: gravity with J2, a turning Earth, and noise for what is not known. Kernels.

Frame: ECEF WGS-84, metres and m/s, seconds. This is fusion's own code and shares nothing with `scenario`.

- Coast, 6 states (position, velocity):
  dv/dt = g(p) - 2 w x v - w x (w x p) + white acceleration noise of the given spectral density.
- Boost, 9 states (position, velocity, thrust acceleration): the thrust acceleration is added to dv/dt and
  is itself driven by white jerk noise. References: Bar-Shalom, Li, Kirubarajan, Estimation with
  Applications to Tracking and Navigation (2001), section 6.2.3 for the noise; Vallado, Fundamentals of
  Astrodynamics, 4th edition, section 8.6.1 for J2.

The mean is stepped with the classical Runge-Kutta rule, the covariance with exp(F h) to third order, F
taken at the middle of the step. Arguments are never written to.
"""

import math

import numpy as np
from numba import njit

from trilat.geo import GM_M3_PER_S2, J2, ROTATION_RAD_PER_S, SEMI_MAJOR_AXIS_M, FloatArray

# Longest inner step, seconds: the error of one is then below 1e-4 m near the Earth.
STEP_S_MAX = 5.0
# Below this height air is felt by a falling body: the boost filter then gets REENTRY_JERK_PSD.
REENTRY_HEIGHT_M = 100_000.0
# Jerk noise while air brakes a falling body, m^2/s^5.
REENTRY_JERK_PSD = 60.0

# Mass over drag area that stands for an unknown body, and how long its drag stays alike, seconds.
AIR_COEFFICIENT_KG_PER_M2 = 2000.0
AIR_TIME_S = 10.0

_GM = GM_M3_PER_S2
_J2_FACTOR = 1.5 * J2 * GM_M3_PER_S2 * SEMI_MAJOR_AXIS_M * SEMI_MAJOR_AXIS_M
_W = ROTATION_RAD_PER_S


@njit(cache=True)
def acceleration(state: FloatArray, out: FloatArray) -> None:
    """Writes dv/dt (3,) of free fall in ECEF, m/s^2, of a state whose first six numbers are p and v."""
    x, y, z = state[0], state[1], state[2]
    r2 = x * x + y * y + z * z
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
    z = position[2]
    r2 = position[0] ** 2 + position[1] ** 2 + z * z
    r = math.sqrt(r2)
    g = _GM / (r2 * r)
    c = _J2_FACTOR / (r2 * r2 * r)
    s = z * z / r2
    for i in range(3):
        f = (3.0 if i == 2 else 1.0) - 5.0 * s
        for j in range(3):
            pij = position[i] * position[j] / r2
            ds = -2.0 * s * position[j] / r2
            if j == 2:
                ds += 2.0 * z / r2
            same = 1.0 if i == j else 0.0
            value = g * (3.0 * pij - same)
            value += 5.0 * c * pij * f - c * same * f + 5.0 * c * position[i] * ds
            if i == j and i < 2:
                value += _W * _W
            out[i, j] = value


@njit(cache=True)
def _derivative(state: FloatArray, out: FloatArray) -> None:
    acceleration(state, out[3:6])
    for i in range(3):
        out[i] = state[3 + i]
        if state.shape[0] == 9:
            out[3 + i] += state[6 + i]
            out[6 + i] = 0.0


@njit(cache=True)
def step_mean(state: FloatArray, h: float) -> FloatArray:
    """The state (6,) or (9,) after `h` seconds by one classical Runge-Kutta step."""
    n = state.shape[0]
    reach = (0.0, 0.5, 0.5, 1.0)
    share = (1.0, 2.0, 2.0, 1.0)
    out = state.copy()
    at = np.empty(n)
    slope = np.zeros(n)
    for part in range(4):
        for i in range(n):
            at[i] = state[i] + reach[part] * h * slope[i]
        _derivative(at, slope)
        for i in range(n):
            out[i] += share[part] * h / 6.0 * slope[i]
    return out


@njit(cache=True)
def transition(state: FloatArray, h: float) -> FloatArray:
    """Phi (n, n) over `h` seconds: I + F h + (F h)^2 / 2 + (F h)^3 / 6, F at the middle of the step."""
    n = state.shape[0]
    middle = np.empty(3)
    a = np.empty(3)
    acceleration(state, a)
    for i in range(3):
        thrust = state[6 + i] if n == 9 else 0.0
        middle[i] = state[i] + 0.5 * h * state[3 + i] + 0.125 * h * h * (a[i] + thrust)
    f = np.zeros((n, n))
    gradient = np.empty((3, 3))
    acceleration_gradient(middle, gradient)
    for i in range(3):
        f[i, 3 + i] = h
        for j in range(3):
            f[3 + i, j] = h * gradient[i, j]
        if n == 9:
            f[3 + i, 6 + i] = h
    f[3, 4] = 2.0 * _W * h
    f[4, 3] = -2.0 * _W * h
    square = _product(f, f)
    cube = _product(square, f)
    for i in range(n):
        for j in range(n):
            f[i, j] += square[i, j] / 2.0 + cube[i, j] / 6.0
        f[i, i] += 1.0
    return f


@njit(cache=True)
def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    n, m, p = a.shape[0], a.shape[1], b.shape[1]
    out = np.zeros((n, p))
    for i in range(n):
        for k in range(m):
            value = a[i, k]
            if value != 0.0:
                for j in range(p):
                    out[i, j] += value * b[k, j]
    return out


@njit(cache=True)
def _product_transposed(a: FloatArray, b: FloatArray) -> FloatArray:
    n, m, p = a.shape[0], a.shape[1], b.shape[0]
    out = np.empty((n, p))
    for i in range(n):
        for j in range(p):
            total = 0.0
            for k in range(m):
                total += a[i, k] * b[j, k]
            out[i, j] = total
    return out


@njit(cache=True)
def sandwich(a: FloatArray, p: FloatArray) -> FloatArray:
    """A P A' (n, n), made exactly symmetric."""
    out = _product_transposed(_product(a, p), a)
    for i in range(out.shape[0]):
        for j in range(i):
            mean = 0.5 * (out[i, j] + out[j, i])
            out[i, j] = mean
            out[j, i] = mean
    return out


@njit(cache=True)
def _add_noise(covariance: FloatArray, h: float, density: float) -> None:
    """Adds the noise of `h` seconds: white acceleration (6 states) or white jerk (9 states)."""
    n = covariance.shape[0]
    h = abs(h)
    for i in range(3):
        if n == 6:
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
def propagate(
    mean: FloatArray, covariance: FloatArray, seconds: float, density: float
) -> tuple[FloatArray, FloatArray]:
    """Mean (n,) and covariance (n, n) after `seconds` (either sign), n = 6 coasting or 9 burning.

    `density` is the spectral density of the acceleration noise, m^2/s^3 (n = 6), or jerk noise, m^2/s^5
    (n = 9). Noise is added for time in either direction.
    """
    x = mean.copy()
    p = covariance.copy()
    steps = max(1, math.ceil(abs(seconds) / STEP_S_MAX))
    h = seconds / steps
    if seconds != 0.0:
        for _ in range(steps):
            q = max(density, _air_noise(x))
            phi = transition(x, h)
            x = step_mean(x, h)
            p = sandwich(phi, p)
            _add_noise(p, h, q)
    return x, p


@njit(cache=True)
def _air_noise(state: FloatArray) -> float:
    """Least noise density of a body that falls through air: its drag is not known.

    White acceleration noise (6 states) of 2 sigma^2 AIR_TIME_S with sigma the drag of AIR_COEFFICIENT, in an
    exponential atmosphere; REENTRY_JERK_PSD for 9 states; nothing while climbing or above REENTRY_HEIGHT_M.
    """
    if state[0] * state[3] + state[1] * state[4] + state[2] * state[5] >= 0.0:
        return 0.0
    h = height(state)
    if h > REENTRY_HEIGHT_M:
        return 0.0
    if state.shape[0] == 9:
        return REENTRY_JERK_PSD
    speed2 = state[3] ** 2 + state[4] ** 2 + state[5] ** 2
    density = 1.225 * math.exp(-max(h, 0.0) / 7200.0)
    drag = float(0.5 * density * speed2 / AIR_COEFFICIENT_KG_PER_M2)
    return 2.0 * drag * drag * AIR_TIME_S


@njit(cache=True)
def height(position: FloatArray) -> float:
    """Height above the WGS-84 ellipsoid, metres, to about 0.1 %: for deciding, not for show."""
    r = math.sqrt(position[0] ** 2 + position[1] ** 2 + position[2] ** 2)
    sine = position[2] / r
    b = 1.0 - 1.0 / 298.257223563
    return r - SEMI_MAJOR_AXIS_M * b / math.sqrt(b * b + (1.0 - b * b) * sine * sine)
