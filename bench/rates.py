"""Rates of the rooms that every item passes, each beside the bare thing it is made of, in one run.

    python bench/rates.py

- ledger: rows a second, durable, in batches of 100, beside bare SQLite (apsw, WAL, full sync).
- envelope: objects a second sealed and opened in batches of 100, beside one Ed25519 signature or check each.
- decide: decisions a second of one track under a preset, beside the slow reference of spec/.

Medians of seven repetitions, turn and turn about, so that a noisy machine meets both sides alike.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.link import NodeKeys, Parcel, Sealer, TrustStore, open_envelope, sign_labels
from trilat.model import (
    Classification,
    Domain,
    Kinematics,
    Label,
    Provenance,
    Stage,
    Status,
    Track,
    encode,
)
from trilat.node import SystemClock
from trilat.policy import ReleaseRequest, decide, degrade
from trilat.study import preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from spec import decide_reference

REPEATS, BATCH, BATCHES = 7, 100, 20


def track() -> Track:
    at_ns = preset("multilateral").regime.as_of_ns
    state = Kinematics(
        epoch_ns=at_ns,
        position_mm=(-3_900_000_000, 3_400_000_000, 4_200_000_000),
        velocity_mm_per_s=(1_000_000, -2_000_000, 500_000),
        covariance_factor=tuple(30_000_000 if place in {0, 2, 5, 9, 14, 20} else 0 for place in range(21)),
    )
    marking = Classification(scheme="JPN", level="GOKUHI")
    return Track(
        item_id="JPN-t1",
        subject="JPN-t1",
        domain=Domain.MISSILE,
        status=Status.SIMULATED,
        valid_ns=at_ns,
        label=Label(originator="JPN", classification=marking, releasable_to=("KOR", "USA"), created_ns=at_ns),
        provenance=Provenance(originators=("JPN",)),
        stage=Stage.COAST,
        tracklets=(state,),
        state=state,
    )


def rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def ledger_rates(folder: Path) -> tuple[float, float]:
    content = os.urandom(500)
    ledger = Ledger(SqliteStore(folder / "l.ledger"), "JPN", os.urandom(32), SystemClock(), os.urandom)
    bare = apsw.Connection(str(folder / "bare.db"))
    bare.execute("pragma journal_mode=wal")
    bare.execute("pragma synchronous=full")
    bare.execute("create table rows(entry integer primary key, content blob) strict")
    batch = [Entry(kind=EntryKind.ITEM, content=content)] * BATCH

    def ours() -> None:
        for _ in range(BATCHES):
            ledger.append(batch)

    def theirs() -> None:
        for _ in range(BATCHES):
            with bare:
                bare.executemany("insert into rows(content) values(?)", [(content,)] * BATCH)

    pair = rate(BATCH * BATCHES, ours), rate(BATCH * BATCHES, theirs)
    ledger.close()
    bare.close()
    return pair


def envelope_rates() -> dict[str, float]:
    keys = {party: NodeKeys.generate(party, os.urandom) for party in ("JPN", "KOR")}
    trust = TrustStore([node.pin for node in keys.values()])
    item, chosen = track(), preset("multilateral")
    request = ReleaseRequest(
        sender="JPN", recipient="KOR", purpose=chosen.regime.purpose, at_ns=chosen.regime.as_of_ns
    )
    release = degrade(item, decide(item, request, chosen.agreements))
    markings = sign_labels(keys["JPN"], [item] * BATCH, os.urandom)
    parcels = [Parcel(release=encode(release), marking=marking) for marking in markings]
    sealer = Sealer(keys["JPN"], keys["KOR"].pin, keys["JPN"].stream_to("KOR"), os.urandom)
    sealed = sealer.seal(1, parcels)
    bare = Ed25519PrivateKey.generate()
    public, signature = bare.public_key(), bare.sign(parcels[0].release)
    return {
        "seal": rate(BATCH, lambda: sealer.seal(1, parcels)),
        "open": rate(BATCH, lambda: open_envelope(sealed, keys["KOR"], trust)),
        "sign": rate(BATCH, lambda: [bare.sign(parcels[0].release) for _ in range(BATCH)]),
        "check": rate(BATCH, lambda: [public.verify(signature, parcels[0].release) for _ in range(BATCH)]),
    }


def decide_rates() -> tuple[float, float]:
    item, chosen = track(), preset("realtime-2023")
    request = ReleaseRequest(
        sender="JPN", recipient="KOR", purpose=chosen.regime.purpose, at_ns=chosen.regime.as_of_ns
    )
    files = chosen.agreements.files
    ours = rate(500, lambda: [decide(item, request, chosen.agreements) for _ in range(500)])
    slow = rate(50, lambda: [decide_reference.decide(item, request, files, ()) for _ in range(50)])
    return ours, slow


def line(name: str, ours: list[float], beside: str, theirs: list[float]) -> str:
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return (
        f"| {name} | {statistics.median(ours):,.0f} ({min(ours):,.0f} to {max(ours):,.0f}) "
        f"| {beside} | {statistics.median(theirs):,.0f} | {ratio:.2f} |"
    )


def main() -> int:
    ledgers, envelopes, decisions = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(REPEATS):
            place = Path(folder) / str(repeat)
            place.mkdir()
            ledgers.append(ledger_rates(place))
            envelopes.append(envelope_rates())
            decisions.append(decide_rates())
    print("| what | per second, median (least to most) | beside | per second | ratio |")
    print("|---|---|---|---|---|")
    bare = [pair[1] for pair in ledgers]
    print(line("ledger rows of 500 B, durable", [pair[0] for pair in ledgers], "bare SQLite", bare))
    for ours, theirs, beside in (("seal", "sign", "one signature each"), ("open", "check", "one check each")):
        mine = [found[ours] for found in envelopes]
        print(line(f"{ours} tracks in envelopes", mine, beside, [found[theirs] for found in envelopes]))
    print(line("decide", [pair[0] for pair in decisions], "the slow reference", [p[1] for p in decisions]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
