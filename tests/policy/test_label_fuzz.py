"""S12: labels that are partial, misspelt, in mixed case or in letters that look alike release nothing.

The clause is as wide as can be, so that only the label stands between the item and the recipient.
"""

from random import Random
from typing import Any

import msgspec
from tests.policy.cases import agreements, ask, track

from trilat.model import SCHEMES, Outcome, to_plain
from trilat.policy import AgreementSet, decide_plain

WIDE = """
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
categories = ["SPACE", "SEA"]
form = "tracks"
"""
LOOK_ALIKE = {
    "A": "А", "B": "В", "C": "С", "E": "Е", "G": "Ԍ", "H": "Н", "I": "І", "K": "К", "M": "М", "N": "Ν",
    "O": "О", "P": "Р", "R": "Ꭱ", "S": "Ѕ", "T": "Т", "U": "Ս", "D": "Ꭰ", "J": "Ј", "L": "Ꮮ", "F": "Ϝ",
    "-": "‐", " ": "\u00a0",
}  # fmt: skip
RELEASABLE = {
    (scheme, level.level)
    for scheme, levels in SCHEMES.items()
    for level in levels
    if not level.never_leaves and level.level != "BOEI-HIMITSU"
}


def permits(plain: dict[str, Any], held: AgreementSet) -> bool:
    return decide_plain(msgspec.json.encode(plain), ask(), held).outcome is Outcome.PERMIT


def labelled(**changes: Any) -> dict[str, Any]:
    plain = to_plain(track(label=track().label))
    plain["label"].update(changes)
    return plain


def misspelt(word: str, draw: Random) -> str:
    """A word with one letter lost, doubled, swapped, replaced, in the other case or looking alike."""
    place = draw.randrange(len(word))
    letter = word[place]
    return draw.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ") + word[place + 1 :],
            word[:place] + letter.swapcase() + word[place + 1 :],
            word[:place] + LOOK_ALIKE.get(letter, "?") + word[place + 1 :],
            word.lower(),
            word.title(),
            f" {word}",
            f"{word} ",
            f"{word}\u200b",
            word[::-1],
            "",
        ]
    )


def test_the_premise_that_a_good_label_is_released() -> None:
    held = agreements(wide=WIDE)
    for scheme, level in RELEASABLE:
        assert permits(labelled(classification={"scheme": scheme, "level": level}), held)


def test_no_misspelt_scheme_or_level_is_released() -> None:
    held, draw, tried = agreements(wide=WIDE), Random(12), 0
    for scheme, level in sorted(RELEASABLE):
        for _ in range(60):
            pair = (misspelt(scheme, draw), level) if draw.random() < 0.3 else (scheme, misspelt(level, draw))
            if pair not in RELEASABLE:
                tried += 1
                assert not permits(labelled(classification={"scheme": pair[0], "level": pair[1]}), held), pair
    assert tried > 400


def test_no_misspelt_recipient_category_or_caveat_is_released() -> None:
    held, draw = agreements(wide=WIDE), Random(13)
    for _ in range(150):
        code = misspelt("KOR", draw)
        assert code == "KOR" or not permits(labelled(releasable_to=["USA", code]), held), code
        category = misspelt("SPACE", draw)
        assert category == "SPACE" or not permits(labelled(restrictive=["SEA", category]), held), category
        assert category == "SPACE" or not permits(labelled(permissive=[category]), held), category
        caveat = misspelt("originator-control", draw)
        assert caveat == "originator-control" or not permits(labelled(caveats=[caveat]), held), caveat


def test_no_misspelt_field_of_a_label_is_released() -> None:
    held, draw = agreements(wide=WIDE), Random(14)
    fields = list(to_plain(track().label))
    for field in fields:
        for _ in range(12):
            plain = labelled()
            wrong = misspelt(field, draw)
            if wrong not in fields:
                plain["label"][wrong] = plain["label"].pop(field)
                assert not permits(plain, held), (field, wrong)


def test_no_label_with_a_value_of_another_type_is_released() -> None:
    held = agreements(wide=WIDE)
    junk: list[Any] = [7, -1, 1.5, True, "x", "", [], [None], {}, {"scheme": "JPN"}, [[]], "KOR"]
    for field in to_plain(track().label):
        for value in junk:
            if value == [] or (field in {"version", "created_ns"} and value == 7):
                continue  # these are good values of that field
            assert not permits(labelled(**{field: value}), held), (field, value)
