"""Rules 1 and 6: what the label says, and what a clause asks of it."""

from conformance.families.parts import (
    DAY_NS,
    NOW_NS,
    SECOND_NS,
    Case,
    Family,
    base,
    case,
    clause,
    hub_base,
    item,
    label,
    level,
    permit,
    request,
    withhold,
)

BEFORE_NS = 1_400_000_000 * SECOND_NS
"""In May 2014, before Tokutei Himitsu took the place of Boei Himitsu."""

UNKNOWN = (
    ("JPN", "Gokuhi", "written with small letters"),
    ("JPN", "gokuhi", "written in small letters alone"),
    ("JPN", "GOKUHI ", "with a space behind it"),
    ("JPN", " GOKUHI", "with a space before it"),
    ("JPN", "GOKUHl", "with a small L for the last letter"),
    ("JPN", "G\u041eKUHI", "with a Cyrillic letter in it"),
    ("JPN", "\uff27OKUHI", "with a full-width letter in it"),
    ("JPN", "GOKU-HI", "with a hyphen in it"),
    ("JPN", "GOKUHI\u200b", "with a space of no width behind it"),
    ("JPN", "GOKU", "cut short"),
    ("JPN", "SECRET", "by another nation's word"),
    ("JPN", "III", "by another nation's number"),
    ("JPN", "", "left empty"),
    ("JPN", "BOEI-HIMITSU", "by a name that ended in 2014"),
    ("KOR", "2", "by a digit for the Roman number"),
    ("KOR", "\u2161", "by one character for the Roman number"),
    ("USA", "SECRET//NOFORN", "with a caveat in the level"),
    ("jpn", "GOKUHI", "of a scheme in small letters"),
    ("JAPAN", "GOKUHI", "of a scheme by the country's name"),
    ("XXQ", "SECRET", "of a scheme that nobody has"),
    ("", "GOKUHI", "of no scheme"),
)
"""Scheme, level and what is wrong; each is withheld, and compared as the highest."""

LEVELS = (
    ("JPN", "UNCLASSIFIED", 0),
    ("JPN", "HI", 1),
    ("JPN", "GOKUHI", 2),
    ("JPN", "TOKUTEI-HIMITSU", 2),
    ("KOR", "UNCLASSIFIED", 0),
    ("KOR", "III", 1),
    ("KOR", "II", 2),
    ("USA", "UNCLASSIFIED", 0),
    ("USA", "CONFIDENTIAL", 1),
    ("USA", "SECRET", 2),
)
"""The levels that may leave, with the rung they stand on: Article 4 of the agreement of 2016."""

LIMITS = (("KOR", "III", 1), ("JPN", "HI", 1), ("USA", "UNCLASSIFIED", 0), ("KOR", "II", 2))


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(1, "levels that nobody knows", base(), unknown_levels()),
        Family(1, "time and names in the label", base(), times_and_names()),
        Family(1, "who passes on holds the item", hub_base(request(sender="USA", via=None)), holders()),
        Family(6, "levels are compared by their rung", base(), compared_levels()),
        Family(6, "statuses", base(), statuses()),
        Family(6, "restrictive categories need all, permissive ones any", base(), categories()),
    ]


def unknown_levels() -> tuple[Case, ...]:
    """Misspelt, unknown, past and future levels; and those that never leave."""
    found = [
        case(
            f"a level {how} is unknown",
            withhold("label-unknown", "classification-too-high"),
            level(scheme, name),
        )
        for scheme, name, how in UNKNOWN
    ]
    found += [
        case(
            f"{scheme} {name} never leaves, and is above the clause",
            withhold("level-never-leaves", "classification-too-high"),
            level(scheme, name),
        )
        for scheme, name in (("JPN", "KIMITSU"), ("KOR", "I"), ("USA", "TOP SECRET"))
    ]
    found += [
        case(
            f"{scheme} {name} never leaves, also where the clause names {limit}",
            withhold("level-never-leaves"),
            level(scheme, name),
            clause(highest={"scheme": limit_scheme, "level": limit}),
        )
        for scheme, name, limit_scheme, limit in (
            ("JPN", "KIMITSU", "JPN", "KIMITSU"),
            ("KOR", "I", "USA", "TOP SECRET"),
            ("USA", "TOP SECRET", "KOR", "I"),
        )
    ]
    then = (
        request(at_ns=BEFORE_NS),
        label(created_ns=BEFORE_NS),
        {"agreements": {"pact.toml": {"in_force_from_ns": 0}}},
    )
    found += [
        case(
            "Tokutei Himitsu is not known before its Act was in force",
            withhold("label-unknown", "classification-too-high"),
            level("JPN", "TOKUTEI-HIMITSU"),
            *then,
        ),
        case("Boei Himitsu is known while it was in use", permit(), level("JPN", "BOEI-HIMITSU"), *then),
        case("Tokutei Himitsu is known since its Act is in force", permit(), level("JPN", "TOKUTEI-HIMITSU")),
    ]
    return tuple(found)


