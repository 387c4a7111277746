import math
from typing import Any

import numpy as np
import pymap3d
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion import DirectionObservation, RadarObservation
from trilat.fusion.filters.kalman import cholesky, likelihood, update
from trilat.fusion.filters.measurement import gate, innovation, prepare


def plot_of(
    lat_deg: float,
    lon_deg: float,
    azimuth: float,
    elevation: float,
    range_m: float,
    rate: float | None = None,
) -> RadarObservation:
    site = np.array(pymap3d.geodetic2ecef(lat_deg, lon_deg, 50.0))
    return RadarObservation(
        time_ns=10**18,
        source="KOR",
        sensor="r",
        site_ecef_m=site,
        site_latitude_rad=math.radians(lat_deg),
        site_longitude_rad=math.radians(lon_deg),
        range_m=range_m,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_rate_m_per_s=rate,
        range_sigma_m=30.0,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=2e-3,
        range_rate_sigma_m_per_s=None if rate is None else 5.0,
    )


CASES = [
    (36.0, 132.5, 0.3, 0.1, 4e5),
    (-45.0, 10.0, 3.0, 1.0, 1e6),
    (90.0, 0.0, 1.0, 0.4, 5e5),
    (-90.0, 77.0, 6.0, 0.02, 5e5),
    (0.0, 180.0, 4.7, 1.5, 2e5),
    (40.0, -180.0, 2.0, math.pi / 2, 3e5),
]


@pytest.mark.parametrize("case", CASES)
def test_a_plot_lies_where_pymap3d_says(case: Any) -> None:
    lat, lon, azimuth, elevation, range_m = case
    m = prepare(plot_of(lat, lon, azimuth, elevation, range_m, 0.0))
    expected = pymap3d.aer2ecef(math.degrees(azimuth), math.degrees(elevation), range_m, lat, lon, 50.0)
    assert np.allclose(m.site_m + range_m * m.axes[0], expected, atol=1e-5)
    state = np.concatenate([expected, np.zeros(3)])
    nu, _, ahead = innovation(state, m.kind, m.values, m.site_m, m.axes)
    assert ahead
    assert np.max(np.abs(nu / np.sqrt(np.diagonal(m.covariance)))) < 1e-3


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [6, 9])
def test_jacobian_equals_finite_differences(case: Any, size: int) -> None:
    lat, lon, azimuth, elevation, range_m = case
    m = prepare(plot_of(lat, lon, azimuth, elevation, range_m, -200.0))
    state = np.zeros(size)
    state[:3] = m.site_m + range_m * m.axes[0] + [500.0, -300.0, 200.0]
    state[3:6] = [-1000.0, 2000.0, 500.0]
    _, h, _ = innovation(state, m.kind, m.values, m.site_m, m.axes)
    for column in range(size):
        step = np.zeros(size)
        step[column] = 1.0
        ahead = innovation(state + step, m.kind, m.values, m.site_m, m.axes)[0]
        behind = innovation(state - step, m.kind, m.values, m.site_m, m.axes)[0]
        slope = -(ahead - behind) / 2.0
        assert np.allclose(h[:, column], slope, rtol=1e-5, atol=1e-9)


def test_errors_turn_the_way_azimuth_and_elevation_grow() -> None:
    lat, lon, azimuth, elevation, range_m = CASES[0]
    m = prepare(plot_of(lat, lon, azimuth, elevation, range_m))
    for row, (da, de) in ((1, (1e-4, 0.0)), (2, (0.0, 1e-4))):
        lower = pymap3d.aer2ecef(
            math.degrees(azimuth - da), math.degrees(elevation - de), range_m, lat, lon, 50.0
        )
        nu, _, _ = innovation(np.append(lower, np.zeros(3)), m.kind, m.values, m.site_m, m.axes)
        # Measured minus predicted: the object lies lower, so the innovation is positive; azimuth by cos(E).
        assert nu[row] == pytest.approx(1e-4 * (math.cos(elevation) if da else 1.0), rel=1e-3)


def test_a_plot_of_the_zenith_has_a_finite_weight() -> None:
    m = prepare(plot_of(40.0, 130.0, 1.0, math.pi / 2, 3e5))
    assert np.all(np.diagonal(m.covariance) > 0.0)
    assert np.all(np.isfinite(m.axes))


