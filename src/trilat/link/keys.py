"""`NodeKeys`: what a node signs and opens with. `Pin`: the public half that its partners hold.

Signing is Ed25519 (RFC 8032). Sealing is HPKE (RFC 9180) over the hybrid of ML-KEM-768 (FIPS 203) and
X25519, so that what is recorded today stays closed to a quantum computer later, and to whoever breaks
one of the two. All of it is the `cryptography` library's.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trilat.link.signer import Signer
from trilat.model import EnvelopeError, Noun, PartyCode, TrustError, UsageError

WRAP_ALGORITHM: Final = "HPKE-MLKEM768X25519-HKDFSHA256-A256GCM"
"""Name, in signed batches, of the way in which epoch secrets are wrapped."""

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SIGNING_BYTES: Final = 32
_MLKEM_SEED_BYTES: Final = 64
_MLKEM_PUBLIC_BYTES: Final = 1_184
_X25519_BYTES: Final = 32
SEALING_PRIVATE_BYTES: Final = _MLKEM_SEED_BYTES + _X25519_BYTES
PRIVATE_BYTES: Final = _SIGNING_BYTES + _MLKEM_SEED_BYTES + _X25519_BYTES
SEALING_PUBLIC_BYTES: Final = _MLKEM_PUBLIC_BYTES + _X25519_BYTES
_STREAM_BYTES: Final = 12
_SHARED_BYTES: Final = 32
_STREAM_DOMAIN: Final = b"trilat/stream/1/"
_FINGERPRINT_DOMAIN: Final = b"trilat/pin/1"

Entropy = Callable[[int], bytes]
"""A source of random bytes: that many, never the same again, also not after a restart."""


class Pin(Noun, frozen=True, kw_only=True):
    """A party's public keys, as its partners hold them.

    `sealing_public` is the ML-KEM-768 key followed by the X25519 key. What makes a pin trustworthy is that
    people compared its fingerprint over another channel; nothing here can replace that.
    """

    party: PartyCode
    signing_public: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    sealing_public: Annotated[
        bytes, msgspec.Meta(min_length=SEALING_PUBLIC_BYTES, max_length=SEALING_PUBLIC_BYTES)
    ]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over party and keys, as 16 groups of 4 hexadecimal digits to read aloud."""
        parts = (_FINGERPRINT_DOMAIN, self.party.encode(), self.signing_public, self.sealing_public)
        digest = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()
        return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


