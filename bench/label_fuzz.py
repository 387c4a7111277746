"""Labels with one thing wrong, by the hundred thousand: nothing may be released. `make label-fuzz` runs it.

    python bench/label_fuzz.py --cases 1000000 --seed 1

The last line says how many cases there were and how many wrong releases; any of those ends with exit code 1.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.policy import label_fuzz

CHUNK = 5_000
SHOWN_MAX = 20


def chunk(work: tuple[int, int, int]) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Trials and wrong releases of one chunk, by its own seed."""
    seed, number, cases = work
    draw, held = Random(f"{seed}/{number}"), label_fuzz.wide()
    seen: Counter[tuple[str, str]] = Counter()
    wrong = []
    for _ in range(cases):
        trial = label_fuzz.draw_trial(draw)
        seen[trial.place, trial.way] += 1
        said = label_fuzz.wrong_release(trial, held)
        if said is not None:
            wrong.append(said)
    return seen, wrong


def show(seen: Counter[tuple[str, str]]) -> None:
    """A table of trials: places down, ways across."""
    ways = list(label_fuzz.WAYS)
    print(f"{'':20}" + "".join(f"{way[:12]:>13}" for way in ways))
    for place in (*label_fuzz.PLACES, *label_fuzz.MARKINGS):
        print(f"{place:20}" + "".join(f"{seen[place, way]:13}" for way in ways))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, multiprocessing.cpu_count()))
    given = parser.parse_args()
    blind = [
        trial.place
        for trial in label_fuzz.good_trials()
        if not label_fuzz.wrong_release(trial, label_fuzz.wide())
    ]
    if blind:
        print(f"the trials say nothing: a good word is withheld in {', '.join(blind)}")
        return 1
    begun, seen, wrong = time.monotonic(), Counter[tuple[str, str]](), []
    counts = [min(CHUNK, given.cases - start) for start in range(0, given.cases, CHUNK)]
    with multiprocessing.Pool(given.jobs) as pool:
        work = [(given.seed, number, count) for number, count in enumerate(counts)]
        for tried, found in pool.imap_unordered(chunk, work):
            seen += tried
            wrong += found
            if sys.stderr.isatty():
                print(f"\r{seen.total():>9} cases", end="", file=sys.stderr, flush=True)
    show(seen)
    for said in wrong[:SHOWN_MAX]:
        print(f"wrong release: {said}")
    took = time.monotonic() - begun
    print(f"{seen.total() / took:.0f} cases/s")
    print(f"{seen.total()} cases, seed {given.seed}, {len(wrong)} wrong releases")
    return 1 if wrong or seen.total() != given.cases else 0


if __name__ == "__main__":
    sys.exit(main())
