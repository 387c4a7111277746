"""Output: a scenario as the three files of `trilat scenario simulate`, as text; the caller writes them.

- `plots.csv`: t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s; empty where not measured.
- `sites.toml`: see `sites`.
- `truth.csv`: t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s; ECEF, WGS-84.

Numbers have a fixed count of decimals and lines end in a line feed, so the same seed gives the same bytes.
"""

from dataclasses import dataclass

import numpy as np

from trilat.model import ScenarioError
from trilat.scenario.observation import (
    ANGLE_DECIMALS,
    RANGE_DECIMALS,
    RATE_DECIMALS,
    Plot,
    observe,
)
from trilat.scenario.simulated import NANOSECONDS_PER_SECOND, Scenario
from trilat.scenario.sites import sites_text

_PLOT_COLUMNS = "t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s"
_TRUTH_COLUMNS = "t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s"
# More rows of truth than this is a mistake in the step.
_TRUTH_ROWS_MAX = 5_000_000


@dataclass(frozen=True, order=True)
class TruthRow:
    """True state of one object at one instant: ECEF metres and metres per second."""

    t_ns: int
    object_id: str
    position_m: tuple[float, float, float]
    velocity_m_per_s: tuple[float, float, float]


def truth_rows(scenario: Scenario, step_s: float = 1.0) -> tuple[TruthRow, ...]:
    """True states every `step_s` since launch while each object exists, sorted by instant and object."""
    longest_s = max(path.end_s for path in scenario.trajectories)
    if not (step_s > 0.0 and longest_s / step_s * len(scenario.trajectories) < _TRUTH_ROWS_MAX):
        raise ScenarioError(f"step `{step_s}` s must be positive and give under {_TRUTH_ROWS_MAX} rows")
    steps = np.arange(int(longest_s / step_s) + 1)
    instants_ns = np.round(steps * (step_s * NANOSECONDS_PER_SECOND)).astype(np.int64)
    rows = []
    for path in scenario.trajectories:
        inside = instants_ns[path.covers(instants_ns / NANOSECONDS_PER_SECOND)]
        position, velocity = path.state_at(inside / NANOSECONDS_PER_SECOND)
        rows += [
            TruthRow(scenario.launch_ns + int(at), path.object_id, (x, y, z), (vx, vy, vz))
            for at, (x, y, z), (vx, vy, vz) in zip(inside, position.tolist(), velocity.tolist(), strict=True)
        ]
    return tuple(sorted(rows, key=lambda row: (row.t_ns, row.object_id)))


def simulate_files(scenario: Scenario, seed: int) -> dict[str, str]:
    """Name and text of each file of a simulated scenario, bit for bit the same for the same seed."""
    return {
        "plots.csv": plots_text(observe(scenario, seed)),
        "sites.toml": sites_text(scenario.sensors),
        "truth.csv": truth_text(truth_rows(scenario)),
    }


def plots_text(plots: tuple[Plot, ...]) -> str:
    """The plots as CSV."""
    lines = [_PLOT_COLUMNS]
    for plot in plots:
        distance = "" if plot.range_m is None else f"{plot.range_m:.{RANGE_DECIMALS}f}"
        rate = "" if plot.range_rate_m_per_s is None else f"{plot.range_rate_m_per_s:.{RATE_DECIMALS}f}"
        angles = f"{plot.azimuth_rad:.{ANGLE_DECIMALS}f},{plot.elevation_rad:.{ANGLE_DECIMALS}f}"
        lines.append(f"{plot.t_ns},{plot.sensor_id},{distance},{angles},{rate}")
    return "\n".join(lines) + "\n"


def truth_text(rows: tuple[TruthRow, ...]) -> str:
    """The truth as CSV: positions to a tenth of a millimetre, velocities to a micrometre per second."""
    lines = [_TRUTH_COLUMNS]
    for row in rows:
        position = ",".join(f"{value:.4f}" for value in row.position_m)
        velocity = ",".join(f"{value:.6f}" for value in row.velocity_m_per_s)
        lines.append(f"{row.t_ns},{row.object_id},{position},{velocity}")
    return "\n".join(lines) + "\n"
