"""Routes of a node: what each refuses, and what it hands over. The node is a fake; HTTP is the subject."""

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
import structlog
from tests.web.fakes import (
    DIRECTOR,
    INTAKE,
    NOW_NS,
    OFFICER,
    READER,
    STAFF,
    FakeNode,
    ask,
    error_of,
    node_access,
    shown,
)

from trilat.model import LedgerError, LinkError, Status, UsageError
from trilat.node import Pace
from trilat.web import node_app
from trilat.web.answers import FAULT_LINE
from trilat.web.bodies import BODY_BYTES_MAX, INTAKE_BYTES_MAX, REPORTS_MAX

KEY = {"idempotency-key": "radar-1:0001"}
REPORT = {"kind": "report", "item_id": "KOR-r-1"}


def give(node: FakeNode, body: Any, headers: dict[str, str] | None = None, token: str = INTAKE) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    app = node_app(node, node_access())
    return asyncio.run(ask(app, "POST", "/intake", token, KEY if headers is None else headers, content))


def test_a_batch_is_answered_with_each_refusal_in_its_place() -> None:
    node = FakeNode()
    answer = give(node, {"reports": [REPORT, "nothing", 7, {"kind": "vessel"}]})
    assert answer.status_code == 200
    refused = [{"index": 1, "reason": "not a report"}, {"index": 2, "reason": "not a report"}]
    assert answer.json() == {"accepted": 2, "refused": refused, "repeated": False}


def test_a_batch_that_comes_again_gets_its_answer_again_and_another_under_its_key_is_refused() -> None:
    node = FakeNode()
    first = give(node, {"reports": [REPORT, 1]})
    again = give(node, {"reports": [REPORT, 1]})
    assert again.json() == {**first.json(), "repeated": True}
    other = give(node, {"reports": [REPORT]})
    assert other.status_code == 409
    assert "was used for another batch" in error_of(other)
    assert list(node.batches) == [KEY["idempotency-key"]]


def test_the_digest_is_that_of_the_body_as_it_was_sent() -> None:
    body = b' {"reports" : [{"kind":"report"}]}\n'
    node = FakeNode()
    give(node, body)
    assert node.batches[KEY["idempotency-key"]][0] == sha256(body).digest()


def test_the_answer_leaves_after_the_commit_and_not_before() -> None:
    class Slow(FakeNode):
        committed = False

        async def intake(self, *args: Any) -> Any:
            await asyncio.sleep(0.05)
            self.committed = True
            return await super().intake(*args)

    async def main() -> None:
        node = Slow()
        app = node_app(node, node_access())
        content = json.dumps({"reports": [REPORT]})
        answer = await ask(app, "POST", "/intake", INTAKE, KEY, content)
        assert answer.status_code == 200
        assert node.committed

    asyncio.run(main())


UNREADABLE: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 400, "not JSON"),
    ("text", b"hello", 400, "not JSON"),
    ("cut off", b'{"reports": [', 400, "not JSON"),
    ("more behind it", b'{"reports": [1]} {}', 400, "not JSON"),
    ("UTF-16", '{"reports": [1]}'.encode("utf-16"), 400, "not JSON"),
    ("a byte order mark", b'\xef\xbb\xbf{"reports": [1]}', 400, "not JSON"),
    ("broken UTF-8", b'{"reports": ["\xff"]}', 400, "not JSON"),
    ("half a character", b'{"reports": ["\\ud800"]}', 400, "not JSON"),
    ("no number", b'{"reports": [NaN]}', 400, "`NaN` is not a number"),
    ("infinity", b'{"reports": [-Infinity]}', 400, "not a number"),
    ("beyond every number", b'{"reports": [1e999]}', 400, "beyond every number"),
    ("a name twice", b'{"reports": [{"kind": "a", "kind": "b"}]}', 400, "`kind` stands twice"),
    ("reports twice", b'{"reports": [1], "reports": [2]}', 400, "`reports` stands twice"),
    ("too deep", b'{"reports": ' + b"[" * 99 + b"]" * 99 + b"}", 400, "deep"),
    ("far too deep", b'{"reports": ' + b"[" * 99_999, 400, "not JSON"),
    ("a list", b"[1]", 400, "one field"),
    ("null", b"null", 400, "one field"),
    ("no reports", b"{}", 400, "one field"),
    ("another field too", b'{"reports": [1], "status": "real"}', 400, "one field"),
    ("reports that are no list", b'{"reports": {"0": 1}}', 400, "one field"),
    ("an empty batch", b'{"reports": []}', 400, "empty"),
    (
        "too many",
        json.dumps({"reports": [1] * (REPORTS_MAX + 1)}).encode(),
        413,
        f"over the limit of {REPORTS_MAX}",
    ),
]


