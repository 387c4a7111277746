"""A track's lean on our biases is what it is, also where partners' constant errors are considered."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trilat.fusion import BiasPrior, BiasTable, EquivalentObservation, Tracker, equivalent_measurement

NS = 1_000_000_000
SIGMA_RAD = 3e-4


def flown(world: Any, flight: Any, off_rad: tuple[float, float], constant_m: float) -> tuple[Any, Any]:
    """Mean of the filters and what biases add, from R1's own plots and a partner's tracklets in coast."""
    prior = BiasPrior.stated(None, SIGMA_RAD, None)
    assert prior is not None
    tracker = Tracker(biases=BiasTable.of_priors({("USA", "R1"): prior}), told=lambda _: None)
    last_ns = 0
    for plot in world.radar_plots([flight], 3):
        second = (plot.time_ns - world.base_ns) / NS
        if not 130.0 <= second <= 175.0 or plot.sensor == "R2":
            continue
        if plot.sensor == "R1":
            moved = plot.azimuth_rad + off_rad[0], plot.elevation_rad + off_rad[1]
            tracker.add(replace(plot, azimuth_rad=moved[0], elevation_rad=moved[1]))
        else:
            state = np.concatenate(flight.at(second))
            mean, covariance = equivalent_measurement(plot, state)
            given = EquivalentObservation(
                plot.time_ns, "JPN", mean, covariance, plot.sensor, constant_sigma_m=constant_m
            )
            tracker.add(given)
        last_ns = plot.time_ns
    (estimate,) = tracker.estimates(last_ns)
    return estimate.mean, tracker.left_over(last_ns)[estimate.track_key]


@pytest.mark.parametrize("constant_m", [0.0, 150.0])
def test_what_biases_add_is_how_the_filters_move_with_the_plots(
    world: Any, generic_flight: Any, constant_m: float
) -> None:
    step = 1e-5
    at_rest, said = flown(world, generic_flight, (0.0, 0.0), constant_m)
    moved = [
        (flown(world, generic_flight, off, constant_m)[0] - at_rest) * SIGMA_RAD / step
        for off in ((step, 0.0), (0.0, step))
    ]
    # Of place: velocity by the mixture of filters is an approximation (see `lean`).
    expected = sum(np.outer(one[:3], one[:3]) for one in moved)
    scale = np.sqrt(np.diagonal(expected))
    assert np.min(scale) > 30.0
    assert np.max(np.abs(said[:3, :3] - expected) / np.outer(scale, scale)) < 0.12
