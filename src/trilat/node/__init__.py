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
from trilat.node.at_desk import AUDITOR, look_entry
from trilat.node.audit_report import AuditReport, Told, plain_row, report_of
from trilat.node.auditing import audit_page, known_accounts
from trilat.node.backup import BackupState, Manifest, check_backup, make_backup, restore_backup
from trilat.node.bundles import (
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
from trilat.node.config import NodeConfig
from trilat.node.copies import Copies
from trilat.node.damage import Damage, lost, put_right, surveyed
from trilat.node.declaring import declare
from trilat.node.feeds import IntakeAnswer
from trilat.node.folder import (
    ADDRESS_FILE,
    RESTORED_FILE,
    NodeFolder,
    make_folder,
    read_folder,
    read_ledger_key,
)
from trilat.node.history import History, read_history
from trilat.node.intake import SPOKEN_KINDS, IntakeResult
from trilat.node.known import KnownKind, KnownVersions
from trilat.node.known_state import adopt_text, known_lines, known_state, remove_party
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
from trilat.node.service import NodeService
from trilat.node.settings import (
    AuditSettings,
    ClockSettings,
    DeskSettings,
    HubDial,
    KnownSettings,
    LedgerSettings,
    LinkSettings,
    NodeSettings,
    Peer,
    SensorSettings,
    WebSettings,
    host_and_port,
    is_loopback,
    party_code,
)
from trilat.node.signed import unsigned_agreements
from trilat.node.standing import plain_digest
from trilat.node.tracing import FILE_BYTES_MAX, Trace, trace
from trilat.node.trees import StreamTree

__all__ = [
    "ADDRESS_FILE",
    "AUDITOR",
    "FILE_BYTES_MAX",
    "REAL_TIME",
    "RECORD_BYTES_MAX",
    "RESTORED_FILE",
    "SETUP",
    "SPOKEN_KINDS",
    "AccessRecord",
    "AccessStep",
    "Account",
    "AccountName",
    "AccountRole",
    "Accounts",
    "ApiToken",
    "AuditReport",
    "AuditSettings",
    "BackupState",
    "ClockSettings",
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
    "Known",
    "KnownKind",
    "KnownSettings",
    "KnownVersions",
    "LedgerSettings",
    "LinkSettings",
    "Manifest",
    "ManualClock",
    "Node",
    "NodeConfig",
    "NodeFolder",
    "NodeService",
    "NodeSettings",
    "Pace",
    "PacedClock",
    "Peer",
    "Proof",
    "Reading",
    "ReadingRecord",
    "ReadingStep",
    "ReceivedRecord",
    "Referral",
    "ReleaseRecord",
    "SensorSettings",
    "StandingNode",
    "StreamTree",
    "SystemClock",
    "TokenName",
    "Told",
    "Trace",
    "WebSettings",
    "adopt_text",
    "audit_page",
    "check_backup",
    "check_proof",
    "declare",
    "digest_of",
    "export_bundle",
    "host_and_port",
    "import_bundle",
    "is_loopback",
    "known_accounts",
    "known_lines",
    "known_state",
    "look_entry",
    "lost",
    "make_backup",
    "make_folder",
    "ordered_bundles",
    "party_code",
    "plain_digest",
    "plain_row",
    "proof_from_plain",
    "put_right",
    "read_folder",
    "read_history",
    "read_ledger_key",
    "receive_member",
    "remove_party",
    "report_of",
    "restore",
    "restore_backup",
    "shown_case",
    "shown_holders",
    "shown_recalls",
    "standing_digest",
    "surveyed",
    "trace",
    "unsigned_agreements",
    "use_agreements",
]
