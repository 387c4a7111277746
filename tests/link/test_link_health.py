"""What is wrong with a link, said in one sentence: each from servers in the state that it speaks of."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.link.test_nats_hub import ALL, serving
from tests.nats_hub import make_hub
from tests.nats_sites import Site, at, free_leaf_port, make_site, make_sites, running, until

from trilat.link import LinkHealth, Unanswered
from trilat.link.heartbeat import Beats, Measured

PAIR = {"USA": (), "KOR": ("USA",)}
NOTHING_WAITS = Unanswered()


def health(site: Site) -> LinkHealth:
    assert site.settings is not None
    return LinkHealth(site.transport, site.server, site.settings, "FINGERPRINT")


async def says(site: Site, peer: str, words: str, unanswered: Unanswered = NOTHING_WAITS) -> None:
    """Wait until the sentence about a link has these words in it, and see that it is one for people."""
    of = health(site)
    try:
        await until(lambda: words in of.sentence(peer, unanswered), 12)
    except AssertionError:
        pytest.fail(f"it says: {of.sentence(peer, unanswered)}; not: {words}")
    assert "\n" not in of.sentence(peer, unanswered)


def test_a_link_that_is_well_says_how_long_a_message_takes(tmp_path: Path) -> None:
    async def play() -> None:
        usa, kor = make_sites(tmp_path, PAIR).values()
        async with running(usa, kor):
            await says(kor, "USA", "ms there and back")
            assert health(kor).sentence("USA", NOTHING_WAITS).startswith("connected, ")
            assert health(kor).is_up("USA")
            assert health(kor).sentence("JPN", NOTHING_WAITS).startswith("not linked")
            assert health(kor).round_trip_s("JPN") is None
            assert (health(kor).round_trip_s("USA") or 9.0) < 5.0

    asyncio.run(play())


@pytest.mark.parametrize(("offset_s", "words"), [(12.4, "12 s ahead of ours"), (-80.0, "80 s behind ours")])
def test_clocks_that_are_apart_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset_s: float, words: str
) -> None:
    async def play() -> None:
        usa, kor = make_sites(tmp_path, PAIR).values()
        async with running(usa, kor):
            monkeypatch.setattr(kor.transport, "measured", lambda _: Measured(0.001, offset_s))
            await says(kor, "USA", f"connected, but the clock of USA is {words}")

    asyncio.run(play())


def test_a_partner_that_acknowledges_nothing_is_told_only_where_something_waits(tmp_path: Path) -> None:
    async def play() -> None:
        usa, kor = make_sites(tmp_path, PAIR).values()
        async with running(usa, kor):
            await says(kor, "USA", "nothing acknowledged for 40 s, 7 wait", Unanswered(count=7, since_s=40.0))
            for fine in (Unanswered(count=0, since_s=40.0), Unanswered(count=7, since_s=5.0)):
                assert health(kor).sentence("USA", fine).startswith("connected, ")
                assert "acknowledged" not in health(kor).sentence("USA", fine)

    asyncio.run(play())


async def _alone(site: Site, check: Callable[[], object]) -> None:
    await site.start()
    try:
        result = check()
        assert asyncio.iscoroutine(result)
        await result
    finally:
        await site.stop()


def test_a_partner_that_does_not_run_and_one_that_does_not_dial_are_told(tmp_path: Path) -> None:
    async def play() -> None:
        usa, kor = make_sites(tmp_path, PAIR).values()
        await _alone(
            kor, lambda: says(kor, "USA", f"USA's server at 127.0.0.1:{usa.leaf_port} cannot be reached")
        )
        await _alone(usa, lambda: says(usa, "KOR", "KOR does not dial us"))

    asyncio.run(play())


def test_a_partner_whose_node_is_away_while_its_server_runs_is_told(tmp_path: Path) -> None:
    async def play() -> None:
        usa, kor = make_sites(tmp_path, PAIR).values()
        async with running(usa, kor):
            await usa.transport.stop()
            await says(kor, "USA", "USA's server is reached, but its node says nothing")

    asyncio.run(play())


def test_a_card_that_is_not_the_newest_is_told_on_both_sides(tmp_path: Path) -> None:
    """KOR has new keys, and USA its old card; then USA has new keys, and KOR its old card."""

    async def play() -> None:
        usa, kor = make_sites(tmp_path / "old", PAIR).values()
        new = make_site(tmp_path / "new", "KOR")
        new.link([new.partner(usa, at(usa.leaf_port))])
        async with running(usa):
            await new.start()
            try:
                await says(new, "USA", "refuses our certificate or key: give it our new card (finger")
                await says(usa, "KOR", "not KOR as its card says")
            finally:
                await new.stop()
        other = make_site(tmp_path / "newer", "USA")
        other.leaf_port = usa.leaf_port
        other.link([other.partner(kor)])
        async with running(other):
            await _alone(kor, lambda: says(kor, "USA", "is not USA as its card says"))

    asyncio.run(play())


def test_what_is_wrong_at_a_hub_is_told(tmp_path: Path) -> None:
    async def play() -> None:
        sites = {party: make_site(tmp_path, party) for party in ("USA", "JPN", "KOR")}
        usa, jpn, kor = sites.values()
        hub = make_hub(tmp_path, sites, ALL)
        del hub.asks["KOR"]
        hub.make_server()
        await _alone(usa, lambda: says(usa, "JPN", f"hub NORTH at 127.0.0.1:{hub.port} cannot be reached"))
        async with serving(hub):
            async with running(usa, jpn):
                await says(usa, "JPN", "connected through hub NORTH, ")
                await says(usa, "KOR", "hub NORTH is reached, but KOR is not connected to it")
            await _alone(kor, lambda: says(kor, "USA", "hub NORTH does not take our connection: ask whether"))

    asyncio.run(play())


def test_a_direct_link_that_stands_in_for_a_hub_says_why(tmp_path: Path) -> None:
    async def play() -> None:
        sites = {party: make_site(tmp_path, party) for party in ("USA", "JPN")}
        usa, jpn = sites.values()
        hub = make_hub(tmp_path, sites, {"USA": ("JPN",), "JPN": ("USA",)})
        usa.link([usa.partner(jpn)], [hub.link(usa, [jpn])])
        jpn.link([jpn.partner(usa, at(usa.leaf_port))], [hub.link(jpn, [usa], free_leaf_port())])
        async with running(usa, jpn):
            await says(jpn, "USA", "connected directly, because hub NORTH at 127.0.0.1:")

    asyncio.run(play())


# --- heartbeats ---


def test_heartbeats_measure_round_trip_and_clocks_as_ntp_does() -> None:
    """Our clock shows 100 s at the start; the partner's is 7 s ahead; each way takes 0.2 and 0.3 s."""
    ours, theirs = Beats(), Beats()
    second = 1_000_000_000
    assert not theirs.take(ours.next(100 * second), 107 * second + second // 5)
    answer = theirs.next(108 * second + second // 5)
    assert not ours.take(answer, 101 * second + second // 2)
    assert ours.measured is not None
    assert ours.measured.round_trip_s == pytest.approx(0.5)
    assert ours.measured.clock_offset_s == pytest.approx(6.95)


def test_a_heartbeat_that_is_missing_is_noticed_and_a_sender_that_begins_anew_is_not_one() -> None:
    sender, hearer = Beats(), Beats()
    beats = [sender.next(number) for number in range(1, 6)]
    found = [hearer.take(beats[number], 10) for number in (0, 1, 3, 4)]
    assert found == [False, False, True, False]
    assert hearer.take(Beats().next(99), 11) is False


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\xc0", b"\x94" * 100, b"\x92\x01\xff", b"\x94\x01\x02\x03" + b"\xcf" + b"\xff" * 8]
)
def test_what_is_no_heartbeat_says_nothing(data: bytes) -> None:
    beats = Beats()
    assert beats.take(data, 1) is False
    assert beats.measured is None
