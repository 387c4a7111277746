"""An independent truth for the fusion tests: a made-up two-stage vehicle and three generic radars.

It imports neither `scenario` nor any motion code of `fusion`: the equations are written here, in an inertial
frame, and stepped by scipy. The figures follow the reference scenario of the project's measurements: start
40.5N 128.0E azimuth 96, stage 1 65 s (21 to 52 m/s2), 3 s gap, stage 2 50 s (22 to 47 m/s2); radars
36.0N 132.5E, 38.5N 129.5E, 40.5N 140.5E, 100 m high, 30 m / 1 mrad / 1 mrad, 1 Hz staggered, mask 2 degrees.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicHermiteSpline

from trilat.fusion import RadarObservation

Array = npt.NDArray[np.float64]
MU = 3.986004418e14
RADIUS = 6378137.0
J2 = 1.08262982e-3
OMEGA = 7.292115e-5
BASE_NS = 1_238_898_615_000_000_000


def geodetic(lat_deg: float, lon_deg: float, height_m: float) -> Array:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    e2 = 6.69437999014e-3
    n = RADIUS / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    return np.array(
        [
            (n + height_m) * math.cos(lat) * math.cos(lon),
            (n + height_m) * math.cos(lat) * math.sin(lon),
            (n * (1 - e2) + height_m) * math.sin(lat),
        ]
    )


def local_axes(lat_deg: float, lon_deg: float) -> Array:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array(
        [
            [-math.sin(lon), math.cos(lon), 0.0],
            [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
            [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
        ]
    )


def gravity(p: Array) -> Array:
    r = float(np.linalg.norm(p))
    k = 1.5 * J2 * MU * RADIUS**2 / r**5
    s = 5 * p[2] ** 2 / r**2
    out: Array = -MU * p / r**3 - k * p * np.array([1 - s, 1 - s, 3 - s])
    return out


def turned(t: float) -> Array:
    c, s = math.cos(OMEGA * t), math.sin(OMEGA * t)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


@dataclass(frozen=True)
class Flight:
    t_s: Array
    position_m: Array
    velocity_m_per_s: Array
    burns: tuple[tuple[float, float], ...]

    def at(self, t_s: Any) -> tuple[Array, Array]:
        spline = CubicHermiteSpline(self.t_s, self.position_m, self.velocity_m_per_s)
        return spline(t_s), spline(t_s, 1)


def fly(burns: Any, turn_deg: float, stop_thrust_s: float = math.inf) -> Flight:
    """Flies the vehicle; thrust of burns that begin after `stop_thrust_s` is left out (a spent stage)."""
    origin, axes = geodetic(40.5, 128.0, 0.0), local_axes(40.5, 128.0)
    east_of_north = math.radians(96.0)
    along = math.sin(east_of_north) * axes[0] + math.cos(east_of_north) * axes[1]

    def thrust(t: float) -> Array:
        for begin, end, first, last in burns:
            if begin <= t < end and begin < stop_thrust_s:
                size = first / (1 - (1 - first / last) * (t - begin) / (end - begin))
                tilt = math.radians(turn_deg) * min(1.0, max(0.0, t - 8.0) / 100.0)
                push: Array = turned(t).T @ (size * (math.cos(tilt) * axes[2] + math.sin(tilt) * along))
                return push
        return np.zeros(3)

    def rate(t: float, y: Array) -> Array:
        return np.concatenate([y[3:], gravity(y[:3]) + thrust(t)])

    def grounded(t: float, y: Array) -> float:
        return float(np.linalg.norm(y[:3])) - 6_368_000.0 if t > 30.0 else 1.0

    grounded.terminal = True  # type: ignore[attr-defined]
    state = np.concatenate([origin, np.cross([0, 0, OMEGA], origin)])
    times, states = [np.array([0.0])], [state[:, None]]
    edges = sorted({0.0, 900.0, *(b[0] for b in burns), *(b[1] for b in burns)})
    for begin, end in pairwise(edges):
        grid = np.append(np.arange(begin + 0.5, end, 0.5), end)
        done = solve_ivp(
            rate, (begin, end), state, method="DOP853", t_eval=grid, rtol=1e-10, atol=1e-6, events=grounded
        )
        times.append(done.t)
        states.append(done.y)
        state = done.y[:, -1]
        if done.status == 1:
            break
    t, y = np.concatenate(times), np.concatenate(states, axis=1)
    p = np.array([turned(a) @ b for a, b in zip(t, y[:3].T, strict=True)])
    v = np.array([turned(a) @ b for a, b in zip(t, y[3:].T, strict=True)]) - np.cross([0, 0, OMEGA], p)
    return Flight(t, p, v, tuple((b[0], b[1]) for b in burns if b[0] < stop_thrust_s))


GENERIC_BURNS = ((0.0, 65.0, 21.0, 52.0), (68.0, 118.0, 22.0, 47.0))
RADARS = {
    "R1": ("USA", 36.0, 132.5, 0.0),
    "R2": ("KOR", 38.5, 129.5, 0.37),
    "R3": ("JPN", 40.5, 140.5, 0.71),
}


def radar_plot(
    name: str, t_s: float, position: Array, rng: np.random.Generator | None
) -> RadarObservation | None:
    """A plot of the named radar, without noise when `rng` is None; None below the mask."""
    party, lat, lon, _ = RADARS[name]
    site = geodetic(lat, lon, 100.0)
    east, north, up = local_axes(lat, lon) @ (position - site)
    range_m = math.sqrt(east**2 + north**2 + up**2)
    elevation = math.asin(up / range_m)
    if elevation < math.radians(2.0):
        return None
    noise = np.zeros(3) if rng is None else rng.standard_normal(3) * [30.0, 1e-3, 1e-3]
    return RadarObservation(
        time_ns=BASE_NS + round(t_s * 1e9),
        source=party,
        sensor=name,
        site_ecef_m=site,
        site_latitude_rad=math.radians(lat),
        site_longitude_rad=math.radians(lon),
        range_m=range_m + noise[0],
        azimuth_rad=math.atan2(east, north) + noise[1],
        elevation_rad=elevation + noise[2],
        range_rate_m_per_s=None,
        range_sigma_m=30.0,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=1e-3,
        range_rate_sigma_m_per_s=None,
    )


def radar_plots(flights: Any, seed: int | None, names: Any = ("R1", "R2", "R3")) -> list[RadarObservation]:
    """All plots of the flights in order of time, each radar with its own random stream."""
    plots = []
    for name in names:
        rng = None if seed is None else np.random.default_rng([seed, int(name[1:])])
        for flight in flights:
            grid = np.arange(RADARS[name][3], flight.t_s[-1] - 0.5, 1.0)
            grid = grid[grid >= flight.t_s[0]]
            for t, p in zip(grid, flight.at(grid)[0], strict=True):
                plot = radar_plot(name, float(t), p, rng)
                if plot is not None:
                    plots.append(plot)
    return sorted(plots, key=lambda plot: plot.time_ns)


def late_part(flight: Flight, start_s: float) -> Flight:
    """The flight from `start_s` on, as of a body that was one with another until then."""
    index = int(np.searchsorted(flight.t_s, start_s))
    return Flight(flight.t_s[index:], flight.position_m[index:], flight.velocity_m_per_s[index:], ())


@pytest.fixture(scope="session")
def generic_flight() -> Flight:
    return fly(GENERIC_BURNS, turn_deg=45.0)


@pytest.fixture(scope="session")
def spent_stage() -> Flight:
    return late_part(fly(GENERIC_BURNS, turn_deg=45.0, stop_thrust_s=66.0), 68.0)


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    """The tools above, for tests: importing a conftest by name is not to be relied on."""
    return SimpleNamespace(
        base_ns=BASE_NS,
        radars=RADARS,
        fly=fly,
        geodetic=geodetic,
        gravity=gravity,
        local_axes=local_axes,
        omega=OMEGA,
        radar_plot=radar_plot,
        radar_plots=radar_plots,
        turned=turned,
    )
