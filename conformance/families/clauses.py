"""Rules 3, 4 and 8: when a clause speaks, of what, and what a prohibition covers."""

from typing import Final

from conformance.families.parts import (
    CLAUSE,
    DAY_NS,
    HUB,
    NOW_NS,
    TRACKS,
    Case,
    Family,
    Json,
    ban,
    base,
    case,
    clause,
    hub_base,
    item,
    label,
    level,
    more,
    other,
    pact,
    permit,
    request,
    withhold,
)

BAN = "pact.toml#ban"
DOMAINS = ("maritime", "cyber", "relief", "seismic", "consultation")


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(3, "when an agreement speaks", base(), windows()),
        Family(3, "the newest version that has begun", base(), versions()),
        Family(3, "purposes", base(), purposes()),
        Family(4, "kinds, domains and directions of permissions", base(), scopes()),
        Family(4, "kinds, domains and directions of prohibitions", base(ban()), SCOPES_OF_BANS),
        Family(8, "what a prohibition covers", base(ban()), bans()),
        Family(8, "prohibitions and paths", hub_base(), bans_of_paths()),
    ]


def windows() -> tuple[Case, ...]:
    """From its first instant until just before its last."""
    gone = withhold("not-in-force", by=[])
    return (
        case("an agreement that begins at this instant speaks", permit(), pact(in_force_from_ns=NOW_NS)),
        case(
            "an agreement that begins a nanosecond later does not speak",
            gone,
            pact(in_force_from_ns=NOW_NS + 1),
        ),
        case("an agreement that ends at this instant does not speak", gone, pact(in_force_until_ns=NOW_NS)),
        case(
            "an agreement that ends a nanosecond later speaks", permit(), pact(in_force_until_ns=NOW_NS + 1)
        ),
        case(
            "an agreement that ended last year does not speak",
            gone,
            pact(in_force_from_ns=0, in_force_until_ns=NOW_NS - 365 * DAY_NS),
        ),
        case(
            "an agreement that survives its end gives nothing new",
            gone,
            pact(in_force_until_ns=NOW_NS - 1, survives_end=True),
        ),
        case(
            "an agreement whose notice runs still speaks",
            permit(),
            pact(in_force_until_ns=NOW_NS + 90 * DAY_NS, notice_days=90),
        ),
        case(
            "an agreement that renews itself speaks until its written end and not after",
            gone,
            pact(in_force_until_ns=NOW_NS - 1, renewal_months=12),
        ),
        case(
            "another agreement that has ended changes nothing",
            permit(),
            other("old.toml", "old", in_force_until_ns=NOW_NS - 1),
        ),
        case(
            "another agreement in force speaks where this one has ended",
            permit(by="new.toml#tracks"),
            pact(in_force_until_ns=NOW_NS - 1),
            other("new.toml", "new"),
        ),
        case(
            "a prohibition of an agreement that has ended forbids nothing",
            permit(),
            other("old.toml", "old", {"ban": forbidding()}, in_force_until_ns=NOW_NS),
        ),
        case(
            "a prohibition of an agreement that has not begun forbids nothing",
            permit(),
            other("later.toml", "later", {"ban": forbidding()}, in_force_from_ns=NOW_NS + 1),
        ),
        case(
            "a prohibition of another agreement in force forbids",
            withhold("clause-forbids", by="now.toml#ban"),
            other("now.toml", "now", {"ban": forbidding()}),
        ),
    )


def forbidding() -> Json:
    """A prohibition of what the clause of the base permits."""
    bare = {name: value for name, value in CLAUSE.items() if name not in {"form", "highest"}}
    return {**bare, "effect": "forbid"}


