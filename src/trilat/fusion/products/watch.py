"""Which areas on the ground a falling object threatens: by flying over them, and by coming down in them.

An area is the row of its corners. Two probabilities, both of the estimate and of nothing else:

- coming down: the normal distribution of the impact point over the polygon. In coordinates in which the
  impact's covariance is the unit matrix an edge at distance d from the point, from u1 to u2 along itself,
  adds

      [atan(u/d) / (2 pi) - T(d, u/d)] from u1 to u2

  (Green's theorem, with T of Owen, Ann. Math. Stat. 27 (1956) 1075): exact for any simple polygon.
- flying over: the true ground track is the predicted one shifted sideways by its error across, so it
  meets the area where that shift lies between those of the area's leftmost and rightmost boundary points,
  each measured against the error across at its own passage.

Limits: the plane is that of distances and bearings from the impact point, good to 1 % within 1,000 km of it;
the error across is taken as one number over the width of an area; what the track passes after the impact is
not ahead of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, owens_t

from trilat.fusion.products.impact import ImpactEstimate
from trilat.fusion.products.passage import Fall, ground_motion
from trilat.geo import (
    SEMI_MAJOR_AXIS_M,
    FloatArray,
    ecef_from_geodetic,
    geodesic_direct,
    geodesic_offset,
    geodetic_from_ecef,
)
from trilat.model import ObservationError

CORNERS_MAX = 512
# Points of a boundary against which a track is measured, at the least.
_BOUNDARY_POINTS = 48
# An area farther from an impact than this many errors is not integrated over: it would come to 1e-30.
_FAR_SIGMAS = 12.0
# An area reaches farther along the ground than in chords; half as much again is more than enough.
_REACH_FACTOR = 1.5
# Corners of the polygon that stands for an ellipse.
_ELLIPSE_CORNERS = 72


@dataclass(frozen=True)
class Threat:
    """How probable it is that an object comes down in an area, and that it flies over it.

    `first_ns` and `last_ns` are the passages of the first and the last point of its boundary, None where none
    lies abeam of the track ahead; `time_sigma_s` is the error of these instants.
    """

    impact_probability: float
    overflight_probability: float
    first_ns: int | None
    last_ns: int | None
    time_sigma_s: float = 0.0


def ellipse_corners(
    latitude_deg: float, longitude_deg: float, semi_major_m: float, semi_minor_m: float, bearing_deg: float
) -> list[tuple[float, float]]:
    """Corners (latitude, longitude), degrees, of a polygon of the same area as an ellipse on the ground.

    Raises:
        ObservationError: axes that are not positive, or longer than a quarter of the Earth.
    """
    if not 0.0 < semi_minor_m <= semi_major_m <= 1.0e7:
        raise ObservationError("an ellipse needs semi-axes above 0, the longer first, below 10,000 km")
    turns = np.arange(_ELLIPSE_CORNERS) * 2.0 * math.pi / _ELLIPSE_CORNERS
    # An inscribed polygon of n corners has n / (2 pi) sin(2 pi / n) of the area.
    wider = math.sqrt(2.0 * math.pi / _ELLIPSE_CORNERS / math.sin(2.0 * math.pi / _ELLIPSE_CORNERS))
    corners = []
    for along, across in zip(semi_major_m * np.cos(turns), semi_minor_m * np.sin(turns), strict=True):
        bearing = bearing_deg + math.degrees(math.atan2(across, along))
        corners.append(
            geodesic_direct(latitude_deg, longitude_deg, bearing % 360.0, wider * math.hypot(along, across))
        )
    return corners


def impact_probability(impact: ImpactEstimate, corners: Sequence[tuple[float, float]]) -> float:
    """Probability in [0, 1] that the object comes down inside a simple polygon.

    Args:
        impact: where it comes down.
        corners: (latitude, longitude), degrees, in order either way round; the last joins the first.

    Raises:
        ObservationError: fewer than three corners, more than CORNERS_MAX, or one that is no place.
    """
    checked = _checked(corners)
    if _is_far(impact, checked):
        return 0.0
    points = np.array(
        [geodesic_offset(impact.latitude_deg, impact.longitude_deg, *corner) for corner in checked]
    )
    # A perfect estimate would have no plane to whiten: a metre is below every error that matters here.
    factor = np.linalg.cholesky(impact.covariance_m2 + np.eye(2))
    whitened = np.linalg.solve(factor, points.T).T
    total = sum(_edge(start, end) for start, end in zip(whitened, np.roll(whitened, -1, axis=0), strict=True))
    return float(min(1.0, abs(total)))


def _is_far(impact: ImpactEstimate, corners: Sequence[tuple[float, float]]) -> bool:
    """Whether all of an area lies so far from an impact point that no error brings the one into the other."""
    latitudes, longitudes = np.radians(np.array(corners)).T
    points = ecef_from_geodetic(latitudes, longitudes, 0.0)
    point = ecef_from_geodetic(math.radians(impact.latitude_deg), math.radians(impact.longitude_deg), 0.0)
    middle = points.mean(axis=0)
    # Chords are shorter than what is measured along the ground, so this errs on the side of looking.
    reach_m = float(np.max(np.linalg.norm(points - middle, axis=1)))
    sigma_m = math.sqrt(max(0.0, float(np.trace(impact.covariance_m2))))
    return float(np.linalg.norm(point - middle)) > _REACH_FACTOR * reach_m + _FAR_SIGMAS * sigma_m


def _edge(start: FloatArray, end: FloatArray) -> float:
    """What one edge adds to the integral of the unit normal density over its polygon."""
    way = end - start
    length = float(np.hypot(*way))
    if length == 0.0:
        return 0.0
    along = way / length
    distance = float(start[0] * along[1] - start[1] * along[0])
    if abs(distance) < 1e-12:
        return 0.0
    u1, u2 = float(start @ along), float(end @ along)
    size = abs(distance)
    swept = (math.atan(u2 / size) - math.atan(u1 / size)) / (2.0 * math.pi)
    beyond = float(owens_t(size, u2 / size) - owens_t(size, u1 / size))
    return math.copysign(swept - beyond, distance)


def threat_of(path: Fall, impact: ImpactEstimate | None, corners: Sequence[tuple[float, float]]) -> Threat:
    """What a fall means for one area; `impact` is that of the same state, None where it does not come down.

    Raises:
        ObservationError: as in `impact_probability`.
    """
    checked = _checked(corners)
    falls_in = 0.0 if impact is None else impact_probability(impact, checked)
    boundary = _boundary(checked)
    seconds, right_m = _abeam(path, boundary)
    if len(seconds) == 0:
        return Threat(falls_in, 0.0, None, None)
    first_s, last_s = float(np.min(seconds)), float(np.max(seconds))
    sigma_m, sigma_s = _sigmas(path, 0.5 * (first_s + last_s))
    crossed = float(ndtr(np.max(right_m) / sigma_m) - ndtr(np.min(right_m) / sigma_m))
    return Threat(
        impact_probability=falls_in,
        overflight_probability=crossed,
        first_ns=path.time_ns + round(first_s * 1e9),
        last_ns=path.time_ns + round(last_s * 1e9),
        time_sigma_s=sigma_s,
    )


def _abeam(path: Fall, boundary: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For the boundary points (n, 3) that the track passes: seconds until then, and how far to its right, m.

    The squared distance to a track of steady speed is a parabola in time: its lowest point goes through the
    three looked-at points around the nearest. The distance aside is that from a great circle.
    """
    squared_m2 = ((path.below[None, :, :] - boundary[:, None, :]) ** 2).sum(axis=2)
    nearest = squared_m2.argmin(axis=1)
    passed = (nearest > 0) & (nearest < len(path.below) - 1)
    row, at = np.flatnonzero(passed), nearest[passed]
    before, here, after = (squared_m2[row, at + step] for step in (-1, 0, 1))
    shift = 0.5 * (before - after) / (before - 2.0 * here + after)
    other = at + np.where(shift < 0.0, -1, 1)
    states = path.states[at] + np.abs(shift)[:, None] * (path.states[other] - path.states[at])
    latitude, longitude, _ = geodetic_from_ecef(states[:, :3])
    up = np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    right = np.cross(states[:, 3:], up)
    length = np.linalg.norm(right, axis=1)
    aside = boundary[row] - ecef_from_geodetic(latitude, longitude, 0.0)
    sine = np.sum(aside * right, axis=1) / np.maximum(length, 1e-9) / SEMI_MAJOR_AXIS_M
    return (at + shift) * path.step_s, SEMI_MAJOR_AXIS_M * np.arcsin(np.clip(sine, -1.0, 1.0))


