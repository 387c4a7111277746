"""Rules 18 to 22 and the end of rule 3: situations, suspensions, onward rules, notice, two officers."""

from typing import Any, Final

from conformance.families.parts import (
    CLAUSE,
    DAY_NS,
    HUB,
    NOW_NS,
    SECOND_NS,
    TRACKS,
    Case,
    Family,
    Json,
    ban,
    base,
    case,
    clause,
    consent,
    declaration,
    hub_base,
    item,
    merged,
    more,
    other,
    pact,
    permit,
    refer,
    request,
    withhold,
)

NOT_DECLARED: Final = withhold("situation-not-declared")
SUSPENDED: Final = withhold("giving-suspended")
NOT_ON: Final = withhold("onward-not-allowed", by=HUB)
ENDED: Final = withhold("not-in-force", by=[])
BANNED: Final = withhold("clause-forbids", by="pact.toml#ban")
FORBIDDING: Final[Json] = {
    **{name: value for name, value in CLAUSE.items() if name not in {"form", "highest"}},
    "effect": "forbid",
}


def families() -> list[Family]:
    """All families of this module."""
    two = clause(approval="two-person")
    return [
        Family(3, "a clause's own time and purposes", base(), OWN_TIMES),
        Family(18, "situations that are declared", base(clause(situations=["launch"])), SITUATIONS),
        Family(19, "a party suspends its giving", base(), SUSPENSIONS),
        Family(20, "onward rules", hub_base(), ONWARD),
        Family(21, "notice ends an agreement", base(), NOTICES),
        Family(21, "prohibitions that outlive their agreement", hub_base(), SURVIVORS),
        Family(22, "two officers", base(two), TWO),
    ]


def launch(number: int = 1, /, by: str = "JPN", **changes: Any) -> Json:
    """A declaration that there is a launch, for ten minutes."""
    usual = {"declared": "situation", "about": "launch", "until_ns": NOW_NS + 600 * SECOND_NS}
    return declaration(number, by=by, **{**usual, **changes})


def suspend(number: int = 1, /, by: str = "JPN", **changes: Any) -> Json:
    """A declaration that a party suspends its giving under the agreement."""
    return declaration(number, by=by, **{"declared": "suspension", "about": "pact", **changes})


def notice(number: int = 1, /, by: str = "JPN", **changes: Any) -> Json:
    """A declaration that a party gives notice to end the agreement."""
    return declaration(number, by=by, **{"declared": "notice", "about": "pact", **changes})


def ago(days: int) -> int:
    """So many days before the question."""
    return NOW_NS - days * DAY_NS


_NOBODY: Final = withhold("no-clause", by=[])
OWN_TIMES: Final[tuple[Case, ...]] = (
    case("a clause that begins at this instant speaks", permit(), clause(in_force_from_ns=NOW_NS)),
    case(
        "a clause that begins a nanosecond later does not speak", _NOBODY, clause(in_force_from_ns=NOW_NS + 1)
    ),
    case("a clause that ends at this instant does not speak", _NOBODY, clause(in_force_until_ns=NOW_NS)),
    case("a clause that ends a nanosecond later speaks", permit(), clause(in_force_until_ns=NOW_NS + 1)),
    case("a prohibition that has ended by itself forbids nothing", permit(), ban(in_force_until_ns=NOW_NS)),
    case(
        "a prohibition that has not begun by itself forbids nothing",
        permit(),
        ban(in_force_from_ns=NOW_NS + 1),
    ),
    case(
        "a clause for one purpose of its agreement does not speak for the other",
        _NOBODY,
        pact(purposes=["missile-warning", "relief"]),
        clause(purposes=["relief"]),
    ),
    case(
        "a clause for the purpose that is asked speaks",
        permit(),
        pact(purposes=["missile-warning", "relief"]),
        clause(purposes=["missile-warning"]),
    ),
    case(
        "a prohibition for the other purpose forbids nothing",
        permit(),
        pact(purposes=["missile-warning", "relief"]),
        ban(purposes=["relief"]),
    ),
)
"""A clause may have less time and fewer purposes than its agreement."""

