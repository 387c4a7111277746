"""Sign-in through an identity provider that is honest, confused, or hostile: a whole one, in this process."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.web.test_accounts import HOST, Door, at_the_door, cheap, error_of

from trilat.model import UsageError
from trilat.node import AccessStep
from trilat.web import Access, Provider, node_app
from trilat.web.oidc import OpenIdConnect

__all__ = ["cheap"]

ISSUER: Final = "https://id.example"
CLIENT: Final = "trilat-jpn"
SECRET: Final = "provider secret"
PROVIDER: Final = Provider(issuer=ISSUER, client_id=CLIENT, client_secret=SECRET, back=f"{HOST}/oidc/back")


@dataclass
class IdentityProvider:
    """OpenID Connect as the standard has it; `twist` changes a token's claims, `sign` how it is signed."""

    name: str = "park"
    twist: Callable[[dict[str, Any]], None] = lambda _: None
    sign: Callable[["IdentityProvider", dict[str, Any]], str] | None = None
    issuer: str = ISSUER
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configuration),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    def consent(self, address: str) -> str:
        """What a person who says yes at the provider is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    async def configuration(self, _: Request) -> Response:
        there = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse(
            {"issuer": self.issuer, **{name: f"{ISSUER}/{path}" for name, path in there.items()}}
        )

    async def keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        code = form["code"]
        asked = self.codes.get(code)
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        digest = sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or code in self.used
            or basic != f"{CLIENT}:{SECRET}"
            or challenge != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.used.add(code)
        now_s = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": "1234",
            "aud": CLIENT,
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
            "preferred_username": self.name,
        }
        self.twist(claims)
        signed = (
            self.sign(self, claims)
            if self.sign
            else jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.key)
        )
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})


def signing_in(provider: IdentityProvider, account: str = "park") -> tuple[httpx.Response, Door]:
    """The answer to a browser that came back from the provider, and the door."""
    kept: list[httpx.Response] = []

    async def play(door: Door) -> None:
        await door.make(account, "watch", "")
        with_provider(door, provider)
        browser = door.browser()
        begun = await browser.ask("GET", "/oidc/start")
        assert begun.status_code == 303, begun.text
        kept.append(await browser.ask("GET", provider.consent(begun.headers["location"])))
        if kept[0].status_code == 303:
            assert (await browser.ask("GET", "/session")).json()["name"] == account
        else:
            assert (await browser.ask("GET", "/session")).json()["signed_in"] is False

    door = at_the_door(play)
    return kept[0], door


def with_provider(door: Door, provider: IdentityProvider) -> None:
    """Let the door's application know the provider, and reach it without a network."""
    transport = httpx.ASGITransport(provider.app())
    access = Access({"administrator": "9c" * 32}, same_origin=True, people=door.people)
    original = OpenIdConnect.__init__

    def reaching(self: OpenIdConnect, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **{**more, "transport": transport})

    OpenIdConnect.__init__ = reaching  # type: ignore[method-assign]
    try:
        door.app = node_app(door.service, access, provider=PROVIDER)
    finally:
        OpenIdConnect.__init__ = original  # type: ignore[method-assign]


def test_who_the_provider_names_is_signed_in_as_the_account_of_that_name() -> None:
    answer, door = signing_in(IdentityProvider())
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert door.steps()[-1].step is AccessStep.SIGNED_IN


def test_somebody_without_an_account_here_is_not_signed_in() -> None:
    answer, door = signing_in(IdentityProvider(name="stranger"))
    assert answer.status_code == 403
    error_of(answer)
    assert (door.steps()[-1].step, door.steps()[-1].name) == (AccessStep.REFUSED, "stranger")


def _set(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.update(changed)


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    def twist(claims: dict[str, Any]) -> None:
        del claims[name]

    return twist


@pytest.mark.parametrize(
    "twist",
    [
        _set(iss="https://evil.example"),
        _set(aud="another-client"),
        _set(aud=[]),
        _set(exp=int(time.time()) - 3_600),
        _set(nonce="another"),
        _set(preferred_username=7),
        _set(preferred_username=""),
        _set(preferred_username="setup"),
        _without("nonce"),
        _without("exp"),
        _without("aud"),
        _without("iss"),
        _without("preferred_username"),
    ],
)
def test_a_token_with_one_thing_wrong_signs_nobody_in(twist: Callable[[dict[str, Any]], None]) -> None:
    answer, _ = signing_in(IdentityProvider(twist=twist))
    assert answer.status_code == 403
    assert "did not say who you are" in error_of(answer)


def _by_another_key(_: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, ECKey.generate_key("P-256", {"kid": "one"}))


def _by_the_shared_secret(_: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 4))


def _by_nobody(_: IdentityProvider, claims: dict[str, Any]) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 4)).split(".")[1]
    return f"{head}.{body}."


def _cut(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, provider.key)[:-4]


@pytest.mark.parametrize(
    "sign", [_by_another_key, _by_the_shared_secret, _by_nobody, _cut, lambda *_: "nonsense"]
)
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(sign: Any) -> None:
    answer, _ = signing_in(IdentityProvider(sign=sign))
    assert answer.status_code == 403


def test_a_link_with_somebody_elses_sign_in_does_nothing_in_another_browser() -> None:
    provider = IdentityProvider()

    async def play(door: Door) -> None:
        await door.make("park", "watch", "")
        with_provider(door, provider)
        attacker, victim = door.browser(), door.browser("10.0.0.2")
        link = provider.consent((await attacker.ask("GET", "/oidc/start")).headers["location"])
        await victim.ask("GET", "/oidc/start")
        assert (await victim.ask("GET", link)).status_code == 400
        assert (await victim.ask("GET", "/session")).json()["signed_in"] is False
        # The attempt is used up, for whoever began it too.
        assert (await attacker.ask("GET", link)).status_code == 400
        for address in ("/oidc/back", "/oidc/back?state=x&code=y", "/oidc/back?state=&code="):
            assert (await attacker.ask("GET", address)).status_code == 400

    at_the_door(play)


def test_an_attempt_that_takes_too_long_is_over() -> None:
    provider = IdentityProvider()

    async def play(door: Door) -> None:
        await door.make("park", "watch", "")
        with_provider(door, provider)
        browser = door.browser()
        link = provider.consent((await browser.ask("GET", "/oidc/start")).headers["location"])
        door.now_s += 601
        assert (await browser.ask("GET", link)).status_code == 400

    at_the_door(play)


def test_a_provider_that_says_it_is_another_or_does_not_answer_is_told_in_one_line() -> None:
    async def play(door: Door) -> None:
        with_provider(door, IdentityProvider(issuer="https://evil.example"))
        answer = await door.browser().ask("GET", "/oidc/start")
        assert answer.status_code == 502
        assert "sign in with a password" in error_of(answer)

    at_the_door(play)


@pytest.mark.parametrize(
    ("issuer", "back"),
    [
        ("http://id.example", f"{HOST}/oidc/back"),
        ("ftp://id.example", f"{HOST}/oidc/back"),
        (ISSUER, "http://node.example/oidc/back"),
        ("", f"{HOST}/oidc/back"),
    ],
)
def test_a_provider_or_a_way_back_in_the_clear_is_refused(issuer: str, back: str) -> None:
    provider = Provider(issuer=issuer, client_id=CLIENT, client_secret=SECRET, back=back)
    with pytest.raises(UsageError, match="is not https"):
        provider.check()
    assert SECRET not in repr(provider)
