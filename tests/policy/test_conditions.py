"""Areas, times, situations, onward rules, officers, suspensions, notice: a row per rule, checked by hand."""

from typing import Any

import pytest
from tests.policy import cases
from tests.policy.test_check import PROHIBITION, clause

from trilat.model import (
    SECOND_NS,
    Consent,
    Declaration,
    Declared,
    Outcome,
    Place,
    Reason,
    Status,
    parse_instant,
)
from trilat.policy import AgreementSet, decide, read_agreement

HOUR_NS = 3_600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
HEAD = """
[agreement]
id = "pact"
version = 1
title = "pact"
parties = ["JPN", "KOR", "USA"]
in_force_from = 2016-01-01T00:00:00Z
purposes = ["missile-warning", "relief"]
onward = "with-consent"
"""
NORTH = """
[[area]]
name = "north"
circle = { latitude_deg = 40.85, longitude_deg = 129.66, radius_m = 300000 }

[[area]]
name = "box"
polygon = [[30.0, 120.0], [30.0, 125.0], [35.0, 125.0], [35.0, 120.0]]
"""
EVENT: dict[str, Any] = {"kinds": '["event"]', "form": '"areas"'}


def held(*clauses: str, more: str = "", areas: str = "") -> AgreementSet:
    text = HEAD + more + areas + "".join(clauses)
    return AgreementSet.of({"pact.toml": read_agreement("pact.toml", text)})


def reasons(agreements: AgreementSet, item: Any = None, **changes: Any) -> list[str]:
    said: tuple[Consent, ...] = changes.pop("consents", ())
    declared: tuple[Declaration, ...] = changes.pop("declarations", ())
    decision = decide(item or cases.track(), cases.ask(**changes), agreements, said, declared)
    return [reason.value for reason in decision.reasons]


def at(latitude_deg: float, longitude_deg: float) -> Place:
    return Place(latitude_1e7deg=round(latitude_deg * 1e7), longitude_1e7deg=round(longitude_deg * 1e7))


@pytest.mark.parametrize(
    ("name", "area", "place", "expected"),
    [
        ("in the circle", "north", at(40.85, 129.67), "permitted"),
        ("just within it", "north", at(43.5, 129.66), "permitted"),
        ("just outside it", "north", at(43.56, 129.66), "outside-area"),
        ("in the polygon", "box", at(32.0, 121.0), "permitted"),
        ("east of the polygon", "box", at(32.0, 125.1), "outside-area"),
        ("of no known place", "box", None, "outside-area"),
    ],
)
def test_a_permission_covers_what_is_known_to_lie_in_its_area(
    name: str, area: str, place: Place | None, expected: str
) -> None:
    agreements = held(clause("1", **EVENT, areas=f'["{area}"]'), areas=NORTH)
    assert reasons(agreements, cases.event(place=place, region=None)) == [expected], name


@pytest.mark.parametrize(
    ("place", "expected"),
    [(at(32.0, 121.0), "clause-forbids"), (at(32.0, 125.1), "permitted"), (None, "clause-forbids")],
)
def test_a_prohibition_covers_what_may_touch_its_area(place: Place | None, expected: str) -> None:
    ban = clause("2", PROHIBITION, kinds='["event"]', areas='["box"]')
    agreements = held(clause("1", **EVENT), ban, areas=NORTH)
    assert reasons(agreements, cases.event(place=place, region=None)) == [expected]


def test_a_region_that_reaches_over_the_border_does_not_lie_within() -> None:
    agreements = held(clause("1", **EVENT, areas='["north"]'), areas=NORTH)
    event = cases.event(place=None)
    assert event.region is not None
    assert reasons(agreements, event) == ["permitted"]
    wide = cases.event(
        place=None,
        region=type(event.region)(centre=event.region.centre, semi_major_m=290_000, semi_minor_m=1),
    )
    assert reasons(agreements, wide) == ["outside-area"]


def test_a_plot_has_no_known_place() -> None:
    agreements = held(clause("1", kinds='["report"]', form='"measurements"', areas='["north"]'), areas=NORTH)
    assert reasons(agreements, cases.report()) == ["outside-area"]


