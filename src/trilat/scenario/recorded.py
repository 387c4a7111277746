"""Truth from recorded telemetry: time, speed, altitude and perhaps downrange distance become a path.

The vehicle is taken to fly in the vertical plane of the geodesic that leaves the pad at the given azimuth
(WGS-84). Speed is the best of the recorded numbers, altitude is coarse (tenths of a kilometre, or whole
ones), so the path is found in these steps, on a grid of `GRID_STEP_S`:

    1. altitude h and its rate w    smoothed with the least jerk that the rounding of the numbers allows
    2. horizontal speed u           u^2 = v^2 - w^2, smoothed likewise; its sign from the downrange distance,
                                    or, without one, turned where it passes through nothing high up
    3. h and w again                with w^2 = v^2 - u^2 as further evidence; then 2 once more
    4. distance along the ground    integral of u R / (R + h)
    5. position and velocity        on the geodesic; the velocity is the derivative of the position

so that truth and measurement agree with each other, and the speed comes out as recorded. A downrange distance
gives direction only: where such distances are published they are integrals of u without R / (R + h).

Nothing is made up after the last row, nor before the first; a gap is bridged at constant acceleration.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from trilat.geo import (
    ROTATION_RAD_PER_S,
    FloatArray,
    ecef_from_geodetic,
    geodesic_direct,
    geodesic_inverse,
)
from trilat.model import ScenarioError
from trilat.scenario.motion import gravity_m_per_s2
from trilat.scenario.smoothing import smooth
from trilat.scenario.trajectory import Trajectory

GRID_STEP_S = 0.5
DURATION_S_MAX = 20_000.0
SAMPLES_MIN = 8
SPEED_M_PER_S_MAX = 20_000.0
ALTITUDE_M_MIN, ALTITUDE_M_MAX = -1_000.0, 5_000_000.0

CONTRADICTION_M_PER_S = 50.0
"""Median disagreement of the recorded speed and the path, beyond which they are not of one flight."""

THRUST_M_PER_S2 = 3.0
THRUST_S_MIN = 4.0
AIR_ALTITUDE_M = 50_000.0
"""Estimated burns: a force other than gravity above this size, for this long; below this altitude only on
the way up, because on the way down it is the air."""

_MEAN_RADIUS_M = 6_371_008.8
_SPEED_SIGMA_M_PER_S = 0.5
_TURN_FAST_M_PER_S, _TURN_SLOW_M_PER_S = 300.0, 150.0
_TURN_ALTITUDE_M = 30_000.0


@dataclass(frozen=True, eq=False)
class RecordedStage:
    """Clean rows (n,) of one object: increasing seconds from lift-off, m/s, metres, metres downrange."""

    name: str
    t_s: FloatArray
    speed_m_per_s: FloatArray
    altitude_m: FloatArray
    downrange_m: FloatArray | None = None

    def __post_init__(self) -> None:
        """Refuse what is not a record, and freeze copies of the arrays.

        Raises:
            ScenarioError: rows too few, not finite, not in order of time, or out of range.
        """
        for field in ("t_s", "speed_m_per_s", "altitude_m", "downrange_m"):
            if getattr(self, field) is None:
                continue
            array = np.array(getattr(self, field), dtype=np.float64)
            if array.shape != np.shape(self.t_s) or array.ndim != 1 or array.size < SAMPLES_MIN:
                raise ScenarioError(
                    f"telemetry of `{self.name}` needs equal columns of {SAMPLES_MIN} rows or more"
                )
            if not np.all(np.isfinite(array)):
                raise ScenarioError(f"telemetry of `{self.name}`: `{field}` holds a value not finite")
            array.flags.writeable = False
            object.__setattr__(self, field, array)
        if np.any(np.diff(self.t_s) <= 0.0) or self.t_s[-1] - self.t_s[0] > DURATION_S_MAX:
            raise ScenarioError(
                f"telemetry of `{self.name}`: times must increase and span at most {DURATION_S_MAX:g} s"
            )
        if np.any(self.speed_m_per_s < 0.0) or np.any(self.speed_m_per_s > SPEED_M_PER_S_MAX):
            raise ScenarioError(
                f"telemetry of `{self.name}`: speeds must lie in 0 to {SPEED_M_PER_S_MAX:g} m/s"
            )
        if np.any(self.altitude_m < ALTITUDE_M_MIN) or np.any(self.altitude_m > ALTITUDE_M_MAX):
            raise ScenarioError(
                f"telemetry of `{self.name}`: altitudes must be {ALTITUDE_M_MIN:g} to {ALTITUDE_M_MAX:g} m"
            )


@dataclass(frozen=True)
class Departure:
    """Where a recorded flight begins and the way it goes; degrees, azimuth clockwise from true north."""

    latitude_deg: float
    longitude_deg: float
    azimuth_deg: float

    def __post_init__(self) -> None:
        """Refuse a pad that is not on the Earth."""
        numbers = (self.latitude_deg, self.longitude_deg, self.azimuth_deg)
        if not all(math.isfinite(number) for number in numbers):
            raise ScenarioError("pad and azimuth must be finite numbers in degrees")
        if abs(self.latitude_deg) > 90.0 or abs(self.longitude_deg) > 180.0 or abs(self.azimuth_deg) > 360.0:
            raise ScenarioError(
                "pad must have a latitude within 90, a longitude within 180 and an azimuth within 360 degrees"
            )


def trajectory_from_telemetry(
    t_s: FloatArray,
    speed_m_per_s: FloatArray,
    altitude_m: FloatArray,
    downrange_m: FloatArray | None,
    pad_latitude_deg: float,
    pad_longitude_deg: float,
    azimuth_deg: float,
    speed_frame: str = "earth",
) -> Trajectory:
    """The path of one recorded object from the pad; see `trajectories_from_stages`."""
    stage = RecordedStage("vehicle", t_s, speed_m_per_s, altitude_m, downrange_m)
    departure = Departure(pad_latitude_deg, pad_longitude_deg, azimuth_deg)
    return trajectories_from_stages((stage,), departure, speed_frame)[0]


def trajectories_from_stages(
    stages: Sequence[RecordedStage],
    departure: Departure,
    speed_frame: str = "earth",
    burns: Sequence[tuple[float, float]] | None = None,
) -> tuple[Trajectory, ...]:
    """The path of every recorded object of one flight, by the name of its stage.

    Args:
        stages: the first begins at the pad; another one begins where the first is at that time.
        departure: from where and which way.
        speed_frame: "earth" if speeds are relative to the turning Earth, "inertial" if not.
        burns: (start, end) seconds of known burns of the last stage; estimated where None.

    Raises:
        ScenarioError: there is no stage, or speeds and altitudes contradict each other.
    """
    if speed_frame not in ("earth", "inertial"):
        raise ScenarioError(f"speed frame `{speed_frame}` is not `earth` or `inertial`")
    if not stages:
        raise ScenarioError("telemetry holds no stage")
    paths: list[Trajectory] = []
    first: tuple[FloatArray, FloatArray] | None = None
    for number, stage in enumerate(stages):
        start_m = 0.0
        if stage.downrange_m is not None:
            start_m = float(stage.downrange_m[0])
        elif first is not None:
            start_m = float(np.interp(stage.t_s[0], *first))
        grid, height, distance = _plane(stage, departure, start_m, inertial=speed_frame == "inertial")
        first = (grid, distance) if first is None else first
        known = burns if number == len(stages) - 1 else None
        paths.append(_path(stage.name, grid, height, distance, departure, known))
    return tuple(paths)


def _plane(
    stage: RecordedStage, departure: Departure, start_m: float, *, inertial: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Grid (s), height and distance along the ground (m), each (n,): steps 1 to 4 of the module."""
    count = max(SAMPLES_MIN, math.ceil((stage.t_s[-1] - stage.t_s[0]) / GRID_STEP_S) + 1)
    grid = np.linspace(stage.t_s[0], stage.t_s[-1], count)
    step = float(grid[1] - grid[0])
    sigma = _altitude_sigma_m(stage.altitude_m)
    height = smooth(grid, stage.t_s, stage.altitude_m, sigma, 3)
    speed = smooth(grid, stage.t_s, stage.speed_m_per_s, np.full(stage.t_s.size, _SPEED_SIGMA_M_PER_S), 2)
    distance = np.full(grid.size, start_m)
    level = np.zeros(grid.size)
    rate_sigma = np.full(grid.size, 5.0)
    for _ in range(3):
        rate = np.gradient(height, step)
        carried = _carried(departure, distance, height) if inertial else None
        level, level_sigma = _level_speed(stage, grid, speed, rate, rate_sigma, height, carried)
        square = _relative_square(speed, level, carried)
        known = np.sqrt(np.maximum(square - level**2, 0.0)) * np.where(rate < 0.0, -1.0, 1.0)
        spread = np.abs(level) * level_sigma + np.sqrt(np.maximum(square, 0.0)) * _SPEED_SIGMA_M_PER_S
        # Near a level path the rate is known only to be small: its square is as uncertain as the others.
        slope_sigma = 1.0 + np.where(
            np.abs(known) > 20.0, spread / np.maximum(np.abs(known), 20.0), np.sqrt(2.0 * spread)
        )
        height = smooth(grid, stage.t_s, stage.altitude_m, sigma, 3, (known, slope_sigma))
        rate_sigma = np.minimum(rate_sigma, np.maximum(slope_sigma, 1.0))
        ground = level * _MEAN_RADIUS_M / (_MEAN_RADIUS_M + height)
        distance = start_m + np.concatenate([[0.0], np.cumsum(0.5 * step * (ground[1:] + ground[:-1]))])
    rate = np.gradient(height, step)
    path_speed = np.sqrt(rate**2 + level**2)
    off = np.abs(np.sqrt(np.maximum(_relative_square(speed, level, carried), 0.0)) - path_speed)
    if float(np.median(off)) > CONTRADICTION_M_PER_S:
        raise ScenarioError(
            f"telemetry of `{stage.name}`: speeds and altitudes contradict each other, check the speed frame"
        )
    return grid, height, distance


