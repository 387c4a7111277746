"""`Relay`: the hub of a round, as its operator would keep it."""

import os
from collections.abc import Mapping
from pathlib import Path

from chaos.child import Child
from chaos.layout import Layout
from chaos.sites import Site
from chaos.wires import Wires

from trilat.link import HubToml, card_from_json, make_hub_folder, read_hub_folder
from trilat.node import SystemClock


class Relay(Child):
    """A hub: it has no ledger, so that all that is asked of it is to come back."""

    def words(self) -> tuple[str, ...]:
        """As of `Child`."""
        return ("hub", "run", str(self.folder))

    def said_up(self) -> Path:
        """As of `Child`."""
        return self.folder / "run" / "hub.json"

    def is_up(self) -> bool:
        """Whether it has said where it listens."""
        return self.said_up().is_file()


def make_relay(root: Path, layout: Layout, wires: Wires, mark: str) -> Relay:
    """The hub of a round, made and not started; it has admitted nobody."""
    relay = Relay(layout.hub, root / layout.hub, wires, mark, root / f"{layout.hub}.log")
    host = wires.host(layout.hub)
    make_hub_folder(
        relay.folder,
        HubToml(name=layout.hub, listen_host=host, listen_port=wires.port(layout.hub)),
        hosts=(host,),
        now_ns=SystemClock().now_ns(),
        entropy=os.urandom,
    )
    return relay


def admit(relay: Relay, sites: Mapping[str, Site]) -> None:
    """Let all parties in, each with all others, and give each the hub's card."""
    for party, site in sites.items():
        card = card_from_json((site.folder / "card.json").read_bytes())
        read_hub_folder(relay.folder).admit(card, tuple(other for other in sites if other != party))
        (site.folder / "hubs" / f"{relay.name}.json").write_bytes((relay.folder / "card.json").read_bytes())
