"""Links over real servers: what passes between partners, what does not, and how it comes back."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.nats_sites import LOOPBACK, Site, at, make_site, make_sites, relink, running, until
from tests.tcp_proxy import Proxy, free_port

from trilat.link import LinkIdentity
from trilat.link.connecting import link_context
from trilat.link.identity import CERTIFICATE_FILE, KEY_FILE, LEAF_NKEY_FILE
from trilat.link.server_config import CONFIG_FILE, PAYLOAD_BYTES_MAX
from trilat.model import ENVELOPE_BYTES_MAX, LinkError

THREE = {"USA": (), "JPN": ("USA",), "KOR": ("USA", "JPN")}
HUB = {"USA": (), "JPN": ("USA",), "KOR": ("USA",)}
SERVER = Path(sys.executable).parent / "nats-server"


def _subjects(sites: dict[str, Site], kind: str = "e") -> dict[tuple[str, str], str]:
    """The subject of a kind from each site to each other one."""
    found: dict[tuple[str, str], str] = {}
    for site in sites.values():
        found |= site.subjects([other for other in sites.values() if other is not site], kind)
    return found


def _payloads(site: Site) -> set[str]:
    return {payload.decode() for payload in site.got}


def _quiet(*sites: Site) -> None:
    """Nothing was refused, and no link formed a loop."""
    for site in sites:
        assert site.refusals == []
        assert not [event for event in site.events if "loop" in event.lower()]


@pytest.mark.parametrize("dials", [HUB, THREE], ids=["through one", "all three pairs"])
def test_payloads_pass_both_ways_on_every_link_and_reach_nobody_else(
    tmp_path: Path, dials: dict[str, Sequence[str]]
) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, dials)
        links = {(one, other) for one in dials for other in dials[one]}
        links |= {(other, one) for one, other in links}
        async with running(*sites.values()):
            for sender, recipient in links:
                sites[sender].transport.send(recipient, f"{sender} to {recipient}".encode())
                sites[sender].transport.send(recipient, b"x" * ENVELOPE_BYTES_MAX)
            for party, site in sites.items():
                due = [f"{sender} to {recipient}" for sender, recipient in links if recipient == party]
                await until(lambda site=site, due=due: len(site.got) == 2 * len(due))  # type: ignore[misc]
                assert {payload.decode() for payload in site.got if len(payload) < 100} == set(due)
            _quiet(*sites.values())

    asyncio.run(play())


def test_no_node_hears_or_speaks_on_a_link_of_others(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        async with running(*sites.values()):
            errors: list[str] = []
            heard: list[str] = []

            async def note(message: Msg) -> None:
                heard.append(message.subject)

            client = await sites["JPN"].client(errors)
            names = _subjects(sites)
            kor_usa, usa_kor = names["KOR", "USA"], names["USA", "KOR"]
            wide = (f"{usa_kor[:-1]}>", ">", "x.>", "x.*.e", "$SYS.>")
            for subject in (kor_usa, *wide, names["JPN", "KOR"]):
                await client.subscribe(subject, cb=note)
            for subject in (kor_usa, usa_kor, names["KOR", "JPN"], "$SYS.REQ.SERVER.PING"):
                await client.publish(subject, b"forged")
            await client.flush()
            sites["KOR"].transport.send("USA", b"between the two")
            sites["USA"].transport.send("KOR", b"and back")
            await until(lambda: sites["KOR"].got and sites["USA"].got)
            assert len(errors) == 11
            assert all("permissions violation" in error for error in errors)
            assert heard == []
            assert (_payloads(sites["USA"]), _payloads(sites["KOR"])) == ({"between the two"}, {"and back"})
            assert any(f"may not listen to `{kor_usa}`" in text for text in sites["JPN"].refusals)
            await client.close()

    asyncio.run(play())


def test_nobody_uses_another_ones_account(tmp_path: Path) -> None:
    """One listener takes the own client alone, the other takes partners' servers alone."""

    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        usa, jpn = sites["USA"], sites["JPN"]
        leaf_seed = (jpn.identity_folder / LEAF_NKEY_FILE).read_text().split('"')[1]
        async with running(usa, jpn):
            for seed in (jpn.identity.app_seed, leaf_seed, sites["KOR"].identity.app_seed):
                with pytest.raises(Exception, match=r"(?i)authorization violation"):
                    await usa.client([], seed)
            with pytest.raises((OSError, ssl.SSLError)):
                await usa.client([], jpn.identity.app_seed, jpn.identity_folder)
            assert any("shows the NKey of `JPN` where it does not belong" in text for text in usa.refusals)
            await _still_passes(usa, jpn)

    asyncio.run(play())


