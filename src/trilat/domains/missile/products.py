"""What follows from an own track: launch, staging, burnout, apogee and impact, each said when it is new.

- Launch: when the first plots tell where and when, and again while that estimate changes.
- Staging: once, when a second own object is seen to part from a tracked one. A burnout after which the
  object burns again was a staging too, and is said anew as one.
- Burnout: once an object has fallen freely for `FALLING_FOR_S`, so that the pause between two stages is none.
- Apogee: with the burnout, until it is past, and again when it differs from what was said by over a sigma.
- Impact area: of every object that has fallen freely for `FALLING_FOR_S`, spent stages among them, and then
  at most every `IMPACT_EVERY_S`.

Everything remembered in here comes from items that were published, so that a restart knows all of it.
"""

import math
from bisect import insort
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

import numpy as np

from trilat.domains.missile.conversion import ellipse_of
from trilat.domains.motion import state_of
from trilat.domains.pipeline import MakeHead
from trilat.domains.places import place_of
from trilat.fusion import (
    FALLING,
    ApogeeEstimate,
    FlightEvent,
    LaunchEstimate,
    TrackEstimate,
    apogee_estimate,
    burn_end_estimate,
    burn_end_of,
    ellipse95,
    impact_estimate,
    separation_estimate,
)
from trilat.geo import FloatArray, enu_rotation, geodetic_from_ecef, rotate_covariance
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Ellipse,
    Event,
    EventKind,
    Stage,
    Track,
)

IMPACT_EVERY_S: Final = 5
"""Seconds between two published impact areas of one object."""

FALLING_FOR_S: Final = 15
"""An object between two stages falls too; only one that has fallen so long is taken to come down, seconds."""

STAGING_SIGMA_S_MAX: Final = 3.0
"""A staging is said once its instant is known to this, seconds."""

_IMPACT_SEMI_MAJOR_M_MAX: Final = 500_000.0
"""An impact area wider than this is no news to anyone, metres."""

_LAUNCH_SEMI_MAJOR_M_MAX: Final = 150_000.0
_EVENT_SEMI_MAJOR_M_MAX: Final = 100_000.0
_BURNING_KEPT: Final = 60
"""Own estimates of a burning object that are remembered, for when the burn will have ended."""

_BURNS_MAX: Final = 20
"""Ends of burns of one object that have a name of their own."""

_MILLISECONDS_MAX: Final = 10**9


