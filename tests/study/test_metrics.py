"""Scores judged by Stone Soup, by brute force over permutations, and by closed forms."""

import datetime as dt
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stonesoup.dataassociator.tracktotrack import TrackToTruth
from stonesoup.measures import Euclidean, SquaredMahalanobis
from stonesoup.metricgenerator.manager import MultiManager
from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics
from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
from stonesoup.types.state import GaussianState, State
from stonesoup.types.track import Track

from trilat import study
from trilat.model.errors import UsageError

# Stone Soup's own examples keep time without a zone.
EPOCH = dt.datetime.fromisoformat("2020-01-01")
S = 1_000_000_000
EQUAL = 1e-9
POSITION, VELOCITY = (0, 1, 2), (3, 4, 5)


def at(second: int) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=second)


def scattered(seed: int) -> tuple[Any, Any]:
    """True positions, most of them with an estimate near, some missed, some estimates of nothing."""
    rng = np.random.default_rng(seed)
    truths = rng.uniform(-1e4, 1e4, size=(rng.integers(1, 30), 3))
    seen = truths[rng.random(len(truths)) < 0.8]
    estimates = seen + rng.normal(scale=300.0, size=seen.shape)
    false = rng.uniform(-1e4, 1e4, size=(rng.integers(0, 6), 3))
    return rng.permutation(np.concatenate([estimates, false])), truths


def states(points: Any) -> list[State]:
    return [State(point, timestamp=EPOCH) for point in points]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("cutoff", "order"), [(1000.0, 1.0), (500.0, 2.0), (2500.0, 2.0), (1000.0, 3.0)])
def test_gospa_is_that_of_stone_soup(seed: int, cutoff: float, order: float) -> None:
    estimates, truths = scattered(seed)
    judge = GOSPAMetric(c=cutoff, p=order, measure=Euclidean())
    expected = judge.compute_gospa_metric(states(estimates), states(truths))[0].value
    found = study.gospa(estimates, truths, cutoff, order)
    assert found.distance == pytest.approx(expected["distance"], rel=EQUAL)
    for part in ("localisation", "missed", "false"):
        assert getattr(found, part) == pytest.approx(expected[part], rel=EQUAL, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("cutoff", [500.0, 2500.0])
def test_ospa_of_order_one_is_that_of_stone_soup(seed: int, cutoff: float) -> None:
    estimates, truths = scattered(seed)
    expected = OSPAMetric(c=cutoff, p=1.0).compute_OSPA_distance(states(estimates), states(truths)).value
    assert study.ospa(estimates, truths, cutoff) == pytest.approx(expected, rel=EQUAL)


def test_ospa_of_order_two_is_that_of_stone_soup_where_nothing_is_in_doubt() -> None:
    # Stone Soup 1.9.1 assigns by the distances themselves, not by their powers as the definition does, so its
    # value is the metric only where both give the same assignment, as here, where objects lie far apart.
    grid = np.stack(np.meshgrid(*[[0.0, 1e5, 2e5]] * 3), axis=-1).reshape(-1, 3)
    near = grid[:20] + np.random.default_rng(3).normal(scale=200.0, size=(20, 3))
    expected = OSPAMetric(c=1000.0, p=2.0).compute_OSPA_distance(states(near), states(grid)).value
    assert study.ospa(near, grid, 1000.0, 2.0) == pytest.approx(expected, rel=EQUAL)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("order", [1.0, 2.0, 3.0])
def test_ospa_is_the_least_over_all_permutations(seed: int, order: float) -> None:
    rng = np.random.default_rng(seed)
    few, many = rng.uniform(0, 1000, size=(4, 3)), rng.uniform(0, 1000, size=(6, 3))
    least = min(
        sum(min(600.0, math.dist(few[i], many[j])) ** order for i, j in enumerate(chosen))
        for chosen in itertools.permutations(range(6), 4)
    )
    expected = ((least + 2 * 600.0**order) / 6) ** (1 / order)
    assert study.ospa(few, many, 600.0, order) == pytest.approx(expected, rel=1e-12)
    assert study.ospa(many, few, 600.0, order) == pytest.approx(expected, rel=1e-12)


points = st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 3), max_size=5)


