"""The sandboxes of examples/ do what their READMEs say: every command is run, every shown line is printed.

A README is run from top to bottom in a copy of examples/, as its reader is told to. Shown lines stand in the
output in their order, with other lines between them; `...` stands for any text.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.commands import ROOT, trilat
from tests.cli.test_tutorial import Step

SANDBOXES = ["count-dispute", "misspelt-labels", "pooled-copies", "retraction", "termination", "three-dates"]
"""S2, S12, S8, S3, S7 and S1."""

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def steps(text: str) -> list[Step]:
    found = []
    for block in _BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.strip().splitlines()
            found.append(Step(first, tuple(rest)))
    return found


def run(command: str) -> list[str]:
    """What a command prints, line by line, with its exit code where it is not 0."""
    program, *arguments = shlex.split(command)
    if program == "trilat":
        ended = trilat(*arguments)
        code, printed = ended.code, ended.out + ended.err
    else:
        assert program in {"python", "sed"}, f"`{program}` is not run here"
        paths = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
        started = subprocess.run(
            [sys.executable if program == "python" else program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": paths},
        )
        code, printed = started.returncode, started.stdout + started.stderr
    return [*printed.splitlines(), *([f"(exit code {code})"] if code else [])]


def first_missing(shown: tuple[str, ...], printed: list[str]) -> str | None:
    """The first shown line that does not come in its order; a code that is not shown counts too."""
    place = 0
    for line in shown:
        pattern = re.compile(".*".join(re.escape(part) for part in line.strip().split("...")))
        while place < len(printed) and not pattern.fullmatch(printed[place].strip()):
            place += 1
        if place == len(printed):
            return line
        place += 1
    left = [line for line in printed[place:] if line.startswith("(exit code")]
    return left[0] if left else None


@pytest.mark.parametrize("name", SANDBOXES)
def test_a_sandbox_does_what_its_readme_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    found = steps(text)
    assert any(step.command.startswith("sed ") for step in found)
    for heading in ("## Try this, expect that", "## Change one word, expect the other"):
        assert heading in text
    for step in found:
        before = _content(tmp_path)
        printed = run(step.command)
        assert first_missing(step.shown, printed) is None, (step.command, "\n".join(printed))
        # A change that changes nothing would leave the reader, and this test, with the same answer.
        assert step.command.startswith("sed ") == (_content(tmp_path) != before), step.command


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in sorted((folder / "examples").rglob("*"))
        if path.is_file() and path.suffix in {".jsonl", ".toml"}
    }


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        (("a...",), ["b", "a c"], None),
        (("a",), ["a c"], "a"),
        (("b", "a"), ["a", "b"], "a"),
        (("a", "a"), ["a"], "a"),
        (("a",), ["a", "(exit code 1)"], "(exit code 1)"),
        (("a", "(exit code 1)"), ["a", "(exit code 1)"], None),
        ((), ["anything"], None),
        (("a.c",), ["abc"], "a.c"),
    ],
)
def test_shown_lines_are_looked_for_in_their_order(
    shown: tuple[str, ...], printed: list[str], missing: str | None
) -> None:
    assert first_missing(shown, printed) == missing


def test_every_sandbox_with_commands_is_run() -> None:
    readmes = (ROOT / "examples").glob("*/README.md")
    assert [
        path.parent.name for path in sorted(readmes) if steps(path.read_text(encoding="utf-8"))
    ] == SANDBOXES
