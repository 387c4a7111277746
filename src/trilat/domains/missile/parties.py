"""What each party says of each of its objects: where it is now, how well the party knows it, and since when.

A party's statement is its newest `Track`. One that carries a state says it outright. One that carries
tracklets says what is new: they are put together here, by information sum, as its maker would, so that both
kinds are compared by the same measure. One that carries neither says only that there is something.

Two parties' objects are the same one while their states, taken to one instant, lie within `_SAME_GATE` of
each other, and stay it until they lie beyond `_OTHER_GATE`.
"""

import hashlib
import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from trilat.domains.motion import state_of
from trilat.fusion import FALLING, information_sum, propagate
from trilat.geo import FloatArray
from trilat.model import SECOND_NS, ItemReference, ObservationError, Track

Subject = tuple[str, str]
"""Party and its name for an object."""

LIVE_S: Final = 15
"""An object of which its party has said nothing for so long is not compared any more, seconds."""

SUBJECTS_MAX: Final = 200
"""Objects remembered; the one heard of longest ago goes first."""

_SAME_GATE: Final = 16.81
"""Chi-square, 6 degrees of freedom, 99 %: two statements this near are of one object."""

_OTHER_GATE: Final = 33.11
"""Chi-square, 6 degrees of freedom, 99.999 %: beyond it they are not any more."""

_NEAR_M: Final = 200_000.0
"""Farther apart nothing is compared, metres."""

_NEAREST_M: Final = 6.2e6
_FARTHEST_M: Final = 1.0e8
"""Distances from the Earth's centre between which something can be, metres."""

_COAST_PSD: Final = 1e-7
_BURN_PSD: Final = 600.0
"""Acceleration not known while something burns: 25 m/s2 that stays alike for about half a second, m2/s3."""


_NAME_CHARACTERS: Final = 32
"""Longer names of objects are shortened where they become part of the name of an item."""


def short_name(subject: str) -> str:
    """A name for an object that is short whatever its party calls it."""
    return subject if len(subject) <= _NAME_CHARACTERS else hashlib.sha256(subject.encode()).hexdigest()[:16]


@dataclass
class Saying:
    """The newest statement of a party about one object."""

    party: str
    subject: str
    reference: ItemReference
    received_under: tuple[str, ...]
    time_ns: int
    mean: FloatArray
    covariance: FloatArray
    burns: bool
    same: set[Subject] = field(default_factory=set)
    """Objects of other parties that are this one."""

    @property
    def name(self) -> Subject:
        """Party and subject."""
        return self.party, self.subject

    def sigma_m(self) -> float:
        """One number for how well the place is known, metres."""
        return float(np.sqrt(np.trace(self.covariance[:3, :3])))

    def at(self, time_ns: int) -> tuple[FloatArray, FloatArray]:
        """The state at an instant."""
        return _carried(self.mean, self.covariance, (time_ns - self.time_ns) / SECOND_NS, burns=self.burns)


