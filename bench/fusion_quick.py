"""Accuracy and speed of the tracker on `two-stage-generic`, beside the clairvoyant bound.

    python bench/fusion_quick.py [RUNS] [central|tracklets]

Prints, per instant after launch: the bound, the error over the bound, the speed error and the mean NEES/6 of
RUNS runs (50 if not given), and what a plot costs. The bound is along the true path with the true switch
times and the plots' own sigmas.
"""

import math
import sys
import time

import numpy as np

from trilat.fusion import (
    EquivalentObservation,
    RadarObservation,
    Tracker,
    clairvoyant_bound,
    compile_kernels,
    equivalent_measurement,
)
from trilat.geo import ecef_from_geodetic
from trilat.scenario import named_scenario, observe

NS = 1_000_000_000
AT_S = np.array([60.0, 90.0, 110.0, 117.9, 123.0, 128.0, 138.0, 158.0, 178.0, 238.0, 338.0, 500.0])


def observation(scenario, plot):
    sensor = next(s for s in scenario.sensors if s.sensor_id == plot.sensor_id)
    latitude, longitude = math.radians(sensor.latitude_deg), math.radians(sensor.longitude_deg)
    return RadarObservation(
        time_ns=plot.t_ns,
        source=sensor.party,
        sensor=sensor.sensor_id,
        site_ecef_m=ecef_from_geodetic(latitude, longitude, sensor.height_m),
        site_latitude_rad=latitude,
        site_longitude_rad=longitude,
        range_m=plot.range_m,
        azimuth_rad=plot.azimuth_rad,
        elevation_rad=plot.elevation_rad,
        range_rate_m_per_s=plot.range_rate_m_per_s,
        range_sigma_m=sensor.range_sigma_m,
        azimuth_sigma_rad=sensor.azimuth_sigma_rad,
        elevation_sigma_rad=sensor.elevation_sigma_rad,
        range_rate_sigma_m_per_s=sensor.range_rate_sigma_m_per_s,
    )


def tracklets(plots):
    """Each plot as its owner would send it: against the owner's own track, factor rounded to micrometres."""
    own = {}
    for plot in plots:
        tracker = own.setdefault(plot.source, Tracker())
        tracker.add(plot)
        known = tracker.estimates(plot.time_ns)
        mean, covariance = equivalent_measurement(plot, known[0].mean if known else None)
        low = np.round(np.linalg.cholesky(covariance) * 1e6) / 1e6
        yield EquivalentObservation(plot.time_ns, plot.source, np.round(mean, 3), low @ low.T, plot.sensor)


def one_run(scenario, truth, observations):
    tracker = Tracker()
    rows, place = [], 0
    begin = time.process_time()
    for second in AT_S:
        now = scenario.launch_ns + round(second * NS)
        while place < len(observations) and observations[place].time_ns <= now:
            tracker.add(observations[place])
            place += 1
        difference = np.concatenate(truth.state_at(second)) - tracker.estimates(now)[0].mean
        weighed = difference @ np.linalg.solve(tracker.estimates(now)[0].covariance, difference)
        rows.append((difference[:3] @ difference[:3], difference[3:] @ difference[3:], weighed / 6.0))
    return rows, (time.process_time() - begin) / place


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    fed_by = sys.argv[2] if len(sys.argv) > 2 else "central"
    compile_kernels()
    scenario = named_scenario("two-stage-generic")
    truth = next(path for path in scenario.trajectories if path.object_id == scenario.main_object)
    bounds, rows, costs = [], [], []
    for seed in range(runs):
        plots = [observation(scenario, plot) for plot in observe(scenario, seed)]
        bounds.append(
            clairvoyant_bound(
                truth.t_s,
                truth.position_m,
                truth.velocity_m_per_s,
                truth.burns,
                scenario.launch_ns,
                plots,
                AT_S,
            )
        )
        got, cost = one_run(scenario, truth, list(tracklets(plots)) if fed_by == "tracklets" else plots)
        rows.append(got)
        costs.append(cost)
    bound = np.sqrt(np.mean(np.square(bounds), axis=0))
    position, speed, nees = np.moveaxis(np.mean(rows, axis=0), -1, 0)
    print(f"{runs} runs fed by {fed_by}, {np.median(costs) * 1e3:.3f} ms a plot")
    print("     t s  bound m  error/bound  speed error m/s  NEES/6")
    for i, second in enumerate(AT_S):
        print(
            f"{second:8.1f} {bound[i]:8.1f} {math.sqrt(position[i]) / bound[i]:12.2f} "
            f"{math.sqrt(speed[i]):16.2f} {nees[i]:7.2f}"
        )


if __name__ == "__main__":
    main()
