"""The bank: switching without truth, the end of burn, and no covariance that is none, whatever comes."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilat.fusion import DirectionObservation, RadarObservation
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.lanes import carry_and_correct
from trilat.fusion.filters.measurement import KIND_RADAR, prepare
from trilat.fusion.filters.motion import propagate
from trilat.fusion.filters.stages import (
    COASTS_MAX,
    Bank,
    ballistic_coefficient,
    burn_end,
    mixture,
    predict_bank,
    score_bank,
    start_bank,
    update_bank,
)
from trilat.fusion.track import TrackerSettings, first_state

SETTINGS = TrackerSettings()


def started(plot: Any) -> Bank | None:
    start = first_state(plot, SETTINGS)
    return None if start is None else start_bank(start[0], start[1], 30.0)


def stepped(bank: Bank, plot: Any, seconds: float) -> Bank:
    bank = predict_bank(*bank, seconds, SETTINGS.boost_jerk_psd_m2_per_s5, 1e-7)
    args = (plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes)
    after: Bank = update_bank(*bank, *args, 0.0, 0)
    return after


def played(world: Any, plots: Any, until_s: float = 1e9) -> list[tuple[float, Bank]]:
    measurements = [prepare(plot) for plot in plots]
    bank = started(measurements[0])
    assert bank is not None
    now_ns, banks = measurements[0].time_ns, []
    for plot in measurements[1:]:
        second = (plot.time_ns - world.base_ns) / 1e9
        if second > until_s:
            break
        bank = stepped(bank, plot, (plot.time_ns - now_ns) / 1e9)
        now_ns = plot.time_ns
        banks.append((second, bank))
    return banks


def test_the_end_of_burn_is_found_within_its_sigma(world: Any, generic_flight: Any) -> None:
    off = []
    for seed in range(6):
        second, bank = played(world, world.radar_plots([generic_flight], 40 + seed), 180.0)[-1]
        age_s, sigma_s, weight = burn_end(bank)
        assert weight > 0.999
        assert 0.3 < sigma_s < 2.0
        off.append((second - age_s - 118.0) / sigma_s)
    # 6 degrees of freedom, 99.9 %.
    assert np.sum(np.square(off)) < 22.5


def test_before_any_end_of_burn_there_is_none(world: Any, generic_flight: Any) -> None:
    plot = prepare(world.radar_plots([generic_flight], 1)[0])
    bank = started(plot)
    assert bank is not None
    assert burn_end(bank) == (0.0, math.inf, 0.0)
    assert np.allclose(ballistic_coefficient(bank), (math.log(3000.0), 1.0))


def test_a_burning_object_has_hardly_ended_its_burn(world: Any, generic_flight: Any) -> None:
    for second, bank in played(world, world.radar_plots([generic_flight], 3), 116.0):
        if second > 95.0:
            assert burn_end(bank)[2] < 0.9
            assert mixture(*bank[:5])[2] < 0.9


@pytest.mark.parametrize("seed", range(4))
def test_no_commit_while_thrust_is_on(world: Any, generic_flight: Any, seed: int) -> None:
    """No run of three seconds above the published threshold inside a burn."""
    since = math.nan
    for second, bank in played(world, world.radar_plots([generic_flight], 70 + seed), 135.0):
        inside = any(begin <= second < end for begin, end in generic_flight.burns)
        if inside and bank[4][0] < 0.05:
            since = second if math.isnan(since) else since
            assert second - since < 3.0
        else:
            since = math.nan
    assert bank[4][0] < 0.05


def test_a_next_stage_takes_the_coast_back(world: Any) -> None:
    """A gap of 12 s is told as coast, and the ignition after it as boost."""
    flight = world.fly(((0.0, 65.0, 21.0, 52.0), (77.0, 118.0, 22.0, 47.0)), 45.0)
    banks = played(world, world.radar_plots([flight], 5), 112.0)
    gap = max(bank[4][1:].sum() for second, bank in banks if 70.0 < second < 77.0)
    burn = max(bank[4][1:].sum() for second, bank in banks if 90.0 < second < 112.0)
    assert gap > 0.8
    assert burn < 0.9
    assert mixture(*banks[-1][1][:5])[2] < 0.5


def test_the_same_calls_give_the_same_bits_and_write_to_nothing(world: Any, generic_flight: Any) -> None:
    plots = world.radar_plots([generic_flight], 9)[:120]
    first, second = played(world, plots), played(world, plots)
    for (_, one), (_, other) in zip(first, second, strict=True):
        for a, b in zip(one, other, strict=True):
            assert np.array_equal(a, b)
    before = [array.copy() for array in first[50][1]]
    stepped(first[50][1], prepare(plots[52]), 0.5)
    score_bank(*first[50][1][:5], *scored(prepare(plots[52])))
    assert all(np.array_equal(a, b) for a, b in zip(before, first[50][1], strict=True))


def scored(plot: Any) -> Any:
    return plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes


def plain_step(mean: Any, covariance: Any, plot: Any) -> Any:
    """The textbook's update in numpy."""
    away = mean[:3] - plot.site_m
    r = np.linalg.norm(away)
    u = away / r
    h = np.zeros((3, len(mean)))
    h[0, :3] = u
    h[1:, :3] = (plot.axes[1:] - np.outer(plot.axes[1:] @ u, u)) / r
    nu = plot.values - np.array([r, *(plot.axes[1:] @ u)])
    s = h @ covariance @ h.T + plot.covariance
    gain = covariance @ h.T @ np.linalg.inv(s)
    rest = np.eye(len(mean)) - gain @ h
    after = rest @ covariance @ rest.T + gain @ plot.covariance @ gain.T
    density = -0.5 * nu @ np.linalg.solve(s, nu) - 0.5 * math.log(np.linalg.det(2 * math.pi * s))
    return mean + gain @ nu, after, density