@pytest.mark.parametrize(("case", "body", "status", "words"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_a_batch_that_cannot_be_read_is_refused_and_kept_aside(
    case: str, body: bytes, status: int, words: str
) -> None:
    del case
    node = FakeNode()
    answer = give(node, body)
    assert answer.status_code == status
    line = error_of(answer)
    assert words in line
    assert node.aside == [("intake", line, body[:65_536])]
    assert not node.batches


BAD_KEYS = [
    None,
    "",
    " ",
    "a" * 101,
    "a b",
    "a/b",
    "a\tb",
    "é",
    "-a",
    ".",
    "a,b",
    "a;b",
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_batch_without_a_proper_key_is_refused(key: str | None) -> None:
    node = FakeNode()
    answer = give(node, {"reports": [REPORT]}, {} if key is None else {"idempotency-key": key})
    assert answer.status_code == 400
    assert "Idempotency-Key" in error_of(answer)
    assert not node.batches


def test_two_keys_are_refused() -> None:
    app = node_app(FakeNode(), node_access())
    pairs = [("idempotency-key", "a"), ("idempotency-key", "a")]
    answer = asyncio.run(ask(app, "POST", "/intake", INTAKE, pairs, b'{"reports": [1]}'))
    assert answer.status_code == 400


@pytest.mark.parametrize("key", ["a", "A" * 100, "0.a_b:c-d"])
def test_a_proper_key_is_taken(key: str) -> None:
    assert give(FakeNode(), {"reports": [REPORT]}, {"idempotency-key": key}).status_code == 200


async def parts(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


TOO_LARGE: list[tuple[str, str, str, int]] = [
    ("POST", "/intake", INTAKE, INTAKE_BYTES_MAX),
    ("POST", "/referrals/answer", STAFF, BODY_BYTES_MAX),
    ("POST", "/warnings", STAFF, BODY_BYTES_MAX),
    ("POST", "/warnings/retract", STAFF, BODY_BYTES_MAX),
    ("PUT", "/clock", DIRECTOR, BODY_BYTES_MAX),
]


@pytest.mark.parametrize(
    ("method", "path", "token", "bytes_max"), TOO_LARGE, ids=[row[1] for row in TOO_LARGE]
)
@pytest.mark.parametrize("told", [True, False], ids=["length told", "in parts"])
def test_a_body_over_its_limit_is_refused(
    method: str, path: str, token: str, bytes_max: int, told: bool
) -> None:
    app = node_app(node := FakeNode(), node_access())
    content = b" " * (bytes_max + 1) if told else parts(65_536, bytes_max // 65_536 + 1)
    answer = asyncio.run(ask(app, method, path, token, KEY, content))
    assert answer.status_code == 413
    assert f"over the limit of {bytes_max} bytes" in error_of(answer)
    assert not node.aside


@pytest.mark.parametrize("length", ["99999999999999999999", "9" * 4_000, str(INTAKE_BYTES_MAX + 1)])
def test_a_length_that_is_over_the_limit_is_refused_without_reading(length: str) -> None:
    app = node_app(FakeNode(), node_access())
    headers = {**KEY, "content-length": length}
    assert asyncio.run(ask(app, "POST", "/intake", INTAKE, headers, b"{}")).status_code == 413


ANSWER = {
    "clause": "us-kr.toml#passing",
    "subject": "KOR-object-1",
    "recipient": "JPN",
    "via": "USA",
    "granted": True,
    "officer": "release-officer",
}
WARNING = {
    "key": "w-1",
    "kind": "launch",
    "domain": "missile",
    "basis": [{"item_id": "KOR-track-1", "version": 2}],
    "text": "two lines\nof text",
}
RETRACTION = {"key": "w-1", "text": "it was a test"}
PACE = {"from_wall_ns": 1, "instant_ns": NOW_NS, "speed": 0}

LOOK = {"what": "audit report", "digest": "00" * 32}
MISFORMED: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "colour": 1}, "unknown field `colour`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "granted": "yes"}, "`$.granted`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "granted": 1}, "`$.granted`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "valid_s": 0}, "`$.valid_s`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "valid_s": 10**9}, "`$.valid_s`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "recipient": "japan"}, "`$.recipient`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "officer": ""}, "`$.officer`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "officer": "a/b"}, "`$.officer`"),
    ("POST", "/referrals/answer", STAFF, {**ANSWER, "clause": "a\nb"}, "`$.clause`"),
    ("POST", "/referrals/answer", STAFF, {"clause": "a"}, "missing required field"),
    ("POST", "/warnings", STAFF, {**WARNING, "kind": "rain"}, "`$.kind`"),
    ("POST", "/warnings", STAFF, {**WARNING, "domain": ""}, "`$.domain`"),
    ("POST", "/warnings", STAFF, {**WARNING, "basis": []}, "`$.basis`"),
    ("POST", "/warnings", STAFF, {**WARNING, "basis": [{"item_id": "a"}]}, "`$.basis[0]`"),
    (
        "POST",
        "/warnings",
        STAFF,
        {**WARNING, "basis": [{"item_id": "a", "version": 0}]},
        "`$.basis[0].version`",
    ),
    ("POST", "/warnings", STAFF, {**WARNING, "text": "a\x1b[2J"}, "`$.text`"),
    ("POST", "/warnings", STAFF, {**WARNING, "text": "a" * 4_001}, "`$.text`"),
    ("POST", "/warnings/retract", STAFF, {"text": "a"}, "missing required field `key`"),
    ("POST", "/warnings/retract", STAFF, {"key": "a b"}, "`$.key`"),
    ("POST", "/audit/looks", STAFF, {**LOOK, "what": "A\n"}, "`$.what`"),
    ("POST", "/audit/looks", STAFF, {**LOOK, "digest": "00"}, "`$.digest`"),
    ("POST", "/audit/looks", STAFF, {"what": "audit report"}, "missing required field `digest`"),
    ("PUT", "/clock", DIRECTOR, {**PACE, "speed": -1}, "`$.speed`"),
    ("PUT", "/clock", DIRECTOR, {**PACE, "speed": 1_001}, "`$.speed`"),
    ("PUT", "/clock", DIRECTOR, {**PACE, "speed": True}, "`$.speed`"),
    ("PUT", "/clock", DIRECTOR, {**PACE, "instant_ns": 1.5}, "`$.instant_ns`"),
    ("PUT", "/clock", DIRECTOR, {**PACE, "instant_ns": -1}, "`$.instant_ns`"),
    ("PUT", "/clock", DIRECTOR, {"speed": 1}, "missing required field"),
]


