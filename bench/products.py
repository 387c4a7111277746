"""How good the products are on `two-stage-generic`: impact area, its coverage, burnout, apogee, launch.

    python bench/products.py [RUNS]

Impact and apogee are of RUNS runs (2,000 if not given) of an extended Kalman filter in coast whose switch
time is known: it starts with the first plot after burnout and nothing else (velocity within 3 km/s), as the
bound does. Burnout and launch are of a tenth of that, at least 20, through the whole tracker, which knows no
switch time. Coverage of an unknown drag draws coefficients from what the product takes for granted, and lets
them fall with the product's own equations: it judges the ellipse, not the physics; tests judge that by scipy.

Intervals are 95 %: Wilson's for shares, normal for means, chi-square for root mean squares.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np
from figures import Figure, share_interval
from observing import observation
from pymap3d import ecef2geodetic
from scipy.stats import chi2

from trilat.fusion import (
    Tracker,
    apogee_estimate,
    burn_end_of,
    coasted,
    compile_kernels,
    equivalent_measurement,
    impact_estimate,
    information_sum,
)
from trilat.geo import geodesic_offset
from trilat.model import SECOND_NS
from trilat.scenario import named_scenario, observe

AFTER_S = (21.0, 61.0, 121.0)
"""Instants after burnout at which impact and apogee are predicted."""

SPEED_SIGMA_M_PER_S = 3_000.0
COAST_PSD = 1e-7
BURNOUT_ASKED_S = 30.0
"""When the end of the burn is asked for, seconds after it."""


@dataclass(frozen=True)
class Truth:
    """The flown scenario, and what follows from it."""

    scenario: object
    path: object
    burnout_s: float
    impact_s: float
    impact_deg: tuple[float, float]
    apogee_s: float
    apogee_m: float

    def state(self, second):
        return np.concatenate(self.path.state_at(second))


def truth_of_the_scenario():
    """Truth from the scenario's own path, which fusion's code has no part in."""
    scenario = named_scenario("two-stage-generic")
    path = next(path for path in scenario.trajectories if path.object_id == scenario.main_object)
    latitude, longitude, height = (np.asarray(part) for part in ecef2geodetic(*path.position_m.T))
    top = int(np.argmax(height))
    bend = np.polyfit(path.t_s[top - 3 : top + 4] - path.t_s[top], height[top - 3 : top + 4], 2)
    lift = -bend[1] / (2.0 * bend[0])
    return Truth(
        scenario,
        path,
        scenario.last_burnout_s,
        float(path.t_s[-1]),
        (float(latitude[-1]), float(longitude[-1])),
        float(path.t_s[top] + lift),
        float(np.polyval(bend, lift)),
    )


def coast_states(truth, plots, at_s):
    """Mean and covariance at each instant, from the plots after burnout alone."""
    estimate, at_ns, states = None, 0, []
    left = [plot for plot in plots if plot.time_ns > truth.scenario.launch_ns + truth.burnout_s * SECOND_NS]
    for second in at_s:
        now_ns = truth.scenario.launch_ns + round(second * SECOND_NS)
        while left and left[0].time_ns <= now_ns:
            plot = left.pop(0)
            if estimate is None:
                estimate = first_state(plot)
            else:
                ahead = coasted(*estimate, (plot.time_ns - at_ns) / SECOND_NS, COAST_PSD)
                estimate = information_sum([ahead, equivalent_measurement(plot, ahead[0])])
            at_ns = plot.time_ns
        states.append(coasted(*estimate, (now_ns - at_ns) / SECOND_NS, COAST_PSD))
    return states


def first_state(plot):
    """Position from the first plot, velocity unknown."""
    mean, covariance = equivalent_measurement(plot, None)
    prior = np.diag([1e7**2] * 3 + [SPEED_SIGMA_M_PER_S**2] * 3)
    return information_sum([(np.concatenate([mean[:3], np.zeros(3)]), prior), (mean, covariance)])


def bound_states(truth, plots, at_s):
    """The same along the truth, with every plot where it would be without noise, and no process noise."""
    covariance, at_s_now, found = None, 0.0, []
    left = [plot for plot in plots if plot.time_ns > truth.scenario.launch_ns + truth.burnout_s * SECOND_NS]
    for second in at_s:
        while left and (left[0].time_ns - truth.scenario.launch_ns) / SECOND_NS <= second:
            plot = left.pop(0)
            then_s = (plot.time_ns - truth.scenario.launch_ns) / SECOND_NS
            state = truth.state(then_s)
            _, noise = equivalent_measurement(plot, state)
            if covariance is None:
                covariance = np.diag([1e7**2] * 3 + [SPEED_SIGMA_M_PER_S**2] * 3)
            else:
                covariance = coasted(truth.state(at_s_now), covariance, then_s - at_s_now, 0.0)[1]
            covariance = information_sum([(state, covariance), (state, noise)])[1]
            at_s_now = then_s
        found.append(coasted(truth.state(at_s_now), covariance, second - at_s_now, 0.0)[1])
    return found


def share(what, hits, runs, goal, reference):
    """A share with Wilson's interval."""
    return Figure(what, *share_interval(hits, runs), *goal, reference, runs)


