"""Sign-in through the party's own identity provider: OpenID Connect Core 1.0, authorization code with PKCE.

Rules
1. The provider says who somebody is, and nothing about what they may do: the account must be here, made by an
   administrator. A claim of the token names it.
2. Issuer, audience, expiry, nonce and signature of the ID token are checked (section 3.1.3.7), by Authlib;
   only signatures with public keys are taken, never `none` or a shared secret.
3. Each attempt has its own state, nonce and PKCE verifier, kept here for some minutes, good once, and bound
   to the browser that began it by a cookie: nobody can be signed in as another by a link.
4. The provider is spoken to over TLS, but on loopback.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from trilat.model import UsageError
from trilat.node import AccessRecord, AccessStep, is_loopback
from trilat.web.account_routes import AccountRoutes, client_of
from trilat.web.answers import refusal
from trilat.web.operations import Operation
from trilat.web.served import ServedNode

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
_PENDING_MAX: Final = 200
_PENDING_S: Final = 600.0
_ANSWER_S: Final = 10.0
_LEEWAY_S: Final = 60
_COOKIE: Final = "trilat_oidc"
_FAILED: Final = "the identity provider did not say who you are: sign in again, or ask your administrator"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """What the node is told of the provider."""

    issuer: str
    client_id: str
    client_secret: str
    back: str
    """Where the provider sends people back to: this node's `/oidc/back`, as browsers reach it."""

    claim: str = "preferred_username"

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"Provider(issuer={self.issuer!r}, client_id={self.client_id!r}, ***)"

    def check(self) -> None:
        """UsageError where the provider, or the way back, is not over TLS and not on loopback (rule 4)."""
        for name, address in (("issuer", self.issuer), ("back", self.back)):
            parts = urlsplit(address)
            if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
                raise UsageError(f"oidc.{name} `{address[:80]}` is not https: nobody is sent there")


@dataclass(slots=True)
class _Pending:
    nonce: str
    verifier: str
    browser: str
    begun_s: float


