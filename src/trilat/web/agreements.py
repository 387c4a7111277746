"""`agreement_operations`: what a node knows of its agreements, a new version for it, a party taken out."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import Identifier, InstantNs, PartyCode, to_plain
from trilat.node import Node, adopt_text, known_state, remove_party
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import given

AGREEMENT_BYTES_MAX: Final = 1_200_000
"""One agreement file as JSON text, bytes."""

_OBJECT: Final[dict[str, Any]] = {"type": "object"}


class GivenAgreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agreement file."""

    file: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    text: Annotated[str, msgspec.Meta(max_length=1_000_000)]


class GivenRemoval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party that is to be in an agreement no more; `in_force_from_ns` left out is now."""

    agreement: Identifier
    party: PartyCode
    in_force_from_ns: InstantNs | None = None


def agreement_operations(node: ServedNode) -> list[Operation]:
    """The rows of the table of routes."""
    looks = frozenset({"staff", "officer", "watch"})
    row = partial(Operation, roles=frozenset({"staff", "officer"}), errors=(503,))

    async def known(_: Request) -> ASGIApp:
        return json_answer(await node.on_node(known_state))

    async def adopt(request: Request) -> ASGIApp:
        said = given(await read_json(request, AGREEMENT_BYTES_MAX), GivenAgreement)

        def job(held: Node) -> dict[str, Any]:
            agreement = adopt_text(held, said.file, said.text)
            return {"agreement": agreement.agreement_id, "version": agreement.version}

        return json_answer(await node.on_node(job))

    async def remove(request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRemoval)

        def job(held: Node) -> dict[str, Any]:
            return to_plain(
                remove_party(held, said.agreement, said.party, in_force_from_ns=said.in_force_from_ns)
            )

        return json_answer(await node.on_node(job))

    return [
        row(
            method="GET",
            path="/agreements",
            handle=known,
            roles=looks,
            summary="What is known of each agreement: its newest version, who has signed, who was heard.",
            answer={"type": "array", "items": _OBJECT},
        ),
        row(
            method="POST",
            path="/agreements",
            handle=adopt,
            summary="Give the node a new version of an agreement; it is checked, written, used and told.",
            body=GivenAgreement,
            answer=_OBJECT,
            errors=(408, 409, 413, 503),
        ),
        row(
            method="POST",
            path="/agreements/remove",
            handle=remove,
            summary="Take a party out of an agreement, signed by this party, or leave it.",
            body=GivenRemoval,
            answer=_OBJECT,
            errors=(408, 409, 413, 503),
        ),
    ]
