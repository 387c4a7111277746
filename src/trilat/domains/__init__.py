"""The concerns: what items mean, one folder each, behind one `Pipeline` protocol."""

from trilat.domains.areas import (
    AREAS_MAX,
    Places,
    WatchArea,
    WatchPlace,
    area_key,
    check_watch_areas,
    read_places,
)
from trilat.domains.coverage import SensorSite, coverage_outline
from trilat.domains.map_places import MapPlace, read_map_places
from trilat.domains.missile import OwnBiases
from trilat.domains.motion import Motion, motion_of, state_of
from trilat.domains.pipeline import Alarm, Dispute, Head, MakeHead, Pipeline, Sight, Threatened
from trilat.domains.places import degrees_of, place_of
from trilat.domains.registry import PIPELINES, pipelines_with
from trilat.domains.threats import (
    AreaThreat,
    Corners,
    ThreatStep,
    continued,
    next_step,
    threat_to,
)

__all__ = [
    "AREAS_MAX",
    "PIPELINES",
    "Alarm",
    "AreaThreat",
    "Corners",
    "Dispute",
    "Head",
    "MakeHead",
    "MapPlace",
    "Motion",
    "OwnBiases",
    "Pipeline",
    "Places",
    "SensorSite",
    "Sight",
    "ThreatStep",
    "Threatened",
    "WatchArea",
    "WatchPlace",
    "area_key",
    "check_watch_areas",
    "continued",
    "coverage_outline",
    "degrees_of",
    "motion_of",
    "next_step",
    "pipelines_with",
    "place_of",
    "read_map_places",
    "read_places",
    "state_of",
    "threat_to",
]
