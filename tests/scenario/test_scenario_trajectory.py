"""Trajectory: the noun and its interpolation, judged by closed forms."""

import numpy as np
import pytest

from trilat.model.errors import ScenarioError
from trilat.scenario import Trajectory

TIMES = np.array([0.0, 0.5, 2.0, 3.0])


def path(**changes):
    # A cubic path is reproduced exactly by the cubic between rows.
    position, velocity = cubic(TIMES)
    fields = {"object_id": "a", "t_s": TIMES, "position_m": position, "velocity_m_per_s": velocity}
    return Trajectory(**(fields | changes))


def cubic(t):
    t = np.asarray(t)[..., None]
    a, b, c = np.array([7e6, 1.0, -2.0]), np.array([10.0, 400.0, 0.0]), np.array([-5.0, 0.0, 3.0])
    d = np.array([0.1, -0.2, 0.3])
    return a + b * t + c * t**2 + d * t**3, b + 2 * c * t + 3 * d * t**2


def test_state_between_rows_is_the_cubic_through_them():
    times = np.linspace(0.0, 3.0, 31)
    position, velocity = path().state_at(times)
    expected_position, expected_velocity = cubic(times)
    assert position == pytest.approx(expected_position, abs=1e-8)
    assert velocity == pytest.approx(expected_velocity, abs=1e-8)


def test_state_at_one_instant_has_shape_three():
    position, velocity = path().state_at(1.0)
    assert position.shape == velocity.shape == (3,)


def test_arrays_are_frozen_copies():
    times = TIMES.copy()
    made = path(t_s=times)
    times[0] = 99.0
    assert made.t_s[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        made.position_m[0, 0] = 1.0


def test_burning_includes_ignition_and_excludes_burnout():
    made = path(burns=((0.0, 1.0), (2.0, 2.5)))
    assert made.burning([0.0, 0.99, 1.0, 2.0, 2.5]).tolist() == [True, True, False, True, False]
    assert made.last_burnout_s == 2.5
    assert path().last_burnout_s is None


def test_covers_only_its_own_time():
    assert path().covers([-0.1, 0.0, 3.0, 3.1]).tolist() == [False, True, True, False]


def test_equality_is_of_the_whole_value():
    moved = path().position_m.copy()
    moved[2, 1] += 1e-6
    assert path() == path()
    assert hash(path()) == hash(path())
    assert path() != path(position_m=moved)
    assert path() != path(burns=((0.0, 1.0),))
    assert path() != "a"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"object_id": ""}, "object ``"),
        ({"object_id": "a b"}, "object `a b`"),
        ({"object_id": "x" * 65}, "1 to 64"),
        ({"object_id": "a,b"}, "object `a,b`"),
        ({"t_s": np.array([0.0, 0.5, 0.5, 3.0])}, "times must increase"),
        ({"t_s": np.array([0.0, 2.0, 0.5, 3.0])}, "times must increase"),
        ({"t_s": np.array([0.0])}, "at least two rows"),
        ({"t_s": np.array([0.0, np.nan, 2.0, 3.0])}, "not finite"),
        ({"position_m": np.full((4, 3), np.inf)}, "not finite"),
        ({"position_m": np.zeros((3, 3))}, r"must be \(4, 3\)"),
        ({"velocity_m_per_s": np.zeros((4, 2))}, r"must be \(4, 3\)"),
        ({"burns": ((1.0, 1.0),)}, "burns must be in order"),
        ({"burns": ((1.0, 2.0), (1.5, 3.0))}, "burns must be in order"),
        ({"burns": ((0.0, float("nan")),)}, "burns must be in order"),
    ],
)
def test_what_is_not_a_path_is_refused(changes, text):
    with pytest.raises(ScenarioError, match=text):
        path(**changes)


@pytest.mark.parametrize("time", [-0.1, 3.1, float("nan")])
def test_a_path_is_not_continued(time):
    with pytest.raises(ScenarioError, match=r"known from 0\.0 to 3\.0 s only"):
        path().state_at(time)
