"""A party's own plots of one object, compressed into contributions: what it sends instead of its plots.

    compressor = Compressor("JPN", period_s=10.0)
    compressor.add(plot, token)                               # own plots, each with its keyed token
    for contribution in compressor.take(now_ns, state_at):    # a tracklet per window; nothing twice
        exchange.offer(contribution)

- A falling object gets one tracklet per `period_s`, of all its plots since the last one.
- Any other object gets one tracklet per plot, at its instant: thrust is noise that partners share, and only
  at its own instant a tracklet is what its plot is, whatever happened between.
- A window whose plots visibly do not lie on one fall (chi-square above its 99.9 % point: a burn was mistaken
  for a fall, or two objects for one) is sent plot by plot too. A burn that ten noisy seconds do not show
  passes: who says "coast" too early says so in tracklets as well.

`state_at` must give estimates from own plots alone; see `window`.
"""

from collections.abc import Callable

from trilat.fusion.filters.measurement import Measurement, gate, prepare
from trilat.fusion.observation import (
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    check_instant,
)
from trilat.fusion.sharing.exchange import NS_PER_S, Contribution
from trilat.fusion.sharing.lineage import Pedigree
from trilat.fusion.sharing.tracklet import equivalent_of
from trilat.fusion.sharing.window import WINDOW_S_MAX, compressed
from trilat.geo import FloatArray
from trilat.model import ObservationError

# Chance that an honest window is sent plot by plot.
_MISFIT_TAIL = 1e-3
# Observations in one tracklet: what a Provenance can name.
_OBSERVATIONS_MAX = 256
# Plots that wait; a track that nobody takes forgets the oldest.
_WAITING_MAX = 5_000

StateAt = Callable[[int], tuple[FloatArray, str] | None]
"""State (6,), ECEF, m and m/s, and stage of the object at an instant, from own plots; None when not known."""


class Compressor:
    """The plots of one object that were not sent yet."""

    def __init__(self, source: str, period_s: float = 10.0, acceleration_psd_m2_per_s3: float = 1e-7) -> None:
        """Nothing to send.

        Raises:
            ObservationError: a period that is none, or longer than a window may be.
        """
        if not 0.0 <= period_s <= WINDOW_S_MAX:
            raise ObservationError(f"`period_s` must be between 0 and {WINDOW_S_MAX:.0f}")
        self.source = source
        self.period_s = float(period_s)
        self._density = float(acceleration_psd_m2_per_s3)
        self._waiting: dict[bytes, Measurement] = {}

    def add(self, plot: RadarObservation | DirectionObservation, token: bytes) -> None:
        """Takes an own plot with the token that names it.

        Raises:
            ObservationError: not a plot, another party's, or a token that waits already.
        """
        if not isinstance(plot, (RadarObservation, DirectionObservation)):
            raise ObservationError(f"a `{type(plot).__name__}` cannot be compressed, give plots")
        if plot.source != self.source:
            raise ObservationError(f"a plot of `{plot.source}` is not `{self.source}`'s to send")
        if token in self._waiting:
            raise ObservationError("this token names a plot already, give each plot its own")
        self._waiting[token] = prepare(plot)
        if len(self._waiting) > _WAITING_MAX:
            del self._waiting[min(self._waiting, key=lambda name: self._waiting[name].key)]

    def take(self, now_ns: int, state_at: StateAt) -> tuple[Contribution, ...]:
        """The contributions that are due at an instant, in order of time; their plots wait no longer.

        A plot whose state is not known yet goes on waiting.
        """
        check_instant("now_ns", now_ns)
        ripe = sorted(
            ((token, plot) for token, plot in self._waiting.items() if plot.time_ns <= now_ns),
            key=lambda pair: pair[1].key,
        )
        contributions: list[Contribution] = []
        for window in self._windows(ripe, now_ns, state_at):
            made = self._of_window(window, state_at)
            contributions += made
            for contribution in made:
                for token in contribution.pedigree.observations:
                    del self._waiting[token]
        return tuple(contributions)

    def _windows(
        self, ripe: list[tuple[bytes, Measurement]], now_ns: int, state_at: StateAt
    ) -> list[list[tuple[bytes, Measurement]]]:
        """The plots to send now: those of a fall together when their period is over, others one by one."""
        windows: list[list[tuple[bytes, Measurement]]] = []
        falling: list[tuple[bytes, Measurement]] = []
        for token, plot in ripe:
            known = state_at(plot.time_ns)
            if known is None:
                continue
            if known[1] == "coast" and self.period_s > 0.0:
                span_s = (plot.time_ns - falling[0][1].time_ns) / NS_PER_S if falling else 0.0
                if len(falling) >= _OBSERVATIONS_MAX or span_s > WINDOW_S_MAX:
                    windows.append(falling)
                    falling = []
                falling.append((token, plot))
            else:
                windows.append([(token, plot)])
        if falling and (now_ns - falling[0][1].time_ns) / NS_PER_S >= self.period_s:
            windows.append(falling)
        return windows

    def _of_window(self, window: list[tuple[bytes, Measurement]], state_at: StateAt) -> list[Contribution]:
        last = window[-1][1]
        known = state_at(last.time_ns)
        if known is None:
            return []
        if len(window) > 1:
            try:
                mean, covariance, misfit, degrees = compressed(
                    [plot for _, plot in window], known[0].copy(), self._density
                )
            except ObservationError:
                return self._one_by_one(window, state_at)
            if degrees > 0 and misfit > gate(degrees, _MISFIT_TAIL):
                return self._one_by_one(window, state_at)
            return [self._contribution(window, mean, covariance, coasting=True)]
        try:
            mean, covariance = equivalent_of(last, known[0])
        except ObservationError:
            # The object lies behind this sensor: the plot is not of it.
            return []
        return [self._contribution(window, mean, covariance, coasting=known[1] == "coast")]

    def _one_by_one(self, window: list[tuple[bytes, Measurement]], state_at: StateAt) -> list[Contribution]:
        return [contribution for pair in window for contribution in self._of_window([pair], state_at)]

    def _contribution(
        self,
        window: list[tuple[bytes, Measurement]],
        mean: FloatArray,
        covariance: FloatArray,
        *,
        coasting: bool,
    ) -> Contribution:
        last = window[-1][1]
        return Contribution(
            tracklet=EquivalentObservation(last.time_ns, self.source, mean, covariance, last.sensor),
            pedigree=Pedigree(frozenset([self.source]), frozenset(token for token, _ in window)),
            coasting=coasting,
        )
