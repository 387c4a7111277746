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
from trilat.domains.motion import Motion, motion_of, state_of
from trilat.domains.pipeline import Alarm, Dispute, Head, MakeHead, Pipeline, Sight, Threatened
from trilat.domains.places import degrees_of, place_of
from trilat.domains.registry import PIPELINES
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
    "Motion",
    "Pipeline",
    "Places",
    "Sight",
    "ThreatStep",
    "Threatened",
    "WatchArea",
    "WatchPlace",
    "area_key",
    "check_watch_areas",
    "continued",
    "degrees_of",
    "motion_of",
    "next_step",
    "place_of",
    "read_places",
    "state_of",
    "threat_to",
]
