"""`Operation`: one thing that can be asked at one path: who may, what answers, and how it is documented.

A table of operations is both the routes of an application and its OpenAPI document, so that neither can say
what the other does not. Whatever goes wrong inside becomes an answer of one line here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trilat.web.access import ROLE, Access, Guard
from trilat.web.answers import answer_to, error_answer, refusal

ANYONE: Final[frozenset[str]] = frozenset()
"""Whoever has a token, of whatever role."""

NOTHING_HERE: Final = "there is nothing at this path: /openapi.json lists what there is"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"

Handler = Callable[[Request], Awaitable[ASGIApp]]
Schema = type[msgspec.Struct] | Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method at one path."""

    method: str
    path: str
    handle: Handler
    summary: str
    roles: frozenset[str] = ANYONE
    """First parts of roles that may: `reader` for `reader:OBS`."""

    body: Schema | None = None
    answer: Schema | None = None
    answer_media: str = JSON
    answer_status: int = 200
    errors: tuple[int, ...] = ()
    """Statuses of errors beyond those that every operation can have."""

    other_answers: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Answers of another form than an error's, by status, in OpenAPI's words."""

    parameters: Sequence[Mapping[str, Any]] = ()
    """In OpenAPI's words. Those of the address are all that it may have, each once."""

    any_query: bool = False
    """Whether the address may have other parameters: those of a page are the page's own."""

    events: tuple[str, ...] = ()
    """Names of the events of a stream."""

    needs_token: bool = True
    """For the document: the guard decides."""

    documented: bool = True
    """Files of a page are not."""


class _Resource:
    """All operations of one path."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        methods = set(operations) | ({"HEAD"} if "GET" in operations else set())
        self._allow = ", ".join(sorted(methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            answer = await self._answer(request)
            await answer(scope, receive, sending)
        except ClientDisconnect:
            return  # Nobody is there to be answered.
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes one neutral line and a log entry
            answer = answer_to(error, f"{request.method} {scope['path']}")
            if not started:
                await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        method = "GET" if request.method == "HEAD" else request.method
        operation = self._operations.get(method)
        if operation is None or (request.method == "HEAD" and operation.answer_media == EVENTS):
            return error_answer(
                HTTPStatus.METHOD_NOT_ALLOWED, f"this path takes {self._allow}", {"allow": self._allow}
            )
        role = request.scope[ROLE] or ""
        if operation.roles and role.partition(":")[0] not in operation.roles:
            raise refusal(
                HTTPStatus.FORBIDDEN,
                f"this token's role may not do this: it takes {' or '.join(sorted(operation.roles))}",
            )
        if not operation.any_query:
            _refuse_unknown_query(request, operation)
        return await operation.handle(request)


def _refuse_unknown_query(request: Request, operation: Operation) -> None:
    known = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    given = [name for name, _ in request.query_params.multi_items()]
    if len(set(given)) != len(given) or not known.issuperset(given):
        takes = f"takes {', '.join(sorted(known))}, once" if known else "takes no parameters"
        raise refusal(HTTPStatus.BAD_REQUEST, f"the address {takes}: leave out the rest")


def application(operations: Iterable[Operation], access: Access, hint: str = "") -> Starlette:
    """The application of a table of operations, behind its guard."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    app = Starlette(
        routes=[Route(path, _Resource(at_path)) for path, at_path in by_path.items()],
        middleware=[Middleware(Guard, access=access, hint=hint)],
        exception_handlers={HTTPException: _not_routed},
    )
    app.router.redirect_slashes = False
    return app


async def _not_routed(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    return error_answer(status, NOTHING_HERE)
