"""Compiles every kernel of this folder once, into numba's cache: each kind of sensor, each way to decide."""

import numpy as np

from trilat.fusion.traffic.sensor import SensorKind, TrafficSensor
from trilat.fusion.traffic.settings import NS_PER_S, Association, Motion, TrafficSettings
from trilat.fusion.traffic.tracker import TrafficTracker

# Something 10 km north, 4 km up, as each kind of sensor has it; the range rate comes last.
_SEEN: dict[SensorKind, tuple[float, ...]] = {
    SensorKind.RADAR: (10_770.0, 0.0, 0.38, 0.0),
    SensorKind.SURFACE_RADAR: (10_770.0, 0.0, 0.0),
    SensorKind.DIRECTION: (0.0, 0.38),
    SensorKind.BEARING: (0.0,),
    SensorKind.POSITION: (0.0, 1e4, 4e3),
    SensorKind.SURFACE_POSITION: (0.0, 1e4),
}
_SCANS = 6


def compile_kernels() -> None:
    """Follows one thing that stands still, with every sensor, association and motion."""
    sensors = [
        TrafficSensor(
            kind.name, kind, range_rate_sigma_m_per_s=1.0 if kind <= SensorKind.SURFACE_RADAR else None
        )
        for kind in SensorKind
    ]
    for association in Association:
        for motion in Motion:
            tracker = TrafficTracker(sensors, TrafficSettings(association=association, motion=motion))
            for second in range(_SCANS):
                for sensor in sensors:
                    seen = np.array([_SEEN[sensor.kind]])
                    tracker.add_scan(sensor.name, second * NS_PER_S, np.vstack([seen, seen * 1.5]))
            tracker.estimates(_SCANS * NS_PER_S, confirmed_only=False)