def _sigmas(path: Fall, seconds: float) -> tuple[float, float]:
    """One sigma of the ground track to the side, m, and of the instant, s."""
    state, covariance = path.predicted(seconds)
    ground = ground_motion(state)
    return max(1.0, ground.across_sigma_m(covariance)), ground.passing_sigma_s(covariance)


def _boundary(corners: Sequence[tuple[float, float]]) -> FloatArray:
    """Points (n, 3), ECEF m, along the edges, corners among them."""
    points = np.array(
        [
            ecef_from_geodetic(math.radians(latitude), math.radians(longitude), 0.0)
            for latitude, longitude in corners
        ]
    )
    each = max(1, math.ceil(_BOUNDARY_POINTS / len(points)))
    shares = np.arange(each)[:, None] / each
    rows = [
        start + shares * (end - start) for start, end in zip(points, np.roll(points, -1, axis=0), strict=True)
    ]
    latitude, longitude, _ = geodetic_from_ecef(np.concatenate(rows))
    return ecef_from_geodetic(latitude, longitude, 0.0)


def _checked(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    if not 3 <= len(corners) <= CORNERS_MAX:
        raise ObservationError(f"an area has 3 to {CORNERS_MAX} corners, not {len(corners)}")
    for latitude_deg, longitude_deg in corners:
        if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 360.0):
            raise ObservationError(
                "a corner must have a latitude within 90 and a longitude within 360 degrees"
            )
    return [(float(latitude_deg), float(longitude_deg)) for latitude_deg, longitude_deg in corners]
