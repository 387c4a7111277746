"""Apogee, passage, watch areas, burn end and separation, judged by scipy and pyproj."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pymap3d
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.integrate import dblquad, solve_ivp
from scipy.stats import multivariate_normal

from trilat.fusion import (
    Fall,
    apogee_estimate,
    burn_end_estimate,
    ellipse_corners,
    impact_estimate,
    impact_probability,
    passage_estimate,
    separation_estimate,
    threat_of,
)
from trilat.fusion.products.impact import ImpactEstimate, ellipse95
from trilat.model import ObservationError

Array = npt.NDArray[np.float64]
NOW = 10**18
WGS84 = Geod(ellps="WGS84")
SMALL = np.diag([30.0**2] * 3 + [0.5**2] * 3)
CIRCULAR_M_PER_S = 7_668.6


def state_at(flight: Any, seconds: float) -> Array:
    return np.concatenate(flight.at(seconds))


def geodetic_path(flight: Any, seconds: Array) -> tuple[Array, Array, Array]:
    position, _ = flight.at(seconds)
    latitude, longitude, height = pymap3d.ecef2geodetic(*position.T)
    return np.asarray(latitude), np.asarray(longitude), np.asarray(height)


def orbit() -> Array:
    """A low circular orbit over the equator, ECEF."""
    position = np.array([6_778_137.0, 0.0, 0.0])
    return np.concatenate([position, [0.0, CIRCULAR_M_PER_S - 7.292115e-5 * 6_778_137.0, 0.0]])


def test_the_apogee_is_where_scipys_flight_is_highest(generic_flight: Any) -> None:
    seconds = np.linspace(200.0, 600.0, 40_001)
    latitude, longitude, height = geodetic_path(generic_flight, seconds)
    top = int(np.argmax(height))
    found = apogee_estimate(state_at(generic_flight, 130.0), SMALL, NOW, math.inf)
    assert found is not None
    assert found.height_m == pytest.approx(float(height[top]), abs=5.0)
    assert (found.time_ns - NOW) / 1e9 == pytest.approx(seconds[top] - 130.0, abs=0.1)
    assert WGS84.inv(found.longitude_deg, found.latitude_deg, longitude[top], latitude[top])[2] < 300.0


def test_the_errors_of_an_apogee_are_those_of_thrown_states(generic_flight: Any) -> None:
    mean, rng = state_at(generic_flight, 130.0), np.random.default_rng(5)
    found = apogee_estimate(mean, SMALL, NOW, math.inf, 0.0)
    assert found is not None
    thrown = []
    for _ in range(300):
        sample = apogee_estimate(rng.multivariate_normal(mean, SMALL), SMALL, NOW, math.inf, 0.0)
        assert sample is not None
        _, _, apart = WGS84.inv(
            found.longitude_deg, found.latitude_deg, sample.longitude_deg, sample.latitude_deg
        )
        thrown.append((sample.height_m - found.height_m, (sample.time_ns - found.time_ns) / 1e9, apart))
    heights, instants, apart = np.array(thrown).T
    # A standard deviation of 300 draws is known to 4 %, so 0.16 is four of these.
    assert np.std(heights) == pytest.approx(found.height_sigma_m, rel=0.16)
    assert np.std(instants) == pytest.approx(found.time_sigma_s, rel=0.16)
    assert np.sqrt(np.mean(apart**2)) == pytest.approx(math.sqrt(np.trace(found.covariance_m2)), rel=0.16)


@pytest.mark.parametrize("seconds", [400.0, 600.0])
def test_what_falls_has_no_apogee_ahead(generic_flight: Any, seconds: float) -> None:
    assert apogee_estimate(state_at(generic_flight, seconds), SMALL, NOW) is None


def test_what_is_below_the_ground_has_neither_apogee_nor_impact_nor_passage() -> None:
    buried = np.array([6_377_000.0, 0.0, 0.0, 100.0, 50.0, 0.0])
    assert apogee_estimate(buried, SMALL, NOW) is None
    assert impact_estimate(buried, SMALL, NOW) is None
    with pytest.raises(ObservationError, match="below the ground"):
        passage_estimate(buried, SMALL, NOW, 0.0, 1.0)


def test_what_is_in_orbit_does_not_come_down_and_still_passes_places() -> None:
    assert impact_estimate(orbit(), SMALL, NOW) is None
    path = Fall(orbit(), SMALL, NOW)
    assert not path.comes_down
    passage = passage_estimate(orbit(), SMALL, NOW, 1.0, 40.0)
    assert passage is not None
    assert passage.distance_m == pytest.approx(110_574.0, rel=0.01)
    assert passage.height_m == pytest.approx(400_000.0, rel=0.1)


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [
        (np.full(6, np.nan), SMALL),
        (orbit(), np.full((6, 6), np.nan)),
        (orbit(), -SMALL),
        (orbit(), np.zeros((6, 6))),
        (orbit()[:3], SMALL),
        (orbit() * 1e3, SMALL),
    ],
    ids=["nan state", "nan covariance", "negative", "singular", "three numbers", "millimetres"],
)
def test_what_cannot_be_is_refused_by_every_product(mean: Array, covariance: Array) -> None:
    for call in (
        lambda: impact_estimate(mean, covariance, NOW),
        lambda: apogee_estimate(mean, covariance, NOW),
        lambda: passage_estimate(mean, covariance, NOW, 0.0, 0.0),
        lambda: burn_end_estimate(mean, covariance, NOW, 5.0, 1.0),
        lambda: separation_estimate((mean, covariance), (orbit(), SMALL), NOW, one_burns=False),
    ):
        with pytest.raises(ObservationError):
            call()


@pytest.mark.parametrize(
    ("coefficient", "factor", "gravity"),
    [
        (0.5, None, 0.0),
        (math.nan, None, 0.0),
        (3000.0, 0.5, 0.0),
        (3000.0, math.nan, 0.0),
        (3000.0, None, -1.0),
    ],
)
def test_a_coefficient_that_cannot_be_is_refused(
    generic_flight: Any, coefficient: float, factor: float | None, gravity: float
) -> None:
    with pytest.raises(ObservationError):
        impact_estimate(state_at(generic_flight, 200.0), SMALL, NOW, coefficient, factor, gravity)


def test_a_passage_is_where_pyproj_measures_the_least_distance(generic_flight: Any) -> None:
    place = (39.0, 132.0)
    seconds = np.linspace(130.0, 640.0, 51_001)
    latitude, longitude, height = geodetic_path(generic_flight, seconds)
    _, _, metres = WGS84.inv(
        longitude, latitude, np.full(len(seconds), place[1]), np.full(len(seconds), place[0])
    )
    nearest = int(np.argmin(metres))
    found = passage_estimate(state_at(generic_flight, 130.0), SMALL, NOW, *place, math.inf)
    assert found is not None
    assert found.distance_m == pytest.approx(float(metres[nearest]), abs=50.0)
    assert found.right_m > 0.0, "the place lies south of a track towards the east"
    assert (found.time_ns - NOW) / 1e9 == pytest.approx(seconds[nearest] - 130.0, abs=0.1)
    assert found.height_m == pytest.approx(float(height[nearest]), abs=200.0)


def test_the_errors_of_a_passage_are_those_of_thrown_states(generic_flight: Any) -> None:
    mean, rng = state_at(generic_flight, 130.0), np.random.default_rng(6)
    found = passage_estimate(mean, SMALL, NOW, 39.0, 132.0, math.inf)
    assert found is not None
    thrown = []
    for _ in range(200):
        sample = passage_estimate(rng.multivariate_normal(mean, SMALL), SMALL, NOW, 39.0, 132.0, math.inf)
        assert sample is not None
        thrown.append(((sample.time_ns - found.time_ns) / 1e9, sample.right_m, sample.height_m))
    instants, right_m, heights = np.std(np.array(thrown), axis=0)
    # 200 draws: a standard deviation within 5 %, four of them.
    assert instants == pytest.approx(found.time_sigma_s, rel=0.2)
    assert right_m == pytest.approx(found.distance_sigma_m, rel=0.2)
    assert heights > 0.0


def test_a_place_behind_is_not_passed_again(generic_flight: Any) -> None:
    assert passage_estimate(state_at(generic_flight, 300.0), SMALL, NOW, 40.5, 128.0) is None


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, 400.0), (math.nan, 0.0)])
def test_a_place_that_is_none_is_refused(generic_flight: Any, place: tuple[float, float]) -> None:
    with pytest.raises(ObservationError, match="place"):
        passage_estimate(state_at(generic_flight, 300.0), SMALL, NOW, *place)


def impact_at(covariance: Array) -> ImpactEstimate:
    return ImpactEstimate(39.0, 137.0, NOW, 1.0, covariance, ellipse95(covariance))


def corners_at(offsets_m: Array) -> list[tuple[float, float]]:
    corners = []
    for east, north in offsets_m:
        bearing, metres = math.degrees(math.atan2(east, north)), math.hypot(east, north)
        longitude, latitude, _ = WGS84.fwd(137.0, 39.0, bearing, metres)
        corners.append((float(latitude), float(longitude)))
    return corners


COVARIANCE = np.array([[9e6, 2e6], [2e6, 1e6]])


@pytest.mark.parametrize("centre", [(0.0, 0.0), (3e3, 500.0), (-6e3, 1e3)], ids=["on it", "beside", "far"])
def test_the_probability_of_an_impact_in_a_rectangle_is_scipys(centre: tuple[float, float]) -> None:
    east, north, half = centre[0], centre[1], 2e3
    box = np.array([[-half, -half], [half, -half], [half, half], [-half, half]]) + np.array(centre)
    density = multivariate_normal([0, 0], COVARIANCE).pdf
    expected, _ = dblquad(
        lambda y, x: float(density([x, y])), east - half, east + half, north - half, north + half, epsabs=1e-8
    )
    corners = corners_at(box)
    assert impact_probability(impact_at(COVARIANCE), corners) == pytest.approx(expected, abs=2e-4)
    assert impact_probability(impact_at(COVARIANCE), corners[::-1]) == pytest.approx(expected, abs=2e-4)


def test_the_95_percent_ellipse_holds_95_percent() -> None:
    ellipse = ellipse95(COVARIANCE)
    corners = ellipse_corners(39.0, 137.0, ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.bearing_deg)
    assert impact_probability(impact_at(COVARIANCE), corners) == pytest.approx(0.95, abs=5e-4)
    latitudes, longitudes = np.array(corners).T
    area, _ = WGS84.polygon_area_perimeter(longitudes, latitudes)
    assert abs(area) / 1e6 == pytest.approx(ellipse.area_km2, rel=1e-3)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-80.0, 80.0), st.floats(-179.0, 179.0)), min_size=3, max_size=6, unique=True)
)
def test_a_probability_is_one_whatever_the_corners(corners: list[tuple[float, float]]) -> None:
    assert 0.0 <= impact_probability(impact_at(COVARIANCE), corners) <= 1.0


@pytest.mark.parametrize(
    "corners",
    [[], [(0.0, 0.0), (1.0, 0.0)], [(0.0, 0.0)] * 600, [(95.0, 0.0), (1.0, 0.0), (0.0, 1.0)]],
    ids=["none", "two", "too many", "no latitude"],
)
def test_an_area_that_is_none_is_refused(corners: list[tuple[float, float]]) -> None:
    with pytest.raises(ObservationError, match="corner"):
        impact_probability(impact_at(COVARIANCE), corners)


@pytest.mark.parametrize("axes", [(0.0, 0.0), (1.0, 2.0), (math.nan, 1.0), (2e7, 1e3)])
def test_an_ellipse_that_is_none_is_refused(axes: tuple[float, float]) -> None:
    with pytest.raises(ObservationError, match="ellipse"):
        ellipse_corners(39.0, 137.0, *axes, 0.0)


def test_areas_below_the_track_are_flown_over_and_those_aside_are_not(generic_flight: Any) -> None:
    mean = state_at(generic_flight, 180.0)
    path, impact = Fall(mean, SMALL, NOW), impact_estimate(mean, SMALL, NOW)
    assert impact is not None
    position, _ = generic_flight.at(400.0)
    latitude, longitude, _ = (float(value) for value in pymap3d.ecef2geodetic(*position))
    below = threat_of(path, impact, ellipse_corners(latitude, longitude, 20e3, 20e3, 0.0))
    assert below.overflight_probability > 0.999
    assert below.impact_probability < 1e-6
    assert below.first_ns is not None
    assert below.last_ns is not None
    assert below.first_ns < NOW + round(220e9) < below.last_ns
    aside = threat_of(path, impact, ellipse_corners(latitude + 2.0, longitude, 20e3, 20e3, 0.0))
    assert aside.overflight_probability < 1e-6
    target = ellipse_corners(impact.latitude_deg, impact.longitude_deg, 200e3, 200e3, 0.0)
    assert threat_of(path, impact, target).impact_probability > 0.99
    behind = threat_of(path, impact, ellipse_corners(40.5, 128.0, 20e3, 20e3, 0.0))
    assert (behind.overflight_probability, behind.first_ns) == (0.0, None)


def test_an_overflight_is_as_probable_as_thrown_tracks_say(generic_flight: Any) -> None:
    """The area's near edge lies one sigma beside the track: 16 % of the tracks reach it."""
    mean = state_at(generic_flight, 180.0)
    wide = np.diag([300.0**2] * 3 + [40.0**2] * 3)
    middle = passage_estimate(mean, wide, NOW, 39.0, 132.5, math.inf)
    assert middle is not None
    area = ellipse_corners(39.0, 132.5, 30e3, 30e3, 0.0)
    path = Fall(mean, wide, NOW, math.inf)
    told = threat_of(path, None, area).overflight_probability
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        sample = passage_estimate(rng.multivariate_normal(mean, wide), wide, NOW, 39.0, 132.5, math.inf)
        assert sample is not None
        hits += sample.distance_m < 30e3
    # Four standard deviations of the binomial.
    assert abs(hits / 400 - told) < 4 * math.sqrt(max(told * (1 - told), 0.01) / 400)


