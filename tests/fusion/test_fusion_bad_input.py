"""Whatever can be constructed goes through the tracker without an exception, and what comes out is sound."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilat.fusion import (
    ASSOCIATIONS,
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    Tracker,
    TrackerSettings,
)
from trilat.fusion.filters.kalman import is_sound as kernel_is_sound
from trilat.model import ObservationError

S = 1_000_000_000
BASE_NS = 10**18


def is_sound(estimate: Any) -> bool:
    """Finite, symmetric, and with a Cholesky factor in units of one sigma."""
    covariance = estimate.covariance
    sigma = np.sqrt(np.diagonal(covariance))
    np.linalg.cholesky(covariance / np.outer(sigma, sigma))
    return bool(np.isfinite(estimate.mean).all()) and np.array_equal(covariance, covariance.T)


places = st.tuples(
    st.sampled_from([-math.pi / 2, -1.0, 0.0, 0.7, math.pi / 2]),
    st.floats(-math.pi, math.pi),
    st.sampled_from([-400.0, 0.0, 1e4, 3.6e7]),
)


def site(place: tuple[float, float, float]) -> Any:
    lat, lon, height = place
    radius = 6.37e6 + height
    return radius * np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


@st.composite
def radars(draw: Any) -> RadarObservation:
    place = draw(places)
    rate = draw(st.none() | st.floats(-2e4, 2e4))
    return RadarObservation(
        BASE_NS + draw(st.integers(-60 * S, 60 * S)),
        draw(st.sampled_from(["A", "B"])),
        draw(st.sampled_from(["r", "s"])),
        site(place),
        place[0],
        place[1],
        draw(st.sampled_from([1.0, 1e3, 6.37e6, 4e8]) | st.floats(1e3, 2e6)),
        draw(st.floats(-6.28, 6.28)),
        draw(st.sampled_from([-math.pi / 2, math.pi / 2, 0.0]) | st.floats(-1.57, 1.57)),
        rate,
        draw(st.sampled_from([1e-3, 30.0, 1e7])),
        draw(st.sampled_from([1e-9, 1e-3, 0.5])),
        draw(st.sampled_from([1e-9, 1e-3, 0.5])),
        None if rate is None else draw(st.sampled_from([1e-4, 5.0, 1e5])),
    )


@st.composite
def directions(draw: Any) -> DirectionObservation:
    one = draw(radars())
    return DirectionObservation(
        one.time_ns, one.source, one.sensor, one.site_ecef_m, one.site_latitude_rad, one.site_longitude_rad,
        one.azimuth_rad, one.elevation_rad, one.azimuth_sigma_rad, one.elevation_sigma_rad,
    )  # fmt: skip


@st.composite
def tracklets(draw: Any) -> EquivalentObservation:
    mean = np.array([*(draw(st.sampled_from([0.0, 1.0, 4e6, -6.4e6, 2e8])) for _ in range(3)), 1.0, 0.0, 1e4])
    sigmas = np.array([draw(st.sampled_from([1e-3, 1.0, 1e3, 1e7])) for _ in range(6)])
    time_ns = BASE_NS + draw(st.integers(-60 * S, 60 * S))
    return EquivalentObservation(time_ns, draw(st.sampled_from(["A", "B"])), mean, np.diag(sigmas**2))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    plots=st.lists(radars() | directions() | tracklets(), min_size=1, max_size=14),
    association=st.sampled_from(ASSOCIATIONS),
)
def test_any_plots_in_any_order_leave_only_sound_estimates(plots: list[Any], association: str) -> None:
    tracker = Tracker(TrackerSettings(association=association, confirm_updates=1))
    for plot in plots:
        tracker.add(plot)
        newest = max(one.time_ns for one in plots)
        for time_ns in (plot.time_ns, newest, newest + 30 * S):
            assert all(is_sound(estimate) for estimate in tracker.estimates(time_ns))
        assert all(is_sound(row.estimate) for row in tracker.assigned(plot.time_ns))
    counts = tracker.counts()
    assert counts["accepted"] + counts["refused-duplicate"] == len(plots)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plot=radars(), shifts=st.lists(st.floats(-1e-3, 1e-3), min_size=4, max_size=12))
def test_a_sensor_that_repeats_itself_too_exactly_breaks_nothing(
    plot: RadarObservation, shifts: list[float]
) -> None:
    """The same place again and again with sigmas of any size, a tenth of a second apart."""
    tracker = Tracker()
    for step, shift in enumerate(shifts):
        turned = min(max(plot.elevation_rad + shift, -math.pi / 2), math.pi / 2)
        tracker.add(dataclasses.replace(plot, time_ns=BASE_NS + step * S // 10, elevation_rad=turned))
    estimates = tracker.estimates(BASE_NS + S * len(shifts))
    assert all(is_sound(estimate) for estimate in estimates)


def test_a_tracklet_at_the_centre_of_the_earth_begins_nothing() -> None:
    tracker = Tracker()
    mean = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert tracker.add(EquivalentObservation(BASE_NS, "A", mean, np.eye(6)))
    assert tracker.estimates(BASE_NS + S) == ()


def overhead(step: int, **changes: Any) -> RadarObservation:
    fields = {
        "time_ns": BASE_NS + step * S, "source": "A", "sensor": "r", "site_ecef_m": site((0.7, 0.0, 0.0)),
        "site_latitude_rad": 0.7, "site_longitude_rad": 0.0, "range_m": 2e5 + 5e2 * step,
        "azimuth_rad": 1.0, "elevation_rad": 1.2, "range_rate_m_per_s": None, "range_sigma_m": 30.0,
        "azimuth_sigma_rad": 1e-3, "elevation_sigma_rad": 1e-3, "range_rate_sigma_m_per_s": None,
    }  # fmt: skip
    return RadarObservation(**fields | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"range_m": math.nan},
        {"azimuth_rad": math.nan},
        {"elevation_rad": math.inf},
        {"range_sigma_m": -30.0},
        {"range_sigma_m": 0.0},
        {"azimuth_sigma_rad": -1e-3},
        {"elevation_sigma_rad": math.nan},
        {"site_ecef_m": np.array([math.nan, 0.0, 6.4e6])},
        {"time_ns": 1.5},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_cannot_be_is_refused_before_it_reaches_a_tracker(changes: dict[str, Any]) -> None:
    with pytest.raises(ObservationError):
        overhead(0, **changes)


def test_time_running_back_is_lateness_and_beyond_the_buffer_a_counted_refusal() -> None:
    tracker = Tracker()
    for step in (200, 150, 100, 74, 201):
        tracker.add(overhead(step))
    assert tracker.counts()["refused-too-old"] == 1
    assert tracker.counts()["accepted"] == 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({(0, 0): 0.0}, False),
        ({(3, 3): -1.0}, False),
        ({(2, 2): math.nan}, False),
        ({(5, 5): math.inf}, False),
        ({(0, 1): math.nan, (1, 0): math.nan}, False),
        ({(0, 1): 1.0, (1, 0): 1.0}, False),
        ({(0, 1): 2.0, (1, 0): 2.0}, False),
        ({(0, 1): 0.999999, (1, 0): 0.999999}, True),
        ({(0, 0): 1e16, (5, 5): 1e-12}, True),
    ],
    ids=str,
)
def test_a_covariance_is_sound_where_it_is_positive_definite_by_more_than_rounding(
    change: dict[tuple[int, int], float], expected: bool
) -> None:
    covariance = np.eye(6)
    for place, value in change.items():
        covariance[place] = value
    assert kernel_is_sound(np.ones(6), covariance) is expected
    assert not kernel_is_sound(np.array([0.0, 0.0, math.nan, 0.0, 0.0, 0.0]), np.eye(6))
