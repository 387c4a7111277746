"""How near the estimates come to the bound, and whether they say so truthfully; few runs.

The full figures come from `bench/boost.py`. Tolerances are from the chi-square: over n runs the mean
of NEES/6 has standard deviation sqrt(2 / (6 n)), and a mean square error over its bound, where one direction
dominates, sqrt(2 / n).
"""

import math
import time
from typing import Any

import numpy as np
import pytest

from trilat.fusion import (
    EquivalentObservation,
    RadarObservation,
    Tracker,
    clairvoyant_bound,
    equivalent_measurement,
    launch_estimate,
)
from trilat.fusion.compiling import compile_kernels
from trilat.model.errors import ObservationError

S = 1_000_000_000
RUNS = 16
AT_S = np.array([138.0, 158.0, 178.0, 238.0])


def bound_of(world: Any, flight: Any, plots: Any, at_s: Any = AT_S) -> Any:
    return clairvoyant_bound(
        flight.t_s, flight.position_m, flight.velocity_m_per_s, flight.burns, world.base_ns, plots, at_s
    )


def as_tracklets(plots: Any) -> Any:
    """What partners would send: each plot against its owner's own track, factor rounded to micrometres."""
    own: dict[str, Tracker] = {}
    for plot in plots:
        tracker = own.setdefault(plot.source, Tracker())
        tracker.add(plot)
        known = tracker.estimates(plot.time_ns)
        mean, covariance = equivalent_measurement(plot, known[0].mean if known else None)
        low = np.round(np.linalg.cholesky(covariance) * 1e6) / 1e6
        yield EquivalentObservation(plot.time_ns, plot.source, np.round(mean, 3), low @ low.T, plot.sensor)


def errors_of(world: Any, flight: Any, observations: Any) -> Any:
    tracker = Tracker()
    rest = list(observations)
    rows = []
    for second in AT_S:
        now = world.base_ns + round(second * S)
        while rest and rest[0].time_ns <= now:
            tracker.add(rest.pop(0))
        estimate = tracker.estimates(now)[0]
        difference = np.concatenate(flight.at(second)) - estimate.mean
        nees = difference @ np.linalg.solve(estimate.covariance, difference) / 6.0
        rows.append((float(difference[:3] @ difference[:3]), float(nees)))
    return np.array(rows)


@pytest.fixture(scope="module")
def central(world: Any, generic_flight: Any) -> Any:
    return np.array(
        [
            errors_of(world, generic_flight, world.radar_plots([generic_flight], 300 + run))
            for run in range(RUNS)
        ]
    )


def test_the_central_filter_is_near_the_clairvoyant_bound(
    world: Any, generic_flight: Any, central: Any
) -> None:
    bound = bound_of(world, generic_flight, world.radar_plots([generic_flight], None))
    ratio = np.sqrt(central[:, :, 0].mean(axis=0)) / bound
    # One direction dominates: three sigmas of sqrt(chi2(16)/16) is 0.53; the excess over 1 is ours.
    assert np.all(ratio < 1.15 + 3 * 0.5 * math.sqrt(2.0 / RUNS))
    assert np.all(ratio > 1.0 - 3 * 0.5 * math.sqrt(2.0 / RUNS))
    assert ratio.mean() < 1.3


def test_the_covariance_is_honest(central: Any) -> None:
    mean = central[:, :, 1].mean(axis=0)
    four_sigma = 4.0 * math.sqrt(2.0 / (6.0 * RUNS))
    assert np.all(mean < 1.0 + four_sigma)
    assert np.all(mean > 1.0 - four_sigma)


def test_tracklets_are_as_good_as_plots(world: Any, generic_flight: Any, central: Any) -> None:
    runs = 2
    fed = [
        errors_of(world, generic_flight, as_tracklets(world.radar_plots([generic_flight], 300 + run)))
        for run in range(runs)
    ]
    ratio = np.sqrt(np.mean([f[:, 0] for f in fed]) / np.mean(central[:runs, :, 0]))
    # Same noise in both, so the tolerance is ours and not the chi-square's.
    assert ratio < 1.05


def test_a_whole_flight_takes_less_than_a_second_and_a_half(world: Any, generic_flight: Any) -> None:
    compile_kernels()
    plots = world.radar_plots([generic_flight], 1)
    assert len(plots) > 1600
    begin = time.process_time()
    tracker = Tracker()
    for plot in plots:
        tracker.add(plot)
    tracker.estimates(plots[-1].time_ns)
    assert time.process_time() - begin < 1.5


