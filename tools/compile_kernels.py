"""Compile the filters' kernels once and keep them on disk, with a progress bar; run through `make setup`."""

import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trilat import fusion, scenario


def main() -> int:
    """Compile what is not yet compiled; returns the exit status."""
    with Progress(
        TextColumn("setup: compiling kernels"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    ) as progress:
        task = progress.add_task("kernels", total=None)
        scenario.compile_kernels()
        fusion.compile_kernels(lambda done, total: progress.update(task, completed=done, total=total))
    return 0


if __name__ == "__main__":
    sys.exit(main())
