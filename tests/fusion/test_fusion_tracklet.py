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
    Tracker,
    equivalent_measurement,
)
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import prepare
from trilat.model.errors import ObservationError


def radar(azimuth: float, elevation: float, range_m: float, rate: float | None) -> RadarObservation:
    return RadarObservation(
        time_ns=10**18,
        source="KOR",
        sensor="r",
        site_ecef_m=np.array([6378137.0, 0.0, 0.0]),
        site_latitude_rad=0.0,
        site_longitude_rad=0.0,
        range_m=range_m,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_rate_m_per_s=rate,
        range_sigma_m=30.0,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=1e-3,
        range_rate_sigma_m_per_s=None if rate is None else 5.0,
    )


def infrared() -> DirectionObservation:
    site = np.array([42_164_000.0, 0.0, 0.0])
    return DirectionObservation(10**18, "USA", "ir", site, 0.0, 0.0, 0.4, -1.45, 3e-5, 3e-5)


def rounded(covariance: Any) -> Any:
    """As on the wire: the Cholesky factor in whole micrometres (and micrometres a second)."""
    low = np.round(np.linalg.cholesky(covariance) * 1e6) / 1e6
    return low @ low.T


def prior_near(plot: Any, range_m: float, size: int) -> Any:
    m = prepare(plot)
    state = np.zeros(size)
    state[:3] = m.site_m + range_m * m.axes[0] + [150.0, -220.0, 90.0]
    state[3:6] = [900.0, 1500.0, -300.0]
    sigmas = np.array([800.0] * 3 + [60.0] * 3 + [20.0] * 3)[:size]
    rng = np.random.default_rng(5)
    mix = np.linalg.qr(rng.standard_normal((size, size)))[0] * 0.2 + np.eye(size)
    return state, (mix * sigmas[:, None]) @ (mix * sigmas[:, None]).T


@pytest.mark.parametrize("size", [6, 9])
@pytest.mark.parametrize(
    ("plot", "range_m"),
    [
        (radar(1.0, 0.4, 5e5, None), 5e5),
        (radar(1.0, 0.4, 5e5, -800.0), 5e5),
        (radar(5.0, 1.55, 2e5, 300.0), 2e5),
        (infrared(), 3.65e7),
    ],
)
def test_a_tracklet_updates_a_filter_as_its_plot_does(plot: Any, range_m: float, size: int) -> None:
    state, covariance = prior_near(plot, range_m, size)
    m = prepare(plot)
    by_plot = update(state, covariance, m.kind, m.values, m.covariance, m.site_m, m.axes)
    mean, tracklet_covariance = equivalent_measurement(plot, state[:6])
    n = prepare(EquivalentObservation(plot.time_ns, plot.source, mean, rounded(tracklet_covariance)))
    by_tracklet = update(state, covariance, n.kind, n.values, n.covariance, n.site_m, n.axes)
    sigmas = np.sqrt(np.diagonal(by_plot[1]))
    # A hundredth of a sigma of the posterior, and of its covariance.
    assert np.max(np.abs(by_plot[0] - by_tracklet[0]) / sigmas) < 1e-2
    assert np.max(np.abs(by_plot[1] - by_tracklet[1]) / np.outer(sigmas, sigmas)) < 1e-2


@settings(max_examples=100, deadline=None)
@given(
    azimuth=st.floats(0.0, 6.28),
    elevation=st.floats(-0.05, math.pi / 2),
    range_m=st.floats(1e3, 4e6),
    rate=st.one_of(st.none(), st.floats(-9e3, 9e3)),
)
def test_a_tracklet_stays_positive_definite_after_rounding_to_micrometres(
    azimuth: float, elevation: float, range_m: float, rate: float | None
) -> None:
    plot = radar(azimuth, elevation, range_m, rate)
    mean, covariance = equivalent_measurement(plot)
    EquivalentObservation(plot.time_ns, plot.source, mean, rounded(covariance))


