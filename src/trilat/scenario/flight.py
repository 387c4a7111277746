"""Flight of a vehicle from its pad: the true trajectories of its body and of its spent stages.

The body's trajectory runs from launch to the ground (or to a time limit, for an orbit); the trajectory
of a spent stage begins where the stage leaves, at the ignition of the next one, and ends on the ground.
Rows stand at every ignition and burnout, so that a trajectory's cubic never spans a jump of thrust.
"""

from dataclasses import dataclass, replace

import numpy as np

from trilat.geo import FloatArray, ecef_from_geodetic
from trilat.model import ScenarioError
from trilat.scenario.kernels import fly_states
from trilat.scenario.motion import NO_DIRECTION, NO_THRUST, fall_to_ground, height_m_of, sample_times
from trilat.scenario.trajectory import Trajectory
from trilat.scenario.vehicle import Stage, Vehicle

# Rows of a flown trajectory; half a second keeps the cubic within a centimetre, in a burn too.
_ROW_S = 0.5


@dataclass(frozen=True)
class Pad:
    """Place and azimuth of a launch: geodetic degrees, metres over the ellipsoid, degrees from north."""

    latitude_deg: float
    longitude_deg: float
    azimuth_deg: float
    height_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a pad off the Earth, and the poles, where an azimuth means nothing."""
        if not -89.9 <= self.latitude_deg <= 89.9:
            raise ScenarioError(f"pad latitude `{self.latitude_deg}` must lie between -89.9 and 89.9 deg")
        if not -180.0 <= self.longitude_deg <= 180.0:
            raise ScenarioError(f"pad longitude `{self.longitude_deg}` must lie between -180 and 180 deg")
        if not 0.0 <= self.azimuth_deg < 360.0:
            raise ScenarioError(f"azimuth `{self.azimuth_deg}` must lie from 0 to below 360 deg")
        if not -500.0 <= self.height_m <= 9000.0:
            raise ScenarioError(f"pad height `{self.height_m}` must lie between -500 and 9,000 m")


def fly(vehicle: Vehicle, pad: Pad, duration_s_max: float = 7200.0) -> tuple[Trajectory, ...]:
    """Trajectories of the body (first) and of every spent stage that is an object, in order of release.

    Raises:
        ScenarioError: the vehicle comes down before its last burnout.
    """
    directions = vehicle.thrust_directions(pad.latitude_deg, pad.longitude_deg, pad.azimuth_deg)
    origin = ecef_from_geodetic(np.radians(pad.latitude_deg), np.radians(pad.longitude_deg), pad.height_m)
    path = _Path(np.zeros(1), np.concatenate([origin, np.zeros(3)])[None, :])
    spent = []
    for stage, (start_s, end_s) in zip(vehicle.stages, vehicle.burns, strict=True):
        inverse = _inverse(stage.ballistic_coefficient_kg_per_m2)
        thrust = np.array([start_s, stage.acceleration_start_m_per_s2, stage.decay_per_s])
        path = path.onward(end_s, inverse, thrust, directions)
        # A metre under the pad is rounding and the settling of the first step.
        if np.any(height_m_of(path.states[1:]) < pad.height_m - 1.0):
            raise ScenarioError(
                f"vehicle `{vehicle.body_id}` comes down before its last burnout: steer higher"
            )
        if stage is not vehicle.stages[-1]:
            path = path.onward(end_s + stage.gap_s, inverse, NO_THRUST, NO_DIRECTION)
            if stage.spent_is_object:
                spent.append(_spent_stage(stage, path, duration_s_max))
    body = path.to_ground(vehicle.body_ballistic_coefficient_kg_per_m2, duration_s_max)
    return (body.named(vehicle.body_id, vehicle.burns), *spent)


@dataclass(frozen=True)
class _Path:
    """Rows flown so far: times (n,) and states (n, 6)."""

    times: FloatArray
    states: FloatArray

    def onward(
        self, end_s: float, inverse_coefficient: float, thrust: FloatArray, directions: FloatArray
    ) -> "_Path":
        """The path continued to `end_s` under one law of thrust."""
        if end_s <= self.times[-1]:
            return self
        times = sample_times(float(self.times[-1]), end_s, _ROW_S)
        states = fly_states(self.states[-1], times, inverse_coefficient, thrust, directions)
        return replace(
            self, times=np.append(self.times, times[1:]), states=np.concatenate([self.states, states[1:]])
        )

    def to_ground(self, ballistic_coefficient: float | None, duration_s_max: float) -> "_Path":
        """The path continued without thrust to the ground, or for `duration_s_max` more."""
        last = self.states[-1]
        fall = fall_to_ground(last[:3], last[3:], ballistic_coefficient, duration_s_max)
        span_s = duration_s_max if fall is None else fall[0]
        end_s = float(self.times[-1]) + span_s
        return self.onward(end_s, _inverse(ballistic_coefficient), NO_THRUST, NO_DIRECTION)

    def named(self, object_id: str, burns: tuple[tuple[float, float], ...]) -> Trajectory:
        """The path as the trajectory of an object."""
        return Trajectory(object_id, self.times, self.states[:, :3], self.states[:, 3:], burns)


def _spent_stage(stage: Stage, path: _Path, duration_s_max: float) -> Trajectory:
    start = _Path(path.times[-1:], path.states[-1:])
    return start.to_ground(stage.spent_ballistic_coefficient_kg_per_m2, duration_s_max).named(
        stage.stage_id, ()
    )


def _inverse(coefficient: float | None) -> float:
    return 0.0 if coefficient is None else 1.0 / coefficient
