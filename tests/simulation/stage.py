"""`Stage`: three nodes and a hub with nothing planned, on which a relay or a partner may be hostile."""

import random
from itertools import count
from typing import Final

import msgspec
from tests.simulation.judge import judge
from tests.simulation.pact import PURPOSE, changed, first_pact
from tests.simulation.plan import START_NS, Plan, Sighting
from tests.simulation.sites import Site
from tests.simulation.world import World

from trilat.link import Parcel, Sealer, sign_label
from trilat.model import SECOND_NS, AnyItem, Release, Row, encode
from trilat.node import Node
from trilat.policy import AgreementSet, ReleaseRequest, decide, degrade

PARTIES: Final = ("JPN", "KOR", "USA")
_NEVER_NS: Final = START_NS + 10**18
_SETTLED_S: Final = 60


class Stage:
    """A world that goes on as long as it is told to."""

    def __init__(self) -> None:
        """All nodes have begun, and hear each other through the hub alone."""
        chance = random.Random("stage")
        pact = first_pact(chance, PARTIES, START_NS - 86_400 * SECOND_NS)
        open_to_all = tuple(
            msgspec.structs.replace(clause, duties=msgspec.structs.replace(clause.duties, delay_s=0))
            for clause in pact.clauses
            if clause.form is not None
        )
        pact = msgspec.structs.replace(pact, clauses=open_to_all)
        self.plan = Plan(
            seed=1,
            parties=PARTIES,
            hub_links=frozenset(
                frozenset((one, other)) for one in PARTIES for other in PARTIES if one < other
            ),
            pact=pact,
            change=changed(chance, pact, _NEVER_NS),
            change_ns=_NEVER_NS,
            given_to="USA",
            given_ns=_NEVER_NS,
            sightings=(),
            faults=(),
        )
        self.world = World(self.plan)
        self._numbers = count(1)
        self.world.begin()

    def site(self, party: str) -> Site:
        """A party's site."""
        return self.world.sites[party]

    def node(self, party: str) -> Node:
        """A party's process."""
        return self.site(party).running

    def lines(self, party: str) -> list[str]:
        """What a node has refused or said of its links."""
        return list(self.node(party).refusals)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run_until(self.world.now() + round(seconds * SECOND_NS))

    def see(self, party: str, times: int = 1, kind: str = "need") -> None:
        """Let a party's feed report something."""
        for _ in range(times):
            others = tuple(other for other in PARTIES if other != party)
            sighting = Sighting(
                at_ns=self.world.now(),
                party=party,
                kind=kind,
                number=next(self._numbers),
                version=1,
                rank="middle",
                named=others,
            )
            self.world.see(sighting)

    def give(self, party: str, payload: bytes) -> None:
        """Let bytes arrive at a party now."""
        self.world.network.deliver(party, payload)

    def busy(self, seconds: int) -> None:
        """Seconds in which every party reports."""
        for _ in range(seconds):
            for party in PARTIES:
                self.see(party, 2)
            self.run(1)

    def put_back(self, party: str, rows: list[Row]) -> None:
        """End a party's process, put an older state of its disk in place, and begin anew."""
        site = self.site(party)
        self.world.put_back(site, rows)

    def end(self) -> list[str]:
        """Everything is sound again and comes to rest; what the judge finds."""
        self.world.network.relay = None
        self.run(_SETTLED_S)
        return [*self.world.violations, *judge(self.world)]

    # --- what a partner can make that holds its own keys ---

    def item(self, party: str, **changes: object) -> AnyItem:
        """An item of a party that was never in its ledger."""
        sighting = Sighting(
            at_ns=self.world.now(),
            party=party,
            kind="indicator",
            number=next(self._numbers),
            version=1,
            rank="middle",
            named=tuple(other for other in PARTIES if other != party),
        )
        item: AnyItem = msgspec.structs.replace(self.site(party).saw(sighting), **changes)
        return item

    def parcel(self, sender: str, to: str, item: AnyItem | None = None, **changes: object) -> Parcel:
        """A release as policy makes it but for `changes`, under a marking by the sender."""
        sound = self.item(sender)
        request = ReleaseRequest(sender=sender, recipient=to, purpose=PURPOSE, at_ns=self.world.now())
        decision = decide(sound, request, AgreementSet.of({"pact-1.toml": self.plan.pact}))
        fields = {"item": item or sound, **changes}
        release: Release = msgspec.structs.replace(degrade(sound, decision, b"k" * 32), **fields)
        own = release.item if release.item.label.originator == sender else sound
        marking = sign_label(self.site(sender).keys, own)
        return Parcel(release=encode(release), marking=marking)

    def sealed(
        self, sender: str, recipient: str, parcels: tuple[Parcel, ...], first: int = 1, stream: str = "other"
    ) -> bytes:
        """An envelope by a party's own keys."""
        keys = self.site(sender).keys
        sealer = Sealer(keys, self.site(recipient).keys.pin, stream, random.Random(first).randbytes)
        return sealer.seal(first, parcels)
