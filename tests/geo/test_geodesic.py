"""Geodesics judged by pyproj and by closed forms."""

import math

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.geo import geodesic_direct, geodesic_inverse
from trilat.model.errors import UsageError

JUDGE = pyproj.Geod(ellps="WGS84")


@given(
    first=st.tuples(st.floats(-89, 89), st.floats(-180, 180)),
    second=st.tuples(st.floats(-89, 89), st.floats(-180, 180)),
)
def test_inverse_agrees_with_pyproj(first, second):
    bearing, _, distance = JUDGE.inv(first[1], first[0], second[1], second[0])
    range_m, bearing_deg = geodesic_inverse(*first, *second)
    assert range_m == pytest.approx(distance, abs=1e-6)
    assert 0.0 <= bearing_deg < 360.0
    # The bearing is undefined between coinciding and ill-conditioned between antipodal points.
    if 1.0 < distance < 19_900_000.0:
        turn = math.radians(bearing_deg - bearing)
        assert abs(math.sin(turn)) * distance < 1e-3
        assert math.cos(turn) > 0


def test_a_bearing_a_hair_west_of_north_is_north_and_not_a_full_turn():
    _, bearing_deg = geodesic_inverse(0.0, 0.0, 45.0, -1e-15)
    assert bearing_deg == 0.0


@pytest.mark.parametrize("bearing", [0.0, 91.4, 180.0, 271.0, -45.0, 359.999])
def test_direct_agrees_with_pyproj(bearing):
    longitude, latitude, _ = JUDGE.fwd(129.6658, 40.8557, bearing, 3_600_000.0)
    found = geodesic_direct(40.8557, 129.6658, bearing, 3_600_000.0)
    assert found == pytest.approx((latitude, longitude), abs=1e-9)


def test_a_quarter_meridian_is_ten_million_metres():
    # NIMA TR8350.2 / Karney: 10 001 965.729 m.
    range_m, bearing_deg = geodesic_inverse(0.0, 20.0, 90.0, 20.0)
    assert range_m == pytest.approx(10_001_965.729, abs=1e-3)
    assert bearing_deg == 0.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((math.nan, 0.0, 0.0, 0.0), "latitude `nan`"),
        ((91.0, 0.0, 0.0, 0.0), "latitude `91.0`"),
        ((0.0, math.inf, 0.0, 0.0), "longitude `inf`"),
        ((0.0, 0.0, -90.1, 0.0), "latitude `-90.1`"),
        ((0.0, 0.0, 0.0, 361.0), "longitude `361.0`"),
    ],
)
def test_inverse_refuses_points_off_the_earth(arguments, text):
    with pytest.raises(UsageError, match=text):
        geodesic_inverse(*arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((95.0, 0.0, 0.0, 1.0), "latitude `95.0`"),
        ((0.0, 0.0, math.nan, 1.0), "bearing `nan`"),
        ((0.0, 0.0, 0.0, -1.0), "range `-1.0`"),
        ((0.0, 0.0, 0.0, math.nan), "range `nan`"),
        ((0.0, 0.0, 0.0, 3e7), "half around"),
    ],
)
def test_direct_refuses_paths_that_cannot_be(arguments, text):
    with pytest.raises(UsageError, match=text):
        geodesic_direct(*arguments)
