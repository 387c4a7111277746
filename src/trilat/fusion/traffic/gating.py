"""Which plots may belong to which track: a grid over the plots, then the exact distance. Kernels.

Plots are put in the square cells of a grid over coordinates in which gates are round enough:

    radar        (r sin A, r cos A) in the sensor's frame, metres
    direction    (sin A, cos A): a circle has no seam
    position     (east, north), metres

A cell is as wide as gives about one cell a plot, and the plots are sorted by cell: to look around a track
costs one search a row of cells. So n tracks and n plots cost n log n as long as gates hold few plots; the
radius looked at is the largest eigenvalue's bound (a trace) of the innovation's covariance, times the gate.
"""

import math

import numpy as np

from trilat.fusion.traffic import blocks
from trilat.fusion.traffic.compiled import Array, inlined, kernel
from trilat.fusion.traffic.kernels import distance
from trilat.fusion.traffic.sensing import DIRECTION, POSITION, SURFACE_RADAR, seen

# Plots that one track may have in its gate; of more, the nearest are kept.
CANDIDATES_MAX = 16


@inlined
def _spot(kind: int, values: Array, i: int) -> tuple[float, float]:
    """The grid's coordinates of plot i."""
    if kind >= POSITION:
        return values[i, 0], values[i, 1]
    r = values[i, 0] if kind <= SURFACE_RADAR else 1.0
    return r * math.sin(values[i, 1]), r * math.cos(values[i, 1])


@kernel
def grid(kind: int, values: Array, spots: Array, keys: Array, shape: Array) -> tuple[float, float, float]:
    """Writes each plot's spot (m, 2) and cell (m,); `shape` (2,) columns and rows; gives origin and width."""
    m = values.shape[0]
    low0, high0, low1, high1 = np.inf, -np.inf, np.inf, -np.inf
    for i in range(m):
        x, y = _spot(kind, values, i)
        spots[i, 0], spots[i, 1] = x, y
        low0, high0 = min(low0, x), max(high0, x)
        low1, high1 = min(low1, y), max(high1, y)
    side = max(1.0, math.sqrt(float(m)))
    width = max(high0 - low0, high1 - low1) / side
    width = width if width > 0.0 else 1.0
    shape[0] = int((high0 - low0) / width) + 1
    shape[1] = int((high1 - low1) / width) + 1
    for i in range(m):
        column = int((spots[i, 0] - low0) / width)
        row = int((spots[i, 1] - low1) / width)
        keys[i] = row * shape[0] + column
    return low0, low1, width


@inlined
def _look(
    kind: int,
    p: blocks.Vector,
    a: blocks.Symmetric,
    noise: Array,
    site: Array,
    axes: Array,
) -> tuple[float, float, float, float, float]:
    """A track's spot, squared sigma there, slant range, sine of elevation; `noise` (3,) of the scan."""
    e, n, u, r, rho = seen(p, site, axes)
    if kind >= POSITION:
        return p[0], p[1], a[0] + a[3] + noise[0], r, u / max(r, 1.0)
    r, rho = max(r, 1.0), max(rho, 1e-6 * r)
    flat = rho / r
    full = blocks.full(a)
    x, y = e / rho, n / rho
    tangent = (
        y * axes[0, 0] - x * axes[1, 0],
        y * axes[0, 1] - x * axes[1, 1],
        y * axes[0, 2] - x * axes[1, 2],
    )
    across = blocks.dot(tangent, blocks.applied(full, tangent)) / (rho * rho)
    fade = max(1.0, noise[2] / flat)
    across += noise[1] * fade * fade
    if kind >= DIRECTION:
        return x, y, across, r, u / r
    line = ((p[0] - site[0]) / r, (p[1] - site[1]) / r, (p[2] - site[2]) / r)
    along = blocks.dot(line, blocks.applied(full, line)) + noise[0]
    return r * x, r * y, along + r * r * across, r, u / r


@inlined
def _insert(plots: Array, scores: Array, i: int, count: int, plot: int, score: float) -> int:
    """Puts a candidate in track i's list, best score first, worst dropped beyond the limit; the new count."""
    place = count
    if count == plots.shape[1]:
        place = count - 1
        if not score > scores[i, place]:
            return count
    while place > 0 and scores[i, place - 1] < score:
        plots[i, place] = plots[i, place - 1]
        scores[i, place] = scores[i, place - 1]
        place -= 1
    plots[i, place] = plot
    scores[i, place] = score
    return int(min(count + 1, plots.shape[1]))


@kernel
def candidates(
    kind: int,
    means: Array,
    covariances: Array,
    values: Array,
    weights: Array,
    logs: Array,
    site: Array,
    site_velocity: Array,
    axes: Array,
    gate: float,
    noise: Array,
    spots: Array,
    order: Array,
    keys: Array,
    shape: Array,
    corner: tuple[float, float, float],
    coverage: Array,
    plots: Array,
    scores: Array,
    counts: Array,
    seen_by: Array,
) -> int:
    """Writes each track's gated plots (n, C), best first, their log likelihood over clutter, their number,
    and whether the track is where the sensor looks. Gives how many candidates were dropped beyond C.

    `order` sorts the plots by `keys`, `keys` is sorted; `coverage` (4,): least and most range, and sine of
    elevation.
    """
    low0, low1, width = corner
    columns, rows = shape[0], shape[1]
    dropped = 0
    for i in range(means.shape[0]):
        p = (means[i, 0], means[i, 1], means[i, 2])
        v = (means[i, 3], means[i, 4], means[i, 5])
        before = blocks.unpack(covariances, i)
        x, y, spread, r, sine = _look(kind, p, before[0], noise, site, axes)
        seen_by[i] = coverage[0] <= r <= coverage[1] and coverage[2] <= sine <= coverage[3]
        counts[i] = 0
        radius = math.sqrt(gate * spread)
        if not math.isfinite(radius):
            continue
        first = max(0.0, math.floor((y - radius - low1) / width))
        last = min(rows - 1.0, math.floor((y + radius - low1) / width))
        left = max(0.0, math.floor((x - radius - low0) / width))
        right = min(columns - 1.0, math.floor((x + radius - low0) / width))
        if first > last or left > right:
            continue
        for row in range(int(first), int(last) + 1):
            begin = np.searchsorted(keys, row * columns + int(left))
            stop = row * columns + int(right)
            for k in range(begin, keys.shape[0]):
                if keys[k] > stop:
                    break
                j = order[k]
                away = (spots[j, 0] - x) ** 2 + (spots[j, 1] - y) ** 2
                if away > radius * radius:
                    continue
                d2, log_det = distance(kind, p, v, before, values, weights, j, site, site_velocity, axes)
                if d2 <= gate:
                    if counts[i] == plots.shape[1]:
                        dropped += 1
                    score = logs[j] - 0.5 * (d2 + log_det)
                    counts[i] = _insert(plots, scores, i, counts[i], j, score)
    return dropped
