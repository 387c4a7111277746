"""Plots: determinism, independence of streams, and honest errors (judged by pymap3d and statistics)."""

from dataclasses import fields, replace

import numpy as np
import pymap3d
import pytest

from trilat.model.errors import ScenarioError
from trilat.scenario import (
    Plot,
    Scenario,
    Trajectory,
    generic_radar,
    named_scenario,
    observe,
)


@pytest.fixture(scope="module")
def unha() -> Scenario:
    return named_scenario("unha2-2009")


@pytest.fixture(scope="module")
def generic() -> Scenario:
    return named_scenario("two-stage-generic")


def hovering(latitude, longitude, height, sensors, sigma=1e-3):
    """A scenario of one point at rest, seen by perfect detection."""
    place = np.array(pymap3d.geodetic2ecef(latitude, longitude, height))
    path = Trajectory("still", np.array([0.0, 4000.0]), np.array([place, place]), np.zeros((2, 3)))
    made = tuple(
        replace(one, detection_probability=1.0, azimuth_sigma_rad=sigma, elevation_sigma_rad=sigma)
        for one in sensors
    )
    return Scenario("still", "t", 1, 3999.0, (path,), made, "still", None, None, ())


def test_the_same_seed_gives_the_same_bits_and_another_does_not(unha):
    first = observe(unha, 7)
    assert first == observe(named_scenario("unha2-2009"), 7)
    assert first != observe(unha, 8)


@pytest.mark.parametrize("party", ["KOR", "JPN", "USA"])
def test_switching_one_party_off_changes_no_other_plot(unha, party):
    owner = {sensor.sensor_id: sensor.party for sensor in unha.sensors}
    kept = tuple(plot for plot in observe(unha, 3) if owner[plot.sensor_id] != party)
    assert observe(unha, 3, frozenset({party})) == kept
    assert kept


def test_order_and_presence_of_other_sensors_do_not_matter(unha):
    alone = replace(unha, sensors=(unha.sensors[1],))
    turned = replace(unha, sensors=unha.sensors[::-1])
    name = unha.sensors[1].sensor_id
    assert observe(alone, 5) == tuple(plot for plot in observe(unha, 5) if plot.sensor_id == name)
    assert observe(turned, 5) == observe(unha, 5)


