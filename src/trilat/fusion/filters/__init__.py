"""Filters: how objects move, what sensors measure, and the estimate of one object under a bank of models."""

__all__: list[str] = []
