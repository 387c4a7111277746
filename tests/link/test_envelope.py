"""Envelopes: they open for their recipient as they were sealed, and in no other way."""

import hmac
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cbor2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    Batch,
    Opener,
    Parcel,
    Sealer,
    TrustStore,
    open_envelope,
    sign_item,
    sign_label,
)
from trilat.link.cose import sign1
from trilat.link.epochs import EpochLimits, GroupEpochs
from trilat.link.keys import wrap_to
from trilat.link.parcel import BATCH_TYPE
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    Envelope,
    EnvelopeError,
    ItemError,
    PeerError,
    Release,
    TrustError,
    UsageError,
    WireError,
    decode,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World

VERSION_1 = Path(__file__).parents[1] / "golden" / "envelope-version-1.hex"
ALGORITHMS: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "A256GCM": (3, AESGCM),
    "ChaCha20/Poly1305": (24, ChaCha20Poly1305),
}
Change = Callable[[Any], dict[str, Any]]


class Forge:
    """A sender that follows the format and not the rules: written from docs/envelope.md alone."""

    def __init__(self, world: "World", sender: str = "KOR", recipient: str = "USA") -> None:
        self.world = world
        self.head = (sender, recipient, "stream-1")
        self.epoch = bytes(range(16))
        self.secret = bytes(32)
        self.welcome: list[Any] = ["A256GCM", "group-1", self.secret, b"", "stream-1"]
        self.signer = sender
        self.wrapped_to = recipient

    def export(self, label: str, length: int = 32) -> bytes:
        info = cbor2.dumps(["trilat/export/1", label, self.welcome[0], self.epoch, length])
        return HKDFExpand(SHA256(), length, info).derive(self.secret)

    def pair_secret(self) -> bytes:
        sender, recipient = (self.world.keys[party] for party in self.head[:2])
        private = X25519PrivateKey.from_private_bytes(sender.private_bytes()[96:])
        public = X25519PublicKey.from_public_bytes(recipient.pin.sealing_public[1_184:])
        info = cbor2.dumps(["trilat/pair/1", sender.pin.fingerprint, recipient.pin.fingerprint])
        return HKDF(SHA256(), 32, salt=None, info=info).derive(private.exchange(public))

    def token(self) -> bytes:
        mac = hmac.new(self.pair_secret(), b"trilat/token/1/epoch\0" + self.epoch, "sha256")
        return mac.digest()[:16]

    def envelope(
        self,
        parcels: list[bytes],
        bound_sequence: int = 1,
        digests: bytes | None = None,
        batch: dict[str, Any] | None = None,
        envelope: dict[str, Any] | None = None,
        padding: bytes | None = None,
    ) -> bytes:
        sender, recipient, stream = self.head
        info = cbor2.dumps(["trilat/epoch/2", sender, recipient, self.epoch])
        wrapped = wrap_to(self.world.keys[self.wrapped_to].pin, msgspec.msgpack.encode(self.welcome), info)
        said = {
            "object_algorithm": self.welcome[0],
            "sender": sender,
            "recipient": recipient,
            "group": "group-1",
            "stream": stream,
            "first_sequence": 1,
            "epoch": self.epoch,
            "key_commitment": self.export("commitment"),
            "digests": b"".join(
                digests if digests is not None else self.digests(parcel, 1 + offset)
                for offset, parcel in enumerate(parcels)
            ),
            **(batch or {}),
        }
        signed_batch = encode(Batch(**said))
        signature = sign1(self.world.keys[self.signer].signing, BATCH_TYPE, signed_batch)
        token = self.token()
        fields = {
            "object_algorithm": self.welcome[0],
            "token": token,
            "epoch": self.epoch,
            "key": wrapped,
            "batch": self.seal(signature, 0, b"trilat/batch/2\0" + token + self.epoch, 256),
            "sealed": tuple(
                self.seal(
                    parcel,
                    1 + offset,
                    b"trilat/object/2\0"
                    + sha256(signed_batch).digest()
                    + (bound_sequence + offset).to_bytes(8, "big"),
                    512,
                    padding,
                )
                for offset, parcel in enumerate(parcels)
            ),
        }
        return encode(Envelope(**{**fields, **(envelope or {})}))

    def seal(
        self, content: bytes, counter: int, bound: bytes, least: int, padding: bytes | None = None
    ) -> bytes:
        number, cipher = ALGORITHMS.get(self.welcome[0], (1, AESGCM))
        protected = cbor2.dumps({1: number, 4: self.epoch}, canonical=True)
        iv = counter.to_bytes(12, "big")
        structure = cbor2.dumps(["Encrypt0", protected, bound])
        plain = len(content).to_bytes(4, "big") + content
        classes = sorted(step << power for step in (4, 5, 6, 7) for power in range(6, 16))
        size = next(size for size in classes if size >= max(least, len(plain)))
        plain += bytes(size - len(plain)) if padding is None else padding
        ciphertext = cipher(self.export("objects")).encrypt(iv, plain, structure)
        return cbor2.dumps(cbor2.CBORTag(16, [protected, {5: iv}, ciphertext]))

    def digests(self, parcel: bytes, sequence: int) -> bytes:
        release = decode(decode(parcel, Parcel).release, Release)
        salts = sha512(self.export(f"salts of {self.head[2]}") + sequence.to_bytes(8, "big")).digest()
        clauses = msgspec.msgpack.encode(release.clauses)
        return (
            sha256(b"trilat/label/2\0" + salts[:16] + encode(release.item.label)).digest()
            + sha256(b"trilat/clauses/2\0" + salts[16:32] + clauses).digest()
            + sha256(b"trilat/parcel/2\0" + salts[32:48] + parcel).digest()
        )


