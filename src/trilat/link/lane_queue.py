"""`LaneQueue`: what waits to be published on one lane; any thread puts in, one task takes out."""

import asyncio
import threading
from collections import deque
from typing import Final

from trilat.link.server_config import PENDING_BYTES_MAX

QUEUE_BYTES_MAX: Final = PENDING_BYTES_MAX
QUEUE_PAYLOADS_MAX: Final = 4_096
"""Handed over and not yet published, on each lane."""


class LaneQueue:
    """Payloads in their order, with a limit on their number and on their bytes."""

    def __init__(self) -> None:
        """An empty queue that is closed."""
        # Guards what `put` and the taking task share.
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open = False

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop, on which `wake` is set when something waits."""
        self._loop = loop
        self.wake = asyncio.Event()

    def open(self) -> None:
        """Take what is put in from now on."""
        with self._lock:
            self._open = True

    def close(self) -> None:
        """Take nothing more; what waits is still to be taken out."""
        with self._lock:
            self._open = False

    def put(self, recipient: str, payload: bytes) -> bool:
        """Whether a payload was taken in; from any thread."""
        with self._lock:
            full = len(self._waiting) >= QUEUE_PAYLOADS_MAX or self._bytes + len(payload) > QUEUE_BYTES_MAX
            if full or not self._open or self._loop is None:
                return False
            self._waiting.append((recipient, payload))
            self._bytes += len(payload)
            if len(self._waiting) == 1:
                # The loop is not closed while the queue is open: whoever closes it takes the lock first.
                self._loop.call_soon_threadsafe(self.wake.set)
            return True

    def __len__(self) -> int:
        """How many payloads wait."""
        return len(self._waiting)

    def first(self) -> tuple[str, bytes] | None:
        """What has waited longest, which stays in; None where nothing does."""
        return self._waiting[0] if self._waiting else None

    def drop_first(self) -> None:
        """Take out what has waited longest."""
        with self._lock:
            _, payload = self._waiting.popleft()
            self._bytes -= len(payload)

    def clear(self) -> None:
        """Forget all that waits."""
        with self._lock:
            self._waiting.clear()
            self._bytes = 0
