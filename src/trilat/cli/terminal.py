"""What all commands share: output, exit codes, and errors in one line.

Exit codes
    0    done
    1    done, and the answer is bad: a rule was violated, an agreement is not sound
    2    the command was not understood, or its input cannot be used; nothing was done
    3    done, but some lines of the input were bad and are marked so
    4    a ledger is damaged
    130  interrupted from the keyboard

Output for people goes to standard output, wrapped to a terminal and unwrapped into a file or pipe; progress,
warnings and errors go to standard error. With `--json`, standard output has JSON and nothing else.
"""

import json
import os
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from trilat.model import LedgerError, TrilatError, UsageError

OK: Final = 0
BAD_ANSWER: Final = 1
NOT_UNDERSTOOD: Final = 2
BAD_LINES: Final = 3
DAMAGED: Final = 4
INTERRUPTED: Final = 130

FILE_BYTES_MAX: Final = 256_000_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_PIPE_WIDTH: Final = 1_000
"""Columns where output goes to no terminal: nothing is wrapped or cut there."""

_WIDTH_MIN: Final = 30
_BIASES_SHOWN: Final = (
    ("range", "m", 1.0),
    ("azimuth", "rad", 1e3),
    ("elevation", "rad", 1e3),
    ("clock", "s", 1e3),
)
_P = ParamSpec("_P")
_R = TypeVar("_R")


class _Console(Console):
    """A console that leaves a closed pipe to `main`."""

    def on_broken_pipe(self) -> None:
        """Say so, as writing without this console would."""
        raise BrokenPipeError


def _out_width() -> int | None:
    """Columns of standard output where they are not the terminal's."""
    seen = sys.stdout is not None and sys.stdout.isatty()
    return None if seen or os.environ.get("COLUMNS", "").isdigit() else _PIPE_WIDTH


out: Final = _Console(highlight=False, width=_out_width())
err: Final = _Console(stderr=True, highlight=False)


def say(text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
    """A sentence on standard output, wrapped between words; later lines are indented by `hang` more."""
    lead = " " * indent
    width = max(out.width, _WIDTH_MIN)
    for line in textwrap.wrap(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=lead + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]:
        out.print(line, style=style, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """A warning in one line on standard error."""
    err.print(f"warning: {text}", markup=False, soft_wrap=True)


def columns(*names: str, right: Iterable[str] = ()) -> Table:
    """An empty table with these columns; those in `right` are set to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    numbers = frozenset(right)
    for name in names:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return table


def show_table(table: Table) -> None:
    """Print a table; a terminal that is too narrow breaks its lines rather than lose a number."""
    least = Measurement.get(out, out.options.update(width=_PIPE_WIDTH), table).minimum
    # A console of its own: a width once set on `out` would stay, whatever the terminal does.
    _Console(highlight=False, width=max(out.width, least)).print(table)


def show_biases(sensors: Sequence[Mapping[str, Any]]) -> None:
    """A row for each sensor: its constant errors, each with one sigma, and whether it is suspect."""
    names = ("range m", "azimuth mrad", "elevation mrad", "clock ms")
    table = columns("sensor", *names, "", right=names)
    for row in sensors:
        cells = [
            f"{row[f'{name}_bias_{unit}'] * scale:.3g} +- {row[f'{name}_sigma_{unit}'] * scale:.2g}"
            for name, unit, scale in _BIASES_SHOWN
        ]
        table.add_row(row["sensor"], *cells, "suspect" if row["suspect"] else "")
    show_table(table)


def progress_bars(*, show: bool) -> Progress:
    """Bars on standard error with their name and the time spent, where wanted and where it is a terminal."""
    return Progress(
        TextColumn("{task.description:16}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not (show and err.is_terminal),
        transient=True,
    )


def print_json(value: Any) -> None:
    """One JSON document on standard output, in letters that the output can take."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(value, ensure_ascii=plain, allow_nan=False, separators=(", ", ": "))
    sys.stdout.write(text + "\n")


def stop(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise typer.Exit(code)


def complain(text: str) -> None:
    """An error in one line on standard error."""
    err.print(f"trilat: {text}", markup=False, soft_wrap=True)


def in_one_line(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """A command whose errors are one line on standard error and an exit code."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except TrilatError as error:
            complain(str(error))
            stop(DAMAGED if isinstance(error, LedgerError) else NOT_UNDERSTOOD)
        except BrokenPipeError:
            # Whoever read our output has seen enough; what is still unwritten is dropped in `main`.
            stop(OK)

    return run


def read_file(path: Path, bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """The bytes of a file of the user's; gzip is unpacked, and never beyond the limit.

    Raises:
        UsageError: it cannot be read, is over the limit, or its gzip stream is damaged.
    """
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"`{path}` cannot be read: {_cause(error)}") from error
    if data.startswith(_GZIP_MAGIC):
        data = _unpacked(path.name, data, bytes_max)
    if len(data) > bytes_max:
        raise UsageError(f"`{path.name}` has more than {bytes_max} bytes: give a shorter file")
    return data


def _cause(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or "unknown reason").lower()


def _unpacked(name: str, data: bytes, bytes_max: int) -> bytes:
    """All members of a gzip file, up to one byte beyond the limit."""
    parts: list[bytes] = []
    room = bytes_max + 1
    while data and room > 0:
        stream = zlib.decompressobj(wbits=_GZIP_WINDOW)
        try:
            parts.append(stream.decompress(data, room))
        except zlib.error as error:
            raise UsageError(f"`{name}` is damaged gzip: fetch it again") from error
        room -= len(parts[-1])
        if room > 0 and not stream.eof:
            raise UsageError(f"`{name}` is gzip that ends early: fetch it again")
        data = stream.unused_data
    return b"".join(parts)


def plain_name(path: Path) -> str:
    """The file's name without the ending that says it is packed."""
    return path.name.removesuffix(".gz")


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of the user's; errors as in `read_file`."""
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path.name}` is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def writing(folder: Path, error: OSError) -> UsageError:
    """The refusal of a folder that cannot be made or written."""
    return UsageError(f"`{folder}` cannot be written: {_cause(error)}")


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
