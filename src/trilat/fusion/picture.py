"""The steps of a picture: one scan in, a new picture out. A picture is a value.

Each step: carry every track to the instant of the scan, pair plots with tracks, update the paired, start
tracks from the rest, confirm, forget. Nothing here depends on the order in which plots arrived: the
tracker calls the steps in the order of time, and again after it went back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from trilat.fusion.association import associate
from trilat.fusion.combine import squared_distance
from trilat.fusion.measurement import Measurement
from trilat.fusion.motion import height
from trilat.fusion.registration_lean import Known, first_lean, told_by, widened
from trilat.fusion.registration_plots import BiasTable
from trilat.fusion.stages import Bank
from trilat.fusion.track import (
    NS_PER_S,
    Track,
    TrackerSettings,
    bank_state,
    predicted_bank,
    start_track,
    updated_track,
)

# Two tracks nearer than this (chi-square, 6 degrees: 5 %) are one object, unless seen apart.
_SAME_OBJECT = 12.6
# So many scans that updated both tracks prove that they are two objects.
_APART_SCANS = 3
# Seconds without a plot after which a track is looked at again.
_QUIET_S = 10.0
# A bank is sure of boost above the one weight of its boost filter, of coast below the other. The first is
# not nearer to 1 because fresh coast hypotheses always hold a few per cent.
_SURE_BOOST = 0.85
_SURE_COAST = 0.01
# A staging is told by thrust within this time and distance.
_STAGING_S = 60.0
_STAGING_M = 60_000.0
# A body this far below the ellipsoid has come down, metres.
_DOWN_M = -3_000.0


@dataclass(frozen=True, eq=False)
class Picture:
    """All tracks after the last scan, and what was counted on the way.

    `biases` is the table by which plots were corrected, or None; `learned` is what lost tracks told of them.
    """

    tracks: tuple[Track, ...] = ()
    started: int = 0
    confirmed: int = 0
    gated: int = 0
    together: dict[tuple[int, int], int] = field(default_factory=dict)
    biases: BiasTable | None = None
    learned: Known | None = None

    def told(self) -> Known | None:
        """What confirmed tracks, present and lost, tell of the biases; None as long as nothing is told."""
        return told_by((track.lean for track in self.tracks if track.number), self.learned)

    def remembering(self, before: "Picture") -> "Picture":
        """The picture with what tracks told that it had `before` and has no more."""
        kept = {track.ordinal for track in self.tracks}
        gone = [track.lean for track in before.tracks if track.number and track.ordinal not in kept]
        return replace(self, learned=told_by(gone, self.learned)) if self.biases and gone else self


def after_scan(picture: Picture, scan: Sequence[Measurement], settings: TrackerSettings) -> Picture:
    """The picture after one scan: plots of one sensor at one instant."""
    time_ns = scan[0].time_ns
    picture = _without_lost(picture, time_ns, settings)
    banks = [predicted_bank(track, time_ns, settings) for track in picture.tracks]
    gated = scan if picture.biases is None else [widened(plot, picture.biases) for plot in scan]
    choice = associate(banks, gated, settings.gate_tail_probability)
    tracks = list(picture.tracks)
    confirmed = picture.confirmed
    for plot, index in zip(scan, choice, strict=True):
        if index >= 0:
            track = updated_track(tracks[index], banks[index], plot, settings)
            if track.number == 0 and track.instants >= settings.confirm_updates:
                confirmed += 1
                track = replace(track, number=confirmed)
            tracks[index] = track
    picture = replace(picture, tracks=tuple(tracks), confirmed=confirmed)
    paired = [index for index in choice if index >= 0]
    if len(tracks) > 1 and paired:
        picture = _named_after_thrust(_seen_apart(picture, paired), paired)
        picture = _merged(picture, paired, settings)
    unpaired = [plot for plot, index in zip(scan, choice, strict=True) if index < 0]
    return _started(picture, unpaired, settings)


def _started(picture: Picture, plots: Sequence[Measurement], settings: TrackerSettings) -> Picture:
    """The picture with a new track for each plot that belongs to none."""
    for plot in plots:
        gated = picture.gated + (1 if picture.tracks else 0)
        track = start_track(plot, picture.started + 1, settings)
        if track is not None and picture.biases is not None:
            track = replace(track, lean=first_lean(bank_state(track.bank)[:2], plot, picture.biases))
        picture = replace(picture, gated=gated)
        if track is not None and len(picture.tracks) < settings.tracks_max:
            picture = replace(picture, tracks=(*picture.tracks, track), started=picture.started + 1)
    return picture


def _without_lost(picture: Picture, time_ns: int, settings: TrackerSettings) -> Picture:
    kept = tuple(track for track in picture.tracks if not is_lost(track, time_ns, settings))
    return picture if len(kept) == len(picture.tracks) else replace(picture, tracks=kept)


def is_lost(track: Track, time_ns: int, settings: TrackerSettings) -> bool:
    """Whether a track is given up at `time_ns`: silent too long, too vague, or below the ground."""
    quiet_s = (time_ns - track.time_ns) / NS_PER_S
    if quiet_s > (settings.coast_s if track.number else settings.tentative_s):
        return True
    if quiet_s < _QUIET_S:
        return False
    return is_gone(predicted_bank(track, time_ns, settings), settings)


def is_gone(bank: Bank, settings: TrackerSettings) -> bool:
    """Whether the state says nothing any more, or lies below the ground."""
    mean, covariance, _ = bank_state(bank)
    vague = float(covariance[0, 0] + covariance[1, 1] + covariance[2, 2]) > settings.position_sigma_m_max**2
    return vague or height(mean) < _DOWN_M


def _seen_apart(picture: Picture, paired: Sequence[int]) -> Picture:
    """Counts for each pair of tracks the scans that updated both."""
    if len(paired) < 2:
        return picture
    together = dict(picture.together)
    ordinals = sorted(picture.tracks[index].ordinal for index in paired)
    for position, first in enumerate(ordinals):
        for second in ordinals[position + 1 :]:
            together[first, second] = together.get((first, second), 0) + 1
    return replace(picture, together=together)


def _named_after_thrust(picture: Picture, paired: Sequence[int]) -> Picture:
    """The picture in which, after a staging, the body that burns has the older name and the history.

    While two bodies are nearer than a radar can tell, either may carry on the old track.
    """
    for index in paired:
        young = picture.tracks[index]
        if young.number == 0 or young.bank[4][0] < _SURE_BOOST:
            continue
        for place, old in enumerate(picture.tracks):
            if _has_let_go(old, young):
                tracks = list(picture.tracks)
                tracks[index] = _renamed(young, old)
                tracks[place] = _renamed(old, young)
                return replace(picture, tracks=tuple(tracks))
    return picture


def _has_let_go(old: Track, young: Track) -> bool:
    """Whether `old` surely coasts and `young`, which split off it a short while ago, does not."""
    if not 0 < old.number < young.number or old.bank[4][0] > _SURE_COAST:
        return False
    if young.time_ns - young.born_ns > _STAGING_S * NS_PER_S:
        return False
    gap_m = float(np.linalg.norm(old.bank[0][:3] - young.bank[0][:3]))
    return gap_m < _STAGING_M and abs(old.time_ns - young.time_ns) < 5 * NS_PER_S


def _renamed(track: Track, other: Track) -> Track:
    return replace(track, number=other.number, first_time_ns=other.first_time_ns, history=other.history)


def _merged(picture: Picture, paired: Sequence[int], settings: TrackerSettings) -> Picture:
    """The picture without tracks that have become another, older one.

    Looked at for a track with every fifth plot only: it costs more than the plot itself.
    """
    dropped = set()
    for index in paired:
        young = picture.tracks[index]
        if young.number == 0 or young.updates % 5:
            continue
        for old in picture.tracks:
            if old.number and old.number < young.number and old.ordinal not in dropped:
                pair = (min(old.ordinal, young.ordinal), max(old.ordinal, young.ordinal))
                if picture.together.get(pair, 0) < _APART_SCANS and _is_same(old, young, settings):
                    dropped.add(young.ordinal)
                    break
    if not dropped:
        return picture
    return replace(picture, tracks=tuple(t for t in picture.tracks if t.ordinal not in dropped))


def _is_same(old: Track, young: Track, settings: TrackerSettings) -> bool:
    if abs(young.time_ns - old.time_ns) > 2 * NS_PER_S:
        return False
    bank = predicted_bank(old, young.time_ns, settings)
    old_mean, old_covariance, _ = bank_state(bank)
    mean, covariance, _ = bank_state(young.bank)
    return squared_distance((old_mean, old_covariance), (mean, covariance)) < _SAME_OBJECT
