"""The transport: it never blocks, keeps order, drops what cannot go, and streams over it lose nothing."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.nats_sites import Site, make_sites, relink, running, until
from tests.tcp_proxy import Proxy

from trilat.link import LinkEndpoint, NatsTransport, OpenedParcel
from trilat.link.connecting import within
from trilat.model import SECOND_NS, Lane, LinkError, UsageError, encode

if TYPE_CHECKING:
    from tests.link.conftest import World

PAIR = {"USA": (), "KOR": ("USA",)}


def test_payloads_from_many_threads_arrive_each_once_in_their_threads_order(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        async with running(usa, kor):

            def post(thread: int) -> None:
                for number in range(500):
                    kor.transport.send("USA", f"{thread} {number}".encode())

            threads = [threading.Thread(target=post, args=(thread,)) for thread in range(4)]
            for one in threads:
                one.start()
            await until(lambda: len(usa.got) == 2_000)
            for one in threads:
                one.join()
            for thread in range(4):
                numbers = [int(one.split()[1]) for one in usa.got if one.split()[0] == b"%d" % thread]
                assert numbers == list(range(500))
            assert not kor.transport.dropped

    asyncio.run(play())


def test_what_cannot_go_is_dropped_and_counted_and_nothing_waits(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        kor.transport.send("USA", b"before the start")
        assert kor.transport.dropped == {"USA": 1}
        async with running(usa, kor):
            assert kor.server.process_id is not None
            os.kill(kor.server.process_id, signal.SIGSTOP)
            # The server takes nothing: what fits waits, the rest is dropped, and each call returns.
            for _ in range(100):
                kor.transport.send("USA", b"x" * 1_000_000)
                await asyncio.sleep(0)
            assert 20 < kor.transport.dropped["USA"] < 100
            os.kill(kor.server.process_id, signal.SIGCONT)
            await until(lambda: usa.got and not kor.transport.waiting)
            os.kill(kor.server.process_id, signal.SIGKILL)
            await until(lambda: not kor.transport.is_connected)
            before = kor.transport.dropped["USA"]
            kor.transport.send("USA", b"while there is no server")
            await until(lambda: kor.transport.dropped["USA"] == before + 1)
        kor.transport.send("USA", b"after the end")
        assert kor.transport.dropped["USA"] == before + 2

    asyncio.run(play())


def test_what_is_new_overtakes_what_was_asked_for_again(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        async with running(usa, kor):
            for number in range(300):
                kor.transport.send("USA", b"%d" % number + b"x" * 50_000, Lane.BULK)
            kor.transport.send("USA", b"new")
            await until(lambda: len(usa.got) == 301)
            bulk = [payload.rstrip(b"x") for payload in usa.got if payload != b"new"]
            assert bulk == [b"%d" % number for number in range(300)]
            assert usa.got.index(b"new") < 100
            assert not kor.transport.dropped

    asyncio.run(play())


def test_a_full_bulk_lane_drops_nothing_of_the_live_one(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        async with running(usa, kor):
            for _ in range(100):
                kor.transport.send("USA", b"x" * 1_000_000, Lane.BULK)
            dropped = kor.transport.dropped["USA"]
            assert dropped > 50
            for number in range(1_000):
                kor.transport.send("USA", b"%d" % number)
            await until(lambda: len(usa.got) == 1_100 - dropped)
            live = [payload for payload in usa.got if len(payload) < 10]
            assert live == [b"%d" % number for number in range(1_000)]
            assert kor.transport.dropped["USA"] == dropped

    asyncio.run(play())


def test_what_was_handed_over_before_the_end_still_goes(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        async with running(usa, kor):
            for number in range(200):
                kor.transport.send("USA", b"%d" % number)
            await kor.transport.stop()
            await until(lambda: len(usa.got) == 200)
            await kor.transport.start(kor.server.client_port)
            await until(lambda: usa.heard("KOR") > 0)
            kor.transport.send("USA", b"again")
            await until(lambda: usa.got[-1] == b"again")

    asyncio.run(play())


def test_a_server_that_does_not_take_us_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trilat.link.nats_transport.CONNECT_S_MAX", 0.7)

    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        await usa.server.start()
        try:
            for transport in (kor.transport, _with_seed(usa, kor)):
                with pytest.raises(LinkError, match="the links' server does not take our connection"):
                    await transport.start(usa.server.client_port)
                await transport.stop()
                assert not transport.is_connected
        finally:
            await usa.server.stop()
        with pytest.raises(LinkError, match="the links' server does not take our connection"):
            await usa.transport.start(usa.server.client_port)

    asyncio.run(play())


def test_a_connection_that_swallows_its_cancellation_is_given_up_all_the_same() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        while len(swallowed) < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed.append(1)

    async def play() -> None:
        with pytest.raises(TimeoutError):
            await within(stubborn(), 0.05)

    asyncio.run(play())
    assert len(swallowed) == 3


def _with_seed(site: Site, other: Site) -> NatsTransport:
    """A transport with a site's certificate and another's NKey."""
    way = site.partner(other).way
    transport = NatsTransport(
        site.identity, site.identity_folder, {other.party: [way]}, on_refusal=site.refusals.append
    )
    transport._seed = other.identity.app_seed
    return transport


def test_a_client_that_its_library_gave_up_is_replaced(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()
        async with running(usa, kor):
            given_up = kor.transport._client
            assert given_up is not None
            await given_up.close()
            await until(lambda: kor.transport.is_connected)
            assert kor.transport._client is not given_up
            usa.got.clear()
            kor.transport.send("USA", b"by the new one")
            await until(lambda: usa.got == [b"by the new one"])

    asyncio.run(play())


def test_a_client_that_stays_without_connection_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trilat.link.nats_transport.STUCK_S", 0.3)
    monkeypatch.setattr("trilat.link.nats_transport.CONNECT_S_MAX", 0.5)

    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, _ = sites.values()
        async with running(usa):
            first = usa.transport._client
            await usa.server.stop()
            await until(lambda: any("does not take our connection" in event for event in usa.events))
            await usa.server.start()
            await until(lambda: usa.transport.is_connected)
            assert usa.transport._client is not first

    asyncio.run(play())


def test_a_listener_that_raises_stops_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa, kor = sites.values()

        def take(payload: bytes) -> None:
            if payload == b"bad":
                raise ValueError("a listener's own fault")
            usa.got.append(payload)

        usa.transport.listen(take)
        async with running(usa, kor):
            for payload in (b"bad", b"good"):
                kor.transport.send("USA", payload)
            await until(lambda: usa.got == [b"good"])
            assert any("a listener's own fault" in event for event in usa.events)

    asyncio.run(play())


def test_a_transport_is_of_a_party_with_other_parties_and_started_once(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, PAIR)
        usa = sites["USA"]
        way = usa.partner(sites["KOR"]).way
        for ways, said in (
            ({"USA": [way]}, "no link with itself"),
            ({"usa": [way]}, "party"),
            ({"KOR/watch": [way]}, "no links of its own"),
            ({"KOR": []}, "has no way to `KOR`"),
        ):
            with pytest.raises(UsageError, match=said):
                NatsTransport(usa.identity, usa.identity_folder, ways, on_refusal=print)
        async with running(usa):
            with pytest.raises(UsageError, match="started already"):
                await usa.transport.start(usa.server.client_port)

    asyncio.run(play())


# --- streams over it ---


@dataclass
class Node:
    """A site with an endpoint on its loop; lists are its disk."""

    world: Any
    site: Site
    got: list[tuple[int, bytes]] = field(default_factory=list)
    sent: int = 0
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoint = LinkEndpoint(
            self.world.keys[self.site.party],
            self.world.trust,
            self.site.transport,
            self.world.source.randbytes,
            self._take,
            on_refusal=self.refused.append,
        )

    def _take(self, _sender: str, _stream: str, first: int, parcels: tuple[OpenedParcel, ...]) -> None:
        assert first == len(self.got) + 1
        self.got += [(parcel.sequence, parcel.wire) for parcel in parcels]

    def post(self, to: str, count: int) -> None:
        for _ in range(count):
            number = self.endpoint.next_sequence(to)
            parcel = encode(self.world.parcel(number % 3, self.site.party, to, originator=self.site.party))
            self.endpoint.send(to, number, parcel, self.world.receipt(self.site.party))
            self.sent += 1

    async def work(self) -> None:
        """Tick as a node does, and resume what is reachable again."""
        loop, resumed = asyncio.get_running_loop(), 0
        while True:
            now_ns = int(loop.time() * SECOND_NS)
            for peer, _ in self.site.reachable[resumed:]:
                self.endpoint.resume(peer, now_ns)
            resumed = len(self.site.reachable)
            self.endpoint.tick(now_ns)
            await asyncio.sleep(0.02)


async def _exchange(world: "World", tmp_path: Path, disturb: Callable[[Proxy, Site, Site], Any]) -> None:
    """Parcels both ways, before, while and after something disturbs the link: all come, once and in order."""
    proxy = Proxy()
    keys = {party: world.keys[party] for party in PAIR}
    sites = make_sites(tmp_path, PAIR, keys=keys)
    port = await proxy.start(sites["USA"].leaf_port)
    relink(sites, PAIR, {("KOR", "USA"): port})
    usa, kor = (Node(world, site) for site in sites.values())
    work: list[asyncio.Task[None]] = []
    try:
        async with running(usa.site, kor.site):
            work += [asyncio.create_task(node.work()) for node in (usa, kor)]
            for node, to in ((usa, "KOR"), (kor, "USA")):
                node.post(to, 50)
            await until(lambda: len(usa.got) == len(kor.got) == 50)
            for node, to in ((usa, "KOR"), (kor, "USA")):
                node.post(to, 100)
            await disturb(proxy, usa.site, kor.site)
            for node, to in ((usa, "KOR"), (kor, "USA")):
                node.post(to, 250)
            await asyncio.sleep(2.0)
            assert not (len(usa.got) == len(kor.got) == 400)
            await proxy.mend()
            await until(lambda: len(usa.got) == len(kor.got) == 400)
            await until(lambda: usa.endpoint.acknowledged("KOR") == kor.endpoint.acknowledged("USA") == 400)
            for node in (usa, kor):
                assert [number for number, _ in node.got] == list(range(1, 401))
                # What was sent again at the link's return may have come before: it was noticed, and not used.
                assert all("sent again what was accepted" in text for text in node.refused)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await proxy.stop()


async def _cut(proxy: Proxy, _usa: Site, _kor: Site) -> None:
    await asyncio.sleep(0.01)
    await proxy.cut()


async def _black_hole(proxy: Proxy, _usa: Site, _kor: Site) -> None:
    proxy.black_hole()


async def _cut_and_kill(proxy: Proxy, usa: Site, kor: Site) -> None:
    await proxy.cut()
    for site in (usa, kor):
        assert site.server.process_id is not None
        os.kill(site.server.process_id, signal.SIGKILL)


@pytest.mark.parametrize("disturb", [_cut, _black_hole, _cut_and_kill])
def test_streams_lose_nothing_across_a_cut(
    world: "World", tmp_path: Path, disturb: Callable[[Proxy, Site, Site], Any]
) -> None:
    asyncio.run(_exchange(world, tmp_path, disturb))
