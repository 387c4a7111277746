"""A world of its own, of numpy and scipy only: rockets, radars and files that no code of the product made.

Flights are integrated in ECEF (J2, rotation, air, thrust) by RK45; plots are in the documented columns. The
checks of `read_tracks` are those that docs/track.md promises of every row.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.integrate import solve_ivp

Array = np.ndarray[Any, np.dtype[np.float64]]
START_NS: Final = 1_700_000_000 * 10**9
PLOT_HEAD: Final = "t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s"
TRUTH_HEAD: Final = "t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s"
TRACK_HEAD: Final = (
    "t_ns,track,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s,"
    "p00,p01,p02,p03,p04,p05,p11,p12,p13,p14,p15,p22,p23,p24,p25,p33,p34,p35,p44,p45,p55,"
    "stage,existence,impact_t_ns,impact_lat_deg,impact_lon_deg,impact_area95_km2"
)
STAGES: Final = {"boost", "gap", "coast", "reentry", "unknown"}
SITES: Final = {
    "A1": ("USA", 36.0, 132.5, 50.0),
    "B1": ("KOR", 37.5, 127.2, 300.0),
    "C1": ("JPN", 40.2, 140.0, 100.0),
}
SITES_TOML: Final = "\n".join(
    f'[sensor.{name}]\nparty = "{party}"\nlat_deg = {lat}\nlon_deg = {lon}\nheight_m = {height}\n'
    "range_sigma_m = 30.0\nazimuth_sigma_rad = 1e-3\nelevation_sigma_rad = 1e-3\n"
    for name, (party, lat, lon, height) in SITES.items()
)
_A, _E2, _GM, _J2, _SPIN = 6378137.0, 6.69437999014e-3, 3.986004418e14, 1.08262668e-3, 7.292115e-5


def place(latitude: float, longitude: float, height: float) -> tuple[Array, Array]:
    """ECEF position, and the rows east, north, up."""
    la, lo = math.radians(latitude), math.radians(longitude)
    n = _A / math.sqrt(1 - _E2 * math.sin(la) ** 2)
    up = np.array([math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la)])
    east = np.array([-math.sin(lo), math.cos(lo), 0.0])
    position = (n + height) * up - np.array([0.0, 0.0, n * _E2 * math.sin(la)])
    return position, np.array([east, np.cross(up, east), up])


def _force(p: Array, v: Array, beta: float) -> Array:
    r = float(np.linalg.norm(p))
    zz, k = (p[2] / r) ** 2, 1.5 * _J2 * (_A / r) ** 2
    pull = -_GM / r**3 * p * np.array([1 + k * (1 - 5 * zz), 1 + k * (1 - 5 * zz), 1 + k * (3 - 5 * zz)])
    spin = np.array([0.0, 0.0, _SPIN])
    height = r - 6.3705e6
    air = 1.225 * math.exp(-max(height, 0.0) / 7200.0) * float(np.linalg.norm(v)) / (2 * beta)
    return np.asarray(pull - 2 * np.cross(spin, v) - np.cross(spin, np.cross(spin, p)) - air * v)


@dataclass(frozen=True)
class Path:
    """States of one object as pieces, each from its first second to its last."""

    pieces: tuple[tuple[float, float, Callable[[float], Array]], ...]

    def at(self, second: float) -> Array | None:
        for begin, end, state in self.pieces:
            if begin <= second <= end:
                return state(second)
        return None


def two_stages(bearing: float = 90.0, latitude: float = 38.0, longitude: float = 128.0) -> Path:
    """Burns from 0 to 75 and from 78 to 168 s, then free fall until 600 s."""
    origin, axes = place(latitude, longitude, 20.0)
    along = math.sin(math.radians(bearing)) * axes[0] + math.cos(math.radians(bearing)) * axes[1]

    def push(t: float) -> Array:
        for begin, end, first, last, steep, flat in ((0, 75, 22, 60, 89.5, 50), (78, 168, 15, 55, 48, 30)):
            if begin <= t < end:
                done = (t - begin) / (end - begin)
                tilt = math.radians(steep + (flat - steep) * done)
                size = first * last / (last + (first - last) * done)
                return np.asarray(size * (math.cos(tilt) * along + math.sin(tilt) * axes[2]))
        return np.zeros(3)

    state, pieces = np.concatenate([origin, np.zeros(3)]), []
    for begin, end in ((0.0, 75.0), (75.0, 78.0), (78.0, 168.0), (168.0, 600.0)):
        done = solve_ivp(
            lambda t, y: np.concatenate([y[3:], _force(y[:3], y[3:], 4000.0) + push(t)]),
            (begin, end - 1e-9),
            state,
            rtol=1e-8,
            atol=1e-3,
            dense_output=True,
            max_step=5.0,
        )
        state = done.y[:, -1]
        pieces.append((begin, end, done.sol))
    return Path(tuple(pieces))


def spent_stage(main: Path, second: float = 75.0) -> Path:
    """What falls away from a flight: slower by 2 m/s along its path, and light for its size."""
    state = main.at(second)
    assert state is not None
    state = np.concatenate([state[:3], state[3:] * (1.0 - 2.0 / np.linalg.norm(state[3:]))])
    done = solve_ivp(
        lambda _, y: np.concatenate([y[3:], _force(y[:3], y[3:], 1500.0)]),
        (second, 300.0),
        state,
        rtol=1e-8,
        atol=1e-3,
        dense_output=True,
        max_step=5.0,
    )
    return Path(((second, 300.0, done.sol),))


def plots(
    paths: Iterable[Path], seconds: tuple[float, float], seed: int, pd: float = 1.0, false: float = 0.0
) -> list[str]:
    """Rows in order of time: each radar once a second with its sigmas, and false plots around it."""
    rng, rows, paths = np.random.default_rng(seed), [], list(paths)
    for offset, (name, (_, *where)) in zip((0.0, 0.29, 0.58), SITES.items(), strict=True):
        site, axes = place(*where)
        for t in np.arange(*seconds) + offset:
            seen = [axes @ (s[:3] - site) for p in paths if (s := p.at(float(t))) is not None]
            found = []
            for d in seen:
                r = float(np.linalg.norm(d))
                if d[2] / r > math.sin(math.radians(2.0)) and rng.random() < pd:
                    noise = rng.normal(size=3) * [30.0, 1e-3, 1e-3]
                    found.append(np.array([r, math.atan2(d[0], d[1]) % 6.283, math.asin(d[2] / r)]) + noise)
            for _ in range(rng.poisson(false)):
                height = math.asin(rng.uniform(0.035, 1.0))
                found.append(np.array([1.5e6 * rng.random() ** (1 / 3), rng.uniform(0, 6.283), height]))
            t_ns = START_NS + round(t * 1e9)
            rows += [(t_ns, name, f"{t_ns},{name},{z[0]:.4f},{z[1]:.9f},{z[2]:.9f},") for z in found]
    return [text for _, _, text in sorted(rows)]


def truth(paths: Mapping[str, Path], seconds: tuple[float, float]) -> str:
    """truth.csv, once a second."""
    rows = [TRUTH_HEAD]
    for name, path in paths.items():
        for t in np.arange(*seconds):
            state = path.at(float(t))
            if state is not None:
                rows.append(f"{START_NS + round(t * 1e9)},{name}," + ",".join(f"{x:.4f}" for x in state))
    return "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Row:
    """One row of tracks.csv."""

    second: float
    track: int
    mean: Array
    covariance: Array
    stage: str


def read_tracks(text: str) -> list[Row]:
    """The rows, each of which holds what the documentation promises."""
    assert text.split("\n", 1)[0] == TRACK_HEAD
    rows: list[Row] = []
    for cells in csv.DictReader(io.StringIO(text), strict=True):
        covariance = np.zeros((6, 6))
        for i in range(6):
            for j in range(i, 6):
                covariance[i, j] = covariance[j, i] = float(cells[f"p{i}{j}"])
        sigmas = np.sqrt(np.diagonal(covariance))
        np.linalg.cholesky(covariance / np.outer(sigmas, sigmas))
        mean = np.array([float(cells[name]) for name in TRACK_HEAD.split(",")[2:8]])
        assert np.all(np.isfinite(mean))
        assert cells["stage"] in STAGES
        assert 0.0 <= float(cells["existence"]) <= 1.0
        impact = [cells[name] for name in TRACK_HEAD.split(",")[-4:]]
        assert all(impact) or not any(impact)
        assert not any(impact) or cells["stage"] in {"coast", "reentry"}
        second = (int(cells["t_ns"]) - START_NS) / 1e9
        assert not rows or second >= rows[-1].second
        rows.append(Row(second, int(cells["track"]), mean, covariance, cells["stage"]))
    return rows


def errors(rows: Iterable[Row], paths: Iterable[Path]) -> list[tuple[Row, int, Array]]:
    """Each row with the nearest of the true objects and its error (6,) against that."""
    found = []
    for row in rows:
        states = [(k, s) for k, p in enumerate(paths) if (s := p.at(row.second)) is not None]
        k, state = min(states, key=lambda pair: float(np.linalg.norm(pair[1][:3] - row.mean[:3])))
        found.append((row, k, row.mean - state))
    return found
