"""What is shown of an item is what is in its release: numbers judged by pyproj, pymap3d and scipy."""

import math
from typing import Any

import msgspec
import numpy as np
import pymap3d
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from tests.policy.cases import NOW_NS, area, event, head, kinematics, label, track, vessel

from trilat.domains import Sight, motion_of
from trilat.domains.maritime import VesselPipeline
from trilat.domains.missile.conversion import kinematics_of
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Attribution,
    Decision,
    Domain,
    Duties,
    Ellipse,
    Form,
    ItemReference,
    Kinematics,
    Outcome,
    Place,
    Polygon,
    Provenance,
    Reason,
    Stage,
    Warning,
    WarningKind,
    WarningState,
)
from trilat.node.shown import decision_row, shown, shown_sight
from trilat.policy import degrade

TO_GEODETIC = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
DEGREE_ERROR = 1e-6
"""Half of the last digit that is shown, and what a millimetre is."""

TENTH = 0.051
"""Half of the last digit that is shown of metres and degrees."""

LATITUDES = st.floats(-89.0, 89.0)
LONGITUDES = st.floats(-179.9, 179.9)


def _shown(item: AnyItem, form: Form = Form.TRACKS, sender: str | None = None, **duties: Any) -> Any:
    decision = Decision(
        item=ItemReference(item_id=item.item_id, version=item.version),
        sender="JPN",
        recipient="OBS",
        via=None,
        purpose="missile-warning",
        decided_ns=NOW_NS,
        outcome=Outcome.PERMIT,
        clauses=("a.toml#1",),
        reasons=(Reason.PERMITTED,),
        form=form,
        duties=Duties(**duties),
    )
    return shown(degrade(item, decision), sender)


def _local_axes(latitude_deg: float, longitude_deg: float) -> np.ndarray:
    """East, north, up in ECEF as columns, by pymap3d."""
    columns = [pymap3d.enu2uvw(*unit, latitude_deg, longitude_deg) for unit in np.eye(3)]
    return np.array(columns, dtype=np.float64).T


def _state(
    latitude_deg: float,
    longitude_deg: float,
    height_m: float,
    velocity_enu: tuple[float, float, float] = (0.0, 0.0, 0.0),
    covariance_enu: np.ndarray | None = None,
    constant_sigma_mm: int = 0,
) -> Kinematics:
    """A wire state from local words, by pymap3d."""
    axes = _local_axes(latitude_deg, longitude_deg)
    mean = np.zeros(6)
    mean[:3] = pymap3d.geodetic2ecef(latitude_deg, longitude_deg, height_m)
    mean[3:] = axes @ np.array(velocity_enu)
    covariance = np.eye(6)
    if covariance_enu is not None:
        covariance[:3, :3] = axes @ covariance_enu @ axes.T
    made = kinematics_of(NOW_NS, mean, covariance)
    return msgspec.structs.replace(made, constant_sigma_mm=constant_sigma_mm)


@settings(deadline=None)
@given(latitude=LATITUDES, longitude=LONGITUDES, height=st.floats(-500.0, 2_000_000.0))
def test_a_track_stands_where_pyproj_says(latitude: float, longitude: float, height: float) -> None:
    state = _state(latitude, longitude, height)
    x_m, y_m, z_m = (part / 1e3 for part in state.position_mm)
    expected = TO_GEODETIC.transform(x_m, y_m, z_m)
    plain = _shown(track(state=state))
    assert plain["lon"] == pytest.approx(expected[0], abs=DEGREE_ERROR)
    assert plain["lat"] == pytest.approx(expected[1], abs=DEGREE_ERROR)
    # The height is what pymap3d was given: far up pyproj's own is some millimetres off.
    assert plain["height_m"] == pytest.approx(height, abs=TENTH)


