"""A plot turned into a tracklet: a mean and covariance that act on any filter as the plot would.

With nu and H taken at the linearisation point x, and a weak regularisation E that keeps the covariance
finite where the plot says nothing,

    P = (H' R^-1 H + E)^-1        z = x + P H' R^-1 nu

Updating a filter with (z, P), measurement matrix I, equals updating it with the plot to first order. P comes
from the triangular factor of the stacked square roots [R^-1/2 H; E^1/2], whose condition is the root of that
of the information itself: the narrowest plot from the nearest sensor leaves digits for the rest.
References: Drummond, Tracklets and a hybrid fusion with process noise, SPIE 3163 (1997); Frenkel, Multisensor
tracking of ballistic targets, SPIE 2561 (1995). E is (1e7 m)^-2 and (1e5 m/s)^-2: a thousand tracklets add
less than (3e3 m/s)^-2 of false information on velocity.
"""

import numpy as np

from trilat.fusion.filters.measurement import (
    KIND_DIRECTION,
    KIND_EQUIVALENT,
    Measurement,
    innovation,
    prepare,
)
from trilat.fusion.observation import DirectionObservation, RadarObservation
from trilat.geo import FloatArray
from trilat.model import ObservationError

# Sigmas of the regularisation: no object of this job is outside them.
REGULAR_POSITION_M = 1.0e7
REGULAR_SPEED_M_PER_S = 1.0e5
# Shortest over longest axis of a covariance, squared, that a float can hold with digits to spare.
_SHARE_HELD = 1e-14
# Units in which the information matrix is well conditioned.
_SCALE = np.array([1e3, 1e3, 1e3, 1e4, 1e4, 1e4])


def equivalent_measurement(
    observation: RadarObservation | DirectionObservation, mean: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean (6,) and covariance (6, 6), ECEF m and m/s, that stand for one plot.

    Args:
        observation: the plot.
        mean: where to linearise, a state (6,) of the object at the plot's instant; the sender's own
            estimate serves. None takes the plot's own position and no velocity, which is as good for
            a radar without range rate.

    Raises:
        ObservationError: a direction without `mean` (its range is unknown), or a `mean` that is not one or
            lies behind the sensor.
    """
    if not isinstance(observation, (RadarObservation, DirectionObservation)):
        raise ObservationError(f"a `{type(observation).__name__}` has no equivalent measurement, give a plot")
    return equivalent_of(prepare(observation), mean)


def equivalent_of(measurement: Measurement, mean: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """As `equivalent_measurement`, of a prepared plot."""
    if measurement.kind == KIND_EQUIVALENT:
        return measurement.values, measurement.covariance
    point = _linearisation_point(measurement, mean)
    nu, h, ahead = innovation(
        point, measurement.kind, measurement.values, measurement.site_m, measurement.axes
    )
    if not ahead:
        raise ObservationError("`mean` lies behind the sensor, linearise near the plot")
    sigmas = np.sqrt(np.diagonal(measurement.covariance))
    regular = np.repeat([REGULAR_POSITION_M, REGULAR_SPEED_M_PER_S], 3) / _SCALE
    roots = np.vstack([h * _SCALE / sigmas[:, None], np.diag(1.0 / regular)])
    across, triangle = np.linalg.qr(roots)
    if not np.all(np.isfinite(triangle)):
        raise ObservationError("`mean` is too near the sensor to say what the plot measures")
    inverse = np.linalg.solve(triangle, np.eye(6))
    equivalent = point + _SCALE * (inverse @ (across[: nu.size].T @ (nu / sigmas)))
    covariance = _held(inverse @ inverse.T)
    return equivalent, covariance * np.outer(_SCALE, _SCALE)


def _held(covariance: FloatArray) -> FloatArray:
    """The covariance, its narrowest axes widened as far as floats need to hold it beside the longest."""
    lengths, axes = np.linalg.eigh(0.5 * (covariance + covariance.T))
    least = lengths[-1] * _SHARE_HELD
    if lengths[0] >= least:
        return np.asarray(0.5 * (covariance + covariance.T), dtype=np.float64)
    held = (axes * np.maximum(lengths, least)) @ axes.T
    return np.asarray(0.5 * (held + held.T), dtype=np.float64)


def _linearisation_point(measurement: Measurement, mean: FloatArray | None) -> FloatArray:
    if mean is not None:
        point = np.array(mean, dtype=np.float64)
        if point.shape != (6,) or not np.all(np.isfinite(point)):
            raise ObservationError("`mean` must be six finite numbers")
        return point
    if measurement.kind == KIND_DIRECTION:
        raise ObservationError("a direction has no range, give the `mean` of the track it belongs to")
    position = measurement.site_m + measurement.values[0] * measurement.axes[0]
    return np.concatenate([position, np.zeros(3)])
