"""`Site`: one party's node of a round, as its staff would keep it: a folder, a process, a log, requests."""

import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import httpx
from chaos.child import Child
from chaos.layout import PARTIES, Layout
from chaos.wires import Wires

from trilat.model import Status
from trilat.node import ClockSettings, LinkSettings, NodeSettings, Peer, SystemClock, make_folder
from trilat.node.settings import AccessSettings, HubDial
from trilat.policy import internal_agreement
from trilat.study import agreement_files, preset

REGIME: Final = "multilateral"
"""Everybody shares events with everybody, so what must arrive where is known without asking policy."""

REQUEST_S_MAX: Final = 4.0
_SINCE: Final = "2000-01-01T00:00:00Z"


class Site(Child):
    """One node. Requests may be made from any thread."""

    def __init__(self, party: str, folder: Path, wires: Wires, mark: str, log: Path) -> None:
        """As of `Child`; the folder is to be made."""
        super().__init__(party, folder, wires, mark, log)
        self.party = party

    def token(self, role: str) -> str:
        """The token of a role."""
        return (self.folder / "keys" / f"{role}.token").read_text(encoding="ascii").strip()

    def words(self) -> tuple[str, ...]:
        """As of `Child`."""
        return ("node", "run", str(self.folder))

    def said_up(self) -> Path:
        """As of `Child`."""
        return self.folder / "run" / "address.json"

    def is_up(self) -> bool:
        """Whether the node answers that it is well."""
        answer = self.ask("staff", "GET", "/health")
        return answer is not None and answer.is_success

    def address(self) -> str | None:
        """Where the node's HTTP interface is, as it says; None while it does not."""
        try:
            said = json.loads(self.said_up().read_bytes())
        except (OSError, ValueError):
            return None
        return str(said["web"])

    def ask(self, role: str, method: str, path: str) -> httpx.Response | None:
        """The answer to a request; None where there is none."""
        address = self.address()
        if address is None:
            return None
        headers = {"authorization": f"Bearer {self.token(role)}"}

        def asked() -> httpx.Response | None:
            try:
                return httpx.request(
                    method, f"{address}{path}", headers=headers, timeout=REQUEST_S_MAX, trust_env=False
                )
            except httpx.HTTPError:
                return None

        return self.wires.run(self.party, asked)

    def state(self) -> dict[str, Any] | None:
        """What the node says of itself; None where it does not."""
        answer = self.ask("staff", "GET", "/status")
        if answer is None or not answer.is_success:
            return None
        state: dict[str, Any] = answer.json()
        return state


def make_sites(
    root: Path, layout: Layout, wires: Wires, mark: str, *, log_inside: Collection[str] = ()
) -> dict[str, Site]:
    """The sites of a round, made and not started; a folder that is there, such as a disk, must be empty.

    Args:
        root: where their folders and logs are.
        layout: who dials whom.
        wires: what joins them.
        mark: see `MARK`.
        log_inside: parties whose node's log lies in its folder, on the same disk.
    """
    shift_ns = preset(REGIME).regime.as_of_ns - SystemClock().now_ns()
    sites = {}
    for party in PARTIES:
        folder = root / party
        log = folder / "node.log" if party in log_inside else root / f"{party}.log"
        site = Site(party, folder, wires, mark, log)
        purpose = preset(REGIME).regime.purpose
        make_folder(
            site.folder,
            _settings(party, layout, wires, shift_ns),
            {**agreement_files(REGIME), f"internal-{party}.toml": internal_agreement(party, purpose, _SINCE)},
            hosts=(wires.host(party),),
            now_ns=SystemClock().now_ns(),
            entropy=os.urandom,
        )
        sites[party] = site
    for site in sites.values():
        for other in PARTIES:
            if other != site.party:
                shutil.copy(sites[other].folder / "card.json", site.folder / "peers" / f"{other}.json")
    return sites


def _settings(party: str, layout: Layout, wires: Wires, shift_ns: int) -> NodeSettings:
    others = [other for other in PARTIES if other != party]
    hubs = (HubDial(name=layout.hub, dial=wires.dialled(party, layout.hub)),) if layout.hub else ()
    return NodeSettings(
        party=party,
        status=Status.EXERCISE,
        purpose=preset(REGIME).regime.purpose,
        releasable_to=tuple(others),
        peer=tuple(_peer(party, other, layout, wires) for other in others),
        hub=hubs,
        link=LinkSettings(
            leaf_listen=f"{wires.host(party)}:{wires.port(party)}", allow_remote=wires.is_own_network
        ),
        clock=ClockSettings(decision_shift_ns=shift_ns),
        access=AccessSettings(requests_per_s=10_000.0),
    )


def _peer(party: str, other: str, layout: Layout, wires: Wires) -> Peer:
    if layout.hub:
        return Peer(code=other, link=False, through=layout.hub)
    return Peer(code=other, dial=wires.dialled(party, other) if (party, other) in layout.links else "")
