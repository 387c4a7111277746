"""The steps of a picture: one scan in, a new picture out. A picture is a value.

Each step: carry every track to the instant of the scan, weigh plots against tracks, update, start tracks from
plots that no track took, confirm, forget. Nothing here depends on the order in which plots arrived: the
tracker calls the steps in the order of time, and again after it went back.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from trilat.fusion.association import Candidates, blended, joint, log_densities, nearest
from trilat.fusion.existence import (
    EXISTENCE_MAX,
    NS_PER_S,
    Look,
    SensorKey,
    SensorModel,
    SensorState,
    after_plot,
    after_silence,
    chance_of_plot,
    first_existence,
    is_due,
    lasting,
    view_after_silence,
)
from trilat.fusion.filters.measurement import KIND_EQUIVALENT, Measurement
from trilat.fusion.filters.stages import Bank
from trilat.fusion.life import (
    Together,
    is_gone_state,
    is_silent_too_long,
    merged,
    named_after_thrust,
    of_living,
    parent_of,
    seen_apart,
)
from trilat.fusion.registration.lean import Known, first_lean, told_by, widened
from trilat.fusion.registration.plots import BiasTable
from trilat.fusion.staging import Partings, reconsidered
from trilat.fusion.track import (
    Track,
    TrackerSettings,
    bank_state,
    predicted_bank,
    start_track,
    updated_track,
)
from trilat.geo import FloatArray

Models = Mapping[tuple[str, str], SensorModel]
"""What is known beforehand of sensors, by source and sensor."""

_UNKNOWN_SENSOR = SensorModel()
# A plot of less than this share of a track is not blended in; one above the other is taken alone.
_SHARE_MIN = 0.01
_SHARE_ALONE = 0.98
# A track without a number is dropped below this share of its first existence.
_LEFT_MIN = 0.3
# A track takes part in a scan's plots, though it is given none of them, from this share on.
_SHARE_SOFT = 0.3


@dataclass(frozen=True, eq=False)
class Picture:
    """All tracks after the last scan, and what was counted on the way.

    `taken` has the plots that tracks took at the last instant, each with its track just after.
    `biases` is the table by which plots were corrected, or None; `learned` is what lost tracks told of them.
    """

    tracks: tuple[Track, ...] = ()
    started: int = 0
    confirmed: int = 0
    gated: int = 0
    unsound: int = 0
    together: Together = field(default_factory=dict)
    sensors: Mapping[SensorKey, SensorState] = field(default_factory=dict)
    taken: tuple[tuple[Measurement, Track], ...] = ()
    biases: BiasTable | None = None
    learned: Known | None = None
    partings: Partings = field(default_factory=dict)

    def told(self) -> Known | None:
        """What confirmed tracks, present and lost, tell of the biases; None as long as nothing is told."""
        return told_by((track.lean for track in self.tracks if track.number), self.learned)

    def remembering(self, before: "Picture") -> "Picture":
        """The picture with what tracks told that it had `before` and has no more."""
        kept = {track.ordinal for track in self.tracks}
        gone = [track.lean for track in before.tracks if track.number and track.ordinal not in kept]
        return replace(self, learned=told_by(gone, self.learned)) if self.biases and gone else self


@dataclass(frozen=True, eq=False)
class _Scan:
    """One scan and what the picture's tracks are worth in it; columns and lists are in order of tracks."""

    plots: Sequence[Measurement]
    time_ns: int
    key: SensorKey
    model: SensorModel
    state: SensorState
    candidates: Candidates
    states: Sequence[tuple[FloatArray, FloatArray]]
    existences: Sequence[float]
    chances: Sequence[float]
    log_ratio: FloatArray
    log_psi: FloatArray


def after_scan(
    picture: Picture, plots: Sequence[Measurement], settings: TrackerSettings, models: Models
) -> Picture:
    """The picture after one scan: plots of one sensor at one instant."""
    time_ns = plots[0].time_ns
    taken = picture.taken if picture.taken and picture.taken[-1][0].time_ns == time_ns else ()
    picture, banks, states = _carried(picture, time_ns, settings)
    scan = _weighed(picture, banks, states, plots, settings, models)
    choice = nearest(scan.log_psi)
    before = picture.tracks
    picture = _updated(picture, scan, choice, settings)
    paired = sorted(index for index in choice if index >= 0)
    used = {index: plot for plot, index in zip(plots, choice, strict=True) if index >= 0}
    tracks = picture.tracks
    if len(tracks) > 1 and paired and settings.association == "gnn":
        tracks, used, partings = reconsidered(before, tracks, banks, used, picture.partings, settings)
        picture = replace(picture, tracks=tracks, partings=partings)
    if len(tracks) > 1 and paired:
        together = seen_apart(tracks, paired, picture.together)
        tracks = named_after_thrust(tracks, paired)
        picture = replace(picture, tracks=tracks, together=together)
    rows = tuple((plot, tracks[index]) for index, plot in used.items())
    picture = replace(picture, taken=(*taken, *rows))
    unused = [plot for plot, index in zip(plots, choice, strict=True) if index < 0]
    picture = _started(picture, unused, scan, settings)
    tracks = picture.tracks
    if len(tracks) > 1 and paired:
        tracks = merged(tracks, paired, picture.together, settings)
    tracks = tuple(track for track in tracks if _exists(track, settings))
    return picture if len(tracks) == len(picture.tracks) else replace(picture, tracks=tracks)