async def _still_passes(one: Site, other: Site) -> None:
    """Both can still send to each other: whatever was refused, the node's servers are up."""
    for sender, recipient in ((one, other), (other, one)):
        recipient.got.clear()
        sender.transport.send(recipient.party, b"still here")
        await until(lambda recipient=recipient: recipient.got == [b"still here"])  # type: ignore[misc]


# --- hostile servers ---


@asynccontextmanager
async def _hostile(site: Site, dials: Sequence[Site], diallers: Sequence[Site]) -> AsyncIterator[Client]:
    """A linked partner's server, but with one account and no limits, and a client in it."""
    run, keys = site.folder / "run", site.identity_folder
    run.mkdir(exist_ok=True)
    authorities = {one.party: run / f"{one.party}.pem" for one in (*dials, *diallers)}
    for one in (*dials, *diallers):
        authorities[one.party].write_bytes(one.card.tls_ca_pem)
    (run / "all.pem").write_bytes(b"".join(one.card.tls_ca_pem for one in (site, *diallers)))
    shown = f'cert_file: "{keys / CERTIFICATE_FILE}", key_file: "{keys / KEY_FILE}", handshake_first: true'
    users = "\n".join(f"{{ nkey: {one} }}" for one in
                      [site.identity.app_nkey, *(one.identity.leaf_nkey for one in diallers)])  # fmt: skip
    remotes = "\n".join(
        f'{{ url: "tls://{LOOPBACK}:{one.leaf_port}", account: X, include "../keys/{LEAF_NKEY_FILE}"\n'
        f'tls {{ {shown}, ca_file: "{authorities[one.party]}" }} }}'
        for one in dials
    )
    port = free_port()
    tls = f'tls {{ {shown}, verify: true, ca_file: "{run / "all.pem"}" }}'
    listen = f'listen: "{LOOPBACK}:{site.leaf_port}", {tls}' if diallers else ""
    (run / CONFIG_FILE).write_text(
        f"""server_name: {site.party}, listen: "{LOOPBACK}:{port}", max_payload: 8000000
        {tls}
        accounts {{ X {{ users: [ {users} ] }} }}
        leafnodes {{ compression: off, reconnect: "250ms", {listen}
        remotes: [ {remotes} ] }}"""
    )
    process = await asyncio.create_subprocess_exec(
        SERVER, "-c", run / CONFIG_FILE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        client = Client()
        await client.connect(
            f"tls://{LOOPBACK}:{port}",
            tls=link_context(keys),
            tls_handshake_first=True,
            nkeys_seed_str=site.identity.app_seed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,  # type: ignore[arg-type]  # declared in whole seconds, used as it is
            error_cb=_ignore,
        )
        yield client
        await client.close()
    finally:
        process.terminate()
        await process.wait()


async def _ignore(_: Exception) -> None:
    """A hostile client's errors are its own."""


async def _tries_everything(hostile: Client) -> list[tuple[str, bytes]]:
    """All that a client with every right in its own server hears; and it says all that others might say."""
    heard: list[tuple[str, bytes]] = []

    async def note(message: Msg) -> None:
        heard.append((message.subject, message.data))

    await hostile.subscribe(">", cb=note)
    await hostile.flush()
    return heard


async def _forge_all(hostile: Client, names: dict[tuple[str, str], str]) -> None:
    for (sender, recipient), subject in names.items():
        await hostile.publish(subject, f"forged {sender} {recipient}".encode())
    await hostile.publish("$SYS.REQ.ACCOUNT.PING.CONNZ", b"", reply="answers")
    await hostile.publish("$SYS.REQ.SERVER.PING", b"", reply="answers")
    await hostile.flush()


@pytest.mark.parametrize(
    "hostile", ["USA", "JPN", "KOR"], ids=["dialled by both", "dials and dialled", "dials"]
)
def test_a_partners_server_gets_and_says_only_what_is_its_own(tmp_path: Path, hostile: str) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        names = _subjects(sites)
        bad = sites.pop(hostile)
        good = list(sites.values())
        dials = [site for site in good if site.party in THREE[hostile]]
        diallers = [site for site in good if hostile in THREE[site.party]]
        async with running(*good), _hostile(bad, dials, diallers) as client:
            heard = await _tries_everything(client)
            beats = {f"{names[site.party, hostile][:-1]}h" for site in good}
            await until(lambda: beats <= {name for name, _ in heard})
            one, other = good
            for sender, recipient in ((one, other), (other, one), (one, bad), (other, bad)):
                sender.transport.send(recipient.party, f"{sender.party} to {recipient.party}".encode())
            await _forge_all(client, names)
            for sender, recipient in ((one, other), (other, one)):
                due = {f"forged {hostile} {recipient.party}", f"{sender.party} to {recipient.party}"}
                await until(lambda recipient=recipient, due=due: due <= _payloads(recipient))  # type: ignore[misc]
                assert _payloads(recipient) == due
            due = {f"{site.party} to {hostile}" for site in good}
            await until(lambda: due <= {data.decode() for name, data in heard if name.endswith(".e")})
            theirs = [
                name for name, data in heard if b"forged" not in data and not name.startswith(("$", "ans"))
            ]
            assert {name.rpartition(".")[0] for name in theirs} == {
                names[one.party, hostile].rpartition(".")[0] for one in good
            }
            # Its own server answers what is asked of servers; of the others, none does.
            await until(lambda: any(name == "answers" for name, _ in heard))
            answers = [json.loads(data) for name, data in heard if name == "answers"]
            assert {answer["server"]["name"] for answer in answers} == {hostile}

    asyncio.run(play())


@pytest.mark.parametrize("hostile", ["USA", "KOR"], ids=["dialled", "dials"])
def test_a_message_too_long_is_refused_and_the_link_comes_back(tmp_path: Path, hostile: str) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "KOR": ("USA",)})
        names = _subjects(sites)
        bad = sites.pop(hostile)
        (good,) = sites.values()
        dials, diallers = ([good], []) if hostile == "KOR" else ([], [good])
        async with running(good), _hostile(bad, dials, diallers) as client:
            subject = names[hostile, good.party]
            heard = await _tries_everything(client)
            await until(lambda: heard)
            await client.publish(subject, b"x" * (PAYLOAD_BYTES_MAX + 1))
            said = f"`{hostile}` sends a message of {PAYLOAD_BYTES_MAX + 1} bytes: too long, refused"
            await until(lambda: said in good.refusals)
            # What the server takes may still be more than an envelope: that the transport refuses. Both are
            # sent until the link is there again.
            for _ in range(200):
                await client.publish(subject, b"x" * (ENVELOPE_BYTES_MAX + 1))
                await client.publish(subject, b"after")
                await asyncio.sleep(0.1)
                if good.got:
                    break
            assert set(good.got) == {b"after"}
            assert any("sends more than 1048576 bytes at once: not read" in text for text in good.refusals)

    asyncio.run(play())


