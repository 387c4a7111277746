"""What it costs to be even again: two nodes of a million items, and a link that was away for thirty seconds.

    PYTHONPATH=. python bench/resync.py [ITEMS] [BEHIND] [CUT_S]

1. Resync. Two ledgers in SQLite hold ITEMS (1,000,000) releases and as many received; the link between them
   comes back. Counted are bytes both ways and the time until both know that they are even: with nothing new,
   with 10 new, with 1,000 new; and what half a minute of idling costs.
2. Growth. The cost of a parcel with 1,000, 10,000 and 100,000 waiting behind a cut, and parcels in memory.
3. A cut. Two processes with NATS servers of their own, mutual TLS between them, SQLite with full sync at both
   ends. The cable is cut; BEHIND (20,000) objects are written and released meanwhile; the cable is mended.
   Timed is from mending to the first and to the last object on the recipient's disk.

4. Twelve days without a thin link, on a simulated clock: bytes carried at 2,400 bit/s, and minutes taken.

Goals: 1 s and 10 kB to be even, cost in proportion to what is new; 1 s for what 30 s left behind.
"""

import asyncio
import contextlib
import multiprocessing as mp
import os
import queue
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from tests.link import test_thin_cut
from tests.link.conftest import new_world
from tests.nats_sites import at, make_site
from tests.tcp_proxy import Proxy

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.link import (
    PARCEL_SALT_BYTES,
    LinkedPartner,
    LinkEndpoint,
    MemoryNetwork,
    NodeKeys,
    OutgoingState,
    Parcel,
    TrustStore,
    direct_way,
    sign_labels,
)
from trilat.link.opening import OpenedParcel
from trilat.model import (
    SECOND_NS,
    Classification,
    Domain,
    Duties,
    Form,
    ItemReference,
    Label,
    Lane,
    Provenance,
    Release,
    Statement,
    Status,
    encode,
)
from trilat.node.lanes import Lanes
from trilat.node.receiving import received_record
from trilat.node.records import ReceivedRecord, ReleaseRecord

INSTANT_NS: Final = 1_238_898_600 * SECOND_NS
ROWS_PER_COMMIT: Final = 1_000
GOAL_S: Final = 1.0
GOAL_BYTES: Final = 10_000


class Wall:
    """The world's clock."""

    def now_ns(self) -> int:
        return time.time_ns()


def parcel(keys: NodeKeys, number: int) -> bytes:
    """A small item of KOR's to USA."""
    return parcels(keys, [number])[0]


def parcels(keys: NodeKeys, numbers: Sequence[int]) -> list[bytes]:
    """Small items of KOR's to USA, marked together as a node marks what is due at one time."""
    releases = [release(number) for number in numbers]
    markings = sign_labels(keys, [one.item for one in releases], os.urandom)
    return [
        encode(Parcel(release=encode(one), marking=marking, salt=os.urandom(PARCEL_SALT_BYTES)))
        for one, marking in zip(releases, markings, strict=True)
    ]


def release(number: int) -> Release:
    """A small item of KOR's to USA, released."""
    label = Label(
        originator="KOR",
        classification=Classification(scheme="KOR", level="UNCLASSIFIED"),
        releasable_to=("USA",),
        created_ns=INSTANT_NS,
    )
    item = Statement(
        item_id=f"KOR-item-{number}",
        version=1,
        subject=f"KOR-subject-{number % 500}",
        domain=Domain.CONSULTATION,
        status=Status.SIMULATED,
        valid_ns=INSTANT_NS,
        label=label,
        provenance=Provenance(originators=("KOR",)),
        text="what is said here is about as long as the numbers of a track would be, with its covariance",
    )
    return Release(
        item=item,
        sender="KOR",
        recipient="USA",
        via=None,
        purpose="missile-warning",
        clauses=("agreement#clause",),
        form=Form.TRACKS,
        duties=Duties(),
        decided_ns=INSTANT_NS,
    )


