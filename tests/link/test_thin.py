"""Thin envelopes: a warning whole, signed and bound, in at most 300 bytes; nothing else passes for one."""

import zlib
from collections.abc import Callable
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    Arrival,
    LinkEndpoint,
    LinkProfile,
    MemoryNetwork,
    Opener,
    Parcel,
    Sealer,
    TrustStore,
    sign_item,
    sign_label,
    sign_labels,
)
from trilat.link.cose import payload_of, sign1, signature_of, verify1
from trilat.link.epochs import EpochLimits, GroupEpochs, RotationReason
from trilat.link.parcel import BATCH_TYPE
from trilat.link.statement import MARKING_TYPE
from trilat.link.thin import (
    RELEASE_BYTES_MAX,
    SIZES,
    ThinContent,
    is_thin,
    packed,
    shrunk,
    thin_bound,
    unpacked,
    unshrunk,
)
from trilat.link.thin_words import DICTIONARY_1
from trilat.model import (
    SECOND_NS,
    Area,
    AreaKind,
    Attribution,
    Caveat,
    Classification,
    Domain,
    Duties,
    Ellipse,
    EnvelopeError,
    Form,
    ItemReference,
    Label,
    PeerError,
    Place,
    Provenance,
    Release,
    Status,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
    WireError,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World

INSTANT_NS = 1_238_898_600_000_000_000


def _label(originator: str, level: str = "SECRET", **changes: Any) -> Label:
    fields: dict[str, Any] = {
        "originator": originator,
        "classification": Classification(scheme=originator, level=level),
        "releasable_to": ("USA", "JPN"),
        "created_ns": INSTANT_NS,
        **changes,
    }
    return Label(**fields)


def _warning(originator: str = "KOR", number: int = 7, **changes: Any) -> Warning:
    fields: dict[str, Any] = {
        "item_id": f"{originator}-warn-USA-impact-{number}",
        "version": 1,
        "subject": f"{originator}-obj-{number}",
        "domain": Domain.MISSILE,
        "status": Status.SIMULATED,
        "valid_ns": INSTANT_NS,
        "label": _label(originator),
        "provenance": Provenance(originators=(originator,)),
        "warning": WarningKind.IMPACT,
        "state": WarningState.RAISED,
        "basis": (ItemReference(item_id=f"{originator}-fall-{number}", version=1),),
        "sources": (originator,),
        **changes,
    }
    return Warning(**fields)


def _release(item: Any, sender: str = "KOR", **changes: Any) -> Release:
    fields: dict[str, Any] = {
        "item": item,
        "sender": sender,
        "recipient": "USA",
        "via": None,
        "purpose": "missile-warning",
        "clauses": ("kor-usa-1999.toml#warnings",),
        "form": Form.AREAS,
        "duties": Duties(),
        "decided_ns": INSTANT_NS + 1,
        **changes,
    }
    return Release(**fields)


def _parcel(world: "World", release: Release) -> bytes:
    originator = release.item.label.originator
    return encode(Parcel(release=encode(release), marking=sign_label(world.keys[originator], release.item)))


class Link:
    """A sealer of KOR and an opener of USA that holds the key."""

    def __init__(self, world: "World", sender: str = "KOR", **changes: Any) -> None:
        keys, pin = world.keys[sender], world.keys["USA"].pin
        self.epochs = GroupEpochs(keys, [pin], world.source.randbytes, **changes)
        self.sealer = Sealer(keys, pin, keys.stream_to("USA"), world.source.randbytes, self.epochs)
        self.opener = Opener(world.keys["USA"], world.trust)
        self.sender = sender
        self.tell_key()

    def tell_key(self) -> None:
        epoch = self.epochs.epoch.identifier
        self.opener.learn(self.sender, epoch, self.epochs.wrapped_to("USA"))
        self.sealer.is_held(epoch)

    def thin(self, parcel: bytes, sequence: int = 1) -> bytes:
        data = self.sealer.thin_seal(sequence, parcel)
        assert data is not None
        return data

    def open(self, data: bytes) -> Any:
        return self.opener.open(self.opener.check(data))


def test_a_thin_envelope_opens_to_the_very_parcel(world: "World") -> None:
    link = Link(world)
    parcel = _parcel(world, _release(_warning()))
    data = link.thin(parcel, 41)
    opened = link.open(data)
    assert len(data) <= 300
    assert (opened.sender, opened.stream, opened.first_sequence) == (
        "KOR",
        world.keys["KOR"].stream_to("USA"),
        41,
    )
    (one,) = opened.parcels
    assert (one.sequence, one.wire, one.release.item) == (41, parcel, _warning())


def test_what_is_signed_is_a_batch_as_in_a_whole_envelope(world: "World") -> None:
    link = Link(world)
    parcel = _parcel(world, _release(_warning()))
    thin, whole = (link.opener.check(data) for data in (link.thin(parcel, 5), link.sealer.seal(5, [parcel])))
    assert thin.batch == whole.batch
    assert thin.signed == whole.signed
    verify1(world.trust.signing_key("KOR"), thin.signed, BATCH_TYPE, "batch", "KOR")


_levels = st.sampled_from(["TOP SECRET", "SECRET", "CONFIDENTIAL", "II-geup bimil", "GOKUHI", "UNCLASSIFIED"])
_instants = st.integers(INSTANT_NS, 2 * INSTANT_NS)
_parties = st.lists(st.sampled_from(["USA", "JPN", "AUS", "GBR", "NATO"]), unique=True, max_size=5).map(tuple)
_names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=16)