def _open(world: "World", data: bytes, party: str = "USA") -> Any:
    return open_envelope(data, world.keys[party], world.trust)


def test_parcels_come_out_as_they_went_in(world: "World") -> None:
    parcels = [world.parcel(number) for number in range(1, 6)]
    opened = _open(world, world.sealer().seal(7, parcels))
    assert (opened.sender, opened.stream, opened.first_sequence) == ("KOR", "stream-1", 7)
    assert [one.sequence for one in opened.parcels] == [7, 8, 9, 10, 11]
    assert [one.parcel for one in opened.parcels] == parcels
    assert [one.wire for one in opened.parcels] == [encode(parcel) for parcel in parcels]
    assert [encode(one.release) for one in opened.parcels] == [parcel.release for parcel in parcels]


def test_an_intermediary_passes_on_marking_and_consent_unchanged(world: "World") -> None:
    parcel = world.parcel(sender="USA", recipient="JPN", originator="KOR", via="USA")
    data = world.sealer("USA", "JPN").seal(1, [parcel])
    (opened,) = open_envelope(data, world.keys["JPN"], world.trust).parcels
    assert opened.parcel.consents == parcel.consents
    assert opened.consents == (world.consent("KOR"),)


def test_a_release_may_go_to_the_intermediary_on_its_way(world: "World") -> None:
    parcel = world.parcel(recipient="JPN", via="USA")
    assert _open(world, world.sealer().seal(1, [parcel])).parcels[0].release.recipient == "JPN"


def test_nothing_of_content_label_parties_or_stream_can_be_read_on_the_way(world: "World") -> None:
    data = world.sealer().seal(1, [world.parcel()])
    for secret in (b"statement 1", b"KOR", b"USA", b"subject-1", b"agreement#clause", b"UNCLASSIFIED"):
        assert secret not in data
    assert b"stream-1" not in data
    assert sha256(encode(world.statement().label)).digest() not in data


