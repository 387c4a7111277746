"""What follows from the tracks of a file: products as they are said, and as they stand at each track's end.

    run = track_plots(observations, sensors, places=read_places(text))
    run.products                      # JSON values: events in order of time, and each track's last word

Everything is causal: what is said at an instant comes from plots up to it. Launch, staging, burnout, apogee
and impact are said when a node says them (`domains/missile/products`); passages over places and threats to
watch areas every five seconds, once an object has fallen freely for fifteen, when they differ from what was
said.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from trilat.domains import (
    AreaThreat,
    Head,
    Places,
    ThreatStep,
    WatchArea,
    WatchPlace,
    continued,
    degrees_of,
    next_step,
    threat_to,
)
from trilat.domains.missile import (
    IMPACT_EVERY_S,
    LAUNCH_EVERY_S,
    Products,
    kinematics_of,
)
from trilat.fusion import (
    Fall,
    PassageEstimate,
    Tracker,
    TrackEstimate,
    impact_estimate,
    passage_of,
    threat_of,
)
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Classification,
    Domain,
    Ellipse,
    Event,
    Label,
    ObservationError,
    Provenance,
    Stage,
    Status,
    Track,
)

LOOK_EVERY_NS: Final = SECOND_NS
"""As often as a node publishes a track."""

_PROBABILITY_STEP: Final = 0.1
"""A probability that moved by this is said again."""

_NOBODY: Final = "FILE"
"""Items are made here for their fields alone: of a file nobody knows whose it is."""

Plain = dict[str, Any]


@dataclass
class _Followed:
    """One track: its last products, and what is needed to say only what is new."""

    first_ns: int
    updates: int = -1
    launch_turn: int = -1
    looked_ns: int | None = None
    said: dict[str, Plain] = field(default_factory=dict)
    passages: dict[str, tuple[PassageEstimate, float]] = field(default_factory=dict)
    threats: dict[str, AreaThreat] = field(default_factory=dict)
    told: dict[str, AreaThreat] = field(default_factory=dict)
    below_since_ns: dict[str, int | None] = field(default_factory=dict)


class TrackProducts:
    """The products of the tracks of one picture."""

    def __init__(self, places: Places) -> None:
        """Nothing said yet."""
        self._places = tuple((place, place.corners) for place in places.place)
        self._areas = places.watch_area
        self._corners = tuple(area.corners for area in places.watch_area)
        self._products = Products()
        self._tracks: dict[int, _Followed] = {}
        self._versions: dict[str, int] = {}
        self._events: list[Plain] = []
        self._looked_ns: int | None = None

    def look(self, tracker: Tracker, number_of: Callable[[str], int], time_ns: int) -> None:
        """Say what is new at an instant up to which the tracker has all plots.

        Args:
            tracker: of the picture.
            number_of: the number of a track by the tracker's name.
            time_ns: not before the last one.
        """
        if self._looked_ns is not None and time_ns - self._looked_ns < LOOK_EVERY_NS:
            return
        self._looked_ns = time_ns
        names = {}
        estimates = []
        for estimate in tracker.estimates(time_ns):
            if estimate.confirmed:
                number = number_of(estimate.track_key)
                names[number] = estimate.track_key
                estimates.append((number, replace(estimate, track_key=str(number))))
        for number, estimate in estimates:
            followed = self._tracks.setdefault(number, _Followed(time_ns))
            if estimate.updates == followed.updates:
                continue
            followed.updates = estimate.updates
            self._products.remember_track(estimate.track_key, self._track(estimate))
            self._launch(tracker, names[number], number, time_ns)
            others = [other for other_number, other in estimates if other_number != number]
            for item in self._products.of(estimate, others, time_ns, self._head):
                self._say_item(number, time_ns, item)
            self._ahead(number, estimate, time_ns)

    def _launch(self, tracker: Tracker, name: str, number: int, time_ns: int) -> None:
        """The launch, every few seconds of a track's early life."""
        followed = self._tracks[number]
        age_s = (time_ns - followed.first_ns) / SECOND_NS
        turn = int(min(age_s, tracker.settings.history_s) // LAUNCH_EVERY_S)
        if turn <= followed.launch_turn:
            return
        followed.launch_turn = turn
        launch = tracker.launch(name)
        if launch is None:
            return
        for item in self._products.launch(str(number), launch, self._head):
            if isinstance(item, Event):
                self._say_item(number, time_ns, item, azimuth_deg=round(launch.azimuth_deg, 3))

    def _ahead(self, number: int, estimate: TrackEstimate, time_ns: int) -> None:
        """Passages and threats of an object that has fallen for long enough, every few seconds."""
        followed = self._tracks[number]
        recent = followed.looked_ns is not None and time_ns - followed.looked_ns < IMPACT_EVERY_S * SECOND_NS
        if recent or not self._products.has_fallen(estimate, time_ns):
            return
        followed.looked_ns = time_ns
        try:
            path = Fall(estimate.mean, estimate.covariance, estimate.time_ns)
            impact = impact_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
            for place, corners in self._places:
                passage = passage_of(path, place.lat_deg, place.lon_deg)
                if passage is not None:
                    over = threat_of(path, impact, corners).overflight_probability
                    self._say_passage(number, time_ns, place, passage, over)
            found = [threat_to(corners, path, impact) for corners in self._corners]
        except ObservationError:
            # Below the ground, faster or farther than anything that comes down.
            return
        for area, threat in zip(self._areas, found, strict=True):
            self._follow_threat(number, time_ns, area, threat)

    def _say_passage(
        self, number: int, time_ns: int, place: WatchPlace, passage: PassageEstimate, probability: float
    ) -> None:
        followed = self._tracks[number]
        known = followed.passages.get(place.name)
        if known is not None and _is_same(known, (passage, probability)):
            return
        followed.passages[place.name] = passage, probability
        self._say(
            number,
            time_ns,
            "passage",
            place.name,
            {
                "place": place.name,
                "time_ns": passage.time_ns,
                "time_sigma_s": round(passage.time_sigma_s, 3),
                "distance_m": round(passage.distance_m, 1),
                "distance_sigma_m": round(passage.distance_sigma_m, 1),
                "height_m": round(passage.height_m, 1),
                "height_above_m": round(passage.height_m - place.height_m, 1),
                "height_sigma_m": round(passage.height_sigma_m, 1),
                "probability": round(probability, 6),
            },
        )

    def _follow_threat(self, number: int, time_ns: int, area: WatchArea, threat: AreaThreat) -> None:
        followed = self._tracks[number]
        name = area.name
        held = followed.threats.get(name)
        step, followed.below_since_ns[name] = next_step(
            threat, held, followed.below_since_ns.get(name), time_ns
        )
        if step is ThreatStep.WITHDRAW:
            del followed.threats[name]
            self._say_threat(number, time_ns, name, "withdrawn", threat)
        elif step is ThreatStep.RAISE:
            followed.threats[name] = followed.told[name] = threat
            self._say_threat(number, time_ns, name, "raised", threat)
        elif held is not None and step is ThreatStep.KEEP and threat.first_ns is not None:
            threat = followed.threats[name] = continued(threat, held, time_ns)
            if abs(threat.probability - followed.told[name].probability) >= _PROBABILITY_STEP:
                followed.told[name] = threat
                self._say_threat(number, time_ns, name, "updated", threat)

    def _say_threat(self, number: int, time_ns: int, area: str, state: str, threat: AreaThreat) -> None:
        content = {
            "area": area,
            "state": state,
            "impact_probability": round(threat.impact_probability, 6),
            "overflight_probability": round(threat.overflight_probability, 6),
            "first_ns": threat.first_ns,
            "last_ns": threat.last_ns,
        }
        self._say(number, time_ns, "threat", area, content)

    def _say_item(self, number: int, time_ns: int, item: AnyItem, **more: Any) -> None:
        """Say an item of the missile products, and remember it as a node would."""
        if isinstance(item, Event):
            self._products.remember_event(str(number), item)
            self._say(number, time_ns, item.event.value, item.item_id, {**_event(item), **more})
        elif isinstance(item, Area) and item.area is AreaKind.IMPACT:
            self._products.remember_area(str(number), item)
            self._say(number, time_ns, "impact", "", _impact(item))

    def _say(self, number: int, time_ns: int, product: str, name: str, content: Plain) -> None:
        self._tracks[number].said[f"{product} {name}"] = {"product": product, "said_ns": time_ns, **content}
        self._events.append({"said_ns": time_ns, "track": number, "product": product, **content})

    def _track(self, estimate: TrackEstimate) -> Track:
        head = self._head("track", estimate.track_key, estimate.track_key, estimate.time_ns, ())
        state = kinematics_of(estimate.time_ns, estimate.mean, estimate.covariance)
        return Track(**head, stage=Stage(estimate.stage), state=state)

    def _head(self, _kind: str, name: str, subject: str, valid_ns: int, _reports: tuple[str, ...]) -> Head:
        version = self._versions[name] = self._versions.get(name, 0) + 1
        return {
            "item_id": name,
            "version": version,
            "subject": subject,
            "domain": Domain.MISSILE,
            "status": Status.SIMULATED,
            "valid_ns": valid_ns,
            "label": Label(
                originator=_NOBODY,
                classification=Classification(scheme=_NOBODY, level=_NOBODY),
                created_ns=valid_ns,
            ),
            "provenance": Provenance(originators=(_NOBODY,)),
        }

    def result(self) -> Plain:
        """Events in order of time, and by track what was said last of each product."""
        tracks = [
            {"track": number, "products": list(followed.said.values())}
            for number, followed in sorted(self._tracks.items())
        ]
        return {"events": self._events, "tracks": tracks}


def _is_same(known: tuple[PassageEstimate, float], new: tuple[PassageEstimate, float]) -> bool:
    """Whether what was said of a passage is still true within its own error."""
    (before, said), (now, probability) = known, new
    return (
        abs(now.time_ns - before.time_ns) <= before.time_sigma_s * SECOND_NS
        and abs(now.right_m - before.right_m) <= before.distance_sigma_m
        and abs(probability - said) < _PROBABILITY_STEP
    )


def _event(event: Event) -> Plain:
    place, region = event.place, event.region
    expected = {} if event.expected_ns is None else {"predicted": True}
    content: Plain = {
        "time_ns": event.valid_ns if event.expected_ns is None else event.expected_ns,
        "time_sigma_s": event.time_sigma_ms / 1e3,
        **expected,
    }
    if place is not None:
        latitude_deg, longitude_deg = degrees_of(place)
        content |= {"lat_deg": latitude_deg, "lon_deg": longitude_deg, "height_m": place.height_mm / 1e3}
    return content | ({} if region is None else _ellipse95(region))


def _impact(area: Area) -> Plain:
    content: Plain = {"time_ns": area.expected_ns, "time_sigma_s": area.time_sigma_ms / 1e3}
    if isinstance(area.region, Ellipse):
        latitude_deg, longitude_deg = degrees_of(area.region.centre)
        content |= {"lat_deg": latitude_deg, "lon_deg": longitude_deg, **_ellipse95(area.region)}
    return content


def _ellipse95(region: Ellipse) -> Plain:
    return {
        "semi_major95_m": region.semi_major_m,
        "semi_minor95_m": region.semi_minor_m,
        "bearing_deg": region.bearing_mdeg / 1e3,
    }
