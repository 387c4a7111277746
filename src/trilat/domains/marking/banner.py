"""Banner lines: the plain line at the top and foot of a page, in the language of its originator's scheme.

    USA   SECRET//SPACE//ORCON/REL TO USA, JPN, KOR
    JPN   極秘／提供先：KOR、USA／要作成元同意／区分：SPACE
    KOR   군사II급비밀 / 제공 대상: JPN, USA / 생산기관 동의 필요 / 구분: SPACE

The first is the form that US markings have: level, control categories, dissemination controls; blocks stand
between double slashes, words of one block between single ones, and a control may have a block of its own.
NOFORN is the originator alone, and so is a line without NOFORN and REL TO. Japanese and Korean levels are
those of Article 4 of the agreement of 23 November 2016; how the line goes on is ours (docs/labels.md).
"""

from dataclasses import dataclass
from typing import Final

from trilat.domains.marking.origin import (
    Origin,
    absent,
    listed_categories,
    listed_parties,
    partial,
    read_categories,
    read_parties,
    refuse_unsayable,
    unknown,
)
from trilat.model import SCHEMES, Caveat, Classification, Label, find_level

LINE_CHARACTERS_MAX: Final = 1_000
_CONTROL: Final = (Caveat.ORIGINATOR_CONTROL,)
_NOFORN: Final = "NOFORN"
_ORCON: Final = "ORCON"
_REL_TO: Final = "REL TO"
_USA: Final = "USA"


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What stands between and before the parts of a line."""

    part: str
    entry: str
    releasable_to: str
    control: str
    restrictive: str
    permissive: str


_WORDS: Final = {
    "JPN": _Words(
        part="／",
        entry="、",
        releasable_to="提供先：",
        control="要作成元同意",
        restrictive="区分：",
        permissive="いずれか：",
    ),
    "KOR": _Words(
        part=" / ",
        entry=", ",
        releasable_to="제공 대상: ",
        control="생산기관 동의 필요",
        restrictive="구분: ",
        permissive="하나 이상: ",
    ),
}


def write_banner(label: Label) -> str:
    """The line of a label, in the language of its scheme.

    Raises:
        MarkingError: the line cannot say what the label asks, or the level is not one of its scheme.
    """
    name = "a banner line"
    level = find_level(label.classification, label.created_ns)
    if level is None or label.classification.scheme != label.originator:
        raise unknown(f"{name} is of a level in its originator's own scheme: this one is not known there")
    if set(label.caveats) - set(_CONTROL):
        raise unknown(f"{name} cannot say this caveat")
    words = _WORDS.get(label.originator)
    if words is None:
        return _write_usa(label, level.banner)
    refuse_unsayable(label, name, says={"categories"})
    parts = [level.banner]
    parties = listed_parties(label, name)
    if parties:
        parts.append(words.releasable_to + words.entry.join(parties))
    if label.caveats:
        parts.append(words.control)
    for lead, categories in ((words.restrictive, label.restrictive), (words.permissive, label.permissive)):
        if categories:
            parts.append(lead + words.entry.join(listed_categories(categories, name)))
    return words.part.join(parts)


def _write_usa(label: Label, level: str) -> str:
    name = "a banner line"
    refuse_unsayable(label, name)
    controls = [_ORCON] if label.caveats else []
    parties = listed_parties(label, name)
    controls.append(f"{_REL_TO} {', '.join([_USA, *parties])}" if parties else _NOFORN)
    blocks = [level]
    if label.restrictive:
        blocks.append("/".join(listed_categories(label.restrictive, name, (_NOFORN, _ORCON))))
    return "//".join([*blocks, "/".join(controls)])


def read_banner(line: str, origin: Origin) -> Label:
    """The label that a line says, letter by letter.

    Raises:
        MarkingError: no line, one that breaks off, or with anything that is not known.
    """
    if not line.strip():
        raise absent("the line is empty: nothing is marked")
    if len(line) > LINE_CHARACTERS_MAX:
        raise unknown(f"a banner line has {LINE_CHARACTERS_MAX} characters at most")
    words = _WORDS.get(origin.originator)
    if words is not None:
        return _read_worded(line.split(words.part), words, origin)
    if origin.originator != _USA:
        raise unknown(f"no scheme of `{origin.originator}` is known: its lines cannot be read")
    return _read_usa(line.split("//"), origin)


def _read_level(word: str, origin: Origin) -> Classification:
    for level in SCHEMES[origin.originator]:
        if level.banner == word and level.from_ns <= origin.created_ns < level.until_ns:
            return Classification(scheme=origin.originator, level=level.level)
    raise unknown(f"`{word}` is no level of `{origin.originator}` at that time: write it letter by letter")


def _read_usa(blocks: list[str], origin: Origin) -> Label:
    classification = _read_level(blocks[0], origin)
    found: dict[str, str] = {}
    categories: list[str] = []
    for word in (word for block in blocks[1:] for word in block.split("/")):
        control = _REL_TO if word.startswith(_REL_TO) else word
        if control in {_NOFORN, _ORCON, _REL_TO}:
            if control in found:
                raise unknown(f"`{control}` stands twice in the line")
            found[control] = word.removeprefix(_REL_TO)
        elif found:
            raise unknown(f"`{word}` stands behind the dissemination controls: none of them is called so")
        else:
            categories.append(word)
    if _NOFORN in found and _REL_TO in found:
        raise unknown("NOFORN and REL TO contradict each other")
    return Label(
        originator=_USA,
        classification=classification,
        releasable_to=_read_rel_to(found[_REL_TO]) if _REL_TO in found else (),
        restrictive=read_categories(categories, origin),
        caveats=_CONTROL if _ORCON in found else (),
        created_ns=origin.created_ns,
    )


def _read_rel_to(rest: str) -> tuple[str, ...]:
    if not rest.startswith(" USA, "):
        raise partial("REL TO names USA first, then at least one more: `REL TO USA, JPN`")
    return read_parties(rest[1:], ", ", _USA)


def _read_worded(parts: list[str], words: _Words, origin: Origin) -> Label:
    """Parts come in the order in which they are written, each once."""
    classification = _read_level(parts[0], origin)
    leads = (words.releasable_to, words.control, words.restrictive, words.permissive)
    found: dict[str, str] = {}
    for part in parts[1:]:
        lead = next((lead for lead in leads if part.startswith(lead)), None)
        if lead is None or (lead == words.control and part != lead):
            raise unknown(f"`{part}` is no part of such a line: write it letter by letter")
        if any(leads.index(seen) >= leads.index(lead) for seen in found):
            raise unknown(f"`{part}` stands twice in the line, or not in its place")
        if part == lead and lead != words.control:
            raise partial(f"`{part}` names nothing: the line breaks off")
        found[lead] = part.removeprefix(lead)
    parties = found.get(words.releasable_to)
    restrictive, permissive = found.get(words.restrictive), found.get(words.permissive)
    return Label(
        originator=origin.originator,
        classification=classification,
        releasable_to=() if parties is None else read_parties(parties, words.entry, origin.originator),
        restrictive=() if restrictive is None else read_categories(restrictive.split(words.entry), origin),
        permissive=() if permissive is None else read_categories(permissive.split(words.entry), origin),
        caveats=_CONTROL if words.control in found else (),
        created_ns=origin.created_ns,
    )
