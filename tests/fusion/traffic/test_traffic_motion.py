"""Turns beside an integrator, and two models mixed without bias."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from trilat.fusion.traffic import (
    SensorKind,
    TrafficSensor,
    TrafficSettings,
    TrafficTracker,
    imm,
    motion,
    updating,
)
from trilat.fusion.traffic.blocks import covariances_of, packed_of
from trilat.fusion.traffic.sensor import prepare
from trilat.fusion.traffic.settings import Motion

Array = npt.NDArray[np.float64]
START = np.array([100.0, -200.0, 3000.0, 120.0, 80.0, 5.0])


def turned(w: float, seconds: float) -> tuple[Array, Array]:
    out, jacobian = np.empty(7), np.empty((7, 7))
    motion.turn(np.append(START, w), seconds, out, jacobian)
    return out, jacobian


@pytest.mark.parametrize("w", [0.05, -0.03, 1e-3, 1e-6, -1e-9, 0.0])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 12.0])
def test_a_turn_goes_where_an_integrator_goes(w: float, seconds: float) -> None:
    def rate(_: float, y: Array) -> Array:
        return np.array([y[3], y[4], y[5], -w * y[4], w * y[3], 0.0])

    done = solve_ivp(rate, (0.0, seconds), START, rtol=1e-12, atol=1e-10)
    assert np.allclose(turned(w, seconds)[0], np.append(done.y[:, -1], w), rtol=0, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(0.1, 10.0))
def test_the_turns_jacobian_is_its_derivative(w: float, seconds: float) -> None:
    _, jacobian = turned(w, seconds)
    state = np.append(START, w)
    for k, step in enumerate([1.0] * 6 + [1e-5]):
        ends = []
        for side in (1.0, -1.0):
            moved, out = state.copy(), np.empty(7)
            moved[k] += side * step
            motion.turn(moved, seconds, out, np.empty((7, 7)))
            ends.append(out)
        slope = (ends[0] - ends[1]) / (2 * step)
        assert np.allclose(jacobian[:, k], slope, rtol=1e-5, atol=1e-3 * max(1.0, seconds**2))


def test_a_straight_step_leaves_the_turn_alone() -> None:
    out, jacobian = np.empty(7), np.empty((7, 7))
    motion.straight(np.append(START, 0.1), 2.0, out, jacobian)
    assert np.array_equal(out, np.append(START[:3] + 2 * START[3:], np.append(START[3:], 0.1)))
    assert np.array_equal(jacobian @ np.append(START, 0.1), out)


def test_the_noise_is_that_of_white_acceleration() -> None:
    """By quadrature of the integral that defines it."""
    covariance, density, t = np.zeros((7, 7)), np.array([1.0, 2.0, 3.0]), 3.0
    motion.add_noise(covariance, t, density, 0.5)
    steps = (np.arange(20_000) + 0.5) * t / 20_000
    for k in range(3):
        reach = np.stack([steps, np.ones_like(steps)])
        expected = density[k] * (reach @ reach.T) * t / 20_000
        block = covariance[np.ix_([k, 3 + k], [k, 3 + k])]
        assert np.allclose(block, expected, rtol=1e-6)
    assert covariance[6, 6] == 0.5 * t


def models(rate: float, sigma: float) -> tuple[Array, Array, Array]:
    means = np.zeros((1, 2, 7))
    means[0, :, :6] = START
    means[0, 1, 6] = rate
    covariances = np.zeros((1, 2, 7, 7))
    covariances[0, :, :6, :6] = np.diag([100.0] * 3 + [4.0] * 3)
    covariances[0, 1, 6, 6] = sigma**2
    return means, covariances, np.array([[0.6, 0.4]])


SWITCHING = np.array([[0.9, 0.1], [0.2, 0.8]])


def test_mixing_does_not_pull_the_rate_of_a_turn_to_zero() -> None:
    """Filling the missing rate with zero would give 0.05 times 0.32 / 0.38."""
    means, covariances, chances = models(0.05, 0.01)
    imm.mix(means, covariances, chances, SWITCHING)
    assert means[0, 1, 6] == pytest.approx(0.05, abs=1e-15)
    assert covariances[0, 1, 6, 6] == pytest.approx(1e-4, rel=1e-12)
    assert means[0, 0, 6] == 0.0
    assert np.all(covariances[0, 0, 6] == 0.0)
    assert chances[0] == pytest.approx([0.6 * 0.9 + 0.4 * 0.2, 0.6 * 0.1 + 0.4 * 0.8])


def test_mixing_matches_mean_and_spread_of_what_both_know() -> None:
    means, covariances, chances = models(0.05, 0.01)
    means[0, 1, 0] += 30.0
    weights = {m: SWITCHING[:, m] * chances[0] / (SWITCHING[:, m] @ chances[0]) for m in (0, 1)}
    before, spread = means.copy(), covariances.copy()
    imm.mix(means, covariances, chances, SWITCHING)
    for model, w in weights.items():
        mean = w @ before[0, :, :6]
        apart = before[0, :, :6] - mean
        expected = sum(w[k] * (spread[0, k, :6, :6] + np.outer(apart[k], apart[k])) for k in (0, 1))
        assert np.allclose(means[0, model, :6], mean)
        assert np.allclose(covariances[0, model, :6, :6], expected)


def test_an_update_of_a_model_is_that_of_one_filter() -> None:
    """Rows one by one in the turn's filter beside the block kernels, all four numbers of a radar."""
    sensor = TrafficSensor("r", SensorKind.RADAR, range_rate_sigma_m_per_s=2.0)
    plots = prepare(sensor, np.array([[3010.0, 2.6, 1.4, 10.0]]), sensor.sigmas[None])
    rng = np.random.default_rng(2)
    root = rng.normal(0, 1, (6, 6)) * np.array([60.0] * 3 + [8.0] * 3)[:, None]
    covariance = root @ root.T + np.eye(6)
    mean, packed = START[None].copy(), packed_of(covariance[None])
    site = (np.zeros(3), np.array([1.0, -2.0, 0.5]), np.eye(3))
    lists = (np.zeros((1, 16), dtype=np.int64), np.ones(1, dtype=np.int64), np.eye(1, 17, 1))
    updating.update(0, mean, packed, plots.values, plots.weights, *site, *lists)
    mean7, covariance7 = np.append(START, 0.0), np.zeros((7, 7))
    covariance7[:6, :6] = 0.5 * (covariance + covariance.T)
    imm.update_model(0, mean7, covariance7, plots.values, plots.weights, 0, *site, np.zeros((10, 7)))
    assert np.abs(mean7[:6] - mean[0]).max() <= 1e-9
    assert np.allclose(covariance7[:6, :6], covariances_of(packed[0]), rtol=1e-9, atol=1e-9)
    assert mean7[6] == 0.0


