"""Labels with one thing wrong, made from a seed, for `test_label_fuzz.py` and `bench/label_fuzz.py`.

Every case begins with a label under which the item, or a portion of it, is released by a clause as wide as
can be, so that each word of the label matters. Then one word in one place is spoilt in one way; what comes
out is another text, and no other good one for that place. The item, or the portion, must stay.

    trial = draw_trial(Random(seed))
    wrong_release(trial, agreements)      # None, or what was let out
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import msgspec
from tests.policy.cases import NOW_NS, agreements, ask, track

from trilat.domains.marking import Origin, read_4774, read_banner, read_stix, read_tlp
from trilat.model import (
    SCHEMES,
    Label,
    MarkingError,
    Outcome,
    Release,
    Track,
    item_from_plain,
    to_plain,
)
from trilat.policy import AgreementSet, decide, decide_plain, degrade

WIDE: Final = """
[agreement]
id = "wide"
version = 1
title = "Everything"
parties = ["JPN", "KOR", "USA"]
in_force_from = 2000-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "with-consent"
[[clause]]
id = "1"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = ["JPN", "KOR", "USA"]
to = ["JPN", "KOR", "USA"]
highest = { scheme = "USA", level = "SECRET" }
categories = ["SPACE", "SEA", "TLP:RED", "PAP:GREEN"]
form = "tracks"
"""
LOOK_ALIKE: Final = {
    "A": "А", "B": "В", "C": "С", "E": "Е", "G": "Ԍ", "H": "Н", "I": "І", "K": "К", "M": "М", "N": "Ν",
    "O": "О", "P": "Р", "R": "Ꭱ", "S": "Ѕ", "T": "Т", "U": "Ս", "D": "Ꭰ", "J": "Ј", "L": "Ꮮ", "F": "Ϝ",
    "a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у",
    "-": "‐", " ": "\u00a0", "/": "∕", ":": "：", ",": "‚", "+": "＋", "秘": "祕", "極": "极", "급": "급",
}  # fmt: skip
INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e"
RIGHT_TO_LEFT: Final = "\u202e\u202d\u200f\u061c\u2067\u2066"
UNKNOWN: Final = (
    "NATO",
    "COSMIC",
    "RESTRICTED",
    "機微",
    "대외비",
    "ZZZ",
    "X-1",
    "TOPSECRET",
    "0",
    "null",
    "*",
)
RELEASABLE: Final = frozenset(
    (scheme, level.level)
    for scheme, levels in SCHEMES.items()
    for level in levels
    if not level.never_leaves and level.level != "BOEI-HIMITSU"
)

_SORTED: Final = sorted(RELEASABLE)


def _misspelt(word: str, draw: Random) -> str:
    place = draw.randrange(len(word))
    letter = draw.choice("AEIKNOSTX")
    return draw.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + word[place] * 2 + word[place + 1 :],
            word[:place] + letter + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            word[::-1],
        ]
    )


def _partial(word: str, draw: Random) -> str:
    return (
        word[: draw.randrange(len(word))] if draw.random() < 0.7 else word[draw.randrange(1, len(word) + 1) :]
    )


def _mixed_case(word: str, draw: Random) -> str:
    way = draw.choice([str.lower, str.title, str.swapcase, str.capitalize, str.upper, str.casefold])
    if draw.random() < 0.5:
        return way(word)
    place = draw.randrange(len(word))
    return word[:place] + word[place].swapcase() + word[place + 1 :]


def _homoglyph(word: str, draw: Random) -> str:
    alike = [place for place, letter in enumerate(word) if letter in LOOK_ALIKE]
    if not alike:
        return word
    chosen = draw.sample(alike, draw.randint(1, len(alike)))
    return "".join(LOOK_ALIKE[letter] if place in chosen else letter for place, letter in enumerate(word))


def _inserted(letters: str) -> Callable[[str, Random], str]:
    def insert(word: str, draw: Random) -> str:
        place = draw.randint(0, len(word))
        return word[:place] + draw.choice(letters) + word[place:]

    return insert


def _full_width(word: str, draw: Random) -> str:
    def wide(letter: str) -> str:
        return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else "\u3000" if letter == " " else letter

    if draw.random() < 0.5:
        return "".join(map(wide, word))
    place = draw.randrange(len(word))
    return word[:place] + wide(word[place]) + word[place + 1 :]


def _other_form(word: str, draw: Random) -> str:
    """The same to the eye, in another of Unicode's forms, or with a mark on it."""
    found = draw.choice([unicodedata.normalize("NFD", word), unicodedata.normalize("NFKD", word)])
    return found if found != word else word + draw.choice("\u0301\u0300\ufe0f")


WAYS: Final[dict[str, Callable[[str, Random], str]]] = {
    "absent": lambda _word, _draw: "",
    "partial": _partial,
    "misspelt": _misspelt,
    "unknown": lambda _word, draw: draw.choice(UNKNOWN),
    "mixed-case": _mixed_case,
    "homoglyph": _homoglyph,
    "zero-width": _inserted(INVISIBLE),
    "full-width": _full_width,
    "right-to-left": _inserted(RIGHT_TO_LEFT),
    "spaced": _inserted(" \t\u00a0\u2003\n"),
    "other-form": _other_form,
}

