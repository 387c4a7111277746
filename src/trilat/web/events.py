"""Server-sent events as bytes: writing them, and reading another node's with every size bounded.

An event is `event: NAME`, `data: ONE LINE OF JSON` and an empty line; a comment is a line that begins with a
colon. Of the standard's other fields (`id`, `retry`) nothing is written, and what comes is left out.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from trilat.model import WireError

EVENT_BYTES_MAX: Final = 16 * 1_048_576
"""One event, bytes: the whole picture of a busy sea with room to spare."""

STILL_HERE: Final = b": still here\n\n"


def event_bytes(name: str, data: Any) -> bytes:
    """One event on the wire. The name is ours, so it holds no line end; JSON escapes those in texts."""
    return b"event: " + name.encode("ascii") + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


class EventReader:
    """Makes events out of bytes as they arrive."""

    def __init__(self, bytes_max: int = EVENT_BYTES_MAX) -> None:
        """A reader that has got nothing yet."""
        self._bytes_max = bytes_max
        self._line = bytearray()
        self._name = ""
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, part: bytes) -> Iterator[tuple[str, Any]]:
        """The events that are whole with these bytes, in order.

        Raises:
            WireError: an event is too large, or its data is not JSON.
        """
        lines = part.split(b"\n")
        for rest in lines[:-1]:
            self._line += rest
            self._refuse_large()
            line = bytes(self._line).removesuffix(b"\r")
            self._line.clear()
            if line:
                self._take(line)
            elif self._data:
                yield self._event()
            else:
                self._name = ""
        self._line += lines[-1]
        self._refuse_large()

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = value[:100].decode("utf-8", "replace")
        elif name == b"data":
            self._data.append(value)
            self._data_bytes += len(line) + 1

    def _event(self) -> tuple[str, Any]:
        name, data = self._name, b"\n".join(self._data)
        self._name, self._data, self._data_bytes = "", [], 0
        try:
            return name, msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WireError(f"the data of an event is not JSON: {error}") from error

    def _refuse_large(self) -> None:
        if len(self._line) + self._data_bytes > self._bytes_max:
            raise WireError(f"an event is over the limit of {self._bytes_max} bytes")
