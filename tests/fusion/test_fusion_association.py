import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion.association import blended, joint, nearest
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import prepare

Array = npt.NDArray[np.float64]


def pairings(plots: int, tracks: int) -> list[tuple[int, ...]]:
    """Every way to give each track one plot of its own, or none (-1)."""
    every = itertools.product(range(-1, plots), repeat=tracks)
    return [p for p in every if len({x for x in p if x >= 0}) == sum(x >= 0 for x in p)]


def worth(psi: Array, pairing: tuple[int, ...]) -> float:
    return math.prod(float(psi[row, column]) for column, row in enumerate(pairing) if row >= 0)


matrices = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1), st.floats(0.2, 1.0))


def matrix(shape: tuple[int, int, int, float]) -> Array:
    """Random psi over many orders of magnitude, some of it outside every gate."""
    plots, tracks, seed, share = shape
    rng = np.random.default_rng(seed)
    psi = np.exp(rng.uniform(-6.0, 12.0, (plots, tracks)))
    psi[rng.random((plots, tracks)) > share] = 0.0
    return psi


@settings(max_examples=80, deadline=None)
@given(matrices)
def test_nearest_is_the_best_of_all_pairings(shape: tuple[int, int, int, float]) -> None:
    psi = matrix(shape)
    with np.errstate(divide="ignore"):
        choice = nearest(np.log(psi))
    taken = [choice.index(column) if column in choice else -1 for column in range(psi.shape[1])]
    best = max(worth(psi, pairing) for pairing in pairings(*psi.shape))
    assert worth(psi, tuple(taken)) == pytest.approx(best, rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(matrices)
def test_joint_is_the_sum_over_all_pairings(shape: tuple[int, int, int, float]) -> None:
    psi = matrix(shape)
    every = pairings(*psi.shape)
    whole = sum(worth(psi, pairing) for pairing in every)
    with np.errstate(divide="ignore"):
        found = joint(np.log(psi))
    for row, column in np.ndindex(psi.shape):
        share = sum(worth(psi, pairing) for pairing in every if pairing[column] == row) / whole
        assert found[row, column] == pytest.approx(share, abs=1e-9)


def test_a_large_cluster_is_near_the_exact_shares_and_never_more_than_certain() -> None:
    """Five tracks and five plots: beyond what is counted one by one; belief propagation is close."""
    rng = np.random.default_rng(4)
    psi = np.exp(rng.uniform(-3.0, 3.0, (5, 5)))
    found = joint(np.log(psi))
    every = pairings(5, 5)
    whole = sum(worth(psi, pairing) for pairing in every)
    for row, column in np.ndindex(psi.shape):
        share = sum(worth(psi, pairing) for pairing in every if pairing[column] == row) / whole
        assert found[row, column] == pytest.approx(share, abs=0.06)
    assert np.all(found.sum(axis=0) <= 1.0 + 1e-9)
    assert np.all(found.sum(axis=1) <= 1.0 + 1e-6)


def test_certain_pairs_do_not_overflow() -> None:
    found = joint(np.array([[700.0, -np.inf], [-np.inf, 700.0]]))
    assert found == pytest.approx(np.eye(2))
    assert nearest(np.array([[700.0, -np.inf], [-np.inf, 700.0]])) == [0, 1]


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3)])
def test_nothing_to_pair_is_no_error(shape: tuple[int, int]) -> None:
    assert nearest(np.zeros(shape)) == [-1] * shape[0]
    assert joint(np.zeros(shape)).shape == shape


def test_pairs_that_are_worth_less_than_nothing_stay_apart() -> None:
    assert nearest(np.array([[-1.0, -2.0], [-3.0, -0.1]])) == [-1, -1]


@pytest.mark.parametrize("weights", [(0.7, 0.2), (0.45, 0.45), (0.1, 0.85)])
def test_a_blend_does_what_the_mixture_of_single_updates_does(
    world: Any, generic_flight: Any, weights: tuple[float, float]
) -> None:
    """Moment-matched mixture of (no plot, first, second), by three separate Kalman updates."""
    position, velocity = generic_flight.at(130.0)
    rng = np.random.default_rng(8)
    plots = [prepare(world.radar_plot("R2", 130.0, position, rng)) for _ in range(2)]
    covariance = np.diag([500.0**2] * 3 + [40.0**2] * 3)
    mean = np.concatenate([position, velocity]) + np.array([150.0, -80.0, 60.0, 5.0, 0.0, -5.0])
    parts = [(1.0 - sum(weights), mean, covariance)]
    for share, plot in zip(weights, plots, strict=True):
        args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
        parts.append((share, *update(mean, covariance, *args)[:2]))
    expected = sum(share * m for share, m, _ in parts)
    spread = sum(share * (p + np.outer(m - expected, m - expected)) for share, m, p in parts)
    blend = blended(mean, covariance, plots, weights)
    args = (blend.kind, blend.values, blend.covariance, blend.site_m, blend.axes)
    got, got_covariance = update(mean, covariance, *args)[:2]
    sigma = np.sqrt(np.diagonal(spread))
    # First order in the curvature of range and direction over some hundred metres.
    assert np.all(np.abs(got - expected) < 0.02 * sigma)
    assert np.all(np.abs(got_covariance - spread) < 0.03 * np.outer(sigma, sigma))


def test_plots_too_far_apart_to_blend_leave_the_state_nearly_as_it_was(
    world: Any, generic_flight: Any
) -> None:
    position, velocity = generic_flight.at(130.0)
    first = world.radar_plot("R2", 130.0, position, None)
    near, far = (
        prepare(world.radar_plot("R2", 130.0, position + shift, None))
        for shift in (np.array([900.0, 0, 0]), np.array([-900.0, 0, 0]))
    )
    assert first is not None
    mean, covariance = np.concatenate([position, velocity]), np.diag([300.0**2] * 3 + [20.0**2] * 3)
    blend = blended(mean, covariance, [near, far], (0.5, 0.5))
    assert np.linalg.eigvalsh(blend.covariance)[0] > 0.0
    args = (blend.kind, blend.values, blend.covariance, blend.site_m, blend.axes)
    got = update(mean, covariance, *args)[0]
    assert np.linalg.norm(got[:3] - position) < 30.0
