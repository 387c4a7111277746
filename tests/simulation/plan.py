"""`Plan`: everything that happens in one simulated run, drawn from one seed before it begins.

Parties, which links go through the hub, what is reported when, which faults strike, and one change of the
agreement with the instant at which it comes to each node. Times are nanoseconds of the world's clock.
"""

import random
from dataclasses import dataclass
from typing import Final

from tests.simulation.faults import LINK_FAULTS, NODE_FAULTS, Fault, FaultKind
from tests.simulation.pact import Change, changed, first_pact

from trilat.model import SECOND_NS, Agreement

START_NS: Final = 1_893_456_000 * SECOND_NS
"""2030-01-01T00:00:00Z."""

REPORTED_S: Final = 40
"""Seconds in which reports come."""

HEALED_S: Final = 50
"""From then on nothing goes wrong any more."""

ITEMS_MIN: Final = 1_000
FAULTS_MIN: Final = 20
PARTIES: Final = ("JPN", "KOR", "USA", "AUS", "NZL")
"""The first three have schemes of classification of their own."""

_KINDS: Final = (
    ("indicator", 45),
    ("need", 22),
    ("statement", 12),
    ("offer", 8),
    ("event", 7),
    ("vessel", 6),
)
_RANKS: Final = ("lowest", "middle", "middle", "high", "high", "top")
_ENDING_MAX: Final = 5
"""Faults of one run that end a node: each is a restore from a whole ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """Something that a party's feed reports."""

    at_ns: int
    party: str
    kind: str
    number: int
    version: int
    rank: str
    named: tuple[str, ...]
    """Parties that its label names."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of one run."""

    seed: int
    parties: tuple[str, ...]
    hub_links: frozenset[frozenset[str]]
    """Pairs that hear each other through the hub; the others do directly."""

    pact: Agreement
    change: Change
    change_ns: int
    given_to: str
    given_ns: int
    """To whose node people give the change, and when; the others hear of it from their partners."""

    sightings: tuple[Sighting, ...]
    faults: tuple[Fault, ...]


def draw_plan(seed: int, items: int = ITEMS_MIN) -> Plan:
    """The plan of a seed."""
    chance = random.Random(f"plan {seed}")
    count = chance.choices((3, 4, 5), (14, 5, 1))[0]
    parties = tuple(sorted(PARTIES[:count]))
    pairs = [frozenset((one, other)) for one in parties for other in parties if one < other]
    hub_links = frozenset(pair for pair in pairs if chance.random() < 0.6) or frozenset(pairs[:1])
    pact = first_pact(chance, parties, START_NS - 86_400 * SECOND_NS)
    change_ns = _at(chance.uniform(8, 30))
    change = changed(chance, pact, change_ns)
    given_to = chance.choice(change.agreement.parties)
    given_ns = change_ns + round(chance.uniform(-6, 8) * SECOND_NS)
    return Plan(
        seed=seed,
        parties=parties,
        hub_links=hub_links,
        pact=pact,
        change=change,
        change_ns=change_ns,
        given_to=given_to,
        given_ns=given_ns,
        sightings=_sightings(chance, parties, items),
        faults=_faults(chance, parties),
    )


def _at(seconds: float) -> int:
    return START_NS + round(seconds * SECOND_NS)


