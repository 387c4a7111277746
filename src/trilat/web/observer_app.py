"""`observer_app`: the page's one origin. What it shows is the observer's, what it may do is the director's.

A browser comes in by `/enter` with the code that was printed, and gets a session's cookie; programs use a
bearer token. Everything else needs one of the two.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol

from msgspec import UNSET
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from trilat.model import IDENTIFIER_CHARACTERS_MAX, UsageError
from trilat.web.access import SESSION_COOKIE, Access
from trilat.web.answers import json_answer, refusal
from trilat.web.bodies import read_json
from trilat.web.document import openapi_document
from trilat.web.exercise_recalls import exercise_recall_operations
from trilat.web.exercise_staff import Staffs, exercise_staff_operations
from trilat.web.exercise_what_if import WhatIfs, what_if_operations
from trilat.web.files import PageFiles
from trilat.web.metrics import MEDIA_TYPE, metrics_answer
from trilat.web.observer import Observer
from trilat.web.operations import EVENTS, NOTHING_HERE, Operation, application
from trilat.web.shapes import DecisionRow, GivenControl, Shown, ShownSight, given
from trilat.web.streams import Event, Streams

PACE_EVERY_S: Final = 0.5
"""A page is told the time this often, seconds of the world."""

_PACE: Final = ("now_ns", "speed", "paused", "phase", "message")
_HINT: Final = "open the address with its code that was printed, or send `Authorization: Bearer TOKEN`"
_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_CONTROL: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Exactly one of these.",
    "properties": {
        "paused": {"type": "boolean"},
        "speed": {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000},
        "regime": {"type": "string", "minLength": 1, "maxLength": 120},
        "restart": {"const": True},
        "strike": {
            "type": "array",
            "maxItems": 50,
            "items": {
                "type": "string",
                "maxLength": IDENTIFIER_CHARACTERS_MAX,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._:/#@+-]*$",
            },
            "description": "Begin again without these clauses, each as `file#id`; none: with all.",
        },
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_DONE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
}
_SESSION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "exercise": {"const": True},
        "signed_in": {"const": True},
        "parties": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["exercise", "signed_in", "parties"],
}
_DESCRIPTION: Final = """\
What each party of an exercise sees, side by side, and its controls. Every request needs the cookie of a
session (`/enter` with the code that was printed) or `Authorization: Bearer TOKEN`. Errors are
`{"error": "one line"}`. Instants are integers of UTC nanoseconds.

