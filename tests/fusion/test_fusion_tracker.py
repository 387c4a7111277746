import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion import (
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    SourceTrack,
    Tracker,
    TrackerSettings,
    compile_kernels,
    equivalent_measurement,
    impact_estimate,
)
from trilat.fusion.filters import consider, kalman, measurement, motion, stages
from trilat.fusion.products import impact, launch
from trilat.model.errors import ObservationError

S = 1_000_000_000


def same(first: Any, second: Any) -> bool:
    """Equality of the whole answer, bit for bit."""
    if len(first) != len(second):
        return False
    for a, b in zip(first, second, strict=True):
        for field in dataclasses.fields(a):
            x, y = getattr(a, field.name), getattr(b, field.name)
            equal = np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y
            if not equal:
                return False
    return True


def fed(plots: Any, settings_: Any = None) -> Tracker:
    tracker = Tracker(settings_)
    for plot in plots:
        tracker.add(plot)
    return tracker


@pytest.fixture(scope="module")
def plots(world: Any, generic_flight: Any) -> Any:
    everything = world.radar_plots([generic_flight], 11)
    return [plot for plot in everything if plot.time_ns < world.base_ns + 150 * S]


def test_one_object_gives_one_confirmed_track_of_all_three_parties(
    world: Any, plots: Any, generic_flight: Any
) -> None:
    tracker = fed(plots)
    now = world.base_ns + 150 * S
    (estimate,) = tracker.estimates(now)
    assert estimate.track_key == "t1"
    assert estimate.confirmed
    assert estimate.sources == {"USA", "KOR", "JPN"}
    assert estimate.stage == "coast"
    assert estimate.updates == len(plots)
    assert estimate.first_time_ns == plots[0].time_ns
    assert estimate.last_update_ns == plots[-1].time_ns
    difference = np.concatenate(generic_flight.at(150.0)) - estimate.mean
    # chi-square, 6 degrees, 99.99 %.
    assert difference @ np.linalg.solve(estimate.covariance, difference) < 27.9
    assert tracker.launch("t1") is not None
    assert tracker.launch("t9") is None


def test_stage_is_boost_while_burning_and_coast_soon_after(world: Any, plots: Any) -> None:
    tracker = fed(plots)
    stages = {t: tracker.estimates(world.base_ns + t * S)[0].stage for t in (112, 116, 134, 140)}
    assert stages == {112: "boost", 116: "boost", 134: "coast", 140: "coast"}


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_order_of_arrival_gives_the_same_bits(plots: Any, data: Any) -> None:
    """Late by up to 120 s, read in between at will: equal to in order in every bit."""
    part = plots[:160]
    delays = data.draw(st.lists(st.integers(0, 120 * S), min_size=len(part), max_size=len(part)))
    reads = data.draw(st.sets(st.integers(0, len(part)), max_size=10))
    arrival = sorted(range(len(part)), key=lambda i: part[i].time_ns + delays[i])
    tracker = Tracker()
    for place, index in enumerate(arrival):
        assert tracker.add(part[index])
        if place in reads:
            tracker.estimates(part[index].time_ns)
    in_order = fed(part)
    now = part[-1].time_ns + S // 3
    assert same(tracker.estimates(now), in_order.estimates(now))
    assert tracker.counts() == in_order.counts()


def test_two_runs_give_the_same_bits(plots: Any) -> None:
    now = plots[-1].time_ns
    assert same(fed(plots).estimates(now), fed(plots).estimates(now))


def test_reading_the_past_uses_no_later_plot(world: Any, plots: Any) -> None:
    now = world.base_ns + 130 * S
    early = fed([plot for plot in plots if plot.time_ns <= now])
    assert same(fed(plots).estimates(now), early.estimates(now))


def test_a_plot_older_than_the_buffer_is_refused_and_counted(plots: Any) -> None:
    tracker = fed(plots[3:], TrackerSettings(buffer_s=40.0))
    before = tracker.estimates(plots[-1].time_ns)
    assert plots[-1].time_ns - plots[0].time_ns > 40 * S
    assert tracker.add(plots[0]) is False
    assert tracker.counts()["refused-too-old"] == 1
    assert same(tracker.estimates(plots[-1].time_ns), before)


def test_the_same_plot_twice_is_refused_and_counted(plots: Any) -> None:
    tracker = fed(plots)
    before = tracker.estimates(plots[-1].time_ns)
    assert tracker.add(plots[-5]) is False
    assert tracker.counts()["refused-duplicate"] == 1
    assert tracker.counts()["accepted"] == len(plots)
    assert same(tracker.estimates(plots[-1].time_ns), before)


def test_a_picture_older_than_the_buffer_is_refused(plots: Any) -> None:
    tracker = fed(plots, TrackerSettings(buffer_s=40.0))
    tracker.estimates(plots[-1].time_ns)
    with pytest.raises(ObservationError, match="older than the buffer"):
        tracker.estimates(plots[0].time_ns)
    for time_ns in (None, 1.5, "now", True, 10**20):
        with pytest.raises(ObservationError, match="time_ns"):
            tracker.estimates(time_ns)  # type: ignore[arg-type]


