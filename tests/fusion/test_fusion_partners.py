from typing import Any

import numpy as np
import pytest

from trilat.fusion import SourceTrack, Tracker, coasted, covariance_intersection, information_sum
from trilat.model.errors import ObservationError

S = 1_000_000_000
AT = 200


@pytest.fixture(scope="module")
def own(world: Any, generic_flight: Any) -> Any:
    plots = world.radar_plots([generic_flight], 5, ("R2",))
    return [plot for plot in plots if plot.time_ns <= world.base_ns + AT * S]


def tracker_of(own: Any) -> Tracker:
    tracker = Tracker()
    for plot in own:
        tracker.add(plot)
    return tracker


def partner(world: Any, flight: Any, seconds: float, shift_m: float = 0.0, **fields: Any) -> SourceTrack:
    mean = np.concatenate(flight.at(seconds))
    mean[0] += shift_m
    covariance = np.diag([60.0**2] * 3 + [2.0**2] * 3)
    given = {"source": "JPN", "track_key": "t1", "stage": "coast"} | fields
    return SourceTrack(time_ns=world.base_ns + round(seconds * S), mean=mean, covariance=covariance, **given)


def test_a_partner_track_of_the_same_object_is_added_by_information(
    world: Any, generic_flight: Any, own: Any
) -> None:
    now = world.base_ns + AT * S
    alone, both = tracker_of(own), tracker_of(own)
    track = partner(world, generic_flight, AT - 4.0)
    assert both.add(track)
    (a,), (b,) = alone.estimates(now), both.estimates(now)
    carried = coasted(track.mean, track.covariance, 4.0)
    mean, covariance = information_sum([(a.mean, a.covariance), carried])
    assert np.allclose(b.mean, mean, atol=1e-6)
    assert np.allclose(b.covariance, covariance, rtol=1e-9)
    assert b.sources == {"KOR", "JPN"}
    assert b.track_key == a.track_key
    assert b.updates == a.updates + 1


def test_withheld_lineage_is_combined_by_intersection(world: Any, generic_flight: Any, own: Any) -> None:
    now = world.base_ns + AT * S
    tracker = tracker_of(own)
    (a,) = tracker.estimates(now)
    track = partner(world, generic_flight, AT, lineage_known=False)
    tracker.add(track)
    (b,) = tracker.estimates(now)
    mean, covariance, _ = covariance_intersection((a.mean, a.covariance), (track.mean, track.covariance))
    assert np.allclose(b.mean, mean, atol=1e-6)
    assert np.allclose(b.covariance, covariance, rtol=1e-9)


def test_a_partner_track_never_enters_the_filter(world: Any, generic_flight: Any, own: Any) -> None:
    """A hundred versions of the same knowledge count once: naive feeding would shrink the covariance."""
    now = world.base_ns + AT * S
    once, often = tracker_of(own), tracker_of(own)
    once.add(partner(world, generic_flight, AT))
    for step in range(100):
        often.add(partner(world, generic_flight, AT - 10.0 + 0.1 * (step + 1)))
        often.estimates(now)
    (a,), (b,) = once.estimates(now), often.estimates(now)
    assert np.allclose(a.covariance, b.covariance, rtol=1e-6)


def test_only_the_latest_version_counts_and_older_ones_are_counted(
    world: Any, generic_flight: Any, own: Any
) -> None:
    tracker = tracker_of(own)
    assert tracker.add(partner(world, generic_flight, AT))
    assert tracker.add(partner(world, generic_flight, AT)) is False
    assert tracker.add(partner(world, generic_flight, AT - 5.0)) is False
    assert tracker.counts()["refused-superseded"] == 2


def test_a_partner_track_of_another_object_appears_by_itself(
    world: Any, generic_flight: Any, own: Any
) -> None:
    tracker = tracker_of(own)
    tracker.add(partner(world, generic_flight, AT, shift_m=50_000.0))
    own_estimate, other = tracker.estimates(world.base_ns + AT * S)
    assert own_estimate.sources == {"KOR"}
    assert other.track_key == "JPN/t1"
    assert other.sources == {"JPN"}
    assert other.stage == "coast"


def test_two_partners_without_own_sensors_are_one_object(world: Any, generic_flight: Any) -> None:
    tracker = Tracker()
    tracker.add(partner(world, generic_flight, AT))
    tracker.add(partner(world, generic_flight, AT - 1.0, source="KOR", track_key="t7"))
    (estimate,) = tracker.estimates(world.base_ns + AT * S)
    assert estimate.sources == {"JPN", "KOR"}
    assert np.sqrt(estimate.covariance[0, 0]) == pytest.approx(60.0 / np.sqrt(2.0), rel=0.05)


def test_one_partner_never_fills_a_group_twice(world: Any, generic_flight: Any) -> None:
    tracker = Tracker()
    tracker.add(partner(world, generic_flight, AT))
    tracker.add(partner(world, generic_flight, AT, shift_m=30.0, track_key="t2"))
    assert len(tracker.estimates(world.base_ns + AT * S)) == 2