@settings(max_examples=60)
@given(points, points, points, st.sampled_from([1.0, 2.0]))
def test_both_are_metrics(a: Any, b: Any, c: Any, order: float) -> None:
    for distance in (study.ospa, lambda x, y, cut, p: study.gospa(x, y, cut, p).distance):
        direct = distance(a, b, 1e3, order)
        assert direct == pytest.approx(distance(b, a, 1e3, order), rel=1e-9)
        assert direct <= distance(a, c, 1e3, order) + distance(c, b, 1e3, order) + 1e-6
        assert distance(a, a, 1e3, order) == 0.0


def test_sets_without_objects() -> None:
    assert study.ospa([], [], 100.0) == 0.0
    assert study.ospa([], [[0.0, 0.0, 0.0]], 100.0) == 100.0
    nothing = study.gospa([], [], 100.0)
    assert (nothing.distance, nothing.assignment) == (0.0, ())
    missed = study.gospa([], [[0.0, 0.0, 0.0]] * 2, 100.0)
    assert (missed.missed_count, missed.false_count, missed.missed) == (2, 0, 100.0**2)
    assert missed.assignment == (-1, -1)
    false = study.gospa([[0.0, 0.0, 0.0]], [], 100.0)
    assert (false.missed_count, false.false_count) == (0, 1)
    assert false.distance == pytest.approx(100 / 2**0.5)


def test_a_pair_at_the_cutoff_is_a_miss_and_a_false_track() -> None:
    found = study.gospa([[100.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]], 100.0)
    assert (found.missed_count, found.false_count, found.localisation) == (1, 1, 0.0)
    assert found.distance == pytest.approx(100.0)


def moved(seed: int, seconds: int = 60) -> tuple[list[study.History], list[study.History]]:
    """Objects that fly, and tracks of them that begin late, break, or are of nothing."""
    rng = np.random.default_rng(seed)
    clock = np.arange(seconds)
    truths: list[study.History] = []
    tracks: list[study.History] = []
    for number in range(rng.integers(1, 5)):
        first = int(rng.integers(0, 10))
        life = clock[first : seconds - int(rng.integers(0, 10))]
        start, speed = rng.uniform(-2e3, 2e3, 3), rng.uniform(-100, 100, 3)
        state = np.concatenate([start + life[:, None] * speed, np.tile(speed, (life.size, 1))], axis=1)
        truths.append(study.History(f"o{number}", life * S, state))
        for part in np.array_split(np.arange(life.size), rng.integers(1, 4)):
            rows = part[int(rng.integers(0, 4)) :]
            noisy = state[rows] + rng.normal(scale=[120.0] * 3 + [5.0] * 3, size=(rows.size, 6))
            if rows.size:
                tracks.append(study.History(f"t{len(tracks)}", life[rows] * S, noisy))
    away = np.tile([9e5, 0, 0, 0, 0, 0.0], (20, 1))
    tracks.append(study.History("false", clock[20:40] * S, away))
    return tracks, truths


