"""Rounding that says how much it took away: positions, velocities, instants, regions.

Rules
1. A rounded value is a function of the content and the cell alone, so it is the same for every recipient
   and repeated releases average nothing out. Rounding twice to one cell changes nothing more.
2. What rounding does to the error is added where the error is stated. A position error that is uniform in a
   cell of width c has standard deviation c/sqrt(12) per axis; it stays the same over reports, so it goes
   into `constant_sigma_mm`, apart from the independent part in the factor, and is rounded up.
3. Instants are rounded down, so that no copy is from the future. A state is moved to the rounded instant
   along its velocity; the acceleration neglected, at most `ACCELERATION_MAX_M_PER_S2`, goes into
   `constant_sigma_mm` too.
4. A region grows so that it still holds what it held.

Lengths are mm in the model and m in duties. Source of the uniform error: any text on quantisation, for
example Widrow and Kollar, Quantization Noise (2008), the uniform model.
"""

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trilat.model import SECOND_NS, Ellipse, Kinematics, Place, Polygon

ACCELERATION_MAX_M_PER_S2: Final = 100
"""Ten times gravity: the upper end of a ballistic missile's boost."""

SPEED_MAX_MM_PER_S: Final = 30_000
"""58 knots: assumed of a ship that did not say its speed."""

_MM_PER_1E7DEG_MIN: Final = 11.0574
_MM_PER_1E7DEG_MAX: Final = 11.1694
"""Least and greatest length of 1e-7 degree of a WGS-84 meridian (equator, poles), mm; a parallel's is at
most the second times the cosine of latitude."""

_QUARTER: Final = 900_000_000
_HALF: Final = 1_800_000_000
_SEMI_AXIS_MAX_M: Final = 20_100_000
_EARTH_RADIUS_MIN_M: Final = 6_335_439
"""Least radius of curvature of WGS-84: the meridian's at the equator."""


