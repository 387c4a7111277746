"""`Item`: anything that can be shared; what every kind has: identity, status, time, label, provenance."""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.label import Label
from trilat.model.noun import Identifier, InstantNs, Noun, checked_copy
from trilat.model.provenance import Provenance


class Status(Enum):
    """Whether the world is meant. A node holds one status and refuses the others; only real raises alarms."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every item: the hash of its name costs more."""

    REAL = "real"
    EXERCISE = "exercise"
    SIMULATED = "simulated"


class Domain(Enum):
    """The concern that an item belongs to."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every item: the hash of its name costs more."""

    MISSILE = "missile"
    MARITIME = "maritime"
    CYBER = "cyber"
    RELIEF = "relief"
    SEISMIC = "seismic"
    CONSULTATION = "consultation"


class ItemReference(Noun, frozen=True, kw_only=True):
    """A version of an item by name."""

    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


_REFERENCE = ItemReference(item_id="x", version=1)


class Item(Noun, frozen=True, kw_only=True):
    """The head of every kind of item. `subject` names the thing in the world that it is about: a track, its
    areas and its warnings share one subject, and a consent speaks of a subject.
    """

    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 1
    subject: Identifier
    domain: Domain
    status: Status
    valid_ns: InstantNs
    """The instant that the content is about; for an observation the instant of measurement."""

    label: Label
    provenance: Provenance

    @property
    def reference(self) -> ItemReference:
        """This version of the item, by name."""
        return checked_copy(_REFERENCE, item_id=self.item_id, version=self.version)

    def __post_init__(self) -> None:
        """Refuse a bad head, then what the kind refuses."""
        super().__post_init__()
        maker, first = self.label.originator, self.provenance.originators[0]
        if maker != first and maker.split("/")[0] != first.split("/")[0]:
            raise ItemError("Item.label names another originator than the first of Item.provenance")
