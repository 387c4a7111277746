"""SIAP scores: is every object tracked, once, by one track that keeps its name, and how near.

SIAP is the Single Integrated Air Picture. Source: Votruba and others, SIAP Metrics Implementation (SIAP
System Engineering Task Force, 29 October 2001), with the conventions of Stone Soup's `SIAPMetrics` and
`TrackToTruth`, by which other trackers are scored too:

- A track is of at most one object at an instant: the nearest one, within the threshold. It becomes of it
  after `confirm` such instants in a row, counted from the first of them, and stops after `end` instants
  without, counted from the last one with.
- Sums run over all instants at which any track or object has a state. J objects exist, JT of them have a
  track, N tracks exist, NA of them are of an object:
      completeness sum JT / sum J (best 1)          ambiguity    sum NA / sum JT (best 1)
      spuriousness sum (N - NA) / sum N (best 0)    accuracy     sum of errors / sum NA (best 0)
- Rate of track number change: (tracks needed in turn - 1), summed over tracked objects, per second tracked.
- Longest track segment: seconds that the most faithful track was of the object, summed over objects, over
  the seconds that they existed. A track that was of an object twice counts both times together.
- Where a sum in a denominator is 0: ambiguity is 1, all others are 0.

    >>> siap([track], [truth], threshold_m=500.0).completeness
    0.97
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from trilat.geo import FloatArray
from trilat.model import SECOND_NS, UsageError

IntArray: TypeAlias = npt.NDArray[np.int64]
# An association's start and end, UTC nanoseconds, both inclusive.
Segment: TypeAlias = tuple[int, int]


@dataclass(frozen=True, eq=False)
class History:
    """States of one track or object: `time_ns` (n,) growing UTC nanoseconds, `state` (n, 6), m and m/s."""

    key: str
    time_ns: IntArray
    state: FloatArray

    def __post_init__(self) -> None:
        """Refuse what is not a history, and freeze copies of the arrays.

        Raises:
            UsageError: no state, a wrong shape, a value not finite, or instants that do not grow.
        """
        instants = np.array(self.time_ns, dtype=np.int64)
        states = np.array(self.state, dtype=np.float64)
        if instants.ndim != 1 or instants.size == 0 or states.shape != (instants.size, 6):
            raise UsageError(f"history `{self.key}` needs instants (n,) and states (n, 6), n of 1 or more")
        if not np.all(np.isfinite(states)):
            raise UsageError(f"history `{self.key}` holds a value that is not finite")
        if np.any(np.diff(instants) <= 0):
            raise UsageError(f"history `{self.key}`: instants must grow")
        for name, array in (("time_ns", instants), ("state", states)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def rows_at(self, instants_ns: IntArray) -> IntArray:
        """Row of the state at each instant (m,), or -1 where there is none at exactly that instant."""
        rows = np.searchsorted(self.time_ns, instants_ns)
        found = np.minimum(rows, self.time_ns.size - 1)
        return np.where(self.time_ns[found] == instants_ns, found, -1)


@dataclass(frozen=True)
class Association:
    """That the track `track` was of the object `truth` (numbers in their sequences), in these segments."""

    track: int
    truth: int
    segments: tuple[Segment, ...]

    @property
    def length_ns(self) -> int:
        """Nanoseconds of all segments."""
        return sum(end - start for start, end in self.segments)

    def covers(self, instants_ns: IntArray) -> npt.NDArray[np.bool_]:
        """Whether each instant lies in a segment."""
        inside = np.zeros(instants_ns.shape, dtype=bool)
        for start, end in self.segments:
            inside |= (instants_ns >= start) & (instants_ns <= end)
        return inside


@dataclass(frozen=True)
class Siap:
    """SIAP scores of a run; see the module for what each is."""

    completeness: float
    ambiguity: float
    spuriousness: float
    position_accuracy_m: float
    velocity_accuracy_m_per_s: float
    track_number_change_rate_per_s: float
    longest_track_segment: float


def siap(
    tracks: Sequence[History],
    truths: Sequence[History],
    threshold_m: float,
    confirm: int = 3,
    end: int = 2,
) -> Siap:
    """Scores of tracks against true objects; states must be of the same instants to be compared.

    Args:
        tracks: what the picture said, each track at instants at which the truth is given.
        truths: the true objects.
        threshold_m: within which a track can be of an object.
        confirm: instants in a row after which a track is of an object.
        end: instants in a row without after which it is no longer.

    Raises:
        UsageError: a threshold or count that is not positive.
    """
    associations = associate(tracks, truths, threshold_m, confirm, end)
    instants = _all_instants([*tracks, *truths])
    track_rows = [track.rows_at(instants) for track in tracks]
    truth_rows = [truth.rows_at(instants) for truth in truths]
    tracked = np.zeros((len(truths), instants.size), dtype=bool)
    following = np.zeros((len(tracks), instants.size), dtype=bool)
    errors = np.zeros(2)
    for pair in associations:
        rows, true_rows = track_rows[pair.track], truth_rows[pair.truth]
        both = pair.covers(instants) & (rows >= 0) & (true_rows >= 0)
        tracked[pair.truth] |= both
        following[pair.track] |= both
        apart = tracks[pair.track].state[rows[both]] - truths[pair.truth].state[true_rows[both]]
        errors += [
            float(np.linalg.norm(apart[:, :3], axis=1).sum()),
            float(np.linalg.norm(apart[:, 3:], axis=1).sum()),
        ]
    objects = sum(int((rows >= 0).sum()) for rows in truth_rows)
    held = sum(int((rows >= 0).sum()) for rows in track_rows)
    j_tracked, n_following = int(tracked.sum()), int(following.sum())
    return Siap(
        completeness=_share(j_tracked, objects),
        ambiguity=_share(n_following, j_tracked, 1.0),
        spuriousness=_share(held - n_following, held),
        position_accuracy_m=_share(float(errors[0]), n_following),
        velocity_accuracy_m_per_s=_share(float(errors[1]), n_following),
        track_number_change_rate_per_s=_change_rate(associations, truths),
        longest_track_segment=_longest_segments(associations, truths),
    )


def associate(
    tracks: Sequence[History],
    truths: Sequence[History],
    threshold_m: float,
    confirm: int = 3,
    end: int = 2,
) -> tuple[Association, ...]:
    """Which track was of which object and when, by the rule of the module, in order of track and truth.

    Raises:
        UsageError: a threshold or count that is not positive.
    """
    if not (threshold_m > 0.0 and np.isfinite(threshold_m)) or confirm < 1 or end < 1:
        raise UsageError("threshold, confirm and end must be positive")
    found: dict[tuple[int, int], list[Segment]] = {}
    for number, track in enumerate(tracks):
        nearest = _nearest(track, truths, threshold_m)
        for truth, start, last in _runs(nearest, confirm, end):
            segment = (int(track.time_ns[start]), int(track.time_ns[last]))
            found.setdefault((number, truth), []).append(segment)
    return tuple(Association(*pair, tuple(segments)) for pair, segments in sorted(found.items()))


def _nearest(track: History, truths: Sequence[History], threshold_m: float) -> IntArray:
    """Number of the nearest object nearer than the threshold at each of the track's instants, or -1."""
    best = np.full(track.time_ns.size, threshold_m)
    nearest = np.full(track.time_ns.size, -1, dtype=np.int64)
    for number, truth in enumerate(truths):
        rows = truth.rows_at(track.time_ns)
        there = np.flatnonzero(rows >= 0)
        apart = track.state[there, :3] - truth.state[rows[there], :3]
        distance = np.linalg.norm(apart, axis=1)
        nearer = distance < best[there]
        best[there[nearer]] = distance[nearer]
        nearest[there[nearer]] = number
    return nearest


