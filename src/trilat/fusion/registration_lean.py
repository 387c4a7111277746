"""How a track of the tracker leans on the biases of its sensors, and what it tells of them.

The tracker's filters take plots corrected by the bias table with which it began, and know nothing else of
biases. Beside each filter of a bank this part keeps its lean G and what its plots told of the biases since
(`registration_kernels` has the equations). At read time the filters' answers are moved and widened:

    x = x_filter + G (b_hat - b_0)        P = C + G P_b G'

with b_hat, P_b from the table, from all confirmed tracks, and from those that have ended. That is the joint
estimate of states and biases (Friedland 1969), linearised about the tracker's filters: a constant error does
not average away in it. Late plots need nothing special: a lean belongs to its track, which is a value.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit

from trilat.fusion.measurement import KIND_DIRECTION, KIND_EQUIVALENT, Measurement, innovation
from trilat.fusion.motion import acceleration
from trilat.fusion.registration_kernels import (
    BIASES,
    absorb,
    carry_lean,
    dependence,
    inverse,
    product,
)
from trilat.fusion.registration_plots import BiasTable, is_outside
from trilat.fusion.stages import COASTS_MAX, SETTLE_S, Bank, mixture
from trilat.geo import FloatArray, geodetic_from_ecef

# A range is widened in the gate by the clock's prior times this speed, m/s.
_GATE_SPEED_M_PER_S = 4000.0
# Gates allow for so many prior sigmas more: the plot's own bias, and that of the plots behind the track.
_GATE_SIGMAS = 2.0


@dataclass(frozen=True, eq=False)
class Lean:
    """Of each filter of a bank, boost first: lean and what it told of the biases, in prior sigmas.

    `boost` (9, B), `coasts` (K, 6, B), `information` (K + 1, B, B), `vector` (K + 1, B).
    """

    boost: FloatArray
    coasts: FloatArray
    information: FloatArray
    vector: FloatArray


Known = tuple[FloatArray, FloatArray]
"""Information (B, B) and its vector (B,) about the biases less those of the table, in prior sigmas."""


def first_lean(bank: Bank, plot: Measurement, table: BiasTable) -> Lean:
    """The lean of a track that one plot began: its state is as wrong as the plot."""
    scale = scale_of(table)
    size = scale.shape[0]
    boost = np.zeros((9, size))
    column = table.column(plot.source, plot.sensor)
    if column >= 0 and plot.kind != KIND_EQUIVALENT:
        _, h, _ = innovation(bank[0], plot.kind, plot.values, plot.site_m, plot.axes)
        d = dependence(
            bank[0], np.zeros(3), plot.kind, h, np.zeros((9, size)), column, scale, cos_elevation(plot)
        )
        # K = P+ H' R^-1 holds for any linear update, also for one from a prior that is not kept.
        boost = -bank[1] @ h.T @ np.linalg.solve(plot.covariance, d)
    coasts = np.zeros((COASTS_MAX, 6, size))
    coasts[0] = boost[:6]
    return Lean(boost, coasts, np.zeros((COASTS_MAX + 1, size, size)), np.zeros((COASTS_MAX + 1, size)))


def next_lean(
    lean: Lean, banks: tuple[Bank, Bank, Bank], seconds: float, plot: Measurement, table: BiasTable
) -> Lean:
    """The lean after one plot; `banks` are the track's at its last plot, predicted, and after the plot."""
    before, predicted, after = banks
    arrays = lean_bank(
        lean.boost,
        lean.coasts,
        lean.information,
        lean.vector,
        before[0],
        before[2],
        seconds,
        *predicted,
        after[0],
        after[2],
        after[4],
        after[5],
        plot.kind,
        plot.values,
        plot.covariance,
        plot.site_m,
        plot.axes,
        table.column(plot.source, plot.sensor),
        scale_of(table),
        cos_elevation(plot),
    )
    return Lean(*arrays)


