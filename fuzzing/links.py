"""What partners sign, seal or hand over, read outside a node."""

import io
import random
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.examples import example
from tests.link.conftest import INSTANT_NS, World

from fuzzing.target import Target, text
from trilat.link import (
    LinkIdentity,
    Opener,
    TrustStore,
    card_from_json,
    card_to_json,
    open_certificate,
    open_signed_binding,
    open_signed_item,
    proof_of,
    read_private,
    read_public,
    read_signed_item,
    read_ztdf,
    sign_binding,
    sign_certificate,
    sign_item,
    sign_labels,
    verify_proof,
    write_ztdf,
)
from trilat.link.cose import payload_of, sign1
from trilat.link.messages import MESSAGE_TYPE, Acknowledgement, Omission, open_message, sign_message
from trilat.link.nkey import is_nkey
from trilat.link.padding import padded, unpadded
from trilat.link.pair import Pairs
from trilat.link.parcel import release_in, release_parts
from trilat.link.removals import CERTIFICATE_TYPE
from trilat.link.server_log import LogReader
from trilat.link.thin import ThinContent, packed, shrunk, unpacked, unshrunk
from trilat.model import Certificate, Noun, encode

_CURVE: Final = ec.derive_private_key(1_000_003, ec.SECP256R1())
"""A key that is always the same, so that a finding can be fed again."""

_PAYLOAD, _MANIFEST = "0.payload", "0.manifest.json"
_LOG: Final = (
    b"[1] 2026/01/01 00:00:00.000000 [INF] Server is ready",
    b"[1] 2026/01/01 00:00:00.000000 [ERR] 127.0.0.1:40000 - lid:5 - TLS leafnode handshake error: EOF",
)


def link_targets(known: World) -> dict[str, Target]:
    """Readers of what is signed, of the insides of envelopes, and of proofs, containers, cards and keys."""
    return {**_signed(known), **_sealed(known), **_containers(known), **_identities(known)}


def link_nouns(known: World) -> tuple[Noun, ...]:
    """Values of nouns that obey rules which chance does not."""
    identity = LinkIdentity.generate("KOR", [], INSTANT_NS, known.source.randbytes)
    return (
        identity.card(known.keys["KOR"].pin),
        Omission(sender="KOR", recipient="USA", stream="stream-1", runs=((1, 3), (5, 5))),
    )


def _signed(known: World) -> dict[str, Target]:
    kor, usa = known.keys["KOR"], known.keys["USA"]
    item = sign_item(kor, known.statement())
    certificate: Certificate = msgspec.structs.replace(example("certificate"), holder="KOR")
    receipt = Acknowledgement(sender="KOR", recipient="USA", stream=usa.stream_to("KOR"), cursor=1)
    said = sign_message(kor, receipt)

    def by_kor(content_type: str, read: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """A reader of what an authentic but hostile partner signed."""
        return lambda data: read(sign1(kor.signing, content_type, data))

    opened = partial(open_certificate, known.trust)
    return {
        "signed-item": Target(read_signed_item, (item,)),
        "signed-item-by-a-pin": Target(partial(open_signed_item, known.trust), (item,)),
        "signed-payload": Target(lambda data: payload_of(data, MESSAGE_TYPE, "message"), (said,)),
        "signed-binding": Target(
            partial(open_signed_binding, known.trust, "KOR"), (sign_binding(kor, bytes(32)),)
        ),
        "message": Target(lambda data: open_message(data, "USA", known.trust), (said,)),
        "message-inside": Target(
            by_kor(MESSAGE_TYPE, lambda data: open_message(data, "USA", known.trust)), (encode(receipt),)
        ),
        "certificate": Target(opened, (sign_certificate(kor, certificate),)),
        "certificate-inside": Target(by_kor(CERTIFICATE_TYPE, opened), (encode(certificate),)),
    }


def _sealed(known: World) -> dict[str, Target]:
    kor, usa = known.keys["KOR"], known.keys["USA"]
    envelope = known.sealer().seal(1, [known.parcel(1), known.parcel(2)])
    opener = Opener(usa, known.trust)
    proofs = tuple(proof_of(envelope, opener, 2, label_only=only) for only in (False, True))
    parcel = known.parcel(1)
    body = shrunk(parcel.release, b"")
    content = ThinContent(sequence=1, batch_signature=bytes(64), marking_signature=bytes(64), body=b"body")
    thin = packed(content) or b""
    pairs = Pairs(usa, known.trust)
    covered = Pairs(kor, known.trust).cover("USA", b"a signed message", known.source.randbytes)
    return {
        "proof": Target(lambda data: verify_proof(data, TrustStore([kor.pin])), proofs),
        "envelope": Target(lambda data: opener.open(opener.check(data)), (envelope,)),
        "padded": Target(unpadded, (padded(b"words"), padded(bytes(3_000)))),
        "release-parts": Target(release_parts, (parcel.release,)),
        "release-in-parcel": Target(release_in, (encode(parcel),)),
        "thin-body": Target(lambda data: unshrunk(data, b""), (body,)),
        "thin-content": Target(unpacked, (thin,)),
        "covered-message": Target(pairs.uncover, (covered,)),
    }


def _containers(known: World) -> dict[str, Target]:
    item = known.statement()
    (marking,) = sign_labels(known.keys["KOR"], [item], known.source.randbytes)
    made = write_ztdf(
        item,
        marking,
        known.keys["USA"],
        _CURVE.public_key(),
        random.Random(2).randbytes,
        key_server="https://kas.example",
        attributes=("https://attributes.example/attr/level/value/low",),
    )
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        manifest, payload = archive.read(_MANIFEST), archive.read(_PAYLOAD)

    def with_manifest(data: bytes) -> object:
        """A sound container with this manifest in it."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_PAYLOAD, payload)
            archive.writestr(_MANIFEST, data)
        return read_ztdf(buffer.getvalue(), _CURVE, known.trust)

    return {
        "ztdf": Target(lambda data: read_ztdf(data, _CURVE, known.trust), (made,)),
        "ztdf-manifest": Target(with_manifest, (manifest,)),
    }


def _identities(known: World) -> dict[str, Target]:
    identity = LinkIdentity.generate("KOR", [], INSTANT_NS, known.source.randbytes)
    card = card_to_json(identity.card(known.keys["KOR"].pin)).encode()
    public = _CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = _CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    nkey = identity.leaf_nkey.encode()
    return {
        "card": Target(card_from_json, (card,)),
        "ztdf-public-key": Target(read_public, (public,)),
        "ztdf-private-key": Target(read_private, (private,)),
        "nkey": Target(text(is_nkey), (nkey,)),
        "server-log": Target(text(lambda said: _log({nkey.decode(): "KOR"}, said)), _LOG),
    }


def _log(nkeys: dict[str, str], said: str) -> None:
    """The lines that a NATS server writes, which quote what a stranger sent."""
    reader = LogReader(nkeys)
    for line in said.split("\n"):
        told = reader.read(line)
        assert told is None or "\n" not in told.text, "what is told is one line"
