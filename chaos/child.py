"""`Child`: a process of a round that is started, killed, ended, started again; a node's, or a hub's."""

import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

from chaos.wires import Wires

MARK: Final = "TRILAT_CHAOS"
"""In the environment of every process of a run: by it those left behind are found."""

UP_S_MAX: Final = 60.0
"""What was started is up within so long, also on a busy machine."""

END_S_MAX: Final = 20.0
_AGAIN_S: Final = 0.05


class Child(ABC):
    """One process. Who starts or ends it holds `hands`."""

    def __init__(self, name: str, folder: Path, wires: Wires, mark: str, log: Path) -> None:
        """A process that was never started.

        Args:
            name: in whose network it runs; for people, too.
            folder: what it runs over.
            wires: what joins it with others.
            mark: see `MARK`.
            log: what it says is written there.
        """
        self.name = name
        self.folder = folder
        self.wires = wires
        self.log = log
        self.hands = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.trouble: list[str] = []
        """What was seen that should not have been, one line each."""

        self.up_s: list[float] = []
        """How long each start took until it was up, seconds."""

        self._mark = mark

    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The words of `trilat` that run it."""

    @abstractmethod
    def said_up(self) -> Path:
        """The file in which it says that it is up."""

    @abstractmethod
    def is_up(self) -> bool:
        """Whether it is up and well."""

    def launch(self) -> subprocess.Popen[bytes]:
        """Start its process in its network; it ends with this one, too."""
        self.said_up().unlink(missing_ok=True)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = self.wires.run(self.name, self._launched)
        return self.process

    def _launched(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "trilat", *self.words(), "--until-input-ends"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "COLUMNS": "1000", MARK: self._mark},
                start_new_session=True,
            )

    def await_up(self, began_s: float) -> bool:
        """Whether it is up in time; notes how long it took, or that it is not."""
        while time.monotonic() < began_s + UP_S_MAX:
            process = self.process
            if process is None or process.poll() is not None:
                self.trouble.append(f"{self.name} did not start: {self.last_line()}")
                return False
            if self.is_up():
                self.up_s.append(time.monotonic() - began_s)
                return True
            time.sleep(_AGAIN_S)
        self.trouble.append(f"{self.name} was not up {UP_S_MAX:.0f} s after its start")
        return False

    def start(self) -> bool:
        """Start it; whether it is up in time."""
        began_s = time.monotonic()
        self.launch()
        return self.await_up(began_s)

    def kill(self) -> None:
        """SIGKILL; returns when its process has ended."""
        process = self.process
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def end(self) -> None:
        """Ask it to end; where it does not in time, or not in good order, that is noted."""
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            code = process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self.trouble.append(f"{self.name} did not end within {END_S_MAX:.0f} s")
            self.kill()
        else:
            if code != 0:
                self.trouble.append(f"{self.name} ended with code {code}: {self.last_line()}")
        if process.stdin is not None:
            process.stdin.close()

    def last_line(self) -> str:
        """The last line that it said."""
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return said[-1] if said else "it said nothing"

    def server(self) -> int | None:
        """The process of its NATS server, found by its parent; None where there is none."""
        if self.process is None:
            return None
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                # It ended while we looked.
                continue
            if int(fields[1]) == self.process.pid and fields[0] != "Z" and b"nats-server" in command:
                return int(folder.name)
        return None


def left_behind(mark: str) -> list[str]:
    """Processes of a run that are still there, one line each; those that have ended and wait are not."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                name = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                found.append(f"process {folder.name} is left behind: {name[:80]}")
        except OSError:
            # It ended while we looked.
            continue
    return found
