"""Where a run keeps its ledgers, in memory or in a folder, and how a ledger's file is opened afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trilat.cli.terminal import read_file, writing
from trilat.ledger import Ledger, SqliteStore
from trilat.model import UsageError
from trilat.node import SystemClock

KEY_SUFFIX: Final = ".key"


def owner_of(path: Path, party: str | None) -> str:
    """Whose ledger a file is: the party that was said, or the one in the file's name."""
    return party or path.name.split(".")[0]


@contextmanager
def opened_ledger(path: Path, party: str | None, key: Path | None, *, read_only: bool) -> Iterator[Ledger]:
    """The ledger in a file, with its key beside it unless another is given; closed at the end.

    Raises:
        UsageError: there is no such file, or the key cannot be read.
        LedgerError: as of the store.
    """
    if not path.is_file():
        raise UsageError(f"no ledger `{path}`: give the file that a node or `trilat demo --ledgers` wrote")
    secret = read_file(key or path.with_name(path.name + KEY_SUFFIX), bytes_max=4_096)
    store = SqliteStore(path, read_only=read_only)
    try:
        yield Ledger(store, owner_of(path, party), secret, SystemClock(), os.urandom)
    finally:
        store.close()


@contextmanager
def ledger_folder(folder: Path | None) -> Iterator[Path | None]:
    """The folder, made if missing and refused where it holds ledgers already; None for memory.

    Raises:
        UsageError: the folder cannot be made, or a run was recorded in it before.
    """
    if folder is None:
        yield None
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise writing(folder, error) from error
    if any(folder.glob("*.ledger")):
        raise UsageError(f"`{folder}` holds ledgers of an earlier run: name another folder")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"`{folder}` cannot be written")
    yield folder
