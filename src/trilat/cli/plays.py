"""What can be played live: a scenario or recorded flight under every regime, or ships from recorded AIS."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from trilat.cli.director import Play
from trilat.cli.fleet import Exercise
from trilat.cli.operators import operators_of
from trilat.geo import ecef_from_geodetic, geodetic_from_ecef
from trilat.model import SECOND_NS, AnyItem, Classification, Label, Status, Vessel, format_instant
from trilat.node import SensorSettings
from trilat.scenario import Scenario
from trilat.study import (
    SHIPS_LEVEL,
    Preset,
    ShipRun,
    Yardstick,
    agreement_files,
    plain_reports,
    preset,
)

_MARGIN: Final = 1.25
_REACH_M_MAX: Final = 1e7
_GROUND_M_MAX: Final = 9_000.0
"""Higher than this no sensor stands on the ground."""

_SPAN_M_MIN: Final = 100_000.0
_SHOWN_S: Final = 620.0
"""Of a flight, this much from its launch is in view at the beginning."""


def flight_play(yardstick: Yardstick, *, is_recorded: bool) -> Play:
    """A scenario or a recorded flight, as sensors would report it."""
    scenario = yardstick.scenario
    last_s = max(yardstick.last_plot_s or 0.0, scenario.duration_s)
    labels = {party: _any_label(party, yardstick.launch_ns) for party in scenario.parties}
    return Play(
        title=scenario.title,
        subtitle=f"{scenario.name}, {format_instant(yardstick.launch_ns)[:10]}",
        source="telemetry" if is_recorded else "scenario",
        feeds=plain_reports(yardstick.reports(labels, Status.SIMULATED)),
        start_ns=yardstick.launch_ns,
        end_ns=yardstick.launch_ns + int(last_s) * SECOND_NS,
        view=_view(_places_of(scenario)),
        people=operators_of(scenario.name, yardstick.launch_ns),
    )


def flight_exercises(scenario: Scenario, names: Sequence[str]) -> dict[str, Exercise]:
    """The same flight under each regime."""
    return {
        name: Exercise(
            parties=scenario.parties,
            preset=preset(name),
            agreement_texts=agreement_files(name),
            start_ns=scenario.launch_ns,
            sensors=_sites_of(scenario),
        )
        for name in names
    }


def _sites_of(scenario: Scenario) -> dict[str, tuple[SensorSettings, ...]]:
    """Where each party's radars stand. An eye over the equator has no place on a map."""
    return {
        party: tuple(
            SensorSettings(
                name=sensor.sensor_id,
                lat_deg=sensor.latitude_deg,
                lon_deg=sensor.longitude_deg,
                height_m=sensor.height_m,
                reach_m=min(sensor.range_max_m, _REACH_M_MAX),
                elevation_min_deg=max(0.0, sensor.elevation_mask_deg),
            )
            for sensor in scenario.sensors
            if sensor.party == party and sensor.height_m < _GROUND_M_MAX
        )
        for party in scenario.parties
    }


def ships_play(run: ShipRun, name: str) -> Play:
    """A recording of AIS, as receivers would report it."""
    receivers = {sighting.receiver for sighting in run.reading.sightings if sighting.receiver}
    return Play(
        title=f"Ships heard by {len(receivers)} receivers",
        subtitle=f"{name}, {format_instant(run.start_ns)[:10]}",
        source="ais",
        feeds=plain_reports(run.reports),
        start_ns=run.start_ns,
        end_ns=-(-run.end_ns // SECOND_NS) * SECOND_NS,
        view=_view(_places_of_ships(run.reports)),
    )


def ships_exercise(run: ShipRun, texts: Mapping[str, str]) -> dict[str, Exercise]:
    """The drill's agreements as the one regime."""
    chosen: Preset = run.preset
    return {
        chosen.name: Exercise(
            parties=run.parties,
            preset=chosen,
            agreement_texts=texts,
            start_ns=run.start_ns,
            content_level=SHIPS_LEVEL,
            headline_level=SHIPS_LEVEL,
        )
    }


def _any_label(party: str, at_ns: int) -> Label:
    """A label for reports whose label the node will write itself."""
    return Label(
        originator=party,
        classification=Classification(scheme=party, level="UNCLASSIFIED"),
        created_ns=at_ns,
    )


def _places_of(scenario: Scenario) -> Any:
    """Latitudes and longitudes, degrees (n, 2), of the path's first minutes."""
    path = scenario.main_trajectory
    shown = path.position_m[path.t_s <= path.start_s + _SHOWN_S]
    latitude, longitude, _ = geodetic_from_ecef(shown)
    return np.degrees(np.column_stack([latitude, longitude]))


def _places_of_ships(reports: Sequence[tuple[int, str, AnyItem]]) -> Any:
    places = [
        (item.place.latitude_1e7deg / 1e7, item.place.longitude_1e7deg / 1e7)
        for _, _, item in reports
        if isinstance(item, Vessel) and item.place is not None
    ]
    # A few positions are wrong by far; they do not set the view.
    found = np.array(places)
    low, high = np.percentile(found, [5, 95], axis=0)
    return found[np.all((found >= low) & (found <= high), axis=1)]


def _view(places_deg: Any) -> dict[str, float]:
    """Centre and width of what takes in all places."""
    points = ecef_from_geodetic(
        np.radians(places_deg[:, 0]), np.radians(places_deg[:, 1]), np.zeros(len(places_deg))
    )
    middle = (points.min(axis=0) + points.max(axis=0)) / 2.0
    latitude, longitude, _ = geodetic_from_ecef(middle)
    span_m = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0))) * _MARGIN
    return {
        "lat": round(float(np.degrees(latitude)), 3),
        "lon": round(float(np.degrees(longitude)), 3),
        "span_m": round(max(span_m, _SPAN_M_MIN)),
    }
