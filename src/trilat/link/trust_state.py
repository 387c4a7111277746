"""`TrustState`: which keys of a party are in force, by version. Signed by the party's root, and nobody else.

What is signed by whom
1. The root signs every state, as a COSE_Sign1 that carries it.
2. The node's signing key signs the card that the state names (`possession`): nobody can show another's key as
   its own.
3. A new signing key is signed by the one before it too (`succession`), unless the state says that this one
   was revoked.
4. A new root is signed by the one before it (`handover`).

How a state follows another is checked by `check_follows`: the next version, bound to the bytes of the one
before, and nothing that was retired or revoked comes back. A `PartyRevocation` is made with the root, kept
on paper, and ends all of it.
"""

from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from trilat.link.card import Card
from trilat.link.cose import payload_of, verify1
from trilat.model import (
    InstantNs,
    ItemError,
    Noun,
    PartyCode,
    ShortText,
    TrustError,
    WireError,
    decode,
    encode,
    format_instant,
)

STATE_TYPE: Final = "application/vnd.trilat.trust-state"
POSSESSION_TYPE: Final = "application/vnd.trilat.key-possession"
SUCCESSION_TYPE: Final = "application/vnd.trilat.key-succession"
HANDOVER_TYPE: Final = "application/vnd.trilat.root-handover"
REVOCATION_TYPE: Final = "application/vnd.trilat.party-revocation"

ANNOUNCEMENT_BYTES_MAX: Final = 65_000
"""One announcement, so that a notice can carry it."""

TRUST_MAGIC: Final = b"trilat-trust/1\n"
"""Begins an announcement that travels by itself."""

RETIRED_MAX: Final = 64
_STATES_MAX: Final = 64
_STATE_BYTES_MAX: Final = 49_152
_PROOF_BYTES_MAX: Final = 1_024
_FINGERPRINT_DOMAIN: Final = b"trilat/root/1"

PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Proof = Annotated[bytes, msgspec.Meta(max_length=_PROOF_BYTES_MAX)]
Version = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class RetiredKey(Noun, frozen=True, kw_only=True):
    """A signing key that is in force no more.

    `ended_ns` is when another took its place; of a revoked one it is the instant as of which it may be in
    other hands, and nothing that it signs is believed any more that was not accepted before.
    """

    signing_public: PublicKey
    begins_ns: InstantNs
    ended_ns: InstantNs
    revoked: bool
    reason: ShortText = ""


class TrustState(Noun, frozen=True, kw_only=True):
    """The keys of a party at one version. Without a card no key of its node is in force."""

    party: PartyCode
    version: Version
    previous: Annotated[bytes, msgspec.Meta(max_length=32)]
    """SHA-256 of the state before; empty in the first."""

    issued_ns: InstantNs
    root: PublicKey
    card: Card | None
    begins_ns: InstantNs
    ends_ns: InstantNs
    """The card's keys hold from the one to the other."""

    retired: Annotated[tuple[RetiredKey, ...], msgspec.Meta(max_length=RETIRED_MAX)] = ()

    def check(self) -> None:
        """Refuse staff, another party's card, a first state with one before, and keys that are in force and
        retired at once.
        """
        if "/" in self.party:
            raise ItemError(f"`{self.party}` has no keys of its own: its party has")
        if len(self.previous) != (32 if self.version > 1 else 0):
            raise ItemError(
                "TrustState.previous must be the digest of the state before, and empty in the first"
            )
        if self.ends_ns <= self.begins_ns:
            raise ItemError("TrustState.ends_ns must come after begins_ns")
        gone = [key.signing_public for key in self.retired]
        if len(set(gone)) != len(gone):
            raise ItemError("TrustState.retired names a key twice")
        if self.card is None:
            return
        if self.card.party != self.party:
            raise ItemError(f"TrustState.card is of `{self.card.party}`, the state of `{self.party}`")
        if self.card.pin.signing_public in gone:
            raise ItemError("TrustState.card shows a key that is retired")
        if self.root in {self.card.pin.signing_public, *gone}:
            raise ItemError("TrustState.root must be another key than the node's")

    @property
    def fingerprint(self) -> str:
        """What people compare: that of the root."""
        return root_fingerprint(self.party, self.root)


