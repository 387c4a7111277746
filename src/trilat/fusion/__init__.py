"""Estimates from observations: filters, association, tracklets, combination and products.

Feed a `Tracker` with plots, tracklets and partners' tracks, read `TrackEstimate`s at any instant, and make
launch and impact estimates of them. States are ECEF WGS-84, m and m/s; instants are integer UTC nanoseconds.
This part knows no recipient, no policy and no scenario.
"""

from trilat.fusion.bound import clairvoyant_bound
from trilat.fusion.combine import (
    combined,
    correlated_sum,
    covariance_intersection,
    information_difference,
    information_sum,
    inverse_covariance_intersection,
    squared_distance,
)
from trilat.fusion.compiling import compile_kernels
from trilat.fusion.compressor import Compressor
from trilat.fusion.exchange import Contribution, Exchange, ExchangeLimits, ExchangeOutcome
from trilat.fusion.existence import SensorModel
from trilat.fusion.impact import Ellipse, ImpactEstimate, ellipse95, impact_estimate
from trilat.fusion.launch import LaunchEstimate, launch_estimate
from trilat.fusion.lineage import Pedigree, Rule, RuleChoice, RuleReason, rule_for
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
from trilat.fusion.track import ASSOCIATIONS, TrackerSettings
from trilat.fusion.tracker import Assignment, Tracker
from trilat.fusion.tracklet import equivalent_measurement
from trilat.fusion.window import window_tracklet

__all__ = [
    "ASSOCIATIONS",
    "STAGES",
    "Assignment",
    "Compressor",
    "Contribution",
    "DirectionObservation",
    "Ellipse",
    "EquivalentObservation",
    "Exchange",
    "ExchangeLimits",
    "ExchangeOutcome",
    "ImpactEstimate",
    "LaunchEstimate",
    "Observation",
    "Pedigree",
    "Plot",
    "RadarObservation",
    "Rule",
    "RuleChoice",
    "RuleReason",
    "SensorModel",
    "SourceTrack",
    "TrackEstimate",
    "Tracker",
    "TrackerSettings",
    "clairvoyant_bound",
    "coasted",
    "combined",
    "compile_kernels",
    "correlated_sum",
    "covariance_intersection",
    "ellipse95",
    "equivalent_measurement",
    "impact_estimate",
    "information_difference",
    "information_sum",
    "inverse_covariance_intersection",
    "launch_estimate",
    "rule_for",
    "squared_distance",
    "window_tracklet",
]