SITUATIONS: Final[tuple[Case, ...]] = (
    case("a clause that waits for a situation does not speak without it", NOT_DECLARED),
    case("a clause that waits for a situation speaks when it is declared", permit(), launch()),
    case("another situation is not the one", NOT_DECLARED, launch(about="storm")),
    case("a situation in capitals is not the one", NOT_DECLARED, launch(about="LAUNCH")),
    case("one of two situations is enough", permit(), clause(situations=["storm", "launch"]), launch()),
    case("a situation that the recipient declared does not count", NOT_DECLARED, launch(by="KOR")),
    case("a situation that a third party declared does not count", NOT_DECLARED, launch(by="USA")),
    case(
        "a situation that a third party declared counts where the clause believes it",
        permit(),
        clause(declared_by=["USA"]),
        launch(by="USA"),
    ),
    case(
        "the giver's own word does not count where the clause believes another",
        NOT_DECLARED,
        clause(declared_by=["USA"]),
        launch(),
    ),
    case("a situation begins at the instant of its declaration", permit(), launch(valid_ns=NOW_NS)),
    case("a situation declared a nanosecond later is none yet", NOT_DECLARED, launch(valid_ns=NOW_NS + 1)),
    case("a situation ends at the instant at which it ends", NOT_DECLARED, launch(until_ns=NOW_NS)),
    case("a situation that ends a nanosecond later still holds", permit(), launch(until_ns=NOW_NS + 1)),
    case(
        "a situation that was lifted is over",
        NOT_DECLARED,
        launch(valid_ns=NOW_NS - 9 * SECOND_NS),
        launch(2, stands=False),
    ),
    case(
        "a situation that was lifted and declared again holds",
        permit(),
        launch(valid_ns=NOW_NS - 9 * SECOND_NS, stands=False),
        launch(2),
    ),
    case(
        "of two equal words on a situation the one that lifts it counts",
        NOT_DECLARED,
        launch(),
        launch(2, stands=False),
    ),
    case(
        "of two words at one instant the higher version counts",
        permit(),
        launch(stands=False),
        launch(2, version=2),
    ),
    case("a situation of a drill is none for what is real", NOT_DECLARED, launch(), item(status="real")),
    case(
        "a situation that a script declares is none for what is real",
        NOT_DECLARED,
        launch(status="real"),
        item(status="real"),
    ),
    case(
        "a situation that a person declares holds for what is real",
        permit(),
        launch(status="real", assumed=False),
        item(status="real"),
    ),
    case(
        "a clause that believes a minute speaks for 59 seconds",
        permit(),
        clause(situation_max_s=60),
        launch(valid_ns=NOW_NS - 59 * SECOND_NS),
    ),
    case(
        "a clause that believes a minute does not speak at its end",
        NOT_DECLARED,
        clause(situation_max_s=60),
        launch(valid_ns=NOW_NS - 60 * SECOND_NS),
    ),
    case(
        "a prohibition in a situation forbids nothing without it",
        permit(),
        clause(situations=[]),
        ban(situations=["launch"]),
    ),
    case(
        "a prohibition in a situation forbids while it is declared",
        BANNED,
        clause(situations=[]),
        ban(situations=["launch"]),
        launch(),
    ),
    case(
        "a situation that is missing is told beside a level above",
        withhold("situation-not-declared", "classification-too-high"),
        clause(highest={"scheme": "JPN", "level": "HI"}),
    ),
)
"""Declared by whom the clause believes, begun, not lifted, not ended, not too long ago."""

