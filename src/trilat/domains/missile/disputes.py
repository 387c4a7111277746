"""Where partners say different things of one object: launches, impacts, and how many objects there are.

Rules
1. Only accounts of different parties about the same object are compared: their tracks agree (`parties`), or
   one of them gives no track and both tell of launches within `_NEAR_S` and `_NEAR_M`.
2. A launch or an impact differs where instants are more than `_SIGMAS` of their joint error apart, or places
   beyond the joint 99.99 % region.
3. Objects differ where a party has a second one beside the one that both have, and the other party has not.
4. Nothing is said or withdrawn before it has stood for a while; see `domains.standing`.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from trilat.domains.missile.alarms import centre_of, newest_kept
from trilat.domains.missile.conversion import covariance_of
from trilat.domains.missile.parties import Saying, Sayings, Subject, short_name
from trilat.domains.pipeline import Dispute
from trilat.domains.places import degrees_of
from trilat.domains.standing import Standing, Standings
from trilat.geo import geodesic_inverse, geodesic_offset
from trilat.model import (
    SECOND_NS,
    Account,
    Area,
    DisagreementKind,
    Domain,
    Ellipse,
    Event,
)

_SIGMAS: Final = 4.0
_GATE: Final = 18.42
"""Chi-square, 2 degrees of freedom, 99.99 %."""

_NEAR_S: Final = 120.0
_NEAR_M: Final = 150_000.0
_BESIDE_M: Final = 100_000.0
"""A second object farther than this from the first is not beside it, metres."""

_Key = tuple[DisagreementKind, Subject, Subject]
_Item = Event | Area


class Disputes:
    """All that parties of one View disagree on."""

    def __init__(self, sayings: Sayings) -> None:
        """Nothing disputed; `sayings` is kept by the pipeline and shared with others."""
        self._sayings = sayings
        self._launches: dict[str, Event] = {}
        self._impacts: dict[str, Area] = {}
        self._standings: Standings[_Key] = Standings()

    def add_launch(self, event: Event) -> None:
        """Compare a launch with those that others tell of the same object."""
        newest_kept(self._launches, event)
        self._standings.moved(event.valid_ns)
        self._compare_launches(_name(event))

    def add_impact(self, area: Area) -> None:
        """Compare an impact area with those that others tell of the same object."""
        newest_kept(self._impacts, area)
        self._standings.moved(area.valid_ns)
        self._compare_impacts(_name(area))

    def add_saying(self, saying: Saying) -> None:
        """Look again at all that a party's object is part of, now that it said where it is."""
        self._standings.moved(saying.time_ns)
        self._compare_launches(saying.name)
        self._compare_impacts(saying.name)
        self._count_objects()

    def at(self, now_ns: int) -> tuple[Dispute, ...]:
        """What is disputed, in a fixed order."""
        said = sorted(self._standings.said(now_ns), key=lambda entry: (entry[0][0].value, *entry[0][1:]))
        return tuple(_dispute(key, standing) for key, standing in said)

    def _compare_launches(self, name: Subject) -> None:
        mine = [event for event in self._launches.values() if _name(event) == name]
        for event in mine:
            for other in tuple(self._launches.values()):
                if other.provenance.originators[0] != name[0]:
                    self._compared(DisagreementKind.LAUNCH, event, other, _launches_differ)

    def _compare_impacts(self, name: Subject) -> None:
        mine = [area for area in self._impacts.values() if _name(area) == name]
        for area in mine:
            for other in tuple(self._impacts.values()):
                if other.provenance.originators[0] != name[0]:
                    self._compared(DisagreementKind.IMPACT, area, other, _impacts_differ)

    def _compared(
        self, kind: DisagreementKind, one: _Item, other: _Item, differ: Callable[[_Item, _Item], bool]
    ) -> None:
        first, second = sorted((one, other), key=_name)
        key = (kind, _name(first), _name(second))
        is_same = self._is_same(_name(first), _name(second))
        if not is_same and key not in self._standings.of:
            return
        under = {*first.provenance.received_under, *second.provenance.received_under}
        self._standings.stands(
            key,
            (_account(first), _account(second)),
            tuple(sorted(under)),
            differs=is_same and differ(first, second),
        )

    def _is_same(self, one: Subject, other: Subject) -> bool:
        """Rule 1."""
        if one in self._sayings.of and other in self._sayings.of:
            return self._sayings.is_same(one, other)
        mine = [event for event in self._launches.values() if _name(event) == one]
        theirs = [event for event in self._launches.values() if _name(event) == other]
        return any(_near(event, against) for event in mine for against in theirs)

    def _count_objects(self) -> None:
        """Rule 3, for every live object that another party might have beside one that it shares."""
        live = self._sayings.live()
        counted = any(key[0] is DisagreementKind.OBJECTS for key in self._standings.of)
        if not counted and len(live) == len({saying.party for saying in live}):
            return
        found: dict[_Key, tuple[Saying, Saying, Saying]] = {}
        for second in live:
            for theirs in live:
                if theirs.party == second.party:
                    continue
                first = _shared(second, theirs, live)
                if first is not None:
                    key = (DisagreementKind.OBJECTS, second.name, (theirs.party, theirs.subject))
                    found[key] = (first, second, theirs)
        for key, sayings in found.items():
            accounts = tuple(
                Account(party=saying.party, subject=saying.subject, basis=saying.reference)
                for saying in sorted(sayings, key=lambda saying: saying.name)
            )
            under = {name for saying in sayings for name in saying.received_under}
            self._standings.stands(key, accounts, tuple(sorted(under)), differs=True)
        for key, standing in tuple(self._standings.of.items()):
            if key[0] is DisagreementKind.OBJECTS and key not in found:
                self._standings.stands(key, standing.accounts, standing.received_under, differs=False)


