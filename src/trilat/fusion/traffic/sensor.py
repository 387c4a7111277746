"""A sensor of ships and aircraft, and how its plots become the numbers that kernels take.

A plot that cannot be is never an exception: `prepare` says for each which reason refuses it, and the tracker
counts. What is checked of a plot: all its numbers finite, range within the sensor's reach, elevation within a
quarter turn, sigmas and covariances positive and within the limits below. The limits keep S = H P H' + I far
from what rounding could spoil, so that no covariance stops being positive definite.
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np

from trilat.fusion.traffic import sensing
from trilat.fusion.traffic.compiled import Array, kernel
from trilat.model import UsageError

# Sigmas within these are taken: metres, radians, m/s.
LENGTH_SIGMA_M: Final = (0.01, 1.0e5)
ANGLE_SIGMA_RAD: Final = (1.0e-7, 0.5)
RATE_SIGMA_M_PER_S: Final = (1.0e-3, 1.0e4)
# Positions farther from the frame's origin than this are mistakes, metres.
DISTANCE_M_MAX: Final = 2.0e6
# Span of clutter's range rate and of its height, where a sensor gives them.
_RATE_SPAN_M_PER_S = 700.0
_HEIGHT_SPAN_M = 15_000.0
# Reasons of refusal as the kernels know them; 0 is a good plot.
NOT_FINITE, BAD_SIGMA, OUT_OF_REACH = 1, 2, 3


class SensorKind(IntEnum):
    """What a plot of the sensor holds, in the order of its columns."""

    RADAR = sensing.RADAR
    """Slant range (m), azimuth, elevation (rad), and range rate (m/s) if the sensor has it."""
    SURFACE_RADAR = sensing.SURFACE_RADAR
    """Slant range (m), azimuth (rad), and range rate (m/s) if the sensor has it."""
    DIRECTION = sensing.DIRECTION
    """Azimuth, elevation (rad): a camera, an infrared sensor."""
    BEARING = sensing.BEARING
    """Azimuth (rad)."""
    POSITION = sensing.POSITION
    """East, north, up (m) in the tracker's frame: ADS-B, multilateration in height too."""
    SURFACE_POSITION = sensing.SURFACE_POSITION
    """East, north (m) in the tracker's frame: AIS, lidar, multilateration on the ground."""


# Columns of each kind without range rate.
_COLUMNS: Final = {
    SensorKind.RADAR: 3,
    SensorKind.SURFACE_RADAR: 2,
    SensorKind.DIRECTION: 2,
    SensorKind.BEARING: 1,
    SensorKind.POSITION: 3,
    SensorKind.SURFACE_POSITION: 2,
}


