"""`Connection`: uvicorn's connection with what it lacks: an end to waiting, and a limit for silent ones too.

1. Who has opened a connection, or has been answered on it, has `HEAD_S_MAX` seconds to send a whole head of a
   request. Bytes that trickle in do not make it longer; what remains of a body after its answer counts too.
   While a request is answered, its body and the answer have limits of their own.
2. A connection beyond `CONNECTIONS_MAX` is answered at once and closed, whether it asks anything or not:
   uvicorn's own limit looks at requests alone, so that silent connections would take every file of a process.
3. Whatever is refused here is one line of JSON, as everywhere.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S_MAX: Final = 10.0
"""A whole head, seconds."""

CONNECTIONS_MAX: Final = 256

NO_REQUEST: Final = "this is no request of HTTP/1.1"
_TOO_SLOW: Final = f"no whole request came within {HEAD_S_MAX:.0f} s: send it at once"
_TOO_MANY: Final = f"{CONNECTIONS_MAX} connections are open, which is the limit: try again later"


class Connection(H11Protocol):
    """One connection of a browser or program."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, or turn it away."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MANY)
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Go on with the request."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The next request may come."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for."""
        self._end_watch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; `msg` is uvicorn's own, and says no more."""
        del msg
        self._refuse(HTTPStatus.BAD_REQUEST, NO_REQUEST)

    def _watch(self) -> None:
        """Wait for a head if none is whole; while a request is answered, wait for nothing."""
        # There is no cycle before the first request.
        answering = not getattr(self.cycle, "response_complete", True)
        if answering or self.transport.is_closing():
            self._end_watch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S_MAX, self._give_up)

    def _end_watch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Who has begun to ask is told why; who has asked nothing is not answered."""
        begun, _ = self.conn.trailing_data
        if begun:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer once, where an answer is still possible, and close."""
        self._end_watch()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = msgspec.json.encode({"error": text})
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            events: tuple[Any, ...] = (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
