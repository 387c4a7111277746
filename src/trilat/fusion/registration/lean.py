"""How a track of the tracker leans on the biases of its sensors, and what it tells of them.

The tracker's filters take plots corrected by the bias table with which it began, and know nothing else of
biases. Beside the filters of each track this part keeps its lean G (6, B) and what its plots have told of
the biases (`kernels` has the equations). At read time the filters' answer is moved and widened:

    x = x_filter + G (b_hat - b_0)        P = C + G P_b G'

with b_hat, P_b from the table, from all confirmed tracks, and from those that have ended. So a constant error
does not average away in what is shown (Friedland 1969). It looks at one mean and covariance before and after
a plot: those of the filter that carries the track's bank, else of the mixture. The gain that must have been
at work is K = C+ H' R^-1, and where a partner's tracklet states a constant error, that of `filters.consider`.
While one filter carries the weight, as in coast, this is exact to first order; while several do, and for the
thrust of a burning object, it is an approximation (measured: docs/registration.md). Late plots need nothing
special: a lean belongs to its track, which is a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from trilat.fusion.filters.measurement import KIND_DIRECTION, KIND_EQUIVALENT, Measurement, innovation
from trilat.fusion.filters.motion import acceleration
from trilat.fusion.registration.kernels import BIASES, absorb, carry_lean, dependence, floored, inverse
from trilat.fusion.registration.plots import NS_PER_S, BiasTable, is_outside
from trilat.geo import FloatArray, geodetic_from_ecef

# A range is widened in the gate by the clock's prior times this speed, m/s.
_GATE_SPEED_M_PER_S = 4000.0
# Gates allow for so many prior sigmas: of the plot's own bias, and of the plots behind the track.
_GATE_SIGMAS = 2.0

State = tuple[FloatArray, FloatArray]
"""Mean (6,) and covariance (6, 6) of a track's filters."""
Known = tuple[FloatArray, FloatArray]
"""Information (B, B) and its vector (B,) about the biases less those of the table, in prior sigmas."""


@dataclass(frozen=True, eq=False)
class Lean:
    """Lean (6, B) of a track, what it told of the biases, and the table that its plots were corrected by."""

    table: BiasTable
    lean: FloatArray
    information: FloatArray
    vector: FloatArray


def first_lean(state: State, plot: Measurement, table: BiasTable) -> Lean:
    """The lean of a track that one plot began: its state is as wrong as the plot."""
    size = scale_of(table).shape[0]
    h, d, _ = _innovation(state[0], np.zeros((6, size)), plot, table)
    gain = state[1] @ h.T @ np.linalg.inv(plot.covariance)
    return Lean(table, -gain @ d, np.zeros((size, size)), np.zeros(size))


def next_lean(
    lean: Lean,
    states: tuple[State, State, State],
    seconds: float,
    plot: Measurement,
    cross: FloatArray | None = None,
) -> Lean:
    """The lean after one plot; `states` are the track's at its last plot, predicted, and after the plot.

    `cross` (6, 3) is how the predicted state's error goes with the constant error of a partner's tracklet,
    where it states one; such a tracklet is not taken to tell anything of our sensors.
    """
    before, predicted, after = states
    carried = carry_lean(before[0], lean.lean, seconds)
    if cross is not None:
        return replace(lean, lean=carried - _considered_gain(predicted[1], plot, cross) @ carried)
    h, d, nu = _innovation(predicted[0], carried, plot, lean.table)
    noise = floored(plot.covariance, h, d, carried)
    _, _, _, whitened, w, good = absorb(*predicted, carried, nu, h, d, noise)
    if not good:
        return replace(lean, lean=carried)
    gain = after[1] @ h.T @ np.linalg.inv(plot.covariance)
    added = whitened.T @ whitened
    return Lean(
        lean.table,
        carried - gain @ d,
        lean.information + 0.5 * (added + added.T),
        lean.vector + whitened.T @ w,
    )


def _considered_gain(covariance: FloatArray, plot: Measurement, cross: FloatArray) -> FloatArray:
    """The gain (6, 6) that `filters.consider` gives a tracklet with a constant error: (P + C J') S^-1."""
    variance = plot.constant_sigma_m**2
    shared = np.zeros((6, 6))
    shared[:, :3] = plot.constant_sigma_m * cross
    # The plot's covariance has the constant error as new each time; this is it once more, as constant.
    constant = np.diag([variance] * 3 + [0.0] * 3)
    spread = covariance + shared + shared.T + plot.covariance + constant
    return np.asarray(np.linalg.solve(spread, (covariance + shared).T).T)


def leaning_state(lean: Lean, before: State, predicted: State, seconds: float, rest: Known) -> State:
    """The track's state `seconds` after its last plot, with biases and their covariance (`rest`) in it."""
    carried = carry_lean(before[0], lean.lean, seconds)
    covariance = predicted[1] + carried @ rest[1] @ carried.T
    return predicted[0] + carried @ rest[0], 0.5 * (covariance + covariance.T)


def told_by(leans: Iterable[Lean | None], known: Known | None = None) -> Known | None:
    """What is `known` and what tracks tell; None as long as nothing is."""
    for lean in leans:
        if lean is not None:
            information, vector = lean.information, lean.vector
            known = (information, vector) if known is None else (known[0] + information, known[1] + vector)
    return known


