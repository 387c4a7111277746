"""A fleet of real node processes for tests: made in a folder, asked over HTTP, stopped by their own ids."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from trilat.cli.director import Director, Play
from trilat.cli.fleet import Exercise, Fleet
from trilat.cli.plays import flight_exercises, flight_play
from trilat.model import SECOND_NS
from trilat.scenario import named_scenario
from trilat.study import Yardstick

WAIT_S: Final = 60.0
"""Longer than anything may take on a busy machine; nothing is judged by it."""


def yardstick_of(scenario: str, seed: int = 1) -> Yardstick:
    """A named scenario's plots."""
    return Yardstick(named_scenario(scenario), seed)


def exercise_of(yardstick: Yardstick, regime: str) -> Exercise:
    """A scenario under a regime."""
    return flight_exercises(yardstick.scenario, [regime])[regime]


def play_of(yardstick: Yardstick) -> Play:
    """A scenario as its sensors report it."""
    return flight_play(yardstick, is_recorded=False)


@asynccontextmanager
async def fleet_of(
    folder: Path,
    exercise: Exercise,
    *,
    route: Callable[[str, str, int], int] | None = None,
    prepare: Callable[[Fleet], None] = lambda _: None,
) -> AsyncIterator[Fleet]:
    """A fleet that is up, and stopped at the end; `prepare` may change its folders before it starts."""
    fleet = Fleet(folder / "fleet", exercise, route)
    fleet.make()
    prepare(fleet)
    try:
        await fleet.start()
        yield fleet
    finally:
        await fleet.close()


@asynccontextmanager
async def directed(
    folder: Path,
    yardstick: Yardstick,
    regime: str,
    speed: float,
    route: Callable[[str, str, int], int] | None = None,
    seconds: int = 1_000,
) -> AsyncIterator[Director]:
    """A director who plays a scenario from its beginning, so many seconds of it at most."""
    exercises = {regime: exercise_of(yardstick, regime)}
    director = Director(_cut(play_of(yardstick), seconds), exercises, folder / "runs", speed, route=route)
    try:
        await director.begin(regime)
        yield director
    finally:
        await director.close()


def _cut(play: Play, seconds: int) -> Play:
    """The first seconds of a play."""
    end_ns = min(play.end_ns, play.start_ns + seconds * SECOND_NS)
    feeds = {party: [entry for entry in feed if entry[0] <= end_ns] for party, feed in play.feeds.items()}
    return replace(play, end_ns=end_ns, feeds=feeds)


async def until(what: str, holds: Callable[[], Awaitable[Any]], *, within_s: float = WAIT_S) -> Any:
    """What `holds` gave as soon as it was true; fails with `what` where it never was."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    while True:
        found = await holds()
        if found:
            return found
        assert loop.time() < ends_s, f"{what} did not happen within {within_s:.0f} s"
        await asyncio.sleep(0.02)


async def settled(fleet: Fleet) -> bool:
    """Whether every node has what its partners sent it, and they know."""
    for party in fleet.members:
        state = await fleet.state(party)
        if state["waiting"] or any(link["sent"] > link["acknowledged"] for link in state["links"].values()):
            return False
    return True
