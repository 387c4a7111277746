"""Is it still burning? A bank of one boost filter and of coast filters, one per possible end of burn.

The boost filter (9 states) always runs. While it is believed, a coast filter (6 states) is split off from
it every `SPLIT_S`: the hypothesis "the thrust ended just now". All filters see the same plots; a filter's
weight is multiplied by the likelihood that it gave to each plot (Bayesian change-point detection; Adams and
MacKay 2007, with the bank of Blom and Bar-Shalom 1988 but without their mixing, because a mixed bank never
settles in coast). The answer is the moment-matched mixture of the filters that still count.

- Commit: the coast filters' weight grows by itself when the thrust is gone, and the winner is the one that
  was split off at the right instant, so nothing has to be replayed.
- Revoke: the boost filter keeps a weight of at least WEIGHT_MIN, so a wrong commit is undone by the next
  burn's first plots. Staging gaps of some seconds pass the same way.
- Settled: when coast is certain and no younger hypothesis exists than SETTLE_S, the coast filters are
  collapsed into one.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.kalman import likelihood, update
from trilat.fusion.motion import propagate
from trilat.geo import FloatArray

# Coast hypotheses kept at once.
COASTS_MAX = 12
# Seconds between two of them.
SPLIT_S = 1.5
# The boost filter splits off no more below this weight.
SPLIT_WEIGHT = 0.1
# Share of boosts that end in one second: burns last about a minute or two.
END_RATE_PER_S = 0.02
# Smallest weight of the boost filter, so that re-ignition is noticed.
WEIGHT_MIN = 1e-6
# For so long after the last split a next stage is expected: seconds, and the boost filter's least weight.
STAGING_S = 14.0
IGNITION_SHARE = 0.005
# A coast hypothesis below this weight is forgotten.
WEIGHT_DROP = 1e-5
# A filter below this weight is left out of the answer.
WEIGHT_SHOWN = 1e-3
# Seconds without a new hypothesis after which the coast filters become one.
SETTLE_S = 25.0

Bank = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]


def start_bank(
    mean: FloatArray, covariance: FloatArray, thrust_sigma_m_per_s2: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """A bank from a state (6,) and covariance (6, 6): boost with unknown thrust, and one coast filter.

    Returns boost mean (9,), boost covariance (9, 9), coast means (K, 6), coast covariances (K, 6, 6),
    weights (K + 1,) with the boost filter first, and seconds since the last split.
    """
    boost = np.zeros(9)
    boost[:6] = mean
    boost_covariance = np.zeros((9, 9))
    boost_covariance[:6, :6] = covariance
    for i in range(6, 9):
        boost_covariance[i, i] = thrust_sigma_m_per_s2**2
    coasts = np.zeros((COASTS_MAX, 6))
    coast_covariances = np.zeros((COASTS_MAX, 6, 6))
    weights = np.zeros(COASTS_MAX + 1)
    coasts[0] = mean
    coast_covariances[0] = covariance
    weights[0] = 0.5
    weights[1] = 0.5
    return boost, boost_covariance, coasts, coast_covariances, weights, 0.0


@njit(cache=True)
def _put(
    mean: FloatArray, covariance: FloatArray, means: FloatArray, covariances: FloatArray, place: int
) -> None:
    """Writes position and velocity of a filter into one slot; loops, because they compile fastest."""
    for i in range(6):
        means[place, i] = mean[i]
        for j in range(6):
            covariances[place, i, j] = covariance[i, j]


@njit(cache=True)
def predict_bank(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    since_split_s: float,
    seconds: float,
    boost_density: float,
    coast_density: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """The bank `seconds` later; densities as in `motion.propagate`."""
    new_boost, new_boost_covariance = propagate(boost, boost_covariance, seconds, boost_density)
    new_coasts = coasts.copy()
    new_covariances = coast_covariances.copy()
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            mean, covariance = propagate(coasts[k], coast_covariances[k], seconds, coast_density)
            _put(mean, covariance, new_coasts, new_covariances, k)
    return (
        new_boost,
        new_boost_covariance,
        new_coasts,
        new_covariances,
        weights.copy(),
        since_split_s + seconds,
    )


@njit(cache=True)
def score_bank(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[float, float]:
    """Smallest squared distance to a filter that counts, and log density of the mixture, of one plot."""
    nearest, log_density = likelihood(boost, boost_covariance, kind, values, noise, site, axes)
    total = weights[0] * math.exp(max(-700.0, log_density + 0.0))
    for k in range(COASTS_MAX):
        if weights[k + 1] > WEIGHT_SHOWN:
            distance, log_density = likelihood(
                coasts[k], coast_covariances[k], kind, values, noise, site, axes
            )
            nearest = min(nearest, distance)
            total += weights[k + 1] * math.exp(max(-700.0, log_density))
    return nearest, math.log(max(total, 1e-300))


@njit(cache=True)
def update_bank(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    since_split_s: float,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """The bank after one plot: every filter updated, weights by likelihood, then split, drop, settle."""
    logs = np.empty(COASTS_MAX + 1)
    for k in range(COASTS_MAX + 1):
        logs[k] = -np.inf
    new_boost, new_boost_covariance, _, log_density = update(
        boost, boost_covariance, kind, values, noise, site, axes
    )
    logs[0] = math.log(weights[0]) + log_density
    new_coasts = coasts.copy()
    new_covariances = coast_covariances.copy()
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            mean, covariance, _, log_density = update(
                coasts[k], coast_covariances[k], kind, values, noise, site, axes
            )
            _put(mean, covariance, new_coasts, new_covariances, k)
            logs[k + 1] = math.log(weights[k + 1]) + log_density
    new_weights = _normalised(logs)
    _expect_ignition(new_weights, since_split_s)
    since_split_s = _split(
        new_boost, new_boost_covariance, new_coasts, new_covariances, new_weights, since_split_s
    )
    if since_split_s > SETTLE_S:
        _settle(new_coasts, new_covariances, new_weights)
    return new_boost, new_boost_covariance, new_coasts, new_covariances, new_weights, since_split_s


@njit(cache=True)
def _normalised(logs: FloatArray) -> FloatArray:
    """Weights that sum to one from their logarithms, with small coasts dropped and boost never zero."""
    weights = np.zeros(logs.shape[0])
    top = -np.inf
    for value in logs:
        top = max(top, value)
    if top == -np.inf:
        weights[0] = 1.0
        return weights
    for k in range(logs.shape[0]):
        weights[k] = math.exp(logs[k] - top)
    _scale(weights)
    for k in range(1, logs.shape[0]):
        if weights[k] < WEIGHT_DROP:
            weights[k] = 0.0
    weights[0] = max(weights[0], WEIGHT_MIN)
    _scale(weights)
    return weights


@njit(cache=True)
def _scale(weights: FloatArray) -> None:
    """Makes the weights sum to one."""
    total = 0.0
    for w in weights:
        total += w
    for k in range(weights.shape[0]):
        weights[k] /= total


@njit(cache=True)
def _expect_ignition(weights: FloatArray, since_split_s: float) -> None:
    """Soon after a burn has ended the boost filter keeps a share: the next stage may ignite."""
    if since_split_s < STAGING_S and weights[0] < IGNITION_SHARE:
        share = (1.0 - IGNITION_SHARE) / (1.0 - weights[0])
        for k in range(1, COASTS_MAX + 1):
            weights[k] *= share
        weights[0] = IGNITION_SHARE


@njit(cache=True)
def _split(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    since_split_s: float,
) -> float:
    """Splits a coast filter off the boost filter when it is time; returns seconds since the last split."""
    if since_split_s < SPLIT_S or weights[0] < SPLIT_WEIGHT:
        return since_split_s
    slot = 1
    for k in range(1, COASTS_MAX + 1):
        if weights[k] < weights[slot]:
            slot = k
    share = weights[0] * (1.0 - math.exp(-END_RATE_PER_S * min(since_split_s, 10.0)))
    weights[slot] = share
    weights[0] -= share
    _scale(weights)
    _put(boost, boost_covariance, coasts, coast_covariances, slot - 1)
    return 0.0


@njit(cache=True)
def _settle(coasts: FloatArray, coast_covariances: FloatArray, weights: FloatArray) -> None:
    """Collapses the coast filters into the first slot by moment matching."""
    used = 0
    total = 0.0
    for k in range(1, COASTS_MAX + 1):
        if weights[k] > 0.0:
            used += 1
            total += weights[k]
    if used < 2:
        return
    mean = np.empty(6)
    covariance = np.empty((6, 6))
    _match(coasts, coast_covariances, weights[1:], mean, covariance)
    _put(mean, covariance, coasts, coast_covariances, 0)
    for k in range(1, COASTS_MAX + 1):
        weights[k] = 0.0
    weights[1] = total


@njit(cache=True)
def _match(
    means: FloatArray, covariances: FloatArray, weights: FloatArray, mean: FloatArray, covariance: FloatArray
) -> None:
    """Writes mean (6,) and covariance (6, 6) of a mixture whose weights need not sum to one."""
    total = 0.0
    for w in weights:
        total += w
    for i in range(6):
        mean[i] = 0.0
        for k in range(weights.shape[0]):
            mean[i] += weights[k] / total * means[k, i]
    for i in range(6):
        for j in range(6):
            covariance[i, j] = 0.0
            for k in range(weights.shape[0]):
                spread = (means[k, i] - mean[i]) * (means[k, j] - mean[j])
                covariance[i, j] += weights[k] / total * (covariances[k, i, j] + spread)


@njit(cache=True)
def mixture(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (6,), covariance (6, 6) of all filters that count, and the weight of coast in [0, 1]."""
    means = np.zeros((COASTS_MAX + 1, 6))
    covariances = np.zeros((COASTS_MAX + 1, 6, 6))
    shown = np.zeros(COASTS_MAX + 1)
    for k in range(COASTS_MAX + 1):
        if weights[k] < WEIGHT_SHOWN:
            continue
        shown[k] = weights[k]
        for i in range(6):
            means[k, i] = boost[i] if k == 0 else coasts[k - 1, i]
            for j in range(6):
                covariances[k, i, j] = boost_covariance[i, j] if k == 0 else coast_covariances[k - 1, i, j]
    mean = np.empty(6)
    covariance = np.empty((6, 6))
    _match(means, covariances, shown, mean, covariance)
    return mean, covariance, 1.0 - weights[0]