def test_the_end_of_a_burn_lies_on_scipys_path(generic_flight: Any) -> None:
    event = burn_end_estimate(state_at(generic_flight, 140.0), SMALL, NOW, 22.0, 0.5)
    assert event is not None
    assert (event.time_ns - NOW) / 1e9 == pytest.approx(-22.0)
    position, velocity = generic_flight.at(118.0)
    assert np.linalg.norm(event.mean_m - position) < 5.0
    along = velocity / np.linalg.norm(velocity)
    sigma_m = math.sqrt(float(along @ event.covariance_m2 @ along))
    assert sigma_m == pytest.approx(0.5 * float(np.linalg.norm(velocity)), rel=0.05)


@pytest.mark.parametrize(("seconds", "sigma"), [(-1.0, 1.0), (500.0, 1.0), (math.nan, 1.0), (5.0, -1.0)])
def test_an_end_of_a_burn_that_cannot_be_is_refused(
    generic_flight: Any, seconds: float, sigma: float
) -> None:
    with pytest.raises(ObservationError):
        burn_end_estimate(state_at(generic_flight, 140.0), SMALL, NOW, seconds, sigma)


def test_an_end_of_a_burn_below_the_ground_is_none() -> None:
    rising = np.array([6_378_237.0, 0.0, 0.0, 300.0, 0.0, 0.0])
    assert burn_end_estimate(rising, SMALL, NOW, 30.0, 1.0) is None


