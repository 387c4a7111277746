"""Compile the kernels of the filters, scenarios and the claim checker once and keep them on disk.

Run through `make setup`. Each room's kernels stand in files of their own, so two compile side by side.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def _fusion() -> None:
    from trilat import fusion  # noqa: PLC0415 - each process loads what it compiles, and no more

    fusion.compile_kernels()


def _traffic() -> None:
    from trilat.fusion import traffic  # noqa: PLC0415 - as above

    traffic.compile_kernels()


def _scenario() -> None:
    from trilat import scenario  # noqa: PLC0415 - as above

    scenario.compile_kernels()


def _claims() -> None:
    from trilat.domains.missile import FlightClaim, check_flight  # noqa: PLC0415 - as above

    check_flight(FlightClaim(40.0, 127.0, 90.0, 500.0, 1000.0, vehicle_class="mrbm"))


PARTS: tuple[Callable[[], None], ...] = (_fusion, _traffic, _scenario, _claims)


def main() -> int:
    """Compile what is not yet compiled; returns the exit status."""
    bar = (TextColumn("setup: compiling kernels"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar) as progress, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        task = progress.add_task("kernels", total=len(PARTS))
        for future in as_completed([pool.submit(part) for part in PARTS]):
            future.result()
            progress.advance(task)
    return 0


if __name__ == "__main__":
    sys.exit(main())