def test_a_pair_outlasts_a_distance_at_which_it_would_not_be_made(
    world: Any, generic_flight: Any, own: Any
) -> None:
    now = world.base_ns + AT * S
    (a,) = tracker_of(own).estimates(now)
    sigma = float(np.sqrt(a.covariance[0, 0] + 60.0**2))
    far = partner(world, generic_flight, AT, shift_m=4.6 * sigma)
    fresh, paired = tracker_of(own), tracker_of(own)
    paired.add(partner(world, generic_flight, AT - 1.0))
    assert len(paired.estimates(now)) == 1
    for tracker in (fresh, paired):
        tracker.add(far)
    assert len(fresh.estimates(now)) == 2
    assert len(paired.estimates(now)) == 1
    paired.add(partner(world, generic_flight, AT + 0.1, shift_m=8.0 * sigma))
    assert len(paired.estimates(now)) == 2


def test_a_stale_partner_track_is_left_out(world: Any, generic_flight: Any) -> None:
    tracker = Tracker()
    tracker.add(partner(world, generic_flight, AT))
    assert len(tracker.estimates(world.base_ns + (AT + 59) * S)) == 1
    assert tracker.estimates(world.base_ns + (AT + 61) * S) == ()


def test_a_burning_partner_track_grows_stale_faster_than_a_falling_one(
    world: Any, generic_flight: Any
) -> None:
    sizes = {}
    for stage in ("coast", "boost", "unknown"):
        tracker = Tracker()
        tracker.add(partner(world, generic_flight, AT, stage=stage))
        (estimate,) = tracker.estimates(world.base_ns + (AT + 5) * S)
        sizes[stage] = float(np.sqrt(estimate.covariance[0, 0]))
    # 25 m/s2 over 5 s is 312 m; coasting adds 2 m/s over 5 s to 60 m.
    assert sizes["coast"] == pytest.approx(61.0, abs=1.0)
    assert sizes["unknown"] > sizes["boost"] > 300.0


@pytest.mark.parametrize("seconds", [5.0, 12.0, 25.0, 40.0])
@pytest.mark.parametrize("known_at", [60.0, 80.0, 110.0])
def test_a_burning_partner_track_covers_what_it_did_since_whether_the_burn_ended_or_not(
    world: Any, generic_flight: Any, known_at: float, seconds: float
) -> None:
    """Burns end at 65 and 118 s, and the second begins at 68 s."""
    tracker = Tracker()
    tracker.add(partner(world, generic_flight, known_at, stage="boost"))
    (estimate,) = tracker.estimates(world.base_ns + round((known_at + seconds) * S))
    error = estimate.mean - np.concatenate(generic_flight.at(known_at + seconds))
    # Chi-square, 6 degrees, 99 %.
    assert error @ np.linalg.solve(estimate.covariance, error) < 16.8


def test_a_track_of_a_partner_whose_plots_are_in_the_filter_already_is_not_added(
    world: Any, generic_flight: Any, own: Any
) -> None:
    """It names no observations, so those in the filter may be in it: intersection, never a sum."""
    now = world.base_ns + AT * S
    tracker = tracker_of(own)
    (a,) = tracker.estimates(now)
    track = partner(world, generic_flight, AT, source="KOR")
    tracker.add(track)
    (b,) = tracker.estimates(now)
    expected = covariance_intersection((a.mean, a.covariance), (track.mean, track.covariance))[1]
    assert np.allclose(b.covariance, expected, rtol=1e-9)


def test_a_track_that_holds_our_own_observations_is_not_added(
    world: Any, generic_flight: Any, own: Any
) -> None:
    now = world.base_ns + AT * S
    tracker = tracker_of(own)
    (a,) = tracker.estimates(now)
    track = partner(world, generic_flight, AT, originators=frozenset(["JPN", "KOR"]))
    tracker.add(track)
    (b,) = tracker.estimates(now)
    expected = covariance_intersection((a.mean, a.covariance), (track.mean, track.covariance))[1]
    assert np.allclose(b.covariance, expected, rtol=1e-9)
    assert b.sources == {"JPN", "KOR"}


def test_nothing_is_added_to_what_was_intersected_with_a_withheld_track(
    world: Any, generic_flight: Any, own: Any
) -> None:
    """AUS withholds and comes first by name; JPN, whose data may be in it, is summed before that."""
    now = world.base_ns + AT * S
    tracker = tracker_of(own)
    (a,) = tracker.estimates(now)
    withheld = partner(world, generic_flight, AT, source="AUS", lineage_known=False)
    known = partner(world, generic_flight, AT)
    tracker.add(withheld)
    tracker.add(known)
    (b,) = tracker.estimates(now)
    held = information_sum([(a.mean, a.covariance), (known.mean, known.covariance)])
    expected = covariance_intersection(held, (withheld.mean, withheld.covariance))[1]
    assert np.allclose(b.covariance, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "names", [("JPN",), {"JPN"}, frozenset([""]), frozenset([1]), frozenset(["x" * 200])]
)
def test_originators_that_are_no_names_are_refused(world: Any, generic_flight: Any, names: Any) -> None:
    with pytest.raises(ObservationError, match="originators"):
        partner(world, generic_flight, AT, originators=names)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e6])
def test_a_state_is_not_carried_over_a_time_that_is_none(
    world: Any, generic_flight: Any, seconds: float
) -> None:
    track = partner(world, generic_flight, AT)
    with pytest.raises(ObservationError, match="seconds"):
        coasted(track.mean, track.covariance, seconds)
