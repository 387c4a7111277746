"""Sharing: what parties send each other of their estimates, and how it joins without double counting."""

__all__: list[str] = []
