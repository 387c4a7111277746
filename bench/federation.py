"""Federation measured with the real parts, each part by itself: `--only throughput` and `--only soak` here.

Throughput: objects that one party makes go to three others: decide, degrade, write, sign, seal, send, open,
verify, write. Four nodes of production code, each with a SQLite ledger on disk (WAL, full sync). Objects are
tracks of about 500 bytes in a concern that nothing fuses. An object counts when it is durable at all three.

    python bench/federation.py --only throughput [--objects 4000] [--batch 1000] [--rounds 5] [--profile]
    python bench/federation.py --only soak --minutes 30 --rate 2000
"""

import argparse
import cProfile
import os
import pstats
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from trilat.ledger import Ledger, SqliteStore
from trilat.link import MemoryNetwork, NodeKeys, TrustStore
from trilat.model import Domain, Kinematics, Provenance, Stage, Status, Track
from trilat.node import Node, NodeConfig, SystemClock, quiet_collector
from trilat.policy import AgreementSet, read_agreement

GOAL_PER_S = 20_000
CORES = 2
SENDER, RECIPIENTS = "USA", ("AUS", "JPN", "KOR")
PURPOSE = "bench"
AGREEMENT = f"""
[agreement]
id = "bench"
version = 1
title = "Tracks to three"
parties = ["USA", "AUS", "JPN", "KOR"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["{PURPOSE}"]
onward = "never"

[[clause]]
id = "1"
article = "Article 1"
effect = "permit"
domains = ["seismic"]
kinds = ["track"]
from = ["USA"]
to = ["AUS", "JPN", "KOR"]
highest = {{ scheme = "USA", level = "SECRET" }}
form = "tracks"
"""


class Star:
    """One node that gives, three that take, over a network in memory that loses nothing."""

    def __init__(self, folder: Path) -> None:
        parties = (SENDER, *RECIPIENTS)
        keys = {party: NodeKeys.generate(party, os.urandom) for party in parties}
        trust = TrustStore([one.pin for one in keys.values()])
        agreements = AgreementSet.of({"bench.toml": read_agreement("bench.toml", AGREEMENT)})
        self.clock = SystemClock()
        self.network = MemoryNetwork()
        self.nodes: dict[str, Node] = {}
        for party in parties:
            config = NodeConfig(
                party=party,
                peers=RECIPIENTS if party == SENDER else (SENDER,),
                status=Status.EXERCISE,
                purpose=PURPOSE,
                releasable_to=RECIPIENTS if party == SENDER else (SENDER,),
                token_key=os.urandom(32),
            )
            store = SqliteStore(folder / f"{party}.ledger")
            ledger = Ledger(store, party, os.urandom(32), self.clock, os.urandom)
            self.nodes[party] = Node(
                config,
                self.clock,
                ledger,
                agreements,
                keys[party],
                trust,
                self.network.endpoint(party),
                os.urandom,
            )
        self.sender = self.nodes[SENDER]
        quiet_collector()
        self._made = 0

    def tracks(self, count: int) -> list[Track]:
        """Objects that the sender makes."""
        at_ns = self.clock.now_ns()
        label = self.sender.label("track")
        made = []
        for number in range(self._made, self._made + count):
            shift = number % 1_000_000
            state = Kinematics(
                epoch_ns=at_ns,
                position_mm=(-3_900_000_000 + shift, 3_400_000_000 - shift, 4_200_000_000),
                velocity_mm_per_s=(1_000_000 + shift, -2_000_000, 500_000),
                covariance_factor=tuple(
                    30_000_000 + shift if place in {0, 2, 5, 9, 14, 20} else 1_000 + place
                    for place in range(21)
                ),
            )
            name = f"{SENDER}-t{number:09d}"
            made.append(
                Track(
                    item_id=name,
                    subject=name,
                    domain=Domain.SEISMIC,
                    status=Status.EXERCISE,
                    valid_ns=at_ns,
                    label=label,
                    provenance=Provenance(originators=(SENDER,)),
                    stage=Stage.COAST,
                    state=state,
                    sensors=("array-7",),
                    updates_count=12,
                )
            )
        self._made += count
        return made

    def give(self, tracks: list[Track]) -> None:
        """Take objects in, decide and write them, and send them."""
        refused = self.sender.intake(tracks).refusals
        if refused:
            raise SystemExit(refused[0])
        self.sender.tick()

    def deliver(self) -> None:
        """Carry what is under way, until nothing is; receipts come back and are written."""
        while self.network.due(self.clock.now_ns()):
            self.sender.tend_links()
        self.sender.tick()

    def held(self) -> int:
        """How many objects are durable at all three."""
        return min(self.nodes[party].holdings.by_sender.get(SENDER, 0) for party in RECIPIENTS)

    def close(self) -> None:
        for node in self.nodes.values():
            node.ledger.close()


