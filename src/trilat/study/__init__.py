"""Studies: many nodes, one seed, one simulated clock; runs under regimes, scored against the truth."""

from trilat.study.account import Account, Flow, account_of, run_with_account
from trilat.study.federation import Crash, Federation, FederationSettings
from trilat.study.feed import plain_reports
from trilat.study.metrics import (
    Gospa,
    Instant,
    gospa,
    gospa_over_time,
    honest_interval,
    nees,
    nis,
    ospa,
    position_rmse_m,
    velocity_rmse_m_per_s,
)
from trilat.study.parties import EXCHANGE_S_MAX, FUSIONS, party_pictures
from trilat.study.plots import (
    Aside,
    PlotFile,
    ReferenceFile,
    TruePath,
    read_plots,
    read_references,
    read_truth,
)
from trilat.study.presets import (
    PRESETS,
    Preset,
    agreement_files,
    find_agreements,
    partners_of,
    preset,
)
from trilat.study.recorded import recorded_scenario
from trilat.study.referee import Played, violations
from trilat.study.registering import plain_biases, priors_of
from trilat.study.replayed import Replayed, judge
from trilat.study.run import Run, RunSettings, people_of, play, run
from trilat.study.ships import DRILL, SHIPS_LEVEL, ShipDrill, ShipRun, ingest_ais, ship_drill, ship_run
from trilat.study.siap import Association, History, Siap, associate, siap
from trilat.study.tracking import TrackRun, track_plots, tracks_text
from trilat.study.tracking_scores import sample_instants, scores
from trilat.study.truth import Yardstick

__all__ = [
    "DRILL",
    "EXCHANGE_S_MAX",
    "FUSIONS",
    "PRESETS",
    "SHIPS_LEVEL",
    "Account",
    "Aside",
    "Association",
    "Crash",
    "Federation",
    "FederationSettings",
    "Flow",
    "Gospa",
    "History",
    "Instant",
    "Played",
    "PlotFile",
    "Preset",
    "ReferenceFile",
    "Replayed",
    "Run",
    "RunSettings",
    "ShipDrill",
    "ShipRun",
    "Siap",
    "TrackRun",
    "TruePath",
    "Yardstick",
    "account_of",
    "agreement_files",
    "associate",
    "find_agreements",
    "gospa",
    "gospa_over_time",
    "honest_interval",
    "ingest_ais",
    "judge",
    "nees",
    "nis",
    "ospa",
    "partners_of",
    "party_pictures",
    "people_of",
    "plain_biases",
    "plain_reports",
    "play",
    "position_rmse_m",
    "preset",
    "priors_of",
    "read_plots",
    "read_references",
    "read_truth",
    "recorded_scenario",
    "run",
    "run_with_account",
    "sample_instants",
    "scores",
    "ship_drill",
    "ship_run",
    "siap",
    "track_plots",
    "tracks_text",
    "velocity_rmse_m_per_s",
    "violations",
]
