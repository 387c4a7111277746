"""`trilat hub` as its operator types it, between nodes that run: what arrives, who is cut, how it returns."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.cli.commands import trilat
from tests.processes.test_node_command import Running, event, one_line, until

from trilat.cli.fleet import free_port
from trilat.link import card_from_json, hub_card_from_json

PARTIES: Final = ("USA", "JPN", "KOR")
END_S_MAX: Final = 10.0


def typed(*arguments: str | Path, code: int = 0) -> str:
    ended = trilat(*arguments)
    assert ended.code == code, ended.err
    return one_line(ended.err) if code else " ".join(ended.out.split())


class Hub:
    """A hub's folder, and its process while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        self.log = (self.folder / "out.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trilat", "hub", "run", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        until("the hub's start", (self.folder / "run" / "hub.json").is_file)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(END_S_MAX)
            self.log.close()
            self.process = None

    def said(self) -> str:
        return (self.folder / "out.log").read_text(encoding="utf-8")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(trilat("hub", "status", self.folder, "--json").out)
        return found

    def connected(self) -> set[str]:
        return {code for code, party in self.status()["parties"].items() if party["connected"]}

    def admit(self, folder: Path, *asks_for: str, code: int = 0, fingerprint: str = "") -> str:
        card = folder / "card.json"
        aloud = fingerprint or card_from_json(card.read_bytes()).fingerprint
        asks = [part for party in asks_for for part in ("--with", party)]
        return typed("hub", "admit", self.folder, card, "--fingerprint", aloud, *asks, code=code)


