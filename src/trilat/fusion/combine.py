"""Two or more estimates of one state become one.

- `information_sum`: for estimates whose errors are independent, that is with known, disjoint lineage:
  P = (sum P_i^-1)^-1, x = P sum P_i^-1 x_i. With shared observations it claims far too much.
- `covariance_intersection`: for estimates whose dependence is not known: P^-1 = w A^-1 + (1 - w) B^-1 with
  the w in [0, 1] that makes det P smallest. Never claims too much, whatever the dependence. Julier and
  Uhlmann, A non-divergent estimation algorithm in the presence of unknown correlations, ACC 1997.
"""

from collections.abc import Sequence

import numpy as np

from trilat.geo import FloatArray
from trilat.model import ObservationError

Estimate = tuple[FloatArray, FloatArray]


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


def covariance_intersection(first: Estimate, second: Estimate) -> tuple[FloatArray, FloatArray, float]:
    """Mean (n,), covariance (n, n) and the weight w of `first` that makes the determinant smallest.

    In the basis where A is I and B is diag(b), log det P(w) = -sum log(w + (1 - w) / b_i), whose derivative
    is monotone: w is found by bisection.

    Raises:
        ObservationError: a covariance is not positive definite.
    """
    (a_mean, a), (b_mean, b) = first, second
    low = _factor(a)
    whitened = np.linalg.solve(low, np.linalg.solve(low, b).T)
    lengths = np.linalg.eigvalsh(0.5 * (whitened + whitened.T))
    if not lengths[0] > 0.0:
        raise ObservationError("a covariance to combine is not positive definite")
    weight = _best_weight(np.asarray(1.0 / lengths, dtype=np.float64))
    if weight >= 1.0:
        return a_mean, a, 1.0
    if weight <= 0.0:
        return b_mean, b, 0.0
    mean, covariance = information_sum([(a_mean, a / weight), (b_mean, b / (1.0 - weight))])
    return mean, covariance, weight


def squared_distance(first: Estimate, second: Estimate) -> float:
    """(x1 - x2)' (P1 + P2)^-1 (x1 - x2): chi-square with n degrees when both are of one object."""
    difference = first[0] - second[0]
    return float(difference @ _solved(first[1] + second[1], difference))


def _best_weight(inverses: FloatArray) -> float:
    """The w where sum (1 - c_i) / (w + (1 - w) c_i) is zero, or the end of [0, 1] nearest to that."""

    def slope(w: float) -> float:
        return float(np.sum((1.0 - inverses) / (w + (1.0 - w) * inverses)))

    if slope(1.0) >= 0.0:
        return 1.0
    if slope(0.0) <= 0.0:
        return 0.0
    lower, upper = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (lower + upper)
        if slope(middle) > 0.0:
            lower = middle
        else:
            upper = middle
    return 0.5 * (lower + upper)


def _factor(matrix: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise ObservationError("a covariance to combine is not positive definite") from None


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
