"""Who may ask: `Access` knows, and `Guard` stands before every route, those that do not exist among them.

Each request is checked in this order, and the first check that fails is the answer
1. one Host header (400), and it names this service (421): a page elsewhere cannot come in by its own name;
2. an Origin header, where there is one, is allowed (403): a page of another origin gets nothing;
3. a way in without a token: `/enter` with its code, where people sign in, the files of a node's page;
4. a bearer token, or a session's cookie where there are sessions (401); the token tells the role;
5. a session's own word where the request changes something (403): another site's page does not have it;
6. a rate for each account, token and unknown address (429).

Tokens are compared by their SHA-256 digests, each with every one that is known, so that the time taken tells
nothing. A token in an address is never looked at: addresses end up in logs and histories. What this leaves to
others: the network between (it is plain HTTP), and what a role may do (`trilat.web.operations`).
"""

import asyncio
import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trilat.model import UsageError
from trilat.web.answers import error_answer
from trilat.web.denials import Denial
from trilat.web.people import OPEN_PATHS, People

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
ROLE: Final = "trilat.role"
"""Where a request's scope holds the role of who asks."""

PAGE: Final = "page"
"""The role of a browser's session."""

SESSION_COOKIE: Final = "trilat_session"
TOKEN_HEX_DIGITS_MIN: Final = 32
TOKEN_CHARACTERS_MAX: Final = 512

SECURITY_HEADERS: Final[dict[str, str]] = {
    "content-security-policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer. `cache-control: no-store` is too, but for files that say otherwise."""

_REFUSALS_LOGGED_MAX: Final = 20
_REFUSALS_LOGGED_S: Final = 60.0
"""So many refused attempts are logged in so many seconds; how many more there were, the next line says."""

_HEX: Final = re.compile(r"[0-9a-fA-F]*")
_ROLE_PATTERN: Final = re.compile(
    r"intake|staff|director|administrator|page|reader:[A-Z][A-Z0-9]{1,11}(/[a-z][a-z0-9-]{0,30})?"
    r"|officer:[a-z][a-z0-9-]{0,30}"
)

_log = structlog.get_logger("trilat.web")


class Access:
    """Tokens by role, and the hosts and origins that are allowed."""

    def __init__(
        self,
        tokens: Mapping[str, str],
        *,
        hosts: Collection[str] = LOOPBACK_HOSTS,
        origins: Collection[str] = (),
        same_origin: bool = False,
        code: str | None = None,
        people: People | None = None,
        open_paths: Collection[str] = (),
    ) -> None:
        """Who may ask.

        Args:
            tokens: hex digits of a token by role: `intake`, `staff`, `reader:CODE` or `officer:NAME` (or with
                `-`, as the file of its token is named), `director`, `page`.
            hosts: names that the Host header may have; one without a port is allowed at every port.
            origins: origins that may ask, as browsers write them: `http://127.0.0.1:8000`.
            same_origin: whether pages that this service itself gave out may ask.
            code: hex digits that open a session at `/enter`; without it there are no sessions.
            people: accounts that sign in and have tokens of their own, and the rates of all; without them
                there are neither.
            open_paths: what anybody may read here: the files of a page, which hold nothing.

        Raises:
            UsageError: a token or the code is too short to be secret, two are the same, or a role is unknown.
        """
        self._roles: dict[bytes, str] = {}
        for name, token in tokens.items():
            role = re.sub(r"^(reader|officer)-", r"\1:", name)
            if not _ROLE_PATTERN.fullmatch(role):
                raise UsageError(
                    f"`{role[:40]}` is not a role: write intake, staff, director, page, reader:CODE or"
                    " officer:NAME"
                )
            self._roles[_digest_of_secret(role, token)] = role
        self._code = None if code is None else _digest_of_secret("code", code)
        if len(self._roles) != len(tokens) or self._code in self._roles:
            raise UsageError("two roles have the same token: make one for each")
        self._session = secrets.token_hex(32)
        self._session_digest = _digest(self._session)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)
        self._same_origin = same_origin
        self.people = people
        self._open_paths = frozenset(open_paths)

    def __repr__(self) -> str:
        """Roles only: a token is never shown."""
        return f"Access(roles={sorted(self._roles.values())}, tokens=masked)"

    @property
    def has_sessions(self) -> bool:
        """Whether a browser can open a session with a code."""
        return self._code is not None

    def denial(self, headers: Headers) -> Denial | None:
        """What is wrong with where a request is sent to and comes from; None where nothing is."""
        hosts = headers.getlist("host")
        if len(hosts) != 1:  # 1
            return Denial(HTTPStatus.BAD_REQUEST, "write one Host header")
        host = hosts[0].lower()
        if host not in self._hosts and _without_port(host) not in self._hosts:  # 1
            return Denial(
                HTTPStatus.MISDIRECTED_REQUEST, "this service has another name: use its own address"
            )
        for origin in headers.getlist("origin"):  # 2
            own = self._same_origin and origin.lower() in {f"http://{host}", f"https://{host}"}
            if origin not in self._origins and not own:
                return Denial(HTTPStatus.FORBIDDEN, "pages of another origin may not ask here")
        return None

    def role(self, headers: Headers) -> str | None:
        """The role of who asks; None where there is no token that is known."""
        role = None
        presented = _digest(_bearer_token(headers))
        for known, its_role in self._roles.items():
            if hmac.compare_digest(known, presented):
                role = its_role
        cookie = _digest(session_cookie(headers))
        if hmac.compare_digest(cookie, self._session_digest) and self.has_sessions:
            role = role or PAGE
        if role is None and self.people is not None:
            role = self.people.role_of_token(_bearer_token(headers))
        return role

    def may_still(self, headers: Headers, role: str) -> bool:
        """Whether who asked with these headers is still of that role: sessions end, accounts are changed.

        An open stream uses its session: who only looks stays signed in.
        """
        now = self.role(headers)
        if now is None and self.people is not None:
            now = self.people.role_of_cookie(session_cookie(headers))
        return now == role

    def is_open(self, method: str, path: str) -> bool:
        """Whether anybody may read this."""
        return method in {"GET", "HEAD"} and path in self._open_paths

    def session(self, code: str) -> str | None:
        """The value of a session's cookie for who knows the code; None for who does not."""
        presented = _digest(code[:TOKEN_CHARACTERS_MAX])
        known = self._code is not None and hmac.compare_digest(presented, self._code)
        return self._session if known else None


