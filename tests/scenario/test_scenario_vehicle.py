"""Vehicle and its flight judged by the rocket equation and by scipy in an inertial frame."""

from typing import Any

import numpy as np
import pymap3d
import pytest
from scipy.integrate import quad, solve_ivp

from trilat.model.errors import ScenarioError
from trilat.scenario import Pad, Stage, Vehicle, fly

GM, RADIUS, J2, OMEGA = 3.986004418e14, 6378137.0, 1.082629821313e-3, 7.292115e-5
PAD = Pad(latitude_deg=31.25, longitude_deg=131.08, azimuth_deg=135.0)


def stage(**changes):
    fields: dict[str, Any] = {
        "stage_id": "stage-1",
        "burn_s": 40.0,
        "acceleration_start_m_per_s2": 20.0,
        "acceleration_end_m_per_s2": 45.0,
        "gap_s": 4.0,
    } | changes
    return Stage(**fields)


def vehicle(**changes):
    stages = (stage(), stage(stage_id="stage-2", burn_s=30.0))
    programme = ((0.0, 90.0), (5.0, 90.0), (40.0, 60.0), (74.0, 45.0))
    return Vehicle(**({"body_id": "body", "stages": stages, "elevation_programme": programme} | changes))


def test_speed_gained_is_that_of_the_rocket_equation():
    made = Stage.from_masses("s", thrust_n=1.1e6, mass_start_kg=72e3, mass_end_kg=22e3, burn_s=118.0)
    exhaust = 1.1e6 / ((72e3 - 22e3) / 118.0)
    gained, _ = quad(lambda t: made.acceleration_start_m_per_s2 / (1.0 - made.decay_per_s * t), 0.0, 118.0)
    assert gained == pytest.approx(exhaust * np.log(72.0 / 22.0), rel=1e-12)


def test_thrust_points_up_and_then_along_the_azimuth():
    rows = vehicle().thrust_directions(PAD.latitude_deg, PAD.longitude_deg, PAD.azimuth_deg)
    up = np.array(pymap3d.enu2uvw(0, 0, 1, PAD.latitude_deg, PAD.longitude_deg))
    assert rows[0, 1:] == pytest.approx(up, abs=1e-12)
    at = rows[rows[:, 0] == 74.0][0, 1:]
    level = np.cos(np.radians(45.0))
    enu = (level * np.sin(np.radians(135.0)), level * np.cos(np.radians(135.0)), np.sin(np.radians(45.0)))
    assert at == pytest.approx(
        np.array(pymap3d.enu2uvw(*enu, PAD.latitude_deg, PAD.longitude_deg)), abs=1e-12
    )
    assert np.linalg.norm(rows[:, 1:], axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-14)


def test_a_burn_without_air_agrees_with_another_integrator_in_an_inertial_frame():
    single = vehicle(stages=(stage(gap_s=0.0),), elevation_programme=((0.0, 90.0),))
    up = np.array(pymap3d.enu2uvw(0, 0, 1, PAD.latitude_deg, PAD.longitude_deg))
    start = np.array(pymap3d.geodetic2ecef(PAD.latitude_deg, PAD.longitude_deg, 0.0))

    def turn(angle):
        return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    def rate(t, state):
        position = state[:3]
        r, s = np.linalg.norm(position), (position[2] / np.linalg.norm(position)) ** 2
        bulge = 1.5 * J2 * (RADIUS / r) ** 2
        pull = -GM / r**3 * position * (1.0 + bulge * (np.array([1.0, 1.0, 3.0]) - 5.0 * s))
        push = 20.0 / (1.0 - (1.0 - 20.0 / 45.0) / 40.0 * t)
        return np.concatenate([state[3:], pull + push * (turn(OMEGA * t) @ up)])

    state = np.concatenate([start, np.cross([0, 0, OMEGA], start)])
    judge = solve_ivp(rate, (0.0, 40.0), state, method="DOP853", rtol=1e-13, atol=1e-9).y[:, -1]
    position, velocity = fly(single, PAD)[0].state_at(40.0)
    expected = turn(-OMEGA * 40.0) @ judge[:3]
    assert position == pytest.approx(expected, abs=1e-4)
    moving = turn(-OMEGA * 40.0) @ judge[3:] - np.cross([0, 0, OMEGA], expected)
    assert velocity == pytest.approx(moving, abs=1e-5)


def test_rows_stand_on_every_ignition_and_burnout():
    body = fly(vehicle(), PAD)[0]
    assert body.burns == ((0.0, 40.0), (44.0, 74.0))
    assert set(np.ravel(body.burns)) <= set(body.t_s.tolist())


def test_the_spent_stage_leaves_from_the_body_and_both_end_on_the_ground():
    body, spent = fly(vehicle(body_ballistic_coefficient_kg_per_m2=3000.0), PAD)
    assert spent.object_id == "stage-1"
    assert spent.start_s == 44.0
    assert spent.state_at(44.0)[0] == pytest.approx(body.state_at(44.0)[0], abs=1e-9)
    for path in (body, spent):
        assert pymap3d.ecef2geodetic(*path.position_m[-1])[2] == pytest.approx(0.0, abs=0.01)
    assert spent.end_s < body.end_s
    assert spent.burns == ()