def fly(settings: TrafficSettings, seed: int) -> tuple[Array, Array]:
    """Straight 30 s, a turn of 3 degrees a second 30 s, straight 30 s: position errors, chance of a turn."""
    sensor = TrafficSensor("adsb", SensorKind.POSITION, position_sigma_m=30.0, clutter_per_scan=0.01)
    tracker = TrafficTracker([sensor], settings)
    rng, state = np.random.default_rng(seed), np.append(START, 0.0)
    errors, chances = [], []
    for second in range(90):
        state[6] = 0.052 if 30 <= second < 60 else 0.0
        out = np.empty(7)
        motion.turn(state, 1.0, out, np.empty((7, 7)))
        state = out
        plot: Any = state[:3] + rng.normal(0, 30, 3)
        tracker.add_scan("adsb", second * 10**9, plot[None])
        picture = tracker.estimates(confirmed_only=False)
        apart = np.linalg.norm(picture.means[:, :3] - state[:3], axis=1)
        errors.append(float(apart.min()))
        chances.append(float(picture.turn[apart.argmin()]))
    return np.array(errors), np.array(chances)


def test_two_models_follow_a_turn_that_one_smooth_model_lags_behind() -> None:
    quiet: dict[str, Any] = {"acceleration_psd_m2_per_s3": 0.05, "births_per_scan": 1.0}
    straight = np.array([fly(TrafficSettings(**quiet), seed)[0] for seed in range(8)])
    both = [fly(TrafficSettings(motion=Motion.TURNING, **quiet), seed) for seed in range(8)]
    errors, chances = np.array([run[0] for run in both]), np.array([run[1] for run in both])
    in_turn = slice(40, 58)
    assert np.sqrt(np.mean(errors[:, in_turn] ** 2)) < 0.6 * np.sqrt(np.mean(straight[:, in_turn] ** 2))
    assert np.mean(chances[:, in_turn]) > 0.8
    assert np.mean(chances[:, 15:28]) < 0.3
