"""The Earth's shape and frames, and nothing else: no motion, no measurement.

`scenario` (truth) and `fusion` (estimate) both stand on this part and on nothing else in common.
"""

from trilat.geo.constants import (
    FIRST_ECCENTRICITY_SQUARED,
    FLATTENING,
    GM_M3_PER_S2,
    J2,
    ROTATION_RAD_PER_S,
    SECOND_ECCENTRICITY_SQUARED,
    SEMI_MAJOR_AXIS_M,
    SEMI_MINOR_AXIS_M,
)
from trilat.geo.frames import (
    FloatArray,
    ecef_from_enu,
    ecef_from_geodetic,
    ecef_from_inertial,
    enu_from_ecef,
    enu_rotation,
    geodetic_from_ecef,
    inertial_from_ecef,
    rotate_covariance,
)
from trilat.geo.geodesic import geodesic_direct, geodesic_inverse, geodesic_offset

__all__ = [
    "FIRST_ECCENTRICITY_SQUARED",
    "FLATTENING",
    "GM_M3_PER_S2",
    "J2",
    "ROTATION_RAD_PER_S",
    "SECOND_ECCENTRICITY_SQUARED",
    "SEMI_MAJOR_AXIS_M",
    "SEMI_MINOR_AXIS_M",
    "FloatArray",
    "ecef_from_enu",
    "ecef_from_geodetic",
    "ecef_from_inertial",
    "enu_from_ecef",
    "enu_rotation",
    "geodesic_direct",
    "geodesic_inverse",
    "geodesic_offset",
    "geodetic_from_ecef",
    "inertial_from_ecef",
    "rotate_covariance",
]
