"""Trilat: partners share what they track, each under the agreements it has signed."""

__version__ = "0.1.0"
__all__ = ["__version__"]
