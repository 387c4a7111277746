"""`Ranges`: a set of numbers of a stream, kept as runs without a gap, because such numbers come in runs."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

Range = tuple[int, int]
"""First and last number of a run, both in it."""


class Ranges:
    """Numbers in runs; adding and asking cost the logarithm of the number of runs, and a shift of a list."""

    def __init__(self, ranges: Sequence[Range] = ()) -> None:
        """The numbers of these runs, in any order; they may overlap."""
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Put in a run; what touches or overlaps becomes one."""
        start = bisect_left(self._lasts, first - 1)
        stop = bisect_right(self._firsts, last + 1)
        if start < stop:
            first = min(first, self._firsts[start])
            last = max(last, self._lasts[stop - 1])
        self._firsts[start:stop] = [first]
        self._lasts[start:stop] = [last]

    def drop_through(self, number: int) -> None:
        """Take out everything up to a number."""
        gone = bisect_right(self._lasts, number)
        del self._firsts[:gone], self._lasts[:gone]
        if self._firsts and self._firsts[0] <= number:
            self._firsts[0] = number + 1

    def end_of(self, number: int) -> int | None:
        """The last number of the run that holds a number; None where none does."""
        at = bisect_right(self._firsts, number) - 1
        return self._lasts[at] if at >= 0 and number <= self._lasts[at] else None

    def next_first(self, number: int) -> int | None:
        """The first number of the first run that begins behind a number."""
        at = bisect_right(self._firsts, number)
        return self._firsts[at] if at < len(self._firsts) else None

    def gaps(self, first: int, last: int) -> Iterator[Range]:
        """The runs between two numbers, both included, that are not in here."""
        while first <= last:
            end = self.end_of(first)
            if end is not None:
                first = end + 1
                continue
            following = self.next_first(first)
            stop = last if following is None else min(last, following - 1)
            yield first, stop
            first = stop + 1

    def within(self, first: int, last: int) -> Iterator[Range]:
        """The runs in here between two numbers, both included, cut to them."""
        at = bisect_left(self._lasts, first)
        while at < len(self._firsts) and self._firsts[at] <= last:
            yield max(first, self._firsts[at]), min(last, self._lasts[at])
            at += 1

    def __contains__(self, number: int) -> bool:
        """Whether a number is in here."""
        return self.end_of(number) is not None

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._firsts)

    def __iter__(self) -> Iterator[Range]:
        """The runs, lowest first."""
        return zip(tuple(self._firsts), tuple(self._lasts), strict=True)
