"""Compiles every kernel of this part once, into numba's cache, so that no first user waits."""

from collections.abc import Callable

import numpy as np

from trilat.fusion.filters.motion import propagate
from trilat.fusion.observation import RadarObservation
from trilat.fusion.products.apogee import apogee_estimate
from trilat.fusion.products.impact import impact_estimate
from trilat.fusion.products.launch import launch_estimate
from trilat.fusion.products.passage import passage_estimate
from trilat.fusion.registration.joint import Registration
from trilat.fusion.registration.plots import BiasPrior
from trilat.fusion.sharing.combine import covariance_intersection, information_difference
from trilat.fusion.sharing.window import window_tracklet
from trilat.fusion.tracker import Tracker
from trilat.geo import ecef_from_geodetic

Step = Callable[[], object]


def compile_kernels(progress: Callable[[int, int], None] | None = None) -> None:
    """Calls every kernel once; `progress(done, total)` is told before the first and after each step."""
    plots = _climb()
    state, covariance = np.zeros(9), np.eye(9) * 1e4
    state[:6] = _falling()
    steps: tuple[Step, ...] = (
        lambda: propagate(state, covariance, 1.0, 1.5),
        lambda: _track(plots),
        lambda: launch_estimate(plots),
        lambda: impact_estimate(_falling(), np.eye(6) * 1e2, plots[0].time_ns, 6000.0),
        lambda: _share(plots),
        lambda: apogee_estimate(_rising(), np.eye(6) * 1e2, plots[0].time_ns),
        lambda: passage_estimate(_falling(), np.eye(6) * 1e2, plots[0].time_ns, 40.0, 126.0),
    )
    if progress is not None:
        progress(0, len(steps))
    for done, step in enumerate(steps, start=1):
        step()
        if progress is not None:
            progress(done, len(steps))


def _track(plots: list[RadarObservation]) -> object:
    tracker = Tracker()
    registration = Registration({("none", "none"): BiasPrior()})
    for plot in plots:
        tracker.add(plot)
        registration.add("falling", plot)
        registration.add("level", plot, "level")
    return tracker.estimates(plots[-1].time_ns)


def _share(plots: list[RadarObservation]) -> object:
    """One tracklet of a window, and every rule for two estimates."""
    state = (_falling(), np.eye(6) * 1e4)
    window_tracklet(plots, np.concatenate([plots[0].site_ecef_m * 1.01, np.zeros(3)]))
    information_difference(state, (state[0], state[1] * 2.0))
    return covariance_intersection(state, (state[0], np.diag([1e3] * 3 + [1e5] * 3)))


def _falling() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    position = ecef_from_geodetic(0.7, 2.2, 5e4)
    return np.concatenate([position, -1e-4 * position])


def _rising() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    position = ecef_from_geodetic(0.7, 2.2, 5e4)
    return np.concatenate([position, 1e-4 * position])


def _climb() -> list[RadarObservation]:
    """Plots straight overhead of something that rises: enough to call every kernel, of nothing real."""
    site = ecef_from_geodetic(0.7, 2.2, 0.0)
    return [
        RadarObservation(
            time_ns=second * 1_000_000_000,
            source="none",
            sensor="none",
            site_ecef_m=site,
            site_latitude_rad=0.7,
            site_longitude_rad=2.2,
            range_m=2e4 + 4e2 * second + 5.0 * second**2,
            azimuth_rad=0.0,
            elevation_rad=1.2,
            range_rate_m_per_s=None,
            range_sigma_m=30.0,
            azimuth_sigma_rad=1e-3,
            elevation_sigma_rad=1e-3,
            range_rate_sigma_m_per_s=None,
        )
        for second in range(8)
    ]