@pytest.mark.parametrize("n", [6, 7, 9])
def test_an_update_equals_the_textbooks(world: Any, generic_flight: Any, n: int) -> None:
    rng = np.random.default_rng(n)
    for plot in [prepare(p) for p in world.radar_plots([generic_flight], 2)[300:330]]:
        truth = np.concatenate(generic_flight.at((plot.time_ns - world.base_ns) / 1e9))
        mean = np.concatenate([truth, [8.0, 5.0, 2.0][: n - 6]])
        root = rng.standard_normal((n, n)) * np.array(([200.0] * 3 + [20.0] * 3 + [3.0] * 3)[:n])[:, None]
        covariance = root @ root.T
        got = update(mean, covariance, *scored(plot))
        expected = plain_step(mean, covariance, plot)
        scale = np.sqrt(np.diagonal(expected[1]))
        assert np.allclose((got[0] - expected[0]) / scale, 0.0, atol=1e-7)
        assert np.allclose((got[1] - expected[1]) / np.outer(scale, scale), 0.0, atol=1e-7)
        assert got[3] == pytest.approx(expected[2], rel=1e-9)


def test_many_tracks_in_one_call_equal_each_alone(world: Any, generic_flight: Any) -> None:
    plots = [prepare(p) for p in world.radar_plots([generic_flight], 2, ("R2",))[200:240]]
    means = np.array([np.concatenate(generic_flight.at((p.time_ns - world.base_ns) / 1e9)) for p in plots])
    covariances = np.tile(np.diag([1e5] * 3 + [1e3] * 3), (len(plots), 1, 1))
    seconds = np.linspace(0.0, 11.0, len(plots))
    rows: Any = [np.array(a) for a in zip(*(scored(p)[1:] for p in plots), strict=True)]
    alone = []
    for i, plot in enumerate(plots):
        mean, covariance = propagate(means[i], covariances[i], float(seconds[i]), 1e-4)
        alone.append(update(mean, covariance, *scored(plot)))
    distances = carry_and_correct(means, covariances, seconds, 1e-4, KIND_RADAR, *rows)
    for i, one in enumerate(alone):
        assert np.array_equal(means[i], one[0])
        assert np.array_equal(covariances[i], one[1])
        assert distances[i] == one[2]


