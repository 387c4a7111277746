"""The running service of one party: intake, picture, warnings, releases; rebuilt from its ledger."""

from trilat.node.accounts import (
    SETUP,
    AccessRecord,
    AccessStep,
    Account,
    AccountName,
    AccountRole,
    Accounts,
    ApiToken,
    Known,
    TokenName,
)
from trilat.node.acknowledgements import AcknowledgementRecord
from trilat.node.agreements_shown import shown_matrix, shown_text, struck_history
from trilat.node.at_desk import AUDITOR, STAFF, look_entry, looked_at, shown_as, shown_undone
from trilat.node.audit_report import AuditReport, Told, plain_row, report_of
from trilat.node.auditing import audit_page, known_accounts
from trilat.node.backup import BackupState, Manifest, check_backup, make_backup, restore_backup
from trilat.node.bundles import (
    BEHIND,
    Exported,
    Imported,
    StandingNode,
    export_bundle,
    import_bundle,
    ordered_bundles,
    receive_member,
)
from trilat.node.changing import use_agreements
from trilat.node.clock import REAL_TIME, ManualClock, Pace, PacedClock, SystemClock
from trilat.node.collecting import quiet_collector
from trilat.node.condition import Condition
from trilat.node.config import NodeConfig
from trilat.node.copies import Copies
from trilat.node.damage import Damage, lost, put_right, surveyed
from trilat.node.decisions import decisions_in
from trilat.node.declaring import declare
from trilat.node.feeds import IntakeAnswer
from trilat.node.folder import (
    NodeFolder,
    open_token,
    read_folder,
    read_ledger_key,
    refuse_old_keys,
    trust_contents,
)
from trilat.node.folder_files import ADDRESS_FILE, RESTORED_FILE, mark_restored
from trilat.node.folder_making import make_folder, sealed_names
from trilat.node.history import History, read_history
from trilat.node.intake import SPOKEN_KINDS, IntakeResult
from trilat.node.joining import Joining, admit, invitation_lines, invite, join, signed_by
from trilat.node.keyfiles import Ask, KeyFiles, nobody, private_bytes_of
from trilat.node.known import KnownKind, KnownVersions
from trilat.node.known_state import adopt_text, known_lines, known_state, remove_party
from trilat.node.looking_back import PastPictures, shown_history, shown_warnings
from trilat.node.mapped import COVERAGE_HEIGHTS_M, shown_map
from trilat.node.node import Node
from trilat.node.proofs import Heads, Proof, check_proof, proof_from_plain
from trilat.node.reading import Reading, digest_of, standing_digest
from trilat.node.recalls_shown import shown_case, shown_holders, shown_recalls
from trilat.node.records import (
    RECORD_BYTES_MAX,
    ReadingRecord,
    ReadingStep,
    ReceivedRecord,
    Referral,
    ReleaseRecord,
)
from trilat.node.restore import restore
from trilat.node.root_folder import (
    RootFolder,
    TokenKey,
    is_root_folder,
    make_root,
    read_root,
    request_from_text,
    request_text,
)
from trilat.node.service import NodeService
from trilat.node.settings import (
    AuditSettings,
    ClockSettings,
    DeskSettings,
    HubDial,
    KnownSettings,
    LedgerSettings,
    LinkSettings,
    MapSettings,
    NodeSettings,
    Peer,
    SensorSettings,
    TokenSettings,
    WebSettings,
    host_and_port,
    is_loopback,
    party_code,
)
from trilat.node.signed import unsigned_agreements
from trilat.node.standing import plain_digest
from trilat.node.storage import Storage, storage_of
from trilat.node.stored_keys import NEXT_KEYS_FILE, NODE_KEYS_FILE, keys_from, new_keys
from trilat.node.tracing import FILE_BYTES_MAX, Trace, trace
from trilat.node.trees import StreamTree
from trilat.node.trouble import Severity, Trouble, TroubleCode, trouble_sentence
from trilat.node.trust_changes import import_states, pin_party, request_of, same_fingerprint
from trilat.node.trust_files import pin_all, read_trust, trust_from_text, trust_path, trust_text, write_trust
from trilat.node.trust_health import (
    agreement_lines,
    key_lines,
    known_keys,
    learn_text,
    pin_in_folder,
    trust_health,
)
from trilat.node.why import shown_why
from trilat.node.why_sight import shown_why_sight

