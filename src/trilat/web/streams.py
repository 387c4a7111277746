"""Streams of events to readers: `Streams` holds those that are open, each is an answer that goes on.

Rules
1. The first event is there before the answer begins: a refusal is still a status then.
2. A comment follows after 2 s without an event, so that a reader knows within 3 s that the line is dead.
3. A reader who takes nothing for 5 s is closed; what it missed, it gets as a whole when it comes back.
4. The source is closed at once when the reader goes, or the service stops; every end that can still be told
   is told as `closed`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.types import Message, Receive, Scope, Send

from trilat.model import LinkError, TrilatError
from trilat.web.answers import FAULT_LINE, refusal
from trilat.web.events import STILL_HERE, event_bytes
from trilat.web.operations import EVENTS

KEEP_ALIVE_S: Final = 2.0
"""Silence before a comment, seconds."""

SEND_S_MAX: Final = 5.0
"""How long one event may wait for its reader, seconds."""

FIRST_EVENT_S_MAX: Final = 30.0
FAREWELL_S_MAX: Final = 0.5
STREAMS_MAX: Final = 64
"""Streams open at once at one service."""

_HEADERS: Final = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode("ascii")),
    (b"x-accel-buffering", b"no"),
]

_log = structlog.get_logger("trilat.web")

Event = tuple[str, Any]


class Streams:
    """The open streams of one service."""

    def __init__(
        self,
        *,
        keep_alive_s: float = KEEP_ALIVE_S,
        send_s_max: float = SEND_S_MAX,
        streams_max: int = STREAMS_MAX,
    ) -> None:
        """No stream is open yet."""
        self.keep_alive_s = keep_alive_s
        self.send_s_max = send_s_max
        self.closing = asyncio.Event()
        self._streams_max = streams_max
        self._open = 0

    def __len__(self) -> int:
        """How many are open."""
        return self._open

    def close(self) -> None:
        """End every stream, now and from now on."""
        self.closing.set()

    async def begin(self, events: AsyncIterator[Event]) -> "EventStream":
        """The answer that passes events on, once the first of them is there.

        Raises:
            UsageError: too many streams are open. Whatever the source raises at its first step, too.
        """
        if self.closing.is_set() or self._open >= self._streams_max:
            raise refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, f"{self._open} streams are open here: close one, or wait"
            )
        self._open += 1
        try:
            async with asyncio.timeout(FIRST_EVENT_S_MAX):
                first = await anext(events)
        except BaseException as error:
            self._open -= 1
            await _close_source(events)
            if isinstance(error, StopAsyncIteration | TimeoutError):
                raise refusal(HTTPStatus.SERVICE_UNAVAILABLE, "there is nothing to follow yet") from error
            raise
        return EventStream(self, first, events)

    def ended(self) -> None:
        """One of them is over."""
        self._open -= 1


class EventStream:
    """One stream to one reader."""

    def __init__(self, streams: Streams, first: Event, events: AsyncIterator[Event]) -> None:
        """A stream that has sent nothing yet."""
        self._streams = streams
        self._first = first
        self._events = events
        self._send: Send
        self._ends: set[asyncio.Future[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the source ends, the reader goes, or the service stops."""
        del scope
        self._send = send
        gone = asyncio.ensure_future(_disconnected(receive))
        closing = asyncio.ensure_future(self._streams.closing.wait())
        self._ends = {gone, closing}
        try:
            reason = await self._run()
            if not gone.done():
                await self._farewell(reason)
        finally:
            gone.cancel()
            closing.cancel()
            await _close_source(self._events)
            self._streams.ended()

    async def _run(self) -> str | None:
        """Why the stream ends, in one line; None where the source has said it itself."""
        try:
            await self._patiently(
                self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            )
            return await self._pass_on()
        except TrilatError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a reader is told that it ended; the log is told why
            _log.error("fault in a stream", exc_info=error)
            return FAULT_LINE

    async def _pass_on(self) -> str | None:
        event: Event | None = self._first
        while event is not None:
            await self._patiently(self._body(event_bytes(*event)))
            if event[0] == "closed":
                return None
            # The source is asked in a task of its own: waiting for a time-out must not break its step off.
            step = asyncio.ensure_future(_next(self._events))
            try:
                while not step.done():
                    await self._first_of(step, self._streams.keep_alive_s)
                    if not step.done():
                        await self._patiently(self._body(STILL_HERE))
                event = step.result()
            finally:
                await _broken_off(step)
        return "there is nothing more to follow"

    async def _patiently(self, sending: Awaitable[None]) -> None:
        """Wait for the reader to take what is sent.

        Raises:
            LinkError: it does not, or the stream has ended meanwhile.
        """
        step = asyncio.ensure_future(sending)
        try:
            await self._first_of(step, self._streams.send_s_max)
            if not step.done():
                raise LinkError(f"nothing was read for {self._streams.send_s_max:.0f} s: connect again")
            step.result()
        finally:
            await _broken_off(step)

    async def _first_of(self, step: "asyncio.Future[Any]", s_max: float) -> None:
        """Wait for a step, `s_max` seconds at most.

        Raises:
            LinkError: the reader went, or the service stops.
        """
        await asyncio.wait({step, *self._ends}, timeout=s_max, return_when=asyncio.FIRST_COMPLETED)
        if any(end.done() for end in self._ends):
            raise LinkError("this service is stopping")

    async def _farewell(self, reason: str | None) -> None:
        """Say why, if the reader still listens, and end the answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S_MAX):
                if reason is not None:
                    await self._body(event_bytes("closed", {"reason": reason}))
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _body(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _broken_off(step: "asyncio.Future[Any]") -> None:
    step.cancel()
    await asyncio.wait({step})
    if not step.cancelled():
        step.exception()  # Looked at, so that nothing is reported as forgotten.


async def _disconnected(receive: Receive) -> None:
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


async def _close_source(events: AsyncIterator[Event]) -> None:
    """Let the source give back what it holds; what goes wrong there is logged, the reader is gone anyway."""
    close = getattr(events, "aclose", None)
    if close is not None:
        try:
            await close()
        except Exception as error:  # noqa: BLE001 - see above
            _log.error("fault in a stream's end", exc_info=error)