def _shared(second: Saying, theirs: Saying, live: list[Saying]) -> Saying | None:
    """The object beside `second` that its party shares with `theirs`, where the other has no second."""
    if any(party == theirs.party for party, _ in second.same):
        return None
    for first in live:
        if first.party == second.party and first is not second and theirs.name in first.same:
            apart_m = float(np.linalg.norm(first.at(second.time_ns)[0][:3] - second.mean[:3]))
            if apart_m < _BESIDE_M:
                return first
    return None


def _dispute(key: _Key, standing: Standing) -> Dispute:
    kind, one, other = key
    return Dispute(
        kind=kind,
        domain=Domain.MISSILE,
        key=f"{kind.value}-{short_name(one[1])}-{short_name(other[1])}",
        accounts=standing.accounts,
        since_ns=standing.since_ns,
        received_under=standing.received_under,
    )


def _name(item: _Item) -> Subject:
    return item.provenance.originators[0], item.subject


def _account(item: _Item) -> Account:
    is_event = isinstance(item, Event)
    region = item.region
    return Account(
        party=item.provenance.originators[0],
        subject=item.subject,
        basis=item.reference,
        time_ns=item.valid_ns if is_event else item.expected_ns,
        time_sigma_ms=item.time_sigma_ms,
        place=centre_of(item),
        reach_m=region.semi_major_m if isinstance(region, Ellipse) else 0,
    )


def _near(one: Event, other: Event) -> bool:
    """Whether two launches might be one, where no tracks tell."""
    if abs(one.valid_ns - other.valid_ns) > _NEAR_S * SECOND_NS:
        return False
    if one.place is None or other.place is None:
        return False
    apart_m, _ = geodesic_inverse(*degrees_of(one.place), *degrees_of(other.place))
    return apart_m < _NEAR_M


def _launches_differ(one: _Item, other: _Item) -> bool:
    return _instants_differ(one, one.valid_ns, other, other.valid_ns) or _places_differ(one, other)


def _impacts_differ(one: _Item, other: _Item) -> bool:
    if one.expected_ns is None or other.expected_ns is None:
        return _places_differ(one, other)
    return _instants_differ(one, one.expected_ns, other, other.expected_ns) or _places_differ(one, other)


def _instants_differ(one: _Item, one_ns: int, other: _Item, other_ns: int) -> bool:
    sigma_ms = math.hypot(one.time_sigma_ms, other.time_sigma_ms)
    return abs(one_ns - other_ns) / 1e6 > _SIGMAS * sigma_ms


def _places_differ(one: _Item, other: _Item) -> bool:
    """Whether two regions are apart: the squared distance of their centres in their joint covariance."""
    if not (isinstance(one.region, Ellipse) and isinstance(other.region, Ellipse)):
        return False
    apart = geodesic_offset(*degrees_of(one.region.centre), *degrees_of(other.region.centre))
    joint = covariance_of(one.region) + covariance_of(other.region)
    return bool(apart @ np.linalg.solve(joint, apart) > _GATE)
