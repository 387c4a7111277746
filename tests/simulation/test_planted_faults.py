"""The simulation finds known faults, within few seeds that are sound without them."""

from pathlib import Path
from typing import Final

import pytest
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.run import find_mutant

pytestmark = pytest.mark.slow

SEEDS: Final = 6
"""The first seeds, which `test_simulated_first_hundred.py` plays without a fault; `make simulate MUTANTS=1`
tries up to 200.
"""


def test_there_are_at_least_twelve_with_a_sentence_each() -> None:
    assert len(MUTANTS) >= 12
    assert all(mutant.sentence.endswith(".") for mutant in MUTANTS.values())


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_is_found_and_taken_out_again(name: str) -> None:
    before = [owner.__dict__[attribute] for owner, attribute, _ in MUTANTS[name].patches]
    _, seed, seen = find_mutant(name, 1, SEEDS)
    assert seed is not None
    assert seen
    assert [owner.__dict__[attribute] for owner, attribute, _ in MUTANTS[name].patches] == before


def test_a_fault_in_what_is_not_there_any_more_cannot_be_planted() -> None:
    gone = Mutant("gone", "It is gone.", ((Mutant, "no_such_name", lambda sound: sound),))
    with pytest.raises(KeyError), gone.planted():
        pass


def test_every_fault_is_on_the_page_with_its_sentence() -> None:
    page = Path("docs/simulation.md").read_text(encoding="utf-8")
    for mutant in MUTANTS.values():
        assert f"| {mutant.name} | {mutant.sentence} |" in page
