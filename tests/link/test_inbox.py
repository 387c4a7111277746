"""Payloads that come one behind another: handed on in one piece, acknowledged once, refused each alone."""

from typing import TYPE_CHECKING, Any

import pytest

from trilat.link import Arrival, LinkEndpoint, LinkLimits, MemoryNetwork, Sealer
from trilat.link.messages import Acknowledgement, HighWater, Pull, open_message, sign_message
from trilat.link.opening import OpenedParcel
from trilat.link.pair import Pairs
from trilat.model import LedgerError, UsageError

if TYPE_CHECKING:
    from tests.link.conftest import World

MILLISECOND_NS = 1_000_000
INTERVAL_NS = 10 * MILLISECOND_NS


class Usa:
    """USA's endpoint, which notes the pieces it is given, and what it says to KOR."""

    def __init__(self, world: "World", limits: LinkLimits | None = None) -> None:
        self.world = world
        self.network = MemoryNetwork()
        self.network.listen("KOR", self._say)
        self.pieces: list[list[int]] = []
        self.said: list[Acknowledgement | Pull] = []
        self.refused: list[str] = []
        self.full = False
        self.endpoint = LinkEndpoint(
            world.keys["USA"],
            world.trust,
            self.network.endpoint("USA"),
            world.source.randbytes,
            self.take,
            on_refusal=self.refused.append,
            limits=limits,
        )

    def _say(self, covered: bytes) -> None:
        signed = Pairs(self.world.keys["KOR"], self.world.trust).uncover(covered)
        word = open_message(signed, "KOR", self.world.trust)
        assert isinstance(word, Acknowledgement | Pull)
        self.said.append(word)

    def take(self, _sender: str, _stream: str, first: int, parcels: tuple[OpenedParcel, ...]) -> None:
        if self.full:
            raise LedgerError("the disk is full")
        assert parcels[0].sequence == first
        self.pieces.append([one.sequence for one in parcels])

    def told(self, now_ns: int) -> list[int]:
        """The cursors that were said up to an instant."""
        self.network.due(now_ns)
        return [word.cursor for word in self.said if isinstance(word, Acknowledgement)]

    def sealed(self, first: int, count: int = 1, stream: str = "s") -> bytes:
        keys = self.world.keys
        sealer = Sealer(keys["KOR"], keys["USA"].pin, stream, self.world.source.randbytes)
        parcel = self.world.parcel(1, "KOR", "USA", originator="KOR")
        return sealer.seal(first, [parcel] * count)


@pytest.fixture
def usa(world: "World") -> Usa:
    return Usa(world)


def test_envelopes_that_follow_each_other_are_one_piece_and_one_receipt(usa: Usa) -> None:
    given = [usa.sealed(1, 2), usa.sealed(3), usa.sealed(4, 3)]
    assert usa.endpoint.receive_all(given) == [Arrival.DELIVERED] * 3
    assert usa.pieces == [[1, 2, 3, 4, 5, 6]]
    assert usa.told(0) == [6]
    assert usa.endpoint.receive(usa.sealed(7)) is Arrival.DELIVERED
    assert usa.pieces[1:] == [[7]]


def test_nothing_is_acknowledged_of_a_piece_that_could_not_be_written(usa: Usa) -> None:
    usa.full = True
    given = [usa.sealed(1, 2), usa.sealed(3)]
    assert usa.endpoint.receive_all(given) == [Arrival.NOT_RECORDED] * 2
    assert (usa.told(0), list(usa.endpoint.cursors().values())) == ([], [0])
    usa.full = False
    assert usa.endpoint.receive_all(given) == [Arrival.DELIVERED] * 2
    assert usa.told(1) == [3]


@pytest.mark.parametrize("changed", [False, True])
def test_an_unsound_envelope_between_sound_ones_costs_them_nothing(usa: Usa, changed: bool) -> None:
    sound = usa.sealed(2)
    bad = sound[:-1] + bytes([sound[-1] ^ 1]) if changed else b"\xd2\x84 no envelope"
    arrivals = usa.endpoint.receive_all([usa.sealed(1), bad, usa.sealed(2), usa.sealed(3)])
    assert arrivals == [Arrival.DELIVERED, Arrival.REFUSED, Arrival.DELIVERED, Arrival.DELIVERED]
    assert [number for piece in usa.pieces for number in piece] == [1, 2, 3]
    assert len(usa.refused) == 1


def test_an_envelope_that_comes_twice_in_one_go_is_used_once(usa: Usa) -> None:
    twice = usa.sealed(1, 2)
    given = [twice, twice, usa.sealed(3)]
    assert usa.endpoint.receive_all(given) == [Arrival.DELIVERED, Arrival.REPEATED, Arrival.DELIVERED]
    assert usa.pieces == [[1, 2], [3]]


