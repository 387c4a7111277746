"""Rule 26: duties that hide, and what they cannot hide: a sensor's own words, plots, words with figures."""

from typing import Final

from conformance.families.forms import DIRECTION, base_of, replaced
from conformance.families.parts import (
    EQUIVALENT,
    NO_DUTIES,
    Case,
    Family,
    Json,
    base,
    case,
    clause,
    item,
    label,
    permit,
    withhold,
)

NO_FORM: Final = withhold("form-not-available")
COVER: Final = {"cover_m": 2_000, "cover_epoch_s": 3_600}
CLASS: Final = {"sigma_class_m": 1_024}
TEAR_LINE: Final = {"tear_line": True}
SPAN: Final = {"span_s": 60}
COARSER: Final = (
    ("position rounded", {"round_position_m": 1_000}),
    ("velocity rounded", {"round_velocity_m_per_s": 10}),
    ("time rounded", {"round_time_s": 60}),
    ("place covered", COVER),
    ("errors in classes", CLASS),
)


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(26, "reports that should hide", base_of("report"), plots()),
        Family(26, "equivalents that should hide", base_of("report", {"observation": EQUIVALENT}), like()),
        Family(26, "tracks that should hide", base(), tracks()),
        Family(26, "statements with figures", base_of("statement"), statements()),
        Family(26, "requests with figures", base_of("request"), requests()),
        Family(26, "stories with figures", base_of("story"), stories()),
        Family(26, "events that should hide", base_of("event"), whole("event")),
        Family(26, "recalls that should hide", base_of("recall"), whole("recall")),
        Family(26, "needs with figures", base_of("need"), needs()),
    ]


def under(duties: Json, form: str = "measurements") -> Json:
    """The clause with these duties."""
    return clause(form=form, duties=duties)


def plots() -> tuple[Case, ...]:
    """A plot tells its site: nothing covers that; and it is its sensor's own word."""
    direction = item(observation=replaced(DIRECTION))
    return (
        case("a radar plot whose place should be covered stays", NO_FORM, under(COVER)),
        case("a radar plot whose errors should be in classes stays", NO_FORM, under(CLASS)),
        case("a radar plot that should be a tear-line stays", NO_FORM, under(TEAR_LINE)),
        case("a direction plot whose place should be covered stays", NO_FORM, under(COVER), direction),
        case("a direction plot whose errors should be in classes stays", NO_FORM, under(CLASS), direction),
        case("a direction plot that should be a tear-line stays", NO_FORM, under(TEAR_LINE), direction),
        case("a radar plot is told in whole spans", permit("measurements"), under(SPAN)),
    )


def like() -> tuple[Case, ...]:
    """An equivalent measurement has no site, but it is its sensor's own word."""
    found = []
    for form in ("measurements", "tracklets"):
        found += [
            case(f"an equivalent as {form}, its errors in classes, stays", NO_FORM, under(CLASS, form)),
            case(f"an equivalent as {form} under another name stays", NO_FORM, under(TEAR_LINE, form)),
            case(f"an equivalent as {form}, its place covered, leaves", permit(form), under(COVER, form)),
        ]
    return tuple(found)


def tracks() -> tuple[Case, ...]:
    """Tracklets are sensors' own words; what is fused of them is not."""
    found = [
        case("tracklets whose errors should be in classes stay", NO_FORM, under(CLASS, "tracklets")),
        case("tracklets that should be a tear-line stay", NO_FORM, under(TEAR_LINE, "tracklets")),
        case("tracklets that should be both stay", NO_FORM, under({**CLASS, **TEAR_LINE}, "tracklets")),
        case("tracklets whose place is covered leave", permit("tracklets"), under(COVER, "tracklets")),
    ]
    found += [
        case(
            f"a track as {form} hides all that can be hidden",
            permit(form),
            under({**COVER, **CLASS, **TEAR_LINE, **SPAN}, form),
        )
        for form in ("tracks", "coarse-tracks", "existence")
    ]
    return tuple(found)


