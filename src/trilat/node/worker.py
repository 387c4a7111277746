"""`Worker`: the one thread that does a node's work, in the order of the node's clock.

Every job is stamped with what the clock showed when it came. Jobs stamped up to a tick's instant are done
before that tick, the others behind it; each is done at its stamp. So what a node decides hangs on what came
when, and not on how busy the machine was: a node that is late does the same things, later.

A node that lives by the world's time gathers instead: what came of one kind of work while other work was
done, before the next tick, is done in one go, at the stamp of the last of it. What a single one costs, such
as a commit, is then shared by all, and a node with more to do needs less for each.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from trilat.model import SECOND_NS, LedgerError
from trilat.node.clock import ManualClock, PacedClock

_T = TypeVar("_T")

TICK_NS: Final = SECOND_NS
"""A node publishes and decides once a second of its clock."""

_IDLE_S_MAX: Final = 0.1
_JOBS_MAX: Final = 20_000


@dataclass(frozen=True, eq=False)
class Together:
    """Work of one kind, given piece by piece, that may be done for several pieces in one go."""

    do: Callable[[Sequence[Any]], Sequence[Any]]
    """Takes the pieces in their order, and gives what became of each: a result, or an error to be raised."""

    most: int
    """How many pieces at a time."""

    passes: bool = False
    """Whether pieces may be done before what came earlier of other kinds of such work, never of jobs."""


class _Job(NamedTuple):
    stamp_ns: int
    do: Callable[[], Any]
    future: Future[Any] | None
    together: Together | None = None
    piece: Any = None


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
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._stamping = threading.Lock()
        self._heads: deque[_Job] = deque()
        """Jobs that were taken out of the queue and stand before it."""

        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node", daemon=True)
        self.next_tick_ns = -(-clock.now_ns() // TICK_NS) * TICK_NS
        self.ticks = 0
        self.ticking = True
        """Whether ticks come; a node that has failed takes jobs only to refuse them."""

        self.gathers = False
        """Whether pieces of work that stand behind one another are done in one go."""

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
        return self._jobs.qsize() + len(self._heads)

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
            raise _too_busy()
        return future

    def ask_together(self, together: Together, piece: Any) -> Future[Any]:
        """What a piece of work will become, which may be done with others; errors as of `ask`."""
        future: Future[Any] = Future()
        if not self._put(_nothing, future, together, piece):
            raise _too_busy()
        return future

    def tell(self, do: Callable[[], Any]) -> bool:
        """Hand over a job whose result nobody waits for; False where too many wait."""
        return self._put(do, None)

    def tell_together(self, together: Together, piece: Any) -> bool:
        """Hand over a piece of work that may be done with others; False where too many wait."""
        return self._put(_nothing, None, together, piece)

    def _put(
        self,
        do: Callable[[], Any],
        future: Future[Any] | None,
        together: Together | None = None,
        piece: Any = None,
    ) -> bool:
        # Under a lock, so that jobs stand in the queue in the order of their stamps.
        with self._stamping:
            if self._jobs.qsize() >= _JOBS_MAX:
                return False
            self._jobs.put(_Job(self._time.now_ns(), do, future, together, piece))
        return True

    def _work(self) -> None:
        wait_s = 0.0
        while not self._stopping.is_set():
            job = self._next(min(wait_s, self._until_tick_s()))
            if job is not None and (job.stamp_ns <= self.next_tick_ns or not self.ticking):
                if job.together is None:
                    self._show(job.stamp_ns)
                    self._do(job)
                else:
                    self._do_together(job.together, job)
            else:
                if job is not None:
                    self._heads.appendleft(job)
                if self.ticking and self._time.now_ns() >= self.next_tick_ns:
                    self._tick_once()
            wait_s = self._between()

    def _next(self, wait_s: float) -> _Job | None:
        if self._heads:
            return self._heads.popleft()
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

    def _do_together(self, together: Together, first: _Job) -> None:
        """Do a piece of work and those of the same kind that came meanwhile."""
        jobs, others = [first], list[_Job]()
        until_ns = max(self.next_tick_ns, first.stamp_ns)
        while self.gathers and len(jobs) < together.most and (job := self._next(0.0)) is not None:
            same = job.together is together and job.stamp_ns <= until_ns
            (jobs if same else others).append(job)
            if not same and (not together.passes or job.together is None or job.stamp_ns > until_ns):
                break
        self._heads.extendleft(reversed(others))
        self._show(jobs[-1].stamp_ns)
        wanted = [job for job in jobs if job.future is None or job.future.set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            done = together.do([job.piece for job in wanted])
        except Exception as error:  # noqa: BLE001 - as in `_do`
            done = [error] * len(wanted)
        for job, result in zip(wanted, done, strict=True):
            if not isinstance(result, Exception):
                if job.future is not None:
                    job.future.set_result(result)
            elif job.future is not None:
                job.future.set_exception(result)
            else:
                self.ticking = False
                self._failed(result)

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


def _too_busy() -> LedgerError:
    return LedgerError("this node has more to do than it can: try again later")


def _nothing() -> None:
    """What a piece of work does by itself: all of it is done together."""
