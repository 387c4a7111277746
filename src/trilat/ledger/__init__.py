"""The ledger: a party's append-only record, chained so that every change shows, with removable contents."""

from trilat.ledger.comparison import Compared, Part, answer, first_part
from trilat.ledger.copying import Copied, copy_ledger
from trilat.ledger.entry import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Removal,
    Repair,
    Stored,
)
from trilat.ledger.examination import UNREADABLE_KIND, Examined, Head, Verification
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
from trilat.ledger.postgres import PostgresStore, is_postgres_url, refuse_unsafe_url
from trilat.ledger.salvage import Salvaged, is_well_formed, salvage
from trilat.ledger.sqlite import SqliteStore
from trilat.ledger.stores import open_store
from trilat.ledger.vault import Entropy

__all__ = [
    "BATCH_ENTRIES_MAX",
    "CONTENT_BYTES_MAX",
    "EMPTY_ROOT",
    "UNREADABLE_KIND",
    "Compared",
    "Copied",
    "Entropy",
    "Entry",
    "EntryKind",
    "Examined",
    "Head",
    "Ledger",
    "MemoryStore",
    "MerkleLog",
    "Part",
    "PostgresStore",
    "Removal",
    "Repair",
    "Salvaged",
    "SqliteStore",
    "Stored",
    "Verification",
    "answer",
    "copy_ledger",
    "first_part",
    "is_postgres_url",
    "is_well_formed",
    "leaf_hash",
    "node_hash",
    "open_store",
    "refuse_unsafe_url",
    "salvage",
    "verify_consistency",
    "verify_inclusion",
]
