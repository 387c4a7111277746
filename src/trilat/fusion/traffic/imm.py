"""Two motions at once: nearly constant velocity and the coordinated turn, mixed without bias. Kernels.

The interacting multiple model filter (Blom and Bar-Shalom, IEEE T-AC 33(8), 1988). Its models differ in size:
the straight one has no turn rate. Filling the missing state with zero would pull the turn's rate to zero at
each mixing; here it is filled with the turn model's own mean and variance, so that the rate of the turn
is not biased by the model that knows none (Yuan, Bar-Shalom, Willett and others, "A multiple IMM estimation
approach with unbiased mixing for thrusting projectiles", IEEE T-AES 48(4), 2012).

Of each track: `means` (n, 2, 7), `covariances` (n, 2, 7, 7), `chances` (n, 2); model 0 is straight and leaves
its seventh row and column empty. `combined` gives the mixture as one state for association and output.
"""

import math

import numpy as np

from trilat.fusion.filters.motion import sandwich_in_place
from trilat.fusion.traffic.compiled import inlined, kernel
from trilat.fusion.traffic.motion import TURN_STATES, add_noise, straight, turn
from trilat.fusion.traffic.sensing import SURFACE_RADAR, range_rate, sight
from trilat.geo import FloatArray

_N = TURN_STATES
# Neither model's chance is ever below this: a track could not come back to it.
CHANCE_MIN = 1e-4


@kernel
def mix(means: FloatArray, covariances: FloatArray, chances: FloatArray, switching: FloatArray) -> None:
    """Mixes the two models of every track in place; `switching` (2, 2): from row to column, per scan.

    The turn's rate and its variance, and their covariance with the rest, come from the turn model alone.
    """
    mean = np.empty((2, _N))
    covariance = np.empty((2, _N, _N))
    for i in range(means.shape[0]):
        rate, rate_variance = means[i, 1, 6], covariances[i, 1, 6, 6]
        means[i, 0, 6] = rate
        covariances[i, 0, 6, 6] = rate_variance
        c0, c1 = chances[i, 0], chances[i, 1]
        for model in range(2):
            total = switching[0, model] * c0 + switching[1, model] * c1
            _mixed(means[i], covariances[i], switching[0, model] * c0 / total, mean[model], covariance[model])
            chances[i, model] = total
        for model in range(2):
            for a in range(_N):
                means[i, model, a] = mean[model, a]
                for b in range(_N):
                    covariances[i, model, a, b] = covariance[model, a, b]
        _clear_rate(means[i, 0], covariances[i, 0])


@kernel
def _clear_rate(mean: FloatArray, covariance: FloatArray) -> None:
    mean[6] = 0.0
    for a in range(_N):
        covariance[6, a] = 0.0
        covariance[a, 6] = 0.0


@kernel
def _mixed(
    means: FloatArray, covariances: FloatArray, first: float, mean: FloatArray, covariance: FloatArray
) -> None:
    """Writes the mixture of two models (2, 7), weight `first` for model 0."""
    second = 1.0 - first
    for a in range(_N):
        mean[a] = first * means[0, a] + second * means[1, a]
    for a in range(_N):
        for b in range(a, _N):
            apart = (means[0, a] - means[1, a]) * (means[0, b] - means[1, b])
            both = first * covariances[0, a, b] + second * covariances[1, a, b] + first * second * apart
            covariance[a, b] = both
            covariance[b, a] = both


@kernel
def predict_models(
    means: FloatArray,
    covariances: FloatArray,
    seconds: float,
    straight_density: FloatArray,
    turn_density: FloatArray,
    rate_density: float,
) -> None:
    """Carries both models of every track `seconds` on, in place."""
    jacobian = np.empty((_N, _N))
    left = np.empty((_N, _N))
    mean = np.empty(_N)
    for i in range(means.shape[0]):
        for model in range(2):
            if model == 0:
                straight(means[i, 0], seconds, mean, jacobian)
            else:
                turn(means[i, 1], seconds, mean, jacobian)
            means[i, model] = mean
            sandwich_in_place(jacobian, covariances[i, model], _N, left)
            if model == 0:
                add_noise(covariances[i, 0], seconds, straight_density, 0.0)
            else:
                add_noise(covariances[i, 1], seconds, turn_density, rate_density)


