"""Writes docs/items.md, the page of the nouns, from the classes themselves.

    python tools/items_page.py            # write the page again
    python tools/items_page.py --check    # exit 1 where it is not up to date

Fields, limits, defaults and words come from the code; what may change, and how, is said here.
"""

import ast
import inspect
import re
import sys
import textwrap
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from trilat.model import (
    INSTANT_NS_MAX,
    ITEM_KINDS,
    Account,
    AreaKind,
    Attribution,
    Caveat,
    Certificate,
    Classification,
    Decision,
    DirectionPlot,
    DisagreementKind,
    DisagreementState,
    Domain,
    Downgrade,
    Ellipse,
    Envelope,
    Equivalent,
    EventKind,
    HolderAnswer,
    Item,
    ItemReference,
    Kinematics,
    Label,
    Lineage,
    LocalName,
    Noun,
    Outcome,
    Party,
    Place,
    Polygon,
    Portion,
    PositionFix,
    Provenance,
    RadarPlot,
    RecallAction,
    Receipt,
    Release,
    RemovedItem,
    Stage,
    Status,
    Threat,
    Urgency,
    WarningKind,
    WarningState,
)

PAGE: Final = Path(__file__).parents[1] / "docs" / "items.md"

INTRODUCTION: Final = """\
# Items and the other nouns

*Made by `tools/items_page.py` from the classes; do not edit by hand.*

**What not to expect.** An item does not say where it came from beyond its label and provenance, and it never
holds a decision: who may have it is decided anew for every recipient. Nothing here is a command: items inform
people of what is, was, or will fall where; there is none that cues, aims or assigns a weapon.

A noun is a value. It is made whole or not at all: what breaks a limit below is refused by the constructor, by
the reader of the plain form and by the wire decoder alike. It never changes; what changes is told by a new
version under the same `item_id`, or by another item about it. Numbers are integers in the unit that ends
their name; an instant is UTC nanoseconds since 1970-01-01T00:00:00Z, from 1970 to 2200, without leap seconds.

People, files and the JSON Schema (`trilat schema`) see the plain form: an object with the names below, bytes
as base64, and `kind` where several kinds may stand. Nodes send arrays of the same values in the same order.
A field without a default must be given.
"""

SECTIONS: Final[list[tuple[str, str, list[type[Noun]]]]] = [
    (
        "What every item has",
        "The head of an item, and what it is made of.",
        [Item, Label, Classification, Portion, Downgrade, Provenance, ItemReference],
    ),
    ("Kinds of items", "Besides the head, each kind has its own fields.", list(ITEM_KINDS.values())),
    ("Observations", "What a `report` may hold.", [RadarPlot, DirectionPlot, PositionFix, Equivalent]),
    (
        "Places and movement",
        "Frames: WGS-84, geodetic or Earth-centred Earth-fixed.",
        [Place, Ellipse, Polygon, Kinematics],
    ),
    ("Accounts", "What a `disagreement` sets side by side.", [Account]),
    ("Watch areas", "For the own staff alone: never released to anybody.", [LocalName, Threat]),
    (
        "What is decided and carried",
        "Not items: they are about items.",
        [Decision, Release, Receipt, Envelope, Certificate, RemovedItem, Party],
    ),
]

WORDS: Final[list[type[Enum]]] = [
    Status,
    Domain,
    Attribution,
    Caveat,
    Lineage,
    Stage,
    EventKind,
    AreaKind,
    WarningKind,
    WarningState,
    DisagreementKind,
    DisagreementState,
    Urgency,
    RecallAction,
    HolderAnswer,
    Outcome,
]

