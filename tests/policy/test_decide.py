"""Every outcome of `decide`, in the order in which reasons take precedence. Refusals outnumber permits."""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec
import pytest
from tests.policy.cases import (
    NOW_NS,
    agreements,
    area,
    ask,
    consent,
    event,
    head,
    kinematics,
    label,
    report,
    track,
    vessel,
)

from trilat.model import (
    AnyItem,
    Attribution,
    Caveat,
    Classification,
    Consent,
    Decision,
    Domain,
    Duties,
    Equivalent,
    Form,
    Outcome,
    Provenance,
    Reason,
    Statement,
    Status,
    to_plain,
)
from trilat.policy import AgreementSet, ReleaseRequest, decide, decide_plain
from trilat.policy.forms import makeable

HEAD = """
[agreement]
id = "{id}"
version = {version}
title = "{id}"
parties = ["JPN", "KOR", "USA", "JPN/radar", "KOR/watch"]
in_force_from = {since}
{until}
purposes = ["{purpose}"]
onward = "{onward}"
"""


PERMISSION = {"form": '"tracks"', "highest": '{ scheme = "JPN", level = "GOKUHI" }'}


def pact(
    *clauses: str,
    agreement_id: str = "pact",
    version: int = 1,
    since: str = "2020-01-01T00:00:00Z",
    until: str = "",
    purpose: str = "missile-warning",
    onward: str = "with-consent",
) -> str:
    start = HEAD.format(
        id=agreement_id,
        version=version,
        since=since,
        until=f"in_force_until = {until}" if until else "",
        purpose=purpose,
        onward=onward,
    )
    return start + "".join(clauses)


def clause(clause_id: str, effect: str = "permit", more: str = "", **fields: str) -> str:
    values = {
        "domains": '["missile"]',
        "kinds": '["track"]',
        "from": '["JPN"]',
        "to": '["KOR"]',
        **(
            {"form": '"tracks"', "highest": '{ scheme = "JPN", level = "GOKUHI" }'}
            if effect == "permit"
            else {}
        ),
        **{name.rstrip("_"): value for name, value in fields.items() if value},
    }
    lines = "\n".join(f"{name} = {value}" for name, value in values.items())
    return f'\n[[clause]]\nid = "{clause_id}"\narticle = "1"\neffect = "{effect}"\n{lines}\n{more}\n'


DIRECT = pact(clause("1"))
HUB = pact(
    clause("1", to='["USA"]'),
    clause("2", via='"USA"', form='"coarse-tracks"'),
)
APPROVAL = pact(clause("1", approval='"originator"'))
BY_LABEL = {"classification": Classification(scheme="JPN", level="HI")}


def relabelled(**changes: Any) -> AnyItem:
    return track(label=label(**changes))


def grant(**changes: Any) -> Consent:
    return consent(**{"clause": "pact#1", **changes})


