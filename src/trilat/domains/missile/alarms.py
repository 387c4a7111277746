"""Which launches and impact areas, of whoever's, show one and the same thing.

Two launches agree when their instants and places are within their stated errors; two impact areas likewise.
The group's first item, an own one if there is one, is the basis of the alarm; items of other originators
support it. Nothing supports itself: an originator counts once per group.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from trilat.domains.pipeline import Alarm
from trilat.domains.places import degrees_of
from trilat.geo import geodesic_inverse
from trilat.model import (
    SECOND_NS,
    Area,
    Ellipse,
    Event,
    ItemReference,
    Place,
    WarningKind,
)

_SIGMAS: Final = 4.0
_SLACK_S: Final = 20.0
"""Instants of one launch may differ by this even if both are certain: methods differ."""

_SLACK_M: Final = 30_000.0
_NO_REGION_M: Final = 10**9
"""Worse than every region."""

_T = TypeVar("_T", Event, Area)


Member = tuple[str, str, int]
"""Party, subject and semi-major axis in metres of an item in an alarm."""

SpeakerRule = Callable[[Sequence[Member]], str | None]
"""Who announces what these show."""


def best_known(members: Sequence[Member]) -> str | None:
    """The party with the smallest region; the first by its code where they are alike."""
    return min(((size, party) for party, _, size in members), default=(0, None))[1]


def newest_kept(held: dict[str, _T], item: _T) -> None:
    """Put an item under its identity unless a newer version is there."""
    known = held.get(item.item_id)
    if known is None or known.version < item.version:
        held[item.item_id] = item


def launch_alarms(
    launches: Sequence[Event], own_party: str, speaker: SpeakerRule = best_known
) -> tuple[Alarm, ...]:
    """One alarm per launch."""
    groups = _grouped(launches, own_party, _same_launch)
    return tuple(_alarm(WarningKind.LAUNCH, group, speaker) for group in groups)


def impact_alarms(
    impacts: Sequence[Area], own_party: str, speaker: SpeakerRule = best_known
) -> tuple[Alarm, ...]:
    """One alarm per predicted impact."""
    groups = _grouped(impacts, own_party, _same_impact)
    return tuple(_alarm(WarningKind.IMPACT, group, speaker) for group in groups)


def _grouped(items: Sequence[_T], own_party: str, is_same: Callable[[_T, _T], bool]) -> list[list[_T]]:
    """Groups of items that show the same thing; own items first, then by identity, so that order is fixed."""
    groups: list[list[_T]] = []
    for item in sorted(items, key=lambda item: (_originator(item) != own_party, item.item_id)):
        for group in groups:
            if is_same(group[0], item):
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def _originator(item: Event | Area) -> str:
    return item.provenance.originators[0]


def _same_launch(first: Event, second: Event) -> bool:
    sigma_s = math.hypot(first.time_sigma_ms, second.time_sigma_ms) / 1000.0
    apart_s = abs(first.valid_ns - second.valid_ns) / SECOND_NS
    return apart_s <= _SIGMAS * sigma_s + _SLACK_S and _near(first, second)


def _same_impact(first: Area, second: Area) -> bool:
    if first.expected_ns is None or second.expected_ns is None:
        return False
    sigma_s = math.hypot(first.time_sigma_ms, second.time_sigma_ms) / 1000.0
    apart_s = abs(first.expected_ns - second.expected_ns) / SECOND_NS
    return apart_s <= _SIGMAS * sigma_s + _SLACK_S and _near(first, second)


def centre_of(item: Event | Area) -> Place | None:
    """Where a launch or an area is; None where it does not say."""
    if isinstance(item, Event):
        return item.place
    return item.region.centre if isinstance(item.region, Ellipse) else None


def _near(first: Event | Area, second: Event | Area) -> bool:
    one, other = centre_of(first), centre_of(second)
    if one is None or other is None:
        return False
    apart_m, _ = geodesic_inverse(*degrees_of(one), *degrees_of(other))
    return apart_m <= _SLACK_M + (_reach_m(first) + _reach_m(second))


def _reach_m(item: Event | Area) -> float:
    """The semi-major axis of the 95 % region, widened to four sigma (95 % in the plane is 2.45 sigma)."""
    return item.region.semi_major_m * _SIGMAS / 2.45 if isinstance(item.region, Ellipse) else 0.0


def _semi_major_m(item: Event | Area) -> int:
    return item.region.semi_major_m if isinstance(item.region, Ellipse) else _NO_REGION_M


def _alarm(kind: WarningKind, group: Sequence[Event | Area], speaker: SpeakerRule) -> Alarm:
    basis = group[0]
    supporting: dict[str, ItemReference] = {}
    for item in group[1:]:
        if _originator(item) != _originator(basis):
            supporting.setdefault(_originator(item), item.reference)
    members = tuple((_originator(item), item.subject, _semi_major_m(item)) for item in group)
    return Alarm(
        kind=kind,
        domain=basis.domain,
        key=f"{kind.value}-{basis.subject}",
        basis=basis.reference,
        basis_originator=_originator(basis),
        subject=basis.subject,
        valid_ns=basis.valid_ns,
        supporting=tuple(sorted(supporting.items())),
        # The kind says what is warned of, to each reader in its own language; figures stand in the basis.
        text="",
        former_keys=tuple(
            dict.fromkeys(
                f"{kind.value}-{item.subject}" for item in group[1:] if item.subject != basis.subject
            )
        ),
        speaker_among=lambda parties: speaker([member for member in members if member[0] in parties]),
    )
