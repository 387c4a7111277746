"""Rule 10: what a party shows its own staff."""

from typing import Final

from conformance.families.parts import (
    CLAUSE,
    NOW_NS,
    Case,
    Family,
    Json,
    base,
    case,
    consent,
    item,
    label,
    level,
    permit,
    refer,
    request,
    together,
    withhold,
)

SHOWN = "internal.toml#shown"
INTERNAL: Json = {
    "agreements": {
        "pact.toml": None,
        "internal.toml": {
            "agreement_id": "internal",
            "version": 1,
            "title": "made up",
            "parties": ["JPN", "JPN/watch", "JPN/radar"],
            "in_force_from_ns": 0,
            "purposes": ["missile-warning"],
            "onward": "never",
            "clauses": {"shown": {**CLAUSE, "receivers": ["JPN/watch"]}},
        },
    },
    "request": {"recipient": "JPN/watch"},
}
KOREAN = together(
    item(item_id="KOR/track/1", provenance={"originators": ["KOR"]}),
    label(originator="KOR", classification={"scheme": "KOR", "level": "II"}, releasable_to=["JPN"]),
)
ALLIES: Json = {
    "agreement_id": "allies",
    "version": 1,
    "title": "made up",
    "parties": ["JPN", "KOR", "USA", "JPN/watch", "JPN/radar", "KOR/watch"],
    "in_force_from_ns": 0,
    "purposes": ["missile-warning"],
    "onward": "never",
}
BARE: Json = {name: value for name, value in CLAUSE.items() if name not in {"form", "highest"}}


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(10, "an own track shown to the own watch", base(INTERNAL), OWN),
        Family(10, "a Korean track shown to the Japanese watch", base(INTERNAL, KOREAN), HELD),
    ]


def shown(**changes: object) -> Json:
    """A change of the clause of the internal agreement."""
    return {"agreements": {"internal.toml": {"clauses": {"shown": changes}}}}


def also(**changes: object) -> Json:
    """One more clause in the internal agreement."""
    return {
        "agreements": {
            "internal.toml": {"clauses": {"also": {**CLAUSE, "receivers": ["JPN/watch"], **changes}}}
        }
    }


def allies_ban(**changes: object) -> Json:
    """An agreement of the allies with one prohibition, by Korea for Japan unless it says otherwise."""
    forbid = {**BARE, "effect": "forbid", "givers": ["KOR"], "receivers": ["JPN"], **changes}
    return {"agreements": {"allies.toml": {**ALLIES, "clauses": {"ban": forbid}}}}


OWN: Final[tuple[Case, ...]] = (
    case("a label that names no staff is shown to the party's own", permit(by=SHOWN)),
    case("a label for nobody is shown to the party's own staff", permit(by=SHOWN), label(releasable_to=[])),
    case(
        "a level that never leaves is not shown",
        withhold("level-never-leaves", by=SHOWN),
        level("JPN", "KIMITSU"),
        shown(highest={"scheme": "JPN", "level": "KIMITSU"}),
    ),
    case(
        "an unknown level is not shown",
        withhold("label-unknown", "classification-too-high", by=SHOWN),
        level("JPN", "Gokuhi"),
    ),
    case(
        "a label that has ended is not shown",
        withhold("label-expired", by=SHOWN),
        label(expires_ns=NOW_NS),
    ),
    case(
        "a level above the clause is not shown",
        withhold("classification-too-high", by=SHOWN),
        shown(highest={"scheme": "JPN", "level": "HI"}),
    ),
    case(
        "a category that the watch is not read into is not shown",
        withhold("category-not-held", by=SHOWN),
        label(restrictive=["SEA"]),
    ),
    case("the staff's path is direct", withhold("path-not-allowed", by=SHOWN), request(via="JPN/radar")),
    case("whole estimates are shown before tracklets", permit(by=SHOWN), also(form="tracklets")),
    case(
        "tracklets are shown where there is no whole estimate",
        permit("tracklets", by="internal.toml#also"),
        also(form="tracklets"),
        item(state=None),
    ),
    case(
        "tracklets are shown before coarse estimates",
        permit("tracklets", by="internal.toml#also"),
        also(form="tracklets"),
        shown(form="coarse-tracks"),
    ),
    case("whole estimates are shown before coarse ones", permit(by=SHOWN), also(form="coarse-tracks")),
    case(
        "a permission for one desk is none for another",
        withhold("no-clause", by=[]),
        request(recipient="JPN/radar"),
    ),
    case(
        "without an internal agreement nothing is shown",
        withhold("no-agreement", by=[]),
        {
            "agreements": {
                "internal.toml": None,
                "allies.toml": {
                    **ALLIES,
                    "parties": ["JPN", "KOR", "USA"],
                    "clauses": {"tracks": CLAUSE},
                },
            }
        },
    ),
    case(
        "an internal agreement for another purpose shows nothing",
        withhold("purpose-not-allowed", by=[]),
        request(purpose="relief"),
    ),
    case(
        "an internal agreement that has ended shows nothing",
        withhold("not-in-force", by=[]),
        {"agreements": {"internal.toml": {"in_force_until_ns": NOW_NS}}},
    ),
    case("originator control asks nothing at home", permit(by=SHOWN), label(caveats=["originator-control"])),
    case(
        "the party's officer must approve where the clause says so",
        refer(by=SHOWN),
        shown(approval="originator"),
    ),
    case(
        "the party's officer may grant",
        permit(by=SHOWN, consent="JPN/consent/1"),
        shown(approval="originator"),
        consent(recipient="JPN/watch", clause="internal#shown"),
    ),
    case(
        "the party's officer may refuse",
        withhold("consent-refused", by=SHOWN),
        shown(approval="originator"),
        consent(recipient="JPN/watch", clause="internal#shown", granted=False),
    ),
    case(
        "what the radar made is not shown to the radar",
        withhold("recipient-is-originator", by=[]),
        request(recipient="JPN/radar"),
        label(originator="JPN/radar", releasable_to=["JPN"]),
        item(provenance={"originators": ["JPN/radar"]}),
    ),
    case(
        "what the radar made for the party is shown to the watch",
        permit(by=SHOWN),
        label(originator="JPN/radar", releasable_to=["JPN"]),
        item(provenance={"originators": ["JPN/radar"]}),
    ),
    case(
        "what the radar made for itself is not the party's to show",
        withhold("sender-not-holder", "not-releasable-to", by=SHOWN),
        label(originator="JPN/radar", releasable_to=[]),
        item(provenance={"originators": ["JPN/radar"]}),
    ),
    case(
        "a prohibition of the party for its watch forbids",
        withhold("clause-forbids", by="allies.toml#ban"),
        allies_ban(givers=["JPN"], receivers=["JPN/watch"]),
    ),
    case(
        "a prohibition of another party's for its watch forbids nothing here",
        permit(by=SHOWN),
        allies_ban(receivers=["KOR/watch", "JPN/watch"]),
    ),
)
"""Whole estimates first; the party's own clauses make the form."""