def test_equal_parcels_do_not_look_equal_on_the_way_and_their_labels_not_even_in_the_batch(
    world: "World",
) -> None:
    data = world.sealer().seal(1, [world.parcel()] * 3)
    assert len(set(decode(data, Envelope, ENVELOPE_BYTES_MAX).sealed)) == 3
    checked = Opener(world.keys["USA"], world.trust).check(data)
    for part in range(3):
        assert len({binding[part] for binding in checked.batch.bindings}) == 3


def test_a_batch_tells_recipient_and_third_party_all_that_it_stands_for(world: "World") -> None:
    batch = Opener(world.keys["USA"], world.trust).check(world.sealer().seal(7, [world.parcel()] * 2)).batch
    said = (batch.sender, batch.recipient, batch.stream, batch.first_sequence, batch.count)
    assert said == ("KOR", "USA", "stream-1", 7, 2)
    assert (batch.object_algorithm, batch.signature_algorithm) == ("A256GCM", -8)
    assert batch.wrap_algorithm == "HPKE-MLKEM768X25519-HKDFSHA256-A256GCM"


def test_the_forge_of_these_tests_makes_a_sound_envelope_when_it_keeps_the_rules(world: "World") -> None:
    parcels = [encode(world.parcel(number)) for number in (1, 2)]
    assert [one.wire for one in _open(world, Forge(world).envelope(parcels)).parcels] == parcels


# Attacks by whoever carries the envelope.


def test_no_byte_can_change_anywhere(world: "World") -> None:
    data = world.sealer().seal(1, [world.parcel(1), world.parcel(2)])
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(PeerError) as caught:
            _open(world, bytes(changed))
        assert "\n" not in str(caught.value)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_cutting_doubling_and_inserting_is_refused(world: "World", data: st.DataObject) -> None:
    sound = world.sealer().seal(1, [world.parcel(1)])
    start = data.draw(st.integers(0, len(sound)))
    stop = data.draw(st.integers(start, len(sound)))
    other = sound[:start] + data.draw(st.binary(max_size=8)) + sound[stop:]
    if other != sound:
        with pytest.raises(PeerError):
            _open(world, other)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda _: {"token": bytes(16)}, "no party that `USA` holds a pin for"),
        (lambda _: {"epoch": bytes(16)}, "no party that `USA` holds a pin for"),
        (lambda _: {"object_algorithm": "ChaCha20/Poly1305"}, "its epoch `A256GCM`"),
        (lambda _: {"object_algorithm": "none"}, "its epoch `A256GCM`"),
        (lambda one: {"key": one.key[:-1] + b"\0\0"}, "does not unwrap"),
        (lambda _: {"key": b""}, "is not held here"),
        (lambda one: {"sealed": one.sealed[:1]}, "count is not what"),
        (lambda one: {"sealed": one.sealed[::-1]}, "does not open"),
        (lambda one: {"sealed": (*one.sealed, one.sealed[0])}, "count is not what"),
        (lambda one: {"sealed": (one.batch, one.sealed[1])}, "does not open"),
        (lambda one: {"batch": one.sealed[0]}, "does not open"),
        (lambda one: {"batch": one.batch[:-1]}, "expected shape"),
    ],
    ids=[
        "another token",
        "another epoch",
        "another algorithm",
        "no algorithm",
        "another key",
        "no key",
        "an object dropped",
        "objects reordered",
        "an object added",
        "the batch for an object",
        "an object for the batch",
        "a batch cut short",
    ],
)
def test_what_is_outside_the_seal_cannot_be_changed(world: "World", change: Change, text: str) -> None:
    data = world.sealer().seal(1, [world.parcel(1), world.parcel(2)])
    envelope = decode(data, Envelope, ENVELOPE_BYTES_MAX)
    altered = encode(msgspec.structs.replace(envelope, **change(envelope)))
    with pytest.raises(PeerError, match=text):
        _open(world, altered)


def test_an_envelope_does_not_open_for_another_recipient(world: "World") -> None:
    data = world.sealer().seal(1, [world.parcel()])
    with pytest.raises(EnvelopeError, match="no party that `JPN` holds a pin for"):
        _open(world, data, "JPN")


