"""Which forms can be made from which item, and which fields a duty may leave empty. One table, used by the
language, by check, by decide and by degrade.

A form is a promise about kinematics. Kinds fall into three groups:

1. `report`, `track` and `vessel` have kinematics, and only the forms listed for them can be made.
2. `event`, `area`, `warning`, `disagreement`, `need`, `offer` and the kinds made of words have none. They
   leave whole, with the same content, in every form from `measurements` to `areas`; rounding and stripping
   are duties.
3. `consent`, `declaration`, `recall`, `reclassification`, `loss-report` and `answer` are about other items,
   or about agreements. They leave whole too, and no duty touches them: a rounded instant would change what
   was consented to.

`existence` can be made where nothing but the head and an identity is left: a track with neither state nor
tracklets, a vessel by its number alone, an event by its kind alone.
"""

from collections.abc import Collection
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import msgspec

from trilat.model import (
    ITEM_KINDS,
    AnyItem,
    DirectionPlot,
    Duties,
    Equivalent,
    Form,
    Item,
    RadarPlot,
    Report,
    Stage,
    Track,
    kind_of,
)
from trilat.policy.protection import coarsened, told_in_figures

FORM_ORDER: Final = MappingProxyType({form: place for place, form in enumerate(Form)})
"""Richest first."""

CONTROL_KINDS: Final = frozenset(
    {"consent", "declaration", "recall", "reclassification", "loss-report", "answer"}
)

_BOUND: Final = frozenset({"confirmed_by", "threat", "name"})
"""Fields that have a default and cannot be emptied: a confirmation names what confirms it, a watch area its
name, a threat the area."""

_BOUND_IN: Final = MappingProxyType({"request": frozenset({"about", "onward_to", "clause"})})
"""The same, of one kind: to whom items are to go on, which, and under which clause, are said together."""

_EMPTY: Final = ((), "", None, 0, Stage.UNKNOWN)
"""Defaults that say nothing. A field whose default says something would tell what is not so."""

_WHOLE: Final = frozenset(Form) - {Form.EXISTENCE}
KIND_FORMS: Final = MappingProxyType(
    {
        **dict.fromkeys(ITEM_KINDS, _WHOLE),
        "report": frozenset({Form.MEASUREMENTS, Form.TRACKLETS}),
        "track": frozenset({Form.TRACKLETS, Form.TRACKS, Form.COARSE_TRACKS, Form.EXISTENCE}),
        "vessel": frozenset({Form.TRACKS, Form.COARSE_TRACKS, Form.EXISTENCE}),
        "event": frozenset(Form),
    }
)
"""Forms that some item of a kind can be given."""


def makeable(item: AnyItem, form: Form, duties: Duties) -> bool:
    """Whether this very item can be given this form with these duties.

    Tracklets need a track with tracklets, or a report that is an equivalent measurement; tracks and coarse
    tracks need a track with a state. A radar or direction plot can neither be rounded nor covered honestly
    (its site is part of the measurement), and no report's time can. Reports and tracklets are a sensor's
    own words, counted by their tokens: they have no class of error and no tear-line. An item of words alone
    that holds figures leaves no way to coarsen them.
    """
    if form not in KIND_FORMS[kind_of(item)]:
        return False
    hidden = duties.sigma_class_m or duties.tear_line
    if hidden and form in {Form.MEASUREMENTS, Form.TRACKLETS} and isinstance(item, Report | Track):
        return False
    if told_in_figures(item) and coarsened(duties):
        return False
    if isinstance(item, Track):
        if form is Form.TRACKLETS:
            return bool(item.tracklets)
        return form is Form.EXISTENCE or item.state is not None
    if isinstance(item, Report):
        return _report_makeable(item, form, duties)
    return True


Shape = tuple[str, bool | type | None, bool]
"""All of an item that `makeable` looks at."""


def shape_of(item: AnyItem) -> Shape:
    """The shape of an item: two items of one shape can be given the same forms."""
    if isinstance(item, Track):
        return "track", bool(item.tracklets), item.state is not None
    if isinstance(item, Report):
        return "report", type(item.observation), False
    return kind_of(item), None, told_in_figures(item)


def _report_makeable(report: Report, form: Form, duties: Duties) -> bool:
    if form is Form.TRACKLETS and not isinstance(report.observation, Equivalent):
        return False
    moved = duties.round_position_m or duties.round_velocity_m_per_s or duties.cover_m
    if moved and isinstance(report.observation, RadarPlot | DirectionPlot):
        return False
    return not duties.round_time_s


@cache
def strippable(kind: str) -> tuple[str, ...]:
    """The fields of a kind that can be left empty: those of its own whose default says nothing, and
    `observations`, the tokens in its provenance. Not the head that every item has, not a standard error
    (zero would claim perfection), and nothing of a control item.
    """
    if kind in CONTROL_KINDS:
        return ()
    kept = {field.name for field in msgspec.structs.fields(Item)} | _BOUND | _BOUND_IN.get(kind, frozenset())
    own = (
        field.name
        for field in msgspec.structs.fields(ITEM_KINDS[kind])
        if field.name not in kept and "sigma" not in field.name and field.default in _EMPTY
    )
    return (*own, "observations")


def without(item: AnyItem, fields: Collection[str]) -> AnyItem:
    """The item with those of the fields that its kind can leave empty at their empty values; `observations`,
    in its provenance, are not its kind's and stay.
    """
    if not fields:
        return item
    emptied = {name: empty for name, empty in _empty_values(kind_of(item)).items() if name in fields}
    return msgspec.structs.replace(item, **emptied) if emptied else item


@cache
def _empty_values(kind: str) -> dict[str, Any]:
    """The value of each field that a kind can leave empty, when it is."""
    own = strippable(kind)
    return {
        field.name: field.default for field in msgspec.structs.fields(ITEM_KINDS[kind]) if field.name in own
    }
