"""`Sessions`: people who signed in with a browser, each with a cookie that nobody else has.

Rules
1. A session ends after a time without use, after a longer time in any case, when its account is changed,
   and when the node ends. What its account may is looked up at each request, never kept.
2. The cookie is a random secret of which only the digest is kept here. Pages cannot read it (HttpOnly), and
   it is sent to no request that another site begins (SameSite=Strict).
3. Whatever changes something needs, beside the cookie, the session's own word in a header: a page of
   another origin can neither read it nor set the header (OWASP, synchronizer token).
4. Signing in makes a new session: one that was there before is over.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from trilat.node import Account, AccountRole, Known

CSRF_HEADER: Final = "x-trilat-word"
SESSIONS_MAX: Final = 1_000
_ROUTE_ROLES: Final = {
    AccountRole.WATCH: "watch",
    AccountRole.RELEASE: "officer",
    AccountRole.ADMINISTRATOR: "administrator",
    AccountRole.AUDITOR: "auditor",
}


def route_role(account: Account) -> str:
    """How the routes name what an account may do, and who it is: `watch:kim`."""
    return f"{_ROUTE_ROLES[account.role]}:{account.name}"


@dataclass(slots=True)
class _Session:
    name: str
    changed: int
    word: str
    begun_s: float
    used_s: float


class Sessions:
    """Sessions of one node, over its accounts."""

    def __init__(self, known: Callable[[], Known], *, idle_s: float, max_s: float) -> None:
        """Nobody is signed in."""
        self._known = known
        self._idle_s = idle_s
        self._max_s = max_s
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, name: str, now_s: float) -> str:
        """The cookie's value of a new session of an account that is there."""
        account = self._known().accounts[name]
        cookie = secrets.token_urlsafe(32)
        session = _Session(name, account.changed, secrets.token_urlsafe(24), now_s, now_s)
        self._sessions[_digest(cookie)] = session
        if len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return cookie

    def end(self, cookie: str) -> str | None:
        """End a session; the name that was signed in."""
        session = self._sessions.pop(_digest(cookie), None)
        return None if session is None else session.name

    def account(self, cookie: str, now_s: float) -> Account | None:
        """Who is signed in with this cookie; None for nobody."""
        digest = _digest(cookie)
        session = self._sessions.get(digest)
        if session is None:
            return None
        account = self._known().accounts.get(session.name)
        over = now_s - session.used_s > self._idle_s or now_s - session.begun_s > self._max_s
        if over or account is None or not account.enabled or account.changed != session.changed:
            del self._sessions[digest]
            return None
        session.used_s = now_s
        return account

    def word(self, cookie: str) -> str:
        """The word that goes with a session's changes; empty where there is no session."""
        session = self._sessions.get(_digest(cookie))
        return "" if session is None else session.word

    def word_fits(self, cookie: str, word: str) -> bool:
        """Whether a request that changes something comes from the session's own page."""
        known = self.word(cookie)
        return bool(known) and hmac.compare_digest(known.encode(), word.encode("utf-8", "surrogateescape"))


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "surrogateescape")).digest()
