from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from trilat.fusion import (
    Compressor,
    EquivalentObservation,
    Tracker,
    equivalent_measurement,
    window_tracklet,
)
from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.measurement import prepare
from trilat.fusion.filters.motion import propagate
from trilat.fusion.sharing.window import WINDOW_S_MAX, fallen
from trilat.model.errors import ObservationError

S = 1_000_000_000
BURNOUT_S = 118.0
DENSITY = 1e-7


def coast_plots(world: Any, flight: Any, names: Any, end_s: float, seed: int | None = 1) -> Any:
    plots = world.radar_plots([flight], seed, names)
    begin, end = world.base_ns + round((BURNOUT_S + 0.5) * S), world.base_ns + round(end_s * S)
    return [plot for plot in plots if begin <= plot.time_ns <= end]


def filtered(observations: Any, end_ns: int) -> Any:
    """Mean and covariance at the end by a plain filter of falling objects, started from the first."""
    measurements = sorted((prepare(o) for o in observations), key=lambda m: m.key)
    first = measurements[0]
    if first.kind == 3:
        mean, covariance = first.values, first.covariance
    else:
        (plot,) = [o for o in observations if prepare(o).key == first.key]
        mean, covariance = equivalent_measurement(plot)
    # Nothing bound to the Earth is faster than some km/s.
    mean, covariance, _, _ = update(
        mean,
        covariance,
        3,
        mean * [1, 1, 1, 0, 0, 0],
        np.diag([1e20] * 3 + [3000.0**2] * 3),
        np.zeros(3),
        np.eye(3),
    )
    now = first.time_ns
    for m in measurements[1:]:
        mean, covariance = propagate(mean, covariance, (m.time_ns - now) / S, DENSITY)
        mean, covariance, _, _ = update(mean, covariance, m.kind, m.values, m.covariance, m.site_m, m.axes)
        now = m.time_ns
    return propagate(mean, covariance, (end_ns - now) / S, DENSITY)