@kernel
def combined(
    means: FloatArray, covariances: FloatArray, chances: FloatArray, mean6: FloatArray, packed: FloatArray
) -> None:
    """Writes each track's mixture as one state (n, 6) and packed covariance (n, 21)."""
    mean = np.empty(_N)
    covariance = np.empty((_N, _N))
    for i in range(means.shape[0]):
        _mixed(means[i], covariances[i], chances[i, 0], mean, covariance)
        for a in range(6):
            mean6[i, a] = mean[a]
        place = 0
        for a in range(3):
            for b in range(a, 3):
                packed[i, place] = covariance[a, b]
                packed[i, 15 + place] = covariance[3 + a, 3 + b]
                place += 1
        for a in range(3):
            for b in range(3):
                packed[i, 6 + 3 * a + b] = covariance[a, 3 + b]


@inlined
def _rows(
    kind: int,
    mean: FloatArray,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    site_velocity: FloatArray,
    axes: FloatArray,
    h: FloatArray,
    nu: FloatArray,
) -> bool:
    """Writes the four whitened rows of plot i: Jacobian (4, 6) and innovation (4,)."""
    p = (mean[0], mean[1], mean[2])
    seen, block, good = sight(kind, p, values, weights, i, site, axes)
    for k in range(3):
        nu[k] = seen[k]
        for j in range(3):
            h[k, j] = block[3 * k + j]
            h[k, 3 + j] = 0.0
    weight = weights[i, 6] if kind <= SURFACE_RADAR else 0.0
    rate, hp, hv = range_rate(p, (mean[3], mean[4], mean[5]), site, site_velocity)
    nu[3] = (values[i, 3] - rate) * weight
    for j in range(3):
        h[3, j] = hp[j] * weight
        h[3, 3 + j] = hv[j] * weight
    return good


@kernel
def update_model(
    kind: int,
    mean: FloatArray,
    covariance: FloatArray,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    site_velocity: FloatArray,
    axes: FloatArray,
    work: FloatArray,
) -> float:
    """Updates one model (7,), (7, 7) with plot i, in place; gives -(d^2 + log det S)/2, -inf if it cannot be.

    Rows one by one (their noise is the unit matrix), each in Joseph's form; the innovations are those of the
    predicted state, so this equals one update by four rows. `work` is (10, 7) of scratch.
    """
    h, nu, gain, ph, shift = work[0:4], work[4], work[5], work[6], work[7]
    if not _rows(kind, mean, values, weights, i, site, site_velocity, axes, h, nu):
        return -np.inf
    for a in range(_N):
        shift[a] = 0.0
    log_density = 0.0
    for row in range(4):
        left = nu[row]
        s = 1.0
        for a in range(_N):
            ph[a] = 0.0
            for b in range(6):
                ph[a] += covariance[a, b] * h[row, b]
        for b in range(6):
            s += h[row, b] * ph[b]
            left -= h[row, b] * shift[b]
        for a in range(_N):
            gain[a] = ph[a] / s
            shift[a] += gain[a] * left
        _joseph(covariance, gain, ph, h[row], work[8])
        log_density -= 0.5 * (left * left / s + math.log(s))
    for a in range(_N):
        mean[a] += shift[a]
    return log_density


@kernel
def _joseph(p: FloatArray, gain: FloatArray, ph: FloatArray, h: FloatArray, again: FloatArray) -> None:
    """P becomes M - (M h - k) k' with M = P - k (P h)'; upper triangle, then its mirror."""
    for a in range(_N):
        for b in range(a, _N):
            p[a, b] -= gain[a] * ph[b]
            p[b, a] = p[a, b]
    for a in range(_N):
        again[a] = -gain[a]
        for b in range(6):
            again[a] += p[a, b] * h[b]
    for a in range(_N):
        for b in range(a, _N):
            p[a, b] -= again[a] * gain[b]
            p[b, a] = p[a, b]
