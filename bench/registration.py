"""Registration: error over the joint bound, honesty, and what a hostile partner can learn of a bias.

    python bench/registration.py [RUNS]          (200 if not given; about 3 s a run on one core)
    python bench/registration.py track [RUNS]    (`trilat track` alone, with priors and without; 40)

Three radars on `two-stage-generic`. In each run every radar draws its own constant range, azimuth and
elevation bias (and clock bias where said) from the prior. The joint bound is of the coast from burnout, with
the biases as unknowns within their prior: an information matrix along the true path, made with the
scenario's own motion and sensors and by differences, so that it shares no code with the filter. It is of
plots up to the instant; a speed prior of 3 km/s is in it, as in the figures that it is beside.

What limits: one falling object pins the angles to 0.06 mrad but the ranges only to 10 m; ships and aircraft
with satellite positions pin those too. The ships and aircraft are simulated in straight, level motion, their
reports without delay, and the radars are taken to see the surface (20 ships within 40 km of a radar).
"""

import functools
import math
import sys
from dataclasses import replace

import numpy as np
from figures import Figure, resampled_interval

from trilat.fusion import (
    BiasPrior,
    BiasTable,
    PositionReport,
    RadarObservation,
    Registration,
    Tracker,
    compile_kernels,
    corrected_plot,
    equivalent_measurement,
)
from trilat.geo import ecef_from_geodetic, enu_rotation
from trilat.model import SECOND_NS
from trilat.scenario import coast, named_scenario, observe, read_sites, sites_text
from trilat.study import read_plots, track_plots
from trilat.study.plots import PLOT_COLUMNS

AFTER_S = (21.0, 61.0, 121.0, 241.0)
SPEED_SIGMA_M_PER_S = 3000.0
IGNORED = "ignored, 15 m: 4.4 and NEES 31"
# A prior this small is as good as a clock that is right.
CLOCK_RIGHT_S = 1e-6
REPORT_SIGMA_M, CONSTANT_SIGMA_M = 10.0, 10.0
BEFORE_S = 600.0


@functools.cache
def world():
    scenario = named_scenario("two-stage-generic")
    truth = next(path for path in scenario.trajectories if path.object_id == scenario.main_object)
    return scenario, truth


def sigmas(case):
    range_m, angle_rad, clock_s = case
    return np.array([range_m, angle_rad, angle_rad, max(clock_s, CLOCK_RIGHT_S)])


def priors(case):
    return {(s.party, s.sensor_id): BiasPrior(*map(float, sigmas(case))) for s in world()[0].sensors}


def radar_plot(sensor, t_ns, measured, bias):
    """A plot (range, azimuth, elevation) of a sensor with its bias added."""
    return RadarObservation(
        time_ns=t_ns + round(bias[3] * SECOND_NS),
        source=sensor.party,
        sensor=sensor.sensor_id,
        site_ecef_m=sensor.position_m,
        site_latitude_rad=math.radians(sensor.latitude_deg),
        site_longitude_rad=math.radians(sensor.longitude_deg),
        range_m=measured[0] + bias[0],
        azimuth_rad=(measured[1] + bias[1]) % (2.0 * math.pi),
        elevation_rad=measured[2] + bias[2],
        range_rate_m_per_s=None,
        range_sigma_m=sensor.range_sigma_m,
        azimuth_sigma_rad=sensor.azimuth_sigma_rad,
        elevation_sigma_rad=sensor.elevation_sigma_rad,
        range_rate_sigma_m_per_s=None,
    )


def drawn(case, seed):
    rng = np.random.default_rng([seed, 4])
    size = sigmas(case) * np.array([1, 1, 1, case[2] > 0.0])
    return {s.sensor_id: rng.standard_normal(4) * size for s in world()[0].sensors}


def plots_of(case, seed, start_s):
    scenario, _ = world()
    biases = drawn(case, seed)
    sensors = {sensor.sensor_id: sensor for sensor in scenario.sensors}
    end_s = scenario.last_burnout_s + max(AFTER_S)
    plots = [
        radar_plot(
            sensors[plot.sensor_id],
            plot.t_ns,
            (plot.range_m, plot.azimuth_rad, plot.elevation_rad),
            biases[plot.sensor_id],
        )
        for plot in observe(scenario, seed)
        if start_s <= (plot.t_ns - scenario.launch_ns) / SECOND_NS <= end_s
    ]
    return sorted(plots, key=lambda plot: plot.time_ns), biases


