"""A TCP proxy on loopback that can be cut, mended, and made a black hole: a link's cable, for tests."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

_CHUNK_BYTES = 65_536


class Proxy:
    """Passes connections on to a target. Used on one event loop.

    `cut` closes what is open and refuses what comes; `black_hole` keeps everything open and passes nothing;
    `mend` ends both.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._target = 0
        self._passes = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.connections = 0

    async def start(self, target: int) -> int:
        """The port that leads to the port `target`; the same one for as long as the proxy lives."""
        self._target = target
        self._passes.set()
        await self._listen()
        return self.port

    async def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def mend(self) -> None:
        """Pass on again what comes, and what waits in open connections."""
        self._passes.set()
        if self._server is None:
            await self._listen()

    def black_hole(self) -> None:
        """Leave connections open, and take new ones, but let nothing through."""
        self._passes.clear()

    async def stop(self) -> None:
        """Close everything."""
        await self.cut()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        onward = None
        try:
            await self._passes.wait()
            from_target, onward = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(onward)
            await asyncio.gather(self._pass(reader, onward), self._pass(from_target, writer))
        except (OSError, asyncio.CancelledError):
            # The proxy was cut, or one side closed: for a test both are what it wanted.
            pass
        finally:
            self._tasks.discard(task)
            for one in (writer, onward):
                if one is not None:
                    self._writers.discard(one)
                    one.close()
                    with contextlib.suppress(OSError):
                        await one.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            await self._passes.wait()
            writer.write(chunk)
            await writer.drain()
        # The end of one direction ends the other too.
        raise ConnectionResetError


def free_port() -> int:
    """A port on loopback that nobody has now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports() -> Iterator[int]:
    """Ports as of `free_port`, each another."""
    given: set[int] = set()
    while True:
        port = free_port()
        if port not in given:
            given.add(port)
            yield port
