"""What all commands share: output, exit codes, and errors in one line.

Exit codes
    0  done
    1  done, and the answer is bad: a rule was violated, a claim is impossible, an agreement is not sound
    2  the command was not understood, or its input cannot be used; nothing was done
    3  done, but some lines of the input were bad and are marked so
    4  a ledger is damaged
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from trilat.model import LedgerError, TrilatError, UsageError

OK: Final = 0
BAD_ANSWER: Final = 1
NOT_UNDERSTOOD: Final = 2
BAD_LINES: Final = 3
DAMAGED: Final = 4

FILE_BYTES_MAX: Final = 256_000_000
_P = ParamSpec("_P")
_R = TypeVar("_R")

out: Final = Console(highlight=False, soft_wrap=False)
err: Final = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": ")) + "\n")


def print_lines(values: Iterator[Any]) -> None:
    """One JSON value per line on standard output."""
    for value in values:
        print_json(value)


def stop(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise typer.Exit(code)


def in_one_line(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """A command whose errors are one line on standard error and an exit code."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except TrilatError as error:
            err.print(f"trilat: {error}", markup=False, soft_wrap=True)
            stop(DAMAGED if isinstance(error, LedgerError) else NOT_UNDERSTOOD)
        except BrokenPipeError:
            # Whoever read our output has seen enough.
            sys.stderr.close()
            stop(OK)

    return run


def read_file(path: Path, bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """The bytes of a file of the user's.

    Raises:
        UsageError: it cannot be read, or is over the limit.
    """
    try:
        size = path.stat().st_size
        if size > bytes_max:
            raise UsageError(f"`{path.name}` has {size} bytes, over the limit of {bytes_max}")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        ) from error


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of the user's; errors as in `read_file`."""
    try:
        return read_file(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path.name}` is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def latitude_longitude(text: str, what: str) -> tuple[float, float]:
    """Degrees from `LAT,LON`.

    Raises:
        UsageError: not two numbers, or out of range.
    """
    parts = text.split(",")
    try:
        latitude_deg, longitude_deg = (float(part) for part in parts)
    except ValueError:
        raise UsageError(f"{what} `{text}` is not LAT,LON: write degrees such as 40.86,129.67") from None
    if not (-90.0 <= latitude_deg <= 90.0 and -180.0 <= longitude_deg <= 180.0):
        raise UsageError(f"{what} `{text}` is out of range: latitude first, then longitude")
    return latitude_deg, longitude_deg


@contextmanager
def quiet_unless(wanted: bool) -> Iterator[Console]:  # noqa: FBT001 - reads as a sentence
    """A console for people: standard error, silent where output is for programs."""
    yield Console(stderr=True, highlight=False, quiet=not wanted)
