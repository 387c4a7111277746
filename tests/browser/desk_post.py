"""`DeskPost`: KOR and USA as two real nodes under an agreement that asks two persons; nothing flies.

KOR has two officers, an onlooker, and holds what they approve for some minutes. What KOR's people saw is
handed in by `see`, one event at a time, so that a test says what waits when. Time runs as everybody's, but
for a while faster by `hurry`: a machine may be as slow as it is, and nobody waits for minutes.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.browser.post import PASSWORD, PostNode, typed, wait

from trilat.cli.fleet import free_port
from trilat.domains import place_of
from trilat.model import (
    SECOND_NS,
    Classification,
    Domain,
    Ellipse,
    Event,
    EventKind,
    Label,
    Provenance,
    Status,
    format_instant,
    to_plain,
)
from trilat.node import Pace

UNDO_S: Final = 240
HURRY: Final = 80.0
ROLES: Final = {"kim": "release", "lee": "release", "watcher": "watch"}
PLACE_DEG: Final = (40.86, 129.67)
PACT: Final = """
[agreement]
id = "desk-drill"
version = 1
title = "Made up for tests of the release desk"
parties = ["KOR", "USA"]
in_force_from = 2000-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"
assumed = ["All of it"]

[[clause]]
id = "launches"
article = "Article 3"
effect = "permit"
domains = ["missile"]
kinds = ["event"]
from = ["KOR"]
to = ["USA"]
highest = { scheme = "KOR", level = "II" }
form = "areas"
approval = "two-person"
note = "Launches, on a grid of 20 km, when two officers agree."
[clause.duties]
round_position_m = 20000

[[clause]]
id = "emergency"
article = "Article 4"
effect = "permit"
domains = ["missile"]
kinds = ["area"]
from = ["KOR"]
to = ["USA"]
highest = { scheme = "KOR", level = "II" }
form = "areas"
situations = ["launch"]
situation_max_s = 3600
note = "Areas at once, while a launch is declared."

[[clause]]
id = "notices"
article = "Article 5"
effect = "permit"
domains = ["missile"]
kinds = ["recall", "loss-report", "answer"]
from = ["KOR", "USA"]
to = ["KOR", "USA"]
highest = { scheme = "KOR", level = "II" }
form = "measurements"
"""


@dataclass
class DeskPost:
    """The two nodes while they run."""

    kor: PostNode
    usa: PostNode
    seen: int = 0
    pace: Pace = field(default_factory=lambda: Pace(from_wall_ns=0, instant_ns=0, speed=0.0))

    def run_at(self, speed: float) -> None:
        """Let the clocks of both go on at another pace, from where they are."""
        wall_ns = time.time_ns()
        instant_ns = self.pace.instant_at(wall_ns) if self.pace.speed else wall_ns
        self.pace = Pace(from_wall_ns=wall_ns, instant_ns=instant_ns, speed=speed)
        said = {"from_wall_ns": wall_ns, "instant_ns": instant_ns, "speed": speed}
        for node in (self.kor, self.usa):
            answer = node.ask("director", "PUT", "/clock", json=said)
            assert answer.is_success, answer.text

    def hurry(self, seconds: float) -> None:
        """Let so many seconds of the nodes pass, and some that the slower of them needs."""
        ends_ns = self.pace.instant_at(time.time_ns()) + round(seconds * SECOND_NS)
        self.run_at(HURRY)
        for node in (self.kor, self.usa):
            wait("the time to pass", lambda node=node: node.ticked_ns() >= ends_ns)
        self.run_at(1.0)

    def see(self, name: str) -> str:
        """Hand in a launch that KOR's people saw, each another; returns the item's name."""
        now_ns = self.pace.instant_at(time.time_ns())
        self.seen += 1
        name = f"{name}-{self.seen}"
        region = Ellipse(centre=place_of(*PLACE_DEG), semi_major_m=2_000, semi_minor_m=2_000)
        event = Event(
            item_id=f"KOR-{name}",
            subject=f"KOR-{name}",
            domain=Domain.MISSILE,
            status=Status.EXERCISE,
            valid_ns=now_ns,
            label=Label(
                originator="KOR",
                classification=Classification(scheme="KOR", level="II"),
                releasable_to=("USA",),
                created_ns=now_ns,
            ),
            provenance=Provenance(originators=("KOR",)),
            event=EventKind.LAUNCH,
            time_sigma_ms=500,
            place=place_of(*PLACE_DEG),
            region=region,
        )
        told = {"reports": [to_plain(event)]}
        answer = self.kor.ask(
            "intake", "POST", "/intake", json=told, headers={"idempotency-key": f"seen-{name}"}
        )
        assert answer.json()["accepted"] == 1, answer.text
        return event.item_id

    def held_by_usa(self, item_id: str) -> dict[str, Any] | None:
        """What USA's staff is shown of an item; None where it has none."""
        items = self.usa.ask("staff", "GET", "/picture").json()["items"]
        return next((item for item in items if item["id"] == item_id), None)


@contextmanager
def running_desk(root: Path) -> Iterator[DeskPost]:
    """Both nodes up and linked, KOR's accounts made; all ended afterwards."""
    pacts = root / "pacts"
    pacts.mkdir()
    (pacts / "desk-drill.toml").write_text(PACT, encoding="utf-8")
    leaf = f"127.0.0.1:{free_port()}"
    common = ("--agreements", pacts, "--status", "exercise", "--no-passphrase")
    officers = ("--officer", "kim", "--officer", "lee")
    ways = {
        "kor": ("--party", "KOR", "--peer", "USA", "--leaf", leaf, *officers),
        "usa": ("--party", "USA", "--peer", f"KOR={leaf}"),
    }
    start = format_instant(time.time_ns())
    nodes = {}
    for name, way in ways.items():
        web = f"127.0.0.1:{free_port()}"
        typed("node", "init", root / name, *way, "--web", web, *common)
        settings = (root / name / "node.toml").read_text(encoding="utf-8")
        settings = settings.replace("undo_s = 0", f"undo_s = {UNDO_S}")
        settings = settings.replace('kind = "system"\nstart = ""', f'kind = "paced"\nstart = "{start}"')
        (root / name / "node.toml").write_text(settings, encoding="utf-8")
        nodes[name] = PostNode(root / name, f"http://{web}")
    for one, other, code in (("kor", "usa", "USA"), ("usa", "kor", "KOR")):
        (root / one / "peers" / f"{code}.json").write_bytes((root / other / "card.json").read_bytes())
    post = DeskPost(nodes["kor"], nodes["usa"])
    try:
        for node in nodes.values():
            node.start()
        secret = root / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o600)
        for name, role in ROLES.items():
            typed("account", "add", post.kor.folder, name, "--role", role, "--password-file", secret)
        post.run_at(1.0)
        status = lambda: json.loads(post.kor.ask("staff", "GET", "/status").text)  # noqa: E731 - asked again and again
        wait("the link", lambda: status()["links"]["USA"]["up"])
        yield post
    finally:
        for node in nodes.values():
            node.stop()
