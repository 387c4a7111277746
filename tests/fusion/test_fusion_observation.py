import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from trilat.fusion import (
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    SourceTrack,
    Tracker,
    TrackerSettings,
)
from trilat.model.errors import ObservationError, TrilatError

SITE = np.array([6378137.0, 0.0, 0.0])
GOOD_RADAR: dict[str, Any] = {
    "time_ns": 10**18,
    "source": "KOR",
    "sensor": "r",
    "site_ecef_m": SITE,
    "site_latitude_rad": 0.0,
    "site_longitude_rad": 0.0,
    "range_m": 3e5,
    "azimuth_rad": 1.0,
    "elevation_rad": 0.5,
    "range_rate_m_per_s": -100.0,
    "range_sigma_m": 30.0,
    "azimuth_sigma_rad": 1e-3,
    "elevation_sigma_rad": 1e-3,
    "range_rate_sigma_m_per_s": 5.0,
}
STATE = np.array([6.6e6, 1e5, 0.0, 100.0, 2000.0, 0.0])
WIDE = np.diag([1e4, 1e4, 1e4, 1e2, 1e2, 1e2])

REFUSED_PLOTS = [
    ("instant is text", {"time_ns": "now"}, "time_ns"),
    ("instant is a float", {"time_ns": 1e18}, "time_ns"),
    ("instant is true", {"time_ns": True}, "time_ns"),
    ("instant is in seconds of another age", {"time_ns": 10**20}, "nanoseconds"),
    ("party is empty", {"source": ""}, "source"),
    ("party is not text", {"source": 7}, "source"),
    ("sensor is too long", {"sensor": "x" * 200}, "sensor"),
    ("site is two numbers", {"site_ecef_m": np.zeros(2)}, "site_ecef_m"),
    ("site is the centre of the Earth", {"site_ecef_m": np.zeros(3)}, "site_ecef_m"),
    ("site is not finite", {"site_ecef_m": np.array([np.nan, 0, 0])}, "site_ecef_m"),
    ("site is text", {"site_ecef_m": "here"}, "site_ecef_m"),
    ("latitude is in degrees", {"site_latitude_rad": 40.0}, "site_latitude_rad"),
    ("range is NaN", {"range_m": math.nan}, "range_m"),
    ("range is infinite", {"range_m": math.inf}, "range_m"),
    ("range is negative", {"range_m": -5.0}, "range_m"),
    ("range is missing", {"range_m": None}, "range_m"),
    ("azimuth is in degrees", {"azimuth_rad": 270.0}, "azimuth_rad"),
    ("azimuth is NaN", {"azimuth_rad": math.nan}, "azimuth_rad"),
    ("elevation is past the zenith", {"elevation_rad": 1.6}, "elevation_rad"),
    ("range sigma is negative", {"range_sigma_m": -30.0}, "range_sigma_m"),
    ("range sigma is zero", {"range_sigma_m": 0.0}, "range_sigma_m"),
    ("azimuth sigma is zero", {"azimuth_sigma_rad": 0.0}, "azimuth_sigma_rad"),
    ("elevation sigma is NaN", {"elevation_sigma_rad": math.nan}, "elevation_sigma_rad"),
    ("range rate is faster than escape", {"range_rate_m_per_s": 5e4}, "range_rate_m_per_s"),
    ("range rate has no sigma", {"range_rate_sigma_m_per_s": None}, "range_rate_sigma"),
    ("range rate sigma is negative", {"range_rate_sigma_m_per_s": -1.0}, "range_rate_sigma"),
]


@pytest.mark.parametrize(
    ("changes", "named"), [row[1:] for row in REFUSED_PLOTS], ids=[row[0] for row in REFUSED_PLOTS]
)
def test_a_plot_that_cannot_be_is_refused_and_says_which_number(changes: Any, named: str) -> None:
    with pytest.raises(ObservationError, match=named) as caught:
        RadarObservation(**(GOOD_RADAR | changes))
    text = str(caught.value)
    assert text.startswith("`") or text[0].islower()
    assert not text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("covariance", "named"),
    [
        (np.zeros((6, 6)), "positive"),
        (-WIDE, "positive"),
        (WIDE * np.nan, "finite"),
        (WIDE[:5, :5], "shape"),
        (WIDE + np.triu(np.full((6, 6), 50.0), 1), "symmetric"),
        (np.full((6, 6), 1e4), "positive definite"),
        ("wide", "numbers"),
    ],
)
def test_a_covariance_that_is_none_is_refused(covariance: Any, named: str) -> None:
    for make in (
        lambda: EquivalentObservation(10**18, "JPN", STATE, covariance),
        lambda: SourceTrack(10**18, "JPN", "t1", STATE, covariance),
    ):
        with pytest.raises(ObservationError, match=named):
            make()


@pytest.mark.parametrize(
    "mean",
    [STATE * np.nan, STATE[:5], STATE * 100.0, np.append(STATE[:3], [3e4, 0, 0]), "somewhere", None],
)
def test_a_state_that_cannot_be_is_refused(mean: Any) -> None:
    with pytest.raises(ObservationError, match="mean"):
        EquivalentObservation(10**18, "JPN", mean, WIDE)


@pytest.mark.parametrize("changes", [{"stage": "flying"}, {"lineage_known": "yes"}, {"track_key": ""}])
def test_a_partner_track_with_a_bad_field_is_refused(changes: Any) -> None:
    good = {"time_ns": 1, "source": "JPN", "track_key": "t1", "mean": STATE, "covariance": WIDE}
    with pytest.raises(ObservationError):
        SourceTrack(**(good | changes))


@pytest.mark.parametrize("thing", [None, 3, "plot", object(), GOOD_RADAR])
def test_what_is_not_an_observation_is_refused_before_anything_changes(thing: Any) -> None:
    tracker = Tracker()
    before = tracker.counts()
    with pytest.raises(ObservationError, match="not an observation"):
        tracker.add(thing)
    assert tracker.counts() == before


@pytest.mark.parametrize(
    "changes",
    [{"buffer_s": 10.0}, {"coast_s": math.nan}, {"tracks_max": 0}, {"gate_tail_probability": 0.5}],
)
def test_settings_that_cannot_work_are_refused(changes: Any) -> None:
    with pytest.raises(ObservationError, match="setting"):
        TrackerSettings(**changes)


def test_every_refusal_is_of_the_one_tree() -> None:
    assert issubclass(ObservationError, TrilatError)


def test_arrays_are_copied_and_cannot_be_written_to() -> None:
    mean = STATE.copy()
    tracklet = EquivalentObservation(10**18, "JPN", mean, WIDE)
    mean[0] = 0.0
    assert tracklet.mean[0] == STATE[0]
    with pytest.raises(ValueError, match="read-only"):
        tracklet.mean[0] = 0.0


def test_a_direction_from_above_may_look_down() -> None:
    fields = {k: v for k, v in GOOD_RADAR.items() if "range" not in k}
    plot = DirectionObservation(**(fields | {"elevation_rad": -1.5}))
    assert dataclasses.is_dataclass(plot)
