"""The whole tracker: many tracks, their life, names and memory, and whatever may be fed to it."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pymap3d
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trilat.fusion.traffic import (
    REFUSALS,
    Association,
    LocalFrame,
    Motion,
    SensorKind,
    TrafficSensor,
    TrafficSettings,
    TrafficTracker,
)
from trilat.fusion.traffic.life import Tracks
from trilat.model import ObservationError, UsageError

Array = npt.NDArray[Any]
S = 10**9
RADAR = TrafficSensor(
    "radar",
    SensorKind.RADAR,
    range_m_min=1e4,
    range_m_max=1.3e5,
    elevation_rad_min=0.0,
    elevation_rad_max=0.6,
    clutter_per_scan=6.0,
)
ADSB = TrafficSensor("adsb", SensorKind.POSITION, is_scanning=False, clutter_per_scan=0.01)
AIS = TrafficSensor("ais", SensorKind.SURFACE_POSITION, is_scanning=False, clutter_per_scan=0.01)
CAMERA = TrafficSensor("camera", SensorKind.DIRECTION, clutter_per_scan=0.1)
ALL = (RADAR, ADSB, AIS, CAMERA)


def polar(p: Array) -> Array:
    r = np.linalg.norm(p, axis=1)
    return np.stack([r, np.arctan2(p[:, 0], p[:, 1]), np.arcsin(p[:, 2] / r)], axis=1)


def sky(seed: int, n: int) -> tuple[Array, Array]:
    """Aircraft in the annulus of the reference scenario: positions and velocities (n, 3)."""
    rng = np.random.default_rng(seed)
    r, a = np.sqrt(rng.uniform(2e4**2, 1e5**2, n)), rng.uniform(0, 2 * math.pi, n)
    heading, speed = rng.uniform(0, 2 * math.pi, n), rng.uniform(100, 250, n)
    x = np.stack([r * np.sin(a), r * np.cos(a), rng.uniform(3e3, 1.1e4, n)], axis=1)
    return x, np.stack([speed * np.sin(heading), speed * np.cos(heading), np.zeros(n)], axis=1)


def look(rng: np.random.Generator, x: Array, clutter: float) -> Array:
    """A radar's scan of positions: noise, misses and clutter."""
    z = polar(x) + rng.standard_normal((len(x), 3)) * [30.0, 1e-3, 1e-3]
    z = z[rng.random(len(x)) < 0.9]
    k = rng.poisson(clutter)
    false = np.stack(
        [rng.uniform(2e4, 1e5, k), rng.uniform(-math.pi, math.pi, k), rng.uniform(0.03, 0.4, k)], axis=1
    )
    return rng.permutation(np.vstack([z, false]))


def run(tracker: TrafficTracker, seed: int, n: int, scans: int) -> tuple[Array, Array]:
    """The truth at the last scan, and which track each aircraft had at scan 30."""
    rng = np.random.default_rng([seed, 1])
    x, v = sky(seed, n)
    early = np.zeros(0)
    for second in range(scans):
        tracker.add_scan("radar", second * S, look(rng, x + second * v, 0.1 * n))
        if second == 30:
            early = nearest_tracks(tracker, x + second * v)
    return x + (scans - 1) * v, early


def nearest_tracks(tracker: TrafficTracker, x: Array) -> Array:
    picture = tracker.estimates()
    apart = np.linalg.norm(picture.means[:, None, :3] - x[None], axis=2)
    return np.where(apart.min(axis=0) < 500.0, picture.ident[apart.argmin(axis=0)], -1)


@pytest.mark.parametrize("motion", list(Motion))
@pytest.mark.parametrize("how", list(Association))
def test_sixty_aircraft_in_clutter_are_sixty_tracks_that_keep_their_names(
    how: Association, motion: Motion
) -> None:
    tracker = TrafficTracker([RADAR], TrafficSettings(association=how, motion=motion))
    truth, early = run(tracker, 3, 60, 60)
    late = nearest_tracks(tracker, truth)
    assert np.all(late > 0)
    assert len(set(late.tolist())) == 60
    assert np.count_nonzero(early == late) >= 58
    picture = tracker.estimates()
    assert picture.ident.size <= 62
    chosen = [int(np.flatnonzero(picture.ident == ident)[0]) for ident in late]
    errors = picture.means[chosen, :3] - truth
    nees = np.einsum("ki,kij,kj->k", errors, np.linalg.inv(picture.covariances[chosen, :3, :3]), errors)
    # Straight flight under noise meant for turns: the filter is careful, never sure of what it does not know.
    assert 0.3 < nees.mean() / 3.0 < 1.3
    assert np.median(np.linalg.norm(errors, axis=1)) < 60.0


