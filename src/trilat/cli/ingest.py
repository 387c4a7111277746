"""`trilat ingest`: a recorded file through intake, policy, ledgers, links and pictures of three parties."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from trilat.cli.ledgers import ledger_folder
from trilat.cli.terminal import (
    BAD_ANSWER,
    columns,
    err,
    in_one_line,
    print_json,
    read_file,
    read_text,
    say,
    show_table,
    stop,
    warn,
)
from trilat.study import DRILL, ingest_ais, ship_drill


class FileKind(Enum):
    """What a file can be read as."""

    AIS = "ais"


@in_one_line
def ingest(
    file: Annotated[Path, typer.Argument(help="The recording, plain or gzip.")],
    kind: Annotated[FileKind, typer.Option("--as", help="What the file is.")],
    node: Annotated[
        Path | None,
        typer.Option(help="Folder with receivers.toml and agreements/; ledgers are kept in its ledgers/."),
    ] = None,
    thin_s: Annotated[
        int, typer.Option("--thin-s", help="Seconds between two positions of a ship.", min=0)
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Divide a recording between the parties that heard it, and share it as they agreed."""
    folder = node or DRILL
    drill = ship_drill(folder, read_text)
    data = read_file(file)
    with (
        ledger_folder(None if node is None else node / "ledgers") as ledgers,
        Progress(console=err, disable=as_json or not err.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task("sharing", total=1.0)
        result = ingest_ais(
            data,
            drill,
            ledgers=ledgers,
            thin_s=thin_s,
            progress=lambda share: progress.update(task, completed=share),
        )
    result = {"file": file.name, "kind": kind.value, **result}
    if as_json:
        print_json(result)
    else:
        _show(result)
    if result["violations"] or not result["ledger"]["verified"]:
        stop(BAD_ANSWER)


def _show(result: dict[str, Any]) -> None:
    reading = result["reading"]
    say(f"{reading['ships']} ships heard by {reading['receivers']} receivers")
    for warning in reading["warnings"]:
        warn(warning)
    table = columns("party", "reports", "ships", "received from", "withheld from", "picture", "by two")
    for party, counts in result["parties"].items():
        table.add_row(
            party,
            str(counts["own_reports"]),
            str(counts["own_ships"]),
            ", ".join(f"{other} {_forms(counts['forms'][other])}" for other in counts["forms"]),
            ", ".join(f"{other} {count}" for other, count in counts["withheld_from"].items()),
            str(counts["picture_ships"]),
            str(counts["seen_by_two"]),
        )
    show_table(table)
    ledger = result["ledger"]
    verified = "verified" if ledger["verified"] else "DAMAGED"
    say("picture: ships that the party sees in all; by two: of them, those that two parties reported")
    say(f"{ledger['entries']} ledger entries {verified}, {result['violations']} violations")


def _forms(forms: dict[str, int]) -> str:
    return " + ".join(f"{count} {form}" for form, count in forms.items()) or "nothing"
