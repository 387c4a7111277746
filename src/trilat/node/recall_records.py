"""What a node writes of recalls, changes of label, expiries and losses: one noun, step by step.

With these entries alone a restarted node knows what it asked and was asked, what it was about to remove when
it stopped, and what was answered. A step that removes is written before the first content goes.
"""

from enum import Enum
from typing import Annotated, Final

import msgspec

from trilat.model import (
    ABOUT_MAX,
    SIGNED_BYTES_MAX,
    Count,
    HolderAnswer,
    Identifier,
    InstantNs,
    ItemReference,
    Noun,
    PartyCode,
    Text,
)

STEP_ENTRIES_MAX: Final = 1_000
"""Contents that one step removes; more are more steps."""

RECALL_RECORD_BYTES_MAX: Final = 300_000

About = Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=ABOUT_MAX)]
Entries = Annotated[tuple[Count, ...], msgspec.Meta(max_length=STEP_ENTRIES_MAX)]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class RecallStep(Enum):
    """What a record tells."""

    OPENED = "opened"
    """An item that asks something went to a holder: `asks`, `party`, `about`, `until_ns`."""

    STOPPED = "stopped"
    """Own items were called back: no version of them leaves any more."""

    REMINDED = "reminded"
    """Half of the time had passed, and the holder was asked again."""

    OVERDUE = "overdue"
    """The time had passed; told once."""

    CLOSED = "closed"
    """A person closed what nobody answered."""

    ASKED = "asked"
    """A partner's recall waits for a person here."""

    SAID = "said"
    """That person answered: `by`, `answer`, `reason`."""

    REMOVING = "removing"
    """The contents of `entries` are about to be removed; written before the first one goes."""

    ANSWERED = "answered"
    """This node answered: `answer`, the signed `certificate`. `waiting` are those who have not."""

    RELABELLED = "relabelled"
    """Items are under a new label from now on: `label` in its wire form, `markings`."""

    REFUSED = "refused"
    """A partner's item was not acted on, for `reason`."""


class StreamPlace(Noun, frozen=True, kw_only=True):
    """A place in a stream from or to a party, whose content goes: a restart must not take it for missing."""

    party: PartyCode
    stream: Identifier
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]


Places = Annotated[tuple[StreamPlace, ...], msgspec.Meta(max_length=STEP_ENTRIES_MAX)]


class RecallRecord(Noun, frozen=True, kw_only=True):
    """One step; fields that it does not have are empty."""

    step: RecallStep
    asks: ItemReference | None = None
    """The item that asks; None where something goes by itself, as at an expiry."""

    party: PartyCode | None = None
    """Who is asked, or who asks."""

    about: About = ()
    parent: ItemReference | None = None
    """The partner's item that this node passes on by `asks`."""

    answer: HolderAnswer | None = None
    by: Text = ""
    """Who decided, or by which duty it goes by itself."""

    reason: Text = ""
    until_ns: InstantNs | None = None
    entries: Entries = ()
    commitments: Annotated[tuple[Digest, ...], msgspec.Meta(max_length=STEP_ENTRIES_MAX)] = ()
    """Of `entries`, in their order."""

    received: Places = ()
    """Places in partners' streams among `entries`."""

    released: Places = ()
    """Places in own streams among `entries`."""

    certificate: Annotated[bytes, msgspec.Meta(max_length=SIGNED_BYTES_MAX)] = b""
    waiting: Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=ABOUT_MAX)] = ()
    unasked: Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=ABOUT_MAX)] = ()
    """Whom no agreement lets this node ask, though it passed something on to them."""

    affected: About = ()
    """Own items that name what was removed: they keep the name; for the own staff."""

    is_unfinished: bool = False
    """Whether contents are left that go as soon as their recipients have them."""

    label: Annotated[bytes, msgspec.Meta(max_length=65_536)] = b""
    markings: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(max_length=SIGNED_BYTES_MAX)], ...],
        msgspec.Meta(max_length=ABOUT_MAX),
    ] = ()