@pytest.mark.parametrize("how", list(Association))
def test_the_same_scans_give_the_same_bits(how: Association) -> None:
    pictures = []
    for _ in range(2):
        tracker = TrafficTracker([RADAR], TrafficSettings(association=how))
        run(tracker, 7, 40, 35)
        pictures.append((tracker.estimates(), tracker.counts()))
    assert pictures[0][1] == pictures[1][1]
    for name, value in vars(pictures[0][0]).items():
        assert np.array_equal(value, getattr(pictures[1][0], name))


def test_clutter_alone_hardly_ever_makes_a_track() -> None:
    tracker = TrafficTracker([RADAR])
    rng = np.random.default_rng(0)
    most = 0
    for second in range(200):
        tracker.add_scan("radar", second * S, look(rng, np.zeros((0, 3)), 20.0))
        most = max(most, tracker.estimates().ident.size)
    assert tracker.counts()["confirmed"] <= 2
    assert most <= 1
    assert tracker.counts()["live"] < 60


def test_a_track_is_started_confirmed_coasted_and_ended() -> None:
    tracker = TrafficTracker([ADSB, RADAR], TrafficSettings(coast_s=30.0))
    x, v = np.array([[3e4, 2e4, 8e3]]), np.array([[200.0, 0.0, 0.0]])
    stages = []
    for second in range(10):
        tracker.add_scan("radar", second * S, polar(x + second * v))
        stages.append(tracker.estimates().ident.size)
    assert stages[0] == 0
    assert stages[-1] == 1
    ident = int(tracker.estimates().ident[0])
    # Reports of elsewhere say nothing about this one: it coasts.
    for second in range(10, 30):
        tracker.add_scan("adsb", second * S, np.array([[-9e4, 0.0, 9e3]]))
    coasting = tracker.estimates(30 * S)
    row = coasting.ident.tolist().index(ident)
    assert abs(coasting.means[row, 0] - 36_000.0) < 3_000.0
    assert tracker.counts()["live"] == 2
    # A radar that should see it and does not ends it soon.
    for second in range(30, 36):
        tracker.add_scan("radar", second * S, np.zeros((0, 3)))
    assert ident not in tracker.estimates(confirmed_only=False).ident
    assert tracker.history(ident).shape == (0, 7)


def test_a_gap_within_the_coast_keeps_the_name() -> None:
    tracker = TrafficTracker([ADSB])
    for second in [*range(10), *range(45, 60)]:
        tracker.add_scan("adsb", second * S, np.array([[200.0 * second, 0.0, 8e3]]))
        if second == 9:
            before = tracker.estimates().ident.tolist()
    assert before == tracker.estimates().ident.tolist() == [1]


def test_ended_names_are_never_given_again() -> None:
    tracker = TrafficTracker([ADSB], TrafficSettings(coast_s=5.0, tentative_s=5.0))
    names: list[int] = []
    for episode in range(4):
        for second in range(6):
            at = (episode * 100 + second) * S
            answer = tracker.add_scan("adsb", at, np.array([[episode * 1e4, 0.0, 8e3]]))
        names.append(int(answer.track[0]))
    assert len(set(names)) == 4


def test_the_memory_of_a_track_is_a_bounded_ring_in_order() -> None:
    tracker = TrafficTracker([ADSB], TrafficSettings(history_states=8))
    for second in range(21):
        tracker.add_scan("adsb", second * S, np.array([[200.0 * second, 0.0, 8e3]]))
        history = tracker.history(1)
        assert history[:, 0].tolist() == list(range(max(0, second - 7), second + 1))
    assert np.array_equal(history[-1, 1:], tracker.estimates().means[0])


def test_a_direction_sharpens_a_track_but_starts_none() -> None:
    tracker = TrafficTracker([RADAR, CAMERA])
    x = np.array([[3e4, 2e4, 8e3]])
    tracker.add_scan("camera", 0, polar(x)[:, 1:])
    assert tracker.counts()["live"] == 0
    for second in range(1, 6):
        tracker.add_scan("radar", second * S, polar(x))
    before = np.trace(tracker.estimates().covariances[0, :3, :3])
    tracker.add_scan("camera", 5 * S, polar(x)[:, 1:], sigmas=[1e-5, 1e-5])
    assert np.trace(tracker.estimates().covariances[0, :3, :3]) < 0.3 * before


