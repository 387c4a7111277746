"""`MissilePipeline`: plots and partners' tracks in; tracks, products, alarms out.

What each thing means
- An own plot, a partner's plot or its tracklets feed the tracker of the View; a partner's cumulative track is
  combined when the picture is read (see fusion).
- A track is published once a second at the most, when own plots changed it: its state, and the tracklets of
  those plots, so that the policy can release the one or the other.
- Where the party's sensors may be constantly wrong (`own_biases`), what is published is corrected, and states
  what is left as one coarse constant error.
- What follows from an own track (launch, staging, burnout, apogee, impact area) is in `products`.
- Alarms come from launches and impact areas held in this View, own and partners'; two are the same alarm
  when they agree in time and place within their stated errors. Where they differ beyond them, that is a
  dispute (`disputes`). Of the parties that track one object one announces it (`speaker`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from trilat.domains.missile.alarms import (
    Member,
    best_known,
    impact_alarms,
    launch_alarms,
    newest_kept,
)
from trilat.domains.missile.conversion import (
    kinematics_of,
    plot_of,
    source_track_of,
)
from trilat.domains.missile.disputes import Disputes
from trilat.domains.missile.own_biases import OwnBiases, Stated, stated, with_one_figure
from trilat.domains.missile.parties import Sayings, Subject
from trilat.domains.missile.partner_tracklets import PartnerTracklets
from trilat.domains.missile.products import Products
from trilat.domains.missile.speaker import Speakers
from trilat.domains.missile.watching import Watching
from trilat.domains.motion import Motion, motion_of
from trilat.domains.pipeline import Alarm, Dispute, MakeHead, Sight, Threatened
from trilat.domains.threats import Corners
from trilat.fusion import (
    BiasTable,
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    Tracker,
    TrackEstimate,
    corrected_tracklet,
    equivalent_measurement,
    squared_distance,
)
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Domain,
    Event,
    EventKind,
    ItemReference,
    Kinematics,
    ObservationError,
    Report,
    Stage,
    Track,
)

LAUNCH_EVERY_S: Final = 8
"""Seconds of a track's early life between two estimates of its launch; each takes some tenths of a second."""

_PLOT_GATE: Final = 33.1
"""Chi-square, 6 degrees of freedom, 99.999 %: a plot farther than this belongs to another object."""

_TRACKLETS_MAX: Final = 200
"""Tracklets in one version of a track; the rest go with the next version."""

_PENDING_MAX: Final = 5_000
"""Plots that wait to be published."""


class _Sent(NamedTuple):
    """A plot on its way out, with its tracklet and how far biases may have moved it."""

    report_id: str
    sensor: str
    tracklet: Kinematics
    left_over_m: float


