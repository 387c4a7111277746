"""Rule 17: areas. Ships in squares and circles, events that reach over an edge, tracks above the ground."""

from typing import Any, Final

from conformance.families.forms import base_of
from conformance.families.parts import (
    Case,
    Family,
    Json,
    ban,
    base,
    case,
    clause,
    item,
    merged,
    pact,
    permit,
    together,
    withhold,
)

OUTSIDE: Final = withhold("outside-area")
FORBIDDEN: Final = withhold("clause-forbids", by="pact.toml#ban")


def at(latitude_deg: float, longitude_deg: float) -> Json:
    """A place, in the model's units."""
    return {"latitude_1e7deg": round(latitude_deg * 1e7), "longitude_1e7deg": round(longitude_deg * 1e7)}


def circle(name: str, latitude_deg: float, longitude_deg: float, radius_m: int) -> Json:
    """A named circle."""
    region = {"kind": "circle", "centre": at(latitude_deg, longitude_deg), "radius_m": radius_m}
    return {"name": name, "region": region}


def polygon(name: str, *corners: tuple[float, float]) -> Json:
    """A named polygon."""
    return {"name": name, "region": {"kind": "polygon", "corners": [at(*corner) for corner in corners]}}


SQUARE: Final = polygon("square", (34, 138), (34, 140), (36, 140), (36, 138))
"""From 34 to 36 north and from 138 to 140 east; the ship of the base is in its middle."""

HORSESHOE: Final = polygon(
    "square",
    (34, 138),
    (34, 140),
    (36, 140),
    (36, 139.5),
    (34.5, 139.5),
    (34.5, 138.5),
    (36, 138.5),
    (36, 138),
)
"""The square without what lies between 138.5 and 139.5 east, north of 34.5."""


def families() -> list[Family]:
    """All families of this module."""
    ship = together(pact(areas=[SQUARE]), clause(areas=["square"]), item(place=at(35, 139)))
    with_ship = base_of("vessel")
    return [
        Family(17, "a ship in areas of permissions", patched(with_ship, ship), SHIPS),
        Family(
            17,
            "a ship in areas of prohibitions",
            patched(
                with_ship,
                ship,
                clause(areas=[]),
                ban(kinds=["vessel"], domains=["maritime"], areas=["square"]),
            ),
            BANS,
        ),
        Family(17, "places of other kinds", base(pact(areas=[NIL]), clause(areas=["nil"])), OTHERS),
    ]


def patched(whole: Json, *changes: Json) -> Json:
    """A base with changes on it."""
    found: Json = merged(whole, together(*changes))
    return found


def of_circle(latitude_deg: float, longitude_deg: float) -> Json:
    """A circle of 10 km in place of the square."""
    return pact(areas=[circle("square", latitude_deg, longitude_deg, 10_000)])


SHIPS: Final[tuple[Case, ...]] = (
    case("a ship in the middle of the square is covered", permit()),
    case("a ship north of the square is outside", OUTSIDE, item(place=at(36.5, 139))),
    case("a ship south of the square is outside", OUTSIDE, item(place=at(33.5, 139))),
    case("a ship east of the square is outside", OUTSIDE, item(place=at(35, 140.5))),
    case("a ship west of the square is outside", OUTSIDE, item(place=at(35, 137.5))),
    case("a ship on the other side of the Earth is outside", OUTSIDE, item(place=at(-35, -41))),
    case("a ship that did not say where it is, is outside", OUTSIDE, item(place=None)),
    case("a ship in the bay of a horseshoe is outside", OUTSIDE, pact(areas=[HORSESHOE])),
    case(
        "a ship in the arm of a horseshoe is covered",
        permit(),
        pact(areas=[HORSESHOE]),
        item(place=at(35, 138.2)),
    ),
    case("a ship in the middle of a circle is covered", permit(), of_circle(35, 139)),
    case("a ship 9 km from the middle of a circle of 10 km is covered", permit(), of_circle(35.08, 139)),
    case("a ship 11 km from the middle of a circle of 10 km is outside", OUTSIDE, of_circle(35.1, 139)),
    case("a ship 9 km east of the middle of a circle of 10 km is covered", permit(), of_circle(35, 138.9)),
    case("a ship 11 km east of the middle of a circle of 10 km is outside", OUTSIDE, of_circle(35, 138.88)),
    case(
        "a ship in the second of two areas is covered",
        permit(),
        pact(areas=[SQUARE, circle("round", 20, 120, 10_000)]),
        clause(areas=["round", "square"]),
    ),
    case(
        "a ship in an area that the clause does not name is outside",
        OUTSIDE,
        pact(areas=[SQUARE, circle("round", 20, 120, 10_000)]),
        clause(areas=["round"]),
    ),
    case("a clause without areas covers a ship anywhere", permit(), clause(areas=[]), item(place=at(0, 0))),
    case(
        "a clause without areas covers a ship that is nowhere", permit(), clause(areas=[]), item(place=None)
    ),
    case(
        "a ship outside and above the level is told as both",
        withhold("outside-area", "classification-too-high"),
        item(place=at(0, 0)),
        clause(highest={"scheme": "JPN", "level": "HI"}),
    ),
)
"""A permission covers what is known to lie in one of its areas."""

