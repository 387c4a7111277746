"""Constant errors of partners' tracklets, considered and not estimated: the Schmidt-Kalman filter. Kernels.

A partner states that its tracklets z = x + s b + v of an object have an error s b that is the same in all of
them (s in metres, one sigma; b three independent standard normals, one triple per partner and object) beside
the error v that is new in each. b is not estimated: it stays N(0, I) for ever. What the filter keeps is
how far its own error e = x - x_hat goes with it, C = E[e b'] (n, m), m = 3 for each partner that states one:

    J = [s I; 0] in the partner's columns        S = P + C J' + J C' + J J' + R       K = (P + C J') S^-1
    P+ = (I - K) P (I - K)' - (I - K) C J' K' - K J C' (I - K)' + K (J J' + R) K'
    C+ = C - K (C + J)               any other plot: C+ = (I - K H) C            in time: C+ = Phi C

So repeats cannot shrink what they have in common, and the gain knows it. P is the whole covariance, constant
errors included: whoever reads a state need know nothing of this. With m = 0 nothing here does anything, and
the filters' bits are those of `kalman.correct`.

R is the covariance of v *and of s b once more*. The rounding of a fast object is new in each tracklet though
it is stated as constant, and a partner with two sensors has two constants. Of k errors of one variance of
which an unknown share a is common, the covariance a 11' + (1 - a) I is at most 11' + I: both in full cover
every share. It was measured to cost nothing where the error is constant (docs/decisions/0017).

s does not change within three columns: a figure may fall in steps while the error stays, and with two figures
in J the filter would believe that it can tell b from them. Another figure has columns of its own (`track`).

Innovations of such tracklets are not independent, as b is never learned; see `WEIGHED_SIGMAS`.

References: Schmidt, Application of State-Space Methods to Navigation Problems, Advances in Control Systems 3
(1966); Jazwinski, Stochastic Processes and Filtering Theory (1970), section 8.4; Novoselov, Herman, Gadaleta,
Poore, Mitigating the effects of residual biases with Schmidt-Kalman filtering, Information Fusion 2005.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import backward, correct, factor, forward, mend, product
from trilat.fusion.filters.measurement import KIND_EQUIVALENT, fill_innovation
from trilat.fusion.filters.motion import STATES_MAX, inner_step, step, transition
from trilat.geo import FloatArray

# Considered numbers per partner: an offset of the position on each axis of ECEF.
AXES = 3
# The weights of a bank multiply densities as if innovations were independent. One offset, seen again and
# again, would so speak for whichever filter is vaguer; taken this many sigmas wide, one within them cannot.
WEIGHED_SIGMAS = 3.0
_SIX = 6
_LOG_TWO_PI = math.log(2.0 * math.pi)


@njit(cache=True)
def carry_cross(mean: FloatArray, n: int, seconds: float, cross: FloatArray) -> None:
    """Moves C (at least n, m) by `seconds` in place: Phi C along the way of `mean`, which is not changed."""
    if cross.shape[1] == 0:
        return
    x = mean[:n].copy()
    rows = np.empty((3, STATES_MAX))
    left = seconds
    while left != 0.0:
        h = inner_step(x, n, left)
        left = left - h if abs(left) > abs(h) else 0.0
        cross[:n] = product(transition(x, h), cross[:n])
        step(x, n, h, rows)


@njit(cache=True)
def blend_cross(crosses: FloatArray, shares: FloatArray, n: int, out: FloatArray) -> None:
    """Writes to the first n rows of `out` the C of a mixture: crosses (K, at least n, m), shares (K,).

    All components think the same of b, so their means add nothing to E[e b'].
    """
    blend, total = np.zeros((n, crosses.shape[2])), 0.0
    for k in range(shares.shape[0]):
        blend += shares[k] * crosses[k, :n]
        total += shares[k]
    out[:n] = blend / total


@njit(cache=True)
def correct_considering(
    mean: FloatArray,
    covariance: FloatArray,
    n: int,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    work: FloatArray,
    cross: FloatArray,
    constant_sigma: float,
    column: int,
) -> tuple[float, float]:
    """As `kalman.correct`, with C (at least n, m) kept true, in place.

    With `constant_sigma`, metres, a tracklet has the constant error whose three columns begin at `column`;
    the density is then one for weighing filters (`WEIGHED_SIGMAS`).
    """
    if cross.shape[1] == 0:
        return correct(mean, covariance, n, kind, values, noise, site, axes, work)
    if constant_sigma > 0.0 and kind == KIND_EQUIVALENT:
        return _correct_constant(mean, covariance, n, values, noise, cross, constant_sigma, column, work)
    m = values.shape[0]
    nu, h = np.zeros(_SIX), np.zeros((_SIX, _SIX))
    fill_innovation(mean, kind, values, site, axes, nu, h)
    distance, log_density = correct(mean, covariance, n, kind, values, noise, site, axes, work)
    if distance < np.inf:
        # The gain is in work[5].
        cross[:n] -= product(work[5, :n, :m], product(h[:m], cross[:_SIX]))
    return distance, log_density


@njit(cache=True)
def _correct_constant(
    mean: FloatArray,
    covariance: FloatArray,
    n: int,
    values: FloatArray,
    noise: FloatArray,
    cross: FloatArray,
    sigma: float,
    column: int,
    work: FloatArray,
) -> tuple[float, float]:
    """One tracklet with a constant error; the equations are in the module."""
    p, shared, whole = covariance[:n, :n].copy(), np.zeros((n, _SIX)), noise.copy()
    shared[:, :AXES] = sigma * cross[:n, column : column + AXES]
    for i in range(AXES):
        whole[i, i] += sigma * sigma
    seen = p[:, :_SIX] + shared
    spread = seen[:_SIX] + shared[:_SIX].T + whole
    low = np.empty((_SIX, _SIX))
    if not factor(spread, _SIX, low):
        return np.inf, -np.inf
    nu = values - mean[:_SIX]
    distance = _squared(forward(low, nu))
    gain = np.empty((n, _SIX))
    for i in range(n):
        gain[i] = backward(low, forward(low, seen[i]))
        for k in range(_SIX):
            mean[i] += gain[i, k] * nu[k]
    _lower_covariance(covariance, p, gain, shared, whole)
    mend(covariance, n, work[1])
    turned = cross[:_SIX].copy()
    for i in range(AXES):
        turned[i, column + i] += sigma
    cross[:n] -= product(gain, turned)
    return distance, _log_density(spread, nu, sigma)


@njit(cache=True)
def _log_density(spread: FloatArray, nu: FloatArray, sigma: float) -> float:
    """Log density of an innovation with the constant error taken WEIGHED_SIGMAS times as wide."""
    wide, low = spread.copy(), np.empty((_SIX, _SIX))
    for i in range(AXES):
        wide[i, i] += (WEIGHED_SIGMAS**2 - 1.0) * sigma * sigma
    factor(wide, _SIX, low)
    total = -0.5 * _SIX * _LOG_TWO_PI - 0.5 * _squared(forward(low, nu))
    for i in range(_SIX):
        total -= math.log(low[i, i])
    return total


@njit(cache=True)
def _squared(y: FloatArray) -> float:
    total = 0.0
    for value in y:
        total += value * value
    return total


@njit(cache=True)
def _lower_covariance(
    covariance: FloatArray, p: FloatArray, gain: FloatArray, shared: FloatArray, whole: FloatArray
) -> None:
    """Writes P (n, n) after the gain to `covariance`, in Joseph's form, exactly symmetric.

    P+ = A P A' - A D K' - K D' A' + K W K', with A = I - K H, D = C J' and W = J J' + R.
    """
    n = p.shape[0]
    rest = np.eye(n)
    rest[:, :_SIX] -= gain
    kept = product(rest, p)
    common = product(rest, shared)
    added = product(gain, whole) - common
    left = product(kept, rest.T) + product(added, gain.T) - product(gain, common.T)
    for i in range(n):
        for j in range(i + 1):
            covariance[i, j] = left[i, j]
            covariance[j, i] = left[i, j]
