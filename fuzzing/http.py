"""The HTTP interface of a real node on loopback: schemathesis asks every operation for every role.

What is judged: no answer of 5xx but 503; every error is one line of JSON; who may not do something never gets
an answer of success; a role that only reads leaves nothing in the ledger but that it read.
Afterwards the node still answers, and its ledger verifies.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock

import httpx
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.result import Ok
from tests.small_federation import START_NS, at, federation_of, launch, play

from trilat.ledger import EntryKind
from trilat.node import DeskSettings, ManualClock, NodeService, Pace, PacedClock
from trilat.web import Access, People, Served, node_app, passwords, serve

PARTY: Final = "JPN"
WORDS: Final = "correct horse battery"
TOKENS: Final = {
    "administrator": "1a" * 32,
    "staff": "2b" * 32,
    "reader:OBS": "3c" * 32,
    "director": "4d" * 32,
    "intake": "5e" * 32,
    "officer:kim": "6f" * 32,
}
ACCOUNTS: Final = ("watch", "release", "administrator", "auditor")
"""Roles of accounts; each has one, which signs in as a program with a token of its own."""

_STANDS: Final = Pace(from_wall_ns=0, instant_ns=START_NS, speed=0.0)
_ENDLESS: Final = "/stream"
_SECONDS_EACH: Final = 10.0
_READ_ONLY: Final = {EntryKind.READING, EntryKind.ACCESS, EntryKind.REFUSAL}
MAY_LEAVE: Final[Mapping[str, set[EntryKind]]] = {
    "reader:OBS": _READ_ONLY,
    # A look at `GET /alerts` is a row of the desk.
    "auditor": _READ_ONLY | {EntryKind.DESK},
    "nobody": {EntryKind.ACCESS, EntryKind.REFUSAL},
    "administrator": _READ_ONLY | {EntryKind.DESK},
}
"""Kinds of entries that a role's requests may leave; other roles do what their people are there for."""

ORDER: Final = (
    *("reader:OBS", "account:auditor", "nobody", "administrator", "account:administrator", "intake"),
    *("officer:kim", "account:release", "account:watch", "staff", "director"),
)
"""Who acts comes after who only reads, and last who moves time, so that what is left can be told apart."""


BODIES: Final = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe{}",
    b'{"a": NaN}',
    b'{"a": 1, "a": 2}',
    b'{"reports": ' + b"[" * 20_000,
    b'{"name": ' + b"9" * 5_000 + b"}",
    b'{"name": "' + b"a" * 60_000 + b'"}',
    b'{"name": "\\ud800"}',
    b" " * 5_000_000,
)
"""The last is larger than any operation takes."""


@dataclass
class Attack:
    """What was asked, and what was wrong with the answers."""

    asked: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    """By operation and kind of fault, the first that was found."""

    def judge(self, role: str, case: Any, answer: Any, roles: frozenset[str]) -> None:
        """Look at one answer."""
        self.asked += 1
        self.answers[answer.status_code] += 1
        where = f"{role}: {case.method} {case.path}"
        for fault in _faults(role, case, answer, roles):
            self.faults.setdefault(f"{where}: {fault[:120]}", _told(case))


def _faults(role: str, case: Any, answer: Any, roles: frozenset[str]) -> Iterator[str]:
    status, content = answer.status_code, answer.content
    if status >= 500 and status != 503:
        yield f"answered {status}"
    if status >= 400 and case.method != "HEAD":
        try:
            told = json.loads(content)["error"]
            if not told.isprintable() or not told:
                yield "an error is not one line"
        except (ValueError, KeyError, TypeError, AttributeError):
            yield f"an error of {status} is not JSON: {content[:60]!r}"
    if status < 300 and roles and kind_of(role) not in roles:
        yield f"{role} may not, and was answered {status}"


def kind_of(role: str) -> str:
    """`watch` of `account:watch`, `reader` of `reader:OBS`: as the document names who may."""
    first, _, rest = role.partition(":")
    # An account that releases is an officer by its name.
    return {"release": "officer"}.get(rest, rest) if first == "account" else first


def _told(case: Any) -> str:
    return f"query {case.query!r:.200} body {case.body!r:.300}"