_unconfirmed = st.sampled_from([WarningState.RAISED, WarningState.UPDATED, WarningState.RETRACTED])


@st.composite
def _degraded(draw: st.DrawFn) -> Release:
    """A warning as it leaves for a thin link: any kind, state, label, times and names, without free text."""
    originator = draw(st.sampled_from(["KOR", "USA", "JPN"]))
    subject = f"{originator}-{draw(_names)}"
    confirmed = draw(st.booleans())
    basis = ItemReference(item_id=subject, version=draw(st.integers(1, 1_000_000)))
    support = ItemReference(item_id=f"{draw(st.sampled_from(['JPN', 'USA']))}-{draw(_names)}-2", version=9)
    created_ns = draw(_instants)
    item = _warning(
        originator,
        item_id=f"{originator}-warn-USA-{draw(st.sampled_from(['launch', 'impact']))}-{subject}",
        version=draw(st.integers(1, 10_000)),
        subject=subject,
        domain=draw(st.sampled_from(Domain)),
        status=draw(st.sampled_from(Status)),
        valid_ns=draw(_instants),
        label=_label(
            originator,
            draw(_levels),
            version=draw(st.integers(1, 9)),
            releasable_to=draw(_parties),
            caveats=draw(st.sampled_from([(), (Caveat.ORIGINATOR_CONTROL,)])),
            attribution=draw(st.sampled_from(Attribution)),
            created_ns=created_ns,
            expires_ns=draw(st.none() | st.integers(created_ns + 1, created_ns + 10**15)),
        ),
        warning=draw(st.sampled_from([WarningKind.LAUNCH, WarningKind.IMPACT])),
        state=WarningState.CONFIRMED if confirmed else draw(_unconfirmed),
        basis=(basis,),
        confirmed_by=(support,) if confirmed else (),
    )
    return _release(
        item,
        originator if originator != "USA" else "KOR",
        form=draw(st.sampled_from(Form)),
        clauses=(f"{draw(_names)}.toml#{draw(_names)}",),
        decided_ns=draw(_instants),
    )


def _earlier(release: Release) -> Release:
    """A release under the same clauses and of the same level, of another object at another time."""
    label = msgspec.structs.replace(release.item.label, created_ns=INSTANT_NS, expires_ns=None)
    item = _warning(label.originator, domain=release.item.domain, status=release.item.status, label=label)
    return msgspec.structs.replace(release, item=item, decided_ns=INSTANT_NS)


