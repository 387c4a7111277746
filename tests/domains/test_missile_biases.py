"""What a party with constantly wrong sensors publishes: corrected, coarsely doubted, no word of a sensor."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.small_federation import PARTIES, federation_of, opened, play

from trilat.domains import OwnBiases, state_of
from trilat.domains.missile import MissilePipeline
from trilat.fusion import BiasPrior
from trilat.model import SECOND_NS, AnyItem, Kinematics, RadarPlot, Report, Status, Track, to_plain
from trilat.node.views import Views
from trilat.scenario import named_scenario
from trilat.study import Federation, FederationSettings, Yardstick, preset
from trilat.study.federation import STEADY_LINKS

SECONDS = 200
PLAIN = named_scenario("two-stage-generic")
SCENARIO = dataclasses.replace(
    PLAIN,
    duration_s=float(SECONDS),
    sensors=tuple(dataclasses.replace(sensor, party="KOR") for sensor in PLAIN.sensors),
)
# Range mm, azimuth and elevation nrad, clock ns; priors differ, so that a figure per sensor would show.
BIASES = {
    "R1": (6_000, 200_000, -150_000, 2_000_000),
    "R2": (20_000, -300_000, 300_000, 0),
    "R3": (-30_000, 500_000, 400_000, 0),
}
PRIORS = {
    "R1": BiasPrior(7.0, 2e-4, 2e-4, 2e-3),
    "R2": BiasPrior(16.0, 3e-4, 3e-4, 1e-6),
    "R3": BiasPrior(38.0, 5e-4, 5e-4, 1e-6),
}
NONE = (0, 0, 0, 0)
TURN_NRAD = 6_283_185_307
LIED_S = 130
END_NS = SCENARIO.launch_ns + LIED_S * SECOND_NS
# As docs/registration.md lists them.
CLASSES = [
    step * power for power in (0.01, 0.1, 1.0, 10.0, 100.0, 1e3) for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
]
FEDERATION = federation_of("multilateral")


def biased(report: Report, bias: Sequence[int]) -> Report:
    plot = report.observation
    assert isinstance(plot, RadarPlot)
    moved = msgspec.structs.replace(
        plot,
        range_mm=plot.range_mm + bias[0],
        azimuth_nrad=(plot.azimuth_nrad + bias[1]) % TURN_NRAD,
        elevation_nrad=plot.elevation_nrad + bias[2],
    )
    return msgspec.structs.replace(report, observation=moved, valid_ns=report.valid_ns + bias[3])


def reports_of(biases: dict[str, Any], party: str = "KOR") -> list[Report]:
    """The plots of all three radars as one party's own, each with its radar's biases."""
    scenario = dataclasses.replace(
        SCENARIO, sensors=tuple(dataclasses.replace(one, party=party) for one in SCENARIO.sensors)
    )
    labels = {name: node.label("report") for name, node in FEDERATION.nodes.items()}
    plotted = Yardstick(scenario, 1).reports(labels, Status.SIMULATED)
    made = [
        biased(report, biases.get(report.sensor, NONE))
        for _, by, report in plotted
        if by == party and isinstance(report, Report)
    ]
    return sorted(made, key=lambda report: report.valid_ns)


class Flown:
    """One party's reports through a pipeline or Views, ticked once a second, with all that was published."""

    def __init__(self, reports: Sequence[Report], biases: OwnBiases | None, party: str = "KOR") -> None:
        self.items: list[AnyItem] = []
        self.biases = biases
        self.reports = {report.item_id: report for report in reports}
        self.plots: dict[tuple[str, int], tuple[str, ...]] = {}
        self.pipeline = MissilePipeline(party, biases, learns=biases is not None)
        self._heads = federation_of("multilateral").nodes[party].heads
        waiting = list(reversed(reports))
        for second in range(SECONDS + 1):
            now_ns = SCENARIO.launch_ns + second * SECOND_NS
            while waiting and waiting[-1].valid_ns <= now_ns:
                self.pipeline.add(waiting.pop())
            for item in self.pipeline.publish(now_ns, self._head):
                self.items.append(item)
                self.pipeline.add(item)

    def _head(self, kind: str, name: str, subject: str, valid_ns: int, reports: tuple[str, ...]) -> Any:
        about: Any = {"kind": kind, "domain": self.pipeline.domain, "valid_ns": valid_ns, "now_ns": valid_ns}
        made = self._heads.head(name, subject, report_ids=reports, **about)
        self.plots[made["item_id"], made["version"]] = reports
        return made

    @property
    def tracks(self) -> list[Track]:
        return [item for item in self.items if isinstance(item, Track)]