class KeyProof(Noun, frozen=True, kw_only=True):
    """What keys of a node sign of a card: whose it is, all of it, and which key it comes after."""

    party: PartyCode
    card: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    """The card's fingerprint, which covers all of it."""


class SignedState(Noun, frozen=True, kw_only=True):
    """A state with all that proves it; each part is a COSE_Sign1, and empty where it is not asked for."""

    signed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=_STATE_BYTES_MAX)]
    possession: _Proof = b""
    succession: _Proof = b""
    handover: _Proof = b""

    @property
    def claimed(self) -> TrustState:
        """The state that this carries, with no signature verified; PeerError where there is none."""
        return decode(payload_of(self.signed, STATE_TYPE, "trust state"), TrustState)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the state's bytes as they were signed: by it the next one says what it follows."""
        return sha256(payload_of(self.signed, STATE_TYPE, "trust state")).digest()


class PartyRevocation(Noun, frozen=True, kw_only=True):
    """The root's word that it, and all that it ever signed, is not to be believed any more."""

    party: PartyCode
    root: PublicKey


class Announcement(Noun, frozen=True, kw_only=True):
    """What travels: states of one party that follow each other, its revocation, or both."""

    states: Annotated[tuple[SignedState, ...], msgspec.Meta(max_length=_STATES_MAX)] = ()
    revocation: _Proof = b""

    def check(self) -> None:
        """Refuse one that says nothing."""
        if not self.states and not self.revocation:
            raise ItemError("an Announcement must hold a state or a revocation")


def encode_announcement(announcement: Announcement) -> bytes:
    """The wire form: of a file, of a notice, of a ledger's entry."""
    return encode(announcement)


def decode_announcement(data: bytes) -> Announcement:
    """What `encode_announcement` wrote, with no signature verified; WireError where it is none."""
    return decode(data, Announcement, ANNOUNCEMENT_BYTES_MAX)


def root_fingerprint(party: str, root: bytes) -> str:
    """SHA-256 over party and root key, as 16 groups of 4 hexadecimal digits to read aloud."""
    parts = (_FINGERPRINT_DOMAIN, party.encode(), root)
    digest = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def card_proof(card: Card) -> bytes:
    """What `possession` and `succession` sign."""
    return encode(KeyProof(party=card.party, card=bytes.fromhex(card.fingerprint)))


def checked_state(signed: SignedState) -> TrustState:
    """The state, signed by the root that it names, with a card whose key is in its party's hands.

    Whether that root is the party's is not known from this: people compare its fingerprint, or the state
    follows one that they did (`check_follows`).

    Raises:
        EnvelopeError: a signature is wrong.
        TrustError: the state holds keys that cannot be used.
        WireError: it is no state.
    """
    state = signed.claimed
    what = f"trust state {state.version} of `{state.party}`"
    verify1(public_key(state.root, state.party), signed.signed, STATE_TYPE, what, f"{state.party}'s root")
    if state.card is not None:
        key = public_key(state.card.pin.signing_public, state.party)
        _verify_proof(key, signed.possession, (POSSESSION_TYPE, card_proof(state.card)), what)
    elif signed.possession:
        raise TrustError(f"the {what} proves a key that it does not name: not accepted")
    return state


