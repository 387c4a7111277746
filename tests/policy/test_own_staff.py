"""What a party may show its own staff: rule 10 of `decide`. Refusals outnumber permits."""

from typing import Any

import pytest
from tests.policy.cases import NOW_NS, agreements, area, ask, consent, event, label, report, track, vessel

from trilat.model import (
    AnyItem,
    Caveat,
    Classification,
    Consent,
    Duties,
    Form,
    Outcome,
    Provenance,
    Reason,
    Track,
)
from trilat.policy import ReleaseRequest, decide, degrade

HEAD = """
[agreement]
id = "{id}"
version = 1
title = "{id}"
parties = ["JPN", "JPN/staff", "JPN/radar", "KOR", "KOR/staff", "USA"]
in_force_from = {since}
purposes = ["{purpose}"]
onward = "with-consent"
"""
BASE = {
    "domains": '["missile", "maritime"]',
    "kinds": '["track", "event", "area"]',
    "from": '["JPN"]',
    "to": '["JPN/staff"]',
}
PERMISSION = BASE | {
    "effect": '"permit"',
    "form": '"tracks"',
    "highest": '{ scheme = "JPN", level = "GOKUHI" }',
}
PROHIBITION = BASE | {"effect": '"forbid"'}


def clause(clause_id: str, base: dict[str, str] | None = None, duties: str = "", **fields: str) -> str:
    values = (base or PERMISSION) | {name.rstrip("_"): value for name, value in fields.items()}
    lines = "\n".join(f"{name} = {value}" for name, value in values.items())
    more = f"[clause.duties]\n{duties}\n" if duties else ""
    return f'\n[[clause]]\nid = "{clause_id}"\narticle = "1"\n{lines}\n{more}'


def home(
    *clauses: str, purpose: str = "missile-warning", since: str = "2020-01-01T00:00:00Z", name: str = "home"
) -> str:
    return HEAD.format(id=name, since=since, purpose=purpose) + "".join(clauses)


def foreign(originator: str = "USA", **changes: Any) -> AnyItem:
    return track(originator, label=label(originator, **changes))


def fused(*others: str) -> AnyItem:
    return track(provenance=Provenance(originators=("JPN", *others)))


