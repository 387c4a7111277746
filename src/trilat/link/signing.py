"""Signatures of agreements: each party signs the agreement's wire form, without anybody's signatures.

A signature is a COSE_Sign1 over party, instant, id, version and the SHA-256 of that wire form, so that one of
an agreement of any length is short, and one of another version or text never fits. Staff do not sign: their
party does.
"""

from enum import Enum
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from trilat.link.cose import sign1
from trilat.link.keys import NodeKeys
from trilat.link.trust import TrustStore, party_of
from trilat.model import (
    Agreement,
    Identifier,
    InstantNs,
    Noun,
    PartyCode,
    PartySignature,
    TrilatError,
    TrustError,
    UsageError,
    decode,
    encode,
)

AGREEMENT_TYPE: Final = "application/vnd.trilat.agreement"


class SignedAgreement(Noun, frozen=True, kw_only=True):
    """What a party signs of an agreement."""

    party: PartyCode
    signed_ns: InstantNs
    agreement_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class SignatureState(Enum):
    """What is known of a party's signature."""

    VALID = "valid"
    LEAVES = "leaves"
    """It fits, as all others do, and its party is none of this version's: it leaves by it."""

    MISSING = "missing"
    """The party has not signed."""

    WRONG = "wrong"
    """It is by another key, or of another text or version."""

    REVOKED = "revoked"
    """It is by a key that was revoked as of before it was made, or of a party that revoked its root."""

    NO_CARD = "no-card"
    """The party's key is not held, so that nothing is known."""


def agreement_digest(agreement: Agreement) -> bytes:
    """The SHA-256 of an agreement's wire form without signatures."""
    return sha256(encode(msgspec.structs.replace(agreement, signatures=()))).digest()


def signers_of(agreement: Agreement) -> tuple[str, ...]:
    """The parties that must sign, in the order of the agreement."""
    return tuple(dict.fromkeys(party_of(code) for code in agreement.parties))


def sign_agreement(
    keys: NodeKeys, agreement: Agreement, now_ns: int, before: Agreement | None = None
) -> PartySignature:
    """A party's signature of an agreement.

    Args:
        keys: the party's.
        agreement: what it signs.
        now_ns: when it signs, UTC ns.
        before: the version before, whose parties may sign too: who leaves is in that one alone.

    Raises:
        UsageError: the party is none of the agreement's, or has signed it already.
    """
    if keys.party not in {*signers_of(agreement), *(() if before is None else signers_of(before))}:
        raise UsageError(
            f"`{keys.party}` is no party of `{agreement.agreement_id}`: only its parties sign it"
        )
    if any(known.party == keys.party for known in agreement.signatures):
        raise UsageError(
            f"`{keys.party}` has signed `{agreement.agreement_id}` already: take that one out first"
        )
    signed = _signed(agreement, keys.party, now_ns)
    return PartySignature(
        party=keys.party, signed_ns=now_ns, signature=sign1(keys.signing, AGREEMENT_TYPE, encode(signed))
    )


def signature_states(trust: TrustStore, agreement: Agreement) -> dict[str, SignatureState]:
    """What is known of the signature of each party that must sign, and of each that did without having to."""
    states = dict.fromkeys(signers_of(agreement), SignatureState.MISSING)
    for signature in agreement.signatures:
        known = states.get(signature.party)
        if known is SignatureState.MISSING and signature.party not in trust:
            states[signature.party] = SignatureState.NO_CARD
        elif known is SignatureState.MISSING:
            states[signature.party] = _state_of(trust, agreement, signature)
        elif known is None and valid_signers(trust, agreement) is not None:
            states[signature.party] = SignatureState.LEAVES
        else:  # also a second one of a party, and one of a stranger
            states[signature.party] = SignatureState.WRONG
    return states


def valid_signers(trust: TrustStore, agreement: Agreement, *, in_place: bool = True) -> frozenset[str] | None:
    """The parties whose signatures fit, also of such as leave by it; None where one does not fit, stands
    twice, or is by a party without a pin: then nothing of the text is believed.

    Args:
        trust: whose keys are whose.
        agreement: the version.
        in_place: whether people put it in place. Else nobody vouches for the instants of its signatures, and
            none by a key that was revoked fits, of whatever instant.
    """
    signed = [signature.party for signature in agreement.signatures]
    if len(set(signed)) != len(signed):
        return None
    fitting = all(
        signature.party in trust
        and _state_of(trust, agreement, signature, in_place=in_place) is SignatureState.VALID
        for signature in agreement.signatures
    )
    return frozenset(signed) if fitting else None


def _state_of(
    trust: TrustStore, agreement: Agreement, signature: PartySignature, *, in_place: bool = True
) -> SignatureState:
    """What is known of a signature by a party that is known.

    When a party signed is its own word. It counts where people put an agreement's file in place.
    """
    party, at_ns = signature.party, signature.signed_ns
    known_ns = at_ns if in_place else None
    try:
        payload = trust.verify_statement(party, signature.signature, AGREEMENT_TYPE, "agreement", known_ns)
        if decode(payload, SignedAgreement) == _signed(agreement, party, at_ns):
            return SignatureState.VALID
    except TrustError as error:
        return SignatureState.REVOKED if error.facts.get("revoked") else SignatureState.WRONG
    except TrilatError:
        pass
    return SignatureState.WRONG


def _signed(agreement: Agreement, party: str, signed_ns: int) -> SignedAgreement:
    return SignedAgreement(
        party=party,
        signed_ns=signed_ns,
        agreement_id=agreement.agreement_id,
        version=agreement.version,
        digest=agreement_digest(agreement),
    )
