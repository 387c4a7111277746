"""Runs of one scenario under several regimes, two at a time, with a progress bar each."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from trilat.cli.terminal import err
from trilat.study import RunSettings, Yardstick, people_of, run

_WORKERS_MAX: Final = 2
_POLL_S: Final = 0.2
_shares: Any = None


def compare(
    yardstick: Yardstick, names: Sequence[str], folder: Path | None, *, show: bool
) -> list[dict[str, Any]]:
    """The result of each regime, in the order of the names; progress on standard error where shown."""
    with Progress(
        TextColumn("{task.description:16}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not show,
        transient=True,
    ) as progress:
        tasks = [progress.add_task(name, total=1.0) for name in names]
        if len(names) == 1:
            return [
                _one(yardstick, names[0], folder, lambda share: progress.update(tasks[0], completed=share))
            ]
        return _side_by_side(yardstick, names, progress, tasks)


def _one(yardstick: Yardstick, name: str, folder: Path | None, tell: Any) -> dict[str, Any]:
    people = people_of(yardstick.scenario.name, yardstick.launch_ns)
    return run(
        yardstick, name, RunSettings(progress=tell, people=people, folder=folder, stopwatch=time.perf_counter)
    )


def _side_by_side(
    yardstick: Yardstick, names: Sequence[str], progress: Progress, tasks: Sequence[TaskID]
) -> list[dict[str, Any]]:
    context = multiprocessing.get_context("spawn")
    shares = context.Array("d", len(names), lock=False)
    workers = min(_WORKERS_MAX, os.cpu_count() or 1, len(names))
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(shares,)) as pool:
        futures: list[Future[dict[str, Any]]] = [
            pool.submit(_in_worker, yardstick, name, place) for place, name in enumerate(names)
        ]
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=_POLL_S)
            for task, share in zip(tasks, shares, strict=True):
                progress.update(task, completed=share)
        return [future.result() for future in futures]


def _begin(shares: Any) -> None:
    global _shares  # noqa: PLW0603 - a worker process is given it once, when it starts
    _shares = shares


def _in_worker(yardstick: Yardstick, name: str, place: int) -> dict[str, Any]:
    def tell(share: float) -> None:
        _shares[place] = share

    return _one(yardstick, name, None, tell)
