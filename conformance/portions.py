"""Portions and downgrades of labels for random worlds, and words with figures, which no duty rounds."""

from contextlib import suppress
from random import Random
from typing import Any, Final

from conformance.drawing import seldom, some
from conformance.families.parts import NOW_NS
from msgspec.structs import replace
from spec.portions_reference import FIELDS_LEFT_EMPTY

from trilat.model import (
    AnyItem,
    Caveat,
    Classification,
    Downgrade,
    ItemError,
    Label,
    Portion,
    Request,
    Statement,
    Story,
)

LOWER: Final = {
    ("JPN", "GOKUHI"): ("HI", "UNCLASSIFIED"),
    ("JPN", "HI"): ("UNCLASSIFIED",),
    ("USA", "SECRET"): ("UNCLASSIFIED", "CONFIDENTIAL", "Confidential"),
    ("KOR", "III"): ("UNCLASSIFIED", "UNCLASIFIED"),
}
"""By scheme and level those that a downgrade may give, some misspelt."""

HIGHER: Final = {
    "JPN": ("HI", "GOKUHI", "TOKUTEI-HIMITSU", "KIMITSU", "Gokuhi"),
    "USA": ("CONFIDENTIAL", "SECRET", "TOP SECRET"),
    "KOR": ("III", "II", "I", "IV"),
}
"""By scheme the levels of portions, some unknown, some that never leave."""

_UNKNOWN_FIELDS: Final = ("label", "sensers", "status")
_FIGURES: Final = ("seen at 0415", "\u4e09\u6642", "\uc624\uc804 4\uc2dc", "half way, \u00bd")


def portions(draw: Random, kind: str, label: Label, categories: tuple[str, ...]) -> tuple[Portion, ...]:
    """Up to three portions that ask this or that, now and then of a field or a level that nobody knows."""
    fields = tuple(sorted(FIELDS_LEFT_EMPTY.get(kind, ())))
    chosen = draw.sample(fields, min(len(fields), draw.randint(1, 3)))
    if seldom(draw):
        chosen.append(draw.choice(_UNKNOWN_FIELDS))
    scheme = label.classification.scheme
    made: list[Portion] = []
    for field in chosen:
        mark = draw.choice((None, *HIGHER.get(scheme, ())))
        asks: dict[str, Any] = {
            "classification": None if mark is None else Classification(scheme=scheme, level=mark),
            "releasable_to": draw.choice([None, None, some(draw, label.releasable_to)]),
            "restrictive": some(draw, categories[:2]) if draw.random() < 0.3 else (),
            "permissive": some(draw, categories) if draw.random() < 0.2 else (),
            "caveats": (Caveat.ORIGINATOR_CONTROL,) if draw.random() < 0.2 else (),
        }
        with suppress(ItemError):  # what asks nothing, or less than its item, cannot be made
            more = [*made, Portion(field=field, **asks)]
            replace(label, portions=tuple(more))
            made = more
    return tuple(made)


def downgrade(draw: Random, label: Label) -> Downgrade | None:
    """A lower level, from before or after the question; none where the level has none below it."""
    mark = label.classification
    lower = LOWER.get((mark.scheme, mark.level))
    if lower is None:
        return None
    return Downgrade(
        at_ns=max(label.created_ns + 1, NOW_NS + draw.choice([0, 1, 3])),
        classification=Classification(scheme=mark.scheme, level=draw.choice(lower)),
    )


def worded(draw: Random, item: AnyItem) -> AnyItem:
    """An item of words alone with figures in them; any other as it is."""
    figures = draw.choice(_FIGURES)
    if isinstance(item, Statement):
        return replace(item, text=figures)
    if isinstance(item, Request):
        return replace(item, question=figures)
    if isinstance(item, Story):
        return replace(item, **{draw.choice(("headline", "summary")): figures})
    return item
