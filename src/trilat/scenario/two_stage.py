"""Named scenario `two-stage-generic`: the made-up rocket on which trackers are compared.

Nothing in it is anyone's. It is the case for which bounds and filters were measured: start at 40.5N
128.0E, 65 s and 50 s of burn with 3 s between, burnout at 118 s, 121 km and 2,608 m/s, apogee 394 km,
splash at 39.06N 137.36E after 679 s. The steering behind those figures was not recorded, so elevation and
azimuth (96.45 for a nominal 96) are tuned until they come out: to 1 km, 2 m/s, 1 km, 2 km and 1 s.
"""

from trilat.scenario.flight import Pad, fly
from trilat.scenario.generic import generic_radar
from trilat.scenario.instant import utc_ns
from trilat.scenario.sensor import Sensor
from trilat.scenario.simulated import Scenario
from trilat.scenario.vehicle import Stage, Vehicle

NAME = "two-stage-generic"
TITLE = "A made-up two-stage rocket seen by one radar of each of three parties"

_PAD = Pad(latitude_deg=40.5, longitude_deg=128.0, azimuth_deg=96.45)
_VEHICLE = Vehicle(
    body_id="body",
    stages=(
        Stage("stage-1", 65.0, 21.0, 52.0, gap_s=3.0, spent_is_object=False),
        Stage("stage-2", 50.0, 22.0, 47.0),
    ),
    elevation_programme=((0.0, 90.0), (6.0, 90.0), (25.0, 65.93), (65.0, 66.47), (118.0, 55.0)),
)
_ASSUMPTIONS = (
    "vehicle and radars are made up; start instant, places and figures mean nothing",
    "no drag, and the spent first stage is left out: the figures to compare with were measured on one object",
    "every radar sees the object in every scan in which it is above the mask",
)


def _radar(name: str, party: str, place_deg: tuple[float, float], offset_s: float) -> Sensor:
    return generic_radar(
        name,
        party,
        place_deg,
        offset_s=offset_s,
        height_m=100.0,
        range_max_m=3_000_000.0,
        detection_probability=1.0,
        assumed="made up",
    )


def build() -> Scenario:
    """The scenario, flown."""
    trajectories = fly(_VEHICLE, _PAD)
    body = trajectories[0]
    return Scenario(
        name=NAME,
        title=TITLE,
        launch_ns=utc_ns("2020-01-01T00:00:00Z"),
        duration_s=body.end_s,
        trajectories=trajectories,
        sensors=(
            _radar("R1", "USA", (36.0, 132.5), 0.0),
            _radar("R2", "KOR", (38.5, 129.5), 0.37),
            _radar("R3", "JPN", (40.5, 140.5), 0.71),
        ),
        main_object=body.object_id,
        last_burnout_s=body.last_burnout_s,
        launch_site_deg=(_PAD.latitude_deg, _PAD.longitude_deg),
        assumptions=_ASSUMPTIONS,
    )