def test_parts_of_two_sound_envelopes_do_not_mix(world: "World") -> None:
    sealer = world.sealer()
    first, second = (
        decode(sealer.seal(number, [world.parcel(number)]), Envelope, ENVELOPE_BYTES_MAX) for number in (1, 2)
    )
    for field in ("sealed", "batch"):
        mixed = msgspec.structs.replace(first, **{field: getattr(second, field)})
        with pytest.raises(EnvelopeError):
            _open(world, encode(mixed))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\xd2\x84", b"\x99" * 100_000, b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff" * 1_000],
    ids=[
        "empty",
        "a number",
        "the start of a COSE object",
        "a bomb of arrays",
        "a giant map",
        "giant arrays",
    ],
)
def test_what_is_no_envelope_is_refused(world: "World", data: bytes) -> None:
    with pytest.raises(WireError):
        _open(world, data)


def test_an_oversize_envelope_is_refused_before_it_is_read(world: "World") -> None:
    with pytest.raises(WireError, match="over the limit"):
        _open(world, bytes(ENVELOPE_BYTES_MAX + 1))


def test_an_envelope_of_another_version_is_refused(world: "World") -> None:
    data = world.sealer().seal(1, [world.parcel()])
    assert data[1] == 2
    with pytest.raises(WireError, match="cannot be decoded"):
        _open(world, data[:1] + b"\x03" + data[2:])
    with pytest.raises(WireError, match="of version 1"):
        _open(world, bytes.fromhex(VERSION_1.read_text(encoding="ascii")))


# Attacks by a partner who may send, and signs what it sends.


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"schema_version": 2}, "of schema `2`"),
        ({"wrap_algorithm": "HPKE-X25519"}, "HPKE-X25519"),
        ({"sender": "USA"}, "sender is not what"),
        ({"recipient": "JPN"}, "recipient is not what"),
        ({"key_commitment": bytes(32)}, "key_commitment is not what"),
        ({"first_sequence": 9}, "object 9 is not|does not open"),
        ({"epoch": bytes(16)}, "epoch is not what"),
        ({"group": "group-2"}, "group is not what"),
        ({"object_algorithm": "ChaCha20/Poly1305"}, "object_algorithm is not what"),
        ({"object_algorithm": "none"}, "not known here"),
        ({"signature_algorithm": -7}, "of signature `-7`"),
        ({"envelope_version": 3}, "of version `3`"),
    ],
)
def test_a_batch_that_says_something_else_is_refused(
    world: "World", change: dict[str, Any], text: str
) -> None:
    with pytest.raises(EnvelopeError, match=text):
        _open(world, Forge(world).envelope([encode(world.parcel())], batch=change))


def test_a_batch_signed_by_another_pinned_party_is_refused(world: "World") -> None:
    forge = Forge(world)
    forge.signer = "JPN"
    with pytest.raises(EnvelopeError, match="not by `KOR`"):
        _open(world, forge.envelope([encode(world.parcel())]))


def test_an_epoch_wrapped_to_another_node_is_refused(world: "World") -> None:
    forge = Forge(world)
    forge.wrapped_to = "JPN"
    with pytest.raises(EnvelopeError, match="does not unwrap"):
        _open(world, forge.envelope([encode(world.parcel())]))


@pytest.mark.parametrize(
    "change",
    [{2: bytes(31)}, {2: bytes(33)}, {1: ""}, {3: bytes(5_000)}, {0: "A128GCM"}, {0: 3}],
    ids=["short", "long", "no group", "long templates", "another algorithm", "a number"],
)
def test_an_epoch_that_is_told_wrongly_is_refused(world: "World", change: dict[int, Any]) -> None:
    forge = Forge(world)
    sound = forge.envelope([encode(world.parcel())])
    for place, value in change.items():
        forge.welcome[place] = value
    wrapped = decode(
        Forge.envelope(
            forge,
            [encode(world.parcel())],
            batch={"object_algorithm": "A256GCM"},
            envelope={"object_algorithm": "A256GCM"},
        ),
        Envelope,
        ENVELOPE_BYTES_MAX,
    ).key
    data = encode(msgspec.structs.replace(decode(sound, Envelope, ENVELOPE_BYTES_MAX), key=wrapped))
    with pytest.raises(PeerError):
        _open(world, data)


