"""Three real nodes over their own servers: signed, started, told of a removal, and what each knows then."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import trilat
from tests.processes.test_node_command import Running, until
from tests.three_nodes import RING

from trilat.cli.fleet import free_port

PARTIES = ("USA", "JPN", "KOR")


def typed(*arguments: str | Path) -> Any:
    ended = trilat(*arguments)
    assert ended.code == 0, ended.err
    return ended


def known(folder: Path) -> dict[str, Any]:
    rows = typed("agreement", "known", "--node", folder, "--json").value
    found: dict[str, Any] = {row["agreement"]: row for row in rows}["ring"]
    return found


def has_version(folder: Path, version: int) -> bool:
    return bool(known(folder)["version"] == version)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "ring.toml").write_text(RING, encoding="utf-8")
    ports = {party: free_port() for party in PARTIES}
    paths = {party: tmp_path / party for party in PARTIES}
    for place, party in enumerate(PARTIES):
        peers: list[str] = []
        for other in PARTIES:
            if other != party:
                dials = PARTIES.index(other) < place
                peers += ["--peer", f"{other}=127.0.0.1:{ports[other]}" if dials else other]
        common = ("--party", party, "--agreements", tmp_path / "pacts", "--purpose", "warning")
        typed("node", "init", paths[party], *common, *peers, "--leaf", f"127.0.0.1:{ports[party]}")
    for party in PARTIES:
        key = paths[party] / "keys" / "node.keys"
        typed("agreement", "sign", tmp_path / "pacts" / "ring.toml", "--party", party, "--key", key)
    signed = (tmp_path / "pacts" / "ring.toml").read_bytes()
    for party in PARTIES:
        (paths[party] / "agreements" / "ring.toml").write_bytes(signed)
        for other in PARTIES:
            if other != party:
                card = (paths[other] / "card.json").read_bytes()
                (paths[party] / "peers" / f"{other}.json").write_bytes(card)
    return paths


def test_a_removal_is_known_at_every_node_and_after_a_restart(folders: dict[str, Path]) -> None:
    nodes = {party: Running(folder) for party, folder in folders.items()}
    try:
        until("hearing", lambda: set(known(folders["JPN"])["confirmed_s"]) == {"KOR", "USA"})
        assert known(folders["JPN"])["signed_by"] == ["JPN", "KOR", "USA"]
        refused = trilat("agreement", "remove", "ring", "--party", "KOR", "--node", folders["JPN"])
        assert refused.code == 2
        assert "`ring` version 2 is not signed by USA" in refused.err
        typed("agreement", "remove", "ring", "--party", "KOR", "--node", folders["USA"])
        for party in PARTIES:
            until(f"version 2 at {party}", partial(has_version, folders[party], 2))
        assert nodes["JPN"].end() == 0
        nodes["JPN"] = Running(folders["JPN"])
        row = known(folders["JPN"])
        assert (row["version"], row["parties"], row["signed_by"]) == (2, ["JPN", "USA"], ["USA"])
        until("hearing again", lambda: "USA" in known(folders["JPN"])["confirmed_s"])
    finally:
        for node in nodes.values():
            node.end()
