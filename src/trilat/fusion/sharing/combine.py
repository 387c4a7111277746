"""Two or more estimates of one state become one.

- `information_sum`: for estimates whose errors are independent, that is with known, disjoint lineage:
  P = (sum P_i^-1)^-1, x = P sum P_i^-1 x_i. With shared observations it claims far too much.
- `information_difference`: what an estimate holds beyond a known part of it, P^-1 = A^-1 - C^-1: for a
  tracklet out of a track, and for common information to be counted once (Chong, Mori, Chang, Distributed
  multitarget multisensor tracking, in Bar-Shalom (ed.), Multitarget-Multisensor Tracking, 1990, ch. 8).
- `correlated_sum`: for estimates whose cross-covariances are known.
- `covariance_intersection`: for estimates whose dependence is not known: P^-1 = w A^-1 + (1 - w) B^-1 with
  the w in [0, 1] that makes det P, or the trace, smallest. Never claims too much, whatever the dependence.
- `inverse_covariance_intersection`: for estimates that depend on each other only through shared
  information, of unknown amount: P^-1 = A^-1 + B^-1 - (w A + (1 - w) B)^-1. Tighter, never wider.

`lineage` says which of them applies, `combined` carries it out.
"""

from collections.abc import Sequence

import numpy as np

from trilat.fusion.filters.kalman import cholesky
from trilat.fusion.sharing.intersection import intersect, subtract
from trilat.fusion.sharing.lineage import Rule
from trilat.geo import FloatArray
from trilat.model import ObservationError

Estimate = tuple[FloatArray, FloatArray]

# Information gained on an axis, as a share of what is there, below which nothing was gained: rounding.
LEAST_GAIN = 1e-9
# A part may seem to know so much more than its whole through rounding and process noise.
_PART_TOLERANCE = 1e-4


def information_sum(estimates: Sequence[Estimate]) -> Estimate:
    """Mean (n,) and covariance (n, n) of independent estimates (mean, covariance) of one state.

    Raises:
        ObservationError: no estimate given, or a covariance that cannot be inverted.
    """
    if not estimates:
        raise ObservationError("nothing to combine, give at least one estimate")
    if len(estimates) == 1:
        return estimates[0]
    mean, covariance = estimates[0]
    for other_mean, other_covariance in estimates[1:]:
        # P1 - P1 (P1 + P2)^-1 P1 needs one inverse and loses nothing when one covariance is huge.
        gain = _solved(covariance + other_covariance, covariance).T
        mean = mean + gain @ (other_mean - mean)
        rest = np.eye(mean.shape[0]) - gain
        covariance = rest @ covariance @ rest.T + gain @ other_covariance @ gain.T
        covariance = 0.5 * (covariance + covariance.T)
    return mean, covariance


def information_difference(total: Estimate, part: Estimate) -> Estimate:
    """Mean (n,) and covariance (n, n) of what `total` holds beyond `part`; both of one state and instant.

    Where `total` gained nothing the variance is 1e9 times its own, so that the result stays finite.

    Raises:
        ObservationError: a covariance is not positive definite, or `part` claims more than `total`.
    """
    mean, covariance, least = subtract(*_floats(total), *_floats(part), LEAST_GAIN)
    if least == 0.0:
        raise ObservationError("a covariance to subtract is not positive definite")
    if least < 1.0 - _PART_TOLERANCE:
        raise ObservationError("the part to subtract claims more than the whole, it is no part of it")
    return mean, covariance


def correlated_sum(means: FloatArray, joint: FloatArray) -> Estimate:
    """Mean (n,) and covariance (n, n) of k estimates of one state whose joint covariance is known.

    With E the stack of k unit matrices, P = (E' C^-1 E)^-1 and x = P E' C^-1 (x_1 ... x_k): for two, the rule
    of Bar-Shalom and Campo, IEEE T-AES 22(6) 1986; for more, Chen, Kirubarajan, Bar-Shalom, IEEE T-AES 39(2)
    2003. Hardly ever known between partners: it is the yardstick of what lineage could give.

    Args:
        means: (k, n).
        joint: (k n, k n), blocks of n by n, C_ij the cross-covariance of estimates i and j.

    Raises:
        ObservationError: shapes that do not fit, or a joint covariance that is not positive definite.
    """
    if means.ndim != 2 or joint.shape != (means.size, means.size):
        raise ObservationError("`means` must be (k, n) and `joint` (k n, k n)")
    count, size = means.shape
    stack = np.tile(np.eye(size), (count, 1))
    low, good = cholesky(np.array(joint, dtype=np.float64))
    if not good:
        raise ObservationError("a joint covariance to combine is not positive definite")
    white = np.linalg.solve(low, np.column_stack([stack, means.ravel()]))
    covariance = np.linalg.inv(white[:, :size].T @ white[:, :size])
    return covariance @ (white[:, :size].T @ white[:, size]), 0.5 * (covariance + covariance.T)


