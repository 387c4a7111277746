"""The concerns: what items mean, one folder each, behind one `Pipeline` protocol."""

from trilat.domains.missile import OwnBiases
from trilat.domains.motion import Motion, motion_of, state_of
from trilat.domains.pipeline import Alarm, Dispute, Head, MakeHead, Pipeline, Sight
from trilat.domains.places import degrees_of, place_of
from trilat.domains.registry import PIPELINES, pipelines_with

__all__ = [
    "PIPELINES",
    "Alarm",
    "Dispute",
    "Head",
    "MakeHead",
    "Motion",
    "OwnBiases",
    "Pipeline",
    "Sight",
    "degrees_of",
    "motion_of",
    "pipelines_with",
    "place_of",
    "state_of",
]
