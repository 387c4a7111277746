"""Every target for some seconds each: `make fuzz SECONDS=30 ONLY=notice-`. Exit code 1 where one has a fault.

A fault leaves the input that shows it in the folder that is named, to be fed again:
    python -m fuzzing.run --replay NAME FILE
"""

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzing.one import has_atheris
from fuzzing.targets import targets

HTTP: Final = "http"
"""The name of the target that is a node's whole HTTP interface."""

_RUNS: Final = re.compile(r"number_of_executed_units:\s*(\d+)")
_PEAK: Final = re.compile(r"peak_rss_mb:\s*(\d+)")
_FAULT: Final = re.compile(r"[A-Za-z_.]*(Error|Exception)\b|==\d+== ?ERROR|.*Uncaught Python exception")
_START_S: Final = 180
"""A process has so long to import and to end, beside its time."""


@dataclass(frozen=True)
class Outcome:
    """What one target did."""

    name: str
    runs: int
    peak_mb: int
    fault: str


def fuzz(name: str, folder: Path, seconds: int) -> Outcome:
    """One target for so many seconds."""
    command = [sys.executable, "-m", "fuzzing.one", name, str(folder), str(seconds)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds + _START_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(name, 0, 0, "did not end")
    said = done.stderr + done.stdout
    runs, peak = _RUNS.search(said), _PEAK.search(said)
    fault = "" if done.returncode == 0 else _line(said)
    return Outcome(name, int(runs[1]) if runs else 0, int(peak[1]) if peak else 0, fault)


def _line(said: str) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if _FAULT.match(line)]
    return (telling or lines or ["ended without a word"])[-1][:300]


def fuzz_all(names: list[str], seconds: int) -> int:
    """All of them, two at a time, a row each; then 1 where one has a fault, and where its input is."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz-"))
    total, faults = 0, []
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(lambda name: fuzz(name, kept / name, seconds), names):
            fault = outcome.fault or ("no fault" if outcome.runs else "nothing was run")
            print(f"{outcome.name:34} {outcome.runs:>12,} runs {outcome.peak_mb:>6} MB  {fault}", flush=True)
            total += outcome.runs
            if outcome.fault or outcome.runs == 0:
                faults.append(outcome.name)
    print(f"{len(names)} targets, {total:,} inputs, {len(faults)} faults{f': {kept}' if faults else ''}")
    return 1 if faults else 0


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", default="", help="targets whose name begins so")
    parser.add_argument("--replay", nargs=2, metavar=("NAME", "FILE"), help="feed one target one file")
    said = parser.parse_args()
    if said.replay:
        name, file = said.replay
        taken = targets(name)[name].feed(Path(file).read_bytes())
        print("taken" if taken else "refused in one line")
        return 0
    names = sorted(targets(said.only))
    if not names:
        print(f"no target begins with `{said.only}`", file=sys.stderr)
        return 2
    engine = "atheris" if has_atheris() else "hypothesis (atheris does not run on this Python and platform)"
    print(f"{len(names)} targets, {said.seconds} s each, two at a time, by {engine}", flush=True)
    return fuzz_all(names, said.seconds)


if __name__ == "__main__":
    sys.exit(main())
