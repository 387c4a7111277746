"""Scores of estimates held against the truth: errors, honesty of covariances, and distances between sets.

- Errors: `position_rmse_m`, `velocity_rmse_m_per_s`.
- Honesty: `nees` (normalised estimation error squared) and `nis` (the same of an innovation); their mean over
  runs divided by the dimension is 1 for an honest covariance. `honest_interval` says how far from 1 chance
  carries it. Source: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation
  (2001), section 5.4.2.
- Distances between the estimates and the true objects of one instant: `ospa` and `gospa`; `gospa_over_time`
  adds what it costs when the track of an object changes.
- Multi-target scores over a whole run are in `siap`.

Everything is pure: arrays in, numbers out, no argument is written to. Positions are (m, 3) metres in any one
frame without scale, such as ECEF; states are (..., 6), m and m/s.

    >>> gospa([[0.0, 0.0, 3.0]], [[0.0, 0.0, 0.0], [9e3, 0.0, 0.0]], cutoff_m=100.0, order=1.0).missed_count
    1
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import chdtri

from trilat.geo import FloatArray
from trilat.model import UsageError

IntArray: TypeAlias = npt.NDArray[np.int64]


def position_rmse_m(errors: npt.ArrayLike) -> float:
    """Root mean square of the position part of state errors (..., 6), metres; of all rows together."""
    part = _numbers(errors, "errors", 6)[..., :3]
    return math.sqrt(float(np.mean(np.sum(part * part, axis=-1))))


def velocity_rmse_m_per_s(errors: npt.ArrayLike) -> float:
    """Root mean square of the velocity part of state errors (..., 6), m/s; of all rows together."""
    part = _numbers(errors, "errors", 6)[..., 3:]
    return math.sqrt(float(np.mean(np.sum(part * part, axis=-1))))


def nees(errors: npt.ArrayLike, covariances: npt.ArrayLike) -> FloatArray:
    """Squares e' P^-1 e (...) of errors (..., n) with covariances (..., n, n); chi-square if honest.

    Solved through the Cholesky factor, with rows and columns scaled to unit variance first, because position
    and velocity have different units.

    Raises:
        UsageError: shapes do not fit, a value is not finite, or a covariance is not positive definite.
    """
    error, covariance = _numbers(errors, "errors"), _numbers(covariances, "covariances")
    if covariance.shape != (*error.shape, *error.shape[-1:]):
        raise UsageError(f"errors {error.shape} need covariances {(*error.shape, *error.shape[-1:])}")
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    if not np.all(variance > 0.0):
        raise UsageError("a covariance has a variance that is not positive")
    sigma = np.sqrt(variance)
    try:
        low = np.linalg.cholesky(covariance / (sigma[..., :, None] * sigma[..., None, :]))
    except np.linalg.LinAlgError:
        raise UsageError("a covariance is not positive definite") from None
    white = np.linalg.solve(low, (error / sigma)[..., None])[..., 0]
    return np.asarray(np.sum(white * white, axis=-1), dtype=np.float64)


def nis(innovations: npt.ArrayLike, covariances: npt.ArrayLike) -> FloatArray:
    """Squares nu' S^-1 nu (...) of innovations (..., m) with their covariances (..., m, m); see `nees`."""
    return nees(innovations, covariances)


def honest_interval(dimension: int, runs: int, probability: float = 0.95) -> tuple[float, float]:
    """Where the mean of NEES / dimension over independent runs lies with this probability, if honest.

    Source: Bar-Shalom, Li, Kirubarajan (2001), equation 5.4.2-12: runs times the mean NEES is chi-square with
    runs x dimension degrees of freedom.
    """
    if dimension < 1 or runs < 1 or not 0.0 < probability < 1.0:
        raise UsageError("dimension and runs must be positive, the probability between 0 and 1")
    degrees = dimension * runs
    # Of scipy.special: all of scipy.stats would make every command start a quarter of a second later.
    low, high = chdtri(degrees, [0.5 + probability / 2, 0.5 - probability / 2]) / degrees
    return float(low), float(high)


def ospa(estimates: npt.ArrayLike, truths: npt.ArrayLike, cutoff_m: float, order: float = 1.0) -> float:
    """OSPA distance, metres, between estimates (m, d) and true positions (n, d) of one instant.

        ( ( min over assignments of sum min(d, c)^p  +  c^p |m - n| ) / max(m, n) )^(1/p)

    with c the cut-off and p the order; 0 for two empty sets. Source: Schuhmacher, Vo and Vo, IEEE T-SP 56(8)
    (2008), equation 3. The assignment minimises the powers, as the equation says.

    Raises:
        UsageError: a value is not finite, or cut-off or order are not as `gospa` takes them.
    """
    distances = _clipped_distances(estimates, truths, cutoff_m, order)
    if distances.size == 0:
        return cutoff_m if max(distances.shape) else 0.0
    powers = distances**order
    rows, columns = linear_sum_assignment(powers)
    unmatched = abs(distances.shape[0] - distances.shape[1])
    total = float(powers[rows, columns].sum()) + cutoff_m**order * unmatched
    return float((total / max(distances.shape)) ** (1.0 / order))


@dataclass(frozen=True)
class Gospa:
    """GOSPA distance of one instant, metres, and its parts.

    `localisation`, `missed`, `false` and `switching` are in p-th powers, metres^p, and sum to distance^p.
    `assignment` gives for each true object the number of its estimate, or -1.
    """

    distance: float
    localisation: float
    missed: float
    false: float
    missed_count: int
    false_count: int
    assignment: tuple[int, ...] = field(repr=False)
    switching: float = 0.0


