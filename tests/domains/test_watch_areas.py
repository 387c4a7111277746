"""Watch areas and places in TOML: what is read, and what is refused in one line that says where."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from trilat.domains import read_places
from trilat.model import UsageError

WGS84 = Geod(ellps="WGS84")
PLACE = 'name = "a"\nlat_deg = 39.0\nlon_deg = 140.0\nradius_m = 5000.0\n'
SQUARE = "[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]"


def area(polygon: str, name: str = "a") -> str:
    return f'[[watch_area]]\nname = "{name}"\npolygon = {polygon}\n'


def place(old: str, new: str) -> str:
    return "[[place]]\n" + PLACE.replace(old, new)


def ring(corners: list[tuple[float, float]]) -> str:
    return repr([list(corner) for corner in corners])


REFUSED: list[tuple[str, str, str]] = [
    ("no TOML", "[[place", "places file: "),
    ("nothing in it", "", "holds neither"),
    ("an unknown part", "moon = 1\n", "unknown field `moon`"),
    ("an unknown key", f"[[place]]\n{PLACE}speed = 3\n", "unknown field `speed` - at `$.place[0]`"),
    ("a missing key", '[[place]]\nname = "a"\n', "missing required field `lat_deg`"),
    ("a number in words", place("39.0", '"north"'), "expected `float`"),
    ("a latitude that is none", place("39.0", "nan"), "lat_deg"),
    ("a latitude beyond the pole", place("39.0", "90.1"), "<= 90.0"),
    ("a longitude beyond the circle", place("140.0", "181"), "<= 180.0"),
    ("an endless radius", place("5000.0", "inf"), "radius_m"),
    ("no radius", place("5000.0", "0"), "radius_m"),
    ("a name that is empty", place('"a"', '""'), "name"),
    ("a name of two lines", place('"a"', '"a\\nb"'), "name"),
    ("a name too long", place('"a"', '"' + "a" * 61 + '"'), "name"),
    ("a place twice", f"[[place]]\n{PLACE}[[place]]\n{PLACE}", "place `a` stands twice"),
    ("an area twice", area(SQUARE) + area(SQUARE), "watch area `a` stands twice"),
    ("two names of the same letters", area(SQUARE, "a b") + area(SQUARE, "A-B"), "`a-b` stands twice"),
    ("an area without a shape", '[[watch_area]]\nname = "a"\n', "give either `polygon`, or"),
    ("an area with two shapes", area(SQUARE) + "lat_deg = 1.0\n", "give either `polygon`, or"),
    ("half a circle", '[[watch_area]]\nname = "a"\nlat_deg = 1.0\n', "a circle needs"),
    ("two corners", area("[[0, 0], [1, 1]]"), "3 to 128 corners, not 2"),
    ("too many corners", area(ring([(0.0, 0.001 * n) for n in range(129)])), "128"),
    ("a corner of three numbers", area("[[0, 0, 1], [1, 1], [1, 0]]"), "length 2"),
    ("a corner that is none", area("[[0, 0], [nan, 1], [1, 0]]"), "polygon[1][0]"),
    ("a corner beyond the pole", area("[[0, 0], [91, 1], [1, 0]]"), "<= 90.0"),
    ("a bow tie", area("[[0, 0], [1, 1], [0, 1], [1, 0]]"), "edges after corners 1 and 3 meet"),
    ("a corner given twice", area("[[0, 0], [0, 0], [1, 1], [1, 0]]"), "meet"),
    ("a polygon closed by hand", area("[[0, 0], [0, 1], [1, 1], [0, 0]]"), "meet"),
    ("a corner on another edge", area("[[0, 0], [0, 2], [2, 2], [0, 1]]"), "meet"),
    ("a line", area("[[0, 0], [1, 0], [2, 0]]"), "meet"),
    ("an area too wide", area("[[0, 0], [0, 20], [20, 20]]"), "over 1000 km apart"),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_places(text)
    assert words in str(refused.value)
    assert str(refused.value).startswith("places file")
    assert "\n" not in str(refused.value)


def test_a_place_and_areas_of_both_shapes_are_read() -> None:
    circle = '[[watch_area]]\nname = "c"\nname_ja = "円"\nlat_deg = 40\nlon_deg = 140\nradius_m = 2e4\n'
    places = read_places(f"[[place]]\n{PLACE}{area(SQUARE)}{circle}")
    assert (places.place[0].name, places.place[0].height_m) == ("a", 0.0)
    square, round_one = places.watch_area
    assert square.corners == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0))
    assert (round_one.name_ja, round_one.name_ko) == ("円", "")
    latitudes, longitudes = zip(*round_one.corners, strict=True)
    found_m2, _ = WGS84.polygon_area_perimeter(longitudes, latitudes)
    assert abs(found_m2) == pytest.approx(math.pi * 2e4**2, rel=1e-3)


@pytest.mark.parametrize(
    "corners",
    [
        [(10.0, 179.0), (10.0, -179.0), (11.0, 180.0)],
        [(89.0, 0.0), (89.0, 90.0), (89.0, 180.0), (89.0, -90.0)],
        [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, -1.0)],
    ],
    ids=["over the date line", "around the pole", "with a notch"],
)
def test_a_sound_polygon_is_taken_wherever_it_lies(corners: list[tuple[float, float]]) -> None:
    (read,) = read_places(area(ring(corners))).watch_area
    assert list(read.corners) == corners
    (turned,) = read_places(area(ring(corners[::-1]))).watch_area
    assert len(turned.corners) == len(corners)


@given(st.lists(st.tuples(st.floats(-80.0, 80.0), st.floats(-180.0, 180.0)), min_size=1, max_size=8))
def test_whatever_the_corners_it_is_an_area_or_one_line(corners: list[tuple[float, float]]) -> None:
    try:
        (read,) = read_places(area(ring(corners))).watch_area
    except UsageError:
        return
    latitudes, longitudes = zip(*read.corners, strict=True)
    found_m2, _ = WGS84.polygon_area_perimeter(longitudes, latitudes)
    assert abs(found_m2) > 0.0