class Sender:
    """KOR: an endpoint over a ledger."""

    def __init__(self, keys: NodeKeys, trust: TrustStore, path: Path, transport: Any) -> None:
        self.keys = keys
        self.ledger = Ledger(SqliteStore(path), "KOR", bytes(32), Wall(), os.urandom)
        node = SimpleNamespace(ledger=self.ledger, config=SimpleNamespace(party="KOR"), clock=Wall())
        self.lanes = Lanes(node)  # type: ignore[arg-type]
        self.last = self.count = 0
        self.first_s = self.last_s = 0.0
        self.endpoint = LinkEndpoint(
            keys, trust, transport, os.urandom, lambda *_: None, archive=self.lanes.read
        )

    def write(self, parcels: Sequence[bytes], *, send: bool = True) -> None:
        """Release parcels: into the ledger in one commit, then to the endpoint."""
        records = [
            ReleaseRecord(
                recipient="USA",
                stream=self.keys.stream_to("USA"),
                sequence=self.last + 1 + offset,
                item=ItemReference(item_id=f"KOR-item-{self.last + 1 + offset}", version=1),
                valid_ns=INSTANT_NS,
                parcel=one,
            )
            for offset, one in enumerate(parcels)
        ]
        entries = [Entry(kind=EntryKind.RELEASE, content=encode(record)) for record in records]
        receipts = self.ledger.append(entries)
        self.last += len(parcels)
        for record, receipt in zip(records, receipts, strict=True):
            self.lanes.note(record, receipt.entry)
            if send:
                self.endpoint.send("USA", record.sequence, record.parcel, receipt)


class Recipient:
    """USA: an endpoint that writes into a ledger."""

    def __init__(self, keys: NodeKeys, trust: TrustStore, path: Path, transport: Any) -> None:
        self.ledger = Ledger(SqliteStore(path), "USA", bytes(32), Wall(), os.urandom)
        self.first_s = self.last_s = 0.0
        self.count = 0
        self.endpoint = LinkEndpoint(keys, trust, transport, os.urandom, self.take)

    def take(self, sender: str, stream: str, _first: int, parcels: tuple[OpenedParcel, ...]) -> None:
        self.ledger.append(
            [
                Entry(
                    kind=EntryKind.RECEIVED,
                    content=encode(
                        received_record(
                            sender=sender, stream=stream, sequence=one.sequence, parcel=one.wire, refusal=None
                        )
                    ),
                )
                for one in parcels
            ]
        )
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.count += len(parcels)


def pair() -> tuple[NodeKeys, NodeKeys, TrustStore]:
    kor, usa = (NodeKeys.generate(party, os.urandom) for party in ("KOR", "USA"))
    trust = TrustStore()
    for keys in (kor, usa):
        trust.add(keys.pin)
    return kor, usa, trust


# --- 1 ---