EVERYTHING = (
    "label-unknown label-expired sender-not-holder not-releasable-to third-party-rule path-not-allowed "
    "classification-too-high"
)
REFUSALS: list[tuple[str, str, AnyItem, ReleaseRequest, list[Consent], str, list[str]]] = [
    (
        "a level that nobody knows",
        DIRECT,
        relabelled(classification=Classification(scheme="JPN", level="GOKUHY")),
        ask(),
        [],
        "label-unknown classification-too-high",
        ["1"],
    ),
    (
        "a scheme that nobody knows",
        DIRECT,
        relabelled(classification=Classification(scheme="NATO", level="SECRET")),
        ask(),
        [],
        "label-unknown classification-too-high",
        ["1"],
    ),
    (
        "a level that is no longer used",
        DIRECT,
        relabelled(classification=Classification(scheme="JPN", level="BOEI-HIMITSU")),
        ask(),
        [],
        "label-unknown classification-too-high",
        ["1"],
    ),
    ("a label of tomorrow", DIRECT, relabelled(created_ns=NOW_NS + 1), ask(), [], "label-expired", ["1"]),
    (
        "a label that ends now",
        DIRECT,
        relabelled(created_ns=NOW_NS - 9, expires_ns=NOW_NS),
        ask(),
        [],
        "label-expired",
        ["1"],
    ),
    (
        "a sender that the label does not name",
        HUB,
        relabelled(releasable_to=("KOR",)),
        ask("USA"),
        [],
        "sender-not-holder",
        ["2"],
    ),
    (
        "the originator's staff, which is not the originator",
        DIRECT,
        track(),
        ask("JPN/officer"),
        [],
        "sender-not-holder third-party-rule path-not-allowed",
        ["1"],
    ),
    ("back to its originator", DIRECT, track(), ask("USA", "JPN"), [], "recipient-is-originator", []),
    (
        "a level that never leaves",
        DIRECT,
        relabelled(classification=Classification(scheme="JPN", level="KIMITSU")),
        ask(),
        [],
        "level-never-leaves classification-too-high",
        ["1"],
    ),
    (
        "a prohibition beside a permission",
        pact(clause("1"), clause("2", "forbid")),
        track(),
        ask(),
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "a prohibition on a party, for its staff",
        pact(clause("1", to='["KOR/watch"]'), clause("2", "forbid")),
        relabelled(releasable_to=("KOR/watch",)),
        ask(recipient="KOR/watch"),
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "a prohibition on a category that the label carries",
        pact(clause("1", categories='["SPACE"]'), clause("2", "forbid", categories='["SPACE", "SEA"]')),
        relabelled(permissive=("SPACE",)),
        ask(),
        [],
        "clause-forbids",
        ["2"],
    ),
    (
        "a prohibition through an intermediary, asked through it",
        pact(clause("1", to='["USA"]'), clause("2", via='"USA"'), clause("3", "forbid", via='"USA"')),
        track(),
        ask(via="USA"),
        [],
        "clause-forbids",
        ["3"],
    ),
    (
        "one not named",
        DIRECT,
        relabelled(releasable_to=("USA",)),
        ask(),
        [],
        "not-releasable-to",
        ["1"],
    ),
    ("a label for nobody", DIRECT, relabelled(releasable_to=()), ask(), [], "not-releasable-to", ["1"]),
    ("an officer's refusal", APPROVAL, track(), ask(), [grant(granted=False)], "consent-refused", ["1"]),
    (
        "a refusal after a grant",
        APPROVAL,
        track(),
        ask(),
        [grant(valid_ns=NOW_NS - 1), grant(granted=False)],
        "consent-refused",
        ["1"],
    ),
    (
        "a refusal in a newer version",
        APPROVAL,
        track(),
        ask(),
        [grant(version=2, granted=False), grant(version=1)],
        "consent-refused",
        ["1"],
    ),
    ("no agreement at all", "", track(), ask(), [], "no-agreement", []),
    (
        "an agreement in which both only give to a third",
        pact(clause("1", from_='["JPN", "KOR"]', to='["USA"]')),
        track(),
        ask(),
        [],
        "no-agreement",
        [],
    ),
    (
        "an agreement in which one gives to a third and the other passes it on",
        pact(clause("1", to='["USA"]', via='"KOR"'), since="2025-01-01T00:00:00Z"),
        track(),
        ask(),
        [],
        "no-agreement",
        [],
    ),
    (
        "an agreement that has ended",
        pact(clause("1"), until="2024-01-15T00:00:00Z"),
        track(),
        ask(),
        [],
        "not-in-force",
        [],
    ),
    (
        "one yet to begin",
        pact(clause("1"), since="2025-01-01T00:00:00Z"),
        track(),
        ask(),
        [],
        "not-in-force",
        [],
    ),
    (
        "an ally's track passed on with no clause for it",
        pact(clause("1", to='["USA"]')),
        track(),
        ask("USA"),
        [],
        "third-party-rule no-clause",
        [],
    ),
    (
        "an ally's track passed on under a direct clause",
        DIRECT,
        track(),
        ask("USA"),
        [],
        "third-party-rule path-not-allowed",
        ["1"],
    ),
    (
        "another party's part in a fused track",
        DIRECT,
        track(provenance=Provenance(originators=("JPN", "USA"))),
        ask(),
        [],
        "third-party-rule",
        ["1"],
    ),
    (
        "another party's part, forbidden",
        pact(clause("1"), clause("2", "forbid", from_='["USA"]')),
        track(provenance=Provenance(originators=("JPN", "USA"))),
        ask(),
        [],
        "clause-forbids third-party-rule",
        ["1", "2"],
    ),
    (
        "another party's part under a direct clause of its own",
        pact(clause("1"), clause("2", from_='["USA"]')),
        track(provenance=Provenance(originators=("JPN", "USA"))),
        ask(),
        [],
        "third-party-rule",
        ["1", "2"],
    ),
    ("another purpose", DIRECT, track(), ask(purpose="targeting"), [], "purpose-not-allowed", []),
    ("another kind", DIRECT, event(), ask(), [], "no-clause", []),
    ("another domain", DIRECT, track(domain=Domain.SEISMIC), ask(), [], "no-clause", []),
    ("the other direction", DIRECT, track("KOR"), ask("KOR", "JPN"), [], "no-clause", []),
    (
        "staff of a party that may",
        DIRECT,
        relabelled(releasable_to=("KOR/watch",)),
        ask(recipient="KOR/watch"),
        [],
        "no-clause",
        [],
    ),
    (
        "a direct clause asked through a third",
        pact(clause("1"), clause("2", to='["USA"]')),
        track(),
        ask(via="USA"),
        [],
        "path-not-allowed",
        ["1"],
    ),
    ("a clause through a third asked directly", HUB, track(), ask(), [], "path-not-allowed", ["2"]),
    (
        "an intermediary that names another",
        HUB,
        track(),
        ask("USA", via="USA"),
        [],
        "path-not-allowed",
        ["2"],
    ),
    (
        "an intermediary where nothing goes on",
        pact(clause("1", to='["USA"]'), clause("2", via='"USA"'), onward="never"),
        track(),
        ask("USA"),
        [],
        "third-party-rule path-not-allowed",
        ["2"],
    ),
    (
        "another status",
        pact(clause("1", statuses='["real"]')),
        track(),
        ask(),
        [],
        "status-not-allowed",
        ["1"],
    ),
    (
        "a level above the clause's",
        pact(clause("1", highest='{ scheme = "KOR", level = "III" }')),
        track(),
        ask(),
        [],
        "classification-too-high",
        ["1"],
    ),
    (
        "a classified item under a clause without a level",
        pact(clause("1").replace("highest", "# highest")),
        track(),
        ask(),
        [],
        "classification-too-high",
        ["1"],
    ),
    (
        "a clause whose level was not yet known",
        pact(clause("1", highest='{ scheme = "JPN", level = "BOEI-HIMITSU" }')),
        track(),
        ask(),
        [],
        "classification-too-high",
        ["1"],
    ),
    (
        "one of two restrictive categories held",
        pact(clause("1", categories='["SPACE"]')),
        relabelled(restrictive=("SPACE", "SEA")),
        ask(),
        [],
        "category-not-held",
        ["1"],
    ),
    (
        "none of the permissive categories held",
        pact(clause("1", categories='["SIGNALS"]')),
        relabelled(permissive=("SPACE", "SEA")),
        ask(),
        [],
        "category-not-held",
        ["1"],
    ),
    (
        "a category in small letters",
        pact(clause("1", categories='["SPACE"]')),
        relabelled(restrictive=("space",)),
        ask(),
        [],
        "category-not-held",
        ["1"],
    ),
    ("a track without a state", DIRECT, track(state=None), ask(), [], "form-not-available", ["1"]),
    (
        "tracklets of a track that has none",
        pact(clause("1", form='"tracklets"')),
        track(tracklets=()),
        ask(),
        [],
        "form-not-available",
        ["1"],
    ),
    (
        "a plot that would have to be rounded",
        pact(
            clause(
                "1",
                kinds='["report"]',
                form='"measurements"',
                more="[clause.duties]\nround_position_m = 1000",
            )
        ),
        report(),
        ask(),
        [],
        "form-not-available",
        ["1"],
    ),
    (
        "a first leg that no clause permits",
        pact(clause("1", via='"USA"')),
        track(),
        ask(via="USA"),
        [],
        "leg-withheld",
        ["1"],
    ),
    (
        "a first leg to a party that the label does not name",
        HUB,
        relabelled(releasable_to=("KOR",)),
        ask(via="USA"),
        [],
        "leg-withheld",
        ["1", "2"],
    ),
    (
        "an intermediary that is the originator itself",
        pact(clause("1", via='"USA"')),
        track(),
        ask(via="JPN"),
        [],
        "path-not-allowed leg-withheld",
        ["1"],
    ),
    (
        "two clauses that come equally near",
        pact(
            clause("1", statuses='["real"]'),
            clause("2", via='"USA"'),
            clause("3", statuses='["real"]', via='"USA"'),
        ),
        track(),
        ask(),
        [],
        "path-not-allowed status-not-allowed",
        ["1", "2"],
    ),
    (
        "everything wrong with the label at once",
        DIRECT,
        relabelled(
            classification=Classification(scheme="JPN", level="?"), releasable_to=(), created_ns=NOW_NS + 1
        ),
        ask("USA"),
        [],
        EVERYTHING,
        ["1"],
    ),
]


