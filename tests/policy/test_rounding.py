"""Rounding says how much it took away: the error over many random states and places stays within the sigma.

Distances on the ellipsoid come from pyproj. A uniform error in a cell has the standard deviation
cell/sqrt(12); over `COUNT` samples its estimate scatters by about 1 %.
"""

import math
from random import Random

import numpy as np
import pytest
from pyproj import Geod
from tests.policy.cases import kinematics

from trilat.model import SECOND_NS, Ellipse, Kinematics, Place, Polygon
from trilat.policy.rounding import (
    combined_sigma,
    nearest_multiple,
    round_kinematics,
    round_place,
    round_region,
    rounded_down_ns,
)

COUNT = 2_000
SCATTER = 1.05
EARTH = Geod(ellps="WGS84")


def random_state(draw: Random) -> Kinematics:
    lower = np.tril(np.array([[draw.gauss(0, 2e6) for _ in range(6)] for _ in range(6)]))
    lower[np.diag_indices(6)] = [draw.uniform(1e6, 1e8) for _ in range(6)]
    return kinematics(
        position_mm=tuple(draw.randrange(-7 * 10**9, 7 * 10**9) for _ in range(3)),
        velocity_mm_per_s=tuple(draw.randrange(-7 * 10**6, 7 * 10**6) for _ in range(3)),
        covariance_factor=tuple(round(float(entry)) for entry in lower[np.tril_indices(6)]),
        epoch_ns=draw.randrange(10**18, 10**18 + 10**12),
    )


def covariance(state: Kinematics) -> np.ndarray:
    factor = np.zeros((6, 6))
    factor[np.tril_indices(6)] = state.covariance_factor
    return factor @ factor.T


