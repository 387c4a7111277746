"""Studies: many nodes, one seed, one simulated clock; runs under regimes, scored against the truth."""

from trilat.study.account import Account, Flow, account_of, run_with_account
from trilat.study.federation import Crash, Federation, FederationSettings
from trilat.study.presets import PRESETS, Preset, find_agreements, preset
from trilat.study.recorded import recorded_scenario
from trilat.study.referee import violations
from trilat.study.run import Run, RunSettings, people_of, play, run
from trilat.study.ships import DRILL, ShipDrill, ingest_ais, ship_drill
from trilat.study.truth import Yardstick

__all__ = [
    "DRILL",
    "PRESETS",
    "Account",
    "Crash",
    "Federation",
    "FederationSettings",
    "Flow",
    "Preset",
    "Run",
    "RunSettings",
    "ShipDrill",
    "Yardstick",
    "account_of",
    "find_agreements",
    "ingest_ais",
    "people_of",
    "play",
    "preset",
    "recorded_scenario",
    "run",
    "run_with_account",
    "ship_drill",
    "violations",
]
