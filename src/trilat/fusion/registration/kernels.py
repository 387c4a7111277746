"""The joint filter of an object's state and of the sensors' biases, in separated form. Kernels.

Given the biases b (B,), an object's state is Gaussian: x | b ~ N(x + G (b - b_hat), C). C (n, n) is the
conditional covariance, and G (n, B), the *lean*, is how the estimate leans when the biases are other than
thought. Objects depend on each other through b alone, so each keeps its own (x, C, G), and all of them share
one information matrix L (B, B) of b. One plot with innovation nu, Jacobian H and dependence J on the biases:

    D = H G + J       S = H C H' + R       K = C H' S^-1
    x+ = x + K nu     C+ = (I - K H) C (I - K H)' + K R K'      G+ = G - K D
    L+ = L + D' S^-1 D                     b_hat+ = b_hat + (L+)^-1 D' S^-1 nu

This equals the augmented filter of all states and biases exactly (Friedland, Treatment of bias in recursive
filtering, IEEE T-AC 14(4), 1969), at a cost that does not grow with the number of objects, and it cannot
lose positive definiteness: C is kept by Joseph's form, L is a sum of squares upon a positive prior, and what
is shown is C + G L^-1 G'. Biases are counted in units of their prior sigma, so that metres, radians and
seconds do not spoil L. Arguments are never written to.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import cholesky, forward, product
from trilat.fusion.filters.measurement import KIND_DIRECTION, KIND_EQUIVALENT
from trilat.fusion.filters.motion import STEP_S_MAX, propagate, step_mean, transition
from trilat.geo import FloatArray

# No plot is taken to be better than this share of its sensor's prior.
RATIO_MIN = 1e-4
# Biases of one sensor, in this order: range (m), azimuth (rad), elevation (rad), clock (s).
BIASES = 4


@njit(cache=True)
def carry_lean(mean: FloatArray, lean: FloatArray, seconds: float) -> FloatArray:
    """The lean (n, B) of a ballistic state (6,) or burning one (9,) after `seconds`: Phi G."""
    out = lean.copy()
    steps = max(1, math.ceil(abs(seconds) / STEP_S_MAX))
    h = seconds / steps
    if seconds != 0.0:
        x = mean.copy()
        for _ in range(steps):
            out = product(transition(x, h), out)
            x = step_mean(x, h)
    return out


@njit(cache=True)
def carry(
    mean: FloatArray, covariance: FloatArray, lean: FloatArray, seconds: float, density: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, conditional covariance and lean of a coasting (6) or burning (9) object after `seconds`."""
    new_mean, new_covariance = propagate(mean, covariance, seconds, density)
    return new_mean, new_covariance, carry_lean(mean, lean, seconds)


