"""From which items a fused object is made: those that the staff may see, each as if asked for alone."""

import dataclasses
from typing import Any

import pytest
from tests.node.test_node_why import looks
from tests.observed import Plain, observed, second, ship, staffs

from trilat.model import SECOND_NS, Status, UsageError
from trilat.node import Node
from trilat.node.why import shown_why
from trilat.node.why_sight import shown_why_sight
from trilat.scenario import named_scenario
from trilat.study import Federation, Yardstick

SHIP = "431000001"
PARTIES = ("JPN", "KOR", "USA")
SOURCE = ("at_ns", "item", "own", "made_ns", "received_under", "for_me", "given")


def sailed(
    *heard_by: str, givers: tuple[str, ...] = PARTIES, agreements: dict[str, str] | None = None
) -> Federation:
    """A ship that stations of some parties heard; who is among the givers gives ships to all."""
    federation = observed({"ships.toml": giving(givers), **(staffs() if agreements is None else agreements)})
    reports = {party: [ship(federation.nodes[party], at_s=0.5)] for party in heard_by}
    second(federation, 1, reports)
    second(federation, 2)
    return federation


def giving(givers: tuple[str, ...]) -> str:
    """An agreement by which some give their ships to all."""
    said_by, everyone = (", ".join(f'"{party}"' for party in codes) for codes in (givers, PARTIES))
    return f"""[agreement]
id = "ships"
version = 1
title = "t"
parties = [{everyone}]
in_force_from = 2009-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"
[[clause]]
id = "1"
article = "a"
effect = "permit"
domains = ["maritime"]
kinds = ["vessel"]
from = [{said_by}]
to = [{everyone}]
highest = {{ scheme = "USA", level = "SECRET" }}
form = "tracks"
"""


def fused(node: Node, key: str = SHIP) -> dict[str, Plain]:
    """What the staff is told, by who made each item."""
    told = shown_why_sight(node, key, "staff")
    assert told["key"] == key
    by = {source["item"]["originator"]: source for source in told["sources"]}
    assert len(by) == len(told["sources"]), "of each party one item"
    return by


def refused(node: Node, key: str) -> str:
    with pytest.raises(UsageError) as caught:
        shown_why_sight(node, key, "staff")
    assert caught.value.facts["unknown"] is True
    return str(caught.value).replace(key, "X")


def test_each_source_is_told_as_if_its_item_were_asked_for_alone() -> None:
    usa = sailed(*PARTIES).nodes["USA"]
    by = fused(usa)
    assert set(by) == set(PARTIES)
    assert [by[party]["own"] for party in PARTIES] == [False, False, True]
    for source in by.values():
        alone = shown_why(usa, source["item"]["id"], None, "staff")
        assert source == {name: alone[name] for name in SOURCE}


def test_of_a_partners_item_giver_and_clause_are_named_and_of_an_own_one_there_is_none() -> None:
    by = fused(sailed("JPN", "USA").nodes["USA"])
    given: Any = by["JPN"]["given"]
    assert given["sender"] == "JPN"
    assert [clause["agreement"] for clause in given["clauses"]] == ["ships"]
    assert by["USA"]["given"] is None
    # Whom else an own item was given to is told where that is asked for.
    assert "others" not in by["USA"]


def test_what_a_partner_did_not_give_leaves_no_trace() -> None:
    kept = sailed("JPN", "KOR", "USA", givers=("JPN", "USA")).nodes["USA"]
    never = sailed("JPN", "USA", givers=("JPN", "USA")).nodes["USA"]
    told = fused(kept)
    assert set(told) == {"JPN", "USA"}
    # Entries are counted over all of a ledger: but for them the answers are the same.
    assert _without_entries(told) == _without_entries(fused(never))


def _without_entries(by: dict[str, Plain]) -> dict[str, Plain]:
    given = {party: source["given"] and {**source["given"], "entry": 0} for party, source in by.items()}
    return {party: {**source, "given": given[party]} for party, source in by.items()}


def test_a_staff_that_may_see_nothing_is_told_what_it_is_told_of_what_is_not_there() -> None:
    blind = sailed("JPN", "USA", agreements={}).nodes["USA"]
    assert refused(blind, SHIP) == refused(blind, "431999999") == refused(blind, "t1")


@pytest.mark.parametrize("key", ["431999999", "t1", "", "sight:431000001", "USA-ais-1"])
def test_an_object_that_is_not_there_is_unknown_and_the_question_is_recorded(key: str) -> None:
    usa = sailed("JPN", "USA").nodes["USA"]
    before = len(looks(usa))
    refused(usa, key or "X")
    assert [look.said for look in looks(usa)[before:]] == [f"why sight {key or 'X'}"]


def test_a_question_is_recorded_with_the_name_of_who_asks_and_a_digest() -> None:
    usa = sailed("JPN", "USA").nodes["USA"]
    shown_why_sight(usa, SHIP, "park")
    look = looks(usa)[-1]
    assert (look.officer, look.said, len(look.digest)) == ("USA/park", f"why sight {SHIP}", 32)


def test_no_view_is_kept_for_a_question() -> None:
    usa = sailed("JPN", "USA").nodes["USA"]
    shown_why_sight(usa, SHIP, "staff")
    assert usa.views._watched == []


@pytest.fixture(scope="module")
def flight() -> Federation:
    """A flight that all track, two minutes on."""
    scenario = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=120.0)
    federation = observed(staffs(), start_ns=scenario.launch_ns)
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    end_ns = scenario.launch_ns + 120 * SECOND_NS
    federation.settings = dataclasses.replace(federation.settings, end_ns=end_ns)
    federation.run(Yardstick(scenario, 1).reports(labels, Status.SIMULATED))
    return federation


@pytest.mark.parametrize("party", PARTIES)
def test_of_a_flight_the_newest_track_of_each_source_is_told(flight: Federation, party: str) -> None:
    node = flight.nodes[party]
    sight = max(node.sights(), key=lambda one: len(one.sources))
    assert len(sight.sources) > 1, "the premise"
    by = fused(node, sight.key)
    assert len(by) > 1
    assert set(by) <= sight.sources
    for source in by.values():
        newest = node.holdings.newest(source["item"]["id"])
        assert newest is not None
        assert (source["item"]["kind"], source["item"]["version"]) == ("track", newest.version)
        assert source["own"] is (source["given"] is None)
