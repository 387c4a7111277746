"""Why, as a partner would get it, and undo over HTTP: who may, what is refused, and no oracle."""

import asyncio
import json
from functools import cache
from typing import Any

import pytest
from tests.node.test_node_desk import grant
from tests.node.test_node_why import INSIDE, SEEN, flown
from tests.node.test_node_why_sight import SHIP, sailed
from tests.small_federation import at, federation_of, launch, once, play
from tests.web.fakes import (
    DIRECTOR,
    INTAKE,
    OFFICER,
    READER,
    STAFF,
    FakeNode,
    ask,
    error_of,
    node_access,
)

from trilat.node import DeskSettings, Node
from trilat.node.at_desk import shown_at_desk
from trilat.web import node_app

HELD = {"JPN": DeskSettings(officers=("kim", "park"), answer_within_s=60, undo_s=3_600)}


@cache
def jpn() -> Node:
    """JPN, under agreements by which all may have all; its officers have answered nothing."""
    return flown("multilateral").nodes["JPN"]


@cache
def kor() -> Node:
    """KOR, under the same agreements, with what JPN gave it."""
    return flown("multilateral").nodes["KOR"]


def asked(node: Node, method: str, path: str, said: Any = None, token: str = STAFF, **headers: str) -> Any:
    """What a node answers."""
    body = b"" if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    app = node_app(FakeNode(party=node.config.party, real=node), node_access())
    return asyncio.run(ask(app, method, path, token, headers, body))


@pytest.mark.parametrize("token", [READER, INTAKE, DIRECTOR])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/why?item={SEEN}"),
        ("GET", "/why/sight?key=t1"),
        ("GET", f"/desk/preview?item={SEEN}&recipient=KOR"),
        ("POST", "/desk/undo"),
    ],
)
def test_neither_readers_nor_feeds_nor_directors_may(method: str, path: str, token: str) -> None:
    assert asked(jpn(), method, path, {} if method == "POST" else None, token).status_code == 403


def test_the_staff_takes_no_officers_approval_back() -> None:
    answer = asked(jpn(), "POST", "/desk/undo", {"question": "0" * 16})
    assert answer.status_code == 403
    assert "it takes officer" in error_of(answer)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("", "name the item"),
        ("?item=", "name the item"),
        (f"?item={'x' * 5_000}", "name the item"),
        (f"?item={SEEN}&version=0", "whole number"),
        (f"?item={SEEN}&version=-1", "whole number"),
        (f"?item={SEEN}&version=1e3", "whole number"),
        (f"?item={SEEN}&version=%D9%A1", "whole number"),
        (f"?item={SEEN}&version=9999999999", "whole number"),
        (f"?item={SEEN}&item=KOR-x", "once"),
        (f"?item={SEEN}&who=kim", "leave out the rest"),
    ],
)
def test_a_question_that_is_not_well_formed_is_refused_in_one_line(query: str, line: str) -> None:
    answer = asked(jpn(), "GET", f"/why{query}")
    assert (answer.status_code, line in error_of(answer)) == (400, True)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("", "name the object"),
        ("?key=", "name the object"),
        (f"?key={'x' * 5_000}", "name the object"),
        ("?key=t1&key=t2", "once"),
        ("?key=t1&item=x", "leave out the rest"),
    ],
)
def test_a_question_about_an_object_that_is_not_well_formed_is_refused_in_one_line(
    query: str, line: str
) -> None:
    answer = asked(jpn(), "GET", f"/why/sight{query}")
    assert (answer.status_code, line in error_of(answer)) == (400, True)


def test_an_object_is_answered_by_what_it_rests_on_and_who_asks_is_recorded() -> None:
    usa = sailed("JPN", "USA").nodes["USA"]
    answer = asked(usa, "GET", f"/why/sight?key={SHIP}", token=OFFICER)
    assert answer.status_code == 200
    assert [source["item"]["originator"] for source in answer.json()["sources"]] == ["JPN", "USA"]
    assert asked(usa, "GET", "/why/sight?key=t9").status_code == 404
    *_, stored = usa.ledger.entries()
    assert b"why sight t9" in (stored.content or b"")


