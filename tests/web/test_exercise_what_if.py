"""What a clause is worth, on the page's origin: who may ask, what is refused, what is told."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.web.fakes import CODE, PAGE, FakeDirector, ask, error_of, page_access

from trilat.model import UsageError
from trilat.web import Observer, observer_app

NAME = "us-japan-2007.toml#to-usa"


class FakeWhatIfs:
    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def begin(self, struck: Sequence[str]) -> None:
        if "x#1" in struck:
            raise UsageError("no clause `x#1` is held", conflict=True)
        self.asked.append(tuple(struck))

    def state(self) -> dict[str, Any]:
        return {"phase": "running", "share": 0.5}


def app(what_ifs: FakeWhatIfs | None) -> Any:
    return observer_app(Observer(), FakeDirector(), page_access(), what_ifs=what_ifs)


def post(what_ifs: FakeWhatIfs | None, body: Any) -> Any:
    return asyncio.run(ask(app(what_ifs), "POST", "/api/what-if", PAGE, content=json.dumps(body)))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_asks_without_a_session(method: str) -> None:
    answer = asyncio.run(ask(app(FakeWhatIfs()), method, "/api/what-if", content="{}"))
    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_exercise_without_a_flight_says_that_it_has_nothing_to_count(method: str) -> None:
    answer = asyncio.run(ask(app(None), method, "/api/what-if", PAGE, content="{}"))
    assert (answer.status_code, error_of(answer)) == (
        409,
        "this exercise has no flight to count: play a scenario",
    )


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"strike": NAME}, 400, "`$.strike`"),
        ({"strike": [1]}, 400, "`$.strike[0]`"),
        ({"strike": ["a b"]}, 400, "`$.strike[0]`"),
        ({"strike": [NAME] * 51}, 400, "`$.strike`"),
        ({"struck": []}, 400, "unknown field `struck`"),
        ([], 400, "expected `object`"),
        ({"strike": ["x#1"]}, 409, "no clause `x#1`"),
    ],
)
def test_what_cannot_be_counted_is_refused(body: Any, status: int, words: str) -> None:
    what_ifs = FakeWhatIfs()
    answer = post(what_ifs, body)
    assert answer.status_code == status
    assert words in error_of(answer)
    assert what_ifs.asked == []


def test_what_is_asked_twice_is_struck_once_and_the_answer_tells_how_far_it_is() -> None:
    what_ifs = FakeWhatIfs()
    answer = post(what_ifs, {"strike": [NAME, NAME]})
    assert (answer.status_code, answer.json()) == (200, {"phase": "running", "share": 0.5})
    assert what_ifs.asked == [(NAME,)]


@pytest.mark.parametrize(
    ("address", "leads"),
    [("", "/"), ("&tour=1", "/?tour=1"), ("&tour=2", "/"), ("&tour=https://evil.example", "/")],
)
def test_the_way_in_leads_to_the_page_and_at_most_to_its_tour(address: str, leads: str) -> None:
    answer = asyncio.run(ask(app(None), "GET", f"/enter?code={CODE}{address}"))
    assert (answer.status_code, answer.headers["location"]) == (303, leads)