@dataclass
class _Follower:
    """Of which object one track is, row by row.

    The counters are kept as Stone Soup's `TrackToTruth` keeps them, so that scores can be compared: misses
    are forgotten only by the next hit, also where a new association began in between.
    """

    confirm: int
    end: int
    current: int = -1
    start: int = 0
    last: int = 0
    candidate: int = -1
    candidate_start: int = 0
    hits: int = 0
    misses: int = 0

    def seek(self, row: int, now: int) -> None:
        """Of no object so far: count how often in a row the same one, `now`, is nearest."""
        if now < 0:
            self.candidate, self.hits = -1, 0
        elif now != self.candidate:
            self.candidate, self.candidate_start, self.hits = now, row, 1
        else:
            self.hits += 1
        if now >= 0 and self.hits >= self.confirm:
            self.current, self.start, self.last = now, self.candidate_start, row
            self.candidate, self.hits = -1, 0

    def hold(self, row: int, now: int) -> tuple[int, int, int] | None:
        """Of an object so far: (object, first row, last row) where that ends with this row."""
        if now == self.current:
            self.misses, self.last = 0, row
            return None
        self.misses += 1
        if now >= 0 and now == self.candidate:
            self.hits += 1
        else:
            self.candidate, self.candidate_start, self.hits = now, row, 1
        if self.misses < self.end:
            return None
        ended = (self.current, self.start, self.last)
        self.current = -1
        if self.hits >= self.confirm:
            self.current, self.start, self.last = self.candidate, self.candidate_start, row
        return ended


