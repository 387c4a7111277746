"""The least position error that any filter could reach: a posterior Cramer-Rao recursion along the truth.

Clairvoyant: the switch times are known, the motion is linearised along the true path, each observation
enters with its own sigmas and its Jacobian at the true state (Tichavsky, Muravchik, Nehorai, IEEE T-SP 46(5),
1998; with small process noise along one path it is the covariance recursion of the Kalman filter).

- While burning: nine states, thrust acceleration driven by white jerk noise (1.5 m2/s5).
- Coasting: six states, no noise.
- At ignition the thrust is unknown within 30 m/s2 per axis; at burnout it is dropped.

It is the usual yardstick and not a law: real thrust is not random, so a ratio a little under 1 can occur
while burning. Truth is given as arrays: this part knows no scenario.
"""

import math
from collections.abc import Sequence

import numpy as np

from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import KIND_EQUIVALENT, Measurement, innovation, prepare
from trilat.fusion.filters.motion import propagate
from trilat.fusion.observation import DirectionObservation, RadarObservation
from trilat.geo import FloatArray
from trilat.model import ObservationError

# Jerk noise while burning, m^2/s^5, thrust at ignition, m/s^2, and speed before the first plot, m/s.
JERK_PSD = 1.5
THRUST_SIGMA_M_PER_S2 = 30.0
SPEED_SIGMA_M_PER_S = 3000.0
# Position before the first plot, metres.
POSITION_SIGMA_M = 1.0e7


def clairvoyant_bound(
    t_s: FloatArray,
    position_m: FloatArray,
    velocity_m_per_s: FloatArray,
    burns: Sequence[tuple[float, float]],
    start_ns: int,
    observations: Sequence[RadarObservation | DirectionObservation],
    at_s: FloatArray,
) -> FloatArray:
    """Root-mean-square 3-D position bound, metres, at each of `at_s` (m,); NaN before the first plot.

    Arguments and errors are those of `clairvoyant_covariances`.
    """
    covariances = clairvoyant_covariances(
        t_s, position_m, velocity_m_per_s, burns, start_ns, observations, at_s
    )
    return np.asarray(np.sqrt(np.trace(covariances[:, :3, :3], axis1=1, axis2=2)))


def clairvoyant_covariances(
    t_s: FloatArray,
    position_m: FloatArray,
    velocity_m_per_s: FloatArray,
    burns: Sequence[tuple[float, float]],
    start_ns: int,
    observations: Sequence[RadarObservation | DirectionObservation],
    at_s: FloatArray,
) -> FloatArray:
    """Least covariance (m, 6, 6), ECEF, m and m/s, at each of `at_s` (m,); NaN before the first plot.

    Args:
        t_s: instants (n,) of the truth, seconds from `start_ns`, growing.
        position_m: true positions (n, 3), ECEF.
        velocity_m_per_s: true velocities (n, 3), ECEF.
        burns: (begin, end) of each burn, seconds from `start_ns`.
        start_ns: instant of second zero, UTC nanoseconds.
        observations: plots of this one object only, from all sensors, in any order.
        at_s: where the bound is wanted, growing, within `t_s`.

    Raises:
        ObservationError: arrays whose shapes do not fit, or that are not finite or not growing.
    """
    truth = _Truth(t_s, position_m, velocity_m_per_s)
    wanted = np.asarray(at_s, dtype=np.float64)
    if wanted.ndim != 1 or not np.all(np.diff(wanted) >= 0.0):
        raise ObservationError("`at_s` must be a growing row of seconds")
    plots = sorted((prepare(plot) for plot in observations), key=lambda plot: plot.key)
    events: list[tuple[float, int, Measurement | None]] = []
    for plot in plots:
        if plot.kind == KIND_EQUIVALENT:
            raise ObservationError("the bound is of plots, not of tracklets")
        events.append(((plot.time_ns - start_ns) / 1e9, 0, plot))
    events += [(float(second), 1, None) for second in wanted]
    events.sort(key=lambda event: event[:2])
    return _run(truth, sorted(burns), events)


