"""A tracker that takes sensors' biases into account: honest over time, late plots and all."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trilat.fusion import (
    BiasPrior,
    BiasTable,
    EquivalentObservation,
    RadarObservation,
    Tracker,
    equivalent_measurement,
)

NS = 1_000_000_000
PRIOR = BiasPrior(15.0, 3e-4, 3e-4, 1e-6)
KEYS = {"R1": ("USA", "R1"), "R2": ("KOR", "R2"), "R3": ("JPN", "R3")}
AT_S = (100.0, 140.0, 180.0, 239.0)


def table() -> BiasTable:
    return BiasTable.of_priors(dict.fromkeys(KEYS.values(), PRIOR))


def with_bias(plot: RadarObservation, bias: Any) -> RadarObservation:
    return replace(
        plot,
        range_m=plot.range_m + bias[0],
        azimuth_rad=plot.azimuth_rad + bias[1],
        elevation_rad=plot.elevation_rad + bias[2],
    )


def biased_plots(world: Any, flight: Any, seed: int, times: float = 1.0) -> tuple[list[Any], dict[str, Any]]:
    rng = np.random.default_rng([seed, 1])
    biases = {name: times * rng.standard_normal(4) * PRIOR.sigmas for name in KEYS}
    plots = [
        with_bias(plot, biases[plot.sensor])
        for plot in world.radar_plots([flight], seed)
        if plot.time_ns < world.base_ns + 240 * NS
    ]
    return plots, biases


def nees(tracker: Tracker, flight: Any, base_ns: int, second: float) -> float:
    estimate = tracker.estimates(base_ns + round(second * NS))[0]
    error = np.concatenate(flight.at(second)) - estimate.mean
    return float(error @ np.linalg.solve(estimate.covariance, error)) / 6.0


def followed(tracker: Tracker, plots: Any, flight: Any, base_ns: int) -> list[float]:
    """NEES/6 at AT_S, each from the plots up to then."""
    found, rest = [], list(plots)
    for second in AT_S:
        while rest and rest[0].time_ns <= base_ns + second * NS:
            tracker.add(rest.pop(0))
        found.append(nees(tracker, flight, base_ns, second))
    return found


@pytest.mark.slow
def test_registered_tracks_stay_honest_where_ignored_biases_do_not(world: Any, generic_flight: Any) -> None:
    ignored, registered, of_biases = [], [], []
    for seed in range(6):
        plots, biases = biased_plots(world, generic_flight, seed)
        ignored.append(followed(Tracker(), plots, generic_flight, world.base_ns))
        tracker = Tracker(biases=table())
        registered.append(followed(tracker, plots, generic_flight, world.base_ns))
        known = tracker.biases()
        assert known is not None
        off = known.mean - np.concatenate([biases[sensor] for _, sensor in known.sensors])
        # The clocks are right within a microsecond and tell nothing.
        rows = np.flatnonzero(np.arange(12) % 4 < 3)
        of_biases.append(off[rows] @ np.linalg.solve(known.covariance[np.ix_(rows, rows)], off[rows]) / 9.0)
    # Three standard errors of six chi-squares with 6 degrees are 0.7.
    assert np.all(np.abs(np.mean(registered, axis=0) - 1.0) < 0.7)
    assert np.mean(of_biases) < 1.5
    assert np.mean(ignored, axis=0)[-1] > 5.0


def test_without_a_table_nothing_changes(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 3)
    plain, empty = Tracker(), Tracker(biases=BiasTable.of_priors({}))
    for plot in plots[:200]:
        plain.add(plot)
        empty.add(plot)
    now_ns = plots[199].time_ns
    one, other = plain.estimates(now_ns)[0], empty.estimates(now_ns)[0]
    assert plain.biases() is None
    assert np.allclose(one.mean, other.mean, rtol=1e-12)
    assert np.allclose(one.covariance, other.covariance, rtol=1e-9)


def test_late_plots_give_the_same_answer(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 4)
    plots = plots[:400]
    in_order, late = Tracker(biases=table()), Tracker(biases=table())
    for plot in plots:
        in_order.add(plot)
    held = [plot for plot in plots if plot.sensor == "R3" and plot.time_ns > plots[-60].time_ns]
    for plot in plots:
        if plot not in held:
            late.add(plot)
    now_ns = plots[-1].time_ns
    late.estimates(now_ns)
    for plot in reversed(held):
        late.add(plot)
    assert np.array_equal(in_order.estimates(now_ns)[0].mean, late.estimates(now_ns)[0].mean)
    assert np.array_equal(in_order.estimates(now_ns)[0].covariance, late.estimates(now_ns)[0].covariance)
    one, other = in_order.biases(), late.biases()
    assert one is not None
    assert other is not None
    assert np.array_equal(one.mean, other.mean)


def test_a_table_that_is_known_already_corrects_from_the_first_plot(world: Any, generic_flight: Any) -> None:
    plots, biases = biased_plots(world, generic_flight, 5, times=20.0)
    sensors = tuple(sorted(KEYS.values()))
    mean = np.concatenate([biases[sensor] for _, sensor in sensors])
    exact = BiasTable(sensors, mean, np.diag(np.tile(PRIOR.sigmas * 0.01, 3) ** 2))
    found = followed(Tracker(biases=exact), plots, generic_flight, world.base_ns)
    assert max(found) < 4.0


def test_biases_outside_the_table_are_suspect(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 5)
    plots = [with_bias(p, [0.0, 6e-3, 0.0, 0.0]) if p.sensor == "R1" else p for p in plots]
    tracker = Tracker(biases=table())
    for plot in plots[:450]:
        tracker.add(plot)
    known = tracker.biases()
    assert known is not None
    assert known.suspects != frozenset()


def test_what_a_lost_track_told_is_kept(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 6)
    tracker = Tracker(biases=table())
    for plot in plots[:400]:
        tracker.add(plot)
    before = tracker.biases()
    # Ten minutes later something else is seen, and the first track is gone.
    tracker.add(replace(plots[399], time_ns=plots[399].time_ns + 600 * NS))
    after = tracker.biases()
    assert before is not None
    assert after is not None
    assert np.allclose(after.mean, before.mean, rtol=1e-12)
    assert np.allclose(after.covariance, before.covariance, rtol=1e-12)


def test_tracklets_of_partners_have_no_biases_here(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 7)
    tracker = Tracker(biases=table())
    for plot in plots[:120]:
        mean, covariance = equivalent_measurement(plot)
        tracker.add(EquivalentObservation(plot.time_ns, plot.source, mean, covariance, plot.sensor))
    known = tracker.biases()
    assert known is not None
    assert np.array_equal(known.mean, np.zeros(12))
    assert np.allclose(known.covariance, table().covariance)
    estimate = tracker.estimates(plots[119].time_ns)[0]
    assert np.linalg.eigvalsh(estimate.covariance)[0] > 0.0


def test_what_a_view_may_not_have_does_not_touch_its_biases(world: Any, generic_flight: Any) -> None:
    """Two Views of one node: the one without R3 comes out the same, bit by bit, whatever R3 is like."""
    plots, _ = biased_plots(world, generic_flight, 9)
    other = [with_bias(plot, [5.0, 1e-4, 1e-4]) if plot.sensor == "R3" else plot for plot in plots]
    found = []
    for seen in (plots, other):
        without, everything = Tracker(biases=table()), Tracker(biases=table())
        for plot in seen[:300]:
            everything.add(plot)
            if plot.sensor != "R3":
                without.add(plot)
        one, both = without.biases(), everything.biases()
        assert one is not None
        assert both is not None
        assert one.bias(*KEYS["R3"]).azimuth_sigma_rad == pytest.approx(3e-4, rel=1e-12)
        found.append((one.mean, both.mean))
    assert np.array_equal(found[0][0], found[1][0])
    assert not np.array_equal(found[0][1], found[1][1])


def test_every_covariance_is_positive_definite(world: Any, generic_flight: Any) -> None:
    plots, _ = biased_plots(world, generic_flight, 8)
    wide = BiasTable.of_priors(dict.fromkeys(KEYS.values(), BiasPrior(1e4, 0.05, 0.05, 1.0)))
    tracker = Tracker(biases=wide)
    for plot in plots[:300]:
        tracker.add(plot)
        for estimate in tracker.estimates(plot.time_ns):
            size = np.sqrt(np.diagonal(estimate.covariance))
            assert np.linalg.eigvalsh(estimate.covariance / np.outer(size, size))[0] > 0.0
