"""Association beside brute force over all joint assignments, and beside scipy."""

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from trilat.fusion.traffic import (
    Association,
    SensorKind,
    TrafficSensor,
    TrafficSettings,
    TrafficTracker,
    association,
    gating,
    updating,
)
from trilat.fusion.traffic.blocks import packed_of
from trilat.fusion.traffic.sensor import prepare

Array = npt.NDArray[Any]
C = gating.CANDIDATES_MAX


def lists_of(weights: Array) -> tuple[Array, Array, Array]:
    """Candidate lists (plots, counts, weights), best first, of a matrix of w; zero is outside the gate."""
    n = weights.shape[0]
    plots, counts, lists = np.zeros((n, C), dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros((n, C))
    for i in range(n):
        order = [j for j in np.argsort(-weights[i], kind="stable") if weights[i, j] > 0]
        counts[i] = len(order)
        plots[i, : len(order)], lists[i, : len(order)] = order, weights[i, order]
    return plots, counts, lists


def brute(weights: Array) -> Array:
    """Marginals (n, 1 + m), no plot first, summed over every joint assignment written out."""
    n, m = weights.shape
    out = np.zeros((n, 1 + m))
    for joint in itertools.product(range(m + 1), repeat=n):
        used = [j for j in joint if j]
        if len(set(used)) == len(used):
            product = math.prod(weights[i, j - 1] for i, j in enumerate(joint) if j)
            for i, j in enumerate(joint):
                out[i, j] += product
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def ours(weights: Array) -> Array:
    plots, counts, lists = lists_of(weights)
    n, m = weights.shape
    parent, betas = np.zeros(n, dtype=np.int64), np.zeros((n, 1 + C))
    association.clusters(plots, counts, np.zeros(m, dtype=np.int64), parent)
    association.marginals(plots, counts, lists, parent, m, betas)
    out = np.zeros((n, 1 + m))
    out[:, 0] = betas[:, 0]
    for i in range(n):
        out[i, 1 + plots[i, : counts[i]]] = betas[i, 1 : 1 + counts[i]]
    return out


def matrix(seed: int, n: int, m: int, filled: float) -> Array:
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(1.0, 3.0, (n, m))) * (rng.random((n, m)) < filled)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4), st.floats(0.2, 1.0))
def test_joint_probabilities_are_those_of_all_joint_assignments(
    seed: int, n: int, m: int, filled: float
) -> None:
    weights = matrix(seed, n, m, filled)
    assert np.allclose(ours(weights), brute(weights), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_belief_propagation_comes_near_the_exact_answer(seed: int) -> None:
    """On 4 by 5 with every pair in the gate; Williams and Lau report errors of some hundredths."""
    weights = np.exp(np.random.default_rng(seed).normal(0.0, 1.0, (4, 5)))
    plots, counts, lists = lists_of(weights)
    betas = np.zeros((4, 1 + C))
    tracks = np.arange(4)
    association._believe(
        tracks, plots, counts, lists, np.zeros((5, 3)), np.ones((4, C)), np.zeros((4, C)), betas
    )
    exact = brute(weights)
    for i in range(4):
        assert np.allclose(betas[i, 1:6], exact[i, 1 + plots[i, :5]], atol=0.05)
    assert np.allclose(betas.sum(axis=1), 1.0)


def test_belief_propagation_is_exact_where_the_graph_has_no_loop() -> None:
    weights = np.array([[3.0, 2.0, 0.0], [0.0, 5.0, 0.5], [0.0, 0.0, 40.0]])
    plots, counts, lists = lists_of(weights)
    betas = np.zeros((3, 1 + C))
    association._believe(
        np.arange(3), plots, counts, lists, np.zeros((3, 3)), np.ones((3, C)), np.zeros((3, C)), betas
    )
    exact = brute(weights)
    for i in range(3):
        assert np.allclose(betas[i, 1 : 1 + counts[i]], exact[i, 1 + plots[i, : counts[i]]], atol=1e-7)


def test_a_crowd_too_large_to_enumerate_still_gives_probabilities() -> None:
    weights = np.exp(np.random.default_rng(0).normal(2.0, 20.0, (30, 12)))
    found = ours(np.minimum(weights, math.e**60))
    assert np.all(np.isfinite(found))
    assert np.allclose(found.sum(axis=1), 1.0)
    assert found[:, 1:].sum(axis=0).max() < 1.05


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 9), st.floats(0.1, 0.8))
def test_nearest_neighbours_together_are_as_likely_as_one_assignment_over_all(
    seed: int, n: int, m: int, filled: float
) -> None:
    weights = matrix(seed, n, m, filled)
    plots, counts, lists = lists_of(weights)
    parent = np.zeros(n, dtype=np.int64)
    association.clusters(plots, counts, np.zeros(m, dtype=np.int64), parent)
    chosen = association.nearest(plots, counts, lists, np.full(n, 0.5), parent)
    pairs = [(i, plots[i, k]) for i, k in enumerate(chosen) if k >= 0]
    assert len({j for _, j in pairs}) == len(pairs)
    gain = np.log(np.maximum(weights / 0.5, 1.0))
    rows, columns = linear_sum_assignment(gain, maximize=True)
    found = sum(math.log(weights[i, j] / 0.5) for i, j in pairs)
    assert found == pytest.approx(gain[rows, columns].sum(), rel=1e-12, abs=1e-12)


