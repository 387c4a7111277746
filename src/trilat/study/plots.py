"""Files of plots and of truth: bytes of CSV in, observations and true paths out, bad rows kept aside.

    plots.csv   t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s      see `trilat track`
    truth.csv   t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s
    references  t_ns,object,lat_deg,lon_deg,height_m,sigma_m      and constant_sigma_m where it is known

Columns are found by their names; others are passed over. Rows may come in any order and are numbered as in an
editor: the header is row 1. A row that cannot be is kept aside with its number and the reason, and the others
are read. A range or a range rate from a sensor whose sites entry has no sigma for it is passed over, counted.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from trilat.fusion import DirectionObservation, PositionReport, RadarObservation
from trilat.geo import FloatArray, ecef_from_geodetic
from trilat.model import ObservationError, UsageError
from trilat.scenario import Sensor

PLOT_COLUMNS: Final = ("t_ns", "sensor", "range_m", "azimuth_rad", "elevation_rad", "range_rate_m_per_s")
TRUTH_COLUMNS: Final = (
    *("t_ns", "object", "x_m", "y_m", "z_m"),
    *("vx_m_per_s", "vy_m_per_s", "vz_m_per_s"),
)
REFERENCE_COLUMNS: Final = ("t_ns", "object", "lat_deg", "lon_deg", "height_m", "sigma_m")
CONSTANT_COLUMN: Final = "constant_sigma_m"
ROWS_MAX: Final = 5_000_000
_PROGRESS_ROWS: Final = 5_000
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NAME_LENGTH: Final = 40
_INSTANT_NS_MAX: Final = 2**63

Observed = RadarObservation | DirectionObservation


@dataclass(frozen=True)
class Aside:
    """A row that was not used: its number, a word that is the same for all of its sort, and what is wrong."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True, eq=False)
class PlotFile:
    """What a file of plots held; `observations` are in order of time, ties in order of rows."""

    observations: tuple[Observed, ...]
    aside: tuple[Aside, ...]
    warnings: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows below the header that are not empty."""
        return len(self.observations) + len(self.aside)


@dataclass(frozen=True, eq=False)
class ReferenceFile:
    """What a file of references held: reports with the names of their objects, in order of time."""

    reports: tuple[tuple[str, PositionReport], ...]
    aside: tuple[Aside, ...]


@dataclass(frozen=True, eq=False)
class TruePath:
    """States (n, 6) of one true object, ECEF m and m/s, at growing instants (n,), UTC nanoseconds."""

    key: str
    time_ns: np.ndarray[tuple[int], np.dtype[np.int64]]
    state: FloatArray = field(repr=False)

    def at(self, time_ns: int) -> FloatArray | None:
        """State (6,) at an instant, by Hermite's cubic between samples; None outside the path."""
        if not self.time_ns[0] <= time_ns <= self.time_ns[-1]:
            return None
        i = min(int(np.searchsorted(self.time_ns, time_ns, side="right")) - 1, self.time_ns.size - 2)
        if i < 0 or time_ns == self.time_ns[i]:
            return np.asarray(self.state[max(i, 0)], dtype=np.float64)
        h = float(self.time_ns[i + 1] - self.time_ns[i]) / 1e9
        s = float(time_ns - self.time_ns[i]) / 1e9 / h
        first, second = self.state[i], self.state[i + 1]
        rise, bend, lag = s * s * (3 - 2 * s), s * (1 - s) ** 2 * h, -s * s * (1 - s) * h
        position = (1 - rise) * first[:3] + rise * second[:3] + bend * first[3:] + lag * second[3:]
        slope = 6 * s * (1 - s) * (second[:3] - first[:3]) / h
        velocity = slope + (1 - s) * (1 - 3 * s) * first[3:] + s * (3 * s - 2) * second[3:]
        return np.concatenate([position, velocity])


