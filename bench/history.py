"""Looking back: what a picture of the past costs, in ledgers of one, ten and a hundred times the size.

    python bench/history.py [ROWS]

A node's ledger holds a ballistic flight of a hundred seconds with its tracks, and behind it twenty ships that
are reported once a second. Asked is the same each time: the picture near the end of the flight, that of five
seconds later, that of the newest instant, and what happened in the time of the flight. In milliseconds of the
processor.
"""

import dataclasses
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.observed import observed, ship, staffs

from trilat.model import SECOND_NS, Status
from trilat.node import Node, PastPictures, quiet_collector, shown_history
from trilat.scenario import named_scenario
from trilat.study import Federation, Yardstick

FLOWN_S: Final = 100
SHIPS: Final = 20


def flown() -> Federation:
    """Three nodes after a flight."""
    scenario = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=float(FLOWN_S))
    federation = observed(staffs(), start_ns=scenario.launch_ns)
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    reports = list(Yardstick(scenario, 1).reports(labels, Status.SIMULATED))
    end_ns = scenario.launch_ns + FLOWN_S * SECOND_NS
    federation.settings = dataclasses.replace(federation.settings, end_ns=end_ns)
    federation.run(sorted(reports, key=lambda report: report[0]))
    return federation


def lengthened(federation: Federation, node: Node, rows: int) -> None:
    """Report ships, a batch a second, until the ledger has so many rows."""
    vessel, version = ship(node), node.ledger.head().entries
    while node.ledger.head().entries < rows:
        now_ns = federation.clock.now_ns() + SECOND_NS
        federation.clock.advance_to(now_ns)
        version += 1
        named = {"version": version, "valid_ns": now_ns, "mmsi": ""}
        node.intake(
            [
                msgspec.structs.replace(
                    vessel,
                    **{**named, "mmsi": f"{431_000_000 + number}"},
                    item_id=f"{node.config.party}-ais-{number}",
                    subject=f"mmsi-{number}",
                )
                for number in range(SHIPS)
            ]
        )
        node.timeline.tick(now_ns)


def taken(job: Callable[[], object]) -> float:
    """Seconds of the processor."""
    begun_s = time.process_time()
    job()
    return time.process_time() - begun_s


def looked(node: Node, pasts: PastPictures, at_ns: int, longest: list[float]) -> None:
    """The picture of an instant, step by step."""
    past = pasts.begin(node, at_ns)
    done = False
    while not done:
        begun_s = time.process_time()
        done = past.step()
        longest.append(time.process_time() - begun_s)
    pasts.finish(node, past, "bench")


def measure(federation: Federation, node: Node, launch_ns: int) -> str:
    """One line of the table."""
    gc.collect()
    gc.freeze()
    now_ns, at_ns = federation.clock.now_ns(), launch_ns + 90 * SECOND_NS
    pasts, longest = PastPictures(), list[float]()
    cold_s = taken(lambda: looked(node, pasts, at_ns, longest))
    on_s = taken(lambda: looked(node, pasts, at_ns + 5 * SECOND_NS, longest))
    newest_s = taken(lambda: looked(node, pasts, now_ns, longest))
    events_s = taken(lambda: shown_history(node, launch_ns, launch_ns + FLOWN_S * SECOND_NS, "bench"))
    rows = node.ledger.head().entries
    figures = (cold_s, on_s, newest_s, events_s, max(longest))
    return f"{rows:>10,} " + " ".join(f"{1e3 * figure:>14.1f}" for figure in figures)


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    quiet_collector()
    federation = flown()
    node, launch_ns = federation.nodes["USA"], federation.settings.start_ns
    looked(node, PastPictures(), launch_ns + 50 * SECOND_NS, [])
    print("      rows      flight, ms    5 s on, ms     newest, ms     events, ms    longest step")
    for times in (1, 10, 100):
        lengthened(federation, node, rows * times)
        print(measure(federation, node, launch_ns), flush=True)


if __name__ == "__main__":
    main()
