"""Nouns of Trilat."""

from trilat.model.errors import ObservationError, ScenarioError, TrilatError

__all__ = ["ObservationError", "ScenarioError", "TrilatError"]