def test_sensors_of_similar_names_draw_different_errors():
    pair = [generic_radar(name, "JPN", (39.0, 135.0), offset_s=0.0, assumed="x") for name in ("a", "ab")]
    plots = observe(hovering(40.0, 136.0, 3e5, pair), 0)
    first, second = ([plot.range_m for plot in plots if plot.sensor_id == name] for name in ("a", "ab"))
    correlation = np.corrcoef(np.array([first, second]))[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(len(first))


def test_plots_are_sorted_and_carry_no_identity(unha):
    plots = observe(unha, 1)
    keys = [(plot.t_ns, plot.sensor_id) for plot in plots]
    assert keys == sorted(keys)
    assert {field.name for field in fields(Plot)} == {
        *("t_ns", "sensor_id", "range_m", "azimuth_rad", "elevation_rad", "range_rate_m_per_s")
    }


def test_both_objects_in_view_give_plots_in_an_order_that_tells_nothing(unha):
    # Seen by the Kongo at T+300 s: the two ranges differ; which comes first must vary from scan to scan.
    pairs: dict[int, list[float]] = {}
    for plot in observe(unha, 1):
        if plot.sensor_id == "kongo" and plot.range_m is not None:
            pairs.setdefault(plot.t_ns, []).append(plot.range_m)
    both = [ranges for ranges in pairs.values() if len(ranges) == 2]
    rising = sum(first < second for first, second in both)
    # Binomial: four standard deviations about one half.
    assert abs(rising - len(both) / 2) < 4.0 * np.sqrt(len(both)) / 2
    assert len(both) > 100


def test_errors_have_the_declared_size_and_no_mean():
    place = (40.0, 136.5, 3e5)
    radar = generic_radar("a", "JPN", (39.0, 135.0), offset_s=0.0, assumed="x", range_rate_sigma_m_per_s=5.0)
    plots = observe(hovering(*place, [radar]), 11)
    azimuth, elevation, distance = pymap3d.ecef2aer(*pymap3d.geodetic2ecef(*place), 39.0, 135.0, 20.0)
    truth = np.array([distance, np.radians(azimuth), np.radians(elevation), 0.0])
    rows = np.array([[p.range_m, p.azimuth_rad, p.elevation_rad, p.range_rate_m_per_s] for p in plots])
    scaled = (rows - truth) / [30.0, 1e-3, 1e-3, 5.0]
    count = len(plots)
    assert count == 4000
    # Four standard deviations of a mean, of a variance and of a correlation.
    assert np.all(np.abs(scaled.mean(axis=0)) < 4.0 / np.sqrt(count))
    assert np.all(np.abs(scaled.var(axis=0) - 1.0) < 4.0 * np.sqrt(2.0 / count))
    assert np.all(np.abs(np.corrcoef(scaled.T) - np.eye(4)) < 4.0 / np.sqrt(count))


def test_the_share_of_detections_is_the_declared_one():
    scenario = hovering(
        40.0, 136.5, 3e5, [generic_radar("a", "JPN", (39.0, 135.0), offset_s=0.0, assumed="x")]
    )
    missing = replace(scenario, sensors=(replace(scenario.sensors[0], detection_probability=0.9),))
    share = len(observe(missing, 2)) / 4000
    assert share == pytest.approx(0.9, abs=4.0 * np.sqrt(0.09 / 4000))
    never = replace(scenario, sensors=(replace(scenario.sensors[0], detection_probability=0.0),))
    assert observe(never, 2) == ()


def test_angles_stay_in_their_range_at_the_zenith_and_across_north():
    radar = generic_radar("a", "JPN", (39.0, 135.0), offset_s=0.0, assumed="x")
    azimuths = []
    for place in ((39.0, 135.0, 3e5), (41.0, 135.0, 3e5)):
        plots = observe(hovering(*place, [radar], sigma=0.05), 4)
        assert all(0.0 <= plot.azimuth_rad < 2.0 * np.pi for plot in plots)
        assert all(-np.pi / 2 <= plot.elevation_rad <= np.pi / 2 for plot in plots)
        azimuths = [plot.azimuth_rad for plot in plots]
    # Due north: half of the errors fall on either side of the cut.
    assert min(azimuths) < 0.2
    assert max(azimuths) > 6.1


def test_what_is_not_measured_is_absent(unha):
    by_sensor = {sensor.sensor_id: sensor for sensor in unha.sensors}
    for plot in observe(unha, 1):
        sensor = by_sensor[plot.sensor_id]
        assert (plot.range_m is None) == (sensor.kind == "infrared")
        assert (plot.range_rate_m_per_s is None) == (sensor.range_rate_sigma_m_per_s is None)


def test_scans_fall_on_whole_periods_from_the_offset(generic):
    offset_ns = {"R1": 0, "R2": 370_000_000, "R3": 710_000_000}
    for plot in observe(generic, 1):
        since_ns = plot.t_ns - generic.launch_ns - offset_ns[plot.sensor_id]
        assert since_ns % 1_000_000_000 == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda s: observe(s, -1), "seed `-1`"),
        (lambda s: observe(s, 2**63), "seed"),
        (
            lambda s: observe(s, 1, frozenset({"FRA"})),
            "party `FRA` owns no sensor here: choose from JPN, KOR, USA",
        ),
        (lambda s: replace(s, name="a b"), "scenario `a b`"),
        (lambda s: replace(s, launch_ns=0), "launch `0`"),
        (lambda s: replace(s, duration_s=0.0), "duration `0.0`"),
        (lambda s: replace(s, duration_s=float("nan")), "duration `nan`"),
        (lambda s: replace(s, trajectories=()), "at least one object"),
        (lambda s: replace(s, sensors=()), "at least one sensor"),
        (lambda s: replace(s, trajectories=s.trajectories * 2), "object `body` is given twice"),
        (lambda s: replace(s, sensors=s.sensors * 2), "sensor `R1` is given twice"),
        (lambda s: replace(s, main_object="x"), "no trajectory is called `x`"),
    ],
)
def test_what_cannot_be_is_refused(generic, call, text):
    with pytest.raises(ScenarioError, match=text):
        call(generic)
