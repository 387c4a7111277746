"""An exercise's page at one party's node: whoever stands at a party asks its node as that party's staff.

The rooms of the page are the same as at a party's own node. There they ask their own origin; here they ask
`/api/staff/PARTY` and then the node's own path, and the director hands it on with the staff's token, or with
that of one of the two made-up officers of each party (`?officer=1`, `?officer=2`). Only what stands in
`FORWARDED` is handed on: no accounts, no clock, no reports of a feed.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.web.answers import json_answer, refusal
from trilat.web.bodies import read_json
from trilat.web.operations import NOTHING_HERE, Operation

FORWARDED: Final = frozenset(
    {
        ("GET", "/agreements"),
        ("GET", "/agreements/matrix"),
        ("GET", "/agreements/text"),
        ("POST", "/agreements/what-if"),
        ("GET", "/alerts"),
        ("GET", "/clock"),
        ("GET", "/desk"),
        ("POST", "/desk/answer"),
        ("GET", "/desk/preview"),
        ("POST", "/desk/undo"),
        ("POST", "/declarations"),
        ("GET", "/health"),
        ("GET", "/history/events"),
        ("GET", "/holders"),
        ("GET", "/map"),
        ("POST", "/labels"),
        ("POST", "/losses"),
        ("POST", "/losses/follow-up"),
        ("POST", "/losses/instruct"),
        ("GET", "/onward"),
        ("POST", "/onward"),
        ("GET", "/picture"),
        ("GET", "/picture/at"),
        ("GET", "/recalls"),
        ("POST", "/recalls"),
        ("POST", "/recalls/answer"),
        ("POST", "/recalls/close"),
        ("POST", "/recalls/run"),
        ("GET", "/referrals"),
        ("GET", "/sensors"),
        ("GET", "/status"),
        ("GET", "/trust"),
        ("GET", "/warnings"),
        ("POST", "/warnings"),
        ("POST", "/warnings/acknowledge"),
        ("POST", "/warnings/retract"),
        ("GET", "/why"),
        ("GET", "/why/sight"),
    }
)
"""Method and path of what may be asked so, one row each."""

_OFFICERS: Final = {"": 0, "1": 1, "2": 2}


class Staffs(Protocol):
    """Asks a party's node as its staff. What the node refuses is a UsageError with its status."""

    async def ask_staff(
        self,
        party: str,
        method: str,
        path: str,
        said: dict[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        officer: int = 0,
    ) -> Any:
        """What the node answers its staff, or one of the party's two officers."""
        ...


class _Routes:
    def __init__(self, staffs: Staffs) -> None:
        self._staffs = staffs

    async def get(self, request: Request) -> ASGIApp:
        return await self._ask(request, None)

    async def post(self, request: Request) -> ASGIApp:
        said = await read_json(request)
        if not isinstance(said, dict):
            raise refusal(HTTPStatus.BAD_REQUEST, "send one JSON object")
        return await self._ask(request, said)

    async def _ask(self, request: Request, said: dict[str, Any] | None) -> ASGIApp:
        path = f"/{request.path_params['path']}"
        method = "GET" if request.method == "HEAD" else request.method
        if (method, path) not in FORWARDED:
            raise refusal(HTTPStatus.NOT_FOUND, NOTHING_HERE)
        pairs = request.query_params.multi_items()
        query = dict(pairs)
        officer = _OFFICERS.get(query.pop("officer", ""))
        if officer is None or len(dict(pairs)) != len(pairs):
            raise refusal(HTTPStatus.BAD_REQUEST, "write each parameter once, and `officer` as 1 or 2")
        party = request.path_params["party"]
        return json_answer(
            await self._staffs.ask_staff(party, method, path, said, query=query, officer=officer)
        )


def exercise_staff_operations(staffs: Staffs) -> list[Operation]:
    """The rows of these routes; the nodes' own document describes what each takes and gives."""
    routes = _Routes(staffs)
    path, summary = "/api/staff/{party}/{path:path}", "What a party's node answers its staff."
    return [
        Operation(
            method="GET", path=path, handle=routes.get, summary=summary, documented=False, any_query=True
        ),
        Operation(
            method="POST", path=path, handle=routes.post, summary=summary, documented=False, any_query=True
        ),
    ]
