"""`trilat label show|convert|check|bind|open`: labels in words, in formats of others, and bound to items."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.passphrase import asked
from trilat.cli.terminal import BAD_ANSWER, in_one_line, out, print_json, read_file, say, stop, warn
from trilat.domains.marking import (
    Origin,
    label_in_words,
    marking_of,
    read_4774,
    read_4778,
    read_banner,
    read_stix,
    read_tlp,
    write_4774,
    write_4778,
    write_banner,
    write_stix,
    write_tlp,
)
from trilat.link import open_signed_binding, party_of, sign_binding
from trilat.model import (
    ITEM_KINDS,
    AnyItem,
    ItemError,
    Label,
    MarkingError,
    Reason,
    UsageError,
    encode,
    format_instant,
    from_plain,
    item_from_json,
    item_from_plain,
    kind_of,
    parse_instant,
    strict_json,
    to_plain,
)
from trilat.node import read_folder
from trilat.policy import REASON_WORDS, label_faults

app = typer.Typer(help="Labels: what they say, in the formats of others, and bound to items.")


_LABEL_BYTES_MAX: Final = 1_048_576


class Format(Enum):
    """How a label is written."""

    LABEL = "label"
    BANNER = "banner"
    TLP = "tlp"
    STIX = "stix"
    STANAG_4774 = "4774"


class Language(Enum):
    """A language of sentences."""

    ENGLISH = "en"
    JAPANESE = "ja"
    KOREAN = "ko"


_File = Annotated[Path | None, typer.Argument(help="A file: a label or an item as JSON, or another format.")]
_Line = Annotated[str | None, typer.Option(help="A banner or TLP line, instead of a file.")]
_As = Annotated[Format, typer.Option("--as", help="How it is written.")]
_Originator = Annotated[
    str | None, typer.Option(help="Who made it, where the format does not say it, such as USA.")
]
_Created = Annotated[str | None, typer.Option(help="When it was made, RFC 3339 with Z.")]
_ReleasableTo = Annotated[
    str, typer.Option(help="Parties it is for, where tlp and stix do not say it: KOR,USA.")
]
_Categories = Annotated[str, typer.Option(help="Categories that may stand in a banner line: SPACE,SEA.")]
_At = Annotated[str | None, typer.Option(help="The instant of looking at it; its beginning if not given.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
_Node = Annotated[Path, typer.Option(help="Folder of this party's node: its keys and its partners' cards.")]


@app.callback()
def label() -> None:
    """Labels: what they say, in the formats of others, and bound to items."""


@app.command("show")
@in_one_line
def show_label(
    file: _File = None,
    line: _Line = None,
    written: _As = Format.LABEL,
    originator: _Originator = None,
    created: _Created = None,
    releasable_to: _ReleasableTo = "",
    categories: _Categories = "",
    at: _At = None,
    language: Annotated[Language, typer.Option(help="The language of the sentences.")] = Language.ENGLISH,
    as_json: _Json = False,
) -> None:
    """Say in sentences what a label says at an instant, with its equivalents in the other schemes."""
    found, _ = _read(_source(file, line), written, (originator, created, releasable_to, categories))
    at_ns = _instant(at, found)
    sentences = label_in_words(found, language.value, at_ns)
    if as_json:
        print_json({"label": to_plain(found), "at": format_instant(at_ns), "sentences": list(sentences)})
        return
    for sentence in sentences:
        say(sentence, hang=2)


@app.command("convert")
@in_one_line
def convert_label(
    file: _File = None,
    line: _Line = None,
    written: _As = Format.LABEL,
    to: Annotated[Format, typer.Option(help="The format to write.")] = Format.LABEL,
    originator: _Originator = None,
    created: _Created = None,
    releasable_to: _ReleasableTo = "",
    categories: _Categories = "",
    stix_type: Annotated[str, typer.Option(help="Type of the STIX object that is marked.")] = "indicator",
) -> None:
    """Write a label in another format; refused where that could not say all that the label asks."""
    said = (originator, created, releasable_to, categories)
    found, _ = _read(_source(file, line), written, said)
    if to is Format.LABEL:
        print_json(to_plain(found))
        return
    writers: dict[Format, Callable[[Label], bytes]] = {
        Format.BANNER: lambda one: write_banner(one).encode(),
        Format.TLP: lambda one: write_tlp(one).encode(),
        Format.STIX: lambda one: write_stix(one, stix_type),
        Format.STANAG_4774: write_4774,
    }
    data = writers[to](found)
    _put(data)
    for field in _unsaid(found, data, to):
        warn(f"{to.value} does not say `{field}`: whoever reads it must learn it otherwise, or goes without")


@app.command("check")
@in_one_line
def check_label(
    file: _File = None,
    line: _Line = None,
    written: _As = Format.LABEL,
    originator: _Originator = None,
    created: _Created = None,
    releasable_to: _ReleasableTo = "",
    categories: _Categories = "",
    at: _At = None,
    as_json: _Json = False,
) -> None:
    """Say whether anything under a label could go to anybody at an instant; if not, exit code 1."""
    source = _source(file, line)
    found: Label | None = None
    reasons: tuple[Reason, ...]
    text = ""
    try:
        found, kind = _read(source, written, (originator, created, releasable_to, categories))
        reasons = label_faults(found, kind, _instant(at, found))
    except MarkingError as error:
        reasons, text = (error.facts["reason"],), str(error)
    if as_json:
        plain = None if found is None else to_plain(found)
        print_json({"label": plain, "reasons": [reason.value for reason in reasons], "text": text})
    elif not reasons and found is not None:
        say(f"sound: {marking_of(found.classification_at(_instant(at, found)), _instant(at, found))}")
    else:
        for reason in reasons:
            say(f"withheld: {text or REASON_WORDS[reason][0]} ({reason.value})", hang=2)
    if reasons:
        stop(BAD_ANSWER)


@app.command("bind")
@in_one_line
def bind_label(
    file: Annotated[Path, typer.Argument(help="An item as JSON, made by this party.")], node: _Node
) -> None:
    """Write the signed STANAG 4778 binding of an item's label to the item as it is sent."""
    item, keys = _item(file), read_folder(node, asked).keys
    owner = party_of(item.label.originator)
    if owner != party_of(keys.party):
        raise UsageError(f"`{keys.party}` cannot bind this label: its originator is `{owner}`")
    _put(write_4778(item.label, encode(item), lambda digest: sign_binding(keys, digest)))


