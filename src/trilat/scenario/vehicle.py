"""Vehicle: stages that burn one after the other, and the direction in which they push.

A stage gives the acceleration a0 / (1 - k t) of constant thrust and constant mass flow: it is named by
its acceleration at ignition and at burnout, or made from thrust and masses. The direction is a
programme of elevation angles over the horizontal of the pad, in the vertical plane of one azimuth,
straight up to the ground at first. Steering losses, winds and pressure at the nozzle are left out.

    >>> stage = Stage.from_masses("stage-1", thrust_n=20_000.0, mass_start_kg=1000.0, mass_end_kg=500.0,
    ...                           burn_s=50.0)
    >>> stage.acceleration_start_m_per_s2, stage.acceleration_end_m_per_s2
    (20.0, 40.0)

Sources: the rocket equation of Tsiolkovsky for the law of acceleration; nothing here describes a real
vehicle beyond the figures that a scenario quotes with their sources.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trilat.geo import FloatArray, enu_rotation
from trilat.model import ScenarioError
from trilat.scenario.trajectory import checked_identifier

_STAGES_MAX = 5
# The programme is handed to the kernels in rows this close, so that angles are linear in time.
_PROGRAMME_STEP_S = 1.0


@dataclass(frozen=True)
class Stage:
    """One stage: its burn, the pause after it, and what becomes of it.

    Attributes:
        stage_id: name of the spent stage as an object of the scenario.
        burn_s: length of the burn.
        gap_s: pause from burnout to the next ignition; the spent stage leaves at the end of the pause.
        acceleration_start_m_per_s2: thrust over mass at ignition.
        acceleration_end_m_per_s2: thrust over mass at burnout.
        ballistic_coefficient_kg_per_m2: of the whole vehicle while this stage is the lowest; None: no air.
        spent_ballistic_coefficient_kg_per_m2: of the spent stage as it falls; None: no air.
        spent_is_object: whether the spent stage is an object of the scenario; the last never leaves.
    """

    stage_id: str
    burn_s: float
    acceleration_start_m_per_s2: float
    acceleration_end_m_per_s2: float
    gap_s: float = 0.0
    ballistic_coefficient_kg_per_m2: float | None = None
    spent_ballistic_coefficient_kg_per_m2: float | None = None
    spent_is_object: bool = True

    def __post_init__(self) -> None:
        """Refuse a stage that cannot burn."""
        checked_identifier(self.stage_id, "stage")
        _refuse_unless(0.0 < self.burn_s <= 10_000.0, self.stage_id, "burn must last 0 to 10,000 s")
        _refuse_unless(0.0 <= self.gap_s <= 10_000.0, self.stage_id, "gap must last 0 to 10,000 s")
        rising = 0.0 < self.acceleration_start_m_per_s2 <= self.acceleration_end_m_per_s2 < 1000.0
        _refuse_unless(
            rising, self.stage_id, "acceleration must be positive, rise, and stay below 1,000 m/s^2"
        )
        for value in (self.ballistic_coefficient_kg_per_m2, self.spent_ballistic_coefficient_kg_per_m2):
            positive = value is None or 0.0 < value < math.inf
            _refuse_unless(positive, self.stage_id, "ballistic coefficient must be positive")

    @classmethod
    def from_masses(
        cls,
        stage_id: str,
        *,
        thrust_n: float,
        mass_start_kg: float,
        mass_end_kg: float,
        burn_s: float,
        gap_s: float = 0.0,
        ballistic_coefficient_kg_per_m2: float | None = None,
        spent_ballistic_coefficient_kg_per_m2: float | None = None,
    ) -> "Stage":
        """Stage of constant thrust; the masses are those of the whole vehicle at ignition and burnout."""
        _refuse_unless(0.0 < mass_end_kg <= mass_start_kg, stage_id, "mass must be positive and fall")
        return cls(
            stage_id=stage_id,
            burn_s=burn_s,
            acceleration_start_m_per_s2=thrust_n / mass_start_kg,
            acceleration_end_m_per_s2=thrust_n / mass_end_kg,
            gap_s=gap_s,
            ballistic_coefficient_kg_per_m2=ballistic_coefficient_kg_per_m2,
            spent_ballistic_coefficient_kg_per_m2=spent_ballistic_coefficient_kg_per_m2,
        )

    @property
    def decay_per_s(self) -> float:
        """K of the law a0 / (1 - k t), from a0 / a1 = 1 - k * burn."""
        return (1.0 - self.acceleration_start_m_per_s2 / self.acceleration_end_m_per_s2) / self.burn_s


@dataclass(frozen=True)
class Vehicle:
    """Stages in the order of their burns, and the programme that steers them.

    Attributes:
        body_id: name of what flies on to the end (last stage and load), the scored object.
        stages: first to last.
        elevation_programme: (seconds since launch, degrees over the pad's horizontal), linear between.
        body_ballistic_coefficient_kg_per_m2: of the body after the last burnout; None: no air.
    """

    body_id: str
    stages: tuple[Stage, ...]
    elevation_programme: tuple[tuple[float, float], ...]
    body_ballistic_coefficient_kg_per_m2: float | None = None

    def __post_init__(self) -> None:
        """Refuse a vehicle that cannot fly."""
        checked_identifier(self.body_id, "body")
        name = self.body_id
        _refuse_unless(1 <= len(self.stages) <= _STAGES_MAX, name, f"give 1 to {_STAGES_MAX} stages")
        names = {self.body_id, *(stage.stage_id for stage in self.stages)}
        _refuse_unless(len(names) == len(self.stages) + 1, name, "names of stages and body must differ")
        lifts = self.stages[0].acceleration_start_m_per_s2 > 9.9
        _refuse_unless(lifts, name, "first stage must lift: give more than 9.9 m/s^2 at ignition")
        times = [time for time, _ in self.elevation_programme]
        ordered = bool(times) and all(first < second for first, second in pairwise(times))
        _refuse_unless(ordered and all(map(math.isfinite, times)), name, "programme must run forward in time")
        angles = [angle for _, angle in self.elevation_programme]
        _refuse_unless(
            all(-90.0 <= angle <= 90.0 for angle in angles), name, "programme must hold -90 to 90 deg"
        )
        body = self.body_ballistic_coefficient_kg_per_m2
        _refuse_unless(body is None or 0.0 < body < math.inf, name, "ballistic coefficient must be positive")

    @property
    def burns(self) -> tuple[tuple[float, float], ...]:
        """(start, end) seconds since launch of each burn."""
        found, start = [], 0.0
        for stage in self.stages:
            found.append((start, start + stage.burn_s))
            start += stage.burn_s + stage.gap_s
        return tuple(found)

    def thrust_directions(self, latitude_deg: float, longitude_deg: float, azimuth_deg: float) -> FloatArray:
        """Rows (m, 4) of time (s) and ECEF unit vector of the thrust, for a pad and an azimuth."""
        knots = np.array(self.elevation_programme)
        end = max(self.burns[-1][1], float(knots[-1, 0]))
        times = np.union1d(np.arange(0.0, end + _PROGRAMME_STEP_S, _PROGRAMME_STEP_S), knots[:, 0])
        elevation = np.radians(np.interp(times, knots[:, 0], knots[:, 1]))
        azimuth = np.radians(azimuth_deg)
        level = np.cos(elevation)
        enu = np.stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)], axis=-1)
        rotation = enu_rotation(np.radians(latitude_deg), np.radians(longitude_deg))
        return np.column_stack([times, enu @ rotation])


def _refuse_unless(fine: bool, name: str, text: str) -> None:  # noqa: FBT001  # a truth, not a switch
    if not fine:
        raise ScenarioError(f"vehicle part `{name}`: {text}")
