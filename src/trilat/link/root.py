"""`RootKey`: a party's root, which signs what its keys are. It is made once, in a ceremony, and kept offline.

A node asks with a `KeyRequest`, which its keys have signed; the root answers with the next state. Neither
needs the other's private keys, so that a root never comes near a network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trilat.link.card import Card
from trilat.link.cose import sign1, verify1
from trilat.link.keys import Entropy, NodeKeys
from trilat.link.signer import Signer
from trilat.link.trust_state import (
    HANDOVER_TYPE,
    POSSESSION_TYPE,
    REVOCATION_TYPE,
    STATE_TYPE,
    SUCCESSION_TYPE,
    PartyRevocation,
    RetiredKey,
    SignedState,
    TrustState,
    card_proof,
    check_follows,
    checked_state,
    public_key,
    root_fingerprint,
)
from trilat.model import Noun, PartyCode, TrustError, UsageError, encode

ROOT_BYTES: Final = 32
REQUEST_BYTES_MAX: Final = 16_384
_Proof = Annotated[bytes, msgspec.Meta(max_length=1_024)]


class KeyRequest(Noun, frozen=True, kw_only=True):
    """What a node asks its root to sign: its card, signed by its key, and by the key before a new one."""

    party: PartyCode
    card: Card
    possession: Annotated[bytes, msgspec.Meta(min_length=1, max_length=1_024)]
    succession: _Proof = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revoked:
    """As of when a signing key may be in other hands, and what people say of it."""

    as_of_ns: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """When a state is signed, and until when its keys hold."""

    now_ns: int
    ends_ns: int
    revoked: Mapping[bytes, Revoked] = field(default_factory=dict)
    """By signing key: those that are revoked with it."""


class RootKey:
    """A party's root key. It masks itself when printed."""

    def __init__(self, party: str, signer: Signer) -> None:
        """The root of a party over whatever signs for it."""
        self.party = party
        self.public: bytes = signer.public_key().public_bytes_raw()
        self._signer = signer

    @classmethod
    def generate(cls, party: str, entropy: Entropy) -> tuple["RootKey", bytes]:
        """A new root, and its private bytes, which are to be put away encrypted."""
        private = entropy(ROOT_BYTES)
        return cls.from_private_bytes(party, private), private

    @classmethod
    def from_private_bytes(cls, party: str, data: bytes) -> "RootKey":
        """The root of these private bytes; UsageError for another number of them."""
        if len(data) != ROOT_BYTES:
            raise UsageError(f"a root key has {ROOT_BYTES} bytes, not {len(data)}: restore it from its copy")
        return cls(party, Ed25519PrivateKey.from_private_bytes(data))

    @property
    def signer(self) -> Signer:
        """What signs."""
        return self._signer

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return root_fingerprint(self.party, self.public)

    def first(self, request: KeyRequest, issue: Issue) -> SignedState:
        """The party's first state; errors as of `_card_of`."""
        return self._sign(
            TrustState(
                party=self.party,
                version=1,
                previous=b"",
                issued_ns=issue.now_ns,
                root=self.public,
                card=self._card_of(request),
                begins_ns=issue.now_ns,
                ends_ns=issue.ends_ns,
            ),
            possession=request.possession,
        )

    def next(self, known: SignedState, request: KeyRequest | None, issue: Issue) -> SignedState:
        """The state that follows a known one: new keys, a later end, keys revoked.

        Args:
            known: the newest state.
            request: for new keys; without it the keys stay, or, where they are revoked, there are none.
            issue: dates, and what is revoked.

        Raises:
            UsageError: the known state is another root's, or a key to revoke is none of the party's.
            TrustError: the request is unsound, or does not say what must be said of the key before.
        """
        before = self._own(known)
        card = self._card_of(request) if request is not None else before.card
        if card is not None and card.pin.signing_public in issue.revoked:
            card = None
        retired = _retired(before, card, issue)
        kept = card is not None and request is None
        state = TrustState(
            party=self.party,
            version=before.version + 1,
            previous=known.digest,
            issued_ns=max(issue.now_ns, before.issued_ns),
            root=self.public,
            card=card,
            begins_ns=before.begins_ns if kept else issue.now_ns,
            ends_ns=issue.ends_ns,
            retired=retired,
        )
        proofs = request or (known if kept else None)
        signed = self._sign(
            state,
            possession=proofs.possession if proofs is not None else b"",
            succession=request.succession if request is not None and _is_succeeded(before, state) else b"",
        )
        check_follows(known, signed)
        return signed

    def hand_over(self, known: SignedState, new: "RootKey", issue: Issue) -> SignedState:
        """The state by which a new root takes the place of this one; errors as of `next`."""
        before = self._own(known)
        state = msgspec.structs.replace(
            before,
            version=before.version + 1,
            previous=known.digest,
            issued_ns=max(issue.now_ns, before.issued_ns),
            root=new.public,
            ends_ns=issue.ends_ns,
        )
        payload = encode(state)
        signed = SignedState(
            signed=sign1(new.signer, STATE_TYPE, payload),
            possession=known.possession,
            handover=sign1(self._signer, HANDOVER_TYPE, sha256(payload).digest()),
        )
        check_follows(known, signed)
        return signed

    def revocation(self) -> bytes:
        """The revocation of all that this root ever signs: to be kept on paper, away from the root."""
        said = PartyRevocation(party=self.party, root=self.public)
        return sign1(self._signer, REVOCATION_TYPE, encode(said))

    def _own(self, known: SignedState) -> TrustState:
        before = checked_state(known)
        if before.party != self.party or before.root != self.public:
            raise UsageError(
                f"the trust state is of another root than this one of {self.party}: give its own"
            )
        return before

    def _card_of(self, request: KeyRequest) -> Card:
        """The card of a request; TrustError where it is another party's, or not signed by its own key."""
        if request.party != self.party or request.card.party != self.party:
            raise TrustError(f"the request is of `{request.party}`, this is the root of `{self.party}`")
        key = public_key(request.card.pin.signing_public, self.party)
        said = verify1(key, request.possession, POSSESSION_TYPE, "request", f"{self.party}'s node")
        if said != card_proof(request.card):
            raise TrustError("the request is signed for another card than it shows: ask for it again")
        return request.card

    def _sign(self, state: TrustState, possession: bytes, succession: bytes = b"") -> SignedState:
        return SignedState(
            signed=sign1(self._signer, STATE_TYPE, encode(state)),
            possession=possession,
            succession=succession,
        )

    def __repr__(self) -> str:
        """Party and nothing secret."""
        return f"RootKey(party={self.party!r}, private=***)"


