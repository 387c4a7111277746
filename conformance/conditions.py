"""Conditions for random worlds: areas, own times, situations, onward rules, two officers; declarations."""

from collections.abc import Mapping
from math import radians
from random import Random
from typing import Any, Final

from conformance.drawing import seldom, some
from conformance.families.parts import DAY_NS, DECLARATION, NOW_NS
from msgspec.structs import replace

from trilat.geo import ecef_from_geodetic
from trilat.model import (
    Agreement,
    AnyItem,
    Approval,
    Circle,
    Clause,
    Declaration,
    Declared,
    Effect,
    Event,
    Kinematics,
    NamedArea,
    OnwardRule,
    Place,
    Polygon,
    Provenance,
    Status,
    Track,
    Vessel,
    from_plain,
)

SITUATIONS: Final = ("launch", "storm")
DECLARATION_EXAMPLE: Final = from_plain(
    {**DECLARATION, "declared": "suspension", "about": "one"}, Declaration
)


def place(draw: Random) -> Place:
    """A place between 30 and 45 north, 120 and 140 east."""
    return Place(
        latitude_1e7deg=draw.randint(300_000_000, 450_000_000),
        longitude_1e7deg=draw.randint(1_200_000_000, 1_400_000_000),
    )


def position_mm(draw: Random) -> tuple[int, int, int]:
    """A place as ECEF, on the ground or 150 km above it."""
    at = place(draw)
    x, y, z = ecef_from_geodetic(
        radians(at.latitude_1e7deg * 1e-7), radians(at.longitude_1e7deg * 1e-7), draw.choice([0.0, 150_000.0])
    )
    return round(float(x) * 1_000), round(float(y) * 1_000), round(float(z) * 1_000)


def area(draw: Random, name: str) -> NamedArea:
    """A circle, or a polygon whose sides may cross."""
    if draw.random() < 0.5:
        return NamedArea(
            name=name, region=Circle(centre=place(draw), radius_m=draw.randint(300_000, 1_500_000))
        )
    return NamedArea(name=name, region=Polygon(corners=tuple(place(draw) for _ in range(draw.randint(3, 7)))))


def onward(draw: Random) -> dict[str, Any]:
    """An onward rule with what it needs."""
    rule = draw.choice([*OnwardRule, OnwardRule.WITH_CONSENT, OnwardRule.TO_NAMED])
    return {
        "onward": rule,
        "onward_to": some(draw, ("KOR", "JPN"), 1) if rule is OnwardRule.TO_NAMED else (),
        "onward_situations": some(draw, SITUATIONS, 1) if rule is OnwardRule.UNDER_CONDITIONS else (),
    }


def conditioned(draw: Random, clause: Clause, pact: Agreement) -> Clause:
    """The clause with some conditions, or with none."""
    changes: dict[str, Any] = {}
    if draw.random() < 0.15:
        changes["areas"] = some(draw, ("north", "south"), 1)
    if draw.random() < 0.15:
        changes["situations"] = some(draw, SITUATIONS, 1)
        changes["declared_by"] = some(draw, ("JPN", "USA")) if draw.random() < 0.5 else ()
        changes["situation_max_s"] = draw.choice([0, 1, 86_400 * 3])
    if seldom(draw) and pact.in_force_until_ns is None:
        changes["in_force_from_ns"] = max(NOW_NS + draw.choice([-1, 1]) * DAY_NS, pact.in_force_from_ns)
    elif seldom(draw) and pact.in_force_until_ns is None and pact.in_force_from_ns < NOW_NS:
        changes["in_force_until_ns"] = NOW_NS + draw.choice([1, DAY_NS])
    if seldom(draw):
        changes["purposes"] = (draw.choice(pact.purposes),)
    if clause.effect is Effect.PERMIT and draw.random() < 0.2:
        changes |= onward(draw)
    if clause.effect is Effect.PERMIT and draw.random() < 0.15:
        changes["approval"] = Approval.TWO_PERSON
    return replace(clause, **changes)


def laid_over(draw: Random, files: Mapping[str, Agreement]) -> dict[str, Agreement]:
    """The agreements with areas, terms and notice, and with conditions on their clauses."""
    found = {}
    for name, plain in files.items():
        ends = draw.random() < 0.15 and plain.in_force_from_ns < NOW_NS - DAY_NS
        pact = replace(
            plain,
            areas=(area(draw, "north"), area(draw, "south")),
            purposes=(*plain.purposes, "rescue"),
            renewal_months=draw.choice([0, 0, 1, 12]),
            notice_days=draw.choice([0, 3, 90]),
            survives_end=draw.random() < 0.8,
            in_force_until_ns=NOW_NS - DAY_NS if ends else plain.in_force_until_ns,
            **(onward(draw) if seldom(draw) else {}),
        )
        found[name] = replace(pact, clauses=tuple(conditioned(draw, one, pact) for one in pact.clauses))
    return found


def somewhere(draw: Random, item: AnyItem) -> AnyItem:
    """The item at another place, or older."""
    changes: dict[str, Any] = {"valid_ns": item.valid_ns - draw.choice([0, 0, 2 * DAY_NS])}
    if isinstance(item, Vessel | Event):
        changes["place"] = None if draw.random() < 0.15 else place(draw)
    if isinstance(item, Track) and isinstance(item.state, Kinematics):
        changes["state"] = replace(item.state, position_mm=position_mm(draw))
    return replace(item, **changes)


def declarations(draw: Random, files: Mapping[str, Agreement], status: Status) -> tuple[Declaration, ...]:
    """What parties declared: mostly nothing that speaks against a release."""
    agreements = [pact.agreement_id for pact in files.values()]
    clauses = [f"{pact.agreement_id}#{one.clause_id}" for pact in files.values() for one in pact.clauses]
    found = []
    for number in range(draw.choice([0, 0, 1, 2, 6])):
        kind = draw.choice([Declared.SITUATION] * 5 + [Declared.SUSPENSION, Declared.NOTICE])
        party = draw.choice(["JPN", "JPN", "USA", "KOR"])
        about = {
            Declared.SITUATION: draw.choice(SITUATIONS),
            Declared.SUSPENSION: draw.choice([*agreements, *clauses]),
            Declared.NOTICE: draw.choice(agreements),
        }[kind]
        valid_ns = NOW_NS + draw.choice([-95 * DAY_NS, -DAY_NS, -2, -1, 0, 1])
        until_ns = max(valid_ns + 1, NOW_NS + draw.choice([1, DAY_NS]))
        found.append(
            replace(
                DECLARATION_EXAMPLE,
                item_id=f"declaration-{number}",
                version=draw.randint(1, 2),
                label=replace(DECLARATION_EXAMPLE.label, originator=party),
                provenance=Provenance(originators=(party,)),
                officer=f"{party}/officer",
                declared=kind,
                about=about,
                stands=draw.random() < 0.8,
                status=draw.choice(list(Status)) if seldom(draw) else status,
                assumed=draw.random() < 0.2,
                valid_ns=valid_ns,
                until_ns=None if kind is Declared.NOTICE else until_ns,
            )
        )
    return tuple(found)
