"""What is said outside of biases that are left over: one coarse figure, and nothing else of them.

A partner must know how far a track may be off for good, and must not learn how good which sensor of ours is.
So what leaves is made like this:

1. The constant part D of a state's error is taken out of its covariance and stated apart, as one sigma that
   is the same along every axis, of a class: 1, 1.5, 2, 3, 5, 7 times a power of ten, in metres.
2. What D says of velocity is widened to a class too, so that no digit of D is left in what is sent.
3. The two classes cover D whole: diag(s^2 I, v^2 I) - D is positive semidefinite, by the Schur complement of
   its upper block.
4. A tracklet is of the plot corrected by what is known, at the instant that the sensor stamped: an instant
   that was moved by the clock's bias would tell it. The object is moved along its velocity instead.
"""

import math

import numpy as np

from trilat.fusion.observation import RadarObservation
from trilat.fusion.registration.kernels import BIASES
from trilat.fusion.registration.plots import (
    NS_PER_S,
    BiasTable,
    SensorPlot,
    corrected_plot,
    left_over_sigma_m,
)
from trilat.fusion.sharing.tracklet import equivalent_measurement
from trilat.geo import FloatArray

_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
# Least class of metres per second; that of metres is 1.
_SPEED_M_PER_S_MIN = 0.01
# The figure of position is at least so much above its part of D: room for what position and velocity share.
_ROOM = 1.1


def stated_class(sigma: float, least: float = 1.0) -> float:
    """The class that a sigma is stated as: the next one that is not below it, nor below `least`."""
    sigma = max(float(sigma), least)
    power = 10.0 ** math.floor(math.log10(sigma))
    # Shares of a power of ten are not exact: a class is its own.
    return next(step * power for step in _STEPS if sigma <= step * power * (1.0 + 1e-9))


def stated_apart(independent: FloatArray, constant: FloatArray) -> tuple[FloatArray, float]:
    """The covariance (6, 6) that is sent, and the constant sigma (m) beside it; see the module.

    Args:
        independent: of the state without biases, ECEF, m and m/s.
        constant: D, what biases add to it.
    """
    place, both, speed = constant[:3, :3], constant[:3, 3:], constant[3:, 3:]
    sigma_m = stated_class(_ROOM * _longest(place))
    left = speed + both.T @ np.linalg.solve(sigma_m**2 * np.eye(3) - place, both)
    speed_sigma = stated_class(_longest(left), _SPEED_M_PER_S_MIN)
    covariance = independent.copy()
    covariance[3:, 3:] += speed_sigma**2 * np.eye(3)
    return covariance, sigma_m


def with_constant(covariance: FloatArray, sigma_m: float) -> FloatArray:
    """The whole error (6, 6) of what `stated_apart` took apart, as who receives it puts it together."""
    whole = covariance.copy()
    whole[:3, :3] += sigma_m**2 * np.eye(3)
    return whole


def corrected_tracklet(
    plot: SensorPlot, table: BiasTable, mean: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Mean (6,) and covariance (6, 6) that stand for a corrected plot, and what is left over of it, sigma in
    m.

    Args:
        plot: as the sensor gave it.
        table: what is known of the biases.
        mean: where the object was at the plot's instant, a state (6,).

    Raises:
        ObservationError: as of `equivalent_measurement`.
    """
    corrected, _ = corrected_plot(plot, table)
    late_s = (int(plot.time_ns) - int(corrected.time_ns)) / NS_PER_S
    point = np.concatenate([mean[:3] - late_s * mean[3:], mean[3:]])
    value, covariance = equivalent_measurement(corrected, point)
    value = np.concatenate([value[:3] + late_s * mean[3:], value[3:]])
    return value, covariance, _left_over_m(plot, table, mean)


def _left_over_m(plot: SensorPlot, table: BiasTable, mean: FloatArray) -> float:
    if isinstance(plot, RadarObservation):
        return left_over_sigma_m(plot, table)
    column = table.column(plot.source, plot.sensor)
    if column < 0:
        return 0.0
    away_m = float(np.linalg.norm(mean[:3] - plot.site_ecef_m))
    sigma = np.sqrt(np.diagonal(table.covariance)[column : column + BIASES])
    across_m = away_m * max(math.cos(plot.elevation_rad) * float(sigma[1]), float(sigma[2]))
    return math.hypot(across_m, float(np.linalg.norm(mean[3:])) * float(sigma[3]))


def _longest(covariance: FloatArray) -> float:
    """The sigma along the longest axis."""
    return math.sqrt(max(0.0, float(np.linalg.eigvalsh(covariance)[-1])))
