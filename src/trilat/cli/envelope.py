"""`trilat envelope open|prove|verify`: an envelope in a file, read by its recipient and proved to others."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.terminal import in_one_line, print_json, read_file, read_text, say, writing
from trilat.link import (
    Opener,
    Parcel,
    TrustStore,
    card_from_json,
    proof_of,
    verify_proof,
)
from trilat.model import ENVELOPE_BYTES_MAX, Release, decode, kind_of, to_plain
from trilat.node import read_folder

app = typer.Typer(help="Envelopes in files: opened by their recipient, proved to others. No node has to run.")

_PROOF_BYTES_MAX: Final = 300_000
_PARCEL_BYTES_MAX: Final = 131_072

_File = Annotated[Path, typer.Argument(help="The envelope's file.")]
_Node = Annotated[Path, typer.Option("--node", help="The folder of the node that it is for.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command("open")
@in_one_line
def open_file(file: _File, node: _Node, as_json: _Json = False) -> None:
    """Show what is in an envelope, after every check that the node itself makes."""
    opener = _opener(node)
    opened = opener.open(opener.check(read_file(file, ENVELOPE_BYTES_MAX)))
    if as_json:
        items = [
            {"sequence": one.sequence, "release": to_plain(one.release), "consents": len(one.consents)}
            for one in opened.parcels
        ]
        print_json({"sender": opened.sender, "stream": opened.stream, "releases": items})
        return
    say(f"{file.name}: from {opened.sender}, {len(opened.parcels)} releases, every signature valid")
    for one in opened.parcels:
        say(f"{one.sequence}: {_told(one.release)}")


@app.command("prove")
@in_one_line
def prove_file(
    file: _File,
    node: _Node,
    sequence: Annotated[int, typer.Option(help="The number of the release in its stream.")],
    out: Annotated[Path, typer.Option(help="File to write the proof to.")],
    label_only: Annotated[
        bool, typer.Option("--label-only", help="Show the label, and nothing of the content.")
    ] = False,
) -> None:
    """Write a proof that the sender released this to this node, for someone who holds the sender's card."""
    proof = proof_of(read_file(file, ENVELOPE_BYTES_MAX), _opener(node), sequence, label_only=label_only)
    try:
        with out.open("xb") as handle:
            handle.write(proof)
    except OSError as error:
        raise writing(out, error) from error
    say(f"{out}: proves release {sequence} of {file.name} to whoever holds its sender's card")


@app.command("verify")
@in_one_line
def verify_file(
    file: Annotated[Path, typer.Argument(help="The proof's file.")],
    card: Annotated[Path, typer.Option(help="The sender's card, its fingerprint compared.")],
    as_json: _Json = False,
) -> None:
    """Say what a proof shows; exit code 2 with one line where it shows nothing."""
    trust = TrustStore([card_from_json(read_text(card)).pin])
    proved = verify_proof(read_file(file, _PROOF_BYTES_MAX), trust)
    release = None
    if proved.parcel is not None:
        release = decode(decode(proved.parcel, Parcel, _PARCEL_BYTES_MAX).release, Release)
    if as_json:
        answer: dict[str, Any] = {
            "sender": proved.sender,
            "recipient": proved.recipient,
            "sequence": proved.sequence,
            "label": to_plain(proved.label),
            "release": None if release is None else to_plain(release),
        }
        print_json(answer)
        return
    marking = proved.label.classification
    what = f"{marking.scheme} {marking.level}" if release is None else _told(release)
    say(f"{proved.sender} signed that it released to {proved.recipient}, as {proved.sequence}: {what}")


def _opener(node: Path) -> Opener:
    folder = read_folder(node)
    return Opener(folder.keys, folder.trust)


def _told(release: Release) -> str:
    item = release.item
    marking = item.label.classification
    return f"{kind_of(item)} {item.item_id} version {item.version}, {marking.scheme} {marking.level}"