def account_of(scope: Scope) -> str:
    """The account, or the officer, that a request is from; empty for a token of nobody in particular."""
    role, _, name = str(scope[ROLE]).partition(":")
    return "" if role == "reader" else name


class Guard:
    """Lets through who may ask, refuses the rest, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access, hint: str = "") -> None:
        """A guard before `app`. `hint` says to who has no token where it is to be had."""
        self._app = app
        self._access = access
        self._hint = hint or "send `Authorization: Bearer TOKEN` with a token of this service"
        self._attempts = _AttemptLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on with its role."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        denial = self._access.denial(headers)
        # 3: the code in the address is judged by the route itself.
        enters = self._access.has_sessions and scope["path"] == "/enter"
        role = self._access.role(headers)
        people = self._access.people
        if people is not None and denial is None:
            role, denial = _person(people, role, scope, headers)
            enters = scope["path"] in OPEN_PATHS
        enters = enters or self._access.is_open(scope["method"], scope["path"])
        if denial is None and role is None and not enters:  # 4
            denial = Denial(HTTPStatus.UNAUTHORIZED, self._hint)
        if denial is None:
            scope[ROLE] = role
            await self._app(scope, receive, _with_headers(send))
            return
        self._attempts.note(scope, denial)
        extra = {"www-authenticate": "Bearer"} if denial.status is HTTPStatus.UNAUTHORIZED else {}
        if denial.retry_after_s:
            extra["retry-after"] = str(max(1, round(denial.retry_after_s)))
        answer = error_answer(denial.status, denial.text, extra)
        await answer(scope, receive, _with_headers(send))


def _person(
    people: People, role: str | None, scope: Scope, headers: Headers
) -> tuple[str | None, Denial | None]:
    """The role of who asks with a session too, and what is wrong with how it asks (5, 6)."""
    denial = None
    if role is None:
        cookie = session_cookie(headers)
        role = people.role_of_cookie(cookie)
        if role is not None and scope["path"] not in OPEN_PATHS:
            denial = people.foreign(scope["method"], cookie, headers)
    client = str((scope.get("client") or ("unknown", 0))[0])
    wait_s = people.too_often(role, client)
    if wait_s:
        text = f"too many requests: ask again in {wait_s:.1f} s"
        return role, Denial(HTTPStatus.TOO_MANY_REQUESTS, text, wait_s)
    return role, denial


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


class _AttemptLog:
    """One line for a refused attempt, without what was presented; no more lines than a person could read."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._written = 0
        self._left_out = 0

    def note(self, scope: Scope, denial: Denial) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._since_s >= _REFUSALS_LOGGED_S:
            self._since_s, self._written = now_s, 0
        if self._written >= _REFUSALS_LOGGED_MAX:
            self._left_out += 1
            return
        self._written += 1
        client = scope.get("client") or ("unknown", 0)
        _log.warning(
            "request refused",
            status=int(denial.status),
            reason=denial.text,
            client=str(client[0])[:60],
            method=str(scope["method"])[:20],
            path=str(scope["path"])[:100].encode("unicode_escape").decode("ascii"),
            left_out=self._left_out,
        )
        self._left_out = 0


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _digest_of_secret(name: str, secret: str) -> bytes:
    if not _HEX.fullmatch(secret) or not TOKEN_HEX_DIGITS_MIN <= len(secret) <= TOKEN_CHARACTERS_MAX:
        raise UsageError(
            f"the token of `{name}` is not {TOKEN_HEX_DIGITS_MIN} to {TOKEN_CHARACTERS_MAX} hex digits:"
            " make it anew"
        )
    return _digest(secret)


def _bearer_token(headers: Headers) -> str:
    """The one token of the one Authorization header; empty where there is none, or more than one."""
    values = headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip()[:TOKEN_CHARACTERS_MAX] if scheme.lower() == "bearer" else ""


def session_cookie(headers: Headers) -> str:
    """The value of the session's cookie; empty where there is none."""
    for pair in ";".join(headers.getlist("cookie")).split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == SESSION_COOKIE:
            return value.strip()[:TOKEN_CHARACTERS_MAX]
    return ""


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
