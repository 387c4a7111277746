"""The tables of docs/labels.md say what the code does."""

import re
from pathlib import Path

import pytest
from tests.domains.marking_labels import MADE_NS, origin

from trilat.domains.marking import read_banner, read_tlp
from trilat.model import SCHEMES, Classification, Label, Rank, equivalent, find_level

PAGE = (Path(__file__).parents[2] / "docs" / "labels.md").read_text(encoding="utf-8")
RANKS = {
    "never leaves": Rank.TOP_SECRET,
    "secret": Rank.SECRET,
    "confidential": Rank.CONFIDENTIAL,
    "unclassified": Rank.UNCLASSIFIED,
}


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    lines = PAGE[PAGE.index(f"\n{heading}\n") :].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def test_every_part_of_a_label_is_explained() -> None:
    named = {cell[0].strip("`") for cell in rows_under("## What a label says")}
    assert named == set(Label.__struct_fields__) - {"version", "created_ns"}


@pytest.mark.parametrize("row", rows_under("## Schemes and equivalents"), ids=lambda row: row[0])
def test_the_table_of_schemes_is_that_of_the_code(row: list[str]) -> None:
    rank = RANKS[row[0]]
    for scheme, cell in zip(("USA", "JPN", "KOR"), row[1:], strict=True):
        said = re.findall(r"`([A-Z -]+)`", cell)
        levels = [level for level in SCHEMES[scheme] if level.rank is rank]
        assert said == [level.level for level in levels]
        assert all(level.banner in cell for level in levels)
        assert {level.never_leaves for level in levels} == {rank is Rank.TOP_SECRET}


def test_levels_of_one_row_are_equivalents() -> None:
    for _, *cells in rows_under("## Schemes and equivalents"):
        first = [re.findall(r"`([A-Z -]+)`", cell)[0] for cell in cells]
        marks = [
            Classification(scheme=scheme, level=level)
            for scheme, level in zip(("USA", "JPN", "KOR"), first, strict=True)
        ]
        for mark in marks:
            assert [equivalent(mark, other.scheme, MADE_NS) for other in marks] == marks


@pytest.mark.parametrize("row", rows_under("### What each marking becomes"), ids=lambda row: row[0])
def test_each_marking_becomes_what_the_page_says(row: list[str]) -> None:
    line, originator, level, parties, categories, control = (cell.strip("`") for cell in row)
    sent = ("KOR",) if originator != "KOR" else ("JPN",)
    said = origin(originator, releasable_to=sent)
    label = read_tlp(line, said) if line.startswith("TLP") else read_banner(line, said)
    assert label.classification.level == level
    assert find_level(label.classification, MADE_NS) is not None
    assert label.releasable_to == (
        sent if parties == "as sent" else tuple(parties.split(", ")) if parties else ()
    )
    assert ", ".join(label.restrictive) == categories
    assert bool(label.caveats) == (control == "yes")
