"""The simulation itself: plans hold what they promise, a seed is one run, a disk is like a disk."""

import pytest
from tests.simulation.disk import CrashError, Disk, SimStore
from tests.simulation.plan import FAULTS_MIN, ITEMS_MIN, draw_plan
from tests.simulation.runs import run_seed
from tests.simulation.watch import Watch

from trilat.ledger import Entry, EntryKind, Ledger
from trilat.model import LedgerError
from trilat.node import ManualClock

KEY = bytes(32)


def ledger_on(disk: Disk, fuse: list[str] | None = None) -> Ledger:
    def step(name: str) -> None:
        if fuse and fuse[0] == name:
            fuse.clear()
            raise CrashError

    secrets = iter(range(1, 1_000))
    return Ledger(
        SimStore(disk, step),
        "KOR",
        KEY,
        ManualClock(5),
        lambda count: bytes([next(secrets) % 256]) * count,
    )


def entry(content: bytes) -> Entry:
    return Entry(kind=EntryKind.START, content=content)


def test_every_plan_has_its_parties_items_faults_and_one_change() -> None:
    for seed in range(1, 101):
        plan = draw_plan(seed)
        assert len(plan.parties) >= 3
        assert plan.hub_links
        assert len(plan.sightings) >= ITEMS_MIN
        assert len(plan.faults) >= FAULTS_MIN
        assert len({fault.kind for fault in plan.faults}) >= 6
        assert plan.change.agreement.version == plan.pact.version + 1
        names = [(one.party, one.kind, one.number, one.version) for one in plan.sightings]
        assert len(set(names)) == len(names)


def test_plans_of_two_seeds_differ_and_of_one_do_not() -> None:
    assert draw_plan(3) == draw_plan(3)
    assert draw_plan(3) != draw_plan(4)


def test_the_same_seed_is_the_same_run() -> None:
    assert run_seed(7, items=150) == run_seed(7, items=150)


def test_what_a_commit_returned_from_stays_and_the_rest_does_not() -> None:
    disk = Disk()
    ledger = ledger_on(disk)
    ledger.append([entry(b"one")])
    for name, kept in (("before commit", 1), ("after commit", 2)):
        with pytest.raises(CrashError):
            ledger_on(disk, [name]).append([entry(b"two")])
        assert (len(disk.rows), disk.is_sound()) == (kept, True)


def test_half_a_commit_is_no_ledger_until_the_disk_is_recovered() -> None:
    disk = Disk()
    ledger_on(disk).append([entry(b"one")])
    disk.tearing = True
    with pytest.raises(CrashError):
        ledger_on(disk).append([entry(b"two"), entry(b"three"), entry(b"four")])
    assert not disk.is_sound()
    assert ledger_on(disk).problem is not None
    disk.recover()
    assert [stored.content for stored in ledger_on(disk).entries()] == [b"one"]


def test_a_full_disk_takes_nothing() -> None:
    disk = Disk()
    disk.full = True
    with pytest.raises(LedgerError, match="no space left"):
        ledger_on(disk).append([entry(b"one")])
    assert disk.rows == []


@pytest.mark.parametrize(
    "field", ["recorded_ns", "kind", "commitment", "chained", "wrapped_key", "sealed_content"]
)
def test_a_flipped_bit_is_found_in_its_row(field: str) -> None:
    disk = Disk()
    ledger_on(disk).append([entry(bytes([number])) for number in range(5)])
    disk.flip(2, field, 11)
    verdict = ledger_on(disk).verify()
    assert (verdict.verified, verdict.broken_entry) == (False, 2)
    disk.recover()
    assert ledger_on(disk).verify().verified


def test_a_pair_of_key_and_nonce_that_comes_again_is_seen() -> None:
    seen: list[str] = []
    watch = Watch(seen.append)
    watch.sealing(b"k" * 32, b"n" * 12)
    watch.sealing(b"k" * 32, b"m" * 12)
    watch.sealing(b"j" * 32, b"n" * 12)
    assert seen == []
    watch.sealing(b"k" * 32, b"n" * 12)
    assert seen == ["a pair of key and nonce was used twice"]
