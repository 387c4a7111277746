"""Named scenarios against the public record; the source stands beside each number.

Distances and bearings are pyproj's, heights and places pymap3d's.
"""

from datetime import UTC, datetime

import numpy as np
import pymap3d
import pyproj
import pytest

from trilat.model.errors import ScenarioError
from trilat.scenario import Scenario, Trajectory, named_scenario, named_scenarios, observe

GEOD = pyproj.Geod(ellps="WGS84")
PAD = (40.8557, 129.6658)  # 40 51.342N 129 39.948E (mirror of Wikipedia)
# Easternmost point of Honshu, Todogasaki: 39 32 49N 142 04 21E.
HONSHU_EAST = (39.5469, 142.0725)
# Declared zone 1: navigational warning of March 2009.
ZONE_1 = ((40.6944, 135.5792), (40.4561, 138.5111), (40.2761, 138.5061), (40.5144, 135.5739))


@pytest.fixture(scope="module")
def unha() -> Scenario:
    return named_scenario("unha2-2009")


@pytest.fixture(scope="module")
def generic() -> Scenario:
    return named_scenario("two-stage-generic")


def place(path: Trajectory, time: float) -> tuple[float, float, float]:
    latitude, longitude, height = pymap3d.ecef2geodetic(*path.state_at(time)[0])
    return float(latitude), float(longitude), float(height)


def distance_km(first, second) -> float:
    return float(GEOD.inv(first[1], first[0], second[1], second[0])[2]) / 1e3


def body(scenario: Scenario) -> Trajectory:
    return scenario.main_trajectory


def inside(point, corners) -> bool:
    """Whether a point lies in a convex polygon given clockwise or not (cross products of one sign)."""
    signs = []
    for (lat1, lon1), (lat2, lon2) in zip(corners, corners[1:] + corners[:1], strict=True):
        signs.append((lon2 - lon1) * (point[0] - lat1) - (lat2 - lat1) * (point[1] - lon1) > 0.0)
    return all(signs) or not any(signs)


def test_the_list_has_the_three():
    assert list(named_scenarios()) == ["unha2-2009", "false-report-2009", "two-stage-generic"]
    assert all(named_scenario(name).title == title for name, title in named_scenarios().items())


@pytest.mark.parametrize("name", ["", "unha", "UNHA2-2009", "../unha2-2009", "x" * 200])
def test_an_unknown_name_lists_the_choices(name):
    with pytest.raises(ScenarioError, match="choose from unha2-2009, false-report-2009, two-stage-generic"):
        named_scenario(name)


@pytest.mark.parametrize("name", list(named_scenarios()))
def test_every_scenario_is_simulated_and_says_what_is_assumed(name):
    scenario = named_scenario(name)
    assert scenario.status == "simulated"
    assert scenario.assumptions
    assert all(sensor.assumed for sensor in scenario.sensors)


def test_unha_starts_from_the_published_pad_at_the_published_minute(unha):
    # Launch 11:30 Japan time = 02:30 UTC (kiddle Kwangmyongsong-2); 02:30:15 by hankyung 2009040634111.
    assert unha.launch_ns == int(datetime(2009, 4, 5, 2, 30, 15, tzinfo=UTC).timestamp()) * 10**9
    assert unha.launch_site_deg == PAD
    assert place(body(unha), 0.0)[:2] == pytest.approx(PAD, abs=1e-9)


def test_unha_keeps_the_declared_zones(unha):
    zone_1, zone_2 = unha.areas
    assert zone_1.corners_deg == ZONE_1
    # Zone 1 at 498 to 749 km, zone 2 at 3,135 to 4,001 km of the pad: computed on a sphere of 6,371 km.
    sphere = pyproj.Geod(a=6371e3, b=6371e3)
    for zone, nearest, farthest in ((zone_1, 498.0, 749.0), (zone_2, 3135.0, 4001.0)):
        away = [sphere.inv(PAD[1], PAD[0], lon, lat)[2] / 1e3 for lat, lon in zone.corners_deg]
        assert (min(away), max(away)) == pytest.approx((nearest, farthest), abs=0.6)