@pytest.mark.parametrize("path", ["/why?item=NAME", "/desk/preview?item=NAME&recipient=KOR"])
def test_what_is_not_here_and_what_is_not_for_the_staff_are_one_answer(path: str) -> None:
    (theirs,) = [item.item_id for item in jpn().holdings.items() if "-warn-USA-" in item.item_id]
    answers = {
        (answer.status_code, error_of(answer).replace(name, "X"))
        for name in (theirs, "JPN-nothing", "<script>alert(1)</script>")
        for answer in [asked(jpn(), "GET", path.replace("NAME", name))]
    }
    assert len(answers) == 1
    assert {status for status, _ in answers} == {404}


@pytest.mark.parametrize("recipient", ["", "JPN", "AUS", "KOR/staff", "x" * 44])
def test_as_whom_is_a_partner(recipient: str) -> None:
    answer = asked(jpn(), "GET", f"/desk/preview?item={SEEN}&recipient={recipient}")
    assert (answer.status_code, "is no partner" in error_of(answer)) == (404, True)


def test_who_asks_is_told_by_the_token_and_recorded() -> None:
    fresh = flown("multilateral", 10).nodes["JPN"]
    entries = fresh.ledger.head().entries
    assert asked(fresh, "GET", f"/why?item={SEEN}", token=OFFICER).status_code == 200
    (stored,) = fresh.ledger.entries(entries)
    assert stored.content is not None
    assert b"JPN/kim" in stored.content
    assert f"why {SEEN}".encode() in stored.content


def test_an_own_item_and_a_partners_are_answered() -> None:
    own = asked(jpn(), "GET", f"/why?item={SEEN}&version=1").json()
    theirs = asked(kor(), "GET", f"/why?item={SEEN}").json()
    assert ({row["recipient"] for row in own["others"]}, theirs["others"]) == ({"KOR", "USA"}, [])
    assert theirs["given"]["sender"] == "JPN"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({}, "missing required field"),
        ({"question": "JPN-seen"}, "matching regex"),
        ({"question": "0" * 16, "officer": "park"}, "unknown field"),
        ({"question": "0" * 16, "said": 7}, "str"),
        (b"{", "not JSON"),
        ({"question": "0" * 16}, "has approved no question"),
    ],
)
def test_undo_of_nothing_is_refused(said: Any, line: str) -> None:
    answer = asked(jpn(), "POST", "/desk/undo", said, OFFICER)
    assert (answer.status_code, line in error_of(answer)) == (400, True)


def approved(seconds: int, desks: dict[str, DeskSettings]) -> tuple[Node, str]:
    """JPN, whose officer has approved, and the question about the launch."""
    federation = federation_of("direct-2016", seconds, desks=desks, more=INSIDE)
    play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))], [once(5, grant("kim"))])
    node = federation.nodes["JPN"]
    shown = shown_at_desk(node, "kim")
    (row,) = [one for one in shown["answered"] if one["subject"] == SEEN]
    return node, row["question"]


def test_an_officer_takes_an_approval_back_in_time() -> None:
    node, question = approved(8, HELD)
    answer = asked(node, "POST", "/desk/undo", {"question": question, "said": "wrong row"}, OFFICER)
    assert (answer.status_code, answer.json()["officer"]) == (200, "JPN/kim")
    (row,) = [one for one in shown_at_desk(node, "kim")["answered"] if one["question"] == question]
    assert (row["may_undo"], row["approved_by"], row["left"]) == (False, [], None)


def test_what_has_left_is_a_conflict_that_says_what_to_do() -> None:
    node, question = approved(20, {"JPN": DeskSettings(officers=("kim", "park"))})
    answer = asked(node, "POST", "/desk/undo", {"question": question}, OFFICER)
    assert (answer.status_code, "call it back" in error_of(answer)) == (409, True)