def times_and_names() -> tuple[Case, ...]:
    """Instants at the very edge; lists of names that do not name the recipient."""
    return (
        case("a label made at this instant holds", permit(), label(created_ns=NOW_NS)),
        case(
            "a label from a nanosecond ahead is from the future",
            withhold("label-expired"),
            label(created_ns=NOW_NS + 1),
        ),
        case(
            "a label from next year is from the future",
            withhold("label-expired"),
            label(created_ns=NOW_NS + 365 * DAY_NS),
        ),
        case(
            "a label that ends at this instant has ended", withhold("label-expired"), label(expires_ns=NOW_NS)
        ),
        case("a label that ends a nanosecond later still holds", permit(), label(expires_ns=NOW_NS + 1)),
        case(
            "a label that ended yesterday has ended",
            withhold("label-expired"),
            label(created_ns=NOW_NS - 5 * DAY_NS, expires_ns=NOW_NS - DAY_NS),
        ),
        case(
            "a label that names nobody is the originator's own",
            withhold("not-releasable-to"),
            label(releasable_to=[]),
        ),
        case(
            "a label that names another is not for the recipient",
            withhold("not-releasable-to"),
            label(releasable_to=["USA"]),
        ),
        case("a label that names the recipient alone is enough", permit(), label(releasable_to=["KOR"])),
        case(
            "a label that names the recipient's watch does not name the recipient",
            withhold("not-releasable-to"),
            label(releasable_to=["KOR/watch", "USA"]),
        ),
        case(
            "a label that names the sender does not name the recipient",
            withhold("not-releasable-to"),
            label(releasable_to=["JPN"]),
        ),
        case(
            "a recipient's code that is longer is another party",
            withhold("not-releasable-to"),
            label(releasable_to=["KORX"]),
        ),
        case(
            "an ended label for others is told as both",
            withhold("label-expired", "not-releasable-to"),
            label(expires_ns=NOW_NS, releasable_to=["USA"]),
        ),
        case(
            "an unknown level in an ended label is told as both",
            withhold("label-unknown", "label-expired", "classification-too-high"),
            level("JPN", "Hi"),
            label(expires_ns=NOW_NS),
        ),
        case(
            "a level that never leaves in a label for nobody is told as both",
            withhold("level-never-leaves", "not-releasable-to", "classification-too-high"),
            level("JPN", "KIMITSU"),
            label(releasable_to=[]),
        ),
    )


def holders() -> tuple[Case, ...]:
    """The United States pass a Japanese track on to Korea."""
    hub = "pact.toml#hub"
    return (
        case(
            "who is not named in the label cannot hold it",
            withhold("sender-not-holder", by=hub),
            label(releasable_to=["KOR"]),
        ),
        case(
            "a label that names the sender's watch does not name the sender",
            withhold("sender-not-holder", by=hub),
            label(releasable_to=["KOR", "USA/watch"]),
        ),
        case(
            "a sender without a name for a recipient without one is told as both",
            withhold("sender-not-holder", "not-releasable-to", by=hub),
            label(releasable_to=[]),
        ),
        case(
            "a sender that cannot hold an ended label is told as both",
            withhold("label-expired", "sender-not-holder", by=hub),
            label(releasable_to=["KOR"], expires_ns=NOW_NS),
        ),
        case(
            "the second recipient must be named too",
            withhold("not-releasable-to", by=hub),
            label(releasable_to=["USA"]),
        ),
    )


