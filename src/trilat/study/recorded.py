"""Scenarios from recorded telemetry: a recorded flight, observed by generic radars or by given sites.

The recording gives the truth and nothing is invented after its last row. Its date is not in the file, so the
scenario is dated to a round instant, and says so.
"""

from dataclasses import replace
from typing import Final

from trilat.domains.missile import read_telemetry, trajectories_of
from trilat.model import parse_instant
from trilat.scenario import Departure, Scenario, generic_radars, read_sites

LAUNCH: Final = "2020-01-01T00:00:00Z"
"""The instant to which recorded flights are dated."""


def recorded_scenario(
    name: str,
    data: bytes,
    pad_deg: tuple[float, float],
    azimuth_deg: float,
    *,
    sites: str | None = None,
    speed_frame: str = "earth",
    events: bytes | None = None,
) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario of a recorded flight, and one line of warning for all that was cleaned.

    Args:
        name: of the file, for texts.
        data: the telemetry file.
        pad_deg: latitude and longitude of the pad.
        azimuth_deg: in which the flight left, clockwise from true north.
        sites: a sites file's text; three generic radars beside the path without it.
        speed_frame: `earth` or `inertial`: what the recorded speed is relative to.
        events: a file of named instants beside the telemetry.

    Raises:
        ScenarioError: the telemetry or the sites cannot be used.
    """
    telemetry = read_telemetry(name, data, events)
    paths = trajectories_of(telemetry, Departure(*pad_deg, azimuth_deg), speed_frame)
    sensors = generic_radars(*pad_deg, azimuth_deg) if sites is None else read_sites(sites)
    main = paths[-1]
    scenario = Scenario(
        name="recorded",
        title=f"recorded flight {name}",
        launch_ns=parse_instant(LAUNCH),
        duration_s=max(path.end_s for path in paths),
        trajectories=paths,
        sensors=sensors,
        main_object=main.object_id,
        last_burnout_s=main.last_burnout_s,
        launch_site_deg=pad_deg,
        assumptions=(
            f"dated to {LAUNCH}: telemetry holds no date",
            "sensors are generic and stand where no real sensor is known to stand",
        ),
    )
    return replace(scenario, name=_name(name)), telemetry.warnings


def _name(file_name: str) -> str:
    """A scenario name from a file's name."""
    stem = file_name.rsplit("/", maxsplit=1)[-1].rsplit(".", 1)[0]
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem)
    return f"recorded-{kept.strip('-') or 'flight'}"[:64]
