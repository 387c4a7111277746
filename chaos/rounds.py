"""One round: three nodes begin, are fed, faults come and heal, all comes to rest, ledgers are judged."""

import random
import re
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.books import read_books
from chaos.child import Child, left_behind
from chaos.faults import AT_HUB, ON_DISK, Fault, Stage, drawn, possible
from chaos.feeder import Feeder, Given
from chaos.judge import Totals, judged, totals
from chaos.layout import DIRECT, PARTIES, THROUGH_A_HUB, Layout
from chaos.relay import admit, make_relay
from chaos.sites import Site, make_sites
from chaos.wires import NamespaceWires, ProxyWires, Wires

from chaos import namespaces
from trilat.model import TrilatError

DISK_BYTES: Final = 64 * 1024 * 1024
QUIET_S_MAX: Final = 90.0
"""After the last fault is healed all is at rest within so long, also on a busy machine."""

_LINKED_S_MAX: Final = 30.0
_GONE_S_MAX: Final = 10.0
_LOOK_AGAIN_S: Final = 0.1
_FAULTS_MAX: Final = 3
_HUB_SHARE: Final = 0.5
_LOG_LINE: Final = re.compile(r"timestamp=|trilat: ")


@dataclass(frozen=True)
class Setting:
    """What all rounds of a run have in common."""

    seed: int
    feed_s: float
    kinds: tuple[str, ...]
    """The kinds of faults of each round in turn, `+` between several; empty draws them."""

    why_proxies: str
    """Why there are no networks of the nodes' own; empty where there are."""

    has_disks: bool
    hub: str = "drawn"
    """Whether partners are linked through a hub: `always`, `never`, or `drawn` for each round."""


@dataclass(frozen=True)
class Outcome:
    """How a round went."""

    number: int
    layout: Layout
    faults: tuple[Fault, ...]
    moved: Totals
    recovered_s: float
    up_s: float
    """The longest start of a node."""

    answers: Mapping[int, int]
    found: tuple[str, ...]

    def line(self) -> str:
        """For people."""
        faults = "; ".join(str(fault) for fault in self.faults)
        refused = self.answers.get(503, 0)
        again = self.answers.get(0, 0) + refused
        return (
            f"round {self.number}{' through a hub' if self.layout.hub else ''}: {faults} "
            f"| accepted {self.moved.accepted}, "
            f"released {self.moved.released}, received {self.moved.received} "
            f"| asked again {again} (503: {refused}) "
            f"| at rest after {self.recovered_s:.1f} s, start {self.up_s:.1f} s "
            f"| {len(self.found)} violations"
        )


def plan(number: int, setting: Setting) -> tuple[Layout, tuple[Fault, ...]]:
    """Links and faults of a round, the same for the same seed and number."""
    source = random.Random(f"{setting.seed}/{number}")  # noqa: S311 - what befalls a drill
    kinds: Sequence[str] = ()
    if setting.kinds:
        kinds = setting.kinds[(number - 1) % len(setting.kinds)].split("+")
    by_lot = source.random() < _HUB_SHARE
    has_hub = {"always": True, "never": False}.get(setting.hub, by_lot or not AT_HUB.isdisjoint(kinds))
    layout = THROUGH_A_HUB if has_hub else DIRECT
    able = possible(layout, is_own_network=not setting.why_proxies, has_disks=setting.has_disks)
    kinds = kinds or source.sample(able, source.randint(1, _FAULTS_MAX))
    return layout, drawn(source, kinds, layout, setting.feed_s)


def play(number: int, setting: Setting, root: Path) -> Outcome:
    """Play a round in a folder of its own, which is removed unless something is found."""
    seed, folder = f"{setting.seed}/{number}", root / f"round-{number}"
    layout, faults = plan(number, setting)
    wires: Wires = (
        ProxyWires(layout.links, setting.why_proxies)
        if setting.why_proxies
        else NamespaceWires(layout.names, seed)
    )
    disks: list[Path] = []
    try:
        for party in PARTIES:
            (folder / party).mkdir(mode=0o700, parents=True)
        for party in {fault.party for fault in faults if fault.kind in ON_DISK}:
            namespaces.mount_disk(folder / party, DISK_BYTES)
            disks.append(folder / party)
        outcome = _played(number, setting, folder, wires, layout, faults)
        if outcome.found:
            _keep(folder, root / "kept" / folder.name, outcome)
    finally:
        wires.close()
        for disk in disks:
            namespaces.unmount(disk)
    shutil.rmtree(folder)
    return outcome


def _keep(folder: Path, kept: Path, outcome: Outcome) -> None:
    """What a failed round left: the nodes' folders with their keys, logs, and what was found."""
    shutil.copytree(folder, kept)
    (kept / "found.txt").write_text("\n".join((outcome.line(), *outcome.found, "")), encoding="utf-8")


