"""`Label`: what an originator says about who may have its item. One value, versioned, signed as a whole.

Rules
1. A label is never merged with another; a change is a new version by the originator.
2. Restrictive categories need ALL: a recipient without one of them gets nothing. Permissive categories
   need ANY: a recipient with none of them gets nothing.
3. `releasable_to` lists parties by name; empty means the originator alone.
4. What is misspelt or unknown stays as written: policy withholds on it and says so.
5. A portion adds to its item's label and takes nothing away, so that a field is never under a looser label
   than its item. Where the portion may not go, the field is left out of the copy.
6. A downgrade is signed in the label: from its instant the stated lower level holds, before it the old one.
   A review date asks the originator to look again; when it passes, nothing changes by itself.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.classification import Classification, find_level
from trilat.model.errors import ItemError
from trilat.model.limits import PARTIES_MAX, PORTIONS_MAX
from trilat.model.noun import Identifier, InstantNs, Noun, PartyCode, ShortText


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
Parties = Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=PARTIES_MAX)]
Caveats = Annotated[tuple[Caveat, ...], msgspec.Meta(max_length=8)]


class Downgrade(Noun, frozen=True, kw_only=True):
    """The lower level that a label takes by itself, and from when."""

    at_ns: InstantNs
    classification: Classification


class Portion(Noun, frozen=True, kw_only=True):
    """What a field of an item asks beyond the label of the item; null or empty asks no more than that."""

    field: Identifier
    """Name of a field that this kind of item can leave empty, such as `sensors`, or `observations`."""

    classification: Classification | None = None
    releasable_to: Parties | None = None
    """The parties of the item's list that may have the field; empty means the originator alone."""

    restrictive: Categories = ()
    """All of these too."""

    permissive: Categories = ()
    """Any of these, and any of the item's."""

    caveats: Caveats = ()

    def check(self) -> None:
        """Refuse a portion that names an entry twice, or that asks nothing."""
        _refuse_twice(self, ("releasable_to", "restrictive", "permissive", "caveats"))
        asks = (self.restrictive, self.permissive, self.caveats)
        if self.classification is None and self.releasable_to is None and not any(asks):
            raise ItemError(f"Portion `{self.field}` asks no more than its item: leave it out")


class Label(Noun, frozen=True, kw_only=True):
    """Who made an item, how it is classified, and who may have it."""

    fields_appended = 3

    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    originator: PartyCode
    classification: Classification
    releasable_to: Parties = ()
    restrictive: Categories = ()
    permissive: Categories = ()
    caveats: Caveats = ()
    attribution: Attribution = Attribution.NAMED
    created_ns: InstantNs
    expires_ns: InstantNs | None = None
    review_ns: InstantNs | None = None
    """When the originator looks at it again; passing it changes nothing by itself."""

    downgrade: Downgrade | None = None
    """The lower level that holds from an instant on."""

    portions: Annotated[tuple[Portion, ...], msgspec.Meta(max_length=PORTIONS_MAX)] = ()
    """Fields that ask more than the item does."""

    def classification_at(self, at_ns: int) -> Classification:
        """The level in force at an instant: the downgrade's from its instant on, before it the label's."""
        if self.downgrade is None or at_ns < self.downgrade.at_ns:
            return self.classification
        return self.downgrade.classification

    def check(self) -> None:
        """Refuse a label that lists a party, category or field twice, that expires or is reviewed before it
        begins, whose downgrade is none, or with a portion that is looser than it.
        """
        _refuse_twice(self, ("releasable_to", "restrictive", "permissive", "caveats"))
        if self.expires_ns is not None and self.expires_ns <= self.created_ns:
            raise ItemError("Label.expires_ns must be after created_ns")
        if self.review_ns is not None and self.review_ns <= self.created_ns:
            raise ItemError("Label.review_ns must be after created_ns")
        if self.downgrade is not None:
            self._check_downgrade(self.downgrade)
        if self.portions:
            self._check_portions()

    def _check_downgrade(self, downgrade: Downgrade) -> None:
        """Levels that nobody knows cannot be compared; policy withholds on them."""
        if downgrade.at_ns <= self.created_ns:
            raise ItemError("Label.downgrade must be after created_ns")
        if downgrade.classification.scheme != self.classification.scheme:
            raise ItemError("Label.downgrade is in another scheme: name a level of the same scheme")
        old = find_level(self.classification, self.created_ns)
        new = find_level(downgrade.classification, downgrade.at_ns)
        if downgrade.classification == self.classification or (
            old is not None and new is not None and new.rank >= old.rank
        ):
            raise ItemError("Label.downgrade is not to a lower level: name a lower one")

    def _check_portions(self) -> None:
        if len({portion.field for portion in self.portions}) != len(self.portions):
            raise ItemError("Label.portions names a field twice: list each once")
        item = find_level(self.classification, self.created_ns)
        for portion in self.portions:
            stranger = set(portion.releasable_to or ()).difference(self.releasable_to)
            if stranger:
                raise ItemError(
                    f"Label.portions `{portion.field}` names `{min(stranger)}`, which may not have the item"
                )
            if portion.classification is None:
                continue
            if portion.classification.scheme != self.classification.scheme:
                raise ItemError(f"Label.portions `{portion.field}` is in another scheme than the item")
            own = find_level(portion.classification, self.created_ns)
            if item is not None and own is not None and own.rank < item.rank:
                raise ItemError(f"Label.portions `{portion.field}` is of a lower level than the item")


def _refuse_twice(noun: Noun, names: tuple[str, ...]) -> None:
    for name in names:
        entries: tuple[object, ...] | None = getattr(noun, name)
        if entries and len(entries) > 1 and len(set(entries)) != len(entries):
            raise ItemError(f"{type(noun).__name__}.{name} names an entry twice: list each once")
