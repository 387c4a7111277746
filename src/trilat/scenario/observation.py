"""Observation: the plots that the sensors of a scenario give, for one seed.

Every sensor has a random stream of its own, made from the seed and the sensor's name alone, and draws
the same numbers whether or not an object is in view. So switching off the sensors of one party, or
adding an object that a sensor does not see after the others, changes no plot of any other sensor.

A plot says nothing of which object it came from. Missed detections are drawn by the sensor's detection
probability; there is no clutter. Plots are rounded as they are written to files (see `output`), so a
plot in memory and a plot read back are the same.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trilat.geo import FloatArray
from trilat.model import ScenarioError
from trilat.scenario.sensor import Sensor
from trilat.scenario.simulated import NANOSECONDS_PER_SECOND, Scenario
from trilat.scenario.trajectory import Trajectory

# Decimals kept: a tenth of a millimetre and a nanoradian lie far below every sigma.
RANGE_DECIMALS, ANGLE_DECIMALS, RATE_DECIMALS = 4, 9, 4
# Largest elevation of that many decimals which is still not past the zenith.
_ELEVATION_RAD_MAX = 1.570796326
_SEED_MAX = 2**63 - 1


@dataclass(frozen=True, order=True)
class Plot:
    """One measurement of one sensor at one instant; conventions in `sensor`. None: not measured."""

    t_ns: int
    sensor_id: str
    range_m: float | None
    azimuth_rad: float
    elevation_rad: float
    range_rate_m_per_s: float | None


def observe(scenario: Scenario, seed: int, silent_parties: frozenset[str] = frozenset()) -> tuple[Plot, ...]:
    """All plots of the scenario, sorted by instant and sensor; the same seed gives the same bits.

    Raises:
        ScenarioError: the seed is not in 0..2^63-1, or a silent party owns no sensor here.
    """
    if not 0 <= seed <= _SEED_MAX:
        raise ScenarioError(f"seed `{seed}` must lie between 0 and 2^63 - 1")
    unknown = sorted(silent_parties - set(scenario.parties))
    if unknown:
        raise ScenarioError(
            f"party `{unknown[0]}` owns no sensor here: choose from {', '.join(scenario.parties)}"
        )
    plots: list[Plot] = []
    for sensor in scenario.sensors:
        if sensor.party not in silent_parties:
            plots += sensor_plots(scenario, sensor, seed)
    # Two objects in one scan share instant and sensor; the sort is stable, and the order within one
    # sensor was drawn by its own stream, so that it does not tell which object a plot came from.
    return tuple(sorted(plots, key=lambda plot: (plot.t_ns, plot.sensor_id)))


def sensor_plots(scenario: Scenario, sensor: Sensor, seed: int) -> list[Plot]:
    """Plots of one sensor in order of time, from its own random stream."""
    # The spawn key keeps streams of different names apart (numpy's SeedSequence is made for that).
    stream = np.random.SeedSequence(seed, spawn_key=tuple(sensor.sensor_id.encode()))
    generator = np.random.Generator(np.random.PCG64(stream))
    scans_ns = _scan_times_ns(sensor, scenario.duration_s)
    turns = generator.random(scans_ns.size)
    by_object = [_object_plots(scenario, sensor, path, scans_ns, generator) for path in scenario.trajectories]
    plots: list[Plot] = []
    for scan, turn in enumerate(turns):
        found = [rows[scan] for rows in by_object if scan in rows]
        start = int(turn * len(found))
        plots += found[start:] + found[:start]
    return plots


def _scan_times_ns(sensor: Sensor, duration_s: float) -> npt.NDArray[np.int64]:
    """Instants of the scans in nanoseconds since launch; integers, so that they never drift."""
    offset_ns = round(sensor.offset_s * NANOSECONDS_PER_SECOND)
    period_ns = round(sensor.period_s * NANOSECONDS_PER_SECOND)
    return np.arange(offset_ns, round(duration_s * NANOSECONDS_PER_SECOND) + 1, period_ns, dtype=np.int64)


def _object_plots(
    scenario: Scenario,
    sensor: Sensor,
    path: Trajectory,
    scans_ns: npt.NDArray[np.int64],
    generator: np.random.Generator,
) -> dict[int, Plot]:
    """Plots of one object by number of scan."""
    chances = generator.random(scans_ns.size)
    errors = generator.standard_normal((scans_ns.size, 4))
    times = scans_ns / NANOSECONDS_PER_SECOND
    scans = np.flatnonzero(path.covers(times))
    position, velocity = path.state_at(times[scans])
    measured = sensor.measure(position, velocity)
    seen = sensor.sees(position, measured, path.burning(times[scans]))
    seen &= chances[scans] < sensor.detection_probability
    sigmas = np.array(
        [
            sensor.range_sigma_m or 0.0,
            sensor.azimuth_sigma_rad,
            sensor.elevation_sigma_rad,
            sensor.range_rate_sigma_m_per_s or 0.0,
        ]
    )
    noisy = _folded(measured + sigmas * errors[scans])
    return {
        int(scan): _plot(sensor, scenario.launch_ns + int(scans_ns[scan]), row)
        for scan, row in zip(scans[seen], noisy[seen], strict=True)
    }


def _folded(measured: FloatArray) -> FloatArray:
    """Measurements (n, 4) with the elevation within a quarter turn and the azimuth within a whole one.

    An error near the zenith can carry the elevation past it; then the same direction has the opposite
    azimuth.
    """
    folded = measured.copy()
    elevation = measured[:, 2]
    over = np.abs(elevation) > np.pi / 2
    folded[over, 2] = np.sign(elevation[over]) * np.pi - elevation[over]
    folded[over, 1] += np.pi
    folded[:, 1] %= 2.0 * np.pi
    return folded


def _plot(sensor: Sensor, t_ns: int, row: FloatArray) -> Plot:
    distance, azimuth, elevation, rate = (float(value) for value in row)
    has_rate = sensor.range_rate_sigma_m_per_s is not None
    return Plot(
        t_ns=t_ns,
        sensor_id=sensor.sensor_id,
        range_m=None if sensor.range_sigma_m is None else round(distance, RANGE_DECIMALS),
        azimuth_rad=round(azimuth, ANGLE_DECIMALS),
        elevation_rad=min(max(round(elevation, ANGLE_DECIMALS), -_ELEVATION_RAD_MAX), _ELEVATION_RAD_MAX),
        range_rate_m_per_s=round(rate, RATE_DECIMALS) if has_rate else None,
    )