SUSPENSIONS: Final[tuple[Case, ...]] = (
    case("a giver that suspends the agreement gives nothing under it", SUSPENDED, suspend()),
    case("a giver that suspends the clause gives nothing under it", SUSPENDED, suspend(about="pact#tracks")),
    case("a suspension of another clause leaves this one", permit(), suspend(about="pact#other")),
    case("a suspension of another agreement leaves this one", permit(), suspend(about="other")),
    case(
        "a suspension that names the file and not the agreement is none", permit(), suspend(about="pact.toml")
    ),
    case("a recipient that suspends changes nothing that it is given", permit(), suspend(by="KOR")),
    case("a third party that suspends changes nothing", permit(), suspend(by="USA")),
    case("a suspension begins at its instant", SUSPENDED, suspend(valid_ns=NOW_NS)),
    case("a suspension that begins a nanosecond later is none yet", permit(), suspend(valid_ns=NOW_NS + 1)),
    case("a suspension ends at its end", permit(), suspend(until_ns=NOW_NS)),
    case("a suspension that ends a nanosecond later holds", SUSPENDED, suspend(until_ns=NOW_NS + 1)),
    case(
        "a suspension that was lifted is over",
        permit(),
        suspend(valid_ns=NOW_NS - 9 * SECOND_NS),
        suspend(2, stands=False),
    ),
    case(
        "of two equal words on a suspension the one that suspends counts",
        SUSPENDED,
        suspend(),
        suspend(2, stands=False),
    ),
    case(
        "to lift the suspension of the agreement does not lift that of a clause",
        SUSPENDED,
        suspend(about="pact#tracks"),
        suspend(2, stands=False),
    ),
    case("a suspension in a drill is none for what is real", permit(), suspend(), item(status="real")),
    case(
        "a suspension by a script is none for what is real",
        permit(),
        suspend(status="real"),
        item(status="real"),
    ),
    case(
        "a suspended clause leaves another that permits",
        permit("existence", by="pact.toml#second"),
        suspend(about="pact#tracks"),
        more("second", form="existence"),
    ),
    case(
        "a suspension lifts no prohibition",
        withhold("clause-forbids", "giving-suspended", by="pact.toml#ban"),
        suspend(),
        ban(),
    ),
    case(
        "an intermediary that suspends passes nothing on",
        withhold("giving-suspended", by="pact.toml#through"),
        pact(clauses={"tracks": None}),
        more("through", via="USA"),
        more("leg", receivers=["USA"]),
        request(via="USA"),
        suspend(by="USA"),
    ),
    case(
        "a suspension is told beside a level above",
        withhold("giving-suspended", "classification-too-high"),
        suspend(),
        clause(highest={"scheme": "JPN", "level": "HI"}),
    ),
)
"""At once, one party's own, and nothing that others give."""

_NAMED: Final[Json] = {"onward": "to-named", "onward_to": ["KOR"]}
_OTHERS: Final[Json] = {"onward": "to-named", "onward_to": ["GBR"]}
_WHILE: Final[Json] = {"onward": "under-conditions", "onward_situations": ["launch"]}
ONWARD: Final[tuple[Case, ...]] = (
    case("an agreement that names the recipient lets it go on", permit(by=HUB), pact(**_NAMED)),
    case("an agreement that names another does not let it go on", NOT_ON, pact(**_OTHERS)),
    case(
        "an agreement that names the recipient's watch does not name the recipient",
        NOT_ON,
        pact(onward="to-named", onward_to=["KOR/watch"]),
    ),
    case(
        "a clause that names the recipient goes before its agreement",
        permit(by=HUB),
        pact(**_OTHERS),
        clause("hub", **_NAMED),
    ),
    case(
        "a clause that names another goes before its agreement",
        NOT_ON,
        pact(**_NAMED),
        clause("hub", **_OTHERS),
    ),
    case("a clause under conditions waits for its situation", NOT_ON, clause("hub", **_WHILE)),
    case(
        "a clause under conditions lets it go on in its situation",
        permit(by=HUB),
        clause("hub", **_WHILE),
        launch(),
    ),
    case(
        "a situation that the intermediary declared does not count",
        NOT_ON,
        clause("hub", **_WHILE),
        launch(by="USA"),
    ),
    case("an agreement under conditions waits for its situation", NOT_ON, pact(**_WHILE)),
    case(
        "an agreement under conditions lets it go on in its situation",
        permit(by=HUB),
        pact(**_WHILE),
        launch(),
    ),
    case("a first leg that names another binds the intermediary", NOT_ON, clause("leg", **_OTHERS)),
    case("a first leg that names the recipient lets it go on", permit(by=HUB), clause("leg", **_NAMED)),
    case("a first leg that lets nothing go on binds the intermediary", NOT_ON, clause("leg", onward="never")),
    case("a first leg under conditions binds the intermediary", NOT_ON, clause("leg", **_WHILE)),
    case(
        "a first leg under conditions lets it go on in its situation",
        permit(by=HUB),
        clause("leg", **_WHILE),
        launch(),
    ),
    case(
        "a second leg that names another binds the intermediary too",
        NOT_ON,
        more("leg-2", receivers=["USA"], **_OTHERS),
    ),
    case(
        "a leg for another kind binds nothing",
        permit(by=HUB),
        more("leg-2", receivers=["USA"], kinds=["event"], **_OTHERS),
    ),
    case(
        "a clause that lets nothing go on has no path",
        withhold("path-not-allowed", by=HUB),
        clause("hub", onward="never"),
    ),
    case(
        "a clause that lets it go on goes before an agreement that does not",
        permit(by=HUB),
        pact(onward="never"),
        clause("hub", onward="with-consent"),
    ),
    case(
        "an onward rule says nothing of the direct path",
        permit(by=TRACKS),
        request(via=None),
        more("tracks", **_OTHERS),
    ),
    case(
        "who passes on is bound by the leg by which it received",
        withhold("third-party-rule", "onward-not-allowed", by=HUB),
        request(sender="USA", via=None),
        clause("leg", **_OTHERS),
    ),
)
"""Of the clause, else of its agreement; and of every leg by which the intermediary received it."""

