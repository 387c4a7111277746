"""`trilat node` as a user types it: two nodes made, linked, asked, fed, ended and started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.cli.commands import trilat

from trilat.cli.fleet import free_port

WAIT_S: Final = 60.0
END_S_MAX: Final = 5.0
RUN: Final = (sys.executable, "-m", "trilat", "node")
LINE_CHARACTERS_MAX: Final = 300


def told(*arguments: str, code: int = 0) -> str:
    """What a command printed; it must end with `code`, and say what went wrong in one line."""
    ended = subprocess.run(
        [*RUN, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    return one_line(ended.stderr) if code else ended.stdout


def typed(*arguments: str | Path, code: int = 0) -> str:
    """The same in this process, for commands that end before a node runs."""
    ended = trilat("node", *arguments)
    assert ended.code == code, ended.err
    return one_line(ended.err) if code else ended.out


def one_line(text: str) -> str:
    """What a refused command said; it must be one line for people."""
    assert text.startswith("trilat: ")
    assert text.count("\n") == 1
    assert len(text) < LINE_CHARACTERS_MAX
    return text


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

    def said(self) -> str:
        return (self.folder / "run" / "out.log").read_text(encoding="utf-8")

    def _address(self) -> str:
        assert self.process.poll() is None, self.said()
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
        """Its exit code after a signal; it must not take longer than a user waits."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(END_S_MAX)
        finally:
            self.process.kill()
            self.process.wait(WAIT_S)
            self.log.close()
            if self.process.stdin is not None:
                self.process.stdin.close()


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of ours that has ended stays until it is waited for; these are children of the node.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"


# --- two nodes ---


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of KOR and USA, made by the command, with each other's cards."""
    root = tmp_path_factory.mktemp("nodes with spaces")
    kor, usa = root / "kor", root / "usa"
    port = free_port()
    common = ("--agreements", "separate-2009", "--status", "exercise")
    said = told("init", str(kor), "--party", "KOR", "--peer", "USA", "--leaf", f"127.0.0.1:{port}", *common)
    typed("init", usa, "--party", "USA", "--peer", f"KOR=127.0.0.1:{port}", "--peer", "JPN-", *common)
    said = " ".join(said.split())
    assert "Made the node of KOR" in said
    assert "let them compare this with you, aloud" in said
    assert f"Put the card of USA at {kor / 'peers' / 'USA'}.json when you have compared it." in said
    assert f"Then: trilat node run '{kor}'" in said
    (kor / "peers" / "USA.json").write_bytes((usa / "card.json").read_bytes())
    (usa / "peers" / "KOR.json").write_bytes((kor / "card.json").read_bytes())
    typed("init", root / "jpn", "--party", "JPN", *common)
    (usa / "peers" / "JPN.json").write_bytes((root / "jpn" / "card.json").read_bytes())
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
    _shows_how_it_is(folders[1])
    assert told("status", str(folders[1]))
    in_use = told("run", str(folders[1]), code=4)
    assert "is in use by another writer: stop that one first" in in_use
    pace = {"from_wall_ns": 0, "instant_ns": 5, "speed": 2.0}
    refused = kor.ask("director", "PUT", "/clock", json=pace)
    assert refused.status_code == 403
    assert "this node runs on the system clock: nobody sets it" in refused.json()["error"]
    server = kor.state()["server_pid"]
    assert kor.end() == 0
    assert is_gone(server)
    assert "the node of KOR does not run: `trilat node run" in typed("status", folders[0], code=2)
    until("the link's end", lambda: "down, heard" in typed("status", folders[1]))


def _shows_how_it_is(usa: Path) -> None:
    """As text for people, and as the object that /status gives."""
    head, counts, names, jpn, kor = sorted_rows(typed("status", usa))
    assert head.startswith("USA (exercise) at 20")
    assert counts.startswith("0 own reports; ")
    assert names.split() == ["partner", "link", "received", "withheld", "not", "acknowledged"]
    assert kor.split()[:2] == ["KOR", "up"]
    assert int(kor.split()[2]) >= 1
    assert jpn.split()[:3] == ["JPN", "no", "link"]
    state = json.loads(typed("status", usa, "--json"))
    assert state["party"] == "USA"
    assert state["problem"] is None


def sorted_rows(text: str) -> list[str]:
    """The lines of a status, the partners in the order of their codes."""
    lines = text.splitlines()
    return [*lines[:3], *sorted(lines[3:5])]


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
    assert "does not answer at http://127.0.0.1" in typed("status", folders[0], code=2)
    again = Running(folders[0])
    assert again.state()["accepted_reports"] == held
    # The feed had no answer, so it asks again: it gets the first one.
    assert again.ask("intake", "POST", "/intake", json=batch, headers=key).json()["repeated"] is True
    assert again.end(signal.SIGINT) == 0


