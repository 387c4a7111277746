"""Commitment and chain: the arithmetic that makes a changed row show. Pure functions over bytes.

    commitment = SHA-256(domain, salt, kind, content)
    chained    = SHA-256(domain, previous chained, entry, recorded_ns, kind, commitment)

Every part stands behind its length, so that no two different lists of parts give the same input; each use
has its own domain text, so that a digest made for one can never stand for another. The salt is random and
secret: a commitment shown to somebody tells nothing about the content, even if that can be guessed. The
first row's predecessor is derived from the party, so that one party's ledger cannot pass for another's.
SHA-256 is FIPS 180-4.
"""

from hashlib import sha256
from struct import Struct
from typing import Final

DIGEST_BYTES: Final = 32
_COMMITMENT_DOMAIN: Final = b"trilat/ledger/commitment/1"
_CHAIN_DOMAIN: Final = b"trilat/ledger/chain/1"
_GENESIS_DOMAIN: Final = b"trilat/ledger/genesis/1"
_LENGTH: Final = Struct(">Q")
_PLACE: Final = Struct(">QqQqQ")
"""Entry behind its length, instant behind its length, length of the kind."""

_CHAIN_PREFIX: Final = _LENGTH.pack(len(_CHAIN_DOMAIN)) + _CHAIN_DOMAIN


def commitment_of(salt: bytes, kind: str, content: bytes) -> bytes:
    """The salted commitment, 32 bytes, to a kind and a content."""
    return _digest(_COMMITMENT_DOMAIN, salt, kind.encode(), content)


def genesis_of(party: str) -> bytes:
    """What stands before the first row of a party's ledger, 32 bytes."""
    return _digest(_GENESIS_DOMAIN, party.encode())


def chained_of(previous: bytes, entry: int, kind: str, recorded_ns: int, commitment: bytes) -> bytes:
    """The chain's value at a row, 32 bytes; `entry` and `recorded_ns` fit signed 64-bit integers."""
    named = kind.encode()
    return sha256(
        _CHAIN_PREFIX
        + _LENGTH.pack(len(previous))
        + previous
        + _PLACE.pack(8, entry, 8, recorded_ns, len(named))
        + named
        + _LENGTH.pack(len(commitment))
        + commitment
    ).digest()


def _digest(*parts: bytes) -> bytes:
    pack = _LENGTH.pack
    return sha256(b"".join([pack(len(part)) + part for part in parts])).digest()
