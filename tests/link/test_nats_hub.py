"""Links through a hub over real servers: what passes and what does not, and how it comes back."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.msg import Msg
from tests.nats_hub import HubSite, hostile_leaf, make_hub
from tests.nats_sites import LOOPBACK, Site, at, make_site, running, until

from trilat.link.identity import LEAF_NKEY_FILE

ALL = {"USA": ("JPN", "KOR"), "JPN": ("USA", "KOR"), "KOR": ("USA", "JPN")}
"""All three ask for each other."""


@asynccontextmanager
async def serving(hub: HubSite) -> AsyncIterator[None]:
    await hub.server.start()
    try:
        yield
    finally:
        await hub.server.stop()


def _sites(folder: Path, *parties: str) -> dict[str, Site]:
    return {party: make_site(folder, party) for party in parties or ("USA", "JPN", "KOR")}


def _hub_used(site: Site, partner: str) -> str:
    way = site.transport.way_to(partner)
    assert way is not None
    return way.hub


async def _passes(sender: Site, recipient: Site, text: bytes = b"hello") -> None:
    sender.transport.send(recipient.party, text)
    await until(lambda: text in recipient.got)


def test_payloads_pass_through_a_hub_and_reach_nobody_else(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        async with serving(hub), running(*sites.values()):
            for sender in sites.values():
                for recipient in sites.values():
                    if sender is not recipient:
                        text = f"{sender.party} to {recipient.party}".encode()
                        await _passes(sender, recipient, text)
            for site in sites.values():
                others = set(sites) - {site.party}
                assert set(site.got) == {f"{other} to {site.party}".encode() for other in others}
                assert site.refusals == []
            assert all(site.server.linked == {"hub-NORTH"} for site in sites.values())
            assert await hub.connected() == set(sites)
        assert hub.refusals == []

    asyncio.run(play())


def test_a_removed_party_is_cut_at_once_and_cannot_return_and_others_are_not_cut(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        async with serving(hub), running(*sites.values()):
            usa, jpn, kor = sites.values()
            broke = len(usa.events)
            del hub.asks["KOR"]
            await hub.reload()
            await _passes(usa, jpn)
            await until(lambda: any("no certificate of a linked" in text for text in hub.refusals), 5)
            kor.transport.send("USA", b"from outside")
            await asyncio.sleep(1)
            assert b"from outside" not in usa.got
            assert usa.events[broke:] == []
            await until(lambda: not usa.transport.is_up("KOR"), 5)
            assert hub.server.restarts == 0
            hub.asks["KOR"] = ("USA",)
            await hub.reload()
            await until(lambda: usa.transport.is_up("KOR"), 10)
            await _passes(kor, usa, b"admitted again")
            assert usa.events[broke:] == []

    asyncio.run(play())


def test_a_party_admitted_while_the_hub_runs_cuts_nobody(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        del hub.asks["KOR"]
        hub.make_server()
        usa, jpn, kor = sites.values()
        async with serving(hub), running(usa, jpn):
            await kor.start()
            try:
                await until(lambda: any("no certificate of a linked" in text for text in hub.refusals))
                before = list(usa.events)
                hub.asks["KOR"] = ALL["KOR"]
                await hub.reload()
                await until(lambda: usa.transport.is_up("KOR") and kor.transport.is_up("JPN"), 10)
                await _passes(kor, usa)
                assert usa.events == before
            finally:
                await kor.stop()

    asyncio.run(play())


def test_a_pair_that_is_parted_is_parted_at_once_and_both_keep_their_other_partner(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        async with serving(hub), running(*sites.values()):
            usa, jpn, kor = sites.values()
            # One of the two is enough: nobody is joined with who does not ask for it.
            hub.asks["KOR"] = ("USA",)
            await hub.reload()
            await until(lambda: usa.hears_all(["JPN", "KOR"]) and jpn.hears_all(["USA"]))
            await until(lambda: kor.hears_all(["USA"]) and not kor.transport.is_up("JPN"))
            kor.transport.send("JPN", b"parted")
            jpn.transport.send("KOR", b"parted")
            await _passes(kor, usa)
            await _passes(jpn, usa, b"hello too")
            await asyncio.sleep(0.5)
            assert kor.got == jpn.got == []

    asyncio.run(play())


def test_who_asks_for_somebody_that_does_not_ask_back_hears_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, {"USA": ("JPN",), "JPN": ("USA",), "KOR": ("USA", "JPN")})
        usa, jpn, kor = sites.values()
        async with serving(hub), running(usa, jpn):
            await kor.start()
            try:
                await until(lambda: kor.server.linked == {"hub-NORTH"})
                kor.transport.send("USA", b"uninvited")
                await _passes(usa, jpn, b"between the two")
                await asyncio.sleep(0.5)
                assert usa.got == kor.got == []
                assert not kor.transport.is_up("USA")
            finally:
                await kor.stop()

    asyncio.run(play())


def test_a_party_with_no_limits_in_its_server_hears_and_forges_nothing_of_others(tmp_path: Path) -> None:
    """KOR's server publishes and asks for every subject that the others use, and for everything else."""

    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        usa, jpn, kor = sites.values()
        async with serving(hub), running(usa, jpn), hostile_leaf(hub, kor) as client:
            heard: list[tuple[str, bytes]] = []

            async def note(message: Msg) -> None:
                heard.append((message.subject, message.data))

            await client.subscribe(">", cb=note)
            await client.flush()
            from_usa, to_usa = hub.word(usa, kor), hub.word(kor, usa)
            await until(lambda: f"x.{from_usa}.h" in {subject for subject, _ in heard})
            forged = [hub.word(usa, jpn), hub.word(jpn, usa), from_usa, hub.word(jpn, kor)]
            for word in forged:
                await client.publish(f"x.{word}.e", b"forged")
            await client.publish(f"x.{to_usa}.e", b"its own")
            await client.publish("$SYS.REQ.SERVER.PING.LEAFZ", b"", reply="answers")
            await client.flush()
            await _passes(usa, jpn, b"between the two")
            await until(lambda: b"its own" in usa.got)
            assert (usa.got, jpn.got) == ([b"its own"], [b"between the two"])
            theirs = [
                (subject, data)
                for subject, data in heard
                if subject.startswith("x.") and data not in {b"forged", b"its own"}
            ]
            assert {subject.split(".")[1] for subject, _ in theirs} <= {from_usa, hub.word(jpn, kor)}
            assert b"between the two" not in {data for _, data in theirs}
            # Its own server may answer what is asked of servers; the hub does not.
            answers = [json.loads(data) for subject, data in heard if subject == "answers"]
            assert all(answer["server"]["name"] == "hostile" for answer in answers)

    asyncio.run(play())


