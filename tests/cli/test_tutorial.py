"""The tutorial's commands do what the page says that they print."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.cli.commands import ROOT, trilat

PAGE = ROOT / "docs" / "tutorial-tracking.md"
# The page promises numbers to a quarter of their size: better filters must not need a new page.
NEAR = 0.25
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


class Step(NamedTuple):
    """A command and the lines that the page shows after it."""

    command: str
    shown: tuple[str, ...]


def steps() -> list[Step]:
    found = []
    for block in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.strip().splitlines()
            found.append(Step(first, tuple(rest)))
    return found


def alike(shown: str, printed: str) -> bool:
    """Whether two lines have the same words, and numbers near enough."""
    ours, theirs = shown.split(), printed.split()
    return len(ours) == len(theirs) and all(_same(a, b) for a, b in zip(ours, theirs, strict=True))


def _same(shown: str, printed: str) -> bool:
    if shown == printed:
        return True
    try:
        return float(printed) == pytest.approx(float(shown), rel=NEAR)
    except ValueError:
        return False


def first_unlike(shown: tuple[str, ...], printed: list[str]) -> str | None:
    """The first shown line that the output does not have at its place; None where all are there."""
    place, may_skip = 0, False
    for line in shown:
        if line == "...":
            may_skip = True
            continue
        while place < len(printed) and may_skip and not alike(line, printed[place]):
            place += 1
        if place == len(printed) or not alike(line, printed[place]):
            return line
        place, may_skip = place + 1, False
    return None if may_skip or place == len(printed) else printed[place]


@pytest.mark.slow
def test_the_tutorial_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(steps()) == 5
    for step in steps():
        program, *arguments = shlex.split(step.command)
        assert program == "trilat"
        ended = trilat(*arguments)
        printed = [*ended.out.splitlines(), *ended.err.splitlines()]
        if ended.code:
            printed.append(f"(exit code {ended.code})")
        assert first_unlike(step.shown, printed) is None, (step.command, "\n".join(printed))


@pytest.mark.parametrize(
    ("shown", "printed", "unlike"),
    [
        (("a 1.0",), ["a 1.2"], None),
        (("a 1.0",), ["a 1.4"], "a 1.0"),
        (("a 1.0",), ["b 1.0"], "a 1.0"),
        (("a 1.0",), ["a 1.0", "b"], "b"),
        (("a 1.0", "..."), ["a 1.0", "b"], None),
        (("...", "c"), ["a", "b", "c"], None),
        (("...", "c"), ["a", "b"], "c"),
        (("a", "b"), ["a"], "b"),
        (("a 0",), ["a 0.1"], "a 0"),
    ],
)
def test_lines_are_compared_as_the_page_promises(
    shown: tuple[str, ...], printed: list[str], unlike: str | None
) -> None:
    assert first_unlike(shown, printed) == unlike
