"""Nearest neighbour beside JPDA in clutter, on `two-stage-generic`: false tracks, confirmation, error, cost.

    python bench/clutter.py [RUNS] [FALSE_PLOTS_PER_SCAN] [DETECTION] [wide|near]

Each radar gives FALSE_PLOTS_PER_SCAN false plots a scan (Poisson, 10 if not given) and sees the object with
probability DETECTION (0.9). `wide`: false plots lie anywhere above the horizon within 1,000 km, uniform in
range, azimuth and sine of elevation. `near`: within 30 km and 60 mrad of the object, which is far harder. The
limit of what is shown: one object, the first four minutes, and false plots independent from scan to scan.

Printed for each rule: false confirmed tracks per hour of flight with their Poisson 95 % interval, seconds
from the first plot to confirmation, numbers that the object's track had, error over the clairvoyant bound
(which is of the object's own plots, as if each were known), NEES/6, and milliseconds a scan.
"""

import math
import sys
import time
from dataclasses import replace

import numpy as np
from observing import observation
from scipy.stats import chi2

from trilat.fusion import Tracker, TrackerSettings, clairvoyant_bound, compile_kernels
from trilat.model import SECOND_NS
from trilat.scenario import Plot, named_scenario, observe

AT_S = np.array([90.0, 110.0, 138.0, 178.0, 238.0])
END_S = 240.0
FAR_M = 30_000.0


def false_plots(scenario, truth, per_scan, near, rng):
    """False plots of every scan of every radar."""
    for sensor in scenario.sensors:
        for second in np.arange(sensor.offset_s, scenario.duration_s, sensor.period_s):
            inside = truth.start_s <= second <= truth.end_s
            if near and not inside:
                continue
            centre = sensor.measure(*truth.state_at(second)) if inside else None
            for _ in range(rng.poisson(per_scan)):
                if near:
                    r, az, el = centre[:3] + rng.uniform(-1.0, 1.0, 3) * [30e3, 0.06, 0.06]
                else:
                    r, az = rng.uniform(5e3, 1e6), rng.uniform(0.0, 2.0 * math.pi)
                    el = math.asin(rng.uniform(math.sin(sensor.elevation_mask_deg * math.pi / 180), 1.0))
                if el > 0.0 and r > 1e3:
                    az %= 2.0 * math.pi
                    yield Plot(
                        scenario.launch_ns + round(second * SECOND_NS), sensor.sensor_id, r, az, el, None
                    )


def one_run(scenario, truth, observations, rule):
    tracker = Tracker(TrackerSettings(association=rule))
    confirmed, numbers, false_keys, place, errors = None, [], set(), 0, []
    begin = time.process_time()
    scans = sorted({plot.time_ns for plot in observations})
    wanted = list(AT_S)
    for now in scans:
        while place < len(observations) and observations[place].time_ns <= now:
            tracker.add(observations[place])
            place += 1
        second = (now - scenario.launch_ns) / SECOND_NS
        state = np.concatenate(truth.state_at(min(second, truth.end_s)))
        shown = [e for e in tracker.estimates(now) if e.confirmed]
        for estimate in shown:
            if np.linalg.norm(estimate.mean[:3] - state[:3]) > FAR_M:
                false_keys.add(estimate.track_key)
        ours = [e for e in shown if e.track_key not in false_keys]
        if ours and confirmed is None:
            confirmed = second
        numbers += [ours[0].track_key] if ours and ours[0].track_key not in numbers else []
        if wanted and second >= wanted[0]:
            estimates = [
                e for e in tracker.estimates(scenario.launch_ns + round(wanted[0] * SECOND_NS)) if e.confirmed
            ]
            true = np.concatenate(truth.state_at(wanted.pop(0)))
            best = min(estimates, key=lambda e: np.linalg.norm(e.mean[:3] - true[:3]), default=None)
            errors.append((np.nan, np.nan) if best is None else error(best, true))
    return confirmed, numbers, len(false_keys), errors, (time.process_time() - begin) / len(scans)


def error(estimate, true):
    difference = estimate.mean - true
    return difference[:3] @ difference[:3], difference @ np.linalg.solve(
        estimate.covariance, difference
    ) / 6.0


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    per_scan = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    detection = float(sys.argv[3]) if len(sys.argv) > 3 else 0.9
    near = len(sys.argv) > 4 and sys.argv[4] == "near"
    compile_kernels()
    base = named_scenario("two-stage-generic")
    sensors = tuple(replace(sensor, detection_probability=detection) for sensor in base.sensors)
    truth = next(path for path in base.trajectories if path.object_id == base.main_object)
    scenario = replace(base, sensors=sensors, trajectories=(truth,), duration_s=END_S)
    print(f"{runs} runs, {per_scan:g} false plots a scan ({'near' if near else 'wide'}), Pd {detection:g}")
    results = {"gnn": [], "jpda": []}
    bounds, firsts = [], []
    for seed in range(runs):
        rng = np.random.default_rng([seed, 77])
        own = [observation(scenario, plot) for plot in observe(scenario, seed)]
        wrong = [observation(scenario, p) for p in false_plots(scenario, truth, per_scan, near, rng)]
        both = sorted([*own, *wrong], key=lambda plot: plot.time_ns)
        firsts.append((own[0].time_ns - scenario.launch_ns) / SECOND_NS)
        path = (truth.t_s, truth.position_m, truth.velocity_m_per_s, truth.burns, scenario.launch_ns)
        bounds.append(clairvoyant_bound(*path, own, AT_S))
        for rule, found in results.items():
            found.append(one_run(scenario, truth, both, rule))
    bound = np.sqrt(np.mean(np.square(bounds), axis=0))
    hours = runs * scenario.duration_s / 3600.0
    for rule, found in results.items():
        show(rule, found, hours, firsts, bound)


def show(rule, found, hours, firsts, bound):
    wrong = sum(run[2] for run in found)
    low, high = chi2.ppf(0.025, 2 * wrong) / 2 if wrong else 0.0, chi2.ppf(0.975, 2 * wrong + 2) / 2
    waits = [run[0] - first for run, first in zip(found, firsts, strict=True) if run[0] is not None]
    errors = np.array([run[3] for run in found])
    print(
        f"{rule:5} false tracks/h {wrong / hours:.2f} [{low / hours:.2f}, {high / hours:.2f}]; confirmed in "
        f"{len(waits)} of {len(found)} runs after median {np.median(waits):.1f} s (max {np.max(waits):.1f}); "
        f"numbers a run {np.mean([len(run[1]) for run in found]):.2f}; "
        f"{np.median([run[4] for run in found]) * 1e3:.2f} ms a scan"
    )
    for i, second in enumerate(AT_S):
        squares = errors[:, i, 0]
        worst = np.sqrt(np.nanmax(squares))
        print(
            f"      {second:6.1f} s bound {bound[i]:7.1f} m"
            f"  error/bound {math.sqrt(np.nanmean(squares)) / bound[i]:7.2f}"
            f" (median run {np.sqrt(np.nanmedian(squares)) / bound[i]:.2f}, worst {worst:.0f} m)"
            f"  NEES/6 {np.nanmean(errors[:, i, 1]):6.2f}  tracked {np.isfinite(squares).sum()}"
        )


if __name__ == "__main__":
    main()
