"""One step of the extended Kalman filter: gate distance, likelihood, update. Kernels.

    S = H P H' + R      K = P H' S^-1      x+ = x + K nu      P+ = (I - K H) P (I - K H)' + K R K'

Joseph's form keeps P symmetric and positive definite under rounding. References: Bar-Shalom, Li,
Kirubarajan (2001), sections 5.2.3 and 10.3.3. `correct` and `judge` work in place, in `motion.room()`, and
allocate nothing; `update` and `likelihood` are the same with new arrays.

No measurement depends on a state beyond the sixth, so H has three columns (places) or six, and K H too.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.measurement import KIND_DIRECTION, KIND_RADAR, fill_innovation
from trilat.fusion.filters.motion import room
from trilat.geo import FloatArray

# Least axis of a correlation: some digits above rounding.
_AXIS_MIN = 1e-13
_LOG_TWO_PI = math.log(2.0 * math.pi)


@njit(cache=True)
def factor(matrix: FloatArray, n: int, low: FloatArray, kept: float = 1.0) -> bool:
    """Writes the lower factor L, L L' = matrix (n, n); False when that is not positive definite.

    Of the diagonal only the share `kept` is taken.
    """
    for j in range(n):
        for i in range(j, n):
            value = kept * matrix[i, j] if i == j else matrix[i, j]
            for k in range(j):
                value -= low[i, k] * low[j, k]
            if i == j:
                if not value > 0.0:
                    return False
                low[j, j] = math.sqrt(value)
            else:
                low[i, j] = value / low[j, j]
                low[j, i] = 0.0
    return True


@njit(cache=True)
def is_sound(mean: FloatArray, covariance: FloatArray) -> bool:
    """Whether a state (6,) is finite and its covariance (6, 6) positive definite, by more than rounding.

    It is what `mend` leaves: every axis of the correlation longer than 1e-13.
    """
    for i in range(6):
        if not (math.isfinite(mean[i]) and covariance[i, i] > 0.0 and math.isfinite(covariance[i, i])):
            return False
    return factor(covariance, 6, np.empty((6, 6)), 1.0 - _AXIS_MIN)


@njit(cache=True)
def mend(matrix: FloatArray, n: int, low: FloatArray) -> None:
    """Makes a covariance (n, n) safely positive definite, in place; nearly always it is, and stays as it is.

    Sigmas of nanoradians beside sigmas of kilometres leave no room in a float for the smallest axis. Then all
    variances grow by the smallest share, 1e-12 and on in steps of ten, that leaves every axis of the
    correlation longer than 1e-13. `low` is overwritten.
    """
    share = 1e-12
    while share < 1.0 and not factor(matrix, n, low, 1.0 - _AXIS_MIN):
        for i in range(n):
            matrix[i, i] += share * matrix[i, i]
        share *= 10.0


@njit(cache=True)
def cholesky(matrix: FloatArray) -> tuple[FloatArray, bool]:
    """Lower factor L with L L' = matrix (n, n), and whether the matrix is positive definite."""
    low = np.zeros(matrix.shape)
    good = factor(matrix, matrix.shape[0], low)
    return low, good


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
def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """A B (n, p) of small matrices."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@njit(cache=True)
def _columns(kind: int) -> int:
    """How many columns of H are not zero."""
    return 3 if kind in (KIND_RADAR, KIND_DIRECTION) else 6


@njit(cache=True)
def judge(
    mean: FloatArray,
    covariance: FloatArray,
    n: int,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    work: FloatArray,
) -> tuple[float, float]:
    """Squared distance nu' S^-1 nu and log density of the innovation; (inf, -inf) when it cannot be.

    Leaves in `work` nu (work[0, 0]), L^-1 nu (work[0, 1]), H (work[1]), P H' (work[2]) and L (work[4]), with
    L L' = S; only the first `n` states of the arrays are looked at.
    """
    m = values.shape[0]
    nu, y, h, s, low = work[0, 0], work[0, 1], work[1], work[3], work[4]
    if not fill_innovation(mean, kind, values, site, axes, nu, h):
        return np.inf, -np.inf
    _spread(covariance, n, m, _columns(kind), noise, work)
    if not factor(s, m, low):
        return np.inf, -np.inf
    distance = 0.0
    log_density = 0.0
    for i in range(m):
        value = nu[i]
        for k in range(i):
            value -= low[i, k] * y[k]
        y[i] = value / low[i, i]
        distance += y[i] * y[i]
        log_density -= math.log(low[i, i]) + 0.5 * _LOG_TWO_PI
    return distance, log_density - 0.5 * distance


@njit(cache=True)
def _spread(covariance: FloatArray, n: int, m: int, wide: int, noise: FloatArray, work: FloatArray) -> None:
    """Writes P H' (n, m) to work[2] and the lower half of S (m, m) to work[3], with H in work[1]."""
    h, ph, s = work[1], work[2], work[3]
    for i in range(n):
        for j in range(m):
            total = 0.0
            for k in range(wide):
                total += covariance[i, k] * h[j, k]
            ph[i, j] = total
    for i in range(m):
        for j in range(i + 1):
            total = noise[i, j]
            for k in range(wide):
                total += h[i, k] * ph[k, j]
            s[i, j] = total


