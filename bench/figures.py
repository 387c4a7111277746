"""One measured figure beside its goal: a row of the table that `make bench-fusion` prints.

A goal is missed only when the whole 95 % interval lies outside it; a figure that is known not to be reached
is marked open and does not fail the run.
"""

from dataclasses import dataclass


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