def key_request(keys: NodeKeys, card: Card, before: NodeKeys | None = None) -> KeyRequest:
    """What a node asks its root to sign: its own card, by its keys and by those before them."""
    said = card_proof(card)
    return KeyRequest(
        party=keys.party,
        card=card,
        possession=sign1(keys.signing, POSSESSION_TYPE, said),
        succession=sign1(before.signing, SUCCESSION_TYPE, said) if before is not None else b"",
    )


def _is_succeeded(before: TrustState, state: TrustState) -> bool:
    """Whether the key before must sign for the new one: it is there, is another, and is not revoked."""
    if before.card is None:
        return False
    old = before.card.pin.signing_public
    return any(key.signing_public == old and not key.revoked for key in state.retired)


def _retired(before: TrustState, card: Card | None, issue: Issue) -> tuple[RetiredKey, ...]:
    """The keys in force no more: those of before, the one that is replaced now, and what is revoked."""
    retired = {key.signing_public: key for key in before.retired}
    old = before.card.pin.signing_public if before.card is not None else None
    if old is not None and (card is None or card.pin.signing_public != old):
        retired[old] = RetiredKey(
            signing_public=old, begins_ns=before.begins_ns, ended_ns=issue.now_ns, revoked=False
        )
    for public, revoked in issue.revoked.items():
        if public not in retired:
            raise UsageError(f"{before.party} has no key {public.hex()[:16]}: see `trilat trust show`")
        retired[public] = msgspec.structs.replace(
            retired[public],
            revoked=True,
            ended_ns=min(revoked.as_of_ns, retired[public].ended_ns),
            reason=revoked.reason,
        )
    return tuple(retired.values())
