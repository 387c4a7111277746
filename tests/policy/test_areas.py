"""Circles against geodesics that are not ours (pyproj), polygons against shapes seen at a glance."""

from random import Random

import pyproj
import pytest
from tests.policy import cases

from trilat.model import Circle, NamedArea, Place, Polygon
from trilat.policy.areas import lies_within, may_touch

GEODESICS = pyproj.Geod(ellps="WGS84")


def at(latitude_deg: float, longitude_deg: float) -> Place:
    return Place(
        latitude_1e7deg=round(latitude_deg * 1e7),
        longitude_1e7deg=round(((longitude_deg + 180) % 360 - 180) * 1e7),
    )


def is_in(place: Place, region: Circle | Polygon) -> bool:
    return lies_within(cases.event(place=place, region=None), (region,))


def test_a_circle_is_within_twenty_metres_of_the_geodesic_up_to_a_thousand_kilometres() -> None:
    draw = Random(5)
    for _ in range(2_000):
        latitude, longitude = draw.uniform(-80, 80), draw.uniform(-180, 180)
        radius_m, bearing = draw.randint(1_000, 1_000_000), draw.uniform(0, 360)
        circle = Circle(centre=at(latitude, longitude), radius_m=radius_m)
        for beyond_m, expected in ((-20, True), (20, False)):
            east, north, _ = GEODESICS.fwd(longitude, latitude, bearing, radius_m + beyond_m)
            assert is_in(at(north, east), circle) is expected, (latitude, longitude, radius_m, bearing)


L_SHAPE = Polygon(corners=tuple(at(*corner) for corner in ((0, 0), (0, 4), (2, 4), (2, 2), (4, 2), (4, 0))))


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [(1, 1, True), (1, 3, True), (3, 1, True), (3, 3, False), (-1, 1, False), (1, 5, False), (5, 1, False)],
)
def test_a_polygon_may_have_a_bay(latitude: float, longitude: float, expected: bool) -> None:
    assert is_in(at(latitude, longitude), L_SHAPE) is expected


def test_the_order_of_corners_says_nothing() -> None:
    turned = Polygon(corners=L_SHAPE.corners[::-1])
    draw = Random(2)
    for _ in range(500):
        place = at(draw.uniform(-1, 5), draw.uniform(-1, 5))
        assert is_in(place, L_SHAPE) is is_in(place, turned)


def test_a_side_over_half_of_the_earth_is_refused() -> None:
    corners = (at(0, -170), at(0, 170), at(10, 0))
    with pytest.raises(ValueError, match="cut it at the 180th meridian"):
        NamedArea(name="wide", region=Polygon(corners=corners))


def test_a_circle_may_lie_over_the_180th_meridian_and_over_a_pole() -> None:
    assert is_in(at(0, -179.9), Circle(centre=at(0, 179.9), radius_m=30_000))
    assert is_in(at(89.9, -90), Circle(centre=at(89.9, 90), radius_m=30_000))


def test_the_ground_under_a_track_is_its_place_whatever_its_height() -> None:
    track = cases.track()
    assert track.state is not None
    x, y, z = (part / 1_000 for part in track.state.position_mm)
    to_geodetic = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4326")
    latitude, longitude, _ = to_geodetic.transform(x, y, z)
    circle = Circle(centre=at(latitude, longitude), radius_m=1)
    assert lies_within(track, (circle,))
    assert not lies_within(track, (Circle(centre=at(latitude + 0.001, longitude), radius_m=50),))


def test_what_says_nothing_of_a_place_touches_every_region_and_lies_in_none() -> None:
    for item in (cases.track(state=None, tracklets=()), cases.report(), cases.consent()):
        assert may_touch(item, (L_SHAPE,))
        assert not lies_within(item, (L_SHAPE,))
