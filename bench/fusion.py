"""The table of tracking and fusion: what is asked, what we reach with its interval, what it is beside.

    python bench/fusion.py [--runs quick|full] [--only PART ...] [--json]     (or: make bench-fusion)

Each part is a bench of its own with `figures(runs) -> list[Figure]`, run in a process of its own so that one
crash costs one part. `quick` is for a look (minutes, wide intervals); `full` has the runs that the goals ask
for: 2,000 for honesty, coverage and false commits, 200 or more elsewhere.

A goal is missed where the whole 95 % interval lies outside it. The exit code is 0 when every row is there and
none is missed; a row that the issue itself calls unreached (`open`) is reported as open and does not count.
A row that no figure fills, or a part that ends early, is never passed over: it is said and counts as missed.
"""

import argparse
import importlib.util
import json
import math
import re
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from figures import Figure

HERE = Path(__file__).parent
# Part, and its runs when quick and when full.
PARTS = {
    "boost": (20, 2000),
    "exchange": (10, 2000),
    "constant": (10, 200),
    "registration": (4, 200),
    "products": (20, 2000),
    "traffic": (3, 200),
    "cases": (20, 200),
    "telemetry": (1, 3),
}


@dataclass(frozen=True)
class Row:
    """A row that must be filled, by figures with this goal and all the words of one of `names`."""

    what: str
    parts: tuple[str, ...]
    names: tuple[str, ...]
    goal: tuple[float | None, float | None]
    may_be_open: bool = False


