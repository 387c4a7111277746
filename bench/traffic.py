"""Ships and aircraft in great number: speed and accuracy, side by side with Stone Soup in one run.

    python bench/traffic.py [RUNS]

- pairs a second of one core: predict and update of 6 states in 3-D with elevation, bearing and range;
- 200 targets in an annulus of 20 to 100 km, detection 0.9, clutter 0.1 x targets a scan: scans a second of
  the whole tracker (one Python call a scan, with start, end and memory of tracks) by global nearest neighbour
  and by joint probabilities, beside Stone Soup with a k-d tree, which starts and ends no tracks here;
- growth from 200 to 5,000 targets over n log n;
- errors on the same scans from the same start, beside Stone Soup's unscented filter.

All times are CPU time of this process (`time.process_time`) without compilation. Repeats go turn and turn
about; a figure is the median with the least and the most of the repeats (with seven or more that holds the
median with 98 %). What limits: on a busy machine neighbours share caches and the clock's pace, so ratios say
more than rates; Stone Soup is timed over few scans because one takes half a second.
"""

import math
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import traffic_peer
from figures import Figure
from scipy.optimize import linear_sum_assignment

from trilat.fusion.traffic import (
    Association,
    SensorKind,
    TrafficSensor,
    TrafficSettings,
    TrafficTracker,
    kernels,
)
from trilat.fusion.traffic.blocks import packed_of
from trilat.fusion.traffic.sensor import prepare

SIGMAS = np.array([30.0, 1e-3, 1e-3])
DENSITY = np.array([1.0, 1.0, 0.1])
REPEATS_MIN, REPEATS_MAX = 7, 15
# Scans before anything is timed: tracks are confirmed and settled by then.
WARM = 25
SIZES = (200, 500, 1000, 2000, 5000)
# Scans of one timing, and pairs of Stone Soup's.
BLOCK, PEER_PAIRS, PEER_SCANS = {200: 40, 500: 20, 1000: 10, 2000: 6, 5000: 4}, 150, 4
NAMES = {Association.NEAREST: "GNN", Association.JOINT: "JPDA"}


def polar(p):
    r = np.linalg.norm(p, axis=1)
    return np.stack([r, np.arctan2(p[:, 0], p[:, 1]), np.arcsin(p[:, 2] / r)], axis=1)


class Sky:
    """Straight flights in the annulus, and the radar's scans of them."""

    def __init__(self, seed, n):
        rng = np.random.default_rng([seed, n])
        r, a = np.sqrt(rng.uniform(2e4**2, 1e5**2, n)), rng.uniform(0, 2 * math.pi, n)
        heading, speed = rng.uniform(0, 2 * math.pi, n), rng.uniform(100, 250, n)
        self.x = np.stack([r * np.sin(a), r * np.cos(a), rng.uniform(3e3, 1.1e4, n)], axis=1)
        self.v = np.stack([speed * np.sin(heading), speed * np.cos(heading), np.zeros(n)], axis=1)
        self.rng, self.n, self.second = rng, n, -1
        self.radar = TrafficSensor(
            "radar",
            SensorKind.RADAR,
            range_m_min=1e4,
            range_m_max=1.4e5,
            elevation_rad_min=0.0,
            elevation_rad_max=0.6,
            clutter_per_scan=0.1 * n,
        )

    @property
    def truth(self):
        return self.x + self.second * self.v

    def scan(self):
        self.second += 1
        rng = self.rng
        z = polar(self.truth) + rng.standard_normal((self.n, 3)) * SIGMAS
        z = z[rng.random(self.n) < 0.9]
        k = rng.poisson(0.1 * self.n)
        ground, height = np.sqrt(rng.uniform(2e4**2, 1e5**2, k)), rng.uniform(3e3, 1.1e4, k)
        azimuth = rng.uniform(0, 2 * math.pi, k)
        false = np.stack([ground * np.sin(azimuth), ground * np.cos(azimuth), height], axis=1)
        return rng.permutation(np.vstack([z, polar(false)]))


class Followed:
    """A running tracker over a sky, timed a block of scans at a time."""

    def __init__(self, how, n):
        self.sky, self.n = Sky(1, n), n
        self.tracker = TrafficTracker(
            [self.sky.radar], TrafficSettings(association=how, births_per_scan=0.1 * n)
        )
        for _ in range(WARM):
            self.step(self.sky.scan())

    def step(self, values):
        self.tracker.add_scan("radar", self.sky.second * 10**9, values)

    def seconds(self):
        """CPU seconds a scan over the next block."""
        spent = 0.0
        for _ in range(BLOCK[self.n]):
            values = self.sky.scan()
            began = time.process_time()
            self.step(values)
            spent += time.process_time() - began
        return spent / BLOCK[self.n]


def flights(n):
    rng = np.random.default_rng(0)
    means = np.hstack(
        [rng.uniform(2e4, 7e4, (n, 2)), rng.uniform(3e3, 1.1e4, (n, 1)), rng.normal(0, 100, (n, 3))]
    )
    return means, np.tile(np.diag([50.0**2] * 3 + [10.0**2] * 3), (n, 1, 1))


