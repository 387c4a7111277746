"""The parts `throughput` and `soak` of `federation.py`.

Throughput: objects that one party makes go to three others: decide, degrade, write, sign, seal, send, open,
verify, write. Four nodes of production code, each with a SQLite ledger on disk (WAL, full sync). Objects are
tracks of about 500 bytes in a concern that nothing fuses. An object counts when it is durable at all three.

    python bench/federation.py --only throughput [--objects 4000] [--batch 1000] [--rounds 5] [--processes]
    python bench/federation.py --only soak --minutes 30 --rate 2000
"""

import argparse
import contextlib
import cProfile
import os
import pstats
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path

import bare_nats

from trilat.ledger import Ledger, SqliteStore
from trilat.link import MemoryNetwork, NodeKeys, TrustStore
from trilat.model import Domain, Kinematics, Lane, Provenance, Stage, Status, Track, Transport
from trilat.node import Node, NodeConfig, SystemClock, quiet_collector
from trilat.policy import AgreementSet, read_agreement

GOAL_PER_S = 20_000
AHEAD_MAX = 8_000
"""Objects that the sender may be ahead of the slowest recipient."""

SOAK_TRACKS = 20_000
"""Tracks that move all the while: what is held is bounded, and memory must be flat once all were seen."""

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


class World:
    """What all four parties share: pins, agreements, and each its keys."""

    def __init__(self) -> None:
        self.keys = {party: NodeKeys.generate(party, os.urandom) for party in (SENDER, *RECIPIENTS)}
        self.trust = TrustStore([one.pin for one in self.keys.values()])
        self.agreements = AgreementSet.of({"bench.toml": read_agreement("bench.toml", AGREEMENT)})
        self.clock = SystemClock()

    def node(self, party: str, folder: Path, post: Transport) -> Node:
        """A party's node with its ledger in a folder."""
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
        return Node(
            config, self.clock, ledger, self.agreements, self.keys[party], self.trust, post, os.urandom
        )


class Tracks:
    """Makes the objects of one sender."""

    def __init__(self, sender: Node, names: int | None = None) -> None:
        """Each object has a name of its own, or so many names get ever newer versions."""
        self._sender = sender
        self._names = names
        self._made = 0

    def make(self, count: int) -> list[Track]:
        """Objects that the sender makes."""
        at_ns = self._sender.clock.now_ns()
        label = self._sender.label("track")
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
            turn, place = (0, number) if self._names is None else divmod(number, self._names)
            name = f"{SENDER}-t{place:09d}"
            made.append(
                Track(
                    item_id=name,
                    subject=name,
                    version=turn + 1,
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


class Star:
    """One node that gives, three that take, over a network in memory that loses nothing."""

    def __init__(self, folder: Path, names: int | None = None) -> None:
        self.world = world = World()
        self.clock = world.clock
        self.network = MemoryNetwork()
        self.nodes = {
            party: world.node(party, folder, self.network.endpoint(party)) for party in (SENDER, *RECIPIENTS)
        }
        self.sender = self.nodes[SENDER]
        quiet_collector()
        self.tracks = Tracks(self.sender, names).make
        self._next_tick_s = 0.0

    def give(self, tracks: list[Track]) -> None:
        """Take objects in, decide and write them, and send them."""
        refused = self.sender.intake(tracks).refusals
        if refused:
            raise SystemExit(refused[0])
        while self.sender.offers:
            self.sender.offer()

    def deliver(self) -> None:
        """Carry what is under way, until nothing is; receipts come back and are written. As in a node that
        serves, every node has its tick once in a second.
        """
        while self.network.due(self.clock.now_ns()):
            self.sender.tend_links()
        self.sender.offer()
        if time.perf_counter() >= self._next_tick_s:
            self._next_tick_s = time.perf_counter() + 1.0
            for node in self.nodes.values():
                node.tick()

    def held(self) -> int:
        """How many objects are durable at all three."""
        return min(self.nodes[party].holdings.by_sender.get(SENDER, 0) for party in RECIPIENTS)

    def close(self) -> None:
        for node in self.nodes.values():
            node.ledger.close()


class Pipes:
    """A transport between processes: a pipe to each partner."""

    def __init__(self, ends: Mapping[str, Connection]) -> None:
        self._ends = ends
        self._receive: Callable[[bytes], None] = lambda _: None

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        del lane
        self._ends[recipient].send_bytes(payload)

    def listen(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    def carry(self, timeout_s: float) -> None:
        """Take what has come, or wait for it a while; EOFError when the other end is gone."""
        for end in wait(list(self._ends.values()), timeout_s):
            assert isinstance(end, Connection)
            self._receive(end.recv_bytes())


def take(world: World, party: str, folder: Path, end: Connection, others: Sequence[Connection]) -> None:
    """A recipient, in a process of its own, until the sender goes; `others` are ends that are not its own."""
    for other in others:
        other.close()
    pipes = Pipes({SENDER: end})
    node = world.node(party, folder, pipes)
    quiet_collector()
    with contextlib.suppress(EOFError):
        while True:
            pipes.carry(0.1)
            node.tend_links()
    node.ledger.close()


def in_processes(objects: int, batch: int, folder: Path) -> float:
    """Wall seconds until so many objects are acknowledged by all three, each node in a process of its own."""
    world, forked = World(), get_context("fork")
    ends: dict[str, Connection] = {}
    processes = []
    for party in RECIPIENTS:
        ends[party], theirs = forked.Pipe()
        processes.append(forked.Process(target=take, args=(world, party, folder, theirs, [*ends.values()])))
        processes[-1].start()
        theirs.close()
    pipes = Pipes(ends)
    sender = world.node(SENDER, folder, pipes)
    make = Tracks(sender).make
    quiet_collector()
    given = 0

    def carry_until(behind: int) -> None:
        while given - min(sender.endpoint.acknowledged(party) for party in RECIPIENTS) > behind:
            pipes.carry(0.01)
            sender.tick()

    def give(tracks: Sequence[Track]) -> None:
        nonlocal given
        given += sender.intake(tracks).accepted
        sender.tick()
        pipes.carry(0.0)
        carry_until(AHEAD_MAX)

    give(make(batch))
    carry_until(0)
    parts = [make(batch) for _ in range(objects // batch)]
    began_s = time.perf_counter()
    for part in parts:
        give(part)
    carry_until(0)
    wall_s = time.perf_counter() - began_s
    sender.ledger.close()
    for end in ends.values():
        end.close()
    for process in processes:
        process.join(30)
    return wall_s


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
    if given.processes:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            wall_s = in_processes(given.objects, given.batch, Path(folder))
        print(
            f"  four processes over pipes, as the machine stood: {given.objects / wall_s:,.0f}/s by the wall"
        )
    print(f"  {CORES} cores full of it: {rate:,.0f} objects/s durable at all three; goal {GOAL_PER_S:,}")
    bare_nats.beside()
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
        star = Star(Path(folder), SOAK_TRACKS)
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