MAY_CHANGE: Final[dict[type[Noun], str]] = {
    Item: "by a new version: the same `item_id`, a higher `version`.",
    Label: "by a new version from its originator, in a `reclassification`; never merged, never edited.",
    Classification: "never; a receiver writes its own equivalent beside it, in the release.",
    Provenance: "with each version of its item: it names what went in since the version before.",
    ItemReference: "never.",
    Decision: "never; deciding again at another instant makes another decision.",
    Release: "never; what was released cannot be taken back, only recalled.",
    Receipt: "never.",
    Certificate: "never; a holder that does more signs another.",
    RemovedItem: "never.",
    Envelope: "never; it is sent again as it was, bit by bit.",
    Party: "its name may; its code never.",
}
KIND_MAY_CHANGE: Final[dict[str, str]] = {
    "report": "no: an observation was made once. A wrong one is followed by another with a higher version.",
    "track": "yes, with every update: `state` is replaced, `tracklets` hold only what is new.",
    "event": "yes, as time and place become better known.",
    "area": "yes, as the prediction becomes better.",
    "warning": "yes: it is raised, confirmed, updated and retracted by versions; a retraction is final, but "
    "that of a threat, which may be raised again.",
    "vessel": "yes, with every position report; what the ship is is carried along.",
    "indicator": "yes; its end is `valid_until_ns`.",
    "need": "yes: less is needed as it is met.",
    "offer": "yes: less is offered as it is taken up.",
    "request": "no; it ends by its deadline or its answer.",
    "statement": "no: what was said was said.",
    "story": "yes, as outlets correct themselves.",
    "consent": "yes: a newer one on the same subject takes the place of the older, also to refuse.",
    "recall": "no.",
    "reclassification": "no: another follows.",
    "loss-report": "yes: the result of the investigation is a new version.",
    "declaration": "yes: a newer one of the same party on the same thing takes its place, also to lift it.",
    "disagreement": "yes: with every newer account, and when it is resolved; it may open again.",
    "answer": "yes: a holder that could not comply may do so later.",
}

_UNITS: Final = [
    ("_1e7deg", "1e-7 degree"),
    ("_mm_per_s", "mm/s"),
    ("_mdeg", "millidegree"),
    ("_nrad", "nanoradian"),
    ("_ppm", "parts per million"),
    ("_permille", "parts per thousand"),
    ("_ms", "ms"),
    ("_mm", "mm"),
    ("_m", "m"),
    ("_s", "s"),
]


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, words, nouns in SECTIONS:
        parts.append(f"## {title}\n\n{words}\n")
        parts += [_noun(noun) for noun in nouns]
    parts.append("## Words\n\nValues of fields that are one of a list, as they are written.\n")
    parts += [_words(words) for words in WORDS]
    return "\n".join(parts)


def _noun(noun: type[Noun]) -> str:
    tag = noun.__struct_config__.tag
    heading = f"### `{tag or noun.__name__}`" + (f" ({noun.__name__})" if tag else "")
    lines = [heading, "", _plain_words(noun.__doc__), ""]
    change = (
        KIND_MAY_CHANGE[str(tag)] if tag in ITEM_KINDS else MAY_CHANGE.get(noun, "with what it is part of.")
    )
    lines += [f"*May it change?* {change[0].upper()}{change[1:]}", ""]
    if "check" in vars(noun):
        lines += [f"*Refused:* {_refusals(noun)}", ""]
    elif noun is Item:
        lines += ["*Refused:* a label by another originator than the first of the provenance.", ""]
    lines += ["| field | holds | default | |", "|---|---|---|---|"]
    hints = get_type_hints(noun, include_extras=True)
    said = _said_of_fields(noun)
    head = set() if noun is Item else {field.name for field in msgspec.structs.fields(Item)}
    for field in msgspec.structs.fields(noun):
        if tag in ITEM_KINDS and field.name in head:
            continue
        default = "" if field.required else _default(field.default)
        holds = _holds(field.name, hints[field.name])
        lines.append(f"| `{field.name}` | {holds} | {default} | {said.get(field.name, '')} |")
    return "\n".join(lines) + "\n"


def _refusals(noun: type[Noun]) -> str:
    words = _plain_words(inspect.getdoc(noun.check)).removeprefix("Refuse ")
    return words[0].lower() + words[1:]