@pytest.mark.parametrize("since_s", [4.0, 8.0, 15.0])
def test_a_separation_under_steady_thrust_is_found_back(generic_flight: Any, since_s: float) -> None:
    start = state_at(generic_flight, 66.0)
    thrust = 22.0 * start[3:] / np.linalg.norm(start[3:])

    def rate(push: Array) -> Any:
        return lambda _t, y: np.concatenate([y[3:], np.array([-9.5, 0.0, 0.0]) + push])

    states = [
        solve_ivp(rate(push), (0.0, since_s), start, rtol=1e-9).y[:, -1] for push in (np.zeros(3), thrust)
    ]
    event = separation_estimate((states[0], SMALL), (states[1], SMALL), NOW, one_burns=True)
    assert event is not None
    assert (NOW - event.time_ns) / 1e9 == pytest.approx(since_s, abs=0.05)
    assert 0.1 < event.time_sigma_s < 3.0


def test_what_did_not_just_part_has_no_separation(generic_flight: Any) -> None:
    mean = state_at(generic_flight, 200.0)
    along = mean[3:] / np.linalg.norm(mean[3:])
    still = mean + np.concatenate([500.0 * along, 0.1 * along])
    approaching = mean + np.concatenate([500.0 * along, -50.0 * along])
    far = mean + np.concatenate([90e3 * along, 5e3 * along])
    long_ago = mean + np.concatenate([20e3 * along, 50.0 * along])
    for other in (still, approaching, far, long_ago):
        assert separation_estimate((mean, SMALL), (other, SMALL), NOW, one_burns=False) is None