@given(_degraded(), st.integers(0, 2**40 - 1))
@settings(max_examples=300, deadline=None)
def test_every_degraded_warning_fits_300_bytes_and_comes_back_whole(
    world: "World", release: Release, sequence: int
) -> None:
    link = Link(world, release.sender)
    link.epochs.expect(encode(_earlier(release)))
    link.epochs.rotate(RotationReason.TIME)
    link.tell_key()
    parcel = _parcel(world, release)
    data = link.thin(parcel, sequence)
    assert len(data) in SIZES
    assert max(SIZES) == 300
    (one,) = link.open(data).parcels
    assert (one.wire, one.release) == (parcel, release)


def test_the_area_that_a_warning_rests_on_fits_too_with_place_times_and_confidence(world: "World") -> None:
    head = {
        name: getattr(_warning(), name) for name in ("subject", "domain", "status", "label", "provenance")
    }
    area = Area(
        item_id="KOR-fall-7",
        valid_ns=INSTANT_NS,
        area=AreaKind.IMPACT,
        region=Ellipse(
            centre=Place(latitude_1e7deg=391234567, longitude_1e7deg=1409876543, height_mm=0),
            semi_major_m=41_234,
            semi_minor_m=9_876,
            bearing_mdeg=123_456,
            probability_ppm=950_000,
        ),
        expected_ns=INSTANT_NS + 600 * 10**9,
        time_sigma_ms=4_321,
        **head,
    )
    link = Link(world)
    data = link.thin(_parcel(world, _release(area)))
    assert len(data) <= 300
    assert link.open(data).parcels[0].release.item == area


def test_what_was_sent_before_makes_the_next_epochs_envelopes_thinner(world: "World") -> None:
    def sent(link: Link, number: int) -> bytes:
        item = _warning(number=number, valid_ns=INSTANT_NS + number)
        release = _release(item, clauses=("an-agreement-of-a-long-name-2030.toml#a-long-clause-name",))
        return link.thin(_parcel(world, release), number)

    link = Link(world)
    before = len(sent(link, 1))
    link.epochs.rotate(RotationReason.TIME)
    link.tell_key()
    data = sent(link, 2)
    assert len(data) < before
    assert link.open(data).parcels[0].sequence == 2


def test_templates_of_a_group_of_several_hold_nothing_of_one_member(world: "World") -> None:
    pins = [world.keys[party].pin for party in ("USA", "JPN")]
    epochs = GroupEpochs(world.keys["KOR"], pins, world.source.randbytes)
    epochs.expect(encode(_release(_warning())))
    assert epochs.rotate(RotationReason.TIME).templates == b""
    epochs = GroupEpochs(world.keys["KOR"], pins[:1], world.source.randbytes)
    epochs.expect(encode(_release(_warning())))
    assert epochs.rotate(RotationReason.TIME).templates != b""
    assert epochs.rotate(RotationReason.MEMBERSHIP, members=pins[1:]).templates == b""


# What goes in an ordinary envelope instead.


@pytest.mark.parametrize(
    "make",
    [
        lambda world: _parcel(world, _release(_warning(text="x" * 7 + "".join(map(chr, range(200, 400)))))),
        lambda world: encode(
            Parcel(
                release=encode(_release(_warning())),
                marking=sign_labels(world.keys["KOR"], [_warning()], world.source.randbytes)[0],
            )
        ),
        lambda world: encode(
            Parcel(
                release=encode(_release(_warning())),
                marking=sign_label(world.keys["KOR"], _warning()),
                consents=(sign_item(world.keys["KOR"], world.consent()),),
            )
        ),
        lambda world: encode(
            Parcel(
                release=encode(_release(_warning())),
                marking=sign_label(world.keys["KOR"], _warning(number=8)),
            )
        ),
        lambda _: encode(Parcel(release=encode(_release(_warning())), marking=b"\xd2\x84\x00")),
    ],
    ids=["long text", "a marking with a path", "consents", "another item's marking", "no marking"],
)
def test_what_does_not_fit_is_left_to_an_ordinary_envelope(
    world: "World", make: Callable[["World"], bytes]
) -> None:
    link = Link(world)
    assert link.sealer.thin_seal(1, make(world)) is None


