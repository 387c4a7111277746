"""`vessels`: sightings become Vessel items of the parties whose stations heard them.

Rules
1. A receiver belongs to one party, by the receiver map; what an unnamed receiver heard belongs to the default
   party, or is counted and left out where there is none.
2. Per party and ship, each sighting with a position is one version, in time order from 1; what the ship said
   it is (name, call sign, type) is merged into the versions after it.
3. A ship that never gave a position has one version without a place: it is there, and what it is.
4. Every message that went into a version is named there by an opaque token: HMAC-SHA256 under the party's
   key of receiver, instant and sentences, cut to 16 bytes (RFC 2104, section 5, allows that). Tokens of one
   message differ from party to party, so nobody learns from them what another party heard.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from trilat.domains.maritime.messages import ShipParticulars, ShipPosition, Sighting
from trilat.domains.maritime.reading import AisReading
from trilat.model import REFERENCES_MAX, SECOND_NS, Domain, Label, Provenance, Status, UsageError, Vessel

KEY_BYTES_MIN: Final = 16
_TOKEN_BYTES: Final = 16

LabelOf = Callable[[str, int], Label]
"""`label_of(party, instant_ns)`: the label that this party gives to what it heard at that instant."""


@dataclass(frozen=True, kw_only=True)
class VesselIntake:
    """Vessel items per party in time order, and what did not become one."""

    vessels: Mapping[str, tuple[Vessel, ...]]
    unassigned: Mapping[str, int]
    """Messages by receiver that no party has."""

    untimed: int
    """Messages left out because they have no instant."""

    not_ships: int
    """Messages that say nothing of a ship: base stations, buoys, aircraft, binary messages."""

    thinned: int
    """Positions left out because the version before was younger than the spacing asked for."""

    without_position: int
    """Reports without a usable position of ships that gave one elsewhere."""


@dataclass(kw_only=True)
class _Counts:
    unassigned: Counter[str] = field(default_factory=Counter)
    untimed: int = 0
    not_ships: int = 0
    thinned: int = 0
    without_position: int = 0


def vessels(
    reading: AisReading,
    receivers: Mapping[str, str],
    *,
    status: Status,
    label_of: LabelOf,
    keys: Mapping[str, bytes],
    default_party: str | None = None,
    thin_s: int = 0,
) -> VesselIntake:
    """The Vessel items that each party makes of what its receivers heard.

    Args:
        reading: what `read_ais` gave.
        receivers: receiver (as sightings name it) to party.
        status: real, exercise or simulated, for every item.
        label_of: the label of an item by party and instant (ns).
        keys: each party's secret for its observation tokens, at least 16 bytes.
        default_party: whose are messages of receivers that the map does not name.
        thin_s: at least this long between versions of one ship, seconds; 0 keeps all.

    Raises:
        UsageError: a party without a key, a short key, or a negative spacing.
        ItemError: `label_of` gave a label of another originator.
    """
    if type(thin_s) is not int or thin_s < 0:
        raise UsageError(f"spacing `{thin_s}` is not a number of whole seconds from 0")
    parties = {*receivers.values(), *([default_party] if default_party else [])}
    for party in sorted(parties):
        if len(keys.get(party, b"")) < KEY_BYTES_MIN:
            raise UsageError(f"party `{party}` has no key of at least {KEY_BYTES_MIN} bytes for its tokens")
    counts = _Counts()
    heard: dict[tuple[str, str], list[Sighting]] = {}
    for sighting in reading.sightings:
        owner = receivers.get(sighting.receiver) or default_party
        if _is_usable(sighting, owner, counts) and owner is not None:
            heard.setdefault((owner, sighting.mmsi), []).append(sighting)
    found: dict[str, list[Vessel]] = {party: [] for party in sorted(parties)}
    for (party, _), sightings in heard.items():
        ship = _Ship(party, keys[party], status, label_of, thin_s * SECOND_NS, counts)
        found[party].extend(ship.versions(sorted(sightings, key=_instant_ns)))
    return VesselIntake(
        vessels={
            party: tuple(sorted(entries, key=lambda vessel: vessel.valid_ns))
            for party, entries in found.items()
        },
        unassigned=dict(counts.unassigned),
        untimed=counts.untimed,
        not_ships=counts.not_ships,
        thinned=counts.thinned,
        without_position=counts.without_position,
    )


def _is_usable(sighting: Sighting, party: str | None, counts: _Counts) -> bool:
    if sighting.position is None and sighting.particulars is None:
        counts.not_ships += 1
    elif sighting.instant_ns is None:
        counts.untimed += 1
    elif party is None:
        counts.unassigned[sighting.receiver] += 1
    else:
        return True
    return False


def _instant_ns(sighting: Sighting) -> int:
    # Untimed sightings were left out before anything is sorted.
    return sighting.instant_ns if sighting.instant_ns is not None else -1


class _Ship:
    """One ship as one party heard it; makes its versions in order."""

    def __init__(
        self, party: str, key: bytes, status: Status, label_of: LabelOf, spacing_ns: int, counts: _Counts
    ) -> None:
        self._party = party
        self._key = key
        self._status = status
        self._label_of = label_of
        self._spacing_ns = spacing_ns
        self._counts = counts
        self._particulars = ShipParticulars()
        self._tokens: dict[bytes, None] = {}
        self._version = 0

    def versions(self, sightings: list[Sighting]) -> Iterator[Vessel]:
        """The versions that sightings in time order make."""
        last_ns: int | None = None
        left_out = 0
        for sighting in sightings:
            position = sighting.position
            if sighting.particulars is not None:
                self._particulars = self._particulars.updated_by(sighting.particulars)
                self._note(sighting)
            if position is None:
                continue
            if position.place is None:
                left_out += 1
                continue
            if last_ns is not None and _instant_ns(sighting) - last_ns < self._spacing_ns:
                self._counts.thinned += 1
                continue
            last_ns = _instant_ns(sighting)
            self._note(sighting)
            yield self._next(sighting, position)
        if last_ns is not None:
            self._counts.without_position += left_out
            return
        self._note(sightings[-1])
        yield self._next(sightings[-1], sightings[-1].position)

    def _note(self, sighting: Sighting) -> None:
        """Add the token of a message, dropping the oldest where there would be too many."""
        head = f"ais {sighting.receiver} {_instant_ns(sighting)} ".encode("ascii")
        digest = hmac.digest(self._key, head + b"\n".join(sighting.sentences), "sha256")
        self._tokens[digest[:_TOKEN_BYTES]] = None
        if len(self._tokens) > REFERENCES_MAX:
            del self._tokens[next(iter(self._tokens))]

    def _next(self, sighting: Sighting, position: ShipPosition | None) -> Vessel:
        self._version += 1
        instant_ns = _instant_ns(sighting)
        tokens, self._tokens = tuple(self._tokens), {}
        said = self._particulars
        return Vessel(
            item_id=f"{self._party}-ais-{sighting.mmsi}",
            version=self._version,
            subject=f"mmsi-{sighting.mmsi}",
            domain=Domain.MARITIME,
            status=self._status,
            valid_ns=instant_ns,
            label=self._label_of(self._party, instant_ns),
            provenance=Provenance(originators=(self._party,), observations=tokens),
            mmsi=sighting.mmsi,
            place=position.place if position else None,
            course_mdeg=position.course_mdeg if position else None,
            speed_mm_per_s=position.speed_mm_per_s if position else None,
            heading_mdeg=position.heading_mdeg if position else None,
            position_sigma_mm=position.sigma_mm if position and position.place else 0,
            navigation_status=position.navigation_status if position else "",
            ship_name=said.ship_name,
            call_sign=said.call_sign,
            imo_number=said.imo_number,
            ship_type=said.ship_type,
            destination=said.destination,
            receiver=sighting.receiver,
        )