def resync(items: int, folder: Path) -> list[tuple[str, float, int]]:  # noqa: C901 - one story
    """Rows of (what, seconds, bytes)."""
    kor_keys, usa_keys, trust = pair()
    network = MemoryNetwork()
    carried = [0]
    sound = network.send

    def weigh(sender: str, recipient: str, payload: bytes) -> None:
        carried[0] += len(payload)
        sound(sender, recipient, payload)

    network.send = weigh  # type: ignore[method-assign]
    kor = Sender(kor_keys, trust, folder / "kor", network.endpoint("KOR"))
    usa = Recipient(usa_keys, trust, folder / "usa", network.endpoint("USA"))
    stream = kor_keys.stream_to("USA")
    _fill(kor, usa, items, parcel(kor_keys, 0), stream)
    state = OutgoingState(stream=stream, acknowledged=items, last=items)
    kor.endpoint.restore({"USA": state}, {})
    usa.endpoint.restore({}, {("KOR", stream): items})
    now = [INSTANT_NS]

    def even() -> float:
        began = time.perf_counter()
        for endpoint, party in ((kor.endpoint, "USA"), (usa.endpoint, "KOR")):
            endpoint.resume(party, now[0])
        for _ in range(1_000):
            network.due(now[0])
            for endpoint in (kor.endpoint, usa.endpoint):
                endpoint.tick(now[0])
            if network.next_ns() is None and kor.endpoint.acknowledged("USA") == kor.last:
                break
        now[0] += 60 * SECOND_NS
        return time.perf_counter() - began

    rows = []
    for new in (0, 10, 1_000):
        if new:
            kor.write([parcel(kor_keys, kor.last + 1 + offset) for offset in range(new)])
        carried[0] = 0
        seconds = even()
        assert usa.endpoint.cursors()["KOR", stream] == kor.last
        rows.append((f"{new} new", seconds, carried[0]))
    carried[0] = 0
    for second in range(30):
        for endpoint in (kor.endpoint, usa.endpoint):
            endpoint.tick(now[0] + second * SECOND_NS)
        network.due(now[0] + second * SECOND_NS)
    rows.append(("30 s at rest", 0.0, carried[0]))
    for ledger in (kor.ledger, usa.ledger):
        ledger.close()
    return rows


def _fill(kor: Sender, usa: Recipient, items: int, one: bytes, stream: str) -> None:
    for first in range(0, items, ROWS_PER_COMMIT):
        count = min(ROWS_PER_COMMIT, items - first)
        kor.write([one] * count, send=False)
        usa.ledger.append(
            [
                Entry(
                    kind=EntryKind.RECEIVED,
                    content=encode(
                        ReceivedRecord(sender="KOR", stream=stream, sequence=first + 1 + offset, parcel=one)
                    ),
                )
                for offset in range(count)
            ]
        )


# --- 2 ---


def growth(sizes: Sequence[int], folder: Path) -> list[tuple[int, float, float, int]]:
    """Rows of (waiting, us to take one, us to push one, parcels in memory)."""
    rows = []
    for size in sizes:
        kor_keys, _, trust = pair()
        network = MemoryNetwork()
        network.listen("USA", lambda _: None)
        kor = Sender(kor_keys, trust, folder / f"growth-{size}", network.endpoint("KOR"))
        one = parcel(kor_keys, 0)
        began = time.perf_counter()
        for first in range(0, size, ROWS_PER_COMMIT):
            kor.write([one] * min(ROWS_PER_COMMIT, size - first))
        took_us = (time.perf_counter() - began) / size * 1e6
        stream = kor.endpoint._outbox.streams["USA"]  # noqa: SLF001 - the part that is measured
        kept = stream.kept
        pushed = 0
        spent: list[float] = []
        for _ in range(20):
            began = time.perf_counter()
            push = stream.push(0)
            spent.append(time.perf_counter() - began)
            count = 0 if push is None else len(getattr(push, "parcels", ()))
            pushed += count
            stream.acknowledge(pushed, 0)
            if pushed >= size:
                break
        rows.append((size, took_us, sum(spent) / pushed * 1e6, kept))
        kor.ledger.close()
    return rows


# --- 3 ---