class Sayings:
    """The newest statements of all parties in one View."""

    def __init__(self) -> None:
        """Nothing said."""
        self.of: dict[Subject, Saying] = {}
        self.newest_ns = 0

    def add(self, item: Track) -> Saying | None:
        """Take a party's track; None where it says nothing new of a place."""
        party = item.provenance.originators[0]
        known = self.of.get((party, item.subject))
        if known is not None and (
            known.reference.item_id == item.item_id and known.reference.version >= item.version
        ):
            return None
        said = _said(item, known)
        if said is None or not _NEAREST_M < float(np.linalg.norm(said[1][:3])) < _FARTHEST_M:
            return None
        time_ns, mean, covariance = said
        saying = Saying(
            party=party,
            subject=item.subject,
            reference=item.reference,
            received_under=item.provenance.received_under,
            time_ns=time_ns,
            mean=mean,
            covariance=covariance,
            burns=_burns(item),
            same=set() if known is None else known.same,
        )
        self.of.pop(saying.name, None)
        self.of[saying.name] = saying
        self.newest_ns = max(self.newest_ns, time_ns)
        self._compare(saying)
        if len(self.of) > SUBJECTS_MAX:
            self._forget(next(iter(self.of)))
        return saying

    def live(self) -> list[Saying]:
        """Statements that are not old, in order of party and subject."""
        oldest_ns = self.newest_ns - LIVE_S * SECOND_NS
        return [self.of[name] for name in sorted(self.of) if self.of[name].time_ns > oldest_ns]

    def is_same(self, one: Subject, other: Subject) -> bool:
        """Whether two parties' objects are one."""
        saying = self.of.get(one)
        return saying is not None and other in saying.same

    def nearest(self, estimate: tuple[FloatArray, FloatArray], time_ns: int) -> list[Subject]:
        """Of each party the object that is nearest to an estimate of that instant, where one is near it."""
        best: dict[str, tuple[float, str]] = {}
        for (party, subject), saying in self.of.items():
            if abs(saying.time_ns - time_ns) <= LIVE_S * SECOND_NS:
                distance = _distance(saying, estimate, time_ns)
                if distance < _OTHER_GATE and (party not in best or (distance, subject) < best[party]):
                    best[party] = distance, subject
        return [(party, subject) for party, (_, subject) in sorted(best.items())]

    def _compare(self, saying: Saying) -> None:
        for name, other in self.of.items():
            if name[0] == saying.party:
                continue
            gate = _OTHER_GATE if name in saying.same else _SAME_GATE
            if abs(saying.time_ns - other.time_ns) <= LIVE_S * SECOND_NS and _apart(saying, other) < gate:
                saying.same.add(name)
                other.same.add(saying.name)
            else:
                saying.same.discard(name)
                other.same.discard(saying.name)

    def _forget(self, name: Subject) -> None:
        for other in self.of.pop(name).same:
            self.of[other].same.discard(name)


def _said(item: Track, known: Saying | None) -> tuple[int, FloatArray, FloatArray] | None:
    """Instant, mean (6,) and covariance (6, 6) that a track says, given what was said before."""
    if item.state is not None:
        return item.state.epoch_ns, *state_of(item.state)
    estimate = None if known is None else (known.time_ns, known.mean, known.covariance)
    for tracklet in sorted(item.tracklets, key=lambda part: part.epoch_ns):
        new = state_of(tracklet)
        if estimate is None:
            estimate = tracklet.epoch_ns, *new
            continue
        seconds = (tracklet.epoch_ns - estimate[0]) / SECOND_NS
        if not 0.0 <= seconds <= LIVE_S:
            estimate = (tracklet.epoch_ns, *new) if seconds > 0.0 else estimate
            continue
        try:
            before = _carried(estimate[1], estimate[2], seconds, burns=_burns(item))
            estimate = tracklet.epoch_ns, *information_sum([before, new])
        except ObservationError:
            # What cannot be put together says nothing; the next version may.
            continue
    return estimate if item.tracklets else None


def _carried(
    mean: FloatArray, covariance: FloatArray, seconds: float, *, burns: bool
) -> tuple[FloatArray, FloatArray]:
    """A state in free fall after `seconds`, with an unknown thrust where it burns."""
    if seconds == 0.0:
        return mean, covariance
    moved: tuple[FloatArray, FloatArray] = propagate(
        mean, covariance, seconds, _BURN_PSD if burns else _COAST_PSD
    )
    return moved


def _burns(item: Track) -> bool:
    return item.stage.value not in FALLING


def _apart(one: Saying, other: Saying) -> float:
    """Squared distance of two statements at the later instant of the two."""
    later, earlier = (one, other) if one.time_ns >= other.time_ns else (other, one)
    return _distance(earlier, (later.mean, later.covariance), later.time_ns)


def _distance(saying: Saying, estimate: tuple[FloatArray, FloatArray], time_ns: int) -> float:
    """Squared distance of a statement to an estimate of an instant; infinite where they are far apart."""
    if float(np.linalg.norm(saying.mean[:3] - estimate[0][:3])) > _NEAR_M:
        return math.inf
    mean, covariance = saying.at(time_ns)
    apart = mean - estimate[0]
    try:
        return float(apart @ np.linalg.solve(covariance + estimate[1], apart))
    except np.linalg.LinAlgError:
        return math.inf