`GET /api/stream` gives server-sent events: `state` (what `GET /api/state` answers, at the beginning and when
everything changes), `pace`, `pane` (changes of one party's pane), `decisions` (newest last), `links`,
`closed`. In a `pane`, `changed` has items as a whole and `moved` only what is new of an item that was told,
with its `id`. A line that begins with a colon says that the stream lives.
"""


class Director(Staffs, Protocol):
    """Who runs the exercise. What cannot be done is a UsageError."""

    async def set_paused(self, paused: bool) -> None:  # noqa: FBT001 - the name says what is true
        """Let time stand, or go on."""
        ...

    async def set_speed(self, speed: float) -> None:
        """Seconds of the exercise in one of the world."""
        ...

    async def set_regime(self, regime: str) -> None:
        """Begin again under other agreements."""
        ...

    async def restart(self) -> None:
        """Begin again."""
        ...

    async def strike(self, struck: Sequence[str]) -> None:
        """Begin again without some clauses of the agreements, each as `file#id`."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything of `GET /api/state` but `panes`."""
        ...


def observer_app(
    observer: Observer,
    director: Director,
    access: Access,
    page: PageFiles | None = None,
    *,
    streams: Streams | None = None,
    what_ifs: WhatIfs | None = None,
) -> Starlette:
    """The application of the page's origin; its `state.streams` are the streams open to pages."""
    open_streams = Streams() if streams is None else streams
    routes = _Routes(observer, director, access, page or PageFiles.read(None), open_streams)
    operations = [
        *exercise_recall_operations(director),
        *exercise_staff_operations(director),
        *what_if_operations(what_ifs),
        *_operations(routes),
    ]
    routes.document = openapi_document(
        "Trilat exercise observer", _DESCRIPTION, operations, shapes=(Shown, ShownSight, DecisionRow)
    )
    app = application(operations, access, _HINT)
    app.state.streams = open_streams
    app.state.document = routes.document
    return app


async def page_events(observer: Observer, director: Director) -> AsyncGenerator[Event, None]:
    """What one page is told, in order, for as long as it listens."""
    loop = asyncio.get_running_loop()
    page = observer.open_page()
    fixed: dict[str, Any] = {}
    links: Any = None
    told: dict[str, Any] = {}
    told_s = 0.0
    try:
        while True:
            state = director.state()
            if page.take_behind() or _fixed(state) != fixed:
                # What is queued is in the panes already.
                page.renew()
                page.take_behind()
                fixed, links = _fixed(state), state.get("links")
                yield "state", {**state, "panes": observer.panes()}
            if state.get("links") != links:
                links = state.get("links")
                yield "links", {"links": links}
            pace = {name: state.get(name) for name in _PACE}
            if loop.time() - told_s >= PACE_EVERY_S or _without_time(pace) != _without_time(told):
                told, told_s = pace, loop.time()
                yield "pace", pace
            while (event := page.take()) is not None:
                yield event
            await page.wait(PACE_EVERY_S)
    finally:
        observer.close_page(page)


def _fixed(state: dict[str, Any]) -> dict[str, Any]:
    """What changes only when everything does."""
    return {name: value for name, value in state.items() if name not in {*_PACE, "links"}}


def _without_time(pace: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in pace.items() if name != "now_ns"}


class _Routes:
    """What answers each route."""

    def __init__(
        self, observer: Observer, director: Director, access: Access, files: PageFiles, streams: Streams
    ) -> None:
        self._observer = observer
        self._director = director
        self._access = access
        self._files = files
        self._streams = streams
        self.document: dict[str, Any] = {}

    async def enter(self, request: Request) -> ASGIApp:
        session = self._access.session(request.query_params.get("code", ""))
        if session is None:
            raise refusal(
                HTTPStatus.FORBIDDEN, "this is not the code that was printed: copy the whole address"
            )
        # Nothing of the address goes on but that the tour is to begin.
        tour = "?tour=1" if request.query_params.get("tour") == "1" else ""
        answer = RedirectResponse(f"/{tour}", HTTPStatus.SEE_OTHER)
        answer.set_cookie(SESSION_COOKIE, session, path="/", httponly=True, samesite="strict")
        return answer

    async def session(self, _: Request) -> ASGIApp:
        parties = self._director.state()["parties"]
        return json_answer({"exercise": True, "signed_in": True, "parties": parties})

    async def state(self, _: Request) -> ASGIApp:
        return json_answer({**self._director.state(), "panes": self._observer.panes()})

    async def stream(self, _: Request) -> ASGIApp:
        return await self._streams.begin(page_events(self._observer, self._director))

    async def control(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenControl)
        asked = [name for name in said.__struct_fields__ if getattr(said, name) is not UNSET]
        if len(asked) != 1 or said.restart is False:
            raise UsageError("ask for one thing: `paused`, `speed`, `regime`, `strike`, or `restart` as true")
        if said.paused is not UNSET:
            await self._director.set_paused(said.paused)
        elif said.speed is not UNSET:
            await self._director.set_speed(said.speed)
        elif said.regime is not UNSET:
            await self._director.set_regime(said.regime)
        elif said.strike is not UNSET:
            await self._director.strike(said.strike)
        else:
            await self._director.restart()
        return json_answer({"ok": True})

    async def health(self, _: Request) -> ASGIApp:
        return json_answer({"ok": True, "heard": self._observer.heard()})

    async def metrics(self, _: Request) -> ASGIApp:
        counts: dict[str, int | float] = {
            "pages_behind": self._observer.pages_behind,
            "streams_open": len(self._streams),
            **{f"node_up_{party}": int(up) for party, up in self._observer.heard().items()},
        }
        return metrics_answer(lambda: counts)

    async def openapi(self, _: Request) -> ASGIApp:
        return json_answer(self.document)

    async def file(self, request: Request) -> ASGIApp:
        answer = self._files.answer(request.path_params.get("name", ""))
        if answer is None:
            raise refusal(HTTPStatus.NOT_FOUND, NOTHING_HERE)
        return answer


def _operations(routes: _Routes) -> list[Operation]:
    get = partial(Operation, method="GET")
    code = {"name": "code", "in": "query", "required": True, "schema": {"type": "string", "maxLength": 512}}
    tour = {
        "name": "tour",
        "in": "query",
        "required": False,
        "description": "`1`: the page begins with its guided tour.",
        "schema": {"type": "string"},
    }
    moved = {
        "description": "Come in: the cookie of a session, and on to the page.",
        "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
    }
    return [
        get(
            path="/enter",
            handle=routes.enter,
            summary="Open a session with the code that was printed.",
            parameters=[code, tour],
            answer_status=HTTPStatus.SEE_OTHER,
            other_answers={303: moved},
            needs_token=False,
        ),
        get(
            path="/session",
            handle=routes.session,
            summary="That this is an exercise, and whose staff may be played.",
            answer=_SESSION,
        ),
        get(path="/api/state", handle=routes.state, summary="Everything, now.", answer=_OBJECT),
        get(
            path="/api/stream",
            handle=routes.stream,
            summary="Everything, as it changes.",
            answer_media=EVENTS,
            events=("state", "pace", "pane", "decisions", "links", "closed"),
            errors=(503,),
        ),
        Operation(
            method="POST",
            path="/api/control",
            handle=routes.control,
            summary="Pause, speed, regime, restart: one of them.",
            body=_CONTROL,
            answer=_DONE,
            errors=(408, 409, 413),
        ),
        get(path="/health", handle=routes.health, summary="Which nodes are heard.", answer=_OBJECT),
        get(
            path="/metrics", handle=routes.metrics, summary="Counts for Prometheus.", answer_media=MEDIA_TYPE
        ),
        get(path="/openapi.json", handle=routes.openapi, summary="This document.", answer=_OBJECT),
        get(path="/", handle=routes.file, summary="The page.", answer_media="text/html", any_query=True),
        get(path="/{name:path}", handle=routes.file, summary="Its files.", documented=False, any_query=True),
    ]