def test_a_number_a_key_or_a_stream_that_does_not_fit_is_left_to_an_ordinary_envelope(world: "World") -> None:
    parcel = _parcel(world, _release(_warning()))
    link = Link(world)
    assert link.sealer.thin_seal(2**40, parcel) is None
    link.sealer.is_lacking()
    assert link.sealer.thin_seal(1, parcel) is None
    other = Sealer(world.keys["KOR"], world.keys["USA"].pin, "stream-2", world.source.randbytes, link.epochs)
    other.is_held(link.epochs.epoch.identifier)
    assert other.thin_seal(1, parcel) is None
    ending = Link(world, limits=EpochLimits(objects=1))
    assert ending.sealer.thin_seal(1, parcel) is not None
    assert ending.sealer.thin_seal(2, parcel) is None


def test_a_release_of_another_path_is_not_sealed(world: "World") -> None:
    link = Link(world)
    for release in (_release(_warning(), "JPN"), _release(_warning(), recipient="JPN")):
        with pytest.raises(UsageError, match="does not go"):
            link.sealer.thin_seal(1, _parcel(world, release))
    for parcel in (b"", b"\x90", bytes(400)):
        with pytest.raises(WireError):
            link.sealer.thin_seal(1, parcel)


# Attacks.


def test_no_byte_can_change_and_none_can_be_missing(world: "World") -> None:
    link = Link(world)
    data = link.thin(_parcel(world, _release(_warning())))
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(PeerError):
            link.opener.check(bytes(changed))
        with pytest.raises(PeerError):
            link.opener.check(data[:position])
    with pytest.raises(WireError, match="of no size"):
        link.opener.check(data + b"\0")


def test_it_opens_for_who_holds_the_key_from_a_sender_that_is_trusted_alone(world: "World") -> None:
    link = Link(world)
    data = link.thin(_parcel(world, _release(_warning())))
    with pytest.raises(EnvelopeError, match="no epoch whose key is held"):
        Opener(world.keys["USA"], world.trust).check(data)
    link.opener._trust = link.opener._pairs._trust = TrustStore([world.keys["JPN"].pin])
    with pytest.raises(EnvelopeError, match="no epoch whose key is held"):
        link.opener.check(data)


def test_two_of_one_warning_share_nothing_but_token_and_class(world: "World") -> None:
    link = Link(world)
    parcel = _parcel(world, _release(_warning()))
    one, other = link.thin(parcel), link.thin(parcel)
    assert one[:9] == other[:9]
    assert one[9:13] != other[9:13]
    assert sum(a == b for a, b in zip(one[13:], other[13:], strict=True)) < 12
    link.epochs.rotate(RotationReason.TIME)
    link.tell_key()
    assert link.thin(parcel)[1:9] != one[1:9]


