"""Covering noise is as large as it says, the same for everyone, and gains nothing by asking twice.

Moments of normal values come from textbooks: over n samples a variance scatters by sqrt(2/n), a mean by
1/sqrt(n). Distances on the ellipsoid come from pyproj.
"""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from pyproj import Geod
from tests.examples import example
from tests.policy.cases import NOW_NS, area, event, kinematics, report, track, vessel
from tests.policy.test_degrade import permit

from trilat.model import SECOND_NS, AnyItem, Duties, Form, Place, Polygon, PositionFix, UsageError
from trilat.policy import degrade, makeable
from trilat.policy.covering import HELD_SHARE, cover_at, keyed_normals

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
EARTH = Geod(ellps="WGS84")
COVER = Duties(cover_m=2_000, cover_epoch_s=3_600)
COUNT = 3_000


def released(item: AnyItem, duties: Duties = COVER, form: Form = Form.TRACKS, **changes: Any) -> Any:
    return degrade(item, permit(item, form, duties, **changes), KEY).item


def offsets(cover_m: int, count: int = COUNT) -> np.ndarray:
    return np.array([cover_at(KEY, f"object-{n}", NOW_NS, cover_m, 3_600).offset_m for n in range(count)])


def test_keyed_values_are_standard_normal_and_independent() -> None:
    values = np.array([keyed_normals(KEY, "a", str(n), count=3) for n in range(COUNT)])
    assert np.abs(values.mean(axis=0)).max() < 4 / math.sqrt(COUNT)
    assert np.abs(values.var(axis=0) - 1).max() < 4 * math.sqrt(2 / COUNT)
    assert np.abs(np.corrcoef(values.T) - np.eye(3)).max() < 4 / math.sqrt(COUNT)
    assert 0.0455 * 0.8 < np.mean(np.abs(values) > 2) < 0.0455 * 1.2


@pytest.mark.parametrize("cover_m", [1, 7, 500, 2_000, 65_536, 99_999, 100_000])
def test_the_hidden_error_is_as_large_as_it_says(cover_m: int) -> None:
    ratio = offsets(cover_m, 1_000).var(axis=0) / cover_m**2
    assert np.abs(ratio - 1).max() < 4 * math.sqrt(2 / 1_000)


def test_no_cover_is_no_error() -> None:
    assert not cover_at(KEY, "object-1", NOW_NS, 0, 0).offset_m.any()


@pytest.mark.parametrize(("finer_m", "coarser_m"), [(1_000, 2_000), (700, 701), (1, 100_000), (3, 65_536)])
def test_a_greater_error_is_a_smaller_one_with_more_added(finer_m: int, coarser_m: int) -> None:
    """Else who holds both copies would average them. What is added has the variance that lacks, and knows
    nothing of the smaller one.
    """
    finer, added = offsets(finer_m), offsets(coarser_m) - offsets(finer_m)
    lacking = math.sqrt(coarser_m**2 - finer_m**2)
    assert np.abs(added.var(axis=0) / lacking**2 - 1).max() < 4 * math.sqrt(2 / COUNT)
    for axis in range(3):
        assert abs(np.corrcoef(finer[:, axis], added[:, axis])[0, 1]) < 4 / math.sqrt(COUNT)


def test_an_error_stands_still_and_turns_into_the_next_without_a_jump() -> None:
    begin_ns = NOW_NS // (3_600 * SECOND_NS) * 3_600 * SECOND_NS
    at = [cover_at(KEY, "object-1", begin_ns + second * SECOND_NS, 2_000, 3_600) for second in range(7_201)]
    path = np.array([cover.offset_m for cover in at])
    rate = np.array([cover.rate_m_per_s for cover in at])
    held = int(3_600 * HELD_SHARE)
    assert (path[:held] == path[0]).all()
    assert (path[3_600 : 3_600 + held] == path[3_600]).all()
    assert np.linalg.norm(path[3_600] - path[0]) > 500
    steps = np.diff(path, axis=0)
    assert np.abs(steps).max() < 30
    np.testing.assert_allclose(steps, (rate[:-1] + rate[1:]) / 2, atol=0.02)
    assert not rate[:held].any()
    assert at[0].rate_sigma_m_per_s == 0 < at[3_200].rate_sigma_m_per_s