def test_an_empty_picture_has_no_estimates() -> None:
    assert Tracker().estimates(0) == ()


def test_a_wild_plot_moves_no_track_and_is_forgotten(world: Any, plots: Any) -> None:
    wild = dataclasses.replace(plots[-30], azimuth_rad=plots[-30].azimuth_rad + 0.2, sensor="other")
    clean, dirty = fed(plots), fed([*plots, wild])
    now = plots[-1].time_ns
    assert same(clean.estimates(now)[:1], dirty.estimates(now)[:1])
    assert dirty.counts()["outside-gates"] == clean.counts()["outside-gates"] + 1
    assert [e.confirmed for e in dirty.estimates(now)] == [True, False]
    assert len(dirty.estimates(world.base_ns + 190 * S)) == 1


def test_a_silent_track_coasts_for_minutes_and_is_then_dropped(plots: Any, generic_flight: Any) -> None:
    tracker = fed(plots)
    last = plots[-1].time_ns
    (later,) = tracker.estimates(last + 200 * S)
    truth = np.concatenate(generic_flight.at(149.71 + 200.0))
    assert np.linalg.norm(later.mean[:3] - truth[:3]) < 5.0 * math.sqrt(np.trace(later.covariance[:3, :3]))
    assert tracker.estimates(last + 301 * S) == ()


def test_staging_keeps_the_name_on_the_body_that_burns(
    world: Any, generic_flight: Any, spent_stage: Any
) -> None:
    """Three seeds; both bodies, one plot each per scan, indistinguishable for the first seconds."""
    for seed in (0, 2, 6):
        everything = world.radar_plots([generic_flight, spent_stage], seed)
        plots = [plot for plot in everything if plot.time_ns < world.base_ns + 110 * S]
        tracker = fed(sorted(plots, key=lambda plot: (plot.time_ns, plot.range_m)))
        main, spent = tracker.estimates(world.base_ns + 110 * S)
        assert main.track_key == "t1"
        assert (main.stage, spent.stage) == ("boost", "coast")
        assert np.linalg.norm(main.mean[:3] - generic_flight.at(110.0)[0]) < 600.0
        assert np.linalg.norm(spent.mean[:3] - spent_stage.at(110.0)[0]) < 400.0
        assert main.first_time_ns == plots[0].time_ns


def test_two_plots_of_one_scan_never_go_to_one_track(plots: Any) -> None:
    tracker = fed(plots[:40])
    twin = dataclasses.replace(plots[39], range_m=plots[39].range_m + 5.0)
    tracker.add(twin)
    assert tracker.counts()["tracks-started"] == 2


def test_tracklets_without_a_sensor_are_each_a_scan(plots: Any) -> None:
    tracker = fed(plots[:40])
    for shift in (0.0, 5.0):
        mean, covariance = equivalent_measurement(plots[39])
        mean = mean + shift
        tracker.add(EquivalentObservation(plots[39].time_ns + S, "KOR", mean, covariance * 4.0))
    assert tracker.counts()["tracks-started"] == 1


@pytest.mark.parametrize("lat_deg", [90.0, -90.0, 0.0])
def test_a_pass_through_the_zenith_of_a_site_even_at_a_pole_is_followed(world: Any, lat_deg: float) -> None:
    site = world.geodetic(lat_deg, 0.0, 0.0)
    axes = world.local_axes(lat_deg, 0.0)
    rng = np.random.default_rng(1)
    tracker = Tracker()
    base = 10**18
    for second in range(-40, 41):
        local = np.array([2000.0 * second, 0.0, 2e5])
        distance = float(np.linalg.norm(local))
        azimuth = math.atan2(local[0], local[1]) + rng.normal() * 1e-3
        elevation = min(math.pi / 2, math.asin(local[2] / distance) + rng.normal() * 1e-3)
        time_ns = base + second * S
        tracker.add(overhead(site, lat_deg, time_ns, azimuth, elevation, distance + rng.normal() * 30.0))
    confirmed = [e for e in tracker.estimates(base + 40 * S) if e.confirmed]
    assert len(confirmed) == 1
    truth = site + axes.T @ np.array([8e4, 0.0, 2e5])
    assert np.linalg.norm(confirmed[0].mean[:3] - truth) < 1500.0


def overhead(site: Any, lat: float, time_ns: int, azimuth: float, elevation: float, range_m: float) -> Any:
    return RadarObservation(
        time_ns,
        "KOR",
        "r",
        site,
        math.radians(lat),
        0.0,
        range_m,
        azimuth,
        elevation,
        None,
        30.0,
        1e-3,
        1e-3,
        None,
    )


