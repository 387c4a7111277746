"""What the missile pipeline publishes, how often, and what it groups into one alarm."""

import dataclasses
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from tests.small_federation import START_NS, at, federation_of, head, impact, launch

from trilat.domains import Alarm
from trilat.domains.missile import MissilePipeline
from trilat.domains.missile.alarms import impact_alarms, launch_alarms, newest_kept
from trilat.domains.missile.pipeline import FALLING_FOR_S, IMPACT_EVERY_S
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Event,
    ObservationError,
    Place,
    PositionFix,
    RadarPlot,
    Report,
    Stage,
    Status,
    Track,
)
from trilat.scenario import named_scenario
from trilat.study import Yardstick

NODES = federation_of("multilateral").nodes


def _keys(alarms: tuple[Alarm, ...]) -> list[tuple[str, list[str]]]:
    return [(alarm.key, [party for party, _ in alarm.supporting]) for alarm in alarms]


def test_two_parties_that_saw_one_launch_make_one_alarm() -> None:
    events = [launch(NODES["USA"]), launch(NODES["JPN"], at_s=3.0), launch(NODES["KOR"], at_s=-3.0)]
    (alarm,) = launch_alarms(events, "JPN")
    assert alarm.basis_originator == "JPN"
    assert [party for party, _ in alarm.supporting] == ["KOR", "USA"]
    assert set(alarm.former_keys) == {"launch-KOR-seen", "launch-USA-seen"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(launch(NODES["USA"], at_s=40.0), id="another instant"),
        pytest.param(launch(NODES["USA"], place_deg=(40.0, 129.67)), id="100 km away"),
        pytest.param(launch(NODES["USA"], place=None), id="no place"),
        pytest.param(launch(NODES["JPN"], "twice"), id="the same party again"),
    ],
)
def test_what_differs_or_is_ones_own_supports_nothing(other: Event) -> None:
    alarms = launch_alarms([launch(NODES["JPN"]), other], "JPN")
    assert all(alarm.supporting == () for alarm in alarms)


def test_impacts_agree_in_instant_and_place() -> None:
    mine = impact(NODES["JPN"], expected_s=600.0)
    same = impact(NODES["USA"], expected_s=610.0)
    later = impact(NODES["USA"], "later", expected_s=700.0)
    unknown = msgspec.structs.replace(impact(NODES["KOR"]), expected_ns=None)
    assert _keys(impact_alarms([mine, same], "JPN")) == [("impact-JPN-fall", ["USA"])]
    assert len(impact_alarms([mine, later], "JPN")) == 2
    assert len(impact_alarms([mine, unknown], "JPN")) == 2


def test_only_the_newest_version_is_kept() -> None:
    held: dict[str, Event] = {}
    for version in (2, 1, 3, 3):
        newest_kept(held, launch(NODES["JPN"], version=version))
    assert [item.version for item in held.values()] == [3]


def test_a_fix_of_a_ship_is_no_plot() -> None:
    node = NODES["JPN"]
    report = Report(
        **head(node, "report", "r-1", START_NS),
        sensor="ship",
        observation=PositionFix(place=Place(latitude_1e7deg=0, longitude_1e7deg=0), sigma_mm=1_000),
    )
    pipeline = MissilePipeline("JPN")
    with pytest.raises(ObservationError, match="is not a plot of a flying object"):
        pipeline.add(report)
    assert pipeline.estimates(START_NS) == ()


class Flight:
    """One party's plots through one pipeline, ticked once a second as a node would."""

    def __init__(self, seconds: float) -> None:
        scenario = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=seconds)
        self.launch_ns = scenario.launch_ns
        federation = federation_of("multilateral")
        labels = {party: node.label("report") for party, node in federation.nodes.items()}
        plotted = Yardstick(scenario, 1).reports(labels, Status.SIMULATED)
        reports = [report for _, party, report in plotted if party == "KOR" and isinstance(report, Report)]
        self.reports = {report.item_id: report for report in reports}
        self.items: list[tuple[float, AnyItem, tuple[str, ...]]] = []
        self.pipeline = MissilePipeline("KOR")
        self.node = federation.nodes["KOR"]
        self._names: dict[tuple[str, int], tuple[str, ...]] = {}
        for second in range(int(seconds) + 1):
            now_ns = self.launch_ns + second * SECOND_NS
            while reports and reports[0].valid_ns <= now_ns:
                self.pipeline.add(reports.pop(0))
            for item in self.pipeline.publish(now_ns, self._head):
                self.items.append((float(second), item, self._names[item.item_id, item.version]))
                self.pipeline.add(item)

    def _head(self, kind: str, name: str, subject: str, valid_ns: int, report_ids: tuple[str, ...]) -> Any:
        made = self.node.heads.head(
            name,
            subject,
            kind=kind,
            domain=self.pipeline.domain,
            valid_ns=valid_ns,
            now_ns=valid_ns,
            report_ids=report_ids,
        )
        self._names[made["item_id"], made["version"]] = report_ids
        return made