# --- strangers ---


def _stranger(folder: Path) -> Path:
    """The folder of an identity that nobody linked with."""
    identity = LinkIdentity.generate("PRK", [], time.time_ns(), os.urandom)
    identity.write(folder / "PRK")
    return folder / "PRK"


def _shake(port: int, context: ssl.SSLContext, data: bytes = b"") -> None:
    """Show a server this identity and then send it something; raises where it closes the connection."""
    with (
        socket.create_connection((LOOPBACK, port), timeout=5) as bare,
        context.wrap_socket(bare, server_hostname=LOOPBACK) as wrapped,
    ):
        wrapped.sendall(data)
        while wrapped.recv(4_096):
            pass
        raise ConnectionResetError


def test_a_foreign_certificate_is_refused_in_one_line_and_the_server_stays(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",)})
        usa, jpn = sites.values()
        async with running(usa, jpn):
            foreign = link_context(_stranger(tmp_path))
            foreign.check_hostname, foreign.verify_mode = False, ssl.CERT_NONE
            for port in (usa.leaf_port, usa.server.client_port):
                for _ in range(3):
                    with pytest.raises((ssl.SSLError, OSError)):
                        await asyncio.to_thread(_shake, port, foreign)
            said = (
                f"a connection from `{LOOPBACK}` shows a certificate by an authority of no linked partner "
                "(`PRK link`): refused"
            )
            await until(lambda: usa.refusals)
            await _still_passes(usa, jpn)
            assert usa.refusals == [said]
            assert usa.server.restarts == 0

    asyncio.run(play())


def test_a_certificate_of_a_partner_who_does_not_dial_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",), "KOR": ()})
        relink(sites, {"USA": ("KOR",), "JPN": ("USA",), "KOR": ()})
        usa, jpn, kor = sites.values()
        async with running(usa, jpn, kor):
            context = link_context(kor.identity_folder)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with pytest.raises((ssl.SSLError, OSError)):
                await asyncio.to_thread(_shake, usa.leaf_port, context)
            await until(lambda: any("(`KOR link`): refused" in text for text in usa.refusals))

    asyncio.run(play())


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 600, b"", b"CONNECT {}\r\n"]
)
def test_bytes_of_a_stranger_are_refused_before_any_is_read(tmp_path: Path, data: bytes) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",)})
        usa, jpn = sites.values()
        async with running(usa, jpn):
            with socket.create_connection((LOOPBACK, usa.leaf_port)) as bare:
                said = b""
                # It may close the connection before all is sent.
                with contextlib.suppress(OSError):
                    bare.sendall(data)
                    bare.shutdown(socket.SHUT_WR)
                    said = await asyncio.to_thread(bare.recv, 4_096)
                assert b"INFO" not in said
            await until(lambda: usa.refusals)
            await _still_passes(usa, jpn)
            assert len(usa.refusals) == 1

    asyncio.run(play())


