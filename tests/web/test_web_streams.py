"""Streams to readers: order, comments, and every way in which one ends."""

import asyncio
from typing import Any

import pytest
import structlog
from tests.web.fakes import READER, STAFF, FakeNode, Listener, listening, node_access, opened, picture, until

from trilat.model import LedgerError, UsageError
from trilat.web import Streams, node_app
from trilat.web.answers import FAULT_LINE


def application(node: FakeNode, **limits: Any) -> Any:
    return node_app(node, node_access(), streams=Streams(**limits))


def test_events_come_in_order_and_each_when_it_happens() -> None:
    async def main() -> None:
        node = FakeNode()
        app = application(node)
        async with listening(app, "/stream", READER) as reader:
            assert await reader.next() == opened()
            assert await reader.next() == picture()
            for at_ns in (5, 6, 7):
                node.more.put_nowait(picture(at_ns, changed=[{"text": "a\nb\r\u2028"}]))
                assert await reader.next() == picture(at_ns, changed=[{"text": "a\nb\r\u2028"}])
            assert len(app.state.streams) == 1
        assert len(app.state.streams) == 0

    asyncio.run(main())


def test_a_silent_stream_says_that_it_lives() -> None:
    async def main() -> None:
        app = application(FakeNode(), keep_alive_s=0.02)
        async with listening(app, "/stream", READER) as reader:
            await until(lambda: reader.comments >= 3)

    asyncio.run(main())


def test_a_reader_who_leaves_ends_the_source_at_once() -> None:
    async def main() -> None:
        node = FakeNode()
        reader = Listener(application(node), "/stream", READER)
        await reader.next()
        reader.leave()
        await reader.end()
        assert node.closed == 1
        assert not reader.whole

    asyncio.run(main())


ENDS: list[tuple[Any, str]] = [
    (None, "there is nothing more to follow"),
    (("closed", {"reason": "the decision changed"}), "the decision changed"),
    (UsageError("no agreement lets `OBS` read any more", refused=True), "no agreement lets `OBS` read"),
    (LedgerError("disk full"), "disk full"),
    (RuntimeError("secret"), FAULT_LINE),
    (TimeoutError("secret"), FAULT_LINE),
]


@pytest.mark.parametrize(("last", "words"), ENDS, ids=[words for _, words in ENDS])
def test_whatever_ends_a_stream_is_told_as_closed_once(last: Any, words: str) -> None:
    async def main() -> None:
        node = FakeNode()
        reader = Listener(application(node), "/stream", READER)
        assert [await reader.next(), await reader.next()] == [opened(), picture()]
        node.more.put_nowait(last)
        name, data = await reader.next()
        assert name == "closed"
        assert words in data["reason"]
        await reader.end()
        assert reader.whole
        assert reader.events.empty()
        assert node.closed == 1

    with structlog.testing.capture_logs() as lines:
        asyncio.run(main())
    assert bool(lines) is (words == FAULT_LINE)


def test_a_reader_who_takes_nothing_is_given_up() -> None:
    async def main() -> None:
        node = FakeNode()
        app = application(node, send_s_max=0.05)
        reader = Listener(app, "/stream", READER)
        await reader.next()
        reader.reads.clear()
        node.more.put_nowait(picture(5))
        await until(lambda: node.closed)
        assert len(app.state.streams) == 0
        reader.reads.set()
        await reader.end()

    asyncio.run(main())


def test_a_reader_who_is_slow_but_wakes_up_is_told_why_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.web.streams.FAREWELL_S_MAX", 10.0)

    async def main() -> None:
        node = FakeNode()
        reader = Listener(application(node, send_s_max=0.1), "/stream", READER)
        await reader.next()
        await reader.next()
        reader.reads.clear()
        node.more.put_nowait(picture(5))
        await asyncio.sleep(0.3)
        reader.reads.set()
        name, data = await reader.next()
        assert name == "closed"
        assert "connect again" in data["reason"]
        await reader.end()

    asyncio.run(main())


def test_closing_the_service_ends_every_stream_with_its_reason_and_takes_no_more() -> None:
    async def main() -> None:
        node = FakeNode()
        app = application(node)
        readers = [Listener(app, "/stream", token) for token in (READER, STAFF)]
        for reader in readers:
            await reader.next()
            await reader.next()
        app.state.streams.close()
        for reader in readers:
            assert await reader.next() == ("closed", {"reason": "this service is stopping"})
            await reader.end()
        assert node.closed == 2
        late = Listener(app, "/stream", READER)
        await late.end()
        assert late.status == 503

    asyncio.run(main())


def test_there_are_only_so_many_streams_and_one_that_ends_makes_room() -> None:
    async def main() -> None:
        node = FakeNode()
        app = application(node, streams_max=1)
        async with listening(app, "/stream", READER) as first:
            await first.next()
            second = Listener(app, "/stream", READER)
            await second.end()
            assert second.status == 503
        async with listening(app, "/stream", READER) as third:
            assert await third.next() == opened()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("nothing is released to `OBS`", refused=True), 403),
        (LedgerError("disk full"), 503),
        (RuntimeError("secret"), 500),
    ],
)
def test_a_refusal_at_the_first_step_is_a_status_and_leaves_nothing_open(
    error: Exception, status: int
) -> None:
    async def main() -> None:
        app = application(FakeNode(error=error))
        reader = Listener(app, "/stream", READER)
        await reader.end()
        assert reader.status == status
        assert len(app.state.streams) == 0

    asyncio.run(main())


def test_a_source_that_has_nothing_is_refused() -> None:
    async def main() -> None:
        app = application(FakeNode(events=[], endless=False))
        reader = Listener(app, "/stream", READER)
        await reader.end()
        assert reader.status == 503
        assert len(app.state.streams) == 0

    asyncio.run(main())


def test_a_fault_while_the_source_is_closed_harms_nobody() -> None:
    class Clumsy(FakeNode):
        async def stream(self, reader: str, person: str = "") -> Any:  # noqa: ARG002
            try:
                yield opened(reader)
                await asyncio.sleep(60)
            finally:
                raise RuntimeError("secret")

    async def main() -> None:
        reader = Listener(application(Clumsy()), "/stream", READER)
        await reader.next()
        reader.leave()
        await reader.end()

    with structlog.testing.capture_logs() as lines:
        asyncio.run(main())
    assert [line["event"] for line in lines] in ([], ["fault in a stream's end"])