def _sightings(chance: random.Random, parties: tuple[str, ...], items: int) -> tuple[Sighting, ...]:
    """Single reports and bursts of them, all parties together at least `items`."""
    drawn: list[Sighting] = []
    versions: dict[tuple[str, int], int] = {}
    numbers = dict.fromkeys(parties, 0)
    kinds, weights = zip(*_KINDS, strict=True)
    warned = 0
    while len(drawn) < items:
        party = chance.choice(parties)
        at_ns = _at(chance.uniform(0.5, REPORTED_S))
        for _ in range(chance.choice((1, 2, 5, 12, 30))):
            kind = chance.choices(kinds, weights)[0]
            numbers[party] += 1
            number, version = numbers[party], 1
            if kind == "vessel":
                number = chance.randint(1, 4)
                version = versions[party, number] = versions.get((party, number), 0) + 1
            if kind == "event" and warned < 3:
                kind, warned = "launch", warned + 1
            others = [other for other in parties if other != party]
            named = others if chance.random() < 0.8 else chance.sample(others, chance.randint(0, len(others)))
            rank = chance.choices(_RANKS, (4, 4, 4, 4, 4, 1))[0]
            drawn.append(
                Sighting(
                    at_ns=at_ns,
                    party=party,
                    kind=kind,
                    number=number,
                    version=version,
                    rank=rank,
                    named=tuple(sorted(named)),
                )
            )
    # Versions of one ship come in their order.
    ships = iter(sorted((one for one in drawn if one.kind == "vessel"), key=lambda one: one.version))
    at = iter(sorted(one.at_ns for one in drawn if one.kind == "vessel"))
    timed = [_moved(one, next(at)) for one in ships]
    return tuple(
        sorted(
            (*(one for one in drawn if one.kind != "vessel"), *timed),
            key=lambda one: (one.at_ns, one.party, one.kind, one.number, one.version),
        )
    )


def _moved(sighting: Sighting, at_ns: int) -> Sighting:
    return Sighting(
        at_ns=at_ns,
        party=sighting.party,
        kind=sighting.kind,
        number=sighting.number,
        version=sighting.version,
        rank=sighting.rank,
        named=sighting.named,
    )


def _faults(chance: random.Random, parties: tuple[str, ...]) -> tuple[Fault, ...]:
    """At least 20 faults, of at least 6 kinds."""
    kinds = chance.sample(list(FaultKind), chance.randint(8, len(FaultKind)))
    if not set(kinds) & set(NODE_FAULTS):
        kinds.append(chance.choice(NODE_FAULTS))
    wanted = list(kinds)
    while len(wanted) < FAULTS_MIN + chance.randint(0, 6):
        kind = chance.choice(kinds)
        ending = sum(one in NODE_FAULTS for one in wanted)
        wanted.append(chance.choice(LINK_FAULTS) if kind in NODE_FAULTS and ending >= _ENDING_MAX else kind)
    faults = [_fault(chance, kind, parties) for kind in wanted]
    return tuple(sorted(faults, key=lambda fault: (fault.from_ns, fault.kind.value, fault.where)))


def _fault(chance: random.Random, kind: FaultKind, parties: tuple[str, ...]) -> Fault:
    from_s = chance.uniform(1, HEALED_S - 6)
    to_s = min(HEALED_S - 1, from_s + chance.uniform(1, 12))
    where: tuple[str, ...] = ()
    amount = chance.uniform(0.1, 0.7)
    if kind in {FaultKind.LOSS, FaultKind.REPEAT, FaultKind.REORDER, FaultKind.FLIP, FaultKind.DELAY}:
        where = () if chance.random() < 0.4 else tuple(chance.sample(parties, 2))
        amount = chance.uniform(0.2, 4.0) if kind is FaultKind.DELAY else amount
    elif kind is FaultKind.PARTITION:
        where = tuple(chance.sample(parties, chance.randint(1, len(parties) - 1)))
    elif kind in {FaultKind.REPLAY, FaultKind.MISROUTE, FaultKind.HUB_DOWN}:
        amount = chance.uniform(0.1, 0.4)
    else:
        where = (chance.choice(parties),)
        if kind is FaultKind.SKEW:
            amount = chance.uniform(-20, 20)
        elif kind is FaultKind.CRASH:
            amount = chance.choice((0, 0, 1, 2, 3, 5, 8, 13, 20))
    return Fault(kind=kind, from_ns=_at(from_s), to_ns=_at(to_s), where=where, amount=amount)
