"""Rules 9 and 12: which consent speaks, and which of several clauses is chosen."""

from typing import Final

from conformance.families.parts import (
    CLAUSE,
    HUB,
    LEG,
    NOW_NS,
    SECOND_NS,
    TRACKS,
    Case,
    Family,
    base,
    case,
    clause,
    consent,
    hub_base,
    item,
    label,
    more,
    other,
    pact,
    permit,
    refer,
    request,
    withhold,
)

GRANTED = permit(consent="JPN/consent/1")
REFUSED = withhold("consent-refused")
ASK = clause(approval="originator")


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(
            9,
            "consent that speaks of the release, and consent that does not",
            base(ASK, consent()),
            MATCHING,
        ),
        Family(9, "the newest consent speaks while it lasts", base(ASK), NEWEST),
        Family(9, "originator control", hub_base(label(caveats=["originator-control"])), controlled()),
        Family(12, "which of two clauses is chosen", base(), chosen()),
        Family(12, "consent beside another clause", base(ASK), chosen_by_consent()),
    ]


def _with(**changes: object) -> dict[str, object]:
    return {"consents": {"JPN/consent/1": changes}}


_BY_KOREA: Final = {"label": {"originator": "KOR"}, "provenance": {"originators": ["KOR"]}}
MATCHING: Final[tuple[Case, ...]] = (
    case("the originator's officer granted it", GRANTED),
    case("the originator's officer refused it", REFUSED, _with(granted=False)),
    case("without any consent a person is asked", refer(), {"consents": {"JPN/consent/1": None}}),
    case("consent to another subject is none to this", refer(), _with(subjects=["object-2"])),
    case(
        "a refusal about another subject is none of this",
        refer(),
        _with(subjects=["object-2"], granted=False),
    ),
    case(
        "consent to several subjects covers one of them",
        GRANTED,
        _with(subjects=["object-2", "object-1"]),
    ),
    case("consent to the item by its id covers it", GRANTED, _with(subjects=["JPN/track/1"])),
    case("consent to a subject cut short covers nothing", refer(), _with(subjects=["object"])),
    case("consent to a subject in capitals covers nothing", refer(), _with(subjects=["OBJECT-1"])),
    case("consent for another recipient is none for this", refer(), _with(recipient="USA")),
    case(
        "consent for the recipient's watch is none for the recipient",
        refer(),
        _with(recipient="KOR/watch"),
    ),
    case("consent to another clause is none to this", refer(), _with(clause="pact#other")),
    case(
        "consent to the same clause of another agreement is none to this",
        refer(),
        _with(clause="other#tracks"),
    ),
    case(
        "consent that names the file and not the agreement is none",
        refer(),
        _with(clause="pact.toml#tracks"),
    ),
    case("consent to a path through the United States is none to the direct one", refer(), _with(via="USA")),
    case("consent of the recipient is none", refer(), _with(officer="KOR/officer", **_BY_KOREA)),
    case("consent in a drill is none to what is real", refer(), item(status="real")),
    case("consent to what is real is none in a drill", refer(), _with(status="real", assumed=False)),
    case("consent in an exercise is none in a simulation", refer(), _with(status="exercise")),
    case(
        "consent played by a script is none to what is real",
        refer(),
        item(status="real"),
        _with(status="real"),
    ),
    case(
        "a refusal played by a script is none of what is real",
        refer(),
        item(status="real"),
        _with(status="real", granted=False),
    ),
    case(
        "consent by a person covers what is real",
        GRANTED,
        item(status="real"),
        _with(status="real", assumed=False),
    ),
    case(
        "a refusal by a person covers what is real",
        REFUSED,
        item(status="real"),
        _with(status="real", assumed=False, granted=False),
    ),
    case("consent by a person covers a drill too", GRANTED, _with(assumed=False)),
    case("consent changes nothing where nobody must be asked", permit(), clause(approval=None)),
    case(
        "a refusal changes nothing where nobody must be asked",
        permit(),
        clause(approval=None),
        _with(granted=False),
    ),
    case(
        "consent does not help a clause that fails",
        withhold("classification-too-high"),
        clause(highest={"scheme": "JPN", "level": "HI"}),
    ),
    case(
        "consent does not help a label that does not name the recipient",
        withhold("not-releasable-to"),
        label(releasable_to=["USA"]),
    ),
    case(
        "a refusal is told beside a label that does not name the recipient",
        withhold("not-releasable-to", "consent-refused"),
        label(releasable_to=["USA"]),
        _with(granted=False),
    ),
)
"""Originator, officer, subject, recipient, path, clause and status must be the very ones."""


