"""Where and when a falling object comes down, with a 95 % area. For warning people below, nothing else.

The state falls freely to the ellipsoid, as in `fall`. The error ellipse is first order in the state: the
covariance at the instant of arrival is projected along the arrival velocity onto the ground. It holds what
the state, the drag and gravity leave open:

    C = S (J P J' + G) S' + C_drag      area = pi chi2(0.95, 2) sqrt(det C)

Drag is rarely known. Without a ballistic coefficient the body is taken to have UNKNOWN_KG_PER_M2 within a
factor UNKNOWN_FACTOR (one sigma); it falls with three coefficients, and the point is the mean of the three:
it is often the largest part, and widened for its skewness. `math.inf` is a fall without air.

Limits: a burning object is treated as if its thrust ended now; winds, lift, tumbling and break-up are not
modelled; over an unknown drag the true spread is skewed, the ellipse is not.
"""

import math
from dataclasses import dataclass

import numpy as np

from trilat.fusion.observation import check_instant, checked_state
from trilat.fusion.products.fall import (
    FALL_S_MAX,
    GRAVITY_SIGMA_M_PER_S2,
    Drag,
    drag_of,
    fall,
    fall_jacobian,
    gravity_covariance,
    spread,
)
from trilat.geo import FloatArray, enu_rotation, geodetic_from_ecef
from trilat.model import ObservationError

# Chi-square with two degrees of freedom, 95 %.
CHI2_95 = 5.991464547107979
# Normal distribution, two-sided 95 %.
SIGMAS_1D_95 = 1.959963984540054


@dataclass(frozen=True)
class Ellipse:
    """An error ellipse that holds the truth with 95 %; bearing of the long axis clockwise from north."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float
    area_km2: float


@dataclass(frozen=True, eq=False)
class ImpactEstimate:
    """Where and when an object comes down; `covariance_m2` (2, 2) is east, north at the point."""

    latitude_deg: float
    longitude_deg: float
    time_ns: int
    time_sigma_s: float
    covariance_m2: FloatArray
    ellipse: Ellipse

    @property
    def area95_km2(self) -> float:
        """Area of the 95 % ellipse, km2."""
        return self.ellipse.area_km2


def ellipse95(covariance_m2: FloatArray) -> Ellipse:
    """The 95 % ellipse of an east-north covariance (2, 2), m2.

    Raises:
        ObservationError: not a finite, positive semidefinite (2, 2) matrix.
    """
    matrix = np.asarray(covariance_m2, dtype=np.float64)
    if matrix.shape != (2, 2) or not np.all(np.isfinite(matrix)):
        raise ObservationError("`covariance_m2` must be a finite (2, 2) matrix of metres squared")
    lengths, axes = np.linalg.eigh(0.5 * (matrix + matrix.T))
    if lengths[0] < -1e-9 * max(1.0, float(lengths[1])):
        raise ObservationError("`covariance_m2` must not have a negative variance")
    minor, major = np.sqrt(CHI2_95 * np.maximum(lengths, 0.0))
    bearing = math.degrees(math.atan2(axes[0, 1], axes[1, 1])) % 180.0
    return Ellipse(float(major), float(minor), bearing, math.pi * float(major * minor) / 1e6)


def impact_estimate(
    mean: FloatArray,
    covariance: FloatArray,
    time_ns: int,
    ballistic_coefficient_kg_per_m2: float | None = None,
    coefficient_factor: float | None = None,
    gravity_sigma_m_per_s2: float = GRAVITY_SIGMA_M_PER_S2,
) -> ImpactEstimate | None:
    """The impact of a state (6,), covariance (6, 6) in ECEF; None for an orbit, or from below the ground.

    Args:
        mean: position m and velocity m/s at `time_ns`.
        covariance: of the mean.
        time_ns: instant of the state.
        ballistic_coefficient_kg_per_m2: mass over drag area; None when it is not known (see the module);
            `math.inf` for a fall without air.
        coefficient_factor: one sigma of the coefficient, as a factor either way; 1 takes it as known, which
            is the default where one is given.
        gravity_sigma_m_per_s2: one sigma of the gravity that the model leaves out.

    Raises:
        ObservationError: a state, covariance, instant, coefficient or factor that cannot be.
    """
    check_instant("time_ns", time_ns)
    mean, covariance = checked_state(mean, covariance)
    mean, covariance = mean.copy(), covariance.copy()
    drag = drag_of(ballistic_coefficient_kg_per_m2, coefficient_factor)
    if not 0.0 <= gravity_sigma_m_per_s2 <= 0.1:
        raise ObservationError("`gravity_sigma_m_per_s2` must be between 0 and 0.1")
    seconds, end = fall(mean, drag.coefficient, FALL_S_MAX)
    if math.isnan(seconds):
        return None
    latitude, longitude, _ = geodetic_from_ecef(end[:3])
    rotation = enu_rotation(float(latitude), float(longitude))
    jacobian = fall_jacobian(mean, covariance, drag.coefficient, seconds)
    arrival = jacobian @ covariance @ jacobian.T + gravity_covariance(seconds, gravity_sigma_m_per_s2)
    # The point where the displaced path crosses the ground: slide back along the arrival velocity.
    local_velocity = rotation @ end[3:]
    slide = np.eye(3)
    slide[:, 2] -= local_velocity / local_velocity[2]
    slide[2] = [0.0, 0.0, -1.0 / local_velocity[2]]
    shape = slide @ rotation @ arrival[:3, :3] @ rotation.T @ slide.T
    offset = np.zeros(3)
    if not drag.is_known:
        offset, over_drag = _over_drag(mean, drag, seconds, end, rotation)
        shape = shape + over_drag
    ground = 0.5 * (shape[:2, :2] + shape[:2, :2].T)
    latitude, longitude, _ = geodetic_from_ecef(end[:3] + rotation[:2].T @ offset[:2])
    return ImpactEstimate(
        latitude_deg=math.degrees(float(latitude)),
        longitude_deg=math.degrees(float(longitude)),
        time_ns=int(time_ns) + round((seconds + float(offset[2])) * 1e9),
        time_sigma_s=math.sqrt(max(0.0, float(shape[2, 2]))),
        covariance_m2=ground,
        ellipse=ellipse95(ground),
    )


def _over_drag(
    mean: FloatArray, drag: Drag, seconds: float, end: FloatArray, rotation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean (3,) and covariance (3, 3) over the drag of the impact: east m, north m, later s.

    A light body falls far shorter than a heavy one falls long: where the ellipse of the three points would
    not reach the falls that 2.5 % lie beyond on either side, it is widened until it does.
    """

    def offset(coefficient: float) -> FloatArray:
        later_s, state = fall(mean, coefficient, 2.0 * FALL_S_MAX)
        return np.append((rotation @ (state[:3] - end[:3]))[:2], later_s - seconds)

    heavy, light = (offset(coefficient) for coefficient in drag.outer)
    centre, covariance = spread(np.zeros(3), heavy, light)
    reach_m = max(
        float(np.linalg.norm((offset(coefficient) - centre)[:2])) for coefficient in drag.within(SIGMAS_1D_95)
    )
    covered_m2 = CHI2_95 * float(np.linalg.eigvalsh(covariance[:2, :2])[1])
    widened = max(1.0, reach_m**2 / covered_m2) if covered_m2 > 0.0 else 1.0
    return centre, widened * covariance
