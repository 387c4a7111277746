"""Reference objects: ships and aircraft that say where they are, and which radar plots are of them.

    references = References(priors)
    references.report("mmsi-431000001", report)     # AIS or ADS-B, in order of time
    rest = references.rest(plots)                   # plots of one instant that are of none of them
    references.told()                               # what all this tells of the biases

A plot is of an object when it lies where the object is by its reports, within all errors and `_GATE_SIGMAS`
sigmas of the prior, and neither has another to choose from. `Registration` then looks closer: what it refuses
is counted against the sensor, and goes on to the tracker. An object whose reports are older than `_AGE_S`, or
that has given one only, has no plots.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from trilat.fusion.filters.measurement import Measurement, gate, innovation, prepare
from trilat.fusion.observation import RadarObservation
from trilat.fusion.registration.joint import Registration
from trilat.fusion.registration.kernels import BIASES
from trilat.fusion.registration.lean import Known
from trilat.fusion.registration.objects import RegistrationSettings
from trilat.fusion.registration.plots import (
    NS_PER_S,
    BiasPrior,
    BiasTable,
    PositionReport,
    SensorKey,
    SensorPlot,
)
from trilat.geo import FloatArray
from trilat.model import ObservationError

_OBJECTS_MAX = 1000
# Reports this old say no more where an object is, seconds; it is no faster than this.
_AGE_S = 60.0
_SPEED_M_PER_S_MAX = 350.0
# Plots farther than this from where an object was, and its way since, are not looked at.
_NEAR_M = 10_000.0
_GATE_SIGMAS = 4.0
_GATE_TAIL = 1e-4


class References:
    """Objects with reports, and the biases that they show; see the module for the rules."""

    def __init__(self, priors: Mapping[SensorKey, BiasPrior]) -> None:
        """No object yet; `priors` are of the sensors whose biases are wanted."""
        self._priors = dict(priors)
        self._registration = Registration(priors, RegistrationSettings(objects_max=_OBJECTS_MAX))
        self._last: dict[str, tuple[int, FloatArray]] = {}
        self._reports: Counter[str] = Counter()

    def report(self, name: str, report: PositionReport) -> bool:
        """Takes a report of an object; False when it is refused and counted.

        Raises:
            ObservationError: not a report, or not a name.
        """
        if not isinstance(report, PositionReport):
            raise ObservationError(f"a `{type(report).__name__}` is not a position report")
        taken = self._registration.add(name, report, "level")
        if taken:
            self._last[name] = (int(report.time_ns), report.position_m)
            self._reports[name] += 1
            if len(self._last) > _OBJECTS_MAX:
                oldest = min(self._last, key=lambda other: self._last[other][0])
                del self._last[oldest], self._reports[oldest]
        return taken

    def rest(self, plots: Sequence[SensorPlot]) -> list[SensorPlot]:
        """Of the plots of one instant those that are of no object here; the others are taken in."""
        pairs = [
            (place, name)
            for place, plot in enumerate(plots)
            if isinstance(plot, RadarObservation)
            for name in self._near(plot)
        ]
        per_plot = Counter(place for place, _ in pairs)
        per_object = Counter((plots[place].source, plots[place].sensor, name) for place, name in pairs)
        taken = {
            place
            for place, name in pairs
            if per_plot[place] == 1
            and per_object[plots[place].source, plots[place].sensor, name] == 1
            and self._registration.add(name, plots[place], "level")
        }
        return [plot for place, plot in enumerate(plots) if place not in taken]

    def told(self) -> Known:
        """Information (B, B) and its vector (B,) about the biases, in prior sigmas, without the prior."""
        return self._registration.told()

    def table(self) -> BiasTable:
        """The biases by the reference objects alone, with the plots taken and refused of each sensor."""
        return self._registration.table()

    def _near(self, plot: RadarObservation) -> list[str]:
        """The objects that a plot may be of."""
        if not self._last:
            return []
        measured = prepare(plot)
        place = measured.site_m + measured.values[0] * measured.axes[0]
        found = []
        for name, (time_ns, position) in self._last.items():
            age_s = (measured.time_ns - time_ns) / NS_PER_S
            if self._reports[name] < 2 or not 0.0 <= age_s <= _AGE_S:
                continue
            if float(np.linalg.norm(position - place)) > _NEAR_M + _SPEED_M_PER_S_MAX * age_s:
                continue
            if self._is_of(plot, measured, name):
                found.append(name)
        return found

    def _is_of(self, plot: RadarObservation, measured: Measurement, name: str) -> bool:
        """Whether a plot lies where an object is, within all errors."""
        try:
            mean, covariance = self._registration.estimate(name, measured.time_ns)
        except ObservationError:
            # Dropped for newer objects.
            return False
        nu, h, ahead = innovation(mean, measured.kind, measured.values, measured.site_m, measured.axes)
        spread = h[:3] @ covariance @ h[:3].T + measured.covariance[:3, :3]
        prior = self._priors.get((plot.source, plot.sensor))
        if prior is not None:
            moved = prior.sigmas[: BIASES - 1] * np.array([1.0, np.cos(plot.elevation_rad), 1.0])
            late_m = _SPEED_M_PER_S_MAX * prior.clock_sigma_s
            moved = np.hypot(moved, late_m / np.array([1.0, plot.range_m, plot.range_m]))
            spread += np.diag((_GATE_SIGMAS * moved) ** 2)
        return ahead and float(nu[:3] @ np.linalg.solve(spread, nu[:3])) <= gate(3, _GATE_TAIL)
