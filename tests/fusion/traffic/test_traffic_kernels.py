"""The Kalman kernels beside textbook numpy filters and Stone Soup's unscented filter."""

import datetime as dt
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
from stonesoup.models.transition.linear import LinearGaussianTimeInvariantTransitionModel
from stonesoup.predictor.kalman import UnscentedKalmanPredictor
from stonesoup.types.angle import Bearing, Elevation
from stonesoup.types.array import StateVector
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import UnscentedKalmanUpdater

from trilat.fusion.traffic import SensorKind, TrafficSensor, kernels, sensing
from trilat.fusion.traffic.blocks import covariances_of, packed_of
from trilat.fusion.traffic.sensor import prepare

Array = npt.NDArray[np.float64]
DENSITY = np.array([1.0, 2.0, 0.5])
SIGMAS = np.array([30.0, 1e-3, 2e-3])


def noise_of(density: Array, t: float) -> Array:
    out = np.zeros((6, 6))
    out[:3, :3] = np.diag(density) * t**3 / 3
    out[:3, 3:] = out[3:, :3] = np.diag(density) * t**2 / 2
    out[3:, 3:] = np.diag(density) * t
    return out


def transition(t: float) -> Array:
    out = np.eye(6)
    out[:3, 3:] = t * np.eye(3)
    return out


def polar(p: Array) -> Array:
    r = float(np.linalg.norm(p))
    return np.array([r, math.atan2(p[0], p[1]), math.asin(p[2] / r)])


def polar_jacobian(p: Array) -> Array:
    e, n, u = p
    r, rho = float(np.linalg.norm(p)), math.hypot(e, n)
    out = np.zeros((3, 6))
    out[0, :3] = p / r
    out[1, :2] = [n / rho**2, -e / rho**2]
    out[2, :3] = [-e * u / (rho * r * r), -n * u / (rho * r * r), rho / r**2]
    return out


def textbook(x: Array, p: Array, z: Array, t: float) -> tuple[Array, Array]:
    """An extended Kalman filter as any book prints it."""
    f = transition(t)
    x, p = f @ x, f @ p @ f.T + noise_of(DENSITY, t)
    h, r = polar_jacobian(x[:3]), np.diag(SIGMAS**2)
    gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + r)
    nu = z - polar(x[:3])
    nu[1] = (nu[1] + math.pi) % (2 * math.pi) - math.pi
    rest = np.eye(6) - gain @ h
    return x + gain @ nu, rest @ p @ rest.T + gain @ r @ gain.T


def flights(n: int, seed: int) -> tuple[Array, Array]:
    """States in the first octant and covariances with every correlation."""
    rng = np.random.default_rng(seed)
    means = np.hstack(
        [rng.uniform(2e4, 8e4, (n, 2)), rng.uniform(3e3, 1.2e4, (n, 1)), rng.normal(0, 100, (n, 3))]
    )
    roots = rng.normal(0, 1, (n, 6, 6)) * np.array([60.0] * 3 + [8.0] * 3)[:, None]
    return means, roots @ np.swapaxes(roots, 1, 2) / 6 + np.diag([20.0] * 3 + [1.0] * 3)


def plots_of(values: Any, kind: SensorKind = SensorKind.RADAR, **changes: Any) -> Any:
    sensor = TrafficSensor(
        "s",
        kind,
        range_sigma_m=SIGMAS[0],
        azimuth_sigma_rad=SIGMAS[1],
        elevation_sigma_rad=SIGMAS[2],
        range_m_max=1e6,
        **changes,
    )
    values = np.atleast_2d(values)
    return prepare(sensor, values, np.broadcast_to(sensor.sigmas, values.shape))


ORIGIN, LEVEL, STILL = np.zeros(3), np.eye(3), np.zeros(3)


def test_the_packed_layout_keeps_every_number() -> None:
    _, covariances = flights(5, 0)
    packed = packed_of(covariances)
    assert packed.shape == (5, 21)
    assert np.array_equal(covariances_of(packed), 0.5 * (covariances + np.swapaxes(covariances, 1, 2)))


def test_a_prediction_is_the_textbooks() -> None:
    means, covariances = flights(20, 1)
    x, p = means.copy(), packed_of(covariances)
    kernels.predict(x, p, 2.5, DENSITY)
    f = transition(2.5)
    assert np.allclose(x, means @ f.T, rtol=0, atol=1e-9)
    assert np.allclose(covariances_of(p), f @ covariances @ f.T + noise_of(DENSITY, 2.5), rtol=1e-12)


