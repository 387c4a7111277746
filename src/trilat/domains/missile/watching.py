"""What the objects of one View mean for watch areas: fused objects, and impact areas without a track.

- An object that has fallen freely for `FALLING_FOR_S` is looked at every `EVERY_S`, at most `OBJECTS_EACH` at
  a time, so that a node is never held up: each takes some tens of milliseconds where it comes near an area.
- What shows it are the newest tracks of the parties whose data are in it, the own one first.
- An impact area of an object that no track shows is looked at by itself: coming down only.
- Of an object that is not seen any more, or that burns again, nothing is said: it is not known to miss.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from trilat.domains.missile.conversion import covariance_of
from trilat.domains.missile.parties import Sayings, Subject, short_name
from trilat.domains.missile.products import FALLING_FOR_S
from trilat.domains.pipeline import Threatened
from trilat.domains.places import degrees_of
from trilat.domains.threats import Corners, impact_threat, threat_to
from trilat.fusion import FALLING, Fall, ImpactEstimate, TrackEstimate, ellipse95, impact_estimate
from trilat.model import SECOND_NS, Area, Domain, Ellipse, TrilatError

EVERY_S: Final = 5
OBJECTS_EACH: Final = 4
IMPACTS_EACH: Final = 16
IMPACT_AREA_S_MAX: Final = 60
"""A partner's impact area older than this says nothing new, seconds."""

_BASIS_MAX: Final = 16


@dataclass
class _Fallen:
    since_ns: int
    looked_ns: int = 0


@dataclass
class Watching:
    """When each object of a View was looked at."""

    party: str
    _fallen: dict[str, _Fallen] = field(default_factory=dict)
    _areas_looked_ns: dict[str, int] = field(default_factory=dict)
    _looked_ns: int = 0

    def look(
        self,
        now_ns: int,
        areas: Sequence[Corners],
        estimates: Callable[[int], Sequence[TrackEstimate]],
        sayings: Sayings,
        impacts: Mapping[str, Area],
    ) -> tuple[Threatened, ...]:
        """What the objects whose turn it is mean for the areas.

        Args:
            now_ns: the clock.
            areas: corners of each.
            estimates: the confirmed objects at an instant; asked at most once a second.
            sayings: what each party says of its objects.
            impacts: the newest impact areas, by item.
        """
        if not areas or now_ns - self._looked_ns < SECOND_NS:
            return ()
        self._looked_ns = now_ns
        objects = estimates(now_ns)
        self._note_falling(objects, now_ns)
        found: list[Threatened] = []
        tracked: set[Subject] = set()
        turns = 0
        for estimate in sorted(objects, key=self._last_look):
            names = self._shown_by(estimate, sayings)
            tracked.update(names)
            fallen = self._fallen.get(estimate.track_key)
            if not names or fallen is None or turns == OBJECTS_EACH or not _is_due(fallen, now_ns):
                continue
            turns += 1
            fallen.looked_ns = now_ns
            found += self._of_object(estimate, names, sayings, areas)
        return (*found, *self._of_impacts(impacts, tracked, now_ns, areas))

    def _note_falling(self, objects: Sequence[TrackEstimate], now_ns: int) -> None:
        """Since when each object has fallen."""
        falling = {estimate.track_key for estimate in objects if estimate.stage in FALLING}
        self._fallen = {key: self._fallen.get(key) or _Fallen(now_ns) for key in sorted(falling)}

    def _last_look(self, estimate: TrackEstimate) -> tuple[int, str]:
        fallen = self._fallen.get(estimate.track_key)
        return (0 if fallen is None else fallen.looked_ns), estimate.track_key

    def _shown_by(self, estimate: TrackEstimate, sayings: Sayings) -> list[Subject]:
        """The tracks that show an object, by party and subject, the own one first."""
        nearest = sayings.nearest((estimate.mean, estimate.covariance), estimate.time_ns)
        mine = [name for name in nearest if name[0] in estimate.sources]
        return sorted(mine, key=lambda name: (name[0] != self.party, name))[:_BASIS_MAX]

    def _of_object(
        self, estimate: TrackEstimate, names: Sequence[Subject], sayings: Sayings, areas: Sequence[Corners]
    ) -> list[Threatened]:
        try:
            path = Fall(estimate.mean, estimate.covariance, estimate.time_ns)
            impact = impact_estimate(estimate.mean, estimate.covariance, estimate.time_ns)
            threats = [threat_to(corners, path, impact) for corners in areas]
        except (TrilatError, ArithmeticError, np.linalg.LinAlgError):
            # Below the ground, faster or farther than anything that comes down: a partner may say anything.
            return []
        shown = [sayings.of[name] for name in names]
        return [
            Threatened(
                domain=Domain.MISSILE,
                area=number,
                threat=threat,
                basis=tuple(saying.reference for saying in shown),
                sources=tuple(saying.party for saying in shown),
                subject=shown[0].subject,
                valid_ns=estimate.time_ns,
                key=short_name(shown[0].subject),
                former_keys=tuple(short_name(saying.subject) for saying in shown[1:]),
                received_under=tuple(sorted({name for saying in shown for name in saying.received_under})),
            )
            for number, threat in enumerate(threats)
        ]

    def _of_impacts(
        self, impacts: Mapping[str, Area], tracked: Collection[Subject], now_ns: int, areas: Sequence[Corners]
    ) -> list[Threatened]:
        """Impact areas of objects that no track here shows."""
        found: list[Threatened] = []
        self._areas_looked_ns = {name: at for name, at in self._areas_looked_ns.items() if name in impacts}
        turns = 0
        for name in sorted(impacts, key=lambda name: (self._areas_looked_ns.get(name, 0), name)):
            item = impacts[name]
            party = item.provenance.originators[0]
            looked_ns = self._areas_looked_ns.get(name)
            recent = looked_ns is not None and now_ns - looked_ns < EVERY_S * SECOND_NS
            old = now_ns - item.valid_ns > IMPACT_AREA_S_MAX * SECOND_NS
            if (party, item.subject) in tracked or old or recent:
                continue
            impact = _impact_of(item)
            if impact is None:
                continue
            if turns == IMPACTS_EACH:
                break
            turns += 1
            self._areas_looked_ns[name] = now_ns
            found += [
                Threatened(
                    domain=Domain.MISSILE,
                    area=number,
                    threat=impact_threat(corners, impact),
                    basis=(item.reference,),
                    sources=(party,),
                    subject=item.subject,
                    valid_ns=now_ns,
                    key=short_name(item.subject),
                    received_under=item.provenance.received_under,
                )
                for number, corners in enumerate(areas)
            ]
        return found


def _is_due(fallen: _Fallen, now_ns: int) -> bool:
    return (
        now_ns - fallen.since_ns >= FALLING_FOR_S * SECOND_NS
        and now_ns - fallen.looked_ns >= EVERY_S * SECOND_NS
    )


def _impact_of(item: Area) -> ImpactEstimate | None:
    """The estimate behind an impact area; None where it is a polygon or has no instant."""
    if not isinstance(item.region, Ellipse) or item.expected_ns is None:
        return None
    latitude_deg, longitude_deg = degrees_of(item.region.centre)
    covariance_m2 = covariance_of(item.region)
    return ImpactEstimate(
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        time_ns=item.expected_ns,
        time_sigma_s=item.time_sigma_ms / 1e3,
        covariance_m2=covariance_m2,
        ellipse=ellipse95(covariance_m2),
    )