@functools.cache
def joint_bound(case):
    """Position bound (m) at AFTER_S seconds after burnout, biases unknown within their prior (or none)."""
    scenario, truth = world()
    start = scenario.last_burnout_s
    position, velocity = truth.state_at(start)
    nominal = np.concatenate([position, velocity])
    instants = sorted(
        ((plot.t_ns - scenario.launch_ns) / SECOND_NS, plot.sensor_id)
        for plot in observe(scenario, 0)
        if plot.t_ns >= scenario.launch_ns + start * SECOND_NS
    )
    phi = _transitions(nominal, max(AFTER_S) + 1.0)
    known = np.zeros((18, 18))
    known[3:6, 3:6] = np.eye(3) / SPEED_SIGMA_M_PER_S**2
    known[6:, 6:] = np.diag(np.tile(sigmas(case) ** -2.0, 3)) if case else np.eye(12)
    sensors = {s.sensor_id: (i, s) for i, s in enumerate(scenario.sensors)}
    bounds, place = [], 0
    for after in AFTER_S:
        while place < len(instants) and instants[place][0] <= start + after:
            t, name = instants[place]
            place += 1
            index, sensor = sensors[name]
            full = _sensitivity(sensor, truth, t, phi(t - start), index if case else None)
            known += full.T @ full
        reach = phi(after)[:3] @ np.linalg.inv(_scaled(known))[:6, :6] @ phi(after)[:3].T
        bounds.append(math.sqrt(np.trace(reach)))
    return bounds


def _scaled(matrix):
    """A tiny floor for the position, so that the first inverse exists; 10,000 km says nothing."""
    return matrix + np.diag([1e-14] * 3 + [0.0] * 15)


def _transitions(nominal, duration):
    steps = np.repeat([1.0, 1e-2], 3)
    runs = []
    for i in range(6):
        ends = []
        for sign in (1.0, -1.0):
            state = nominal.copy()
            state[i] += sign * steps[i]
            _, p, v = coast(state[:3], state[3:], duration, 1.0)
            ends.append(np.concatenate([p, v], axis=1))
        runs.append((ends[0] - ends[1]) / (2.0 * steps[i]))
    table = np.stack(runs, axis=2)

    def at(second):
        low = min(int(second), table.shape[0] - 2)
        share = second - low
        return (1.0 - share) * table[low] + share * table[low + 1]

    return at


def _sensitivity(sensor, truth, t, phi, index):
    """Rows (3, 18): d(range, azimuth, elevation)/d(state at burnout, biases), over the plot's sigmas."""
    position, velocity = truth.state_at(t)
    h = np.empty((3, 3))
    for i in range(3):
        shift = np.eye(3)[i] * 10.0
        h[:, i] = (
            sensor.measure(position + shift, velocity)[:3] - sensor.measure(position - shift, velocity)[:3]
        ) / 20.0
    full = np.zeros((3, 18))
    full[:, :6] = h @ phi[:3]
    if index is not None:
        full[:, 6 + 4 * index : 9 + 4 * index] = np.eye(3)
        full[:, 9 + 4 * index] = -h @ velocity
    scale = np.array([sensor.range_sigma_m, sensor.azimuth_sigma_rad, sensor.elevation_sigma_rad])
    return full / scale[:, None]


def traffic(kind, seed):
    """True paths of 20 ships or aircraft: place (n, 3), direction (n, 3), speed (n,)."""
    rng = np.random.default_rng([seed, 20])
    radars = world()[0].sensors
    rows = []
    for k in range(20):
        radar = radars[k % len(radars)]
        latitude, longitude = math.radians(radar.latitude_deg), math.radians(radar.longitude_deg)
        reach = (8e3, 38e3) if kind == "ships" else (40e3, 180e3)
        away, bearing, course = rng.uniform(*reach), *rng.uniform(0.0, 2.0 * math.pi, 2)
        height = 10.0 if kind == "ships" else rng.uniform(9e3, 12e3)
        north, east = away * math.cos(bearing) / 6.37e6, away * math.sin(bearing) / 6.37e6
        place = (latitude + north, longitude + east / math.cos(latitude))
        axes = enu_rotation(*place)
        heading = math.sin(course) * axes[0] + math.cos(course) * axes[1]
        position = ecef_from_geodetic(*place, height)
        heading -= (heading @ position) * position / (position @ position)
        speed = rng.uniform(4.0, 11.0) if kind == "ships" else rng.uniform(180.0, 250.0)
        rows.append((position, heading / np.linalg.norm(heading), speed))
    return rows


