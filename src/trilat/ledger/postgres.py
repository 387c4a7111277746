"""`PostgresStore`: rows in a PostgreSQL server, for parties that already keep one with its own backups.

Rules
1. One writer. An advisory lock of the session refuses a second one, on whatever machine it runs; it goes
   with the session. Where the session breaks, nothing is written any more: whether the last commit happened
   is read when the ledger is opened again.
2. A commit is on the server's disk when it returns: a server without `fsync` or `full_page_writes` is
   refused, and the session sets `synchronous_commit`.
3. Rows are only ever added. The table itself refuses to delete a row, to be emptied, or to change a row other
   than by taking its key and content out.
4. What leaves the machine is encrypted: a server that is not on loopback or a local socket is spoken to only
   with `sslmode=verify-full`. A password in the address is refused: it belongs in the password file.
5. Each party has a schema of its own, so that one server can keep several ledgers.

What was taken out stays in dead versions of rows until `compact`, in the server's write-ahead log until that
is recycled, and in whatever the server's keepers archived: see docs/ledger.md.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from trilat.ledger.rows import CHUNK_ROWS, COLUMNS, row_of
from trilat.model import LedgerError, Row

URL_SCHEMES: Final = ("postgresql://", "postgres://")
_FORMAT: Final = "trilat ledger, format 1"
_CONNECT_S: Final = "10"
_LOCK_MS: Final = 2_000
_LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SERVER_MUST: Final = ("fsync", "full_page_writes")
_SCHEMA: Final = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.ledger_rows (
    entry bigint PRIMARY KEY,
    kind text NOT NULL,
    recorded_ns bigint NOT NULL,
    commitment bytea NOT NULL,
    chained bytea NOT NULL,
    wrapped_key bytea,
    sealed_content bytea
);
ALTER TABLE {schema}.ledger_rows ALTER COLUMN sealed_content SET STORAGE EXTERNAL;
COMMENT ON TABLE {schema}.ledger_rows IS {format};
CREATE FUNCTION {schema}.rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a row of a ledger stays'; END $$;
CREATE FUNCTION {schema}.rows_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (NEW.entry IS NOT DISTINCT FROM OLD.entry AND NEW.kind IS NOT DISTINCT FROM OLD.kind
        AND NEW.recorded_ns IS NOT DISTINCT FROM OLD.recorded_ns
        AND NEW.commitment IS NOT DISTINCT FROM OLD.commitment
        AND NEW.chained IS NOT DISTINCT FROM OLD.chained
        AND NEW.wrapped_key IS NULL AND NEW.sealed_content IS NULL) THEN
        RAISE EXCEPTION 'a row of a ledger does not change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rows_stay BEFORE DELETE ON {schema}.ledger_rows
    FOR EACH ROW EXECUTE FUNCTION {schema}.rows_stay();
CREATE TRIGGER rows_all_stay BEFORE TRUNCATE ON {schema}.ledger_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.rows_stay();
CREATE TRIGGER rows_do_not_change BEFORE UPDATE ON {schema}.ledger_rows
    FOR EACH ROW EXECUTE FUNCTION {schema}.rows_do_not_change();
"""
_T = TypeVar("_T")


def is_postgres_url(text: str) -> bool:
    """Whether a text is the address of a PostgreSQL server, such as `postgresql:///trilat`."""
    return text.startswith(URL_SCHEMES)


