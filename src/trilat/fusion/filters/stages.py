"""Is it still burning? A bank of one boost filter and of coast filters, one per possible end of burn.

The boost filter (9 states) always runs. While it is believed, a coast filter (7 states: re-entry with drag,
which is a plain coast above the air) is split off from it every `SPLIT_S`: the hypothesis "the thrust ended
within SPLIT_S / 2 of now", whose velocity is therefore vague by the thrust times the spread of that instant.
All filters see the same plots; a filter's weight is multiplied by the likelihood that it gave to each plot
(Bayesian change-point detection; Adams and MacKay 2007). The answer is the moment-matched mixture of the
filters that still count.

- Commit: the coast filters' weight grows by itself when the thrust is gone, and the winner is the one that
  was split off at the right instant, so nothing has to be replayed.
- Revoke: for `STAGING_S` after an end of burn a next stage may ignite at a known rate, later at a very small
  one. That share of the coast filters' weight flows into the boost filter with every step, with their state
  and an unknown thrust: a mixing of one direction (Blom and Bar-Shalom 1988). Mixing in the other, boost into
  coast, is what keeps an IMM from settling, and is not done.
- Settled: when coast is certain and no younger hypothesis exists than SETTLE_S, the coast filters are
  collapsed into one.

A bank is a tuple of arrays (`Bank`); every function gives new ones and never writes to its arguments.
Measured choices and what they cost: docs/decisions/0012.
"""

import math

import numpy as np
from numba import njit

from trilat.fusion.filters.consider import AXES, blend_cross, carry_cross, correct_considering
from trilat.fusion.filters.kalman import judge, mend
from trilat.fusion.filters.motion import STATES_MAX, advance, height, room
from trilat.geo import FloatArray

# Coast hypotheses kept at once.
COASTS_MAX = 12
# Seconds between two of them.
SPLIT_S = 1.5
# The boost filter splits off no more below this weight.
SPLIT_WEIGHT = 0.3
# Share of boosts that end in one second: burns last about a minute or two.
END_RATE_PER_S = 0.02
# Smallest weight of the boost filter.
WEIGHT_MIN = 1e-6
# Rate of ignition of a next stage, 1/s, for so long after an end of burn, s, and after that.
IGNITION_RATE_PER_S = 0.04
STAGING_S = 9.0
LATE_IGNITION_RATE_PER_S = 1e-6
# Coast is taken for possibly ended above this weight; below it, mixing would only blur the boost filter.
IGNITION_WEIGHT = 0.3
# Thrust acceleration of a stage that has just ignited, per axis, m/s^2.
IGNITION_SIGMA_M_PER_S2 = 20.0
# A coast hypothesis below this weight is forgotten.
WEIGHT_DROP = 1e-5
# A filter below this weight is left out of the answer.
WEIGHT_SHOWN = 1e-3
# Seconds without a new hypothesis after which the coast filters become one.
SETTLE_S = 25.0
# Ballistic coefficient of a body of which nothing is known: logarithm of kg/m^2, and its sigma.
LOG_COEFFICIENT = math.log(3000.0)
LOG_COEFFICIENT_SIGMA = 1.0
# Above this height a coast filter whose coefficient has told nothing yet runs with six states, metres.
_SIX_STATES_M = 130_000.0
# Marks in the clock a coast that is not known to follow a burn.
_NO_BURN = -1.0

# Boost mean (9,) and covariance (9, 9); coast means (K, 7) and covariances (K, 7, 7); weights (K + 1,), the
# boost filter's first; clock (K + 1, 2): seconds since the last split and 0, then per coast filter the mean
# (s before now) and variance (s^2) of its end of burn, a variance of -1 where no burn was seen; cross
# (K + 1, 9, m), how each filter's error goes with the constant errors of partners (`consider`), m mostly 0.
Bank = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


def start_bank(mean: FloatArray, covariance: FloatArray, thrust_sigma_m_per_s2: float) -> Bank:
    """A bank from a state (6,) and covariance (6, 6): boost with unknown thrust, and one coast filter."""
    boost = np.zeros(9)
    boost[:6] = mean
    boost_covariance = np.zeros((9, 9))
    boost_covariance[:6, :6] = covariance
    boost_covariance[6:, 6:] = np.eye(3) * thrust_sigma_m_per_s2**2
    coasts = np.zeros((COASTS_MAX, 7))
    coast_covariances = np.zeros((COASTS_MAX, 7, 7))
    coasts[0, :6] = mean
    coasts[0, 6] = LOG_COEFFICIENT
    coast_covariances[0, :6, :6] = covariance
    coast_covariances[0, 6, 6] = LOG_COEFFICIENT_SIGMA**2
    mend(boost_covariance, 9, np.empty((9, 9)))
    mend(coast_covariances[0], 7, np.empty((9, 9)))
    weights = np.zeros(COASTS_MAX + 1)
    weights[:2] = 0.5
    clock = np.zeros((COASTS_MAX + 1, 2))
    clock[1, 1] = _NO_BURN
    cross = np.zeros((COASTS_MAX + 1, STATES_MAX, 0))
    return boost, boost_covariance, coasts, coast_covariances, weights, clock, cross


