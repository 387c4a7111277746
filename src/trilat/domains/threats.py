"""Which watch areas a falling object threatens, and when a threat is raised and withdrawn.

A threat is as probable as the more probable of two things: that the object comes down in the area, and that
it flies over it. It is raised from `RAISE_AT` on. It is withdrawn when it has been below `WITHDRAW_BELOW` for
`WITHDRAW_AFTER_S`: between the two nothing changes, so that an estimate that trembles about one of them is
one threat and not ten. Once the window has begun nothing is withdrawn: what is over the area, or has come
down, was no mistake.

The window is from the first to the last passage of the area's boundary, with two standard deviations on
either side; where the object may come down in the area, its impact, likewise, is within the window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from trilat.fusion import Fall, ImpactEstimate, impact_probability, threat_of
from trilat.model import SECOND_NS

RAISE_AT: Final = 0.05
WITHDRAW_BELOW: Final = 0.01
WITHDRAW_AFTER_S: Final = 10
_WINDOW_SIGMAS: Final = 2.0

Corners = Sequence[tuple[float, float]]
"""Latitude and longitude, degrees, of an area's corners in order."""


@dataclass(frozen=True)
class AreaThreat:
    """What one object means for one area; the window is UTC ns, None where the object does not pass it."""

    impact_probability: float
    overflight_probability: float
    first_ns: int | None
    last_ns: int | None

    @property
    def probability(self) -> float:
        """Of the more probable of the two."""
        return max(self.impact_probability, self.overflight_probability)


class ThreatStep(Enum):
    """What is to be said of a threat."""

    RAISE = "raise"
    KEEP = "keep"
    """It stands, and what it is now takes the place of what it was."""

    WITHDRAW = "withdraw"


def next_step(
    threat: AreaThreat, held: AreaThreat | None, below_since_ns: int | None, now_ns: int
) -> tuple[ThreatStep | None, int | None]:
    """What to do now, None for nothing, and since when the threat has been too improbable to stand.

    Args:
        threat: as it is now.
        held: as it was when it was last above the lower bound; None where none stands.
        below_since_ns: what this returned the last time.
        now_ns: the clock.
    """
    if held is None:
        return (ThreatStep.RAISE if threat.probability >= RAISE_AT else None), None
    if threat.probability >= WITHDRAW_BELOW:
        return ThreatStep.KEEP, None
    if held.first_ns is not None and now_ns >= held.first_ns:
        return None, None
    since_ns = now_ns if below_since_ns is None else below_since_ns
    if now_ns - since_ns >= WITHDRAW_AFTER_S * SECOND_NS:
        return ThreatStep.WITHDRAW, None
    return None, since_ns


def continued(threat: AreaThreat, held: AreaThreat, now_ns: int) -> AreaThreat:
    """A standing threat as it is now. Once its window has begun the part of the area that was passed stays in
    it: only what lies ahead is predicted.
    """
    if held.first_ns is None or now_ns < held.first_ns or threat.first_ns is None:
        return threat
    return replace(
        threat,
        overflight_probability=max(threat.overflight_probability, held.overflight_probability),
        first_ns=min(threat.first_ns, held.first_ns),
    )


def threat_to(corners: Corners, path: Fall, impact: ImpactEstimate | None) -> AreaThreat:
    """What a fall means for one area; `impact` is that of the same state, None where it does not come down.

    Raises:
        ObservationError: corners that make no area.
    """
    found = threat_of(path, impact, corners)
    ends_ns: list[int] = []
    if found.first_ns is not None and found.last_ns is not None:
        margin_ns = round(_WINDOW_SIGMAS * found.time_sigma_s * SECOND_NS)
        ends_ns += [found.first_ns - margin_ns, found.last_ns + margin_ns]
    if impact is not None and found.impact_probability >= WITHDRAW_BELOW:
        ends_ns += _around(impact)
    return AreaThreat(
        impact_probability=found.impact_probability,
        overflight_probability=found.overflight_probability,
        first_ns=min(ends_ns, default=None),
        last_ns=max(ends_ns, default=None),
    )


def impact_threat(corners: Corners, impact: ImpactEstimate) -> AreaThreat:
    """What an impact of which no path is known means for one area: coming down alone.

    Raises:
        ObservationError: corners that make no area.
    """
    return AreaThreat(impact_probability(impact, corners), 0.0, *_around(impact))


def _around(impact: ImpactEstimate) -> tuple[int, int]:
    margin_ns = round(_WINDOW_SIGMAS * impact.time_sigma_s * SECOND_NS)
    return impact.time_ns - margin_ns, impact.time_ns + margin_ns
