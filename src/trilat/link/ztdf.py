"""ZTDF, the zip container of OpenTDF (specification 4.3.0; NATO ACP-240), for one item: written and read.

    0.manifest.json   policy, wrapped key, hashes of segments, assertions
    0.payload         the item as JSON, AES-256-GCM in segments of IV, ciphertext and tag

In a ZTDF itself, policy and payload are bound by HMACs under the payload's own key: whoever was once given
the key can make the container anew. So label and origin are assertions that are signed with a private key:
the label by who exports (a JWS, Ed25519), over the segments' hashes too, and the originator's marking.

What is read is refused, in one line, at the first of these that is not so:
 1. size; a zip of exactly these two files, stored, within their limits
 2. manifest: strict JSON with exactly the fields that are known here, and their algorithms
 3. key: unwraps
 4. policy: bound to the key by its HMAC, and names its parties as the label does
 5. segments: sizes add up, each opens, its hash is its tag; the root is the HMAC of the hashes
 6. payload: an item
 7. label: one assertion, equal to the item's label, signed by a pinned party for this very container
 8. origin: one assertion, signed as the label is, and the originator's marking holds for the item
Whether the label lets anybody have it is for policy to say.
"""

import hmac
import io
import json
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from trilat.link import ztdf_keys
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.statement import verify_label
from trilat.link.trust import TrustStore
from trilat.link.ztdf_manifest import (
    ALGORITHM,
    HMAC_NAME,
    LABEL_SCHEMA,
    ORIGIN_SCHEMA,
    Assertion,
    Binding,
    Encryption,
    Integrity,
    KeyAccess,
    Manifest,
    Method,
    Payload,
    PolicyBinding,
    RootSignature,
    Segment,
    Statement,
)
from trilat.model import (
    AnyItem,
    EnvelopeError,
    ItemError,
    Label,
    UsageError,
    from_plain,
    item_from_json,
    strict_json,
    to_plain,
)