def _played(
    number: int, setting: Setting, folder: Path, wires: Wires, layout: Layout, faults: tuple[Fault, ...]
) -> Outcome:
    mark = f"{folder}"
    log_inside = {fault.party for fault in faults if fault.kind == "full-disk-log"}
    sites = make_sites(folder, layout, wires, mark, log_inside=log_inside)
    children: dict[str, Child] = {**sites}
    if layout.hub:
        relay = children[layout.hub] = make_relay(folder, layout, wires, mark)
        admit(relay, sites)
    feeders = {party: Feeder(site, f"{setting.seed}/{number}/{party}") for party, site in sites.items()}
    given = {party: feeder.given for party, feeder in feeders.items()}
    found: list[str] = []
    recovered_s = 0.0
    try:
        if _begun(children, sites, found):
            stage = Stage(children, wires)
            recovered_s = _struck(stage, sites, feeders, faults, setting.feed_s)
            found += stage.trouble
    finally:
        for child in children.values():
            child.end()
        found += _gone(mark)
    for child in children.values():
        found += child.trouble + _log_trouble(child)
    found += [line for one in given.values() for line in one.trouble]
    moved = Totals(0, 0, 0)
    try:
        books, wrong = read_books({party: site.folder for party, site in sites.items()})
        moved = totals(given, books)
        found += wrong + judged(given, books)
    except TrilatError as error:
        found.append(f"a ledger cannot be read: {error}")
    return Outcome(
        number=number,
        layout=layout,
        faults=faults,
        moved=moved,
        recovered_s=recovered_s,
        up_s=max((s for child in children.values() for s in child.up_s), default=0.0),
        answers=_answers(given),
        found=tuple(found),
    )


def _answers(given: Mapping[str, Given]) -> dict[int, int]:
    statuses = {status for one in given.values() for status in one.answers}
    return {status: sum(one.answers[status] for one in given.values()) for status in statuses}


def _begun(children: Mapping[str, Child], sites: Mapping[str, Site], found: list[str]) -> bool:
    """Whether all is up and the nodes hear each other."""
    began_s = time.monotonic()
    for child in children.values():
        child.launch()
    up = [child.await_up(began_s) for child in children.values()]
    if not all(up):
        return False
    ends_s = time.monotonic() + _LINKED_S_MAX
    while time.monotonic() < ends_s:
        states = [site.state() for site in sites.values()]
        if all(state and all(link["up"] for link in state["links"].values()) for state in states):
            return True
        time.sleep(_LOOK_AGAIN_S)
    found.append(f"the nodes did not hear each other within {_LINKED_S_MAX:.0f} s of their start")
    return False


def _struck(
    stage: Stage,
    sites: Mapping[str, Site],
    feeders: Mapping[str, Feeder],
    faults: Sequence[Fault],
    feed_s: float,
) -> float:
    """Feed, strike, heal, wait for rest; seconds from the last healing to rest."""
    stage.begin()
    for feeder in feeders.values():
        feeder.start()
    striking = [threading.Thread(target=stage.do, args=(fault,)) for fault in faults]
    for thread in striking:
        thread.start()
    time.sleep(feed_s)
    for thread in striking:
        thread.join()
    healed_s = time.monotonic()
    for feeder in feeders.values():
        feeder.enough()
    ends_s = healed_s + QUIET_S_MAX
    answered = [feeder.finish(max(1.0, ends_s - time.monotonic())) for feeder in feeders.values()]
    if all(answered) and not _at_rest(sites, feeders, ends_s):
        stage.trouble.append(
            f"not at rest {QUIET_S_MAX:.0f} s after the last fault: {_standing(sites, feeders)}"
        )
    rested_s = time.monotonic()
    _await_written(sites, ends_s)
    return rested_s - healed_s


def _at_rest(sites: Mapping[str, Site], feeders: Mapping[str, Feeder], ends_s: float) -> bool:
    while time.monotonic() < ends_s:
        if not _standing(sites, feeders):
            return True
        time.sleep(_LOOK_AGAIN_S)
    return False


def _await_written(sites: Mapping[str, Site], ends_s: float) -> None:
    """Until every node has ticked once more: it writes down the last receipts then."""
    for site in sites.values():
        state = site.state()
        while state is not None and time.monotonic() < ends_s:
            later = site.state()
            if later is None or later["ticked_ns"] > state["at_ns"]:
                break
            time.sleep(_LOOK_AGAIN_S)


def _standing(sites: Mapping[str, Site], feeders: Mapping[str, Feeder]) -> str:
    """What is not at rest, in one line; empty where all is."""
    lines = []
    for party, site in sites.items():
        wanted, state = len(feeders[party].given.accepted), site.state()
        if state is None:
            lines.append(f"{party} does not answer")
            continue
        if state["problem"] or state["accepted_reports"] != wanted:
            lines.append(f"{party} has {state['accepted_reports']} of {wanted}, {state['problem']}")
        for partner, link in state["links"].items():
            if link["waiting"] or link["sent"] != wanted or link["acknowledged"] < link["sent"]:
                lines.append(f"{party} to {partner}: {link['acknowledged']} of {link['sent']} of {wanted}")
    return "; ".join(lines)


def _gone(mark: str) -> list[str]:
    """Processes that are still there some time after their nodes have ended."""
    ends_s = time.monotonic() + _GONE_S_MAX
    while (left := left_behind(mark)) and time.monotonic() < ends_s:
        time.sleep(_LOOK_AGAIN_S)
    return left


def _log_trouble(child: Child) -> list[str]:
    """Lines of a node's log that are not one line for one event, or tell of an error in the program."""
    lines = child.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        f"{child.name} logged: {line[:300]}"
        for line in lines
        if not _LOG_LINE.match(line) or " exception=" in line
    ][:5]
