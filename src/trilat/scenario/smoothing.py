"""Smoothing of recorded numbers: the path with the least jerk that their rounding allows.

Whittaker's smoother (Proceedings of the Edinburgh Mathematical Society 41, 1923) on a uniform grid: minimise

    sum((y - z)^2 / s^2) + sum((d^k z / dt^k)^2) dt / q

with samples y of sigma s, and k = 3 for a position (the penalty is on jerk) or k = 2 for a speed. Where there
are no samples z goes on as a polynomial of order k - 1: a position at constant acceleration.
"""

import math

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from trilat.geo import FloatArray

JERK_M2_PER_S5 = {2: 4.0, 3: 0.25}
"""Spectral density q of the jerk that is expected, by k: of a speed a few m/s^3 for a second, as at cut-off;
of an altitude less, because a cut-off shows in the speed, and altitudes are rounded more coarsely."""


def smooth(
    grid: FloatArray,
    t_s: FloatArray,
    values: FloatArray,
    sigma: FloatArray,
    order: int,
    slopes: tuple[FloatArray, FloatArray] | None = None,
    *,
    robust: bool = True,
) -> FloatArray:
    """Smooth values on a uniform grid (n,), linear in between; `slopes` are (value, sigma) at its points.

    Robust: samples beyond three sigma count for less (Huber's weights, five rounds).
    """
    step = float(grid[1] - grid[0])
    count = grid.size
    place = np.clip((t_s - grid[0]) / step, 0.0, count - 1.0)
    left = np.minimum(place.astype(np.int64), count - 2)
    share = place - left
    rows = np.arange(t_s.size)
    read = sparse.csr_matrix(
        (np.r_[1.0 - share, share], (np.r_[rows, rows], np.r_[left, left + 1])), shape=(t_s.size, count)
    )
    coefficients = [math.comb(order, k) * (-1.0) ** (order - k) for k in range(order + 1)]
    bend = sparse.diags(coefficients, range(order + 1), shape=(count - order, count)) / step**order
    normal = (bend.T @ bend) * (step / JERK_M2_PER_S5[order])
    right = np.zeros(count)
    if slopes is not None:
        # Central differences inside: the rate of a grid point is that of the points beside it.
        middle = sparse.diags([-0.5, 0.5], [0, 2], shape=(count - 2, count)) / step
        weight = sparse.diags(step / slopes[1][1:-1] ** 2)
        normal = normal + middle.T @ weight @ middle
        right = middle.T @ (weight @ slopes[0][1:-1])
    weights = np.ones(t_s.size)
    result = np.zeros(count)
    for _ in range(5 if robust else 1):
        scale = sparse.diags(weights / sigma**2)
        result = spsolve((normal + read.T @ scale @ read).tocsc(), right + read.T @ (scale @ values))
        residual = np.abs(read @ result - values) / sigma
        weights = np.minimum(1.0, 3.0 / np.maximum(residual, 1e-9))
    return np.asarray(result)
