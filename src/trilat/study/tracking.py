"""Tracks from plots of a file: every plot in order of time through a tracker, one row for each that it took.

    run = track_plots(observations, sensors)      # one picture of all plots
    text = tracks_text(run.rows)                  # tracks.csv

Rows are causal: a row of an instant comes from plots up to that instant alone. Only confirmed tracks have
rows, from the plot that confirmed them on, and keep their number through gaps, as long as the tracker does.
Pictures of several parties that exchange what they know are in `parties`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np

from trilat.domains import Places
from trilat.fusion import (
    FALLING,
    EquivalentObservation,
    SensorModel,
    Tracker,
    TrackerSettings,
    TrackEstimate,
    impact_estimate,
)
from trilat.model import SECOND_NS, ObservationError
from trilat.scenario import Sensor
from trilat.study.plots import Observed
from trilat.study.track_products import TrackProducts

TRACK_COLUMNS: Final = (
    *("t_ns", "track", "x_m", "y_m", "z_m", "vx_m_per_s", "vy_m_per_s", "vz_m_per_s"),
    *(f"p{i}{j}" for i in range(6) for j in range(i, 6)),
    *("stage", "existence", "impact_t_ns", "impact_lat_deg", "impact_lon_deg", "impact_area95_km2"),
)
IMPACT_EVERY_NS: Final = SECOND_NS
"""Between two impact estimates of one track; each takes about a millisecond."""

_UPPER: Final = np.triu_indices(6)
_DETECTION_MIN: Final = 0.05

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Impact:
    """Where and when a track comes down."""

    time_ns: int
    latitude_deg: float
    longitude_deg: float
    area95_km2: float


@dataclass(frozen=True, eq=False)
class Row:
    """One row of tracks.csv; `plot` is the one that the track took, None for what partners said."""

    track: int
    estimate: TrackEstimate
    impact: Impact | None
    plot: Observed | None


@dataclass(frozen=True, eq=False)
class Sample:
    """The confirmed tracks of a picture at an instant, by number."""

    time_ns: int
    tracks: Mapping[int, TrackEstimate]


@dataclass(frozen=True, eq=False)
class TrackRun:
    """What came of the plots: rows in order of time, samples where they were asked for, counts."""

    rows: tuple[Row, ...] = field(repr=False)
    samples: tuple[Sample, ...] = field(repr=False)
    counts: Mapping[str, int]
    products: Mapping[str, Any] | None = field(default=None, repr=False)
    """What follows from the tracks, as JSON values; None where nobody asked (see `track_products`)."""


class Writer:
    """Numbers of tracks and rows of one picture; the tracker's own names are inside."""

    def __init__(self) -> None:
        """Nothing written yet."""
        self.rows: list[Row] = []
        self.samples: list[Sample] = []
        self._numbers: dict[str, int] = {}
        self._given = 0
        self._impact_ns: dict[int, int] = {}

    def number(self, key: str) -> int:
        """The number of a track, from 1 in order of their first rows."""
        if key not in self._numbers:
            self._given += 1
            self._numbers[key] = self._given
        return self._numbers[key]

    def rename(self, new_by_old: Mapping[str, str]) -> None:
        """Tracks keep their numbers under new names, the older where two became one.

        A name that now is another track's has none.
        """
        taken = set(new_by_old.values())
        kept = {old: number for old, number in self._numbers.items() if old not in new_by_old}
        moved: dict[str, int] = {}
        for old, new in new_by_old.items():
            if old in self._numbers:
                moved[new] = min(self._numbers[old], moved.get(new, self._numbers[old]))
        self._numbers = {name: number for name, number in kept.items() if name not in taken} | moved

    def write(self, estimate: TrackEstimate, plot: Observed | None) -> None:
        """One row of a confirmed track."""
        number = self.number(estimate.track_key)
        self.rows.append(Row(number, estimate, self._impact(number, estimate), plot))

    def sample(self, time_ns: int, estimates: Iterable[TrackEstimate]) -> None:
        """What the picture says at an instant."""
        tracks = {self.number(e.track_key): e for e in estimates if e.confirmed}
        self.samples.append(Sample(time_ns, tracks))

    def _impact(self, number: int, estimate: TrackEstimate) -> Impact | None:
        last_ns = self._impact_ns.get(number)
        recent = last_ns is not None and estimate.time_ns - last_ns < IMPACT_EVERY_NS
        if recent or estimate.stage not in FALLING:
            return None
        self._impact_ns[number] = estimate.time_ns
        try:
            found = impact_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
        except ObservationError:
            # Faster or farther than anything that comes down.
            return None
        if found is None:
            return None
        return Impact(found.time_ns, found.latitude_deg, found.longitude_deg, found.area95_km2)


