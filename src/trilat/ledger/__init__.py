"""The ledger: a party's append-only record, chained so that every change shows, with removable contents."""

from trilat.ledger.entry import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Removal,
    Repair,
    Stored,
)
from trilat.ledger.examination import Head, Verification
from trilat.ledger.ledger import Ledger
from trilat.ledger.memory import MemoryStore
from trilat.ledger.merkle import (
    EMPTY_ROOT,
    MerkleLog,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from trilat.ledger.sqlite import SqliteStore
from trilat.ledger.vault import Entropy

__all__ = [
    "BATCH_ENTRIES_MAX",
    "CONTENT_BYTES_MAX",
    "EMPTY_ROOT",
    "Entropy",
    "Entry",
    "EntryKind",
    "Head",
    "Ledger",
    "MemoryStore",
    "MerkleLog",
    "Removal",
    "Repair",
    "SqliteStore",
    "Stored",
    "Verification",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]