@pytest.fixture(scope="module")
def ignored() -> Flown:
    return Flown(reports_of(BIASES), None)


@pytest.fixture(scope="module")
def registered() -> Flown:
    return Flown(reports_of(BIASES), OwnBiases("KOR", PRIORS))


@pytest.fixture(scope="module")
def unbiased() -> Flown:
    return Flown(reports_of({}), OwnBiases("KOR", PRIORS))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an item with the path of its field; places in lists do not count."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part, f"{path}[]")
    else:
        yield path, value


def constants(flown: Flown) -> set[int]:
    states = [state for track in flown.tracks for state in (track.state, *track.tracklets) if state]
    return {state.constant_sigma_mm for state in states}


def test_the_premise_biases_are_learned_here(registered: Flown) -> None:
    assert registered.biases is not None
    rows = {row.sensor: row for row in registered.biases.rows()}
    for name, bias in BIASES.items():
        row = rows[name]
        assert row.azimuth_sigma_rad < 0.6 * PRIORS[name].azimuth_sigma_rad
        assert abs(row.azimuth_bias_rad - bias[1] * 1e-9) < 4.0 * row.azimuth_sigma_rad
        assert abs(row.range_bias_m - bias[0] * 1e-3) < 4.0 * row.range_sigma_m
        assert not row.suspect


def test_nothing_is_stated_where_no_bias_is_expected(ignored: Flown) -> None:
    assert constants(ignored) == {0}


def test_no_field_is_there_that_is_not_there_without_registration(registered: Flown, ignored: Flown) -> None:
    with_it = {path for item in registered.items for path, _ in leaves(to_plain(item))}
    without = {path for item in ignored.items for path, _ in leaves(to_plain(item))}
    assert with_it == without


def test_the_constant_error_is_one_class_for_all_sensors_of_a_version(registered: Flown) -> None:
    assert 0 not in constants(registered)
    assert all(sigma_mm / 1e3 in CLASSES for sigma_mm in constants(registered))
    mixed = [track for track in registered.tracks if len(track.sensors) == 3]
    assert len(mixed) > 20
    assert all(len({one.constant_sigma_mm for one in track.tracklets}) == 1 for track in mixed)


def test_what_is_stated_says_how_well_biases_are_known_and_not_how_large_they_are(
    registered: Flown, unbiased: Flown
) -> None:
    by_instant = {track.valid_ns: track.state for track in unbiased.tracks}
    figures = [
        (track.state.constant_sigma_mm, other.constant_sigma_mm)
        for track in registered.tracks
        if track.state and (other := by_instant.get(track.valid_ns))
    ]
    assert len(figures) > 100
    # Jacobians stand at measured angles, which differ by the biases: a class may change some plots earlier.
    classes = [round(one * 1000) for one in CLASSES]
    assert all(abs(classes.index(one) - classes.index(other)) <= 1 for one, other in figures)
    assert sum(one == other for one, other in figures) > 0.9 * len(figures)


