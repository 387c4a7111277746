"""What the SQLite store alone must do: disk, lock, version, and nothing left of what was removed."""

import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.ledger.sqlite import refuse_old_sqlite
from trilat.model import LedgerError

MakeLedger = Callable[..., Ledger]
MakeEntries = Callable[..., list[Entry]]
SOURCES = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.0", "3.51.2", "2.9.9"])
def test_a_sqlite_that_can_corrupt_its_log_is_refused(version: str) -> None:
    with pytest.raises(LedgerError, match="install apsw"):
        refuse_old_sqlite(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.52.0", "3.54.1", "4.0.0"])
def test_a_sqlite_without_the_fault_is_taken(version: str) -> None:
    refuse_old_sqlite(version)


def test_a_second_writer_is_refused_in_one_line(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match="in use by another writer") as caught:
        SqliteStore(tmp_path / "ledger.db")
    assert "\n" not in str(caught.value)
    first.close()
    SqliteStore(tmp_path / "ledger.db").close()


def test_a_reader_reads_beside_the_writer_and_writes_nothing(
    tmp_path: Path, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    writer = make_ledger(SqliteStore(tmp_path / "ledger.db"))
    writer.append(make_entries(3))
    reader = make_ledger(SqliteStore(tmp_path / "ledger.db", read_only=True))
    with pytest.raises(LedgerError, match="read only"):
        reader.append(make_entries(1))
    with pytest.raises(LedgerError, match="read only"):
        reader.remove_content(0, "recalled")
    writer.append(make_entries(3))
    assert [row.entry for row in reader.entries()] == list(range(6))
    assert reader.verify(writer.head()).verified
    reader.close()
    writer.close()


def test_what_is_not_a_ledger_is_refused(tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE notes (text)")
    other.close()
    (tmp_path / "text.db").write_text("not a database " * 100)
    for name in ("other.db", "text.db", "no/such/folder.db"):
        with pytest.raises(LedgerError) as caught:
            SqliteStore(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(LedgerError, match="cannot be used"):
        SqliteStore(tmp_path / "missing.db", read_only=True)
    assert not (tmp_path / "missing.db").exists()


def test_settings_are_those_that_keep_a_commit(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    found = [store._connection.pragma(name) for name in ("journal_mode", "synchronous", "secure_delete")]
    assert found == ["wal", 2, 1]
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM ledger_rows WHERE entry = 1",
        "UPDATE ledger_rows SET kind = 'item' WHERE entry = 1",
        "UPDATE ledger_rows SET recorded_ns = 1 WHERE entry = 1",
        "UPDATE ledger_rows SET sealed_content = x'00' WHERE entry = 1",
        "UPDATE ledger_rows SET wrapped_key = NULL WHERE entry = 1",
        "UPDATE ledger_rows SET entry = 9 WHERE entry = 1",
        "INSERT INTO ledger_rows VALUES (1, 'item', 1, x'', x'', NULL, NULL)",
    ],
)
def test_the_file_itself_refuses_to_change_a_row(
    tmp_path: Path, make_ledger: MakeLedger, make_entries: MakeEntries, change: str
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    make_ledger(store).append(make_entries(3))
    with pytest.raises(apsw.ConstraintError):
        store._connection.execute(change)
    store.close()


def test_a_removed_key_is_in_no_file_any_more(
    tmp_path: Path, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    ledger = make_ledger(store)
    ledger.append(make_entries(50))
    row = next(store.rows(20))
    secrets = [value for value in (row.wrapped_key, row.sealed_content) if value is not None]
    assert len(secrets) == 2
    assert _files_holding(tmp_path, secrets[0])
    ledger.remove_content(20, "recalled")
    assert not [name for secret in secrets for name in _files_holding(tmp_path, secret)]
    assert _files_holding(tmp_path, row.commitment)
    store.close()


def test_an_interrupted_change_leaves_nothing_behind(
    tmp_path: Path, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    ledger = make_ledger(store)
    ledger.append(make_entries(2))
    row = next(store.rows(1))
    with pytest.raises(LedgerError):
        store.append([row._replace(entry=2), row._replace(entry=2)])
    assert [stored.entry for stored in store.rows()] == [0, 1]
    ledger.append(make_entries(1))
    assert ledger.verify().verified
    store.close()


def test_a_full_disk_is_refused_in_one_line_and_loses_nothing(
    tmp_path: Path, make_ledger: MakeLedger
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    ledger = make_ledger(store)
    pages = store._connection.pragma("page_count")
    store._connection.pragma("max_page_count", int(str(pages)) + 20)
    with pytest.raises(LedgerError, match="full") as caught:
        _fill(ledger)
    assert "\n" not in str(caught.value)
    written = ledger.head().entries
    assert 0 < written < 1_000
    store._connection.pragma("max_page_count", 100_000)
    assert ledger.append([Entry(kind=EntryKind.ITEM, content=b"more")])[0].entry == written
    assert ledger.verify().verified
    store.close()


def test_what_append_returned_for_survives_a_kill(tmp_path: Path, make_ledger: MakeLedger) -> None:
    script = textwrap.dedent(
        """
        import os, sys, time
        from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore

        class Now:
            def now_ns(self):
                return time.time_ns()

        ledger = Ledger(SqliteStore(sys.argv[1]), "KOR", bytes(range(32)), Now(), os.urandom)
        while True:
            batch = [Entry(kind=EntryKind.ITEM, content=b"%d" % n) for n in range(20)]
            print(ledger.append(batch)[-1].entry, flush=True)
        """
    )
    path = tmp_path / "ledger.db"
    promised = -1
    for kill_after in (1, 7, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
        process.wait()
        process.stdout.close()
        promised = max(promised, *(int(line) for line in lines if line.strip()))
    store = SqliteStore(path)
    ledger = make_ledger(store)
    verification = ledger.verify()
    assert verification.verified
    assert verification.entries > promised
    assert verification.entries % 20 == 0
    store.close()


def test_verify_takes_the_memory_of_a_chunk_not_of_the_ledger(
    tmp_path: Path, make_ledger: MakeLedger
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    ledger = make_ledger(store)
    for _ in range(20):
        ledger.append([Entry(kind=EntryKind.ITEM, content=bytes(500))] * 500)
    tracemalloc.start()
    try:
        assert ledger.verify().entries == 10_000
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 3_000_000  # the ledger holds 8 MB
    store.close()


def _fill(ledger: Ledger) -> None:
    while ledger.head().entries < 1_000:
        ledger.append([Entry(kind=EntryKind.ITEM, content=bytes(1_000))] * 10)


def _files_holding(folder: Path, secret: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if secret in file.read_bytes()]
