"""Packets between networks of one's own: carried, lost, late, refused, as told."""

import os
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from chaos.faults import KINDS, drawn, possible
from chaos.layout import DIRECT, THROUGH_A_HUB
from chaos.router import FAIR, Router, Weather, reset_of
from chaos.wires import ProxyWires

HERE: Final = "10.99.0.1"
THERE: Final = "10.99.0.2"
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10


def packet(flags: int, *, body: bytes = b"", protocol: int = 6, to: str = THERE) -> bytes:
    """A packet from HERE; sequence 1000, acknowledging 2000."""
    segment = struct.pack("!HHIIBBHHH", 40_000, 7_422, 1_000, 2_000, 5 << 4, flags, 100, 0, 0) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0)
    return head + socket.inet_aton(HERE) + socket.inet_aton(to) + segment


@contextmanager
def routed(weather: Weather) -> Iterator[tuple[Router, int, int]]:
    """A router between two sockets that stand for networks; the ends at which a test writes and reads."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    for near, far in pairs:
        near.setblocking(False)
        far.setblocking(False)
    router = Router({HERE: pairs[0][0].fileno(), THERE: pairs[1][0].fileno()}, "1")
    router.set_weather(HERE, THERE, weather)
    router.start()
    try:
        yield router, pairs[0][1].fileno(), pairs[1][1].fileno()
    finally:
        router.stop()
        for near, far in pairs:
            near.close()
            far.close()


def came(file: int, within_s: float) -> list[bytes]:
    """What can be read in so long."""
    found, ends_s = [], time.monotonic() + within_s
    while time.monotonic() < ends_s:
        try:
            found.append(os.read(file, 65_536))
        except BlockingIOError:
            time.sleep(0.005)
    return found


def test_a_packet_goes_to_whose_address_it_has_and_nobody_else() -> None:
    with routed(FAIR) as (router, here, there):
        os.write(here, packet(ACK, body=b"x"))
        os.write(here, packet(ACK, to="10.99.0.9"))
        os.write(here, b"\x60" + b"\0" * 60)
        assert came(there, 0.3) == [packet(ACK, body=b"x")]
        assert came(here, 0.05) == []
    assert (router.counts.carried, router.counts.lost) == (1, 1)


@pytest.mark.parametrize("weather", [Weather(black_hole=True), Weather(loss=1.0)])
def test_a_black_hole_answers_nothing(weather: Weather) -> None:
    with routed(weather) as (_, here, there):
        os.write(here, packet(SYN))
        assert came(there, 0.2) == []
        assert came(here, 0.05) == []


def test_loss_takes_its_share_and_doubling_adds_its() -> None:
    for weather, least, most in ((Weather(loss=0.2), 60, 95), (Weather(doubled=0.3), 110, 150)):
        with routed(weather) as (_, here, there):
            for _ in range(100):
                os.write(here, packet(ACK))
                time.sleep(0.001)
            assert least <= len(came(there, 0.3)) <= most


def test_what_is_delayed_comes_later_and_out_of_order() -> None:
    with routed(Weather(delay_s=0.2, jitter_s=0.05)) as (_, here, there):
        sent = [packet(ACK, body=bytes([number])) for number in range(40)]
        began_s = time.monotonic()
        for one in sent:
            os.write(here, one)
        assert came(there, 0.1) == []
        found = came(there, began_s + 0.6 - time.monotonic())
    assert sorted(found) == sorted(sent)
    assert found != sent


def test_a_refusing_link_resets_who_speaks() -> None:
    with routed(Weather(refused=True)) as (_, here, there):
        os.write(here, packet(SYN))
        assert came(there, 0.2) == []
        (reset,) = came(here, 0.2)
    assert reset[12:20] == socket.inet_aton(THERE) + socket.inet_aton(HERE)


@pytest.mark.parametrize(
    ("flags", "body", "sequence", "acknowledged", "answered"),
    [
        (SYN, b"", 0, 1_001, RST | ACK),
        (0, b"abc", 0, 1_003, RST | ACK),
        (ACK, b"abc", 2_000, 0, RST),
    ],
)
def test_a_reset_has_the_numbers_of_rfc_9293(
    flags: int, body: bytes, sequence: int, acknowledged: int, answered: int
) -> None:
    reset = reset_of(packet(flags, body=body))
    assert reset is not None
    from_port, to_port, *numbers = struct.unpack_from("!HHIIBB", reset, 20)
    assert (from_port, to_port) == (7_422, 40_000)
    assert numbers == [sequence, acknowledged, 5 << 4, answered]
    pseudo = reset[12:20] + struct.pack("!BBH", 0, 6, len(reset) - 20)
    for covered in (reset[:20], pseudo + reset[20:]):
        assert sum(struct.unpack(f"!{len(covered) // 2}H", covered)) % 0xFFFF == 0


@pytest.mark.parametrize("one", [packet(RST), packet(ACK, protocol=17), packet(ACK)[:30]])
def test_nothing_answers_a_reset_another_protocol_or_half_a_header(one: bytes) -> None:
    assert reset_of(one) is None


def test_proxies_say_what_they_cannot_do_and_are_not_asked_for_it() -> None:
    wires = ProxyWires([("JPN", "USA")], "no root")
    try:
        assert "no loss and no delay of packets: no root" in wires.says
        able = possible(THROUGH_A_HUB, is_own_network=wires.is_own_network, has_disks=False)
        assert set(KINDS) - set(able) == {"loss", "delay", "storm", "full-disk", "full-disk-log"}
        wires.set_weather("USA", "JPN", Weather(refused=True))
        wires.set_weather("USA", "JPN", Weather(black_hole=True))
        wires.set_weather("USA", "JPN", FAIR)
        with pytest.raises(ValueError, match="a proxy cannot do this"):
            wires.set_weather("USA", "JPN", Weather(loss=0.2))
    finally:
        wires.close()


def test_the_same_seed_draws_the_same_faults() -> None:
    def plan(seed: str) -> object:
        return drawn(random.Random(seed), ["kill-node", "loss"], DIRECT, 6.0)

    assert plan("1/7") == plan("1/7")
    assert plan("1/7") != plan("1/8")
