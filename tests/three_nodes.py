"""Three nodes whose links go up and down by hand, under one agreement that one of them may shrink alone.

Production nodes, ledgers and links; only clock and post are played. USA may take a party out; KOR is the one
that goes; JPN passes on what USA gives it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from trilat.ledger import EntryKind, Ledger, MemoryStore
from trilat.link import Entropy, NodeKeys, Parcel, TrustStore, sign_agreement
from trilat.link.cose import is_encrypt0, is_sign1
from trilat.link.messages import Notice, open_message
from trilat.link.pair import Pairs
from trilat.model import (
    SECOND_NS,
    Agreement,
    Domain,
    Event,
    EventKind,
    Lane,
    PartySignature,
    PeerError,
    Provenance,
    Release,
    Status,
    decode,
)
from trilat.node import ManualClock, Node, NodeConfig, ReleaseRecord, restore
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord
from trilat.policy import AgreementSet, read_agreement, without_parties

PARTIES: Final = ("JPN", "KOR", "USA")
START_NS: Final = 1_705_276_800 * SECOND_NS
"""2024-01-15T00:00:00Z."""

FRESH_S: Final = 20
RING: Final = """
[agreement]
id = "ring"
version = 1
title = "Three share what they see"
parties = ["JPN", "KOR", "USA"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["warning"]
onward = "with-consent"
fresh_s = 20
removal_by = ["USA"]

[[clause]]
id = "direct"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["event", "warning", "declaration"]
from = ["JPN", "KOR", "USA"]
to = ["JPN", "KOR", "USA"]
highest = { scheme = "USA", level = "SECRET" }
form = "tracks"

[[clause]]
id = "through-japan"
article = "2"
effect = "permit"
domains = ["missile"]
kinds = ["event"]
from = ["USA"]
to = ["KOR"]
via = "JPN"
highest = { scheme = "USA", level = "SECRET" }
form = "tracks"
"""
FILE: Final = "ring.toml"


@cache
def keys_of(party: str) -> NodeKeys:
    """Keys of a party, the same in all worlds: to make them takes longer than to use them."""
    return NodeKeys.generate(party, os.urandom)


def signed(agreement: Agreement, *parties: str, at_ns: int = START_NS) -> Agreement:
    """An agreement with the signatures of parties, which may be of the version before."""
    made: tuple[PartySignature, ...] = tuple(
        sign_agreement(keys_of(party), agreement, at_ns, ring()) for party in parties
    )
    return msgspec.structs.replace(agreement, signatures=(*agreement.signatures, *made))


@cache
def ring(text: str = RING) -> Agreement:
    """The first version, unsigned."""
    return read_agreement(FILE, text)


@cache
def first() -> Agreement:
    """The first version, signed by all."""
    return signed(ring(), *PARTIES)


def without_korea(at_ns: int, version: int = 2) -> Agreement:
    """The version that USA signs alone."""
    made = without_parties(first(), {"KOR"}, version, at_ns)
    assert made is not None
    return signed(made, "USA", at_ns=at_ns)


def notice_in(recipient: str, payload: bytes) -> Notice | None:
    """The notice that a payload carries to a recipient, or None."""
    trust = TrustStore([keys_of(party).pin for party in PARTIES])
    try:
        message = open_message(Pairs(keys_of(recipient), trust).uncover(payload), recipient, trust)
    except PeerError:
        return None
    return message if isinstance(message, Notice) else None


class Post:
    """Carries payloads between parties whose link is up, in order; what is sent over a link that is down is
    lost.
    """

    def __init__(self) -> None:
        """All links up."""
        self.down: set[frozenset[str]] = set()
        self.receivers: dict[str, Callable[[bytes], None]] = {}
        self.carried: list[tuple[str, str, bool]] = []
        """Sender, recipient, and whether it was an envelope, of all that was handed over."""

        self.drops: Callable[[str, str, bytes], bool] = lambda *_: False
        self._queue: deque[tuple[str, str, bytes]] = deque()

    def send(self, sender: str, recipient: str, payload: bytes) -> None:
        """Take a payload."""
        if frozenset((sender, recipient)) not in self.down and not self.drops(sender, recipient, payload):
            self._queue.append((sender, recipient, payload))

    def deliver(self) -> None:
        """Hand over what is on its way, and what that gives rise to."""
        while self._queue:
            sender, recipient, payload = self._queue.popleft()
            receive = self.receivers.get(recipient)
            if receive is not None:
                self.carried.append((sender, recipient, not (is_encrypt0(payload) or is_sign1(payload))))
                receive(payload)

    def of(self, party: str) -> "Box":
        """A party's end."""
        return Box(self, party)


class Box:
    """One party's `Transport`."""

    def __init__(self, post: Post, party: str) -> None:
        """The end of a party."""
        self._post, self._party = post, party

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:  # noqa: ARG002
        """Hand a payload over; both lanes are one here."""
        self._post.send(self._party, recipient, payload)

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with what arrives."""
        self._post.receivers[self._party] = receive


class World:
    """Three nodes on one clock."""

    def __init__(
        self,
        agreements: Mapping[str, Agreement] | None = None,
        parties: tuple[str, ...] = PARTIES,
        **config: Any,
    ) -> None:
        """All at the start, with every link up and nothing accepted."""
        self.clock = ManualClock(START_NS)
        self.post = Post()
        self.files = dict(agreements) if agreements is not None else {FILE: first()}
        self.parties = parties
        self.stores = {party: MemoryStore() for party in parties}
        self._config = config
        self.entropy: Entropy = os.urandom
        self.nodes = {party: self.node(party) for party in parties}

    def node(self, party: str, files: Mapping[str, Agreement] | None = None) -> Node:
        """A node over its store, with nothing restored."""
        peers = tuple(other for other in self.parties if other != party)
        config = NodeConfig(
            party=party,
            peers=peers,
            status=Status.EXERCISE,
            releasable_to=peers,
            token_key=party.encode() * 8,
            **{"purpose": "warning", "gossip_s": 5, **self._config},
        )
        return Node(
            config,
            self.clock,
            Ledger(self.stores[party], party, party.encode().ljust(32, b"."), self.clock, self.entropy),
            AgreementSet.of(self.files if files is None else files),
            keys_of(party),
            TrustStore([keys_of(other).pin for other in self.parties]),
            self.post.of(party),
            self.entropy,
        )

    def restart(self, party: str) -> None:
        """The node falls and comes back from its ledger."""
        node = self.node(party)
        restore(node)
        self.nodes[party] = node

    def link(self, one: str, other: str, *, up: bool) -> None:
        """Put a link up or down; what was on its way has arrived before."""
        self.post.deliver()
        pair = frozenset((one, other))
        if not up:
            self.post.down.add(pair)
            return
        self.post.down.discard(pair)
        for here, there in ((one, other), (other, one)):
            self.nodes[here].known.reached(there)
            self.nodes[here].endpoint.resume(there, self.clock.now_ns())

    def run(self, seconds: int) -> None:
        """Let so many seconds pass."""
        for _ in range(seconds):
            self.clock.advance_to(self.clock.now_ns() + SECOND_NS)
            self.post.deliver()
            for node in self.nodes.values():
                node.tick()
            self.post.deliver()

    def see(self, party: str, name: str) -> Event:
        """A launch that a party's people saw now; its name tells it in whatever bytes it is."""
        node, now_ns = self.nodes[party], self.clock.now_ns()
        event = Event(
            item_id=f"{party}-{name}",
            subject=f"{party}-{name}",
            domain=Domain.MISSILE,
            status=Status.EXERCISE,
            valid_ns=now_ns,
            label=node.heads.label("event", now_ns),
            provenance=Provenance(originators=(party,)),
            event=EventKind.LAUNCH,
            time_sigma_ms=500,
        )
        assert not node.intake([event]).refusals
        return event

    def remove_korea(self, version: int = 2) -> int:
        """USA takes KOR out, now; returns the instant."""
        now_ns = self.clock.now_ns()
        assert self.nodes["USA"].known.agreements.adopt(without_korea(now_ns, version), "USA") is None
        return now_ns


def received(node: Node) -> Iterator[tuple[ReceivedRecord, Release]]:
    """All that came to a node and was used, from its ledger."""
    for stored in node.ledger.entries(kinds={EntryKind.RECEIVED}):
        assert stored.content is not None
        record = decode(stored.content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        yield record, decode(parcel.release, Release)


def released(node: Node, recipient: str) -> Iterator[tuple[int, int, ReleaseRecord]]:
    """Entry, instant and record of all that a node recorded for a recipient."""
    for stored in node.ledger.entries(kinds={EntryKind.RELEASE}):
        assert stored.content is not None
        record = decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        if record.recipient == recipient:
            yield stored.entry, stored.recorded_ns, record


def ids_at(node: Node) -> set[str]:
    """Names of all items that a node used."""
    return {release.item.item_id for record, release in received(node) if not record.refusal}


def version_at(node: Node, name: str = "ring") -> int:
    """The newest version that a node holds of an agreement."""
    return node.agreements.newest()[name].version
