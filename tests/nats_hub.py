"""A hub on loopback, and sites that reach each other through it."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nats.aio.client import Client
from tests.nats_sites import LOOPBACK, Site, at, free_leaf_port

from trilat.link import (
    Admitted,
    HubCard,
    HubControl,
    HubSettings,
    LinkedHub,
    LinkIdentity,
    NatsServer,
    hub_way,
    lost,
)
from trilat.link.connecting import link_context
from trilat.link.identity import CERTIFICATE_FILE, KEY_FILE, LEAF_NKEY_FILE
from trilat.link.subjects import hub_word

SERVER = Path(sys.executable).parent / "nats-server"


@dataclass
class HubSite:
    """A hub's identity, server, and all that was said there."""

    folder: Path
    identity: LinkIdentity
    asks: dict[str, Sequence[str]]
    sites: Mapping[str, Site]
    port: int = field(default_factory=free_leaf_port)
    refusals: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    @property
    def card(self) -> HubCard:
        return HubCard(name=self.identity.party, tls_ca=self.identity.authority)

    def settings(self) -> HubSettings:
        """What its server is told of the parties that it has admitted now."""
        return HubSettings(
            card=self.card,
            app_nkey=self.identity.app_nkey,
            identity_folder=self.folder / "keys",
            folder=self.folder / "run",
            leaf_listen=at(self.port),
            admitted=tuple(
                Admitted(card=self.sites[party].card, asks_for=tuple(asks))
                for party, asks in self.asks.items()
            ),
        )

    def make_server(self) -> None:
        self.told = self.settings()
        self.server = NatsServer(self.told, on_refusal=self.refusals.append, on_event=self.events.append)

    async def reload(self) -> None:
        """Take what was admitted and removed, and cut whoever lost something."""
        before, self.told = self.told, self.settings()
        await self.server.reload(self.told)
        await self._control().cut(lost(before, self.told))

    async def connected(self) -> set[str]:
        """The parties whose servers are connected to it."""
        return {connected.party for connected in await self._control().connected()}

    def _control(self) -> HubControl:
        return HubControl(self.settings(), self.identity.app_seed, self.server.client_port)

    def word(self, sender: Site, recipient: Site) -> str:
        """The word of what one site sends to another through this hub."""
        return hub_word(self.card, sender.identity.leaf_nkey, recipient.identity.leaf_nkey)

    def link(self, site: Site, others: Sequence[Site], dial: int = 0) -> LinkedHub:
        """The hub as one site links with it, to reach others."""
        return LinkedHub(
            card=self.card,
            dial=at(dial or self.port),
            ways=tuple(
                hub_way(self.card, site.identity.leaf_nkey, other.party, other.identity.leaf_nkey)
                for other in others
            ),
        )


def make_hub(folder: Path, sites: Mapping[str, Site], asks: Mapping[str, Sequence[str]]) -> HubSite:
    """A hub that has admitted sites, which are linked through it as they ask."""
    identity = LinkIdentity.generate("NORTH", [LOOPBACK], time.time_ns(), os.urandom)
    hub = HubSite(folder / "hub", identity, dict(asks), sites)
    identity.write(hub.folder / "keys")
    for party, wanted in asks.items():
        sites[party].link([], [hub.link(sites[party], [sites[other] for other in wanted])])
    hub.make_server()
    return hub


@asynccontextmanager
async def hostile_leaf(hub: HubSite, site: Site) -> AsyncIterator[Client]:
    """The server of a site that is admitted, but with one account and no limits, and a client in it."""
    run, keys, port = site.folder / "run", site.identity_folder, free_leaf_port()
    run.mkdir(exist_ok=True)
    (run / "hub.pem").write_bytes(hub.card.tls_ca_pem)
    (run / "own.pem").write_bytes(site.card.tls_ca_pem)
    shown = f'cert_file: "{keys / CERTIFICATE_FILE}", key_file: "{keys / KEY_FILE}", handshake_first: true'
    (run / "hostile.conf").write_text(
        f"""server_name: hostile, listen: "{LOOPBACK}:{port}", max_payload: 8000000
        tls {{ {shown}, verify: true, ca_file: "{run / "own.pem"}" }}
        accounts {{ X {{ users: [ {{ nkey: {site.identity.app_nkey} }} ] }} }}
        leafnodes {{ compression: off, reconnect: "250ms", remotes: [
            {{ url: "tls://{LOOPBACK}:{hub.port}", account: X, include "../keys/{LEAF_NKEY_FILE}"
               tls {{ {shown}, ca_file: "{run / "hub.pem"}" }} }} ] }}"""
    )
    process = await asyncio.create_subprocess_exec(
        SERVER, "-c", run / "hostile.conf", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    client = Client()
    try:
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
