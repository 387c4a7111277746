"""`Confirmations`: what parties have said of the newest versions they know, and what follows from that.

Rules
1. A party's word counts by the instant that it signed: not ahead of our clock by more than `AHEAD_S_MAX`, and
   never an older one after a newer one. Whoever brought it changes nothing.
2. A word on the very version and text that is the newest here confirms it, until the limit has passed.
3. A word on a newer version makes ours outdated for `CLAIM_S`, so that the text can come. A party that cannot
   show the text by then is not heard on that again: nobody stops partners by a claim.
4. A word on our version with another text is a fork; it confirms nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from trilat.link import Attestation
from trilat.model import SECOND_NS
from trilat.policy import Heard

AHEAD_S_MAX: Final = 60
CLAIM_S: Final = 60
WORDS_MAX: Final = 4_096
"""Things times parties of whom a word is kept."""

Newest = tuple[int, bytes]
"""Version and SHA-256 of the text."""

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """A party's newest word on one thing, as it signed it."""

    said: Attestation
    signed: bytes
    key: bytes = b""
    """The public key that signed it."""


class Confirmations:
    """The newest word of every party on every thing."""

    def __init__(self) -> None:
        """Nothing heard."""
        self._words: dict[_Key, Word] = {}
        self._claims: dict[_Key, int] = {}

    def take(self, said: Attestation, signed: bytes, newest: Newest, now_ns: int, by: bytes = b"") -> bool:
        """Keep a word, checked and by whom it may be; whether it is newer than what was known (rule 1)."""
        key = (said.kind, said.name, said.party)
        known = self._words.get(key)
        if said.at_ns > now_ns + AHEAD_S_MAX * SECOND_NS:
            return False
        if known is not None and said.at_ns <= known.said.at_ns:
            return False
        if known is None and len(self._words) >= WORDS_MAX:
            return False
        self._words[key] = Word(said, signed, by)
        if said.version > newest[0]:
            self._claims.setdefault(key, now_ns)
        else:
            self._claims.pop(key, None)
        return True

    def forget(self, party: str, is_revoked: Callable[[bytes], bool]) -> None:
        """A party revoked keys: what it, or who has them, said with one of those counts no more."""
        for name, word in list(self._words.items()):
            if name[2] == party and is_revoked(word.key):
                del self._words[name]
                self._claims.pop(name, None)

    def settle(self, kind: str, name: str, version: int) -> None:
        """A version came into use: who claimed it, or an older one, has shown it."""
        for key in [key for key in self._claims if key[:2] == (kind, name)]:
            if self._words[key].said.version <= version:
                del self._claims[key]

    def words(self, kind: str, name: str) -> tuple[Word, ...]:
        """The newest word of each party on a thing."""
        return tuple(word for key, word in self._words.items() if key[:2] == (kind, name))

    def version_of(self, kind: str, name: str, party: str) -> Newest | None:
        """What a party last said that it has; None where it said nothing."""
        word = self._words.get((kind, name, party))
        return None if word is None else (word.said.version, word.said.digest)

    def confirmed_ns(self, kind: str, name: str, newest: Newest) -> Mapping[str, int]:
        """By party, when it last said that ours is the newest (rules 2 and 4)."""
        return {
            word.said.party: word.said.at_ns
            for word in self.words(kind, name)
            if (word.said.version, word.said.digest) == newest
        }

    def heard(
        self, kind: str, name: str, newest: Newest, able: frozenset[str], limit_ns: int, now_ns: int
    ) -> Heard | None:
        """What was heard in time; None where there is no limit and nobody says that ours is outdated.

        Args:
            kind: of the thing.
            name: the thing.
            newest: what we have.
            able: parties that can be heard.
            limit_ns: how long a word counts; 0 for ever, also before the first one.
            now_ns: the instant.
        """
        outdated = any(
            key[:2] == (kind, name) and key[2] in able and now_ns < since_ns + CLAIM_S * SECOND_NS
            for key, since_ns in self._claims.items()
        )
        if not limit_ns:
            return Heard(able, able, is_outdated=True) if outdated else None
        confirmed = self.confirmed_ns(kind, name, newest)
        heard = frozenset(party for party, at_ns in confirmed.items() if now_ns < at_ns + limit_ns)
        return Heard(able, heard & able, is_outdated=outdated)