def test_an_error_in_mid_turn_is_as_large_as_at_rest() -> None:
    turning_ns = NOW_NS // (3_600 * SECOND_NS) * 3_600 * SECOND_NS + 3_100 * SECOND_NS
    found = [cover_at(KEY, f"object-{n}", turning_ns, 2_000, 3_600) for n in range(1_000)]
    errors = np.array([cover.offset_m for cover in found])
    rates = np.array([cover.rate_m_per_s for cover in found])
    slack = 4 * math.sqrt(2 / 1_000)
    assert np.abs(errors.var(axis=0) / 2_000**2 - 1).max() < slack
    assert np.abs(rates.var(axis=0) / found[0].rate_sigma_m_per_s ** 2 - 1).max() < slack


@pytest.mark.parametrize(
    ("key", "subject", "at_ns"),
    [
        (OTHER_KEY, "object-1", NOW_NS),
        (KEY, "object-2", NOW_NS),
        (KEY, "object-1", NOW_NS + 7_200 * SECOND_NS),
    ],
    ids=["key", "object", "epoch"],
)
def test_another_key_object_or_epoch_has_another_error(key: bytes, subject: str, at_ns: int) -> None:
    known = cover_at(KEY, "object-1", NOW_NS, 2_000, 3_600).offset_m
    assert np.linalg.norm(cover_at(key, subject, at_ns, 2_000, 3_600).offset_m - known) > 100


def test_without_epochs_an_error_stays_for_good() -> None:
    far_ns = NOW_NS + 10**9 * SECOND_NS
    now, then = (cover_at(KEY, "object-1", at_ns, 2_000, 0) for at_ns in (NOW_NS, far_ns))
    assert (now.offset_m == then.offset_m).all()


def test_every_recipient_and_every_repeat_has_the_same_copy() -> None:
    copies = {
        msgspec.json.encode(released(track(), recipient=recipient)) for recipient in ("KOR", "USA", "KOR")
    }
    assert len(copies) == 1


def test_a_covered_state_says_how_wrong_it_is() -> None:
    copy = released(track()).state
    error = np.subtract(copy.position_mm, kinematics().position_mm) / 1_000
    np.testing.assert_allclose(error, cover_at(KEY, "object-1", NOW_NS, 2_000, 3_600).offset_m, atol=0.001)
    assert copy.constant_sigma_mm == 2_000_000
    assert copy.velocity_mm_per_s == kinematics().velocity_mm_per_s
    assert copy.covariance_factor == kinematics().covariance_factor


def test_a_constant_error_that_was_there_stays_stated() -> None:
    known = track(state=kinematics(constant_sigma_mm=1_500_000))
    assert released(known).state.constant_sigma_mm == 2_500_000


@pytest.mark.parametrize("kind", ["event", "area", "vessel"])
def test_places_move_over_the_ground_by_the_objects_error(kind: str) -> None:
    """A track, its events and its areas move alike, or one would give the other's error away."""
    items: dict[str, Any] = {"event": event(), "area": area(), "vessel": vessel()}
    place, moved = (
        getattr(it, "place", None) or it.region.centre for it in (items[kind], released(items[kind]))
    )
    latitude, longitude = (
        math.radians(value / 1e7) for value in (place.latitude_1e7deg, place.longitude_1e7deg)
    )
    x, y, z = cover_at(KEY, "object-1", NOW_NS, 2_000, 3_600).offset_m
    east = -math.sin(longitude) * x + math.cos(longitude) * y
    north = math.cos(latitude) * z - math.sin(latitude) * (math.cos(longitude) * x + math.sin(longitude) * y)
    bearing, _, distance = EARTH.inv(
        *(value / 1e7 for value in (place.longitude_1e7deg, place.latitude_1e7deg)),
        *(value / 1e7 for value in (moved.longitude_1e7deg, moved.latitude_1e7deg)),
    )
    assert distance == pytest.approx(math.hypot(east, north), abs=3)
    assert math.radians(bearing) == pytest.approx(math.atan2(east, north), abs=0.01)
    assert moved.height_mm == place.height_mm