BANS: Final[tuple[Case, ...]] = (
    case("a ship in the area of a prohibition is forbidden", FORBIDDEN),
    case("a ship outside the area of a prohibition is not", permit(), item(place=at(36.5, 139))),
    case("a ship that did not say where it is, is forbidden", FORBIDDEN, item(place=None)),
    case(
        "a prohibition in another area leaves the ship",
        permit(),
        pact(areas=[SQUARE, circle("round", 20, 120, 10_000)]),
        clause("ban", areas=["round"]),
    ),
    case(
        "a prohibition in two areas covers one of them",
        FORBIDDEN,
        pact(areas=[SQUARE, circle("round", 20, 120, 10_000)]),
        clause("ban", areas=["round", "square"]),
    ),
    case(
        "a prohibition without areas covers a ship anywhere",
        FORBIDDEN,
        clause("ban", areas=[]),
        item(place=at(0, 0)),
    ),
)
"""A prohibition covers what may touch one of its areas."""

NIL: Final = circle("nil", 0, 90, 100_000)
"""Around the equator at 90 degrees east, where the y axis of the Earth's frame comes out."""


def of_kind(kind: str, **changes: Any) -> Json:
    """Another item in place of the track, and a clause for it."""
    given = base_of(kind)["item"]
    kept = {name: value for name, value in given.items() if name not in {"label", "provenance"}}
    return together(
        item(state=None, tracklets=None, **{**kept, **changes}),
        clause(kinds=[kind], domains=[given["domain"]], form="measurements"),
    )


def above(x_km: int, y_km: int, z_km: int) -> Json:
    """The track with its state at a place in the Earth's frame."""
    return item(state={"position_mm": [x_km * 1_000_000, y_km * 1_000_000, z_km * 1_000_000]})


def ellipse(latitude_deg: float, longitude_deg: float, semi_major_m: int) -> Json:
    """A round ellipse."""
    return {
        "kind": "ellipse",
        "centre": at(latitude_deg, longitude_deg),
        "semi_major_m": semi_major_m,
        "semi_minor_m": semi_major_m,
    }


OTHERS: Final[tuple[Case, ...]] = (
    case("a track 100 km above the middle of the area is covered", permit(), above(0, 6478, 0)),
    case("a track above another place is outside", OUTSIDE, above(6478, 0, 0)),
    case("a track 200 km north of the middle is outside", OUTSIDE, above(0, 6475, 203)),
    case("a track that is nowhere near the ground is outside", OUTSIDE, above(0, 1, 0)),
    case(
        "a track with neither state nor tracklets is nowhere",
        OUTSIDE,
        item(state=None, tracklets=None),
        clause(form="existence"),
    ),
    case(
        "an event in the area is covered",
        permit("measurements"),
        of_kind("event", place=at(0, 90), region=None),
    ),
    case("an event outside is not covered", OUTSIDE, of_kind("event", place=at(0, 92), region=None)),
    case(
        "an event whose region reaches over the edge is outside",
        OUTSIDE,
        of_kind("event", place=at(0, 90), region=ellipse(0, 90, 150_000)),
    ),
    case(
        "an event whose region lies within is covered",
        permit("measurements"),
        of_kind("event", place=at(0, 90), region=ellipse(0, 90, 50_000)),
    ),
    case("an event without a place is outside", OUTSIDE, of_kind("event", place=None, region=None)),
    case("a plot has no known place", OUTSIDE, of_kind("report")),
    case("a statement has no known place", OUTSIDE, of_kind("statement")),
)
"""The ground under a state, a region by its corners, and what has no place."""
