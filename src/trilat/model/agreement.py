"""`Agreement` and `Clause`: what parties signed about who may have what, in which form.

Rules
1. Nothing is permitted but by a clause; a clause that forbids wins; order never matters.
2. A clause has one direction: `givers` are originators, `receivers` are who gets the item in the end. `via`
   names the intermediary that opens, re-marks and passes on; without it the path is direct.
3. An agreement speaks only for its parties, its purposes and its time.
4. The onward rule says what a receiver may do with what it got beyond the clauses that name it as `via`.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.classification import Classification
from trilat.model.errors import ItemError
from trilat.model.geometry import Circle, Polygon
from trilat.model.item import Domain, Status
from trilat.model.label import Attribution, Categories
from trilat.model.limits import AREAS_MAX, CLAUSES_MAX, PARTIES_MAX
from trilat.model.noun import Identifier, InstantNs, Noun, PartyCode, ShortText, Text

_HALF_TURN_1E7DEG = 1_800_000_000

Seconds = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class Form(Enum):
    """How an item may leave, from all to almost nothing."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every item: the hash of its name costs more."""

    MEASUREMENTS = "measurements"
    """Observations as they were made."""
    TRACKLETS = "tracklets"
    """Equivalent measurements of what is new: fusible without double counting."""
    TRACKS = "tracks"
    """Cumulative estimates."""
    COARSE_TRACKS = "coarse-tracks"
    """Estimates rounded and thinned, with a covariance that covers it."""
    AREAS = "areas"
    """Regions, events and warnings only."""
    EXISTENCE = "existence"
    """That there is something, of what domain and when."""


class Effect(Enum):
    """What a clause does."""

    PERMIT = "permit"
    FORBID = "forbid"


class Approval(Enum):
    """Who must approve each release under a clause."""

    NONE = "none"
    ORIGINATOR = "originator"
    TWO_PERSON = "two-person"
    """Two distinct officers of the originator."""


class OnwardRule(Enum):
    """What a receiver may do with what it received."""

    NEVER = "never"
    """It stays with the receiver."""
    WITH_CONSENT = "with-consent"
    """It may go on where a clause names the receiver as intermediary, or by written consent."""
    TO_NAMED = "to-named"
    """It may go on by such a clause to the parties of `onward_to`, and to nobody else."""
    UNDER_CONDITIONS = "under-conditions"
    """It may go on by such a clause while a situation of `onward_situations` is declared."""


class Duties(Noun, frozen=True, kw_only=True):
    """What a released copy undergoes, and what the receiver owes. Zero or empty means nothing to do.

    `delay_s`: not before this long after the valid time. `thin_s`: at most one version of an item in this
    time. `round_position_m`, `round_time_s`: rounded to multiples. `strip`: fields left empty.
    `attribution`: at most this much of the originator's name. `expire_s`: how long the copy holds once sent.
    `cover_m`: standard deviation per axis of an error that is added on purpose, and stays the same for
    `cover_epoch_s` (zero: for good). `sigma_class_m`: least class of a stated error, without a direction.
    `span_s`: tracks are told in whole spans of this length. `tear_line`: under names of its own.
    """

    fields_appended = 5

    delay_s: Seconds = 0
    thin_s: Seconds = 0
    round_position_m: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0
    round_velocity_m_per_s: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    round_time_s: Seconds = 0
    strip: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=32)] = ()
    attribution: Attribution | None = None
    expire_s: Seconds = 0
    mark: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=16)] = ()
    return_or_destroy: bool = False
    cover_m: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    cover_epoch_s: Seconds = 0
    sigma_class_m: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    span_s: Seconds = 0
    tear_line: bool = False


Parties = Annotated[tuple[PartyCode, ...], msgspec.Meta(min_length=1, max_length=PARTIES_MAX)]


Words = Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=64)]
SomeParties = Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=PARTIES_MAX)]


class NamedArea(Noun, frozen=True, kw_only=True):
    """A region that clauses name. A polygon's sides are straight in latitude and longitude (RFC 7946)."""

    name: Identifier
    region: Circle | Polygon

    def check(self) -> None:
        """Refuse a side over half of the Earth: such a polygon could be meant either way round."""
        if isinstance(self.region, Circle):
            return
        corners = self.region.corners
        for corner, following in zip(corners, (*corners[1:], corners[0]), strict=True):
            if abs(corner.longitude_1e7deg - following.longitude_1e7deg) > _HALF_TURN_1E7DEG:
                raise ItemError(
                    f"area `{self.name}` has a side over 180 degrees: cut it at the 180th meridian"
                )