def test_a_sealed_epoch_is_not_taken_from_one_sender_for_another(world: "World") -> None:
    # JPN got the wrapped key of KOR's stream to USA on the way, and signs a batch of its own around it.
    taken = decode(world.sealer("KOR", "USA").seal(1, [world.parcel()]), Envelope, ENVELOPE_BYTES_MAX)
    forge = Forge(world, sender="JPN")
    forge.epoch = taken.epoch
    parcel = encode(world.parcel(sender="JPN", originator="JPN"))
    data = forge.envelope([parcel], envelope={"key": taken.key})
    opener = Opener(world.keys["USA"], world.trust)
    opener.open(opener.check(world.sealer("KOR", "USA").seal(1, [world.parcel()])))
    with pytest.raises(EnvelopeError, match="does not unwrap"):
        opener.open(opener.check(data))


def test_two_senders_may_use_one_epoch_name_without_harm(world: "World") -> None:
    opener = Opener(world.keys["USA"], world.trust)
    for sender, key in (("KOR", bytes(32)), ("JPN", bytes(range(32))), ("KOR", bytes(32))):
        forge = Forge(world, sender=sender)
        forge.secret = forge.welcome[2] = key
        parcel = encode(world.parcel(sender=sender, originator=sender))
        assert opener.open(opener.check(forge.envelope([parcel]))).parcels[0].wire == parcel


def test_a_key_in_place_of_one_that_is_held_changes_nothing(world: "World") -> None:
    # Whoever carries it wraps a key of its own to the recipient: the one that the sender signed for stays.
    opener = Opener(world.keys["USA"], world.trust)
    parcel = encode(world.parcel())
    forge = Forge(world)
    sound = forge.envelope([parcel])
    strange = decode(Forge(world, "JPN").envelope([parcel]), Envelope, ENVELOPE_BYTES_MAX).key
    swapped = encode(msgspec.structs.replace(decode(sound, Envelope, ENVELOPE_BYTES_MAX), key=strange))
    with pytest.raises(EnvelopeError):
        opener.check(swapped)
    assert opener._epochs == {}
    for data in (sound, swapped):
        assert opener.open(opener.check(data)).parcels[0].wire == parcel
    forge.secret = forge.welcome[2] = bytes(range(32))
    with pytest.raises(EnvelopeError, match="does not open"):
        opener.check(forge.envelope([parcel]))


@pytest.mark.parametrize("padding", [b"", bytes(1), bytes(4_000), b"\1" * 200])
def test_what_is_not_padded_to_its_class_is_refused(world: "World", padding: bytes) -> None:
    with pytest.raises(EnvelopeError, match="padded"):
        _open(world, Forge(world).envelope([encode(world.parcel())], padding=padding))


def test_an_object_bound_to_another_place_is_refused(world: "World") -> None:
    with pytest.raises(EnvelopeError, match="does not open"):
        _open(world, Forge(world).envelope([encode(world.parcel())], bound_sequence=2))


def test_digests_of_another_label_other_clauses_or_another_parcel_are_refused(world: "World") -> None:
    parcel = encode(world.parcel())
    sound = Forge(world).digests(parcel, 1)
    parts = [sound[:32], sound[32:64], sound[64:]]
    for place in range(3):
        digests = b"".join([*parts[:place], bytes(32), *parts[place + 1 :]])
        with pytest.raises(EnvelopeError, match="object 1 is not what"):
            _open(world, Forge(world).envelope([parcel], digests=digests))


