"""Every target for some seconds each: `make fuzz SECONDS=30 ONLY=notice-`. Exit code 1 where one has a fault.

`ONLY=http` asks a real node over HTTP for so long instead.

A fault leaves the input that shows it in the folder that is named, to be fed again:
    python -m fuzzing.run --replay NAME FILE
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from fuzzing.one import Outcome, has_atheris
from fuzzing.targets import targets

HTTP: Final = "http"
"""The name of the target that is a node's whole HTTP interface."""

_PROCESSES: Final = 2


def fuzz(names: list[str], folder: Path, seconds: int, told: Callable[[Outcome], None]) -> None:
    """These targets one after another, in a process that forks one for each."""
    command = [sys.executable, "-m", "fuzzing.one", str(folder), str(seconds), *names]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (
        (folder / f"log-of-{names[0]}").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process,
    ):
        left = list(names)
        for line in process.stdout or ():
            outcome = Outcome(**json.loads(line))
            left.remove(outcome.name)
            told(outcome)
    for name in left:
        told(Outcome(name, 0, 0, f"was not begun: the process ended with {process.returncode}"))


def fuzz_all(names: list[str], seconds: int) -> int:
    """All of them, two at a time, a row each; then 1 where one has a fault, and where its input is."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz-"))
    done: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        done.append(outcome)
        fault = outcome.fault or ("no fault" if outcome.runs else "nothing was run")
        print(f"{outcome.name:34} {outcome.runs:>12,} runs {outcome.peak_mb:>6} MB  {fault}", flush=True)

    shares = [names[at::_PROCESSES] for at in range(min(_PROCESSES, len(names)))]
    with ThreadPoolExecutor(_PROCESSES) as pool:
        list(pool.map(lambda share: fuzz(share, kept, seconds, told), shares))
    faults = [outcome.name for outcome in done if outcome.fault or not outcome.runs]
    total, peak_mb = sum(outcome.runs for outcome in done), max(outcome.peak_mb for outcome in done)
    print(f"{len(done)} targets, {total:,} inputs, {len(faults)} faults, at most {peak_mb} MB: {kept}")
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
    if said.only == HTTP:
        from fuzzing import http_run  # noqa: PLC0415 - a node and schemathesis, which no other target needs

        return http_run.main(said.seconds)
    names = sorted(targets(said.only))
    if not names:
        print(f"no target begins with `{said.only}`", file=sys.stderr)
        return 2
    engine = "atheris" if has_atheris() else "hypothesis (atheris does not run on this Python and platform)"
    print(f"{len(names)} targets, {said.seconds} s each, two at a time, by {engine}", flush=True)
    return fuzz_all(names, said.seconds)


if __name__ == "__main__":
    sys.exit(main())