@dataclass(frozen=True, eq=False)
class TrafficSensor:
    """A sensor in the tracker's local frame; sigmas stand for plots that bring none of their own.

    `site_m` (3,) and `axes` (3, 3), rows the sensor's own east, north, up, place it (`LocalFrame.axes_at`).
    A plot between `range_m_min` and `range_m_max` of the site, and within the elevations, is seen with
    `detection_probability`. `clutter_per_scan` false plots are expected in all of that, spread evenly in the
    sensor's own coordinates. `is_scanning` False: reports come by themselves (AIS), absence says nothing.
    """

    name: str
    kind: SensorKind
    site_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    axes: Array = field(default_factory=lambda: np.eye(3))
    range_sigma_m: float = 30.0
    azimuth_sigma_rad: float = 1e-3
    elevation_sigma_rad: float = 1e-3
    range_rate_sigma_m_per_s: float | None = None
    position_sigma_m: float = 10.0
    height_sigma_m: float = 30.0
    range_m_min: float = 0.0
    range_m_max: float = 2.0e5
    elevation_rad_min: float = -math.pi / 2
    elevation_rad_max: float = math.pi / 2
    detection_probability: float = 0.9
    clutter_per_scan: float = 1.0
    is_scanning: bool = True

    def __post_init__(self) -> None:
        """Refuses a sensor that cannot be."""
        if not self.name:
            raise UsageError("a sensor needs a name")
        axes = np.array(self.axes, dtype=np.float64)
        if axes.shape != (3, 3) or not np.allclose(axes @ axes.T, np.eye(3), atol=1e-9):
            raise UsageError(f"`axes` of sensor `{self.name}` must be a rotation (3, 3)")
        object.__setattr__(self, "axes", np.ascontiguousarray(axes))
        for name, low, high in self._limits():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UsageError(f"`{name}` of sensor `{self.name}` must be between {low:g} and {high:g}")
        if not self.range_m_min < self.range_m_max or not self.elevation_rad_min < self.elevation_rad_max:
            raise UsageError(f"sensor `{self.name}` sees nothing: its least and most are the wrong way round")
        site = np.array(self.site_m, dtype=np.float64)
        if site.shape != (3,) or not np.all(np.abs(site) <= DISTANCE_M_MAX):
            raise UsageError(f"`site_m` of sensor `{self.name}` must be three metres in the local frame")

    @staticmethod
    def _limits() -> tuple[tuple[str, float, float], ...]:
        return (
            ("range_sigma_m", *LENGTH_SIGMA_M),
            ("azimuth_sigma_rad", *ANGLE_SIGMA_RAD),
            ("elevation_sigma_rad", *ANGLE_SIGMA_RAD),
            ("range_rate_sigma_m_per_s", *RATE_SIGMA_M_PER_S),
            ("position_sigma_m", *LENGTH_SIGMA_M),
            ("height_sigma_m", *LENGTH_SIGMA_M),
            ("range_m_min", 0.0, DISTANCE_M_MAX),
            ("range_m_max", 1.0, DISTANCE_M_MAX),
            ("elevation_rad_min", -math.pi / 2, math.pi / 2),
            ("elevation_rad_max", -math.pi / 2, math.pi / 2),
            ("detection_probability", 0.01, 0.999),
            ("clutter_per_scan", 1e-6, 1e6),
        )

    @property
    def columns(self) -> int:
        """Numbers of a plot, range rate included."""
        has_rate = self.range_rate_sigma_m_per_s is not None and self.kind <= SensorKind.SURFACE_RADAR
        return _COLUMNS[self.kind] + has_rate

    @property
    def rows(self) -> int:
        """Numbers of a plot, range rate left out."""
        return _COLUMNS[self.kind]

    @property
    def can_start(self) -> bool:
        """Whether a plot alone tells where something is."""
        return self.kind not in {SensorKind.DIRECTION, SensorKind.BEARING}

    @property
    def sigmas(self) -> Array:
        """The sensor's own sigmas (columns,), in the order of a plot."""
        rate = () if self.range_rate_sigma_m_per_s is None else (self.range_rate_sigma_m_per_s,)
        polar = (self.azimuth_sigma_rad, self.elevation_sigma_rad)
        by_kind = {
            SensorKind.RADAR: (self.range_sigma_m, *polar, *rate),
            SensorKind.SURFACE_RADAR: (self.range_sigma_m, polar[0], *rate),
            SensorKind.DIRECTION: polar,
            SensorKind.BEARING: polar[:1],
            SensorKind.POSITION: (self.position_sigma_m, self.position_sigma_m, self.height_sigma_m),
            SensorKind.SURFACE_POSITION: (self.position_sigma_m, self.position_sigma_m),
        }
        return np.array(by_kind[self.kind])

    @property
    def volume(self) -> float:
        """What the sensor covers in its own coordinates: products of m, rad, m."""
        length = self.range_m_max - self.range_m_min
        disc = math.pi * (self.range_m_max**2 - self.range_m_min**2)
        height = self.elevation_rad_max - self.elevation_rad_min
        by_kind = {
            SensorKind.RADAR: length * 2.0 * math.pi * height,
            SensorKind.SURFACE_RADAR: length * 2.0 * math.pi,
            SensorKind.DIRECTION: 2.0 * math.pi * height,
            SensorKind.BEARING: 2.0 * math.pi,
            SensorKind.POSITION: disc * _HEIGHT_SPAN_M,
            SensorKind.SURFACE_POSITION: disc,
        }
        return by_kind[self.kind]


