"""What a sensor covers, against pyproj and closed formulas of a sphere; none of it by the code under test."""

import math
from itertools import pairwise
from typing import Any, Final

import pytest
from pyproj import Geod, Transformer

from trilat.domains import SensorSite, coverage_outline
from trilat.model import UsageError

GEOD: Final = Geod(ellps="WGS84")
TO_ECEF: Final = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
EARTH_M: Final = 6_371_000.0


def site(**changes: Any) -> SensorSite:
    values: dict[str, Any] = {
        "name": "R1",
        "lat_deg": 38.0,
        "lon_deg": 128.0,
        "reach_m": 1_500_000.0,
        **changes,
    }
    return SensorSite(**values)


@pytest.mark.parametrize("height_m", [0.0, -1.0, 20.0, math.nan])
def test_a_height_that_is_not_above_the_sensor_is_refused(height_m: float) -> None:
    with pytest.raises(UsageError, match="not above the sensor"):
        coverage_outline(site(height_m=20.0), height_m)


def test_what_is_out_of_reach_straight_up_has_no_outline() -> None:
    assert coverage_outline(site(reach_m=50_000.0), 100_000.0) == ()


@pytest.mark.parametrize(("height_m", "mask_deg"), [(10_000.0, 0.0), (100_000.0, 2.0), (300_000.0, 5.0)])
def test_the_horizon_is_as_far_as_on_a_sphere_within_half_a_per_cent(
    height_m: float, mask_deg: float
) -> None:
    seen = coverage_outline(site(elevation_min_deg=mask_deg), height_m)
    mask = math.radians(mask_deg)
    angle = math.acos(EARTH_M * math.cos(mask) / (EARTH_M + height_m)) - mask
    for lat, lon in seen:
        _, _, range_m = GEOD.inv(128.0, 38.0, lon, lat)
        assert range_m == pytest.approx(EARTH_M * angle, rel=5e-3)


def test_where_the_reach_ends_first_each_point_is_as_far_as_the_reach() -> None:
    reach_m = 400_000.0
    origin = TO_ECEF.transform(128.0, 38.0, 0.0)
    for lat, lon in coverage_outline(site(reach_m=reach_m), 100_000.0):
        assert math.dist(origin, TO_ECEF.transform(lon, lat, 100_000.0)) == pytest.approx(reach_m, abs=5.0)


def test_a_sensor_that_looks_all_around_covers_all_azimuths_in_order() -> None:
    azimuths = [
        GEOD.inv(128.0, 38.0, lon, lat)[0] % 360.0 for lat, lon in coverage_outline(site(), 100_000.0)
    ]
    assert len(azimuths) == 72
    assert azimuths == sorted(azimuths)
    assert max(b - a for a, b in pairwise(azimuths)) < 6.0


@pytest.mark.parametrize(
    ("first", "last", "wide"), [(30.0, 150.0, 120.0), (300.0, 60.0, 120.0), (0.0, 10.0, 10.0)]
)
def test_a_sector_begins_at_the_sensor_and_runs_clockwise(first: float, last: float, wide: float) -> None:
    corner, *edge = coverage_outline(site(azimuth_from_deg=first, azimuth_to_deg=last), 100_000.0)
    assert corner == (38.0, 128.0)
    azimuths = [(GEOD.inv(128.0, 38.0, lon, lat)[0] - first + 180.0) % 360.0 - 180.0 for lat, lon in edge]
    assert azimuths[0] == pytest.approx(0.0, abs=0.2)
    assert azimuths[-1] == pytest.approx(wide, abs=0.2)
    assert azimuths == sorted(azimuths)


def test_an_outline_over_the_date_line_has_longitudes_within_half_a_turn() -> None:
    assert all(-180.0 <= lon <= 180.0 for _, lon in coverage_outline(site(lon_deg=179.5), 100_000.0))