_BEFORE: Final = NOW_NS - 10 * SECOND_NS
_NOW: Final = NOW_NS
NEWEST: Final[tuple[Case, ...]] = (
    case("consent that begins at this instant speaks", GRANTED, consent(valid_ns=_NOW)),
    case("consent that begins a nanosecond later does not speak", refer(), consent(valid_ns=_NOW + 1)),
    case(
        "a refusal that begins a nanosecond later does not speak",
        refer(),
        consent(valid_ns=_NOW + 1, granted=False),
    ),
    case("consent that ends at this instant has ended", refer(), consent(until_ns=_NOW)),
    case("consent that ends a nanosecond later holds", GRANTED, consent(until_ns=_NOW + 1)),
    case("a refusal that has ended leaves the question open", refer(), consent(until_ns=_NOW, granted=False)),
    case("a newer refusal replaces consent", REFUSED, consent(valid_ns=_BEFORE), consent(2, granted=False)),
    case(
        "newer consent replaces a refusal",
        permit(consent="JPN/consent/2"),
        consent(valid_ns=_BEFORE, granted=False),
        consent(2),
    ),
    case(
        "an older refusal does not replace consent",
        GRANTED,
        consent(),
        consent(2, valid_ns=_BEFORE, granted=False),
    ),
    case(
        "of two at one instant the higher version speaks",
        permit(consent="JPN/consent/2"),
        consent(granted=False),
        consent(2, version=2),
    ),
    case(
        "of two at one instant the higher version refuses",
        REFUSED,
        consent(),
        consent(2, version=2, granted=False),
    ),
    case("of two that are equal the refusal speaks", REFUSED, consent(), consent(2, granted=False)),
    case(
        "of two that are equal the refusal speaks whatever its name",
        REFUSED,
        consent(granted=False),
        consent(2),
    ),
    case(
        "newer consent that has ended does not bring an older one back",
        refer(),
        consent(valid_ns=_BEFORE),
        consent(2, until_ns=_NOW),
    ),
    case(
        "a newer refusal that has ended does not bring older consent back",
        refer(),
        consent(valid_ns=_BEFORE),
        consent(2, until_ns=_NOW, granted=False),
    ),
    case(
        "a newer refusal about another subject replaces nothing",
        GRANTED,
        consent(valid_ns=_BEFORE),
        consent(2, granted=False, subjects=["object-2"]),
    ),
    case(
        "a refusal that is still to come replaces nothing yet",
        GRANTED,
        consent(),
        consent(2, valid_ns=_NOW + 1, granted=False),
    ),
)
"""By instant, then version; of equals a refusal."""


def controlled() -> tuple[Case, ...]:
    """Where the label has it, every passing on needs consent, whatever the clause asks."""
    to_hub = {"via": "USA", "clause": "pact#hub"}
    direct = (request(via=None), more("tracks"))
    return (
        case("passing on under originator control waits for the originator", refer(by=HUB)),
        case(
            "passing on under originator control goes with consent",
            permit(by=HUB, consent="JPN/consent/1"),
            consent(**to_hub),
        ),
        case(
            "passing on under originator control can be refused",
            withhold("consent-refused", by=HUB),
            consent(**to_hub, granted=False),
        ),
        case("originator control asks nothing of the direct path", permit(by=TRACKS), *direct),
        case(
            "a refusal changes nothing on a direct path that nobody must approve",
            permit(by=TRACKS),
            *direct,
            consent(granted=False),
        ),
        case(
            "consent to the leg is none to the passing on",
            refer(by=HUB),
            consent(recipient="USA", clause="pact#leg"),
        ),
        case(
            "consent to the passing on by its own clause alone counts",
            refer(by=HUB),
            consent(via="USA", clause="pact#leg"),
        ),
        case("without originator control the hub's clause asks nobody", permit(by=HUB), label(caveats=[])),
        case(
            "originator control does not hide a missing leg",
            withhold("leg-withheld", by=HUB),
            pact(clauses={"leg": None}),
        ),
        case(
            "a leg that is refused is withheld although the passing on is granted",
            withhold("leg-withheld", by=[HUB, LEG]),
            consent(**to_hub),
            clause("leg", approval="originator"),
            consent(2, recipient="USA", clause="pact#leg", granted=False),
        ),
    )


