"""Registration of the sensors of a file: priors of the sites file, and reports of ships and aircraft.

A picture learns of the sensors that are its own and of no other: `priors_of` is given those alone. With no
prior nothing here does anything, and every figure is what it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trilat.fusion import BiasPrior, BiasTable, PositionReport, References, Tracker
from trilat.scenario import Sensor
from trilat.study.plots import Observed

NamedReport = tuple[str, PositionReport]
"""An object's name and where it says that it is."""

Priors = Mapping[tuple[str, str], BiasPrior]


def priors_of(sensors: Iterable[Sensor]) -> Priors:
    """How large biases may be, by party and sensor, of the sensors of which the sites file says it."""
    priors = {}
    for sensor in sensors:
        prior = BiasPrior.stated(
            sensor.range_bias_sigma_m, sensor.angle_bias_sigma_rad, sensor.clock_bias_sigma_s
        )
        if prior is not None:
            priors[sensor.party, sensor.sensor_id] = prior
    return priors


def table_of(priors: Priors) -> BiasTable | None:
    """What is known of these sensors before any plot; None where there are none."""
    return BiasTable.of_priors(priors) if priors else None


class Registering:
    """Reports of reference objects beside one tracker of own plots, taken as time goes on."""

    def __init__(self, tracker: Tracker, priors: Priors, reports: Sequence[NamedReport]) -> None:
        """Nothing taken yet; `reports` are in order of time."""
        self._tracker = tracker
        self._references = References(priors) if priors and reports else None
        self._waiting = list(reversed(reports))
        self.plots = 0
        """Plots that were of reference objects."""

    def rest(self, time_ns: int, plots: Sequence[Observed]) -> Sequence[Observed]:
        """The plots of an instant that are of no reference object, after all reports up to it."""
        if self._references is None:
            return plots
        before = len(self._waiting)
        while self._waiting and self._waiting[-1][1].time_ns <= time_ns:
            name, report = self._waiting.pop()
            self._references.report(name, report)
        left = self._references.rest(plots)
        self.plots += len(plots) - len(left)
        if len(left) < len(plots) or len(self._waiting) < before:
            self._tracker.inform(time_ns, self._references.told())
        return left

    def table(self) -> BiasTable | None:
        """The biases as known at the end; None without priors."""
        table = self._tracker.biases()
        if table is None or self._references is None:
            return table
        alone = self._references.table()
        return replace(
            table, updates=alone.updates, refused=alone.refused, suspects=table.suspects | alone.suspects
        )


def plain_biases(table: BiasTable) -> list[dict[str, Any]]:
    """A row per sensor, for the party's own eyes: each bias with one sigma, m, rad and s."""
    rows = []
    for source, sensor in table.sensors:
        bias = table.bias(source, sensor)
        rows.append(
            {
                "party": source,
                "sensor": sensor,
                "range_bias_m": bias.range_bias_m,
                "range_sigma_m": bias.range_sigma_m,
                "azimuth_bias_rad": bias.azimuth_bias_rad,
                "azimuth_sigma_rad": bias.azimuth_sigma_rad,
                "elevation_bias_rad": bias.elevation_bias_rad,
                "elevation_sigma_rad": bias.elevation_sigma_rad,
                "clock_bias_s": bias.clock_bias_s,
                "clock_sigma_s": bias.clock_sigma_s,
                "reference_plots": bias.updates,
                "reference_plots_refused": bias.refused,
                "suspect": bias.suspect,
            }
        )
    return rows
