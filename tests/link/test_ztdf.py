"""ZTDF: what is written is read by a reader written from the specification, and what deviates is refused."""

import base64
import hmac
import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import TrustStore, read_private, read_public, read_ztdf, sign_labels, write_ztdf
from trilat.model import EnvelopeError, PeerError, UsageError, to_plain

if TYPE_CHECKING:
    from tests.link.conftest import World

Edit = Callable[[dict[str, Any]], None]
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def _made(world: "World", text: str = "statement 1", to: Any = None, signer: str = "USA") -> bytes:
    item = world.statement("KOR", text=text)
    (marking,) = sign_labels(world.keys["KOR"], [item], world.source.randbytes)
    return write_ztdf(
        item,
        marking,
        world.keys[signer],
        (to or RSA).public_key(),
        os.urandom,
        key_server="https://kas.example",
        attributes=("https://attributes.example/attr/level/value/low",),
    )


def _read(world: "World", data: bytes, key: Any = None) -> Any:
    return read_ztdf(data, key or RSA, world.trust)


class Judge:
    """A reader of OpenTDF containers, written from the specification's pages and from nothing of ours."""

    def __init__(self, data: bytes, key: Any) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.names = archive.namelist()
            self.manifest = json.loads(archive.read("0.manifest.json"))
            payload = archive.read("0.payload")
        information = self.manifest["encryptionInformation"]
        (access,) = information["keyAccess"]
        wrapped = base64.b64decode(access["wrappedKey"])
        self.key = self._unwrap(key, access, wrapped)
        policy = information["policy"]
        digest = hmac.new(self.key, policy.encode(), "sha256").hexdigest()
        assert base64.b64decode(access["policyBinding"]["hash"]).decode() == digest
        self.policy = json.loads(base64.b64decode(policy))
        integrity, at, self.plain, tags = information["integrityInformation"], 0, b"", b""
        for segment in integrity["segments"]:
            sealed = payload[at : at + segment["encryptedSegmentSize"]]
            plain = AESGCM(self.key).decrypt(sealed[:12], sealed[12:], None)
            assert len(plain) == segment["segmentSize"]
            assert base64.b64decode(segment["hash"]) == sealed[-16:]
            self.plain += plain
            tags += sealed[-16:]
            at += len(sealed)
        assert at == len(payload)
        root = hmac.new(self.key, tags, "sha256").digest()
        assert base64.b64decode(integrity["rootSignature"]["sig"]) == root
        self.tags = tags

    @staticmethod
    def _unwrap(key: Any, access: dict[str, Any], wrapped: bytes) -> bytes:
        if access["type"] == "wrapped":
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            return bytes(key.decrypt(wrapped, oaep))
        public = serialization.load_pem_public_key(access["ephemeralPublicKey"].encode())
        shared = key.exchange(ec.ECDH(), public)
        derived = HKDF(hashes.SHA256(), 32, salt=sha256(b"TDF").digest(), info=b"").derive(shared)
        return AESGCM(derived).decrypt(wrapped[:12], wrapped[12:], None)

    def verify(self, assertion: dict[str, Any], public: bytes) -> None:
        """The JWS of an assertion (RFC 7515), by the public key of who must have signed."""
        header, payload, signature = assertion["binding"]["signature"].split(".")
        Ed25519PublicKey.from_public_bytes(public).verify(_url(signature), f"{header}.{payload}".encode())
        bare = {name: value for name, value in assertion.items() if name != "binding"}
        digest = sha256(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        claims = json.loads(_url(payload))
        assert claims["assertionHash"] == digest
        assert base64.b64decode(claims["assertionSig"]) == self.tags + digest.encode()


def _url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("key", [RSA, CURVE], ids=["RSA", "P-256"])
@pytest.mark.parametrize("text", ["statement 1", "x" * 3_999])
def test_a_reader_written_from_the_specification_finds_the_item_its_policy_and_its_label(
    world: "World", key: Any, text: str
) -> None:
    judge = Judge(_made(world, text, key), key)
    assert sorted(judge.names) == ["0.manifest.json", "0.payload"]
    assert json.loads(judge.plain) == to_plain(world.statement("KOR", text=text))
    assert judge.policy["body"]["dissem"] == ["JPN", "USA"]
    (attribute,) = judge.policy["body"]["dataAttributes"]
    assert attribute["attribute"] == "https://attributes.example/attr/level/value/low"
    label, origin = judge.manifest["assertions"]
    assert json.loads(label["statement"]["value"]) == to_plain(world.statement("KOR").label)
    for assertion in (label, origin):
        judge.verify(assertion, world.keys["USA"].pin.signing_public)
    assert judge.manifest["payload"]["isEncrypted"] is True
    assert judge.manifest["encryptionInformation"]["method"]["algorithm"] == "AES-256-GCM"


@pytest.mark.parametrize("key", [RSA, CURVE], ids=["RSA", "P-256"])
def test_what_was_written_comes_back_with_who_vouches_for_it(world: "World", key: Any) -> None:
    imported = _read(world, _made(world, to=key), key)
    assert (imported.item, imported.signer) == (world.statement("KOR"), "USA")


def test_an_item_of_several_segments_comes_back(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.link.ztdf.SEGMENT_BYTES", 100)
    data = _made(world)
    assert len(Judge(data, RSA).manifest["encryptionInformation"]["integrityInformation"]["segments"]) > 5
    assert _read(world, data).item == world.statement("KOR")


def test_nothing_of_the_content_can_be_read_without_the_key(world: "World") -> None:
    data = _made(world, "a secret word")
    assert b"a secret word" not in data
    for key in (rsa.generate_private_key(public_exponent=65_537, key_size=2_048), CURVE):
        with pytest.raises(EnvelopeError, match="does not unwrap"):
            _read(world, data, key)


# Deviations. The forge holds the payload's key, as everybody does who was once given it.


def _forged(world: "World", edit: Edit, *, mend: bool = True) -> bytes:
    data = _made(world)
    judge = Judge(data, RSA)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        payload = archive.read("0.payload")
    manifest = judge.manifest
    edit(manifest)
    if mend:
        information = manifest["encryptionInformation"]
        policy = str(information["policy"]).encode()
        digest = hmac.new(judge.key, policy, "sha256").hexdigest().encode()
        information["keyAccess"][0]["policyBinding"]["hash"] = base64.b64encode(digest).decode()
    return _zip({"0.payload": payload, "0.manifest.json": json.dumps(manifest).encode()})


def _zip(files: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _policy(manifest: dict[str, Any], **body: Any) -> None:
    policy = json.loads(base64.b64decode(manifest["encryptionInformation"]["policy"]))
    policy["body"].update(body)
    manifest["encryptionInformation"]["policy"] = base64.b64encode(json.dumps(policy).encode()).decode()


def _value(manifest: dict[str, Any], place: int, value: Any) -> None:
    manifest["assertions"][place]["statement"]["value"] = json.dumps(value)


def test_the_forge_of_these_tests_changes_nothing_when_it_keeps_the_rules(world: "World") -> None:
    assert _read(world, _forged(world, lambda _: None)).item == world.statement("KOR")


DEVIATIONS: dict[str, tuple[Edit, str]] = {
    "wider policy": (lambda m: _policy(m, dissem=["AUS", "JPN", "USA"]), "other parties"),
    "no dissem": (lambda m: _policy(m, dissem=None), "other parties"),
    "a policy that is none": (lambda m: m["encryptionInformation"].update(policy="W10="), "other parties"),
    "a policy that is no JSON": (lambda m: m["encryptionInformation"].update(policy="eA=="), "policy"),
    "no label": (lambda m: m["assertions"].pop(0), "0 assertions of its label"),
    "two labels": (lambda m: m["assertions"].append(m["assertions"][0]), "2 assertions of its label"),
    "no origin": (lambda m: m["assertions"].pop(1), "0 assertions of its origin"),
    "no assertions": (lambda m: m.update(assertions=[]), "0 assertions"),
    "assertions left out": (lambda m: m.pop("assertions"), "manifest"),
    "an unsigned label": (lambda m: m["assertions"][0].pop("binding"), "not signed"),
    "another label": (lambda m: _value(m, 0, {"originator": "USA"}), "another ZTDF"),
    "a label of an unknown schema": (
        lambda m: m["assertions"][0]["statement"].update(schema="urn:example:label"),
        "0 assertions of its label",
    ),
    "another marking": (lambda m: _value(m, 1, {"marking": ""}), "another ZTDF"),
    "a symmetric signature": (
        lambda m: m["assertions"][0]["binding"].update(
            signature="eyJhbGciOiJIUzI1NiIsImtpZCI6IlVTQSJ9.e30.AAAA"
        ),
        "not signed by a party",
    ),
    "no signature at all": (
        lambda m: m["assertions"][0]["binding"].update(signature="eyJhbGciOiJub25lIiwia2lkIjoiVVNBIn0.e30."),
        "not signed by a party",
    ),
    "a signature that is none": (
        lambda m: m["assertions"][0]["binding"].update(signature="x"),
        "not signed by a party",
    ),
    "another binding method": (lambda m: m["assertions"][0]["binding"].update(method="jwe"), "manifest"),
    "an unknown field": (lambda m: m.update(extra=1), "manifest"),
    "another algorithm": (
        lambda m: m["encryptionInformation"]["method"].update(algorithm="AES-256-CBC"),
        "manifest",
    ),
    "another segment hash": (
        lambda m: m["encryptionInformation"]["integrityInformation"].update(segmentHashAlg="HS256"),
        "manifest",
    ),
    "another root": (
        lambda m: m["encryptionInformation"]["integrityInformation"]["rootSignature"].update(sig="AAAA"),
        "hash of the root",
    ),
    "another hash": (
        lambda m: m["encryptionInformation"]["integrityInformation"]["segments"][0].update(hash="AAAA"),
        "hash of the segment 1",
    ),
    "another size": (
        lambda m: m["encryptionInformation"]["integrityInformation"]["segments"][0].update(segmentSize=1),
        "another size",
    ),
    "a giant size": (
        lambda m: m["encryptionInformation"]["integrityInformation"]["segments"][0].update(segmentSize=2**40),
        "manifest",
    ),
    "no segments": (
        lambda m: m["encryptionInformation"]["integrityInformation"].update(segments=[]),
        "manifest",
    ),
    "two keys": (
        lambda m: m["encryptionInformation"]["keyAccess"].append(m["encryptionInformation"]["keyAccess"][0]),
        "manifest",
    ),
    "a remote key": (lambda m: m["encryptionInformation"]["keyAccess"][0].update(type="remote"), "manifest"),
    "a changed key": (
        lambda m: m["encryptionInformation"]["keyAccess"][0].update(wrappedKey="AAAA"),
        "does not unwrap",
    ),
    "a key that is no Base64": (
        lambda m: m["encryptionInformation"]["keyAccess"][0].update(wrappedKey="?"),
        "not Base64",
    ),
    "a payload that is not sealed": (lambda m: m["payload"].update(isEncrypted=False), "sealed"),
    "another specification": (lambda m: m.update(schemaVersion="3.0.0"), "4.3.0"),
    "another place": (lambda m: m["payload"].update(url="../0.payload"), "manifest"),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_refused_in_one_line(world: "World", name: str) -> None:
    edit, words = DEVIATIONS[name]
    with pytest.raises(PeerError, match=words) as caught:
        _read(world, _forged(world, edit))
    assert "\n" not in str(caught.value)


def test_a_policy_that_is_not_bound_is_refused(world: "World") -> None:
    with pytest.raises(EnvelopeError, match="hash of the policy"):
        _read(world, _forged(world, lambda m: _policy(m, dissem=["JPN", "USA", "AUS"]), mend=False))


def test_who_has_the_payloads_key_cannot_put_in_another_item(world: "World") -> None:
    # The known weakness of the format: all HMACs are mended, and only the signatures tell.
    data = _made(world)
    judge = Judge(data, RSA)
    changed = world.statement("KOR", text="what KOR never said")
    plain = json.dumps(to_plain(changed)).encode()
    sealed = bytes(12) + AESGCM(judge.key).encrypt(bytes(12), plain, None)
    integrity = judge.manifest["encryptionInformation"]["integrityInformation"]
    integrity["segments"] = [
        {
            "hash": base64.b64encode(sealed[-16:]).decode(),
            "segmentSize": len(plain),
            "encryptedSegmentSize": len(sealed),
        }
    ]
    root = hmac.new(judge.key, sealed[-16:], "sha256").digest()
    integrity["rootSignature"]["sig"] = base64.b64encode(root).decode()
    forged = _zip({"0.payload": sealed, "0.manifest.json": json.dumps(judge.manifest).encode()})
    Judge(forged, RSA)
    with pytest.raises(EnvelopeError, match="signed for another ZTDF"):
        _read(world, forged)


def test_assertions_of_another_container_or_of_a_stranger_are_refused(world: "World") -> None:
    other = Judge(_made(world), RSA).manifest["assertions"]
    with pytest.raises(EnvelopeError, match="signed for another ZTDF"):
        _read(world, _forged(world, lambda m: m.update(assertions=other)))
    with pytest.raises(PeerError, match="PRK"):
        _read(world, _made(world, signer="PRK"))
    with pytest.raises(PeerError, match="`KOR`"):
        read_ztdf(_made(world), RSA, TrustStore([world.keys["USA"].pin]))


def test_an_originators_marking_of_another_item_is_refused(world: "World") -> None:
    item = world.statement("KOR")
    wider = msgspec.structs.replace(
        item, label=msgspec.structs.replace(item.label, releasable_to=("USA", "JPN", "AUS"))
    )
    (marking,) = sign_labels(world.keys["KOR"], [item], world.source.randbytes)
    data = write_ztdf(
        wider, marking, world.keys["USA"], RSA.public_key(), os.urandom, key_server="https://kas.example"
    )
    with pytest.raises(EnvelopeError, match="another item, version, subject or label"):
        _read(world, data)


# Containers.


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"0.payload": b""},
        {"0.payload": b"", "0.manifest.json": b"{}", "more": b""},
        {"0.payload": b"", "manifest.json": b"{}"},
        {"../0.payload": b"", "0.manifest.json": b"{}"},
        {"0.payload": b"", "0.manifest.json": b""},
        {"0.payload": b"", "0.manifest.json": b'{"payload": 1, "payload": 2}'},
        {"0.payload": b"", "0.manifest.json": b"[" * 100_000},
        {"0.payload": b"", "0.manifest.json": b"\xff"},
    ],
)
def test_another_container_is_refused(world: "World", files: dict[str, bytes]) -> None:
    with pytest.raises(EnvelopeError):
        _read(world, _zip(files))


def test_a_container_that_grows_is_refused_before_it_grows(world: "World") -> None:
    bomb = _zip({"0.payload": bytes(50_000_000), "0.manifest.json": b"{}"}, zipfile.ZIP_DEFLATED)
    with pytest.raises(EnvelopeError, match="stored"):
        _read(world, bomb)
    with pytest.raises(EnvelopeError, match="over the limit"):
        _read(world, bytes(5_000_000))


def test_a_file_that_stands_twice_is_refused(world: "World") -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("0.payload", "0.manifest.json", "0.manifest.json"):
            archive.writestr(name, b"{}")
    with pytest.raises(EnvelopeError, match="nothing else"):
        _read(world, buffer.getvalue())


def test_no_byte_of_a_container_passes_changed(world: "World") -> None:
    data = _made(world)
    sound = _read(world, data)
    for position in range(0, len(data), 5):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        try:
            found = _read(world, bytes(changed))
        except PeerError:
            continue
        # A zip has fields that say nothing of what is in it, such as times: the content is the same.
        assert found == sound


@given(st.binary(max_size=600), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_as_a_peers(world: "World", data: bytes, manifest: bool) -> None:
    container = _zip({"0.payload": data, "0.manifest.json": data}) if manifest else b"PK\x03\x04" + data
    with pytest.raises(PeerError):
        _read(world, container)


@pytest.mark.parametrize("pem", [b"", b"x", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_is_none_is_refused(pem: bytes) -> None:
    for read in (read_public, read_private):
        with pytest.raises(UsageError, match="RSA with 2048 bits"):
            read(pem)


def test_a_weak_key_a_wrong_curve_and_a_key_under_a_passphrase_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
    curve = ec.generate_private_key(ec.SECP256K1())
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    for key in (weak, curve, Ed25519PrivateKey.generate()):
        with pytest.raises(UsageError):
            read_public(key.public_key().public_bytes(pem, public))
        with pytest.raises(UsageError):
            read_private(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    with pytest.raises(UsageError):
        read_private(RSA.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"word")))
    assert read_public(CURVE.public_key().public_bytes(pem, public)) == CURVE.public_key()