def considering(bank: Bank, cross: FloatArray | None = None) -> Bank:
    """The bank with three more columns in C, for a constant error of a partner that it has not met yet.

    `cross` (6, 3) is how the error of every filter goes with that error where the state comes from it.
    """
    columns = np.zeros((COASTS_MAX + 1, STATES_MAX, AXES))
    if cross is not None:
        columns[:, :6] = cross
    return (*bank[:6], np.ascontiguousarray(np.concatenate([bank[6], columns], axis=2)))


def raised(bank: Bank, column: int, ratio: float) -> Bank:
    """The bank where the constant error with columns from `column` on is `ratio` times as large as was said.

    What it has done to the filters' own errors, C b, grows with it: P + (ratio^2 - 1) C C'.
    """
    cross = bank[6].copy()
    mine = cross[:, :, column : column + AXES]
    more = (ratio**2 - 1.0) * (mine @ mine.transpose(0, 2, 1))
    mine *= ratio
    return bank[0], bank[1] + more[0], bank[2], bank[3] + more[1:, :7, :7], bank[4], bank[5], cross


def burn_end(bank: Bank) -> tuple[float, float, float]:
    """When the last burn ended: seconds before the bank's instant (mean, sigma), and the weight of that.

    The weight is the probability that the object coasts after a burn that this bank saw; it falls again when
    a next stage ignites, so that a burn that began anew shows as a weight near 0 after one near 1. Without
    any such hypothesis: (0.0, inf, 0.0). Pure; read it from a bank predicted to the instant in question.
    """
    weights, clock = bank[4][1:], bank[5][1:]
    shares = np.where((weights > 0.0) & (clock[:, 1] >= 0.0), weights, 0.0)
    total = float(shares.sum())
    if total <= 0.0:
        return 0.0, math.inf, 0.0
    mean = float(shares @ clock[:, 0]) / total
    variance = float(shares @ (clock[:, 1] + (clock[:, 0] - mean) ** 2)) / total
    return mean, math.sqrt(variance), total


def ballistic_coefficient(bank: Bank) -> tuple[float, float]:
    """Logarithm of the ballistic coefficient in kg/m^2 (mean, sigma), as the coast filters know it.

    Before the body has met air this is what is known of any body: LOG_COEFFICIENT and its sigma.
    """
    shares = bank[4][1:]
    total = float(shares.sum())
    if total <= 0.0:
        return LOG_COEFFICIENT, LOG_COEFFICIENT_SIGMA
    values = bank[2][:, 6]
    mean = float(shares @ values) / total
    variance = float(shares @ (bank[3][:, 6, 6] + (values - mean) ** 2)) / total
    return mean, math.sqrt(variance)


@njit(cache=True)
def _states(mean: FloatArray, covariance: FloatArray) -> int:
    """How many states a coast filter needs: 7 in or near air, or when its coefficient has told something."""
    if height(mean) < _SIX_STATES_M:
        return 7
    for i in range(6):
        if covariance[6, i] != 0.0:
            return 7
    return 6


@njit(cache=True)
def _copy(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    clock: FloatArray,
    cross: FloatArray,
) -> Bank:
    return (
        boost.copy(),
        boost_covariance.copy(),
        coasts.copy(),
        coast_covariances.copy(),
        weights.copy(),
        clock.copy(),
        cross.copy(),
    )


@njit(cache=True)
def predict_bank(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    clock: FloatArray,
    cross: FloatArray,
    seconds: float,
    boost_density: float,
    coast_density: float,
) -> Bank:
    """The bank `seconds` later; densities as in `motion.propagate`."""
    bank = _copy(boost, boost_covariance, coasts, coast_covariances, weights, clock, cross)
    boost, boost_covariance, coasts, coast_covariances, weights, clock, cross = bank
    work = room()
    carry_cross(boost, 9, seconds, cross[0])
    advance(boost, boost_covariance, 9, seconds, boost_density, work)
    mend(boost_covariance, 9, work[1])
    clock[0, 0] += seconds
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            n = _states(coasts[k], coast_covariances[k])
            carry_cross(coasts[k], n, seconds, cross[k + 1])
            advance(coasts[k], coast_covariances[k], n, seconds, coast_density, work)
            mend(coast_covariances[k], n, work[1])
            clock[k + 1, 0] += seconds
    if seconds > 0.0:
        _ignite(boost, boost_covariance, coasts, coast_covariances, weights, clock, cross, seconds)
    return bank


