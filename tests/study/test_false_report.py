"""4 April 2009, end to end: words without an item are refused, one source is marked, all is withdrawn."""

from collections.abc import Iterator

import pytest
from tests.small_federation import opened

from trilat.ledger import EntryKind
from trilat.model import SECOND_NS, Track, Warning, WarningState, decode_item
from trilat.node import Node
from trilat.scenario import named_scenario
from trilat.study import Run, RunSettings, Yardstick, people_of, play, run_with_account
from trilat.study.people import FalseReportOperator

SCENARIO = named_scenario("false-report-2009")


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Run, FalseReportOperator]]:
    people = people_of(SCENARIO.name, SCENARIO.launch_ns)
    (operator,) = people
    assert isinstance(operator, FalseReportOperator)
    finished = play(Yardstick(SCENARIO, 1), "multilateral", RunSettings(people=people))
    yield finished, operator
    finished.federation.close()


def _spoken(node: Node, item_id: str) -> list[tuple[float, Warning]]:
    """Every version of a warning that a node made, with the second at which it was written."""
    found = []
    for stored in node.ledger.entries(kinds={EntryKind.ITEM}):
        item = decode_item(stored.content or b"")
        if isinstance(item, Warning) and item.item_id == item_id:
            found.append(((stored.recorded_ns - SCENARIO.launch_ns) / SECOND_NS, item))
    return found


def test_only_japan_sees_anything(told: tuple[Run, FalseReportOperator]) -> None:
    nodes = told[0].federation.nodes
    assert nodes["USA"].accepted_reports == 0
    assert isinstance(nodes["JPN"].holdings.newest("JPN-t1"), Track)


def test_the_confirmation_by_words_was_refused_in_one_line(told: tuple[Run, FalseReportOperator]) -> None:
    assert told[1].refusals == [
        "no item `USA-early-warning-received` version 1 is held here: a warning rests on items, not on words"
    ]


def test_it_was_raised_on_one_source_and_withdrawn_within_five_minutes(
    told: tuple[Run, FalseReportOperator],
) -> None:
    node = told[0].federation.nodes["JPN"]
    for audience in ("JPN", "USA"):
        (raised_s, raised), (retracted_s, retracted) = _spoken(node, f"JPN-warn-{audience}-by-hand-1")
        assert (raised.state, retracted.state) == (WarningState.RAISED, WarningState.RETRACTED)
        assert raised.sources == ("JPN",)
        assert raised.confirmed_by == ()
        assert raised_s >= 60.0
        assert retracted_s - raised_s <= 300.0


def test_the_retraction_reached_every_holder(told: tuple[Run, FalseReportOperator]) -> None:
    federation = told[0].federation
    came = [
        release.item.state
        for _, release, _ in opened(federation.nodes["USA"])
        if isinstance(release.item, Warning) and release.item.item_id == "JPN-warn-USA-by-hand-1"
    ]
    assert came == [WarningState.RAISED, WarningState.RETRACTED]
    for node in federation.nodes.values():
        standing = [
            warning.item_id
            for warning in node.holdings.warnings()
            if warning.state is not WarningState.RETRACTED
        ]
        assert standing == []
    assert told[0].result["violations"] == 0


def test_nothing_of_a_launch_is_scored(told: tuple[Run, FalseReportOperator]) -> None:
    scores = told[0].result["parties"]["JPN"]
    assert scores["launch_error_km"] is None
    assert scores["impact_error_km"] is None
    assert scores["first_impact_warning_s"] is None


def test_other_scenarios_have_no_operator() -> None:
    assert people_of("unha2-2009", 0) == ()


def test_what_was_done_by_hand_is_told_in_order(told: tuple[Run, FalseReportOperator]) -> None:
    refused, raised, retracted = told[1].acts
    assert "refused: no item `USA-early-warning-received`" in refused
    assert "one source" in raised
    assert "after 300 s" in retracted


def test_the_account_of_a_run_carries_what_was_done() -> None:
    people = people_of(SCENARIO.name, SCENARIO.launch_ns)
    _, account = run_with_account(Yardstick(SCENARIO, 1), "separate-2009", RunSettings(people=people))
    assert len(account.acts) == 3
