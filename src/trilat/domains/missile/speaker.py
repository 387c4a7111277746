"""One speaker: of the parties that track one object, the one that announces it. All of them contribute.

Rules
1. Quality decides: the party that knows the place best (root of the trace of its position covariance); of
   equals the first by its code.
2. It is not taken over by a little: another must be below `MARGIN` of the speaker's sigma for `HOLD_S`.
3. A party that has said nothing for `SILENT_S` speaks no longer; the best of the others does at once.
4. The answer is that of going through all statements held in order of their instants, whatever the order in
   which they came: everyone who holds the same statements has the same speaker. A View holds only what its
   readers may have, so nobody learns from the choice of a party that it may not see.
"""

from bisect import bisect_right, insort
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from trilat.domains.missile.parties import Saying, Subject
from trilat.model import SECOND_NS

MARGIN: Final = 0.8
HOLD_S: Final = 10
SILENT_S: Final = 20
SAMPLES_MAX: Final = 3_600
"""Statements of one object that are remembered, the newest; one a second for an hour."""

GROUPS_MAX: Final = 64
_Sample = tuple[int, str, float]
"""Instant, party, and sigma of the place in metres."""


@dataclass(frozen=True)
class _State:
    """Who speaks after a statement, and who would take over since when."""

    speaker: str | None = None
    challenger: str | None = None
    since_ns: int = 0
    latest: dict[str, tuple[int, float]] = field(default_factory=dict)


@dataclass
class _Group:
    """The statements about one object by several parties, in order, and the state after each so far."""

    samples: list[_Sample]
    states: list[_State] = field(default_factory=list)

    def insert(self, sample: _Sample) -> None:
        """Take a statement, at its place."""
        place = bisect_right(self.samples, sample)
        self.samples.insert(place, sample)
        del self.states[place:]

    def speaker(self) -> str | None:
        """Who speaks after all of them."""
        state = self.states[-1] if self.states else _State()
        for sample in self.samples[len(self.states) :]:
            state = _after(state, sample)
            self.states.append(state)
        return state.speaker


class Speakers:
    """The statements of all parties of one View about their objects, and who announces which."""

    def __init__(self) -> None:
        """Nobody has spoken."""
        self._samples: dict[Subject, list[_Sample]] = {}
        self._groups: dict[frozenset[Subject], _Group] = {}

    def add(self, saying: Saying) -> None:
        """Take a statement."""
        sample = (saying.time_ns, saying.party, saying.sigma_m())
        kept = self._samples.setdefault(saying.name, [])
        insort(kept, sample)
        if len(kept) > SAMPLES_MAX:
            del kept[: SAMPLES_MAX // 10]
            self._groups = {names: group for names, group in self._groups.items() if saying.name not in names}
        for names, group in self._groups.items():
            if saying.name in names:
                group.insert(sample)

    def forget(self, kept: Collection[Subject]) -> None:
        """Let go of objects that are not among `kept`."""
        for name in [name for name in self._samples if name not in kept]:
            del self._samples[name]
            self._groups = {names: group for names, group in self._groups.items() if name not in names}

    def of(self, subjects: Collection[Subject]) -> str | None:
        """Who announces the object that these are; None where nobody has said where it is."""
        names = frozenset(name for name in subjects if name in self._samples)
        if not names:
            return None
        group = self._groups.get(names)
        if group is None:
            if len(self._groups) >= GROUPS_MAX:
                del self._groups[next(iter(self._groups))]
            merged = sorted(sample for name in names for sample in self._samples[name])
            group = self._groups[names] = _Group(merged)
        return group.speaker()


def _after(state: _State, sample: _Sample) -> _State:
    """Who speaks after one more statement (rules 1 to 3)."""
    time_ns, party, sigma_m = sample
    latest = {**state.latest, party: (time_ns, sigma_m)}
    heard = {
        name: known_m
        for name, (said_ns, known_m) in latest.items()
        if time_ns - said_ns <= SILENT_S * SECOND_NS
    }
    best = min(heard, key=lambda name: (heard[name], name))
    quiet = replace(state, challenger=None, since_ns=0, latest=latest)
    if state.speaker is None or state.speaker not in heard:
        return replace(quiet, speaker=best)
    if best == state.speaker or heard[best] >= MARGIN * heard[state.speaker]:
        return quiet
    if best != state.challenger:
        return replace(quiet, challenger=best, since_ns=time_ns)
    if time_ns - state.since_ns >= HOLD_S * SECOND_NS:
        return replace(quiet, speaker=best)
    return replace(state, latest=latest)
