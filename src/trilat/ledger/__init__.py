"""The ledger: a party's append-only record, chained so that every change shows, with removable contents."""

from trilat.ledger.copying import Copied, copy_ledger
from trilat.ledger.entry import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Removal,
    Stored,
)
from trilat.ledger.examination import Head, Verification
from trilat.ledger.ledger import Ledger
from trilat.ledger.memory import MemoryStore
from trilat.ledger.postgres import PostgresStore, is_postgres_url, refuse_unsafe_url
from trilat.ledger.sqlite import SqliteStore
from trilat.ledger.stores import open_store
from trilat.ledger.vault import Entropy

__all__ = [
    "BATCH_ENTRIES_MAX",
    "CONTENT_BYTES_MAX",
    "Copied",
    "Entropy",
    "Entry",
    "EntryKind",
    "Head",
    "Ledger",
    "MemoryStore",
    "PostgresStore",
    "Removal",
    "SqliteStore",
    "Stored",
    "Verification",
    "copy_ledger",
    "is_postgres_url",
    "open_store",
    "refuse_unsafe_url",
]