def _plain_words(text: str | None) -> str:
    """A docstring as running text."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text or "").split("\n\n"))


def _said_of_fields(noun: type[Noun]) -> dict[str, str]:
    """The text that stands under a field in its class."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(noun))).body[0]
    said: dict[str, str] = {}
    if isinstance(tree, ast.ClassDef):
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                said[field.target.id] = _plain_words(str(below.value.value))
    return said


def _default(value: Any) -> str:
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, Noun):
        return "nothing set"
    if value in ((), ""):
        return "empty"
    return "null" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _holds(name: str, annotation: Any) -> str:
    """Type, limits and unit of a field in words."""
    unit = next((words for ending, words in _UNITS if name.endswith(ending)), "")
    words = _type_words(annotation)
    return f"{words}; {unit}" if unit and "integer" in words else words


def _type_words(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *metas = get_args(annotation)
        return _limited(base, [meta for meta in metas if isinstance(meta, msgspec.Meta)])
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_type_words(choice) for choice in get_args(annotation)))
    if origin is tuple:
        return _list_words(get_args(annotation), "")
    if annotation is NoneType:
        return "null"
    plain = {int: "integer", str: "text", bytes: "bytes", bool: "true or false"}.get(annotation)
    if plain is not None:
        return plain
    if issubclass(annotation, Enum):
        return f"one of [{annotation.__name__}](#{annotation.__name__.lower()})"
    if annotation in ITEM_KINDS.values():
        return f"`{annotation.__struct_config__.tag}`"
    return f"`{annotation.__struct_config__.tag or annotation.__name__}`"


def _list_words(arguments: tuple[Any, ...], count: str) -> str:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return f"list of {count}: {_type_words(arguments[0])}"
    return f"list of {len(arguments)}: {_type_words(arguments[0])}"


def _limited(base: Any, metas: list[msgspec.Meta]) -> str:
    stated = {
        name: value
        for meta in metas
        for name in ("pattern", "min_length", "max_length", "ge", "le", "lt")
        if (value := getattr(meta, name)) is not None
    }
    least, most = stated.get("min_length", 0), stated.get("max_length")
    between = f"{least} to {most}" if least != most else f"{most}"
    if get_origin(base) is tuple:
        return _list_words(get_args(base), between)
    if base is int and stated.get("le") == INSTANT_NS_MAX:
        return "instant"
    if base is int:
        highest = stated.get("le", stated.get("lt", 0) - 1)
        return f"integer {_number(stated.get('ge'))} to {_number(highest)}"
    if base is bytes:
        return f"{between} bytes"
    pattern = str(stated.get("pattern", "")).replace("(?!\\n)", "").replace("|", "\\|")
    if "pattern" in stated and "A-Za-z0-9._" in pattern:
        return f"name of {most} characters at most"
    if pattern.startswith("^[A-Z][A-Z0-9]"):
        return "party"
    if pattern.startswith("^[^\\x00"):
        return f"{'text' if 'x0b' in pattern else 'line'} of {between} characters"
    if pattern:
        return f"text like `{pattern}`"
    return f"text of {between} characters"


def _number(value: Any) -> str:
    if isinstance(value, int) and abs(value) == 2**63 - 1:
        return "-2^63+1" if value < 0 else "2^63-1"
    return str(value)


def _words(words: type[Enum]) -> str:
    lines = [f"### {words.__name__}", "", _plain_words(words.__doc__), ""]
    said = _said_of_values(words)
    lines += [f"- `{word.value}`{': ' + said[word.name] if word.name in said else ''}" for word in words]
    return "\n".join(lines) + "\n"


def _said_of_values(words: type[Enum]) -> dict[str, str]:
    """The text that stands under a value in its class."""
    source = inspect.getsource(words)
    found = re.findall(r'^ {4}(\w+) = [^\n]+\n {4}"""(.*?)"""', source, flags=re.MULTILINE | re.DOTALL)
    return {name: _plain_words(text) for name, text in found}


def main() -> int:
    """Write the page, or say whether it is up to date."""
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == made:
        return 0
    print("docs/items.md is not up to date: run python tools/items_page.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
