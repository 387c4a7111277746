"""`trilat ledger`: how much a node's ledger holds, and a smaller one after much was removed."""

from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.passphrase import asked
from trilat.cli.terminal import in_one_line, print_json, say
from trilat.ledger import open_store
from trilat.node import read_folder

app = typer.Typer(help="A node's ledger on the disk: its size, and compacting it.", no_args_is_help=True)

_NODE = typer.Argument(help="The node's folder.")


@app.command("size")
@in_one_line
def size(
    node: Annotated[Path, _NODE],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Entries and bytes of a ledger; the node may run."""
    party, entries, size_bytes = _measured(node)
    if as_json:
        print_json({"party": party, "entries": entries, "bytes": size_bytes})
    else:
        say(f"{party}: {entries} entries, {size_bytes / 1e6:.1f} MB.")


@app.command("compact")
@in_one_line
def compact(node: Annotated[Path, _NODE]) -> None:
    """Write a ledger anew without the room of what was removed from it; the node must not run."""
    folder = read_folder(node, asked)
    _, _, before = _measured(node)
    store = open_store(folder.ledger_place, folder.settings.party)
    try:
        store.compact()
        after = store.size_bytes()
    finally:
        store.close()
    say(f"{folder.settings.party}: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB now.")


def _measured(node: Path) -> tuple[str, int, int]:
    folder = read_folder(node, asked)
    store = open_store(folder.ledger_place, folder.settings.party, read_only=True)
    try:
        last = store.last()
        return folder.settings.party, 0 if last is None else last.entry + 1, store.size_bytes()
    finally:
        store.close()
