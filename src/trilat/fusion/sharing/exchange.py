"""One observation, counted once: the tracklets that one View holds, whatever graph they came by.

    exchange = Exchange("USA")
    outcome, tracklet = exchange.receive(contribution, now_ns)
    if tracklet is not None:
        tracker.add(tracklet)                     # accepted, whole or less what was counted before
    later, cursor = exchange.since(cursor)        # for a neighbour: own and accepted ones, as received

A `Contribution` is a tracklet with the keyed tokens of the observations inside. The tokens are its identity:
not who passed it on, not a sequence number, not when it came. So loss (send again), delay, repeats, replays
under a new number, other orders and circles in the graph change nothing, and what is passed on for ever in
a circle ends where it is known.

What `receive` looks for, in this order; nothing changes but for the two outcomes that accept
1. uncountable: lineage withheld or no token: it can be combined as a track, not counted.
2. too-old, too-new: outside `memory_s` before `now_ns` and `ahead_s` after it.
3. untrusted: it holds others' observations and its maker is not among `aggregators`.
4. false-lineage: a token in it is held from an originator that it does not name, or is our own.
5. too-certain: tighter than so many observations can be; see `ExchangeLimits`.
6. known: every observation in it is counted already.
7. full: more contributions than `contributions_max`.
8. overlapping: some are counted already and what those alone told is not held apart, or nothing falls freely,
   or a constant error is stated of it.
9. reduced: as 8, but it is known: the common information is taken off, the rest is counted.
10. accepted.

An exchange is part of one View: what may go to whom is decided before and after it, and a cursor tells
nothing of what other Views hold. There is no clock: `now_ns` comes from the caller. What is not checked:
whether a token is its originator's (the link checks who signed), and whether the numbers are honest beyond
5; the tracker's gates look at that.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from trilat.fusion.observation import EquivalentObservation, check_instant
from trilat.fusion.sharing.combine import Estimate, information_difference, information_sum
from trilat.fusion.sharing.lineage import Pedigree, parts_of
from trilat.fusion.sharing.partners import coasted
from trilat.model import Lineage, ObservationError

NS_PER_S = 1_000_000_000


class ExchangeOutcome(Enum):
    """What became of a contribution; the numbers are those of the module."""

    UNCOUNTABLE = "uncountable"
    TOO_OLD = "too-old"
    TOO_NEW = "too-new"
    UNTRUSTED = "untrusted"
    FALSE_LINEAGE = "false-lineage"
    TOO_CERTAIN = "too-certain"
    KNOWN = "known"
    FULL = "full"
    OVERLAPPING = "overlapping"
    REDUCED = "reduced"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class ExchangeLimits:
    """What an exchange believes and keeps; every limit has a name and a unit.

    No observation of this job is better than `position_sigma_m_min` and `speed_sigma_m_per_s_min`, so n of
    them, together, are no better than these over the root of n, in any direction of the six states.
    """

    memory_s: float = 600.0
    ahead_s: float = 2.0
    contributions_max: int = 20_000
    observations_max: int = 256
    position_sigma_m_min: float = 1.0
    speed_sigma_m_per_s_min: float = 1e-3

    def __post_init__(self) -> None:
        """Refuses limits with which nothing could be exchanged."""
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value > 0.0):
                raise ObservationError(f"limit `{name}` must be a positive number")


@dataclass(frozen=True, eq=False)
class Contribution:
    """A tracklet and the observations inside it.

    `tracklet.source` made it. `pedigree` names the originators and tokens of all observations inside; those
    of the maker's own sensors alone in a tracklet of its own. `coasting` says that the object fell freely.
    """

    tracklet: EquivalentObservation
    pedigree: Pedigree
    coasting: bool = False

    @property
    def time_ns(self) -> int:
        """The instant that the tracklet is of, UTC nanoseconds."""
        return int(self.tracklet.time_ns)

    @property
    def is_own_work(self) -> bool:
        """Whether it holds the observations of its maker alone."""
        return self.pedigree.originators == {self.tracklet.source}


@dataclass(eq=False)
class _Log:
    """Contributions in order of acceptance; `first` is the place of the oldest that is kept."""

    first: int = 0
    entries: list[Contribution] = field(default_factory=list)


class Exchange:
    """The contributions of one View; see the module for the rules."""

    def __init__(
        self,
        party: str,
        limits: ExchangeLimits | None = None,
        aggregators: Collection[str] = (),
    ) -> None:
        """An empty exchange at the node of `party`; `aggregators` may vouch for others' observations."""
        self.party = party
        self.limits = limits or ExchangeLimits()
        self._aggregators = frozenset(aggregators)
        self._parts: dict[frozenset[bytes], Contribution] = {}
        self._holder: dict[bytes, frozenset[bytes]] = {}
        self._originators: dict[bytes, frozenset[str]] = {}
        self._claimed: dict[bytes, int] = {}
        self._log = _Log()
        self._counts = dict.fromkeys(ExchangeOutcome, 0)

    def offer(self, contribution: Contribution) -> None:
        """Takes an own tracklet, to be passed on; our filter holds its plots already.

        Raises:
            ObservationError: it is not of this party alone, names no observation, or one that was offered.
        """
        pedigree = contribution.pedigree
        if pedigree.originators != {self.party} or contribution.tracklet.source != self.party:
            raise ObservationError(f"offer only tracklets of own plots, `{self.party}` did not make this one")
        if not pedigree.observations or pedigree.lineage is not Lineage.COMPLETE:
            raise ObservationError("an own tracklet must name the observations in it")
        if any(token in self._holder for token in pedigree.observations):
            raise ObservationError("an observation in this tracklet was offered before")
        self._hold(contribution)
        self._forget(contribution.time_ns)

    def claim(self, observations: Iterable[bytes], time_ns: int) -> None:
        """Notes own observations that go out otherwise than as contributions: nobody else's may hold them.

        Raises:
            ObservationError: `time_ns` is no instant.
        """
        check_instant("time_ns", time_ns)
        for token in observations:
            self._claimed[token] = int(time_ns)
        self._forget(int(time_ns))

    def receive(
        self, contribution: Contribution, now_ns: int
    ) -> tuple[ExchangeOutcome, EquivalentObservation | None]:
        """What became of a neighbour's contribution, and the tracklet to feed to the tracker, if any.

        Raises:
            ObservationError: `now_ns` is no instant. A contribution that cannot be does not get this far.
        """
        check_instant("now_ns", now_ns)
        outcome, tracklet = self._judged(contribution, int(now_ns))
        self._counts[outcome] += 1
        if tracklet is not None:
            self._hold(contribution)
            self._forget(int(now_ns))
        return outcome, tracklet

    def since(self, cursor: int = 0) -> tuple[tuple[Contribution, ...], int]:
        """Own and accepted contributions after a place in this exchange, as received, and the next place.

        What is older than `memory_s` is no longer there. A cursor from another exchange means nothing here.
        """
        skip = min(max(0, cursor - self._log.first), len(self._log.entries))
        return tuple(self._log.entries[skip:]), self._log.first + len(self._log.entries)

    def observations(self) -> frozenset[bytes]:
        """Tokens of all observations that are counted, own ones included."""
        return frozenset(self._holder) | frozenset(self._claimed)

    def counts(self) -> dict[str, int]:
        """How many contributions had each outcome."""
        return {outcome.value: count for outcome, count in self._counts.items()}

    def _judged(
        self, contribution: Contribution, now_ns: int
    ) -> tuple[ExchangeOutcome, EquivalentObservation | None]:
        refusal = self._refusal(contribution, now_ns)
        if refusal is not None:
            return refusal, None
        pedigree = contribution.pedigree
        counted = frozenset(
            token for token in pedigree.observations if token in self._holder or token in self._claimed
        )
        if counted == pedigree.observations:
            return ExchangeOutcome.KNOWN, None
        if len(self._parts) >= self.limits.contributions_max:
            return ExchangeOutcome.FULL, None
        if not counted:
            return ExchangeOutcome.ACCEPTED, contribution.tracklet
        rest = self._rest(contribution, counted)
        return (ExchangeOutcome.OVERLAPPING if rest is None else ExchangeOutcome.REDUCED), rest

    def _refusal(self, contribution: Contribution, now_ns: int) -> ExchangeOutcome | None:
        """The first reason of 1 to 5 not to look at what a contribution adds, or None."""
        pedigree, limits = contribution.pedigree, self.limits
        if pedigree.lineage is not Lineage.COMPLETE or not (
            0 < len(pedigree.observations) <= limits.observations_max
        ):
            return ExchangeOutcome.UNCOUNTABLE
        age_s = (now_ns - contribution.time_ns) / NS_PER_S
        if age_s >= limits.memory_s:
            return ExchangeOutcome.TOO_OLD
        if age_s < -limits.ahead_s:
            return ExchangeOutcome.TOO_NEW
        if not contribution.is_own_work and contribution.tracklet.source not in self._aggregators:
            return ExchangeOutcome.UNTRUSTED
        if any(self._is_anothers(token, pedigree) for token in pedigree.observations):
            return ExchangeOutcome.FALSE_LINEAGE
        return ExchangeOutcome.TOO_CERTAIN if self._is_too_certain(contribution) else None

    def _is_anothers(self, token: bytes, pedigree: Pedigree) -> bool:
        """Whether an observation is held from an originator that the pedigree does not name."""
        if token in self._claimed:
            return self.party not in pedigree.originators
        return token in self._originators and self._originators[token].isdisjoint(pedigree.originators)

    def _is_too_certain(self, contribution: Contribution) -> bool:
        """Whether P is below diag(sigma_min^2) / n in some direction, read from its inverse."""
        limits, covariance = self.limits, contribution.tracklet.covariance
        least = np.repeat([limits.position_sigma_m_min, limits.speed_sigma_m_per_s_min], 3)
        sigmas = np.sqrt(np.diagonal(covariance))
        correlation = covariance / np.outer(sigmas, sigmas)
        information = np.linalg.inv(0.5 * (correlation + correlation.T)) * np.outer(
            least / sigmas, least / sigmas
        )
        most = float(np.linalg.eigvalsh(0.5 * (information + information.T))[-1])
        return not most <= len(contribution.pedigree.observations) * (1.0 + 1e-6)

    def _rest(self, contribution: Contribution, counted: frozenset[bytes]) -> EquivalentObservation | None:
        """The tracklet less what is counted already, or None where that is not known apart."""
        parts = parts_of(counted, {self._holder[token] for token in counted if token in self._holder})
        if parts is None:
            return None
        inside = [self._parts[part] for part in parts]
        if not (contribution.coasting and all(part.coasting for part in inside)):
            return None
        tracklet = contribution.tracklet
        if any(part.tracklet.constant_sigma_m for part in (contribution, *inside)):
            # Whose constant error is in the whole, and how much of it, cannot be said.
            return None
        try:
            common = information_sum([_carried(part, contribution.time_ns) for part in inside])
            mean, covariance = information_difference((tracklet.mean, tracklet.covariance), common)
            return EquivalentObservation(tracklet.time_ns, tracklet.source, mean, covariance, tracklet.sensor)
        except ObservationError:
            # The part claims more than the whole: one of both is not what it says.
            return None

    def _hold(self, contribution: Contribution) -> None:
        tokens = contribution.pedigree.observations
        self._parts[tokens] = contribution
        for token in tokens:
            if token not in self._holder:
                self._holder[token] = tokens
                self._originators[token] = contribution.pedigree.originators
        self._log.entries.append(contribution)

    def _forget(self, now_ns: int) -> None:
        """Drops what `receive` would refuse as too old anyway."""
        horizon_ns = now_ns - int(self.limits.memory_s * NS_PER_S)
        while self._claimed and next(iter(self._claimed.values())) <= horizon_ns:
            del self._claimed[next(iter(self._claimed))]
        while self._log.entries and self._log.entries[0].time_ns <= horizon_ns:
            tokens = self._log.entries.pop(0).pedigree.observations
            self._log.first += 1
            self._parts.pop(tokens, None)
            for token in tokens:
                if self._holder.get(token) == tokens:
                    del self._holder[token], self._originators[token]


def _carried(part: Contribution, time_ns: int) -> Estimate:
    seconds = (time_ns - part.time_ns) / NS_PER_S
    return coasted(part.tracklet.mean, part.tracklet.covariance, seconds)