def sensor_models(sensors: Iterable[Sensor]) -> dict[tuple[str, str], SensorModel]:
    """What the sites file says that a tracker can use: how surely each sensor sees."""
    return {
        (sensor.party, sensor.sensor_id): SensorModel(max(sensor.detection_probability, _DETECTION_MIN))
        for sensor in sensors
    }


def by_instant(observations: Sequence[Observed]) -> Iterator[tuple[int, list[Observed]]]:
    """Plots of each instant, in order of time."""
    for time_ns, group in groupby(observations, key=attrgetter("time_ns")):
        yield time_ns, list(group)


def track_plots(
    observations: Sequence[Observed],
    sensors: Iterable[Sensor],
    settings: TrackerSettings | None = None,
    sample_ns: Sequence[int] = (),
    progress: Progress | None = None,
    places: Places | None = None,
) -> TrackRun:
    """One picture of all plots.

    Args:
        observations: in order of time.
        sensors: of the sites file.
        settings: of the tracker.
        sample_ns: growing instants at which the picture is asked for, from plots up to each.
        progress: is told the share done.
        places: and watch areas, where the products are asked for.
    """
    products = None if places is None else TrackProducts(places)
    tracker, writer = Tracker(settings, sensor_models(sensors)), Writer()
    waiting = list(reversed(sample_ns))
    done = 0
    for time_ns, plots in by_instant(observations):
        take_samples(tracker, writer, waiting, time_ns)
        for plot in plots:
            tracker.add(plot)
        write_taken(tracker, writer, time_ns)
        if products is not None:
            products.look(tracker, writer.number, time_ns)
        done += len(plots)
        if progress is not None:
            progress(done / len(observations))
    take_samples(tracker, writer, waiting, None)
    told = None if products is None else products.result()
    return TrackRun(tuple(writer.rows), tuple(writer.samples), tracker.counts(), told)


def take_samples(tracker: Tracker, writer: Writer, waiting: list[int], before_ns: int | None) -> None:
    """Sample the picture at the waiting instants (latest first) that lie before an instant; None: at all."""
    while waiting and (before_ns is None or waiting[-1] < before_ns):
        time_ns = waiting.pop()
        writer.sample(time_ns, tracker.estimates(time_ns))


def write_taken(tracker: Tracker, writer: Writer, time_ns: int) -> None:
    """A row for each plot of an instant that a confirmed track took."""
    for taken in tracker.assigned(time_ns):
        if taken.estimate.confirmed and not isinstance(taken.plot, EquivalentObservation):
            writer.write(taken.estimate, taken.plot)


def tracks_text(rows: Iterable[Row]) -> str:
    """The rows as tracks.csv: ECEF, m and m/s; covariances to nine digits, what is not estimated is empty."""
    lines = [",".join(TRACK_COLUMNS)]
    lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    estimate, impact = row.estimate, row.impact
    mean = [f"{value:.4f}" for value in estimate.mean[:3]] + [f"{value:.6f}" for value in estimate.mean[3:]]
    covariance = [f"{value:.12e}" for value in estimate.covariance[_UPPER]]
    last = ["", "", "", ""]
    if impact is not None:
        last = [
            str(impact.time_ns),
            f"{impact.latitude_deg:.7f}",
            f"{impact.longitude_deg:.7f}",
            f"{impact.area95_km2:.6g}",
        ]
    head = [str(estimate.time_ns), str(row.track)]
    return ",".join([*head, *mean, *covariance, estimate.stage, f"{estimate.existence:.6f}", *last])
