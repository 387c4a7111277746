"""Words beside envelopes: how far a stream goes, what of it carries nothing. Hostile ones change nothing."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from tests.link.laning import Link, item_of, parcel_of

from trilat.link import (
    Acknowledgement,
    Arrival,
    HighWater,
    LinkFaults,
    LinkLimits,
    LinkProfile,
    MemoryNetwork,
    Omission,
    Pull,
    sign_message,
)
from trilat.link.messages import open_message
from trilat.model import SECOND_NS, EnvelopeError, ItemError, LedgerError, decode

if TYPE_CHECKING:
    from tests.link.conftest import World

LINK = LinkProfile(limits=LinkLimits(ahead_parcels=20))


def _link(world: "World", count: int, profile: LinkProfile = LINK) -> Link:
    link = Link(world, MemoryNetwork(), profile)
    for number in range(count):
        link.kor.post(parcel_of(world, item_of(world, "statement", str(number), 1)))
    link.play(SECOND_NS, SECOND_NS)
    link.judge()
    return link


def _said(world: "World", word: Any, party: str = "KOR") -> bytes:
    return sign_message(world.keys[party], word)


def _omission(*runs: tuple[int, int]) -> Omission:
    return Omission(sender="KOR", recipient="USA", stream="s", runs=runs)


def test_a_push_that_was_lost_without_a_trace_is_pulled_when_the_sender_says_how_far_it_goes(
    world: "World",
) -> None:
    link = _link(world, 3)
    # The sender believes that all is acknowledged: only the watchdog can find what is missing.
    del link.usa.got[2:]
    link.crash(link.usa)
    link.usa.endpoint._inbox._resume.clear()
    link.play(31 * SECOND_NS, SECOND_NS)
    link.play(40 * SECOND_NS, SECOND_NS)
    link.judge()


def test_two_idle_nodes_say_little(world: "World") -> None:
    link = _link(world, 3)
    carried: list[int] = []
    sound = link.network.send

    def weigh(sender: str, recipient: str, payload: bytes) -> None:
        carried.append(len(payload))
        sound(sender, recipient, payload)

    link.network.send = weigh  # type: ignore[method-assign]
    link.play(link.now_ns + 600 * SECOND_NS, SECOND_NS)
    assert 19 <= len(carried) <= 21
    assert sum(carried) < 10_000


def test_a_record_that_was_put_back_is_noticed(world: "World") -> None:
    link = _link(world, 3)
    digest = sha256(link.kor.sent[2]).digest()
    word = HighWater(sender="KOR", recipient="USA", stream="s", last=3, digest=digest)
    assert link.usa.endpoint.receive(_said(world, word)) is Arrival.NOTICED
    for last, other in ((2, digest), (3, bytes(32))):
        word = HighWater(sender="KOR", recipient="USA", stream="s", last=last, digest=other)
        assert link.usa.endpoint.receive(_said(world, word)) is Arrival.REFUSED
        assert "was put back or is incomplete, run verify on both" in link.usa.refused[-1]


def test_a_sender_that_claims_no_end_is_asked_once_in_an_interval(world: "World") -> None:
    link = _link(world, 1)
    asked: list[bytes] = []
    link.network.listen("KOR", asked.append)
    for last in range(2, 2_000):
        word = HighWater(sender="KOR", recipient="USA", stream="s", last=last, digest=bytes(32))
        assert link.usa.endpoint.receive(_said(world, word)) is Arrival.NOTICED
    for second in range(1, 6):
        link.usa.endpoint.tick(link.now_ns + second * SECOND_NS)
        link.network.due(link.now_ns + second * SECOND_NS)
    assert len(asked) <= 5


def test_numbers_that_carry_nothing_are_passed_over_and_recorded(world: "World") -> None:
    link = _link(world, 2)
    usa = link.usa
    assert usa.endpoint.receive(_said(world, _omission((5, 6)))) is Arrival.DELIVERED
    assert usa.endpoint.cursors() == {("KOR", "s"): 2}
    assert usa.endpoint.receive(_said(world, _omission((3, 4)))) is Arrival.DELIVERED
    assert usa.endpoint.cursors() == {("KOR", "s"): 6}
    assert [number for number, parcel in usa.got if parcel is None] == [5, 6, 3, 4]
    assert usa.endpoint.receive(_said(world, _omission((1, 6)))) is Arrival.REPEATED
    assert len(usa.got) == 6


def test_an_omission_that_cannot_be_recorded_moves_nothing(world: "World") -> None:
    link = _link(world, 2)

    def full(*_: Any) -> None:
        raise LedgerError("the disk is full")

    link.usa.endpoint._inbox._on_omitted = full
    assert link.usa.endpoint.receive(_said(world, _omission((3, 4)))) is Arrival.NOT_RECORDED
    assert link.usa.endpoint.cursors() == {("KOR", "s"): 2}


def test_omissions_and_high_waters_of_others_or_without_end_are_refused(world: "World") -> None:
    link = _link(world, 2)
    usa = link.usa
    for data in (
        _said(world, _omission((3, 4)), "JPN"),
        _said(world, Omission(sender="KOR", recipient="JPN", stream="s", runs=((3, 4),))),
        _said(world, Omission(sender="PRK", recipient="USA", stream="s", runs=((3, 4),)), "PRK"),
        _said(world, _omission(*((2 * n, 2 * n) for n in range(2, 40)))),
    ):
        assert usa.endpoint.receive(data) is Arrival.REFUSED
    for number in range(15):
        word = HighWater(sender="KOR", recipient="USA", stream=f"s{number}", last=1, digest=bytes(32))
        assert usa.endpoint.receive(_said(world, word)) is Arrival.NOTICED
    word = HighWater(sender="KOR", recipient="USA", stream="one-more", last=1, digest=bytes(32))
    assert usa.endpoint.receive(_said(world, word)) is Arrival.REFUSED
    assert usa.endpoint.cursors()["KOR", "s"] == 2
    usa.endpoint._inbox._on_omitted = None
    assert usa.endpoint.receive(_said(world, _omission((3, 4)))) is Arrival.REFUSED


@pytest.mark.parametrize("runs", [((4, 3),), ((3, 4), (5, 6)), ((5, 6), (3, 3)), ((0, 1),), ()])
def test_runs_that_are_none_cannot_be_said(runs: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ItemError):
        _omission(*runs)
    if runs:
        with pytest.raises(ItemError):
            Acknowledgement(sender="USA", recipient="KOR", stream="s", cursor=2, ahead=runs)


@pytest.mark.parametrize("kind", [Acknowledgement, Pull])
def test_what_a_partner_claims_to_have_beyond_the_end_is_refused(
    world: "World", kind: type[Acknowledgement] | type[Pull]
) -> None:
    link = _link(world, 4)
    place = "cursor" if kind is Acknowledgement else "since"
    word = kind(sender="USA", recipient="KOR", stream="s", ahead=((6, 7),), **{place: 4})
    assert link.kor.endpoint.receive(_said(world, word, "USA")) is Arrival.REFUSED
    assert "run verify on both" in link.kor.refused[-1]


def test_a_partner_that_lies_of_what_it_has_harms_its_own_record_alone(world: "World") -> None:
    link = Link(world, MemoryNetwork(LinkFaults()), LINK)
    for number in range(4):
        link.kor.post(parcel_of(world, item_of(world, "statement", str(number), 1)))
    lie = Acknowledgement(sender="USA", recipient="KOR", stream="s", cursor=0, ahead=((2, 3),))
    assert link.kor.endpoint.receive(_said(world, lie, "USA")) is Arrival.ACKNOWLEDGED
    link.play(10 * SECOND_NS, SECOND_NS)
    # Asked for what follows 1, as an honest recipient asks, the sender takes the newer word.
    link.judge()


def test_words_from_before_they_told_of_more_are_still_read(world: "World") -> None:
    """Bytes of an acknowledgement and a pull as they were before `ahead`: arrays of five."""
    parts = b"\xa3USA\xa3KOR\xa1s\x07"
    acknowledged = decode(b"\x95\xafacknowledgement" + parts, Acknowledgement)
    assert acknowledged == Acknowledgement(sender="USA", recipient="KOR", stream="s", cursor=7)
    assert decode(b"\x95\xa4pull" + parts, Pull) == Pull(sender="USA", recipient="KOR", stream="s", since=7)
    cut_short = b"\x94\xa4pull\xa3USA\xa3KOR\xa1s"
    with pytest.raises(Exception, match="pull"):
        decode(cut_short, Pull)
    with pytest.raises(EnvelopeError):
        open_message(_said(world, _omission((1, 1))), "JPN", world.trust)
