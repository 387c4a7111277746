"""Which plot belongs to which track, one scan of one sensor at a time: nearest neighbour or JPDA.

An object gives at most one plot per scan and a plot belongs to at most one object. A pair inside the gate is
worth, against the plot being false and the track unseen,

    psi = e o Pd l / (lambda (1 - e o Pd))

with the symbols of `existence` and l the density of the innovation.

- `nearest`: the pairing with the largest product of psi (global nearest neighbour; Blackman and Popoli,
  Design and Analysis of Modern Tracking Systems, 1999, section 6.4). Pairs worth less than 1 stay apart.
- `joint`: the probability of every pair over all pairings (joint PDA; Bar-Shalom and Li 1995, section 6.2;
  with existence: Musicki and Evans, Joint integrated PDA, IEEE T-AES 40(3) 2004). Exact for a small cluster
  of tracks that share plots; else by loopy belief propagation (Williams and Lau, IEEE T-AES 50(4) 2014).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from trilat.fusion.filters.measurement import KIND_DIRECTION, KIND_EQUIVALENT, Measurement, gate, innovation
from trilat.fusion.filters.stages import Bank
from trilat.fusion.track import bank_score
from trilat.geo import FloatArray

# Pairings of a cluster that are counted one by one.
_EXACT_MAX = 400
# Belief propagation: rounds at most, and the change at which it has settled.
_ROUNDS_MAX = 200
_SETTLED = 1e-9
# psi beyond this is certain.
_LOG_PSI_MAX = 60.0
# Tracks and plots farther apart than so many sigmas are not scored.
_COARSE_SIGMAS = 8.0


@dataclass(frozen=True, eq=False)
class Candidates:
    """The tracks of a picture at the instant of a scan: banks, positions (n, 3), one sigma each (n,), m."""

    banks: Sequence[Bank]
    positions_m: FloatArray
    sigmas_m: FloatArray


def log_densities(candidates: Candidates, scan: Sequence[Measurement], tail_probability: float) -> FloatArray:
    """Log density of each plot (rows) under each track (columns); -inf outside the gate."""
    found = np.full((len(scan), len(candidates.banks)), -np.inf)
    if not candidates.banks:
        return found
    for row, plot in enumerate(scan):
        limit = gate(plot.degrees_of_freedom, tail_probability)
        for column in np.flatnonzero(_near(candidates, plot)).tolist():
            distance, log_density = bank_score(candidates.banks[column], plot)
            if distance <= limit and math.isfinite(log_density):
                found[row, column] = log_density
    return found


def _near(candidates: Candidates, plot: Measurement) -> npt.NDArray[np.bool_]:
    """Tracks that may lie in the gate of a plot: a cheap look before the exact one."""
    if plot.kind == KIND_EQUIVALENT:
        return np.ones(len(candidates.banks), dtype=np.bool_)
    offsets = candidates.positions_m - plot.site_m
    ranges = np.linalg.norm(offsets, axis=1)
    first = 0 if plot.kind == KIND_DIRECTION else 1
    angle = math.sqrt(float(plot.covariance[first, first] + plot.covariance[first + 1, first + 1]))
    along = offsets @ plot.axes[0]
    across = np.sqrt(np.maximum(ranges**2 - along**2, 0.0))
    near = across <= _COARSE_SIGMAS * (candidates.sigmas_m + angle * ranges)
    if plot.kind != KIND_DIRECTION:
        reach = candidates.sigmas_m + math.sqrt(float(plot.covariance[0, 0]))
        near &= np.abs(ranges - plot.values[0]) <= _COARSE_SIGMAS * reach
    return np.asarray(near & (along > 0.0), dtype=np.bool_)


def nearest(log_psi: FloatArray) -> list[int]:
    """For each plot (row) the track (column) of the best pairing, or -1."""
    answer = [-1] * log_psi.shape[0]
    if log_psi.size == 0:
        return answer
    worth = np.where(log_psi > 0.0, log_psi, 0.0)
    if worth.shape == (1, 1):
        return [0 if worth[0, 0] > 0.0 else -1]
    rows, columns = np.flatnonzero(worth.any(axis=1)), np.flatnonzero(worth.any(axis=0))
    part = worth[np.ix_(rows, columns)]
    for row, column in zip(*linear_sum_assignment(part, maximize=True), strict=True):
        if part[row, column] > 0.0:
            answer[int(rows[row])] = int(columns[column])
    return answer


def joint(log_psi: FloatArray) -> FloatArray:
    """Probability (plots, tracks) of each pair; what a column lacks to one is that of no plot."""
    psi = np.exp(np.minimum(log_psi, _LOG_PSI_MAX))
    answer = np.zeros_like(psi)
    for rows, columns in _clusters(psi > 0.0):
        part = psi[np.ix_(rows, columns)]
        pairings = float(np.prod(1.0 + (part > 0.0).sum(axis=0)))
        answer[np.ix_(rows, columns)] = _exact(part) if pairings <= _EXACT_MAX else _propagated(part)
    return answer


def _clusters(inside: npt.NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Plots and tracks that hang together through gates, in order of their first track."""
    left = [column for column in range(inside.shape[1]) if inside[:, column].any()]
    found = []
    while left:
        rows: set[int] = set()
        columns, fresh = {left[0]}, [left[0]]
        while fresh:
            for row in np.flatnonzero(inside[:, fresh.pop()]):
                if int(row) not in rows:
                    rows.add(int(row))
                    more = {int(column) for column in np.flatnonzero(inside[row])} - columns
                    columns |= more
                    fresh += sorted(more)
        left = [column for column in left if column not in columns]
        found.append((sorted(rows), sorted(columns)))
    return found


