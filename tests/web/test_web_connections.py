"""Clients that are slow, silent, many or speak no HTTP: answered or closed in time, and the node goes on."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from tests.web.fakes import INTAKE, READER, STAFF, FakeNode, node_access

from trilat.web import Served, connections, node_app, serve

HEAD_S = 0.4
SOON_S = 6.0
"""Also where the machine has much else to do; what trickles in would take longer."""

MANY = 300


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S_MAX", HEAD_S)


def play(act: Callable[[Served], Awaitable[None]], *, endless: bool = True) -> None:
    async def main() -> None:
        at = await serve(node_app(FakeNode(endless=endless), node_access()))
        try:
            async with asyncio.timeout(60):
                await act(at)
                assert await healthy(at)
        finally:
            await at.stop()

    asyncio.run(main())


async def healthy(at: Served) -> bool:
    async with httpx.AsyncClient(base_url=at.address, trust_env=False) as asking:
        answer = await asking.get("/health", headers={"authorization": f"Bearer {STAFF}"})
    return answer.status_code == 200


@asynccontextmanager
async def opened(at: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(HEAD_S / 4)


async def rest(reader: asyncio.StreamReader) -> bytes:
    read = b""
    with suppress(ConnectionError):
        while part := await reader.read(1_000):
            read += part
    return read


def refusal(answer: bytes, status: int) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"content-type: application/json" in head
    told = json.loads(body)
    assert set(told) == {"error"}
    text: str = told["error"]
    assert text.isprintable()
    return text


HEAD = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n" + b"x-slow: " + b"a" * 2_000


@pytest.mark.parametrize("begun", [b"", b"G", HEAD], ids=["silent", "one byte", "most of a head"])
def test_a_head_that_does_not_end_is_answered_and_closed_in_time(begun: bytes) -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            began_s = time.monotonic()
            writer.write(begun)
            answer = await rest(reader)
            assert HEAD_S * 0.9 <= time.monotonic() - began_s < SOON_S
            if begun:
                assert "no whole request came within" in refusal(answer, 408)
            else:
                assert answer == b""

    play(act)


def test_bytes_that_trickle_in_do_not_make_the_time_longer() -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            began_s = time.monotonic()
            dripping = asyncio.create_task(drip(writer, HEAD))
            answer = await rest(reader)
            assert time.monotonic() - began_s < SOON_S
            refusal(answer, 408)
            dripping.cancel()

    play(act)


def test_the_second_head_on_a_connection_has_no_more_time_than_the_first() -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            writer.write(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert b"401" in await reader.readline()
            dripping = asyncio.create_task(drip(writer, HEAD))
            began_s = time.monotonic()
            assert b"HTTP/1.1 408 " in await rest(reader)
            assert time.monotonic() - began_s < SOON_S
            dripping.cancel()

    play(act)


def test_what_remains_of_a_body_that_was_refused_does_not_hold_the_connection() -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            head = f"POST /intake HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {INTAKE}\r\n"
            writer.write(head.encode() + b"idempotency-key: a\r\ncontent-length: 999999999\r\n\r\n")
            dripping = asyncio.create_task(drip(writer, b"a" * 10_000))
            began_s = time.monotonic()
            assert (await rest(reader)).startswith(b"HTTP/1.1 413 ")
            assert time.monotonic() - began_s < SOON_S
            dripping.cancel()

    play(act)


def test_a_stream_that_is_being_read_is_not_cut() -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            asked = f"GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {READER}\r\n\r\n"
            writer.write(asked.encode())
            assert b"200" in await reader.readline()
            await asyncio.sleep(HEAD_S * 3)
            assert not reader.at_eof()

    play(act)


def test_of_many_silent_connections_those_beyond_the_limit_are_turned_away_at_once() -> None:
    async def act(at: Served) -> None:
        async def silent() -> bytes:
            async with opened(at) as (reader, _):
                return await rest(reader)

        began_s = time.monotonic()
        answers = await asyncio.gather(*(silent() for _ in range(MANY)))
        assert time.monotonic() - began_s < 20
        away = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
        assert len(away) == MANY - connections.CONNECTIONS_MAX
        assert "connections are open, which is the limit" in refusal(away[0], 503)
        assert answers.count(b"") == connections.CONNECTIONS_MAX

    play(act)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x00\xa5hello\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"POST /intake HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /intake HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET /" + b"a" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000,
    ],
)
def test_what_is_no_request_is_one_line_of_json(sent: bytes) -> None:
    async def act(at: Served) -> None:
        async with opened(at) as (reader, writer):
            writer.write(sent)
            assert refusal(await rest(reader), 400) in {connections.NO_REQUEST, "write one Host header"}

    play(act)