def test_radar_adsb_and_range_rate_meet_in_one_track() -> None:
    """A radar 60 km from the origin, with its own horizontal, and positions of the same aircraft."""
    frame = LocalFrame(0.7, 2.2, 30.0)
    site = frame.positions(0.7, 2.2094, 20.0)
    radar = TrafficSensor(
        "far",
        SensorKind.RADAR,
        site_m=(float(site[0]), float(site[1]), float(site[2])),
        axes=frame.axes_at(0.7, 2.2094),
        range_rate_sigma_m_per_s=1.0,
        clutter_per_scan=0.1,
    )
    tracker = TrafficTracker([radar, ADSB])
    rng = np.random.default_rng(4)
    for second in range(40):
        lat, lon, height = math.degrees(0.701 + 3e-5 * second), math.degrees(2.203), 9_000.0
        azimuth, elevation, r = pymap3d.geodetic2aer(
            lat, lon, height, math.degrees(0.7), math.degrees(2.2094), 20.0
        )
        later = pymap3d.geodetic2aer(
            lat + math.degrees(3e-5), lon, height, math.degrees(0.7), math.degrees(2.2094), 20.0
        )
        if second % 2:
            plot = [r, math.radians(azimuth), math.radians(elevation), later[2] - r]
            noise = rng.standard_normal(4) * [30.0, 1e-3, 1e-3, 1.0]
            tracker.add_scan("far", second * S, np.array([plot]) + noise)
        else:
            where = frame.positions(math.radians(lat), math.radians(lon), height)
            tracker.add_scan("adsb", second * S, where[None] + rng.standard_normal((1, 3)) * [10, 10, 30])
    picture = tracker.estimates()
    assert picture.ident.tolist() == [1]
    expected = pymap3d.geodetic2enu(lat, lon, height, math.degrees(0.7), math.degrees(2.2), 30.0)
    assert np.linalg.norm(picture.means[0, :3] - expected) < 60.0
    ecef, covariance = frame.states_in_ecef(picture.means, picture.covariances)
    there = pymap3d.geodetic2ecef(lat, lon, height)
    assert np.linalg.norm(ecef[0, :3] - there) < 60.0
    assert np.trace(covariance[0]) == pytest.approx(np.trace(picture.covariances[0]))
    back = frame.geodetic(picture.means[0, :3])
    assert math.degrees(float(back[0])) == pytest.approx(lat, abs=1e-3)


def test_an_answer_names_the_track_of_each_plot_in_the_order_of_the_scan() -> None:
    tracker = TrafficTracker([ADSB])
    x = np.array([[0.0, 0.0, 8e3], [math.nan, 0.0, 8e3], [5e4, 0.0, 8e3]])
    first = tracker.add_scan("adsb", 0, x)
    assert first.track.tolist() == [1, -1, 2]
    second = tracker.add_scan("adsb", 5 * S, x[::-1])
    assert second.track.tolist() == [2, -1, 1]
    assert (second.accepted, second.refused, second.started) == (2, 1, 0)


