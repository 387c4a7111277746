"""What a planted mutant of spec/ is."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One change: the rule, what is wrong then, the text and what takes its place."""

    rule: int
    wrong: str
    text: str
    instead: str
