"""Parties with NATS servers of their own on loopback, linked as a test says."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nats.aio.client import Client
from tests.tcp_proxy import free_ports

from trilat.link import (
    Address,
    Card,
    LinkedHub,
    LinkedPartner,
    LinkIdentity,
    NatsServer,
    NatsTransport,
    NodeKeys,
    ServerSettings,
    direct_way,
)
from trilat.link.connecting import link_context

LOOPBACK = "127.0.0.1"
WAIT_S_MAX = 20.0
_PORTS = free_ports()


async def until(condition: Callable[[], object], wait_s: float = WAIT_S_MAX) -> None:
    """Return when a condition holds; AssertionError when it does not in good time."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + wait_s
    while not condition():
        assert loop.time() < end_s, "it did not happen in time"
        await asyncio.sleep(0.01)


def free_leaf_port() -> int:
    """A port on loopback that no other site has."""
    return next(_PORTS)


@dataclass
class Site:
    """A party's identity, server and transport, and all that was said and heard there."""

    party: str
    folder: Path
    keys: NodeKeys
    identity: LinkIdentity
    leaf_port: int = field(default_factory=lambda: next(_PORTS))
    settings: ServerSettings | None = None
    refusals: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    reachable: list[tuple[str, float]] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)

    @property
    def card(self) -> Card:
        return self.identity.card(self.keys.pin)

    @property
    def identity_folder(self) -> Path:
        return self.folder / "keys"

    def link(self, partners: Sequence[LinkedPartner], hubs: Sequence[LinkedHub] = ()) -> None:
        """Say with whom it is linked, and make its server and transport."""
        listens = any(partner.dial is None for partner in partners)
        self.settings = ServerSettings(
            party=self.party,
            app_nkey=self.identity.app_nkey,
            identity_folder=self.identity_folder,
            folder=self.folder / "run",
            partners=tuple(partners),
            hubs=tuple(hubs),
            leaf_listen=Address(host=LOOPBACK, port=self.leaf_port) if listens else None,
        )
        self.server = NatsServer(self.settings, on_refusal=self.refusals.append, on_event=self.events.append)
        self.transport = NatsTransport(
            self.identity,
            self.identity_folder,
            {
                party: [
                    *(way for hub in hubs for way in hub.ways if way.partner == party),
                    *(partner.way for partner in partners if partner.card.party == party),
                ]
                for party in (
                    *(partner.card.party for partner in partners),
                    *(way.partner for hub in hubs for way in hub.ways),
                )
            },
            on_refusal=self.refusals.append,
            on_event=self.events.append,
            wall_ns=time.time_ns,
            on_reachable=lambda peer: self.reachable.append((peer, asyncio.get_running_loop().time())),
        )
        self.transport.listen(self.got.append)

    async def start(self) -> None:
        await self.server.start()
        await self.transport.start(self.server.client_port)

    async def stop(self) -> None:
        await self.transport.stop()
        await self.server.stop()

    def heard(self, peer: str) -> int:
        """How often a partner became reachable."""
        return sum(one == peer for one, _ in self.reachable)

    def hears_all(self, parties: Collection[str]) -> bool:
        """Whether it hears all that it is linked with among these parties."""
        assert self.settings is not None, "it is linked"
        linked = {way.partner for way in self.settings.ways}
        return all(self.transport.is_up(party) for party in linked.intersection(parties))

    def partner(self, other: "Site", dial: Address | None = None) -> LinkedPartner:
        """Another site as this one links with it directly."""
        return LinkedPartner(card=other.card, way=direct_way(self.identity, other.card), dial=dial)

    def subjects(self, others: Collection["Site"], kind: str = "e") -> dict[tuple[str, str], str]:
        """The subjects of a kind between this site and others, both ways, by sender and recipient."""
        ways = {other.party: direct_way(self.identity, other.card) for other in others}
        out = {(self.party, party): f"x.{way.out}.{kind}" for party, way in ways.items()}
        return out | {(party, self.party): f"x.{way.back}.{kind}" for party, way in ways.items()}

    async def client(self, errors: list[str], seed: str = "", identity_folder: Path | None = None) -> Client:
        """A bare client of this site's server, beside the node's."""

        async def note(error: Exception) -> None:
            errors.append(str(error))

        client = Client()
        await client.connect(
            f"tls://{LOOPBACK}:{self.server.client_port}",
            tls=link_context(identity_folder or self.identity_folder),
            tls_handshake_first=True,
            nkeys_seed_str=seed or self.identity.app_seed,
            error_cb=note,
            allow_reconnect=False,
        )
        return client


def make_site(folder: Path, party: str, keys: NodeKeys | None = None) -> Site:
    """A site with a new identity in a folder of its own, which is linked with nobody yet."""
    identity = LinkIdentity.generate(party, [], time.time_ns(), os.urandom)
    site = Site(party, folder / party, keys or NodeKeys.generate(party, os.urandom), identity)
    identity.write(site.identity_folder)
    return site


def at(port: int) -> Address:
    """A port on loopback."""
    return Address(host=LOOPBACK, port=port)


def make_sites(
    folder: Path,
    dials: Mapping[str, Sequence[str]],
    ports: Mapping[tuple[str, str], int] | None = None,
    keys: Mapping[str, NodeKeys] | None = None,
) -> dict[str, Site]:
    """Linked sites: whom each party dials, and other ports for single links, such as a proxy's."""
    sites = {party: make_site(folder, party, keys[party] if keys else None) for party in dials}
    relink(sites, dials, ports)
    return sites


def relink(
    sites: Mapping[str, Site],
    dials: Mapping[str, Sequence[str]],
    ports: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """Link sites as `make_sites` does."""
    for party, site in sites.items():
        partners = [
            site.partner(sites[other], at((ports or {}).get((party, other), sites[other].leaf_port)))
            for other in dials[party]
        ]
        partners += [site.partner(sites[other]) for other in dials if party in dials[other]]
        site.link(partners)


@asynccontextmanager
async def running(*sites: Site) -> AsyncIterator[None]:
    """Sites that run, and have heard each other where they are linked; stopped in the end."""
    try:
        for site in sites:
            await site.start()
        parties = {site.party for site in sites}
        await until(lambda: all(site.hears_all(parties) for site in sites))
        yield
    finally:
        for site in sites:
            await site.stop()
