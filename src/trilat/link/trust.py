"""`TrustStore`: whose keys this node holds. It never makes a pin by itself; unknown means refused.

Rules
1. A party is known by a pin that people put in after they compared a fingerprint: of its root (`pin_state`),
   or, without a root, of its card (`add`). Nothing from the network replaces it.
2. From then on, states that its root signed follow each other (`update`): newest known wins; an older one, a
   forged one and a fork are refused in one line.
3. What arrives now (envelopes, messages) must be signed by the key in force now: `verify_live`. What was
   signed for good (markings, consents, agreements) may be by a key that was retired since, but not by one
   that was revoked, unless it is known to have been signed before that: `verify_statement`.
4. No two parties have a key in common.
5. Staff sign with their party's key, so `JPN/officer` is looked up as `JPN`.
"""

from collections.abc import Callable, Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from trilat.link.card import Card
from trilat.link.cose import verify1
from trilat.link.keys import Pin, signing_key_of
from trilat.link.party_trust import KeyStanding, PartyTrust
from trilat.link.trust_state import (
    Announcement,
    RetiredKey,
    SignedState,
    TrustState,
    announced_party,
    checked_state,
    public_key,
)
from trilat.model import EnvelopeError, PeerError, TrustError, format_instant


def party_of(code: str) -> str:
    """The party that a code belongs to: `JPN` for `JPN` and for `JPN/officer`."""
    return code.split("/", maxsplit=1)[0] if "/" in code else code


