"""S12: labels that are absent, partial, misspelt, in mixed case or in look-alike letters release nothing.

The clause is as wide as can be, so that only the label stands between the item and the recipient. A
million of these: `make label-fuzz`.
"""

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from tests.policy import label_fuzz
from tests.policy.cases import ask, track

from trilat.model import (
    SCHEMES,
    Classification,
    Clause,
    Level,
    Outcome,
    find_level,
    to_plain,
)
from trilat.policy import decide_plain, labelled

CASES = 5_000


def plain(text: str) -> str:
    """What a reader that means well would make of a word."""
    kept = [letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf"]
    return "".join(kept).strip().casefold()


def kindly_found(classification: Classification, at_ns: int) -> Level | None:
    """A look-up of levels that overlooks case, width, spaces and what cannot be seen."""
    for scheme, levels in SCHEMES.items():
        for level in levels:
            if (plain(classification.scheme), plain(classification.level)) == (
                scheme.casefold(),
                level.level.casefold(),
            ):
                return find_level(Classification(scheme=scheme, level=level.level), at_ns)
    return None


def kindly_covers(clause: Clause, restrictive: tuple[str, ...], permissive: tuple[str, ...]) -> bool:
    """A comparison of categories that overlooks the same."""
    held = {plain(category) for category in clause.categories}
    return {plain(category) for category in restrictive} <= held and (
        not permissive or not held.isdisjoint({plain(category) for category in permissive})
    )


def wrong_releases(seed: int, cases: int) -> list[str]:
    draw, held = Random(seed), label_fuzz.wide()
    said = (label_fuzz.wrong_release(label_fuzz.draw_trial(draw), held) for _ in range(cases))
    return [text for text in said if text is not None]


@pytest.mark.parametrize("trial", label_fuzz.good_trials(), ids=lambda trial: trial.place)
def test_the_premise_that_a_good_word_in_each_place_is_released(trial: label_fuzz.Trial) -> None:
    assert label_fuzz.wrong_release(trial, label_fuzz.wide()) is not None


def test_every_good_level_is_released() -> None:
    for scheme, level in sorted(label_fuzz.RELEASABLE):
        item = to_plain(track())
        item["label"]["classification"] = {"scheme": scheme, "level": level}
        decision = decide_plain(msgspec.json.encode(item), ask(), label_fuzz.wide())
        assert decision.outcome is Outcome.PERMIT


def test_nothing_is_released_under_a_label_with_one_thing_wrong() -> None:
    assert wrong_releases(12, CASES) == []


def test_the_trials_try_every_way_in_every_place() -> None:
    draw = Random(13)
    seen = Counter((trial.place, trial.way) for trial in (label_fuzz.draw_trial(draw) for _ in range(CASES)))
    places = {place for place, _ in seen}
    assert places == set(label_fuzz.PLACES) | set(label_fuzz.MARKINGS)
    assert {way for _, way in seen} == set(label_fuzz.WAYS)
    assert len(seen) > 0.85 * len(places) * len(label_fuzz.WAYS)


@pytest.mark.parametrize(
    ("name", "planted", "found_in"),
    [
        ("find_level", kindly_found, {"scheme", "level", "downgrade-level", "portion-level"}),
        ("covers", kindly_covers, {"restrictive", "permissive", "portion-restrictive"}),
    ],
)
def test_the_trials_find_a_look_up_that_means_well(
    monkeypatch: pytest.MonkeyPatch, name: str, planted: Callable[..., Any], found_in: set[str]
) -> None:
    monkeypatch.setattr(labelled, name, planted)
    if name == "covers":
        monkeypatch.setattr(sys.modules["trilat.policy.decide"], name, planted)
    let_out = {text.split(",", maxsplit=1)[0] for text in wrong_releases(14, CASES)}
    assert found_in <= let_out


def test_no_label_with_a_value_of_another_type_is_released() -> None:
    held = label_fuzz.wide()
    junk: list[Any] = [7, -1, 1.5, True, "x", "", [], [None], {}, {"scheme": "JPN"}, [[]], "KOR", [{}]]
    whole = to_plain(track())
    for field, good in whole["label"].items():
        for value in junk:
            if value == good or (field == "created_ns" and value == 7) or (field == "version" and value == 7):
                continue  # these are good values of that field
            if field in {"restrictive", "permissive", "caveats", "portions"} and value == []:
                continue
            changed = whole | {"label": whole["label"] | {field: value}}
            decision = decide_plain(msgspec.json.encode(changed), ask(), held)
            assert decision.outcome is not Outcome.PERMIT, (field, value)