def statements() -> tuple[Case, ...]:
    """Words with figures would tell what the rest coarsens; a figure is a number sign of any script."""
    clear, figures = item(text="We saw one object fall."), item(text="We saw it fall at 41 north.")
    found = [
        case(f"a statement with figures, its {how}, stays", NO_FORM, under(duty), figures)
        for how, duty in COARSER
    ]
    signs = (
        ("\u4e09\u6642\u306b\u898b\u305f", "a Chinese numeral"),
        ("\u09e9", "a Bengali digit"),
        ("seen half past \u2163", "a Roman numeral that is one character"),
        ("a cell of \u00bd degree", "a fraction"),
        ("sector \u2462", "a figure in a circle"),
        ("\uff14\uff11 north", "full-width digits"),
    )
    found += [
        case(
            f"a statement with {what}, its place covered, stays",
            NO_FORM,
            under(COVER),
            item(text=text),
        )
        for text, what in signs
    ]
    free = (("delayed", {"delay_s": 60}), ("in spans", SPAN), ("as a tear-line", TEAR_LINE))
    return (
        *found,
        *(
            case(f"a statement with figures, {how}, leaves", permit("measurements"), under(duty), figures)
            for how, duty in free
        ),
        case(
            "a statement with its figures spelt out leaves, its place covered",
            permit("measurements"),
            under(COVER),
            clear,
        ),
    )


def requests() -> tuple[Case, ...]:
    """A question is words too."""
    return (
        case(
            "a request with figures in its question stays, its time rounded",
            NO_FORM,
            under({"round_time_s": 60}),
            item(question="What do you hold at 0415?"),
        ),
        case(
            "a request without figures leaves, its time rounded",
            permit("measurements"),
            under({"round_time_s": 60}),
            item(question="What do you hold at dawn?"),
        ),
    )


def stories() -> tuple[Case, ...]:
    """Headline and summary are words; where it was published is not."""
    return (
        case(
            "a story with figures in its headline stays, its errors in classes",
            NO_FORM,
            under(CLASS),
            item(headline="Two fell at 0415"),
        ),
        case(
            "a story with figures in its summary stays, its place covered",
            NO_FORM,
            under(COVER),
            item(summary="Seen 40 km from the coast."),
        ),
        case(
            "a story whose summary has figures and stays leaves without it",
            permit("measurements", duties={**NO_DUTIES, **COVER, "strip": ["summary"]}),
            under(COVER),
            item(summary="Seen 40 km from the coast."),
            label(portions=[{"field": "summary", "releasable_to": []}]),
        ),
        case(
            "a story whose summary has figures, and a portion that may go, stays",
            NO_FORM,
            under(COVER),
            item(summary="Seen 40 km from the coast."),
            label(portions=[{"field": "summary", "releasable_to": ["KOR"]}]),
        ),
        case(
            "a story that loses its summary by a duty alone stays for its figures",
            NO_FORM,
            under({**COVER, "strip": ["summary"]}),
            item(summary="Seen 40 km from the coast."),
        ),
        case(
            "a story whose headline has figures stays, though its summary is left out",
            NO_FORM,
            under(COVER),
            item(headline="Two fell at 0415"),
            label(portions=[{"field": "summary", "releasable_to": []}]),
        ),
        case(
            "a story with figures in its link leaves",
            permit("measurements"),
            under(COVER),
            item(link="https://example.org/2024"),
        ),
    )


def whole(kind: str) -> tuple[Case, ...]:
    """A kind that is no sensor's own word is given under every duty that hides."""
    article = "an" if kind[0] in "aeiou" else "a"
    return (
        case(
            f"{article} {kind} leaves under every duty that hides",
            permit("measurements"),
            under({**COVER, **CLASS, **TEAR_LINE, **SPAN}),
        ),
    )


def needs() -> tuple[Case, ...]:
    """Words that are added to something else are left out of the copy, so that the rest goes."""
    return (
        case(
            "a need with figures in its description leaves without it",
            permit("measurements"),
            under(COVER),
            item(description="for 2 days"),
        ),
    )
