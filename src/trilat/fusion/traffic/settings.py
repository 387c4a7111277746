"""What a traffic tracker is tuned by, and why a plot is not used."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from trilat.model import UsageError

NS_PER_S: Final = 1_000_000_000


class Association(Enum):
    """How plots are given to tracks."""

    NEAREST = "nearest"
    """Global nearest neighbour: one hard decision a scan."""
    JOINT = "joint"
    """Joint probabilistic data association with existence: every possibility by its probability."""


class Motion(Enum):
    """What the objects are taken to do."""

    STRAIGHT = "straight"
    """Nearly constant velocity."""
    TURNING = "turning"
    """Nearly constant velocity or a coordinated turn of unknown rate, mixed without bias (IMM)."""


@dataclass(frozen=True)
class TrafficSettings:
    """Every limit has a name and a unit. The defaults are for aircraft; `for_ships` gives those of ships.

    `acceleration_psd_m2_per_s3` and its vertical part are the process noise of straight motion; the turn has
    its own. `turn_share_per_s` and `straight_share_per_s` are the rates at which a straight track begins to
    turn and a turn ends. `births_per_scan` are the objects expected to appear; it sets, with the sensor's
    clutter, how far a new track is believed.
    """

    association: Association = Association.NEAREST
    motion: Motion = Motion.STRAIGHT
    acceleration_psd_m2_per_s3: float = 1.0
    vertical_psd_m2_per_s3: float = 0.1
    turn_psd_m2_per_s3: float = 0.1
    turn_rate_psd_rad2_per_s3: float = 1e-4
    turn_rate_sigma_rad_per_s: float = 0.03
    turn_share_per_s: float = 0.01
    straight_share_per_s: float = 0.02
    gate_sigmas: float = 4.5
    speed_sigma_m_per_s: float = 200.0
    vertical_speed_sigma_m_per_s: float = 10.0
    first_height_m: float = 5_000.0
    first_height_sigma_m: float = 4_000.0
    births_per_scan: float = 1.0
    confirm_existence: float = 0.95
    confirm_updates: int = 3
    delete_existence: float = 0.02
    delete_tentative_existence: float = 0.05
    survival_s: float = 3_600.0
    coast_s: float = 60.0
    tentative_s: float = 20.0
    position_sigma_m_max: float = 20_000.0
    merge_distance: float = 1.0
    history_states: int = 32
    tracks_max: int = 20_000
    plots_max: int = 50_000

    def __post_init__(self) -> None:
        """Refuses settings with which no tracker can work."""
        for name, value in vars(self).items():
            if isinstance(value, Enum):
                continue
            if isinstance(value, bool) or not (math.isfinite(value) and value > 0.0):
                raise UsageError(f"setting `{name}` must be a positive number")
        for name in ("confirm_existence", "delete_existence", "delete_tentative_existence"):
            if not getattr(self, name) < 1.0:
                raise UsageError(f"setting `{name}` is a probability, it must be below 1")
        if not max(self.delete_existence, self.delete_tentative_existence) < self.confirm_existence:
            raise UsageError("`confirm_existence` must be above `delete_existence` and the tentative one")
        if self.gate_sigmas > 20.0:
            raise UsageError("setting `gate_sigmas` must be at most 20")

    @staticmethod
    def for_ships(**changes: object) -> "TrafficSettings":
        """Settings of ships and of vehicles on the ground: slow, on the surface, seen less often."""
        ships: dict[str, object] = {
            "acceleration_psd_m2_per_s3": 0.01,
            "vertical_psd_m2_per_s3": 1e-6,
            "turn_psd_m2_per_s3": 0.002,
            "turn_rate_psd_rad2_per_s3": 1e-5,
            "speed_sigma_m_per_s": 10.0,
            "vertical_speed_sigma_m_per_s": 0.01,
            "first_height_m": 1e-9,
            "first_height_sigma_m": 10.0,
            "coast_s": 600.0,
            "tentative_s": 120.0,
            "position_sigma_m_max": 5_000.0,
        }
        return TrafficSettings(**(ships | changes))  # type: ignore[arg-type]


# Why a plot was not used, in the order in which it is found.
REFUSALS: Final = (
    "refused-unknown-sensor",
    "refused-not-numbers",
    "refused-bad-time",
    "refused-late-scan",
    "refused-too-many-plots",
    "refused-not-finite",
    "refused-bad-sigma",
    "refused-out-of-reach",
    "refused-no-room",
)
