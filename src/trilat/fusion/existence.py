"""Is there an object at all? Existence by the integrated PDA recursion, with false plots counted by sensor.

With e the probability that the object exists, o that it is in the sensor's view, Pd the sensor's detection
probability, lambda its density of false plots and l the density of the plot given to the track, a scan
multiplies the odds of existence by

    L = 1 - o Pd                      no plot            o+ = o (1 - Pd) / L
    L = 1 - o Pd + o Pd l / lambda    a plot             o+ = 1

(Musicki, Evans, Stankovic, Integrated probabilistic data association, IEEE T-AC 39(6) 1994; with view as the
"existing and not observable" state of their Markov chain two.) View is kept for each pair of track and
sensor: a sensor that has never seen a track says nothing by its silence, and one behind whose horizon a
track sets soon says nothing more. So a false track, whose one sensor looks again and sees nothing, dies in
a scan or two, and a real one coasts through a gap with little less existence than before.

False plots are counted by sensor: those that no track took, per scan, over the part of the sensor's own
coordinates (range, azimuth, sine of elevation, range rate) in which they have lain so far. A `SensorModel`
may state the count instead. Everything here is a value, so that a picture can be played again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trilat.fusion.filters.measurement import (
    KIND_DIRECTION,
    KIND_EQUIVALENT,
    KIND_RADAR,
    KIND_RADAR_RATE,
    Measurement,
)
from trilat.model import ObservationError

NS_PER_S = 1_000_000_000
SensorKey = tuple[object, ...]
"""Source, sensor and sort of plot: scans with the same key are looks of one eye."""

# An object is always a little unsure to be in view, and unsure more after its last sight: leaving and
# entering rates 1/100 and 1/300 per second.
VIEW_MAX = 0.95
_VIEW_REST = 0.25
_VIEW_S = 75.0
# A sensor that sees a track for the first time had an even chance of it.
_VIEW_FIRST = 0.5
# Nothing exists for certain, and no single plot makes it so.
EXISTENCE_MAX = 1.0 - 1e-6
_RATIO_MAX = 1.0e4
# Objects last about so long, seconds.
_LIFE_S = 3600.0
# A look counts as one when so much of the sensor's usual revisit time has passed.
_REVISIT_SHARE = 0.6
# False plots per scan before anything was seen, and how many scans that belief weighs.
_FALSE_FIRST = 0.05
_FALSE_FIRST_SCANS = 3.0
# What is remembered of earlier scans after one more.
_MEMORY = 0.99
# Where false plots may lie before so many have been seen: m, rad, sine of elevation, m/s; and the least.
_EXTENT_FIRST = (1.0e6, 2.0 * math.pi, 1.0, 1.0e4)
_EXTENT_LEAST = (1.0e4, 0.05, 0.05, 1.0e2)
_EXTENT_PLOTS = 6
_RECENT = 48
# The extent of n places is taken wider by this over n: a few do not reach the edges.
_EXTENT_MARGIN = 6.0
# Density of tracklets that belong to no object: their sender has already sorted out false plots. Far below
# any density that a true one can have, 1/(m3 (m/s)3).
_TRACKLET_DENSITY = 1.0e-45


@dataclass(frozen=True)
class SensorModel:
    """What is known of a sensor beforehand; `false_plots_per_scan` None: it is estimated."""

    detection_probability: float = 0.9
    false_plots_per_scan: float | None = None

    def __post_init__(self) -> None:
        """Refuses probabilities and counts that cannot be."""
        if not 0.0 < self.detection_probability <= 1.0:
            raise ObservationError("`detection_probability` must be above 0 and at most 1")
        count = self.false_plots_per_scan
        if count is not None and not 0.0 <= count <= 1.0e6:
            raise ObservationError("`false_plots_per_scan` must be between 0 and 1e6")

    @property
    def detects(self) -> float:
        """The detection probability that is counted with: no sensor is relied on without fail."""
        return min(self.detection_probability, 0.98)


@dataclass(frozen=True)
class SensorState:
    """What a picture has learned of one sensor: false plots, where they lie, how often it looks.

    `recent` are the places of the last of them: range, azimuth, sine of elevation, range rate (NaN: none).
    """

    scans: float = 0.0
    false_plots: float = 0.0
    recent: tuple[tuple[float, float, float, float], ...] = ()
    revisit_s: float = 0.0

    def after(self, unused: Sequence[Measurement], doubted: float) -> "SensorState":
        """The state after a scan that left these plots without a track.

        `doubted` is how many of the others are false too, by the existence of their tracks: else tracks of
        false plots would eat up the count that they are to be judged by.
        """
        places = [_place(plot) for plot in unused[-_RECENT:] if plot.kind != KIND_EQUIVALENT]
        return replace(
            self,
            scans=self.scans * _MEMORY + 1.0,
            false_plots=self.false_plots * _MEMORY + len(unused) + doubted,
            recent=(*self.recent, *places)[-_RECENT:],
        )

    def false_per_scan(self, model: SensorModel) -> float:
        """False plots expected in a scan."""
        if model.false_plots_per_scan is not None:
            return max(model.false_plots_per_scan, 1e-6)
        expected = _FALSE_FIRST * _FALSE_FIRST_SCANS + self.false_plots
        return expected / (_FALSE_FIRST_SCANS + self.scans)

    def density(self, kind: int, model: SensorModel) -> float:
        """Density of false plots in the coordinates of the innovation of a `kind` of plot."""
        if kind == KIND_EQUIVALENT:
            return _TRACKLET_DENSITY
        sizes = self._extent()
        volume = sizes[1] * sizes[2]
        if kind in {KIND_RADAR, KIND_RADAR_RATE}:
            volume *= sizes[0]
        if kind == KIND_RADAR_RATE:
            volume *= sizes[3]
        return self.false_per_scan(model) / volume

    def _extent(self) -> tuple[float, ...]:
        """Size of the part of its coordinates in which a sensor's false plots have lain of late."""
        if len(self.recent) < _EXTENT_PLOTS:
            return _EXTENT_FIRST
        places = np.array(self.recent)
        # Azimuth from that of the first, so that north is no edge.
        places[:, 1] = (places[:, 1] - places[0, 1] + math.pi) % (2.0 * math.pi)
        seen = np.isfinite(places)
        low = np.where(seen, places, np.inf).min(axis=0)
        high = np.where(seen, places, -np.inf).max(axis=0)
        grown = (high - low) * (1.0 + _EXTENT_MARGIN / len(places))
        return tuple(
            min(max(size, least), first) if math.isfinite(size) else first
            for size, least, first in zip(grown.tolist(), _EXTENT_LEAST, _EXTENT_FIRST, strict=True)
        )

    def revisited(self, seconds: float) -> "SensorState":
        """The state after an object was seen again after `seconds`; misses only make that longer."""
        if seconds <= 0.0:
            return self
        usual_s = seconds if self.revisit_s == 0.0 else min(seconds, 1.05 * self.revisit_s)
        return replace(self, revisit_s=usual_s)


