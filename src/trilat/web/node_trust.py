"""Routes of trust: what is known of whose keys and what is wrong with it, and states that people bring."""

from typing import Any, Final

from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.node import learn_text, pin_in_folder, trust_health
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import GivenPinned, GivenTrust, given

TRUST_BYTES_MAX: Final = 400_000
"""The text of trust states, bytes."""

_READ: Final = frozenset({"staff", "administrator", "auditor", "watch"})
_CHANGE: Final = frozenset({"administrator"})
_OBJECT: Final[dict[str, Any]] = {"type": "object"}


def trust_operations(node: ServedNode) -> list[Operation]:
    """`GET /trust`, `POST /trust` and `POST /trust/pinned`."""

    async def show(_: Request) -> ASGIApp:
        return json_answer(await node.on_node(trust_health))

    async def learn(request: Request) -> ASGIApp:
        told = given(await read_json(request, TRUST_BYTES_MAX), GivenTrust)
        return json_answer(await node.on_node(lambda held: learn_text(held, told.states)))

    async def pinned(request: Request) -> ASGIApp:
        party = given(await read_json(request), GivenPinned).party
        return json_answer(await node.on_node(lambda held: pin_in_folder(held, party)))

    return [
        Operation(
            method="GET",
            path="/trust",
            handle=show,
            roles=_READ,
            summary="Whose keys are known and how, and what is wrong with them, a sentence each.",
            answer=_OBJECT,
            errors=(503,),
        ),
        Operation(
            method="POST",
            path="/trust",
            handle=learn,
            roles=_CHANGE,
            summary="Trust states as `trilat trust export` writes them: they prove themselves.",
            body=GivenTrust,
            answer=_OBJECT,
            errors=(408, 413, 503),
        ),
        Operation(
            method="POST",
            path="/trust/pinned",
            handle=pinned,
            roles=_CHANGE,
            summary="Take a partner's root from the node's own folder, where people pinned it.",
            body=GivenPinned,
            answer=_OBJECT,
            errors=(408, 413, 503),
        ),
    ]
