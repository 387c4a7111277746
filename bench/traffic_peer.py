"""Stone Soup on the scenes of `traffic.py`: the side it is measured beside.

Its extended filter differentiates the measurement by steps that are wrong for negative coordinates, and the
scene lies about the origin: so the extended filter is timed only, and errors are compared with its unscented
filter.
"""

import datetime as dt
import math
import time

import numpy as np
from stonesoup.dataassociator.probability import JPDAwithEHM2
from stonesoup.dataassociator.tree import DetectionKDTreeGNN2D, DetectionKDTreeMixIn
from stonesoup.functions import gm_reduce_single
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.hypothesiser.probability import PDAHypothesiser
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
from stonesoup.models.transition.linear import LinearGaussianTimeInvariantTransitionModel
from stonesoup.predictor.kalman import KalmanPredictor, UnscentedKalmanPredictor
from stonesoup.types.angle import Bearing, Elevation
from stonesoup.types.array import StateVector, StateVectors
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.types.update import GaussianStateUpdate
from stonesoup.updater.kalman import ExtendedKalmanUpdater, UnscentedKalmanUpdater

START = dt.datetime(2026, 1, 1)  # noqa: DTZ001  it compares naive times
# Where the tree looks around a track: metres of range, in whose space angles are next to nothing.
LOOK_M = 500.0


class TreeEHM2(DetectionKDTreeMixIn, JPDAwithEHM2):
    """Joint probabilities by efficient hypothesis management behind a k-d tree over the plots."""


def models(density, sigmas):
    """Predictors and updaters of both filters for steps of one second."""
    f, q = np.eye(6), np.zeros((6, 6))
    f[:3, 3:] = np.eye(3)
    q[:3, :3], q[3:, 3:] = np.diag(density) / 3, np.diag(density)
    q[:3, 3:] = q[3:, :3] = np.diag(density) / 2
    motion = LinearGaussianTimeInvariantTransitionModel(transition_matrix=f, covariance_matrix=q)
    noise = np.diag(np.square([sigmas[2], sigmas[1], sigmas[0]]))
    sight = CartesianToElevationBearingRange(ndim_state=6, mapping=(0, 1, 2), noise_covar=noise)
    return {
        "EKF": (KalmanPredictor(motion), ExtendedKalmanUpdater(sight), sight),
        "UKF": (UnscentedKalmanPredictor(motion), UnscentedKalmanUpdater(sight), sight),
    }


def detection(row, second, sight):
    """A plot (range, azimuth, elevation) as theirs: elevation, bearing from east, range."""
    values = StateVector([Elevation(row[2]), Bearing(math.pi / 2 - row[1]), row[0]])
    return Detection(values, timestamp=START + dt.timedelta(seconds=second), measurement_model=sight)


def pairs_per_s(name, means, covariances, values, density, sigmas):
    """Predictions and updates a second of CPU, plot i to state i."""
    predictor, updater, sight = models(density, sigmas)[name]
    states = [GaussianState(m[:, None], c, timestamp=START) for m, c in zip(means, covariances, strict=True)]
    plots = [detection(row, 1, sight) for row in values]
    began = time.process_time()
    for state, plot in zip(states, plots, strict=True):
        updater.update(SingleHypothesis(predictor.predict(state, timestamp=plot.timestamp), plot))
    return len(states) / (time.process_time() - began)


def _associator(how, predictor, updater, density, gate):
    if how == "GNN":
        hypothesiser = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=gate)
        return DetectionKDTreeGNN2D(hypothesiser, predictor, updater, max_distance=LOOK_M)
    hypothesiser = PDAHypothesiser(
        predictor, updater, clutter_spatial_density=density, prob_detect=0.9, prob_gate=0.9999
    )
    return TreeEHM2(hypothesiser, predictor, updater, max_distance=LOOK_M)


def _after(multiple, updater):
    """The state of a track after a joint decision: one Gaussian of all its hypotheses."""
    states = [updater.update(h) if h else h.prediction for h in multiple]
    weights = np.array([float(h.probability) for h in multiple])
    means = StateVectors([state.state_vector for state in states])
    covariances = np.stack([np.asarray(state.covar) for state in states], axis=2)
    mean, covariance = gm_reduce_single(means, covariances, weights / weights.sum())
    return GaussianStateUpdate(mean, covariance, multiple, multiple[0].prediction.timestamp)


def follow(how, filter_name, means, covariances, scans, density, sigmas, clutter_density, gate):
    """Tracks from the given states over scans a second apart: CPU seconds of each scan, states (n, 6)."""
    predictor, updater, sight = models(density, sigmas)[filter_name]
    associator = _associator(how, predictor, updater, clutter_density, gate)
    tracks = [
        Track([GaussianState(m[:, None], c, timestamp=START)])
        for m, c in zip(means, covariances, strict=True)
    ]
    spent = []
    for second, values in enumerate(scans, start=1):
        plots = {detection(row, second, sight) for row in values}
        began = time.process_time()
        found = associator.associate(set(tracks), plots, START + dt.timedelta(seconds=second))
        for track, hypothesis in found.items():
            if how == "GNN":
                track.append(updater.update(hypothesis) if hypothesis else hypothesis.prediction)
            else:
                track.append(_after(hypothesis, updater))
        spent.append(time.process_time() - began)
    return spent, np.array([np.asarray(track.state_vector, dtype=float).ravel() for track in tracks])