@dataclass(frozen=True, eq=False)
class PreparedPlots:
    """Good plots of a scan: `values` (m, 4), `weights` (m, 7) as in `sensing`; `logs` (m,) is minus the log
    of clutter's density in whitened rows, with the Gaussian's own constant; `index` (m,) the plots'
    places in the scan; `refused` (4,) the counts by reason; `noise` (3,) the scan's largest variance of range
    or of position (m^2), of azimuth (rad^2), and largest sigma of elevation (rad).
    """

    values: Array
    weights: Array
    logs: Array
    index: Array
    refused: Array
    noise: Array


def prepare(sensor: TrafficSensor, values: Array, spread: Array) -> PreparedPlots:
    """The plots (m, columns) as numbers for the kernels.

    `spread` holds sigmas (m, columns), or for positions covariances (m, rows, rows), in metres and radians.
    """
    m, rows = values.shape[0], sensor.rows
    full = np.zeros((m, 4))
    full[:, :rows] = values[:, :rows]
    if sensor.columns > rows:
        full[:, 3] = values[:, rows]
    weights, logs, reasons = np.zeros((m, 7)), np.zeros(m), np.zeros(m, dtype=np.int64)
    if sensor.kind >= SensorKind.POSITION:
        if spread.ndim == 2:
            spread = np.where(spread > 0.0, spread * spread, -1.0)[:, :, None] * np.eye(rows)
        _position_weights(rows, full, np.ascontiguousarray(spread), weights, logs, reasons)
    else:
        reach = sensor.range_m_max if sensor.kind <= SensorKind.SURFACE_RADAR else np.inf
        _polar_weights(
            int(sensor.kind), rows, reach, full, np.ascontiguousarray(spread), weights, logs, reasons
        )
    logs -= math.log(sensor.clutter_per_scan / sensor.volume)
    refused = np.bincount(reasons, minlength=4)
    good = np.flatnonzero(reasons == 0)
    if good.size < m:
        full, weights, logs, spread = full[good], weights[good], logs[good], spread[good]
    return PreparedPlots(full, weights, logs, good, refused, _noise_of(sensor.kind, weights, spread))


def _noise_of(kind: SensorKind, weights: Array, spread: Array) -> Array:
    if weights.shape[0] == 0:
        return np.zeros(3)
    if kind >= SensorKind.POSITION:
        return np.array([np.trace(spread, axis1=1, axis2=2).max(), 0.0, 0.0])
    least = weights.min(axis=0)
    return np.array([least[0] ** -2.0, least[1] ** -2.0, weights[:, 3].max()])


_LOG_TWO_PI = math.log(2.0 * math.pi)
_LENGTH_LOW, _LENGTH_HIGH = LENGTH_SIGMA_M
_ANGLE_LOW, _ANGLE_HIGH = ANGLE_SIGMA_RAD
_RATE_LOW, _RATE_HIGH = RATE_SIGMA_M_PER_S
# Elevation's sigma where a sensor has none: azimuth fades this near to the zenith, radians.
_NO_ELEVATION_SIGMA_RAD = 1e-2