@pytest.mark.parametrize(("method", "path", "token", "body", "words"), MISFORMED)
def test_a_body_of_another_form_is_refused_and_the_field_named(
    method: str, path: str, token: str, body: dict[str, Any], words: str
) -> None:
    app = node_app(node := FakeNode(), node_access())
    answer = asyncio.run(ask(app, method, path, token, content=json.dumps(body)))
    assert answer.status_code == 400
    assert words in error_of(answer)
    assert not node.said


@pytest.mark.parametrize(("method", "path", "token"), [row[:3] for row in TOO_LARGE[1:]])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"a": 1, "a": 2}', b"{'a': 1}", b"\xff"])
def test_a_body_that_is_no_object_is_refused(method: str, path: str, token: str, body: bytes) -> None:
    answer = asyncio.run(ask(node_app(FakeNode(), node_access()), method, path, token, content=body))
    assert answer.status_code == 400
    assert error_of(answer)


def test_a_look_into_the_ledger_is_recorded_by_the_running_node() -> None:
    app = node_app(node := FakeNode(), node_access())
    answer = asyncio.run(ask(app, "POST", "/audit/looks", STAFF, content=json.dumps(LOOK)))
    assert (answer.status_code, node.looks) == (200, [("audit report", bytes(32))])


def test_what_is_said_reaches_the_node_with_its_defaults() -> None:
    app = node_app(node := FakeNode(), node_access())
    for path, body in (
        ("/referrals/answer", ANSWER),
        ("/warnings", WARNING),
        ("/warnings/retract", RETRACTION),
    ):
        assert asyncio.run(ask(app, "POST", path, STAFF, content=json.dumps(body))).status_code == 200
    assert node.said == [
        {**ANSWER, "valid_s": 3_600, "assumed": False},
        {**WARNING, "confirmed_by": []},
        ("w-1", "it was a test"),
    ]


