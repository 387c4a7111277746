from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar

from trilat.fusion import (
    covariance_intersection,
    information_difference,
    information_sum,
    inverse_covariance_intersection,
)
from trilat.fusion.sharing.intersection import eigen, joint_basis
from trilat.model.errors import ObservationError

RULES = {
    # Straight from the papers, with plain inverses: mean gains and covariance for a weight.
    covariance_intersection: lambda w, a, b: w * np.linalg.inv(a) + (1 - w) * np.linalg.inv(b),
    inverse_covariance_intersection: lambda w, a, b: (
        np.linalg.inv(a) + np.linalg.inv(b) - np.linalg.inv(w * a + (1 - w) * b)
    ),
}
POSITION = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])


def spread(seed: int, size: int = 6, decades: float = 4.0) -> Any:
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
    return axes @ np.diag(np.geomspace(1.0, 10.0**decades, size)[rng.permutation(size)]) @ axes.T


@pytest.mark.parametrize("weights", [None, np.ones(6), POSITION])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(5))
def test_the_weight_is_the_best_that_scipy_finds_and_the_covariance_is_the_papers(
    seed: int, rule: Any, weights: Any
) -> None:
    a, b = spread(seed), spread(seed + 50)

    def cost(w: float) -> float:
        covariance = np.linalg.inv(RULES[rule](w, a, b))
        if weights is None:
            return float(np.linalg.slogdet(covariance)[1])
        return float(np.log(weights @ np.diagonal(covariance)))

    mean_a, mean_b = np.arange(6.0), np.ones(6)
    mean, covariance, weight = rule((mean_a, a), (mean_b, b), weights)
    best = minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    assert cost(weight) <= best.fun + 1e-9
    assert np.allclose(covariance, np.linalg.inv(RULES[rule](weight, a, b)), rtol=1e-6, atol=1e-9)
    if rule is covariance_intersection:
        pulled = weight * np.linalg.solve(a, mean_a) + (1 - weight) * np.linalg.solve(b, mean_b)
    else:
        middle = np.linalg.inv(weight * a + (1 - weight) * b)
        pulled = (np.linalg.inv(a) - weight * middle) @ mean_a
        pulled += (np.linalg.inv(b) - (1 - weight) * middle) @ mean_b
    assert np.allclose(mean, covariance @ pulled, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_stone_soup_fuses_the_same_with_the_weight_that_was_found(seed: int) -> None:
    """Stone Soup chooses no weight; given ours, its intersection is ours."""
    reducer = pytest.importorskip("stonesoup.mixturereducer.gaussianmixture").CovarianceIntersection
    state = pytest.importorskip("stonesoup.types.state").GaussianState
    a, b = spread(seed), spread(seed + 50)
    mean, covariance, weight = covariance_intersection((np.arange(6.0), a), (np.ones(6), b))
    parts = [state(np.arange(6.0)[:, None], a), state(np.ones((6, 1)), b)]
    judged = reducer.merge_components(*parts, weights=[weight, 1.0 - weight])
    assert np.allclose(np.asarray(judged.covar, dtype=float), covariance, rtol=1e-8, atol=1e-9)
    assert np.allclose(np.asarray(judged.state_vector, dtype=float).ravel(), mean, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 10.0))
def test_the_inverse_intersection_never_claims_too_much_whatever_information_is_shared(
    seed: int, decades: float
) -> None:
    """Noack et al. 2017: for any common part the true error is within the claimed covariance."""
    mine, yours, shared = (np.linalg.inv(spread(seed + k, decades=decades / 2)) for k in range(3))
    a, b = np.linalg.inv(mine + shared), np.linalg.inv(yours + shared)
    _, covariance, w = inverse_covariance_intersection((np.zeros(6), a), (np.zeros(6), b))
    middle = np.linalg.inv(w * a + (1 - w) * b)
    gain_a = covariance @ (np.linalg.inv(a) - w * middle)
    gain_b = covariance @ (np.linalg.inv(b) - (1 - w) * middle)
    cross = a @ shared @ b
    true = gain_a @ a @ gain_a.T + gain_b @ b @ gain_b.T
    true += gain_a @ cross @ gain_b.T + gain_b @ cross.T @ gain_a.T
    excess = eigh(true, covariance, eigvals_only=True)[-1]
    assert excess <= 1.0 + 1e-6
    careful = covariance_intersection((np.zeros(6), a), (np.zeros(6), b))[1]
    assert np.linalg.slogdet(covariance)[1] <= np.linalg.slogdet(careful)[1] + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 12.0))
