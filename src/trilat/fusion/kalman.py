"""One step of the extended Kalman filter: gate distance, likelihood, update. Kernels.

    S = H P H' + R      K = P H' S^-1      x+ = x + K nu      P+ = (I - K H) P (I - K H)' + K R K'

Joseph's form keeps P symmetric and positive definite under rounding. References: Bar-Shalom, Li,
Kirubarajan (2001), sections 5.2.3 and 10.3.3. Arguments are never written to.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.measurement import innovation
from trilat.fusion.motion import sandwich
from trilat.geo import FloatArray

_LOG_TWO_PI = math.log(2.0 * math.pi)


@njit(cache=True)
def cholesky(matrix: FloatArray) -> tuple[FloatArray, bool]:
    """Lower factor L with L L' = matrix (n, n), and whether the matrix is positive definite."""
    n = matrix.shape[0]
    low = np.zeros((n, n))
    for j in range(n):
        total = matrix[j, j]
        for k in range(j):
            total -= low[j, k] * low[j, k]
        if not total > 0.0:
            return low, False
        low[j, j] = math.sqrt(total)
        for i in range(j + 1, n):
            value = matrix[i, j]
            for k in range(j):
                value -= low[i, k] * low[j, k]
            low[i, j] = value / low[j, j]
    return low, True


@njit(cache=True)
def forward(low: FloatArray, right: FloatArray) -> FloatArray:
    """The y (n,) with L y = right."""
    n = low.shape[0]
    y = np.empty(n)
    for i in range(n):
        value = right[i]
        for k in range(i):
            value -= low[i, k] * y[k]
        y[i] = value / low[i, i]
    return y


@njit(cache=True)
def backward(low: FloatArray, right: FloatArray) -> FloatArray:
    """The x (n,) with L' x = right."""
    n = low.shape[0]
    x = np.empty(n)
    for i in range(n - 1, -1, -1):
        value = right[i]
        for k in range(i + 1, n):
            value -= low[k, i] * x[k]
        x[i] = value / low[i, i]
    return x


@njit(cache=True)
def _innovation_factor(
    covariance: FloatArray, h: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray, bool]:
    """P H' (n, m) and the Cholesky factor of S (m, m)."""
    m, n = h.shape
    ph = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            total = 0.0
            for k in range(n):
                total += covariance[i, k] * h[j, k]
            ph[i, j] = total
    s = noise.copy()
    for i in range(m):
        for j in range(m):
            for k in range(n):
                s[i, j] += h[i, k] * ph[k, j]
    low, good = cholesky(s)
    return ph, low, good


@njit(cache=True)
def likelihood(
    mean: FloatArray,
    covariance: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[float, float]:
    """Squared distance nu' S^-1 nu and log density of the innovation; (inf, -inf) when it cannot be."""
    nu, h, ahead = innovation(mean, kind, values, site, axes)
    _, low, good = _innovation_factor(covariance, h, noise)
    if not (ahead and good):
        return np.inf, -np.inf
    return _density(nu, low)


@njit(cache=True)
def _density(nu: FloatArray, low: FloatArray) -> tuple[float, float]:
    y = forward(low, nu)
    distance = 0.0
    log_density = 0.0
    for i in range(nu.shape[0]):
        distance += y[i] * y[i]
        log_density -= math.log(low[i, i]) + 0.5 * _LOG_TWO_PI
    return distance, log_density - 0.5 * distance


@njit(cache=True)
def update(
    mean: FloatArray,
    covariance: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[FloatArray, FloatArray, float, float]:
    """Mean (n,), covariance (n, n), squared distance and log density after one measurement.

    A measurement that cannot be (behind the sensor) leaves the state as it was, with (inf, -inf).
    """
    n = mean.shape[0]
    nu, h, ahead = innovation(mean, kind, values, site, axes)
    ph, low, good = _innovation_factor(covariance, h, noise)
    if not (ahead and good):
        return mean.copy(), covariance.copy(), np.inf, -np.inf
    m = nu.shape[0]
    gain = np.empty((n, m))
    for i in range(n):
        row = backward(low, forward(low, ph[i]))
        for k in range(m):
            gain[i, k] = row[k]
    new_mean = mean.copy()
    rest = np.eye(n)
    for i in range(n):
        for k in range(m):
            new_mean[i] += gain[i, k] * nu[k]
            for j in range(n):
                rest[i, j] -= gain[i, k] * h[k, j]
    new_covariance = sandwich(rest, covariance)
    added = sandwich(gain, noise)
    for i in range(n):
        for j in range(n):
            new_covariance[i, j] += added[i, j]
    distance, log_density = _density(nu, low)
    return new_mean, new_covariance, distance, log_density
