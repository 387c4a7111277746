"""The tracker on recorded flights, told nothing but plots. `bench/telemetry.py` reports on all of them."""

import pytest
from tests.judges.flown import Flight, Look, delays_of, flights, flown

FLIGHTS = {flight.name: flight for flight in flights()}


def flight_of(name: str) -> Flight:
    if name not in FLIGHTS:
        pytest.skip(f"the recorded flight {name} is not beside the project")
    return FLIGHTS[name]


@pytest.mark.parametrize("name", ["SpaceX_CRS-8", "Thaicom_8"])
def test_a_recorded_ascent_is_tracked_near_the_bound_and_its_stages_are_recognised(name: str) -> None:
    found = flown(flight_of(name), 1)
    assert found.plots > 1000
    assert found.position_rmse_m < 200.0
    # The bound is for noisy thrust and known switch times: real thrust is neither.
    assert found.over_bound < 1.5
    assert 0.5 < found.nees_median < 1.3
    # The mean is that of a few seconds after an ignition, whose thrust no filter knows yet.
    assert found.nees_mean < 3.0
    assert set(found.delays_s) == {"meco", "ses1", "seco1"}
    for event, delay_s in found.delays_s.items():
        assert delay_s is not None, event
        assert -2 <= delay_s <= 10, event


def test_both_stages_of_a_recorded_flight_are_tracked_as_two_objects() -> None:
    found = flown(flight_of("Inspiration4Launch"), 1)
    assert found.position_rmse_m < 150.0
    assert found.over_bound < 1.5
    assert found.nees_median < 1.3


def test_the_first_flight_of_starship_is_tracked_until_it_ends() -> None:
    found = flown(flight_of("Starship IFT-1"), 1)
    assert found.seen_s[1] > 230.0
    assert found.position_rmse_m < 300.0
    assert found.over_bound < 2.0
    assert found.nees_median < 2.0


def looks(*stages: tuple[int, int, str]) -> list[Look]:
    """One look a second from a to b with a stage."""
    return [Look(second, None, 1.0, stage) for a, b, stage in stages for second in range(a, b)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (looks((90, 152, "boost"), (152, 165, "coast"), (165, 300, "boost")), {"meco": 2, "ses1": 5}),
        (looks((90, 148, "boost"), (148, 165, "gap"), (165, 300, "boost")), {"meco": -2, "ses1": 5}),
        (looks((90, 300, "boost")), {"meco": None, "ses1": None}),
        (looks((90, 155, "boost"), (155, 300, "coast")), {"meco": 5, "ses1": None}),
        (looks((155, 300, "boost")), {"ses1": None}),
        ([], {}),
    ],
    ids=["late", "before", "never a gap", "never a second burn", "seen too late for the first", "no look"],
)
def test_delays_are_counted_from_the_recorded_instant(
    rows: list[Look], expected: dict[str, int | None]
) -> None:
    assert delays_of(rows, {"meco": 150.0, "ses1": 160.0, "maxq": 70.0}) == expected
