"""How dense the air is at a height: layers of an exponential atmosphere. One table for falls and filters.

US Standard Atmosphere 1976 as tabulated by Vallado, Fundamentals of Astrodynamics and Applications, 4th
edition (2013), table 8-4: within 15 % of the full model below 100 km, and nothing above it. Winds, seasons
and weather are not modelled.
"""

import math

import numpy as np
from numba import njit

# Above this height there is no air here, metres: a fast body is braked by less than 1 mm/s^2.
AIR_TOP_M = 100_000.0
# Base height m, density kg/m^3, scale height m of each layer.
LAYERS = np.array(
    [
        [0.0, 1.225, 7249.0],
        [25_000.0, 3.899e-2, 6349.0],
        [30_000.0, 1.774e-2, 6682.0],
        [40_000.0, 3.972e-3, 7554.0],
        [50_000.0, 1.057e-3, 8382.0],
        [60_000.0, 3.206e-4, 7714.0],
        [70_000.0, 8.770e-5, 6549.0],
        [80_000.0, 1.905e-5, 5799.0],
        [90_000.0, 3.396e-6, 5382.0],
    ]
)


@njit(cache=True)
def air_density(height_m: float) -> tuple[float, float]:
    """Density, kg/m^3, and its slope d(density)/d(height), kg/m^4, at a height above the ellipsoid.

    Below the ground the lowest layer goes on down to one scale height, and then nothing changes any more.
    """
    if height_m > AIR_TOP_M:
        return 0.0, 0.0
    row = LAYERS.shape[0] - 1
    while row > 0 and height_m < LAYERS[row, 0]:
        row -= 1
    above = height_m - LAYERS[row, 0]
    scale = LAYERS[row, 2]
    if above < -scale:
        return LAYERS[row, 1] * math.e, 0.0
    density = LAYERS[row, 1] * math.exp(-above / scale)
    return density, -density / scale
