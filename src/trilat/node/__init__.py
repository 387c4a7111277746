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
from trilat.node.config import NodeConfig
from trilat.node.copies import Copies
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
from trilat.node.folder_files import ADDRESS_FILE, RESTORED_FILE
from trilat.node.folder_making import make_folder, sealed_names
from trilat.node.history import History, read_history
from trilat.node.intake import SPOKEN_KINDS, IntakeResult
from trilat.node.joining import Joining, admit, invitation_lines, invite, join, signed_by
from trilat.node.keyfiles import Ask, KeyFiles, nobody, private_bytes_of
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
    ClockSettings,
    DeskSettings,
    LedgerSettings,
    LinkSettings,
    NodeSettings,
    Peer,
    SensorSettings,
    TokenSettings,
    WebSettings,
    host_and_port,
    is_loopback,
    party_code,
)
from trilat.node.stored_keys import NEXT_KEYS_FILE, NODE_KEYS_FILE, keys_from, new_keys
from trilat.node.tracing import FILE_BYTES_MAX, Trace, trace
from trilat.node.trust_changes import import_states, pin_party, request_of, same_fingerprint
from trilat.node.trust_files import pin_all, read_trust, trust_from_text, trust_path, trust_text, write_trust
from trilat.node.trust_health import agreement_lines, key_lines, known_keys, learn_text, trust_health

__all__ = [
    "ADDRESS_FILE",
    "FILE_BYTES_MAX",
    "NEXT_KEYS_FILE",
    "NODE_KEYS_FILE",
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
    "Ask",
    "BackupState",
    "ClockSettings",
    "Copies",
    "DeskSettings",
    "History",
    "IntakeAnswer",
    "IntakeResult",
    "Joining",
    "KeyFiles",
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
    "RootFolder",
    "SensorSettings",
    "SystemClock",
    "TokenKey",
    "TokenName",
    "TokenSettings",
    "Trace",
    "WebSettings",
    "admit",
    "agreement_lines",
    "audit_page",
    "check_backup",
    "declare",
    "digest_of",
    "host_and_port",
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
    "learn_text",
    "make_backup",
    "make_folder",
    "make_root",
    "new_keys",
    "nobody",
    "open_token",
    "party_code",
    "pin_all",
    "pin_party",
    "private_bytes_of",
    "read_folder",
    "read_history",
    "read_ledger_key",
    "read_root",
    "read_trust",
    "refuse_old_keys",
    "request_from_text",
    "request_of",
    "request_text",
    "restore",
    "restore_backup",
    "same_fingerprint",
    "sealed_names",
    "shown_case",
    "shown_holders",
    "shown_recalls",
    "signed_by",
    "standing_digest",
    "trace",
    "trust_contents",
    "trust_from_text",
    "trust_health",
    "trust_path",
    "trust_text",
    "write_trust",
]
