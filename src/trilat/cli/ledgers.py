"""Where a run keeps its ledgers: in memory, or in a folder that `trilat audit verify` can read afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trilat.cli.terminal import writing
from trilat.model import UsageError


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
