"""The considered constant error: the textbook's joint filter, which no repeat shrinks; and no bit else."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilat.fusion import EquivalentObservation, Tracker, coasted, equivalent_measurement, launch_estimate
from trilat.fusion.filters.consider import blend_cross, carry_cross, correct_considering
from trilat.fusion.filters.kalman import correct
from trilat.fusion.filters.measurement import KIND_EQUIVALENT, innovation, prepare
from trilat.fusion.filters.motion import room
from trilat.model.errors import ObservationError

S = 1_000_000_000
NOW_NS = 1_238_898_815 * S
COAST = np.array([-3.21e6, 3.89e6, 4.26e6, -1.9e3, 1.3e2, 8.7e2])
WIDE = np.diag([4e6] * 3 + [1e4] * 3)
NOISE = np.diag([900.0, 2.5e5, 1.6e5, 1e10, 1e10, 1e10])


def tracklet(seconds: float, source: str = "KOR", constant_m: float = 0.0, off_m: Any = 0.0) -> Any:
    """A tracklet of a falling body, `off_m` from the truth."""
    mean, _ = coasted(COAST, np.eye(6), seconds)
    moved = mean + np.concatenate([np.broadcast_to(off_m, 3), np.zeros(3)])
    time_ns = NOW_NS + round(seconds * S)
    return EquivalentObservation(time_ns, source, moved, NOISE, constant_sigma_m=constant_m)


def considered(state: Any, plot: Any, cross: Any, sigma_m: float = 0.0, column: int = 0) -> Any:
    """The distance and density of one step, which changes the state (mean, covariance) and `cross`."""
    mean, covariance = state
    return correct_considering(
        mean,
        covariance,
        mean.shape[0],
        plot.kind,
        plot.values,
        plot.covariance,
        plot.site_m,
        plot.axes,
        room(),
        cross,
        sigma_m,
        column,
    )


def moved_matrix(mean: Any, seconds: float) -> Any:
    """Phi (6, 6) by differences of the motion of the mean."""
    here, _ = coasted(mean, np.eye(6), seconds)
    steps = np.diag([10.0] * 3 + [0.1] * 3)
    columns = [(coasted(mean + step, np.eye(6), seconds)[0] - here) / step.max() for step in steps]
    return np.array(columns).T


class Joint:
    """The textbook: state and constant errors in one covariance, of which the gain of the errors is zero."""

    def __init__(self, partners: int) -> None:
        self.mean, self.size = COAST + 500.0, 6 + 3 * partners
        self.covariance = np.eye(self.size)
        self.covariance[:6, :6] = WIDE

    def carry(self, seconds: float) -> None:
        phi = np.eye(self.size)
        phi[:6, :6] = moved_matrix(self.mean, seconds)
        self.mean, _ = coasted(self.mean, np.eye(6), seconds)
        self.covariance = phi @ self.covariance @ phi.T

    def take(self, plot: Any, partner: int, sigma_m: float) -> None:
        nu, jacobian, _ = innovation(self.mean, plot.kind, plot.values, plot.site_m, plot.axes)
        h = np.hstack([jacobian, np.zeros((len(nu), self.size - 6))])
        if sigma_m:
            h[:3, 6 + 3 * partner : 9 + 3 * partner] = sigma_m * np.eye(3)
        spread = h @ self.covariance @ h.T + plot.covariance
        gain = self.covariance @ h.T @ np.linalg.inv(spread)
        gain[6:] = 0.0
        rest = np.eye(self.size) - gain @ h
        self.mean = self.mean + gain[:6] @ nu
        self.covariance = rest @ self.covariance @ rest.T + gain @ plot.covariance @ gain.T


def test_it_is_the_joint_filter_of_the_textbook_with_the_errors_gain_left_out(
    world: Any, generic_flight: Any
) -> None:
    """Two partners with constant errors and a radar of our own, in turn."""
    site_plot = next(p for p in world.radar_plots([generic_flight], 4) if p.time_ns > world.base_ns + 120 * S)
    joint, mean, covariance = Joint(2), COAST + 500.0, WIDE.copy()
    cross = np.zeros((9, 6))
    rng = np.random.default_rng(8)
    for step in range(30):
        joint.carry(1.0)
        carry_cross(mean, 6, 1.0, cross)
        mean, covariance = (a.copy() for a in coasted(mean, covariance, 1.0, 0.0))
        partner, sigma_m = step % 3, (300.0, 120.0, 0.0)[step % 3]
        plot = prepare(tracklet(step + 1.0, "KOR", sigma_m, rng.standard_normal(3) * 200.0))
        if partner == 2:
            # Some radar that sees the body: what matters is its geometry.
            near = mean[:3] - 4e5 * site_plot.site_ecef_m / np.linalg.norm(site_plot.site_ecef_m)
            plot = dataclasses.replace(prepare(site_plot), site_m=near)
            line = (mean[:3] - near) / np.linalg.norm(mean[:3] - near)
            side = np.cross(line, [0.0, 0.0, 1.0])
            side /= np.linalg.norm(side)
            plot = dataclasses.replace(plot, axes=np.array([line, side, np.cross(side, line)]))
            plot = dataclasses.replace(plot, values=np.array([4e5 + 30.0, 1e-4, -2e-4]))
        joint.take(plot, partner % 2, sigma_m)
        considered((mean, covariance), plot, cross, sigma_m, 3 * (partner % 2))
        sigmas = np.sqrt(np.diagonal(joint.covariance))
        assert np.allclose(mean, joint.mean, atol=1e-2)
        assert np.allclose(
            covariance / np.outer(sigmas[:6], sigmas[:6]),
            joint.covariance[:6, :6] / np.outer(sigmas[:6], sigmas[:6]),
            atol=1e-5,
        )
        assert np.allclose(
            cross[:6] / sigmas[:6, None], joint.covariance[:6, 6:] / sigmas[:6, None], atol=1e-5
        )
    # The premise: the errors are felt.
    assert np.max(np.abs(cross[:6] / sigmas[:6, None])) > 0.3


@pytest.mark.parametrize("states", [6, 7, 9])
def test_without_a_constant_error_a_step_gives_the_very_bits_of_the_plain_filter(
    world: Any, generic_flight: Any, states: int
) -> None:
    plots = [*world.radar_plots([generic_flight], 4)[200:204], tracklet(0.0)]
    for plot in map(prepare, plots):
        mean = np.zeros(states)
        mean[:6] = plot.values if plot.kind == KIND_EQUIVALENT else COAST
        if plot.kind != KIND_EQUIVALENT:
            mean[:3] = plot.site_m + plot.values[0] * plot.axes[0] + 50.0
        covariance = np.eye(states)
        covariance[:6, :6] = WIDE
        plain, wide = (mean.copy(), covariance.copy()), (mean.copy(), covariance.copy())
        told = correct(
            *plain, states, plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes, room()
        )
        assert considered(wide, plot, np.zeros((9, 0))) == told
        assert plain[0].tobytes() == wide[0].tobytes()
        assert plain[1].tobytes() == wide[1].tobytes()
        # Nor does a plot that states none change its own filter's arithmetic because a partner did.
        assert considered((mean, covariance), plot, np.full((9, 3), 0.1)) == told
        assert plain[0].tobytes() == mean.tobytes()
        assert plain[1].tobytes() == covariance.tobytes()


def known(plots: Any, seconds: float) -> Any:
    tracker = Tracker()
    for plot in plots:
        tracker.add(plot)
    (estimate,) = tracker.estimates(NOW_NS + round(seconds * S))
    return estimate


def test_repeats_do_not_shrink_what_is_the_same_in_all_of_them() -> None:
    off_m = np.array([400.0, -250.0, 100.0])
    honest = known([tracklet(t, constant_m=300.0, off_m=off_m) for t in range(120)], 119.0)
    # The premise: taken as new each time, the same plots claim to know far better, and are wrong.
    noise = NOISE + np.diag([9e4] * 3 + [0.0] * 3)
    plain = [dataclasses.replace(tracklet(t, off_m=off_m), covariance=noise) for t in range(120)]
    naive = known(plain, 119.0)
    truth = coasted(COAST, np.eye(6), 119.0)[0]
    least = [math.sqrt(np.linalg.eigvalsh(e.covariance[:3, :3])[0]) for e in (honest, naive)]
    assert least[0] > 300.0
    assert least[1] < 150.0
    nees = [
        float((e.mean - truth) @ np.linalg.solve(e.covariance, e.mean - truth)) / 6 for e in (honest, naive)
    ]
    assert nees[0] < 1.0
    assert nees[1] > 2.0


@pytest.mark.parametrize("sigmas_m", [(200.0, 150.0), (150.0, 200.0), (1000.0, 150.0), (150.0, 1000.0)])
def test_a_stated_figure_that_changes_while_the_error_stays_tells_nothing_of_the_error(sigmas_m: Any) -> None:
    """Were the error to scale with what is stated, two figures would show it: x is not z2 + 3 (z2 - z1)."""
    off_m = np.full(3, 140.0)
    plots = [tracklet(t, constant_m=sigmas_m[t >= 60], off_m=off_m) for t in range(120)]
    truth = coasted(COAST, np.eye(6), 119.0)[0]
    found = known(plots, 119.0)
    assert math.sqrt(np.linalg.eigvalsh(found.covariance[:3, :3])[0]) > min(sigmas_m)
    error = found.mean - truth
    assert float(np.max(np.abs(error[:3]))) < 2.0 * 140.0
    assert float(error @ np.linalg.solve(found.covariance, error)) / 6 < 1.0


@pytest.mark.parametrize("later_m", [300.0, 1e4])
def test_a_larger_figure_takes_nothing_from_what_was_known_before_it(later_m: float) -> None:
    before = [tracklet(t, constant_m=100.0) for t in range(60)]
    after = [tracklet(t, constant_m=later_m) for t in range(60, 120)]
    alone, both = (
        math.sqrt(np.linalg.eigvalsh(known(plots, 119.0).covariance[:3, :3])[0])
        for plots in (before, [*before, *after])
    )
    # At most what it takes to cover that both may err alike, a third of the variance.
    assert 100.0 < both < math.sqrt(4.0 / 3.0) * alone


def test_a_partner_of_many_figures_takes_no_room_from_others_and_is_refused_only_what_is_larger() -> None:
    figures_m = [1.0, 10.0, 100.0, 1e3, 1e4, 5.0, 0.01]
    tracker = Tracker()
    for t, figure_m in enumerate(figures_m):
        assert tracker.add(tracklet(t, constant_m=figure_m))
    for k in range(15):
        assert tracker.add(tracklet(8.0 + 0.1 * k, f"P{k:02d}", 100.0))
    (estimate,) = tracker.estimates(NOW_NS + 10 * S)
    assert len(estimate.sources) == 16
    assert tracker.counts()["refused-unsound"] == 1


def test_two_partners_constant_errors_do_average_between_them_but_no_further() -> None:
    both = [tracklet(t + 0.5 * k, "KOR" if k else "JPN", 300.0) for t in range(120) for k in (0, 1)]
    axes = np.linalg.eigvalsh(known(both, 120.0).covariance[:3, :3])
    assert math.sqrt(axes[0]) > 300.0 / math.sqrt(2.0)
    assert math.sqrt(axes[0]) < 270.0


def test_a_constant_error_of_one_object_changes_no_bit_of_another() -> None:
    far = np.array([3e5, 0.0, 0.0])

    def other(constant_m: float) -> Any:
        tracker = Tracker()
        for t in range(60):
            tracker.add(tracklet(t, "USA"))
            tracker.add(tracklet(t + 0.5, "KOR", constant_m, far))
        return min(tracker.estimates(NOW_NS + 60 * S), key=lambda e: np.linalg.norm(e.mean[:3] - COAST[:3]))

    plain, beside = other(0.0), other(300.0)
    assert plain.sources == {"USA"}
    assert plain.mean.tobytes() == beside.mean.tobytes()
    assert plain.covariance.tobytes() == beside.covariance.tobytes()


@pytest.fixture(scope="module")
def three() -> list[Any]:
    """Plots of ours and tracklets of two partners who state constant errors."""
    rng = np.random.default_rng(3)
    plots = []
    for t in range(90):
        plots.append(tracklet(t, "USA", off_m=rng.standard_normal(3) * [30.0, 500.0, 400.0]))
        plots.append(tracklet(t + 0.3, "KOR", 300.0, 250.0 + rng.standard_normal(3) * 100.0))
        plots.append(tracklet(t + 0.6, "JPN", 150.0, -90.0 + rng.standard_normal(3) * 100.0))
    return plots


def bits(estimate: Any) -> Any:
    return estimate.track_key, estimate.mean.tobytes(), estimate.covariance.tobytes(), estimate.existence


@pytest.mark.parametrize("turn", ["reversed", "korea late", "japan first", "shuffled"])
def test_any_order_of_arrival_gives_the_same_bits(three: list[Any], turn: str) -> None:
    orders = {
        "reversed": three[::-1],
        "korea late": sorted(three, key=lambda plot: plot.source == "KOR"),
        "japan first": sorted(three, key=lambda plot: plot.source != "JPN"),
        "shuffled": [three[i] for i in np.random.default_rng(1).permutation(len(three))],
    }
    assert bits(known(orders[turn], 91.0)) == bits(known(three, 91.0))


def test_a_picture_read_while_tracklets_come_late_is_that_of_plots_in_order(three: list[Any]) -> None:
    tracker = Tracker()
    late = [plot for plot in three if plot.source == "KOR"]
    for plot in three:
        if plot.source != "KOR":
            tracker.add(plot)
    tracker.estimates(NOW_NS + 91 * S)
    for plot in late:
        tracker.add(plot)
        tracker.estimates(NOW_NS + 91 * S)
    (estimate,) = tracker.estimates(NOW_NS + 91 * S)
    assert bits(estimate) == bits(known(three, 91.0))


def test_without_a_contributor_the_bits_are_those_of_never_having_had_it(three: list[Any]) -> None:
    """One tracker heard everyone first, in the same process: nothing of what it considered is left over."""
    without = [plot for plot in three if plot.source != "KOR"]
    before = bits(known(without, 91.0))
    everyone = known(three, 91.0)
    assert everyone.sources == {"USA", "KOR", "JPN"}
    assert bits(known(without, 91.0)) == before != bits(everyone)


def test_the_sum_of_a_mixture_is_that_of_its_shares() -> None:
    crosses = np.arange(2 * 9 * 3, dtype=np.float64).reshape(2, 9, 3)
    out = np.full((9, 3), -1.0)
    blend_cross(crosses, np.array([0.2, 0.6]), 6, out)
    assert np.allclose(out[:6], 0.25 * crosses[0, :6] + 0.75 * crosses[1, :6])
    assert np.all(out[6:] == -1.0)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_covariance_is_none_whatever_is_stated(data: Any) -> None:
    tracker = Tracker()
    row = st.tuples(
        st.sampled_from(["USA", "KOR", "JPN"]),
        st.sampled_from([0.0, 1e-3, 1.0, 300.0, 1e5, 1e7]),
        st.floats(-1e4, 1e4),
    )
    for t, (source, constant_m, off_m) in enumerate(data.draw(st.lists(row, min_size=5, max_size=30))):
        tracker.add(tracklet(float(t), source, constant_m, off_m))
    for estimate in tracker.estimates(NOW_NS + 30 * S):
        assert np.all(np.isfinite(estimate.mean))
        sigmas = np.sqrt(np.diagonal(estimate.covariance))
        assert np.linalg.eigvalsh(estimate.covariance / np.outer(sigmas, sigmas))[0] > 0.0


@pytest.mark.parametrize("sigma", [-1.0, math.nan, math.inf, 1.1e7, True, "300", None, np.array([1.0, 2.0])])
def test_a_constant_error_that_is_none_is_refused(sigma: Any) -> None:
    with pytest.raises(ObservationError, match="constant_sigma_m"):
        EquivalentObservation(NOW_NS, "KOR", COAST, NOISE, constant_sigma_m=sigma)


def test_the_same_tracklet_with_another_constant_error_is_another(world: Any, generic_flight: Any) -> None:
    plot = world.radar_plots([generic_flight], 4)[0]
    mean, covariance = equivalent_measurement(plot)
    tracker = Tracker()
    assert tracker.add(EquivalentObservation(plot.time_ns, "KOR", mean, covariance))
    assert not tracker.add(EquivalentObservation(plot.time_ns, "KOR", mean, covariance))
    assert tracker.add(EquivalentObservation(plot.time_ns, "KOR", mean, covariance, "", 1.0))
    assert not tracker.add(EquivalentObservation(plot.time_ns, "KOR", mean, covariance, "", 1.0))


def test_a_launch_from_tracklets_with_a_constant_error_is_not_surer_than_that_error(
    world: Any, generic_flight: Any
) -> None:
    """The pad can be known no better than the offset that all plots of the climb have in common."""

    def launched(constant_m: float) -> Any:
        tracklets = []
        for plot in world.radar_plots([generic_flight], 5, ("R2",))[:30]:
            mean, covariance = equivalent_measurement(plot)
            tracklets.append(EquivalentObservation(plot.time_ns, "KOR", mean, covariance, "", constant_m))
        launch = launch_estimate(tracklets)
        assert launch is not None
        return np.linalg.eigvalsh(launch.covariance_m2)

    small, wide = launched(1.0), launched(5_000.0)
    assert wide[0] > small[0]
    assert wide[0] > 0.8 * 5_000.0**2


def test_a_seventeenth_partner_with_a_constant_error_is_counted_and_not_taken() -> None:
    names = [f"P{number:02d}" for number in range(17)]
    plots = [tracklet(t + 0.01 * k, name, 300.0) for t in range(4) for k, name in enumerate(names)]
    tracker = Tracker()
    for plot in plots:
        tracker.add(plot)
    (estimate,) = tracker.estimates(NOW_NS + 4 * S)
    assert estimate.sources == set(names[:16])
    assert tracker.counts()["refused-unsound"] == 4
    sixteen = known([plot for plot in plots if plot.source != names[16]], 4.0)
    assert bits(sixteen) == bits(estimate)
