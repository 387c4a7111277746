"""The corpus holds what its README promises, and both implementations give every answer that it states."""

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance.families import FAMILIES
from conformance.own import OWN
from conformance.run import cases, differences, main
from conformance.write import CASES, file_name, text_of

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec"
RULES = range(1, 27)
NAMES = {
    "parties",
    "releasable_to",
    "givers",
    "receivers",
    "via",
    "originators",
    "originator",
    "sender",
    "recipient",
    "officer",
    "subject",
    "subjects",
    "item_id",
    "agreement_id",
    "title",
    "article",
    "clause",
}
"""Fields whose values are names."""


def test_the_files_are_those_that_the_families_write() -> None:
    written = {file_name(family): text_of(family) for family in FAMILIES}
    assert {path.name: path.read_text(encoding="utf-8") for path in CASES.glob("*.json")} == written


def test_there_are_enough_cases_and_most_are_refusals() -> None:
    rules = Counter(rule for rule, _, _, _ in cases())
    assert sum(rules.values()) >= 500
    assert {rule: count for rule, count in rules.items() if count < 15} == {}
    assert sorted(rules) == list(RULES)
    outcomes = Counter(expected["outcome"] for _, _, _, expected in cases())
    assert outcomes["withhold"] > outcomes.total() / 2


def test_every_name_is_a_sentence_that_stands_once() -> None:
    names = [name for _, name, _, _ in cases()]
    assert {name for name, count in Counter(names).items() if count > 1} == set()
    assert {name for name in names if len(name.split()) < 4} == set()


def renamed(question: Any) -> str:
    """A question with every name of a party, item, clause, agreement or file replaced by its first place."""
    known: dict[str, str] = {}

    def one(text: str) -> str:
        for other, number in known.items():
            if text != other and other.casefold() == text.casefold():
                return f"{number}^"  # in other letters, or cut short below: that is what such a case is about
            if text != other and (other.startswith(text) or text.startswith(other)):
                return f"{number}-"
        return known.setdefault(text, f"n{len(known)}")

    def code(text: str) -> str:
        return "/".join(one(part) for part in re.split(r"[/#]", text))

    def walk(plain: Any, field: str = "", by_name: bool = False) -> Any:
        if isinstance(plain, dict):
            return {
                (code(name) if by_name else name): walk(
                    value,
                    name,
                    by_name=name in {"agreements", "clauses", "consents"} and isinstance(value, dict),
                )
                for name, value in plain.items()
            }
        if isinstance(plain, list):
            return [walk(part, field) for part in plain]
        return code(plain) if isinstance(plain, str) and field in NAMES else plain

    return json.dumps(walk(question))


def test_no_two_cases_differ_in_names_alone() -> None:
    seen: dict[str, list[str]] = {}
    for _, name, question, _ in cases():
        seen.setdefault(renamed(question), []).append(name)
    assert [names for names in seen.values() if len(names) > 1] == []


def test_two_cases_that_differ_in_names_alone_are_found() -> None:
    _, _, question, _ = next(cases())
    other = json.loads(json.dumps(question).replace('"KOR"', '"SGP"'))
    assert other != question
    assert renamed(other) == renamed(question)


@pytest.mark.parametrize("who", sorted(OWN))
def test_every_answer_is_the_one_that_the_corpus_states(who: str) -> None:
    wrong = {
        name: lines
        for _, name, question, expected in cases()
        if (lines := differences(expected, OWN[who](question)))
    }
    assert wrong == {}


def rules_of_spec() -> Iterator[tuple[int, str, int]]:
    for path in SPEC.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("rule_"):
                yield int(node.name.split("_")[1]), node.name, (node.end_lineno or 0) - node.lineno + 1


def test_each_rule_is_a_short_function_and_stands_in_the_table() -> None:
    found = sorted(rules_of_spec())
    assert sorted({number for number, _, _ in found}) == list(RULES)
    assert max(lines for _, _, lines in found) < 60
    table = (SPEC / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \| `(\w+)` \|", table, re.MULTILINE) == [
        (str(n), name) for n, name, _ in found
    ]


def test_another_implementation_is_run_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.json").write_text(
        json.dumps(
            {
                "rule": 1,
                "base": {"item": {}},
                "cases": [
                    {
                        "name": "right",
                        "change": {"item": {"a": 1}},
                        "expected": {"outcome": "withhold", "clauses": [], "reasons": [], "form": None},
                    },
                    {
                        "name": "wrong",
                        "change": {},
                        "expected": {"outcome": "permit", "clauses": [], "reasons": [], "form": "x"},
                    },
                ],
            }
        ),
        encoding="utf-8",
    )
    monkeypatch.setattr("conformance.run.CASES", tmp_path)
    answer = '{"outcome": "withhold", "clauses": [], "reasons": [], "form": null}'
    assert main(["--command", f"echo '{answer}'"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"
    assert main(["--command", "false"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 2 failed"
    assert main(["--command", "echo nonsense"]) == 1
    assert "not JSON" in capsys.readouterr().out


def test_a_command_that_answers_rightly_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "05.json").write_text(
        (CASES / "05-the-path-is-the-clause-s-own.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    plain = json.loads((tmp_path / "05.json").read_text(encoding="utf-8"))
    plain["cases"] = plain["cases"][:2]
    (tmp_path / "05.json").write_text(json.dumps(plain), encoding="utf-8")
    monkeypatch.setattr("conformance.run.CASES", tmp_path)
    monkeypatch.chdir(ROOT)
    assert main(["--command", f"{sys.executable} -m conformance.own spec"]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"
