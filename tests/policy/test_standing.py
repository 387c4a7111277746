"""The agreements that nobody negotiates: they can be read, are sound, and give what they say and no more."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.policy.cases import area, ask, consent, event, head, label, regime, report, track, vessel

from trilat.model import (
    ITEM_KINDS,
    SCHEMES,
    AnyItem,
    Approval,
    Classification,
    Domain,
    Form,
    ItemError,
    OnwardRule,
    Outcome,
    Provenance,
    Reason,
    Statement,
    Status,
    Track,
    UsageError,
    find_level,
    parse_instant,
)
from trilat.policy import (
    AgreementSet,
    check,
    decide,
    degrade,
    internal_agreement,
    observer_agreement,
    read_agreement,
)

REGIMES = ("separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral")
PARTIES = ("JPN", "KOR", "USA")
SINCE = "2009-01-01T00:00:00Z"
INSTANTS_NS = tuple(
    parse_instant(text)
    for text in (
        SINCE,
        "2009-04-05T02:30:15Z",
        "2014-12-09T14:59:59Z",
        "2014-12-09T15:00:00Z",
        "2030-01-01T00:00:00Z",
        "2199-12-31T00:00:00Z",
    )
)


def others(party: str) -> tuple[str, ...]:
    return tuple(code for code in PARTIES if code != party)


def standing() -> dict[str, str]:
    """Every file that three nodes and an observer have beside their preset."""
    texts = {}
    for party in PARTIES:
        texts[f"internal-{party}.toml"] = internal_agreement(party, "missile-warning", SINCE)
        texts[f"observer-{party}.toml"] = observer_agreement(
            party, others(party), "OBS", "missile-warning", SINCE
        )
    return texts


def together(held: AgreementSet) -> AgreementSet:
    read = {name: read_agreement(name, text) for name, text in standing().items()}
    return AgreementSet.of({**held.files, **read})


def statement(originator: str, at_ns: int, **changes: Any) -> Statement:
    return Statement(
        **{**head(originator, at_ns), "domain": Domain.CONSULTATION, "text": "We consult.", **changes}
    )


MAKERS: tuple[Callable[..., AnyItem], ...] = (track, event, area, vessel, report, consent, statement)


def observed(originator: str, at_ns: int, **changes: Any) -> Any:
    """A label that names the observer and every party."""
    return label(originator, at_ns, releasable_to=("OBS", *others(originator)), **changes)


def test_an_internal_agreement_says_what_it_is() -> None:
    pact = read_agreement("internal-jpn.toml", internal_agreement("JPN", "missile-warning", SINCE))
    assert (pact.agreement_id, pact.version, pact.parties) == ("internal-jpn", 1, ("JPN", "JPN/staff"))
    assert (pact.in_force_from_ns, pact.in_force_until_ns) == (parse_instant(SINCE), None)
    assert (pact.purposes, pact.onward) == (("missile-warning",), OnwardRule.NEVER)
    assert {kind for clause in pact.clauses for kind in clause.kinds} == set(ITEM_KINDS)
    for clause in pact.clauses:
        assert (clause.givers, clause.receivers, clause.via) == (("JPN",), ("JPN/staff",), None)
        assert set(clause.domains) == set(Domain)
        assert (clause.statuses, clause.approval) == ((), Approval.NONE)


def test_an_observers_agreement_is_for_drills_in_every_clause() -> None:
    text = observer_agreement("JPN", ("KOR", "USA"), "OBS", "missile-warning", SINCE)
    pact = read_agreement("observer-jpn.toml", text)
    assert (pact.parties, pact.onward) == (("JPN", "KOR", "USA", "OBS"), OnwardRule.WITH_CONSENT)
    for clause in pact.clauses:
        assert clause.statuses == (Status.EXERCISE, Status.SIMULATED)
        assert (clause.receivers, clause.approval) == (("OBS",), Approval.NONE)
        assert clause.highest == Classification(scheme="USA", level="SECRET")
        own = clause.clause_id.startswith("own")
        assert (clause.givers, clause.via) == ((("JPN",), None) if own else (("KOR", "USA"), "JPN"))
    for name in ("own", "passed-on"):
        about = [clause for clause in pact.clauses if clause.clause_id.startswith(name)]
        assert {kind for clause in about for kind in clause.kinds} == set(ITEM_KINDS)


def test_a_node_without_partners_has_only_its_own_to_show() -> None:
    pact = read_agreement("o.toml", observer_agreement("JPN", (), "OBS", "missile-warning", SINCE))
    assert {clause.clause_id for clause in pact.clauses} == {"own", "own-tracks", "own-existence"}


BAD: list[tuple[str, type[Exception], Callable[[], str]]] = [
    ("a party in small letters", ItemError, lambda: internal_agreement("jpn", "warning", SINCE)),
    ("a party that is staff", UsageError, lambda: internal_agreement("JPN/watch", "warning", SINCE)),
    ("a purpose that would end the text", ItemError, lambda: internal_agreement("JPN", '"]\nid = "x', SINCE)),
    ("no purpose", ItemError, lambda: internal_agreement("JPN", "", SINCE)),
    ("a local instant", ItemError, lambda: internal_agreement("JPN", "warning", "2009-01-01T00:00:00")),
    (
        "a party that is its own partner",
        UsageError,
        lambda: observer_agreement("JPN", ("JPN",), "OBS", "warning", SINCE),
    ),
    (
        "a partner that stands twice",
        UsageError,
        lambda: observer_agreement("JPN", ("KOR", "KOR"), "OBS", "warning", SINCE),
    ),
    (
        "an observer that is the party",
        UsageError,
        lambda: observer_agreement("JPN", ("KOR",), "JPN", "warning", SINCE),
    ),
    (
        "an observer that is a partner's staff",
        UsageError,
        lambda: observer_agreement("JPN", ("KOR",), "KOR/watch", "warning", SINCE),
    ),
    (
        "a partner that would end the text",
        ItemError,
        lambda: observer_agreement("JPN", ('KOR"',), "OBS", "warning", SINCE),
    ),
    (
        "an observer in small letters",
        ItemError,
        lambda: observer_agreement("JPN", ("KOR",), "obs", "warning", SINCE),
    ),
]


@pytest.mark.parametrize(("name", "error", "make"), BAD, ids=[row[0] for row in BAD])
def test_what_no_agreement_could_say_is_refused(
    name: str, error: type[Exception], make: Callable[[], str]
) -> None:
    with pytest.raises(error) as caught:
        make()
    assert "\n" not in str(caught.value), name


@pytest.mark.parametrize("name", sorted(standing()))
def test_each_file_is_sound_by_itself(name: str) -> None:
    assert check(AgreementSet.of({name: read_agreement(name, standing()[name])})) == ()


@pytest.mark.parametrize("name", REGIMES)
def test_all_of_them_are_sound_beside_a_preset(name: str) -> None:
    assert check(together(regime(name)[1])) == ()


@pytest.mark.parametrize("party", [*PARTIES, "AUS"])
@pytest.mark.parametrize("at_ns", INSTANTS_NS)
def test_the_staff_see_every_level_that_may_leave_at_any_instant_and_none_that_may_not(
    party: str, at_ns: int
) -> None:
    text = internal_agreement(party, "missile-warning", SINCE)
    held = AgreementSet.of({"i.toml": read_agreement("i.toml", text)})
    question = ask(party, f"{party}/staff", at_ns=at_ns)
    for scheme, levels in SCHEMES.items():
        for level in levels:
            marking = Classification(scheme=scheme, level=level.level)
            item = track(party, at_ns, label=label(party, at_ns, classification=marking))
            known = find_level(marking, at_ns)
            shown = known is not None and not known.never_leaves
            if party == "AUS":
                shown = level.level == "UNCLASSIFIED"
            assert (decide(item, question, held).outcome is Outcome.PERMIT) == shown


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("party", PARTIES)
def test_the_staff_are_shown_whatever_the_node_holds_as_it_holds_it(name: str, party: str) -> None:
    preset, held = regime(name)
    held = together(held)
    question = ask(party, f"{party}/staff", at_ns=preset.as_of_ns)
    for originator in PARTIES:
        for make in MAKERS:
            for status in Status:
                item = make(originator, preset.as_of_ns, status=status)
                if isinstance(item, Track):
                    item = msgspec.structs.replace(item, tracklets=())
                decision = decide(item, question, held)
                assert decision.reasons == (Reason.PERMITTED,)
                assert degrade(item, decision).item == item
    bare = track("USA", preset.as_of_ns, state=None)
    assert decide(bare, question, held).form is Form.TRACKLETS
    kept = track("USA", preset.as_of_ns, label=label("USA", preset.as_of_ns, releasable_to=()))
    if party != "USA":
        assert Reason.SENDER_NOT_HOLDER in decide(kept, question, held).reasons


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("party", PARTIES)
def test_the_observer_sees_what_a_node_has_in_a_drill_undegraded(name: str, party: str) -> None:
    preset, held = regime(name)
    held = together(held)
    at_ns = preset.as_of_ns
    question = ask(party, "OBS", at_ns=at_ns)
    for originator in PARTIES:
        for make in MAKERS:
            item = make(originator, at_ns, label=observed(originator, at_ns))
            if isinstance(item, Track):
                item = msgspec.structs.replace(item, tracklets=())
            decision = decide(item, question, held)
            assert decision.reasons == (Reason.PERMITTED,)
            begins = "own" if originator == party else "passed-on"
            assert decision.clauses[0].startswith(f"observer-{party}.toml#{begins}")
            assert degrade(item, decision).item == item


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("party", PARTIES)
def test_a_track_goes_to_the_observer_as_what_there_is_of_it(name: str, party: str) -> None:
    preset, held = regime(name)
    held = together(held)
    at_ns = preset.as_of_ns
    question = ask(party, "OBS", at_ns=at_ns)
    own = track(party, at_ns, label=observed(party, at_ns))
    assert own.tracklets
    assert decide(own, question, held).form is Form.TRACKS
    fused = track(
        party,
        at_ns,
        label=observed(party, at_ns),
        provenance=Provenance(originators=(party, *others(party))),
    )
    assert decide(fused, question, held).form is Form.TRACKS
    for partner in others(party):
        came = observed(partner, at_ns)
        assert decide(track(partner, at_ns, label=came, state=None), question, held).form is Form.TRACKLETS
        bare = track(partner, at_ns, label=came, state=None, tracklets=())
        assert decide(bare, question, held).form is Form.EXISTENCE


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("party", PARTIES)
def test_the_observer_sees_nothing_real_and_nothing_whose_label_does_not_name_it(
    name: str, party: str
) -> None:
    preset, held = regime(name)
    held = together(held)
    at_ns = preset.as_of_ns
    question = ask(party, "OBS", at_ns=at_ns)
    for originator in PARTIES:
        passed_on = set() if originator == party else {Reason.THIRD_PARTY_RULE}
        for make in MAKERS:
            real = make(originator, at_ns, label=observed(originator, at_ns), status=Status.REAL)
            assert set(decide(real, question, held).reasons) == {Reason.STATUS_NOT_ALLOWED, *passed_on}
            exercise = make(originator, at_ns, label=observed(originator, at_ns), status=Status.EXERCISE)
            assert decide(exercise, question, held).outcome is Outcome.PERMIT
            unnamed = make(originator, at_ns)
            assert decide(unnamed, question, held).reasons == (Reason.NOT_RELEASABLE_TO,)


def test_the_observer_gets_no_item_that_is_secret_above_what_may_leave_or_that_carries_a_category() -> None:
    preset, held = regime("multilateral")
    held = together(held)
    at_ns = preset.as_of_ns
    secret = observed("JPN", at_ns, classification=Classification(scheme="JPN", level="KIMITSU"))
    found = decide(track("JPN", at_ns, label=secret), ask("JPN", "OBS", at_ns=at_ns), held)
    assert found.reasons == (Reason.LEVEL_NEVER_LEAVES, Reason.CLASSIFICATION_TOO_HIGH)
    marked = observed("JPN", at_ns, restrictive=("SPACE",))
    found = decide(track("JPN", at_ns, label=marked), ask("JPN", "OBS", at_ns=at_ns), held)
    assert found.reasons == (Reason.CATEGORY_NOT_HELD,)


def test_the_observer_gives_nothing_and_no_staff_see_through_it() -> None:
    preset, held = regime("multilateral")
    held = together(held)
    at_ns = preset.as_of_ns
    item = event("JPN", at_ns, label=observed("JPN", at_ns))
    for recipient in ("KOR", "USA", "KOR/staff", "OBS/staff"):
        assert decide(item, ask("OBS", recipient, at_ns=at_ns), held).outcome is Outcome.WITHHOLD
    assert decide(item, ask("JPN", "KOR/staff", at_ns=at_ns), held).outcome is Outcome.WITHHOLD


@pytest.mark.parametrize("name", REGIMES)
def test_between_the_parties_every_decision_stays_the_same(name: str) -> None:
    preset, held = regime(name)
    with_all = together(held)
    for at_ns in (preset.as_of_ns, *INSTANTS_NS[1:5]):
        for originator in PARTIES:
            made = [make(originator, at_ns) for make in MAKERS]
            made.append(
                event(originator, at_ns, provenance=Provenance(originators=(originator, *others(originator))))
            )
            made.append(track(originator, at_ns, status=Status.REAL))
            for sender in PARTIES:
                for recipient in others(sender):
                    for via in (None, *others(recipient)):
                        question = ask(sender, recipient, via=via, at_ns=at_ns)
                        for item in made:
                            assert decide(item, question, with_all) == decide(item, question, held)


def test_in_2009_japan_and_korea_still_have_no_agreement_with_each_other() -> None:
    preset, held = regime("separate-2009")
    decision = decide(track("JPN", preset.as_of_ns), ask("USA", "KOR", at_ns=preset.as_of_ns), together(held))
    assert decision.reasons == (Reason.NO_AGREEMENT, Reason.THIRD_PARTY_RULE)