ROWS = (
    Row(
        "coast position RMSE over bound, centralised",
        ("boost",),
        ("coast position",),
        (None, 1.05),
    ),
    Row(
        "coast position RMSE over bound, tracklets",
        ("exchange",),
        ("coast position tracklets",),
        (None, 1.05),
    ),
    Row("NEES/6 in coast, exchange graphs with loops", ("exchange",), ("NEES",), (0.95, 1.05)),
    Row("NEES/6 with a partner's constant error", ("constant",), ("NEES constant",), (0.8, 1.3)),
    Row("position +40 s after burnout over known-mode bound", ("boost",), ("position 40",), (None, 1.1)),
    Row("position +60 s after burnout over known-mode bound", ("boost",), ("position 60",), (None, 1.1)),
    Row("position +120 s after burnout over known-mode bound", ("boost",), ("position 120",), (None, 1.1)),
    Row(
        "velocity +40 s after burnout", ("boost",), ("velocity 40", "speed 40"), (None, 1.3), may_be_open=True
    ),
    Row(
        "velocity +60 s after burnout", ("boost",), ("velocity 60", "speed 60"), (None, 1.3), may_be_open=True
    ),
    Row(
        "velocity +120 s after burnout",
        ("boost",),
        ("velocity 120", "speed 120"),
        (None, 1.3),
        may_be_open=True,
    ),
    Row("false commits to coast", ("boost",), ("false commit",), (None, 0.02), may_be_open=True),
    Row("false commits recovered", ("boost",), ("recovered", "end in coast"), (1.0, None)),
    Row("exchange every 10 s over the pedigree reference", ("exchange",), ("pedigree",), (None, 1.02)),
    Row("registration, RMSE over the joint bound", ("registration",), ("joint bound",), (None, 1.15)),
    Row("registration, NEES/6", ("registration",), ("NEES",), (None, 1.2)),
    Row("impact area, declared over bound", ("products", "exchange"), ("impact area",), (0.9, 1.1)),
    Row(
        "impact area, empirical coverage of 95 %",
        ("products", "exchange"),
        ("coverage", "area holds the truth"),
        (0.93, 0.97),
    ),
    Row("6-state EKF pairs/s on one core", ("traffic", "boost"), ("EKF pairs",), (5e6, None)),
    Row("ballistic filter updates/s on one core", ("boost", "traffic"), ("ballistic",), (4e5, None)),
    Row("200 targets with clutter, scans/s", ("traffic",), ("200 targets scans",), (1000.0, None)),
    Row("growth from 200 to 5,000 targets over n log n", ("traffic",), ("growth",), (None, 1.0)),
    Row("case A, EKF", ("cases",), ("case A EKF",), (8.35, 8.45)),
    Row("case A, UKF", ("cases",), ("case A UKF",), (8.35, 8.45)),
    Row("case B", ("cases",), ("case B",), (None, 1.01e-4)),
    Row("case C", ("cases",), ("case C",), (None, 1e-10)),
    Row("case D", ("cases",), ("case D UKF",), (0.95, 1.1)),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a part: its figures, or why there are none."""

    part: str
    figures: tuple[Figure, ...]
    seconds: float
    failure: str = ""


def fills(row: Row, part: str, figure: Figure) -> bool:
    """Whether a figure is of this row: the part, the words of its name, and the very goal."""
    if part not in row.parts or not _same(row.goal, (figure.goal_low, figure.goal_high)):
        return False
    text = figure.what.lower()
    return any(all(_has(text, word.lower()) for word in name.split()) for name in row.names)


def _has(text: str, word: str) -> bool:
    # `40` must not be found in `240` or `400`.
    return re.search(r"(?<![0-9])" + re.escape(word) + r"(?![0-9])", text) is not None


def _same(goal, other) -> bool:
    return all(
        (a is None and b is None) or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9))
        for a, b in zip(goal, other, strict=True)
    )


def verdict(figure: Figure, row: Row | None) -> str:
    """`reached`, `missed`, `open` (missed, and nobody known reaches it), or nothing without a goal."""
    if not all(math.isfinite(number) for number in (figure.value, figure.low, figure.high)):
        return "missed"
    if figure.goal_low is None and figure.goal_high is None:
        return ""
    # An interval may end at its goal but for rounding: all of 20 runs is 1 to one part in 10^16.
    slack = 1e-12 * abs(figure.value)
    if not replace(figure, low=figure.low - slack, high=figure.high + slack).is_missed:
        return "reached"
    return "open" if row is not None and row.may_be_open else "missed"


def ratio(figure: Figure) -> str:
    """Ours over the peer's where that ran in the same run: the reference then says `ratio` and a number."""
    found = re.search(r"\bratio ([0-9][0-9,.]*(?:e[+-]?[0-9]+)?)", figure.reference)
    return found[1].rstrip(".,") if found else ""


def number(value: float) -> str:
    """A number in four digits, large ones whole."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def goal_text(goal) -> str:
    low, high = goal
    if low is None and high is None:
        return ""
    if low is None:
        return f"<= {number(high)}"
    return f">= {number(low)}" if high is None else f"{number(low)} to {number(high)}"


def run_part(part: str, runs: int) -> list[Figure]:
    """The figures of a part, in this process."""
    spec = importlib.util.spec_from_file_location(part, HERE / f"{part}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[part] = module
    spec.loader.exec_module(module)
    return list(module.figures(runs))


def outcome_of(part: str, runs: int) -> Outcome:
    """The figures of a part, from a process of its own; what it says goes through to standard error."""
    begin = time.monotonic()
    if not (HERE / f"{part}.py").is_file():
        return Outcome(part, (), 0.0, f"there is no bench/{part}.py")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        command = [sys.executable, __file__, "--part", part, str(runs), str(path)]
        # What a part says on its way goes to standard error: standard output is the table's.
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        seconds = time.monotonic() - begin
        told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if done.returncode or "figures" not in told:
        return Outcome(part, (), seconds, told.get("failure", f"ended with code {done.returncode}"))
    return Outcome(part, tuple(Figure(**row) for row in told["figures"]), seconds)


def tell_part(part: str, runs: int, path: Path) -> int:
    """Writes what became of a part, run in this process, for the process that began it."""
    try:
        told = {"figures": [asdict(figure) for figure in run_part(part, runs)]}
    except Exception as error:  # noqa: BLE001  whatever ends a part early is told, and ends nothing else
        traceback.print_exc()
        told = {"failure": f"{type(error).__name__}: {error}".splitlines()[0]}
    path.write_text(json.dumps(told), encoding="utf-8")
    return int("failure" in told)


def table(outcomes, rows=ROWS):
    """Lines of the table, and how many rows are missed, open or not filled."""
    lines, counts = [], {"reached": 0, "missed": 0, "open": 0, "absent": 0}
    lines.append("| what | goal | ours, 95 % interval | runs | beside | ratio | |")
    lines.append("|---|---|---|---|---|---|---|")
    failures = {outcome.part: outcome.failure for outcome in outcomes if outcome.failure}
    told = set()
    for row in rows:
        mine = [(o.part, f) for o in outcomes for f in o.figures if fills(row, o.part, f)]
        if not mine:
            why = "; ".join(f"{part} {failures[part]}" for part in row.parts if part in failures)
            lines.append(
                f"| {row.what} | {goal_text(row.goal)} | ABSENT: {why or 'no such figure'} | | | | absent |"
            )
            counts["absent"] += 1
        for part, figure in mine:
            told.add((part, figure))
            lines.append(line(figure, verdict(figure, row)))
            counts[verdict(figure, row)] += 1
    for outcome in outcomes:
        others = [figure for figure in outcome.figures if (outcome.part, figure) not in told]
        lines += [f"| *{outcome.part}, beside the rows asked for* | | | | | | |"] if others else []
        for figure in others:
            said = verdict(figure, None)
            lines.append(line(figure, said))
            counts[said] = counts.get(said, 0) + 1
    return lines, counts, failures


def line(figure: Figure, said: str) -> str:
    ours = f"{number(figure.value)} ({number(figure.low)} to {number(figure.high)})"
    goal = goal_text((figure.goal_low, figure.goal_high))
    cells = (figure.what, goal, ours, f"{figure.runs:,}", figure.reference, ratio(figure), said)
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description="The table of tracking and fusion.")
    parser.add_argument("--runs", choices=("quick", "full"), default="full")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), help="these parts; other rows are absent")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.add_argument("--part", nargs=3, metavar=("PART", "RUNS", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part, runs, path = options.part
        return tell_part(part, int(runs), Path(path))
    chosen = options.only or list(PARTS)
    outcomes = []
    for place, part in enumerate(chosen, start=1):
        runs = PARTS[part][options.runs == "full"]
        print(f"[{place}/{len(chosen)}] {part}, {runs} runs ...", file=sys.stderr, flush=True)
        outcomes.append(outcome_of(part, runs))
        print(f"    {part}: {outcomes[-1].failure or 'done'}, {outcomes[-1].seconds:.0f} s", file=sys.stderr)
    rows = [row for row in ROWS if not options.only or set(row.parts) & set(chosen)]
    lines, counts, failures = table(outcomes, rows)
    if options.json:
        print(json.dumps({"parts": [asdict(outcome) for outcome in outcomes], "counts": counts}))
    else:
        print("\n".join(lines))
        print(", ".join(f"{count} {name}" for name, count in counts.items() if name))
    for part, failure in failures.items():
        print(f"{part}: {failure}", file=sys.stderr)
    return 1 if failures or counts["missed"] or counts["absent"] else 0


if __name__ == "__main__":
    sys.exit(main())