def level_states(row, seconds):
    """Positions and velocities (n, 3) along a great circle at constant height."""
    position, heading, speed = row
    radius = np.linalg.norm(position)
    angle = (speed * seconds / radius)[:, None]
    there = position * np.cos(angle) + heading * radius * np.sin(angle)
    return there, speed * (heading * np.cos(angle) - position / radius * np.sin(angle))


def traffic_events(kind, seed, biases):
    """(instant, name, plot or report) of ten minutes before launch: radars and reports every 10 s."""
    scenario, _ = world()
    rng = np.random.default_rng([seed, 21])
    events = []
    for k, row in enumerate(traffic(kind, seed)):
        seconds = np.arange(-BEFORE_S, 0.0, 10.0) + 0.3 * k
        fixes = level_states(row, seconds)[0] + rng.standard_normal(3) * CONSTANT_SIGMA_M
        fixes += rng.standard_normal(fixes.shape) * REPORT_SIGMA_M
        for second, fix in zip(seconds, fixes, strict=True):
            t_ns = scenario.launch_ns + round(second * SECOND_NS)
            report = PositionReport(t_ns, "AIS", fix, np.eye(3) * REPORT_SIGMA_M**2, CONSTANT_SIGMA_M)
            events.append((t_ns, f"m{k}", report))
        reach = 40e3 if kind == "ships" else 300e3
        plots = _echoes(row, seconds + 4.0, reach, rng, biases)
        events += [(plot.time_ns, f"m{k}", plot) for plot in plots]
    return sorted(events, key=lambda event: event[0])


def _echoes(row, seconds, reach_m, rng, biases):
    """Plots of one ship or aircraft by all radars that see it."""
    scenario, _ = world()
    out = []
    for sensor in scenario.sensors:
        measured = sensor.measure(*level_states(row, seconds))[:, :3]
        sigma = [sensor.range_sigma_m, sensor.azimuth_sigma_rad, sensor.elevation_sigma_rad]
        noisy = measured + rng.standard_normal(measured.shape) * sigma
        seen = (measured[:, 0] <= reach_m) & (measured[:, 2] >= -0.01)
        for second, values in zip(seconds[seen], noisy[seen], strict=True):
            t_ns = scenario.launch_ns + round(second * SECOND_NS)
            out.append(radar_plot(sensor, t_ns, values, biases[sensor.sensor_id]))
    return out


def scored(estimate, second):
    """Squared position error and NEES/6."""
    error = np.concatenate(world()[1].state_at(second)) - estimate[0]
    return error[:3] @ error[:3], error @ np.linalg.solve(estimate[1], error) / 6.0


def coast_run(case, seed, *, registered=True, common=None, corrected_by=None):
    """Scores (times, 2) of the joint estimate in coast, table at the end, true biases, all plots."""
    scenario, _ = world()
    start = scenario.last_burnout_s
    plots, biases = plots_of(case, seed, start)
    if corrected_by is not None:
        plots = [corrected_plot(plot, corrected_by)[0] for plot in plots]
    registration = Registration(priors(case) if registered else {})
    if common:
        for _, name, event in traffic_events(common, seed, biases):
            registration.add(name, event, "level")
    rows, place = [], 0
    for after in AFTER_S:
        now = scenario.launch_ns + round((start + after) * SECOND_NS)
        while place < len(plots) and plots[place].time_ns <= now:
            registration.add("object", plots[place])
            place += 1
        rows.append(scored(registration.estimate("object", now), start + after))
    return np.array(rows), registration.table(), biases, plots[:place]


def tracker_run(case, seed, table=None):
    """Scores of the tracker, which is told neither burnout nor biases, at the same instants."""
    scenario, _ = world()
    plots, _ = plots_of(case, seed, 0.0)
    tracker = Tracker(biases=table or BiasTable.of_priors(priors(case)))
    rows, place = [], 0
    for after in AFTER_S:
        second = scenario.last_burnout_s + after
        now = scenario.launch_ns + round(second * SECOND_NS)
        while place < len(plots) and plots[place].time_ns <= now:
            tracker.add(plots[place])
            place += 1
        got = tracker.estimates(now)[0]
        rows.append(scored((got.mean, got.covariance), second))
    return np.array(rows)


