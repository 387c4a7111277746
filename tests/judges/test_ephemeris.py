"""Free fall judged by an ephemeris of a library (SGP4 through skyfield) and by scipy's integrator.

SGP4 is itself an approximation, with J2 to J4 and drag in mean elements; over ten minutes on a nearly
circular orbit its path and one under J2 alone differ by some metres, while a path without J2 is kilometres
away. So it judges that J2, the Earth's turning and the frames are right, not the millimetre; for the
millimetre scipy integrates equations written here, in a frame that does not turn.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from skyfield.api import EarthSatellite, load
from skyfield.framelib import itrs
from tests.judges import soup

from trilat.fusion.filters.motion import propagate
from trilat.geo import ecef_from_inertial, inertial_from_ecef

STATIONS: Final = Path(__file__).parents[3] / "shared" / "data" / "adsb_tle_fusion" / "celestrak_stations.tle"
# The public example of Vallado and others, Revisiting Spacetrack Report 3 (AIAA 2006-6753): a drag case of
# low orbit. Kept here so that the judge also sits where no recordings are.
EXAMPLE: Final = (
    "1 06251U 62025E   06176.82412014  .00008885  00000-0  12808-3 0  3985",
    "2 06251  58.0579  54.0425 0030035 139.1568 221.1854 15.56387291  6774",
)
ARC_S: Final = 600.0
AGREE_M: Final = 25.0
WITHOUT_J2_M_MIN: Final = 1_000.0
ECCENTRICITY_MAX: Final = 0.005


@cache
def timescale() -> Any:
    return load.timescale(builtin=True)


def state_at(satellite: Any, minutes: float) -> Any:
    """ECEF state (6,), m and m/s, so many minutes after the elements' epoch."""
    at = timescale().tt_jd(satellite.epoch.tt + minutes / 1440.0)
    position, velocity = satellite.at(at).frame_xyz_and_velocity(itrs)
    return np.concatenate([position.m, velocity.m_per_s])


def check(satellite: Any, monkeypatch: pytest.MonkeyPatch, *after_min: float) -> None:
    for minutes in after_min:
        begin, end = state_at(satellite, minutes), state_at(satellite, minutes + ARC_S / 60.0)
        found, _ = propagate(begin, np.eye(6), ARC_S, 0.0)
        assert np.linalg.norm((found - end)[:3]) < AGREE_M
        with monkeypatch.context() as without:
            without.setattr(soup, "J2", 0.0)
            round_earth = soup.fallen(begin[:, None], ARC_S)[:, 0]
        assert np.linalg.norm((round_earth - end)[:3]) > WITHOUT_J2_M_MIN


def test_ten_minutes_of_a_published_satellite_agree_with_sgp4(monkeypatch: pytest.MonkeyPatch) -> None:
    check(EarthSatellite(*EXAMPLE, ts=timescale()), monkeypatch, 0.0, 23.0, 51.0)


@pytest.mark.skipif(not STATIONS.is_file(), reason="recorded elements are not beside the project")
def test_ten_minutes_of_the_space_stations_agree_with_sgp4(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = STATIONS.read_text(encoding="utf-8").splitlines()
    satellites = [
        EarthSatellite(first, second, ts=timescale())
        for first, second in zip(lines[1::3], lines[2::3], strict=False)
    ]
    round_ones = [one for one in satellites if one.model.ecco < ECCENTRICITY_MAX]
    assert len(round_ones) > 15
    for satellite in round_ones:
        check(satellite, monkeypatch, 23.0)


STATES: Final = {
    "a low orbit": [-3.2e6, 3.6e6, 4.7e6, -1500.0, -6200.0, 3700.0],
    "a lofted path": [-3.19e6, 3.83e6, 4.16e6, -1600.0, -900.0, 2100.0],
    "over the pole": [1e3, -2e3, 6.9e6, 7300.0, 100.0, 0.0],
    "along the equator": [6.8e6, 0.0, 0.0, 0.0, 7100.0, 0.0],
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("seconds", [300.0, -300.0])
def test_the_integral_is_that_of_scipy_to_a_millimetre(name: str, seconds: float) -> None:
    mu, radius, j2 = 3.986004418e14, 6378137.0, 1.08262982e-3

    def rate(_: float, y: Any) -> Any:
        # The gradient of mu/r (1 - J2 (a/r)^2 (3 sin^2 - 1)/2), written with the direction of the pole.
        r = np.linalg.norm(y[:3])
        up, pole = y[:3] / r, np.array([0.0, 0.0, 1.0])
        sine = up[2]
        size = 1.5 * j2 * mu * radius**2 / r**4
        pull = -mu / r**2 * up - size * ((1 - 5 * sine**2) * up + 2 * sine * pole)
        return np.concatenate([y[3:], pull])

    begin = np.array(STATES[name])
    position, velocity = inertial_from_ecef(begin[:3], begin[3:], 0.0)
    done = solve_ivp(
        rate, (0.0, seconds), np.concatenate([position, velocity]), method="DOP853", rtol=1e-12, atol=1e-6
    )
    expected = np.concatenate(ecef_from_inertial(done.y[:3, -1], done.y[3:, -1], seconds))
    found, _ = propagate(begin, np.eye(6), seconds, 0.0)
    assert np.linalg.norm((found - expected)[:3]) < 1e-3
    assert np.linalg.norm((found - expected)[3:]) < 1e-5


def test_the_covariance_is_carried_like_neighbouring_paths() -> None:
    # Judge: differences of paths under the judge's own equations, one per coordinate.
    begin = np.array(STATES["a lofted path"])
    steps = np.array([10.0] * 3 + [0.01] * 3)
    ahead = soup.fallen(begin[:, None] + np.diag(steps), 120.0)
    behind = soup.fallen(begin[:, None] - np.diag(steps), 120.0)
    phi = (ahead - behind) / (2.0 * steps)
    covariance = np.diag([100.0**2] * 3 + [3.0**2] * 3)
    expected = phi @ covariance @ phi.T
    _, found = propagate(begin, covariance, 120.0, 0.0)
    sigma = np.sqrt(np.diagonal(expected))
    assert np.abs(found - expected).max() < 1e-3 * sigma.max() ** 2
    assert (found - expected) / np.outer(sigma, sigma) == pytest.approx(np.zeros((6, 6)), abs=2e-3)