class Worker:
    """One side's own thread, as a node's: what arrives and what is told stands in one queue, and payloads
    that wait behind each other are taken together.
    """

    def __init__(self, endpoint: LinkEndpoint, other: str) -> None:
        self.endpoint = endpoint
        self.other = other
        self.jobs: queue.SimpleQueue[Callable[[], object] | bytes | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def reachable(self, _: str) -> None:
        self.jobs.put(lambda: self.endpoint.resume(self.other, time.time_ns()))

    def _work(self) -> None:
        while True:
            due_ns = self.endpoint.next_tick_ns()
            wait_s = 0.1 if due_ns is None else min(0.1, (due_ns - time.time_ns()) / SECOND_NS)
            try:
                job = self.jobs.get(timeout=wait_s) if wait_s > 0 else self.jobs.get_nowait()
            except queue.Empty:
                self.endpoint.tick(time.time_ns())
                continue
            if isinstance(job, bytes):
                payloads, job = [job], _nothing
                with contextlib.suppress(queue.Empty):
                    while isinstance(waiting := self.jobs.get_nowait(), bytes):
                        payloads.append(waiting)
                    job = waiting
                self.endpoint.receive_all(payloads)
            if job is None:
                return
            job()
            due_ns = self.endpoint.next_tick_ns()
            if due_ns is not None and due_ns <= time.time_ns():
                self.endpoint.tick(time.time_ns())


def _nothing() -> None:
    """No job behind the payloads."""


class Handing:
    """The transport of a side's endpoint: what comes goes to its thread."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.worker: Worker | None = None

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        self.transport.send(recipient, payload, lane)

    def listen(self, _receive: Callable[[bytes], object]) -> None:
        def arrived(payload: bytes) -> None:
            if self.worker is not None:
                self.worker.jobs.put(payload)

        self.arrived = arrived


async def _side(party: str, folder: Path, keys: NodeKeys, trust: TrustStore, wires: Connection) -> None:
    site = make_site(folder, party, keys)
    wires.send((site.card, site.leaf_port))
    partner_card, dial = await asyncio.to_thread(wires.recv)
    way = direct_way(site.identity, partner_card)
    site.link([LinkedPartner(card=partner_card, way=way, dial=dial)])
    handing = Handing()
    handing.transport = site.transport
    kind = Sender if party == "KOR" else Recipient
    one: Any = kind(keys, trust, folder / f"{party}-ledger", handing)
    worker = handing.worker = Worker(one.endpoint, partner_card.party)
    site.transport.listen(handing.arrived)
    site.transport._on_reachable = worker.reachable  # noqa: SLF001 - a bench has no node in between
    await site.start()
    worker.thread.start()
    made: list[bytes] = []
    while True:
        said, value = await asyncio.to_thread(wires.recv)
        if said == "make":
            count, together = value
            for done in range(0, count, together):
                made += parcels(keys, range(done + 1, min(done + together, count) + 1))
        elif said == "write":
            given, made = made[:value], made[value:]
            worker.jobs.put(lambda given=given: one.write(given))  # type: ignore[misc]
        elif said == "restart":
            one.first_s = 0.0
        elif said == "end":
            worker.jobs.put(None)
            await asyncio.to_thread(worker.thread.join)
            await site.stop()
            return
        wires.send((one.count, one.first_s, one.last_s, time.process_time()) if said == "count" else said)


def _process(party: str, folder: Path, keys: NodeKeys, trust: TrustStore, wires: Connection) -> None:
    asyncio.run(_side(party, folder, keys, trust, wires))


async def cut(  # noqa: C901 - one story
    behind: int, cut_s: float, folder: Path
) -> tuple[float, float, float, float]:
    """Seconds from mending to the first and to the last of what waited, on the recipient's disk; and of
    processor time at sender and recipient meanwhile.
    """
    kor_keys, usa_keys, trust = pair()
    context = mp.get_context("fork")
    ends, processes = {}, []
    for party, keys in (("KOR", kor_keys), ("USA", usa_keys)):
        ends[party], theirs = context.Pipe()
        process = context.Process(target=_process, args=(party, folder, keys, trust, theirs))
        process.start()
        processes.append(process)

    async def answer(party: str) -> Any:
        return await asyncio.to_thread(ends[party].recv)

    async def ask(party: str, said: str, value: Any = 0) -> Any:
        ends[party].send((said, value))
        return await answer(party)

    cards = {party: await answer(party) for party in ends}
    proxy = Proxy()
    port = await proxy.start(cards["USA"][1])
    ends["USA"].send((cards["KOR"][0], None))
    ends["KOR"].send((cards["USA"][0], at(port)))

    async def until(count: int) -> tuple[int, float, float, float]:
        while True:
            told: tuple[int, float, float, float] = await ask("USA", "count")
            if told[0] >= count:
                return told
            await asyncio.sleep(0.02)

    try:
        steps = max(1, int(cut_s))
        for count in (10, behind // steps * steps):
            await ask("KOR", "make", (count, max(1, behind // steps)))
        await ask("KOR", "write", 10)
        await until(10)
        await ask("USA", "restart")
        await proxy.cut()
        for _ in range(steps):
            began = time.monotonic()
            await ask("KOR", "write", behind // steps)
            await asyncio.sleep(max(0.0, cut_s / steps - (time.monotonic() - began)))
        busy_s = [(await ask(party, "count"))[3] for party in ("KOR", "USA")]
        mended_s = time.monotonic()
        await proxy.mend()
        _, first_s, last_s, _ = await until(10 + behind // steps * steps)
        spent_s = [(await ask(party, "count"))[3] for party in ("KOR", "USA")]
        return first_s - mended_s, last_s - mended_s, spent_s[0] - busy_s[0], spent_s[1] - busy_s[1]
    finally:
        for end in ends.values():
            with contextlib.suppress(OSError):
                end.send(("end", 0))
        for process in processes:
            process.join(10)
            process.terminate()
        await proxy.stop()


# --- 4 ---


def thin_cut() -> str:
    """Bytes and time of what is still worth sending after twelve days."""
    link = test_thin_cut.cut_for_twelve_days(new_world())
    carried, took_s = test_thin_cut.replay(link)
    link.judge()
    left_out = sum(last - first + 1 for first, last, _ in link.kor.skipped)
    released = len(link.kor.sent)
    return (
        f"{released} released, {released - left_out} sent, {left_out} left out; {carried} bytes,"
        f" {took_s / 60:.1f} minutes"
    )


def run(items: int = 1_000_000, behind: int = 20_000, cut_s: float = 30.0, repeats: int = 3) -> int:
    """Print all rows; how many goals were missed."""
    missed = 0

    def judged(*, met: bool) -> str:
        nonlocal missed
        missed += not met
        return "" if met else "  GOAL MISSED"

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"resync of two nodes with {items} items (goal: {GOAL_S:g} s, {GOAL_BYTES} bytes)")
        for what, seconds, size in resync(items, folder):
            limit = GOAL_BYTES + (0 if what.startswith(("0 ", "30 ")) else 2_000 * int(what.split()[0]))
            met = seconds <= GOAL_S and size <= limit
            print(f"  {what:14} {seconds * 1e3:8.1f} ms {size:9} bytes{judged(met=met)}")
        print("growth: waiting, us to write and take one, us to push one, parcels in memory")
        for size, took_us, push_us, kept in growth((1_000, 10_000, 100_000), folder):
            print(f"  {size:8} {took_us:8.1f} {push_us:8.1f} {kept:8}")
        print(f"twelve days without a link of 2,400 bit/s: {thin_cut()}")
        print(f"link restored after {cut_s:g} s with {behind} objects behind (goal: {GOAL_S:g} s)")
        lasts = []
        for repeat in range(repeats):
            first_s, last_s, *busy_s = asyncio.run(cut(behind, cut_s, _made(folder / f"cut-{repeat}")))
            lasts.append(last_s)
            print(
                f"  first {first_s:6.2f} s, complete {last_s:6.2f} s; processor {busy_s[0]:5.2f} s at the"
                f" sender, {busy_s[1]:5.2f} s at the recipient"
            )
        print(
            f"  median complete {statistics.median(lasts):.2f} s", judged(met=statistics.median(lasts) <= 1)
        )
    return missed


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def main() -> int:
    given: list[Callable[[str], Any]] = [int, int, float]
    return min(1, run(*(kind(text) for kind, text in zip(given, sys.argv[1:], strict=False))))


if __name__ == "__main__":
    sys.exit(main())