def test_the_extended_filter_equals_the_textbooks_over_a_flight() -> None:
    means, covariances = flights(10, 2)
    truth = means.copy()
    x, p = means.copy(), packed_of(covariances)
    y, q = means.copy(), covariances.copy()
    rng = np.random.default_rng(3)
    for _ in range(60):
        truth[:, :3] += truth[:, 3:]
        values = np.array([polar(row[:3]) for row in truth]) + rng.normal(0, 1, (10, 3)) * SIGMAS
        plots = plots_of(values)
        kernels.ekf(x, p, 1.0, DENSITY, 0, plots.values, plots.weights, ORIGIN, LEVEL)
        for i in range(10):
            y[i], q[i] = textbook(y[i], q[i], values[i], 1.0)
    assert np.abs(x - y).max() <= 1e-9
    assert np.allclose(covariances_of(p), q, rtol=1e-9, atol=1e-9)


def stone_soup(density: Array) -> tuple[Any, Any, Any]:
    model = LinearGaussianTimeInvariantTransitionModel(
        transition_matrix=transition(1.0), covariance_matrix=noise_of(density, 1.0)
    )
    sight = CartesianToElevationBearingRange(
        ndim_state=6, mapping=(0, 1, 2), noise_covar=np.diag(SIGMAS[[2, 1, 0]] ** 2)
    )
    return UnscentedKalmanPredictor(model), UnscentedKalmanUpdater(sight), sight


def test_the_unscented_filter_equals_stone_soups_over_a_flight() -> None:
    """Positive coordinates, 100 steps from a settled start: states within 1e-9 m, covariances within 1e-12.

    Stone Soup takes the mean of angles on the circle and we on the line; they differ in third order of the
    points' spread, so the start is within 20 m.
    """
    means, _ = flights(5, 4)
    covariances = np.tile(np.diag([20.0**2] * 3 + [5.0**2] * 3), (5, 1, 1))
    x, p = means.copy(), packed_of(covariances)
    predictor, updater, sight = stone_soup(DENSITY)
    now = dt.datetime(2026, 1, 1)  # noqa: DTZ001  Stone Soup compares naive times
    theirs = [GaussianState(m[:, None], c, timestamp=now) for m, c in zip(means, covariances, strict=True)]
    truth, rng = means.copy(), np.random.default_rng(5)
    for _ in range(40):
        now += dt.timedelta(seconds=1)
        truth[:, :3] += truth[:, 3:]
        values = np.array([polar(row[:3]) for row in truth]) + rng.normal(0, 1, (5, 3)) * SIGMAS
        plots = plots_of(values)
        kernels.ukf(x, p, 1.0, DENSITY, 0, plots.values, plots.weights, ORIGIN, LEVEL)
        for i, (r, azimuth, elevation) in enumerate(values):
            before = predictor.predict(theirs[i], timestamp=now)
            angles = [Elevation(elevation), Bearing(math.pi / 2 - azimuth), r]
            plot = Detection(StateVector(angles), timestamp=now, measurement_model=sight)
            theirs[i] = updater.update(SingleHypothesis(before, plot))
    for i, state in enumerate(theirs):
        assert np.abs(np.asarray(state.state_vector, dtype=float).ravel() - x[i]).max() <= TOLERANCE_M
        assert np.allclose(np.asarray(state.covar), covariances_of(p[i]), rtol=1e-9, atol=1e-9)


TOLERANCE_M = 1e-9


def test_range_rate_after_the_rest_equals_four_rows_at_once() -> None:
    means, covariances = flights(8, 6)
    rng = np.random.default_rng(7)
    for i in range(8):
        p, v = means[i, :3], means[i, 3:]
        u = p / np.linalg.norm(p)
        values = np.append(polar(p + rng.normal(0, 30, 3)), u @ v + 3.0)
        plots = plots_of(values, range_rate_sigma_m_per_s=2.0)
        h = np.vstack([polar_jacobian(p), np.zeros(6)])
        h[3, :3], h[3, 3:] = (v - (u @ v) * u) / np.linalg.norm(p), u
        r = np.diag(np.append(SIGMAS, 2.0) ** 2)
        gain = covariances[i] @ h.T @ np.linalg.inv(h @ covariances[i] @ h.T + r)
        nu = values - np.append(polar(p), u @ v)
        ours = one_update(SensorKind.RADAR, means[i], covariances[i], plots)
        assert np.abs(ours[0] - (means[i] + gain @ nu)).max() <= 1e-9
        assert np.allclose(ours[1], (np.eye(6) - gain @ h) @ covariances[i], rtol=1e-9, atol=1e-8)