class Products:
    """What was said of the own tracks of one View, and what is to be said now."""

    def __init__(self) -> None:
        """Nothing said yet."""
        self._events: dict[tuple[str, str], Event] = {}
        """The newest version of each own event, by its track and its name."""

        self._falling_since_ns: dict[str, int] = {}
        self._impact_ns: dict[str, int] = {}
        self._burning: dict[str, list[tuple[int, FloatArray, FloatArray]]] = {}

    def remember_track(self, key: str, track: Track) -> None:
        """Note since when an object falls, or how it moved while it burned."""
        if track.stage.value in FALLING:
            self._falling_since_ns.setdefault(key, track.valid_ns)
            return
        self._falling_since_ns.pop(key, None)
        if track.stage is Stage.BOOST and track.state is not None:
            mean, covariance = state_of(track.state)
            kept = self._burning.setdefault(key, [])
            insort(kept, (track.state.epoch_ns, mean, covariance), key=itemgetter(0))
            del kept[:-_BURNING_KEPT]

    def remember_event(self, key: str, event: Event) -> None:
        """Note an own event."""
        self._events[key, event.item_id.removeprefix(f"{event.subject}-")] = event

    def remember_area(self, key: str, area: Area) -> None:
        """Note an own impact area."""
        self._impact_ns[key] = area.valid_ns

    def launch(self, key: str, launch: LaunchEstimate, make_head: MakeHead) -> list[AnyItem]:
        """A launch with its area, where it is known well enough and not what was said."""
        region = _region(launch.latitude_deg, launch.longitude_deg, launch.covariance_m2)
        if region.semi_major_m > _LAUNCH_SEMI_MAJOR_M_MAX:
            return []
        known = self._events.get((key, "launch"))
        if known is not None and (known.valid_ns, known.region) == (launch.time_ns, region):
            return []
        event = Event(
            **make_head("event", f"{key}-launch", key, launch.time_ns, ()),
            event=EventKind.LAUNCH,
            time_sigma_ms=_milliseconds(launch.time_sigma_s),
            place=region.centre,
            region=region,
        )
        head = make_head("area", f"{key}-launch-area", key, launch.time_ns, ())
        return [event, Area(**head, area=AreaKind.LAUNCH, region=region)]

    def of(
        self, estimate: TrackEstimate, others: Sequence[TrackEstimate], now_ns: int, make_head: MakeHead
    ) -> list[AnyItem]:
        """What is new of one own object; `others` are the other own objects at the same instant."""
        items = self._staging(estimate, others, make_head)
        if self.has_fallen(estimate, now_ns):
            items += self._burnout(estimate, make_head)
            items += self._apogee(estimate, make_head)
            items += self._impact(estimate, now_ns, make_head)
        elif estimate.stage == "boost":
            items += self._burns_again(estimate, make_head)
        return items

    def has_fallen(self, estimate: TrackEstimate, now_ns: int) -> bool:
        """Whether an object has fallen freely for so long that it is taken to come down."""
        falling_s = (now_ns - self._falling_since_ns.get(estimate.track_key, now_ns)) / SECOND_NS
        return estimate.stage in FALLING and falling_s >= FALLING_FOR_S

    def _staging(
        self, estimate: TrackEstimate, others: Sequence[TrackEstimate], make_head: MakeHead
    ) -> list[AnyItem]:
        """That this object parted from another; told of the younger of the two, once."""
        key = estimate.track_key
        if (key, "staging") in self._events:
            return []
        found: tuple[FlightEvent, TrackEstimate] | None = None
        for other in others:
            if _order(other) < _order(estimate):
                event = _separation(estimate, other)
                if event is not None and (found is None or event.time_sigma_s < found[0].time_sigma_s):
                    found = event, other
        if found is None or found[0].time_sigma_s > STAGING_SIGMA_S_MAX:
            return []
        return self._flight_event(key, "staging", EventKind.STAGING, found[0], make_head)

    def _burnout(self, estimate: TrackEstimate, make_head: MakeHead) -> list[AnyItem]:
        """The end of the burn before this fall, once."""
        key = estimate.track_key
        name, known, before_ns = self._last_burn(key)
        burning = [row for row in self._burning.get(key, ()) if row[0] > before_ns]
        if known is not None or not burning:
            return []
        told = burn_end_of(burning, estimate.mean, estimate.covariance, estimate.time_ns)
        if told is None:
            return []
        event = burn_end_estimate(estimate.mean, estimate.covariance, estimate.time_ns, *told)
        if event is None:
            return []
        return self._flight_event(key, name, EventKind.BURNOUT, event, make_head)

    def _burns_again(self, estimate: TrackEstimate, make_head: MakeHead) -> list[AnyItem]:
        """A burnout that was none: the object burns again, so it was the end of a stage."""
        key = estimate.track_key
        name, known, _ = self._last_burn(key)
        if known is None:
            return []
        head = make_head("event", f"{key}-{name}", key, known.valid_ns, ())
        return [
            Event(
                **head,
                event=EventKind.STAGING,
                time_sigma_ms=known.time_sigma_ms,
                place=known.place,
                region=known.region,
            )
        ]

    def _last_burn(self, key: str) -> tuple[str, Event | None, int]:
        """The name of the end of the last burn, it where it was said, and when the burn before it ended."""
        before_ns = 0
        for number in range(1, _BURNS_MAX):
            name = "burnout" if number == 1 else f"burnout-{number}"
            known = self._events.get((key, name))
            if known is None or known.event is EventKind.BURNOUT:
                return name, known, before_ns
            before_ns = known.valid_ns
        return f"burnout-{_BURNS_MAX}", None, before_ns

    def _flight_event(
        self, key: str, name: str, kind: EventKind, event: FlightEvent, make_head: MakeHead
    ) -> list[AnyItem]:
        latitude, longitude, height_m = (float(value) for value in geodetic_from_ecef(event.mean_m))
        ground = rotate_covariance(event.covariance_m2, enu_rotation(latitude, longitude))[:2, :2]
        region = _region(math.degrees(latitude), math.degrees(longitude), ground)
        if region.semi_major_m > _EVENT_SEMI_MAJOR_M_MAX:
            return []
        return [
            Event(
                **make_head("event", f"{key}-{name}", key, event.time_ns, ()),
                event=kind,
                time_sigma_ms=_milliseconds(event.time_sigma_s),
                place=place_of(math.degrees(latitude), math.degrees(longitude), height_m),
                region=region,
            )
        ]

    def _apogee(self, estimate: TrackEstimate, make_head: MakeHead) -> list[AnyItem]:
        key = estimate.track_key
        apogee = apogee_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
        if apogee is None:
            return []
        region = _region(apogee.latitude_deg, apogee.longitude_deg, apogee.covariance_m2)
        known = self._events.get((key, "apogee"))
        if region.semi_major_m > _EVENT_SEMI_MAJOR_M_MAX or (known is not None and _is_said(known, apogee)):
            return []
        return [
            Event(
                **make_head("event", f"{key}-apogee", key, estimate.time_ns, ()),
                event=EventKind.APOGEE,
                time_sigma_ms=_milliseconds(apogee.time_sigma_s),
                place=place_of(apogee.latitude_deg, apogee.longitude_deg, apogee.height_m),
                region=region,
                expected_ns=apogee.time_ns,
            )
        ]

    def _impact(self, estimate: TrackEstimate, now_ns: int, make_head: MakeHead) -> list[AnyItem]:
        key = estimate.track_key
        last_ns = self._impact_ns.get(key)
        if last_ns is not None and now_ns - last_ns < IMPACT_EVERY_S * SECOND_NS:
            return []
        impact = impact_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
        if impact is None or impact.ellipse.semi_major_m > _IMPACT_SEMI_MAJOR_M_MAX:
            return []
        return [
            Area(
                **make_head("area", f"{key}-impact-area", key, estimate.time_ns, ()),
                area=AreaKind.IMPACT,
                region=_region(impact.latitude_deg, impact.longitude_deg, impact.covariance_m2),
                expected_ns=impact.time_ns,
                time_sigma_ms=_milliseconds(impact.time_sigma_s),
            )
        ]


