"""Runs of numbers, against a plain set."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trilat.link import Ranges

_RUN = st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def _numbers(first: int, last: int) -> set[int]:
    return set(range(first, last + 1))


@given(st.lists(st.tuples(st.booleans(), _RUN), max_size=40), _RUN)
def test_runs_hold_what_a_set_holds(
    steps: list[tuple[bool, tuple[int, int]]], asked: tuple[int, int]
) -> None:
    ranges, plain = Ranges(), set[int]()
    for adding, (first, last) in steps:
        if adding:
            ranges.add(first, last)
            plain |= _numbers(first, last)
        else:
            ranges.drop_through(first)
            plain -= _numbers(0, first)
        runs = list(ranges)
        assert set().union(*(_numbers(*run) for run in runs)) == plain
        assert all(one[1] + 1 < other[0] for one, other in pairwise(runs))
        assert len(ranges) == len(runs)
    inside, window = plain & _numbers(*asked), _numbers(*asked)
    assert set().union(*(_numbers(*run) for run in ranges.within(*asked))) == inside
    assert set().union(*(_numbers(*run) for run in ranges.gaps(*asked))) == window - plain
    for number in window:
        assert (number in ranges) is (number in plain)
        end = ranges.end_of(number)
        assert end is None if number not in plain else _numbers(number, end or 0) <= plain
        following = ranges.next_first(number)
        behind = [run[0] for run in ranges if run[0] > number]
        assert following == (behind[0] if behind else None)
