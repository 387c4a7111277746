"""What a hub learns: it has every byte of two exchanges, and tries to find out who, what, which and how many.

The hub of these tests knows the format, every public key and every name in the world. It has no private key.
"""

import hmac
import math
import zlib
from hashlib import sha256
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.link import (
    LinkEndpoint,
    MemoryNetwork,
    NodeKeys,
    Parcel,
    RotationReason,
    TrustStore,
    sign_label,
)
from trilat.link.padding import padded, size_class, unpadded
from trilat.link.pair import Pairs, pair_of, token_of
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SECOND_NS,
    Envelope,
    EnvelopeError,
    PeerError,
    TrustError,
    WireError,
    decode,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World


class Hub:
    """Carries everything between KOR and USA, and keeps a copy."""

    def __init__(self, world: "World", monkeypatch: pytest.MonkeyPatch, pair: tuple[str, str]) -> None:
        self.world = world
        self.copies: list[bytes] = []
        self.network = MemoryNetwork()
        self.pair = pair
        send = MemoryNetwork.send

        def carry(network: MemoryNetwork, sender: str, recipient: str, payload: bytes) -> None:
            if network is self.network:
                self.copies.append(payload)
            send(network, sender, recipient, payload)

        monkeypatch.setattr(MemoryNetwork, "send", carry)
        self.ends = {
            party: LinkEndpoint(
                world.keys[party],
                world.trust,
                self.network.endpoint(party),
                world.source.randbytes,
                lambda *_: None,
            )
            for party in pair
        }

    def exchange(self, parcels: int = 3) -> None:
        """Items, receipts, a rotation, items again, a pull that is answered by nobody, and a notice."""
        one, other = self.pair
        end = self.ends[one]
        for second in range(1, 2 * parcels + 1):
            number = (second + 1) // 2
            parcel = encode(self.world.parcel(number, one, other, originator=one))
            end.send(other, end.next_sequence(other), parcel, self.world.receipt(one))
            if second == parcels:
                end.rotate(RotationReason.AGREEMENT)
            for step in range(3):
                for each in self.ends.values():
                    each.tick(second * SECOND_NS + step)
                self.network.due(second * SECOND_NS + step)
        end.notify(other, "gossip", b"three-way-2014@1")
        self.network.due(self.network._now_ns)

    def envelopes(self) -> list[Envelope]:
        return [decode(one, Envelope, ENVELOPE_BYTES_MAX) for one in self.copies if one[:1] == b"\x97"]


