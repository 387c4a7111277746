"""One picture per party from plots of a file: what each party knows, and what its partners send every N s.

- `central`: every party has all plots at once; all pictures are one.
- `tracklets`: at each exchange a party sends, for each of its own plots that one of its confirmed tracks took
  since the last exchange, the tracklet (equivalent measurement), made against its own track. The partner's
  filters take it at its own instant: they go back and play the rest again.
- `tracks`: at each exchange a party sends its confirmed tracks as its own sensors alone make them; a partner
  combines them with its own when it reads (information sum: the lineages are disjoint).

A party registers its own sensors where the sites file states priors of their biases: from its own plots and
the reports of reference objects, never from what partners send. What it sends is corrected, and says in one
coarse figure how far it may be off for good; a partner considers that of tracklets as constant.

Rows: each of a party's own plots that a confirmed track took, at its instant; and at each exchange one row
for each confirmed track that changed by what came, at the instant of the exchange. Everything is causal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from trilat.domains import Places
from trilat.fusion import (
    BiasTable,
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    SourceTrack,
    Tracker,
    TrackerSettings,
    TrackEstimate,
    coasted,
    corrected_tracklet,
    equivalent_measurement,
    squared_distance,
    stated_apart,
    stated_class,
    with_constant,
)
from trilat.model import SECOND_NS, ObservationError
from trilat.scenario import Sensor
from trilat.study.plots import Observed
from trilat.study.registering import NamedReport, Registering, priors_of, table_of
from trilat.study.track_products import TrackProducts
from trilat.study.tracking import (
    Progress,
    TrackRun,
    Writer,
    by_instant,
    sensor_models,
    take_samples,
    track_plots,
)

FUSIONS: Final = ("central", "tracklets", "tracks")
EXCHANGE_S_MAX: Final = 120.0

_SAME_TRACK: Final = 33.1
"""Chi-square, 6 degrees of freedom, 99.999 %: the picture before and after an exchange, of one object."""

_PSD_M2_PER_S3: Final = 100.0
"""Noise of the second or two between two pictures that are compared: whatever the object does there."""


def party_pictures(
    observations: Sequence[Observed],
    sensors: Sequence[Sensor],
    fusion: str,
    exchange_s: float,
    settings: TrackerSettings | None = None,
    sample_ns: Sequence[int] = (),
    progress: Progress | None = None,
    places: Places | None = None,
    *,
    reports: Sequence[NamedReport] = (),
) -> dict[str, TrackRun]:
    """The picture of each party that owns a sensor, by party.

    Args:
        observations: in order of time; the source of each is the party of its sensor.
        sensors: of the sites file.
        fusion: one of FUSIONS.
        exchange_s: seconds between two exchanges, at most EXCHANGE_S_MAX.
        settings: of every party's tracker.
        sample_ns: growing instants at which the pictures are asked for.
        progress: is told the share done.
        reports: of reference objects, in order of time; every party hears them.
        places: and watch areas, where the products are asked for.
    """
    names = sorted({sensor.party for sensor in sensors})
    settings = settings or TrackerSettings()
    if fusion == "central":
        run = track_plots(observations, sensors, settings, sample_ns, progress, places, reports=reports)
        return dict.fromkeys(names, run)
    settings = replace(settings, source_track_age_s=max(settings.source_track_age_s, 2.0 * exchange_s))
    parties = {name: _Party(name, sensors, settings, sample_ns, places, reports) for name in names}
    period_ns = round(exchange_s * SECOND_NS)
    next_ns = observations[0].time_ns + period_ns
    done = 0
    for time_ns, plots in by_instant(observations):
        while next_ns < time_ns:
            _exchanged(parties, next_ns, fusion)
            # After a long silence there is nothing to exchange: the next one is the first after it.
            next_ns += period_ns * max(1, (time_ns - next_ns - 1) // period_ns)
        for name, party in parties.items():
            party.take(time_ns, [plot for plot in plots if plot.source == name])
        done += len(plots)
        if progress is not None:
            progress(done / len(observations))
    # No exchange for the end of the file: it would not have been there had the file gone on.
    if next_ns == observations[-1].time_ns:
        _exchanged(parties, next_ns, fusion)
    return {name: party.finished() for name, party in parties.items()}


class _Party:
    """One party: a tracker of its own plots alone, which it sends from, and the picture that it shows."""

    def __init__(
        self,
        name: str,
        sensors: Sequence[Sensor],
        settings: TrackerSettings,
        sample_ns: Sequence[int],
        places: Places | None,
        reports: Sequence[NamedReport],
    ) -> None:
        models = sensor_models(sensors)
        priors = priors_of(sensor for sensor in sensors if sensor.party == name)
        table = table_of(priors)
        self.name = name
        self._own = Tracker(settings, models, table)
        self._shown = Tracker(settings, models, table, self._own.told if priors else None)
        self._registering = Registering(self._own, priors, reports)
        self._writer = Writer()
        self._products = None if places is None else TrackProducts(places)
        self._waiting = list(reversed(sample_ns))
        self._tracklets: list[EquivalentObservation] = []
        self._left_over_m = 0.0
        self._latest: dict[str, TrackEstimate] = {}
        self._before: tuple[TrackEstimate, ...] = ()
        self._looked_ns = 0

    def take(self, time_ns: int, plots: Sequence[Observed]) -> None:
        """Own plots of one instant; none: only the samples that are due."""
        take_samples(self._shown, self._writer, self._waiting, time_ns)
        if not plots:
            return
        if time_ns - self._looked_ns > SECOND_NS:
            # What the picture before these plots says of their instant: an older one would be too far away.
            self._renamed(time_ns)
        for plot in self._registering.rest(time_ns, plots):
            self._own.add(plot)
            self._shown.add(plot)
        biases = self._own.biases()
        for taken in self._own.assigned(time_ns):
            if taken.estimate.confirmed and isinstance(taken.plot, RadarObservation | DirectionObservation):
                self._latest[taken.estimate.track_key] = taken.estimate
                self._keep_tracklet(taken.plot, taken.estimate, biases)
        if biases is not None:
            self._state_apart(time_ns)
        combined = {estimate.track_key: estimate for estimate in self._renamed(time_ns)}
        for taken in self._shown.assigned(time_ns):
            estimate = combined.get(taken.estimate.track_key, taken.estimate)
            if estimate.confirmed and isinstance(taken.plot, RadarObservation | DirectionObservation):
                self._writer.write(estimate, taken.plot)
        self._look(time_ns)

    def _look(self, time_ns: int) -> None:
        """Say what follows from the picture of an instant, where that is asked for."""
        if self._products is not None:
            self._products.look(self._shown, self._writer.number, time_ns)

    def _keep_tracklet(self, plot: Observed, estimate: TrackEstimate, biases: BiasTable | None) -> None:
        try:
            if biases is None:
                mean, covariance = equivalent_measurement(plot, estimate.mean)
            else:
                mean, covariance, left_over_m = corrected_tracklet(plot, biases, estimate.mean)
                self._left_over_m = max(self._left_over_m, left_over_m)
            tracklet = EquivalentObservation(plot.time_ns, self.name, mean, covariance, plot.sensor)
        except ObservationError:
            # The track lies behind the sensor by now: nothing to send of this plot.
            return
        self._tracklets.append(tracklet)

    def _state_apart(self, time_ns: int) -> None:
        """Give the latest tracks the errors that they are sent with."""
        left_over = self._own.left_over(time_ns)
        for estimate in self._own.estimates(time_ns):
            if estimate.track_key in self._latest and estimate.track_key in left_over:
                constant = left_over[estimate.track_key]
                covariance = with_constant(*stated_apart(estimate.covariance - constant, constant))
                self._latest[estimate.track_key] = replace(estimate, covariance=covariance)

    def sent(self, fusion: str) -> list[EquivalentObservation] | list[SourceTrack]:
        """What partners get at an exchange; it is not sent again."""
        tracklets, self._tracklets = self._tracklets, []
        left_over_m, self._left_over_m = self._left_over_m, 0.0
        latest, self._latest = self._latest, {}
        if fusion == "tracklets":
            if left_over_m == 0.0:
                return tracklets
            sigma_m = stated_class(left_over_m)
            return [replace(one, constant_sigma_m=sigma_m) for one in tracklets]
        return [
            SourceTrack(e.time_ns, self.name, key, e.mean, e.covariance, stage=e.stage)
            for key, e in sorted(latest.items())
        ]

    def receive(self, time_ns: int, arrived: Sequence[EquivalentObservation | SourceTrack]) -> None:
        """Take what partners sent, and write a row for each track that it changed."""
        take_samples(self._shown, self._writer, self._waiting, time_ns)
        if not arrived:
            return
        before = self._renamed(time_ns)
        for observation in arrived:
            self._shown.add(observation)
        after = self._renamed(time_ns)
        known = {estimate.track_key: estimate for estimate in before}
        for estimate in after:
            old = known.get(estimate.track_key)
            changed = old is None or not np.array_equal(old.mean, estimate.mean)
            if estimate.confirmed and changed:
                self._writer.write(estimate, None)
        self._look(time_ns)

    def _renamed(self, time_ns: int) -> tuple[TrackEstimate, ...]:
        """The picture at an instant, after tracks whose names have changed kept their numbers."""
        now = self._shown.estimates(time_ns)
        self._writer.rename(_same_tracks(self._before, now))
        self._before = tuple(estimate for estimate in now if estimate.confirmed)
        self._looked_ns = time_ns
        return now

    def finished(self) -> TrackRun:
        """The whole picture."""
        take_samples(self._shown, self._writer, self._waiting, None)
        rows, samples = tuple(self._writer.rows), tuple(self._writer.samples)
        registered = self._registering
        told = None if self._products is None else self._products.result()
        return TrackRun(rows, samples, self._shown.counts(), told, registered.table(), registered.plots)


def _exchanged(parties: Mapping[str, _Party], time_ns: int, fusion: str) -> None:
    """Everyone sends what everyone else gets."""
    sent = {name: party.sent(fusion) for name, party in parties.items()}
    for name, party in parties.items():
        party.receive(time_ns, [one for other, all_of in sent.items() if other != name for one in all_of])


def _same_tracks(before: Sequence[TrackEstimate], now: Sequence[TrackEstimate]) -> dict[str, str]:
    """New name by old name of tracks of one object.

    Late tracklets can change the order of confirmation, and an own track takes the place of a partner's.
    A track that is not there any more keeps its old name. So does one that handed its name over on purpose,
    and one that only a partner knows, who names it, as long as it is there.
    """
    here = {new.track_key for new in now}
    pairs = sorted(_near_pairs(before, now))
    renamed: dict[str, str] = {}
    for _, old_key, new_key in pairs:
        if old_key not in renamed and new_key not in renamed.values():
            renamed[old_key] = new_key
    for old_key, new_key in _handed_over(renamed, now):
        renamed[old_key], renamed[new_key] = old_key, new_key
    # A partner's track that stood alone and is now combined into an own one gives it its number.
    for _, old_key, new_key in pairs:
        if old_key not in renamed and old_key not in here:
            renamed[old_key] = new_key
    return renamed


def _near_pairs(
    before: Sequence[TrackEstimate], now: Sequence[TrackEstimate]
) -> Iterator[tuple[float, str, str]]:
    """Squared distance, old and new name of tracks that may be of one object."""
    here = {new.track_key for new in now}
    named = {old.track_key for old in before if "/" in old.track_key} & here
    yield from ((0.0, key, key) for key in named)
    for old in before:
        # An own track that is still there has not become one that only a partner knows.
        is_own = old.track_key in here
        for new in now:
            if not new.confirmed or not named.isdisjoint((old.track_key, new.track_key)):
                continue
            if is_own and "/" in new.track_key:
                continue
            seconds = (new.time_ns - old.time_ns) / SECOND_NS
            carried = coasted(old.mean, old.covariance, seconds, _PSD_M2_PER_S3)
            distance = squared_distance(carried, (new.mean, new.covariance))
            if distance < _SAME_TRACK:
                # Two that lie beside each other keep their names, whichever is the nearer.
                yield 0.0 if old.track_key == new.track_key else distance, old.track_key, new.track_key


def _handed_over(renamed: Mapping[str, str], now: Sequence[TrackEstimate]) -> list[tuple[str, str]]:
    """Names that a track and its child exchanged: which of two parting bodies is which, the tracker knows."""
    by_key = {estimate.track_key: estimate for estimate in now}
    return [
        (old_key, new_key)
        for old_key, new_key in renamed.items()
        if renamed.get(new_key) == old_key and by_key[new_key].parent_key == old_key
    ]
