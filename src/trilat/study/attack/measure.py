"""`attack`: the four leaks of a profile, alone, repeated and pooled with a second profile, over many sensors.

Each run has one sensor (`flights.make_world`) and a key of its own. A leak is the median error of the
attacker over the runs, with an interval of about 95 % by order statistics. Of two attacks on one thing the
better counts.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np

from trilat.geo import FloatArray
from trilat.model import SECOND_NS, Kinematics, Track, UsageError
from trilat.policy import PROFILES, Leak, Profile
from trilat.study.attack.capture import Capture, capture, mean_nees, released
from trilat.study.attack.flights import World, make_world
from trilat.study.attack.sensor import angle_of, features_of, reach_of, regressed_angle
from trilat.study.attack.site import find_site
from trilat.study.attack.track import fitted

LEAKS: Final = ("site_m", "accuracy", "range_m", "track_m")
"""What is looked for, in the words of `Leak`."""

FLIGHTS: Final = 8
"""How many flights, or epochs of one object, a patient attacker sees."""

RUNS_MAX: Final = 1_000
_STILL_EVERY_S: Final = 60
_CALIBRATION: Final = 10_000
"""Seeds of the sensors that the attacker simulated, beyond those of any run."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Outcome:
    """The median error of an attacker over the runs, and an interval of it."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """What a profile gives away; `pooled` where a second one was named. `nees` is the mean over flights,
    over six dimensions, with the standard error of that mean; None where no copy has a state.
    """

    profile: Profile
    partner: Profile | None
    runs: int
    alone: dict[str, Outcome]
    repeated: dict[str, Outcome]
    pooled: dict[str, Outcome]
    nees: tuple[float, float] | None

    @property
    def finer(self) -> Profile:
        """The finer of the two profiles: its bound is that of both together."""
        return self.profile if self.partner is None else _finer(self.profile, self.partner)

    def broken(self) -> tuple[str, ...]:
        """Where more leaks than the profile states; of pooled copies, than the finer of the two states."""
        stated: tuple[tuple[str, dict[str, Outcome], Leak], ...] = (
            ("alone", self.alone, self.profile.alone),
            ("repeated", self.repeated, self.profile.repeated),
            ("pooled", self.pooled, self.finer.alone),
        )
        return tuple(
            f"{how} {name}: {found[name].median:.4g}, stated is {getattr(least, name):g} or more"
            for how, found, least in stated
            for name in found
            if found[name].median < getattr(least, name)
        )


def attack(
    name: str, runs: int = 20, seed: int = 1, partner: str | None = None, progress: Progress | None = None
) -> Measured:
    """Measure a profile.

    Args:
        name: of `PROFILES`.
        runs: how many sensors.
        seed: of the first.
        partner: a second profile, whose recipient pools what it has with that of the first.
        progress: is told the share done.

    Raises:
        UsageError: no such profile, or runs that cannot be.
    """
    profile, other = _found(name), None if partner is None else _found(partner)
    if not 3 <= runs <= RUNS_MAX:
        raise UsageError(f"runs `{runs}` must lie between 3 and {RUNS_MAX}")
    if not 0 <= seed < _CALIBRATION - RUNS_MAX:
        raise UsageError(f"seed `{seed}` must lie between 0 and {_CALIBRATION - RUNS_MAX - 1}")
    told = (lambda _: None) if progress is None else progress
    simulated = _Simulated(profile, max(8, runs // 2))
    found: list[_Errors] = []
    for number in range(runs):
        run = _Run(make_world(seed + number, FLIGHTS), profile, seed + number)
        found.append(_errors(run, simulated, other))
        told((number + 1) / runs)
    nees = [value for errors in found for value in errors.nees]
    return Measured(
        profile=profile,
        partner=other,
        runs=runs,
        alone=_outcomes([errors.alone for errors in found]),
        repeated=_outcomes([errors.repeated for errors in found]),
        pooled=_outcomes([errors.pooled for errors in found]) if other is not None else {},
        nees=(float(np.mean(nees)), float(np.std(nees)) / math.sqrt(len(nees))) if nees else None,
    )


def _found(name: str) -> Profile:
    if name not in PROFILES:
        raise UsageError(f"no profile is called `{name[:40]}`: choose from {', '.join(PROFILES)}")
    return PROFILES[name]


def _finer(one: Profile, other: Profile) -> Profile:
    order = list(PROFILES)
    return min(one, other, key=lambda profile: order.index(profile.name))


@dataclass(frozen=True)
class _Errors:
    """The attacker's errors in one run."""

    alone: dict[str, float]
    repeated: dict[str, float]
    pooled: dict[str, float]
    nees: list[float]


class _Run:
    """One sensor, its key, and the copies of its flights under a profile."""

    def __init__(self, world: World, profile: Profile, seed: int) -> None:
        self.world = world
        self.profile = profile
        self.key = hashlib.sha256(f"attack {seed}".encode()).digest()
        held = [capture(profile, flight, self.key) for flight in world.flights]
        self.flights = tuple(
            (flight, one) for flight, one in zip(world.flights, held, strict=True) if one is not None
        )
        self.captures: tuple[Capture, ...] = tuple(one for _, one in self.flights)
        self.angle = world.sensor.azimuth_sigma_rad

    def scatters_m(self, count: int) -> list[float]:
        """Scatter of the first captures about a free fall, metres."""
        return [fitted([held]).scatter_m for held in self.captures[:count]]


