"""Scenario: who flies, who looks, where and when, and what of it is assumed.

`launch_ns` is the instant (integer UTC nanoseconds) from which all seconds count: the true launch, or
the start of a scenario in which nothing is launched (`launch_site_deg` is then None).
"""

from dataclasses import dataclass
from typing import Literal

from trilat.model import ScenarioError
from trilat.scenario.sensor import Sensor
from trilat.scenario.trajectory import Trajectory, checked_identifier

NANOSECONDS_PER_SECOND = 1_000_000_000
_DURATION_S_MAX = 100_000.0


@dataclass(frozen=True)
class DeclaredArea:
    """Area that a notice declared before the launch: corners (latitude, longitude) in degrees, in order."""

    name: str
    corners_deg: tuple[tuple[float, float], ...]
    source: str


@dataclass(frozen=True)
class PublicRecord:
    """What was said in public, when (UTC ns), by whom, and where that is reported."""

    time_ns: int
    party: str
    text: str
    source: str


@dataclass(frozen=True)
class Scenario:
    """A world that is finished: everything that flies in it has flown.

    Attributes:
        name: as given to the command line.
        title: one line for people.
        launch_ns: instant of the true launch (or of the start), UTC nanoseconds.
        duration_s: how long the sensors look.
        trajectories: true path of each object; the order has no meaning.
        sensors: of all parties, in any order.
        main_object: id of the object that is scored (the last stage).
        last_burnout_s: of the main object, None without thrust.
        launch_site_deg: latitude and longitude of the pad, None when nothing is launched.
        assumptions: what was never published and is therefore assumed, and what contradicts itself.
        areas: declared before the launch.
        records: public announcements.
        status: a scenario is never real.
    """

    name: str
    title: str
    launch_ns: int
    duration_s: float
    trajectories: tuple[Trajectory, ...]
    sensors: tuple[Sensor, ...]
    main_object: str
    last_burnout_s: float | None
    launch_site_deg: tuple[float, float] | None
    assumptions: tuple[str, ...]
    areas: tuple[DeclaredArea, ...] = ()
    records: tuple[PublicRecord, ...] = ()
    status: Literal["simulated"] = "simulated"

    def __post_init__(self) -> None:
        """Refuse a scenario whose parts do not fit each other."""
        checked_identifier(self.name, "scenario")
        if self.launch_ns <= 0:
            raise ScenarioError(f"scenario `{self.name}`: launch `{self.launch_ns}` must be UTC nanoseconds")
        if not 0.0 < self.duration_s <= _DURATION_S_MAX:
            raise ScenarioError(f"scenario `{self.name}`: duration `{self.duration_s}` s is out of range")
        _refuse_repeated(self.name, "object", [path.object_id for path in self.trajectories])
        _refuse_repeated(self.name, "sensor", [sensor.sensor_id for sensor in self.sensors])
        if self.main_object not in {path.object_id for path in self.trajectories}:
            raise ScenarioError(f"scenario `{self.name}`: no trajectory is called `{self.main_object}`")

    @property
    def parties(self) -> tuple[str, ...]:
        """Parties that own a sensor, sorted."""
        return tuple(sorted({sensor.party for sensor in self.sensors}))

    @property
    def main_trajectory(self) -> Trajectory:
        """True path of the scored object."""
        return next(path for path in self.trajectories if path.object_id == self.main_object)


def _refuse_repeated(name: str, what: str, identifiers: list[str]) -> None:
    if not identifiers:
        raise ScenarioError(f"scenario `{name}`: give at least one {what}")
    repeated = sorted({one for one in identifiers if identifiers.count(one) > 1})
    if repeated:
        raise ScenarioError(f"scenario `{name}`: {what} `{repeated[0]}` is given twice")
