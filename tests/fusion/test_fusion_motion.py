import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from trilat.fusion.filters.motion import (
    EXHAUST_M_PER_S,
    acceleration,
    acceleration_gradient,
    height,
    propagate,
    transition,
)

STATES = [
    np.array([-3.9e6, 3.0e6, 4.15e6, -900.0, -1500.0, 1200.0]),
    np.array([100.0, -50.0, 6.6e6, 3000.0, 100.0, 10.0]),
    np.array([7.0e6, 1.0, 1.0, 0.0, 7000.0, 1000.0]),
]


def inertial_coast(world: SimpleNamespace, state: Any, seconds: float) -> Any:
    """The oracle: the same fall in an inertial frame by scipy, gravity written in the test's conftest."""
    spin = np.array([0.0, 0.0, world.omega])
    start = np.concatenate([state[:3], state[3:6] + np.cross(spin, state[:3])])
    done = solve_ivp(
        lambda _, y: np.concatenate([y[3:], world.gravity(y[:3])]),
        (0.0, seconds),
        start,
        method="DOP853",
        rtol=1e-12,
        atol=1e-9,
    )
    end = done.y[:, -1]
    position = world.turned(seconds) @ end[:3]
    return np.concatenate([position, world.turned(seconds) @ end[3:] - np.cross(spin, position)])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seconds", [0.1, 1.0, 37.0, 400.0])
def test_coast_equals_an_inertial_fall_integrated_by_scipy(world: Any, state: Any, seconds: float) -> None:
    mean, _ = propagate(state, np.eye(6), seconds, 0.0)
    expected = inertial_coast(world, state, seconds)
    # A millimetre and a micrometre a second after minutes: far below any sensor, so a tripwire.
    assert np.max(np.abs(mean[:3] - expected[:3])) < 5e-3
    assert np.max(np.abs(mean[3:] - expected[3:])) < 2e-5


@pytest.mark.parametrize("state", STATES)
def test_acceleration_gradient_equals_finite_differences_of_the_oracle(world: Any, state: Any) -> None:
    gradient = np.empty((3, 3))
    acceleration_gradient(state[:3], gradient)
    centrifugal = np.diag([world.omega**2, world.omega**2, 0.0])
    step = 10.0
    for column in range(3):
        shift = np.zeros(3)
        shift[column] = step
        slope = (world.gravity(state[:3] + shift) - world.gravity(state[:3] - shift)) / (2 * step)
        assert np.allclose(
            gradient[:, column], slope + centrifugal[:, column], rtol=0, atol=2e-14 + 1e-8 * 1e-6
        )


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_transition_equals_finite_differences_of_the_oracle(world: Any, state: Any, seconds: float) -> None:
    phi = transition(state, seconds)
    for column in range(6):
        shift = np.zeros(6)
        shift[column] = 100.0 if column < 3 else 1.0
        ahead = inertial_coast(world, state + shift, seconds)
        behind = inertial_coast(world, state - shift, seconds)
        slope = (ahead - behind) / (2 * shift[column])
        assert np.allclose(phi[:, column], slope, rtol=0, atol=3e-7)


@pytest.mark.parametrize("seconds", [0.5, 5.0, 20.0])
def test_thrust_follows_the_rocket_equation(seconds: float) -> None:
    thrust = np.array([10.0, -20.0, 30.0])
    with_thrust, _ = propagate(np.concatenate([STATES[0], thrust]), np.eye(9), seconds, 0.0)
    without, _ = propagate(STATES[0], np.eye(6), seconds, 0.0)
    # Tsiolkovsky, T = c / a0 until all mass is burnt: v = -c ln(1 - t/T), s = c (t + (T - t) ln(1 - t/T)).
    a0 = float(np.linalg.norm(thrust))
    c = EXHAUST_M_PER_S
    burnt = math.log(1.0 - seconds * a0 / c)
    way = c * (seconds + (c / a0 - seconds) * burnt) * thrust / a0
    # What is left is that the displaced body falls and turns elsewhere: about a t^3 w and a t^4 g / r.
    assert np.allclose(with_thrust[:3] - without[:3], way, atol=2e-3 + 1e-2 * seconds**3 / 5)
    assert np.allclose(with_thrust[3:6] - without[3:], -c * burnt * thrust / a0, atol=2e-3 * (1 + seconds**2))
    assert np.allclose(with_thrust[6:], thrust / (1.0 - seconds * a0 / c), rtol=1e-5)


def test_noise_of_white_jerk_equals_the_published_matrix() -> None:
    # Bar-Shalom, Li, Kirubarajan (2001), eq. 6.2.3-9: q [T5/20 T4/8 T3/6; T4/8 T3/3 T2/2; T3/6 T2/2 T].
    q, t = 2.0, 1.0
    _, covariance = propagate(np.concatenate([STATES[0], np.zeros(3)]), np.zeros((9, 9)), t, q)
    expected = q * np.array([[1 / 20, 1 / 8, 1 / 6], [1 / 8, 1 / 3, 1 / 2], [1 / 6, 1 / 2, 1.0]])
    assert np.allclose(covariance[0::3, 0::3], expected, rtol=1e-12)


def test_noise_of_white_acceleration_equals_the_published_matrix() -> None:
    # Bar-Shalom, Li, Kirubarajan (2001), eq. 6.2.2-12: q [T3/3 T2/2; T2/2 T].
    climbing = np.array([6.6e6, 0.0, 0.0, 100.0, 0.0, 0.0])
    _, covariance = propagate(climbing, np.zeros((6, 6)), 2.0, 3.0)
    assert np.allclose(covariance[0::3, 0::3], 3.0 * np.array([[8 / 3, 2.0], [2.0, 2.0]]), rtol=1e-12)


def test_a_body_that_falls_through_air_grows_vague_and_a_climbing_one_does_not() -> None:
    low = np.array([6378137.0 + 40_000.0, 0.0, 0.0, -2000.0, 500.0, 0.0])
    _, falling = propagate(low, np.eye(6), 5.0, 0.0)
    _, climbing = propagate(low * [1, 1, 1, -1, 1, 1], np.eye(6), 5.0, 0.0)
    assert np.trace(falling) > 100.0 * np.trace(climbing)


def test_free_fall_at_the_equator_equals_normal_gravity() -> None:
    # WGS 84 (NIMA TR8350.2, table 3.4): normal gravity at the equator 9.7803253359, pole 9.8321849378 m/s2.
    # Fusion's model has J2 only, so it lacks J4 of the normal field: about 1e-4 m/s2 at the pole.
    out = np.empty(3)
    acceleration(np.array([6378137.0, 0, 0, 0, 0, 0.0]), out)
    assert out[0] == pytest.approx(-9.7803253359, abs=1e-4)
    acceleration(np.array([0, 0, 6356752.3142, 0, 0, 0.0]), out)
    assert out[2] == pytest.approx(-9.8321849378, abs=2e-4)


@pytest.mark.parametrize("latitude_deg", [-90.0, -45.0, 0.0, 30.0, 60.0, 89.9])
@pytest.mark.parametrize("height_m", [0.0, 1e5, 1e6])
def test_height_is_good_enough_to_decide_by(world: Any, latitude_deg: float, height_m: float) -> None:
    assert abs(height(world.geodetic(latitude_deg, 50.0, height_m)) - height_m) < 20.0 + 2e-3 * height_m
