"""Recalls of an exercise on its page: whoever plays a party's staff calls items back and reports losses.

The page asks its own origin; the director asks the party's node as its staff, by `recall_routes`.
"""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import Identifier, PartyCode
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.exercise_staff import Staffs
from trilat.web.operations import Operation
from trilat.web.shapes import given

_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_WITHIN_S: Final = 600
"""By when an exercise's holders are asked to answer."""


class GivenPartyRecall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The party that made an item calls it back."""

    party: PartyCode
    item_id: Identifier


class GivenPartyLoss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party that holds a partner's item has lost it."""

    party: PartyCode
    item_id: Identifier
    happened: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class _Routes:
    def __init__(self, staffs: Staffs) -> None:
        self._staffs = staffs

    async def recalls(self, request: Request) -> ASGIApp:
        party = request.query_params.get("party", "")
        return json_answer(await self._staffs.ask_staff(party, "GET", "/recalls"))

    async def recall(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenPartyRecall)
        told = {"items": [said.item_id], "within_s": _WITHIN_S}
        return json_answer(await self._staffs.ask_staff(said.party, "POST", "/recalls", told, officer=1))

    async def lose(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenPartyLoss)
        told = {"items": [said.item_id], "happened": said.happened}
        return json_answer(await self._staffs.ask_staff(said.party, "POST", "/losses", told, officer=1))


def exercise_recall_operations(staffs: Staffs) -> list[Operation]:
    """The rows of these routes."""
    routes = _Routes(staffs)
    post = partial(Operation, method="POST", answer=_OBJECT, errors=(408, 409, 413, 503))
    party = {
        "name": "party",
        "in": "query",
        "required": True,
        "description": "Whose recalls.",
        "schema": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{1,11}$"},
    }
    return [
        Operation(
            method="GET",
            path="/api/recalls",
            handle=routes.recalls,
            summary="A party's recalls and losses, with each answer.",
            answer=_OBJECT,
            parameters=[party],
            errors=(409, 503),
        ),
        post(
            path="/api/recalls",
            handle=routes.recall,
            body=GivenPartyRecall,
            summary="Let who made an item call it back.",
        ),
        post(
            path="/api/losses",
            handle=routes.lose,
            body=GivenPartyLoss,
            summary="Let who holds an item report that it was lost.",
        ),
    ]
