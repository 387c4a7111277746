"""Rules 2, 5 and 11: who passes on what, by which path, and the first leg."""

from typing import Final

from conformance.families.parts import (
    CLAUSE,
    HUB,
    LEG,
    NO_DUTIES,
    NOW_NS,
    SECOND_NS,
    TRACKS,
    Case,
    Family,
    ban,
    base,
    case,
    clause,
    consent,
    hub_base,
    item,
    label,
    level,
    more,
    other,
    pact,
    permit,
    refer,
    request,
    withhold,
)

PASSED_ON = (request(sender="USA", via=None),)
US_CLAUSE = {**CLAUSE, "givers": ["USA"]}


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(2, "the United States pass a Japanese track on", hub_base(*PASSED_ON), PASSING_ON),
        Family(
            2,
            "American observations went into a Japanese track",
            base(made_of("JPN", "USA")),
            PARTS_OF_OTHERS,
        ),
        Family(5, "the path is the clause's own", base(), PATHS),
        Family(11, "the first leg to the intermediary", hub_base(), FIRST_LEGS),
    ]


def made_of(*originators: str) -> dict[str, object]:
    """The item with these parties' observations in it."""
    return item(provenance={"originators": list(originators)})


PASSING_ON: Final[tuple[Case, ...]] = (
    case("a clause that names the sender lets it pass on", permit(by=HUB)),
    case(
        "a clause for the direct path lets nobody else pass on",
        withhold("third-party-rule", "path-not-allowed", by=HUB),
        clause("hub", via=None),
    ),
    case(
        "a clause for another intermediary does not let this one pass on",
        withhold("third-party-rule", "path-not-allowed", by=HUB),
        pact(parties=["JPN", "KOR", "USA", "GBR"]),
        clause("hub", via="GBR"),
    ),
    case(
        "the sender's own clause says nothing about another's track",
        withhold("third-party-rule", "no-clause", by=[]),
        clause("hub", givers=["USA"], via=None),
    ),
    case(
        "without a clause of the originator nothing is passed on",
        withhold("third-party-rule", "no-clause", by=[]),
        pact(clauses={"hub": None}),
    ),
    case("an intermediary names no further one", withhold("path-not-allowed", by=HUB), request(via="GBR")),
    case(
        "nothing goes back to who made it",
        withhold("recipient-is-originator", by=[]),
        request(recipient="JPN"),
    ),
    case(
        "nothing goes back to who made it, and an ended label is told too",
        withhold("label-expired", "recipient-is-originator", by=[]),
        request(recipient="JPN"),
        label(expires_ns=NOW_NS),
    ),
    case(
        "a sender that cannot hold it gives nothing back either",
        withhold("sender-not-holder", "recipient-is-originator", by=[]),
        request(recipient="JPN"),
        label(releasable_to=["KOR"]),
    ),
    case(
        "what came under an agreement that lets nothing go on stays",
        withhold("third-party-rule", "path-not-allowed", by=HUB),
        pact(onward="never"),
    ),
    case(
        "originator control asks for consent to the passing on",
        refer(by=HUB),
        label(caveats=["originator-control"]),
    ),
    case(
        "originator control is met by consent to this path",
        permit(by=HUB, consent="JPN/consent/1"),
        label(caveats=["originator-control"]),
        consent(via="USA", clause="pact#hub"),
    ),
    case(
        "originator control is not met by consent to the direct path",
        refer(by=HUB),
        label(caveats=["originator-control"]),
        consent(clause="pact#hub"),
    ),
    case(
        "an own part of who passes on needs its own clause",
        withhold("third-party-rule", by=HUB),
        made_of("JPN", "USA"),
    ),
    case(
        "an own part of who passes on goes by its own clause for the direct path",
        permit(by=[HUB, "pact.toml#own"]),
        made_of("JPN", "USA"),
        clause("own", **US_CLAUSE),
    ),
)
"""Only a clause of the originator that names the sender lets it pass on."""