def gospa(estimates: npt.ArrayLike, truths: npt.ArrayLike, cutoff_m: float, order: float = 2.0) -> Gospa:
    """GOSPA distance (alpha = 2) between estimates (m, d) and true positions (n, d) of one instant.

        distance^p = sum of d^p over assigned pairs + c^p / 2 (missed + false)

    minimised over assignments; a pair as far apart as the cut-off c is not assigned. Source: Rahmathullah,
    Garcia-Fernandez and Svensson, FUSION (2017), proposition 1.

    Args:
        estimates: positions of the picture, metres; an empty sequence where there are none.
        truths: true positions, metres.
        cutoff_m: c, the distance at which an estimate is no longer of the object.
        order: p, finite and at least 1.

    Raises:
        UsageError: a value is not finite, the shapes do not fit, or cut-off or order cannot be.
    """
    distances = _clipped_distances(estimates, truths, cutoff_m, order)
    count, true_count = distances.shape
    assignment = [-1] * true_count
    localisation = 0.0
    if distances.size:
        powers = distances**order
        rows, columns = linear_sum_assignment(powers)
        kept = distances[rows, columns] < cutoff_m
        localisation = float(powers[rows[kept], columns[kept]].sum())
        for row, column in zip(rows[kept].tolist(), columns[kept].tolist(), strict=True):
            assignment[column] = row
    assigned = sum(row >= 0 for row in assignment)
    half = cutoff_m**order / 2.0
    missed, false = half * (true_count - assigned), half * (count - assigned)
    return Gospa(
        distance=(localisation + missed + false) ** (1.0 / order),
        localisation=localisation,
        missed=missed,
        false=false,
        missed_count=true_count - assigned,
        false_count=count - assigned,
        assignment=tuple(assignment),
    )


@dataclass(frozen=True)
class Instant:
    """Estimates and true objects of one instant, by their names: positions (d,), metres."""

    estimates: Mapping[str, npt.ArrayLike]
    truths: Mapping[str, npt.ArrayLike]


def gospa_over_time(
    instants: Sequence[Instant], cutoff_m: float, order: float = 2.0, switching_m: float = 0.0
) -> tuple[Gospa, ...]:
    """GOSPA of each instant, with what it costs that objects change their tracks.

    A true object that goes from one track to another counts one switch, one that gains or loses its track
    half of one; its first track is free. The part is switching_m^p times that number, and is added to
    distance^p. This is the labelled GOSPA of the Fusion toolbox that Stone Soup follows too.

    Raises:
        UsageError: as `gospa`, or a penalty that is negative or not finite.
    """
    if not (math.isfinite(switching_m) and switching_m >= 0.0):
        raise UsageError("the switching penalty must be zero or more metres")
    held: dict[str, str | None] = {}
    rows = []
    for instant in instants:
        keys, names = list(instant.estimates), list(instant.truths)
        plain = gospa(
            [_numbers(instant.estimates[key], key) for key in keys],
            [_numbers(instant.truths[name], name) for name in names],
            cutoff_m,
            order,
        )
        switches = 0.0
        for name, row in zip(names, plain.assignment, strict=True):
            switches += _switch(held, name, keys[row] if row >= 0 else None)
        switching = switching_m**order * switches
        distance = (plain.localisation + plain.missed + plain.false + switching) ** (1.0 / order)
        rows.append(
            Gospa(
                distance,
                plain.localisation,
                plain.missed,
                plain.false,
                plain.missed_count,
                plain.false_count,
                plain.assignment,
                switching,
            )
        )
    return tuple(rows)


def _switch(held: dict[str, str | None], name: str, key: str | None) -> float:
    """How many switches it is that the object now has this track, which is then held."""
    if name not in held:
        if key is not None:
            held[name] = key
        return 0.0
    before, held[name] = held[name], key
    if before == key:
        return 0.0
    return 1.0 if before is not None and key is not None else 0.5


def _clipped_distances(
    estimates: npt.ArrayLike, truths: npt.ArrayLike, cutoff_m: float, order: float
) -> FloatArray:
    """Distances (m, n), metres, none beyond the cut-off."""
    if not (math.isfinite(cutoff_m) and cutoff_m > 0.0):
        raise UsageError("the cut-off must be a positive number of metres")
    if not (math.isfinite(order) and order >= 1.0):
        raise UsageError("the order must be finite and at least 1")
    left, right = _points(estimates, "estimates"), _points(truths, "truths")
    if not left.shape[0] or not right.shape[0]:
        return np.zeros((left.shape[0], right.shape[0]))
    if left.shape[1] != right.shape[1]:
        raise UsageError(f"estimates have {left.shape[1]} coordinates, truths {right.shape[1]}")
    return np.minimum(np.asarray(cdist(left, right), dtype=np.float64), cutoff_m)


def _points(values: npt.ArrayLike, name: str) -> FloatArray:
    array = _numbers(values, name)
    if array.size == 0:
        return array.reshape(0, 0)
    if array.ndim != 2:
        raise UsageError(f"`{name}` must be rows of coordinates, got shape `{array.shape}`")
    return array


def _numbers(values: npt.ArrayLike, name: str, last: int | None = None) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise UsageError(f"`{name}` holds a value that is not finite")
    if last is not None and (array.ndim == 0 or array.shape[-1] != last or array.size == 0):
        raise UsageError(f"`{name}` must have shape (..., {last}) and a row, got `{array.shape}`")
    return array