@pytest.mark.parametrize(
    ("sender", "recipient", "via"), [("JPN", "USA", None), ("KOR", "JPN", None), ("KOR", "JPN", "AUS")]
)
def test_a_release_of_another_path_is_refused(
    world: "World", sender: str, recipient: str, via: str | None
) -> None:
    item = world.statement()
    parcel = Parcel(
        release=encode(world.release(item, sender, recipient, via)),
        marking=sign_label(world.keys["KOR"], item),
    )
    with pytest.raises(EnvelopeError, match="not accepted"):
        _open(world, Forge(world).envelope([encode(parcel)]))
    with pytest.raises(UsageError, match="does not go"):
        world.sealer().seal(1, [parcel])


def test_an_intermediary_cannot_forge_an_originator(world: "World") -> None:
    item = world.statement("KOR")
    release = encode(world.release(item, "USA", "JPN", "USA"))
    own = world.statement("USA")
    markings = [
        sign_label(world.keys["USA"], own),
        sign1(world.keys["USA"].signing, "application/vnd.trilat.marking", encode(item)),
        sign_label(world.keys["KOR"], world.statement("KOR", 2)),
        sign_item(world.keys["KOR"], item),
        b"\x00",
    ]
    for marking in markings:
        data = world.sealer("USA", "JPN").seal(1, [Parcel(release=release, marking=marking)])
        with pytest.raises(PeerError):
            open_envelope(data, world.keys["JPN"], world.trust)


def test_a_swapped_label_is_refused(world: "World") -> None:
    item = world.statement()
    wider = msgspec.structs.replace(
        item, label=msgspec.structs.replace(item.label, releasable_to=("USA", "JPN", "AUS"))
    )
    parcel = Parcel(release=encode(world.release(wider)), marking=sign_label(world.keys["KOR"], item))
    with pytest.raises(EnvelopeError, match="another label"):
        _open(world, world.sealer().seal(1, [parcel]))


def test_an_item_of_an_originator_without_a_pin_is_refused(world: "World") -> None:
    parcel = world.parcel(sender="KOR", originator="PRK")
    with pytest.raises(TrustError, match="`PRK`"):
        _open(world, world.sealer().seal(1, [parcel]))


def test_a_consent_that_is_none_or_forged_is_refused(world: "World") -> None:
    sound = world.parcel(sender="USA", recipient="JPN", originator="KOR", via="USA")
    consents = {
        "is none": sign_item(world.keys["KOR"], world.statement()),
        "not by `KOR`": sign1(
            world.keys["USA"].signing, "application/vnd.trilat.item", encode(world.consent("KOR"))
        ),
        "no pin": sign_item(world.keys["PRK"], world.consent("PRK")),
        "expected shape": b"\x00",
    }
    for text, consent in consents.items():
        parcel = msgspec.structs.replace(sound, consents=(*sound.consents, consent))
        data = world.sealer("USA", "JPN").seal(1, [parcel])
        with pytest.raises(PeerError, match=text):
            open_envelope(data, world.keys["JPN"], world.trust)


@pytest.mark.parametrize("parcel", [b"", b"\x90", b"\x93\xc4\x00\xc4\x00\x90", b"\x91" * 60_000])
def test_a_parcel_that_is_none_is_refused(world: "World", parcel: bytes) -> None:
    digests = bytes(96)
    with pytest.raises(WireError):
        _open(world, Forge(world).envelope([parcel], digests=digests))


def test_a_pin_taken_back_by_a_new_store_refuses_at_once(world: "World") -> None:
    data = world.sealer().seal(1, [world.parcel()])
    with pytest.raises(EnvelopeError, match="holds a pin for"):
        open_envelope(data, world.keys["USA"], TrustStore([world.keys["JPN"].pin]))
    opener = Opener(world.keys["USA"], TrustStore([world.keys["KOR"].pin]))
    opener.check(data)
    opener._trust = opener._pairs._trust = TrustStore()
    with pytest.raises(EnvelopeError, match="holds a pin for"):
        opener.check(data)


