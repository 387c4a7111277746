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
from trilat.node.auditing import audit_page, known_accounts
from trilat.node.backup import BackupState, Manifest, check_backup, make_backup, restore_backup
from trilat.node.clock import REAL_TIME, ManualClock, Pace, PacedClock, SystemClock
from trilat.node.collecting import quiet_collector
from trilat.node.config import NodeConfig
from trilat.node.copies import Copies
from trilat.node.decisions import decisions_in
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
from trilat.node.node import Node
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
    ClockSettings,
    DeskSettings,
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
from trilat.node.tracing import FILE_BYTES_MAX, Trace, trace

__all__ = [
    "ADDRESS_FILE",
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
    "BackupState",
    "ClockSettings",
    "Copies",
    "DeskSettings",
    "History",
    "IntakeAnswer",
    "IntakeResult",
    "Known",
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
    "Reading",
    "ReadingRecord",
    "ReadingStep",
    "ReceivedRecord",
    "Referral",
    "ReleaseRecord",
    "SensorSettings",
    "SystemClock",
    "TokenName",
    "Trace",
    "WebSettings",
    "audit_page",
    "check_backup",
    "decisions_in",
    "declare",
    "digest_of",
    "host_and_port",
    "is_loopback",
    "known_accounts",
    "make_backup",
    "make_folder",
    "party_code",
    "quiet_collector",
    "read_folder",
    "read_history",
    "read_ledger_key",
    "restore",
    "restore_backup",
    "shown_case",
    "shown_holders",
    "shown_recalls",
    "standing_digest",
    "trace",
]