@pytest.fixture(scope="module")
def flight() -> Flight:
    return Flight(175.0)


def test_each_plot_is_published_once_as_a_tracklet(flight: Flight) -> None:
    names = [name for _, item, reports in flight.items if isinstance(item, Track) for name in reports]
    assert len(set(names)) == len(names)
    # All but a few that were nearer to nothing: the tracker's own gate is as wide.
    assert len(names) > 0.97 * len(flight.reports)
    tracks = [item for _, item, _ in flight.items if isinstance(item, Track)]
    assert sum(len(track.tracklets) for track in tracks) == len(names)
    for track in tracks:
        instants = {tracklet.epoch_ns for tracklet in track.tracklets}
        assert len(track.provenance.observations) == len(track.tracklets)
        assert all(instant <= track.valid_ns for instant in instants)


def test_a_track_is_published_once_a_second_at_most(flight: Flight) -> None:
    seconds = [second for second, item, _ in flight.items if isinstance(item, Track)]
    assert len(set(seconds)) == len(seconds)


def test_an_impact_area_comes_only_after_a_fall_that_is_no_staging_pause(flight: Flight) -> None:
    """The stages of this rocket are 3 s apart; the last burns out at 118 s."""
    areas = [
        (second, item)
        for second, item, _ in flight.items
        if isinstance(item, Area) and item.area is AreaKind.IMPACT
    ]
    assert areas, "the premise: it fell long enough"
    first_s = areas[0][0]
    falling = [
        second
        for second, item, _ in flight.items
        if isinstance(item, Track) and item.stage in {Stage.COAST, Stage.REENTRY} and second <= first_s
    ]
    began_s = falling[0]
    for earlier, later in pairwise(falling):
        if later - earlier > 1.5:
            began_s = later
    assert first_s >= began_s + FALLING_FOR_S
    assert first_s >= 118.0 + FALLING_FOR_S - 5.0
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(areas)]
    assert all(gap >= IMPACT_EVERY_S for gap in gaps)


def test_a_launch_is_told_and_told_again_only_when_it_changed(flight: Flight) -> None:
    launches = [item for _, item, _ in flight.items if isinstance(item, Event)]
    assert launches
    told = [(item.valid_ns, item.region) for item in launches]
    assert len(set(told)) == len(told)
    assert [item.version for item in launches] == list(range(1, len(launches) + 1))


def test_settled_plots_are_not_published_again() -> None:
    flight = Flight(60.0)
    pipeline = MissilePipeline("KOR")
    for report in flight.reports.values():
        pipeline.add(report)
    published = {name for _, _, reports in flight.items for name in reports}
    pipeline.settle(frozenset(published))
    left = [report_id for report_id, _ in pipeline._pending]
    assert set(left) == set(flight.reports) - published


def test_a_lone_plot_that_belongs_to_nothing_is_let_go() -> None:
    """It waits as long as the tracker's buffer; asking the tracker about older instants would raise."""
    flight = Flight(180.0)
    reports = list(flight.reports.values())
    stray_observation = reports[0].observation
    assert isinstance(stray_observation, RadarPlot)
    stray = msgspec.structs.replace(
        reports[0],
        item_id="KOR-r-stray",
        observation=msgspec.structs.replace(stray_observation, azimuth_nrad=4_000_000_000),
    )
    pipeline = MissilePipeline("KOR")
    pipeline.add(stray)
    for report in reports:
        pipeline.add(report)
    # As after a restart: everything is here, and nothing was published since the beginning.
    items = pipeline.publish(flight.launch_ns + 180 * SECOND_NS, flight._head)
    assert any(isinstance(item, Track) for item in items)
    assert "KOR-r-stray" not in [report_id for report_id, _ in pipeline._pending]


def test_the_instants_of_a_flight_are_those_of_its_scenario(flight: Flight) -> None:
    first = min(report.valid_ns for report in flight.reports.values())
    assert first >= flight.launch_ns
    assert at(0) == START_NS