def put_cards(root: Path) -> None:
    """What people do with cards when they have compared them."""
    for one in PARTIES:
        for other in PARTIES:
            if one != other:
                (root / one / "peers" / f"{other}.json").write_bytes(
                    (root / other / "card.json").read_bytes()
                )
        shutil.copy(root / "hub" / "card.json", root / one / "hubs" / "NORTH.json")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that runs, and the folders of three nodes that are linked through it and have been admitted."""
    port = free_port()
    said = typed("hub", "init", tmp_path / "hub", "--name", "NORTH", "--listen", f"127.0.0.1:{port}")
    card = hub_card_from_json((tmp_path / "hub" / "card.json").read_bytes())
    assert card.fingerprint in said
    common = ("--agreements", "separate-2009", "--status", "exercise", "--hub", f"NORTH=127.0.0.1:{port}")
    for party in PARTIES:
        peers = [part for other in PARTIES if other != party for part in ("--peer", f"{other}@NORTH")]
        typed("node", "init", tmp_path / party, "--party", party, *peers, *common)
    put_cards(tmp_path)
    made = Hub(tmp_path / "hub")
    for party in PARTIES:
        made.admit(tmp_path / party, *(other for other in PARTIES if other != party))
    made.begin()
    yield made
    made.end()


@pytest.fixture
def nodes(hub: Hub) -> Iterator[dict[str, Running]]:
    running = {party: Running(hub.folder.parent / party) for party in PARTIES}
    until("the links", lambda: all(up(node) == set(PARTIES) - {party} for party, node in running.items()))
    yield running
    for node in running.values():
        node.end()


def up(node: Running) -> set[str]:
    return {party for party, link in node.state()["links"].items() if link["up"]}


def tell(node: Running, name: str) -> None:
    key = {"idempotency-key": name}
    assert node.ask(
        "intake", "POST", "/intake", json={"reports": [event(node, name)]}, headers=key
    ).is_success


def received(node: Running, sender: str) -> int:
    return int(node.state()["links"][sender]["received"])


def all_there(nodes: dict[str, Running], least: int) -> bool:
    """Whether USA has all that KOR has released to it, each once, and KOR has the receipts."""
    kor = nodes["KOR"].state()["links"]["USA"]
    return bool(kor["sent"] == kor["acknowledged"] == received(nodes["USA"], "KOR") and kor["sent"] >= least)


def test_what_one_party_tells_reaches_its_partner_and_not_a_third_that_is_at_the_same_hub(
    hub: Hub, nodes: dict[str, Running]
) -> None:
    assert hub.connected() == set(PARTIES)
    tell(nodes["KOR"], "seen-1")
    until("the release", lambda: all_there(nodes, 1))
    assert received(nodes["JPN"], "KOR") == 0
    status = hub.status()["parties"]
    assert {code: party["joined"] for code, party in status.items()} == {
        party: sorted(set(PARTIES) - {party}) for party in PARTIES
    }
    # The hub's own folder holds nothing of what passed.
    held = b"".join(path.read_bytes() for path in hub.folder.rglob("*") if path.is_file())
    assert b"seen-1" not in held
    typed("hub", "status", hub.folder)


def test_a_removed_party_is_cut_within_seconds_and_the_others_go_on(
    hub: Hub, nodes: dict[str, Running]
) -> None:
    began_s = time.monotonic()
    assert typed("hub", "remove", hub.folder, "JPN") == "Removed JPN."
    assert time.monotonic() - began_s < 5
    assert "JPN" not in hub.status()["parties"]
    until("the silence", lambda: up(nodes["USA"]) == {"KOR"})
    tell(nodes["KOR"], "seen-2")
    until("the release", lambda: all_there(nodes, 1))
    # It comes again and again, with the keys that it always had.
    until("the refusal", lambda: "shows no certificate of a linked partner" in hub.said())
    assert up(nodes["JPN"]) == set()
    admitted = hub.admit(hub.folder.parent / "JPN", "USA")
    assert "JPN with USA: joined" in admitted
    until("the return", lambda: up(nodes["JPN"]) == {"USA"})
    assert hub.status()["parties"]["KOR"]["in_vain"] == ["JPN"]


@pytest.mark.parametrize("state", ["kept", "deleted"])
def test_nothing_is_lost_when_the_hub_is_killed_and_its_state_is_gone(
    hub: Hub, nodes: dict[str, Running], state: str
) -> None:
    tell(nodes["KOR"], "before")
    until("the release", lambda: all_there(nodes, 1))
    hub.end(signal.SIGKILL)
    for number in range(20):
        tell(nodes["KOR"], f"while-away-{number}")
    until("the silence", lambda: up(nodes["USA"]) == set())
    if state == "deleted":
        shutil.rmtree(hub.folder / "run")
    else:
        (hub.folder / "run" / "hub.json").unlink()
    hub.begin()
    until("the releases", lambda: all_there(nodes, 21))
    time.sleep(1.5)
    assert all_there(nodes, 21)


def test_a_node_has_a_direct_link_and_one_through_the_hub_to_the_same_partner(hub: Hub) -> None:
    root, port = hub.folder.parent, free_port()
    usa, kor = root / "USA" / "node.toml", root / "KOR" / "node.toml"
    text = usa.read_text(encoding="utf-8").replace(
        'leaf_listen = "127.0.0.1:0"', f'leaf_listen = "127.0.0.1:{port}"'
    )
    usa.write_text(text.replace('code = "KOR"\nlink = false', 'code = "KOR"\nlink = true'), encoding="utf-8")
    said = kor.read_text(encoding="utf-8")
    said = said.replace(
        'code = "USA"\nlink = false\ndial = ""', f'code = "USA"\nlink = true\ndial = "127.0.0.1:{port}"'
    )
    kor.write_text(said, encoding="utf-8")
    nodes = [Running(root / party) for party in ("USA", "KOR")]
    try:
        until("the links", lambda: up(nodes[0]) == {"KOR"} and up(nodes[1]) == {"USA"})
        hub.end(signal.SIGKILL)
        tell(nodes[1], "direct")
        until("the release", lambda: received(nodes[0], "KOR") >= 1)
        assert up(nodes[0]) == {"KOR"}
    finally:
        for node in nodes:
            node.end()


def test_what_a_hub_cannot_do_is_refused_in_one_line(hub: Hub, tmp_path: Path) -> None:
    kor = tmp_path / "KOR"
    wrong = hub.admit(kor, code=2, fingerprint="0000 " * 16)
    assert "has another fingerprint than the one given" in wrong
    assert "asks for itself" in hub.admit(kor, "KOR", code=2)
    assert "has not admitted `PRK`" in typed("hub", "remove", hub.folder, "PRK", code=2)
    assert "is not a hub's folder" in typed("hub", "run", kor, code=2)
    assert "is not empty" in typed("hub", "init", kor, "--name", "EAST", code=2)
    assert "is not loopback" in typed(
        "hub", "init", tmp_path / "x", "--name", "EAST", "--listen", "0.0.0.0:1", code=2
    )
    assert "hub.toml" in typed("hub", "init", tmp_path / "x", "--name", "not a name", code=2)
    assert not (tmp_path / "x").exists()
    (hub.folder / "hub.toml").write_text("name = 1\n", encoding="utf-8")
    until("the line", lambda: "the hub goes on as before" in hub.said())
    assert hub.process is not None
    assert hub.process.poll() is None


def test_the_rights_at_an_outside_nats_are_the_partners_turned_round(tmp_path: Path) -> None:
    common = ("--agreements", "separate-2009", "--status", "exercise")
    typed("node", "init", tmp_path / "USA", "--party", "USA", "--peer", "KOR", *common)
    typed("node", "init", tmp_path / "KOR", "--party", "KOR", "--peer", "USA", *common)
    for one, other in (("USA", "KOR"), ("KOR", "USA")):
        shutil.copy(tmp_path / one / "card.json", tmp_path / other / "peers" / f"{one}.json")
    usa, kor = (
        json.loads(trilat("node", "subjects", tmp_path / party, "--json").out) for party in ("USA", "KOR")
    )
    assert usa["publish"] == kor["subscribe"]
    assert usa["subscribe"] == kor["publish"]
    (subject,) = usa["publish"]
    assert subject.startswith("x.")
    assert subject.endswith(".>")
    assert "usa" not in subject.lower()
    assert "kor" not in subject.lower()
    assert subject in typed("node", "subjects", tmp_path / "USA")


def test_a_node_whose_agreement_wants_direct_links_does_not_start_through_a_hub(hub: Hub) -> None:
    root = hub.folder.parent
    for path in (root / "KOR" / "agreements").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if '"KOR"' in text and '"USA"' in text:
            path.write_text(
                text.replace("[agreement]\n", "[agreement]\ndirect_only = true\n", 1), encoding="utf-8"
            )
    said = typed("node", "run", root / "KOR", code=2)
    assert "lets nothing pass to USA through a relay: take `through` out of peer USA" in said