def versions() -> tuple[Case, ...]:
    """A newer version replaces the older one when it begins, and for ever."""
    coarse = {"tracks": {**CLAUSE, "form": "coarse-tracks"}}
    new = "new.toml#tracks"
    return (
        case(
            "a newer version that has begun speaks instead",
            permit("coarse-tracks", by=new),
            other("new.toml", "pact", coarse, version=2),
        ),
        case(
            "a newer version that begins at this instant speaks",
            permit("coarse-tracks", by=new),
            other("new.toml", "pact", coarse, version=2, in_force_from_ns=NOW_NS),
        ),
        case(
            "a newer version that begins a nanosecond later does not speak yet",
            permit(),
            other("new.toml", "pact", coarse, version=2, in_force_from_ns=NOW_NS + 1),
        ),
        case(
            "an older version says nothing beside a newer one",
            permit(),
            other("old.toml", "pact", coarse, version=7),
            pact(version=8),
        ),
        case(
            "a newer version that has ended does not bring the older one back",
            withhold("not-in-force", by=[]),
            other("new.toml", "pact", coarse, version=2, in_force_until_ns=NOW_NS),
        ),
        case(
            "a newer version without the clause takes the permission away",
            withhold("no-clause", by=[]),
            other("new.toml", "pact", {"events": {**CLAUSE, "kinds": ["event"]}}, version=2),
        ),
        case(
            "a newer version without the prohibition takes the prohibition away",
            permit(by=new),
            ban(),
            other("new.toml", "pact", version=2),
        ),
        case(
            "a newer version with a prohibition forbids",
            withhold("clause-forbids", by="new.toml#ban"),
            other("new.toml", "pact", {"tracks": CLAUSE, "ban": forbidding()}, version=2),
        ),
        case(
            "a higher version of another agreement changes nothing",
            permit("tracks"),
            other("else.toml", "else", coarse, version=9),
        ),
        case(
            "of three versions the newest that has begun speaks",
            permit("existence", by="second.toml#tracks"),
            other("second.toml", "pact", {"tracks": {**CLAUSE, "form": "existence"}}, version=2),
            other("third.toml", "pact", coarse, version=3, in_force_from_ns=NOW_NS + DAY_NS),
        ),
        case(
            "a newer version for another purpose does not leave this one to the older",
            withhold("purpose-not-allowed", by=[]),
            other("new.toml", "pact", version=2, purposes=["relief"]),
        ),
        case(
            "a newer version that began before the older one still replaces it",
            permit("coarse-tracks", by=new),
            other("new.toml", "pact", coarse, version=2, in_force_from_ns=0),
        ),
    )


def purposes() -> tuple[Case, ...]:
    """A clause speaks for the purposes of its agreement, word for word."""
    wrong = withhold("purpose-not-allowed", by=[])
    return (
        case("another purpose is not covered", wrong, request(purpose="relief")),
        case("a purpose in capitals is another purpose", wrong, request(purpose="Missile-Warning")),
        case("a purpose cut short is another purpose", wrong, request(purpose="missile")),
        case("one of several purposes is covered", permit(), pact(purposes=["relief", "missile-warning"])),
        case("none of several purposes is covered", wrong, pact(purposes=["relief", "sea-rescue"])),
        case(
            "a prohibition for another purpose forbids nothing",
            permit(),
            other("else.toml", "else", {"ban": forbidding()}, purposes=["relief"]),
        ),
        case(
            "a purpose that another agreement has is covered by it alone",
            permit("existence", by="else.toml#tracks"),
            request(purpose="relief"),
            other("else.toml", "else", {"tracks": {**CLAUSE, "form": "existence"}}, purposes=["relief"]),
        ),
        case(
            "where one agreement has ended and one has another purpose, the purpose is told",
            wrong,
            pact(in_force_until_ns=NOW_NS),
            other("else.toml", "else", purposes=["relief"]),
        ),
    )


_NONE: Final = withhold("no-clause", by=[])
_PARTIES: Final = pact(parties=["JPN", "KOR", "USA", "KOR/watch", "JPN/radar"])
SCOPES: Final[tuple[Case, ...]] = (
    case(
        "a clause for several kinds and domains covers one of them",
        permit(),
        clause(kinds=["event", "track"], domains=["maritime", "missile"]),
    ),
    case(
        "a clause for the other direction says nothing of this one",
        _NONE,
        clause(givers=["KOR"], receivers=["JPN"]),
    ),
    case("a clause for another giver says nothing of this one", _NONE, clause(givers=["USA"])),
    case("a clause for another receiver says nothing of this one", _NONE, clause(receivers=["USA"])),
    case(
        "a clause in both directions covers each",
        permit(),
        clause(givers=["KOR", "JPN"], receivers=["JPN", "KOR"]),
    ),
    case(
        "a clause for three parties covers two of them",
        permit(),
        clause(givers=["JPN", "KOR", "USA"], receivers=["JPN", "KOR", "USA"]),
    ),
    case(
        "a permission for a party is none for its watch",
        _NONE,
        _PARTIES,
        request(recipient="KOR/watch"),
        label(releasable_to=["KOR", "KOR/watch"]),
    ),
    case(
        "a permission for the watch is none for its party", _NONE, _PARTIES, clause(receivers=["KOR/watch"])
    ),
    case(
        "a permission for the watch covers the watch",
        permit(),
        _PARTIES,
        clause(receivers=["KOR/watch"]),
        request(recipient="KOR/watch"),
        label(releasable_to=["KOR/watch"]),
    ),
    case(
        "a permission of a party is none of its radar",
        _NONE,
        _PARTIES,
        request(sender="JPN/radar"),
        label(originator="JPN/radar"),
        item(provenance={"originators": ["JPN/radar"]}),
    ),
    case(
        "a permission of the radar covers the radar",
        permit(),
        _PARTIES,
        clause(givers=["JPN/radar"]),
        request(sender="JPN/radar"),
        label(originator="JPN/radar"),
        item(provenance={"originators": ["JPN/radar"]}),
    ),
    case("a permission of the radar is none of its party", _NONE, _PARTIES, clause(givers=["JPN/radar"])),
)
"""Directions; and that a permission for a party is none for its staff, nor the other way round."""


