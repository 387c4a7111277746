"""The sandbox in examples/labels does what its README says: each change of one word has its own answer."""

import re
from pathlib import Path

import pytest
from tests.policy.cases import ask

from trilat.model import Decision, Outcome, parse_instant
from trilat.policy import AgreementSet, check, decide_plain, read_agreement

FOLDER = Path(__file__).parents[2] / "examples" / "labels"
FILES = ("item.jsonl", "agreements/drill.toml")
ROW = re.compile(r"\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| (\w+), ([\w-]+)(?:, (with|without) sensors)? \|")
ROWS = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
AT_NS = parse_instant("2024-06-01T00:00:00Z")


def texts() -> dict[str, str]:
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in FILES}


def held(of: dict[str, str]) -> AgreementSet:
    return AgreementSet.of({"drill.toml": read_agreement("drill.toml", of["agreements/drill.toml"])})


def answer(of: dict[str, str], recipient: str = "KOR") -> Decision:
    return decide_plain(of["item.jsonl"].encode(), ask("JPN", recipient, at_ns=AT_NS), held(of))


def goes_with_sensors(decision: Decision) -> bool:
    assert decision.outcome is Outcome.PERMIT
    assert decision.duties is not None
    return "sensors" not in decision.duties.strip


def test_the_agreement_is_sound() -> None:
    assert check(held(texts())) == ()


def test_the_sensors_go_to_the_united_states_alone() -> None:
    assert not goes_with_sensors(answer(texts()))
    assert goes_with_sensors(answer(texts(), "USA"))


def test_the_readme_has_changes_to_try() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[2]} {row[4]}" for row in ROWS])
def test_a_change_of_one_word_gives_the_other_answer(row: tuple[str, ...]) -> None:
    name, before, after, outcome, reason, sensors = row
    changed = texts()
    assert changed[name].count(before) == 1
    changed[name] = changed[name].replace(before, after)
    decision = answer(changed)
    assert (decision.outcome.value, decision.reasons[0].value) == (outcome, reason)
    if outcome == "permit":
        assert goes_with_sensors(decision) == (sensors == "with")