@njit(cache=True)
def correct(
    mean: FloatArray,
    covariance: FloatArray,
    n: int,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    work: FloatArray,
) -> tuple[float, float]:
    """Updates the first `n` states in place with one measurement; squared distance and log density.

    A measurement that cannot be (behind the sensor) leaves the state as it was, with (inf, -inf).
    """
    distance, log_density = judge(mean, covariance, n, kind, values, noise, site, axes, work)
    if not distance < np.inf:
        return np.inf, -np.inf
    m = values.shape[0]
    gain = work[5]
    nu, ph, low = work[0, 0], work[2], work[4]
    for i in range(n):
        for k in range(m):
            value = ph[i, k]
            for j in range(k):
                value -= low[k, j] * gain[i, j]
            gain[i, k] = value / low[k, k]
        for k in range(m - 1, -1, -1):
            value = gain[i, k]
            for j in range(k + 1, m):
                value -= low[j, k] * gain[i, j]
            gain[i, k] = value / low[k, k]
            mean[i] += gain[i, k] * nu[k]
    _joseph(covariance, n, m, _columns(kind), noise, work)
    mend(covariance, n, work[1])
    return distance, log_density


@njit(cache=True)
def _joseph(covariance: FloatArray, n: int, m: int, wide: int, noise: FloatArray, work: FloatArray) -> None:
    """Replaces P by (I - K H) P (I - K H)' + K R K', with H in work[1] and K in work[5]."""
    h, rest, product, spread, gain = work[1], work[2], work[3], work[4], work[5]
    for i in range(n):
        for j in range(wide):
            rest[i, j] = (1.0 if i == j else 0.0) - _dot(gain[i], h[:, j], m)
        for j in range(m):
            spread[i, j] = _dot(gain[i], noise[:, j], m)
    for i in range(n):
        for j in range(n):
            product[i, j] = _dot(rest[i], covariance[:, j], wide) + (covariance[i, j] if i >= wide else 0.0)
    for i in range(n):
        for j in range(i + 1):
            total = _dot(product[i], rest[j], wide) + (product[i, j] if j >= wide else 0.0)
            covariance[i, j] = total + _dot(spread[i], gain[j], m)
            covariance[j, i] = covariance[i, j]


@njit(cache=True)
def _dot(a: FloatArray, b: FloatArray, n: int) -> float:
    """Sum of a_k b_k over the first n."""
    total = 0.0
    for k in range(n):
        total += a[k] * b[k]
    return total


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
    return judge(mean, covariance, mean.shape[0], kind, values, noise, site, axes, room())


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
    x, p = mean.copy(), covariance.copy()
    distance, log_density = correct(x, p, mean.shape[0], kind, values, noise, site, axes, room())
    return x, p, distance, log_density
