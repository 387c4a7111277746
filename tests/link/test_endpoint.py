"""Endpoints: every parcel once, in order, through any faults and crashes; peers' bytes never raise."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    Arrival,
    Cut,
    LinkEndpoint,
    LinkFaults,
    LinkLimits,
    MemoryNetwork,
    OutgoingState,
    Sealer,
)
from trilat.link.messages import Acknowledgement, Pull, open_message, sign_message
from trilat.link.opening import OpenedParcel
from trilat.link.pair import Pairs
from trilat.model import (
    SECOND_NS,
    ItemError,
    Lane,
    LedgerError,
    LinkError,
    TrustError,
    UsageError,
    WireError,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World

LIMITS = LinkLimits(batch_parcels=4, window_parcels=12)
_PARCELS: dict[tuple[str, str, int], bytes] = {}


def _parcel(world: "World", sender: str, recipient: str, number: int) -> bytes:
    """The same few parcels again and again: their numbers in the stream are what tells them apart."""
    key = (sender, recipient, number % 3)
    if key not in _PARCELS:
        _PARCELS[key] = encode(world.parcel(number % 3, sender, recipient, originator=sender))
    return _PARCELS[key]


class _CrashError(Exception):
    """The process ends here."""


@dataclass
class Site:
    """A node in miniature: a disk of plain lists that survives, and an endpoint that does not."""

    world: Any
    party: str
    network: MemoryNetwork
    sent: dict[str, list[bytes]] = field(default_factory=dict)
    signed: dict[str, int] = field(default_factory=dict)
    got: dict[tuple[str, str], list[tuple[int, bytes]]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    crash_in: str | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.endpoint = LinkEndpoint(
            self.world.keys[self.party],
            self.world.trust,
            self.network.endpoint(self.party),
            self.world.source.randbytes,
            self.take,
            on_acknowledged=self.note,
            on_refusal=self.refused.append,
            archive=self.archive,
            limits=LIMITS,
        )
        keys = self.world.keys[self.party]
        self.endpoint.restore(
            {
                to: OutgoingState(
                    stream=keys.stream_to(to),
                    acknowledged=self.signed.get(to, 0),
                    parcels=parcels[self.signed.get(to, 0) :],
                )
                for to, parcels in self.sent.items()
            },
            {name: len(parcels) for name, parcels in self.got.items()},
        )

    def post(self, to: str) -> None:
        parcels = self.sent.setdefault(to, [])
        sequence = self.endpoint.next_sequence(to)
        assert sequence == len(parcels) + 1
        parcel = _parcel(self.world, self.party, to, sequence)
        parcels.append(parcel)
        if self.crash_in == "post":
            raise _CrashError
        self.endpoint.send(to, sequence, parcel, self.world.receipt(self.party))

    def take(self, sender: str, stream: str, first: int, parcels: tuple[OpenedParcel, ...]) -> None:
        if self.crash_in == "before commit":
            raise _CrashError
        assert [parcel.sequence for parcel in parcels] == list(range(first, first + len(parcels)))
        kept = self.got.setdefault((sender, stream), [])
        kept += [(parcel.sequence, parcel.wire) for parcel in parcels]
        if self.crash_in == "after commit":
            raise _CrashError

    def note(self, to: str, stream: str, cursor: int, signed: bytes) -> None:
        if self.crash_in == "note":
            raise _CrashError
        assert stream == self.endpoint.stream(to)
        message = open_message(signed, self.party, self.world.trust)
        assert isinstance(message, Acknowledgement | Pull)
        assert (message.sender, message.stream) == (to, stream)
        self.signed[to] = cursor

    def archive(self, to: str, stream: str, first: int, limit: int) -> Sequence[bytes]:
        assert stream == self.endpoint.stream(to)
        return self.sent[to][first - 1 : first - 1 + limit]

    def crash(self) -> None:
        self.crash_in = None
        self.network.drop(self.party)
        self.start()


def _step(sites: list[Site], network: MemoryNetwork, now_ns: int) -> None:
    """Everything that is due at an instant; a site that crashes is started again at once."""
    _deliver(sites, network, now_ns)
    for site in sites:
        site.endpoint.tick(now_ns)
    _deliver(sites, network, now_ns)


def _deliver(sites: list[Site], network: MemoryNetwork, now_ns: int) -> None:
    while True:
        try:
            network.due(now_ns)
        except _CrashError:
            for site in sites:
                if site.crash_in is not None:
                    site.crash()
        else:
            return


def _settle(sites: list[Site], network: MemoryNetwork, now_ns: int, until_ns: int) -> int:
    while now_ns < until_ns:
        _step(sites, network, now_ns)
        instants = [network.next_ns(), *(site.endpoint.next_tick_ns() for site in sites)]
        due = [instant for instant in instants if instant is not None]
        if not due:
            return now_ns
        now_ns = max(min(due), now_ns + 1)
    return now_ns


def _complete(sender: Site, recipient: Site) -> bool:
    name = (sender.party, sender.world.keys[sender.party].stream_to(recipient.party))
    sent = sender.sent.get(recipient.party, [])
    return recipient.got.get(name, []) == [(number + 1, parcel) for number, parcel in enumerate(sent)]


def _share() -> st.SearchStrategy[float]:
    return st.sampled_from([0.0, 0.1, 0.3, 0.6])


@st.composite
def _faults(draw: st.DrawFn) -> LinkFaults:
    delay_ns = draw(st.sampled_from([0, 1_000, SECOND_NS // 2, 3 * SECOND_NS]))
    cuts = [
        Cut(a="KOR", b="USA", from_ns=start * SECOND_NS, to_ns=(start + length) * SECOND_NS)
        for start, length in draw(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6)), max_size=2))
    ]
    return LinkFaults(
        loss=draw(_share()),
        repeat=draw(_share()),
        reorder=draw(_share()),
        delay_min_ns=delay_ns // 2,
        delay_max_ns=delay_ns,
        reorder_delay_ns=2 * SECOND_NS,
        cuts=tuple(cuts),
        end_ns=15 * SECOND_NS,
    )


_ACTIONS = [
    "post",
    "post",
    "post",
    "back",
    "before commit",
    "after commit",
    "note",
    "post crash",
    "crash",
    "resume",
]


@given(
    faults=_faults(),
    seed=st.integers(0, 2**16),
    actions=st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(_ACTIONS), st.booleans(), st.integers(1, 8)),
        max_size=12,
    ),
)
@settings(max_examples=60, deadline=None)
def test_every_parcel_arrives_once_and_in_order_whatever_happens(
    world: "World", faults: LinkFaults, seed: int, actions: list[tuple[int, str, bool, int]]
) -> None:
    network = MemoryNetwork(faults, seed)
    kor, usa = Site(world, "KOR", network), Site(world, "USA", network)
    sites, now_ns = [kor, usa], 0
    for second, action, first, count in sorted(actions, key=lambda one: one[0]):
        now_ns = max(now_ns, _settle(sites, network, now_ns, second * SECOND_NS))
        _act(sites[first], sites[not first], action, count)
    now_ns = _settle(sites, network, now_ns, 15 * SECOND_NS)
    _settle(sites, network, now_ns, 200 * SECOND_NS)
    assert _complete(kor, usa)
    assert _complete(usa, kor)
    for sender, recipient in ((kor, usa), (usa, kor)):
        if recipient.party in sender.sent:
            assert sender.endpoint.acknowledged(recipient.party) == len(sender.sent[recipient.party])
    # A site that crashed has lost the keys that it was told, and asks for them.
    expected = ("sent again what was accepted", "epoch is not held here: it is asked for")
    assert all(any(words in text for words in expected) for text in (*kor.refused, *usa.refused))


def _act(site: Site, other: Site, action: str, count: int) -> None:
    if action in {"post", "back"}:
        for _ in range(count):
            (site if action == "post" else other).post((other if action == "post" else site).party)
    elif action == "post crash":
        site.crash_in = "post"
        with pytest.raises(_CrashError):
            site.post(other.party)
        site.crash()
    elif action == "crash":
        site.crash()
    elif action == "resume":
        site.endpoint.resume(other.party, site.endpoint._now_ns)
    else:
        site.crash_in = action


def _pair(world: "World", faults: LinkFaults | None = None) -> tuple[Site, Site, MemoryNetwork]:
    network = MemoryNetwork(faults)
    return Site(world, "KOR", network), Site(world, "USA", network), network


def test_parcels_go_over_a_sound_link_and_are_acknowledged(world: "World") -> None:
    kor, usa, network = _pair(world)
    for _ in range(30):
        kor.post("USA")
    assert _settle([kor, usa], network, 0, SECOND_NS) < 10
    assert _complete(kor, usa)
    assert kor.signed == {"USA": 30}
    assert usa.endpoint.cursors() == {("KOR", kor.endpoint.stream("USA")): 30}
    assert kor.endpoint.next_tick_ns() is usa.endpoint.next_tick_ns() is network.next_ns() is None


def test_nothing_leaves_without_a_receipt_of_ones_own_ledger(world: "World") -> None:
    kor, _, network = _pair(world)
    parcel = _parcel(world, "KOR", "USA", 1)
    for receipt in (None, world.receipt("USA")):
        with pytest.raises(UsageError, match="give its receipt"):
            kor.endpoint.send("USA", 1, parcel, receipt)
    kor.endpoint.tick(0)
    assert network.next_ns() is None


@pytest.mark.parametrize("sequence", [0, 2, -1, 10**6])
def test_a_parcel_out_of_recorded_order_is_refused(world: "World", sequence: int) -> None:
    kor, _, _ = _pair(world)
    with pytest.raises(UsageError, match="recorded order"):
        kor.endpoint.send("USA", sequence, _parcel(world, "KOR", "USA", 1), world.receipt())


def test_there_is_no_stream_to_strangers_staff_or_oneself(world: "World") -> None:
    kor, _, _ = _pair(world)
    parcel = _parcel(world, "KOR", "USA", 1)
    with pytest.raises(TrustError, match="`PRK`"):
        kor.endpoint.send("PRK", 1, parcel, world.receipt())
    for recipient in ("USA/watch", "KOR"):
        with pytest.raises(UsageError, match="no node of its own"):
            kor.endpoint.send(recipient, 1, parcel, world.receipt())
    for size in (0, 130_001):
        with pytest.raises(UsageError, match="over the limit"):
            kor.endpoint.send("USA", 1, bytes(size), world.receipt())


def test_restore_comes_first(world: "World") -> None:
    kor, _, _ = _pair(world)
    kor.post("USA")
    with pytest.raises(UsageError, match="restore comes before"):
        kor.endpoint.restore({}, {})


def _envelope(world: "World", first: int, count: int = 1, sender: str = "KOR", stream: str = "s") -> bytes:
    sealer = Sealer(world.keys[sender], world.keys["USA"].pin, stream, world.source.randbytes)
    return sealer.seal(first, [world.parcel(1, sender, "USA", originator=sender)] * count)


def test_a_replayed_envelope_is_acknowledged_again_and_not_handed_on(world: "World") -> None:
    _, usa, network = _pair(world)
    said: list[bytes] = []
    network.listen("KOR", said.append)
    data = _envelope(world, 1, 2)
    assert [usa.endpoint.receive(data) for _ in range(3)] == [
        Arrival.DELIVERED,
        Arrival.REPEATED,
        Arrival.REPEATED,
    ]
    assert len(usa.got["KOR", "s"]) == 2
    network.due(1)
    assert [_said_to(world, "KOR", one) for one in said] == [
        Acknowledgement(sender="USA", recipient="KOR", stream="s", cursor=2)
    ] * 3


def test_a_gap_is_pulled_and_not_handed_on(world: "World") -> None:
    _, usa, network = _pair(world)
    said: list[bytes] = []
    network.listen("KOR", said.append)
    assert usa.endpoint.receive(_envelope(world, 5)) is Arrival.AHEAD
    assert usa.endpoint.receive(_envelope(world, 6)) is Arrival.AHEAD
    assert usa.got == {}
    usa.endpoint.tick(SECOND_NS)
    network.due(SECOND_NS)
    assert [_said_to(world, "KOR", one) for one in said] == [
        Pull(sender="USA", recipient="KOR", stream="s", since=0)
    ] * 2
    assert usa.endpoint.receive(_envelope(world, 1, 6)) is Arrival.DELIVERED
    assert [number for number, _ in usa.got["KOR", "s"]] == [1, 2, 3, 4, 5, 6]


def test_parcels_that_cannot_be_recorded_are_not_acknowledged_and_come_again(world: "World") -> None:
    kor, usa, network = _pair(world)
    take, full = usa.take, [True]

    def guarded(*arguments: Any) -> None:
        if full[0]:
            raise LedgerError("the disk is full")
        take(*arguments)

    usa.endpoint._inbox._on_parcels = guarded
    kor.post("USA")
    _settle([kor, usa], network, 0, SECOND_NS)
    assert (kor.signed, usa.endpoint.refusals["not-recorded"]) == ({}, 1)
    assert usa.refused == ["parcels of `KOR` were not recorded: the disk is full"]
    full[0] = False
    _settle([kor, usa], network, SECOND_NS, 20 * SECOND_NS)
    assert _complete(kor, usa)


def test_a_receipt_that_cannot_be_recorded_is_told_and_nothing_raises(world: "World") -> None:
    kor, usa, network = _pair(world)

    def full(*_: Any) -> None:
        raise LedgerError("the disk is full")

    kor.endpoint._on_acknowledged = full
    kor.post("USA")
    _settle([kor, usa], network, 0, SECOND_NS)
    assert kor.refused == ["a receipt of `USA` was not recorded: the disk is full"]
    assert (kor.endpoint.acknowledged("USA"), _complete(kor, usa)) == (1, True)


def test_a_parcel_that_cannot_be_sealed_is_told_and_does_not_leave(world: "World") -> None:
    kor, usa, network = _pair(world)
    for number, parcel in enumerate((b"no parcel", encode(world.parcel(1, "KOR", "JPN")))):
        kor.endpoint.send("USA", number + 1, parcel, world.receipt())
        kor.endpoint.tick(number * 10 * SECOND_NS)
    assert kor.endpoint.refusals["not-sealed"] == 2
    assert (network.next_ns(), usa.got) == (None, {})


def _changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("reason", "payload"),
    [
        ("wire", lambda _: b""),
        ("wire", lambda _: b"\x91" * 300_000),
        ("wire", lambda _: bytes(2_000_000)),
        ("wire", lambda world: _envelope(world, 1)[:-1]),
        ("envelope", lambda _: b"\xd2\x84" + bytes(50)),
        ("envelope", lambda world: _changed(_envelope(world, 1))),
        ("envelope", lambda world: _envelope(world, 0)),
        ("envelope", lambda world: _envelope(world, 1, sender="PRK")),
        ("envelope", lambda world: world.sealer("KOR", "JPN").seal(1, [world.parcel(recipient="JPN")])),
        ("envelope", lambda world: _message(world, "JPN", 0)),
        ("envelope", lambda world: _message(world, "USA", 0)),
        ("wire", lambda world: _message(world, "USA", 0) + bytes(70_000)),
    ],
    ids=[
        "nothing",
        "a bomb",
        "oversize",
        "cut short",
        "half a message",
        "a changed byte",
        "number 0",
        "an unknown party",
        "for another recipient",
        "a message for another",
        "a message on no stream",
        "an oversize message",
    ],
)
def test_what_a_peer_sends_never_raises(world: "World", reason: str, payload: Any) -> None:
    _, usa, network = _pair(world)
    assert usa.endpoint.receive(payload(world)) is Arrival.REFUSED
    assert dict(usa.endpoint.refusals) == {reason: 1}
    assert (len(usa.refused), "\n" in usa.refused[0]) == (1, False)
    assert (usa.got, usa.endpoint.cursors(), network.next_ns()) == ({}, {}, None)


def _said_to(world: "World", party: str, covered: bytes) -> Any:
    return open_message(Pairs(world.keys[party], world.trust).uncover(covered), party, world.trust)


def _message(world: "World", recipient: str, cursor: int) -> bytes:
    message = Acknowledgement(sender="KOR", recipient=recipient, stream="s", cursor=cursor)
    return sign_message(world.keys["KOR"], message)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_raise(world: "World", payload: bytes, message: bool) -> None:
    _, usa, _ = _pair(world)
    assert usa.endpoint.receive(b"\xd2\x84" * message + payload) is Arrival.REFUSED


def test_a_notice_goes_to_who_takes_its_topic(world: "World") -> None:
    kor, usa, network = _pair(world)
    heard: list[tuple[str, bytes]] = []
    usa.endpoint.on_notice("known", lambda *said: heard.append(said))
    kor.endpoint.notify("USA", "known", b"agreements")
    kor.endpoint.notify("USA", "nothing", b"lost")
    _deliver([kor, usa], network, 2 * SECOND_NS)

    assert heard == [("KOR", b"agreements")]
    assert len(usa.refused) == 1
    assert "speaks on `nothing`, which nobody takes here" in usa.refused[0]
    with pytest.raises(UsageError, match="one topic, one taker"):
        usa.endpoint.on_notice("known", lambda *said: heard.append(said))


def test_a_notice_that_its_taker_refuses_is_told_and_one_too_long_is_not_made(world: "World") -> None:
    kor, usa, network = _pair(world)

    def refuse(sender: str, content: bytes) -> None:
        raise WireError(f"`{sender}` told {len(content)} bytes of nonsense")

    usa.endpoint.on_notice("known", refuse)
    kor.endpoint.notify("USA", "known", b"x" * 7)
    _deliver([kor, usa], network, 2 * SECOND_NS)

    assert usa.refused == ["`KOR` told 7 bytes of nonsense"]
    with pytest.raises(ItemError):
        kor.endpoint.notify("USA", "known", b"x" * 65_537)


def test_an_acknowledgement_by_anyone_but_the_recipient_is_refused(world: "World") -> None:
    kor, _, _ = _pair(world)
    kor.post("USA")
    kor.endpoint.tick(0)
    stream = kor.endpoint.stream("USA")
    for sender, signer in (("USA", "JPN"), ("JPN", "JPN"), ("USA", "PRK"), ("PRK", "PRK")):
        for kind in (
            Acknowledgement(sender=sender, recipient="KOR", stream=stream, cursor=1),
            Pull(sender=sender, recipient="KOR", stream=stream, since=1),
        ):
            assert kor.endpoint.receive(sign_message(world.keys[signer], kind)) is Arrival.REFUSED
    elsewhere = Acknowledgement(sender="USA", recipient="KOR", stream="another", cursor=1)
    assert kor.endpoint.receive(sign_message(world.keys["USA"], elsewhere)) is Arrival.REFUSED
    assert "does not send" in kor.refused[-1]
    beyond = Acknowledgement(sender="USA", recipient="KOR", stream=stream, cursor=2)
    assert kor.endpoint.receive(sign_message(world.keys["USA"], beyond)) is Arrival.REFUSED
    assert "run verify" in kor.refused[-1]
    assert (kor.endpoint.acknowledged("USA"), kor.signed) == (0, {})


def test_no_byte_of_a_message_can_change(world: "World") -> None:
    kor, _, _ = _pair(world)
    kor.post("USA")
    message = Acknowledgement(sender="USA", recipient="KOR", stream=kor.endpoint.stream("USA"), cursor=1)
    data = sign_message(world.keys["USA"], message)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        assert kor.endpoint.receive(bytes(changed)) is Arrival.REFUSED
    assert kor.endpoint.receive(data) is Arrival.ACKNOWLEDGED


def test_a_sender_may_not_begin_streams_without_end(world: "World") -> None:
    _, usa, _ = _pair(world)
    for number in range(LIMITS.streams_per_sender):
        assert usa.endpoint.receive(_envelope(world, 1, stream=f"s{number}")) is Arrival.DELIVERED
    assert usa.endpoint.receive(_envelope(world, 1, stream="one-more")) is Arrival.REFUSED
    assert usa.endpoint.receive(_envelope(world, 1, sender="JPN")) is Arrival.DELIVERED
    assert "more than 16 streams" in usa.refused[0]


def test_a_partner_restored_from_a_backup_gets_its_lost_end_from_the_archive(world: "World") -> None:
    kor, usa, network = _pair(world)
    for _ in range(20):
        kor.post("USA")
    now_ns = _settle([kor, usa], network, 0, SECOND_NS)
    (name,) = usa.got
    del usa.got[name][7:]
    usa.crash()
    kor.post("USA")
    _settle([kor, usa], network, now_ns, 60 * SECOND_NS)
    assert _complete(kor, usa)


def test_without_an_archive_the_lost_end_is_said(world: "World") -> None:
    kor, usa, network = _pair(world)
    kor.endpoint._outbox.archive = None
    for _ in range(20):
        kor.post("USA")
    now_ns = _settle([kor, usa], network, 0, SECOND_NS)
    (name,) = usa.got
    del usa.got[name][7:]
    usa.crash()
    kor.post("USA")
    _settle([kor, usa], network, now_ns, 60 * SECOND_NS)
    assert len(usa.got[name]) == 7
    assert "its record is older than its receipts" in kor.refused[0]


def test_a_cut_of_thirty_seconds_ends_with_all_delivered_soon_after(world: "World") -> None:
    cut = Cut(a="KOR", b="USA", from_ns=0, to_ns=30 * SECOND_NS)
    kor, usa, network = _pair(world, LinkFaults(cuts=(cut,), delay_min_ns=1_000_000, delay_max_ns=1_000_000))
    for _ in range(100):
        kor.post("USA")
    end_ns = _settle([kor, usa], network, 0, 100 * SECOND_NS)
    assert _complete(kor, usa)
    assert end_ns <= 30 * SECOND_NS + LIMITS.resend_after_max_ns + SECOND_NS


def test_after_a_cut_streams_go_on_at_once_where_the_partner_is_said_to_be_back(
    world: "World",
) -> None:
    cut = Cut(a="KOR", b="USA", from_ns=SECOND_NS, to_ns=30 * SECOND_NS)
    kor, usa, network = _pair(world, LinkFaults(cuts=(cut,)))
    kor.post("USA")
    usa.post("KOR")
    _settle([kor, usa], network, 0, SECOND_NS)
    for _ in range(20):
        kor.post("USA")
        usa.post("KOR")
    _settle([kor, usa], network, SECOND_NS, 30 * SECOND_NS)
    assert not _complete(kor, usa)
    network.due(30 * SECOND_NS)
    for site, other in ((kor, usa), (usa, kor)):
        site.endpoint.resume(other.party, 30 * SECOND_NS)
    _settle([kor, usa], network, 30 * SECOND_NS, 30 * SECOND_NS + 100)
    assert _complete(kor, usa)
    assert _complete(usa, kor)
    # A site that crashed has lost the keys that it was told, and asks for them.
    expected = ("sent again what was accepted", "epoch is not held here: it is asked for")
    assert all(any(words in text for words in expected) for text in (*kor.refused, *usa.refused))


def test_however_often_one_says_so_little_is_sent(world: "World") -> None:
    kor, usa, network = _pair(world)
    for _ in range(50):
        kor.post("USA")
    usa.post("KOR")
    _settle([kor, usa], network, 0, 100)
    network.drop("USA")
    said: list[bytes] = []
    network.listen("USA", said.append)
    for _ in range(50):
        kor.post("USA")
    kor.endpoint.tick(1_000)
    network.due(1_000)
    said.clear()
    for number in range(2_000):
        kor.endpoint.resume("USA", 2_000 + number)
    network.due(10_000)
    # One batch of its own stream, and then one pull of the partner's.
    assert len(said) == 1
    kor.endpoint.tick(4_000 + LIMITS.pull_interval_ns // 10)
    network.due(SECOND_NS // 2)
    assert len(said) == 2
    assert _said_to(world, "USA", said[1]) == Pull(
        sender="KOR", recipient="USA", stream=usa.endpoint.stream("KOR"), since=1
    )
    kor.endpoint.resume("USA", 2_000 + LIMITS.pull_interval_ns)
    kor.endpoint.tick(2 * SECOND_NS)
    network.due(2 * SECOND_NS)
    assert _said_to(world, "USA", said[-1]) == _said_to(world, "USA", said[1])
    assert len(said) == 4


def test_nothing_is_done_for_a_party_without_streams(world: "World") -> None:
    kor, _, network = _pair(world)
    for party in ("USA", "PRK", "KOR", "", "USA/watch"):
        kor.endpoint.resume(party, 1)
    assert network.next_ns() is None
    assert kor.endpoint.next_tick_ns() is None
    assert kor.endpoint._resumed_ns == {}


def test_a_link_that_fails_is_told_and_tried_again(world: "World") -> None:
    kor, usa, network = _pair(world)

    class Broken:
        def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
            raise LinkError(f"no way to {recipient} for {len(payload)} bytes on {lane}")

        def listen(self, receive: object) -> None: ...

    sound, kor.endpoint._post._transport = kor.endpoint._post._transport, Broken()
    kor.post("USA")
    kor.endpoint.tick(0)
    assert kor.endpoint.refusals["link"] == 1
    kor.endpoint._post._transport = sound
    _settle([kor, usa], network, 0, 10 * SECOND_NS)
    assert _complete(kor, usa)


def test_streams_to_two_partners_tell_nothing_of_each_other(world: "World") -> None:
    def run(*, busy: bool) -> tuple[Any, Any]:
        network = MemoryNetwork(LinkFaults(loss=0.2, delay_max_ns=1_000), seed=3)
        kor, usa, jpn = (Site(world, party, network) for party in ("KOR", "USA", "JPN"))
        for _ in range(9):
            kor.post("JPN")
            if busy:
                kor.post("USA")
        _settle([kor, usa, jpn], network, 0, 60 * SECOND_NS)
        return jpn.got, jpn.endpoint.cursors()

    assert run(busy=True) == run(busy=False)
