"""Frames judged by pyproj, pymap3d and skyfield, and by closed forms."""

import numpy as np
import pymap3d
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skyfield.api import load, wgs84

from trilat import geo
from trilat.model.errors import UsageError

# One micrometre: doubles of this size carry a nanometre, so anything more is a formula gone wrong.
TOLERANCE_M = 1e-6
LATITUDE_DEG = np.array([-90.0, -89.999999, -45.0, -1e-9, 0.0, 12.5, 40.8557, 89.9999, 90.0])
LONGITUDE_DEG = np.array([0.0, 179.999, -120.0, 13.0, -180.0, 90.0, 129.6658, -45.0, 0.0])
HEIGHT_M = np.array([-400.0, 0.0, 1e5, 3.0, 4e5, 3.6e7, 0.0, 6e6, 2e3])


def test_constants_are_those_of_the_standard():
    ellipsoid = pyproj.Geod(ellps="WGS84")
    assert ellipsoid.a == geo.SEMI_MAJOR_AXIS_M
    assert ellipsoid.f == geo.FLATTENING
    # NIMA TR8350.2 table 3.3.
    assert pytest.approx(6356752.3142, abs=5e-5) == geo.SEMI_MINOR_AXIS_M
    assert pytest.approx(6.69437999014e-3, abs=1e-14) == geo.FIRST_ECCENTRICITY_SQUARED
    assert pytest.approx(6.73949674228e-3, abs=1e-14) == geo.SECOND_ECCENTRICITY_SQUARED
    assert pytest.approx(0.484166774985e-3 * 5**0.5, rel=1e-11) == geo.J2


def test_ecef_from_geodetic_agrees_with_pyproj():
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.stack(to_ecef.transform(LONGITUDE_DEG, LATITUDE_DEG, HEIGHT_M), axis=-1)
    found = geo.ecef_from_geodetic(np.radians(LATITUDE_DEG), np.radians(LONGITUDE_DEG), HEIGHT_M)
    assert found == pytest.approx(expected, abs=TOLERANCE_M)


def test_geodetic_from_ecef_agrees_with_pyproj():
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    position = np.stack(to_ecef.transform(LONGITUDE_DEG, LATITUDE_DEG, HEIGHT_M), axis=-1)
    latitude, _, height = geo.geodetic_from_ecef(position)
    assert np.degrees(latitude) == pytest.approx(LATITUDE_DEG, abs=1e-11)
    assert height == pytest.approx(HEIGHT_M, abs=TOLERANCE_M)


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180), height=st.floats(-10_000, 45_000_000))
def test_geodetic_round_trip_anywhere_agrees_with_pymap3d(latitude, longitude, height):
    position = np.array(pymap3d.geodetic2ecef(latitude, longitude, height))
    found = geo.geodetic_from_ecef(position)
    back = np.array(pymap3d.geodetic2ecef(np.degrees(found[0]), np.degrees(found[1]), found[2]))
    assert back == pytest.approx(position, abs=TOLERANCE_M)


def test_shapes_broadcast_and_arguments_stay_as_they_were():
    latitude = np.zeros((4, 1))
    longitude = np.linspace(-1.0, 1.0, 5)
    position = geo.ecef_from_geodetic(latitude, longitude, 10.0)
    assert position.shape == (4, 5, 3)
    before = position.copy()
    assert geo.geodetic_from_ecef(position)[0].shape == (4, 5)
    assert geo.enu_from_ecef(position, 0.1, 0.2, 0.0).shape == (4, 5, 3)
    assert np.array_equal(position, before)
    assert geo.enu_rotation(latitude, longitude).shape == (4, 5, 3, 3)


@pytest.mark.parametrize("site", [(40.8557, 129.6658, 12.0), (-33.0, -70.0, 500.0), (90.0, 0.0, 0.0)])
def test_local_frame_agrees_with_pymap3d(site):
    target = np.array([-3.4e6, 3.6e6, 4.5e6])
    expected = np.array(pymap3d.ecef2enu(*target, *site))
    latitude, longitude, height = np.radians(site[0]), np.radians(site[1]), site[2]
    found = geo.enu_from_ecef(target, latitude, longitude, height)
    assert found == pytest.approx(expected, abs=TOLERANCE_M)
    back = np.array(pymap3d.enu2ecef(*expected, *site))
    assert geo.ecef_from_enu(expected, latitude, longitude, height) == pytest.approx(back, abs=TOLERANCE_M)


@given(latitude=st.floats(-np.pi / 2, np.pi / 2), longitude=st.floats(-np.pi, np.pi))
def test_local_frame_is_a_right_handed_rotation(latitude, longitude):
    rotation = geo.enu_rotation(latitude, longitude)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-14)
    assert np.linalg.det(rotation) == pytest.approx(1.0, abs=1e-14)


def test_a_point_at_rest_on_the_equator_moves_east_at_465_metres_per_second():
    # Closed form: omega times a.
    position, velocity = geo.inertial_from_ecef([geo.SEMI_MAJOR_AXIS_M, 0, 0], [0, 0, 0], 0.0)
    assert position == pytest.approx([6378137.0, 0, 0])
    assert velocity == pytest.approx([0, 6378137.0 * 7.292115e-5, 0], abs=1e-9)


