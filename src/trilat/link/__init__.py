"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.armor import armored, unarmored
from trilat.link.arrival import Arrival, OnAcknowledged, OnNotice, OnOmitted, OnParcels
from trilat.link.attestation import Attestation, open_attestation, sign_attestation
from trilat.link.backlog import Backlog
from trilat.link.bundle import BundleHead, BundleTail, BundleWriter, bundle_members, check_bundle
from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.connecting import OutsideNats
from trilat.link.endpoint import (
    LinkEndpoint,
)
from trilat.link.epochs import Epoch, EpochLimits, GroupEpochs, RotationReason
from trilat.link.health import LinkHealth, Unanswered
from trilat.link.hub_card import HubCard, hub_card_from_json
from trilat.link.hub_config import Admitted, HubSettings, lost
from trilat.link.hub_control import Connected, HubControl
from trilat.link.hub_folder import HubFolder, HubToml, hub_stamp, make_hub_folder, read_hub_folder
from trilat.link.identity import LinkIdentity, refuse_open_to_others, write_private
from trilat.link.incoming import IncomingStream
from trilat.link.invitation import (
    ACCEPTANCE_LABEL,
    INVITATION_LABEL,
    SECRET_BYTES,
    Acceptance,
    AgreementFile,
    Invitation,
    letter_bytes,
    letter_digest,
    letter_text,
    open_acceptance,
    open_invitation,
    sign_acceptance,
    sign_invitation,
)
from trilat.link.keys import Entropy, NodeKeys, Pin, wrap_to
from trilat.link.limits import LinkLimits, LinkProfile
from trilat.link.link_state import Figure, LinkCode, LinkState, link_sentence
from trilat.link.lock import Lock, Strength, is_sealed, open_lock, refuse_unfit
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
from trilat.link.parcel import PARCEL_BYTES_MAX, Batch, Binding, Parcel, parcel_bytes
from trilat.link.party_trust import KeyStanding
from trilat.link.priority import Priority, Standing, newest_wins, standing_of
from trilat.link.proof import Proof, Proved, proof_of, prove, verify_proof
from trilat.link.ranges import Range, Ranges
from trilat.link.removals import open_certificate, sign_certificate
from trilat.link.reservations import FileReservations, MemoryReservations, Reservations
from trilat.link.root import Issue, KeyRequest, Revoked, RootKey, key_request
from trilat.link.sealing import Sealer
from trilat.link.server import NatsServer
from trilat.link.server_config import Address, LinkedHub, LinkedPartner, ServerSettings
from trilat.link.signer import Signer
from trilat.link.signing import (
    SignatureState,
    agreement_digest,
    sign_agreement,
    signature_states,
    signers_of,
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
from trilat.link.token import DeviceToken, MemoryToken, Token
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
from trilat.link.ztdf import ZTDF_BYTES_MAX, Imported, read_ztdf, write_ztdf
from trilat.link.ztdf_keys import read_private, read_public

__all__ = [
    "ACCEPTANCE_LABEL",
    "INVITATION_LABEL",
    "NOTICE_CONTENT_BYTES_MAX",
    "PARCEL_BYTES_MAX",
    "PARCEL_SALT_BYTES",
    "SECRET_BYTES",
    "TREE_HEAD_BYTES_MAX",
    "ZTDF_BYTES_MAX",
    "Acceptance",
    "Acknowledgement",
    "Address",
    "Admitted",
    "AgreementFile",
    "Announcement",
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
    "DeviceToken",
    "Entropy",
    "Epoch",
    "EpochLimits",
    "Figure",
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
    "Invitation",
    "Issue",
    "Judge",
    "KeyRequest",
    "KeyStanding",
    "LinkCode",
    "LinkEndpoint",
    "LinkFaults",
    "LinkHealth",
    "LinkIdentity",
    "LinkLimits",
    "LinkProfile",
    "LinkState",
    "LinkedHub",
    "LinkedPartner",
    "Lock",
    "Marking",
    "MemoryNetwork",
    "MemoryReservations",
    "MemoryToken",
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
    "PartyRevocation",
    "Pin",
    "Priority",
    "Proof",
    "Proved",
    "Pull",
    "Push",
    "Range",
    "Ranges",
    "Reservations",
    "RetiredKey",
    "Revoked",
    "RootKey",
    "RotationReason",
    "Sealer",
    "ServerSettings",
    "SignatureState",
    "SignedState",
    "Signer",
    "Skip",
    "SkipReason",
    "Standing",
    "Strength",
    "Token",
    "TreeHead",
    "TrustState",
    "TrustStore",
    "Unanswered",
    "VerifiedRoots",
    "Way",
    "Worth",
    "agreement_digest",
    "announced_party",
    "armored",
    "bundle_members",
    "card_from_json",
    "card_to_json",
    "check_bundle",
    "checked_revocation",
    "checked_state",
    "decode_announcement",
    "direct_way",
    "encode_announcement",
    "hub_card_from_json",
    "hub_stamp",
    "hub_way",
    "is_sealed",
    "key_request",
    "ledger_commitment",
    "letter_bytes",
    "letter_digest",
    "letter_text",
    "link_sentence",
    "lost",
    "make_hub_folder",
    "newest_wins",
    "open_acceptance",
    "open_attestation",
    "open_certificate",
    "open_envelope",
    "open_invitation",
    "open_lock",
    "open_receipt",
    "open_signed_binding",
    "open_signed_item",
    "open_tree_head",
    "open_word",
    "parcel_bytes",
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
    "refuse_unfit",
    "root_fingerprint",
    "seal_word",
    "sign_acceptance",
    "sign_agreement",
    "sign_attestation",
    "sign_binding",
    "sign_certificate",
    "sign_invitation",
    "sign_item",
    "sign_label",
    "sign_labels",
    "sign_message",
    "sign_tree_head",
    "signature_states",
    "signers_of",
    "standing_of",
    "subjects_of",
    "unarmored",
    "valid_signers",
    "verify_label",
    "verify_proof",
    "wrap_to",
    "write_private",
    "write_ztdf",
]