@pytest.mark.parametrize(
    ("velocity", "course_deg"),
    [
        pytest.param((0.0, 100.0, 0.0), 0.0, id="north"),
        pytest.param((100.0, 0.0, 0.0), 90.0, id="east"),
        pytest.param((0.0, -100.0, 50.0), 180.0, id="south and up"),
        pytest.param((-100.0, 100.0, -30.0), 315.0, id="north-west and down"),
        pytest.param((0.0, 0.0, 900.0), None, id="straight up has no course"),
        pytest.param((0.0, 0.0, 0.0), None, id="standing has no course"),
    ],
)
@pytest.mark.parametrize("place", [(35.0, 139.0), (-60.0, -179.99), (0.0, 0.0)])
def test_speed_course_and_climb_are_those_over_the_ground(
    place: tuple[float, float], velocity: tuple[float, float, float], course_deg: float | None
) -> None:
    plain = _shown(track(state=_state(*place, 100_000.0, velocity)))
    assert plain["speed_m_per_s"] == pytest.approx(math.dist((0, 0, 0), velocity), abs=TENTH)
    assert plain["climb_m_per_s"] == pytest.approx(velocity[2], abs=TENTH)
    if course_deg is None:
        assert plain["course_deg"] is None
    else:
        assert (plain["course_deg"] - course_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=0.11)


@settings(deadline=None)
@given(
    latitude=LATITUDES,
    longitude=LONGITUDES,
    major=st.floats(20.0, 50_000.0),
    ratio=st.floats(0.05, 0.9),
    bearing=st.floats(0.0, 179.9),
    up=st.floats(5.0, 9_000.0),
)
def test_the_ellipse_is_three_sigma_of_what_lies_over_the_ground(
    latitude: float, longitude: float, major: float, ratio: float, bearing: float, up: float
) -> None:
    turned = math.radians(bearing)
    along = np.array([math.sin(turned), math.cos(turned), 0.0])
    across = np.array([math.cos(turned), -math.sin(turned), 0.0])
    covariance = np.diag([0.0, 0.0, up**2])
    covariance += major**2 * np.outer(along, along) + (ratio * major) ** 2 * np.outer(across, across)
    plain = _shown(track(state=_state(latitude, longitude, 50_000.0, covariance_enu=covariance)))
    assert plain["ellipse"]["semi_major_m"] == pytest.approx(3.0 * major, rel=1e-4, abs=TENTH)
    assert plain["ellipse"]["semi_minor_m"] == pytest.approx(3.0 * ratio * major, rel=1e-4, abs=TENTH)
    assert plain["height_sigma_m"] == pytest.approx(up, rel=1e-4, abs=TENTH)
    off_deg = (plain["ellipse"]["bearing_deg"] - bearing + 90.0) % 180.0 - 90.0
    assert off_deg == pytest.approx(0.0, abs=0.2)


def test_the_constant_error_is_added_as_a_square() -> None:
    covariance = np.diag([30.0**2, 30.0**2, 30.0**2])
    plain = _shown(track(state=_state(40.0, 130.0, 1e5, covariance_enu=covariance, constant_sigma_mm=40_000)))
    assert plain["ellipse"]["semi_major_m"] == pytest.approx(150.0, abs=TENTH)
    assert plain["ellipse"]["semi_minor_m"] == pytest.approx(150.0, abs=TENTH)
    assert plain["height_sigma_m"] == pytest.approx(50.0, abs=TENTH)


def test_a_track_without_a_state_stands_at_its_newest_tracklet() -> None:
    older = msgspec.structs.replace(_state(10.0, 20.0, 1e4), epoch_ns=NOW_NS - SECOND_NS)
    newer = _state(11.0, 21.0, 2e4)
    plain = _shown(track(state=None, tracklets=(newer, older), valid_ns=NOW_NS + 5), Form.TRACKLETS)
    assert (plain["lat"], plain["lon"], plain["height_m"]) == (11.0, 21.0, 20_000.0)
    assert plain["valid_ns"] == NOW_NS, "a place is shown at its own instant"
    assert plain["form"] == "tracklets"


