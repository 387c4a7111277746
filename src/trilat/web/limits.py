"""Rates: how often one may ask, and how long one waits after wrong passwords.

A `Bucket` holds so many requests and fills again at a rate; who finds it empty is told how long to wait.
After some wrong passwords in a row a name waits, each time twice as long; the right password during the
wait does not help, so that trying on tells nothing. Names and addresses are kept in bounded tables: the
oldest go first.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

KEYS_MAX: Final = 4_096
FREE_FAILURES: Final = 5
WAIT_S_FIRST: Final = 15.0
WAIT_S_MAX: Final = 900.0
FORGOTTEN_S: Final = 3_600.0
"""After so long without another wrong password a name begins anew."""


@dataclass(slots=True)
class _Level:
    tokens: float
    at_s: float


class Rates:
    """Buckets by key, all of one size and rate."""

    def __init__(self, per_s: float, burst: int) -> None:
        """Full buckets of `burst` requests that fill at `per_s` a second."""
        self._per_s = per_s
        self._burst = burst
        self._levels: OrderedDict[str, _Level] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """0 where one more request of this key may go, and counts; else the seconds until it may."""
        level = self._levels.pop(key, None)
        if level is None:
            level = _Level(float(self._burst), now_s)
        level.tokens = min(self._burst, level.tokens + max(0.0, now_s - level.at_s) * self._per_s)
        level.at_s = now_s
        self._levels[key] = level
        if len(self._levels) > KEYS_MAX:
            self._levels.popitem(last=False)
        if level.tokens >= 1.0:
            level.tokens -= 1.0
            return 0.0
        return math.ceil((1.0 - level.tokens) / self._per_s * 10) / 10


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float
    until_s: float


class Waits:
    """Waits after wrong passwords, by name."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, name: str, now_s: float) -> float:
        """Seconds until this name may try again; 0 for at once."""
        failures = self._failures.get(name)
        return 0.0 if failures is None else max(0.0, failures.until_s - now_s)

    def failed(self, name: str, now_s: float) -> None:
        """One more wrong password."""
        failures = self._failures.pop(name, None)
        if failures is None or now_s - failures.last_s > FORGOTTEN_S:
            failures = _Failures(0, now_s, 0.0)
        failures.count += 1
        failures.last_s = now_s
        over = failures.count - FREE_FAILURES
        if over >= 0:
            failures.until_s = now_s + min(WAIT_S_MAX, WAIT_S_FIRST * 2.0 ** min(over, 10))
        self._failures[name] = failures
        if len(self._failures) > KEYS_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """The right password: all is forgotten."""
        self._failures.pop(name, None)
