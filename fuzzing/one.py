"""One target under atheris, in a process of its own (`fuzzing.run`): NAME FOLDER SECONDS."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["trilat.model", "trilat.link", "trilat.policy", "trilat.domains"]):
    from fuzzing.targets import TARGETS

MEGABYTES_MAX = 2_048
SECONDS_EACH_MAX = 10
BYTES_MAX = 65_536


def main() -> None:
    """Feed the target until its time is over; atheris ends the process, and not with 0 on a fault."""
    name, folder, seconds = sys.argv[1:4]
    target = TARGETS[name]
    corpus = Path(folder) / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(
        [
            f"fuzz {name}",
            f"-max_total_time={seconds}",
            f"-rss_limit_mb={MEGABYTES_MAX}",
            f"-timeout={SECONDS_EACH_MAX}",
            f"-max_len={BYTES_MAX}",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
            "-verbosity=0",
            str(corpus),
        ],
        lambda data: (target.feed(data), None)[1],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