NOWHERE: list[Any] = [
    pytest.param(track(state=None, tracklets=()), Form.EXISTENCE, id="a track of which only is said it is"),
    pytest.param(track(), Form.EXISTENCE, id="a track whose state was taken out"),
    pytest.param(track(state=kinematics(position_mm=(0, 0, 0))), Form.TRACKS, id="at the Earth's centre"),
]


@pytest.mark.parametrize(("item", "form"), NOWHERE)
def test_what_has_no_place_is_shown_without_one(item: AnyItem, form: Form) -> None:
    plain = _shown(item, form)
    assert plain["kind"] == "track"
    assert not {"lat", "lon", "height_m", "ellipse", "speed_m_per_s"} & plain.keys()


@settings(deadline=None)
@given(
    position=st.tuples(*[st.integers(-(2**63) + 1, 2**63 - 1)] * 3),
    velocity=st.tuples(*[st.integers(-(2**63) + 1, 2**63 - 1)] * 3),
    entry=st.integers(1, 2**63 - 1),
    constant=st.integers(0, 2**63 - 1),
)
def test_every_state_that_can_be_written_can_be_shown(
    position: Any, velocity: Any, entry: int, constant: int
) -> None:
    """A partner's nonsense may not stop a node."""
    state = kinematics(
        position_mm=position,
        velocity_mm_per_s=velocity,
        covariance_factor=(entry,) * 21,
        constant_sigma_mm=constant,
    )
    text = msgspec.json.encode(_shown(track(state=state)))
    assert b"NaN" not in text
    assert b"null" in text, "the sender"
    assert motion_of(np.full(6, np.nan), np.eye(6)) is None


def test_the_head_says_whose_it_is_and_how_it_came() -> None:
    plain = _shown(track("KOR"), sender="USA")
    assert plain["id"] == "KOR/item/7"
    assert plain["version"] == 3
    assert (plain["kind"], plain["domain"], plain["status"]) == ("track", "missile", "simulated")
    assert (plain["originator"], plain["originators"], plain["sender"]) == ("KOR", ["KOR"], "USA")
    assert (plain["form"], plain["marking"], plain["stage"]) == ("tracks", "KOR II", "unknown")
    assert plain["valid_ns"] == NOW_NS


@pytest.mark.parametrize("attribution", [Attribution.OFFICE, Attribution.ANONYMOUS])
def test_who_may_not_be_named_is_shown_as_the_party(attribution: Attribution) -> None:
    watch = track(label=label("JPN/watch"), provenance=Provenance(originators=("JPN/watch", "KOR/desk")))
    named = _shown(watch)
    assert (named["originator"], named["originators"]) == ("JPN/watch", ["JPN/watch", "KOR/desk"])
    plain = _shown(watch, attribution=attribution)
    assert (plain["originator"], plain["originators"]) == ("JPN", ["JPN", "KOR"])


def test_an_event_has_its_place_and_its_region() -> None:
    plain = _shown(event(), Form.AREAS)
    assert (plain["event"], plain["time_sigma_ms"]) == ("launch", 900)
    assert (plain["lat"], plain["lon"]) == (40.851234, 129.665432)
    assert plain["ellipse"] == {"semi_major_m": 3100.0, "semi_minor_m": 1700.0, "bearing_deg": 0.0}


def test_an_event_without_a_place_has_its_regions_centre_or_none() -> None:
    by_region = _shown(event(place=None), Form.AREAS)
    assert (by_region["lat"], by_region["lon"]) == (40.851234, 129.665432)
    nowhere = _shown(event(), Form.EXISTENCE)
    assert (nowhere["lat"], nowhere["lon"], nowhere["ellipse"]) == (None, None, None)


