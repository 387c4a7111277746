"""Growth of a ledger: does a row cost more where there are many already?

    python bench/growth.py [ROWS] [--postgres]

Rows of 500 B are appended 1,000 at a time, up to ROWS (10,000,000). At 1/100, 1/10 and all of ROWS: a
commit, a page of 500 rows at the end, opening, and the memory of the process. Then the rate of examining the
newest tenth. The file is made in the folder of temporary files and removed: 10,000,000 rows take 8 GB.
"""

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.postgres_server import postgres_server

from trilat.ledger import Entry, EntryKind, Ledger, open_store
from trilat.node import SystemClock

BATCH: Final = 1_000
CONTENT: Final = 500
KEY: Final = bytes(range(32))


def opened(place: str) -> Ledger:
    return Ledger(open_store(place, "KOR"), "KOR", KEY, SystemClock(), os.urandom)


def timed_commits(ledger: Ledger, commits: int) -> float:
    """Median seconds of a commit of `BATCH` rows."""
    taken_s = []
    for _ in range(commits):
        entries = [Entry(kind=EntryKind.RELEASE, content=os.urandom(CONTENT)) for _ in range(BATCH)]
        begun_s = time.perf_counter()
        ledger.append(entries)
        taken_s.append(time.perf_counter() - begun_s)
    return statistics.median(taken_s)


def look(place: str, ledger: Ledger, commit_s: float) -> tuple[Ledger, tuple[float, ...]]:
    """One line of the table; the ledger is opened anew for it."""
    entries = ledger.head().entries
    ledger.close()
    begun_s = time.perf_counter()
    again = opened(place)
    open_s = time.perf_counter() - begun_s
    begun_s = time.perf_counter()
    page = list(islice(again.entries(entries - 500), 500))
    page_s = time.perf_counter() - begun_s
    if len(page) != 500:
        raise SystemExit(f"growth: {len(page)} rows of a page of 500")
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return again, (entries, commit_s * 1e3, page_s * 1e3, open_s * 1e3, memory_mb)


def run(place: str, rows: int) -> None:
    ledger = opened(place)
    marks = sorted({max(rows // 100, 2 * BATCH), rows // 10, rows})
    names = ("rows", "commit of 1,000, ms", "page of 500, ms", "opening, ms", "memory, MB")
    print("{:>12} {:>20} {:>16} {:>12} {:>11}".format(*names))
    begun_s = time.perf_counter()
    for mark in marks:
        while ledger.head().entries + 20 * BATCH < mark:
            timed_commits(ledger, 1)
        commit_s = timed_commits(ledger, 20)
        ledger, line = look(place, ledger, commit_s)
        print("{:>12,.0f} {:>20.1f} {:>16.1f} {:>12.1f} {:>11.0f}".format(*line), flush=True)
    total_s = time.perf_counter() - begun_s
    print(f"appended {ledger.head().entries / total_s:,.0f} rows/s over all")
    newest = max(0, ledger.head().entries - rows // 10)
    begun_s = time.perf_counter()
    seen = sum(1 for _ in ledger.entries(newest))
    print(f"examined {seen / (time.perf_counter() - begun_s):,.0f} rows/s of the newest {seen:,}")
    ledger.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--postgres", action="store_true")
    said = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = stack.enter_context(postgres_server()).url if said.postgres else str(folder / "ledger")
        run(place, said.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
