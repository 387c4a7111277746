"""`node_app`: a node's HTTP interface. Every route is one row of a table, with the roles that may ask.

This module speaks HTTP and nothing else: what is released, accepted or refused is the node's answer. Nothing
is answered with a success before the node's own call has returned, which is after its commit.
"""

import re
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import InvalidInputError, ItemError, UsageError, strict_json
from trilat.node import Pace
from trilat.web.access import ROLE, Access, account_of
from trilat.web.account_routes import AccountRoutes, account_operations
from trilat.web.agreement_matrix import matrix_operations
from trilat.web.agreements import agreement_operations
from trilat.web.alert_routes import alert_operations
from trilat.web.answers import json_answer, refusal
from trilat.web.audit_routes import audit_operations
from trilat.web.bodies import INTAKE_BYTES_MAX, KEPT_BYTES_MAX, REPORTS_MAX, read_body, read_json
from trilat.web.bundle_operations import bundle_operations
from trilat.web.desk_routes import desk_operations
from trilat.web.document import openapi_document, report_schemas
from trilat.web.files import PageFiles
from trilat.web.map_routes import map_operations
from trilat.web.metrics import MEDIA_TYPE, metrics_answer
from trilat.web.node_page import clock_of, page_operations, with_clock
from trilat.web.node_trust import trust_operations
from trilat.web.oidc import OpenIdConnect, Provider, oidc_operations
from trilat.web.operations import EVENTS, JSON, Operation, application
from trilat.web.recall_routes import recall_operations
from trilat.web.served import ServedNode
from trilat.web.shapes import (
    BatchAnswered,
    GivenAnswer,
    GivenDeclaration,
    GivenDelegation,
    GivenDeskAnswer,
    GivenOnwardRequest,
    GivenPace,
    GivenRetraction,
    GivenWarning,
    Picture,
    given,
    plain_of,
)
from trilat.web.streams import Streams
from trilat.web.time_routes import time_operations
from trilat.web.why_routes import why_operations

KEY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"
"""A feed's own name for a batch, in the header `Idempotency-Key`."""

_KEY: Final = re.compile(KEY_PATTERN.removesuffix("$"))
_NUMBER_DIGITS_MAX: Final = 15
_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_HEALTH: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "ok": {"type": "boolean"},
        "party": {"type": "string"},
        "status": {"type": "string"},
        "problem": {"type": "string", "description": "why not, in one sentence"},
    },
    "required": ["ok", "party", "status"],
}
_KEEPERS: Final = frozenset({"staff", "director", "administrator", "watch"})
"""Who runs the node. How much it holds, and which links stand, is nothing that a reader was released."""

_CLOCK: Final[dict[str, Any]] = {
    "name": "clock",
    "in": "query",
    "required": False,
    "description": "1 adds an event `clock` each second, by which a page knows that the line lives.",
    "schema": {"enum": ["0", "1"], "default": "0"},
}
_BODY_ERRORS: Final = (408, 413, 503)

_DESCRIPTION: Final = """\
The HTTP interface of one party's node. Every request needs `Authorization: Bearer TOKEN`, also for this
document; errors are `{"error": "one line"}`. Instants are integers of UTC nanoseconds.

`GET /stream` gives server-sent events. `opened`: party, reader, purpose, status, `at_ns`, `entry` of the
ledger. `picture`: `at_ns`, `changed` (list of Shown), `gone` (item ids), `sights` (list of ShownSight),
`sights_gone` (keys), `entry`; changes only, the first is the whole. `decisions`: `decisions` (list of
DecisionRow), newest last. `clock`, where `clock=1` asks for it: `now_ns`, `speed`, `problem` (empty where
there is none), `links` (for who runs the node). `closed`: `reason`.
A line that begins with a colon says that the stream lives.
"""


