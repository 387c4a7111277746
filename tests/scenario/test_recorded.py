"""A path from recorded numbers: judged by an analytic flight, by pyproj and by its own consistency."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from pyproj import Geod, Transformer

from trilat.model.errors import ScenarioError
from trilat.scenario.recorded import (
    Departure,
    RecordedStage,
    trajectories_from_stages,
    trajectory_from_telemetry,
)

ELLIPSOID = Geod(ellps="WGS84")
TO_GEODETIC = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
MEAN_RADIUS_M = 6_371_008.8
ROTATION_RAD_PER_S = 7.292115e-5
BURN_S, END_S = 120.0, 420.0


def analytic(t_s: np.ndarray) -> tuple[np.ndarray, ...]:
    """Speed, altitude, ground distance of a made-up flight: constant acceleration, then free fall at 9 m/s^2.

    Up 15 m/s^2 and along 10 m/s^2 for 120 s; the horizontal speed is that at altitude, so that the ground
    distance is its integral times R/(R + h), taken here by fine quadrature.
    """
    fine = np.linspace(0.0, END_S, 420_001)
    up = np.where(fine < BURN_S, 15.0 * fine, 15.0 * BURN_S - 9.0 * (fine - BURN_S))
    along = np.where(fine < BURN_S, 10.0 * fine, 10.0 * BURN_S)
    step = fine[1]

    def integral(rate: np.ndarray) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(0.5 * step * (rate[1:] + rate[:-1]))])

    height = integral(up)
    ground = integral(along * MEAN_RADIUS_M / (MEAN_RADIUS_M + height))
    speed = np.hypot(up, along)
    return tuple(np.interp(t_s, fine, column) for column in (speed, height, ground))


TIMES = np.arange(0.0, END_S + 0.5, 1.0)
SPEED, HEIGHT, GROUND = analytic(TIMES)


@pytest.mark.parametrize(
    ("latitude", "longitude", "azimuth"),
    [
        (28.5, -80.5, 44.0),
        (34.6, -120.6, 190.0),
        (-31.0, 137.0, 300.0),
        (89.0, 0.0, 10.0),
        (5.0, 179.9, 90.0),
    ],
)
@pytest.mark.parametrize("with_downrange", [True, False])
def test_an_analytic_flight_comes_back(
    latitude: float, longitude: float, azimuth: float, with_downrange: bool
) -> None:
    downrange = GROUND if with_downrange else None
    path = trajectory_from_telemetry(TIMES, SPEED, HEIGHT, downrange, latitude, longitude, azimuth)
    position, velocity = path.state_at(TIMES)
    end_longitude, end_latitude, end_height = TO_GEODETIC.transform(*position[-1])
    bearing, _, distance = ELLIPSOID.inv(longitude, latitude, end_longitude, end_latitude)
    # The turn-over at burnout is rounded off over some seconds.
    assert distance == pytest.approx(GROUND[-1], abs=300.0)
    assert (bearing - azimuth + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-6)
    assert end_height == pytest.approx(HEIGHT[-1], abs=100.0)
    away = np.abs(TIMES - BURN_S) > 6.0
    off = np.abs(np.linalg.norm(velocity, axis=1) - SPEED)
    assert np.max(off[away]) < 3.0
    assert np.max(off) < 15.0


def test_the_velocity_is_the_derivative_of_the_position() -> None:
    path = trajectory_from_telemetry(TIMES, SPEED, HEIGHT, GROUND, 28.5, -80.5, 44.0)
    step = np.diff(path.t_s)[:, None]
    mean = 0.5 * (path.velocity_m_per_s[1:] + path.velocity_m_per_s[:-1])
    slope = np.diff(path.position_m, axis=0) / step
    assert np.max(np.abs(mean - slope)) < 1.0


@pytest.mark.parametrize("azimuth", [44.0, 90.0, 180.0, 270.0, 359.0])
def test_inertial_speeds_give_the_same_path(azimuth: float) -> None:
    earth = trajectory_from_telemetry(TIMES, SPEED, HEIGHT, GROUND, 28.5, -80.5, azimuth)
    position, velocity = earth.state_at(TIMES)
    carried = np.cross([0.0, 0.0, ROTATION_RAD_PER_S], position)
    inertial = np.linalg.norm(velocity + carried, axis=1)
    path = trajectory_from_telemetry(TIMES, inertial, HEIGHT, GROUND, 28.5, -80.5, azimuth, "inertial")
    assert np.max(np.linalg.norm(path.state_at(TIMES)[0] - position, axis=1)) < 1_500.0


def test_burns_are_estimated_from_the_push() -> None:
    path = trajectory_from_telemetry(TIMES, SPEED, HEIGHT, GROUND, 28.5, -80.5, 44.0)
    assert path.last_burnout_s == pytest.approx(BURN_S, abs=4.0)
    ((start, _),) = path.burns
    assert start < 5.0


def test_told_burns_are_kept_and_end_with_the_rows() -> None:
    stage = RecordedStage("vehicle", TIMES, SPEED, HEIGHT, GROUND)
    told = ((0.0, 118.0), (400.0, 500.0), (600.0, 700.0))
    (path,) = trajectories_from_stages((stage,), Departure(28.5, -80.5, 44.0), "earth", told)
    assert path.burns == ((0.0, 118.0), (400.0, END_S))


def test_nothing_is_made_up_after_the_last_row() -> None:
    path = trajectory_from_telemetry(TIMES, SPEED, HEIGHT, GROUND, 28.5, -80.5, 44.0)
    assert (path.start_s, path.end_s) == (0.0, END_S)
    with pytest.raises(ScenarioError, match="known from"):
        path.state_at(END_S + 1.0)


def test_a_second_stage_begins_where_the_first_is() -> None:
    later = TIMES >= 150.0
    first = RecordedStage("stage-1", TIMES, SPEED, HEIGHT)
    second = RecordedStage("stage-2", TIMES[later], SPEED[later], HEIGHT[later])
    lower, upper = trajectories_from_stages((first, second), Departure(28.5, -80.5, 44.0))
    apart = np.linalg.norm(lower.state_at(150.0)[0] - upper.position_m[0])
    assert apart < 50.0
    assert upper.start_s == 150.0


def test_rounded_and_wrong_altitudes_do_not_bend_the_path() -> None:
    coarse = np.where(HEIGHT > 100e3, np.round(HEIGHT, -3), np.round(HEIGHT, -2))
    coarse[200] += 1_400.0
    path = trajectory_from_telemetry(TIMES, np.round(SPEED, 1), coarse, None, 28.5, -80.5, 44.0)
    _, _, heights = (np.interp(TIMES, path.t_s, column) for column in path.geodetic)
    assert np.sqrt(np.mean((heights - HEIGHT) ** 2)) < 150.0
    _, velocity = path.state_at(TIMES)
    assert np.sqrt(np.mean((np.linalg.norm(velocity, axis=1) - SPEED) ** 2)) < 3.0


def test_a_booster_that_turns_round_high_up_comes_back_without_downrange() -> None:
    t = np.arange(0.0, 361.0)
    up = np.where(t < 120, 12.0 * t, 1440.0 - 9.0 * (t - 120))
    along = np.where(t < 120, 6.0 * t, np.maximum(720.0 - 30.0 * (t - 120), -420.0))
    height = np.concatenate([[0.0], np.cumsum(0.5 * (up[1:] + up[:-1]))])
    path = trajectory_from_telemetry(t, np.hypot(up, along), height, None, 28.5, -80.5, 90.0)
    out = np.linalg.norm(path.state_at(145.0)[0] - path.position_m[0])
    longitude, _, _ = TO_GEODETIC.transform(*path.position_m[-1])
    assert out > 50_000.0
    # 43 km out by the burn, 9 km more until the turn, then 420 m/s back for over 200 s.
    assert longitude < -80.5


STAGE: dict[str, Any] = {
    "name": "vehicle",
    "t_s": TIMES,
    "speed_m_per_s": SPEED,
    "altitude_m": HEIGHT,
    "downrange_m": GROUND,
}


def changed(column: str, row: int, value: float) -> dict[str, Any]:
    array = np.array(STAGE[column])
    array[row] = value
    return {column: array}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a speed not a number", changed("speed_m_per_s", 5, math.nan), "not finite"),
    ("a time infinite", changed("t_s", 5, math.inf), "not finite"),
    ("a downrange not a number", changed("downrange_m", 5, math.nan), "not finite"),
    ("time running back", changed("t_s", 5, 3.0), "times must increase"),
    ("a repeated time", changed("t_s", 5, 4.0), "times must increase"),
    ("a flight of days", changed("t_s", -1, 1e6), "times must increase"),
    ("a negative speed", changed("speed_m_per_s", 5, -1.0), "speeds must lie"),
    ("a giant speed", changed("speed_m_per_s", 5, 1e9), "speeds must lie"),
    ("a giant altitude", changed("altitude_m", 5, 1e9), "altitudes must"),
    ("underground", changed("altitude_m", 5, -5e3), "altitudes must"),
    ("columns of unequal length", {"speed_m_per_s": SPEED[1:]}, "equal columns"),
    ("columns of two dimensions", {"altitude_m": HEIGHT[:, None]}, "equal columns"),
    (
        "too few rows",
        {key: STAGE[key][:5] for key in ("t_s", "speed_m_per_s", "altitude_m", "downrange_m")},
        "8 rows",
    ),
]


@pytest.mark.parametrize(("_case", "changes", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_bad_record_is_refused(_case: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as refused:
        RecordedStage(**{**STAGE, **changes})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "place",
    [(91.0, 0.0, 0.0), (0.0, 181.0, 0.0), (0.0, 0.0, 361.0), (math.nan, 0.0, 0.0), (0.0, 0.0, math.inf)],
)
def test_a_bad_departure_is_refused(place: tuple[float, float, float]) -> None:
    with pytest.raises(ScenarioError):
        Departure(*place)


def test_an_unknown_speed_frame_is_refused() -> None:
    with pytest.raises(ScenarioError, match="`wind`"):
        trajectory_from_telemetry(TIMES, SPEED, HEIGHT, None, 28.5, -80.5, 44.0, "wind")


def test_no_stage_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no stage"):
        trajectories_from_stages((), Departure(28.5, -80.5, 44.0))


def test_altitudes_that_rise_faster_than_the_speed_are_refused() -> None:
    with pytest.raises(ScenarioError, match="contradict"):
        trajectory_from_telemetry(TIMES, SPEED / 3.6, HEIGHT, None, 28.5, -80.5, 44.0)


def test_a_record_is_a_frozen_copy() -> None:
    times = TIMES.copy()
    stage = RecordedStage("vehicle", times, SPEED, HEIGHT)
    times[0] = -100.0
    assert stage.t_s[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        stage.t_s[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        stage.name = "other"  # type: ignore[misc]
