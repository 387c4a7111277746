"""What a score is held against: the truth, the filter that has all plots, and the bound.

`central` is the same filter as every node's, fed all parties' plots at the instants at which they were made.
`bound` is the least error that any filter could have from all plots of the scored object. Both depend
on scenario and seed only, so all regimes of one comparison share them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from trilat.domains.missile import plot_of
from trilat.fusion import (
    DirectionObservation,
    RadarObservation,
    Tracker,
    TrackEstimate,
    clairvoyant_bound,
)
from trilat.geo import FloatArray, geodetic_from_ecef
from trilat.model import SECOND_NS, AnyItem, Classification, Label, Report, Status
from trilat.scenario import Plot, Scenario, observe
from trilat.study.feed import reports_of, sites_of

WINDOW_AFTER_BURNOUT_S = 20.0
"""The accuracy window begins so long after the last burnout."""

_GROUND_M = 2_000.0
"""A path that ends lower than this came down; the last row is its impact, metres."""


@dataclass(frozen=True)
class Yardstick:
    """A scenario's plots for one seed, with what they are judged by."""

    scenario: Scenario
    seed: int
    silent_parties: frozenset[str] = frozenset()
    _centrals: dict[tuple[int, ...], list[tuple[TrackEstimate, ...]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _bounds: dict[tuple[int, ...], FloatArray] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        """All plots, in order."""
        return observe(self.scenario, self.seed, self.silent_parties)

    @property
    def launch_ns(self) -> int:
        """The instant from which seconds count."""
        return self.scenario.launch_ns

    @cached_property
    def first_plot_s(self) -> float | None:
        """Seconds from launch to the first plot of anyone."""
        return (self.plots[0].t_ns - self.launch_ns) / SECOND_NS if self.plots else None

    @cached_property
    def last_plot_s(self) -> float | None:
        """Seconds from launch to the last plot of anyone."""
        return (self.plots[-1].t_ns - self.launch_ns) / SECOND_NS if self.plots else None

    @property
    def window_s(self) -> tuple[float, float] | None:
        """The accuracy window, seconds from launch; None for a scenario without thrust or plots."""
        burnout_s = self.scenario.last_burnout_s
        if burnout_s is None or self.last_plot_s is None:
            return None
        return burnout_s + WINDOW_AFTER_BURNOUT_S, self.last_plot_s

    def truth_at(self, at_ns: int) -> FloatArray | None:
        """True state (6,) of the scored object, ECEF, m and m/s; None outside its path."""
        path = self.scenario.main_trajectory
        seconds = (at_ns - self.launch_ns) / SECOND_NS
        if not path.start_s <= seconds <= path.end_s:
            return None
        position, velocity = path.state_at(seconds)
        return np.concatenate([position, velocity])

    @cached_property
    def impact_deg(self) -> tuple[float, float] | None:
        """Where the scored object came down, degrees; None where its path ends above the ground."""
        path = self.scenario.main_trajectory
        latitude, longitude, height = geodetic_from_ecef(path.position_m[-1])
        if float(height) > _GROUND_M or path.end_s <= 1.0:
            return None
        return float(np.degrees(latitude)), float(np.degrees(longitude))

    def reports(self, label: Mapping[str, Label], status: Status) -> list[tuple[int, str, AnyItem]]:
        """Every plot as a report of its party, with the instant at which the party's node gets it."""
        sensors = sites_of(self.scenario)
        reports = reports_of(self.plots, sensors, label.__getitem__, status)
        return [
            (report.valid_ns, sensors[plot.sensor_id].party, report)
            for plot, report in zip(self.plots, reports, strict=True)
        ]

    def _observations(self, plots: Sequence[Plot]) -> list[RadarObservation | DirectionObservation]:
        """Plots as fusion takes them, through the very reports that the nodes get."""
        sensors = sites_of(self.scenario)
        marking = Classification(scheme="USA", level="UNCLASSIFIED")
        labels = {
            party: Label(originator=party, classification=marking, created_ns=self.launch_ns)
            for party in self.scenario.parties
        }
        reports: list[Report] = reports_of(plots, sensors, labels.__getitem__, Status.SIMULATED)
        observations = (plot_of(report) for report in reports)
        return [plot for plot in observations if isinstance(plot, RadarObservation | DirectionObservation)]

    def central(self, at_ns: Sequence[int]) -> list[tuple[TrackEstimate, ...]]:
        """Confirmed estimates of the filter that has all plots, at growing instants; computed once."""
        key = tuple(at_ns)
        if key not in self._centrals:
            self._centrals[key] = self._central(key)
        return self._centrals[key]

    def _central(self, at_ns: Sequence[int]) -> list[tuple[TrackEstimate, ...]]:
        tracker = Tracker()
        observations = self._observations(self.plots)
        position = 0
        pictures = []
        for instant_ns in at_ns:
            while position < len(observations) and observations[position].time_ns <= instant_ns:
                tracker.add(observations[position])
                position += 1
            pictures.append(tuple(e for e in tracker.estimates(instant_ns) if e.confirmed))
        return pictures

    def bound_m(self, at_ns: Sequence[int]) -> FloatArray:
        """The least root-mean-square position error, metres, at growing instants within the true path."""
        key = tuple(at_ns)
        if key not in self._bounds:
            self._bounds[key] = self._bound_m(key)
        return self._bounds[key]

    def _bound_m(self, at_ns: Sequence[int]) -> FloatArray:
        path = self.scenario.main_trajectory
        alone = replace(self.scenario, trajectories=(path,))
        plots = observe(alone, self.seed, self.silent_parties)
        return clairvoyant_bound(
            path.t_s,
            path.position_m,
            path.velocity_m_per_s,
            path.burns,
            self.launch_ns,
            self._observations(plots),
            (np.asarray(at_ns, dtype=np.int64) - self.launch_ns) / SECOND_NS,
        )


def nearest(estimates: Sequence[TrackEstimate], truth: FloatArray) -> TrackEstimate | None:
    """The estimate nearest to the true position."""
    return min(
        estimates, key=lambda estimate: float(np.linalg.norm(estimate.mean[:3] - truth[:3])), default=None
    )
