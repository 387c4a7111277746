"""`open_store`: the store that a place names: a file, or a PostgreSQL server by its address."""

from pathlib import Path

from trilat.ledger.postgres import PostgresStore, is_postgres_url
from trilat.ledger.sqlite import SqliteStore
from trilat.model import LedgerError


def open_store(where: Path | str, party: str, *, read_only: bool = False) -> PostgresStore | SqliteStore:
    """The store of a party's ledger at a place; errors as of the stores.

    Args:
        where: the path of a file, or `postgresql://HOST:PORT/NAME`.
        party: whose ledger it is.
        read_only: read beside a writer.
    """
    place = str(where)
    if is_postgres_url(place):
        return PostgresStore(place, party, read_only=read_only)
    if "://" in place:
        raise LedgerError(f"`{place[:40]}` is no place for a ledger: give a file, or postgresql://HOST/NAME")
    return SqliteStore(place, read_only=read_only)
