"""`Origin`: what a marking in another format leaves to its surroundings; and what no format may leave out.

Rules
1. A marking is read letter by letter. What is absent, partial or unknown raises a `MarkingError` whose fact
   `reason` is the reason for which policy would withhold; it is never read as less than it might be.
2. A format that cannot say what a label asks is refused: nothing is written that would let out more. What it
   leaves out and what keeps more at home (a downgrade to come, a review date) may be left out.
3. Lists are written in order; an order says nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from trilat.model import Attribution, InstantNs, Label, MarkingError, Reason

_CATEGORY: Final = re.compile(r"[A-Z0-9][A-Z0-9+:_-]{0,39}", flags=re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{3,4}", flags=re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who made what is marked, when, for whom, and which categories its parties use."""

    originator: str
    created_ns: InstantNs
    releasable_to: tuple[str, ...] = ()
    """Where the format does not say it."""

    categories: Collection[str] = ()
    """Categories that may stand in a line; any other word there is unknown."""


def unknown(text: str) -> MarkingError:
    """The refusal of what nobody knows."""
    return MarkingError(text, reason=Reason.LABEL_UNKNOWN)


def partial(text: str) -> MarkingError:
    """The refusal of a marking that lacks what it must have."""
    return MarkingError(text, reason=Reason.LABEL_PARTIAL)


def absent(text: str) -> MarkingError:
    """The refusal of what is not marked."""
    return MarkingError(text, reason=Reason.LABEL_ABSENT)


def refuse_unsayable(label: Label, name: str, *, says: Collection[str] = ()) -> None:
    """Refuse a label that asks what a format cannot say; `says` are the parts that it can (rule 2).

    Raises:
        MarkingError: the label expires, has portions, permissive categories, or hides its originator's name.
    """
    asks = {
        "an end (expires_ns)": label.expires_ns is not None,
        "portions": bool(label.portions),
        "permissive categories": bool(label.permissive),
        "an attribution": label.attribution is not Attribution.NAMED,
    }
    unsaid = [part for part, asked in asks.items() if asked and part.split(" ")[-1] not in says]
    if unsaid:
        raise unknown(f"{name} cannot say {' and '.join(unsaid)} of this label: choose another format")


def listed_parties(label: Label, name: str) -> list[str]:
    """The parties that a label names, in order, its originator left out.

    Raises:
        MarkingError: one is not a country as a line can name it, such as a party's staff.
    """
    codes = sorted(set(label.releasable_to) - {label.originator})
    for code in (label.originator, *codes):
        if _COUNTRY.fullmatch(code) is None:
            raise unknown(f"{name} names countries by three or four letters, not `{code}`")
    return codes


def listed_categories(categories: tuple[str, ...], name: str, reserved: Collection[str] = ()) -> list[str]:
    """Categories in order, as a line can hold them.

    Raises:
        MarkingError: one holds more than capitals, digits and `+ : _ -`, or is a word of the format.
    """
    for category in categories:
        if _CATEGORY.fullmatch(category) is None or category in reserved:
            raise unknown(f"{name} cannot hold the category `{category}`")
    return sorted(categories)


def read_parties(text: str, separator: str, originator: str) -> tuple[str, ...]:
    """The parties of a list in a line, in order, its originator left out.

    Raises:
        MarkingError: one is not written as a country, or stands there twice.
    """
    codes = text.split(separator)
    for code in codes:
        if _COUNTRY.fullmatch(code) is None:
            raise unknown(f"`{code}` is not a country: write three letters, such as KOR")
    _refuse_twice(codes)
    return tuple(sorted(set(codes) - {originator}))


def read_categories(words: list[str], origin: Origin) -> tuple[str, ...]:
    """The categories of a list in a line, in order.

    Raises:
        MarkingError: one is not among those that the parties use, or stands there twice.
    """
    for word in words:
        if word not in origin.categories:
            raise unknown(f"`{word}` is no word of this line and no category of its parties")
    _refuse_twice(words)
    return tuple(sorted(words))


def _refuse_twice(words: list[str]) -> None:
    if len(set(words)) != len(words):
        raise unknown("an entry stands twice in one list: write each once")
