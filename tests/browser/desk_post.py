"""`DeskPost`: KOR and USA as two real nodes under an agreement that asks two persons; nothing flies by itself.

KOR has two officers, an onlooker, and holds what they approve for some seconds. What KOR's people saw is handed
in by `see`, one event at a time, so that a test says what waits when.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.browser.post import PASSWORD, PostNode, typed, wait

from trilat.cli.fleet import free_port
from trilat.domains import place_of
from trilat.model import (
    Classification,
    Domain,
    Ellipse,
    Event,
    EventKind,
    Label,
    Provenance,
    Status,
    to_plain,
)

UNDO_S: Final = 12
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

    def see(self, name: str) -> str:
        """Hand in a launch that KOR's people saw; returns the item's name."""
        now_ns = time.time_ns()
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
    nodes = {}
    for name, way in ways.items():
        web = f"127.0.0.1:{free_port()}"
        typed("node", "init", root / name, *way, "--web", web, *common)
        nodes[name] = PostNode(root / name, f"http://{web}")
    settings = (root / "kor" / "node.toml").read_text(encoding="utf-8")
    settings = settings.replace("undo_s = 0", f"undo_s = {UNDO_S}")
    (root / "kor" / "node.toml").write_text(settings, encoding="utf-8")
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
        status = lambda: json.loads(post.kor.ask("staff", "GET", "/status").text)  # noqa: E731 - asked again and again
        wait("the link", lambda: status()["links"]["USA"]["up"])
        yield post
    finally:
        for node in nodes.values():
            node.stop()
