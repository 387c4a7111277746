"""`PartyTrust`: what is known of one party's keys: a pin put in by hand, and the states that followed it.

Newest known wins: a state that is older than the newest is refused, one that is the same changes nothing. Two
different states of one version, both signed by the root, are a fork: somebody signs with the root who should
not, or the party shows different partners different keys. The one that was known first stays in force, and
both are kept as evidence.
"""

from enum import Enum
from typing import Final

from trilat.link.card import Card
from trilat.link.keys import Pin
from trilat.link.trust_state import (
    ANNOUNCEMENT_BYTES_MAX,
    Announcement,
    PartyRevocation,
    RetiredKey,
    SignedState,
    TrustState,
    check_follows,
    checked_revocation,
    checked_state,
)
from trilat.model import TrustError, format_instant

_MARGIN_BYTES: Final = 2_048
_FORKS_MAX: Final = 16


class KeyStanding(Enum):
    """Whether a key of a party is in force."""

    IN_FORCE = "in-force"
    ROOT_REVOKED = "root-revoked"
    """The party revoked its root, and all that it signs."""

    REVOKED = "revoked"
    ENDED = "ended"


class PartyTrust:
    """One party's pin, states and revocation."""

    def __init__(self, party: str) -> None:
        """Nothing is known."""
        self.party = party
        self.pinned: Pin | None = None
        """By hand, without a root: it cannot be rotated."""

        self.revocation = b""
        self.forks: list[tuple[SignedState, SignedState]] = []
        """Pairs of states that cannot both be: the one in force, and what came later."""

        self._chain: list[SignedState] = []
        self._states: list[TrustState] = []

    @property
    def state(self) -> TrustState | None:
        """The newest state; None where a bare pin is all that is known."""
        return self._states[-1] if self._states else None

    @property
    def pin(self) -> Pin | None:
        """The newest keys known, in force or not: the last that there were, where none are now."""
        for state in reversed(self._states):
            if state.card is not None:
                return state.card.pin
        return self.pinned

    @property
    def card(self) -> Card | None:
        """The newest card known through a state."""
        return next((state.card for state in reversed(self._states) if state.card is not None), None)

    @property
    def retired(self) -> tuple[RetiredKey, ...]:
        """Signing keys in force no more."""
        return self.state.retired if self.state is not None else ()

    def standing(self, now_ns: int | None) -> tuple[KeyStanding, int | None]:
        """How the party's keys stand, and since when, UTC ns, where they are not in force and it is known."""
        if self.revocation:
            return KeyStanding.ROOT_REVOKED, None
        state = self.state
        if state is None:
            return KeyStanding.IN_FORCE, None
        if state.card is None:
            last = self.pin.signing_public if self.pin is not None else b""
            # The one that was in force last; of a party that was pinned later it may not be known.
            gone = [key for key in state.retired if key.revoked and key.signing_public == last]
            gone = gone or [key for key in state.retired if key.revoked]
            return KeyStanding.REVOKED, gone[-1].ended_ns if gone else None
        if now_ns is not None and now_ns >= state.ends_ns:
            return KeyStanding.ENDED, state.ends_ns
        return KeyStanding.IN_FORCE, None

    def why_not(self, now_ns: int | None) -> str | None:
        """Why no key of the party is in force, in one line that says what to do; None where one is."""
        standing, since_ns = self.standing(now_ns)
        ask = f"ask {self.party} for its new trust state"
        if standing is KeyStanding.ROOT_REVOKED:
            return f"{self.party} revoked its root and all of its keys: {ask}, and compare its fingerprint"
        if standing is KeyStanding.REVOKED:
            since = f" as of {format_instant(since_ns)}" if since_ns is not None else ""
            return f"{self.party}'s key was revoked{since}: {ask}"
        if standing is KeyStanding.ENDED and since_ns is not None:
            return f"{self.party}'s keys ended on {format_instant(since_ns)}: {ask}"
        return None

    def begin(self, signed: SignedState) -> TrustState:
        """Hold a state whose root people have compared; what was known before is replaced by it."""
        state = checked_state(signed)
        self._chain, self._states, self.pinned = [signed], [state], None
        self.revocation, self.forks = b"", []
        return state

    def follow(self, signed: SignedState) -> TrustState | None:
        """The state, where it is new and was taken; None where it is known.

        Raises:
            TrustError: it is older than what is known, forked, or does not follow; `facts` say which
                (`stale`, `fork`, `missing_after`).
            PeerError: as of `check_follows`.
        """
        newest = self.state
        if newest is None:
            raise TrustError(
                f"`{self.party}` is pinned by its card alone: compare its root's fingerprint, and pin that"
            )
        claimed = signed.claimed
        if claimed.version <= newest.version:
            self._meet_again(signed, claimed.version)
            return None
        if claimed.version > newest.version + 1:
            raise TrustError(
                f"trust state {claimed.version} of `{self.party}` is known here, and {newest.version + 1} is "
                "not: ask for what lies between",
                missing_after=newest.version,
            )
        try:
            state = check_follows(self._chain[-1], signed)
        except TrustError:
            self._look_for_fork(signed, claimed)
            raise
        self._chain.append(signed)
        self._states.append(state)
        return state

    def _meet_again(self, signed: SignedState, version: int) -> None:
        """A version that is not new: known, from before the pin, or evidence of a fork."""
        position = version - self._states[0].version
        if position < 0 or self._chain[position].digest == signed.digest:
            return
        # Who has a root that was handed over can still sign what follows the last state that was its own.
        roots = {state.root for state in self._states[max(0, position - 1) : position + 1]}
        if checked_state(signed).root in roots:
            raise self._fork(self._chain[position], signed, version)
        raise TrustError(
            f"trust state {version} of `{self.party}` is by another root: somebody else made it, not accepted"
        )

    def _look_for_fork(self, signed: SignedState, claimed: TrustState) -> None:
        """A next state by the root itself that follows another one than is known here tells of a fork too."""
        if claimed.root == self._states[-1].root and claimed.previous != self._chain[-1].digest:
            raise self._fork(self._chain[-1], signed, claimed.version - 1)

    def _fork(self, known: SignedState, signed: SignedState, version: int) -> TrustError:
        if len(self.forks) < _FORKS_MAX and all(signed != other for _, other in self.forks):
            self.forks.append((known, signed))
        return TrustError(
            f"`{self.party}` signed two different trust states {version}: the first stays in force, both are "
            f"kept; speak with {self.party}, its root may be in other hands",
            fork=True,
        )

    def refuse_older(self, version: int) -> None:
        """TrustError for an announcement that ends before what is known."""
        newest = self._states[-1].version if self._states else 0
        if version < newest:
            raise TrustError(
                f"trust state {version} of `{self.party}` is older than {newest}, which is known: "
                "not accepted",
                stale=True,
            )

    def revoke(self, data: bytes) -> bool:
        """Whether this revocation of the party is new here; all that the party signs is refused from then on.

        Raises:
            TrustError: it is by no root that the party is known by.
            PeerError: as of `checked_revocation`.
        """
        revocation: PartyRevocation = checked_revocation(data)
        if revocation.party != self.party or all(state.root != revocation.root for state in self._states):
            raise TrustError(f"the revocation of `{revocation.party}` is not by its root: not accepted")
        if self.revocation:
            return False
        self.revocation = data
        return True

    def announcement(self, after: int = 0) -> Announcement | None:
        """The states behind a version, as many as go into one announcement; None where there is nothing."""
        taken: list[SignedState] = []
        room = ANNOUNCEMENT_BYTES_MAX - _MARGIN_BYTES
        for signed, state in zip(self._chain, self._states, strict=True):
            if state.version > after:
                room -= (
                    sum(map(len, (signed.signed, signed.possession, signed.succession, signed.handover))) + 32
                )
                if room < 0:
                    break
                taken.append(signed)
        if not taken and not self.revocation:
            return None
        return Announcement(states=tuple(taken), revocation=self.revocation)
