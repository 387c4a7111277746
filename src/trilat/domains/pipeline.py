"""`Pipeline`: what a concern makes of the items of one View. A node knows concerns only through this.

A View is a set of contributions that may be used together. A node has one pipeline per View and concern; it
gives each pipeline only items of its View, so nothing in here ever asks who will see the result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from trilat.model import AnyItem, Domain, ItemReference, WarningKind

Head = dict[str, Any]
"""Keyword arguments of the head that every item has: identity, version, label, provenance and so on."""

MakeHead = Callable[[str, str, str, int, tuple[str, ...]], Head]
"""`make_head(kind, name, subject, valid_ns, report_ids)`: the head of the next version of an own item."""


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

    def sights(self, now_ns: int) -> tuple[Sight, ...]:
        """The objects of the picture."""
        ...