def test_the_bound_agrees_with_the_independent_measurement(world: Any, generic_flight: Any) -> None:
    # The project's measured reference (another program, a slightly different path), all radars and R2 alone:
    at = np.array([60.0, 90.0, 110.0, 117.9, 123.0, 128.0, 138.0, 158.0, 178.0, 238.0])
    table = {
        ("R1", "R2", "R3"): [283, 165, 155, 97, 76, 62, 46, 31, 24, 15],
        ("R2",): [283, 213, 208, 204, 186, 161, 128, 96, 81, 66],
    }
    for names, expected in table.items():
        plots = world.radar_plots([generic_flight], None, names)
        assert np.allclose(bound_of(world, generic_flight, plots, at), expected, rtol=0.09)


def test_the_bound_of_one_plot_is_the_plot(world: Any, generic_flight: Any) -> None:
    plot = world.radar_plots([generic_flight], None, ("R2",))[40]
    second = (plot.time_ns - world.base_ns) / S
    values = bound_of(world, generic_flight, [plot], np.array([second - 1.0, second]))
    assert np.isnan(values[0])
    r, e = plot.range_m, plot.elevation_rad
    expected = math.sqrt(30.0**2 + (r * 1e-3) ** 2 + (r * 1e-3 * math.cos(e)) ** 2)
    assert values[1] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("spoil", ["shape", "nan", "backwards", "wanted", "away"])
def test_a_bound_of_bad_truth_is_refused(world: Any, generic_flight: Any, spoil: str) -> None:
    f = generic_flight
    plots = world.radar_plots([f], None, ("R2",))[:5]
    t, p, v, at = f.t_s, f.position_m, f.velocity_m_per_s, AT_S
    if spoil == "shape":
        p = p[:-1]
    elif spoil == "nan":
        v = v * np.nan
    elif spoil == "backwards":
        t = t[::-1]
    elif spoil == "wanted":
        at = at[::-1]
    else:
        p = -p
    with pytest.raises(ObservationError):
        clairvoyant_bound(t, p, v, f.burns, world.base_ns, plots, at)


@pytest.mark.parametrize("names", [("R1",), ("R2",), ("R3",), ("R1", "R2", "R3")])
def test_launch_points_are_honest_from_early_and_from_late_first_sight(
    world: Any, generic_flight: Any, names: Any
) -> None:
    for seed in range(3):
        launch = launch_estimate(world.radar_plots([generic_flight], seed, names))
        assert launch is not None
        east = (launch.longitude_deg - 128.0) * 111.32 * math.cos(math.radians(40.5))
        miss = np.array([east, (launch.latitude_deg - 40.5) * 111.03]) * 1e3
        assert miss @ np.linalg.solve(launch.covariance_m2, miss) < 13.8  # 99.9 %
        assert abs(launch.time_ns - world.base_ns) / S < 4.0 * launch.time_sigma_s
        if names == ("R2",):
            assert np.linalg.norm(miss) < 3000.0


@pytest.mark.parametrize("names", [("R1",), ("R2",), ("R1", "R2", "R3")])
def test_the_launch_azimuth_is_as_good_as_it_says(world: Any, generic_flight: Any, names: Any) -> None:
    """The flight turns towards 96 degrees; neither four times too sure nor four times too cautious."""
    ratios = []
    for seed in range(12):
        launch = launch_estimate(world.radar_plots([generic_flight], 50 + seed, names))
        assert launch is not None
        ratios.append((launch.azimuth_deg - 96.0) / launch.azimuth_sigma_deg)
    assert 0.4 < math.sqrt(np.mean(np.square(ratios))) < 1.4


def test_what_did_not_climb_has_no_launch_point(world: Any, generic_flight: Any) -> None:
    plots = world.radar_plots([generic_flight], 1, ("R2",))
    falling = [plot for plot in plots if plot.time_ns > world.base_ns + 450 * S]
    assert launch_estimate(falling) is None
    assert launch_estimate(plots[:3]) is None
    assert launch_estimate([]) is None
    with pytest.raises(ObservationError):
        launch_estimate(["plot"])  # type: ignore[list-item]


def test_progress_of_compiling_is_told_from_nothing_to_all() -> None:
    told: list[tuple[int, int]] = []
    compile_kernels(lambda done, total: told.append((done, total)))
    assert told[0][0] == 0
    assert [done for done, _ in told] == list(range(told[-1][1] + 1))


def test_a_plot_costs_half_a_millisecond_when_all_come_late(world: Any, generic_flight: Any) -> None:
    """Every partner plot a second late, read once a second: the pattern of a node."""
    plots: list[RadarObservation] = world.radar_plots([generic_flight], 1)
    late = sorted(plots, key=lambda p: p.time_ns + (S if p.source != "KOR" else 0))
    tracker = Tracker()
    begin = time.process_time()
    for place, plot in enumerate(late):
        tracker.add(plot)
        if place % 3 == 0:
            tracker.estimates(plot.time_ns)
    assert (time.process_time() - begin) / len(late) < 1e-3