GOOD = np.array([[3e4, 0.1, 0.2], [4e4, 0.2, 0.2]])
REFUSED: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("an unknown sensor", {"sensor": "sonar"}, {"refused-unknown-sensor": 2}),
    ("a sensor that is no name", {"sensor": None}, {"refused-unknown-sensor": 2}),
    ("a name that cannot be looked up", {"sensor": ["radar"]}, {"refused-unknown-sensor": 2}),
    ("words", {"values": [["a", "b", "c"]]}, {"refused-not-numbers": 1}),
    ("nothing", {"values": None}, {"refused-not-numbers": 1}),
    ("rows of several lengths", {"values": [[1.0, 2.0], [1.0]]}, {"refused-not-numbers": 2}),
    ("too few columns", {"values": GOOD[:, :2]}, {"refused-not-numbers": 2}),
    ("too many columns", {"values": np.ones((2, 4))}, {"refused-not-numbers": 2}),
    ("one plot that is no row", {"values": GOOD[0]}, {"refused-not-numbers": 3}),
    ("complex numbers", {"values": GOOD * 1j}, {"refused-not-numbers": 2}),
    ("sigmas of the wrong shape", {"sigmas": np.ones((3, 3))}, {"refused-not-numbers": 2}),
    ("sigmas that are words", {"sigmas": "abc"}, {"refused-not-numbers": 2}),
    ("a covariance for a radar", {"covariances": np.eye(3)}, {"refused-not-numbers": 2}),
    ("a site that is nowhere", {"site_m": [math.nan, 0, 0]}, {"refused-not-numbers": 2}),
    ("a site of two numbers", {"site_m": [0, 0]}, {"refused-not-numbers": 2}),
    ("a time that is a fraction", {"time_ns": 1.5}, {"refused-bad-time": 2}),
    ("a time that is true", {"time_ns": True}, {"refused-bad-time": 2}),
    ("a time beyond all tables", {"time_ns": 2**62}, {"refused-bad-time": 2}),
    ("no time", {"time_ns": None}, {"refused-bad-time": 2}),
    ("time running back", {"time_ns": 99 * S}, {"refused-late-scan": 2}),
    ("not a number", {"values": GOOD * [[1, 1, math.nan], [1, 1, 1]]}, {"refused-not-finite": 1}),
    ("infinity", {"values": GOOD * [[math.inf, 1, 1], [1, 1, 1]]}, {"refused-not-finite": 1}),
    ("a negative sigma", {"sigmas": [30.0, -1e-3, 1e-3]}, {"refused-bad-sigma": 2}),
    ("a sigma of zero", {"sigmas": [[0.0, 1e-3, 1e-3], [30, 1e-3, 1e-3]]}, {"refused-bad-sigma": 1}),
    ("a sigma that is not a number", {"sigmas": [math.nan, 1e-3, 1e-3]}, {"refused-bad-sigma": 2}),
    ("an infinite sigma", {"sigmas": [30.0, math.inf, 1e-3]}, {"refused-bad-sigma": 2}),
    ("a range beyond the sensor", {"values": GOOD * [1e3, 1, 1]}, {"refused-out-of-reach": 2}),
    ("a negative range", {"values": GOOD * [-1, 1, 1]}, {"refused-out-of-reach": 2}),
    ("an azimuth in degrees", {"values": GOOD * [1, 1e3, 1]}, {"refused-out-of-reach": 2}),
    ("an elevation past the zenith", {"values": GOOD * [1, 1, 10]}, {"refused-out-of-reach": 2}),
]