def is_covariance(matrix: Any) -> bool:
    scale = np.sqrt(np.diagonal(matrix))
    if not (np.all(np.isfinite(matrix)) and np.all(scale > 0.0)):
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > 0.0)


SITES = st.sampled_from([(90.0, 0.0), (-90.0, 120.0), (0.0, 180.0), (36.0, 132.5), (89.999, -45.0)])
SIGMAS = st.sampled_from([1e-3, 1.0, 30.0, 1e5])
ANGLES = st.sampled_from([1e-8, 1e-6, 1e-3, 0.3])
ELEVATIONS = st.sampled_from([-0.05, 0.0, 0.5, 1.2, math.pi / 2 - 1e-9, math.pi / 2])
GAPS = st.sampled_from([0.0, 1e-9, 0.1, 1.0, 30.0, 600.0, 3600.0])


@st.composite
def extreme_plots(draw: Any) -> Any:
    """A plot of a legal kind at the edges of what can be said, and the seconds before it."""
    latitude, longitude = draw(SITES)
    angles = {
        "azimuth_rad": draw(st.floats(0.0, 6.28)),
        "elevation_rad": draw(ELEVATIONS),
        "azimuth_sigma_rad": draw(ANGLES),
        "elevation_sigma_rad": draw(ANGLES),
    }
    is_radar = draw(st.booleans())
    rate = draw(st.sampled_from([None, -7000.0, 0.0, 3000.0])) if is_radar else None
    return {
        "gap_s": draw(GAPS),
        "place": (latitude, longitude),
        "angles": angles,
        "range_m": draw(st.sampled_from([1.0, 2e4, 4e5, 3e6])) if is_radar else None,
        "range_sigma_m": draw(SIGMAS),
        "rate": rate,
    }


def observed(world: Any, given: Any) -> Any:
    latitude, longitude = given["place"]
    common = {
        "time_ns": 0,
        "source": "A",
        "sensor": "a",
        "site_ecef_m": world.geodetic(latitude, longitude, 10.0),
        "site_latitude_rad": math.radians(latitude),
        "site_longitude_rad": math.radians(longitude),
        **given["angles"],
    }
    if given["range_m"] is None:
        return prepare(DirectionObservation(**common))
    rate = given["rate"]
    return prepare(
        RadarObservation(
            **common,
            range_m=given["range_m"],
            range_sigma_m=given["range_sigma_m"],
            range_rate_m_per_s=rate,
            range_rate_sigma_m_per_s=None if rate is None else 0.5,
        )
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(extreme_plots(), min_size=2, max_size=12))
def test_whatever_comes_every_covariance_stays_one(world: Any, cases: Any) -> None:
    plots = [observed(world, case) for case in cases]
    bank = started(plots[0])
    if bank is None:
        return
    for case, plot in zip(cases[1:], plots[1:], strict=True):
        bank = stepped(bank, plot, case["gap_s"])
        mean, covariance, coast = mixture(*bank[:5])
        assert np.all(np.isfinite(mean))
        assert is_covariance(covariance)
        assert 0.0 <= coast <= 1.0
        assert np.isfinite(bank[4]).all()
        assert bank[4].sum() == pytest.approx(1.0)
        assert is_covariance(bank[1])
        for k in range(COASTS_MAX):
            if bank[4][k + 1] > 0.0:
                assert np.all(np.isfinite(bank[2][k]))
                assert is_covariance(bank[3][k])
        nearest, density = score_bank(*bank[:5], *scored(plot))
        assert nearest >= 0.0
        assert not math.isnan(density)
        assert burn_end(bank)[1] > 0.0
