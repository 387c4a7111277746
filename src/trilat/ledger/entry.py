"""`Entry`, `Stored` and the kinds of entries: what a node writes down, and what it reads back.

The ledger treats contents as bytes. What stands in them is the writer's; by custom it is the canonical wire
form of the noun that the kind names, so that a node can be rebuilt from its ledger alone.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar, Final, NamedTuple

import msgspec

from trilat.model import Count, Identifier, InstantNs, Noun, ShortText

CONTENT_BYTES_MAX: Final = 2_097_152
"""One content, bytes: room for a whole envelope that was refused, and kept aside."""

REPAIR_BYTES_MAX: Final = CONTENT_BYTES_MAX - 4_096
"""One content that is put aside again, bytes."""

BATCH_ENTRIES_MAX: Final = 10_000
"""Entries of one durable commit."""


class EntryKind(Enum):
    """What an entry records. The name is in the chain, so that a kind cannot be changed afterwards."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every row: the hash of its name costs more."""

    START = "start"
    """The node began to run, with the version and the settings it runs under."""
    AGREEMENT = "agreement"
    """A version of an agreement came into this node's use."""
    TRUST = "trust"
    """A pin of a partner's keys was added, or a newer trust state of a party was taken."""
    REPORT = "report"
    """An observation of this party's own sensors or people was accepted."""
    INTAKE = "intake"
    """A batch of a feed was answered: its key, so that a feed may ask again, and what was refused."""
    ITEM = "item"
    """This node made an item of its own, such as a track or a warning."""
    CONSENT = "consent"
    """An officer signed a consent, or a refusal of one."""
    DESK = "desk"
    """A step of the release desk: a question to officers, an answer, a deadline that passed, a stand-in."""
    DECISION = "decision"
    """Policy decided whether an item may go to a recipient."""
    RELEASE = "release"
    """A released copy got its place in a recipient's stream; only now may it be sent."""
    SENT = "sent"
    """An envelope was handed to the transport."""
    RECEIVED = "received"
    """A partner's envelope was opened and its parcels accepted, in stream order."""
    RECEIPT = "receipt"
    """A partner signed how far it has accepted this node's stream."""
    READING = "reading"
    """A reader was let see this node's picture, or was not: what was shown, as versions and a digest."""
    ACCESS = "access"
    """An account was changed, or somebody signed in, out, was refused, or audited."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """Somebody at the desk took note of a warning, or of its being withdrawn."""
    CURSOR = "cursor"
    """How far this node has accepted or handed on something, where no other entry says so."""
    FLOOR = "floor"
    """After a restore: behind which versions this node makes its own."""
    RECALL = "recall"
    """A step of a recall, a change of label, an expiry or a loss: what was asked, decided and done."""
    REFUSAL = "refusal"
    """Input was refused; the bytes are kept aside with the reason."""
    REMOVAL = "removal"
    """The content of an earlier entry was removed; its commitment and its place stay."""
    HEAD = "head"
    """This node signed the head of a stream's tree: new leaves, and what opens the ledger's commitment."""
    WITNESS = "witness"
    """A partner's signed head of a stream's tree, which agrees with this ledger."""
    EVIDENCE = "evidence"
    """Signed statements that contradict each other, or what is here: who says what."""
    REPAIR = "repair"
    """A damaged entry's content, had again and proved; or that it is lost, as an administrator saw."""


class Entry(NamedTuple):
    """What is to be written: a kind and at most `CONTENT_BYTES_MAX` bytes."""

    kind: EntryKind
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What was written, checked on the way out. `content` is None once it was removed; the salted
    `commitment` to it stays.
    """

    entry: int
    kind: EntryKind
    recorded_ns: int
    content: bytes | None
    commitment: bytes


class Removal(Noun, frozen=True, kw_only=True):
    """The content of a REMOVAL entry: which entry lost its content, and why."""

    fields_appended: ClassVar[int] = 1

    entry: Count
    reason: Annotated[ShortText, msgspec.Meta(min_length=1)]
    proof: Annotated[bytes, msgspec.Meta(max_length=1_024)] = b""
    """What stays of the content for trees over contents: see `Ledger.proof_of`."""


class Repair(Noun, frozen=True, kw_only=True):
    """The content of a REPAIR entry. Readers are served it in the place of the damaged entry."""

    entry: Count
    kind: Identifier
    """The damaged entry's kind, as an EntryKind; what stands in its row may be damaged too."""

    content: Annotated[bytes, msgspec.Meta(max_length=REPAIR_BYTES_MAX)] | None
    """None where it is lost: nobody had it, and an administrator let the ledger go on without it."""

    recorded_ns: InstantNs
    """When the damaged entry was recorded, as far as its row still tells."""

    source: ShortText
    """Whose copy it is: a partner, or the own row with the flipped bit put right."""

    proof: ShortText
    """What shows that it is the content: `commitment`, `leaf`, `itself`, or `none`."""

    claim: Annotated[bytes, msgspec.Meta(max_length=1_024)] = b""
    """Of what is lost: what a partner can be asked for; the node's own words."""
