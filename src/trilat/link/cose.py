"""COSE_Sign1 and COSE_Encrypt0 (RFC 9052) in the one shape that Trilat speaks, written and read strictly.

    COSE_Sign1    = 18([protected {1: -8, 3: content type}, {}, payload, signature])       Ed25519
    COSE_Encrypt0 = 16([protected {1: algorithm, 4: key identifier}, {5: IV}, ciphertext])

The algorithms of COSE_Encrypt0 are those in `OBJECT_ALGORITHMS`, by their names in the registry of COSE.

Rules
1. Algorithm and content type stand in the protected header, which is compared as bytes with what is
   expected: an object of another algorithm, or made for another use, is refused before anything else.
2. What is read is read by its shape: no CBOR tag, map or number of a peer is ever interpreted, so there is
   nothing in it that could nest, grow or run. Other encodings of the same values are refused.
3. The payload is verified as it came and handed on as it came.

Who signed is not in these objects: the caller knows whose key must fit from the payload's own words.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, Protocol

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

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


class Cipher(Protocol):
    """An authenticated cipher under one key, as the library gives it."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext; InvalidTag where anything was changed."""
        ...


A256GCM: Final = "A256GCM"
CHACHA20_POLY1305: Final = "ChaCha20/Poly1305"
OBJECT_ALGORITHMS: Final[dict[str, tuple[int, Callable[[bytes], Cipher]]]] = {
    A256GCM: (ALGORITHM_A256GCM, AESGCM),
    CHACHA20_POLY1305: (24, ChaCha20Poly1305),
}
"""Number and cipher by name (IANA, COSE algorithms); all take keys of 32 bytes and IVs of 12."""

_BYTE_STRING: Final = 0x40
_INLINE_MAX: Final = 23
_LENGTH_BYTES: Final = {24: 1, 25: 2, 26: 4}
_TWO_BYTES: Final = b"\x59"
_ONE_BYTE_MAX: Final = 255
_TWO_BYTES_MAX: Final = 65_535
_ADDITIONAL: Final = {width: additional for additional, width in _LENGTH_BYTES.items()}


def is_sign1(data: bytes) -> bool:
    """Whether these bytes begin as a COSE_Sign1 does."""
    return data.startswith(_SIGN1_START)


def sign1(key: Signer, content_type: str, payload: bytes) -> bytes:
    """The COSE_Sign1 of a payload, which it carries (RFC 9052, section 4.4)."""
    protected = _sign1_protected(content_type)
    return joined1(content_type, payload, key.sign(_signed_bytes(protected, payload)))


def signature_of(data: bytes, content_type: str, what: str) -> bytes:
    """The signature in a COSE_Sign1, *not verified*; EnvelopeError as in `payload_of`."""
    return _sign1_parts(data, content_type, what)[1]


def joined1(content_type: str, payload: bytes, signature: bytes) -> bytes:
    """The COSE_Sign1 of a payload and a signature that came apart; whether they fit is not checked."""
    protected = _sign1_protected(content_type)
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


def is_encrypt0(data: bytes) -> bool:
    """Whether these bytes begin as a COSE_Encrypt0 does."""
    return data.startswith(_ENCRYPT0_START)


