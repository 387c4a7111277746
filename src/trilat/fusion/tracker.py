"""The picture of one View: observations in, in any order; estimates out, for any instant.

    tracker = Tracker()
    tracker.add(plot)                       # any observation, late or not
    for estimate in tracker.estimates(time_ns):
        print(estimate.track_key, estimate.mean[:3])

Rules
- Everything is checked before any state changes; what cannot be raises `ObservationError`.
- Late plots: the tracker goes back to before them and plays the rest again, so that the answer equals that
  of plots in order. Older than `buffer_s` before the newest plot: refused and counted.
- The same plot twice is refused and counted.
- Partner tracks never enter a filter; they are combined when the picture is read (`partners`).
- The same calls give the same bits. There is no clock: time is what the plots and readers say. A plot
  from the far future would therefore make all others late: whoever feeds the tracker checks instants
  against a clock.
- Names: `t1`, `t2` ... in order of confirmation. A late plot can change the name of a track that was
  confirmed after the plot's instant, that is one younger than `buffer_s`.

A tracker never sees for whom the picture is: a node keeps one per set of contributions that may be used.
"""

from bisect import bisect_left, insort
from itertools import groupby
from operator import attrgetter

from trilat.fusion.launch import LaunchEstimate, launch_of, used_plots
from trilat.fusion.measurement import Measurement, prepare
from trilat.fusion.observation import (
    DirectionObservation,
    EquivalentObservation,
    Observation,
    RadarObservation,
    SourceTrack,
    check_instant,
)
from trilat.fusion.partners import PartnerTracks, TrackEstimate
from trilat.fusion.picture import Picture, after_scan, is_gone, is_lost
from trilat.fusion.registration_lean import Known, biases_of, leaning_state, updated_table
from trilat.fusion.registration_plots import BiasTable, corrected_plot
from trilat.fusion.track import NS_PER_S, Track, TrackerSettings, bank_state, predicted_bank, stage_of
from trilat.model import ObservationError

# One remembered picture: the instant of its last scan, how many queued plots it holds, and the picture.
_Snapshot = tuple[int, int, Picture]
# Plots queued before the oldest are moved out of the buffer.
_TRIM_EVERY = 64

_order = attrgetter("key")