def test_unha_first_stage_falls_inside_zone_1(unha):
    # Fall inside the declared zone: asahi.com/special/08001/TKY200904050073.html.
    spent = next(path for path in unha.trajectories if path.object_id == "stage-1")
    end = place(spent, spent.end_s)
    assert end[2] == pytest.approx(0.0, abs=0.1)
    assert inside(end[:2], ZONE_1)


def test_unha_burns_for_about_230_seconds(unha):
    burns = body(unha).burns
    assert len(burns) == 2
    assert sum(end - start for start, end in burns) == pytest.approx(230.0, abs=10.0)
    assert unha.last_burnout_s == burns[-1][1]


def test_unha_passes_akita_and_iwate_at_370_to_400_km(unha):
    # j-cast 2009/04/05038878 and the ministry's report of 15 May: about 11:37, 370 to 400 km.
    over = [(t, *place(body(unha), t)) for t in np.arange(380.0, 450.0, 0.5)]
    honshu = [row for row in over if 140.0 <= row[2] <= 141.5 and 39.0 <= row[1] <= 40.5]
    assert honshu
    assert all(370e3 <= height <= 400e3 for _, _, _, height in honshu)
    assert any(400.0 <= t <= 440.0 for t, *_ in honshu)
    # Leaves the land of Iwate (142.07 E) within the same window.
    assert 400.0 <= next(row[0] for row in over if row[2] >= 142.07) <= 440.0


def test_unha_comes_down_where_the_ministry_says(unha):
    # More than 3,000 km (boueinews); about 3,200 km (koreajoongangdaily 2012-12-04), zone 2 at bearing 93.
    end = place(body(unha), body(unha).end_s)
    assert 3150.0 <= distance_km(PAD, end) <= 3400.0
    assert GEOD.inv(PAD[1], PAD[0], end[1], end[0])[0] == pytest.approx(93.0, abs=0.5)


def test_unha_last_contact_is_2000_to_2200_km_east_of_honshu_by_a_pacific_ship(unha):
    # asahi and kininarunyusu 20090407: track to about 2,100 km east of Japan.
    last = observe(unha, 1)[-1]
    where = place(body(unha), (last.t_ns - unha.launch_ns) / 1e9)
    assert 2000.0 <= distance_km(HONSHU_EAST, where) <= 2200.0
    ship = next(sensor for sensor in unha.sensors if sensor.sensor_id == last.sensor_id)
    assert (ship.sensor_id, ship.party) == ("kirishima", "JPN")
    assert distance_km(HONSHU_EAST, (ship.latitude_deg, ship.longitude_deg)) >= 1000.0


def test_unha_records_that_the_press_minute_lies_after_the_splash(unha):
    # 11:48 Japan time = 02:48:00 UTC, 1,065 s after launch.
    splash_ns = unha.launch_ns + int(body(unha).end_s * 1e9)
    assert splash_ns < int(datetime(2009, 4, 5, 2, 48, tzinfo=UTC).timestamp()) * 10**9
    assert any("11:48" in text and "contradict" in text for text in unha.assumptions)


def test_unha_has_the_ships_of_the_press_and_two_infrared_eyes(unha):
    # boueinews 20090415_1; hankyung; spokesman.com 31 March 2009.
    owners = {sensor.sensor_id: sensor.party for sensor in unha.sensors}
    assert owners == {
        **dict.fromkeys(("kongo", "chokai", "kirishima", "land-radar"), "JPN"),
        "sejong": "KOR",
        **dict.fromkeys(("mccain", "chafee", "ir-1", "ir-2"), "USA"),
    }


def test_unha_is_seen_by_every_party_for_a_while_and_by_none_from_end_to_end(unha):
    owners = {sensor.sensor_id: sensor.party for sensor in unha.sensors}
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    plots = observe(unha, 1)
    for plot in plots:
        party, since = owners[plot.sensor_id], (plot.t_ns - unha.launch_ns) / 1e9
        first.setdefault(party, since)
        last[party] = since
    assert 3000 <= len(plots) <= 5000
    assert first["USA"] < first["KOR"] < first["JPN"]
    assert last["KOR"] < last["USA"] < last["JPN"]
    assert all(last[party] - first[party] > 300.0 for party in ("USA", "KOR", "JPN"))
    # The infrared eyes alone see it first and only while it burns.
    eyes = [(p.t_ns - unha.launch_ns) / 1e9 for p in plots if p.sensor_id in {"ir-1", "ir-2"}]
    assert min(eyes) < 70.0
    assert max(eyes) < body(unha).burns[-1][1]