def node_app(
    node: ServedNode,
    access: Access,
    *,
    streams: Streams | None = None,
    provider: Provider | None = None,
    secure: bool = False,
    page: PageFiles | None = None,
) -> Starlette:
    """The application of a node; its `state.streams` are the streams open to readers.

    Args:
        node: answers.
        access: who may ask; with people, accounts sign in here.
        streams: where there are some already.
        provider: the party's own identity provider.
        secure: whether browsers reach the node over TLS, so that cookies go over nothing else.
        page: the files of its page, where it has one; `access` lets anybody have them.
    """
    open_streams = Streams() if streams is None else streams
    routes = _Routes(node, access, open_streams)
    operations = [
        *_feed_operations(routes),
        *_reader_operations(routes),
        *_staff_operations(routes),
        *_desk_operations(routes),
        *desk_operations(node),
        *why_operations(node),
        *agreement_operations(node),
        *matrix_operations(node),
        *trust_operations(node),
        *alert_operations(node),
        *recall_operations(node),
        *map_operations(node),
        *_director_operations(routes),
        *audit_operations(node),
        *time_operations(node),
        *_common_operations(routes),
        *bundle_operations(node),
        *_people_operations(node, access, provider, secure=secure),
        # Last: their path is whatever is left.
        *([] if page is None else page_operations(page)),
    ]
    document = openapi_document(
        f"Trilat node of {node.party}",
        _DESCRIPTION,
        operations,
        shapes=(Picture,),
        schemas=report_schemas(),
    )
    routes.document = document
    app = application(operations, access)
    app.state.streams = open_streams
    app.state.document = document
    return app


class _Routes:
    """What answers each route."""

    def __init__(self, node: ServedNode, access: Access, streams: Streams) -> None:
        self._node = node
        self._access = access
        self._streams = streams
        self.document: dict[str, Any] = {}

    async def intake(self, request: Request) -> ASGIApp:
        key = _idempotency_key(request)
        body = await read_body(request, INTAKE_BYTES_MAX)
        try:
            reports = _reports(body)
        except InvalidInputError as error:
            # What cannot be read is somebody's observation all the same: it is kept, with the reason.
            await self._node.keep_aside("intake", str(error), body[:KEPT_BYTES_MAX])
            raise
        answer = await self._node.intake(reports, key, sha256(body).digest())
        return json_answer(
            {
                "accepted": answer.accepted,
                "refused": [{"index": index, "reason": reason} for index, reason in answer.refused],
                "repeated": answer.repeated,
            }
        )

    async def stream(self, request: Request) -> ASGIApp:
        events = self._node.stream(*self._reader(request))
        asked = request.query_params.get("clock", "0")
        if asked not in {"0", "1"}:
            raise refusal(HTTPStatus.BAD_REQUEST, "`clock` is 0 or 1")
        if asked == "1":
            role = str(request.scope[ROLE])
            keeps = role.partition(":")[0] in _KEEPERS
            events = with_clock(
                events,
                partial(clock_of, self._node, keeps=keeps),
                partial(self._access.may_still, request.headers, role),
            )
        return await self._streams.begin(events)

    async def picture(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.picture(*self._reader(request)))

    def _reader(self, request: Request) -> tuple[str, str]:
        """As whom a request reads, the staff or the party that the token is for, and which account it is."""
        role, _, name = str(request.scope[ROLE]).partition(":")
        return (name, "") if role == "reader" else (f"{self._node.party}/staff", name)

    async def referrals(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.referrals(account_of(request.scope)))

    async def answer(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenAnswer)
        return json_answer(await self._node.answer(plain_of(said)))

    async def desk(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.desk(_officer(request) or "staff", account_of(request.scope)))

    async def answer_at_desk(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenDeskAnswer)
        return json_answer(await self._node.answer_at_desk(_officer(request), plain_of(said)))

    async def delegate(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenDelegation)
        return json_answer(await self._node.delegate(_officer(request), said.deputy, said.for_s))

    async def declare(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenDeclaration)
        return json_answer(await self._node.declare(_officer(request), plain_of(said)))

    async def ask_onward(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenOnwardRequest)
        return json_answer(await self._node.ask_onward(plain_of(said)))

    async def onward(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.onward_requests(account_of(request.scope)))

    async def warn(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenWarning)
        return json_answer(await self._node.raise_warning(plain_of(said)))

    async def retract(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRetraction)
        return json_answer(await self._node.retract_warning(said.key, said.text))

    async def status(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.state(account_of(request.scope)))

    async def sensors(self, request: Request) -> ASGIApp:
        return json_answer(await self._node.sensors(account_of(request.scope)))

    async def clock(self, _: Request) -> ASGIApp:
        return json_answer(_plain_pace(self._node.pace()))

    async def set_clock(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenPace)
        pace = Pace(from_wall_ns=said.from_wall_ns, instant_ns=said.instant_ns, speed=said.speed)
        try:
            await self._node.set_pace(pace)
        except UsageError as error:
            if "leap_s" in error.facts:
                raise
            raise refusal(HTTPStatus.FORBIDDEN, str(error)) from error
        return json_answer(_plain_pace(self._node.pace()))

    async def timings(self, request: Request) -> ASGIApp:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= _NUMBER_DIGITS_MAX):
            raise refusal(HTTPStatus.BAD_REQUEST, "`after` must be a whole number, not negative")
        return json_answer(await self._node.timings(int(after)))

    async def health(self, _: Request) -> ASGIApp:
        problem = self._node.problem()
        told = {"ok": problem is None, "party": self._node.party, "status": self._node.status.value}
        if problem is None:
            return json_answer(told)
        return json_answer({**told, "problem": problem}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def metrics(self, _: Request) -> ASGIApp:
        return metrics_answer(lambda: {**self._node.counts(), "streams_open": len(self._streams)})

    async def openapi(self, _: Request) -> ASGIApp:
        return json_answer(self.document)


def _officer(request: Request) -> str:
    """The name in an officer's role; empty for any other."""
    role, _, name = str(request.scope[ROLE]).partition(":")
    return name if role == "officer" else ""


def _idempotency_key(request: Request) -> str:
    keys = request.headers.getlist("idempotency-key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise refusal(
            HTTPStatus.BAD_REQUEST,
            "give each batch one `Idempotency-Key` of 1 to 100 letters, digits and `._:-`,"
            " and the same one when you send it again",
        )
    return keys[0]


def _reports(body: bytes) -> list[Any]:
    """The entries of a batch, each as it was given.

    Raises:
        ItemError: the body is not JSON, or not an object with `reports` alone.
        UsageError: there are too many.
    """
    batch = strict_json(body, INTAKE_BYTES_MAX)
    if not isinstance(batch, dict) or set(batch) != {"reports"} or not isinstance(batch["reports"], list):
        raise ItemError('a batch is an object with one field: `{"reports": [...]}`')
    reports: list[Any] = batch["reports"]
    if not reports:
        raise ItemError("`reports` is empty: send a batch when there is something to say")
    if len(reports) > REPORTS_MAX:
        raise refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"{len(reports)} reports in one batch are over the limit of {REPORTS_MAX}: split it",
        )
    return reports


