"""Published cases of track fusion: figures of others and scipy's solvers judge our rules.

B: Julier and Uhlmann's network of four nodes (Handbook of Multisensor Data Fusion, chapter 12). The book
could not be opened: period and noise were *recovered* from remembered figures of nodes 1 and 2, and node
3, which was not fitted, agrees. Regression figures, not checked against the book.
C: Bar-Shalom and Campo 1986, Chang, Saha, Bar-Shalom 1997, Chen, Kirubarajan, Bar-Shalom 2003: two or more
equal sensors, discrete white noise acceleration; closed form by Riccati and Lyapunov equations.
"""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are, solve_discrete_lyapunov

from trilat.fusion import (
    correlated_sum,
    covariance_intersection,
    information_difference,
    information_sum,
    inverse_covariance_intersection,
)
from trilat.model.errors import ObservationError

# Case C --------------------------------------------------------------------------------------------------
MOTION = np.array([[1.0, 1.0], [0.0, 1.0]])
POSITION = np.array([[1.0, 0.0]])
# Tracking index, fused area over that of one, position variance over the centralised: exact, to the digits.
CAMPO = [
    (0.01, 0.724, 1.0502),
    (0.1, 0.715, 1.0475),
    (0.5, 0.698, 1.0408),
    (1.0, 0.687, 1.0349),
    (2.0, 0.674, 1.0268),
    (10.0, 0.639, 1.0071),
]


def noise_of(index: float) -> Any:
    gain = np.array([[0.5], [1.0]])
    return index**2 * gain @ gain.T


def updated_riccati(noise: Any, variance: float) -> tuple[Any, Any]:
    """Covariance after an update in steady state, and the gain: scipy's Riccati solver."""
    predicted = solve_discrete_are(MOTION.T, POSITION.T, noise, np.array([[variance]]))
    gain = predicted @ POSITION.T / (POSITION @ predicted @ POSITION.T + variance)
    return (np.eye(2) - gain @ POSITION) @ predicted, gain


def campo(index: float) -> tuple[Any, Any, Any]:
    """One sensor's covariance, the cross-covariance of two, and the noise."""
    noise = noise_of(index)
    own, gain = updated_riccati(noise, 1.0)
    rest = np.eye(2) - gain @ POSITION
    return own, solve_discrete_lyapunov(rest @ MOTION, rest @ noise @ rest.T), noise


def joint_of(own: Any, cross: Any, count: int) -> Any:
    return np.kron(np.ones((count, count)), cross) + np.kron(np.eye(count), own - cross)


@pytest.mark.parametrize(("index", "area", "position"), CAMPO)
def test_two_tracks_with_common_process_noise_fuse_as_bar_shalom_and_campo_say(
    index: float, area: float, position: float
) -> None:
    own, cross, noise = campo(index)
    _, fused = correlated_sum(np.zeros((2, 2)), joint_of(own, cross, 2))
    # The closed form for two equal tracks.
    assert np.allclose(fused, 0.5 * (own + cross), rtol=1e-10, atol=0.0)
    central, _ = updated_riccati(noise, 0.5)
    assert np.sqrt(np.linalg.det(fused) / np.linalg.det(own)) == pytest.approx(area, abs=5.1e-4)
    assert fused[0, 0] / central[0, 0] == pytest.approx(position, abs=5.1e-5)


@pytest.mark.parametrize(
    ("count", "index", "ratio"),
    [(3, 0.1, 1.132), (3, 1.0, 1.098), (5, 0.1, 1.326), (5, 1.0, 1.248), (10, 0.1, 1.831), (10, 1.0, 1.654)],
)
def test_many_tracks_fall_behind_the_centralised_filter(count: int, index: float, ratio: float) -> None:
    own, cross, noise = campo(index)
    _, fused = correlated_sum(np.zeros((count, 2)), joint_of(own, cross, count))
    assert np.allclose(fused, cross + (own - cross) / count, rtol=1e-10, atol=0.0)
    central, _ = updated_riccati(noise, 1.0 / count)
    assert fused[0, 0] / central[0, 0] == pytest.approx(ratio, abs=5.1e-4)