def _exists(track: Track, settings: TrackerSettings) -> bool:
    """Whether existence is left; one without a number may not fall far below what it began with."""
    if track.number == 0 and track.existence < _LEFT_MIN * track.first_existence:
        return False
    return track.existence >= settings.delete_existence or track.looked_ns == track.born_ns


def _carried(
    picture: Picture, time_ns: int, settings: TrackerSettings
) -> tuple[Picture, list[Bank], list[tuple[FloatArray, FloatArray]]]:
    """The picture without what is lost at the instant, and the filters and states of the rest there."""
    kept, banks, states = [], [], []
    for track in picture.tracks:
        if is_silent_too_long(track, time_ns, settings):
            continue
        bank = predicted_bank(track, time_ns, settings)
        mean, covariance, _ = bank_state(bank)
        if not is_gone_state(mean, covariance, settings):
            kept.append(track)
            banks.append(bank)
            states.append((mean, covariance))
    if len(kept) < len(picture.tracks):
        together = of_living(picture.together, kept)
        picture = replace(picture, tracks=tuple(kept), together=together)
    return picture, banks, states


def _weighed(
    picture: Picture,
    banks: list[Bank],
    states: list[tuple[FloatArray, FloatArray]],
    plots: Sequence[Measurement],
    settings: TrackerSettings,
    models: Models,
) -> _Scan:
    time_ns, key = plots[0].time_ns, plots[0].scan[1:4]
    model = models.get((plots[0].source, plots[0].sensor), _UNKNOWN_SENSOR)
    state = picture.sensors.get(key, SensorState())
    existences = [
        lasting(track.existence, (time_ns - track.looked_ns) / NS_PER_S) for track in picture.tracks
    ]
    chances = [chance_of_plot(track.looks.get(key), time_ns, model) for track in picture.tracks]
    positions = np.array([mean[:3] for mean, _ in states]).reshape(-1, 3)
    sigmas = np.array([math.sqrt(float(c[0, 0] + c[1, 1] + c[2, 2])) for _, c in states])
    candidates = Candidates(banks, positions, sigmas)
    seen = plots if picture.biases is None else [widened(plot, picture.biases) for plot in plots]
    log_ratio = log_densities(candidates, seen, settings.gate_tail_probability)
    densities = [math.log(state.density(plot.kind, model)) for plot in plots]
    log_ratio = log_ratio - np.array(densities)[:, None]
    weights = [math.log(e * c / (1.0 - e * c)) for e, c in zip(existences, chances, strict=True)]
    log_psi = log_ratio + np.array(weights)
    return _Scan(
        plots, time_ns, key, model, state, candidates, states, existences, chances, log_ratio, log_psi
    )


def _updated(picture: Picture, scan: _Scan, choice: Sequence[int], settings: TrackerSettings) -> Picture:
    """The picture with every track after the scan, and the sensor's state."""
    blends = settings.association == "jpda" and scan.plots[0].kind != KIND_EQUIVALENT
    shares = joint(scan.log_psi) if blends else None
    rows = {index: row for row, index in enumerate(choice) if index >= 0}
    tracks = []
    confirmed, unsound, state = picture.confirmed, picture.unsound, scan.state
    for index, track in enumerate(picture.tracks):
        row = rows.get(index)
        if shares is None:
            new = _by_nearest(track, index, row, scan, settings)
        else:
            new = _by_shares(track, index, row, shares[:, index], scan, settings)
        if row is not None and new is None:
            unsound += 1
        if row is not None and new is not None:
            look = track.looks.get(scan.key)
            if track.number and look is not None:
                state = state.revisited((scan.time_ns - look.seen_ns) / NS_PER_S)
            if _is_confirmed_by(new, settings):
                confirmed += 1
                new = replace(new, number=confirmed)
        tracks.append(track if new is None else new)
    unused = [plot for plot, index in zip(scan.plots, choice, strict=True) if index < 0]
    doubted = sum(1.0 - scan.existences[index] for index in rows)
    sensors = {**picture.sensors, scan.key: state.after(unused, doubted)}
    return replace(picture, tracks=tuple(tracks), confirmed=confirmed, unsound=unsound, sensors=sensors)