_THROUGH: Final = {**US_CLAUSE, "via": "JPN"}
_US: Final = "pact.toml#us"
PARTS_OF_OTHERS: Final[tuple[Case, ...]] = (
    case("another's part without its clause stays", withhold("third-party-rule")),
    case(
        "another's part goes by its clause that names the sender",
        permit(by=[TRACKS, _US]),
        clause("us", **_THROUGH),
    ),
    case(
        "another's part does not go by its clause for its own sending",
        withhold("third-party-rule", by=[TRACKS, _US]),
        clause("us", **US_CLAUSE),
    ),
    case("the recipient's own part needs nobody's leave", permit(), made_of("JPN", "KOR")),
    case(
        "two others' parts need two clauses",
        withhold("third-party-rule", by=[TRACKS, _US]),
        pact(parties=["JPN", "KOR", "USA", "GBR"]),
        made_of("JPN", "USA", "GBR"),
        clause("us", **_THROUGH),
    ),
    case(
        "two others' parts go by one clause that names both",
        permit(by=[TRACKS, _US]),
        pact(parties=["JPN", "KOR", "USA", "GBR"]),
        made_of("JPN", "USA", "GBR"),
        clause("us", **{**_THROUGH, "givers": ["USA", "GBR"]}),
    ),
    case(
        "a prohibition of another wins over its permission",
        withhold("clause-forbids", by=[TRACKS, "pact.toml#ban"]),
        clause("us", **_THROUGH),
        ban(givers=["USA"]),
    ),
    case(
        "a prohibition of another is told beside what is missing",
        withhold("clause-forbids", "third-party-rule", by=[TRACKS, "pact.toml#ban"]),
        ban(givers=["USA"]),
    ),
    case(
        "another's officer must approve where its clause says so",
        refer(by=[TRACKS, _US]),
        clause("us", **{**_THROUGH, "approval": "originator"}),
    ),
    case(
        "another's officer may refuse",
        withhold("consent-refused", by=[TRACKS, _US]),
        clause("us", **{**_THROUGH, "approval": "originator"}),
        consent(
            label={"originator": "USA"},
            provenance={"originators": ["USA"]},
            officer="USA/officer",
            clause="pact#us",
            via="JPN",
            granted=False,
        ),
    ),
    case(
        "another's officer may grant",
        permit(by=[TRACKS, _US], consent="JPN/consent/1"),
        clause("us", **{**_THROUGH, "approval": "originator"}),
        consent(
            label={"originator": "USA"},
            provenance={"originators": ["USA"]},
            officer="USA/officer",
            clause="pact#us",
            via="JPN",
        ),
    ),
    case(
        "the sender's officer cannot grant for another",
        refer(by=[TRACKS, _US]),
        clause("us", **{**_THROUGH, "approval": "originator"}),
        consent(clause="pact#us", via="JPN"),
    ),
    case(
        "originator control of the label asks nothing of another's part",
        permit(by=[TRACKS, _US]),
        label(caveats=["originator-control"]),
        clause("us", **_THROUGH),
    ),
    case(
        "what another's clause lacks is told as the third-party rule",
        withhold("third-party-rule", by=[TRACKS, _US]),
        clause("us", **{**_THROUGH, "highest": {"scheme": "JPN", "level": "HI"}}),
    ),
    case(
        "what the originator's clause lacks is told in full",
        withhold("third-party-rule", "classification-too-high"),
        clause(highest={"scheme": "JPN", "level": "HI"}),
    ),
)
"""Every party whose observations went in must allow it, each by its own clause."""


PATHS: Final[tuple[Case, ...]] = (
    case("the direct path by a clause without an intermediary", permit()),
    case(
        "the direct path is not that through the United States",
        withhold("path-not-allowed"),
        clause(via="USA"),
    ),
    case(
        "a path through the United States is not the direct one",
        withhold("path-not-allowed"),
        request(via="USA"),
        more("leg", receivers=["USA"]),
    ),
    case(
        "a path through another is not that through the United States",
        withhold("path-not-allowed", by="pact.toml#through"),
        pact(parties=["JPN", "KOR", "USA", "GBR"], clauses={"tracks": None}),
        more("through", via="USA"),
        more("leg", receivers=["GBR"]),
        label(releasable_to=["KOR", "GBR"]),
        request(via="GBR"),
    ),
    case(
        "the named path by a clause for it",
        permit(by="pact.toml#through"),
        more("through", via="USA"),
        more("leg", receivers=["USA"]),
        request(via="USA"),
    ),
    case(
        "of two clauses the one for the direct path speaks",
        permit(),
        more("through", via="USA", form="measurements"),
    ),
    case(
        "an agreement that lets nothing go on has no intermediary",
        withhold("path-not-allowed", by="pact.toml#through"),
        pact(onward="never", clauses={"tracks": None}),
        more("through", via="USA"),
        more("leg", receivers=["USA"]),
        request(via="USA"),
    ),
    case("an agreement that lets nothing go on has a direct path", permit(), pact(onward="never")),
    case(
        "another agreement that lets things go on does not change this one",
        withhold("path-not-allowed", by="pact.toml#through"),
        pact(onward="never", clauses={"tracks": None}),
        more("through", via="USA"),
        other("second.toml", "second", {"leg": {**CLAUSE, "receivers": ["USA"]}}),
        request(via="USA"),
    ),
    case(
        "a leg of an agreement that lets nothing go on serves another agreement's path",
        permit(by="second.toml#through"),
        pact(onward="never", clauses={"tracks": None}),
        more("leg", receivers=["USA"]),
        other("second.toml", "second", {"through": {**CLAUSE, "via": "USA"}}),
        request(via="USA"),
    ),
    case(
        "a path through the recipient's watch is another path",
        withhold("path-not-allowed", "leg-withheld"),
        pact(parties=["JPN", "KOR", "USA", "KOR/watch"]),
        label(releasable_to=["KOR", "KOR/watch"]),
        request(via="KOR/watch"),
    ),
    case(
        "a wrong path and a level above are told together",
        withhold("path-not-allowed", "classification-too-high"),
        clause(via="USA", highest={"scheme": "JPN", "level": "HI"}),
    ),
    case(
        "a wrong path and a status are told together",
        withhold("path-not-allowed", "status-not-allowed"),
        clause(via="USA", statuses=["real"]),
    ),
    case(
        "a wrong path and a category are told together",
        withhold("path-not-allowed", "category-not-held"),
        clause(via="USA"),
        label(restrictive=["SEA"]),
    ),
    case(
        "a wrong path and a form are told together",
        withhold("path-not-allowed", "form-not-available"),
        clause(via="USA", form="areas"),
    ),
    case(
        "an approval does not open another path",
        withhold("path-not-allowed"),
        clause(via="USA", approval="originator"),
        consent(via="USA"),
    ),
)
"""One clause, one path."""


