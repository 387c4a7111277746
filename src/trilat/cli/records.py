"""A ledger as an auditor gives it: a file, or a node's folder; and the record of looks into it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trilat.cli.asking import ask_node
from trilat.cli.ledgers import opened_ledger
from trilat.ledger import Ledger
from trilat.node import AUDITOR, SystemClock, look_entry, plain_digest, read_folder


@contextmanager
def opened_record(path: Path, party: str | None, key: Path | None, *, read_only: bool) -> Iterator[Ledger]:
    """The ledger in a file or in a node's folder; closed at the end. Errors as of `opened_ledger`."""
    if not path.is_dir():
        with opened_ledger(path, party, key, read_only=read_only) as ledger:
            yield ledger
        return
    ledger = read_folder(path).open_ledger(SystemClock(), os.urandom, read_only=read_only)
    try:
        yield ledger
    finally:
        ledger.close()


def note_look(path: Path, party: str | None, key: Path | None, what: str, shown: Any) -> None:
    """Write into a ledger that an auditor is shown something of it; a running node writes it itself. Its
    ledger may be damaged: then only its repair can be written, and the look is not.

    Raises:
        LedgerError: it cannot be written, and so nothing may be shown.
        UsageError, LinkError: the running node does not take it.
    """
    digest = plain_digest(shown)
    if path.is_dir():
        held = read_folder(path)
        if held.address() is not None:
            ask_node(held, "staff", "POST", "/audit/looks", {"what": what, "digest": digest.hex()})
            return
    with opened_record(path, party, key, read_only=False) as ledger:
        if ledger.problem is None:
            ledger.append([look_entry(ledger.party, AUDITOR, what, digest)])
