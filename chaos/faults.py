"""Faults: drawn from a seed as data, then done to real processes, disks and links.

A fault says what, to whom, when and for how long; `do` of its kind does it and undoes it, and returns when
what it broke is whole again. What a node's staff would do (start it again, make room) is part of it.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.child import Child
from chaos.layout import PARTIES, Layout
from chaos.router import FAIR, Weather
from chaos.sites import Site
from chaos.wires import Wires

FILLER: Final = "filler"
"""The file that fills a disk."""

_CHUNK_BYTES: Final = 262_144
_BACK_S_MAX: Final = 30.0
_NOTICED_S_MAX: Final = 20.0
_AGAIN_S: Final = 0.05


@dataclass(frozen=True)
class Fault:
    """What happens: times in seconds from the beginning of the round's feed."""

    kind: str
    party: str
    other: str
    """The other end of the link, for a fault on links."""

    at_s: float
    for_s: float
    twice: bool = False
    """Whether it happens once more as soon as what fell is being started again."""

    def __str__(self) -> str:
        """In words, for the line of a round."""
        where = f"{self.party}-{self.other}" if self.kind in WEATHER else self.party
        again = ", twice" if self.twice else ""
        return f"{self.kind} {where} at {self.at_s:.1f} s for {self.for_s:.1f} s{again}"


WEATHER: Final[Mapping[str, Weather]] = {
    "link-cut": Weather(refused=True),
    "black-hole": Weather(black_hole=True),
    "loss": Weather(loss=0.2),
    "delay": Weather(delay_s=0.2, jitter_s=0.05),
    "storm": Weather(loss=0.05, doubled=0.05, delay_s=0.06, jitter_s=0.06),
}
"""Kinds of faults on a link."""

_WITH_PROXIES: Final = frozenset({"link-cut", "black-hole"})


class Stage:
    """What a fault is done to."""

    def __init__(self, children: Mapping[str, Child], wires: Wires) -> None:
        """What runs in a round, and what joins it."""
        self.children, self.wires = children, wires
        self.trouble: list[str] = []
        self._began_s = 0.0

    def begin(self) -> None:
        """Faults' times count from now on."""
        self._began_s = time.monotonic()

    def do(self, fault: Fault) -> None:
        """Wait for the fault's time, do it, and return when it is healed. What went wrong is noted."""
        time.sleep(max(0.0, self._began_s + fault.at_s - time.monotonic()))
        try:
            if fault.kind in WEATHER:
                self._weather(fault)
            else:
                child = self.children[fault.party]
                with child.hands:
                    _KINDS[fault.kind](child, fault)
        except Exception as error:  # noqa: BLE001 - whatever it is, the round has failed and says why
            self.trouble.append(f"{fault.kind} at {fault.party} failed: {type(error).__name__}: {error}")

    def _weather(self, fault: Fault) -> None:
        self.wires.set_weather(fault.party, fault.other, WEATHER[fault.kind])
        time.sleep(fault.for_s)
        self.wires.set_weather(fault.party, fault.other, FAIR)


def _kill(child: Child, fault: Fault) -> None:
    """SIGKILL, perhaps once more while it starts; then it is started again."""
    child.kill()
    time.sleep(fault.for_s)
    if fault.twice:
        child.launch()
        time.sleep(fault.for_s)
        child.kill()
    child.start()


def _kill_server(child: Child, fault: Fault) -> None:
    """SIGKILL of the NATS server of a node or hub, which starts it again by itself."""
    for _ in range(2 if fault.twice else 1):
        before = _server(child)
        os.kill(before, signal.SIGKILL)
        _await_server(child, before)


def _delete_server_folder(child: Child, fault: Fault) -> None:
    """The NATS server's folder deleted under it; and, twice, the server killed so that it misses it."""
    shutil.rmtree(child.folder / "run" / "server")
    time.sleep(fault.for_s)
    if fault.twice:
        before = _server(child)
        os.kill(before, signal.SIGKILL)
        _await_server(child, before)


def _delete_server_folder_down(child: Child, fault: Fault) -> None:
    """The NATS server's folder deleted while all of the node is down."""
    child.kill()
    shutil.rmtree(child.folder / "run" / "server")
    time.sleep(fault.for_s)
    child.start()


def _delete_run_folder_down(child: Child, fault: Fault) -> None:
    """Everything that a running node keeps of itself deleted while it is down."""
    child.kill()
    shutil.rmtree(child.folder / "run")
    time.sleep(fault.for_s)
    child.start()


def _pause(child: Child, fault: Fault) -> None:
    """SIGSTOP: a machine that stands still, with everything open."""
    assert child.process is not None
    _paused(child.process.pid, fault.for_s)


def _pause_server(child: Child, fault: Fault) -> None:
    """SIGSTOP of the NATS server alone."""
    _paused(_server(child), fault.for_s)


