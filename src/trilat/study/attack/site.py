"""Where does the sensor stand? Lines of sight from what each version adds to a covariance, or the edge of
what it sees.

Attacks
1. What a version knows more than the one before it, moved on, is what the plots between them said:
   J = P_k^-1 - (F P_k-1 F' + Q)^-1. A radar measures range better than direction, so the long axis of J
   points to it. Lines of sight from many versions meet at the site (least squares of perpendicular
   distances, reweighted).
2. Without such lines: objects enter and leave what it sees at one distance, so the ends of tracks lie on a
   sphere around the site, which stands on the ground.
3. With one flight alone: it stands below the middle of what it saw.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.optimize import least_squares

from trilat.fusion import propagate
from trilat.geo import FloatArray, ecef_from_geodetic, geodetic_from_ecef
from trilat.model import SECOND_NS
from trilat.study.attack.capture import Capture

NOISE_DENSITY: Final = 3e-8
"""Of the originator's filter, m^2/s^3: its source is public."""

_SHARPNESS_MIN: Final = 4.0
"""How much longer than the next the longest axis of what was added must be to point anywhere."""

_LINES_MIN: Final = 10
_EARTH_M: Final = 6_371_000.0


def gained(held: Capture) -> list[tuple[FloatArray, FloatArray, float]]:
    """Place (3,), information in position (3, 3) added since the version before, and seconds between
    (attack 1).
    """
    found = []
    for place in range(1, len(held.time_ns)):
        seconds = (held.time_ns[place] - held.time_ns[place - 1]) / SECOND_NS
        if seconds <= 0.0:
            continue
        _, moved = propagate(held.mean[place - 1], held.covariance[place - 1], seconds, NOISE_DENSITY)
        added = np.linalg.inv(held.covariance[place]) - np.linalg.inv(moved)
        found.append((held.mean[place, :3], 0.5 * (added + added.T)[:3, :3], seconds))
    return found


def is_sharp(information: FloatArray) -> bool:
    """Whether information in position (3, 3) has one axis that is much longer than the others."""
    values = np.linalg.eigvalsh(information)
    return bool(values[2] > 0.0 and values[2] > _SHARPNESS_MIN * abs(values[1]))


def find_site(captures: Sequence[Capture]) -> FloatArray:
    """The attacker's guess (3,) of the sensor's place, ECEF, metres."""
    sharp = [
        (place, np.linalg.eigh(information)[1][:, 2])
        for held in captures
        for place, information, _ in gained(held)
        if is_sharp(information)
    ]
    if len(sharp) >= _LINES_MIN * len(captures):
        return _meeting(sharp)
    below = _below_the_middle(captures)
    return below if len(captures) < 3 else _centre(captures, below)


def _meeting(lines: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The point nearest to lines through places with directions; far ones lose weight over the rounds."""
    places = np.array([place for place, _ in lines])
    across = np.array([np.eye(3) - np.outer(direction, direction) for _, direction in lines])
    weights = np.ones(len(lines))
    meeting: FloatArray = places.mean(axis=0)
    for _ in range(10):
        matrix = np.einsum("i,ijk->jk", weights, across)
        right: FloatArray = np.einsum("i,ijk,ik->j", weights, across, places)
        meeting = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
        offset = meeting - places
        missed = np.linalg.norm(np.einsum("ijk,ik->ij", across, offset), axis=1)
        angle = missed / np.linalg.norm(offset, axis=1)
        weights = 1.0 / (missed**2 + 1e6 + (np.median(angle) * np.linalg.norm(offset, axis=1)) ** 2)
    return meeting


def _below_the_middle(captures: Sequence[Capture]) -> FloatArray:
    middles = [0.5 * (held.mean[0, :3] + held.mean[-1, :3]) for held in captures]
    latitude, longitude, _ = geodetic_from_ecef(np.mean(middles, axis=0))
    return ecef_from_geodetic(latitude, longitude, 0.0)


def _centre(captures: Sequence[Capture], start: FloatArray) -> FloatArray:
    """The place on the ground that has one distance to the ends of all tracks (attack 2)."""
    ends = np.array([held.mean[place, :3] for held in captures for place in (0, -1)])
    latitude, longitude, _ = (float(value) for value in geodetic_from_ecef(start))

    def distances(guess: FloatArray) -> FloatArray:
        site = ecef_from_geodetic(guess[0], guess[1], 0.0)
        apart: FloatArray = (np.linalg.norm(ends - site, axis=1) - guess[2] * _EARTH_M) / 1e4
        return apart

    reach = float(np.median(np.linalg.norm(ends - start, axis=1))) / _EARTH_M
    found = least_squares(distances, [latitude, longitude, reach], loss="soft_l1").x
    return ecef_from_geodetic(found[0], found[1], 0.0)
