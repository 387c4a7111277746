"""Targets one after another, each in a process of its own that is forked here: FOLDER SECONDS NAME...

With atheris, coverage of the product's code steers what comes next; where it does not run, hypothesis changes
sound inputs at random. Either way an input that shows a fault is left in the target's folder. The imports,
which atheris must rewrite to watch them, and the targets are made once. A line of JSON tells what each did.
"""

import importlib.util
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fuzzing.target import Target

MEGABYTES_MAX: Final = 2_048
SECONDS_EACH_MAX: Final = 20
"""One input; a machine with much else to do is no fault."""

BYTES_MAX: Final = 65_536
WATCHED: Final = (
    *("trilat.model", "trilat.link", "trilat.policy", "trilat.domains", "trilat.node", "trilat.ledger"),
    *("trilat.study.plots", "trilat.scenario.sites", "trilat.web.events", "tomllib", "zipfile"),
)
"""Modules whose branches count as coverage."""

_RUNS: Final = re.compile(r"number_of_executed_units:\s*(\d+)")
_PEAK: Final = re.compile(r"peak_rss_mb:\s*(\d+)")
_FAULT: Final = re.compile(r"[A-Za-z_.]*(Error|Exception)\b|==\d+== ?ERROR")
_END_S: Final = 180
"""A process has so long to begin and to end, beside its time."""


@dataclass(frozen=True)
class Outcome:
    """What one target did."""

    name: str
    runs: int
    peak_mb: int
    fault: str


def has_atheris() -> bool:
    """Whether atheris is there, which it is not for every Python and platform."""
    return importlib.util.find_spec("atheris") is not None


def main() -> None:
    """Feed each target until its time is over."""
    folder, seconds, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    steered = has_atheris()
    made = _watched() if steered else _plain()
    feed = _steered if steered else _at_random
    for name in names:
        at = folder / name
        at.mkdir(parents=True, exist_ok=True)
        print(json.dumps(asdict(_outcome(name, made[name], at, seconds, feed))), flush=True)


def _watched() -> dict[str, Target]:
    import atheris  # noqa: PLC0415 - not there everywhere

    with atheris.instrument_imports(include=list(WATCHED)):
        from fuzzing.targets import targets  # noqa: PLC0415 - what is imported here is watched

        return targets()


def _plain() -> dict[str, Target]:
    from fuzzing.targets import targets  # noqa: PLC0415 - as above

    return targets()


def _outcome(
    name: str, target: Target, folder: Path, seconds: int, feed: Callable[[Target, Path, int], None]
) -> Outcome:
    """What a child did with a target."""
    child = os.fork()
    if child == 0:
        _be_child(target, folder, seconds, feed)
    end_s = time.monotonic() + seconds + _END_S
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > end_s:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Outcome(name, 0, 0, "did not end")
        time.sleep(0.1)
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")
    runs, peak = _RUNS.search(said), _PEAK.search(said)
    fault = "" if os.waitstatus_to_exitcode(status) == 0 else _line(said)
    return Outcome(name, int(runs[1]) if runs else 0, int(peak[1]) if peak else 0, fault)


def _be_child(target: Target, folder: Path, seconds: int, feed: Callable[[Target, Path, int], None]) -> None:
    """Never return: what is said goes into the target's log."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        feed(target, folder, seconds)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told, and this process ends
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _line(said: str) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if _FAULT.match(line)]
    return (telling or lines or ["ended without a word"])[-1][:300]


def _steered(target: Target, folder: Path, seconds: int) -> None:
    import atheris  # noqa: PLC0415 - as above

    from fuzzing.mutate import swept  # noqa: PLC0415 - hypothesis, after what is watched

    corpus = folder / "corpus"
    _write(corpus, "seed", target.seeds)
    if target.is_literal:
        _write(corpus, "swept", swept(target.seeds))
    options = (
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEGABYTES_MAX}",
        f"-timeout={SECONDS_EACH_MAX}",
        f"-max_len={BYTES_MAX}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
        "-verbosity=0",
    )
    atheris.Setup(["fuzz", *options, str(corpus)], lambda data: (target.feed(data), None)[1])
    atheris.Fuzz()


def _write(corpus: Path, kind: str, inputs: Iterable[bytes]) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (corpus / f"{kind}-{number}").write_bytes(data)


def _at_random(target: Target, folder: Path, seconds: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - beside the other engine's
    from hypothesis import seed as begin  # noqa: PLC0415

    from fuzzing.mutate import mutated  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_AS, (2 * MEGABYTES_MAX << 20, 2 * MEGABYTES_MAX << 20))
    runs, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:

        @begin(runs)
        @settings(
            max_examples=200,
            database=None,
            deadline=1_000 * SECONDS_EACH_MAX,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(mutated(target.seeds))
        def feed(data: bytes) -> None:
            nonlocal runs
            runs += 1
            (folder / "crash-last").write_bytes(data)
            target.feed(data)

        feed()
    (folder / "crash-last").unlink(missing_ok=True)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"stat::number_of_executed_units: {runs}\nstat::peak_rss_mb: {peak_mb}", file=sys.stderr)


if __name__ == "__main__":
    main()
