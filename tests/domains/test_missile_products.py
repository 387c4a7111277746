"""What a node says of its own tracks: stagings, burnouts, apogees, impacts of every object, each when new."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pymap3d
import pytest
from tests.domains.test_missile_pipeline import Flight
from tests.small_federation import START_NS, at, federation_of

from trilat.domains.missile.conversion import kinematics_of
from trilat.domains.missile.products import FALLING_FOR_S, IMPACT_EVERY_S, Products
from trilat.fusion import TrackEstimate, coasted
from trilat.geo import ecef_from_geodetic, enu_rotation
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Domain,
    Event,
    EventKind,
    Stage,
    Track,
    decode_item,
    encode,
)
from trilat.scenario import named_scenario

Array = npt.NDArray[np.float64]
EAST, NORTH, UP = enu_rotation(0.68, 2.3)
SMALL = np.diag([40.0**2] * 3 + [2.0**2] * 3)
BURNOUT_S = 20.0
START = np.concatenate([ecef_from_geodetic(0.68, 2.3, 90_000.0), 1_200.0 * EAST + 900.0 * UP])


def events_of(items: list[AnyItem], kind: EventKind) -> list[Event]:
    return [item for item in items if isinstance(item, Event) and item.event is kind]


@pytest.fixture(scope="module")
def flight() -> Flight:
    return Flight(175.0)


def test_a_burnout_is_told_once_and_within_its_error(flight: Flight) -> None:
    (burnout,) = events_of([item for _, item, _ in flight.items], EventKind.BURNOUT)
    end_s = named_scenario("two-stage-generic").last_burnout_s
    assert end_s is not None
    late_s = (burnout.valid_ns - flight.launch_ns) / SECOND_NS - end_s
    assert abs(late_s) < 4.0 * burnout.time_sigma_ms / 1e3
    assert burnout.time_sigma_ms < 3_000
    assert burnout.place is not None
    assert burnout.place.height_mm / 1e6 == pytest.approx(121.0, abs=8.0)


def test_an_apogee_is_predicted_within_its_error_and_said_again_only_when_it_moved(flight: Flight) -> None:
    scenario = named_scenario("two-stage-generic")
    path = scenario.trajectories[0]
    height = np.asarray(pymap3d.ecef2geodetic(*path.position_m.T)[2])
    told = events_of([item for _, item, _ in flight.items], EventKind.APOGEE)
    assert 1 <= len(told) < 20
    last = told[-1]
    assert last.expected_ns is not None
    assert last.valid_ns < last.expected_ns, "it is said before it is reached"
    late_s = (last.expected_ns - scenario.launch_ns) / SECOND_NS - path.t_s[int(np.argmax(height))]
    assert abs(late_s) < 4.0 * last.time_sigma_ms / 1e3 + 1.0
    assert last.place is not None
    assert last.region is not None
    assert abs(last.place.height_mm / 1e3 - height.max()) < 2.0 * last.region.semi_major_m


class Said:
    """Products fed by hand, with heads as a node makes them, and everything remembered as from items."""

    def __init__(self) -> None:
        self.products = Products()
        self.heads = federation_of("multilateral").nodes["KOR"].heads
        self.items: list[AnyItem] = []

    def head(self, kind: str, name: str, subject: str, valid_ns: int, report_ids: tuple[str, ...]) -> Any:
        return self.heads.head(
            name,
            subject,
            kind=kind,
            domain=Domain.MISSILE,
            valid_ns=valid_ns,
            now_ns=valid_ns,
            report_ids=report_ids,
        )

    def remember(self, items: list[AnyItem]) -> None:
        for item in items:
            key = item.subject.removeprefix("KOR-")
            if isinstance(item, Track):
                self.products.remember_track(key, item)
            elif isinstance(item, Event):
                self.products.remember_event(key, item)
            elif isinstance(item, Area) and item.area is AreaKind.IMPACT:
                self.products.remember_area(key, item)

    def tick(self, *estimates: TrackEstimate) -> list[AnyItem]:
        """What is said at one instant of all objects; their tracks are published with it."""
        made: list[AnyItem] = []
        for estimate in estimates:
            key = estimate.track_key
            track = Track(
                **self.head("track", key, key, estimate.time_ns, ()),
                stage=Stage(estimate.stage),
                state=kinematics_of(estimate.time_ns, estimate.mean, estimate.covariance),
            )
            others = [other for other in estimates if other is not estimate]
            made += [track, *self.products.of(estimate, others, estimate.time_ns, self.head)]
        self.remember(made)
        self.items += made
        return made


def estimate(at_s: float, mean: Array, stage: str, key: str = "t1", first_s: float = 0.0) -> TrackEstimate:
    return TrackEstimate(
        track_key=key,
        time_ns=at(at_s),
        mean=mean,
        covariance=SMALL,
        stage=stage,
        confirmed=True,
        sources=frozenset({"KOR"}),
        updates=round(at_s) + 3,
        first_time_ns=at(first_s),
        last_update_ns=at(at_s),
    )


def burning(at_s: float, thrust: float = 40.0) -> Any:
    """A straight climb under a steady thrust along its velocity, beside gravity."""
    mean, _ = coasted(START, SMALL, at_s)
    along = START[3:] / np.linalg.norm(START[3:])
    return mean + np.concatenate([0.5 * thrust * at_s**2 * along, thrust * at_s * along])


def falling(at_s: float) -> Any:
    mean, _ = coasted(burning(BURNOUT_S), SMALL, at_s - BURNOUT_S)
    return mean


def after_burnout(until_s: int) -> Said:
    said = Said()
    for second in range(1, until_s):
        if second < BURNOUT_S + 4:
            mean = burning(second) if second <= BURNOUT_S else falling(second)
            said.tick(estimate(second, mean, "boost"))
        else:
            said.tick(estimate(second, falling(second), "coast"))
    return said


def test_a_steady_burn_ends_when_it_ended() -> None:
    said = after_burnout(60)
    (burnout,) = events_of(said.items, EventKind.BURNOUT)
    assert (burnout.valid_ns - START_NS) / SECOND_NS == pytest.approx(BURNOUT_S, abs=0.6)


def test_a_burnout_after_which_it_burns_again_was_a_staging() -> None:
    said = after_burnout(60)
    for second in range(60, 70):
        said.tick(estimate(second, falling(second), "boost"))
    told = [item for item in said.items if item.item_id == "KOR-t1-burnout"]
    assert [(item.version, item.event.value) for item in told if isinstance(item, Event)] == [
        (1, "burnout"),
        (2, "staging"),
    ]


def test_nothing_is_told_of_a_pause_shorter_than_a_fall() -> None:
    assert events_of(after_burnout(round(BURNOUT_S) + FALLING_FOR_S).items, EventKind.BURNOUT) == []


def test_a_restart_tells_nothing_twice() -> None:
    said = after_burnout(60)
    again = Said()
    again.heads = said.heads
    again.remember([decode_item(encode(item)) for item in said.items])
    now = estimate(60.0, falling(60.0), "coast")
    told = {item.item_id for item in again.tick(now)} - {"KOR-t1"}
    assert told == {item.item_id for item in said.tick(now)} - {"KOR-t1"}
    assert "KOR-t1-burnout" not in told


def parted(at_s: float, since_s: float) -> tuple[Array, Array]:
    """A spent stage that falls, and the rest that burns on at 22 m/s2, `since_s` after they parted."""
    spent = falling(at_s)
    along = spent[3:] / np.linalg.norm(spent[3:])
    return spent, spent + np.concatenate([0.5 * 22.0 * since_s**2 * along, 22.0 * since_s * along])


def test_a_second_object_that_parts_is_a_staging_told_once_of_the_younger() -> None:
    said = Said()
    for second in range(30, 40):
        spent, rest = parted(second, second - 26.0)
        said.tick(estimate(second, rest, "boost"), estimate(second, spent, "coast", "t2", first_s=27.0))
    (staging,) = events_of(said.items, EventKind.STAGING)
    assert staging.item_id == "KOR-t2-staging"
    assert (staging.valid_ns - START_NS) / SECOND_NS == pytest.approx(
        26.0, abs=4.0 * staging.time_sigma_ms / 1e3
    )


def test_two_objects_that_fly_side_by_side_did_not_part() -> None:
    said = Said()
    for second in range(30, 40):
        beside = falling(second) + np.concatenate([5_000.0 * NORTH, np.zeros(3)])
        said.tick(
            estimate(second, falling(second), "coast"), estimate(second, beside, "coast", "t2", first_s=27.0)
        )
    assert events_of(said.items, EventKind.STAGING) == []


def test_every_object_that_falls_has_an_impact_area_and_not_too_often() -> None:
    said = Said()
    for second in range(24, 70):
        beside = falling(second) + np.concatenate([np.zeros(3), -150.0 * EAST])
        said.tick(estimate(second, falling(second), "coast"), estimate(second, beside, "coast", "t2"))
    areas = [item for item in said.items if isinstance(item, Area)]
    assert {area.item_id for area in areas} == {"KOR-t1-impact-area", "KOR-t2-impact-area"}
    for name in ("KOR-t1-impact-area", "KOR-t2-impact-area"):
        instants = [area.valid_ns for area in areas if area.item_id == name]
        assert min(np.diff(instants)) >= IMPACT_EVERY_S * SECOND_NS
    assert all(area.expected_ns is not None and area.expected_ns > area.valid_ns for area in areas)


def test_what_is_in_orbit_or_unknown_has_no_impact_and_no_apogee_for_ever() -> None:
    said = Said()
    round_s = math.sqrt(3.986e14 / 6.778e6)
    position = np.array([6.778e6, 0.0, 0.0])
    orbit = np.concatenate([position, [0.0, round_s - 7.292115e-5 * 6.778e6, 0.0]])
    for second in range(1, 40):
        mean, _ = coasted(orbit, SMALL, float(second))
        said.tick(estimate(second, mean, "coast"))
    assert [item for item in said.items if isinstance(item, Area)] == []
