"""`GET /alerts`: who may ask, what stands in the answer and what never does, and what is recorded of it."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.web.fakes import DIRECTOR, INTAKE, OFFICER, READER, STAFF, FakeNode, ask, error_of, node_access
from tests.web.test_accounts import PASSWORD, Door, at_the_door, cheap, desk_looks

from trilat.model import LedgerError
from trilat.node import Condition
from trilat.web import node_app

__all__ = ["cheap"]


def asked(token: str, node: FakeNode | None = None, query: str = "") -> Any:
    return asyncio.run(ask(node_app(node or FakeNode(), node_access()), "GET", f"/alerts{query}", token))


@pytest.mark.parametrize("token", [READER, INTAKE, DIRECTOR])
def test_neither_partners_readers_nor_feeds_nor_directors_are_told(token: str) -> None:
    answer = asked(token)
    assert answer.status_code == 403
    assert "administrator or auditor or officer or staff or watch" in error_of(answer)
    assert "JPN" not in answer.text


@pytest.mark.parametrize("token", [STAFF, OFFICER])
def test_the_own_staff_is_told_in_the_form_that_the_document_names(token: str) -> None:
    answer = asked(token)
    assert answer.status_code == 200
    condition = msgspec.json.decode(answer.content, type=Condition)
    assert condition.party == "JPN"
    assert [partner.party for partner in condition.partners] == ["KOR", "USA"]


def test_an_address_with_more_is_refused_and_a_node_that_cannot_answer_says_so() -> None:
    assert asked(STAFF, query="?party=USA").status_code == 400
    assert asked(STAFF, FakeNode(error=LedgerError("`KOR` does not run"))).status_code == 503


def test_a_node_that_has_stopped_itself_is_told_first() -> None:
    alerts = asked(STAFF, FakeNode(trouble="the disk is full")).json()["alerts"]
    assert alerts[0] == {
        "code": "stopped",
        "severity": "severe",
        "party": "JPN",
        "figures": {"problem": "the disk is full"},
    }


def test_a_look_is_recorded_by_name_once_a_minute_and_a_stopped_node_still_answers() -> None:
    async def play(door: Door) -> None:
        for name, role in (("park", "watch"), ("eye", "auditor")):
            await door.make(name, role)
            browser = await door.signed_in(name, PASSWORD)
            for _ in range(3):
                assert (await browser.ask("GET", "/alerts")).status_code == 200
        door.node.failure = "the disk is full"
        told = (await door.program(STAFF, "GET", "/alerts")).json()
        assert told["alerts"][0]["code"] == "stopped"
        assert (await door.program(STAFF, "GET", "/trust")).status_code == 503

    looks = desk_looks(at_the_door(play).node)
    assert looks == [("health", "JPN/staff", "park"), ("health", "JPN/staff", "eye")]