def nearest_multiple(value: int, cell: int) -> int:
    """The multiple of `cell` nearest to `value`; halves go up."""
    return (value + cell // 2) // cell * cell


def rounded_down_ns(instant_ns: int, cell_s: int) -> int:
    """The last multiple of `cell_s` at or before an instant (rule 3)."""
    return instant_ns if cell_s == 0 else instant_ns // (cell_s * SECOND_NS) * (cell_s * SECOND_NS)


def combined_sigma(sigma: int, added: float) -> int:
    """The root of the sum of squares of two standard deviations in one unit, rounded up."""
    return math.ceil(math.hypot(sigma, added))


def round_kinematics(
    state: Kinematics, position_m: int = 0, velocity_m_per_s: int = 0, time_s: int = 0
) -> Kinematics:
    """The state on coarser grids, with its error stated (rules 2 and 3); zero leaves a grid alone."""
    if time_s:
        state = _moved(state, rounded_down_ns(state.epoch_ns, time_s))
    if velocity_m_per_s:
        state = _velocity_rounded(state, velocity_m_per_s * 1_000)
    return _position_rounded(state, position_m * 1_000) if position_m else state


def _position_rounded(state: Kinematics, cell_mm: int) -> Kinematics:
    x_mm, y_mm, z_mm = (nearest_multiple(axis, cell_mm) for axis in state.position_mm)
    if (x_mm, y_mm, z_mm) == state.position_mm:
        return state
    return msgspec.structs.replace(
        state,
        position_mm=(x_mm, y_mm, z_mm),
        constant_sigma_mm=combined_sigma(state.constant_sigma_mm, cell_mm / math.sqrt(12)),
    )


def _velocity_rounded(state: Kinematics, cell_mm_per_s: int) -> Kinematics:
    x, y, z = (nearest_multiple(axis, cell_mm_per_s) for axis in state.velocity_mm_per_s)
    if (x, y, z) == state.velocity_mm_per_s:
        return state
    rounded = msgspec.structs.replace(state, velocity_mm_per_s=(x, y, z))
    return with_velocity_error(rounded, cell_mm_per_s / math.sqrt(12))


def with_velocity_error(state: Kinematics, sigma_mm_per_s: float) -> Kinematics:
    """The state with an independent error of this size per axis added to its velocity's covariance."""
    added = np.zeros((6, 6))
    added[3:, 3:] = np.eye(3) * sigma_mm_per_s * 1_000
    factor = lower_factor(state.covariance_factor)
    return msgspec.structs.replace(state, covariance_factor=factor_entries(np.hstack([factor, added])))


def _moved(state: Kinematics, epoch_ns: int) -> Kinematics:
    """The state at a nearby instant, along its velocity: x' = x + v dt, P' = F P F'."""
    step_ns = epoch_ns - state.epoch_ns
    if step_ns == 0:
        return state
    step_s = step_ns / SECOND_NS
    factor = lower_factor(state.covariance_factor)
    factor[:3] += step_s * factor[3:]
    x_mm, y_mm, z_mm = (
        position + round(velocity * step_ns / SECOND_NS)
        for position, velocity in zip(state.position_mm, state.velocity_mm_per_s, strict=True)
    )
    return msgspec.structs.replace(
        state,
        epoch_ns=epoch_ns,
        position_mm=(x_mm, y_mm, z_mm),
        covariance_factor=factor_entries(factor),
        constant_sigma_mm=combined_sigma(
            state.constant_sigma_mm, 0.5 * ACCELERATION_MAX_M_PER_S2 * 1_000 * step_s**2
        ),
    )


def lower_factor(entries: tuple[int, ...]) -> NDArray[np.float64]:
    """The 6 x 6 lower factor of its 21 entries, in micrometres and micrometres per second."""
    factor = np.zeros((6, 6))
    factor[np.tril_indices(6)] = entries
    return factor


def factor_entries(root: NDArray[np.float64]) -> tuple[int, ...]:
    """The 21 entries of the lower Cholesky factor of A A', for A of 6 rows and 6 or more columns.

    A' = Q R gives A A' = R' R, and R' is the factor but for signs. The diagonal is rounded up, so that what
    the rounding of the other entries does is covered to the micrometre.
    """
    triangle = np.asarray(np.linalg.qr(root.T, mode="r"), dtype=np.float64)
    lower = triangle.T
    lower = lower * np.where(np.diag(lower) < 0, -1.0, 1.0)
    rows, columns = np.tril_indices(6)
    return tuple(
        math.ceil(lower[row, column]) + 1 if row == column else round(float(lower[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    )


def round_place(place: Place, cell_m: int) -> tuple[Place, float]:
    """The place on a grid whose cells are at least `cell_m` wide, and the greatest width of a cell in mm.

    Latitude is rounded first; the step in longitude is widened by the cosine of the rounded latitude.
    Height goes to a multiple of the cell.
    """
    if cell_m == 0:
        return place, 0.0
    step = math.ceil(cell_m * 1_000 / _MM_PER_1E7DEG_MIN)
    latitude = max(-_QUARTER, min(_QUARTER, nearest_multiple(place.latitude_1e7deg, step)))
    longitude_step = min(2 * _HALF, longitude_step_1e7deg(latitude, step))
    longitude = max(-_HALF, min(_HALF, nearest_multiple(place.longitude_1e7deg, longitude_step)))
    rounded = Place(
        latitude_1e7deg=latitude,
        longitude_1e7deg=longitude,
        height_mm=nearest_multiple(place.height_mm, cell_m * 1_000),
    )
    # Seen from the rounded place, the cosine within the cell is greater by at most half a step.
    slack = 1 + math.radians(step / 1e7) * abs(math.tan(math.radians(min(89.0, abs(latitude) / 1e7)))) / 2
    return rounded, step * _MM_PER_1E7DEG_MAX * slack


def longitude_step_1e7deg(latitude_1e7deg: int, step_1e7deg: int) -> int:
    """The step in longitude that is as long at this latitude as `step_1e7deg` is along the meridian."""
    cosine = math.cos(math.radians(latitude_1e7deg / 1e7))
    return 2 * _HALF if cosine * 2 * _HALF <= step_1e7deg else math.ceil(step_1e7deg / cosine)


def round_region(region: Ellipse | Polygon, cell_m: int) -> Ellipse | Polygon:
    """A region on the grid of `round_place` that holds the whole of the given one (rule 4).

    An ellipse keeps its bearing around the rounded centre and grows by `_grown`. A polygon becomes the box of
    its corners on the grid.
    """
    if cell_m == 0:
        return region
    if isinstance(region, Polygon):
        return box_around(region, cell_m)
    centre, width_mm = round_place(region.centre, cell_m)
    if centre == region.centre:
        return region
    moved_m = width_mm / 1_000 / math.sqrt(2)
    # North at the new centre is another direction: meridians meet at the poles.
    latitude = math.radians(min(89.0, abs(centre.latitude_1e7deg) / 1e7))
    moved_m += region.semi_major_m * moved_m / _EARTH_RADIUS_MIN_M * math.tan(latitude)
    semi_major_m, semi_minor_m = _grown(region.semi_major_m, region.semi_minor_m, moved_m, cell_m)
    return msgspec.structs.replace(
        region, centre=centre, semi_major_m=semi_major_m, semi_minor_m=semi_minor_m
    )


def _grown(semi_major_m: int, semi_minor_m: int, moved_m: float, cell_m: int) -> tuple[int, int]:
    """Semi-axes, multiples of the cell, of an ellipse that holds the given one moved by up to `moved_m`.

    The sum of an ellipse with axes a, b and a disc of radius d lies in the one with squared axes
    (1 + e) a^2 + (1 + 1/e) d^2 and (1 + e) b^2 + (1 + 1/e) d^2 for every e > 0; the sum of squares is least
    for e^2 = 2 d^2 / (a^2 + b^2) (Kurzhanski and Valyi, Ellipsoidal Calculus (1997), external bounds of
    sums). Adding d to both axes is not enough unless a = b.
    """
    share = moved_m * math.sqrt(2) / math.hypot(semi_major_m, semi_minor_m)
    axes = (
        math.sqrt((1 + share) * axis_m**2 + (1 + 1 / share) * moved_m**2)
        for axis_m in (semi_major_m, semi_minor_m)
    )
    major_m, minor_m = (min(_SEMI_AXIS_MAX_M, math.ceil(axis_m / cell_m) * cell_m) for axis_m in axes)
    return major_m, minor_m


def box_around(polygon: Polygon, cell_m: int, margin_m: int = 0) -> Polygon:
    """The box on the grid around a polygon, `margin_m` wider on every side; one that spans the antimeridian
    is measured eastwards of it.
    """
    step = math.ceil(cell_m * 1_000 / _MM_PER_1E7DEG_MIN)
    margin = math.ceil(margin_m * 1_000 / _MM_PER_1E7DEG_MIN)
    latitudes = [corner.latitude_1e7deg for corner in polygon.corners]
    longitudes = [corner.longitude_1e7deg for corner in polygon.corners]
    if max(longitudes) - min(longitudes) > _HALF:
        longitudes = [longitude + 2 * _HALF if longitude < 0 else longitude for longitude in longitudes]
    south = max(-_QUARTER, (min(latitudes) - margin) // step * step)
    north = min(_QUARTER, -(-(max(latitudes) + margin) // step) * step)
    farthest = max(abs(south), abs(north))
    across, beside = (longitude_step_1e7deg(farthest, length) if length else 0 for length in (step, margin))
    west = (min(longitudes) - beside) // across * across
    east = -(-(max(longitudes) + beside) // across) * across
    if east - west >= 2 * _HALF:
        west, east = -_HALF, _HALF
    corners = ((south, west), (south, east), (north, east), (north, west))
    return Polygon(
        corners=tuple(
            Place(latitude_1e7deg=latitude, longitude_1e7deg=_wrapped(longitude))
            for latitude, longitude in corners
        )
    )


def _wrapped(longitude_1e7deg: int) -> int:
    if -_HALF <= longitude_1e7deg <= _HALF:
        return longitude_1e7deg
    return (longitude_1e7deg + _HALF) % (2 * _HALF) - _HALF