def run(star: Star, objects: int, batch: int) -> tuple[float, float]:
    """Processor and wall seconds until so many more objects are durable at all three."""
    tracks, before = star.tracks(objects), star.held()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for start in range(0, objects, batch):
        star.give(tracks[start : start + batch])
        star.deliver()
    for _ in range(100):
        if star.held() == before + objects:
            return time.process_time() - cpu_s, time.perf_counter() - wall_s
        star.deliver()
    raise SystemExit(f"{star.held() - before} of {objects} objects arrived")


def throughput(given: argparse.Namespace) -> bool:
    """Print objects per second; whether the goal is met."""
    cpu_us, wall_us = [], []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            star = Star(Path(folder))
            run(star, given.batch, given.batch)
            spent = run(star, given.objects, given.batch)
            star.close()
        cpu_us.append(spent[0] / given.objects * 1e6)
        wall_us.append(spent[1] / given.objects * 1e6)
    cpu = statistics.median(cpu_us)
    print(
        f"throughput: {given.objects} objects to {len(RECIPIENTS)}, batches of {given.batch}, "
        f"medians of {given.rounds} rounds"
    )
    print(f"  processor time {cpu:.0f} us an object ({min(cpu_us):.0f} to {max(cpu_us):.0f}), all four nodes")
    print(f"  in one process {1e6 / statistics.median(wall_us):,.0f}/s by the wall")
    rate = CORES * 1e6 / cpu
    print(f"  {CORES} cores full of it: {rate:,.0f} objects/s durable at all three; goal {GOAL_PER_S:,}")
    if given.profile:
        profiled(given)
    return rate >= GOAL_PER_S


def profiled(given: argparse.Namespace) -> None:
    """Where the time goes."""
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        star = Star(Path(folder))
        run(star, given.batch, given.batch)
        profile = cProfile.Profile()
        profile.runcall(run, star, given.objects, given.batch)
        star.close()
    pstats.Stats(profile).sort_stats("tottime").print_stats(60)


def soak(given: argparse.Namespace) -> bool:
    """Offer at a rate for minutes; print memory and latency of each minute; whether both stayed flat."""
    lines: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        star = Star(Path(folder))
        batch = max(1, given.rate // 10)
        began_s, given_count = time.perf_counter(), 0
        for minute in range(given.minutes):
            spent_ms: list[float] = []
            while time.perf_counter() < began_s + 60 * (minute + 1):
                due_s = began_s + given_count / given.rate
                if (ahead_s := due_s - time.perf_counter()) > 0:
                    time.sleep(ahead_s)
                star.give(star.tracks(batch))
                star.deliver()
                given_count += batch
                spent_ms.append((time.perf_counter() - due_s) * 1e3)
            cuts = statistics.quantiles(spent_ms, n=100, method="inclusive")
            lines.append((rss_mb(), cuts[49], cuts[98]))
            print(
                f"  minute {minute + 1}: {given_count} objects, {star.held()} durable at all, resident "
                f"{lines[-1][0]:.0f} MB, latency p50 {lines[-1][1]:.1f} ms, p99 {lines[-1][2]:.1f} ms",
                flush=True,
            )
        star.close()
    half = len(lines) // 2
    return half == 0 or statistics.median(one[1] for one in lines[half:]) <= 1.5 * statistics.median(
        one[1] for one in lines[:half]
    )


def rss_mb() -> float:
    """What this process holds now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {"throughput": throughput, "soak": soak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part; throughput where left out")
    parser.add_argument("--objects", type=int, default=4_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--folder", help="where the ledgers stand")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    sys.exit(0 if PARTS[given.only or "throughput"](given) else 1)


if __name__ == "__main__":
    main()
