"""States to the wire and back: what is lost is stated, and the covariance stays one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.domains import degrees_of, place_of, state_of
from trilat.domains.missile.conversion import ellipse_of, kinematics_of
from trilat.geo import FloatArray
from trilat.model import Kinematics

POSITION_ERROR_M = 0.5e-3
"""Half a millimetre: positions and velocities are whole millimetres."""


@st.composite
def states(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    """A mean within 10,000 km and a covariance with sigmas of a centimetre to 1,000 km, turned at random."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mean = generator.uniform(-1e7, 1e7, 6)
    mean[3:] *= 1e-3
    sigmas = 10.0 ** generator.uniform(-2, draw(st.integers(-1, 6)), 6)
    turn, _ = np.linalg.qr(generator.normal(size=(6, 6)))
    covariance = turn @ np.diag(sigmas**2) @ turn.T
    return mean, 0.5 * (covariance + covariance.T)


@settings(max_examples=200, deadline=None)
@given(states())
def test_the_round_trip_keeps_mean_and_covariance(state: tuple[FloatArray, FloatArray]) -> None:
    mean, covariance = state
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return
    back_mean, back = state_of(kinematics_of(7, mean, covariance))
    assert np.all(np.abs(back_mean - mean) <= POSITION_ERROR_M + 1e-9)
    assert np.all(np.linalg.eigvalsh(back) > 0.0)
    np.testing.assert_array_equal(back, back.T)
    # Entries of the factor are rounded to a micrometre; the product changes by 2 sigma of that, and the
    # rounding to millimetres is added to the positions.
    factor = np.linalg.cholesky(covariance)
    largest = float(np.abs(factor).max())
    bound = 6.0 * (2.0 * largest * 1.0e-6 + 1.0e-12) + 1.0e-7 + 1e-9 * largest**2
    assert float(np.abs(back - covariance).max()) <= bound


def test_a_certain_state_still_has_a_covariance() -> None:
    _, back = state_of(kinematics_of(0, np.zeros(6), np.eye(6) * 1e-16))
    assert np.all(np.linalg.eigvalsh(back) > 0.0)


def test_what_is_no_covariance_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        kinematics_of(0, np.zeros(6), np.diag([1.0, 1.0, -1.0, 1.0, 1.0, 1.0]))


def test_the_constant_error_is_added_to_the_position() -> None:
    plain = kinematics_of(0, np.zeros(6), np.eye(6) * 4.0)
    kept = {name: getattr(plain, name) for name in plain.__struct_fields__}
    coarse = Kinematics(**(kept | {"constant_sigma_mm": 3_000}))
    difference = state_of(coarse)[1] - state_of(plain)[1]
    np.testing.assert_allclose(difference, np.diag([9.0, 9.0, 9.0, 0.0, 0.0, 0.0]), atol=1e-9)


@pytest.mark.parametrize(
    ("major", "minor", "bearing", "expected"),
    [
        (1_000.2, 999.9, 10.0, (1_001, 1_000, 10_000)),
        (0.0, 0.0, 0.0, (1, 1, 0)),
        (5.0, 5.0, 180.0, (5, 5, 0)),
        (5.0, 5.0, -45.0, (5, 5, 135_000)),
        (5.0, 5.0, 359.9999, (5, 5, 0)),
        (9e9, 10.0, 0.0, (20_100_000, 10, 0)),
    ],
)
def test_an_ellipse_is_never_drawn_smaller(
    major: float, minor: float, bearing: float, expected: tuple[int, int, int]
) -> None:
    ellipse = ellipse_of(40.0, 140.0, major, minor, bearing)
    assert (ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.bearing_mdeg) == expected


@pytest.mark.parametrize(
    ("longitude", "wrapped"), [(0.0, 0.0), (190.0, -170.0), (-190.0, 170.0), (540.0, -180.0), (179.9, 179.9)]
)
def test_a_longitude_is_wrapped(longitude: float, wrapped: float) -> None:
    latitude, back = degrees_of(place_of(12.3456789, longitude))
    assert latitude == pytest.approx(12.3456789, abs=1e-7)
    assert back == pytest.approx(wrapped, abs=1e-7)
