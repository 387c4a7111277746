"""Many tracks in one call: each carried to its plot and corrected by it. Arrays with one row per track.

    carry_and_correct(means, covariances, seconds, density, kind, values, noise, sites, axes)

One covariance layout, (n, 6, 6), (n, 7, 7) or (n, 9, 9), as of `motion.propagate`; the arrays are changed in
place and nothing is allocated in the loop. It is the same arithmetic as `propagate` and `update` of one
track, bit by bit.
"""

import numpy as np
from numba import njit

from trilat.fusion.filters.kalman import correct
from trilat.fusion.filters.motion import advance, room
from trilat.geo import FloatArray


@njit(cache=True)
def carry_and_correct(
    means: FloatArray,
    covariances: FloatArray,
    seconds: FloatArray,
    density: float,
    kind: int,
    values: FloatArray,
    noise: FloatArray,
    sites: FloatArray,
    axes: FloatArray,
) -> FloatArray:
    """Squared innovation distances (n,), infinite where a plot cannot be of its track, which stays predicted.

    Args:
        means: states (n, k), k = 6, 7 or 9, ECEF, m and m/s; changed in place.
        covariances: (n, k, k); changed in place.
        seconds: (n,) from each track's instant to its plot's.
        density: noise density as in `motion.propagate`.
        kind: one kind of measurement for all (`measurement.KIND_...`).
        values: (n, m) as in `measurement.Measurement`.
        noise: (n, m, m).
        sites: (n, 3).
        axes: (n, 3, 3).
    """
    n = means.shape[0]
    distances = np.empty(n)
    work = room()
    for i in range(n):
        advance(means[i], covariances[i], means.shape[1], seconds[i], density, work)
        distances[i], _ = correct(
            means[i], covariances[i], means.shape[1], kind, values[i], noise[i], sites[i], axes[i], work
        )
    return distances