__all__ = [
    "ADDRESS_FILE",
    "AUDITOR",
    "BEHIND",
    "COVERAGE_HEIGHTS_M",
    "FILE_BYTES_MAX",
    "NEXT_KEYS_FILE",
    "NODE_KEYS_FILE",
    "REAL_TIME",
    "RECORD_BYTES_MAX",
    "RESTORED_FILE",
    "SETUP",
    "SPOKEN_KINDS",
    "STAFF",
    "AccessRecord",
    "AccessStep",
    "Account",
    "AccountName",
    "AccountRole",
    "Accounts",
    "AcknowledgementRecord",
    "ApiToken",
    "Ask",
    "AuditReport",
    "AuditSettings",
    "BackupState",
    "ClockSettings",
    "Condition",
    "Copies",
    "Damage",
    "DeskSettings",
    "Exported",
    "Heads",
    "History",
    "HubDial",
    "Imported",
    "IntakeAnswer",
    "IntakeResult",
    "Joining",
    "KeyFiles",
    "Known",
    "KnownKind",
    "KnownSettings",
    "KnownVersions",
    "LedgerSettings",
    "LinkSettings",
    "Manifest",
    "ManualClock",
    "MapSettings",
    "Node",
    "NodeConfig",
    "NodeFolder",
    "NodeService",
    "NodeSettings",
    "Pace",
    "PacedClock",
    "PastPictures",
    "Peer",
    "Proof",
    "Reading",
    "ReadingRecord",
    "ReadingStep",
    "ReceivedRecord",
    "Referral",
    "ReleaseRecord",
    "RootFolder",
    "SensorSettings",
    "Severity",
    "StandingNode",
    "Storage",
    "StreamTree",
    "SystemClock",
    "TokenKey",
    "TokenName",
    "TokenSettings",
    "Told",
    "Trace",
    "Trouble",
    "TroubleCode",
    "WebSettings",
    "admit",
    "adopt_text",
    "agreement_lines",
    "audit_page",
    "check_backup",
    "check_proof",
    "decisions_in",
    "declare",
    "digest_of",
    "export_bundle",
    "host_and_port",
    "import_bundle",
    "import_states",
    "invitation_lines",
    "invite",
    "is_loopback",
    "is_root_folder",
    "join",
    "key_lines",
    "keys_from",
    "known_accounts",
    "known_keys",
    "known_lines",
    "known_state",
    "learn_text",
    "look_entry",
    "looked_at",
    "lost",
    "make_backup",
    "make_folder",
    "make_root",
    "mark_restored",
    "new_keys",
    "nobody",
    "open_token",
    "ordered_bundles",
    "party_code",
    "pin_all",
    "pin_in_folder",
    "pin_party",
    "plain_digest",
    "plain_row",
    "private_bytes_of",
    "proof_from_plain",
    "put_right",
    "quiet_collector",
    "read_folder",
    "read_history",
    "read_ledger_key",
    "read_root",
    "read_trust",
    "receive_member",
    "refuse_old_keys",
    "remove_party",
    "report_of",
    "request_from_text",
    "request_of",
    "request_text",
    "restore",
    "restore_backup",
    "same_fingerprint",
    "sealed_names",
    "shown_as",
    "shown_case",
    "shown_history",
    "shown_holders",
    "shown_map",
    "shown_matrix",
    "shown_recalls",
    "shown_text",
    "shown_undone",
    "shown_warnings",
    "shown_why",
    "shown_why_sight",
    "signed_by",
    "standing_digest",
    "storage_of",
    "struck_history",
    "surveyed",
    "trace",
    "trouble_sentence",
    "trust_contents",
    "trust_from_text",
    "trust_health",
    "trust_path",
    "trust_text",
    "unsigned_agreements",
    "use_agreements",
    "write_trust",
]
