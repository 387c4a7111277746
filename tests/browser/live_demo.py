"""`trilat demo` with its page, as a user starts and ends it: a process of its own, known by its number."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WAIT_S: Final = 120.0
"""Longer than anything may take on a busy machine; nothing is judged by it."""

_POLL_S: Final = 0.05
_ADDRESS: Final = re.compile(r"^Look at\s+(http://\S+/)enter\?code=([0-9a-f]+)(?:&tour=1)?$", re.MULTILINE)
_PROCESSES: Final = Path("/proc")


@dataclass(frozen=True)
class LiveDemo:
    """One that runs."""

    process: subprocess.Popen[bytes]
    folder: Path
    origin: str
    code: str

    @property
    def nodes_folder(self) -> Path:
        """Where the nodes' folders are kept, one folder a run."""
        return self.folder / "nodes"

    @property
    def entrance(self) -> str:
        """The address that it printed."""
        return f"{self.origin}enter?code={self.code}"

    def node_folder(self, party: str) -> Path:
        """The folder of a node of the latest run."""
        runs = (path for path in self.nodes_folder.iterdir() if path.name.partition("-")[0].isdecimal())
        return max(runs, key=lambda path: int(path.name.partition("-")[0])) / party


@contextmanager
def live_demo(folder: Path, *options: str) -> Iterator[LiveDemo]:
    """A demo that has printed its address; it must end in good order, and leave nothing running."""
    said, complained = folder / "said.txt", folder / "complained.txt"
    with said.open("wb") as out, complained.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "trilat", "demo", "--ledgers", str(folder / "nodes"), *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            env=dict(os.environ),
        )
    try:
        origin, code = _address(process, said, complained)
        yield LiveDemo(process, folder, origin, code)
    finally:
        family = _descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        exit_code = process.wait(WAIT_S)
    assert exit_code == 0, f"exit code {exit_code}: {complained.read_text(encoding='utf-8')[-2_000:]}"
    assert len(family) >= 6, f"three nodes with a server each, but only {sorted(family.values())}"
    _assert_gone(family, folder)


def _address(process: subprocess.Popen[bytes], said: Path, complained: Path) -> tuple[str, str]:
    ends_s = time.monotonic() + WAIT_S
    while time.monotonic() < ends_s and process.poll() is None:
        found = _ADDRESS.search(said.read_text(encoding="utf-8"))
        if found:
            return found[1], found[2]
        time.sleep(_POLL_S)
    raise AssertionError(f"the demo printed no address: {complained.read_text(encoding='utf-8')[-2_000:]}")


def _assert_gone(family: dict[tuple[int, str], str], folder: Path) -> None:
    """Nothing that it started is left, nor anything that names its folder. A system may take a moment."""
    ends_s = time.monotonic() + 10.0
    while True:
        running = _running()
        left = [
            command
            for who, (_, command) in running.items()
            if who in family or str(folder / "nodes") in command
        ]
        if not left:
            return
        assert time.monotonic() < ends_s, f"still running after the demo has ended: {left}"
        time.sleep(_POLL_S)


def _descendants(pid: int) -> dict[tuple[int, str], str]:
    """What a process started, and what that started: command lines by process."""
    running = _running()
    found: dict[tuple[int, str], str] = {}
    parents = {pid}
    while parents:
        children = {
            who: command
            for who, (parent, command) in running.items()
            if parent in parents and who not in found
        }
        found |= children
        parents = {number for number, _ in children}
    return found


def _running() -> dict[tuple[int, str], tuple[int, str]]:
    """Parent and command line of every process, by its number and the time at which it began."""
    found = {}
    for folder in _PROCESSES.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        # After the name in brackets: state, parent, and the start as the 22nd field of all.
        fields = stat.rpartition(")")[2].split()
        if fields[0] != "Z":
            found[int(folder.name), fields[19]] = (int(fields[1]), command.strip())
    return found


def kill(pid: int) -> None:
    """End one process, as a crash would."""
    os.kill(pid, signal.SIGKILL)
