"""`trilat audit verify`: is a ledger whole? Every row is examined; the first damaged one is named."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.terminal import DAMAGED, in_one_line, print_json, read_file, say, stop
from trilat.ledger import Ledger, SqliteStore
from trilat.model import UsageError
from trilat.node import SystemClock

app = typer.Typer(help="Questions to a ledger.")
KEY_SUFFIX = ".key"


@app.callback()
def audit() -> None:
    """Questions to a ledger."""


@app.command("verify")
@in_one_line
def verify(
    ledger: Annotated[Path, typer.Argument(help="A ledger file, such as JPN.ledger.")],
    party: Annotated[str | None, typer.Option(help="Whose it is; from the file's name if not given.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the ledger key; FILE.key if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Examine every row of a ledger: chain, commitments and contents."""
    if not ledger.is_file():
        raise UsageError(f"no ledger `{ledger}`: give the file that a node or `trilat demo --ledgers` wrote")
    secret = read_file(key or ledger.with_name(ledger.name + KEY_SUFFIX), bytes_max=4_096)
    whose = party or ledger.name.split(".")[0]
    store = SqliteStore(ledger)
    try:
        verification = Ledger(store, whose, secret, SystemClock(), os.urandom).verify()
    finally:
        store.close()
    if as_json:
        print_json({"party": whose, **asdict(verification)})
    elif verification.verified:
        say(f"{whose}: {verification.entries} entries, {verification.removed} removed, all verified")
    else:
        say(f"{whose}: entry {verification.broken_entry} is damaged: {verification.problem}", hang=2)
    if not verification.verified:
        stop(DAMAGED)
