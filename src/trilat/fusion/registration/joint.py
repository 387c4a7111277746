"""Registration: the constant biases of sensors, estimated from objects that several of them see.

    registration = Registration({("JPN", "R3"): BiasPrior(15.0, 3e-4, 3e-4, 1e-3), ...})
    registration.add("t1", plot)                        # a radar plot of a falling object
    registration.add("mmsi-1", report, "level")         # where a ship says that it is (AIS)
    registration.add("mmsi-1", plot, "level")           # the same ship, seen by a radar
    registration.table().bias("JPN", "R3")              # biases with their sigmas
    registration.estimate("t1", time_ns)                # the object with all biases taken into account

Rules
- The caller says which object a plot is of: association is not done here.
- All objects are estimated jointly with the biases that they share (`kernels` has the
  equations). When an object is dropped, what it told of the biases is kept.
- Where nothing observes a bias its sigma stays that of the prior. A clock bias shows through motion only.
- A plot that cannot be true within all that is believed is refused and counted. A sensor is *suspect* when
  many of its plots are refused, or its biases lie outside the prior: an absurd bias is never absorbed. When
  most plots of an object are refused, the first one was the wrong one: the object is begun again. Two
  sensors alone cannot tell which of them is wrong.
- What registration knows belongs to one View: feed it only with what that View may use.

Everything is deterministic; a wrong argument raises `ObservationError` and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from trilat.fusion.filters.measurement import KIND_DIRECTION, gate
from trilat.fusion.observation import DirectionObservation, RadarObservation, check_instant
from trilat.fusion.registration.kernels import BIASES, absorb, distance, inverse
from trilat.fusion.registration.objects import (
    MOTIONS,
    Innovation,
    RegisteredObject,
    RegistrationSettings,
    Seen,
    State,
    carried,
    doubt_of_clock,
    grown,
    innovation_of,
    path_of,
    seen_of,
    started,
)
from trilat.fusion.registration.plots import (
    NS_PER_S,
    BiasPrior,
    BiasTable,
    PositionReport,
    SensorKey,
    SensorPlot,
    check_name,
    is_outside,
)
from trilat.geo import FloatArray
from trilat.model import ObservationError

# A sensor is suspect when so many of its plots are refused and they are more than this share.
_REFUSED_MIN = 5
_REFUSED_SHARE = 0.2
# An object is begun again when most of at least so many plots were refused.
_RESTART_MIN = 4
# Longest time over which an object is carried without a plot, seconds.
_GAP_S_MAX = 600.0


class Registration:
    """Biases of sensors and the objects they see, estimated jointly; see the module for the rules."""

    def __init__(
        self,
        priors: Mapping[SensorKey, BiasPrior],
        settings: RegistrationSettings | None = None,
        default: BiasPrior | None = None,
    ) -> None:
        """Nothing seen yet.

        Args:
            priors: of each sensor (source, sensor) whose biases are wanted.
            settings: limits and noise.
            default: prior of any other sensor from its first plot on; None takes those as free of bias.
        """
        self.settings = settings or RegistrationSettings()
        self._default = default
        self._sensors: list[SensorKey] = []
        self._scale = np.zeros(0)
        # What stands for the priors and for objects that were dropped: information and its vector.
        self._base = (np.zeros((0, 0)), np.zeros(0))
        self._information, self._mean, self._spread = np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0))
        self._objects: dict[str, RegisteredObject] = {}
        self._plots: dict[SensorKey, list[int]] = {}
        self._counts = dict.fromkeys(("accepted", "late", "no-range", "outlier", "too-many", "restarted"), 0)
        for key in sorted(priors):
            self._meet(key, priors[key])

    def add(self, name: str, observation: SensorPlot | PositionReport, motion: str = "coast") -> bool:
        """Takes one plot or report of the object `name`; False when it is refused and counted.

        Raises:
            ObservationError: not an observation, not a name, or not one of `MOTIONS`; a report of an object
                that is not level, or an object that was level and is not, or the other way round.
        """
        self._check(name, observation, motion)
        if isinstance(observation, PositionReport):
            return self._taken(name, self._seen(observation, motion, -1))
        key = (observation.source, observation.sensor)
        if key not in self._plots and self._default is not None:
            if len(self._sensors) >= self.settings.sensors_max:
                return self._counted("too-many")
            self._meet(key, self._default)
        if isinstance(observation, DirectionObservation) and name not in self._objects:
            return self._counted("no-range")
        column = BIASES * self._sensors.index(key) if key in self._plots else -1
        before = self._counts["late"]
        good = self._taken(name, self._seen(observation, motion, column))
        if key in self._plots and self._counts["late"] == before:
            self._plots[key][0 if good else 1] += 1
        return good

    def drop(self, name: str) -> None:
        """Forgets an object (a track that ended); what it told of the biases is kept."""
        gone = self._objects.pop(name, None)
        if gone is not None:
            self._base = (self._base[0] + gone.information, self._base[1] + gone.vector)

    def table(self) -> BiasTable:
        """All biases as estimated now, with joint covariance, counts and suspects."""
        counts = [self._plots[key] for key in self._sensors]
        return BiasTable(
            sensors=tuple(self._sensors),
            mean=self._mean * self._scale,
            covariance=self._spread * np.outer(self._scale, self._scale),
            updates=tuple(row[0] for row in counts),
            refused=tuple(row[1] for row in counts),
            suspects=frozenset(key for key in self._sensors if self._is_suspect(key)),
        )

    def told(self) -> tuple[FloatArray, FloatArray]:
        """Information (B, B) and its vector (B,) about the biases in prior sigmas, without the prior."""
        return self._information - np.eye(self._scale.shape[0]), self._information @ self._mean

    def estimate(self, name: str, time_ns: int) -> tuple[FloatArray, FloatArray]:
        """Mean (6,) and covariance (6, 6) of an object, ECEF, m and m/s, the unknown rest of biases included.

        Raises:
            ObservationError: no such object, not an instant, or too far from its last plot.
        """
        check_instant("time_ns", time_ns)
        held = self._objects.get(name)
        if held is None:
            raise ObservationError(f"no object `{str(name)[:40]}` is registered")
        if abs(int(time_ns) - held.time_ns) > _GAP_S_MAX * NS_PER_S:
            raise ObservationError(f"`{name}` was last seen more than {_GAP_S_MAX:.0f} s from that instant")
        mean, covariance, lean = carried(held, self._mean, held.motion, int(time_ns), self.settings)
        full = covariance + lean @ self._spread @ lean.T
        return mean[:6].copy(), 0.5 * (full + full.T)[:6, :6]

    def names(self) -> tuple[str, ...]:
        """Objects that are held, in order of first plot."""
        return tuple(self._objects)

    def counts(self) -> dict[str, int]:
        """How many observations were accepted and refused by reason, and how many objects begun again."""
        return dict(self._counts)

    def _check(self, name: str, observation: object, motion: str) -> None:
        check_name("name", name)
        if motion not in MOTIONS:
            raise ObservationError(f"motion `{str(motion)[:20]}` is not one of {', '.join(MOTIONS)}")
        if not isinstance(observation, (RadarObservation, DirectionObservation, PositionReport)):
            raise ObservationError(f"a `{type(observation).__name__}` registers no sensor")
        if isinstance(observation, PositionReport) and motion != "level":
            raise ObservationError("a position report is of a `level` object")
        held = self._objects.get(name)
        if held is not None and (held.motion == "level") != (motion == "level"):
            raise ObservationError(f"`{name[:40]}` moves as `{held.motion}`, give it another name")

    def _meet(self, key: SensorKey, prior: BiasPrior) -> None:
        """Adds a sensor with its prior; every array grows by its four biases."""
        self._sensors.append(key)
        self._plots[key] = [0, 0]
        size = BIASES * len(self._sensors)
        self._scale = np.concatenate([self._scale, prior.sigmas])
        unit = np.diag(np.concatenate([np.zeros(size - BIASES), np.ones(BIASES)]))
        self._base = (grown(self._base[0], size, size) + unit, grown(self._base[1], size))
        for name, held in self._objects.items():
            self._objects[name] = replace(
                held,
                lean=grown(held.lean, held.lean.shape[0], size),
                at=grown(held.at, size),
                information=grown(held.information, size, size),
                vector=grown(held.vector, size),
            )
        self._sum_up()

    def _sum_up(self) -> None:
        """The biases from the base and from all objects."""
        self._information, vector = self._base[0].copy(), self._base[1].copy()
        for held in self._objects.values():
            self._information += held.information
            vector += held.vector
        self._spread = inverse(self._information)
        self._mean = self._spread @ vector

    def _counted(self, reason: str) -> bool:
        self._counts[reason] += 1
        return reason == "accepted"

    def _seen(self, observation: SensorPlot | PositionReport, motion: str, column: int) -> Seen:
        return seen_of(observation, motion, column, self._mean, self._scale)

    def _taken(self, name: str, seen: Seen) -> bool:
        """Takes a plot or report into its object, which it begins when there is none."""
        held = self._objects.get(name) or started(seen, self._mean, self.settings)
        seconds = (seen.time_ns - held.time_ns) / NS_PER_S
        if not -self.settings.late_s <= seconds <= _GAP_S_MAX:
            return self._counted("late")
        state = carried(held, self._mean, seen.motion, seen.time_ns, self.settings)
        found = innovation_of(seen, state, state[0], self._scale)
        found = replace(found, noise=doubt_of_clock(seen, found, state, self._spread, self._scale))
        joined = self._joined(held, seen, state, found, gated=True)
        if joined is None:
            return self._refused(name, held, seen)
        self._objects[name] = joined
        if joined.is_known():
            self._objects[name] = self._taken_again(name, joined)
        while len(self._objects) > self.settings.objects_max:
            self.drop(min(self._objects, key=lambda other: self._objects[other].time_ns))
        return self._counted("accepted")

    def _joined(
        self, held: RegisteredObject, seen: Seen, state: State, found: Innovation, *, gated: bool
    ) -> RegisteredObject | None:
        """The object after a plot, and the biases with it; None, and no change, outside the gate."""
        new = absorb(*state, found.nu, found.h, found.d, found.noise)
        mean, covariance, lean, whitened, w, good = new
        if not (good and found.freedom):
            return None
        limit = gate(found.freedom, self.settings.gate_tail_probability)
        if gated and not distance(whitened, w, self._spread) <= limit:
            return None
        added = whitened.T @ whitened
        added = 0.5 * (added + added.T)
        # This plot's share of the vector, counted from no bias at all: an object can be taken out again.
        vector = whitened.T @ (w + whitened @ self._mean)
        before = self._mean
        self._information = self._information + added
        self._spread = inverse(self._information)
        self._mean = before + self._spread @ (whitened.T @ w)
        return replace(
            held,
            motion=seen.motion,
            time_ns=seen.time_ns,
            mean=mean + lean @ (self._mean - before),
            covariance=covariance,
            lean=lean,
            at=self._mean,
            information=held.information + added,
            vector=held.vector + vector,
            accepted=held.accepted + 1,
            first=(*held.first, seen) if held.accepted == len(held.first) else (),
        )

    def _taken_again(self, name: str, held: RegisteredObject) -> RegisteredObject:
        """The object with its first plots taken in anew, with Jacobians along the path that is known now."""
        if len({seen.motion for seen in held.first}) > 1:
            return replace(held, first=())
        path, biases = path_of(held, self._mean, self.settings), self._mean
        anew = [seen_of(seen.raw, seen.motion, seen.column, biases, self._scale) for seen in held.first]
        del self._objects[name]
        self._sum_up()
        again = started(anew[0], self._mean, self.settings)
        # Place and speed have wide priors that may stand anywhere; thrust and offset have not.
        again.mean[:6] = path(anew[0].time_ns)[:6]
        for seen in anew:
            state = carried(again, self._mean, seen.motion, seen.time_ns, self.settings)
            about, ahead_by = path(seen.time_ns), biases - self._mean
            found = innovation_of(seen, state, about, self._scale, ahead_by)
            again = self._joined(again, seen, state, found, gated=False) or again
        return replace(again, accepted=held.accepted, refused=held.refused, first=())

    def _refused(self, name: str, held: RegisteredObject, seen: Seen) -> bool:
        """Counts an outlier; an object that most plots contradict begins anew, from the plot at hand."""
        self._counts["outlier"] += 1
        if name not in self._objects:
            return False
        held = replace(held, refused=held.refused + 1)
        self._objects[name] = held
        if held.refused > held.accepted and held.refused >= _RESTART_MIN:
            del self._objects[name]
            self._sum_up()
            self._counts["restarted"] += 1
            ranged = isinstance(seen.what, PositionReport) or seen.what.kind != KIND_DIRECTION
            if ranged:
                again = started(seen, self._mean, self.settings)
                state = (again.mean, again.covariance, again.lean)
                found = innovation_of(seen, state, state[0], self._scale)
                joined = self._joined(again, seen, state, found, gated=False)
                if joined is not None:
                    self._objects[name] = joined
        return False

    def _is_suspect(self, key: SensorKey) -> bool:
        """Whether a sensor's plots are often outside all belief, or its biases outside the prior."""
        accepted, refused = self._plots[key]
        if refused >= _REFUSED_MIN and refused > _REFUSED_SHARE * (accepted + refused):
            return True
        first = BIASES * self._sensors.index(key)
        mine = slice(first, first + BIASES)
        return is_outside(self._mean[mine], np.eye(BIASES), self._spread[mine, mine])
