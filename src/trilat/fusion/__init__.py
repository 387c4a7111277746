"""Estimates from observations: filters, association, tracklets, combination and products.

Feed a `Tracker` with plots, tracklets and partners' tracks, read `TrackEstimate`s at any instant, and make
launch and impact estimates of them. States are ECEF WGS-84, m and m/s; instants are integer UTC nanoseconds.
This part knows no recipient, no policy and no scenario.
"""

from trilat.fusion.bound import clairvoyant_bound
from trilat.fusion.combine import covariance_intersection, information_sum, squared_distance
from trilat.fusion.compiling import compile_kernels
from trilat.fusion.impact import Ellipse, ImpactEstimate, ellipse95, impact_estimate
from trilat.fusion.launch import LaunchEstimate, launch_estimate
from trilat.fusion.observation import (
    STAGES,
    DirectionObservation,
    EquivalentObservation,
    Observation,
    Plot,
    RadarObservation,
    SourceTrack,
)
from trilat.fusion.partners import TrackEstimate, coasted
from trilat.fusion.registration import Registration
from trilat.fusion.registration_objects import RegistrationSettings
from trilat.fusion.registration_plots import (
    BiasPrior,
    BiasTable,
    PositionReport,
    SensorBias,
    corrected_plot,
    left_over_sigma_m,
)
from trilat.fusion.track import TrackerSettings
from trilat.fusion.tracker import Tracker
from trilat.fusion.tracklet import equivalent_measurement

__all__ = [
    "STAGES",
    "BiasPrior",
    "BiasTable",
    "DirectionObservation",
    "Ellipse",
    "EquivalentObservation",
    "ImpactEstimate",
    "LaunchEstimate",
    "Observation",
    "Plot",
    "PositionReport",
    "RadarObservation",
    "Registration",
    "RegistrationSettings",
    "SensorBias",
    "SourceTrack",
    "TrackEstimate",
    "Tracker",
    "TrackerSettings",
    "clairvoyant_bound",
    "coasted",
    "compile_kernels",
    "corrected_plot",
    "covariance_intersection",
    "ellipse95",
    "equivalent_measurement",
    "impact_estimate",
    "information_sum",
    "launch_estimate",
    "left_over_sigma_m",
    "squared_distance",
]