@pytest.mark.parametrize(("_", "changes", "expected"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_is_counted_plot_by_plot(_: str, changes: Any, expected: dict[str, int]) -> None:
    tracker = TrafficTracker(ALL)
    tracker.add_scan("radar", 100 * S, np.zeros((0, 3)))
    call: dict[str, Any] = {"sensor": "radar", "time_ns": 101 * S, "values": GOOD} | changes
    answer = tracker.add_scan(call.pop("sensor"), call.pop("time_ns"), call.pop("values"), **call)
    counts = tracker.counts()
    assert {name: counts[name] for name in REFUSALS if counts[name]} == expected
    assert answer.refused == sum(expected.values())
    assert len(answer.track) == answer.refused + answer.accepted


POSITION_FAULTS = [
    ("a negative variance", np.diag([100.0, -1.0, 100.0])),
    ("a singular covariance", np.ones((3, 3))),
    ("a correlation above one", np.array([[1.0, 2.0, 0], [2.0, 1.0, 0], [0, 0, 1.0]]) * 100),
    ("a covariance that is not symmetric", np.array([[1.0, 0.5, 0], [0.1, 1.0, 0], [0, 0, 1.0]]) * 100),
    ("a covariance that is not symmetric in height", np.array([[1.0, 0, 0.5], [0, 1.0, 0], [0, 0, 1]]) * 100),
    ("a covariance of NaN", np.full((3, 3), math.nan)),
    ("a covariance too small to be true", np.eye(3) * 1e-12),
    ("an infinite covariance", np.full((3, 3), math.inf)),
]


@pytest.mark.parametrize(("_", "covariance"), POSITION_FAULTS, ids=[row[0] for row in POSITION_FAULTS])
def test_a_covariance_that_is_none_is_counted(_: str, covariance: Array) -> None:
    tracker = TrafficTracker(ALL)
    answer = tracker.add_scan("adsb", 0, [[0.0, 0.0, 8e3]], covariances=covariance)
    assert answer.refused == tracker.counts()["refused-bad-sigma"] == 1


def test_a_position_in_ecef_by_mistake_is_out_of_reach() -> None:
    tracker = TrafficTracker(ALL)
    tracker.add_scan("adsb", 0, [[-3.9e6, 3.4e6, 4.2e6]])
    assert tracker.counts()["refused-out-of-reach"] == 1


def test_a_million_plots_at_one_instant_are_bounded_and_counted() -> None:
    tracker = TrafficTracker([RADAR], TrafficSettings(plots_max=5_000, tracks_max=1_000))
    rng = np.random.default_rng(0)
    values = np.stack(
        [rng.uniform(2e4, 1e5, 10**6), rng.uniform(-3, 3, 10**6), rng.uniform(0, 0.5, 10**6)], 1
    )
    for second in range(3):
        answer = tracker.add_scan("radar", second * S, values)
        assert len(answer.track) == 10**6
    counts = tracker.counts()
    assert counts["refused-too-many-plots"] == 3 * 995_000
    assert counts["live"] <= 1_000
    assert counts["refused-no-room"] > 0


def test_plots_on_one_spot_are_bounded_too() -> None:
    """Every plot in every gate: the list of each track is cut, and the rest is counted."""
    tracker = TrafficTracker([RADAR], TrafficSettings(association=Association.JOINT))
    values = np.tile([[3e4, 0.5, 0.2]], (100, 1))
    for second in range(3):
        tracker.add_scan("radar", second * S, values)
    assert tracker.counts()["crowded-out"] > 0
    assert_sound(tracker)


def assert_sound(tracker: TrafficTracker) -> None:
    """Every live track is finite and its covariance positive definite, scaled to unit variances."""
    picture = tracker.estimates(confirmed_only=False)
    assert np.all(np.isfinite(picture.means))
    for covariance in picture.covariances:
        scale = np.sqrt(np.diagonal(covariance))
        assert np.all(scale > 0.0)
        assert np.linalg.eigvalsh(covariance / np.outer(scale, scale)).min() > 0.0
    assert np.all((picture.existence > 0.0) & (picture.existence < 1.0))


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
TAME = st.floats(-4e5, 4e5)
SCANS = st.lists(
    st.tuples(
        st.sampled_from(["radar", "adsb", "ais", "camera", "nobody"]),
        st.one_of(st.integers(-(2**70), 2**70), st.integers(0, 100 * S)),
        hnp.arrays(
            np.float64, st.tuples(st.integers(0, 6), st.integers(1, 4)), elements=st.one_of(TAME, NUMBERS)
        ),
        st.one_of(st.none(), hnp.arrays(np.float64, st.integers(1, 3), elements=st.one_of(TAME, NUMBERS))),
    ),
    max_size=8,
)


@pytest.mark.parametrize("motion", list(Motion))
@pytest.mark.parametrize("how", list(Association))
@settings(max_examples=60, deadline=None)
@given(scans=SCANS)
def test_nothing_that_is_fed_raises_or_breaks_a_covariance(
    how: Association, motion: Motion, scans: Any
) -> None:
    tracker = TrafficTracker(ALL, TrafficSettings(association=how, motion=motion))
    fed = 0
    for sensor, time_ns, values, sigmas in scans:
        answer = tracker.add_scan(sensor, time_ns, values, sigmas=sigmas)
        fed += len(values)
        assert answer.accepted + answer.refused == len(answer.track)
        assert_sound(tracker)
    counts = tracker.counts()
    refused = sum(counts[name] for name in REFUSALS if name != "refused-no-room")
    assert counts["accepted"] + refused == fed


@pytest.mark.parametrize("motion", list(Motion))
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 2e3), st.floats(1.1, 1.58), st.floats(-3.1, 3.1)), min_size=2, max_size=12
    ),
    st.sampled_from([1e-6, 1e-3, 0.4]),
)
def test_the_zenith_breaks_no_covariance(motion: Motion, plots: Any, sigma: float) -> None:
    radar = TrafficSensor(
        "r", SensorKind.RADAR, azimuth_sigma_rad=sigma, elevation_sigma_rad=sigma, range_sigma_m=0.01
    )
    tracker = TrafficTracker([radar], TrafficSettings(motion=motion))
    for step, (r, elevation, azimuth) in enumerate(plots):
        tracker.add_scan("r", step * S, [[r, azimuth, min(elevation, math.pi / 2)]])
        assert_sound(tracker)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"axes": np.ones((3, 3))},
        {"axes": np.eye(2)},
        {"range_sigma_m": 0.0},
        {"range_sigma_m": math.nan},
        {"azimuth_sigma_rad": -1e-3},
        {"elevation_sigma_rad": 1.0},
        {"range_rate_sigma_m_per_s": 0.0},
        {"range_m_min": 5e5},
        {"elevation_rad_min": 1.0, "elevation_rad_max": 0.5},
        {"detection_probability": 1.0},
        {"clutter_per_scan": 0.0},
        {"site_m": (math.inf, 0.0, 0.0)},
        {"site_m": (0.0, 0.0)},
    ],
)
def test_a_sensor_that_cannot_be_is_refused_in_one_line(changes: Any) -> None:
    with pytest.raises(UsageError) as refused:
        TrafficSensor(**({"name": "r", "kind": SensorKind.RADAR} | changes))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"gate_sigmas": 0.0},
        {"gate_sigmas": 50.0},
        {"confirm_existence": 1.5},
        {"delete_existence": 0.99},
        {"coast_s": math.nan},
        {"tracks_max": -1},
        {"history_states": 0},
        {"survival_s": math.inf},
    ],
)
def test_settings_with_which_no_tracker_can_work_are_refused(changes: Any) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        TrafficSettings(**changes)