@njit(cache=True)
def _ignite(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    clock: FloatArray,
    cross: FloatArray,
    seconds: float,
) -> None:
    """Lets the share of coasts whose next stage ignites in this time flow into the boost filter, in place."""
    if 1.0 - weights[0] <= IGNITION_WEIGHT:
        return
    shares = np.zeros(COASTS_MAX)
    flow = 0.0
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            rate = IGNITION_RATE_PER_S if clock[k + 1, 0] < STAGING_S else LATE_IGNITION_RATE_PER_S
            # A longer silence than STAGING_S is not all spent at that rate.
            shares[k] = weights[k + 1] * (1.0 - math.exp(-rate * min(seconds, STAGING_S)))
            flow += shares[k]
    mean = np.zeros(9)
    covariance = np.zeros((9, 9))
    _match(coasts, coast_covariances, shares, 6, mean, covariance)
    for i in range(6, 9):
        covariance[i, i] = IGNITION_SIGMA_M_PER_S2**2
    share = flow / (flow + weights[0])
    _ignite_cross(cross, shares, share)
    for k in range(COASTS_MAX):
        weights[k + 1] -= shares[k]
    weights[0] += flow
    # Two components: what burned already, and what ignites, whose thrust is zero within its sigma.
    for i in range(9):
        for j in range(9):
            # In this order, so that it is the same to the bit on both sides of the diagonal.
            spread = (1.0 - share) * ((mean[i] - boost[i]) * (mean[j] - boost[j]))
            kept = (1.0 - share) * boost_covariance[i, j]
            boost_covariance[i, j] = kept + share * (covariance[i, j] + spread)
    for i in range(9):
        boost[i] += share * (mean[i] - boost[i])
    mend(boost_covariance, 9, np.empty((9, 9)))


@njit(cache=True)
def _ignite_cross(cross: FloatArray, shares: FloatArray, share: float) -> None:
    """Mixes C of the coasts that ignite into the boost filter's, in place; their thrust knows of no error."""
    if cross.shape[2] == 0 or share <= 0.0:
        return
    ignited = np.zeros((STATES_MAX, cross.shape[2]))
    blend_cross(cross[1:], shares, 6, ignited)
    for i in range(STATES_MAX):
        for j in range(cross.shape[2]):
            cross[0, i, j] += share * (ignited[i, j] - cross[0, i, j])


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
    work = room()
    nearest, log_density = judge(boost, boost_covariance, 9, kind, values, noise, site, axes, work)
    total = weights[0] * math.exp(max(-700.0, log_density))
    for k in range(COASTS_MAX):
        if weights[k + 1] > WEIGHT_SHOWN:
            distance, log_density = judge(
                coasts[k], coast_covariances[k], 6, kind, values, noise, site, axes, work
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
    clock: FloatArray,
    cross: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    constant_sigma: float,
    column: int,
) -> Bank:
    """The bank after one plot: every filter updated, weights by likelihood, then split, drop, settle.

    `constant_sigma`, metres, is that of a tracklet's constant error, whose columns of C begin at `column`;
    zero where the plot states none.
    """
    bank = _copy(boost, boost_covariance, coasts, coast_covariances, weights, clock, cross)
    boost, boost_covariance, coasts, coast_covariances, weights, clock, cross = bank
    work = room()
    logs = np.full(COASTS_MAX + 1, -np.inf)
    _, log_density = correct_considering(
        boost,
        boost_covariance,
        9,
        kind,
        values,
        noise,
        site,
        axes,
        work,
        cross[0],
        constant_sigma,
        column,
    )
    logs[0] = math.log(weights[0]) + log_density
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            n = _states(coasts[k], coast_covariances[k])
            _, log_density = correct_considering(
                coasts[k],
                coast_covariances[k],
                n,
                kind,
                values,
                noise,
                site,
                axes,
                work,
                cross[k + 1],
                constant_sigma,
                column,
            )
            logs[k + 1] = math.log(weights[k + 1]) + log_density
    _weigh(logs, weights)
    _split(boost, boost_covariance, coasts, coast_covariances, weights, clock, cross)
    if clock[0, 0] > SETTLE_S:
        _settle(coasts, coast_covariances, weights, clock, cross)
    return bank


@njit(cache=True)
def _weigh(logs: FloatArray, weights: FloatArray) -> None:
    """Writes weights that sum to one from logarithms, small coasts dropped and boost never zero.

    A plot that no filter can have given leaves the weights as they are.
    """
    top = -np.inf
    for value in logs:
        top = max(top, value)
    if not -np.inf < top < np.inf:
        return
    for k in range(logs.shape[0]):
        weights[k] = math.exp(logs[k] - top)
    _scale(weights)
    for k in range(1, logs.shape[0]):
        if weights[k] < WEIGHT_DROP:
            weights[k] = 0.0
    weights[0] = max(weights[0], WEIGHT_MIN)
    _scale(weights)


