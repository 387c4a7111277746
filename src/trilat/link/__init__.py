"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.attestation import Attestation, open_attestation, sign_attestation
from trilat.link.backlog import Backlog
from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.endpoint import (
    Arrival,
    LinkEndpoint,
    OnAcknowledged,
    OnNotice,
    OnOmitted,
    OnParcels,
)
from trilat.link.epochs import Epoch, EpochLimits, GroupEpochs, RotationReason
from trilat.link.identity import LinkIdentity, refuse_open_to_others, write_private
from trilat.link.incoming import IncomingStream
from trilat.link.keys import Entropy, NodeKeys, Pin, wrap_to
from trilat.link.limits import LinkLimits, LinkProfile
from trilat.link.marking import VerifiedRoots
from trilat.link.memory import Cut, LinkFaults, MemoryNetwork, MemoryTransport
from trilat.link.messages import (
    NOTICE_CONTENT_BYTES_MAX,
    Acknowledgement,
    HighWater,
    Notice,
    Omission,
    Pull,
)
from trilat.link.nats_transport import NatsTransport
from trilat.link.opening import Opened, OpenedParcel, Opener, open_envelope
from trilat.link.outbox import Archive, Gate, OnSkipped, OutgoingState, Worth
from trilat.link.parcel import Batch, Binding, Parcel
from trilat.link.priority import Priority, Standing, newest_wins, standing_of
from trilat.link.proof import Proof, Proved, proof_of, prove, verify_proof
from trilat.link.ranges import Range, Ranges
from trilat.link.removals import open_certificate, sign_certificate
from trilat.link.reservations import FileReservations, MemoryReservations, Reservations
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
    sign_labels,
    verify_label,
)
from trilat.link.stream import Judge, OutgoingStream, Push, Skip, SkipReason
from trilat.link.trust import TrustStore, party_of
from trilat.link.ztdf import ZTDF_BYTES_MAX, Imported, read_ztdf, write_ztdf
from trilat.link.ztdf_keys import read_private, read_public

__all__ = [
    "NOTICE_CONTENT_BYTES_MAX",
    "ZTDF_BYTES_MAX",
    "Acknowledgement",
    "Address",
    "Archive",
    "Arrival",
    "Attestation",
    "Backlog",
    "Batch",
    "Binding",
    "Card",
    "Cut",
    "Entropy",
    "Epoch",
    "EpochLimits",
    "FileReservations",
    "Gate",
    "GroupEpochs",
    "HighWater",
    "Imported",
    "IncomingStream",
    "Judge",
    "LinkEndpoint",
    "LinkFaults",
    "LinkIdentity",
    "LinkLimits",
    "LinkProfile",
    "LinkedPartner",
    "Marking",
    "MemoryNetwork",
    "MemoryReservations",
    "MemoryTransport",
    "NatsServer",
    "NatsTransport",
    "NodeKeys",
    "Notice",
    "Omission",
    "OnAcknowledged",
    "OnNotice",
    "OnOmitted",
    "OnParcels",
    "OnSkipped",
    "Opened",
    "OpenedParcel",
    "Opener",
    "OutgoingState",
    "OutgoingStream",
    "Parcel",
    "Pin",
    "Priority",
    "Proof",
    "Proved",
    "Pull",
    "Push",
    "Range",
    "Ranges",
    "Reservations",
    "RotationReason",
    "Sealer",
    "ServerSettings",
    "SignatureState",
    "Skip",
    "SkipReason",
    "Standing",
    "TrustStore",
    "VerifiedRoots",
    "Worth",
    "agreement_digest",
    "card_from_json",
    "card_to_json",
    "newest_wins",
    "open_attestation",
    "open_certificate",
    "open_envelope",
    "open_signed_binding",
    "open_signed_item",
    "party_of",
    "proof_of",
    "prove",
    "read_private",
    "read_public",
    "read_signed_item",
    "read_ztdf",
    "refuse_open_to_others",
    "sign_agreement",
    "sign_attestation",
    "sign_binding",
    "sign_certificate",
    "sign_item",
    "sign_label",
    "sign_labels",
    "signature_states",
    "standing_of",
    "valid_signers",
    "verify_label",
    "verify_proof",
    "wrap_to",
    "write_private",
    "write_ztdf",
]