def pairs_per_s(kernel, n=1000, rounds=60):
    """Our predictions and updates a second, tracks settled by the rounds before the timing."""
    means, covariances = flights(n)
    packed = packed_of(covariances)
    values = polar(means[:, :3] + means[:, 3:])
    sensor = TrafficSensor("r", SensorKind.RADAR, range_m_max=1e6)
    plots = prepare(sensor, values, np.tile(SIGMAS, (n, 1)))
    args = (1.0, DENSITY, 0, plots.values, plots.weights, np.zeros(3), np.eye(3))
    # Time stands still for the plots, so each round starts from the same state: its cost depends on no value.
    work = [(means.copy(), packed.copy()) for _ in range(rounds)]
    began = time.process_time()
    for mean, covariance in work:
        kernel(mean, covariance, *args)
    return rounds * n / (time.process_time() - began)


def middle(values):
    return statistics.median(values), min(values), max(values)


def pair_figures(repeats):
    found = []
    for name, kernel, goal in (("EKF", kernels.ekf, 5e6), ("UKF", kernels.ukf, 1e6)):
        pairs_per_s(kernel, rounds=2)
        means, covariances = flights(PEER_PAIRS)
        values = polar(means[:, :3] + means[:, 3:])
        ours, theirs = [], []
        for _ in range(repeats):
            ours.append(pairs_per_s(kernel))
            theirs.append(traffic_peer.pairs_per_s(name, means, covariances, values, DENSITY, SIGMAS))
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        beside = f"Stone Soup 1.9.1 {statistics.median(theirs):,.0f}; ratio {ratio:,.0f}"
        found.append(Figure(f"{name} pairs per second, 6 states", *middle(ours), goal, None, beside, repeats))
    return found


def errors(means, truth):
    apart = np.linalg.norm(means[:, None, :3] - truth[None], axis=2)
    rows, columns = linear_sum_assignment(np.minimum(apart, 2000.0))
    return apart[rows, columns]


def peer_at_200(how):
    """Both from the same tracks over the same scans: CPU seconds of Stone Soup's, both medians of error."""
    followed = Followed(how, 200)
    start = followed.tracker.estimates()
    scans, sky = [], followed.sky
    for _ in range(PEER_SCANS):
        scans.append(sky.scan())
        followed.step(scans[-1])
    density = sky.radar.clutter_per_scan / sky.radar.volume
    args = (start.means, start.covariances, scans, DENSITY, SIGMAS, density, 4.5)
    spent, _ = traffic_peer.follow(NAMES[how], "EKF", *args)
    _, states = traffic_peer.follow(NAMES[how], "UKF", *args)
    ours = followed.tracker.estimates().means
    return spent, float(np.median(errors(ours, sky.truth))), float(np.median(errors(states, sky.truth)))


def scan_figures(repeats):
    found, growth = [], []
    for how, name in NAMES.items():
        spent, our_error, their_error = peer_at_200(how)
        followed = {n: Followed(how, n) for n in SIZES}
        times = {n: [] for n in SIZES}
        for _ in range(repeats):
            for n in SIZES:
                times[n].append(followed[n].seconds())
        rates = [1.0 / t for t in times[200]]
        ratio = statistics.median(spent) * statistics.median(rates)
        tree = "k-d tree GNN" if name == "GNN" else "k-d tree EHM2"
        beside = f"Stone Soup 1.9.1 {tree} {1 / statistics.median(spent):.2f}; ratio {ratio:,.0f}"
        found.append(
            Figure(f"200 targets scans per second, {name}", *middle(rates), 1000.0, None, beside, repeats)
        )
        scale = SIZES[-1] * math.log(SIZES[-1]) / (200 * math.log(200))
        grown = [b / a / scale for a, b in zip(times[200], times[SIZES[-1]], strict=True)]
        beside = ", ".join(f"{n}: {1e3 * statistics.median(times[n]):.2f} ms" for n in SIZES)
        growth.append(
            Figure(
                f"growth 200 to 5,000 targets over n log n, {name}",
                *middle(grown),
                None,
                1.0,
                beside,
                repeats,
            )
        )
        value, beside = our_error / their_error, f"ours {our_error:.1f} m, Stone Soup UKF {their_error:.1f} m"
        what = f"median error over Stone Soup's on the same scans, {name}"
        found.append(Figure(what, value, value, value, None, 1.02, beside, PEER_SCANS))
    return found + growth


def figures(runs):
    """Rows of the table; `runs` sets the repeats, at least 7 and at most 15."""
    repeats = max(REPEATS_MIN, min(runs, REPEATS_MAX))
    return pair_figures(repeats) + scan_figures(repeats)


def main():
    rows = figures(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS_MIN)
    print("| what | value (least to most) | goal | beside | repeats |")
    print("|---|---|---|---|---|")
    for row in rows:
        digits = ",.0f" if row.value > 100 else ".3f"
        value = f"{row.value:{digits}} ({row.low:{digits}} to {row.high:{digits}})"
        goal = f">= {row.goal_low:,.0f}" if row.goal_low else f"<= {row.goal_high:g}"
        print(f"| {row.what} | {value} | {goal} | {row.reference} | {row.runs} |")
    return int(any(row.is_missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