NOTICES: Final[tuple[Case, ...]] = (
    case("notice without days of notice ends the agreement at once", ENDED, notice()),
    case("notice by the recipient ends the agreement too", ENDED, notice(by="KOR")),
    case("notice by one who is no party ends nothing", permit(), notice(by="GBR")),
    case("notice to end another agreement ends nothing here", permit(), notice(about="other")),
    case("notice that begins a nanosecond later ends nothing yet", permit(), notice(valid_ns=NOW_NS + 1)),
    case(
        "notice of ninety days given 89 days ago still runs",
        permit(),
        pact(notice_days=90),
        notice(valid_ns=ago(89)),
    ),
    case(
        "notice of ninety days given 90 days ago has run",
        ENDED,
        pact(notice_days=90),
        notice(valid_ns=ago(90)),
    ),
    case(
        "notice that was withdrawn ends nothing",
        permit(),
        notice(valid_ns=ago(2)),
        notice(2, stands=False),
    ),
    case(
        "of two equal words on notice the one that gives it counts", ENDED, notice(), notice(2, stands=False)
    ),
    case("notice of before the agreement began ends nothing", permit(), notice(valid_ns=ago(366))),
    case("notice in a drill ends nothing for what is real", permit(), notice(), item(status="real")),
    case(
        "notice by a script ends nothing for what is real",
        permit(),
        notice(status="real"),
        item(status="real"),
    ),
    case(
        "an agreement that renews itself yearly ends at the end of its year",
        ENDED,
        pact(renewal_months=12, notice_days=90),
        notice(valid_ns=ago(90)),
    ),
    case(
        "an agreement that renews itself yearly goes on where notice came a day late",
        permit(),
        pact(renewal_months=12, notice_days=90),
        notice(valid_ns=ago(89)),
    ),
    case(
        "an agreement that renews itself every two years goes on after one",
        permit(),
        pact(renewal_months=24, notice_days=90),
        notice(valid_ns=ago(200)),
    ),
    case(
        "a newer version of after the notice speaks",
        permit(by="new.toml#tracks"),
        notice(valid_ns=ago(10)),
        other("new.toml", "pact", version=2, in_force_from_ns=ago(5)),
    ),
    case(
        "a newer version of before the notice ends with it",
        ENDED,
        notice(valid_ns=ago(5)),
        other("new.toml", "pact", version=2, in_force_from_ns=ago(10)),
    ),
)
"""After its days, and at the end of a term where the agreement renews itself."""

_OLD_BAN: Final = withhold("clause-forbids", by="old.toml#ban")


def _old(clauses: Json | None = None, **changes: Any) -> Json:
    """An agreement that ended at this instant, with a prohibition."""
    return other(
        "old.toml", "old", clauses or {"ban": FORBIDDING}, **{"in_force_until_ns": NOW_NS, **changes}
    )


