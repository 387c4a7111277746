"""`World`: plays one plan with production nodes, on one simulated clock, until everything has come to rest.

Events are taken in the order of their instants, and at one instant in the order in which they were planned.
After the last fault ended, every node is up and every link is whole; then all that was due must arrive.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tests.simulation.disk import CrashError
from tests.simulation.faults import Fault, FaultKind
from tests.simulation.network import SimNetwork
from tests.simulation.plan import HEALED_S, START_NS, Plan, Sighting
from tests.simulation.sites import Site, keys_of, signed_by
from tests.simulation.watch import Watch

from trilat.model import SECOND_NS, Agreement, AnyItem, LedgerError, Row, TrilatError
from trilat.node import Node, Referral
from trilat.node.known_agreements import file_name
from trilat.policy import AgreementSet

REST_S_MAX: Final = 150
"""How long the federation may take to come to rest when everything is whole again."""

_QUIET_CHECKS: Final = 3
_STORY_LINES_MAX: Final = 2_000
_EVENTS_MAX: Final = 200_000
_VIOLATIONS_MAX: Final = 100
_ANSWERED: Final = 0.75
_GRANTED: Final = 0.5
_BEYOND: Final = 1_000_000


@dataclass
class World:
    """One run."""

    plan: Plan
    stops_early: bool = False
    """Whether the first violation ends the run."""

    story: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    injected: Counter[FaultKind] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """All sites at the start, with nothing planned."""
        self._now_ns = START_NS
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._quiet = 0
        self._taken_count = 0
        self.over = False
        self.rest_s = 0.0
        """How long it took until all had arrived, when everything was whole."""

        self.watch = Watch(self.violate)
        self.network = SimNetwork(self.plan, self.now, self.at)
        keys = {party: keys_of(self.plan.seed, party) for party in self.plan.parties}
        pact, change = self.plan.pact, self.plan.change.agreement
        self.agreements = AgreementSet.of({"pact-1.toml": signed_by(keys, pact, None)})
        self.changed = signed_by(keys, change, pact)
        """Version 2, signed by all parties of both."""

        self._wider: AgreementSet | None = None
        self.sites = {party: Site(self, party, keys[party]) for party in self.plan.parties}

    def now(self) -> int:
        """UTC nanoseconds of the world."""
        return self._now_ns

    def at(self, instant_ns: int, do: Callable[[], None]) -> None:
        """Plan something."""
        self._order += 1
        heapq.heappush(self._events, (max(instant_ns, self._now_ns), self._order, do))

    def tell(self, text: str) -> None:
        """A line of the story."""
        if len(self.story) < _STORY_LINES_MAX:
            self.story.append(f"{(self._now_ns - START_NS) / SECOND_NS:8.3f} s  {text}")

    def violate(self, text: str) -> None:
        """Something that should not happen."""
        self.tell(f"VIOLATION {text}")
        self.violations.append(text)
        self.over = self.over or self.stops_early or len(self.violations) >= _VIOLATIONS_MAX

    def agreements_of(self, held: AgreementSet, adopted: Agreement) -> AgreementSet:
        """What is held with one more version."""
        if held is not self.agreements:
            return held
        if self._wider is None:
            self._wider = AgreementSet.of({**held.files, file_name(adopted): adopted})
        return self._wider

    def play(self) -> None:
        """Play the plan."""
        with self.watch.on_seals():
            self.begin()
            self.at(self._healed_ns, self._check_rest)
            self.run_until(None)

    def run_until(self, instant_ns: int | None) -> None:
        """Take events up to an instant; None for all of them, until the run is over."""
        while self._events and not self.over and (instant_ns is None or self._events[0][0] <= instant_ns):
            self._now_ns, _, do = heapq.heappop(self._events)
            do()
            self._taken_count += 1
            if self._taken_count > _EVENTS_MAX:
                self.violate(f"more than {_EVENTS_MAX} events: something goes round in circles")
                self.over = True

    def begin(self) -> None:
        """Start all processes and plan what the plan says."""
        plan = self.plan
        self.tell(f"the change to come: {plan.change.words}")
        for number, site in enumerate(self.sites.values()):
            self._start(site)
            phase_ns = number * SECOND_NS // (2 * len(self.sites))
            self.at(START_NS + phase_ns, partial(self._tick, site))
        self.at(plan.given_ns, partial(self._adopt, self.sites[plan.given_to]))
        for sighting in plan.sightings:
            self.at(sighting.at_ns, partial(self.see, sighting))
        for fault in plan.faults:
            self.at(fault.from_ns, partial(self._strike, fault))
            self.at(fault.to_ns, partial(self._end, fault))

    def enter(self, site: Site, act: Callable[[Node], object]) -> None:
        """Let something happen in a site's process, which may end on the way."""
        node = site.node
        if node is None:
            return
        try:
            act(node)
        except CrashError:
            self._fall(site)
        except LedgerError as error:
            self.tell(f"{site.party} cannot write: {error}")
        except Exception as error:  # noqa: BLE001 - nothing else may come out of a node
            self.violate(f"{site.party} raised {type(error).__name__}: {error}")
            self._fall(site)
        if node.failure is not None and site.node is node:
            self._fall(site)

    def _fall(self, site: Site) -> None:
        """A process has ended; its service manager begins another one."""
        self._stop(site)
        chance = random.Random(f"again {self.plan.seed} {site.party} {site.starts}")
        again_ns = self._now_ns + round(chance.choice((0.01, 0.5, 2.0, 6.0)) * SECOND_NS)
        self.at(min(again_ns, max(self._now_ns, self._healed_ns)), partial(self._start, site))

    @property
    def _healed_ns(self) -> int:
        return START_NS + HEALED_S * SECOND_NS

    def _start(self, site: Site) -> None:
        if site.node is not None:
            return
        if site.disk.full:
            self.at(self._now_ns + SECOND_NS, partial(self._start, site))
            return
        sound = site.disk.is_sound()
        try:
            site.start()
            problem = site.running.ledger.problem
        except CrashError:
            self._fall(site)
            return
        except TrilatError as error:
            problem = str(error)
        if problem is None and not sound:
            self.violate(f"{site.party} started over a damaged disk")
        elif problem is not None and sound:
            self.violate(f"{site.party} does not start over a sound disk: {problem}")
            self.over = True
        elif problem is not None:
            self.tell(f"{site.party} refuses its disk, which is mended: {problem}")
            self._stop(site)
            site.disk.recover()
            self.at(self._now_ns + SECOND_NS // 2, partial(self._start, site))

    def _stop(self, site: Site) -> None:
        """A process is no more."""
        site.node = None
        self.network.drop(site.party)

    def put_back(self, site: Site, rows: list[Row]) -> None:
        """A site goes on from an older state of its disk."""
        self._stop(site)
        site.put_back(rows)
        self._start(site)

    def _tick(self, site: Site) -> None:
        """One second of a node: its feed tries again, its officers answer, it ticks."""
        self.at(self._now_ns + SECOND_NS, partial(self._tick, site))
        self.at(self._now_ns + SECOND_NS // 2, partial(self.enter, site, Node.tend_links))
        self._hand_over(site)
        self.enter(site, partial(self._answer, site))
        self.enter(site, Node.tick)

    def see(self, sighting: Sighting) -> None:
        site = self.sites[sighting.party]
        site.waiting.append(site.saw(sighting))
        if sighting.number % 7 == 0:
            self._hand_over(site)

    def _hand_over(self, site: Site) -> None:
        """The feed hands over what waits, and keeps what was not accepted, as any feed does."""
        if site.node is None or not site.waiting:
            return
        batch = list({item.item_id: item for item in reversed(site.waiting)}.values())[::-1]
        self.enter(site, lambda node: self._taken(site, node, batch))

    def _taken(self, site: Site, node: Node, batch: list[AnyItem]) -> None:
        """What became of a batch, in which no item stands in two versions: a refusal names the item alone."""
        refused: dict[str, str] = {}
        for line in node.intake(batch).refusals:
            refused[line.split("`")[1]] = line
        for item in batch:
            line = refused.get(item.item_id, "")
            if "ahead of the clock" in line:
                continue
            if line and "was accepted before" not in line:
                self.violate(f"{site.party} refused what its feed gave: {line}")
            site.accepted[item.item_id, item.version] = item
            site.waiting.remove(item)

    def _answer(self, site: Site, node: Node) -> None:
        """Officers: some questions are granted, some refused, some never answered."""
        for referral in node.referrals():
            granted, after_s = self._says(referral)
            due = referral.asked_ns + after_s * SECOND_NS <= node.clock.now_ns()
            if granted is not None and due:
                node.answer(
                    referral, granted=granted, officer=f"{site.party}/officer", valid_s=3_600, assumed=True
                )

    def _says(self, referral: Referral) -> tuple[bool | None, float]:
        """What an officer will say, None for nothing ever, and after how many seconds."""
        key = f"{self.plan.seed} {referral.clause} {referral.subject} {referral.recipient}"
        chance = random.Random(key)
        share, after_s = chance.random(), chance.uniform(0.5, 6)
        return (None if share >= _ANSWERED else share < _GRANTED), after_s

    def _adopt(self, site: Site) -> None:
        """People give the change to one node until it has it; the others hear of it on their links."""
        self.tell(f"{site.party} is given the change")
        self.enter(site, self._given)
        held = site.node is not None and site.node.agreements.version("pact", self.changed.version)
        if not held:
            self.at(self._now_ns + SECOND_NS, partial(self._adopt, site))

    def _given(self, node: Node) -> None:
        refusal = node.known.agreements.adopt(self.changed, node.config.party)
        if refusal is not None:
            self.violate(f"{node.config.party} refuses the change: {refusal}")

    def _strike(self, fault: Fault) -> None:
        self.injected[fault.kind] += 1
        self.tell(f"begins: {fault.kind.value} {' '.join(fault.where)} {fault.amount:.2f}")
        self.network.active.append(fault)
        if fault.kind in _STRIKES:
            _STRIKES[fault.kind](self, self.sites[fault.where[0]], fault)

    def _end(self, fault: Fault) -> None:
        self.network.active.remove(fault)
        if fault.kind not in _STRIKES:
            return
        site = self.sites[fault.where[0]]
        site.disk.full = site.disk.tearing = False
        site.skew_ns = 0
        if site.fuse is not None:
            site.fuse = None
            self._fall(site)

    def _crash(self, site: Site, fault: Fault) -> None:
        site.fuse = int(fault.amount)

    def _tear(self, site: Site, _: Fault) -> None:
        site.disk.tearing = True

    def _fill(self, site: Site, _: Fault) -> None:
        site.disk.full = True

    def _skew(self, site: Site, fault: Fault) -> None:
        site.skew_ns = round(fault.amount * SECOND_NS)

    def _rot(self, site: Site, fault: Fault) -> None:
        """A bit flips while the node is down; an examination must say in which row."""
        self._stop(site)
        if not site.disk.is_sound():
            site.disk.recover()
        chance = random.Random(f"rot {self.plan.seed} {fault.from_ns} {site.party}")
        if site.disk.rows:
            entry = chance.randrange(len(site.disk.rows))
            fields = ("recorded_ns", "kind", "commitment", "chained", "wrapped_key", "sealed_content")
            site.disk.flip(entry, chance.choice(fields), chance.randrange(1 << 20))
            verdict = site.ledger_beside().verify()
            self.tell(f"row {entry} of {site.party} has rotted; found: {verdict.problem}")
            if verdict.verified or verdict.broken_entry != entry:
                self.violate(f"{site.party}: a bit of row {entry} flipped, and verify says {verdict}")
        self._start(site)

    def _lie(self, site: Site, _: Fault) -> None:
        """A partner's authentic word that it has what was never sent to it."""
        chance = random.Random(f"lie {self.plan.seed} {self._now_ns} {site.party}")
        victim = self.sites[chance.choice(site.peers)]
        payload = site.lie_to(victim, _BEYOND)
        self.network.send(site.party, victim.party, payload)

    def _check_rest(self) -> None:
        """Whether everything has arrived; at the end of its time, what has not."""
        self._quiet = self._quiet + 1 if self._is_at_rest() else 0
        late = self._now_ns > self._healed_ns + REST_S_MAX * SECOND_NS
        if late:
            self.violate(f"no rest {REST_S_MAX} s after everything was whole: {self._restless()}")
        self.rest_s = (self._now_ns - self._healed_ns) / SECOND_NS
        self.over = self.over or late or self._quiet >= _QUIET_CHECKS
        self.at(self._now_ns + SECOND_NS, self._check_rest)

    def _is_at_rest(self) -> bool:
        return not self._restless() and self.network.under_way == 0

    def _restless(self) -> str:
        """What waits, in words."""
        waits = []
        for site in self.sites.values():
            if site.node is None:
                waits.append(f"{site.party} is down")
                continue
            if site.waiting:
                waits.append(f"{len(site.waiting)} reports wait for {site.party}")
            asked = sum(self._says(one)[0] is not None for one in site.node.referrals())
            if asked:
                waits.append(f"{asked} questions wait for officers of {site.party}")
            waits += [
                f"{count} of {site.party} to {peer}"
                for peer in site.peers
                if self.plan.change.removed not in {peer, site.party} and (count := site.node.unsettled(peer))
            ]
        return ", ".join(waits)


_STRIKES: Final[dict[FaultKind, Callable[[World, Site, Fault], None]]] = {
    FaultKind.CRASH: World._crash,
    FaultKind.TORN: World._tear,
    FaultKind.ROT: World._rot,
    FaultKind.FULL: World._fill,
    FaultKind.SKEW: World._skew,
    FaultKind.HOSTILE: World._lie,
}
