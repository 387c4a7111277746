"""The worker does jobs and ticks in the order of the node's clock, however late it is, and fails closed."""

import threading
import time as wall
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from trilat.model import SECOND_NS, LedgerError
from trilat.node import ManualClock, Pace, PacedClock
from trilat.node.worker import Together, Worker

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


def pieces(story: Story, name: str, *, passes: bool = False) -> Together:
    """Work that notes which of its pieces were done in one go, and when."""

    def do(given: Sequence[str]) -> list[str]:
        story.lines.append(f"{name}: {', '.join(given)} {story.at()}")
        return [f"{piece} done" for piece in given]

    return Together(do, 3, passes=passes)


def test_what_waits_of_one_kind_is_done_in_one_go_at_the_stamp_of_the_last(story: Story) -> None:
    story.worker.gathers = True
    story.worker.start()
    story.wait_for("tick 0")
    kind = pieces(story, "batches")
    with held(story):
        asked = []
        for name in ("one", "two", "three", "four"):
            story.pass_s(0.125)
            asked.append(story.worker.ask_together(kind, name))
    assert [one.result(WAIT_S) for one in asked] == ["one done", "two done", "three done", "four done"]
    assert story.lines[1:] == ["batches: one, two, three 0.375", "batches: four 0.5"]


def test_nothing_is_gathered_over_a_tick_nor_past_a_job_nor_by_a_worker_that_does_not_gather(
    story: Story,
) -> None:
    kind = pieces(story, "batches", passes=True)
    story.worker.gathers = True
    story.worker.start()
    story.wait_for("tick 0")
    with held(story):
        story.worker.tell_together(kind, "before")
        story.worker.tell(story.job("job"))
        story.worker.tell_together(kind, "behind")
        story.pass_s(1.5)
        story.worker.tell_together(kind, "after the tick")
    story.wait_for("batches: after the tick 1.5")
    assert story.lines[1:] == [
        *("batches: before 0", "job 0", "batches: behind 0", "tick 1", "batches: after the tick 1.5"),
    ]
    story.worker.gathers = False
    with held(story):
        story.worker.tell_together(kind, "a")
        story.worker.tell_together(kind, "b")
    story.wait_for("batches: b 1.5")
    assert story.lines[-2:] == ["batches: a 1.5", "batches: b 1.5"]


def test_only_what_may_be_done_before_other_kinds_passes_them(story: Story) -> None:
    batches, payloads = pieces(story, "batches"), pieces(story, "payloads", passes=True)
    story.worker.gathers = True
    story.worker.start()
    story.wait_for("tick 0")
    with held(story):
        for kind, name in (
            *((batches, "b1"), (payloads, "p1"), (batches, "b2"), (payloads, "p2"), (batches, "b3")),
        ):
            story.worker.tell_together(kind, name)
    story.wait_for("batches: b2, b3 0")
    assert story.lines[1:] == ["batches: b1 0", "payloads: p1, p2 0", "batches: b2, b3 0"]


def test_an_error_goes_to_the_piece_that_it_is_of_and_one_of_all_to_all(story: Story) -> None:
    def some(given: Sequence[str]) -> list[Any]:
        if "all" in given:
            raise LedgerError("the disk is full")
        return [LedgerError(f"{piece} is wrong") if piece == "bad" else piece for piece in given]

    kind = Together(some, 8)
    story.worker.gathers = True
    story.worker.start()
    with held(story):
        good, bad = (story.worker.ask_together(kind, name) for name in ("good", "bad"))
    assert good.result(WAIT_S) == "good"
    with pytest.raises(LedgerError, match="bad is wrong"):
        bad.result(WAIT_S)
    with held(story):
        both = [story.worker.ask_together(kind, name) for name in ("good", "all")]
    for one in both:
        with pytest.raises(LedgerError, match="the disk is full"):
            one.result(WAIT_S)
    assert story.failures == []
    story.worker.tell_together(kind, "all")
    story.worker.ask(story.job("asked")).result(WAIT_S)
    assert (story.failures, story.worker.ticking) == (["the disk is full"], False)


def test_a_piece_that_nobody_waits_for_any_more_is_not_done(story: Story) -> None:
    kind = pieces(story, "batches")
    story.worker.gathers = True
    story.worker.start()
    with held(story):
        gone, wanted = (story.worker.ask_together(kind, name) for name in ("gone", "wanted"))
        assert gone.cancel()
    assert wanted.result(WAIT_S) == "wanted done"
    assert [line for line in story.lines if "batches" in line] == ["batches: wanted 0"]


def test_too_many_pieces_are_refused(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.worker._JOBS_MAX", 1)
    kind = pieces(story, "batches")
    assert story.worker.tell_together(kind, "one")
    assert not story.worker.tell_together(kind, "two")
    with pytest.raises(LedgerError, match="more to do than it can"):
        story.worker.ask_together(kind, "three")
