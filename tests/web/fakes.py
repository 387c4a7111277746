"""A node, a director and a browser that are small enough to be seen through."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

import httpx
from starlette.types import ASGIApp
from tests.three_nodes import World

from trilat.model import Status, UsageError
from trilat.node import Condition, IntakeAnswer, Node, Pace, Storage
from trilat.node.conditions import condition_of
from trilat.web import Access

_T = TypeVar("_T")
INTAKE: Final = "1a" * 32
STAFF: Final = "2b" * 32
READER: Final = "3c" * 32
DIRECTOR: Final = "4d" * 32
OFFICER: Final = "7a" * 32
PAGE: Final = "5e" * 32
CODE: Final = "6f" * 32
HOST: Final = "127.0.0.1:8000"
NOW_NS: Final = 1_238_898_600_000_000_000


NODE_TOKENS: Final = {
    "intake": INTAKE,
    "staff": STAFF,
    "reader:OBS": READER,
    "director": DIRECTOR,
    "officer:kim": OFFICER,
}


def node_access() -> Access:
    return Access(NODE_TOKENS)


def page_access() -> Access:
    return Access({"page": PAGE}, same_origin=True, code=CODE)


def shown(name: str = "KOR-track-1", **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "version": 1,
        "kind": "track",
        "subject": "KOR-object-1",
        "domain": "missile",
        "originator": "KOR",
        "originators": ["KOR"],
        "sender": None,
        "form": None,
        "status": "simulated",
        "valid_ns": NOW_NS,
        "marking": "KOR II",
        **fields,
    }


def sight(key: str = "1", **fields: Any) -> dict[str, Any]:
    return {
        "key": key,
        "domain": "missile",
        "sources": ["KOR"],
        "stage": "powered",
        "confirmed": True,
        "valid_ns": NOW_NS,
        "lat": 40.0,
        "lon": 130.0,
        "height_m": 1_000.0,
        "speed_m_per_s": 100.0,
        "course_deg": 90.0,
        "ellipse": None,
        "height_sigma_m": None,
        **fields,
    }


def decision(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "number": number,
        "item_id": "KOR-track-1",
        "version": 1,
        "kind": "track",
        "originator": "KOR",
        "subject": "KOR-object-1",
        "sender": "KOR",
        "recipient": "USA",
        "via": None,
        "outcome": "permit",
        "reasons": ["clause-permits"],
        "clauses": ["us-kr.toml#tracks"],
        "form": "tracks",
        "at_ns": NOW_NS,
        "decided_ns": NOW_NS,
        **fields,
    }


def opened(reader: str = "OBS") -> tuple[str, dict[str, Any]]:
    said = {"party": "KOR", "reader": reader, "purpose": "drill", "status": "simulated"}
    return "opened", {**said, "at_ns": NOW_NS, "entry": 7}


def picture(at_ns: int = NOW_NS, **fields: Any) -> tuple[str, dict[str, Any]]:
    nothing: dict[str, Any] = {"changed": [], "gone": [], "sights": [], "sights_gone": [], "entry": None}
    return "picture", {"at_ns": at_ns, **nothing, **fields}


@cache
def real_node() -> Node:
    """A node for what has a module of its own there; nobody is linked to it."""
    return World().nodes["JPN"]


@dataclass
class FakeNode:
    """Takes every object that has a kind; answers from what it was given."""

    party: str = "KOR"
    status: Status = Status.SIMULATED
    batches: dict[str, tuple[bytes, IntakeAnswer]] = field(default_factory=dict)
    looks: list[tuple[str, bytes]] = field(default_factory=list)
    shown_to: list[tuple[str, str]] = field(default_factory=list)
    aside: list[tuple[str, str, bytes]] = field(default_factory=list)
    said: list[Any] = field(default_factory=list)
    events: list[tuple[str, Any]] = field(default_factory=lambda: [opened(), picture()])
    readers: list[str] = field(default_factory=list)
    closed: int = 0
    endless: bool = True
    more: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    error: Exception | None = None
    trouble: str | None = None
    real: Node | None = None
    """Does what has a module of its own in `trilat.node`."""

    runs: Pace = field(default_factory=lambda: Pace(from_wall_ns=0, instant_ns=NOW_NS, speed=20.0))

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    async def intake(self, reports: Sequence[Any], key: str, digest: bytes) -> IntakeAnswer:
        self._fail()
        known = self.batches.get(key)
        if known is not None:
            if known[0] != digest:
                raise UsageError(f"key `{key}` was used for another batch", conflict=True)
            return IntakeAnswer(known[1].accepted, known[1].refused, repeated=True)
        refused = tuple(
            (index, "not a report")
            for index, report in enumerate(reports)
            if not isinstance(report, dict) or "kind" not in report
        )
        answer = IntakeAnswer(len(reports) - len(refused), refused, repeated=False)
        self.batches[key] = (digest, answer)
        return answer

    async def looked(self, what: str, digest: bytes) -> None:
        self.looks.append((what, digest))

    async def on_node(self, job: Callable[[Node], _T]) -> _T:
        self._fail()
        return job(self.real or real_node())

    async def keep_aside(self, source: str, text: str, content: bytes) -> None:
        self._fail()
        self.aside.append((source, text, content))

    async def picture(self, reader: str, person: str = "") -> dict[str, Any]:  # noqa: ARG002
        self._fail()
        self.readers.append(reader)
        return {
            "at_ns": NOW_NS,
            "items": [shown()],
            "sights": [sight()],
            "decisions": [decision(1)],
            "entry": 7,
        }

    async def stream(
        self,
        reader: str,
        person: str = "",  # noqa: ARG002
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        self._fail()
        self.readers.append(reader)
        try:
            for event in self.events:
                yield event
            while self.endless and (event := await self.more.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed += 1

    async def referrals(self, person: str = "") -> list[dict[str, Any]]:
        self._fail()
        self.shown_to.append(("referrals", person))
        return [{"clause": "us-kr.toml#passing"}]

    async def answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        self._fail()
        self.said.append(dict(answer))
        return {"kind": "consent"}

    async def desk(self, who: str, person: str = "") -> dict[str, Any]:
        self._fail()
        self.shown_to.append(("desk", person))
        return {"who": who, "questions": []}

    async def answer_at_desk(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        self._fail()
        self.said.append((officer, dict(said)))
        return {"kind": "consent"}

    async def delegate(self, officer: str, deputy: str, for_s: int) -> dict[str, Any]:
        self._fail()
        self.said.append((officer, deputy, for_s))
        return {"step": "delegated"}

    async def declare(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        self._fail()
        self.said.append((officer, dict(said)))
        return {"kind": "declaration"}

    async def ask_onward(self, said: Mapping[str, Any]) -> dict[str, Any]:
        self._fail()
        self.said.append(dict(said))
        return {"kind": "request"}

    async def onward_requests(self, person: str = "") -> list[dict[str, Any]]:
        self._fail()
        self.shown_to.append(("onward", person))
        return []

    async def raise_warning(self, said: Mapping[str, Any]) -> dict[str, Any]:
        self._fail()
        self.said.append(dict(said))
        return {"warnings": []}

    async def retract_warning(self, key: str, text: str) -> dict[str, Any]:
        self._fail()
        self.said.append((key, text))
        return {"warnings": []}

    async def state(self, person: str = "") -> dict[str, Any]:
        self._fail()
        self.shown_to.append(("status", person))
        return {"party": self.party, "links": {"USA": {"up": True}}}

    async def condition(self, person: str = "") -> Condition:
        self._fail()
        self.shown_to.append(("health", person))
        return condition_of(self.real or real_node(), None, Storage(), NOW_NS, problem=self.trouble)

    async def sensors(self, person: str = "") -> list[dict[str, Any]]:
        self._fail()
        self.shown_to.append(("sensors", person))
        return [{"sensor": "R1", "suspect": False}]

    def pace(self) -> Pace:
        return self.runs

    async def set_pace(self, pace: Pace) -> None:
        self._fail()
        if self.status is Status.REAL:
            raise UsageError("the time of a real node is the world's")
        self.runs = pace

    async def timings(self, after: int) -> dict[str, Any]:
        self._fail()
        self.said.append(after)
        return {"after": after}

    def problem(self) -> str | None:
        return self.trouble

    def counts(self) -> Mapping[str, int | float]:
        return {"accepted_reports": 3, "link_up_USA": 1, "link_up_JPN": 0, "jobs_waiting": 2, "Odd Name": 1}


@dataclass
class FakeDirector:
    """Does what it is told and says what it was told."""

    told: list[Any] = field(default_factory=list)
    error: Exception | None = None
    now: dict[str, Any] = field(
        default_factory=lambda: {
            "title": "Drill",
            "regimes": [{"name": "hub-2014", "title": "Hub"}],
            "regime": "hub-2014",
            "parties": ["KOR", "USA"],
            "phase": "running",
            "message": "",
            "now_ns": NOW_NS,
            "speed": 20.0,
            "paused": False,
            "links": [{"from": "KOR", "to": "USA", "up": True}],
        }
    )

    def _note(self, what: Any) -> None:
        if self.error is not None:
            raise self.error
        self.told.append(what)

    async def set_paused(self, paused: bool) -> None:
        self._note({"paused": paused})

    async def set_speed(self, speed: float) -> None:
        self._note({"speed": speed})

    async def set_regime(self, regime: str) -> None:
        self._note({"regime": regime})

    async def restart(self) -> None:
        self._note({"restart": True})

    async def strike(self, struck: Sequence[str]) -> None:
        self._note({"strike": list(struck)})

    def state(self) -> dict[str, Any]:
        return dict(self.now)

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
        if party not in self.now["parties"]:
            raise UsageError(f"no node of `{party}` runs", conflict=True)
        self._note((party, method, path, said, dict(query or {}), officer))
        return {"asked": [], "asks": [], "losses": []}


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    token: str = "",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    content: Any = None,
) -> httpx.Response:
    """One request, answered whole."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or [])
    if token:
        pairs.append(("authorization", f"Bearer {token}"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
        return await client.request(method, path, headers=raw, content=content)


def error_of(response: httpx.Response) -> str:
    """The one line of an error; anything else fails."""
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert list(told) == ["error"]
    line = str(told["error"])
    assert line
    assert line.isprintable()
    return line


class Listener:
    """A reader of a stream, driven by hand."""

    def __init__(self, app: ASGIApp, path: str, token: str) -> None:
        self.status: int | None = None
        self.events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.comments = 0
        self.whole = False
        self.reads = asyncio.Event()
        self.reads.set()
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", HOST.encode()), (b"authorization", f"Bearer {token}".encode())],
            "client": ("127.0.0.1", 5),
        }
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.whole = not message.get("more_body")
        for block in message["body"].decode().split("\n\n"):
            if block.startswith(":"):
                self.comments += 1
            elif block.startswith("event: "):
                name, data = block.split("\n")
                event = (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
                self.events.put_nowait(event)

    async def next(self) -> tuple[str, Any]:
        async with asyncio.timeout(10):
            return await self.events.get()

    def leave(self) -> None:
        self._gone.set()

    async def end(self) -> None:
        async with asyncio.timeout(10):
            await self.task


@asynccontextmanager
async def listening(app: ASGIApp, path: str, token: str) -> AsyncIterator[Listener]:
    listener = Listener(app, path, token)
    try:
        yield listener
    finally:
        listener.reads.set()
        listener.leave()
        await listener.end()


async def until(true: Callable[[], Any], s_max: float = 20.0) -> None:
    """Wait for something to become true."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + s_max
    while not true():
        assert loop.time() < end_s, "it did not become true"
        await asyncio.sleep(0.01)
