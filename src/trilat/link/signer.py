"""`Signer`: whatever signs with an Ed25519 key: the key itself, or a token that never gives it out."""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Signer(Protocol):
    """An Ed25519 key that can be asked to sign (RFC 8032). `Ed25519PrivateKey` is one."""

    def sign(self, data: bytes, /) -> bytes:
        """The 64 bytes of the signature; LinkError where a token does not answer."""
        ...

    def public_key(self) -> Ed25519PublicKey:
        """The public half."""
        ...
