"""Rules 13 to 16: what several clauses give together, what a refusal names, and what cannot be read."""

import json
from typing import Any, Final

from conformance.families.parts import (
    CLAUSE,
    ITEM,
    NO_DUTIES,
    NOW_NS,
    TRACKS,
    Case,
    Family,
    Json,
    ban,
    base,
    case,
    clause,
    consent,
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

US = "pact.toml#us"
LOW = {"scheme": "JPN", "level": "HI"}
HALF_READ = withhold("malformed-item", by=[])
NO_LABEL = withhold("malformed-item", "label-absent", by=[])
PART_LABEL = withhold("malformed-item", "label-partial", by=[])


def families() -> list[Family]:
    """All families of this module."""
    through = clause("us", **{**CLAUSE, "givers": ["USA"], "via": "JPN"})
    return [
        Family(
            13,
            "a track of two parties goes by two clauses",
            base(item(provenance={"originators": ["JPN", "USA"]}), through),
            limits(),
        ),
        Family(14, "the clauses that came nearest", base(), NEAREST),
        Family(14, "what is missing where no clause speaks", base(), MISSING),
        Family(15, "one outcome, and the reasons in their order", base(), OUTCOMES),
        Family(16, "items that cannot be read", base(), unreadable()),
        Family(16, "items in words that are no item", base(), texts()),
    ]


DUTIES: Final[tuple[tuple[str, Json, Json, Json], ...]] = (
    ("the longer delay", {"delay_s": 5}, {"delay_s": 60}, {"delay_s": 60}),
    ("the longer delay, whoever asks for it", {"delay_s": 61}, {"delay_s": 60}, {"delay_s": 61}),
    ("the longer thinning", {"thin_s": 10}, {"thin_s": 30}, {"thin_s": 30}),
    (
        "the wider cell",
        {"round_position_m": 1_000},
        {"round_position_m": 10_000},
        {"round_position_m": 10_000},
    ),
    ("the coarser velocity", {"round_velocity_m_per_s": 10}, {}, {"round_velocity_m_per_s": 10}),
    ("the coarser instant", {"round_time_s": 5}, {"round_time_s": 60}, {"round_time_s": 60}),
    ("the earlier end", {"expire_s": 600}, {"expire_s": 60}, {"expire_s": 60}),
    ("the only end", {}, {"expire_s": 600}, {"expire_s": 600}),
    (
        "all fields to strip",
        {"strip": ["sensors"]},
        {"strip": ["stage", "sensors"]},
        {"strip": ["sensors", "stage"]},
    ),
    ("all marks", {"mark": ["A"]}, {"mark": ["B"]}, {"mark": ["A", "B"]}),
    (
        "the less of a name",
        {"attribution": "office"},
        {"attribution": "anonymous"},
        {"attribution": "anonymous"},
    ),
    (
        "the less of a name, whoever asks for it",
        {"attribution": "office"},
        {"attribution": "named"},
        {"attribution": "office"},
    ),
    ("the only limit to the name", {}, {"attribution": "office"}, {"attribution": "office"}),
    ("return, where one asks for it", {}, {"return_or_destroy": True}, {"return_or_destroy": True}),
    (
        "duties of several sorts together",
        {"delay_s": 5, "expire_s": 60},
        {"strip": ["sensors"], "expire_s": 90, "thin_s": 2},
        {"delay_s": 5, "expire_s": 60, "strip": ["sensors"], "thin_s": 2},
    ),
)
"""What holds; what one asks, what the other asks, what both come to."""


def limits() -> tuple[Case, ...]:
    """The coarsest form, and everything that any of the duties asks for."""
    found = [
        case(
            f"of {one} and {two} the coarser holds",
            permit(coarser, by=[TRACKS, US]),
            clause(form=one),
            clause("us", form=two),
        )
        for one, two, coarser in (
            ("tracklets", "tracks", "tracks"),
            ("tracks", "tracklets", "tracks"),
            ("tracks", "coarse-tracks", "coarse-tracks"),
            ("existence", "coarse-tracks", "existence"),
            ("tracklets", "existence", "existence"),
        )
    ]
    found += [
        case(
            f"of two clauses' duties {what} holds",
            permit(by=[TRACKS, US], duties={**NO_DUTIES, **both}),
            clause(duties=one),
            clause("us", duties=two),
        )
        for what, one, two, both in DUTIES
    ]
    found += [
        case(
            "a referral has no form and no duties",
            refer(by=[TRACKS, US]),
            clause("us", approval="originator", form="existence"),
        ),
        case(
            "what fails one of the two stays",
            withhold("third-party-rule", by=[TRACKS, US]),
            clause("us", form="measurements"),
        ),
        case(
            "what fails the other of the two stays",
            withhold("form-not-available", by=[TRACKS, US]),
            clause(form="measurements"),
        ),
    ]
    return tuple(found)


_SECOND: Final = "pact.toml#second"
NEAREST: Final[tuple[Case, ...]] = (
    case(
        "two clauses that each fail in one thing are both named",
        withhold("status-not-allowed", "classification-too-high", by=[TRACKS, _SECOND]),
        clause(highest=LOW),
        more("second", statuses=["real"]),
    ),
    case(
        "two clauses that fail in the same thing are both named",
        withhold("classification-too-high", by=[TRACKS, _SECOND]),
        clause(highest=LOW),
        more("second", highest=LOW, form="existence"),
    ),
    case(
        "a clause that fails in two things is not named beside one that fails in one",
        withhold("classification-too-high"),
        clause(highest=LOW),
        more("second", highest=LOW, statuses=["real"]),
    ),
    case(
        "a clause that fails in three things is not named beside one that fails in two",
        withhold("status-not-allowed", "classification-too-high"),
        clause(highest=LOW, statuses=["real"]),
        more("second", highest=LOW, statuses=["real"], form="areas"),
    ),
    case(
        "two clauses that fail in two things each are named with all four",
        withhold(
            "path-not-allowed",
            "status-not-allowed",
            "classification-too-high",
            "form-not-available",
            by=[TRACKS, _SECOND],
        ),
        clause(highest=LOW, statuses=["real"]),
        more("second", via="USA", form="areas"),
    ),
    case(
        "a clause of another kind is not named",
        withhold("classification-too-high"),
        clause(highest=LOW),
        more("second", kinds=["event"]),
    ),
    case(
        "a clause for another receiver is not named",
        withhold("classification-too-high"),
        clause(highest=LOW),
        more("second", receivers=["USA"]),
    ),
    case(
        "a clause that fails in everything is named where it is alone",
        withhold(
            "path-not-allowed",
            "status-not-allowed",
            "classification-too-high",
            "category-not-held",
            "form-not-available",
        ),
        clause(highest=LOW, statuses=["real"], via="USA", form="areas"),
        label(restrictive=["SEA"]),
    ),
    case(
        "clauses of two agreements are both named",
        withhold("category-not-held", by=[TRACKS, "else.toml#tracks"]),
        other("else.toml", "else"),
        label(restrictive=["SEA"]),
    ),
    case(
        "a clause of an agreement that has ended is not named",
        withhold("category-not-held"),
        other("else.toml", "else", in_force_until_ns=NOW_NS),
        label(restrictive=["SEA"]),
    ),
    case(
        "three clauses that fail alike are all named",
        withhold("form-not-available", by=[TRACKS, _SECOND, "pact.toml#third"]),
        clause(form="measurements"),
        more("second", form="areas"),
        more("third", form="areas", duties={"delay_s": 1}),
    ),
    case("a clause that passes leaves none to be named", permit(), more("second", highest=LOW)),
    case("approval is no failure", refer(), clause(approval="originator"), more("second", highest=LOW)),
)
"""Of the clauses that speak of the item those with the fewest failures are named."""


_TWO: Final = pact(parties=["JPN", "USA"], clauses={"tracks": {"receivers": ["USA"]}})
_KOREA_GIVES: Final = {"t": {**CLAUSE, "givers": ["JPN", "KOR"], "receivers": ["USA"]}}
_BOTH: Final = {"in_force_until_ns": NOW_NS}
MISSING: Final[tuple[Case, ...]] = (
    case(
        "without any agreement there is none",
        withhold("no-agreement", by=[]),
        {"agreements": {"pact.toml": None}},
    ),
    case("an agreement with another party is none with this", withhold("no-agreement", by=[]), _TWO),
    case(
        "two agreements with a third are none with each other",
        withhold("no-agreement", by=[]),
        _TWO,
        other(
            "korea.toml",
            "korea",
            {"t": {**CLAUSE, "givers": ["KOR"], "receivers": ["USA"]}},
            parties=["KOR", "USA"],
        ),
    ),
    case(
        "two that only give in an agreement have none with each other by it",
        withhold("no-agreement", by=[]),
        pact(clauses={"tracks": None, **_KOREA_GIVES}),
    ),
    case(
        "one that gives and one that passes on have none with each other by it",
        withhold("no-agreement", by=[]),
        pact(
            parties=["JPN", "KOR", "USA"],
            clauses={"tracks": None, "t": {**CLAUSE, "receivers": ["USA"], "via": "KOR"}},
        ),
    ),
    case(
        "two that give in an agreement and receive in another clause have one",
        withhold("no-clause", by=[]),
        pact(clauses={"tracks": None, **_KOREA_GIVES, "u": {**CLAUSE, "givers": ["USA"]}}),
    ),
    case(
        "an agreement in which neither is named has no clause",
        withhold("no-clause", by=[]),
        pact(
            parties=["JPN", "KOR", "USA", "GBR"],
            clauses={"tracks": {"givers": ["GBR"], "receivers": ["USA"]}},
        ),
    ),
    case(
        "an ended agreement is not in force, whatever its purpose",
        withhold("not-in-force", by=[]),
        pact(**_BOTH, purposes=["relief"]),
    ),
    case(
        "an ended agreement is not in force, whatever its clauses",
        withhold("not-in-force", by=[]),
        pact(**_BOTH),
        clause(kinds=["event"]),
    ),
    case(
        "another purpose is told before another kind",
        withhold("purpose-not-allowed", by=[]),
        request(purpose="relief"),
        clause(kinds=["event"]),
    ),
    case(
        "one in force without a clause is told before one that ended",
        withhold("no-clause", by=[]),
        pact(**_BOTH),
        other("else.toml", "else", {"e": {**CLAUSE, "kinds": ["event"]}}),
    ),
    case(
        "no agreement is told beside a label that does not name the recipient",
        withhold("not-releasable-to", "no-agreement", by=[]),
        _TWO,
        label(releasable_to=["USA"]),
    ),
    case(
        "a prohibition alone leaves no clause",
        withhold("clause-forbids", "no-clause", by="pact.toml#ban"),
        pact(clauses={"tracks": None}),
        ban(),
    ),
)
"""Agreement, time, purpose, clause: the first of them that is missing."""


_ASK: Final = clause(approval="originator")
_BOTH_2: Final = item(provenance={"originators": ["JPN", "USA"]})
_THROUGH: Final = {**CLAUSE, "givers": ["USA"], "via": "JPN", "approval": "originator"}
_TWO_2: Final = (_ASK, _BOTH_2, clause("us", **_THROUGH))
_US_SAYS: Final = {
    "label": {"originator": "USA"},
    "provenance": {"originators": ["USA"]},
    "officer": "USA/officer",
    "clause": "pact#us",
    "via": "JPN",
}
OUTCOMES: Final[tuple[Case, ...]] = (
    case("consent to something else is not named", permit(), consent(subjects=["object-2"])),
    case("two who must be asked make one referral", refer(by=[TRACKS, US]), *_TWO_2),
    case(
        "one who granted and one who must be asked make a referral",
        refer(by=[TRACKS, US]),
        *_TWO_2,
        consent(),
    ),
    case(
        "one who granted and one who refused make a refusal",
        withhold("consent-refused", by=[TRACKS, US]),
        *_TWO_2,
        consent(),
        consent(2, **_US_SAYS, granted=False),
    ),
    case(
        "one who refused and one who must be asked make a refusal",
        withhold("consent-refused", by=[TRACKS, US]),
        *_TWO_2,
        consent(granted=False),
    ),
    case(
        "where both granted the first consent is named",
        permit(by=[TRACKS, US], consent="JPN/consent/1"),
        *_TWO_2,
        consent(),
        consent(2, **_US_SAYS),
    ),
    case(
        "an ended label is not referred but withheld",
        withhold("label-expired"),
        _ASK,
        label(expires_ns=NOW_NS),
    ),
    case(
        "a label that does not name the recipient is not referred but withheld",
        withhold("not-releasable-to"),
        _ASK,
        label(releasable_to=[]),
    ),
    case(
        "a prohibition is not referred but withheld",
        withhold("clause-forbids", by="pact.toml#ban"),
        _ASK,
        ban(),
    ),
    case(
        "a prohibition withholds what was granted",
        withhold("clause-forbids", by="pact.toml#ban"),
        _ASK,
        ban(),
        consent(),
    ),
    case(
        "a refusal under a prohibition is told as both",
        withhold("clause-forbids", "consent-refused", by="pact.toml#ban"),
        _ASK,
        ban(),
        consent(granted=False),
    ),
    case(
        "a level that never leaves is not referred but withheld",
        withhold("level-never-leaves"),
        _ASK,
        level("JPN", "KIMITSU"),
        clause(highest={"scheme": "JPN", "level": "KIMITSU"}),
    ),
    case(
        "a part of another without its clause is not referred but withheld",
        withhold("third-party-rule"),
        _ASK,
        item(provenance={"originators": ["JPN", "USA"]}),
    ),
    case(
        "an ended label for others under a prohibition is told in order",
        withhold("label-expired", "clause-forbids", "not-releasable-to", by="pact.toml#ban"),
        ban(),
        label(expires_ns=NOW_NS, releasable_to=[]),
    ),
    case(
        "an unknown level without an agreement is told in order",
        withhold("label-unknown", "no-agreement", by=[]),
        level("JPN", "Gokuhi"),
        {"agreements": {"pact.toml": None}},
    ),
    case(
        "a sender that cannot hold it and has no clause is told in order",
        withhold("sender-not-holder", "third-party-rule", "path-not-allowed"),
        request(sender="USA"),
        label(releasable_to=["KOR"]),
    ),
    case(
        "who passes on by a further path without a clause is told in order",
        withhold("third-party-rule", "no-clause", "path-not-allowed", by=[]),
        request(sender="USA", via="GBR"),
        clause(kinds=["event"]),
    ),
    case(
        "a missing leg comes after what the clause lacks",
        withhold("path-not-allowed", "leg-withheld"),
        request(via="USA"),
    ),
    case(
        "the order of clauses says nothing",
        permit("tracklets", by="pact.toml#a"),
        more("z", form="existence"),
        more("a", form="tracklets"),
    ),
)
"""Any reason withholds; else somebody is asked; else it is permitted."""


def unreadable() -> tuple[Case, ...]:
    """A field that is missing, misspelt or of a wrong type; a label that is not whole."""
    found = [
        case("an item without a label has none", NO_LABEL, item(label=None)),
        case("an item with a misspelt label has none", NO_LABEL, item(label=None, Label={})),
    ]
    found += [
        case(f"a label without its {name} is not whole", PART_LABEL, label(**{name: None}))
        for name in ("originator", "classification", "created_ns")
    ]
    found += [
        case(
            "a classification without a scheme is not whole",
            PART_LABEL,
            label(classification={"scheme": None}),
        ),
        case(
            "a classification without a level is not whole", PART_LABEL, label(classification={"level": None})
        ),
        case("a classification that is one word is not whole", PART_LABEL, label(classification="GOKUHI")),
        case("a label that is one word is not whole", PART_LABEL, item(label="GOKUHI")),
        case("a label that is a list is not whole", PART_LABEL, item(label=["JPN", "GOKUHI"])),
        case("a misspelt originator is not whole", PART_LABEL, label(originator=None, originater="JPN")),
        case(
            "a misspelt releasable-to is refused, not passed over", HALF_READ, label(releaseable_to=["KOR"])
        ),
        case(
            "a misspelt list of restrictive categories is refused, not passed over",
            HALF_READ,
            label(restrictve=["SEA"]),
        ),
        case("a misspelt expiry is refused, not passed over", HALF_READ, label(expires=NOW_NS)),
        case("a caveat that nobody knows is refused", HALF_READ, label(caveats=["originator-controlled"])),
        case("an attribution that nobody knows is refused", HALF_READ, label(attribution="secret")),
        case("an originator in small letters is refused", HALF_READ, label(originator="jpn")),
        case("an originator that is not the provenance's is refused", HALF_READ, label(originator="KOR")),
        case("a party named twice is refused", HALF_READ, label(releasable_to=["KOR", "KOR"])),
        case("a party that is a number is refused", HALF_READ, label(releasable_to=[82])),
        case("a label that ends before it begins is refused", HALF_READ, label(expires_ns=1)),
        case("an instant that is a text is refused", HALF_READ, label(created_ns="2024-01-15T00:00:00Z")),
        case("an instant that is a broken number is refused", HALF_READ, label(created_ns=1.5)),
        case("a level that is a number is refused", HALF_READ, label(classification={"level": 2})),
        case("a kind that nobody knows is refused", HALF_READ, item(kind="trakc")),
        case("a status that nobody knows is refused", HALF_READ, item(status="Real")),
        case("a domain that nobody knows is refused", HALF_READ, item(domain="missiles")),
        case("an item without an id is refused", HALF_READ, item(item_id=None)),
        case("an item without provenance is refused", HALF_READ, item(provenance=None)),
        case("an item with a field more is refused", HALF_READ, item(priority=1)),
    ]
    return tuple(found)


def texts() -> tuple[Case, ...]:
    """What stands in place of the item is a text that no reader takes for one."""
    whole = json.dumps(ITEM)
    twice = whole.replace('"releasable_to": ["KOR", "USA"]', '"releasable_to": [], "releasable_to": ["KOR"]')
    deep = "[" * 400 + "]" * 400

    def text(value: str) -> dict[str, Any]:
        return {"item": None, "text": value}

    return (
        case("an empty text is no item", HALF_READ, text("")),
        case("a list is no item", HALF_READ, text("[]")),
        case("a number is no item", HALF_READ, text("7")),
        case("the word null is no item", HALF_READ, text("null")),
        case("an empty object has no label", NO_LABEL, text("{}")),
        case("a label that is null is none", NO_LABEL, text('{"label": null}')),
        case("an item cut short is no item", HALF_READ, text(whole[:-1])),
        case("two items on one line are no item", HALF_READ, text(f"{whole} {whole}")),
        case("a name that stands twice is refused", HALF_READ, text(twice)),
        case("lists in lists without end are no item", HALF_READ, text(deep)),
        case("a text in single quotation marks is no item", HALF_READ, text("{'label': 'x'}")),
        case("a whole item as a text is read as one", permit(), text(whole)),
    )