SURVIVORS: Final[tuple[Case, ...]] = (
    case("a prohibition that ended still covers the passing on of what is older", _OLD_BAN, _old()),
    case("it covers also who passes on what it received", _OLD_BAN, _old(), request(sender="USA", via=None)),
    case("it does not cover what is newer than the end", permit(by=HUB), _old(), item(valid_ns=NOW_NS)),
    case("it does not outlive an agreement that says so", permit(by=HUB), _old(survives_end=False)),
    case("it does not cover another purpose", permit(by=HUB), _old(purposes=["relief"])),
    case("it does not cover another kind", permit(by=HUB), _old({"ban": {**FORBIDDING, "kinds": ["event"]}})),
    case(
        "it does not outlive a newer version without it",
        permit(by=HUB),
        _old(),
        other("new.toml", "old", {"x": {**CLAUSE, "kinds": ["event"]}}, version=2),
    ),
    case(
        "it does not outlive its own end",
        permit(by=HUB),
        _old({"ban": {**FORBIDDING, "in_force_until_ns": NOW_NS - DAY_NS}}),
    ),
    case(
        "a prohibition that ended by notice outlives it too",
        _OLD_BAN,
        other("old.toml", "old", {"ban": FORBIDDING}),
        merged(notice(about="old", valid_ns=NOW_NS), {}),
    ),
    case(
        "a permission that ended does not outlive its end",
        withhold("path-not-allowed", "leg-withheld", by=["pact.toml#direct"]),
        pact(clauses={"hub": None, "leg": None, "direct": CLAUSE}),
        other("old.toml", "old", {"hub": {**CLAUSE, "via": "USA"}}, in_force_until_ns=NOW_NS),
    ),
)
"""What is passed on stays protected as its agreement said at its end."""


def word(number: int, officer: str, **changes: Any) -> Json:
    """A consent by one of several officers of Japan."""
    return consent(number, **{"officer": f"JPN/{officer}", **changes})


_BOTH: Final = permit(consent="JPN/consent/2")
TWO: Final[tuple[Case, ...]] = (
    case("without a word of anybody two are asked", refer()),
    case("one officer alone is not enough", refer(), word(1, "first")),
    case("two officers are enough", _BOTH, word(1, "first"), word(2, "second")),
    case("one officer twice is one officer", refer(), word(1, "first"), word(2, "first", version=2)),
    case("one who refuses is enough to refuse", withhold("consent-refused"), word(1, "first", granted=False)),
    case(
        "one who grants and one who refuses make a refusal",
        withhold("consent-refused"),
        word(1, "first"),
        word(2, "second", granted=False),
    ),
    case(
        "two who grant and one who refuses make a refusal",
        withhold("consent-refused"),
        word(1, "first"),
        word(2, "second"),
        word(3, "third", granted=False),
    ),
    case(
        "three who grant are enough",
        permit(consent="JPN/consent/3"),
        word(1, "first"),
        word(2, "second"),
        word(3, "third"),
    ),
    case(
        "an officer's last word counts, where it grants",
        permit(consent="JPN/consent/3"),
        word(1, "first", valid_ns=NOW_NS - 9 * SECOND_NS, granted=False),
        word(2, "second"),
        word(3, "first"),
    ),
    case(
        "an officer's last word counts, where it refuses",
        withhold("consent-refused"),
        word(1, "first", valid_ns=NOW_NS - 9 * SECOND_NS),
        word(2, "second"),
        word(3, "first", granted=False),
    ),
    case(
        "one whose word has ended leaves one", refer(), word(1, "first", until_ns=NOW_NS), word(2, "second")
    ),
    case(
        "one whose word is still to begin leaves one",
        refer(),
        word(1, "first", valid_ns=NOW_NS + 1),
        word(2, "second"),
    ),
    case(
        "one who speaks of another subject leaves one",
        refer(),
        word(1, "first", subjects=["object-2"]),
        word(2, "second"),
    ),
    case(
        "one who speaks of another path leaves one", refer(), word(1, "first", via="USA"), word(2, "second")
    ),
    case(
        "one who speaks of another clause leaves one",
        refer(),
        word(1, "first", clause="pact#other"),
        word(2, "second"),
    ),
    case(
        "one of the recipient's officers leaves one",
        refer(),
        word(1, "first"),
        consent(2, officer="KOR/officer", label={"originator": "KOR"}, provenance={"originators": ["KOR"]}),
    ),
    case(
        "a refusal that has ended does not refuse",
        permit(consent="JPN/consent/3"),
        word(1, "first", until_ns=NOW_NS, granted=False),
        word(2, "second"),
        word(3, "third"),
    ),
    case(
        "one played by a script leaves one for what is real",
        refer(),
        item(status="real"),
        word(1, "first", status="real"),
        word(2, "second", status="real", assumed=False),
    ),
    case(
        "two persons are enough for what is real",
        _BOTH,
        item(status="real"),
        word(1, "first", status="real", assumed=False),
        word(2, "second", status="real", assumed=False),
    ),
    case(
        "a coarser clause that needs nobody is chosen before two officers",
        permit("existence", by="pact.toml#free"),
        more("free", form="existence"),
    ),
)
"""Each officer's last word; any refusal refuses; two must grant."""