class Tracker:
    """One picture, fed by `add` and read by `estimates`; see the module for the rules."""

    def __init__(self, settings: TrackerSettings | None = None, biases: BiasTable | None = None) -> None:
        """An empty picture; with `biases`, those sensors' biases are estimated and taken into account."""
        self.settings = settings or TrackerSettings()
        self._partners = PartnerTracks(self.settings)
        self._queue: list[Measurement] = []
        self._base: _Snapshot = (-(2**63), 0, Picture(biases=biases))
        self._snapshots: list[_Snapshot] = []
        self._newest_ns: int | None = None
        self._counts = {
            "accepted": 0,
            "refused-too-old": 0,
            "refused-duplicate": 0,
            "refused-superseded": 0,
        }
        self._launches: dict[tuple[str, int, int], LaunchEstimate | None] = {}

    def add(self, observation: Observation) -> bool:
        """Takes one observation; False when it is refused and counted (too old, repeated, superseded).

        Raises:
            ObservationError: not an observation. (A plot that cannot be does not get this far: its
                constructor refuses it.)
        """
        if isinstance(observation, SourceTrack):
            return self._counted("refused-superseded", taken=self._partners.add(observation))
        if not isinstance(observation, (RadarObservation, DirectionObservation, EquivalentObservation)):
            raise ObservationError(f"a `{type(observation).__name__}` is not an observation")
        table = self._base[2].biases
        if table is not None and not isinstance(observation, EquivalentObservation):
            observation, _ = corrected_plot(observation, table)
        measurement = prepare(observation)
        horizon_ns = self._horizon_ns()
        if horizon_ns is not None and measurement.time_ns <= horizon_ns:
            return self._counted("refused-too-old", taken=False)
        place = bisect_left(self._queue, measurement.key, key=_order)
        if place < len(self._queue) and self._queue[place].key == measurement.key:
            return self._counted("refused-duplicate", taken=False)
        while self._snapshots and self._snapshots[-1][0] >= measurement.time_ns:
            self._snapshots.pop()
        insort(self._queue, measurement, key=_order)
        self._newest_ns = max(measurement.time_ns, self._newest_ns or measurement.time_ns)
        return self._counted("", taken=True)

    def estimates(self, time_ns: int) -> tuple[TrackEstimate, ...]:
        """What the picture says at `time_ns`, own tracks first, from plots up to that instant only.

        Raises:
            ObservationError: not an instant, or older than the buffer reaches back.
        """
        check_instant("time_ns", time_ns)
        time_ns = int(time_ns)
        picture = self._picture_at(time_ns)
        own = []
        rest = None if picture.biases is None else biases_of(picture.biases, picture.told())
        for track in picture.tracks:
            if not is_lost(track, time_ns, self.settings):
                estimate = self._estimate(track, time_ns, rest)
                if estimate is not None:
                    own.append(estimate)
        own.sort(key=lambda estimate: (not estimate.confirmed, int(estimate.track_key[1:])))
        return self._partners.combined(own, time_ns)

    def launch(self, track_key: str) -> LaunchEstimate | None:
        """Where and when the object of `track_key` left the ground; None when its first plots do not tell.

        Only tracks of this tracker's own plots have one. See `launch_estimate` for method and limits.
        """
        for track in self._latest_picture().tracks:
            if track.key == track_key:
                memo = (track_key, track.first_time_ns, len(used_plots(track.history)))
                if memo not in self._launches:
                    self._launches[memo] = launch_of(track.history)
                return self._launches[memo]
        return None

    def biases(self) -> BiasTable | None:
        """The biases of the sensors as known from all plots so far; None without registration."""
        picture = self._latest_picture()
        return None if picture.biases is None else updated_table(picture.biases, picture.told())

    def counts(self) -> dict[str, int]:
        """How many observations were accepted or refused by reason, and what became of the plots."""
        picture = self._latest_picture()
        return {
            **self._counts,
            "outside-gates": picture.gated,
            "tracks-started": picture.started,
            "tracks-confirmed": picture.confirmed,
        }

    def _counted(self, reason: str, *, taken: bool) -> bool:
        self._counts["accepted" if taken else reason] += 1
        return taken

    def _horizon_ns(self) -> int | None:
        if self._newest_ns is None:
            return None
        return self._newest_ns - int(self.settings.buffer_s * NS_PER_S)

    def _latest_picture(self) -> Picture:
        self._advance()
        return (self._snapshots[-1] if self._snapshots else self._base)[2]

    def _picture_at(self, time_ns: int) -> Picture:
        self._advance()
        place = bisect_left(self._snapshots, time_ns + 1, key=lambda snapshot: snapshot[0])
        if place > 0:
            return self._snapshots[place - 1][2]
        if time_ns < self._base[0]:
            raise ObservationError(
                f"the picture of `{time_ns}` is older than the buffer, ask for a later one"
            )
        return self._base[2]

    def _advance(self) -> None:
        """Plays the queued plots that the latest snapshot does not hold, in order of time."""
        _, done, picture = self._snapshots[-1] if self._snapshots else self._base
        for time_ns, group in groupby(self._queue[done:], key=attrgetter("time_ns")):
            plots = list(group)
            for _, scan in groupby(plots, key=attrgetter("scan")):
                picture = after_scan(picture, list(scan), self.settings).remembering(picture)
            done += len(plots)
            self._snapshots.append((time_ns, done, picture))
        if len(self._queue) > _TRIM_EVERY:
            self._trim()

    def _trim(self) -> None:
        """Forgets plots and snapshots that no accepted plot can make us go back to."""
        horizon_ns = self._horizon_ns()
        if horizon_ns is None:
            return
        place = bisect_left(self._snapshots, horizon_ns + 1, key=lambda snapshot: snapshot[0])
        if place == 0 or self._snapshots[place - 1][1] < _TRIM_EVERY:
            return
        time_ns, gone, picture = self._snapshots[place - 1]
        self._base = (time_ns, 0, picture)
        self._queue = self._queue[gone:]
        self._snapshots = [(when, done - gone, kept) for when, done, kept in self._snapshots[place:]]

    def _estimate(self, track: Track, time_ns: int, rest: Known | None) -> TrackEstimate | None:
        bank = predicted_bank(track, time_ns, self.settings)
        if is_gone(bank, self.settings):
            return None
        mean, covariance, coast = bank_state(bank)
        if track.lean is not None and rest is not None:
            before, seconds = bank_state(track.bank)[:2], (time_ns - track.time_ns) / NS_PER_S
            mean, covariance = leaning_state(track.lean, before, (mean, covariance), seconds, rest)
        return TrackEstimate(
            track_key=track.key,
            time_ns=time_ns,
            mean=mean,
            covariance=covariance,
            stage=stage_of(mean, coast, track.updates),
            confirmed=track.number > 0,
            sources=track.sources,
            updates=track.updates,
            first_time_ns=track.first_time_ns,
            last_update_ns=track.time_ns,
        )
