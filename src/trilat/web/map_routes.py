"""`map_operations`: what the own staff's map shows beside objects; no reader of another party is answered."""

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import ShortText
from trilat.node import shown_map
from trilat.web.access import ROLE
from trilat.web.answers import json_answer
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import Latitude, Length, Longitude, Polygon, ShownNames


class ShownCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The edge of what a sensor sees at a height above the ellipsoid; empty where it reaches none."""

    height_m: Length
    outline: Polygon


class ShownSensor(msgspec.Struct, frozen=True, kw_only=True):
    """An own sensor."""

    name: ShortText
    lat: Latitude
    lon: Longitude
    reach_m: Length
    coverage: list[ShownCoverage]


class ShownPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that the party named."""

    names: ShownNames
    lat: Latitude
    lon: Longitude


class ShownMap(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the own staff's map beside objects."""

    sensors: Annotated[list[ShownSensor], msgspec.Meta(max_length=32)]
    places: Annotated[list[ShownPlace], msgspec.Meta(max_length=500)]


def map_operations(node: ServedNode) -> list[Operation]:
    """The one route."""

    async def shown(request: Request) -> ASGIApp:
        role, _, name = str(request.scope[ROLE]).partition(":")
        return json_answer(await node.on_node(lambda held: shown_map(held, name or role)))

    return [
        Operation(
            method="GET",
            path="/map",
            handle=shown,
            roles=frozenset({"staff", "watch", "officer"}),
            summary="What own sensors cover, and places that the party named; nothing of it is in any item.",
            answer=ShownMap,
            errors=(503,),
        )
    ]
