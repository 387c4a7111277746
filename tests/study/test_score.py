"""Scores by their definitions, against numbers worked out by hand."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trilat.fusion import TrackEstimate
from trilat.geo import FloatArray
from trilat.model import SECOND_NS
from trilat.scenario import named_scenario
from trilat.study.score import THREE_SIGMA_SQUARED, PartyScore, _Sample
from trilat.study.truth import Yardstick, nearest

COVARIANCE = np.diag([100.0, 100.0, 100.0, 1.0, 1.0, 1.0])


def estimate(offset_m: float, key: str = "t1") -> TrackEstimate:
    """An estimate that is wrong along x by so much, with sigmas of 10 m and 1 m/s."""
    return TrackEstimate(
        track_key=key,
        time_ns=0,
        mean=np.array([offset_m, 0.0, 0.0, 0.0, 0.0, 0.0]),
        covariance=COVARIANCE,
        stage="coast",
        confirmed=True,
        sources=frozenset({"JPN"}),
        updates=5,
        first_time_ns=0,
        last_update_ns=0,
    )


TRUTH: FloatArray = np.zeros(6)


def yardstick(**changes: Any) -> Any:
    """First plot at 1 s, last at 6 s, window from 3 s on."""
    return SimpleNamespace(
        **{"launch_ns": 0, "first_plot_s": 1.0, "last_plot_s": 6.0, "window_s": (3.0, 6.0)} | changes
    )


def score(offsets: list[float | None]) -> PartyScore:
    """One sample a second from 0 s on."""
    samples = [
        _Sample(second * SECOND_NS, TRUTH, None if offset is None else estimate(offset))
        for second, offset in enumerate(offsets)
    ]
    return PartyScore("JPN", samples=samples)


def test_the_three_sigma_region_is_that_of_three_dimensions() -> None:
    # Chi-square, 3 degrees: erf(sqrt(q/2)) - sqrt(2 q / pi) exp(-q/2) = 0.9973.
    q = THREE_SIGMA_SQUARED
    held = math.erf(math.sqrt(q / 2.0)) - math.sqrt(2.0 * q / math.pi) * math.exp(-q / 2.0)
    assert held == pytest.approx(0.9973, abs=2e-5)


def test_by_hand() -> None:
    """Seconds 0 to 7; before the first plot and after the last nothing counts.

    Second 1: none; 2: 5 m; 3: 30 m; 4: 40 m (past 3 sigma); 5: none; 6: 0 m. Held: 2, 3, 6 of six.
    Window: seconds 3, 4, 6 with 30, 40, 0 m: rmse = sqrt(2500 / 3). Central 10, 20, 20 m: sqrt(900 / 3).
    Bound 10 m in each. NEES/6: (9 + 16 + 0) / 3 / 6.
    """
    party = score([0.0, None, 5.0, 30.0, 40.0, None, 0.0, 0.0])
    central = [(estimate(value),) for value in (1.0, 1.0, 1.0, 10.0, 20.0, 1.0, 20.0, 1.0)]
    bound = np.full(8, 10.0)
    told = party.accuracy(yardstick(), central, bound)
    assert told["completeness"] == pytest.approx(3 / 6)
    assert told["position_rmse_m"] == pytest.approx(math.sqrt(2500 / 3))
    assert told["position_rmse_over_central"] == pytest.approx(math.sqrt(2500 / 900))
    assert told["position_rmse_over_crlb"] == pytest.approx(math.sqrt(2500 / 3) / 10.0)
    assert told["nees_mean"] == pytest.approx(25 / 18)


def test_the_edge_of_the_region_counts_and_what_is_beyond_does_not() -> None:
    edge = 10.0 * math.sqrt(THREE_SIGMA_SQUARED)
    central = [(estimate(1.0),)] * 3
    inside = score([None, edge * 0.999, edge * 0.999])
    outside = score([None, edge * 1.001, edge * 1.001])
    assert inside.accuracy(yardstick(last_plot_s=2.0), central, np.ones(3))["completeness"] == 1.0
    assert outside.accuracy(yardstick(last_plot_s=2.0), central, np.ones(3))["completeness"] == 0.0


@pytest.mark.parametrize(
    ("party", "stick"),
    [
        pytest.param(score([None] * 8), yardstick(), id="no estimate at all"),
        pytest.param(score([1.0] * 8), yardstick(window_s=None), id="no thrust, so no window"),
    ],
)
def test_what_cannot_be_said_is_none(party: PartyScore, stick: Any) -> None:
    told = party.accuracy(stick, [(estimate(1.0),)] * 8, np.ones(8))
    assert told["position_rmse_m"] is None
    assert told["position_rmse_over_central"] is None
    assert told["position_rmse_over_crlb"] is None
    assert told["nees_mean"] is None


def test_without_a_bound_the_ratio_to_it_is_none() -> None:
    told = score([1.0] * 8).accuracy(yardstick(), [(estimate(1.0),)] * 8, np.full(8, math.inf))
    assert told["position_rmse_over_crlb"] is None
    assert told["position_rmse_over_central"] == pytest.approx(1.0)


def test_without_seconds_between_plots_completeness_is_none() -> None:
    assert PartyScore("JPN").accuracy(yardstick(), [], np.ones(0))["completeness"] is None


def test_the_nearest_estimate_is_the_one_that_is_scored() -> None:
    far, near = estimate(50.0, "t1"), estimate(-4.0, "t2")
    assert nearest((far, near), TRUTH) is near
    assert nearest((), TRUTH) is None


def test_a_yardstick_measures_by_the_scenarios_own_record() -> None:
    """Figures of `two-stage-generic` as its module states them: burnout at 118 s, splash after 679 s."""
    yard = Yardstick(named_scenario("two-stage-generic"), 0)
    assert yard.window_s is not None
    assert yard.window_s[0] == pytest.approx(118.0 + 20.0, abs=0.5)
    assert yard.window_s[1] == yard.last_plot_s
    assert yard.impact_deg == pytest.approx((39.06, 137.36), abs=0.02)
    assert yard.truth_at(yard.launch_ns - 1) is None
    assert yard.truth_at(yard.launch_ns + 681 * SECOND_NS) is None
    state = yard.truth_at(yard.launch_ns + 118 * SECOND_NS)
    assert state is not None
    assert float(np.linalg.norm(state[3:])) == pytest.approx(2_608.0, abs=5.0)


def test_silent_parties_give_no_plots_and_change_nobody_elses() -> None:
    scenario = named_scenario("two-stage-generic")
    whole, silent = Yardstick(scenario, 5), Yardstick(scenario, 5, frozenset({"KOR"}))
    assert [plot for plot in whole.plots if plot.sensor_id != "R2"] == list(silent.plots)
    assert len(silent.plots) < len(whole.plots)


def test_an_orbit_has_no_window_and_no_impact() -> None:
    yard = Yardstick(named_scenario("false-report-2009"), 0)
    assert yard.window_s is None
    assert yard.impact_deg is None


def test_central_is_the_same_filter_with_everybodys_plots() -> None:
    """While only one party has seen anything it knows what that party knows; later it knows more."""
    yard = Yardstick(named_scenario("two-stage-generic"), 1)
    korea_alone = Yardstick(yard.scenario, 1, frozenset({"USA", "JPN"}))
    early, late = yard.launch_ns + 70 * SECOND_NS, yard.launch_ns + 150 * SECOND_NS
    central, alone = yard.central([early, late]), korea_alone.central([early, late])
    np.testing.assert_array_equal(central[0][0].mean, alone[0][0].mean)
    assert central[1][0].sources == {"USA", "KOR", "JPN"}
    truth = yard.truth_at(late)
    assert truth is not None
    together, single = nearest(central[1], truth), nearest(alone[1], truth)
    assert together is not None
    assert single is not None
    assert np.trace(together.covariance[:3, :3]) < np.trace(single.covariance[:3, :3])
    bound = yard.bound_m([late])
    assert 0.0 < float(bound[0]) < float(np.sqrt(np.trace(single.covariance[:3, :3])))
