"""When a falling object passes a place: the closest approach of its ground track, and its height there.

The ground track is the path of the point below the object. At the closest approach the error of the object
along its way is an error of the instant, the error across it is an error of the distance; both are scaled
down to the ground by R / (R + h). See `fall` for the motion and for what is uncertain in it.

Limits: a burning object is treated as if its thrust ended now. First order: for a place nearer to the track
than its error across, the distance is not normally distributed; how probable it is that the object passes
over a circle around the place (`watch.threat_of`) is the right question.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from trilat.fusion.filters.motion import height
from trilat.fusion.observation import check_instant, checked_state
from trilat.fusion.products.fall import (
    FALL_S_MAX,
    GRAVITY_SIGMA_M_PER_S2,
    Drag,
    drag_of,
    fall,
    moved,
    predicted,
    trace,
)
from trilat.geo import (
    SEMI_MAJOR_AXIS_M,
    FloatArray,
    ecef_from_geodetic,
    enu_rotation,
    geodesic_inverse,
    geodetic_from_ecef,
)
from trilat.model import ObservationError

# Longest step between two looked-at points of the track, seconds, and most of them.
_TRACK_STEP_S = 1.0
_TRACK_POINTS_MIN = 16
# Slower over the ground than this, a passage has no instant, m/s.
_GROUND_M_PER_S_MIN = 1.0


@dataclass(frozen=True)
class PassageEstimate:
    """The closest approach of a ground track to a place.

    `distance_m` is along the ground, `right_m` the same with a sign: positive where the track passes with
    the place on its right hand. `height_m` is that of the object then.
    """

    time_ns: int
    time_sigma_s: float
    distance_m: float
    right_m: float
    distance_sigma_m: float
    height_m: float
    height_sigma_m: float


@dataclass(frozen=True, eq=False)
class GroundMotion:
    """A state seen from the ground below it: radians, m, and the velocity over ground, m/s.

    `along` and `across` (3,) are unit vectors in ECEF of the way over ground and of its right hand; None
    where it has none.
    """

    latitude_rad: float
    longitude_rad: float
    height_m: float
    up: FloatArray
    east_m_per_s: float
    north_m_per_s: float
    along: FloatArray | None
    across: FloatArray | None

    @property
    def speed_m_per_s(self) -> float:
        """Over ground."""
        return math.hypot(self.east_m_per_s, self.north_m_per_s)

    def across_sigma_m(self, covariance: FloatArray) -> float:
        """One sigma to the side of the point below, of a state's covariance (6, 6), m."""
        scale = SEMI_MAJOR_AXIS_M / (SEMI_MAJOR_AXIS_M + self.height_m)
        return 0.0 if self.across is None else scale * sigma_along(self.across, covariance)

    def passing_sigma_s(self, covariance: FloatArray) -> float:
        """One sigma of the instant at which a point on the ground is passed, s."""
        return 0.0 if self.along is None else sigma_along(self.along, covariance) / self.speed_m_per_s


def sigma_along(axis: FloatArray, covariance: FloatArray) -> float:
    """One sigma of the position along a unit vector (3,), of a state's covariance (6, 6), m."""
    return math.sqrt(max(0.0, float(axis @ covariance[:3, :3] @ axis)))


def ground_motion(state: FloatArray) -> GroundMotion:
    """How a state (6,), ECEF, moves over ground."""
    latitude, longitude, height_m = (float(value) for value in geodetic_from_ecef(state[:3]))
    rotation = enu_rotation(latitude, longitude)
    east, north, _ = (float(value) for value in rotation @ state[3:])
    speed = math.hypot(east, north)
    moves = speed >= _GROUND_M_PER_S_MIN
    along = (east * rotation[0] + north * rotation[1]) / speed if moves else None
    across = (north * rotation[0] - east * rotation[1]) / speed if moves else None
    return GroundMotion(latitude, longitude, height_m, rotation[2], east, north, along, across)


