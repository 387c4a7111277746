"""The sandbox in examples/decide does what its README says: each kind has its answer, each change its own."""

import json
import re
from pathlib import Path

import pytest
from tests.policy.cases import ask

from trilat.model import ITEM_KINDS, Decision, to_plain
from trilat.policy import AgreementSet, check, consents_in, decide_plain, read_agreement

FOLDER = Path(__file__).parents[2] / "examples" / "decide"
AGREEMENTS = ("agreements/japan-korea.toml", "agreements/three-way.toml")
ROW = re.compile(r"\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| (\w+), ([\w-]+) \|")
ROWS = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))


def texts() -> dict[str, str]:
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in (*AGREEMENTS, "items.jsonl")}


def held(of: dict[str, str]) -> AgreementSet:
    names = {name: Path(name).name for name in AGREEMENTS}
    return AgreementSet.of({plain: read_agreement(plain, of[name]) for name, plain in names.items()})


def answers(of: dict[str, str], via: str | None = None) -> list[Decision]:
    lines = of["items.jsonl"].encode().splitlines()
    request = ask("JPN", "KOR", via=via)
    return [decide_plain(line, request, held(of), consents_in(lines)) for line in lines]


def test_there_is_one_item_of_every_kind() -> None:
    kinds = [json.loads(line)["kind"] for line in texts()["items.jsonl"].splitlines()]
    assert sorted(kinds) == sorted(ITEM_KINDS)


def test_the_answers_are_the_expected_ones_line_by_line() -> None:
    expected = [json.loads(line) for line in (FOLDER / "expected.jsonl").read_text().splitlines()]
    found = [to_plain(decision) for decision in answers(texts())]
    assert [{name: plain[name] for name in expected[0]} for plain in found] == expected


def test_the_agreements_are_sound() -> None:
    assert check(held(texts())) == ()


def test_the_readme_has_changes_to_try() -> None:
    assert len(ROWS) == 10


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[3]} {row[5]}" for row in ROWS])
def test_a_change_of_one_word_gives_the_other_answer(row: tuple[str, ...]) -> None:
    name, before, after, item_id, outcome, reason = row
    changed = texts()
    assert changed[name].count(before) >= 1
    line = [json.loads(text)["item_id"] for text in changed["items.jsonl"].splitlines()].index(item_id)
    old = answers(changed)[line]
    changed[name] = changed[name].replace(before, after)
    new = answers(changed)[line]
    assert (new.outcome.value, new.reasons[0].value) == (outcome, reason)
    assert new != old


def test_through_the_united_states_the_statement_and_the_story_go_and_the_rest_does_not() -> None:
    permitted = [
        decision.item.item_id
        for decision in answers(texts(), via="USA")
        if decision.item is not None and decision.outcome.value == "permit"
    ]
    assert permitted == ["JPN/statement/1", "JPN/story/1"]
