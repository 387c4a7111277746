"""A run judged from its ledgers alone has the result of the run itself."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trilat.ledger import Ledger, SqliteStore
from trilat.link import TrustStore
from trilat.model import Lane, LedgerError
from trilat.node import ManualClock, Node
from trilat.scenario import named_scenario
from trilat.study import RunSettings, Yardstick, account_of, judge, play, violations
from trilat.study.run import Run

REGIME = "hub-2014"


class Nowhere:
    """The transport of a node that is only looked at."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        raise AssertionError(f"{len(payload)} bytes were sent to {recipient} on {lane}")

    def listen(self, receive: Callable[[bytes], None]) -> None:
        del receive


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module")
def finished(folder: Path) -> Run:
    yardstick = Yardstick(named_scenario("two-stage-generic"), 3)
    run = play(yardstick, REGIME, RunSettings(folder=folder))
    run.federation.close()
    return run


def nodes_over(folder: Path, run: Run) -> dict[str, Node]:
    """New nodes over the ledgers that a run left."""
    federation = run.federation
    trust = TrustStore([keys.pin for keys in federation._keys.values()])
    nodes = {}
    for party, ran in federation.nodes.items():
        clock = ManualClock(run.yardstick.launch_ns)
        store = SqliteStore(folder / f"{party}.ledger", read_only=True)
        ledger = Ledger(store, party, federation._ledger_keys[party], clock, os.urandom)
        agreements = federation.preset.agreements
        nodes[party] = Node(
            ran.config, clock, ledger, agreements, federation._keys[party], trust, Nowhere(), os.urandom
        )
    return nodes


def test_its_ledgers_tell_all_that_the_run_told(folder: Path, finished: Run) -> None:
    nodes = nodes_over(folder, finished)
    result, replayed = judge(nodes, finished.yardstick, finished.federation.preset)
    assert result == finished.result
    assert result["parties"]["KOR"]["received"]["JPN"] > 0, "nothing passed: the run shows nothing"
    assert account_of(replayed).flows
    assert violations(replayed) == ()
    for node in nodes.values():
        node.ledger.close()


def test_a_measured_latency_stands_in_the_result(folder: Path, finished: Run) -> None:
    nodes = nodes_over(folder, finished)
    measured = {"p50": 1.0, "p99": 2.0}
    result, _ = judge(nodes, finished.yardstick, finished.federation.preset, wall_s=3.0, latency_ms=measured)
    assert (result["latency_ms"], result["wall_s"]) == (measured, 3.0)
    for node in nodes.values():
        node.ledger.close()


def test_a_damaged_ledger_is_not_judged(folder: Path, finished: Run) -> None:
    nodes = nodes_over(folder, finished)
    # Another party's ledger in its place: its rows do not fit the chain.
    nodes["JPN"].ledger = nodes["KOR"].ledger
    nodes["JPN"].ledger._party = "JPN"
    with pytest.raises(LedgerError):
        judge(nodes, finished.yardstick, finished.federation.preset)