def test_a_spent_stage_may_be_left_out():
    stages = (stage(spent_is_object=False), stage(stage_id="stage-2"))
    assert [path.object_id for path in fly(vehicle(stages=stages), PAD)] == ["body"]


def test_an_orbit_ends_at_the_time_limit():
    fast = (stage(burn_s=120.0, acceleration_start_m_per_s2=30.0, acceleration_end_m_per_s2=400.0),)
    programme = ((0.0, 90.0), (10.0, 90.0), (60.0, 25.0), (100.0, 0.0))
    body = fly(vehicle(stages=fast, elevation_programme=programme), PAD, duration_s_max=2000.0)[0]
    assert body.end_s == pytest.approx(2120.0)


def test_the_cubic_between_rows_is_the_flight_itself():
    # The same flight with a row forced where the other has none: a stage cut in two at 20.25 s.
    halfway = 20.0 / (1.0 - (1.0 - 20.0 / 45.0) / 40.0 * 20.25)
    whole = vehicle(stages=(stage(gap_s=0.0),))
    cut = (
        stage(
            stage_id="first",
            burn_s=20.25,
            acceleration_end_m_per_s2=halfway,
            gap_s=0.0,
            spent_is_object=False,
        ),
        stage(stage_id="second", burn_s=19.75, acceleration_start_m_per_s2=halfway, gap_s=0.0),
    )
    expected = fly(vehicle(stages=cut), PAD)[0].state_at(20.25)
    found = fly(whole, PAD)[0].state_at(20.25)
    assert found[0] == pytest.approx(expected[0], abs=1e-3)
    assert found[1] == pytest.approx(expected[1], abs=1e-2)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"stage_id": "a b"}, "stage `a b`"),
        ({"burn_s": 0.0}, "burn must last"),
        ({"burn_s": float("nan")}, "burn must last"),
        ({"gap_s": -1.0}, "gap must last"),
        ({"acceleration_start_m_per_s2": 0.0}, "acceleration must be positive"),
        ({"acceleration_end_m_per_s2": 19.0}, "acceleration must be positive, rise"),
        ({"acceleration_end_m_per_s2": float("inf")}, "below 1,000"),
        ({"ballistic_coefficient_kg_per_m2": 0.0}, "ballistic coefficient"),
        ({"spent_ballistic_coefficient_kg_per_m2": float("nan")}, "ballistic coefficient"),
    ],
)
def test_a_stage_that_cannot_burn_is_refused(changes, text):
    with pytest.raises(ScenarioError, match=text):
        stage(**changes)


@pytest.mark.parametrize("masses", [(1000.0, 0.0), (1000.0, 2000.0), (float("nan"), 1.0)])
def test_masses_that_cannot_be_are_refused(masses):
    with pytest.raises(ScenarioError, match="mass must be positive and fall"):
        Stage.from_masses("s", thrust_n=1e5, mass_start_kg=masses[0], mass_end_kg=masses[1], burn_s=10.0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"body_id": "stage-1"}, "names of stages and body must differ"),
        ({"stages": ()}, "give 1 to 5 stages"),
        ({"stages": (stage(), stage())}, "must differ"),
        ({"stages": (stage(acceleration_start_m_per_s2=9.0),)}, "first stage must lift"),
        ({"elevation_programme": ()}, "forward in time"),
        ({"elevation_programme": ((1.0, 90.0), (1.0, 80.0))}, "forward in time"),
        ({"elevation_programme": ((float("inf"), 90.0),)}, "forward in time"),
        ({"elevation_programme": ((0.0, 91.0),)}, "-90 to 90"),
        ({"elevation_programme": ((0.0, float("nan")),)}, "-90 to 90"),
        ({"body_ballistic_coefficient_kg_per_m2": -1.0}, "ballistic coefficient"),
    ],
)
def test_a_vehicle_that_cannot_fly_is_refused(changes, text):
    with pytest.raises(ScenarioError, match=text):
        vehicle(**changes)


def test_a_vehicle_steered_into_the_ground_is_refused():
    with pytest.raises(ScenarioError, match="comes down before its last burnout: steer higher"):
        fly(vehicle(elevation_programme=((0.0, 90.0), (4.0, -80.0))), PAD)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((90.0, 0.0, 0.0, 0.0), "pad latitude"),
        ((float("nan"), 0.0, 0.0, 0.0), "pad latitude"),
        ((0.0, 181.0, 0.0, 0.0), "pad longitude"),
        ((0.0, 0.0, 360.0, 0.0), "azimuth `360.0`"),
        ((0.0, 0.0, -1.0, 0.0), "azimuth `-1.0`"),
        ((0.0, 0.0, 0.0, 1e4), "pad height"),
    ],
)
def test_a_pad_that_cannot_be_is_refused(place, text):
    with pytest.raises(ScenarioError, match=text):
        Pad(*place)
