"""Partners' own tracks beside our filters: kept, paired with our tracks, combined when read.

A partner's cumulative track never enters a filter: its next version contains the same plots again. Only
the latest version per partner and name counts. When the picture is read it is carried to the instant, paired
with the nearest track inside a chi-square gate (with hysteresis: a pair is made below the 99 % point and
broken above the 99.999 % point), and combined by the rule that `lineage` reads from both pedigrees: the sum
of information where lineages are complete and have no originator in common, an intersection elsewhere, also
where the filter holds plots or tracklets of the same partner already. Sums come first: what was intersected
with a withheld track may hold anyone's observations, so nothing may be added to it afterwards.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trilat.fusion.filters.motion import propagate
from trilat.fusion.observation import SourceTrack, checked_state
from trilat.fusion.sharing.combine import Estimate, combined, squared_distance
from trilat.fusion.sharing.lineage import Pedigree, rule_for
from trilat.fusion.track import NS_PER_S, TrackerSettings
from trilat.geo import FloatArray
from trilat.model import Lineage, ObservationError

# Chi-square with 6 degrees of freedom: 99 % and 99.999 %.
PAIR_MADE = 16.81
PAIR_BROKEN = 33.11
SECONDS_PER_DAY = 86_400.0
# Unknown thrust of a partner's object, m/s2: about the acceleration of a late first stage.
_THRUST_SIGMA_M_PER_S2 = 25.0
# One that burns is pushed along its path, and hardly across it.
_THRUST_MEAN_M_PER_S2 = 25.0
_ACROSS_SIGMA_M_PER_S2 = 12.0
# Slower than this a path has no direction to speak of, m/s.
_SPEED_WITH_DIRECTION_M_PER_S = 200.0
# A burn ends, or a next one begins, about once in so long.
_BURN_S = 60.0


@dataclass(frozen=True, eq=False)
class TrackEstimate:
    """What a picture says of one object at an instant.

    `mean` (6,) and `covariance` (6, 6) are ECEF, m and m/s. `sources` are the originators whose data went in.
    `track_key` is stable; for an object known only from partners it is `source/track_key` of the partner.
    `existence` is the probability that there is an object at all; that of a partner's track is the partner's
    word. `parent_key` is the track that it split off, where it is known to have.
    """

    track_key: str
    time_ns: int
    mean: FloatArray
    covariance: FloatArray
    stage: str
    confirmed: bool
    sources: frozenset[str]
    updates: int
    first_time_ns: int
    last_update_ns: int
    existence: float = 1.0
    parent_key: str | None = None


class PartnerTracks:
    """The latest track of each partner and name, and which of our tracks each is paired with."""

    def __init__(self, settings: TrackerSettings) -> None:
        """An empty collection."""
        self._settings = settings
        self._latest: dict[tuple[str, str], SourceTrack] = {}
        self._first_ns: dict[tuple[str, str], int] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._pairs: dict[tuple[str, str], str] = {}

    def add(self, track: SourceTrack) -> bool:
        """Keeps the track when it is newer than the one held; says whether it was."""
        name = (track.source, track.track_key)
        held = self._latest.get(name)
        if held is not None and held.time_ns >= track.time_ns:
            return False
        self._latest[name] = track
        self._first_ns.setdefault(name, track.time_ns)
        self._versions[name] = self._versions.get(name, 0) + 1
        return True

    def combined(self, own: Sequence[TrackEstimate], time_ns: int) -> tuple[TrackEstimate, ...]:
        """Own estimates of `time_ns` with the partners' tracks combined in, and then those left over."""
        groups = list(own)
        filled: list[set[str]] = [set() for _ in groups]
        pedigrees = [Pedigree(group.sources) for group in groups]
        for name in sorted(self._current(time_ns), key=self._place):
            track = self._latest[name]
            index = self._nearest(name, track, groups, filled, time_ns)
            if index is None:
                self._pairs.pop(name, None)
                groups.append(self._alone(name, track, time_ns))
                filled.append({track.source})
                pedigrees.append(track.pedigree)
                continue
            self._pairs[name] = groups[index].track_key
            groups[index] = self._joined(groups[index], pedigrees[index], name, time_ns)
            filled[index].add(track.source)
            pedigrees[index] = pedigrees[index].joined(track.pedigree)
        return tuple(groups)

    def _place(self, name: tuple[str, str]) -> tuple[bool, tuple[str, str]]:
        """The order in which tracks are combined: complete lineages first, then by name."""
        return self._latest[name].pedigree.lineage is not Lineage.COMPLETE, name

    def _current(self, time_ns: int) -> Iterable[tuple[str, str]]:
        age_ns = int(self._settings.source_track_age_s * NS_PER_S)
        return [name for name, track in self._latest.items() if -age_ns <= time_ns - track.time_ns <= age_ns]

    def _nearest(
        self,
        name: tuple[str, str],
        track: SourceTrack,
        groups: Sequence[TrackEstimate],
        filled: Sequence[set[str]],
        time_ns: int,
    ) -> int | None:
        """The group that the track is paired with: its old partner if still near, else the nearest."""
        best: tuple[float, int] | None = None
        for index, group in enumerate(groups):
            if track.source in filled[index]:
                continue
            carried = _carried(track, time_ns, group.stage, self._settings)
            distance = squared_distance((group.mean, group.covariance), carried)
            if self._pairs.get(name) == group.track_key and distance < PAIR_BROKEN:
                return index
            if distance < PAIR_MADE and (best is None or distance < best[0]):
                best = (distance, index)
        return None if best is None else best[1]

    def _joined(
        self, group: TrackEstimate, pedigree: Pedigree, name: tuple[str, str], time_ns: int
    ) -> TrackEstimate:
        track = self._latest[name]
        carried = _carried(track, time_ns, group.stage, self._settings)
        rule = rule_for(pedigree, track.pedigree).rule
        mean, covariance = combined(rule, (group.mean, group.covariance), carried)
        return replace(
            group,
            mean=mean,
            covariance=covariance,
            stage=track.stage if group.stage == "unknown" else group.stage,
            confirmed=True,
            sources=group.sources | track.pedigree.originators,
            updates=group.updates + self._versions[name],
            first_time_ns=min(group.first_time_ns, self._first_ns[name]),
            last_update_ns=max(group.last_update_ns, track.time_ns),
            existence=1.0,
        )

    def _alone(self, name: tuple[str, str], track: SourceTrack, time_ns: int) -> TrackEstimate:
        mean, covariance = _carried(track, time_ns, "unknown", self._settings)
        return TrackEstimate(
            track_key=f"{track.source}/{track.track_key}",
            time_ns=time_ns,
            mean=mean,
            covariance=covariance,
            stage=track.stage,
            confirmed=True,
            sources=track.pedigree.originators,
            updates=self._versions[name],
            first_time_ns=self._first_ns[name],
            last_update_ns=track.time_ns,
        )


