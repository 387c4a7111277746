"""`Label`: what an originator says about who may have its item. One value, versioned, signed as a whole.

Rules
1. A label is never merged with another; a change is a new version by the originator.
2. Restrictive categories need ALL: a recipient without one of them gets nothing. Permissive categories
   need ANY: a recipient with none of them gets nothing.
3. `releasable_to` lists parties by name; empty means the originator alone.
4. What is misspelt or unknown stays as written: policy withholds on it and says so.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.classification import Classification
from trilat.model.errors import ItemError
from trilat.model.limits import PARTIES_MAX
from trilat.model.noun import InstantNs, Noun, PartyCode, ShortText


class Caveat(Enum):
    """How an item must be handled beyond its classification."""

    ORIGINATOR_CONTROL = "originator-control"
    """No holder passes it on, in any form, without the originator's consent to that very passing."""


class Attribution(Enum):
    """How far the originator's name may be shown; the label itself always keeps it."""

    NAMED = "named"
    OFFICE = "office"
    ANONYMOUS = "anonymous"


Categories = Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=64)]


class Label(Noun, frozen=True, kw_only=True):
    """Who made an item, how it is classified, and who may have it."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    originator: PartyCode
    classification: Classification
    releasable_to: Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()
    restrictive: Categories = ()
    permissive: Categories = ()
    caveats: Annotated[tuple[Caveat, ...], msgspec.Meta(max_length=8)] = ()
    attribution: Attribution = Attribution.NAMED
    created_ns: InstantNs
    expires_ns: InstantNs | None = None

    def check(self) -> None:
        """Refuse a label that lists a party or category twice, or that expires before it begins."""
        for name in ("releasable_to", "restrictive", "permissive", "caveats"):
            entries: tuple[object, ...] = getattr(self, name)
            if len(set(entries)) != len(entries):
                raise ItemError(f"Label.{name} names an entry twice: list each once")
        if self.expires_ns is not None and self.expires_ns <= self.created_ns:
            raise ItemError("Label.expires_ns must be after created_ns")