class MissilePipeline:
    """The ballistic objects of one View."""

    domain = Domain.MISSILE

    def __init__(
        self, party: str, biases: OwnBiases | None = None, *, learns: bool = False, named: int = 0
    ) -> None:
        """An empty picture at the node of `party`; it may learn `biases` of its sensors, or be told them. Its
        first object is named after `named` others.
        """
        self._party = party
        self._biases = biases
        self._tracker = Tracker(named=named) if biases is None else biases.tracker(learns=learns, named=named)
        self._partners = PartnerTracklets(party)
        self._pending: list[tuple[str, RadarObservation | DirectionObservation]] = []
        self._newest_ns = 0
        self._published_updates: dict[str, int] = {}
        self._first_track_ns: dict[str, int] = {}
        self._launch_turns: dict[str, int] = {}
        self._products = Products()
        self._sayings = Sayings()
        self._disputes = Disputes(self._sayings)
        self._speakers = Speakers()
        self._watching = Watching(party)
        self._launches: dict[str, Event] = {}
        self._impacts: dict[str, Area] = {}
        self._alarms: tuple[Alarm, ...] | None = None
        """Of what is held now; None after a change."""

    def add(self, item: AnyItem) -> None:
        """Take a report, track, event or area; other kinds do not concern this picture.

        Raises:
            ObservationError: the tracker cannot use it; nothing has changed.
        """
        if isinstance(item, Report):
            plot = plot_of(item)
            if self._taken(plot) and not isinstance(plot, EquivalentObservation):
                self._pend(item.item_id, plot)
        elif isinstance(item, Track):
            self._note_saying(item)
            if item.provenance.originators == (self._party,):
                self._remember_track(item)
            else:
                self._add_partner_track(item)
        elif isinstance(item, Event):
            if item.provenance.originators == (self._party,):
                self._products.remember_event(self._key(item), item)
            if item.event is EventKind.LAUNCH:
                self._alarms = None
                newest_kept(self._launches, item)
                self._disputes.add_launch(item)
        elif isinstance(item, Area) and item.area is AreaKind.IMPACT:
            if item.provenance.originators == (self._party,):
                self._products.remember_area(self._key(item), item)
            self._alarms = None
            newest_kept(self._impacts, item)
            self._disputes.add_impact(item)

    def _note_saying(self, item: Track) -> None:
        """Note what a party, this one too, says of where its object is."""
        saying = self._sayings.add(item)
        if saying is not None:
            self._speakers.add(saying)
            self._speakers.forget(self._sayings.of)
            self._disputes.add_saying(saying)

    def _taken(self, plot: RadarObservation | DirectionObservation | EquivalentObservation) -> bool:
        """Whether the tracker takes a plot; plots older than its buffer before the newest are past."""
        taken = self._tracker.add(plot)
        if taken:
            self._newest_ns = max(self._newest_ns, plot.time_ns)
        return taken

    def _oldest_ns(self) -> int:
        """The instant before which the tracker can no longer say what it saw."""
        return self._newest_ns - int(self._tracker.settings.buffer_s * SECOND_NS)

    def _remember_track(self, item: Track) -> None:
        """Note what an own track said last: how many plots, its turn, and what products need of it.

        Nothing else of what was published is remembered, so that a restart knows all of it from the items.
        """
        key = self._key(item)
        self._partners.own(item)
        self._published_updates[key] = item.updates_count
        self._first_track_ns.setdefault(key, item.valid_ns)
        self._launch_turns[key] = self._turn(key, item.valid_ns)
        self._products.remember_track(key, item)

    def _pend(self, report_id: str, plot: RadarObservation | DirectionObservation) -> None:
        """Remember a plot until it is published; a View that never publishes forgets it with the buffer."""
        self._pending.append((report_id, plot))
        if len(self._pending) > _PENDING_MAX:
            oldest_ns = self._oldest_ns()
            kept = [pending for pending in self._pending if pending[1].time_ns > oldest_ns]
            self._pending = kept[-_PENDING_MAX:]

    def _key(self, item: AnyItem) -> str:
        """The track that an own item is about, as the tracker names it; a partner's name stays as it is."""
        return item.subject.removeprefix(f"{self._party}-")

    def _add_partner_track(self, item: Track) -> None:
        if item.tracklets:
            for tracklet in self._partners.take(item, self._newest_ns):
                self._taken(tracklet)
            return
        track = source_track_of(item)
        if track is not None:
            self._tracker.add(track)

    def estimates(self, now_ns: int) -> tuple[TrackEstimate, ...]:
        """Confirmed objects of the picture at an instant."""
        return tuple(estimate for estimate in self._tracker.estimates(now_ns) if estimate.confirmed)

    def publish(self, now_ns: int, make_head: MakeHead) -> tuple[AnyItem, ...]:
        """Tracks that own plots changed since the last call, with their launches and impact areas."""
        items: list[AnyItem] = []
        estimates = [estimate for estimate in self.estimates(now_ns) if estimate.sources <= {self._party}]
        plots = self._plots_by_track(estimates)
        left_over = {} if self._biases is None else self._tracker.left_over(now_ns)
        said = [stated(estimate, left_over.get(estimate.track_key)) for estimate in estimates]
        for one in said:
            key = one.estimate.track_key
            if self._published_updates.get(key) == one.estimate.updates:
                continue
            items.append(self._track(one, plots.get(key, []), make_head))
            items += self._launch(one, make_head)
            others = [other.estimate for other in said if other is not one]
            items += self._products.of(one.estimate, others, now_ns, make_head)
        return tuple(items)

    def _plots_by_track(self, estimates: list[TrackEstimate]) -> dict[str, list[_Sent]]:
        """The tracklet of each pending plot under the published track that it belongs to.

        Plots of objects that are not confirmed yet wait until they are, as long as the tracker's buffer.
        """
        keys = {estimate.track_key for estimate in estimates}
        assigned: dict[str, list[_Sent]] = {}
        if not self._pending:
            return assigned
        biases = None if self._biases is None else self._biases.table()
        waiting = []
        oldest_ns = self._oldest_ns()
        for report_id, plot in self._pending:
            if plot.time_ns <= oldest_ns:
                continue
            found = self._tracklet(plot, keys, biases)
            if found is not None and len(assigned.setdefault(found[0], [])) < _TRACKLETS_MAX:
                assigned[found[0]].append(_Sent(report_id, plot.sensor, *found[1:]))
            else:
                waiting.append((report_id, plot))
        self._pending = waiting
        return assigned

    def _tracklet(
        self, plot: RadarObservation | DirectionObservation, keys: set[str], biases: BiasTable | None
    ) -> tuple[str, Kinematics, float] | None:
        """The track that a plot belongs to, its tracklet, and how far biases may have moved it, in m."""
        best: tuple[float, str, Kinematics, float] | None = None
        for estimate in self._tracker.estimates(plot.time_ns):
            if estimate.track_key not in keys:
                continue
            try:
                if biases is None:
                    left_m, (mean, covariance) = 0.0, equivalent_measurement(plot, estimate.mean)
                else:
                    mean, covariance, left_m = corrected_tracklet(plot, biases, estimate.mean)
            except ObservationError:
                # The object lies behind this sensor: the plot is of another one.
                continue
            distance = squared_distance((estimate.mean, estimate.covariance), (mean, covariance))
            if distance < _PLOT_GATE and (best is None or distance < best[0]):
                best = (distance, estimate.track_key, kinematics_of(plot.time_ns, mean, covariance), left_m)
        return None if best is None else best[1:]

    def _track(self, said: Stated, plots: list[_Sent], make_head: MakeHead) -> Track:
        estimate = said.estimate
        reports = tuple(sent.report_id for sent in plots)
        left_over_m = max((sent.left_over_m for sent in plots), default=0.0)
        head = make_head("track", estimate.track_key, estimate.track_key, estimate.time_ns, reports)
        return Track(
            **head,
            stage=Stage(estimate.stage),
            state=kinematics_of(estimate.time_ns, estimate.mean, said.covariance, said.constant_sigma_m),
            tracklets=with_one_figure([sent.tracklet for sent in plots], left_over_m),
            sensors=tuple(sorted({sent.sensor for sent in plots})),
            updates_count=estimate.updates,
        )

    def _launch(self, said: Stated, make_head: MakeHead) -> list[AnyItem]:
        """The launch, when the first plots may tell something new: every few seconds, while they gather."""
        key = said.estimate.track_key
        if self._turn(key, said.estimate.time_ns) <= self._launch_turns.get(key, -1):
            return []
        launch = self._tracker.launch(key)
        return [] if launch is None else self._products.launch(key, said.widened(launch), make_head)

    def _turn(self, key: str, valid_ns: int) -> int:
        """Which of the estimates of a launch a version of its track belongs to, counted from the first."""
        age_s = (valid_ns - self._first_track_ns.get(key, valid_ns)) / SECOND_NS
        return int(min(age_s, self._tracker.settings.history_s) // LAUNCH_EVERY_S)

    def settle(self, report_ids: frozenset[str]) -> None:
        """Plots of these reports went out with a track before a restart."""
        self._pending = [
            (report_id, plot) for report_id, plot in self._pending if report_id not in report_ids
        ]

    def alarms(self, now_ns: int) -> tuple[Alarm, ...]:  # noqa: ARG002 - part of the Pipeline protocol
        """One alarm per launch and per impact area that own or partners' items show."""
        if self._alarms is None:
            self._alarms = (
                *launch_alarms(tuple(self._launches.values()), self._party, self._speaker),
                *impact_alarms(tuple(self._impacts.values()), self._party, self._speaker),
            )
        return self._alarms

    def _speaker(self, members: Sequence[Member]) -> str | None:
        """Who announces what items show: by their tracks; where there are none, by the items themselves."""
        return self._speakers.of([(party, subject) for party, subject, _ in members]) or best_known(members)

    def disputes(self, now_ns: int) -> tuple[Dispute, ...]:
        """What own and partners' items say differently of one object."""
        return self._disputes.at(now_ns)

    def threatened(self, now_ns: int, areas: Sequence[Corners]) -> tuple[Threatened, ...]:
        """What this View's objects mean for areas, for those whose turn it is to be looked at."""
        return self._watching.look(now_ns, areas, self.estimates, self._sayings, self._impacts)

    def named(self) -> int:
        """How many objects got a name so far."""
        return self._tracker.counts()["tracks-confirmed"]

    def sights(self, now_ns: int) -> tuple[Sight, ...]:
        """The confirmed objects with their places; one that a partner puts at the Earth's centre has none."""
        sights = []
        for estimate in self.estimates(now_ns):
            motion = motion_of(estimate.mean, estimate.covariance)
            if motion is not None:
                sights.append(self._sight(estimate, motion, now_ns))
        return tuple(sights)

    def _sight(self, estimate: TrackEstimate, motion: Motion, now_ns: int) -> Sight:
        return Sight(
            key=estimate.track_key,
            domain=self.domain,
            valid_ns=now_ns,
            latitude_deg=motion.latitude_deg,
            longitude_deg=motion.longitude_deg,
            height_m=motion.height_m,
            sources=estimate.sources,
            stage=estimate.stage,
            confirmed=estimate.confirmed,
            speed_m_per_s=motion.speed_m_per_s,
            course_deg=motion.course_deg,
            height_sigma_m=motion.height_sigma_m,
            semi_major_m=motion.semi_major_m,
            semi_minor_m=motion.semi_minor_m,
            bearing_deg=motion.bearing_deg,
            speaker=self._announcer(estimate),
        )

    def _announcer(self, estimate: TrackEstimate) -> str | None:
        """Who of the sources announces an object; the only one, or by the tracks that are nearest to it."""
        if len(estimate.sources) == 1:
            return min(estimate.sources)
        return self._speakers.of(self._said_of(estimate)) or min(estimate.sources, default=None)

    def _said_of(self, estimate: TrackEstimate) -> list[Subject]:
        """Of each source of an object its statement that is nearest to it, where one is near it."""
        nearest = self._sayings.nearest((estimate.mean, estimate.covariance), estimate.time_ns)
        return [name for name in nearest if name[0] in estimate.sources]

    def basis(self, key: str, now_ns: int) -> tuple[ItemReference, ...]:
        """The newest track of each source of an object, where one is near it."""
        return tuple(
            self._sayings.of[name].reference
            for estimate in self.estimates(now_ns)
            if estimate.track_key == key
            for name in self._said_of(estimate)
        )