class ObjectCipher:
    """Makes and reads the COSE_Encrypt0 objects of one key; what all of them share is written once."""

    def __init__(self, algorithm: str, key: bytes, key_identifier: bytes) -> None:
        """The cipher of a key.

        Raises:
            EnvelopeError: this node does not know the algorithm.
        """
        if algorithm not in OBJECT_ALGORITHMS:
            raise EnvelopeError(
                f"objects are sealed by `{algorithm}`, which this node does not know: bring both to "
                "one version"
            )
        number, cipher = OBJECT_ALGORITHMS[algorithm]
        self._cipher = cipher(key)
        self._protected = _encrypt0_protected(key_identifier, number)
        self._head = b"".join((_ENCRYPT0_START, cbor2.dumps(self._protected), _IV_MAP))
        self._bound_head = cbor2.dumps(["Encrypt0", self._protected, b""])[:-1]

    def close(self, iv: bytes, plaintext: bytes, bound: bytes) -> bytes:
        """The COSE_Encrypt0 of a plaintext; `bound` is the external additional data (RFC 9052, section 5.3).

        The caller sees to it that an IV is used once under a key.
        """
        ciphertext = self._cipher.encrypt(iv, plaintext, self._bound_head + _byte_string(bound))
        return b"".join((self._head, iv, _byte_string(ciphertext)))

    def open(self, data: bytes, bound: bytes) -> bytes:
        """The plaintext of a COSE_Encrypt0 under this key with this additional data.

        Raises:
            EnvelopeError: not in this shape, of another key or algorithm, or changed in any bit.
        """
        reader = _Reader(data, "sealed object")
        if not data.startswith(self._head):
            self._refuse_head(reader)
        at = len(self._head)
        iv, start = data[at : at + IV_BYTES], at + IV_BYTES + 3
        length = max(0, len(data) - start)
        if data[at + IV_BYTES : start] == _TWO_BYTES + length.to_bytes(4, "big")[2:] and (
            _ONE_BYTE_MAX < length <= _TWO_BYTES_MAX
        ):
            # Nearly every object has a length of two bytes: it is read without a reader's calls.
            ciphertext = data[start:]
        else:
            reader.skip(at + IV_BYTES)
            ciphertext = reader.byte_string()
            reader.end()
        try:
            return self._cipher.decrypt(iv, ciphertext, self._bound_head + _byte_string(bound))
        except InvalidTag:
            raise _changed() from None

    def open_row(self, objects: Sequence[bytes], bound: bytes, first: int) -> list[bytes]:
        """The plaintexts of objects in a row: each is bound to `bound` and its number, of 8 bytes, the first
        to the number `first`. As `open` for each of them.
        """
        head, at = self._head, len(self._head)
        start = at + IV_BYTES + 3
        additional = self._bound_head + _byte_string(bound + bytes(8))[:-8]
        decrypt = self._cipher.decrypt
        opened: list[bytes] = []
        for number, data in enumerate(objects, first):
            place = number.to_bytes(8, "big")
            length = len(data) - start
            if not (
                _ONE_BYTE_MAX < length <= _TWO_BYTES_MAX
                and data.startswith(head)
                and data[at + IV_BYTES : start] == _TWO_BYTES + length.to_bytes(2, "big")
            ):
                opened.append(self.open(data, bound + place))
                continue
            try:
                opened.append(decrypt(data[at : at + IV_BYTES], data[start:], additional + place))
            except InvalidTag:
                raise _changed() from None
        return opened

    def close_row(
        self, ivs: Sequence[bytes], plaintexts: Sequence[bytes], bound: bytes, first: int
    ) -> list[bytes]:
        """The COSE_Encrypt0 of plaintexts in a row, bound as `open_row` says. As `close` for each of them."""
        additional = self._bound_head + _byte_string(bound + bytes(8))[:-8]
        encrypt, head = self._cipher.encrypt, self._head
        closed: list[bytes] = []
        for number, (iv, plaintext) in enumerate(zip(ivs, plaintexts, strict=True), first):
            ciphertext = encrypt(iv, plaintext, additional + number.to_bytes(8, "big"))
            closed.append(b"".join((head, iv, _byte_string(ciphertext))))
        return closed

    def _refuse_head(self, reader: "_Reader") -> None:
        reader.expect(_ENCRYPT0_START)
        if reader.byte_string() != self._protected:
            raise EnvelopeError("a sealed object is of another epoch or algorithm: not opened")
        reader.expect(_IV_MAP)


def _changed() -> EnvelopeError:
    return EnvelopeError("a sealed object does not open: it or what it is bound to was changed")


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


def _encrypt0_protected(key_identifier: bytes, algorithm: int) -> bytes:
    return cbor2.dumps({1: algorithm, 4: key_identifier}, canonical=True)


def _byte_string(data: bytes) -> bytes:
    """A byte string of CBOR in its shortest form, without asking the encoder for each object."""
    length = len(data)
    if _ONE_BYTE_MAX < length <= _TWO_BYTES_MAX:
        return _TWO_BYTES + length.to_bytes(2, "big") + data
    if length <= _INLINE_MAX:
        return bytes([_BYTE_STRING + length]) + data
    width = next(width for width in _LENGTH_BYTES.values() if length < 1 << (8 * width))
    return bytes([_BYTE_STRING + _ADDITIONAL[width]]) + length.to_bytes(width, "big") + data


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])


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

    def skip(self, count: int) -> None:
        self._at += count

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