def _is_confirmed_by(track: Track, settings: TrackerSettings) -> bool:
    """Whether a track with no number is to have one."""
    return (
        track.number == 0
        and track.instants >= settings.confirm_updates
        and track.existence >= settings.confirm_existence
    )


def _by_nearest(
    track: Track, index: int, row: int | None, scan: _Scan, settings: TrackerSettings
) -> Track | None:
    """The track after the plot in `row`, or after silence; None: the filters come out unsound."""
    existence, chance = scan.existences[index], scan.chances[index]
    if row is None:
        return _silent(track, existence, chance, scan)
    plot = scan.plots[row]
    new = updated_track(track, scan.candidates.banks[index], plot, settings, plot, is_seen=True)
    if new is None:
        return None
    ratio = math.exp(min(float(scan.log_ratio[row, index]), 50.0))
    return _seen(new, after_plot(existence, chance, ratio), scan)


def _by_shares(
    track: Track,
    index: int,
    row: int | None,
    shares: FloatArray,
    scan: _Scan,
    settings: TrackerSettings,
) -> Track | None:
    """The track after its share of all plots; None: the filters come out unsound."""
    existence, chance = scan.existences[index], scan.chances[index]
    total = float(shares.sum())
    if row is None and total < _SHARE_SOFT:
        return _silent(track, existence, chance, scan)
    unseen = existence * (1.0 - chance) / (1.0 - existence * chance)
    exists = min(EXISTENCE_MAX, (1.0 - total) * unseen + total)
    # No single scan raises the odds without end, as in the other rule.
    exists = min(exists, after_plot(existence, chance, math.inf))
    rows = [int(place) for place in np.flatnonzero(shares > _SHARE_MIN)] or [int(np.argmax(shares))]
    weights = [min(float(shares[place]) / max(exists, total), 1.0) for place in rows]
    best = scan.plots[rows[int(np.argmax(weights))] if row is None else row]
    used = best
    if len(rows) > 1 or weights[0] < _SHARE_ALONE:
        used = blended(*scan.states[index], [scan.plots[place] for place in rows], weights)
    bank = scan.candidates.banks[index]
    new = updated_track(track, bank, best, settings, used, is_seen=row is not None)
    return None if new is None else _seen(new, exists, scan)


def _seen(track: Track, existence: float, scan: _Scan) -> Track:
    looks = {**track.looks, scan.key: Look(1.0, scan.time_ns, scan.time_ns)}
    return replace(track, existence=existence, looked_ns=scan.time_ns, looks=looks)


def _silent(track: Track, existence: float, chance: float, scan: _Scan) -> Track | None:
    """The track after a scan that says nothing of it, or that it should have been in; None: no change."""
    look = track.looks.get(scan.key)
    if look is None or scan.plots[0].kind == KIND_EQUIVALENT or not is_due(look, scan.time_ns, scan.state):
        return None
    view = view_after_silence(look.view_at(scan.time_ns), scan.model)
    looks = {**track.looks, scan.key: Look(view, scan.time_ns, look.seen_ns)}
    return replace(track, existence=after_silence(existence, chance), looked_ns=scan.time_ns, looks=looks)


def _started(
    picture: Picture, plots: Sequence[Measurement], scan: _Scan, settings: TrackerSettings
) -> Picture:
    """The picture with a new track for each plot that belongs to none."""
    if not plots:
        return picture
    false_plots = picture.sensors[scan.key].false_per_scan(scan.model)
    existence = min(first_existence(false_plots, settings.objects_per_scan), settings.confirm_existence)
    tracks = list(picture.tracks)
    old = picture.tracks
    started, gated = picture.started, picture.gated
    for plot in plots:
        gated += 1 if tracks else 0
        if len(tracks) >= settings.tracks_max and not _gave_way(tracks, existence):
            continue
        track = start_track(plot, started + 1, settings, existence)
        if track is not None:
            if picture.biases is not None:
                lean = first_lean(bank_state(track.bank)[:2], plot, picture.biases)
                track = replace(track, lean=lean)
            parent = parent_of(old, scan.candidates.positions_m, scan.candidates.sigmas_m, track)
            tracks.append(replace(track, parent=parent))
            started += 1
    return replace(picture, tracks=tuple(tracks), started=started, gated=gated)


def _gave_way(tracks: list[Track], existence: float) -> bool:
    """Whether the least likely track without a number, if less likely than a new one, was dropped."""
    open_tracks = [track for track in tracks if not track.number and track.existence < existence]
    if not open_tracks:
        return False
    tracks.remove(min(open_tracks, key=lambda track: (track.existence, track.ordinal)))
    return True