def _relative_square(
    speed: FloatArray, level: FloatArray, carried: tuple[FloatArray, FloatArray] | None
) -> FloatArray:
    """Square of the speed relative to the Earth, given the recorded one and the level speed."""
    if carried is None:
        return speed**2
    size, along = carried
    # v_inertial^2 = w^2 + |u + carried|^2 with the carried speed `size`, of which `along` is along the path.
    return speed**2 - size**2 - 2.0 * level * along


def _carried(departure: Departure, distance: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Speed (n,) of the turning Earth at each place, m/s, and its part along the path."""
    spots = np.linspace(float(distance.min()), float(distance.max()) + 1.0, 40)
    east = np.empty((2, spots.size))
    for column, spot in enumerate(spots):
        latitude, longitude = _place(departure, float(spot))
        ahead = _place(departure, float(spot) + 1000.0)
        _, bearing = geodesic_inverse(latitude, longitude, *ahead)
        east[0, column] = math.cos(math.radians(latitude))
        east[1, column] = math.cos(math.radians(latitude)) * math.sin(math.radians(bearing))
    turning = ROTATION_RAD_PER_S * (_MEAN_RADIUS_M + height)
    return turning * np.interp(distance, spots, east[0]), turning * np.interp(distance, spots, east[1])


def _place(departure: Departure, along_m: float) -> tuple[float, float]:
    """Latitude and longitude (deg) on the geodesic of the pad; a negative distance lies behind the pad."""
    bearing_deg = departure.azimuth_deg if along_m >= 0.0 else departure.azimuth_deg + 180.0
    return geodesic_direct(departure.latitude_deg, departure.longitude_deg, bearing_deg % 360.0, abs(along_m))


def _level_speed(
    stage: RecordedStage,
    grid: FloatArray,
    speed: FloatArray,
    rate: FloatArray,
    rate_sigma: FloatArray,
    height: FloatArray,
    carried: tuple[FloatArray, FloatArray] | None,
) -> tuple[FloatArray, FloatArray]:
    """Signed horizontal speed relative to the Earth along the path, m/s, and its sigma, each (n,)."""
    square = speed**2 - rate**2
    along = np.zeros(grid.size)
    if carried is not None:
        # u^2 + 2 u along + size^2 = v^2 - w^2, solved for u + along.
        square = square - carried[0] ** 2 + carried[1] ** 2
        along = carried[1]
    size = np.sqrt(np.maximum(square, 0.0))
    sign = _direction(stage, grid, size, along, height)
    spread = (speed * _SPEED_SIGMA_M_PER_S + np.abs(rate) * rate_sigma) / np.maximum(size, 5.0)
    sigma = np.maximum(spread, _SPEED_SIGMA_M_PER_S)
    return smooth(grid, grid, sign * size - along, sigma, 2, robust=False), sigma


def _direction(
    stage: RecordedStage, grid: FloatArray, level: FloatArray, along: FloatArray, height: FloatArray
) -> FloatArray:
    """Sign (n,) of the speed along the path, of which `level` is the size; `along` of it is the Earth's."""
    if stage.downrange_m is not None:
        sigma = np.full(stage.t_s.size, 50.0)
        distance = smooth(grid, stage.t_s, stage.downrange_m, sigma, 3)
        return np.where(np.gradient(distance, grid) + along < 0.0, -1.0, 1.0)
    sign = np.ones(grid.size)
    if np.any(along != 0.0):
        # Inertial speed: a vehicle that leaves against the Earth's turning is carried back by it at first.
        if float(along[0]) < 0.0:
            sign[: int(np.argmin(level))] = -1.0
        return sign
    fast = np.flatnonzero(level > _TURN_FAST_M_PER_S)
    if fast.size == 0:
        return sign
    low = (level < _TURN_SLOW_M_PER_S) & (height > _TURN_ALTITUDE_M)
    low[: fast[0]] = False
    if np.any(low):
        start = int(np.flatnonzero(low)[0])
        run = np.flatnonzero(~low[start:])
        end = start + int(run[0]) if run.size else grid.size
        # A turn passes through nothing and grows again; a fall into the air does not.
        if end < grid.size and np.max(level[end:]) > 1.5 * _TURN_SLOW_M_PER_S:
            sign[start + int(np.argmin(level[start:end])) :] = -1.0
    return sign


def _altitude_sigma_m(altitude_m: FloatArray) -> FloatArray:
    """Sigma of the rounding of each altitude, (n,): of a kilometre, of a hundred metres, or of one metre."""
    sigma = np.empty(altitude_m.size)
    for row in range(altitude_m.size):
        near = altitude_m[max(0, row - 7) : row + 8]
        for unit in (1000.0, 100.0, 1.0):
            whole = np.abs(near / unit - np.round(near / unit)) < 1e-6
            if unit == 1.0 or np.mean(whole) > 0.9:
                sigma[row] = max(unit / math.sqrt(12.0), 10.0)
                break
    return sigma


def _path(
    name: str,
    grid: FloatArray,
    height: FloatArray,
    distance: FloatArray,
    departure: Departure,
    burns: Sequence[tuple[float, float]] | None,
) -> Trajectory:
    """The trajectory on the geodesic of the pad: step 5 of the module."""
    places = np.array([_place(departure, float(along)) for along in distance])
    position = ecef_from_geodetic(np.radians(places[:, 0]), np.radians(places[:, 1]), height)
    spline = CubicSpline(grid, position)
    velocity = spline(grid, 1)
    if burns is None:
        burns = _estimated_burns(grid, height, position, velocity, spline(grid, 2))
    end = float(grid[-1])
    kept = tuple((float(a), min(float(b), end)) for a, b in burns if a < end and b > grid[0])
    return Trajectory(name, grid, position, velocity, kept)


def _estimated_burns(
    grid: FloatArray,
    height: FloatArray,
    position: FloatArray,
    velocity: FloatArray,
    acceleration: FloatArray,
) -> tuple[tuple[float, float], ...]:
    """(start, end) seconds in which something other than gravity pushes, air on the way down excepted."""
    omega = np.array([0.0, 0.0, ROTATION_RAD_PER_S])
    gravity = np.array([gravity_m_per_s2(place) for place in position])
    turning = 2.0 * np.cross(omega, velocity) + np.cross(omega, np.cross(omega, position))
    push = np.linalg.norm(acceleration + turning - gravity, axis=1)
    width = max(1, round(1.0 / float(grid[1] - grid[0])))
    push = np.convolve(np.pad(push, width, "edge"), np.full(2 * width + 1, 1.0 / (2 * width + 1)), "valid")
    rising = np.gradient(height, grid) > 0.0
    # A vehicle that stands on its pad is pushed by the ground.
    moving = np.linalg.norm(velocity, axis=1) > 1.0
    lit = (push > THRUST_M_PER_S2) & (rising | (height > AIR_ALTITUDE_M)) & moving
    edges = np.flatnonzero(np.diff(np.r_[0, lit.astype(np.int8), 0]))
    spans = [_half_width(push, a, b - 1, 10 * width) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    timed = [(float(grid[start]), float(grid[end])) for start, end in spans]
    return tuple((start, end) for start, end in timed if end - start >= THRUST_S_MIN)


def _half_width(push: FloatArray, first: int, last: int, reach: int) -> tuple[int, int]:
    """Rows at which the push of a burn has half the size it has near its begin and near its end.

    Smoothing spreads an edge evenly to both sides, so the half is where it was.
    """
    head, tail = push[first : min(last, first + reach) + 1], push[max(first, last - reach) : last + 1]
    start = first + int(np.argmax(head > 0.5 * np.max(head)))
    end = last - int(np.argmax(tail[::-1] > 0.5 * np.max(tail)))
    return start, end