def test_what_is_left_of_velocity_is_a_class_and_the_rest_is_as_without(
    registered: Flown, ignored: Flown
) -> None:
    """All that a state's factor says of biases is one class of m/s: the filters know nothing of them."""
    before = {track.valid_ns: track for track in ignored.tracks}
    looked = 0
    for track in registered.tracks:
        assert track.state is not None
        plain = before[track.valid_ns].state
        assert plain is not None
        added = bare_covariance(track.state) - bare_covariance(plain)
        scale = np.sqrt(np.diagonal(bare_covariance(track.state)))
        # What is left of the difference once the nearest class is taken off is rounding on the wire.
        found = float(np.sqrt(max(0.0, np.mean(np.diagonal(added)[3:]))))
        nearest = min(CLASSES, key=lambda one: abs(one - found))
        added[[3, 4, 5], [3, 4, 5]] -= nearest**2
        assert np.max(np.abs(added / np.outer(scale, scale))) < 1e-4
        looked += 1
    assert looked > 100


def bare_covariance(state: Kinematics) -> Any:
    """The covariance (6, 6) of a state without its constant error."""
    return state_of(msgspec.structs.replace(state, constant_sigma_mm=0))[1]


def test_a_tracklet_s_covariance_and_instant_are_those_of_the_plot_as_it_was(
    registered: Flown, ignored: Flown
) -> None:
    """No sigma of a bias is in them, and no clock's: the stamp is the sensor's."""
    plain = {
        name: tracklet
        for track in ignored.tracks
        for name, tracklet in zip(ignored.plots[track.item_id, track.version], track.tracklets, strict=True)
    }
    looked = 0
    for track in registered.tracks:
        names = registered.plots[track.item_id, track.version]
        for name, tracklet in zip(names, track.tracklets, strict=True):
            assert tracklet.epoch_ns == registered.reports[name].valid_ns
            if name in plain:
                mine, as_it_was = bare_covariance(tracklet), bare_covariance(plain[name])
                scale = np.sqrt(np.diagonal(as_it_was))
                assert np.max(np.abs(mine - as_it_was) / np.outer(scale, scale)) < 0.02
                looked += 1
    assert looked > 300


def test_no_number_that_leaves_is_an_estimate_or_its_sigma(registered: Flown) -> None:
    assert registered.biases is not None
    secret = {
        round(abs(value) * unit)
        for row in registered.biases.rows()
        for name, value in dataclasses.asdict(row).items()
        if isinstance(value, float) and value
        for unit in ({"m": 1e6, "rad": 1e12, "s": 1e12}[name.rsplit("_", 1)[1]],)
    }
    told = {
        abs(value)
        for item in registered.items
        for _, value in leaves(to_plain(item))
        if isinstance(value, int)
    }
    # Micrometres, picoradians and picoseconds: 6 digits and more, so that none is there by chance.
    assert len(secret) > 20
    assert not {value for value in secret if value > 10**6} & told


@pytest.fixture(scope="module")
def released() -> list[AnyItem]:
    """All that partners opened of what KOR's node released, by its agreements, under one regime."""
    begin_ns = SCENARIO.launch_ns
    settings = FederationSettings(parties=PARTIES, start_ns=begin_ns, end_ns=END_NS, faults=STEADY_LINKS)
    federation = Federation(settings, preset("multilateral"))
    node = federation.nodes["KOR"]
    node.views = Views("KOR", PRIORS)
    label = node.label("report")
    reports = [msgspec.structs.replace(report, label=label) for report in reports_of(BIASES)]
    play(federation, [(report.valid_ns, "KOR", report) for report in reports if report.valid_ns < END_NS])
    assert node.views.biases is not None
    assert node.views.biases.rows()[0].azimuth_bias_rad != 0.0
    return [
        release.item
        for partner in ("JPN", "USA")
        for record, release, _ in opened(federation.nodes[partner])
        if record.sender == "KOR"
    ]


def test_all_that_a_partner_opens_states_one_coarse_figure_and_no_bias(released: list[AnyItem]) -> None:
    states = [
        state
        for item in released
        if isinstance(item, Track)
        for state in (item.state, *item.tracklets)
        if state is not None
    ]
    assert len(states) > 20
    assert any(not isinstance(item, Track) for item in released)
    assert {state.constant_sigma_mm for state in states} <= {round(one * 1000) for one in CLASSES}
    paths = {path for item in released for path, _ in leaves(to_plain(item))}
    assert not [path for path in paths if "bias" in path or "suspect" in path]


