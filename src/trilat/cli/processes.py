"""`Processes`: node processes that end with the one that started them, some kept ready beforehand.

A node process takes some seconds to load. One that is kept ready has loaded, and waits to be told its folder:
so another regime is up in a second.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG_FILE: Final = "node.log"
_STOP_S_MAX: Final = 10.0


@dataclass(frozen=True)
class NodeProcess:
    """A node's process, and where it writes what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    def last_line(self) -> str:
        """The last line that it said."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else "it said nothing"

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end; one that does not in time is killed. Returns when it has ended."""
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.release()

    def release(self) -> None:
        """Close its input, which asks it to end too."""
        if self.process.stdin is not None:
            self.process.stdin.close()


class Processes:
    """Starts node processes."""

    def __init__(self, folder: Path) -> None:
        """None yet; what those that are kept ready say is written in `folder`."""
        self._folder = folder
        self._ready: list[NodeProcess] = []
        self._made = 0

    def start(self, folder: Path) -> NodeProcess:
        """A process that runs the node of a folder: one that is ready, or else a new one."""
        while self._ready:
            ready = self._ready.pop()
            if ready.is_running() and _told(ready, folder):
                return ready
            ready.stop()
        return _launched(str(folder), folder / "run" / LOG_FILE)

    def prepare(self, count: int) -> None:
        """Keep so many processes ready."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while len(self._ready) < count:
            self._made += 1
            self._ready.append(_launched("-", self._folder / f"ready-{self._made}.log"))

    def close(self) -> None:
        """End those that are kept ready."""
        for ready in self._ready:
            ready.stop()
        self._ready.clear()


def _launched(argument: str, log: Path) -> NodeProcess:
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "trilat", "node", "run", argument, "--until-input-ends"],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            env={**os.environ, "COLUMNS": "1000"},
            start_new_session=True,
        )
    return NodeProcess(process, log)


def _told(ready: NodeProcess, folder: Path) -> bool:
    """Whether a process that waits took its folder."""
    assert ready.process.stdin is not None
    try:
        ready.process.stdin.write(f"{folder.absolute()}\n".encode())
        ready.process.stdin.flush()
    except OSError:
        return False
    return True