def test_rotation_of_the_earth_agrees_with_skyfield():
    # A site of skyfield, at two instants ten minutes apart, in its inertial frame (GCRS): the angle
    # through which it turned, and its speed. Nutation and the like are below a metre in that time.
    timescale = load.timescale(builtin=True)
    start, end = timescale.utc(2009, 4, 5, 2, 30, 15), timescale.utc(2009, 4, 5, 2, 40, 15)
    site = wgs84.latlon(40.8557, 129.6658)
    chord = float(np.linalg.norm(site.at(end).xyz.m - site.at(start).xyz.m))
    speed = float(np.linalg.norm(site.at(start).velocity.m_per_s))
    rest = geo.ecef_from_geodetic(np.radians(40.8557), np.radians(129.6658), 0.0)
    first, velocity = geo.inertial_from_ecef(rest, np.zeros(3), 0.0)
    second, _ = geo.inertial_from_ecef(rest, np.zeros(3), 600.0)
    assert float(np.linalg.norm(second - first)) == pytest.approx(chord, abs=1.0)
    assert float(np.linalg.norm(velocity)) == pytest.approx(speed, abs=1e-3)


@given(seconds=st.floats(-86_400, 86_400))
def test_inertial_and_back_is_the_same_state(seconds):
    position, velocity = np.array([-3.1e6, 3.7e6, 4.2e6]), np.array([1200.0, -3400.0, 900.0])
    turned = geo.inertial_from_ecef(position, velocity, seconds)
    back = geo.ecef_from_inertial(*turned, seconds)
    assert back[0] == pytest.approx(position, abs=TOLERANCE_M)
    assert back[1] == pytest.approx(velocity, abs=1e-9)


def test_inertial_velocity_is_the_derivative_of_inertial_position():
    position, velocity = np.array([-3.1e6, 3.7e6, 4.2e6]), np.array([1200.0, -3400.0, 900.0])
    seconds = np.array([99.5, 100.5])
    moved = position + velocity * (seconds - 100.0)[:, None]
    ends, _ = geo.inertial_from_ecef(moved, np.broadcast_to(velocity, (2, 3)), seconds)
    _, found = geo.inertial_from_ecef(position, velocity, 100.0)
    assert found == pytest.approx(ends[1] - ends[0], abs=1e-4)


def test_rotated_covariance_is_that_of_rotated_samples():
    # Judge: numpy's sample covariance of the very vectors, turned one by one.
    samples = np.random.Generator(np.random.PCG64(7)).normal(size=(50, 6)) * [9, 4, 1, 3, 2, 1]
    rotation = geo.enu_rotation(0.7, 2.2)
    turned = np.concatenate([samples[:, :3] @ rotation.T, samples[:, 3:] @ rotation.T], axis=1)
    found = geo.rotate_covariance(np.cov(samples.T), rotation)
    assert found == pytest.approx(np.cov(turned.T), abs=1e-12)
    assert np.array_equal(found, found.T)


def test_rotate_covariance_takes_a_stack():
    rotation = geo.enu_rotation(np.array([0.1, 0.2]), np.array([1.0, 2.0]))
    found = geo.rotate_covariance(np.broadcast_to(np.eye(6), (2, 6, 6)), rotation)
    assert found == pytest.approx(np.broadcast_to(np.eye(6), (2, 6, 6)), abs=1e-14)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: geo.ecef_from_geodetic(np.nan, 0.0, 0.0), "`latitude` holds"),
        (lambda: geo.ecef_from_geodetic(0.0, np.inf, 0.0), "`longitude` holds"),
        (lambda: geo.ecef_from_geodetic(0.0, 0.0, np.nan), "`height` holds"),
        (lambda: geo.ecef_from_geodetic(40.8, 2.2, 0.0), "in degrees"),
        (lambda: geo.geodetic_from_ecef([1.0, 2.0]), "shape"),
        (lambda: geo.geodetic_from_ecef(5.0), "shape"),
        (lambda: geo.geodetic_from_ecef([0.0, 0.0, 0.0]), "centre of the Earth"),
        (lambda: geo.geodetic_from_ecef([np.nan, 0.0, 0.0]), "not finite"),
        (lambda: geo.enu_rotation(np.nan, 0.0), "`latitude` holds"),
        (lambda: geo.enu_from_ecef([1e6, 1e6], 0.0, 0.0, 0.0), "shape"),
        (lambda: geo.inertial_from_ecef([7e6, 0, 0], [0, 0, 0], np.inf), "`seconds` holds"),
        (lambda: geo.rotate_covariance(np.eye(4), np.eye(3)), "blocks of three"),
        (lambda: geo.rotate_covariance(np.eye(3), np.eye(2)), "`rotation`|rotation must"),
        (lambda: geo.rotate_covariance(np.full((3, 3), np.nan), np.eye(3)), "not finite"),
    ],
)
def test_what_cannot_be_is_refused(call, text):
    with pytest.raises(UsageError, match=text):
        call()