def one_update(kind: SensorKind, mean: Array, covariance: Array, plots: Any) -> tuple[Array, Array]:
    from trilat.fusion.traffic import updating  # noqa: PLC0415

    x, p = mean[None].copy(), packed_of(covariance[None])
    updating.update(
        int(kind),
        x,
        p,
        plots.values,
        plots.weights,
        ORIGIN,
        STILL,
        LEVEL,
        np.zeros((1, 16), dtype=np.int64),
        np.ones(1, dtype=np.int64),
        np.eye(1, 17, 1),
    )
    return x[0], covariances_of(p[0])


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (SensorKind.SURFACE_RADAR, [0, 1]),
        (SensorKind.DIRECTION, [1, 2]),
        (SensorKind.BEARING, [1]),
    ],
)
def test_a_sensor_with_fewer_numbers_updates_with_those_alone(kind: SensorKind, rows: list[int]) -> None:
    means, covariances = flights(4, 8)
    for mean, covariance in zip(means, covariances, strict=True):
        z = polar(mean[:3] + np.array([40.0, -30.0, 20.0]))[rows]
        h, r = polar_jacobian(mean[:3])[rows], np.diag(SIGMAS[rows] ** 2)
        gain = covariance @ h.T @ np.linalg.inv(h @ covariance @ h.T + r)
        x, p = one_update(kind, mean, covariance, plots_of(z, kind))
        assert np.abs(x - mean - gain @ (z - polar(mean[:3])[rows])).max() <= 1e-9
        assert np.allclose(p, (np.eye(6) - gain @ h) @ covariance, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize(("kind", "n"), [(SensorKind.POSITION, 3), (SensorKind.SURFACE_POSITION, 2)])
def test_a_position_with_its_own_covariance_is_the_linear_update(kind: SensorKind, n: int) -> None:
    means, covariances = flights(4, 9)
    r = np.array([[400.0, 150.0, -30.0], [150.0, 300.0, 60.0], [-30.0, 60.0, 900.0]])[:n, :n]
    h = np.eye(6)[:n]
    for mean, covariance in zip(means, covariances, strict=True):
        z = mean[:n] + 25.0
        plots = prepare(TrafficSensor("a", kind), z[None], r[None])
        gain = covariance @ h.T @ np.linalg.inv(h @ covariance @ h.T + r)
        x, p = one_update(kind, mean, covariance, plots)
        assert np.abs(x - mean - gain @ (z - mean[:n])).max() <= 1e-9
        assert np.allclose(p, (np.eye(6) - gain @ h) @ covariance, rtol=1e-9, atol=1e-8)


POSITIONS = st.tuples(*[st.floats(-1e5, 1e5)] * 3)


@settings(max_examples=300, deadline=None)
@given(POSITIONS, st.floats(-4.0, 4.0), st.floats(-4.0, 4.0), st.floats(0.5, 1e5), st.integers(0, 3))
def test_no_update_leaves_a_covariance_that_is_not_positive_definite(
    p: Any, azimuth: float, spread: float, r: float, kind: int
) -> None:
    """Anywhere around the sensor, overhead and on top of it too; sigmas over eight decades."""
    mean = np.array([*p, 10.0, -20.0, 5.0])
    covariance = np.diag([10.0 ** (2 * abs(spread))] * 3 + [100.0] * 3)
    columns = {0: [r, azimuth, 0.3], 1: [r, azimuth], 2: [azimuth, 1.5], 3: [azimuth]}[kind]
    plots = plots_of(columns, SensorKind(kind))
    if plots.index.size:
        x, after = one_update(SensorKind(kind), mean, covariance, plots)
        assert np.all(np.isfinite(x))
        assert np.linalg.eigvalsh(after / np.sqrt(np.outer(np.diag(after), np.diag(after)))).min() > 0.0


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_an_azimuth_by_arc_sine_is_that_of_the_library(e: float, n: float) -> None:
    rho = math.hypot(e, n)
    if rho > 1e-3:
        assert abs(sensing.azimuth_of(e, n, 1.0 / rho) - math.atan2(e, n)) <= 1e-15 * 8


@pytest.mark.parametrize("height_m", [10.0, 1e4])
def test_through_the_zenith_the_filter_neither_jumps_nor_breaks(height_m: float) -> None:
    truth = np.array([0.0, -20.0 * height_m / 1e2, height_m, 0.0, height_m / 1e2, 0.0])
    x, p = truth[None].copy(), packed_of(np.diag([1e2] * 3 + [1.0] * 3)[None])
    for _ in range(40):
        truth[:3] += truth[3:]
        plots = plots_of(polar(truth[:3] + np.array([1e-9, 0.0, 0.0])))
        kernels.ekf(x, p, 1.0, DENSITY, 0, plots.values, plots.weights, ORIGIN, LEVEL)
        assert np.linalg.norm(x[0, :3] - truth[:3]) < 1.0
        assert np.linalg.eigvalsh(covariances_of(p[0])).min() > 0.0
