"""The worker does jobs and ticks in the order of the node's clock, however late it is, and fails closed."""

import threading
import time as wall
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from trilat.model import SECOND_NS, LedgerError
from trilat.node import ManualClock, Pace, PacedClock
from trilat.node.worker import Worker

START_NS = 100 * SECOND_NS
WAIT_S = 20.0


class Story:
    """What a worker did, in order, with the node's clock at each."""

    def __init__(self) -> None:
        self.world_ns = 1_000 * SECOND_NS
        self.clock = ManualClock(START_NS)
        self.time = PacedClock(
            Pace(from_wall_ns=self.world_ns, instant_ns=START_NS, speed=1.0), lambda: self.world_ns
        )
        self.lines: list[str] = []
        self.failures: list[str] = []
        self.broken = False
        self.worker = Worker(self.clock, self.time, self.tick, lambda: 0.01, self.fail)

    def at(self) -> str:
        return f"{(self.clock.now_ns() - START_NS) / SECOND_NS:g}"

    def tick(self) -> None:
        if self.broken:
            raise LedgerError("the disk is full")
        self.lines.append(f"tick {self.at()}")

    def fail(self, error: Exception) -> None:
        self.failures.append(str(error))

    def job(self, name: str) -> Callable[[], None]:
        return lambda: self.lines.append(f"{name} {self.at()}")

    def pass_s(self, seconds: float) -> None:
        self.world_ns += round(seconds * SECOND_NS)

    def wait_for(self, line: str) -> None:
        ends_s = wall.monotonic() + WAIT_S
        while line not in self.lines:
            assert wall.monotonic() < ends_s, f"`{line}` did not come: {self.lines}"
            wall.sleep(0.001)


@pytest.fixture
def story() -> Iterator[Story]:
    made = Story()
    yield made
    if made.worker.is_alive():
        made.worker.stop()


@contextmanager
def held(story: Story) -> Iterator[None]:
    """Keep the worker busy, so that what comes meanwhile waits."""
    begun, free = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert free.wait(WAIT_S)

    story.worker.tell(hold)
    assert begun.wait(WAIT_S)
    yield
    free.set()


def test_a_late_worker_does_everything_in_the_order_of_the_clock(story: Story) -> None:
    story.worker.start()
    story.wait_for("tick 0")
    with held(story):
        story.pass_s(0.5)
        story.worker.tell(story.job("early"))
        story.pass_s(0.5)
        story.worker.tell(story.job("at the tick"))
        story.pass_s(1.25)
        story.worker.tell(story.job("late"))
    story.wait_for("late 2.25")
    assert story.lines == ["tick 0", "early 0.5", "at the tick 1", "tick 1", "tick 2", "late 2.25"]


def test_no_tick_comes_while_the_clock_stands(story: Story) -> None:
    story.time.set_pace(Pace(from_wall_ns=story.world_ns, instant_ns=START_NS, speed=0.0))
    story.worker.start()
    story.wait_for("tick 0")
    story.pass_s(3_600)
    story.worker.ask(story.job("asked")).result(WAIT_S)
    assert story.lines == ["tick 0", "asked 0"]


def test_a_step_of_the_clock_brings_every_tick_on_the_way(story: Story) -> None:
    story.time.set_pace(Pace(from_wall_ns=story.world_ns, instant_ns=START_NS, speed=0.0))
    story.worker.start()
    story.wait_for("tick 0")
    story.time.set_pace(Pace(from_wall_ns=story.world_ns, instant_ns=START_NS + 3 * SECOND_NS, speed=0.0))
    story.wait_for("tick 3")
    assert story.lines == ["tick 0", "tick 1", "tick 2", "tick 3"]


def test_what_a_job_raises_goes_to_who_asked_and_stops_nothing(story: Story) -> None:
    def wrong() -> None:
        raise LedgerError("no")

    story.worker.start()
    with pytest.raises(LedgerError, match="no"):
        story.worker.ask(wrong).result(WAIT_S)
    story.pass_s(1)
    story.wait_for("tick 1")
    assert story.failures == []


def test_a_tick_that_fails_is_the_last(story: Story) -> None:
    story.broken = True
    story.worker.start()
    story.worker.ask(story.job("asked")).result(WAIT_S)
    story.pass_s(5)
    story.worker.ask(story.job("asked again")).result(WAIT_S)
    assert story.failures == ["the disk is full"]
    assert [line.split()[0] for line in story.lines] == ["asked", "asked"]


def test_a_job_that_nobody_waits_for_and_fails_ends_the_ticks(story: Story) -> None:
    def wrong() -> None:
        raise RuntimeError("a fault of ours")

    story.worker.start()
    story.wait_for("tick 0")
    story.worker.tell(wrong)
    story.worker.ask(story.job("asked")).result(WAIT_S)
    assert story.failures == ["a fault of ours"]
    assert not story.worker.ticking


def test_what_is_too_much_is_refused_and_not_kept(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.worker._JOBS_MAX", 2)
    full = Story()
    assert full.worker.tell(full.job("one"))
    assert full.worker.tell(full.job("two"))
    assert not full.worker.tell(full.job("three"))
    with pytest.raises(LedgerError, match="more to do than it can"):
        full.worker.ask(full.job("four"))
    full.worker.start()
    full.wait_for("two 0")
    full.worker.stop()
    assert story.lines == []
    assert [line for line in full.lines if "tick" not in line] == ["one 0", "two 0"]
