"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.arrival import Arrival
from trilat.link.attestation import Attestation, open_attestation, sign_attestation
from trilat.link.backlog import Backlog
from trilat.link.bundle import BundleHead, BundleTail, BundleWriter, bundle_members, check_bundle
from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.connecting import OutsideNats
from trilat.link.endpoint import (
    LinkEndpoint,
    OnAcknowledged,
    OnNotice,
    OnOmitted,
    OnParcels,
)
from trilat.link.epochs import Epoch, EpochLimits, GroupEpochs, RotationReason
from trilat.link.health import LinkHealth, Unanswered
from trilat.link.hub_card import HubCard, hub_card_from_json
from trilat.link.hub_config import Admitted, HubSettings, lost
from trilat.link.hub_control import Connected, HubControl
from trilat.link.hub_folder import HubFolder, HubToml, hub_stamp, make_hub_folder, read_hub_folder
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
    sign_message,
)
from trilat.link.nats_transport import NatsTransport
from trilat.link.opening import Opened, OpenedParcel, Opener, open_envelope
from trilat.link.outbox import Archive, Gate, OnSkipped, OutgoingState, Worth
from trilat.link.parcel import PARCEL_BYTES_MAX, Batch, Binding, Parcel
from trilat.link.priority import Priority, Standing, newest_wins, standing_of
from trilat.link.proof import Proof, Proved, proof_of, prove, verify_proof
from trilat.link.ranges import Range, Ranges
from trilat.link.removals import open_certificate, sign_certificate
from trilat.link.reservations import FileReservations, MemoryReservations, Reservations
from trilat.link.sealing import Sealer
from trilat.link.server import NatsServer
from trilat.link.server_config import Address, LinkedHub, LinkedPartner, ServerSettings
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
from trilat.link.subjects import Way, direct_way, hub_way, subjects_of
from trilat.link.tree_head import (
    PARCEL_SALT_BYTES,
    TREE_HEAD_BYTES_MAX,
    TreeHead,
    ledger_commitment,
    open_receipt,
    open_tree_head,
    open_word,
    parcel_leaf,
    read_tree_head,
    seal_word,
    sign_tree_head,
)
from trilat.link.trust import TrustStore, party_of
from trilat.link.ztdf import ZTDF_BYTES_MAX, Imported, read_ztdf, write_ztdf
from trilat.link.ztdf_keys import read_private, read_public

__all__ = [
    "NOTICE_CONTENT_BYTES_MAX",
    "PARCEL_BYTES_MAX",
    "PARCEL_SALT_BYTES",
    "TREE_HEAD_BYTES_MAX",
    "ZTDF_BYTES_MAX",
    "Acknowledgement",
    "Address",
    "Admitted",
    "Archive",
    "Arrival",
    "Attestation",
    "Backlog",
    "Batch",
    "Binding",
    "BundleHead",
    "BundleTail",
    "BundleWriter",
    "Card",
    "Connected",
    "Cut",
    "Entropy",
    "Epoch",
    "EpochLimits",
    "FileReservations",
    "Gate",
    "GroupEpochs",
    "HighWater",
    "HubCard",
    "HubControl",
    "HubFolder",
    "HubSettings",
    "HubToml",
    "Imported",
    "IncomingStream",
    "Judge",
    "LinkEndpoint",
    "LinkFaults",
    "LinkHealth",
    "LinkIdentity",
    "LinkLimits",
    "LinkProfile",
    "LinkedHub",
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
    "OutsideNats",
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
    "TreeHead",
    "TrustStore",
    "Unanswered",
    "VerifiedRoots",
    "Way",
    "Worth",
    "agreement_digest",
    "bundle_members",
    "card_from_json",
    "card_to_json",
    "check_bundle",
    "direct_way",
    "hub_card_from_json",
    "hub_stamp",
    "hub_way",
    "ledger_commitment",
    "lost",
    "make_hub_folder",
    "newest_wins",
    "open_attestation",
    "open_certificate",
    "open_envelope",
    "open_receipt",
    "open_signed_binding",
    "open_signed_item",
    "open_tree_head",
    "open_word",
    "parcel_leaf",
    "party_of",
    "proof_of",
    "prove",
    "read_hub_folder",
    "read_private",
    "read_public",
    "read_signed_item",
    "read_tree_head",
    "read_ztdf",
    "refuse_open_to_others",
    "seal_word",
    "sign_agreement",
    "sign_attestation",
    "sign_binding",
    "sign_certificate",
    "sign_item",
    "sign_label",
    "sign_labels",
    "sign_message",
    "sign_tree_head",
    "signature_states",
    "standing_of",
    "subjects_of",
    "valid_signers",
    "verify_label",
    "verify_proof",
    "wrap_to",
    "write_private",
    "write_ztdf",
]
