"""`Attestation`: a party's signed word on which version of a thing is the newest it knows, and when.

It may be handed on: who hands it on cannot change it, make it newer, or turn it against something else. How
old one may be is for who relies on it.
"""

from typing import Annotated, Final

import msgspec

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys
from trilat.link.trust import TrustStore, party_of
from trilat.model import EnvelopeError, Identifier, InstantNs, Noun, PartyCode, decode, encode

ATTESTATION_TYPE: Final = "application/vnd.trilat.attestation"
ATTESTATION_BYTES_MAX: Final = 1_024


class Attestation(Noun, frozen=True, kw_only=True):
    """What a party says of one thing; `kind` and `name` say which, `digest` is SHA-256 of its text."""

    party: PartyCode
    kind: Identifier
    name: Identifier
    version: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    at_ns: InstantNs


def sign_attestation(keys: NodeKeys, attestation: Attestation) -> bytes:
    """What goes on the wire."""
    return sign1(keys.signing, ATTESTATION_TYPE, encode(attestation))


def open_attestation(trust: TrustStore, data: bytes) -> Attestation:
    """The attestation in `data`, signed by the party that it names.

    Raises:
        WireError: too long, or none.
        EnvelopeError: not signed by its party, or by a member of a staff.
        TrustError: the party is not pinned, no key of it is in force, or this is by one that is not any more.
    """
    said = decode(
        payload_of(data, ATTESTATION_TYPE, "attestation"), Attestation, bytes_max=ATTESTATION_BYTES_MAX
    )
    if said.party != party_of(said.party):
        raise EnvelopeError(f"`{said.party}` attests nothing: its party's node does")
    trust.verify_live(said.party, data, ATTESTATION_TYPE, "attestation")
    return said
