"""An exercise's page asks a party's node as its staff: what is handed on, what is not, and who may."""

import asyncio
import json
from typing import Any

import pytest
from tests.web.fakes import NODE_TOKENS, PAGE, STAFF, FakeDirector, FakeNode, ask, error_of, page_access

from trilat.model import UsageError
from trilat.web import Access, Observer, node_app, observer_app
from trilat.web.exercise_staff import FORWARDED


def asked(director: FakeDirector, method: str, path: str, said: Any = None, token: str = PAGE) -> Any:
    app = observer_app(Observer(), director, page_access())
    content = said if isinstance(said, bytes) else None if said is None else json.dumps(said)
    return asyncio.run(ask(app, method, path, token, content=content))


def test_a_question_goes_to_the_party_s_own_node_as_its_staff() -> None:
    director = FakeDirector()
    answer = asked(director, "GET", "/api/staff/KOR/holders?item=KOR-t1")
    assert answer.status_code == 200
    assert director.told == [("KOR", "GET", "/holders", None, {"item": "KOR-t1"}, 0)]


@pytest.mark.parametrize("officer", [1, 2])
def test_an_answer_at_the_desk_goes_in_the_name_of_one_of_two_officers(officer: int) -> None:
    director = FakeDirector()
    said = {"question": "0" * 16, "granted": True}
    answer = asked(director, "POST", f"/api/staff/USA/desk/answer?officer={officer}", said)
    assert answer.status_code == 200
    assert director.told == [("USA", "POST", "/desk/answer", said, {}, officer)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/accounts"),
        ("POST", "/accounts"),
        ("POST", "/tokens"),
        ("GET", "/audit"),
        ("GET", "/metrics"),
        ("GET", "/stream"),
        ("POST", "/intake"),
        ("POST", "/desk/delegate"),
        ("POST", "/desk"),
        ("GET", "/desk/"),
        ("GET", "//desk"),
        ("GET", "/%2e%2e/desk"),
        ("GET", "/desk%3Fx"),
        ("GET", "/"),
    ],
)
def test_what_does_not_stand_in_the_list_is_not_handed_on(method: str, path: str) -> None:
    director = FakeDirector()
    said: dict[str, str] | None = {} if method == "POST" else None
    answer = asked(director, method, f"/api/staff/KOR{path}", said)
    assert answer.status_code == 404
    assert "nothing at this path" in error_of(answer)
    assert director.told == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_is_handed_on(method: str) -> None:
    director = FakeDirector()
    assert asked(director, method, "/api/staff/KOR/clock", {}).status_code == 405
    assert director.told == []


@pytest.mark.parametrize(
    "query", ["officer=3", "officer=0", "officer=kim", "officer=1&officer=2", "item=a&item=b"]
)
def test_a_parameter_that_is_none_or_stands_twice_is_refused(query: str) -> None:
    director = FakeDirector()
    answer = asked(director, "GET", f"/api/staff/KOR/holders?{query}")
    assert answer.status_code == 400
    assert "each parameter once" in error_of(answer)
    assert director.told == []


@pytest.mark.parametrize("said", [b"", b"[]", b"1", b'{"a": 1, "a": 2}', b"x"])
def test_a_body_that_is_no_object_is_refused(said: bytes) -> None:
    director = FakeDirector()
    assert asked(director, "POST", "/api/staff/KOR/losses", said).status_code == 400
    assert director.told == []


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_without_the_page_s_session_there_is_nothing(token: str) -> None:
    director = FakeDirector()
    assert asked(director, "GET", "/api/staff/KOR/desk", token=token).status_code == 401
    assert asked(director, "GET", "/session", token=token).status_code == 401
    assert director.told == []


def test_a_party_that_does_not_take_part_is_refused_and_so_is_what_the_node_refuses() -> None:
    director = FakeDirector()
    assert asked(director, "GET", "/api/staff/AUS/desk").status_code == 409
    director.error = UsageError("this token's role may not do this", http=403)
    answer = asked(director, "GET", "/api/staff/KOR/desk")
    assert answer.status_code == 403
    assert error_of(answer) == "this token's role may not do this"


def test_the_page_is_told_that_this_is_an_exercise_and_of_whom() -> None:
    answer = asked(FakeDirector(), "GET", "/session")
    assert answer.json() == {"exercise": True, "signed_in": True, "parties": ["KOR", "USA"]}


def test_each_row_that_is_handed_on_is_a_route_of_a_node() -> None:
    app = node_app(FakeNode(), Access(NODE_TOKENS))
    told = asyncio.run(ask(app, "GET", "/openapi.json", STAFF)).json()["paths"]
    for method, path in sorted(FORWARDED):
        assert method.lower() in told[path], path
