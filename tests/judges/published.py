"""Published cases of single-target filters, with plain filters written for them: numpy, many runs at once.

Case A: a body that re-enters and is watched by one radar. Julier and Uhlmann, Unscented Filtering and
Nonlinear Estimation, Proc. IEEE 92(3), 2004, section VI, with the parameters of `reentry_demo` of the EKF/UKF
toolbox (Hartikainen, Solin, Sarkka), whose manual tabulates the mean errors. Kilometres and seconds.

Case D: a ballistic target falls on to a radar. Farina, Ristic, Benvenuti, Tracking a Ballistic Target:
Comparison of Several Nonlinear Filters, IEEE T-AES 38(3), 2002. Metres and seconds.

Nothing here is the project's. Arrays are (runs, states), covariances (runs, states, states).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Motion = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A model of motion and measurement in discrete steps, with its derivatives."""

    motion: Motion
    gradient: Motion
    noise: Any
    measure: Motion
    measure_gradient: Motion
    measure_noise: Any
    angle: int
    """Which of the measured numbers is an angle."""

    def residual(self, measured: Any, expected: Any) -> Any:
        """The difference of measurements, angles within half a turn."""
        apart = measured - expected
        apart[..., self.angle] = np.remainder(apart[..., self.angle] + np.pi, 2 * np.pi) - np.pi
        return apart


def turned(matrix: Any) -> Any:
    return np.swapaxes(matrix, -1, -2)


def extended_predict(case: Case, mean: Any, covariance: Any) -> tuple[Any, Any, Any]:
    """Mean, covariance and their cross-covariance with the state before."""
    f = case.gradient(mean)
    return case.motion(mean), f @ covariance @ turned(f) + case.noise, covariance @ turned(f)


def extended_update(case: Case, mean: Any, covariance: Any, measured: Any) -> tuple[Any, Any]:
    h = case.measure_gradient(mean)
    s = h @ covariance @ turned(h) + case.measure_noise
    gain = turned(np.linalg.solve(s, h @ covariance))
    apart = case.residual(measured, case.measure(mean))
    new = mean + np.einsum("nij,nj->ni", gain, apart)
    rest = np.eye(mean.shape[1]) - gain @ h
    return new, rest @ covariance @ turned(rest) + gain @ case.measure_noise @ turned(gain)


ALPHA, BETA = 0.5, 2.0


def sigma_points(mean: Any, covariance: Any) -> tuple[Any, Any, Any]:
    """Points (2 n + 1, runs, n), weights of mean and of covariance; alpha 0.5, beta 2, kappa 3 - n."""
    n = mean.shape[1]
    spread = ALPHA**2 * 3.0
    low = np.linalg.cholesky(covariance) * np.sqrt(spread)
    columns = np.moveaxis(low, 2, 0)
    points = np.concatenate([mean[None], mean + columns, mean - columns])
    weights = np.full(2 * n + 1, 0.5 / spread)
    weights[0] = (spread - n) / spread
    covariance_weights = weights.copy()
    covariance_weights[0] += 1.0 - ALPHA**2 + BETA
    return points, weights, covariance_weights


def unscented_predict(case: Case, mean: Any, covariance: Any) -> tuple[Any, Any, Any]:
    points, weights, spread = sigma_points(mean, covariance)
    moved = case.motion(points.reshape(-1, mean.shape[1])).reshape(points.shape)
    new = np.einsum("k,kni->ni", weights, moved)
    apart = moved - new
    after = np.einsum("k,kni,knj->nij", spread, apart, apart) + case.noise
    return new, after, np.einsum("k,kni,knj->nij", spread, points - mean, apart)


def unscented_update(case: Case, mean: Any, covariance: Any, measured: Any) -> tuple[Any, Any]:
    points, weights, spread = sigma_points(mean, covariance)
    seen = case.measure(points.reshape(-1, mean.shape[1])).reshape(*points.shape[:2], -1)
    # Angles are averaged as differences from the first point's.
    apart = case.residual(seen, seen[0])
    centre = np.einsum("k,kni->ni", weights, apart)
    apart = apart - centre
    s = np.einsum("k,kni,knj->nij", spread, apart, apart) + case.measure_noise
    cross = np.einsum("k,kni,knj->nij", spread, points - mean, apart)
    gain = turned(np.linalg.solve(s, turned(cross)))
    new = mean + np.einsum("nij,nj->ni", gain, case.residual(measured, seen[0] + centre))
    after = covariance - gain @ s @ turned(gain)
    return new, 0.5 * (after + turned(after))


