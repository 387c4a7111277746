"""Who may ask: every refusal with its status and its one line, before any route is looked at."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import structlog
from tests.web.fakes import (
    CODE,
    DIRECTOR,
    HOST,
    INTAKE,
    NODE_TOKENS,
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

from trilat.model import UsageError
from trilat.web import Access, Observer, node_app, observer_app
from trilat.web.access import SECURITY_HEADERS

Headers = Mapping[str, str] | Sequence[tuple[str, str]]
BEARER = f"Bearer {STAFF}"
GOOD = ("authorization", BEARER)

REFUSED: list[tuple[str, Headers, int, str]] = [
    ("no token", {}, 401, "send `Authorization: Bearer TOKEN`"),
    ("an empty token", {"authorization": "Bearer "}, 401, "Bearer TOKEN"),
    ("no scheme", {"authorization": STAFF}, 401, "Bearer TOKEN"),
    ("another scheme", {"authorization": f"Basic {STAFF}"}, 401, "Bearer TOKEN"),
    ("a wrong token", {"authorization": f"Bearer {'0' * 64}"}, 401, "Bearer TOKEN"),
    ("a token cut short", {"authorization": f"Bearer {STAFF[:-1]}"}, 401, "Bearer TOKEN"),
    ("a token with more behind it", {"authorization": f"Bearer {STAFF}00"}, 401, "Bearer TOKEN"),
    ("a token in capitals", {"authorization": f"Bearer {STAFF.upper()}"}, 401, "Bearer TOKEN"),
    ("two tokens", [GOOD, GOOD], 401, "Bearer TOKEN"),
    ("a token that is no text", {"authorization": "Bearer \xff\xfe"}, 401, "Bearer TOKEN"),
    ("a huge token", {"authorization": f"Bearer {'a' * 10_000}"}, 401, "Bearer TOKEN"),
    ("a token as a cookie", {"cookie": f"trilat_session={STAFF}"}, 401, "Bearer TOKEN"),
    ("no cookie where there are no sessions", {"cookie": "trilat_session="}, 401, "Bearer TOKEN"),
    ("a foreign host", [GOOD, ("host", "evil.example")], 421, "another name"),
    ("a foreign host at our port", [GOOD, ("host", "evil.example:8000")], 421, "another name"),
    ("a host that begins as ours", [GOOD, ("host", "127.0.0.1.evil.example")], 421, "another name"),
    ("a host with a port that is none", [GOOD, ("host", "127.0.0.1:x")], 421, "another name"),
    ("an empty host", [GOOD, ("host", "")], 421, "another name"),
    ("two hosts", [GOOD, ("host", HOST), ("host", HOST)], 400, "one Host header"),
    ("a foreign origin", [GOOD, ("origin", "https://evil.example")], 403, "another origin"),
    ("an origin at another port", [GOOD, ("origin", "http://127.0.0.1:8001")], 403, "another origin"),
    ("a node's own origin: it has no pages", [GOOD, ("origin", f"http://{HOST}")], 403, "another origin"),
    ("an origin that hides itself", [GOOD, ("origin", "null")], 403, "another origin"),
    ("an empty origin", [GOOD, ("origin", "")], 403, "another origin"),
    ("a good origin and a bad one", [GOOD, ("origin", "http://ok.example"), ("origin", "x")], 403, "origin"),
    ("a foreign host without a token", {"host": "evil.example"}, 421, "another name"),
    ("a foreign origin without a token", {"origin": "http://evil.example"}, 403, "another origin"),
]


def application(origins: Sequence[str] = ()) -> Any:
    return node_app(FakeNode(), Access(NODE_TOKENS, origins=origins))


@pytest.mark.parametrize("path", ["/health", "/metrics", "/openapi.json", "/stream", "/nothing", "/"])
@pytest.mark.parametrize(("case", "headers", "status", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_request_is_refused_before_any_route(
    case: str, headers: Headers, status: int, words: str, path: str
) -> None:
    del case
    answer = asyncio.run(ask(application(["http://ok.example"]), "GET", path, headers=headers))
    assert answer.status_code == status
    assert words in error_of(answer)
    assert (answer.headers.get("www-authenticate") == "Bearer") is (status == 401)


@pytest.mark.parametrize("query", ["token", "access_token", "code", "authorization"])
def test_a_token_in_the_address_opens_nothing(query: str) -> None:
    assert asyncio.run(ask(application(), "GET", f"/health?{query}={STAFF}")).status_code == 401


@pytest.mark.parametrize("host", [HOST, "127.0.0.1", "localhost", "LOCALHOST:99", "[::1]:8000", "[::1]"])
def test_this_machine_by_any_name_and_port_is_answered(host: str) -> None:
    assert asyncio.run(ask(application(), "GET", "/health", STAFF, {"host": host})).status_code == 200


def test_a_named_host_and_an_allowed_origin_are_answered() -> None:
    access = Access({"staff": STAFF}, hosts=["node.example:443"], origins=["https://desk.example"])
    app = node_app(FakeNode(), access)
    headers = {"host": "Node.example:443", "origin": "https://desk.example"}
    assert asyncio.run(ask(app, "GET", "/health", STAFF, headers)).status_code == 200
    headers["host"] = "node.example:80"
    assert asyncio.run(ask(app, "GET", "/health", STAFF, headers)).status_code == 421
    assert asyncio.run(ask(app, "GET", "/health", STAFF, {"host": "localhost"})).status_code == 421


ROLES: list[tuple[str, str, frozenset[str]]] = [
    ("POST", "/intake", frozenset({INTAKE})),
    ("GET", "/stream", frozenset({STAFF, READER, OFFICER})),
    ("GET", "/picture", frozenset({STAFF, READER, OFFICER})),
    ("GET", "/referrals", frozenset({STAFF})),
    ("POST", "/referrals/answer", frozenset({STAFF})),
    ("GET", "/desk", frozenset({STAFF, OFFICER})),
    ("POST", "/desk/answer", frozenset({OFFICER})),
    ("POST", "/desk/delegate", frozenset({OFFICER})),
    ("GET", "/desk/preview", frozenset({STAFF, OFFICER})),
    ("POST", "/desk/undo", frozenset({OFFICER})),
    ("GET", "/why", frozenset({STAFF, OFFICER})),
    ("GET", "/why/sight", frozenset({STAFF, OFFICER})),
    ("POST", "/declarations", frozenset({STAFF, OFFICER})),
    ("GET", "/recalls", frozenset({STAFF, OFFICER})),
    ("GET", "/holders", frozenset({STAFF, OFFICER})),
    ("POST", "/recalls", frozenset({STAFF, OFFICER})),
    ("POST", "/recalls/answer", frozenset({STAFF, OFFICER})),
    ("POST", "/recalls/close", frozenset({STAFF, OFFICER})),
    ("POST", "/recalls/run", frozenset({STAFF, OFFICER})),
    ("POST", "/labels", frozenset({STAFF, OFFICER})),
    ("POST", "/losses", frozenset({STAFF, OFFICER})),
    ("POST", "/losses/follow-up", frozenset({STAFF, OFFICER})),
    ("POST", "/losses/instruct", frozenset({STAFF, OFFICER})),
    ("POST", "/audit/looks", frozenset({STAFF})),
    ("GET", "/onward", frozenset({STAFF, OFFICER})),
    ("POST", "/onward", frozenset({STAFF, OFFICER})),
    ("GET", "/trust", frozenset({STAFF})),
    ("GET", "/alerts", frozenset({STAFF, OFFICER})),
    ("POST", "/trust", frozenset()),
    ("POST", "/trust/pinned", frozenset()),
    ("POST", "/warnings", frozenset({STAFF})),
    ("GET", "/warnings", frozenset({STAFF, OFFICER})),
    ("POST", "/warnings/acknowledge", frozenset({STAFF, OFFICER})),
    ("GET", "/picture/at", frozenset({STAFF, OFFICER})),
    ("GET", "/history/events", frozenset({STAFF, OFFICER})),
    ("POST", "/bundle/member", frozenset({STAFF})),
    ("POST", "/warnings/retract", frozenset({STAFF})),
    ("PUT", "/clock", frozenset({DIRECTOR})),
    ("GET", "/timings", frozenset({DIRECTOR})),
    ("GET", "/status", frozenset({STAFF, DIRECTOR})),
    ("GET", "/sensors", frozenset({STAFF})),
    ("GET", "/map", frozenset({STAFF, OFFICER})),
    ("GET", "/agreements", frozenset({STAFF, OFFICER})),
    ("GET", "/agreements/matrix", frozenset({STAFF, OFFICER})),
    ("GET", "/agreements/text", frozenset({STAFF, OFFICER})),
    ("POST", "/agreements/what-if", frozenset({STAFF, OFFICER})),
    ("POST", "/agreements", frozenset({STAFF, OFFICER})),
    ("POST", "/agreements/remove", frozenset({STAFF, OFFICER})),
    ("GET", "/clock", frozenset({INTAKE, STAFF, READER, DIRECTOR, OFFICER})),
    ("GET", "/health", frozenset({INTAKE, STAFF, READER, DIRECTOR, OFFICER})),
    ("GET", "/metrics", frozenset({STAFF, DIRECTOR})),
    ("GET", "/openapi.json", frozenset({INTAKE, STAFF, READER, DIRECTOR, OFFICER})),
]


@pytest.mark.parametrize(("method", "path", "may"), ROLES, ids=[f"{row[0]} {row[1]}" for row in ROLES])
def test_each_role_may_do_its_own_work_and_no_other(method: str, path: str, may: frozenset[str]) -> None:
    for token in (INTAKE, STAFF, READER, DIRECTOR, OFFICER):
        answer = asyncio.run(ask(node_app(FakeNode(endless=False), node_access()), method, path, token))
        assert (answer.status_code != 403) is (token in may)
        if token not in may:
            assert "this token's role may not do this: it takes " in error_of(answer)


def test_the_table_of_roles_has_every_operation() -> None:
    told = asyncio.run(ask(application(), "GET", "/openapi.json", STAFF)).json()
    operations = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert operations == {(method, path) for method, path, _ in ROLES}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/health/", 404),
        ("GET", "//health", 404),
        ("GET", "/health/%2E%2E/status", 404),
        ("POST", "/nothing", 404),
        ("POST", "/health", 405),
        ("DELETE", "/clock", 405),
        ("OPTIONS", "/intake", 405),
        ("TRACE", "/health", 405),
        ("HEAD", "/stream", 405),
        ("GET", "/health?verbose=1", 400),
        ("GET", "/timings?after=1&after=2", 400),
        ("GET", "/timings?after=-1", 400),
        ("GET", "/timings?after=", 400),
        ("GET", "/timings?after=%D9%A1", 400),
        ("GET", "/timings?after=9999999999999999", 400),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(method: str, path: str, status: int) -> None:
    token = DIRECTOR if "timings" in path else STAFF
    answer = asyncio.run(ask(application(), method, path, token))
    assert answer.status_code == status
    if method != "HEAD":
        assert error_of(answer)
    if status == 405:
        assert "GET" in answer.headers["allow"] or answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/health", "/picture", "/nothing", "/metrics"])
@pytest.mark.parametrize("token", ["", STAFF])
def test_every_answer_has_the_security_headers(path: str, token: str) -> None:
    answer = asyncio.run(ask(application(), "GET", path, token))
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_refused_attempt_is_one_line_without_the_token_and_a_flood_of_them_is_not() -> None:
    async def flood() -> None:
        app = application()
        for number in range(50):
            await ask(app, "GET", "/health%0A%1B[2J", headers={"authorization": f"Bearer {number:064x}"})

    with structlog.testing.capture_logs() as lines:
        asyncio.run(flood())
    assert len(lines) == 20
    for line in lines:
        assert line["status"] == 401
        assert str(line["path"]).isprintable()
        assert "000000" not in str(line)


def test_secrets_mask_themselves() -> None:
    for access in (node_access(), page_access()):
        for secret in (INTAKE, STAFF, READER, DIRECTOR, OFFICER, PAGE, CODE):
            assert secret not in repr(access)
    assert "reader:OBS" in repr(node_access())


@pytest.mark.parametrize(
    ("tokens", "code", "words"),
    [
        ({"staff": ""}, None, "hex digits"),
        ({"staff": "ab" * 15}, None, "hex digits"),
        ({"staff": "ab" * 300}, None, "hex digits"),
        ({"staff": "zz" * 32}, None, "hex digits"),
        ({"staff": "password password password password"}, None, "hex digits"),
        ({"staff": STAFF, "intake": STAFF}, None, "the same token"),
        ({"page": PAGE}, PAGE, "the same token"),
        ({"page": PAGE}, "1234", "hex digits"),
        ({"": STAFF}, None, "not a role"),
        ({"root": STAFF}, None, "not a role"),
        ({"reader:": STAFF}, None, "not a role"),
        ({"reader:obs": STAFF}, None, "not a role"),
        ({"reader": STAFF}, None, "not a role"),
    ],
)
def test_a_token_that_is_no_secret_is_refused(tokens: dict[str, str], code: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        Access(tokens, code=code)
    assert STAFF not in str(caught.value)


def test_a_role_may_be_named_as_its_key_file_is() -> None:
    app = node_app(node := FakeNode(), Access({"reader-OBS": READER}))
    assert asyncio.run(ask(app, "GET", "/picture", READER)).status_code == 200
    assert node.readers == ["OBS"]


# --- sessions ---


def page() -> Any:
    return observer_app(Observer(), FakeDirector(), page_access())


def cookie_of(answer: Any) -> str:
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= {part.strip() for part in given.split(";")}
    return str(given.split(";")[0])


def test_the_code_opens_a_session_again_and_again_and_the_session_everything() -> None:
    app = page()
    for _ in range(2):
        cookie = cookie_of(asyncio.run(ask(app, "GET", f"/enter?code={CODE}")))
        assert CODE not in cookie
        for path in ("/", "/api/state", "/health", "/metrics", "/openapi.json"):
            assert asyncio.run(ask(app, "GET", path, headers={"cookie": f"a=b; {cookie}"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/enter", {}, 403),
        ("/enter?code=", {}, 403),
        (f"/enter?code={'0' * 64}", {}, 403),
        (f"/enter?code={CODE[:-2]}", {}, 403),
        (f"/enter?code={PAGE}", {}, 403),
        (f"/enter?code={CODE}&code={CODE}", {}, 400),
        (f"/enter?code={CODE}&next=http://evil.example", {}, 400),
        (f"/enter?code={CODE}", {"host": "evil.example"}, 421),
        (f"/enter?code={CODE}", {"origin": "http://evil.example"}, 403),
        ("/", {}, 401),
        (f"/?code={CODE}", {}, 401),
        ("/enter/", {}, 401),
        ("/api/state", {}, 401),
        ("/assets/index-12345678.js", {}, 401),
        ("/api/state", {"cookie": "trilat_session=0"}, 401),
        ("/api/state", {"cookie": f"trilat_session={CODE}"}, 401),
        ("/api/state", {"cookie": f"trilat_session={PAGE}"}, 401),
        ("/api/state", {"authorization": f"Bearer {CODE}"}, 401),
    ],
)
def test_without_code_session_or_token_there_is_nothing(
    path: str, headers: dict[str, str], status: int
) -> None:
    answer = asyncio.run(ask(page(), "GET", path, headers=headers))
    assert answer.status_code == status
    assert error_of(answer)
    assert "set-cookie" not in answer.headers


def test_a_session_of_another_start_is_no_session() -> None:
    cookie = cookie_of(asyncio.run(ask(page(), "GET", f"/enter?code={CODE}")))
    assert asyncio.run(ask(page(), "GET", "/api/state", headers={"cookie": cookie})).status_code == 401


def test_the_page_may_ask_its_own_origin_and_no_other_page_may() -> None:
    app = page()
    for origin, status in (("127.0.0.1:8000", 200), ("127.0.0.1:8001", 403), ("localhost", 403)):
        answer = asyncio.run(ask(app, "GET", "/api/state", PAGE, {"origin": f"http://{origin}"}))
        assert answer.status_code == status