def _plain_pace(pace: Pace) -> dict[str, Any]:
    return {"from_wall_ns": pace.from_wall_ns, "instant_ns": pace.instant_ns, "speed": pace.speed}


def _people_operations(
    node: ServedNode, access: Access, provider: Provider | None, *, secure: bool
) -> list[Operation]:
    """Accounts, and the identity provider, where there are people."""
    if access.people is None:
        return []
    accounts = AccountRoutes(node, access.people, secure=secure, provider=provider is not None)
    rows = account_operations(accounts)
    if provider is not None:
        rows += oidc_operations(OpenIdConnect(provider, node, accounts, access.people.now_s))
    return rows


def _feed_operations(routes: _Routes) -> list[Operation]:
    return [
        Operation(
            method="POST",
            path="/intake",
            handle=routes.intake,
            summary="Give a batch of reports; answered after they are on disk, once for each key.",
            roles=frozenset({"intake"}),
            body={"$ref": "#/components/schemas/Batch"},
            answer=BatchAnswered,
            errors=(*_BODY_ERRORS, 409),
            parameters=[
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": True,
                    "description": "The feed's own name for this batch; the same when it is sent again.",
                    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": 100},
                }
            ],
        )
    ]


def _reader_operations(routes: _Routes) -> list[Operation]:
    row = partial(Operation, method="GET", roles=frozenset({"staff", "reader", "watch", "officer"}))
    return [
        row(
            path="/stream",
            handle=routes.stream,
            summary="Follow what the reader may see, as it changes.",
            answer_media=EVENTS,
            events=("opened", "picture", "decisions", "clock", "closed"),
            errors=(503,),
            parameters=[_CLOCK],
        ),
        row(
            path="/picture",
            handle=routes.picture,
            summary="What the reader may see now.",
            answer=Picture,
            errors=(503,),
        ),
    ]