_WAYS: Final = tuple(WAYS)


@dataclass(frozen=True)
class Trial:
    """One label with one thing wrong."""

    place: str
    way: str
    before: str
    after: str
    item: dict[str, Any] | None = None
    """The item in its plain form, for what stands in a label."""

    label: Label | None = None
    """The label that was read, for what stands in a marking; None where it was refused."""

    portion: bool = False
    """Whether the thing wrong is in a portion, so that the rest of the item may go."""


def wide() -> AgreementSet:
    """One clause that lets everything go from each to each."""
    return agreements(wide=WIDE)


_WHOLE: Final = msgspec.json.encode(to_plain(track(tracklets=())))
_BY: Final = {scheme: track(scheme, tracklets=()) for scheme in SCHEMES}


def _plain(scheme: str = "JPN", level: str = "GOKUHI") -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(_WHOLE)
    plain["label"]["classification"] = {"scheme": scheme, "level": level}
    plain["label"]["releasable_to"] = ["KOR"]
    return plain


def _portion(**asks: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"classification": None, "releasable_to": None}
    return {"field": "sensors", **nothing, "restrictive": [], "permissive": [], "caveats": [], **asks}


_Place = Callable[[Random], tuple[str, Callable[[str], dict[str, Any]], bool]]
"""A good word, the item with another word there, and whether that is in a portion."""


def _set(path: tuple[str | int, ...], word: str, portion: dict[str, Any] | None = None) -> _Place:
    """A place in the label, where `word` stands."""

    def place(draw: Random) -> tuple[str, Callable[[str], dict[str, Any]], bool]:
        own = path[0] == "classification"
        scheme, level = draw.choice(_SORTED) if own else ("JPN", "GOKUHI")
        good = word if not own else scheme if path[-1] == "scheme" else level

        def put(other: str) -> dict[str, Any]:
            plain = _plain(scheme, level)
            if portion is not None:
                plain["label"]["portions"] = [msgspec.json.decode(msgspec.json.encode(portion))]
            inner: Any = plain["label"]
            for step in path[:-1]:
                if step == "downgrade" and inner[step] is None:
                    later = {"scheme": "JPN", "level": "HI"}
                    inner[step] = {"at_ns": NOW_NS + 10**12, "classification": later}
                inner = inner[step]
            if isinstance(path[-1], int):
                inner[:] = [other]
            else:
                inner[path[-1]] = other
            return plain

        return good, put, portion is not None

    return place


def _named_field(draw: Random) -> tuple[str, Callable[[str], dict[str, Any]], bool]:
    name = draw.choice(list(_plain()["label"]))

    def put(other: str) -> dict[str, Any]:
        plain = _plain()
        plain["label"][other] = plain["label"].pop(name)
        return plain

    return name, put, False


_MARK: Final = {"scheme": "JPN", "level": "GOKUHI"}
PLACES: Final[dict[str, _Place]] = {
    "scheme": _set(("classification", "scheme"), ""),
    "level": _set(("classification", "level"), ""),
    "releasable-to": _set(("releasable_to", 0), "KOR"),
    "restrictive": _set(("restrictive", 0), "SPACE"),
    "permissive": _set(("permissive", 0), "SEA"),
    "caveat": _set(("caveats", 0), "originator-control"),
    "attribution": _set(("attribution",), "named"),
    "field": _named_field,
    "downgrade-level": _set(("downgrade", "classification", "level"), "HI"),
    "portion-field": _set(("portions", 0, "field"), "sensors", _portion(releasable_to=["KOR"])),
    "portion-level": _set(
        ("portions", 0, "classification", "level"), "GOKUHI", _portion(classification=_MARK)
    ),
    "portion-scheme": _set(
        ("portions", 0, "classification", "scheme"), "JPN", _portion(classification=_MARK)
    ),
    "portion-parties": _set(("portions", 0, "releasable_to", 0), "KOR", _portion(releasable_to=["KOR"])),
    "portion-restrictive": _set(("portions", 0, "restrictive", 0), "SPACE", _portion(restrictive=["SPACE"])),
    "portion-permissive": _set(("portions", 0, "permissive", 0), "SEA", _portion(permissive=["SEA"])),
}
_NATO: Final = (
    '<l:originatorConfidentialityLabel xmlns:l="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0" '
    'ReviewDateTime="2034-01-15T00:00:00Z"><l:ConfidentialityInformation><l:PolicyIdentifier>JPN'
    "</l:PolicyIdentifier><l:Classification>GOKUHI</l:Classification>"
    '<l:Category Type="PERMISSIVE" TagName="Releasable To"><l:GenericValue>JPN</l:GenericValue>'
    "<l:GenericValue>KOR</l:GenericValue></l:Category>"
    '<l:Category Type="RESTRICTIVE" TagName="Additional Sensitivity"><l:GenericValue>SPACE</l:GenericValue>'
    '</l:Category></l:ConfidentialityInformation><l:OriginatorID IDType="uniformResourceIdentifier">'
    "urn:trilat:party:JPN</l:OriginatorID><l:CreationDateTime>2024-01-15T00:00:00Z</l:CreationDateTime>"
    "</l:originatorConfidentialityLabel>"
)
_RED: Final = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
MARKINGS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    # Where: the text as it should be, whose it is, and the words in it of which each matters.
    "banner-usa": ("SECRET//SPACE//REL TO USA, KOR", "USA", ("SECRET", "SPACE", "REL TO", "USA", "KOR")),
    "banner-jpn": ("極秘／提供先：KOR／区分：SPACE", "JPN", ("極秘", "提供先：", "KOR", "区分：", "SPACE")),
    "tlp": ("TLP:RED PAP:GREEN", "JPN", ("TLP:RED", "PAP:GREEN")),
    "stix": (
        f'{{"type":"indicator","object_marking_refs":["{_RED}"]}}',
        "JPN",
        (_RED, "object_marking_refs"),
    ),
    "4774": (
        _NATO,
        "JPN",
        ("GOKUHI", "KOR", "SPACE", "Releasable To", "PERMISSIVE", "RESTRICTIVE", "Additional Sensitivity"),
    ),
}