FILTERS = {
    "EKF": (extended_predict, extended_update),
    "UKF": (unscented_predict, unscented_update),
}


def filtered(name: str, case: Case, mean: Any, covariance: Any, plots: Any, *, smooth: bool = False) -> Any:
    """Means (steps, runs, n) and covariances after each of the plots (steps, runs, m); smoothed on wish."""
    predict, update = FILTERS[name]
    means, covariances, ahead = [], [], []
    for measured in plots:
        mean, covariance, cross = predict(case, mean, covariance)
        ahead.append((mean, covariance, cross))
        mean, covariance = update(case, mean, covariance, measured)
        means.append(mean)
        covariances.append(covariance)
    if smooth:
        for k in range(len(means) - 2, -1, -1):
            predicted, spread, cross = ahead[k + 1]
            gain = turned(np.linalg.solve(spread, turned(cross)))
            means[k] = means[k] + np.einsum("nij,nj->ni", gain, means[k + 1] - predicted)
            covariances[k] = covariances[k] + gain @ (covariances[k + 1] - spread) @ turned(gain)
    return np.array(means), np.array(covariances)


# Case A --------------------------------------------------------------------------------------------------
STEP_S, STEPS_A = 0.1, 2000
B0, H0, GM0, R0, RADAR_X = -0.59783, 13.406, 3.986e5, 6374.0, 6374.0
START_A = np.array([6500.4, 349.14, -1.8093, -6.7967, 0.6932])
NOISE_A = 2.4064e-5


def _forces(x: Any) -> tuple[Any, Any, Any, Any]:
    r = np.hypot(x[:, 0], x[:, 1])
    v = np.hypot(x[:, 2], x[:, 3])
    b = B0 * np.exp(x[:, 4])
    drag = b * np.exp((R0 - r) / H0) * v
    return r, v, drag, -GM0 / r**3


def reentry_motion(x: Any) -> Any:
    """One Euler step."""
    _, _, drag, pull = _forces(x)
    rate = np.zeros_like(x)
    rate[:, :2] = x[:, 2:4]
    rate[:, 2:4] = drag[:, None] * x[:, 2:4] + pull[:, None] * x[:, :2]
    return x + STEP_S * rate


def reentry_gradient(x: Any) -> Any:
    r, v, drag, pull = _forces(x)
    f = np.zeros((x.shape[0], 5, 5))
    f[:, 0, 2] = f[:, 1, 3] = 1.0
    drag_at = -drag[:, None] / H0 * x[:, :2] / r[:, None]
    drag_speed = drag[:, None] * x[:, 2:4] / v[:, None] ** 2
    pull_at = -3.0 * pull[:, None] * x[:, :2] / r[:, None] ** 2
    for i in range(2):
        for j in range(2):
            f[:, 2 + i, j] = drag_at[:, j] * x[:, 2 + i] + pull_at[:, j] * x[:, i]
            f[:, 2 + i, 2 + j] = drag_speed[:, j] * x[:, 2 + i]
        f[:, 2 + i, i] += pull
        f[:, 2 + i, 2 + i] += drag
        f[:, 2 + i, 4] = drag * x[:, 2 + i]
    return np.eye(5) + STEP_S * f


def range_bearing(x: Any) -> Any:
    east, north = x[:, 0] - RADAR_X, x[:, 1]
    return np.stack([np.hypot(east, north), np.arctan2(north, east)], axis=1)


def range_bearing_gradient(x: Any) -> Any:
    east, north = x[:, 0] - RADAR_X, x[:, 1]
    r = np.hypot(east, north)
    h = np.zeros((x.shape[0], 2, x.shape[1]))
    h[:, 0, 0], h[:, 0, 1] = east / r, north / r
    h[:, 1, 0], h[:, 1, 1] = -north / r**2, east / r**2
    return h


def reentry(angle_sigma_rad: float = 1.7e-4) -> Case:
    """Case A as the filters take it: the drag state is given a little noise that the truth does not have."""
    return Case(
        motion=reentry_motion,
        gradient=reentry_gradient,
        noise=np.diag([0.0, 0.0, NOISE_A, NOISE_A, 1e-6]),
        measure=range_bearing,
        measure_gradient=range_bearing_gradient,
        measure_noise=np.diag([1e-3**2, angle_sigma_rad**2]),
        angle=1,
    )