class _Truth:
    """Cubic interpolation of a true path."""

    def __init__(self, t_s: FloatArray, position_m: FloatArray, velocity_m_per_s: FloatArray) -> None:
        self.t, self.p, self.v = (
            np.asarray(a, dtype=np.float64) for a in (t_s, position_m, velocity_m_per_s)
        )
        n = self.t.shape[0] if self.t.ndim == 1 else 0
        if n < 2 or self.p.shape != (n, 3) or self.v.shape != (n, 3):
            raise ObservationError("the truth must be arrays (n,), (n, 3), (n, 3) with n of at least 2")
        if not all(np.all(np.isfinite(a)) for a in (self.t, self.p, self.v)) or np.any(np.diff(self.t) < 0):
            raise ObservationError("the truth must be finite and its instants growing")

    def at(self, second: float) -> FloatArray:
        """State (6,) by Hermite's cubic between the two nearest samples."""
        i = int(np.clip(np.searchsorted(self.t, second, side="right") - 1, 0, self.t.shape[0] - 2))
        h = self.t[i + 1] - self.t[i]
        if h == 0.0:
            return np.concatenate([self.p[i], self.v[i]])
        s = (second - self.t[i]) / h
        rise, bend, lag = s * s * (3 - 2 * s), s * (1 - s) ** 2 * h, -s * s * (1 - s) * h
        position = (1 - rise) * self.p[i] + rise * self.p[i + 1] + bend * self.v[i] + lag * self.v[i + 1]
        slope = 6 * s * (1 - s) * (self.p[i + 1] - self.p[i]) / h
        velocity = slope + (1 - s) * (1 - 3 * s) * self.v[i] + s * (3 * s - 2) * self.v[i + 1]
        return np.concatenate([position, velocity])


def _run(
    truth: _Truth,
    burns: Sequence[tuple[float, float]],
    events: Sequence[tuple[float, int, Measurement | None]],
) -> FloatArray:
    covariance: FloatArray | None = None
    now = -math.inf
    bounds: list[FloatArray] = []
    for second, _, plot in events:
        if covariance is not None:
            covariance = _carried(truth, burns, covariance, now, second)
        elif plot is not None:
            sigmas = np.repeat([POSITION_SIGMA_M, SPEED_SIGMA_M_PER_S], 3)
            covariance = _shaped(np.diag(sigmas**2.0), _is_burning(burns, second))
        now = second
        if plot is not None and covariance is not None:
            covariance = _observed(truth, covariance, second, plot)
        elif plot is None:
            bounds.append(np.full((6, 6), math.nan) if covariance is None else covariance[:6, :6])
    return np.array(bounds).reshape(-1, 6, 6)


def _is_burning(burns: Sequence[tuple[float, float]], second: float) -> bool:
    return any(begin <= second < end for begin, end in burns)


def _shaped(covariance: FloatArray, burning: bool) -> FloatArray:  # noqa: FBT001  one question, one answer
    """The covariance with nine states when burning, six when not."""
    size = covariance.shape[0]
    if burning and size == 6:
        wide = np.zeros((9, 9))
        wide[:6, :6] = covariance
        wide[6:, 6:] = np.eye(3) * THRUST_SIGMA_M_PER_S2**2
        return wide
    if not burning and size == 9:
        return np.ascontiguousarray(covariance[:6, :6])
    return covariance


def _carried(
    truth: _Truth,
    burns: Sequence[tuple[float, float]],
    covariance: FloatArray,
    start_s: float,
    end_s: float,
) -> FloatArray:
    """The covariance after the time from `start_s` to `end_s`, switching where burns begin and end."""
    edges = [edge for burn in burns for edge in burn if start_s < edge < end_s]
    begin = start_s
    for edge in [*edges, end_s]:
        burning = _is_burning(burns, 0.5 * (begin + edge))
        covariance = _shaped(covariance, burning)
        state = np.zeros(covariance.shape[0])
        state[:6] = truth.at(begin)
        _, covariance = propagate(state, covariance, edge - begin, JERK_PSD if burning else 0.0)
        begin = edge
    return covariance


def _observed(truth: _Truth, covariance: FloatArray, second: float, plot: Measurement) -> FloatArray:
    state = np.zeros(covariance.shape[0])
    state[:6] = truth.at(second)
    _, _, ahead = innovation(state, plot.kind, plot.values, plot.site_m, plot.axes)
    if not ahead:
        raise ObservationError("an observation looks away from the truth: is it of another object?")
    args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
    return np.asarray(update(state, covariance, *args)[1])
