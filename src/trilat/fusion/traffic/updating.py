"""Tracks after their plots: existence, and the mixture of all that may have happened. Kernels.

With b_0, b_k a track's probabilities of no plot and of plot k (`association`), r its existence and D' what
absence says, the existence afterwards and the probabilities given that the object exists are

    r+ = 1 - b_0 + b_0 r_0      r_0 = r (1 - D') / (1 - r D')      b_0 r_0 / r+,  b_k / r+

(Musicki and Evans 2004, equations of JIPDA; with one hard decision it is their IPDA of 1994 for that plot.)
The state afterwards is the mixture of the states updated with each plot, matched in mean and covariance.
A mixture of positive definite covariances is positive definite.
"""

import numpy as np

from trilat.fusion.traffic import blocks
from trilat.fusion.traffic.compiled import Array, kernel
from trilat.fusion.traffic.imm import CHANCE_MIN, update_model
from trilat.fusion.traffic.kernels import filtered
from trilat.fusion.traffic.motion import TURN_STATES

# A probability nearer to certain than this is taken as certain.
_SURE = 1.0 - 1e-9
# Existence is kept within these, so that no track is beyond doubt or beyond hope.
EXISTENCE_MIN, EXISTENCE_MAX = 1e-6, 1.0 - 1e-6


@kernel
def decided(chosen: Array, counts: Array, weights: Array, betas: Array) -> None:
    """Writes hard decisions as probabilities (n, 1 + C): the chosen plot w / (1 + w), the rest none."""
    for i in range(counts.shape[0]):
        for k in range(counts[i] + 1):
            betas[i, k] = 0.0
        betas[i, 0] = 1.0
        if chosen[i] >= 0:
            w = weights[i, chosen[i]]
            betas[i, 0] = 1.0 / (1.0 + w)
            betas[i, 1 + chosen[i]] = w / (1.0 + w)


@kernel
def fold(counts: Array, missing: Array, hard: int, existence: Array, betas: Array) -> None:
    """Existence after the scan, and `betas` given existence, in place; `hard` 1: these become 0 or 1."""
    for i in range(counts.shape[0]):
        r = existence[i]
        r0 = r * (1.0 - missing[i]) / (1.0 - r * missing[i])
        b0 = betas[i, 0]
        after = 1.0 - b0 + b0 * r0
        existence[i] = min(EXISTENCE_MAX, max(EXISTENCE_MIN, after))
        has_plot = hard == 1 and b0 < 1.0
        betas[i, 0] = 0.0 if has_plot else b0 * r0 / after
        for k in range(1, counts[i] + 1):
            if hard == 1:
                betas[i, k] = 1.0 if betas[i, k] > 0.0 else 0.0
            else:
                betas[i, k] /= after


@kernel
def update(
    kind: int,
    means: Array,
    covariances: Array,
    values: Array,
    weights: Array,
    site: Array,
    site_velocity: Array,
    axes: Array,
    plots: Array,
    counts: Array,
    betas: Array,
) -> None:
    """Updates every track (n, 6), (n, 21) with its plots by their probabilities, in place."""
    sum6, sum21 = np.empty(6), np.empty(blocks.PACKED)
    one6, one21 = np.empty((1, 6)), np.empty((1, blocks.PACKED))
    for i in range(counts.shape[0]):
        if betas[i, 0] >= _SURE or counts[i] == 0:
            continue
        p = (means[i, 0], means[i, 1], means[i, 2])
        v = (means[i, 3], means[i, 4], means[i, 5])
        before = blocks.unpack(covariances, i)
        for a in range(6):
            sum6[a] = 0.0
        for a in range(blocks.PACKED):
            sum21[a] = betas[i, 0] * covariances[i, a]
        for k in range(counts[i]):
            beta = betas[i, 1 + k]
            if beta <= 0.0:
                continue
            q, w, after, _ = filtered(
                kind, p, v, before, values, weights, plots[i, k], site, site_velocity, axes
            )
            for a in range(3):
                one6[0, a] = q[a] - p[a]
                one6[0, 3 + a] = w[a] - v[a]
            blocks.pack(one21, 0, after[0], after[1], after[2])
            _add(beta, one6[0], one21[0], sum6, sum21)
        _close(means[i], covariances[i], sum6, sum21)


