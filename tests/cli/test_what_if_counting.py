"""Counting what a clause is worth: what cannot be counted, one run at a time, and what a run says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from trilat.cli import what_if_counting
from trilat.cli.what_if_counting import Case, Counting, without
from trilat.model import UsageError
from trilat.study import preset

GIVES = "us-japan-2007.toml#to-usa"


@dataclass
class Pipe:
    """What a run said and was not heard yet."""

    said: list[Any] = field(default_factory=list)
    broken: bool = False

    def poll(self) -> bool:
        return bool(self.said) or self.broken

    def recv(self) -> Any:
        if not self.said:
            raise EOFError
        return self.said.pop(0)

    def close(self) -> None:
        self.said.clear()


@dataclass
class Process:
    ended: bool = False

    def terminate(self) -> None:
        self.ended = True

    def join(self, timeout: float) -> None:
        assert timeout > 0


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Runs that were started, oldest first."""
    started: list[Any] = []

    def start(_: Any, case: Case) -> Any:
        started.append(what_if_counting._Run(case, Process(), Pipe()))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(what_if_counting, "_started", start)
    yield started
    assert sum(not run.process.ended for run in started) <= 1, "one run at a time"


def counting(regime: str = "separate-2009") -> Counting:
    return Counting(None, lambda: regime)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["us-japan-2007.toml#nothing", "three-way-2014.toml#4-requests", "x"])
def test_a_clause_that_the_regime_does_not_have_is_refused(name: str, runs: list[Any]) -> None:
    asked = counting()
    with pytest.raises(UsageError, match="no clause"):
        asked.begin([name])
    assert (asked.state()["phase"], runs) == ("idle", [])


def test_a_run_that_says_what_is_wrong_is_told_and_none_follows(runs: list[Any]) -> None:
    asked = counting()
    asked.begin([GIVES])
    runs[0].pipe.said = [0.25, "no room for a ledger"]
    told = asked.state()
    assert (told["phase"], told["message"], told["before"]) == ("failed", "no room for a ledger", None)
    assert len(runs) == 1
    assert runs[0].process.ended


def test_a_run_that_is_ended_from_outside_is_told(runs: list[Any]) -> None:
    asked = counting()
    asked.begin([])
    runs[0].pipe.broken = True
    assert asked.state()["message"] == "the counting was ended from outside: try again"
    asked.begin([])
    assert (asked.state()["phase"], len(runs)) == ("running", 2)


def test_another_question_ends_a_run_that_it_does_not_need(runs: list[Any]) -> None:
    asked = counting()
    asked.begin([GIVES])
    runs[0].pipe.said = [{"JPN": 1}]
    asked.state()
    asked.begin(["us-japan-2007.toml#notices"])
    assert runs[1].process.ended
    assert runs[2].case == ("separate-2009", ("us-japan-2007.toml#notices",))
    asked.close()
    assert runs[2].process.ended
    assert asked.state()["phase"] == "idle"


def test_the_regime_as_it_is_is_counted_once_and_progress_is_of_both(runs: list[Any]) -> None:
    asked = counting()
    asked.begin([GIVES])
    runs[0].pipe.said = [0.5]
    assert asked.state()["share"] == 0.25
    runs[0].pipe.said = [{"JPN": "before"}]
    told = asked.state()
    assert (told["phase"], told["share"], told["before"], told["after"]) == (
        "running",
        0.5,
        {"JPN": "before"},
        None,
    )
    runs[1].pipe.said = [1.0, {"JPN": "after"}]
    told = asked.state()
    assert (told["phase"], told["share"], told["after"]) == ("done", 1.0, {"JPN": "after"})
    assert told["struck"] == [GIVES]
    asked.begin([])
    told = asked.state()
    assert (told["phase"], told["before"], told["after"], len(runs)) == ("done", {"JPN": "before"}, None, 2)


def test_a_preset_without_a_clause_is_another_and_the_preset_stays() -> None:
    chosen = preset("separate-2009")
    struck = without(chosen, [GIVES])
    assert struck.agreements.rule(GIVES) is None
    assert chosen.agreements.rule(GIVES) is not None
    assert struck.regime == chosen.regime
