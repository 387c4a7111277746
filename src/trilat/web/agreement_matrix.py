"""`matrix_operations`: a node's agreements as its people look at them, and what if a clause were struck."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import Identifier
from trilat.node import Node, shown_matrix, shown_text, struck_history
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import given

_OBJECT: Final[dict[str, Any]] = {"type": "object"}


class GivenStrike(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clauses to do without, each as `file#id`."""

    strike: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=50)]


def matrix_operations(node: ServedNode) -> list[Operation]:
    """The rows of the table of routes."""
    row = partial(
        Operation, roles=frozenset({"staff", "officer", "watch"}), answer=_OBJECT, errors=(409, 503)
    )

    async def matrix(_: Request) -> ASGIApp:
        return json_answer(await node.on_node(shown_matrix))

    async def text(request: Request) -> ASGIApp:
        name = request.query_params.get("agreement", "")
        return json_answer(await node.on_node(lambda held: shown_text(held, name)))

    async def what_if(request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenStrike)

        def job(held: Node) -> dict[str, Any]:
            return struck_history(held, tuple(said.strike))

        return json_answer(await node.on_node(job))

    name = {
        "name": "agreement",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    }
    return [
        row(
            method="GET",
            path="/agreements/matrix",
            handle=matrix,
            summary="Who gives whom what now, by which clause; how each of the party's agreements stands.",
        ),
        row(
            method="GET",
            path="/agreements/text",
            handle=text,
            summary="An agreement of the party as a text in every language there is, clause by clause.",
            parameters=[name],
        ),
        row(
            method="POST",
            path="/agreements/what-if",
            handle=what_if,
            summary="What would have become of all in the ledger without some clauses. Changes nothing.",
            body=GivenStrike,
            errors=(408, 409, 413, 503),
        ),
    ]
