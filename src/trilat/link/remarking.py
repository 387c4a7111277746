"""Own signatures in parcels that wait, made anew where the key that made them was revoked since.

A recipient refuses what a revoked key signed. What this party itself said stays true, so its node says it
again with its new key when the parcel leaves; others' signatures are left as they are.
"""

import msgspec

from trilat.link.keys import NodeKeys
from trilat.link.parcel import PARCEL_BYTES_MAX, Parcel
from trilat.link.statement import open_signed_item, read_signed_item, sign_item, sign_label, verify_label
from trilat.link.trust import TrustStore, party_of
from trilat.model import Release, TrustError, decode, encode


def renewed(wire: bytes, keys: NodeKeys, trust: TrustStore) -> bytes:
    """A parcel's wire form with no own signature by a revoked key in it; the same where there was none.

    Raises:
        WireError: it is no parcel.
    """
    state = trust.state(keys.party)
    if state is None or not any(key.revoked for key in state.retired):
        return wire
    parcel = decode(wire, Parcel, PARCEL_BYTES_MAX)
    item = decode(parcel.release, Release).item
    marking = parcel.marking
    if party_of(item.label.originator) == keys.party:
        try:
            verify_label(trust, item, marking)
        except TrustError:
            marking = sign_label(keys, item)
    consents = tuple(_renewed_consent(signed, keys, trust) for signed in parcel.consents)
    return encode(msgspec.structs.replace(parcel, marking=marking, consents=consents))


def _renewed_consent(signed: bytes, keys: NodeKeys, trust: TrustStore) -> bytes:
    item = read_signed_item(signed)
    if party_of(item.label.originator) != keys.party:
        return signed
    try:
        open_signed_item(trust, signed)
    except TrustError:
        return sign_item(keys, item)
    return signed
