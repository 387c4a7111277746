"""`SimNetwork`: links and a hub that only sees bytes, with faults that begin and end.

A message goes over one leg, or over two where the hub is between. The hub keeps nothing but a handful of
what it carried, to send it again when it is hostile. Every draw comes from one source in the order of the
events, so a run is a function of its seed.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.simulation.faults import Fault, FaultKind

from trilat.model import SECOND_NS, Lane

if TYPE_CHECKING:
    from tests.simulation.plan import Plan

HUB: Final = "the hub"
_KEPT: Final = 40
Schedule = Callable[[int, Callable[[], None]], None]
Relay = Callable[[tuple[str, str], bytes], Iterable[tuple[float, str, bytes]]]
"""What a hostile hub makes of a payload between two: delays in seconds, recipients, payloads."""


class SimNetwork:
    """Carries payloads between parties in the world's time."""

    def __init__(self, plan: "Plan", now_ns: Callable[[], int], schedule: Schedule) -> None:
        """A network in which nobody listens yet."""
        self._plan = plan
        self._now_ns = now_ns
        self._schedule = schedule
        self._chance = random.Random(f"network {plan.seed}")
        self._receivers: dict[str, Callable[[bytes], None]] = {}
        self._last_ns: dict[tuple[str, str, Lane], int] = {}
        self._carried: deque[tuple[str, bytes, Lane]] = deque(maxlen=_KEPT)
        self._delays_ns = {
            frozenset((one, other)): self._chance.randint(5_000_000, 60_000_000)
            for one in (*plan.parties, HUB)
            for other in (*plan.parties, HUB)
            if one < other
        }
        self.relay: Relay | None = None
        """What the hub does instead of passing on what comes."""

        self.active: list[Fault] = []
        self.under_way = 0
        self.struck: Counter[FaultKind] = Counter()
        """How many messages each kind of fault struck."""

    def listen(self, party: str, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with what arrives for a party."""
        self._receivers[party] = receive

    def drop(self, party: str) -> None:
        """Nobody listens at a party any more."""
        self._receivers.pop(party, None)

    def send(self, sender: str, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Take a payload from a node."""
        by_hub = frozenset((sender, recipient)) in self._plan.hub_links
        self._leg(sender, HUB if by_hub else recipient, (sender, recipient), payload, lane)

    def _faults(self, kind: FaultKind, ends: tuple[str, str]) -> float:
        """The strongest fault of a kind on a link; 0 for none."""
        return max(
            (one.amount for one in self.active if one.kind is kind and one.strikes(*ends)), default=0.0
        )

    def _hits(self, kind: FaultKind, ends: tuple[str, str]) -> bool:
        share = self._faults(kind, ends)
        struck = share > 0 and self._chance.random() < share
        self.struck[kind] += struck
        return struck

    def _is_cut(self, ends: tuple[str, str], *, at_hub: bool) -> bool:
        for fault in self.active:
            cut = fault.kind is FaultKind.PARTITION and fault.parts(*ends)
            if cut or (at_hub and fault.kind is FaultKind.HUB_DOWN):
                self.struck[fault.kind] += 1
                return True
        return False

    def _leg(self, one: str, other: str, ends: tuple[str, str], payload: bytes, lane: Lane) -> None:
        at_hub = HUB in {one, other}
        if self._is_cut(ends, at_hub=at_hub) or self._hits(FaultKind.LOSS, ends):
            return
        if self._hits(FaultKind.FLIP, ends):
            payload = self._flipped(payload)
        copies = 2 if self._hits(FaultKind.REPEAT, ends) else 1
        delay_s = self._faults(FaultKind.DELAY, ends)
        self.struck[FaultKind.DELAY] += delay_s > 0
        for _ in range(copies):
            due_ns = self._now_ns() + self._delays_ns[frozenset((one, other))]
            due_ns += round(delay_s * self._chance.random() * SECOND_NS)
            if self._hits(FaultKind.REORDER, ends):
                due_ns += round(self._chance.random() * 2 * SECOND_NS)
            else:
                # Each lane keeps its order, and neither waits for the other.
                way = (one, other, lane)
                due_ns = self._last_ns[way] = max(due_ns, self._last_ns.get(way, 0))
            self.under_way += 1
            self._schedule(due_ns, lambda: self._arrive(other, ends, payload, lane))

    def _arrive(self, at: str, ends: tuple[str, str], payload: bytes, lane: Lane) -> None:
        self.under_way -= 1
        if self._is_cut(ends, at_hub=at == HUB):
            return
        if at != HUB:
            self.deliver(at, payload)
            return
        if self.relay is not None:
            for delay_s, recipient, made in self.relay(ends, payload):
                due_ns = self._now_ns() + round(delay_s * SECOND_NS)
                self._schedule(due_ns, partial(self.deliver, recipient, made))
            return
        self._carried.append((ends[1], payload, lane))
        if self._hits(FaultKind.REPLAY, ends):
            recipient, old, way = self._chance.choice(list(self._carried))
            self._leg(HUB, recipient, (HUB, recipient), old, way)
        recipient = ends[1]
        if self._hits(FaultKind.MISROUTE, ends):
            recipient = self._chance.choice(self._plan.parties)
        self._leg(HUB, recipient, (ends[0], recipient), payload, lane)

    def deliver(self, party: str, payload: bytes) -> None:
        receive = self._receivers.get(party)
        if receive is not None:
            receive(payload)

    def _flipped(self, payload: bytes) -> bytes:
        data = bytearray(payload)
        place = self._chance.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
        return bytes(data)
