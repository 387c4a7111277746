"""Builds the page (`frontend/` to `src/trilat/web/page/`) with each build of the package, editable ones too.

1. An sdist brings the page ready: nothing to do.
2. A page that is newer than its sources stays as it is.
3. Without Node.js, or with one too old, one line says so and the package is built without the page.
4. A build that fails fails the whole build, with one line and the end of npm's log.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_LEAST: Final = (20, 19)
LOG_LINES: Final = 25

_SOURCES: Final = Path("frontend")
_PAGE: Final = Path("src/trilat/web/page")
_INDEX: Final = "index.html"
_NOT_SOURCES: Final = frozenset({"node_modules", "mock"})
_INSTALL: Final = ("ci", "--no-audit", "--no-fund", "--ignore-scripts")
_BUILD: Final = ("run", "build")


class PageError(Exception):
    """The page could not be built though there is a Node.js to build it."""


class PageBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it gathers the files of a wheel or an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        """Build the page, or say in one line why it is left out."""
        try:
            left_out = build_page(Path(self.root))
        except PageError as error:
            self.app.abort(str(error))
        else:
            if left_out:
                sys.stderr.write(left_out + "\n")


def build_page(root: Path) -> str | None:
    """Make the page of the tree at `root`; returns one line that says why it was left out, if it was.

    Raises:
        PageError: npm failed; the text has one line and the end of npm's log.
    """
    if is_ready(root):
        return None
    npm = shutil.which("npm")
    reason = _why_not(npm)
    if reason or npm is None:
        words = f"{reason}: install Node.js {_dotted(NODE_LEAST)} or newer and build again"
        old = (root / _PAGE / _INDEX).is_file()
        return f"page {'is older than its sources, and was not built' if old else 'left out'}: {words}"
    for arguments in (_INSTALL, _BUILD):
        _run(npm, arguments, root / _SOURCES)
    if not (root / _PAGE / _INDEX).is_file():
        raise PageError(f"page not built: npm ended well but wrote no `{(_PAGE / _INDEX).as_posix()}`")
    return None


def is_ready(root: Path) -> bool:
    """Whether the page is there and needs no building."""
    index = root / _PAGE / _INDEX
    if not index.is_file():
        return False
    if (root / "PKG-INFO").is_file() or not (root / _SOURCES / "package.json").is_file():
        return True
    return all(path.stat().st_mtime_ns <= index.stat().st_mtime_ns for path in _sources(root / _SOURCES))


def _sources(folder: Path) -> Iterator[Path]:
    """The files that the page is made of."""
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        elif not path.name.endswith(".test.ts"):
            yield path


def _why_not(npm: str | None) -> str | None:
    """Why there is nothing to build the page with; None if there is."""
    node = shutil.which("node")
    if node is None:
        return "there is no Node.js"
    if npm is None:
        return "there is no npm"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - found on the path
    found = re.fullmatch(r"v(\d+)\.(\d+)\.\d+\S*", told)
    if found is None:
        return f"`node --version` says `{told[:40]}`"
    version = (int(found[1]), int(found[2]))
    return f"Node.js {_dotted(version)} is too old" if version < NODE_LEAST else None


def _run(npm: str, arguments: tuple[str, ...], folder: Path) -> None:
    ran = subprocess.run(  # noqa: S603 - npm as found on the path
        [npm, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        end = ran.stdout.splitlines()[-LOG_LINES:]
        raise PageError("\n".join([f"page not built: `npm {' '.join(arguments)}` failed", *end]))


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(str(part) for part in version)
