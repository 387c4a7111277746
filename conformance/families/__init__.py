"""The families of cases, in order of the rules of spec/."""

from typing import Final

from conformance.families import (
    answers,
    areas,
    clauses,
    conditions,
    consents,
    downgrades,
    forms,
    hidden,
    labels,
    paths,
    portions,
    staff,
)
from conformance.families.parts import Family

_MODULES: Final = (
    labels,
    paths,
    clauses,
    forms,
    consents,
    staff,
    answers,
    areas,
    conditions,
    downgrades,
    portions,
    hidden,
)

FAMILIES: Final[tuple[Family, ...]] = tuple(
    sorted(
        (family for module in _MODULES for family in module.families()),
        key=lambda family: family.rule,
    )
)
"""All of them; within a rule in the order in which its module gives them."""

__all__ = ["FAMILIES"]
