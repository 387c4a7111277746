"""Frames where they are awkward (poles, date line, a turning Earth), judged by pyproj and skyfield.

What is plain about frames is judged in `tests/geo`.
"""

from functools import cache
from typing import Any

import numpy as np
import pyproj
import pytest
from skyfield.api import load, wgs84
from skyfield.framelib import itrs
from skyfield.positionlib import Geocentric

from trilat import geo
from trilat.fusion import RadarObservation
from trilat.fusion.filters.measurement import direction_axes
from trilat.scenario import named_scenario

MICROMETRE = 1e-6
PLACES_DEG = [
    (90.0, 0.0, 10.0),
    (90.0, 137.0, 0.0),
    (-90.0, -45.0, 2800.0),
    (89.9999, 179.9999, 0.0),
    (0.0, 180.0, -30.0),
    (0.0, -180.0, 5.0),
    (40.5, 128.0, 100.0),
    (-33.0, -70.0, 4000.0),
]


@cache
def timescale() -> Any:
    return load.timescale(builtin=True)


@pytest.mark.parametrize("place", PLACES_DEG)
def test_the_local_frame_is_that_of_pyproj(place: Any) -> None:
    latitude, longitude, height = place
    local = pyproj.Transformer.from_pipeline(
        f"+proj=topocentric +ellps=WGS84 +lat_0={latitude} +lon_0={longitude} +h_0={height}"
    )
    rng = np.random.default_rng(5)
    targets = geo.ecef_from_geodetic(np.radians(latitude), np.radians(longitude), height)
    targets = targets + rng.normal(scale=[[1.0], [1e3], [1e6], [3e6]], size=(4, 3))
    expected = np.stack(local.transform(*targets.T), axis=-1)
    found = geo.enu_from_ecef(targets, np.radians(latitude), np.radians(longitude), height)
    assert found == pytest.approx(expected, abs=MICROMETRE)
    back = geo.ecef_from_enu(expected, np.radians(latitude), np.radians(longitude), height)
    assert back == pytest.approx(targets, abs=MICROMETRE)


@pytest.mark.parametrize("place", PLACES_DEG)
@pytest.mark.parametrize("height", [-400.0, 0.0, 394e3, 3.6e7])
def test_geodetic_places_are_those_of_skyfield(place: Any, height: float) -> None:
    # Skyfield iterates for the latitude to a hundredth of a millimetre: its tolerance, not ours.
    expected = wgs84.latlon(place[0], place[1], elevation_m=height).itrs_xyz.m
    found = geo.ecef_from_geodetic(np.radians(place[0]), np.radians(place[1]), height)
    assert found == pytest.approx(expected, abs=1e-4)
    latitude, _, above = geo.geodetic_from_ecef(expected)
    assert float(np.degrees(latitude)) == pytest.approx(place[0], abs=1e-9)
    assert float(above) == pytest.approx(height, abs=1e-4)


@pytest.mark.parametrize(("seconds", "metres"), [(60, 0.01), (600, 0.1), (3600, 0.5)])
def test_the_inertial_frame_turns_as_skyfield_says(seconds: int, metres: float) -> None:
    # One vector that does not move among the stars (GCRS), in the turning frame (ITRS) at two instants.
    begin, end = timescale().utc(2009, 4, 5, 2, 30, 15), timescale().utc(2009, 4, 5, 2, 30, 15 + seconds)
    placed = wgs84.latlon(40.8557, 129.6658, elevation_m=4e5).at(begin)
    first, speed = placed.frame_xyz_and_velocity(itrs)
    still = Geocentric(placed.xyz.au, placed.velocity.au_per_d, t=end)
    expected, expected_speed = still.frame_xyz_and_velocity(itrs)
    inertial = geo.inertial_from_ecef(first.m, speed.m_per_s, 0.0)
    found, found_speed = geo.ecef_from_inertial(*inertial, float(seconds))
    assert np.linalg.norm(found - expected.m) < metres
    assert np.linalg.norm(found_speed - expected_speed.m_per_s) < 1e-4


SITES_DEG = [(36.0, 132.5, 100.0), (-45.0, 170.0, 0.0), (89.5, 10.0, 0.0), (0.0, 0.0, 30.0)]
TARGETS_DEG = [(39.06, 137.36, 3.94e5), (41.0, 131.0, 1.2e5), (35.9, 132.4, 9e3)]


@pytest.mark.parametrize("site", SITES_DEG)
@pytest.mark.parametrize("away", [(0.5, 0.7, 1e4), (3.0, -4.0, 4e5), (-0.01, 0.0, 2e5), (0.0, 6.0, 1.2e6)])
def test_azimuth_elevation_and_range_are_those_of_skyfield(site: Any, away: Any) -> None:
    at = timescale().utc(2020, 1, 1)
    target = (min(site[0] + away[0], 90.0), site[1] + away[1], away[2])
    here = wgs84.latlon(site[0], site[1], elevation_m=site[2])
    there = wgs84.latlon(target[0], target[1], elevation_m=target[2])
    elevation, azimuth, distance = (there - here).at(at).altaz()
    east, north, up = geo.enu_from_ecef(
        geo.ecef_from_geodetic(np.radians(target[0]), np.radians(target[1]), target[2]),
        np.radians(site[0]),
        np.radians(site[1]),
        site[2],
    )
    assert np.sqrt(east**2 + north**2 + up**2) == pytest.approx(distance.m, abs=1e-3)
    assert np.arctan2(up, np.hypot(east, north)) == pytest.approx(elevation.radians, abs=1e-8)
    assert np.mod(np.arctan2(east, north), 2 * np.pi) == pytest.approx(azimuth.radians, abs=1e-8)


@pytest.mark.parametrize("target", TARGETS_DEG)
def test_a_radar_of_the_scenario_and_a_plot_of_fusion_look_the_same_way_as_skyfield(target: Any) -> None:
    at = timescale().utc(2020, 1, 1)
    for sensor in named_scenario("two-stage-generic").sensors:
        here = wgs84.latlon(sensor.latitude_deg, sensor.longitude_deg, elevation_m=sensor.height_m)
        there = wgs84.latlon(target[0], target[1], elevation_m=target[2])
        elevation, azimuth, distance = (there - here).at(at).altaz()
        place = geo.ecef_from_geodetic(np.radians(target[0]), np.radians(target[1]), target[2])
        measured = sensor.measure(place[None], np.zeros((1, 3)))[0]
        assert measured[:3] == pytest.approx([distance.m, azimuth.radians, elevation.radians], abs=1e-3)
        assert measured[1:3] == pytest.approx([azimuth.radians, elevation.radians], abs=1e-8)
        site = here.itrs_xyz.m
        plot = RadarObservation(
            time_ns=0,
            source="A",
            sensor="a",
            site_ecef_m=site,
            site_latitude_rad=np.radians(sensor.latitude_deg),
            site_longitude_rad=np.radians(sensor.longitude_deg),
            range_m=distance.m,
            azimuth_rad=azimuth.radians,
            elevation_rad=elevation.radians,
            range_rate_m_per_s=None,
            range_sigma_m=30.0,
            azimuth_sigma_rad=1e-3,
            elevation_sigma_rad=1e-3,
            range_rate_sigma_m_per_s=None,
        )
        assert site + distance.m * direction_axes(plot)[0] == pytest.approx(place, abs=0.02)