@pytest.mark.parametrize(
    ("fields", "changes", "expected"),
    [
        ({"in_force_from": "2024-01-16T00:00:00Z"}, {}, "no-clause"),
        ({"in_force_from": "2024-01-15T00:00:00Z"}, {}, "permitted"),
        ({"in_force_until": "2024-01-15T00:00:00Z"}, {}, "no-clause"),
        ({"purposes": '["relief"]'}, {}, "no-clause"),
        ({"purposes": '["relief"]'}, {"purpose": "relief"}, "permitted"),
    ],
)
def test_a_clause_has_its_own_time_and_purposes(
    fields: dict[str, Any], changes: dict[str, Any], expected: str
) -> None:
    assert reasons(held(clause("1", **fields)), **changes) == [expected]


EMERGENCY = clause("14", situations='["launch"]', situation_max_s="3600")


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("nothing is declared", None, "situation-not-declared"),
        ("declared now", {}, "permitted"),
        ("another situation", {"about": "storm"}, "situation-not-declared"),
        ("by another party", {"party": "USA"}, "situation-not-declared"),
        ("not begun", {"valid_ns": cases.NOW_NS + 1}, "situation-not-declared"),
        (
            "ended by itself",
            {"valid_ns": cases.NOW_NS - 9, "until_ns": cases.NOW_NS},
            "situation-not-declared",
        ),
        ("within the box", {"valid_ns": cases.NOW_NS - HOUR_NS + 1}, "permitted"),
        ("beyond the box", {"valid_ns": cases.NOW_NS - HOUR_NS}, "situation-not-declared"),
        ("lifted", {"stands": False}, "situation-not-declared"),
        ("of an exercise", {"status": Status.EXERCISE}, "situation-not-declared"),
        ("a suspension of that name", {"declared": Declared.SUSPENSION}, "situation-not-declared"),
    ],
)
def test_an_emergency_clause_speaks_only_while_its_situation_is_declared(
    name: str, said: dict[str, Any] | None, expected: str
) -> None:
    declared: tuple[Declaration, ...] = ()
    if said is not None:
        said = {"until_ns": cases.NOW_NS + DAY_NS, **said}
        declared = (cases.declaration(said.pop("party", "JPN"), **said),)
    assert reasons(held(EMERGENCY), declarations=declared) == [expected], name


def test_a_script_declares_nothing_about_real_items() -> None:
    real: dict[str, Any] = {"status": Status.REAL}
    for assumed, expected in ((True, "situation-not-declared"), (False, "permitted")):
        said = cases.declaration(assumed=assumed, **real)
        assert reasons(held(EMERGENCY), cases.track(**real), declarations=(said,)) == [expected]


def test_the_newest_declaration_wins_and_of_two_that_are_equal_the_one_that_lets_less_pass() -> None:
    first = cases.declaration(item_id="a")
    lifted = cases.declaration(item_id="b", valid_ns=cases.NOW_NS - 1, stands=False)
    equal = cases.declaration(item_id="c", stands=False)
    assert reasons(held(EMERGENCY), declarations=(lifted, first)) == ["permitted"]
    assert reasons(held(EMERGENCY), declarations=(equal, first)) == ["situation-not-declared"]


def test_whom_the_clause_believes_may_declare_instead_of_the_giver() -> None:
    believed = held(clause("14", situations='["launch"]', declared_by='["USA"]'))
    assert reasons(believed, declarations=(cases.declaration("USA"),)) == ["permitted"]
    assert reasons(believed, declarations=(cases.declaration("JPN"),)) == ["situation-not-declared"]


def suspension(about: str, party: str = "JPN", **changes: Any) -> Declaration:
    values: dict[str, Any] = {"declared": Declared.SUSPENSION, "about": about, "until_ns": None, **changes}
    return cases.declaration(party, **values)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (suspension("pact"), "giving-suspended"),
        (suspension("pact#1"), "giving-suspended"),
        (suspension("pact#2"), "permitted"),
        (suspension("other"), "permitted"),
        (suspension("pact", "KOR"), "permitted"),
        (suspension("pact", stands=False), "permitted"),
        (suspension("pact", valid_ns=cases.NOW_NS - 5, until_ns=cases.NOW_NS), "permitted"),
    ],
)
def test_a_party_suspends_its_own_giving_at_once_and_nobody_elses(said: Declaration, expected: str) -> None:
    assert reasons(held(clause("1")), declarations=(said,)) == [expected]


