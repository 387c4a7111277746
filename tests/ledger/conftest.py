"""Stores of both kinds, a clock that ticks, and ledgers over them."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.postgres_server import PostgresServer, postgres_server

from trilat.ledger import Entry, EntryKind, Ledger, MemoryStore, PostgresStore, SqliteStore
from trilat.model import Store

KEY = bytes(range(32))


class TickingClock:
    """One more nanosecond at every look."""

    def __init__(self) -> None:
        self.at_ns = 1_238_898_600_000_000_000

    def now_ns(self) -> int:
        self.at_ns += 1
        return self.at_ns


_STORES = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        made = PostgresStore(server.url, f"T{next(_STORES)}")
    else:
        made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def make_ledger() -> Callable[..., Ledger]:
    clock = TickingClock()

    def make(store: Store, party: str = "KOR", key: bytes = KEY) -> Ledger:
        return Ledger(store, party, key, clock, os.urandom)

    return make


@pytest.fixture
def make_entries() -> Callable[..., list[Entry]]:
    def make(count: int, kind: EntryKind = EntryKind.REPORT, first: int = 0) -> list[Entry]:
        return [Entry(kind=kind, content=f"content {first + number}".encode()) for number in range(count)]

    return make
