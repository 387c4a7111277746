"""`serve`: an application on an address, until it is told to stop.

Whoever owns the process handles its signals; a server here has no opinion on them. Stopping ends open streams
first, each with its reason, so that it takes a second at most. The traffic is plain HTTP: beyond loopback it
needs something before it that speaks TLS, and somebody who said so.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette

from trilat.model import UsageError
from trilat.node import is_loopback
from trilat.web.connections import Connection
from trilat.web.streams import Streams

STOP_S_MAX: Final = 1
HEADER_BYTES_MAX: Final = 16_384
UNREAD_MS_MAX: Final = 15_000
"""A connection whose peer takes nothing for this long is given up by the system, milliseconds."""


class _Server(uvicorn.Server):
    """Uvicorn's server without its handling of signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


class Served:
    """An application that is being served."""

    def __init__(self, server: _Server, host: str, port: int, streams: Streams | None) -> None:
        """What `serve` gives."""
        self.host = host
        self.port = port
        self._server = server
        self._streams = streams
        self._task: asyncio.Task[None]

    @property
    def address(self) -> str:
        """Where it is: `http://HOST:PORT`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def begin(self, listener: socket.socket) -> None:
        """Answer what comes to a socket."""
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="serve")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """End open streams, answer what was asked, and take nothing more."""
        if self._streams is not None:
            self._streams.close()
        self._server.should_exit = True
        await asyncio.wait({self._task})
        self._task.result()

    async def wait(self) -> None:
        """Until it is stopped; what ended it otherwise is raised."""
        await asyncio.wait({self._task})
        self._task.result()


async def serve(
    app: Starlette, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False
) -> Served:
    """Serve an application; it takes requests when this returns.

    Args:
        app: with its streams in `state.streams`, where it has any.
        host: an address of this machine.
        port: 0 takes any that is free.
        allow_remote: whether others than this machine may come.

    Raises:
        UsageError: the host is not loopback and nobody allowed that, or the address cannot be had.
    """
    if not allow_remote and not is_loopback(host):
        raise UsageError(
            f"`{host}` can be reached from other machines, in plain HTTP: allow it by name, or use 127.0.0.1"
        )
    listener = _listener(host, port)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_S_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
    )
    served = Served(
        _Server(config),
        host,
        int(listener.getsockname()[1]),
        getattr(app.state, "streams", None),
    )
    try:
        await served.begin(listener)
    except BaseException:
        listener.close()
        raise
    return served


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise UsageError(f"`{host}:{port}` is no address of this machine: {_why(error)}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS_MAX)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"`{host}:{port}` cannot be had: {_why(error)}") from error
    return listener


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