def test_regions_and_standard_errors_grow_by_the_error() -> None:
    """95 % of two normal errors lie within 2.4477 standard deviations."""
    copy = released(event())
    assert copy.region.semi_major_m == pytest.approx(math.hypot(3_100, 4_895.4), abs=2)
    assert copy.region.semi_minor_m == pytest.approx(math.hypot(1_700, 4_895.4), abs=2)
    assert released(vessel()).position_sigma_mm == 2_000_000


def test_a_polygon_holds_what_it_held_three_standard_deviations_off() -> None:
    corners = tuple(
        Place(latitude_1e7deg=latitude, longitude_1e7deg=longitude)
        for latitude, longitude in (
            (350_000_000, 1_300_000_000),
            (351_000_000, 1_300_000_000),
            (351_000_000, 1_302_000_000),
        )
    )
    box = released(area(region=Polygon(corners=corners))).region.corners
    height_m = EARTH.inv(130, box[0].latitude_1e7deg / 1e7, 130, box[2].latitude_1e7deg / 1e7)[2]
    width_m = EARTH.inv(box[0].longitude_1e7deg / 1e7, 35.1, box[2].longitude_1e7deg / 1e7, 35.1)[2]
    # A tenth of a degree of the meridian is 11,095 m at 35 degrees, two of the parallel 18,216 m.
    assert height_m == pytest.approx(11_095 + 12_000, rel=0.01)
    assert width_m == pytest.approx(18_216 + 12_000, rel=0.01)


def test_a_position_fix_is_covered_and_says_so() -> None:
    fix = PositionFix(place=Place(latitude_1e7deg=1, longitude_1e7deg=2), sigma_mm=10_000)
    copy = released(report(observation=fix), form=Form.MEASUREMENTS).observation
    assert copy.place != fix.place
    assert copy.sigma_mm == math.ceil(math.hypot(10_000, 2_000_000))


def test_a_plot_cannot_be_covered_for_its_site_is_part_of_it() -> None:
    assert makeable(report(), Form.MEASUREMENTS, Duties())
    assert not makeable(report(), Form.MEASUREMENTS, COVER)
    with pytest.raises(UsageError, match="cannot be made from this report"):
        released(report(), form=Form.MEASUREMENTS)


@pytest.mark.parametrize("key", [b"", b"short", bytes(15)])
@pytest.mark.parametrize(
    "duties", [COVER, Duties(sigma_class_m=64), Duties(tear_line=True)], ids=["cover", "class", "tear-line"]
)
def test_nothing_is_hidden_by_a_key_that_can_be_guessed(key: bytes, duties: Duties) -> None:
    with pytest.raises(UsageError, match="need a key of 16 bytes or more"):
        degrade(track(), permit(track(), Form.TRACKS, duties), key)


def test_a_rounded_copy_is_made_of_the_covered_one() -> None:
    both = msgspec.structs.replace(COVER, round_position_m=5_000)
    covered = released(track()).state
    rounded = released(track(), both, Form.COARSE_TRACKS).state
    nearest = [math.floor(axis / 5_000_000 + 0.5) * 5_000_000 for axis in covered.position_mm]
    assert list(rounded.position_mm) == nearest


def test_control_items_are_never_covered() -> None:
    item = example("recall")
    assert released(item, form=Form.TRACKS).about == item.about
