"""A partner's constant error in the fused picture: considered, beside counted as new each time.

    python bench/constant.py [RUNS]

Scenario `two-stage-generic`: the plots of the USA's radar, and the tracklets of the plots of Korea's with an
error that Korea states as constant, one radar a second each, whole trackers from launch on. Cases:

- offset: the same 300 m per axis (one sigma, drawn anew in each run) in every tracklet of a run;
- two offsets: another 300 m for every second tracklet, as of two sensors behind one partner;
- rounded: each position to the nearest kilometre, as a release does, stated as 289 m.

Each is read 30, 60 and 100 s after burnout, with own plots alone, with the stated error in the tracklet's
covariance alone (as new each time), and considered as the tracker does. NEES/6 is the mean over the three
instants; errors of position are given over those of own plots alone in the same runs. Intervals: 95 %,
bootstrap over runs. Limits: one flight and one geometry; linearised at the truth.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from figures import Figure, resampled_interval
from observing import observation

from trilat.fusion import EquivalentObservation, Tracker, equivalent_measurement
from trilat.model import SECOND_NS
from trilat.scenario import named_scenario, observe

READ_S = (30.0, 60.0, 100.0)
OFFSET_M, CELL_M = 300.0, 1000.0
CASES = ("offset", "two offsets", "rounded")
WAYS = ("alone", "as new each time", "considered")


class World:
    """The flight, and what a run of it gives."""

    def __init__(self):
        self.scenario = named_scenario("two-stage-generic")
        self.truth = next(p for p in self.scenario.trajectories if p.object_id == self.scenario.main_object)
        burnout_ns = self.scenario.launch_ns + round(self.truth.burns[-1][1] * SECOND_NS)
        self.reads_ns = [burnout_ns + round(second * SECOND_NS) for second in READ_S]

    def state(self, time_ns):
        """True state (6,), ECEF, m and m/s."""
        return np.concatenate(self.truth.state_at((time_ns - self.scenario.launch_ns) / SECOND_NS))

    def plots(self, seed):
        """Plots of the USA and Korea until the last instant that is read."""
        seen = (plot for plot in observe(self.scenario, seed) if plot.t_ns <= self.reads_ns[-1])
        made = (observation(self.scenario, plot) for plot in seen)
        return [plot for plot in made if plot.source in {"USA", "KOR"}]

    def tracklets(self, plots, case, seed):
        """Korea's tracklets, with the error of the case, which they state."""
        offsets = np.random.default_rng([seed, 9]).standard_normal((2, 3)) * OFFSET_M
        made = []
        for count, plot in enumerate(plot for plot in plots if plot.source == "KOR"):
            mean, covariance = equivalent_measurement(plot, self.state(plot.time_ns))
            sigma_m = OFFSET_M
            if case == "rounded":
                sigma_m = CELL_M / math.sqrt(12.0)
                mean[:3] = np.round(mean[:3] / CELL_M) * CELL_M
            else:
                mean[:3] += offsets[count % 2 if case == "two offsets" else 0]
            made.append((plot.time_ns, mean, covariance, sigma_m))
        return made


def run(world, seed, tallies, spent):
    """Adds one run to the tallies: rows of NEES/6 and squared position error at the three instants."""
    plots = world.plots(seed)
    own = [plot for plot in plots if plot.source == "USA"]
    alone = _read(world, own, spent)
    for case in CASES:
        told = world.tracklets(plots, case, seed)
        new = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
        plain = [EquivalentObservation(t, "KOR", m, c + np.diag(s * s * new)) for t, m, c, s in told]
        stated = [EquivalentObservation(t, "KOR", m, c, "", s) for t, m, c, s in told]
        rows = (alone, _read(world, own + plain, spent), _read(world, own + stated, spent))
        for way, row in zip(WAYS, rows, strict=True):
            tallies.setdefault((case, way), []).append(row)


def _read(world, observations, spent):
    tracker = Tracker()
    begin = time.process_time()
    for seen in sorted(observations, key=lambda seen: seen.time_ns):
        tracker.add(seen)
    rows = []
    for time_ns in world.reads_ns:
        estimate = tracker.estimates(time_ns)[0]
        error = estimate.mean - world.state(time_ns)
        nees = float(error @ np.linalg.solve(estimate.covariance, error)) / 6.0
        rows.append((nees, float(error[:3] @ error[:3]), float(error[3:] @ error[3:])))
    constant = any(getattr(seen, "constant_sigma_m", 0.0) for seen in observations)
    spent.setdefault(constant, []).append((time.process_time() - begin) / len(observations))
    return rows


def _mean(values):
    return float(np.mean(values))


def _ratio(first, second):
    return math.sqrt(float(np.mean(first)) / float(np.mean(second)))


def played(runs):
    """Arrays (runs, 3, 3) by case and way, and process seconds per observation without and with constants."""
    world, tallies, spent = World(), {}, {}
    for seed in range(runs):
        run(world, seed, tallies, spent)
    cost = {constant: float(np.median(values)) for constant, values in spent.items()}
    return {key: np.array(rows) for key, rows in tallies.items()}, cost


def figures(runs):
    """Honesty and worth of a considered constant error, with what it was before beside it."""
    tallies, _ = played(runs)
    rows = []
    for case in CASES:
        alone, before, now = (tallies[case, way] for way in WAYS)
        nees = resampled_interval(_mean, now[:, :, 0])
        beside = f"as new each time {_mean(before[:, :, 0]):.3g}, own plots alone {_mean(alone[:, :, 0]):.3g}"
        rows.append(Figure(f"NEES/6 with a partner's constant error, {case}", *nees, 0.8, 1.3, beside, runs))
        error = resampled_interval(_ratio, now[:, :, 1], alone[:, :, 1])
        beside = f"as new each time {_ratio(before[:, :, 1], alone[:, :, 1]):.3g}"
        rows.append(Figure(f"position RMSE over own plots alone, {case}", *error, None, 1.0, beside, runs))
    return rows


def main():
    parser = argparse.ArgumentParser(description="a partner's constant error in the fused picture")
    parser.add_argument("runs", nargs="?", type=int, default=200)
    tallies, cost = played(parser.parse_args().runs)
    print("| case | way | s | NEES/6 | position, m | over alone | velocity, m/s | over alone |")
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES:
        alone = tallies[case, "alone"]
        for way in WAYS:
            got = tallies[case, way]
            for place, second in enumerate(READ_S):
                nees = "{:.2f} ({:.2f} to {:.2f})".format(*resampled_interval(_mean, got[:, place, 0]))
                cells = []
                for column in (1, 2):
                    over = resampled_interval(_ratio, got[:, place, column], alone[:, place, column])
                    cells += [
                        f"{math.sqrt(_mean(got[:, place, column])):.3g}",
                        "{:.2f} ({:.2f} to {:.2f})".format(*over),
                    ]
                print(f"| {case} | {way} | +{second:.0f} | {nees} | {' | '.join(cells)} |")
    print(f"\nprocess ms per observation: {1e3 * cost[False]:.3f}, with constants {1e3 * cost[True]:.3f}")


if __name__ == "__main__":
    main()
