"""Folders of three nodes that know each other, with nothing accepted."""

import os
from pathlib import Path

import msgspec
from tests.small_federation import START_NS

from trilat.link import card_to_json
from trilat.model import Status
from trilat.node import ClockSettings, NodeFolder, NodeSettings, Peer, read_folder
from trilat.node.folder_making import make_folder
from trilat.study import agreement_files


class Nowhere:
    """A transport over which nothing goes."""

    def send(self, recipient: str, payload: bytes, lane: object = None) -> None: ...

    def listen(self, receive: object) -> None: ...


def node_folders(path: Path, **changes: object) -> dict[str, NodeFolder]:
    """KOR, USA and JPN, each with the others' cards, and no link between any; `changes` are of every peer's
    settings.
    """
    parties = ("KOR", "USA", "JPN")
    cards = {}
    for party in parties:
        others = [Peer(code=code, link=False) for code in parties if code != party]
        peers = tuple(msgspec.structs.replace(peer, **changes) for peer in others)
        settings = NodeSettings(
            party=party,
            status=Status.SIMULATED,
            purpose="missile-warning",
            releasable_to=tuple(peer.code for peer in peers),
            peer=peers,
            clock=ClockSettings(kind="paced", start="2009-04-05T02:30:15Z"),
        )
        cards[party] = make_folder(
            path / party,
            settings,
            agreement_files("separate-2009"),
            hosts=["localhost"],
            now_ns=START_NS,
            entropy=os.urandom,
        )
    for party in parties:
        for other in parties:
            if other != party:
                (path / party / "peers" / f"{other}.json").write_text(card_to_json(cards[other]))
    return {party: read_folder(path / party) for party in parties}
