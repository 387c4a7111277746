"""The unscented Kalman filter: states and plots of `motion` and `kalman`, without Jacobians. Kernels.

Sigma points of n states: x, and x +- columns of sqrt((n + lambda) P), lambda = alpha^2 (n + kappa) - n, with
weights lambda / (n + lambda), with 1 - alpha^2 + beta more for the covariance of the centre, and
1 / (2 (n + lambda)) for the rest; alpha = 0.5, beta = 2, kappa = 3 - n. References: Julier and Uhlmann, Proc.
IEEE 92(3) (2004); Wan and van der Merwe (2000) for the scaled form.

    z_i = h(x_i)    S = sum w_i (z_i - z)(z_i - z)' + R    C = sum w_i (x_i - x)(z_i - z)'    K = C S^-1

The covariance is updated in Joseph's form: with H = (P^-1 C)' (statistical linearisation), R' = S - H P H',
P+ = (I - K H) P (I - K H)' + K R' K', which is P - K S K' but does not lose its sign under rounding.
Directions are compared along the axes of the measured one (`measurement`): no angle is ever averaged.

Same interface as `motion.propagate` and `kalman.update`. The weight of the centre is negative, so that a
covariance can come out that is none: then the step of the extended filter is taken instead.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import backward, cholesky, forward, update
from trilat.fusion.filters.measurement import innovation
from trilat.fusion.filters.motion import (
    STATES_MAX,
    add_noise,
    air_noise,
    inner_step,
    propagate,
    step,
    wandering,
)
from trilat.geo import FloatArray

ALPHA = 0.5
BETA = 2.0
# n + kappa.
SPREAD = 3.0


@njit(cache=True)
def sigma_points(mean: FloatArray, covariance: FloatArray) -> tuple[FloatArray, bool]:
    """The 2 n + 1 points (2 n + 1, n), the centre first; False when the covariance has no square root."""
    n = mean.shape[0]
    low, good = cholesky(covariance)
    reach = ALPHA * math.sqrt(SPREAD)
    points = np.empty((2 * n + 1, n))
    for i in range(n):
        points[0, i] = mean[i]
        for j in range(n):
            points[1 + j, i] = mean[i] + reach * low[i, j]
            points[1 + n + j, i] = mean[i] - reach * low[i, j]
    return points, good


@njit(cache=True)
def weighed(points: FloatArray, states: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean (m,) and covariance (m, m) of transformed points (2 n + 1, m), and the deviations (2 n + 1, m)."""
    m = points.shape[1]
    whole = ALPHA * ALPHA * SPREAD
    centre = (whole - states) / whole
    mean = np.zeros(m)
    for i in range(m):
        mean[i] = centre * points[0, i]
        for k in range(1, points.shape[0]):
            mean[i] += 0.5 / whole * points[k, i]
    deviations = points - mean
    covariance = np.zeros((m, m))
    for k in range(points.shape[0]):
        weight = 0.5 / whole if k else centre + 1.0 - ALPHA * ALPHA + BETA
        for i in range(m):
            for j in range(m):
                covariance[i, j] += weight * deviations[k, i] * deviations[k, j]
    return mean, covariance, deviations


@njit(cache=True)
def unscented_propagate(
    mean: FloatArray, covariance: FloatArray, seconds: float, density: float
) -> tuple[FloatArray, FloatArray]:
    """As `motion.propagate`, by sigma points; the noise is added once, for the whole time."""
    n = mean.shape[0]
    points, good = sigma_points(mean, covariance)
    if not good or seconds == 0.0:
        return propagate(mean, covariance, seconds, density)
    rows = np.empty((3, STATES_MAX))
    wander = 0.0
    q = density
    for k in range(points.shape[0]):
        left = seconds
        while left != 0.0:
            h = inner_step(points[k], n, left)
            left = left - h if abs(left) > abs(h) else 0.0
            if k == 0:
                q = max(q, air_noise(points[k], n))
                wander += wandering(points[k], n, h)
            step(points[k], n, h, rows)
    new_mean, new_covariance, _ = weighed(points, n)
    add_noise(new_covariance, n, seconds, q)
    if n == 7:
        new_covariance[6, 6] += wander
    if not cholesky(new_covariance)[1]:
        return propagate(mean, covariance, seconds, density)
    return new_mean, new_covariance


@njit(cache=True)
def unscented_update(
    mean: FloatArray,
    covariance: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[FloatArray, FloatArray, float, float]:
    """As `kalman.update`, by sigma points: mean, covariance, squared distance and log density.

    A measurement that cannot be (behind the sensor) leaves the state as it was, with (inf, -inf).
    """
    n, m = mean.shape[0], values.shape[0]
    points, good = sigma_points(mean, covariance)
    missed = np.empty((2 * n + 1, m))
    for k in range(2 * n + 1):
        nu, _, ahead = innovation(points[k], kind, values, site, axes)
        good = good and ahead
        missed[k] = nu
    if not good:
        return update(mean, covariance, kind, values, noise, site, axes)
    nu, spread, deviations = weighed(missed, n)
    spread = spread + noise
    low, good = cholesky(spread)
    if not good:
        return update(mean, covariance, kind, values, noise, site, axes)
    cross = _cross(points, deviations, mean)
    gain = np.empty((n, m))
    for i in range(n):
        gain[i] = backward(low, forward(low, cross[i]))
    new_mean = mean.copy()
    for i in range(n):
        for k in range(m):
            new_mean[i] += gain[i, k] * nu[k]
    new_covariance = _joseph(covariance, cross, spread, gain)
    if not cholesky(new_covariance)[1]:
        return update(mean, covariance, kind, values, noise, site, axes)
    distance, log_density = 0.0, 0.0
    whitened = forward(low, nu)
    for i in range(m):
        distance += whitened[i] * whitened[i]
        log_density -= math.log(low[i, i]) + 0.5 * math.log(2.0 * math.pi)
    return new_mean, new_covariance, distance, log_density - 0.5 * distance


@njit(cache=True)
def _cross(points: FloatArray, deviations: FloatArray, mean: FloatArray) -> FloatArray:
    """C (n, m) of the states and the predicted measurement, a constant minus the innovation."""
    n, m = mean.shape[0], deviations.shape[1]
    weight = 0.5 / (ALPHA * ALPHA * SPREAD)
    cross = np.zeros((n, m))
    for k in range(1, points.shape[0]):
        for i in range(n):
            for j in range(m):
                cross[i, j] -= weight * (points[k, i] - mean[i]) * deviations[k, j]
    return cross


@njit(cache=True)
def _joseph(covariance: FloatArray, cross: FloatArray, spread: FloatArray, gain: FloatArray) -> FloatArray:
    """(I - K H) P (I - K H)' + K R' K' with H = (P^-1 C)' and R' = S - H P H'."""
    n, m = cross.shape
    low, _ = cholesky(covariance)
    h = np.empty((m, n))
    for j in range(m):
        h[j] = backward(low, forward(low, cross[:, j].copy()))
    rest = np.eye(n)
    for i in range(n):
        for j in range(n):
            for k in range(m):
                rest[i, j] -= gain[i, k] * h[k, j]
    left = spread - h @ cross
    turned, gain_turned = rest.T.copy(), gain.T.copy()
    out = rest @ covariance @ turned + gain @ left @ gain_turned
    return 0.5 * (out + out.T)
