"""Proofs to a third party: what was sent can be shown, and what was not sent cannot."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import Batch, Opener, Parcel, Proof, TrustStore, proof_of, prove, sign_label, verify_proof
from trilat.link.cose import sign1
from trilat.link.parcel import BATCH_TYPE
from trilat.model import (
    EnvelopeError,
    PeerError,
    TrustError,
    UsageError,
    WireError,
    decode,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World

MAX = 300_000


def _third(world: "World") -> TrustStore:
    """Somebody who holds KOR's pin and nothing else."""
    return TrustStore([world.keys["KOR"].pin])


def _envelope(world: "World", count: int = 3) -> bytes:
    return world.sealer().seal(11, [world.parcel(number) for number in range(1, count + 1)])


def _opener(world: "World") -> Opener:
    return Opener(world.keys["USA"], world.trust)


def _proof(world: "World", **changes: Any) -> bytes:
    return encode(
        msgspec.structs.replace(decode(proof_of(_envelope(world), _opener(world), 12), Proof, MAX), **changes)
    )


def test_a_third_party_with_the_senders_pin_alone_sees_what_was_sent_to_whom(world: "World") -> None:
    proved = verify_proof(proof_of(_envelope(world), _opener(world), 12), _third(world))
    assert (proved.sender, proved.recipient, proved.stream, proved.sequence) == ("KOR", "USA", "stream-1", 12)
    assert proved.parcel is not None
    assert decode(proved.parcel, Parcel) == world.parcel(2)
    assert proved.label == world.statement().label


def test_a_label_can_be_shown_without_the_content(world: "World") -> None:
    data = proof_of(_envelope(world), _opener(world), 12, label_only=True)
    proved = verify_proof(data, _third(world))
    assert (proved.parcel, proved.label) == (None, world.statement().label)
    for secret in (b"statement 2", b"KOR:item-2", b"agreement#clause"):
        assert secret not in data


def test_a_proof_tells_nothing_of_the_batchs_other_objects_nor_opens_the_epoch(world: "World") -> None:
    envelope = _envelope(world)
    opener = _opener(world)
    checked = opener.check(envelope)
    data = proof_of(envelope, opener, 12)
    for secret in (b"statement 1", b"KOR:item-1", b"statement 3"):
        assert secret not in data
    for use in ("objects", f"salts of {checked.batch.stream}", "thin"):
        assert checked.epoch.export(use) not in data
    assert checked.epoch.secret not in data
    for other in (11, 13):
        assert checked.epoch.salts("stream-1", other)[:16] not in data


def test_who_does_not_hold_the_senders_pin_is_told_nothing(world: "World") -> None:
    data = proof_of(_envelope(world), _opener(world), 12)
    with pytest.raises(TrustError):
        verify_proof(data, TrustStore([world.keys["USA"].pin]))


# A recipient that frames the sender.


@pytest.mark.parametrize("sequence", [0, 10, 11, 13, 14, 2**40])
def test_another_number_is_refused(world: "World", sequence: int) -> None:
    with pytest.raises(EnvelopeError):
        verify_proof(_proof(world, sequence=sequence), _third(world))


def test_another_parcel_or_salt_is_refused(world: "World") -> None:
    worse = world.release(world.statement(number=2, text="what KOR never said"))
    marking = sign_label(world.keys["KOR"], worse.item)
    for changes in (
        {"parcel": encode(Parcel(release=encode(worse), marking=marking))},
        {"parcel": encode(world.parcel(1))},
        {"parcel": None, "label": encode(world.statement().label)},
        {"parcel": None},
        {"label": encode(world.statement().label)},
        {"salts": bytes(48)},
        {"salts": bytes(16)},
        {"salts": bytes(47)},
    ):
        with pytest.raises(EnvelopeError):
            verify_proof(_proof(world, **changes), _third(world))


