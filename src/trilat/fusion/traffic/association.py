"""Which plot belongs to which track: clusters, global nearest neighbour, joint probabilities. Kernels.

An object gives at most one plot per scan, and a plot comes from at most one object. For each pair in a gate,
with r the existence of the track, D its detection probability, l / c the plot's likelihood over the density
of clutter,

    w_ij = r D l_ij / c / (1 - r D')       (D' is D, or almost 0 where absence says nothing)

- Clusters: tracks that share a plot, directly or through others, are decided together; others alone.
- Global nearest neighbour: the assignment with the largest product of w / w_0, the odds of the plot given
  that the track exists, w_0 = r (1 - D') / (1 - r D') (Blackman and Popoli, Design and Analysis of Modern
  Tracking Systems, 1999, section 6.4). Given that: a new track must get its plots to be believed.
  scipy's assignment is called for clusters of more than one track only.
- Joint probabilistic data association with existence (Musicki and Evans, IEEE T-AES 40(3), 2004): the
  marginal probability of each pair over all joint assignments, exactly by enumeration while a cluster
  has at most `EXACT_MAX` of them, otherwise by loopy belief propagation (Williams and Lau, IEEE T-AES
  50(4), 2014).
"""

import math

import numpy as np
from scipy.optimize import linear_sum_assignment

from trilat.fusion.traffic.compiled import Array, kernel

# Joint assignments of a cluster that are enumerated; beyond, belief propagation.
EXACT_MAX = 2000
# Messages are passed until none changes by more than this, or this often.
_MESSAGE_CHANGE = 1e-9
_MESSAGE_ROUNDS = 300
# Largest log of w: beyond, a pair is certain anyway, and products over a cluster would leave the numbers.
_LOG_MAX = 60.0


@kernel
def odds(
    scores: Array,
    counts: Array,
    existence: Array,
    detection: Array,
    missing: Array,
    weights: Array,
    floor: Array,
) -> None:
    """Writes w (n, C) and w_0 (n,) from the log likelihood ratios; `missing` (n,) is D'."""
    for i in range(counts.shape[0]):
        floor[i] = existence[i] * (1.0 - missing[i]) / (1.0 - existence[i] * missing[i])
        base = math.log(existence[i] * detection[i] / (1.0 - existence[i] * missing[i]))
        for k in range(counts[i]):
            weights[i, k] = math.exp(min(_LOG_MAX, max(-_LOG_MAX, scores[i, k] + base)))


@kernel
def clusters(plots: Array, counts: Array, owner: Array, parent: Array) -> None:
    """Writes the cluster of each track (n,) in `parent`: the lowest track of it; `owner` (m,) is scratch."""
    owner[:] = -1
    for i in range(counts.shape[0]):
        parent[i] = i
    for i in range(counts.shape[0]):
        for k in range(counts[i]):
            j = plots[i, k]
            if owner[j] < 0:
                owner[j] = i
                continue
            a, b = i, owner[j]
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            if a != b:
                parent[max(a, b)] = min(a, b)
    for i in range(counts.shape[0]):
        root = i
        while parent[root] != root:
            root = parent[root]
        parent[i] = root


@kernel
def nearest_alone(
    counts: Array,
    weights: Array,
    floor: Array,
    parent: Array,
    size: Array,
    chosen: Array,
) -> int:
    """Writes the best plot's place (n,) of tracks alone in their cluster, -1 for none; gives how many are
    left to decide together. `size` (n,) becomes each cluster's number of tracks, at its lowest track.
    """
    size[:] = 0
    for i in range(counts.shape[0]):
        size[parent[i]] += 1
    left = 0
    for i in range(counts.shape[0]):
        chosen[i] = -1
        if size[parent[i]] > 1:
            left += 1
        elif counts[i] > 0 and weights[i, 0] > floor[i]:
            # Candidates are sorted by likelihood, and within one track w has the same order.
            chosen[i] = 0
    return left


def nearest(plots: Array, counts: Array, weights: Array, floor: Array, parent: Array) -> Array:
    """Global nearest neighbour: for each track the place of its plot among its candidates (n,), or -1."""
    n = counts.shape[0]
    size, chosen = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    if nearest_alone(counts, weights, floor, parent, size, chosen) == 0:
        return chosen
    together = np.flatnonzero(size[parent] > 1)
    together = together[np.argsort(parent[together], kind="stable")]
    edges = np.flatnonzero(np.diff(parent[together])) + 1
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), together.size], strict=True):
        _assign(together[begin:end], plots, counts, weights, floor, chosen)
    return chosen


def _assign(tracks: Array, plots: Array, counts: Array, weights: Array, floor: Array, chosen: Array) -> None:
    """Decides one cluster: gains are log(w / w_0) where above zero, every track may stay without a plot."""
    columns: dict[int, int] = {}
    gain = np.zeros((tracks.size, int(counts[tracks].sum())))
    place = np.full(gain.shape, -1)
    for row, i in enumerate(tracks.tolist()):
        for k in range(int(counts[i])):
            column = columns.setdefault(int(plots[i, k]), len(columns))
            gain[row, column] = max(0.0, math.log(weights[i, k] / floor[i]))
            place[row, column] = k
    rows, found = linear_sum_assignment(gain, maximize=True)
    for row, column in zip(rows.tolist(), found.tolist(), strict=True):
        if gain[row, column] > 0.0:
            chosen[tracks[row]] = place[row, column]