def covariance_intersection(
    first: Estimate, second: Estimate, trace_weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (n,), covariance (n, n) and the weight w of `first`, for any dependence of the two.

    Args:
        first: mean and covariance; taken as it is when w is one.
        second: the same of the other.
        trace_weights: (n,), weighs the variances whose sum is made smallest, for instance ones for
            position and zeros for velocity. None makes the determinant smallest, which needs no units.

    Raises:
        ObservationError: a covariance is not positive definite, or weights that are none.
    """
    return _intersected(first, second, trace_weights, inverse=False)


def inverse_covariance_intersection(
    first: Estimate, second: Estimate, trace_weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (n,), covariance (n, n) and w, for two that share information, and nothing else.

    Holds when both are honest fusions of parts of which some are the same (Noack et al. 2017, theorem 1).
    It is not for common noise that is no information, such as the process noise of a burning object.
    Arguments and errors are those of `covariance_intersection`; here w = 1 takes `second` alone.
    """
    return _intersected(first, second, trace_weights, inverse=True)


def _intersected(
    first: Estimate, second: Estimate, trace_weights: FloatArray | None, *, inverse: bool
) -> tuple[FloatArray, FloatArray, float]:
    size = np.asarray(first[0]).shape[0]
    weights = np.zeros(0) if trace_weights is None else np.array(trace_weights, dtype=np.float64)
    if trace_weights is not None and not (weights.shape == (size,) and _weighs(weights)):
        raise ObservationError(f"`trace_weights` must be {size} finite numbers, none negative, not all zero")
    mean, covariance, weight, good = intersect(*_floats(first), *_floats(second), weights, inverse)
    if not good:
        raise ObservationError("a covariance to combine is not positive definite")
    if weight in {0.0, 1.0}:
        # One alone: its own bits, not those of a round trip through the joint basis.
        alone = first if (weight == 1.0) != inverse else second
        return alone[0], alone[1], weight
    return mean, covariance, weight


def combined(rule: Rule, first: Estimate, second: Estimate, common: Estimate | None = None) -> Estimate:
    """Mean (n,) and covariance (n, n) by a rule; all of one state and instant.

    Args:
        rule: from `rule_for`.
        first: mean and covariance of the one.
        second: of the other.
        common: what the common observations alone tell; needed to subtract, not used otherwise.

    Raises:
        ObservationError: a covariance is not positive definite, `common` is missing, or tells more than
            either of both.
    """
    if rule is Rule.SUM:
        return information_sum([first, second])
    if rule is Rule.SUBTRACT:
        if common is None:
            raise ObservationError("to subtract, give what the common observations tell")
        return information_sum([first, information_difference(second, common)])
    if rule is Rule.KEEP_FIRST:
        return first
    if rule is Rule.KEEP_SECOND:
        return second
    if rule is Rule.INVERSE_INTERSECTION:
        return inverse_covariance_intersection(first, second)[:2]
    return covariance_intersection(first, second)[:2]


def squared_distance(first: Estimate, second: Estimate) -> float:
    """(x1 - x2)' (P1 + P2)^-1 (x1 - x2): chi-square with n degrees when both are of one object."""
    difference = first[0] - second[0]
    return float(difference @ _solved(first[1] + second[1], difference))


def _weighs(weights: FloatArray) -> bool:
    return bool(np.all(np.isfinite(weights)) and np.all(weights >= 0.0) and np.any(weights > 0.0))


def _floats(estimate: Estimate) -> Estimate:
    """Fresh writable arrays: a kernel is compiled once per kind of array."""
    return np.array(estimate[0], dtype=np.float64), np.array(estimate[1], dtype=np.float64)


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """matrix^-1 right, with rows and columns scaled so that metres and m/s do not spoil it."""
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    if not np.all(scale > 0.0):
        raise ObservationError("a covariance to combine is not positive definite")
    scaled = matrix / np.outer(scale, scale)
    try:
        if right.ndim == 1:
            return np.linalg.solve(scaled, right / scale) / scale
        return np.linalg.solve(scaled, right / scale[:, None]) / scale[:, None]
    except np.linalg.LinAlgError:
        raise ObservationError("a covariance to combine is not positive definite") from None
