"""What a node's start costs by the rows of its ledger, from which it is rebuilt.

    python bench/restart.py [OBJECTS ...]

The giver and one taker of `star.py` start again from ledgers with so many objects (2,000, 20,000, 100,000):
processor time a row, which should not grow. At last the memory of the process, which holds earlier nodes too.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from star import RECIPIENTS, SENDER, Star, run

from trilat.link import MemoryNetwork
from trilat.node import Node, restore

BATCH = 1_000


def again(star: Star, party: str) -> tuple[int, float]:
    """Rows of a party's ledger, and processor seconds to continue from them."""
    world, before = star.world, star.nodes[party]
    post = MemoryNetwork().endpoint(party)
    node = Node(
        before.config,
        world.clock,
        before.ledger,
        world.agreements,
        world.keys[party],
        world.trust,
        post,
        os.urandom,
    )
    begun_s = time.process_time()
    restore(node)
    return before.ledger.head().entries, time.process_time() - begun_s


def main(sizes: list[int]) -> int:
    for objects in sizes:
        with tempfile.TemporaryDirectory() as folder:
            star = Star(Path(folder))
            run(star, objects, BATCH)
            for party in (SENDER, RECIPIENTS[0]):
                rows, spent_s = again(star, party)
                told = f"{objects:>8,} objects, {party}: {rows:>8,} rows"
                print(f"{told}, {spent_s:.2f} s, {spent_s / rows * 1e6:.0f} us a row")
            star.close()
    print(f"resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main([int(one) for one in sys.argv[1:]] or [2_000, 20_000, 100_000]))
