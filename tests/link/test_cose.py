"""COSE objects against RFC 9052, read by another decoder and checked with bare primitives."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from trilat.link.cose import (
    OBJECT_ALGORITHMS,
    ObjectCipher,
    _signed_bytes,
    is_encrypt0,
    is_sign1,
    payload_of,
    sign1,
    verify1,
)
from trilat.model import EnvelopeError

TYPE = "application/vnd.trilat.test"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRET = bytes(range(32))
AES = AESGCM(SECRET)
IV = bytes(range(12))
EPOCH = b"epoch-identifier"
CIPHER = ObjectCipher("A256GCM", SECRET, EPOCH)


def _verify(data: bytes) -> bytes:
    return verify1(KEY.public_key(), data, TYPE, "object", "KOR")


def test_the_signed_bytes_are_those_of_the_working_groups_example() -> None:
    # cose-wg/Examples, eddsa-examples/eddsa-sig-01.json; the key is RFC 8032, section 7.1, test 1.
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    signed = _signed_bytes(bytes.fromhex("a201270300"), b"This is the content.")
    assert signed == bytes.fromhex(
        "846a5369676e61747572653145a2012703004054546869732069732074686520636f6e74656e742e"
    )
    assert key.sign(signed) == bytes.fromhex(
        "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
        "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d"
    )


@pytest.mark.parametrize("length", [0, 1, 23, 24, 255, 256, 65_535, 65_536, 200_000])
def test_a_sign1_is_tag_18_of_four_and_signs_the_sig_structure(length: int) -> None:
    payload = bytes(length)
    data = sign1(KEY, TYPE, payload)
    decoded = cbor2.loads(data)
    assert (decoded.tag, len(decoded.value)) == (18, 4)
    protected, unprotected, carried, signature = decoded.value
    assert (cbor2.loads(protected), dict(unprotected), carried) == ({1: -8, 3: TYPE}, {}, payload)
    # RFC 9052, section 4.4: [context, body_protected, external_aad, payload]
    structure = _array(4) + _text(b"Signature1") + _bytes(protected) + _bytes(b"") + _bytes(payload)
    KEY.public_key().verify(signature, structure)
    assert _verify(data) == payload_of(data, TYPE, "object") == payload
    assert is_sign1(data)


@pytest.mark.parametrize(
    ("algorithm", "number", "cipher"), [("A256GCM", 3, AESGCM), ("ChaCha20/Poly1305", 24, ChaCha20Poly1305)]
)
@pytest.mark.parametrize("length", [0, 1, 7, 8, 239, 240, 65_519, 65_520, 100_000])
def test_each_algorithm_is_written_by_its_registered_number_and_judged_by_its_bare_cipher(
    algorithm: str, number: int, cipher: Any, length: int
) -> None:
    made = ObjectCipher(algorithm, SECRET, EPOCH)
    data = made.close(IV, bytes(length), b"bound")
    protected, _, ciphertext = cbor2.loads(data).value
    assert cbor2.loads(protected) == {1: number, 4: EPOCH}
    structure = _array(3) + _text(b"Encrypt0") + _bytes(protected) + _bytes(b"bound")
    assert cipher(SECRET).decrypt(IV, ciphertext, structure) == bytes(length)
    assert made.open(data, b"bound") == bytes(length)


def test_an_object_of_one_algorithm_is_not_opened_by_another_under_the_same_key() -> None:
    for sealed_by in OBJECT_ALGORITHMS:
        for opened_by in OBJECT_ALGORITHMS:
            data = ObjectCipher(sealed_by, SECRET, EPOCH).close(IV, b"plaintext", b"bound")
            if sealed_by != opened_by:
                with pytest.raises(EnvelopeError, match="another epoch or algorithm"):
                    ObjectCipher(opened_by, SECRET, EPOCH).open(data, b"bound")


@pytest.mark.parametrize("algorithm", ["", "A128GCM", "A256CBC", "a256gcm", "none"])
def test_an_algorithm_that_is_not_known_is_refused_in_one_line(algorithm: str) -> None:
    with pytest.raises(EnvelopeError, match="does not know"):
        ObjectCipher(algorithm, SECRET, EPOCH)


def test_an_encrypt0_is_tag_16_of_three_and_binds_the_enc_structure() -> None:
    data = CIPHER.close(IV, b"plaintext", b"bound")
    decoded = cbor2.loads(data)
    assert (decoded.tag, len(decoded.value)) == (16, 3)
    protected, unprotected, ciphertext = decoded.value
    assert (cbor2.loads(protected), dict(unprotected)) == ({1: 3, 4: EPOCH}, {5: IV})
    # RFC 9052, section 5.3: [context, protected, external_aad]
    structure = _array(3) + _text(b"Encrypt0") + _bytes(protected) + _bytes(b"bound")
    assert AES.decrypt(IV, ciphertext, structure) == b"plaintext"
    assert CIPHER.open(data, b"bound") == b"plaintext"
    assert (is_sign1(data), is_encrypt0(data)) == (False, True)


def _altered(change: dict[str, Any]) -> bytes:
    protected = change.get("protected", cbor2.dumps({1: -8, 3: TYPE}, canonical=True))
    payload = b"payload"
    signature = KEY.sign(_signed_bytes(protected, payload))
    parts = [protected, change.get("unprotected", {}), change.get("payload", payload), signature]
    return cbor2.dumps(cbor2.CBORTag(change.get("tag", 18), parts[: change.get("length", 4)]))


def test_the_altering_of_these_tests_makes_a_sound_object_of_no_change() -> None:
    assert _verify(_altered({})) == b"payload"


@pytest.mark.parametrize(
    "change",
    [
        {"protected": cbor2.dumps({1: -7, 3: TYPE}, canonical=True)},
        {"protected": cbor2.dumps({1: -19, 3: TYPE}, canonical=True)},
        {"protected": cbor2.dumps({1: 5, 3: TYPE}, canonical=True)},
        {"protected": cbor2.dumps({3: TYPE}, canonical=True)},
        {"protected": cbor2.dumps({1: -8}, canonical=True)},
        {"protected": cbor2.dumps({1: -8, 3: TYPE + "2"}, canonical=True)},
        {"protected": cbor2.dumps({1: -8, 3: TYPE, 2: [99]}, canonical=True)},
        {"protected": b""},
        {"unprotected": {4: b"11"}},
        {"unprotected": {1: -8}},
        {"payload": None},
        {"payload": "payload"},
        {"payload": b"another"},
        {"tag": 17},
        {"tag": 98},
        {"length": 3},
    ],
    ids=[
        "ECDSA named",
        "Ed25519 by its newer number",
        "a MAC named",
        "no algorithm",
        "no content type",
        "another content type",
        "a critical header that is not known",
        "an empty protected header",
        "a key identifier outside protection",
        "the algorithm outside protection",
        "a detached payload",
        "a text for a payload",
        "another payload",
        "a MAC's tag",
        "the tag of many signers",
        "no signature",
    ],
)
def test_another_shape_or_algorithm_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError) as caught:
        _verify(_altered(change))
    assert "\n" not in str(caught.value)


def test_other_encodings_of_the_same_object_are_refused() -> None:
    data = sign1(KEY, TYPE, b"payload")
    payload_at = data.index(b"\x47payload")
    signature_at = payload_at + 8
    others = [
        b"\xd8\x12" + data[1:],
        data[:1] + b"\x98\x04" + data[2:],
        data[:1] + b"\x9f" + data[2:] + b"\xff",
        data[:payload_at] + b"\x58\x07" + data[payload_at + 1 :],
        data[:payload_at] + b"\x5f\x47payload\xff" + data[signature_at:],
        data[:signature_at] + b"\x59\x00\x40" + data[signature_at + 2 :],
        data[:payload_at] + b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff" + data[payload_at + 1 :],
        data[:payload_at] + b"\x5a\xff\xff\xff\xff" + data[payload_at + 1 :],
        data + b"\x00",
        b"\xd9\xd9\xf7" + data,
        b"",
        b"\x82" * 10_000,
    ]
    for other in others:
        with pytest.raises(EnvelopeError):
            _verify(other)


def test_no_bit_of_a_sign1_can_change_and_none_can_be_missing() -> None:
    data = sign1(KEY, TYPE, b"payload")
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << (position % 8)
        with pytest.raises(EnvelopeError):
            _verify(bytes(changed))
    for length in range(len(data)):
        with pytest.raises(EnvelopeError):
            _verify(data[:length])


def test_no_bit_of_an_encrypt0_can_change_and_none_can_be_missing() -> None:
    data = CIPHER.close(IV, b"plaintext", b"bound")
    for position in range(8 * len(data)):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << (position % 8)
        with pytest.raises(EnvelopeError):
            CIPHER.open(bytes(changed), b"bound")
    for length in range(len(data)):
        with pytest.raises(EnvelopeError):
            CIPHER.open(data[:length], b"bound")


@pytest.mark.parametrize(
    ("epoch", "bound"),
    [(b"another epoch id", b"bound"), (EPOCH, b"another"), (EPOCH, b""), (b"", b"bound")],
)
def test_an_encrypt0_opens_only_as_it_was_bound(epoch: bytes, bound: bytes) -> None:
    data = CIPHER.close(IV, b"plaintext", b"bound")
    with pytest.raises(EnvelopeError):
        ObjectCipher("A256GCM", SECRET, epoch).open(data, bound)


def _array(count: int) -> bytes:
    return bytes([0x80 + count])


def _text(text: bytes) -> bytes:
    return bytes([0x60 + len(text)]) + text


def _bytes(data: bytes) -> bytes:
    """A CBOR byte string by RFC 8949, section 3.1, written without the library."""
    if len(data) < 24:
        return bytes([0x40 + len(data)]) + data
    width = 1 if len(data) < 256 else 2 if len(data) < 65_536 else 4
    return bytes([{1: 0x58, 2: 0x59, 4: 0x5A}[width]]) + len(data).to_bytes(width, "big") + data
