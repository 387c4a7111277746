"""`trilat audit compare`: two partners find the first parcel of which they have different records."""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from trilat.cli.records import note_look, opened_record
from trilat.cli.terminal import BAD_ANSWER, in_one_line, print_json, read_file, say, stop, writing
from trilat.ledger import Compared, Part, answer, first_part
from trilat.model import UsageError
from trilat.node import Heads, StreamTree

_PART_BYTES_MAX = 100_000
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class PartFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a tree, as it goes from one partner to the other."""

    by: str
    sender: str
    recipient: str
    stream: str
    size: _Whole
    level: Annotated[int, msgspec.Meta(ge=0, le=56)]
    start: _Whole
    hashes: Annotated[list[_Hash], msgspec.Meta(max_length=256)]


@in_one_line
def compare(
    ledger: Annotated[Path, typer.Argument(help="A ledger file, or a node's folder.")],
    partner: Annotated[str, typer.Option("--with", help="The partner at the other end of the stream.")],
    theirs: Annotated[
        Path | None, typer.Option("--theirs", help="The file that the partner's compare wrote; none begins.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write for the partner, while the search goes on.")
    ] = None,
    received: Annotated[
        bool, typer.Option("--received", help="Of the stream from the partner; else of the one to it.")
    ] = False,
    party: Annotated[str | None, typer.Option(help="Whose it is; from the file's name if not given.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the ledger key; FILE.key if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One step of a comparison; exit code 1 where it ends with a difference. No other item is shown."""
    with opened_record(ledger, party, key, read_only=True) as record:
        whose = record.party
        tree = Heads(record).tree(partner, sent=not received)
        step = first_part(tree.log) if theirs is None else answer(tree.log, _read(theirs, partner, tree))
    if isinstance(step, Compared):
        note_look(ledger, party, key, "audit compare", {"size": step.size})
        _tell(whose, partner, step, as_json=as_json)
        return
    if out is None:
        raise UsageError("the search goes on: name a file for the partner with --out")
    plain = _plain(whose, tree, step)
    note_look(ledger, party, key, "audit compare", plain)
    try:
        out.write_text(json.dumps(plain) + "\n", encoding="utf-8")
    except OSError as error:
        raise writing(out, error) from error
    way = "" if received else " --received"
    said = f"trilat audit compare LEDGER --with {whose}{way} --theirs {out.name} --out NEXT"
    if as_json:
        print_json({"compared": step.size, "goes_on": True, "first_difference": None})
    else:
        say(f"{out}: give it to {partner}, who answers with `{said}`")


def _tell(party: str, partner: str, end: Compared, *, as_json: bool) -> None:
    differs = end.first_difference is not None
    sequence = None if end.first_difference is None else end.first_difference + 1
    if as_json:
        print_json({"compared": end.size, "goes_on": False, "first_difference": sequence})
    elif differs:
        say(f"{party} and {partner} differ first in parcel {sequence}; all before it are the same")
    else:
        say(f"{party} and {partner} have the same {end.size} parcels")
    if differs:
        stop(BAD_ANSWER)


def _plain(party: str, tree: StreamTree, part: Part) -> dict[str, Any]:
    hashes = [one.hex() for one in part.hashes]
    told = PartFile(
        by=party, **tree.name._asdict(), size=part.size, level=part.level, start=part.start, hashes=hashes
    )
    plain: dict[str, Any] = msgspec.to_builtins(told)
    return plain


def _read(path: Path, partner: str, tree: StreamTree) -> Part:
    try:
        told = msgspec.json.decode(read_file(path, _PART_BYTES_MAX), type=PartFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"`{path.name}` is no file of `trilat audit compare`: {error}") from error
    if told.by != partner or (told.sender, told.recipient, told.stream) != tuple(tree.name):
        raise UsageError(f"`{path.name}` is by `{told.by}` of another stream: is --received right?")
    return Part(told.size, told.level, told.start, tuple(bytes.fromhex(one) for one in told.hashes))
