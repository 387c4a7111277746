"""`Post`: KOR and USA as two real nodes, made and run by the command, as a watch floor has them.

KOR has an account of each role, and two officers; both track one flight, which lasts a quarter of an hour.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from tests.cli.commands import trilat

from trilat.cli.fleet import free_port
from trilat.cli.plays import flight_play
from trilat.model import SECOND_NS, format_instant
from trilat.node import Pace
from trilat.scenario import named_scenario
from trilat.study import Yardstick

WAIT_S: Final = 120.0
PASSWORD: Final = "a long enough password"
ROLES: Final = {
    "watcher": "watch",
    "kim": "release",
    "lee": "release",
    "boss": "administrator",
    "eyes": "auditor",
}
"""Accounts of KOR and their roles; the two of role release are officers of its desk."""

SPEED: Final = 1.0
_TRILAT: Final = (sys.executable, "-m", "trilat")
_POLL_S: Final = 0.05
_ABREAST_S: Final = 3
_BEFORE_S: Final = 90
"""The clock begins so long after the launch: by then it is seen."""


@dataclass
class PostNode:
    """One of the two nodes."""

    folder: Path
    origin: str
    process: subprocess.Popen[bytes] | None = None

    def token(self, role: str) -> str:
        """The token of a role, from the folder."""
        return (self.folder / "keys" / f"{role}.token").read_text(encoding="utf-8").strip()

    def ask(self, role: str, method: str, path: str, **given: Any) -> httpx.Response:
        """What the node answers to a role's token."""
        headers = {"authorization": f"Bearer {self.token(role)}", **given.pop("headers", {})}
        return httpx.request(
            method, f"{self.origin}{path}", headers=headers, trust_env=False, timeout=30, **given
        )

    def ticked_ns(self) -> int:
        """How far it has come by its own clock."""
        ticked: int = json.loads(self.ask("staff", "GET", "/status").text)["ticked_ns"]
        return ticked

    def start(self) -> None:
        """Run it, until it answers."""
        log = (self.folder / "run" / "out.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                # A node outlives no test: its input ends with the process that holds the other end.
                [*_TRILAT, "node", "run", str(self.folder), "--until-input-ends"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(os.environ),
            )
        wait("the node answers", self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        said = (self.folder / "run" / "out.log").read_text(encoding="utf-8")
        assert self.process.poll() is None, said[-2_000:]
        with suppress(httpx.HTTPError):
            return self.ask("staff", "GET", "/health").status_code == httpx.codes.OK
        return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, in good order or as a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(WAIT_S)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


@dataclass
class Post:
    """The two nodes while they run."""

    kor: PostNode
    usa: PostNode
    feeds: Mapping[str, Any] = field(repr=False)
    fed: set[str] = field(default_factory=set)
    """Parties whose reports were all handed in as far as they were due."""

    over: threading.Event = field(default_factory=threading.Event)
    pace: Pace = field(default_factory=lambda: Pace(from_wall_ns=0, instant_ns=0, speed=0.0))

    @property
    def nodes(self) -> tuple[PostNode, PostNode]:
        """Both."""
        return self.kor, self.usa

    def fly(self, start_ns: int) -> None:
        """Let the clocks of both run from an instant."""
        self.pace = Pace(from_wall_ns=time.time_ns() + SECOND_NS // 2, instant_ns=start_ns, speed=SPEED)
        said = {
            "from_wall_ns": self.pace.from_wall_ns,
            "instant_ns": self.pace.instant_ns,
            "speed": self.pace.speed,
        }
        for node in self.nodes:
            answer = node.ask("director", "PUT", "/clock", json=said)
            assert answer.is_success, answer.text

    def are_abreast(self) -> bool:
        """Whether both have taken and done all that was due by now, give or take a few seconds."""
        due_ns = self.pace.instant_at(time.time_ns()) - _ABREAST_S * SECOND_NS
        return self.fed >= set(self.feeds) & {"KOR", "USA"} and all(
            node.ticked_ns() >= due_ns for node in self.nodes
        )

    def feed(self, party: str) -> None:
        """Hand a party's reports to its node as they come due, each batch until it is taken."""
        node, reports = (self.kor if party == "KOR" else self.usa), self.feeds[party]
        place = 0
        while not self.over.is_set() and place < len(reports):
            now_ns = self.pace.instant_at(time.time_ns())
            due = [report for at_ns, report in reports[place : place + 400] if at_ns <= now_ns]
            if not due and place > 0:
                self.fed.add(party)
            elif due:
                key = {"idempotency-key": f"{party}-{place}"}
                with suppress(httpx.HTTPError):
                    if node.ask("intake", "POST", "/intake", json={"reports": due}, headers=key).is_success:
                        place += len(due)
            self.over.wait(_POLL_S)


def typed(*arguments: str | Path) -> None:
    """A command, in this process; it must do what was asked."""
    ended = trilat(*arguments)
    assert ended.code == 0, ended.err


def wait(what: str, holds: Any) -> None:
    """Until something is true."""
    ends_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < ends_s, f"{what}: not within {WAIT_S:.0f} s"
        time.sleep(_POLL_S)


def _made(root: Path, start_ns: int) -> tuple[PostNode, PostNode]:
    """The folders of both, with each other's card, on clocks that a director sets."""
    leaf = f"127.0.0.1:{free_port()}"
    common = ("--agreements", "separate-2009", "--status", "exercise", "--no-passphrase")
    ways = {
        "kor": ("--party", "KOR", "--peer", "USA", "--leaf", leaf, "--officer", "kim", "--officer", "lee"),
        "usa": ("--party", "USA", "--peer", f"KOR={leaf}"),
    }
    nodes = []
    for name, way in ways.items():
        web = f"127.0.0.1:{free_port()}"
        folder = root / name
        typed("node", "init", folder, *way, "--web", web, *common)
        settings = (folder / "node.toml").read_text(encoding="utf-8")
        begun = f'kind = "paced"\nstart = "{format_instant(start_ns)}"'
        settings = settings.replace('kind = "system"\nstart = ""', begun)
        (folder / "node.toml").write_text(settings, encoding="utf-8")
        nodes.append(PostNode(folder, f"http://{web}"))
    kor, usa = nodes
    (kor.folder / "peers" / "USA.json").write_bytes((usa.folder / "card.json").read_bytes())
    (usa.folder / "peers" / "KOR.json").write_bytes((kor.folder / "card.json").read_bytes())
    return kor, usa


@contextmanager
def running_post(root: Path) -> Iterator[Post]:
    """Both nodes up and linked, accounts made, the flight in the air; all ended afterwards."""
    yardstick = Yardstick(named_scenario("unha2-2009"), 1)
    play = flight_play(yardstick, is_recorded=False)
    start_ns = play.start_ns + _BEFORE_S * SECOND_NS
    kor, usa = _made(root, start_ns)
    post = Post(kor, usa, play.feeds)
    feeding = [threading.Thread(target=post.feed, args=(party,)) for party in ("KOR", "USA")]
    try:
        for node in post.nodes:
            node.start()
        secret = root / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o600)
        for name, role in ROLES.items():
            typed("account", "add", kor.folder, name, "--role", role, "--password-file", secret)
        post.fly(start_ns)
        for thread in feeding:
            thread.start()
        wait("the link", lambda: json.loads(kor.ask("staff", "GET", "/status").text)["links"]["USA"]["up"])
        # What was seen until then comes all at once; on a busy machine nobody is answered until it is done.
        wait("the nodes to be abreast of the flight", post.are_abreast)
        yield post
    finally:
        post.over.set()
        for thread in feeding:
            if thread.ident is not None:
                thread.join(WAIT_S)
        for node in post.nodes:
            node.stop()
