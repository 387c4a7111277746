"""The page at a node's own door: its files are anybody's and hold nothing; the clock beside the stream."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers
from tests.web.fakes import (
    NOW_NS,
    OFFICER,
    READER,
    STAFF,
    FakeNode,
    ask,
    error_of,
    listening,
    node_access,
    opened,
    picture,
    until,
)
from tests.web.test_accounts import Door, at_the_door

from trilat.model import UsageError
from trilat.web import Access, PageFiles, node_app
from trilat.web.access import SECURITY_HEADERS
from trilat.web.node_page import OVER, with_clock

FILES = {"index.html": b"<!doctype html><title>Trilat</title>", "assets/index-AbCdEf12.js": b"void 0"}


def application() -> Any:
    page = PageFiles(FILES)
    return node_app(FakeNode(), Access({"staff": STAFF}, open_paths=page.paths), page=page)


# --- files ---


@pytest.mark.parametrize("path", ["/", "/index.html", "/assets/index-AbCdEf12.js", "/?room=desk&v.a=1"])
def test_anybody_may_have_the_page_which_holds_nothing(path: str) -> None:
    answer = asyncio.run(ask(application(), "GET", path))
    assert answer.status_code == 200
    assert answer.content in FILES.values()
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/picture",
        "/stream",
        "/health",
        "/openapi.json",
        "/nothing",
        "/assets/",
        "/assets/other.js",
        "/../x",
    ],
)
def test_nothing_else_is_anybody_s(path: str) -> None:
    answer = asyncio.run(ask(application(), "GET", path))
    assert answer.status_code == 401
    assert error_of(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_page_s_paths_are_read_and_nothing_more(method: str) -> None:
    assert asyncio.run(ask(application(), method, "/")).status_code == 401
    assert asyncio.run(ask(application(), method, "/", STAFF)).status_code == 405


@pytest.mark.parametrize(
    ("name", "value", "status"), [("host", "evil.example", 421), ("origin", "http://x", 403)]
)
def test_the_page_is_given_under_its_own_name_alone(name: str, value: str, status: int) -> None:
    assert asyncio.run(ask(application(), "GET", "/", headers={name: value})).status_code == status


def test_a_built_page_lies_in_the_package_or_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    assert "/" in PageFiles.built().paths
    (tmp_path / "index.html").write_text("x")
    assert PageFiles.read(tmp_path).paths == {"/", "/index.html"}
    assert b"install Node.js" in PageFiles.read(None).contents["index.html"]


def test_who_is_not_signed_in_is_told_whose_node_this_is_and_no_more() -> None:
    async def play(door: Door) -> None:
        told = (await door.browser().ask("GET", "/session")).json()
        assert told == {
            "exercise": False,
            "party": "JPN",
            "status": "simulated",
            "provider": False,
            "signed_in": False,
        }

    at_the_door(play)


# --- the clock beside the stream ---


@pytest.mark.parametrize(("token", "keeps"), [(STAFF, True), (OFFICER, False), (READER, False)])
def test_a_page_s_stream_has_a_clock_and_links_for_who_runs_the_node(token: str, keeps: bool) -> None:
    async def read() -> None:
        app = node_app(FakeNode(), node_access())
        async with listening(app, "/stream", token) as without:
            assert [(await without.next())[0] for _ in range(2)] == ["opened", "picture"]

    async def main() -> None:
        node = FakeNode()
        async with listening_with_clock(node, token) as listener:
            assert (await listener.next())[0] == "opened"
            name, told = await listener.next()
            assert name == "clock"
            assert set(told) == {"now_ns", "speed", "problem", "links"}
            assert told["speed"] == 20.0
            assert told["problem"] == ""
            links = [{"from": "KOR", "to": "JPN", "up": False}, {"from": "KOR", "to": "USA", "up": True}]
            assert told["links"] == (links if keeps else [])
            assert await listener.next() == picture()
            # Nothing changes, and yet the line is heard.
            assert (await listener.next())[0] == "clock"

    asyncio.run(read())
    asyncio.run(main())


def listening_with_clock(node: FakeNode, token: str) -> Any:
    async def asked(scope: Any, receive: Any, send: Any) -> None:
        await node_app(node, node_access())({**scope, "query_string": b"clock=1"}, receive, send)

    return listening(asked, "/stream", token)


@pytest.mark.parametrize("query", ["clock=2", "clock=", "clock=1&clock=1", "clocks=1"])
def test_another_clock_is_refused(query: str) -> None:
    answer = asyncio.run(ask(node_app(FakeNode(), node_access()), "GET", f"/stream?{query}", STAFF))
    assert answer.status_code == 400


def test_a_refusal_is_a_status_with_a_clock_too() -> None:
    node = FakeNode(error=UsageError("nothing is released to this reader", refused=True))
    answer = asyncio.run(ask(node_app(node, node_access()), "GET", "/stream?clock=1", STAFF))
    assert answer.status_code == 403


class Source:
    """Events of a stream, and whether it was closed."""

    def __init__(self, *events: tuple[str, Any]) -> None:
        self.told = list(events)
        self.closed = False

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        try:
            for event in self.told:
                yield event
            await asyncio.Event().wait()
        finally:
            self.closed = True


async def ticking() -> dict[str, Any]:
    return {"now_ns": NOW_NS}


def test_the_stream_is_over_when_the_session_is_and_the_release_is_closed() -> None:
    async def main() -> None:
        source, left = Source(opened(), picture()), [True, True, False]
        told = [event async for event in with_clock(source.events(), ticking, lambda: left.pop(0), 0.01)]
        assert [name for name, _ in told] == ["opened", "clock", "picture", "clock", "closed"]
        assert told[-1] == ("closed", {"reason": OVER})
        assert source.closed

    asyncio.run(asyncio.wait_for(main(), 20))


def test_who_leaves_in_the_middle_closes_the_release() -> None:
    async def main() -> None:
        source = Source(opened())
        events = with_clock(source.events(), ticking, lambda: True, 60.0)
        assert (await anext(events))[0] == "opened"
        assert (await anext(events))[0] == "clock"
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        await events.aclose()
        await until(lambda: source.closed)

    asyncio.run(asyncio.wait_for(main(), 20))


def test_no_event_is_lost_between_two_ticks_of_the_clock() -> None:
    async def slowly() -> AsyncIterator[tuple[str, Any]]:
        yield opened()
        for number in range(20):
            await asyncio.sleep(0.007)
            yield "picture", {"number": number}

    async def main() -> None:
        told = [event async for event in with_clock(slowly(), ticking, lambda: True, 0.01)]
        numbers = [data["number"] for name, data in told if name == "picture"]
        assert numbers == list(range(20))
        assert sum(name == "clock" for name, _ in told) > 3

    began_s = time.monotonic()
    asyncio.run(asyncio.wait_for(main(), 20))
    assert time.monotonic() - began_s < 20


def test_a_source_that_has_nothing_to_say_ends_the_stream() -> None:
    async def nothing() -> AsyncIterator[tuple[str, Any]]:
        return
        yield

    async def main() -> None:
        assert [event async for event in with_clock(nothing(), ticking, lambda: True)] == []

    asyncio.run(main())


def test_an_account_that_is_disabled_reads_on_no_longer() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = await door.signed_in("park")
        headers = {"cookie": f"trilat_session={browser.cookie}", "host": "127.0.0.1:8000"}
        access = Access({"staff": STAFF}, people=door.people)
        assert access.may_still(Headers(headers), "watch:park")
        assert not access.may_still(Headers(headers), "officer:park")
        assert not access.may_still(Headers({"host": "127.0.0.1:8000"}), "watch:park")
        await door.setup("POST", "/accounts/disable", {"name": "park"})
        assert not access.may_still(Headers(headers), "watch:park")

    at_the_door(play)