@kernel
def _add(beta: float, step: Array, packed: Array, sum6: Array, sum21: Array) -> None:
    for a in range(6):
        sum6[a] += beta * step[a]
    for a in range(blocks.PACKED):
        sum21[a] += beta * (packed[a] + step[blocks.ROWS[a]] * step[blocks.COLUMNS[a]])


@kernel
def _close(mean: Array, packed: Array, sum6: Array, sum21: Array) -> None:
    for a in range(6):
        mean[a] += sum6[a]
    for a in range(blocks.PACKED):
        packed[a] = sum21[a] - sum6[blocks.ROWS[a]] * sum6[blocks.COLUMNS[a]]


_N = TURN_STATES


@kernel
def update_models(
    kind: int,
    means: Array,
    covariances: Array,
    chances: Array,
    values: Array,
    weights: Array,
    site: Array,
    site_velocity: Array,
    axes: Array,
    plots: Array,
    counts: Array,
    betas: Array,
) -> None:
    """As `update` for two models a track: each plot's probability is shared as each model foresaw it."""
    work = np.empty((10, _N))
    one, ones = np.empty((2, _N)), np.empty((2, _N, _N))
    total, totals = np.empty((2, _N)), np.empty((2, _N, _N))
    share, log_density, shared = np.empty(2), np.empty(2), np.empty(2)
    for i in range(counts.shape[0]):
        if betas[i, 0] >= _SURE or counts[i] == 0:
            continue
        total[:] = 0.0
        for model in range(2):
            share[model] = betas[i, 0] * chances[i, model]
            totals[model] = share[model] * covariances[i, model]
        for k in range(counts[i]):
            beta = betas[i, 1 + k]
            if beta <= 0.0:
                continue
            for model in range(2):
                one[model] = means[i, model]
                ones[model] = covariances[i, model]
                log_density[model] = update_model(
                    kind,
                    one[model],
                    ones[model],
                    values,
                    weights,
                    plots[i, k],
                    site,
                    site_velocity,
                    axes,
                    work,
                )
            _shares(chances[i], log_density, shared)
            for model in range(2):
                b = beta * shared[model]
                share[model] += b
                _gather(b, one[model], means[i, model], ones[model], total[model], totals[model])
        for model in range(2):
            _divide(share[model], means[i, model], covariances[i, model], total[model], totals[model])
        first = min(1.0 - CHANCE_MIN, max(CHANCE_MIN, share[0] / (share[0] + share[1])))
        chances[i, 0], chances[i, 1] = first, 1.0 - first


@kernel
def _shares(chances: Array, log_density: Array, shared: Array) -> None:
    """The models' chances (2,) given one plot; at least CHANCE_MIN: no model is left without a state."""
    top = max(log_density[0], log_density[1])
    first = chances[0]
    if top > -np.inf:
        a = chances[0] * np.exp(log_density[0] - top)
        b = chances[1] * np.exp(log_density[1] - top)
        first = a / (a + b)
    first = min(1.0 - CHANCE_MIN, max(CHANCE_MIN, first))
    shared[0], shared[1] = first, 1.0 - first


@kernel
def _gather(
    b: float,
    after: Array,
    before: Array,
    covariance: Array,
    total: Array,
    totals: Array,
) -> None:
    for x in range(_N):
        total[x] += b * (after[x] - before[x])
        for y in range(_N):
            totals[x, y] += b * (covariance[x, y] + (after[x] - before[x]) * (after[y] - before[y]))


@kernel
def _divide(share: float, mean: Array, covariance: Array, total: Array, totals: Array) -> None:
    for x in range(_N):
        mean[x] += total[x] / share
        for y in range(_N):
            covariance[x, y] = totals[x, y] / share - total[x] / share * (total[y] / share)
