"""Every target for some seconds each: `make fuzz SECONDS=30`. Exit code 1 where a target has a fault.

A fault leaves the input that shows it in the folder that is named, to be fed again:
    python -c "from fuzzing.targets import TARGETS; TARGETS['NAME'].feed(open('FILE', 'rb').read())"
"""

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fuzzing.targets import TARGETS

_RUNS = re.compile(r"number_of_executed_units:\s*(\d+)")
_PEAK = re.compile(r"peak_rss_mb:\s*(\d+)")
_START_S = 120
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
            command, capture_output=True, text=True, timeout=seconds + _START_S, check=False
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
    telling = [line for line in lines if re.match(r"[A-Za-z_.]*(Error|Exception)\b|==\d+== ERROR", line)]
    return (telling or lines or ["ended without a word"])[-1][:300]


def main() -> int:
    """Run, print a row per target, and say where inputs of faults are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", default="", help="targets whose name begins so")
    said = parser.parse_args()
    names = [name for name in TARGETS if name.startswith(said.only)]
    kept = Path(tempfile.mkdtemp(prefix="fuzz-"))
    total, faults = 0, []
    print(f"{len(names)} targets, {said.seconds} s each, two at a time", flush=True)
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(lambda name: fuzz(name, kept / name, said.seconds), names):
            fault = outcome.fault or "no fault"
            print(f"{outcome.name:34} {outcome.runs:>12,} runs {outcome.peak_mb:>6} MB  {fault}", flush=True)
            total += outcome.runs
            if outcome.fault or outcome.runs == 0:
                faults.append(outcome.name)
    print(f"{total:,} inputs, {len(faults)} faults{f': {kept}' if faults else ''}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