def test_the_joint_basis_makes_both_diagonal(seed: int, decades: float) -> None:
    a, b = spread(seed, decades=decades), spread(seed + 1, decades=decades)
    basis, inverse, lengths, good = joint_basis(a, b)
    assert good
    assert np.allclose(basis @ basis.T, a, rtol=1e-9, atol=1e-9 * np.trace(a))
    assert np.allclose(basis @ np.diag(lengths) @ basis.T, b, rtol=1e-7, atol=1e-7 * np.trace(b))
    assert np.allclose(inverse @ basis, np.eye(6), atol=1e-6)


def test_jacobis_lengths_are_numpys() -> None:
    for seed in range(10):
        matrix = spread(seed, decades=8.0)
        axes, lengths = eigen(matrix)
        assert np.allclose(np.sort(lengths), np.linalg.eigvalsh(matrix), rtol=1e-6)
        assert np.allclose(axes @ axes.T, np.eye(6), atol=1e-13)


@pytest.mark.parametrize("rule", RULES)
def test_one_that_is_better_everywhere_is_taken_alone_bit_by_bit(rule: Any) -> None:
    small, large = spread(3), 7.0 * spread(3)
    for first, second in (
        ((np.zeros(6), small), (np.ones(6), large)),
        ((np.ones(6), large), (np.zeros(6), small)),
    ):
        mean, covariance, _ = rule(first, second)
        if rule is covariance_intersection:
            assert np.array_equal(mean, np.zeros(6))
            assert np.array_equal(covariance, small)
        else:
            assert np.all(np.diagonal(covariance) <= np.diagonal(small) * (1 + 1e-9))


def test_the_difference_of_information_is_what_was_added() -> None:
    held, added = (np.arange(6.0), spread(1)), (np.ones(6), spread(2))
    mean, covariance = information_difference(information_sum([held, added]), held)
    assert np.allclose(covariance, added[1], rtol=1e-5)
    assert np.allclose(mean, added[0], atol=1e-5)


def test_what_gained_nothing_says_nothing_and_stays_finite() -> None:
    held = (np.arange(6.0), spread(1))
    mean, covariance = information_difference(held, held)
    assert np.allclose(mean, held[0])
    assert np.allclose(covariance, 1e9 * held[1])


@pytest.mark.parametrize(
    "bad", [np.zeros((6, 6)), -np.eye(6), np.diag([1.0] * 5 + [0.0]), np.full((6, 6), np.nan)]
)
def test_a_covariance_that_is_none_is_refused(bad: Any) -> None:
    good = (np.zeros(6), np.eye(6))
    for rule in (covariance_intersection, inverse_covariance_intersection, information_difference):
        with pytest.raises(ObservationError, match=r"positive definite|no part"):
            rule(good, (np.zeros(6), bad))
        with pytest.raises(ObservationError, match=r"positive definite|no part"):
            rule((np.zeros(6), bad), good)


@pytest.mark.parametrize(
    "weights", [np.zeros(6), -np.ones(6), np.ones(5), np.full(6, np.nan), np.full(6, np.inf)]
)
def test_weights_that_are_none_are_refused(weights: Any) -> None:
    good = (np.zeros(6), np.eye(6))
    for rule in RULES:
        with pytest.raises(ObservationError, match="trace_weights"):
            rule(good, good, weights)


def test_a_part_that_claims_more_than_the_whole_is_refused() -> None:
    with pytest.raises(ObservationError, match="no part of it"):
        information_difference((np.zeros(6), np.eye(6)), (np.zeros(6), 0.9 * np.eye(6)))
