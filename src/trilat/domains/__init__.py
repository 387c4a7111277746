"""The concerns: what items mean, one folder each, behind one `Pipeline` protocol."""

from trilat.domains.pipeline import Alarm, Head, MakeHead, Pipeline, Sight

__all__ = ["Alarm", "Head", "MakeHead", "Pipeline", "Sight"]
