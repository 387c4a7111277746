from typing import Any

import numpy as np
import pytest

from trilat.fusion import covariance_intersection, information_sum, squared_distance
from trilat.model.errors import ObservationError


def spread(seed: int, size: int = 6) -> Any:
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
    return axes @ np.diag(np.geomspace(1.0, 1e4, size)[rng.permutation(size)]) @ axes.T


def test_information_sum_equals_the_sum_of_inverses() -> None:
    rng = np.random.default_rng(1)
    pairs = [(rng.standard_normal(6), spread(seed)) for seed in range(4)]
    mean, covariance = information_sum(pairs)
    inverses = [np.linalg.inv(p) for _, p in pairs]
    expected = np.linalg.inv(sum(inverses))
    assert np.allclose(covariance, expected, rtol=1e-8)
    assert np.allclose(
        mean, expected @ sum(i @ m for i, (m, _) in zip(inverses, pairs, strict=True)), rtol=1e-6
    )


def test_information_sum_with_a_nearly_unknown_velocity_loses_nothing() -> None:
    tight = np.diag([1e2, 1e2, 1e2, 1.0, 1.0, 1.0])
    loose = np.diag([1e2, 1e2, 1e2, 1e10, 1e10, 1e10])
    _, covariance = information_sum([(np.zeros(6), tight), (np.ones(6), loose)])
    assert np.allclose(np.diagonal(covariance), [50.0] * 3 + [1.0] * 3, rtol=1e-9)


def test_two_equal_scalars_by_intersection_gain_nothing_and_by_sum_gain_half() -> None:
    pair = ((np.zeros(1), np.eye(1)), (np.zeros(1), np.eye(1)))
    assert covariance_intersection(*pair)[1][0, 0] == pytest.approx(1.0)
    assert information_sum(pair)[1][0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(6))
def test_the_weight_of_the_intersection_beats_every_weight_of_a_fine_grid(seed: int) -> None:
    a, b = spread(seed), spread(seed + 50)
    _, covariance, weight = covariance_intersection((np.zeros(6), a), (np.ones(6), b))
    inverse_a, inverse_b = np.linalg.inv(a), np.linalg.inv(b)
    grid = [
        -np.linalg.slogdet(w * inverse_a + (1 - w) * inverse_b)[1] for w in np.linspace(1e-3, 1 - 1e-3, 999)
    ]
    best = np.linalg.slogdet(covariance)[1]
    assert best <= min(grid) + 1e-9
    assert 0.0 <= weight <= 1.0


def test_the_better_of_two_aligned_estimates_is_taken_alone() -> None:
    small, large = np.eye(3), 4.0 * np.eye(3)
    mean, covariance, weight = covariance_intersection((np.zeros(3), small), (np.ones(3), large))
    assert weight == 1.0
    assert np.array_equal(covariance, small)
    assert np.array_equal(mean, np.zeros(3))
    assert covariance_intersection((np.ones(3), large), (np.zeros(3), small))[2] == 0.0


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.9, 1.0])
def test_the_intersection_never_claims_too_much_whatever_the_dependence(shared: float) -> None:
    # Julier and Uhlmann (1997): P_ci - E[e e'] is positive semidefinite for every cross-covariance.
    a, b = spread(7, 3), spread(8, 3)
    _, covariance, weight = covariance_intersection((np.zeros(3), a), (np.zeros(3), b))
    cross = shared * np.linalg.cholesky(a) @ np.linalg.cholesky(b).T
    gain_a = weight * covariance @ np.linalg.inv(a)
    gain_b = (1 - weight) * covariance @ np.linalg.inv(b)
    true = (
        gain_a @ a @ gain_a.T
        + gain_b @ b @ gain_b.T
        + gain_a @ cross @ gain_b.T
        + gain_b @ cross.T @ gain_a.T
    )
    assert np.linalg.eigvalsh(covariance - true)[0] > -1e-9 * np.trace(covariance)


def test_squared_distance_is_the_quadratic_form_of_the_difference() -> None:
    value = squared_distance((np.array([3.0, 0.0]), np.eye(2)), (np.array([0.0, 4.0]), 3.0 * np.eye(2)))
    assert value == pytest.approx(25.0 / 4.0)


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), -np.eye(2), np.diag([1.0, 0.0])])
def test_a_covariance_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(ObservationError, match="positive definite"):
        covariance_intersection((np.zeros(2), np.eye(2)), (np.zeros(2), bad))
    with pytest.raises(ObservationError, match="positive definite"):
        covariance_intersection((np.zeros(2), bad), (np.zeros(2), np.eye(2)))


def test_an_empty_sum_is_refused() -> None:
    with pytest.raises(ObservationError, match="at least one"):
        information_sum([])