def test_the_clock_is_told_and_set() -> None:
    app = node_app(node := FakeNode(), node_access())
    assert asyncio.run(ask(app, "GET", "/clock", READER)).json()["speed"] == 20.0
    answer = asyncio.run(ask(app, "PUT", "/clock", DIRECTOR, content=json.dumps(PACE)))
    assert answer.json() == PACE
    assert node.runs == Pace(from_wall_ns=1, instant_ns=NOW_NS, speed=0)


def test_nobody_sets_the_clock_of_a_real_node() -> None:
    app = node_app(FakeNode(status=Status.REAL), node_access())
    answer = asyncio.run(ask(app, "PUT", "/clock", DIRECTOR, content=json.dumps(PACE)))
    assert answer.status_code == 403
    assert "the time of a real node is the world's" in error_of(answer)


def test_readers_read_as_their_party_and_staff_as_staff() -> None:
    app = node_app(node := FakeNode(endless=False), node_access())
    for token in (READER, STAFF):
        for path in ("/picture", "/stream"):
            assert asyncio.run(ask(app, "GET", path, token)).status_code == 200
    assert node.readers == ["OBS", "OBS", "KOR/staff", "KOR/staff"]
    assert asyncio.run(ask(app, "GET", "/picture", READER)).json()["items"] == [shown()]


def test_timings_go_on_from_a_cursor() -> None:
    app = node_app(node := FakeNode(), node_access())
    assert asyncio.run(ask(app, "GET", "/timings", DIRECTOR)).json() == {"after": 0}
    assert asyncio.run(ask(app, "GET", "/timings?after=123", DIRECTOR)).json() == {"after": 123}
    assert node.said == [0, 123]


def test_who_answers_at_the_desk_is_told_by_the_token_alone() -> None:
    node = FakeNode()
    said = {"question": "0" * 16, "granted": True}
    answer = asyncio.run(
        ask(node_app(node, node_access()), "POST", "/desk/answer", OFFICER, content=json.dumps(said))
    )
    assert answer.status_code == 200
    assert node.said == [("kim", {**said, "valid_s": 3_600, "said": ""})]
    forged = json.dumps({**said, "officer": "park"})
    refused = asyncio.run(ask(node_app(node, node_access()), "POST", "/desk/answer", OFFICER, content=forged))
    assert refused.status_code == 400
    assert len(node.said) == 1


