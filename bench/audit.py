"""A ledger of many rows: examined, flipped in one bit at random places, repaired; and its streams' tree.

    python bench/audit.py [ROWS] [FLIPS]

Beside the examination stands what SQLite's own integrity check takes, and how many of the flips it finds.
Contents are 500 random bytes; the file lies in a temporary folder.
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import apsw

from trilat.ledger import (
    Entry,
    EntryKind,
    Ledger,
    MerkleLog,
    SqliteStore,
    is_well_formed,
    leaf_hash,
    salvage,
    verify_consistency,
    verify_inclusion,
)
from trilat.node import SystemClock, put_right, surveyed

BATCH = 1_000
_T = TypeVar("_T")


def timed(what: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    value = what()
    return time.perf_counter() - began, value


def opened(path: Path, key: bytes) -> Ledger:
    return Ledger(SqliteStore(path), "KOR", key, SystemClock(), os.urandom)


def fill(path: Path, key: bytes, rows: int) -> None:
    ledger = opened(path, key)
    for _ in range(rows // BATCH):
        ledger.append([Entry(kind=EntryKind.ITEM, content=os.urandom(500)) for _ in range(BATCH)])
    ledger.close()


def verified(path: Path, key: bytes) -> tuple[bool, int]:
    ledger = opened(path, key)
    found = ledger.verify()
    ledger.close()
    return found.verified, found.entries


def integrity(path: Path) -> str:
    connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return str(connection.execute("PRAGMA integrity_check(1)").fetchall()[0][0])
    except apsw.Error as error:
        return str(error)
    finally:
        connection.close()


def flipped(path: Path, source: random.Random, within: int) -> tuple[int, int]:
    at, bit = source.randrange(within), source.randrange(8)
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))
    return at, bit


def repaired(path: Path, key: bytes, rows: int) -> tuple[int, int, int]:
    """Damaged, put right, not to be had."""
    if not is_well_formed(path):
        fresh = path.with_name("fresh")
        salvage(path, fresh, key)
        fresh.replace(path)
    ledger = opened(path, key)
    survey = surveyed(ledger)
    damages = survey.damage()
    mended = [repair for damage in damages if (repair := put_right(ledger, damage)) is not None]
    ledger.repair(mended)
    served = sum(1 for _ in ledger.entries(on_broken=lambda *_: None))
    ledger.close()
    assert survey.rows == rows
    assert served == rows + len(mended) - (len(damages) - len(mended))
    return len(damages), len(mended), len(damages) - len(mended)


def tree(leaves: int) -> None:
    hashes = [leaf_hash(number.to_bytes(8, "big")) for number in range(leaves)]
    log = MerkleLog(lambda start, stop: hashes[start:stop])

    def grow() -> None:
        for one in hashes:
            log.append(one)

    spent_s, _ = timed(grow)
    print(f"tree: {leaves} leaves in {spent_s:.2f} s, {leaves / spent_s:,.0f} a second")
    source = random.Random(1)
    proofs_s, checks_s = [], []
    for _ in range(200):
        index, first = source.randrange(leaves), source.randrange(1, leaves)
        spent_s, path = timed(lambda index=index: log.inclusion(index, leaves))
        proofs_s.append(spent_s)
        spent_s, good = timed(lambda i=index, p=path: verify_inclusion(hashes[i], i, leaves, p, log.root()))
        checks_s.append(spent_s)
        assert good
        older = log.root(first)
        assert verify_consistency(first, leaves, older, log.root(), log.consistency(first, leaves))
    print(
        f"inclusion: made p50 {statistics.median(proofs_s) * 1e6:.0f} us, max {max(proofs_s) * 1e6:.0f} us; "
        f"checked p50 {statistics.median(checks_s) * 1e6:.0f} us"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    flips = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    tree(rows)
    key, source = os.urandom(32), random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        sound, path = Path(folder) / "sound", Path(folder) / "ledger"
        spent_s, _ = timed(lambda: fill(sound, key, rows))
        print(f"written: {rows} rows in {spent_s:.0f} s, {sound.stat().st_size / 1e6:.0f} MB")
        spent_s, found = timed(lambda: verified(sound, key))
        print(f"verify: {spent_s:.1f} s, {rows / spent_s:,.0f} rows a second, sound {found}")
        spent_s, said = timed(lambda: integrity(sound))
        print(f"integrity_check: {spent_s:.1f} s, {rows / spent_s:,.0f} rows a second: {said}")
        for number in range(flips):
            shutil.copyfile(sound, path)
            at, bit = flipped(path, source, path.stat().st_size if number else 2 * 4_096)
            blind_s, said = timed(lambda: integrity(path))
            spent_s, (damaged, mended, lost) = timed(lambda: repaired(path, key, rows))
            print(
                f"flip at {at} bit {bit}: integrity_check `{said[:40]}` ({blind_s:.1f} s); {damaged} bad, "
                f"{mended} put right, {lost} not; found and repaired in {spent_s:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
