"""Every planted mutant of spec/ is told from the rules by a case, as conformance/README.md says."""

from collections import Counter
from pathlib import Path

import pytest
from conformance.mutant import Mutant
from conformance.mutants import MUTANTS, planted, told_apart

README = (Path(__file__).parents[2] / "conformance" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule} {mutant.wrong}")
def test_a_case_tells_each_mutant_as_the_table_says(mutant: Mutant) -> None:
    found = told_apart(mutant)
    assert found is not None
    assert f"| {mutant.rule} | {mutant.wrong} | {found[0]}: {found[1]} |" in README.splitlines()


def test_every_rule_has_mutants() -> None:
    counts = Counter(mutant.rule for mutant in MUTANTS)
    assert sorted(counts) == list(range(1, 27))
    assert min(counts.values()) >= 2


def test_the_rules_themselves_are_no_mutant() -> None:
    assert told_apart(MUTANTS[0]._replace(instead=MUTANTS[0].text)) is None


def test_a_mutant_whose_text_is_gone_is_an_error() -> None:
    with pytest.raises(ValueError, match="stands 0 times"):
        planted(Mutant(1, "nothing", "no such text", ""))
