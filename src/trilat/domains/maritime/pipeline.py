"""`VesselPipeline`: ships of one View, each as its newest report says, whoever heard it.

Reports of one ship by several stations or partners are one object: its maritime identity (MMSI) names it. The
newest report with a position shows where it is; among reports of one instant the most exact one. But a
partner that puts a ship where our own report says that it cannot be does not move it in our picture. A
release without a position tells only that the ship is there. Where parties differ is in `disputes`.
"""

from collections.abc import Sequence
from typing import Final

from trilat.domains.maritime.disputes import ShipDisputes
from trilat.domains.pipeline import Alarm, Dispute, MakeHead, Sight, Threatened
from trilat.domains.places import degrees_of
from trilat.domains.threats import Corners
from trilat.model import AnyItem, Domain, ItemReference, Vessel

VESSELS_MAX: Final = 500_000
"""Ships in one picture; a report of one more is kept in the ledger only."""


class VesselPipeline:
    """The ships of one View."""

    domain = Domain.MARITIME

    def __init__(self, party: str) -> None:
        """An empty picture at the node of `party`."""
        self._party = party
        self._newest: dict[str, Vessel] = {}
        self._sources: dict[str, frozenset[str]] = {}
        self._sights: dict[str, Sight] = {}
        self._disputes = ShipDisputes()
        self._stale: dict[str, None] = {}
        """Ships of which something came since their sight was made."""

    def add(self, item: AnyItem) -> None:
        """Take a vessel; other kinds do not concern this picture."""
        if not isinstance(item, Vessel):
            return
        known = self._newest.get(item.mmsi)
        if known is None and len(self._newest) >= VESSELS_MAX:
            return
        sources = self._sources.get(item.mmsi, frozenset())
        self._sources[item.mmsi] = sources | {item.provenance.originators[0]}
        self._stale[item.mmsi] = None
        self._disputes.add(item)
        if known is None or _rank(item) > _rank(known):
            self._newest[item.mmsi] = item

    def publish(self, now_ns: int, make_head: MakeHead) -> tuple[AnyItem, ...]:  # noqa: ARG002 - protocol
        """Nothing: a ship's report is itself the item that is shared."""
        return ()

    def settle(self, report_ids: frozenset[str]) -> None:
        """Nothing waits to be published."""

    def alarms(self, now_ns: int) -> tuple[Alarm, ...]:  # noqa: ARG002 - protocol
        """None: nothing here is warned of."""
        return ()

    def disputes(self, now_ns: int) -> tuple[Dispute, ...]:
        """Who says that a ship is another, or elsewhere."""
        return self._disputes.at(now_ns)

    def threatened(self, now_ns: int, areas: Sequence[Corners]) -> tuple[Threatened, ...]:  # noqa: ARG002
        """Nothing: a ship does not come down."""
        return ()

    def named(self) -> int:
        """None: ships have names of their own."""
        return 0

    def sights(self, now_ns: int) -> tuple[Sight, ...]:  # noqa: ARG002 - a ship stays where it last said
        """The ships whose position is known, at the instant of their report."""
        for mmsi in self._stale:
            sight = self._sight(self._disputes.shown(mmsi, self._newest[mmsi], self._party))
            if sight is not None:
                self._sights[mmsi] = sight
        self._stale = {}
        return tuple(self._sights.values())

    def basis(self, key: str, now_ns: int) -> tuple[ItemReference, ...]:  # noqa: ARG002 - protocol
        """The newest report of each party that put the ship somewhere."""
        return self._disputes.placed(key)

    def _sight(self, vessel: Vessel) -> Sight | None:
        if vessel.place is None:
            return None
        latitude_deg, longitude_deg = degrees_of(vessel.place)
        # A ship tells one standard error for all directions, or none.
        radius_m = 3.0 * vessel.position_sigma_mm / 1000.0 if vessel.position_sigma_mm else None
        return Sight(
            key=vessel.mmsi,
            domain=self.domain,
            valid_ns=vessel.valid_ns,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            height_m=0.0,
            sources=self._sources[vessel.mmsi],
            stage="surface",
            confirmed=True,
            speed_m_per_s=_thousandth(vessel.speed_mm_per_s),
            course_deg=_thousandth(vessel.course_mdeg),
            semi_major_m=radius_m,
            semi_minor_m=radius_m,
            bearing_deg=None if radius_m is None else 0.0,
        )


def _thousandth(value: int | None) -> float | None:
    """Metres a second of mm/s, or degrees of millidegrees."""
    return None if value is None else value / 1000.0


def _rank(vessel: Vessel) -> tuple[bool, int, int, int]:
    """With a position before without, then the newest, the most exact, the higher version."""
    return vessel.place is not None, vessel.valid_ns, -vessel.position_sigma_mm, vessel.version
