"""Cases A to D: published figures of filters and of track fusion, made again.

    python bench/cases.py [RUNS]          (200 if not given; about a minute)

A: re-entry (Julier and Uhlmann 2004), mean position error, within three standard errors of the figures in the
manual of the EKF/UKF toolbox. B: four nodes (Handbook of Multisensor Data Fusion, chapter 12), single nodes;
recovered from remembered figures, not checked against the book. C: two to ten equal sensors (Bar-Shalom and
Campo 1986 and after), closed form. D: a falling target (Farina, Ristic, Benvenuti 2002); recovered, not
checked against the paper. B and C use this project's rules of fusion; A and D use the plain filters of
`tests/judges/published.py`, because no filter of ours has their planar models.
"""

import sys
from pathlib import Path

import numpy as np
from figures import Figure, resampled_interval
from scipy.linalg import solve_discrete_are, solve_discrete_lyapunov

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.judges import published

from trilat import fusion
from trilat.fusion.filters import unscented

# Mean position errors of the manual, metres; printed to a tenth of a metre.
TABLE_A_M = {"EKF": 8.4, "UKF": 8.4, "ERTS": 4.4}
ROUNDING_M = 0.05
# Sigma of x and y of the bound at 20, 40, 60, 80, 100, 116 s, metres, as first recovered.
TABLE_D_M = np.array([[743, 1808], [472, 1068], [329, 690], [206, 376], [80, 77], [45, 47]])
RECOVERED = "recovered, not checked against the"


def case_a(runs):
    for name, table in TABLE_A_M.items():
        filter_name = "EKF" if name == "ERTS" else name
        errors = 1e3 * published.reentry_errors_km(filter_name, runs, 1, smooth=name == "ERTS")
        reach = 3.0 * errors.std(ddof=1) / np.sqrt(runs)
        yield Figure(
            f"case A, {name}: mean position error, m (interval: 3 standard errors)",
            float(errors.mean()),
            float(errors.mean() - reach),
            float(errors.mean() + reach),
            table - ROUNDING_M,
            table + ROUNDING_M,
            f"{table} in the toolbox's manual",
            runs,
        )


def case_a_by_our_points(runs):
    """Case A again with the sigma points and weights of `trilat.fusion`; gain and model are plain."""
    case = published.reentry()
    truth, plots = published.reentry_run(runs, 1)
    errors = np.empty(runs)
    for run in range(runs):
        mean = published.START_A * [1, 1, 1, 1, 0]
        covariance = np.diag([1e-6] * 4 + [1.0])
        squares = 0.0
        for measured, real in zip(plots[:, run], truth[:, run], strict=True):
            moved = case.motion(unscented.sigma_points(mean, covariance)[0])
            mean, covariance, _ = unscented.weighed(moved, 5)
            covariance = covariance + case.noise
            points, _ = unscented.sigma_points(mean, covariance)
            seen = case.measure(points)
            # Bearings as differences from the centre's, which is the first.
            expected, spread, deviations = unscented.weighed(case.residual(seen, seen[0]), 5)
            cross = _weights(5) @ np.einsum("ki,kj->kij", points - mean, deviations).reshape(11, -1)
            gain = np.linalg.solve(spread + case.measure_noise, cross.reshape(5, 2).T).T
            mean = mean + gain @ case.residual(measured[None], seen[:1] + expected)[0]
            covariance = covariance - gain @ (spread + case.measure_noise) @ gain.T
            covariance = 0.5 * (covariance + covariance.T)
            squares += float(np.sum((mean - real)[:2] ** 2))
        errors[run] = 1e3 * np.sqrt(squares / len(plots))
    reach = 3.0 * errors.std(ddof=1) / np.sqrt(runs)
    middle = float(errors.mean())
    name = "case A by our sigma points: mean position error, m (interval: 3 standard errors)"
    low, high = TABLE_A_M["UKF"] - ROUNDING_M, TABLE_A_M["UKF"] + ROUNDING_M
    yield Figure(name, middle, middle - reach, middle + reach, low, high, "8.4 in the toolbox's manual", runs)


def _weights(states):
    """Weights of the covariance (2 n + 1,), as of the plain filter."""
    return published.sigma_points(np.zeros((1, states)), np.eye(states)[None])[2]


def case_b():
    """Largest difference of a steady variance from the remembered one; information_sum is the update."""
    jerk = np.array([[0.5**3 / 6.0], [0.5**2 / 2.0], [0.5]])
    motion = np.array([[1.0, 0.5, 0.125], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    noise = 100.0 * jerk @ jerk.T
    remembered = [(0, 1.0, (0.8823, 8.2081, 37.6911)), (1, 2.0, (1.6750, 16.8829)), (2, 0.25, (0.2476,))]
    worst = 0.0
    for seen, variance, table in remembered:
        size = 3 - seen
        f, q = motion[seen:, seen:], noise[seen:, seen:]
        plot = (np.zeros(size), np.diag([variance] + [1e9] * (size - 1)))
        covariance = 10.0 * np.eye(size)
        for _ in range(100):
            _, covariance = fusion.information_sum([(np.zeros(size), f @ covariance @ f.T + q), plot])
        worst = max(worst, float(np.abs(np.diagonal(covariance) - table).max()))
    name = "case B: largest difference of a node's variance from the remembered digits"
    yield Figure(name, worst, worst, worst, None, 1.01e-4, f"{RECOVERED} book", 1)


def case_c():
    """Largest relative difference of our sum of correlated tracks from the closed form."""
    f, h = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    worst = 0.0
    for index in (0.01, 0.1, 0.5, 1.0, 2.0, 10.0):
        g = np.array([[0.5], [1.0]])
        q = index**2 * g @ g.T
        predicted = solve_discrete_are(f.T, h.T, q, np.eye(1))
        gain = predicted @ h.T / (predicted[0, 0] + 1.0)
        rest = np.eye(2) - gain @ h
        own, cross = rest @ predicted, solve_discrete_lyapunov(rest @ f, rest @ q @ rest.T)
        for count in (2, 3, 5, 10):
            joint = np.kron(np.ones((count, count)), cross) + np.kron(np.eye(count), own - cross)
            _, fused = fusion.correlated_sum(np.zeros((count, 2)), joint)
            worst = max(worst, float(np.abs(fused / (cross + (own - cross) / count) - 1.0).max()))
    name = "case C: largest relative difference from the closed form"
    yield Figure(name, worst, worst, worst, None, 1e-10, "Riccati and Lyapunov equations", 1)


def case_d(runs):
    bound = published.fall_bound_m()
    apart = float(np.abs(bound / TABLE_D_M - 1.0).max())
    name = "case D, bound: largest relative difference from the first recovery"
    yield Figure(name, apart, apart, apart, None, 0.02, f"{RECOVERED} paper", 1)
    for name, goal in (("EKF", (1.0, 1.25)), ("UKF", (0.95, 1.1))):
        squares, _ = published.fall_scores(name, runs, 1)
        share = np.moveaxis(squares, 1, 0) / bound**2
        value = resampled_interval(lambda rows: np.sqrt(rows.mean(axis=0)).mean(), share)
        what = f"case D, {name}: position error over bound, mean of six instants"
        yield Figure(what, *value, *goal, f"{RECOVERED} paper", runs)


def figures(runs: int) -> list[Figure]:
    return [*case_a(runs), *case_a_by_our_points(min(runs, 50)), *case_b(), *case_c(), *case_d(runs)]


if __name__ == "__main__":
    for figure in figures(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        print(figure)
