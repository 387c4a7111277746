"""Serving on a real socket: addresses, refusals, and an end within a second however many listen."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from tests.web.fakes import INTAKE, READER, STAFF, FakeNode, node_access, until

from trilat.model import UsageError
from trilat.node import is_loopback
from trilat.web import Served, node_app, serve


@asynccontextmanager
async def served(node: FakeNode | None = None, **where: Any) -> AsyncIterator[Served]:
    at = await serve(node_app(node or FakeNode(), node_access()), **where)
    try:
        yield at
    finally:
        await at.stop()


async def refused(**where: Any) -> None:
    async with served(**where):
        raise AssertionError("it was served")


def client(at: Served, token: str = STAFF) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=at.address, headers=headers, trust_env=False)


async def first_line(at: Served, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.readline()
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_it_answers_at_the_address_that_it_names(host: str) -> None:
    async def main() -> None:
        async with served(host=host) as at, client(at) as asking:
            assert at.port > 0
            assert at.address == f"http://{host}:{at.port}"
            answer = await asking.get("/health")
            # 127.0.0.2 is loopback, but nobody listed it as a name of this service.
            assert answer.status_code == (421 if host == "127.0.0.2" else 200)
            assert "server" not in answer.headers
        async with client(at) as asking:
            with pytest.raises(httpx.ConnectError):
                await asking.get("/health")

    asyncio.run(main())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "node.example", "", "127.0.0.1.example"])
def test_beyond_loopback_somebody_must_have_said_so(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(UsageError, match="can be reached from other machines"):
        asyncio.run(refused(host=host))


def test_with_leave_it_listens_everywhere() -> None:
    async def main() -> None:
        async with (
            served(host="0.0.0.0", allow_remote=True) as at,
            httpx.AsyncClient(trust_env=False) as asking,
        ):
            url = f"http://127.0.0.1:{at.port}/health"
            assert (await asking.get(url, headers={"authorization": f"Bearer {STAFF}"})).status_code == 200

    asyncio.run(main())


def test_a_taken_port_and_an_address_elsewhere_are_refused_in_one_line() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="cannot be had: address already in use"),
    ):
        asyncio.run(refused(port=taken.getsockname()[1]))
    with pytest.raises(UsageError, match="cannot be had"):
        asyncio.run(refused(host="192.0.2.1", allow_remote=True))
    with pytest.raises(UsageError, match=r"192\.0\.2\.1:99999"):
        asyncio.run(refused(host="192.0.2.1", port=99_999, allow_remote=True))


def test_it_ends_within_a_second_and_every_reader_is_told() -> None:
    async def main() -> None:
        node = FakeNode()
        at = await serve(node_app(node, node_access()))
        lines: list[list[str]] = [[], [], []]

        async def read(into: list[str]) -> None:
            async with client(at, READER) as asking, asking.stream("GET", "/stream") as answer:
                into.extend([line async for line in answer.aiter_lines()])

        readers = [asyncio.create_task(read(into)) for into in lines]
        await until(lambda: len(node.readers) == 3)
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await at.stop()
        # A second is promised; a busy machine gets more.
        assert loop.time() - begun_s < 10.0
        await asyncio.gather(*readers)
        for told in lines:
            assert told[0] == "event: opened"
            assert told[-3:-1] == ["event: closed", 'data: {"reason":"this service is stopping"}']
        assert node.closed == 3

    asyncio.run(main())


def test_a_reader_that_reads_nothing_does_not_hold_up_the_end() -> None:
    async def main() -> None:
        node = FakeNode(events=[("opened", {}), *[("picture", {"text": "a" * 500_000})] * 40])
        at = await serve(node_app(node, node_access()))
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port, limit=1)
        request = f"GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {READER}\r\n\r\n"
        writer.write(request.encode())
        await reader.read(1)
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await at.stop()
        assert loop.time() - begun_s < 10.0
        assert node.closed == 1
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()

    asyncio.run(main())


def test_signals_stay_with_whoever_owns_the_process() -> None:
    async def main() -> None:
        came = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, came.set)
        async with served() as at, client(at) as asking:
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(5):
                await came.wait()
            assert (await asking.get("/health")).status_code == 200
        await at.wait()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /health HTTP/1.0\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"400"),
        (b"GET http://evil.example/health HTTP/1.1\r\nhost: evil.example\r\n\r\n", b"421"),
        (b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-forwarded-for: 1.2.3.4\r\n\r\n", b"401"),
        (b"GET //health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", b"401"),
        (b"\x16\x03\x01\x00\xa5hello\r\n\r\n", b"400"),
        (
            b"GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
            b"401",
        ),
    ],
)
def test_what_is_no_proper_request_is_refused_and_the_service_goes_on(
    request_bytes: bytes, status: bytes
) -> None:
    async def main() -> None:
        async with served() as at, client(at) as asking:
            assert (await first_line(at, request_bytes)).split()[1] == status
            assert (await asking.get("/health")).status_code == 200

    asyncio.run(main())


def test_a_body_that_is_too_large_is_answered_before_it_was_sent() -> None:
    async def main() -> None:
        node = FakeNode()
        async with served(node) as at:
            head = f"POST /intake HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {INTAKE}\r\n"
            head += "idempotency-key: a\r\ncontent-length: 999999999\r\n\r\n"
            assert b"413" in await first_line(at, head.encode())
            assert not node.aside

    asyncio.run(main())
