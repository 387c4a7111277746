"""The five presets give the five answers of history, and each is silent before its time."""

import pytest
from tests.policy.cases import REGIMES, ask, consent, event, regime, report, track

from trilat.model import (
    Classification,
    Consent,
    Decision,
    Form,
    ItemReference,
    Label,
    Lineage,
    Outcome,
    Provenance,
    Reason,
    Recall,
    RecallAction,
    Track,
    parse_instant,
)
from trilat.policy import check, decide, degrade, matrix

NAMES = ("separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral")
LAUNCH_2009_NS = parse_instant("2009-04-05T02:30:15Z")


def answers(name: str, at_ns: int | None = None, *, approved: bool = False) -> dict[str, Decision]:
    """The decisions on one Japanese track to Korea: directly, through the United States, and passed on."""
    preset, held = regime(name)
    at_ns = preset.as_of_ns if at_ns is None else at_ns
    seen = track("JPN", at_ns)
    said: list[Consent] = []
    if approved:
        said = [
            consent("JPN", at_ns, clause="japan-korea-2016#4-japan"),
            consent("JPN", at_ns, via="USA", clause="three-way-2014#4-japan-tracks"),
        ]
    return {
        "direct": decide(seen, ask("JPN", "KOR", at_ns=at_ns), held, said),
        "via": decide(seen, ask("JPN", "KOR", via="USA", at_ns=at_ns), held, said),
        "passed on": decide(seen, ask("USA", "KOR", at_ns=at_ns), held, said),
    }


def outcomes(found: dict[str, Decision]) -> list[str]:
    return [
        decision.outcome.value if decision.form is None else decision.form.value
        for decision in found.values()
    ]


def test_in_2009_nothing_goes_from_japan_to_korea_by_any_path() -> None:
    found = answers("separate-2009")
    assert outcomes(found) == ["withhold"] * 3
    assert found["direct"].reasons == (Reason.NO_AGREEMENT,)
    assert found["passed on"].reasons == (Reason.NO_AGREEMENT, Reason.THIRD_PARTY_RULE)
    assert outcomes(answers("separate-2009", approved=True)) == ["withhold"] * 3


def test_in_2014_it_goes_coarse_through_the_hub_after_approval() -> None:
    assert outcomes(answers("hub-2014")) == ["withhold", "refer", "refer"]
    approved = answers("hub-2014", approved=True)
    assert outcomes(approved) == ["withhold", "coarse-tracks", "coarse-tracks"]
    assert approved["passed on"].clauses == ("three-way-2014.toml#4-japan-tracks",)
    assert approved["passed on"].reasons == (Reason.PERMITTED_WITH_CONSENT,)


def test_in_2016_it_goes_directly_case_by_case() -> None:
    assert outcomes(answers("direct-2016")) == ["refer"] * 3
    approved = answers("direct-2016", approved=True)
    assert outcomes(approved) == ["tracks", "coarse-tracks", "coarse-tracks"]
    assert approved["direct"].clauses == ("japan-korea-2016.toml#4-japan",)


def test_in_2023_it_goes_through_the_united_states_at_once() -> None:
    found = answers("realtime-2023")
    assert outcomes(found) == ["refer", "tracks", "tracks"]
    assert found["passed on"].clauses == ("realtime-2023.toml#path-japan",)
    assert found["passed on"].reasons == (Reason.PERMITTED,)


def test_under_all_three_tracklets_go_directly_and_nobody_passes_on() -> None:
    found = answers("multilateral")
    assert outcomes(found) == ["tracklets", "withhold", "withhold"]
    assert found["passed on"].reasons == (Reason.THIRD_PARTY_RULE, Reason.PATH_NOT_ALLOWED)


def test_the_five_answers_differ() -> None:
    assert len({tuple(outcomes(answers(name, approved=True))) for name in NAMES}) == 5