class EquivalentLevels(Noun, frozen=True, kw_only=True):
    """Levels of different schemes that an agreement calls the same; policy holds it against the schemes."""

    levels: Annotated[tuple[Classification, ...], msgspec.Meta(min_length=2, max_length=64)]

    def check(self) -> None:
        """Refuse a level that stands twice."""
        if len(set(self.levels)) != len(self.levels):
            raise ItemError("a row of equivalent levels names a level twice: list each once")


class Clause(Noun, frozen=True, kw_only=True):
    """One clause: what it permits or forbids, with the article that it implements."""

    fields_appended = 10

    clause_id: Identifier
    article: ShortText
    effect: Effect
    domains: Annotated[tuple[Domain, ...], msgspec.Meta(min_length=1, max_length=len(Domain))]
    kinds: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=32)]
    givers: Parties
    receivers: Parties
    via: PartyCode | None = None
    statuses: Annotated[tuple[Status, ...], msgspec.Meta(max_length=3)] = ()
    """Statuses it speaks of; empty for all."""
    highest: Classification | None = None
    """The highest level it covers, in any scheme that has an equivalent; None covers unclassified only."""
    categories: Categories = ()
    """Categories that its receivers are read into."""
    form: Form | None = None
    approval: Approval = Approval.NONE
    duties: Duties = Duties()
    note: Text = ""
    areas: Words = ()
    """Areas of the agreement that it speaks of; empty for everywhere."""
    in_force_from_ns: InstantNs | None = None
    in_force_until_ns: InstantNs | None = None
    """Its own time, within the agreement's."""
    purposes: Words = ()
    """Those of the agreement's that it speaks for; empty for all."""
    onward: OnwardRule | None = None
    """Its own onward rule; None for the agreement's."""
    onward_to: SomeParties = ()
    onward_situations: Words = ()
    situations: Words = ()
    """It speaks only while one of these is declared; empty for always."""
    declared_by: SomeParties = ()
    """Whose declaration counts; empty for the giver's."""
    situation_max_s: Seconds = 0
    """How long one declaration counts at most; 0 for as long as it says."""

    def check(self) -> None:
        """Refuse a permit without a form, a prohibition with one, or a party on both sides of one clause."""
        if (self.effect is Effect.PERMIT) != (self.form is not None):
            raise ItemError("a clause that permits names a form, and one that forbids does not")
        if self.via is not None and (self.via in self.givers or self.via in self.receivers):
            raise ItemError(f"`via` names `{self.via}`, which is also a giver or a receiver")
        if len(self.givers) == len(self.receivers) == 1 and self.givers == self.receivers:
            raise ItemError(f"`{self.givers[0]}` would give to itself")
        _check_window(self.in_force_from_ns, self.in_force_until_ns)
        _check_onward(self.onward, self.onward_to, self.onward_situations)
        if not self.situations and not self.onward_situations and (self.declared_by or self.situation_max_s):
            raise ItemError(
                "`declared_by` and `situation_max_s` go with `situations`: name them, or leave it out"
            )


def _check_window(from_ns: int | None, until_ns: int | None) -> None:
    if from_ns is not None and until_ns is not None and until_ns <= from_ns:
        raise ItemError("`in_force_until` must be after `in_force_from`")


def _check_onward(onward: OnwardRule | None, named: tuple[str, ...], situations: tuple[str, ...]) -> None:
    """Refuse an onward rule without what it needs, and that without the rule."""
    if (onward is OnwardRule.TO_NAMED) != bool(named):
        raise ItemError('`onward_to` goes with `onward = "to-named"`, and that with nothing else')
    if (onward is OnwardRule.UNDER_CONDITIONS) != bool(situations):
        raise ItemError(
            '`onward_situations` goes with `onward = "under-conditions"`, and that with nothing else'
        )


class PartySignature(Noun, frozen=True, kw_only=True):
    """A party's signature over the agreement's wire form without signatures; made and checked by `link`."""

    party: PartyCode
    signed_ns: InstantNs
    signature: Annotated[bytes, msgspec.Meta(min_length=1, max_length=8_192)]


