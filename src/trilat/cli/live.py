"""The live demo: nodes as processes, a page to look at, or, without one, the result as an object or table."""

import asyncio
import logging
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from trilat.cli.director import Director, Play
from trilat.cli.fleet import LOOPBACK, Exercise, Fleet
from trilat.cli.passphrase import asked
from trilat.cli.running import configure_log, interrupted
from trilat.cli.terminal import out, progress_bars, say, warn
from trilat.cli.what_if_counting import Counting
from trilat.model import Lane, LinkError, Transport
from trilat.node import ManualClock, Node, quiet_collector, read_folder
from trilat.study import Account, Yardstick, account_of, judge
from trilat.web import Access, Observer, PageFiles, built_page, observer_app, serve

OFFICERS: Final = ("release-1", "release-2")
"""Of each party that is played: two, so that what asks for two persons can be tried."""

_POLL_S: Final = 0.5
_PERCENTILES: Final = {"p50": 50, "p99": 99}


@contextmanager
def _root(kept: Path | None) -> Iterator[Path]:
    """Where the nodes' folders are made: a folder to keep, or one that is gone afterwards."""
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="trilat-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def show_live(
    play: Play,
    exercises: Mapping[str, Exercise],
    *,
    speed: float,
    port: int,
    kept: Path | None,
    regime: str | None,
    yardstick: Yardstick | None = None,
    tour: bool = False,
) -> None:
    """Play live with the page until the user ends it. With a yardstick the page counts what clauses are
    worth; with `tour` the address that is printed begins with the guided tour.

    Raises:
        LinkError: a node did not come up.
        UsageError: a folder cannot be made, or the port is taken.
    """
    manned = {name: replace(exercise, officers=OFFICERS) for name, exercise in exercises.items()}
    with _root(kept) as root:
        observer = Observer()
        director = Director(play, manned, root, speed, observer)
        counting = None if yardstick is None else Counting(yardstick, lambda: director.regime)
        try:
            asyncio.run(_show(director, observer, counting, port, regime, tour=tour))
        finally:
            if counting is not None:
                counting.close()


async def _show(
    director: Director,
    observer: Observer,
    counting: Counting | None,
    port: int,
    regime: str | None,
    *,
    tour: bool,
) -> None:
    configure_log(logging.WARNING)
    code = secrets.token_hex(24)
    if built_page() is None:
        warn("this build has no page: install Node.js 20.19 or newer with npm, and install trilat again")
    access = Access({}, code=code, same_origin=True)
    async with interrupted() as event:
        app = observer_app(observer, director, access, PageFiles.built(), what_ifs=counting)
        served = await serve(app, LOOPBACK, port)
        quiet_collector()  # Panes hold hundreds of thousands of points, and hold them long.
        try:
            # One line, however narrow the terminal: it is to be copied.
            out.print(
                f"Look at {served.address}/enter?code={code}{'&tour=1' if tour else ''}",
                style="bold",
                soft_wrap=True,
            )
            say("Each pane is what one party sees, at the same moment. Ctrl-C ends it.")
            await _until(event, director.begin(regime or next(iter(director.exercises))))
            await event.wait()
        finally:
            # First who looks on: nodes that end are no news then.
            await observer.stop()
            await director.close()
            await served.stop()


async def _until(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do some work, but give it up when the event comes first."""
    task, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    elif not task.cancelled():
        task.result()


def measured_live(
    yardstick: Yardstick, play: Play, exercise: Exercise, *, speed: float, kept: Path | None, show: bool
) -> tuple[dict[str, Any], Account]:
    """Play live without a page to the end; the result with measured latencies, and its account.

    Raises:
        LinkError: a node did not come up.
        UsageError: a folder cannot be made.
    """
    began_s = time.perf_counter()
    with _root(kept) as root, _progress(show=show) as tell:
        folders, latency_ms = asyncio.run(_play_to_the_end(play, exercise, root, speed, tell))
        nodes = {party: node_of(folder) for party, folder in folders.items()}
        try:
            result, replayed = judge(
                nodes,
                yardstick,
                exercise.preset,
                wall_s=round(time.perf_counter() - began_s, 3),
                latency_ms=latency_ms,
            )
            acts = tuple(act for person in play.people for act in getattr(person, "acts", ()))
            account = account_of(replayed, acts)
        finally:
            for node in nodes.values():
                node.ledger.close()
    return result, account


@contextmanager
def _progress(*, show: bool) -> Iterator[Callable[[float], None]]:
    with progress_bars(show=show) as progress:
        task = progress.add_task("playing live", total=1.0)
        yield lambda share: progress.update(task, completed=share)


async def _play_to_the_end(
    play: Play, exercise: Exercise, root: Path, speed: float, tell: Callable[[float], None]
) -> tuple[dict[str, Path], dict[str, float] | None]:
    director = Director(play, {exercise.preset.name: exercise}, root, speed)
    async with interrupted() as event:
        try:
            await _until(event, director.begin(exercise.preset.name))
            over = asyncio.create_task(director.finished())
            while not over.done() and not event.is_set():
                tell((director.now_ns() - play.start_ns) / max(play.end_ns - play.start_ns, 1))
                await asyncio.wait({over}, timeout=_POLL_S)
            over.cancel()
            if event.is_set():
                raise KeyboardInterrupt
            fleet = director.fleet
            assert fleet is not None
            folders = {party: member.folder for party, member in fleet.members.items()}
            return folders, latency_of(await _timings(fleet))
        finally:
            await director.close()


async def _timings(fleet: Fleet) -> dict[str, dict[str, Any]]:
    found = {}
    for party in fleet.members:
        answer = await fleet.ask(party, "director", "GET", "/timings", params={"after": 0})
        if not answer.is_success:
            raise LinkError(f"node {party} does not give its timings: HTTP {answer.status_code}")
        found[party] = answer.json()
    return found


def latency_of(timings: Mapping[str, Mapping[str, Any]]) -> dict[str, float] | None:
    """Percentiles of the time from a report accepted to the partner's picture, ms; None without any.

    Args:
        timings: by party, what its node noted.
    """
    arrived = {
        (noted["sender"], party, noted["sequence"]): noted["wall_ns"]
        for party, timing in timings.items()
        for noted in timing["arrived"]
    }
    spent_ms = [
        (arrived[party, noted["recipient"], noted["sequence"]] - accepted_ns) / 1e6
        for party, timing in timings.items()
        for noted in timing["released"]
        for accepted_ns in noted["accepted_ns"]
        if (party, noted["recipient"], noted["sequence"]) in arrived
    ]
    if len(spent_ms) < 2:
        return None
    cuts = statistics.quantiles(spent_ms, n=100, method="inclusive")
    return {name: round(cuts[percent - 1], 3) for name, percent in _PERCENTILES.items()} | {
        "count": len(spent_ms)
    }


class _Nowhere:
    """The transport of a node that is only looked at."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Nothing leaves."""

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Nothing comes."""


def node_of(folder: Path) -> Node:
    """A node over the ledger of one that has ended, to be restored by whoever looks at it."""
    held = read_folder(folder, asked)
    clock = ManualClock(held.settings.start_ns)
    transport: Transport = _Nowhere()
    return held.node(clock, held.open_ledger(clock, os.urandom, read_only=True), transport)
