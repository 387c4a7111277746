"""`Site`: one party's node of a round, as its staff would keep it: a folder, a process, a log, requests."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from chaos.wires import Wires

from trilat.model import Status
from trilat.node import ClockSettings, LinkSettings, NodeSettings, Peer, SystemClock, make_folder, read_folder
from trilat.node.settings import AccessSettings
from trilat.policy import internal_agreement
from trilat.study import agreement_files, preset

REGIME: Final = "multilateral"
"""Everybody shares events with everybody, so what must arrive where is known without asking policy."""

MARK: Final = "TRILAT_CHAOS"
"""In the environment of every process of a run: by it those left behind are found."""

UP_S_MAX: Final = 60.0
"""A node that was started answers within so long, also on a busy machine."""

END_S_MAX: Final = 20.0
REQUEST_S_MAX: Final = 4.0
_AGAIN_S: Final = 0.05
_SINCE: Final = "2000-01-01T00:00:00Z"


@dataclass
class Site:
    """One node. Requests may be made from any thread; who starts or ends its process holds `hands`."""

    party: str
    folder: Path
    wires: Wires
    mark: str
    log: Path
    hands: threading.Lock = field(default_factory=threading.Lock)
    process: subprocess.Popen[bytes] | None = None
    trouble: list[str] = field(default_factory=list)
    """What this site saw that should not have been, one line each."""

    up_s: list[float] = field(default_factory=list)
    """How long each start took until the node answered, seconds."""

    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    # --- its process ---

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the node's process in its network; it ends with this one, too."""
        (self.folder / "run" / "address.json").unlink(missing_ok=True)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = self.wires.run(self.party, self._launched)
        return self.process

    def _launched(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "trilat", "node", "run", str(self.folder), "--until-input-ends"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "COLUMNS": "1000", MARK: self.mark},
                start_new_session=True,
            )

    def await_up(self, began_s: float) -> bool:
        """Whether the node answers in time that it is well; notes how long it took, or that it did not."""
        while time.monotonic() < began_s + UP_S_MAX:
            process = self.process
            if process is None or process.poll() is not None:
                self.trouble.append(f"{self.party} did not start: {self.last_line()}")
                return False
            answer = self.ask("staff", "GET", "/health")
            if answer is not None and answer.is_success:
                self.up_s.append(time.monotonic() - began_s)
                return True
            time.sleep(_AGAIN_S)
        self.trouble.append(f"{self.party} was not up {UP_S_MAX:.0f} s after its start")
        return False

    def start(self) -> bool:
        """Start the node; whether it is up in time."""
        began_s = time.monotonic()
        self.launch()
        return self.await_up(began_s)

    def kill(self) -> None:
        """End the node as a power cut would; returns when its process has ended."""
        process = self.process
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def end(self) -> None:
        """Ask the node to end; one that does not in time, or not in good order, is noted."""
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            code = process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self.trouble.append(f"{self.party} did not end within {END_S_MAX:.0f} s")
            self.kill()
        else:
            if code != 0:
                self.trouble.append(f"{self.party} ended with code {code}: {self.last_line()}")
        if process.stdin is not None:
            process.stdin.close()

    def last_line(self) -> str:
        """The last line that the node said."""
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return said[-1] if said else "it said nothing"

    # --- asking ---

    def address(self) -> str | None:
        """Where the node's HTTP interface is, as it says; None while it does not."""
        try:
            said = json.loads((self.folder / "run" / "address.json").read_bytes())
        except (OSError, ValueError):
            return None
        return str(said["web"])

    def ask(self, role: str, method: str, path: str) -> httpx.Response | None:
        """The answer to a request; None where there is none."""
        address = self.address()
        if address is None:
            return None
        headers = {"authorization": f"Bearer {self.tokens[role]}"}

        def asked() -> httpx.Response | None:
            try:
                return httpx.request(
                    method, f"{address}{path}", headers=headers, timeout=REQUEST_S_MAX, trust_env=False
                )
            except httpx.HTTPError:
                return None

        return self.wires.run(self.party, asked)

    def state(self) -> dict[str, Any] | None:
        """What the node says of itself; None where it does not."""
        answer = self.ask("staff", "GET", "/status")
        if answer is None or not answer.is_success:
            return None
        state: dict[str, Any] = answer.json()
        return state


def make_sites(
    root: Path,
    parties: Sequence[str],
    links: Sequence[tuple[str, str]],
    wires: Wires,
    mark: str,
    *,
    log_inside: Collection[str] = (),
) -> dict[str, Site]:
    """The sites of a round, made and not started; a folder that is there, such as a disk, must be empty.

    Args:
        root: where their folders and logs are.
        parties: whose nodes.
        links: who dials whom.
        wires: what joins them.
        mark: see `MARK`.
        log_inside: parties whose node's log lies in its folder, on the same disk.
    """
    shift_ns = preset(REGIME).regime.as_of_ns - SystemClock().now_ns()
    sites = {}
    for party in parties:
        folder = root / party
        log = folder / "node.log" if party in log_inside else root / f"{party}.log"
        site = Site(party, folder, wires, mark, log)
        purpose = preset(REGIME).regime.purpose
        make_folder(
            site.folder,
            _settings(party, parties, links, wires, shift_ns),
            {**agreement_files(REGIME), f"internal-{party}.toml": internal_agreement(party, purpose, _SINCE)},
            hosts=(wires.host(party),),
            now_ns=SystemClock().now_ns(),
            entropy=os.urandom,
        )
        sites[party] = site
    for site in sites.values():
        for other in parties:
            if other != site.party:
                shutil.copy(sites[other].folder / "card.json", site.folder / "peers" / f"{other}.json")
        site.tokens = dict(read_folder(site.folder).secrets.tokens)
    return sites


def _settings(
    party: str, parties: Sequence[str], links: Sequence[tuple[str, str]], wires: Wires, shift_ns: int
) -> NodeSettings:
    others = [other for other in parties if other != party]
    return NodeSettings(
        party=party,
        status=Status.EXERCISE,
        purpose=preset(REGIME).regime.purpose,
        releasable_to=tuple(others),
        peer=tuple(
            Peer(code=other, dial=wires.dialled(party, other) if (party, other) in links else "")
            for other in others
        ),
        link=LinkSettings(
            leaf_listen=f"{wires.host(party)}:{wires.port(party)}", allow_remote=wires.is_own_network
        ),
        clock=ClockSettings(decision_shift_ns=shift_ns),
        access=AccessSettings(requests_per_s=10_000.0),
    )


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
