"""Routes of accounts: sign in and out, one's own password, and what administrators and auditors do.

What is wrong with a sign-in is one sentence for all of it: who tries names learns none. Every try is an
entry of the ledger before it is answered.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from trilat.model import SECOND_NS
from trilat.node import (
    SETUP,
    AccessRecord,
    AccessStep,
    AccountRole,
    Node,
    audit_page,
    known_accounts,
)
from trilat.web.access import ROLE, SESSION_COOKIE, session_cookie
from trilat.web.account_shapes import (
    AuditPage,
    GivenAccount,
    GivenApproval,
    GivenName,
    GivenNewPassword,
    GivenPassword,
    GivenRole,
    GivenSignIn,
    GivenToken,
    GivenWithdrawal,
    ShownAccounts,
    ShownSession,
)
from trilat.web.answers import json_answer, refusal
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.passwords import Passwords
from trilat.web.people import People
from trilat.web.served import ServedNode
from trilat.web.shapes import given

_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_ERRORS: Final = (408, 413, 429, 503)
_ADMINISTRATOR: Final = frozenset({"administrator"})
_SIGNED_IN: Final = frozenset({"watch", "officer", "administrator", "auditor"})
NOT_SIGNED_IN: Final = "name and password do not fit, or the account may not sign in"
_DAY_NS: Final = 86_400 * SECOND_NS


class AccountRoutes:
    """What answers the routes of accounts."""

    def __init__(self, node: ServedNode, people: People, *, secure: bool, provider: bool = False) -> None:
        """Routes of a node; `secure` cookies go over TLS alone, which something before the node speaks.

        `provider` says whether the party's own identity provider signs people in.
        """
        self._node = node
        self._people = people
        self._passwords = Passwords()
        self._secure = secure
        self._provider = provider

    # --- signing in and out ---

    async def sign_in(self, request: Request) -> ASGIApp:
        """Sign in with name and password."""
        said = given(await read_json(request), GivenSignIn)
        client, now_s = client_of(request), self._people.now_s()
        for waiting in (said.name, f"@{client}"):
            wait_s = self._people.waits.wait_s(waiting, now_s)
            if wait_s:
                await self._note(AccessStep.REFUSED, said.name, client, "waits after wrong passwords")
                text = f"too many wrong passwords: try again in {wait_s:.0f} s"
                raise refusal(HTTPStatus.TOO_MANY_REQUESTS, text)
        account = (await self._node.on_node(lambda node: node.accounts.known)).accounts.get(said.name)
        verifier = account.verifier if account is not None and account.enabled else ""
        if account is None or not await self._passwords.fits(verifier, said.password):
            self._people.waits.failed(said.name, now_s)
            self._people.waits.failed(f"@{client}", now_s)
            await self._note(AccessStep.REFUSED, said.name, client, "name and password do not fit")
            raise refusal(HTTPStatus.UNAUTHORIZED, NOT_SIGNED_IN)
        self._people.waits.succeeded(said.name)
        if self._passwords.is_old(verifier):
            await self._keep(said.name, said.password)
        return await self.signed_in(said.name, request)

    async def signed_in(self, name: str, request: Request, answer: Response | None = None) -> Response:
        """Begin the session of an account; the answer carries its cookie."""
        await self._note(AccessStep.SIGNED_IN, name, client_of(request), "")
        self._people.sessions.end(session_cookie(request.headers))
        cookie = self._people.sessions.begin(name, self._people.now_s())
        told = answer or json_answer(self._session(cookie))
        told.set_cookie(
            SESSION_COOKIE, cookie, path="/", httponly=True, samesite="strict", secure=self._secure
        )
        return told

    async def sign_out(self, request: Request) -> ASGIApp:
        """End the session that asks."""
        name = self._people.sessions.end(session_cookie(request.headers))
        if name is not None:
            await self._note(AccessStep.SIGNED_OUT, name, client_of(request), "")
        answer = json_answer({"signed_in": False})
        answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict", secure=self._secure)
        return answer

    async def session(self, request: Request) -> ASGIApp:
        """Who is signed in, and the word of the session."""
        return json_answer(self._session(session_cookie(request.headers)))

    def _session(self, cookie: str) -> ShownSession:
        account = self._people.sessions.account(cookie, self._people.now_s()) if cookie else None
        fits = account is not None
        return ShownSession(
            exercise=False,
            party=self._node.party,
            status=self._node.status,
            provider=self._provider,
            signed_in=fits,
            name=account.name if account is not None else "",
            role=account.role.value if account is not None else "",
            word=self._people.sessions.word(cookie) if fits else "",
        )

    async def password(self, request: Request) -> ASGIApp:
        """Change one's own password."""
        said = given(await read_json(request), GivenNewPassword)
        name = name_of(request)
        account = (await self._node.on_node(lambda node: node.accounts.known)).accounts.get(name)
        now_s = self._people.now_s()
        if self._people.waits.wait_s(name, now_s):
            raise refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords: try again later")
        if account is None or not await self._passwords.fits(account.verifier, said.password):
            self._people.waits.failed(name, now_s)
            raise refusal(HTTPStatus.FORBIDDEN, "the password that you have now is another one")
        await self._keep(name, said.new_password)
        return await self.signed_in(name, request)

    async def _keep(self, name: str, password: str) -> None:
        verifier = await self._passwords.verifier(password)
        record = AccessRecord(step=AccessStep.PASSWORD, name=name, by=name, verifier=verifier)
        await self._node.on_node(lambda node: node.accounts.change(record))

    async def _note(self, step: AccessStep, name: str, client: str, reason: str) -> None:
        record = AccessRecord(step=step, name=name, by=name, client=client, reason=reason)
        await self._node.on_node(lambda node: node.accounts.note(record))

    # --- what administrators do ---

    async def accounts(self, _: Request) -> ASGIApp:
        """All accounts, without secrets."""
        return json_answer(await self._node.on_node(known_accounts))

    async def create(self, request: Request) -> ASGIApp:
        """Make an account."""
        said = given(await read_json(request), GivenAccount)
        verifier = await self._passwords.verifier(said.password) if said.password else ""
        return await self._change(
            request, step=AccessStep.CREATED, name=said.name, role=AccountRole(said.role), verifier=verifier
        )

    async def set_role(self, request: Request) -> ASGIApp:
        """Give an account another role."""
        said = given(await read_json(request), GivenRole)
        return await self._change(request, step=AccessStep.ROLE, name=said.name, role=AccountRole(said.role))

    async def reset(self, request: Request) -> ASGIApp:
        """Give an account a new password."""
        said = given(await read_json(request), GivenPassword)
        verifier = await self._passwords.verifier(said.password)
        return await self._change(request, step=AccessStep.PASSWORD, name=said.name, verifier=verifier)

    async def disable(self, request: Request) -> ASGIApp:
        """Let an account not sign in."""
        return await self._named(request, AccessStep.DISABLED)

    async def enable(self, request: Request) -> ASGIApp:
        """Let an account sign in again."""
        return await self._named(request, AccessStep.ENABLED)

    async def remove(self, request: Request) -> ASGIApp:
        """Remove an account."""
        return await self._named(request, AccessStep.REMOVED)

    async def _named(self, request: Request, step: AccessStep) -> ASGIApp:
        said = given(await read_json(request), GivenName)
        return await self._change(request, step=step, name=said.name)

    async def token(self, request: Request) -> ASGIApp:
        """Make a token, shown this once."""
        said = given(await read_json(request), GivenToken)
        secret = token_hex(32)
        now_ns = await self._node.on_node(lambda node: node.clock.now_ns())
        return await self._change(
            request,
            {"token": secret},
            step=AccessStep.TOKEN,
            name=said.name,
            token=said.token,
            digest=sha256(secret.encode()).digest(),
            until_ns=now_ns + said.days * _DAY_NS,
        )

    async def withdraw(self, request: Request) -> ASGIApp:
        """Withdraw a token."""
        said = given(await read_json(request), GivenWithdrawal)
        return await self._change(request, step=AccessStep.WITHDRAWN, name=said.name, token=said.token)

    async def approve(self, request: Request) -> ASGIApp:
        """Approve a proposal, or drop it."""
        said = given(await read_json(request), GivenApproval)
        by = name_of(request)

        def settle(node: Node) -> AccessRecord:
            accounts = node.accounts
            return accounts.approve(said.proposal, by) if said.approve else accounts.drop(said.proposal, by)

        return json_answer(_told(await self._node.on_node(settle)))

    async def _change(self, request: Request, beside: dict[str, Any] | None = None, **fields: Any) -> ASGIApp:
        record = AccessRecord(by=name_of(request), client=client_of(request), **fields)
        written = await self._node.on_node(lambda node: node.accounts.change(record))
        return json_answer({**_told(written), **(beside or {})})

    # --- what auditors do ---

    async def audit(self, request: Request) -> ASGIApp:
        """A page of who did and saw what."""
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= 15):
            raise refusal(HTTPStatus.BAD_REQUEST, "`after` must be a whole number, not negative")
        by = name_of(request)
        return json_answer(await self._node.on_node(lambda node: audit_page(node, int(after), by)))


