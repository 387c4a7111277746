"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.armor import armored, unarmored
from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.endpoint import (
    Archive,
    Arrival,
    LinkEndpoint,
    OnAcknowledged,
    OnNotice,
    OnParcels,
    OutgoingState,
)
from trilat.link.identity import LinkIdentity, refuse_open_to_others, write_private
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.lock import Lock, Strength, is_sealed, open_lock, refuse_unfit
from trilat.link.memory import Cut, LinkFaults, MemoryNetwork, MemoryTransport
from trilat.link.messages import NOTICE_CONTENT_BYTES_MAX, Acknowledgement, Notice, Pull
from trilat.link.nats_transport import NatsTransport
from trilat.link.opening import Opened, OpenedParcel, Opener, open_envelope
from trilat.link.parcel import Batch, Binding, Parcel
from trilat.link.root import Issue, KeyRequest, Revoked, RootKey, key_request
from trilat.link.sealing import Sealer
from trilat.link.server import NatsServer
from trilat.link.server_config import Address, LinkedPartner, ServerSettings
from trilat.link.signer import Signer
from trilat.link.signing import SignatureState, agreement_digest, sign_agreement, signature_states
from trilat.link.statement import (
    Marking,
    open_signed_binding,
    open_signed_item,
    read_signed_item,
    sign_binding,
    sign_item,
    sign_label,
    verify_label,
)
from trilat.link.stream import IncomingStream, LinkLimits, OutgoingStream, Push
from trilat.link.token import DeviceToken, MemoryToken, Token
from trilat.link.trust import TrustStore, party_of
from trilat.link.trust_state import (
    Announcement,
    PartyRevocation,
    RetiredKey,
    SignedState,
    TrustState,
    announced_party,
    checked_revocation,
    checked_state,
    decode_announcement,
    encode_announcement,
    root_fingerprint,
)

__all__ = [
    "NOTICE_CONTENT_BYTES_MAX",
    "Acknowledgement",
    "Address",
    "Announcement",
    "Archive",
    "Arrival",
    "Batch",
    "Binding",
    "Card",
    "Cut",
    "DeviceToken",
    "Entropy",
    "IncomingStream",
    "Issue",
    "KeyRequest",
    "LinkEndpoint",
    "LinkFaults",
    "LinkIdentity",
    "LinkLimits",
    "LinkedPartner",
    "Lock",
    "Marking",
    "MemoryNetwork",
    "MemoryToken",
    "MemoryTransport",
    "NatsServer",
    "NatsTransport",
    "NodeKeys",
    "Notice",
    "OnAcknowledged",
    "OnNotice",
    "OnParcels",
    "Opened",
    "OpenedParcel",
    "Opener",
    "OutgoingState",
    "OutgoingStream",
    "Parcel",
    "PartyRevocation",
    "Pin",
    "Pull",
    "Push",
    "RetiredKey",
    "Revoked",
    "RootKey",
    "Sealer",
    "ServerSettings",
    "SignatureState",
    "SignedState",
    "Signer",
    "Strength",
    "Token",
    "TrustState",
    "TrustStore",
    "agreement_digest",
    "announced_party",
    "armored",
    "card_from_json",
    "card_to_json",
    "checked_revocation",
    "checked_state",
    "decode_announcement",
    "encode_announcement",
    "is_sealed",
    "key_request",
    "open_envelope",
    "open_lock",
    "open_signed_binding",
    "open_signed_item",
    "party_of",
    "read_signed_item",
    "refuse_open_to_others",
    "refuse_unfit",
    "root_fingerprint",
    "sign_agreement",
    "sign_binding",
    "sign_item",
    "sign_label",
    "signature_states",
    "unarmored",
    "verify_label",
    "write_private",
]