def read_plots(
    text: str, sensors: Sequence[Sensor], progress: Callable[[float], None] | None = None
) -> PlotFile:
    """The plots of a file.

    Raises:
        UsageError: no header with the columns, too many rows, or no row that can be used.
    """
    by_name = {sensor.sensor_id: sensor for sensor in sensors}
    observations: list[Observed] = []
    aside: list[Aside] = []
    passed_over: Counter[tuple[str, str]] = Counter()
    total = max(text.count("\n"), 1)
    for row, cells in _rows(text, PLOT_COLUMNS, "plots"):
        if progress is not None and row % _PROGRESS_ROWS == 0:
            progress(min(row / total, 1.0))
        if isinstance(cells, str):
            aside.append(Aside(row, "malformed", cells))
            continue
        sensor = by_name.get(cells["sensor"])
        if sensor is None:
            text_ = f"sensor `{cells['sensor'][:_NAME_LENGTH]}` is not in the sites file"
            aside.append(Aside(row, "unknown-sensor", text_))
            continue
        try:
            observations.append(_observation(cells, sensor, passed_over))
        except ObservationError as error:
            aside.append(Aside(row, "impossible", str(error)))
    if not observations:
        why = f": row {aside[0].row}: {aside[0].text}" if aside else ""
        raise UsageError(f"plots file holds no row that can be used{why}")
    observations.sort(key=lambda plot: plot.time_ns)
    return PlotFile(tuple(observations), tuple(aside), tuple(_said(passed_over)))


def read_truth(text: str) -> tuple[TruePath, ...]:
    """The true paths of a file, in order of their names.

    Raises:
        UsageError: no header with the columns, or a row that cannot be: truth is not to be guessed.
    """
    rows: dict[str, list[tuple[int, list[float]]]] = {}
    for row, cells in _rows(text, TRUTH_COLUMNS, "truth"):
        if isinstance(cells, str):
            raise UsageError(f"truth file, row {row}: {cells}")
        try:
            time_ns, state = _instant(cells), [_number(cells, name) for name in TRUTH_COLUMNS[2:]]
        except ObservationError as error:
            raise UsageError(f"truth file, row {row}: {error}") from error
        if not all(math.isfinite(value) for value in state):
            raise UsageError(f"truth file, row {row}: a number is not finite")
        rows.setdefault(cells["object"], []).append((time_ns, state))
    if not rows:
        raise UsageError("truth file holds no row")
    return tuple(_path(key, states) for key, states in sorted(rows.items()))


def read_references(text: str) -> ReferenceFile:
    """Where ships and aircraft say that they are (AIS, ADS-B).

    Raises:
        UsageError: no header with the columns, too many rows, or no row that can be used.
    """
    reports: list[tuple[str, PositionReport]] = []
    aside: list[Aside] = []
    for row, cells in _rows(text, REFERENCE_COLUMNS, "references", (CONSTANT_COLUMN,)):
        if isinstance(cells, str):
            aside.append(Aside(row, "malformed", cells))
            continue
        try:
            reports.append((cells["object"], _report(cells)))
        except ObservationError as error:
            aside.append(Aside(row, "impossible", str(error)))
    if not reports:
        why = f": row {aside[0].row}: {aside[0].text}" if aside else ""
        raise UsageError(f"references file holds no row that can be used{why}")
    reports.sort(key=lambda named: named[1].time_ns)
    return ReferenceFile(tuple(reports), tuple(aside))


def _report(cells: Mapping[str, str]) -> PositionReport:
    """A row as the object's own report, with the same error along every axis."""
    if not 0 < len(cells["object"]) <= _NAME_LENGTH:
        raise ObservationError(f"`object` must be a name of 1 to {_NAME_LENGTH} characters")
    latitude_deg = _between(cells, "lat_deg", -90.0, 90.0)
    longitude_deg = _between(cells, "lon_deg", -180.0, 360.0)
    height_m = _between(cells, "height_m", -1e3, 1e5)
    sigma_m = _between(cells, "sigma_m", 0.01, 1e4)
    place = ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), height_m)
    report = PositionReport(_instant(cells), "reference", place, np.eye(3) * sigma_m**2)
    if not cells.get(CONSTANT_COLUMN):
        return report
    return replace(report, constant_sigma_m=_between(cells, CONSTANT_COLUMN, 0.01, 1e4))


def _between(cells: Mapping[str, str], name: str, least: float, most: float) -> float:
    value = _number(cells, name)
    if not least <= value <= most:
        raise ObservationError(f"`{name}` must be between {least:g} and {most:g}, not `{value:g}`")
    return value


