"""What a sensor would have seen of a state, and how far that is from what it saw. Kernels.

A plot is prepared once (`prepare`) into a `Measurement`: numbers only, in ECEF. Range and direction are
compared along the right-handed axes of the *measured* direction, so that nothing is singular at the zenith:

    u  measured direction            nu_1 = range - |p - s|
    e1 towards growing azimuth       nu_2 = -e1 . (p - s)/|p - s|      (radians)
    e2 towards growing elevation     nu_3 = -e2 . (p - s)/|p - s|      (radians)
                                     nu_4 = range rate - (p - s)/|p - s| . v

with s the site. The standard deviation across e1 is sigma_azimuth sqrt(cos^2 E + sigma_E^2 sin^2 E): the
second term is the chance that the true elevation is not the measured one, and keeps it above zero overhead.
A tracklet is compared with the whole state.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.special import chdtri

from trilat.fusion.observation import DirectionObservation, EquivalentObservation, Plot, RadarObservation
from trilat.geo import FloatArray, enu_rotation

# Kinds of measurement as the kernels know them, and the length of each.
KIND_RADAR = 0
KIND_RADAR_RATE = 1
KIND_DIRECTION = 2
KIND_EQUIVALENT = 3

# No plot is believed to be better than this, whatever its sigmas say: the model of sites, air and clocks is
# not, and narrower ones beside ranges of thousands of kilometres leave no digits in a float.
RANGE_SIGMA_M_MIN = 1e-2
ANGLE_SIGMA_RAD_MIN = 1e-7
RATE_SIGMA_M_PER_S_MIN = 1e-3

# A tracklet's axis with a larger sigma than this says nothing: it does not count in the gate.
UNOBSERVED_POSITION_M = 3.0e6
UNOBSERVED_SPEED_M_PER_S = 3.0e4


@dataclass(frozen=True, eq=False)
class Measurement:
    """A plot as numbers: `values` (m,), `covariance` (m, m), `site_m` (3,), `axes` (3, 3) rows u, e1, e2.

    `key` orders measurements of all sorts the same way whatever the order of arrival; `scan` is equal for
    plots of which an object can give only one. `covariance` is of the whole error of this plot alone. Some
    of it, up to `constant_sigma_m` on each axis of the position, may be the same in the next tracklet.
    """

    key: tuple[object, ...]
    scan: tuple[object, ...]
    time_ns: int
    source: str
    sensor: str
    kind: int
    values: FloatArray
    covariance: FloatArray
    site_m: FloatArray
    axes: FloatArray
    degrees_of_freedom: int
    constant_sigma_m: float = 0.0


def prepare(plot: Plot) -> Measurement:
    """The plot as numbers in ECEF, m, rad and m/s, with its place in the order of all plots."""
    if isinstance(plot, EquivalentObservation):
        return _prepare_equivalent(plot)
    axes = direction_axes(plot)
    across = plot.azimuth_sigma_rad * math.sqrt(
        math.cos(plot.elevation_rad) ** 2 + (plot.elevation_sigma_rad * math.sin(plot.elevation_rad)) ** 2
    )
    sigmas = [max(across, ANGLE_SIGMA_RAD_MIN), max(plot.elevation_sigma_rad, ANGLE_SIGMA_RAD_MIN)]
    values = [0.0, 0.0]
    kind = KIND_DIRECTION
    if isinstance(plot, RadarObservation):
        sigmas.insert(0, max(plot.range_sigma_m, RANGE_SIGMA_M_MIN))
        values.insert(0, plot.range_m)
        kind = KIND_RADAR
        if plot.range_rate_m_per_s is not None and plot.range_rate_sigma_m_per_s is not None:
            sigmas.append(max(plot.range_rate_sigma_m_per_s, RATE_SIGMA_M_PER_S_MIN))
            values.append(plot.range_rate_m_per_s)
            kind = KIND_RADAR_RATE
    numbers = (plot.azimuth_rad, plot.elevation_rad, *values, *sigmas, *map(float, plot.site_ecef_m))
    return Measurement(
        key=(int(plot.time_ns), plot.source, plot.sensor, kind, numbers),
        scan=(int(plot.time_ns), plot.source, plot.sensor, kind == KIND_DIRECTION, ()),
        time_ns=int(plot.time_ns),
        source=plot.source,
        sensor=plot.sensor,
        kind=kind,
        values=np.array(values),
        covariance=np.diag(np.square(sigmas)),
        # A kernel is compiled once per kind of array: all are fresh, writable copies.
        site_m=plot.site_ecef_m.copy(),
        axes=axes,
        degrees_of_freedom=len(values),
    )


def _prepare_equivalent(plot: EquivalentObservation) -> Measurement:
    numbers = (*map(float, plot.mean), *map(float, plot.covariance.ravel()))
    covariance = 0.5 * (plot.covariance + plot.covariance.T)
    if plot.constant_sigma_m:
        numbers = (*numbers, float(plot.constant_sigma_m))
        covariance = covariance + np.diag(np.repeat([plot.constant_sigma_m**2, 0.0], 3))
    known = np.linalg.eigvalsh(covariance[:3, :3]) < UNOBSERVED_POSITION_M**2
    known_rate = np.linalg.eigvalsh(covariance[3:, 3:]) < UNOBSERVED_SPEED_M_PER_S**2
    time_ns = int(plot.time_ns)
    return Measurement(
        key=(time_ns, plot.source, plot.sensor, KIND_EQUIVALENT, numbers),
        scan=(time_ns, plot.source, plot.sensor, KIND_EQUIVALENT, () if plot.sensor else numbers),
        time_ns=time_ns,
        source=plot.source,
        sensor=plot.sensor,
        kind=KIND_EQUIVALENT,
        values=plot.mean.copy(),
        covariance=covariance,
        site_m=np.zeros(3),
        axes=np.eye(3),
        degrees_of_freedom=max(1, int(known.sum() + known_rate.sum())),
        constant_sigma_m=float(plot.constant_sigma_m),
    )


def direction_axes(plot: RadarObservation | DirectionObservation) -> FloatArray:
    """Rows u, e1, e2 (3, 3) in ECEF: measured direction, growing azimuth, growing elevation."""
    sin_a, cos_a = math.sin(plot.azimuth_rad), math.cos(plot.azimuth_rad)
    sin_e, cos_e = math.sin(plot.elevation_rad), math.cos(plot.elevation_rad)
    local = np.array(
        [
            [cos_e * sin_a, cos_e * cos_a, sin_e],
            [cos_a, -sin_a, 0.0],
            [-sin_e * sin_a, -sin_e * cos_a, cos_e],
        ]
    )
    return local @ _site_rotation(float(plot.site_latitude_rad), float(plot.site_longitude_rad))


@lru_cache(maxsize=1024)
def _site_rotation(latitude_rad: float, longitude_rad: float) -> FloatArray:
    return np.ascontiguousarray(enu_rotation(latitude_rad, longitude_rad))


@lru_cache(maxsize=64)
def gate(degrees_of_freedom: int, tail: float) -> float:
    """The squared distance that a true plot exceeds with probability `tail` (chi-square)."""
    return float(chdtri(degrees_of_freedom, tail))


@njit(cache=True)
def innovation(
    state: FloatArray, kind: int, values: FloatArray, site: FloatArray, axes: FloatArray
) -> tuple[FloatArray, FloatArray, bool]:
    """Innovation nu (m,), Jacobian H (m, n) and whether the object is on the measured side of the sensor.

    The equations are in the module; H is d(predicted)/d(state), with n = 6 or 9.
    """
    nu = np.zeros(values.shape[0])
    h = np.zeros((values.shape[0], state.shape[0]))
    ahead = fill_innovation(state, kind, values, site, axes, nu, h)
    return nu, h, ahead


@njit(cache=True)
def fill_innovation(
    state: FloatArray,
    kind: int,
    values: FloatArray,
    site: FloatArray,
    axes: FloatArray,
    nu: FloatArray,
    h: FloatArray,
) -> bool:
    """As `innovation`, written to nu (at least m) and H (at least m, 6); False where there is none.

    Of H the first three columns are written, and six where the measurement knows of speed.
    """
    if kind == KIND_EQUIVALENT:
        for i in range(6):
            nu[i] = values[i] - state[i]
            for j in range(6):
                h[i, j] = 1.0 if i == j else 0.0
        return True
    x, y, z = state[0] - site[0], state[1] - site[1], state[2] - site[2]
    r = math.sqrt(x * x + y * y + z * z)
    if r < 0.5:
        return False
    x, y, z = x / r, y / r, z / r
    row = 0
    if kind != KIND_DIRECTION:
        nu[0] = values[0] - r
        h[0, 0], h[0, 1], h[0, 2] = x, y, z
        row = 1
    for k in range(1, 3):
        along = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z
        nu[row] = values[row] - along
        h[row, 0] = (axes[k, 0] - along * x) / r
        h[row, 1] = (axes[k, 1] - along * y) / r
        h[row, 2] = (axes[k, 2] - along * z) / r
        row += 1
    if kind == KIND_RADAR_RATE:
        rate = x * state[3] + y * state[4] + z * state[5]
        nu[3] = values[3] - rate
        for i in range(3):
            for j in range(3, 6):
                h[i, j] = 0.0
        h[3, 0] = (state[3] - rate * x) / r
        h[3, 1] = (state[4] - rate * y) / r
        h[3, 2] = (state[5] - rate * z) / r
        h[3, 3], h[3, 4], h[3, 5] = x, y, z
    ahead: bool = axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z > 0.0
    return ahead