def compared_levels() -> tuple[Case, ...]:
    """Each level against limits of several schemes, by rungs written beside them."""
    found = []
    for limit_scheme, limit, highest in LIMITS:
        for scheme, name, rung in LEVELS:
            fits = rung <= highest
            found.append(
                case(
                    f"{scheme} {name} is {'within' if fits else 'above'} {limit_scheme} {limit}",
                    permit() if fits else withhold("classification-too-high"),
                    level(scheme, name),
                    clause(highest={"scheme": limit_scheme, "level": limit}),
                )
            )
    for scheme, name, rung in LEVELS[:4]:
        found.append(
            case(
                f"a clause without a limit covers {'' if not rung else 'no '}{scheme} {name}",
                withhold("classification-too-high") if rung else permit(),
                level(scheme, name),
                clause(highest=None),
            )
        )
    for limit_scheme, limit in (("JPN", "Gokuhi"), ("XXQ", "SECRET"), ("JPN", "BOEI-HIMITSU")):
        found += [
            case(
                f"a limit of {limit_scheme} {limit}, which nobody knows now, covers no JPN HI",
                withhold("classification-too-high"),
                level("JPN", "HI"),
                clause(highest={"scheme": limit_scheme, "level": limit}),
            ),
            case(
                f"a limit of {limit_scheme} {limit}, which nobody knows now, covers what is unclassified",
                permit(),
                level("JPN", "UNCLASSIFIED"),
                clause(highest={"scheme": limit_scheme, "level": limit}),
            ),
        ]
    return tuple(found)


def statuses() -> tuple[Case, ...]:
    """Each status against clauses for one or two of them."""
    every = ("real", "exercise", "simulated")
    found = [
        case(f"a clause that names no status covers what is {status}", permit(), item(status=status))
        for status in every
        if status != "simulated"
    ]
    for named in every:
        found += [
            case(
                f"a clause for what is {named} {'covers' if status == named else 'leaves'} what is {status}",
                permit() if status == named else withhold("status-not-allowed"),
                item(status=status),
                clause(statuses=[named]),
            )
            for status in every
        ]
    found.append(
        case(
            "a clause for drills of both sorts does not cover what is real",
            withhold("status-not-allowed"),
            item(status="real"),
            clause(statuses=["exercise", "simulated"]),
        )
    )
    return tuple(found)


CATEGORIES: tuple[tuple[str, list[str], list[str], list[str], bool], ...] = (
    ("one that is held", ["SEA"], [], ["SEA"], True),
    ("one that is not held", ["SEA"], [], [], False),
    ("one where another is held", ["SEA"], [], ["SPACE"], False),
    ("two that are both held", ["SEA", "SPACE"], [], ["SPACE", "SEA"], True),
    ("two of which one is held", ["SEA", "SPACE"], [], ["SEA"], False),
    ("three of which two are held", ["SEA", "SPACE", "SIGNALS"], [], ["SEA", "SIGNALS"], False),
    ("none where some are held", [], [], ["SEA"], True),
    ("one that is held in small letters", ["SEA"], [], ["sea"], False),
    ("one that is held with a space behind it", ["SEA"], [], ["SEA "], False),
    ("any of one that is held", [], ["SEA"], ["SEA"], True),
    ("any of one that is not held", [], ["SEA"], [], False),
    ("any of two of which one is held", [], ["SEA", "SPACE"], ["SPACE"], True),
    ("any of two of which none is held", [], ["SEA", "SPACE"], ["SIGNALS"], False),
    ("any of three of which the last is held", [], ["SEA", "SPACE", "SIGNALS"], ["SIGNALS"], True),
    ("all of one and any of another, both held", ["SEA"], ["SPACE"], ["SEA", "SPACE"], True),
    ("all of one and any of another, the first held", ["SEA"], ["SPACE"], ["SEA"], False),
    ("all of one and any of another, the second held", ["SEA"], ["SPACE"], ["SPACE"], False),
    (
        "all of two and any of two, three of four held",
        ["SEA", "SPACE"],
        ["LAND", "SIGNALS"],
        ["SEA", "SPACE", "LAND"],
        True,
    ),
    (
        "all of two and any of two, one of the first missing",
        ["SEA", "SPACE"],
        ["LAND", "SIGNALS"],
        ["SEA", "LAND", "SIGNALS"],
        False,
    ),
)
"""What a label asks for: all of these, any of those; what the clause holds; whether that is enough."""


def categories() -> tuple[Case, ...]:
    """What a label asks for against what a clause holds."""
    found = [
        case(
            f"a label that asks for {asks}",
            permit() if enough else withhold("category-not-held"),
            label(restrictive=restrictive, permissive=permissive),
            clause(categories=held),
        )
        for asks, restrictive, permissive, held, enough in CATEGORIES
    ]
    found += [
        case(
            "a clause that fails in level, status and category tells all three",
            withhold("status-not-allowed", "classification-too-high", "category-not-held"),
            label(restrictive=["SEA"]),
            clause(statuses=["real"], highest={"scheme": "JPN", "level": "HI"}),
        ),
        case(
            "a clause that fails in level and category tells both",
            withhold("classification-too-high", "category-not-held"),
            label(permissive=["SEA"]),
            clause(highest={"scheme": "JPN", "level": "HI"}),
        ),
    ]
    return tuple(found)