def scopes() -> tuple[Case, ...]:
    """A permission speaks of the kinds, domains, givers and receivers that it names."""
    none = withhold("no-clause", by=[])
    found = [
        case(f"a clause for {domain} says nothing of a missile", none, clause(domains=[domain]))
        for domain in DOMAINS
    ]
    found += [
        case(
            f"a clause for missiles says nothing of a track in the domain {domain}", none, item(domain=domain)
        )
        for domain in DOMAINS[:2]
    ]
    found += [
        case(f"a clause for each {kind} says nothing of a track", none, clause(kinds=[kind]))
        for kind in ("report", "event", "area", "warning", "vessel", "consent")
    ]
    return (*found, *SCOPES)


_FORBIDDEN: Final = withhold("clause-forbids", by=BAN)
_STAFF: Final = pact(parties=["JPN", "KOR", "USA", "KOR/watch", "JPN/radar"])
_TO_WATCH: Final = (
    _STAFF,
    clause(receivers=["KOR", "KOR/watch"]),
    request(recipient="KOR/watch"),
    label(releasable_to=["KOR/watch"]),
)
_OF_RADAR: Final = (
    _STAFF,
    clause(givers=["JPN", "JPN/radar"]),
    request(sender="JPN/radar"),
    label(originator="JPN/radar"),
    item(provenance={"originators": ["JPN/radar"]}),
)
SCOPES_OF_BANS: Final[tuple[Case, ...]] = (
    case("a prohibition wins over a permission", _FORBIDDEN),
    case("a prohibition of another kind forbids nothing", permit(), clause("ban", kinds=["event"])),
    case("a prohibition in another domain forbids nothing", permit(), clause("ban", domains=["maritime"])),
    case("a prohibition of another giver forbids nothing", permit(), clause("ban", givers=["USA"])),
    case("a prohibition for another receiver forbids nothing", permit(), clause("ban", receivers=["USA"])),
    case(
        "a prohibition in the other direction forbids nothing",
        permit(),
        clause("ban", givers=["KOR"], receivers=["JPN"]),
    ),
    case(
        "a prohibition of several kinds forbids one of them",
        _FORBIDDEN,
        clause("ban", kinds=["event", "track"]),
    ),
    case(
        "a prohibition in several domains forbids one of them",
        _FORBIDDEN,
        clause("ban", domains=["cyber", "missile"]),
    ),
    case("a prohibition for a party is one for its watch", _FORBIDDEN, *_TO_WATCH),
    case(
        "a prohibition for the watch is none for its party",
        permit(),
        _STAFF,
        clause("ban", receivers=["KOR/watch"]),
    ),
    case(
        "a prohibition for the watch forbids the watch",
        _FORBIDDEN,
        *_TO_WATCH,
        clause("ban", receivers=["KOR/watch"]),
    ),
    case("a prohibition of a party is one of its radar", _FORBIDDEN, *_OF_RADAR),
    case(
        "a prohibition of the radar is none of its party",
        permit(),
        _STAFF,
        clause("ban", givers=["JPN/radar"]),
    ),
    case(
        "a prohibition of the radar forbids the radar",
        _FORBIDDEN,
        *_OF_RADAR,
        clause("ban", givers=["JPN/radar"]),
    ),
    case(
        "a prohibition wins where nothing is permitted too",
        withhold("clause-forbids", "no-clause", by=BAN),
        clause(kinds=["event"]),
    ),
)
"""A prohibition speaks of what it names too, but one on a party is one on its staff."""


