"""`Federation`: the nodes of all parties in one process, on one simulated clock and network.

Production nodes, ledgers and links; only the clock, the transport and the people are played. Events are taken
in the order of their instants; at one instant deliveries come first, then reports, then people, then ticks.
The same scenario, regime, seed and faults give the same run.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trilat.domains import WatchArea
from trilat.ledger import Ledger, MemoryStore, SqliteStore
from trilat.link import LinkFaults, LinkLimits, MemoryNetwork, NodeKeys, TrustStore
from trilat.model import SECOND_NS, AnyItem, Status, Store, UsageError
from trilat.node import AuditSettings, DeskSettings, ManualClock, Node, NodeConfig, ReleaseRecord, restore
from trilat.study.presets import Preset, partners_of

TICK_NS: Final = SECOND_NS
"""Nodes publish and decide once a second."""

LINK_DELAY_NS: Final = 50_000_000
"""What a message takes on its way, assumed: no figure was published."""

_SETTLING_TICKS_MAX: Final = 300

STEADY_LINKS: Final = LinkFaults(delay_min_ns=LINK_DELAY_NS, delay_max_ns=LINK_DELAY_NS)
"""Links that only take time."""

Person = Callable[["Federation", int], None]
"""Somebody who acts: called once a tick with the federation and the instant, before the nodes tick."""


@dataclass(frozen=True)
class Crash:
    """A node that stops at an instant and is built anew from its ledger at another, which may be the same.

    What was due before or at the instant has been taken; what arrives while the node is down is lost.
    """

    party: str
    at_ns: int
    again_ns: int

    def __post_init__(self) -> None:
        """Refuse a node that is built anew before it stopped."""
        if self.again_ns < self.at_ns:
            raise UsageError(f"the node of `{self.party}` cannot be built anew before it stopped")


@dataclass(frozen=True)
class FederationSettings:
    """What a federation is made of beside its agreements."""

    parties: tuple[str, ...]
    start_ns: int
    end_ns: int
    seed: int = 0
    status: Status = Status.SIMULATED
    faults: LinkFaults = STEADY_LINKS
    crashes: tuple[Crash, ...] = ()
    folder: Path | None = None
    """Where the ledgers are written; None keeps them in memory."""

    readers: tuple[str, ...] = ()
    """Parties without a node that all labels name beside the partners, such as an exercise's observer."""

    desks: Mapping[str, DeskSettings] = field(default_factory=dict)
    """Officers by party; a party without has its staff answer."""
    watch_areas: Mapping[str, tuple[WatchArea, ...]] = field(default_factory=dict)
    """What each party watches over."""
    audit: AuditSettings = field(default_factory=AuditSettings)
    """How often all nodes sign heads of their streams, and look over their ledgers."""

    def __post_init__(self) -> None:
        """Refuse crashes that no run can play: of a stranger, without an end, or two of one node at once."""
        past: dict[str, int] = {}
        for crash in sorted(self.crashes, key=lambda crash: (crash.at_ns, crash.again_ns)):
            if crash.party not in self.parties:
                raise UsageError(f"no party `{crash.party}` in this federation can crash")
            if not self.start_ns <= crash.at_ns <= crash.again_ns <= self.end_ns:
                raise UsageError(f"a crash of `{crash.party}` lies outside the run: begin and end it within")
            if crash.at_ns < past.get(crash.party, crash.at_ns):
                raise UsageError(f"two crashes of `{crash.party}` overlap: let one end first")
            past[crash.party] = crash.again_ns


