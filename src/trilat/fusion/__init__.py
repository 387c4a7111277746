"""Estimates from observations: filters, association, tracklets, combination and products.

Feed a `Tracker` with plots, tracklets and partners' tracks, read `TrackEstimate`s at any instant, and make
launch and impact estimates of them. States are ECEF WGS-84, m and m/s; instants are integer UTC nanoseconds.
This part knows no recipient, no policy and no scenario.
"""

from trilat.fusion.bound import clairvoyant_bound
from trilat.fusion.compiling import compile_kernels
from trilat.fusion.existence import SensorModel
from trilat.fusion.filters.motion import propagate
from trilat.fusion.observation import (
    FALLING,
    STAGES,
    DirectionObservation,
    EquivalentObservation,
    Observation,
    Plot,
    RadarObservation,
    SourceTrack,
)
from trilat.fusion.products.apogee import ApogeeEstimate, apogee_estimate
from trilat.fusion.products.events import FlightEvent, burn_end_estimate, burn_end_of, separation_estimate
from trilat.fusion.products.impact import Ellipse, ImpactEstimate, ellipse95, impact_estimate
from trilat.fusion.products.launch import LaunchEstimate, launch_estimate
from trilat.fusion.products.passage import Fall, PassageEstimate, passage_estimate, passage_of
from trilat.fusion.products.watch import Threat, ellipse_corners, impact_probability, threat_of
from trilat.fusion.registration.joint import Registration
from trilat.fusion.registration.objects import RegistrationSettings
from trilat.fusion.registration.plots import (
    BiasPrior,
    BiasTable,
    PositionReport,
    SensorBias,
    corrected_plot,
    left_over_sigma_m,
)
from trilat.fusion.sharing.combine import (
    combined,
    correlated_sum,
    covariance_intersection,
    information_difference,
    information_sum,
    inverse_covariance_intersection,
    squared_distance,
)
from trilat.fusion.sharing.compressor import Compressor
from trilat.fusion.sharing.exchange import Contribution, Exchange, ExchangeLimits, ExchangeOutcome
from trilat.fusion.sharing.lineage import Pedigree, Rule, RuleChoice, RuleReason, rule_for
from trilat.fusion.sharing.partners import TrackEstimate, coasted
from trilat.fusion.sharing.tracklet import equivalent_measurement
from trilat.fusion.sharing.window import window_tracklet
from trilat.fusion.track import ASSOCIATIONS, TrackerSettings
from trilat.fusion.tracker import Assignment, Tracker

__all__ = [
    "ASSOCIATIONS",
    "FALLING",
    "STAGES",
    "ApogeeEstimate",
    "Assignment",
    "BiasPrior",
    "BiasTable",
    "Compressor",
    "Contribution",
    "DirectionObservation",
    "Ellipse",
    "EquivalentObservation",
    "Exchange",
    "ExchangeLimits",
    "ExchangeOutcome",
    "Fall",
    "FlightEvent",
    "ImpactEstimate",
    "LaunchEstimate",
    "Observation",
    "PassageEstimate",
    "Pedigree",
    "Plot",
    "PositionReport",
    "RadarObservation",
    "Registration",
    "RegistrationSettings",
    "Rule",
    "RuleChoice",
    "RuleReason",
    "SensorBias",
    "SensorModel",
    "SourceTrack",
    "Threat",
    "TrackEstimate",
    "Tracker",
    "TrackerSettings",
    "apogee_estimate",
    "burn_end_estimate",
    "burn_end_of",
    "clairvoyant_bound",
    "coasted",
    "combined",
    "compile_kernels",
    "corrected_plot",
    "correlated_sum",
    "covariance_intersection",
    "ellipse95",
    "ellipse_corners",
    "equivalent_measurement",
    "impact_estimate",
    "impact_probability",
    "information_difference",
    "information_sum",
    "inverse_covariance_intersection",
    "launch_estimate",
    "left_over_sigma_m",
    "passage_estimate",
    "passage_of",
    "propagate",
    "rule_for",
    "separation_estimate",
    "squared_distance",
    "threat_of",
    "window_tracklet",
]