def test_false_report_has_one_radar_that_sees_and_eyes_that_do_not():
    # oiioo.hatenablog.com/entry/20090405/p1: one radar, no satellite warning behind the report.
    scenario = named_scenario("false-report-2009")
    assert {plot.sensor_id for plot in observe(scenario, 1)} == {"land-radar"}
    assert {sensor.party for sensor in scenario.sensors if sensor.kind == "infrared"} == {"USA"}
    assert (scenario.launch_site_deg, scenario.last_burnout_s) == (None, None)
    assert body(scenario).burns == ()


def test_false_report_is_seen_at_the_minute_of_the_announcement():
    # Issued 12:16, withdrawn 12:21 Japan time (afpbb 2589577).
    scenario = named_scenario("false-report-2009")
    issued, withdrawn = (record.time_ns for record in scenario.records)
    assert issued == int(datetime(2009, 4, 4, 3, 16, tzinfo=UTC).timestamp()) * 10**9
    assert withdrawn - issued == 300 * 10**9
    times = [plot.t_ns for plot in observe(scenario, 1)]
    assert times[0] < issued < times[-1] < withdrawn


def test_false_report_is_an_orbit_and_not_a_flight_from_a_pad():
    # Vis-viva: the perigee of the inertial path lies above the air, so it neither rises from nor falls
    # to the ground.
    path = body(named_scenario("false-report-2009"))
    for time in (0.0, 240.0, 480.0):
        position, velocity = path.state_at(time)
        inertial = velocity + np.cross([0.0, 0.0, 7.292115e-5], position)
        momentum = np.cross(position, inertial)
        radius = np.linalg.norm(position)
        eccentric = np.cross(inertial, momentum) / 3.986004418e14 - position / radius
        perigee = momentum @ momentum / 3.986004418e14 / (1.0 + np.linalg.norm(eccentric))
        assert perigee - 6378137.0 > 600e3
    heights = pymap3d.ecef2geodetic(*path.position_m.T)[2]
    assert np.all((heights > 650e3) & (heights < 750e3))


def test_false_report_coasts_through_its_middle():
    # The path was run backward from here; the middle must come out again.
    latitude, longitude, height = place(body(named_scenario("false-report-2009")), 240.0)
    assert (latitude, longitude) == pytest.approx((38.0, 137.0), abs=1e-6)
    assert height == pytest.approx(700e3, abs=0.1)


def test_generic_reaches_the_measured_burnout_and_apogee(generic):
    # The figures on which bounds and filters were measured; tolerances as its module states.
    path = body(generic)
    assert path.burns == ((0.0, 65.0), (68.0, 118.0))
    assert place(path, 118.0)[2] == pytest.approx(121e3, abs=1e3)
    assert np.linalg.norm(path.state_at(118.0)[1]) == pytest.approx(2608.0, abs=2.0)
    assert pymap3d.ecef2geodetic(*path.position_m.T)[2].max() == pytest.approx(394e3, abs=1e3)


def test_generic_splashes_where_and_when_it_was_measured(generic):
    path = body(generic)
    assert path.end_s == pytest.approx(679.0, abs=1.0)
    assert distance_km(place(path, path.end_s), (39.06, 137.36)) < 2.0


def test_generic_is_first_seen_when_it_was_measured(generic):
    # First visible: R2 45 s, R1 79 s, R3 116 s; ranges at burnout 608, 256 and 1,010 km.
    plots = observe(generic, 1)
    first = {name: min(p.t_ns for p in plots if p.sensor_id == name) for name in ("R1", "R2", "R3")}
    since = {name: (t - generic.launch_ns) / 1e9 for name, t in first.items()}
    assert since == pytest.approx({"R2": 45.0, "R1": 79.0, "R3": 116.0}, abs=1.5)
    position = body(generic).state_at(118.0)[0]
    ranges = [np.linalg.norm(position - sensor.position_m) / 1e3 for sensor in generic.sensors]
    assert ranges == pytest.approx([608.0, 256.0, 1010.0], abs=2.0)
    assert {sensor.sensor_id: sensor.party for sensor in generic.sensors} == {
        "R1": "USA",
        "R2": "KOR",
        "R3": "JPN",
    }
