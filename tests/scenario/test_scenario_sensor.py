"""Sensors judged by pymap3d, and what they can and cannot see."""

from typing import Any

import numpy as np
import pymap3d
import pyproj
import pytest

from trilat.model.errors import ScenarioError, UsageError
from trilat.scenario import Sensor, generic_infrared, generic_radar, generic_radars

# A ten-thousandth of a millimetre and a tenth of a nanoradian: rounding only.
TOLERANCE_M, TOLERANCE_RAD = 1e-7 * 1e3, 1e-10
STILL = np.zeros(3)


def sensor(**changes):
    fields: dict[str, Any] = {
        "sensor_id": "a",
        "party": "JPN",
        "kind": "radar",
        "latitude_deg": 39.0,
        "longitude_deg": 135.0,
        "height_m": 20.0,
        "range_sigma_m": 30.0,
        "azimuth_sigma_rad": 1e-3,
        "elevation_sigma_rad": 1e-3,
        "range_rate_sigma_m_per_s": None,
        "elevation_mask_deg": 2.0,
        "range_max_m": 1e6,
    }
    return Sensor(**(fields | changes))


def at(latitude, longitude, height):
    return np.array(pymap3d.geodetic2ecef(latitude, longitude, height))


def sees(one, position, burning=False):
    return bool(one.sees(position, one.measure(position, STILL), np.array(burning)))


@pytest.mark.parametrize(
    "target", [(39.0, 134.0, 1e5), (45.0, 135.0, 4e5), (38.9, 135.01, 1e4), (36.0, 150.0, 9e5)]
)
@pytest.mark.parametrize("site", [(39.0, 135.0, 20.0), (-33.5, -70.2, 500.0), (0.0, 165.0, 35_786_000.0)])
def test_measurement_agrees_with_pymap3d(target, site):
    one = sensor(latitude_deg=site[0], longitude_deg=site[1], height_m=site[2])
    azimuth, elevation, distance = pymap3d.ecef2aer(*at(*target), *site)
    found = one.measure(at(*target), STILL)
    assert found[0] == pytest.approx(distance, abs=TOLERANCE_M)
    assert found[1] == pytest.approx(np.radians(azimuth), abs=TOLERANCE_RAD)
    assert found[2] == pytest.approx(np.radians(elevation), abs=TOLERANCE_RAD)


def test_range_rate_is_positive_receding_and_the_change_of_range():
    position, velocity = at(41.0, 131.0, 2e5), np.array([-900.0, -2500.0, 300.0])
    ends = [pymap3d.ecef2aer(*(position + step * velocity), 39.0, 135.0, 20.0)[2] for step in (-0.05, 0.05)]
    expected = (ends[1] - ends[0]) / 0.1
    assert sensor().measure(position, velocity)[3] == pytest.approx(expected, abs=1e-3)
    away = sensor().measure(position, position - np.array(pymap3d.geodetic2ecef(39.0, 135.0, 20.0)))
    assert away[3] > 0.0


def test_straight_overhead_and_at_the_sensor_itself_stay_finite():
    assert sensor().measure(at(39.0, 135.0, 5e5), STILL)[2] == pytest.approx(np.pi / 2, abs=1e-7)
    assert np.all(np.isfinite(sensor().measure(sensor().position_m, STILL)))


@pytest.mark.parametrize(
    ("target", "changes", "seen"),
    [
        ((40.0, 133.0, 1e5), {}, True),
        ((40.0, 133.0, 1e3), {}, False),  # below the mask
        ((40.0, 133.0, 1e5), {"range_max_m": 1e5}, False),  # out of reach
        ((40.0, 133.0, 1e5), {"elevation_mask_deg": 45.0}, False),
        ((39.0, 135.0, 520.0), {"elevation_mask_deg": -90.0}, False),  # nearer than 1 km
        ((45.0, 160.0, 1e4), {"elevation_mask_deg": -90.0, "range_max_m": 1e9}, False),  # the Earth between
        ((-39.0, -45.0, 4e7), {"elevation_mask_deg": -90.0, "range_max_m": 1e9}, False),
    ],
)
def test_what_a_radar_sees(target, changes, seen):
    assert sees(sensor(**changes), at(*target)) is seen


@pytest.mark.parametrize(
    ("target", "burning", "seen"),
    [
        ((40.0, 133.0, 1e5), True, True),
        ((40.0, 133.0, 1e5), False, False),
        ((40.0, 133.0, 9.9e3), True, False),  # under the cloud break
        ((40.0, 133.0, 10.1e3), True, True),
        ((40.0, -15.0, 1e5), True, False),  # behind the Earth
        ((60.0, -110.0, 3e4), True, False),  # just behind the limb
    ],
)
def test_what_an_infrared_eye_sees(target, burning, seen):
    assert sees(generic_infrared("ir", "USA", 165.0, offset_s=0.0), at(*target), burning) is seen


