"""Feeds: a scenario's plots as the reports of the party whose sensor made them.

This is what any radar would do: an identity, an instant, the numbers in fixed units, and the label that the
node says. Nothing about the truth goes in.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from trilat.model import (
    AnyItem,
    DirectionPlot,
    Domain,
    Label,
    Place,
    Provenance,
    RadarPlot,
    Report,
    Status,
    to_plain,
)
from trilat.scenario import Plot, Scenario, Sensor

_MM: Final = 1e3
_NRAD: Final = 1e9
_FULL_TURN_NRAD: Final = 6_283_185_307


def sites_of(scenario: Scenario) -> dict[str, Sensor]:
    """The sensors of a scenario by name."""
    return {sensor.sensor_id: sensor for sensor in scenario.sensors}


def reports_of(
    plots: Iterable[Plot], sensors: Mapping[str, Sensor], label: Callable[[str], Label], status: Status
) -> list[Report]:
    """The reports of plots, in their order; plots of one scan of one sensor are numbered.

    Args:
        plots: in order of time.
        sensors: by name; every plot's sensor must be among them.
        label: gives the label for a party's report.
        status: of the node.
    """
    reports: list[Report] = []
    counts: dict[tuple[str, int], int] = {}
    for plot in plots:
        sensor = sensors[plot.sensor_id]
        scan = (plot.sensor_id, plot.t_ns)
        counts[scan] = counts.get(scan, 0) + 1
        reports.append(
            Report(
                item_id=f"{sensor.party}-r-{plot.sensor_id}-{plot.t_ns}-{counts[scan]}",
                subject=f"{sensor.party}-r-{plot.sensor_id}",
                domain=Domain.MISSILE,
                status=status,
                valid_ns=plot.t_ns,
                label=label(sensor.party),
                provenance=Provenance(originators=(sensor.party,)),
                sensor=sensor.sensor_id,
                observation=_observation(plot, sensor),
            )
        )
    return reports


def plain_reports(
    reports: Iterable[tuple[int, str, AnyItem]],
) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """By party, what its sensors hand to their node's HTTP intake, with the instant at which they do.

    What the node knows better (status, label, provenance) is left to it.
    """
    feeds: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at_ns, party, report in reports:
        plain = to_plain(report)
        del plain["status"], plain["label"]
        if not report.provenance.observations:
            del plain["provenance"]
        feeds.setdefault(party, []).append((at_ns, plain))
    return feeds


def _observation(plot: Plot, sensor: Sensor) -> RadarPlot | DirectionPlot:
    site = Place(
        latitude_1e7deg=round(sensor.latitude_deg * 1e7),
        longitude_1e7deg=round(sensor.longitude_deg * 1e7),
        height_mm=round(sensor.height_m * _MM),
    )
    azimuth_nrad = min(max(round(plot.azimuth_rad * _NRAD), 0), _FULL_TURN_NRAD)
    elevation_nrad = round(plot.elevation_rad * _NRAD)
    azimuth_sigma_nrad = round(sensor.azimuth_sigma_rad * _NRAD)
    elevation_sigma_nrad = round(sensor.elevation_sigma_rad * _NRAD)
    if plot.range_m is None or sensor.range_sigma_m is None:
        return DirectionPlot(
            site=site,
            azimuth_nrad=azimuth_nrad,
            elevation_nrad=elevation_nrad,
            azimuth_sigma_nrad=azimuth_sigma_nrad,
            elevation_sigma_nrad=elevation_sigma_nrad,
        )
    rate, rate_sigma = plot.range_rate_m_per_s, sensor.range_rate_sigma_m_per_s
    measured = rate is not None and rate_sigma is not None
    return RadarPlot(
        site=site,
        range_mm=round(plot.range_m * _MM),
        azimuth_nrad=azimuth_nrad,
        elevation_nrad=elevation_nrad,
        range_sigma_mm=round(sensor.range_sigma_m * _MM),
        azimuth_sigma_nrad=azimuth_sigma_nrad,
        elevation_sigma_nrad=elevation_sigma_nrad,
        range_rate_mm_per_s=round(rate * _MM) if rate is not None and measured else None,
        range_rate_sigma_mm_per_s=round(rate_sigma * _MM) if rate_sigma is not None and measured else None,
    )
