"""`MemoryNetwork`: a network of links in one process and simulated time, with faults as data.

Deterministic by its seed. Every directed link has a random stream of its own, and messages due at one instant
are delivered in the order of their links' names: what goes over one link never changes another.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import numpy as np

from trilat.model import Lane, UsageError

_DRAWS: Final = 6
"""Random numbers that each message takes, whatever becomes of it: so a changed fault shifts no other draw."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """No message passes between two parties, either way, from one instant (UTC ns) until another."""

    a: str
    b: str
    from_ns: int
    to_ns: int

    def severs(self, sender: str, recipient: str, at_ns: int) -> bool:
        """Whether the link between these two is cut at an instant."""
        return {sender, recipient} == {self.a, self.b} and self.from_ns <= at_ns < self.to_ns


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkFaults:
    """What a network does to messages. Shares are from 0 to 1, times in nanoseconds.

    A message is lost with `loss`, comes twice with `repeat`, and takes a delay between the two bounds, in
    order; with `reorder` it takes up to `reorder_delay_ns` more and may be overtaken. From `end_ns` on, only
    the delay is left.
    """

    loss: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    delay_min_ns: int = 0
    delay_max_ns: int = 0
    reorder_delay_ns: int = 0
    cuts: tuple[Cut, ...] = ()
    end_ns: int | None = None

    def __post_init__(self) -> None:
        """Refuse shares and delays that cannot be."""
        for name in ("loss", "repeat", "reorder"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"LinkFaults.{name} must be from 0 to 1")
        if not 0 <= self.delay_min_ns <= self.delay_max_ns or self.reorder_delay_ns < 0:
            raise UsageError("LinkFaults: delays must be at least 0, and delay_min_ns at most delay_max_ns")


@dataclass(order=True, slots=True)
class _Message:
    due_ns: int
    sender: str
    recipient: str
    number: int
    payload: bytes = field(compare=False)


class _Link:
    """One direction between two parties."""

    def __init__(self, seed: int, sender: str, recipient: str) -> None:
        name = sha256(f"{sender}>{recipient}".encode()).digest()
        self.random = np.random.default_rng([seed, int.from_bytes(name[:8], "big")])
        self.sent = 0
        self.last_due_ns = 0


class MemoryNetwork:
    """Carries payloads between parties in simulated time, which only `due` moves on.

    Whoever runs a simulation calls `due` with an instant first, and lets parties act at that instant then:
    what is sent is sent at the last instant that `due` was given.
    """

    def __init__(
        self,
        faults: LinkFaults | None = None,
        seed: int = 0,
        links: Mapping[tuple[str, str], LinkFaults] | None = None,
    ) -> None:
        """A network in which nobody listens yet.

        Args:
            faults: what happens on every link; None for a network that delivers all at once.
            seed: of every link's random stream.
            links: other faults for single links, by (sender, recipient).
        """
        if seed < 0:
            raise UsageError("a seed must be at least 0")
        self._faults = faults if faults is not None else LinkFaults()
        self._special = dict(links) if links is not None else {}
        self._seed = seed
        self._links: dict[tuple[str, str], _Link] = {}
        self._queue: list[_Message] = []
        self._receivers: dict[str, Callable[[bytes], None]] = {}
        self._now_ns = 0

    def endpoint(self, party: str) -> "MemoryTransport":
        """The transport of a party."""
        return MemoryTransport(self, party)

    def drop(self, party: str) -> None:
        """Nobody listens at a party any more, as after a crash; what arrives there is lost."""
        self._receivers.pop(party, None)

    def due(self, now_ns: int) -> int:
        """Deliver everything that is due up to an instant; returns how many payloads were delivered.

        Raises:
            UsageError: the instant is before the last one.
        """
        if now_ns < self._now_ns:
            raise UsageError("simulated time does not go back: give a later instant")
        delivered = 0
        while self._queue and self._queue[0].due_ns <= now_ns:
            message = heapq.heappop(self._queue)
            self._now_ns = max(self._now_ns, message.due_ns)
            receive = self._receivers.get(message.recipient)
            if receive is not None:
                delivered += 1
                receive(message.payload)
        self._now_ns = now_ns
        return delivered

    def next_ns(self) -> int | None:
        """The instant of the next delivery, or None where nothing is on its way."""
        return self._queue[0].due_ns if self._queue else None

    def listen(self, party: str, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with what arrives for a party, instead of whoever listened before."""
        self._receivers[party] = receive

    def send(self, sender: str, recipient: str, payload: bytes) -> None:
        """Put a payload on the link from one party to another at the network's present instant."""
        link = self._links.get((sender, recipient))
        if link is None:
            link = self._links[sender, recipient] = _Link(self._seed, sender, recipient)
        faults = self._special.get((sender, recipient), self._faults)
        loss, delay, repeat, again, reorder, overtaken = link.random.random(_DRAWS).tolist()
        faulty = faults.end_ns is None or self._now_ns < faults.end_ns
        late = reorder < faults.reorder and faulty
        extra_ns = int(overtaken * faults.reorder_delay_ns) if late else 0
        copies = [] if faulty and loss < faults.loss else [(delay, late)]
        if faulty and repeat < faults.repeat:
            copies.append((again, True))
        for share, overtaking in copies:
            due_ns = self._due_ns(faults, share, extra_ns)
            self._carry(link, _Message(due_ns, sender, recipient, 0, payload), faults, late=overtaking)

    def _due_ns(self, faults: LinkFaults, share: float, extra_ns: int) -> int:
        spread = faults.delay_max_ns - faults.delay_min_ns
        return self._now_ns + faults.delay_min_ns + int(share * spread) + extra_ns

    def _carry(self, link: _Link, message: _Message, faults: LinkFaults, *, late: bool) -> None:
        """Queue a message, in its link's order unless it is a late one, if no cut severs its way."""
        if not late:
            message.due_ns = link.last_due_ns = max(message.due_ns, link.last_due_ns)
        link.sent += 1
        message.number = link.sent
        instants = (self._now_ns, message.due_ns)
        if not any(
            cut.severs(message.sender, message.recipient, at) for cut in faults.cuts for at in instants
        ):
            heapq.heappush(self._queue, message)


class MemoryTransport:
    """One party's end of a `MemoryNetwork`; a `trilat.model.Transport`."""

    def __init__(self, network: MemoryNetwork, party: str) -> None:
        """The end of `party`."""
        self._network = network
        self._party = party

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand a payload over for a recipient."""
        # In a network without limits nothing waits for anything else.
        del lane
        self._network.send(self._party, recipient, payload)

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with what arrives."""
        self._network.listen(self._party, receive)
