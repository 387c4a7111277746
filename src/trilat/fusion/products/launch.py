"""Where, when and towards which azimuth an object left the ground, from its first plots alone.

Method: least squares of a template climb on the plots of the first seconds after first sight (20 s where
ranges are measured, 60 s of directions alone). Eight unknowns, each with a weak prior:

    ground point (2), instant, azimuth, thrust acceleration at lift-off a0, its growth k, seconds of
    vertical flight, turning rate

    thrust = a0 / (1 - k t), upwards for the vertical seconds, then turning linearly towards the azimuth

on a turning Earth with gravity, without air. From directions alone the height of first sight (see `track`)
is one more observation. Each plot is whitened with its own sigmas and the
template's error; the linear system is damped after Levenberg and Marquardt. The start is the best of
24 azimuths. After Li and Jilkov, Survey of maneuvering target tracking, part II (SPIE 4473, 2001), section 3.

The covariance is that of the fit, raised by the misfit where there is any, plus what the constant errors do
that partners state of their tracklets (considered, see `filters.consider`), plus a template error of
TEMPLATE_M and a share of the way over the ground until first sight, which grows when first sight is late:
a staging before it, a dog-leg or a coast between stages is not in the template. The azimuth hardly depends
on the template's shape, for which FIT_M makes plots vaguer than they are: its share of the fit is lowered by
the misfit too, down to MISFIT_MIN. An object that did not climb (an aircraft, a spent stage, a satellite)
does not fit and gives None.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from trilat.fusion.filters.measurement import (
    KIND_DIRECTION,
    KIND_EQUIVALENT,
    Measurement,
    innovation,
    prepare,
)
from trilat.fusion.filters.motion import height, step_mean
from trilat.fusion.observation import Plot
from trilat.fusion.track import TrackerSettings, first_state
from trilat.geo import FloatArray, ecef_from_geodetic, enu_rotation, geodetic_from_ecef
from trilat.model import ObservationError

# Window of plots used, seconds after the first.
RANGED_S = 20.0
DIRECTIONS_S = 60.0
# Fewest plots, at as many different instants.
PLOTS_MIN = 4
PLOTS_MAX = 120
# Error of the template against a real climb: of each fitted position; of the launch point; per way flown.
FIT_M = 100.0
TEMPLATE_M = 1000.0
TEMPLATE_SHARE = 0.05
TEMPLATE_LATE_SHARE = 0.15
TEMPLATE_S = 5.0
# Of the azimuth: a climb that yaws, and what a staging before a late first sight may have turned.
TEMPLATE_AZIMUTH_RAD = math.radians(0.5)
TEMPLATE_LATE_AZIMUTH_RAD = math.radians(1.0)
# First sight is early before this, and as late as can be at twice this, seconds after lift-off.
TEMPLATE_LATE_S = 50.0
# A worse misfit per plot value than this is no climb; a better one than the other is chance.
MISFIT_MAX = 12.0
MISFIT_MIN = 0.25
# First sight later than this after lift-off is beyond the template, seconds.
CLIMB_S_MAX = 200.0

# Unknowns: east m, north m, instant s, azimuth rad, a0 m/s2, k 1/s, vertical s, turning rad/s.
_PRIOR = np.array([0.0, 0.0, 0.0, 0.0, 18.0, 0.0075, 9.0, 0.0105])
_PRIOR_SIGMA = np.array([1e6, 1e6, 1e3, 1e2, 7.0, 0.003, 4.0, 0.006])
_STEP = np.array([10.0, 10.0, 0.01, 1e-4, 0.01, 1e-5, 0.05, 1e-5])
_LIMIT = np.array([3e4, 3e4, 15.0, 0.4, 4.0, 0.002, 3.0, 0.004])


@dataclass(frozen=True, eq=False)
class LaunchEstimate:
    """Where and when a climb began, and towards which azimuth it turned.

    `covariance_m2` (2, 2) is east, north at the point; `azimuth_deg` is clockwise from true north there, over
    the turning Earth, with one sigma of at most 180 degrees where the plots do not tell it.
    """

    latitude_deg: float
    longitude_deg: float
    time_ns: int
    covariance_m2: FloatArray
    time_sigma_s: float
    azimuth_deg: float
    azimuth_sigma_deg: float


def launch_estimate(plots: Sequence[Plot]) -> LaunchEstimate | None:
    """Launch point and instant from plots of one object, in any order; None when they do not tell.

    Raises:
        ObservationError: something among the plots is not a plot.
    """
    try:
        measurements = [prepare(plot) for plot in plots]
    except AttributeError:
        raise ObservationError("`plots` must be observations of one object") from None
    measurements.sort(key=lambda measurement: measurement.key)
    return launch_of(measurements)


def launch_of(measurements: Sequence[Measurement]) -> LaunchEstimate | None:
    """As `launch_estimate`, of prepared plots in order of time."""
    used = used_plots(measurements)
    if len({m.time_ns for m in used}) < PLOTS_MIN:
        return None
    start = first_state(used[0], TrackerSettings())
    if start is None:
        return None
    latitude, longitude, height_m = (float(value) for value in geodetic_from_ecef(start[0][:3]))
    fit = _Fit(used, latitude, longitude)
    best = min((fit.started(azimuth, height_m) for azimuth in np.arange(24) * math.pi / 12), key=fit.cost)
    unknowns = fit.solved(best)
    residual = fit.residual(unknowns)
    freedom = max(1, sum(m.degrees_of_freedom for m in used) - 4)
    misfit = float(residual @ residual) / freedom
    if not misfit < MISFIT_MAX or not -CLIMB_S_MAX < unknowns[2] < 0.0:
        return None
    return _estimate(fit, unknowns, misfit, used[0].time_ns)


def _estimate(fit: "_Fit", unknowns: FloatArray, misfit: float, first_ns: int) -> LaunchEstimate | None:
    jacobian = fit.jacobian(unknowns)
    scale = _PRIOR_SIGMA
    scaled = jacobian * scale
    inverse = np.linalg.inv(scaled.T @ scaled)
    fitted = inverse * np.outer(scale, scale) * max(1.0, misfit)
    moved = scale[:, None] * (inverse @ (scaled.T @ fit.constants()))
    constant = moved @ moved.T
    covariance = fitted + constant
    way_m = float(np.linalg.norm(unknowns[:2]))
    late = min(1.0, max(0.0, -float(unknowns[2]) / TEMPLATE_LATE_S - 1.0))
    share = TEMPLATE_SHARE + late * (TEMPLATE_LATE_SHARE - TEMPLATE_SHARE)
    template = TEMPLATE_M**2 + (share * way_m) ** 2
    ground = covariance[:2, :2] + template * np.eye(2)
    turned = TEMPLATE_AZIMUTH_RAD + late * TEMPLATE_LATE_AZIMUTH_RAD
    # A constant error is in no misfit, so that a small one says nothing of it.
    azimuth = math.sqrt(float(fitted[3, 3]) * min(1.0, max(misfit, MISFIT_MIN)) + float(constant[3, 3]))
    position = fit.launch_position(unknowns)
    latitude, longitude, _ = geodetic_from_ecef(position)
    if not np.all(np.isfinite(ground)) or float(np.trace(ground)) > 1e11:
        return None
    return LaunchEstimate(
        latitude_deg=math.degrees(float(latitude)),
        longitude_deg=math.degrees(float(longitude)),
        time_ns=first_ns + round(float(unknowns[2]) * 1e9),
        covariance_m2=ground,
        time_sigma_s=math.sqrt(float(covariance[2, 2]) + TEMPLATE_S**2),
        azimuth_deg=math.degrees(float(unknowns[3])) % 360.0,
        azimuth_sigma_deg=min(180.0, math.degrees(math.hypot(azimuth, turned))),
    )


def used_plots(measurements: Sequence[Measurement]) -> list[Measurement]:
    """The plots, in order of time, that a launch estimate rests on."""
    if not measurements:
        return []
    first_ns = measurements[0].time_ns
    ranged = any(m.kind != KIND_DIRECTION and m.degrees_of_freedom > 2 for m in measurements)
    window_ns = (RANGED_S if ranged else DIRECTIONS_S) * 1e9
    return [m for m in measurements if m.time_ns - first_ns <= window_ns][:PLOTS_MAX]


class _Fit:
    """The template against the plots, in the frame of the ground below the first plot."""

    def __init__(self, used: Sequence[Measurement], latitude: float, longitude: float) -> None:
        n = len(used)
        self.latitude, self.longitude = latitude, longitude
        self.rotation = np.ascontiguousarray(enu_rotation(latitude, longitude))
        self.seconds = np.array([(m.time_ns - used[0].time_ns) / 1e9 for m in used])
        self.kinds = np.array([m.kind for m in used])
        self.sizes = np.array([len(m.values) for m in used])
        self.values = np.zeros((n, 6))
        self.whiteners = np.zeros((n, 6, 6))
        self.sites = np.array([m.site_m for m in used])
        self.axes = np.array([m.axes for m in used])
        self.constant_sigmas = [(m.source, m.constant_sigma_m) for m in used]
        settings = TrackerSettings()
        directions_only = all(m.degrees_of_freedom == 2 for m in used)
        weight = 1.0 / settings.first_height_sigma_m if directions_only else 0.0
        self.first_sight = np.array([settings.first_height_m, weight])
        below = ecef_from_geodetic(latitude, longitude, 0.0)
        for row, m in enumerate(used):
            size = len(m.values)
            self.values[row, :size] = m.values
            self.whiteners[row, :size, :size] = _whitener(m, below)

    def launch_position(self, unknowns: FloatArray) -> FloatArray:
        """Ground point (3,), ECEF m, of the unknowns: east and north taken along the ellipsoid's curve."""
        offset = np.array([unknowns[0], unknowns[1], 0.0])
        flat = ecef_from_geodetic(self.latitude, self.longitude, 0.0) + self.rotation.T @ offset
        latitude, longitude, _ = geodetic_from_ecef(flat)
        return ecef_from_geodetic(float(latitude), float(longitude), 0.0)

    def residual(self, unknowns: FloatArray) -> FloatArray:
        """Whitened residuals of all plots and of the priors."""
        position = self.launch_position(unknowns)
        latitude, longitude, _ = geodetic_from_ecef(position)
        up_axes = np.ascontiguousarray(enu_rotation(float(latitude), float(longitude)))
        plots = _plot_residuals(
            unknowns,
            position,
            up_axes,
            self.seconds,
            self.kinds,
            self.sizes,
            self.values,
            self.whiteners,
            self.sites,
            self.axes,
            self.first_sight,
        )
        return np.concatenate([plots, (unknowns - _PRIOR) / _PRIOR_SIGMA])

    def constants(self) -> FloatArray:
        """d(residual)/d(b) of the constant errors b, three columns for each source that states one."""
        sources = sorted({source for source, sigma in self.constant_sigmas if sigma})
        ends = np.cumsum(self.sizes)
        rows = np.zeros((int(ends[-1]) + 1 + len(_PRIOR), 3 * len(sources)))
        for row, (source, sigma) in enumerate(self.constant_sigmas):
            if sigma:
                size, column = int(self.sizes[row]), 3 * sources.index(source)
                part = sigma * self.whiteners[row, :size, :3]
                rows[ends[row] - size : ends[row], column : column + 3] = part
        return rows

    def cost(self, unknowns: FloatArray) -> float:
        """Half the sum of squares of the residuals."""
        residual = self.residual(unknowns)
        return 0.5 * float(residual @ residual)

    def jacobian(self, unknowns: FloatArray) -> FloatArray:
        """d(residual)/d(unknowns) by forward differences."""
        here = self.residual(unknowns)
        columns = [(self.residual(unknowns + step) - here) / np.max(step) for step in np.diag(_STEP)]
        return np.array(columns).T

    def started(self, azimuth: float, height_m: float) -> FloatArray:
        """Unknowns at their priors whose climb towards `azimuth` passes through the first position."""
        unknowns = _PRIOR.copy()
        unknowns[3] = azimuth
        origin = self.launch_position(unknowns)
        seconds, along_m = _time_to_height(unknowns, origin, self.rotation, height_m)
        unknowns[0] = -along_m * math.sin(azimuth)
        unknowns[1] = -along_m * math.cos(azimuth)
        unknowns[2] = -seconds
        return unknowns

    def solved(self, unknowns: FloatArray) -> FloatArray:
        """The unknowns after damped Gauss-Newton steps."""
        damping = 1e-2
        cost = self.cost(unknowns)
        for _ in range(40):
            residual = self.residual(unknowns)
            jacobian = self.jacobian(unknowns) * _PRIOR_SIGMA
            normal = jacobian.T @ jacobian
            gradient = jacobian.T @ residual
            step = -np.linalg.solve(normal + damping * np.diag(np.diagonal(normal)), gradient) * _PRIOR_SIGMA
            step *= min(1.0, float(np.min(_LIMIT / np.maximum(np.abs(step), 1e-12))))
            trial = _bounded(unknowns + step)
            trial_cost = self.cost(trial)
            if trial_cost < cost:
                done = cost - trial_cost < 1e-6 * (1.0 + cost)
                unknowns, cost, damping = trial, trial_cost, max(damping * 0.2, 1e-9)
                if done:
                    break
            elif damping > 1e6:
                break
            else:
                damping *= 5.0
        return unknowns