class NodeKeys:
    """A party's private keys. They mask themselves when printed and take no part in comparison.

    They change in one way, `become`: whoever holds this object holds the keys in force.
    """

    def __init__(
        self,
        party: str,
        signing: Signer,
        sealing: tuple[MLKEM768PrivateKey, X25519PrivateKey],
        before: "MLKEM768X25519PrivateKey | None" = None,
    ) -> None:
        """The keys of `party`; see `generate` and `from_private_bytes`.

        Args:
            party: its code.
            signing: an Ed25519 key, or a token that holds one.
            sealing: ML-KEM-768 and X25519.
            before: what was sealed to before these, which partners may go on with until they know.
        """
        mlkem, x25519 = sealing
        self._signing = signing
        self._sealing_parts = sealing
        self._before = before
        self._sealing = MLKEM768X25519PrivateKey(mlkem, x25519)
        self._pin = Pin(
            party=party,
            signing_public=signing.public_key().public_bytes_raw(),
            sealing_public=mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw(),
        )

    @classmethod
    def generate(cls, party: str, entropy: Entropy) -> "NodeKeys":
        """New keys of a party from `entropy`, which is `os.urandom` but in a simulation."""
        return cls.from_private_bytes(party, entropy(PRIVATE_BYTES))

    @classmethod
    def from_private_bytes(cls, party: str, data: bytes) -> "NodeKeys":
        """The keys that `private_bytes` gave.

        Raises:
            UsageError: another number of bytes.
            ItemError: `party` is not a party code.
        """
        if len(data) != PRIVATE_BYTES:
            raise UsageError(
                f"private keys have {PRIVATE_BYTES} bytes, not {len(data)}: give what was exported"
            )
        signing = Ed25519PrivateKey.from_private_bytes(data[:_SIGNING_BYTES])
        return cls.with_signer(party, signing, data[_SIGNING_BYTES:])

    @classmethod
    def with_signer(cls, party: str, signing: Signer, sealing: bytes, before: bytes = b"") -> "NodeKeys":
        """Keys of which something else signs, and those of `sealing_bytes` open, now and before.

        Raises:
            UsageError: another number of bytes.
        """
        if len(sealing) != SEALING_PRIVATE_BYTES or len(before) not in {0, SEALING_PRIVATE_BYTES}:
            raise UsageError(f"sealing keys have {SEALING_PRIVATE_BYTES} bytes: restore them from a backup")
        old = MLKEM768X25519PrivateKey(*_sealing_of(before)) if before else None
        return cls(party, signing, _sealing_of(sealing), old)

    def private_bytes(self) -> bytes:
        """All private keys: Ed25519 seed, ML-KEM-768 seed, X25519 key. Whoever has them is this party.

        Raises:
            UsageError: a token holds the signing key, and gives it to nobody.
        """
        if not isinstance(self._signing, Ed25519PrivateKey):
            raise UsageError(f"the signing key of `{self.party}` is in a token: it has no private bytes here")
        return self._signing.private_bytes_raw() + self.sealing_bytes()

    def sealing_bytes(self) -> bytes:
        """The private keys to open with: ML-KEM-768 seed, X25519 key."""
        mlkem, x25519 = self._sealing_parts
        return mlkem.private_bytes_raw() + x25519.private_bytes_raw()

    def become(self, new: "NodeKeys") -> None:
        """Take newer keys of the same party in place of these; UsageError for another party's.

        What was sealed to the keys before still opens.
        """
        if new.party != self.party:
            raise UsageError(f"keys of `{new.party}` do not take the place of those of `{self.party}`")
        if new.pin.sealing_public != self.pin.sealing_public:
            self._before = self._sealing
        self._signing, self._sealing_parts, self._pin = new.signing, new.sealing, new.pin
        self._sealing = MLKEM768X25519PrivateKey(*new.sealing)

    @property
    def party(self) -> str:
        """Whose keys these are."""
        return self._pin.party

    @property
    def pin(self) -> Pin:
        """The public half."""
        return self._pin

    @property
    def signing(self) -> Signer:
        """What signs."""
        return self._signing

    @property
    def sealing(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        """The keys that open."""
        return self._sealing_parts

    def stream_to(self, recipient: str) -> str:
        """The opaque name of this party's stream to a recipient: it tells nothing, and stays the same.

        Derived by HKDF (RFC 5869) from the signing seed, so that names of two streams cannot be related; from
        the sealing keys where the signing key is in a token. A stream that was begun keeps its name when keys
        change: the endpoint and the ledger remember it.
        """
        derivation = HKDF(SHA256(), _STREAM_BYTES, salt=None, info=_STREAM_DOMAIN + recipient.encode())
        signing = self._signing
        if isinstance(signing, Ed25519PrivateKey):
            return derivation.derive(signing.private_bytes_raw()).hex()
        return derivation.derive(self.sealing_bytes()).hex()

    def agree(self, pin: Pin, info: bytes) -> bytes:
        """32 bytes that only the two parties of a pair can make, each from its private and the other's public
        X25519 key (RFC 7748), by HKDF over `info`. They keep names from a relay, and nothing else rests on
        them.

        Raises:
            TrustError: the pin holds a key that cannot be used.
        """
        public = X25519PublicKey.from_public_bytes(pin.sealing_public[_MLKEM_PUBLIC_BYTES:])
        try:
            shared = self._sealing_parts[1].exchange(public)
        except ValueError as error:
            raise TrustError(
                f"the pin of `{pin.party}` holds a key that cannot be used: pin it again"
            ) from error
        return HKDF(SHA256(), _SHARED_BYTES, salt=None, info=info).derive(shared)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """The secret that a partner wrapped to this node, bound to `bound`; EnvelopeError where it is not."""
        for sealing in (self._sealing, self._before):
            try:
                if sealing is not None:
                    return _SUITE.decrypt(wrapped, sealing, info=bound)
            except (InvalidTag, ValueError):
                continue
        raise EnvelopeError("the epoch key does not unwrap: it is not for this node, or was changed")

    def __repr__(self) -> str:
        """Party and nothing secret."""
        return f"NodeKeys(party={self.party!r}, private=***)"


def _sealing_of(data: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    return (
        MLKEM768PrivateKey.from_seed_bytes(data[:_MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(data[_MLKEM_SEED_BYTES:]),
    )


def wrap_to(pin: Pin, secret: bytes, bound: bytes) -> bytes:
    """A secret that only the holder of the pin's private half can unwrap, given the same `bound`."""
    mlkem = MLKEM768PublicKey.from_public_bytes(pin.sealing_public[:_MLKEM_PUBLIC_BYTES])
    x25519 = X25519PublicKey.from_public_bytes(pin.sealing_public[_MLKEM_PUBLIC_BYTES:])
    try:
        return _SUITE.encrypt(secret, MLKEM768X25519PublicKey(mlkem, x25519), info=bound)
    except ValueError as error:
        raise TrustError(f"the pin of `{pin.party}` holds a key that cannot be used: pin it again") from error


def signing_key_of(pin: Pin) -> Ed25519PublicKey:
    """The key that verifies what the party signs; TrustError where the pin holds none."""
    try:
        return Ed25519PublicKey.from_public_bytes(pin.signing_public)
    except ValueError as error:
        raise TrustError(f"the pin of `{pin.party}` holds a key that cannot be used: pin it again") from error
