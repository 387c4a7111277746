"""Stone Soup's unscented filter of a body that falls freely, with motion and Earth of its own.

Nothing here is the project's: equations of motion from Vallado (Fundamentals of Astrodynamics, 4th edition,
equation 8-30 for J2), constants of WGS-84, geodesy by pyproj, measurement model and filter by Stone Soup. Its
extended filter is not used: in ECEF its numerical Jacobians are wrong where a coordinate is negative.
"""

import datetime as dt
import math
from typing import Any, Final

import numpy as np
import pyproj
from scipy.spatial.transform import Rotation
from stonesoup.base import Property
from stonesoup.functions import build_rotation_matrix
from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
from stonesoup.models.transition.base import TransitionModel
from stonesoup.predictor.kalman import UnscentedKalmanPredictor
from stonesoup.types.array import CovarianceMatrix, StateVector, StateVectors
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import GaussianState, State
from stonesoup.updater.kalman import UnscentedKalmanUpdater

MU, RADIUS, J2, OMEGA = 3.986004418e14, 6378137.0, 1.08262982e-3, 7.292115e-5
SPIN: Final = np.array([0.0, 0.0, OMEGA])
EPOCH: Final = dt.datetime.fromisoformat("1970-01-01")
STEP_S_MAX: Final = 1.0


def acceleration(position: Any, velocity: Any) -> Any:
    """Free fall in the turning frame: rows x, y, z of any number of columns."""
    r = np.linalg.norm(position, axis=0)
    share = 5.0 * position[2] ** 2 / r**2
    oblate = -1.5 * J2 * MU * RADIUS**2 / r**5 * position * np.stack([1 - share, 1 - share, 3 - share])
    turning = np.stack([2 * OMEGA * velocity[1], -2 * OMEGA * velocity[0], np.zeros_like(r)])
    away = OMEGA**2 * np.stack([position[0], position[1], np.zeros_like(r)])
    return -MU / r**3 * position + oblate + turning + away


def fallen(state: Any, seconds: float) -> Any:
    """States (6, n) after so many seconds of free fall, by the classical Runge-Kutta rule."""
    steps = max(1, math.ceil(abs(seconds) / STEP_S_MAX))
    h = seconds / steps

    def rate(y: Any) -> Any:
        return np.concatenate([y[3:], acceleration(y[:3], y[3:])])

    y = np.array(state, dtype=float)
    for _ in range(steps):
        a = rate(y)
        b = rate(y + h / 2 * a)
        c = rate(y + h / 2 * b)
        y = y + h / 6 * (a + 2 * b + 2 * c + rate(y + h * c))
    return y


class FreeFall(TransitionModel):  # type: ignore[misc]  # Stone Soup carries no types
    """The motion above, with white acceleration noise, as Stone Soup takes it."""

    density: float = Property(doc="spectral density of the acceleration noise, m^2/s^3")

    @property
    def ndim_state(self) -> int:
        return 6

    def function(self, state: Any, noise: Any = False, time_interval: Any = None, **_: Any) -> Any:
        assert noise is None or not np.any(noise)
        return StateVectors(fallen(np.asarray(state.state_vector), time_interval.total_seconds()))

    def covar(self, time_interval: Any = None, **_: Any) -> Any:
        h = time_interval.total_seconds()
        block = np.array([[h**3 / 3, h**2 / 2], [h**2 / 2, h]])
        return CovarianceMatrix(self.density * np.kron(block, np.eye(3)))

    def pdf(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")

    def rvs(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")


def radar(latitude_deg: float, longitude_deg: float, height_m: float, sigmas: Any) -> Any:
    """Stone Soup's radar at a geodetic place: sigmas of range (m), azimuth and elevation (rad).

    Its axes are north, west and up, so that its bearing is our azimuth with the other sign.
    """
    place = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(
        longitude_deg, latitude_deg, height_m
    )
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    north = [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)]
    west = [math.sin(lon), -math.cos(lon), 0.0]
    up = [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)]
    wanted = np.array([north, west, up])
    x, y, z = Rotation.from_matrix(wanted).as_euler("XYZ")
    offset = np.array([[-x], [y], [-z]])
    assert np.allclose(build_rotation_matrix(offset), wanted, atol=1e-12)
    range_sigma, azimuth_sigma, elevation_sigma = sigmas
    return CartesianToElevationBearingRange(
        ndim_state=6,
        mapping=(0, 1, 2),
        noise_covar=CovarianceMatrix(np.diag([elevation_sigma**2, azimuth_sigma**2, range_sigma**2])),
        translation_offset=StateVector(np.array(place)[:, None]),
        rotation_offset=offset,
    )


def state(values: Any) -> Any:
    """A state (6,) as Stone Soup keeps it."""
    return State(np.array(values)[:, None])


def place_of(plot: Any, model: Any) -> Any:
    """ECEF position (3,) of a plot, by Stone Soup's inverse of its measurement."""
    measured = StateVector(np.array([[plot.elevation_rad], [-plot.azimuth_rad], [plot.range_m]]))
    return np.asarray(model.inverse_function(Detection(measured)), dtype=float).ravel()[:3]


def instant(time_ns: int) -> dt.datetime:
    """An instant as Stone Soup keeps it; whole microseconds only."""
    assert time_ns % 1000 == 0
    return EPOCH + dt.timedelta(microseconds=time_ns // 1000)


class Filter:
    """Stone Soup's unscented filter, fed plot by plot."""

    def __init__(self, mean: Any, covariance: Any, time_ns: int, density: float) -> None:
        self._predictor = UnscentedKalmanPredictor(FreeFall(density=density))
        self._updater = UnscentedKalmanUpdater()
        self._state = GaussianState(np.array(mean)[:, None], np.array(covariance), instant(time_ns))

    def add(self, plot: Any, model: Any) -> None:
        """Takes a plot with range, azimuth and elevation."""
        measured = StateVector(
            np.array([[plot.elevation_rad], [math.remainder(-plot.azimuth_rad, math.tau)], [plot.range_m]])
        )
        detection = Detection(measured, timestamp=instant(plot.time_ns), measurement_model=model)
        prediction = self._predictor.predict(self._state, timestamp=detection.timestamp)
        posterior = self._updater.update(SingleHypothesis(prediction, detection))
        self._state = GaussianState(posterior.state_vector, posterior.covar, detection.timestamp)

    def at(self, time_ns: int) -> tuple[Any, Any]:
        """Mean (6,) and covariance (6, 6) at the instant of the last plot, or after it."""
        prediction = self._state
        if instant(time_ns) != prediction.timestamp:
            prediction = self._predictor.predict(prediction, timestamp=instant(time_ns))
        return np.asarray(prediction.state_vector, dtype=float).ravel(), np.asarray(prediction.covar, float)
