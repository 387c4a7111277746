"""`SqliteStore`: rows in one SQLite file, written ahead and synchronised to disk before `append` returns.

Rules
1. One writer. A lock file beside the ledger refuses a second one; readers open with `read_only`.
2. A SQLite older than 3.51.3 is refused: 3.7.0 to 3.51.2 can corrupt a file when its write-ahead log is
   reset (https://sqlite.org/wal.html#walresetbug).
3. Rows are only ever added. The file itself refuses to delete a row, or to change one other than by taking
   its key and content out; what is taken out is overwritten with zeros, and the log is emptied after it.
4. SQLite checks little of what it reads: a flipped bit may come back as another value, another type, or a
   row out of place. This store refuses what cannot be a row; that a value was changed, the chain finds.

Errors of the library become LedgerError at this edge.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import apsw

from trilat.ledger.rows import CHUNK_ROWS, COLUMNS, row_of
from trilat.model import LedgerError, Row

SQLITE_VERSION_MIN: Final = (3, 51, 3)
_APPLICATION_ID: Final = 0x5452494C
"""`TRIL` in ASCII, in the header of the file: another program's database is refused."""

_FORMAT: Final = 1
_ROW_BYTES_MIN: Final = 64
"""No row is smaller, bytes: two digests. The size of the file so bounds the entries it can hold."""

_BUSY_MS: Final = 5_000
_SCHEMA: Final = f"""
CREATE TABLE ledger_rows (
    entry INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    recorded_ns INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    chained BLOB NOT NULL,
    wrapped_key BLOB,
    sealed_content BLOB
) STRICT;
CREATE TRIGGER rows_stay BEFORE DELETE ON ledger_rows
BEGIN SELECT RAISE(ABORT, 'a row of a ledger stays'); END;
CREATE TRIGGER rows_do_not_change BEFORE UPDATE ON ledger_rows
WHEN NOT (NEW.entry IS OLD.entry AND NEW.kind IS OLD.kind AND NEW.recorded_ns IS OLD.recorded_ns
    AND NEW.commitment IS OLD.commitment AND NEW.chained IS OLD.chained
    AND NEW.wrapped_key IS NULL AND NEW.sealed_content IS NULL)
BEGIN SELECT RAISE(ABORT, 'a row of a ledger does not change'); END;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_FORMAT};
"""
INSERT_ROW: Final = f"INSERT INTO ledger_rows ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
"""Writes one row, as a store does and a salvage."""

_SELECT: Final = f"SELECT {COLUMNS} FROM ledger_rows"  # noqa: S608 - constants
_T = TypeVar("_T")


def refuse_old_sqlite(version: str) -> None:
    """LedgerError for a SQLite such as `3.51.2`, which can corrupt its file (rule 2)."""
    if tuple(int(part) for part in version.split(".")[:3]) < SQLITE_VERSION_MIN:
        wanted = ".".join(map(str, SQLITE_VERSION_MIN))
        raise LedgerError(f"SQLite {version} can corrupt a ledger: install apsw {wanted} or newer")


