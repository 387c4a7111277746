"""`GET /alerts`: how the node is in figures, and what of it is wrong, as codes.

For every role of the own staff; nothing of it is for partners' readers. It holds names of partners,
agreements and keys, and nothing of items. Each look is recorded, once a minute for who asks again and again.
"""

from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.node import Condition
from trilat.web.access import account_of
from trilat.web.answers import json_answer
from trilat.web.operations import Operation
from trilat.web.served import ServedNode

_ROLES = frozenset({"staff", "watch", "officer", "administrator", "auditor"})


def alert_operations(node: ServedNode) -> list[Operation]:
    """The row of this route."""

    async def alerts(request: Request) -> ASGIApp:
        return json_answer(await node.condition(account_of(request.scope)))

    return [
        Operation(
            method="GET",
            path="/alerts",
            handle=alerts,
            roles=_ROLES,
            summary="Links, keys, trees, ledger and storage in figures, and what is wrong, worst first.",
            answer=Condition,
            errors=(503,),
        )
    ]