def _bounded(unknowns: FloatArray) -> FloatArray:
    """The unknowns with the shape of the climb kept possible."""
    bounded = unknowns.copy()
    bounded[4] = min(max(bounded[4], 11.0), 80.0)
    bounded[5] = min(max(bounded[5], 0.0), 0.02)
    bounded[6] = min(max(bounded[6], 0.0), 40.0)
    bounded[7] = min(max(bounded[7], 0.0), 0.06)
    return bounded


def _whitener(measurement: Measurement, below: FloatArray) -> FloatArray:
    """W with W' W = (R + error of the template)^-1, lower triangular."""
    noise = measurement.covariance.copy()
    if measurement.kind == KIND_EQUIVALENT:
        noise[:3, :3] += FIT_M**2 * np.eye(3)
    else:
        distance = max(1.0, float(np.linalg.norm(below - measurement.site_m)))
        extra = np.full(len(measurement.values), (FIT_M / distance) ** 2)
        if measurement.kind != KIND_DIRECTION:
            extra[0] = FIT_M**2
        if len(extra) == 4:
            extra[3] = (FIT_M / 10.0) ** 2
        noise += np.diag(extra)
    return np.linalg.inv(np.linalg.cholesky(noise))


@njit(cache=True)
def _thrust(unknowns: FloatArray, axes: FloatArray, t: float, state: FloatArray) -> None:
    """Writes the template's thrust acceleration (state[6:9]) at `t` seconds after lift-off."""
    size = unknowns[4] / max(0.15, 1.0 - unknowns[5] * t)
    tilt = min(1.5, max(0.0, t - unknowns[6]) * unknowns[7])
    level = size * math.sin(tilt)
    for i in range(3):
        along = math.sin(unknowns[3]) * axes[0, i] + math.cos(unknowns[3]) * axes[1, i]
        state[6 + i] = size * math.cos(tilt) * axes[2, i] + level * along


