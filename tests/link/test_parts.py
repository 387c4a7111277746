"""Large payloads over thin links: in parts, resumed at any byte, and never in a warning's way."""

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.link.laning import Link, item_of, parcel_of

from trilat.link import Arrival, Cut, LinkFaults, LinkProfile, MemoryNetwork, sign_message
from trilat.link.messages import Lacking, Parts
from trilat.link.parts import Cutter, Joiner, id_of, is_part
from trilat.model import SECOND_NS, EnvelopeError

if TYPE_CHECKING:
    from tests.link.conftest import World

THIN = LinkProfile.thin(2_400, 400)


@given(st.binary(min_size=1, max_size=3_000), st.integers(100, 900), st.randoms(use_true_random=False))
def test_parts_in_any_order_and_again_make_up_the_payload_once(
    payload: bytes, size: int, random: Any
) -> None:
    cutter, joiner = Cutter(), Joiner()
    name = cutter.begin("USA", payload, size)
    parts = []
    while (part := cutter.next("USA")) is not None:
        parts.append(part)
    assert not cutter.waits("USA")
    assert joiner.announced("KOR", name, len(payload), size) == ((0, len(parts) - 1),)
    mixed = parts * 2
    random.shuffle(mixed)
    whole = [one for one in map(joiner.take, mixed) if one is not None]
    assert whole == [payload]
    assert joiner.announced("KOR", name, len(payload), size) == ()


@given(st.sets(st.integers(0, 29)))
def test_only_what_is_lacking_goes_again(lost: set[int]) -> None:
    cutter, joiner = Cutter(), Joiner()
    payload = bytes(range(250)) * 12
    name = cutter.begin("USA", payload, 100)
    joiner.announced("KOR", name, len(payload), 100)
    whole = None
    for index in range(30):
        part = cutter.next("USA")
        assert part is not None
        if index not in lost:
            whole = joiner.take(part)
    runs = joiner.announced("KOR", name, len(payload), 100)
    assert {number for first, last in runs for number in range(first, last + 1)} == lost
    cutter.lacks("USA", name, runs)
    again = 0
    while (part := cutter.next("USA")) is not None:
        again += 1
        whole = joiner.take(part)
    assert (again, whole) == (len(lost), payload)


def test_what_nobody_announced_or_what_does_not_fit_is_dropped() -> None:
    cutter, joiner = Cutter(), Joiner()
    payload = bytes(1_000)
    name = cutter.begin("USA", payload, 300)
    parts = [cutter.next("USA") or b"" for _ in range(4)]
    assert [joiner.take(part) for part in parts] == [None] * 4
    joiner.announced("KOR", name, 1_000, 300)
    for hostile in (
        parts[0] + b"x",
        parts[0][:-1],
        parts[0][:18] + b"\0\0\0\x04" + bytes(300),
        parts[3][:22],
    ):
        with pytest.raises(EnvelopeError, match="not one of those"):
            joiner.take(hostile)
    changed = parts[0][:-1] + b"\1"
    for part in (changed, *parts[1:3]):
        assert joiner.take(part) is None
    with pytest.raises(EnvelopeError, match="do not make up"):
        joiner.take(parts[3])
    for size, part_bytes in ((0, 300), (1_048_577, 300), (1_000, 99), (1_000, 0)):
        with pytest.raises(EnvelopeError, match="not taken"):
            joiner.announced("KOR", name, size, part_bytes)
    cutter.lacks("USA", bytes(16), ((0, 3),))
    cutter.lacks("USA", name, ((7, 2**53),))
    assert not cutter.waits("USA")


def test_a_partner_cannot_fill_the_memory_with_announcements() -> None:
    joiner = Joiner()
    for number in range(1_000):
        joiner.announced("KOR", number.to_bytes(16, "big"), 1_048_576, 1_000)
    assert len(joiner._open["KOR"]) == 8


