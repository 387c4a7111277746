"""Two ways to draw that every random world uses."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


def some(draw: Random, values: Sequence[_T], least: int = 0) -> tuple[_T, ...]:
    """Any number of the values, in any order."""
    return tuple(draw.sample(values, draw.randint(least, len(values))))


def seldom(draw: Random) -> bool:
    """About once in twenty."""
    return draw.random() < 0.05