@app.command("open")
@in_one_line
def open_label(
    file: Annotated[Path, typer.Argument(help="A STANAG 4778 binding.")],
    item: Annotated[Path, typer.Option(help="The item that it is bound to, as JSON.")],
    node: _Node,
) -> None:
    """Print the label that a binding gives an item, once signature, data and the item's own label agree."""
    held, trust = _item(item), read_folder(node).trust
    bound = read_4778(
        read_file(file), encode(held), lambda party, signed: open_signed_binding(trust, party, signed)
    )
    if encode(bound) != encode(held.label):
        raise UsageError("the binding holds another label than the item itself: not accepted")
    print_json(to_plain(bound))


_Said = tuple[str | None, str | None, str, str]
"""Originator, instant of making, parties and categories, as they were given."""


def _source(file: Path | None, line: str | None) -> bytes:
    if file is not None and line is None:
        return read_file(file)
    if line is not None and file is None:
        return line.encode("utf-8", "surrogatepass")
    raise UsageError("give a file, or a line with --line, and not both")


def _read(source: bytes, written: Format, said: _Said) -> tuple[Label, str | None]:
    """The label, and of which kind its item is where that is known."""
    if written is Format.LABEL:
        return _read_own(source)
    if written is Format.STANAG_4774:
        return read_4774(source), None
    origin = _origin(said)
    if written is Format.STIX:
        return read_stix(source, origin), "indicator"
    try:
        text = source.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise MarkingError("the line is not UTF-8", reason=Reason.LABEL_UNKNOWN) from error
    return (read_banner if written is Format.BANNER else read_tlp)(text, origin), None


def _read_own(source: bytes) -> tuple[Label, str | None]:
    try:
        plain = strict_json(source, _LABEL_BYTES_MAX)
        if isinstance(plain, dict) and plain.get("kind") in ITEM_KINDS:
            item = item_from_plain(plain)
            return item.label, kind_of(item)
        return from_plain(plain, Label), None
    except ItemError as error:
        raise MarkingError(f"no label and no item: {error}", reason=Reason.LABEL_PARTIAL) from error


def _origin(said: _Said) -> Origin:
    originator, created, releasable_to, categories = said
    if originator is None or created is None:
        raise UsageError("this format does not say who made it and when: give --originator and --created")
    return Origin(
        originator=originator,
        created_ns=parse_instant(created),
        releasable_to=_words(releasable_to),
        categories=_words(categories),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _instant(at: str | None, found: Label) -> int:
    return found.created_ns if at is None else parse_instant(at)


def _item(file: Path) -> AnyItem:
    return item_from_json(read_file(file))


def _unsaid(found: Label, data: bytes, to: Format) -> list[str]:
    """The fields of a label that come back otherwise from what was written of it."""
    categories = ",".join((*found.restrictive, *found.permissive))
    said: _Said = (found.originator, format_instant(found.created_ns), "", categories)
    before, after = to_plain(found), to_plain(_read(data, to, said)[0])
    before["releasable_to"] = sorted(set(found.releasable_to) - {found.originator})
    return [name for name in before if _in_order(before[name]) != _in_order(after[name])]


def _in_order(value: Any) -> Any:
    """Lists of words in order, because an order says nothing."""
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


def _put(data: bytes) -> None:
    """UTF-8 text on standard output, unwrapped, with a line end."""
    out.print(data.decode("utf-8"), markup=False, soft_wrap=True)
