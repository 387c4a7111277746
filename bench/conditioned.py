"""Conditions for `bench/policy.py`: agreements whose clauses ask for areas and situations, items that are
everywhere, and what parties declared over a year. All drawn from one seed.
"""

from random import Random

import msgspec
from tests.policy import cases

from trilat.geo import ecef_from_geodetic
from trilat.model import (
    SECOND_NS,
    Agreement,
    AnyItem,
    Area,
    Circle,
    Clause,
    Declaration,
    Declared,
    Effect,
    Event,
    NamedArea,
    Place,
    Polygon,
    Status,
    Track,
    Vessel,
)

DAY_NS = 86_400 * SECOND_NS
SITUATIONS = ("storm", "search")
AREAS = ("north", "south", "strait")
STATUSES = (Status.SIMULATED, Status.EXERCISE)
replace = msgspec.structs.replace


def somewhere(draw: Random, item: AnyItem) -> AnyItem:
    """The item at another place; one that has no place stays."""
    at = place(draw)
    if isinstance(item, Vessel):
        return replace(item, place=at)
    if isinstance(item, Event) and item.region is not None:
        return replace(item, place=at, region=replace(item.region, centre=at))
    if isinstance(item, Area) and not isinstance(item.region, Polygon):
        return replace(item, region=replace(item.region, centre=at))
    if isinstance(item, Track) and item.state is not None:
        angles_rad = (at.latitude_1e7deg * 1.745329252e-9, at.longitude_1e7deg * 1.745329252e-9)
        position_m = ecef_from_geodetic(*angles_rad, draw.uniform(0.0, 200_000.0))
        position_mm = tuple(round(float(part) * 1e3) for part in position_m)
        return replace(item, state=replace(item.state, position_mm=position_mm))
    return item


def place(draw: Random) -> Place:
    return Place(
        latitude_1e7deg=draw.randint(300_000_000, 450_000_000),
        longitude_1e7deg=draw.randint(1_200_000_000, 1_600_000_000),
    )


def conditioned(draw: Random, files: dict[str, Agreement], count: int) -> dict[str, Agreement]:
    """The agreements, `count` of them with areas and with situations that some of their clauses ask for."""
    chosen = list(files)[:count]
    return files | {name: _laid_over(draw, files[name]) for name in chosen}


def _laid_over(draw: Random, pact: Agreement) -> Agreement:
    areas = tuple(NamedArea(name=name, region=_region(draw)) for name in AREAS)
    return replace(pact, areas=areas, clauses=tuple(_asking(draw, clause) for clause in pact.clauses))


def _region(draw: Random) -> Circle | Polygon:
    if draw.random() < 0.5:
        return Circle(centre=place(draw), radius_m=draw.randint(300_000, 1_500_000))
    return Polygon(corners=tuple(place(draw) for _ in range(8)))


def _asking(draw: Random, clause: Clause) -> Clause:
    """A clause that asks for an area, for a situation, or for both."""
    asks = draw.choice(("area", "situation", "both"))
    changes: dict[str, object] = {}
    if asks != "situation":
        changes["areas"] = tuple(draw.sample(AREAS, draw.randint(1, 2)))
    if asks != "area" and clause.effect is Effect.PERMIT:
        changes |= {"situations": (draw.choice(SITUATIONS),), "situation_max_s": draw.choice((0, 86_400))}
    return replace(clause, **changes)


def declarations(draw: Random, parties: tuple[str, ...], now_ns: int, count: int) -> tuple[Declaration, ...]:
    """Situations that parties declared at one time or another of the last 300 days, for 20 days each."""
    found = []
    for number in range(count):
        party = draw.choice(parties)
        valid_ns = now_ns - draw.randint(0, 300) * DAY_NS
        found += [
            cases.declaration(
                party,
                item_id=f"{party}/declaration/{number}",
                declared=Declared.SITUATION,
                about=draw.choice(SITUATIONS),
                status=status,
                valid_ns=valid_ns,
                until_ns=valid_ns + 20 * DAY_NS,
            )
            for status in STATUSES
        ]
    return tuple(found)
