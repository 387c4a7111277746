"""`Pipeline`: what a concern makes of the items of one View. A node knows concerns only through this.

A View is a set of contributions that may be used together. A node has one pipeline per View and concern; it
gives each pipeline only items of its View, so nothing in here ever asks who will see the result.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from trilat.domains.threats import AreaThreat, Corners
from trilat.model import Account, AnyItem, DisagreementKind, Domain, ItemReference, WarningKind

Head = dict[str, Any]
"""Keyword arguments of the head that every item has: identity, version, label, provenance and so on."""

MakeHead = Callable[[str, str, str, int, tuple[str, ...]], Head]
"""`make_head(kind, name, subject, valid_ns, report_ids)`: the head of the next version of an own item."""


def _nobody(parties: Collection[str]) -> str | None:  # noqa: ARG001 - stands for a rule
    """The speaker of an alarm that has no rule for one."""
    return None


@dataclass(frozen=True)
class Alarm:
    """Something to warn of: the item that shows it, and items of other originators that show it too."""

    kind: WarningKind
    domain: Domain
    key: str
    """Names the same alarm from one instant to the next, whatever its content."""

    basis: ItemReference
    basis_originator: str
    subject: str
    valid_ns: int
    supporting: tuple[tuple[str, ItemReference], ...]
    """Originator and item of each independent support."""

    text: str
    former_keys: tuple[str, ...] = ()
    """Names that the same alarm may have had before, when another of its items was the basis."""

    speaker_among: Callable[[Collection[str]], str | None] = field(default=_nobody, compare=False)
    """Who of these parties announces it, as if nobody else had shown it; None of none of them."""


@dataclass(frozen=True)
class Dispute:
    """Parties of one View say different things of one object."""

    kind: DisagreementKind
    domain: Domain
    key: str
    """Names the same dispute from one instant to the next, whatever the accounts; short."""

    accounts: tuple[Account, ...]
    since_ns: int
    received_under: tuple[str, ...] = ()
    """Agreements under which the items of the accounts were received."""

    text: str = ""
    """On what they differ, in words that hold nothing of what either says."""


@dataclass(frozen=True)
class Threatened:
    """What one object of a View means for one watch area, however little."""

    domain: Domain
    area: int
    """Its place among the areas that were asked about."""

    threat: AreaThreat
    basis: tuple[ItemReference, ...]
    sources: tuple[str, ...]
    """The parties whose items show it, the one that gave the first of `basis` first."""

    subject: str
    valid_ns: int
    key: str
    """Names the object from one instant to the next; short."""

    former_keys: tuple[str, ...] = ()
    """Names that it may have had when another item was the first."""

    received_under: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sight:
    """One object as the picture shows it: for people, counts and screens, not for arithmetic.

    What a concern does not know is None. The ellipse over the ground is 3 sigma, `height_sigma_m` is one;
    course and bearing are degrees clockwise from true north, speed is relative to the Earth.
    """

    key: str
    domain: Domain
    valid_ns: int
    latitude_deg: float
    longitude_deg: float
    height_m: float
    sources: frozenset[str]
    stage: str
    confirmed: bool
    speed_m_per_s: float | None = None
    course_deg: float | None = None
    height_sigma_m: float | None = None
    semi_major_m: float | None = None
    semi_minor_m: float | None = None
    bearing_deg: float | None = None
    speaker: str | None = None
    """Who of `sources` announces it; the others contribute. None where a concern has no such rule."""


class Pipeline(Protocol):
    """One concern's picture of one View."""

    domain: Domain

    def add(self, item: AnyItem) -> None:
        """Take an item of the View: an own report, an own product, or what a partner released.

        Raises:
            TrilatError: the item cannot be used; nothing has changed.
        """
        ...

    def publish(self, now_ns: int, make_head: MakeHead) -> tuple[AnyItem, ...]:
        """New items that own observations give rise to since the last call."""
        ...

    def settle(self, report_ids: frozenset[str]) -> None:
        """Forget that these own reports were still to be published: they were, before a restart."""
        ...

    def alarms(self, now_ns: int) -> tuple[Alarm, ...]:
        """What this View gives reason to warn of."""
        ...

    def disputes(self, now_ns: int) -> tuple[Dispute, ...]:
        """What the parties of this View disagree on."""
        ...

    def threatened(self, now_ns: int, areas: Sequence[Corners]) -> tuple[Threatened, ...]:
        """What this View's objects mean for areas, for those objects whose turn it is to be looked at."""
        ...

    def named(self) -> int:
        """How many objects this picture gave a name of its own, those that are gone among them."""
        ...

    def sights(self, now_ns: int) -> tuple[Sight, ...]:
        """The objects of the picture."""
        ...

    def basis(self, key: str, now_ns: int) -> tuple[ItemReference, ...]:
        """Items that an object of the picture rests on, of each party the newest that tells of it.

        None of a party whose data went in long ago, or as plots alone; none where no such object is.
        """
        ...