@kernel
def _polar_weights(
    kind: int,
    rows: int,
    reach_m: float,
    values: Array,
    sigmas: Array,
    weights: Array,
    logs: Array,
    reasons: Array,
) -> None:
    """Writes weights, logs and reasons of polar plots; values are put in the kernels' columns, in place."""
    has_range, has_elevation = kind <= sensing.SURFACE_RADAR, kind in (sensing.RADAR, sensing.DIRECTION)
    for i in range(values.shape[0]):
        rate = values[i, 3]
        if kind >= sensing.DIRECTION:
            values[i, 1], values[i, 2] = values[i, 0], values[i, 1]
            values[i, 0] = 0.0
        sr = sigmas[i, 0] if has_range else 1.0
        sa = sigmas[i, 1] if has_range else sigmas[i, 0]
        se = sigmas[i, rows - 1] if has_elevation else _NO_ELEVATION_SIGMA_RAD
        weights[i, 0], weights[i, 1], weights[i, 2], weights[i, 3] = 1.0 / sr, 1.0 / sa, 1.0 / se, se
        product = (sr if has_range else 1.0) * sa * (se if has_elevation else 1.0)
        count = rows
        length_good = not has_range or _LENGTH_LOW <= sr <= _LENGTH_HIGH
        good = length_good and _ANGLE_LOW <= sa <= _ANGLE_HIGH and _ANGLE_LOW <= se <= _ANGLE_HIGH
        # No range rate in a plot is written as NaN and is no fault.
        if has_range and sigmas.shape[1] > rows and not math.isnan(rate):
            sd = sigmas[i, rows]
            good = good and _RATE_LOW <= sd <= _RATE_HIGH
            weights[i, 6] = 1.0 / sd
            product *= sd / _RATE_SPAN_M_PER_S
            count += 1
        elif math.isnan(rate):
            values[i, 3] = 0.0
        finite = math.isfinite(values[i, 0] + values[i, 1] + values[i, 2] + values[i, 3])
        inside = abs(values[i, 1]) <= 2.0 * math.pi and abs(values[i, 2]) <= 0.5 * math.pi
        if has_range:
            inside = inside and 1.0 <= values[i, 0] <= reach_m
        if not finite:
            reasons[i] = NOT_FINITE
        elif not good:
            reasons[i] = BAD_SIGMA
        elif not inside:
            reasons[i] = OUT_OF_REACH
        else:
            logs[i] = -0.5 * count * _LOG_TWO_PI - math.log(product)


@kernel
def _position_weights(
    rows: int,
    values: Array,
    covariances: Array,
    weights: Array,
    logs: Array,
    reasons: Array,
) -> None:
    """Writes weights (inverse of the Cholesky factor of R), logs and reasons of position plots."""
    low2, high2 = _LENGTH_LOW**2, _LENGTH_HIGH**2
    for i in range(values.shape[0]):
        r = covariances[i]
        l00 = math.sqrt(r[0, 0])
        l10 = r[1, 0] / l00
        l11 = math.sqrt(r[1, 1] - l10 * l10)
        l20 = r[2, 0] / l00 if rows == 3 else 0.0
        l21 = (r[2, 1] - l20 * l10) / l11 if rows == 3 else 0.0
        l22 = math.sqrt(r[2, 2] - l20 * l20 - l21 * l21) if rows == 3 else 1.0
        good = l00 * l00 >= low2 and l11 * l11 >= low2 and l22 * l22 >= low2
        good = good and r[0, 0] <= high2 and r[1, 1] <= high2 and (rows < 3 or r[2, 2] <= high2)
        askew = abs(r[1, 0] - r[0, 1])
        if rows == 3:
            askew += abs(r[2, 0] - r[0, 2]) + abs(r[2, 1] - r[1, 2])
        good = good and askew <= 1e-9 * (r[0, 0] + r[1, 1])
        w00, w11 = 1.0 / l00, 1.0 / l11
        w10 = -l10 * w00 * w11
        weights[i, 0], weights[i, 1], weights[i, 2] = w00, w10, w11
        if rows == 3:
            weights[i, 3] = -(l20 * w00 + l21 * w10) / l22
            weights[i, 4] = -l21 * w11 / l22
            weights[i, 5] = 1.0 / l22
        if not math.isfinite(values[i, 0] + values[i, 1] + values[i, 2]):
            reasons[i] = NOT_FINITE
        elif not good:
            reasons[i] = BAD_SIGMA
        elif not values[i, 0] ** 2 + values[i, 1] ** 2 + values[i, 2] ** 2 <= DISTANCE_M_MAX**2:
            reasons[i] = OUT_OF_REACH
        else:
            logs[i] = -0.5 * rows * _LOG_TWO_PI - math.log(l00 * l11 * l22)
