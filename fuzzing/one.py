"""One target in a process of its own (`fuzzing.run`): NAME FOLDER SECONDS.

With atheris, coverage of the product's code steers what comes next; where it does not run, hypothesis changes
sound inputs at random. Either way an input that shows a fault is left in the folder, and the process does not
end with 0.
"""

import importlib.util
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

MEGABYTES_MAX: Final = 2_048
SECONDS_EACH_MAX: Final = 10
BYTES_MAX: Final = 65_536
WATCHED: Final = {
    "noun-": ("trilat.model",),
    "node-": ("trilat.model", "trilat.link", "trilat.policy", "trilat.node", "trilat.ledger"),
    "notice-": ("trilat.model", "trilat.link", "trilat.node", "trilat.ledger"),
    "": (
        *("trilat.model", "trilat.link", "trilat.policy", "trilat.domains", "trilat.node.settings"),
        *("trilat.study.plots", "trilat.scenario.sites", "trilat.web.events", "tomllib", "zipfile"),
    ),
}
"""Modules whose branches count as coverage, by how a target's name begins: watching costs time to set up."""


def has_atheris() -> bool:
    """Whether atheris is there, which it is not for every Python and platform."""
    return importlib.util.find_spec("atheris") is not None


def main() -> None:
    """Feed the target until its time is over."""
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    if has_atheris():
        _steered(name, folder, seconds)
    else:
        _at_random(name, folder, seconds)


def _steered(name: str, folder: Path, seconds: int) -> None:
    import atheris  # noqa: PLC0415 - not there everywhere

    watched = next(modules for begin, modules in WATCHED.items() if name.startswith(begin))
    with atheris.instrument_imports(include=list(watched)):
        from fuzzing.mutate import swept  # noqa: PLC0415 - what is imported here is watched
        from fuzzing.targets import targets  # noqa: PLC0415
    target = targets(name)[name]
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
    atheris.Setup([f"fuzz {name}", *options, str(corpus)], lambda data: (target.feed(data), None)[1])
    atheris.Fuzz()


def _write(corpus: Path, kind: str, inputs: Iterable[bytes]) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (corpus / f"{kind}-{number}").write_bytes(data)


def _at_random(name: str, folder: Path, seconds: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - beside the other engine's
    from hypothesis import seed as begin  # noqa: PLC0415

    from fuzzing.mutate import mutated  # noqa: PLC0415
    from fuzzing.targets import targets  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_AS, (2 * MEGABYTES_MAX << 20, 2 * MEGABYTES_MAX << 20))
    target, runs, end_s = targets(name)[name], 0, time.monotonic() + seconds
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