@pytest.mark.parametrize(("index", "nees"), [(0.01, 1.49), (10.0, 1.31)])
def test_a_naive_sum_claims_too_much_and_the_intersection_does_not(index: float, nees: float) -> None:
    own, cross, _ = campo(index)
    actual = 0.5 * (own + cross)
    _, claimed = information_sum([(np.zeros(2), own), (np.zeros(2), own)])
    assert np.trace(np.linalg.solve(claimed, actual)) / 2.0 == pytest.approx(nees, abs=5.1e-3)
    _, safe, _ = covariance_intersection((np.zeros(2), own), (np.zeros(2), own))
    assert np.linalg.eigvalsh(safe - actual)[0] > 0.0


@pytest.mark.parametrize("index", [0.1, 1.0, 10.0])
def test_information_differences_of_every_step_give_the_centralised_filter_despite_common_noise(
    index: float,
) -> None:
    """Each sensor's filter tells what its last plot added; the fusion centre has process noise only once."""
    noise = noise_of(index)
    own = central = np.eye(2)
    for _ in range(400):
        predicted = MOTION @ own @ MOTION.T + noise
        gain = predicted @ POSITION.T / (predicted[0, 0] + 1.0)
        own = (np.eye(2) - gain @ POSITION) @ predicted
        tracklet = information_difference((np.zeros(2), own), (np.zeros(2), predicted))
        together = (np.zeros(2), MOTION @ central @ MOTION.T + noise)
        _, central = information_sum([together, tracklet, tracklet])
    assert np.allclose(central, updated_riccati(noise, 0.5)[0], rtol=1e-7, atol=0.0)


@pytest.mark.parametrize(
    ("means", "joint"),
    [
        (np.zeros((2, 2)), np.eye(3)),
        (np.zeros(2), np.eye(2)),
        (np.zeros((2, 1)), np.ones((2, 2))),
        (np.zeros((2, 1)), np.diag([1.0, -1.0])),
    ],
)
def test_a_joint_covariance_that_is_none_is_refused(means: Any, joint: Any) -> None:
    with pytest.raises(ObservationError, match="joint"):
        correlated_sum(means, joint)


# Case B --------------------------------------------------------------------------------------------------
PERIOD_S = 0.5
JERK = np.array([[PERIOD_S**3 / 6.0], [PERIOD_S**2 / 2.0], [PERIOD_S]])
BOOK_NOISE = 100.0 * JERK @ JERK.T
BOOK_MOTION = np.array([[1.0, PERIOD_S, PERIOD_S**2 / 2.0], [0.0, 1.0, PERIOD_S], [0.0, 0.0, 1.0]])
# State measured, its variance, and the remembered variances after 100 steps, from that state on.
BOOK = [
    (0, 1.0, (0.8823, 8.2081, 37.6911)),
    (1, 2.0, (1.6750, 16.8829)),
    (2, 0.25, (0.2476,)),
]
# What a measurement says of the states it does not see, variance.
NOTHING = 1e9


@pytest.mark.parametrize(("seen", "variance", "remembered"), BOOK)
def test_single_nodes_of_the_four_node_network_reach_the_remembered_variances(
    seen: int, variance: float, remembered: tuple[float, ...]
) -> None:
    # The states below the measured one are not observable: they are left out.
    motion, noise = BOOK_MOTION[seen:, seen:], BOOK_NOISE[seen:, seen:]
    size = 3 - seen
    measured = np.diag([variance] + [NOTHING] * (size - 1))
    covariance = 10.0 * np.eye(size)
    for _ in range(100):
        predicted = motion @ covariance @ motion.T + noise
        _, covariance = information_sum([(np.zeros(size), predicted), (np.zeros(size), measured)])
    # To the digits remembered, but for the last one.
    assert np.diagonal(covariance) == pytest.approx(remembered, abs=1.01e-4)