def track_run(case, seed, *, stated):
    """Scores of the whole path of `trilat track`, its sites file stating the priors or nothing of them."""
    scenario, _ = world()
    plots, _ = plots_of(case, seed, 0.0)
    said = {"range_bias_sigma_m": case[0], "angle_bias_sigma_rad": case[1]} if stated else {}
    sensors = read_sites(sites_text([replace(sensor, **said) for sensor in scenario.sensors]))
    seconds = [scenario.last_burnout_s + after for after in AFTER_S]
    instants = [scenario.launch_ns + round(second * SECOND_NS) for second in seconds]
    file = read_plots(_plots_csv(plots), sensors)
    run = track_plots(file.observations, sensors, sample_ns=instants)
    rows = []
    for sample, second in zip(run.samples, seconds, strict=True):
        found = [scored((one.mean, one.covariance), second) for one in sample.tracks.values()]
        # Where one object has two tracks the nearer one is scored, as in the scores of `trilat track`.
        rows.append(min(found) if found else (np.nan, np.nan))
    return np.array(rows)


def _plots_csv(plots):
    """The plots in the columns of `trilat track`."""
    cells = [(p.time_ns, p.sensor, p.range_m, p.azimuth_rad, p.elevation_rad, "") for p in plots]
    return "\n".join([",".join(PLOT_COLUMNS), *(",".join(map(str, row)) for row in cells)]) + "\n"


def track_rows(runs, case=(15.0, 3e-4, 0.0)):
    """Figures of `trilat track` with and without the priors, both over the joint bound."""
    for stated, goals in ((True, (1.15, 1.2)), (False, (None, None))):
        scores = [track_run(case, seed, stated=stated) for seed in range(runs)]
        what = f"trilat track, 15 m, 0.3 mrad, priors {'stated' if stated else 'left out'}"
        yield from error_and_nees(what, scores, joint_bound(case), goals, range(len(AFTER_S)))


def attack(table, biases, plots):
    """What a partner who knows the truth learns of R1's biases from the tracklets of corrected plots.

    Each tracklet is turned back to range, azimuth and elevation at the radar's site and compared with the
    truth; the mean is the attacker's estimate. Returns (attacker's estimate, true, left over, stated sigma,
    the same estimate from uncorrected plots), each (3,).
    """
    scenario, truth = world()
    sensor = next(s for s in scenario.sensors if s.sensor_id == "R1")
    own = [plot for plot in plots if plot.sensor == "R1"]
    position, velocity = truth.state_at([(plot.time_ns - scenario.launch_ns) / SECOND_NS for plot in own])
    states = np.concatenate([position, velocity], axis=1)
    guesses = {}
    for corrected in (True, False):
        sent = [corrected_plot(plot, table)[0] if corrected else plot for plot in own]
        read = np.array([equivalent_measurement(p, s)[0][:3] for p, s in zip(sent, states, strict=True)])
        seen = sensor.measure(read, velocity)[:, :3] - sensor.measure(position, velocity)[:, :3]
        seen[:, 1] = (seen[:, 1] + math.pi) % (2.0 * math.pi) - math.pi
        guesses[corrected] = seen
    known = table.bias("USA", "R1")
    left = np.array([known.range_bias_m, known.azimuth_bias_rad, known.elevation_bias_rad])
    stated = np.array([known.range_sigma_m, known.azimuth_sigma_rad, known.elevation_sigma_rad])
    true = biases["R1"][:3]
    return np.stack(
        [np.mean(guesses[True], axis=0), true, true - left, stated, np.mean(guesses[False], axis=0)]
    )


def error_and_nees(what, scores, bounds, goals=(1.15, 1.2), times=(3,), reference=IGNORED):
    found = []
    scores = np.asarray(scores)
    for k in times:
        at = f"{what}, +{AFTER_S[k]:.0f} s"
        ratio = resampled_interval(lambda v, k=k: math.sqrt(v.mean()) / bounds[k], scores[:, k, 0])
        nees = resampled_interval(np.mean, scores[:, k, 1])
        found.append(
            Figure(f"{at}: position RMSE / joint bound", *ratio, None, goals[0], reference, len(scores))
        )
        found.append(Figure(f"{at}: NEES/6", *nees, None, goals[1], reference, len(scores)))
    return found


def figures(runs: int) -> list[Figure]:
    return list(rows(runs))


