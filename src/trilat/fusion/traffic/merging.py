"""Two tracks of one object, and which plot went to which track. Kernels."""

import numpy as np

from trilat.fusion.traffic import blocks
from trilat.fusion.traffic.compiled import Array, kernel


@kernel
def belongs(
    plots: Array,
    counts: Array,
    betas: Array,
    ident: Array,
    taken: Array,
    whose: Array,
) -> None:
    """Writes how much of each plot (m,) belongs to tracks, and the likeliest track of each, -1 for none."""
    best = np.full(taken.shape[0], 0.5)
    for i in range(counts.shape[0]):
        for k in range(counts[i]):
            j = plots[i, k]
            taken[j] += betas[i, 1 + k]
            if betas[i, 1 + k] > best[j]:
                best[j] = betas[i, 1 + k]
                whose[j] = ident[i]
    for j in range(taken.shape[0]):
        taken[j] = min(1.0, taken[j])


@kernel
def _near(means: Array, covariances: Array, i: int, j: int, limit: float) -> bool:
    """Whether position and velocity of two tracks differ by less than `limit` a degree of freedom each."""
    a, _, c = blocks.unpack(covariances, i)
    d, _, f = blocks.unpack(covariances, j)
    p = (means[i, 0] - means[j, 0], means[i, 1] - means[j, 1], means[i, 2] - means[j, 2])
    if not blocks.dot(p, blocks.solved(blocks.factor(blocks.plus_symmetric(a, d)), p)) < 3.0 * limit:
        return False
    v = (means[i, 3] - means[j, 3], means[i, 4] - means[j, 4], means[i, 5] - means[j, 5])
    return blocks.dot(v, blocks.solved(blocks.factor(blocks.plus_symmetric(c, f)), v)) < 3.0 * limit


@kernel
def _own_plot(plots: Array, counts: Array, betas: Array, i: int) -> int:
    for k in range(counts[i]):
        if betas[i, 1 + k] > 0.5:
            return int(plots[i, k])
    return -1


@kernel
def doubles(
    means: Array,
    covariances: Array,
    updates: Array,
    ident: Array,
    plots: Array,
    counts: Array,
    betas: Array,
    limit: float,
    gone: Array,
) -> int:
    """Marks in `gone` (n,) the younger of two tracks that share a plot and are one object; gives how many.

    Two tracks that each have a plot of their own in this scan are two objects.
    """
    most = -1
    for i in range(counts.shape[0]):
        for k in range(counts[i]):
            most = max(most, plots[i, k])
    owner = np.full(most + 1, -1)
    merged = 0
    for i in range(counts.shape[0]):
        if gone[i]:
            continue
        for k in range(counts[i]):
            j = plots[i, k]
            other = owner[j]
            if other < 0 or gone[other]:
                owner[j] = i
                continue
            mine, theirs = _own_plot(plots, counts, betas, i), _own_plot(plots, counts, betas, other)
            if mine >= 0 and theirs >= 0 and mine != theirs:
                continue
            if not _near(means, covariances, i, other, limit):
                continue
            is_younger = updates[i] < updates[other] or (
                updates[i] == updates[other] and ident[i] > ident[other]
            )
            gone[i if is_younger else other] = True
            merged += 1
            if is_younger:
                break
            owner[j] = i
    return merged
