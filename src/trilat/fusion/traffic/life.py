"""The life of a track: where it is kept, how it starts from a plot, when it ends, what it remembers.

`Tracks` is a table of columns: one row a live track, all rows at one instant. Ends move the last rows into
the gaps, so a row is no identity: `ident` is, and is never given twice. Columns double when they are full.

A track starts from one plot: position and its covariance from the plot, velocity zero within the settings'
speed sigmas, range rate applied at once where there is one; height from the settings where the sensor has
none.
"""

import numpy as np
import numpy.typing as npt

from trilat.fusion.traffic import blocks
from trilat.fusion.traffic.compiled import Array, kernel
from trilat.fusion.traffic.kernels import rate_updated
from trilat.fusion.traffic.motion import TURN_STATES
from trilat.fusion.traffic.sensing import POSITION, RADAR, SURFACE_POSITION, SURFACE_RADAR, range_rate

# Columns of a remembered state: seconds since the track's start, position, velocity.
REMEMBERED = 7


class Tracks:
    """The live tracks as columns; only the first `count` rows of each array count."""

    def __init__(self, remembered: int, *, has_models: bool) -> None:
        """No tracks yet; `remembered` states of each will be kept."""
        self.count = 0
        self.remembered = remembered
        self.has_models = has_models
        self.columns: dict[str, Array] = {}
        self._make(64)

    def _make(self, rows: int) -> None:
        n = TURN_STATES
        shapes: dict[str, tuple[tuple[int, ...], npt.DTypeLike]] = {
            "mean": ((6,), np.float64),
            "covariance": ((blocks.PACKED,), np.float64),
            "existence": ((), np.float64),
            "ident": ((), np.int64),
            "updates": ((), np.int64),
            "first_ns": ((), np.int64),
            "last_ns": ((), np.int64),
            "confirmed": ((), np.bool_),
            "history": ((self.remembered, REMEMBERED), np.float64),
        }
        if self.has_models:
            shapes["means"] = ((2, n), np.float64)
            shapes["covariances"] = ((2, n, n), np.float64)
            shapes["chances"] = ((2,), np.float64)
        for name, (shape, kind) in shapes.items():
            column: Array = np.zeros((rows, *shape), dtype=kind)
            if name in self.columns:
                column[: self.count] = self.columns[name][: self.count]
            self.columns[name] = column

    def live(self, name: str) -> Array:
        """The rows of a column that count, a view."""
        return self.columns[name][: self.count]

    def room_for(self, more: int) -> None:
        """Makes room for `more` rows."""
        rows = self.columns["ident"].shape[0]
        while rows < self.count + more:
            rows *= 2
        if rows > self.columns["ident"].shape[0]:
            self._make(rows)

    def drop(self, rows: Array) -> None:
        """Ends the tracks in the given rows (ascending): the last live rows take their places."""
        left = self.count - rows.size
        places = rows[rows < left]
        movers = np.setdiff1d(np.arange(left, self.count), rows, assume_unique=True)
        for column in self.columns.values():
            column[places] = column[movers]
        self.count = left


@kernel
def start(
    kind: int,
    values: Array,
    weights: Array,
    chosen: Array,
    site: Array,
    site_velocity: Array,
    axes: Array,
    prior: Array,
    means: Array,
    covariances: Array,
) -> None:
    """Writes states (k, 6) and packed covariances (k, 21) of tracks started from the `chosen` plots (k,).

    `prior` (4,): speed sigma level and vertical (m/s), height and its sigma (m) where the plot has none.
    """
    level, climb = prior[0] * prior[0], prior[1] * prior[1]
    for row in range(chosen.shape[0]):
        j = chosen[row]
        if kind >= POSITION:
            p, a = _from_position(kind, values, weights, j, prior)
        else:
            p, a = _from_radar(kind, values, weights, j, site, axes, prior)
        v = (0.0, 0.0, 0.0)
        state = (a, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (level, 0.0, 0.0, level, 0.0, climb))
        weight = weights[j, 6]
        if kind <= SURFACE_RADAR and weight > 0.0:
            rate, hp, hv = range_rate(p, v, site, site_velocity)
            nu = (values[j, 3] - rate) * weight
            dp, dv, state, _ = rate_updated(state, blocks.scaled(hp, weight), blocks.scaled(hv, weight), nu)
            p, v = blocks.plus_vector(p, dp), blocks.plus_vector(v, dv)
        for k in range(3):
            means[row, k] = p[k]
            means[row, 3 + k] = v[k]
        blocks.pack(covariances, row, state[0], state[1], state[2])


@kernel
def _from_position(
    kind: int, values: Array, weights: Array, j: int, prior: Array
) -> tuple[blocks.Vector, blocks.Symmetric]:
    """Position and covariance R = L L', L the inverse of the plot's lower triangle."""
    w = weights
    l00, l11 = 1.0 / w[j, 0], 1.0 / w[j, 2]
    l10 = -w[j, 1] * l00 * l11
    if kind == SURFACE_POSITION:
        up, spread = prior[2], prior[3] * prior[3]
        block = (l00 * l00, l00 * l10, 0.0, l10 * l10 + l11 * l11, 0.0, spread)
        return (values[j, 0], values[j, 1], up), block
    l22 = 1.0 / w[j, 5]
    l20 = -(w[j, 3] * l00 + w[j, 4] * l10) * l22
    l21 = -w[j, 4] * l11 * l22
    block = (
        l00 * l00,
        l00 * l10,
        l00 * l20,
        l10 * l10 + l11 * l11,
        l10 * l20 + l11 * l21,
        l20 * l20 + l21 * l21 + l22 * l22,
    )
    return (values[j, 0], values[j, 1], values[j, 2]), block


