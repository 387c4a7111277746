"""Routes of recalls over a real node: who may, what is refused, and what is answered."""

import asyncio
import json
from typing import Any

import pytest
from tests.recall_drill import DRILL, SEEN, drill, recalling, run, voluntary
from tests.small_federation import once
from tests.web.fakes import (
    HOST,
    INTAKE,
    OFFICER,
    PAGE,
    READER,
    STAFF,
    FakeDirector,
    FakeNode,
    ask,
    error_of,
    node_access,
    page_access,
)

from trilat.model import HolderAnswer
from trilat.node import DeskSettings, Node
from trilat.study import Federation
from trilat.web import Observer, node_app, observer_app


def asked(node: Node, method: str, path: str, said: Any = None, token: str = STAFF) -> Any:
    """What a node answers; the body is JSON or what cannot be."""
    body = b"" if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    app = node_app(FakeNode(party=node.config.party, real=node), node_access())
    return asyncio.run(ask(app, method, path, token, {}, body))


def after(party: str, seconds: int = 12, text: str = DRILL, *acts: Any) -> tuple[Node, Federation]:
    federation = run(drill(seconds, text), list(acts))
    return federation.nodes[party], federation


def test_a_recall_is_asked_shown_with_each_answer_and_certified() -> None:
    jpn, _ = after("JPN", 20, DRILL, once(8, recalling()))
    shown = asked(jpn, "GET", "/recalls").json()
    (case,) = shown["asked"]
    assert (case["holder"], case["state"], case["action"]) == ("USA", "answered", "destroy")
    assert {said["holder"]: said["answer"] for said in case["answers"]} == {
        "USA": "complied",
        "KOR": "complied",
    }
    for said in case["answers"]:
        assert said["certificate"]["removed"][0]["item_id"] == SEEN
        assert said["signed"]


def test_who_holds_an_item_is_told_from_the_ledger_and_the_answers() -> None:
    jpn, _ = after("JPN", 20, DRILL, once(8, recalling()))
    holders = asked(jpn, "GET", f"/holders?item={SEEN}").json()["holders"]
    assert [(row["holder"], row["via"], row["versions"]) for row in holders] == [
        ("USA", None, [1]),
        ("KOR", "USA", []),
    ]
    assert [row["answer"]["answer"] for row in holders] == ["complied", "complied"]
    assert asked(jpn, "GET", "/holders?item=JPN-never").json()["holders"] == []


def test_staff_calls_back_and_answers_where_there_are_no_officers() -> None:
    jpn, federation = after("JPN", 10, voluntary(DRILL))
    said = asked(jpn, "POST", "/recalls", {"items": [SEEN], "within_s": 60, "reason": "wrong"})
    assert said.status_code == 200
    assert said.json()["asked"][0]["holder"] == "USA"
    usa, _ = after("USA", 20, voluntary(DRILL), once(8, recalling(within_s=60)))
    (asks,) = asked(usa, "GET", "/recalls").json()["asks"]
    assert asks["waits"]
    told = {"recall": asks["name"], "answer": "refused", "reason": "evidence"}
    assert asked(usa, "POST", "/recalls/answer", told).json()["by"] == "USA/staff"
    obligation = usa.recalls.obliged.obligations[asks["name"]]
    assert obligation.said is not None
    assert obligation.said.answer is HolderAnswer.REFUSED
    assert federation.nodes["JPN"] is jpn


