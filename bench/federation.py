"""Federation measured with the real parts: `--only live` is the live lane; `throughput` and `soak`
are in `star.py`.

Live lane: two nodes as processes of their own, linked through a hub (three NATS servers, mutual TLS). KOR's
node is given single reports at a pace, by the same call as its HTTP route; USA's node opens and records them.
In the same run a bare NATS client publishes 500 bytes over the same servers and accounts, and is timed too.

    python bench/federation.py --only live [--rate 1000] [--seconds 15] [--rounds 3]

Instants are of the machine's one clock: *accepted* when the report's own commit has returned, *opened* when
USA's node has the release in clear, *durable* when USA's commit of it has returned.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import star
from nats.aio.client import Client
from nats.aio.msg import Msg

from trilat.cli.running import begin_node, configure_log, interrupted
from trilat.ledger import Entry, EntryKind, Ledger
from trilat.link import LinkEndpoint, card_from_json, hub_way
from trilat.link.connecting import own_server
from trilat.link.opening import Opener
from trilat.model import OnwardRule, Statement, decode
from trilat.node import quiet_collector, read_folder
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord

GOALS_MS = {"opened": (1.0, 3.0), "durable": (None, 7.0)}
BARE_FACTOR_MAX = 3.0
BARE_EVERY_S = 0.01
SETTLE_S = 4.0
LINKED_S = 5.0
"""The links stand after so long; what is fed before waits for them."""
TEXT = "The exchange of this morning is confirmed by the duty office. " * 5

AGREEMENT = f"""
[agreement]
id = "talks"
version = 1
title = "Talks"
parties = ["KOR", "USA"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["talks"]
onward = "{OnwardRule.NEVER.value}"

[[clause]]
id = "1"
article = "Article 1"
effect = "permit"
domains = ["consultation"]
kinds = ["statement"]
from = ["KOR", "USA"]
to = ["KOR", "USA"]
highest = {{ scheme = "KOR", level = "II" }}
form = "tracks"
"""


# --- one node, in a process of its own ---


class Noted:
    """What a node did when, by item, UTC ns; and how it is told, as one line of JSON on standard output."""

    def __init__(self) -> None:
        self.given: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.released: dict[str, int] = {}
        self.opened: dict[str, int] = {}
        self.durable: dict[str, int] = {}

    def watch(self) -> None:
        """Note around the methods that all ways lead through. What is accepted is so when the commit that
        holds it returns, also where it is decided on and released in the same one.
        """
        note = {
            (Ledger, "append"): self._committed,
            (LinkEndpoint, "tick"): self._sent,
            (Opener, "open"): self._opened,
        }
        for (owner, name), noted in note.items():
            setattr(owner, name, noted(getattr(owner, name)))

    def _committed(self, append: Any) -> Any:
        def noted(ledger: Ledger, entries: Sequence[Entry]) -> Any:
            receipts = append(ledger, entries)
            now_ns = time.time_ns()
            for entry in entries:
                if entry.kind is EntryKind.REPORT:
                    self.accepted[decode(entry.content, Statement).item_id] = now_ns
                elif entry.kind is EntryKind.RELEASE:
                    self._leaving.append(decode(entry.content, ReleaseRecord, RECORD_BYTES_MAX).item.item_id)
                elif entry.kind is EntryKind.RECEIVED:
                    sequence = decode(entry.content, ReceivedRecord, RECORD_BYTES_MAX).sequence
                    self.durable[self._items.pop(sequence)] = now_ns
            return receipts

        self._leaving: list[str] = []
        self._items: dict[int, str] = {}
        return noted

    def _sent(self, tick: Any) -> Any:
        def noted(endpoint: LinkEndpoint, now_ns: int) -> None:
            tick(endpoint, now_ns)
            at_ns = time.time_ns()
            self.released.update((item, at_ns) for item in self._leaving)
            self._leaving.clear()

        return noted

    def _opened(self, open_: Any) -> Any:
        def noted(opener: Opener, checked: Any, from_sequence: int = 0) -> Any:
            opened = open_(opener, checked, from_sequence)
            now_ns = time.time_ns()
            for one in opened.parcels:
                name = one.release.item.item_id
                self.opened[name] = now_ns
                self._items[one.sequence] = name
            return opened

        return noted


async def run_child(folder: Path, rate: int, seconds: float) -> None:
    """A node that feeds itself for some seconds when a line comes, and tells what it noted at the end."""
    configure_log(40)
    noted = Noted()
    noted.watch()
    async with AsyncExitStack() as stack:
        ended = await stack.enter_async_context(interrupted())
        service = await begin_node(read_folder(folder), stack)
        quiet_collector()
        about = service.about()
        print(json.dumps({"server_port": about["server_port"]}), flush=True)
        print("up", flush=True)
        if rate:
            await asyncio.to_thread(sys.stdin.readline)
            began_s = time.process_time()
            await feed(service, rate, seconds, noted.given)
            spent_s = time.process_time() - began_s
            await asyncio.sleep(SETTLE_S)
            told = {"given": noted.given, "accepted": noted.accepted, "released": noted.released}
            told["processor_s"] = spent_s
            print(json.dumps(told), flush=True)
        else:
            began_s = time.process_time()
            await asyncio.to_thread(sys.stdin.readline)
            told = {"opened": noted.opened, "durable": noted.durable}
            told["processor_s"] = time.process_time() - began_s
            print(json.dumps(told), flush=True)
        ended.set()


async def feed(service: Any, rate: int, seconds: float, given: dict[str, int]) -> None:
    """Give single reports at a pace: each its own call, as single requests would be."""
    loop = asyncio.get_running_loop()
    began_s, tasks = loop.time(), set()
    for number in range(int(rate * seconds)):
        ahead_s = began_s + number / rate - loop.time()
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)
        name = f"KOR-s-{number}"
        report = {
            "kind": "statement",
            "item_id": name,
            "subject": name,
            "domain": "consultation",
            "valid_ns": time.time_ns(),
            "text": TEXT,
        }
        given[name] = time.time_ns()
        task = loop.create_task(service.intake([report], name, sha256(name.encode()).digest()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


# --- bare NATS over the same servers ---


class Bare:
    """One-way times of a bare client's messages from KOR's server through the hub to USA's."""

    def __init__(self) -> None:
        self.spent_ms: list[float] = []

    async def measure(self, root: Path, ports: dict[str, int], seconds: float) -> None:
        kor, usa = (read_folder(root / party) for party in ("KOR", "USA"))
        hub = kor.hub_cards["NORTH"]
        way = hub_way(hub, kor.identity.leaf_nkey, "USA", kor.cards["USA"].leaf_nkey)
        # A kind of subject that no node subscribes to.
        subject = f"x.{way.out}.bench"
        here, there = Client(), Client()
        for client, folder in ((here, kor), (there, usa)):
            port = ports[folder.settings.party]
            await client.connect(**own_server(port, folder.identity_path, folder.identity.app_seed))

        async def came(message: Msg) -> None:
            sent_ns = int.from_bytes(message.data[:8], "big")
            self.spent_ms.append((time.time_ns() - sent_ns) / 1e6)

        await there.subscribe(subject, cb=came)
        await there.flush()
        ends_s = time.monotonic() + seconds
        await asyncio.sleep(0.5)
        while time.monotonic() < ends_s:
            await here.publish(subject, time.time_ns().to_bytes(8, "big") + bytes(492))
            await asyncio.sleep(BARE_EVERY_S)
        await asyncio.sleep(0.5)
        await here.close()
        await there.close()


# --- one round ---


def trilat(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "trilat", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make(root: Path) -> None:
    """A hub and two nodes that are linked through it, as their operators would."""
    port = free_port()
    (root / "agreements").mkdir()
    (root / "agreements" / "talks.toml").write_text(AGREEMENT)
    trilat("hub", "init", root / "hub", "--name", "NORTH", "--listen", f"127.0.0.1:{port}")
    for party, other in (("KOR", "USA"), ("USA", "KOR")):
        trilat("node", "init", root / party, "--party", party, "--peer", f"{other}@NORTH", "--hub",
               f"NORTH=127.0.0.1:{port}", "--agreements", root / "agreements", "--purpose", "talks",
               "--status", "exercise")  # fmt: skip
    for party, other in (("KOR", "USA"), ("USA", "KOR")):
        card = root / party / "card.json"
        (root / other / "peers" / f"{party}.json").write_bytes(card.read_bytes())
        (root / party / "hubs" / "NORTH.json").write_bytes((root / "hub" / "card.json").read_bytes())
        aloud = card_from_json(card.read_bytes()).fingerprint
        trilat("hub", "admit", root / "hub", card, "--fingerprint", aloud, "--with", other)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise SystemExit("a node ended: look at what it says above")
    return said


def write(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def one_round(rate: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of one round, sorted, by what was measured."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root)
        processes: list[subprocess.Popen[str]] = []
        hub = subprocess.Popen([sys.executable, "-m", "trilat", "hub", "run", root / "hub"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            for party in ("USA", "KOR"):
                command = [sys.executable, __file__, "--node", str(root / party), "--seconds", str(seconds)]
                command += ["--rate", str(rate if party == "KOR" else 0)]
                processes.append(
                    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                )
            usa, kor = processes
            ports = {
                party: json.loads(line(one))["server_port"] for party, one in (("USA", usa), ("KOR", kor))
            }
            for one in processes:
                line(one)
            time.sleep(LINKED_S)
            bare = Bare()
            write(kor)
            asyncio.run(bare.measure(root, ports, seconds))
            sent = json.loads(line(kor))
            write(usa)
            got = json.loads(line(usa))
        finally:
            for one in (*processes, hub):
                one.terminate()
            for one in (*processes, hub):
                one.wait(20)
    accepted = sent["accepted"]
    if len(got["durable"]) != len(accepted):
        raise SystemExit(f"{len(accepted)} were accepted, {len(got['durable'])} arrived")
    spans = {
        what: [(got[what][item] - at_ns) / 1e6 for item, at_ns in accepted.items()]
        for what in ("opened", "durable")
    }
    spans["processor"] = [one["processor_s"] / len(accepted) * 1e3 for one in (sent, got)]
    spans["given -> accepted"] = [(at_ns - sent["given"][item]) / 1e6 for item, at_ns in accepted.items()]
    spans["handed to the link"] = [(sent["released"][item] - at_ns) / 1e6 for item, at_ns in accepted.items()]
    spans["bare"] = bare.spent_ms
    return {what: found if what == "processor" else sorted(found) for what, found in spans.items()}


LABELS = {"bare": "bare NATS, same path, same run", "given -> accepted": "given -> accepted"}


def at(found: list[float], percent: int) -> float:
    return statistics.quantiles(found, n=100, method="inclusive")[percent - 1]


def live(rate: int, seconds: float, rounds: int) -> bool:
    """Print the live lane's figures; whether every goal is met."""
    found = [one_round(rate, seconds) for _ in range(rounds)]
    cores = os.cpu_count()
    print(
        f"live lane through a hub: {rate} objects/s for {seconds:g} s on {cores} cores, "
        f"medians of {rounds} rounds (spread)"
    )
    medians: dict[tuple[str, int], float] = {}
    for what in ("given -> accepted", "handed to the link", "opened", "durable", "bare"):
        cells = []
        for percent in (50, 99):
            values = [at(one[what], percent) for one in found]
            medians[what, percent] = statistics.median(values)
            cells.append(
                f"p{percent} {medians[what, percent]:.2f} ms ({min(values):.2f} to {max(values):.2f})"
            )
        label = LABELS.get(what, f"accepted -> {what}")
        print(f"  {label:<34} {'; '.join(cells)}")
    for place, end in enumerate(("sender", "recipient")):
        spent = statistics.median(one["processor"][place] for one in found)
        print(f"  processor time an object at the {end}: {spent:.2f} ms")
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"  load of the machine over the last 1, 5 and 15 minutes: {load}")
    met = True
    for what, goals in GOALS_MS.items():
        for percent, goal in zip((50, 99), goals, strict=True):
            if goal is not None and medians[what, percent] > goal:
                met = False
                print(f"  missed: {what} p{percent} {medians[what, percent]:.2f} ms, goal {goal:g} ms")
    factor, tail = (medians["opened", percent] / medians["bare", percent] for percent in (50, 99))
    print(f"  opened is {factor:.1f} times bare NATS at p50, {tail:.1f} at p99")
    if factor > BARE_FACTOR_MAX:
        met = False
        print(f"  missed: at most {BARE_FACTOR_MAX:g} times bare NATS")
    return met


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "live": lambda given: live(given.rate, given.seconds, given.rounds),
    "throughput": star.throughput,
    "soak": star.soak,
}
LASTING = frozenset({"soak"})
"""Parts that run only where they are named."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part; all but soak where left out")
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--objects", type=int, default=4_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--folder", help="where ledgers of throughput and soak stand")
    parser.add_argument("--processes", action="store_true", help="throughput in processes too")
    parser.add_argument("--profile", action="store_true", help="throughput under a profiler too")
    parser.add_argument("--node", type=Path, help="for this program's own use")
    given = parser.parse_args()
    if given.node is not None:
        asyncio.run(run_child(given.node, given.rate, given.seconds))
        return
    chosen = [given.only] if given.only else sorted(PARTS.keys() - LASTING)
    met = [PARTS[name](given) for name in chosen]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
