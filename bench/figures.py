"""One measured figure beside its goal: a row of the table that `make bench-fusion` prints.

A goal is missed only when the whole 95 % interval lies outside it; a figure that is known not to be reached
is marked open and does not fail the run.

Beside it the intervals that the benches use: of a mean, of a share of runs, of a root mean square error over
a bound, of the ratio of two such errors in the same runs, and of anything else by resampling the runs. All
are of 95 % and repeat bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Figure:
    """What was measured, its 95 % interval [low, high], the goal's ends (None: no end), what it is beside."""

    what: str
    value: float
    low: float
    high: float
    goal_low: float | None
    goal_high: float | None
    reference: str
    runs: int
    is_open: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether all of the interval lies outside the goal."""
        below = self.goal_low is not None and self.high < self.goal_low
        above = self.goal_high is not None and self.low > self.goal_high
        return below or above


def mean_interval(values):
    """Mean of values (runs,) and its interval by Student's t: three numbers."""
    values = np.asarray(values, dtype=np.float64)
    mean = float(values.mean())
    reach = float(
        stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    )
    return mean, mean - reach, mean + reach


def share_interval(successes, runs):
    """Share of runs and its interval (Wilson, JASA 22 (1927) 209): three numbers, honest near 0 and 1."""
    z2 = float(stats.norm.ppf(0.5 + CONFIDENCE / 2)) ** 2
    share = successes / runs
    centre = (share + z2 / (2 * runs)) / (1 + z2 / runs)
    reach = np.sqrt(z2 * (share * (1 - share) / runs + z2 / (4 * runs**2))) / (1 + z2 / runs)
    return share, max(0.0, float(centre - reach)), min(1.0, float(centre + reach))


def resampled_interval(statistic: Callable, *columns, seed=1):
    """`statistic(*columns)` and its percentile interval when whole runs are drawn with replacement.

    Each column is (runs, ...); the same runs are drawn of all, so that what is common to them stays paired
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Of a statistic that is an
    array the three are arrays. Draws that have no value are left out.
    """
    columns = [np.asarray(column) for column in columns]
    runs = len(columns[0])
    if any(len(column) != runs for column in columns):
        raise ValueError("every column needs one row a run")
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(*(column[rows] for column in columns))
        for rows in rng.integers(runs, size=(RESAMPLES, runs))
    ]
    low, high = np.nanquantile(drawn, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2], axis=0)
    found = statistic(*columns), low, high
    return found if np.ndim(low) else tuple(map(float, found))


def rmse_over_bound(squared_errors, bounds):
    """Root mean square error over the root mean square bound, with its interval: three numbers.

    `squared_errors` is (runs,) or (runs, times), of which times are averaged; `bounds` is one number, or of
    the shape of `squared_errors`.
    """
    squared_errors = np.asarray(squared_errors, dtype=np.float64)
    bounds = np.broadcast_to(np.asarray(bounds, dtype=np.float64), squared_errors.shape)
    return resampled_interval(lambda e, b: np.sqrt(e.mean() / np.square(b).mean()), squared_errors, bounds)


def rmse_ratio(squared_errors, squared_errors_beside):
    """Ratio of two root mean square errors of the same runs, with its interval: three numbers."""
    return resampled_interval(
        lambda a, b: np.sqrt(a.mean() / b.mean()), squared_errors, squared_errors_beside
    )