class TrustStore:
    """Pins and trust states by party."""

    def __init__(self, pins: Iterable[Pin] = (), now_ns: Callable[[], int] | None = None) -> None:
        """A store that holds `pins`; TrustError as in `add`.

        Args:
            pins: put in by hand.
            now_ns: the world's time, UTC ns, by which keys end; without it they do not.
        """
        self._parties: dict[str, PartyTrust] = {}
        self._keys: dict[bytes, Ed25519PublicKey] = {}
        self._now_ns = now_ns
        for pin in pins:
            self.add(pin)

    # --- what people put in ---

    def add(self, pin: Pin) -> None:
        """Hold a pin; the same one again changes nothing.

        Raises:
            TrustError: the party is pinned to other keys, is a member of a party's staff, or the keys
                cannot be used.
        """
        if pin.party != party_of(pin.party):
            raise TrustError(f"`{pin.party}` has no keys of its own: pin `{party_of(pin.party)}`")
        known = self._parties.get(pin.party)
        if known is not None and known.pin != pin:
            shown = known.pin.fingerprint if known.pin is not None else "other keys"
            raise TrustError(f"`{pin.party}` is pinned to {shown}: a pin is not replaced, rotate its key")
        if known is None:
            key = signing_key_of(pin)
            self._keys[pin.signing_public] = key
            self._parties[pin.party] = PartyTrust(pin.party)
            self._parties[pin.party].pinned = pin

    def pin_state(self, signed: SignedState) -> TrustState:
        """Hold a party by a state of its root, whose fingerprint people have compared; returns the state.

        Raises:
            TrustError: the party is pinned to another root, or shows a key of another party.
            PeerError: as of `checked_state`.
        """
        state = checked_state(signed)
        self._refuse_shared(state)
        known = self._parties.setdefault(state.party, PartyTrust(state.party))
        if known.revocation:
            raise TrustError(f"this is not pinned: {known.why_not(None)}")
        if known.state is not None and known.state.root != state.root:
            raise TrustError(
                f"`{state.party}` is pinned to the root {known.state.fingerprint}: take that pin away first, "
                "together with its party"
            )
        if known.state is None or known.state.version < state.version:
            known.begin(signed)
        return state

    # --- what comes over links, or in files ---

    def update(self, announcement: Announcement) -> bool:
        """Whether an announcement told anything new, which holds from now on.

        Raises:
            TrustError: the party is not known by a root; or a state is stale, forged, forked, leaves a gap or
                shows a key of another party. States before that one were taken. `facts` as of `PartyTrust`.
            PeerError: anything else that is not sound.
        """
        party = announced_party(announcement)
        known = self._parties.get(party)
        if known is None:
            raise self._unknown(party)
        changed = bool(announcement.revocation) and known.revoke(announcement.revocation)
        for signed in announcement.states:
            claimed = signed.claimed
            if known.state is not None and claimed.version > known.state.version:
                self._refuse_shared(claimed)
            changed = known.follow(signed) is not None or changed
        if announcement.states and not changed:
            known.refuse_older(max(signed.claimed.version for signed in announcement.states))
        return changed

    # --- what is asked ---

    def pin(self, code: str) -> Pin:
        """The newest keys known of the party that a code belongs to, in force or not; TrustError where there
        are none.
        """
        known = self._parties.get(party_of(code))
        if known is None or known.pin is None:
            raise self._unknown(party_of(code))
        return known.pin

    def sealing_pin(self, code: str) -> Pin:
        """The keys to seal to now; TrustError where none are in force."""
        pin = self.pin(code)
        self._refuse_not_in_force(party_of(code))
        return pin

    def signing_key(self, code: str) -> Ed25519PublicKey:
        """The key that the party, or its staff, signs with now; TrustError where none is in force."""
        return self._key(self.sealing_pin(code).signing_public, party_of(code))

    def verify_live(self, code: str, data: bytes, content_type: str, what: str) -> bytes:
        """The payload of what a party signed just now (rule 3).

        Raises:
            TrustError: the party is not known, no key of it is in force, or it signed with a revoked key.
            EnvelopeError: anything else is wrong with the signature.
        """
        key, party = self.signing_key(code), party_of(code)
        try:
            return verify1(key, data, content_type, what, party)
        except EnvelopeError:
            gone = self._gone_key(party, data, content_type)
            if gone is None:
                raise
            raise self._by_gone_key(party, gone, what) from None

    def verify_statement(
        self, code: str, data: bytes, content_type: str, what: str, at_ns: int | None = None
    ) -> bytes:
        """The payload of what a party signed for good (rule 3).

        Args:
            code: the party's, or its staff's.
            data: a COSE_Sign1.
            content_type: the use it must have been made for.
            what: its name for people.
            at_ns: when it was signed, where that is known by other means than the signer's word.

        Raises:
            TrustError: the party is not known or revoked, or signed with a revoked key.
            EnvelopeError: anything else is wrong with the signature.
        """
        pin, party = self.pin(code), party_of(code)
        known = self._parties[party]
        if known.revocation:
            raise TrustError(f"the {what} does not count: {known.why_not(None)}", revoked=True)
        in_force = known.state is None or known.state.card is not None
        error: EnvelopeError | None = None
        if in_force:
            try:
                return verify1(self._key(pin.signing_public, party), data, content_type, what, party)
            except EnvelopeError as wrong:
                error = wrong
        gone = self._gone_key(party, data, content_type)
        if gone is None:
            raise error or TrustError(f"the {what} is by no key of `{party}` that is known: not accepted")
        if gone.revoked and not (at_ns is not None and at_ns < gone.ended_ns):
            raise self._by_gone_key(party, gone, what)
        return verify1(self._key(gone.signing_public, party), data, content_type, what, party)

    @property
    def now_ns(self) -> int | None:
        """The world's time by which keys end, UTC ns; None where they do not."""
        return self._now_ns() if self._now_ns is not None else None

    def why_not(self, code: str) -> str | None:
        """Why no key of a known party is in force, in one line; None where one is, or nothing is known."""
        known = self._parties.get(party_of(code))
        return known.why_not(self.now_ns) if known is not None else None

    def standing(self, code: str) -> tuple[KeyStanding, int | None]:
        """How the keys of a known party stand, and since when they are not in force, UTC ns; TrustError where
        it is not known.
        """
        known = self._parties.get(party_of(code))
        if known is None:
            raise self._unknown(party_of(code))
        return known.standing(self.now_ns)

    def mark(self, code: str) -> bytes:
        """Bytes that change whenever what is known of a party's keys does; TrustError where nothing is."""
        pin, known = self.pin(code), self._parties[party_of(code)]
        version = known.state.version if known.state is not None else 0
        return pin.signing_public + version.to_bytes(4, "big") + known.revocation[:1]

    def is_revoked(self, code: str) -> bool:
        """Whether a known party revoked its root, and all that it signs."""
        known = self._parties.get(party_of(code))
        return known is not None and known.revocation != b""

    def state(self, code: str) -> TrustState | None:
        """The newest trust state of a party; None where it is not known by a root."""
        known = self._parties.get(party_of(code))
        return known.state if known is not None else None

    def card(self, code: str) -> Card | None:
        """The newest card that a trust state of the party told."""
        known = self._parties.get(party_of(code))
        return known.card if known is not None else None

    def announcement(self, code: str, after: int = 0) -> Announcement | None:
        """What is known of a party behind a version, to be told to others; None where there is nothing."""
        known = self._parties.get(party_of(code))
        return known.announcement(after) if known is not None else None

    def forks(self, code: str) -> tuple[tuple[SignedState, SignedState], ...]:
        """Evidence that a party's root signed what cannot both be."""
        known = self._parties.get(party_of(code))
        return tuple(known.forks) if known is not None else ()

    def __contains__(self, code: str) -> bool:
        """Whether the party that a code belongs to is pinned."""
        known = self._parties.get(party_of(code))
        return known is not None and known.pin is not None

    def __iter__(self) -> Iterator[Pin]:
        """The pins in the order of their parties."""
        return iter([self.pin(party) for party in sorted(self._parties) if party in self])

    # --- inside ---

    def _key(self, data: bytes, party: str) -> Ed25519PublicKey:
        key = self._keys.get(data)
        if key is None:
            key = self._keys[data] = public_key(data, party)
        return key

    def _unknown(self, party: str) -> TrustError:
        return TrustError(
            f"no pin for `{party}`: nothing of it is read. If you expect it, ask "
            "for its fingerprint by another way than this one, and pin that"
        )

    def _refuse_not_in_force(self, party: str) -> None:
        why = self.why_not(party)
        if why is not None:
            raise TrustError(why)

    def _gone_key(self, party: str, data: bytes, content_type: str) -> RetiredKey | None:
        """The key, in force no more, by which a party signed this."""
        for gone in self._parties[party].retired:
            try:
                verify1(self._key(gone.signing_public, party), data, content_type, "statement", party)
            except PeerError:
                continue
            return gone
        return None

    @staticmethod
    def _by_gone_key(party: str, gone: RetiredKey, what: str) -> TrustError:
        became = "revoked as of" if gone.revoked else "replaced on"
        return TrustError(
            f"the {what} is by a key of `{party}` that was {became} {format_instant(gone.ended_ns)}: "
            "not accepted",
            revoked=gone.revoked,
        )

    def _refuse_shared(self, state: TrustState) -> None:
        """Rule 4."""
        told = {state.root, *(key.signing_public for key in state.retired)}
        if state.card is not None:
            told |= {state.card.pin.signing_public, state.card.pin.sealing_public}
        for party, known in self._parties.items():
            pin = known.pin
            held = {key.signing_public for key in known.retired}
            held |= {known.state.root} if known.state is not None else set()
            held |= {pin.signing_public, pin.sealing_public} if pin is not None else set()
            if party != state.party and not held.isdisjoint(told):
                raise TrustError(
                    f"trust state {state.version} of `{state.party}` shows a key of `{party}`: not accepted"
                )