def _exact(psi: FloatArray) -> FloatArray:
    """Marginals by the sum over all pairings: each track takes one free plot in its gate, or none."""
    plots, tracks = psi.shape
    totals = np.zeros_like(psi)
    whole = 0.0
    open_pairings: list[tuple[int, float, tuple[int, ...]]] = [(0, 1.0, ())]
    while open_pairings:
        track, weight, taken = open_pairings.pop()
        if track == tracks:
            whole += weight
            for column, row in enumerate(taken):
                if row >= 0:
                    totals[row, column] += weight
            continue
        open_pairings.append((track + 1, weight, (*taken, -1)))
        open_pairings += [
            (track + 1, weight * float(psi[row, track]), (*taken, row))
            for row in range(plots)
            if psi[row, track] > 0.0 and row not in taken
        ]
    return totals / whole


def _propagated(psi: FloatArray) -> FloatArray:
    """Marginals by loopy belief propagation, Williams and Lau 2014, algorithm 1."""
    to_track = np.ones_like(psi)
    for _ in range(_ROUNDS_MAX):
        weighed = psi * to_track
        to_plot = psi / (1.0 + weighed.sum(axis=0) - weighed)
        heard = to_plot.sum(axis=1, keepdims=True) - to_plot
        new = 1.0 / (1.0 + np.maximum(heard, 0.0))
        settled = float(np.max(np.abs(new - to_track))) < _SETTLED
        to_track = new
        if settled:
            break
    weighed = psi * to_track
    return np.asarray(weighed / (1.0 + weighed.sum(axis=0)), dtype=np.float64)


def blended(
    mean: FloatArray, covariance: FloatArray, plots: Sequence[Measurement], weights: Sequence[float]
) -> Measurement:
    """One plot that does to a filter at (mean, covariance) what plots of these probabilities would do.

    With S the innovation covariance, nu = sum b_j nu_j and the spread of the PDA update, the update by all is

        x+ = x + K nu        P+ = P - K M K'        M = (sum b_j) S - sum b_j nu_j nu_j' + nu nu'

    (Bar-Shalom and Li 1995, section 3.4.4), which is the Kalman update with a plot of innovation S M^-1 nu
    and innovation covariance S M^-1 S. Where the spread exceeds what the plots tell (M not positive), M is
    kept at a fiftieth of S: the blend then says next to nothing. All plots are of one sort and sensor.
    """
    best = plots[int(np.argmax(weights))]
    innovations, jacobian = _innovations(mean, best, plots)
    shares = np.asarray(weights)
    s = jacobian @ covariance @ jacobian.T + best.covariance
    nu = shares @ innovations
    told = float(shares.sum()) * s - (innovations.T * shares) @ innovations + np.outer(nu, nu)
    low = np.linalg.cholesky(s)
    inner = np.linalg.solve(low, np.linalg.solve(low, told).T)
    lengths, axes = np.linalg.eigh(0.5 * (inner + inner.T))
    lengths = np.clip(lengths, 0.02, 1.0)
    wide = low @ axes
    noise = best.covariance + (wide * (1.0 / lengths - 1.0)) @ wide.T
    shifted = wide @ ((axes.T @ np.linalg.solve(low, nu)) / lengths)
    own = innovations[int(np.argmax(weights))]
    return replace(best, values=best.values + shifted - own, covariance=0.5 * (noise + noise.T))


def _innovations(
    mean: FloatArray, best: Measurement, plots: Sequence[Measurement]
) -> tuple[FloatArray, FloatArray]:
    """Innovations (n, m) of plots along the axes of the best of them, and its Jacobian (m, 6)."""
    own, jacobian, _ = innovation(mean, best.kind, best.values, best.site_m, best.axes)
    first = 0 if best.kind == KIND_DIRECTION else 1
    rows = []
    for plot in plots:
        shift = plot.values - best.values
        shift[first : first + 2] += best.axes[1:] @ plot.axes[0]
        rows.append(own + shift)
    return np.asarray(rows, dtype=np.float64), jacobian