def _place(plot: Measurement) -> tuple[float, float, float, float]:
    """Range, azimuth, sine of elevation and range rate as the sensor measured them; NaN: not measured."""
    numbers = plot.key[4]
    assert isinstance(numbers, tuple)
    range_m = float(plot.values[0]) if plot.kind != KIND_DIRECTION else math.nan
    rate = float(plot.values[3]) if plot.kind == KIND_RADAR_RATE else math.nan
    return range_m, float(numbers[0]), math.sin(float(numbers[1])), rate


@dataclass(frozen=True)
class Look:
    """How a sensor last looked at a track: view in [0, 1], instant of that look, of the last sight."""

    view: float
    time_ns: int
    seen_ns: int

    def view_at(self, time_ns: int) -> float:
        """Probability that the object is in the sensor's view at an instant."""
        left = math.exp(-max(0, time_ns - self.time_ns) / NS_PER_S / _VIEW_S)
        return min(VIEW_MAX, _VIEW_REST + (self.view - _VIEW_REST) * left)


def chance_of_plot(look: Look | None, time_ns: int, model: SensorModel) -> float:
    """Probability o Pd that an existing object gives a plot in this scan."""
    view = _VIEW_FIRST if look is None else look.view_at(time_ns)
    return view * model.detects


def is_due(look: Look | None, time_ns: int, state: SensorState) -> bool:
    """Whether silence of this scan says anything: the sensor has seen the track, and not just now."""
    if look is None:
        return False
    return time_ns - look.time_ns > _REVISIT_SHARE * state.revisit_s * NS_PER_S


def first_existence(false_per_scan: float, objects_per_scan: float) -> float:
    """Existence of a track of one plot: new objects against false plots, both per scan."""
    return objects_per_scan / (objects_per_scan + false_per_scan)


def lasting(existence: float, seconds: float) -> float:
    """Existence after `seconds` without a look."""
    return existence * math.exp(-max(seconds, 0.0) / _LIFE_S)


def after_plot(existence: float, chance: float, ratio: float) -> float:
    """Existence after a plot whose density is `ratio` times that of false plots."""
    return _multiplied(existence, 1.0 - chance + min(chance * ratio, _RATIO_MAX))


def after_silence(existence: float, chance: float) -> float:
    """Existence after a scan without a plot."""
    return _multiplied(existence, 1.0 - chance)


def view_after_silence(view: float, model: SensorModel) -> float:
    """View after a scan without a plot."""
    return view * (1.0 - model.detects) / (1.0 - view * model.detects)


def _multiplied(existence: float, ratio: float) -> float:
    exists = existence * ratio
    return min(EXISTENCE_MAX, exists / (exists + 1.0 - existence))
