"""`desk_operations`: what a partner would get of an item now, and an approval taken back."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import Text, UsageError
from trilat.node import shown_as, shown_undone
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import given
from trilat.web.why_routes import ITEM, asked_item, not_found, who_asks

_OBJECT: Final[dict[str, Any]] = {"type": "object"}


class GivenUndoing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An own approval that is taken back before anything has left by it."""

    question: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}(?!\n)$")]
    said: Text = ""
    """Why; it stays in the own ledger."""


def desk_operations(node: ServedNode) -> list[Operation]:
    """The rows of the table of routes."""

    async def preview(request: Request) -> ASGIApp:
        item_id, who = asked_item(request), who_asks(request)
        recipient, via = request.query_params.get("recipient", ""), request.query_params.get("via")
        try:
            return json_answer(await node.on_node(lambda held: shown_as(held, item_id, recipient, via, who)))
        except UsageError as error:
            raise not_found(error) from error

    async def undo(request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenUndoing)
        who = who_asks(request)
        return json_answer(await node.on_node(lambda held: shown_undone(held, said.question, who, said.said)))

    party = partial(dict[str, Any], {"in": "query", "schema": {"type": "string", "maxLength": 44}})
    return [
        Operation(
            method="GET",
            path="/desk/preview",
            handle=preview,
            roles=frozenset({"staff", "watch", "officer"}),
            summary="What a partner would get of an item now, beside what is held; each look is recorded.",
            parameters=[
                ITEM,
                party(name="recipient", required=True, description="The partner."),
                party(name="via", required=False, description="Who would pass it on."),
            ],
            answer=_OBJECT,
            errors=(404, 503),
        ),
        Operation(
            method="POST",
            path="/desk/undo",
            handle=undo,
            roles=frozenset({"officer"}),
            summary="Take an own approval back, while nothing has left by it.",
            body=GivenUndoing,
            answer=_OBJECT,
            errors=(408, 409, 413, 503),
        ),
    ]
