"""What `assess` works on: cases in columns, what clauses say of them, and answers. One bit stands for each
reason, so that reasons of many cases are joined as whole columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from trilat.model import PRECEDENCE, Outcome, Reason
from trilat.policy.agreements import Rule
from trilat.policy.classes import Columns, Group, Indices
from trilat.policy.declared import DeclaredNow
from trilat.policy.forms import FORM_ORDER

Bits = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

BIT: Final = {reason: 1 << place for reason, place in PRECEDENCE.items()}
_BIT: Final = {reason: np.uint32(bit) for reason, bit in BIT.items()}
WITHHELD: Final = tuple(Outcome).index(Outcome.WITHHOLD)
REFERRED: Final = tuple(Outcome).index(Outcome.REFER)
PERMITTED: Final = tuple(Outcome).index(Outcome.PERMIT)
NONE: Final = -1
SPEAKS, SILENT = -1, -2
"""No instants: a prohibition in force, and one that says nothing any more."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Answers for cases, shapes (cases,). `is_open` marks those that a consent could change, or a place or an
    age that is not known, or that portions or a downgrade of the label do: `decide` has their answers.
    """

    outcome: npt.NDArray[np.uint8]
    form: npt.NDArray[np.uint8]
    reasons: Bits
    rule: Indices
    """The place in `AgreementSet.rules` of the originator's clause that was chosen; -1 for none."""

    is_open: Flags


_COLUMNS: Final = attrgetter(*(column.name for column in fields(Verdicts)))


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases, shapes (cases,): the label class, whether the label holds, and the classes of place and of age;
    None where items are not known by them.
    """

    number: Indices
    is_timely: Flags
    place: Indices | None = None
    age: Indices | None = None
    """How many of the assessor's `ended_ns` are not after the item."""

    def __len__(self) -> int:
        """How many cases there are."""
        return len(self.number)

    def taken(self, places: Indices | slice) -> "Cases":
        """Some of the cases."""
        place = None if self.place is None else self.place[places]
        age = None if self.age is None else self.age[places]
        return Cases(self.number[places], self.is_timely[places], place, age)


@dataclass(frozen=True, slots=True)
class Part:
    """The cases of one group of which parties have declared the same, and columns for them alone."""

    group: Group
    columns: Columns
    cases: Cases
    declared: DeclaredNow

    def __len__(self) -> int:
        """How many cases there are."""
        return len(self.cases)


@dataclass(frozen=True, slots=True)
class Leave:
    """What one originator's clauses say of each case of a part, shapes (cases,)."""

    ordered: tuple[Rule, ...]
    """Clauses that speak, best first by form, delay and name (rule 9)."""

    chosen: Indices
    """The place in `ordered`, or -1."""

    is_free: Flags
    """Whether the clause chosen asks for no consent."""

    reasons: Bits
    is_open: Flags


@dataclass(frozen=True, slots=True)
class Asked:
    """Clauses that speak together, best first by form, delay and name (rule 9), and what each says of every
    value that it reads: failures by status, by categories and by shape (clauses, values).
    """

    ordered: tuple[Rule, ...]
    by_status: Bits
    by_categories: Bits
    by_shape: Bits
    is_approved: Flags
    """Whether each asks for approval, shape (clauses, 1)."""

    is_heard: Flags
    """Whether some consent speaks of each, shape (clauses, 1)."""

    is_conditional: bool
    """Whether one of them reads more than a label class and the path."""


def blank(count: int, reasons: Bits) -> Verdicts:
    """Withheld, for the reasons given."""
    return Verdicts(
        np.full(count, WITHHELD, np.uint8),
        np.full(count, len(FORM_ORDER), np.uint8),
        reasons,
        np.full(count, NONE, np.intp),
        np.zeros(count, bool),
    )


def joined(answers: Sequence[Verdicts], order: Indices) -> Verdicts:
    """Answers one after another, those to the cases at the places `order`, as answers in order of cases."""
    found = []
    for column in zip(*map(_COLUMNS, answers), strict=True):
        sorted_column = np.concatenate(column)
        placed = np.empty_like(sorted_column)
        placed[order] = sorted_column
        found.append(placed)
    return Verdicts(*found)


def where(flags: Flags, reason: Reason) -> Bits:
    """The bit of a reason wherever it holds."""
    return np.multiply(flags, _BIT[reason], dtype=np.uint32)
