"""Runs of one scenario under several regimes, two at a time, with a progress bar each."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.progress import Progress, TaskID

from trilat.cli.terminal import progress_bars
from trilat.model import UsageError
from trilat.study import Account, RunSettings, Yardstick, people_of, run_with_account

_WORKERS_MAX: Final = 2
_POLL_S: Final = 0.2
_shares: Any = None

Told = tuple[dict[str, Any], Account]


def compare(yardstick: Yardstick, names: Sequence[str], folder: Path | None, *, show: bool) -> list[Told]:
    """The result of each regime with its account, in the order of the names; progress where shown.

    Raises:
        UsageError: a process that played a regime was ended from outside.
    """
    with progress_bars(show=show) as progress:
        tasks = [progress.add_task(name, total=1.0) for name in names]
        if len(names) == 1:
            return [
                _one(yardstick, names[0], folder, lambda share: progress.update(tasks[0], completed=share))
            ]
        return _side_by_side(yardstick, names, progress, tasks)


def _one(yardstick: Yardstick, name: str, folder: Path | None, tell: Callable[[float], None]) -> Told:
    people = people_of(yardstick.scenario.name, yardstick.launch_ns)
    settings = RunSettings(progress=tell, people=people, folder=folder, stopwatch=time.perf_counter)
    return run_with_account(yardstick, name, settings)


def _side_by_side(
    yardstick: Yardstick, names: Sequence[str], progress: Progress, tasks: Sequence[TaskID]
) -> list[Told]:
    context = multiprocessing.get_context("spawn")
    workers = min(_WORKERS_MAX, os.cpu_count() or 1, len(names))
    with _deaf_to_the_keyboard():
        shares = context.Array("d", len(names), lock=False)
        pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(shares,))
        futures: list[Future[Told]] = [
            pool.submit(_in_worker, yardstick, name, place) for place, name in enumerate(names)
        ]
    before = signal.signal(signal.SIGTERM, _end)
    try:
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=_POLL_S)
            for task, share in zip(tasks, shares, strict=True):
                progress.update(task, completed=share)
        return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise UsageError("a run was ended from outside: was there too little memory? try one --regime") from (
            error
        )
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.terminate()
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: object) -> None:
    """End as SIGTERM does, but not without the processes that were begun."""
    del frame
    sys.exit(128 + number)


@contextmanager
def _deaf_to_the_keyboard() -> Iterator[None]:
    """Processes that begin in here are not interrupted by Ctrl-C: the one that began them ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(shares: Any) -> None:
    global _shares  # noqa: PLW0603 - a worker process is given it once, when it starts
    _shares = shares


def _in_worker(yardstick: Yardstick, name: str, place: int) -> Told:
    def tell(share: float) -> None:
        _shares[place] = share

    return _one(yardstick, name, None, tell)