_ED25519_BYTES: Final = 32
MANIFEST_FILE: Final = "0.manifest.json"
PAYLOAD_FILE: Final = "0.payload"
ZTDF_BYTES_MAX: Final = 4_194_304
SPECIFICATION: Final = "4.3.0"
SEGMENT_BYTES: Final = 65_536
_JSON_BYTES_MAX: Final = 1_048_576
_OVERHEAD_BYTES: Final = ztdf_keys.NONCE_BYTES + 16
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What a ZTDF held, and who signed that it is so."""

    item: AnyItem
    marking: bytes
    signer: str


def write_ztdf(
    item: AnyItem,
    marking: bytes,
    keys: NodeKeys,
    to: ztdf_keys.PublicKey,
    entropy: Entropy,
    *,
    key_server: str,
    attributes: Sequence[str] = (),
) -> bytes:
    """The container of an item that was released to who reads it.

    Args:
        item: the item, as it was released.
        marking: its originator's.
        keys: of the party that exports.
        to: the public key of the key access server, or of the reader itself.
        entropy: random bytes.
        key_server: the server's URL, as the manifest names it.
        attributes: names (URLs) of attributes that a reader must have.
    """
    text = json.dumps(to_plain(item), ensure_ascii=False).encode()
    drawn = entropy(ztdf_keys.KEY_BYTES + 16)
    secret, uuid = drawn[: ztdf_keys.KEY_BYTES], drawn[ztdf_keys.KEY_BYTES :].hex()
    payload, hashes = _sealed(secret, text, entropy)
    policy = _policy(item.label, uuid, attributes)
    kind, wrapped, ephemeral = ztdf_keys.wrap(to, secret)
    access = KeyAccess(
        type=kind,
        url=key_server,
        protocol="kas",
        wrapped_key=_b64(wrapped),
        policy_binding=PolicyBinding(alg=HMAC_NAME, hash=_b64(_hmac(secret, policy.encode()).hex().encode())),
        ephemeral_public_key=ephemeral,
    )
    sizes = [len(text[at : at + SEGMENT_BYTES]) for at in range(0, len(text), SEGMENT_BYTES)]
    integrity = Integrity(
        root_signature=RootSignature(alg=HMAC_NAME, sig=_b64(_hmac(secret, b"".join(hashes)))),
        segment_hash_alg="GMAC",
        segment_size_default=SEGMENT_BYTES,
        encrypted_segment_size_default=SEGMENT_BYTES + _OVERHEAD_BYTES,
        segments=[
            Segment(hash=_b64(tag), segment_size=size, encrypted_segment_size=size + _OVERHEAD_BYTES)
            for tag, size in zip(hashes, sizes, strict=True)
        ],
    )
    statements = {
        "label": (LABEL_SCHEMA, to_plain(item.label)),
        "origin": (ORIGIN_SCHEMA, {"marking": _b64(marking)}),
    }
    manifest = Manifest(
        payload=Payload(
            type="reference",
            url=PAYLOAD_FILE,
            protocol="zip",
            is_encrypted=True,
            mime_type="application/json",
        ),
        encryption_information=Encryption(
            type="split",
            policy=policy,
            key_access=[access],
            method=Method(algorithm=ALGORITHM, is_streamable=True, iv=""),
            integrity_information=integrity,
        ),
        assertions=[_asserted(name, *said, keys, hashes) for name, said in statements.items()],
        schema_version=SPECIFICATION,
    )
    return _zipped(msgspec.json.encode(manifest), payload)


def read_ztdf(data: bytes, key: ztdf_keys.PrivateKey, trust: TrustStore) -> Imported:
    """What a ZTDF holds, after every check in the list above.

    Raises:
        EnvelopeError: one of the checks, whichever.
        TrustError: who signed, or the originator, is not pinned.
    """
    text, payload = _unzipped(data)  # 1
    manifest = _manifest(text)  # 2
    encryption = manifest.encryption_information
    access = encryption.key_access[0]
    wrapped = _bytes(access.wrapped_key, "wrapped key")
    secret = ztdf_keys.unwrap(key, access.type, wrapped, access.ephemeral_public_key)  # 3
    bound = _hmac(secret, encryption.policy.encode())
    _refuse_other("policy", access.policy_binding.hash, bound)  # 4
    hashes, plain = _opened(secret, encryption.integrity_information, payload)  # 5
    _refuse_other(
        "root", encryption.integrity_information.root_signature.sig, _hmac(secret, b"".join(hashes))
    )
    item = _item(plain)  # 6
    _refuse_other_parties(encryption.policy, item.label)  # 4
    signer = _check_label(manifest, item, trust, hashes)  # 7
    marking = _check_origin(manifest, item, trust, hashes, signer)  # 8
    return Imported(item=item, marking=marking, signer=signer)


# Writing.


def _sealed(secret: bytes, text: bytes, entropy: Entropy) -> tuple[bytes, list[bytes]]:
    cipher, parts, hashes = AESGCM(secret), [], []
    for at in range(0, len(text), SEGMENT_BYTES):
        nonce = entropy(ztdf_keys.NONCE_BYTES)
        sealed = cipher.encrypt(nonce, text[at : at + SEGMENT_BYTES], None)
        parts.append(nonce + sealed)
        hashes.append(sealed[-16:])
    return b"".join(parts), hashes


def _policy(label: Label, uuid: str, attributes: Sequence[str]) -> str:
    dashed = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
    data = [{"attribute": name, "displayName": "", "isDefault": False, "kasUrl": ""} for name in attributes]
    body = {"dataAttributes": data, "dissem": sorted(label.releasable_to)}
    return _b64(json.dumps({"uuid": dashed, "body": body}).encode())


def _asserted(name: str, schema: str, value: object, keys: NodeKeys, hashes: Sequence[bytes]) -> Assertion:
    said = Statement(format="json-structured", schema=schema, value=json.dumps(value, ensure_ascii=False))
    private = keys.private_bytes()[:_ED25519_BYTES]  # refused where a token holds the key: it signs no ZTDF
    bare = Assertion(id=name, type="handling", scope="tdo", applies_to_state="unencrypted", statement=said)
    token = jws.serialize_compact(
        {"alg": "Ed25519", "kid": keys.party},
        msgspec.json.encode(_claims(bare, hashes)),
        OKPKey.import_key({**_okp(keys.pin), "d": _url64(private)}),
        algorithms=["Ed25519"],
    )
    return msgspec.structs.replace(bare, binding=Binding(method="jws", signature=token))


def _claims(bare: Assertion, hashes: Sequence[bytes]) -> dict[str, str]:
    """What a binding signs: the hash of the assertion, and that hash behind those of the segments."""
    plain = msgspec.to_builtins(msgspec.structs.replace(bare, binding=None))
    # RFC 8785 for what stands here: names in ASCII, and texts.
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = sha256(canonical).hexdigest()
    return {"assertionHash": digest, "assertionSig": _b64(b"".join(hashes) + digest.encode())}


def _zipped(manifest: bytes, payload: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in ((PAYLOAD_FILE, payload), (MANIFEST_FILE, manifest)):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    data = buffer.getvalue()
    if len(data) > ZTDF_BYTES_MAX:
        raise UsageError(f"a ZTDF of {len(data)} bytes is over {ZTDF_BYTES_MAX}: export a smaller item")
    return data


# Reading.


def _unzipped(data: bytes) -> tuple[bytes, bytes]:
    if len(data) > ZTDF_BYTES_MAX:
        raise EnvelopeError(f"a ZTDF of {len(data)} bytes is over the limit of {ZTDF_BYTES_MAX}: not read")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = sorted(entry.filename for entry in entries)
            stored = all(
                entry.compress_type == zipfile.ZIP_STORED
                and entry.file_size == entry.compress_size <= len(data)
                and not entry.flag_bits & 1
                for entry in entries
            )
            if names != [MANIFEST_FILE, PAYLOAD_FILE] or not stored:
                raise EnvelopeError(
                    f"a ZTDF holds `{MANIFEST_FILE}` and `{PAYLOAD_FILE}`, stored, and nothing else: not read"
                )
            return archive.read(MANIFEST_FILE), archive.read(PAYLOAD_FILE)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise EnvelopeError(f"not a zip that can be read: {error}") from error


def _manifest(text: bytes) -> Manifest:
    try:
        manifest = msgspec.convert(strict_json(text, _JSON_BYTES_MAX), Manifest)
    except (ItemError, msgspec.ValidationError) as error:
        raise EnvelopeError(f"the manifest of the ZTDF is not one that is read here: {error}") from error
    if manifest.schema_version != SPECIFICATION or not manifest.payload.is_encrypted:
        raise EnvelopeError(f"the ZTDF is not one of specification {SPECIFICATION}, sealed: not read")
    return manifest


def _opened(secret: bytes, said: Integrity, payload: bytes) -> tuple[list[bytes], bytes]:
    cipher, hashes, plain, at = AESGCM(secret), [], [], 0
    for number, segment in enumerate(said.segments, start=1):
        size = segment.segment_size if segment.segment_size is not None else said.segment_size_default
        sealed_size = segment.encrypted_segment_size
        if sealed_size is None:
            sealed_size = said.encrypted_segment_size_default
        sealed = payload[at : at + sealed_size]
        if len(sealed) != sealed_size or sealed_size != size + _OVERHEAD_BYTES:
            raise EnvelopeError(f"segment {number} of the ZTDF has another size than its manifest says")
        try:
            nonce = sealed[: ztdf_keys.NONCE_BYTES]
            plain.append(cipher.decrypt(nonce, sealed[ztdf_keys.NONCE_BYTES :], None))
        except InvalidTag:
            raise EnvelopeError(f"segment {number} of the ZTDF does not open: it was changed") from None
        _refuse_other(f"segment {number}", segment.hash, sealed[-16:])
        hashes.append(sealed[-16:])
        at += sealed_size
    if at != len(payload):
        raise EnvelopeError("the payload of the ZTDF goes on behind its last segment: not accepted")
    return hashes, b"".join(plain)


def _refuse_other(what: str, said: str, found: bytes) -> None:
    """Both ways of writing a hash that implementations have: its bytes, or their hexadecimal digits."""
    told = _bytes(said, what)
    if not (hmac.compare_digest(told, found) or hmac.compare_digest(told, found.hex().encode())):
        raise EnvelopeError(f"the hash of the {what} of the ZTDF is another: it was changed")


def _item(plain: bytes) -> AnyItem:
    try:
        return item_from_json(plain)
    except (ItemError, UnicodeDecodeError) as error:
        raise EnvelopeError(f"the payload of the ZTDF is not an item: {error}") from error


def _refuse_other_parties(policy: str, label: Label) -> None:
    try:
        said = strict_json(_bytes(policy, "policy"), _JSON_BYTES_MAX)
    except ItemError as error:
        raise EnvelopeError(f"the policy of the ZTDF cannot be read: {error}") from error
    body = said.get("body") if isinstance(said, dict) else None
    dissem = body.get("dissem") if isinstance(body, dict) else None
    if dissem != sorted(label.releasable_to):
        raise EnvelopeError("the policy of the ZTDF names other parties than its label: not accepted")


def _check_label(manifest: Manifest, item: AnyItem, trust: TrustStore, hashes: Sequence[bytes]) -> str:
    asserted = _the_one(manifest, LABEL_SCHEMA, "label")
    signer = _signer(asserted, trust, hashes)
    try:
        label = from_plain(strict_json(asserted.statement.value, _JSON_BYTES_MAX), Label)
    except ItemError as error:
        raise EnvelopeError(f"the label of the ZTDF is not one that is read here: {error}") from error
    if label != item.label:
        raise EnvelopeError("the label of the ZTDF is not the one of its item: not accepted")
    return signer


def _check_origin(
    manifest: Manifest, item: AnyItem, trust: TrustStore, hashes: Sequence[bytes], signer: str
) -> bytes:
    asserted = _the_one(manifest, ORIGIN_SCHEMA, "origin")
    try:
        value = strict_json(asserted.statement.value, _JSON_BYTES_MAX)
    except ItemError as error:
        raise EnvelopeError(f"the origin of the ZTDF cannot be read: {error}") from error
    text = value.get("marking") if isinstance(value, dict) and set(value) == {"marking"} else None
    if _signer(asserted, trust, hashes) != signer or not isinstance(text, str):
        raise EnvelopeError("the origin of the ZTDF is not signed as its label is: not accepted")
    marking = _bytes(text, "marking")
    verify_label(trust, item, marking)
    return marking


def _the_one(manifest: Manifest, schema: str, what: str) -> Assertion:
    found = [one for one in manifest.assertions if one.statement.schema == schema]
    if len(found) != 1:
        raise EnvelopeError(f"the ZTDF has {len(found)} assertions of its {what}: it needs one, not accepted")
    return found[0]


def _signer(asserted: Assertion, trust: TrustStore, hashes: Sequence[bytes]) -> str:
    """Who signed an assertion for this very container, with a private key that is pinned."""
    if asserted.binding is None:
        raise EnvelopeError(f"the assertion `{asserted.id[:40]}` of the ZTDF is not signed: not accepted")
    token = asserted.binding.signature
    try:
        header = jws.extract_compact(token.encode()).headers()
        party = str(header.get("kid", ""))
        pin = trust.sealing_pin(party)
        if set(header) != {"alg", "kid"} or pin.party != party:
            raise EnvelopeError("an assertion of the ZTDF is signed in another way: not accepted")
        found = jws.deserialize_compact(token, OKPKey.import_key(_okp(pin)), algorithms=["Ed25519"])
    except (JoseError, ValueError, TypeError, AttributeError, UnicodeError) as error:
        raise EnvelopeError(
            f"the assertion `{asserted.id[:40]}` of the ZTDF is not signed by a party that is pinned here"
        ) from error
    if found.payload != msgspec.json.encode(_claims(asserted, hashes)):
        raise EnvelopeError(f"the assertion `{asserted.id[:40]}` was signed for another ZTDF: not accepted")
    return party


def _okp(pin: Pin) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _url64(pin.signing_public)}


def _hmac(secret: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, content, "sha256")


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _url64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str, what: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise EnvelopeError(f"the {what} of the ZTDF is not Base64: not read") from error