def test_a_partner_that_does_not_speak_the_protocol_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        usa, jpn, kor = sites.values()
        async with running(usa, jpn):
            context = link_context(kor.identity_folder)
            context.load_verify_locations(cadata=usa.card.tls_ca_pem.decode())
            data = b"garbage \x00\xff\r\n" * 50
            with pytest.raises((ssl.SSLError, OSError)):
                await asyncio.to_thread(_shake, usa.leaf_port, context, data)
            await until(lambda: any("shows no NKey" in text for text in usa.refusals))
            await _still_passes(usa, jpn)

    asyncio.run(play())


def test_an_unknown_nkey_is_refused_at_both_ends_in_one_line(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        usa, jpn, kor = sites.values()
        foreign = _stranger(tmp_path)
        (kor.identity_folder / LEAF_NKEY_FILE).write_bytes((foreign / LEAF_NKEY_FILE).read_bytes())
        shown = LinkIdentity.read(foreign).leaf_nkey
        async with running(usa, jpn):
            await kor.start()
            try:
                said = (
                    f"a connection from `{LOOPBACK}` shows an NKey of no linked partner (`{shown}`): refused"
                )
                await until(lambda: usa.refusals and len(kor.refusals) > 1)
                await _still_passes(usa, jpn)
                assert usa.refusals == [said]
                assert set(kor.refusals) == {
                    f"`{one}` refuses our NKey: ask whether it holds our newest card, and links with us"
                    for one in ("USA", "JPN")
                }
                assert not kor.transport.is_up("USA")
            finally:
                await kor.stop()

    asyncio.run(play())


def test_a_server_that_is_not_the_partners_is_not_dialled(tmp_path: Path) -> None:
    """Somebody listens where the partner should, with a certificate of its own."""

    async def play() -> None:
        usa, jpn, other = (make_site(tmp_path / name, name) for name in ("USA", "JPN", "PRK"))
        other.link([other.partner(jpn)])
        usa.leaf_port = other.leaf_port
        jpn.link([jpn.partner(usa, at(usa.leaf_port))])
        await other.start()
        try:
            await jpn.start()
            said = "`USA` shows a certificate by another authority than its card's (`PRK link`): refused"
            await until(lambda: said in jpn.refusals)
            assert not jpn.reachable
        finally:
            await jpn.stop()
            await other.stop()

    asyncio.run(play())


# --- what breaks comes back ---


def test_a_server_that_is_killed_comes_back_and_messages_pass_again(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, THREE)
        usa, jpn, kor = sites.values()
        async with running(usa, jpn, kor):
            for site in (usa, jpn):
                before = site.server.process_id
                assert before is not None
                own = len(site.reachable)
                os.kill(before, signal.SIGKILL)
                await until(lambda site=site, own=own: len(site.reachable) == own + 2)  # type: ignore[misc]
                assert site.server.process_id not in {None, before}
                assert site.server.restarts == 1
                for other in (usa, jpn, kor):
                    if other is not site:
                        await _until_passes(site, other)
            assert any("was killed by signal 9: it is started again" in text for text in usa.events)

    asyncio.run(play())


async def _until_passes(one: Site, other: Site) -> None:
    """Send as streams do, again and again, until something arrives both ways."""
    for sender, recipient in ((one, other), (other, one)):
        recipient.got.clear()
        for _ in range(100):
            sender.transport.send(recipient.party, b"again")
            await asyncio.sleep(0.1)
            if recipient.got:
                break
        assert set(recipient.got) == {b"again"}


async def _proxied(tmp_path: Path, proxy: Proxy, **changes: Any) -> tuple[Site, Site]:
    """USA and JPN, who dials through a proxy."""
    sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",)}, **changes)
    port = await proxy.start(sites["USA"].leaf_port)
    relink(sites, {"USA": (), "JPN": ("USA",)}, {("JPN", "USA"): port})
    return sites["USA"], sites["JPN"]


@pytest.mark.parametrize("kind", ["cut", "black hole"])
def test_partners_are_reachable_within_a_second_of_the_links_return(tmp_path: Path, kind: str) -> None:
    async def play() -> None:
        proxy = Proxy()
        usa, jpn = await _proxied(tmp_path, proxy)
        try:
            async with running(usa, jpn):
                took_s: list[float] = []
                # On a busy machine one return may take longer, three do not.
                while not took_s or (min(took_s) >= 1.0 and len(took_s) < 3):
                    took_s.append(await _away_and_back(usa, jpn, proxy, kind))
                assert min(took_s) < 1.0, took_s
                await _still_passes(usa, jpn)
        finally:
            await proxy.stop()

    asyncio.run(play())


async def _away_and_back(usa: Site, jpn: Site, proxy: Proxy, kind: str) -> float:
    """Seconds from a link's return until both know of it."""
    before = usa.heard("JPN"), jpn.heard("USA")
    await (proxy.cut() if kind == "cut" else _hole(proxy))
    await until(lambda: not usa.transport.is_up("JPN") and not jpn.transport.is_up("USA"))
    assert (usa.heard("JPN"), jpn.heard("USA")) == before
    assert (jpn.transport.heard_s("USA") or 0.0) > 1.5
    await proxy.mend()
    mended_s = asyncio.get_running_loop().time()
    await until(lambda: usa.heard("JPN") > before[0] and jpn.heard("USA") > before[1])
    return max(site.reachable[-1][1] for site in (usa, jpn)) - mended_s


async def _hole(proxy: Proxy) -> None:
    proxy.black_hole()


def test_nothing_is_sent_to_strangers_and_nothing_too_long(tmp_path: Path) -> None:
    async def play() -> None:
        sites = make_sites(tmp_path, {"USA": (), "JPN": ("USA",)})
        usa, jpn = sites.values()
        async with running(usa, jpn):
            for recipient in ("KOR", "USA", "", "JPN.e", ">"):
                with pytest.raises(LinkError, match="has no link with"):
                    usa.transport.send(recipient, b"x")
            with pytest.raises(LinkError, match="over the limit of 1048576"):
                usa.transport.send("JPN", b"x" * (ENVELOPE_BYTES_MAX + 1))
            await _still_passes(usa, jpn)
            _quiet(usa, jpn)
            assert usa.transport.heard_s("KOR") is None
            assert not usa.transport.is_up("KOR")

    asyncio.run(play())


def test_a_server_without_links_runs(tmp_path: Path) -> None:
    async def play() -> None:
        site = make_site(tmp_path, "USA")
        site.link([])
        async with running(site):
            while_running = (site.transport.is_connected, site.server.process_id is not None)
        after = (site.transport.is_connected, site.server.process_id is not None)
        assert (while_running, after) == ((True, True), (False, False))

    asyncio.run(play())
