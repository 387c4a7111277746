"""Kernels of `bench/exchange.py`: plain filters of a falling object, windows, and networks of fused tracks.

All filters are the library's own `propagate` and `update` in a loop, with known mode (free fall from burnout
on), started from the first plot and a speed of 3 km/s per axis.
"""

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.motion import propagate
from trilat.fusion.sharing.intersection import intersect, joint_basis
from trilat.fusion.sharing.window import information_gain

DENSITY = 1e-7
SPEED_SIGMA = 3000.0
RADAR, TRACKLET = 0, 3
NONE, NAIVE, CAREFUL, INVERSE = 0, 1, 2, 3
WINDOW_SCALE = np.array([1e2, 1e2, 1e2, 1e1, 1e1, 1e1])


@njit(cache=True)
def first_state(kind, values, noise, site, axes):
    """State and covariance from one measurement and 3 km/s per axis."""
    mean = np.zeros(6)
    covariance = np.zeros((6, 6))
    if kind == TRACKLET:
        prior = np.zeros(6)
        prior[:3] = values[:3]
        wide = np.diag(np.array([1e14, 1e14, 1e14, SPEED_SIGMA**2, SPEED_SIGMA**2, SPEED_SIGMA**2]))
        mean, covariance, _, _ = update(prior, wide, TRACKLET, values, noise, site, axes)
        return mean, covariance
    sigmas = np.array(
        [np.sqrt(noise[0, 0]), np.sqrt(noise[1, 1]) * values[0], np.sqrt(noise[2, 2]) * values[0]]
    )
    for i in range(3):
        mean[i] = site[i] + values[0] * axes[0, i]
        covariance[3 + i, 3 + i] = SPEED_SIGMA**2
        for j in range(3):
            for k in range(3):
                covariance[i, j] += axes[k, i] * axes[k, j] * sigmas[k] ** 2
    return mean, covariance


@njit(cache=True)
def step(mean, covariance, seconds, kind, values, noise, site, axes):
    """Carried over `seconds` and updated; `values` (6,) and `noise` (6, 6) hold radar plots in front."""
    mean, covariance = propagate(mean, covariance, seconds, DENSITY)
    size = 6 if kind == TRACKLET else 3
    mean, covariance, _, _ = update(
        mean, covariance, kind, values[:size].copy(), noise[:size, :size].copy(), site, axes
    )
    return mean, covariance


@njit(cache=True)
def follow(times, kinds, values, noises, sites, axes, used, end):
    """State and covariance at `end` by a filter over the measurements that are `used`, in order of time."""
    mean = np.zeros(6)
    covariance = np.zeros((6, 6))
    now = -1.0
    for k in range(times.shape[0]):
        if not used[k] or times[k] > end:
            continue
        if now < 0.0:
            size = 6 if kinds[k] == TRACKLET else 3
            mean, covariance = first_state(
                kinds[k], values[k, :size].copy(), noises[k, :size, :size].copy(), sites[k], axes[k]
            )
        else:
            mean, covariance = step(
                mean, covariance, times[k] - now, kinds[k], values[k], noises[k], sites[k], axes[k]
            )
        now = times[k]
    if now < 0.0:
        return mean, covariance
    return propagate(mean, covariance, end - now, DENSITY)


@njit(cache=True)
def bound(times, truths, values, noises, sites, axes, used, end, end_truth):
    """Covariance at `end` along the true states, no process noise: the Cramer-Rao bound of the plots used."""
    covariance = np.zeros((6, 6))
    state = end_truth
    now = -1.0
    for k in range(times.shape[0]):
        if not used[k] or times[k] > end:
            continue
        if now < 0.0:
            wide = np.diag(np.array([1e14, 1e14, 1e14, SPEED_SIGMA**2, SPEED_SIGMA**2, SPEED_SIGMA**2]))
            covariance = wide
        else:
            _, covariance = propagate(state, covariance, times[k] - now, 0.0)
        state = truths[k].copy()
        _, covariance, _, _ = update(
            state, covariance, RADAR, values[k, :3].copy(), noises[k, :3, :3].copy(), sites[k], axes[k]
        )
        now = times[k]
    _, covariance = propagate(state, covariance, end - now, 0.0)
    return covariance


@njit(cache=True)
def window(mean, now, begin, end, times, kinds, values, variances, sites, axes, sent, spread):
    """Writes mean (6,) and covariance (6, 6) of the tracklet of plots `begin` to `end`; False for none."""
    m, i, _, ahead = information_gain(
        mean,
        times[begin:end] - now,
        kinds[begin:end],
        values[begin:end, :4].copy(),
        variances[begin:end],
        sites[begin:end],
        axes[begin:end],
        DENSITY,
    )
    if not ahead:
        return False
    for a in range(6):
        for b in range(6):
            m[a, b] *= WINDOW_SCALE[a] * WINDOW_SCALE[b]
        m[a, a] += (WINDOW_SCALE[a] / (1e7 if a < 3 else 1e5)) ** 2
    p = np.linalg.inv(m)
    for a in range(6):
        sent[a] = mean[a]
        for b in range(6):
            spread[a, b] = WINDOW_SCALE[a] * 0.5 * (p[a, b] + p[b, a]) * WINDOW_SCALE[b]
            sent[a] += spread[a, b] * i[b]
    return True


