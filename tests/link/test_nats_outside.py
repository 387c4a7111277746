"""Links over NATS servers that somebody else runs: a cluster of two, and two clusters joined by gateways."""

import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import nkeys
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.nats_sites import LOOPBACK, Site, free_leaf_port, make_site, until

from trilat.link import LinkIdentity, NatsTransport, OutsideNats
from trilat.link.identity import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE
from trilat.link.nkey import nkey_public, nkey_seed
from trilat.model import Lane, LinkError

SERVER = Path(sys.executable).parent / "nats-server"


@dataclass
class Outside:
    """Servers that know two users, who may publish and hear what the two parties say to each other."""

    folder: Path
    identity: LinkIdentity
    sites: tuple[Site, Site]
    seeds: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def users(self) -> str:
        """The users of a configuration: each may only what its words are for."""
        lines = []
        for site, other in (self.sites, self.sites[::-1]):
            key = Ed25519PrivateKey.generate()
            self.seeds[site.party] = nkey_seed(key)
            way = site.partner(other).way
            lines.append(
                f'{{ nkey: {nkey_public(key)}, permissions: {{ publish: ["x.{way.out}.>"],'
                f' subscribe: ["x.{way.back}.>"] }} }}'
            )
        return f"authorization {{ users: [ {', '.join(lines)} ] }}"

    async def start(self, name: str, more: str, users: str) -> None:
        self.ports.setdefault(name, free_leaf_port())
        keys = self.folder / "keys"
        path = self.folder / f"{name}.conf"
        path.write_text(
            f"""server_name: {name}, listen: "{LOOPBACK}:{self.ports[name]}", max_payload: 2MB
            tls {{ cert_file: "{keys / CERTIFICATE_FILE}", key_file: "{keys / KEY_FILE}" }}
            {users}
            {more}"""
        )
        self.processes[name] = await asyncio.create_subprocess_exec(
            SERVER, "-c", path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    async def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        await process.wait()

    def transport(self, site: Site, other: Site, servers: Sequence[str], **changes: Any) -> NatsTransport:
        """A party's transport over some of these servers; the rest it is told of."""
        fields: dict[str, Any] = {
            "urls": tuple(f"tls://{LOOPBACK}:{self.ports[name]}" for name in servers),
            "ca_file": self.folder / "keys" / AUTHORITY_FILE,
            "seed": self.seeds.get(site.party, ""),
            **changes,
        }
        transport = NatsTransport(
            site.identity,
            site.identity_folder,
            {other.party: [site.partner(other).way]},
            on_refusal=site.refusals.append,
            on_event=site.events.append,
            outside=OutsideNats(**fields),
        )
        transport.listen(site.got.append)
        return transport


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    identity = LinkIdentity.generate("CLOUD", [LOOPBACK], time.time_ns(), os.urandom)
    identity.write(folder / "keys")
    made = Outside(folder, identity, (make_site(folder, "USA"), make_site(folder, "KOR")))
    try:
        yield made
    finally:
        for name in list(made.processes):
            await made.kill(name)


@asynccontextmanager
async def connected(
    found: Outside, servers: Mapping[str, Sequence[str]]
) -> AsyncIterator[tuple[NatsTransport, NatsTransport]]:
    """Both parties' transports over the servers that each is told of; they have heard each other."""
    usa, kor = found.sites
    transports = (
        found.transport(usa, kor, servers["USA"]),
        found.transport(kor, usa, servers["KOR"]),
    )
    for transport in transports:
        await _started(transport)
    try:
        await until(lambda: transports[0].is_up("KOR") and transports[1].is_up("USA"))
        yield transports
    finally:
        for transport in transports:
            await transport.stop()


async def _started(transport: NatsTransport) -> None:
    """Start it when its server is up."""
    for _ in range(100):
        try:
            await transport.start()
        except LinkError:
            await asyncio.sleep(0.1)
        else:
            return
    pytest.fail("the outside NATS did not take the connection")


def _cluster(own: str, other: str, ports: Mapping[str, int]) -> str:
    return f"""cluster {{ name: C, listen: "{LOOPBACK}:{ports[own]}",
        routes: ["nats://{LOOPBACK}:{ports[other]}"] }}"""


def _gateway(name: str, ports: Mapping[str, int]) -> str:
    others = ", ".join(f'{{ name: {one}, url: "nats://{LOOPBACK}:{port}" }}' for one, port in ports.items())
    return f"""gateway {{ name: {name}, listen: "{LOOPBACK}:{ports[name]}", gateways: [ {others} ] }}"""


async def _both_ways(found: Outside, transports: tuple[NatsTransport, NatsTransport], text: bytes) -> None:
    usa, kor = found.sites
    await until(lambda: transports[0].is_up("KOR") and transports[1].is_up("USA"))
    transports[0].send("KOR", text)
    transports[1].send("USA", text, Lane.BULK)
    await until(lambda: text in kor.got and text in usa.got)


def test_messages_go_on_when_one_server_of_a_cluster_is_killed(tmp_path: Path) -> None:
    async def play() -> None:
        async with outside(tmp_path) as found:
            users, routes = found.users(), {name: free_leaf_port() for name in ("one", "two")}
            await found.start("one", _cluster("one", "two", routes), users)
            await found.start("two", _cluster("two", "one", routes), users)
            # Each is told of one server only, and learns of the other by itself.
            async with connected(found, {"USA": ["one"], "KOR": ["two"]}) as transports:
                await _both_ways(found, transports, b"through both servers")
                await found.kill("one")
                await until(lambda: not transports[0].is_connected or transports[0].is_up("KOR"))
                await asyncio.sleep(1.6)
                await _both_ways(found, transports, b"through the one that is left")
                await found.start("one", _cluster("one", "two", routes), users)
                await found.kill("two")
                await asyncio.sleep(1.6)
                await _both_ways(found, transports, b"through the one that came back")
                assert found.sites[0].refusals == found.sites[1].refusals == []

    asyncio.run(play())


def test_messages_pass_between_two_clusters_and_go_on_after_one_of_them_restarts(tmp_path: Path) -> None:
    async def play() -> None:
        async with outside(tmp_path) as found:
            users, ports = found.users(), {name: free_leaf_port() for name in ("WEST", "EAST")}
            for name in ports:
                await found.start(name, _gateway(name, ports), users)
            async with connected(found, {"USA": ["WEST"], "KOR": ["EAST"]}) as transports:
                await _both_ways(found, transports, b"between the clusters")
                await found.kill("EAST")
                await until(lambda: not transports[0].is_up("KOR"))
                await found.start("EAST", _gateway("EAST", ports), users)
                await _both_ways(found, transports, b"after the restart")

    asyncio.run(play())


def test_an_outside_nats_that_is_another_one_or_does_not_know_us_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with outside(tmp_path) as found:
            users = found.users()
            usa, kor = found.sites
            await found.start("one", "", users)
            good = found.transport(usa, kor, ["one"])
            await _started(good)
            await good.stop()
            stranger = nkey_seed(Ed25519PrivateKey.generate())
            for changes, said in (
                ({"ca_file": usa.identity_folder / AUTHORITY_FILE}, "certificate verify failed"),
                ({"seed": stranger}, "uthorization"),
            ):
                with pytest.raises(LinkError, match=said):
                    await found.transport(usa, kor, ["one"], **changes).start()

    asyncio.run(play())


def test_a_user_of_the_outside_nats_cannot_hear_what_two_others_say(tmp_path: Path) -> None:
    """Where its operator gives each user its words alone, as `trilat node subjects` tells them."""

    async def play() -> None:
        async with outside(tmp_path) as found:
            users = found.users()
            third = make_site(tmp_path, "JPN")
            key = Ed25519PrivateKey.generate()
            found.seeds["JPN"] = nkey_seed(key)
            more = f", {{ nkey: {nkey_public(key)}, permissions: {{ publish: [], subscribe: [] }} }} ] }}"
            await found.start("one", "", users.removesuffix("] }") + more.replace("[]", '["x.jpn.>"]'))
            async with connected(found, {"USA": ["one"], "KOR": ["one"]}) as transports:
                usa, kor = found.sites
                # With the very words that the two use, which it cannot compute either.
                spy = NatsTransport(
                    third.identity,
                    third.identity_folder,
                    {"USA": [kor.partner(usa).way], "KOR": [usa.partner(kor).way]},
                    on_refusal=third.refusals.append,
                    on_event=third.events.append,
                    outside=found.transport(third, usa, ["one"])._outside,
                )
                spy.listen(third.got.append)
                await _started(spy)
                spy.send("USA", b"forged")
                await _both_ways(found, transports, b"between the two")
                await until(lambda: any("ermissions" in text for text in third.events))
                await spy.stop()
                assert third.got == []
                assert b"forged" not in usa.got

    asyncio.run(play())


# --- credentials ---


def _pair(prefix: int) -> tuple[nkeys.KeyPair, str]:
    seed = nkeys.encode_seed(secrets.token_bytes(32), prefix)
    pair = nkeys.from_seed(bytearray(seed))
    return pair, pair.public_key.decode()


def _jwt(issuer: tuple[nkeys.KeyPair, str], subject: str, name: str, nats: dict[str, Any]) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    claims: dict[str, Any] = {"iat": int(time.time()), "iss": issuer[1], "sub": subject, "name": name}
    claims["jti"] = base64.b32encode(sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
    claims["nats"] = {"version": 2, **nats}
    head = part(b'{"typ":"JWT","alg":"ed25519-nkey"}') + "." + part(json.dumps(claims).encode())
    return f"{head}.{part(issuer[0].sign(head.encode()))}"


def test_credentials_in_a_file_are_taken_too(tmp_path: Path) -> None:
    async def play() -> None:
        async with outside(tmp_path) as found:
            operator, account = _pair(nkeys.PREFIX_BYTE_OPERATOR), _pair(nkeys.PREFIX_BYTE_ACCOUNT)
            any_number = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1,
                          "leaf": -1, "wildcards": True}  # fmt: skip
            config = f"""operator: {_jwt(operator, operator[1], "o", {"type": "operator"})}
                resolver: MEMORY
                resolver_preload: {{ {account[1]}: {
                _jwt(operator, account[1], "a", {"type": "account", "limits": any_number})
            } }}"""
            await found.start("one", config, "")
            usa, kor = found.sites
            transports = []
            for site, other in ((usa, kor), (kor, usa)):
                key = Ed25519PrivateKey.generate()
                user = _jwt(
                    account, nkey_public(key), site.party,
                    {"type": "user", "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1},
                )  # fmt: skip
                creds = site.folder / "nats.creds"
                creds.write_text(
                    f"-----BEGIN NATS USER JWT-----\n{user}\n------END NATS USER JWT------\n\n"
                    f"-----BEGIN USER NKEY SEED-----\n{nkey_seed(key)}\n------END USER NKEY SEED------\n"
                )
                transports.append(found.transport(site, other, ["one"], seed="", creds_file=creds))
                await _started(transports[-1])
            await _both_ways(found, (transports[0], transports[1]), b"with credentials")
            for transport in transports:
                await transport.stop()

    asyncio.run(play())