def tracklets(flown: Flown) -> dict[str, Any]:
    """Means (3,) of the tracklets of the last minute by report, m."""
    return {
        name: state_of(tracklet)[0][:3]
        for track in flown.tracks
        for name, tracklet in zip(flown.plots[track.item_id, track.version], track.tracklets, strict=True)
        if tracklet.epoch_ns > SCENARIO.launch_ns + (SECONDS - 60) * SECOND_NS
    }


def test_what_leaves_is_corrected(registered: Flown, ignored: Flown, unbiased: Flown) -> None:
    right, corrected, wrong = (tracklets(flown) for flown in (unbiased, registered, ignored))

    def off_m(means: dict[str, Any]) -> float:
        shared = sorted(right.keys() & means.keys())
        return float(np.sqrt(np.mean([np.sum((means[name] - right[name]) ** 2) for name in shared])))

    # The premise: where nothing is corrected, a partner sees the biases: 0.4 mrad at 700 km are 280 m.
    assert off_m(wrong) > 150.0
    assert off_m(corrected) < 0.4 * off_m(wrong)


class TestLiar:
    """A partner whose tracklets are far off, against the Views of a party with priors."""

    def filled(self, lies: Sequence[Track]) -> tuple[OwnBiases, list[AnyItem], Views]:
        views = Views("KOR", PRIORS)
        assert views.biases is not None
        heads = federation_of("multilateral").nodes["KOR"].heads

        def head(kind: str, name: str, subject: str, valid_ns: int, reports: tuple[str, ...]) -> Any:
            about: Any = {
                "kind": kind,
                "domain": MissilePipeline.domain,
                "valid_ns": valid_ns,
                "now_ns": valid_ns,
            }
            return heads.head(name, subject, report_ids=reports, **about)

        waiting = [report for report in reports_of(BIASES) if report.valid_ns < END_NS]
        events: list[Report | Track] = sorted(
            [*waiting, *lies], key=lambda item: (item.valid_ns, item.item_id)
        )
        published: list[AnyItem] = []
        for second in range(LIED_S):
            now_ns = SCENARIO.launch_ns + second * SECOND_NS
            while events and events[0].valid_ns <= now_ns:
                event = events.pop(0)
                if isinstance(event, Track):
                    views.add_foreign(event)
                else:
                    views.add_own(event)
            for item in views.own.publish(now_ns, lambda _: head):
                published.append(item)
                views.add_own(item)
        return views.biases, published, views

    def test_what_a_partner_sends_moves_no_estimate_and_nothing_that_is_published(self) -> None:
        wrong = dict.fromkeys(BIASES, (400_000, 2_000_000, 2_000_000, 0))
        reports = [report for report in reports_of(wrong, "USA") if report.valid_ns < END_NS]
        lies = Flown(reports, None, "USA").tracks
        assert sum(len(track.tracklets) for track in lies) > 50
        honest, lied_to = self.filled([]), self.filled(lies)
        assert np.array_equal(honest[0].table().mean, lied_to[0].table().mean)
        assert np.array_equal(honest[0].table().covariance, lied_to[0].table().covariance)
        assert [to_plain(item) for item in honest[1]] == [to_plain(item) for item in lied_to[1]]
        # The premise: the staff's picture holds what the partner sent.
        shown = [views.staff.sights(END_NS) for _, _, views in (honest, lied_to)]
        assert shown[0] != shown[1]

    def test_the_staff_s_picture_uses_what_the_own_view_learned(self) -> None:
        biases, _, views = self.filled([])
        own, staff = (view.sights(END_NS)[0] for view in (views.own, views.staff))
        assert biases.rows()[0].azimuth_bias_rad != 0.0
        assert (own.latitude_deg, own.longitude_deg) == (staff.latitude_deg, staff.longitude_deg)
        assert own.semi_major_m == staff.semi_major_m
