"""`Disagreement`: that partners say different things of one object, who says what, and of what kind it is.

It takes no side and says nothing new: every account names the item that it repeats. It is an item like any
other, so policy decides who may learn of it; its provenance names everyone of whom it speaks.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.geometry import Place
from trilat.model.item import Item, ItemReference
from trilat.model.limits import REFERENCES_MAX
from trilat.model.noun import Count, Identifier, InstantNs, Noun, PartyCode, Text


class DisagreementKind(Enum):
    """What the accounts differ on, beyond their stated errors."""

    LAUNCH = "launch"
    """When or where it was launched."""

    IMPACT = "impact"
    """When or where it comes down."""

    OBJECTS = "objects"
    """Whether there are two objects or one."""

    IDENTITY = "identity"
    """Who or what it is."""


class DisagreementState(Enum):
    """The life of a disagreement."""

    OPEN = "open"
    """The accounts differ."""

    RESOLVED = "resolved"
    """They agree again, or one was dropped; goes to everyone who holds an earlier version."""


class Account(Noun, frozen=True, kw_only=True):
    """What one party says, with the item in which it says so.

    `subject` is its name for the object. `time_ns` and `place` are of the launch or the impact, or of the
    object where it is objects that are counted; the instant is known within `time_sigma_ms`, the place
    within `reach_m` (95 %, along the longer axis).
    """

    party: PartyCode
    subject: Identifier
    basis: ItemReference
    time_ns: InstantNs | None = None
    time_sigma_ms: Count = 0
    place: Place | None = None
    reach_m: Count = 0


class Disagreement(Item, frozen=True, kw_only=True, tag="disagreement"):
    """Accounts of one object that do not go together, in order of party and subject."""

    disagreement: DisagreementKind
    state: DisagreementState
    accounts: Annotated[tuple[Account, ...], msgspec.Meta(min_length=2, max_length=REFERENCES_MAX)]
    since_ns: InstantNs
    """From when on both accounts stood, by their labels."""

    text: Text = ""

    def check(self) -> None:
        """Refuse one party at odds with itself, and an account of one whom the provenance does not name."""
        parties = {account.party for account in self.accounts}
        if len(parties) < 2:
            raise ItemError("Disagreement.accounts are all of one party: it takes two to disagree")
        hidden = parties - {code.split("/")[0] for code in self.provenance.originators}
        if hidden:
            raise ItemError(
                f"Disagreement.accounts speak of `{min(hidden)}`, whom Item.provenance does not name"
            )