class Agreement(Noun, frozen=True, kw_only=True):
    """A signed text between parties, as rules that a program can follow."""

    fields_appended = 7

    agreement_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    title: ShortText
    parties: Annotated[tuple[PartyCode, ...], msgspec.Meta(min_length=2, max_length=PARTIES_MAX)]
    in_force_from_ns: InstantNs
    in_force_until_ns: InstantNs | None = None
    purposes: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=64)]
    onward: OnwardRule
    renewal_months: Annotated[int, msgspec.Meta(ge=0, le=1_200)] = 0
    notice_days: Annotated[int, msgspec.Meta(ge=0, le=3_650)] = 0
    survives_end: bool = True
    """Whether protection of what was given goes on after the agreement ends."""
    clauses: Annotated[tuple[Clause, ...], msgspec.Meta(min_length=1, max_length=CLAUSES_MAX)]
    sources: Annotated[tuple[Text, ...], msgspec.Meta(max_length=64)] = ()
    assumed: Annotated[tuple[Text, ...], msgspec.Meta(max_length=64)] = ()
    """What the published text does not say and this file assumes, one sentence each."""
    signatures: Annotated[tuple[PartySignature, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()
    areas: Annotated[tuple[NamedArea, ...], msgspec.Meta(max_length=AREAS_MAX)] = ()
    """Areas that its clauses name."""
    onward_to: SomeParties = ()
    onward_situations: Words = ()
    equivalents: Annotated[tuple[EquivalentLevels, ...], msgspec.Meta(max_length=64)] = ()
    """Levels that it calls the same, a row for each rank."""
    fresh_s: Seconds = 0
    """How long a node may give under it without hearing that it is the newest; 0: as the node says."""
    removal_by: SomeParties = ()
    """Parties each of which may take another one out alone; empty: all that stay sign."""
    direct_only: bool = False
    """Whether what its parties give each other passes over direct links alone, and through no relay."""

    def check(self) -> None:
        """Refuse a window that ends before it begins, a party, area or clause twice, a stranger in a clause,
        and what a clause says beyond the agreement.
        """
        _check_window(self.in_force_from_ns, self.in_force_until_ns)
        _check_onward(self.onward, self.onward_to, self.onward_situations)
        if len(set(self.parties)) != len(self.parties):
            raise ItemError("`parties` names a party twice: list each once")
        if len({area.name for area in self.areas}) != len(self.areas):
            raise ItemError("an area stands twice: name each once")
        for stranger in set(self.removal_by).difference(self.parties):
            raise ItemError(f"`removal_by` names `{stranger}`, which is not a party: name one of its parties")
        seen: set[str] = set()
        for clause in self.clauses:
            if clause.clause_id in seen:
                raise ItemError(f"clause `{clause.clause_id}` stands twice: number each once")
            seen.add(clause.clause_id)
            self._check_within(clause)
            named = {
                *clause.givers,
                *clause.receivers,
                *([clause.via] if clause.via else []),
                *clause.declared_by,
            }
            for stranger in sorted(named - set(self.parties)):
                raise ItemError(
                    f"clause `{clause.clause_id}` names `{stranger}`, which is not a party: "
                    f"write one of {', '.join(self.parties)}"
                )

    def _check_within(self, clause: Clause) -> None:
        """A clause's areas, purposes and time are among those of its agreement."""
        where = f"clause `{clause.clause_id}`"
        for unknown in set(clause.areas).difference(area.name for area in self.areas):
            raise ItemError(f"{where} names the area `{unknown}`, which the agreement does not have: add it")
        for unknown in set(clause.purposes).difference(self.purposes):
            raise ItemError(f"{where} is for `{unknown}`, which is no purpose of the agreement: add it there")
        begins, ends = clause.in_force_from_ns, clause.in_force_until_ns
        if begins is not None and begins < self.in_force_from_ns:
            raise ItemError(f"{where} begins before the agreement: move its `in_force_from`")
        if self.in_force_until_ns is not None and ends is not None and ends > self.in_force_until_ns:
            raise ItemError(f"{where} ends after the agreement: move its `in_force_until`")
        if self.in_force_until_ns is not None and begins is not None and begins >= self.in_force_until_ns:
            raise ItemError(f"{where} begins after the agreement ends: move its `in_force_from`")
