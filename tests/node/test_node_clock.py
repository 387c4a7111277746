"""The clock of an exercise: it stands, runs, changes its pace at one moment, and never runs back."""

from dataclasses import dataclass

import pytest

from trilat.model import SECOND_NS, UsageError
from trilat.node import Pace, PacedClock


@dataclass
class World:
    """The world's clock, as the test says."""

    now_ns: int = 1_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns


def pace(wall_s: float, instant_s: float, speed: float) -> Pace:
    return Pace(from_wall_ns=round(wall_s * SECOND_NS), instant_ns=round(instant_s * SECOND_NS), speed=speed)


def test_it_runs_as_fast_as_its_pace_says() -> None:
    world = World()
    clock = PacedClock(pace(1_000, 50, 20.0), world)
    assert clock.now_ns() == 50 * SECOND_NS
    world.now_ns += 2 * SECOND_NS
    assert clock.now_ns() == 90 * SECOND_NS


def test_it_stands_before_its_pace_begins_and_at_speed_zero() -> None:
    world = World()
    clock = PacedClock(pace(1_005, 50, 20.0), world)
    assert clock.now_ns() == 50 * SECOND_NS
    standing = PacedClock(pace(1_000, 50, 0.0), world)
    world.now_ns += 100 * SECOND_NS
    assert standing.now_ns() == 50 * SECOND_NS


def test_a_pace_in_the_future_waits_for_its_moment() -> None:
    world = World()
    clock = PacedClock(pace(1_000, 50, 10.0), world)
    clock.set_pace(pace(1_001, 60, 0.0))
    assert clock.pace == pace(1_001, 60, 0.0)
    world.now_ns += SECOND_NS // 2
    assert clock.now_ns() == 55 * SECOND_NS
    world.now_ns += 10 * SECOND_NS
    assert clock.now_ns() == 60 * SECOND_NS


def test_it_never_runs_back() -> None:
    world = World()
    clock = PacedClock(pace(1_000, 50, 10.0), world)
    world.now_ns += 10 * SECOND_NS
    assert clock.now_ns() == 150 * SECOND_NS
    clock.set_pace(pace(1_010, 140, 1.0))
    assert clock.now_ns() == 150 * SECOND_NS
    world.now_ns += 15 * SECOND_NS
    assert clock.now_ns() == 155 * SECOND_NS


def test_the_world_s_clock_may_step_back_without_the_exercise_s() -> None:
    world = World()
    clock = PacedClock(pace(1_000, 50, 1.0), world)
    world.now_ns += 5 * SECOND_NS
    assert clock.now_ns() == 55 * SECOND_NS
    world.now_ns -= 3 * SECOND_NS
    assert clock.now_ns() == 55 * SECOND_NS


@pytest.mark.parametrize(
    ("instant_s", "expected_ns"),
    [(50.0, 0), (60.0, SECOND_NS), (50.1, 10_000_000)],
    ids=["now", "in a second of the world", "soon"],
)
def test_it_says_how_long_to_wait_for_an_instant(instant_s: float, expected_ns: int) -> None:
    clock = PacedClock(pace(1_000, 50, 10.0), World())
    assert clock.wait_ns(round(instant_s * SECOND_NS)) == expected_ns


def test_a_clock_that_stands_never_comes_to_an_instant_but_looks_again_at_a_change() -> None:
    clock = PacedClock(pace(1_000, 50, 0.0), World())
    assert clock.wait_ns(60 * SECOND_NS) is None
    clock.set_pace(pace(1_002, 50, 5.0))
    assert clock.wait_ns(60 * SECOND_NS) == 2 * SECOND_NS


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf"), 1_001.0])
def test_a_speed_that_cannot_be_is_refused(speed: float) -> None:
    with pytest.raises(UsageError, match="`speed` of a pace"):
        pace(1_000, 50, speed)


def test_an_instant_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="`instant_ns` of a pace"):
        Pace(from_wall_ns=0, instant_ns=-1, speed=1.0)
