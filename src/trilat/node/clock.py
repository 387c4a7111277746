"""Clocks: the one place, beside the command line, that reads the real time.

`SystemClock` tells UTC; `ManualClock` tells what it was set to; `PacedClock` tells the time of an exercise,
which may stand, run faster than the world, or begin in another year. A clock that runs back is refused, or
stands until it may go on: order in the ledger would lie.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trilat.model import INSTANT_NS_MAX, SECOND_NS, UsageError

SPEED_MAX: Final = 1_000.0
"""Seconds of an exercise in one second of the world."""

LEAP_S_MAX: Final = 3_600
"""By so much a pace may put an exercise's clock ahead at once, seconds."""


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


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How the time of an exercise runs: when the world's clock shows `from_wall_ns`, the exercise's shows
    `instant_ns`, and from then on goes `speed` times as fast; 0 stands.
    """

    from_wall_ns: int
    instant_ns: int
    speed: float

    def __post_init__(self) -> None:
        """Refuse instants and speeds that no clock can have."""
        for name in ("from_wall_ns", "instant_ns"):
            if not 0 <= getattr(self, name) <= INSTANT_NS_MAX:
                raise UsageError(f"`{name}` of a pace must be UTC nanoseconds from 0 to {INSTANT_NS_MAX}")
        if not (math.isfinite(self.speed) and 0.0 <= self.speed <= SPEED_MAX):
            raise UsageError(f"`speed` of a pace must be from 0 to {SPEED_MAX:.0f}")

    def instant_at(self, wall_ns: int) -> int:
        """What the exercise's clock shows when the world's shows `wall_ns`."""
        passed_ns = max(0, wall_ns - self.from_wall_ns)
        # At the world's own speed to the nanosecond, which no float holds.
        return self.instant_ns + (passed_ns if self.speed == 1.0 else int(passed_ns * self.speed))

    def wall_of(self, instant_ns: int) -> int | None:
        """When the world's clock will show that the exercise has come to an instant; None where it stands."""
        if instant_ns <= self.instant_ns:
            return self.from_wall_ns
        if self.speed == 0.0:
            return None
        return self.from_wall_ns + math.ceil((instant_ns - self.instant_ns) / self.speed)


def refuse_leap(pace: Pace, now_ns: int, wall_ns: int) -> None:
    """Refuse a pace that puts a clock far ahead at once: a node goes through every second of it, and does
    nothing else meanwhile.

    Args:
        pace: the new one.
        now_ns: what the exercise's clock shows.
        wall_ns: what the world's shows.

    Raises:
        UsageError: it leaps by more than `LEAP_S_MAX`.
    """
    leap_s = (pace.instant_at(max(wall_ns, pace.from_wall_ns)) - now_ns) // SECOND_NS
    if leap_s > LEAP_S_MAX:
        raise UsageError(
            f"this pace leaps {leap_s} s ahead, over the limit of {LEAP_S_MAX}: let time run faster, or "
            "begin the exercise later",
            leap_s=leap_s,
        )


REAL_TIME: Final = Pace(from_wall_ns=0, instant_ns=0, speed=1.0)
"""The world's own time."""


class PacedClock:
    """The clock of an exercise. It never runs back: a pace that begins earlier lets it stand until then.

    A pace that begins in the future waits; so the nodes of one exercise change over at the same moment.
    """

    def __init__(self, pace: Pace, wall_ns: Callable[[], int] | None = None) -> None:
        """A clock that runs at `pace`.

        Args:
            pace: the first.
            wall_ns: the world's time, UTC nanoseconds; the machine's where none is given.
        """
        self._wall_ns = wall_ns or time.time_ns
        self._pace = pace
        self._next: Pace | None = None
        self._shown_ns = 0

    @property
    def pace(self) -> Pace:
        """The pace last set, also while it waits for its beginning."""
        return self._next or self._pace

    def set_pace(self, pace: Pace) -> None:
        """Run at another pace from its beginning on."""
        self._take_over()
        self._next = pace

    def _take_over(self) -> int:
        """The world's time, with the pace that waits taken over where it has begun."""
        wall_ns = self._wall_ns()
        if self._next is not None and self._next.from_wall_ns <= wall_ns:
            self._pace, self._next = self._next, None
        return wall_ns

    def now_ns(self) -> int:
        """UTC nanoseconds of the exercise."""
        self._shown_ns = max(self._shown_ns, self._pace_now())
        return self._shown_ns

    def _pace_now(self) -> int:
        wall_ns = self._take_over()
        return self._pace.instant_at(wall_ns)

    def wait_ns(self, instant_ns: int) -> int | None:
        """Nanoseconds of the world until this clock shows an instant; None while it would never."""
        wall_ns = self._take_over()
        due = [self._pace.wall_of(instant_ns)]
        if self._next is not None:
            # Whichever is first: a change of pace is a reason to look again.
            due.append(self._next.from_wall_ns)
        known = [at_ns for at_ns in due if at_ns is not None]
        return max(0, min(known) - wall_ns) if known else None