def named(decision: Decision) -> list[str]:
    return sorted(name.removeprefix("pact.toml#") for name in decision.clauses)


def held(text: str) -> AgreementSet:
    return agreements(pact=text) if text else AgreementSet.of({})


@pytest.mark.parametrize(
    ("name", "text", "item", "request_", "consents", "reasons", "names"),
    REFUSALS,
    ids=[row[0] for row in REFUSALS],
)
def test_it_is_withheld(
    name: str,
    text: str,
    item: AnyItem,
    request_: ReleaseRequest,
    consents: list[Consent],
    reasons: str,
    names: list[str],
) -> None:
    decision = decide(item, request_, held(text), consents)
    assert decision.outcome is Outcome.WITHHOLD, name
    assert " ".join(reason.value for reason in decision.reasons) == reasons
    assert named(decision) == names
    assert (decision.form, decision.duties, decision.consent) == (None, None, None)


NOT_COVERING: list[tuple[str, dict[str, Any]]] = [
    ("another subject", {"subjects": ("object-2",)}),
    ("another recipient", {"recipient": "USA"}),
    ("another path", {"via": "USA"}),
    ("another clause", {"clause": "pact#2"}),
    ("another agreement", {"clause": "pact2#1"}),
    ("the file's name for the agreement's", {"clause": "pact.toml#1"}),
    ("another status", {"status": Status.EXERCISE}),
    ("one that ends now", {"valid_ns": NOW_NS - 1, "until_ns": NOW_NS}),
    ("one of tomorrow", {"valid_ns": NOW_NS + 1}),
]


