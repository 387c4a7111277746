"""Two estimates whose dependence is not known become one: the kernels of both intersections.

With L L' = A and the axes U of L^-1 B L^-T, the basis T = L U makes both covariances diagonal at once,
A = T T' and B = T diag(d) T', and each rule is a number per axis (information p_i, share s_i of B):

    covariance intersection       p = w + (1 - w)/d                s = (1 - w)/d / p
    inverse intersection          p = 1 + 1/d - 1/(w + (1 - w) d)  s = (1/d - (1 - w)/(w + (1 - w) d)) / p
    fused                         P = T diag(1/p) T'               x = a + T diag(s) T^-1 (b - a)

Both -log det P^-1 and the (weighted) trace of P are convex in w, so the best w is
the zero of the slope: Newton's steps, held in a bracket. References: Julier and Uhlmann, A non-divergent
estimation algorithm in the presence of unknown correlations, ACC 1997; Noack, Sijs, Reinhardt, Hanebeck,
Decentralized data fusion with inverse covariance intersection, Automatica 79 (2017). Arguments are never
written to.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import backward, cholesky
from trilat.geo import FloatArray

# Cyclic sweeps of Jacobi's rotations: six states need six or seven.
_SWEEPS_MAX = 30
# An entry whose square is below this share of its two diagonal entries is zero: rounding.
_OFF_SHARE = 1e-31
# Steps towards the best weight: Newton's need some five, halving alone would need 52.
_STEPS_MAX = 60
_WEIGHT_TOLERANCE = 1e-14


@njit(cache=True)
def eigen(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Axes (n, n) in *rows* and lengths (n,) of a symmetric positive definite matrix, in no order.

    Jacobi's rotations, because they find also the small lengths of a graded matrix well. Reference: Golub and
    Van Loan, Matrix Computations, 4th edition, algorithm 8.5.2; only the upper triangle is kept.
    """
    n = matrix.shape[0]
    a = matrix.copy()
    axes = np.eye(n)
    for _ in range(_SWEEPS_MAX):
        turned = False
        for p in range(n - 1):
            for q in range(p + 1, n):
                if a[p, q] * a[p, q] > _OFF_SHARE * abs(a[p, p] * a[q, q]):
                    _rotate(a, axes, p, q)
                    turned = True
        if not turned:
            break
    lengths = np.empty(n)
    for i in range(n):
        lengths[i] = a[i, i]
    return axes, lengths


@njit(cache=True)
def _rotate(a: FloatArray, axes: FloatArray, p: int, q: int) -> None:
    """Makes a[p, q] zero, p < q; only the upper triangle is read and written."""
    n = a.shape[0]
    entry = a[p, q]
    tau = (a[q, q] - a[p, p]) / (2.0 * entry)
    t = math.copysign(1.0, tau) / (abs(tau) + math.sqrt(1.0 + tau * tau))
    c = 1.0 / math.sqrt(1.0 + t * t)
    s = t * c
    a[p, p] -= t * entry
    a[q, q] += t * entry
    a[p, q] = 0.0
    for k in range(p):
        left, right = a[k, p], a[k, q]
        a[k, p] = c * left - s * right
        a[k, q] = s * left + c * right
    for k in range(p + 1, q):
        left, right = a[p, k], a[k, q]
        a[p, k] = c * left - s * right
        a[k, q] = s * left + c * right
    for k in range(q + 1, n):
        left, right = a[p, k], a[q, k]
        a[p, k] = c * left - s * right
        a[q, k] = s * left + c * right
    for k in range(n):
        left, right = axes[p, k], axes[q, k]
        axes[p, k] = c * left - s * right
        axes[q, k] = s * left + c * right


@njit(cache=True)
def _whitened(low: FloatArray, b: FloatArray) -> FloatArray:
    """L^-1 B L^-T (n, n), exactly symmetric."""
    n = low.shape[0]
    white = np.empty((n, n))
    for j in range(n):
        for i in range(n):
            value = b[i, j]
            for k in range(i):
                value -= low[i, k] * white[k, j]
            white[i, j] = value / low[i, i]
    for i in range(n):
        for j in range(i, n):
            value = white[i, j]
            for k in range(j):
                value -= low[j, k] * white[i, k]
            white[i, j] = value / low[j, j]
        # Row i is done from its diagonal on; symmetry gives what stands left of it to the rows below.
        for j in range(i + 1, n):
            white[j, i] = white[i, j]
    return white


