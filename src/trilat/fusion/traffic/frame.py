"""The tracker's local frame: east, north, up of one geodetic origin, and the ways in and out of it."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from trilat.geo import (
    FloatArray,
    ecef_from_enu,
    ecef_from_geodetic,
    enu_from_ecef,
    enu_rotation,
    geodetic_from_ecef,
)
from trilat.model import UsageError


@dataclass(frozen=True)
class LocalFrame:
    """East, north, up (metres) of a WGS-84 origin: radians, metres above the ellipsoid."""

    latitude_rad: float
    longitude_rad: float
    height_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuses an origin that is not on the Earth."""
        numbers = (self.latitude_rad, self.longitude_rad, self.height_m)
        if not all(math.isfinite(number) for number in numbers) or abs(self.latitude_rad) > math.pi / 2:
            raise UsageError("a local frame needs a finite origin with a latitude within 90 degrees, radians")

    @cached_property
    def rotation(self) -> FloatArray:
        """Rotation (3, 3): local = rotation @ ecef, of differences and velocities."""
        return np.ascontiguousarray(enu_rotation(self.latitude_rad, self.longitude_rad))

    def positions(
        self, latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike, height_m: npt.ArrayLike
    ) -> FloatArray:
        """Local positions (..., 3), metres, of geodetic ones: the input of AIS and ADS-B."""
        ecef = ecef_from_geodetic(latitude_rad, longitude_rad, height_m)
        return enu_from_ecef(ecef, self.latitude_rad, self.longitude_rad, self.height_m)

    def geodetic(self, positions_m: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Latitude (rad), longitude (rad), height (m) of local positions (..., 3)."""
        ecef = ecef_from_enu(positions_m, self.latitude_rad, self.longitude_rad, self.height_m)
        return geodetic_from_ecef(ecef)

    def axes_at(self, latitude_rad: float, longitude_rad: float) -> FloatArray:
        """Rotation (3, 3) from this frame to the east, north, up of another place: a sensor's `axes`."""
        return np.ascontiguousarray(enu_rotation(latitude_rad, longitude_rad) @ self.rotation.T)

    def states_in_ecef(self, means: FloatArray, covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ECEF states (n, 6), m and m/s, and covariances (n, 6, 6) of local ones."""
        turn = np.zeros((6, 6))
        turn[:3, :3] = turn[3:, 3:] = self.rotation.T
        out = means @ turn.T
        out[:, :3] = ecef_from_enu(means[:, :3], self.latitude_rad, self.longitude_rad, self.height_m)
        rotated = turn @ covariances @ turn.T
        return out, 0.5 * (rotated + np.swapaxes(rotated, -1, -2))
