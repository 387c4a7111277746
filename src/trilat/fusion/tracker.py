"""The picture of one View: observations in, in any order; estimates out, for any instant.

    tracker = Tracker()
    tracker.add(plot)                       # any observation, late or not
    for estimate in tracker.estimates(time_ns):
        print(estimate.track_key, estimate.mean[:3])

Rules
- Everything is checked before any state changes; what cannot be raises `ObservationError`.
- Late plots: the tracker goes back to before them and plays the rest again, so that the answer equals that
  of plots in order. Older than `buffer_s` before the newest plot: refused and counted.
- The same plot twice is refused and counted; so are plots of a flood: beyond `scan_plots_max` in one scan,
  or `plots_max` in the buffer, whichever came first are kept.
- Partner tracks never enter a filter; they are combined when the picture is read (`partners`).
- The same calls give the same bits. There is no clock: time is what the plots and readers say. A plot
  from the far future would therefore make all others late: whoever feeds the tracker checks instants
  against a clock.
- Names: `t1`, `t2` ... in order of confirmation. A late plot can change the name of a track that was
  confirmed after the plot's instant, that is one younger than `buffer_s`.

A tracker never sees for whom the picture is: a node keeps one per set of contributions that may be used.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np

from trilat.fusion.existence import NS_PER_S, lasting
from trilat.fusion.filters.measurement import Measurement, prepare
from trilat.fusion.life import is_gone_state, is_lost
from trilat.fusion.observation import (
    DirectionObservation,
    EquivalentObservation,
    Observation,
    Plot,
    RadarObservation,
    SourceTrack,
    check_instant,
)
from trilat.fusion.picture import Models, Picture, after_scan
from trilat.fusion.products.launch import LaunchEstimate, launch_of, used_plots
from trilat.fusion.registration.lean import (
    Known,
    added,
    biases_of,
    leaning_state,
    share_of_biases,
    taken_off,
    updated_table,
)
from trilat.fusion.registration.plots import BiasTable, corrected_plot
from trilat.fusion.sharing.partners import PartnerTracks, TrackEstimate
from trilat.fusion.track import Track, TrackerSettings, bank_state, predicted_bank, stage_of
from trilat.geo import FloatArray
from trilat.model import ObservationError

# One remembered picture: the instant of its last scan, how many queued plots it holds, and the picture.
_Snapshot = tuple[int, int, Picture]
# Plots queued before the oldest are moved out of the buffer.
_TRIM_EVERY = 64
# Pictures remembered; beyond that every other one of the older half is forgotten, and played again if asked.
_SNAPSHOTS_MAX = 768

_order = attrgetter("key")


@dataclass(frozen=True, eq=False)
class Assignment:
    """A plot that a track took, and the track just after its scan."""

    plot: Plot
    estimate: TrackEstimate


class Tracker:
    """One picture, fed by `add` and read by `estimates`; see the module for the rules."""

    def __init__(
        self,
        settings: TrackerSettings | None = None,
        sensors: Models | None = None,
        biases: BiasTable | None = None,
        told: Callable[[int], Known | None] | None = None,
        named: int = 0,
    ) -> None:
        """An empty picture; `sensors` says what is known beforehand of some, by source and sensor. The first
        track is named after `named` others that are no more.

        With `biases`, those sensors' biases are estimated and taken into account (see `registration`): from
        the tracks of this picture, or where `told` is given from what it returns for an instant and from
        nothing here, because a picture that holds partners' data must not learn of our sensors from them.
        """
        self.settings = settings or TrackerSettings()
        self._models = dict(sensors or {})
        self._partners = PartnerTracks(self.settings)
        self._queue: list[Measurement] = []
        self._base: _Snapshot = (-(2**63), 0, Picture(biases=biases, confirmed=named))
        self._snapshots: list[_Snapshot] = []
        self._between: _Snapshot | None = None
        self._newest_ns: int | None = None
        self._plots: dict[tuple[object, ...], Plot] = {}
        self._scan_sizes: Counter[tuple[object, ...]] = Counter()
        self._counts = {
            "accepted": 0,
            "refused-too-old": 0,
            "refused-duplicate": 0,
            "refused-superseded": 0,
            "refused-flood": 0,
        }
        self._launches: dict[tuple[str, int, int], LaunchEstimate | None] = {}
        self._told = told
        self._references: list[tuple[int, Known]] = []

    def add(self, observation: Observation) -> bool:
        """Takes one observation; False when it is refused and counted (too old, repeated, superseded, flood).

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
        if self._is_flood(measurement):
            return self._counted("refused-flood", taken=False)
        place = bisect_left(self._queue, measurement.key, key=_order)
        if place < len(self._queue) and self._queue[place].key == measurement.key:
            return self._counted("refused-duplicate", taken=False)
        while self._snapshots and self._snapshots[-1][0] >= measurement.time_ns:
            self._snapshots.pop()
        self._between = None
        insort(self._queue, measurement, key=_order)
        self._plots[measurement.key] = observation
        self._scan_sizes[measurement.scan] += 1
        self._newest_ns = max(measurement.time_ns, self._newest_ns or measurement.time_ns)
        return self._counted("", taken=True)

    def _is_flood(self, measurement: Measurement) -> bool:
        """Whether a scan, or the buffer, has all the plots that it may have."""
        if self._scan_sizes[measurement.scan] >= self.settings.scan_plots_max:
            return True
        if len(self._queue) < self.settings.plots_max:
            return False
        # A plot later than all before pushes the oldest out of the buffer.
        self._advance()
        self._trim(max(measurement.time_ns, self._newest_ns or measurement.time_ns), least=1)
        return len(self._queue) >= self.settings.plots_max

    def estimates(self, time_ns: int) -> tuple[TrackEstimate, ...]:
        """What the picture says at `time_ns`, own tracks first, from plots up to that instant only.

        Raises:
            ObservationError: not an instant, or older than the buffer reaches back.
        """
        check_instant("time_ns", time_ns)
        time_ns = int(time_ns)
        picture = self._picture_at(time_ns)
        own = []
        rest = self._rest(picture, time_ns)
        for track in picture.tracks:
            if not is_lost(track, time_ns, self.settings):
                estimate = self._estimate(track, time_ns, rest)
                if estimate is not None:
                    own.append(estimate)
        own.sort(key=lambda estimate: (not estimate.confirmed, int(estimate.track_key[1:])))
        return self._partners.combined(own, time_ns)

    def assigned(self, time_ns: int) -> tuple[Assignment, ...]:
        """The plots that tracks took in scans of exactly that instant, in order of scans.

        Each comes with its track just after its scan, from plots up to that scan only; partners' tracks are
        not combined in.

        Raises:
            ObservationError: not an instant, or older than the buffer reaches back.
        """
        check_instant("time_ns", time_ns)
        rows = []
        picture = self._picture_at(int(time_ns))
        rest = self._rest(picture, int(time_ns))
        for plot, track in picture.taken:
            estimate = self._estimate(track, int(time_ns), rest) if plot.time_ns == time_ns else None
            if estimate is not None:
                rows.append(Assignment(self._plots[plot.key], estimate))
        return tuple(rows)

    def launch(self, track_key: str) -> LaunchEstimate | None:
        """Where and when the object of `track_key` left the ground; None when its first plots do not tell.

        Only tracks of this tracker's own plots have one. See `launch_estimate` for method and limits.
        """
        for track in self._latest_picture().tracks:
            if track.key == track_key:
                memo = (track_key, track.first_time_ns, len(used_plots(track.history)))
                if memo not in self._launches:
                    self._launches[memo] = launch_of(self._corrected(track.history))
                return self._launches[memo]
        return None

    def biases(self) -> BiasTable | None:
        """The biases of the sensors as known from all plots so far; None without registration."""
        picture = self._latest_picture()
        if picture.biases is None:
            return None
        return updated_table(picture.biases, self._known(picture, self._newest_ns or 0))

    def told(self, time_ns: int) -> Known | None:
        """What plots and references up to an instant tell of the biases; None where they tell nothing.

        Older than the buffer reaches back: what the oldest picture has been told.
        """
        return self._known(self._picture_at(max(int(time_ns), self._base[0])), int(time_ns))

    def inform(self, time_ns: int, known: Known) -> None:
        """Note what reference objects have told by an instant, all together; instants grow.

        Its sensors and prior sigmas are those of `biases`.
        """
        self._references.append((int(time_ns), known))
        horizon_ns = int(time_ns) - int(self.settings.buffer_s * NS_PER_S)
        place = bisect_right(self._references, horizon_ns, key=lambda row: row[0])
        del self._references[: max(0, place - 1)]

    def left_over(self, time_ns: int) -> dict[str, FloatArray]:
        """By track, what biases add (6, 6) to its covariance at an instant: constant from plot to plot.

        Empty without registration. Raises ObservationError as `estimates`.
        """
        picture = self._picture_at(int(time_ns))
        rest = self._rest(picture, int(time_ns))
        return {
            track.key: share_of_biases(
                track.lean, bank_state(track.bank)[0], (int(time_ns) - track.time_ns) / NS_PER_S, rest
            )
            for track in picture.tracks
            if track.lean is not None and rest is not None
        }

    def counts(self) -> dict[str, int]:
        """How many observations were accepted or refused by reason, and what became of the plots."""
        picture = self._latest_picture()
        return {
            **self._counts,
            "outside-gates": picture.gated,
            "refused-unsound": picture.unsound,
            "tracks-started": picture.started,
            "tracks-confirmed": picture.confirmed,
        }

    def _counted(self, reason: str, *, taken: bool) -> bool:
        self._counts["accepted" if taken else reason] += 1
        return taken

    def _horizon_ns(self) -> int | None:
        if self._newest_ns is None:
            return None
        return max(self._newest_ns - int(self.settings.buffer_s * NS_PER_S), self._base[0])

    def _latest_picture(self) -> Picture:
        self._advance()
        return (self._snapshots[-1] if self._snapshots else self._base)[2]

    def _picture_at(self, time_ns: int) -> Picture:
        self._advance()
        place = bisect_right(self._snapshots, time_ns, key=lambda snapshot: snapshot[0])
        found = self._snapshots[place - 1] if place else self._base
        if place == 0 and time_ns < found[0]:
            raise ObservationError(
                f"the picture of `{time_ns}` is older than the buffer, ask for a later one"
            )
        wanted = bisect_right(self._queue, time_ns, key=attrgetter("time_ns"))
        if found[1] >= wanted:
            return found[2]
        # The snapshot of this instant was forgotten: play on from the last one before it.
        if self._between is not None and found[1] < self._between[1] <= wanted:
            found = self._between
        for played in self._played(found, wanted):
            found = played
        self._between = found
        return found[2]

    def _played(self, start: _Snapshot, until: int) -> Iterator[_Snapshot]:
        """The snapshots after each instant of queued plots from the place in `start` to the place `until`."""
        _, done, picture = start
        for time_ns, group in groupby(self._queue[done:until], key=attrgetter("time_ns")):
            plots = list(group)
            for _, scan in groupby(plots, key=attrgetter("scan")):
                picture = self._after(picture, list(scan))
            done += len(plots)
            yield time_ns, done, picture

    def _after(self, picture: Picture, scan: Sequence[Measurement]) -> Picture:
        """The picture after a scan; numbers that no filter can take leave it as it was, counted."""
        try:
            return after_scan(picture, scan, self.settings, self._models).remembering(picture)
        except (ArithmeticError, np.linalg.LinAlgError, ObservationError):
            return replace(picture, unsound=picture.unsound + len(scan))

    def _advance(self) -> None:
        """Plays the queued plots that the latest snapshot does not hold, in order of time."""
        start = self._snapshots[-1] if self._snapshots else self._base
        for snapshot in self._played(start, len(self._queue)):
            self._snapshots.append(snapshot)
            if len(self._snapshots) > _SNAPSHOTS_MAX:
                half = len(self._snapshots) // 2
                self._snapshots[:half] = self._snapshots[1:half:2]
        if len(self._queue) > _TRIM_EVERY and self._newest_ns is not None:
            self._trim(self._newest_ns, least=_TRIM_EVERY)

    def _trim(self, newest_ns: int, least: int) -> None:
        """Forgets plots and snapshots that no plot of the buffer before an instant makes us go back to.

        Where that would be fewer plots than `least`, it waits.
        """
        horizon_ns = newest_ns - int(self.settings.buffer_s * NS_PER_S)
        place = bisect_right(self._snapshots, horizon_ns, key=lambda snapshot: snapshot[0])
        if place == 0 or self._snapshots[place - 1][1] < least:
            return
        time_ns, gone, picture = self._snapshots[place - 1]
        self._base = (time_ns, 0, picture)
        self._scan_sizes -= Counter(plot.scan for plot in self._queue[:gone])
        self._queue = self._queue[gone:]
        held = [*self._queue, *(plot for plot, _ in picture.taken)]
        self._plots = {plot.key: self._plots[plot.key] for plot in held}
        self._between = None
        self._snapshots = [(when, done - gone, kept) for when, done, kept in self._snapshots[place:]]

    def _estimate(self, track: Track, time_ns: int, rest: Known | None) -> TrackEstimate | None:
        bank = predicted_bank(track, time_ns, self.settings)
        mean, covariance, coast = bank_state(bank)
        if track.lean is not None and rest is not None:
            before, seconds = bank_state(track.bank)[:2], (time_ns - track.time_ns) / NS_PER_S
            mean, covariance = leaning_state(track.lean, before, (mean, covariance), seconds, rest)
        if is_gone_state(mean, covariance, self.settings):
            return None
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
            existence=lasting(track.existence, (time_ns - track.looked_ns) / NS_PER_S),
            parent_key=f"t{track.parent}" if track.parent else None,
        )

    def _known(self, picture: Picture, time_ns: int) -> Known | None:
        """What is told of the biases, in prior sigmas, by a picture and by references up to an instant."""
        if self._told is not None:
            return self._told(time_ns)
        place = bisect_right(self._references, time_ns, key=lambda row: row[0])
        return added(picture.told(), self._references[place - 1][1] if place else None)

    def _rest(self, picture: Picture, time_ns: int) -> Known | None:
        """Biases less those of the table and their covariance; None without registration."""
        return None if picture.biases is None else biases_of(picture.biases, self._known(picture, time_ns))

    def _corrected(self, history: Sequence[Measurement]) -> Sequence[Measurement]:
        """Plots of a track without what is known of biases beside the table that they were corrected by."""
        base, known = self._base[2].biases, self.biases()
        if base is None or known is None:
            return history
        more = replace(known, mean=known.mean - base.mean)
        return [taken_off(plot, more) for plot in history]