class Ring:
    """Four nodes in a ring, what each claims and, exactly, how their errors really covary.

    Node 4 sees position and acceleration. Each step: predict, measure, then each takes over the fusion of its
    estimate with that of its left neighbour before this exchange.
    """

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self.claimed = [10.0 * np.eye(3) for _ in range(4)]
        # Errors of all four are one at the start: the same common knowledge.
        self.actual = np.kron(np.ones((4, 4)), 10.0 * np.eye(3))
        self.seen = [([0], [1.0]), ([1], [2.0]), ([2], [0.25]), ([0, 2], [3.0, 0.5])]

    def step(self) -> None:
        moved = np.kron(np.eye(4), BOOK_MOTION)
        self.actual = moved @ self.actual @ moved.T + np.kron(np.ones((4, 4)), BOOK_NOISE)
        gains = np.eye(12)
        noise = np.zeros((12, 12))
        for node, (rows, variances) in enumerate(self.seen):
            predicted = BOOK_MOTION @ self.claimed[node] @ BOOK_MOTION.T + BOOK_NOISE
            h, r = np.eye(3)[rows], np.diag(variances)
            k = predicted @ h.T @ np.linalg.inv(h @ predicted @ h.T + r)
            self.claimed[node] = (np.eye(3) - k @ h) @ predicted
            place = slice(3 * node, 3 * node + 3)
            gains[place, place] = np.eye(3) - k @ h
            noise[place, place] = k @ r @ k.T
        self.actual = gains @ self.actual @ gains.T + noise
        self._exchange()

    def _exchange(self) -> None:
        mixing = np.zeros((12, 12))
        fused = []
        for node in range(4):
            left = (node - 1) % 4
            # The rule is linear in the means: unit vectors tell by which matrix the neighbour goes in.
            columns = [
                self.rule((np.zeros(3), self.claimed[node]), (unit, self.claimed[left]))[0]
                for unit in np.eye(3)
            ]
            share = np.column_stack(columns)
            fused.append(self.rule((np.zeros(3), self.claimed[node]), (np.zeros(3), self.claimed[left]))[1])
            place, other = slice(3 * node, 3 * node + 3), slice(3 * left, 3 * left + 3)
            mixing[place, place] = np.eye(3) - share
            mixing[place, other] = share
        self.claimed = fused
        self.actual = mixing @ self.actual @ mixing.T

    def worst(self) -> float:
        """Largest error variance over the claimed one in any direction at any node."""
        return max(
            float(
                np.linalg.eigvals(
                    np.linalg.solve(p, self.actual[3 * i : 3 * i + 3, 3 * i : 3 * i + 3])
                ).real.max()
            )
            for i, p in enumerate(self.claimed)
        )


def after(rule: Any, steps: int = 100) -> Ring:
    ring = Ring(rule)
    for _ in range(steps):
        ring.step()
    return ring


def test_in_a_ring_both_intersections_stay_honest_and_give_each_node_more_than_it_has_alone() -> None:
    careful, inverse = after(covariance_intersection), after(inverse_covariance_intersection)
    assert careful.worst() <= 1.0 + 1e-9
    # Proven only for shared information; here process noise is shared too, and it holds all the same.
    assert inverse.worst() <= 1.0 + 1e-9
    for ring in (careful, inverse):
        # Alone node 2 cannot tell a position, node 3 neither that nor a speed, and node 1 is bad at thrust.
        assert ring.claimed[0][2, 2] < BOOK[0][2][2]
        assert max(ring.claimed[1][0, 0], ring.claimed[2][0, 0]) < 4.0
    assert all(np.trace(i) < np.trace(c) for i, c in zip(inverse.claimed, careful.claimed, strict=True))


def test_in_a_ring_the_naive_sum_is_far_too_sure() -> None:
    assert after(lambda a, b: information_sum([a, b])).worst() > 10.0
