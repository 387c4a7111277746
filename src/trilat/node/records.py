"""What a node writes into its ledger beside items and decisions, as nouns with a canonical wire form."""

from typing import Annotated, Final

import msgspec

from trilat.model import Domain, Identifier, InstantNs, ItemReference, Noun, PartyCode, ShortText, Text

RECORD_BYTES_MAX: Final = 300_000
"""One record, bytes."""

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