@njit(cache=True)
def _climbed(
    unknowns: FloatArray, axes: FloatArray, state: FloatArray, from_s: float, to_s: float
) -> FloatArray:
    """The state (9,) carried along the template, thrust held over each second at its middle value."""
    t = from_s
    while t < to_s:
        h = min(1.0, to_s - t)
        _thrust(unknowns, axes, t + 0.5 * h, state)
        state = step_mean(state, h)
        t += h
    return state


@njit(cache=True)
def _plot_residuals(
    unknowns: FloatArray,
    position: FloatArray,
    up_axes: FloatArray,
    seconds: FloatArray,
    kinds: FloatArray,
    sizes: FloatArray,
    values: FloatArray,
    whiteners: FloatArray,
    sites: FloatArray,
    axes: FloatArray,
    first_sight: FloatArray,
) -> FloatArray:
    """Whitened innovations of all plots against the template, and of the height of first sight."""
    state = np.zeros(9)
    state[:3] = position
    t = 0.0
    count = 0
    for size in sizes:
        count += size
    out = np.zeros(count + 1)
    place = 0
    for row in range(seconds.shape[0]):
        size = sizes[row]
        due = seconds[row] - unknowns[2]
        if due > t:
            state = _climbed(unknowns, up_axes, state, t, due)
            t = due
        if row == 0:
            out[count] = (height(state) - first_sight[0]) * first_sight[1]
        nu, _, ahead = innovation(state, kinds[row], values[row, :size], sites[row], axes[row])
        for i in range(size):
            for j in range(i + 1):
                out[place + i] += whiteners[row, i, j] * nu[j]
            if not ahead:
                out[place + i] = 1e6
        place += size
    return out


@njit(cache=True)
def _time_to_height(
    unknowns: FloatArray, position: FloatArray, axes: FloatArray, height_m: float
) -> tuple[float, float]:
    """Seconds in which the template reaches a height, and its way along the azimuth by then, metres."""
    state = np.zeros(9)
    state[:3] = position
    t = 0.0
    risen, along = 0.0, 0.0
    while risen < height_m and t < 180.0:
        state = _climbed(unknowns, axes, state, t, t + 1.0)
        t += 1.0
        risen, along = 0.0, 0.0
        for i in range(3):
            offset = state[i] - position[i]
            risen += offset * axes[2, i]
            along += offset * (math.sin(unknowns[3]) * axes[0, i] + math.cos(unknowns[3]) * axes[1, i])
    return t, along