class _Simulated:
    """Sensors that the attacker has simulated, to learn what copies tell of an accuracy; when needed."""

    def __init__(self, profile: Profile, count: int) -> None:
        self._profile = profile
        self._count = count
        self._learnt: dict[int, tuple[FloatArray, FloatArray]] = {}

    @cached_property
    def _runs(self) -> list[_Run]:
        seeds = range(_CALIBRATION, _CALIBRATION + self._count)
        runs = [_Run(make_world(seed, FLIGHTS), self._profile, seed) for seed in seeds]
        return [run for run in runs if run.captures]

    def learnt(self, count: int) -> tuple[FloatArray, FloatArray]:
        """Features (n, 3) of the first `count` captures of each sensor, and the angular errors (n,)."""
        if count not in self._learnt:
            features = [features_of(run.captures[:count], run.scatters_m(count)) for run in self._runs]
            angles = [run.world.sensor.azimuth_sigma_rad for run in self._runs]
            self._learnt[count] = (np.array(features), np.array(angles))
        return self._learnt[count]


def _errors(run: _Run, simulated: _Simulated, partner: Profile | None) -> _Errors:
    nees = [mean_nees(held, flight) for flight, held in run.flights]
    alone, repeated = _sensor_errors(run, simulated, 1), _sensor_errors(run, simulated, FLIGHTS)
    alone["track_m"], repeated["track_m"] = _track_error_m(run.world, run.captures[:1]), _still_error_m(run)
    if partner is None:
        return _Errors(alone, repeated, {}, nees)
    finer = _finer(run.profile, partner)
    held = [capture(finer, run.world.flights[0], run.key)]
    held.append(capture(partner if finer is run.profile else run.profile, run.world.flights[0], run.key))
    both = tuple(one for one in held if one is not None)
    site_m = run.world.sensor.position_m
    pooled = {
        "site_m": float(np.linalg.norm(find_site(both) - site_m)) if both else math.inf,
        "range_m": abs(reach_of(both, site_m) - run.world.sensor.range_max_m) if both else math.inf,
        "track_m": _track_error_m(run.world, both),
    }
    return _Errors(alone, repeated, pooled, nees)


def _sensor_errors(run: _Run, simulated: _Simulated, count: int) -> dict[str, float]:
    """The errors of what is found about the sensor from the first captures; without any, all there are."""
    captures = run.captures[:count]
    if not captures:
        return dict.fromkeys(("site_m", "accuracy", "range_m"), math.inf)
    sensor = run.world.sensor
    angle = angle_of(captures, sensor.position_m)
    if angle is None:
        angle = regressed_angle(features_of(captures, run.scatters_m(count)), *simulated.learnt(count))
    return {
        "site_m": float(np.linalg.norm(find_site(captures) - sensor.position_m)),
        "accuracy": math.exp(abs(math.log(angle / sensor.azimuth_sigma_rad))),
        "range_m": abs(reach_of(captures, sensor.position_m) - sensor.range_max_m),
    }


def _track_error_m(world: World, captures: Sequence[Capture]) -> float:
    """How far from the originator's own track the better of the copies as they are and a fitted free fall
    lies, root mean square over the instants of the first capture.
    """
    if not captures:
        return math.inf
    own = {
        track.valid_ns: np.array(track.state.position_mm) / 1_000
        for flight in world.flights
        for track in flight.tracks
        if track.state is not None and flight.begin_ns <= captures[0].time_ns[0]
    }
    wanted = np.array([own[time_ns] for time_ns in captures[0].time_ns])
    guesses = (captures[0].mean[:, :3], fitted(captures).position_m)
    return min(float(np.sqrt(np.mean(np.sum((guess - wanted) ** 2, axis=1)))) for guess in guesses)


def _still_error_m(run: _Run) -> float:
    """How far the average of all copies lies from an object that stands still for `FLIGHTS` epochs."""
    pattern = run.world.flights[0].tracks[0]
    epoch_s = run.profile.duties.cover_epoch_s or 3_600
    begin_ns = pattern.valid_ns // (epoch_s * SECOND_NS) * epoch_s * SECOND_NS
    instants = range(begin_ns, begin_ns + FLIGHTS * epoch_s * SECOND_NS, _STILL_EVERY_S * SECOND_NS)
    tracks = [_still(pattern, number + 1, instant_ns) for number, instant_ns in enumerate(instants)]
    copies = [copy.state for copy in released(run.profile, tracks, run.key) if copy.state is not None]
    if not copies:
        return math.inf
    mean: FloatArray = np.mean([state.position_mm for state in copies], axis=0)
    return float(np.linalg.norm(mean - np.array(_STILL_MM))) / 1_000


_STILL_MM: Final = (-3_000_123_457, 3_900_765_433, 4_100_111_111)


def _still(pattern: Track, version: int, instant_ns: int) -> Track:
    """A version of the track of an object that does not move, known to 30 m and 1 m/s."""
    factor = tuple(
        (30_000_000 if row < 3 else 1_000_000) if row == column else 0
        for row in range(6)
        for column in range(row + 1)
    )
    state = Kinematics(
        epoch_ns=instant_ns, position_mm=_STILL_MM, velocity_mm_per_s=(0, 0, 0), covariance_factor=factor
    )
    return msgspec.structs.replace(
        pattern, version=version, updates_count=version, valid_ns=instant_ns, state=state
    )


def _outcomes(errors: Sequence[dict[str, float]]) -> dict[str, Outcome]:
    return {name: _outcome([one[name] for one in errors]) for name in LEAKS if name in errors[0]}


def _outcome(values: Sequence[float]) -> Outcome:
    """The median with the order statistics that hold it in some 95 of 100 cases (normal approximation)."""
    ordered = sorted(values)
    count = len(ordered)
    apart = 0.98 * math.sqrt(count)
    low, high = max(0, math.floor(count / 2 - apart)), min(count - 1, math.ceil(count / 2 + apart))
    middle = ordered[count // 2] if count % 2 else 0.5 * (ordered[count // 2 - 1] + ordered[count // 2])
    return Outcome(middle, ordered[low], ordered[high])