@pytest.mark.parametrize("probability_ppm", [1, 393_469, 500_000, 950_000, 990_000, 999_999])
def test_a_region_of_any_probability_is_shown_with_95_percent(probability_ppm: int) -> None:
    region = Ellipse(
        centre=Place(latitude_1e7deg=0, longitude_1e7deg=0),
        semi_major_m=90_000,
        semi_minor_m=30_000,
        bearing_mdeg=270_500,
        probability_ppm=probability_ppm,
    )
    plain = _shown(area(region=region), Form.AREAS)
    scale = math.sqrt(chi2.ppf(0.95, 2) / chi2.ppf(probability_ppm / 1e6, 2))
    assert plain["ellipse"]["semi_major_m"] == pytest.approx(90_000 * scale, rel=1e-6, abs=TENTH)
    assert plain["ellipse"]["semi_minor_m"] == pytest.approx(30_000 * scale, rel=1e-6, abs=TENTH)
    assert plain["ellipse"]["bearing_deg"] == 90.5


def _corners(*places: tuple[int, int]) -> Polygon:
    return Polygon(
        corners=tuple(
            Place(latitude_1e7deg=latitude * 10**7, longitude_1e7deg=longitude * 10**7)
            for latitude, longitude in places
        )
    )


@pytest.mark.parametrize(
    ("region", "middle"),
    [
        pytest.param(_corners((10, 179), (10, -179), (-10, -179), (-10, 179)), (0.0, 180.0), id="date line"),
        pytest.param(_corners((80, 0), (80, 120), (80, -120)), (90.0, None), id="around the pole"),
        pytest.param(_corners((0, 0), (0, 120), (0, -120)), (None, None), id="around the Earth"),
    ],
)
def test_a_polygon_has_its_corners_and_a_middle(region: Polygon, middle: tuple[Any, Any]) -> None:
    plain = _shown(area(region=region), Form.AREAS)
    assert plain["ellipse"] is None
    assert plain["polygon"] == [
        [corner.latitude_1e7deg / 1e7, corner.longitude_1e7deg / 1e7] for corner in region.corners
    ]
    latitude, longitude = middle
    assert plain["lat"] == (None if latitude is None else pytest.approx(latitude, abs=0.01))
    if longitude is not None:
        assert abs(plain["lon"]) == longitude
    assert (plain["expected_ns"], plain["time_sigma_ms"]) == (NOW_NS + 123_456_789_012, 4_000)


def test_a_warning_says_on_whose_word_and_has_no_place() -> None:
    warning = Warning(
        **head(),
        warning=WarningKind.LAUNCH,
        state=WarningState.RAISED,
        basis=(ItemReference(item_id="JPN-seen", version=1),),
        sources=("JPN",),
        text="a launch",
    )
    plain = _shown(warning, Form.AREAS)
    assert (plain["warning"], plain["state"], plain["sources"]) == ("launch", "raised", ["JPN"])
    assert (plain["text"], plain["lat"], plain["lon"]) == ("a launch", None, None)


def test_a_ship_is_shown_as_it_said_and_what_it_did_not_say_is_null() -> None:
    plain = _shown(vessel())
    assert (plain["lat"], plain["lon"], plain["mmsi"]) == (35.123457, 139.123457, "431000123")
    assert (plain["course_deg"], plain["speed_m_per_s"], plain["name"]) == (90.0, 7.0, "EXAMPLE MARU")
    silent = _shown(vessel(course_mdeg=None, speed_mm_per_s=None, ship_name=""))
    assert (silent["course_deg"], silent["speed_m_per_s"], silent["name"]) == (None, None, None)
    existence = _shown(vessel(), Form.EXISTENCE)
    assert (existence["lat"], existence["lon"], existence["name"]) == (None, None, None)


def test_minus_zero_is_zero_and_a_full_turn_is_none() -> None:
    """Equal pictures are equal bytes."""
    west = Place(latitude_1e7deg=-3, longitude_1e7deg=-4)
    plain = _shown(vessel(place=west, course_mdeg=359_970))
    assert msgspec.json.encode([plain["lat"], plain["lon"], plain["course_deg"]]) == b"[0.0,0.0,0.0]"


def _sight(**changes: Any) -> Sight:
    values: dict[str, Any] = {
        "key": "t1",
        "domain": Domain.MISSILE,
        "valid_ns": NOW_NS,
        "latitude_deg": 40.12345678,
        "longitude_deg": 129.0,
        "height_m": 1234.56,
        "sources": frozenset({"USA", "JPN"}),
        "stage": "coast",
        "confirmed": True,
    }
    return Sight(**{**values, **changes})


