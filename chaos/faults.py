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
    """The partner on the link of a fault on links."""

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

    def __init__(self, sites: Mapping[str, Site], wires: Wires, began_s: float) -> None:
        """The sites and wires of a round whose feed began at an instant of `time.monotonic`."""
        self.sites, self.wires = sites, wires
        self.trouble: list[str] = []
        self._began_s = began_s

    def do(self, fault: Fault) -> None:
        """Wait for the fault's time, do it, and return when it is healed. What went wrong is noted."""
        time.sleep(max(0.0, self._began_s + fault.at_s - time.monotonic()))
        try:
            if fault.kind in WEATHER:
                self._weather(fault)
            else:
                site = self.sites[fault.party]
                with site.hands:
                    _KINDS[fault.kind](site, fault)
        except Exception as error:  # noqa: BLE001 - whatever it is, the round has failed and says why
            self.trouble.append(f"{fault.kind} at {fault.party} failed: {type(error).__name__}: {error}")

    def _weather(self, fault: Fault) -> None:
        self.wires.set_weather(fault.party, fault.other, WEATHER[fault.kind])
        time.sleep(fault.for_s)
        self.wires.set_weather(fault.party, fault.other, FAIR)


def _kill_node(site: Site, fault: Fault) -> None:
    """SIGKILL, perhaps once more while it starts; then it is started again."""
    site.kill()
    time.sleep(fault.for_s)
    if fault.twice:
        site.launch()
        time.sleep(fault.for_s)
        site.kill()
    site.start()


def _kill_server(site: Site, fault: Fault) -> None:
    """SIGKILL of the node's NATS server; the node starts it again by itself."""
    for _ in range(2 if fault.twice else 1):
        before = server_of(site)
        os.kill(before, signal.SIGKILL)
        _await_server(site, before)


def _delete_server_folder(site: Site, fault: Fault) -> None:
    """The NATS server's folder deleted under it; and, twice, the server killed so that it misses it."""
    shutil.rmtree(site.folder / "run" / "server")
    time.sleep(fault.for_s)
    if fault.twice:
        before = server_of(site)
        os.kill(before, signal.SIGKILL)
        _await_server(site, before)


def _delete_server_folder_down(site: Site, fault: Fault) -> None:
    """The NATS server's folder deleted while all of the node is down."""
    site.kill()
    shutil.rmtree(site.folder / "run" / "server")
    time.sleep(fault.for_s)
    site.start()


def _delete_run_folder_down(site: Site, fault: Fault) -> None:
    """Everything that a running node keeps of itself deleted while it is down."""
    site.kill()
    shutil.rmtree(site.folder / "run")
    time.sleep(fault.for_s)
    site.start()


def _pause_node(site: Site, fault: Fault) -> None:
    """SIGSTOP: a machine that stands still, with everything open."""
    process = site.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(fault.for_s)
    finally:
        process.send_signal(signal.SIGCONT)


def _pause_server(site: Site, fault: Fault) -> None:
    """SIGSTOP of the NATS server alone."""
    process_id = server_of(site)
    os.kill(process_id, signal.SIGSTOP)
    try:
        time.sleep(fault.for_s)
    finally:
        os.kill(process_id, signal.SIGCONT)


def _fill_disk(site: Site, fault: Fault) -> None:
    """The disk of the node's folder full: it says so and answers 503; with room, it is started again."""
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


_KINDS: Final[Mapping[str, Callable[[Site, Fault], None]]] = {
    "kill-node": _kill_node,
    "kill-server": _kill_server,
    "delete-server": _delete_server_folder,
    "delete-server-down": _delete_server_folder_down,
    "delete-run-down": _delete_run_folder_down,
    "pause-node": _pause_node,
    "pause-server": _pause_server,
    "full-disk": _fill_disk,
    "full-disk-log": _fill_disk,
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
}
_SECONDS_ELSE: Final = (0.5, 6.0)


def possible(wires: Wires, *, has_disks: bool) -> tuple[str, ...]:
    """The kinds of faults that can be done here."""
    return tuple(
        kind
        for kind in KINDS
        if (kind not in WEATHER or wires.is_own_network or kind in _WITH_PROXIES)
        and (kind not in ON_DISK or has_disks)
    )


def drawn(
    source: random.Random, kinds: Sequence[str], parties: Sequence[str], feed_s: float
) -> tuple[Fault, ...]:
    """One fault of each of the kinds, at random moments of the feed."""
    faults = []
    for kind in kinds:
        party, other = source.sample(list(parties), 2)
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


# --- the NATS server of a node ---


def server_of(site: Site) -> int:
    """The process of the node's NATS server, found by its parent; ValueError where there is none."""
    assert site.process is not None
    parent = site.process.pid
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            name = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z" and b"nats-server" in name:
            return int(folder.name)
    raise ValueError(f"{site.party} has no NATS server")


def _await_server(site: Site, before: int) -> None:
    """Until another NATS server is the node's; noted where it does not come."""
    ends_s = time.monotonic() + _BACK_S_MAX
    while time.monotonic() < ends_s:
        try:
            if server_of(site) != before:
                return
        except ValueError:
            pass
        time.sleep(_AGAIN_S)
    site.trouble.append(f"{site.party} did not start its NATS server again within {_BACK_S_MAX:.0f} s")
