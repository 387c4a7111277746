"""Who has stopped to sign is named in one line, once, and so is when it goes on."""

from types import SimpleNamespace
from typing import Any

import pytest

from trilat.model import SECOND_NS
from trilat.node import ManualClock
from trilat.node.standstill import AGAIN_S, STILL_S, Standstill
from trilat.node.unanswered import Overdue


class Streams:
    """Two streams whose numbers a test sets."""

    def __init__(self) -> None:
        self.last = {"JPN": 0, "USA": 0}
        self.receipts = {"JPN": 0, "USA": 0}

    def next_sequence(self, peer: str) -> int:
        return self.last[peer] + 1

    def acknowledged(self, peer: str) -> int:
        return self.receipts[peer]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def streams() -> Streams:
    return Streams()


class Both:
    """The part that measures and the part that tells, as a node has them."""

    def __init__(self, streams: Streams, said: list[str]) -> None:
        self.clock = ManualClock(0)
        endpoint: Any = streams
        peers = ("JPN", "USA")
        self.measured = Overdue(endpoint, peers, self.clock)
        node: Any = SimpleNamespace(
            endpoint=streams,
            overdue=self.measured,
            config=SimpleNamespace(peers=peers),
            refused=lambda source, text: said.append(f"{source}: {text}"),
        )
        self.told = Standstill(node)

    def written(self, now_ns: int) -> None:
        self.clock.advance_to(now_ns)
        self.measured.written(now_ns)
        self.told.written(now_ns)


@pytest.fixture
def overdue(streams: Streams, said: list[str]) -> Both:
    return Both(streams, said)


def seconds(overdue: Both, first: int, last: int) -> None:
    for second in range(first, last + 1):
        overdue.written(second * SECOND_NS)


def test_who_signs_is_not_spoken_of(overdue: Both, streams: Streams, said: list[str]) -> None:
    for second in range(200):
        streams.last["JPN"] += 2
        if second % (STILL_S - 1) == 0:
            streams.receipts["JPN"] = streams.last["JPN"] - 1
        overdue.written(second * SECOND_NS)
    assert said == []


def test_who_has_nothing_to_sign_for_is_not_spoken_of(overdue: Both, said: list[str]) -> None:
    seconds(overdue, 0, 2 * AGAIN_S)
    assert said == []


def test_who_stops_is_named_alone_once_in_ten_minutes_and_when_it_goes_on(
    overdue: Both, streams: Streams, said: list[str]
) -> None:
    streams.last.update(JPN=9, USA=7)
    streams.receipts.update(JPN=4, USA=7)
    seconds(overdue, 0, STILL_S - 1)
    assert said == []
    seconds(overdue, STILL_S, STILL_S + AGAIN_S - 1)
    (line,) = said
    assert line.startswith("link: `JPN` has signed for 4 of 9 releases, and for no more in 30 s: ")
    seconds(overdue, STILL_S + AGAIN_S, STILL_S + AGAIN_S)
    assert len(said) == 2
    streams.receipts["JPN"] = 6
    seconds(overdue, 700, 705)
    assert said[2:] == ["link: `JPN` signs again: 6 of 9 releases"]
