"""Rules 23 and 24: what of a label must be known, and when a downgrade holds."""

from typing import Final

from conformance.families.forms import base_of
from conformance.families.parts import (
    DAY_NS,
    NOW_NS,
    SECOND_NS,
    Case,
    Family,
    Json,
    base,
    case,
    clause,
    item,
    label,
    level,
    pact,
    permit,
    request,
    together,
    withhold,
)
from conformance.families.portions import GOKUHI, HI, KIMITSU, UNREADABLE, jpn, left, portion, portions

IN_2014_NS: Final = 1_400_000_000 * SECOND_NS
"""In May 2014, before Tokutei Himitsu took the place of Boei Himitsu."""

IN_2015_NS: Final = 1_430_000_000 * SECOND_NS
UNKNOWN: Final = withhold("label-unknown", "classification-too-high")
ABOVE: Final = withhold("classification-too-high")


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(23, "levels and fields that nobody knows in a label", base(), unknown()),
        Family(23, "portions of what a consent cannot go without", base_of("consent"), of_a_consent()),
        Family(24, "when a downgrade holds", base(clause(highest=HI)), downgrades()),
        Family(24, "downgrades that are none", base(clause(highest=HI)), no_downgrades()),
    ]


def downgrade(at_ns: int, mark: Json) -> Json:
    """A label that takes a level from an instant on."""
    return label(downgrade={"at_ns": at_ns, "classification": mark})


def then(at_ns: int) -> Json:
    """Item, agreement and question at another time."""
    return together(
        item(valid_ns=at_ns - SECOND_NS),
        label(created_ns=at_ns - 400 * DAY_NS),
        pact(in_force_from_ns=at_ns - 365 * DAY_NS),
        request(at_ns=at_ns),
    )


def unknown() -> tuple[Case, ...]:
    """One thing that nobody knows keeps the whole item at home, whether or not it would have mattered."""
    fields = (
        ("sensers", "a field that is misspelt"),
        ("Sensors", "a field that is written with a capital"),
        ("sensor", "a field of another kind of item"),
        ("label", "the label itself"),
        ("valid_ns", "what every item has"),
        ("provenance", "the provenance as a whole"),
    )
    found = [
        case(f"a portion of {what} keeps the whole item", UNKNOWN, portions(portion(name, releasable_to=[])))
        for name, what in fields
    ]
    marks = (
        ("Gokuhi", "with small letters"),
        ("GOKUHl", "with another letter at its end"),
        ("BOEI-HIMITSU", "that ended in 2014"),
        ("SECRET", "by another nation's word"),
    )
    found += [
        case(
            f"a portion at a level {how} keeps the whole item",
            UNKNOWN,
            portions(portion("sensors", classification=jpn(name))),
        )
        for name, how in marks
    ]
    found += [
        case(
            f"a downgrade {when} to a level {how} keeps the item",
            UNKNOWN,
            downgrade(at_ns, jpn(name)),
        )
        for name, how in marks[:3]
        for when, at_ns in (("that came", NOW_NS), ("to come", NOW_NS + DAY_NS))
    ]
    return (
        *found,
        case(
            "of two portions the second names no field, and all stays",
            UNKNOWN,
            portions(portion("sensors", releasable_to=["KOR"]), portion("sensores", releasable_to=["KOR"])),
        ),
        case(
            "a downgrade of 2014 to a level that ended since keeps the item",
            UNKNOWN,
            level("JPN", "KIMITSU"),
            label(created_ns=IN_2014_NS - DAY_NS),
            downgrade(IN_2014_NS, jpn("BOEI-HIMITSU")),
        ),
        case(
            "a downgrade to a level that will have begun by then is known",
            withhold("level-never-leaves", "classification-too-high"),
            then(IN_2014_NS),
            level("JPN", "KIMITSU"),
            downgrade(IN_2015_NS, jpn("TOKUTEI-HIMITSU")),
        ),
        case(
            "a portion of a field that a track can go without is known",
            left(),
            portions(portion("updates_count", releasable_to=["KOR"])),
        ),
        case(
            "a portion of the tokens of observations is known",
            left(),
            portions(portion("observations", classification=GOKUHI)),
        ),
    )


def of_a_consent() -> tuple[Case, ...]:
    """Items about other items go whole or not at all."""
    return tuple(
        case(f"a portion of a consent's {name} keeps it", UNKNOWN, portions(portion(name, releasable_to=[])))
        for name in ("officer", "via", "observations")
    )


