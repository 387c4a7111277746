"""NKeys: Ed25519 keys as NATS writes them, in base 32 with a checksum at the end.

Only keys of users are read and written. A public key begins with `U`, the seed of a private one with `SU`.
"""

import base64
from binascii import Error as Base32Error
from binascii import crc_hqx
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NKEY_BYTES: Final = 32
_CHECKSUM_BYTES: Final = 2
_PUBLIC_PREFIX: Final = bytes([20 << 3])
"""20 is `U` in base 32; five bits make a character."""

_SEED_PREFIX: Final = bytes([18 << 3 | 20 >> 2, (20 << 6) & 0xFF])
"""`S` in the first five bits, `U` in the eight bits behind them."""

Nkey = Annotated[str, msgspec.Meta(pattern=r"^U[A-Z2-7]{55}(?!\n)$")]
"""The public key of a user; that its checksum is right is for `is_nkey` to say."""


def nkey_public(key: Ed25519PrivateKey) -> str:
    """The public half of a key."""
    return _text(_PUBLIC_PREFIX + key.public_key().public_bytes_raw())


def nkey_seed(key: Ed25519PrivateKey) -> str:
    """The secret half of a key. Whoever has it is this user."""
    return _text(_SEED_PREFIX + key.private_bytes_raw())


def nkey_of_seed(seed: str) -> Ed25519PrivateKey:
    """The key that `nkey_seed` wrote; ValueError, which quotes nothing, where it is none."""
    data = _bytes(seed)
    if data[: len(_SEED_PREFIX)] != _SEED_PREFIX or len(data) != len(_SEED_PREFIX) + NKEY_BYTES:
        raise ValueError("not the seed of a user's NKey")
    return Ed25519PrivateKey.from_private_bytes(data[len(_SEED_PREFIX) :])


def is_nkey(text: str) -> bool:
    """Whether a text is the public NKey of a user, with the right checksum."""
    data = _bytes(text)
    return data[:1] == _PUBLIC_PREFIX and len(data) == 1 + NKEY_BYTES


def _text(data: bytes) -> str:
    return base64.b32encode(data + _checksum(data)).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """The bytes that `_text` wrote; empty where it cannot have."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (Base32Error, ValueError):
        return b""
    written = data[:-_CHECKSUM_BYTES]
    return written if _text(written) == text else b""


def _checksum(data: bytes) -> bytes:
    """CRC-16/XMODEM, least significant byte first."""
    return crc_hqx(data, 0).to_bytes(_CHECKSUM_BYTES, "little")