def test_to_lift_an_agreement_does_not_lift_its_clause() -> None:
    lifted = suspension("pact", item_id="b", stands=False)
    assert reasons(held(clause("1")), declarations=(suspension("pact#1"), lifted)) == ["giving-suspended"]


def test_what_is_owed_goes_on_while_giving_is_suspended() -> None:
    agreements = held(clause("1", kinds='["consent"]'))
    assert reasons(agreements, cases.consent(), declarations=(suspension("pact"),)) == ["permitted"]


def test_an_intermediary_suspends_its_passing_on() -> None:
    chain = held(clause("1", to='["USA"]'), clause("2", via='"USA"'))
    asked = {"sender": "USA", "recipient": "KOR"}
    assert reasons(chain, **asked) == ["permitted"]
    assert reasons(chain, **asked, declarations=(suspension("pact", "USA"),)) == [
        "giving-suspended",
        "third-party-rule",
    ]


@pytest.mark.parametrize(
    ("on_the_clause", "on_the_leg", "expected"),
    [
        ({}, {}, "permitted"),
        ({"onward": '"never"'}, {}, "third-party-rule path-not-allowed"),
        ({"onward": '"to-named"', "onward_to": '["KOR"]'}, {}, "permitted"),
        ({"onward": '"to-named"', "onward_to": '["AUS"]'}, {}, "third-party-rule onward-not-allowed"),
        (
            {"onward": '"under-conditions"', "onward_situations": '["launch"]'},
            {},
            "third-party-rule onward-not-allowed",
        ),
        ({}, {"onward": '"never"'}, "third-party-rule onward-not-allowed"),
        ({}, {"onward": '"with-consent"'}, "permitted"),
        ({}, {"onward": '"to-named"', "onward_to": '["AUS"]'}, "third-party-rule onward-not-allowed"),
    ],
)
def test_an_onward_rule_binds_whoever_passes_on(
    on_the_clause: dict[str, Any], on_the_leg: dict[str, Any], expected: str
) -> None:
    chain = held(clause("1", to='["USA"]', **on_the_leg), clause("2", via='"USA"', **on_the_clause))
    assert " ".join(reasons(chain, sender="USA", recipient="KOR")) == expected


def test_under_conditions_it_goes_on_while_the_giver_declares_the_situation() -> None:
    fields: dict[str, Any] = {"onward": '"under-conditions"', "onward_situations": '["launch"]'}
    chain = held(clause("1", to='["USA"]'), clause("2", via='"USA"', **fields))
    said = (cases.declaration(),)
    assert reasons(chain, sender="USA", recipient="KOR", declarations=said) == ["permitted"]


def consent(officer: str, **changes: Any) -> Consent:
    return cases.consent(
        clause="pact#1", officer=f"JPN/{officer}", item_id=f"JPN/consent/{officer}", **changes
    )


LATER = cases.NOW_NS + HOUR_NS


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("nobody", (), "consent-needed"),
        ("one", (consent("a"),), "consent-needed"),
        ("one twice", (consent("a"), consent("a", version=2)), "consent-needed"),
        ("two", (consent("a"), consent("b")), "permitted-with-consent"),
        ("two, one of them refuses", (consent("a"), consent("b", granted=False)), "consent-refused"),
        (
            "two, and a third refuses",
            (consent("a"), consent("b"), consent("c", granted=False)),
            "consent-refused",
        ),
        (
            "two, one has ended",
            (consent("a"), consent("b", valid_ns=cases.NOW_NS - 9, until_ns=cases.NOW_NS)),
            "consent-needed",
        ),
        (
            "two, one not begun",
            (consent("a"), consent("b", valid_ns=LATER, until_ns=LATER + 1)),
            "consent-needed",
        ),
        (
            "one who refused and then granted, and another",
            (consent("a", granted=False, valid_ns=cases.NOW_NS - 1), consent("a", version=2), consent("b")),
            "permitted-with-consent",
        ),
    ],
)
def test_the_two_person_rule_takes_two_distinct_officers(
    name: str, said: tuple[Consent, ...], expected: str
) -> None:
    assert reasons(held(clause("1", approval='"two-person"')), consents=said) == [expected], name


