"""COSE_Sign1 and COSE_Encrypt0 (RFC 9052) in the one shape that Trilat speaks, written and read strictly.

    COSE_Sign1    = 18([protected {1: -8, 3: content type}, {}, payload, signature])       Ed25519
    COSE_Encrypt0 = 16([protected {1: 3, 4: key identifier}, {5: IV}, ciphertext])         AES-256-GCM

Rules
1. Algorithm and content type stand in the protected header, which is compared as bytes with what is
   expected: an object of another algorithm, or made for another use, is refused before anything else.
2. What is read is read by its shape: no CBOR tag, map or number of a peer is ever interpreted, so there is
   nothing in it that could nest, grow or run. Other encodings of the same values are refused.
3. The payload is verified as it came and handed on as it came.

Who signed is not in these objects: the caller knows whose key must fit from the payload's own words.
"""

from functools import cache
from typing import Final

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trilat.link.signer import Signer
from trilat.model import EnvelopeError

ALGORITHM_EDDSA: Final = -8
ALGORITHM_A256GCM: Final = 3
SIGNATURE_BYTES: Final = 64
IV_BYTES: Final = 12
TAG_BYTES: Final = 16
_SIGN1_START: Final = b"\xd2\x84"
"""Tag 18, array of 4."""
_ENCRYPT0_START: Final = b"\xd0\x83"
"""Tag 16, array of 3."""
_EMPTY_MAP: Final = b"\xa0"
_IV_MAP: Final = b"\xa1\x05\x4c"
"""Map of one: label 5 and a byte string of 12."""

_BYTE_STRING: Final = 0x40
_INLINE_MAX: Final = 23
_LENGTH_BYTES: Final = {24: 1, 25: 2, 26: 4}


def is_sign1(data: bytes) -> bool:
    """Whether these bytes begin as a COSE_Sign1 does."""
    return data.startswith(_SIGN1_START)


def sign1(key: Signer, content_type: str, payload: bytes) -> bytes:
    """The COSE_Sign1 of a payload, which it carries (RFC 9052, section 4.4)."""
    protected = _sign1_protected(content_type)
    signature = key.sign(_signed_bytes(protected, payload))
    return b"".join((
        _SIGN1_START, cbor2.dumps(protected), _EMPTY_MAP, cbor2.dumps(payload), cbor2.dumps(signature)
    ))  # fmt: skip


def payload_of(data: bytes, content_type: str, what: str) -> bytes:
    """The payload of a COSE_Sign1, *not verified*: to learn whose signature it claims to carry.

    Raises:
        EnvelopeError: not a COSE_Sign1 in this shape, or made for another use or by another algorithm.
    """
    return _sign1_parts(data, content_type, what)[0]


def verify1(key: Ed25519PublicKey, data: bytes, content_type: str, what: str, signer: str) -> bytes:
    """The payload of a COSE_Sign1 by this key, as it was sent.

    Args:
        key: the pinned key of whoever must have signed.
        data: the object.
        content_type: the use it must have been made for.
        what: its name for people, such as `marking`.
        signer: the party's code, for the text of a refusal.

    Raises:
        EnvelopeError: as in `payload_of`, or the signature is not by this key over this payload.
    """
    payload, signature = _sign1_parts(data, content_type, what)
    try:
        key.verify(signature, _signed_bytes(_sign1_protected(content_type), payload))
    except InvalidSignature:
        raise EnvelopeError(f"the signature of the {what} is not by `{signer}`: not accepted") from None
    return payload


def encrypt0(key: AESGCM, key_identifier: bytes, iv: bytes, plaintext: bytes, bound: bytes) -> bytes:
    """The COSE_Encrypt0 of a plaintext; `bound` is the external additional data (RFC 9052, section 5.3).

    The caller sees to it that an IV is used once under a key.
    """
    protected = _encrypt0_protected(key_identifier)
    ciphertext = key.encrypt(iv, plaintext, _authenticated_bytes(protected, bound))
    return b"".join((_ENCRYPT0_START, cbor2.dumps(protected), _IV_MAP, iv, cbor2.dumps(ciphertext)))


def decrypt0(key: AESGCM, key_identifier: bytes, data: bytes, bound: bytes) -> bytes:
    """The plaintext of a COSE_Encrypt0 under this key with this additional data.

    Raises:
        EnvelopeError: not in this shape, of another key or algorithm, or changed in any bit.
    """
    reader = _Reader(data, "sealed object")
    protected = _encrypt0_protected(key_identifier)
    reader.expect(_ENCRYPT0_START)
    if reader.byte_string() != protected:
        raise EnvelopeError("a sealed object is of another epoch or algorithm: not opened")
    reader.expect(_IV_MAP)
    iv = reader.take(IV_BYTES)
    ciphertext = reader.byte_string()
    reader.end()
    try:
        return key.decrypt(iv, ciphertext, _authenticated_bytes(protected, bound))
    except InvalidTag:
        raise EnvelopeError("a sealed object does not open: it or what it is bound to was changed") from None


def _sign1_parts(data: bytes, content_type: str, what: str) -> tuple[bytes, bytes]:
    reader = _Reader(data, what)
    reader.expect(_SIGN1_START)
    if reader.byte_string() != _sign1_protected(content_type):
        raise EnvelopeError(f"the {what} is signed by another algorithm, or for another use: not accepted")
    reader.expect(_EMPTY_MAP)
    payload, signature = reader.byte_string(), reader.byte_string()
    reader.end()
    return payload, signature


@cache
def _sign1_protected(content_type: str) -> bytes:
    return cbor2.dumps({1: ALGORITHM_EDDSA, 3: content_type}, canonical=True)


def _encrypt0_protected(key_identifier: bytes) -> bytes:
    return cbor2.dumps({1: ALGORITHM_A256GCM, 4: key_identifier}, canonical=True)


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _authenticated_bytes(protected: bytes, bound: bytes) -> bytes:
    return cbor2.dumps(["Encrypt0", protected, bound])


class _Reader:
    """Reads an expected shape from bytes; anything else is an EnvelopeError."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    def expect(self, literal: bytes) -> None:
        if not self._data.startswith(literal, self._at):
            raise self._wrong()
        self._at += len(literal)

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise self._wrong()
        self._at += count
        return taken

    def byte_string(self) -> bytes:
        """A byte string of definite length in its shortest form (RFC 8949, section 4.2.1)."""
        additional = self.take(1)[0] - _BYTE_STRING
        if 0 <= additional <= _INLINE_MAX:
            return self.take(additional)
        width = _LENGTH_BYTES.get(additional)
        if width is None:
            raise self._wrong()
        length = int.from_bytes(self.take(width), "big")
        shortest = _INLINE_MAX if width == 1 else 2 ** (4 * width) - 1
        if length <= shortest:
            raise self._wrong()
        return self.take(length)

    def end(self) -> None:
        if self._at != len(self._data):
            raise self._wrong()

    def _wrong(self) -> EnvelopeError:
        return EnvelopeError(f"the {self._what} is not a COSE object of the expected shape: not accepted")