def _paused(process_id: int, seconds: float) -> None:
    os.kill(process_id, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(process_id, signal.SIGCONT)


def _server(child: Child) -> int:
    """The process of its NATS server, as soon as there is one; ValueError where none comes."""
    ends_s = time.monotonic() + _BACK_S_MAX
    while time.monotonic() < ends_s:
        found = child.server()
        if found is not None:
            return found
        time.sleep(_AGAIN_S)
    raise ValueError(f"{child.name} has no NATS server")


def _fill_disk(site: Child, fault: Fault) -> None:
    """The disk of the node's folder full: it says so and answers 503; with room, it is started again."""
    assert isinstance(site, Site)
    filler = site.folder / FILLER
    fill(filler)
    try:
        _await_stopped(site)
        time.sleep(fault.for_s)
        if fault.twice:
            _start_without_room(site)
    finally:
        filler.unlink()
    process = site.process
    if process is not None and process.poll() is None:
        site.end()
    site.start()


def fill(file: Path) -> None:
    """Write a file until nothing more goes on its disk."""
    size = _CHUNK_BYTES
    with file.open("wb", buffering=0) as filler:
        while size:
            try:
                written = filler.write(b"\0" * size)
            except OSError:
                written = 0
            if written < size:
                size //= 2


def _await_stopped(site: Site) -> None:
    """The node stops of itself and says why in its health; or its process ends."""
    ends_s = time.monotonic() + _NOTICED_S_MAX
    while time.monotonic() < ends_s:
        assert site.process is not None
        if site.process.poll() is not None:
            site.trouble.append(f"{site.party} fell when its disk was full: {site.last_line()}")
            return
        answer = site.ask("staff", "GET", "/health")
        if answer is not None and answer.status_code == 503:
            problem = answer.json().get("problem", "")
            if "full" not in problem or "\n" in problem:
                site.trouble.append(f"{site.party} does not say that its disk is full: `{problem}`")
            return
        # What is left of the disk is smaller than a row; the node may find a little more of it.
        fill(site.folder / FILLER)
        time.sleep(_AGAIN_S)
    site.trouble.append(f"{site.party} did not notice within {_NOTICED_S_MAX:.0f} s that its disk is full")


def _logs_there(site: Site) -> bool:
    """Whether the node's log is on the full disk, so that its last words are lost."""
    return site.log.is_relative_to(site.folder)


def _start_without_room(site: Site) -> None:
    """A start on a full disk ends with one line, or comes up and says that it cannot write."""
    site.kill()
    process = site.launch()
    ends_s = time.monotonic() + _BACK_S_MAX
    while process.poll() is None and time.monotonic() < ends_s:
        answer = site.ask("staff", "GET", "/health")
        if answer is not None and answer.status_code == 503:
            return
        time.sleep(_AGAIN_S)
    if process.poll() is None:
        site.trouble.append(f"{site.party} runs on a full disk and does not say so")
    elif process.poll() == 0 or (not _logs_there(site) and not site.last_line().startswith("trilat: ")):
        site.trouble.append(f"{site.party} did not say why it does not start: {site.last_line()}")


_KINDS: Final[Mapping[str, Callable[[Child, Fault], None]]] = {
    "kill-node": _kill,
    "kill-server": _kill_server,
    "delete-server": _delete_server_folder,
    "delete-server-down": _delete_server_folder_down,
    "delete-run-down": _delete_run_folder_down,
    "pause-node": _pause,
    "pause-server": _pause_server,
    "full-disk": _fill_disk,
    "full-disk-log": _fill_disk,
    "kill-hub": _kill,
    "kill-hub-server": _kill_server,
    "pause-hub": _pause,
}

KINDS: Final = (*_KINDS, *WEATHER)
"""All kinds of faults."""

ON_DISK: Final = frozenset({"full-disk", "full-disk-log"})
"""Kinds that take a small disk for the node's folder; the second has the node's log on it too."""

_SECONDS: Final[Mapping[str, tuple[float, float]]] = {
    "kill-node": (0.0, 2.0),
    "delete-server": (0.0, 1.0),
    "full-disk": (0.0, 1.0),
    "full-disk-log": (0.0, 1.0),
    "link-cut": (1.0, 8.0),
    "black-hole": (1.0, 10.0),
    "pause-node": (1.0, 6.0),
    "pause-server": (1.0, 8.0),
    "kill-hub": (0.0, 4.0),
    "pause-hub": (1.0, 8.0),
}
_SECONDS_ELSE: Final = (0.5, 6.0)


AT_HUB: Final = frozenset({"kill-hub", "kill-hub-server", "pause-hub"})
"""Kinds that take a hub."""


def possible(layout: Layout, *, is_own_network: bool, has_disks: bool) -> tuple[str, ...]:
    """The kinds of faults that can be done here."""
    return tuple(
        kind
        for kind in KINDS
        if (kind not in WEATHER or is_own_network or kind in _WITH_PROXIES)
        and (kind not in AT_HUB or layout.hub)
        and (kind not in ON_DISK or has_disks)
    )


def drawn(source: random.Random, kinds: Sequence[str], layout: Layout, feed_s: float) -> tuple[Fault, ...]:
    """One fault of each of the kinds, at random moments of the feed."""
    faults = []
    for kind in kinds:
        party, other = source.choice(PARTIES), ""
        if kind in WEATHER:
            party, other = source.choice(layout.links)
        elif kind in AT_HUB:
            party = layout.hub
        least, most = _SECONDS.get(kind, _SECONDS_ELSE)
        faults.append(
            Fault(
                kind=kind,
                party=party,
                other=other,
                at_s=source.uniform(0.3, feed_s),
                for_s=source.uniform(least, most),
                twice=source.random() < 0.4,
            )
        )
    return tuple(faults)


def _await_server(child: Child, before: int) -> None:
    """Until another NATS server is the node's; noted where it does not come."""
    ends_s = time.monotonic() + _BACK_S_MAX
    while time.monotonic() < ends_s:
        if child.server() not in {None, before}:
            return
        time.sleep(_AGAIN_S)
    child.trouble.append(f"{child.name} did not start its NATS server again within {_BACK_S_MAX:.0f} s")