def check_follows(known: SignedState, signed: SignedState) -> TrustState:
    """The state, where it follows a known one by every rule.

    Raises:
        PeerError: as of `checked_state`, or a rule is broken; one line says which.
    """
    before, state = known.claimed, checked_state(signed)
    what = f"trust state {state.version} of `{state.party}`"
    if state.party != before.party or state.version != before.version + 1:
        raise TrustError(f"the {what} does not follow {before.version} of `{before.party}`: not accepted")
    if state.previous != known.digest:
        raise TrustError(
            f"the {what} follows another state {before.version} than is known here: not accepted"
        )
    if state.issued_ns < before.issued_ns:
        raise TrustError(f"the {what} is older than the one that it follows: not accepted")
    if state.root == before.root:
        _refuse_unasked(signed.handover, what)
    else:
        key = public_key(before.root, before.party)
        _verify_proof(key, signed.handover, (HANDOVER_TYPE, signed.digest), f"new root in the {what}")
    _check_retired(before, state, what)
    _check_succession(before, state, signed.succession, what)
    return state


def checked_revocation(data: bytes) -> PartyRevocation:
    """The revocation, signed by the root that it names; errors as of `checked_state`."""
    revocation = decode(payload_of(data, REVOCATION_TYPE, "revocation"), PartyRevocation)
    key = public_key(revocation.root, revocation.party)
    verify1(key, data, REVOCATION_TYPE, "revocation", f"{revocation.party}'s root")
    return revocation


def public_key(data: bytes, party: str) -> Ed25519PublicKey:
    """The key that verifies; TrustError where the bytes are none."""
    try:
        return Ed25519PublicKey.from_public_bytes(data)
    except ValueError as error:
        raise TrustError(f"a key of `{party}` cannot be used: ask it for its trust state again") from error


def _check_retired(before: TrustState, state: TrustState, what: str) -> None:
    """Nothing that was retired is forgotten; what was revoked stays so, as early or earlier."""
    now = {key.signing_public: key for key in state.retired}
    for old in before.retired:
        new = now.get(old.signing_public)
        kept = new is not None and (new.revoked or not old.revoked) and new.ended_ns <= old.ended_ns
        if not kept:
            ended = format_instant(old.ended_ns)
            raise TrustError(f"the {what} forgets a key that ended on {ended}: not accepted")


def _check_succession(before: TrustState, state: TrustState, succession: bytes, what: str) -> None:
    """A key that another takes the place of is retired, and signs for it unless it is revoked."""
    old = before.card.pin.signing_public if before.card is not None else None
    kept = old is None or (state.card is not None and state.card.pin.signing_public == old)
    gone = [key for key in state.retired if key.signing_public == old]
    if not kept and not gone:
        raise TrustError(f"the {what} does not say what became of the key before: not accepted")
    if old is None or kept or gone[0].revoked:
        _refuse_unasked(succession, what)
        return
    if state.card is None:
        raise TrustError(f"the {what} takes the key away and does not revoke it: not accepted")
    key = public_key(old, state.party)
    _verify_proof(key, succession, (SUCCESSION_TYPE, card_proof(state.card)), f"new key in the {what}")


def _refuse_unasked(proof: bytes, what: str) -> None:
    """A proof that nobody checks could be anything, and the same state would have many forms."""
    if proof:
        raise TrustError(f"the {what} has a signature that it does not need: not accepted")


def _verify_proof(key: Ed25519PublicKey, data: bytes, expected: tuple[str, bytes], what: str) -> None:
    content_type, said = expected
    if not data:
        raise TrustError(f"the {what} lacks a signature that it needs ({content_type}): not accepted")
    if verify1(key, data, content_type, what, "the key that must") != said:
        raise TrustError(f"the {what} has a signature of something else ({content_type}): not accepted")


def announced_party(announcement: Announcement) -> str:
    """The party that all of an announcement is of; WireError where it mixes parties."""
    parties = {signed.claimed.party for signed in announcement.states}
    if announcement.revocation:
        claimed = payload_of(announcement.revocation, REVOCATION_TYPE, "revocation")
        parties.add(decode(claimed, PartyRevocation).party)
    if len(parties) != 1:
        raise WireError("an announcement speaks of one party: not accepted")
    return parties.pop()