class Fall:
    """A state on its way down, with its path to the ground, or for two hours where it does not come down."""

    def __init__(
        self,
        mean: FloatArray,
        covariance: FloatArray,
        time_ns: int,
        ballistic_coefficient_kg_per_m2: float | None = None,
        gravity_sigma_m_per_s2: float = GRAVITY_SIGMA_M_PER_S2,
    ) -> None:
        """The path of a state (6,) with covariance (6, 6), ECEF, m and m/s, at `time_ns`.

        Raises:
            ObservationError: a state, covariance, instant or coefficient that cannot be, or one below the
                ground.
        """
        check_instant("time_ns", time_ns)
        mean, covariance = checked_state(mean, covariance)
        self.time_ns = int(time_ns)
        self.mean, self.covariance = mean.copy(), covariance.copy()
        self.drag: Drag = drag_of(ballistic_coefficient_kg_per_m2, None)
        self.gravity_sigma_m_per_s2 = gravity_sigma_m_per_s2
        if height(self.mean) < 0.0:
            raise ObservationError("`mean` is below the ground: nothing falls from there")
        seconds, _ = fall(self.mean, self.drag.coefficient, FALL_S_MAX)
        self.comes_down = not math.isnan(seconds)
        self.seconds = seconds if self.comes_down else FALL_S_MAX
        count = max(_TRACK_POINTS_MIN, math.ceil(self.seconds / _TRACK_STEP_S))
        self.step_s = self.seconds / count
        self.states = trace(self.mean, self.drag.coefficient, self.seconds, count)
        self.below = below(self.states[:, :3])

    def at(self, seconds: float) -> FloatArray:
        """The state (6,) after `seconds`."""
        row = int(min(max(seconds, 0.0) / self.step_s, len(self.states) - 1))
        return moved(self.states[row], self.drag.coefficient, seconds - row * self.step_s)

    def predicted(self, seconds: float) -> tuple[FloatArray, FloatArray]:
        """Mean (6,) and covariance (6, 6) after `seconds`, with drag and gravity uncertain."""
        return predicted(self.mean, self.covariance, seconds, self.drag, self.gravity_sigma_m_per_s2)

    def closest_s(self, place_m: FloatArray) -> float | None:
        """Seconds until the ground track is closest to a ground point (3,), ECEF; None where that is past.

        It is past where the distance grows from the first.
        """
        nearest = int(np.argmin(np.sum((self.below - place_m) ** 2, axis=1)))
        low = max(0, nearest - 1) * self.step_s
        high = min(len(self.states) - 1, nearest + 1) * self.step_s

        def squared_m2(seconds: float) -> float:
            return float(np.sum((below(self.at(seconds)[None, :3])[0] - place_m) ** 2))

        found = float(
            minimize_scalar(squared_m2, bounds=(low, high), method="bounded", options={"xatol": 1e-3}).x
        )
        return None if nearest == 0 and squared_m2(0.0) <= squared_m2(found) else found


def below(positions_m: FloatArray) -> FloatArray:
    """The ground points (n, 3), ECEF m, below positions (n, 3)."""
    latitude, longitude, _ = geodetic_from_ecef(positions_m)
    return ecef_from_geodetic(latitude, longitude, 0.0)


def passage_estimate(
    mean: FloatArray,
    covariance: FloatArray,
    time_ns: int,
    latitude_deg: float,
    longitude_deg: float,
    ballistic_coefficient_kg_per_m2: float | None = None,
) -> PassageEstimate | None:
    """The passage of a falling state (6,), covariance (6, 6), ECEF, over a place; None where it is past.

    Raises:
        ObservationError: a state, covariance, instant, coefficient or place that cannot be, or a state
            below the ground.
    """
    _check_place(latitude_deg, longitude_deg)
    path = Fall(mean, covariance, time_ns, ballistic_coefficient_kg_per_m2)
    return passage_of(path, latitude_deg, longitude_deg)


def passage_of(path: Fall, latitude_deg: float, longitude_deg: float) -> PassageEstimate | None:
    """The passage of a fall over a place; None where it is past, or where there is no way over ground.

    For a path that ends short of the place it is the instant of impact. A state in orbit is followed for
    two hours.

    Raises:
        ObservationError: a place that cannot be.
    """
    _check_place(latitude_deg, longitude_deg)
    place_m = ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), 0.0)
    seconds = path.closest_s(place_m)
    if seconds is None:
        return None
    state, covariance = path.predicted(seconds)
    ground = ground_motion(state)
    if ground.along is None:
        return None
    distance_m, bearing_deg = geodesic_inverse(
        math.degrees(ground.latitude_rad), math.degrees(ground.longitude_rad), latitude_deg, longitude_deg
    )
    side = math.sin(math.radians(bearing_deg) - math.atan2(ground.east_m_per_s, ground.north_m_per_s))
    return PassageEstimate(
        time_ns=path.time_ns + round(seconds * 1e9),
        time_sigma_s=ground.passing_sigma_s(covariance),
        distance_m=distance_m,
        right_m=math.copysign(distance_m, side),
        distance_sigma_m=ground.across_sigma_m(covariance),
        height_m=ground.height_m,
        height_sigma_m=sigma_along(ground.up, covariance),
    )


def _check_place(latitude_deg: float, longitude_deg: float) -> None:
    if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 360.0):
        raise ObservationError("the place must have a latitude within 90 and a longitude within 360 degrees")