class Forge:
    """A holder of the epoch's key that follows the format and not the rules; from docs/envelope.md alone."""

    def __init__(self, world: "World", link: Link) -> None:
        self.world, self.link, self.epoch = world, link, link.epochs.epoch

    def thin(self, release: Release, signer: str = "KOR", marker: str = "KOR", **said: Any) -> bytes:
        wire, sequence = encode(release), 1
        marking = sign_label(self.world.keys[marker], release.item)
        parcel = encode(Parcel(release=wire, marking=marking))
        batch = self.batch(release, parcel, sequence, said)
        signature = self.world.keys[signer].signing.sign(_sig_structure(batch))
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY_1)
        body = packer.compress(wire) + packer.flush()
        marking_signature = signature_of(marking, MARKING_TYPE, "marking")
        plain = sequence.to_bytes(5, "big") + signature + marking_signature + bytes([len(body)]) + body
        size = next(size for size in (204, 236, 268, 300) if size >= len(plain) + 29)
        return self.close(plain + bytes(size - 29 - len(plain)))

    def close(self, plain: bytes) -> bytes:
        iv = int.from_bytes(self.epoch.export("ivs", 12), "big").to_bytes(12, "big")
        token = self.link.thin(_parcel(self.world, _release(_warning())))[1:9]
        head = b"\xc1" + token + iv[-4:]
        return head + AESGCM(self.epoch.export("thin")).encrypt(iv, plain, b"trilat/thin/1\0" + head)

    def batch(self, release: Release, parcel: bytes, sequence: int, said: dict[str, Any]) -> bytes:
        stream = self.world.keys["KOR"].stream_to("USA")
        salts = sha512(self.epoch.export(f"salts of {stream}") + sequence.to_bytes(8, "big")).digest()
        digests = (
            sha256(b"trilat/label/2\0" + salts[:16] + encode(release.item.label)).digest()
            + sha256(b"trilat/clauses/2\0" + salts[16:32] + msgspec.msgpack.encode(release.clauses)).digest()
            + sha256(b"trilat/parcel/2\0" + salts[32:48] + parcel).digest()
        )
        fields = {
            "schema": 1,
            "version": 2,
            "wrap": "HPKE-MLKEM768X25519-HKDFSHA256-A256GCM",
            "object": "A256GCM",
            "signature": -8,
            "sender": "KOR",
            "recipient": "USA",
            "group": self.epoch.group,
            "stream": stream,
            "sequence": sequence,
            "epoch": self.epoch.identifier,
            "commitment": self.epoch.export("commitment"),
            "digests": digests,
            **said,
        }
        return msgspec.msgpack.encode(list(fields.values()))


def _sig_structure(payload: bytes) -> bytes:
    """RFC 9052, section 4.4, written by hand: the content type has 30 letters, the payload 256 to 65,535."""
    kind = b"application/vnd.trilat.batch+v2"
    protected = b"\xa2\x01\x27\x03\x78" + bytes([len(kind)]) + kind
    return (
        b"\x84\x6aSignature1\x58"
        + bytes([len(protected)])
        + protected
        + b"\x40\x59"
        + len(payload).to_bytes(2, "big")
        + payload
    )


def test_the_forge_of_these_tests_makes_a_sound_one_when_it_keeps_the_rules(world: "World") -> None:
    link = Link(world)
    release = _release(_warning())
    assert link.open(Forge(world, link).thin(release)).parcels[0].release == release


@pytest.mark.parametrize(
    "said",
    [
        {"sender": "JPN"},
        {"recipient": "JPN"},
        {"group": "another"},
        {"stream": "another"},
        {"sequence": 2},
        {"epoch": bytes(16)},
        {"commitment": bytes(32)},
        {"digests": bytes(96)},
        {"object": "ChaCha20/Poly1305"},
        {"signature": -7},
        {"wrap": "HPKE-X25519"},
        {"version": 3},
        {"schema": 2},
    ],
    ids=lambda said: next(iter(said)),
)
def test_the_signature_covers_everything_that_is_not_written(world: "World", said: dict[str, Any]) -> None:
    link = Link(world)
    with pytest.raises(EnvelopeError, match="not by `KOR`"):
        link.open(Forge(world, link).thin(_release(_warning()), **said))


def test_another_signer_of_batch_or_marking_is_refused(world: "World") -> None:
    link = Link(world)
    forge = Forge(world, link)
    with pytest.raises(EnvelopeError, match="signature of the envelope is not by `KOR`"):
        link.open(forge.thin(_release(_warning()), signer="USA"))
    with pytest.raises(EnvelopeError, match="signature of the marking"):
        link.open(_with_marking_of(world, forge))


