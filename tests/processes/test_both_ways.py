"""One seed in one process and in three: the same decisions and the same releases, to the byte.

The processes' clocks are moved on second by second, so that each sees what came when as the simulated clock
has it. What differs by nature is left out: signatures, the names of streams, and, of an officer's answer, the
nanosecond in which it was given.
"""

import asyncio
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from tests.processes.exercise import exercise_of, fleet_of, play_of, settled, until, yardstick_of

from trilat.cli.fleet import OBSERVER, Fleet
from trilat.ledger import EntryKind, Ledger
from trilat.link import Parcel
from trilat.model import SECOND_NS, Consent, Release, Status, decode, encode
from trilat.node import (
    RECORD_BYTES_MAX,
    ManualClock,
    Pace,
    ReleaseRecord,
    SystemClock,
    decisions_in,
    read_folder,
)
from trilat.study import Federation, FederationSettings, Yardstick, preset
from trilat.study.people import release_officers

SCENARIO: Final = "two-stage-generic"
SEED: Final = 5
SECONDS: Final = 200
LEAD_NS: Final = 100_000_000
"""Longer than it takes to tell all nodes of a change."""

Facts = Counter[bytes]


def played_in_one(yardstick: Yardstick, regime: str) -> dict[str, tuple[Facts, Facts]]:
    """Decisions and releases by party of a run in one process."""
    scenario = yardstick.scenario
    federation = Federation(
        FederationSettings(
            parties=scenario.parties,
            start_ns=yardstick.launch_ns,
            end_ns=yardstick.launch_ns + SECONDS * SECOND_NS,
            seed=SEED,
            readers=(OBSERVER,),
        ),
        preset(regime),
    )
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    reports = [
        report
        for report in yardstick.reports(labels, Status.SIMULATED)
        if report[0] <= yardstick.launch_ns + SECONDS * SECOND_NS
    ]
    officers = release_officers(preset(regime).regime.approval_delay_s)
    last: list[dict[str, tuple[Facts, Facts]]] = [{}]

    def note(running: Federation, now_ns: int) -> None:
        # The sample behind the last tick: what comes after it belongs to no second of the exercise.
        if now_ns > yardstick.launch_ns + SECONDS * SECOND_NS:
            last[0] = {party: facts_of(node.ledger) for party, node in running.nodes.items()}

    federation.run(reports, [officers], note)
    return last[0]


async def played_in_three(yardstick: Yardstick, regime: str, folder: Path) -> Path:
    """The folders of three processes that played the same, second by second."""
    exercise = exercise_of(yardstick, regime)
    play = play_of(yardstick)
    async with fleet_of(folder, exercise, prepare=seeded) as fleet:
        positions = dict.fromkeys(play.feeds, 0)
        for second in range(SECONDS + 1):
            tick_ns = yardstick.launch_ns + second * SECOND_NS
            if second:
                await stand_at(fleet, tick_ns - 1)
            for party, feed in play.feeds.items():
                due = [report for at_ns, report in feed[positions[party] :] if at_ns <= tick_ns]
                if due:
                    await give(fleet, party, due, f"{party}-{second}")
                    positions[party] += len(due)
            if exercise.preset.regime.approval_delay_s:
                await approve(fleet, tick_ns - exercise.preset.regime.approval_delay_s * SECOND_NS)
            # Just behind the tick, so that what a faster node sends there comes after it.
            await stand_at(fleet, tick_ns + 1, LEAD_NS)

            async def ticked(instant_ns: int = tick_ns) -> bool:
                states = [await fleet.state(party) for party in fleet.members]
                return all(state["ticked_ns"] >= instant_ns for state in states)

            await until(f"tick {second}", ticked)
            await until(f"rest after tick {second}", lambda: settled(fleet))
    return fleet.root


def seeded(fleet: Fleet) -> None:
    """Let observation tokens be those of a run in one process: their key comes from the seed there."""
    for party, member in fleet.members.items():
        key = hashlib.sha256(f"{SEED} {party}".encode()).digest()
        (member.folder / "keys" / "observations.key").write_bytes(key)


async def stand_at(fleet: Fleet, instant_ns: int, lead_ns: int = 0) -> None:
    """Let every node's clock stand at an instant, from one moment on: none is told of what another does there
    before it is there itself.
    """
    moment_ns = SystemClock().now_ns() + lead_ns
    await fleet.set_pace(Pace(from_wall_ns=moment_ns, instant_ns=instant_ns, speed=0.0))


async def give(fleet: Fleet, party: str, reports: list[dict[str, Any]], key: str) -> None:
    """Hand reports over as a feed does; all must be accepted."""
    answer = await fleet.ask(
        party,
        "intake",
        "POST",
        "/intake",
        json={"reports": reports},
        headers={"idempotency-key": key},
    )
    assert answer.json() == {"accepted": len(reports), "refused": [], "repeated": False}


async def approve(fleet: Fleet, asked_before_ns: int) -> None:
    """Approve what was asked long enough ago, as the officers of a run in one process do."""
    for party in fleet.members:
        answer = await fleet.ask(party, "staff", "GET", "/referrals")
        for referral in answer.json():
            if referral["asked_ns"] <= asked_before_ns:
                said = {name: referral[name] for name in ("clause", "subject", "recipient", "via")}
                said |= {"granted": True, "officer": "release-officer", "valid_s": 3_600, "assumed": True}
                given = await fleet.ask(party, "staff", "POST", "/referrals/answer", json=said)
                assert given.is_success, given.text


def facts_of(ledger: Ledger) -> tuple[Facts, Facts]:
    """Decisions, and releases with their recipients, of a ledger; each as often as it stands there."""
    decisions: Facts = Counter()
    releases: Facts = Counter()
    for stored in ledger.entries(kinds={EntryKind.DECISION, EntryKind.RELEASE}):
        assert stored.content is not None
        if stored.kind is EntryKind.DECISION:
            decisions.update(map(encode, decisions_in(stored.content)))
            continue
        record = decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        release = decode(parcel.release, Release)
        if not isinstance(release.item, Consent):
            releases[encode(release)] += 1
    return decisions, releases


@pytest.mark.parametrize("regime", ["hub-2014", "multilateral"])
def test_one_seed_gives_the_same_decisions_and_releases_both_ways(regime: str, tmp_path: Path) -> None:
    yardstick = yardstick_of(SCENARIO, SEED)
    expected = played_in_one(yardstick, regime)
    folders = asyncio.run(played_in_three(yardstick, regime, tmp_path))
    for party, (decisions, releases) in expected.items():
        held = read_folder(folders / party)
        ledger = held.open_ledger(ManualClock(yardstick.launch_ns), os.urandom, read_only=True)
        found_decisions, found_releases = facts_of(ledger)
        ledger.close()
        assert len(decisions) > 100, f"{party} decided next to nothing: the test shows nothing"
        assert found_decisions == decisions
        assert found_releases == releases
    assert sum(len(releases) for _, releases in expected.values()) > 100