@pytest.mark.parametrize(("name", "changes"), NOT_COVERING, ids=[row[0] for row in NOT_COVERING])
def test_a_consent_for_something_else_leaves_it_to_a_person(name: str, changes: dict[str, Any]) -> None:
    decision = decide(track(), ask(), held(APPROVAL), [grant(**changes)])
    assert decision.outcome is Outcome.REFER, name
    assert (decision.reasons, named(decision)) == ((Reason.CONSENT_NEEDED,), ["1"])
    assert (decision.form, decision.duties, decision.consent) == (None, None, None)


def test_another_party_cannot_consent() -> None:
    foreign = consent("KOR", recipient="KOR", clause="pact#1")
    assert decide(track(), ask(), held(APPROVAL), [foreign]).outcome is Outcome.REFER


def test_a_newer_consent_that_has_ended_replaces_the_older_one() -> None:
    older = grant(item_id="a", valid_ns=NOW_NS - 5)
    newer = grant(item_id="b", valid_ns=NOW_NS - 4, until_ns=NOW_NS)
    assert decide(track(), ask(), held(APPROVAL), [older]).outcome is Outcome.PERMIT
    assert decide(track(), ask(), held(APPROVAL), [older, newer]).outcome is Outcome.REFER


def test_a_scripted_officer_never_approves_a_real_item() -> None:
    real = track(status=Status.REAL)
    scripted, signed = (grant(status=Status.REAL, assumed=assumed) for assumed in (True, False))
    assert decide(real, ask(), held(APPROVAL), [scripted]).outcome is Outcome.REFER
    assert decide(real, ask(), held(APPROVAL), [signed]).outcome is Outcome.PERMIT


def test_a_consent_widens_nothing_else() -> None:
    decision = decide(relabelled(releasable_to=()), ask(), held(APPROVAL), [grant()])
    assert decision.reasons == (Reason.NOT_RELEASABLE_TO,)


