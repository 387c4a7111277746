"""Recorded traffic: what is reported of it stays within what was measured once, with room for other machines.

`bench/recorded.py` prints the figures themselves. Bounds here are about a fifth looser than those of the day.
"""

from collections import Counter

import pytest
from tests.fusion.traffic import recorded

from trilat.fusion.traffic import Motion

pytestmark = recorded.is_here


@pytest.mark.parametrize(
    ("scenario", "rmse_m", "continuity"), [(2, 6.5, 0.75), (4, 7.0, 0.7), (16, 6.5, 0.6)]
)
def test_two_boats_are_followed_by_lidar_radar_and_cameras(
    scenario: int, rmse_m: float, continuity: float
) -> None:
    score = recorded.ferry(scenario)
    assert score.rmse_m < rmse_m
    assert score.continuity > continuity
    assert score.gospa_m < 20.0
    assert score.tracks_a_boat <= 3.0


def test_lidar_and_radar_see_more_than_lidar_alone() -> None:
    assert recorded.ferry(2, "12").continuity > recorded.ferry(2, "1").continuity + 0.1


def test_the_airports_two_sensors_share_their_tracks() -> None:
    reports = recorded.airport(3)
    score, joined = recorded.judged(recorded.airport_tracker(), reports, "mlat")
    assert score.reports > 1_000
    assert score.purity > 0.8
    assert score.mixed_tracks < 0.2
    assert score.prediction_median_m < 10.0
    assert joined["smr"] > 100


@pytest.mark.parametrize(
    ("name", "types", "sums"),
    [
        (recorded.SURFACE_RADAR, {1: 21_060, 2: 3_951, 3: 3_951}, (20_630, -14_504_458, 1_351_537)),
        (recorded.MULTILATERATION, {1: 55_589, 2: 4_190, 3: 4_190}, (55_589, 77_428_902, -7_651_857)),
    ],
    ids=["surface radar", "multilateration"],
)
def test_category_10_is_read_as_another_decoder_reads_it(
    name: str, types: dict[int, int], sums: tuple[int, int, int]
) -> None:
    """Messages by type, and number and sums of positions (x, y), as libasterix 0.36.3 gives them."""
    records = list(recorded.category_10(recorded.octets(name)))
    assert Counter(record[2][0] for record in records) == types
    positions = [record[7] for record in records if 7 in record]
    x, y = (sum(int.from_bytes(p[k : k + 2], signed=True) for p in positions) for k in (0, 2))
    assert (len(positions), x, y) == sums


def test_aircraft_over_britain_are_followed_better_by_two_models() -> None:
    _, reports = recorded.britain()
    few = set(sorted({report.label for report in reports})[:30])
    chosen = [report for report in reports if report.label in few]
    straight, _ = recorded.judged(recorded.aircraft_tracker(Motion.STRAIGHT), chosen, "adsb")
    turning, _ = recorded.judged(recorded.aircraft_tracker(Motion.TURNING), chosen, "adsb")
    assert turning.purity > max(0.9, straight.purity)
    assert turning.tracks_a_label < 1.3
    assert turning.prediction_rms_m < straight.prediction_rms_m
