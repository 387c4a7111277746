"""Free motion judged by scipy's DOP853 in an inertial frame, by invariants and by published tables.

The judges below are written here from the textbook, in another frame and with another integrator, and
take no code from the module under test.
"""

from typing import Any

import numpy as np
import pymap3d
import pytest
from scipy.integrate import solve_ivp

from trilat.model.errors import ScenarioError
from trilat.scenario import (
    air_density_kg_per_m3,
    coast,
    compile_kernels,
    fall_to_ground,
    gravity_m_per_s2,
    named_scenario,
)
from trilat.scenario.kernels import fly_states

GM, RADIUS, J2, OMEGA = 3.986004418e14, 6378137.0, 1.082629821313e-3, 7.292115e-5
SPIN = np.array([0.0, 0.0, OMEGA])
START = np.array(pymap3d.geodetic2ecef(40.0, 133.0, 200_000.0))
SPEED = np.array([-3100.0, -2300.0, 1500.0])
# A thousandth of a millimetre over a ten minutes' flight: any wrong term shows as metres.
TOLERANCE_M = 1e-5


def potential(position):
    x, y, z = position
    r = np.sqrt(x * x + y * y + z * z)
    return GM / r * (1.0 - J2 * (RADIUS / r) ** 2 * (3.0 * (z / r) ** 2 - 1.0) / 2.0)


def gradient(position):
    # Complex-step differentiation: exact to rounding.
    found = []
    for axis in range(3):
        moved = position.astype(complex)
        moved[axis] += 1e-20j
        found.append(potential(moved).imag / 1e-20)
    return np.array(found)


def inertial_flight(position, velocity, duration, events=None):
    state = np.concatenate([position, velocity + np.cross(SPIN, position)])
    return solve_ivp(
        lambda _, s: np.concatenate([s[3:], gradient(s[:3])]),
        (0.0, duration),
        state,
        method="DOP853",
        rtol=1e-13,
        atol=1e-9,
        events=events,
        dense_output=True,
    )


def turned_back(position, seconds):
    angle = -OMEGA * seconds
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return turn @ position


def standard_density(height):
    """U.S. Standard Atmosphere 1976 by its defining equations, below 71 km."""
    bases = [(0, 288.15, -6.5), (11, 216.65, 0.0), (20, 216.65, 1.0), (32, 228.65, 2.8), (47, 270.65, 0.0)]
    bases += [(51, 270.65, -2.8)]
    geopotential = 6356.766 * height / 1e3 / (6356.766 + height / 1e3)
    pressure, k = 101325.0, 34.163195
    for index, (base, temperature, lapse) in enumerate(bases):
        top = bases[index + 1][0] if index + 1 < len(bases) else 71.0
        rise = min(geopotential, top) - base
        here = temperature + lapse * rise
        pressure *= (temperature / here) ** (k / lapse) if lapse else np.exp(-k * rise / temperature)
        if geopotential <= top:
            return pressure / (287.05287 * here)
    raise AssertionError


def test_gravity_is_the_gradient_of_its_potential():
    for position in (START, np.array([0.0, 7e6, 1e-3]), np.array([1.0, 2.0, -6.5e6])):
        assert gravity_m_per_s2(position) == pytest.approx(gradient(position), abs=1e-12)


def test_gravity_with_rotation_is_normal_gravity_at_equator_and_pole():
    # NIMA TR8350.2 table 3.4: 9.7803253359 and 9.8321849379 m/s^2; J4, left out here, is worth 1e-4.
    equator = gravity_m_per_s2([RADIUS, 0.0, 0.0])[0] + OMEGA**2 * RADIUS
    pole = gravity_m_per_s2([0.0, 0.0, 6356752.3142])[2]
    assert -equator == pytest.approx(9.7803253359, abs=2e-4)
    assert -pole == pytest.approx(9.8321849379, abs=2e-4)


def test_coast_agrees_with_another_integrator_in_an_inertial_frame():
    times, position, velocity = coast(START, SPEED, 600.0, 7.0)
    judge = inertial_flight(START, SPEED, 600.0)
    assert times[0] == 0.0
    assert times[-1] == 600.0
    for row in (1, 40, -1):
        state = judge.sol(times[row])
        here = turned_back(state[:3], times[row])
        moving = turned_back(state[3:], times[row]) - np.cross(SPIN, here)
        assert position[row] == pytest.approx(here, abs=TOLERANCE_M)
        assert velocity[row] == pytest.approx(moving, abs=1e-7)


def test_coast_keeps_the_constant_of_jacobi():
    _, position, velocity = coast(START, SPEED, 3000.0, 60.0)
    kinetic = 0.5 * np.sum(velocity**2, axis=1)
    turning = 0.5 * OMEGA**2 * (position[:, 0] ** 2 + position[:, 1] ** 2)
    constant = kinetic - turning - np.array([potential(row) for row in position])
    assert constant == pytest.approx(np.full(constant.shape, constant[0]), rel=1e-12)


