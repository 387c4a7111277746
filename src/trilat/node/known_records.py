"""What nodes tell each other about versions, and what stands in the ledger of a version that was adopted.

Each message travels sealed to its recipient inside a signed notice, so that a relay learns neither names nor
numbers. None is the record of anything: what is adopted is.
"""

from typing import Annotated, Final

import msgspec

from trilat.link import NodeKeys, Pin, wrap_to
from trilat.model import Count, Identifier, Noun, PartyCode, WireError, decode, encode

KNOWN_TOPIC: Final = "known"
KNOWN_BYTES_MAX: Final = 1_048_576
"""One version of one thing, bytes."""

PIECE_BYTES: Final = 48_000
"""What goes in one notice, with room for its seal and signature."""

ATTESTATIONS_MAX: Final = 100
"""In one summary; of more the rest goes in further ones."""

_MESSAGE_BYTES_MAX: Final = 60_000
_BOUND: Final = b"trilat/known/1"

Version = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Signed = Annotated[bytes, msgspec.Meta(min_length=1, max_length=1_024)]


class Summary(Noun, frozen=True, kw_only=True, tag="summary"):
    """Attestations of what both parties may know of: the sender's own, and others' that it heard."""

    attestations: Annotated[tuple[Signed, ...], msgspec.Meta(max_length=ATTESTATIONS_MAX)]
    asks: bool = False
    """Whether the sender has not heard the recipient lately, and asks for the same."""


class Ask(Noun, frozen=True, kw_only=True, tag="ask"):
    """Send the next version behind `after`, from a byte on; `version` is the one begun, 0 at first."""

    kind: Identifier
    name: Identifier
    after: Version
    version: Version = 0
    offset: Count = 0


class Piece(Noun, frozen=True, kw_only=True, tag="piece"):
    """A part of one version's bytes."""

    kind: Identifier
    name: Identifier
    version: Version
    size: Annotated[int, msgspec.Meta(ge=1, le=KNOWN_BYTES_MAX)]
    offset: Count
    content: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PIECE_BYTES)]


Message = Summary | Ask | Piece


class AdoptedRecord(Noun, frozen=True, kw_only=True, tag="adopted"):
    """A version that came into use while the node ran: its signed bytes, and by whom it came."""

    kind: Identifier
    name: Identifier
    version: Version
    sender: PartyCode
    """The partner that handed it over, or the party itself."""

    content: Annotated[bytes, msgspec.Meta(min_length=1, max_length=KNOWN_BYTES_MAX)]


ADOPTED_BYTES_MAX: Final = KNOWN_BYTES_MAX + 1_024


def seal_message(message: Message, sender: str, recipient: Pin) -> bytes:
    """A message as only its recipient can read it."""
    return wrap_to(recipient, encode(message), _bound(sender, recipient.party))


def open_message(data: bytes, sender: str, keys: NodeKeys) -> Message:
    """The message that a partner sealed to this node.

    Raises:
        EnvelopeError: it is not for this node, not from that sender, or was changed.
        WireError: it is none of the messages above.
    """
    plain = keys.unwrap(data, _bound(sender, keys.party))
    kind: type[Summary | Ask | Piece]
    for kind in (Summary, Ask):
        try:
            return decode(plain, kind, bytes_max=_MESSAGE_BYTES_MAX)
        except WireError:
            continue
    return decode(plain, Piece, bytes_max=_MESSAGE_BYTES_MAX)


def _bound(sender: str, recipient: str) -> bytes:
    return b"\0".join((_BOUND, sender.encode(), recipient.encode()))
