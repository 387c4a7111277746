"""Clocks: the one place, beside the command line, that reads the real time.

`SystemClock` tells UTC; `ManualClock` tells what it was set to, for simulations and tests. A clock that runs
back is refused: order in the ledger would lie.
"""

import time

from trilat.model import UsageError


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """UTC nanoseconds now."""
        return time.time_ns()


class ManualClock:
    """A clock that stands until it is moved forward."""

    def __init__(self, start_ns: int) -> None:
        """A clock that shows `start_ns`, UTC nanoseconds."""
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """UTC nanoseconds as last set."""
        return self._now_ns

    def advance_to(self, instant_ns: int) -> None:
        """Move forward to an instant.

        Raises:
            UsageError: the instant lies before what the clock shows.
        """
        if instant_ns < self._now_ns:
            raise UsageError(f"a clock cannot run back from `{self._now_ns}` to `{instant_ns}`")
        self._now_ns = instant_ns
