"""Routes of an audit: that an auditor of the own party looked into the ledger beside the running node."""

from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import given

_BODY_ERRORS: Final = (408, 413, 503)
_OBJECT: Final[dict[str, Any]] = {"type": "object"}


class GivenLook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an auditor is shown of the ledger."""

    what: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9 -]*$")]
    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of what is shown, hexadecimal."""


def audit_operations(node: ServedNode) -> list[Operation]:
    """The routes of an audit."""

    async def look(request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenLook)
        await node.looked(said.what, bytes.fromhex(said.digest))
        return json_answer({"recorded": True})

    return [
        Operation(
            method="POST",
            path="/audit/looks",
            handle=look,
            roles=frozenset({"staff"}),
            summary="Record that an auditor is shown something of the ledger, before it is shown.",
            body=GivenLook,
            answer=_OBJECT,
            errors=_BODY_ERRORS,
        )
    ]