FIRST_LEGS: Final[tuple[Case, ...]] = (
    case("with a clause for each leg it goes", permit(by=HUB)),
    case(
        "without a clause to the intermediary it stays",
        withhold("leg-withheld", by=HUB),
        pact(clauses={"leg": None}),
    ),
    case(
        "a label that does not name the intermediary keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        label(releasable_to=["KOR"]),
    ),
    case(
        "a label that names the intermediary alone keeps it",
        withhold("not-releasable-to", by=HUB),
        label(releasable_to=["USA"]),
    ),
    case(
        "a leg up to a lower level keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        clause("leg", highest={"scheme": "USA", "level": "CONFIDENTIAL"}),
    ),
    case("a leg for other kinds keeps it", withhold("leg-withheld", by=HUB), clause("leg", kinds=["event"])),
    case(
        "a leg in other domains keeps it",
        withhold("leg-withheld", by=HUB),
        clause("leg", domains=["maritime"]),
    ),
    case(
        "a leg for other statuses keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        clause("leg", statuses=["real"]),
    ),
    case(
        "a leg without its categories keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        label(restrictive=["SEA"]),
        clause("hub", categories=["SEA"]),
    ),
    case(
        "a leg in a form that cannot be made keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        clause("leg", form="measurements"),
    ),
    case(
        "a leg that is forbidden keeps it",
        withhold("leg-withheld", by=[HUB, "pact.toml#ban"]),
        ban(receivers=["USA"]),
    ),
    case(
        "a leg in the other direction is none",
        withhold("leg-withheld", by=HUB),
        clause("leg", givers=["USA"], receivers=["JPN"]),
    ),
    case(
        "a leg that waits for approval does not keep it",
        permit(by=HUB),
        clause("leg", approval="originator"),
    ),
    case(
        "a leg that was refused keeps it",
        withhold("leg-withheld", by=[HUB, LEG]),
        clause("leg", approval="originator"),
        consent(recipient="USA", clause="pact#leg", granted=False),
    ),
    case(
        "a leg that was granted lets it go",
        permit(by=HUB),
        clause("leg", approval="originator"),
        consent(recipient="USA", clause="pact#leg"),
    ),
    case(
        "a leg in a coarser form does not make the whole coarser",
        permit(by=HUB),
        clause("leg", form="existence"),
    ),
    case(
        "a leg with a delay does not delay the whole",
        permit(by=HUB, duties=NO_DUTIES),
        clause("leg", duties={"delay_s": 60}),
    ),
    case(
        "another's part needs its own leg",
        withhold("third-party-rule", "leg-withheld", by=[HUB, LEG]),
        made_of("JPN", "GBR"),
        pact(parties=["JPN", "KOR", "USA", "GBR"]),
    ),
    case(
        "an intermediary's part needs a clause for the way on but not for the leg",
        withhold("third-party-rule", by=HUB),
        made_of("JPN", "USA"),
    ),
    case(
        "without a clause for the whole path the leg alone is not enough",
        withhold("no-clause", by=[]),
        pact(clauses={"hub": None}),
    ),
    case(
        "an ended label is told once and the leg with it",
        withhold("label-expired", "leg-withheld", by=[HUB, LEG]),
        label(expires_ns=NOW_NS),
    ),
    case(
        "an unknown level is told and the leg with it",
        withhold("label-unknown", "classification-too-high", "leg-withheld", by=[HUB, LEG]),
        level("JPN", "Gokuhi"),
    ),
    case(
        "who passes on does not ask for the leg again",
        permit(by=HUB),
        request(sender="USA", via=None),
        pact(clauses={"leg": None}),
    ),
    case(
        "a leg that ended a second ago keeps it",
        withhold("leg-withheld", by=HUB),
        pact(clauses={"leg": None}),
        other(
            "legs.toml",
            "legs",
            {"leg": {**CLAUSE, "receivers": ["USA"]}},
            in_force_until_ns=NOW_NS - SECOND_NS,
        ),
    ),
    case(
        "a leg for another purpose keeps it",
        withhold("leg-withheld", by=HUB),
        pact(clauses={"leg": None}),
        other("legs.toml", "legs", {"leg": {**CLAUSE, "receivers": ["USA"]}}, purposes=["relief"]),
    ),
)
"""What goes to Korea through the United States must be allowed to the United States too."""