# Sealing.


def test_an_iv_is_never_used_twice_under_a_key(world: "World") -> None:
    sealers = [world.sealer() for _ in range(3)]
    parcels = [world.parcel(1)] * 40
    used = set()
    count = 0
    for first in (1, 41, 1, 1):
        for sealer in sealers:
            envelope = decode(sealer.seal(first, parcels), Envelope, ENVELOPE_BYTES_MAX)
            for sealed in envelope.sealed:
                used.add((envelope.epoch, cbor2.loads(sealed).value[1][5]))
                count += 1
    assert len(used) == count == 480


def test_a_new_sealer_is_a_new_epoch_with_a_new_key(world: "World") -> None:
    drawn: list[bytes] = []

    def entropy(count: int) -> bytes:
        drawn.append(world.source.randbytes(count))
        return drawn[-1]

    envelopes = []
    for _ in range(5):
        sealer = Sealer(world.keys["KOR"], world.keys["USA"].pin, "stream-1", entropy)
        envelopes.append(decode(sealer.seal(1, [world.parcel()]), Envelope, ENVELOPE_BYTES_MAX))
    assert len({envelope.epoch for envelope in envelopes}) == len({one.key for one in envelopes}) == 5
    assert len({secret[16:48] for secret in drawn}) == 5


def test_an_epoch_ends_after_its_objects(world: "World") -> None:
    pin = world.keys["USA"].pin
    epochs_of = GroupEpochs(world.keys["KOR"], [pin], world.source.randbytes, limits=EpochLimits(objects=6))
    sealer = Sealer(world.keys["KOR"], pin, "stream-1", world.source.randbytes, epochs_of)
    opener = Opener(world.keys["USA"], world.trust)
    epochs = []
    for first in range(1, 9, 2):
        data = sealer.seal(first, [world.parcel(1), world.parcel(2)])
        epochs.append(decode(data, Envelope, ENVELOPE_BYTES_MAX).epoch)
        assert len(opener.open(opener.check(data)).parcels) == 2
    assert epochs[0] == epochs[1] != epochs[2] == epochs[3]


def test_an_opener_forgets_the_oldest_epochs_and_still_opens_them(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trilat.link.opening._EPOCHS_KEPT", 2)
    opener = Opener(world.keys["USA"], world.trust)
    envelopes = [world.sealer().seal(1, [world.parcel()]) for _ in range(4)]
    for data in (*envelopes, *envelopes):
        assert len(opener.open(opener.check(data)).parcels) == 1
        assert len(opener._epochs) <= 2


def test_only_what_is_new_is_opened(world: "World") -> None:
    opener = Opener(world.keys["USA"], world.trust)
    checked = opener.check(world.sealer().seal(1, [world.parcel(number) for number in (1, 2, 3)]))
    opened = opener.open(checked, 3)
    assert (opened.first_sequence, [one.sequence for one in opened.parcels]) == (3, [3])


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_batch_of_another_size_is_not_sealed(world: "World", count: int) -> None:
    with pytest.raises(UsageError, match="not a batch"):
        world.sealer().seal(1, [world.parcel()] * count)


def test_a_parcel_or_envelope_that_is_too_large_is_not_made(world: "World") -> None:
    sound = world.parcel()
    with pytest.raises(ItemError, match="over the limit"):
        Parcel(release=sound.release, marking=sound.marking, consents=(bytes(65_000), bytes(65_000)))
    bulky = Parcel(release=sound.release, marking=sound.marking, consents=(bytes(120_000),))
    with pytest.raises(UsageError, match="seal fewer"):
        world.sealer().seal(1, [bulky] * 9)


def test_what_is_no_release_is_not_sealed(world: "World") -> None:
    parcel = msgspec.structs.replace(world.parcel(), release=b"\x90")
    with pytest.raises(WireError):
        world.sealer().seal(1, [parcel])
