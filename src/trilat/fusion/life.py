"""When a track ends, when two are one, and which name goes on after a split. All on values.

- Lost: silent longer than its kind may be, too vague, below the ground, or existence gone.
- Split: a track that starts beside a confirmed one is its child. When the two turn out to be a body that
  burns and one that does not, the one that burns has the older name and the history (`named_after_thrust`).
- Merge: a younger track that has become an older one is dropped, unless both were seen in the same scans.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trilat.fusion.filters.kalman import is_sound
from trilat.fusion.filters.motion import height
from trilat.fusion.filters.stages import Bank
from trilat.fusion.sharing.combine import squared_distance
from trilat.fusion.track import (
    NS_PER_S,
    Track,
    TrackerSettings,
    bank_state,
    predicted_bank,
)
from trilat.geo import FloatArray

Together = dict[tuple[int, int], int]
"""For two ordinals, the smaller first: the scans that updated both tracks."""

# Two tracks nearer than this (chi-square, 6 degrees: 5 %) are one object, unless seen apart.
_SAME_OBJECT = 12.6
# So many scans that updated both tracks prove that they are two objects.
_APART_SCANS = 3
# Seconds without a plot after which a track is looked at again.
_QUIET_S = 10.0
# A track may be silent for so many times the span of its plots.
_QUIET_SPANS = 10.0
# A bank is sure of boost above the one weight of its boost filter, of coast below the other. The first is
# not nearer to 1 because fresh coast hypotheses always hold a few per cent.
_SURE_BOOST = 0.85
_SURE_COAST = 0.01
# A staging is told by thrust within this time and distance.
_STAGING_S = 60.0
_STAGING_M = 60_000.0
# A track that starts this near to a confirmed one, or within so many of its sigmas, split off it.
_SPLIT_M = 3_000.0
_SPLIT_SIGMAS = 4.0
_SPLIT_S = 5.0
# A body this far below the ellipsoid has come down, metres.
_DOWN_M = -3_000.0
# A body faster than this is not the Earth's: escape is 11 km/s, and there is an error.
_SPEED_M_PER_S_MAX = 15_000.0
# The Earth's gravity is not felt as such nearer to its centre than this, metres.
_RADIUS_M_MIN = 5.0e6


def is_silent_too_long(track: Track, time_ns: int, settings: TrackerSettings) -> bool:
    """Whether nothing was seen of the track for longer than it may coast.

    A confirmed track may coast ten times as long as it was seen, up to `coast_s`: what was seen for three
    seconds is not kept for five minutes.
    """
    quiet_s = (time_ns - track.time_ns) / NS_PER_S
    if track.number == 0:
        return quiet_s > settings.tentative_s
    span_s = (track.time_ns - track.first_time_ns) / NS_PER_S
    return quiet_s > min(settings.coast_s, max(settings.tentative_s, _QUIET_SPANS * span_s))


def is_lost(track: Track, time_ns: int, settings: TrackerSettings) -> bool:
    """Whether a track is given up at `time_ns`: silent too long, too vague, or below the ground."""
    if is_silent_too_long(track, time_ns, settings):
        return True
    if (time_ns - track.time_ns) / NS_PER_S < _QUIET_S:
        return False
    return is_gone(predicted_bank(track, time_ns, settings), settings)


def is_gone(bank: Bank, settings: TrackerSettings) -> bool:
    """Whether the state says nothing any more, or lies below the ground."""
    mean, covariance, _ = bank_state(bank)
    return is_gone_state(mean, covariance, settings)


def is_gone_state(mean: FloatArray, covariance: FloatArray, settings: TrackerSettings) -> bool:
    """As `is_gone`, of a state (6,) and covariance (6, 6)."""
    spread_m2 = float(covariance[0, 0] + covariance[1, 1] + covariance[2, 2])
    if not spread_m2 <= settings.position_sigma_m_max**2 or not is_sound(mean, covariance):
        return True
    if not float(mean[3:] @ mean[3:]) <= _SPEED_M_PER_S_MAX**2:
        return True
    radius_m2 = float(mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2])
    return not radius_m2 > _RADIUS_M_MIN**2 or not height(mean) >= _DOWN_M


def parent_of(tracks: Sequence[Track], positions_m: FloatArray, sigmas_m: FloatArray, young: Track) -> int:
    """The number of the confirmed track beside which `young` starts; 0: none is so near.

    Args:
        tracks: of the picture.
        positions_m: theirs at the instant, (n, 3).
        sigmas_m: one sigma of each, (n,).
        young: the track that starts.
    """
    mean, covariance, _ = bank_state(young.bank)
    own_m = float(np.sqrt(np.trace(covariance[:3, :3])))
    best: tuple[float, int] | None = None
    for track, position, sigma in zip(tracks, positions_m, sigmas_m, strict=True):
        if not track.number or young.time_ns - track.time_ns > _SPLIT_S * NS_PER_S:
            continue
        gap_m = float(np.linalg.norm(position - mean[:3]))
        reach = max(_SPLIT_M, _SPLIT_SIGMAS * float(np.hypot(own_m, sigma)))
        if gap_m < reach and (best is None or gap_m < best[0]):
            best = (gap_m, track.number)
    return 0 if best is None else best[1]


def seen_apart(tracks: Sequence[Track], paired: Sequence[int], together: Together) -> Together:
    """Counts for each pair of tracks the scans that updated both."""
    if len(paired) < 2:
        return together
    together = dict(together)
    ordinals = sorted(tracks[index].ordinal for index in paired)
    for position, first in enumerate(ordinals):
        for second in ordinals[position + 1 :]:
            together[first, second] = together.get((first, second), 0) + 1
    return together


def of_living(together: Together, tracks: Sequence[Track]) -> Together:
    """The counts without those of tracks that are no more."""
    living = {track.ordinal for track in tracks}
    return {pair: count for pair, count in together.items() if living.issuperset(pair)}


def named_after_thrust(tracks: tuple[Track, ...], paired: Sequence[int]) -> tuple[Track, ...]:
    """The tracks in which, after a staging, the body that burns has the older name and the history.

    While two bodies are nearer than a radar can tell, either may carry on the old track.
    """
    for index in paired:
        young = tracks[index]
        if young.number == 0 or young.bank[4][0] < _SURE_BOOST:
            continue
        for place, old in enumerate(tracks):
            if _has_let_go(old, young):
                changed = list(tracks)
                changed[index] = _renamed(young, old, old.parent)
                changed[place] = _renamed(old, young, young.parent or old.number)
                return tuple(changed)
    return tracks


def _has_let_go(old: Track, young: Track) -> bool:
    """Whether `old` surely coasts and `young`, which split off it a short while ago, does not."""
    if not 0 < old.number < young.number or old.bank[4][0] > _SURE_COAST:
        return False
    if young.time_ns - young.born_ns > _STAGING_S * NS_PER_S:
        return False
    gap_m = float(np.linalg.norm(old.bank[0][:3] - young.bank[0][:3]))
    return gap_m < _STAGING_M and abs(old.time_ns - young.time_ns) < 5 * NS_PER_S


def _renamed(track: Track, other: Track, parent: int) -> Track:
    return replace(
        track,
        number=other.number,
        first_time_ns=other.first_time_ns,
        history=other.history,
        parent=parent,
    )


def merged(
    tracks: tuple[Track, ...], paired: Sequence[int], together: Together, settings: TrackerSettings
) -> tuple[Track, ...]:
    """The tracks without those that have become another, older one.

    Looked at for a track with every fifth plot only: it costs more than the plot itself.
    """
    dropped = set()
    for index in paired:
        young = tracks[index]
        if young.number == 0 or young.updates % 5:
            continue
        for old in tracks:
            if old.number and old.number < young.number and old.ordinal not in dropped:
                pair = (min(old.ordinal, young.ordinal), max(old.ordinal, young.ordinal))
                if together.get(pair, 0) < _APART_SCANS and _is_same(old, young, settings):
                    dropped.add(young.ordinal)
                    break
    return tuple(track for track in tracks if track.ordinal not in dropped) if dropped else tracks


def _is_same(old: Track, young: Track, settings: TrackerSettings) -> bool:
    if abs(young.time_ns - old.time_ns) > 2 * NS_PER_S:
        return False
    old_mean, old_covariance, _ = bank_state(predicted_bank(old, young.time_ns, settings))
    mean, covariance, _ = bank_state(young.bank)
    return squared_distance((old_mean, old_covariance), (mean, covariance)) < _SAME_OBJECT