SHOWN = home(clause("1"))
BAN = clause("2", PROHIBITION, from_='["USA"]')
TO_STAFF = ask(recipient="JPN/staff")
REFUSALS: list[tuple[str, str, AnyItem, ReleaseRequest, list[Consent], str, list[str]]] = [
    (
        "a level that nobody knows",
        SHOWN,
        foreign(classification=Classification(scheme="USA", level="Secret")),
        TO_STAFF,
        [],
        "label-unknown classification-too-high",
        ["1"],
    ),
    (
        "a partner's label that has ended",
        SHOWN,
        foreign(created_ns=NOW_NS - 9, expires_ns=NOW_NS),
        TO_STAFF,
        [],
        "label-expired",
        ["1"],
    ),
    (
        "a partner's item that the party does not lawfully hold",
        SHOWN,
        foreign(releasable_to=("KOR",)),
        TO_STAFF,
        [],
        "sender-not-holder not-releasable-to",
        ["1"],
    ),
    (
        "a partner's item whose label names one of the staff and not the party",
        SHOWN,
        foreign(releasable_to=("JPN/staff",)),
        TO_STAFF,
        [],
        "sender-not-holder",
        ["1"],
    ),
    (
        "a partner's item whose label names another of the staff",
        SHOWN,
        foreign(releasable_to=("JPN/radar",)),
        TO_STAFF,
        [],
        "sender-not-holder not-releasable-to",
        ["1"],
    ),
    (
        "what the member of staff made itself",
        SHOWN,
        track("JPN/staff", label=label("JPN/staff", releasable_to=("JPN",))),
        TO_STAFF,
        [],
        "label-unknown recipient-is-originator",
        [],
    ),
    (
        "an own item of a level that never leaves, not even to the staff",
        SHOWN,
        track(label=label(classification=Classification(scheme="JPN", level="KIMITSU"))),
        TO_STAFF,
        [],
        "level-never-leaves classification-too-high",
        ["1"],
    ),
    (
        "a prohibition of the party's own",
        home(clause("1"), clause("2", PROHIBITION)),
        track(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "a prohibition of the party's own, of a partner's item",
        home(clause("1"), clause("2", PROHIBITION)),
        foreign(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "the originator's prohibition that names the staff",
        home(clause("1"), BAN),
        foreign(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["1", "2"],
    ),
    (
        "the originator's prohibition that names the party",
        home(clause("1"), clause("2", PROHIBITION, from_='["USA"]', to='["JPN"]')),
        foreign(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["1", "2"],
    ),
    (
        "the originator's prohibition to pass on, by this path",
        home(clause("1"), clause("2", PROHIBITION, from_='["USA"]', via='"JPN"')),
        foreign(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["1", "2"],
    ),
    (
        "a prohibition of whoever has a part in it",
        home(clause("1"), BAN),
        fused("KOR", "USA"),
        TO_STAFF,
        [],
        "clause-forbids",
        ["1", "2"],
    ),
    (
        "a prohibition among partners that names the party on both sides",
        home(clause("1"), clause("2", PROHIBITION, from_='["JPN", "KOR"]', to='["JPN", "KOR"]')),
        track(),
        TO_STAFF,
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "another party's staff, under this party's clause for its own",
        SHOWN,
        track(),
        ask(recipient="KOR/staff"),
        [],
        "not-releasable-to no-clause",
        [],
    ),
    (
        "another party's staff that a clause names and the label does not",
        home(clause("1", to='["KOR/staff"]')),
        track(),
        ask(recipient="KOR/staff"),
        [],
        "not-releasable-to",
        ["1"],
    ),
    (
        "another party's staff that the label names and no clause",
        home(clause("1", to='["KOR"]')),
        track(label=label(releasable_to=("KOR", "KOR/staff"))),
        ask(recipient="KOR/staff"),
        [],
        "no-clause",
        [],
    ),
    (
        "a partner that shows an item to this party's staff",
        home(clause("1"), clause("2", to='["JPN"]', from_='["USA"]')),
        track("USA"),
        ask("USA", "JPN/staff"),
        [],
        "not-releasable-to no-clause",
        [],
    ),
    (
        "a member of staff that shows another what the party may",
        SHOWN,
        foreign(releasable_to=("JPN", "JPN/radar", "JPN/staff")),
        ask("JPN/radar", "JPN/staff"),
        [],
        "third-party-rule no-clause",
        [],
    ),
    (
        "a first leg to own staff that the label does not name",
        home(clause("1"), clause("2", to='["KOR"]', via='"JPN/staff"')),
        track(),
        ask(via="JPN/staff"),
        [],
        "leg-withheld",
        ["1", "2"],
    ),
    (
        "the officer's refusal",
        home(clause("1", approval='"originator"')),
        track(),
        TO_STAFF,
        [consent(recipient="JPN/staff", clause="home#1", granted=False)],
        "consent-refused",
        ["1"],
    ),
    ("no internal agreement", "", track(), TO_STAFF, [], "no-agreement", []),
    ("no internal agreement for a partner's item", "", foreign(), TO_STAFF, [], "no-agreement", []),
    (
        "an internal agreement yet to begin",
        home(clause("1"), since="2025-01-01T00:00:00Z"),
        foreign(),
        TO_STAFF,
        [],
        "not-in-force",
        [],
    ),
    (
        "an internal agreement for another purpose",
        home(clause("1"), purpose="relief"),
        foreign(),
        TO_STAFF,
        [],
        "purpose-not-allowed",
        [],
    ),
    ("a kind that no internal clause names", SHOWN, report("USA"), TO_STAFF, [], "no-clause", []),
    ("another of the staff", SHOWN, foreign(), ask(recipient="JPN/radar"), [], "no-clause", []),
    (
        "the originator's clause for the staff, and none of the party's own",
        home(clause("1", from_='["USA"]', via='"JPN"')),
        foreign(releasable_to=("JPN", "JPN/staff")),
        TO_STAFF,
        [],
        "no-clause",
        [],
    ),
    (
        "an own item through a third",
        home(clause("1"), clause("2", via='"USA"'), clause("3", to='["USA"]')),
        track(),
        ask(recipient="JPN/staff", via="USA"),
        [],
        "path-not-allowed",
        ["1"],
    ),
    (
        "a partner's item through its originator",
        SHOWN,
        foreign(),
        ask(recipient="JPN/staff", via="USA"),
        [],
        "path-not-allowed",
        ["1"],
    ),
    (
        "an item through the party itself",
        SHOWN,
        track(),
        ask(recipient="JPN/staff", via="JPN"),
        [],
        "path-not-allowed",
        ["1"],
    ),
    (
        "an internal clause through a third",
        home(clause("1", via='"USA"')),
        foreign(),
        TO_STAFF,
        [],
        "path-not-allowed",
        ["1"],
    ),
    (
        "another status",
        home(clause("1", statuses='["real"]')),
        foreign(),
        TO_STAFF,
        [],
        "status-not-allowed",
        ["1"],
    ),
    (
        "a partner's level above the clause's",
        home(clause("1", highest='{ scheme = "JPN", level = "HI" }')),
        foreign(),
        TO_STAFF,
        [],
        "classification-too-high",
        ["1"],
    ),
    (
        "a category that the staff are not read into",
        SHOWN,
        foreign(restrictive=("SPACE",)),
        TO_STAFF,
        [],
        "category-not-held",
        ["1"],
    ),
    ("a track without a state", SHOWN, track(state=None), TO_STAFF, [], "form-not-available", ["1"]),
]


def named(names: tuple[str, ...]) -> list[str]:
    return sorted(name.removeprefix("home.toml#") for name in names)


@pytest.mark.parametrize(
    ("name", "text", "item", "request_", "consents", "reasons", "names"),
    REFUSALS,
    ids=[row[0] for row in REFUSALS],
)
def test_it_is_not_shown(
    name: str,
    text: str,
    item: AnyItem,
    request_: ReleaseRequest,
    consents: list[Consent],
    reasons: str,
    names: list[str],
) -> None:
    decision = decide(item, request_, agreements(**({"home": text} if text else {})), consents)
    assert decision.outcome is Outcome.WITHHOLD, name
    assert " ".join(reason.value for reason in decision.reasons) == reasons
    assert named(decision.clauses) == names


TRACKLETS = home(clause("1"), clause("2", form='"tracklets"'), clause("3", form='"existence"'))
PERMITS: list[tuple[str, str, AnyItem, str, Form]] = [
    ("an own item whose label names nobody", SHOWN, track(label=label(releasable_to=())), "1", Form.TRACKS),
    ("a partner's item whose label names the party", SHOWN, foreign(), "1", Form.TRACKS),
    ("an event of a partner's sensors", SHOWN, event("USA"), "1", Form.TRACKS),
    ("a ship", home(clause("1", kinds='["vessel"]')), vessel("KOR"), "1", Form.TRACKS),
    ("a track in which all have a part", SHOWN, fused("USA", "KOR"), "1", Form.TRACKS),
    (
        "what the member of staff has a part in, which it keeps from others",
        home(clause("1"), clause("2", PROHIBITION, from_='["JPN/staff"]', to='["JPN"]')),
        fused("JPN/staff"),
        "1",
        Form.TRACKS,
    ),
    (
        "a partner's item under originator control",
        SHOWN,
        foreign(caveats=(Caveat.ORIGINATOR_CONTROL,)),
        "1",
        Form.TRACKS,
    ),
    (
        "a partner's prohibition to another",
        home(clause("1"), clause("2", PROHIBITION, from_='["USA"]', to='["KOR"]')),
        foreign(),
        "1",
        Form.TRACKS,
    ),
    (
        "a partner's prohibition of another path",
        home(clause("1"), clause("2", PROHIBITION, from_='["USA"]', to='["JPN"]', via='"KOR"')),
        foreign(),
        "1",
        Form.TRACKS,
    ),
    (
        "a prohibition of one who has no part in it",
        home(clause("1"), clause("2", PROHIBITION, from_='["KOR"]')),
        foreign(),
        "1",
        Form.TRACKS,
    ),
    ("a whole estimate before what is new", TRACKLETS, track(), "1", Form.TRACKS),
    ("what is new where there is no estimate", TRACKLETS, track(state=None), "2", Form.TRACKLETS),
    ("the bare fact", TRACKLETS, track("USA", state=None, tracklets=()), "3", Form.EXISTENCE),
    (
        "in tracklets before a coarse estimate",
        home(clause("1", form='"coarse-tracks"'), clause("2", form='"tracklets"')),
        track(),
        "2",
        Form.TRACKLETS,
    ),
]


@pytest.mark.parametrize(
    ("name", "text", "item", "clause_id", "form"), PERMITS, ids=[row[0] for row in PERMITS]
)
def test_it_is_shown(name: str, text: str, item: AnyItem, clause_id: str, form: Form) -> None:
    decision = decide(item, TO_STAFF, agreements(home=text))
    assert decision.reasons == (Reason.PERMITTED,), name
    assert (named(decision.clauses), decision.form) == ([clause_id], form)
    release = degrade(item, decision)
    assert (release.sender, release.recipient, release.item.label) == ("JPN", "JPN/staff", item.label)


def test_there_are_twice_as_many_refusals_as_permits() -> None:
    assert len(REFUSALS) > 2 * len(PERMITS)


def test_the_officer_of_the_party_consents_whoever_made_the_item() -> None:
    held = agreements(home=home(clause("1", approval='"originator"')))
    assert decide(foreign(), TO_STAFF, held).reasons == (Reason.CONSENT_NEEDED,)
    theirs = consent("USA", recipient="JPN/staff", clause="home#1")
    assert decide(foreign(), TO_STAFF, held, [theirs]).reasons == (Reason.CONSENT_NEEDED,)
    ours = consent("JPN", recipient="JPN/staff", clause="home#1")
    assert decide(foreign(), TO_STAFF, held, [ours]).reasons == (Reason.PERMITTED_WITH_CONSENT,)


def test_only_the_partys_own_clauses_make_the_form_and_the_duties() -> None:
    theirs = clause("2", from_='["USA"]', via='"JPN"', form='"coarse-tracks"', duties="delay_s = 60")
    held = agreements(home=home(clause("1", duties="expire_s = 30"), theirs))
    decision = decide(fused("USA"), TO_STAFF, held)
    assert (decision.form, decision.duties) == (Form.TRACKS, Duties(expire_s=30))


def test_what_a_partner_coarsened_stays_coarse_and_is_shown_as_it_came() -> None:
    came = track("KOR", tracklets=(), sensors=(), updates_count=0)
    decision = decide(came, TO_STAFF, agreements(home=SHOWN))
    shown = degrade(came, decision).item
    assert isinstance(shown, Track)
    assert shown == came


def test_a_prohibition_of_the_originator_in_another_file_wins_in_any_order() -> None:
    ban = home(BAN, name="ban")
    for files in ({"ban": ban, "home": SHOWN}, {"home": SHOWN, "zban": ban}):
        assert decide(foreign(), TO_STAFF, agreements(**files)).reasons == (Reason.CLAUSE_FORBIDS,)


def test_nothing_else_has_changed_for_a_party_that_passes_on() -> None:
    """The internal agreement lets JPN show an American area to its staff, and nothing to Korea."""
    held = agreements(home=SHOWN)
    assert decide(area("USA"), TO_STAFF, held).outcome is Outcome.PERMIT
    assert decide(area("USA"), ask("JPN", "KOR"), held).reasons == (
        Reason.THIRD_PARTY_RULE,
        Reason.NO_CLAUSE,
    )