def test_an_object_that_a_concern_knows_less_of_has_nulls() -> None:
    plain = shown_sight(_sight())
    assert plain == {
        "key": "t1",
        "domain": "missile",
        "sources": ["JPN", "USA"],
        "speaker": None,
        "stage": "coast",
        "confirmed": True,
        "valid_ns": NOW_NS,
        "lat": 40.123457,
        "lon": 129.0,
        "height_m": 1234.6,
        "speed_m_per_s": None,
        "course_deg": None,
        "ellipse": None,
        "height_sigma_m": None,
    }


def test_an_object_with_everything_has_everything() -> None:
    plain = shown_sight(
        _sight(
            speed_m_per_s=3000.04,
            course_deg=359.99,
            height_sigma_m=12.34,
            semi_major_m=300.0,
            semi_minor_m=100.0,
            bearing_deg=45.04,
        )
    )
    assert (plain["speed_m_per_s"], plain["course_deg"], plain["height_sigma_m"]) == (3000.0, 0.0, 12.3)
    assert plain["ellipse"] == {"semi_major_m": 300.0, "semi_minor_m": 100.0, "bearing_deg": 45.0}


def _ships(*items: AnyItem) -> tuple[Sight, ...]:
    pipeline = VesselPipeline("JPN")
    for item in items:
        pipeline.add(item)
    return pipeline.sights(NOW_NS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (7.0, 90.0, None, None), id="a ship without a stated error has no circle"),
        pytest.param({"position_sigma_mm": 10_000}, (7.0, 90.0, 30.0, 0.0), id="three sigma"),
        pytest.param({"course_mdeg": None, "speed_mm_per_s": None}, (None, None, None, None), id="silent"),
    ],
)
def test_a_ships_sight_has_its_motion(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (sight,) = _ships(vessel(**changes))
    assert (sight.speed_m_per_s, sight.course_deg, sight.semi_major_m, sight.bearing_deg) == expected
    assert sight.semi_minor_m == sight.semi_major_m
    assert sight.height_sigma_m is None


def test_a_sight_is_made_again_when_something_came_and_only_then() -> None:
    pipeline = VesselPipeline("JPN")
    pipeline.add(vessel())
    pipeline.add(vessel(mmsi="431000124", place=None))
    first = pipeline.sights(NOW_NS)
    assert [sight.key for sight in first] == ["431000123"]
    assert pipeline.sights(NOW_NS + SECOND_NS)[0] is first[0]
    pipeline.add(vessel("KOR", valid_ns=NOW_NS - SECOND_NS))
    (heard_twice,) = pipeline.sights(NOW_NS)
    assert heard_twice.sources == {"JPN", "KOR"}
    assert heard_twice.valid_ns == NOW_NS, "the older report does not move the ship"


def test_a_decision_is_shown_with_its_reasons() -> None:
    item = track(stage=Stage.COAST)
    decision = Decision(
        item=ItemReference(item_id=item.item_id, version=item.version),
        sender="JPN",
        recipient="KOR",
        via="USA",
        purpose="missile-warning",
        decided_ns=NOW_NS,
        outcome=Outcome.WITHHOLD,
        clauses=("a.toml#4", "b.toml#1"),
        reasons=(Reason.NO_AGREEMENT, Reason.LEG_WITHHELD),
    )
    assert decision_row(12, item, decision, 7) == {
        "number": 12,
        "item_id": "JPN/item/7",
        "version": 3,
        "kind": "track",
        "originator": "JPN",
        "subject": "object-1",
        "sender": "JPN",
        "recipient": "KOR",
        "via": "USA",
        "outcome": "withhold",
        "reasons": ["no-agreement", "leg-withheld"],
        "clauses": ["a.toml#4", "b.toml#1"],
        "form": None,
        "at_ns": 7,
        "decided_ns": NOW_NS,
    }
