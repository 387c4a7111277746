"""What registration is told and what it says: reference reports, priors, and the table of biases.

A bias is what a sensor adds to every plot: measured = true + bias. Range in metres, azimuth and elevation in
radians; the clock bias in seconds is the stamp less the true instant, so that a sensor whose clock is fast
has a positive one. A bias table belongs to one View and stays with it: it is no item and has no wire form.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trilat.fusion.filters.measurement import gate
from trilat.fusion.observation import (
    DISTANCE_M_MAX,
    NAME_LENGTH_MAX,
    DirectionObservation,
    RadarObservation,
    check_instant,
)
from trilat.fusion.registration.kernels import BIASES
from trilat.geo import FloatArray
from trilat.model import ObservationError

NS_PER_S = 1_000_000_000
# Share of a prior variance below which nothing counts as learned, and the tail of the test of a prior.
_LEARNED_MIN = 1e-3
_OUTSIDE_TAIL = 1e-6
SensorKey = tuple[str, str]
"""Source and sensor: names of sensors are their owner's."""


@dataclass(frozen=True)
class BiasPrior:
    """How large a sensor's biases may be, one sigma each, before anything is seen."""

    range_sigma_m: float = 30.0
    azimuth_sigma_rad: float = 1e-3
    elevation_sigma_rad: float = 1e-3
    clock_sigma_s: float = 1e-3

    def __post_init__(self) -> None:
        """Refuses a prior that says nothing or everything."""
        limits = {
            "range_sigma_m": 1e5,
            "azimuth_sigma_rad": 0.1,
            "elevation_sigma_rad": 0.1,
            "clock_sigma_s": 10.0,
        }
        for name, most in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value <= most:
                raise ObservationError(f"`{name}` of a bias prior must be above 0 and at most {most:g}")

    @classmethod
    def stated(
        cls, range_sigma_m: float | None, angle_sigma_rad: float | None, clock_sigma_s: float | None
    ) -> "BiasPrior | None":
        """The prior of a sensor's description; what it leaves out is taken as right, all left out as None.

        Raises:
            ObservationError: a sigma that cannot be.
        """
        if range_sigma_m is None and angle_sigma_rad is None and clock_sigma_s is None:
            return None
        right = _AS_GOOD_AS_RIGHT
        angle_rad = right.azimuth_sigma_rad if angle_sigma_rad is None else angle_sigma_rad
        return cls(
            right.range_sigma_m if range_sigma_m is None else range_sigma_m,
            angle_rad,
            angle_rad,
            right.clock_sigma_s if clock_sigma_s is None else clock_sigma_s,
        )

    @property
    def sigmas(self) -> FloatArray:
        """The four sigmas (4,): m, rad, rad, s."""
        return np.array(
            [self.range_sigma_m, self.azimuth_sigma_rad, self.elevation_sigma_rad, self.clock_sigma_s]
        )


# Biases so small that no plot shows them: a prior has four sigmas above zero.
_AS_GOOD_AS_RIGHT = BiasPrior(1e-3, 1e-8, 1e-8, 1e-6)


@dataclass(frozen=True, eq=False)
class PositionReport:
    """Where an object says that it is (AIS, ADS-B): position (3,) ECEF m, covariance (3, 3) m^2.

    `constant_sigma_m` is the part of its error that stays the same from report to report, per axis: the
    distance from antenna to the middle of the echo, and a satellite fix that is off for minutes.
    """

    time_ns: int
    source: str
    position_m: FloatArray
    covariance_m2: FloatArray
    constant_sigma_m: float = 10.0

    def __post_init__(self) -> None:
        """Refuses a report that cannot be."""
        check_instant("time_ns", self.time_ns)
        check_name("source", self.source)
        position = _numbers(self.position_m, (3,), "position_m")
        covariance = _numbers(self.covariance_m2, (3, 3), "covariance_m2")
        if not 6.3e6 <= float(np.linalg.norm(position)) <= DISTANCE_M_MAX:
            raise ObservationError(
                "`position_m` is inside the Earth or beyond the Moon, it is metres in ECEF"
            )
        if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=0.0):
            raise ObservationError("`covariance_m2` must be symmetric")
        if not np.linalg.eigvalsh(covariance)[0] > 0.0:
            raise ObservationError("`covariance_m2` must be positive definite")
        if not 1e-3 <= self.constant_sigma_m <= 1e5:
            raise ObservationError("`constant_sigma_m` must be between 0.001 and 1e5")
        object.__setattr__(self, "position_m", position)
        object.__setattr__(self, "covariance_m2", 0.5 * (covariance + covariance.T))


