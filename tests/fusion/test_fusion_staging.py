"""Pairings that are kept beside the one shown: whose they are, when they go, and that order is nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.cli.elsewhere import PLOT_HEAD, SITES_TOML, START_NS, plots, spent_stage, two_stages

from trilat.fusion import Tracker, TrackerSettings
from trilat.fusion.filters.measurement import prepare
from trilat.fusion.staging import PARTING_S, reconsidered
from trilat.fusion.track import Track, start_track, updated_track
from trilat.scenario import read_sites
from trilat.study import read_plots

S = 1_000_000_000


@pytest.fixture(scope="module")
def staging() -> Any:
    """Plots of a rocket and of the stage that it drops, 20 s before and 25 s after."""
    flight = two_stages()
    rows = plots([flight, spent_stage(flight)], (55.0, 100.0), seed=5)
    text = "\n".join([PLOT_HEAD, *rows]) + "\n"
    return read_plots(text, read_sites(SITES_TOML)).observations


def two(staging: Any, born_s: float) -> tuple[list[Track], list[Any]]:
    """A confirmed track and a child of it that is `born_s` old, and a plot for each of the instant after."""
    settings = TrackerSettings()
    near_ns = START_NS + 82 * S
    scan = [prepare(plot) for plot in staging if plot.sensor == "A1" and plot.time_ns <= near_ns][-4:]
    tracks = []
    for ordinal, (first, then) in enumerate(((scan[0], scan[2]), (scan[1], scan[3])), start=1):
        track = start_track(first, ordinal, settings, 0.9)
        assert track is not None
        tracks.append(replace(track, number=ordinal, parent=ordinal - 1))
        assert then.time_ns == first.time_ns + S
    tracks[1] = replace(tracks[1], born_ns=tracks[1].looked_ns - round(born_s * S))
    return tracks, scan[2:]


def after_scan(tracks: list[Track], seen: list[Any], partings: Any = None) -> Any:
    settings = TrackerSettings()
    after = [
        updated_track(t, t.bank, plot, settings, plot, is_seen=True)
        for t, plot in zip(tracks, seen, strict=True)
    ]
    banks = [track.bank for track in tracks]
    return reconsidered(tracks, after, banks, dict(enumerate(seen)), partings or {}, settings)  # type: ignore[arg-type]


def test_a_child_and_its_parent_are_also_paired_crosswise(staging: Any) -> None:
    tracks, seen = two(staging, born_s=1.0)
    shown, taken, kept = after_scan(tracks, seen)
    (other,) = kept[1, 2]
    assert other.plots == (seen[1], seen[0])
    assert other.log_weight <= 3.0
    assert [track.number for track in shown] == [1, 2]
    assert taken == dict(enumerate(seen))


def test_another_pairing_is_shown_when_it_is_twenty_times_as_likely(staging: Any) -> None:
    tracks, seen = two(staging, born_s=1.0)
    (other,) = after_scan(tracks, seen)[2][1, 2]
    held = {(1, 2): (replace(other, tracks=(tracks[0], tracks[1]), log_weight=50.0),)}
    shown, _, kept = after_scan(tracks, seen, held)
    assert [track.number for track in shown] == [1, 2]
    # What was shown goes on among the others, with the odds turned round.
    assert all(pairing.log_weight < 0.0 for pairing in kept[1, 2])


@pytest.mark.parametrize("born_s", [PARTING_S + 0.1, 300.0])
def test_two_that_parted_long_ago_are_not_looked_at_again(staging: Any, born_s: float) -> None:
    tracks, seen = two(staging, born_s)
    assert after_scan(tracks, seen)[2] == {}


def test_strangers_are_not_looked_at(staging: Any) -> None:
    tracks, seen = two(staging, born_s=1.0)
    tracks[1] = replace(tracks[1], parent=0)
    assert after_scan(tracks, seen)[2] == {}


def test_a_track_whose_parent_is_no_more_is_alone(staging: Any) -> None:
    tracks, seen = two(staging, born_s=1.0)
    tracks[1] = replace(tracks[1], parent=7)
    assert after_scan(tracks, seen)[2] == {}


def test_plots_in_any_order_give_the_same_picture_of_a_staging(staging: Any) -> None:
    order = np.random.default_rng(3).permutation(len(staging))
    straight, shuffled = Tracker(), Tracker()
    for plot in staging:
        straight.add(plot)
        straight.estimates(plot.time_ns)
    for index in order:
        shuffled.add(staging[index])
    last_ns = staging[-1].time_ns
    for one, other in zip(straight.estimates(last_ns), shuffled.estimates(last_ns), strict=True):
        assert one.track_key == other.track_key
        assert np.array_equal(one.mean, other.mean)
        assert np.array_equal(one.covariance, other.covariance)