def chosen() -> tuple[Case, ...]:
    """The richest form, then the least delay, then the name."""
    second = "pact.toml#second"
    order = ("tracklets", "tracks", "coarse-tracks", "existence")
    found = [
        case(
            f"of {rich} and {coarse} the first is chosen",
            permit(rich, by=second),
            clause(form=coarse),
            more("second", form=rich),
        )
        for place, rich in enumerate(order)
        for coarse in order[place + 1 :]
    ]
    found += [
        case(
            "a richer form that cannot be made is not chosen", permit(), more("second", form="measurements")
        ),
        case(
            "a richer form above its level is not chosen",
            permit(),
            more("second", form="tracklets", highest={"scheme": "JPN", "level": "HI"}),
        ),
        case(
            "a richer form by another path is not chosen",
            permit(),
            more("second", form="tracklets", via="USA"),
        ),
        case(
            "a richer form of another status is not chosen",
            permit(),
            more("second", form="tracklets", statuses=["real"]),
        ),
        case(
            "a richer form with a delay is chosen before a coarser one at once",
            permit("tracklets", by=second),
            more("second", form="tracklets", duties={"delay_s": 3600}),
        ),
        case(
            "of two of one form the one with less delay is chosen",
            permit(by=second),
            clause(duties={"delay_s": 60}),
            more("second", duties={"delay_s": 59}),
        ),
        case(
            "of two of one form and delay the first by name is chosen",
            permit(by="pact.toml#first"),
            more("first"),
        ),
        case("of two files the first by name is chosen", permit(by="a.toml#tracks"), other("a.toml", "zzz")),
        case(
            "other duties than a delay do not count",
            permit(by="pact.toml#first"),
            more("first", duties={"strip": ["sensors"], "return_or_destroy": True}),
        ),
        case(
            "a prohibition wins over both",
            withhold("clause-forbids", by="pact.toml#ban"),
            more("second"),
            clause("ban", **{**CLAUSE, "effect": "forbid", "form": None, "highest": None}),
        ),
    ]
    return tuple(found)


def chosen_by_consent() -> tuple[Case, ...]:
    """Without consent before with; granted before refused before not asked."""
    free = more("free", form="existence")
    two = more("two", form="coarse-tracks", approval="originator")
    return (
        case(
            "a coarser form that needs nobody is chosen before one that does",
            permit("existence", by="pact.toml#free"),
            free,
        ),
        case(
            "a coarser form that needs nobody is chosen also where the richer was granted",
            permit("existence", by="pact.toml#free"),
            free,
            consent(),
        ),
        case(
            "a refusal does not reach a clause that needs nobody",
            permit("existence", by="pact.toml#free"),
            free,
            consent(granted=False),
        ),
        case(
            "a coarser form that was granted is chosen before a richer that was not asked",
            permit("coarse-tracks", by="pact.toml#two", consent="JPN/consent/1"),
            two,
            consent(clause="pact#two"),
        ),
        case(
            "a richer form that was granted is chosen before a coarser that was granted",
            permit(consent="JPN/consent/1"),
            two,
            consent(),
            consent(2, clause="pact#two"),
        ),
        case(
            "a coarser form that was granted is chosen before a richer that was refused",
            permit("coarse-tracks", by="pact.toml#two", consent="JPN/consent/2"),
            two,
            consent(granted=False),
            consent(2, clause="pact#two"),
        ),
        case(
            "a refusal of one is told before the other is asked",
            withhold("consent-refused"),
            two,
            consent(granted=False),
        ),
        case(
            "a refusal of the coarser is told before the richer is asked",
            withhold("consent-refused", by="pact.toml#two"),
            two,
            consent(clause="pact#two", granted=False),
        ),
        case("where both wait the richer is asked", refer(), two),
        case(
            "where both were refused the richer is named",
            withhold("consent-refused"),
            two,
            consent(granted=False),
            consent(2, clause="pact#two", granted=False),
        ),
        case(
            "a clause that needs nobody and fails leaves the one that does",
            refer(),
            more("free", form="existence", statuses=["real"]),
        ),
    )
