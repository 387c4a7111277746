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
from trilat.model.item import Domain, Status
from trilat.model.label import Attribution, Categories
from trilat.model.limits import CLAUSES_MAX, PARTIES_MAX
from trilat.model.noun import Identifier, InstantNs, Noun, PartyCode, ShortText, Text

Seconds = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class Form(Enum):
    """How an item may leave, from all to almost nothing."""

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


class OnwardRule(Enum):
    """What a receiver may do with what it received."""

    NEVER = "never"
    """It stays with the receiver."""
    WITH_CONSENT = "with-consent"
    """It may go on where a clause names the receiver as intermediary, or by written consent."""


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


class Clause(Noun, frozen=True, kw_only=True):
    """One clause: what it permits or forbids, with the article that it implements."""

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

    def check(self) -> None:
        """Refuse a permit without a form, a prohibition with one, or a party on both sides of one clause."""
        if (self.effect is Effect.PERMIT) != (self.form is not None):
            raise ItemError("a clause that permits names a form, and one that forbids does not")
        if self.via is not None and (self.via in self.givers or self.via in self.receivers):
            raise ItemError(f"`via` names `{self.via}`, which is also a giver or a receiver")
        if len(self.givers) == len(self.receivers) == 1 and self.givers == self.receivers:
            raise ItemError(f"`{self.givers[0]}` would give to itself")


class PartySignature(Noun, frozen=True, kw_only=True):
    """A party's signature over the agreement's wire form without signatures."""

    party: PartyCode
    signed_ns: InstantNs
    signature: Annotated[bytes, msgspec.Meta(min_length=1, max_length=8_192)]


class Agreement(Noun, frozen=True, kw_only=True):
    """A signed text between parties, as rules that a program can follow."""

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

    def check(self) -> None:
        """Refuse a window that ends before it begins, a party or clause twice, or a stranger in a clause."""
        if self.in_force_until_ns is not None and self.in_force_until_ns <= self.in_force_from_ns:
            raise ItemError("`in_force_until` must be after `in_force_from`")
        if len(set(self.parties)) != len(self.parties):
            raise ItemError("`parties` names a party twice: list each once")
        seen: set[str] = set()
        for clause in self.clauses:
            if clause.clause_id in seen:
                raise ItemError(f"clause `{clause.clause_id}` stands twice: number each once")
            seen.add(clause.clause_id)
            named = {*clause.givers, *clause.receivers, *([clause.via] if clause.via else [])}
            for stranger in sorted(named - set(self.parties)):
                raise ItemError(
                    f"clause `{clause.clause_id}` names `{stranger}`, which is not a party: "
                    f"write one of {', '.join(self.parties)}"
                )
