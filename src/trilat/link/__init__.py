"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.attestation import Attestation, open_attestation, sign_attestation
from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.endpoint import (
    Archive,
    Arrival,
    Gate,
    LinkEndpoint,
    OnAcknowledged,
    OnNotice,
    OnParcels,
    OutgoingState,
)
from trilat.link.identity import LinkIdentity, refuse_open_to_others, write_private
from trilat.link.keys import Entropy, NodeKeys, Pin, wrap_to
from trilat.link.memory import Cut, LinkFaults, MemoryNetwork, MemoryTransport
from trilat.link.messages import NOTICE_CONTENT_BYTES_MAX, Acknowledgement, Notice, Pull
from trilat.link.nats_transport import NatsTransport
from trilat.link.opening import Opened, OpenedParcel, Opener, open_envelope
from trilat.link.parcel import Batch, Binding, Parcel
from trilat.link.sealing import Sealer
from trilat.link.server import NatsServer
from trilat.link.server_config import Address, LinkedPartner, ServerSettings
from trilat.link.signing import (
    SignatureState,
    agreement_digest,
    sign_agreement,
    signature_states,
    valid_signers,
)
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
from trilat.link.trust import TrustStore, party_of

__all__ = [
    "NOTICE_CONTENT_BYTES_MAX",
    "Acknowledgement",
    "Address",
    "Archive",
    "Arrival",
    "Attestation",
    "Batch",
    "Binding",
    "Card",
    "Cut",
    "Entropy",
    "Gate",
    "IncomingStream",
    "LinkEndpoint",
    "LinkFaults",
    "LinkIdentity",
    "LinkLimits",
    "LinkedPartner",
    "Marking",
    "MemoryNetwork",
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
    "Pin",
    "Pull",
    "Push",
    "Sealer",
    "ServerSettings",
    "SignatureState",
    "TrustStore",
    "agreement_digest",
    "card_from_json",
    "card_to_json",
    "open_attestation",
    "open_envelope",
    "open_signed_binding",
    "open_signed_item",
    "party_of",
    "read_signed_item",
    "refuse_open_to_others",
    "sign_agreement",
    "sign_attestation",
    "sign_binding",
    "sign_item",
    "sign_label",
    "signature_states",
    "valid_signers",
    "verify_label",
    "wrap_to",
    "write_private",
]
