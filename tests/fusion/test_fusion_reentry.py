"""A fall through air against scipy, and what the bank learns of the body that falls."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from trilat.fusion.filters.atmosphere import AIR_TOP_M, air_density
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import prepare
from trilat.fusion.filters.motion import derivative, height, propagate, transition
from trilat.fusion.filters.stages import ballistic_coefficient, mixture, predict_bank, start_bank, update_bank

# US Standard Atmosphere 1976 (NOAA-S/T 76-1562, table I): height above the sea m, density kg/m^3.
STANDARD = [(0, 1.2250), (20_000, 0.08891), (40_000, 3.996e-3), (60_000, 3.097e-4), (80_000, 1.846e-5)]
# Vallado (2013), table 8-4, as typed here from the book: base height km, density, scale height km.
VALLADO = [(0, 1.225, 7.249), (25, 3.899e-2, 6.349), (30, 1.774e-2, 6.682), (40, 3.972e-3, 7.554)]
VALLADO += [(50, 1.057e-3, 8.382), (60, 3.206e-4, 7.714), (70, 8.770e-5, 6.549), (80, 1.905e-5, 5.799)]
VALLADO += [(90, 3.396e-6, 5.382)]


def density(height_m: float) -> float:
    if height_m > 100_000.0:
        return 0.0
    base, rho, scale = [row for row in VALLADO if row[0] * 1e3 <= max(height_m, 0.0)][-1]
    return float(rho * math.exp(-(height_m / 1e3 - base) / scale))


def geodetic_height(p: Any) -> float:
    """Bowring's iteration, which shares nothing with the kernel's closed form."""
    a, e2 = 6378137.0, 6.69437999014e-3
    rho = math.hypot(p[0], p[1])
    lat = math.atan2(p[2], rho * (1 - e2))
    for _ in range(6):
        n = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
        lat = math.atan2(p[2] + e2 * n * math.sin(lat), rho)
    n = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    return float(rho * math.cos(lat) + p[2] * math.sin(lat) - a * math.sqrt(1 - e2 * math.sin(lat) ** 2))


def fall(world: Any, start: Any, coefficient: float, times_s: Any) -> Any:
    """The path (n, 6) in ECEF of a body with drag, by scipy in the turning frame."""
    spin = np.array([0.0, 0.0, world.omega])

    def rate(_: float, y: Any) -> Any:
        p, v = y[:3], y[3:]
        brake = 0.5 * density(geodetic_height(p)) * float(np.linalg.norm(v)) / coefficient
        turning = -2.0 * np.cross(spin, v) - np.cross(spin, np.cross(spin, p))
        return np.concatenate([v, world.gravity(p) + turning - brake * v])

    done = solve_ivp(
        rate, (0.0, times_s[-1]), start, "LSODA", t_eval=times_s, rtol=1e-10, atol=1e-6, max_step=0.1
    )
    return done.y.T


def entry(world: Any, height_m: float, latitude_deg: float = 37.3, longitude_deg: float = 131.0) -> Any:
    """A state that falls steeply at 2.4 km/s."""
    axes = world.local_axes(latitude_deg, longitude_deg)
    speed = np.array([1300.0, 200.0, -2000.0]) @ axes
    return np.concatenate([world.geodetic(latitude_deg, longitude_deg, height_m), speed])


@pytest.mark.parametrize(("height_m", "published"), STANDARD)
def test_air_is_as_dense_as_the_standard_says(height_m: float, published: float) -> None:
    assert air_density(float(height_m))[0] == pytest.approx(published, rel=0.15)


@pytest.mark.parametrize("height_m", [-30_000.0, -100.0, 3_000.0, 26_000.0, 55_500.0, 99_000.0, 120_000.0])
def test_the_slope_of_the_air_is_that_of_its_density(height_m: float) -> None:
    ahead, behind = air_density(height_m + 1.0)[0], air_density(height_m - 1.0)[0]
    assert air_density(height_m)[1] == pytest.approx((ahead - behind) / 2.0, rel=1e-6, abs=1e-18)


@pytest.mark.parametrize("coefficient", [300.0, 3000.0, 12_000.0])
@pytest.mark.parametrize("height_m", [120_000.0, 61_000.0, 38_000.0])
def test_a_fall_through_air_equals_scipys(world: Any, coefficient: float, height_m: float) -> None:
    start = entry(world, height_m)
    mean, _ = propagate(np.append(start, math.log(coefficient)), np.eye(7), 16.0, 0.0)
    expected = fall(world, start, coefficient, np.array([16.0]))[-1]
    # The kernel's height is good to 0.1 %, which is a few hundredths of the drag over a scale height.
    lost = np.linalg.norm(propagate(start, np.eye(6), 16.0, 0.0)[0][:3] - expected[:3])
    assert np.linalg.norm(mean[:3] - expected[:3]) < 0.02 + 0.005 * lost
    assert mean[6] == math.log(coefficient)


@pytest.mark.parametrize("log_coefficient", [math.log(300.0), math.log(9000.0)])
@pytest.mark.parametrize("height_m", [140_000.0, 93_000.0, 47_000.0, 12_000.0])
@pytest.mark.parametrize("latitude_deg", [-89.0, 0.0, 37.3])
def test_the_transition_is_the_derivative_of_the_motion(
    world: Any, height_m: float, log_coefficient: float, latitude_deg: float
) -> None:
    state = np.append(entry(world, height_m, latitude_deg), log_coefficient)
    steps = np.array([1.0] * 3 + [0.01] * 3 + [1e-4])
    phi = transition(state, 0.01)
    slope, out = np.empty((7, 7)), np.empty(7)
    for column in range(7):
        shift = np.zeros(7)
        shift[column] = steps[column]
        derivative(state + shift, 7, out)
        ahead = out.copy()
        derivative(state - shift, 7, out)
        slope[:, column] = (ahead - out) / (2.0 * steps[column])
    # Over a hundredth of a second Phi - I is F h within h^2 F^2, taken half a step later.
    scale = np.array([1.0] * 3 + [1.0] * 3 + [1e-3])
    assert np.allclose(
        (phi - np.eye(7)) / 0.01 * scale, slope * scale, rtol=0.0, atol=2e-2 * np.abs(slope[3:]).max() * 0.5
    )
    assert np.allclose(phi[6], np.eye(7)[6])


@pytest.mark.parametrize("latitude_deg", [0.0, 45.0, 90.0])
def test_the_gradient_of_drag_equals_scipys_path(world: Any, latitude_deg: float) -> None:
    start, coefficient = entry(world, 45_000.0, latitude_deg), 2000.0
    state = np.append(start, math.log(coefficient))
    phi = transition(state, 0.5)
    for column, size in enumerate([50.0] * 3 + [1.0] * 3):
        shift = np.zeros(6)
        shift[column] = size
        ends = [fall(world, start + sign * shift, coefficient, np.array([0.5]))[-1] for sign in (1, -1)]
        assert np.allclose(phi[:6, column], (ends[0] - ends[1]) / (2 * size), rtol=0, atol=3e-4)
    ends = [fall(world, start, coefficient * math.exp(s), np.array([0.5]))[-1] for s in (0.01, -0.01)]
    assert np.allclose(phi[3:6, 6], (ends[0] - ends[1])[3:] / 0.02, rtol=0.02)


def plots_of_a_fall(world: Any, coefficient: float, seed: int) -> Any:
    times = np.arange(0.0, 36.0, 0.5)
    path = fall(world, entry(world, 95_000.0), coefficient, times)
    rng = np.random.default_rng(seed)
    plots = []
    for index, (second, state) in enumerate(zip(times, path, strict=True)):
        plot = world.radar_plot(("R1", "R2")[index % 2], float(second), state[:3], rng)
        assert plot is not None
        plots.append(prepare(plot))
    return times, path, plots


@pytest.mark.parametrize("coefficient", [500.0, 2500.0])
def test_a_bank_learns_the_coefficient_of_a_falling_body(world: Any, coefficient: float) -> None:
    distances = []
    for seed in range(5):
        times, path, plots = plots_of_a_fall(world, coefficient, seed)
        start = path[0] + np.array([300.0, -200.0, 100.0, 30.0, -20.0, 10.0])
        bank = start_bank(start, np.diag([250_000.0] * 3 + [900.0] * 3), 20.0)
        for index, plot in enumerate(plots):
            if index:
                bank = predict_bank(*bank, times[index] - times[index - 1], 0.4, 1e-7)
            args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
            bank = update_bank(*bank, *args, 0.0, 0)
        mean, covariance, coast = mixture(*bank[:5])
        assert height(mean) < 40_000.0
        assert coast > 0.9
        log_coefficient, sigma = ballistic_coefficient(bank)
        assert sigma < 0.5
        assert abs(log_coefficient - math.log(coefficient)) < 4.0 * sigma
        miss = mean - path[-1]
        distances.append(miss @ np.linalg.solve(covariance, miss) / 6.0)
    # 30 degrees of freedom: 99.9 % of chi-square over 30 is 1.99; below, vague is allowed by a factor of 4.
    assert 0.25 < np.mean(distances) < 2.0


def test_knowing_the_drag_beats_blind_noise(world: Any) -> None:
    """At the same plots the seven states end nearer to the truth than the six with noise for their drag."""
    squares = np.zeros(2)
    for seed in range(6):
        times, path, plots = plots_of_a_fall(world, 1500.0, seed)
        blind: Any = (path[0].copy(), np.diag([1e4] * 3 + [100.0] * 3))
        wide = np.diag([1e4] * 3 + [100.0] * 3 + [1.0])
        knowing: Any = (np.append(path[0], math.log(3000.0)), wide)
        for index, plot in enumerate(plots):
            seconds = times[index] - times[max(index - 1, 0)]
            args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
            blind = update(*propagate(blind[0], blind[1], seconds, 1e-7), *args)
            knowing = update(*propagate(knowing[0], knowing[1], seconds, 1e-7), *args)
            if index > len(plots) // 2:
                squares += [np.sum((state[0][:3] - path[index, :3]) ** 2) for state in (blind, knowing)]
    assert squares[1] < 0.7 * squares[0]


def test_above_the_air_the_coefficient_stays_idle(world: Any) -> None:
    state = np.append(entry(world, AIR_TOP_M + 200_000.0), 8.0)
    covariance = np.diag([1e4] * 3 + [100.0] * 3 + [1.0])
    mean, after = propagate(state, covariance, 30.0, 1e-7)
    plain_mean, plain = propagate(state[:6], covariance[:6, :6].copy(), 30.0, 1e-7)
    assert np.allclose(mean[:6], plain_mean, rtol=1e-12)
    assert np.allclose(after[:6, :6], plain, rtol=1e-9)
    assert np.array_equal(after[6], [0.0] * 6 + [1.0])
