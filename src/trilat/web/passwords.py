"""Passwords and their verifiers: argon2id (RFC 9106), through argon2-cffi.

What a verifier costs is written in it, so that it can be raised; one of before is made anew at the next
sign-in. A name that nobody has costs as much to refuse as a wrong password. A few are checked at a time:
each takes memory.
"""

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trilat.model import UsageError

PASSWORD_CHARACTERS_MIN: Final = 12
PASSWORD_CHARACTERS_MAX: Final = 256
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
"""The second of the two settings that RFC 9106, section 4, recommends, with one lane."""

_AT_ONCE: Final = 2


class Passwords:
    """Makes and checks verifiers beside the event loop."""

    def __init__(self) -> None:
        """Nothing in hand."""
        self._in_hand = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = _HASHER.hash("nobody has this password")

    async def verifier(self, password: str) -> str:
        """What is kept of a new password.

        Raises:
            UsageError: it is too short or too long.
        """
        length = len(password)
        if not PASSWORD_CHARACTERS_MIN <= length <= PASSWORD_CHARACTERS_MAX:
            raise UsageError(
                f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters: take some"
                " words"
            )
        async with self._in_hand:
            return await asyncio.to_thread(_HASHER.hash, _same(password))

    async def fits(self, verifier: str, password: str) -> bool:
        """Whether a password is the one that was kept; an empty verifier fits none, in the same time."""
        async with self._in_hand:
            fits = await asyncio.to_thread(_fits, verifier or self._nobodys, password)
        return fits and bool(verifier)

    @staticmethod
    def is_old(verifier: str) -> bool:
        """Whether a verifier costs less than new ones do."""
        return _HASHER.check_needs_rehash(verifier)


def _fits(verifier: str, password: str) -> bool:
    try:
        return _HASHER.verify(verifier, _same(password[:PASSWORD_CHARACTERS_MAX]))
    except (VerificationError, InvalidHashError):
        return False


def _same(password: str) -> str:
    """One form for letters that keyboards write in several ways (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)
