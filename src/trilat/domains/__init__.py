"""The concerns: what items mean, one folder each, behind one `Pipeline` protocol."""

from trilat.domains.areas import Places, WatchArea, WatchPlace, read_places
from trilat.domains.motion import Motion, motion_of, state_of
from trilat.domains.pipeline import Alarm, Dispute, Head, MakeHead, Pipeline, Sight
from trilat.domains.places import degrees_of, place_of
from trilat.domains.registry import PIPELINES

__all__ = [
    "PIPELINES",
    "Alarm",
    "Dispute",
    "Head",
    "MakeHead",
    "Motion",
    "Pipeline",
    "Places",
    "Sight",
    "WatchArea",
    "WatchPlace",
    "degrees_of",
    "motion_of",
    "place_of",
    "read_places",
    "state_of",
]
