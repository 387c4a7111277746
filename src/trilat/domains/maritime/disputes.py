"""Where partners say different things of one ship: who it is, and whether it is one ship at all.

Rules
1. Accounts are compared where different parties speak of one maritime identity (MMSI).
2. Identity differs where both give a name, call sign, IMO number or type, and not the same; letters' case and
   spacing do not count. What a party left out later, or may no longer say, it still has said.
3. Objects differ where no ship can have been at both places: farther apart than `_SPEED_M_PER_S` takes it
   between the two instants, and four sigmas of both, and `_APART_M`. One of the two borrows the number.
4. An account names the item in which a party says so, never what it says: whoever may have that item reads it
   there, in the form that was given.
5. Nothing is said or withdrawn before it has stood for a while; see `domains.standing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from trilat.domains.pipeline import Dispute
from trilat.domains.places import degrees_of
from trilat.domains.standing import Standing, Standings
from trilat.geo import geodesic_inverse
from trilat.model import SECOND_NS, Account, DisagreementKind, Domain, ItemReference, Vessel

PARTIES_MAX: Final = 16
"""Parties whose word on one ship is kept."""

_FACETS: Final = {
    "ship_name": "name",
    "call_sign": "call sign",
    "imo_number": "IMO number",
    "ship_type": "type",
}
_SPEED_M_PER_S: Final = 50.0
"""No ship is faster."""

_APART_M: Final = 2_000.0
"""Length of ships, place of antennas, datums."""

_SIGMAS: Final = 4.0
_REACH_SIGMAS: Final = 2.45
"""95 % of two dimensions."""

_Key = tuple[DisagreementKind, str, str, str]
"""Kind, ship, and the two parties in order."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A facet of identity as one party gives it, and the first item that gave it so."""

    value: str
    valid_ns: int
    reference: ItemReference
    received_under: tuple[str, ...]


@dataclass(slots=True)
class _Word:
    """What one party says of one ship."""

    party: str
    subject: str
    facets: dict[str, _Said] = field(default_factory=dict)
    seen: Vessel | None = None
    """The newest report with a place."""

    def take(self, vessel: Vessel) -> None:
        """Note what a report adds."""
        for name in _FACETS:
            value = " ".join(str(getattr(vessel, name)).upper().split())
            known = self.facets.get(name)
            if not value:
                continue
            if known is not None and (known.value == value or known.valid_ns > vessel.valid_ns):
                continue
            under = vessel.provenance.received_under
            self.facets[name] = _Said(value, vessel.valid_ns, vessel.reference, under)
        if vessel.place is not None and (self.seen is None or _age(self.seen) < _age(vessel)):
            self.seen = vessel


class ShipDisputes:
    """All that parties of one View disagree on about ships."""

    def __init__(self) -> None:
        """Nothing is disputed."""
        self._words: dict[str, dict[str, _Word]] = {}
        self._standings: Standings[_Key] = Standings()
        self._texts: dict[_Key, str] = {}

    def add(self, vessel: Vessel) -> None:
        """Compare a report with what other parties say of the same ship."""
        party = vessel.provenance.originators[0]
        words = self._words.setdefault(vessel.mmsi, {})
        if party not in words and len(words) >= PARTIES_MAX:
            return
        mine = words.setdefault(party, _Word(party, vessel.subject))
        mine.take(vessel)
        self._standings.moved(vessel.valid_ns)
        for theirs in words.values():
            if theirs is not mine:
                one, other = sorted((mine, theirs), key=lambda word: word.party)
                self._compare_identity(vessel.mmsi, one, other)
                self._compare_places(vessel.mmsi, one, other)

    def at(self, now_ns: int) -> tuple[Dispute, ...]:
        """What is disputed, in a fixed order."""
        said = sorted(self._standings.said(now_ns), key=lambda entry: (entry[0][0].value, *entry[0][1:]))
        return tuple(_dispute(key, standing, self._texts.get(key, "")) for key, standing in said)

    def shown(self, mmsi: str, newest: Vessel, party: str) -> Vessel:
        """The report that shows a ship to `party`: the newest, unless its own rules that one out (rule 3)."""
        own = self._words.get(mmsi, {}).get(party)
        if own is None or own.seen is None or not are_apart(own.seen, newest):
            return newest
        return own.seen

    def placed(self, mmsi: str) -> tuple[ItemReference, ...]:
        """The newest report with a place of each party that gave one, in order of parties."""
        words = sorted(self._words.get(mmsi, {}).items())
        return tuple(word.seen.reference for _, word in words if word.seen is not None)

    def _compare_identity(self, mmsi: str, one: _Word, other: _Word) -> None:
        differing = [
            name
            for name in _FACETS
            if name in one.facets
            and name in other.facets
            and one.facets[name].value != other.facets[name].value
        ]
        key = (DisagreementKind.IDENTITY, mmsi, one.party, other.party)
        if not differing:
            if key in self._standings.of:
                held = self._standings.of[key]
                self._standings.stands(key, held.accounts, held.received_under, differs=False)
            return
        given = [max((word.facets[n] for n in differing), key=_when) for word in (one, other)]
        accounts = tuple(
            Account(party=word.party, subject=word.subject, basis=said.reference)
            for word, said in zip((one, other), given, strict=True)
        )
        self._texts[key] = f"other {', other '.join(_FACETS[name] for name in differing)}"
        under = tuple(sorted({name for said in given for name in said.received_under}))
        self._standings.stands(key, accounts, under, differs=True)

    def _compare_places(self, mmsi: str, one: _Word, other: _Word) -> None:
        if one.seen is None or other.seen is None:
            return
        key = (DisagreementKind.OBJECTS, mmsi, one.party, other.party)
        differs = are_apart(one.seen, other.seen)
        if not differs and key not in self._standings.of:
            return
        both = (one.seen, other.seen)
        under = tuple(sorted({name for vessel in both for name in vessel.provenance.received_under}))
        self._standings.stands(key, tuple(_accounts(both)), under, differs=differs)


def are_apart(one: Vessel, other: Vessel) -> bool:
    """Whether no ship can have been at both places at their instants (rule 3)."""
    if one.place is None or other.place is None:
        return False
    apart_m, _ = geodesic_inverse(*degrees_of(one.place), *degrees_of(other.place))
    seconds = abs(one.valid_ns - other.valid_ns) / SECOND_NS
    sigmas_m = (one.position_sigma_mm + other.position_sigma_mm) / 1000.0
    return bool(apart_m > _APART_M + _SIGMAS * sigmas_m + _SPEED_M_PER_S * seconds)


def _accounts(vessels: tuple[Vessel, Vessel]) -> Iterator[Account]:
    for vessel in vessels:
        yield Account(
            party=vessel.provenance.originators[0],
            subject=vessel.subject,
            basis=vessel.reference,
            time_ns=vessel.valid_ns,
            place=vessel.place,
            reach_m=round(_REACH_SIGMAS * vessel.position_sigma_mm / 1000.0),
        )


def _dispute(key: _Key, standing: Standing, text: str) -> Dispute:
    kind, mmsi, one, other = key
    return Dispute(
        kind=kind,
        domain=Domain.MARITIME,
        key=f"{kind.value}-{mmsi}-{one}-{other}".replace("/", "-"),
        accounts=standing.accounts,
        since_ns=standing.since_ns,
        received_under=standing.received_under,
        text=text,
    )


def _when(said: _Said) -> int:
    return said.valid_ns


def _age(vessel: Vessel) -> tuple[int, int]:
    return vessel.valid_ns, vessel.version