@pytest.mark.parametrize("cell_m", [1, 500, 5_000, 100_000])
def test_a_rounded_position_is_as_wrong_as_it_says(cell_m: int) -> None:
    draw = Random(cell_m)
    errors, stated = [], set()
    for _ in range(COUNT // 3):
        state = random_state(draw)
        rounded = round_kinematics(state, cell_m)
        assert all(axis % (cell_m * 1_000) == 0 for axis in rounded.position_mm)
        errors += [
            after - before for after, before in zip(rounded.position_mm, state.position_mm, strict=True)
        ]
        stated.add(rounded.constant_sigma_mm)
        assert rounded.covariance_factor == state.covariance_factor
        assert round_kinematics(rounded, cell_m) == rounded
    (sigma_mm,) = stated
    assert abs(max(errors, key=abs)) <= cell_m * 500
    assert math.sqrt(np.mean(np.square(errors))) <= sigma_mm * SCATTER
    assert math.sqrt(np.mean(np.square(errors))) >= sigma_mm / SCATTER - 1
    assert abs(np.mean(errors)) <= 4 * sigma_mm / math.sqrt(len(errors))


def test_a_rounded_velocity_is_covered_by_the_factor() -> None:
    draw = Random(2)
    cell_mm_per_s = 100_000
    errors = []
    for _ in range(400):
        state = random_state(draw)
        rounded = round_kinematics(state, 0, 100)
        errors += [
            after - before
            for after, before in zip(rounded.velocity_mm_per_s, state.velocity_mm_per_s, strict=True)
        ]
        grown = covariance(rounded) - covariance(state)
        expected = np.diag([0, 0, 0, 1, 1, 1]) * (cell_mm_per_s * 1_000) ** 2 / 12
        # The factor is in whole micrometres: an entry moves its product by about that times the sigma.
        assert np.allclose(grown, expected, rtol=0, atol=3 * 1e9)
        assert np.all(np.diag(grown) >= np.diag(expected) - 1e6)
        assert rounded.constant_sigma_mm == state.constant_sigma_mm
    assert math.sqrt(np.mean(np.square(errors))) <= cell_mm_per_s / math.sqrt(12) * SCATTER


def test_a_state_moved_to_a_rounded_instant_covers_a_hard_acceleration() -> None:
    draw = Random(3)
    for _ in range(300):
        state = random_state(draw)
        moved = round_kinematics(state, 0, 0, 10)
        step_s = (moved.epoch_ns - state.epoch_ns) / SECOND_NS
        assert moved.epoch_ns % (10 * SECOND_NS) == 0
        assert -10 < step_s <= 0
        transition = np.eye(6)
        transition[:3, 3:] = step_s * np.eye(3)
        expected = transition @ covariance(state) @ transition.T
        assert np.allclose(covariance(moved), expected, rtol=1e-6, atol=1e-6 * np.max(expected))
        # Ten times gravity along one axis is what the neglected acceleration may be.
        assert moved.constant_sigma_mm >= math.floor(0.5 * 98_066.5 * step_s**2)
        for after, before, speed in zip(
            moved.position_mm, state.position_mm, state.velocity_mm_per_s, strict=True
        ):
            assert abs(after - (before + speed * step_s)) <= 1


@pytest.mark.parametrize("cell_m", [10, 2_000, 50_000])
def test_a_rounded_place_is_as_wrong_as_it_says_at_every_latitude(cell_m: int) -> None:
    draw = Random(cell_m)
    norths, easts = [], []
    for _ in range(COUNT):
        place = Place(
            latitude_1e7deg=draw.randrange(-800_000_000, 800_000_000),
            longitude_1e7deg=draw.randrange(-1_790_000_000, 1_790_000_000),
        )
        rounded, width_mm = round_place(place, cell_m)
        assert round_place(rounded, cell_m)[0] == rounded
        azimuth_deg, _, distance_m = EARTH.inv(
            place.longitude_1e7deg / 1e7,
            place.latitude_1e7deg / 1e7,
            rounded.longitude_1e7deg / 1e7,
            rounded.latitude_1e7deg / 1e7,
        )
        sigma_m = width_mm / 1_000 / math.sqrt(12)
        norths.append(distance_m * math.cos(math.radians(azimuth_deg)) / sigma_m)
        easts.append(distance_m * math.sin(math.radians(azimuth_deg)) / sigma_m)
        assert distance_m <= width_mm / 1_000 / math.sqrt(2) * 1.001
        assert width_mm >= cell_m * 1_000
    for errors in (norths, easts):
        assert 0.9 < math.sqrt(np.mean(np.square(errors))) <= SCATTER


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(900_000_000, 0), (-900_000_000, 1_800_000_000), (899_999_999, -1_234_567_890), (0, 1_799_999_999)],
)
def test_a_place_at_a_pole_or_at_the_antimeridian_can_be_rounded(latitude: int, longitude: int) -> None:
    place = Place(latitude_1e7deg=latitude, longitude_1e7deg=longitude)
    for cell_m in (1, 5_000, 1_000_000, 10_000_000):
        rounded, width_mm = round_place(place, cell_m)
        _, _, distance_m = EARTH.inv(
            longitude / 1e7, latitude / 1e7, rounded.longitude_1e7deg / 1e7, rounded.latitude_1e7deg / 1e7
        )
        assert distance_m <= width_mm / 1_000 / math.sqrt(2) * 1.01


def test_a_rounded_ellipse_holds_the_given_one() -> None:
    draw = Random(5)
    for _ in range(200):
        given = Ellipse(
            centre=Place(
                latitude_1e7deg=draw.randrange(-700_000_000, 700_000_000),
                longitude_1e7deg=draw.randrange(-1_790_000_000, 1_790_000_000),
            ),
            semi_major_m=draw.randrange(5_000, 60_000),
            semi_minor_m=draw.randrange(500, 5_000),
            bearing_mdeg=draw.randrange(360_000),
        )
        rounded = round_region(given, 5_000)
        assert isinstance(rounded, Ellipse)
        assert (rounded.semi_major_m % 5_000, rounded.semi_minor_m % 5_000) == (0, 0)
        assert rounded.bearing_mdeg == given.bearing_mdeg
        for along in range(0, 360, 15):
            east, north = edge_m(given, along)
            longitude, latitude, _ = EARTH.fwd(
                given.centre.longitude_1e7deg / 1e7,
                given.centre.latitude_1e7deg / 1e7,
                math.degrees(math.atan2(east, north)),
                math.hypot(east, north),
            )
            assert holds(rounded, latitude, longitude)


