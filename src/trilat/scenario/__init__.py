"""Truth: worlds that fly vehicles and let generic sensors observe them. Never imports fusion.

    named_scenario(name) or Scenario(...) -> observe(scenario, seed) -> plots
                                          -> truth_rows(scenario)    -> what a score is held against

A trajectory comes from a vehicle (`fly`), from free motion (`coast`) or from elsewhere; sensors come from
a scenario, a sites file (`read_sites`) or `generic_radars`. Nothing here is real: figures are generic.
"""

from trilat.scenario.flight import Pad, fly
from trilat.scenario.generic import generic_infrared, generic_radar, generic_radars
from trilat.scenario.motion import (
    air_density_kg_per_m3,
    coast,
    compile_kernels,
    fall_to_ground,
    gravity_m_per_s2,
)
from trilat.scenario.named import named_scenario, named_scenarios
from trilat.scenario.observation import Plot, observe
from trilat.scenario.output import TruthRow, plots_text, simulate_files, truth_rows, truth_text
from trilat.scenario.recorded import (
    ALTITUDE_M_MAX,
    ALTITUDE_M_MIN,
    DURATION_S_MAX,
    SAMPLES_MIN,
    SPEED_M_PER_S_MAX,
    Departure,
    RecordedStage,
    trajectories_from_stages,
    trajectory_from_telemetry,
)
from trilat.scenario.sensor import Sensor
from trilat.scenario.simulated import DeclaredArea, PublicRecord, Scenario
from trilat.scenario.sites import read_sites, sites_text
from trilat.scenario.trajectory import Trajectory
from trilat.scenario.vehicle import Stage, Vehicle

__all__ = [
    "ALTITUDE_M_MAX",
    "ALTITUDE_M_MIN",
    "DURATION_S_MAX",
    "SAMPLES_MIN",
    "SPEED_M_PER_S_MAX",
    "DeclaredArea",
    "Departure",
    "Pad",
    "Plot",
    "PublicRecord",
    "RecordedStage",
    "Scenario",
    "Sensor",
    "Stage",
    "Trajectory",
    "TruthRow",
    "Vehicle",
    "air_density_kg_per_m3",
    "coast",
    "compile_kernels",
    "fall_to_ground",
    "fly",
    "generic_infrared",
    "generic_radar",
    "generic_radars",
    "gravity_m_per_s2",
    "named_scenario",
    "named_scenarios",
    "observe",
    "plots_text",
    "read_sites",
    "simulate_files",
    "sites_text",
    "trajectories_from_stages",
    "trajectory_from_telemetry",
    "truth_rows",
    "truth_text",
]
