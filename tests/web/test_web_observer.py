"""The observer over real servers on loopback: what it puts together, and what it makes of nodes that fail."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
from tests.web.fakes import (
    NOW_NS,
    PAGE,
    READER,
    STAFF,
    FakeDirector,
    FakeNode,
    Listener,
    decision,
    listening,
    node_access,
    opened,
    page_access,
    picture,
    shown,
    sight,
    until,
)

from trilat.web import Feed, Observer, Served, Streams, node_app, observer_app, serve

S = 10**9


def node(party: str = "KOR", **fields: Any) -> FakeNode:
    events = [opened(), picture(changed=[shown(f"{party}-1", lat=1.0, lon=2.0)], sights=[sight("1")])]
    return FakeNode(**{"party": party, "events": events, **fields})


async def serving(node: FakeNode, port: int = 0, **limits: Any) -> Served:
    return await serve(node_app(node, node_access(), streams=Streams(**limits)), port=port)


@asynccontextmanager
async def watching(nodes: Mapping[str, FakeNode], **how: Any) -> AsyncIterator[tuple[Observer, list[Served]]]:
    served = [await serving(node) for node in nodes.values()]
    observer = Observer(**how)
    await observer.watch({party: Feed(at.address, READER) for party, at in zip(nodes, served, strict=True)})
    try:
        yield observer, served
    finally:
        await observer.stop()
        for at in served:
            await at.stop()


def ids(observer: Observer, party: str) -> list[str]:
    return [item["id"] for item in observer.panes()[party]["items"]]


def test_each_party_has_its_own_pane_as_its_node_says() -> None:
    async def main() -> None:
        nodes = {party: node(party) for party in ("JPN", "KOR", "USA")}
        async with watching(nodes) as (observer, _):
            await until(lambda: all(observer.panes()[party]["items"] for party in nodes))
            assert all(ids(observer, party) == [f"{party}-1"] for party in nodes)
            assert observer.heard() == dict.fromkeys(nodes, True)
            nodes["KOR"].more.put_nowait(picture(NOW_NS + S, changed=[shown("KOR-2")], gone=["KOR-1"]))
            nodes["KOR"].more.put_nowait(("decisions", {"decisions": [decision(1), decision(2)]}))
            await until(lambda: observer.panes()["KOR"]["decisions"])
            pane = observer.panes()["KOR"]
            assert pane["at_ns"] == NOW_NS + S
            assert ids(observer, "KOR") == ["KOR-2"]
            assert [row["number"] for row in pane["decisions"]] == [2, 1]
            assert list(pane["trails"]) == ["sight:1"]
            assert ids(observer, "USA") == ["USA-1"]
            assert nodes["KOR"].readers == ["OBS"]

    asyncio.run(main())


def test_a_node_that_dies_is_not_heard_keeps_its_picture_and_comes_back_whole() -> None:
    async def main() -> None:
        async with watching({"KOR": node(), "USA": node("USA")}, silence_s_max=0.5) as (observer, served):
            await until(lambda: ids(observer, "KOR") and ids(observer, "USA"))
            await served[0].stop()
            await until(lambda: not observer.heard()["KOR"])
            assert ids(observer, "KOR") == ["KOR-1"]
            served[0] = await serving(
                node(events=[opened(), picture(changed=[shown("KOR-9")])]), served[0].port
            )
            await until(lambda: observer.heard()["KOR"] and ids(observer, "KOR") == ["KOR-9"])

    asyncio.run(main())


def test_a_node_that_hangs_is_not_heard_after_a_while_and_its_comments_are_enough() -> None:
    async def main() -> None:
        silent = await serving(node(), keep_alive_s=60.0)
        polite = await serving(node("USA"), keep_alive_s=0.1)
        observer = Observer(silence_s_max=0.6)
        await observer.watch({"KOR": Feed(silent.address, READER), "USA": Feed(polite.address, READER)})
        await until(lambda: all(observer.heard().values()))
        await until(lambda: observer.heard() == {"KOR": False, "USA": True})
        await observer.stop()
        assert observer.heard() == {"KOR": False, "USA": False}
        await silent.stop()
        await polite.stop()

    asyncio.run(main())


def test_clearing_forgets_everything_and_the_whole_picture_comes_anew() -> None:
    async def main() -> None:
        source = node()
        async with watching({"KOR": source}) as (observer, _):
            await until(lambda: ids(observer, "KOR"))
            source.more.put_nowait(("decisions", {"decisions": [decision(1)]}))
            await until(lambda: observer.panes()["KOR"]["decisions"])
            source.events = [opened(), picture(changed=[shown("KOR-new")])]
            observer.clear()
            pane = observer.panes()["KOR"]
            assert [pane[name] for name in ("items", "sights", "trails", "decisions", "at_ns")] == [
                [],
                [],
                {},
                [],
                None,
            ]
            await until(lambda: ids(observer, "KOR") == ["KOR-new"])
            assert observer.panes()["KOR"]["decisions"] == []
            await until(lambda: source.closed == 1)

    asyncio.run(main())


def test_a_node_that_moved_keeps_its_pane_and_another_in_its_place_does_not() -> None:
    async def main() -> None:
        async with watching({"KOR": node()}) as (observer, served):
            await until(lambda: ids(observer, "KOR"))
            await observer.watch(
                {"KOR": Feed("http://127.0.0.1:1", READER), "USA": Feed("http://127.0.0.1:1", READER)}
            )
            assert ids(observer, "KOR") == ["KOR-1"]
            assert ids(observer, "USA") == []
            assert not observer.heard()["KOR"]
            await observer.watch({"KOR": Feed(served[0].address, STAFF)})
            assert ids(observer, "KOR") == []
            assert list(observer.panes()) == ["KOR"]
            await until(lambda: ids(observer, "KOR"))

    asyncio.run(main())


def stranger(status: int = 200, kind: str = "text/event-stream", content: bytes = b"") -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/stream"
        assert request.headers["authorization"] == f"Bearer {READER}"
        return httpx.Response(status, headers={"content-type": kind}, content=once(content))

    async def once(part: bytes) -> AsyncIterator[bytes]:
        yield part

    return httpx.MockTransport(answer)


STRANGE: list[tuple[str, httpx.MockTransport, str]] = [
    ("refused", stranger(403), "answered 403"),
    ("sent elsewhere", stranger(307), "answered 307"),
    ("no stream", stranger(kind="text/html", content=b"<p>"), "sent no stream of events"),
    ("no JSON", stranger(content=b"event: picture\ndata: {\n\n"), "not JSON"),
    ("no object", stranger(content=b"event: picture\ndata: []\n\n"), "is not an object"),
    ("ended", stranger(content=b"event: closed\ndata: {}\n\n"), "it ended"),
]


@pytest.mark.parametrize(("case", "transport", "words"), STRANGE, ids=[row[0] for row in STRANGE])
def test_a_node_that_is_no_node_is_asked_again_and_told_of_once(
    case: str, transport: httpx.MockTransport, words: str
) -> None:
    del case

    async def main() -> None:
        observer = Observer(transport=transport)
        await observer.watch({"KOR": Feed("http://127.0.0.1:1", READER)})
        await asyncio.sleep(0.8)
        await observer.stop()
        assert ids(observer, "KOR") == []

    with structlog.testing.capture_logs() as lines:
        asyncio.run(main())
    assert 1 <= len(lines) <= 3
    assert words in lines[0]["why"]
    assert READER not in str(lines)


def test_what_a_node_sends_amiss_is_told_once_a_stream_and_the_rest_is_shown() -> None:
    bad = picture(changed=[shown("KOR-good"), shown("KOR-bad", lat=100.0)])
    source = node(events=[opened(), bad, bad, ("what is this", {"a": 1}), picture(NOW_NS + S)])

    async def main() -> None:
        async with watching({"KOR": source}) as (observer, _):
            await until(lambda: observer.panes()["KOR"]["at_ns"] == NOW_NS + S)
            assert ids(observer, "KOR") == ["KOR-good"]

    with structlog.testing.capture_logs() as lines:
        asyncio.run(main())
    amiss = [line for line in lines if line["event"] == "left out what does not fit"]
    assert [line["count"] for line in amiss] == [1]
    assert "`$.lat`" in amiss[0]["why"]


def test_a_feed_masks_its_token() -> None:
    assert READER not in repr(Feed("http://127.0.0.1:1", READER))


# --- pages ---


def apply(state: dict[str, Any], event: str, data: dict[str, Any]) -> None:
    """What a page does with an event."""
    pane = state["panes"][data["party"]]
    if event == "decisions":
        pane["decisions"] = [*reversed(data["decisions"]), *pane["decisions"]][:200]
        return
    for listed, name, changed, gone in (
        ("items", "id", "changed", "gone"),
        ("sights", "key", "sights", "sights_gone"),
    ):
        held = {entry[name]: entry for entry in pane[listed]}
        held.update({entry[name]: entry for entry in data[changed]})
        pane[listed] = [entry for key, entry in held.items() if key not in data[gone]]
    pane["at_ns"], pane["up"] = data["at_ns"], data["up"]


async def follow(page: Listener, state: dict[str, Any], until_at_ns: int) -> dict[str, Any]:
    """The state of a page that uses everything that it is told."""
    while not state or state["panes"]["KOR"]["at_ns"] != until_at_ns:
        event, data = await page.next()
        if event == "state":
            state = data
        elif event in {"pane", "decisions"}:
            apply(state, event, data)
    return state


def without_trails(panes: dict[str, Any]) -> dict[str, Any]:
    return {
        party: {name: value for name, value in pane.items() if name != "trails"}
        for party, pane in panes.items()
    }


def test_a_page_that_follows_the_changes_has_what_the_observer_has() -> None:
    async def main() -> None:
        source = node()
        async with watching({"KOR": source}) as (observer, _):
            app = observer_app(observer, FakeDirector(), page_access())
            async with listening(app, "/api/stream", PAGE) as page:
                event, state = await page.next()
                assert event == "state"
                assert state["title"] == "Drill"
                assert (await page.next())[0] == "pace"
                for number in range(1, 6):
                    changed = [shown(f"KOR-{number}", lat=float(number), lon=0.0)]
                    gone = [f"KOR-{number - 2}"]
                    source.more.put_nowait(picture(NOW_NS + number * S, changed=changed, gone=gone))
                    source.more.put_nowait(("decisions", {"decisions": [decision(number)]}))
                source.more.put_nowait(picture(NOW_NS + 99 * S))
                state = await follow(page, state, NOW_NS + 99 * S)
                assert without_trails(state["panes"]) == without_trails(observer.panes())
                assert [item["id"] for item in state["panes"]["KOR"]["items"]] == ["KOR-4", "KOR-5"]

    asyncio.run(main())


def test_a_page_that_is_too_slow_gets_the_state_instead_of_what_it_missed() -> None:
    async def main() -> None:
        source = node()
        async with watching({"KOR": source}, page_events_max=5) as (observer, _):
            app = observer_app(observer, FakeDirector(), page_access(), streams=Streams(send_s_max=60.0))
            async with (
                listening(app, "/api/stream", PAGE) as slow,
                listening(app, "/api/stream", PAGE) as quick,
            ):
                state = (await slow.next())[1]
                slow.reads.clear()
                for number in range(1, 51):
                    source.more.put_nowait(picture(NOW_NS + number * S, changed=[shown(f"KOR-{number}")]))
                    await asyncio.sleep(0.002)
                await until(lambda: observer.panes()["KOR"]["at_ns"] == NOW_NS + 50 * S)
                assert observer.pages_behind >= 1
                slow.reads.set()
                state = await follow(slow, state, NOW_NS + 50 * S)
                assert without_trails(state["panes"]) == without_trails(observer.panes())
                state = await follow(quick, {}, NOW_NS + 50 * S)
                assert without_trails(state["panes"]) == without_trails(observer.panes())

    asyncio.run(main())


def test_a_page_is_told_the_pace_every_second_and_what_changes_at_once() -> None:
    async def main() -> None:
        director = FakeDirector()
        app = observer_app(Observer(), director, page_access())
        async with listening(app, "/api/stream", PAGE) as page:
            assert (await page.next())[0] == "state"
            for _ in range(3):
                async with asyncio.timeout(5):
                    assert await page.next() == (
                        "pace",
                        {"now_ns": NOW_NS, "speed": 20.0, "paused": False, "phase": "running", "message": ""},
                    )
            director.now["links"] = [{"from": "KOR", "to": "USA", "up": False}]
            director.now["paused"] = True
            found = [await page.next(), await page.next()]
            while found[-2][0] != "links":
                found.append(await page.next())
            assert found[-2][1] == {"links": [{"from": "KOR", "to": "USA", "up": False}]}
            assert found[-1][1]["paused"] is True
            director.now["regime"] = "direct-2016"
            while (event := await page.next())[0] != "state":
                assert event[0] == "pace"
            assert event[1]["regime"] == "direct-2016"

    asyncio.run(main())


def test_clearing_gives_every_open_page_the_whole_state() -> None:
    async def main() -> None:
        async with watching({"KOR": node()}) as (observer, _):
            app = observer_app(observer, FakeDirector(), page_access())
            await until(lambda: ids(observer, "KOR"))
            async with listening(app, "/api/stream", PAGE) as page:
                assert (await page.next())[1]["panes"]["KOR"]["items"]
                observer.clear()
                while (event := await page.next())[0] != "state":
                    assert event[0] in {"pace", "pane"}
                assert event[1]["panes"]["KOR"]["trails"] == {}

    asyncio.run(main())
