"""The file forms of recorded telemetry: bytes to columns in SI units, with the number of every row kept.

What the forms are stands in `telemetry`; nothing is cleaned here. A cell that is empty, `nan` or no number
comes out as NaN; the last kind is marked, so that it can be named.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trilat.model import ScenarioError

TELEMETRY_BYTES_MAX = 50_000_000
TELEMETRY_ROWS_MAX = 200_000
_EMPTY = ("", "nan", "none", "null")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RawStage:
    """Columns (n,) of one stage as they stand in the file; `unit` is what rows are called there."""

    name: str
    unit: str
    rows: NDArray[np.int64]
    t_s: Floats
    speed_m_per_s: Floats
    altitude_m: Floats
    downrange_m: Floats | None
    unreadable: NDArray[np.bool_]


@dataclass(frozen=True)
class _Form:
    """Names and factors (to SI) of the columns of one stage."""

    name: str
    time: str
    speed: tuple[str, float]
    altitude: tuple[str, float]
    downrange: tuple[str, float] | None = None


_JSON = _Form("vehicle", "time", ("velocity", 1.0), ("altitude", 1e3), ("downrange_distance", 1e3))
_PLAIN = _Form("vehicle", "time_s", ("speed_m_per_s", 1.0), ("altitude_m", 1.0), ("downrange_m", 1.0))
_SIDE_BY_SIDE = (
    _Form("stage-1", "t", ("v1", 1 / 3.6), ("h1", 1e3)),
    _Form("stage-2", "t", ("v2", 1 / 3.6), ("h2", 1e3)),
)
_BELOW = _Form("stage", "t_s", ("speed_kmh", 1 / 3.6), ("altitude_km", 1e3))


def read_raw_stages(name: str, data: bytes) -> tuple[tuple[RawStage, ...], Mapping[str, object]]:
    """The stages of a file that hold at least one number, in order, and its events (JSON only).

    Raises:
        ScenarioError: the file is too long, no text or has none of the forms.
    """
    text = _text(name, data)
    if text.lstrip().startswith("{"):
        table = _json_object(name, text)
        events = table.get("events", {})
        if not isinstance(events, dict):
            raise ScenarioError(f"telemetry `{name}`: `events` must be an object of names and seconds")
        return (_json_stage(name, table),), events
    head, rows = _csv_rows(name, text)
    stages = _csv_stages(name, head, rows)
    found = tuple(stage for stage in stages if not _is_empty(stage))
    if not found:
        raise ScenarioError(f"telemetry `{name}` holds no row with a speed or an altitude")
    return found, {}


def read_json_object(name: str, data: bytes) -> dict[str, Any]:
    """The JSON object in a file."""
    return _json_object(name, _text(name, data))


def _text(name: str, data: bytes) -> str:
    if len(data) > TELEMETRY_BYTES_MAX:
        raise ScenarioError(f"`{name}` is longer than {TELEMETRY_BYTES_MAX} bytes: thin or split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"`{name}` is not UTF-8 text: unpack it or save it as such") from None
    if not text.strip():
        raise ScenarioError(f"`{name}` is empty")
    return text


def _json_object(name: str, text: str) -> dict[str, Any]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as broken:
        raise ScenarioError(f"`{name}` is not readable as JSON: {broken}") from None
    if not isinstance(whole, dict):
        raise ScenarioError(f"`{name}` must be a JSON object of named values")
    return whole


def _is_empty(stage: RawStage) -> bool:
    return bool(np.all(np.isnan(stage.speed_m_per_s) & np.isnan(stage.altitude_m)))


def _json_stage(name: str, table: Mapping[str, Any]) -> RawStage:
    columns: dict[str, Sequence[Any]] = {}
    needed = (_JSON.time, _JSON.speed[0], _JSON.altitude[0])
    for column in (*needed, "downrange_distance"):
        if column not in table and column not in needed:
            continue
        values = table.get(column)
        if not isinstance(values, list):
            raise ScenarioError(f"telemetry `{name}` lacks the list `{column}`")
        columns[column] = values
    count = len(columns[_JSON.time])
    if any(len(values) != count for values in columns.values()):
        raise ScenarioError(f"telemetry `{name}`: the lists differ in length")
    _check_count(name, count)
    stage = _stage(_JSON, "samples", np.arange(1, count + 1), columns)
    if _is_empty(stage):
        raise ScenarioError(f"telemetry `{name}` holds no sample with a speed or an altitude")
    return stage


def _check_count(name: str, count: int) -> None:
    if count > TELEMETRY_ROWS_MAX:
        raise ScenarioError(f"telemetry `{name}` has more than {TELEMETRY_ROWS_MAX} rows: thin it")


def _csv_rows(name: str, text: str) -> tuple[list[str], list[list[str]]]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        head = [column.strip().lower() for column in next(reader)]
        rows = []
        for row in reader:
            rows.append(row)
            _check_count(name, len(rows))
    except csv.Error as broken:
        raise ScenarioError(f"telemetry `{name}` is not readable as CSV: {broken}") from None
    return head, rows


def _csv_stages(name: str, head: list[str], rows: list[list[str]]) -> tuple[RawStage, ...]:
    """The stages of the form whose columns the header has."""
    numbers = np.arange(2, len(rows) + 2)

    def columns(chosen: Sequence[int]) -> dict[str, Sequence[Any]]:
        # A row cut short lacks its last cells, which makes them empty.
        return {
            column: [rows[i][place] if place < len(rows[i]) else "" for i in chosen]
            for place, column in enumerate(head)
        }

    whole = range(len(rows))
    if {"time_s", "speed_m_per_s", "altitude_m"} <= set(head):
        return (_stage(_PLAIN, "rows", numbers, columns(whole)),)
    if {"t", "v1", "h1"} <= set(head):
        table = columns(whole)
        forms = [form for form in _SIDE_BY_SIDE if form.speed[0] in table and form.altitude[0] in table]
        return tuple(_stage(form, "rows", numbers, table) for form in forms)
    if {"stage", "t_s", "altitude_km", "speed_kmh"} <= set(head):
        return _stages_below(name, head, rows, columns)
    raise ScenarioError(
        f"telemetry `{name}` has none of the known columns: give `time_s`, `speed_m_per_s`, `altitude_m`"
    )


def _stages_below(name: str, head: list[str], rows: list[list[str]], columns: Any) -> tuple[RawStage, ...]:
    place = head.index("stage")
    names = [row[place].strip() if place < len(row) else "" for row in rows]
    found = []
    for which in sorted(set(names) - {""}):
        if not (which.isascii() and which.isdigit() and len(which) <= 2):
            raise ScenarioError(f"telemetry `{name}`: stage `{which[:20]}` must be a number")
        chosen = [i for i, stage in enumerate(names) if stage == which]
        form = _Form(f"stage-{int(which)}", _BELOW.time, _BELOW.speed, _BELOW.altitude)
        found.append(_stage(form, "rows", np.array(chosen) + 2, columns(chosen)))
    return tuple(found)


def _stage(form: _Form, unit: str, rows: NDArray[np.int64], columns: Mapping[str, Sequence[Any]]) -> RawStage:
    time, bad_time = _numbers(columns[form.time])
    speed, bad_speed = _numbers(columns[form.speed[0]])
    altitude, bad_altitude = _numbers(columns[form.altitude[0]])
    downrange = None
    if form.downrange is not None and form.downrange[0] in columns:
        downrange = _numbers(columns[form.downrange[0]])[0] * form.downrange[1]
    return RawStage(
        form.name,
        unit,
        np.asarray(rows, dtype=np.int64),
        time,
        speed * form.speed[1],
        altitude * form.altitude[1],
        downrange,
        bad_time | bad_speed | bad_altitude,
    )


def _numbers(cells: Sequence[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    """Finite numbers, NaN where there is none, and which cells hold something else."""
    values = np.full(len(cells), np.nan)
    unreadable = np.zeros(len(cells), dtype=np.bool_)
    for place, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in _EMPTY):
            continue
        try:
            number = math.nan if isinstance(cell, (bool, list, dict)) else float(cell)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and abs(number) < 1e12:
            values[place] = number
        else:
            # JSON has its own NaN; it is as empty as a null.
            unreadable[place] = not (isinstance(cell, float) and math.isnan(cell))
    return values, unreadable
