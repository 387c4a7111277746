"""Median over seeds of what each regime gives, beside the filter that has all plots, in the same runs.

    python bench/regimes.py [SEEDS] [REGIME ...]

`over central` is the ratio of a party's position error to that of the same filter fed all parties' plots at
the same instants; `over bound` to the least error that any filter could have. Prints a table in Markdown.
"""

import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from trilat.scenario import named_scenario
from trilat.study import PRESETS, Yardstick, run

SCENARIO = "unha2-2009"
COLUMNS = (
    "completeness",
    "position_rmse_m",
    "position_rmse_over_central",
    "position_rmse_over_crlb",
    "nees_mean",
)


def one(task: tuple[str, int]) -> dict[str, Any]:
    regime, seed = task
    return run(Yardstick(named_scenario(SCENARIO), seed), regime)


def spread(values: list[float]) -> str:
    """Median and the middle half of the values."""
    if not values:
        return "-"
    if len(values) < 4:
        return f"{statistics.median(values):.3g}"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def main() -> int:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    regimes = sys.argv[2:] or list(PRESETS)
    tasks = [(regime, seed) for regime in regimes for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        results = list(pool.map(one, tasks))
    print(f"{SCENARIO}, seeds 1 to {seeds}: median (middle half)\n")
    print("| regime | party | completeness | error, m | over central | over bound | NEES/6 |")
    print("|---|---|---|---|---|---|---|")
    for regime in regimes:
        chosen = [result for result in results if result["regime"] == regime]
        for party in chosen[0]["parties"]:
            rows = [result["parties"][party] for result in chosen]
            cells = (spread([row[name] for row in rows if row[name] is not None]) for name in COLUMNS)
            print(f"| {regime} | {party} | {' | '.join(cells)} |")
    violations = sum(result["violations"] for result in results)
    unverified = sum(not result["ledger"]["verified"] for result in results)
    print(f"\n{len(results)} runs, {violations} violations, {unverified} ledgers not verified")
    return 1 if violations or unverified else 0


if __name__ == "__main__":
    sys.exit(main())
