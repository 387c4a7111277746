"""Many bad clients of one node at once: heads and bodies that trickle in, silence, and bodies too large."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fuzzing.http import RealNode, kind_of, roles_of

CONNECTIONS: Final = 300
LARGE_BYTES: Final = 5_000_000
LARGE_AT_ONCE: Final = 24
_DRIP_S: Final = 0.25
_HEAD: Final = b"GET /status HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: " + b"a" * 4_000


@dataclass
class Crowd:
    """What became of them."""

    answers: Counter[str] = field(default_factory=Counter)
    """How many got which status; `closed` for those that were closed without an answer."""

    longest_s: float = 0.0
    grown_mb: float = 0.0
    """By how much the process grew, its clients among it."""


def crowd(real: RealNode) -> Crowd:
    """Let them come: slow and silent ones all at once, then a large body to each path that takes one, by a
    role that may send it.
    """
    told = real.ask("staff", "GET", "/openapi.json").json()
    posts = {path: methods["post"] for path, methods in told["paths"].items() if "post" in methods}
    return asyncio.run(_crowd(real, {path: _token(real, post) for path, post in posts.items()}))


def _token(real: RealNode, post: dict[str, str]) -> str:
    may = roles_of(post["description"])
    return next(token for role, token in real.tokens.items() if not may or kind_of(role) in may)


async def _crowd(real: RealNode, posts: dict[str, str]) -> Crowd:
    found = Crowd()
    before_mb = _resident_mb()
    port = int(real.address.rpartition(":")[2])
    await _gather(found, [_slow(port, number, real.tokens["intake"]) for number in range(CONNECTIONS)])
    large = [_large(port, path, token) for path, token in posts.items()]
    for first in range(0, len(large), LARGE_AT_ONCE):
        await _gather(found, large[first : first + LARGE_AT_ONCE])
    found.grown_mb = _resident_mb() - before_mb
    return found


async def _gather(found: Crowd, clients: Iterable[Coroutine[None, None, str]]) -> None:
    began_s = time.monotonic()
    found.answers.update(await asyncio.gather(*clients))
    found.longest_s = max(found.longest_s, time.monotonic() - began_s)


async def _slow(port: int, number: int, token: str) -> str:
    """A third each: silent, a head in drops, a body in drops."""
    head = f"POST /intake HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
    body = head.encode() + b"idempotency-key: a\r\ncontent-length: 1000000\r\n\r\n{"
    begun = (b"", _HEAD, body)[number % 3]
    return await _talk(port, begun, drips=number % 3 > 0)


async def _large(port: int, path: str, token: str) -> str:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
    # In pieces without a length told beforehand, so that it is found out while it is read.
    head += "idempotency-key: a\r\ntransfer-encoding: chunked\r\n\r\n"
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    return await _talk(port, head.encode() + piece * (LARGE_BYTES // 65_536), drips=False)


async def _talk(port: int, begun: bytes, *, drips: bool) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(_read(reader))
    with suppress(ConnectionError):
        writer.write(begun)
        while drips and not reading.done():
            writer.write(b" ")
            await asyncio.sleep(_DRIP_S)
    answer = await reading
    writer.transport.abort()
    if not answer:
        return "closed"
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split()[1].decode()
    assert status < "400" or set(json.loads(body)) == {"error"}, answer
    return status


async def _read(reader: asyncio.StreamReader) -> bytes:
    read = b""
    with suppress(ConnectionError):
        while part := await reader.read(4_096):
            read += part
    return read


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