def downgrades() -> tuple[Case, ...]:
    """From its instant the lower level holds, before it the old one; nothing else of the label changes."""
    ahead = (("a nanosecond", NOW_NS + 1), ("a day", NOW_NS + DAY_NS))
    found = [
        case(f"a downgrade to JPN HI {how} ahead does not hold", ABOVE, downgrade(at_ns, HI))
        for how, at_ns in ahead
    ]
    return (
        *found,
        case("a downgrade holds from its very instant", permit(), downgrade(NOW_NS, HI)),
        case("a downgrade that came before holds", permit(), downgrade(NOW_NS - 1, HI)),
        case(
            "a clock before the downgrade gives the old level",
            ABOVE,
            downgrade(NOW_NS, HI),
            request(at_ns=NOW_NS - 1),
        ),
        case(
            "a downgrade to unclassified is within every clause",
            permit(),
            downgrade(NOW_NS, jpn("UNCLASSIFIED")),
            clause(highest=None),
        ),
        case(
            "a downgrade to a level above the clause helps nothing",
            ABOVE,
            downgrade(NOW_NS, HI),
            clause(highest=None),
        ),
        case(
            "a level that never leaves, lowered tomorrow, stays",
            withhold("level-never-leaves", "classification-too-high"),
            level("JPN", "KIMITSU"),
            downgrade(NOW_NS + DAY_NS, HI),
        ),
        case(
            "a level that never leaves, lowered now, is within the clause",
            permit(),
            level("JPN", "KIMITSU"),
            downgrade(NOW_NS, HI),
        ),
        case(
            "USA SECRET that is lowered now is within JPN HI",
            permit(),
            level("USA", "SECRET"),
            downgrade(NOW_NS, {"scheme": "USA", "level": "CONFIDENTIAL"}),
        ),
        *whatever_else(),
    )


def whatever_else() -> tuple[Case, ...]:
    """A downgrade changes the level and nothing else, a review date nothing at all."""
    return (
        case(
            "a review date that passed lowers nothing",
            ABOVE,
            label(created_ns=NOW_NS - DAY_NS, review_ns=NOW_NS - 1),
        ),
        case(
            "a review date that passed keeps nothing back",
            permit(),
            level("JPN", "HI"),
            label(created_ns=NOW_NS - DAY_NS, review_ns=NOW_NS - 1),
        ),
        case("a review date beside a downgrade to come lowers nothing", ABOVE, *reviewed_and_lowered()),
        case(
            "a label that was lowered and has ended has ended",
            withhold("label-expired"),
            downgrade(NOW_NS - 1, HI),
            label(expires_ns=NOW_NS),
        ),
        case(
            "a lowered item still asks for its categories",
            withhold("category-not-held"),
            downgrade(NOW_NS, HI),
            label(restrictive=["SPACE"]),
        ),
        case(
            "a lowered item is still for those whom it names",
            withhold("not-releasable-to"),
            downgrade(NOW_NS, HI),
            label(releasable_to=["USA"]),
        ),
        case(
            "a lowered item's portion stays at the portion's level",
            left("sensors"),
            downgrade(NOW_NS, HI),
            portions(portion("sensors", classification=GOKUHI)),
        ),
    )


def reviewed_and_lowered() -> tuple[Json, Json]:
    """Reviewed yesterday, lowered tomorrow."""
    return label(created_ns=NOW_NS - 2 * DAY_NS, review_ns=NOW_NS - DAY_NS), downgrade(NOW_NS + DAY_NS, HI)


def no_downgrades() -> tuple[Case, ...]:
    """What is written as a downgrade and is none cannot be read."""
    rows = (
        ("to the level that the item has", NOW_NS, GOKUHI),
        ("to an equivalent of the level that the item has", NOW_NS, jpn("TOKUTEI-HIMITSU")),
        ("to a level above that of the item", NOW_NS, KIMITSU),
        ("into another nation's scheme", NOW_NS, {"scheme": "KOR", "level": "III"}),
        ("from before the label began", NOW_NS - 2 * SECOND_NS, HI),
        ("from the instant at which the label begins", NOW_NS - SECOND_NS, HI),
    )
    return tuple(
        case(f"a downgrade {what} is none", UNREADABLE, downgrade(at_ns, mark)) for what, at_ns, mark in rows
    )
