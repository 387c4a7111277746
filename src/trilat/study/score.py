"""Scores of a run: what each party saw of the scored object, and how good it was.

Definitions
- Samples are taken once a second, shortly after each tick. A party's estimate is the confirmed one of its
  staff's picture that is nearest to the truth.
- `completeness`: share of the seconds from the first plot of anyone to the last in which the party had an
  estimate whose position lies within three sigma of the truth (the 99.73 % region in three dimensions).
- `position_rmse_m`, `nees_mean` (over six states, divided by six) and the ratios: over the accuracy window,
  20 s after the last burnout to the last plot, in the seconds in which the party had an estimate at all.
  Both ratios compare with `central` and the bound in those very seconds.
- Launch and impact errors: of the party's last estimate, up to the last plot of anyone. The area is that of
  burnout + 60 s.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from trilat.domains import degrees_of
from trilat.domains.missile import MissilePipeline
from trilat.fusion import ImpactEstimate, TrackEstimate, impact_estimate
from trilat.geo import FloatArray, geodesic_inverse
from trilat.model import (
    SECOND_NS,
    Area,
    AreaKind,
    Domain,
    Ellipse,
    Event,
    EventKind,
    WarningKind,
    WarningState,
)
from trilat.node import Node
from trilat.study.truth import Yardstick, nearest

THREE_SIGMA_SQUARED: Final = 14.156
"""Chi-square with three degrees of freedom at 99.73 %."""

AREA_AFTER_BURNOUT_S: Final = 60
_IMPACT_EVERY_S: Final = 5


@dataclass
class _Sample:
    at_ns: int
    truth: FloatArray
    estimate: TrackEstimate | None


@dataclass
class PartyScore:
    """What one party saw, gathered while the run goes on."""

    party: str
    first_track_s: float | None = None
    first_joint_s: float | None = None
    first_impact_warning_s: float | None = None
    impact: ImpactEstimate | None = None
    impact_area95_km2: float | None = None
    samples: list[_Sample] = field(default_factory=list)
    track_key: str | None = None

    def look(self, node: Node, yardstick: Yardstick, now_ns: int) -> None:
        """Take one sample of a node's picture."""
        seconds = (now_ns - yardstick.launch_ns) / SECOND_NS
        pipeline = node.views.staff.pipelines.get(Domain.MISSILE)
        estimates: Sequence[TrackEstimate] = ()
        if isinstance(pipeline, MissilePipeline):
            estimates = pipeline.estimates(now_ns)
        if self.first_track_s is None and estimates:
            self.first_track_s = seconds
        if self.first_joint_s is None and any(len(estimate.sources) > 1 for estimate in estimates):
            self.first_joint_s = seconds
        if self.first_impact_warning_s is None and _warned_of_impact(node):
            self.first_impact_warning_s = seconds
        truth = yardstick.truth_at(now_ns)
        if truth is None:
            return
        estimate = nearest(estimates, truth)
        self.samples.append(_Sample(now_ns, truth, estimate))
        if estimate is not None:
            self.track_key = estimate.track_key
            self._predict(estimate, yardstick, seconds)

    def _predict(self, estimate: TrackEstimate, yardstick: Yardstick, seconds: float) -> None:
        """Predict the impact every few seconds after burnout, and at the second of the area."""
        burnout_s = yardstick.scenario.last_burnout_s
        last_s = yardstick.last_plot_s or 0.0
        # After the last plot an estimate only grows older, and falls through air that it does not know.
        if burnout_s is None or not burnout_s <= seconds <= last_s:
            return
        since = int(seconds - burnout_s)
        if since % _IMPACT_EVERY_S and since != AREA_AFTER_BURNOUT_S and seconds < last_s - _IMPACT_EVERY_S:
            return
        impact = impact_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
        if impact is not None:
            self.impact = impact
            if since <= AREA_AFTER_BURNOUT_S and since + _IMPACT_EVERY_S > AREA_AFTER_BURNOUT_S:
                self.impact_area95_km2 = impact.ellipse.area_km2

    def accuracy(
        self, yardstick: Yardstick, central: Sequence[tuple[TrackEstimate, ...]], bound_m: FloatArray
    ) -> dict[str, float | None]:
        """Completeness, errors and ratios; `central` and `bound_m` are of the samples' instants."""
        held = [0.0, 0.0]
        errors: list[tuple[float, float, float, float]] = []
        window = yardstick.window_s
        for sample, picture, bound in zip(self.samples, central, bound_m, strict=True):
            seconds = (sample.at_ns - yardstick.launch_ns) / SECOND_NS
            if not (yardstick.first_plot_s or 0.0) <= seconds <= (yardstick.last_plot_s or 0.0):
                continue
            held[0] += 1
            estimate = sample.estimate
            if estimate is None:
                continue
            offset = estimate.mean - sample.truth
            near = float(offset[:3] @ np.linalg.solve(estimate.covariance[:3, :3], offset[:3]))
            held[1] += near <= THREE_SIGMA_SQUARED
            best = nearest(picture, sample.truth)
            if window is not None and window[0] <= seconds <= window[1] and best is not None:
                nees = float(offset @ np.linalg.solve(estimate.covariance, offset)) / 6.0
                central_m = float(np.linalg.norm(best.mean[:3] - sample.truth[:3]))
                errors.append((float(np.linalg.norm(offset[:3])), central_m, float(bound), nees))
        return {"completeness": held[1] / held[0] if held[0] else None, **_ratios(errors)}


