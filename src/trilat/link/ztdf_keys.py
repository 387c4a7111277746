"""How the payload key of a ZTDF is wrapped: to RSA (`wrapped`) or to an elliptic curve (`ec-wrapped`).

RSA is OAEP with SHA-1 and MGF1, because that is what OpenTDF's key access servers unwrap (`rsa:2048`); OAEP
does not rest on collision resistance. On curves the key is HKDF-SHA-256 of an ephemeral agreement, salted
with SHA-256("TDF"), and wraps by AES-256-GCM (`ec:secp256r1`).
"""

import os
from hashlib import sha256
from typing import Final, Literal

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from trilat.model import EnvelopeError, UsageError

KEY_BYTES: Final = 32
RSA_BITS_MIN: Final = 2_048
NONCE_BYTES: Final = 12
_OAEP: Final = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - see the docstring
_SALT: Final = sha256(b"TDF").digest()
_CURVES: Final = (SECP256R1, SECP384R1, SECP521R1)
_PEM_BYTES_MAX: Final = 16_384

Wrap = Literal["wrapped", "ec-wrapped"]
PublicKey = RSAPublicKey | EllipticCurvePublicKey
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


def read_public(pem: bytes) -> PublicKey:
    """A public key to wrap to; UsageError where it is none that a ZTDF can use."""
    try:
        key = load_pem_public_key(pem[:_PEM_BYTES_MAX])
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) and _fits(key):
        return key
    raise UsageError(
        "not a public key for a ZTDF: give PEM of RSA with 2048 bits or more, or of a NIST curve"
    )


def read_private(pem: bytes) -> PrivateKey:
    """A private key to unwrap with; UsageError where it is none, or is under a passphrase."""
    try:
        key = load_pem_private_key(pem[:_PEM_BYTES_MAX], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey) and _fits(key.public_key()):
        return key
    raise UsageError(
        "not a private key for a ZTDF: give PEM of RSA with 2048 bits or more, or of a NIST curve"
    )


def wrap(key: PublicKey, secret: bytes) -> tuple[Wrap, bytes, str | None]:
    """The kind of wrap, the wrapped secret, and the ephemeral public key in PEM where there is one."""
    if isinstance(key, RSAPublicKey):
        return "wrapped", key.encrypt(secret, _OAEP), None
    ephemeral = generate_private_key(key.curve)
    nonce = os.urandom(NONCE_BYTES)
    wrapped = nonce + AESGCM(_agreed(ephemeral, key)).encrypt(nonce, secret, None)
    pem = ephemeral.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return "ec-wrapped", wrapped, pem.decode("ascii")


def unwrap(key: PrivateKey, kind: str, wrapped: bytes, ephemeral: str | None) -> bytes:
    """The secret of a wrap; EnvelopeError where it is not for this key, or is none."""
    try:
        if isinstance(key, RSAPrivateKey) and kind == "wrapped" and ephemeral is None:
            secret = key.decrypt(wrapped, _OAEP)
        elif isinstance(key, EllipticCurvePrivateKey) and kind == "ec-wrapped" and ephemeral is not None:
            public = load_pem_public_key(ephemeral[:_PEM_BYTES_MAX].encode())
            if not isinstance(public, EllipticCurvePublicKey) or public.curve.name != key.curve.name:
                raise ValueError  # noqa: TRY301 - one refusal for all that does not unwrap
            secret = AESGCM(_agreed(key, public)).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], None)
        else:
            raise ValueError  # noqa: TRY301 - as above
    except (ValueError, InvalidTag, UnsupportedAlgorithm):
        raise EnvelopeError(
            "the key of the ZTDF does not unwrap: it is for another key, or was changed"
        ) from None
    if len(secret) != KEY_BYTES:
        raise EnvelopeError("the key of the ZTDF has another length: not accepted")
    return secret


def _agreed(private: EllipticCurvePrivateKey, public: EllipticCurvePublicKey) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=_SALT, info=b"").derive(private.exchange(ECDH(), public))


def _fits(key: PublicKey) -> bool:
    if isinstance(key, RSAPublicKey):
        return key.key_size >= RSA_BITS_MIN
    return isinstance(key.curve, _CURVES)