def _path(key: str, states: list[tuple[int, list[float]]]) -> TruePath:
    states.sort(key=lambda pair: pair[0])
    instants = np.array([time_ns for time_ns, _ in states], dtype=np.int64)
    if np.any(np.diff(instants) <= 0):
        raise UsageError(f"truth file gives object `{key[:_NAME_LENGTH]}` twice at one instant")
    return TruePath(key, instants, np.array([state for _, state in states], dtype=np.float64))


def _rows(
    text: str, columns: Sequence[str], what: str, optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Number and cells by column of each row that is not empty, or what is wrong with the row."""
    reader = csv.reader(io.StringIO(text))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise UsageError(f"{what} file lacks the columns {', '.join(missing)}: its first row names them")
        if len(set(header)) < len(header):
            raise UsageError(f"{what} file names a column twice")
        places = {name: header.index(name) for name in (*columns, *optional) if name in header}
        line = reader.line_num
        for number, cells in enumerate(reader, start=2):
            lines, line = reader.line_num - line, reader.line_num
            if number > ROWS_MAX:
                raise UsageError(f"{what} file has more than {ROWS_MAX} rows: give a shorter one")
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                over = f", over {lines} lines: is a quotation mark not closed?" if lines > 1 else ""
                yield number, f"{len(cells)} cells where the header has {len(header)}{over}"
                continue
            yield number, {name: cells[place].strip() for name, place in places.items()}
    except csv.Error as error:
        raise UsageError(f"{what} file is not CSV at line {reader.line_num}: {error}") from error


def _observation(cells: Mapping[str, str], sensor: Sensor, passed_over: Counter[tuple[str, str]]) -> Observed:
    """A row as its sensor measured it; what has no sigma is passed over."""
    time_ns = _instant(cells)
    range_m = _number_or_none(cells, "range_m")
    rate = _number_or_none(cells, "range_rate_m_per_s")
    if range_m is not None and sensor.range_sigma_m is None:
        passed_over["range_m", sensor.sensor_id] += 1
        range_m = None
    rate_sigma = sensor.range_rate_sigma_m_per_s
    if rate is not None and (rate_sigma is None or range_m is None):
        passed_over["range_rate_m_per_s", sensor.sensor_id] += 1
        rate = None
    place = (sensor.position_m, math.radians(sensor.latitude_deg), math.radians(sensor.longitude_deg))
    angles = (_number(cells, "azimuth_rad"), _number(cells, "elevation_rad"))
    sigmas = (sensor.azimuth_sigma_rad, sensor.elevation_sigma_rad)
    head = (time_ns, sensor.party, sensor.sensor_id)
    if range_m is None or sensor.range_sigma_m is None:
        return DirectionObservation(*head, *place, *angles, *sigmas)
    if rate is None:
        rate_sigma = None
    return RadarObservation(*head, *place, range_m, *angles, rate, sensor.range_sigma_m, *sigmas, rate_sigma)


def _instant(cells: Mapping[str, str]) -> int:
    text = cells["t_ns"]
    if not _INTEGER.fullmatch(text):
        raise ObservationError(f"`t_ns` must be a whole number of nanoseconds, not `{text[:_NAME_LENGTH]}`")
    time_ns = int(text)
    if not abs(time_ns) < _INSTANT_NS_MAX:
        raise ObservationError(f"`t_ns` is no instant: `{text}`")
    return time_ns


def _number(cells: Mapping[str, str], name: str) -> float:
    value = _number_or_none(cells, name)
    if value is None:
        raise ObservationError(f"`{name}` is empty")
    return value


def _number_or_none(cells: Mapping[str, str], name: str) -> float | None:
    text = cells[name]
    if not text:
        return None
    try:
        # Python's own digits may be grouped, those of a file not.
        return float(text.replace("_", "?"))
    except ValueError:
        raise ObservationError(f"`{name}` is not a number: `{text[:_NAME_LENGTH]}`") from None


def _said(passed_over: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for (column, sensor), count in sorted(passed_over.items()):
        yield f"{count} rows of sensor `{sensor}` give {column} and have no sigma for it: passed over"