_BAN: Final = "allies.toml#ban"
_FORBIDDEN: Final = withhold("clause-forbids", by=[SHOWN, _BAN])
HELD: Final[tuple[Case, ...]] = (
    case("what a partner released is shown by the party's own clause", permit(by=SHOWN)),
    case(
        "what a partner did not release to the party is not shown",
        withhold("sender-not-holder", "not-releasable-to", by=SHOWN),
        label(releasable_to=["USA"]),
    ),
    case(
        "what a partner released to the watch alone the party does not hold",
        withhold("sender-not-holder", by=SHOWN),
        label(releasable_to=["JPN/watch"]),
    ),
    case(
        "a partner's clause for the watch is none of the party's",
        withhold("no-clause", by=[]),
        shown(givers=["JPN/radar"]),
    ),
    case("a partner's prohibition for the watch forbids", _FORBIDDEN, allies_ban(receivers=["JPN/watch"])),
    case("a partner's prohibition for the party covers its watch", _FORBIDDEN, allies_ban()),
    case(
        "a partner's prohibition of passing through the party covers its watch",
        _FORBIDDEN,
        allies_ban(receivers=["JPN/watch"], via="JPN"),
    ),
    case(
        "a partner's prohibition of another path forbids nothing",
        permit(by=SHOWN),
        allies_ban(receivers=["JPN/watch"], via="USA"),
    ),
    case(
        "a partner's prohibition for the radar leaves the watch",
        permit(by=SHOWN),
        allies_ban(receivers=["JPN/radar"]),
    ),
    case(
        "a partner's prohibition of another kind forbids nothing",
        permit(by=SHOWN),
        allies_ban(kinds=["event"]),
    ),
    case(
        "a third party's prohibition forbids nothing in which it has no part",
        permit(by=SHOWN),
        allies_ban(givers=["USA"]),
    ),
    case(
        "a third party's prohibition forbids what has its part",
        _FORBIDDEN,
        allies_ban(givers=["USA"]),
        item(provenance={"originators": ["KOR", "USA"]}),
    ),
    case(
        "a third party's part needs no permission of its own to be shown",
        permit(by=SHOWN),
        item(provenance={"originators": ["KOR", "USA"]}),
    ),
    case(
        "originator control of a partner asks nothing at home",
        permit(by=SHOWN),
        label(caveats=["originator-control"]),
    ),
    case(
        "approval by a partner's officer is none by the party's",
        refer(by=SHOWN),
        shown(approval="originator"),
        consent(
            recipient="JPN/watch",
            clause="internal#shown",
            officer="KOR/officer",
            label={"originator": "KOR"},
            provenance={"originators": ["KOR"]},
        ),
    ),
    case(
        "a level that never leaves is not shown, also a partner's",
        withhold("level-never-leaves", by=SHOWN),
        level("KOR", "I"),
        shown(highest={"scheme": "KOR", "level": "I"}),
    ),
    case(
        "another party's watch is not the party's staff",
        withhold("not-releasable-to", "third-party-rule", "no-clause", by=[]),
        request(recipient="KOR/watch"),
        {
            "agreements": {
                "allies.toml": {
                    **ALLIES,
                    "clauses": {
                        "t": {
                            **CLAUSE,
                            "givers": ["KOR"],
                            "receivers": ["JPN", "KOR/watch"],
                            "kinds": ["event"],
                        }
                    },
                }
            }
        },
    ),
    case(
        "a party whose code begins alike is nobody's staff",
        withhold("not-releasable-to", "no-agreement", "third-party-rule", by=[]),
        request(recipient="JPNX/watch"),
    ),
)
"""What others gave goes by the party's own clauses, and whoever made a part may forbid it."""
