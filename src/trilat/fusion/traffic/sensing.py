"""What a sensor would see of a position, beside what it saw: innovation, Jacobian, noise. Kernels.

Every kind of plot is three rows, each divided by its sigma ("whitened": the noise is the unit matrix), that
depend on position only; rows a kind does not have are empty (zero innovation, zero Jacobian), which changes
nothing in a Kalman update. S = H P H' + I is then never badly scaled. Range rate, which depends on velocity
too, is a fourth row of its own (`range_rate`).

Frame: the tracker's local east, north, up, metres. d = axes (p - site) is the object in the sensor's own
east, north, up; azimuth is clockwise from the sensor's north, elevation from its horizontal:

    range r = |d|          azimuth atan2(d_e, d_n)          elevation asin(d_u / r)

Overhead azimuth says nothing and its Jacobian has no bound: when cos(elevation) = rho / r (rho horizontal
range) is below the elevation's own sigma, the azimuth row shrinks with it.

Numbers of a plot, as the kernels take them (`sensor` makes them): `values` (m, 4): range, azimuth, elevation,
range rate, or east, north, up, 0; `weights` (m, 7): for a polar plot the inverse sigmas of range, azimuth,
elevation, then the elevation's sigma, 0, 0; for a position the lower triangle W (w00, w10, w11, w20, w21,
w22) with W R W' = I; last the inverse sigma of range rate, 0 where there is none.
"""

import math

from trilat.fusion.traffic.blocks import Block, Vector
from trilat.fusion.traffic.compiled import inlined
from trilat.geo import FloatArray

# Kinds of sensor as the kernels know them.
RADAR = 0  # range, azimuth, elevation
SURFACE_RADAR = 1  # slant range, azimuth
DIRECTION = 2  # azimuth, elevation
BEARING = 3  # azimuth
POSITION = 4  # east, north, up
SURFACE_POSITION = 5  # east, north

# Nothing is tracked nearer to a sensor than this, metres: directions have no meaning there.
_NEAR_M = 0.1
_TWO_PI = 2.0 * math.pi
_HALF_PI = 0.5 * math.pi

# Whitened innovation, whitened Jacobian by position, and whether it can be.
Sight = tuple[Vector, Block, bool]


@inlined
def wrapped(angle: float) -> float:
    """The angle in [-pi, pi], radians; the argument is within two turns."""
    if angle > math.pi:
        return angle - _TWO_PI if angle <= 3.0 * math.pi else angle - 2.0 * _TWO_PI
    if angle < -math.pi:
        return angle + _TWO_PI if angle >= -3.0 * math.pi else angle + 2.0 * _TWO_PI
    return angle


@inlined
def azimuth_of(e: float, n: float, across: float) -> float:
    """atan2(e, n) with `across` = 1/sqrt(e e + n n): by an arc sine below 45 degrees, without jumps in the
    flow of instructions, three times as fast.
    """
    a, b = abs(e), abs(n)
    angle = math.asin(min(a, b) * across)
    angle = _HALF_PI - angle if a > b else angle
    angle = math.pi - angle if n < 0.0 else angle
    return math.copysign(angle, e)


@inlined
def seen(p: Vector, site: FloatArray, axes: FloatArray) -> tuple[float, float, float, float, float]:
    """The d (east, north, up of the sensor), slant range r and horizontal range rho of a position, metres."""
    x, y, z = p[0] - site[0], p[1] - site[1], p[2] - site[2]
    e = axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z
    n = axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z
    u = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    horizontal2 = e * e + n * n
    return e, n, u, math.sqrt(horizontal2 + u * u), math.sqrt(horizontal2)


@inlined
def turned_back(a: float, b: float, c: float, axes: FloatArray) -> Vector:
    """A row of Jacobian by d as one by p: row axes."""
    return (
        a * axes[0, 0] + b * axes[1, 0] + c * axes[2, 0],
        a * axes[0, 1] + b * axes[1, 1] + c * axes[2, 1],
        a * axes[0, 2] + b * axes[1, 2] + c * axes[2, 2],
    )


@inlined
def sight(
    kind: int, p: Vector, values: FloatArray, weights: FloatArray, i: int, site: FloatArray, axes: FloatArray
) -> Sight:
    """What plot i says against position `p`."""
    if kind >= POSITION:
        return _sight_position(p, values, weights, i)
    return _sight_polar(kind, p, values, weights, i, site, axes)


@inlined
def _sight_position(p: Vector, values: FloatArray, weights: FloatArray, i: int) -> Sight:
    w = weights
    x, y, z = values[i, 0] - p[0], values[i, 1] - p[1], values[i, 2] - p[2]
    nu = (w[i, 0] * x, w[i, 1] * x + w[i, 2] * y, w[i, 3] * x + w[i, 4] * y + w[i, 5] * z)
    return nu, (w[i, 0], 0.0, 0.0, w[i, 1], w[i, 2], 0.0, w[i, 3], w[i, 4], w[i, 5]), True


@inlined
def _sight_polar(
    kind: int, p: Vector, values: FloatArray, weights: FloatArray, i: int, site: FloatArray, axes: FloatArray
) -> Sight:
    e, n, u, r, rho = seen(p, site, axes)
    good = r > _NEAR_M
    r = max(r, _NEAR_M)
    rho = max(rho, 1e-6 * r)
    inverse, across = 1.0 / r, 1.0 / rho
    flat = rho * inverse
    w = weights[i, 1] * min(1.0, flat / weights[i, 3])
    nu1 = wrapped(values[i, 1] - azimuth_of(e, n, across)) * w
    w *= across * across
    h1 = turned_back(n * w, -e * w, 0.0, axes)
    nu0, h0 = 0.0, (0.0, 0.0, 0.0)
    if kind <= SURFACE_RADAR:
        w = weights[i, 0]
        nu0 = (values[i, 0] - r) * w
        w *= inverse
        h0 = turned_back(e * w, n * w, u * w, axes)
    nu2, h2 = 0.0, (0.0, 0.0, 0.0)
    if kind in (RADAR, DIRECTION):
        w = weights[i, 2]
        nu2 = (values[i, 2] - math.asin(min(1.0, max(-1.0, u * inverse)))) * w
        w *= inverse
        down = -w * u * inverse * across
        h2 = turned_back(e * down, n * down, flat * w, axes)
    return (nu0, nu1, nu2), (h0[0], h0[1], h0[2], h1[0], h1[1], h1[2], h2[0], h2[1], h2[2]), good


@inlined
def range_rate(
    p: Vector, v: Vector, site: FloatArray, site_velocity: FloatArray
) -> tuple[float, Vector, Vector]:
    """Predicted range rate (m/s, positive receding) and its Jacobian by position and by velocity."""
    x, y, z = p[0] - site[0], p[1] - site[1], p[2] - site[2]
    r = max(math.sqrt(x * x + y * y + z * z), _NEAR_M)
    x, y, z = x / r, y / r, z / r
    a, b, c = v[0] - site_velocity[0], v[1] - site_velocity[1], v[2] - site_velocity[2]
    rate = x * a + y * b + z * c
    return rate, ((a - rate * x) / r, (b - rate * y) / r, (c - rate * z) / r), (x, y, z)
