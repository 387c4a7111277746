"""Named scenario `false-report-2009`: 4 April 2009, an unrelated track taken for a launch.

A Japanese radar followed something unrelated; the report grew a "satellite early warning received" on its
way, which nobody had received; the announcement stood from 12:16 to 12:21 Japan time. What the
object was has not been published. Here it is a satellite on a circular orbit: no launch site, no burn, no
impact. The American infrared eyes look at the same sky and see nothing, so that a second source exists and
is silent.
"""

import numpy as np

from trilat.geo import FloatArray, ecef_from_geodetic, ecef_from_inertial, enu_rotation
from trilat.scenario.generic import generic_infrared, generic_radar
from trilat.scenario.instant import utc_ns
from trilat.scenario.motion import coast
from trilat.scenario.simulated import PublicRecord, Scenario
from trilat.scenario.trajectory import Trajectory

NAME = "false-report-2009"
TITLE = "4 April 2009: a satellite's pass taken for a launch"

# The orbit passes over this place, northeastward, at the middle of the scenario.
_MIDDLE_DEG = (38.0, 137.0)
_HEIGHT_M = 700_000.0
_HEADING_DEG = 50.0
_HALF_S = 240.0
# Circular speed at that height, inertial: sqrt(GM / r), rounded.
_SPEED_M_PER_S = 7_507.0

_RECORDS = (
    PublicRecord(
        time_ns=utc_ns("2009-04-04T03:16:00Z"),
        party="JPN",
        text="launch announced, 12:16 Japan time; there was none",
        source="oiioo.hatenablog.com/entry/20090405/p1; afpbb 2589577",
    ),
    PublicRecord(
        time_ns=utc_ns("2009-04-04T03:21:00Z"),
        party="JPN",
        text="announcement withdrawn, 12:21 Japan time",
        source="oiioo.hatenablog.com/entry/20090405/p1; afpbb 2589577",
    ),
)
_ASSUMPTIONS = (
    "what the radar saw was never published: a satellite on a circular orbit at 700 km is assumed",
    "the pass is set so that it is high in the sky at the minute of the announcement",
    (
        "place of the radar rounded to a tenth of a degree near Asahi, Chiba, where the press had it; all "
        "its figures are generic and none is that of the real one"
    ),
    "the infrared eyes are generic and see nothing, because nothing burns",
)
_SENSORS = (
    generic_radar(
        "land-radar",
        "JPN",
        (35.7, 140.7),
        offset_s=0.0,
        height_m=50.0,
        assumed="place rounded, figures generic",
    ),
    generic_infrared("ir-1", "USA", 75.0, offset_s=0.0),
    generic_infrared("ir-2", "USA", 165.0, offset_s=5.0),
)


def _pass() -> Trajectory:
    """The satellite for four minutes before and after the middle, by its own coasting motion."""
    latitude, longitude = np.radians(_MIDDLE_DEG)
    position = ecef_from_geodetic(latitude, longitude, _HEIGHT_M)
    heading = np.radians(_HEADING_DEG)
    level = np.array([np.sin(heading), np.cos(heading), 0.0])
    inertial = _SPEED_M_PER_S * (level @ enu_rotation(latitude, longitude))
    _, velocity = ecef_from_inertial(position, inertial, 0.0)
    start_position, start_velocity = _backward(position, velocity)
    times, positions, velocities = coast(start_position, start_velocity, 2.0 * _HALF_S, 1.0)
    return Trajectory("unrelated-object", times, positions, velocities)


def _backward(position: FloatArray, velocity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """State half the scenario earlier.

    Seen in a mirror through the plane of the meridian, motion run backward on the turning Earth is motion
    run forward: gravity is round about the axis, and the mirror turns the rotation round once more.
    """
    longitude = np.arctan2(position[1], position[0])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    mirror = np.eye(3) - 2.0 * np.outer(east, east)
    _, positions, velocities = coast(mirror @ position, -(mirror @ velocity), _HALF_S, _HALF_S)
    return mirror @ positions[-1], -(mirror @ velocities[-1])


def build() -> Scenario:
    """The scenario: `launch_ns` is its start, four minutes before the announcement."""
    return Scenario(
        name=NAME,
        title=TITLE,
        launch_ns=utc_ns("2009-04-04T03:12:00Z"),
        duration_s=2.0 * _HALF_S,
        trajectories=(_pass(),),
        sensors=_SENSORS,
        main_object="unrelated-object",
        last_burnout_s=None,
        launch_site_deg=None,
        assumptions=_ASSUMPTIONS,
        records=_RECORDS,
    )