class RealNode:
    """JPN's node after a launch, behind its HTTP interface on loopback, in a thread of its own."""

    def __init__(self) -> None:
        """Nothing is served yet; see `served`."""
        federation = federation_of("separate-2009", 12, desks={PARTY: DeskSettings(officers=("kim",))})
        seen = launch(federation.nodes[PARTY])
        self.node = play(federation, [(at(1), PARTY, seen)]).nodes[PARTY]
        self.tokens = dict(TOKENS)
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._served: Served | None = None

    @contextmanager
    def served(self) -> Iterator["RealNode"]:
        """Serve while the context lasts."""
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        with mock.patch.object(passwords, "_HASHER", cheap):
            self._thread.start()
            assert self._ready.wait(60), "the node is not there"
            try:
                self._make_accounts()
                yield self
            finally:
                self._loop.call_soon_threadsafe(self._stop.set)
                self._thread.join(60)
        assert not self._thread.is_alive(), "the node does not end"

    @property
    def address(self) -> str:
        """Where it is served."""
        assert self._served is not None, "it is served"
        return self._served.address

    def ask(self, role: str, method: str, path: str, said: Any = None) -> httpx.Response:
        """One request of a role."""
        headers = {"authorization": f"Bearer {self.tokens[role]}"}
        return httpx.request(
            method, self.address + path, json=said, headers=headers, timeout=_SECONDS_EACH, trust_env=False
        )

    def kinds(self) -> Counter[EntryKind]:
        """How many entries of each kind the ledger has."""
        return Counter(stored.kind for stored in self.node.ledger.entries())

    def _make_accounts(self) -> None:
        for role in ACCOUNTS:
            made = {"name": f"an-{role}", "role": role, "password": WORDS}
            assert self.ask("administrator", "POST", "/accounts", made).status_code == 200
            told = self.ask("administrator", "POST", "/tokens", {"name": f"an-{role}", "token": "fuzz"})
            assert told.status_code == 200, told.text
            self.tokens[f"account:{role}"] = told.json()["token"]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        assert isinstance(self.node.clock, ManualClock)
        service = NodeService(self.node, self.node.clock, PacedClock(_STANDS), time.time_ns)
        service.start()
        people = People(
            lambda: self.node.accounts.known,
            idle_s=1_800,
            session_s=43_200,
            per_s=1e6,
            now_s=time.monotonic,
            wall_ns=lambda: START_NS,
        )
        app = node_app(service, Access(dict(TOKENS), people=people))
        self._served = await serve(app)
        self._ready.set()
        await self._stop.wait()
        await self._served.stop()
        await service.stop()


def attack(real: RealNode, examples: int, begin: int = 1) -> Attack:
    """Ask every operation for every role, so many times soundly and as many times not."""
    found = Attack()
    told = real.ask("staff", "GET", "/openapi.json").json()
    config = SchemathesisConfig(
        projects=ProjectsConfig(
            default=ProjectConfig(base_url=real.address, generation=GenerationConfig(max_examples=examples))
        )
    )
    operations = []
    for result in schemathesis.openapi.from_dict(told, config=config).get_all_operations():
        if isinstance(result, Ok):
            operations.append(result.ok())
        else:
            found.faults[f"the document is not whole: {result.err()}"[:200]] = ""
    assert set(ORDER) == {"nobody", *real.tokens}, "every role has its turn"
    for role in ORDER:
        token = real.tokens.get(role, "0f" * 32)
        before = real.kinds()
        for operation in operations:
            if operation.path != _ENDLESS:
                _ask(found, operation, role, token, examples, begin)
        _bodies(found, real, operations, role, token)
        left = {kind for kind, count in real.kinds().items() if count > before[kind]}
        allowed = MAY_LEAVE.get(role.removeprefix("account:"))
        if allowed is not None and not left <= allowed:
            found.faults[f"{role} left {sorted(kind.value for kind in left - allowed)} in the ledger"] = ""
    _afterwards(found, real)
    return found


def _ask(found: Attack, operation: Any, role: str, token: str, examples: int, begin: int) -> None:
    roles = _roles(operation)
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

        @seed(begin)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            try:
                answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=_SECONDS_EACH)
            except requests.Timeout:
                found.faults[f"{role}: {case.method} {case.path}: no answer in {_SECONDS_EACH} s"] = _told(
                    case
                )
            else:
                found.judge(role, case, answer, roles)

        try:
            ask()
        except Unsatisfiable:
            continue  # An operation that takes nothing has nothing to be got wrong.


def _roles(operation: Any) -> frozenset[str]:
    return roles_of(operation.definition.raw["description"])


def roles_of(description: str) -> frozenset[str]:
    """Who may, as the document says: `For administrator, staff.` None where everybody may."""
    said = description.removeprefix("For ").removesuffix(".")
    return frozenset() if said == "any role" else frozenset(said.split(", "))


@dataclass(frozen=True)
class _Raw:
    """A request that no schema describes."""

    method: str
    path: str
    body: bytes
    query: str = ""


def _bodies(found: Attack, real: RealNode, operations: list[Any], role: str, token: str) -> None:
    """Bodies that are no JSON of anybody's, to each operation that takes one."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "idempotency-key": "a"}
    with httpx.Client(base_url=real.address, headers=headers, timeout=60, trust_env=False) as client:
        for operation in operations:
            if operation.method.upper() not in {"POST", "PUT"}:
                continue
            for body in BODIES:
                raw = _Raw(operation.method.upper(), operation.path, body)
                try:
                    answer = client.request(raw.method, raw.path, content=body)
                except httpx.WriteError:
                    found.asked += 1  # It was refused by its length alone, and closed.
                    continue
                found.judge(role, raw, answer, _roles(operation))


def _afterwards(found: Attack, real: RealNode) -> None:
    """The node answers, streams, and its ledger is whole."""
    health = real.ask("staff", "GET", "/health")
    if health.status_code != 200 or not health.json()["ok"]:
        found.faults["the node is not well afterwards"] = health.text
    headers = {"authorization": f"Bearer {real.tokens['reader:OBS']}"}
    with httpx.stream("GET", real.address + _ENDLESS, headers=headers, timeout=30, trust_env=False) as stream:
        if not next(stream.iter_lines()):
            found.faults["the stream says nothing afterwards"] = ""
    verified = real.node.ledger.verify()
    if not verified.verified:
        found.faults["the ledger does not verify afterwards"] = str(verified)
