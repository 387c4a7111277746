"""Writes what is generated: commands.md from the command line, items.md from the nouns, the page's api.ts.

    python tools/generate_docs.py            # write the pages again
    python tools/generate_docs.py --check    # exit 1 where one is not up to date

Commands, options, defaults and help come from the code; what a program may rely on is in `contracts.md`
beside this file, one section per command.
"""

import inspect
import re
import runpy
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import typer.main

from trilat.cli import terminal
from trilat.cli.app import app

ROOT: Final = Path(__file__).parents[1]
CONTRACTS: Final = ROOT / "tools" / "contracts.md"

INTRODUCTION: Final = """\
# Commands

*Made by `tools/generate_docs.py` from the command line itself; do not edit by hand.*

**What not to expect.** Only `trilat demo` without `--headless` or with a number for `--speed`,
`trilat node run` and `trilat node status` open a socket, on loopback unless a node's settings say otherwise;
all else reads files, computes and answers. Output for people may change its looks with any version;
programs use `--json`.

- With `--json`, standard output has JSON and nothing else, with finite numbers only; a value that does not
  apply is `null`. Fields may be added; those named here stay.
- Warnings, errors and progress go to standard error, each in one line; errors begin with `trilat:`.
- Files may be gzip; they are unpacked up to a limit. `NO_COLOR` is respected.
- `python -m trilat` is the same as `trilat`.

## Exit codes

| code | meaning |
|---|---|
"""

_KINDS: Final = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}


def commands_page() -> str:
    """The text of docs/commands.md."""
    sections = _contracts()
    parts = [INTRODUCTION + "\n".join(_exit_codes()) + "\n"]
    for name, command in _walk(typer.main.get_command(app), "trilat"):
        parts.append(_command(name, command))
        if name in sections:
            parts.append(sections.pop(name))
    if sections:
        raise SystemExit(f"tools/contracts.md has a section of no command: {', '.join(sections)}")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    items = runpy.run_path(str(ROOT / "tools" / "items_page.py"))
    api = runpy.run_path(str(ROOT / "tools" / "generate_api_types.py"))
    return {
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "items.md": items["page"](),
        api["PAGE"]: api["text"](),
    }


def _exit_codes() -> Iterator[str]:
    for line in (inspect.getdoc(terminal) or "").splitlines():
        found = re.fullmatch(r" +(\d+) {2,}(\S.*)", line)
        if found:
            yield f"| {found[1]} | {found[2]} |"


def _contracts() -> dict[str, str]:
    """What stands under each heading `## COMMAND` of the contracts."""
    written = CONTRACTS.read_text(encoding="utf-8").replace("](../docs/", "](")
    pieces = re.split(r"^## `([^`]+)`\n", written, flags=re.MULTILINE)
    return {name: text.strip("\n") + "\n" for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that can be run, as a user writes it."""
    inner = getattr(command, "commands", {})
    if name != "trilat" and (not inner or command.params):
        yield name, command
    for word, below in inner.items():
        yield from _walk(below, f"{name} {word}")


def _command(name: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    usage = " ".join([name, *(_argument(param) for param in arguments), *(["[OPTIONS]"] if options else [])])
    told = inspect.getdoc(command.callback) or command.help or ""
    lines = [f"### `{name}`", "", " ".join(told.split()), "", "```", usage, "```", ""]
    rows = [
        *((f"`{param.name.upper()}`", param, "") for param in arguments),
        *((f"`{_option(param)}`", param, _default(param)) for param in options),
    ]
    lines += ["| | | default |", "|---|---|---|"]
    lines += [f"| {shown} | {_cell(param.help)} | {default} |" for shown, param, default in rows]
    return "\n".join(lines) + "\n"


def _argument(param: Any) -> str:
    return str(param.name).upper() if param.required else f"[{str(param.name).upper()}]"


def _option(param: Any) -> str:
    if param.is_flag:
        return str(param.opts[0])
    kind = param.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{param.opts[0]} {'|'.join(str(word.value) for word in kind)}"
    return f"{param.opts[0]} {_KINDS.get(kind, 'TEXT')}"


def _default(param: Any) -> str:
    if param.required:
        return "must be given"
    return "" if param.is_flag or param.default is None else f"`{param.default}`"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def main() -> int:
    """Write the pages, or say which are not up to date."""
    stale = {
        path: text
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if "--check" in sys.argv[1:]:
            print(f"docs/{path.name} is not up to date: run `make docs`")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"docs/{path.name} is written")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
