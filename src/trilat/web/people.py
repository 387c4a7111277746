"""`People`: accounts at the door: who a cookie or a token of an account is, and how often each may ask."""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers

from trilat.node import Known
from trilat.web.denials import Denial
from trilat.web.limits import Rates, Waits
from trilat.web.sessions import CSRF_HEADER, Sessions, route_role

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS: Final = frozenset({"/signin", "/session", "/oidc/start", "/oidc/back"})
"""Paths that are there for who is not signed in yet."""

_UNKNOWN_PER_S: Final = 5.0
_UNKNOWN_BURST: Final = 40
_BURST_S: Final = 4


class People:
    """Accounts, their sessions and tokens, and the rates of all who ask."""

    def __init__(
        self,
        known: Callable[[], Known],
        *,
        idle_s: float,
        session_s: float,
        per_s: float,
        now_s: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Nobody is signed in.

        Args:
            known: the node's accounts and tokens as they stand.
            idle_s: a session unused for so long is over.
            session_s: a session is over after so long in any case.
            per_s: requests of one account or token a second; of one address that shows neither it is 5.
            now_s: a clock that only goes forward, seconds.
            wall_ns: the world's time, by which tokens end.
        """
        self._known = known
        self.sessions = Sessions(known, idle_s=idle_s, max_s=session_s)
        self.waits = Waits()
        self._of_known = Rates(per_s, max(20, round(per_s * _BURST_S)))
        self._of_unknown = Rates(_UNKNOWN_PER_S, _UNKNOWN_BURST)
        self.now_s = now_s
        self._wall_ns = wall_ns

    def role_of_token(self, presented: str) -> str | None:
        """The role of an account's token, as routes name it; None where it is nobody's, or is over."""
        digest = sha256(presented.encode("utf-8", "surrogateescape")).digest()
        found = None
        known = self._known()
        for of_token, token in known.tokens.items():
            if hmac.compare_digest(of_token, digest):
                found = token
        if found is None or found.until_ns <= self._wall_ns():
            return None
        account = known.accounts.get(found.name)
        return route_role(account) if account is not None and account.enabled else None

    def role_of_cookie(self, cookie: str) -> str | None:
        """The role of who is signed in; None for nobody."""
        account = self.sessions.account(cookie, self.now_s()) if cookie else None
        return None if account is None else route_role(account)

    def too_often(self, role: str | None, client: str) -> float:
        """Seconds that who asks has to wait; 0 for none."""
        if role is not None:
            return self._of_known.wait_s(role, self.now_s())
        return self._of_unknown.wait_s(client, self.now_s())

    def foreign(self, method: str, cookie: str, headers: Headers) -> Denial | None:
        """Why a request with a session's cookie may change nothing; None where it may, or changes nothing."""
        if method in SAFE_METHODS:
            return None
        words = headers.getlist(CSRF_HEADER)
        if len(words) == 1 and self.sessions.word_fits(cookie, words[0]):
            return None
        return Denial(
            HTTPStatus.FORBIDDEN,
            f"send the word of GET /session in the header {CSRF_HEADER}: nothing was done",
        )