def test_clusters_are_tracks_joined_by_shared_plots() -> None:
    weights = np.zeros((5, 4))
    weights[0, 0] = weights[3, 0] = weights[3, 2] = weights[4, 2] = weights[1, 1] = 1.0
    plots, counts, _ = lists_of(weights)
    parent = np.zeros(5, dtype=np.int64)
    association.clusters(plots, counts, np.zeros(4, dtype=np.int64), parent)
    assert parent.tolist() == [0, 1, 2, 0, 0]


def test_existence_follows_the_rule_of_total_probability() -> None:
    """One plot, w = 3: the track exists with a plot (3), exists unseen (r (1 - D) / (1 - r D)), or not."""
    r, d = 0.4, 0.9
    existence, betas = np.array([r]), np.zeros((1, 1 + C))
    betas[0, :2] = [0.25, 0.75]
    updating.fold(np.array([1]), np.array([d]), 0, existence, betas)
    unseen = r * (1 - d) / (1 - r * d)
    assert existence[0] == pytest.approx((3 + unseen) / 4)
    assert betas[0, :2] == pytest.approx([unseen / (3 + unseen), 3 / (3 + unseen)])


def gated(kind: SensorKind, means: Array, values: Array, spread_m: float) -> list[set[int]]:
    sensor = TrafficSensor("s", kind, range_m_max=2e6)
    plots = prepare(sensor, values, np.broadcast_to(sensor.sigmas, values.shape))
    n, m = means.shape[0], values.shape[0]
    spots, keys, shape = np.empty((m, 2)), np.empty(m, dtype=np.int64), np.ones(2, dtype=np.int64)
    corner = gating.grid(int(kind), plots.values, spots, keys, shape)
    order = np.argsort(keys, kind="stable")
    found, counts = np.zeros((n, C), dtype=np.int64), np.zeros(n, dtype=np.int64)
    covariances = packed_of(np.tile(np.diag([spread_m**2] * 3 + [1.0] * 3), (n, 1, 1)))
    args = (plots.values, plots.weights, plots.logs, np.zeros(3), np.zeros(3), np.eye(3), 16.0, plots.noise)
    grid = (spots, order, keys[order], shape, corner, np.array([0.0, 1e9, -1.0, 1.0]))
    gating.candidates(
        int(kind), means, covariances, *args, *grid, found, np.zeros((n, C)), counts, np.zeros(n, dtype=bool)
    )
    return [set(found[i, : counts[i]].tolist()) for i in range(n)]


@pytest.mark.parametrize("seed", range(4))
def test_the_grid_finds_every_plot_in_a_gate_that_a_k_d_tree_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means = np.hstack([rng.uniform(-1e5, 1e5, (400, 2)), np.zeros((400, 4))])
    values = np.vstack([means[::2, :2] + rng.normal(0, 200, (200, 2)), rng.uniform(-1e5, 1e5, (300, 2))])
    sigma = math.hypot(300.0, 10.0)
    expected = cKDTree(values).query_ball_point(means[:, :2], 4.0 * sigma)
    assert gated(SensorKind.SURFACE_POSITION, means, values, 300.0) == [set(row) for row in expected]


@pytest.mark.parametrize("kind", [SensorKind.RADAR, SensorKind.DIRECTION, SensorKind.BEARING])
def test_the_grid_has_no_seam_at_south(kind: SensorKind) -> None:
    """A track and a plot on both sides of azimuth pi are as near as anywhere else."""
    means = np.array([[5.0, -20_000.0, 300.0, 0.0, 0.0, 0.0]])
    columns = {0: [20_002.0, -math.pi + 1e-4, 0.015], 2: [-math.pi + 1e-4, 0.015], 3: [-math.pi + 1e-4]}
    far = {0: [20_002.0, 0.0, 0.015], 2: [0.0, 0.015], 3: [0.0]}
    values = np.array([far[int(kind)], columns[int(kind)]])
    assert gated(kind, means, values, 50.0) == [{1}]


def test_joint_probabilities_keep_two_aircraft_that_cross_apart() -> None:
    sensor = TrafficSensor("r", SensorKind.POSITION, position_sigma_m=40.0, clutter_per_scan=0.1)
    for how in Association:
        tracker = TrafficTracker([sensor], TrafficSettings(association=how))
        rng = np.random.default_rng(5)
        for second in range(80):
            x = np.array([[-8000.0 + 200 * second, 0, 5000], [0, -8000.0 + 200 * second, 5000]])
            tracker.add_scan("r", second * 10**9, x + rng.normal(0, 40, (2, 3)))
            if second == 20:
                first = tracker.estimates().ident.tolist()
        picture = tracker.estimates()
        assert picture.ident.tolist() == first
        assert np.abs(picture.means[:, :3] - x).max() < 150.0
