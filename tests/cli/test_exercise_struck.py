"""An exercise without some clauses: what nodes are given, what is refused; the exercise stays as it is."""

import pytest

from trilat.cli.plays import flight_exercises
from trilat.model import UsageError
from trilat.policy import read_agreement, strike
from trilat.scenario import named_scenario

GIVES = "us-japan-2007.toml#to-usa"
SEPARATE = flight_exercises(named_scenario("unha2-2009"), ("separate-2009",))["separate-2009"]


@pytest.mark.parametrize("name", ["us-japan-2007.toml#nothing", "three-way-2014.toml#4-requests", "to-usa"])
def test_a_clause_of_no_agreement_of_the_regime_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="name one as file#id"):
        SEPARATE.without([GIVES, name])


def test_nodes_are_given_the_texts_that_the_preset_is_decided_by() -> None:
    struck = SEPARATE.without([GIVES])
    texts = {file: read_agreement(file, text) for file, text in struck.agreement_texts.items()}
    assert texts == struck.preset.agreements.files == strike(SEPARATE.preset.agreements, GIVES).files
    assert SEPARATE.preset.agreements.rule(GIVES) is not None


def test_a_link_over_which_nothing_may_pass_any_more_is_none() -> None:
    every = [rule.name for rule in SEPARATE.preset.agreements.rules if "japan" in rule.name]
    assert SEPARATE.pairs == (("JPN", "USA"), ("KOR", "USA"))
    assert SEPARATE.without(every).pairs == (("KOR", "USA"),)
    assert SEPARATE.without([]) is SEPARATE