def test_a_node_ends_with_who_started_it(folders: tuple[Path, Path]) -> None:
    node = Running(folders[0], "--until-input-ends")
    server = node.state()["server_pid"]
    assert node.process.stdin is not None
    node.process.stdin.close()
    assert node.process.wait(10) == 0
    node.log.close()
    assert is_gone(server)


# --- what cannot run ---


def settings(folder: Path, before: str, after: str) -> None:
    path = folder / "node.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "lone"
    typed("init", folder, "--party", "KOR", "--agreements", "separate-2009", "--no-passphrase")
    # A node of status real takes signed agreements only, and nobody signed these.
    for unsigned in (folder / "agreements").glob("us-*.toml"):
        unsigned.unlink()
    return folder


@pytest.fixture
def lone(made: Path, tmp_path: Path) -> Path:
    """A real node without partners."""
    return Path(shutil.copytree(made, tmp_path / "lone"))


def test_a_real_node_keeps_its_clock_and_its_ports(lone: Path, made: Path, tmp_path: Path) -> None:
    node = Running(lone)
    pace = {"from_wall_ns": 0, "instant_ns": 5, "speed": 2.0}
    refused = node.ask("staff", "PUT", "/clock", json=pace)
    assert refused.status_code == 403
    assert refused.json() == {"error": "this token's role may not do this: it takes director"}
    assert node.ask("staff", "GET", "/clock").json()["speed"] == 1.0
    assert typed("status", lone).startswith("KOR (real) at ")
    web, client = (Path(shutil.copytree(made, tmp_path / name)) for name in ("web", "client"))
    port = node.address.rpartition(":")[2]
    settings(web, '[web]\nlisten = "127.0.0.1:0"', f'[web]\nlisten = "127.0.0.1:{port}"')
    assert f"`127.0.0.1:{port}` cannot be had: address already in use" in told("run", str(web), code=2)
    port = node.state()["server_port"]
    settings(client, 'client_listen = "127.0.0.1:0"', f'client_listen = "127.0.0.1:{port}"')
    ended = subprocess.run(
        [*RUN, "run", str(client)], capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert ended.returncode == 2
    last = one_line(ended.stderr.splitlines(keepends=True)[-1])
    assert "the links' server does not start: " in last
    assert f"127.0.0.1:{port}: bind: address already in use" in last
    assert node.end() == 0
    assert "level=error" not in node.said()


def test_a_node_tells_its_staff_of_its_sensors_and_nobody_else(lone: Path) -> None:
    assert "sensor" not in (lone / "node.toml").read_text(encoding="utf-8")
    with (lone / "node.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sensor]]\nname = "R1"\nrange_bias_sigma_m = 15\nangle_bias_sigma_rad = 3e-4\n')
    node = Running(lone)
    told_rows = node.ask("staff", "GET", "/sensors").json()
    assert [(row["sensor"], row["range_bias_m"], row["suspect"]) for row in told_rows] == [("R1", 0.0, False)]
    assert node.ask("intake", "GET", "/sensors").status_code == 403
    assert "sensors" not in node.state()
    assert json.loads(typed("status", lone, "--json"))["sensors"] == told_rows
    assert "0 +- 15" in typed("status", lone)
    assert node.end() == 0


def old_server(folder: Path) -> None:
    script = folder / "old-server"
    script.write_text("#!/bin/sh\necho 'nats-server: v2.9.0'\n", encoding="utf-8")
    script.chmod(0o700)
    settings(folder, 'server = ""', f'server = "{script}"')


UNFIT_SERVER: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "no NATS server there": (
        lambda folder: settings(folder, 'server = ""', 'server = "nowhere/nats"'),
        "there is no NATS server at `nowhere/nats`",
    ),
    "a NATS server that is too old": (old_server, "is v2.9.0: at least 2.15.1 is needed"),
}


@pytest.mark.parametrize("name", UNFIT_SERVER)
def test_a_node_without_a_fit_server_says_why_in_one_line(lone: Path, name: str) -> None:
    harm, words = UNFIT_SERVER[name]
    harm(lone)
    assert words in told("run", str(lone), code=2)
    assert not (lone / "run" / "address.json").exists()


def with_peer(folder: Path) -> None:
    path = folder / "node.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[[peer]]\ncode = "USA"\n', encoding="utf-8")


def with_wrong_card(folder: Path) -> None:
    with_peer(folder)
    (folder / "peers" / "USA.json").write_bytes((folder / "card.json").read_bytes())


HARM: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "a setting misspelt": (lambda folder: settings(folder, "purpose", "porpose"), "unknown field `porpose`"),
    "settings that are not TOML": (lambda folder: settings(folder, "party =", "party"), "node.toml: "),
    "no card of the partner": (
        with_peer,
        "no card of `USA`: compare its fingerprint, and put it at peers/USA.json",
    ),
    "a card under another's code": (with_wrong_card, "peers/USA.json is the card of `KOR`"),
    "a paced clock at a real node": (
        lambda folder: settings(folder, 'kind = "system"', 'kind = "paced"'),
        "a node of status real runs on the system clock",
    ),
    "an address that is not this machine's alone": (
        lambda folder: settings(folder, '[web]\nlisten = "127.0.0.1:0"', '[web]\nlisten = "0.0.0.0:0"'),
        "is not loopback",
    ),
    "a client port that others can reach": (
        lambda folder: settings(folder, 'client_listen = "127.0.0.1:0"', 'client_listen = "0.0.0.0:0"'),
        "link.client_listen `0.0.0.0:0` is not loopback",
    ),
    "a key that others can read": (
        lambda folder: (folder / "keys" / "ledger.key").chmod(0o640),
        "can be read by others: `chmod 600` it, and think of the key as known",
    ),
    "a link key that others can read": (
        lambda folder: (folder / "keys" / "link" / "app.nkey").chmod(0o644),
        "app.nkey` is open to others",
    ),
    "a token lost": (lambda folder: (folder / "keys" / "staff.token").unlink(), "cannot be read: no such"),
}