def test_an_infrared_tracklet_stays_positive_definite_and_vague_along_its_line() -> None:
    plot = infrared()
    m = prepare(plot)
    state = np.concatenate([m.site_m + 3.65e7 * m.axes[0], np.zeros(3)])
    mean, covariance = equivalent_measurement(plot, state)
    tracklet = EquivalentObservation(plot.time_ns, plot.source, mean, rounded(covariance))
    along = math.sqrt(m.axes[0] @ tracklet.covariance[:3, :3] @ m.axes[0])
    across = math.sqrt(m.axes[2] @ tracklet.covariance[:3, :3] @ m.axes[2])
    assert along == pytest.approx(1e7, rel=1e-3)
    assert across == pytest.approx(3e-5 * 3.65e7, rel=1e-3)
    assert prepare(tracklet).degrees_of_freedom == 2


@settings(max_examples=300, deadline=None)
@given(
    place=st.tuples(st.floats(0.0, 6.28), st.floats(-1.5, math.pi / 2), st.floats(2.0, 1e8)),
    sigmas=st.tuples(st.floats(-3.0, 4.0), st.floats(-9.0, -1.0), st.floats(-9.0, -1.0)),
    has_range=st.booleans(),
)
def test_the_narrowest_plot_from_the_nearest_sensor_has_a_tracklet(
    place: tuple[float, float, float], sigmas: tuple[float, float, float], *, has_range: bool
) -> None:
    azimuth, elevation, range_m = place
    site = np.array([6378137.0, 0.0, 0.0])
    along, across, up = (10.0**power for power in sigmas)
    head = (10**18, "KOR", "r", site, 0.0, 0.0)
    plot: RadarObservation | DirectionObservation = (
        RadarObservation(*head, range_m, azimuth, elevation, None, along, across, up, None)
        if has_range
        else DirectionObservation(*head, azimuth, elevation, across, up)
    )
    state = np.concatenate([site + range_m * prepare(plot).axes[0], [900.0, 1500.0, -300.0]])
    mean, covariance = equivalent_measurement(plot, state)
    # The constructor refuses what is not positive definite.
    EquivalentObservation(plot.time_ns, plot.source, mean, covariance)


def test_six_hundred_tracklets_add_no_information_that_the_plots_had_not() -> None:
    plot = radar(1.0, 0.4, 5e5, None)
    _, covariance = equivalent_measurement(plot)
    # Sum of information on velocity of 600 tracklets: still vaguer than 4 km/s.
    information = 600.0 * np.linalg.inv(covariance)[3:, 3:]
    assert np.sqrt(np.linalg.inv(information))[0, 0] > 4000.0


@pytest.mark.parametrize(
    ("plot", "mean", "named"),
    [
        (infrared(), None, "no range"),
        (infrared(), np.zeros(5), "six finite"),
        (radar(1.0, 0.4, 5e5, None), np.full(6, np.nan), "six finite"),
        (infrared(), np.array([9e7, 0, 0, 0, 0, 0.0]), "behind"),
        ("a plot", None, "give a plot"),
    ],
)
def test_what_has_no_equivalent_is_refused(plot: Any, mean: Any, named: str) -> None:
    with pytest.raises(ObservationError, match=named):
        equivalent_measurement(plot, mean)


def test_a_picture_from_tracklets_starts_like_one_from_plots(world: Any, generic_flight: Any) -> None:
    plots = world.radar_plots([generic_flight], 3, ("R2",))[:12]
    by_plot, by_tracklet = Tracker(), Tracker()
    for plot in plots:
        by_plot.add(plot)
        mean, covariance = equivalent_measurement(plot)
        by_tracklet.add(EquivalentObservation(plot.time_ns, plot.source, mean, covariance, plot.sensor))
    (one,), (other,) = (t.estimates(plots[-1].time_ns) for t in (by_plot, by_tracklet))
    sigmas = np.sqrt(np.diagonal(one.covariance))
    assert np.max(np.abs(one.mean - other.mean) / sigmas) < 0.05
    assert one.track_key == other.track_key == "t1"
