"""Ships and aircraft in great number: scans of many plots in, tracks that live and end out.

A `TrafficTracker` takes scans of `TrafficSensor`s (radar, direction, position as of AIS and ADS-B) and keeps
thousands of tracks in one `LocalFrame`. It knows no recipient, no policy and no scenario. Objects that fall
or burn belong to `trilat.fusion.Tracker`.
"""

from trilat.fusion.traffic.compiling import compile_kernels
from trilat.fusion.traffic.frame import LocalFrame
from trilat.fusion.traffic.sensor import SensorKind, TrafficSensor
from trilat.fusion.traffic.settings import REFUSALS, Association, Motion, TrafficSettings
from trilat.fusion.traffic.tracker import ScanAnswer, TrafficPicture, TrafficTracker

__all__ = [
    "REFUSALS",
    "Association",
    "LocalFrame",
    "Motion",
    "ScanAnswer",
    "SensorKind",
    "TrafficPicture",
    "TrafficSensor",
    "TrafficSettings",
    "TrafficTracker",
    "compile_kernels",
]
