"""`python -m tests.simulation.run`: many seeds in parallel, or every mutant until it is found.

The same seed gives the same result, in whatever process and order it is played. Ends with 1 where anything
was violated, or a mutant was not found.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import ITEMS_MIN
from tests.simulation.runs import Played, run_seed

MUTANT_SEEDS_MAX: Final = 200
_PROCESSES: Final = 2
_AHEAD: Final = 8
"""Seeds per process that wait for their turn: millions would not fit."""


def find_mutant(name: str, first: int, seeds: int) -> tuple[str, int | None, str]:
    """The first seed from `first` on that finds a mutant, and what was seen; None where none does."""
    for seed in range(first, first + seeds):
        played = run_seed(seed, name)
        if played.violations:
            return name, seed, played.violations[0]
    return name, None, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a run."""
    parser = argparse.ArgumentParser(prog="simulation", description="Whole federations, one per seed.")
    parser.add_argument("--seeds", type=int, default=MUTANT_SEEDS_MAX)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--items", type=int, default=ITEMS_MIN)
    parser.add_argument("--processes", type=int, default=_PROCESSES)
    parser.add_argument("--mutants", action="store_true", help="plant each known fault until it is found")
    chosen = parser.parse_args(arguments)
    if min(chosen.seeds, chosen.first, chosen.items, chosen.processes) < 1:
        parser.error("seeds, first, items and processes are at least 1")
    console = Console(highlight=False, soft_wrap=True)
    with ProcessPoolExecutor(chosen.processes, mp_context=get_context("spawn")) as pool:
        if chosen.mutants:
            return _mutants(console, pool, chosen.first, min(chosen.seeds, MUTANT_SEEDS_MAX))
        return _seeds(console, pool, chosen)


def _seeds(console: Console, pool: ProcessPoolExecutor, chosen: argparse.Namespace) -> int:
    began_s = time.monotonic()
    totals: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    failed: list[Played] = []
    with _progress(console) as progress:
        task = progress.add_task("seeds", total=chosen.seeds)
        for played in _in_turn(pool, chosen):
            totals.update(seeds=1, items=played.items, deliveries=played.deliveries, restarts=played.restarts)
            faults.update(played.faults)
            refused.update(played.refused)
            if played.violations:
                failed.append(played)
                _tell(console, played)
            progress.advance(task)
    spent_s = time.monotonic() - began_s
    console.print(
        f"seeds {totals['seeds']} (from {chosen.first}) · items {totals['items']} · deliveries "
        f"{totals['deliveries']} · restarts {totals['restarts']} · faults injected {faults.total()} of "
        f"{len(faults)} kinds · seeds with violations {len(failed)} · {spent_s:.0f} s"
    )
    console.print("faults: " + ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items())))
    console.print(
        "refused by links: " + ", ".join(f"{why} {count}" for why, count in sorted(refused.items()))
    )
    violations = sum(len(played.violations) for played in failed)
    console.print(f"violations {violations}")
    return 1 if failed else 0


def _in_turn(pool: ProcessPoolExecutor, chosen: argparse.Namespace) -> Iterator[Played]:
    """Results as they come; not all seeds are handed over at once."""
    seeds = iter(range(chosen.first, chosen.first + chosen.seeds))
    running: set[Future[Played]] = set()
    for seed in seeds:
        running.add(pool.submit(run_seed, seed, None, chosen.items))
        if len(running) >= _AHEAD * chosen.processes:
            done = next(as_completed(running))
            running.remove(done)
            yield done.result()
    for done in as_completed(running):
        yield done.result()


def _tell(console: Console, played: Played) -> None:
    console.print(f"[bold red]seed {played.seed}: {len(played.violations)} violations[/]")
    for line in played.story:
        console.print(f"    {line}", markup=False)
    for line in played.violations:
        console.print(f"  - {line}", markup=False)
    console.print(f"  again: make simulate FIRST={played.seed} SEEDS=1")


def _mutants(console: Console, pool: ProcessPoolExecutor, first: int, seeds: int) -> int:
    missed = 0
    began_s = time.monotonic()
    with _progress(console) as progress:
        task = progress.add_task("mutants", total=len(MUTANTS))
        running = [pool.submit(find_mutant, name, first, seeds) for name in MUTANTS]
        for done in as_completed(running):
            name, seed, seen = done.result()
            missed += seed is None
            found = f"NOT FOUND in {seeds} seeds" if seed is None else f"found by seed {seed}: {seen}"
            console.print(f"{name}: {found}", markup=False)
            progress.advance(task)
    spent_s = time.monotonic() - began_s
    console.print(f"mutants {len(MUTANTS)} · found {len(MUTANTS) - missed} · {spent_s:.0f} s")
    return 1 if missed else 0


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


if __name__ == "__main__":
    sys.exit(main())