class OpenIdConnect:
    """Signs people in through one provider."""

    def __init__(
        self,
        provider: Provider,
        node: ServedNode,
        routes: AccountRoutes,
        now_s: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Nobody is on the way.

        Raises:
            UsageError: as of `Provider.check`.
        """
        provider.check()
        self._provider = provider
        self._node = node
        self._routes = routes
        self._now_s = now_s
        self._transport = transport
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._metadata: dict[str, Any] | None = None

    async def start(self, _: Request) -> ASGIApp:
        """Send a browser to the provider."""
        metadata = await self._discovered()
        state, browser = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        pending = _Pending(secrets.token_urlsafe(24), secrets.token_urlsafe(48), browser, self._now_s())
        self._pending[state] = pending
        if len(self._pending) > _PENDING_MAX:
            self._pending.popitem(last=False)
        asked = {
            "response_type": "code",
            "scope": "openid profile",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.back,
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": create_s256_code_challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        there = f"{metadata['authorization_endpoint']}?{urlencode(asked)}"
        answer = RedirectResponse(there, HTTPStatus.SEE_OTHER)
        # Lax: the way back begins at the provider's site, and a strict cookie would not come along.
        answer.set_cookie(
            _COOKIE,
            browser,
            path="/oidc",
            max_age=int(_PENDING_S),
            httponly=True,
            samesite="lax",
            secure=self._provider.back.startswith("https:"),
        )
        return answer

    async def back(self, request: Request) -> ASGIApp:
        """Sign in who comes back from the provider."""
        state, code = (request.query_params.get(name, "")[:2_048] for name in ("state", "code"))
        pending = self._pending.pop(state, None)
        browser = request.cookies.get(_COOKIE, "")
        if pending is None or self._now_s() - pending.begun_s > _PENDING_S:
            raise refusal(HTTPStatus.BAD_REQUEST, "this sign-in is not known here any more: begin again")
        same = hmac.compare_digest(browser.encode("utf-8", "surrogateescape"), pending.browser.encode())
        if not code or not same:
            raise refusal(
                HTTPStatus.BAD_REQUEST, "this sign-in was begun elsewhere, or not allowed: begin again"
            )
        name = await self._name(code, pending)
        known = await self._node.on_node(lambda node: node.accounts.known)
        account = known.accounts.get(name)
        if account is None or not account.enabled:
            who = name[:80] or "nobody"
            reason = "the identity provider names no account of this node"
            record = AccessRecord(
                step=AccessStep.REFUSED, name=who, by=who, client=client_of(request), reason=reason
            )
            await self._node.on_node(lambda node: node.accounts.note(record))
            raise refusal(HTTPStatus.FORBIDDEN, _FAILED)
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(_COOKIE, path="/oidc")
        signed_in: ASGIApp = await self._routes.signed_in(name, request, answer)
        return signed_in

    async def _name(self, code: str, pending: _Pending) -> str:
        """The account's name in the claims of a sound ID token; a refusal of one line otherwise."""
        provider, metadata = self._provider, await self._discovered()
        try:
            async with self._client() as client:
                answer = await client.post(
                    metadata["token_endpoint"],
                    data={
                        "grant_type": "authorization_code",
                        "code": code,
                        "redirect_uri": provider.back,
                        "code_verifier": pending.verifier,
                    },
                    auth=(provider.client_id, provider.client_secret),
                )
                token = answer.raise_for_status().json()
                answer = await client.get(metadata["jwks_uri"])
                keys = KeySet.import_key_set(answer.raise_for_status().json())
            decoded = jwt.decode(str(token.get("id_token", "")), keys, algorithms=list(ALGORITHMS))
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": provider.issuer},
                    "aud": {"essential": True, "value": provider.client_id},
                    "exp": {"essential": True},
                    "iat": {"essential": True},
                },
                {"nonce": pending.nonce, "client_id": provider.client_id},
            )
            claims.validate(leeway=_LEEWAY_S)
            _same("nonce", claims.get("nonce"), pending.nonce)
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise refusal(HTTPStatus.FORBIDDEN, _FAILED) from error
        except Exception as error:
            # Authlib's own errors have no base in common but Exception.
            if not type(error).__module__.startswith("authlib"):
                raise
            raise refusal(HTTPStatus.FORBIDDEN, _FAILED) from error
        name = claims.get(provider.claim)
        return name if isinstance(name, str) else ""

    async def _discovered(self) -> dict[str, Any]:
        """The provider's description of itself (OpenID Connect Discovery 1.0, section 4), fetched once."""
        if self._metadata is None:
            address = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                async with self._client() as client:
                    told = (await client.get(address)).raise_for_status().json()
                _same("issuer", told["issuer"], self._provider.issuer)
                names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                found = {name: str(told[name]) for name in names}
                for where in found.values():
                    replace(self._provider, issuer=where).check()
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                raise refusal(
                    HTTPStatus.BAD_GATEWAY,
                    "the identity provider cannot be asked: sign in with a password, or later",
                ) from error
            self._metadata = found
        return self._metadata

    def _client(self) -> httpx.AsyncClient:
        # `trust_env` off: a proxy of the environment must not see codes or secrets.
        return httpx.AsyncClient(transport=self._transport, timeout=_ANSWER_S, trust_env=False)


def _same(name: str, said: object, wanted: str) -> None:
    if said != wanted:
        raise ValueError(f"another {name}")


def oidc_operations(oidc: OpenIdConnect) -> list[Operation]:
    """The rows of a provider in the table of operations."""
    return [
        Operation(
            method="GET",
            path="/oidc/start",
            handle=oidc.start,
            summary="Go to the party's identity provider to sign in.",
            answer_status=303,
            errors=(429, 502),
            needs_token=False,
        ),
        Operation(
            method="GET",
            path="/oidc/back",
            handle=oidc.back,
            summary="Come back from it; the session is a cookie.",
            answer_status=303,
            errors=(429, 502, 503),
            any_query=True,
            needs_token=False,
        ),
    ]