def test_infrared_error_is_tens_of_microradians_both_ways_over_the_pad():
    eye = generic_infrared("ir", "USA", 165.0, offset_s=0.0)
    elevation = np.radians(pymap3d.ecef2aer(*at(40.8557, 129.6658, 1e4), 0.0, 165.0, 35_786_000.0)[1])
    across = eye.azimuth_sigma_rad * np.cos(elevation)
    assert 10e-6 <= across <= 50e-6
    assert 10e-6 <= eye.elevation_sigma_rad <= 50e-6


@pytest.mark.parametrize("azimuth", [0.0, 93.0, 215.0])
def test_generic_radars_stand_beside_the_path(azimuth):
    found = generic_radars(28.5, -80.6, azimuth)
    assert [one.party for one in found] == ["KOR", "USA", "JPN"]
    assert [one.offset_s for one in found] == [0.0, 0.37, 0.71]
    judge = pyproj.Geod(ellps="WGS84")
    expected = ((150e3, 220e3), (350e3, -260e3), (750e3, 180e3))
    for one, (down, cross) in zip(found, expected, strict=True):
        below = judge.fwd(-80.6, 28.5, azimuth, down)
        away = judge.inv(below[0], below[1], one.longitude_deg, one.latitude_deg)
        assert away[2] == pytest.approx(abs(cross), abs=1.0)
        # Onward along the path is the back azimuth turned round; to its right is a quarter turn on.
        turn = np.radians(away[0] - (below[2] + 180.0))
        assert np.sin(turn) * np.sign(cross) == pytest.approx(1.0, abs=1e-6)
        assert "km" in one.assumed


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sensor_id": "a b"}, "sensor `a b`"),
        ({"sensor_id": "a.b"}, r"sensor `a\.b`"),
        ({"party": ""}, "party ``"),
        ({"kind": "sonar"}, "kind `sonar`"),
        ({"latitude_deg": 90.0}, "lat_deg `90.0` must lie"),
        ({"latitude_deg": float("nan")}, "lat_deg `nan`"),
        ({"longitude_deg": 180.5}, "lon_deg `180.5`"),
        ({"height_m": float("inf")}, "height_m `inf`"),
        ({"range_sigma_m": None}, "a radar has range_sigma_m"),
        ({"kind": "infrared"}, "an infrared sensor none"),
        ({"kind": "infrared", "range_sigma_m": None, "range_rate_sigma_m_per_s": 5.0}, "no range_rate"),
        ({"range_sigma_m": 0.0}, "a sigma of 0"),
        ({"range_sigma_m": -1.0}, "range_sigma_m `-1.0`"),
        ({"range_sigma_m": float("nan")}, "range_sigma_m `nan`"),
        ({"azimuth_sigma_rad": 0.0}, "azimuth_sigma_rad `0.0`"),
        ({"elevation_sigma_rad": -1e-3}, "elevation_sigma_rad `-0.001`"),
        ({"range_rate_sigma_m_per_s": 0.0}, "a sigma of 0"),
        ({"range_rate_sigma_m_per_s": float("inf")}, "range_rate_sigma_m_per_s `inf`"),
        ({"elevation_mask_deg": 90.0}, "elevation_mask_deg `90.0`"),
        ({"range_max_m": 0.0}, "range_max_m `0.0`"),
        ({"period_s": 0.0}, "period_s `0.0`"),
        ({"offset_s": 1.5}, "offset_s `1.5`"),
        ({"detection_probability": 1.1}, "detection_probability `1.1`"),
    ],
)
def test_a_sensor_that_cannot_be_is_refused(changes, text):
    with pytest.raises(ScenarioError, match=text):
        sensor(**changes)


@pytest.mark.parametrize("pad", [(float("nan"), 0.0, 0.0), (91.0, 0.0, 0.0), (0.0, 0.0, float("inf"))])
def test_generic_radars_are_refused_off_the_earth(pad):
    with pytest.raises(UsageError):
        generic_radars(*pad)


def test_generic_radar_takes_what_differs():
    made = generic_radar("r", "KOR", (1.0, 2.0), offset_s=0.5, assumed="x", range_max_m=5e5)
    assert (made.latitude_deg, made.longitude_deg, made.range_max_m) == (1.0, 2.0, 5e5)