@pytest.fixture
def hubs(world: "World", monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """The same exchange between one pair, and between another, and once more between the first."""
    made = []
    for pair in (("KOR", "USA"), ("JPN", "USA"), ("KOR", "USA")):
        hub = Hub(world, monkeypatch, pair)
        hub.exchange()
        made.append(hub)
    return made


def _names(world: "World") -> list[bytes]:
    texts = [
        "KOR",
        "USA",
        "JPN",
        "UNCLASSIFIED",
        "agreement",
        "clause",
        "subject",
        "statement",
        "consultation",
    ]
    texts += ["acknowledgement", "pull", "notice", "gossip", "three-way", "epoch.key", "warning", "item-"]
    found = [text.encode() for text in texts]
    for keys in world.keys.values():
        found += [keys.pin.signing_public, keys.pin.sealing_public[-32:], keys.pin.fingerprint.encode()]
        found += [keys.stream_to(other).encode() for other in world.keys]
    return found


def test_the_premise_every_kind_of_message_was_carried(hubs: list[Hub]) -> None:
    for hub in hubs:
        assert len(hub.envelopes()) >= 6
        assert len(hub.copies) - len(hub.envelopes()) >= 8


def test_no_name_label_kind_or_key_stands_in_what_a_hub_carries(world: "World", hubs: list[Hub]) -> None:
    for hub in hubs:
        for payload in hub.copies:
            for name in _names(world):
                assert name not in payload
                assert len(name) > 16 or name.hex().encode() not in payload


def test_no_digest_that_the_hub_could_guess_stands_in_it(world: "World", hubs: list[Hub]) -> None:
    guesses = []
    for name in [*_names(world), encode(world.statement().label)]:
        guesses += [sha256(name).digest(), hmac.digest(b"", name, "sha256")]
    for hub in hubs:
        for payload in hub.copies:
            assert not any(guess[:16] in payload for guess in guesses)


def test_two_epochs_of_one_pair_look_like_those_of_two_pairs(hubs: list[Hub]) -> None:
    seen: dict[tuple[int, bytes], set[bytes]] = {}
    for number, hub in enumerate(hubs):
        for envelope in hub.envelopes():
            seen.setdefault((number, envelope.epoch), set()).add(envelope.token)
    assert len(seen) == 6, "the premise: two epochs in each exchange"
    tokens = [token for found in seen.values() for token in found]
    assert len(set(tokens)) == len(tokens) == 6


def test_nothing_of_16_bytes_comes_in_two_epochs_or_exchanges(hubs: list[Hub]) -> None:
    def pieces(envelopes: list[Envelope]) -> set[bytes]:
        texts = [part for one in envelopes for part in (one.token, one.key, one.batch, *one.sealed)]
        return {text[at : at + 16] for text in texts for at in range(len(text) - 15)}

    groups = []
    for hub in hubs:
        by_epoch: dict[bytes, list[Envelope]] = {}
        for envelope in hub.envelopes():
            by_epoch.setdefault(envelope.epoch, []).append(envelope)
        groups += [pieces(envelopes) for envelopes in by_epoch.values()]
    for one, other in combinations(groups, 2):
        assert not one & other


def test_equal_items_and_equal_messages_do_not_look_equal(hubs: list[Hub]) -> None:
    # In each exchange every item is sent twice, under two numbers.
    for hub in hubs:
        sealed = [one for envelope in hub.envelopes() for one in envelope.sealed]
        assert len(set(sealed)) == len(sealed)
        assert len(set(hub.copies)) == len(hub.copies)


def test_an_item_of_another_kind_and_length_has_the_size_of_its_class(world: "World") -> None:
    sizes = set()
    for text in ("", "x" * 40, "y" * 90):
        item = world.statement(text=text or "-")
        marking = sign_label(world.keys["KOR"], item)
        data = world.sealer().seal(1, [Parcel(release=encode(world.release(item)), marking=marking)])
        sizes.add(len(data))
    assert len(sizes) == 1


def test_what_is_sealed_does_not_compress(hubs: list[Hub]) -> None:
    for hub in hubs:
        for envelope in hub.envelopes():
            content = b"".join(one[40:] for one in envelope.sealed)
            assert len(zlib.compress(content, 9)) > 0.98 * len(content)


def test_who_is_not_of_the_pair_cannot_make_its_tokens(world: "World") -> None:
    kor, usa, jpn = (world.keys[party] for party in ("KOR", "USA", "JPN"))
    epoch = bytes(16)
    made = token_of(pair_of(kor, usa.pin).to, b"epoch", epoch)
    assert made == token_of(pair_of(usa, kor.pin).of, b"epoch", epoch), "the premise: both make it"
    others = [
        pair_of(kor, usa.pin).of,
        pair_of(jpn, usa.pin).to,
        pair_of(jpn, kor.pin).to,
        pair_of(jpn, kor.pin).of,
        pair_of(kor, jpn.pin).to,
    ]
    for secret in others:
        assert token_of(secret, b"epoch", epoch) != made
    assert token_of(pair_of(kor, usa.pin).to, b"message", epoch) != made


# Covered messages.


def _pairs(world: "World", party: str, trust: TrustStore | None = None) -> Pairs:
    return Pairs(world.keys[party], trust or world.trust)


@pytest.mark.parametrize("message", [b"", b"x", bytes(251), bytes(252), bytes(253), bytes(66_000)])
def test_a_covered_message_opens_for_its_recipient_alone(world: "World", message: bytes) -> None:
    covered = _pairs(world, "KOR").cover("USA", message, world.source.randbytes)
    assert _pairs(world, "USA").uncover(covered) == message
    for party in ("JPN", "KOR", "PRK"):
        with pytest.raises(EnvelopeError, match="no party"):
            _pairs(world, party).uncover(covered)
    for trust in (TrustStore(), TrustStore([world.keys["JPN"].pin])):
        with pytest.raises(EnvelopeError, match="no party"):
            _pairs(world, "USA", trust).uncover(covered)


def test_no_byte_of_a_covered_message_can_change_and_none_can_be_missing(world: "World") -> None:
    covered = _pairs(world, "KOR").cover("USA", b"message", world.source.randbytes)
    usa = _pairs(world, "USA")
    for position in range(len(covered)):
        changed = bytearray(covered)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(PeerError):
            usa.uncover(bytes(changed))
        with pytest.raises(PeerError):
            usa.uncover(covered[:position])
    assert usa.uncover(covered) == b"message", "the premise"


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_for_a_covered_message_are_refused_as_a_peers(
    world: "World", data: bytes, begun: bool
) -> None:
    with pytest.raises(PeerError):
        _pairs(world, "USA").uncover(b"\xd0\x83" * begun + data)


def test_a_covered_message_beyond_the_limit_is_refused_before_it_is_read(world: "World") -> None:
    with pytest.raises(WireError, match="is over"):
        _pairs(world, "USA").uncover(bytes(100_000))


def test_nothing_is_covered_for_whom_no_pin_is_held_or_whose_pin_cannot_be_used(world: "World") -> None:
    with pytest.raises(TrustError, match="no pin"):
        _pairs(world, "KOR").cover("PRK", b"message", world.source.randbytes)
    weak = msgspec.structs.replace(
        NodeKeys.generate("AUS", world.source.randbytes).pin,
        sealing_public=world.keys["USA"].pin.sealing_public[:1_184] + bytes(32),
    )
    with pytest.raises(TrustError, match="cannot be used"):
        _pairs(world, "KOR", TrustStore([weak])).cover("AUS", b"message", world.source.randbytes)


def test_a_pin_that_is_taken_back_is_not_believed_from_memory(world: "World") -> None:
    covered = _pairs(world, "KOR").cover("USA", b"message", world.source.randbytes)
    usa = _pairs(world, "USA")
    usa.uncover(covered)
    usa._trust = TrustStore()
    with pytest.raises(EnvelopeError, match="no party"):
        usa.uncover(covered)


# Sizes.


@given(st.integers(1, 2**20))
def test_a_class_holds_its_size_and_is_at_most_a_quarter_more(size: int) -> None:
    found = size_class(size)
    assert found >= size
    assert size_class(found) == found
    assert size <= 256 or found < 1.25 * size
    # Four classes to a doubling: 4, 5, 6 or 7 times a power of two.
    assert found // 2 ** (math.frexp(found)[1] - 3) in {4, 5, 6, 7}
    assert found % 2 ** (math.frexp(found)[1] - 3) == 0


@given(st.binary(max_size=2_000), st.sampled_from([256, 512]))
def test_what_is_padded_comes_back(data: bytes, least: int) -> None:
    made = padded(data, least)
    assert unpadded(made, least) == data
    assert len(made) >= least


@given(st.binary(max_size=600), st.sampled_from([256, 512]))
def test_any_bytes_are_unpadded_to_what_pads_to_them_or_refused(data: bytes, least: int) -> None:
    try:
        found: Any = unpadded(data, least)
    except EnvelopeError:
        return
    assert padded(found, least) == data


@pytest.mark.parametrize(
    "data",
    [b"", bytes(255), bytes(3), b"\xff" * 512, bytes(511), bytes(4) + b"\1" + bytes(507), bytes(640)],
    ids=[
        "nothing",
        "below the least",
        "half a length",
        "a length beyond",
        "no class",
        "not zeros",
        "too much",
    ],
)
def test_other_paddings_are_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError, match="padded"):
        unpadded(data, 512)
