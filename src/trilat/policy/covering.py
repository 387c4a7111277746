"""Covering noise: an error that a giver adds on purpose, of a size that the copy states.

Rules
1. The error is a function of the giver's key, the object (`subject`) and the epoch, and of nothing else: the
   same for every recipient, every repeat and every kind of item about the object. Asking again averages
   nothing out; only another epoch does.
2. A greater error is a smaller one with more added: for cover_m = a < b the error of b is that of a plus an
   independent part. So who holds both copies knows no more than who holds the finer one. Per axis the error
   is a Brownian path over the variance, W(cover_m^2), by midpoint displacement on whole metres (Levy's
   construction; Karatzas and Shreve, Brownian Motion and Stochastic Calculus (1991), section 2.3).
3. It stands still for `HELD_SHARE` of an epoch, then turns into the next one's, cos(a) w1 + sin(a) w2, so
   that its standard deviation is the same at every instant and no copy jumps. The velocity follows it.
4. Without the key nobody can tell it from independent normal errors: every draw is a keyed BLAKE2b digest
   through the inverse of the normal distribution.

Lengths are metres, frame ECEF.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np

from trilat.geo import FloatArray
from trilat.model import SECOND_NS

HELD_SHARE: Final = 0.75
"""The share of an epoch in which the error stands still; in the rest it turns into the next one's."""

_LEVELS: Final = 17
"""2^17 m is the first power of two beyond the greatest cover_m."""

_NORMAL: Final = NormalDist()
_BYTES_EACH: Final = 8


@dataclass(frozen=True, eq=False)
class Cover:
    """The error at an instant: `offset_m` (3,), how fast it changes `rate_m_per_s` (3,), and the standard
    deviation of that rate per axis, zero while the error stands still.
    """

    offset_m: FloatArray
    rate_m_per_s: FloatArray
    rate_sigma_m_per_s: float


def cover_at(key: bytes, subject: str, at_ns: int, cover_m: int, epoch_s: int) -> Cover:
    """The covering error of an object at an instant; an epoch of zero seconds never ends.

    Args:
        key: the giver's secret, up to 64 bytes.
        subject: the object.
        at_ns: UTC nanoseconds.
        cover_m: standard deviation per axis, below 2^17 m.
        epoch_s: length of an epoch.
    """
    offset_m, rate_m_per_s = np.zeros(3), np.zeros(3)
    angle, angle_per_s = _turn(at_ns, epoch_s)
    weights = cover_weights(at_ns, epoch_s)
    for (epoch, weight), slope in zip(weights, (-math.sin(angle), math.cos(angle)), strict=False):
        error = _walk(key, subject, epoch, cover_m)
        offset_m += weight * error
        rate_m_per_s += slope * angle_per_s * error
    return Cover(offset_m, rate_m_per_s, angle_per_s * cover_m)


def cover_weights(at_ns: int, epoch_s: int) -> tuple[tuple[int, float], ...]:
    """The epochs whose errors make the error at an instant, with their weights: one while it stands still,
    two while it turns. No secret: whoever has the duties can tell.
    """
    epoch = at_ns // (epoch_s * SECOND_NS) if epoch_s else 0
    angle, _ = _turn(at_ns, epoch_s)
    if angle == 0.0:
        return ((epoch, 1.0),)
    return ((epoch, math.cos(angle)), (epoch + 1, math.sin(angle)))


def _turn(at_ns: int, epoch_s: int) -> tuple[float, float]:
    """How far the error has turned into the next epoch's, radians up to a quarter turn, and its rate per
    second.
    """
    if epoch_s == 0:
        return 0.0, 0.0
    turning_s = epoch_s * (1.0 - HELD_SHARE)
    share = (at_ns % (epoch_s * SECOND_NS) / SECOND_NS - epoch_s * HELD_SHARE) / turning_s
    if share <= 0.0:
        return 0.0, 0.0
    # 3 s^2 - 2 s^3 is at rest at both ends.
    angle = 0.5 * math.pi * share * share * (3.0 - 2.0 * share)
    return angle, 3.0 * math.pi * share * (1.0 - share) / turning_s


def keyed_normals(key: bytes, *about: str, count: int) -> FloatArray:
    """Independent standard normal values (count,), count up to 8, as a function of the key and the names."""
    names = "\x00".join(about).encode()
    digest = hashlib.blake2b(names, key=key, digest_size=count * _BYTES_EACH).digest()
    uniform = (
        (int.from_bytes(digest[place : place + _BYTES_EACH]) + 0.5) / 2**64
        for place in range(0, len(digest), _BYTES_EACH)
    )
    # 53 bits of a float may round the greatest values up to 1, which has no place on the bell.
    return np.array([_NORMAL.inv_cdf(min(value, 1.0 - 2.0**-53)) for value in uniform])


@lru_cache(maxsize=4_096)
def _walk(key: bytes, subject: str, epoch: int, cover_m: int) -> FloatArray:
    """W(cover_m^2) (3,) of an object in an epoch (rule 2)."""

    def normals(metres: int) -> FloatArray:
        return keyed_normals(key, "cover", subject, str(epoch), str(metres), count=3)

    low, high = 0, 1 << _LEVELS
    at_low, at_high = np.zeros(3), high * normals(high)
    while True:
        middle = (low + high) // 2
        # A Brownian bridge between the variances low^2 and high^2.
        up, down, span = middle**2 - low**2, high**2 - middle**2, high**2 - low**2
        at_middle = at_low + up / span * (at_high - at_low) + math.sqrt(up / span * down) * normals(middle)
        if middle == cover_m:
            at_middle.flags.writeable = False
            return at_middle
        if cover_m < middle:
            high, at_high = middle, at_middle
        else:
            low, at_low = middle, at_middle
