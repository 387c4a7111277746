"""What waits when a newer version begins is decided anew, and of two decisions the newest stands.

Both were found by the simulation (docs/simulation.md): releases left that the version in force by then
forbade, and left twice after a restart.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from tests.small_federation import START_NS, at, federation_of, launch, play, sent

from trilat.model import SECOND_NS, Agreement, Duties, Outcome
from trilat.node.changing import Boundaries
from trilat.node.exchange import Exchange, Held
from trilat.policy import AgreementSet
from trilat.study import Crash, Federation

DELAY_S = 10
BEGINS_S = 15


def delayed(federation: Federation, *, begins_s: float) -> None:
    """Every permission waits ten seconds; from an instant on a newer version permits nothing of the kind."""
    (pact,) = federation.preset.agreements.files.values()
    slow = tuple(
        clause if clause.form is None else replace(clause, duties=Duties(delay_s=DELAY_S))
        for clause in pact.clauses
    )
    first: Agreement = replace(pact, clauses=slow)
    shut = tuple(clause for clause in slow if "event" not in clause.kinds)
    second: Agreement = replace(
        first,
        version=pact.version + 1,
        clauses=shut,
        in_force_from_ns=at(begins_s) + federation.shift_ns,
    )
    held = AgreementSet.of({"first.toml": first, "second.toml": second})
    for node in federation.nodes.values():
        node.agreements = held
        node.exchange.use(agreements=held)


@pytest.mark.parametrize("seen_s", [1, 4, 6, 14])
def test_what_waits_when_a_newer_version_begins_leaves_only_if_that_permits_it(seen_s: int) -> None:
    federation = federation_of("multilateral", 40)
    delayed(federation, begins_s=BEGINS_S)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(seen_s), "JPN", launch(jpn, at_s=seen_s))])
    left = [one for one in sent(jpn, "KOR") if one.item.item_id == "JPN-seen"]
    assert len(left) == (1 if seen_s + DELAY_S < BEGINS_S else 0)


class Waiting:
    """An exchange's permissions and refusals of one item, as its ledger would give them again."""

    def __init__(self) -> None:
        self.federation = federation_of("multilateral", 20)
        self.node = self.federation.nodes["JPN"]
        self.exchange: Exchange = self.node.exchange
        self.held = Held(launch(self.node, at_s=0), b"")
        self.permit = self.exchange.decide(self.held, "KOR", START_NS)
        assert self.permit.outcome is Outcome.PERMIT
        self.refusal = replace(self.permit, outcome=Outcome.WITHHOLD, form=None, duties=None)

    def take(self, *decisions: Any) -> None:
        for decision in decisions:
            self.exchange.take(self.held, decision, START_NS)

    def leaving(self) -> int:
        return len(list(self.exchange.due(START_NS + SECOND_NS)))


def test_two_permissions_of_one_version_let_it_leave_once() -> None:
    waiting = Waiting()
    waiting.take(waiting.permit, waiting.permit)
    assert waiting.exchange.waiting("KOR") == 1
    assert waiting.leaving() == 1
    assert waiting.leaving() == 0


def test_a_permission_lapses_with_a_refusal_that_came_later() -> None:
    waiting = Waiting()
    waiting.take(waiting.permit, waiting.refusal)
    assert waiting.exchange.waiting("KOR") == 0
    assert waiting.leaving() == 0
    waiting.take(waiting.permit)
    assert waiting.leaving() == 1


def test_after_a_restart_in_between_nothing_leaves_twice(tmp_path: Path) -> None:
    crash = Crash("JPN", at(5), at(6))
    federation = federation_of("multilateral", 30, crashes=(crash,), folder=tmp_path)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(second), "JPN", launch(jpn, f"s{second}", at_s=second)) for second in range(1, 9)])
    names = [one.item.item_id for one in sent(federation.nodes["JPN"], "KOR") if "-s" in one.item.item_id]
    assert len(names) == len(set(names)) >= 8
    federation.close()


def boundaries(instants: set[int], oldest_ns: int | None) -> tuple[Boundaries, Any]:
    agreements = SimpleNamespace(boundaries_ns=lambda _: frozenset(instants))
    config = SimpleNamespace(peers=("KOR", "USA"), decision_shift_ns=100)
    exchange = SimpleNamespace(oldest_ns=lambda: oldest_ns)
    node: Any = SimpleNamespace(agreements=agreements, config=config, exchange=exchange)
    return Boundaries(node), node


def test_a_boundary_is_told_once_in_the_time_of_deciding() -> None:
    found, node = boundaries({150, 170}, None)
    assert [found.passed(now_ns) for now_ns in (10, 49, 50, 51, 80, 90)] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    node.agreements = SimpleNamespace(boundaries_ns=lambda _: frozenset({195}))
    assert [found.passed(now_ns) for now_ns in (94, 95, 96)] == [False, True, False]


@pytest.mark.parametrize(("oldest_ns", "expected"), [(None, False), (140, True), (150, False), (500, False)])
def test_the_first_look_goes_back_to_the_oldest_that_waits_or_left(
    oldest_ns: int | None, *, expected: bool
) -> None:
    found, _ = boundaries({150}, oldest_ns)
    assert found.passed(60) is expected
    assert found.passed(61) is False


def test_what_cannot_wait_for_a_look_is_told_once_and_a_look_tells_it_again() -> None:
    found, _ = boundaries({150}, 140)
    assert [found.is_new(now_ns) for now_ns in (45, 50, 51, 60)] == [False, True, False, False]
    assert [found.passed(now_ns) for now_ns in (60, 61)] == [True, False]
    assert found.is_new(70) is False


def test_a_clock_that_was_put_back_tells_nothing() -> None:
    found, _ = boundaries({150}, None)
    assert found.passed(70) is False
    assert found.passed(40) is False
    assert found.passed(60) is True