@njit(cache=True)
def own_run(times, values, noises, sites, axes, edges):
    """One radar's own filter at each edge, and the tracklet of each window between edges.

    Returns means (k, 6), covariances (k, 6, 6), instants of tracklets (k,), their means and covariances; the
    instant is negative where a window has no plot.
    """
    count = edges.shape[0]
    means, covariances = np.zeros((count, 6)), np.zeros((count, 6, 6))
    sent, spread = np.zeros((count, 6)), np.zeros((count, 6, 6))
    at = np.full(count, -1.0)
    kinds = np.zeros(times.shape[0], dtype=np.int64)
    variances = np.ones((times.shape[0], 4))
    for i in range(3):
        variances[:, i] = noises[:, i, i]
    mean, covariance = np.zeros(6), np.zeros((6, 6))
    now, begin, k = -1.0, 0, 0
    for e in range(count):
        while k < times.shape[0] and times[k] <= edges[e]:
            if now < 0.0:
                mean, covariance = first_state(
                    RADAR, values[k, :3].copy(), noises[k, :3, :3].copy(), sites[k], axes[k]
                )
            else:
                mean, covariance = step(
                    mean, covariance, times[k] - now, RADAR, values[k], noises[k], sites[k], axes[k]
                )
            now = times[k]
            k += 1
        if k > begin and window(
            mean, now, begin, k, times, kinds, values, variances, sites, axes, sent[e], spread[e]
        ):
            at[e] = now
        begin = k
        if now >= 0.0:
            means[e], covariances[e] = propagate(mean, covariance, edges[e] - now, DENSITY)
    return means, covariances, at, sent, spread


@njit(cache=True)
def summed(a_mean, a, b_mean, b):
    """Sum of information, through the joint basis, which survives absurdly small covariances longest."""
    basis, back, lengths, good = joint_basis(a, b)
    if not good:
        return a_mean.copy(), a.copy()
    mean = a_mean.copy()
    covariance = np.zeros((6, 6))
    for k in range(6):
        along = 0.0
        for i in range(6):
            along += back[k, i] * (b_mean[i] - a_mean[i])
        p = 1.0 + 1.0 / lengths[k]
        for i in range(6):
            mean[i] += basis[i, k] * along / (lengths[k] * p)
            for j in range(6):
                covariance[i, j] += basis[i, k] * basis[j, k] / p
    return mean, covariance


@njit(cache=True)
def fused(rule, a_mean, a, b_mean, b):
    """One step of a network: own and a neighbour's estimate become one by a rule."""
    if rule == NAIVE:
        return summed(a_mean, a, b_mean, b)
    mean, covariance, _, good = intersect(a_mean, a, b_mean, b, np.zeros(0), rule == INVERSE)
    if not good:
        return a_mean.copy(), a.copy()
    return mean, covariance


@njit(cache=True)
def many(a_means, a, b_means, b, inverse):
    """Intersects each pair of (n, 6) and (n, 6, 6), and returns something of each: none is left out."""
    total = 0.0
    for k in range(a.shape[0]):
        _, covariance, _, _ = intersect(a_means[k], a[k], b_means[k], b[k], np.zeros(0), inverse)
        total += covariance[0, 0]
    return total


@njit(cache=True)
def network(rule, times, owners, values, noises, sites, axes, edges, copies, judged, reads):
    """Nodes that filter own plots and at each edge fuse their neighbours' fused tracks into their filter.

    Args:
        rule: NONE, NAIVE, CAREFUL or INVERSE.
        times, owners: of all plots in order of time, and the node that each belongs to.
        values, noises, sites, axes: of the plots.
        edges: instants of exchange (k,).
        copies: how often the track of node j reaches node i at each edge (k, n, n).
        judged: the node that is read.
        reads: instants (r,), growing, at which it is read: after the exchange of that instant.

    Returns:
        Means (r, 6) and covariances (r, 6, 6) of the judged node.
    """
    nodes = copies.shape[1]
    means = np.zeros((nodes, 6))
    covariances = np.zeros((nodes, 6, 6))
    now = np.full(nodes, -1.0)
    out = np.zeros((reads.shape[0], 6))
    spread = np.zeros((reads.shape[0], 6, 6))
    plot, edge, read = 0, 0, 0
    while read < reads.shape[0]:
        # What comes first: a plot, an exchange or a reading; at one instant in this order.
        t_plot = times[plot] if plot < times.shape[0] else np.inf
        t_edge = edges[edge] if edge < edges.shape[0] else np.inf
        if t_plot <= t_edge and t_plot <= reads[read]:
            node = owners[plot]
            if now[node] < 0.0:
                means[node], covariances[node] = first_state(
                    RADAR, values[plot, :3].copy(), noises[plot, :3, :3].copy(), sites[plot], axes[plot]
                )
            else:
                means[node], covariances[node] = step(
                    means[node], covariances[node], t_plot - now[node], RADAR,
                    values[plot], noises[plot], sites[plot], axes[plot],
                )  # fmt: skip
            now[node] = t_plot
            plot += 1
        elif t_edge <= reads[read]:
            if rule != NONE:
                _exchange(rule, means, covariances, now, t_edge, copies[edge])
            edge += 1
        else:
            if now[judged] >= 0.0:
                out[read], spread[read] = propagate(
                    means[judged], covariances[judged], reads[read] - now[judged], DENSITY
                )
            read += 1
    return out, spread


@njit(cache=True)
def _exchange(rule, means, covariances, now, t, copies):
    nodes = means.shape[0]
    for node in range(nodes):
        if now[node] >= 0.0:
            means[node], covariances[node] = propagate(means[node], covariances[node], t - now[node], DENSITY)
            now[node] = t
    held = means.copy()
    spread = covariances.copy()
    known = now >= 0.0
    for node in range(nodes):
        for other in range(nodes):
            for _ in range(copies[node, other]):
                if not known[other]:
                    continue
                if now[node] < 0.0:
                    means[node], covariances[node] = held[other], spread[other]
                    now[node] = t
                else:
                    means[node], covariances[node] = fused(
                        rule, means[node], covariances[node], held[other], spread[other]
                    )
