"""`trilat node` as a user types it: two nodes made, linked, asked, fed, ended and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from trilat.cli.fleet import free_port

WAIT_S: Final = 60.0
RUN: Final = (sys.executable, "-m", "trilat", "node")


def told(*arguments: str, code: int = 0) -> str:
    """What a command printed; it must end with `code`, and say what went wrong in one line."""
    ended = subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert ended.returncode == code, ended.stderr
    if code:
        assert ended.stderr.startswith("trilat: ")
        assert ended.stderr.count("\n") == 1
        return ended.stderr
    return ended.stdout


def until(what: str, holds: Callable[[], Any]) -> Any:
    ends_s = time.monotonic() + WAIT_S
    while not (found := holds()):
        assert time.monotonic() < ends_s, f"{what} did not happen"
        time.sleep(0.05)
    return found


class Running:
    """A node that runs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        (folder / "run" / "address.json").unlink(missing_ok=True)
        self.log = (folder / "run" / "out.log").open("ab")
        self.process = subprocess.Popen(
            [*RUN, "run", str(folder), *options], stdin=subprocess.PIPE, stdout=self.log, stderr=self.log
        )
        self.address: str = until("start", self._address)

    def _address(self) -> str:
        said = (self.folder / "run" / "out.log").read_text(encoding="utf-8")
        assert self.process.poll() is None, said
        path = self.folder / "run" / "address.json"
        return str(json.loads(path.read_text(encoding="utf-8"))["web"]) if path.is_file() else ""

    def ask(self, role: str, method: str, path: str, **given: Any) -> httpx.Response:
        token = (self.folder / "keys" / f"{role}.token").read_text(encoding="utf-8").strip()
        headers = {"authorization": f"Bearer {token}", **given.pop("headers", {})}
        return httpx.request(
            method, f"{self.address}{path}", headers=headers, trust_env=False, timeout=20, **given
        )

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("staff", "GET", "/status").json()
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(10)
        self.log.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of ours that has ended stays until it is waited for; these are children of the node.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of KOR and USA, made by the command, with each other's cards."""
    root = tmp_path_factory.mktemp("nodes with spaces")
    kor, usa = root / "kor", root / "usa"
    port = free_port()
    common = ("--agreements", "separate-2009", "--status", "exercise")
    said = told("init", str(kor), "--party", "KOR", "--peer", "USA", "--leaf", f"127.0.0.1:{port}", *common)
    told("init", str(usa), "--party", "USA", "--peer", f"KOR=127.0.0.1:{port}", *common)
    assert "Made the node of KOR" in said
    assert "compare" in said
    (kor / "peers" / "USA.json").write_bytes((usa / "card.json").read_bytes())
    (usa / "peers" / "KOR.json").write_bytes((kor / "card.json").read_bytes())
    return kor, usa


@pytest.fixture
def nodes(folders: tuple[Path, Path]) -> Iterator[tuple[Running, Running]]:
    kor, usa = (Running(folder) for folder in folders)
    until("the link", lambda: kor.state()["links"]["USA"]["up"] and usa.state()["links"]["KOR"]["up"])
    yield kor, usa
    for node in (kor, usa):
        node.end()


def event(node: Running, name: str) -> dict[str, Any]:
    return {
        "kind": "event",
        "item_id": f"KOR-{name}",
        "subject": f"KOR-{name}",
        "domain": "missile",
        "valid_ns": node.state()["at_ns"],
        "event": "launch",
        "time_sigma_ms": 500,
    }


def test_two_nodes_share_what_one_was_told_and_end_in_good_order(
    nodes: tuple[Running, Running], folders: tuple[Path, Path]
) -> None:
    kor, usa = nodes
    key = {"idempotency-key": f"k{time.time_ns()}"}
    batch = {"reports": [event(kor, f"seen-{time.time_ns()}")]}
    answer = kor.ask("intake", "POST", "/intake", json=batch, headers=key)
    assert answer.json() == {"accepted": 1, "refused": [], "repeated": False}
    assert kor.ask("intake", "POST", "/intake", json=batch, headers=key).json()["repeated"] is True
    until("the release", lambda: usa.state()["links"]["KOR"]["received"] >= 1)
    shown = told("status", str(folders[1]))
    assert "USA (exercise)" in shown
    assert "up" in shown
    assert json.loads(told("status", str(folders[1]), "--json"))["party"] == "USA"
    in_use = told("run", str(folders[1]), code=4)
    assert "is in use by another writer: stop that one first" in in_use
    server = kor.state()["server_pid"]
    assert kor.end() == 0
    assert is_gone(server)
    gone = told("status", str(folders[0]), code=2)
    assert "does not answer" in gone