@njit(cache=True)
def joint_basis(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    """T (n, n), its inverse and d (n,) with A = T T' and B = T diag(d) T'; False when that cannot be."""
    n = a.shape[0]
    low, good = cholesky(a)
    if not good:
        return low, low, np.zeros(n), False
    axes, lengths = eigen(_whitened(low, b))
    basis = np.empty((n, n))
    inverse = np.empty((n, n))
    for j in range(n):
        for i in range(n):
            total = 0.0
            for k in range(i + 1):
                total += low[i, k] * axes[j, k]
            basis[i, j] = total
        # Row j of T^-1 = U' L^-1 solves L' y = u_j.
        inverse[j] = backward(low, axes[j])
    for length in lengths:
        good = good and 0.0 < length < np.inf
    return basis, inverse, lengths, good


@njit(cache=True)
def _information(w: float, d: float, inverse: bool) -> tuple[float, float, float]:  # noqa: FBT001  a kernel
    """p, its derivative by w, and the share of B times p, on one axis; the equations are in the module."""
    if inverse:
        q = w + (1.0 - w) * d
        return 1.0 + 1.0 / d - 1.0 / q, (1.0 - d) / (q * q), 1.0 / d - (1.0 - w) / q
    return w + (1.0 - w) / d, 1.0 - 1.0 / d, (1.0 - w) / d


@njit(cache=True)
def _slope(
    w: float,
    lengths: FloatArray,
    sizes: FloatArray,
    inverse: bool,  # noqa: FBT001  a kernel
) -> tuple[float, float]:
    """First and second derivative by w of the trace, or of log det P where `sizes` is empty."""
    first = 0.0
    second = 0.0
    for i in range(lengths.shape[0]):
        d = lengths[i]
        p, change, _ = _information(w, d, inverse)
        bend = 0.0
        if inverse:
            bend = -2.0 * change * (1.0 - d) / (w + (1.0 - w) * d)
        ratio = change / p
        if sizes.shape[0] == 0:
            first -= ratio
            second += ratio * ratio - bend / p
        else:
            first -= sizes[i] * ratio / p
            second += sizes[i] * (2.0 * ratio * ratio - bend / p) / p
    return first, second


@njit(cache=True)
def best_weight(lengths: FloatArray, sizes: FloatArray, inverse: bool) -> float:  # noqa: FBT001  a kernel
    """The w in [0, 1] that makes det P smallest, or with `sizes` (n,) the sum of sizes_i / p_i."""
    if _slope(1.0, lengths, sizes, inverse)[0] <= 0.0:
        return 1.0
    if _slope(0.0, lengths, sizes, inverse)[0] >= 0.0:
        return 0.0
    lower, upper, w = 0.0, 1.0, 0.5
    for _ in range(_STEPS_MAX):
        first, second = _slope(w, lengths, sizes, inverse)
        if first < 0.0:
            lower = w
        else:
            upper = w
        # Newton's step where it stays inside, else the middle: the slope grows with w.
        after = w - first / second if second > 0.0 else lower
        if not lower < after < upper:
            after = 0.5 * (lower + upper)
        moved = abs(after - w)
        w = after
        if moved < _WEIGHT_TOLERANCE:
            break
    return w


@njit(cache=True)
def intersect(
    a_mean: FloatArray,
    a: FloatArray,
    b_mean: FloatArray,
    b: FloatArray,
    trace_weights: FloatArray,
    inverse: bool,  # noqa: FBT001  a kernel
) -> tuple[FloatArray, FloatArray, float, bool]:
    """Mean (n,), covariance (n, n), w, and whether both covariances are positive definite.

    `trace_weights` (n,) weighs the variances of the trace to be made smallest; empty makes the determinant
    smallest. `inverse` chooses inverse covariance intersection.
    """
    n = a.shape[0]
    basis, back, lengths, good = joint_basis(a, b)
    if not good:
        return a_mean.copy(), a.copy(), 1.0, False
    sizes = np.zeros(n if trace_weights.shape[0] == n else 0)
    for j in range(sizes.shape[0]):
        for i in range(n):
            sizes[j] += trace_weights[i] * basis[i, j] ** 2
    w = best_weight(lengths, sizes, inverse)
    mean = a_mean.copy()
    covariance = np.zeros((n, n))
    for k in range(n):
        p, _, share = _information(w, lengths[k], inverse)
        along = 0.0
        for i in range(n):
            along += back[k, i] * (b_mean[i] - a_mean[i])
        for i in range(n):
            mean[i] += basis[i, k] * share / p * along
            for j in range(n):
                covariance[i, j] += basis[i, k] * basis[j, k] / p
    return mean, covariance, w, True


@njit(cache=True)
def subtract(
    total_mean: FloatArray,
    total: FloatArray,
    part_mean: FloatArray,
    part: FloatArray,
    least_gain: float,
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (n,), covariance (n, n) of what `total` holds beyond `part`, and the least d (see the module).

    P^-1 = total^-1 - part^-1. An axis on which that is below `least_gain` of total^-1 gets `least_gain`,
    so that P stays finite. A least d clearly below one says that `part` knows more than `total`: it is no
    part of it; zero says that one of both is not positive definite.
    """
    n = total.shape[0]
    basis, back, lengths, good = joint_basis(total, part)
    mean = total_mean.copy()
    covariance = np.zeros((n, n))
    if not good:
        return mean, covariance, 0.0
    least = np.inf
    for k in range(n):
        least = min(least, lengths[k])
        gain = 1.0 - 1.0 / lengths[k]
        along = 0.0
        if gain > least_gain:
            for i in range(n):
                along += back[k, i] * (total_mean[i] - part_mean[i])
        gain = max(gain, least_gain)
        for i in range(n):
            mean[i] += basis[i, k] * along / (lengths[k] * gain)
            for j in range(n):
                covariance[i, j] += basis[i, k] * basis[j, k] / gain
    return mean, covariance, least