def leaning_state(
    lean: Lean, before: Bank, predicted: Bank, seconds: float, shift: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (6,), covariance (6, 6) and weight of coast, `seconds` after the last plot, biases included.

    `shift` (B,) and `spread` (B, B) are the biases less those of the table, and their covariance.
    """
    boost, wide, coasts, coast_wide, coast = lean_read(
        lean.boost, lean.coasts, before[0], before[2], seconds, *predicted[:5], shift, spread
    )
    mean, covariance, coast = mixture(boost, wide, coasts, coast_wide, predicted[4])
    return mean, covariance, coast


def told(lean: Lean, bank: Bank) -> Known:
    """What a track tells of the biases: what the likeliest filter of its bank says."""
    best = int(np.argmax(bank[4]))
    return lean.information[best], lean.vector[best]


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


def _prior_of(table: BiasTable) -> FloatArray:
    """The table's covariance in prior sigmas (B, B), contiguous."""
    scale = scale_of(table)
    return np.ascontiguousarray(table.covariance / np.outer(scale, scale))


def widened(plot: Measurement, table: BiasTable) -> FloatArray:
    """The plot's covariance (m, m) as a gate has to see it: with the biases that the table leaves open."""
    column = table.column(plot.source, plot.sensor)
    if column < 0 or plot.kind == KIND_EQUIVALENT:
        return plot.covariance
    sigma = _GATE_SIGMAS * scale_of(table)[column : column + BIASES]
    added = np.zeros(plot.covariance.shape[0])
    angle = 0
    if plot.kind != KIND_DIRECTION:
        added[0] = sigma[0] ** 2 + (_GATE_SPEED_M_PER_S * sigma[3]) ** 2
        angle = 1
        across = _GATE_SPEED_M_PER_S * sigma[3] / max(float(plot.values[0]), 1e4)
        added[1:3] = across**2
    added[angle] += (cos_elevation(plot) * sigma[1]) ** 2
    added[angle + 1] += sigma[2] ** 2
    return np.asarray(plot.covariance + np.diag(added))


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
    return np.array(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )


@njit(cache=True)
def _tell(
    mean: FloatArray,
    covariance: FloatArray,
    lean: FloatArray,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    column: int,
    scale: FloatArray,
    cos_el: float,
    information: FloatArray,
    vector: FloatArray,
) -> FloatArray:
    """The lean of one filter after a plot; adds what the plot tells to `information` and `vector`."""
    nu, h, ahead = innovation(mean, kind, values, site, axes)
    if not ahead:
        return lean
    rate = np.zeros(3)
    acceleration(mean, rate)
    if mean.shape[0] == 9:
        rate += mean[6:]
    d = dependence(mean, rate, kind, h, lean, column, scale, cos_el)
    _, _, new_lean, whitened, w, good = absorb(mean, covariance, lean, nu, h, d, noise)
    if not good:
        return lean
    for i in range(vector.shape[0]):
        for k in range(w.shape[0]):
            vector[i] += whitened[k, i] * w[k]
            for j in range(vector.shape[0]):
                information[i, j] += whitened[k, i] * whitened[k, j]
    return new_lean


@njit(cache=True)
def lean_bank(
    lean_boost: FloatArray,
    lean_coasts: FloatArray,
    information: FloatArray,
    vector: FloatArray,
    old_boost: FloatArray,
    old_coasts: FloatArray,
    seconds: float,
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    since_split_s: float,
    new_boost: FloatArray,
    new_coasts: FloatArray,
    new_weights: FloatArray,
    new_since_split_s: float,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    column: int,
    scale: FloatArray,
    cos_el: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The arrays of a `Lean` after one plot; it follows what `stages.update_bank` did to the bank."""
    lean_coasts, information, vector = lean_coasts.copy(), information.copy(), vector.copy()
    lean_boost = _tell(
        boost, boost_covariance, carry_lean(old_boost, lean_boost, seconds),
        kind, values, noise, site, axes, column, scale, cos_el, information[0], vector[0],
    )  # fmt: skip
    alive = 0
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            alive += 1
            lean_coasts[k] = _tell(
                coasts[k], coast_covariances[k], carry_lean(old_coasts[k], lean_coasts[k], seconds),
                kind, values, noise, site, axes, column, scale, cos_el, information[k + 1], vector[k + 1],
            )  # fmt: skip
    if new_since_split_s < since_split_s:
        # A coast filter was split off the boost filter: the one that equals it.
        for k in range(COASTS_MAX):
            if new_weights[k + 1] > 0.0 and _same(new_boost, new_coasts[k]):
                lean_coasts[k] = lean_boost[:6]
                information[k + 1] = information[0]
                vector[k + 1] = vector[0]
    if new_since_split_s > SETTLE_S and alive > 1 and new_weights[1] > 0.0:
        _settle_leans(weights, lean_coasts, information, vector)
    return lean_boost, lean_coasts, information, vector


@njit(cache=True)
def _same(boost: FloatArray, coast: FloatArray) -> bool:
    """Whether a coast filter has exactly the position and velocity of the boost filter."""
    differ = 0
    for i in range(6):
        differ += boost[i] != coast[i]
    return differ == 0


@njit(cache=True)
def _settle_leans(
    weights: FloatArray, lean_coasts: FloatArray, information: FloatArray, vector: FloatArray
) -> None:
    """The coast filters were collapsed into the first: so are their leans, by weight."""
    total = weights[1:].sum()
    lean = np.zeros(lean_coasts.shape[1:])
    known = np.zeros(information.shape[1:])
    says = np.zeros(vector.shape[1])
    for k in range(COASTS_MAX):
        share = weights[k + 1] / total
        if share > 0.0:
            lean += share * lean_coasts[k]
            known += share * information[k + 1]
            says += share * vector[k + 1]
    lean_coasts[0] = lean
    information[1] = known
    vector[1] = says


@njit(cache=True)
def lean_read(
    lean_boost: FloatArray,
    lean_coasts: FloatArray,
    old_boost: FloatArray,
    old_coasts: FloatArray,
    seconds: float,
    boost: FloatArray,
    boost_covariance: FloatArray,
    coasts: FloatArray,
    coast_covariances: FloatArray,
    weights: FloatArray,
    shift: FloatArray,
    spread: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """The bank's means and covariances with the biases taken into account, and the weight of coast."""
    lean = carry_lean(old_boost, lean_boost, seconds)
    boost = boost + product(lean, shift.reshape((-1, 1)))[:, 0]
    boost_covariance = boost_covariance + product(product(lean, spread), lean.T)
    coasts, coast_covariances = coasts.copy(), coast_covariances.copy()
    for k in range(COASTS_MAX):
        if weights[k + 1] > 0.0:
            lean = carry_lean(old_coasts[k], lean_coasts[k], seconds)
            coasts[k] += product(lean, shift.reshape((-1, 1)))[:, 0]
            coast_covariances[k] += product(product(lean, spread), lean.T)
    return boost, boost_covariance, coasts, coast_covariances, 1.0 - weights[0]
