"""Rules 17 to 22, slow and obvious: areas, situations, suspensions, onward rules, notice and what survives
it, two officers. The second implementation of `trilat.policy.conditions`; imports the nouns and nothing else.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import asin, atan2, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import Any

from trilat.model import (
    Agreement,
    Circle,
    Clause,
    Consent,
    Declaration,
    Declared,
    Ellipse,
    Equivalent,
    OnwardRule,
    PositionFix,
    Reason,
    Status,
    kind_of,
)

SECOND_NS = 1_000_000_000
EQUATOR_M, FLATTENING = 6_378_137.0, 1 / 298.257223563
SQUARED = FLATTENING * (2 - FLATTENING)
SPHERE_M = 6_371_008.8
OWED = ("consent", "declaration", "recall", "reclassification", "loss-report", "answer")
Point = tuple[int, int]
"""Latitude and longitude in units of 1e-7 degree."""


def rule_17_area(item: Any, agreement: Agreement, clause: Clause, *, forbids: bool) -> bool:
    """A permission covers what is known to lie in its areas, a prohibition what may touch one of them."""
    regions = [area.region for area in agreement.areas if area.name in clause.areas]
    inside = [any(is_in(point, region) for region in regions) for point in points_of(item)]
    if not clause.areas:
        return True
    return any(inside) or not inside if forbids else all(inside) and bool(inside)


def points_of(item: Any) -> list[Point]:
    """The points by which an item's place counts; none where it is not known."""
    kind, found = kind_of(item), []
    if kind in ("vessel", "need", "offer", "event") and item.place is not None:
        found.append(point_of(item.place))
    if kind in ("event", "area") and item.region is not None:
        found += region_points(item.region)
    states = []
    if kind == "track":
        states = list(item.tracklets) if item.state is None else [item.state]
    if kind == "report" and isinstance(item.observation, Equivalent):
        states = [item.observation.kinematics]
    if kind == "report" and isinstance(item.observation, PositionFix):
        found.append(point_of(item.observation.place))
    return found + [point for state in states for point in ground_under(state.position_mm)]


def point_of(place: Any) -> Point:
    """The two numbers of a place on the ground."""
    return place.latitude_1e7deg, place.longitude_1e7deg


