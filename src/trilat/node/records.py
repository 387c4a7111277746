"""What a node writes into its ledger beside items and decisions, as nouns with a canonical wire form."""

from enum import Enum
from typing import Annotated, ClassVar, Final

import msgspec

from trilat.model import (
    Count,
    Domain,
    Identifier,
    InstantNs,
    ItemReference,
    Noun,
    PartyCode,
    ShortText,
    Text,
)

RECORD_BYTES_MAX: Final = 300_000
"""One record, bytes."""

READING_NAMES_MAX: Final = 1_000
"""Items, and names of items that went, in one record of a reading; more go into further records."""

ParcelBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=262_144)]


class ReleaseRecord(Noun, frozen=True, kw_only=True):
    """A parcel that has its place in a recipient's stream."""

    recipient: PartyCode
    stream: Identifier
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    item: ItemReference
    valid_ns: InstantNs
    parcel: ParcelBytes


class ReceivedRecord(Noun, frozen=True, kw_only=True):
    """A parcel that a partner sent, opened and accepted."""

    sender: PartyCode
    stream: Identifier
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    parcel: ParcelBytes
    refusal: Text = ""
    """Why it was kept aside and not used; empty where it was used."""


class ReceiptRecord(Noun, frozen=True, kw_only=True):
    """A partner's signed word on how far it has accepted a stream."""

    recipient: PartyCode
    stream: Identifier
    cursor: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    signed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=8_192)]


class OmissionRecord(Noun, frozen=True, kw_only=True):
    """Numbers of a stream that carry nothing, for good: as its sender decided, or as it signed."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    runs: Annotated[tuple[tuple[Count, Count], ...], msgspec.Meta(min_length=1, max_length=4_096)]
    reasons: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=4_096)] = ()
    """Why, a word for each run, in the sender's own ledger; the recipient is not told."""

    signed: Annotated[bytes, msgspec.Meta(max_length=8_192)] = b""
    """The sender's signed word, in the recipient's ledger."""


class RefusalRecord(Noun, frozen=True, kw_only=True):
    """Input that was refused, kept aside with the reason."""

    source: ShortText
    reason: Text
    content: Annotated[bytes, msgspec.Meta(max_length=65_536)] = b""


class ConsentRecord(Noun, frozen=True, kw_only=True):
    """A consent as its originator signed it."""

    signed: ParcelBytes


class Referral(Noun, frozen=True, kw_only=True):
    """A question to a person: may items on a subject go to a recipient under a clause, by a path."""

    clause: Identifier
    subject: Identifier
    domain: Domain
    recipient: PartyCode
    via: PartyCode | None
    item: ItemReference
    asked_ns: InstantNs
    deadline_ns: InstantNs | None = None
    """By when who asked needs the answer, by the clock; None where the desk's own time limit is all."""

    request: ItemReference | None = None
    """The partner's request that asks; None where this node's own deciding does."""


class DeskStep(Enum):
    """What a record of the release desk tells."""

    ASKED = "asked"
    """A question waits for an officer."""

    ANSWERED = "answered"
    """An officer, or who stands in for one, answered it; the signed consent is an entry of its own."""

    LAPSED = "lapsed"
    """Its time passed without an answer: what it asks about stays withheld."""

    DELEGATED = "delegated"
    """An officer lets a deputy stand in, until an instant."""

    RETURNED = "returned"
    """The officer takes that back."""

    UNDONE = "undone"
    """An officer took an approval back before anything had left by it; the question waits again."""

    SHOWN = "shown"
    """Somebody at the desk was shown questions and previews; `digest` is of what was shown."""


class DeskRecord(Noun, frozen=True, kw_only=True):
    """One step at the release desk; fields that a step does not have are empty."""

    fields_appended: ClassVar[int] = 1

    step: DeskStep
    question: Identifier | None = None
    clause: Identifier | None = None
    subject: Identifier | None = None
    recipient: PartyCode | None = None
    via: PartyCode | None = None
    officer: PartyCode | None = None
    """Who answered, or who delegated."""

    stands_for: PartyCode | None = None
    """The officer for whom a deputy answered."""

    deputy: PartyCode | None = None
    granted: bool | None = None
    until_ns: InstantNs | None = None
    """The deadline of a question, the end of a consent or of a delegation, in the time of the clock."""

    said: Text = ""
    """What the officer gave as a reason."""

    digest: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """SHA-256 of what was shown, as `trilat.node.standing.plain_digest`."""

    person: ShortText = ""
    """The account to which it was shown, where it was one; `officer` is as whom."""


class ReadingStep(Enum):
    """What a record of a standing release tells."""

    OPENED = "opened"
    """A reader may see this node's picture from now on."""

    SHOWN = "shown"
    """Items, objects or decisions were shown, or went."""

    STANDING = "standing"
    """Nothing changed; what was shown before still stands."""

    CLOSED = "closed"
    """The reader sees nothing more."""

    PAST = "past"
    """The picture of an earlier instant was shown, once; `reason` says of which."""

    REFUSED = "refused"
    """No agreement lets this reader see anything, and nothing was shown."""


class ReadingRecord(Noun, frozen=True, kw_only=True):
    """A standing release to one reader, step by step; each step is written before the reader sees it.

    `digest` is SHA-256: of the events given (`trilat.node.digest_of`), or, where nothing changed, of all that
    stands (`trilat.node.standing_digest`). A step with many names is `parts` records with one digest.
    """

    reader: PartyCode
    purpose: Identifier
    what: ReadingStep
    opened: Count | None
    """The entry that opened this standing release; None in that entry itself, and in a refusal."""

    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    items: Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=READING_NAMES_MAX)] = ()
    gone: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=READING_NAMES_MAX)] = ()
    """Names of items that the reader no longer sees."""

    reason: Text = ""
    part: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    parts: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    person: ShortText = ""
    """The account that read, where it was one; `reader` is as whom."""
