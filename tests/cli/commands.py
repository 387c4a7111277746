"""Commands as a user gives them, run in this process; and what they need."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trilat.cli.app import run

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "decide"
QUESTION: Final = (
    *("--from", "JPN", "--to", "KOR"),
    *("--purpose", "missile-warning", "--at", "2024-01-15T00:00:00Z"),
)
FLIGHT: Final = ("flight", "--site", "-31.2,131.1", "--bearing", "90", "--apogee-km", "1000")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value on standard output; NaN and infinity are refused."""
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def values(self) -> list[Any]:
        """One JSON value per line of standard output."""
        return [json.loads(line, parse_constant=_refuse) for line in self.out.splitlines()]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def trilat(*arguments: str | Path) -> Ended:
    """Run one command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())
