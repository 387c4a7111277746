"""`flight` against the public record, against other people's geodesics and against another integrator."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from pyproj import Geod
from scipy.integrate import solve_ivp

from trilat.domains.missile import FlightClaim, Verdict, check_flight
from trilat.domains.missile.ascent import Aim, Target, aim_impulse, fly_impulse
from trilat.domains.missile.ballistic import air_density_kg_per_m3, height_above_ellipsoid_m
from trilat.geo import ROTATION_RAD_PER_S, geodetic_from_ecef
from trilat.model.errors import UsageError

ELLIPSOID = Geod(ellps="WGS84")
FLOOR_SHARE_MAX = 0.005
MODEL_SHARE_MAX = 0.03

# date and vehicle; site; bearing; apogee km; range km; burn or class; floor s; model s; reported s.
# Apogee, range and reported times: the Ministry of Defense of Japan (2017-05-14, 2017-11-29, 2019-10-02,
# 2022-10-04), KCNA (2017-07-28, 2022-11-18) and JAXA (S-520-31). Floor and model: computed independently of
# this package from the model that `ballistic` states.
PUBLIC_FLIGHTS: list[tuple[str, float, float, float, float, float, dict[str, Any], float, float, float]] = [
    ("2017-05-14", 40.066, 125.210, 71, 2111.5, 787, {"vehicle_class": "irbm"}, 1686, 1787, 1800),
    ("2017-07-28", 40.611, 126.426, 70, 3724.9, 998, {"vehicle_class": "liquid-icbm"}, 2605, 2775, 2832),
    ("2017-11-29", 39.282, 125.869, 76, 4475, 950, {"vehicle_class": "liquid-icbm"}, 3039, 3208, 3180),
    ("2019-10-02", 39.260, 127.580, 90, 910, 450, {"vehicle_class": "mrbm"}, 970, 1018, 1020),
    ("S-520-31", 31.251, 131.082, 140, 235, 200, {"burn_s": 29.0}, 453, 475, 476),
    ("2022-10-04", 40.611, 126.426, 80, 1000, 4600, {"vehicle_class": "irbm"}, 1253, 1357, 1320),
    ("2022-11-18", 39.200, 125.673, 70, 6040.9, 999.2, {"vehicle_class": "liquid-icbm"}, 3979, 4147, 4135),
]

CLAIM = FlightClaim(40.066, 125.210, 71.0, 2111.5, 787.0, vehicle_class="irbm")


def target_of(latitude: float, longitude: float, bearing: float, apogee_km: float, range_km: float) -> Target:
    end_longitude, end_latitude, _ = ELLIPSOID.fwd(longitude, latitude, bearing, range_km * 1000.0)
    return Target(latitude, longitude, end_latitude, end_longitude, apogee_km * 1000.0)


def impulse_of(target: Target, rotation_rad_per_s: float = ROTATION_RAD_PER_S) -> Aim:
    aim = aim_impulse(target, rotation_rad_per_s)
    assert aim is not None
    return aim


@pytest.mark.parametrize("row", PUBLIC_FLIGHTS, ids=[row[0] for row in PUBLIC_FLIGHTS])
def test_a_public_flight_has_its_floor_its_time_and_is_consistent(row: tuple[Any, ...]) -> None:
    _, latitude, longitude, bearing, apogee, reach, burn, floor, model, reported = row
    answer = check_flight(
        FlightClaim(latitude, longitude, bearing, apogee, reach, **burn, reported_s=reported, tolerance_s=60)
    )
    assert answer.floor_s == pytest.approx(floor, rel=FLOOR_SHARE_MAX)
    assert answer.flight_time_s == pytest.approx(model, rel=MODEL_SHARE_MAX)
    assert answer.verdict is Verdict.CONSISTENT
    end_longitude, end_latitude, _ = ELLIPSOID.fwd(longitude, latitude, bearing, reach * 1000.0)
    assert answer.impact_latitude_deg == pytest.approx(end_latitude, abs=1e-6)
    assert answer.impact_longitude_deg == pytest.approx(end_longitude, abs=1e-6)


@pytest.mark.parametrize(
    ("row", "kilometres"), [(0, (168.0, 182.0)), (2, (536.0, 546.0)), (3, (57.0, 61.0))], ids=str
)
def test_without_the_earths_rotation_the_impact_is_as_far_off_as_published(
    row: int, kilometres: tuple[float, float]
) -> None:
    """Published with the table: 59 km (2019-10-02), 170 to 180 km (2017-05-14), 541 km (2017-11-29)."""
    _, latitude, longitude, bearing, apogee, reach, *_ = PUBLIC_FLIGHTS[row]
    target = target_of(latitude, longitude, bearing, apogee, reach)
    stopped = fly_impulse(target, impulse_of(target).unknowns, 0.0)
    assert stopped is not None
    end_latitude, end_longitude, _ = geodetic_from_ecef(stopped.impact_m)
    _, _, off_m = ELLIPSOID.inv(
        target.impact_longitude_deg,
        target.impact_latitude_deg,
        math.degrees(float(end_longitude)),
        math.degrees(float(end_latitude)),
    )
    # Either side may have been aimed and the other flown; the two differ by some 3 %.
    assert kilometres[0] <= off_m / 1000.0 <= kilometres[1]


def test_a_time_announced_below_the_floor_is_impossible() -> None:
    """KCNA, 25 March 2022: 6248.5 km, 1090 km, 4052 s; Japan saw 71 minutes. The bearing is assumed."""
    claim = FlightClaim(39.2, 125.673, 72.0, 6248.5, 1090.0, vehicle_class="liquid-icbm", reported_s=4052.0)
    answer = check_flight(claim)
    assert answer.verdict is Verdict.IMPOSSIBLE
    assert "4110" in answer.reason
    seen = check_flight(dataclasses.replace(claim, reported_s=71 * 60.0))
    assert seen.verdict is Verdict.CONSISTENT


def test_a_solid_flight_that_is_not_in_the_table_comes_out() -> None:
    """KCNA, 13 July 2023: 6648.4 km, 1001.2 km, 4491 s. The bearing is assumed."""
    answer = check_flight(
        FlightClaim(39.1, 126.0, 72.0, 6648.4, 1001.2, vehicle_class="solid-icbm", reported_s=4491.0)
    )
    assert answer.verdict is Verdict.CONSISTENT


def independent_flight(start: np.ndarray, velocity: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Flight time, apogee and ECEF impact of an unpowered body, by DOP853."""
    mu, j2, a, spin = 3.986004418e14, 1.082629821313e-3, 6378137.0, 7.292115e-5

    def rate(_: float, s: np.ndarray) -> np.ndarray:
        x, y, z = s[:3]
        r = math.sqrt(x * x + y * y + z * z)
        # U = mu/r (1 - J2 (a/r)^2 (3 sin^2 - 1)/2), differentiated by hand.
        j = 1.5 * j2 * (a / r) ** 2
        equatorial = -mu / r**3 * (1.0 + j * (1.0 - 5.0 * (z / r) ** 2))
        polar = -mu / r**3 * (1.0 + j * (3.0 - 5.0 * (z / r) ** 2))
        return np.array([*s[3:], equatorial * x, equatorial * y, polar * z])

    def height(s: np.ndarray) -> float:
        return float(geodetic_from_ecef(s[:3])[2])

    def ground(t: float, s: np.ndarray) -> float:
        # The point of start counts as above the ground.
        return height(s) if t > 1.0 else 1.0

    ground.terminal, ground.direction = True, -1.0  # type: ignore[attr-defined]
    path = solve_ivp(
        rate, (0, 4e4), [*start, *velocity], "DOP853", rtol=1e-11, atol=1e-6, events=ground, dense_output=True
    )
    end = float(path.t[-1])
    grid = np.linspace(0.0, end, 20001)
    top = float(np.max(geodetic_from_ecef(path.sol(grid)[:3].T)[2]))
    x, y, z = path.y[:3, -1]
    c, s = math.cos(spin * end), math.sin(spin * end)
    return end, top, np.array([c * x + s * y, -s * x + c * y, z])


