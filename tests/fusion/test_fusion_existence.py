import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.fusion import SensorModel
from trilat.fusion.existence import (
    EXISTENCE_MAX,
    VIEW_MAX,
    Look,
    SensorState,
    after_plot,
    after_silence,
    chance_of_plot,
    first_existence,
    is_due,
    lasting,
    view_after_silence,
)
from trilat.fusion.filters.measurement import KIND_EQUIVALENT, KIND_RADAR, KIND_RADAR_RATE, prepare
from trilat.model import ObservationError

S = 1_000_000_000
PROBABILITY = st.floats(0.001, 0.999)


@given(e=PROBABILITY, o=st.floats(0.01, VIEW_MAX), pd=st.floats(0.05, 0.98))
def test_silence_is_bayes_over_the_three_states(e: float, o: float, pd: float) -> None:
    """Seen by its joint probabilities: not there, there but out of view, there and in view."""
    model = SensorModel(pd)
    joint = {"none": 1 - e, "hidden": e * (1 - o), "view": e * o * (1 - pd)}
    whole = sum(joint.values())
    assert after_silence(e, o * pd) == pytest.approx((joint["hidden"] + joint["view"]) / whole, abs=1e-5)
    assert view_after_silence(o, model) == pytest.approx(joint["view"] / (joint["hidden"] + joint["view"]))


@given(e=PROBABILITY, c=st.floats(0.05, 0.95), ratio=st.floats(0.0, 1e3))
def test_a_plot_is_bayes_of_false_plots_against_the_object(e: float, c: float, ratio: float) -> None:
    there, not_there = e * (1 - c + c * ratio), 1 - e
    assert after_plot(e, c, ratio) == pytest.approx(there / (there + not_there), abs=2e-6)


@given(e=PROBABILITY, c=st.floats(0.05, 0.95))
def test_no_single_plot_makes_certain_and_nothing_ever_does(e: float, c: float) -> None:
    assert after_plot(e, c, math.inf) <= EXISTENCE_MAX
    assert after_plot(0.001, c, 1e300) < 0.95
    assert 0.0 < after_silence(e, c) < e


def test_a_sensor_behind_whose_horizon_a_track_sets_costs_it_little() -> None:
    model = SensorModel(0.9)
    look, e = Look(1.0, 0, 0), 0.999999
    for second in range(1, 121):
        chance = chance_of_plot(look, second * S, model)
        view = view_after_silence(look.view_at(second * S), model)
        e, look = after_silence(e, chance), Look(view, second * S, 0)
    assert e > 0.9999
    assert look.view < 0.1


def test_a_track_of_one_false_plot_dies_with_the_first_silence() -> None:
    start = first_existence(10.0, 0.05)
    chance = chance_of_plot(Look(1.0, 0, 0), S, SensorModel(0.9))
    assert start < 0.01
    assert after_silence(start, chance) < 0.3 * start


def test_silence_counts_once_in_a_revisit_and_only_of_a_sensor_that_has_seen() -> None:
    state = SensorState().revisited(10.0)
    assert not is_due(None, 100 * S, state)
    assert not is_due(Look(1.0, 95 * S, 95 * S), 100 * S, state)
    assert is_due(Look(1.0, 93 * S, 93 * S), 100 * S, state)
    # A miss doubles the interval and does not make the sensor slower.
    assert state.revisited(20.0).revisit_s < 11.0
    assert state.revisited(5.0).revisit_s == 5.0
    assert state.revisited(0.0) == state
    assert state.revisited(-3.0) == state


def test_existence_lasts_for_minutes_without_a_look() -> None:
    assert lasting(0.99, 300.0) > 0.9
    assert lasting(0.99, -5.0) == 0.99


@pytest.mark.parametrize("start_rad", [0.0, 5.5])
def test_false_plots_are_counted_where_they_lie(world: Any, generic_flight: Any, start_rad: float) -> None:
    """Ten a scan in a part of the sky, also across north: count and density come out."""
    plot = world.radar_plot("R2", 60.0, generic_flight.at(60.0)[0], None)
    assert plot is not None
    rng = np.random.default_rng(3)
    state = SensorState()
    for _ in range(60):
        scan = [
            prepare(
                dataclasses.replace(
                    plot,
                    range_m=rng.uniform(2e5, 6e5),
                    azimuth_rad=(start_rad + rng.uniform(0.0, 1.5)) % (2 * math.pi),
                    elevation_rad=math.asin(rng.uniform(0.1, 0.5)),
                )
            )
            for _ in range(rng.poisson(10.0))
        ]
        state = state.after(scan, 0.0)
    model = SensorModel()
    true_density = 10.0 / (4e5 * 1.5 * 0.4)
    assert state.false_per_scan(model) == pytest.approx(10.0, rel=0.1)
    assert state.density(KIND_RADAR, model) == pytest.approx(true_density, rel=0.3)
    assert state.density(KIND_RADAR_RATE, model) < state.density(KIND_RADAR, model)
    assert state.density(KIND_EQUIVALENT, model) < 1e-30
    assert SensorState().density(KIND_RADAR, SensorModel(0.9, 10.0)) == pytest.approx(
        10.0 / (1e6 * 2 * math.pi)
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"detection_probability": 0.0},
        {"detection_probability": 1.1},
        {"detection_probability": math.nan},
        {"false_plots_per_scan": -1.0},
        {"false_plots_per_scan": math.nan},
        {"false_plots_per_scan": 1e9},
    ],
)
def test_models_that_cannot_be_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ObservationError):
        SensorModel(**fields)
