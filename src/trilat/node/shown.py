"""What a reader is shown, as plain JSON values: items inside releases, objects of a picture, decisions.

Rules
1. An item is shown as the release has it, and as nothing more: `shown` is given a Release, never an item.
2. Every item that the model holds can be shown; what has no place on the Earth is shown without one.
3. Angles are degrees, lengths metres, instants UTC nanoseconds. Numbers are rounded (degrees of latitude and
   longitude to six digits, the rest to one), so that equal pictures are equal bytes.
4. Whoever made an item, and may be shown by office only, is shown as the party.
5. A track without a state is shown where its newest tracklet is, at that tracklet's instant.

Ellipses of tracks and objects are 3 sigma, those of events and areas 95 %.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from trilat.domains import Sight, degrees_of, motion_of, state_of
from trilat.geo import ecef_from_geodetic, geodetic_from_ecef
from trilat.model import (
    Account,
    AnyItem,
    Area,
    Attribution,
    Decision,
    Disagreement,
    Ellipse,
    Event,
    Form,
    Kinematics,
    LocalName,
    Place,
    Polygon,
    Release,
    Threat,
    Track,
    UsageError,
    Vessel,
    Warning,
    kind_of,
)

Plain = dict[str, Any]
"""A JSON object."""

SHOWN_KINDS: Final = ("track", "event", "area", "warning", "vessel", "disagreement")
"""Kinds that a picture has; what sensors report, and what people say to each other, it has not."""

_TURN_DEG: Final = 360.0
_PPM: Final = 1_000_000
_PROBABILITY: Final = 0.95


def shown(
    release: Release, sender: str | None, received: Form | None = None, under: Sequence[str] = ()
) -> Plain:
    """The item inside a release.

    Args:
        release: to the reader.
        sender: the partner that gave the item to this node; None for an own one.
        received: the form in which it gave it. What is shown as its form is the coarser of the two.
        under: agreements under which it was received, for the own staff: a release tells nobody of them.
    """
    item, label = release.item, release.item.label
    in_force = label.classification_at(release.decided_ns)
    originator, originators = label.originator, list(item.provenance.originators)
    if release.duties.attribution not in {None, Attribution.NAMED}:
        originator, originators = _office(originator), [_office(code) for code in originators]
    plain: Plain = {
        "id": item.item_id,
        "version": item.version,
        "kind": kind_of(item),
        "subject": item.subject,
        "domain": item.domain.value,
        "originator": originator,
        "originators": originators,
        "sender": sender,
        "form": max((release.form, received or release.form), key=list(Form).index).value,
        "status": item.status.value,
        "valid_ns": item.valid_ns,
        "marking": f"{in_force.scheme} {in_force.level}",
    }
    if under:
        plain["under"] = list(under)
    plain.update(_content(item))
    return plain


def _office(code: str) -> str:
    return code.split("/", maxsplit=1)[0]


def _content(item: AnyItem) -> Plain:
    if isinstance(item, Vessel):
        return _vessel(item)
    if isinstance(item, Track):
        return _track(item)
    if isinstance(item, Event):
        return _event(item)
    if isinstance(item, Area):
        return _area(item)
    if isinstance(item, Disagreement):
        return _disagreement(item)
    return _warning(item) if isinstance(item, Warning) else {}


def _track(track: Track) -> Plain:
    newest = track.state or max(track.tracklets, key=lambda part: part.epoch_ns, default=None)
    return {"stage": track.stage.value, **({} if newest is None else _moving(newest))}


def _moving(kinematics: Kinematics) -> Plain:
    """A state on the Earth at its own instant; nothing where it has no place there."""
    motion = motion_of(*state_of(kinematics))
    if motion is None:
        return {}
    return {
        "valid_ns": kinematics.epoch_ns,
        "lat": _degrees(motion.latitude_deg),
        "lon": _degrees(motion.longitude_deg),
        "height_m": _tenths(motion.height_m),
        "speed_m_per_s": _tenths(motion.speed_m_per_s),
        "course_deg": _bearing(motion.course_deg),
        "climb_m_per_s": _tenths(motion.climb_m_per_s),
        "ellipse": _axes(motion.semi_major_m, motion.semi_minor_m, motion.bearing_deg),
        "height_sigma_m": _tenths(motion.height_sigma_m),
    }


def _event(event: Event) -> Plain:
    region = event.region
    place = event.place or (None if region is None else region.centre)
    return {
        "event": event.event.value,
        "expected_ns": event.expected_ns,
        "time_sigma_ms": event.time_sigma_ms,
        **_at(place),
        "ellipse": None if region is None else _region95(region),
    }


def _area(area: Area) -> Plain:
    region = area.region
    timing: Plain = {"expected_ns": area.expected_ns, "time_sigma_ms": area.time_sigma_ms}
    if area.name is not None:
        timing["names"] = _names(area.name)
    if isinstance(region, Polygon):
        corners = [degrees_of(corner) for corner in region.corners]
        return {
            "area": area.area.value,
            **_middle(corners),
            "ellipse": None,
            "polygon": [[_degrees(latitude), _degrees(longitude)] for latitude, longitude in corners],
            **timing,
        }
    return {
        "area": area.area.value,
        **_at(region.centre),
        "ellipse": _region95(region),
        "polygon": None,
        **timing,
    }


def _middle(corners: list[tuple[float, float]]) -> Plain:
    """The point below the mean of the corners; nothing for corners around the whole Earth."""
    latitudes, longitudes = np.radians(np.array(corners)).T
    try:
        latitude, longitude, _ = geodetic_from_ecef(
            ecef_from_geodetic(latitudes, longitudes, 0.0).mean(axis=0)
        )
    except UsageError:
        return {"lat": None, "lon": None}
    return {
        "lat": _degrees(math.degrees(float(latitude))),
        "lon": _degrees(math.degrees(float(longitude))),
    }


def _warning(warning: Warning) -> Plain:
    return {
        "warning": warning.warning.value,
        "state": warning.state.value,
        "sources": list(warning.sources),
        "speaker": warning.speaker,
        "text": warning.text,
        **({} if warning.threat is None else {"threat": _threat(warning.threat)}),
        "lat": None,
        "lon": None,
    }


def _threat(threat: Threat) -> Plain:
    return {
        "area": threat.area,
        "names": _names(threat.name),
        "impact": threat.impact_ppm / _PPM,
        "overflight": threat.overflight_ppm / _PPM,
        "first_ns": threat.first_ns,
        "last_ns": threat.last_ns,
    }


def _names(name: LocalName) -> Plain:
    """A name in each language; the one name where a language has none of its own."""
    return {"en": name.name, "ja": name.ja or name.name, "ko": name.ko or name.name}


def _disagreement(disagreement: Disagreement) -> Plain:
    return {
        "disagreement": disagreement.disagreement.value,
        "state": disagreement.state.value,
        "sources": list(dict.fromkeys(account.party for account in disagreement.accounts)),
        "accounts": [_account(account) for account in disagreement.accounts],
        "since_ns": disagreement.since_ns,
        "lat": None,
        "lon": None,
    }


def _account(account: Account) -> Plain:
    return {
        "party": account.party,
        "subject": account.subject,
        "basis": f"{account.basis.item_id} v{account.basis.version}",
        "time_ns": account.time_ns,
        "time_sigma_ms": account.time_sigma_ms,
        "reach_m": account.reach_m,
        **_at(account.place),
    }


def _vessel(vessel: Vessel) -> Plain:
    speed, course = vessel.speed_mm_per_s, vessel.course_mdeg
    return {
        **_at(vessel.place),
        "name": vessel.ship_name or None,
        "mmsi": vessel.mmsi,
        "course_deg": None if course is None else _bearing(course / 1000.0),
        "speed_m_per_s": None if speed is None else _tenths(speed / 1000.0),
    }


def shown_sight(sight: Sight) -> Plain:
    """An object of a picture."""
    major, minor, bearing = sight.semi_major_m, sight.semi_minor_m, sight.bearing_deg
    known = major is not None and minor is not None and bearing is not None
    return {
        "key": sight.key,
        "domain": sight.domain.value,
        "sources": sorted(sight.sources),
        "speaker": sight.speaker,
        "stage": sight.stage,
        "confirmed": sight.confirmed,
        "valid_ns": sight.valid_ns,
        "lat": _degrees(sight.latitude_deg),
        "lon": _degrees(sight.longitude_deg),
        "height_m": _tenths(sight.height_m),
        "speed_m_per_s": None if sight.speed_m_per_s is None else _tenths(sight.speed_m_per_s),
        "course_deg": _bearing(sight.course_deg),
        "ellipse": _axes(major or 0.0, minor or 0.0, bearing or 0.0) if known else None,
        "height_sigma_m": None if sight.height_sigma_m is None else _tenths(sight.height_sigma_m),
    }


def decision_row(number: int, item: AnyItem, decision: Decision, at_ns: int) -> Plain:
    """A decision on an item; `number` counts this node's decisions, `at_ns` is when by its clock."""
    return {
        "number": number,
        "item_id": item.item_id,
        "version": item.version,
        "kind": kind_of(item),
        "originator": item.label.originator,
        "subject": item.subject,
        "sender": decision.sender,
        "recipient": decision.recipient,
        "via": decision.via,
        "outcome": decision.outcome.value,
        "reasons": [reason.value for reason in decision.reasons],
        "clauses": list(decision.clauses),
        "form": None if decision.form is None else decision.form.value,
        "at_ns": at_ns,
        "decided_ns": decision.decided_ns,
    }


