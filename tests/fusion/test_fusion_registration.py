"""Registration against a batch solution by scipy, and against what must hold for any input."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from trilat.fusion import (
    BiasPrior,
    BiasTable,
    DirectionObservation,
    EquivalentObservation,
    PositionReport,
    RadarObservation,
    Registration,
    RegistrationSettings,
    SourceTrack,
    corrected_plot,
    left_over_sigma_m,
)
from trilat.model import ObservationError

NS = 1_000_000_000
BURNOUT_S = 118.0
PRIOR = BiasPrior(15.0, 3e-4, 3e-4, 1e-2)
PRIORS = {("USA", "R1"): PRIOR, ("KOR", "R2"): PRIOR, ("JPN", "R3"): PRIOR}
BIASES = {
    "R1": np.array([12.0, -2e-4, 4e-4, 8e-3]),
    "R2": np.array([-20.0, 3e-4, -1e-4, -6e-3]),
    "R3": np.array([9.0, 5e-4, 2e-4, 3e-3]),
}


def with_bias(plot: RadarObservation, bias: Any) -> RadarObservation:
    return replace(
        plot,
        time_ns=plot.time_ns + round(bias[3] * NS),
        range_m=plot.range_m + bias[0],
        azimuth_rad=plot.azimuth_rad + bias[1],
        elevation_rad=plot.elevation_rad + bias[2],
    )


def coast_plots(world: Any, flight: Any, seed: int, until_s: float = 60.0) -> list[RadarObservation]:
    """Plots of the coast from burnout on, with BIASES."""
    first_ns = world.base_ns + round(BURNOUT_S * NS)
    plots = [
        with_bias(plot, BIASES[plot.sensor])
        for plot in world.radar_plots([flight], seed)
        if first_ns <= plot.time_ns <= first_ns + until_s * NS
    ]
    return sorted(plots, key=lambda plot: plot.time_ns)


def fed(plots: Any, priors: Any = PRIORS, name: str = "t1") -> Registration:
    registration = Registration(priors)
    for plot in plots:
        registration.add(name, plot)
    return registration


@pytest.fixture(scope="module")
def plots(world: Any, generic_flight: Any) -> list[RadarObservation]:
    return coast_plots(world, generic_flight, 3)


# --- judged by scipy -------------------------------------------------------------------------------------


def measured(world: Any, name: str, position: Any) -> Any:
    """Range, azimuth, elevation (..., 3) of ECEF positions (..., 3) at the named radar, written once more."""
    _, lat, lon, _ = world.radars[name]
    enu = (position - world.geodetic(lat, lon, 100.0)) @ world.local_axes(lat, lon).T
    east, north, up = enu[..., 0], enu[..., 1], enu[..., 2]
    level = np.hypot(east, north)
    return np.stack([np.hypot(level, up), np.arctan2(east, north), np.arctan2(up, level)], axis=-1)


def batch_solution(world: Any, plots: Any, start: Any, start_ns: int) -> tuple[Any, Any]:
    """State at `start_ns` and biases (18,) with covariance, by nonlinear least squares over all plots."""
    names = sorted(world.radars)
    sigmas = np.concatenate([np.repeat([100.0, 10.0], 3), np.tile(PRIOR.sigmas, 3)])
    spin = np.array([0.0, 0.0, world.omega])

    def rate(_: float, y: Any) -> Any:
        p, v = y[:3], y[3:]
        pull = world.gravity(p) - 2 * np.cross(spin, v) - np.cross(spin, np.cross(spin, p))
        return np.concatenate([v, pull])

    groups = []
    for name in names:
        own = [plot for plot in plots if plot.sensor == name]
        seen = np.array([[plot.range_m, plot.azimuth_rad, plot.elevation_rad] for plot in own])
        groups.append((name, np.array([(plot.time_ns - start_ns) / NS for plot in own]), seen))
    end = max(group[1][-1] for group in groups) + 1.0

    def residuals(scaled: Any) -> Any:
        unknown = scaled * sigmas
        state, biases = start + unknown[:6], unknown[6:].reshape(3, 4)
        exact = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-6}
        before = solve_ivp(rate, (0.0, -1.0), state, **exact).y[:, -1]
        path = solve_ivp(rate, (-1.0, end), before, dense_output=True, **exact).sol
        out = [biases.ravel() / np.tile(PRIOR.sigmas, 3), state[3:] / 3000.0]
        for (name, stamps, seen), bias in zip(groups, biases, strict=True):
            off = seen - measured(world, name, path(stamps - bias[3])[:3].T) - bias[:3]
            off[:, 1] = (off[:, 1] + math.pi) % (2.0 * math.pi) - math.pi
            out.append((off / [30.0, 1e-3, 1e-3]).ravel())
        return np.concatenate(out)

    done = least_squares(residuals, np.zeros(18), x_scale="jac")
    covariance = np.linalg.inv(done.jac.T @ done.jac) * np.outer(sigmas, sigmas)
    return done.x * sigmas + np.concatenate([start, np.zeros(12)]), covariance


def test_a_falling_object_gives_the_biases_of_the_batch_solution(
    world: Any, generic_flight: Any, plots: Any
) -> None:
    registration = fed(plots)
    start_ns = world.base_ns + round(BURNOUT_S * NS)
    start = np.concatenate(generic_flight.at(BURNOUT_S))
    solution, covariance = batch_solution(world, plots, start, start_ns)
    table = registration.table()
    order = [table.sensors.index(key) for key in (("USA", "R1"), ("KOR", "R2"), ("JPN", "R3"))]
    rows = np.concatenate([np.arange(4 * k, 4 * k + 4) for k in order])
    sigma = np.sqrt(np.diagonal(covariance)[6:])
    # The filter linearises as it goes, the batch about its end: a twentieth of a sigma lies between them.
    assert np.all(np.abs(table.mean[rows] - solution[6:]) < 0.05 * sigma)
    assert np.allclose(np.sqrt(np.diagonal(table.covariance)[rows]), sigma, rtol=0.01)
    mean, spread = registration.estimate("t1", start_ns)
    state_sigma = np.sqrt(np.diagonal(covariance)[:6])
    assert np.all(np.abs(mean - solution[:6]) < 0.1 * state_sigma)
    assert np.allclose(np.sqrt(np.diagonal(spread)), state_sigma, rtol=0.03)


def level_scene(world: Any, seed: int, speed: float = 9.0) -> tuple[list[Any], list[Any]]:
    """Five ships about R2, in straight motion, with reports and plots; and their starts for a batch fit."""
    rng = np.random.default_rng(seed)
    events, starts = [], []
    for k in range(5):
        place = world.geodetic(38.5 + 0.2 * math.cos(k), 129.5 + 0.2 * math.sin(2.0 * k), 20.0)
        east, north, _ = world.local_axes(38.5, 129.5)
        velocity = speed * (math.cos(3.0 * k) * east + math.sin(3.0 * k) * north)
        offset = rng.standard_normal(3) * 10.0
        starts.append(np.concatenate([place, velocity]))
        for second in range(0, 200, 10):
            at = place + velocity * second
            time_ns = world.base_ns + second * NS
            fix = at + offset + rng.standard_normal(3) * 8.0
            events.append((f"s{k}", PositionReport(time_ns, "AIS", fix, np.eye(3) * 64.0, 10.0)))
            range_m, azimuth, elevation = measured(world, "R2", at) + BIASES["R2"][:3]
            noise = rng.standard_normal(3) * [30.0, 1e-3, 1e-3]
            events.append((f"s{k}", radar(world, time_ns, range_m, azimuth, elevation, noise)))
    return sorted(events, key=lambda event: event[1].time_ns), starts


def radar(world: Any, time_ns: int, range_m: float, azimuth: float, elevation: float, noise: Any) -> Any:
    party, lat, lon, _ = world.radars["R2"]
    return RadarObservation(
        time_ns=time_ns,
        source=party,
        sensor="R2",
        site_ecef_m=world.geodetic(lat, lon, 100.0),
        site_latitude_rad=math.radians(lat),
        site_longitude_rad=math.radians(lon),
        range_m=range_m + noise[0],
        azimuth_rad=azimuth + noise[1],
        elevation_rad=elevation + noise[2],
        range_rate_m_per_s=None,
        range_sigma_m=30.0,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=1e-3,
        range_rate_sigma_m_per_s=None,
    )


def test_ships_that_say_where_they_are_give_the_biases_of_the_batch_solution(world: Any) -> None:
    events, starts = level_scene(world, 5)
    still = RegistrationSettings(level_acceleration_psd_m2_per_s3=1e-9)
    registration = Registration({("KOR", "R2"): PRIOR}, still)
    for name, event in events:
        assert registration.add(name, event, "level")
    scale = np.concatenate([PRIOR.sigmas[:3], np.tile(np.repeat([10.0, 1.0, 10.0], 3), 5)])

    def residuals(scaled: Any) -> Any:
        unknown = scaled * scale
        ships = unknown[3:].reshape(5, 9)
        out = [unknown[:3] / PRIOR.sigmas[:3], ships[:, 6:].ravel() / 10.0]
        for name, event in events:
            k = int(name[1:])
            seconds = (event.time_ns - world.base_ns) / NS
            at = starts[k][:3] + ships[k, :3] + seconds * (starts[k][3:] + ships[k, 3:6])
            if isinstance(event, PositionReport):
                out.append((event.position_m - at - ships[k, 6:]) / 8.0)
                continue
            seen = np.array([event.range_m, event.azimuth_rad, event.elevation_rad])
            off = seen - measured(world, "R2", at) - unknown[:3]
            off[1] = math.remainder(off[1], 2 * math.pi)
            out.append(off / [30.0, 1e-3, 1e-3])
        return np.concatenate(out)

    done = least_squares(residuals, np.zeros(48), x_scale="jac")
    covariance = np.linalg.inv(done.jac.T @ done.jac)[:3, :3] * np.outer(scale[:3], scale[:3])
    sigma = np.sqrt(np.diagonal(covariance))
    table = registration.table()
    assert np.all(np.abs(table.mean[:3] - (done.x * scale)[:3]) < 0.05 * sigma)
    assert np.allclose(np.sqrt(np.diagonal(table.covariance)[:3]), sigma, rtol=0.01)


def test_errors_are_what_is_stated(world: Any, generic_flight: Any) -> None:
    """NEES of biases and state over seeds; the joint estimate must not claim more than it has."""
    rng = np.random.default_rng(8)
    clean = [
        plot for plot in world.radar_plots([generic_flight], None) if plot.time_ns >= world.base_ns + 118 * NS
    ]
    clean = [plot for plot in clean if plot.time_ns < world.base_ns + 180 * NS]
    of_state, of_biases = [], []
    for _ in range(40):
        biases = {name: rng.standard_normal(4) * PRIOR.sigmas for name in world.radars}
        noisy = [
            with_bias(plot, biases[plot.sensor] + np.append(rng.standard_normal(3) * [30.0, 1e-3, 1e-3], 0.0))
            for plot in clean
        ]
        registration = fed(sorted(noisy, key=lambda plot: plot.time_ns))
        table = registration.table()
        off = table.mean - np.concatenate([biases[sensor] for _, sensor in table.sensors])
        of_biases.append(off @ np.linalg.solve(table.covariance, off) / 12.0)
        mean, covariance = registration.estimate("t1", world.base_ns + 181 * NS)
        error = mean - np.concatenate(generic_flight.at(181.0))
        of_state.append(error @ np.linalg.solve(covariance, error) / 6.0)
    # Three standard errors of a mean of 40 chi-squares: 0.19 (12 degrees) and 0.27 (6 degrees).
    assert abs(np.mean(of_biases) - 1.0) < 0.2
    assert abs(np.mean(of_state) - 1.0) < 0.28


# --- what is observed ------------------------------------------------------------------------------------


def test_a_bias_that_nothing_observes_keeps_its_prior(world: Any) -> None:
    events, _ = level_scene(world, 6, speed=0.0)
    registration = Registration({("KOR", "R2"): PRIOR, ("JPN", "R3"): PRIOR})
    for name, event in events:
        registration.add(name, event, "level")
    unseen, seen = registration.table().bias("JPN", "R3"), registration.table().bias("KOR", "R2")
    assert unseen.range_sigma_m == pytest.approx(15.0, rel=1e-12)
    assert unseen.azimuth_sigma_rad == pytest.approx(3e-4, rel=1e-12)
    assert unseen.clock_sigma_s == pytest.approx(1e-2, rel=1e-12)
    assert (unseen.range_bias_m, unseen.updates) == (0.0, 0)
    # Ships that lie still tell nothing of a clock, and much of a range.
    assert seen.clock_sigma_s > 0.999e-2
    assert seen.range_sigma_m < 8.0


def test_clocks_are_observed_through_motion_and_only_against_each_other(
    world: Any, generic_flight: Any
) -> None:
    """One object in free flight tells how clocks differ; that all are late together nothing can tell."""
    slow = dict.fromkeys(PRIORS, BiasPrior(15.0, 3e-4, 3e-4, 1.0))
    table = fed(coast_plots(world, generic_flight, 3, 200.0), slow).table()
    clocks = table.covariance[3::4, 3::4]
    assert clocks[0, 0] + clocks[1, 1] - 2.0 * clocks[0, 1] < 0.1**2
    together = float(np.sqrt(np.ones(3) @ clocks @ np.ones(3)) / 3.0)
    assert together > 0.95 / math.sqrt(3.0)


def test_one_sensor_alone_learns_little_of_its_own_range(plots: Any) -> None:
    registration = fed([plot for plot in plots if plot.sensor == "R2"])
    assert registration.table().bias("KOR", "R2").range_sigma_m > 14.0


def test_what_a_dropped_object_told_is_kept(plots: Any) -> None:
    registration = fed(plots)
    before = registration.table()
    registration.drop("t1")
    assert registration.names() == ()
    after = registration.table()
    assert np.allclose(after.mean, before.mean, rtol=1e-12, atol=0.0)
    assert np.array_equal(after.covariance, before.covariance)
    with pytest.raises(ObservationError, match="no object"):
        registration.estimate("t1", plots[-1].time_ns)


def test_two_objects_share_the_biases(world: Any, spent_stage: Any, plots: Any) -> None:
    one = fed(plots)
    both = fed(plots)
    for plot in coast_plots(world, spent_stage, 4):
        both.add("t2", plot)
    alone, joint = one.table(), both.table()
    assert np.all(np.diagonal(joint.covariance) < np.diagonal(alone.covariance))
    now_ns = plots[-1].time_ns
    # What the second object told of the biases makes the first one better, too.
    assert np.trace(both.estimate("t1", now_ns)[1]) < np.trace(one.estimate("t1", now_ns)[1])


def test_a_sensor_may_come_later_and_go(plots: Any) -> None:
    late = [plot for plot in plots if plot.sensor != "R3" or plot.time_ns > plots[60].time_ns]
    known = fed(late)
    met = Registration({}, default=PRIOR)
    for plot in late:
        met.add("t1", plot)
    for key in PRIORS:
        a, b = known.table().bias(*key), met.table().bias(*key)
        assert b.range_bias_m == pytest.approx(a.range_bias_m, abs=1e-6)
        assert b.azimuth_sigma_rad == pytest.approx(a.azimuth_sigma_rad, rel=1e-6)


def test_the_names_and_order_of_sensors_do_not_matter(plots: Any) -> None:
    names = {"R1": ("z", "last"), "R2": ("a", "first"), "R3": ("m", "middle")}
    renamed = [replace(plot, source=names[plot.sensor][0], sensor=names[plot.sensor][1]) for plot in plots]
    plain, other = fed(plots), fed(renamed, dict.fromkeys(names.values(), PRIOR))
    for source, sensor in PRIORS:
        a, b = plain.table().bias(source, sensor), other.table().bias(*names[sensor])
        assert b.range_bias_m == pytest.approx(a.range_bias_m, rel=1e-9, abs=1e-9)
        assert b.clock_sigma_s == pytest.approx(a.clock_sigma_s, rel=1e-9)
    (a_mean, a_cov), (b_mean, b_cov) = (r.estimate("t1", plots[-1].time_ns) for r in (plain, other))
    assert np.allclose(a_mean, b_mean, rtol=1e-12)
    assert np.allclose(a_cov, b_cov, rtol=1e-7, atol=1e-9)


def test_the_same_calls_give_the_same_bits(plots: Any) -> None:
    first, second = fed(plots).table(), fed(plots).table()
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.covariance, second.covariance)


def test_a_burning_object_registers_too(world: Any, generic_flight: Any) -> None:
    registration = Registration(PRIORS)
    last_ns = world.base_ns + 170 * NS
    for plot in world.radar_plots([generic_flight], 9):
        if world.base_ns + 80 * NS <= plot.time_ns <= last_ns:
            burning = plot.time_ns < world.base_ns + 118 * NS
            registration.add("t1", with_bias(plot, BIASES[plot.sensor]), "boost" if burning else "coast")
    mean, covariance = registration.estimate("t1", last_ns)
    error = mean - np.concatenate(generic_flight.at(170.0))
    assert error @ np.linalg.solve(covariance, error) < 22.5  # chi-square, 6 degrees, 99.9 %
    assert registration.counts()["outlier"] == 0


# --- absurd biases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["R1", "R2", "R3"])
def test_an_absurd_bias_is_flagged_and_not_absorbed(
    world: Any, generic_flight: Any, plots: Any, wrong: str
) -> None:
    far = [replace(p, range_m=p.range_m + 10_000.0) if p.sensor == wrong else p for p in plots]
    registration = fed(far)
    table = registration.table()
    key = next(key for key in PRIORS if key[1] == wrong)
    assert table.suspects == {key}
    assert table.bias(*key).suspect
    assert table.bias(*key).refused >= 50
    assert registration.counts()["outlier"] >= 50
    # Nothing of it went in: the bias keeps its prior, the object is where the others see it.
    assert abs(table.bias(*key).range_bias_m) < 1.0
    mean, covariance = registration.estimate("t1", plots[-1].time_ns)
    error = mean - np.concatenate(generic_flight.at((plots[-1].time_ns - world.base_ns) / NS))
    assert error @ np.linalg.solve(covariance, error) < 22.5


def test_biases_outside_the_prior_are_suspect_even_where_each_plot_passes(
    world: Any, generic_flight: Any
) -> None:
    small = dict.fromkeys(PRIORS, BiasPrior(1.0, 1e-5, 1e-5, 1e-4))
    table = fed(coast_plots(world, generic_flight, 3, 200.0), small).table()
    assert sum(table.refused) < 3
    assert table.suspects != frozenset()


def test_two_sensors_that_disagree_are_reported(plots: Any) -> None:
    two = [plot for plot in plots if plot.sensor != "R3"]
    far = [replace(p, range_m=p.range_m + 10_000.0) if p.sensor == "R1" else p for p in two]
    assert fed(far).table().suspects != frozenset()


# --- refusals --------------------------------------------------------------------------------------------


def test_a_late_plot_is_refused_and_counted(plots: Any) -> None:
    registration = fed(plots)
    before = registration.table()
    assert not registration.add("t1", plots[0])
    assert registration.counts()["late"] == 1
    assert np.array_equal(before.mean, registration.table().mean)


def test_a_direction_begins_no_object(plots: Any) -> None:
    plot = plots[0]
    direction = DirectionObservation(
        time_ns=plot.time_ns,
        source=plot.source,
        sensor=plot.sensor,
        site_ecef_m=plot.site_ecef_m,
        site_latitude_rad=plot.site_latitude_rad,
        site_longitude_rad=plot.site_longitude_rad,
        azimuth_rad=plot.azimuth_rad,
        elevation_rad=plot.elevation_rad,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=1e-3,
    )
    registration = Registration(PRIORS)
    assert not registration.add("t1", direction)
    assert registration.counts()["no-range"] == 1
    assert registration.add("t1", plot)
    assert registration.add("t1", replace(direction, time_ns=plot.time_ns + NS // 10))


def test_no_more_sensors_and_objects_than_allowed(plots: Any) -> None:
    few = RegistrationSettings(objects_max=2, sensors_max=1)
    registration = Registration({("USA", "R1"): PRIOR}, few, default=PRIOR)
    own = [plot for plot in plots if plot.sensor == "R1"][:4]
    for k, plot in enumerate(own):
        registration.add(f"t{k}", plot)
    assert registration.names() == ("t2", "t3")
    assert not registration.add("t3", next(plot for plot in plots if plot.sensor == "R2"))
    assert registration.counts()["too-many"] == 1


def report(**changes: Any) -> PositionReport:
    values = {
        "time_ns": 0,
        "source": "AIS",
        "position_m": [6.4e6, 0.0, 0.0],
        "covariance_m2": np.eye(3),
        **changes,
    }
    return PositionReport(**values)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_ns": 1.5}, "integer"),
        ({"source": ""}, "text"),
        ({"position_m": [math.nan, 0.0, 0.0]}, "finite"),
        ({"position_m": [1.0, 0.0, 0.0]}, "inside the Earth"),
        ({"position_m": [1.0, 0.0]}, "shape"),
        ({"position_m": "here"}, "finite|numbers"),
        ({"covariance_m2": -np.eye(3)}, "positive definite"),
        ({"covariance_m2": np.full((3, 3), math.nan)}, "finite"),
        ({"covariance_m2": np.triu(np.ones((3, 3)))}, "symmetric"),
        ({"constant_sigma_m": math.nan}, "constant_sigma_m"),
        ({"constant_sigma_m": 0.0}, "constant_sigma_m"),
    ],
)
def test_a_report_that_cannot_be_is_refused(changes: Any, words: str) -> None:
    with pytest.raises(ObservationError, match=words):
        report(**changes)


@pytest.mark.parametrize(
    "name", ["range_sigma_m", "azimuth_sigma_rad", "elevation_sigma_rad", "clock_sigma_s"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_a_prior_that_cannot_be_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ObservationError, match=name):
        BiasPrior(**{name: value})


@pytest.mark.parametrize(
    ("name", "observation", "motion", "words"),
    [
        ("", report(), "level", "name"),
        (7, report(), "level", "name"),
        ("s", report(), "coast", "level"),
        ("s", report(), "sailing", "motion"),
        ("s", None, "coast", "registers no sensor"),
        (
            "s",
            EquivalentObservation(0, "KOR", np.array([6.4e6, 0, 0, 0, 0, 0]), np.eye(6)),
            "coast",
            "registers no",
        ),
        (
            "s",
            SourceTrack(0, "KOR", "t", np.array([6.4e6, 0, 0, 0, 0, 0]), np.eye(6)),
            "coast",
            "registers no",
        ),
    ],
)
def test_wrong_arguments_are_refused(name: Any, observation: Any, motion: str, words: str) -> None:
    registration = Registration(PRIORS)
    with pytest.raises(ObservationError, match=words):
        registration.add(name, observation, motion)
    assert registration.names() == ()


def test_a_ship_does_not_fall(plots: Any) -> None:
    registration = fed(plots[:3])
    with pytest.raises(ObservationError, match="moves as"):
        registration.add("t1", plots[3], "level")


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_settings_that_cannot_work_are_refused(value: float) -> None:
    with pytest.raises(ObservationError, match="late_s"):
        RegistrationSettings(late_s=value)


@pytest.mark.parametrize(
    ("sensors", "mean", "covariance", "words"),
    [
        ((("A", "a"),), [0.0] * 3, np.eye(4), "shape"),
        ((("A", "a"),), [math.nan] * 4, np.eye(4), "finite"),
        ((("A", "a"),), [0.0] * 4, -np.eye(4), "diagonal"),
        ((("A", "a"),), [0.0] * 4, np.ones((4, 4)), "positive definite"),
        ((("A", "a"),), [0.0] * 4, np.eye(4) + np.triu(np.full((4, 4), 0.1), 1), "symmetric"),
        ((("A", "a"), ("A", "a")), [0.0] * 8, np.eye(8), "twice"),
    ],
)
def test_a_table_that_cannot_be_is_refused(sensors: Any, mean: Any, covariance: Any, words: str) -> None:
    with pytest.raises(ObservationError, match=words):
        BiasTable(sensors, mean, covariance)


def test_a_sensor_that_the_table_does_not_hold(plots: Any) -> None:
    table = BiasTable.of_priors({("X", "x"): PRIOR})
    with pytest.raises(ObservationError, match="no biases"):
        table.bias("USA", "R1")
    same, left = corrected_plot(plots[0], table)
    assert same is plots[0]
    assert not left.any()


def test_a_corrected_plot_is_the_plot_without_its_bias(plots: Any) -> None:
    key = (plots[0].source, plots[0].sensor)
    bias, spread = np.array([10.0, 1e-3, -2e-3, 5e-3]), np.diag([1.0, 1e-8, 1e-8, 1e-6])
    corrected, left = corrected_plot(plots[0], BiasTable((key,), bias, spread))
    assert isinstance(corrected, RadarObservation)
    assert corrected.range_m == pytest.approx(plots[0].range_m - 10.0)
    assert math.remainder(corrected.azimuth_rad - plots[0].azimuth_rad + 1e-3, 2 * math.pi) == pytest.approx(
        0.0
    )
    assert corrected.elevation_rad == pytest.approx(plots[0].elevation_rad + 2e-3)
    assert corrected.time_ns == plots[0].time_ns - 5_000_000
    assert np.array_equal(left, spread)


def test_a_correction_past_the_zenith_is_folded(plots: Any) -> None:
    steep = replace(plots[0], elevation_rad=math.pi / 2 - 1e-4, azimuth_rad=0.3)
    table = BiasTable(((steep.source, steep.sensor),), np.array([0.0, 0.0, -3e-4, 0.0]), np.eye(4))
    corrected, _ = corrected_plot(steep, table)
    assert corrected.elevation_rad == pytest.approx(math.pi / 2 - 2e-4)
    assert math.remainder(corrected.azimuth_rad - 0.3 - math.pi, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)


def test_what_is_left_over_is_stated_along_its_worst_axis(plots: Any) -> None:
    plot = replace(plots[0], range_m=500_000.0, elevation_rad=0.0)
    key = (plot.source, plot.sensor)
    table = BiasTable((key,), np.zeros(4), np.diag([9.0, 1e-8, 4e-8, 1e-12]))
    assert left_over_sigma_m(plot, table) == pytest.approx(100.0, rel=1e-6)
    assert left_over_sigma_m(replace(plot, sensor="other"), table) == 0.0


def test_plots_far_better_than_the_prior_leave_a_covariance_that_is_one(plots: Any) -> None:
    vague = dict.fromkeys(PRIORS, BiasPrior(1e5, 0.1, 0.1, 10.0))
    registration = Registration(vague)
    for plot in plots:
        sharp = replace(plot, range_sigma_m=1e-3, azimuth_sigma_rad=1e-9, elevation_sigma_rad=1e-9)
        registration.add("t1", sharp)
    covariance = registration.table().covariance
    scale = np.sqrt(np.diagonal(covariance))
    assert np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] > 0.0
    _, spread = registration.estimate("t1", plots[-1].time_ns)
    assert np.linalg.eigvalsh(spread)[0] > 0.0


# --- for any input ---------------------------------------------------------------------------------------

any_plot = st.tuples(
    st.sampled_from(["R1", "R2", "R3"]),
    st.floats(-3.0, 700.0),
    st.floats(1.0, 5e6),
    st.floats(-math.pi, math.pi),
    st.floats(-math.pi / 2, math.pi / 2),
    st.floats(1e-3, 1e6),
    st.floats(1e-9, 0.4),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["boost", "coast"]),
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(any_plot, max_size=12))
def test_every_covariance_is_positive_definite_and_every_plot_is_counted(
    world: Any, plots: Any, rows: Any
) -> None:
    registration = Registration(PRIORS)
    sites = {plot.sensor: plot for plot in plots}
    for sensor, second, range_m, azimuth, elevation, range_sigma, angle_sigma, name, motion in rows:
        plot = replace(
            sites[sensor],
            time_ns=world.base_ns + round(second * NS),
            range_m=range_m,
            azimuth_rad=azimuth,
            elevation_rad=elevation,
            range_sigma_m=range_sigma,
            azimuth_sigma_rad=angle_sigma,
            elevation_sigma_rad=angle_sigma,
        )
        registration.add(name, plot, motion)
        table = registration.table()
        scale = np.sqrt(np.diagonal(table.covariance))
        assert np.linalg.eigvalsh(table.covariance / np.outer(scale, scale))[0] > 0.0
        for held in registration.names():
            mean, covariance = registration.estimate(held, registration._objects[held].time_ns)
            assert np.all(np.isfinite(mean))
            size = np.sqrt(np.diagonal(covariance))
            assert np.linalg.eigvalsh(covariance / np.outer(size, size))[0] > 0.0
    counts = registration.counts()
    assert sum(counts[key] for key in ("accepted", "late", "no-range", "outlier", "too-many")) == len(rows)
