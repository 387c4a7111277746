"""Recalls between processes: from a recall asked to the last holder's certificate at the originator.

    python bench/recalls.py [ROUNDS]

Three node processes, each with its own NATS server: JPN gives launches to USA, USA passes them on to KOR;
all is given to be returned or destroyed. One launch after another is called back (20 rounds). Then the
command line does it once more, and all three ledgers are examined.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.processes.test_node_command import Running, typed
from tests.recall_drill import DRILL

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

WAIT_S: Final = 60.0


def launch(number: int) -> dict[str, Any]:
    """A launch that JPN saw just now."""
    now_ns = time.time_ns()
    place = place_of(40.0 + number / 10, 129.0)
    return to_plain(
        Event(
            item_id=f"JPN-launch-{number}",
            subject=f"JPN-launch-{number}",
            domain=Domain.MISSILE,
            status=Status.EXERCISE,
            valid_ns=now_ns,
            label=Label(
                originator="JPN",
                classification=Classification(scheme="JPN", level="GOKUHI"),
                releasable_to=("USA", "KOR"),
                created_ns=now_ns,
            ),
            provenance=Provenance(originators=("JPN",)),
            event=EventKind.LAUNCH,
            time_sigma_ms=500,
            place=place,
            region=Ellipse(centre=place, semi_major_m=2_000, semi_minor_m=2_000),
        )
    )


def made(root: Path) -> dict[str, Path]:
    """The folders of three nodes, with each other's cards."""
    pacts = root / "pacts"
    pacts.mkdir()
    (pacts / "drill.toml").write_text(DRILL, encoding="utf-8")
    port = free_port()
    dial = f"USA=127.0.0.1:{port}"
    peers = {"JPN": (dial, "KOR-"), "USA": ("JPN", "KOR"), "KOR": (dial, "JPN-")}
    for party, named in peers.items():
        options = [part for peer in named for part in ("--peer", peer)]
        leaf = ("--leaf", f"127.0.0.1:{port}") if party == "USA" else ()
        common = ("--party", party, "--agreements", str(pacts), "--status", "exercise")
        typed("init", root / party, *common, *options, *leaf)
    for party in peers:
        for other in peers:
            if other != party:
                card = (root / other / "card.json").read_bytes()
                (root / party / "peers" / f"{other}.json").write_bytes(card)
    return {party: root / party for party in peers}


def until(what: str, holds: Callable[[], Any]) -> Any:
    """Wait, looking 50 times a second."""
    ends_s = time.monotonic() + WAIT_S
    while not (found := holds()):
        if time.monotonic() > ends_s:
            raise SystemExit(f"{what} did not happen")
        time.sleep(0.02)
    return found


def answered(jpn: Running, name: str) -> dict[str, Any] | None:
    """The case about an item, once both holders have answered with a certificate."""
    for case in jpn.ask("staff", "GET", "/recalls").json()["asked"]:
        proved = {said["holder"] for said in case["answers"] if said["certificate"] is not None}
        if case["about"][0]["item_id"] == name and case["state"] == "answered" and {"USA", "KOR"} <= proved:
            found: dict[str, Any] = case
            return found
    return None


def main() -> None:
    """Print seconds to the last certificate, and what the ledgers say."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        folders = made(Path(folder))
        nodes: dict[str, Running] = {}
        try:
            for party in ("USA", "JPN", "KOR"):
                nodes[party] = Running(folders[party])
            measure(nodes, rounds)
        finally:
            for node in nodes.values():
                node.end()
        for party, path in folders.items():
            verify = [sys.executable, "-m", "trilat", "audit", "verify", str(path / "ledger")]
            said = subprocess.run(
                [*verify, "--party", party, "--key", str(path / "keys" / "ledger.key"), "--json"],
                capture_output=True,
                text=True,
                check=False,
            )
            print(f"{party} ledger: {' '.join((said.stdout or said.stderr).split())}")


def measure(nodes: dict[str, Running], rounds: int) -> None:
    """The rounds, and one of the command line."""
    jpn, kor = nodes["JPN"], nodes["KOR"]
    launches = {"reports": [launch(number) for number in range(rounds + 1)]}
    jpn.ask("intake", "POST", "/intake", json=launches, headers={"idempotency-key": "one"})
    until("passing on", lambda: kor.state()["links"]["USA"]["received"] > rounds)
    taken_s = []
    for number in range(rounds):
        begun_s = time.monotonic()
        said = jpn.ask("staff", "POST", "/recalls", json={"items": [f"JPN-launch-{number}"]})
        assert said.is_success, said.text
        until("an answer", lambda number=number: answered(jpn, f"JPN-launch-{number}"))  # type: ignore[misc]
        taken_s.append(time.monotonic() - begun_s)
    print(
        f"{rounds} recalls, two holders in a row: p50 {statistics.median(taken_s):.2f} s, "
        f"worst {max(taken_s):.2f} s (goal: 5 s)"
    )
    last = f"JPN-launch-{rounds}"
    subprocess.run([sys.executable, "-m", "trilat", "recall", "items", str(jpn.folder), last], check=True)
    case = until("an answer", lambda: answered(jpn, last))
    subprocess.run([sys.executable, "-m", "trilat", "recall", "holders", str(jpn.folder), last], check=True)
    print(json.dumps(case["answers"][0]["certificate"]))


if __name__ == "__main__":
    main()
