"""What a node writes down of its streams' trees, and what two nodes say to each other of them."""

from enum import Enum
from typing import Annotated, Final

import msgspec

from trilat.link import PARCEL_BYTES_MAX, TREE_HEAD_BYTES_MAX
from trilat.model import Count, Identifier, Noun, PartyCode, Text

LEAVES_MAX: Final = 4_096
"""Leaves of one record of a head."""

HEAD_RECORD_BYTES_MAX: Final = 200_000
HEADS_TOLD_MAX: Final = 8
REPAIRS_ASKED_MAX: Final = 64
LEAVES_TOLD_MAX: Final = 1_024
WORD_BYTES_MAX: Final = 60_000
REPAIR_PIECE_BYTES_MAX: Final = 48_000
"""Of a parcel in one word: sealed it fits a notice."""

_Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
SignedHead = Annotated[bytes, msgspec.Meta(min_length=1, max_length=TREE_HEAD_BYTES_MAX)]
_Statement = Annotated[bytes, msgspec.Meta(min_length=1, max_length=8_192)]
_Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class HeadRecord(Noun, frozen=True, kw_only=True):
    """A head that this node signed. `leaves` are new since the record before, the first numbered `first`.

    The leaves stay when contents go, so that the tree stays whole. `salt`, `entries` and `chained` open the
    commitment to the ledger in the signed head; they are for an audit and leave this ledger in no other way.
    """

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    first: Count
    leaves: Annotated[tuple[_Digest, ...], msgspec.Meta(max_length=LEAVES_MAX)]
    signed: SignedHead
    salt: _Digest
    entries: Count
    chained: _Digest


class WitnessRecord(Noun, frozen=True, kw_only=True):
    """A head that a partner signed, and that is this node's too."""

    partner: PartyCode
    signed: SignedHead


class Finding(Enum):
    """What a contradiction is. `docs/audit.md` says of each what it proves, and against whom."""

    FORKED = "forked"
    """One party signed two trees of one size."""

    ROLLED_BACK = "rolled-back"
    """One party signed a smaller tree later than a larger one."""

    DIFFERS = "differs"
    """The two ends of a stream signed different trees of one size."""

    BEYOND = "beyond"
    """A recipient signed that it accepted more than was released to it."""

    DENIED = "denied"
    """A recipient signed a receipt, and later a tree without what it is for."""

    MISSING = "missing"
    """A sender signed that it released what has not come: it is held up or dropped on the way."""


class EvidenceRecord(Noun, frozen=True, kw_only=True):
    """Signed statements that do not go together, as they were signed, and what they say in one sentence."""

    finding: Finding
    partner: PartyCode
    stream: Identifier
    text: Text
    statements: Annotated[tuple[_Statement, ...], msgspec.Meta(min_length=1, max_length=4)]


class RemovedLeaf(Noun, frozen=True, kw_only=True):
    """What a removal leaves of a parcel: its place in a stream and its leaf in the tree."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    sequence: _Sequence
    leaf: _Digest


class HeadWord(Noun, frozen=True, kw_only=True, tag="heads"):
    """Heads that a node tells its partner, as it signed them."""

    heads: Annotated[tuple[SignedHead, ...], msgspec.Meta(min_length=1, max_length=HEADS_TOLD_MAX)]


class LeavesAsked(Noun, frozen=True, kw_only=True, tag="leaves-asked"):
    """Leaves of a stream to the asker, of numbers that carry nothing for it any more."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    first: _Sequence
    count: Annotated[int, msgspec.Meta(ge=1, le=LEAVES_TOLD_MAX)]


class LeavesGiven(Noun, frozen=True, kw_only=True, tag="leaves-given"):
    """Hashed leaves, the first of the number `first`: with them the tree goes on, and nothing is shown."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    first: _Sequence
    leaves: Annotated[tuple[_Digest, ...], msgspec.Meta(min_length=1, max_length=LEAVES_TOLD_MAX)]


class RepairAsked(Noun, frozen=True, kw_only=True, tag="asked"):
    """Parcels of one stream between the two that the asker's ledger has lost."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    sequences: Annotated[tuple[_Sequence, ...], msgspec.Meta(min_length=1, max_length=REPAIRS_ASKED_MAX)]


class RepairGiven(Noun, frozen=True, kw_only=True, tag="given"):
    """A piece of a parcel that was exchanged between the two, as it was sealed; `total` is 0 where it is not
    here any more, or may not go again.
    """

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    sequence: _Sequence
    total: Annotated[int, msgspec.Meta(ge=0, le=PARCEL_BYTES_MAX)]
    offset: Annotated[int, msgspec.Meta(ge=0, le=PARCEL_BYTES_MAX)] = 0
    piece: Annotated[bytes, msgspec.Meta(max_length=REPAIR_PIECE_BYTES_MAX)] = b""


class Claim(Noun, frozen=True, kw_only=True):
    """The parcel that a damaged entry held: a partner has it too."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    sequence: _Sequence


class LedgerOpening(Noun, frozen=True, kw_only=True):
    """What opens the commitment to a ledger in a signed head."""

    salt: _Digest
    entries: Count
    chained: _Digest