PATHS = [
    ("GET", "/recalls"),
    ("GET", f"/holders?item={SEEN}"),
    ("POST", "/recalls"),
    ("POST", "/recalls/answer"),
    ("POST", "/recalls/close"),
    ("POST", "/recalls/run"),
    ("POST", "/labels"),
    ("POST", "/losses"),
    ("POST", "/losses/follow-up"),
    ("POST", "/losses/instruct"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("token", [READER, INTAKE])
def test_neither_readers_nor_feeds_may(method: str, path: str, token: str) -> None:
    jpn, _ = after("JPN", 5)
    assert asked(jpn, method, path, {} if method == "POST" else None, token).status_code == 403


@pytest.mark.parametrize(
    ("path", "said", "line"),
    [
        ("/recalls", {}, "name what is called back"),
        ("/recalls", {"items": ["KOR-x@1"]}, "not ours"),
        ("/recalls", {"items": [SEEN], "action": "burn"}, "invalid enum value"),
        ("/recalls", {"items": [SEEN], "within_s": 0}, "int"),
        ("/recalls", {"itmes": [SEEN]}, "unknown field"),
        ("/recalls", b"{", "not JSON"),
        ("/recalls/answer", {"recall": "KOR-r-1", "answer": "complied"}, "waits for an answer"),
        ("/recalls/answer", {"recall": "KOR-r-1", "answer": "maybe"}, "invalid enum value"),
        ("/recalls/close", {"recall": "JPN-r-1"}, "is open here"),
        ("/recalls/run", {"agreement": "no-pact"}, "no agreement"),
        ("/recalls/run", {"agreement": "recall-drill"}, "is in force"),
        ("/labels", {"items": []}, "length"),
        ("/labels", {"items": [SEEN]}, "say what the new label changes"),
        ("/labels", {"items": ["JPN-never"], "level": "HI"}, "is held here"),
        ("/losses", {"items": [SEEN], "happened": "x"}, "is no partner"),
        ("/losses", {"items": [SEEN], "happened": ""}, "length"),
        ("/losses/follow-up", {"loss": "JPN-l", "measures": "x"}, "is open here"),
        ("/losses/instruct", {"loss": "KOR-l", "text": "search"}, "is known here"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(path: str, said: Any, line: str) -> None:
    jpn, _ = after("JPN", 5)
    before = jpn.ledger.head().entries
    answer = asked(jpn, "POST", path, said)
    assert 400 <= answer.status_code < 500
    assert line.lower() in error_of(answer).lower()
    assert jpn.ledger.head().entries == before


def test_where_there_are_officers_the_staffs_token_is_not_enough() -> None:
    desks = {"JPN": DeskSettings(officers=("kim",))}
    jpn = run(drill(10, desks=desks)).nodes["JPN"]
    refused = asked(jpn, "POST", "/recalls", {"items": [SEEN]})
    assert refused.status_code == 403
    assert "officer's token" in error_of(refused)
    assert asked(jpn, "POST", "/recalls", {"items": [SEEN]}, OFFICER).status_code == 200


def test_a_label_is_changed_and_a_loss_told_over_http() -> None:
    jpn, _ = after("JPN", 10)
    changed = asked(jpn, "POST", "/labels", {"items": [SEEN], "level": "HI", "releasable_to": ["USA"]})
    assert [case["holder"] for case in changed.json()["asked"]] == ["USA"]
    usa, _ = after("USA", 10)
    told = asked(usa, "POST", "/losses", {"items": [SEEN], "happened": "stolen", "measures": "wiped"}).json()
    assert told["reports"][0]["happened"] == "stolen"
    (loss,) = asked(usa, "GET", "/recalls").json()["losses"]
    assert (loss["open"], loss["sender"]) == (True, None)
    name = loss["report"]["item_id"]
    more = asked(usa, "POST", "/losses/follow-up", {"loss": name, "measures": "found"})
    assert more.json()["follow_up_ns"] is None


# --- the page of an exercise ---


def on_page(director: FakeDirector, method: str, path: str, said: Any = None, token: str = PAGE) -> Any:
    app = observer_app(Observer(), director, page_access())
    body = b"" if said is None else json.dumps(said).encode()
    headers = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    return asyncio.run(ask(app, method, path, token, headers, body))


def test_the_page_asks_a_partys_staff_and_nothing_else() -> None:
    director = FakeDirector()
    assert on_page(director, "GET", "/api/recalls?party=KOR").json() == {
        "asked": [],
        "asks": [],
        "losses": [],
    }
    on_page(director, "POST", "/api/recalls", {"party": "KOR", "item_id": "KOR-t1"})
    on_page(director, "POST", "/api/losses", {"party": "USA", "item_id": "KOR-t1", "happened": "stolen"})
    assert director.told == [
        ("KOR", "GET", "/recalls", None, {}, 0),
        ("KOR", "POST", "/recalls", {"items": ["KOR-t1"], "within_s": 600}, {}, 1),
        ("USA", "POST", "/losses", {"items": ["KOR-t1"], "happened": "stolen"}, {}, 1),
    ]


@pytest.mark.parametrize(
    ("method", "path", "said", "status"),
    [
        ("GET", "/api/recalls", None, 409),
        ("GET", "/api/recalls?party=NZL", None, 409),
        ("GET", "/api/recalls?party=KOR&path=/status", None, 400),
        ("POST", "/api/recalls", {"party": "NZL", "item_id": "x"}, 409),
        ("POST", "/api/recalls", {"party": "KOR", "item_id": "x", "path": "/clock"}, 400),
        ("POST", "/api/losses", {"party": "KOR", "item_id": "x", "happened": ""}, 400),
        ("POST", "/api/losses", {"party": "../KOR", "item_id": "x", "happened": "x"}, 400),
    ],
)
def test_what_the_page_may_not_ask_is_refused(method: str, path: str, said: Any, status: int) -> None:
    director = FakeDirector()
    answer = on_page(director, method, path, said)
    assert answer.status_code == status
    assert error_of(answer)
    assert director.told == []


def test_without_a_session_nobody_asks_a_staff() -> None:
    director = FakeDirector()
    assert on_page(director, "GET", "/api/recalls?party=KOR", token="").status_code == 401
    assert director.told == []
