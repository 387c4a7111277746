"""Named scenario `unha2-2009`: the launch of 5 April 2009, as the public record has it.

What was published (pad, minute of launch, declared zones, fall of the first stage, height over Akita and
Iwate, range, last contact, names of the ships) is reproduced, and tests hold each figure with its source.
What was never published (masses, steering, pause between the stages, places and figures of every
sensor) is assumed and tuned until the published part comes out; it says nothing of the real vehicle or of
a real sensor. The assumptions travel with the scenario.
"""

from trilat.scenario.flight import Pad, fly
from trilat.scenario.generic import generic_infrared, generic_radar
from trilat.scenario.instant import utc_ns
from trilat.scenario.sensor import Sensor
from trilat.scenario.simulated import DeclaredArea, PublicRecord, Scenario
from trilat.scenario.vehicle import Stage, Vehicle

NAME = "unha2-2009"
TITLE = "Unha-2, 5 April 2009: one rocket, seven ships, three parties"

# Published as 40 51.342N 129 39.948E. The azimuth is tuned: the zones lie at bearings 91 and 93.
_PAD = Pad(latitude_deg=40.8557, longitude_deg=129.6658, azimuth_deg=90.84)

# Thrust of the first stage about 1,100 kN, masses of 70 to 80 t in the press; total burn about 230 s.
# The rest is tuned. The third stage is not modelled: it stayed attached, by the ministry's account.
_VEHICLE = Vehicle(
    body_id="upper-body",
    stages=(
        Stage.from_masses(
            "stage-1",
            thrust_n=1_100_000.0,
            mass_start_kg=73_800.0,
            mass_end_kg=21_500.0,
            burn_s=126.0,
            gap_s=10.0,
            ballistic_coefficient_kg_per_m2=30_000.0,
            spent_ballistic_coefficient_kg_per_m2=2_000.0,
        ),
        Stage.from_masses(
            "stage-2",
            thrust_n=240_000.0,
            mass_start_kg=15_500.0,
            mass_end_kg=3_250.0,
            burn_s=110.0,
            ballistic_coefficient_kg_per_m2=10_000.0,
        ),
    ),
    elevation_programme=((0.0, 90.0), (10.0, 90.0), (50.0, 83.3), (126.0, 28.8), (138.0, 5.0), (246.0, 25.8)),
    body_ballistic_coefficient_kg_per_m2=2_000.0,
)

_ZONES = (
    DeclaredArea(
        name="zone 1",
        corners_deg=((40.6944, 135.5792), (40.4561, 138.5111), (40.2761, 138.5061), (40.5144, 135.5739)),
        source="navigational warning of March 2009 (IMO), as carried by tongilnews",
    ),
    DeclaredArea(
        name="zone 2",
        corners_deg=((34.5950, 164.6783), (31.3728, 172.3100), (29.9314, 172.2297), (33.1544, 164.5950)),
        source="navigational warning of March 2009 (IMO), three sites agree",
    ),
)

_RECORDS = (
    PublicRecord(
        time_ns=utc_ns("2009-04-05T02:32:00Z"),
        party="JPN",
        text="launch announced over Em-Net, 11:32 Japan time",
        source="asahi.com/special/08001/TKY200904050073.html",
    ),
    PublicRecord(
        time_ns=utc_ns("2009-04-05T02:48:00Z"),
        party="JPN",
        text="track ended about 2,100 km east of Japan, 11:48 Japan time",
        source="asahi.com/special/08001/TKY200904050073.html",
    ),
)

_ASSUMPTIONS = (
    (
        "launch at 02:30:15Z: the Korean figure, 15 s before the Sejong's report; the minute is published, "
        "the seconds rest on one newspaper, and the launching side said 02:20"
    ),
    "masses, steering and a pause of 10 s between the stages are tuned to the published path, not published",
    "the spent first stage falls with 2,000 kg/m2, the upper body with 2,000 kg/m2: generic",
    (
        "no ship or radar position was published: every place is assumed, and one ship stands 1,000 km or "
        "more east of Honshu because the reported last contact needs it"
    ),
    "every sensor has generic textbook figures and no systematic error; none is that of a real sensor",
    (
        "the last contact is matched by position (2,000 to 2,200 km east of Honshu); the minute of the "
        "press, 11:48 Japan time, lies after the splash: the two reports contradict each other"
    ),
    "the second object predicted for 11:43, 1,270 km east of Japan, was withdrawn that day and is not used",
    (
        "the press had stage 1 down about 11:37, 596 to 622 km out; here it comes down later and nearer, "
        "inside the declared zone, because the height over Honshu and the range bind the path"
    ),
)


def _ship(
    name: str, party: str, place_deg: tuple[float, float], offset_s: float, range_rate_sigma: float | None
) -> Sensor:
    return generic_radar(
        name,
        party,
        place_deg,
        offset_s=offset_s,
        range_rate_sigma_m_per_s=range_rate_sigma,
        range_max_m=1_000_000.0,
        assumed="ship named in the press; place and all figures assumed, generic",
    )


_SENSORS = (
    _ship("sejong", "KOR", (38.6, 130.5), 0.0, None),
    _ship("kongo", "JPN", (39.4, 135.2), 0.23, 5.0),
    _ship("chokai", "JPN", (40.6, 137.4), 0.41, None),
    _ship("kirishima", "JPN", (35.6, 156.5), 0.67, 5.0),
    _ship("mccain", "USA", (39.7, 132.4), 0.12, 5.0),
    _ship("chafee", "USA", (37.6, 145.8), 0.55, None),
    generic_radar(
        "land-radar",
        "JPN",
        (39.2, 140.0),
        offset_s=0.85,
        height_m=50.0,
        range_max_m=1_000_000.0,
        assumed="generic land radar on the coast of northern Honshu; not the place of a real one",
    ),
    generic_infrared("ir-1", "USA", 75.0, offset_s=0.0),
    generic_infrared("ir-2", "USA", 165.0, offset_s=5.0),
)


def build() -> Scenario:
    """The scenario, flown."""
    trajectories = fly(_VEHICLE, _PAD)
    body = trajectories[0]
    return Scenario(
        name=NAME,
        title=TITLE,
        launch_ns=utc_ns("2009-04-05T02:30:15Z"),
        duration_s=body.end_s,
        trajectories=trajectories,
        sensors=_SENSORS,
        main_object=body.object_id,
        last_burnout_s=body.last_burnout_s,
        launch_site_deg=(_PAD.latitude_deg, _PAD.longitude_deg),
        assumptions=_ASSUMPTIONS,
        areas=_ZONES,
        records=_RECORDS,
    )
