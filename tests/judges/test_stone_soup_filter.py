"""Our estimates of a coasting body beside those of Stone Soup's unscented filter, from the same plots."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.judges import soup

from trilat.fusion import Tracker, TrackerSettings
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import prepare
from trilat.fusion.filters.motion import propagate
from trilat.scenario import named_scenario
from trilat.study import Yardstick

S = 1_000_000_000
ALL = ("R1", "R2", "R3")
AGREE_M, AGREE_M_PER_S = 1.0, 0.05
BURNOUT_S, END_S = 118.0, 320.0
DENSITY = TrackerSettings().coast_acceleration_psd_m2_per_s3


@cache
def plots_of(seed: int) -> Any:
    yardstick = Yardstick(named_scenario("two-stage-generic"), seed)
    return yardstick._observations(yardstick.plots)


@cache
def radars() -> dict[str, Any]:
    scenario = named_scenario("two-stage-generic")
    return {
        sensor.sensor_id: soup.radar(
            sensor.latitude_deg,
            sensor.longitude_deg,
            sensor.height_m,
            (sensor.range_sigma_m, sensor.azimuth_sigma_rad, sensor.elevation_sigma_rad),
        )
        for sensor in scenario.sensors
    }


def coast(seed: int, names: Any, begin_s: float = BURNOUT_S, end_s: float = END_S) -> list[Any]:
    launch_ns = named_scenario("two-stage-generic").launch_ns
    return [
        plot
        for plot in plots_of(seed)
        if plot.sensor in names and begin_s < (plot.time_ns - launch_ns) / S <= end_s
    ]


def first_state(plot: Any) -> tuple[Any, Any]:
    """Position from one plot, and a velocity that is not known."""
    mean = np.zeros(6)
    mean[:3] = soup.place_of(plot, radars()[plot.sensor])
    return mean, np.diag([2000.0**2] * 3 + [3000.0**2] * 3)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernels_agree_from_the_first_plot_on(seed: int) -> None:
    plots = coast(seed, ALL, BURNOUT_S + 100.0)
    mean, covariance = first_state(plots[0])
    judge = soup.Filter(mean, covariance, plots[0].time_ns, DENSITY)
    before_ns = plots[0].time_ns
    for number, plot in enumerate(plots[1:]):
        one = prepare(plot)
        mean, covariance = propagate(mean, covariance, (plot.time_ns - before_ns) / S, DENSITY)
        mean, covariance, _, _ = update(
            mean, covariance, one.kind, one.values, one.covariance, one.site_m, one.axes
        )
        before_ns = plot.time_ns
        judge.add(plot, radars()[plot.sensor])
        # In the first twenty seconds the velocity is hardly known, and the two linearise differently.
        if number > 60:
            their_mean, their_covariance = judge.at(plot.time_ns)
            assert np.linalg.norm((mean - their_mean)[:3]) < AGREE_M
            assert np.sqrt(np.diagonal(covariance)) == pytest.approx(
                np.sqrt(np.diagonal(their_covariance)), rel=0.02
            )
    assert np.linalg.norm((mean - judge.at(plots[-1].time_ns)[0])[3:]) < AGREE_M_PER_S


@pytest.mark.parametrize("names", [ALL, ("R2",)])
def test_the_whole_tracker_agrees_once_it_coasts(names: Any) -> None:
    launch_ns = named_scenario("two-stage-generic").launch_ns
    tracker, judge = Tracker(), None
    alike = []
    for plot in plots_of(4):
        seconds = (plot.time_ns - launch_ns) / S
        if seconds > END_S:
            break
        if plot.sensor not in names:
            continue
        tracker.add(plot)
        if judge is not None:
            judge.add(plot, radars()[plot.sensor])
        # Until then several possible ends of the burn are still weighed against each other.
        if seconds <= BURNOUT_S + 40.0:
            continue
        estimate = tracker.estimates(plot.time_ns)[0]
        if judge is None:
            judge = soup.Filter(estimate.mean, estimate.covariance, plot.time_ns, DENSITY)
        mean, covariance = judge.at(plot.time_ns)
        assert np.linalg.norm((estimate.mean - mean)[:3]) < AGREE_M
        sigmas = np.sqrt(np.diagonal(estimate.covariance) / np.diagonal(covariance))
        near = np.linalg.norm((estimate.mean - mean)[3:]) < AGREE_M_PER_S
        alike.append(bool(near and np.allclose(sigmas, 1.0, rtol=0.01)))
    # An unlucky plot may let a re-ignition count for an instant; the judge does not know of such things.
    assert len(alike) > 150
    assert np.mean(alike) > 0.99


def test_the_two_equations_of_motion_agree() -> None:
    # A premise of the above, and a judge of `propagate`: five minutes above the air, to some millimetres.
    state = np.array([-3.2e6, 3.6e6, 4.6e6, -500.0, -2500.0, 2400.0])
    ours, _ = propagate(state, np.eye(6), 300.0, 0.0)
    theirs = soup.fallen(state[:, None], 300.0)[:, 0]
    assert np.linalg.norm(theirs[:3]) > 6.5e6
    assert np.linalg.norm((ours - theirs)[:3]) < 0.005


@pytest.mark.parametrize("name", ALL)
def test_the_measurements_are_the_same_numbers(name: str) -> None:
    # Another premise: without noise, Stone Soup's radar measures what the scenario's does.
    scenario = named_scenario("two-stage-generic")
    sensor = next(one for one in scenario.sensors if one.sensor_id == name)
    position, velocity = scenario.main_trajectory.state_at(np.array([150.0, 300.0, 500.0]))
    ours = sensor.measure(position, velocity)
    for row, place in zip(ours, position, strict=True):
        seen = radars()[name].function(soup.state(np.concatenate([place, np.zeros(3)])))
        elevation, bearing, distance = (float(value) for value in np.asarray(seen).ravel())
        assert distance == pytest.approx(row[0], abs=1e-6)
        assert np.mod(-bearing, 2 * np.pi) == pytest.approx(row[1], abs=1e-11)
        assert elevation == pytest.approx(row[2], abs=1e-11)
