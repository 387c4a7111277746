"""How good is the sensor, and how far does it see? By an attacker who knows where it stands.

Attacks
1. Accuracy, from what versions add to a covariance (`site.gained`): across the line of sight a plot knows
   its range times its angular error. Where nothing has an axis, from the size of what is stated and from
   the scatter of positions about a free fall, by regression over sensors that the attacker has simulated.
2. Reach: an object comes into view or leaves it between a version that was told and the span that was not;
   each end of a track leaves an interval of ranges. The reach lies where most of them meet.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from trilat.fusion import propagate
from trilat.geo import FloatArray
from trilat.model import SECOND_NS
from trilat.study.attack.capture import Capture
from trilat.study.attack.flights import ANGLE_RAD, PERIOD_S
from trilat.study.attack.site import NOISE_DENSITY, gained, is_sharp

_CONFIRMED_S: Final = 3 * PERIOD_S
"""A track is confirmed so long after its first plot, and missed plots are as many at its end."""

_RIDGE: Final = 0.1


def angle_of(captures: Sequence[Capture], site_m: FloatArray) -> float | None:
    """Angular error, radians, by attack 1; None where what versions add has no axis."""
    found = []
    for held in captures:
        for place, information, seconds in gained(held):
            if is_sharp(information):
                values = np.linalg.eigvalsh(information)[:2]
                if values[0] > 0.0:
                    plots = max(1.0, seconds / PERIOD_S)
                    across_m = math.sqrt(plots / math.sqrt(float(values[0] * values[1])))
                    found.append(across_m / float(np.linalg.norm(place - site_m)))
    return float(np.median(found)) if len(found) >= 10 * len(captures) else None


def features_of(captures: Sequence[Capture], scatters_m: Sequence[float]) -> FloatArray:
    """What an attacker regresses on (3,): logarithms of the stated error in place and speed, and of the
    scatter.
    """
    place = [np.log(np.trace(one[:3, :3])) / 2.0 for held in captures for one in held.covariance]
    speed = [np.log(np.trace(one[3:, 3:])) / 2.0 for held in captures for one in held.covariance]
    scatter = [math.log(max(scatter_m, 1e-3)) for scatter_m in scatters_m]
    return np.array([np.mean(place), np.mean(speed), np.mean(scatter)])


def regressed_angle(features: FloatArray, known: FloatArray, known_angles: FloatArray) -> float:
    """Angular error, radians, from features (3,), by those (n, 3) of sensors whose errors (n,) are known."""
    centre, width = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-3)
    design = np.column_stack([np.ones(len(known)), (known - centre) / width])
    penalty = _RIDGE * len(known) * np.diag([0.0, 1.0, 1.0, 1.0])
    weights = np.linalg.solve(design.T @ design + penalty, design.T @ np.log(known_angles))
    guess = float(weights @ np.concatenate([[1.0], (features - centre) / width]))
    return math.exp(min(max(guess, math.log(ANGLE_RAD[0])), math.log(ANGLE_RAD[1])))


def reach_of(captures: Sequence[Capture], site_m: FloatArray) -> float:
    """The sensor's reach in metres, by attack 2."""
    intervals = [interval for held in captures for interval in _edges(held, site_m)]
    edges = sorted({edge for interval in intervals for edge in interval})
    middles = [(low + high) / 2.0 for low, high in pairwise(edges)] or edges
    counts = [sum(low <= middle <= high for low, high in intervals) for middle in middles]
    best = [middle for middle, count in zip(middles, counts, strict=True) if count == max(counts)]
    return float(np.mean(best))


def _edges(held: Capture, site_m: FloatArray) -> list[tuple[float, float]]:
    """Intervals of ranges in which the object came into view, and left it."""
    span_ns = held.profile.duties.span_s * SECOND_NS
    first_ns, last_ns = held.time_ns[0], held.time_ns[-1]
    if span_ns:
        seen_ns = (first_ns // span_ns - 1) * span_ns, first_ns // span_ns * span_ns
        lost_ns = (last_ns // span_ns + 1) * span_ns, (last_ns // span_ns + 2) * span_ns
    else:
        apart_ns = round((_CONFIRMED_S + held.profile.duties.thin_s) * SECOND_NS)
        seen_ns, lost_ns = (first_ns - apart_ns, first_ns), (last_ns, last_ns + apart_ns)
    found = []
    for place, instants in ((0, seen_ns), (-1, lost_ns)):
        ranges = []
        for instant_ns in instants:
            seconds = (instant_ns - held.time_ns[place]) / SECOND_NS
            mean, _ = propagate(held.mean[place], held.covariance[place], seconds, NOISE_DENSITY)
            ranges.append(float(np.linalg.norm(mean[:3] - site_m)))
        found.append((min(ranges), max(ranges)))
    return found