def name_of(request: Request) -> str:
    """The account that asks; `setup` with the administrator's token of the node's folder."""
    return str(request.scope[ROLE]).partition(":")[2] or SETUP


def client_of(request: Request) -> str:
    """Where a request comes from."""
    return str(request.client.host)[:60] if request.client is not None else "unknown"


def _told(record: AccessRecord) -> dict[str, Any]:
    """A change as it is answered: nothing secret, and whether it waits for somebody."""
    plain: dict[str, Any] = {
        "step": record.step.value,
        "name": record.name,
        "by": record.by,
        "waits": record.step is AccessStep.PROPOSED,
    }
    if record.proposal:
        plain["proposal"] = record.proposal
    return plain


def account_operations(routes: AccountRoutes) -> list[Operation]:
    """The rows of accounts in the table of operations."""
    anyone = partial(Operation, answer=_OBJECT, errors=_ERRORS)
    mine = partial(anyone, roles=_SIGNED_IN)
    post = partial(Operation, method="POST", answer=_OBJECT, errors=(*_ERRORS, 409), roles=_ADMINISTRATOR)
    after = {
        "name": "after",
        "in": "query",
        "required": False,
        "description": "The number of the last entry that was seen.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1, "default": 0},
    }
    rows: list[tuple[str, Callable[[Request], Any], str, type[msgspec.Struct]]] = [
        ("/accounts", routes.create, "Make an account.", GivenAccount),
        ("/accounts/role", routes.set_role, "Give an account another role.", GivenRole),
        ("/accounts/password", routes.reset, "Give an account a new password.", GivenPassword),
        ("/accounts/disable", routes.disable, "Let an account not sign in any more.", GivenName),
        ("/accounts/enable", routes.enable, "Let an account sign in again.", GivenName),
        ("/accounts/remove", routes.remove, "Remove an account and its tokens.", GivenName),
        ("/accounts/approve", routes.approve, "Approve or drop a proposal.", GivenApproval),
        ("/tokens", routes.token, "Make a token for a program; it is shown once.", GivenToken),
        ("/tokens/withdraw", routes.withdraw, "Withdraw a token.", GivenWithdrawal),
    ]
    return [
        anyone(
            method="POST",
            path="/signin",
            handle=routes.sign_in,
            summary="Sign in with name and password; the session is a cookie.",
            body=GivenSignIn,
            answer=ShownSession,
            needs_token=False,
        ),
        mine(method="POST", path="/signout", handle=routes.sign_out, summary="End one's session."),
        anyone(
            method="GET",
            path="/session",
            handle=routes.session,
            summary="Whose node this is, and who is signed in.",
            answer=ShownSession,
            needs_token=False,
        ),
        mine(
            method="POST",
            path="/password",
            handle=routes.password,
            summary="Change one's own password; other sessions end.",
            body=GivenNewPassword,
            answer=ShownSession,
        ),
        anyone(
            method="GET",
            path="/accounts",
            handle=routes.accounts,
            summary="Accounts, tokens and proposals; nothing secret.",
            answer=ShownAccounts,
            roles=_ADMINISTRATOR,
        ),
        *(post(path=path, handle=handle, summary=text, body=body) for path, handle, text, body in rows),
        anyone(
            method="GET",
            path="/audit",
            handle=routes.audit,
            summary="Who did and saw what, from an entry on; the look is recorded.",
            answer=AuditPage,
            roles=frozenset({"auditor"}),
            parameters=[after],
        ),
    ]
