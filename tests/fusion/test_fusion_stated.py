"""What is stated of biases outside covers all of them and is coarse; which plots are of reference objects."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion import (
    BiasPrior,
    BiasTable,
    DirectionObservation,
    PositionReport,
    RadarObservation,
    References,
    corrected_tracklet,
    stated_apart,
    stated_class,
)
from trilat.model import ObservationError

NS = 1_000_000_000
START_NS = 1_577_836_800 * NS
STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
PRIOR = BiasPrior(15.0, 3e-4, 3e-4, 1e-3)


@settings(max_examples=300, deadline=None)
@given(sigma=st.floats(1e-9, 1e7))
def test_a_class_is_one_of_a_few_never_below_and_hardly_above(sigma: float) -> None:
    found = stated_class(sigma)
    assert found >= sigma * (1.0 - 1e-8)
    assert found <= max(1.0, 1.67 * sigma)
    power = 10.0 ** math.floor(math.log10(found) + 1e-9)
    assert min(abs(found / power - step) for step in STEPS) < 1e-9
    assert stated_class(found) == found


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rank=st.integers(1, 6),
    position=st.floats(-3.0, 4.0),
    speed=st.floats(-4.0, 2.0),
)
def test_the_two_classes_cover_all_that_biases_add(
    seed: int, rank: int, position: float, speed: float
) -> None:
    rng = np.random.default_rng(seed)
    scale = np.repeat([10.0**position, 10.0**speed], 3)
    lean = rng.standard_normal((6, rank)) * scale[:, None]
    constant = lean @ lean.T
    independent = np.diag(scale**2)
    covariance, sigma_m = stated_apart(independent, constant)
    added = covariance - independent
    speeds = np.diagonal(added)[3:]
    assert np.array_equal(added[:3, :], np.zeros((3, 6)))
    assert np.allclose(speeds, speeds[0], rtol=1e-6)
    assert stated_class(math.sqrt(speeds[0]) * 0.999, 0.01) == pytest.approx(math.sqrt(speeds[0]), rel=1e-6)
    whole = added + np.diag([sigma_m**2] * 3 + [0.0] * 3)
    # In units in which both parts are of size one, so that rounding is small in each.
    left = (whole - constant) / np.outer(scale, scale)
    assert np.linalg.eigvalsh(left)[0] > -1e-6 * np.max(np.abs(left))


def test_no_bias_at_all_is_stated_as_the_least_class() -> None:
    covariance, sigma_m = stated_apart(np.eye(6), np.zeros((6, 6)))
    assert sigma_m == 1.0
    assert np.allclose(np.diagonal(covariance), [1, 1, 1, 1.0001, 1.0001, 1.0001])


def table(**biases: float) -> BiasTable:
    values = [biases.get(name, 0.0) for name in ("range_m", "azimuth_rad", "elevation_rad", "clock_s")]
    return BiasTable((("KOR", "R2"),), np.array(values), np.diag(PRIOR.sigmas**2))


def state_ahead(world: Any, plot: RadarObservation) -> Any:
    _, lat, lon, _ = world.radars["R2"]
    local = plot.range_m * np.array(
        [
            math.cos(plot.elevation_rad) * math.sin(plot.azimuth_rad),
            math.cos(plot.elevation_rad) * math.cos(plot.azimuth_rad),
            math.sin(plot.elevation_rad),
        ]
    )
    return world.geodetic(lat, lon, 100.0) + world.local_axes(lat, lon).T @ local


@pytest.fixture(scope="module")
def echo(world: Any, generic_flight: Any) -> RadarObservation:
    plots = world.radar_plots([generic_flight], None)
    found: RadarObservation = next(plot for plot in plots if plot.sensor == "R2")
    return found


def test_a_tracklet_s_range_and_angles_lose_their_bias(world: Any, echo: RadarObservation) -> None:
    true = state_ahead(world, echo)
    wrong = dataclasses.replace(
        echo,
        range_m=echo.range_m + 40.0,
        azimuth_rad=echo.azimuth_rad + 1e-3,
        elevation_rad=echo.elevation_rad - 1e-3,
    )
    known = table(range_m=40.0, azimuth_rad=1e-3, elevation_rad=-1e-3)
    mean, _, left_m = corrected_tracklet(wrong, known, np.concatenate([true, np.zeros(3)]))
    assert np.linalg.norm(mean[:3] - true) < 0.5
    across_m = wrong.range_m * 3e-4
    assert left_m == pytest.approx(math.hypot(max(15.0, across_m), 4.0), rel=1e-6)


def test_a_clock_moves_the_object_and_not_the_stamp(world: Any, echo: RadarObservation) -> None:
    """A clock 0.1 s fast: the plot is of 0.1 s before its stamp, when a thing at 2 km/s was 200 m behind."""
    seen = state_ahead(world, echo)
    speed = np.array([2000.0, 0.0, 0.0])
    mean, _, _ = corrected_tracklet(echo, table(clock_s=0.1), np.concatenate([seen + 0.1 * speed, speed]))
    assert np.linalg.norm(mean[:3] - (seen + 0.1 * speed)) < 0.5


def test_a_direction_leaves_over_what_its_angles_do_at_the_object_s_distance(
    world: Any, echo: RadarObservation
) -> None:
    names = [field.name for field in dataclasses.fields(DirectionObservation)]
    direction = DirectionObservation(**{name: getattr(echo, name) for name in names})
    state = np.concatenate([state_ahead(world, echo), np.zeros(3)])
    _, _, left_m = corrected_tracklet(direction, table(), state)
    assert left_m == pytest.approx(echo.range_m * 3e-4, rel=1e-6)
    stranger = dataclasses.replace(direction, sensor="other")
    assert corrected_tracklet(stranger, table(), state)[2] == 0.0


# --- reference objects ---


class Sea:
    """Ships at rest some kilometres from R2, and its echoes of them."""

    def __init__(self, world: Any, echo: RadarObservation, away_km: Any = (10.0, 25.0)) -> None:
        self.world, self.echo = world, echo
        self.references = References({("KOR", "R2"): PRIOR})
        self.places = {
            f"s{number}": world.geodetic(38.5 + km / 111.0, 129.5, 10.0) for number, km in enumerate(away_km)
        }

    def report(self, second: float, name: str, place: Any = None) -> bool:
        position = self.places[name] if place is None else place
        report = PositionReport(START_NS + round(second * NS), "AIS", position, np.eye(3) * 100.0)
        return self.references.report(name, report)

    def plot(self, second: float, place: Any, off_m: float = 0.0) -> RadarObservation:
        _, lat, lon, _ = self.world.radars["R2"]
        enu = self.world.local_axes(lat, lon) @ (place - self.world.geodetic(lat, lon, 100.0))
        range_m = float(np.linalg.norm(enu))
        return dataclasses.replace(
            self.echo,
            time_ns=START_NS + round(second * NS),
            range_m=range_m + off_m,
            azimuth_rad=math.atan2(enu[0], enu[1]),
            elevation_rad=math.asin(enu[2] / range_m),
            range_rate_m_per_s=None,
        )

    def heard(self) -> "Sea":
        for second in (0.0, 10.0, 20.0):
            for name in self.places:
                assert self.report(second, name)
        return self


@pytest.fixture
def sea(world: Any, echo: RadarObservation) -> Sea:
    return Sea(world, echo).heard()


def test_echoes_of_ships_are_taken_and_tell_of_their_radar(sea: Sea) -> None:
    before = sea.references.told()[0]
    plots = [sea.plot(21.0, place) for place in sea.places.values()]
    assert sea.references.rest(plots) == []
    after = sea.references.told()[0]
    assert np.allclose(before, 0.0, atol=1e-9)
    assert after[0, 0] > 0.01
    assert sea.references.table().bias("KOR", "R2").updates == 2


@pytest.mark.parametrize(
    ("second", "moved_m", "off_m"),
    [
        pytest.param(21.0, (0.0, 0.0, 60e3), 0.0, id="an object far above the ship"),
        pytest.param(21.0, (0.0, 0.0, 0.0), 3000.0, id="an echo three kilometres behind it"),
        pytest.param(90.0, (0.0, 0.0, 0.0), 0.0, id="a ship that was silent for more than a minute"),
        pytest.param(-1.0, (0.0, 0.0, 0.0), 0.0, id="a plot from before the ship was heard"),
    ],
)
def test_what_is_not_of_a_ship_goes_on_to_the_tracker(
    sea: Sea, second: float, moved_m: Any, off_m: float
) -> None:
    up = sea.places["s0"] / np.linalg.norm(sea.places["s0"])
    plot = sea.plot(second, sea.places["s0"] + up * moved_m[2], off_m)
    assert sea.references.rest([plot]) == [plot]
    assert np.allclose(sea.references.told()[0], 0.0, atol=1e-9)


def test_a_ship_that_spoke_once_has_no_plots(world: Any, echo: RadarObservation) -> None:
    sea = Sea(world, echo)
    assert sea.report(20.0, "s0")
    plot = sea.plot(21.0, sea.places["s0"])
    assert sea.references.rest([plot]) == [plot]


def test_two_ships_side_by_side_and_two_echoes_of_one_tell_nothing(
    world: Any, echo: RadarObservation
) -> None:
    beside = Sea(world, echo, (10.0, 10.02)).heard()
    plot = beside.plot(21.0, beside.places["s0"])
    assert beside.references.rest([plot]) == [plot]
    alone = Sea(world, echo, (10.0,)).heard()
    twice = [alone.plot(21.0, alone.places["s0"], off_m) for off_m in (0.0, 20.0)]
    assert alone.references.rest(twice) == twice


def test_a_radar_far_outside_its_prior_is_counted_against_and_its_echoes_go_on(sea: Sea) -> None:
    for second in range(21, 31):
        if second % 10 == 0:
            sea.report(float(second), "s0")
        plot = sea.plot(float(second), sea.places["s0"], 130.0)
        sea.references.rest([plot])
    found = sea.references.table().bias("KOR", "R2")
    assert found.suspect
    assert found.updates + found.refused > 5


def test_what_is_no_report_is_refused(sea: Sea) -> None:
    with pytest.raises(ObservationError, match="is not a position report"):
        sea.references.report("s0", sea.plot(21.0, sea.places["s0"]))  # type: ignore[arg-type]
    with pytest.raises(ObservationError, match="name"):
        sea.report(30.0, "", sea.places["s0"])
    assert not sea.report(5.0, "s0")


def test_directions_are_of_no_ship(sea: Sea) -> None:
    plot = sea.plot(21.0, sea.places["s0"])
    names = [field.name for field in dataclasses.fields(DirectionObservation)]
    direction = DirectionObservation(**{name: getattr(plot, name) for name in names})
    assert sea.references.rest([direction]) == [direction]