def _with_marking_of(world: "World", forge: Forge) -> bytes:
    """A batch that KOR signs around a marking in JPN's name that KOR made."""
    item = _warning("JPN")
    wire = encode(_release(item))
    statement = payload_of(sign_label(world.keys["JPN"], item), MARKING_TYPE, "marking")
    marking = sign1(world.keys["KOR"].signing, MARKING_TYPE, statement)
    signature = signature_of(marking, MARKING_TYPE, "marking")
    parcel = encode(Parcel(release=wire, marking=marking))
    batch = forge.batch(_release(item), parcel, 1, {})
    body = shrunk(wire, b"")
    content = ThinContent(
        sequence=1,
        batch_signature=world.keys["KOR"].signing.sign(_sig_structure(batch)),
        marking_signature=signature,
        body=body,
    )
    plain = packed(content)
    assert plain is not None
    return forge.close(plain)


@given(st.binary(min_size=175, max_size=271))
@settings(max_examples=200, deadline=None)
def test_any_plaintext_of_a_key_holder_is_refused_as_a_peers(world: "World", plain: bytes) -> None:
    link = Link(world)
    size = next(size for size in SIZES if size >= len(plain) + 29)
    data = Forge(world, link).close(plain + bytes(size - 29 - len(plain)))
    assert len(data) == size
    with pytest.raises(PeerError):
        link.open(data)


@given(st.binary(max_size=299))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_as_a_peers(world: "World", data: bytes) -> None:
    link = Link(world)
    for one in (b"\xc1" + data, b"\xc1" + (data * 300)[:203]):
        with pytest.raises(PeerError):
            link.opener.check(one)


@given(st.binary(max_size=200), st.binary(max_size=50))
@settings(max_examples=300, deadline=None)
def test_any_body_is_unpacked_within_its_limit_or_refused(body: bytes, templates: bytes) -> None:
    try:
        release = unshrunk(body, templates)
    except WireError:
        return
    assert len(release) <= RELEASE_BYTES_MAX


@pytest.mark.parametrize("size", [RELEASE_BYTES_MAX + 1, 10**8])
def test_a_body_that_would_grow_without_end_is_refused(size: int) -> None:
    bomb = shrunk(bytes(size), b"")
    with pytest.raises(WireError, match="does not end"):
        unshrunk(bomb, b"")


@given(st.binary(max_size=280))
@settings(max_examples=300, deadline=None)
def test_any_plaintext_unpacks_to_what_packs_to_it_or_is_refused(plain: bytes) -> None:
    try:
        content = unpacked(plain)
    except EnvelopeError:
        return
    assert packed(content) == plain


def test_the_dictionary_is_part_of_the_wire_form_and_does_not_change() -> None:
    known = "330ed7d57c4fc7f3427b1fb26b1776fc474b748dd62bc19bd0002d0b947ab564"
    assert sha256(DICTIONARY_1).hexdigest() == known, "give a new dictionary a number of its own"


def test_an_endpoint_takes_a_thin_envelope_as_any_other(world: "World") -> None:
    from tests.link.test_epochs import Two  # noqa: PLC0415 - the same two ends

    two = Two(world)
    two.post()
    two.run(1)
    kor, usa = two.ends["KOR"], two.ends["USA"]
    data = kor._keying._sealers["USA"].thin_seal(2, _parcel(world, _release(_warning())))
    assert data is not None
    assert is_thin(data)
    assert usa.receive(data) is Arrival.DELIVERED
    assert usa.receive(data) is Arrival.REPEATED
    assert two.got == [1, 2]
    assert thin_bound(data[:13]).endswith(data[:13])


