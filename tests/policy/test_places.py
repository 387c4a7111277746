"""Where many items are, as arrays: the answers are those of the scalar rules, also where numbers round."""

from collections.abc import Iterator
from math import radians
from random import Random

import msgspec
import numpy as np
import pyproj
import pytest
from tests.policy import cases

from trilat.geo import ecef_from_geodetic
from trilat.model import AnyItem, Circle, Effect, Ellipse, Place, Polygon
from trilat.policy import ItemPlaces
from trilat.policy.areas import Regions, lies_within, may_touch

GEODESICS = pyproj.Geod(ellps="WGS84")
LATITUDES = (-89.9999999, -60.0, -0.5, 0.0, 35.0, 44.0, 89.9999999)
LONGITUDES = (-180.0, -179.9, -0.1, 0.0, 130.0, 179.9, 179.9999999)


def at(latitude_deg: float, longitude_deg: float) -> Place:
    return Place(
        latitude_1e7deg=round(latitude_deg * 1e7),
        longitude_1e7deg=round(((longitude_deg + 180) % 360 - 180) * 1e7),
    )


def anywhere(draw: Random) -> Place:
    if draw.random() < 0.5:
        return at(draw.choice(LATITUDES), draw.choice(LONGITUDES))
    return at(draw.uniform(30, 45), draw.uniform(120, 140))


def region(draw: Random) -> Circle | Polygon:
    if draw.random() < 0.5:
        return Circle(centre=anywhere(draw), radius_m=draw.choice([1, 50_000, 900_000, 5_000_000]))
    return Polygon(corners=tuple(at(draw.uniform(25, 50), draw.uniform(110, 150)) for _ in range(6)))


def aloft(place: Place, height_m: float) -> tuple[int, int, int]:
    latitude, longitude = radians(place.latitude_1e7deg * 1e-7), radians(place.longitude_1e7deg * 1e-7)
    x, y, z = (round(float(part) * 1e3) for part in ecef_from_geodetic(latitude, longitude, height_m))
    return x, y, z


def item(draw: Random) -> AnyItem:
    replace, place = msgspec.structs.replace, anywhere(draw)
    kind = draw.choice(["vessel", "event", "area", "polygon", "track", "tracklets", "core", "nowhere"])
    if kind == "vessel":
        return cases.vessel(place=place)
    if kind == "event":
        major_m = draw.choice([10, 40_000, 2_000_000])
        return cases.event(place=None, region=Ellipse(centre=place, semi_major_m=major_m, semi_minor_m=5))
    if kind == "area":
        return cases.area(region=Ellipse(centre=place, semi_major_m=90_000, semi_minor_m=5))
    if kind == "polygon":
        return cases.area(region=Polygon(corners=tuple(anywhere(draw) for _ in range(4))))
    if kind in {"track", "core"}:
        position_mm = aloft(place, draw.uniform(0, 300_000)) if kind == "track" else (1, 2, 3)
        return cases.track(state=replace(cases.kinematics(), position_mm=position_mm))
    if kind == "tracklets":
        positions = [aloft(anywhere(draw), 1_000) for _ in range(3)]
        tracklets = tuple(replace(cases.kinematics(), position_mm=position) for position in positions)
        return cases.track(state=None, tracklets=tracklets)
    return cases.vessel(place=None)


def crowds() -> Iterator[tuple[list[AnyItem], list[Regions]]]:
    for seed in range(40):
        draw = Random(seed)
        regions = [tuple(region(draw) for _ in range(draw.randint(1, 3))) for _ in range(8)]
        yield [item(draw) for _ in range(60)], regions


def test_every_item_is_where_the_scalar_rules_say() -> None:
    seen = []
    for items, regions in crowds():
        questions = tuple((one, effect) for one in regions for effect in Effect)
        found = ItemPlaces(items).classes(questions)
        for (one, effect), covers in zip(questions, found.covers, strict=True):
            covered = lies_within if effect is Effect.PERMIT else may_touch
            expected = [covered(each, one) for each in items]
            assert covers[found.number].tolist() == expected
            seen += expected
    assert 0.05 * len(seen) < sum(seen) < 0.95 * len(seen)


@pytest.mark.parametrize("radius_m", [1_000, 300_000, 9_999_000])
def test_on_the_border_of_a_circle_both_say_the_same(radius_m: int) -> None:
    draw = Random(radius_m)
    centre = at(36.0, 133.0)
    borders = [GEODESICS.fwd(133.0, 36.0, draw.uniform(0, 360), radius_m) for _ in range(300)]
    items = [cases.vessel(place=at(north, east)) for east, north, _ in borders]
    for wider_m in (-2, -1, 0, 1, 2):
        one = (Circle(centre=centre, radius_m=radius_m + wider_m),)
        found = ItemPlaces(items).classes(((one, Effect.PERMIT),))
        assert found.covers[0][found.number].tolist() == [lies_within(each, one) for each in items]


def test_a_side_over_half_of_the_earth_does_not_overflow() -> None:
    corners = (at(-89.9, -179.9), at(89.9, 179.9), at(89.9, -179.9))
    one = (Polygon(corners=corners),)
    items = [cases.vessel(place=at(north, east)) for north in LATITUDES for east in LONGITUDES]
    found = ItemPlaces(items).classes(((one, Effect.PERMIT),))
    assert found.covers[0][found.number].tolist() == [lies_within(each, one) for each in items]


def test_of_an_unknown_place_a_permission_covers_nothing_and_a_prohibition_all() -> None:
    items: list[AnyItem] = [cases.vessel(place=None), cases.report(), cases.track(state=None, tracklets=())]
    everywhere = (Circle(centre=at(0, 0), radius_m=10_000_000),)
    found = ItemPlaces(items).classes(((everywhere, Effect.PERMIT), (everywhere, Effect.FORBID)))
    assert found.covers[:, found.number].tolist() == [[False] * 3, [True] * 3]


def test_more_questions_than_one_number_holds_tell_items_apart() -> None:
    """Seventy circles that each hold one of seventy ships."""
    places = [at(-35.0 + number, 10.0) for number in range(70)]
    items = [cases.vessel(place=place) for place in places]
    questions = tuple(((Circle(centre=place, radius_m=1_000),), Effect.PERMIT) for place in places)
    found = ItemPlaces(items).classes(questions)
    assert len(set(found.number.tolist())) == 70
    assert (found.covers[:, found.number] == np.eye(70, dtype=bool)).all()


def test_where_nothing_is_asked_no_item_is_read() -> None:
    found = ItemPlaces([cases.vessel()] * 3).classes(())
    assert found.number.tolist() == [0, 0, 0]
    assert found.covers.shape == (0, 1)


def test_no_items_have_no_places() -> None:
    one = (Circle(centre=at(0, 0), radius_m=5),)
    found = ItemPlaces([]).classes(((one, Effect.PERMIT),))
    assert found.number.tolist() == []