def reentry_run(runs: int, seed: int) -> tuple[Any, Any]:
    """True states (steps, runs, 5) and plots (steps, runs, 2) of case A."""
    rng = np.random.default_rng(seed)
    x = START_A + 1e-3 * rng.standard_normal((runs, 5)) * [1, 1, 1, 1, 0]
    kick = np.sqrt(NOISE_A) * np.array([0, 0, 1, 1, 0])
    sigmas = np.sqrt(np.diag(reentry().measure_noise))
    truth, plots = [], []
    for _ in range(STEPS_A):
        x = reentry_motion(x) + kick * rng.standard_normal((runs, 5))
        truth.append(x)
        plots.append(range_bearing(x) + sigmas * rng.standard_normal((runs, 2)))
    return np.array(truth), np.array(plots)


def reentry_errors_km(name: str, runs: int, seed: int, *, smooth: bool = False) -> Any:
    """Root mean square position error of each run, kilometres."""
    truth, plots = reentry_run(runs, seed)
    mean = np.tile(START_A * [1, 1, 1, 1, 0], (runs, 1))
    covariance = np.tile(np.diag([1e-6] * 4 + [1.0]), (runs, 1, 1))
    means, _ = filtered(name, reentry(), mean, covariance, plots, smooth=smooth)
    return np.sqrt(np.mean(np.sum((means - truth)[..., :2] ** 2, axis=2), axis=0))


# Case D --------------------------------------------------------------------------------------------------
PERIOD_S, STEPS_D, BETA_D, GRAVITY = 2.0, 60, 40_000.0, 9.81
START_D = np.array([232e3, 88e3, 2290.0 * np.cos(np.radians(190.0)), 2290.0 * np.sin(np.radians(190.0))])
RANGE_SIGMA_M, ELEVATION_SIGMA_RAD = 100.0, 0.017
TIMES_D_S = (20, 40, 60, 80, 100, 116)


def _air(height: Any) -> tuple[Any, Any]:
    """Density, kg/m^3, and its logarithmic slope, 1/m."""
    low = height < 9144.0
    slope = np.where(low, -1.093e-4, -1.49e-4)
    return np.where(low, 1.227, 1.754) * np.exp(slope * height), slope


def fall_motion(x: Any) -> Any:
    """One period with the acceleration of its beginning held: drag and a flat Earth's gravity."""
    density, _ = _air(x[:, 1])
    speed = np.hypot(x[:, 2], x[:, 3])
    a = -0.5 * GRAVITY / BETA_D * (density * speed)[:, None] * x[:, 2:]
    a[:, 1] -= GRAVITY
    return np.concatenate(
        [x[:, :2] + PERIOD_S * x[:, 2:] + PERIOD_S**2 / 2 * a, x[:, 2:] + PERIOD_S * a], axis=1
    )


def fall_gradient(x: Any) -> Any:
    density, slope = _air(x[:, 1])
    speed = np.hypot(x[:, 2], x[:, 3])
    size = -0.5 * GRAVITY / BETA_D * density
    da = np.zeros((x.shape[0], 2, 4))
    for i in range(2):
        da[:, i, 1] = size * slope * speed * x[:, 2 + i]
        for j in range(2):
            da[:, i, 2 + j] = size * x[:, 2 + i] * x[:, 2 + j] / speed
        da[:, i, 2 + i] += size * speed
    f = np.tile(np.eye(4), (x.shape[0], 1, 1))
    f[:, :2, 2:] += PERIOD_S * np.eye(2)
    f[:, :2] += PERIOD_S**2 / 2 * da
    f[:, 2:] += PERIOD_S * da
    return f


def range_elevation(x: Any) -> Any:
    return np.stack([np.hypot(x[:, 0], x[:, 1]), np.arctan2(x[:, 1], x[:, 0])], axis=1)


def range_elevation_gradient(x: Any) -> Any:
    r = np.hypot(x[:, 0], x[:, 1])
    h = np.zeros((x.shape[0], 2, 4))
    h[:, 0, 0], h[:, 0, 1] = x[:, 0] / r, x[:, 1] / r
    h[:, 1, 0], h[:, 1, 1] = -x[:, 1] / r**2, x[:, 0] / r**2
    return h


