"""`trilat ztdf export|import`: one release as a ZTDF container for a party's own systems, and back."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.terminal import in_one_line, read_file, read_text, say, writing
from trilat.link import (
    ZTDF_BYTES_MAX,
    Opener,
    TrustStore,
    card_from_json,
    read_private,
    read_public,
    read_ztdf,
    refuse_open_to_others,
    write_ztdf,
)
from trilat.model import ENVELOPE_BYTES_MAX, UsageError, kind_of, to_plain
from trilat.node import read_folder

app = typer.Typer(help="ZTDF containers (OpenTDF 4.3.0) at the edge of a party, for its own systems.")

_KEY_BYTES_MAX = 16_384


@app.command("export")
@in_one_line
def export_release(
    file: Annotated[Path, typer.Argument(help="An envelope's file, with the release in it.")],
    node: Annotated[Path, typer.Option(help="The folder of the node that it was released to.")],
    sequence: Annotated[int, typer.Option(help="The number of the release in its stream.")],
    key: Annotated[Path, typer.Option(help="Public key (PEM) of the key access server or the reader.")],
    out: Annotated[Path, typer.Option(help="File to write, as `item.ztdf`.")],
    key_server: Annotated[
        str, typer.Option("--key-server", help="URL of the key access server.")
    ] = "https://localhost",
    attribute: Annotated[
        list[str] | None, typer.Option(help="URL of an attribute that a reader must have; again for each.")
    ] = None,
) -> None:
    """Write what was released to this party as a ZTDF, for its own systems.

    Giving it to another party would be a new release, which a node decides.
    """
    folder = read_folder(node)
    opener = Opener(folder.keys, folder.trust)
    opened = opener.open(opener.check(read_file(file, ENVELOPE_BYTES_MAX))).parcels
    found = next((one for one in opened if one.sequence == sequence), None)
    if found is None:
        raise UsageError(f"release {sequence} is not in `{file}`: `trilat envelope open` shows what is")
    data = write_ztdf(
        found.release.item,
        found.parcel.marking,
        folder.keys,
        read_public(read_file(key, _KEY_BYTES_MAX)),
        os.urandom,
        key_server=key_server,
        attributes=tuple(attribute or ()),
    )
    _write(out, data)
    say(f"{out}: {kind_of(found.release.item)} {found.release.item.item_id}, {len(data)} bytes")


@app.command("import")
@in_one_line
def import_item(
    file: Annotated[Path, typer.Argument(help="The container.")],
    key: Annotated[
        Path, typer.Option(help="Private key (PEM) that its key is wrapped to; only its owner reads it.")
    ],
    card: Annotated[list[Path], typer.Option(help="Card of who exported it, and of the originator.")],
    out: Annotated[Path, typer.Option(help="File to write the item to, as JSON.")],
) -> None:
    """Write the item in a ZTDF as JSON. What is not bound, signed and labelled in every point is refused."""
    refuse_open_to_others(key)
    trust = TrustStore(card_from_json(read_text(path)).pin for path in card)
    imported = read_ztdf(read_file(file, ZTDF_BYTES_MAX), read_private(read_file(key, _KEY_BYTES_MAX)), trust)
    item = imported.item
    _write(out, json.dumps(to_plain(item), ensure_ascii=False, indent=2).encode() + b"\n")
    marking = item.label.classification
    say(
        f"{out}: {kind_of(item)} {item.item_id} of {item.label.originator}, "
        f"{marking.scheme} {marking.level}, exported by {imported.signer}"
    )


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as handle:
            handle.write(data)
    except OSError as error:
        raise writing(path, error) from error