class SqliteStore:
    """The rows of one ledger in one file; the rules of `trilat.model.Store`."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        """The store in the file at `path`, which is made where there is none.

        Args:
            path: the file; its folder must exist. Beside it stand SQLite's log and the lock file.
            read_only: read beside a writer; `append` and `remove` are refused.

        Raises:
            LedgerError: the file is in use by another writer, is not a ledger, or cannot be opened.
        """
        refuse_old_sqlite(apsw.sqlite_lib_version())
        self._path = Path(path)
        self._read_only = read_only
        self._lock = None if read_only else _lock(self._path)
        try:
            self._connection = _translated(self._path, lambda: open_database(self._path, read_only=read_only))
        except LedgerError:
            self._unlock()
            raise

    def append(self, rows: Sequence[Row]) -> None:
        """Write all rows or none, in one commit that is on disk when this returns."""

        def change() -> None:
            newest = self._connection.execute("SELECT max(entry) FROM ledger_rows").fetchall()[0][0]
            expected: int = newest if isinstance(newest, int) else -1
            for row in rows:
                expected += 1
                if row.entry != expected:
                    raise LedgerError(f"entry {row.entry} does not follow entry {expected - 1}: not written")
            self._connection.executemany(INSERT_ROW, rows)

        self._commit(change)

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        """Take key and content out of rows and append the records of it, in one durable commit.

        The log is emptied afterwards, so that the keys are in no file of this store any more. Copies made of
        them before, and what a disk keeps of overwritten blocks, are beyond this store.
        """

        def change() -> None:
            for entry in entries:
                self._connection.execute(
                    "UPDATE ledger_rows SET wrapped_key = NULL, sealed_content = NULL WHERE entry = ?",
                    (entry,),
                )
                if self._connection.changes() != 1:
                    raise LedgerError(
                        f"entry {entry} is not in this ledger: nothing was removed", entry=entry
                    )
            self._connection.executemany(INSERT_ROW, records)

        self._commit(change)
        self._run(lambda: self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE))

    def rows(self, first_entry: int = 0) -> Iterator[Row]:
        """Rows in order from an entry on, a chunk at a time; LedgerError at one that cannot be read."""
        entry = first_entry
        end = self._end()
        while entry <= end:
            for row in self._chunk(entry) or self._one_by_one(entry, min(entry + CHUNK_ROWS, end + 1)):
                yield row
                entry = row.entry + 1
            end = max(end, self._end())

    def last(self) -> Row | None:
        """The newest row, or None."""
        found = self._run(
            lambda: self._connection.execute(f"{_SELECT} ORDER BY entry DESC LIMIT 1").fetchall()
        )
        row = row_of(found[0]) if found else None
        if found and row is None:
            raise LedgerError("the newest row cannot be read: run verify and fetch it again from a partner")
        return row

    def compact(self) -> None:
        """Write the file anew without the room of what was taken out of it."""
        self._run(lambda: self._connection.execute("VACUUM"))
        self._run(lambda: self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE))

    def size_bytes(self) -> int:
        """What the rows take on the disk, bytes."""
        return sum(file.stat().st_size for file in self._files() if file.exists())

    def close(self) -> None:
        """Give back the file and the lock."""
        self._connection.close()
        self._unlock()

    def _commit(self, change: Callable[[], object]) -> None:
        if self._read_only:
            raise LedgerError("this store was opened to read only: nothing was written")

        def transaction() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                change()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

        self._run(transaction)

    def _run(self, action: Callable[[], _T]) -> _T:
        return _translated(self._path, action)

    def _chunk(self, first: int) -> list[Row]:
        """The next rows, or none where they are not all as they should be."""
        try:
            found = self._connection.execute(
                f"{_SELECT} WHERE entry >= ? ORDER BY entry LIMIT ?", (first, CHUNK_ROWS)
            ).fetchall()
        except (apsw.Error, UnicodeDecodeError, OverflowError):
            return []
        rows = [row_of(values) for values in found]
        good = [row for offset, row in enumerate(rows) if row is not None and row.entry == first + offset]
        return good if len(good) == len(rows) else []

    def _one_by_one(self, first: int, stop: int) -> Iterator[Row]:
        for entry in range(first, stop):
            try:
                found = self._connection.execute(f"{_SELECT} WHERE entry = ?", (entry,)).fetchall()
            except (apsw.Error, UnicodeDecodeError, OverflowError) as error:
                raise LedgerError(f"entry {entry} cannot be read: {error}", entry=entry) from error
            row = row_of(found[0]) if found else None
            if row is None or row.entry != entry:
                trouble = "cannot be read: it is not a row" if found else "is missing from the store"
                raise LedgerError(f"entry {entry} {trouble}", entry=entry)
            yield row

    def _end(self) -> int:
        """The number of the newest row, -1 where there is none; the most that fit where it cannot be told.

        The bound keeps a flipped bit in the newest row's number from making billions of rows seem missing.
        """
        most = self.size_bytes() // _ROW_BYTES_MIN
        try:
            found = self._connection.execute(
                "SELECT entry FROM ledger_rows WHERE entry <= ? ORDER BY entry DESC LIMIT 1", (most,)
            ).fetchall()
        except apsw.Error:
            return most
        newest: Any = found[0][0] if found else -1
        return newest if isinstance(newest, int) else most

    def _files(self) -> tuple[Path, Path]:
        return self._path, Path(f"{self._path}-wal")

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _lock(path: Path) -> IO[bytes]:
    """The lock file, held; the system lets go of it when the process ends, however it ends."""
    name = f"{path}.lock"
    try:
        lock = Path(name).open("ab")  # noqa: SIM115 - held open for as long as the store is
    except OSError as error:
        raise LedgerError(f"ledger `{path}` cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise LedgerError(f"ledger `{path}` is in use by another writer: stop that one first") from error
    return lock


def open_database(path: Path, *, read_only: bool) -> apsw.Connection:
    """A connection to a ledger's file, which is made where there is none; errors as of the library."""
    if read_only:
        connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)
    else:
        connection = apsw.Connection(os.fspath(path))
    try:
        _prepare(connection, path, read_only=read_only)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: apsw.Connection, path: Path, *, read_only: bool) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    connection.execute("PRAGMA cell_size_check = ON")
    if not read_only:
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if not names and not read_only:
        connection.execute(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
    identity = connection.pragma("application_id"), connection.pragma("user_version")
    if identity != (_APPLICATION_ID, _FORMAT):
        raise LedgerError(f"`{path}` is not a ledger of format {_FORMAT}: give another file")


def _translated(path: Path, action: Callable[[], _T]) -> _T:
    try:
        return action()
    except (apsw.Error, UnicodeDecodeError, OverflowError) as error:
        raise LedgerError(f"ledger `{path}` cannot be used: {error}") from error