def refuse_unsafe_url(url: str) -> None:
    """Refuse an address that cannot be read, holds a password, or leads off the machine unprotected (rule 4).

    Raises:
        LedgerError: one line that says which; a password is never repeated in it.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise LedgerError("the ledger's address cannot be read: write postgresql://HOST:PORT/NAME") from None
    if parts.get("password"):
        raise LedgerError(
            "the ledger's address holds a password: put it in the server's password file, and name that with "
            "?passfile="
        )
    hosts = [host for name in ("host", "hostaddr") for host in str(parts.get(name) or "").split(",") if host]
    away = [host for host in hosts if not host.startswith("/") and host not in _LOCAL_HOSTS]
    if away and parts.get("sslmode") != "verify-full":
        raise LedgerError(
            f"the ledger's server `{away[0]}` is on another machine: its address needs sslmode=verify-full"
        )


class PostgresStore:
    """The rows of one party's ledger in a server; the rules of `trilat.model.Store`."""

    def __init__(self, url: str, party: str, *, read_only: bool = False) -> None:
        """The store of `party` in the database at `url`; its schema is made where there is none.

        Args:
            url: `postgresql://HOST:PORT/NAME`; without a host, the local socket.
            party: whose ledger it is.
            read_only: read beside a writer; `append` and `remove` are refused.

        Raises:
            LedgerError: the address is unsafe, the server cannot be reached or does not keep what it commits,
                another writer is there, or the schema is not a ledger's.
        """
        refuse_unsafe_url(url)
        self._schema = f"trilat_{party.lower().replace('/', '_')}"
        self._read_only = read_only
        self._using = threading.RLock()
        self._connection = _connected(url)
        self._table = sql.Identifier(self._schema, "ledger_rows")
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise
        self._select = sql.SQL(f"SELECT {COLUMNS} FROM {{}}").format(self._table)  # noqa: S608 - constants
        self._last_entry = -1
        newest = self.last() if not read_only else None
        if newest is not None:
            self._last_entry = newest.entry

    def append(self, rows: Sequence[Row]) -> None:
        """Write all rows or none, in one commit that is on the server's disk when this returns."""
        self._refuse_to_write()
        expected = self._last_entry
        for row in rows:
            expected += 1
            if row.entry != expected:
                raise LedgerError(f"entry {row.entry} does not follow entry {expected - 1}: not written")
        self._commit(lambda: self._copy(rows))
        self._last_entry = expected

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        """Take key and content out of rows and append the records of it, in one durable commit."""
        take_out = sql.SQL(
            "UPDATE {} SET wrapped_key = NULL, sealed_content = NULL WHERE entry = ANY(%s)"
        ).format(self._table)

        def change() -> None:
            found = self._connection.execute(take_out, (list(entries),)).rowcount
            if found != len(entries):
                raise LedgerError(
                    f"{len(entries) - found} of the entries {min(entries)} to {max(entries)} are not in this "
                    "ledger: nothing was removed"
                )
            self._copy(records)

        self._commit(change)
        self._last_entry += len(records)

    def rows(self, first_entry: int = 0) -> Iterator[Row]:
        """Rows in order from an entry on, a chunk at a time; LedgerError at one that cannot be read."""
        entry = first_entry
        rows_max = CHUNK_ROWS
        while True:
            found = self._chunk(entry, rows_max)
            if found is None and rows_max == 1:
                raise LedgerError(f"entry {entry} cannot be read by the server", entry=entry)
            if found is None:
                # What can be read on the way to the damage is given one by one.
                rows_max = 1
                continue
            for values in found:
                row = row_of(values)
                if row is None or row.entry != entry:
                    raise LedgerError(f"entry {entry} is missing from the store", entry=entry)
                yield row
                entry += 1
            if len(found) < rows_max:
                return

    def _chunk(self, first: int, rows_max: int) -> list[tuple[Any, ...]] | None:
        """Rows from an entry on; None where the server cannot read one of them, as on a damaged page."""
        chunk = sql.SQL("{} WHERE entry >= %s ORDER BY entry LIMIT %s").format(self._select)

        def read() -> list[tuple[Any, ...]] | None:
            try:
                return self._connection.execute(chunk, (first, rows_max)).fetchall()
            except (psycopg.InternalError, psycopg.DataError, UnicodeDecodeError):
                return None

        return self._run(read)

    def last(self) -> Row | None:
        """The newest row, or None."""
        newest = sql.SQL("{} ORDER BY entry DESC LIMIT 1").format(self._select)
        found = self._run(lambda: self._connection.execute(newest).fetchall())
        return row_of(found[0]) if found else None

    def compact(self) -> None:
        """Write the table anew without what was taken out of it, and let the server's log go on."""
        self._run(lambda: self._connection.execute(sql.SQL("VACUUM (FULL) {}").format(self._table)))

    def size_bytes(self) -> int:
        """What the rows take on the server's disk, bytes."""
        size = sql.SQL("SELECT pg_total_relation_size({})").format(sql.Literal(f"{self._schema}.ledger_rows"))
        return int(self._run(lambda: self._connection.execute(size).fetchall())[0][0])

    def close(self) -> None:
        """Give back the session, and with it the lock."""
        self._connection.close()

    def _copy(self, rows: Sequence[Row]) -> None:
        into = sql.SQL(f"COPY {{}} ({COLUMNS}) FROM STDIN WITH (FORMAT BINARY)").format(self._table)
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(["int8", "text", "int8", "bytea", "bytea", "bytea", "bytea"])
            for row in rows:
                copy.write_row(row)

    def _refuse_to_write(self) -> None:
        if self._read_only:
            raise LedgerError("this store was opened to read only: nothing was written")

    def _commit(self, change: Callable[[], object]) -> None:
        self._refuse_to_write()

        def transaction() -> None:
            with self._connection.transaction():
                change()

        self._run(transaction)

    def _run(self, action: Callable[[], _T]) -> _T:
        with self._using:
            try:
                return action()
            except (psycopg.Error, OverflowError) as error:
                raise LedgerError(f"ledger `{self._schema}` cannot be used: {_line(error)}") from error

    def _prepare(self) -> None:
        """Settings, lock and table of the session (rules 1, 2 and 5)."""

        def prepare() -> None:
            execute = self._connection.execute
            for name in _SERVER_MUST:
                (value,) = execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchall()[0]
                if value != "on":
                    raise LedgerError(
                        f"the server runs with {name} {value} and would lose what it committed: turn it on"
                    )
            execute("SET synchronous_commit = on")
            execute("SET client_encoding = 'UTF8'")
            if self._read_only:
                execute("SET default_transaction_read_only = on")
            else:
                self._lock_session()
            self._table_there()

        self._run(prepare)

    def _lock_session(self) -> None:
        """Be the one writer; a session that has just ended may take the server a moment to forget."""
        self._connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(_LOCK_MS)))
        try:
            self._connection.execute("SELECT pg_advisory_lock(%s)", (self._lock_key(),))
        except psycopg.errors.LockNotAvailable:
            raise LedgerError(
                f"ledger `{self._schema}` is in use by another writer: stop that one first"
            ) from None
        self._connection.execute("SET lock_timeout = 0")

    def _table_there(self) -> None:
        named = f"{self._schema}.ledger_rows"
        found = self._connection.execute(
            "SELECT to_regclass(%s), obj_description(to_regclass(%s), 'pg_class')", (named, named)
        ).fetchall()[0]
        if found[0] is None and not self._read_only:
            made = sql.SQL(_SCHEMA).format(schema=sql.Identifier(self._schema), format=sql.Literal(_FORMAT))
            with self._connection.transaction():
                self._connection.execute(made)
        elif found[1] != _FORMAT:
            what = "there is no ledger" if found[0] is None else "the table is not a ledger of format 1"
            raise LedgerError(f"`{named}`: {what}: give another database")

    def _lock_key(self) -> int:
        return int.from_bytes(sha256(self._schema.encode()).digest()[:8], "big", signed=True)


def _connected(url: str) -> psycopg.Connection[Any]:
    try:
        address = make_conninfo(url, connect_timeout=_CONNECT_S, application_name="trilat")
        return psycopg.connect(address, autocommit=True, prepare_threshold=2)
    except psycopg.Error as error:
        raise LedgerError(f"the ledger's server cannot be used: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