def region_points(region: Any) -> list[Point]:
    """A polygon's corners; an ellipse's centre and the corners of the box around it."""
    if not isinstance(region, Ellipse):
        return [point_of(corner) for corner in region.corners]
    latitude, longitude = point_of(region.centre)
    metres = SPHERE_M * radians(1e-7)
    north = -int(-region.semi_major_m // metres)
    shrink = cos(radians(min(abs(latitude) + north, 900_000_000) / 1e7))
    east = 1_800_000_000 if shrink * 1_800_000_000 <= north else -int(-(north / shrink) // 1)
    box = [(latitude + up * north, longitude + right * east) for up in (-1, 1) for right in (-1, 1)]
    return [
        (latitude, longitude),
        *(
            (max(-900_000_000, min(900_000_000, y)), (x + 1_800_000_000) % 3_600_000_000 - 1_800_000_000)
            for y, x in box
        ),
    ]


def ground_under(position_mm: tuple[int, int, int]) -> list[Point]:
    """Latitude and longitude of an ECEF position; none within 100 km of the centre of the Earth."""
    x, y, z = (part / 1000 for part in position_mm)
    across = hypot(x, y)
    if hypot(across, z) < 100_000:
        return []
    latitude = atan2(z, across * (1 - SQUARED))
    for _ in range(50):
        normal = EQUATOR_M / sqrt(1 - SQUARED * sin(latitude) ** 2)
        latitude = atan2(z + SQUARED * normal * sin(latitude), across)
    return [(round(degrees(latitude) * 1e7), round(degrees(atan2(y, x)) * 1e7))]


def is_in(point: Point, region: Any) -> bool:
    """In a circle along the ellipsoid; in a polygon by the turns that its corners make around the point."""
    if isinstance(region, Circle):
        a, b = surface(point), surface(point_of(region.centre))
        chord = sqrt(sum((one - other) ** 2 for one, other in zip(a, b, strict=True)))
        return 2 * SPHERE_M * asin(min(1.0, chord / (2 * SPHERE_M))) <= region.radius_m
    y, x = point
    corners = [(lat - y, lon - x) for lat, lon in (point_of(corner) for corner in region.corners)]
    turned = 0.0
    for (y1, x1), (y2, x2) in zip(corners, corners[1:] + corners[:1], strict=True):
        turned += atan2(x1 * y2 - x2 * y1, x1 * x2 + y1 * y2)
    return round(turned / (2 * pi)) % 2 == 1


def surface(point: Point) -> tuple[float, float, float]:
    """ECEF of a point of the ellipsoid, by its reduced latitude."""
    latitude, longitude = (radians(part / 1e7) for part in point)
    reduced = atan2((1 - FLATTENING) * sin(latitude), cos(latitude))
    polar = EQUATOR_M * (1 - FLATTENING)
    across = EQUATOR_M * cos(reduced)
    return across * cos(longitude), across * sin(longitude), polar * sin(reduced)


def standing(
    declarations: Sequence[Declaration], kind: Declared, party: str, about: str, status: Status, at_ns: int
) -> Declaration | None:
    """The newest begun declaration of a party on one thing, where it stands and has not ended."""
    said = [
        each
        for each in declarations
        if (each.declared, each.label.originator, each.about, each.status) == (kind, party, about, status)
        and each.officer.split("/")[0] == party
        and not (each.assumed and status is Status.REAL)
        and each.valid_ns <= at_ns
    ]
    said.sort(key=lambda each: each.item_id)
    opens = kind is Declared.SITUATION
    said.sort(key=lambda each: (each.valid_ns, each.version, each.stands != opens))
    if not said or not said[-1].stands:
        return None
    until_ns = said[-1].until_ns
    return None if until_ns is not None and until_ns <= at_ns else said[-1]


def rule_18_situation(question: Any, giver: str, clause: Clause, situations: tuple[str, ...]) -> bool:
    """One of the situations is declared by whom the clause believes, not longer ago than it says."""
    for party in clause.declared_by or (giver.split("/", maxsplit=1)[0],):
        for name in situations:
            said = standing(
                question.declarations,
                Declared.SITUATION,
                party,
                name,
                question.item.status,
                question.at_ns,
            )
            box_ns = clause.situation_max_s * SECOND_NS
            if said is not None and (box_ns == 0 or question.at_ns - said.valid_ns < box_ns):
                return True
    return False


def rule_19_suspended(
    question: Any, giver: str, via: str | None, agreement: Agreement, clause: Clause
) -> bool:
    """Who gives, or passes on, has suspended the agreement or the clause; what is owed goes on."""
    if kind_of(question.item) in OWED:
        return False
    parties = {code.split("/")[0] for code in (giver, via) if code is not None}
    abouts = {agreement.agreement_id, f"{agreement.agreement_id}#{clause.clause_id}"}
    return any(
        standing(
            question.declarations, Declared.SUSPENSION, party, about, question.item.status, question.at_ns
        )
        for party in parties
        for about in abouts
    )


def rule_20_onward(question: Any, giver: str, agreement: Agreement, clause: Clause) -> bool:
    """A clause's own onward rule, or its agreement's, lets the item go on to the recipient now."""
    holder: Any = agreement if clause.onward is None else clause
    return {
        OnwardRule.NEVER: False,
        OnwardRule.WITH_CONSENT: True,
        OnwardRule.TO_NAMED: question.recipient in holder.onward_to,
        OnwardRule.UNDER_CONDITIONS: rule_18_situation(question, giver, clause, holder.onward_situations),
    }[holder.onward]


def rule_21_notice_ns(question: Any, agreement: Agreement) -> int | None:
    """When an agreement ends by notice: after its days, and where it renews itself at the end of a term."""
    ends = []
    for party in agreement.parties:
        about = agreement.agreement_id
        said = standing(
            question.declarations, Declared.NOTICE, party, about, question.item.status, question.at_ns
        )
        if said is not None and said.valid_ns >= agreement.in_force_from_ns:
            earliest_ns = said.valid_ns + agreement.notice_days * 86_400 * SECOND_NS
            terms = term_ends(agreement.in_force_from_ns, agreement.renewal_months)
            ends.append(next((end for end in terms if end >= earliest_ns), earliest_ns))
    return min(ends, default=None)


def term_ends(from_ns: int, months: int) -> Iterator[int]:
    """The ends of the terms of an agreement that renews itself; none where it does not."""
    begun = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=from_ns // SECOND_NS)
    count = begun.year * 12 + begun.month - 1
    while months and count < 12 * 9_000:
        count += months
        year, month = count // 12, count % 12 + 1
        end = begun.replace(year=year, month=month, day=min(begun.day, monthrange(year, month)[1]))
        since = end - datetime(1970, 1, 1, tzinfo=UTC)
        yield (since.days * 86_400 + since.seconds) * SECOND_NS + from_ns % SECOND_NS


def rule_21_survives(question: Any, via: str | None, agreement: Agreement, clause: Clause) -> bool:
    """A prohibition that ended with its agreement still covers the passing on of what is older."""
    ends = [end for end in (agreement.in_force_until_ns, rule_21_notice_ns(question, agreement)) if end]
    replaced = any(
        other.agreement_id == agreement.agreement_id
        and other.version > agreement.version
        and other.in_force_from_ns <= question.at_ns
        for other in question.files.values()
    )
    if not ends or replaced or via is None or not agreement.survives_end:
        return False
    began_ns = clause.in_force_from_ns or agreement.in_force_from_ns
    own_end_ns = clause.in_force_until_ns
    spoke_at_the_end = began_ns < min(ends) and (own_end_ns is None or own_end_ns >= min(ends))
    return (
        spoke_at_the_end
        and question.item.valid_ns < min(ends) <= question.at_ns
        and question.purpose in (clause.purposes or agreement.purposes)
    )


def rule_22_two_officers(said: list[Consent], at_ns: int) -> tuple[int, Consent | None]:
    """1 granted, 2 refused, 3 to be asked: each officer's last word, any refusal wins, two must grant. The
    consents come oldest first.
    """
    last = [
        [consent for consent in said if consent.officer == officer][-1]
        for officer in sorted({consent.officer for consent in said})
    ]
    now = [consent for consent in said if consent in last and at_ns < consent.until_ns]
    refused = [consent for consent in now if not consent.granted]
    if refused:
        return 2, refused[-1]
    return (1, now[-1]) if len(now) >= 2 else (3, None)


def failed_conditions(
    question: Any,
    giver: str,
    via: str | None,
    agreement: Agreement,
    clause: Clause,
    received: Sequence[tuple[Agreement, Clause]],
) -> Iterator[Reason]:
    """Why a permission does not cover the case by rules 17 to 20; `received` are the clauses in force that
    give the item to the intermediary.
    """
    if not rule_17_area(question.item, agreement, clause, forbids=False):
        yield Reason.OUTSIDE_AREA
    if clause.situations and not rule_18_situation(question, giver, clause, clause.situations):
        yield Reason.SITUATION_NOT_DECLARED
    if rule_19_suspended(question, giver, via, agreement, clause):
        yield Reason.GIVING_SUSPENDED
    if via is None or clause.via != via or (clause.onward or agreement.onward) is OnwardRule.NEVER:
        return
    bound = [(pact, leg) for pact, leg in received if leg.via is None and leg.onward is not None]
    if not all(rule_20_onward(question, giver, *each) for each in [(agreement, clause), *bound]):
        yield Reason.ONWARD_NOT_ALLOWED
