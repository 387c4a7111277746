"""Kalman filters of nearly constant velocity over arrays of tracks: predict, update, both at once. Kernels.

States are (n, 6): position and velocity in the tracker's local frame, metres and m/s; covariances are packed
(n, 21) as in `blocks`. The transition is the identity with dt beside the diagonal, so a prediction is

    A+ = A + dt (B + B') + dt^2 C + q dt^3/3       B+ = B + dt C + q dt^2/2       C+ = C + q dt

with q the spectral density of white acceleration noise of each axis, m^2/s^3 (Bar-Shalom, Li, Kirubarajan,
Estimation with Applications to Tracking and Navigation, 2001, section 6.2.2). A plot depends on position
only (`sensing`), so its three rows need the 3 x 3 block H alone. Rows are whitened,
so R = I, and the covariance after an update is Joseph's

    M = P - K (P H')'       P+ = M (I - K H)' + K K' = M - (M H' - K) K'

written by blocks, upper triangles only: symmetric to the bit. Range rate follows as a scalar update whose
innovation is taken at the predicted state, which is the same as one update by four rows.

The unscented filter (Julier and Uhlmann, 2004) uses the lower Cholesky factor, position first: its last
three columns move velocity only, so a plot is looked at from seven points instead of thirteen.
"""

import math

import numpy as np

from trilat.fusion.traffic import blocks
from trilat.fusion.traffic.blocks import Block, Symmetric, Vector
from trilat.fusion.traffic.compiled import inlined, kernel
from trilat.fusion.traffic.sensing import POSITION, SURFACE_RADAR, range_rate, sight, wrapped
from trilat.geo import FloatArray

Packed = tuple[Symmetric, Block, Symmetric]


@inlined
def predicted(p: Packed, dt: float, q0: float, q1: float, q2: float) -> Packed:
    """The covariance blocks after dt seconds."""
    a, b, c = p
    half, third = 0.5 * dt * dt, dt * dt * dt / 3.0
    dt2 = dt * dt
    a_new = (
        a[0] + 2.0 * dt * b[0] + dt2 * c[0] + q0 * third,
        a[1] + dt * (b[1] + b[3]) + dt2 * c[1],
        a[2] + dt * (b[2] + b[6]) + dt2 * c[2],
        a[3] + 2.0 * dt * b[4] + dt2 * c[3] + q1 * third,
        a[4] + dt * (b[5] + b[7]) + dt2 * c[4],
        a[5] + 2.0 * dt * b[8] + dt2 * c[5] + q2 * third,
    )
    b_new = (
        b[0] + dt * c[0] + q0 * half,
        b[1] + dt * c[1],
        b[2] + dt * c[2],
        b[3] + dt * c[1],
        b[4] + dt * c[3] + q1 * half,
        b[5] + dt * c[4],
        b[6] + dt * c[2],
        b[7] + dt * c[4],
        b[8] + dt * c[5] + q2 * half,
    )
    c_new = (c[0] + q0 * dt, c[1], c[2], c[3] + q1 * dt, c[4], c[5] + q2 * dt)
    return a_new, b_new, c_new


@kernel
def predict(means: FloatArray, covariances: FloatArray, dt: float, density: FloatArray) -> None:
    """Carries every track dt seconds on, in place; `density` (3,) by axis, m^2/s^3."""
    q0, q1, q2 = density[0], density[1], density[2]
    for i in range(means.shape[0]):
        for k in range(3):
            means[i, k] += dt * means[i, 3 + k]
        a, b, c = predicted(blocks.unpack(covariances, i), dt, q0, q1, q2)
        blocks.pack(covariances, i, a, b, c)


@inlined
def innovation_factor(a: Symmetric, h: Block) -> tuple[Block, blocks.Factor]:
    """A H' and the factor of S = H A H' + I."""
    w = blocks.times_transposed(blocks.full(a), h)
    s = blocks.times_upper(h, w)
    return w, blocks.factor((s[0] + 1.0, s[1], s[2], s[3] + 1.0, s[4], s[5] + 1.0))