PLACES = [
    ("temperate east", 40.0, 127.0, 80.0),
    ("over the pole", 75.0, 60.0, 5.0),
    ("at the north pole", 90.0, 0.0, 33.0),
    ("at the south pole", -90.0, 10.0, 120.0),
    ("south and west", -31.0, 137.0, 300.0),
    ("across the date line", 52.0, 178.5, 85.0),
    ("equator west", 0.0, -52.0, 270.0),
]


@pytest.mark.parametrize("place", PLACES, ids=[place[0] for place in PLACES])
@pytest.mark.parametrize(("apogee_km", "range_km"), [(110.0, 300.0), (900.0, 4500.0), (5000.0, 1000.0)])
def test_another_integrator_flies_the_impulse_to_the_same_end(
    place: tuple[str, float, float, float], apogee_km: float, range_km: float
) -> None:
    _, latitude, longitude, bearing = place
    target = target_of(latitude, longitude, bearing, apogee_km, range_km)
    aim = impulse_of(target)
    transform_latitude, transform_longitude = math.radians(latitude), math.radians(longitude)
    up = np.array(
        [
            math.cos(transform_latitude) * math.cos(transform_longitude),
            math.cos(transform_latitude) * math.sin(transform_longitude),
            math.sin(transform_latitude),
        ]
    )
    east = np.array([-math.sin(transform_longitude), math.cos(transform_longitude), 0.0])
    north = np.cross(up, east)
    a, b = 6378137.0, 6378137.0 * (1.0 - 1.0 / 298.257223563)
    start = np.array([a * a * up[0], a * a * up[1], b * b * up[2]]) / math.sqrt(
        a * a * (up[0] ** 2 + up[1] ** 2) + b * b * up[2] ** 2
    )
    speed, tilt_east, tilt_north = aim.unknowns
    tilt = math.hypot(tilt_east, tilt_north)
    side = (tilt_east * east + tilt_north * north) / tilt
    ground_speed = np.cross([0.0, 0.0, 7.292115e-5], start)
    velocity = ground_speed + speed * (math.cos(tilt) * up + math.sin(tilt) * side)
    seconds, top_m, end = independent_flight(start, velocity)
    assert aim.flight_time_s == pytest.approx(seconds, abs=1e-3)
    assert top_m == pytest.approx(apogee_km * 1000.0, abs=25.0)
    end_latitude, end_longitude, _ = geodetic_from_ecef(end)
    _, _, off_m = ELLIPSOID.inv(
        target.impact_longitude_deg,
        target.impact_latitude_deg,
        math.degrees(float(end_longitude)),
        math.degrees(float(end_latitude)),
    )
    assert off_m < 30.0