def test_originator_control_refers_what_an_intermediary_would_pass_on_and_not_the_direct_path() -> None:
    controlled = relabelled(caveats=(Caveat.ORIGINATOR_CONTROL,))
    assert decide(controlled, ask(), held(DIRECT)).outcome is Outcome.PERMIT
    assert decide(controlled, ask("USA"), held(HUB)).reasons == (Reason.CONSENT_NEEDED,)
    assert decide(controlled, ask(via="USA"), held(HUB)).reasons == (Reason.CONSENT_NEEDED,)
    said = grant(clause="pact#2", via="USA")
    passed = decide(controlled, ask("USA"), held(HUB), [said])
    assert passed.reasons == (Reason.PERMITTED_WITH_CONSENT,)
    assert passed.consent is not None
    assert passed.consent.item_id == said.item_id


PERMITS: list[tuple[str, str, AnyItem, ReleaseRequest, list[Consent], str, list[str], Form]] = [
    ("directly", DIRECT, track(), ask(), [], "permitted", ["1"], Form.TRACKS),
    (
        "at its start",
        DIRECT,
        relabelled(created_ns=NOW_NS),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    ("through a third", HUB, track(), ask(via="USA"), [], "permitted", ["2"], Form.COARSE_TRACKS),
    ("passed on", HUB, track(), ask("USA"), [], "permitted", ["2"], Form.COARSE_TRACKS),
    ("with consent", APPROVAL, track(), ask(), [grant()], "permitted-with-consent", ["1"], Form.TRACKS),
    (
        "with consent for the very item",
        APPROVAL,
        track(),
        ask(),
        [grant(subjects=("JPN/item/7",))],
        "permitted-with-consent",
        ["1"],
        Form.TRACKS,
    ),
    (
        "without consent before with",
        pact(clause("1", approval='"originator"'), clause("2", form='"existence"')),
        track(),
        ask(),
        [grant()],
        "permitted",
        ["2"],
        Form.EXISTENCE,
    ),
    (
        "in the richest form",
        pact(clause("1"), clause("2", form='"tracklets"'), clause("3", form='"coarse-tracks"')),
        track(),
        ask(),
        [],
        "permitted",
        ["2"],
        Form.TRACKLETS,
    ),
    (
        "in the richest form that can be made",
        pact(clause("1"), clause("2", form='"tracklets"')),
        track(tracklets=()),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "with the least delay",
        pact(clause("1", more="[clause.duties]\ndelay_s = 5"), clause("2")),
        track(),
        ask(),
        [],
        "permitted",
        ["2"],
        Form.TRACKS,
    ),
    ("by name at last", pact(clause("b"), clause("a")), track(), ask(), [], "permitted", ["a"], Form.TRACKS),
    (
        "below the clause's level",
        DIRECT,
        relabelled(**BY_LABEL),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "at the equivalent level of another scheme",
        pact(clause("1", highest='{ scheme = "KOR", level = "II" }')),
        track(),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "with all restrictive and one permissive category",
        pact(clause("1", categories='["SPACE", "SEA"]')),
        relabelled(restrictive=("SPACE",), permissive=("SEA", "SIGNALS")),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "staff that a clause names",
        pact(clause("1", to='["KOR/watch"]')),
        relabelled(releasable_to=("KOR/watch",)),
        ask(recipient="KOR/watch"),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "the recipient's own part in a fused track",
        DIRECT,
        track(provenance=Provenance(originators=("JPN", "KOR"))),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "another party's part that it lets the sender pass on, in the coarser form",
        pact(clause("1"), clause("2", from_='["USA"]', via='"JPN"', form='"coarse-tracks"')),
        track(provenance=Provenance(originators=("JPN", "USA"))),
        ask(),
        [],
        "permitted",
        ["1", "2"],
        Form.COARSE_TRACKS,
    ),
    (
        "a prohibition of another category",
        pact(clause("1", categories='["SEA"]'), clause("2", "forbid", categories='["SPACE"]')),
        relabelled(permissive=("SEA",)),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "a prohibition of another path",
        pact(clause("1"), clause("2", "forbid", via='"USA"')),
        track(),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKS,
    ),
    (
        "an equivalent measurement as a tracklet",
        pact(clause("1", kinds='["report"]', form='"tracklets"')),
        report(observation=Equivalent(kinematics=kinematics())),
        ask(),
        [],
        "permitted",
        ["1"],
        Form.TRACKLETS,
    ),
]


@pytest.mark.parametrize(
    ("name", "text", "item", "request_", "consents", "reasons", "names", "form"),
    PERMITS,
    ids=[row[0] for row in PERMITS],
)
def test_it_may_go(
    name: str,
    text: str,
    item: AnyItem,
    request_: ReleaseRequest,
    consents: list[Consent],
    reasons: str,
    names: list[str],
    form: Form,
) -> None:
    decision = decide(item, request_, held(text), consents)
    assert decision.outcome is Outcome.PERMIT, name
    assert " ".join(reason.value for reason in decision.reasons) == reasons
    assert (named(decision), decision.form) == (names, form)


def test_there_are_twice_as_many_refusals_as_permits() -> None:
    assert len(REFUSALS) + len(NOT_COVERING) > 2 * len(PERMITS)


def test_duties_of_all_originators_hold_together() -> None:
    first = "[clause.duties]\ndelay_s = 5\nexpire_s = 60\nstrip = ['sensors']\nattribution = 'named'"
    second = "[clause.duties]\nthin_s = 9\nexpire_s = 30\nmark = ['X']\n"
    second += "return_or_destroy = true\nattribution = 'office'"
    text = pact(clause("1", more=first), clause("2", from_='["USA"]', via='"JPN"', more=second))
    decision = decide(track(provenance=Provenance(originators=("JPN", "USA"))), ask(), held(text))
    assert decision.duties == Duties(
        delay_s=5,
        thin_s=9,
        expire_s=30,
        strip=("sensors",),
        mark=("X",),
        attribution=Attribution.OFFICE,
        return_or_destroy=True,
    )


VERSIONS = {
    "newer that forbids": (pact(clause("1", "forbid"), version=2), Reason.CLAUSE_FORBIDS),
    "newer that has ended": (
        pact(clause("1"), version=2, since="2021-01-01T00:00:00Z", until="2022-01-01T00:00:00Z"),
        Reason.NOT_IN_FORCE,
    ),
    "newer that is yet to begin": (
        pact(clause("1", "forbid"), version=2, since="2030-01-01T00:00:00Z"),
        Reason.PERMITTED,
    ),
    "older that forbids": (pact(clause("1", "forbid"), version=1), Reason.PERMITTED),
}


@pytest.mark.parametrize("name", VERSIONS)
def test_the_newest_version_that_has_begun_speaks_alone(name: str) -> None:
    text, reason = VERSIONS[name]
    base = pact(clause("1"), version=2) if name.startswith("older") else DIRECT
    both = agreements(pact=base, other=text)
    assert decide(track(), ask(), both).reasons[0] is reason


def test_the_order_of_files_and_clauses_says_nothing() -> None:
    clauses = [clause("1", form='"existence"'), clause("2"), clause("3", "forbid", to='["USA"]')]
    forward = held(pact(*clauses))
    backward = held(pact(*reversed(clauses)))
    assert decide(track(), ask(), forward) == decide(track(), ask(), backward)


def test_an_error_while_deciding_withholds_and_names_the_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise ZeroDivisionError

    # The door re-exports the function under the module's name, so the module is fetched by its own.
    monkeypatch.setattr(import_module("trilat.policy.decide"), "makeable", broken)
    decision = decide(track(), ask(), held(DIRECT))
    assert (decision.outcome, decision.reasons) == (Outcome.WITHHOLD, (Reason.DECIDING_FAILED,))
    assert decision.clauses == ("pact.toml#1",)


@pytest.mark.parametrize("thing", [None, 7, "track", label(), object()])
def test_what_is_no_item_is_malformed(thing: Any) -> None:
    decision = decide(thing, ask(), held(DIRECT))
    assert (decision.outcome, decision.reasons) == (Outcome.WITHHOLD, (Reason.MALFORMED_ITEM,))
    assert decision.item is None


def without(path: str) -> Callable[[dict[str, Any]], None]:
    def remove(plain: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for name in way:
            plain = plain[name]
        del plain[last]

    return remove


def changed(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(plain: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for name in way:
            plain = plain[name]
        plain[last] = value

    return change


LINES: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("no label", without("label"), "malformed-item label-absent"),
    ("a label that is null", changed("label", None), "malformed-item label-absent"),
    ("a label that is a word", changed("label", "SECRET"), "malformed-item label-partial"),
    ("a label without originator", without("label.originator"), "malformed-item label-partial"),
    ("a label without classification", without("label.classification"), "malformed-item label-partial"),
    ("a label without level", without("label.classification.level"), "malformed-item label-partial"),
    ("a label without scheme", without("label.classification.scheme"), "malformed-item label-partial"),
    ("a label without date", without("label.created_ns"), "malformed-item label-partial"),
    ("a misspelt field of the label", changed("label.releaseable_to", ["KOR"]), "malformed-item"),
    ("a misspelt field of the item", changed("versoin", 1), "malformed-item"),
    ("an unknown kind", changed("kind", "trak"), "malformed-item"),
    ("a party in small letters", changed("label.releasable_to", ["kor"]), "malformed-item"),
    ("a number with a fraction", changed("valid_ns", 1.5), "malformed-item"),
    ("not a number", changed("valid_ns", float("nan")), "malformed-item"),
    ("an instant in words", changed("valid_ns", "2024-01-15T00:00:00Z"), "malformed-item"),
    ("another originator in the provenance", changed("provenance.originators", ["KOR"]), "malformed-item"),
]


@pytest.mark.parametrize(("name", "change", "reasons"), LINES, ids=[row[0] for row in LINES])
def test_a_bad_line_is_withheld(name: str, change: Callable[[dict[str, Any]], None], reasons: str) -> None:
    plain = to_plain(track())
    good = decide_plain(msgspec.json.encode(plain), ask(), held(DIRECT))
    assert good.outcome is Outcome.PERMIT, name
    change(plain)
    text = msgspec.json.encode(plain) if name != "not a number" else str(plain).encode()
    decision = decide_plain(text, ask(), held(DIRECT))
    assert (decision.outcome, decision.item) == (Outcome.WITHHOLD, None)
    assert " ".join(reason.value for reason in decision.reasons) == reasons


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"label": ' * 50_000,
        b"9" * 5_000,
        b'"' + b"x" * 1_100_000 + b'"',
    ],
    ids=["empty", "null", "list", "number", "open", "bytes", "deep list", "deep object", "digits", "long"],
)
def test_a_line_that_is_no_item_is_malformed(line: bytes) -> None:
    assert decide_plain(line, ask(), held(DIRECT)).reasons[0] is Reason.MALFORMED_ITEM


def test_a_label_that_stands_twice_is_malformed() -> None:
    line = msgspec.json.encode(to_plain(track()))
    twice = line[:-1] + b',"label":' + msgspec.json.encode(to_plain(label())) + b"}"
    assert decide_plain(twice, ask(), held(DIRECT)).reasons == (Reason.MALFORMED_ITEM,)


def test_a_decision_takes_no_longer_with_a_thousand_clauses_that_do_not_concern_it() -> None:
    others = [clause(f"x{number}", kinds='["event"]') for number in range(1_000)]
    few, many = held(DIRECT), held(pact(clause("1"), *others))
    item, request = track(), ask()

    def best_s(holding: AgreementSet) -> float:
        decide(item, request, holding)
        spans = []
        for _ in range(200):
            start_s = time.perf_counter()
            decide(item, request, holding)
            spans.append(time.perf_counter() - start_s)
        return min(spans)

    assert best_s(many) < 3 * best_s(few)
    assert decide(item, request, many).clauses == ("pact.toml#1",)


def test_every_kind_without_kinematics_goes_whole_in_every_form_but_existence() -> None:
    said = Statement(**{**head(), "domain": Domain.CONSULTATION}, text="We consult.")
    for form in Form:
        assert makeable(said, form, Duties()) is (form is not Form.EXISTENCE)
        assert makeable(area(), form, Duties()) is (form is not Form.EXISTENCE)
        assert makeable(vessel(), form, Duties()) is (form.value in {"tracks", "coarse-tracks", "existence"})