@pytest.mark.parametrize("name", NAMES)
def test_on_the_day_of_2009_every_preset_withholds(name: str) -> None:
    assert outcomes(answers(name, LAUNCH_2009_NS, approved=True)) == ["withhold"] * 3
    if name not in {"separate-2009", "multilateral"}:
        assert answers(name, LAUNCH_2009_NS)["direct"].reasons == (Reason.NOT_IN_FORCE,)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_sound_in_force_at_its_instant_and_says_what_it_assumes(name: str) -> None:
    preset, held = regime(name)
    assert check(held) == ()
    assert preset.assumed
    for agreement in held.files.values():
        assert agreement.in_force_from_ns <= preset.as_of_ns
        assert agreement.in_force_until_ns is None
        assert preset.purpose in agreement.purposes
        assert agreement.assumed
        assert agreement.sources or agreement.agreement_id == "multilateral"
    assert (preset.approval_delay_s > 0) == (name in {"hub-2014", "direct-2016"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ally", ["JPN", "KOR"])
def test_each_ally_gives_the_united_states_its_tracks_and_events_and_no_single_observation(
    name: str, ally: str
) -> None:
    preset, held = regime(name)
    question = ask(ally, "USA", at_ns=preset.as_of_ns)
    given = [make(ally, preset.as_of_ns) for make in (track, event)]
    assert [decide(item, question, held).outcome for item in given] == [Outcome.PERMIT] * 2
    kept = decide(report(ally, preset.as_of_ns), question, held)
    assert kept.reasons == (Reason.NO_CLAUSE,)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ally", ["JPN", "KOR"])
def test_the_launch_notice_of_american_sensors_goes_to_each_ally(name: str, ally: str) -> None:
    preset, held = regime(name)
    question = ask("USA", ally, at_ns=preset.as_of_ns)
    assert decide(event("USA", preset.as_of_ns), question, held).outcome is Outcome.PERMIT
    own_track = decide(track("USA", preset.as_of_ns), question, held)
    early = name in {"separate-2009", "hub-2014", "direct-2016"}
    assert own_track.outcome is (Outcome.WITHHOLD if early else Outcome.PERMIT)


@pytest.mark.parametrize("name", NAMES)
def test_an_event_fused_from_an_allys_observations_does_not_slip_through(name: str) -> None:
    """F26: what the United States made with Japan's data goes to Korea only if Japan lets it."""
    preset, held = regime(name)
    fused = event("USA", preset.as_of_ns, provenance=Provenance(originators=("USA", "JPN")))
    found = decide(fused, ask("USA", "KOR", at_ns=preset.as_of_ns), held)
    expected = {
        "separate-2009": Outcome.WITHHOLD,
        "hub-2014": Outcome.REFER,
        "direct-2016": Outcome.REFER,
        "realtime-2023": Outcome.PERMIT,
        "multilateral": Outcome.WITHHOLD,
    }
    assert found.outcome is expected[name]
    if expected[name] is Outcome.WITHHOLD:
        assert found.reasons == (Reason.THIRD_PARTY_RULE,)


@pytest.mark.parametrize("name", NAMES)
def test_korean_level_one_never_leaves(name: str) -> None:
    preset, held = regime(name)
    secret = Label(
        originator="KOR",
        classification=Classification(scheme="KOR", level="I"),
        releasable_to=("JPN", "USA"),
        created_ns=preset.as_of_ns,
    )
    kept = track("KOR", preset.as_of_ns, label=secret)
    for question in (
        ask("KOR", "USA", at_ns=preset.as_of_ns),
        ask("KOR", "JPN", at_ns=preset.as_of_ns),
        ask("KOR", "JPN", via="USA", at_ns=preset.as_of_ns),
        ask("USA", "JPN", at_ns=preset.as_of_ns),
    ):
        found = decide(kept, question, held)
        assert found.outcome is Outcome.WITHHOLD
        assert Reason.LEVEL_NEVER_LEAVES in found.reasons


@pytest.mark.parametrize("name", ["hub-2014", "direct-2016", "realtime-2023"])
def test_a_consent_reaches_the_hub_and_goes_on_with_what_it_approves(name: str) -> None:
    preset, held = regime(name)
    said = consent("JPN", preset.as_of_ns, via="USA", clause="three-way-2014#4-japan-tracks")
    to_hub = decide(said, ask("JPN", "USA", at_ns=preset.as_of_ns), held)
    onward = decide(said, ask("USA", "KOR", at_ns=preset.as_of_ns), held)
    assert (to_hub.outcome, onward.outcome) == (Outcome.PERMIT, Outcome.PERMIT)
    assert degrade(said, to_hub).item == said
    assert degrade(said, onward).item == said


@pytest.mark.parametrize("name", NAMES)
def test_a_recall_reaches_whoever_may_hold_something_directly(name: str) -> None:
    preset, held = regime(name)
    asks_back = Recall(
        **{
            field: getattr(track("JPN", preset.as_of_ns), field)
            for field in ("item_id", "subject", "domain", "status", "valid_ns", "label", "provenance")
        },
        about=(ItemReference(item_id="JPN/item/7", version=3),),
        action=RecallAction.DESTROY,
        deadline_ns=preset.as_of_ns + 1,
    )
    assert decide(asks_back, ask("JPN", "USA", at_ns=preset.as_of_ns), held).outcome is Outcome.PERMIT


def test_what_the_hub_passes_on_is_coarse_and_marked_with_its_own_level() -> None:
    preset, _ = regime("hub-2014")
    seen = track("JPN", preset.as_of_ns, tracklets=())
    release = degrade(seen, answers("hub-2014", approved=True)["passed on"])
    assert isinstance(release.item, Track)
    assert release.item.state is not None
    assert all(axis % 5_000_000 == 0 for axis in release.item.state.position_mm)
    assert (release.item.sensors, release.item.updates_count) == ((), 0)
    assert release.item.provenance == Provenance(originators=("JPN",), lineage=Lineage.WITHHELD)
    assert release.item.label == seen.label
    assert release.equivalent_marking == Classification(scheme="USA", level="SECRET")
    assert (release.sender, release.recipient, release.form) == ("USA", "KOR", Form.COARSE_TRACKS)


def test_the_matrix_of_2009_has_no_row_between_the_allies() -> None:
    preset, held = regime("separate-2009")
    pairs = {(row.giver, row.receiver) for row in matrix(held, preset.as_of_ns)}
    assert pairs == {("JPN", "USA"), ("KOR", "USA"), ("USA", "JPN"), ("USA", "KOR")}
    assert matrix(held, parse_instant("1980-01-01T00:00:00Z")) == ()


def test_every_agreement_file_belongs_to_a_preset() -> None:
    used = {file for name in NAMES for file in regime(name)[1].files}
    assert used == {path.name for path in (REGIMES / "agreements").glob("*.toml")}
    assert sorted(NAMES) == sorted(path.parent.name for path in REGIMES.glob("*/regime.toml"))