@kernel
def marginals(
    plots: Array,
    counts: Array,
    weights: Array,
    parent: Array,
    plot_count: int,
    betas: Array,
) -> None:
    """Writes each track's probabilities (n, 1 + C): no plot first, then its candidates; a row sums to 1."""
    n = counts.shape[0]
    order = np.argsort(parent, kind="mergesort")
    used = np.zeros(plot_count, dtype=np.bool_)
    taken = np.zeros((plot_count, 3))
    back = np.ones(weights.shape)
    forth = np.zeros(weights.shape)
    begin = 0
    while begin < n:
        end = begin + 1
        while end < n and parent[order[end]] == parent[order[begin]]:
            end += 1
        tracks = order[begin:end]
        joint = 1.0
        for i in tracks:
            joint *= counts[i] + 1.0
        if tracks.shape[0] == 1:
            _alone(tracks[0], counts, weights, betas)
        elif joint <= EXACT_MAX:
            _enumerate(tracks, plots, counts, weights, used, betas)
        else:
            _believe(tracks, plots, counts, weights, taken, back, forth, betas)
        begin = end


@kernel
def _alone(i: int, counts: Array, weights: Array, betas: Array) -> None:
    top = 1.0
    for k in range(counts[i]):
        top = max(top, weights[i, k])
    betas[i, 0] = 1.0 / top
    for k in range(counts[i]):
        betas[i, 1 + k] = weights[i, k] / top
    _normalise(i, counts, betas)


@kernel
def _normalise(i: int, counts: Array, betas: Array) -> None:
    total = 0.0
    for k in range(counts[i] + 1):
        total += betas[i, k]
    for k in range(counts[i] + 1):
        betas[i, k] /= total


@kernel
def _next_choice(i: int, choice: int, plots: Array, counts: Array, used: Array) -> int:
    """What track i tries after `choice` (-1: nothing yet; 0: no plot; k: candidate k - 1); -1 at the end."""
    if choice > 0:
        used[plots[i, choice - 1]] = False
    choice += 1
    while 0 < choice <= counts[i] and used[plots[i, choice - 1]]:
        choice += 1
    if choice > counts[i]:
        return -1
    if choice > 0:
        used[plots[i, choice - 1]] = True
    return choice


@kernel
def _enumerate(
    tracks: Array,
    plots: Array,
    counts: Array,
    weights: Array,
    used: Array,
    betas: Array,
) -> None:
    """Every joint assignment of a cluster, depth first; each adds its product of w to its pairs."""
    n = tracks.shape[0]
    choice = np.full(n, -1)
    product = np.ones(n + 1)
    top = np.ones(n)
    for t in range(n):
        i = tracks[t]
        for k in range(counts[i]):
            top[t] = max(top[t], weights[i, k])
        for k in range(counts[i] + 1):
            betas[i, k] = 0.0
    depth = 0
    while depth >= 0:
        if depth == n:
            for t in range(n):
                betas[tracks[t], choice[t]] += product[n]
            depth -= 1
            continue
        i = tracks[depth]
        choice[depth] = _next_choice(i, choice[depth], plots, counts, used)
        if choice[depth] < 0:
            depth -= 1
            continue
        w = weights[i, choice[depth] - 1] if choice[depth] > 0 else 1.0
        product[depth + 1] = product[depth] * w / top[depth]
        depth += 1
    for t in range(n):
        _normalise(tracks[t], counts, betas)


@kernel
def _believe(
    tracks: Array,
    plots: Array,
    counts: Array,
    weights: Array,
    taken: Array,
    back: Array,
    forth: Array,
    betas: Array,
) -> None:
    """Loopy belief propagation of a cluster: `forth` from track to plot, `back` from plot to track.

    A sum without one of its terms is never a difference from the whole: messages differ by up to e^60.
    `taken` (m, 3) holds of each plot the largest message, the sum of the others, and whose the largest is.
    """
    for i in tracks:
        for k in range(counts[i]):
            back[i, k] = 1.0
    for _ in range(_MESSAGE_ROUNDS):
        _send(tracks, plots, counts, weights, taken, back, forth)
        change = 0.0
        for i in tracks:
            for k in range(counts[i]):
                top, rest, whose = taken[plots[i, k], 0], taken[plots[i, k], 1], taken[plots[i, k], 2]
                others = rest if whose == i else top + max(0.0, rest - forth[i, k])
                message = 1.0 / (1.0 + others)
                change = max(change, abs(message - back[i, k]))
                back[i, k] = message
        if change < _MESSAGE_CHANGE:
            break
    for i in tracks:
        betas[i, 0] = 1.0
        for k in range(counts[i]):
            betas[i, 1 + k] = weights[i, k] * back[i, k]
        _normalise(i, counts, betas)


@kernel
def _send(
    tracks: Array,
    plots: Array,
    counts: Array,
    weights: Array,
    taken: Array,
    back: Array,
    forth: Array,
) -> None:
    """Messages from tracks to plots, and what each plot gets."""
    for i in tracks:
        for k in range(counts[i]):
            taken[plots[i, k]] = 0.0
    for i in tracks:
        for k in range(counts[i]):
            others = 1.0
            for other in range(counts[i]):
                if other != k:
                    others += weights[i, other] * back[i, other]
            message = weights[i, k] / others
            forth[i, k] = message
            j = plots[i, k]
            if message > taken[j, 0]:
                taken[j, 1] += taken[j, 0]
                taken[j, 0] = message
                taken[j, 2] = i
            else:
                taken[j, 1] += message