def infrared_plots(world: Any, flight: Any, lon_deg: float, offset_s: float, seed: int, sensor: str) -> Any:
    """A geostationary eye, 10 s revisit, 30 microradians, that sees the flame above 10 km."""
    site = world.geodetic(0.0, lon_deg, 35_786_000.0)
    axes = world.local_axes(0.0, lon_deg)
    rng = np.random.default_rng(seed)
    for t in np.arange(offset_s, 118.0, 10.0):
        position, _ = flight.at(float(t))
        burning = any(begin <= t < end for begin, end in flight.burns)
        if not burning or np.linalg.norm(position) - 6_369_500.0 < 10_000.0:
            continue
        east, north, up = axes @ (position - site)
        yield DirectionObservation(
            world.base_ns + round(t * S), "USA", sensor, site, 0.0, math.radians(lon_deg),
            math.atan2(east, north) + rng.normal() * 3e-5,
            math.asin(up / math.sqrt(east**2 + north**2 + up**2)) + rng.normal() * 3e-5, 3e-5, 3e-5,
        )  # fmt: skip


def test_two_infrared_eyes_alone_give_a_track_and_a_launch_point(world: Any, generic_flight: Any) -> None:
    errors = []
    for seed in range(6):
        plots = [
            *infrared_plots(world, generic_flight, 75.0, 0.0, seed, "ir-1"),
            *infrared_plots(world, generic_flight, 165.0, 5.0, seed + 50, "ir-2"),
        ]
        plots = [plot for plot in plots if plot.time_ns <= world.base_ns + 85 * S]
        tracker = fed(plots)
        (estimate,) = tracker.estimates(world.base_ns + 85 * S)
        difference = generic_flight.at(85.0)[0] - estimate.mean[:3]
        assert difference @ np.linalg.solve(estimate.covariance[:3, :3], difference) < 21.1  # 99.99 %
        launch = tracker.launch(estimate.track_key)
        assert launch is not None
        east = (launch.longitude_deg - 128.0) * 111.32 * math.cos(math.radians(40.5))
        north = (launch.latitude_deg - 40.5) * 111.03
        errors.append(math.hypot(east, north))
        miss = np.array([east, north]) * 1e3
        assert miss @ np.linalg.solve(launch.covariance_m2, miss) < 13.8  # 99.9 %
        assert abs(launch.time_ns - world.base_ns) / 1e9 < 4.0 * launch.time_sigma_s
    # Open literature: infrared launch points are good to 1 to 10 km.
    assert max(errors) < 10.0


def test_one_infrared_eye_alone_gives_a_vague_but_honest_launch_point(
    world: Any, generic_flight: Any
) -> None:
    for seed in range(4):
        plots = list(infrared_plots(world, generic_flight, 75.0, 0.0, seed, "ir-1"))
        tracker = fed(plots)
        launch = tracker.launch("t1")
        assert launch is not None
        east = (launch.longitude_deg - 128.0) * 111.32 * math.cos(math.radians(40.5))
        miss = np.array([east, (launch.latitude_deg - 40.5) * 111.03]) * 1e3
        assert miss @ np.linalg.solve(launch.covariance_m2, miss) < 13.8
        assert np.linalg.norm(miss) < 40_000.0


def test_a_line_of_sight_past_the_earth_starts_nothing() -> None:
    site = np.array([42_164_000.0, 0.0, 0.0])
    tracker = fed([DirectionObservation(10**18, "USA", "ir", site, 0.0, 0.0, 1.0, 0.5, 3e-5, 3e-5)])
    assert tracker.estimates(10**18) == ()


def test_the_number_of_tracks_has_a_limit(plots: Any) -> None:
    tracker = Tracker(TrackerSettings(tracks_max=3))
    for step in range(10):
        tracker.add(dataclasses.replace(plots[0], azimuth_rad=step * 0.5, sensor=f"s{step}"))
    assert len(tracker.estimates(plots[0].time_ns)) == 3


def signature_counts() -> dict[str, int]:
    modules = (motion, measurement, kalman, consider, stages, launch, impact)
    kernels = {name: kernel for module in modules for name, kernel in vars(module).items()}
    return {n: len(k.nopython_signatures) for n, k in kernels.items() if hasattr(k, "nopython_signatures")}


def test_no_use_compiles_what_set_up_has_not(world: Any, plots: Any, generic_flight: Any) -> None:
    compile_kernels()
    before = signature_counts()
    everything = [*plots[:60], *infrared_plots(world, generic_flight, 75.0, 0.0, 1, "ir-1")]
    mean, covariance = equivalent_measurement(plots[60])
    everything.append(EquivalentObservation(plots[60].time_ns, "KOR", mean, covariance))
    everything.append(EquivalentObservation(plots[60].time_ns, "AUS", mean, covariance, "", 300.0))
    everything.append(SourceTrack(plots[60].time_ns, "JPN", "t1", mean, covariance, stage="coast"))
    tracker = fed(everything)
    estimates = tracker.estimates(plots[60].time_ns + S)
    tracker.launch("t1")
    impact_estimate(estimates[0].mean, estimates[0].covariance, estimates[0].time_ns)
    assert signature_counts() == before
    assert len(before) > 20
