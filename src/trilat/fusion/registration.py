"""Registration: the constant biases of sensors, estimated from objects that several of them see.

    registration = Registration({("JPN", "R3"): BiasPrior(15.0, 3e-4, 3e-4, 1e-3), ...})
    registration.add("t1", plot)                        # a radar plot of a falling object
    registration.add("mmsi-1", report, "level")         # where a ship says that it is (AIS)
    registration.add("mmsi-1", plot, "level")           # the same ship, seen by a radar
    registration.table().bias("JPN", "R3")              # biases with their sigmas
    registration.estimate("t1", time_ns)                # the object with all biases taken into account

Rules
- The caller says which object a plot is of: association is not done here.
- All objects are estimated jointly with the biases that they share (`registration_kernels` has the
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
from dataclasses import dataclass, replace

import numpy as np

from trilat.fusion.measurement import KIND_DIRECTION, Measurement, gate, innovation, prepare
from trilat.fusion.motion import acceleration
from trilat.fusion.observation import (
    DirectionObservation,
    RadarObservation,
    check_instant,
)
from trilat.fusion.registration_kernels import (
    BIASES,
    absorb,
    carry,
    carry_level,
    dependence,
    distance,
    inverse,
)
from trilat.fusion.registration_plots import (
    NS_PER_S,
    BiasPrior,
    BiasTable,
    PositionReport,
    SensorKey,
    SensorPlot,
    check_name,
    shifted_plot,
)
from trilat.geo import FloatArray
from trilat.model import ObservationError

# How an object moves: burning, falling freely, or keeping its height (ships, aircraft).
MOTIONS = ("boost", "coast", "level")
# Before its first plot an object may be this far from it, and this fast, one sigma.
_START_SIGMA_M = 1.0e6
_THRUST_SIGMA_M_PER_S2 = 30.0
# A sensor is suspect when so many of its plots are refused and they are more than this share.
_REFUSED_MIN = 5
_REFUSED_SHARE = 0.2
# An object is begun again when most of at least so many plots were refused.
_RESTART_MIN = 4
# Longest time over which an object is carried without a plot, seconds.
_GAP_S_MAX = 600.0


@dataclass(frozen=True)
class RegistrationSettings:
    """What registration is tuned by; every limit has a name and a unit."""

    boost_jerk_psd_m2_per_s5: float = 1.5
    coast_acceleration_psd_m2_per_s3: float = 1e-7
    level_acceleration_psd_m2_per_s3: float = 1e-2
    speed_sigma_m_per_s: float = 3000.0
    level_speed_sigma_m_per_s: float = 300.0
    gate_tail_probability: float = 1e-6
    late_s: float = 2.0
    objects_max: int = 128
    sensors_max: int = 32

    def __post_init__(self) -> None:
        """Refuses settings with which nothing can work."""
        for name, value in vars(self).items():
            if not (isinstance(value, (int, float)) and 0.0 < value < 1e9):
                raise ObservationError(f"setting `{name}` must be a positive number")


@dataclass(frozen=True, eq=False)
class _Object:
    """One object at its last plot: conditional mean at the biases `at`, and what it told of the biases."""

    motion: str
    time_ns: int
    mean: FloatArray
    covariance: FloatArray
    lean: FloatArray
    at: FloatArray
    information: FloatArray
    vector: FloatArray
    accepted: int = 0
    refused: int = 0


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
        self._base = (np.zeros((0, 0)), np.zeros(0))
        self._information, self._mean, self._spread = np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0))
        self._objects: dict[str, _Object] = {}
        self._plots: dict[SensorKey, list[int]] = {}
        self._counts = dict.fromkeys(("accepted", "late", "no-range", "outlier", "too-many", "restarted"), 0)
        for key in sorted(priors):
            self._meet(key, priors[key])

    def add(self, name: str, observation: SensorPlot | PositionReport, motion: str = "coast") -> bool:
        """Takes one plot or report of the object `name`; False when it is refused and counted.

        Raises:
            ObservationError: not an observation, not a name, or not one of `MOTIONS`; a report of an object
                that is not level.
        """
        self._check(name, observation, motion)
        if isinstance(observation, PositionReport):
            return self._report(name, observation)
        key = (observation.source, observation.sensor)
        if key not in self._plots and self._default is not None:
            if len(self._sensors) >= self.settings.sensors_max:
                return self._counted("too-many")
            self._meet(key, self._default)
        first = BIASES * self._sensors.index(key) if key in self._plots else -1
        bias = (
            self._mean[first : first + BIASES] * self._scale[first : first + BIASES] if first >= 0 else None
        )
        plot = observation if bias is None else shifted_plot(observation, bias)
        return self._taken(name, prepare(plot), motion, key, np.cos(plot.elevation_rad), first)

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
        mean, covariance, lean = self._carried(held, held.motion, int(time_ns))
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
        self._base = (_grown(self._base[0], size, size) + unit, _grown(self._base[1], size))
        for name, held in self._objects.items():
            self._objects[name] = replace(
                held,
                lean=_grown(held.lean, held.lean.shape[0], size),
                at=_grown(held.at, size),
                information=_grown(held.information, size, size),
                vector=_grown(held.vector, size),
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

    def _report(self, name: str, report: PositionReport) -> bool:
        held = self._objects.get(name)
        if held is None:
            held = self._started(report.time_ns, report.position_m, "level", report.constant_sigma_m)
        if self._is_late(held, report.time_ns):
            return self._counted("late")
        mean, covariance, lean = self._carried(held, "level", report.time_ns)
        h = np.zeros((3, 9))
        h[:, :3] = h[:, 6:] = np.eye(3)
        nu = report.position_m - mean[:3] - mean[6:]
        parts = (nu, h, h @ lean, report.covariance_m2.copy(), 3)
        return self._joined(name, held, ("level", report.time_ns, mean, covariance, lean), parts)

    def _taken(
        self, name: str, plot: Measurement, motion: str, key: SensorKey, cos_elevation: float, first: int
    ) -> bool:
        held = self._objects.get(name)
        if held is None:
            if plot.kind == KIND_DIRECTION:
                return self._counted("no-range")
            held = self._started(plot.time_ns, plot.site_m + plot.values[0] * plot.axes[0], motion, 10.0)
        if self._is_late(held, plot.time_ns):
            return self._counted("late")
        mean, covariance, lean = self._carried(held, motion, plot.time_ns)
        nu, h, ahead = innovation(mean, plot.kind, plot.values, plot.site_m, plot.axes)
        rate = np.zeros(3)
        if motion != "level":
            acceleration(mean, rate)
            rate += mean[6:] if motion == "boost" else 0.0
        d = dependence(mean, rate, plot.kind, h, lean, first, self._scale, float(cos_elevation))
        parts = (nu, h, d, plot.covariance, plot.degrees_of_freedom if ahead else 0)
        good = self._joined(name, held, (motion, plot.time_ns, mean, covariance, lean), parts)
        if key in self._plots:
            self._plots[key][0 if good else 1] += 1
        return good

    def _is_late(self, held: _Object, time_ns: int) -> bool:
        """Whether a plot is older than the last one by more than clocks can be wrong, or much younger."""
        seconds = (time_ns - held.time_ns) / NS_PER_S
        return not -self.settings.late_s <= seconds <= _GAP_S_MAX

    def _joined(
        self,
        name: str,
        held: _Object,
        predicted: tuple[str, int, FloatArray, FloatArray, FloatArray],
        parts: tuple[FloatArray, FloatArray, FloatArray, FloatArray, int],
    ) -> bool:
        """Takes a predicted object's plot in when it lies inside the gate."""
        motion, time_ns, mean, covariance, lean = predicted
        nu, h, d, noise, freedom = parts
        new_mean, new_covariance, new_lean, whitened, w, good = absorb(
            mean, covariance, lean, nu, h, d, noise
        )
        inside = freedom > 0 and good
        if inside:
            far = distance(whitened, w, self._spread)
            inside = far <= gate(freedom, self.settings.gate_tail_probability)
        if not inside:
            return self._refused(name, held)
        added = whitened.T @ whitened
        # The share of this plot in L b, counted from no bias at all: objects can then be taken out again.
        vector = whitened.T @ (w + whitened @ self._mean)
        before = self._mean
        self._information = self._information + 0.5 * (added + added.T)
        self._spread = inverse(self._information)
        self._mean = before + self._spread @ (whitened.T @ w)
        self._objects[name] = _Object(
            motion=motion,
            time_ns=time_ns,
            mean=new_mean + new_lean @ (self._mean - before),
            covariance=new_covariance,
            lean=new_lean,
            at=self._mean,
            information=held.information + 0.5 * (added + added.T),
            vector=held.vector + vector,
            accepted=held.accepted + 1,
            refused=held.refused,
        )
        self._bound()
        return self._counted("accepted")

    def _refused(self, name: str, held: _Object) -> bool:
        """Counts an outlier; an object that most plots contradict is forgotten with all that it told."""
        self._counts["outlier"] += 1
        if name in self._objects:
            held = replace(held, refused=held.refused + 1)
            self._objects[name] = held
            if held.refused > held.accepted and held.refused >= _RESTART_MIN:
                del self._objects[name]
                self._counts["restarted"] += 1
                self._sum_up()
        return False

    def _bound(self) -> None:
        """Keeps no more objects than the settings allow: the one longest unseen is dropped."""
        while len(self._objects) > self.settings.objects_max:
            self.drop(min(self._objects, key=lambda name: self._objects[name].time_ns))

    def _started(self, time_ns: int, position_m: FloatArray, motion: str, offset_sigma_m: float) -> _Object:
        """An object of which nothing is known but where to look: the plot itself comes in by the update."""
        size = 6 if motion == "coast" else 9
        speed = (
            self.settings.level_speed_sigma_m_per_s
            if motion == "level"
            else self.settings.speed_sigma_m_per_s
        )
        third = offset_sigma_m if motion == "level" else _THRUST_SIGMA_M_PER_S2
        sigmas = np.repeat([_START_SIGMA_M, speed, third], 3)[:size]
        mean = np.zeros(size)
        mean[:3] = position_m
        biases = self._mean.shape[0]
        return _Object(
            motion=motion,
            time_ns=int(time_ns),
            mean=mean,
            covariance=np.diag(sigmas**2),
            lean=np.zeros((size, biases)),
            at=self._mean,
            information=np.zeros((biases, biases)),
            vector=np.zeros(biases),
        )

    def _carried(self, held: _Object, motion: str, time_ns: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean at the biases of now, conditional covariance and lean, moved to `time_ns` as `motion` says."""
        mean = held.mean + held.lean @ (self._mean - held.at)
        covariance, lean = held.covariance, held.lean
        if motion == "coast" and mean.shape[0] == 9:
            mean, covariance, lean = (
                np.ascontiguousarray(a) for a in (mean[:6], covariance[:6, :6], lean[:6])
            )
        elif motion == "boost" and mean.shape[0] == 6:
            mean, lean = _grown(mean, 9), _grown(lean, 9, lean.shape[1])
            covariance = _grown(covariance, 9, 9)
            covariance[6:, 6:] = np.eye(3) * _THRUST_SIGMA_M_PER_S2**2
        seconds = (time_ns - held.time_ns) / NS_PER_S
        settings = self.settings
        if motion == "level":
            moved = carry_level(mean, covariance, lean, seconds, settings.level_acceleration_psd_m2_per_s3)
        elif motion == "boost":
            moved = carry(mean, covariance, lean, seconds, settings.boost_jerk_psd_m2_per_s5)
        else:
            moved = carry(mean, covariance, lean, seconds, settings.coast_acceleration_psd_m2_per_s3)
        return moved[0], moved[1], moved[2]

    def _is_suspect(self, key: SensorKey) -> bool:
        """Whether a sensor's plots are often outside all belief, or its biases outside the prior."""
        accepted, refused = self._plots[key]
        if refused >= _REFUSED_MIN and refused > _REFUSED_SHARE * (accepted + refused):
            return True
        first = BIASES * self._sensors.index(key)
        mean = self._mean[first : first + BIASES]
        return float(mean @ mean) > gate(BIASES, self.settings.gate_tail_probability)


def _grown(array: FloatArray, *shape: int) -> FloatArray:
    """A copy with zeros added at the ends."""
    out = np.zeros(shape)
    out[tuple(slice(0, length) for length in array.shape)] = array
    return out