def test_a_killed_node_takes_its_server_along_and_goes_on_from_its_ledger(
    folders: tuple[Path, Path],
) -> None:
    node = Running(folders[0])
    batch = {"reports": [event(node, f"kept-{time.time_ns()}")]}
    key = {"idempotency-key": f"kill-{time.time_ns()}"}
    assert node.ask("intake", "POST", "/intake", json=batch, headers=key).json()["accepted"] == 1
    held = node.state()["accepted_reports"]
    server = node.state()["server_pid"]
    assert node.end(signal.SIGKILL) == -signal.SIGKILL
    until("the server's end", lambda: is_gone(server))
    again = Running(folders[0])
    assert again.state()["accepted_reports"] == held
    # The feed had no answer, so it asks again: it gets the first one.
    assert again.ask("intake", "POST", "/intake", json=batch, headers=key).json()["repeated"] is True
    assert again.end() == 0


def test_a_node_ends_with_who_started_it(folders: tuple[Path, Path]) -> None:
    node = Running(folders[0], "--until-input-ends")
    assert node.process.stdin is not None
    node.process.stdin.close()
    assert node.process.wait(10) == 0
    node.log.close()


def settings(folder: Path, before: str, after: str) -> None:
    path = folder / "node.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def lone(tmp_path: Path) -> Path:
    folder = tmp_path / "lone"
    told("init", str(folder), "--party", "KOR", "--agreements", "separate-2009")
    return folder


def old_server(folder: Path) -> None:
    script = folder / "old-server"
    script.write_text("#!/bin/sh\necho 'nats-server: v2.9.0'\n", encoding="utf-8")
    script.chmod(0o700)
    settings(folder, 'server = ""', f'server = "{script}"')


HARM: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "a setting misspelt": (lambda folder: settings(folder, "purpose", "porpose"), "unknown field `porpose`"),
    "no NATS server there": (
        lambda folder: settings(folder, 'server = ""', 'server = "nowhere/nats"'),
        "there is no NATS server at `nowhere/nats`",
    ),
    "a NATS server that is too old": (old_server, "is v2.9.0: at least 2.15.1 is needed"),
    "a paced clock at a real node": (
        lambda folder: settings(folder, 'kind = "system"', 'kind = "paced"'),
        "a node of status real runs on the system clock",
    ),
    "an address that is not this machine's alone": (
        lambda folder: settings(folder, '[web]\nlisten = "127.0.0.1:0"', '[web]\nlisten = "0.0.0.0:0"'),
        "is not loopback",
    ),
    "a key that others can read": (
        lambda folder: (folder / "keys" / "ledger.key").chmod(0o640),
        "can be read by others",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_a_node_that_cannot_run_says_why_in_one_line(lone: Path, name: str) -> None:
    harm, words = HARM[name]
    harm(lone)
    assert words in told("run", str(lone), code=2)


def test_what_cannot_be_made_or_asked_is_one_line(lone: Path, tmp_path: Path) -> None:
    again = told("init", str(lone), "--party", "KOR", "--agreements", "separate-2009", code=2)
    assert "is not empty: name a new folder" in again
    assert "does not run" in told("status", str(lone), code=2)
    assert "is not a node's folder" in told("run", str(tmp_path), code=2)
    unknown = told("init", str(tmp_path / "x"), "--party", "KOR", "--agreements", "nowhere", code=2)
    assert "no regime or folder `nowhere`" in unknown
    nobody = told("init", str(tmp_path / "y"), "--party", "kor", "--agreements", "separate-2009", code=2)
    assert "`kor` is not a party's code" in nobody
    peer = ("--peer", "USA=nowhere")
    lost = told("init", str(tmp_path / "z"), "--party", "KOR", "--agreements", "separate-2009", *peer, code=2)
    assert "dial of peer USA `nowhere` is not HOST:PORT" in lost
    assert not (tmp_path / "z").exists()
