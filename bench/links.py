"""What the links cost: from a report accepted to the partner's picture, beside the bare NATS round trip.

Three node processes play a scenario at a pace; in the same run a bare client at JPN's server and one at USA's
bounce 500 bytes over the very same path (JPN's server, leaf link with mutual TLS, USA's server, and back).

    python bench/links.py [SPEED] [REGIME] [SECONDS]
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from trilat.cli.director import Director
from trilat.cli.fleet import LOOPBACK, Fleet
from trilat.cli.plays import flight_exercises, flight_play
from trilat.link import direct_way
from trilat.link.connecting import link_context
from trilat.model import SECOND_NS
from trilat.node import read_folder
from trilat.scenario import named_scenario
from trilat.study import Yardstick

PAYLOAD = b"x" * 500
BOUNCE_EVERY_S = 0.02
QUIET_BOUNCES = 500


async def bare_client(fleet: Fleet, party: str) -> Client:
    """A client at a party's server with the rights of its node's own."""
    folder = read_folder(fleet.members[party].folder)
    state = await fleet.state(party)
    client = Client()
    await client.connect(
        f"tls://{LOOPBACK}:{state['server_port']}",
        tls=link_context(folder.identity_path),
        tls_handshake_first=True,
        nkeys_seed_str=folder.identity.app_seed,
    )
    return client


class Bounce:
    """The bare round trip between JPN's and USA's servers."""

    def __init__(self) -> None:
        self.spent_ms: list[float] = []
        self._came = asyncio.Event()

    async def begin(self, fleet: Fleet) -> None:
        jpn = read_folder(fleet.members["JPN"].folder)
        way = direct_way(jpn.identity, jpn.cards["USA"])
        # A kind of subject that no node subscribes to.
        self.out, self.back = f"x.{way.out}.bench", f"x.{way.back}.bench"
        self.here, self.there = await bare_client(fleet, "JPN"), await bare_client(fleet, "USA")

        async def echo(message: Msg) -> None:
            await self.there.publish(self.back, message.data)

        async def back(_: Msg) -> None:
            self._came.set()

        await self.there.subscribe(self.out, cb=echo)
        await self.here.subscribe(self.back, cb=back)
        await self.there.flush()
        await self.here.flush()
        await asyncio.sleep(1.0)

    async def once(self) -> None:
        self._came.clear()
        began = time.perf_counter()
        await self.here.publish(self.out, PAYLOAD)
        await asyncio.wait_for(self._came.wait(), 10)
        self.spent_ms.append((time.perf_counter() - began) * 1e3)

    async def end(self) -> None:
        await self.here.close()
        await self.there.close()


def percentiles(spent_ms: list[float]) -> str:
    cuts = statistics.quantiles(spent_ms, n=100, method="inclusive")
    return f"{cuts[49]:.2f} / {cuts[98]:.2f} ms of {len(spent_ms)}"


def spans(timings: dict[str, dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Milliseconds from report accepted, and from release handed to the link, to the partner's picture."""
    arrived = {
        (noted["sender"], party, noted["sequence"]): noted["wall_ns"]
        for party, timing in timings.items()
        for noted in timing["arrived"]
    }
    whole, link = [], []
    for party, timing in timings.items():
        for noted in timing["released"]:
            at_ns = arrived.get((party, noted["recipient"], noted["sequence"]))
            if at_ns is not None:
                link.append((at_ns - noted["wall_ns"]) / 1e6)
                whole += [(at_ns - accepted_ns) / 1e6 for accepted_ns in noted["accepted_ns"]]
    return whole, link


async def measure(speed: float, regime: str, seconds: int) -> None:
    yardstick = Yardstick(named_scenario("unha2-2009"), 1)
    play = flight_play(yardstick, is_recorded=False)
    exercises = flight_exercises(yardstick.scenario, [regime])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        director = Director(play, exercises, Path(folder), speed)
        try:
            await director.begin(regime)
            await director.set_paused(True)
            fleet = director.fleet
            assert fleet is not None
            quiet, busy = Bounce(), Bounce()
            await quiet.begin(fleet)
            for _ in range(QUIET_BOUNCES):
                await quiet.once()
            await quiet.end()
            await busy.begin(fleet)
            await director.set_paused(False)
            while director.now_ns() < min(play.end_ns, play.start_ns + seconds * SECOND_NS):
                await busy.once()
                await asyncio.sleep(BOUNCE_EVERY_S)
            await busy.end()
            timings = {}
            for party in fleet.members:
                answer = await fleet.ask(party, "director", "GET", "/timings", params={"after": 0})
                timings[party] = answer.json()
        finally:
            await director.close()
    whole, link = spans(timings)
    print(f"{regime} at speed {speed:g}, p50 / p99")
    print(f"  report accepted -> partner's picture      {percentiles(whole)}")
    print(f"  release handed to link -> partner's picture {percentiles(link)}")
    print(f"  bare NATS round trip, same path, same run {percentiles(busy.spent_ms)}")
    print(f"  bare NATS round trip, nodes at rest       {percentiles(quiet.spent_ms)}")


def main() -> None:
    given = sys.argv[1:]
    speed = float(given[0]) if given else 60.0
    regime = given[1] if len(given) > 1 else "separate-2009"
    seconds = int(given[2]) if len(given) > 2 else 900
    asyncio.run(measure(speed, regime, seconds))


if __name__ == "__main__":
    main()