def test_another_label_is_refused(world: "World") -> None:
    shown = decode(proof_of(_envelope(world), _opener(world), 12, label_only=True), Proof, MAX)
    label = msgspec.structs.replace(world.statement().label, releasable_to=("USA", "JPN", "AUS"))
    for changes in ({"label": encode(label)}, {"salts": bytes(16)}, {"salts": shown.salts + bytes(32)}):
        with pytest.raises(EnvelopeError, match="label is not the one"):
            verify_proof(encode(msgspec.structs.replace(shown, **changes)), _third(world))


@pytest.mark.parametrize("change", [{"recipient": "JPN"}, {"sender": "USA"}, {"first_sequence": 5}])
def test_a_batch_that_the_recipient_signs_or_changes_is_not_the_senders(
    world: "World", change: dict[str, Any]
) -> None:
    envelope = _envelope(world)
    opener = _opener(world)
    batch = msgspec.structs.replace(opener.check(envelope).batch, **change)
    signed = sign1(world.keys["USA"].signing, BATCH_TYPE, encode(batch))
    with pytest.raises(PeerError):
        verify_proof(_proof(world, signed=signed), _third(world))


def test_who_passes_on_a_proof_does_not_become_its_recipient(world: "World") -> None:
    # JPN got USA's proof and claims that KOR released to it.
    opener = _opener(world)
    checked = opener.check(_envelope(world))
    forged = encode(msgspec.structs.replace(checked.batch, recipient="JPN"))
    assert len(forged) == len(encode(checked.batch)), "the premise"
    signed = checked.signed.replace(encode(checked.batch), forged)
    with pytest.raises(EnvelopeError, match="not by `KOR`"):
        verify_proof(_proof(world, signed=signed), _third(world))


def test_a_member_of_staff_is_no_sender_and_another_use_is_no_batch(world: "World") -> None:
    batch = _opener(world).check(_envelope(world)).batch
    staff = sign1(
        world.keys["KOR"].signing,
        BATCH_TYPE,
        encode(msgspec.structs.replace(batch, sender="KOR/watch")),
    )
    item = sign1(world.keys["KOR"].signing, "application/vnd.trilat.item", encode(batch))
    for signed, words in ((staff, "only nodes"), (item, "another use")):
        with pytest.raises(EnvelopeError, match=words):
            verify_proof(_proof(world, signed=signed), _third(world))


def test_a_batch_of_strange_algorithms_is_refused(world: "World") -> None:
    batch: Batch = _opener(world).check(_envelope(world)).batch
    for change in ({"signature_algorithm": -7}, {"object_algorithm": "none"}, {"wrap_algorithm": "none"}):
        changed = encode(msgspec.structs.replace(batch, **change))
        signed = sign1(world.keys["KOR"].signing, BATCH_TYPE, changed)
        with pytest.raises(EnvelopeError):
            verify_proof(_proof(world, signed=signed), _third(world))


def test_no_byte_of_a_proof_can_change_and_none_can_be_missing(world: "World") -> None:
    data = proof_of(_envelope(world), _opener(world), 12)
    third = _third(world)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(PeerError):
            verify_proof(bytes(changed), third)
    for length in range(0, len(data), 7):
        with pytest.raises(PeerError):
            verify_proof(data[:length], third)


@given(st.binary(max_size=500))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_as_a_peers(world: "World", data: bytes) -> None:
    with pytest.raises(PeerError):
        verify_proof(data, _third(world))


def test_a_proof_beyond_the_limit_is_refused_before_it_is_read(world: "World") -> None:
    with pytest.raises(WireError, match="over the limit"):
        verify_proof(bytes(MAX + 1), _third(world))


def test_an_object_of_another_envelope_is_not_proved(world: "World") -> None:
    opener = _opener(world)
    first, second = opener.check(_envelope(world)), opener.check(world.sealer().seal(12, [world.parcel(7)]))
    with pytest.raises(UsageError, match="not of this envelope"):
        prove(first, opener.open(second).parcels[0])
    with pytest.raises(UsageError, match="not in this envelope"):
        proof_of(_envelope(world), opener, 99)