@dataclass(frozen=True)
class SensorBias:
    """The estimated biases of one sensor with one sigma each; see the module for signs.

    `updates` plots went in and `refused` were outside every belief. `suspect`: the sensor does not agree
    with the others within its prior; then its biases are not to be used before a person has looked.
    """

    source: str
    sensor: str
    range_bias_m: float
    range_sigma_m: float
    azimuth_bias_rad: float
    azimuth_sigma_rad: float
    elevation_bias_rad: float
    elevation_sigma_rad: float
    clock_bias_s: float
    clock_sigma_s: float
    updates: int
    refused: int
    suspect: bool


@dataclass(frozen=True, eq=False)
class BiasTable:
    """Biases of some sensors: mean (4 S,), covariance (4 S, 4 S), SI units, the four of a sensor together."""

    sensors: tuple[SensorKey, ...]
    mean: FloatArray
    covariance: FloatArray
    updates: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    suspects: frozenset[SensorKey] = frozenset()
    _places: dict[SensorKey, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuses a table that is not one."""
        size = BIASES * len(self.sensors)
        mean = _numbers(self.mean, (size,), "mean")
        covariance = _numbers(self.covariance, (size, size), "covariance")
        places = {key: BIASES * place for place, key in enumerate(self.sensors)}
        if len(places) != len(self.sensors):
            raise ObservationError("a sensor stands twice in the table of biases")
        scale = np.sqrt(np.abs(np.diagonal(covariance)))
        if not np.all(np.diagonal(covariance) > 0.0):
            raise ObservationError("`covariance` of biases must have a positive diagonal")
        correlation = covariance / np.outer(scale, scale)
        if size and (
            float(np.max(np.abs(correlation - correlation.T))) > 1e-9
            or not np.linalg.eigvalsh(0.5 * (correlation + correlation.T))[0] > 0.0
        ):
            raise ObservationError("`covariance` of biases must be symmetric and positive definite")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "_places", places)

    @classmethod
    def of_priors(cls, priors: Mapping[SensorKey, BiasPrior]) -> "BiasTable":
        """The table before anything is seen: no bias, within the priors."""
        sensors = tuple(sorted(priors))
        sigmas = np.concatenate([priors[key].sigmas for key in sensors]) if sensors else np.zeros(0)
        return cls(sensors, np.zeros(sigmas.size), np.diag(sigmas**2))

    def column(self, source: str, sensor: str) -> int:
        """Place of a sensor's first bias, or -1 for a sensor that is taken to have none."""
        return self._places.get((source, sensor), -1)

    def bias(self, source: str, sensor: str) -> SensorBias:
        """The biases of one sensor.

        Raises:
            ObservationError: the table does not hold it.
        """
        first = self.column(source, sensor)
        if first < 0:
            raise ObservationError(f"no biases are known of sensor `{sensor}` of `{source}`")
        mean = [float(value) for value in self.mean[first : first + BIASES]]
        sigma = [math.sqrt(float(self.covariance[i, i])) for i in range(first, first + BIASES)]
        place = first // BIASES
        return SensorBias(
            source=source,
            sensor=sensor,
            range_bias_m=mean[0],
            range_sigma_m=sigma[0],
            azimuth_bias_rad=mean[1],
            azimuth_sigma_rad=sigma[1],
            elevation_bias_rad=mean[2],
            elevation_sigma_rad=sigma[2],
            clock_bias_s=mean[3],
            clock_sigma_s=sigma[3],
            updates=self.updates[place] if self.updates else 0,
            refused=self.refused[place] if self.refused else 0,
            suspect=(source, sensor) in self.suspects,
        )


SensorPlot = RadarObservation | DirectionObservation
# How fast an object may be taken to move, where what a clock is wrong by is turned into metres, m/s.
_SPEED_M_PER_S = 4000.0


def corrected_plot(plot: SensorPlot, table: BiasTable) -> tuple[SensorPlot, FloatArray]:
    """The plot without its sensor's known biases, and the covariance (4, 4) of what is left of them.

    What is left is *constant*: range (m), azimuth, elevation (rad), clock (s), in that order. It must not be
    added to the plot's own variance as if it were new in each plot, for then it would average away; a
    filter takes it as a consider parameter (`Tracker` with registration does). A sensor that is not in the
    table gives its plot back with zeros.
    """
    first = table.column(plot.source, plot.sensor)
    if first < 0:
        return plot, np.zeros((BIASES, BIASES))
    return (
        shifted_plot(plot, table.mean[first : first + BIASES]),
        table.covariance[first : first + BIASES, first : first + BIASES].copy(),
    )


def left_over_sigma_m(plot: RadarObservation, table: BiasTable) -> float:
    """How far all plots like this one may lie off together because of biases not known better, one sigma.

    It is what a release has to state as the constant part of a tracklet's error, along its worst axis.
    """
    first = table.column(plot.source, plot.sensor)
    if first < 0:
        return 0.0
    sigma = np.sqrt(np.diagonal(table.covariance)[first : first + BIASES])
    across = plot.range_m * max(math.cos(plot.elevation_rad) * float(sigma[1]), float(sigma[2]))
    return math.hypot(max(float(sigma[0]), across), _SPEED_M_PER_S * float(sigma[3]))


def shifted_plot(plot: SensorPlot, bias: FloatArray) -> SensorPlot:
    """The plot with one sensor's biases (4,) taken off; a direction carried past the zenith is folded."""
    if not bias.any():
        return plot
    azimuth, elevation = plot.azimuth_rad - float(bias[1]), plot.elevation_rad - float(bias[2])
    if abs(elevation) > math.pi / 2:
        elevation = math.copysign(math.pi, elevation) - elevation
        azimuth += math.pi
    common: dict[str, Any] = {
        "time_ns": int(plot.time_ns) - round(float(bias[3]) * NS_PER_S),
        "azimuth_rad": math.remainder(azimuth, 2.0 * math.pi),
        "elevation_rad": min(max(elevation, -math.pi / 2), math.pi / 2),
    }
    if isinstance(plot, RadarObservation):
        common["range_m"] = max(1.0, plot.range_m - float(bias[0]))
    return replace(plot, **common)


def is_outside(mean: FloatArray, prior: FloatArray, spread: FloatArray) -> bool:
    """Whether four estimated biases (4,) contradict their prior (4, 4), in prior sigmas.

    A chi-square test of the estimates against how far what was learned can have moved them, prior less
    `spread` (4, 4), at one in a million.
    """
    learned = prior - spread + _LEARNED_MIN * np.eye(BIASES)
    return float(mean @ np.linalg.solve(learned, mean)) > gate(BIASES, _OUTSIDE_TAIL)


def check_name(label: str, text: Any) -> None:
    """Refuses what is not a short text."""
    if not isinstance(text, str) or not 0 < len(text) <= NAME_LENGTH_MAX:
        raise ObservationError(f"`{label}` must be a text of 1 to {NAME_LENGTH_MAX} characters")


def _numbers(values: Any, shape: tuple[int, ...], name: str) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ObservationError(f"`{name}` must be an array of numbers") from None
    if array.shape != shape or not np.all(np.isfinite(array)):
        raise ObservationError(f"`{name}` must be finite numbers of shape {shape}")
    array.flags.writeable = False
    return array