@pytest.mark.parametrize("place", PLACES, ids=[place[0] for place in PLACES])
@pytest.mark.parametrize(
    ("apogee_km", "range_km", "vehicle_class"),
    [
        (100.0, 100.0, "mrbm"),
        (7000.0, 1000.0, "solid-icbm"),
        (1300.0, 10_000.0, "liquid-icbm"),
        (250.0, 1000.0, "mrbm"),
    ],
)
def test_a_flight_is_found_everywhere_and_never_beats_its_floor(
    place: tuple[str, float, float, float], apogee_km: float, range_km: float, vehicle_class: str
) -> None:
    _, latitude, longitude, bearing = place
    answer = check_flight(
        FlightClaim(latitude, longitude, bearing, apogee_km, range_km, vehicle_class=vehicle_class)
    )
    assert answer.floor_s is not None
    assert answer.flight_time_s is not None
    assert answer.floor_s < answer.flight_time_s < 1.5 * answer.floor_s + 70.0
    assert answer.verdict is None


def test_a_straight_shot_and_nearly_half_the_earth_are_flown() -> None:
    straight = check_flight(FlightClaim(60.0, 20.0, 0.0, 700.0, 0.0, burn_s=60.0))
    assert straight.flight_time_s is not None
    far = check_flight(FlightClaim(40.0, 126.0, 40.0, 20_000.0, 20_000.0, vehicle_class="liquid-icbm"))
    assert far.floor_s is not None
    assert far.floor_s > 4 * 3600


def test_vertical_free_fall_over_a_round_earth_takes_keplers_time() -> None:
    """Closed form for a straight fall from R + h: with k = R/A,

    t = 2 sqrt(A^3 / 2 mu) (sqrt(k - k^2) + acos(sqrt k)).
    """
    radius, apogee = 6356752.3142, 1000e3
    ratio = radius / (radius + apogee)
    seconds = (
        2.0
        * math.sqrt((radius + apogee) ** 3 / (2 * 3.986004418e14))
        * (math.sqrt(ratio - ratio**2) + math.acos(math.sqrt(ratio)))
    )
    # At the pole nothing turns; J2 weakens the pull there by 3 J2, so by a third of a percent.
    answer = check_flight(FlightClaim(90.0, 0.0, 0.0, 1000.0, 0.0, burn_s=60.0))
    assert answer.floor_s == pytest.approx(seconds, rel=0.004)


VERDICTS = [
    ("no reported time", {}, None),
    ("below the floor", {"reported_s": 1600.0}, Verdict.IMPOSSIBLE),
    (
        "below the floor by less than the tolerance",
        {"reported_s": 1650.0, "tolerance_s": 60.0},
        Verdict.DOUBTFUL,
    ),
    ("as the model", {"reported_s": 1790.0}, Verdict.CONSISTENT),
    ("within three percent", {"reported_s": 1738.0}, Verdict.CONSISTENT),
    ("beyond three percent", {"reported_s": 1860.0}, Verdict.DOUBTFUL),
    (
        "beyond three percent within the tolerance",
        {"reported_s": 1860.0, "tolerance_s": 90},
        Verdict.CONSISTENT,
    ),
    ("far too long", {"reported_s": 3600.0}, Verdict.DOUBTFUL),
    ("depressed", {"apogee_km": 50.0, "range_km": 600.0, "reported_s": 400.0}, Verdict.NOT_BALLISTIC),
    ("depressed without a time", {"apogee_km": 50.0, "range_km": 600.0}, None),
    (
        "a burn too long to lift anything",
        {"apogee_km": 120.0, "range_km": 250.0, "vehicle_class": "liquid-icbm", "reported_s": 600.0},
        Verdict.NOT_BALLISTIC,
    ),
]