def soup_of(tracks: Any, truths: Any) -> tuple[list[Track], list[GroundTruthPath]]:
    def path(history: Any, kind: Any) -> list[Any]:
        rows = zip(history.time_ns, history.state, strict=True)
        return [kind(list(state), timestamp=at(int(time_ns) // S)) for time_ns, state in rows]

    soup_tracks = [Track(path(track, State), id=track.key) for track in tracks]
    return soup_tracks, [GroundTruthPath(path(truth, GroundTruthState), id=truth.key) for truth in truths]


TITLES = {
    "completeness": "SIAP Completeness",
    "ambiguity": "SIAP Ambiguity",
    "spuriousness": "SIAP Spuriousness",
    "position_accuracy_m": "SIAP Position Accuracy",
    "velocity_accuracy_m_per_s": "SIAP Velocity Accuracy",
    "track_number_change_rate_per_s": "SIAP Rate of Track Number Change",
    "longest_track_segment": "SIAP Longest Track Segment",
}


def siap_of_stone_soup(tracks: Any, truths: Any, threshold: float, confirm: int, end: int) -> Any:
    soup_tracks, soup_truths = soup_of(tracks, truths)
    manager = MultiManager(
        [
            SIAPMetrics(
                position_measure=Euclidean(mapping=POSITION), velocity_measure=Euclidean(mapping=VELOCITY)
            )
        ],
        associator=TrackToTruth(
            association_threshold=threshold,
            consec_pairs_confirm=confirm,
            consec_misses_end=end,
            measure=Euclidean(mapping=POSITION),
        ),
    )
    manager.add_data({"tracks": soup_tracks, "groundtruth_paths": soup_truths})
    metrics = manager.generate_metrics()["siap_generator"]
    return {name: metrics[title].value for name, title in TITLES.items()}


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("threshold", "confirm", "end"), [(500.0, 3, 2), (250.0, 2, 3), (200.0, 2, 1)])
def test_siap_is_that_of_stone_soup(seed: int, threshold: float, confirm: int, end: int) -> None:
    tracks, truths = moved(seed)
    expected = siap_of_stone_soup(tracks, truths, threshold, confirm, end)
    found = study.siap(tracks, truths, threshold, confirm, end)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=EQUAL, abs=1e-12), name


def history(key: str, seconds: Any, x_m: Any) -> study.History:
    state = np.zeros((len(seconds), 6))
    state[:, 0] = x_m
    return study.History(key, np.asarray(seconds) * S, state)


def test_siap_of_a_track_that_is_relieved_by_another() -> None:
    # By hand: 10 s of an object of which t1 has the first five samples and t2 the last four.
    truth = history("o", range(10), 0.0)
    tracks = [history("t1", range(5), 3.0), history("t2", range(6, 10), 4.0)]
    found = study.siap(tracks, [truth], 100.0)
    assert found.completeness == pytest.approx(9 / 10)
    assert (found.ambiguity, found.spuriousness) == (1.0, 0.0)
    assert found.position_accuracy_m == pytest.approx((5 * 3.0 + 4 * 4.0) / 9)
    assert found.track_number_change_rate_per_s == pytest.approx(1 / (4 + 3))
    assert found.longest_track_segment == pytest.approx(4 / 9)


def test_a_relief_that_ends_as_it_begins_does_not_end_the_count() -> None:
    # Stone Soup 1.9.1 leaves its loop where a segment ends at the very instant at which it is taken up (here
    # t2's, at second 6), and does not count what follows; all three tracks are needed here.
    truth = history("o", range(12), 0.0)
    tracks = [history("t1", range(6), 1.0), history("t2", range(3, 7), 2.0), history("t3", range(7, 12), 3.0)]
    found = study.siap(tracks, [truth], 100.0)
    assert found.track_number_change_rate_per_s == pytest.approx(2 / 10)
    counted = siap_of_stone_soup(tracks, [truth], 100.0, 3, 2)["track_number_change_rate_per_s"]
    assert counted == pytest.approx(1 / 10)


def test_siap_without_tracks_or_without_objects() -> None:
    truth = history("o", range(5), 0.0)
    none = study.siap([], [truth], 100.0)
    assert (none.completeness, none.ambiguity, none.spuriousness, none.longest_track_segment) == (0, 1, 0, 0)
    assert study.siap([truth], [], 100.0).spuriousness == 1.0
    assert study.siap([], [], 100.0).ambiguity == 1.0


@pytest.mark.parametrize("seed", range(10))
def test_gospa_over_time_is_that_of_stone_soup(seed: int) -> None:
    tracks, truths = moved(seed)
    steady = history("steady", range(60), -8e5)
    soup_tracks, soup_truths = soup_of([*tracks, steady], truths)
    judge = GOSPAMetric(c=400.0, p=2.0, switching_penalty=150.0, measure=Euclidean(mapping=POSITION))
    manager = MultiManager([judge])
    manager.add_data({"tracks": soup_tracks, "groundtruth_paths": soup_truths})
    expected = manager.generate_metrics()["gospa_generator"]["GOSPA Metrics"].value

    def there(histories: Any, second: int) -> dict[str, Any]:
        rows = {one.key: int(one.rows_at(np.array([second * S]))[0]) for one in histories}
        return {one.key: one.state[rows[one.key], :3] for one in histories if rows[one.key] >= 0}

    instants = [
        study.Instant(there([*tracks, steady], second), there(truths, second)) for second in range(60)
    ]
    found = study.gospa_over_time(instants, 400.0, 2.0, 150.0)
    assert [row.distance for row in found] == pytest.approx(
        [m.value["distance"] for m in expected], rel=EQUAL
    )
    assert any(row.switching > 0.0 for row in found)
    for row in found:
        parts = row.localisation + row.missed + row.false + row.switching
        assert row.distance**2 == pytest.approx(parts, rel=1e-12)


def test_an_object_that_is_lost_and_found_again_pays_two_halves() -> None:
    held = study.Instant({"t": [1.0, 0.0]}, {"o": [0.0, 0.0]})
    lost = study.Instant({}, {"o": [0.0, 0.0]})
    rows = study.gospa_over_time([held, held, lost, lost, held], 10.0, 2.0, 4.0)
    assert [row.switching for row in rows] == [0.0, 0.0, 8.0, 0.0, 8.0]


@pytest.mark.parametrize("seed", range(5))
def test_nees_is_the_squared_mahalanobis_distance_of_stone_soup(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(6, 6)) * np.array([[300.0]] * 3 + [[2.0]] * 3)
    covariance, error = factor @ factor.T, rng.normal(size=6) * 50
    expected = SquaredMahalanobis()(GaussianState(error, covariance), State(np.zeros(6)))
    assert study.nees(error, covariance) == pytest.approx(expected, rel=1e-7)
    stacked = study.nis(np.tile(error, (2, 4, 1)), np.tile(covariance, (2, 4, 1, 1)))
    assert stacked.shape == (2, 4)
    assert stacked == pytest.approx(np.full((2, 4), expected), rel=1e-7)


def test_the_mean_of_honest_errors_lies_in_the_honest_interval() -> None:
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(6, 6))
    errors = rng.normal(size=(400, 6)) @ factor.T
    value = float(study.nees(errors, np.tile(factor @ factor.T, (400, 1, 1))).mean() / 6)
    low, high = study.honest_interval(6, 400)
    assert low < value < high
    # Bar-Shalom, Li and Kirubarajan (2001), example in 5.4.2: 50 runs of two states, 95 %: 1.5 to 2.6.
    assert np.multiply(2, study.honest_interval(2, 50)) == pytest.approx([1.5, 2.6], abs=0.06)


