"""The concerns: what items mean, one folder each, behind one `Pipeline` protocol."""

from trilat.domains.pipeline import Alarm, Head, MakeHead, Pipeline, Sight
from trilat.domains.places import degrees_of, place_of
from trilat.domains.registry import PIPELINES

__all__ = ["PIPELINES", "Alarm", "Head", "MakeHead", "Pipeline", "Sight", "degrees_of", "place_of"]