def notice(party: str = "JPN", given: str = "2023-06-01T00:00:00Z", **changes: Any) -> Declaration:
    values = {
        "declared": Declared.NOTICE,
        "about": "pact",
        "until_ns": None,
        "valid_ns": parse_instant(given),
    }
    return cases.declaration(party, **{**values, **changes})


@pytest.mark.parametrize(
    ("name", "more", "said", "expected"),
    [
        ("at once where no days are written", "", notice(), "not-in-force"),
        ("after its days", "notice_days = 90\n", notice(given="2023-10-17T00:00:00Z"), "not-in-force"),
        ("not before them", "notice_days = 90\n", notice(given="2023-10-17T00:00:01Z"), "permitted"),
        ("at the end of the term", "renewal_months = 12\nnotice_days = 90\n", notice(), "not-in-force"),
        (
            "too late for this term",
            "renewal_months = 12\nnotice_days = 90\n",
            notice(given="2023-10-04T00:00:00Z"),
            "permitted",
        ),
        ("by one who is no party", "", notice("AUS"), "permitted"),
        ("withdrawn", "", notice(stands=False), "permitted"),
        ("of an older version", "", notice(given="2015-06-01T00:00:00Z"), "permitted"),
        ("by the receiver", "", notice("KOR"), "not-in-force"),
    ],
)
def test_notice_ends_an_agreement(name: str, more: str, said: Declaration, expected: str) -> None:
    assert reasons(held(clause("1"), more=more), declarations=(said,)) == [expected], name


BAN = clause("2", PROHIBITION, via='"USA"')
OPEN = HEAD.replace('id = "pact"', 'id = "open"') + clause("1", to='["USA"]') + clause("2", via='"USA"')


@pytest.mark.parametrize(
    ("name", "more", "age_ns", "expected"),
    [
        ("older than the end", "", 400 * DAY_NS, "clause-forbids"),
        ("younger than the end", "", 0, "permitted"),
        ("where nothing survives", "survives_end = false\n", 400 * DAY_NS, "permitted"),
    ],
)
def test_a_prohibition_outlives_its_agreement_for_what_was_given_under_it(
    name: str, more: str, age_ns: int, expected: str
) -> None:
    ended = HEAD + "in_force_until = 2023-06-01T00:00:00Z\n" + more + BAN
    agreements = AgreementSet.of(
        {"open.toml": read_agreement("open.toml", OPEN), "pact.toml": read_agreement("pact.toml", ended)}
    )
    item = cases.track(valid_ns=cases.NOW_NS - age_ns)
    assert reasons(agreements, item, sender="USA", recipient="KOR") == [expected], name


def test_a_newer_version_takes_the_place_of_what_survives() -> None:
    ended = HEAD + "in_force_until = 2023-06-01T00:00:00Z\n" + BAN
    newer = HEAD.replace("version = 1", "version = 2").replace("2016", "2023") + clause("1", to='["USA"]')
    texts = {"open.toml": OPEN, "pact.toml": ended, "pact-2.toml": newer}
    agreements = AgreementSet.of({name: read_agreement(name, text) for name, text in texts.items()})
    item = cases.track(valid_ns=cases.NOW_NS - 400 * DAY_NS)
    assert reasons(agreements, item, sender="USA", recipient="KOR") == ["permitted"]


def test_an_emergency_clause_goes_before_one_that_waits_for_an_officer() -> None:
    agreements = held(clause("1", approval='"originator"'), EMERGENCY)
    waiting = decide(cases.track(), cases.ask(), agreements)
    assert (waiting.outcome, waiting.reasons) == (Outcome.REFER, (Reason.CONSENT_NEEDED,))
    declared = decide(cases.track(), cases.ask(), agreements, (), (cases.declaration(),))
    assert (declared.outcome, declared.clauses) == (Outcome.PERMIT, ("pact.toml#14",))