def edge_m(region: Ellipse, along_deg: int) -> tuple[float, float]:
    """A point of the edge, east and north of the centre in metres."""
    major = region.semi_major_m * math.cos(math.radians(along_deg))
    minor = region.semi_minor_m * math.sin(math.radians(along_deg))
    bearing = math.radians(region.bearing_mdeg / 1_000)
    return (
        major * math.sin(bearing) + minor * math.cos(bearing),
        major * math.cos(bearing) - minor * math.sin(bearing),
    )


def holds(region: Ellipse, latitude_deg: float, longitude_deg: float) -> bool:
    azimuth_deg, _, distance_m = EARTH.inv(
        region.centre.longitude_1e7deg / 1e7, region.centre.latitude_1e7deg / 1e7, longitude_deg, latitude_deg
    )
    turned = math.radians(azimuth_deg - region.bearing_mdeg / 1_000)
    major = distance_m * math.cos(turned) / region.semi_major_m
    minor = distance_m * math.sin(turned) / region.semi_minor_m
    # Over 60 km the meridians turn a little; a thousandth allows for it.
    return math.hypot(major, minor) <= 1.001


def corners(polygon: Polygon) -> list[tuple[int, int]]:
    return [(corner.latitude_1e7deg, corner.longitude_1e7deg) for corner in polygon.corners]


def test_a_rounded_polygon_is_a_box_on_the_grid_that_holds_it() -> None:
    given = Polygon(
        corners=tuple(
            Place(latitude_1e7deg=latitude, longitude_1e7deg=longitude)
            for latitude, longitude in [
                (381_111_111, 1_422_222_222),
                (384_444_444, 1_433_333_333),
                (387_777_777, 1_425_555_555),
            ]
        )
    )
    box = round_region(given, 10_000)
    assert isinstance(box, Polygon)
    latitudes, longitudes = zip(*corners(box), strict=True)
    assert min(latitudes) <= 381_111_111
    assert max(latitudes) >= 387_777_777
    assert min(longitudes) <= 1_422_222_222
    assert max(longitudes) >= 1_433_333_333
    assert max(latitudes) - min(latitudes) < 387_777_777 - 381_111_111 + 2 * 905_000
    assert len(box.corners) == 4
    assert round_region(box, 10_000) == box


def test_a_polygon_over_the_antimeridian_stays_there() -> None:
    given = Polygon(
        corners=tuple(
            Place(latitude_1e7deg=latitude, longitude_1e7deg=longitude)
            for latitude, longitude in [
                (100_000_000, 1_795_000_000),
                (105_000_000, -1_795_000_000),
                (110_000_000, 1_796_000_000),
            ]
        )
    )
    box = round_region(given, 10_000)
    assert isinstance(box, Polygon)
    longitudes = sorted({longitude for _, longitude in corners(box)})
    assert longitudes[0] < -1_790_000_000
    assert longitudes[1] > 1_790_000_000


def test_nothing_to_round_changes_nothing() -> None:
    state, place = kinematics(), Place(latitude_1e7deg=1, longitude_1e7deg=2)
    region = Ellipse(centre=place, semi_major_m=2, semi_minor_m=1)
    assert round_kinematics(state) == state
    assert round_place(place, 0) == (place, 0.0)
    assert round_region(region, 0) == region
    assert rounded_down_ns(12345, 0) == 12345


def test_small_numbers_by_hand() -> None:
    assert [nearest_multiple(value, 10) for value in (-16, -15, -4, 0, 4, 5, 14, 15)] == [
        -20, -10, 0, 0, 0, 10, 10, 20,
    ]  # fmt: skip
    assert rounded_down_ns(59 * SECOND_NS + 1, 60) == 0
    assert rounded_down_ns(120 * SECOND_NS, 60) == 120 * SECOND_NS
    assert combined_sigma(3, 4.0) == 5
    assert combined_sigma(0, 0.1) == 1
    # 5 km over the root of twelve is 1443.4 m.
    assert round_kinematics(kinematics(), 5_000).constant_sigma_mm == 1_443_376
