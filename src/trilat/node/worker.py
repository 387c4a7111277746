"""`Worker`: the one thread that does a node's work, in the order of the node's clock.

Every job is stamped with what the clock showed when it came. Jobs stamped up to a tick's instant are done
before that tick, the others behind it; each is done at its stamp. So what a node decides hangs on what came
when, and not on how busy the machine was: a node that is late does the same things, later.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeVar

from trilat.model import SECOND_NS, LedgerError
from trilat.node.clock import ManualClock, PacedClock

_T = TypeVar("_T")

TICK_NS: Final = SECOND_NS
"""A node publishes and decides once a second of its clock."""

_IDLE_S_MAX: Final = 0.1
_JOBS_MAX: Final = 20_000


class _Job(NamedTuple):
    stamp_ns: int
    do: Callable[[], Any]
    future: Future[Any] | None


class Worker:
    """Ticks, jobs and what is done between them, on a thread of its own."""

    def __init__(
        self,
        clock: ManualClock,
        time: PacedClock,
        tick: Callable[[], None],
        between: Callable[[], float],
        failed: Callable[[Exception], None],
    ) -> None:
        """A worker that has not begun.

        Args:
            clock: the node's; is moved on here and nowhere else.
            time: says what the clock should show.
            tick: is called at every whole second of the clock.
            between: is called between jobs, and says after how many seconds it wants to be again.
            failed: is told of an error that nobody waits for.
        """
        self._clock = clock
        self._time = time
        self._tick = tick
        self._between = between
        self._failed = failed
        self._jobs: queue.Queue[_Job] = queue.Queue(_JOBS_MAX)
        self._stamping = threading.Lock()
        self._head: _Job | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node", daemon=True)
        self.next_tick_ns = -(-clock.now_ns() // TICK_NS) * TICK_NS
        self.ticks = 0
        self.ticking = True
        """Whether ticks come; a node that has failed takes jobs only to refuse them."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End after the job in hand; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    @property
    def behind_s(self) -> float:
        """How late the next tick is, seconds of the node's clock."""
        return max(0, self._time.now_ns() - self.next_tick_ns) / SECOND_NS

    def ask(self, do: Callable[[], _T]) -> Future[_T]:
        """What a job will return or raise.

        Raises:
            LedgerError: too many jobs wait already.
        """
        future: Future[_T] = Future()
        if not self._put(do, future):
            raise LedgerError("this node has more to do than it can: try again later")
        return future

    def tell(self, do: Callable[[], Any]) -> bool:
        """Hand over a job whose result nobody waits for; False where too many wait."""
        return self._put(do, None)

    def _put(self, do: Callable[[], Any], future: Future[Any] | None) -> bool:
        # Under a lock, so that jobs stand in the queue in the order of their stamps.
        with self._stamping:
            try:
                self._jobs.put_nowait(_Job(self._time.now_ns(), do, future))
            except queue.Full:
                return False
        return True

    def _work(self) -> None:
        wait_s = 0.0
        while not self._stopping.is_set():
            if self._head is None:
                self._head = self._next(min(wait_s, self._until_tick_s()))
            if self._head is not None and (self._head.stamp_ns <= self.next_tick_ns or not self.ticking):
                job, self._head = self._head, None
                self._show(job.stamp_ns)
                self._do(job)
            elif self.ticking and self._time.now_ns() >= self.next_tick_ns:
                self._tick_once()
            wait_s = self._between()

    def _next(self, wait_s: float) -> _Job | None:
        try:
            return self._jobs.get(timeout=wait_s) if wait_s > 0.0 else self._jobs.get_nowait()
        except queue.Empty:
            return None

    def _until_tick_s(self) -> float:
        """How long the thread may wait for a job before it must look at the clock again."""
        wait_ns = self._time.wait_ns(self.next_tick_ns) if self.ticking else None
        return _IDLE_S_MAX if wait_ns is None else min(_IDLE_S_MAX, wait_ns / SECOND_NS)

    def _show(self, instant_ns: int) -> None:
        if instant_ns > self._clock.now_ns():
            self._clock.advance_to(instant_ns)

    def _tick_once(self) -> None:
        self._show(self.next_tick_ns)
        self.next_tick_ns += TICK_NS
        try:
            self._tick()
        except Exception as error:  # noqa: BLE001 - whatever it is, the node must not go on
            self.ticking = False
            self._failed(error)
        else:
            self.ticks += 1

    def _do(self, job: _Job) -> None:
        if job.future is not None and not job.future.set_running_or_notify_cancel():
            return
        try:
            result = job.do()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever asked
            if job.future is None:
                self.ticking = False
                self._failed(error)
            else:
                job.future.set_exception(error)
        else:
            if job.future is not None:
                job.future.set_result(result)