@kernel
def _from_radar(
    kind: int,
    values: Array,
    weights: Array,
    j: int,
    site: Array,
    axes: Array,
    prior: Array,
) -> tuple[blocks.Vector, blocks.Symmetric]:
    """Position and covariance of a polar plot: errors along, across and up, turned to the frame."""
    r, azimuth = values[j, 0], values[j, 1]
    if kind == RADAR:
        elevation, up_sigma = values[j, 2], r / weights[j, 2]
    else:
        elevation = np.arcsin(min(0.99, max(-0.99, (prior[2] - site[2]) / r)))
        up_sigma = prior[3]
    se, ce = np.sin(elevation), np.cos(elevation)
    sa, ca = np.sin(azimuth), np.cos(azimuth)
    # The floor is that of the azimuth row near the zenith.
    across_sigma = r * max(ce, weights[j, 3]) / weights[j, 1]
    local = np.array([[ce * sa, ca, -se * sa], [ce * ca, -sa, -se * ca], [se, 0.0, ce]])
    if kind == SURFACE_RADAR:
        local = np.array([[sa, ca, 0.0], [ca, -sa, 0.0], [0.0, 0.0, 1.0]])
    sigmas = (1.0 / weights[j, 0], across_sigma, up_sigma)
    turned = np.zeros((3, 3))
    place = np.zeros(3)
    toward = (ce * sa, ce * ca, se)
    for a in range(3):
        place[a] = site[a]
        for b in range(3):
            place[a] += axes[b, a] * r * toward[b]
            for c in range(3):
                turned[a, b] += axes[c, a] * local[c, b]
            turned[a, b] *= sigmas[b]
    block = (
        turned[0, 0] ** 2 + turned[0, 1] ** 2 + turned[0, 2] ** 2,
        turned[0, 0] * turned[1, 0] + turned[0, 1] * turned[1, 1] + turned[0, 2] * turned[1, 2],
        turned[0, 0] * turned[2, 0] + turned[0, 1] * turned[2, 1] + turned[0, 2] * turned[2, 2],
        turned[1, 0] ** 2 + turned[1, 1] ** 2 + turned[1, 2] ** 2,
        turned[1, 0] * turned[2, 0] + turned[1, 1] * turned[2, 1] + turned[1, 2] * turned[2, 2],
        turned[2, 0] ** 2 + turned[2, 1] ** 2 + turned[2, 2] ** 2,
    )
    return (place[0], place[1], place[2]), block


@kernel
def ended(
    existence: Array,
    confirmed: Array,
    covariances: Array,
    updates: Array,
    last_ns: Array,
    limits: Array,
    time_ns: int,
    gone: Array,
) -> int:
    """Confirms what has earned it and marks in `gone` (n,) what has ended; gives the number newly confirmed.

    `limits` (8,): existence and updates to confirm; existence below which a confirmed and a tentative track
    ends; nanoseconds without a plot for each; largest position variance (m^2), tentative variance (m^2).
    """
    confirmations = 0
    for i in range(existence.shape[0]):
        if not confirmed[i] and existence[i] >= limits[0] and updates[i] >= limits[1]:
            confirmed[i] = True
            confirmations += 1
        kind = 0 if confirmed[i] else 1
        quiet = time_ns - last_ns[i]
        spread = covariances[i, 0] + covariances[i, 3] + covariances[i, 5]
        ends = existence[i] < limits[2 + kind] or quiet > limits[4 + kind]
        sound = covariances[i, 0] > 0.0 and covariances[i, 15] > 0.0
        gone[i] = ends or not sound or not spread <= limits[6 + kind]
    return confirmations


@kernel
def remember(
    means: Array,
    betas: Array,
    first_ns: Array,
    time_ns: int,
    updates: Array,
    last_ns: Array,
    history: Array,
) -> None:
    """Counts and writes down the tracks that have most likely got a plot: a ring of states each."""
    for i in range(means.shape[0]):
        if betas[i, 0] >= 0.5:
            continue
        place = updates[i] % history.shape[1]
        history[i, place, 0] = (time_ns - first_ns[i]) / 1e9
        for a in range(6):
            history[i, place, 1 + a] = means[i, a]
        updates[i] += 1
        last_ns[i] = time_ns


@kernel
def start_models(
    mean: Array,
    packed: Array,
    rate_sigma: float,
    means: Array,
    covariances: Array,
    chances: Array,
) -> None:
    """Writes both models (k, 2, 7) of started tracks: the same state, turn rate zero within its sigma."""
    for i in range(mean.shape[0]):
        for model in range(2):
            for a in range(TURN_STATES):
                means[i, model, a] = mean[i, a] if a < 6 else 0.0
                for b in range(TURN_STATES):
                    covariances[i, model, a, b] = 0.0
            for place in range(blocks.PACKED):
                a, b = blocks.ROWS[place], blocks.COLUMNS[place]
                covariances[i, model, a, b] = packed[i, place]
                covariances[i, model, b, a] = packed[i, place]
        covariances[i, 1, 6, 6] = rate_sigma * rate_sigma
        chances[i, 0], chances[i, 1] = 0.9, 0.1
