"""The routes of time and of warnings: what is refused, by whom what is asked, and what is answered."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from tests.observed import observed, second, staffs
from tests.small_federation import at, launch
from tests.web.fakes import OFFICER, STAFF, FakeNode, ask, error_of, node_access

from trilat.ledger import EntryKind, Ledger
from trilat.model import decode
from trilat.node import AcknowledgementRecord, ReadingRecord
from trilat.web import node_app

WARNING = "JPN-warn-JPN-launch-JPN-seen"


def warned_node() -> FakeNode:
    """A node at which a launch was seen, and warned of."""
    federation = observed(staffs())
    second(federation, 1, {"JPN": [launch(federation.nodes["JPN"], at_s=0.5)]})
    second(federation, 2)
    return FakeNode(real=federation.nodes["JPN"])


def ledger_of(node: FakeNode) -> Ledger:
    assert node.real is not None
    return node.real.ledger


def asked(node: FakeNode, method: str, path: str, token: str = STAFF, said: Any = None) -> httpx.Response:
    content = None if said is None else json.dumps(said)
    headers = {} if said is None else {"content-type": "application/json"}
    return asyncio.run(ask(node_app(node, node_access()), method, path, token, headers, content))


REFUSED: list[tuple[str, str, int, str]] = [
    ("no instant", "/picture/at", 400, "`at_ns` must be an instant"),
    ("an empty instant", "/picture/at?at_ns=", 400, "`at_ns` must be an instant"),
    ("a date", "/picture/at?at_ns=2009-04-05T02:34:10Z", 400, "UTC nanoseconds from 1970 to 2200, in digits"),
    ("a negative instant", "/picture/at?at_ns=-1", 400, "`at_ns` must be an instant"),
    ("a fraction", f"/picture/at?at_ns={at(1)}.5", 400, "`at_ns` must be an instant"),
    ("digits of another script", "/picture/at?at_ns=%D9%A1%D9%A2", 400, "`at_ns` must be an instant"),
    ("leading noughts", f"/picture/at?at_ns=0{at(1)}", 400, "`at_ns` must be an instant"),
    ("an instant beyond all", "/picture/at?at_ns=9999999999999999999", 400, "`at_ns` must be an instant"),
    ("a huge number", "/picture/at?at_ns=" + "9" * 4_000, 400, "`at_ns` must be an instant"),
    ("two instants", f"/picture/at?at_ns={at(1)}&at_ns={at(2)}", 400, "once"),
    ("another reader", f"/picture/at?at_ns={at(1)}&reader=USA", 400, "leave out the rest"),
    ("the future", f"/picture/at?at_ns={at(9_000)}", 409, "is still to come"),
    ("before the ledger", f"/picture/at?at_ns={at(-9_000)}", 409, "nothing is known of"),
    ("history without an end", f"/history/events?from_ns={at(1)}", 400, "`until_ns` must be an instant"),
    ("history backwards", f"/history/events?from_ns={at(2)}&until_ns={at(1)}", 409, "in their order"),
]


@pytest.fixture(scope="module")
def warned() -> FakeNode:
    return warned_node()


@pytest.mark.parametrize(("case", "path", "status", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_asked_is_refused_in_one_line(
    warned: FakeNode, case: str, path: str, status: int, words: str
) -> None:
    del case
    before = ledger_of(warned).head().entries
    answer = asked(warned, "GET", path)
    assert (answer.status_code, words in error_of(answer)) == (status, True), error_of(answer)
    assert ledger_of(warned).head().entries == before


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({}, 400, "missing required field `id`"),
        ({"id": WARNING}, 400, "missing required field `version`"),
        ({"id": WARNING, "version": "1"}, 400, "expected `int`"),
        ({"id": WARNING, "version": 0}, 400, "`int` >= 1"),
        ({"id": WARNING, "version": 1, "by": "somebody-else"}, 400, "unknown field `by`"),
        ({"id": "<script>", "version": 1}, 400, "id"),
        ({"id": "JPN-seen", "version": 1}, 409, "no warning `JPN-seen` is held here"),
        ({"id": WARNING, "version": 7}, 409, "read what it says now"),
        ([WARNING], 400, "expected `object`"),
    ],
)
def test_an_acknowledgement_that_is_none_is_refused(
    warned: FakeNode, said: Any, status: int, words: str
) -> None:
    answer = asked(warned, "POST", "/warnings/acknowledge", said=said)
    assert (answer.status_code, words in error_of(answer)) == (status, True), error_of(answer)
    assert list(ledger_of(warned).entries(kinds={EntryKind.ACKNOWLEDGEMENT})) == []


def test_an_account_acknowledges_in_its_own_name_and_looks_in_its_own_name() -> None:
    node = warned_node()
    said = {"id": WARNING, "version": 1}
    first = asked(node, "POST", "/warnings/acknowledge", OFFICER, said=said)
    assert first.status_code == 200
    assert first.json() == {"id": WARNING, "version": 1, "withdrawn": False, "by": "kim", "at_ns": at(2.2)}
    assert asked(node, "POST", "/warnings/acknowledge", OFFICER, said=said).json() == first.json()
    assert asked(node, "POST", "/warnings/acknowledge", said=said).json()["by"] == "staff"
    stored = ledger_of(node).entries(kinds={EntryKind.ACKNOWLEDGEMENT})
    assert [decode(one.content or b"", AcknowledgementRecord).by for one in stored] == ["kim", "staff"]
    (row,) = asked(node, "GET", "/warnings").json()["warnings"]
    assert [one["by"] for one in row["acknowledged"]] == ["kim", "staff"]
    assert asked(node, "GET", f"/picture/at?at_ns={at(1.5)}", OFFICER).status_code == 200
    looks = list(ledger_of(node).entries(kinds={EntryKind.READING}))
    assert decode(looks[-1].content or b"", ReadingRecord).person == "kim"


def test_the_picture_of_an_instant_and_what_happened_are_answered(warned: FakeNode) -> None:
    shown = asked(warned, "GET", f"/picture/at?at_ns={at(1.5)}").json()
    assert (shown["at_ns"], shown["whole"], shown["removed"]) == (at(1.5), True, [])
    assert {item["id"] for item in shown["items"]} == {"JPN-seen", WARNING}
    assert asked(warned, "GET", f"/picture/at?at_ns={at(0.95)}").json()["items"] != []
    told = asked(warned, "GET", f"/history/events?from_ns={at(0)}&until_ns={at(9)}").json()
    assert [event["kind"] for event in told["events"]] == ["launch", "raised"]