def _large(world: "World", number: int) -> bytes:
    item = world.statement("KOR", number, text="x" * 3_900, item_id=f"KOR:large-{number}")
    return parcel_of(world, item)


def _carried(link: Link) -> list[bytes]:
    said: list[bytes] = []
    sound = link.network.send

    def weigh(sender: str, recipient: str, payload: bytes) -> None:
        if sender == "KOR":
            said.append(payload)
        sound(sender, recipient, payload)

    link.network.send = weigh  # type: ignore[method-assign]
    return said


def test_a_large_payload_goes_in_parts_and_a_warning_passes_between_them(world: "World") -> None:
    link = Link(world, MemoryNetwork(LinkFaults()), THIN)
    said = _carried(link)
    link.kor.post(_large(world, 1))
    link.play(6 * SECOND_NS, SECOND_NS)
    behind = len(said)
    assert is_part(said[-1])
    link.kor.post(parcel_of(world, item_of(world, "warning", "1", 1)))
    link.play(7 * SECOND_NS, SECOND_NS // 10)
    assert len(said[behind:]) <= 2
    link.play(60 * SECOND_NS, SECOND_NS)
    assert [number for number, _ in link.usa.got] == [2, 1]
    assert max(map(len, filter(is_part, said))) <= 422
    link.judge()


@pytest.mark.parametrize("cut_ms", [3_900, 7_100, 9_000, 12_345, 15_500])
def test_after_a_cut_at_any_byte_only_the_rest_goes(world: "World", cut_ms: int) -> None:
    cut = Cut(a="KOR", b="USA", from_ns=cut_ms * 10**6, to_ns=2_000 * SECOND_NS)
    link = Link(world, MemoryNetwork(LinkFaults(cuts=(cut,))), THIN)
    said = _carried(link)
    link.kor.post(_large(world, 1))
    link.play(cut_ms * 10**6, SECOND_NS // 10)
    before = sum(is_part(one) for one in said)
    link.play(2_000 * SECOND_NS, 10 * SECOND_NS)
    behind = len(said)
    link.play(4_000 * SECOND_NS, 10 * SECOND_NS)
    link.judge()
    total = len({one for one in said if is_part(one)})
    after = sum(is_part(one) for one in said[behind:])
    assert total >= 5
    assert after <= total - before + 1


def test_a_recipient_that_lost_its_parts_in_a_crash_gets_them_again(world: "World") -> None:
    link = Link(world, MemoryNetwork(LinkFaults()), THIN)
    link.kor.post(_large(world, 1))
    link.play(8 * SECOND_NS, SECOND_NS)
    link.crash(link.usa)
    link.play(1_000 * SECOND_NS, 5 * SECOND_NS)
    link.judge()
    link.kor.post(_large(world, 2))
    link.play(link.now_ns + 8 * SECOND_NS, SECOND_NS)
    link.crash(link.kor)
    link.play(link.now_ns + 1_000 * SECOND_NS, 5 * SECOND_NS)
    link.judge()


def test_words_on_parts_by_others_are_refused(world: "World") -> None:
    link = Link(world, MemoryNetwork(LinkFaults()), THIN)
    head = {"sender": "KOR", "recipient": "USA", "payload": id_of(b"x")}
    word = Parts(**head, size=2_000_000, part_bytes=1_000, again=True)  # type: ignore[arg-type]
    assert link.usa.endpoint.receive(sign_message(world.keys["KOR"], word)) is Arrival.REFUSED
    word = Parts(**head, size=2_000, part_bytes=1_000, again=True)  # type: ignore[arg-type]
    assert link.usa.endpoint.receive(sign_message(world.keys["JPN"], word)) is Arrival.REFUSED
    lacking = Lacking(sender="USA", recipient="KOR", payload=id_of(b"x"), runs=((0, 5),))
    assert link.kor.endpoint.receive(sign_message(world.keys["USA"], lacking)) is Arrival.PULLED
    assert link.kor.endpoint.receive(b"TP" + bytes(50)) is Arrival.PART