def rows(runs):
    """The figures one after another, so that a long run shows what it has."""
    compile_kernels()
    main = (15.0, 3e-4, 0.0)
    done = [coast_run(main, seed) for seed in range(runs)]
    yield from error_and_nees(
        "15 m, 0.3 mrad", [d[0] for d in done], joint_bound(main), times=range(len(AFTER_S))
    )
    yield from attack_figures("object only", done)
    scores = [tracker_run(main, seed) for seed in range(runs)]
    yield from error_and_nees(
        "tracker from launch, 15 m, 0.3 mrad", scores, joint_bound(main), times=range(len(AFTER_S))
    )
    scores = [coast_run(main, seed, registered=False)[0] for seed in range(runs)]
    what = "15 m, 0.3 mrad, biases ignored, over the bound without biases"
    yield from error_and_nees(what, scores, joint_bound(None), (None, None))
    for what, case in (
        ("5 m, 0.1 mrad", (5.0, 1e-4, 0.0)),
        ("50 m, 1 mrad", (50.0, 1e-3, 0.0)),
        ("15 m, 0.3 mrad, 10 ms", (15.0, 3e-4, 1e-2)),
    ):
        yield from error_and_nees(what, [coast_run(case, seed)[0] for seed in range(runs)], joint_bound(case))
    for common in ("ships", "aircraft"):
        done = [coast_run(main, seed, common=common) for seed in range(runs)]
        yield from error_and_nees(f"with 20 {common}", [d[0] for d in done], joint_bound(main))
        yield from attack_figures(f"with 20 {common}", done)
    yield from handed_on(main, runs)
    yield from track_rows(min(runs, 40))


def handed_on(case, runs):
    """What a table learned from aircraft before the launch gives to others."""
    plain, tracked = [], []
    for seed in range(runs):
        registration = Registration(priors(case))
        for _, name, event in traffic_events("aircraft", seed, drawn(case, seed)):
            registration.add(name, event, "level")
        table = registration.table()
        plain.append(coast_run(case, seed, registered=False, corrected_by=table)[0])
        tracked.append(tracker_run(case, seed, table))
    what = "corrected by a table from 20 aircraft, rest ignored (a partner's view of tracklets)"
    yield from error_and_nees(what, plain, joint_bound(case), (None, None))
    what = "tracker from launch with that table, its covariance used"
    yield from error_and_nees(what, tracked, joint_bound(case))


def attack_figures(what, done):
    """Left-over biases over their stated sigma, and what an attacker gets with and without registration."""
    cases = np.array([attack(table, biases, plots) for _, table, biases, plots in done])
    names, sizes = ("range, m", "azimuth, mrad", "elevation, mrad"), (1.0, 1e3, 1e3)
    found = []
    for j, (name, size) in enumerate(zip(names, sizes, strict=True)):
        guess, true, left, stated, plain = (cases[:, i, j] for i in range(5))
        honest = resampled_interval(lambda v: math.sqrt(v.mean()), (left / stated) ** 2)
        found.append(
            Figure(
                f"{what}: left-over {name.split(',')[0]} bias / stated sigma",
                *honest,
                None,
                1.2,
                "",
                len(done),
            )
        )
        for label, values in (("corrected tracklets", guess), ("uncorrected plots", plain)):
            pairs = np.stack([values, true], axis=1)
            share = resampled_interval(lambda v: math.sqrt(1.0 - np.corrcoef(v.T)[0, 1] ** 2), pairs)
            text = f"{what}: sd of R1's {name.split(',')[0]} bias to who has {label}, over prior sd"
            found.append(Figure(text, *share, None, None, "1: learns nothing", len(done)))
        for label, values in (
            ("left-over bias, sd", left),
            ("attacker reads from corrected tracklets, rms", guess),
            ("attacker reads from uncorrected plots, rms", plain),
        ):
            rms = resampled_interval(lambda v: math.sqrt(v.mean()), (values * size) ** 2)
            reference = f"stated {stated.mean() * size:.3g}, true {math.sqrt(np.mean(true**2)) * size:.3g}"
            found.append(Figure(f"{what}: {label}, {name}", *rms, None, None, reference, len(done)))
    return found


def main():
    given = sys.argv[1:]
    track_only = given[:1] == ["track"]
    count = given[1:] if track_only else given
    chosen = (
        track_rows(int(count[0]) if count else 40) if track_only else rows(int(count[0]) if count else 200)
    )
    missed = 0
    for figure in chosen:
        low = "" if figure.goal_low is None else f"{figure.goal_low:g}"
        high = "" if figure.goal_high is None else f"{figure.goal_high:g}"
        goal = f"{low} to {high}" if low or high else "-"
        mark = "MISSED" if figure.is_missed else ""
        missed += figure.is_missed and not figure.is_open
        print(
            f"| {figure.what} | {figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g}) | {goal} "
            f"| {figure.reference} | {figure.runs} | {mark}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