def _staff_operations(routes: _Routes) -> list[Operation]:
    row = partial(Operation, roles=frozenset({"staff", "watch"}))
    post = partial(row, method="POST", answer=_OBJECT, errors=_BODY_ERRORS)
    return [
        row(
            method="GET",
            path="/referrals",
            handle=routes.referrals,
            summary="Questions that wait for an officer.",
            answer={"type": "array", "items": _OBJECT},
            errors=(503,),
        ),
        row(
            method="GET",
            path="/sensors",
            handle=routes.sensors,
            summary="Constant errors of own sensors, as estimated; nothing of it is in any item.",
            answer={"type": "array", "items": _OBJECT},
            errors=(503,),
        ),
        post(
            path="/referrals/answer",
            handle=routes.answer,
            roles=frozenset({"staff"}),
            summary="Answer one of them; the answer is a signed consent, or its refusal.",
            body=GivenAnswer,
        ),
        post(
            path="/warnings",
            handle=routes.warn,
            summary="Give out a warning in a person's words.",
            body=GivenWarning,
        ),
        post(
            path="/warnings/retract",
            handle=routes.retract,
            summary="Take a warning back.",
            body=GivenRetraction,
        ),
    ]


def _desk_operations(routes: _Routes) -> list[Operation]:
    officer, both = frozenset({"officer"}), frozenset({"officer", "staff"})
    lookers = both | {"watch"}
    post = partial(Operation, method="POST", answer=_OBJECT, errors=_BODY_ERRORS)
    return [
        Operation(
            method="GET",
            path="/desk",
            handle=routes.desk,
            roles=lookers,
            summary="Questions of release with the copy that would leave; each look is recorded.",
            answer=_OBJECT,
            errors=(503,),
        ),
        post(
            path="/desk/answer",
            handle=routes.answer_at_desk,
            roles=officer,
            summary="Answer one as the officer whose token this is.",
            body=GivenDeskAnswer,
        ),
        post(
            path="/desk/delegate",
            handle=routes.delegate,
            roles=officer,
            summary="Let a deputy stand in for a time, or no longer.",
            body=GivenDelegation,
        ),
        post(
            path="/declarations",
            handle=routes.declare,
            roles=both,
            summary="Declare a situation, a suspension of one's own giving, or notice.",
            body=GivenDeclaration,
        ),
        Operation(
            method="GET",
            path="/onward",
            handle=routes.onward,
            roles=lookers,
            summary="Own requests for leave to pass partners' items on, and how they stand.",
            answer={"type": "array", "items": _OBJECT},
            errors=(503,),
        ),
        post(
            path="/onward",
            handle=routes.ask_onward,
            roles=both,
            summary="Ask an item's originator for leave to pass it on.",
            body=GivenOnwardRequest,
        ),
    ]


def _director_operations(routes: _Routes) -> list[Operation]:
    row = partial(Operation, roles=frozenset({"director"}))
    after = {
        "name": "after",
        "in": "query",
        "required": False,
        "description": "The cursor of the answer before.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**_NUMBER_DIGITS_MAX - 1, "default": 0},
    }
    return [
        row(
            method="PUT",
            path="/clock",
            handle=routes.set_clock,
            summary="Let an exercise's time run otherwise; a real node refuses.",
            body=GivenPace,
            answer=GivenPace,
            errors=_BODY_ERRORS,
        ),
        row(
            method="GET",
            path="/timings",
            handle=routes.timings,
            summary="When what was accepted, released and received.",
            parameters=[after],
            answer=_OBJECT,
            errors=(503,),
        ),
    ]


def _common_operations(routes: _Routes) -> list[Operation]:
    row = partial(Operation, method="GET")
    unwell = {"description": "It cannot do its work.", "content": {JSON: {"schema": _HEALTH}}}
    return [
        row(
            path="/status",
            handle=routes.status,
            roles=_KEEPERS,
            summary="Links, ledger, reports, refusals.",
            answer=_OBJECT,
            errors=(503,),
        ),
        row(path="/clock", handle=routes.clock, summary="How the node's time runs.", answer=GivenPace),
        row(
            path="/health",
            handle=routes.health,
            summary="Whether the node can do its work.",
            answer=_HEALTH,
            other_answers={503: unwell},
        ),
        row(
            path="/metrics",
            handle=routes.metrics,
            roles=_KEEPERS,
            summary="Counts for Prometheus.",
            answer_media=MEDIA_TYPE,
        ),
        row(path="/openapi.json", handle=routes.openapi, summary="This document.", answer=_OBJECT),
    ]