@njit(cache=True)
def carry_level(
    mean: FloatArray, covariance: FloatArray, lean: FloatArray, seconds: float, density: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """As `carry`, of a ship or aircraft (9,): position, velocity, constant offset of its own reports.

    It keeps its speed and height: dv/dt = -|v|^2 p / |p|^2, plus white acceleration noise of `density`,
    m^2/s^3. Over the seconds between plots the turn of the velocity counts in the mean only.
    """
    x = mean.copy()
    r2 = x[0] ** 2 + x[1] ** 2 + x[2] ** 2
    turn = -(x[3] ** 2 + x[4] ** 2 + x[5] ** 2) / r2
    for i in range(3):
        x[i] = mean[i] + seconds * mean[3 + i] + 0.5 * seconds * seconds * turn * mean[i]
        x[3 + i] = mean[3 + i] + seconds * turn * mean[i]
    phi = np.eye(9)
    for i in range(3):
        phi[i, 3 + i] = seconds
    p = product(product(phi, covariance), phi.T)
    q = density * abs(seconds)
    for i in range(3):
        p[i, i] += q * seconds * seconds / 3.0
        p[3 + i, 3 + i] += q
        p[i, 3 + i] += q * seconds / 2.0
        p[3 + i, i] += q * seconds / 2.0
    for i in range(9):
        for j in range(i):
            middle = 0.5 * (p[i, j] + p[j, i])
            p[i, j] = middle
            p[j, i] = middle
    return x, p, product(phi, lean)


@njit(cache=True)
def dependence(
    state: FloatArray,
    rate: FloatArray,
    kind: int,
    h: FloatArray,
    lean: FloatArray,
    column: int,
    scale: FloatArray,
    cos_elevation: float,
) -> FloatArray:
    """D = H G + J (m, B): how the innovation of a plot depends on all biases, in prior sigmas.

    With a plot stamped late by the clock bias, d(nu)/d(clock) = -d(predicted)/dt. `rate` (3,) is dv/dt of
    the object; `column` is the first of its sensor's biases, below zero for a sensor without; `scale` (B,)
    are the prior sigmas.
    """
    d = product(h, lean)
    if column < 0 or kind == KIND_EQUIVALENT:
        return d
    angle = 0
    if kind != KIND_DIRECTION:
        d[0, column] += scale[column]
        angle = 1
    d[angle, column + 1] += cos_elevation * scale[column + 1]
    d[angle + 1, column + 2] += scale[column + 2]
    for i in range(h.shape[0]):
        change = 0.0
        for j in range(3):
            change += h[i, j] * state[3 + j] + h[i, 3 + j] * rate[j]
        d[i, column + 3] -= change * scale[column + 3]
    return d


@njit(cache=True)
def floored(noise: FloatArray, h: FloatArray, d: FloatArray, lean: FloatArray) -> FloatArray:
    """The noise (m, m) with a floor of RATIO_MIN times what its sensor's biases may do to the plot.

    A plot that were a million times better than the prior would leave nothing of it but rounding.
    """
    out = noise.copy()
    own = d - product(h, lean)
    for i in range(out.shape[0]):
        for j in range(own.shape[1]):
            out[i, i] += (RATIO_MIN * own[i, j]) ** 2
    return out


@njit(cache=True)
def absorb(
    mean: FloatArray,
    covariance: FloatArray,
    lean: FloatArray,
    nu: FloatArray,
    h: FloatArray,
    d: FloatArray,
    noise: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, bool]:
    """State, conditional covariance and lean after one plot, and what it says of the biases.

    The last three are W = L^-1 D (m, B) and w = L^-1 nu (m,) with L L' = S, so that D' S^-1 D = W'W and
    D' S^-1 nu = W'w, and whether S was positive definite; when not, nothing is to be changed.
    """
    n, m, b = mean.shape[0], nu.shape[0], d.shape[1]
    ph = product(covariance, h.T)
    low, good = cholesky(product(h, ph) + noise)
    whitened = np.zeros((m, b))
    if not good:
        return mean.copy(), covariance.copy(), lean.copy(), whitened, np.zeros(m), False
    for j in range(b):
        whitened[:, j] = forward(low, d[:, j].copy())
    w = forward(low, nu)
    # K L = C H' L'^-1, so that K nu = (K L) w and K D = (K L) W.
    gain_low = np.empty((n, m))
    for i in range(n):
        gain_low[i] = forward(low, ph[i].copy())
    gain = np.empty((n, m))
    for i in range(n):
        for k in range(m - 1, -1, -1):
            value = gain_low[i, k]
            for j in range(k + 1, m):
                value -= low[j, k] * gain[i, j]
            gain[i, k] = value / low[k, k]
    rest = np.eye(n) - product(gain, h)
    new_covariance = product(product(rest, covariance), rest.T) + product(product(gain, noise), gain.T)
    new_mean = mean.copy()
    for i in range(n):
        for k in range(m):
            new_mean[i] += gain_low[i, k] * w[k]
    return (
        new_mean,
        0.5 * (new_covariance + new_covariance.T),
        lean - product(gain_low, whitened),
        whitened,
        w,
        True,
    )


@njit(cache=True)
def inverse(matrix: FloatArray) -> FloatArray:
    """The inverse (B, B) of a positive definite matrix, itself positive definite and exactly symmetric."""
    n = matrix.shape[0]
    low, _ = cholesky(matrix)
    half = np.zeros((n, n))
    for j in range(n):
        unit = np.zeros(n)
        unit[j] = 1.0
        half[:, j] = forward(low, unit)
    out = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, n):
                total += half[k, i] * half[k, j]
            out[i, j] = total
            out[j, i] = total
    return out


@njit(cache=True)
def distance(whitened: FloatArray, w: FloatArray, spread: FloatArray) -> float:
    """Squared distance of a plot when the biases are known within P (B, B): nu' (S + D P D')^-1 nu."""
    m = w.shape[0]
    total = np.eye(m) + product(product(whitened, spread), whitened.T)
    low, _ = cholesky(total)
    y = forward(low, w)
    out = 0.0
    for i in range(m):
        out += y[i] * y[i]
    return out
