"""The families of cases, in order of the rules of spec/."""

from typing import Final

from conformance.families import answers, areas, clauses, conditions, consents, forms, labels, paths, staff
from conformance.families.parts import Family

FAMILIES: Final[tuple[Family, ...]] = tuple(
    sorted(
        (
            family
            for module in (labels, paths, clauses, forms, consents, staff, answers, areas, conditions)
            for family in module.families()
        ),
        key=lambda family: family.rule,
    )
)
"""All of them; within a rule in the order in which its module gives them."""

__all__ = ["FAMILIES"]