def fall() -> Case:
    """Case D: known ballistic coefficient, process noise of intensity 1."""
    t = PERIOD_S
    block = np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
    return Case(
        motion=fall_motion,
        gradient=fall_gradient,
        noise=np.kron(block, np.eye(2)),
        measure=range_elevation,
        measure_gradient=range_elevation_gradient,
        measure_noise=np.diag([RANGE_SIGMA_M**2, ELEVATION_SIGMA_RAD**2]),
        angle=1,
    )


def fall_run(runs: int, seed: int) -> tuple[Any, Any]:
    """True states (steps, runs, 4) and plots (steps, runs, 2) of case D, from second 0."""
    rng = np.random.default_rng(seed)
    case = fall()
    low = np.linalg.cholesky(case.noise)
    x = np.tile(START_D, (runs, 1))
    truth, plots = [], []
    for _ in range(STEPS_D):
        truth.append(x)
        sigmas = np.sqrt(np.diag(case.measure_noise))
        plots.append(range_elevation(x) + sigmas * rng.standard_normal((runs, 2)))
        x = fall_motion(x) + rng.standard_normal((runs, 4)) @ low.T
    return np.array(truth), np.array(plots)


def two_plot_start(first: Any, second: Any) -> tuple[Any, Any]:
    """State (runs, 4) and covariance from two plots: the second's place, and the way between them."""
    places = [
        np.stack([p[:, 0] * np.cos(p[:, 1]), p[:, 0] * np.sin(p[:, 1])], axis=1) for p in (first, second)
    ]
    spreads = []
    for plot in (first, second):
        c, s = np.cos(plot[:, 1]), np.sin(plot[:, 1])
        turn = np.moveaxis(np.array([[c, -s], [s, c]]), 2, 0)
        size = np.zeros_like(turn)
        size[:, 0, 0], size[:, 1, 1] = RANGE_SIGMA_M**2, (plot[:, 0] * ELEVATION_SIGMA_RAD) ** 2
        spreads.append(turn @ size @ turned(turn))
    mean = np.concatenate([places[1], (places[1] - places[0]) / PERIOD_S], axis=1)
    covariance = np.zeros((len(mean), 4, 4))
    covariance[:, :2, :2] = spreads[1]
    covariance[:, :2, 2:] = covariance[:, 2:, :2] = spreads[1] / PERIOD_S
    covariance[:, 2:, 2:] = (spreads[0] + spreads[1]) / PERIOD_S**2
    return mean, covariance


def fall_bound_m() -> Any:
    """Least sigma of x and y, metres, at `TIMES_D_S` (times, 2), along the path without noise."""
    case = fall()
    path = [START_D[None]]
    for _ in range(STEPS_D - 1):
        path.append(fall_motion(path[-1]))
    plots = [range_elevation(x) for x in path]
    _, covariance = two_plot_start(plots[0], plots[1])
    bounds = {}
    for k in range(2, STEPS_D):
        f, h = fall_gradient(path[k - 1]), range_elevation_gradient(path[k])
        predicted = f @ covariance @ turned(f) + case.noise
        information = np.linalg.inv(predicted) + turned(h) @ np.linalg.inv(case.measure_noise) @ h
        covariance = np.linalg.inv(information)
        bounds[k * PERIOD_S] = np.sqrt(np.diagonal(covariance[0])[:2])
    return np.array([bounds[float(t)] for t in TIMES_D_S])


def fall_scores(name: str, runs: int, seed: int) -> tuple[Any, Any]:
    """Squared errors of x and y (times, runs, 2), m^2, and NEES/4 (times, runs), at `TIMES_D_S`."""
    truth, plots = fall_run(runs, seed)
    mean, covariance = two_plot_start(plots[0], plots[1])
    means, covariances = filtered(name, fall(), mean, covariance, plots[2:])
    rows = [int(t / PERIOD_S) - 2 for t in TIMES_D_S]
    errors = means[rows] - truth[2:][rows]
    weighed = np.linalg.solve(covariances[rows], errors[..., None])[..., 0]
    return errors[..., :2] ** 2, np.sum(errors * weighed, axis=-1) / 4.0
