"""Sensor: a generic radar or a generic direction-only infrared eye, and what it can see.

A radar measures slant range, azimuth, elevation and, where it has a sigma for it, range rate; it sees
whatever stands above its mask and within its reach. An infrared sensor measures only the direction,
and sees only what burns, above the cloud break. No sensor sees through the Earth. There is no
refraction. Nothing here is made with systematic errors: `*_bias_sigma_*` says how large whoever tracks the
plots has to take them.

Conventions: azimuth clockwise from true north, 0 to 2 pi; elevation from the local WGS-84 horizontal,
negative below it; range rate positive receding, by the motion relative to the turning Earth.

All figures are generic textbook values; `assumed` says so, and why. Nothing here describes the
capability of a real sensor.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from trilat.geo import (
    SEMI_MAJOR_AXIS_M,
    SEMI_MINOR_AXIS_M,
    FloatArray,
    ecef_from_geodetic,
    enu_rotation,
    geodetic_from_ecef,
)
from trilat.model import ScenarioError
from trilat.scenario.trajectory import checked_identifier

# Burning is seen from above only when it has come through the clouds: a round figure, assumed.
CLOUD_BREAK_M = 10_000.0
# Nearer than this a generic radar is blind, and angles lose their meaning: a round figure, assumed.
RANGE_M_MIN = 1_000.0
# A sensor stands on the ground, on a ship, or at most a little above the geostationary ring.
_HEIGHT_M_MIN, _HEIGHT_M_MAX = -500.0, 50_000_000.0
# At a pole there is no azimuth; closer than this to it, an azimuth is not worth its digits.
_LATITUDE_DEG_MAX = 89.9
_PERIOD_S_MIN, _PERIOD_S_MAX = 0.01, 3600.0
# Least and greatest sigma that may be stated of a bias: none is 0, which is left out, and none a blunder.
_BIAS_SIGMAS = {
    "range_bias_sigma_m": (1e-3, 1e4),
    "angle_bias_sigma_rad": (1e-8, 0.1),
    "clock_bias_sigma_s": (1e-6, 1.0),
}


@dataclass(frozen=True)
class Sensor:
    """One sensor of one party. Sigmas are of independent errors, one draw per plot and coordinate.

    Attributes:
        sensor_id: name in plots and files; also chooses the sensor's own random stream.
        party: who owns it.
        kind: "radar" or "infrared" (direction only).
        latitude_deg, longitude_deg, height_m: geodetic place, WGS-84; it does not move.
        range_sigma_m: None for infrared.
        azimuth_sigma_rad: error of the azimuth itself; across the line of sight it is cos(elevation) smaller.
        elevation_sigma_rad: error of the elevation.
        range_rate_sigma_m_per_s: None where range rate is not measured.
        elevation_mask_deg: lowest elevation that is seen.
        range_max_m: longest slant range that is seen.
        period_s: time between scans.
        offset_s: first scan, in seconds since launch, below the period.
        detection_probability: chance that an object in view gives a plot in a scan.
        assumed: what of this is assumed, and why.
        range_bias_sigma_m: how far all its ranges may be off together, one sigma; None: they are right.
        angle_bias_sigma_rad: the same of azimuth and of elevation.
        clock_bias_sigma_s: the same of its clock.
    """

    sensor_id: str
    party: str
    kind: Literal["radar", "infrared"]
    latitude_deg: float
    longitude_deg: float
    height_m: float
    range_sigma_m: float | None
    azimuth_sigma_rad: float
    elevation_sigma_rad: float
    range_rate_sigma_m_per_s: float | None
    elevation_mask_deg: float
    range_max_m: float
    period_s: float = 1.0
    offset_s: float = 0.0
    detection_probability: float = 0.95
    assumed: str = "generic textbook figures; place assumed"
    range_bias_sigma_m: float | None = None
    angle_bias_sigma_rad: float | None = None
    clock_bias_sigma_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a sensor that cannot be."""
        checked_identifier(self.sensor_id, "sensor")
        checked_identifier(self.party, f"sensor `{self.sensor_id}`: party")
        if self.kind not in {"radar", "infrared"}:
            raise ScenarioError(f"sensor `{self.sensor_id}`: kind `{self.kind}` must be radar or infrared")
        self._check("lat_deg", self.latitude_deg, -_LATITUDE_DEG_MAX, _LATITUDE_DEG_MAX)
        self._check("lon_deg", self.longitude_deg, -180.0, 180.0)
        self._check("height_m", self.height_m, _HEIGHT_M_MIN, _HEIGHT_M_MAX)
        self._check_measurement()
        self._check("elevation_mask_deg", self.elevation_mask_deg, -90.0, 89.0)
        self._check("range_max_m", self.range_max_m, RANGE_M_MIN, 1e9)
        self._check("period_s", self.period_s, _PERIOD_S_MIN, _PERIOD_S_MAX)
        self._check("offset_s", self.offset_s, 0.0, self.period_s)
        self._check("detection_probability", self.detection_probability, 0.0, 1.0)
        self._check_biases()

    def _check_measurement(self) -> None:
        if (self.range_sigma_m is None) != (self.kind == "infrared"):
            raise ScenarioError(
                f"sensor `{self.sensor_id}`: a radar has range_sigma_m, an infrared sensor none"
            )
        if self.range_rate_sigma_m_per_s is not None and self.kind == "infrared":
            raise ScenarioError(
                f"sensor `{self.sensor_id}`: an infrared sensor has no range_rate_sigma_m_per_s"
            )
        self._check("range_sigma_m", self.range_sigma_m or 1.0, 1e-6, 1e6)
        if self.range_sigma_m == 0.0 or self.range_rate_sigma_m_per_s == 0.0:
            raise ScenarioError(
                f"sensor `{self.sensor_id}`: a sigma of 0 is refused: leave it out or give one"
            )
        self._check("azimuth_sigma_rad", self.azimuth_sigma_rad, 1e-9, 1.0)
        self._check("elevation_sigma_rad", self.elevation_sigma_rad, 1e-9, 1.0)
        self._check("range_rate_sigma_m_per_s", self.range_rate_sigma_m_per_s or 1.0, 1e-6, 1e5)

    def _check_biases(self) -> None:
        if self.range_bias_sigma_m is not None and self.kind == "infrared":
            raise ScenarioError(f"sensor `{self.sensor_id}`: an infrared sensor has no range_bias_sigma_m")
        for name, (low, high) in _BIAS_SIGMAS.items():
            value = getattr(self, name)
            if value is not None:
                self._check(name, value, low, high)

    def _check(self, name: str, value: float, low: float, high: float) -> None:
        # Written so that NaN fails too.
        if not low <= value <= high:
            raise ScenarioError(
                f"sensor `{self.sensor_id}`: {name} `{value}` must lie between {low:g} and {high:g}"
            )

    @cached_property
    def position_m(self) -> FloatArray:
        """ECEF position (3,), not to be written to."""
        position = ecef_from_geodetic(
            math.radians(self.latitude_deg), math.radians(self.longitude_deg), self.height_m
        )
        position.flags.writeable = False
        return position

    def measure(self, position_m: FloatArray, velocity_m_per_s: FloatArray) -> FloatArray:
        """Range (m), azimuth, elevation (rad) and range rate (m/s), (..., 4), of ECEF states, without error.

        Every coordinate is computed for every kind; what a sensor does not measure is dropped later.
        """
        offset = position_m - self.position_m
        rotation = enu_rotation(math.radians(self.latitude_deg), math.radians(self.longitude_deg))
        enu = offset @ rotation.T
        distance = np.linalg.norm(offset, axis=-1)
        level = np.hypot(enu[..., 0], enu[..., 1])
        azimuth = np.arctan2(enu[..., 0], enu[..., 1]) % (2.0 * np.pi)
        elevation = np.arctan2(enu[..., 2], level)
        rate = np.sum(offset * velocity_m_per_s, axis=-1) / np.maximum(distance, 1e-9)
        return np.stack([distance, azimuth, elevation, rate], axis=-1)

    def sees(
        self, position_m: FloatArray, measured: FloatArray, burning: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Whether ECEF positions (..., 3), with what `measure` gave for them, are in view."""
        distance, elevation = measured[..., 0], measured[..., 2]
        seen = (distance >= RANGE_M_MIN) & (distance <= self.range_max_m)
        seen &= elevation >= math.radians(self.elevation_mask_deg)
        seen &= ~_earth_between(self.position_m, position_m)
        if self.kind == "infrared":
            seen &= burning & (geodetic_from_ecef(position_m)[2] >= CLOUD_BREAK_M)
        return seen


def _earth_between(first_m: FloatArray, second_m: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether the straight line from a point (3,) to points (..., 3) passes through the ellipsoid.

    Scaled by its axes the ellipsoid is a unit sphere, and lines stay lines; then the nearest point of
    the line to the centre tells. A line that leaves upwards from the surface does not count.
    """
    axes = np.array([SEMI_MAJOR_AXIS_M, SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M])
    start, end = first_m / axes, second_m / axes
    line = end - start
    length_squared = np.maximum(np.sum(line * line, axis=-1), 1e-30)
    share = -np.sum(start * line, axis=-1) / length_squared
    nearest = start + share[..., None] * line
    inside = np.sum(nearest * nearest, axis=-1) < 1.0
    blocked: npt.NDArray[np.bool_] = (share > 0.0) & (share < 1.0) & inside
    return blocked