@pytest.mark.parametrize(("_case", "changes", "verdict"), VERDICTS, ids=[row[0] for row in VERDICTS])
def test_verdict(_case: str, changes: dict[str, Any], verdict: Verdict | None) -> None:
    answer = check_flight(dataclasses.replace(CLAIM, **changes))
    assert answer.verdict == verdict
    assert answer.reason


def test_what_is_not_found_is_null_with_a_reason() -> None:
    answer = check_flight(
        dataclasses.replace(CLAIM, apogee_km=120.0, range_km=250.0, vehicle_class="liquid-icbm")
    )
    assert answer.flight_time_s is None
    assert answer.floor_s is not None
    assert "no trajectory fits" in answer.reason
    depressed = check_flight(dataclasses.replace(CLAIM, apogee_km=50.0, range_km=600.0))
    assert "not applicable" in depressed.reason


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("latitude beyond the pole", {"site_latitude_deg": 90.1}, "site latitude"),
    ("latitude not a number", {"site_latitude_deg": math.nan}, "site latitude"),
    ("longitude beyond the date line", {"site_longitude_deg": 181.0}, "site longitude"),
    ("longitude infinite", {"site_longitude_deg": -math.inf}, "site longitude"),
    ("bearing not a number", {"bearing_deg": math.nan}, "bearing"),
    ("bearing beyond a circle", {"bearing_deg": 361.0}, "bearing"),
    ("apogee zero", {"apogee_km": 0.0}, "apogee"),
    ("apogee negative", {"apogee_km": -1.0}, "apogee"),
    ("apogee beyond the model", {"apogee_km": 20_001.0}, "apogee"),
    ("apogee infinite", {"apogee_km": math.inf}, "apogee"),
    ("range negative", {"range_km": -1.0}, "range"),
    ("range beyond half the Earth", {"range_km": 20_050.0}, "range"),
    ("range not a number", {"range_km": math.nan}, "range"),
    ("neither burn nor class", {"vehicle_class": None}, "one of the two"),
    ("burn and class", {"burn_s": 100.0}, "one of the two"),
    ("unknown class", {"vehicle_class": "icbm"}, "`liquid-icbm`"),
    ("burn zero", {"vehicle_class": None, "burn_s": 0.0}, "burn"),
    ("burn negative", {"vehicle_class": None, "burn_s": -5.0}, "burn"),
    ("burn of hours", {"vehicle_class": None, "burn_s": 1e4}, "burn"),
    ("reported zero", {"reported_s": 0.0}, "reported"),
    ("reported negative", {"reported_s": -60.0}, "reported"),
    ("reported not a number", {"reported_s": math.nan}, "reported"),
    ("tolerance negative", {"tolerance_s": -1.0}, "tolerance"),
    ("tolerance infinite", {"tolerance_s": math.inf}, "tolerance"),
]


@pytest.mark.parametrize(("_case", "changes", "said"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refused(_case: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        dataclasses.replace(CLAIM, **changes)
    assert "\n" not in str(refused.value)


def test_heights_are_those_of_pyproj() -> None:
    from pyproj import Transformer  # noqa: PLC0415 - only this test needs it

    to_ecef = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    for latitude in (-90.0, -45.3, 0.0, 12.0, 45.0, 89.99):
        for height in (-1000.0, 0.0, 1e5, 7e6, 2e7):
            x, y, z = to_ecef.transform(33.0, latitude, height)
            assert height_above_ellipsoid_m(x, y, z) == pytest.approx(height, abs=1e-3)


@pytest.mark.parametrize(
    ("height_km", "density"), [(0, 1.225), (20, 0.0889), (50, 1.027e-3), (80, 1.846e-5), (120, 2.222e-8)]
)
def test_the_air_is_near_the_standard_atmosphere(height_km: float, density: float) -> None:
    """US Standard Atmosphere 1976, table 1; the layers are an approximation to some 20 %."""
    assert air_density_kg_per_m3(height_km * 1000.0) == pytest.approx(density, rel=0.2)
