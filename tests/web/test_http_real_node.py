"""A real node on loopback, asked everything by every role; what judges the answers finds planted faults."""

from dataclasses import dataclass
from typing import Any

import pytest
from fuzzing.crowd import CONNECTIONS, crowd
from fuzzing.http import ORDER, Attack, RealNode, attack
from fuzzing.http_run import GROWN_MB_MAX
from tests.web.test_http_document import references

from trilat.web import connections

EXAMPLES = 1


def test_whatever_anybody_asks_a_real_node_answers_in_one_line_and_goes_on() -> None:
    with RealNode().served() as real:
        found = attack(real, EXAMPLES)
    assert not found.faults
    # So that an attack that reaches nothing is no success.
    assert found.asked > 4_000
    for status in (200, 400, 401, 403, 409, 413):
        assert found.answers[status], f"nothing was answered with {status}"
    assert found.answers[200] > 100


def test_slow_and_large_clients_are_answered_or_closed_and_cost_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "HEAD_S_MAX", 2.0)
    with RealNode().served() as real:
        came = crowd(real)
        assert real.ask("staff", "GET", "/health").status_code == 200
        assert real.node.ledger.verify().verified
    assert came.answers.total() > CONNECTIONS + 20
    # Too slow, silent, too many at once, too large; those without a body of their own do not read it.
    assert set(came.answers) <= {"408", "closed", "503", "413", "400", "200"}
    assert min(came.answers[end] for end in ("408", "closed", "413")) > 20
    assert came.longest_s < 60
    assert came.grown_mb < GROWN_MB_MAX


def test_every_reference_of_a_node_with_accounts_leads_somewhere() -> None:
    with RealNode().served() as real:
        told = real.ask("staff", "GET", "/openapi.json").json()
    for reference in references(told):
        at: Any = told
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    assert "/accounts" in told["paths"]


@dataclass
class Said:
    """A request or an answer."""

    method: str = "GET"
    path: str = "/status"
    query: str = ""
    body: bytes = b""
    status_code: int = 200
    content: bytes = b"{}"


@pytest.mark.parametrize(
    ("role", "answer", "words"),
    [
        ("staff", Said(status_code=500, content=b'{"error": "a"}'), "answered 500"),
        ("staff", Said(status_code=502, content=b'{"error": "a"}'), "answered 502"),
        ("staff", Said(status_code=400, content=b"Bad Request"), "is not JSON"),
        ("staff", Said(status_code=400, content=b'{"error": "a\\nb"}'), "not one line"),
        ("staff", Said(status_code=400, content=b'{"error": ""}'), "not one line"),
        ("staff", Said(status_code=400, content=b'{"error": 7}'), "is not JSON"),
        ("staff", Said(status_code=404, content=b'["error"]'), "is not JSON"),
        ("reader:OBS", Said(), "may not, and was answered 200"),
        ("account:auditor", Said(status_code=204), "may not, and was answered 204"),
    ],
)
def test_a_planted_fault_is_found(role: str, answer: Said, words: str) -> None:
    assert role in ORDER
    found = Attack()
    found.judge(role, Said(), answer, frozenset({"staff", "watch"}))
    (fault,) = found.faults
    assert words in fault
    sound = Attack()
    sound.judge("account:watch", Said(), Said(), frozenset({"staff", "watch"}))
    sound.judge("staff", Said(), Said(status_code=503, content=b'{"error": "a"}'), frozenset())
    assert not sound.faults
