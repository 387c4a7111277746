"""When a burn ended and when one object became two, with how well that is known.

- `burn_end_of`: how long ago the thrust ended, from what was said of the object while it burned. Its speed
  then lacks, against the later free fall taken back to the same instant, what the burn was still to give:
  along the thrust, with acceleration a at the end, exhaust speed c and s seconds left,

      lack = c ln(1 + a s / c)        c (exp(lack / c) - 1) = a s

  so the left side is a straight line over time, and the burn ended where it is zero.
- `burn_end_estimate`: where that was: the state taken back in free fall to then, its covariance widened by
  the way that the object goes in one sigma of the time.
- `separation_estimate`: two objects that were one. Relative position r and velocity v grow from nothing:
  where both fall freely r = v t, and where one burns with a steady thrust r = v t / 2. Solved along v:

      t = k (r . v) / (v . v)        k = 1 both fall, 2 one burns

  first order in the errors of r and v. A steady thrust is a model: K_SIGMA of k is added.

Limits: errors of successive estimates of one filter are alike, so their number does not make the end of a
burn better known than one of them does. A free fall back in time is right for the end of the last burn, and
for no other. Objects that parted longer ago than SEPARATION_S_MAX have been bent apart by gravity, and no
straight line leads back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from trilat.fusion.filters.motion import EXHAUST_M_PER_S, height, propagate
from trilat.fusion.observation import check_instant, checked_state
from trilat.fusion.products.fall import moved
from trilat.geo import FloatArray
from trilat.model import ObservationError

# What a burn is still to give is read between these, m/s, from estimates of at most so many seconds before
# the last of them; at least so many, over so many seconds.
LACK_MIN_M_PER_S = 60.0
LACK_MAX_M_PER_S = 900.0
HISTORY_S = 15.0
HISTORY_MIN = 4
HISTORY_S_MIN = 3.0
# How sharply a burn ends, and how well the rule of a constant thrust holds, seconds.
BURN_END_SIGMA_S = 0.4
# Longest time after an event at which it is still estimated, seconds.
BURN_END_S_MAX = 120.0
SEPARATION_S_MAX = 40.0
# How well the rule of a steady thrust holds: thrust grows by a tenth or so in these seconds.
K_SIGMA = 0.15
# Two objects farther apart than this, or slower from each other, have not just parted: m, m/s.
SEPARATION_M_MAX = 60_000.0
_PARTING_M_PER_S_MIN = 2.0


@dataclass(frozen=True, eq=False)
class FlightEvent:
    """Something that happened to a tracked object: when, and at which state.

    `mean_m` (3,) and `covariance_m2` (3, 3) are the place, ECEF; the error of the instant is in it.
    """

    time_ns: int
    time_sigma_s: float
    mean_m: FloatArray
    covariance_m2: FloatArray


def burn_end_of(
    burning: Sequence[tuple[int, FloatArray, FloatArray]],
    mean: FloatArray,
    covariance: FloatArray,
    time_ns: int,
) -> tuple[float, float] | None:
    """How many seconds before `time_ns` the thrust ended, and one sigma of it; None where it is not told.

    Args:
        burning: instant, mean (6,) and covariance (6, 6), ECEF, m and m/s, of earlier estimates of the object
            that took it to burn, in any order. Those after the true end do no harm: they lack nothing.
        mean: of the object in free fall.
        covariance: of the mean.
        time_ns: instant of the free fall.

    Raises:
        ObservationError: a state or instant that cannot be.
    """
    check_instant("time_ns", time_ns)
    mean, covariance = checked_state(mean, covariance)
    rows = [(then_ns - int(time_ns)) / 1e9 for then_ns, _, _ in burning]
    lacks = [
        (second, moved(mean.copy(), 0.0, second)[3:] - state[3:], spread[3:, 3:])
        for second, (_, state, spread) in sorted(zip(rows, burning, strict=True), key=itemgetter(0))
        if -BURN_END_S_MAX <= second < 0.0
    ]
    lacking = _before_the_end(lacks)
    if len(lacking) < HISTORY_MIN or lacking[-1][0] - lacking[0][0] < HISTORY_S_MIN:
        return None
    return _zero_crossing(lacking, covariance[3:, 3:])


_Lack = tuple[float, FloatArray, FloatArray]


def _before_the_end(lacks: Sequence[_Lack]) -> list[_Lack]:
    """The last HISTORY_S of those that lack much, as seen along the thrust.

    A filter that expects thrust runs ahead once there is none: its speed is then too large, not too small.
    """
    within = [row for row in lacks if float(np.linalg.norm(row[1])) < LACK_MAX_M_PER_S]
    if not within:
        return []
    thrust = within[0][1] / max(1.0, float(np.linalg.norm(within[0][1])))
    lacking = []
    for row in within:
        if float(row[1] @ thrust) < LACK_MIN_M_PER_S:
            break
        lacking.append(row)
    return [row for row in lacking if row[0] > lacking[-1][0] - HISTORY_S]


def _zero_crossing(lacks: Sequence[_Lack], falling: FloatArray) -> tuple[float, float] | None:
    """Seconds ago, and sigma, from rows of second, lack of velocity (3,) and its covariance (3, 3)."""
    thrust = lacks[0][1] / np.linalg.norm(lacks[0][1])
    seconds = np.array([row[0] for row in lacks])
    lack = np.array([float(row[1] @ thrust) for row in lacks])
    left = EXHAUST_M_PER_S * np.expm1(np.maximum(lack, 0.0) / EXHAUST_M_PER_S)
    slope, level = (float(value) for value in np.polyfit(seconds, left, 1))
    if slope >= -1.0:
        return None
    end_s = -level / slope
    if not seconds[-1] - 1.0 <= end_s <= 0.0:
        return None
    middle = seconds - seconds.mean()
    scatter = float(np.sum((left - level - slope * seconds) ** 2)) / max(1, len(seconds) - 2)
    reach = 1.0 / len(seconds) + (end_s - seconds.mean()) ** 2 / float(middle @ middle)
    last = float(thrust @ (lacks[-1][2] + falling) @ thrust)
    return -end_s, math.sqrt((last + scatter * reach) / slope**2 + BURN_END_SIGMA_S**2)


def burn_end_estimate(
    mean: FloatArray, covariance: FloatArray, time_ns: int, seconds_before: float, sigma_s: float
) -> FlightEvent | None:
    """The end of a burn that lies `seconds_before` the state; None where the way back leads below ground.

    Args:
        mean: position m and velocity m/s (6,) at `time_ns`, ECEF, in free fall.
        covariance: of the mean (6, 6).
        time_ns: instant of the state.
        seconds_before: how long before it the thrust ended.
        sigma_s: one sigma of that.

    Raises:
        ObservationError: a state or instant that cannot be, or a time outside 0 to BURN_END_S_MAX.
    """
    check_instant("time_ns", time_ns)
    mean, covariance = checked_state(mean, covariance)
    if not 0.0 <= seconds_before <= BURN_END_S_MAX:
        raise ObservationError(f"`seconds_before` must be between 0 and {BURN_END_S_MAX:.0f}")
    if not 0.0 <= sigma_s <= BURN_END_S_MAX:
        raise ObservationError(f"`sigma_s` must be between 0 and {BURN_END_S_MAX:.0f}")
    then, wide = propagate(mean.copy(), covariance.copy(), -float(seconds_before), 0.0)
    if height(then) < 0.0:
        return None
    place = wide[:3, :3] + np.outer(then[3:], then[3:]) * sigma_s**2
    return FlightEvent(
        time_ns=int(time_ns) - round(seconds_before * 1e9),
        time_sigma_s=float(sigma_s),
        mean_m=then[:3].copy(),
        covariance_m2=0.5 * (place + place.T),
    )


def separation_estimate(
    first: tuple[FloatArray, FloatArray],
    second: tuple[FloatArray, FloatArray],
    time_ns: int,
    *,
    one_burns: bool,
) -> FlightEvent | None:
    """When and where two objects were one; None where they did not just part.

    They did not where they approach each other, where they are farther apart than SEPARATION_M_MAX, or where
    it would have been more than SEPARATION_S_MAX ago, or is not known to within half of that.

    Args:
        first: mean (6,) and covariance (6, 6) at `time_ns`, ECEF; the one that falls freely, if one burns.
        second: of the other.
        time_ns: instant of both.
        one_burns: whether the second has been burning since.

    Raises:
        ObservationError: a state or instant that cannot be.
    """
    check_instant("time_ns", time_ns)
    falling, burning = checked_state(*first), checked_state(*second)
    apart = burning[0] - falling[0]
    wide = falling[1] + burning[1]
    r, v = apart[:3], apart[3:]
    speed2 = float(v @ v)
    if speed2 < _PARTING_M_PER_S_MIN**2 or float(np.linalg.norm(r)) > SEPARATION_M_MAX:
        return None
    k = 2.0 if one_burns else 1.0
    seconds = k * float(r @ v) / speed2
    if not 0.0 < seconds <= SEPARATION_S_MAX:
        return None
    slope = np.concatenate([k * v / speed2, k * (r - 2.0 * float(r @ v) / speed2 * v) / speed2])
    rule = K_SIGMA / k * seconds if one_burns else 0.0
    sigma_s = math.hypot(math.sqrt(max(0.0, float(slope @ wide @ slope))), rule)
    if sigma_s > 0.5 * SEPARATION_S_MAX:
        return None
    then = moved(falling[0].copy(), 0.0, -seconds)
    _, back = propagate(falling[0].copy(), falling[1].copy(), -seconds, 0.0)
    place = back[:3, :3] + np.outer(then[3:], then[3:]) * sigma_s**2
    return FlightEvent(
        time_ns=int(time_ns) - round(seconds * 1e9),
        time_sigma_s=sigma_s,
        mean_m=then[:3].copy(),
        covariance_m2=0.5 * (place + place.T),
    )