def test_what_overlaps_or_leaves_a_gap_is_not_joined(usa: Usa) -> None:
    given = [usa.sealed(1, 2), usa.sealed(2, 2), usa.sealed(6)]
    assert usa.endpoint.receive_all(given) == [Arrival.DELIVERED, Arrival.DELIVERED, Arrival.AHEAD]
    assert usa.pieces == [[1, 2], [3]]
    usa.network.due(0)
    assert isinstance(usa.said[-1], Pull)
    assert usa.said[-1].since == 3


def test_streams_are_not_mixed(usa: Usa) -> None:
    given = [usa.sealed(1, stream="s"), usa.sealed(1, stream="t"), usa.sealed(2, stream="t")]
    assert usa.endpoint.receive_all(given) == [Arrival.DELIVERED] * 3
    assert usa.pieces == [[1], [1, 2]]
    assert usa.endpoint.cursors() == {("KOR", "s"): 1, ("KOR", "t"): 2}


def test_a_word_in_between_is_heard_when_what_came_before_it_is_on_disk(usa: Usa, world: "World") -> None:
    word = HighWater(sender="KOR", recipient="USA", stream="s", last=2, digest=bytes(32))
    given = [usa.sealed(1, 2), sign_message(world.keys["KOR"], word), usa.sealed(3)]
    arrivals = usa.endpoint.receive_all(given)
    # It says of the newest parcel what is not so, which only who holds that parcel can tell.
    assert arrivals == [Arrival.DELIVERED, Arrival.REFUSED, Arrival.DELIVERED]
    assert usa.pieces == [[1, 2], [3]]


def test_a_piece_has_an_end(usa: Usa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.link.inbox.PARCELS_MAX", 4)
    usa.endpoint.receive_all([usa.sealed(1, 2), usa.sealed(3, 2), usa.sealed(5, 2), usa.sealed(7, 9)])
    assert [len(piece) for piece in usa.pieces] == [4, 2, 9]


# --- receipts ---


def test_receipts_go_no_more_often_than_their_interval_and_the_newest_speaks_for_all(world: "World") -> None:
    usa = Usa(world, LinkLimits(receipt_interval_ns=INTERVAL_NS))
    usa.endpoint.tick(0)
    for number in range(1, 6):
        usa.endpoint.receive(usa.sealed(number))
    assert usa.told(0) == [1]
    assert usa.endpoint.next_tick_ns() == INTERVAL_NS
    usa.endpoint.tick(INTERVAL_NS - 1)
    assert usa.told(INTERVAL_NS) == [1]
    usa.endpoint.tick(INTERVAL_NS)
    assert usa.told(INTERVAL_NS) == [1, 5]
    assert usa.endpoint.next_tick_ns() is None
    usa.endpoint.tick(3 * INTERVAL_NS)
    usa.endpoint.receive(usa.sealed(6))
    assert usa.told(3 * INTERVAL_NS) == [1, 5, 6]


def test_a_receipt_that_waits_does_not_speak_of_what_is_not_on_disk(world: "World") -> None:
    usa = Usa(world, LinkLimits(receipt_interval_ns=INTERVAL_NS))
    usa.endpoint.tick(0)
    usa.endpoint.receive_all([usa.sealed(1)])
    usa.endpoint.receive_all([usa.sealed(2)])
    usa.full = True
    assert usa.endpoint.receive(usa.sealed(3)) is Arrival.NOT_RECORDED
    usa.endpoint.tick(INTERVAL_NS)
    assert usa.told(INTERVAL_NS) == [1, 2]


def test_an_interval_may_be_nothing_but_no_less() -> None:
    assert LinkLimits(receipt_interval_ns=0).receipt_interval_ns == 0
    with pytest.raises(UsageError, match="receipt_interval_ns"):
        LinkLimits(receipt_interval_ns=-1)


def test_another_partners_envelope_in_between_is_of_another_stream(usa: Usa, world: "World") -> None:
    other: Any = world.keys["JPN"]
    sealer = Sealer(other, world.keys["USA"].pin, "s", world.source.randbytes)
    foreign = sealer.seal(2, [world.parcel(1, "JPN", "USA", originator="JPN")])
    arrivals = usa.endpoint.receive_all([usa.sealed(1), foreign, usa.sealed(2)])
    # Its second parcel came without its first: that one is asked for, of it and of nobody else.
    assert arrivals == [Arrival.DELIVERED, Arrival.AHEAD, Arrival.DELIVERED]
    assert [number for piece in usa.pieces for number in piece] == [1, 2]
    assert usa.endpoint.cursors()["JPN", "s"] == 0