CALLS: list[tuple[str, str, str, Any]] = [
    ("POST", "/intake", INTAKE, {"reports": [REPORT]}),
    ("GET", "/stream", READER, None),
    ("GET", "/picture", READER, None),
    ("GET", "/referrals", STAFF, None),
    ("POST", "/referrals/answer", STAFF, ANSWER),
    ("GET", "/desk", OFFICER, None),
    ("POST", "/desk/answer", OFFICER, {"question": "0" * 16, "granted": True}),
    ("POST", "/desk/delegate", OFFICER, {"deputy": "lee", "for_s": 60}),
    ("POST", "/declarations", OFFICER, {"declared": "suspension", "about": "pact", "domain": "missile"}),
    ("GET", "/onward", STAFF, None),
    ("POST", "/onward", STAFF, {"item_id": "JPN-t1", "onward_to": "KOR"}),
    ("POST", "/warnings", STAFF, WARNING),
    ("POST", "/warnings/retract", STAFF, RETRACTION),
    ("GET", "/status", STAFF, None),
    ("GET", "/sensors", STAFF, None),
    ("PUT", "/clock", DIRECTOR, PACE),
    ("GET", "/timings", DIRECTOR, None),
]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("no question is open here"), 400, "no question is open here"),
        (UsageError("used already", conflict=True), 409, "used already"),
        (UsageError("nothing is released to `OBS`", refused=True), 403, "nothing is released"),
        (LedgerError("`KOR` has stopped: disk full"), 503, "disk full"),
        (LinkError("secret address 10.0.0.1"), 500, FAULT_LINE),
        (RuntimeError("secret /path"), 500, FAULT_LINE),
        (KeyError("token"), 500, FAULT_LINE),
    ],
)
@pytest.mark.parametrize(("method", "path", "token", "body"), CALLS, ids=[row[1] for row in CALLS])
def test_what_the_node_raises_becomes_a_status_and_one_line(
    method: str, path: str, token: str, body: Any, error: Exception, status: int, words: str
) -> None:
    app = node_app(FakeNode(error=error), node_access())
    content = None if body is None else json.dumps(body)
    with structlog.testing.capture_logs() as lines:
        answer = asyncio.run(ask(app, method, path, token, KEY, content))
    wanted = 403 if path == "/clock" and isinstance(error, UsageError) else status
    assert answer.status_code == wanted
    assert words in error_of(answer)
    assert (wanted == 500) is any(line["log_level"] == "error" for line in lines)


def test_a_batch_that_cannot_even_be_kept_aside_says_so() -> None:
    answer = give(FakeNode(error=LedgerError("disk full")), b"no JSON")
    assert answer.status_code == 503
    assert "disk full" in error_of(answer)


def test_health_is_one_word_or_one_sentence() -> None:
    node = FakeNode()
    app = node_app(node, node_access())
    well = asyncio.run(ask(app, "GET", "/health", INTAKE))
    assert (well.status_code, well.json()) == (200, {"ok": True, "party": "KOR", "status": "simulated"})
    node.trouble = "the ledger cannot be written: disk full"
    unwell = asyncio.run(ask(app, "GET", "/health", INTAKE))
    assert unwell.status_code == 503
    assert unwell.json() == {**well.json(), "ok": False, "problem": node.trouble}


def test_metrics_are_counts_with_partners_as_labels_and_nothing_of_the_process() -> None:
    answer = asyncio.run(ask(node_app(FakeNode(), node_access()), "GET", "/metrics", STAFF))
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert samples == [
        "trilat_accepted_reports_total 3.0",
        "trilat_jobs_waiting 2.0",
        'trilat_link_up{peer="JPN"} 0.0',
        'trilat_link_up{peer="USA"} 1.0',
        "trilat_streams_open 0.0",
    ]


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    monkeypatch.setattr("trilat.web.bodies.read_body.__defaults__", (0.05,))
    app = node_app(FakeNode(), node_access())
    answer = asyncio.run(ask(app, "POST", "/warnings", STAFF, content=slowly()))
    assert answer.status_code == 408
    assert "send it at once" in error_of(answer)
