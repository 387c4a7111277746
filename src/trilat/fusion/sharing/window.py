"""Many plots of one falling object as one tracklet: what they tell, and no more.

A filter restarted from nothing and fed with the plots of a window holds just what these plots tell
(Drummond, Tracklets and a hybrid fusion with process noise, SPIE 3163, 1997). Starting from nothing needs
the information form. Along the free fall through the sender's own estimate, with B the transition from
one plot back to the one before it, M and i are carried forward and gain at each plot

    M <- B' M B      i <- B' i                        between plots
    M <- (I + M Q)^-1 M    i <- (I + M Q)^-1 i        for process noise of covariance Q between plots
    M <- M + H' R^-1 H     i <- i + H' R^-1 nu        at a plot

and the tracklet of the instant of the last plot is P = (M + E)^-1, z = x + P i, with the E of `tracklet`.
Updating any filter of that instant with z, P and measurement matrix I equals updating it with the plots, to
first order and but for process noise that both share: that is why only falling objects are compressed.

The sender's estimate enters as the point of linearisation. It must stand on the sender's own plots alone:
otherwise the last bits of a tracklet would tell of others' data.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from trilat.fusion.filters.measurement import KIND_EQUIVALENT, Measurement, innovation, prepare
from trilat.fusion.filters.motion import STEP_S_MAX, sandwich, step_mean, transition
from trilat.fusion.observation import DirectionObservation, RadarObservation, checked_state
from trilat.fusion.sharing.tracklet import REGULAR_POSITION_M, REGULAR_SPEED_M_PER_S
from trilat.geo import FloatArray
from trilat.model import ObservationError

IntArray = npt.NDArray[np.int64]
# Longest window, seconds: along it the second order of a fall linearised within some km stays below a metre.
WINDOW_S_MAX = 120.0
# Units in which the information of a window is well conditioned: about what ten seconds of a radar tell.
_SCALE = np.array([1e2, 1e2, 1e2, 1e1, 1e1, 1e1])


@njit(cache=True)
def fallen(state: FloatArray, seconds: float) -> tuple[FloatArray, FloatArray]:
    """State (6,) after `seconds` of free fall, either sign, and d(state after)/d(state before) (6, 6)."""
    x = state.copy()
    whole = np.eye(6)
    if seconds != 0.0:
        steps = max(1, math.ceil(abs(seconds) / STEP_S_MAX))
        h = seconds / steps
        for _ in range(steps):
            step = transition(x, h)
            before = whole.copy()
            for i in range(6):
                for j in range(6):
                    whole[i, j] = 0.0
                    for k in range(6):
                        whole[i, j] += step[i, k] * before[k, j]
            x = step_mean(x, h)
    return x, whole


@njit(cache=True)
def _with_noise(m: FloatArray, i: FloatArray, seconds: float, density: float) -> None:
    """M and i after process noise: white acceleration of spectral `density`, m^2/s^3, over `seconds`."""
    h = abs(seconds)
    spread = np.eye(6)
    for row in range(6):
        for axis in range(3):
            near, far = m[row, axis], m[row, 3 + axis]
            spread[row, axis] += density * (near * h**3 / 3.0 + far * h * h / 2.0)
            spread[row, 3 + axis] += density * (near * h * h / 2.0 + far * h)
    right = np.empty((6, 7))
    right[:, :6] = m
    right[:, 6] = i
    solved = np.linalg.solve(spread, right)
    for row in range(6):
        i[row] = solved[row, 6]
        for column in range(6):
            m[row, column] = 0.5 * (solved[row, column] + solved[column, row])


@njit(cache=True)
def information_gain(
    end: FloatArray,
    seconds: FloatArray,
    kinds: IntArray,
    values: FloatArray,
    variances: FloatArray,
    sites: FloatArray,
    axes: FloatArray,
    density: float,
) -> tuple[FloatArray, FloatArray, float, bool]:
    """M (6, 6), i (6,) of a window's plots at its end, their sum of nu' R^-1 nu, and whether all look ahead.

    Args:
        end: the sender's state (6,) at the instant of the last plot.
        seconds: instant of each of m plots after the last, at most zero and growing (m,).
        kinds: kind of each (m,).
        values: of each, as in `measurement`, filled up with zeros (m, 4).
        variances: of each, filled up with ones (m, 4).
        sites: of each (m, 3).
        axes: of each (m, 3, 3).
        density: of the process noise, m^2/s^3; zero for none.
    """
    count = seconds.shape[0]
    states = np.empty((count, 6))
    backs = np.empty((count, 6, 6))
    state, now = end.copy(), 0.0
    for k in range(count - 1, -1, -1):
        state, back = fallen(state, seconds[k] - now)
        now = seconds[k]
        states[k] = state
        backs[k] = back
    m = np.zeros((6, 6))
    i = np.zeros(6)
    misfit = 0.0
    for k in range(count):
        size = 3 if kinds[k] == 0 else 4 if kinds[k] == 1 else 2
        nu, h, ahead = innovation(states[k], kinds[k], values[k, :size], sites[k], axes[k])
        if not ahead:
            return m, i, misfit, False
        for row in range(size):
            misfit += nu[row] * nu[row] / variances[k, row]
            for a in range(6):
                weighted = h[row, a] / variances[k, row]
                i[a] += weighted * nu[row]
                for b in range(6):
                    m[a, b] += weighted * h[row, b]
        # backs[k] leads from plot k + 1, or the end, back to plot k.
        back = backs[k].T.copy()
        m = sandwich(back, m)
        before = i.copy()
        for a in range(6):
            i[a] = 0.0
            for b in range(6):
                i[a] += back[a, b] * before[b]
        ahead_s = (seconds[k + 1] if k + 1 < count else 0.0) - seconds[k]
        if density > 0.0 and ahead_s > 0.0:
            _with_noise(m, i, ahead_s, density)
    return m, i, misfit, True


def window_tracklet(
    plots: Sequence[RadarObservation | DirectionObservation],
    mean: FloatArray,
    acceleration_psd_m2_per_s3: float = 1e-7,
) -> tuple[FloatArray, FloatArray, float, int]:
    """One tracklet of many plots of a falling object, of the instant of the last of them.

    Args:
        plots: one party's own plots of one object, in any order, within `WINDOW_S_MAX`.
        mean: the sender's state (6,) at the instant of the last plot, ECEF, m and m/s, from its own plots.
        acceleration_psd_m2_per_s3: process noise of the fall.

    Returns:
        Mean (6,), covariance (6, 6), the squared misfit of the plots to one free fall and its degrees of
        freedom (zero or less where the plots do not determine a fall): chi-square when they are of one fall.

    Raises:
        ObservationError: no plots, not plots, a window that is too long, or a `mean` that is not one or lies
            behind a sensor.
    """
    if not plots:
        raise ObservationError("a window needs at least one plot")
    for plot in plots:
        if not isinstance(plot, (RadarObservation, DirectionObservation)):
            raise ObservationError(f"a `{type(plot).__name__}` cannot be compressed, give plots")
    if not (np.isfinite(acceleration_psd_m2_per_s3) and acceleration_psd_m2_per_s3 >= 0.0):
        raise ObservationError("`acceleration_psd_m2_per_s3` must be zero or positive")
    point, _ = checked_state(mean, np.eye(6))
    measurements = sorted((prepare(plot) for plot in plots), key=lambda measurement: measurement.key)
    return compressed(measurements, point.copy(), acceleration_psd_m2_per_s3)


def compressed(
    measurements: Sequence[Measurement], point: FloatArray, density: float
) -> tuple[FloatArray, FloatArray, float, int]:
    """As `window_tracklet`, of prepared plots in order of time."""
    seconds, kinds, values, variances, sites, axes = _arrays(measurements)
    if -seconds[0] > WINDOW_S_MAX:
        raise ObservationError(f"the plots span more than {WINDOW_S_MAX:.0f} s, send shorter windows")
    m, i, misfit, ahead = information_gain(point, seconds, kinds, values, variances, sites, axes, density)
    if not ahead:
        raise ObservationError("`mean` lies behind the sensor of a plot, linearise near the plots")
    regular = np.repeat([REGULAR_POSITION_M, REGULAR_SPEED_M_PER_S], 3) / _SCALE
    covariance = np.linalg.inv(m * np.outer(_SCALE, _SCALE) + np.diag(regular**-2.0))
    covariance = 0.5 * (covariance + covariance.T)
    gained = _SCALE * i
    shift = covariance @ gained
    degrees = sum(measurement.values.shape[0] for measurement in measurements) - 6
    left = max(0.0, misfit - float(gained @ shift))
    return point + _SCALE * shift, covariance * np.outer(_SCALE, _SCALE), left, degrees


def _arrays(
    measurements: Sequence[Measurement],
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Seconds after the last, kinds, values, variances, sites and axes, as the kernel takes them."""
    count = len(measurements)
    end_ns = measurements[-1].time_ns
    values, variances = np.zeros((count, 4)), np.ones((count, 4))
    for row, measurement in enumerate(measurements):
        if measurement.kind == KIND_EQUIVALENT:
            raise ObservationError("a tracklet cannot be compressed again, give plots")
        size = measurement.values.shape[0]
        values[row, :size] = measurement.values
        variances[row, :size] = np.diagonal(measurement.covariance)
    return (
        np.array([(measurement.time_ns - end_ns) / 1e9 for measurement in measurements]),
        np.array([measurement.kind for measurement in measurements]),
        values,
        variances,
        np.array([measurement.site_m for measurement in measurements]),
        np.array([measurement.axes for measurement in measurements]),
    )