def test_errors_in_numbers_that_can_be_reckoned_by_hand() -> None:
    errors = [[3.0, 4.0, 0.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    assert study.position_rmse_m(errors) == pytest.approx(5 / 2**0.5)
    assert study.velocity_rmse_m_per_s(errors) == pytest.approx(3 / 2**0.5)


ONE = [[0.0, 0.0, 0.0]]
TRUTH = history("o", range(5), 0.0)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: study.position_rmse_m(np.zeros((0, 6))), "a row"),
        (lambda: study.position_rmse_m(np.zeros(3)), "shape"),
        (lambda: study.velocity_rmse_m_per_s(np.full(6, np.nan)), "not finite"),
        (lambda: study.nees(np.zeros(6), np.eye(5)), "need covariances"),
        (lambda: study.nees(np.zeros(2), -np.eye(2)), "variance"),
        (lambda: study.nees(np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]])), "positive definite"),
        (lambda: study.nis(np.zeros(2), np.full((2, 2), np.inf)), "not finite"),
        (lambda: study.honest_interval(0, 5), "positive"),
        (lambda: study.honest_interval(6, 5, 1.0), "between 0 and 1"),
        (lambda: study.ospa(ONE, ONE, 0.0), "cut-off"),
        (lambda: study.ospa(ONE, ONE, math.nan), "cut-off"),
        (lambda: study.ospa(ONE, ONE, 1.0, 0.5), "order"),
        (lambda: study.ospa(ONE, ONE, 1.0, math.inf), "order"),
        (lambda: study.gospa([[math.nan] * 3], ONE, 1.0), "`estimates`"),
        (lambda: study.gospa(ONE, [0.0, 1.0], 1.0), "`truths`"),
        (lambda: study.gospa(ONE, [[0.0, 1.0]], 1.0), "coordinates"),
        (lambda: study.gospa_over_time([], 1.0, 2.0, -1.0), "penalty"),
        (lambda: study.siap([TRUTH], [TRUTH], 0.0), "threshold"),
        (lambda: study.siap([TRUTH], [TRUTH], math.inf), "threshold"),
        (lambda: study.siap([TRUTH], [TRUTH], 1.0, confirm=0), "positive"),
        (lambda: study.associate([TRUTH], [TRUTH], 1.0, end=0), "positive"),
        (lambda: study.History("x", np.zeros(0, dtype=np.int64), np.zeros((0, 6))), "`x`"),
        (lambda: study.History("x", np.arange(2), np.zeros((2, 3))), "states"),
        (lambda: study.History("x", np.array([1, 1]), np.zeros((2, 6))), "must grow"),
        (lambda: study.History("x", np.arange(2), np.full((2, 6), np.inf)), "not finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(call: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        call()


def test_a_history_is_a_frozen_copy() -> None:
    instants = np.arange(3)
    kept = study.History("o", instants, np.zeros((3, 6)))
    instants[0] = 9
    assert kept.time_ns[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept.state[0, 0] = 1.0
