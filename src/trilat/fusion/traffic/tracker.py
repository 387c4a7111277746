"""The picture of ships and aircraft in great number: scans in, tracks out.

    tracker = TrafficTracker([radar, ais], TrafficSettings())
    answer = tracker.add_scan("radar", time_ns, values)      # (m, columns) of the sensor's kind
    picture = tracker.estimates(time_ns)

Rules
- A scan is all plots of one sensor of one instant. Scans come in order of time; one older than the newest is
  refused and its plots are counted, whatever the sensor. (Late plots that matter belong in `fusion.Tracker`,
  which plays its buffer again; with thousands of tracks that has a price this tracker does not pay.)
- Whatever is fed, `add_scan` gives an answer and never an exception: a plot that cannot be used is counted by
  reason (`REFUSALS`). Only settings and sensors that contradict themselves raise, when they are made.
- The same calls give the same bits. There is no clock: a scan from the far future makes all later ones late,
  so whoever feeds the tracker checks instants against a clock.
- Names of tracks are integers in order of start, never given twice.
- Work a scan is bounded: `plots_max` plots (the rest of the scan is refused and counted), `tracks_max`
  tracks, `CANDIDATES_MAX` plots in a track's gate.
- A covariance that is not sound ends its track.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trilat.fusion.traffic import association, gating, imm, kernels, life, updating
from trilat.fusion.traffic.blocks import covariances_of
from trilat.fusion.traffic.compiled import Array
from trilat.fusion.traffic.intake import array_of, is_instant, length_of, spread_of, vector_of
from trilat.fusion.traffic.merging import belongs, doubles
from trilat.fusion.traffic.sensor import PreparedPlots, TrafficSensor, prepare
from trilat.fusion.traffic.settings import NS_PER_S, REFUSALS, Association, Motion, TrafficSettings
from trilat.model import ObservationError, UsageError

# Where a sensor does not look, or is silent unless it has something to say, silence has this much weight.
_UNSEEN = 1e-3
# A plot that belongs to tracks with less than this starts one of its own.
_TAKEN_MAX = 0.5


@dataclass(frozen=True, eq=False)
class ScanAnswer:
    """What became of a scan: `track` (m,) the likeliest track of each plot, -1 where none; counts."""

    track: Array
    accepted: int
    refused: int
    started: int
    ended: int


@dataclass(frozen=True, eq=False)
class TrafficPicture:
    """Tracks at an instant, in the order of `ident` (n,): `means` (n, 6), m and m/s in the local frame;
    `covariances` (n, 6, 6); `existence`, `updates`, `confirmed`, `last_update_ns` (n,); `turn` (n,) is the
    probability of a turn, 0 where turns are not looked for.
    """

    time_ns: int
    ident: Array
    means: Array
    covariances: Array
    existence: Array
    updates: Array
    confirmed: Array
    last_update_ns: Array
    turn: Array


@dataclass
class _Scratch:
    """Work arrays of a scan, kept between scans: rows for tracks."""

    plots: Array
    scores: Array
    counts: Array
    seen: Array
    weights: Array
    floor: Array
    betas: Array
    parent: Array
    gone: Array

    @staticmethod
    def of(rows: int) -> "_Scratch":
        """Empty work arrays for `rows` tracks."""
        c = gating.CANDIDATES_MAX
        return _Scratch(
            plots=np.zeros((rows, c), dtype=np.int64),
            scores=np.zeros((rows, c)),
            counts=np.zeros(rows, dtype=np.int64),
            seen=np.zeros(rows, dtype=np.bool_),
            weights=np.zeros((rows, c)),
            floor=np.zeros(rows),
            betas=np.zeros((rows, 1 + c)),
            parent=np.zeros(rows, dtype=np.int64),
            gone=np.zeros(rows, dtype=np.bool_),
        )

    def cut(self, rows: int) -> "_Scratch":
        """Views of the first rows."""
        return _Scratch(*(array[:rows] for array in vars(self).values()))


class TrafficTracker:
    """One picture, fed by `add_scan` and read by `estimates`; see the module for the rules."""

    def __init__(self, sensors: Iterable[TrafficSensor], settings: TrafficSettings | None = None) -> None:
        """An empty picture.

        Raises:
            UsageError: two sensors of one name.
        """
        self.settings = settings or TrafficSettings()
        self.time_ns: int | None = None
        self._sensors: dict[str, TrafficSensor] = {}
        for sensor in sensors:
            if sensor.name in self._sensors:
                raise UsageError(f"sensor `{sensor.name}` is given twice")
            self._sensors[sensor.name] = sensor
        self._has_models = self.settings.motion is Motion.TURNING
        self._tracks = life.Tracks(int(self.settings.history_states), has_models=self._has_models)
        self._next_ident = 1
        self._counts: dict[str, int] = dict.fromkeys(
            ("accepted", "in-tracks", "crowded-out", "started", "confirmed", "ended", "merged", *REFUSALS), 0
        )
        self._scratch = _Scratch.of(64)
        self._set_constants()

    def _set_constants(self) -> None:
        s = self.settings
        self._density = np.array([s.acceleration_psd_m2_per_s3] * 2 + [s.vertical_psd_m2_per_s3])
        self._turn_density = np.array([s.turn_psd_m2_per_s3] * 2 + [s.vertical_psd_m2_per_s3])
        self._prior = np.array(
            [
                s.speed_sigma_m_per_s,
                s.vertical_speed_sigma_m_per_s,
                s.first_height_m,
                s.first_height_sigma_m,
            ]
        )
        self._limits = np.array(
            [
                s.confirm_existence,
                s.confirm_updates,
                s.delete_existence,
                s.delete_tentative_existence,
                s.coast_s * NS_PER_S,
                s.tentative_s * NS_PER_S,
                s.position_sigma_m_max**2,
                # A plot of a surface radar knows no height: a new track may be as vague as that.
                max(s.position_sigma_m_max**2, 2.0 * s.first_height_sigma_m**2),
            ]
        )

    def add_scan(
        self,
        sensor: str,
        time_ns: int,
        values: Any,
        *,
        sigmas: Any = None,
        covariances: Any = None,
        site_m: Any = None,
        site_velocity_m_per_s: Any = None,
    ) -> ScanAnswer:
        """Takes one scan and says what became of it; never raises.

        Args:
            sensor: the name of one of the tracker's sensors.
            time_ns: integer UTC nanoseconds, not before the newest scan.
            values: plots (m, columns) as the sensor's kind says; range rate may be NaN for none.
            sigmas: (columns,) or (m, columns) instead of the sensor's own.
            covariances: (rows, rows) or (m, rows, rows), for positions only, m^2.
            site_m: where a moving sensor is now (3,), local frame.
            site_velocity_m_per_s: its velocity (3,).
        """
        # Numbers of any size may be fed: what overflows on the way is refused, not warned of.
        with np.errstate(all="ignore"):
            moved = site_m, site_velocity_m_per_s
            return self._checked(sensor, time_ns, values, (sigmas, covariances), moved)

    def _checked(
        self,
        sensor: Any,
        time_ns: Any,
        values: Any,
        spreads: tuple[Any, Any],
        moved: tuple[Any, Any],
    ) -> ScanAnswer:
        """Refuses what cannot be a scan, in the order of `REFUSALS`, and goes on with the rest."""
        plots = array_of(values)
        count = len(plots) if plots is not None and plots.ndim == 2 else length_of(values)
        known = self._sensors.get(sensor) if type(sensor) is str else None
        if known is None:
            return self._refuse("refused-unknown-sensor", count)
        if plots is None or plots.ndim != 2 or plots.shape[1] != known.columns:
            if not (plots is not None and plots.size == 0):
                return self._refuse("refused-not-numbers", count)
            plots = np.zeros((0, known.columns))
        spread = spread_of(known, plots.shape[0], *spreads)
        site, velocity = vector_of(moved[0], known.site_m), vector_of(moved[1], (0.0, 0.0, 0.0))
        if spread is None or site is None or velocity is None:
            return self._refuse("refused-not-numbers", count)
        if not is_instant(time_ns):
            return self._refuse("refused-bad-time", count)
        if self.time_ns is not None and time_ns < self.time_ns:
            return self._refuse("refused-late-scan", count)
        most = int(self.settings.plots_max)
        if count > most:
            self._counts["refused-too-many-plots"] += count - most
            plots, spread = plots[:most], spread[:most]
        prepared = prepare(known, plots, spread)
        return self._scan(known, int(time_ns), prepared, site, velocity, count)

    def estimates(self, time_ns: int | None = None, *, confirmed_only: bool = True) -> TrafficPicture:
        """The tracks at the newest scan, or carried on to `time_ns` if that is later.

        Turning tracks are carried on straight.

        Raises:
            ObservationError: `time_ns` is no instant.
        """
        if time_ns is not None and not is_instant(time_ns):
            raise ObservationError("`time_ns` must be an integer of UTC nanoseconds")
        tracks = self._tracks
        now = self.time_ns or 0
        chosen = np.flatnonzero(tracks.live("confirmed")) if confirmed_only else np.arange(tracks.count)
        chosen = chosen[np.argsort(tracks.live("ident")[chosen], kind="stable")]
        means, packed = tracks.live("mean")[chosen], tracks.live("covariance")[chosen]
        at = now if time_ns is None else max(int(time_ns), now)
        if at > now:
            kernels.predict(means, packed, (at - now) / NS_PER_S, self._density)
        turn = tracks.live("chances")[chosen, 1] if self._has_models else np.zeros(chosen.size)
        return TrafficPicture(
            time_ns=at,
            ident=tracks.live("ident")[chosen],
            means=means,
            covariances=covariances_of(packed),
            existence=tracks.live("existence")[chosen],
            updates=tracks.live("updates")[chosen],
            confirmed=tracks.live("confirmed")[chosen],
            last_update_ns=tracks.live("last_ns")[chosen],
            turn=turn,
        )

    def history(self, ident: int) -> Array:
        """The remembered states of a live track, oldest first (k, 7): seconds since its start, state.

        Empty for a track that is not live. At most `history_states`, one for each plot.
        """
        found = np.flatnonzero(self._tracks.live("ident") == ident)
        if found.size == 0:
            return np.zeros((0, life.REMEMBERED))
        row = int(found[0])
        ring, updates = self._tracks.live("history")[row], int(self._tracks.live("updates")[row])
        if updates <= ring.shape[0]:
            return np.array(ring[:updates])
        return np.roll(ring, -(updates % ring.shape[0]), axis=0)

    def counts(self) -> dict[str, int]:
        """What became of all plots and tracks so far, by name; `live` is the number of tracks now."""
        return {**self._counts, "live": self._tracks.count}

    def _refuse(self, reason: str, count: int) -> ScanAnswer:
        self._counts[reason] += count
        return ScanAnswer(np.full(count, -1, dtype=np.int64), 0, count, 0, 0)

    def _scan(
        self,
        sensor: TrafficSensor,
        time_ns: int,
        plots: PreparedPlots,
        site: Array,
        velocity: Array,
        count: int,
    ) -> ScanAnswer:
        """One checked scan: carry on, gate, decide, update, end, start."""
        for reason, number in zip(REFUSALS[5:8], plots.refused[1:4].tolist(), strict=True):
            self._counts[reason] += number
        accepted = plots.index.size
        self._counts["accepted"] += accepted
        self._predict(time_ns)
        self.time_ns = time_ns
        n = self._tracks.count
        if self._scratch.counts.shape[0] < n:
            self._scratch = _Scratch.of(2 * n)
        work = self._scratch.cut(n)
        track = np.full(count, -1, dtype=np.int64)
        taken = np.zeros(accepted)
        if n:
            missing = self._gate(sensor, plots, site, velocity, work)
            self._decide(work, missing, accepted)
            self._update(sensor, plots, site, velocity, work, time_ns)
            whose = np.full(accepted, -1, dtype=np.int64)
            belongs(work.plots, work.counts, work.betas, self._tracks.live("ident"), taken, whose)
            track[plots.index] = whose
            self._counts["in-tracks"] += int(np.count_nonzero(whose >= 0))
        ended = self._end(time_ns, work)
        first = self._next_ident
        started = self._start(sensor, plots, site, velocity, taken, time_ns)
        track[plots.index[started]] = np.arange(first, first + started.size)
        return ScanAnswer(track, accepted, count - accepted, int(started.size), ended)

    def _predict(self, time_ns: int) -> None:
        """Carries all tracks to the instant of the scan."""
        tracks, s = self._tracks, self.settings
        if self.time_ns is None or time_ns == self.time_ns or tracks.count == 0:
            return
        seconds = (time_ns - self.time_ns) / NS_PER_S
        if self._has_models:
            means, covariances = tracks.live("means"), tracks.live("covariances")
            turns = 1.0 - math.exp(-seconds * s.turn_share_per_s)
            ends = 1.0 - math.exp(-seconds * s.straight_share_per_s)
            switching = np.array([[1.0 - turns, turns], [ends, 1.0 - ends]])
            imm.mix(means, covariances, tracks.live("chances"), switching)
            imm.predict_models(
                means, covariances, seconds, self._density, self._turn_density, s.turn_rate_psd_rad2_per_s3
            )
            self._combine()
        else:
            kernels.predict(tracks.live("mean"), tracks.live("covariance"), seconds, self._density)
        tracks.live("existence")[:] *= math.exp(-seconds / s.survival_s)
        np.maximum(tracks.live("existence"), updating.EXISTENCE_MIN, out=tracks.live("existence"))

    def _combine(self) -> None:
        tracks = self._tracks
        imm.combined(
            *(tracks.live(name) for name in ("means", "covariances", "chances", "mean", "covariance"))
        )

    def _gate(
        self,
        sensor: TrafficSensor,
        plots: PreparedPlots,
        site: Array,
        velocity: Array,
        work: _Scratch,
    ) -> Array:
        """Fills the candidates of each track; gives what absence of a plot says of each (n,)."""
        m, kind = plots.index.size, int(sensor.kind)
        spots, keys, shape = np.empty((m, 2)), np.empty(m, dtype=np.int64), np.ones(2, dtype=np.int64)
        corner = gating.grid(kind, plots.values, spots, keys, shape) if m else (0.0, 0.0, 1.0)
        order = np.argsort(keys, kind="stable")
        coverage = np.array(
            [
                sensor.range_m_min,
                sensor.range_m_max,
                math.sin(sensor.elevation_rad_min),
                math.sin(sensor.elevation_rad_max),
            ]
        )
        self._counts["crowded-out"] += gating.candidates(
            kind,
            self._tracks.live("mean"),
            self._tracks.live("covariance"),
            plots.values,
            plots.weights,
            plots.logs,
            site,
            velocity,
            sensor.axes,
            self.settings.gate_sigmas**2,
            plots.noise,
            spots,
            order,
            keys[order],
            shape,
            corner,
            coverage,
            work.plots,
            work.scores,
            work.counts,
            work.seen,
        )
        # Outside its coverage a sensor's silence says nothing, but a plot is a plot.
        detection = np.full(work.counts.size, sensor.detection_probability)
        missing = np.where(work.seen & sensor.is_scanning, detection, _UNSEEN)
        existence = self._tracks.live("existence")
        association.odds(work.scores, work.counts, existence, detection, missing, work.weights, work.floor)
        return missing

    def _decide(self, work: _Scratch, missing: Array, plot_count: int) -> None:
        """Fills the probabilities of each track's plots, and its existence."""
        association.clusters(work.plots, work.counts, np.empty(plot_count, dtype=np.int64), work.parent)
        is_hard = self.settings.association is Association.NEAREST
        if is_hard:
            chosen = association.nearest(work.plots, work.counts, work.weights, work.floor, work.parent)
            updating.decided(chosen, work.counts, work.weights, work.betas)
        else:
            association.marginals(work.plots, work.counts, work.weights, work.parent, plot_count, work.betas)
        updating.fold(work.counts, missing, int(is_hard), self._tracks.live("existence"), work.betas)

    def _update(
        self,
        sensor: TrafficSensor,
        plots: PreparedPlots,
        site: Array,
        velocity: Array,
        work: _Scratch,
        time_ns: int,
    ) -> None:
        """Updates and remembers the tracks that have plots."""
        tracks = self._tracks
        seen = (plots.values, plots.weights, site, velocity, sensor.axes, work.plots, work.counts, work.betas)
        mean, covariance = tracks.live("mean"), tracks.live("covariance")
        if self._has_models:
            models = (tracks.live("means"), tracks.live("covariances"), tracks.live("chances"))
            updating.update_models(int(sensor.kind), *models, *seen)
            self._combine()
        else:
            updating.update(int(sensor.kind), mean, covariance, *seen)
        life.remember(
            mean,
            work.betas,
            tracks.live("first_ns"),
            time_ns,
            tracks.live("updates"),
            tracks.live("last_ns"),
            tracks.live("history"),
        )

    def _end(self, time_ns: int, work: _Scratch) -> int:
        """Confirms, ends and merges tracks; gives how many ended."""
        tracks = self._tracks
        if tracks.count == 0:
            return 0
        self._counts["confirmed"] += life.ended(
            tracks.live("existence"),
            tracks.live("confirmed"),
            tracks.live("covariance"),
            tracks.live("updates"),
            tracks.live("last_ns"),
            self._limits,
            time_ns,
            work.gone,
        )
        self._counts["merged"] += doubles(
            tracks.live("mean"),
            tracks.live("covariance"),
            tracks.live("updates"),
            tracks.live("ident"),
            work.plots,
            work.counts,
            work.betas,
            self.settings.merge_distance,
            work.gone,
        )
        gone = np.flatnonzero(work.gone)
        if gone.size:
            tracks.drop(gone)
        self._counts["ended"] += gone.size
        return int(gone.size)

    def _start(
        self,
        sensor: TrafficSensor,
        plots: PreparedPlots,
        site: Array,
        velocity: Array,
        taken: Array,
        time_ns: int,
    ) -> Array:
        """Starts a tentative track of each plot that belongs to none; gives the plots (k,)."""
        tracks, s = self._tracks, self.settings
        if not sensor.can_start:
            return np.zeros(0, dtype=np.int64)
        free = np.flatnonzero(taken < _TAKEN_MAX)
        room = max(0, int(s.tracks_max) - tracks.count)
        self._counts["refused-no-room"] += max(0, free.size - room)
        free = free[:room]
        if free.size == 0:
            return free
        tracks.room_for(free.size)
        rows = slice(tracks.count, tracks.count + free.size)
        column = tracks.columns
        life.start(
            int(sensor.kind),
            plots.values,
            plots.weights,
            free,
            site,
            velocity,
            sensor.axes,
            self._prior,
            column["mean"][rows],
            column["covariance"][rows],
        )
        first = s.births_per_scan / (s.births_per_scan + sensor.clutter_per_scan)
        # Believed less than this, a new track would end before its second plot can come.
        least = min(0.5, 2.0 * s.delete_tentative_existence)
        column["existence"][rows] = np.clip(first * (1.0 - taken[free]), least, 0.9)
        column["ident"][rows] = np.arange(self._next_ident, self._next_ident + free.size)
        column["updates"][rows] = 1
        column["first_ns"][rows] = time_ns
        column["last_ns"][rows] = time_ns
        column["confirmed"][rows] = False
        column["history"][rows, 0, 0] = 0.0
        column["history"][rows, 0, 1:] = column["mean"][rows]
        if self._has_models:
            life.start_models(
                column["mean"][rows],
                column["covariance"][rows],
                s.turn_rate_sigma_rad_per_s,
                column["means"][rows],
                column["covariances"][rows],
                column["chances"][rows],
            )
        self._next_ident += free.size
        self._counts["started"] += free.size
        tracks.count += free.size
        return free