@njit(cache=True)
def _scale(weights: FloatArray) -> None:
    """Makes the weights sum to one."""
    total = 0.0
    for w in weights:
        total += w
    for k in range(weights.shape[0]):
        weights[k] /= total


@njit(cache=True)
def _split(
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    clock: FloatArray,
    cross: FloatArray,
) -> None:
    """Splits a coast filter off the boost filter when it is time, in place.

    Its end of burn lies anywhere within half of SPLIT_S around now: variance SPLIT_S^2 / 12.
    """
    since_s = clock[0, 0]
    if since_s < SPLIT_S or weights[0] < SPLIT_WEIGHT:
        return
    slot = 1
    for k in range(1, COASTS_MAX + 1):
        if weights[k] < weights[slot]:
            slot = k
    share = weights[0] * (1.0 - math.exp(-END_RATE_PER_S * min(since_s, 10.0)))
    weights[slot] = share
    weights[0] -= share
    _scale(weights)
    variance_s2 = min(since_s, 2.0 * SPLIT_S) ** 2 / 12.0
    clock[0, 0] = 0.0
    clock[slot, 0] = 0.0
    clock[slot, 1] = variance_s2
    mean, covariance = coasts[slot - 1], coast_covariances[slot - 1]
    for i in range(7):
        mean[i] = boost[i] if i < 6 else LOG_COEFFICIENT
        for j in range(7):
            covariance[i, j] = boost_covariance[i, j] if i < 6 and j < 6 else 0.0
    covariance[6, 6] = LOG_COEFFICIENT_SIGMA**2
    for i in range(STATES_MAX):
        for j in range(cross.shape[2]):
            cross[slot, i, j] = cross[0, i, j] if i < 6 else 0.0
    for i in range(3, 6):
        for j in range(3, 6):
            thrust2 = boost[i + 3] * boost[j + 3] + boost_covariance[i + 3, j + 3]
            covariance[i, j] += variance_s2 * thrust2
    mend(covariance, 7, np.empty((7, 7)))


@njit(cache=True)
def _settle(
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    clock: FloatArray,
    cross: FloatArray,
) -> None:
    """Collapses the coast filters into the first slot by moment matching, in place."""
    used = 0
    total = 0.0
    seen = 0.0
    first = 0.0
    for k in range(1, COASTS_MAX + 1):
        if weights[k] > 0.0:
            used += 1
            total += weights[k]
            if clock[k, 1] >= 0.0:
                seen += weights[k]
                first += weights[k] * clock[k, 0]
    if used < 2:
        return
    mean = np.empty(7)
    covariance = np.empty((7, 7))
    _match(coasts, coast_covariances, weights[1:], 7, mean, covariance)
    mend(covariance, 7, np.empty((7, 7)))
    blend_cross(cross[1:], weights[1:], 7, cross[1])
    age, variance = clock[1, 0], _NO_BURN
    if seen > 0.5 * total:
        age, variance = first / seen, 0.0
        for k in range(1, COASTS_MAX + 1):
            if weights[k] > 0.0 and clock[k, 1] >= 0.0:
                variance += weights[k] / seen * (clock[k, 1] + (clock[k, 0] - age) ** 2)
    for k in range(1, COASTS_MAX + 1):
        weights[k] = 0.0
    weights[1] = total
    clock[1, 0], clock[1, 1] = age, variance
    coasts[0] = mean
    coast_covariances[0] = covariance


@njit(cache=True)
def _match(
    means: FloatArray,
    covariances: FloatArray,
    weights: FloatArray,
    n: int,
    mean: FloatArray,
    covariance: FloatArray,
) -> None:
    """Writes mean and covariance of the first n states of a mixture; weights need not sum to one."""
    total = 0.0
    for w in weights:
        total += w
    for i in range(n):
        mean[i] = 0.0
        covariance[i, :n] = 0.0
    for k in range(weights.shape[0]):
        share = weights[k] / total
        for i in range(n):
            mean[i] += share * means[k, i]
    for k in range(weights.shape[0]):
        share = weights[k] / total
        if share > 0.0:
            _add_component(means[k], covariances[k], share, n, mean, covariance)


@njit(cache=True)
def _add_component(
    one: FloatArray, its: FloatArray, share: float, n: int, mean: FloatArray, covariance: FloatArray
) -> None:
    """Adds one component's share to the covariance of a mixture whose mean is known."""
    for i in range(n):
        for j in range(n):
            covariance[i, j] += share * (its[i, j] + (one[i] - mean[i]) * (one[j] - mean[j]))


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
    _match(means, covariances, shown, 6, mean, covariance)
    mend(covariance, 6, np.empty((6, 6)))
    return mean, covariance, 1.0 - weights[0]
