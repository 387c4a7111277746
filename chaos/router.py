"""`Router`: carries IP packets between nodes' networks, and loses, delays, doubles and refuses them as told.

In place of the kernel's `netem`, which many kernels are built without; it draws from a seed of its own. What
is delayed by a varying time comes out of order, as on a real path.
"""

import heapq
import os
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PACKET_BYTES_MAX: Final = 65_536
_HELD_MAX: Final = 20_000
"""Packets on their way at once; what is more is lost, as in a full queue."""

_TCP: Final = 6
_FIN: Final = 0x01
_SYN: Final = 0x02
_RST: Final = 0x04
_ACK: Final = 0x10


@dataclass(frozen=True)
class Weather:
    """How packets fare between two nodes, each way."""

    loss: float = 0.0
    doubled: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """The delay is even between `delay_s` less and more this."""

    black_hole: bool = False
    refused: bool = False
    """Every TCP packet is answered with a reset, and goes no further."""


FAIR: Final = Weather()


@dataclass
class Counts:
    """What a router did."""

    carried: int = 0
    lost: int = 0
    refused: int = 0


class Router:
    """One thread between the networks. `set_weather` may be called from any."""

    def __init__(self, packets: Mapping[str, int], seed: str) -> None:
        """A router that has not begun.

        Args:
            packets: by IPv4 address, the file at which the packets of its network are read and written.
            seed: what is lost and how long what takes hang on it, and on what comes when.
        """
        self._files = {socket.inet_aton(address): file for address, file in packets.items()}
        self._weather: dict[frozenset[bytes], Weather] = {}
        self._random = random.Random(seed)  # noqa: S311 - weather, no secret
        self._held: list[tuple[float, int, int, bytes]] = []
        self._number = 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="router", daemon=True)
        self.counts = Counts()

    def start(self) -> None:
        """Begin to carry."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has."""
        self._ends.set()
        self._thread.join()

    def set_weather(self, one: str, other: str, weather: Weather) -> None:
        """How packets fare between two addresses from now on."""
        self._weather[frozenset((socket.inet_aton(one), socket.inet_aton(other)))] = weather

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            for file in self._files.values():
                selector.register(file, selectors.EVENT_READ)
            while not self._ends.is_set():
                wait_s = self._held[0][0] - time.monotonic() if self._held else 0.1
                for key, _ in selector.select(min(max(wait_s, 0.0), 0.1)):
                    self._read(key.fd)
                self._deliver()

    def _read(self, file: int) -> None:
        for _ in range(64):
            try:
                packet = os.read(file, _PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            if len(packet) >= 20 and packet[0] >> 4 == 4:
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        source, target = packet[12:16], packet[16:20]
        weather = self._weather.get(frozenset((source, target)), FAIR)
        if target not in self._files or weather.black_hole or self._random.random() < weather.loss:
            self.counts.lost += 1
            return
        if weather.refused:
            reset = reset_of(packet)
            if reset is not None:
                self.counts.refused += 1
                self._hold(source, reset, 0.0)
            return
        for _ in range(2 if self._random.random() < weather.doubled else 1):
            jitter_s = self._random.uniform(-weather.jitter_s, weather.jitter_s)
            self._hold(target, packet, max(0.0, weather.delay_s + jitter_s))

    def _hold(self, target: bytes, packet: bytes, wait_s: float) -> None:
        if len(self._held) >= _HELD_MAX:
            self.counts.lost += 1
            return
        self._number += 1
        due_s = time.monotonic() + wait_s
        heapq.heappush(self._held, (due_s, self._number, self._files[target], packet))

    def _deliver(self) -> None:
        now_s = time.monotonic()
        while self._held and self._held[0][0] <= now_s:
            _, _, file, packet = heapq.heappop(self._held)
            try:
                os.write(file, packet)
                self.counts.carried += 1
            except OSError:
                # The network takes no more just now: a packet that is lost.
                self.counts.lost += 1


def reset_of(packet: bytes) -> bytes | None:
    """The reset with which a TCP packet is refused (RFC 9293, section 3.5.2); None for a reset, or no TCP."""
    header = (packet[0] & 0x0F) * 4
    if packet[9] != _TCP or len(packet) < header + 20:
        return None
    from_port, to_port, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", packet, header)
    if flags & _RST:
        return None
    carried = struct.unpack_from("!H", packet, 2)[0] - header - (offset >> 4) * 4
    carried += bool(flags & _SYN) + bool(flags & _FIN)
    said = (acknowledged, 0, _RST) if flags & _ACK else (0, (sequence + carried) % 2**32, _RST | _ACK)
    segment = struct.pack("!HHIIBBHHH", to_port, from_port, said[0], said[1], 5 << 4, said[2], 0, 0, 0)
    source, target = packet[16:20], packet[12:16]
    pseudo = source + target + struct.pack("!BBH", 0, _TCP, len(segment))
    segment = segment[:16] + _checksum(pseudo + segment) + segment[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, _TCP, 0) + source + target
    return head[:10] + _checksum(head) + head[12:] + segment


def _checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