def _at(place: Place | None) -> Plain:
    if place is None:
        return {"lat": None, "lon": None}
    latitude_deg, longitude_deg = degrees_of(place)
    return {"lat": _degrees(latitude_deg), "lon": _degrees(longitude_deg)}


def _region95(region: Ellipse) -> Plain:
    """A region with 95 %, of whatever probability it was given."""
    scale = 1.0
    if region.probability_ppm != round(_PROBABILITY * _PPM):
        # Chi-square of two dimensions: the squared radius for p is -2 ln(1 - p).
        scale = math.sqrt(math.log(1.0 - _PROBABILITY) / math.log1p(-region.probability_ppm / _PPM))
    return _axes(
        scale * region.semi_major_m, scale * region.semi_minor_m, region.bearing_mdeg / 1000.0 % 180.0
    )


def _axes(semi_major_m: float, semi_minor_m: float, bearing_deg: float) -> Plain:
    return {
        "semi_major_m": _tenths(semi_major_m),
        "semi_minor_m": _tenths(semi_minor_m),
        "bearing_deg": _bearing(bearing_deg),
    }


# Adding zero turns minus zero into zero: the two are written otherwise.


def _degrees(value_deg: float) -> float:
    return round(value_deg, 6) + 0.0


def _tenths(value: float) -> float:
    return round(value, 1) + 0.0


def _bearing(value_deg: float | None) -> float | None:
    return None if value_deg is None else _tenths(value_deg) % _TURN_DEG