def mean_of(what, values, goal, reference):
    """A mean with its normal interval."""
    half = 1.96 * float(np.std(values)) / math.sqrt(len(values))
    value = float(np.mean(values))
    return Figure(what, value, value - half, value + half, *goal, reference, len(values))


def rms_of(what, values, goal, reference):
    """A root mean square with its chi-square interval."""
    n = len(values)
    value = math.sqrt(float(np.mean(np.square(values))))
    low, high = (value * math.sqrt(n / chi2.ppf(p, n)) for p in (0.975, 0.025))
    return Figure(what, value, float(low), float(high), *goal, reference, n)


def coast_figures(truth, runs):
    """Impact area, coverage and apogee from the coast filter."""
    seconds = [truth.burnout_s + after for after in AFTER_S]
    areas, inside, lates, tops, honest = [], [], [], [], []
    bound_plots = [observation(truth.scenario, plot) for plot in observe(truth.scenario, 0)]
    bounds = [
        impact_estimate(truth.state(second), covariance, 0, math.inf, None, 0.0).area95_km2
        for second, covariance in zip(seconds, bound_states(truth, bound_plots, seconds), strict=True)
    ]
    for seed in range(runs):
        plots = [observation(truth.scenario, plot) for plot in observe(truth.scenario, seed)]
        row_area, row_inside, row_late = [], [], []
        for second, (mean, covariance) in zip(seconds, coast_states(truth, plots, seconds), strict=True):
            now_ns = truth.scenario.launch_ns + round(second * SECOND_NS)
            impact = impact_estimate(mean, covariance, now_ns, math.inf)
            miss = geodesic_offset(impact.latitude_deg, impact.longitude_deg, *truth.impact_deg)
            row_area.append(impact.area95_km2)
            row_inside.append(miss @ np.linalg.solve(impact.covariance_m2, miss) < chi2.ppf(0.95, 2))
            late_s = (impact.time_ns - truth.scenario.launch_ns) / SECOND_NS - truth.impact_s
            row_late.append(late_s / impact.time_sigma_s)
            if second == seconds[1]:
                apogee = apogee_estimate(mean, covariance, now_ns, math.inf)
                tops.append(apogee.height_m - truth.apogee_m)
                honest.append(tops[-1] / apogee.height_sigma_m)
        areas.append(row_area)
        inside.append(row_inside)
        lates.append(row_late)
    found = []
    for i, after in enumerate(AFTER_S):
        ratios = np.array(areas)[:, i] / bounds[i]
        found.append(
            mean_of(
                f"impact area at +{after:.0f} s, declared over bound ({bounds[i]:.2f} km2)",
                ratios,
                (0.9, 1.1),
                "bound; covariance intersection 3.0",
            )
        )
        hits = int(np.sum(np.array(inside)[:, i]))
        found.append(
            share(f"impact 95 % area holds the truth, +{after:.0f} s", hits, runs, (0.93, 0.97), "95 %")
        )
        found.append(
            rms_of(
                f"impact instant, error over its sigma, +{after:.0f} s",
                np.array(lates)[:, i],
                (0.95, 1.05),
                "1: honest",
            )
        )
    found.append(rms_of("apogee height at +61 s, m", tops, (None, None), "no peer measured"))
    found.append(rms_of("apogee height, error over its sigma, +61 s", honest, (0.95, 1.05), "1: honest"))
    return found


