"""The link: who is trusted, envelopes that only their recipient opens, and streams that lose nothing."""

from trilat.link.armor import armored, unarmored
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
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.limits import LinkLimits, LinkProfile
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
)
from trilat.link.nats_transport import NatsTransport
from trilat.link.opening import Opened, OpenedParcel, Opener, open_envelope
from trilat.link.outbox import Archive, OnSkipped, OutgoingState, Worth
from trilat.link.parcel import Batch, Binding, Parcel
from trilat.link.priority import Priority, Standing, newest_wins, standing_of
from trilat.link.proof import Proof, Proved, proof_of, prove, verify_proof
from trilat.link.ranges import Range, Ranges
from trilat.link.removals import open_certificate, sign_certificate
from trilat.link.reservations import FileReservations, MemoryReservations, Reservations
from trilat.link.root import Issue, KeyRequest, Revoked, RootKey, key_request
from trilat.link.sealing import Sealer
from trilat.link.server import NatsServer
from trilat.link.server_config import Address, LinkedPartner, ServerSettings
from trilat.link.signer import Signer
from trilat.link.signing import SignatureState, agreement_digest, sign_agreement, signature_states, signers_of
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
from trilat.link.stream import OutgoingStream, Push, Skip, SkipReason
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
from trilat.link.ztdf import ZTDF_BYTES_MAX, Imported, read_ztdf, write_ztdf
from trilat.link.ztdf_keys import read_private, read_public

__all__ = [
    "ACCEPTANCE_LABEL",
    "INVITATION_LABEL",
    "NOTICE_CONTENT_BYTES_MAX",
    "SECRET_BYTES",
    "ZTDF_BYTES_MAX",
    "Acceptance",
    "Acknowledgement",
    "Address",
    "AgreementFile",
    "Announcement",
    "Archive",
    "Arrival",
    "Backlog",
    "Batch",
    "Binding",
    "Card",
    "Cut",
    "DeviceToken",
    "Entropy",
    "Epoch",
    "EpochLimits",
    "FileReservations",
    "GroupEpochs",
    "HighWater",
    "Imported",
    "IncomingStream",
    "Invitation",
    "Issue",
    "KeyRequest",
    "LinkEndpoint",
    "LinkFaults",
    "LinkIdentity",
    "LinkLimits",
    "LinkProfile",
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
    "TrustState",
    "TrustStore",
    "VerifiedRoots",
    "Worth",
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
    "letter_bytes",
    "letter_digest",
    "letter_text",
    "newest_wins",
    "open_acceptance",
    "open_certificate",
    "open_envelope",
    "open_invitation",
    "open_lock",
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
    "refuse_unfit",
    "root_fingerprint",
    "sign_acceptance",
    "sign_agreement",
    "sign_binding",
    "sign_certificate",
    "sign_invitation",
    "sign_item",
    "sign_label",
    "sign_labels",
    "signature_states",
    "signers_of",
    "standing_of",
    "unarmored",
    "verify_label",
    "verify_proof",
    "write_private",
    "write_ztdf",
]