@inlined
def updated(p: Packed, h: Block, nu: Vector) -> tuple[Vector, Vector, Packed]:
    """What an update adds to position and to velocity, and the covariance blocks after it."""
    a, b, c = p
    w, low = innovation_factor(a, h)
    wv = blocks.transposed_times_transposed(b, h)
    kp, kv = blocks.rows_solved(low, w), blocks.rows_solved(low, wv)
    ma = blocks.minus_symmetric(a, blocks.times_transposed_upper(kp, w))
    mb = blocks.minus(b, blocks.times_transposed(kp, wv))
    mc = blocks.minus_symmetric(c, blocks.times_transposed_upper(kv, wv))
    ep = blocks.minus(blocks.times_transposed(blocks.full(ma), h), kp)
    ev = blocks.minus(blocks.transposed_times_transposed(mb, h), kv)
    a_new = blocks.minus_symmetric(ma, blocks.times_transposed_upper(ep, kp))
    b_new = blocks.minus(mb, blocks.times_transposed(ep, kv))
    c_new = blocks.minus_symmetric(mc, blocks.times_transposed_upper(ev, kv))
    return blocks.applied(kp, nu), blocks.applied(kv, nu), (a_new, b_new, c_new)


@kernel
def rate_updated(p: Packed, hp: Vector, hv: Vector, nu: float) -> tuple[Vector, Vector, Packed, float]:
    """What one more whitened row (range rate) adds to position and velocity, P after it, and its S."""
    a, b, c = p
    wp = blocks.plus_vector(blocks.applied(blocks.full(a), hp), blocks.applied(b, hv))
    wv = blocks.plus_vector(blocks.applied(blocks.transposed(b), hp), blocks.applied(blocks.full(c), hv))
    s = blocks.dot(hp, wp) + blocks.dot(hv, wv) + 1.0
    kp, kv = blocks.scaled(wp, 1.0 / s), blocks.scaled(wv, 1.0 / s)
    ma = blocks.less_outer_upper(a, kp, wp)
    mb = blocks.less_outer(b, kp, wv)
    mc = blocks.less_outer_upper(c, kv, wv)
    ep = blocks.plus_vector(blocks.applied(blocks.full(ma), hp), blocks.applied(mb, hv))
    ev = blocks.plus_vector(blocks.applied(blocks.transposed(mb), hp), blocks.applied(blocks.full(mc), hv))
    ep = blocks.plus_vector(ep, blocks.scaled(kp, -1.0))
    ev = blocks.plus_vector(ev, blocks.scaled(kv, -1.0))
    after = (
        blocks.less_outer_upper(ma, ep, kp),
        blocks.less_outer(mb, ep, kv),
        blocks.less_outer_upper(mc, ev, kv),
    )
    return blocks.scaled(kp, nu), blocks.scaled(kv, nu), after, s


@kernel
def filtered(
    kind: int,
    p: Vector,
    v: Vector,
    before: Packed,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    site_velocity: FloatArray,
    axes: FloatArray,
) -> tuple[Vector, Vector, Packed, bool]:
    """Position, velocity and covariance blocks of one predicted track after plot i, all its rows."""
    nu, h, good = sight(kind, p, values, weights, i, site, axes)
    if not good:
        return p, v, before, False
    dp, dv, after = updated(before, h, nu)
    weight = weights[i, 6]
    if kind <= SURFACE_RADAR and weight > 0.0:
        rate, hp, hv = range_rate(p, v, site, site_velocity)
        hp, hv = blocks.scaled(hp, weight), blocks.scaled(hv, weight)
        left = (values[i, 3] - rate) * weight - blocks.dot(hp, dp) - blocks.dot(hv, dv)
        ep, ev, after, _ = rate_updated(after, hp, hv, left)
        dp, dv = blocks.plus_vector(dp, ep), blocks.plus_vector(dv, ev)
    return blocks.plus_vector(p, dp), blocks.plus_vector(v, dv), after, True


@kernel
def distance(
    kind: int,
    p: Vector,
    v: Vector,
    before: Packed,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    site_velocity: FloatArray,
    axes: FloatArray,
) -> tuple[float, float]:
    """Squared distance of plot i from a predicted track, and log det S of whitened rows; inf: cannot be."""
    nu, h, good = sight(kind, p, values, weights, i, site, axes)
    if not good:
        return np.inf, 0.0
    _, low = innovation_factor(before[0], h)
    away = blocks.dot(nu, blocks.solved(low, nu))
    spread = 1.0 / (low[3] * low[4] * low[5])
    weight = weights[i, 6]
    if kind <= SURFACE_RADAR and weight > 0.0:
        dp, dv, after = updated(before, h, nu)
        rate, hp, hv = range_rate(p, v, site, site_velocity)
        hp, hv = blocks.scaled(hp, weight), blocks.scaled(hv, weight)
        left = (values[i, 3] - rate) * weight - blocks.dot(hp, dp) - blocks.dot(hv, dv)
        _, _, _, s = rate_updated(after, hp, hv, left)
        away += left * left / s
        spread *= s
    if not (away >= 0.0 and spread > 0.0):
        return np.inf, 0.0
    return away, math.log(spread)