def test_what_lies_behind_the_sensor_changes_nothing() -> None:
    m = prepare(plot_of(*CASES[0]))
    state = np.concatenate([m.site_m - 4e5 * m.axes[0], np.zeros(3)])
    args = (m.kind, m.values, m.covariance, m.site_m, m.axes)
    mean, covariance, distance, density = update(state, np.eye(6) * 1e8, *args)
    assert np.array_equal(mean, state)
    assert np.array_equal(covariance, np.eye(6) * 1e8)
    assert distance == math.inf
    assert density == -math.inf


def test_the_gate_is_the_published_chi_square() -> None:
    # Chi-square table: 3 degrees 99.9 % 16.266, 6 degrees 99 % 16.812, 2 degrees 95 % 5.991.
    assert gate(3, 1e-3) == pytest.approx(16.266, abs=1e-3)
    assert gate(6, 1e-2) == pytest.approx(16.812, abs=1e-3)
    assert gate(2, 5e-2) == pytest.approx(5.991, abs=1e-3)


def textbook_kalman(x: Any, p: Any, z: Any, h: Any, r: Any) -> Any:
    s = h @ p @ h.T + r
    k = p @ h.T @ np.linalg.inv(s)
    nu = z - h @ x
    distance = nu @ np.linalg.inv(s) @ nu
    density = -0.5 * (distance + np.log(np.linalg.det(2 * np.pi * s)))
    return x + k @ nu, (np.eye(len(x)) - k @ h) @ p, distance, density


def random_covariance(seed: int, size: int, ratio: float) -> Any:
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
    matrix = axes @ np.diag(np.geomspace(1.0, ratio, size)) @ axes.T
    return 0.5 * (matrix + matrix.T)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [6, 9])
def test_the_linear_case_equals_the_textbook_filter(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    mean, z = rng.standard_normal(size), rng.standard_normal(6)
    p, r = random_covariance(seed, size, 50.0), random_covariance(seed + 100, 6, 20.0)
    h = np.eye(6, size)
    got = update(mean, p, 3, z, r, np.zeros(3), np.eye(3))
    for value, expected in zip(got, textbook_kalman(mean, p, z, h, r), strict=True):
        assert np.allclose(np.asarray(value, dtype=float), expected, rtol=1e-9, atol=1e-10)
    distance, density = likelihood(mean, p, 3, z, r, np.zeros(3), np.eye(3))
    assert distance == pytest.approx(got[2])
    assert density == pytest.approx(got[3])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.floats(1.0, 1e10),
    azimuth=st.floats(0.0, 6.28),
    elevation=st.floats(-0.1, math.pi / 2),
    range_m=st.floats(1e3, 3e6),
    size=st.sampled_from([6, 9]),
)
def test_covariance_stays_symmetric_and_positive_definite(
    seed: int, spread: float, azimuth: float, elevation: float, range_m: float, size: int
) -> None:
    m = prepare(plot_of(38.0, 129.0, azimuth, elevation, range_m, 10.0))
    covariance = random_covariance(seed, size, spread)
    state = np.zeros(size)
    state[:3] = m.site_m + range_m * m.axes[0] + 10.0
    for _ in range(5):
        _, covariance, _, _ = update(state, covariance, m.kind, m.values, m.covariance, m.site_m, m.axes)
        assert np.array_equal(covariance, covariance.T)
        scale = np.sqrt(np.diagonal(covariance))
        assert np.all(np.isfinite(scale))
        assert np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] > 0.0


def test_cholesky_equals_numpy_and_reports_what_is_not_positive() -> None:
    matrix = random_covariance(3, 6, 1e6)
    low, good = cholesky(matrix)
    assert good
    assert np.allclose(low, np.linalg.cholesky(matrix), rtol=1e-10)
    assert not cholesky(np.diag([1.0, 0.0, 1.0]))[1]
    assert not cholesky(np.diag([1.0, np.nan, 1.0]))[1]


def test_a_direction_has_no_range_in_it() -> None:
    lat, lon, azimuth, elevation, _ = CASES[0]
    site = np.array(pymap3d.geodetic2ecef(lat, lon, 3.6e7))
    plot = DirectionObservation(
        10**18, "USA", "ir", site, math.radians(lat), math.radians(lon), azimuth, -elevation, 3e-5, 3e-5
    )
    m = prepare(plot)
    for range_m in (1e6, 3e7):
        state = np.concatenate([site + range_m * m.axes[0], np.zeros(3)])
        nu, h, _ = innovation(state, m.kind, m.values, m.site_m, m.axes)
        assert np.allclose(nu, 0.0, atol=1e-12)
        assert np.allclose(h[:, :3] @ m.axes[0], 0.0, atol=1e-15)
