"""Recorded telemetry of a flight: bytes in; clean rows per stage, events and warnings out.

Forms, told apart by their first bytes and their columns:

    JSON object    time (s), velocity (m/s), altitude (km), perhaps downrange_distance (km), perhaps events
    CSV            time_s, speed_m_per_s, altitude_m, perhaps downrange_m
    CSV            t (s), v1 (km/h), h1 (km), v2, h2, further columns ignored: two stages side by side
    CSV            stage, t_s, altitude_km, speed_kmh: two stages below each other

Cleaning, each with a warning that names the rows (CSV: rows of the file, its header is row 1; JSON: samples,
the first is 1); nothing is repaired silently:

    1. a cell that is no number, or a number that no rocket has, counts as empty
    2. a row without time gets it from its place between its neighbours, where rows are evenly spaced
    3. of rows with one time the first is kept
    4. a row without speed or altitude is left out
    5. a row from which speed or altitude would jump as no rocket can is left out: kept is the longest chain
       of rows without such a jump
    6. gaps longer than ten usual steps (at least 5 s) are named; nothing is put into them here

Refused, with one line: what is not text, not one of the forms, too long, has time running back, or keeps
fewer than eight rows or less than half of them. Nothing is made up after the last row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numba import njit
from numpy.typing import NDArray

from trilat.domains.missile.telemetry_forms import RawStage, read_json_object, read_raw_stages
from trilat.model import ScenarioError
from trilat.scenario import (
    ALTITUDE_M_MAX,
    ALTITUDE_M_MIN,
    DURATION_S_MAX,
    SAMPLES_MIN,
    SPEED_M_PER_S_MAX,
    Departure,
    RecordedStage,
    Trajectory,
    trajectories_from_stages,
)

JUMP_M_PER_S2 = 100.0
"""Speed may change this fast (ten times gravity), plus the slack below for the rounding of numbers."""

JUMP_SLACK_M_PER_S = 20.0
JUMP_SLACK_M = 1_500.0
"""Altitude may change by the speed, plus this: it is often given in whole kilometres."""

CHAIN_ROWS = 60
"""A chain of good rows may step over at most this many bad ones."""

GAP_STEPS, GAP_S_MIN = 10.0, 5.0
KEPT_SHARE_MIN = 0.5
RANGES_NAMED_MAX = 200

_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BURNS = (
    ("liftoff", "meco"),
    ("boostback_start", "boostback_end"),
    ("ses1", "seco1"),
    ("entry_start", "entry_end"),
    ("landing_start", "landing_end"),
    ("ses2", "seco2"),
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Telemetry:
    """A recorded flight: clean stages in order, named instants (s from lift-off), what was cleaned."""

    stages: tuple[RecordedStage, ...]
    events: Mapping[str, float]
    warnings: tuple[str, ...]

    @property
    def last_row_s(self) -> float:
        """Time of the last row of any stage."""
        return max(float(stage.t_s[-1]) for stage in self.stages)


def read_telemetry(name: str, data: bytes, events: bytes | None = None) -> Telemetry:
    """The telemetry in a file; `name` is that of the file, for the texts of errors and warnings.

    `events` is a second file as `read_events` takes it; what it tells goes before what the first one tells.

    Raises:
        ScenarioError: the file is not usable, see the module.
    """
    raw_stages, told = read_raw_stages(name, data)
    instants = _checked_events(name, told)
    if events is not None:
        instants |= read_events(f"events of {name}", events)
    warnings: list[str] = []
    stages = tuple(_clean(name, raw, warnings) for raw in raw_stages)
    return Telemetry(stages, MappingProxyType(instants), tuple(warnings))


def trajectories_of(
    telemetry: Telemetry, departure: Departure, speed_frame: str = "earth"
) -> tuple[Trajectory, ...]:
    """The path of every stage of a recorded flight, with the burns that its events tell, else estimated ones.

    Raises:
        ScenarioError: speeds and altitudes contradict each other.
    """
    last_row_s = float(telemetry.stages[-1].t_s[-1])
    burns = burns_from_events(telemetry.events, last_row_s)
    return trajectories_from_stages(telemetry.stages, departure, speed_frame, burns)


def read_events(name: str, data: bytes) -> dict[str, float]:
    """Instants by name from a JSON object such as `{"meco": 155, "ses1": 165, "apogee": null}`.

    Raises:
        ScenarioError: the file is no such object.
    """
    return _checked_events(name, read_json_object(name, data))


def burns_from_events(
    events: Mapping[str, float], last_row_s: float
) -> tuple[tuple[float, float], ...] | None:
    """Burns (start, end), s, that the events tell; None where they tell none. Lift-off is at 0.

    A burn whose end is not told and which has begun ends with the last row. Burns that overlap (two stages
    told in one list) are joined.
    """
    if "meco" not in events and "ses1" not in events:
        return None
    spans: list[tuple[float, float]] = []
    told = {"liftoff": 0.0, **events}
    for first, last in _BURNS:
        start, end = told.get(first), told.get(last, last_row_s)
        if first == "liftoff" and "meco" not in told:
            continue
        if start is not None and start < min(end, last_row_s):
            spans.append((start, min(end, last_row_s)))
    spans.sort()
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _checked_events(name: str, events: Mapping[str, object]) -> dict[str, float]:
    """Events with a finite time; null is "did not happen"."""
    kept = {}
    for event, value in events.items():
        if not _EVENT_NAME.fullmatch(event):
            raise ScenarioError(f"`{name}`: event `{event[:40]}` must be a short lower-case name")
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ScenarioError(f"`{name}`: event `{event}` must be a number of seconds or null")
        if not abs(value) <= DURATION_S_MAX:
            raise ScenarioError(f"`{name}`: event `{event}` lies beyond {DURATION_S_MAX:g} s")
        kept[event] = float(value)
    return kept


def _clean(name: str, raw: RawStage, warnings: list[str]) -> RecordedStage:
    """The clean rows of one stage: steps 1 to 6 of the module."""
    where = f"`{name}`, {raw.name}"

    def say(rows: NDArray[np.int64], what: str) -> None:
        if rows.size:
            warnings.append(f"{where}: {what}: {raw.unit} {_ranges(rows)}")

    speed = _in_range(raw.speed_m_per_s, 0.0, SPEED_M_PER_S_MAX)
    altitude = _in_range(raw.altitude_m, ALTITUDE_M_MIN, ALTITUDE_M_MAX)
    wild = (np.isnan(speed) & ~np.isnan(raw.speed_m_per_s)) | (np.isnan(altitude) & ~np.isnan(raw.altitude_m))
    say(raw.rows[wild | raw.unreadable], "no number, or one that cannot be, taken as empty")
    filled = ~(np.isnan(speed) & np.isnan(altitude))
    times, restored = _restored_times(raw.rows, raw.t_s)
    say(raw.rows[restored & filled], "time restored from evenly spaced rows")
    _refuse_time_running_back(where, raw, times)
    usable = ~np.isnan(times) & ~np.isnan(speed) & ~np.isnan(altitude)
    say(raw.rows[filled & ~usable], "left out for want of time, speed or altitude")
    index = np.flatnonzero(usable)
    repeated = np.r_[False, np.diff(times[index]) <= 0.0] if index.size else np.zeros(0, dtype=np.bool_)
    say(raw.rows[index[repeated]], "left out, because the row before has the same time")
    index = index[~repeated]
    total = index.size
    chain = (
        _longest_chain(times[index], speed[index], altitude[index]) if total else np.zeros(0, dtype=np.bool_)
    )
    say(raw.rows[index[~chain]], "left out, because speed or altitude jumps")
    index = index[chain]
    if index.size < SAMPLES_MIN or index.size < KEPT_SHARE_MIN * total:
        raise ScenarioError(
            f"{where}: {index.size} of {total} rows are usable, fewer than {SAMPLES_MIN} or than half of them"
        )
    _name_gaps(where, raw, times, index, warnings)
    downrange = None
    if raw.downrange_m is not None and not np.any(np.isnan(raw.downrange_m[index])):
        downrange = raw.downrange_m[index]
    elif raw.downrange_m is not None:
        say(raw.rows[index][np.isnan(raw.downrange_m[index])], "downrange not used, because it is missing in")
    return RecordedStage(raw.name, times[index], speed[index], altitude[index], downrange)


def _in_range(values: Floats, low: float, high: float) -> Floats:
    return np.where((values >= low) & (values <= high), values, np.nan)


def _refuse_time_running_back(where: str, raw: RawStage, times: Floats) -> None:
    known = np.flatnonzero(~np.isnan(times))
    if known.size and float(np.max(np.abs(times[known]))) > DURATION_S_MAX:
        raise ScenarioError(f"{where}: times lie beyond {DURATION_S_MAX:g} s")
    back = np.flatnonzero(np.diff(times[known]) < 0.0)
    if back.size:
        row = known[back[0] + 1]
        raise ScenarioError(f"{where}: time runs back to `{times[row]:g}` s in {raw.unit} {raw.rows[row]}")


def _restored_times(rows: NDArray[np.int64], t_s: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Times with the missing ones filled in, and which those are; none where rows are not evenly spaced.

    Evenly spaced: the known times lie on one straight line over the number of the row, to a fifth of a step.
    """
    known = ~np.isnan(t_s)
    none = np.zeros(t_s.size, dtype=np.bool_)
    if np.all(known) or int(np.count_nonzero(known)) < SAMPLES_MIN:
        return t_s, none
    slope, start = np.polyfit(rows[known], t_s[known], 1)
    off = np.abs(start + slope * rows[known] - t_s[known])
    if not slope > 0.0 or float(np.max(off)) > 0.2 * slope:
        return t_s, none
    return np.where(known, t_s, start + slope * rows), ~known