@kernel
def ekf(
    means: FloatArray,
    covariances: FloatArray,
    dt: float,
    density: FloatArray,
    kind: int,
    values: FloatArray,
    weights: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> None:
    """Predicts track i by dt seconds and updates it with plot i, in place, for all i: one pair each.

    `values` (n, 4) and `weights` (n, 7) as in `sensing`; range rate is left out here.
    """
    q0, q1, q2 = density[0], density[1], density[2]
    for i in range(means.shape[0]):
        v = (means[i, 3], means[i, 4], means[i, 5])
        p = (means[i, 0] + dt * v[0], means[i, 1] + dt * v[1], means[i, 2] + dt * v[2])
        before = predicted(blocks.unpack(covariances, i), dt, q0, q1, q2)
        nu, h, good = sight(kind, p, values, weights, i, site, axes)
        dp, dv, after = updated(before, h, nu)
        if not good:
            dp, dv, after = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), before
        means[i, 0], means[i, 1], means[i, 2] = p[0] + dp[0], p[1] + dp[1], p[2] + dp[2]
        means[i, 3], means[i, 4], means[i, 5] = v[0] + dv[0], v[1] + dv[1], v[2] + dv[2]
        blocks.pack(covariances, i, after[0], after[1], after[2])


# Spread of the sigma points: alpha, beta, kappa = 3 - n of Julier and Uhlmann's scaled transform.
UKF_ALPHA = 0.5
UKF_BETA = 2.0
_LAMBDA = 3.0 * UKF_ALPHA**2 - 6.0
_C = 6.0 + _LAMBDA
_W = 0.5 / _C
_W0_MEAN = _LAMBDA / _C
_W0_COVARIANCE = _W0_MEAN + 1.0 - UKF_ALPHA**2 + UKF_BETA


@kernel
def ukf(
    means: FloatArray,
    covariances: FloatArray,
    dt: float,
    density: FloatArray,
    kind: int,
    values: FloatArray,
    weights: FloatArray,
    site: FloatArray,
    axes: FloatArray,
) -> None:
    """As `ekf`, by the unscented transform with alpha 0.5, beta 2, kappa -3 (points redrawn to update)."""
    q0, q1, q2 = density[0], density[1], density[2]
    for i in range(means.shape[0]):
        v = (means[i, 3], means[i, 4], means[i, 5])
        p = (means[i, 0] + dt * v[0], means[i, 1] + dt * v[1], means[i, 2] + dt * v[2])
        before = predicted(blocks.unpack(covariances, i), dt, q0, q1, q2)
        a, b, c = before
        root = _position_root(a)
        nu, up, down, good = _sights(kind, p, root, values, weights, i, site, axes)
        dp, dv, after = _unscented(before, root, nu, up, down)
        if not good:
            dp, dv, after = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (a, b, c)
        means[i, 0], means[i, 1], means[i, 2] = p[0] + dp[0], p[1] + dp[1], p[2] + dp[2]
        means[i, 3], means[i, 4], means[i, 5] = v[0] + dv[0], v[1] + dv[1], v[2] + dv[2]
        blocks.pack(covariances, i, after[0], after[1], after[2])


@inlined
def _position_root(a: Symmetric) -> Block:
    """Lower Cholesky factor of the position block; its columns, times sqrt(c), are the points' offsets."""
    l00 = math.sqrt(a[0])
    l10, l20 = a[1] / l00, a[2] / l00
    l11 = math.sqrt(a[3] - l10 * l10)
    l21 = (a[4] - l20 * l10) / l11
    return l00, 0.0, 0.0, l10, l11, 0.0, l20, l21, math.sqrt(a[5] - l20 * l20 - l21 * l21)