class Sparing:
    """KOR and USA over a thin link, with what was carried from KOR and what USA got."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.network = MemoryNetwork()
        self.carried: list[bytes] = []
        self.got: list[int] = []
        self.lose = False
        sound = self.network.send

        def carry(sender: str, recipient: str, payload: bytes) -> None:
            if sender == "KOR":
                self.carried.append(payload)
            if not (self.lose and sender == "KOR"):
                sound(sender, recipient, payload)

        self.network.send = carry  # type: ignore[method-assign]
        self.kor, self.usa = self._end("KOR", "USA"), self._end("USA", "KOR")
        self.at_ns = 0

    def _end(self, party: str, partner: str) -> LinkEndpoint:
        return LinkEndpoint(
            self.world.keys[party],
            self.world.trust,
            self.network.endpoint(party),
            self.world.source.randbytes,
            lambda _sender, _stream, _first, parcels: self.got.extend(one.sequence for one in parcels),
            profiles={partner: LinkProfile.thin()},
        )

    def post(self, number: int) -> None:
        parcel = _parcel(self.world, _release(_warning(number=number)))
        self.kor.send("USA", self.kor.next_sequence("USA"), parcel, self.world.receipt())

    def play(self, seconds: int) -> None:
        for _ in range(4 * seconds):
            self.at_ns += SECOND_NS // 4
            self.network.due(self.at_ns)
            self.kor.tick(self.at_ns)
            self.usa.tick(self.at_ns)

    def envelopes(self) -> list[bytes]:
        return [one for one in self.carried if one[:1] in {b"\x97", b"\xc1"}]


def test_a_warning_alone_on_a_sparing_link_goes_thin_once_the_key_is_held(world: "World") -> None:
    link = Sparing(world)
    for number in (1, 2, 3):
        link.post(number)
        link.play(60)
    assert link.got == [1, 2, 3]
    assert [is_thin(one) for one in link.envelopes()] == [False, True, True]
    assert all(len(one) <= 300 for one in link.envelopes()[1:])


def test_a_thin_envelope_without_a_receipt_is_followed_by_a_whole_one(world: "World") -> None:
    link = Sparing(world)
    link.post(1)
    link.play(60)
    link.lose = True
    link.post(2)
    link.play(2)
    assert is_thin(link.envelopes()[-1])
    link.lose = False
    link.play(120)
    assert link.got == [1, 2]
    assert not is_thin(link.envelopes()[-1])


def test_a_recipient_that_lost_its_keys_gets_a_warning_all_the_same(world: "World") -> None:
    link = Sparing(world)
    link.post(1)
    link.play(60)
    link.usa._opener._epochs.clear()
    link.post(2)
    link.play(200)
    assert link.got == [1, 2]


def test_a_key_is_told_when_a_link_comes_up_so_that_the_first_warning_is_thin(world: "World") -> None:
    link = Sparing(world)
    link.kor.resume("USA", 0)
    link.play(60)
    told = len(link.carried)
    assert told >= 1
    assert link.envelopes() == []
    link.post(1)
    link.play(60)
    assert link.got == [1]
    (envelope,) = link.envelopes()
    assert len(envelope) <= 300


def test_without_a_key_told_ahead_the_first_warning_costs_kilobytes(world: "World") -> None:
    """The premise."""
    link = Sparing(world)
    link.post(1)
    link.play(60)
    assert len(link.envelopes()[0]) > 2_000


def test_the_key_of_the_next_epoch_is_told_in_the_silence_before_a_warning(world: "World") -> None:
    link = Sparing(world)
    link.post(1)
    link.play(60)
    link.at_ns += EpochLimits().age_ns
    link.play(60)
    link.post(2)
    link.play(60)
    assert link.got == [1, 2]
    assert [is_thin(one) for one in link.envelopes()] == [False, True]


def test_a_key_that_is_held_is_not_told_again_and_one_that_was_lost_is(world: "World") -> None:
    link = Sparing(world)

    def told_by(seconds: int) -> int:
        before = len(link.carried)
        link.kor.resume("USA", link.at_ns)
        link.play(seconds)
        return len(link.carried) - before

    link.lose = True
    assert told_by(60) == 1
    assert told_by(60) == 1
    link.lose = False
    assert told_by(60) == 1
    assert told_by(60) == 0
    assert link.kor.refusals == {}


def test_no_key_is_told_to_who_is_not_pinned_or_on_a_wide_link(world: "World") -> None:
    link = Sparing(world)
    link.kor.resume("PRK", 0)
    link.kor.resume("JPN", 0)
    link.play(60)
    assert link.carried == []