def _runs(nearest: IntArray, confirm: int, end: int) -> Iterable[tuple[int, int, int]]:
    """(object, first row, last row) of each association of one track."""
    follower = _Follower(confirm, end)
    for row, now in enumerate(nearest.tolist()):
        if follower.current < 0:
            follower.seek(row, now)
        elif (ended := follower.hold(row, now)) is not None:
            yield ended
    if follower.current >= 0:
        yield follower.current, follower.start, follower.last


def _change_rate(associations: Sequence[Association], truths: Sequence[History]) -> float:
    """Changes of track number per second tracked, of all objects together."""
    changes, seconds = 0, 0.0
    for number, truth in enumerate(truths):
        own = [pair for pair in associations if pair.truth == number]
        needed = _tracks_needed(own, truth.time_ns)
        changes += max(0, needed - 1)
        seconds += _tracked_s(own, truth.time_ns)
    return _share(changes, seconds)


def _tracks_needed(associations: Sequence[Association], instants_ns: IntArray) -> int:
    """How many segments in turn cover the object's tracked instants, taking the track that lasts longest.

    Greedy, as Stone Soup counts, but for one thing: where the next segment ends at the very instant at which
    it is taken up, Stone Soup 1.9.1 stops counting, and this goes on.
    """
    lasting = sorted(associations, key=lambda pair: pair.segments[-1][1], reverse=True)
    needed, row = 0, 0
    while row < instants_ns.size:
        now = int(instants_ns[row])
        ends = (end for pair in lasting for start, end in pair.segments if start <= now <= end)
        end = next(ends, None)
        row += 1
        if end is not None:
            needed += 1
            row = max(row, int(np.searchsorted(instants_ns, end, side="right")))
    return needed


def _tracked_s(associations: Sequence[Association], instants_ns: IntArray) -> float:
    """Seconds within the object's life that any segment covers."""
    first, final = int(instants_ns[0]), int(instants_ns[-1])
    edges = sorted(
        {first, final, *(edge for pair in associations for part in pair.segments for edge in part)}
    )
    covered = sum(
        after - before
        for before, after in pairwise(edges)
        if first <= before
        and after <= final
        and any(start <= before and after <= end for pair in associations for start, end in pair.segments)
    )
    return covered / SECOND_NS


def _longest_segments(associations: Sequence[Association], truths: Sequence[History]) -> float:
    """Seconds of each object's most faithful track over the seconds that objects existed."""
    longest = sum(
        max((pair.length_ns for pair in associations if pair.truth == number), default=0)
        for number in range(len(truths))
    )
    return _share(longest, sum(int(truth.time_ns[-1] - truth.time_ns[0]) for truth in truths))


def _all_instants(histories: Sequence[History]) -> IntArray:
    """Every instant at which any of them has a state, growing."""
    if not histories:
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.concatenate([history.time_ns for history in histories]))


def _share(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty
