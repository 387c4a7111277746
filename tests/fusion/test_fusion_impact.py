import math
from typing import Any

import numpy as np
import pymap3d
import pytest
from scipy.integrate import solve_ivp

from trilat.fusion import ellipse95, impact_estimate
from trilat.model.errors import ObservationError

NOW = 10**18


def state_at(flight: Any, seconds: float) -> Any:
    return np.concatenate(flight.at(seconds))


def test_a_known_fall_comes_down_where_scipy_says(generic_flight: Any) -> None:
    # The flight of conftest was integrated by scipy to a little below the ellipsoid, so its path
    # is cut where pymap3d says that the height is zero.
    path = generic_flight
    late = np.linspace(path.t_s[-1] - 20.0, path.t_s[-1], 4001)
    position, _ = path.at(late)
    heights = pymap3d.ecef2geodetic(*position.T)[2]
    index = int(np.argmin(np.abs(heights)))
    lat, lon, _ = pymap3d.ecef2geodetic(*position[index])
    estimate = impact_estimate(state_at(path, 150.0), np.eye(6), NOW, math.inf)
    assert estimate is not None
    assert estimate.latitude_deg == pytest.approx(lat, abs=2e-4)
    assert estimate.longitude_deg == pytest.approx(lon, abs=2e-4)
    assert (estimate.time_ns - NOW) / 1e9 == pytest.approx(late[index] - 150.0, abs=0.02)


def test_the_area_covers_the_scatter_of_thrown_states(generic_flight: Any) -> None:
    mean = state_at(generic_flight, 180.0)
    covariance = np.diag([40.0**2] * 3 + [1.5**2] * 3)
    estimate = impact_estimate(mean, covariance, NOW, math.inf)
    assert estimate is not None
    rng = np.random.default_rng(4)
    inside = 0
    misses = []
    for _ in range(300):
        sample = mean + rng.standard_normal(6) * np.sqrt(np.diagonal(covariance))
        thrown = impact_estimate(sample, covariance, NOW, math.inf)
        assert thrown is not None
        east = (
            (thrown.longitude_deg - estimate.longitude_deg)
            * 111_320
            * math.cos(math.radians(estimate.latitude_deg))
        )
        north = (thrown.latitude_deg - estimate.latitude_deg) * 111_000
        miss = np.array([east, north])
        inside += bool(miss @ np.linalg.solve(estimate.covariance_m2, miss) < 5.991)
        misses.append((thrown.time_ns - estimate.time_ns) / 1e9)
    # 95 % of 300, four standard deviations of the binomial.
    assert abs(inside - 285) < 4 * math.sqrt(300 * 0.95 * 0.05)
    assert np.std(misses) == pytest.approx(estimate.time_sigma_s, rel=0.2)


def test_air_makes_the_fall_longer_and_the_range_shorter(generic_flight: Any) -> None:
    mean = state_at(generic_flight, 200.0)
    free = impact_estimate(mean, np.eye(6), NOW, math.inf)
    heavy = impact_estimate(mean, np.eye(6), NOW, 20_000.0)
    light = impact_estimate(mean, np.eye(6), NOW, 500.0)
    assert free is not None
    assert heavy is not None
    assert light is not None
    assert free.time_ns < heavy.time_ns < light.time_ns
    assert free.longitude_deg > heavy.longitude_deg > light.longitude_deg


@pytest.mark.parametrize("coefficient", [1000.0, 1500.0, 6000.0, 9000.0, math.inf])
def test_the_area_of_an_unknown_body_covers_many(generic_flight: Any, coefficient: float) -> None:
    mean, covariance = state_at(generic_flight, 200.0), np.eye(6)
    unknown = impact_estimate(mean, covariance, NOW)
    known = impact_estimate(mean, covariance, NOW, coefficient)
    assert unknown is not None
    assert known is not None
    east = (known.longitude_deg - unknown.longitude_deg) * 111_320 * math.cos(math.radians(39.2))
    miss = np.array([east, (known.latitude_deg - unknown.latitude_deg) * 111_000])
    # 99.9 %: a factor of three in mass over area is 1.6 sigma of the assumed factor of two.
    assert miss @ np.linalg.solve(unknown.covariance_m2, miss) < 13.8
    assert unknown.area95_km2 > known.area95_km2


def test_a_light_body_falls_at_its_terminal_speed() -> None:
    # v = sqrt(2 beta g / rho): 300 kg/m2 at sea level gives 69.3 m/s with rho 1.225, g 9.80.
    start = np.array([6378137.0 + 3000.0, 0, 0, -69.3, 0, 0])
    estimate = impact_estimate(start, np.eye(6), NOW, 300.0)
    assert estimate is not None
    # Thinner air above makes it faster by 15 % at the start, so a little less than 3000 / 69.3 s.
    assert 36.0 < (estimate.time_ns - NOW) / 1e9 < 43.3


@pytest.mark.parametrize(
    "state",
    [
        np.array([6.8e6, 0, 0, 0, 7600.0, 0]),
        np.array([6.6e6, 0, 0, 12_000.0, 0, 0]),
        np.array([6.3e6, 0, 0, 0, 0, 0.0]),
    ],
    ids=["an orbit", "an escape", "below the ground"],
)
def test_what_does_not_fall_has_no_impact(state: Any) -> None:
    assert impact_estimate(state, np.eye(6), NOW) is None


@pytest.mark.parametrize(
    ("mean", "covariance", "time_ns", "coefficient"),
    [
        (np.full(6, np.nan), np.eye(6), NOW, None),
        (np.zeros(5), np.eye(6), NOW, None),
        (np.array([6.6e6, 0, 0, 0, 0, 0.0]), -np.eye(6), NOW, None),
        (np.array([6.6e6, 0, 0, 0, 0, 0.0]), np.eye(6), 1.5, None),
        (np.array([6.6e6, 0, 0, 0, 0, 0.0]), np.eye(6), NOW, -5.0),
        (np.array([6.6e6, 0, 0, 0, 0, 0.0]), np.eye(6), NOW, math.nan),
    ],
)
def test_bad_input_is_refused(mean: Any, covariance: Any, time_ns: Any, coefficient: Any) -> None:
    with pytest.raises(ObservationError):
        impact_estimate(mean, covariance, time_ns, coefficient)


def test_ellipse_of_a_known_covariance() -> None:
    # Semi-axes sqrt(5.991) sigma; long axis towards 30 degrees east of north.
    turn = math.radians(30.0)
    long_axis = np.array([math.sin(turn), math.cos(turn)])
    short_axis = np.array([math.cos(turn), -math.sin(turn)])
    ellipse = ellipse95(9.0 * np.outer(long_axis, long_axis) + 4.0 * np.outer(short_axis, short_axis))
    assert ellipse.semi_major_m == pytest.approx(3.0 * math.sqrt(5.991), rel=1e-4)
    assert ellipse.semi_minor_m == pytest.approx(2.0 * math.sqrt(5.991), rel=1e-4)
    assert ellipse.bearing_deg == pytest.approx(30.0)
    assert ellipse.area_km2 == pytest.approx(math.pi * 5.991 * 6.0 / 1e6, rel=1e-4)


@pytest.mark.parametrize("bad", [np.eye(3), np.array([[1.0, 0], [0, np.nan]]), np.diag([1.0, -1.0])])
def test_no_ellipse_of_what_is_no_covariance(bad: Any) -> None:
    with pytest.raises(ObservationError, match="covariance_m2"):
        ellipse95(bad)


def _fuller_gravity(position: Any) -> Any:
    """What J2 leaves out, m/s2 (3,), ECEF: J3, J4 and the sectorial terms of degree 2 (EGM96)."""

    def potential(point: Any) -> float:
        x, y, z = point
        r = math.sqrt(x * x + y * y + z * z)
        s, a = z / r, 6_378_136.3 / r
        third = 2.5327e-6 * a**3 * 0.5 * (5.0 * s**3 - 3.0 * s)
        fourth = 1.6196e-6 * a**4 * 0.125 * (35.0 * s**4 - 30.0 * s**2 + 3.0)
        # Unnormalised C22, S22; P22 cos 2L = 3 (x2 - y2) / r2.
        sectorial = a**2 * 3.0 * (1.5745e-6 * (x * x - y * y) - 0.9038e-6 * 2.0 * x * y) / r**2
        return float(3.986004418e14 / r * (third + fourth + sectorial))

    steps = np.eye(3) * 200.0
    return np.array([(potential(position + step) - potential(position - step)) / 400.0 for step in steps])


@pytest.mark.parametrize("start_s", [130.0, 250.0, 400.0])
def test_the_area_holds_what_gravity_beyond_j2_does(world: Any, generic_flight: Any, start_s: float) -> None:
    mean, exact = state_at(generic_flight, start_s), np.diag([0.1**2] * 3 + [1e-3**2] * 3)
    estimate = impact_estimate(mean, exact, NOW, math.inf)
    assert estimate is not None
    spin = np.array([0.0, 0.0, world.omega])

    def rate(_t: float, y: Any) -> Any:
        p, v = y[:3], y[3:]
        fall = (
            world.gravity(p)
            + _fuller_gravity(p)
            - 2.0 * np.cross(spin, v)
            - np.cross(spin, np.cross(spin, p))
        )
        return np.concatenate([v, fall])

    def grounded(_t: float, y: Any) -> float:
        return float(pymap3d.ecef2geodetic(*y[:3])[2])

    grounded.terminal = True  # type: ignore[attr-defined]
    done = solve_ivp(rate, (0.0, 900.0), mean, rtol=1e-10, atol=1e-6, events=grounded)
    lat, lon, _ = (float(value) for value in pymap3d.ecef2geodetic(*done.y[:3, -1]))
    east = (lon - estimate.longitude_deg) * 111_320 * math.cos(math.radians(estimate.latitude_deg))
    miss = np.array([east, (lat - estimate.latitude_deg) * 111_000])
    squared = float(miss @ np.linalg.solve(estimate.covariance_m2, miss))
    assert squared < 11.83, "within three sigma"
    assert squared > 1e-4, "the premise: gravity beyond J2 does something"
