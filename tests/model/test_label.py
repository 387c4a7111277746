"""Labels refuse what contradicts itself; old bytes of labels are read with nothing asked beyond them."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.examples import OTHERS

from trilat.model import (
    ITEM_KINDS,
    Caveat,
    Classification,
    Downgrade,
    ItemError,
    Label,
    Portion,
    decode,
    decode_item,
    to_plain,
)

MADE_NS = 1_238_898_615_000_000_000
BEFORE = json.loads(
    (Path(__file__).parents[1] / "golden" / "wire-before-portions.json").read_text(encoding="utf-8")
)
NOTHING_ASKED: dict[str, Any] = {"review_ns": None, "downgrade": None, "portions": []}


def mark(level: str, scheme: str = "JPN") -> Classification:
    return Classification(scheme=scheme, level=level)


def label(**changes: Any) -> Label:
    values: dict[str, Any] = {
        "originator": "JPN",
        "classification": mark("GOKUHI"),
        "releasable_to": ("KOR", "USA"),
        "created_ns": MADE_NS,
    }
    return Label(**{**values, **changes})


def portion(**asks: Any) -> tuple[Portion, ...]:
    return (Portion(field="sensors", **asks),)


def lower(at_ns: int, level: str, scheme: str = "JPN") -> Downgrade:
    return Downgrade(at_ns=at_ns, classification=mark(level, scheme))


def test_the_level_is_the_old_one_before_the_signed_instant_and_the_lower_one_from_it_on() -> None:
    signed = label(downgrade=lower(MADE_NS + 10, "HI"))
    assert [signed.classification_at(MADE_NS + later).level for later in (0, 9, 10, 11)] == [
        "GOKUHI",
        "GOKUHI",
        "HI",
        "HI",
    ]
    assert signed.classification == mark("GOKUHI")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"review_ns": MADE_NS}, "review_ns must be after"),
        ({"expires_ns": MADE_NS}, "expires_ns must be after"),
        ({"downgrade": lower(MADE_NS, "HI")}, "must be after"),
        ({"downgrade": lower(MADE_NS + 1, "GOKUHI")}, "not to a lower level"),
        ({"downgrade": lower(MADE_NS + 1, "KIMITSU")}, "not to a lower level"),
        ({"downgrade": lower(MADE_NS + 1, "BOEI-HIMITSU")}, "not to a lower level"),
        ({"downgrade": lower(MADE_NS + 1, "CONFIDENTIAL", "USA")}, "another scheme"),
        ({"portions": portion(releasable_to=("AUS",))}, "names `AUS`, which may not have the item"),
        ({"portions": portion(releasable_to=("USA", "KOR/watch"))}, "which may not have the item"),
        ({"portions": portion(classification=mark("HI"))}, "lower level than the item"),
        ({"portions": portion(classification=mark("SECRET", "USA"))}, "another scheme"),
        ({"portions": portion(restrictive=("A",)) * 2}, "names a field twice"),
        ({"releasable_to": ("KOR", "KOR")}, "names an entry twice"),
    ],
)
def test_a_label_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ItemError, match=said):
        label(**changes)


@pytest.mark.parametrize(
    "asks",
    [
        {},
        {"restrictive": ("A", "A")},
        {"releasable_to": ("KOR", "KOR")},
        {"caveats": (Caveat.ORIGINATOR_CONTROL,) * 2},
        {"classification": "GOKUHI"},
        {"releasable_to": ["KOR"]},
    ],
)
def test_a_portion_that_asks_nothing_or_says_a_thing_twice_is_refused(asks: dict[str, Any]) -> None:
    with pytest.raises(ItemError):
        Portion(field="sensors", **asks)


def test_what_nobody_knows_is_kept_as_it_is_written_for_policy_to_withhold_on() -> None:
    kept = label(
        downgrade=lower(MADE_NS + 1, "Hi"), portions=portion(classification=mark("gokuhi"), releasable_to=())
    )
    assert kept.downgrade is not None
    assert kept.downgrade.classification.level == "Hi"
    assert kept.portions[0].releasable_to == ()


def as_it_was(plain: Any, before: Any) -> Any:
    """A plain value with the fields that it had before, and no others; what a label gained asks nothing."""
    if isinstance(before, list):
        return [as_it_was(part, old) for part, old in zip(plain, before, strict=True)]
    if not isinstance(before, dict):
        return plain
    if "portions" in plain:
        assert {name: plain[name] for name in NOTHING_ASKED} == NOTHING_ASKED
    return {name: as_it_was(plain[name], old) for name, old in before.items()}


@pytest.mark.parametrize("row", BEFORE, ids=lambda row: row["kind"])
def test_bytes_from_before_labels_had_portions_are_read_and_ask_nothing_more(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    value = decode_item(data) if row["kind"] in ITEM_KINDS else decode(data, OTHERS[row["kind"]])
    assert as_it_was(to_plain(value), row["plain"]) == row["plain"]
