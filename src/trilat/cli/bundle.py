"""`trilat bundle`: what a link would carry, in files, for a medium that goes one way or is carried."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from trilat.cli.asking import ask_node
from trilat.cli.terminal import in_one_line, print_json, say, stop
from trilat.link import Arrival
from trilat.model import Reason, UsageError
from trilat.node import (
    BEHIND,
    Imported,
    NodeFolder,
    StandingNode,
    SystemClock,
    export_bundle,
    import_bundle,
    ordered_bundles,
    party_code,
    read_folder,
)

app = typer.Typer(help="Releases and receipts in files, for a carried medium.", no_args_is_help=True)

_NODE = typer.Argument(help="The node's folder; the node may run.")
_UNITS: Final = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_REFUSED: Final = 1


@app.command("export")
@in_one_line
def export(
    node: Annotated[Path, _NODE],
    file: Annotated[Path, typer.Argument(help="The bundle to write; it must not be there yet.")],
    to: Annotated[str, typer.Option("--to", help="The partner.")],
    since: Annotated[
        int | None,
        typer.Option("--since", min=0, help="Begin behind this number; else behind the partner's receipt."),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Bytes of one file, as 650M: FILE.001, FILE.002, ...")
    ] = None,
    carried: Annotated[
        bool,
        typer.Option("--carried", help="Mark it as arrived: no receipt will come from this medium."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write what a partner has not signed for, sealed to it, and receipts for what it gave."""
    exported = export_bundle(
        read_folder(node),
        party_code(to),
        file,
        SystemClock(),
        since=since,
        split_bytes=None if split is None else _bytes(split),
        carried=carried,
    )
    names = [str(path) for path in exported.files]
    if as_json:
        print_json(
            {
                "files": names,
                "parcels": exported.parcels,
                "first": exported.first,
                "last": exported.last,
                "held_at": exported.held_at,
                "held_why": exported.held_why,
            }
        )
        return
    what = f"{exported.parcels} parcels ({exported.first} to {exported.last})" if exported.parcels else "none"
    say(f"parcels for {to}: {what}; in {', '.join(names)}")
    if exported.held_at is not None:
        say(f"number {exported.held_at} {_why_held(exported.held_why, to)}", hang=2)


@app.command("import")
@in_one_line
def import_(
    node: Annotated[Path, _NODE],
    files: Annotated[list[Path], typer.Argument(help="Bundles, in any order.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Take bundles: checked as a link's payloads are. What came before is dropped."""
    folder = read_folder(node)
    paths = ordered_bundles(folder, files)
    taken = _by_running(folder, paths) if folder.address() is not None else _by_standing(folder, paths)
    rows = [
        {"file": str(path), "from": one.head.sender, **{kind.value: one.arrivals[kind] for kind in Arrival}}
        for path, one in zip(paths, taken, strict=True)
    ]
    refusals = [line for one in taken for line in one.refusals]
    if as_json:
        print_json({"bundles": rows, "refusals": refusals})
    else:
        for path, one in zip(paths, taken, strict=True):
            say(f"{path}: {_told(one)}")
        for line in refusals:
            say(f"refused: {line}")
    if any(one.arrivals[kind] for one in taken for kind in (Arrival.REFUSED, Arrival.NOT_RECORDED)):
        stop(_REFUSED)


def _why_held(why: str, to: str) -> str:
    if why == BEHIND:
        return (
            f"waits, and ended it: {to} is not known to hold the newest version of an agreement. Carry that "
            f"file to {to} (`trilat agreement adopt`), and import a bundle that it exports then"
        )
    if why == Reason.AGREEMENT_STALE.value:
        return (
            "waits, and ended it: nobody entitled was heard on its agreement within the limit. Import a "
            f"newer bundle of {to} or of another party, and export again"
        )
    return (
        f"may not go to {to} any more, and ended it: let the node run, so that it leaves that out, and "
        "export again"
    )


def _by_standing(folder: NodeFolder, paths: Sequence[Path]) -> list[Imported]:
    node = StandingNode(folder)
    try:
        return [import_bundle(folder, path, node.receive) for path in paths]
    finally:
        node.close()


def _by_running(folder: NodeFolder, paths: Sequence[Path]) -> list[Imported]:
    def receive(member: bytes) -> tuple[Arrival, list[str]]:
        said = {"member": base64.b64encode(member).decode()}
        answer = ask_node(folder, "staff", "POST", "/bundle/member", said)
        return Arrival(answer["arrival"]), list(answer["refusals"])

    return [import_bundle(folder, path, receive) for path in paths]


def _told(one: Imported) -> str:
    counts = one.arrivals
    parts = [
        f"{counts[Arrival.DELIVERED]} members new",
        f"{counts[Arrival.REPEATED]} had come before",
        f"{counts[Arrival.ACKNOWLEDGED]} receipts",
        f"{counts[Arrival.NOTICED]} words",
    ]
    if counts[Arrival.AHEAD]:
        parts.append(
            f"{counts[Arrival.AHEAD]} wait for what stands before them: import that bundle, then this again"
        )
    return f"from {one.head.sender}: {', '.join(parts)}"


def _bytes(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,12})([KMG]?)B?", text.strip().upper())
    if found is None:
        raise UsageError(f"`{text[:20]}` is no size: write 650M, for example")
    return int(found[1]) * _UNITS[found[2]]
