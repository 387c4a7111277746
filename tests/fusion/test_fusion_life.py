"""The life of tracks: clutter, gaps, splits, who took which plot, and order of arrival under both rules."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion import (
    ASSOCIATIONS,
    EquivalentObservation,
    SensorModel,
    Tracker,
    TrackerSettings,
    equivalent_measurement,
)
from trilat.model import ObservationError

S = 1_000_000_000


def fed(plots: Any, **changes: Any) -> Tracker:
    tracker = Tracker(TrackerSettings(**changes))
    for plot in plots:
        tracker.add(plot)
    return tracker


def between(world: Any, plots: Any, first_s: float, last_s: float) -> list[Any]:
    return [plot for plot in plots if first_s * S <= plot.time_ns - world.base_ns <= last_s * S]


def with_clutter(plots: Any, per_scan: float, detection: float, seed: int) -> list[Any]:
    """The plots seen with a probability, and in each scan false ones anywhere within 800 km."""
    rng = np.random.default_rng(seed)
    found = []
    for plot in plots:
        if rng.random() < detection:
            found.append(plot)
        for _ in range(rng.poisson(per_scan)):
            place = {
                "range_m": rng.uniform(2e4, 8e5),
                "azimuth_rad": rng.uniform(0.0, 6.28),
                "elevation_rad": math.asin(rng.uniform(0.04, 1.0)),
            }
            found.append(dataclasses.replace(plot, **place))
    return found


@pytest.fixture(scope="module")
def plots(world: Any, generic_flight: Any) -> Any:
    return world.radar_plots([generic_flight], 21)


@pytest.mark.parametrize("association", ASSOCIATIONS)
def test_in_clutter_there_is_the_object_and_nothing_else(
    world: Any, generic_flight: Any, plots: Any, association: str
) -> None:
    """Ten false plots a scan, detection 0.9."""
    cluttered = with_clutter(between(world, plots, 45, 90), 10.0, 0.9, 5)
    tracker = Tracker(TrackerSettings(association=association))
    confirmed_s, keys = None, set()
    for place, plot in enumerate(cluttered):
        tracker.add(plot)
        if place + 1 < len(cluttered) and cluttered[place + 1].time_ns == plot.time_ns:
            continue
        second = (plot.time_ns - world.base_ns) / S
        shown = [e for e in tracker.estimates(plot.time_ns) if e.confirmed]
        keys |= {e.track_key for e in shown}
        confirmed_s = confirmed_s or (second if shown else None)
    assert confirmed_s is not None
    assert confirmed_s < cluttered[0].time_ns / S - world.base_ns / S + 6.0
    (estimate,) = [e for e in tracker.estimates(cluttered[-1].time_ns) if e.confirmed]
    assert keys == {estimate.track_key}
    assert estimate.existence > 0.9999
    truth = np.concatenate(generic_flight.at((cluttered[-1].time_ns - world.base_ns) / S))
    difference = truth - estimate.mean
    assert difference @ np.linalg.solve(estimate.covariance, difference) < 40.0


def test_clutter_alone_confirms_nothing(world: Any, plots: Any) -> None:
    cluttered = with_clutter(between(world, plots, 45, 100), 10.0, 0.0, 6)
    assert len(cluttered) > 700
    tracker = fed(cluttered)
    assert tracker.counts()["tracks-confirmed"] == 0
    # Tracks of one false plot die with the next look: they do not pile up.
    assert len(tracker.estimates(cluttered[-1].time_ns)) < 60


@pytest.mark.parametrize("association", ASSOCIATIONS)
@pytest.mark.parametrize("gap_s", [60, 200])
def test_a_gap_keeps_the_name(world: Any, plots: Any, association: str, gap_s: int) -> None:
    seen = between(world, plots, 45, 160)
    again = between(world, plots, 160 + gap_s, 160 + gap_s + 40)
    tracker = fed([*seen, *again], association=association)
    (estimate,) = [e for e in tracker.estimates(again[-1].time_ns) if e.confirmed]
    assert estimate.track_key == "t1"
    assert estimate.first_time_ns == seen[0].time_ns
    assert estimate.existence > 0.999


def test_after_longer_than_coast_s_it_is_another_track(world: Any, plots: Any) -> None:
    seen, again = between(world, plots, 45, 160), between(world, plots, 300, 340)
    tracker = fed([*seen, *again], coast_s=100.0)
    (estimate,) = [e for e in tracker.estimates(again[-1].time_ns) if e.confirmed]
    assert estimate.track_key == "t2"
    assert estimate.parent_key is None


def test_what_was_seen_for_three_seconds_is_not_kept_for_minutes(world: Any, plots: Any) -> None:
    seen = between(world, plots, 130, 133)
    tracker = fed(seen)
    assert [e.confirmed for e in tracker.estimates(seen[-1].time_ns)] == [True]
    assert tracker.estimates(seen[-1].time_ns + 60 * S) == ()


def test_hours_later_a_new_object_is_a_new_track(world: Any, plots: Any) -> None:
    seen = between(world, plots, 45, 160)
    shifted = [dataclasses.replace(plot, time_ns=plot.time_ns + 7 * 3600 * S) for plot in seen]
    tracker = fed([*seen, *shifted])
    (estimate,) = tracker.estimates(shifted[-1].time_ns)
    assert estimate.track_key == "t2"


@pytest.mark.parametrize("association", ASSOCIATIONS)
def test_staging_gives_a_child_with_its_parent(
    world: Any, generic_flight: Any, spent_stage: Any, association: str
) -> None:
    everything = world.radar_plots([generic_flight, spent_stage], 2)
    part = between(world, everything, 0, 110)
    now = world.base_ns + 110 * S
    tracker = fed(part, association=association)
    main, spent = [e for e in tracker.estimates(now) if e.confirmed]
    assert (main.track_key, main.parent_key) == ("t1", None)
    assert spent.parent_key == "t1"
    assert np.linalg.norm(main.mean[:3] - generic_flight.at(110.0)[0]) < 600.0


def test_two_objects_that_start_apart_have_no_parents(world: Any, generic_flight: Any) -> None:
    plots = between(world, world.radar_plots([generic_flight], 3, ("R2",)), 50, 80)
    others = [dataclasses.replace(plot, azimuth_rad=plot.azimuth_rad + 0.3) for plot in plots]
    tracker = fed([plot for pair in zip(plots, others, strict=True) for plot in pair])
    found = tracker.estimates(plots[-1].time_ns)
    assert [e.parent_key for e in found] == [None, None]


def test_a_sensor_that_never_saw_a_track_says_nothing_by_its_silence(world: Any, plots: Any) -> None:
    part = between(world, plots, 120, 140)
    elsewhere = [dataclasses.replace(plot, sensor="far", azimuth_rad=plot.azimuth_rad + 2.0) for plot in part]
    alone, beside = fed(part), fed([*part, *elsewhere])
    now = part[-1].time_ns
    assert alone.estimates(now)[0].existence == beside.estimates(now)[0].existence


def test_assigned_says_who_took_what_and_uses_no_later_plot(world: Any, plots: Any) -> None:
    part = between(world, plots, 45, 120)
    tracker = fed(part)
    taken = 0
    for place, plot in enumerate(part):
        rows = tracker.assigned(plot.time_ns)
        causal = fed(part[: place + 1]).assigned(plot.time_ns) if place % 20 == 0 else rows
        assert [row.plot for row in rows] in ([plot], [])
        for row, early in zip(rows, causal, strict=True):
            taken += 1
            assert np.array_equal(row.estimate.mean, early.estimate.mean)
            assert np.array_equal(row.estimate.covariance, early.estimate.covariance)
            assert row.estimate.last_update_ns == plot.time_ns
    # The very first plot began the track.
    assert taken == len(part) - 1
    assert tracker.assigned(part[-1].time_ns + 1) == ()
    with pytest.raises(ObservationError, match="time_ns"):
        tracker.assigned("now")  # type: ignore[arg-type]


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_order_within_the_window_gives_the_same_bits_in_clutter(
    world: Any, plots: Any, data: Any
) -> None:
    part = with_clutter(between(world, plots, 60, 85), 3.0, 0.9, 9)
    rule = data.draw(st.sampled_from(ASSOCIATIONS))
    shuffled = data.draw(st.permutations(part))
    now = part[-1].time_ns + S // 4
    in_order, any_order = fed(part, association=rule), fed(shuffled, association=rule)
    assert any_order.counts() == in_order.counts()
    for a, b in zip(in_order.estimates(now), any_order.estimates(now), strict=True):
        assert (a.track_key, a.existence, a.parent_key, a.updates) == (
            b.track_key,
            b.existence,
            b.parent_key,
            b.updates,
        )
        assert np.array_equal(a.mean, b.mean)
        assert np.array_equal(a.covariance, b.covariance)


def test_a_report_two_minutes_late_is_as_good_as_one_in_time(world: Any, plots: Any) -> None:
    part = between(world, plots, 45, 300)
    last = part[-1].time_ns
    late = next(plot for plot in part if plot.time_ns >= last - 120 * S)
    tracker = fed([plot for plot in part if plot is not late])
    tracker.estimates(last)
    assert tracker.add(late)
    (a,), (b,) = fed(part).estimates(last), tracker.estimates(last)
    assert np.array_equal(a.mean, b.mean)
    assert np.array_equal(a.covariance, b.covariance)


def test_a_flood_in_one_scan_is_cut_and_counted(world: Any, plots: Any) -> None:
    part = between(world, plots, 45, 60)
    flood = [dataclasses.replace(part[-1], azimuth_rad=1e-4 * k) for k in range(700)]
    tracker = fed([*part, *flood], tracks_max=50)
    counts = tracker.counts()
    assert counts["refused-flood"] == 700 - 499
    assert len(tracker.estimates(part[-1].time_ns)) <= 50
    assert tracker.estimates(part[-1].time_ns)[0].track_key == "t1"


def test_a_flood_over_the_buffer_is_cut_and_the_tracker_goes_on_later(world: Any, plots: Any) -> None:
    part = between(world, plots, 45, 70)
    tracker = fed(part, plots_max=len(part))
    extra = dataclasses.replace(part[-1], sensor="other")
    assert tracker.add(extra) is False
    assert tracker.counts()["refused-flood"] == 1
    later = [dataclasses.replace(plot, time_ns=plot.time_ns + 1000 * S) for plot in part]
    assert all(tracker.add(plot) for plot in later)


def test_what_is_remembered_has_a_limit_and_forgotten_pictures_are_played_again(
    world: Any, plots: Any
) -> None:
    """A thousand instants within the buffer: every one can be asked for, and none differs."""
    base = between(world, plots, 130, 170)
    dense = [
        dataclasses.replace(plot, time_ns=plot.time_ns + k * 15_000_000, sensor=f"{plot.sensor}{k}")
        for plot in base
        for k in range(9)
    ]
    dense.sort(key=lambda plot: plot.time_ns)
    tracker = fed(dense)
    tracker.estimates(dense[-1].time_ns)
    assert len(tracker._snapshots) <= 768
    for place in range(0, len(dense), 300):
        early = fed(dense[: place + 1]).estimates(dense[place].time_ns)
        for a, b in zip(early, tracker.estimates(dense[place].time_ns), strict=True):
            assert np.array_equal(a.mean, b.mean)


def test_tracklets_do_not_deny_an_object_by_their_silence(world: Any, plots: Any) -> None:
    part = between(world, plots, 130, 150)
    tracker = Tracker(sensors={("KOR", "R2"): SensorModel(0.5, 2.0)})
    for plot in part:
        tracker.add(plot)
    before = tracker.estimates(part[-1].time_ns)[0].existence
    mean, covariance = equivalent_measurement(part[-1])
    for k in range(5):
        far = mean + np.array([0.0, 4e5, 0.0, 0.0, 0.0, 0.0])
        tracker.add(EquivalentObservation(part[-1].time_ns + k, "JPN", far, covariance, "x"))
    after = tracker.estimates(part[-1].time_ns + 5)[0].existence
    assert after == pytest.approx(before, abs=1e-9)
