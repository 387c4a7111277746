"""`trilat agreement adopt|known|remove`: versions of agreements at a node."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.asking import ask_node
from trilat.cli.terminal import columns, in_one_line, print_json, read_text, say, show_table, writing
from trilat.link import signature_states
from trilat.model import UsageError, parse_instant
from trilat.node import NodeFolder, read_folder, unsigned_agreements
from trilat.policy import AgreementSet, read_agreement

_NODE: Final = typer.Option("--node", help="The node's folder.")


@in_one_line
def adopt_file(
    file: Annotated[Path, typer.Argument(help="The agreement file, signed.")],
    node: Annotated[Path, _NODE],
) -> None:
    """Give a node a new version of an agreement. A running one uses it at once, and tells its partners; one
    that does not run finds it in its folder when it starts.
    """
    held, text = read_folder(node), read_text(file)
    agreement = read_agreement(file.name, text)
    name = f"{agreement.agreement_id} version {agreement.version}"
    if held.address() is None:
        _put(held, file.name, text)
        say(f"{name} is in {node / 'agreements' / file.name}: it is used when the node starts")
        return
    ask_node(held, "staff", "POST", "/agreements", {"file": file.name, "text": text})
    say(f"{name} is in use, and partners are told")


def _put(held: NodeFolder, name: str, text: str) -> None:
    """Write the file of a node that does not run, where the node would take it."""
    agreement = read_agreement(name, text)
    newest = held.agreements.newest().get(agreement.agreement_id)
    if newest is not None and agreement.version <= newest.version:
        raise UsageError(
            f"version {agreement.version} does not follow version {newest.version} of "
            f"`{agreement.agreement_id}`: give it a higher one"
        )
    together = AgreementSet.of({**held.agreements.files, name: agreement})
    states = signature_states(held.trust, agreement)
    unsigned = [line for line in unsigned_agreements(together, held.trust, held.config()) if name in line]
    if unsigned and (held.settings.refuses_unsigned or not states):
        raise UsageError(unsigned[0])
    place = held.path / "agreements" / name
    try:
        with place.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError as error:
        raise UsageError(f"`{place}` is there already: give the new version a file of its own") from error
    except OSError as error:
        raise writing(place, error) from error


@in_one_line
def show_known(
    node: Annotated[Path, _NODE],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Show what a running node knows of its agreements: versions, signatures, who was heard when."""
    rows = ask_node(read_folder(node), "staff", "GET", "/agreements")
    if as_json:
        print_json(rows)
        return
    table = columns("agreement", "version", "parties", "signed by", "confirmed by", "stale")
    for row in rows:
        table.add_row(
            row["agreement"],
            str(row["version"]),
            ", ".join(row["parties"]),
            ", ".join(row["signed_by"]) or "-",
            ", ".join(f"{one} {ago_s:.0f} s ago" for one, ago_s in row["confirmed_s"].items()) or "-",
            _stale(row),
        )
    show_table(table)
    for row in rows:
        for partner in row["behind"]:
            say(f"{row['agreement']}: {partner} is not known to hold version {row['version']}", indent=2)


def _stale(row: dict[str, Any]) -> str:
    if row["outdated"]:
        return "a newer version is known to a partner"
    if row["stale_for"]:
        return f"for {', '.join(row['stale_for'])}"
    return "no limit" if row["stale_in_s"] is None else f"in {row['stale_in_s']:.0f} s"


@in_one_line
def remove_from(
    agreement: Annotated[str, typer.Argument(help="The agreement's id.")],
    party: Annotated[str, typer.Option(help="Who is to be in it no more; the own party leaves it.")],
    node: Annotated[Path, _NODE],
    begins: Annotated[
        str | None, typer.Option("--from", help="From when, RFC 3339 with Z; now if not given.")
    ] = None,
) -> None:
    """Take a party out of an agreement at a running node, signed with its key; partners are told at once."""
    begins_ns = None if begins is None else parse_instant(begins)
    said = {"agreement": agreement, "party": party, "in_force_from_ns": begins_ns}
    made = ask_node(read_folder(node), "staff", "POST", "/agreements/remove", said)
    say(f"{made['agreement_id']} version {made['version']} is in use without {party}, and partners are told")
