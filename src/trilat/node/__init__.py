"""The running service of one party: intake, picture, warnings, releases; rebuilt from its ledger."""

from trilat.node.clock import ManualClock, SystemClock
from trilat.node.config import NodeConfig
from trilat.node.node import IntakeResult, Node
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, Referral, ReleaseRecord
from trilat.node.restore import restore

__all__ = [
    "RECORD_BYTES_MAX",
    "IntakeResult",
    "ManualClock",
    "Node",
    "NodeConfig",
    "ReceivedRecord",
    "Referral",
    "ReleaseRecord",
    "SystemClock",
    "restore",
]
