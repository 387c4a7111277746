"""`trilat backup`: a node's backup: made beside the running node, examined, and made into a node again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.passphrase import asked
from trilat.cli.terminal import DAMAGED, in_one_line, print_json, progress_bars, say, stop
from trilat.ledger import open_store
from trilat.node import check_backup, make_backup, read_folder, read_ledger_key, restore_backup

app = typer.Typer(help="A node's backup: make, check, restore.", no_args_is_help=True)

_BACKUP = typer.Argument(help="The backup's folder.")
_QUIET = typer.Option("--quiet", help="No progress.")


@app.command("create")
@in_one_line
def create(
    node: Annotated[Path, typer.Argument(help="The node's folder; the node may run.")],
    backup: Annotated[
        Path, typer.Argument(help="The backup's folder: new, or an earlier backup of this node.")
    ],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Take the keys along, as they lie on the disk.")
    ] = False,
    quiet: Annotated[bool, _QUIET] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Back a node up, or bring an earlier backup up to date."""
    folder = read_folder(node, asked)
    entries = _entries(folder.ledger_place, folder.settings.party)
    with _rows("copying", entries, show=not (quiet or as_json)) as on_rows:
        manifest, copied = make_backup(folder, backup, with_keys=with_keys, on_rows=on_rows)
    if as_json:
        print_json(
            {
                "party": manifest.party,
                "entries": manifest.entries,
                "new": copied.new_rows,
                "damaged": copied.damaged,
            }
        )
    else:
        say(f"{manifest.party}: {manifest.entries} entries in {backup}, {copied.new_rows} of them new.")
        if with_keys:
            say(
                "The keys are in it: whoever reads this folder, and knows the passphrase if there is one, is "
                f"{manifest.party}.",
                hang=2,
            )
        else:
            say("The keys are not in it: keep `keys/` elsewhere, or nothing of this can be read.", hang=2)
        for problem in copied.damaged[:20]:
            say(f"copied as it is: {problem}", hang=2)
    if copied.damaged:
        stop(DAMAGED)


@app.command("check")
@in_one_line
def check(
    backup: Annotated[Path, _BACKUP],
    keys: Annotated[
        Path | None, typer.Option(help="The node's `keys` folder, if it is not in the backup.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Examine every file and every row of a backup."""
    state = check_backup(
        backup, read_ledger_key(keys if keys is not None else backup / "files" / "keys", asked)
    )
    manifest, found = state.manifest, state.verification
    if as_json:
        print_json(
            {
                "party": manifest.party,
                "made": manifest.made,
                "entries": found.entries,
                "whole": found.verified,
                "problem": found.problem,
            }
        )
    elif found.verified:
        say(f"{manifest.party}: made {manifest.made}, {found.entries} entries, all verified.")
    else:
        say(f"{manifest.party}: not whole: {found.problem}", hang=2)
    if not found.verified:
        stop(DAMAGED)


@app.command("restore")
@in_one_line
def restore(
    backup: Annotated[Path, _BACKUP],
    node: Annotated[Path, typer.Argument(help="The node's folder, new or empty.")],
    keys: Annotated[
        Path | None, typer.Option(help="The node's `keys` folder, if it is not in the backup.")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option(help="Another place for the ledger: postgresql://HOST:PORT/NAME, or `file`.")
    ] = None,
    quiet: Annotated[bool, _QUIET] = False,
) -> None:
    """Make a node of a backup, after every row of it was examined."""
    say("Examining the backup ...")
    with _rows("restoring", None, show=not quiet) as on_rows:
        folder, state = restore_backup(
            backup, node, keys, "" if ledger == "file" else ledger, on_rows, ask=asked
        )
    say(
        f"{folder.settings.party}: {state.manifest.entries} entries of {state.manifest.made} are in {node}, "
        "verified."
    )
    say(
        "Start it with `trilat node run`, and never the old one beside it: what came after the backup is "
        "asked of partners, and new numbers begin.",
        hang=2,
    )


def _entries(where: Path | str, party: str) -> int | None:
    store = open_store(where, party, read_only=True)
    try:
        last = store.last()
    finally:
        store.close()
    return None if last is None else last.entry + 1


@contextmanager
def _rows(what: str, total: int | None, *, show: bool) -> Iterator[Callable[[int], None]]:
    with progress_bars(show=show) as bars:
        task = bars.add_task(what, total=total)
        yield lambda rows: bars.advance(task, rows)