def _carried(track: SourceTrack, time_ns: int, group_stage: str, settings: TrackerSettings) -> Estimate:
    """The partner's track at `time_ns`: in free fall where that is known, else with unknown thrust."""
    seconds = (time_ns - track.time_ns) / NS_PER_S
    stage = track.stage if track.stage != "unknown" else group_stage
    if stage == "coast":
        return coasted(track.mean, track.covariance, seconds, settings.coast_acceleration_psd_m2_per_s3)
    nine = np.zeros(9)
    nine[:6] = track.mean
    wide = np.zeros((9, 9))
    wide[:6, :6] = track.covariance
    nine[6:], wide[6:, 6:] = _thrust(track.mean[3:], stage)
    mean, covariance = propagate(nine, wide, seconds, settings.boost_jerk_psd_m2_per_s5)
    return np.ascontiguousarray(mean[:6]), covariance[:6, :6] + _burnout_noise(seconds)


def _thrust(velocity: FloatArray, stage: str) -> Estimate:
    """Mean (3,) and covariance (3, 3) of what pushes an object of which only place and speed are known."""
    speed = float(np.linalg.norm(velocity))
    wide = np.eye(3) * _THRUST_SIGMA_M_PER_S2**2
    if stage != "boost" or speed < _SPEED_WITH_DIRECTION_M_PER_S:
        return np.zeros(3), wide
    along = velocity / speed
    across = _ACROSS_SIGMA_M_PER_S2**2 * (np.eye(3) - np.outer(along, along))
    return _THRUST_MEAN_M_PER_S2 * along, across + np.outer(along, along) * _THRUST_SIGMA_M_PER_S2**2


def _burnout_noise(seconds: float) -> FloatArray:
    """Covariance (6, 6) of a thrust that may have ended, or begun, somewhere on the way.

    A steady thrust, however little is known of it, leaves x - v t/2 as sharp as it was. With an end at T,
    uniform in t, that is off by a T (t - T)/2, whose variance is a^2 t^4/120; white acceleration of density
    q gives q t^3/12. So q = a^2 t/10, times the chance of an end.
    """
    t = abs(seconds)
    square = _THRUST_MEAN_M_PER_S2**2 + _THRUST_SIGMA_M_PER_S2**2
    density = 0.1 * square * t * (1.0 - math.exp(-t / _BURN_S))
    blocks = np.array([[t**3 / 3.0, math.copysign(t**2 / 2.0, seconds)], [0.0, t]])
    blocks[1, 0] = blocks[0, 1]
    return np.asarray(density * np.kron(blocks, np.eye(3)), dtype=np.float64)


def coasted(
    mean: FloatArray, covariance: FloatArray, seconds: float, acceleration_psd_m2_per_s3: float = 3e-8
) -> Estimate:
    """Mean (6,) and covariance (6, 6) after `seconds` of free fall, either sign; ECEF, m and m/s.

    Raises:
        ObservationError: a state that cannot be, or a time that is not finite or longer than a day.
    """
    mean, covariance = checked_state(mean, covariance)
    if not abs(seconds) <= SECONDS_PER_DAY:
        raise ObservationError("`seconds` must be a number within a day")
    carried = propagate(mean.copy(), covariance.copy(), float(seconds), float(acceleration_psd_m2_per_s3))
    return carried[0], carried[1]