@pytest.mark.parametrize("name", HARM)
def test_a_folder_that_cannot_run_says_why_in_one_line(lone: Path, name: str) -> None:
    harm, words = HARM[name]
    harm(lone)
    assert words in typed("run", lone, code=2)
    assert words in typed("status", lone, code=2)


# --- what cannot be made or asked ---

UNFIT: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "no such agreements": (("--agreements", "nowhere"), "no regime or folder `nowhere`: choose one of"),
    "a party in small letters": (("--party", "kor"), "`kor` is not a party's code: give capital letters"),
    "a peer whose address is none": (("--peer", "USA=x"), "dial of peer USA `x` is not HOST:PORT"),
    "a peer whose address is empty": (("--peer", "USA="), "dial of peer USA `` is not HOST:PORT"),
    "a peer without a port": (("--peer", "USA=127.0.0.1:0"), "has no port: give the one that it listens on"),
    "an address without a link": (("--peer", "USA-=127.0.0.1:1"), "`USA-` has no link, so it has no address"),
    "the party as its own peer": (("--peer", "KOR"), "a peer stands twice, or is the party itself"),
    "a peer twice": (("--peer", "USA", "--peer", "USA-"), "a peer stands twice, or is the party itself"),
    "a reader that is no party": (("--reader", "obs"), "`obs` is not a party's code"),
    "a purpose of two words": (("--purpose", "two words"), "`two words` is not a purpose: give one word"),
    "a host that is none": (("--host", "not a host"), "`not a host` is not a host"),
    "a page for everybody": (("--web", "0.0.0.0:80"), "web.listen `0.0.0.0:80` is not loopback"),
    "no status of this world": (("--status", "unreal"), "`unreal` is not one of `real`, `exercise`"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_node_that_cannot_be_made_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    options, words = UNFIT[name]
    common = ("init", tmp_path / "kor", "--party", "KOR", "--agreements", "separate-2009", "--no-passphrase")
    assert words in typed(*common, *options, code=2)
    assert not (tmp_path / "kor").exists()
    typed(*common)


def test_what_is_not_there_is_one_line(lone: Path, tmp_path: Path) -> None:
    again = typed("init", lone, "--party", "KOR", "--agreements", "separate-2009", "--no-passphrase", code=2)
    assert "is not empty: name a new folder" in again
    assert "the node of KOR does not run: `trilat node run" in typed("status", lone, code=2)
    for command in ("run", "status"):
        words = "is not a node's folder: make one with `trilat node init`"
        assert words in typed(command, tmp_path, code=2)
        assert words in typed(command, tmp_path / "nowhere", code=2)
    assert "standard input ended before it named a folder" in told("run", "-", code=2)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Somebody else who answers at an address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


STRANGERS: Final[dict[str, tuple[int, bytes, str]]] = {
    "another service": (200, b"<html>", "is not the node of KOR: HTTP 200"),
    "another party's node": (200, b'{"party": "USA"}', "is not the node of KOR"),
    "a node with other tokens": (401, b'{"error": "x"}', "is not the node of KOR: HTTP 401"),
    "no object": (200, b"[]", "is not the node of KOR"),
    "a node with too much to do": (503, b'{"error": "more to do"}', "cannot answer: more to do"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_answers_in_a_node_s_place_is_named_in_one_line(lone: Path, name: str) -> None:
    status, body, words = STRANGERS[name]
    with answering(status, body) as address:
        (lone / "run" / "address.json").write_text(json.dumps({"web": address}), encoding="utf-8")
        assert words in typed("status", lone, code=2)
