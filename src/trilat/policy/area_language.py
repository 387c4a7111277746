"""The `[[area]]` tables of an agreement file: named circles and polygons that clauses speak of.

[[area]]
name = "north"
circle = { latitude_deg = 40.9, longitude_deg = 129.7, radius_m = 900000 }

[[area]]
name = "strait"
polygon = [[33.0, 128.0], [36.0, 129.0], [35.0, 132.0]]
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from trilat.model import Circle, ItemError, NamedArea, Place, Polygon
from trilat.policy.reading import Table

AREA_FIELDS: Final = ("name", "circle", "polygon")
CIRCLE_FIELDS: Final = ("latitude_deg", "longitude_deg", "radius_m")
_UNITS_PER_DEG: Final = 10_000_000
_HALF_TURN_DEG: Final = 180
_PAIR: Final = 2


def read_areas(tables: object, whole: Table) -> tuple[NamedArea, ...]:
    """The areas of a file.

    Raises:
        AgreementError: an area is neither a circle nor a polygon, or is both; a number is out of range.
    """
    if not isinstance(tables, list):
        raise whole.refusal("`area` is not a list of tables: write `[[area]]`")
    return tuple(_area(values, whole, place) for place, values in enumerate(tables, 1))


def _area(values: object, whole: Table, place: int) -> NamedArea:
    table = Table(values, whole.file_name, f"area number {place}")
    table.only(AREA_FIELDS)
    name = table.text("name")
    if table.has("circle") == table.has("polygon"):
        raise table.refusal(f"area `{name[:80]}` is a `circle` or a `polygon`: write one of them")
    try:
        region = _circle(table.table("circle")) if table.has("circle") else _polygon(table)
        return NamedArea(name=name, region=region)
    except ItemError as error:
        raise table.refusal(f"area `{name[:80]}`: {error}") from error


def _circle(table: Table) -> Circle:
    table.only(CIRCLE_FIELDS)
    for field in CIRCLE_FIELDS:
        if not table.has(field):
            raise table.refusal(f"`circle` lacks `{field}`: add it")
    centre = (table.values["latitude_deg"], table.values["longitude_deg"])
    return Circle(centre=_place(table, centre), radius_m=table.number("radius_m"))


def _polygon(table: Table) -> Polygon:
    corners = table.values["polygon"]
    if not isinstance(corners, list):
        raise table.refusal("`polygon` must be a list of corners, as [[33.0, 128.0], [36.0, 129.0], ...]")
    return Polygon(corners=tuple(_place(table, corner) for corner in corners))


def _place(table: Table, pair: Any) -> Place:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != _PAIR:
        raise table.refusal("a corner is a latitude and a longitude in degrees, as [33.0, 128.0]")
    latitude, longitude = (_units(table, degrees) for degrees in pair)
    return Place(latitude_1e7deg=latitude, longitude_1e7deg=longitude)


def _units(table: Table, degrees: Any) -> int:
    """Units of 1e-7 degree, as the digits were written."""
    if type(degrees) not in {int, float} or not -_HALF_TURN_DEG <= degrees <= _HALF_TURN_DEG:
        raise table.refusal(f"`{str(degrees)[:40]}` is not a number of degrees: write one such as 33.5")
    return round(Decimal(repr(degrees)) * _UNITS_PER_DEG)
