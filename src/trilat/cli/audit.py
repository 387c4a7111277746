"""`trilat audit verify`: is a ledger whole? Every row is examined; the first damaged one is named."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.ledgers import opened_ledger
from trilat.cli.terminal import DAMAGED, in_one_line, print_json, say, stop

app = typer.Typer(help="Questions to a ledger.")


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
    with opened_ledger(ledger, party, key, read_only=False) as record:
        whose, verification = record.party, record.verify()
    if as_json:
        print_json({"party": whose, **asdict(verification)})
    elif verification.verified:
        say(f"{whose}: {verification.entries} entries, {verification.removed} removed, all verified")
    else:
        say(f"{whose}: entry {verification.broken_entry} is damaged: {verification.problem}", hang=2)
    if not verification.verified:
        stop(DAMAGED)