@pytest.mark.parametrize("time_ns", [1.0, True, "now", 2**63, math.nan])
def test_a_picture_of_no_instant_is_refused(time_ns: Any) -> None:
    with pytest.raises(ObservationError, match="nanoseconds"):
        TrafficTracker([RADAR]).estimates(time_ns)


@pytest.mark.parametrize("gone", [[0], [4], [0, 4], [1, 2, 3], [0, 1, 2, 3, 4], [3, 4], [2]])
def test_ends_leave_the_other_rows_whole(gone: list[int]) -> None:
    tracks = Tracks(3, has_models=True)
    tracks.count = 5
    for column in tracks.columns.values():
        column[:5] = np.arange(1, 6).reshape((5,) + (1,) * (column.ndim - 1))
    tracks.drop(np.array(gone))
    kept = {row + 1 for row in range(5) if row not in gone}
    assert set(tracks.live("ident").tolist()) == kept
    for name in ("mean", "history", "covariances"):
        column = tracks.live(name)
        for row, ident in zip(column, tracks.live("ident"), strict=True):
            assert np.all(row == ident)


def test_an_empty_tracker_gives_an_empty_picture() -> None:
    picture = TrafficTracker([RADAR]).estimates(5 * S)
    assert picture.ident.size == 0
    assert picture.covariances.shape == (0, 6, 6)


def test_silence_outside_its_coverage_says_nothing_but_a_plot_there_counts() -> None:
    """A radar blind within 10 km: a track there lives on without plots, and takes one that comes."""
    tracker = TrafficTracker([ADSB, RADAR])
    x = np.array([[3_000.0, 2_000.0, 4_000.0]])
    for second in range(6):
        tracker.add_scan("adsb", second * S, x)
    before = float(tracker.estimates().existence[0])
    for second in range(6, 20):
        tracker.add_scan("radar", second * S, np.zeros((0, 3)))
    assert float(tracker.estimates().existence[0]) > before - 0.02
    assert tracker.add_scan("radar", 20 * S, polar(x)).track.tolist() == [1]


def test_two_sensors_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        TrafficTracker([RADAR, RADAR])


@pytest.mark.parametrize("origin", [(2.0, 0.0), (math.nan, 0.0), (0.0, math.inf)])
def test_a_frame_off_the_earth_is_refused(origin: Any) -> None:
    with pytest.raises(UsageError):
        LocalFrame(*origin)


def test_ships_have_settings_of_their_own() -> None:
    ships = TrafficSettings.for_ships(motion=Motion.TURNING, coast_s=900.0)
    assert ships.coast_s == 900.0
    assert ships.speed_sigma_m_per_s < TrafficSettings().speed_sigma_m_per_s
    tracker = TrafficTracker([AIS], ships)
    for minute in range(20):
        tracker.add_scan("ais", minute * 10 * S, [[80.0 * minute, 20.0 * minute]])
    picture = tracker.estimates()
    assert picture.ident.tolist() == [1]
    assert picture.means[0, 3:5] == pytest.approx([8.0, 2.0], abs=0.5)
    assert abs(picture.means[0, 2]) < 20.0