def test_fall_without_air_meets_the_ground_where_another_integrator_does():
    def height(seconds, state) -> Any:
        return pymap3d.ecef2geodetic(*turned_back(state[:3], seconds))[2]

    stop: Any = height
    stop.terminal, stop.direction = True, -1
    judge = inertial_flight(START, SPEED, 3000.0, events=stop)
    place = pymap3d.ecef2geodetic(*turned_back(judge.y_events[0][0][:3], judge.t_events[0][0]))
    fall = fall_to_ground(START, SPEED)
    assert fall is not None
    assert fall[0] == pytest.approx(judge.t_events[0][0], abs=1e-6)
    assert fall[1:] == pytest.approx(place[:2], abs=1e-9)


def test_an_orbit_does_not_fall():
    # Circular speed at 500 km, east along the equator, less the Earth's turning.
    radius = RADIUS + 500e3
    speed = np.sqrt(GM / radius) - OMEGA * radius
    assert fall_to_ground([radius, 0, 0], [0, speed, 0], duration_s_max=6000.0) is None


@pytest.mark.parametrize("height", [0.0, 2.5e3, 7e3, 12e3, 18e3, 27e3, 35e3, 45e3, 55e3, 65e3, 69e3])
def test_density_is_that_of_the_standard_atmosphere(height):
    # An exponential between rows 5 to 10 km apart is good to 8 per cent, at the rows to 0.1 per cent.
    assert float(air_density_kg_per_m3(height)) == pytest.approx(standard_density(height), rel=0.08)


def test_density_at_the_tabulated_heights():
    heights = np.array([0.0, 5e3, 10e3, 20e3, 30e3, 40e3, 50e3, 60e3, 70e3])
    expected = [standard_density(height) for height in heights]
    assert air_density_kg_per_m3(heights) == pytest.approx(expected, rel=1.5e-3)


def test_density_never_rises_and_never_ends():
    density = air_density_kg_per_m3(np.linspace(-2e3, 1e6, 5000))
    assert np.all(np.diff(density) <= 0.0)
    assert np.all(density > 0.0)


def test_a_light_body_falls_at_its_terminal_speed():
    coefficient = 100.0
    start = np.array(pymap3d.geodetic2ecef(35.0, 140.0, 3000.0))
    _, position, velocity = coast(start, np.zeros(3), 60.0, 60.0, coefficient)
    height = pymap3d.ecef2geodetic(*position[-1])[2]
    expected = np.sqrt(2.0 * coefficient * 9.797 / standard_density(height))
    # One per cent: the speed lags behind the air that thickens as it falls.
    assert np.linalg.norm(velocity[-1]) == pytest.approx(expected, rel=0.01)


def test_air_shortens_a_fall_and_slows_the_end():
    free = fall_to_ground(START, SPEED)
    slowed = fall_to_ground(START, SPEED, 2000.0)
    assert free is not None
    assert slowed is not None
    assert 0.0 < slowed[0] - free[0] < 60.0


def test_the_same_input_gives_the_same_bits():
    first, second = coast(START, SPEED, 300.0, 1.0, 500.0), coast(START, SPEED, 300.0, 1.0, 500.0)
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_one_compiled_signature_serves_every_caller():
    compile_kernels()
    coast(START, SPEED, 5.0, 1.0)
    fall_to_ground(START, SPEED, 500.0)
    named_scenario("unha2-2009")
    assert len(fly_states.signatures) == 1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: coast([1.0, 2.0], SPEED, 1.0, 1.0), "three finite numbers"),
        (lambda: coast(START, [np.nan, 0, 0], 1.0, 1.0), "velocity must be three finite"),
        (lambda: coast(START * 0.5, SPEED, 1.0, 1.0), "below the ellipsoid"),
        (lambda: coast(START, SPEED, -1.0, 1.0), "duration"),
        (lambda: coast(START, SPEED, np.inf, 1.0), "duration"),
        (lambda: coast(START, SPEED, 10.0, 0.0), "step `0.0`"),
        (lambda: coast(START, SPEED, 10.0, np.nan), "step `nan`"),
        (lambda: coast(START, SPEED, 1e6, 1e-3), "rows"),
        (lambda: coast(START, SPEED, 10.0, 1.0, 0.0), "ballistic coefficient `0.0`"),
        (lambda: coast(START, SPEED, 10.0, 1.0, np.nan), "ballistic coefficient `nan`"),
        (lambda: fall_to_ground(START, SPEED, -5.0), "ballistic coefficient `-5.0`"),
        (lambda: fall_to_ground(START, SPEED, None, 0.0), "duration `0.0`"),
        (lambda: fall_to_ground(START, SPEED, None, np.nan), "duration `nan`"),
        (lambda: gravity_m_per_s2([1.0]), "position must be"),
    ],
)
def test_what_cannot_move_is_refused(call, text):
    with pytest.raises(ScenarioError, match=text):
        call()
