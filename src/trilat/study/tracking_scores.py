"""Tracks of a file held against the truth: errors, honesty, distance to the bound, GOSPA and SIAP.

- Each row is of the true object that is nearest at its instant; one farther than MATCH_M from all is false.
- The bound is `fusion.clairvoyant_bound` of the plots that the tracks of an object took, in any party's
  picture, along its true path.
  Burns are found in the truth: a force other than gravity and air. The ratio is over rows from the last
  burn's end to where air is felt; before, any bound rests on how thrust is modelled. A row whose bound is
  beyond MATCH_M is not judged: only what was near by chance could be matched there.
- GOSPA (cut-off MATCH_M) and SIAP (threshold MATCH_M) are over the truth's instants from first to last plot.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trilat.fusion import clairvoyant_bound
from trilat.geo import ROTATION_RAD_PER_S, FloatArray, geodetic_from_ecef
from trilat.model import SECOND_NS, ObservationError
from trilat.scenario import gravity_m_per_s2
from trilat.study.metrics import gospa, nees, position_rmse_m, velocity_rmse_m_per_s
from trilat.study.plots import Observed, TruePath
from trilat.study.siap import History, siap
from trilat.study.tracking import Row, Sample, TrackRun

MATCH_M: Final = 10_000.0
SAMPLES_MAX: Final = 3_000

_THRUST_M_PER_S2: Final = 2.0
_AIR_M: Final = 80_000.0
_AFTER_BURN_S: Final = 5.0


def sample_instants(truths: Sequence[TruePath], first_ns: int, last_ns: int) -> list[int]:
    """Instants of the truth between first and last plot, thinned evenly where there are too many."""
    every = np.unique(np.concatenate([path.time_ns for path in truths]))
    inside = every[(every >= first_ns) & (every <= last_ns)]
    step = max(1, math.ceil(inside.size / SAMPLES_MAX))
    return [int(time_ns) for time_ns in inside[::step]]


def scores(run: TrackRun, truths: Sequence[TruePath], everyone: Sequence[TrackRun] = ()) -> dict[str, Any]:
    """The scores of one picture; what does not apply is None.

    Args:
        run: the picture.
        truths: the true objects.
        everyone: the pictures of all parties, whose plots make the bound; empty: those of `run` alone.
    """
    matched = [(row, *_nearest(row, truths)) for row in run.rows]
    true_rows = [(row, path, error) for row, path, error in matched if path is not None]
    errors = np.array([error for _, _, error in true_rows]).reshape(-1, 6)
    covariances = np.array([row.estimate.covariance for row, _, _ in true_rows]).reshape(-1, 6, 6)
    ratios = _over_bound(true_rows, _plots_by_path(everyone or [run], truths))
    return {
        "rows": len(run.rows),
        "rows_false": len(run.rows) - len(true_rows),
        "position_rmse_m": position_rmse_m(errors) if true_rows else None,
        "velocity_rmse_m_per_s": velocity_rmse_m_per_s(errors) if true_rows else None,
        "nees_over_6": float(np.mean(nees(errors, covariances))) / 6.0 if true_rows else None,
        **ratios,
        **_gospa_mean(run.samples, truths),
        "siap": _siap(run.samples, truths),
    }


def _nearest(row: Row, truths: Sequence[TruePath]) -> tuple[TruePath | None, FloatArray]:
    """The true object of a row and the error (6,) against it; None where all are far."""
    best: tuple[float, TruePath, FloatArray] | None = None
    for path in truths:
        state = path.at(row.estimate.time_ns)
        if state is None:
            continue
        error = np.asarray(row.estimate.mean - state, dtype=np.float64)
        distance = float(np.linalg.norm(error[:3]))
        if best is None or distance < best[0]:
            best = (distance, path, error)
    if best is None or best[0] > MATCH_M:
        return None, np.zeros(6)
    return best[1], best[2]


def _over_bound(
    true_rows: Sequence[tuple[Row, TruePath, FloatArray]], plots: Sequence[tuple[TruePath, list[Observed]]]
) -> dict[str, Any]:
    """Error over bound of all objects together, after their burns and above the air."""
    squares, bounds = [], []
    for path, seen in plots:
        own = [(row, error) for row, of, error in true_rows if of is path]
        found = _bounds(path, [row for row, _ in own], seen)
        for (_, error), bound_m in zip(own, found, strict=True):
            if math.isfinite(bound_m):
                squares.append(float(error[:3] @ error[:3]))
                bounds.append(bound_m**2)
    if not squares:
        return {
            "coast_rows": 0,
            "coast_position_rmse_m": None,
            "coast_bound_m": None,
            "rmse_over_bound": None,
        }
    rmse, bound = math.sqrt(float(np.mean(squares))), math.sqrt(float(np.mean(bounds)))
    return {
        "coast_rows": len(squares),
        "coast_position_rmse_m": rmse,
        "coast_bound_m": bound,
        "rmse_over_bound": rmse / bound,
    }


def _plots_by_path(
    everyone: Sequence[TrackRun], truths: Sequence[TruePath]
) -> list[tuple[TruePath, list[Observed]]]:
    """For each true object the plots that rows of it took in any picture, each once."""
    found: dict[str, dict[int, Observed]] = {path.key: {} for path in truths}
    for run in {id(run): run for run in everyone}.values():
        for row in run.rows:
            path, _ = (None, None) if row.plot is None else _nearest(row, truths)
            if row.plot is not None and path is not None:
                found[path.key][id(row.plot)] = row.plot
    return [(path, list(found[path.key].values())) for path in truths]


def _bounds(path: TruePath, rows: Sequence[Row], plots: Sequence[Observed]) -> list[float]:
    """The bound at each row, NaN outside the part that is judged."""
    nothing = [math.nan] * len(rows)
    if not plots or path.time_ns.size < 3:
        return nothing
    start_ns = int(path.time_ns[0])
    t_s = (path.time_ns - start_ns) / SECOND_NS
    burns, begin_s, end_s = _burns_and_coast(path, t_s)
    at_s = np.array([(row.estimate.time_ns - start_ns) / SECOND_NS for row in rows])
    try:
        found = clairvoyant_bound(t_s, path.state[:, :3], path.state[:, 3:], burns, start_ns, plots, at_s)
    except ObservationError:
        # A row of this object took a plot from behind its sensor: there is no bound of such plots.
        return nothing
    return [
        float(bound) if begin_s <= second <= end_s and bound <= MATCH_M else math.nan
        for bound, second in zip(found, at_s, strict=True)
    ]


def _burns_and_coast(path: TruePath, t_s: FloatArray) -> tuple[list[tuple[float, float]], float, float]:
    """Burns of a true path, and from when to when it falls freely; seconds from its start."""
    velocity = path.state[:, 3:]
    felt = np.gradient(velocity, t_s, axis=0) - _free_fall(path.state)
    pushed = np.linalg.norm(felt, axis=1) > _THRUST_M_PER_S2
    height = geodetic_from_ecef(path.state[:, :3])[2]
    falling = np.sum(path.state[:, :3] * velocity, axis=1) < 0.0
    braked = falling & (height < _AIR_M)
    burning = pushed & ~braked
    edges = np.flatnonzero(np.diff(np.concatenate([[0], burning.astype(np.int8), [0]])))
    burns = [
        (float(t_s[first]), float(t_s[min(last, t_s.size - 1)]))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    begin_s = burns[-1][1] + _AFTER_BURN_S if burns else float(t_s[0])
    late = np.flatnonzero(braked & (t_s > begin_s))
    return burns, begin_s, float(t_s[late[0]]) if late.size else float(t_s[-1])


def _free_fall(state: FloatArray) -> FloatArray:
    """Acceleration (n, 3) of free fall in ECEF of states (n, 6), m/s2."""
    position, velocity = state[:, :3], state[:, 3:]
    turn = np.array([0.0, 0.0, ROTATION_RAD_PER_S])
    gravity = np.array([gravity_m_per_s2(p) for p in position])
    return np.asarray(
        gravity - 2.0 * np.cross(turn, velocity) - np.cross(turn, np.cross(turn, position)),
        dtype=np.float64,
    )


def _positions(values: Sequence[FloatArray]) -> npt.ArrayLike:
    return np.array([value[:3] for value in values]) if values else []


def _gospa_mean(samples: Sequence[Sample], truths: Sequence[TruePath]) -> dict[str, Any]:
    """Mean GOSPA over the samples, metres, and how many objects were missed and tracks false on average."""
    found = []
    for sample in samples:
        states = [state for path in truths if (state := path.at(sample.time_ns)) is not None]
        means = [estimate.mean for estimate in sample.tracks.values()]
        found.append(gospa(_positions(means), _positions(states), MATCH_M))
    if not found:
        return {"gospa_m": None, "missed_mean": None, "false_mean": None}
    return {
        "gospa_m": float(np.mean([one.distance for one in found])),
        "missed_mean": float(np.mean([one.missed_count for one in found])),
        "false_mean": float(np.mean([one.false_count for one in found])),
    }


def _siap(samples: Sequence[Sample], truths: Sequence[TruePath]) -> dict[str, float] | None:
    instants = np.array([sample.time_ns for sample in samples], dtype=np.int64)
    if not instants.size:
        return None
    by_track: dict[int, list[tuple[int, FloatArray]]] = {}
    for sample in samples:
        for number, estimate in sample.tracks.items():
            by_track.setdefault(number, []).append((sample.time_ns, estimate.mean))
    tracks = [_history(str(number), states) for number, states in sorted(by_track.items())]
    true_states = {
        path.key: [(int(t), state) for t in instants if (state := path.at(int(t))) is not None]
        for path in truths
    }
    histories = [_history(key, states) for key, states in true_states.items() if states]
    return asdict(siap(tracks, histories, MATCH_M))


def _history(key: str, states: Sequence[tuple[int, FloatArray]]) -> History:
    return History(
        key, np.array([time_ns for time_ns, _ in states]), np.array([state for _, state in states])
    )
