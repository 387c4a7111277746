"""The flight that reaches a given apogee and a given point, as an impulse or with a burn.

    aim_impulse   launched with all its speed at once, without air: nothing that falls freely can be faster
    aim_burn      one burn as `ballistic.fly` describes it, with drag on the way down

Both solve three equations (apogee, and the two coordinates of the point of impact) in three unknowns: the
speed (of the body or of the exhaust) and the direction (its tilt from the vertical towards east and north).
Steps of the solution:

    1. Kepler's ellipse over a round Earth through both points and the apogee, closed form; the target is
       moved by the Earth's rotation during the flight, which is repeated until it stands still.
    2. Newton's method with halved steps from there on the oblate Earth.
    3. The burn grows from a very short one, which is nearly the impulse, to the asked one, and the drag from
       none to all; each solution is the start of the next, and the growth is halved where Newton fails.

`None` means that no such flight was found: the ellipse, the burn or the thrust cannot do it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from trilat.domains.missile.ballistic import (
    ENTRY_COEFFICIENT_KG_PER_M2,
    LANDED,
    Array,
    fly,
    standing_still,
)
from trilat.geo import (
    GM_M3_PER_S2,
    ROTATION_RAD_PER_S,
    ecef_from_geodetic,
    enu_rotation,
)

MISS_M_MAX = 20.0
"""A solution reaches apogee and target to this many metres, some milliseconds of flight time."""

_ITERATIONS_MAX = 15
_HALVINGS_MAX = 8
_FIRST_BURN_S = 2.0
_GROWTH = 0.2
_GROWTH_MIN = 0.005
_NO_BURN = np.zeros(5)


@dataclass(frozen=True)
class Target:
    """The task of a flight: from a site on the ground by way of an apogee to a point on the ground."""

    site_latitude_deg: float
    site_longitude_deg: float
    impact_latitude_deg: float
    impact_longitude_deg: float
    apogee_m: float


@dataclass(frozen=True)
class Aim:
    """A flight that does it.

    `unknowns` is (speed m/s, tilt east rad, tilt north rad): of the body relative to the turning ground for
    an impulse, of the exhaust and of the final thrust for a burn. `lowest_height_m` is that of the burn.
    """

    flight_time_s: float
    apogee_m: float
    impact_m: Array
    unknowns: Array
    lowest_height_m: float


def _ground(latitude_deg: float, longitude_deg: float) -> Array:
    return ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), 0.0)


def _frame(latitude_deg: float, longitude_deg: float) -> Array:
    return np.ascontiguousarray(enu_rotation(math.radians(latitude_deg), math.radians(longitude_deg)))


def _direction(unknowns: Array, frame: Array) -> Array:
    """Unit vector whose tilt from the vertical is `unknowns[1:]`."""
    tilt = math.hypot(unknowns[1], unknowns[2])
    side = math.sin(tilt) / tilt if tilt > 1e-12 else 0.0
    local = np.array([side * unknowns[1], side * unknowns[2], math.cos(tilt)])
    return np.asarray(local @ frame)


def _tilts(direction: Array, frame: Array) -> Array:
    """Tilt east and north, in radians, of a vector; the inverse of `_direction`."""
    east, north, up = frame @ direction
    across = math.hypot(east, north)
    scale = math.atan2(across, up) / across if across > 0.0 else 0.0
    return np.array([east * scale, north * scale])


def _kepler(target: Target, rotation_rad_per_s: float) -> Array:
    """Velocity (3,) relative to the turning ground, m/s, over a round Earth without air.

    The ellipse through two points at radius R, symmetric about its apogee at radius A, with half the angle w
    between them: e = (A - R) / (A - R cos w), a = A / (1 + e). Source: Bate, Mueller, White, Fundamentals of
    Astrodynamics (1971), chapter 6.
    """
    site = _ground(target.site_latitude_deg, target.site_longitude_deg)
    impact = _ground(target.impact_latitude_deg, target.impact_longitude_deg)
    radius = 0.5 * float(np.linalg.norm(site) + np.linalg.norm(impact))
    top = radius + target.apogee_m
    outward = site / np.linalg.norm(site)
    duration, velocity = 0.0, np.zeros(3)
    for _ in range(30):
        angle = rotation_rad_per_s * duration
        cosine, sine = math.cos(angle), math.sin(angle)
        moved = np.array(
            [cosine * impact[0] - sine * impact[1], sine * impact[0] + cosine * impact[1], impact[2]]
        )
        moved /= np.linalg.norm(moved)
        across = moved - outward * float(moved @ outward)
        size = float(np.linalg.norm(across))
        half = 0.5 * math.atan2(size, float(moved @ outward))
        eccentricity = (top - radius) / (top - radius * math.cos(half))
        axis = top / (1.0 + eccentricity)
        speed = math.sqrt(GM_M3_PER_S2 * (2.0 / radius - 1.0 / axis))
        level = min(math.sqrt(GM_M3_PER_S2 * axis * (1.0 - eccentricity**2)) / radius, speed)
        rising = math.sqrt(speed * speed - level * level)
        velocity = rising * outward + (level * across / size if size > 0.0 else 0.0)
        anomaly = math.acos(max(-1.0, min(1.0, (1.0 - radius / axis) / eccentricity)))
        mean = math.pi - (anomaly - eccentricity * math.sin(anomaly))
        previous, duration = duration, 2.0 * mean * math.sqrt(axis**3 / GM_M3_PER_S2)
        if abs(duration - previous) < 1e-3:
            break
    return velocity - standing_still(site, rotation_rad_per_s)


def _newton(shoot: Callable[[Array], Aim | None], misses: Callable[[Aim], Array], start: Array) -> Aim | None:
    """The flight that `shoot` finds with all `misses` (3,) below MISS_M_MAX, None if there is none."""
    unknowns = start.copy()
    aim = shoot(unknowns)
    if aim is None:
        return None
    miss = misses(aim)
    steps = np.array([1e-5, 1e-5, 1e-5])
    for _ in range(_ITERATIONS_MAX):
        if float(np.max(np.abs(miss))) < MISS_M_MAX:
            return aim
        slope = np.empty((3, 3))
        for column in range(3):
            moved = unknowns.copy()
            size = steps[column] * (unknowns[0] if column == 0 else 1.0)
            moved[column] += size
            other = shoot(moved)
            if other is None:
                return None
            slope[:, column] = (misses(other) - miss) / size
        scale = np.array([unknowns[0], 1.0, 1.0])
        change = -np.linalg.lstsq(slope * scale, miss, rcond=1e-9)[0]
        change *= scale * min(1.0, 0.3 / float(np.max(np.abs(change))))
        for halving in range(_HALVINGS_MAX):
            trial = unknowns + change * 0.5**halving
            found = shoot(trial)
            if found is not None and np.linalg.norm(misses(found)) < np.linalg.norm(miss):
                unknowns, aim, miss = trial, found, misses(found)
                break
        else:
            return None
    return None


def _misses(target: Target) -> Callable[[Aim], Array]:
    """How far a flight misses, metres (3,): apogee, east, north, the last two along the round Earth."""
    wanted = _ground(target.impact_latitude_deg, target.impact_longitude_deg)
    frame = _frame(target.impact_latitude_deg, target.impact_longitude_deg)
    radius = float(np.linalg.norm(wanted))

    def misses(aim: Aim) -> Array:
        across = (frame @ aim.impact_m)[:2] - (frame @ wanted)[:2]
        size = float(np.hypot(*across))
        angle = math.atan2(size, float(aim.impact_m @ wanted) / radius)
        scale = radius * angle / size if size > 0.0 else 1.0
        return np.array([aim.apogee_m - target.apogee_m, *(scale * across)])

    return misses


def fly_impulse(
    target: Target, unknowns: Array, rotation_rad_per_s: float = ROTATION_RAD_PER_S
) -> Aim | None:
    """The flight without burn or air, with given unknowns, from the site of `target`; None if it stays up."""
    site = _ground(target.site_latitude_deg, target.site_longitude_deg)
    frame = _frame(target.site_latitude_deg, target.site_longitude_deg)
    velocity = standing_still(site, rotation_rad_per_s) + unknowns[0] * _direction(unknowns, frame)
    status, t, apogee, lowest, impact = fly(site, velocity, frame, _NO_BURN, 0.0, rotation_rad_per_s)
    return Aim(t, apogee, impact, unknowns, lowest) if status == LANDED else None


def aim_impulse(target: Target, rotation_rad_per_s: float = ROTATION_RAD_PER_S) -> Aim | None:
    """The flight without burn or air that reaches `target`; its `unknowns` are relative to the ground."""
    frame = _frame(target.site_latitude_deg, target.site_longitude_deg)
    velocity = _kepler(target, rotation_rad_per_s)
    start = np.concatenate([[np.linalg.norm(velocity)], _tilts(velocity, frame)])
    return _newton(lambda u: fly_impulse(target, u, rotation_rad_per_s), _misses(target), start)


def fly_burn(
    target: Target,
    burn_s: float,
    mass_ratio: float,
    unknowns: Array,
    rotation_rad_per_s: float = ROTATION_RAD_PER_S,
    *,
    air: float = 1.0,
) -> Aim | None:
    """The flight with a burn and given unknowns from the site of `target`; None if it stays up.

    `air` scales the drag of the way down: 1 is the model's, 0 is none.
    """
    site = _ground(target.site_latitude_deg, target.site_longitude_deg)
    frame = _frame(target.site_latitude_deg, target.site_longitude_deg)
    burn = np.array([burn_s, mass_ratio, *unknowns])
    carried = standing_still(site, rotation_rad_per_s)
    coefficient = ENTRY_COEFFICIENT_KG_PER_M2 / air if air > 0.0 else 0.0
    status, t, apogee, lowest, impact = fly(site, carried, frame, burn, coefficient, rotation_rad_per_s)
    return Aim(t, apogee, impact, unknowns, lowest) if status == LANDED else None


def aim_burn(
    target: Target,
    burn_s: float,
    mass_ratio: float,
    impulse: Aim,
    rotation_rad_per_s: float = ROTATION_RAD_PER_S,
) -> Aim | None:
    """The flight with one burn that reaches `target`, found from the `impulse` that does."""
    misses = _misses(target)
    current = impulse.unknowns.copy()
    current[0] /= math.log(mass_ratio)
    first_burn_s = min(_FIRST_BURN_S, burn_s)
    done, part, growth = -1.0, 0.0, _GROWTH

    def shoot(share: float, unknowns: Array) -> Aim | None:
        trial_s = first_burn_s * (burn_s / first_burn_s) ** share
        return fly_burn(target, trial_s, mass_ratio, unknowns, rotation_rad_per_s, air=share)

    while True:
        found = _newton(partial(shoot, part), misses, current)
        if found is not None and part >= 1.0:
            return found
        if found is not None:
            current, done = found.unknowns, part
            growth = min(_GROWTH, 1.5 * growth)
        else:
            growth *= 0.5
            if done < 0.0 or growth < _GROWTH_MIN:
                return None
        part = min(1.0, done + growth)