def bans() -> tuple[Case, ...]:
    """What a prohibition does not say, it covers."""
    forbidden = withhold("clause-forbids", by=BAN)
    found = [
        case(f"a prohibition that names no status covers what is {status}", forbidden, item(status=status))
        for status in ("real", "exercise")
    ]
    found += [
        case(
            f"a prohibition of what is {named} {'covers' if named == status else 'leaves'} what is {status}",
            forbidden if named == status else permit(),
            clause("ban", statuses=[named]),
            item(status=status),
        )
        for named in ("real", "exercise", "simulated")
        for status in ("real", "exercise", "simulated")
    ]
    for scheme, name in (("JPN", "UNCLASSIFIED"), ("JPN", "HI"), ("KOR", "III"), ("USA", "SECRET")):
        found.append(
            case(f"a prohibition covers {scheme} {name}, having no level", forbidden, level(scheme, name))
        )
    carried: tuple[tuple[str, list[str], list[str], list[str], bool], ...] = (
        ("a label without categories", [], [], ["SEA"], False),
        ("a label that asks for it", ["SEA"], [], ["SEA"], True),
        ("a label that asks for any of it", [], ["SEA"], ["SEA"], True),
        ("a label that asks for another", ["SPACE"], [], ["SEA"], False),
        ("a label that asks for it and another", ["SPACE", "SEA"], [], ["SEA"], True),
        ("a label that asks for any of it and another", [], ["SPACE", "SEA"], ["SEA", "SIGNALS"], True),
        ("a label that asks for it in small letters", ["sea"], [], ["SEA"], False),
    )
    found += [
        case(
            f"a prohibition of a category {'covers' if covers else 'leaves'} {what}",
            forbidden if covers else permit(),
            label(restrictive=restrictive, permissive=permissive),
            clause("ban", categories=named),
            clause(categories=["SEA", "SPACE", "SIGNALS", "sea"]),
        )
        for what, restrictive, permissive, named, covers in carried
    ]
    found += [
        case(
            "a prohibition of no category covers a label with some",
            forbidden,
            label(restrictive=["SEA"]),
            clause(categories=["SEA"]),
        ),
        case(
            "two prohibitions are both named",
            withhold("clause-forbids", by=[BAN, "pact.toml#ban-2"]),
            ban("ban-2", kinds=["track", "area"]),
        ),
        case("of two prohibitions the one that covers is named", forbidden, ban("ban-2", kinds=["area"])),
        case(
            "a prohibition is told before a label for nobody",
            withhold("clause-forbids", "not-releasable-to", by=BAN),
            label(releasable_to=[]),
        ),
        case(
            "a prohibition is told after an ended label",
            withhold("label-expired", "clause-forbids", by=BAN),
            label(expires_ns=NOW_NS),
        ),
        case(
            "a prohibition is named alone where a clause fails too",
            withhold("clause-forbids", "classification-too-high", by=BAN),
            clause(highest={"scheme": "JPN", "level": "HI"}),
        ),
    ]
    return tuple(found)


def bans_of_paths() -> tuple[Case, ...]:
    """A prohibition with a path covers that path, one without covers every path."""
    direct = (request(via=None), more("tracks"))
    return (
        case(
            "a prohibition without a path covers that through the United States",
            withhold("clause-forbids", by=BAN),
            ban(),
        ),
        case(
            "a prohibition of the path through the United States covers it",
            withhold("clause-forbids", by=BAN),
            ban(via="USA"),
        ),
        case(
            "a prohibition of the path through the United States leaves the direct one",
            permit(by=TRACKS),
            ban(via="USA"),
            *direct,
        ),
        case(
            "a prohibition of another path leaves this one",
            permit(by=HUB),
            pact(parties=["JPN", "KOR", "USA", "GBR"]),
            ban(via="GBR"),
        ),
        case(
            "a prohibition without a path covers the direct one",
            withhold("clause-forbids", by=BAN),
            ban(),
            *direct,
        ),
        case(
            "a prohibition for Korea leaves the leg to the United States",
            withhold("clause-forbids", by=BAN),
            ban(),
            pact(clauses={"hub": {"form": "existence"}}),
        ),
        case(
            "a prohibition of the path binds who passes on",
            withhold("clause-forbids", by=BAN),
            ban(via="USA"),
            request(sender="USA", via=None),
        ),
        case(
            "a prohibition by who passes on does not bind the originator's track",
            permit(by=HUB),
            ban(givers=["USA"]),
            request(sender="USA", via=None),
        ),
    )
