"""The unscented filter beside Stone Soup's on the same plots, with the motion integrated by scipy."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import KIND_RADAR, prepare
from trilat.fusion.filters.motion import propagate
from trilat.fusion.filters.unscented import unscented_propagate, unscented_update

Property = pytest.importorskip("stonesoup.base").Property
MeasurementModel = pytest.importorskip("stonesoup.models.measurement.base").MeasurementModel
TransitionModel = pytest.importorskip("stonesoup.models.transition.base").TransitionModel
UnscentedKalmanPredictor = pytest.importorskip("stonesoup.predictor.kalman").UnscentedKalmanPredictor
UnscentedKalmanUpdater = pytest.importorskip("stonesoup.updater.kalman").UnscentedKalmanUpdater
ARRAY = pytest.importorskip("stonesoup.types.array")
CovarianceMatrix, StateVector, StateVectors = ARRAY.CovarianceMatrix, ARRAY.StateVector, ARRAY.StateVectors
Detection = pytest.importorskip("stonesoup.types.detection").Detection
SingleHypothesis = pytest.importorskip("stonesoup.types.hypothesis").SingleHypothesis
GaussianState = pytest.importorskip("stonesoup.types.state").GaussianState

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
DENSITY = 1e-4


class Fall(TransitionModel):  # type: ignore[misc, valid-type]
    """Free fall in ECEF, integrated in an inertial frame: nothing of ours is in it."""

    tools: Any = Property()

    @property
    def ndim_state(self) -> int:
        return 6

    def function(self, state: Any, noise: Any = False, **kwargs: Any) -> Any:  # noqa: ARG002
        seconds = kwargs["time_interval"].total_seconds()
        spin = np.array([0.0, 0.0, self.tools.omega])
        columns = []
        for column in np.asarray(state.state_vector, dtype=float).T:
            start = np.concatenate([column[:3], column[3:] + np.cross(spin, column[:3])])
            end = solve_ivp(
                lambda _, y: np.concatenate([y[3:], self.tools.gravity(y[:3])]),
                (0.0, seconds),
                start,
                method="DOP853",
                rtol=1e-12,
                atol=1e-9,
            ).y[:, -1]
            turned = self.tools.turned(seconds)
            place = turned @ end[:3]
            columns.append(np.concatenate([place, turned @ end[3:] - np.cross(spin, place)]))
        return StateVectors(np.array(columns).T)

    def covar(self, **kwargs: Any) -> Any:
        t = kwargs["time_interval"].total_seconds()
        block = DENSITY * np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
        return CovarianceMatrix(np.kron(block, np.eye(3)))

    def rvs(self, num_samples: int = 1, **kwargs: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")

    def pdf(self, state1: Any, state2: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")


class Seen(MeasurementModel):  # type: ignore[misc, valid-type]
    """Range and the two parts of the direction across the measured one."""

    site: Any = Property()
    axes: Any = Property()
    noise: Any = Property()

    @property
    def ndim_meas(self) -> int:
        return 3

    def function(self, state: Any, noise: Any = False, **kwargs: Any) -> Any:  # noqa: ARG002
        away = np.asarray(state.state_vector, dtype=float)[:3] - self.site[:, None]
        size = np.sqrt((away**2).sum(axis=0))
        rows = np.vstack([size, self.axes[1:] @ (away / size)])
        return StateVectors(rows) if rows.shape[1] > 1 else StateVector(rows)

    def covar(self, **kwargs: Any) -> Any:  # noqa: ARG002
        return CovarianceMatrix(self.noise)

    def rvs(self, num_samples: int = 1, **kwargs: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")

    def pdf(self, state1: Any, state2: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("the unscented filter does not ask for it")


def coast_plots(world: Any, flight: Any, count: int) -> Any:
    plots = [plot for plot in world.radar_plots([flight], 5) if plot.time_ns > world.base_ns + 150 * 10**9]
    return [prepare(plot) for plot in plots[:count]]


def first(world: Any, flight: Any, time_ns: int) -> Any:
    truth = np.concatenate(flight.at((time_ns - world.base_ns) / 1e9))
    shift = np.array([900.0, -700.0, 400.0, 40.0, -20.0, 30.0])
    return truth + shift, np.diag([1e6] * 3 + [2.5e3] * 3)


def test_it_equals_stone_soups_unscented_filter(world: Any, generic_flight: Any) -> None:
    plots = coast_plots(world, generic_flight, 40)
    mean, covariance = first(world, generic_flight, plots[0].time_ns)
    now_ns = plots[0].time_ns

    def instant(time_ns: int) -> dt.datetime:
        # Plots are on whole hundredths of a second, which microseconds hold exactly.
        return START + dt.timedelta(microseconds=(time_ns - plots[0].time_ns) // 1000)

    predictor = UnscentedKalmanPredictor(Fall(tools=world))
    theirs: Any = GaussianState(StateVector(mean), CovarianceMatrix(covariance), timestamp=START)
    for plot in plots:
        mean, covariance = unscented_propagate(mean, covariance, (plot.time_ns - now_ns) / 1e9, DENSITY)
        args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
        mean, covariance, _, _ = unscented_update(mean, covariance, *args)
        now_ns = plot.time_ns
        model = Seen(ndim_state=6, mapping=(0, 1, 2), site=plot.site_m, axes=plot.axes, noise=plot.covariance)
        if plot is not plots[0]:
            theirs = predictor.predict(theirs, timestamp=instant(plot.time_ns))
        seen = Detection(StateVector(plot.values), timestamp=instant(plot.time_ns), measurement_model=model)
        theirs = UnscentedKalmanUpdater(None).update(SingleHypothesis(theirs, seen))
        difference = mean - np.asarray(theirs.state_vector, dtype=float).ravel()
        assert np.max(np.abs(difference[:3])) < 1e-6
        assert np.max(np.abs(difference[3:])) < 1e-7
    scale = np.sqrt(np.diagonal(covariance))
    apart = (covariance - np.asarray(theirs.covar, dtype=float)) / np.outer(scale, scale)
    assert np.max(np.abs(apart)) < 1e-7


def test_it_is_near_the_extended_filter_where_the_motion_is_nearly_linear(
    world: Any, generic_flight: Any
) -> None:
    plots = coast_plots(world, generic_flight, 120)
    ukf: Any
    ekf: Any
    ukf = ekf = first(world, generic_flight, plots[0].time_ns)
    now_ns = plots[0].time_ns
    for plot in plots:
        seconds = (plot.time_ns - now_ns) / 1e9
        now_ns = plot.time_ns
        args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
        ukf = unscented_update(*unscented_propagate(ukf[0], ukf[1], seconds, 1e-7), *args)
        ekf = update(*propagate(ekf[0], ekf[1], seconds, 1e-7), *args)
    # Stone Soup's UKF and our EKF were measured to agree within half a metre on this scenario.
    assert np.linalg.norm(ukf[0][:3] - ekf[0][:3]) < 0.5
    truth = np.concatenate(generic_flight.at((now_ns - world.base_ns) / 1e9))
    assert (ukf[0] - truth) @ np.linalg.solve(ukf[1], ukf[0] - truth) < 22.5  # 99.9 %, 6 degrees


@pytest.mark.parametrize("n", [6, 7, 9])
def test_every_state_keeps_a_positive_definite_covariance(world: Any, n: int) -> None:
    place = world.geodetic(10.0, 20.0, 60_000.0)
    mean = np.concatenate([place, -3e-4 * place, [8.0, 0.1, 0.2][: n - 6]])
    covariance = np.diag(([1e10] * 3 + [1e7] * 3 + [1.0, 400.0, 400.0])[:n])
    for seconds in (0.0, 0.5, 30.0, -1.0, 3600.0):
        new_mean, new = unscented_propagate(mean, covariance, seconds, 1.0)
        assert np.all(np.isfinite(new_mean))
        assert np.linalg.eigvalsh(new / np.sqrt(np.outer(np.diagonal(new), np.diagonal(new))))[0] > 0.0


@pytest.mark.parametrize("spoil", ["behind", "on the sensor"])
def test_a_plot_that_cannot_be_leaves_the_state_alone(world: Any, spoil: str) -> None:
    site = world.geodetic(36.0, 132.5, 0.0)
    up = site / np.linalg.norm(site)
    away = -1e5 * up if spoil == "behind" else np.zeros(3)
    mean = np.concatenate([site + away, np.zeros(3)])
    axes = np.array([up, np.cross([0.0, 0.0, 1.0], up), np.cross(up, np.cross([0.0, 0.0, 1.0], up))])
    noise = np.diag([900.0, 1e-6, 1e-6])
    covariance = np.eye(6)
    result = unscented_update(mean, covariance, KIND_RADAR, np.array([1e5, 0.0, 0.0]), noise, site, axes)
    assert np.array_equal(result[0], mean)
    assert np.array_equal(result[1], covariance)
    assert (result[2], result[3]) == (math.inf, -math.inf)
