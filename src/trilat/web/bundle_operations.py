"""`POST /bundle/member`: one member of a bundle that `trilat bundle import` checked, at a running node."""

import base64
import binascii
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import ENVELOPE_BYTES_MAX, ItemError
from trilat.node import receive_member
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import given

_CHARACTERS_MAX: Final = 4 * (ENVELOPE_BYTES_MAX // 3 + 1)
_BASE64: Final = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)(?!\n)$"


class GivenMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An envelope or a signed message, in base64."""

    member: Annotated[str, msgspec.Meta(pattern=_BASE64, min_length=4, max_length=_CHARACTERS_MAX)]


def bundle_operations(node: ServedNode) -> list[Operation]:
    """The rows of this module."""

    async def take(request: Request) -> ASGIApp:
        said = given(await read_json(request, _CHARACTERS_MAX + 100), GivenMember)
        try:
            member = base64.b64decode(said.member, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ItemError("`member` is not base64: give one member of a bundle") from error
        arrival, lines = await node.on_node(lambda one: receive_member(one, member))
        return json_answer({"arrival": arrival.value, "refusals": list(lines)})

    return [
        Operation(
            method="POST",
            path="/bundle/member",
            handle=take,
            roles=frozenset({"staff"}),
            summary="Take one member of a carried bundle, as if it had come over a link.",
            body=GivenMember,
            answer={"type": "object"},
            errors=(408, 413, 503),
        )
    ]