@njit(cache=True)
def _chain_links(t_s: Floats, speed: Floats, altitude: Floats) -> tuple[Floats, Floats]:
    """Length of the best chain that ends at each row, and the row before it (-1 = none)."""
    count = t_s.size
    length, before = np.ones(count), np.full(count, -1.0)
    for row in range(count):
        for other in range(row - 1, max(-1, row - CHAIN_ROWS - 1), -1):
            span = t_s[row] - t_s[other]
            faster = abs(speed[row] - speed[other]) > JUMP_M_PER_S2 * span + JUMP_SLACK_M_PER_S
            fastest = max(speed[row], speed[other]) + JUMP_M_PER_S2 * span
            if faster or abs(altitude[row] - altitude[other]) > fastest * span + JUMP_SLACK_M:
                continue
            if length[other] + 1.0 > length[row]:
                length[row], before[row] = length[other] + 1.0, other
                if other == row - 1 and length[other] >= row:
                    # Every row so far is in the chain: no other link can be longer.
                    break
    return length, before


def _longest_chain(t_s: Floats, speed: Floats, altitude: Floats) -> NDArray[np.bool_]:
    """Which rows belong to the longest chain without a jump."""
    length, before = _chain_links(t_s, speed, altitude)
    kept = np.zeros(t_s.size, dtype=np.bool_)
    row = int(np.argmax(length))
    while row >= 0:
        kept[row] = True
        row = int(before[row])
    return kept


def _name_gaps(
    where: str, raw: RawStage, times: Floats, index: NDArray[np.int64], warnings: list[str]
) -> None:
    steps = np.diff(times[index])
    limit = max(GAP_S_MIN, GAP_STEPS * float(np.median(steps)))
    for gap in np.flatnonzero(steps > limit)[:RANGES_NAMED_MAX]:
        first, last = index[gap], index[gap + 1]
        warnings.append(
            f"{where}: nothing for {steps[gap]:g} s between {raw.unit} {raw.rows[first]} and {raw.rows[last]}"
        )


def _ranges(rows: NDArray[np.int64]) -> str:
    """`3, 7-9, 12` for rows 3, 7, 8, 9, 12."""
    breaks = np.flatnonzero(np.diff(rows) > 1)
    starts, ends = np.r_[rows[0], rows[breaks + 1]], np.r_[rows[breaks], rows[-1]]
    parts = [f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)]
    more = len(parts) - RANGES_NAMED_MAX
    return ", ".join(parts[:RANGES_NAMED_MAX]) + (f" and {more} more ranges" if more > 0 else "")