def windows(plots: Any, period_s: float, base_ns: int) -> Any:
    """One tracklet a period of one radar's plots, linearised at its own filter."""
    sent = []
    grouped: dict[int, Any] = {}
    for plot in plots:
        grouped.setdefault(int((plot.time_ns - base_ns) // round(period_s * S)), []).append(plot)
    done: list[Any] = []
    for index in sorted(grouped):
        done += grouped[index]
        end_ns = grouped[index][-1].time_ns
        mean, covariance, _, _ = window_tracklet(grouped[index], filtered(done, end_ns)[0], DENSITY)
        sent.append(EquivalentObservation(end_ns, plots[0].source, mean, covariance))
    return sent


@pytest.mark.parametrize("period_s", [5.0, 10.0, 30.0])
def test_windows_of_two_partners_give_the_centralised_filter(
    world: Any, generic_flight: Any, period_s: float
) -> None:
    """60 s and 180 s after burnout, at a window's end: a twentieth of a sigma, 1e-2 of the covariance."""
    for end_s in (178.0, 298.0):
        own = coast_plots(world, generic_flight, ("R2",), end_s)
        others = [coast_plots(world, generic_flight, (name,), end_s) for name in ("R1", "R3")]
        end_ns = world.base_ns + round(end_s * S)
        central = filtered([*own, *others[0], *others[1]], end_ns)
        base_ns = world.base_ns + round(end_s * S) + 1
        sent = [tracklet for plots in others for tracklet in windows(plots, period_s, base_ns)]
        assert len(sent) < (len(others[0]) + len(others[1])) / (0.9 * period_s) + 2
        fused = filtered([*own, *sent], end_ns)
        sigmas = np.sqrt(np.diagonal(central[1]))
        assert np.max(np.abs(fused[0] - central[0]) / sigmas) < 5e-2
        assert np.max(np.abs(fused[1] - central[1]) / np.outer(sigmas, sigmas)) < 1e-2


def test_a_window_of_one_plot_is_the_tracklet_of_that_plot(world: Any, generic_flight: Any) -> None:
    plot = coast_plots(world, generic_flight, ("R2",), 130.0)[-1]
    position, velocity = generic_flight.at((plot.time_ns - world.base_ns) / S)
    state = np.concatenate([position, velocity])
    mean, covariance, _, degrees = window_tracklet([plot], state)
    expected_mean, expected = equivalent_measurement(plot, state)
    sigmas = np.sqrt(np.diagonal(expected))
    assert np.max(np.abs(mean - expected_mean) / sigmas) < 1e-6
    assert np.allclose(covariance, expected, rtol=1e-5, atol=1e-5 * np.outer(sigmas, sigmas))
    assert degrees == -3


def test_a_window_says_as_much_as_least_squares_on_its_plots(world: Any, generic_flight: Any) -> None:
    """scipy integrates the fall and differences it: the normal equations of the plots, no code of ours."""
    plots = coast_plots(world, generic_flight, ("R1",), 150.0)
    end_s = (plots[-1].time_ns - world.base_ns) / S
    truth = np.concatenate(generic_flight.at(end_s))
    omega = np.array([0.0, 0.0, world.omega])

    def rate(_: float, y: Any) -> Any:
        return np.concatenate(
            [
                y[3:],
                world.gravity(y[:3]) - 2 * np.cross(omega, y[3:]) - np.cross(omega, np.cross(omega, y[:3])),
            ]
        )

    times = np.array([(plot.time_ns - world.base_ns) / S for plot in plots])
    site, axes = plots[0].site_ecef_m, world.local_axes(36.0, 132.5)

    def seen(state: Any) -> Any:
        back = solve_ivp(rate, (end_s, times[0]), state, t_eval=times[::-1], rtol=1e-11, atol=1e-6)
        local = axes @ (back.y[:3].T[::-1] - site).T
        distance = np.linalg.norm(local, axis=0)
        across = np.hypot(local[0], local[1])
        return np.stack(
            [distance / 30.0, np.arctan2(local[0], local[1]) / 1e-3, np.arctan2(local[2], across) / 1e-3]
        )

    steps = np.array([50.0] * 3 + [0.5] * 3)
    jacobian = np.stack(
        [
            (seen(truth + d) - seen(truth - d)).ravel() / (2 * h)
            for h, d in zip(steps, np.diag(steps), strict=True)
        ],
        axis=1,
    )
    expected = np.linalg.inv(jacobian.T @ jacobian)
    covariance = window_tracklet(plots, truth, 0.0)[1]
    sigmas = np.sqrt(np.diagonal(expected))
    assert np.max(np.abs(covariance - expected) / np.outer(sigmas, sigmas)) < 1e-2


def test_free_fall_goes_back_where_it_came_from(generic_flight: Any) -> None:
    state = np.concatenate(generic_flight.at(200.0))
    later, forth = fallen(state, 30.0)
    again, back = fallen(later, -30.0)
    assert np.allclose(later, np.concatenate(generic_flight.at(230.0)), atol=0.01)
    assert np.allclose(again, state, atol=1e-4)
    assert np.allclose(back @ forth, np.eye(6), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3e4, 3e4), st.floats(-300.0, 300.0), st.floats(0.0, 1e-2))
def test_wherever_it_is_linearised_a_window_stays_positive_definite(
    world: Any, generic_flight: Any, seed: int, shift_m: float, slip_m_per_s: float, density: float
) -> None:
    plots = coast_plots(world, generic_flight, ("R2",), 129.0, seed)
    state = np.concatenate(generic_flight.at((plots[-1].time_ns - world.base_ns) / S))
    state[:3] += shift_m
    state[3:] += slip_m_per_s
    mean, covariance, misfit, _ = window_tracklet(plots, state, density)
    EquivalentObservation(plots[-1].time_ns, "KOR", mean, covariance)
    assert misfit >= 0.0


REFUSED = [
    ("no plots", lambda _, state: ([], state, 0.0), "at least one"),
    ("a tracklet", lambda plots, state: ([*plots, "x"], state, 0.0), "cannot be compressed"),
    ("no state", lambda plots, state: (plots, state[:5], 0.0), "shape"),
    ("a state that is not finite", lambda plots, state: (plots, state * np.nan, 0.0), "finite"),
    ("a state behind the radar", lambda plots, state: (plots, state * 0.5, 0.0), "behind"),
    ("negative noise", lambda plots, state: (plots, state, -1.0), "acceleration_psd"),
    ("noise that is no number", lambda plots, state: (plots, state, np.nan), "acceleration_psd"),
]


@pytest.mark.parametrize(
    ("arguments", "named"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_compressed_is_refused(
    world: Any, generic_flight: Any, arguments: Any, named: str
) -> None:
    plots = coast_plots(world, generic_flight, ("R2",), 125.0)
    state = np.concatenate(generic_flight.at(125.0))
    with pytest.raises(ObservationError, match=named):
        window_tracklet(*arguments(plots, state))


def test_a_window_that_is_too_long_is_refused(world: Any, generic_flight: Any) -> None:
    plots = coast_plots(world, generic_flight, ("R2",), BURNOUT_S + WINDOW_S_MAX + 5.0)
    with pytest.raises(ObservationError, match="shorter windows"):
        window_tracklet(plots, np.concatenate(generic_flight.at(BURNOUT_S + WINDOW_S_MAX + 5.0)))


# The compressor -------------------------------------------------------------------------------------------


def told(world: Any, flight: Any, stage: Any = None) -> Any:
    """What the own picture says: the truth, which stands for a good filter, and the stage."""

    def state_at(time_ns: int) -> Any:
        second = (time_ns - world.base_ns) / S
        said = "coast" if second > BURNOUT_S else "boost"
        return np.concatenate(flight.at(second)), stage or said

    return state_at


def token(number: int) -> bytes:
    return number.to_bytes(8, "big")


def test_a_burning_object_is_sent_plot_by_plot_and_a_falling_one_in_windows(
    world: Any, generic_flight: Any
) -> None:
    plots = [
        p for p in world.radar_plots([generic_flight], 1, ("R2",)) if p.time_ns < world.base_ns + 160 * S
    ]
    compressor = Compressor("KOR", 10.0)
    sent: list[Any] = []
    for number, plot in enumerate(plots):
        compressor.add(plot, token(number))
        sent += compressor.take(plot.time_ns, told(world, generic_flight))
    boost = [c for c in sent if not c.coasting]
    coast = [c for c in sent if c.coasting]
    assert all(len(c.pedigree.observations) == 1 for c in boost)
    assert [len(c.pedigree.observations) for c in coast[:3]] == [11, 11, 11]
    named = [name for c in sent for name in c.pedigree.observations]
    assert len(named) == len(set(named))
    rest = compressor.take(plots[-1].time_ns + 20 * S, told(world, generic_flight))
    assert set(named) | {name for c in rest for name in c.pedigree.observations} == {
        token(number) for number in range(len(plots))
    }
    assert {c.tracklet.source for c in sent} == {"KOR"}


def test_a_burn_taken_for_a_fall_is_noticed_and_sent_plot_by_plot(world: Any, generic_flight: Any) -> None:
    plots = [
        p
        for p in world.radar_plots([generic_flight], 1, ("R2",))
        if 85 * S < p.time_ns - world.base_ns < 111 * S
    ]
    compressor = Compressor("KOR", 25.0)
    for number, plot in enumerate(plots):
        compressor.add(plot, token(number))
    sent = compressor.take(plots[-1].time_ns, told(world, generic_flight, "coast"))
    assert [len(c.pedigree.observations) for c in sent] == [1] * len(plots)


def test_what_is_not_known_waits(world: Any, generic_flight: Any) -> None:
    plots = coast_plots(world, generic_flight, ("R2",), 135.0)
    compressor = Compressor("KOR", 10.0)
    for number, plot in enumerate(plots):
        compressor.add(plot, token(number))
    assert compressor.take(plots[-1].time_ns, lambda _: None) == ()
    assert compressor.take(plots[0].time_ns - 1, told(world, generic_flight)) == ()
    (sent,) = compressor.take(plots[-1].time_ns, told(world, generic_flight))
    assert len(sent.pedigree.observations) == len(plots)


def test_what_is_not_ones_own_or_has_no_name_of_its_own_is_refused(world: Any, generic_flight: Any) -> None:
    plot = coast_plots(world, generic_flight, ("R2",), 121.0)[0]
    compressor = Compressor("KOR")
    compressor.add(plot, token(1))
    with pytest.raises(ObservationError, match="token names a plot already"):
        compressor.add(plot, token(1))
    with pytest.raises(ObservationError, match="not `JPN`'s to send"):
        Compressor("JPN").add(plot, token(1))
    with pytest.raises(ObservationError, match="give plots"):
        compressor.add("plot", token(2))  # type: ignore[arg-type]
    for period_s in (-1.0, np.nan, WINDOW_S_MAX + 1.0):
        with pytest.raises(ObservationError, match="period_s"):
            Compressor("KOR", period_s)


def test_a_tracker_fed_with_windows_knows_what_one_fed_with_plots_knows(
    world: Any, generic_flight: Any
) -> None:
    """Whole trackers: own plots of R2, and R1's by windows of 10 s or by plots, 90 s after burnout."""
    end_ns = world.base_ns + 208 * S
    plots = [p for p in world.radar_plots([generic_flight], 4, ("R1", "R2")) if p.time_ns <= end_ns]
    central, own, partner = Tracker(), Tracker(), Tracker()
    compressor = Compressor("USA", 10.0)

    def state_at(time_ns: int) -> Any:
        known = partner.estimates(time_ns)
        return (known[0].mean, known[0].stage) if known else None

    for number, plot in enumerate(plots):
        central.add(plot)
        if plot.source == "KOR":
            own.add(plot)
            continue
        partner.add(plot)
        compressor.add(plot, token(number))
        for contribution in compressor.take(plot.time_ns, state_at):
            assert own.add(contribution.tracklet)
    for contribution in compressor.take(end_ns + 11 * S, state_at):
        own.add(contribution.tracklet)
    (one,), (other,) = central.estimates(end_ns), own.estimates(end_ns)
    sigmas = np.sqrt(np.diagonal(one.covariance))
    assert np.max(np.abs(one.mean - other.mean) / sigmas) < 0.1
    assert np.max(np.abs(np.diagonal(other.covariance) / sigmas**2 - 1.0)) < 0.05
    assert one.track_key == other.track_key == "t1"
