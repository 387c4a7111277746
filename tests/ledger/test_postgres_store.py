"""What the PostgreSQL store alone must do, on a real server: lock, settings, crash, and what it refuses."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgres_server import PostgresServer, postgres_server

from trilat.ledger import Entry, Ledger, PostgresStore, is_postgres_url, refuse_unsafe_url
from trilat.model import LedgerError

MakeLedger = Callable[..., Ledger]
MakeEntries = Callable[..., list[Entry]]
SOURCES = Path(__file__).parents[2] / "src"


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://u:secret@localhost/trilat", "holds a password"),
        ("postgresql://localhost/trilat?password=secret", "holds a password"),
        ("postgresql://db.example/trilat", "needs sslmode=verify-full"),
        ("postgresql://db.example/trilat?sslmode=require", "needs sslmode=verify-full"),
        ("postgresql://localhost,db.example/trilat", "`db.example` is on another machine"),
        ("postgresql:///trilat?hostaddr=10.0.0.1", "needs sslmode=verify-full"),
        ("postgresql://localhost/trilat?nonsense=1", "cannot be read"),
        ("postgresql://localhost:port/trilat", "cannot be used"),
    ],
)
def test_an_unsafe_address_is_refused_without_a_password_in_the_line(url: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why) as caught:
        PostgresStore(url, "KOR")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_addresses_that_stay_on_the_machine_or_are_protected_are_taken() -> None:
    for url in (
        "postgresql:///trilat",
        "postgresql://localhost/trilat",
        "postgresql:///trilat?host=/run/postgresql",
        "postgresql://db.example/trilat?sslmode=verify-full",
    ):
        assert is_postgres_url(url)
        refuse_unsafe_url(url)
    assert not is_postgres_url("ledger.db")


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the ledger's server cannot be used") as caught:
        PostgresStore(f"postgresql:///trilat?host={tmp_path}", "KOR")
    assert "\n" not in str(caught.value)


def test_a_second_writer_is_refused_and_a_reader_reads_beside(
    postgres: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    writer = make_ledger(PostgresStore(postgres.url, "KOR"))
    writer.append(make_entries(3))
    with pytest.raises(LedgerError, match="in use by another writer"):
        PostgresStore(postgres.url, "KOR")
    reader = make_ledger(PostgresStore(postgres.url, "KOR", read_only=True))
    for change in (lambda: reader.append(make_entries(1)), lambda: reader.remove_content(0, "recalled")):
        with pytest.raises(LedgerError, match="read only"):
            change()
    writer.append(make_entries(3))
    assert [row.entry for row in reader.entries()] == list(range(6))
    assert reader.verify(writer.head()).verified
    reader.close()
    writer.close()
    again = make_ledger(PostgresStore(postgres.url, "KOR"))
    assert again.append(make_entries(1))[0].entry == 6
    again.close()


def test_parties_of_one_server_have_ledgers_of_their_own(
    postgres: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    kor, jpn = (make_ledger(PostgresStore(postgres.url, party), party) for party in ("KORA", "JPNA"))
    kor.append(make_entries(5))
    jpn.append(make_entries(2))
    assert (kor.verify().entries, jpn.verify().entries) == (5, 2)
    kor.close()
    jpn.close()


def test_a_reader_makes_nothing_and_another_table_is_refused(postgres: PostgresServer) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        PostgresStore(postgres.url, "NONE", read_only=True)
    with psycopg.connect(postgres.url, autocommit=True) as other:
        other.execute("CREATE SCHEMA trilat_other")
        other.execute("CREATE TABLE trilat_other.ledger_rows (text text)")
    with pytest.raises(LedgerError, match="not a ledger of format 1"):
        PostgresStore(postgres.url, "OTHER")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM trilat_kept.ledger_rows WHERE entry = 1",
        "TRUNCATE trilat_kept.ledger_rows",
        "UPDATE trilat_kept.ledger_rows SET kind = 'item' WHERE entry = 1",
        "UPDATE trilat_kept.ledger_rows SET recorded_ns = 1 WHERE entry = 1",
        "UPDATE trilat_kept.ledger_rows SET sealed_content = 'x' WHERE entry = 1",
        "UPDATE trilat_kept.ledger_rows SET wrapped_key = NULL WHERE entry = 1",
        "UPDATE trilat_kept.ledger_rows SET entry = 9 WHERE entry = 1",
        "INSERT INTO trilat_kept.ledger_rows VALUES (1, 'item', 1, '', '', NULL, NULL)",
    ],
)
def test_the_table_itself_refuses_to_change_a_row(
    postgres: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries, change: str
) -> None:
    ledger = make_ledger(PostgresStore(postgres.url, "KEPT"))
    if ledger.head().entries == 0:
        ledger.append(make_entries(3))
    with psycopg.connect(postgres.url) as other, pytest.raises(psycopg.Error):
        other.execute(change.encode())
    assert ledger.verify().verified
    ledger.close()


@pytest.mark.parametrize("setting", ["fsync = off", "full_page_writes = off"])
def test_a_server_that_would_lose_what_it_committed_is_refused(
    own_server: PostgresServer, setting: str
) -> None:
    own_server.restart_with(setting)
    with pytest.raises(LedgerError, match="would lose what it committed"):
        PostgresStore(own_server.url, "KOR")


def test_where_the_session_breaks_nothing_is_written_until_it_is_opened_again(
    own_server: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(PostgresStore(own_server.url, "KOR"))
    ledger.append(make_entries(100))
    own_server.stop("immediate")
    with pytest.raises(LedgerError, match="cannot be used") as caught:
        ledger.append(make_entries(1))
    assert "\n" not in str(caught.value)
    own_server.start()
    with pytest.raises(LedgerError):
        ledger.append(make_entries(1))
    ledger.close()

    again = make_ledger(PostgresStore(own_server.url, "KOR"))

    assert again.verify().entries == 100
    assert again.append(make_entries(1))[0].entry == 100
    again.close()


def test_what_append_returned_for_survives_a_kill_of_both(
    own_server: PostgresServer, make_ledger: MakeLedger
) -> None:
    script = textwrap.dedent(
        """
        import os, sys, time
        from trilat.ledger import Entry, EntryKind, Ledger, PostgresStore

        class Now:
            def now_ns(self):
                return time.time_ns()

        ledger = Ledger(PostgresStore(sys.argv[1], "KOR"), "KOR", bytes(range(32)), Now(), os.urandom)
        while True:
            batch = [Entry(kind=EntryKind.ITEM, content=b"%d" % n) for n in range(20)]
            print(ledger.append(batch)[-1].entry, flush=True)
        """
    )
    promised = -1
    for kill_after in (1, 7, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", script, own_server.url],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after)]
        own_server.stop("immediate")
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
        process.wait()
        process.stdout.close()
        promised = max(promised, *(int(line) for line in lines if line.strip()))
        own_server.start()
    ledger = make_ledger(PostgresStore(own_server.url, "KOR"))
    verification = ledger.verify()
    assert verification.verified
    assert verification.entries > promised
    assert verification.entries % 20 == 0
    ledger.close()


def test_a_row_changed_beneath_the_server_is_found_by_the_chain(
    own_server: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(PostgresStore(own_server.url, "KOR"))
    ledger.append(make_entries(200))
    ledger.close()
    with psycopg.connect(own_server.url, autocommit=True) as keeper:
        keeper.execute("CHECKPOINT")
        (name,) = keeper.execute("SELECT pg_relation_filepath('trilat_kor.ledger_rows')").fetchall()[0]
        (sealed,) = keeper.execute(
            "SELECT sealed_content FROM trilat_kor.ledger_rows WHERE entry = 77"
        ).fetchall()[0]
    own_server.stop()
    file = own_server.data / name
    data = bytearray(file.read_bytes())
    data[data.index(bytes(sealed)) + 3] ^= 1
    file.write_bytes(data)
    own_server.start()

    damaged = make_ledger(PostgresStore(own_server.url, "KOR"))
    verification = damaged.verify()
    damaged.close()

    assert (verification.verified, verification.broken_entry) == (False, 77)


def test_what_was_taken_out_is_not_in_the_table_after_compacting(
    own_server: PostgresServer, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    store = PostgresStore(own_server.url, "KOR")
    ledger = make_ledger(store)
    ledger.append(make_entries(50))
    row = next(store.rows(20))
    secrets = [value for value in (row.wrapped_key, row.sealed_content) if value is not None]
    ledger.remove_content(20, "recalled")
    store.compact()
    with psycopg.connect(own_server.url, autocommit=True) as keeper:
        keeper.execute("CHECKPOINT")
        (name,) = keeper.execute("SELECT pg_relation_filepath('trilat_kor.ledger_rows')").fetchall()[0]
    table = (own_server.data / name).read_bytes()
    assert row.commitment in table
    assert not [secret for secret in secrets if secret in table]
    assert ledger.verify().verified
    ledger.close()
