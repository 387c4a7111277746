"""`python -m chaos`: real nodes under faults come back, and nothing that was accepted is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos import namespaces

ROOT = Path(__file__).parents[2]
WHY_NOT = namespaces.why_not()


def chaos(folder: Path, *options: str) -> str:
    """What it printed; it must find nothing."""
    ended = subprocess.run(
        [sys.executable, "-m", "chaos", "--seed", "1", "--folder", str(folder), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not folder.exists(), "a run that found nothing leaves nothing"
    return ended.stdout


@pytest.mark.timeout(300)
@pytest.mark.skipif(bool(WHY_NOT), reason=f"nodes cannot have networks of their own: {WHY_NOT}")
def test_nodes_in_networks_of_their_own_lose_nothing(tmp_path: Path) -> None:
    said = chaos(
        *(tmp_path / "runs", "--rounds", "3", "--feed-s", "3"),
        *("--kinds", "kill-node+storm,full-disk+link-cut,kill-hub+pause-node+delete-server"),
    )
    first, *rounds, total = said.splitlines()
    assert first == "links: network namespaces, packets carried by a router of our own"
    assert [line.rpartition("| ")[2] for line in rounds] == ["0 violations"] * 3
    assert total.startswith(
        "3 rounds, 7 faults (delete-server 1, full-disk 1, kill-hub 1, kill-node 1, link-cut 1, "
    )
    assert rounds[2].startswith("round 3 through a hub: kill-hub NORTH")
    assert "(503: 0)" not in rounds[1], "the node on the full disk answered 503"


@pytest.mark.timeout(300)
def test_nodes_behind_proxies_lose_nothing_and_it_is_said_that_there_are_no_networks(tmp_path: Path) -> None:
    said = chaos(
        *(tmp_path / "runs", "--proxies", "--rounds", "1", "--feed-s", "3"),
        *("--kinds", "black-hole+kill-server+delete-run-down"),
    )
    assert said.startswith("links: TCP proxies on loopback, without loss and delay: told so\n")
    assert "no full disks" in said.splitlines()[1]


def test_an_unknown_fault_is_one_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "chaos", "--kinds", "flood", "--folder", str(tmp_path / "runs")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.startswith("chaos: no fault `flood`: choose from kill-node, ")
    assert ended.stderr.count("\n") == 1