def added(one: Known | None, other: Known | None) -> Known | None:
    """What two sources tell that have no plot in common."""
    if one is None or other is None:
        return other if one is None else one
    return one[0] + other[0], one[1] + other[1]


def share_of_biases(lean: Lean, before: FloatArray, seconds: float, rest: Known) -> FloatArray:
    """The part (6, 6) of a state's covariance that is of biases, `seconds` after a last plot at `before`."""
    carried = carry_lean(before, lean.lean, seconds)
    covariance = carried @ rest[1] @ carried.T
    return np.asarray(0.5 * (covariance + covariance.T))


def taken_off(plot: Measurement, table: BiasTable) -> Measurement:
    """A prepared plot without its sensor's biases, turned by the angles to first order."""
    column = table.column(plot.source, plot.sensor)
    if column < 0 or plot.kind == KIND_EQUIVALENT:
        return plot
    bias = table.mean[column : column + BIASES]
    values, (u, e1, e2) = plot.values.copy(), plot.axes
    if plot.kind != KIND_DIRECTION:
        values[0] = max(1.0, values[0] - bias[0])
    u = u - cos_elevation(plot) * bias[1] * e1 - bias[2] * e2
    u /= np.linalg.norm(u)
    e1 = e1 - (e1 @ u) * u
    e1 /= np.linalg.norm(e1)
    time_ns = plot.time_ns - round(float(bias[3]) * NS_PER_S)
    return replace(plot, time_ns=time_ns, values=values, axes=np.array([u, e1, np.cross(u, e1)]))


def biases_of(table: BiasTable, known: Known | None) -> Known:
    """Biases less those of the table (B,) and their covariance (B, B), in prior sigmas; None: nothing new."""
    prior = _prior_of(table)
    if known is None:
        return np.zeros(prior.shape[0]), prior
    spread = inverse(inverse(prior) + known[0])
    return spread @ known[1], spread


def updated_table(table: BiasTable, known: Known | None) -> BiasTable:
    """The table with what tracks have told since, and the sensors whose biases lie outside it."""
    shift, spread = biases_of(table, known)
    scale = scale_of(table)
    prior = _prior_of(table)
    outside = set(table.suspects)
    for place, key in enumerate(table.sensors):
        mine = slice(BIASES * place, BIASES * place + BIASES)
        if is_outside(shift[mine], prior[mine, mine], spread[mine, mine]):
            outside.add(key)
    return BiasTable(
        table.sensors,
        table.mean + scale * shift,
        spread * np.outer(scale, scale),
        table.updates,
        table.refused,
        frozenset(outside),
    )


def widened(plot: Measurement, table: BiasTable) -> Measurement:
    """The plot as a gate has to see it: with the biases that the table leaves open in its covariance."""
    column = table.column(plot.source, plot.sensor)
    if column < 0 or plot.kind == KIND_EQUIVALENT:
        return plot
    sigma = _GATE_SIGMAS * scale_of(table)[column : column + BIASES]
    late_m = _GATE_SPEED_M_PER_S * sigma[3]
    added = np.zeros(plot.covariance.shape[0])
    angle = 0
    if plot.kind != KIND_DIRECTION:
        added[0] = sigma[0] ** 2 + late_m**2
        added[1:3] = (late_m / max(float(plot.values[0]), 1e4)) ** 2
        angle = 1
    added[angle] += (cos_elevation(plot) * sigma[1]) ** 2
    added[angle + 1] += sigma[2] ** 2
    return replace(plot, covariance=plot.covariance + np.diag(added))


def scale_of(table: BiasTable) -> FloatArray:
    """Prior sigmas (B,): the units in which biases are counted."""
    return np.sqrt(np.diagonal(table.covariance))


def cos_elevation(plot: Measurement) -> float:
    """Cosine of the measured elevation: the share of an azimuth bias that lies across the line of sight."""
    if plot.kind == KIND_EQUIVALENT:
        return 0.0
    sine = float(plot.axes[0] @ _up(plot.site_m.tobytes()))
    return float(np.sqrt(max(0.0, 1.0 - sine * sine)))


@lru_cache(maxsize=1024)
def _up(site: bytes) -> FloatArray:
    latitude, longitude, _ = geodetic_from_ecef(np.frombuffer(site))
    level = np.cos(latitude)
    return np.array([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])


def _innovation(
    mean: FloatArray, lean: FloatArray, plot: Measurement, table: BiasTable
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Jacobian (m, 6), dependence on the biases (m, B) and innovation (m,) of a plot at a mean (6,)."""
    nu, h, ahead = innovation(mean, plot.kind, plot.values, plot.site_m, plot.axes)
    rate = np.zeros(3)
    acceleration(mean, rate)
    column = table.column(plot.source, plot.sensor) if ahead else -1
    d = dependence(mean, rate, plot.kind, h, lean, column, scale_of(table), cos_elevation(plot))
    return h, d, nu


def _prior_of(table: BiasTable) -> FloatArray:
    """The table's covariance in prior sigmas (B, B), contiguous."""
    scale = scale_of(table)
    return np.ascontiguousarray(table.covariance / np.outer(scale, scale))
