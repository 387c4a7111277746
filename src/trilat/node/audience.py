"""`Audience`: the readers of a running node, each with a standing release and a queue of events.

Readings live on the node's thread, queues on the event loop. A reader that is too slow is closed rather than
served with what is old.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from trilat.node.node import Node
from trilat.node.reading import Reading

Event = tuple[str, dict[str, Any]]
"""Name and data of what a reader is told."""

_FRAMES_EVERY_NS: Final = 200_000_000
"""Readers get what changed five times a second of the world at most."""

_EVENTS_WAITING_MAX: Final = 200


class Reader:
    """One reader; `events` is for the event loop, all else for the node's thread."""

    def __init__(self, reading: Reading, loop: asyncio.AbstractEventLoop) -> None:
        """A reader whose release is to be opened."""
        self.reading = reading
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._loop = loop

    def give(self, events: Sequence[Event], *, last: bool = False) -> None:
        """Hand events over to the loop; None behind the last one."""
        told: list[Event | None] = [*events, *([None] if last else [])]
        try:
            self._loop.call_soon_threadsafe(self._put, told)
        except RuntimeError:
            # The loop is closed: the process ends, and nobody reads any more.
            return

    def _put(self, events: Sequence[Event | None]) -> None:
        for event in events:
            self.events.put_nowait(event)


class Audience:
    """All readers of one node."""

    def __init__(self, node: Node) -> None:
        """Nobody reads."""
        self._node = node
        self._readers: list[Reader] = []
        self._due_ns = 0

    def __len__(self) -> int:
        """How many readers there are."""
        return len(self._readers)

    @property
    def codes(self) -> list[str]:
        """Who reads, sorted."""
        return sorted(reader.reading.reader for reader in self._readers)

    def open(
        self, code: str, loop: asyncio.AbstractEventLoop, person: str = ""
    ) -> tuple[Reader, dict[str, Any]]:
        """A new reader with the data of its `opened`; UsageError where policy lets it see nothing."""
        reader = Reader(Reading(self._node, code, person), loop)
        opened = reader.reading.open()
        self._readers.append(reader)
        self._due_ns = 0
        return reader, opened

    def once(self, code: str, person: str = "") -> dict[str, Any]:
        """The whole picture for one reader, opened, shown and closed; UsageError as in `open`."""
        reading = Reading(self._node, code, person)
        opened = reading.open()
        shown: dict[str, Any] = {"at_ns": opened["at_ns"], "items": [], "sights": [], "decisions": []}
        for event, data in reading.frame():
            if event == "picture":
                shown |= {"items": data["changed"], "sights": data["sights"]}
            elif event == "decisions":
                shown["decisions"] = data["decisions"]
        reading.close("read once")
        return {**shown, "entry": opened["entry"]}

    def frames(self, now_ns: int) -> float | None:
        """Give every reader what changed, where it is time; returns seconds until it is again."""
        if not self._readers:
            return None
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + _FRAMES_EVERY_NS
            for reader in tuple(self._readers):
                self._frame(reader)
        return (self._due_ns - now_ns) / 1e9

    def _frame(self, reader: Reader) -> None:
        if reader.events.qsize() > _EVENTS_WAITING_MAX:
            self.close(reader, "the reader is too slow: open again for the whole picture")
            return
        events = reader.reading.frame()
        ended = any(event == "closed" for event, _ in events)
        reader.give(events, last=ended)
        if ended:
            self._readers.remove(reader)

    def close(self, reader: Reader, reason: str) -> None:
        """Close a release and say so; one that is closed already stays so."""
        if reader in self._readers:
            self._readers.remove(reader)
            reader.give([("closed", {"reason": reason})], last=True)
            reader.reading.close(reason)

    def close_all(self, reason: str) -> None:
        """Close all releases."""
        for reader in tuple(self._readers):
            self.close(reader, reason)

    def drop_all(self, reason: str) -> None:
        """Tell all readers that nothing more comes, where the ledger cannot be written any more."""
        for reader in self._readers:
            reader.give([("closed", {"reason": reason})], last=True)
        self._readers.clear()