def _order(estimate: TrackEstimate) -> tuple[int, int, str]:
    """The older of two objects comes first."""
    return estimate.first_time_ns, len(estimate.track_key), estimate.track_key


def _separation(one: TrackEstimate, other: TrackEstimate) -> FlightEvent | None:
    """When two objects parted; where one of them burns, the other fell from then on."""
    burning = [estimate for estimate in (one, other) if estimate.stage == "boost"]
    if len(burning) == 2:
        return None
    falling, rest = (other, one) if burning == [one] else (one, other)
    return separation_estimate(
        (falling.mean, falling.covariance),
        (rest.mean, rest.covariance),
        one.time_ns,
        one_burns=bool(burning),
    )


def _is_said(known: Event, apogee: ApogeeEstimate) -> bool:
    """Whether what was said of an apogee is still true within what was said of its error."""
    if known.expected_ns is None or known.place is None or known.region is None:
        return False
    late_ms = abs(known.expected_ns - apogee.time_ns) / 1e6
    higher_m = abs(known.place.height_mm / 1e3 - apogee.height_m)
    # The height has no error of its own on the wire: that of the place stands for it.
    return late_ms <= known.time_sigma_ms and higher_m <= known.region.semi_major_m


def _milliseconds(seconds: float) -> int:
    return min(round(seconds * 1000.0), _MILLISECONDS_MAX)


def _region(latitude_deg: float, longitude_deg: float, covariance_m2: FloatArray) -> Ellipse:
    """The 95 % region of a point on the ground, or of the point below one."""
    ellipse = ellipse95(np.asarray(covariance_m2))
    return ellipse_of(
        latitude_deg, longitude_deg, ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.bearing_deg
    )