def drag_figures(truth, runs):
    """Coverage where drag is not known: coefficients as the product takes them, states as it is told them."""
    second = truth.burnout_s + AFTER_S[1]
    plots = [observation(truth.scenario, plot) for plot in observe(truth.scenario, 0)]
    covariance = bound_states(truth, plots, [second])[0]
    rng = np.random.default_rng(20)
    state, hits = truth.state(second), 0
    for _ in range(runs):
        coefficient = 3_000.0 * 2.0 ** rng.standard_normal()
        real = impact_estimate(state, covariance, 0, float(coefficient))
        told = impact_estimate(rng.multivariate_normal(state, covariance), covariance, 0)
        miss = geodesic_offset(told.latitude_deg, told.longitude_deg, real.latitude_deg, real.longitude_deg)
        hits += bool(miss @ np.linalg.solve(told.covariance_m2, miss) < chi2.ppf(0.95, 2))
    what = "impact 95 % area holds the truth, drag unknown, +61 s"
    return [share(what, hits, runs, (0.93, 0.97), "95 %")]


def tracker_figures(truth, runs):
    """Burnout and launch through the whole tracker."""
    burnouts, burn_honest, launches, times, azimuths, told_launch = [], [], 0, [], [], 0
    asked_ns = truth.scenario.launch_ns + round((truth.burnout_s + BURNOUT_ASKED_S) * SECOND_NS)
    for seed in range(runs):
        plots = [observation(truth.scenario, plot) for plot in observe(truth.scenario, seed)]
        tracker, burning = Tracker(), []
        place = 0
        for second in range(1, round(truth.burnout_s + BURNOUT_ASKED_S)):
            now_ns = truth.scenario.launch_ns + second * SECOND_NS
            while place < len(plots) and plots[place].time_ns <= now_ns:
                tracker.add(plots[place])
                place += 1
            now = [estimate for estimate in tracker.estimates(now_ns) if estimate.confirmed]
            if now and now[0].stage == "boost":
                burning.append((now_ns, now[0].mean, now[0].covariance))
        estimate = tracker.estimates(asked_ns)[0]
        told = burn_end_of(burning, estimate.mean, estimate.covariance, asked_ns)
        if told is not None:
            burnouts.append(BURNOUT_ASKED_S - told[0])
            burn_honest.append(burnouts[-1] / told[1])
        launch = tracker.launch(estimate.track_key)
        if launch is not None:
            told_launch += 1
            miss = geodesic_offset(launch.latitude_deg, launch.longitude_deg, *truth.scenario.launch_site_deg)
            launches += bool(miss @ np.linalg.solve(launch.covariance_m2, miss) < chi2.ppf(0.95, 2))
            times.append((launch.time_ns - truth.scenario.launch_ns) / SECOND_NS / launch.time_sigma_s)
            azimuths.append((launch.azimuth_deg - 96.45) / launch.azimuth_sigma_deg)
    return [
        share("burnout told", len(burnouts), runs, (0.95, None), "no peer measured"),
        rms_of("burnout instant, s", burnouts, (None, 2.3), "template bound 2.3 s (12 unknowns)"),
        mean_of("burnout instant, mean error, s", burnouts, (None, None), "0: unbiased"),
        rms_of("burnout instant, error over its sigma", burn_honest, (0.8, 1.25), "1: honest"),
        share("launch 95 % area holds the truth", launches, told_launch, (0.93, None), "95 % at least"),
        rms_of("launch instant, error over its sigma", times, (None, 1.1), "1: honest, less: cautious"),
        rms_of("launch azimuth, error over its sigma", azimuths, (None, 1.1), "1: honest, less: cautious"),
    ]


def figures(runs):
    """Every figure of this bench."""
    truth = truth_of_the_scenario()
    slow = max(20, runs // 10)
    return [*coast_figures(truth, runs), *drag_figures(truth, runs), *tracker_figures(truth, slow)]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    compile_kernels()
    for figure in figures(runs):
        ends = ("" if end is None else f"{end:g}" for end in (figure.goal_low, figure.goal_high))
        goal = "..".join(ends)
        print(
            f"{figure.what:60s} {figure.value:8.3f} [{figure.low:7.3f}, {figure.high:7.3f}]"
            f" N={figure.runs:<5d} goal {goal:10s} {figure.reference}{' MISSED' if figure.is_missed else ''}"
        )


if __name__ == "__main__":
    main()
