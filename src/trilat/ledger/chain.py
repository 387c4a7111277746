"""Commitment and chain: the arithmetic that makes a changed row show. Pure functions over bytes.

    commitment = SHA-256(domain, salt, kind, content)
    chained    = SHA-256(domain, previous chained, entry, recorded_ns, kind, commitment)

Every part stands behind its length, so that no two different lists of parts give the same input; each use
has its own domain text, so that a digest made for one can never stand for another. The salt is random and
secret: a commitment shown to somebody tells nothing about the content, even if that can be guessed. The
first row's predecessor is derived from the party, so that one party's ledger cannot pass for another's.
SHA-256 is FIPS 180-4.
"""

from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Final

DIGEST_BYTES: Final = 32
_COMMITMENT_DOMAIN: Final = b"trilat/ledger/commitment/1"
_CHAIN_DOMAIN: Final = b"trilat/ledger/chain/1"
_GENESIS_DOMAIN: Final = b"trilat/ledger/genesis/1"
_LENGTH: Final = Struct(">Q")
_PLACE: Final = Struct(">QqQq")
"""Entry behind its length, instant behind its length."""

_DIGEST: Final = _LENGTH.pack(DIGEST_BYTES)
_COMMITMENT_PREFIX: Final = _LENGTH.pack(len(_COMMITMENT_DOMAIN)) + _COMMITMENT_DOMAIN
_CHAIN_PREFIX: Final = _LENGTH.pack(len(_CHAIN_DOMAIN)) + _CHAIN_DOMAIN


@lru_cache(maxsize=64)
def _named(kind: str) -> bytes:
    """A kind behind its length; there are few, so that these bytes are made once."""
    name = kind.encode()
    return _LENGTH.pack(len(name)) + name


def commitment_of(salt: bytes, kind: str, content: bytes) -> bytes:
    """The salted commitment, 32 bytes, to a kind and a content."""
    pack = _LENGTH.pack
    parts = (_COMMITMENT_PREFIX, pack(len(salt)), salt, _named(kind), pack(len(content)), content)
    return sha256(b"".join(parts)).digest()


def row_hashes(
    previous: bytes, entry: int, kind: str, recorded_ns: int, salt: bytes, content: bytes
) -> tuple[bytes, bytes]:
    """`commitment_of` a new row's kind and content, and `chained_of` it behind `previous`, a value of the
    chain: for writing very many.
    """
    named, pack = _named(kind), _LENGTH.pack
    commitment = sha256(
        b"".join((_COMMITMENT_PREFIX, pack(len(salt)), salt, named, pack(len(content)), content))
    ).digest()
    place = _PLACE.pack(8, entry, 8, recorded_ns)
    parts = (_CHAIN_PREFIX, _DIGEST, previous, place, named, _DIGEST, commitment)
    return commitment, sha256(b"".join(parts)).digest()


def genesis_of(party: str) -> bytes:
    """What stands before the first row of a party's ledger, 32 bytes."""
    return _digest(_GENESIS_DOMAIN, party.encode())


def chained_of(previous: bytes, entry: int, kind: str, recorded_ns: int, commitment: bytes) -> bytes:
    """The chain's value at a row, 32 bytes; `entry` and `recorded_ns` fit signed 64-bit integers."""
    before = _DIGEST if len(previous) == DIGEST_BYTES else _LENGTH.pack(len(previous))
    after = _DIGEST if len(commitment) == DIGEST_BYTES else _LENGTH.pack(len(commitment))
    place = _PLACE.pack(8, entry, 8, recorded_ns)
    parts = (_CHAIN_PREFIX, before, previous, place, _named(kind), after, commitment)
    return sha256(b"".join(parts)).digest()


def _digest(*parts: bytes) -> bytes:
    pack = _LENGTH.pack
    return sha256(b"".join([pack(len(part)) + part for part in parts])).digest()