def _ratios(errors: list[tuple[float, float, float, float]]) -> dict[str, float | None]:
    names = ("position_rmse_m", "position_rmse_over_central", "position_rmse_over_crlb", "nees_mean")
    if not errors:
        return dict.fromkeys(names)
    own, central, bound, nees = np.array(errors).T
    rmse = math.sqrt(float(np.mean(own**2)))
    central_rmse = math.sqrt(float(np.mean(central**2)))
    bound_rms = math.sqrt(float(np.mean(bound**2)))
    values = (
        rmse,
        rmse / central_rmse if central_rmse > 0.0 else None,
        rmse / bound_rms if math.isfinite(bound_rms) and bound_rms > 0.0 else None,
        float(np.mean(nees)),
    )
    return dict(zip(names, values, strict=True))


def launch_error_km(node: Node, yardstick: Yardstick) -> float | None:
    """Distance from the pad to the party's best launch point: its picture's own, or one it was told."""
    pad = yardstick.scenario.launch_site_deg
    if pad is None:
        return None
    regions = [
        item.region
        for item in node.holdings.items()
        if isinstance(item, Event) and item.event is EventKind.LAUNCH and item.region is not None
    ]
    if not regions:
        return None
    smallest = min(regions, key=lambda region: region.semi_major_m)
    latitude_deg, longitude_deg = degrees_of(smallest.centre)
    return geodesic_inverse(*pad, latitude_deg, longitude_deg)[0] / 1000.0


def impact_error_km(node: Node, score: PartyScore, yardstick: Yardstick) -> float | None:
    """Distance from the true impact to the party's last prediction, own or told; None for an orbit."""
    if yardstick.impact_deg is None:
        return None
    place: tuple[float, float] | None = None
    if score.impact is not None:
        place = (score.impact.latitude_deg, score.impact.longitude_deg)
    else:
        told = _told_impact(node)
        if told is not None:
            place = degrees_of(told.centre)
    return None if place is None else geodesic_inverse(*yardstick.impact_deg, *place)[0] / 1000.0


def _told_impact(node: Node) -> Ellipse | None:
    """The smallest impact region that partners told a party that tracks nothing itself."""
    regions = [
        item.region
        for item in node.holdings.items()
        if isinstance(item, Area) and item.area is AreaKind.IMPACT and isinstance(item.region, Ellipse)
    ]
    return min(regions, key=lambda region: region.semi_major_m, default=None)


def _warned_of_impact(node: Node) -> bool:
    return any(
        item.warning is WarningKind.IMPACT and item.state is not WarningState.RETRACTED
        for item in node.holdings.warnings()
    )