def test_a_stranger_at_the_hub_is_refused_in_one_line(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        usa, jpn, kor = sites.values()
        stranger = make_site(tmp_path, "PRK")
        stranger.link([], [hub.link(stranger, [usa])])
        async with serving(hub), running(usa, jpn):
            await stranger.start()
            try:
                said = f"a connection from `{LOOPBACK}` shows no certificate of a linked partner: refused"
                await until(lambda: said in hub.refusals)
                # Its own server may think so for a moment: in TLS 1.3 the dialler ends its handshake first.
                assert await hub.connected() == {"USA", "JPN"}
                await _passes(usa, jpn)
            finally:
                await stranger.stop()
            # A certificate of a party that is admitted, with the NKey of one that is not.
            (kor.identity_folder / LEAF_NKEY_FILE).write_bytes(
                (stranger.identity_folder / LEAF_NKEY_FILE).read_bytes()
            )
            await kor.start()
            try:
                await until(
                    lambda: any("shows an NKey of no linked partner" in text for text in hub.refusals)
                )
                assert await hub.connected() == {"USA", "JPN"}
            finally:
                await kor.stop()

    asyncio.run(play())


def test_a_false_hub_gets_no_connection(tmp_path: Path) -> None:
    """It listens where the hub should, under its name, with an authority of its own."""

    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path / "true", sites, ALL)
        false = make_hub(tmp_path / "false", _sites(tmp_path / "false"), ALL)
        false.sites, false.port = sites, hub.port
        false.make_server()
        usa = sites["USA"]
        async with serving(false):
            await usa.start()
            try:
                said = "a certificate by another authority than its card's (`NORTH link`): refused"
                await until(lambda: any(said in text for text in usa.refusals))
                assert usa.server.linked == frozenset()
                assert await false.connected() == set()
            finally:
                await usa.stop()

    asyncio.run(play())


def test_links_come_back_by_themselves_when_the_hub_was_killed(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        async with serving(hub), running(*sites.values()):
            usa, jpn, _ = sites.values()
            heard = usa.heard("JPN")
            # Killed once it may be back before a heartbeat is missing; three times it never is.
            for restarts in (1, 2, 3):
                assert hub.server.process_id is not None
                os.kill(hub.server.process_id, signal.SIGKILL)
                await until(lambda: hub.server.restarts == restarts)  # noqa: B023
            # It is away for less than SILENT_S: the heartbeats that are missing tell of it.
            await until(lambda: usa.heard("JPN") > heard, 5)
            await _passes(usa, jpn, b"after the hub came back")
            await _passes(jpn, usa, b"and back")

    asyncio.run(play())


@pytest.mark.parametrize("first", ["hub", "direct"])
def test_a_payload_takes_the_direct_link_while_the_hub_is_away(tmp_path: Path, first: str) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        usa, jpn, _ = sites.values()
        usa.link([usa.partner(jpn)], [hub.link(usa, [jpn])])
        jpn.link([jpn.partner(usa, at(usa.leaf_port))], [hub.link(jpn, [usa])])
        async with running(usa, jpn):
            if first == "hub":
                await hub.server.start()
                await until(lambda: _hub_used(usa, "JPN") == "NORTH")
                await _passes(usa, jpn, b"through the hub")
                await hub.server.stop()
                await until(lambda: _hub_used(usa, "JPN") == "")
            assert usa.transport.is_up("JPN")
            await _passes(usa, jpn, b"direct")
            if first == "direct":
                await hub.server.start()
                await until(lambda: _hub_used(usa, "JPN") == "NORTH")
                await _passes(usa, jpn, b"through the hub")
                await hub.server.stop()

    asyncio.run(play())


def test_where_an_agreement_allows_no_relay_nothing_goes_through_the_hub(tmp_path: Path) -> None:
    async def play() -> None:
        sites = _sites(tmp_path)
        hub = make_hub(tmp_path, sites, ALL)
        async with serving(hub), running(*sites.values()):
            usa, jpn, kor = sites.values()
            usa.transport.may_relay = lambda partner: partner != "JPN"
            usa.transport.send("JPN", b"kept back")
            await _passes(usa, kor)
            said = "an agreement with `JPN` allows no relay: nothing is sent"
            await until(lambda: said in usa.refusals)
            assert usa.transport.dropped["JPN"] == 1
            assert jpn.got == []

    asyncio.run(play())