class Federation:
    """Nodes, network and clock of one run."""

    def __init__(self, settings: FederationSettings, preset: Preset) -> None:
        """All nodes at the start, with nothing accepted."""
        if len(settings.parties) < 2:
            raise UsageError("a federation needs at least two parties with sensors")
        self.settings = settings
        self.preset = preset
        self.clock = ManualClock(settings.start_ns)
        self.network = MemoryNetwork(settings.faults, settings.seed)
        self.shift_ns = preset.regime.as_of_ns - settings.start_ns
        self._keys = {party: NodeKeys.generate(party, os.urandom) for party in settings.parties}
        self._ledger_keys = {party: os.urandom(32) for party in settings.parties}
        self._stores: dict[str, Store] = {}
        self.nodes: dict[str, Node] = {}
        self.released: list[tuple[str, ReleaseRecord]] = []
        self.refused_reports: list[str] = []
        self._waiting: dict[str, list[AnyItem]] = {party: [] for party in settings.parties}
        self._falls = sorted(
            (
                event
                for crash in settings.crashes
                for event in (
                    (crash.at_ns, crash.again_ns, False, crash.party),
                    (crash.again_ns, crash.again_ns, True, crash.party),
                )
            ),
            reverse=True,
        )
        """What happens to nodes (instant, when it ends, whether it is back, which), the next one last."""

        for party in settings.parties:
            self._write_key(party)
            self._stores[party] = self._store(party)
            self.nodes[party] = self._node(party)

    def _write_key(self, party: str) -> None:
        """The ledger's key beside the ledger, readable by its owner alone."""
        if self.settings.folder is None:
            return
        key_path = self.settings.folder / f"{party}.ledger.key"
        with open(key_path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as key_file:
            key_file.write(self._ledger_keys[party])

    def _store(self, party: str) -> Store:
        """The store of a party's ledger, opened anew; one in memory is its own disk."""
        if self.settings.folder is None:
            return self._stores.get(party) or MemoryStore()
        return SqliteStore(self.settings.folder / f"{party}.ledger")

    def _node(self, party: str) -> Node:
        peers = tuple(other for other in self.settings.parties if other != party)
        desk = self.settings.desks.get(party, DeskSettings())
        config = NodeConfig(
            party=party,
            peers=peers,
            status=self.settings.status,
            purpose=self.preset.regime.purpose,
            releasable_to=(*partners_of(self.preset, party, peers), *self.settings.readers),
            token_key=hashlib.sha256(f"{self.settings.seed} {party}".encode()).digest(),
            readers=self.settings.readers,
            officers=desk.officers,
            deputies=desk.deputies,
            answer_within_s=desk.answer_within_s,
            undo_s=desk.undo_s,
            watch_areas=self.settings.watch_areas.get(party, ()),
            decision_shift_ns=self.shift_ns,
            audit=self.settings.audit,
        )
        ledger = Ledger(self._stores[party], party, self._ledger_keys[party], self.clock, os.urandom)
        return Node(
            config,
            self.clock,
            ledger,
            self.preset.agreements,
            self._keys[party],
            TrustStore([self._keys[peer].pin for peer in peers] + [self._keys[party].pin]),
            self.network.endpoint(party),
            os.urandom,
            LinkLimits(),
        )

    def run(
        self,
        reports: Sequence[tuple[int, str, AnyItem]],
        people: Sequence[Person] = (),
        sample: Callable[["Federation", int], None] | None = None,
        sample_offset_ns: int = 200_000_000,
    ) -> None:
        """Play everything from start to end.

        Args:
            reports: (instant, party, report) in order of instants.
            people: act once a tick.
            sample: looks at the nodes so long after each tick, when what the tick sent has arrived.
            sample_offset_ns: see `sample`.
        """
        queue = list(reports)
        position = 0
        ticks = range(self.settings.start_ns, self.settings.end_ns + TICK_NS, TICK_NS)
        for tick_ns in ticks:
            position = self._take_reports(queue, position, tick_ns)
            self._advance(tick_ns)
            for person in people:
                person(self, tick_ns)
            for party, node in self.nodes.items():
                self.released += [(party, record) for record in node.tick()]
            sample_ns = tick_ns + sample_offset_ns
            position = self._take_reports(queue, position, sample_ns)
            self._advance(sample_ns)
            if sample is not None:
                sample(self, sample_ns)
        self._settle()

    def _take_reports(self, queue: Sequence[tuple[int, str, AnyItem]], position: int, until_ns: int) -> int:
        """Give the nodes what their sensors report up to an instant; returns the place behind it."""
        while position < len(queue) and queue[position][0] <= until_ns:
            at_ns = queue[position][0]
            self._advance(at_ns)
            batch: dict[str, list[AnyItem]] = {}
            while position < len(queue) and queue[position][0] == at_ns:
                _, party, report = queue[position]
                batch.setdefault(party, []).append(report)
                position += 1
            for party, items in batch.items():
                self._intake(party, items)
        return position

    def _intake(self, party: str, items: Iterable[AnyItem]) -> None:
        """Hand reports over; a feed whose node is down keeps them and tries again, as any feed does."""
        node = self.nodes.get(party)
        if node is None:
            self._waiting[party] += items
            return
        items = [*self._waiting[party], *items]
        self._waiting[party] = []
        self.refused_reports += node.intake(items).refusals

    def _advance(self, until_ns: int) -> None:
        """Move the clock, delivering on the way what is due, and letting nodes fall and come back."""
        while self._falls and self._falls[-1][0] <= until_ns:
            at_ns, _, is_back, party = self._falls.pop()
            self._deliver(at_ns)
            if is_back:
                self._rebuild(party)
            else:
                self.network.drop(party)
                del self.nodes[party]
        self._deliver(until_ns)

    def _deliver(self, until_ns: int) -> None:
        while (due_ns := self.network.next_ns()) is not None and due_ns <= until_ns:
            self.clock.advance_to(max(due_ns, self.clock.now_ns()))
            self.network.due(due_ns)
        self.clock.advance_to(until_ns)
        self.network.due(until_ns)

    def _rebuild(self, party: str) -> None:
        """A node from its ledger alone, in its old place; its feed hands over what it kept meanwhile."""
        if self.settings.folder is not None:
            self._stores[party].close()
        self._stores[party] = self._store(party)
        node = self._node(party)
        restore(node)
        running = {**self.nodes, party: node}
        self.nodes = {name: running[name] for name in self.settings.parties if name in running}
        self._intake(party, [])

    def _settle(self) -> None:
        """Let what waits for its time leave, and what is on its way arrive; a dead link is given up."""
        for extra in range(1, _SETTLING_TICKS_MAX + 1):
            now_ns = self.settings.end_ns + SECOND_NS + extra * TICK_NS
            self._advance(now_ns)
            for party, node in self.nodes.items():
                self.released += [(party, record) for record in node.tick()]
            if self._is_settled():
                return

    def _is_settled(self) -> bool:
        """Whether nothing is on its way, waits for its time, or was sent and not acknowledged."""
        return self.network.next_ns() is None and not any(
            node.unsettled(peer) for node in self.nodes.values() for peer in node.config.peers
        )

    def close(self) -> None:
        """Give the stores back."""
        for store in self._stores.values():
            store.close()