def draw_trial(draw: Random) -> Trial:
    """A label with one thing wrong; what is wrong is always another text than the good one."""
    while True:
        way = draw.choice(_WAYS)
        found = _marked(way, draw) if draw.random() < 0.3 else _labelled(way, draw)
        if found is not None:
            return found


def _labelled(way: str, draw: Random) -> Trial | None:
    name = draw.choice(list(PLACES))
    good, put, portion = PLACES[name](draw)
    other = WAYS[way](good, draw)
    if other == good or _is_good(name, good, other, put):
        return None
    return Trial(name, way, good, other, item=put(other), portion=portion)


def _is_good(name: str, good: str, other: str, put: Callable[[str], dict[str, Any]]) -> bool:
    """Whether the other word happens to be one that may stand there."""
    if name in {"scheme", "level"}:
        mark = put(other)["label"]["classification"]
        return (mark["scheme"], mark["level"]) in RELEASABLE
    if name == "field":
        return other in _plain()["label"]
    return other in {"SPACE", "SEA"} and good in {"SPACE", "SEA"}


def _marked(way: str, draw: Random) -> Trial | None:
    name = draw.choice(list(MARKINGS))
    text, originator, words = MARKINGS[name]
    word = draw.choice(words)
    other = WAYS[way](word, draw)
    levels = {text for level in SCHEMES[originator] for text in (level.level, level.banner)}
    if other == word or other in levels:
        return None  # what is left of 極秘 may be 秘, and HI of GOKUHI: another level, no reader could know
    return Trial(name, way, word, other, label=_read(name, text.replace(word, other), originator))


def _read(name: str, text: str, originator: str) -> Label | None:
    """The label of a marking; None where it is refused, which lets nothing out."""
    origin = Origin(
        originator=originator, created_ns=NOW_NS, releasable_to=("KOR",), categories=("SPACE", "SEA")
    )
    try:
        if name.startswith("banner"):
            return read_banner(text, origin)
        if name == "tlp":
            return read_tlp(text, origin)
        data = text.encode("utf-8", "surrogatepass")
        return read_stix(data, origin) if name == "stix" else read_4774(data)
    except MarkingError:
        return None


def wrong_release(trial: Trial, held: AgreementSet) -> str | None:
    """What a trial let out that had to stay, or None."""
    said = f"{trial.place}, {trial.way}: {trial.before!r} as {trial.after!r}"
    if trial.item is None:
        return said if trial.label is not None and _leaves(trial.label, held) else None
    decision = decide_plain(msgspec.json.encode(trial.item), ask(), held)
    if decision.outcome is not Outcome.PERMIT:
        return None
    if not trial.portion:
        return said
    release: Release = degrade(item_from_plain(trial.item), decision)
    assert isinstance(release.item, Track)
    return f"{said}: {release.item.sensors}" if release.item.sensors else None


def _leaves(label: Label, held: AgreementSet) -> bool:
    item = msgspec.structs.replace(_BY[label.originator], label=label)
    return decide(item, ask(label.originator), held).outcome is Outcome.PERMIT


def good_trials() -> list[Trial]:
    """Every place with its good word: all of these must be released, or the trials would say nothing."""
    found = []
    for name, place in PLACES.items():
        good, put, portion = place(Random(1))
        found.append(Trial(name, "good", good, good, item=put(good), portion=portion))
    for name, (text, originator, _) in MARKINGS.items():
        found.append(Trial(name, "good", text, text, label=_read(name, text, originator)))
    return found