@inlined
def _sights(
    kind: int,
    p: Vector,
    root: Block,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[Vector, Block, Block, bool]:
    """Innovation at the centre and, by columns, how far the points above and below differ from it."""
    nu, _, good = sight(kind, p, values, weights, i, site, axes)
    s = math.sqrt(_C)
    around = weights[i, 1]
    rows = (
        (s * root[0], s * root[3], s * root[6]),
        (0.0, s * root[4], s * root[7]),
        (0.0, 0.0, s * root[8]),
    )
    up0, down0 = _two_sides(kind, p, rows[0], nu, around, values, weights, i, site, axes)
    up1, down1 = _two_sides(kind, p, rows[1], nu, around, values, weights, i, site, axes)
    up2, down2 = _two_sides(kind, p, rows[2], nu, around, values, weights, i, site, axes)
    up = (up0[0], up1[0], up2[0], up0[1], up1[1], up2[1], up0[2], up1[2], up2[2])
    down = (down0[0], down1[0], down2[0], down0[1], down1[1], down2[1], down0[2], down1[2], down2[2])
    return nu, up, down, good


@kernel
def _two_sides(
    kind: int,
    p: Vector,
    step: Vector,
    nu: Vector,
    around: float,
    values: FloatArray,
    weights: FloatArray,
    i: int,
    site: FloatArray,
    axes: FloatArray,
) -> tuple[Vector, Vector]:
    """Predicted plot at p + step and at p - step less that at p, whitened, azimuth the short way round."""
    plus = (p[0] + step[0], p[1] + step[1], p[2] + step[2])
    less = (p[0] - step[0], p[1] - step[1], p[2] - step[2])
    a, _, _ = sight(kind, plus, values, weights, i, site, axes)
    b, _, _ = sight(kind, less, values, weights, i, site, axes)
    y0, y1 = nu[1] - a[1], nu[1] - b[1]
    if kind < POSITION:
        y0, y1 = wrapped(y0 / around) * around, wrapped(y1 / around) * around
    return (nu[0] - a[0], y0, nu[2] - a[2]), (nu[0] - b[0], y1, nu[2] - b[2])


@inlined
def _unscented(
    before: Packed, root: Block, nu: Vector, up: Block, down: Block
) -> tuple[Vector, Vector, Packed]:
    """The update by points: z_mean, S and the cross covariances from the differences at both sides."""
    a, b, c = before
    mean = (
        _W * (up[0] + up[1] + up[2] + down[0] + down[1] + down[2]),
        _W * (up[3] + up[4] + up[5] + down[3] + down[4] + down[5]),
        _W * (up[6] + up[7] + up[8] + down[6] + down[7] + down[8]),
    )
    s = _spread(up, down, mean)
    # Cross covariance: sum w (+-sqrt(c) L_k)(z_k - mean)' = w sqrt(c) L (up - down)'.
    d = blocks.minus(up, down)
    weight = _W * math.sqrt(_C)
    w = _times_scaled(root, d, weight)
    # Velocity's rows of the factor: L_v = B' L^-T, so L_v (up - down)' w = B' A^-1 (L (up - down)' w).
    low = blocks.factor(a)
    wv = _cross(b, low, w)
    low = blocks.factor(s)
    kp, kv = blocks.rows_solved(low, w), blocks.rows_solved(low, wv)
    left = (nu[0] - mean[0], nu[1] - mean[1], nu[2] - mean[2])
    after = (
        blocks.minus_symmetric(a, blocks.times_transposed_upper(kp, w)),
        blocks.minus(b, blocks.times_transposed(kp, wv)),
        blocks.minus_symmetric(c, blocks.times_transposed_upper(kv, wv)),
    )
    return blocks.applied(kp, left), blocks.applied(kv, left), after


@inlined
def _times_scaled(a: Block, b: Block, s: float) -> Block:
    t = blocks.times_transposed(a, b)
    return t[0] * s, t[1] * s, t[2] * s, t[3] * s, t[4] * s, t[5] * s, t[6] * s, t[7] * s, t[8] * s


@inlined
def _cross(b: Block, low: blocks.Factor, w: Block) -> Block:
    """B' A^-1 W, with the factor of A."""
    x = blocks.rows_solved(low, blocks.transposed(w))
    return blocks.transposed_times_transposed(b, x)


@inlined
def _spread(up: Block, down: Block, mean: Vector) -> Symmetric:
    """S = sum of weighted squares about the mean + I; the six velocity points lie at the centre."""
    u, d, m = up, down, mean
    # The centre and the six points of velocity have no difference from the centre: they add m m' only.
    centre = _W0_COVARIANCE + 6.0 * _W
    s00 = centre * m[0] * m[0] + 1.0
    s01 = centre * m[0] * m[1]
    s02 = centre * m[0] * m[2]
    s11 = centre * m[1] * m[1] + 1.0
    s12 = centre * m[1] * m[2]
    s22 = centre * m[2] * m[2] + 1.0
    for k in range(6):
        x = (u[k] if k < 3 else d[k - 3]) - m[0]
        y = (u[3 + k] if k < 3 else d[k]) - m[1]
        z = (u[6 + k] if k < 3 else d[3 + k]) - m[2]
        s00 += _W * x * x
        s01 += _W * x * y
        s02 += _W * x * z
        s11 += _W * y * y
        s12 += _W * y * z
        s22 += _W * z * z
    return s00, s01, s02, s11, s12, s22
