"""`salvage`: every row that is still in a damaged SQLite file, in a fresh one, also off the tree.

A flipped bit in a header or in an inner page of the tree hides rows that are whole. SQLite itself is made to
read them, a page at a time:
1. the first page, header and schema, is the same in every ledger's file: a fresh one's is put in its place;
2. rows that the tree still leads to are read as they are, damaged ones too;
3. for the rest, each page that looks like a leaf is given a table of its own in the schema, whose root it is:
   a leaf is read without the tree above it, and long contents are followed as ever;
4. on a page on which that fails, each bit is flipped in turn, those of its header first.

Rows of steps 3 and 4 are taken only where they prove themselves: their key unwraps for exactly this entry
and chain, and the content is the one committed to. A row of which the content was removed has no key: it is
taken where the chain leads to it. What is still missing stands as a row of the kind `UNREADABLE_KIND`.
The damaged file is only read.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import apsw

from trilat.ledger.chain import chained_of, commitment_of
from trilat.ledger.examination import UNREADABLE_KIND
from trilat.ledger.mending import mend_row
from trilat.ledger.rows import CHUNK_ROWS, COLUMNS, row_of
from trilat.ledger.sqlite import INSERT_ROW, open_database
from trilat.ledger.vault import Vault
from trilat.model import LedgerError, Row, UsageError

_PAGE_BYTES: Final = 4_096
_LEAF: Final = 0x0D
"""First byte of a leaf page of a table (SQLite's file format, section 1.6)."""

_ROOTS_AT_ONCE: Final = 200
_HEADER_BITS: Final = 8 * 64
_PAGES_SEARCHED_MAX: Final = 16
_BYTES_PER_ROW_MIN: Final = 64
_MISSED_CHUNKS_MAX: Final = 4
_ERRORS: Final = (apsw.Error, UnicodeDecodeError, OverflowError)


class Salvaged(NamedTuple):
    """How many entries the fresh file has, how many were found off the tree, and which are missing."""

    entries: int
    found: int
    missing: tuple[int, ...]


def salvage(damaged: Path, fresh: Path, key: bytes) -> Salvaged:
    """Write the rows of a damaged ledger's file to a fresh one; the ledger must not be in use.

    Raises:
        UsageError: there is a file at `fresh` already.
        LedgerError: no row at all can be read.
    """
    if fresh.exists():
        raise UsageError(f"`{fresh}` is there already: name a new file")
    scratch = fresh.with_name(f"{fresh.name}.scratch")
    work = _Salvage(damaged, fresh, scratch, Vault(key))
    try:
        return work.run()
    except BaseException:
        work.give_up()
        raise
    finally:
        for name in (scratch, *(Path(f"{scratch}{ending}") for ending in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)


def is_well_formed(path: Path) -> bool:
    """Whether SQLite finds its way through the whole file, which says nothing of what the rows hold."""
    try:
        connection = open_database(path, read_only=True)
    except (LedgerError, *_ERRORS):
        return False
    try:
        return connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except _ERRORS:
        return False
    finally:
        connection.close()


class _Salvage:
    """One salvage, step by step."""

    def __init__(self, damaged: Path, fresh: Path, scratch: Path, vault: Vault) -> None:
        self._damaged = damaged
        self._path = fresh
        self._scratch = scratch
        self._vault = vault
        self._fresh = open_database(fresh, read_only=False)
        # The file is worth nothing before it is whole: nothing is flushed until the end.
        self._fresh.execute("PRAGMA synchronous = OFF")
        self._had: set[int] = set()
        """Entries that are in the fresh file."""

        self._gaps: frozenset[int] = frozenset()
        self._doubtful: dict[int, Row] = {}
        """Rows that the tree leads to and that prove nothing: damaged, or not rows at all."""

        self._blank: dict[int, Row] = {}
        """Rows off the tree of which the content was removed: the chain must prove them."""

    def give_up(self) -> None:
        """Leave no fresh file that is not whole."""
        self._fresh.close()
        for name in (self._path, *(Path(f"{self._path}{ending}") for ending in ("-wal", "-shm"))):
            name.unlink(missing_ok=True)

    def run(self) -> Salvaged:
        self._copy()
        self._along_the_tree()
        before = len(self._had)
        # Also where nothing seems missing: a wrong turn at the end of the tree hides the newest rows.
        self._off_the_tree()
        found = len(self._had) - before
        self._put(list(self._doubtful.values()))
        missing = tuple(self._missing())
        if not self._had:
            raise LedgerError(f"no row of `{self._damaged}` can be read: restore it from a backup")
        self._put([Row(entry, UNREADABLE_KIND, 0, b"", b"", None, None) for entry in missing])
        self._fresh.execute("PRAGMA synchronous = FULL")
        self._fresh.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._fresh.close()
        return Salvaged(len(self._had), found, missing)

    def _copy(self) -> None:
        """The file and its log, with a sound first page; the log is then worked into the copy."""
        shutil.copyfile(self._damaged, self._scratch)
        log = Path(f"{self._damaged}-wal")
        if log.exists():
            shutil.copyfile(log, f"{self._scratch}-wal")
        self._mend_first_page()
        connection = apsw.Connection(os.fspath(self._scratch))
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except _ERRORS:
            # A log that cannot be worked in is passed over; its rows are missing then.
            connection.close()
            Path(f"{self._scratch}-wal").unlink(missing_ok=True)
            return
        connection.close()

    def _mend_first_page(self) -> None:
        """Put a fresh ledger's first page in the place of this one's, with this file's size in it."""
        twin = self._scratch.with_name(f"{self._scratch.name}.twin")
        try:
            open_database(twin, read_only=False).close()
            page = bytearray(twin.read_bytes()[:_PAGE_BYTES])
        finally:
            twin.unlink(missing_ok=True)
        with self._scratch.open("r+b") as file:
            pages = file.seek(0, os.SEEK_END) // _PAGE_BYTES
            page[28:32] = pages.to_bytes(4, "big")
            page[32:40] = bytes(8)
            # With both counters alike the size in the header counts (file format, section 1.3.7).
            page[92:96] = page[24:28]
            file.seek(0)
            file.write(page)

    # --- along the tree ---

    def _along_the_tree(self) -> None:
        connection = self._reading()
        entry, missed = 0, 0
        try:
            while missed < _MISSED_CHUNKS_MAX:
                rows = self._chunk(connection, entry)
                if not rows:
                    end = self._newest(connection)
                    if end is None or entry > end:
                        return
                    missed += 1
                    entry += CHUNK_ROWS
                    continue
                self._put([row for row in rows if self._is_a_row(row)])
                self._doubtful |= {row.entry: row for row in rows if row.entry not in self._had}
                entry = max(row.entry for row in rows) + 1
        finally:
            connection.close()

    def _chunk(self, connection: apsw.Connection, first: int) -> list[Row]:
        """The next rows that are rows; one by one where they cannot be read together."""
        try:
            found = connection.execute(
                f"SELECT {COLUMNS} FROM ledger_rows WHERE entry >= ? ORDER BY entry LIMIT ?",  # noqa: S608
                (first, CHUNK_ROWS),
            ).fetchall()
        except _ERRORS:
            found = []
            for entry in range(first, first + CHUNK_ROWS):
                try:
                    found += connection.execute(
                        f"SELECT {COLUMNS} FROM ledger_rows WHERE entry = ?",  # noqa: S608
                        (entry,),
                    ).fetchall()
                except _ERRORS:
                    continue
        rows: list[Row] = []
        for values in found:
            row = row_of(values)
            # A number that leaps is a flipped one: whatever follows it here is read again by its own.
            if row is not None and 0 <= row.entry - first < 2 * CHUNK_ROWS:
                rows.append(row)
        return rows

    @staticmethod
    def _newest(connection: apsw.Connection) -> int | None:
        try:
            newest = connection.execute("SELECT max(entry) FROM ledger_rows").fetchall()[0][0]
        except _ERRORS:
            return 2**62
        return newest if isinstance(newest, int) else None

    # --- off the tree ---

    def _off_the_tree(self) -> None:
        """Read what the tree does not lead to from the leaves themselves (steps 3 and 4)."""
        data_pages = self._leaves()
        for start in range(0, len(data_pages), _ROOTS_AT_ONCE):
            self._take(data_pages[start : start + _ROOTS_AT_ONCE])
        for entry in sorted(self._blank):
            self._take_blank(self._blank[entry])
        if not self._wanted():
            return
        pages = self._pages_in_doubt()[:_PAGES_SEARCHED_MAX]
        for bits in (range(_HEADER_BITS), range(_HEADER_BITS, 8 * _PAGE_BYTES)):
            for page in pages:
                self._search(page, bits)
                if not self._wanted():
                    return

    def _take_blank(self, row: Row) -> None:
        """Take a row of which the content was removed where it follows from the row before it."""
        found = self._fresh.execute(
            "SELECT chained FROM ledger_rows WHERE entry = ?", (row.entry - 1,)
        ).fetchall()
        for (before,) in found:
            if not isinstance(before, bytes):
                continue
            chained = chained_of(before, row.entry, row.kind, row.recorded_ns, row.commitment)
            if chained == row.chained:
                self._put([row])

    def _leaves(self) -> list[int]:
        """Numbers of the pages that look like leaves."""
        with self._scratch.open("rb") as file:
            return [page for page, first in enumerate(_first_bytes(file), 1) if page > 1 and first == _LEAF]

    def _pages_in_doubt(self) -> list[int]:
        """Pages that may be damaged leaves: one bit from looking like one, or with a row that is none."""
        with self._scratch.open("rb") as file:
            near = [
                page
                for page, first in enumerate(_first_bytes(file), 1)
                if page > 1 and (first ^ _LEAF).bit_count() == 1
            ]
        return [page for page in near if not self._is_inner(page)] + self._broken_leaves()

    def _is_inner(self, page: int) -> bool:
        """Whether a page is an inner one of the tree: those differ from a leaf in one bit too."""
        with self._scratch.open("rb") as file:
            file.seek((page - 1) * _PAGE_BYTES)
            head = file.read(12)
        right = int.from_bytes(head[8:12], "big")
        size = self._scratch.stat().st_size // _PAGE_BYTES
        return head[0] == 0x05 and 0 < right <= size

    def _broken_leaves(self) -> list[int]:
        leaves, broken = self._leaves(), []
        self._gaps = frozenset(self._missing())
        for start in range(0, len(leaves), _ROOTS_AT_ONCE):
            with _Rooted(self._scratch, leaves[start : start + _ROOTS_AT_ONCE]) as rooted:
                broken += [page for page in rooted.pages if not self._is_sound(rooted, page)]
        return broken

    def _is_sound(self, rooted: "_Rooted", page: int) -> bool:
        try:
            rows = [row_of(values) for values in rooted.whole(page)]
        except _ERRORS:
            return False
        missing = self._gaps
        return all(
            row is not None and row.entry in self._had and missing.isdisjoint({row.entry - 1, row.entry + 1})
            for row in rows
        )

    def _take(self, pages: Sequence[int]) -> bool:
        """Take the rows of leaves that are missing and prove themselves; whether there were any."""
        with _Rooted(self._scratch, pages) as rooted:
            rows = [row for page in pages for row in rooted.rows(page)]
        wanted = [row for row in rows if row.entry not in self._had]
        self._blank |= {
            row.entry: row for row in wanted if (row.wrapped_key, row.sealed_content) == (None, None)
        }
        new = {row.entry: row for row in wanted if self._proves(row)}
        self._put(list(new.values()))
        return bool(new)

    def _search(self, page: int, bits: range) -> None:
        """Flip each of these bits of a page in turn; take the rows that then prove themselves (step 4)."""
        with self._scratch.open("r+b", buffering=0) as file:
            file.seek((page - 1) * _PAGE_BYTES)
            sound = file.read(_PAGE_BYTES)
            for bit in bits:
                at = bit // 8
                file.seek((page - 1) * _PAGE_BYTES + at)
                file.write(bytes([sound[at] ^ 1 << bit % 8]))
                took = self._take([page])
                file.seek((page - 1) * _PAGE_BYTES + at)
                file.write(sound[at : at + 1])
                if took and not self._wanted():
                    return

    # --- rows ---

    def _is_a_row(self, row: Row) -> bool:
        """Whether a row that the tree leads to is one, if need be with a flipped bit in one of its fields."""
        return (
            row.wrapped_key is None
            or self._proves(row)
            or mend_row(row, frozenset(), self._vault) is not None
        )

    def _proves(self, row: Row) -> bool:
        if row.wrapped_key is None or row.sealed_content is None:
            return False
        secrets = self._vault.unwrap(row.wrapped_key, row.entry, row.chained)
        content = None if secrets is None else self._vault.open(secrets, row.entry, row.sealed_content)
        if secrets is None or content is None:
            return False
        return commitment_of(secrets.salt, row.kind, content) == row.commitment

    def _put(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        most = self._damaged.stat().st_size // _BYTES_PER_ROW_MIN + CHUNK_ROWS
        new = {row.entry: row for row in rows if row.entry not in self._had and 0 <= row.entry <= most}
        with self._fresh:
            self._fresh.executemany(INSERT_ROW, list(new.values()))
        self._had.update(new)

    def _missing(self) -> list[int]:
        """Entries below the newest that are not in the fresh file."""
        newest = max(self._had, default=-1)
        if len(self._had) == newest + 1:
            return []
        return [entry for entry in range(newest + 1) if entry not in self._had]

    def _wanted(self) -> bool:
        """Whether there are entries that are missing, or in doubt."""
        return len(self._had) <= max((*self._doubtful.keys() - self._had, *self._newest_had()), default=-1)

    def _newest_had(self) -> tuple[int, ...]:
        return (max(self._had),) if self._had else ()

    def _reading(self) -> apsw.Connection:
        connection = apsw.Connection(os.fspath(self._scratch), flags=apsw.SQLITE_OPEN_READONLY)
        connection.execute("PRAGMA cell_size_check = ON")
        return connection


class _Rooted:
    """Tables over a copy of the file whose roots are single leaves; the copy's schema is written over."""

    def __init__(self, path: Path, pages: Sequence[int]) -> None:
        self.pages = tuple(pages)
        self._path = path

    def __enter__(self) -> Self:
        self._connection = apsw.Connection(os.fspath(self._path))
        self._connection.execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA writable_schema = ON; BEGIN")
        for page in self.pages:
            self._connection.execute(
                "INSERT INTO sqlite_schema VALUES ('table', ?1, ?1, ?2, ?3)",
                (f"leaf{page}", page, f"CREATE TABLE leaf{page} (entry INTEGER PRIMARY KEY, {_BARE})"),
            )
        # The schema is read again from what this transaction wrote, which is undone at the end.
        self._connection.execute("PRAGMA writable_schema = RESET")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def whole(self, page: int) -> list[Any]:
        """All rows of a leaf; errors as of the library."""
        return self._connection.execute(f"SELECT {COLUMNS} FROM leaf{page}").fetchall()  # noqa: S608

    def rows(self, page: int) -> Iterator[Row]:
        """The rows of a leaf that can be read."""
        try:
            values = self.whole(page)
        except _ERRORS:
            values = self._one_by_one(page)
        for found in values:
            row = row_of(found)
            if row is not None:
                yield row

    def _one_by_one(self, page: int) -> list[Any]:
        found: list[Any] = []
        try:
            entries = self._connection.execute(f"SELECT entry FROM leaf{page}").fetchall()  # noqa: S608
        except _ERRORS:
            return found
        for (entry,) in entries:
            try:
                found += self._connection.execute(
                    f"SELECT {COLUMNS} FROM leaf{page} WHERE entry = ?",  # noqa: S608
                    (entry,),
                ).fetchall()
            except _ERRORS:
                continue
        return found


_BARE: Final = ", ".join(COLUMNS.split(", ")[1:])


def _first_bytes(file: Any) -> Iterator[int]:
    """The first byte of each page."""
    while page := file.read(_PAGE_BYTES):
        yield page[0]
